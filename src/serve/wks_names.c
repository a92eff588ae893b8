// SPDX-License-Identifier: Apache-2.0
/*
 * What the machine is called: [MS-WKST] 3.2.4.18, 3.2.4.19, 3.2.4.21, 3.2.4.26, 3.2.4.27. Other names are
 * kept and told; who asks for this server by one of them gets the same answers, as by any name. One setting
 * holds all, a line each.
 */
#include <stdio.h>
#include <string.h>
#include <msrpc/unistr.h>
#include "serve/m_wks.h"

#define NAMES     "wkssvc.alternate_names"
#define NAMES_MAX 64u /* a machine has a few names */

/* RFC 1035 2.3.4 */
#define DNS_NAME_MAX                  255u
#define DNS_LABEL_MAX                 63u

#define W_DNS_ERROR_INVALID_NAME_CHAR ((enum werror)0x2558) /* [MS-WKST] 3.2.4.18 */

enum { IGNORE_UNSUPPORTED = 1 };

static bool shape_ok(const char *name)
{
    size_t label = 0, len = strlen(name);
    if (len > DNS_NAME_MAX || *name == '.' || strstr(name, ".."))
        return false;
    for (const char *p = name; *p; p++) {
        label = *p == '.' ? 0 : label + 1;
        if (label > DNS_LABEL_MAX)
            return false;
    }
    return true;
}

/* In the order of the specification. Control characters, which it does not name, would spoil the list. */
static enum werror validate(const char *name)
{
    if (!name || !*name)
        return W_ERROR_INVALID_PARAMETER;
    if (!shape_ok(name))
        return W_ERROR_INVALID_NAME;
    for (const char *p = name; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f)
            return W_DNS_ERROR_INVALID_NAME_CHAR;
    return strpbrk(name, "{|}~[\\]^':;<=>?@!\"#$%`()+/,*") ? W_DNS_ERROR_INVALID_NAME_CHAR : W_ERROR_SUCCESS;
}

/* ---- the list ---- */

struct list {
    const char *name[NAMES_MAX];
    unsigned n;
};

static enum nt_status read_list(struct samdb *d, struct nt_arena *mem, struct list *ret)
{
    const char *text = NULL;
    enum nt_status st = samdb_setting(d, NAMES, mem, &text);
    char *copy = st == STATUS_SUCCESS && text ? nt_arena_strdup(mem, text) : NULL, *rest = NULL;
    ret->n = 0;
    if (st == STATUS_SUCCESS && text && !copy)
        return STATUS_NO_MEMORY;
    for (char *line = copy ? strtok_r(copy, "\n", &rest) : NULL; line && ret->n < NAMES_MAX;
         line = strtok_r(NULL, "\n", &rest))
        ret->name[ret->n++] = line;
    return st;
}

static enum nt_status write_list(struct samdb *d, struct nt_arena *mem, const struct list *l)
{
    char *text = nt_arena_array(mem, NAMES_MAX * (DNS_NAME_MAX + 1) + 1, 1), *at = text;
    if (!text)
        return STATUS_NO_MEMORY;
    for (unsigned i = 0; i < l->n; i++) {
        size_t n = strlen(l->name[i]);
        memcpy(at, l->name[i], n);
        at += n;
        *at++ = '\n';
    }
    return samdb_set_setting(d, NAMES, l->n ? text : NULL);
}

/* Names of hosts are compared without case (RFC 1035 2.3.3). */
static unsigned place_of(const struct list *l, const char *name)
{
    unsigned i = 0;
    while (i < l->n && strcasecmp(l->name[i], name) != 0)
        i++;
    return i;
}

/* ---- changing it ---- */

static enum werror there(struct samdb *d, struct host_change *c, bool add)
{
    struct nt_arena *mem = rpc_server_mem(c->call);
    const char *name = c->more;
    struct list l;
    enum nt_status st = read_list(d, mem, &l);
    if (st != STATUS_SUCCESS)
        return store_error(st);
    unsigned at = place_of(&l, name);
    if (add) {
        if (at < l.n) /* it has that name */
            return W_ERROR_SUCCESS;
        if (l.n == NAMES_MAX)
            return W_ERROR_NOT_ENOUGH_MEMORY;
        l.name[l.n++] = name;
    } else {
        if (at == l.n)
            return W_ERROR_NOT_FOUND;
        memmove(&l.name[at], &l.name[at + 1], (--l.n - at) * sizeof l.name[0]);
    }
    return store_error(write_list(d, mem, &l));
}

static enum werror add_there(struct samdb *d, struct host_change *c)
{
    return there(d, c, true);
}

static enum werror remove_there(struct samdb *d, struct host_change *c)
{
    return there(d, c, false);
}

/* The machine is in no domain, so nobody has to be told, and account and password are not looked at. */
static enum werror check(struct rpc_server_call *call, const char *name, uint32_t reserved)
{
    return !over_pipe(call)                               ? W_RPC_S_PROTSEQ_NOT_SUPPORTED
           : !may(call, WHO_ADMINISTRATOR)                ? W_ERROR_ACCESS_DENIED
           : reserved && !(reserved & IGNORE_UNSUPPORTED) ? W_ERROR_INVALID_FLAGS
                                                          : validate(name);
}

/* All four have a name and flags; their results are of one type, in structures of four names. */
#define CHANGE_NAME(op, how)                                                                                 \
    static enum nt_status finish_##op(struct host_change *c)                                                 \
    {                                                                                                        \
        ((struct wkssvc_##op *)c->r)->out.result = c->we;                                                    \
        return STATUS_SUCCESS;                                                                               \
    }                                                                                                        \
    WKS_HANDLER(op)                                                                                          \
    {                                                                                                        \
        char *name = text8(rpc_server_mem(call), r->in.AlternateName);                                       \
        struct host_change *c = host_change_new(rpc_server_arg(call), call, r);                              \
        if (!c)                                                                                              \
            return STATUS_NO_MEMORY;                                                                         \
        c->there = how;                                                                                      \
        c->finish = finish_##op;                                                                             \
        c->more = name;                                                                                      \
        c->we = check(call, name, r->in.Reserved);                                                           \
        return c->we == W_ERROR_SUCCESS ? host_change(c) : finish_##op(c);                                   \
    }
CHANGE_NAME(NetrAddAlternateComputerName, add_there)
CHANGE_NAME(NetrAddAlternateComputerName2, add_there)
CHANGE_NAME(NetrRemoveAlternateComputerName, remove_there)
CHANGE_NAME(NetrRemoveAlternateComputerName2, remove_there)

/* ---- telling ---- */

/* The primary name is that of DNS where there is a realm. */
static const char *primary_name(struct nt_arena *mem, const struct samdb_domain *dom)
{
    size_t room = strlen(dom->machine) + strlen(dom->realm) + 2;
    char *s = nt_arena_raw(mem, room, 1);
    if (s)
        snprintf(s, room, "%s%s%s", dom->machine, *dom->realm ? "." : "", dom->realm);
    return s;
}

static bool put_name(struct nt_arena *mem, struct wkssvc_NET_COMPUTER_NAME_ARRAY *to, const char *name)
{
    char16_t *wide = name ? text16(mem, name) : NULL;
    uint16_t len = wide ? (uint16_t)(2 * ustr_len(wide)) : 0;
    if (wide)
        to->ComputerNames[to->EntryCount++] =
            (struct wkssvc_UNICODE_STRING){ len, (uint16_t)(len + 2), wide };
    return wide;
}

static enum nt_status put_names(struct rpc_server_call *call, uint32_t type,
                                struct wkssvc_NET_COMPUTER_NAME_ARRAY *to)
{
    const struct serve_host *h = rpc_server_arg(call);
    struct nt_arena *mem = rpc_server_mem(call);
    struct samdb_domain dom;
    struct list l;
    enum nt_status st = samdb_domain(h->db, mem, &dom);
    if (st == STATUS_SUCCESS)
        st = read_list(h->db, mem, &l);
    if (st != STATUS_SUCCESS)
        return st;
    to->ComputerNames = nt_arena_array(mem, l.n + 1, sizeof *to->ComputerNames);
    bool ok = to->ComputerNames;
    if (ok && type != wkssvc_NetAlternateComputerNames)
        ok = put_name(mem, to, primary_name(mem, &dom));
    for (unsigned i = 0; ok && i < l.n && type != wkssvc_NetPrimaryComputerName; i++)
        ok = put_name(mem, to, l.name[i]);
    return ok ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

WKS_HANDLER(NetrEnumerateComputerNames)
{
    uint32_t type = (uint32_t)r->in.NameType;
    r->out.result = !over_pipe(call)                                           ? W_RPC_S_PROTSEQ_NOT_SUPPORTED
                    : !may(call, WHO_ADMINISTRATOR)                            ? W_ERROR_ACCESS_DENIED
                    : r->in.Reserved && !(r->in.Reserved & IGNORE_UNSUPPORTED) ? W_ERROR_INVALID_FLAGS
                    : type >= wkssvc_NetComputerNameTypeMax                    ? W_ERROR_INVALID_PARAMETER
                                                                               : W_ERROR_SUCCESS;
    if (r->out.result != W_ERROR_SUCCESS)
        return STATUS_SUCCESS;
    r->out.ComputerNames = nt_arena_obj(rpc_server_mem(call), struct wkssvc_NET_COMPUTER_NAME_ARRAY);
    return r->out.ComputerNames ? put_names(call, type, r->out.ComputerNames) : STATUS_NO_MEMORY;
}
