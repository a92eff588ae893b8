// SPDX-License-Identifier: Apache-2.0
/*
 * Pipes of a client's calls. A request with pipes goes out as the connection takes it and its producers give;
 * no other request is sent meanwhile, for fragments of two may not be mixed ([MS-RPCE] 3.3.1.5.8). The pipes
 * of an answer go to their consumers as fragments come. All of that happens where users may be called: in the
 * ready list.
 *
 * A call with pipes has its time limit from one fragment to the next.
 */
#include <stdlib.h>
#include "rpc/m_client.h"

struct rpc_cpipe {
    bool has_out, out_began, has_in;
    bool due;  /* something has come, or can go on */
    bool busy; /* a producer or consumer is on the stack */
    bool over; /* and the call ended meanwhile */
    uint64_t span;
    struct rpc_pipe_out out;
    struct rpc_pipe_in in;
};

static struct rpc_cpipe *get(struct rpc_call *call)
{
    if (call->pipe)
        return call->pipe;
    struct rpc_cpipe *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    uint64_t now = io_loop_now(call->c->loop);
    p->span = call->deadline > now ? call->deadline - now : 1;
    call->pipe = p;
    call->c->n_pipes++;
    return p;
}

static void pipe_free(struct rpc_cpipe *p)
{
    if (p->has_out)
        rpc_pipe_out_done(&p->out);
    rpc_pipe_in_done(&p->in);
    free(p);
}

static void moved(struct rpc_call *call)
{
    if (call->state != RPC_CALL_SENT && call->state != RPC_CALL_QUEUED)
        return; /* being cancelled: no more time for that */
    call->deadline = io_loop_now(call->c->loop) + call->pipe->span;
    io_timer(call->c->tp->stream, &call->timer, call->deadline);
}

/* Reads on, or not: one call that is ahead of its consumer holds the connection. */
static void flow(struct rpc_conn *c)
{
    bool full = false;
    for (struct rpc_call *call = c->sent.list.head; call && c->n_pipes && !full; call = call->next)
        full = call->pipe && call->pipe->has_in && rpc_pipe_in_held(&call->pipe->in) >= RPC_PIPE_AHEAD;
    if (full == c->full || c->state != RPC_ST_READY)
        return;
    c->full = full;
    if (c->tp->ops->hold)
        c->tp->ops->hold(c->tp, full);
    if (!full && c->sent.n)
        c->tp->ops->want(c->tp);
}

void rpc_cpipe_end(struct rpc_call *call)
{
    struct rpc_cpipe *p = call->pipe;
    struct rpc_conn *c = call->c;
    if (!p)
        return;
    call->pipe = NULL;
    c->n_pipes--;
    if (c->sending == call)
        c->sending = NULL;
    if (p->busy)
        p->over = true;
    else
        pipe_free(p);
    flow(c);
}

void rpc_call_resume(struct rpc_call *call)
{
    if (!call->pipe || call->pipe->busy)
        return;
    call->pipe->due = true;
    rpc_conn_wake(call->c);
}

/* ---- the request ---- */

enum nt_status rpc_cpipe_begin(struct rpc_call *call)
{
    struct rpc_conn *c = call->c;
    struct rpc_cpipe *p = get(call);
    if (!p)
        return STATUS_NO_MEMORY;
    p->has_out = p->due = true;
    enum nt_status st = rpc_pipe_out_init(&p->out, call->op, call->r, c->ctx[call->ctx].ndr64, NULL);
    if (st == STATUS_SUCCESS && !rpc_call_room(call))
        st = STATUS_BUFFER_TOO_SMALL;
    if (st != STATUS_SUCCESS) {
        rpc_conn_explain(c, st, call->op->name, "the arguments cannot be sent");
        rpc_cpipe_end(call);
        return st;
    }
    c->sending = call;
    rpc_conn_wake(c);
    return STATUS_SUCCESS;
}

/* A producer fails, or the connection does. */
static void send_failed(struct rpc_call *call, enum nt_status st)
{
    struct rpc_conn *c = call->c;
    rpc_conn_explain(c, st, call->op->name, "the request's pipe broke off");
    if (call->pipe->out_began) {
        rpc_call_abandon(call, st);
    } else {
        rpc_call_finish(call, st);
        rpc_calls_pump(c);
    }
}

/* A request with pipes has no verification trailer, as Windows sends none then ([MS-RPCE] 2.2.2.13). */
static enum nt_status send_next(struct rpc_call *call, bool *ret_last)
{
    struct rpc_cpipe *p = call->pipe;
    struct nt_blob stub;
    p->busy = true;
    enum nt_status st = rpc_pipe_out_next(&p->out, rpc_call_room(call), &stub, ret_last);
    p->busy = false;
    if (p->over) {
        pipe_free(p);
        return STATUS_CANCELLED;
    }
    if (st == STATUS_PENDING)
        return st;
    unsigned flags =
        (p->out_began ? 0U : (unsigned)RPC_PFC_FIRST) | (*ret_last ? (unsigned)RPC_PFC_LAST : 0U);
    if (st == STATUS_SUCCESS)
        st = rpc_call_send_stub(call, stub, flags, *ret_last ? (uint32_t)stub.len : 0);
    if (!call->pipe)
        return STATUS_CANCELLED; /* the connection has failed, and the call with it */
    if (st != STATUS_SUCCESS) {
        send_failed(call, st);
        return STATUS_CANCELLED;
    }
    rpc_pipe_out_sent(&p->out, stub.len);
    p->out_began = true;
    moved(call);
    return STATUS_SUCCESS;
}

static void run_out(struct rpc_conn *c)
{
    enum nt_status st = STATUS_SUCCESS;
    bool last = false;
    struct rpc_call *call = c->sending;
    call->pipe->due = false;
    while (st == STATUS_SUCCESS && !last && c->tp->ops->room(c->tp))
        st = send_next(call, &last);
    if (st != STATUS_SUCCESS || !last)
        return;
    c->sending = NULL;
    rpc_pipe_out_done(&call->pipe->out);
    call->pipe->has_out = false;
    rpc_calls_pump(c);
}

/* ---- the answer ---- */

bool rpc_cpipe_takes(const struct rpc_call *call)
{
    if (call->pipe && call->pipe->has_in)
        return true;
    if (!call->op || call->join.len || !rpc_op_has_pipes(call->op, true))
        return false;
    for (const struct rpc_op_pipe *p = call->op->pipes; p->element; p++)
        if (p->out && !rpc_pipe_at(call->r, p)->chunk)
            return false;
    return true;
}

enum nt_status rpc_cpipe_add(struct rpc_call *call, struct nt_blob stub, bool last)
{
    struct rpc_conn *c = call->c;
    struct rpc_cpipe *p = get(call);
    if (!p)
        return STATUS_NO_MEMORY;
    if (!p->has_in) {
        struct ndr_pull n;
        ndr_pull_init(&n, call->mem, NULL, 0, call->drep, c->ctx[call->ctx].ndr64, NULL);
        n.pipes_apart = true;
        enum nt_status st = rpc_pipe_in_init(&p->in, call->op, call->r, true, &n);
        if (st != STATUS_SUCCESS)
            return st;
        p->has_in = true;
    }
    enum nt_status st = rpc_pipe_in_add(&p->in, stub, last);
    p->due = true;
    moved(call);
    flow(c);
    rpc_conn_wake(c);
    return st;
}

/* What comes behind the pipes, which is lent to the caller from memory of the call. */
static enum nt_status pull_rest(struct rpc_call *call)
{
    struct ndr_pull *n = &call->pipe->in.n;
    uint8_t *stub = nt_arena_raw(call->mem, n->rd.len ? n->rd.len : 1, 16);
    if (!stub)
        return STATUS_NO_MEMORY;
    if (n->rd.len)
        memcpy(stub, n->rd.base, n->rd.len);
    n->rd.base = stub;
    call->op->pull_out(n, call->r);
    return ndr_pull_status(n);
}

static void run_in(struct rpc_call *call)
{
    struct rpc_conn *c = call->c;
    struct rpc_cpipe *p = call->pipe;
    p->due = false;
    p->busy = true;
    enum nt_status st = rpc_pipe_in_run(&p->in);
    p->busy = false;
    if (p->over) {
        pipe_free(p);
        return;
    }
    flow(c);
    if (st == STATUS_PENDING || (st == STATUS_SUCCESS && !p->in.whole))
        return;
    if (st == STATUS_SUCCESS)
        st = pull_rest(call);
    if (st != STATUS_SUCCESS)
        rpc_conn_explain(c, st, call->op->name, "the answer's pipe broke off");
    if (p->in.whole) {
        rpc_call_finish(call, st);
        rpc_calls_pump(c);
    } else {
        rpc_call_abandon(call, st);
    }
}

static struct rpc_call *next_due(const struct rpc_conn *c)
{
    struct rpc_call *call = c->sent.list.head;
    while (call && !(call->pipe && call->pipe->has_in && call->pipe->due))
        call = call->next;
    return call;
}

void rpc_cpipes_run(struct rpc_conn *c)
{
    struct rpc_call *call;
    if (c->sending && c->state == RPC_ST_READY)
        run_out(c);
    while (c->n_pipes && (call = next_due(c)))
        run_in(call);
}
