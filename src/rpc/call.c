// SPDX-License-Identifier: Apache-2.0
/*
 * Calls. Callers may start any number. Where the server agreed to it (PFC_CONC_MPX, [MS-RPCE] 3.3.1.5.8) many
 * are on the wire at a time, else one; the others wait in order. Answers are found by call id and come in any
 * order, also with the fragments of several mixed.
 */
#include <stdio.h>
#include <stdlib.h>
#include "rpc/m_client.h"
#include "ndr/ndr.h"

#define NS_PER_MS UINT64_C(1000000)

static const char *call_name(const struct rpc_call *call)
{
    return call->op ? call->op->name : "alter_context";
}

/* ---- the end of a call ---- */

/* [out] as before the call: nothing half done. */
void rpc_clear_out(const struct rpc_op *op, void *r)
{
    if (op && op->size > op->out_offset)
        memset((char *)r + op->out_offset, 0, op->size - op->out_offset);
}

static void unlink_call(struct rpc_call *call)
{
    struct rpc_conn *c = call->c;
    if (call->state == RPC_CALL_QUEUED) {
        rpc_list_del(&c->queue, call);
        c->n_queued--;
        return;
    }
    rpc_sent_del(&c->sent, call);
    c->n_midway -= call->answered;
    c->held -= call->join.cap;
    if (!call->op)
        c->altering = false;
}

void rpc_call_finish(struct rpc_call *call, enum nt_status st)
{
    struct rpc_conn *c = call->c;
    unlink_call(call);
    rpc_cpipe_end(call);
    rpc_callback_end(call);
    if (call->adding)
        rpc_xsec_left(call->adding);
    io_cancel(&call->timer);
    io_watch_stop(&call->watch);
    if (st != STATUS_SUCCESS) {
        call->not_run |= call->state == RPC_CALL_QUEUED;
        rpc_clear_out(call->op, call->r);
        if (c->state != RPC_ST_CLOSED || (c->finished.tail && c->finished.tail->said))
            call->said = malloc(sizeof *call->said);
        if (call->said)
            *call->said = c->err;
    }
    call->state = RPC_CALL_FINISHED;
    call->st = st;
    rpc_list_put(&c->finished, call);
    rpc_conn_wake(c);
}

void rpc_call_end(struct rpc_call *call, enum nt_status st)
{
    struct rpc_conn *c = call->c;
    rpc_call_finish(call, st);
    rpc_calls_pump(c);
}

static void call_free(struct rpc_conn *c, struct rpc_call *call)
{
    free(call->said);
    if (c->spare)
        free(call);
    else
        c->spare = call;
}

/* What the connection says about its last failure is about this call while its callback runs. */
void rpc_calls_tell(struct rpc_conn *c)
{
    struct rpc_call *call;
    while ((call = c->finished.head)) {
        rpc_done_fn *done = call->done;
        void *arg = call->arg;
        enum nt_status st = call->st;
        rpc_list_del(&c->finished, call);
        c->fault = call->fault;
        c->not_run = call->not_run;
        if (c->extended.n || call->extended.data)
            rpc_conn_extended(c, call->extended, NULL, 0);
        if (call->said)
            c->err = *call->said;
        call_free(c, call);
        done(arg, st);
    }
}

void rpc_calls_unsent(struct rpc_conn *c)
{
    for (struct rpc_call *call = c->sent.list.head; call; call = call->next)
        call->not_run = true;
}

void rpc_calls_fail(struct rpc_conn *c, enum nt_status st)
{
    while (c->sent.list.head)
        rpc_call_finish(c->sent.list.head, st);
    while (c->queue.head)
        rpc_call_finish(c->queue.head, st);
}

/* ---- cancelling ---- */

static bool send_bare(struct rpc_conn *c, enum rpc_ptype type, uint32_t id)
{
    struct wr w;
    size_t start = rpc_conn_writer(c, &w, RPC_HDR_LEN);
    rpc_put_hdr(&w, type, RPC_PFC_WHOLE, id);
    rpc_pdu_end(&w, start, 0);
    return c->tp->ops->send(c->tp, &w, RPC_TP_ASIDE) == STATUS_SUCCESS;
}

/* A call that is on the wire ends now. A server that knows about orphans is told ([MS-RPCE] 3.3.1.5.10).
 * Where it does not, and has several calls at work, this one may run to its end there: nothing may be sent
 * about it, but the connection need not go, and the others do not suffer. An exclusive connection has nothing
 * else to do, and goes. */
static void give_up(struct rpc_call *call, enum nt_status st)
{
    rpc_conn_explain(call->c, st, call_name(call), "%s",
                     st == STATUS_IO_TIMEOUT ? "the server did not answer in time"
                                             : "given up by the caller");
    rpc_call_abandon(call, st);
}

void rpc_call_abandon(struct rpc_call *call, enum nt_status st)
{
    struct rpc_conn *c = call->c;
    uint32_t id = call->id;
    /* in the middle of a negotiation there is nothing to go on with */
    bool half = c->sending == call; /* of a request: the server awaits the rest */
    bool keep = call->op && !rpc_one_call(c) &&
                (c->features & RPC_FEATURE_KEEP_ON_ORPHAN ? send_bare(c, RPC_PT_ORPHANED, id) : c->mpx && !half);
    rpc_call_finish(call, st);
    if (keep) {
        rpc_orphans_add(&c->orphans, id);
        rpc_calls_pump(c);
        c->tp->ops->relax(c->tp, c->sent.n == 0);
    } else {
        rpc_conn_fail(c, STATUS_CONNECTION_DISCONNECTED, NULL, "%s", "");
    }
}

static void timer_fn(struct io_item *it)
{
    struct rpc_call *call = io_container(it, struct rpc_call, timer);
    if (call->state == RPC_CALL_QUEUED) {
        rpc_conn_explain(call->c, STATUS_IO_TIMEOUT, call_name(call), "earlier calls took all the time");
        rpc_call_finish(call, STATUS_IO_TIMEOUT);
    } else {
        give_up(call, call->state == RPC_CALL_CANCELLING ? STATUS_CANCELLED : STATUS_IO_TIMEOUT);
    }
}

void rpc_call_cancel(struct rpc_call *call)
{
    struct rpc_conn *c = call->c;
    switch (call->state) {
    case RPC_CALL_QUEUED:
        rpc_conn_explain(c, STATUS_CANCELLED, call_name(call), "given up by the caller before it was sent");
        rpc_call_finish(call, STATUS_CANCELLED);
        break;
    case RPC_CALL_SENT:
        if (c->sending == call) { /* nothing runs yet that could be cancelled */
            give_up(call, STATUS_CANCELLED);
            break;
        }
        if (!send_bare(c, RPC_PT_CO_CANCEL, call->id)) {
            give_up(call, STATUS_CANCELLED);
            break;
        }
        call->state = RPC_CALL_CANCELLING;
        uint64_t until = io_loop_now(c->loop) + RPC_CANCEL_GRACE;
        io_timer(c->tp->stream, &call->timer, until < call->deadline ? until : call->deadline);
        break;
    case RPC_CALL_CANCELLING:
    case RPC_CALL_FINISHED:
        break;
    }
}

static void token_fired(struct io_watch *w)
{
    rpc_call_cancel(io_container(w, struct rpc_call, watch));
}

/* ---- sending ---- */

static uint16_t wire_ctx(const struct rpc_call *call)
{
    return rpc_context_id(&call->c->ctx[call->ctx], call->ctx);
}

/* What the signature does not cover is said once more inside ([MS-RPCE] 2.2.2.13 and its notes). */
static struct rpc_vt vt_of(struct rpc_conn *c, const struct rpc_call *call)
{
    struct rpc_vt vt = { .parts = 0 };
    struct rpc_sec *sec = call->sec;
    if (!rpc_sec_signs(sec))
        return vt;
    const struct rpc_context *ctx = &c->ctx[call->ctx];
    if (sec->offered_header_sign && !sec->told_header_sign)
        vt.parts |= RPC_VT_HEADER_SIGN;
    if (!(sec->told_contexts >> call->ctx & 1))
        vt.parts |= RPC_VT_PCONTEXT;
    if (!sec->header_sign)
        vt.parts |= RPC_VT_HEADER2;
    sec->told_header_sign = true;
    sec->told_contexts |= 1U << call->ctx;
    vt.abstract = ctx->iface->syntax;
    vt.transfer = ctx->ndr64 ? rpc_syntax_ndr64 : rpc_syntax_ndr20;
    vt.call_id = call->id;
    vt.ctx = rpc_context_id(ctx, call->ctx);
    vt.opnum = call->op->opnum;
    return vt;
}

/* The provider may have counted a message that the peer never sees, so the connection is of no use any more.
 */
static enum nt_status protect_failed(struct rpc_conn *c, const struct rpc_call *call, enum nt_status st)
{
    rpc_conn_fail(c, st, call->op->name, "the request could not be protected");
    return st;
}

/* The stub is in w behind room for a header: one fragment, without a copy. */
static enum nt_status send_whole(struct rpc_conn *c, struct rpc_call *call, struct wr *w, size_t start,
                                 size_t hdr)
{
    rpc_fill_request(w->base + start, RPC_PFC_WHOLE, call->id, (uint32_t)(w->len - start - hdr),
                     wire_ctx(call), call->op->opnum, call->has_object ? &call->object : NULL);
    enum nt_status st = rpc_protect(w, start, hdr, call->sec);
    if (st != STATUS_SUCCESS) {
        wr_free(w);
        return protect_failed(c, call, st);
    }
    return c->tp->ops->send(c->tp, w, rpc_conn_then(c));
}

static size_t header_of(const struct rpc_call *call)
{
    return RPC_REQ_LEN + (call->has_object ? sizeof(struct nt_guid) : 0);
}

size_t rpc_call_room(const struct rpc_call *call)
{
    return rpc_sec_room(call->sec, call->c->max_xmit, header_of(call));
}

enum nt_status rpc_call_send_stub(struct rpc_call *call, struct nt_blob stub, unsigned flags, uint32_t hint)
{
    struct rpc_conn *c = call->c;
    struct wr w;
    size_t start = rpc_conn_writer(c, &w, RPC_FRAG_MAX), hdr = header_of(call);
    (void)wr_room(&w, hdr);
    wr_bytes(&w, stub.data, stub.len);
    if (w.st != STATUS_SUCCESS) {
        enum nt_status short_of = w.st;
        wr_free(&w);
        return short_of;
    }
    rpc_fill_request(w.base + start, flags, call->id, hint, wire_ctx(call), call->op->opnum,
                     call->has_object ? &call->object : NULL);
    enum nt_status st = rpc_protect(&w, start, hdr, call->sec);
    if (st != STATUS_SUCCESS) {
        wr_free(&w);
        return protect_failed(c, call, st);
    }
    return c->tp->ops->send(c->tp, &w, flags & RPC_PFC_LAST ? rpc_conn_then(c) : RPC_TP_MORE);
}

static enum nt_status send_split(struct rpc_conn *c, struct rpc_call *call, struct wr *w, struct rpc_split *s,
                                 size_t stub)
{
    enum nt_status st = STATUS_SUCCESS;
    bool sent = false;
    while (st == STATUS_SUCCESS && rpc_split_next(s)) {
        unsigned flags = rpc_split_flags(s);
        /* the hint of each fragment is what is still to come, itself included ([MS-RPCE] 2.2.2.6) */
        st = rpc_call_send_stub(call, (struct nt_blob){ w->base + stub + s->off, s->len }, flags,
                                (uint32_t)(s->total - s->off));
        sent = sent || st == STATUS_SUCCESS;
    }
    wr_free(w);
    if (st != STATUS_SUCCESS && sent) /* half a request is on the wire: nothing else can follow */
        rpc_conn_fail(c, st, call->op->name, "the request could not be sent as a whole");
    return st;
}

static enum nt_status send_request(struct rpc_conn *c, struct rpc_call *call)
{
    struct wr w;
    struct ndr_push n;
    size_t start = rpc_conn_writer(c, &w, RPC_STUB_MAX);
    size_t hdr = header_of(call);
    (void)wr_room(&w, hdr);
    size_t stub = w.len;
    ndr_push_init(&n, &w, c->ctx[call->ctx].ndr64);
    if (c->lent) {
        c->lent->asked = (struct ndr_noted){ .n = 0 };
        n.noted = &c->lent->asked;
    }
    call->op->push_in(&n, call->r);
    enum nt_status st = ndr_push_status(&n);
    if (st == STATUS_SUCCESS)
        st = w.st;
    if (st != STATUS_SUCCESS) {
        rpc_conn_explain(c, st, call->op->name, "the arguments cannot be sent");
        wr_free(&w);
        return st;
    }
    size_t room = rpc_sec_room(call->sec, c->max_xmit, hdr), before = w.len;
    struct rpc_vt vt = vt_of(c, call);
    rpc_put_vt(&w, stub, &vt);
    if (w.len - stub <= room && w.st == STATUS_SUCCESS)
        return send_whole(c, call, &w, start, hdr);
    st = w.st != STATUS_SUCCESS ? w.st : room <= RPC_VT_MAX + 16 ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;
    if (st != STATUS_SUCCESS) {
        wr_free(&w);
        return st;
    }
    struct rpc_split s = { .total = w.len - stub, .tail = w.len - before, .room = room };
    return send_split(c, call, &w, &s, stub);
}

static enum nt_status send_alter(struct rpc_conn *c, struct rpc_call *call)
{
    struct rpc_ctx_elem elems[2];
    unsigned n = rpc_offer(c, call->ctx, elems);
    struct wr w;
    (void)rpc_conn_writer(c, &w, RPC_FRAG_MAX);
    rpc_put_bind(&w, RPC_PT_ALTER, RPC_PFC_WHOLE, call->id, c->max_frag, c->assoc, elems, n);
    return c->tp->ops->send(c->tp, &w, rpc_conn_then(c));
}

/* On failure the call is still in the queue, or the connection is closed and the call finished. */
static enum nt_status start(struct rpc_call *call)
{
    struct rpc_conn *c = call->c;
    while (!call->inside) { /* ids wrap, and a call may wait for days */
        call->id = c->next_id++;
        if (!c->sent.n || !rpc_sent_find(&c->sent, call->id))
            break;
    }
    enum nt_status st = call->adding                        ? rpc_xsec_start(call)
                        : !call->op                         ? send_alter(c, call)
                        : rpc_op_has_pipes(call->op, false) ? rpc_cpipe_begin(call)
                                                            : send_request(c, call);
    if (st != STATUS_SUCCESS || call->state != RPC_CALL_QUEUED)
        return st;
    rpc_list_del(&c->queue, call);
    c->n_queued--;
    rpc_sent_put(&c->sent, call);
    c->altering = !call->op;
    call->state = RPC_CALL_SENT;
    return STATUS_SUCCESS;
}

/* May the next call be sent? With concurrent multiplexing the server must be ready for requests, which it is
 * not while it negotiates a context. */
static bool may_send(struct rpc_conn *c)
{
    if (c->state != RPC_ST_READY || c->sending)
        return false;
    if (c->sent.n == 0)
        return true;
    return c->mpx && !c->altering && c->sent.n < RPC_CALLS_SENT_MAX && c->tp->ops->room(c->tp);
}

void rpc_calls_pump(struct rpc_conn *c)
{
    while (c->queue.head && may_send(c)) {
        struct rpc_call *call = c->queue.head;
        enum nt_status st = start(call);
        if (st != STATUS_SUCCESS && call->state == RPC_CALL_QUEUED)
            rpc_call_finish(call, st);
    }
}

static struct rpc_call *call_new(struct rpc_conn *c, rpc_done_fn *done, void *arg)
{
    struct rpc_call *call = c->spare ? c->spare : malloc(sizeof *call);
    c->spare = NULL;
    if (!call)
        return NULL;
    *call = (struct rpc_call){ .c = c, .done = done, .arg = arg, .sec = &c->sec };
    io_item_init(&call->timer, timer_fn);
    return call;
}

/* Puts a new call into the queue and, if nothing is in its way, on the wire. Fails at once or not at all. */
static enum nt_status enqueue(struct rpc_conn *c, struct rpc_call *call)
{
    bool next = call->inside || (!c->queue.head && may_send(c));
    call->deadline = io_loop_now(c->loop) + c->call_timeout_ms * NS_PER_MS;
    rpc_list_put(&c->queue, call);
    c->n_queued++;
    io_timer(c->tp->stream, &call->timer, call->deadline);
    io_watch_start(c->loop, &call->watch, c->call_cancel, token_fired);
    if (!next)
        return STATUS_SUCCESS;
    enum nt_status st = start(call);
    if (st == STATUS_SUCCESS)
        return st;
    if (call->state == RPC_CALL_QUEUED) {
        rpc_list_del(&c->queue, call);
        c->n_queued--;
        io_cancel(&call->timer);
        io_watch_stop(&call->watch);
    } else {
        rpc_list_del(&c->finished, call); /* the connection failed on the way */
    }
    call_free(c, call);
    return st;
}

static bool inherits(const struct rpc_interface *bound, const struct rpc_interface *i)
{
    while (bound && bound != i && !rpc_syntax_equal(&bound->syntax, &i->syntax))
        bound = bound->base;
    return bound;
}

/* The context of an operation of this interface: its own, else that of one which inherits from it. */
static int find_context(const struct rpc_conn *c, const struct rpc_interface *i)
{
    int derived = -1;
    for (unsigned k = 0; k < c->n_ctx; k++) {
        if (!c->ctx[k].accepted)
            continue;
        if (c->ctx[k].iface == i || rpc_syntax_equal(&c->ctx[k].iface->syntax, &i->syntax))
            return (int)k;
        if (derived < 0 && inherits(c->ctx[k].iface, i))
            derived = (int)k;
    }
    return derived;
}

static enum nt_status may_call(struct rpc_conn *c)
{
    if (c->closing || c->state == RPC_ST_CLOSED)
        return nt_ok(c->why) ? STATUS_CONNECTION_DISCONNECTED : c->why;
    if (c->state != RPC_ST_READY)
        return STATUS_INVALID_DEVICE_STATE;
    if (c->call_cancel && nt_cancel_fired(c->call_cancel))
        return STATUS_CANCELLED;
    if (c->n_queued + c->sent.n >= RPC_CALLS_MAX) {
        rpc_conn_explain(c, STATUS_INSUFFICIENT_RESOURCES, "call", "%u calls have been started already",
                         c->n_queued + c->sent.n);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

enum nt_status rpc_send(struct rpc_conn *c, const struct rpc_op *op, struct nt_arena *mem, void *r,
                        rpc_done_fn *done, void *arg, struct rpc_call **ret_call)
{
    enum nt_status st = may_call(c);
    int ctx = -1;
    if (st == STATUS_SUCCESS && op->table_version != RPC_TABLE_VERSION)
        st = STATUS_REVISION_MISMATCH;
    if (st == STATUS_SUCCESS && (ctx = find_context(c, op->iface)) < 0) {
        st = RPC_NT_UNKNOWN_IF;
        rpc_conn_explain(c, st, op->name, "the interface %s was not bound on this connection",
                         op->iface->name);
    }
    struct rpc_sec *sec = st == STATUS_SUCCESS ? rpc_conn_sec(c) : NULL;
    if (st == STATUS_SUCCESS && !sec) {
        st = STATUS_INVALID_PARAMETER;
        rpc_conn_explain(c, st, op->name, "the connection has no security context %u", c->call_security);
    }
    if (st == STATUS_SUCCESS && c->lent && (op->flags & RPC_OP_PIPES)) {
        st = STATUS_NOT_SUPPORTED;
        rpc_conn_explain(c, st, op->name, "an operation with pipes does not go over a borrowed pipe");
    }
    struct rpc_call *call = st == STATUS_SUCCESS ? call_new(c, done, arg) : NULL;
    if (!call) {
        rpc_clear_out(op, r);
        return st != STATUS_SUCCESS ? st : STATUS_NO_MEMORY;
    }
    call->op = op;
    call->mem = mem;
    call->r = r;
    call->ctx = (uint16_t)ctx;
    call->sec = sec;
    call->has_object = c->has_object;
    call->object = c->object;
    c->fault = 0;
    c->extended.n = 0;
    st = enqueue(c, call);
    if (st != STATUS_SUCCESS)
        rpc_clear_out(op, r);
    else if (ret_call)
        *ret_call = call;
    return st;
}

enum nt_status rpc_send_inside(struct rpc_call *outer, const struct rpc_op *op, struct nt_arena *mem, void *r,
                               rpc_done_fn *done, void *arg)
{
    struct rpc_conn *c = outer->c;
    enum nt_status st = may_call(c);
    if (st == STATUS_SUCCESS && op->table_version != RPC_TABLE_VERSION)
        st = STATUS_REVISION_MISMATCH;
    if (st == STATUS_SUCCESS && find_context(c, op->iface) != outer->ctx)
        st = RPC_NT_UNKNOWN_IF; /* it has to be the presentation context of the call around it */
    if (st == STATUS_SUCCESS && (c->sending || rpc_op_has_pipes(op, false)))
        st = STATUS_INVALID_DEVICE_STATE;
    struct rpc_call *call = st == STATUS_SUCCESS ? call_new(c, done, arg) : NULL;
    if (!call) {
        rpc_clear_out(op, r);
        return st != STATUS_SUCCESS ? st : STATUS_NO_MEMORY;
    }
    call->op = op;
    call->mem = mem;
    call->r = r;
    call->ctx = outer->ctx;
    call->sec = outer->sec;
    call->id = outer->id;
    call->inside = true;
    st = enqueue(c, call);
    if (st != STATUS_SUCCESS)
        rpc_clear_out(op, r);
    return st;
}

enum nt_status rpc_add_interface_send(struct rpc_conn *c, const struct rpc_interface *i, rpc_done_fn *done,
                                      void *arg)
{
    enum nt_status st = may_call(c);
    if (st != STATUS_SUCCESS)
        return st;
    if (i->table_version != RPC_TABLE_VERSION)
        return STATUS_REVISION_MISMATCH;
    if (c->lent) {
        rpc_conn_explain(c, STATUS_NOT_SUPPORTED, "adding an interface",
                         "the pipe is a borrowed one, bound to %s", c->ctx[0].iface->name);
        return STATUS_NOT_SUPPORTED;
    }
    if (c->n_ctx == RPC_CONTEXTS_MAX) {
        rpc_conn_explain(c, STATUS_INSUFFICIENT_RESOURCES, "adding an interface", "%u are bound already",
                         c->n_ctx);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    struct rpc_call *call = call_new(c, done, arg);
    if (!call)
        return STATUS_NO_MEMORY;
    call->ctx = (uint16_t)c->n_ctx;
    c->ctx[c->n_ctx++] = (struct rpc_context){ .iface = i };
    return enqueue(c, call);
}

enum nt_status rpc_call_adding(struct rpc_conn *c, struct rpc_xsec *x, rpc_done_fn *done, void *arg)
{
    enum nt_status st = may_call(c);
    struct rpc_call *call = st == STATUS_SUCCESS ? call_new(c, done, arg) : NULL;
    if (!call)
        return st != STATUS_SUCCESS ? st : STATUS_NO_MEMORY;
    call->adding = x;
    return enqueue(c, call);
}

/* ---- answers ---- */

static void on_fault(struct rpc_call *call, const struct rpc_pdu *d, struct nt_blob stub)
{
    struct rpc_conn *c = call->c;
    char more[256];
    uint32_t code = d->u.rsp.status;
    const char *name = rpc_fault_name(code);
    enum nt_status st = nt_from_rpc_fault(code);
    if (call->state == RPC_CALL_CANCELLING && st == RPC_NT_CALL_CANCELLED)
        st = STATUS_CANCELLED;
    call->fault = code;
    /* whoever sits in the middle could say so of a call that runs, and a pool would send it again */
    call->not_run = (d->h.flags & RPC_PFC_DID_NOT_EXECUTE) && (d->has_auth || !rpc_sec_signs(call->sec));
    struct nt_blob extended = rpc_fault_extended(d, stub.data, stub.len);
    rpc_conn_extended(c, extended, more, sizeof more);
    if (c->extended.n && call->mem) /* for the moment at which the call's end is told */
        call->extended =
            (struct nt_blob){ nt_arena_memdup(call->mem, extended.data, extended.len), extended.len };
    rpc_conn_explain(c, st, call_name(call), "the server answered with fault %s%s0x%08x%s", name ? name : "",
                     name ? " " : "", code, more);
    bool adding = call->adding;
    if (c->sending == call) /* the rest is not sent any more, which the server has to know */
        rpc_call_abandon(call, st);
    else
        rpc_call_finish(call, st);
    if (adding) /* [MS-RPCE] 3.3.1.5.2.1: nothing more is sent on a connection whose authentication failed */
        rpc_conn_fail(c, STATUS_CONNECTION_DISCONNECTED, NULL, "%s", "");
}

static void decode(struct rpc_call *call)
{
    struct ndr_pull n;
    struct ndr_handles got = { NULL, 0, 0, 0 };
    bool ndr64 = call->c->ctx[call->ctx].ndr64;
    ndr_pull_init(&n, call->mem, call->join.data, call->join.len, call->drep, ndr64, NULL);
    n.handles = call->c->lent ? &got : NULL;
    call->op->pull_out(&n, call->r);
    enum nt_status st = ndr_pull_status(&n);
    if (call->c->lent) {
        rpc_lent_note(call->c->lent, &got);
        call->c->lent->many |= st != STATUS_SUCCESS; /* who knows what the rest has */
    }
    if (st != STATUS_SUCCESS)
        rpc_conn_explain(call->c, st, call->op->name, "the server's answer of %zu bytes cannot be decoded",
                         call->join.len);
    rpc_call_finish(call, st);
}

/* What is wrong with a fragment of an answer before its protection is looked at. */
static const char *misplaced(const struct rpc_call *call, const struct rpc_pdu *d)
{
    if (d->h.ptype == RPC_PT_FAULT)
        return NULL; /* its context id is 0 with many servers, and it may come in the middle */
    if (!call->op)
        return "a response to an alter_context";
    if (call->c->sending == call)
        return "an answer to half a request";
    if (call->callback)
        return "an answer in the middle of a callback";
    if (d->u.rsp.ctx != wire_ctx(call))
        return "a response of another presentation context";
    bool first = d->h.flags & RPC_PFC_FIRST;
    if (first == call->answered)
        return call->answered ? "a first fragment in the middle of an answer"
                              : "an answer without its first fragment";
    if (call->answered && d->h.drep != call->drep)
        return "fragments in different byte orders";
    return NULL;
}

/* An unsigned fault is believed: it says no more than a lost connection would, and servers send it where they
 * could not make sense of the request's protection. Its extended error information is not, where signatures
 * were agreed on. */
static bool take_off(struct rpc_conn *c, struct rpc_sec *sec, uint8_t *pdu, const struct rpc_pdu *d,
                     struct nt_blob *ret_stub)
{
    const char *why = NULL;
    if (d->h.ptype == RPC_PT_FAULT && !d->has_auth) {
        *ret_stub = (struct nt_blob){ pdu + d->body_off, rpc_sec_signs(sec) ? 0 : d->body_len };
        return true;
    }
    enum nt_status st = rpc_unprotect(pdu, d, sec, ret_stub, &why);
    if (st != STATUS_SUCCESS)
        rpc_conn_fail(c, st, "receiving", "the server sent %s", why);
    return st == STATUS_SUCCESS;
}

/* Nobody awaits it, but the provider counts it. */
static void on_orphan(struct rpc_conn *c, uint8_t *pdu, const struct rpc_pdu *d)
{
    struct nt_blob stub;
    if (take_off(c, rpc_sec_of(c, d), pdu, d, &stub) &&
        (d->h.ptype == RPC_PT_FAULT || (d->h.flags & RPC_PFC_LAST)))
        rpc_orphans_del(&c->orphans, d->h.call_id);
}

/* Takes a fragment of an answer, within what one connection may hold. */
static enum nt_status join(struct rpc_call *call, const struct rpc_pdu *d, struct nt_blob stub, bool last,
                           const char **ret_why)
{
    struct rpc_conn *c = call->c;
    uint32_t hint = last ? 0 : d->u.rsp.alloc_hint;
    size_t before = call->join.cap;
    if (c->n_midway && stub.len > RPC_ANSWERS_HELD_MAX - c->held) {
        *ret_why = "parts of more answers than can be held";
        return RPC_NT_PROTOCOL_ERROR;
    }
    if (hint <= RPC_HINT_MAX && c->held + hint > RPC_ANSWERS_HINTED_MAX)
        hint = 0;
    enum nt_status st = rpc_join_add(&call->join, call->mem, stub, hint, ret_why);
    c->held += call->join.cap - before;
    return st;
}

void rpc_on_answer(struct rpc_conn *c, uint8_t *pdu, const struct rpc_pdu *d)
{
    struct rpc_call *call = rpc_sent_find(&c->sent, d->h.call_id);
    struct nt_blob stub;
    if (!call && rpc_orphans_have(&c->orphans, d->h.call_id)) {
        on_orphan(c, pdu, d);
        return;
    }
    const char *why = call ? misplaced(call, d) : "an answer to a call that nobody made";
    if (why) {
        rpc_conn_fail(c, RPC_NT_PROTOCOL_ERROR, "receiving", "the server sent %s", why);
        return;
    }
    if (!take_off(c, call->sec, pdu, d, &stub))
        return;
    if (d->h.ptype == RPC_PT_FAULT) {
        on_fault(call, d, stub);
        rpc_calls_pump(c);
        return;
    }
    bool last = d->h.flags & RPC_PFC_LAST;
    c->n_midway += !call->answered;
    call->answered = true;
    call->drep = d->h.drep;
    bool streams = rpc_cpipe_takes(call);
    enum nt_status st = streams ? rpc_cpipe_add(call, stub, last) : join(call, d, stub, last, &why);
    if (st != STATUS_SUCCESS) {
        rpc_conn_fail(c, st, call->op->name, "%s%s", why ? "the server sent " : "no memory for the answer",
                      why ? why : "");
        return;
    }
    if (last && !streams) {
        decode(call);
        rpc_calls_pump(c);
    }
}

void rpc_on_alter_resp(struct rpc_conn *c, const uint8_t *pdu, const struct rpc_pdu *d)
{
    struct rpc_call *call = rpc_sent_find(&c->sent, d->h.call_id);
    if (!call || call->op || (d->h.flags & RPC_PFC_WHOLE) != RPC_PFC_WHOLE ||
        d->u.ack.n != (c->want_ndr64 && !call->adding ? 2 : 1)) {
        rpc_conn_fail(c, RPC_NT_PROTOCOL_ERROR, "receiving",
                      "the server sent an alter_context_resp that answers nothing");
        return;
    }
    if (call->adding) {
        rpc_xsec_on_ack(call, pdu, d);
        return;
    }
    if (d->has_auth && (!c->sec.established || rpc_trailer_mismatch(&d->auth, &c->sec))) {
        rpc_conn_fail(c, RPC_NT_PROTOCOL_ERROR, "receiving",
                      "the server sent a security trailer that does not belong here");
        return;
    }
    struct rpc_rd list = d->u.ack.list;
    enum nt_status st = rpc_check_results(c, &list, call->ctx, "adding an interface");
    rpc_call_finish(call, st);
    rpc_calls_pump(c);
}

/* ---- synchronous ---- */

struct run {
    bool done;
    enum nt_status st;
};

static void run_done(void *arg, enum nt_status st)
{
    struct run *w = arg;
    *w = (struct run){ true, st };
}

static bool run_is_done(void *arg)
{
    return ((struct run *)arg)->done;
}

/* Waits for a call that was started. The connection may go meanwhile. */
static enum nt_status run_wait(struct rpc_conn *c, struct run *w)
{
    rpc_conn_wait(c, run_is_done, w);
    (void)rpc_conn_leave(c);
    return w->st;
}

enum nt_status rpc_run(struct rpc_conn *c, const struct rpc_op *op, struct nt_arena *mem, void *r)
{
    struct run w = { false, STATUS_SUCCESS };
    enum nt_status st = rpc_conn_may_wait(c);
    if (st != STATUS_SUCCESS) {
        rpc_clear_out(op, r);
        return st;
    }
    st = rpc_send(c, op, mem, r, run_done, &w, NULL);
    return st == STATUS_SUCCESS ? run_wait(c, &w) : st;
}

enum nt_status rpc_add_interface(struct rpc_conn *c, const struct rpc_interface *i)
{
    struct run w = { false, STATUS_SUCCESS };
    if (find_context(c, i) >= 0)
        return STATUS_SUCCESS;
    enum nt_status st = rpc_conn_may_wait(c);
    if (st != STATUS_SUCCESS)
        return st;
    st = rpc_add_interface_send(c, i, run_done, &w);
    if (st != STATUS_SUCCESS)
        return st;
    return run_wait(c, &w);
}
