// SPDX-License-Identifier: Apache-2.0
/* Associations: PDUs out of a stream, binds and the contexts that they make ([C706] 12.6, [MS-RPCE] 2.2.2).
 */
#include "capture/m_capture.h"

static enum cap_dir sender(uint8_t ptype)
{
    switch (ptype) {
    case RPC_PT_RESPONSE:
    case RPC_PT_FAULT:
    case RPC_PT_BIND_ACK:
    case RPC_PT_BIND_NAK:
    case RPC_PT_ALTER_RESP:
    case RPC_PT_SHUTDOWN:
        return CAP_RSP;
    default:
        return CAP_REQ;
    }
}

/* The shortest PDU of a type; 0: no such type. */
static size_t least(uint8_t ptype)
{
    switch (ptype) {
    case RPC_PT_REQUEST:
    case RPC_PT_RESPONSE:
    case RPC_PT_FAULT:
    case RPC_PT_BIND:
    case RPC_PT_BIND_ACK:
    case RPC_PT_ALTER:
    case RPC_PT_ALTER_RESP:
        return RPC_REQ_LEN;
    case RPC_PT_BIND_NAK:
        return RPC_HDR_LEN + 2;
    case RPC_PT_AUTH3:
    case RPC_PT_SHUTDOWN:
    case RPC_PT_CO_CANCEL:
    case RPC_PT_ORPHANED:
        return RPC_HDR_LEN;
    default:
        return 0;
    }
}

bool cap_pdu_looks(const uint8_t *p, size_t *ret_len, enum cap_dir *ret_dir)
{
    struct rpc_hdr h;
    const char *why;
    if (rpc_hdr_decode(p, &h, &why) != STATUS_SUCCESS || p[6] != 0 || p[7] != 0)
        return false;
    size_t min = least(h.ptype);
    if (!min || h.frag_len < min)
        return false;
    /* Only calls have more than one fragment. */
    if (h.ptype > RPC_PT_FAULT && h.ptype < RPC_PT_CO_CANCEL && (h.flags & RPC_PFC_WHOLE) != RPC_PFC_WHOLE)
        return false;
    *ret_len = h.frag_len;
    *ret_dir = sender(h.ptype);
    return true;
}

/* ---- framing ---- */

static size_t pdu_length(const uint8_t *p)
{
    struct rpc_hdr h;
    const char *why;
    return rpc_hdr_decode(p, &h, &why) == STATUS_SUCCESS ? h.frag_len : 0;
}

static bool pdu_scan(const uint8_t *p, size_t have)
{
    size_t len;
    enum cap_dir d;
    if (!cap_pdu_looks(p, &len, &d))
        return false;
    return have < len + RPC_HDR_LEN || cap_pdu_looks(p + len, &len, &d);
}

static void pdu_broken(void *owner, const struct cap_at *at, const char *how, uint64_t bytes)
{
    struct cap_assoc_end *e = owner;
    const char *who = e->dir == CAP_REQ ? "client" : "server";
    if (bytes)
        cap_note(e->a->c, e->a->flow, e->a->pipe, at, "a PDU from the %s %s (%llu bytes)", who, how,
                 (unsigned long long)bytes);
    else
        cap_note(e->a->c, e->a->flow, e->a->pipe, at, "a PDU from the %s %s", who, how);
    cap_calls_broken(e->a, e->dir);
}

static void pdu_message(void *owner, const struct cap_at *at, const uint8_t *p, size_t len);

const struct cap_framer_ops cap_pdu_ops = {
    .head = RPC_HDR_LEN,
    .scan_head = RPC_HDR_LEN,
    .max = RPC_FRAG_MAX,
    .length = pdu_length,
    .scan = pdu_scan,
    .message = pdu_message,
    .broken = pdu_broken,
};

void cap_assoc_init(struct cap_assoc *a, struct capture *c, struct cap_flow *f, const char *pipe)
{
    *a = (struct cap_assoc){ .c = c, .flow = f, .pipe = pipe };
    a->calls_tail = &a->calls;
    for (unsigned d = 0; d < 2; d++) {
        a->end[d].a = a;
        a->end[d].dir = (enum cap_dir)d;
        cap_framer_init(&a->end[d].framer, c, &cap_pdu_ops, &a->end[d]);
    }
}

void cap_assoc_feed(struct cap_assoc *a, enum cap_dir d, const struct cap_at *at, const uint8_t *p, size_t n)
{
    cap_framer_feed(&a->end[d].framer, at, p, n);
}

void cap_assoc_gap(struct cap_assoc *a, enum cap_dir d, const struct cap_at *at, uint64_t n)
{
    cap_framer_gap(&a->end[d].framer, at, n);
}

void cap_assoc_doubt(struct cap_assoc *a, enum cap_dir d)
{
    cap_framer_doubt(&a->end[d].framer);
    cap_calls_broken(a, d);
}

void cap_assoc_failed(struct cap_assoc *a, uint32_t smb_status)
{
    cap_calls_failed(a, smb_status);
}

/* ---- contexts ---- */

static enum capture_syntax classify(const struct rpc_syntax *s)
{
    return rpc_syntax_equal(s, &rpc_syntax_ndr20)   ? CAPTURE_NDR20
           : rpc_syntax_equal(s, &rpc_syntax_ndr64) ? CAPTURE_NDR64
                                                    : CAPTURE_NDR_OTHER;
}

/* [MS-RPCE] 3.3.1.5.3: the first half of the UUID says what this is, the second holds bits. */
static bool is_features(const struct rpc_syntax *s)
{
    return s->uuid.a == 0x6cb71c2c && s->uuid.b == 0x9812 && s->uuid.c == 0x4540 && s->major == 1;
}

const struct cap_context *cap_context_find(const struct cap_assoc *a, uint16_t id)
{
    for (size_t i = 0; i < a->n_contexts; i++)
        if (a->contexts[i].id == id)
            return &a->contexts[i];
    return NULL;
}

static void set_context(struct cap_assoc *a, const struct cap_at *at, const struct capture_bind_item *it,
                        bool accepted)
{
    struct cap_context *x = (struct cap_context *)cap_context_find(a, it->context);
    if (x && x->accepted && !accepted) /* another leg of authentication names it again */
        return;
    if (!x && a->n_contexts >= CAPTURE_CONTEXTS_MAX) {
        if (!a->told_contexts)
            cap_note(a->c, a->flow, a->pipe, at,
                     "more than %u presentation contexts: the rest is not followed", CAPTURE_CONTEXTS_MAX);
        a->told_contexts = true;
        return;
    }
    if (!x && a->n_contexts == a->cap_contexts) {
        size_t cap = a->cap_contexts ? 2 * a->cap_contexts : 4;
        x = cap_resize(a->c, a->contexts, a->cap_contexts * sizeof *x, cap * sizeof *x);
        if (!x)
            return;
        a->contexts = x;
        a->cap_contexts = cap;
        x = NULL;
    }
    if (!x)
        x = &a->contexts[a->n_contexts++];
    *x = (struct cap_context){ it->context, accepted, it->iface, it->syntax };
}

static void drop_context(struct cap_assoc *a, uint16_t id)
{
    for (size_t i = 0; i < a->n_contexts; i++)
        if (a->contexts[i].id == id && !a->contexts[i].accepted) {
            a->contexts[i] = a->contexts[--a->n_contexts];
            return;
        }
}

/* ---- binds ---- */

static size_t bind_size(unsigned n)
{
    return sizeof(struct cap_bind) + n * sizeof(struct capture_bind_item);
}

static void free_bind(struct cap_assoc *a, struct cap_bind *b)
{
    cap_release(a->c, b, bind_size(b->b.n));
}

static void emit_bind(struct cap_assoc *a, struct cap_bind *b)
{
    a->c->t.binds++;
    b->b.items = b->items;
    struct capture_event e = {
        .kind = CAPTURE_BIND, .frame = b->at.frame, .time = b->at.time, .bind = &b->b
    };
    cap_emit(a->c, a->flow, a->pipe, &e);
}

static struct cap_bind *take_bind(struct cap_assoc *a, size_t i)
{
    struct cap_bind *b = a->binds[i];
    a->n_binds--;
    memmove(&a->binds[i], &a->binds[i + 1], (a->n_binds - i) * sizeof a->binds[0]);
    return b;
}

static struct cap_bind *bind_of(struct cap_assoc *a, uint32_t call_id)
{
    for (size_t i = 0; i < a->n_binds; i++)
        if (a->binds[i]->b.call_id == call_id)
            return take_bind(a, i);
    return NULL;
}

/* What the client offers for one context: the first syntax stands for all until the server has chosen. */
static void read_item(struct rpc_rd *r, struct capture_bind_item *ret)
{
    struct rpc_ctx_elem e;
    rpc_get_ctx_elem(r, &e);
    ret->context = e.id;
    ret->iface = e.abstract;
    if (e.n_transfers) {
        ret->transfer = e.transfers[0];
        ret->features = is_features(&e.transfers[0]);
        ret->syntax = classify(&e.transfers[0]);
    }
}

static void on_bind(struct cap_assoc *a, const struct cap_at *at, const struct rpc_pdu *d)
{
    struct rpc_rd list = d->u.bind.list;
    struct cap_bind *b = cap_zalloc(a->c, bind_size(d->u.bind.n));
    if (!b)
        return;
    b->at = *at;
    b->b = (struct capture_bind){ .call_id = d->h.call_id,
                                  .alter = d->h.ptype == RPC_PT_ALTER,
                                  .has_auth = d->has_auth,
                                  .auth_type = d->auth.type,
                                  .auth_level = d->auth.level,
                                  .max_fragment = d->u.bind.max_xmit,
                                  .assoc_group = d->u.bind.assoc,
                                  .n = d->u.bind.n };
    if (!d->has_auth)
        b->b.auth_type = b->b.auth_level = 0;
    for (unsigned i = 0; i < b->b.n; i++) {
        read_item(&list, &b->items[i]);
        if (!b->items[i].features)
            set_context(a, at, &b->items[i], false);
    }
    if (a->n_binds == CAPTURE_BINDS_MAX) {
        struct cap_bind *old = take_bind(a, 0);
        emit_bind(a, old);
        free_bind(a, old);
    }
    a->binds[a->n_binds++] = b;
}

static void on_result(struct cap_assoc *a, const struct cap_at *at, struct capture_bind_item *it,
                      const struct rpc_result *r)
{
    it->result = r->result;
    it->reason = r->reason;
    if (r->result == RPC_RESULT_NEGOTIATE_ACK) { /* the reason holds the bits ([MS-RPCE] 2.2.2.4) */
        it->feature_bits = r->reason;
        drop_context(a, it->context);
    } else if (r->result == RPC_RESULT_ACCEPTANCE) {
        it->transfer = r->transfer;
        it->syntax = classify(&r->transfer);
        set_context(a, at, it, true);
    } else {
        drop_context(a, it->context);
    }
}

static void on_ack(struct cap_assoc *a, const struct cap_at *at, const struct rpc_pdu *d)
{
    struct rpc_rd list = d->u.ack.list;
    struct cap_bind *b = bind_of(a, d->h.call_id);
    if (!b) {
        cap_note(a->c, a->flow, a->pipe, at, "the answer to a bind that was not seen (call %u)",
                 d->h.call_id);
        return;
    }
    b->b.answered = true;
    b->b.max_fragment = d->u.ack.max_xmit;
    b->b.assoc_group = d->u.ack.assoc;
    if (d->u.ack.n != b->b.n)
        cap_note(a->c, a->flow, a->pipe, at, "a bind of %u contexts has %u results", b->b.n, d->u.ack.n);
    for (unsigned i = 0; i < b->b.n; i++) {
        struct rpc_result r = { RPC_RESULT_PROVIDER_REJECTION, RPC_REASON_NONE, { { 0 }, 0, 0 } };
        if (i < d->u.ack.n)
            rpc_get_result(&list, &r);
        on_result(a, at, &b->items[i], &r);
    }
    emit_bind(a, b);
    free_bind(a, b);
}

static bool on_refusal(struct cap_assoc *a, uint32_t call_id, uint32_t reason)
{
    struct cap_bind *b = bind_of(a, call_id);
    if (!b)
        return false;
    b->b.answered = b->b.refused = true;
    b->b.refuse_reason = reason;
    for (unsigned i = 0; i < b->b.n; i++)
        drop_context(a, b->items[i].context);
    emit_bind(a, b);
    free_bind(a, b);
    return true;
}

/* ---- PDUs ---- */

static void on_pdu(struct cap_assoc *a, const struct cap_at *at, const uint8_t *p, const struct rpc_pdu *d)
{
    switch ((enum rpc_ptype)d->h.ptype) {
    case RPC_PT_FAULT: /* also the answer to an alter_context that is refused */
        if (on_refusal(a, d->h.call_id, d->u.rsp.status))
            break;
        cap_call_fragment(a, at, p, d);
        break;
    case RPC_PT_REQUEST:
    case RPC_PT_RESPONSE:
        cap_call_fragment(a, at, p, d);
        break;
    case RPC_PT_BIND:
    case RPC_PT_ALTER:
        on_bind(a, at, d);
        break;
    case RPC_PT_BIND_ACK:
    case RPC_PT_ALTER_RESP:
        on_ack(a, at, d);
        break;
    case RPC_PT_BIND_NAK:
        if (!on_refusal(a, d->h.call_id, d->u.nak.reason))
            cap_note(a->c, a->flow, a->pipe, at, "a bind that was not seen is refused (reason %u)",
                     d->u.nak.reason);
        break;
    case RPC_PT_CO_CANCEL:
    case RPC_PT_ORPHANED:
        cap_call_given_up(a, &d->h);
        break;
    case RPC_PT_SHUTDOWN:
        cap_note(a->c, a->flow, a->pipe, at, "the server asks the client to end the connection (shutdown)");
        break;
    case RPC_PT_AUTH3: /* the last token; the trailers of calls tell the level */
        break;
    }
}

static void pdu_message(void *owner, const struct cap_at *at, const uint8_t *p, size_t len)
{
    struct cap_assoc_end *e = owner;
    struct cap_assoc *a = e->a;
    struct rpc_pdu d;
    const char *why = NULL;
    a->c->t.pdus++;
    if (rpc_pdu_decode(p, len, &d, &why) != STATUS_SUCCESS) {
        a->c->t.bad_pdus++;
        cap_note(a->c, a->flow, a->pipe, at, "%s (type %u, %zu bytes)", why, p[2], len);
        cap_calls_broken(a, e->dir);
    } else if (sender(d.h.ptype) != e->dir) {
        a->c->t.bad_pdus++;
        cap_note(a->c, a->flow, a->pipe, at, "a %s PDU from the %s", rpc_ptype_name(d.h.ptype),
                 e->dir == CAP_REQ ? "client" : "server");
    } else {
        on_pdu(a, at, p, &d);
    }
}

void cap_assoc_done(struct cap_assoc *a)
{
    while (a->n_binds) {
        struct cap_bind *b = take_bind(a, 0);
        emit_bind(a, b);
        free_bind(a, b);
    }
    cap_calls_done(a);
    for (unsigned d = 0; d < 2; d++)
        cap_framer_done(&a->end[d].framer);
    cap_release(a->c, a->contexts, a->cap_contexts * sizeof *a->contexts);
    a->contexts = NULL;
    a->n_contexts = a->cap_contexts = 0;
}
