// SPDX-License-Identifier: Apache-2.0
/*
 * Pipes of a server's calls. A request whose operation streams is dispatched when its head is here; what
 * follows goes to the handler's consumers from the ready list. An answer with pipes is made as the connection
 * takes it.
 *
 * While a consumer takes nothing the connection is not read; while the connection takes nothing no producer
 * is asked. So neither end can make the other hold more than a few fragments.
 */
#include <stdlib.h>
#include "rpc/m_server.h"

/* A verification trailer with its alignment: what may follow the pipes of a request. */
#define REST_MAX (RPC_VT_MAX + 16)

struct rpc_spipe {
    struct rpc_server_call *call;
    bool has_in, in_ended;
    bool has_out, out_began;
    bool due;  /* something has come, or can go on */
    bool busy; /* a consumer or producer is on the stack */
    bool full; /* the connection takes no more now */
    bool replied;
    enum nt_status reply;
    struct rpc_pipe_in in;
    struct rpc_pipe_out out;
    struct io_item stall;
};

bool rpc_spipe_streams(const struct rpc_server_call *call)
{
    return call->served->streams && call->served->streams[call->opnum];
}

/* The head is decoded for a try, into memory of its own. Any failure but a short stub is the dispatcher's to
 * find again. */
bool rpc_spipe_head_here(struct rpc_server_call *call)
{
    struct ndr_budget budget = { .bytes = call->level == SEC_LEVEL_NONE ? RPC_SERVER_DECODED_ANONYMOUS : 0 };
    struct ndr_pull n;
    if (!rpc_spipe_streams(call) || call->state != RPC_SCALL_ARRIVING || call->join.len < call->probe_at)
        return false;
    call->probe_at = call->join.len < RPC_PIPE_HEAD ? call->join.len + 1 : 2 * call->join.len;
    struct nt_arena *mem = nt_arena_new(0);
    void *r = mem ? nt_arena_alloc(mem, call->op->size, 16) : NULL;
    enum nt_status st = RPC_NT_BAD_STUB_DATA;
    if (r) {
        ndr_pull_init(&n, mem, call->join.data, call->join.len, call->drep, call->ndr64, &budget);
        n.pipes_apart = true;
        call->op->pull_in(&n, r);
        st = ndr_pull_status(&n);
    }
    nt_arena_free(mem);
    return st != RPC_NT_BAD_STUB_DATA;
}

/* ---- life ---- */

/* The peer has had its time, unless it is we who keep it waiting. */
static void stall_fn(struct io_item *it)
{
    struct rpc_spipe *p = io_container(it, struct rpc_spipe, stall);
    struct rpc_sconn *c = p->call->c;
    if (!c)
        return; /* the client has gone already; its stream, which may carry others, has not */
    bool peers_turn = p->has_out ? p->full : p->call->receiving && rpc_spipe_held(p->call) < RPC_PIPE_AHEAD;
    if (peers_turn)
        rpc_sconn_close(c);
    else
        io_timer(c->tp->stream, &p->stall, io_now(c->tp->stream) + RPC_PIPE_STALL);
}

static void moved(struct rpc_spipe *p)
{
    struct io_stream *s = p->call->c->tp->stream;
    io_timer(s, &p->stall, io_now(s) + RPC_PIPE_STALL);
    rpc_sconn_touch(p->call->c);
}

static struct rpc_spipe *get(struct rpc_server_call *call)
{
    if (call->pipe)
        return call->pipe;
    struct rpc_spipe *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->call = call;
    io_item_init(&p->stall, stall_fn);
    call->pipe = p;
    call->c->held_apart = true;
    return p;
}

size_t rpc_spipe_held(const struct rpc_server_call *call)
{
    return call->pipe && call->pipe->has_in ? rpc_pipe_in_held(&call->pipe->in) : 0;
}

/* Reads on, or not: one call that is ahead of its consumer holds the connection. */
static void flow(struct rpc_sconn *c)
{
    bool held = false;
    for (const struct rpc_server_call *call = c->calls; call && !held; call = call->next)
        held = rpc_spipe_held(call) >= RPC_PIPE_AHEAD;
    if (c->tp->ops->hold)
        c->tp->ops->hold(c->tp, held);
}

void rpc_spipe_free(struct rpc_server_call *call)
{
    struct rpc_spipe *p = call->pipe;
    if (!p)
        return;
    call->pipe = NULL;
    io_cancel(&p->stall);
    rpc_pipe_in_done(&p->in);
    if (p->has_out)
        rpc_pipe_out_done(&p->out);
    free(p);
    if (call->c && call->c->state == RPC_SC_BOUND)
        flow(call->c);
}

static void wake(struct rpc_spipe *p)
{
    struct rpc_sconn *c = p->call->c;
    p->due = true;
    if (c)
        rpc_sconn_look(c);
}

bool rpc_spipe_due(const struct rpc_server_call *call)
{
    return call->pipe && call->pipe->due && call->state >= RPC_SCALL_PENDING;
}

void rpc_server_resume(struct rpc_server_call *call)
{
    if (call->pipe && !call->pipe->busy)
        wake(call->pipe);
}

/* ---- the request's pipes ---- */

enum nt_status rpc_spipe_start(struct rpc_server_call *call)
{
    struct rpc_spipe *p = get(call);
    if (!p)
        return STATUS_NO_MEMORY;
    enum nt_status st = rpc_pipe_in_init(&p->in, call->op, call->r, false, &call->pull);
    if (st != STATUS_SUCCESS)
        return st;
    p->has_in = p->due = true;
    p->in.whole = !call->receiving;
    moved(p);
    return STATUS_SUCCESS;
}

/* The request cannot be had as a whole, and its handler is at work: the client gets a fault, the handler is
 * told that nobody awaits its answer. */
static void broken(struct rpc_server_call *call, enum nt_status st)
{
    struct rpc_spipe *p = call->pipe;
    p->in_ended = true;
    if (!call->orphaned)
        rpc_scall_fault(call, st);
    call->orphaned = true;
    call->cancelled = true;
    wake(p);
}

void rpc_spipe_add(struct rpc_server_call *call, struct nt_blob stub, bool last)
{
    struct rpc_spipe *p = call->pipe;
    struct rpc_sconn *c = call->c;
    if (call->state == RPC_SCALL_DRAINING) {
        if (last)
            rpc_scall_free(call);
        return;
    }
    moved(p);
    enum nt_status st = STATUS_SUCCESS;
    if (call->orphaned || p->replied)
        p->in.whole = p->in.whole || last; /* nobody wants it */
    else if (!rpc_scall_may_hold(call, stub.len))
        st = RPC_NT_SERVER_TOO_BUSY; /* where the transport cannot be held */
    else
        st = rpc_pipe_in_add(&p->in, stub, last);
    if (st != STATUS_SUCCESS)
        broken(call, st);
    wake(p);
    flow(c);
}

/* What follows the pipes: nothing, or a verification trailer. */
static enum nt_status check_rest(const struct rpc_spipe *p)
{
    const struct rd *rd = &p->in.n.rd;
    if (rd->len - rd->pos > REST_MAX)
        return RPC_NT_BAD_STUB_DATA;
    if (!p->in.whole)
        return STATUS_PENDING;
    return rpc_scall_trailer(p->call, (struct nt_blob){ rd->base + rd->pos, rd->len - rd->pos });
}

/* False: the call may be gone. */
static bool run_in(struct rpc_server_call *call)
{
    struct rpc_spipe *p = call->pipe;
    p->busy = true;
    enum nt_status st = rpc_pipe_in_run(&p->in);
    p->busy = false;
    if (!call->c)
        return true; /* a consumer ended the server; it has been told */
    if (st == STATUS_SUCCESS)
        st = check_rest(p);
    if (st == STATUS_SUCCESS)
        p->in_ended = true;
    else if (st != STATUS_PENDING && !p->replied)
        broken(call, st);
    else if (st != STATUS_PENDING)
        p->reply = st;
    flow(call->c);
    return true;
}

void rpc_spipe_reply(struct rpc_server_call *call, enum nt_status st)
{
    struct rpc_spipe *p = call->pipe;
    if (call->state == RPC_SCALL_SENDING)
        return; /* it has been answered */
    p->replied = true;
    p->reply = st;
    call->state = RPC_SCALL_PENDING;
    if (p->busy)
        return;
    if (call->c)
        wake(p);
    else
        rpc_scall_complete(call, st);
}

/* An answer before the request's end waits for that end; a fault does not. */
static void run_reply(struct rpc_server_call *call)
{
    struct rpc_spipe *p = call->pipe;
    if (call->c && p->reply == STATUS_SUCCESS && !call->orphaned && !p->in.whole) {
        p->in.n.rd.len = p->in.n.rd.pos; /* nobody wants it */
        flow(call->c);
        return;
    }
    rpc_scall_complete(call, p->reply);
}

/* ---- the answer's pipes ---- */

enum nt_status rpc_spipe_answer(struct rpc_server_call *call)
{
    struct rpc_spipe *p = get(call);
    if (!p)
        return STATUS_NO_MEMORY;
    if (!rpc_scall_room(call))
        return STATUS_BUFFER_TOO_SMALL;
    p->has_out = true;
    enum nt_status st = rpc_pipe_out_init(&p->out, call->op, call->r, call->ndr64, &call->pull);
    if (st != STATUS_SUCCESS)
        return st;
    call->state = RPC_SCALL_SENDING;
    moved(p);
    wake(p);
    return STATUS_PENDING;
}

static enum nt_status send_next(struct rpc_server_call *call, bool *ret_last)
{
    struct rpc_spipe *p = call->pipe;
    struct nt_blob stub;
    p->busy = true;
    enum nt_status st = rpc_pipe_out_next(&p->out, rpc_scall_room(call), &stub, ret_last);
    p->busy = false;
    if (st != STATUS_SUCCESS || !call->c)
        return st;
    unsigned flags =
        (p->out_began ? 0U : (unsigned)RPC_PFC_FIRST) | (*ret_last ? (unsigned)RPC_PFC_LAST : 0U);
    /* how much is to come nobody knows, and a hint may be missing ([C706] 12.6.4.10) */
    st = rpc_scall_send(call, stub, flags, *ret_last ? (uint32_t)stub.len : 0);
    if (st != STATUS_SUCCESS) {
        rpc_sconn_hang_up(call->c);
        return STATUS_CONNECTION_DISCONNECTED;
    }
    rpc_pipe_out_sent(&p->out, stub.len);
    p->out_began = true;
    moved(p);
    return STATUS_SUCCESS;
}

static void run_out(struct rpc_server_call *call)
{
    struct rpc_spipe *p = call->pipe;
    struct rpc_sconn *c = call->c;
    enum nt_status st = STATUS_SUCCESS;
    bool last = false;
    if (call->orphaned) {
        rpc_scall_free(call); /* its ends have been told */
        return;
    }
    p->full = false;
    while (st == STATUS_SUCCESS && !last && c->state == RPC_SC_BOUND && !p->full) {
        p->full = !c->tp->ops->room(c->tp);
        if (!p->full)
            st = send_next(call, &last);
        if (!call->c) {
            rpc_scall_free(call);
            return;
        }
    }
    if (st == STATUS_CONNECTION_DISCONNECTED || (st == STATUS_SUCCESS && !last) || st == STATUS_PENDING)
        return; /* there is more to come, or the connection goes */
    if (st != STATUS_SUCCESS)
        rpc_scall_fault(call, st); /* in the middle of an answer, too */
    if (!c->mpx && call->next)
        rpc_sconn_look(c);
    rpc_scall_free(call);
}

void rpc_spipe_room(struct rpc_sconn *c)
{
    for (struct rpc_server_call *call = c->held_apart ? c->calls : NULL; call; call = call->next)
        if (call->pipe && call->pipe->has_out)
            wake(call->pipe);
}

bool rpc_spipe_lose_client(struct rpc_server_call *call)
{
    bool busy = call->pipe->busy;
    rpc_scall_tell(call);
    if (!busy)
        rpc_scall_free(call);
    return true;
}

/* ---- both ---- */

void rpc_spipe_run(struct rpc_server_call *call)
{
    struct rpc_spipe *p = call->pipe;
    p->due = false;
    if (call->state == RPC_SCALL_SENDING) {
        run_out(call);
        return;
    }
    if (p->has_in && !p->in_ended && !p->replied)
        (void)run_in(call);
    if (p->replied)
        run_reply(call);
}
