// SPDX-License-Identifier: Apache-2.0
/* What came, field by field, and whether it is what the script expects. */
#include <stdlib.h>
#include "peer.h"

/* `expect nothing` waits so long if it does not say. */
#define QUIET_TIME (PEER_SECOND / 3)

/* Codes of faults that scripts may call by name ([C706] appendix E, [MS-RPCE] 3.3.3.4.2.1). */
static const struct {
    const char *name;
    uint32_t code;
} codes[] = {
    { "access_denied", 5 },
    { "bad_stub", 0x6f7 },
    { "sec_pkg_error", 0x721 },
    { "cancelled", 0x71a },
    { "op_rng_error", 0x1c010002 },
    { "unk_if", 0x1c010003 },
    { "proto_error", 0x1c01000b },
    { "too_busy", 0x1c010014 },
    { "context_mismatch", 0x1c00001a },
    { "fault_cancel", 0x1c00000d },
    { "remote_no_memory", 0x1c00001b },
};

/* ---- fields ---- */

const struct peer_field *peer_field(const struct peer_fields *f, const char *name)
{
    for (size_t i = f->n; i-- > 0;) /* what was put last counts */
        if (strcmp(f->f[i].name, name) == 0)
            return &f->f[i];
    return NULL;
}

void peer_put_field(struct peer_fields *f, const char *name, const char *text)
{
    if (f->n < PEER_FIELDS_MAX)
        f->f[f->n++] = (struct peer_field){ .name = name, .text = text };
}

static void put_number(struct peer_fields *f, const char *name, uint64_t v, const char *fmt)
{
    char text[32];
    snprintf(text, sizeof text, *fmt == 'x' ? "0x%llx" : "%llu", (unsigned long long)v);
    peer_put_field(f, name, peer_text(f->mem, "%s", text));
    f->f[f->n - 1].number = v;
    f->f[f->n - 1].is_number = true;
}

static const char *numbered(struct peer_fields *f, const char *name, unsigned i)
{
    return peer_text(f->mem, "%s%u", name, i);
}

static void put_hex(struct peer_fields *f, const char *name, const uint8_t *p, size_t n)
{
    char *text = peer_alloc(f->mem, 2 * n + 1);
    for (size_t i = 0; i < n; i++) {
        text[2 * i] = "0123456789abcdef"[p[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[p[i] & 15];
    }
    peer_put_field(f, name, text);
}

static void put_bind(struct peer_fields *f, const struct rpc_pdu *d)
{
    struct rpc_rd list = d->u.bind.list;
    put_number(f, "max_xmit", d->u.bind.max_xmit, "u");
    put_number(f, "max_recv", d->u.bind.max_recv, "u");
    put_number(f, "assoc", d->u.bind.assoc, "x");
    put_number(f, "n_ctx", d->u.bind.n, "u");
    for (unsigned i = 0; i < d->u.bind.n && f->n + 8 < PEER_FIELDS_MAX; i++) {
        struct rpc_ctx_elem e;
        rpc_get_ctx_elem(&list, &e);
        put_number(f, numbered(f, "ctx", i), e.id, "u");
        peer_put_field(f, numbered(f, "if", i), peer_syntax_name(f->mem, &e.abstract));
        if (e.n_transfers)
            peer_put_field(f, numbered(f, "transfer", i), peer_syntax_name(f->mem, &e.transfers[0]));
    }
}

static void put_ack(struct peer_fields *f, const struct rpc_pdu *d)
{
    struct rpc_rd list = d->u.ack.list;
    size_t n = d->u.ack.addr.len ? d->u.ack.addr.len - 1 : 0;
    put_number(f, "max_xmit", d->u.ack.max_xmit, "u");
    put_number(f, "max_recv", d->u.ack.max_recv, "u");
    put_number(f, "assoc", d->u.ack.assoc, "x");
    peer_put_field(f, "addr", peer_text(f->mem, "%.*s", (int)n, n ? (const char *)d->u.ack.addr.data : ""));
    put_number(f, "n_results", d->u.ack.n, "u");
    for (unsigned i = 0; i < d->u.ack.n && f->n + 8 < PEER_FIELDS_MAX; i++) {
        struct rpc_result r;
        rpc_get_result(&list, &r);
        put_number(f, numbered(f, "result", i), r.result, "u");
        put_number(f, numbered(f, "reason", i), r.reason, "u");
        peer_put_field(f, numbered(f, "syntax", i), peer_syntax_name(f->mem, &r.transfer));
    }
}

static void put_call(struct peer_fields *f, const uint8_t *p, const struct rpc_pdu *d)
{
    char uuid[NT_GUID_STRLEN + 1];
    bool request = d->h.ptype == RPC_PT_REQUEST;
    size_t stub = d->body_len - (d->has_auth ? d->auth.pad : 0);
    put_number(f, "alloc_hint", request ? d->u.req.alloc_hint : d->u.rsp.alloc_hint, "u");
    put_number(f, "ctx", request ? d->u.req.ctx : d->u.rsp.ctx, "u");
    if (request)
        put_number(f, "op", d->u.req.opnum, "u");
    else
        put_number(f, "cancels", d->u.rsp.cancels, "u");
    if (request && d->u.req.has_object)
        peer_put_field(f, "object", peer_text(f->mem, "%s", nt_guid_format(&d->u.req.object, uuid)));
    if (d->h.ptype == RPC_PT_FAULT)
        put_number(f, "status", d->u.rsp.status, "x");
    put_number(f, "stub_len", stub, "u");
    put_hex(f, "stub", p + d->body_off, stub);
}

static void put_body(struct peer_fields *f, const uint8_t *p, const struct rpc_pdu *d)
{
    switch (d->h.ptype) {
    case RPC_PT_BIND:
    case RPC_PT_ALTER:
        put_bind(f, d);
        break;
    case RPC_PT_BIND_ACK:
    case RPC_PT_ALTER_RESP:
        put_ack(f, d);
        break;
    case RPC_PT_BIND_NAK:
        put_number(f, "reason", d->u.nak.reason, "u");
        break;
    case RPC_PT_REQUEST:
    case RPC_PT_RESPONSE:
    case RPC_PT_FAULT:
        put_call(f, p, d);
        break;
    default:
        break;
    }
}

bool peer_fields_of(struct peer_fields *f, const uint8_t *p, size_t n, const char **ret_why)
{
    struct rpc_pdu d;
    f->n = 0;
    if (rpc_pdu_decode(p, n, &d, ret_why) != STATUS_SUCCESS) {
        peer_put_field(f, "type", "garbage");
        peer_put_field(f, "why", *ret_why);
        return false;
    }
    peer_put_field(f, "type", peer_type_name(d.h.ptype));
    put_number(f, "ptype", d.h.ptype, "u");
    put_number(f, "call_id", d.h.call_id, "u");
    put_number(f, "flags", d.h.flags, "x");
    peer_put_field(f, "order", d.h.big ? "big" : "little");
    put_number(f, "frag_length", d.h.frag_len, "u");
    put_number(f, "auth_length", d.h.auth_len, "u");
    put_body(f, p, &d);
    if (d.has_auth) {
        put_number(f, "auth_type", d.auth.type, "u");
        put_number(f, "auth_level", d.auth.level, "u");
        put_number(f, "auth_pad", d.auth.pad, "u");
        put_number(f, "auth_ctx", d.auth.ctx_id, "u");
        put_hex(f, "token", p + d.auth.off + RPC_TRAILER_LEN, d.h.auth_len);
    }
    return true;
}

bool peer_code(const char *s, uint64_t *ret)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (strcmp(codes[i].name, s) == 0) {
            *ret = codes[i].code;
            return true;
        }
    return peer_number(s, ret);
}

/* ---- comparing ---- */

static bool value_of(struct peer *w, const struct peer_field *f, const char *s, uint64_t *ret)
{
    if (strcmp(f->name, "flags") == 0) {
        *ret = peer_flags(w, s);
        return true;
    }
    return peer_code(s, ret);
}

static bool one_holds(struct peer *w, const struct peer_field *f, const char *op, const char *s)
{
    uint64_t v;
    if (op[strlen(op) - 1] == '~')
        return strstr(f->text, s) != NULL;
    if (f->is_number) {
        if (!value_of(w, f, s, &v))
            peer_die(w, "%s: '%s' is not a number", f->name, s);
        return *op == '>' ? f->number >= v : *op == '<' ? f->number <= v : f->number == v;
    }
    return strcmp(f->text, s) == 0;
}

/* Alternatives with | between; "!=" and "!~" hold if none of them does. */
static bool holds(struct peer *w, const struct peer_field *f, const char *op, const char *values)
{
    bool any = false;
    for (;;) {
        size_t n = strcspn(values, "|");
        any = any || one_holds(w, f, op, peer_text(w->tmp, "%.*s", (int)n, values));
        if (!values[n])
            break;
        values += n + 1;
    }
    return *op == '!' ? !any : any;
}

static bool listed(struct peer *w, const char *types, const char *type)
{
    struct peer_field f = { .name = "type", .text = type };
    return holds(w, &f, "=", types);
}

void peer_check(struct peer *w, const char *a, const char *op, const char *b)
{
    uint64_t v;
    struct peer_field f = { .name = "value", .text = a };
    f.is_number = peer_number(a, &f.number) && peer_number(b, &v);
    if (strcmp(op, "=") != 0 && strcmp(op, "!=") != 0 && strcmp(op, ">=") != 0 && strcmp(op, "<=") != 0 &&
        strcmp(op, "~") != 0 && strcmp(op, "!~") != 0)
        peer_die(w, "check A OP B: OP is = != >= <= ~ or !~");
    if (!holds(w, &f, op, b))
        peer_fail(w, "%s %s %s does not hold", a, op, b);
}

/* ---- expect ---- */

/* The next PDU into c->pdu and c->rx. */
static void take_pdu(struct peer *w, struct peer_conn *c, size_t n)
{
    struct rpc_pdu d;
    const char *why = NULL, *auth = "none";
    c->pdu.len = 0;
    wr_bytes(&c->pdu, c->in.base, n);
    if (c->pdu.st != STATUS_SUCCESS)
        peer_die(w, "no memory");
    if (rpc_pdu_decode(c->pdu.base, n, &d, &why) == STATUS_SUCCESS)
        auth = peer_unprotect(w, c, c->pdu.base, n, &d);
    nt_arena_reset(c->rx.mem);
    (void)peer_fields_of(&c->rx, c->pdu.base, n, &why);
    peer_put_field(&c->rx, "auth", peer_text(c->rx.mem, "%s", auth));
    peer_show_received(w, c, c->in.base, n);
    c->in.len -= n;
    if (c->in.len)
        memmove(c->in.base, c->in.base + n, c->in.len);
}

static size_t pdu_length(const struct peer_conn *c)
{
    struct rpc_hdr h;
    const char *why;
    if (rpc_hdr_decode(c->in.base, &h, &why) != STATUS_SUCCESS)
        return c->in.len; /* no PDU: what is there is shown */
    return h.frag_len;
}

/* 1: a PDU is in c->pdu; else as peer_need. */
static int next_pdu(struct peer *w, struct peer_conn *c, uint64_t until)
{
    int got = peer_need(w, c, RPC_HDR_LEN, until);
    if (got <= 0)
        return got;
    size_t n = pdu_length(c);
    got = peer_need(w, c, n, until);
    if (got <= 0)
        return got;
    take_pdu(w, c, n);
    return 1;
}

static void compare(struct peer *w, struct peer_conn *c, const char *types, const struct peer_args *a)
{
    bool auth_said = false;
    const char *type = peer_field(&c->rx, "type")->text, *auth = peer_field(&c->rx, "auth")->text;
    if (strcmp(types, "any") != 0 && !listed(w, types, type)) {
        const struct peer_field *status = peer_field(&c->rx, "status");
        peer_fail(w, "expected %s, got %s%s%s", types, type, status ? " " : "", status ? status->text : "");
        return;
    }
    for (size_t i = 0; i < a->n; i++) {
        const struct peer_arg *x = &a->a[i];
        const struct peer_field *f = peer_field(&c->rx, x->key);
        if (strcmp(x->key, "within") == 0)
            continue;
        auth_said = auth_said || strcmp(x->key, "auth") == 0;
        if (!f)
            peer_fail(w, "expected %s%s%s, but the %s has no %s", x->key, x->op, x->value, type, x->key);
        else if (!holds(w, f, x->op, x->value))
            peer_fail(w, "expected %s%s%s, got %s", x->key, x->op, x->value, f->text);
    }
    /* faults may be unsigned: a server that could not make sense of a signature has nothing to sign with */
    if (!auth_said && strcmp(auth, "ok") != 0 && strcmp(auth, "none") != 0 && strcmp(auth, "unknown") != 0 &&
        !(strcmp(auth, "unsigned") == 0 && strcmp(type, "fault") == 0))
        peer_fail(w, "the protection of this %s: %s", type, auth);
}

/* $rx.type says what there was instead of a PDU. */
static void no_pdu(struct peer *w, struct peer_conn *c, int got)
{
    c->rx.n = 0;
    peer_put_field(&c->rx, "type", got == 0 ? "nothing" : c->in.len ? "cut" : "close");
    if (got < 0)
        peer_note(w, "closed", "%s%s", c->name, c->in.len ? ", in the middle of a PDU" : "");
}

/* expect TYPE[|TYPE...] [FIELD=VALUE...] [within=TIME]; TYPE may be close, cut and nothing */
void peer_expect(struct peer *w, char **words, size_t n)
{
    struct peer_args a = peer_args(w, words + 1, n - 1);
    struct peer_conn *c = w->conn;
    const char *types = words[0], *within = peer_arg(&a, "within", NULL);
    bool quiet = listed(w, types, "nothing"), closes = listed(w, types, "close");
    bool cut = listed(w, types, "cut");
    uint64_t patience = within ? peer_duration(w, within) : quiet ? QUIET_TIME : w->patience;
    int got = next_pdu(w, c, peer_now() + patience);
    if (got > 0)
        compare(w, c, types, &a);
    else
        no_pdu(w, c, got);
    if (got < 0 && !(c->in.len ? cut : closes))
        peer_fail(w, "expected %s, but the connection was closed", types);
    if (got == 0 && !quiet)
        peer_fail(w, "expected %s, but nothing came in time", types);
}
