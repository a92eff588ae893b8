// SPDX-License-Identifier: Apache-2.0
/* What a server's observer is told: msrpc/rpc_observe.h. Each place that calls one of these asks first
 * whether anybody listens, so that a server without an observer pays a comparison. */
#include "rpc/m_server.h"

static const char *protseq_of(bool carried, bool local)
{
    return carried ? "ncacn_np" : local ? "ncalrpc" : "ncacn_ip_tcp";
}

/* What is seen of c; the observer may change the tag in it. */
static struct rpc_seen_conn see(const struct rpc_sconn *c)
{
    bool introduced = c->carried || (c->local && c->cred.known);
    const char *mech = c->carried ? c->carried_mech : "unix";
    return (struct rpc_seen_conn){ .id = c->number,
                                   .tag = c->tag,
                                   .protseq = protseq_of(c->carried, c->local),
                                   .peer = c->peer,
                                   .local = c->here,
                                   .endpoint = c->endpoint ? c->endpoint : "",
                                   .provider = introduced && mech[0] ? mech : NULL,
                                   .account = c->token ? c->token->name : "",
                                   .level = c->carried ? c->carried_level : SEC_LEVEL_NONE,
                                   .bytes_in = c->bytes_in,
                                   .bytes_out = c->bytes_out,
                                   .calls = c->n_requests };
}

void rpc_observe_opened(struct rpc_sconn *c)
{
    const struct rpc_server *s = c->s;
    c->seen = true;
    c->opened = io_loop_now(s->loop);
    if (!s->observer.opened)
        return;
    struct rpc_seen_conn v = see(c);
    s->observer.opened(s->observer_arg, &v);
    c->tag = v.tag;
    c->number = v.id;
}

void rpc_observe_closed(struct rpc_sconn *c)
{
    const struct rpc_server *s = c->s;
    if (!c->seen || !s->observer.closed)
        return;
    struct rpc_seen_conn v = see(c);
    v.duration_ns = io_loop_now(s->loop) - c->opened;
    s->observer.closed(s->observer_arg, &v);
    c->tag = NULL;
}

void rpc_observe_bind(struct rpc_sconn *c, const struct rpc_pdu *d, bool ok, uint32_t reason)
{
    const struct rpc_server *s = c->s;
    struct rpc_seen_bind b = { .alter = d->h.ptype == RPC_PT_ALTER, .ok = ok, .reason = reason };
    struct rpc_rd list = d->u.bind.list;
    for (unsigned i = 0; i < d->u.bind.n; i++) {
        struct rpc_ctx_elem e;
        rpc_get_ctx_elem(&list, &e);
        struct rpc_syntax features =
            e.n_transfers ? rpc_syntax_features(e.transfers[0].uuid.d[0]) : e.abstract;
        if (e.n_transfers && rpc_syntax_equal(&e.transfers[0], &features))
            continue;
        if (!b.offered++)
            b.first = e.abstract;
        for (unsigned k = 0; ok && k < c->n_ctx; k++)
            b.accepted += c->ctx[k].id == e.id && c->ctx[k].served;
    }
    const struct rpc_served *served = b.offered ? rpc_server_find(s, &b.first) : NULL;
    b.iface = served ? served->iface : NULL;
    struct rpc_seen_conn v = see(c);
    s->observer.bind(s->observer_arg, &v, &b);
    c->tag = v.tag;
}

void rpc_observe_auth(struct rpc_sconn *c, const struct rpc_ssec *x, enum nt_status st)
{
    const struct rpc_server *s = c->s;
    struct rpc_seen_auth a = { .st = st,
                               .provider = x->mech[0] ? x->mech : x->sec.provider->name,
                               .level = x->sec.level,
                               .account = x->token   ? x->token->name
                                          : x->claim ? x->claim->name
                                                     : "",
                               .anonymous = x->token && (x->token->flags & SEC_TOKEN_ANONYMOUS),
                               .why = st == STATUS_SUCCESS ? "" : x->err.text };
    struct rpc_seen_conn v = see(c);
    s->observer.auth(s->observer_arg, &v, &a);
    c->tag = v.tag;
}

void rpc_observe_refused(struct rpc_server *s, enum rpc_refusal why, const char *peer)
{
    s->refusals[why]++;
    if (s->observer.refused)
        s->observer.refused(s->observer_arg, why, peer ? peer : "");
}

void rpc_observe_pdu(struct rpc_sconn *c, bool out, const uint8_t *head, size_t head_len, struct nt_blob body)
{
    const struct rpc_server *s = c->s;
    struct rpc_seen_conn v = see(c);
    s->observer.pdu(s->observer_arg, &v, out, head, head_len, body.data, body.len);
    c->tag = v.tag;
}

void rpc_observe_plain(struct rpc_sconn *c, bool out, const uint8_t *pdu, size_t len)
{
    struct rpc_hdr h;
    const char *why = NULL;
    if (len < RPC_HDR_LEN || rpc_hdr_decode(pdu, &h, &why) != STATUS_SUCCESS)
        return;
    size_t trailer = h.auth_len ? h.auth_len + RPC_TRAILER_LEN : 0;
    if (trailer && trailer <= len - RPC_HDR_LEN) {
        size_t pad = pdu[len - trailer + 2];
        len -= trailer + (pad <= len - trailer - RPC_HDR_LEN ? pad : 0);
    }
    rpc_observe_pdu(c, out, pdu, len, (struct nt_blob){ NULL, 0 });
}

/* ---- calls ---- */

static enum rpc_seen_result kind_of(const struct rpc_op *op)
{
    return op ? (enum rpc_seen_result)((op->flags & RPC_OP_RESULT) / RPC_OP_NTSTATUS) : RPC_SEEN_NONE;
}

static struct rpc_seen_call see_call(const struct rpc_server_call *call)
{
    const struct rpc_served *served = call->served;
    const struct rpc_interface *iface = served ? served->iface : NULL;
    const struct rpc_op *op = iface && call->opnum < iface->n_ops ? served->ops[call->opnum] : NULL;
    return (struct rpc_seen_call){ .call_id = call->id,
                                   .syntax = iface ? iface->syntax : (struct rpc_syntax){ .major = 0 },
                                   .iface = iface,
                                   .opnum = call->opnum,
                                   .op = op,
                                   .ndr64 = call->ndr64,
                                   .object = call->has_object ? &call->object : NULL,
                                   .provider = call->mech,
                                   .account = call->token ? call->token->name : "",
                                   .level = call->level,
                                   .bytes_in = call->join.len,
                                   .executed = call->seen.executed,
                                   .cancelled = call->cancelled };
}

/* Of a call whose connection has gone: what the call itself remembers. */
static struct rpc_seen_conn see_from(const struct rpc_server_call *call)
{
    if (call->c)
        return see(call->c);
    return (struct rpc_seen_conn){ .protseq = protseq_of(call->carried, call->local),
                                   .peer = call->peer ? call->peer : "",
                                   .local = call->here ? call->here : "",
                                   .endpoint = "",
                                   .account = "" };
}

void rpc_observe_begin(struct rpc_server_call *call)
{
    const struct rpc_server *s = call->group->s;
    struct rpc_seen_call v = see_call(call);
    struct rpc_seen_conn from = see_from(call);
    s->observer.call_begin(s->observer_arg, &from, &v);
}

void rpc_observe_end(struct rpc_server_call *call)
{
    const struct rpc_server *s = call->group->s;
    struct rpc_scall_seen *n = &call->seen;
    if (n->ended || !s->observer.call_end)
        return;
    n->ended = true;
    struct rpc_seen_call v = see_call(call);
    struct rpc_seen_conn from = see_from(call);
    v.outcome = n->fault                                       ? RPC_SEEN_FAULT
                : !call->c                                     ? RPC_SEEN_LOST
                : call->op && (call->op->flags & RPC_OP_MAYBE) ? RPC_SEEN_MAYBE
                : n->answered                                  ? RPC_SEEN_ANSWERED
                                                               : RPC_SEEN_CANCELLED;
    v.fault = n->fault;
    v.status = n->st;
    v.bytes_out = n->bytes_out;
    if (v.outcome == RPC_SEEN_ANSWERED && n->has_result) {
        v.kind = kind_of(call->op);
        v.result = n->result;
    }
    uint64_t now = s->env->monotonic(s->env->arg);
    v.duration_ns =
        now > n->began ? now - n->began : 0; /* streams may have another clock than the server: tests */
    s->observer.call_end(s->observer_arg, &from, &v);
}

/* The last 4 octets of a stub with the answer, in little endian as all that we send. */
void rpc_observe_answer(struct rpc_server_call *call, const uint8_t *stub, size_t len, bool last)
{
    struct rpc_scall_seen *n = &call->seen;
    n->bytes_out += len;
    n->answered = last;
    n->has_result = last && len >= 4 && kind_of(call->op) != RPC_SEEN_NONE;
    if (n->has_result)
        n->result = le32(stub + len - 4);
}

/* A request that was refused before there was a call. */
void rpc_observe_stillborn(struct rpc_sconn *c, const struct rpc_pdu *d, enum nt_status st)
{
    const struct rpc_server *s = c->s;
    struct rpc_seen_conn from = see(c);
    struct rpc_seen_call v = { .call_id = d->h.call_id,
                               .opnum = d->u.req.opnum,
                               .provider = from.provider,
                               .account = from.account,
                               .level = from.level,
                               .bytes_in = d->body_len,
                               .outcome = RPC_SEEN_FAULT,
                               .status = st,
                               .fault = nt_to_rpc_fault(st) };
    for (unsigned i = 0; i < c->n_ctx; i++)
        if (c->ctx[i].id == d->u.req.ctx && c->ctx[i].served) {
            const struct rpc_served *served = c->ctx[i].served;
            v.iface = served->iface;
            v.syntax = v.iface->syntax;
            v.ndr64 = c->ctx[i].ndr64;
            v.op = v.opnum < v.iface->n_ops ? served->ops[v.opnum] : NULL;
        }
    s->observer.call_end(s->observer_arg, &from, &v);
    c->tag = from.tag;
}
