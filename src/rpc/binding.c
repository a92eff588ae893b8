// SPDX-License-Identifier: Apache-2.0
/* String bindings ([C706] 3.1 and appendix I): [object@]protseq:host[endpoint,option,...]. */
#include "rpc/m_binding.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "rpc/limits.h"

const char *const rpc_protseq_names[RPC_PROTSEQS] = {
    [RPC_NP] = "ncacn_np", [RPC_TCP] = "ncacn_ip_tcp", [RPC_LOCAL] = "ncalrpc", [RPC_ANY] = "ncacn"
};

static const struct {
    const char *name;
    enum sec_level level;
    const char *provider;
    enum npc_dialect dialect;
} options[] = {
    { "none", SEC_LEVEL_NONE, NULL, 0 },
    { "connect", SEC_LEVEL_CONNECT, NULL, 0 },
    { "sign", SEC_LEVEL_INTEGRITY, NULL, 0 },
    { "seal", SEC_LEVEL_PRIVACY, NULL, 0 },
    { "krb5", SEC_LEVEL_DEFAULT, "krb5", 0 },
    { "ntlm", SEC_LEVEL_DEFAULT, "ntlm", 0 },
    { "spnego", SEC_LEVEL_DEFAULT, "spnego", 0 },
    { "smb2.02", SEC_LEVEL_DEFAULT, NULL, NPC_SMB_2_0_2 },
    { "smb2.10", SEC_LEVEL_DEFAULT, NULL, NPC_SMB_2_1 },
    { "smb3.00", SEC_LEVEL_DEFAULT, NULL, NPC_SMB_3_0 },
    { "smb3.02", SEC_LEVEL_DEFAULT, NULL, NPC_SMB_3_0_2 },
    { "smb3.11", SEC_LEVEL_DEFAULT, NULL, NPC_SMB_3_1_1 },
};

struct rpc_binding *rpc_binding_ref(struct rpc_binding *b)
{
    if (b)
        atomic_fetch_add(&b->refs, 1);
    return b;
}

void rpc_binding_unref(struct rpc_binding *b)
{
    if (!b || atomic_fetch_sub(&b->refs, 1) != 1)
        return;
    free(b->host);
    free(b->endpoint);
    free(b->target);
    free(b->mux);
    free(b);
}

uint16_t rpc_parse_port(const char *s)
{
    unsigned long v = 0;
    if (strlen(s) > 5)
        return 0;
    for (; *s; s++) {
        if (*s < '0' || *s > '9')
            return 0;
        v = v * 10 + (unsigned)(*s - '0');
    }
    return v <= 65535 ? (uint16_t)v : 0;
}

static bool parse_protseq(const char *s, size_t len, enum rpc_protseq *ret)
{
    for (unsigned i = 0; i < sizeof rpc_protseq_names / sizeof rpc_protseq_names[0]; i++)
        if (strlen(rpc_protseq_names[i]) == len && memcmp(rpc_protseq_names[i], s, len) == 0) {
            *ret = (enum rpc_protseq)i;
            return true;
        }
    return false;
}

static bool printable(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
            return false;
    return true;
}

/* A colon makes it an IPv6 address, behind which a zone id may stand. */
static bool host_ok(const char *s, size_t len)
{
    size_t addr = strcspn(s, "%") < len && memchr(s, ':', len) ? strcspn(s, "%") : len;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] <= 0x20 || s[i] == 0x7f || strchr("/\\[],@\"", s[i]))
            return false;
    return !memchr(s, ':', len) || strspn(s, "0123456789abcdefABCDEF:.") >= addr;
}

/* A name, an IPv4 or an IPv6 address; brackets and the backslashes of Windows go. */
static enum nt_status set_host(struct rpc_binding *b, const char *s, size_t len, struct nt_error *err)
{
    if (b->protseq == RPC_LOCAL && len)
        return nt_error_set(err, STATUS_INVALID_PARAMETER,
                            "ncalrpc reaches this machine only: its string binding names no host");
    while (len && *s == '\\')
        s++, len--;
    if (len >= 2 && s[0] == '[' && s[len - 1] == ']')
        s++, len -= 2;
    if (len == 0 && b->protseq != RPC_LOCAL)
        return nt_error_set(err, STATUS_INVALID_PARAMETER, "the string binding names no host");
    if (len > RPC_HOST_MAX || !host_ok(s, len))
        return nt_error_set(err, STATUS_INVALID_PARAMETER, "the string binding's host is no name or address");
    b->host = strndup(s, len);
    return b->host ? STATUS_SUCCESS : nt_error_set(err, STATUS_NO_MEMORY, "out of memory");
}

static enum nt_status set_endpoint(struct rpc_binding *b, const char *s, size_t len, struct nt_error *err)
{
    if (len == 0)
        return STATUS_SUCCESS;
    if (b->endpoint)
        return nt_error_set(err, STATUS_INVALID_PARAMETER, "the string binding has two endpoints");
    if (b->protseq == RPC_ANY)
        return nt_error_set(err, STATUS_INVALID_PARAMETER,
                            "ncacn chooses between pipe and TCP, so its string binding has no endpoint");
    if (b->protseq == RPC_NP) { /* \pipe\name, \\pipe\\name as in an IDL file, or just the name */
        while (len && *s == '\\')
            s++, len--;
        if (len >= 5 && strncasecmp(s, "pipe\\", 5) == 0)
            s += 5, len -= 5;
        while (len && *s == '\\')
            s++, len--;
    }
    if (len == 0 || len > RPC_ENDPOINT_MAX || !printable(s, len))
        return nt_error_set(err, STATUS_INVALID_PARAMETER,
                            "the string binding's endpoint is empty or malformed");
    b->endpoint = strndup(s, len);
    if (!b->endpoint)
        return nt_error_set(err, STATUS_NO_MEMORY, "out of memory");
    if (b->protseq == RPC_TCP && !rpc_parse_port(b->endpoint))
        return nt_error_set(err, STATUS_INVALID_PARAMETER, "the endpoint \"%s\" is no TCP port", b->endpoint);
    if (b->protseq == RPC_LOCAL && (b->endpoint[0] != '/' || len > RPC_SOCKET_PATH_MAX))
        return nt_error_set(err, STATUS_INVALID_PARAMETER,
                            "the endpoint \"%s\" of ncalrpc is no absolute path of a socket, such as "
                            "/run/tern/epmapper, of at most %d bytes",
                            b->endpoint, RPC_SOCKET_PATH_MAX);
    return STATUS_SUCCESS;
}

/* There is no mapper to ask: every server has a socket of its own. */
static enum nt_status complete(const struct rpc_binding *b, struct nt_error *err)
{
    if (b->protseq != RPC_LOCAL || b->endpoint)
        return STATUS_SUCCESS;
    return nt_error_set(err, STATUS_INVALID_PARAMETER,
                        "ncalrpc needs an endpoint, the path of the server's socket: ncalrpc:[/path]");
}

bool rpc_mux_ok(const char *s)
{
    return strcmp(s, "auto") == 0 || strcmp(s, "on") == 0 || strcmp(s, "off") == 0 ||
           (s[0] == '/' && strlen(s) <= RPC_SOCKET_PATH_MAX);
}

/* Whether the pipe is one of npcmuxd's. */
static enum nt_status set_mux(struct rpc_binding *b, const char *s, size_t len, struct nt_error *err)
{
    if (b->protseq != RPC_NP && b->protseq != RPC_ANY)
        return nt_error_set(err, STATUS_INVALID_PARAMETER,
                            "the option \"mux\" is about named pipes, which %s has not",
                            rpc_protseq_names[b->protseq]);
    if (b->mux)
        return nt_error_set(err, STATUS_INVALID_PARAMETER,
                            "the string binding has the option \"mux\" twice");
    b->mux = strndup(s, len);
    if (!b->mux)
        return nt_error_set(err, STATUS_NO_MEMORY, "out of memory");
    if (printable(s, len) && rpc_mux_ok(b->mux))
        return STATUS_SUCCESS;
    return nt_error_set(err, STATUS_INVALID_PARAMETER,
                        "the option \"mux\" is auto, on, off, or the absolute path of a socket, of at most %d "
                        "bytes",
                        RPC_SOCKET_PATH_MAX);
}

/* Each kind once: "sign,seal" is a mistake, not a choice. */
static enum nt_status set_option(struct rpc_binding *b, const char *s, size_t len, struct nt_error *err)
{
    if (len > 9 && strncmp(s, "endpoint=", 9) == 0)
        return set_endpoint(b, s + 9, len - 9, err);
    if (len > 7 && strncmp(s, "target=", 7) == 0 && !b->target && printable(s, len)) {
        b->target = strndup(s + 7, len - 7);
        return b->target ? STATUS_SUCCESS : nt_error_set(err, STATUS_NO_MEMORY, "out of memory");
    }
    if (len >= 4 && strncmp(s, "mux=", 4) == 0)
        return set_mux(b, s + 4, len - 4, err);
    if (len == 5 && strncmp(s, "ndr64", 5) == 0) {
        b->ndr64 = true;
        return STATUS_SUCCESS;
    }
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (strlen(options[i].name) != len || memcmp(options[i].name, s, len) != 0)
            continue;
        if ((options[i].level && b->level) || (options[i].provider && b->provider) ||
            (options[i].dialect && b->dialect))
            return nt_error_set(err, STATUS_INVALID_PARAMETER,
                                "the option \"%s\" contradicts another one in the string binding",
                                options[i].name);
        if (options[i].level)
            b->level = options[i].level;
        if (options[i].provider)
            b->provider = options[i].provider;
        if (options[i].dialect)
            b->dialect = options[i].dialect;
        return STATUS_SUCCESS;
    }
    return nt_error_set(err, STATUS_INVALID_PARAMETER, "unknown option \"%.*s\" in the string binding",
                        (int)(len < 64 ? len : 64), s);
}

/* What is between the last brackets. The first item is the endpoint unless it is an option ("[,seal]" has
 * none). */
static enum nt_status parse_list(struct rpc_binding *b, const char *s, size_t len, struct nt_error *err)
{
    for (unsigned i = 0;; i++) {
        const char *comma = memchr(s, ',', len);
        size_t n = comma ? (size_t)(comma - s) : len;
        enum nt_status st = STATUS_SUCCESS;
        if (i == 0 && strncmp(s, "endpoint=", 9) != 0)
            st = set_endpoint(b, s, n, err);
        else if (n || i == 0)
            st = set_option(b, s, n, err);
        if (st != STATUS_SUCCESS || !comma)
            return st;
        s += n + 1;
        len -= n + 1;
    }
}

/* Splits "host[list]"; the host may itself be in brackets, which a colon tells from a list. */
static enum nt_status parse_rest(struct rpc_binding *b, const char *s, struct nt_error *err)
{
    const char *open = strchr(s, '[');
    if (open == s && b->protseq != RPC_LOCAL) {
        const char *close = strchr(s, ']');
        if (close && memchr(s, ':', (size_t)(close - s)))
            open = close[1] == '[' ? close + 1 : close[1] ? NULL : s + strlen(s);
        if (!open)
            return nt_error_set(err, STATUS_INVALID_PARAMETER,
                                "something unexpected follows the host in the string binding");
    }
    size_t host = open ? (size_t)(open - s) : strlen(s);
    enum nt_status st = set_host(b, s, host, err);
    if (st != STATUS_SUCCESS || !open || !*open)
        return st;
    size_t len = strlen(open);
    if (open[len - 1] != ']' || memchr(open + 1, ']', len - 2))
        return nt_error_set(err, STATUS_INVALID_PARAMETER,
                            "a bracket is missing or too many in the string binding");
    return parse_list(b, open + 1, len - 2, err);
}

static enum nt_status new_binding(enum rpc_protseq p, struct rpc_binding **ret, struct nt_error *err)
{
    struct rpc_binding *b = calloc(1, sizeof *b);
    if (!b)
        return nt_error_set(err, STATUS_NO_MEMORY, "out of memory");
    atomic_init(&b->refs, 1);
    b->protseq = p;
    *ret = b;
    return STATUS_SUCCESS;
}

enum nt_status rpc_binding_parse(const char *s, struct rpc_binding **ret, struct nt_error *err)
{
    struct nt_guid object;
    bool has_object = false;
    const char *at = strchr(s, '@'), *bracket = strchr(s, '[');
    if (at && (!bracket || at < bracket)) {
        char uuid[NT_GUID_STRLEN + 1] = "";
        if (at - s == NT_GUID_STRLEN)
            memcpy(uuid, s, NT_GUID_STRLEN);
        if (nt_guid_parse(uuid, &object) != STATUS_SUCCESS)
            return nt_error_set(err, STATUS_INVALID_PARAMETER,
                                "what precedes '@' in the string binding is no UUID");
        has_object = true;
        s = at + 1;
    }
    const char *colon = strchr(s, ':');
    enum rpc_protseq p;
    if (!colon || !parse_protseq(s, (size_t)(colon - s), &p))
        return nt_error_set(err, STATUS_INVALID_PARAMETER,
                            "the string binding does not start with \"ncacn_np:\", \"ncacn_ip_tcp:\", "
                            "\"ncacn:\" or \"ncalrpc:\"");
    struct rpc_binding *b;
    enum nt_status st = new_binding(p, &b, err);
    if (st != STATUS_SUCCESS)
        return st;
    st = parse_rest(b, colon + 1, err);
    if (st == STATUS_SUCCESS)
        st = complete(b, err);
    if (st != STATUS_SUCCESS) {
        rpc_binding_unref(b);
        return st;
    }
    b->has_object = has_object;
    if (has_object)
        b->object = object;
    *ret = b;
    return STATUS_SUCCESS;
}

enum nt_status rpc_binding_new(const char *protseq, const char *host, const char *endpoint,
                               struct rpc_binding **ret, struct nt_error *err)
{
    enum rpc_protseq p;
    if (!protseq || !parse_protseq(protseq, strlen(protseq), &p))
        return nt_error_set(err, STATUS_INVALID_PARAMETER,
                            "the protocol sequence is not ncacn_np, ncacn_ip_tcp, ncacn or ncalrpc");
    struct rpc_binding *b;
    enum nt_status st = new_binding(p, &b, err);
    if (st != STATUS_SUCCESS)
        return st;
    st = set_host(b, host ? host : "", host ? strlen(host) : 0, err);
    if (st == STATUS_SUCCESS && endpoint)
        st = set_endpoint(b, endpoint, strlen(endpoint), err);
    if (st == STATUS_SUCCESS)
        st = complete(b, err);
    if (st != STATUS_SUCCESS) {
        rpc_binding_unref(b);
        return st;
    }
    *ret = b;
    return STATUS_SUCCESS;
}

struct rpc_binding *rpc_binding_with(const struct rpc_binding *b, enum rpc_protseq p, const char *endpoint)
{
    struct rpc_binding *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    *d = *b;
    atomic_init(&d->refs, 1);
    d->protseq = p;
    d->host = strdup(b->host);
    d->endpoint = endpoint ? strdup(endpoint) : NULL;
    d->target = b->target ? strdup(b->target) : NULL;
    d->mux = b->mux ? strdup(b->mux) : NULL;
    if (d->host && (d->endpoint || !endpoint) && (d->target || !b->target) && (d->mux || !b->mux))
        return d;
    rpc_binding_unref(d);
    return NULL;
}

const char *rpc_binding_protseq(const struct rpc_binding *b)
{
    return rpc_protseq_names[b->protseq];
}

const char *rpc_binding_host(const struct rpc_binding *b)
{
    return b->host;
}

const char *rpc_binding_endpoint(const struct rpc_binding *b)
{
    return b->endpoint;
}

size_t rpc_binding_format(const struct rpc_binding *b, char *buf, size_t size)
{
    char object[NT_GUID_STRLEN + 2] = "";
    if (b->has_object) {
        nt_guid_format(&b->object, object);
        object[NT_GUID_STRLEN] = '@';
        object[NT_GUID_STRLEN + 1] = 0;
    }
    char list[2 * RPC_ENDPOINT_MAX + RPC_SOCKET_PATH_MAX + 160];
    size_t n = 0;
    if (b->endpoint)
        n += (size_t)snprintf(list, sizeof list, "%s%s", b->protseq == RPC_NP ? "\\pipe\\" : "", b->endpoint);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if ((options[i].level && options[i].level == b->level) ||
            (options[i].provider && options[i].provider == b->provider) ||
            (options[i].dialect && options[i].dialect == b->dialect))
            n += (size_t)snprintf(list + n, sizeof list - n, ",%s", options[i].name);
    if (b->ndr64)
        n += (size_t)snprintf(list + n, sizeof list - n, ",ndr64");
    if (b->mux)
        n += (size_t)snprintf(list + n, sizeof list - n, ",mux=%s", b->mux);
    if (b->target)
        n += (size_t)snprintf(list + n, sizeof list - n, ",target=%.*s", RPC_HOST_MAX, b->target);
    const char *v6 = strchr(b->host, ':');
    int len = snprintf(buf, size, "%s%s:%s%s%s%s%s%s", object, rpc_protseq_names[b->protseq], v6 ? "[" : "",
                       b->host, v6 ? "]" : "", n ? "[" : "", n ? list : "", n ? "]" : "");
    return len > 0 ? (size_t)len : 0;
}

enum nt_status rpc_default_endpoint(const struct rpc_interface *i, enum rpc_protseq p, char *buf, size_t size)
{
    size_t len = strlen(rpc_protseq_names[p]);
    for (const char *const *e = i->endpoints; e && *e; e++) {
        if (strncmp(*e, rpc_protseq_names[p], len) != 0 || (*e)[len] != ':')
            continue;
        const char *open = strchr(*e, '['), *close = strrchr(*e, ']');
        if (!open || !close || close <= open + 1)
            continue;
        struct rpc_binding b = { .protseq = p };
        enum nt_status st = set_endpoint(&b, open + 1, (size_t)(close - open - 1), NULL);
        bool fits = st == STATUS_SUCCESS && strlen(b.endpoint) < size;
        if (fits)
            strcpy(buf, b.endpoint);
        free(b.endpoint);
        if (fits)
            return STATUS_SUCCESS;
    }
    return RPC_NT_NO_ENDPOINT_FOUND;
}
