// SPDX-License-Identifier: Apache-2.0
/*
 * tern rpc call: one operation, or a script of them on connections that stay open, so that a context handle
 * that one call gives can be used by the next.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "info/json.h"
#include "rpc.h"
#include "sec/sec.h"

#define MAX_CALLS 1000 /* of a script, which keeps all its answers */
#define MAX_CONNS 16   /* interfaces of a script */

struct caller {
    struct tern *t;
    struct sec_creds *creds; /* NULL: not asked for yet */
    struct {
        const struct rpc_info_interface *iface;
        struct rpc_conn *conn;
    } conns[MAX_CONNS];
    size_t n_conns;
    struct json *results[MAX_CALLS];
    size_t n_results;
    const char *arg;   /* the JSON as it was given; NULL in a script */
    size_t n_printed;  /* answers of a script */
    enum rpc_lend lend;
    const char *where; /* "call 2 (samr.SamrConnect5): " in a script, else "" */
};

/* ---- connections ---- */

static enum nt_status make_binding(struct caller *c, const struct rpc_info_interface *i,
                                   struct rpc_binding **ret, struct nt_error *err)
{
    const char *given = tern_opt(c->t, "binding");
    if (given)
        return rpc_binding_parse(given, ret, err);
    bool tcp = c->t->protseq && strcmp(c->t->protseq, "ncacn_ip_tcp") == 0;
    /* the endpoint mapper does not ask itself where it is */
    const char *endpoint = tcp && strcmp(i->name, "epmapper") == 0 ? "135" : NULL;
    return rpc_binding_new(tcp ? "ncacn_ip_tcp" : "ncacn_np", c->t->server, endpoint, ret, err);
}

/* Over ncalrpc the kernel tells who we are; credentials are sent there only if some were asked for. */
static bool needs_creds(const struct tern *t, const struct rpc_binding *b)
{
    return strcmp(rpc_binding_protseq(b), "ncalrpc") != 0 || t->user || t->kerberos || t->ntlm ||
           t->authfile || t->provider || t->level > SEC_LEVEL_NONE;
}

static enum nt_status connect_to(struct caller *c, const struct rpc_info_interface *i,
                                 const struct rpc_binding *b, struct rpc_conn **ret, struct nt_error *err)
{
    struct tern *t = c->t;
    struct npc_options npc = NPC_OPTIONS_INIT;
    struct rpc_options o = RPC_OPTIONS_INIT;
    bool tcp = t->protseq && strcmp(t->protseq, "ncacn_ip_tcp") == 0;
    tern_npc_options(t, &npc);
    npc.target = t->target;
    npc.port = tcp ? 0 : t->port;
    npc.timeout_ms = t->timeout_ms;
    o.npc = &npc;
    o.mux = t->mux;
    o.lend = c->lend;
    o.creds = c->creds;
    o.level = t->level;
    o.provider = t->provider;
    o.target = t->target;
    o.tcp_port = tcp ? t->port : 0;
    o.timeout_ms = t->timeout_ms;
    o.error = err;
    return rpc_open(b, i->iface, &o, ret);
}

/* The connection to an interface, opened when it is first needed; NULL after having said why not. */
static struct rpc_conn *conn_of(struct caller *c, const struct rpc_info_interface *i)
{
    struct nt_error err = { "" };
    for (size_t k = 0; k < c->n_conns; k++)
        if (c->conns[k].iface == i)
            return c->conns[k].conn;
    if (c->n_conns == MAX_CONNS) {
        fprintf(stderr, "tern: a script calls at most %d interfaces\n", MAX_CONNS);
        return NULL;
    }
    struct rpc_conn *conn = NULL;
    struct rpc_binding *b;
    enum nt_status st = make_binding(c, i, &b, &err);
    if (st == STATUS_SUCCESS) {
        bool ready = c->creds || !needs_creds(c->t, b) || tern_auth(c->t, &c->creds) == EXIT_OK;
        if (ready)
            st = connect_to(c, i, b, &conn, &err);
        rpc_binding_unref(b);
        if (!ready)
            return NULL;
    }
    if (st != STATUS_SUCCESS) {
        rpc_failed(c->t, st, err.text);
        return NULL;
    }
    c->conns[c->n_conns].iface = i;
    c->conns[c->n_conns++].conn = conn;
    return conn;
}

static void close_all(struct caller *c)
{
    for (size_t k = 0; k < c->n_conns; k++)
        rpc_close(c->conns[k].conn);
    sec_creds_unref(c->creds);
}

/* ---- one call ---- */

/* What a failure is about, in a script with the number of the call. */
static const char *in_context(struct caller *c, const char *context)
{
    char *text = rpc_need(nt_arena_alloc(c->t->mem, strlen(c->where) + strlen(context) + 1, 1));
    return strcat(strcpy(text, c->where), context);
}

static int fail(struct caller *c, enum nt_status st, const char *context)
{
    return rpc_failed(c->t, st, in_context(c, context));
}

/* What the operation itself says may be a failure. */
static int answered(struct caller *c, const struct rpc_info_op *op, const void *r)
{
    uint32_t v = 0;
    const char *context = in_context(c, "this is what the operation answers");
    if (!op->result || op->result->size != sizeof(v) || op->result->kind != RPC_INFO_SCALAR)
        return EXIT_OK;
    memcpy(&v, (const char *)r + op->result_offset, sizeof(v));
    if (op->result->base == RPC_INFO_NTSTATUS && !nt_ok((enum nt_status)v))
        return rpc_failed(c->t, (enum nt_status)v, context);
    if (op->result->base == RPC_INFO_WERROR && v != 0 && v != W_ERROR_MORE_DATA)
        return rpc_failed_werror(c->t, (enum werror)v, context);
    return EXIT_OK;
}

static int dry_run(struct caller *c, const struct rpc_info_interface *i, const struct rpc_info_op *op,
                   const void *r)
{
    const char *text;
    struct nt_blob stub;
    struct nt_error err = { "" };
    bool ndr64 = tern_opt(c->t, "ndr64") != NULL;
    enum nt_status st = rpc_json_write(op, RPC_INFO_REQUEST, r, RPC_JSON_INDENT, c->t->mem, &text, &err);
    if (st == STATUS_SUCCESS)
        st = rpc_info_push(op, RPC_INFO_REQUEST, r, ndr64, c->t->mem, &stub);
    if (st != STATUS_SUCCESS)
        return fail(c, st, err.text);
    printf("%s{\"version\": %d, \"call\": \"%s.%s\", \"opnum\": %u, \"in\": %s,\n\"%s\": \"",
           c->n_printed++ ? "," : "", TERN_JSON_VERSION, i->name, op->name, op->opnum, text,
           ndr64 ? "ndr64" : "ndr");
    for (size_t k = 0; k < stub.len; k++)
        printf("%02x", stub.data[k]);
    printf("\"}\n");
    return EXIT_OK;
}

/* Runs it and prints the answer; *ret_out is the answer as JSON. */
static int call(struct caller *c, const struct rpc_info_interface *i, const struct rpc_info_op *op,
                const char *json, size_t len, const char **ret_out)
{
    struct nt_error err = { "" };
    const char *text;
    void *r = rpc_need(rpc_info_new(op, c->t->mem));
    enum nt_status st = rpc_json_read(op, RPC_INFO_REQUEST, r, json, len, c->t->mem, &err);
    if (st != STATUS_SUCCESS)
        return c->arg ? rpc_bad_json(c->t, st, c->arg, err.text) : fail(c, st, err.text);
    if (tern_opt(c->t, "dry-run"))
        return dry_run(c, i, op, r);
    struct rpc_conn *conn = conn_of(c, i);
    if (!conn)
        return EXIT_FAILED;
    st = rpc_run(conn, op->op, c->t->mem, r);
    if (st != STATUS_SUCCESS)
        return fail(c, st, rpc_conn_error(conn));
    st = rpc_json_write(op, RPC_INFO_RESPONSE, r, RPC_JSON_INDENT, c->t->mem, &text, &err);
    if (st != STATUS_SUCCESS)
        return fail(c, st, err.text);
    printf("%s{\"version\": %d, \"call\": \"%s.%s\", \"out\": %s}\n", c->n_printed++ ? "," : "",
           TERN_JSON_VERSION, i->name, op->name, text);
    *ret_out = text;
    return answered(c, op, r);
}

/* ---- scripts ---- */

/* The value that "$2.DomainHandle" or "$1.Buffer.Entries[0].RelativeId" stands for; NULL: none. */
static const struct json *referred(const struct caller *c, const char *text)
{
    char *end;
    unsigned long n = strtoul(text + 1, &end, 10);
    const struct json *j = n >= 1 && n <= c->n_results ? c->results[n - 1] : NULL;
    while (j && *end) {
        char name[256];
        size_t len = strcspn(end + 1, ".[]");
        bool index = *end == '[';
        if ((*end != '.' && *end != '[') || len == 0 || len >= sizeof name)
            return NULL;
        memcpy(name, end + 1, len);
        name[len] = 0;
        end += len + 1;
        if (index) {
            if (j->type != JSON_ARRAY || *end++ != ']' || strspn(name, "0123456789") != len)
                return NULL;
            unsigned long k = strtoul(name, NULL, 10);
            for (j = j->first; j && k; k--)
                j = j->next;
        } else {
            j = j->type == JSON_OBJECT ? info_json_member(j, name) : NULL;
        }
    }
    return j;
}

/* Replaces references in a tree; "$$" at the start of a string is a plain "$". */
static bool resolve(struct caller *c, struct json *j)
{
    if (j->type == JSON_STRING && j->text[0] == '$') {
        if (j->text[1] == '$') {
            j->text++;
            j->len--;
            return true;
        }
        const struct json *other = isdigit((unsigned char)j->text[1]) ? referred(c, j->text) : NULL;
        if (!other) {
            fprintf(stderr, "tern: %sno earlier answer has '%s'\n", c->where, j->text);
            return false;
        }
        struct json *next = j->next;
        const char *key = j->key;
        *j = *other;
        j->next = next;
        j->key = key;
        return true;
    }
    for (struct json *m = j->type == JSON_ARRAY || j->type == JSON_OBJECT ? j->first : NULL; m; m = m->next)
        if (!resolve(c, m))
            return false;
    return true;
}

static int script_call(struct caller *c, struct json *entry)
{
    const struct rpc_info_interface *i;
    const struct rpc_info_op *op;
    struct json *name = entry->type == JSON_OBJECT ? info_json_member(entry, "call") : NULL;
    struct json *in = name ? info_json_member(entry, "in") : NULL, *tree;
    const char *out = NULL;
    struct nt_error err = { "" };
    char where[300];
    if (!name || name->type != JSON_STRING || (entry->len != 1 && (entry->len != 2 || !in))) {
        fprintf(stderr, "tern: call %zu of the script is not {\"call\": \"INTERFACE.OP\", \"in\": {...}}\n",
                c->n_results + 1);
        return EXIT_FAILED;
    }
    snprintf(where, sizeof where, "call %zu (%.200s): ", c->n_results + 1, name->text);
    c->where = where;
    c->t->object = name->text;
    if (!rpc_named_op(c->t, name->text, &i, &op) || (in && !resolve(c, in)))
        return EXIT_FAILED;
    struct wr w;
    wr_init(&w, (size_t)192 << 20);
    if (in)
        info_json_format(&w, in);
    else
        wr_bytes(&w, "{}", 2);
    int rc = w.st == STATUS_SUCCESS ? call(c, i, op, (const char *)w.base, w.len, &out) : EXIT_FAILED;
    wr_free_secret(&w);
    if (rc == EXIT_OK && out && info_json_parse(out, strlen(out), c->t->mem, &tree, &err) == STATUS_SUCCESS)
        c->results[c->n_results] = tree;
    c->n_results++;
    return rc;
}

static int script(struct caller *c, const char *path)
{
    struct nt_blob text;
    struct nt_error err = { "" };
    struct json *list;
    if (!rpc_read_file(c->t, path, &text))
        return EXIT_FAILED;
    c->t->object = path;
    enum nt_status st = info_json_parse((const char *)text.data, text.len, c->t->mem, &list, &err);
    if (st != STATUS_SUCCESS)
        return rpc_failed(c->t, st, err.text);
    if (list->type != JSON_ARRAY || list->len > MAX_CALLS) {
        fprintf(stderr, "tern: %s is not an array of at most %d calls\n", path, MAX_CALLS);
        return EXIT_FAILED;
    }
    int rc = EXIT_OK;
    printf("[\n");
    for (struct json *e = list->first; e && rc == EXIT_OK; e = e->next)
        rc = script_call(c, e);
    printf("]\n");
    return rc;
}

/* ---- facts ---- */

static const char *signing_name(const struct rpc_facts *f)
{
    static const char *const names[] = {
        [NPC_HMAC_SHA256] = "HMAC-SHA256", [NPC_AES_CMAC] = "AES-CMAC", [NPC_AES_GMAC] = "AES-GMAC"
    };
    if (!f->session_signed)
        return "none";
    return (unsigned)f->signing < sizeof names / sizeof names[0] ? names[f->signing] : "?";
}

/* Nothing here comes from a peer but the addresses' digits and the names that the caller gave. */
static void text(const char *name, const char *value)
{
    printf(",\n    \"%s\": \"", name);
    for (const char *p = value ? value : ""; *p; p++)
        if (*p == '"' || *p == '\\')
            printf("\\%c", *p);
        else if ((unsigned char)*p >= 0x20)
            putchar(*p);
    putchar('"');
}

static void number(const char *name, unsigned value)
{
    printf(",\n    \"%s\": %u", name, value);
}

static void truth(const char *name, bool value)
{
    printf(",\n    \"%s\": %s", name, value ? "true" : "false");
}

static void print_facts(const struct rpc_info_interface *i, const struct rpc_facts *f)
{
    printf("{\"version\": %d, \"interface\": \"%s\", \"facts\": {\n    \"protseq\": \"%s\"",
           TERN_JSON_VERSION, i->name, f->protseq);
    text("host", f->host);
    text("endpoint", f->endpoint);
    text("peer", f->peer);
    text("level", sec_level_name(f->level));
    text("provider", f->provider);
    text("principal", f->principal);
    truth("header_sign", f->header_sign);
    number("enctype", f->enctype);
    number("security_key", f->security_key_len);
    text("transfer", f->transfer);
    number("max_xmit_fragment", f->max_xmit_frag);
    number("max_recv_fragment", f->max_recv_frag);
    truth("concurrent", f->concurrent);
    truth("keeps_on_orphan", f->keeps_on_orphan);
    truth("many_securities", f->many_securities);
    if (f->session) {
        text("dialect", npc_dialect_name(f->dialect));
        text("session_provider", f->session_mech);
        text("signing", signing_name(f));
        text("cipher", tern_cipher_name(f->cipher));
        number("session_key", f->session_key_len);
        number("transport_key", f->transport_key_len);
        truth("muxer", f->muxer);
        truth("warm", f->warm);
        text("session_principal", f->session_principal);
    }
    printf("\n}}\n");
}

int rpc_facts_verb(struct tern *t)
{
    static struct caller c;
    const char *rest;
    struct rpc_facts f = { .size = sizeof f };
    const struct rpc_info_interface *i = rpc_named_interface(t, t->args[0], &rest);
    if (!i)
        return EXIT_USAGE;
    if (rest)
        return tern_usage(t, "an interface, without an operation, is what facts are about");
    c.t = t;
    c.where = "";
    struct rpc_conn *conn = conn_of(&c, i);
    enum nt_status st = conn ? rpc_conn_facts(conn, &f) : STATUS_CONNECTION_INVALID;
    if (st == STATUS_SUCCESS)
        print_facts(i, &f);
    else if (conn)
        rpc_failed(t, st, rpc_conn_error(conn));
    close_all(&c);
    int written = rpc_flush();
    return st == STATUS_SUCCESS ? written : EXIT_FAILED;
}

/* ---- the verb ---- */

static int single(struct caller *c)
{
    struct tern *t = c->t;
    const struct rpc_info_interface *i;
    const struct rpc_info_op *op;
    const char *out, *arg = t->n_args > 1 ? t->args[1] : "{}";
    struct nt_blob text = { (const uint8_t *)arg, strlen(arg) };
    if (!rpc_named_op(t, t->args[0], &i, &op))
        return EXIT_USAGE;
    if ((arg[0] == '@' || strcmp(arg, "-") == 0) && !rpc_read_file(t, arg[0] == '@' ? arg + 1 : arg, &text))
        return EXIT_FAILED;
    c->arg = arg;
    c->lend = op->op->flags & RPC_OP_PIPES ? RPC_LEND_NEVER : RPC_LEND_AHEAD;
    return call(c, i, op, (const char *)text.data, text.len, &out);
}

int rpc_call_verb(struct tern *t)
{
    static struct caller c;
    const char *path = tern_opt(t, "script");
    c.t = t;
    c.where = "";
    if (path ? t->n_args != 0 : t->n_args == 0)
        return tern_usage(t, path ? "a script says itself what is called" : "INTERFACE.OP is missing");
    int rc = path ? script(&c, path) : single(&c);
    close_all(&c);
    int written = rpc_flush();
    return rc ? rc : written;
}
