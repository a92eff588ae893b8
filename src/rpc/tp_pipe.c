// SPDX-License-Identifier: Apache-2.0
/*
 * RPC over a named pipe ([MS-RPCE] 2.1.1.2). Each fragment is one message. A request with nothing beside it
 * ends with a transact, which sends and reads in one operation; what comes before its last fragment, and what
 * has no answer, goes by write. Where several answers are awaited requests are written, and a read stands as
 * long as one is to come: a transact that is under way serves as that read for its time. Each write awaits
 * the one before it, so they keep their order.
 */
#include <stdlib.h>
#include "rpc/limits.h"
#include "rpc/m_transport.h"

/* When nothing is awaited any more, a server that serves the pipe takes what was written in this time, even
 * while a read stands; one that does not is stuck in the call that was given up. In nanoseconds. */
#define STUCK UINT64_C(2000000000)

struct out {
    struct out *next;
    struct wr w;
    enum rpc_tp_then then;
};

struct tp_pipe {
    struct rpc_transport t;
    struct npc_pipe *pipe;
    struct npc_op in, out; /* read or transact; write */
    size_t max_frag;
    bool reading, transacting; /* `in` is in flight; as a transact */
    bool writing;              /* `out` is */
    bool aside;                /* and what it writes matters to nobody */
    bool asked;                /* the server was asked to end `in` */
    bool probed;               /* when it was asked, a write was on its way, and still is */
    bool in_order;
    bool want;   /* read once that can be */
    bool full;   /* on_room is awaited */
    bool closed; /* nothing goes up any more */
    bool zombie; /* freed while an operation was in flight: goes when the last has ended */
    struct out *head, *tail;
    size_t queued; /* bytes of them */
    struct io_item stuck;
};

static struct tp_pipe *of(struct rpc_transport *t)
{
    return io_container(t, struct tp_pipe, t);
}

static void fail(struct tp_pipe *p, enum nt_status why)
{
    if (p->closed)
        return;
    p->closed = true;
    p->t.up_ops->on_close(p->t.up, why);
}

static void stuck_fn(struct io_item *it)
{
    struct tp_pipe *p = io_container(it, struct tp_pipe, stuck);
    if (!p->reading || !p->probed || p->closed)
        return;
    fail(p, STATUS_IO_TIMEOUT);
    p->t.up_ops->on_idle(p->t.up);
}

/* ---- starting operations ---- */

/* The runtime has its own timers, so the pipe gets no deadlines. */
static enum nt_status start_read(struct tp_pipe *p)
{
    p->want = false;
    p->asked = p->transacting = false;
    p->reading = true;
    enum nt_status st = p->pipe->ops->read(p->pipe, p->max_frag, UINT64_MAX, &p->in);
    p->reading = st == STATUS_SUCCESS;
    return st;
}

static enum nt_status start_transact(struct tp_pipe *p, struct wr *w)
{
    p->want = p->asked = false;
    p->reading = p->transacting = true;
    enum nt_status st = p->pipe->ops->transact(p->pipe, w, p->max_frag, UINT64_MAX, &p->in);
    p->reading = p->transacting = st == STATUS_SUCCESS;
    return st;
}

static enum nt_status start_write(struct tp_pipe *p, struct wr *w, enum rpc_tp_then then)
{
    p->aside = then == RPC_TP_ASIDE;
    p->writing = true;
    enum nt_status st = p->pipe->ops->write(p->pipe, w, UINT64_MAX, &p->out);
    p->writing = st == STATUS_SUCCESS;
    if (st == STATUS_SUCCESS && (then == RPC_TP_ALONE || then == RPC_TP_AMONG) && !p->reading)
        st = start_read(p);
    return st;
}

/* May this be started now? A transact whose server takes requests from several threads could be overtaken by
 * a write. */
static bool startable(const struct tp_pipe *p, enum rpc_tp_then then)
{
    if (p->writing)
        return false;
    return !p->transacting || !p->in_order || then == RPC_TP_ASIDE;
}

static enum nt_status start(struct tp_pipe *p, struct wr *w, enum rpc_tp_then then)
{
    if (then == RPC_TP_ALONE && !p->reading)
        return start_transact(p, w);
    return start_write(p, w, then);
}

static struct out *out_take(struct tp_pipe *p)
{
    struct out *o = p->head;
    p->head = o->next;
    if (!p->head)
        p->tail = NULL;
    p->queued -= o->w.len;
    return o;
}

/* Starts what waits. Failing here is reported upward; tp_send starts at once where it can, to fail at once.
 */
static void pump(struct tp_pipe *p)
{
    enum nt_status st = STATUS_SUCCESS;
    while (!p->closed && st == STATUS_SUCCESS && p->head && startable(p, p->head->then)) {
        struct out *o = out_take(p);
        st = start(p, &o->w, o->then);
        free(o);
    }
    if (!p->closed && st == STATUS_SUCCESS && p->want && !p->reading && !p->head)
        st = start_read(p);
    if (st != STATUS_SUCCESS)
        fail(p, st);
}

/* ---- their ends ---- */

static bool gone(struct tp_pipe *p)
{
    if (p->zombie && !p->reading && !p->writing)
        free(p);
    else if (!p->zombie && !p->closed)
        return false;
    return true;
}

static void after(struct tp_pipe *p)
{
    pump(p);
    if (p->full && !p->closed && p->queued < RPC_SEND_AHEAD && p->t.up_ops->on_room) {
        p->full = false;
        p->t.up_ops->on_room(p->t.up);
        return;
    }
    p->t.up_ops->on_idle(p->t.up);
}

/* Both come from the ready list of the session's stream. */
static void in_done(struct npc_op *op)
{
    struct tp_pipe *p = io_container(op, struct tp_pipe, in);
    p->reading = p->transacting = false;
    if (gone(p))
        return;
    /* STATUS_BUFFER_OVERFLOW: the message is longer; the runtime sees that it is not whole and wants more. */
    if (op->status == STATUS_SUCCESS || op->status == STATUS_BUFFER_OVERFLOW)
        p->t.up_ops->on_data(p->t.up, op->data, op->len);
    else if (op->status == STATUS_CANCELLED && p->asked)
        p->t.up_ops->on_data(p->t.up, NULL, 0); /* as was asked for; but more may be awaited by now */
    else
        fail(p, op->status);
    after(p);
}

static void out_done(struct npc_op *op)
{
    struct tp_pipe *p = io_container(op, struct tp_pipe, out);
    p->writing = p->probed = false;
    if (gone(p))
        return;
    if (op->status != STATUS_SUCCESS && !p->aside)
        fail(p, op->status);
    after(p);
}

/* ---- the table ---- */

static enum nt_status out_put(struct tp_pipe *p, struct wr *frag, enum rpc_tp_then then)
{
    struct out *o = malloc(sizeof *o);
    if (!o) {
        wr_free(frag);
        return STATUS_NO_MEMORY;
    }
    *o = (struct out){ NULL, *frag, then };
    wr_init(frag, 0);
    p->queued += o->w.len;
    /* Behind a transact that holds requests back none of them has begun: what is aside may go before them. */
    if (then == RPC_TP_ASIDE && p->head && p->transacting && p->in_order) {
        o->next = p->head;
        p->head = o;
    } else {
        if (p->tail)
            p->tail->next = o;
        else
            p->head = o;
        p->tail = o;
    }
    return STATUS_SUCCESS;
}

static enum nt_status tp_send(struct rpc_transport *t, struct wr *frag, enum rpc_tp_then then)
{
    struct tp_pipe *p = of(t);
    if (frag->st != STATUS_SUCCESS || p->closed) {
        enum nt_status st = frag->st != STATUS_SUCCESS ? frag->st : STATUS_PIPE_DISCONNECTED;
        wr_free(frag);
        return st;
    }
    if (!p->head && startable(p, then))
        return start(p, frag, then);
    return out_put(p, frag, then);
}

/* A request that waits to be sent brings its own read. */
static void tp_want(struct rpc_transport *t)
{
    struct tp_pipe *p = of(t);
    if (p->reading)
        return;
    p->want = true;
    pump(p);
}

static bool tp_room(struct rpc_transport *t)
{
    struct tp_pipe *p = of(t);
    p->full = p->queued >= RPC_SEND_AHEAD;
    return !p->full;
}

static void tp_in_order(struct rpc_transport *t)
{
    of(t)->in_order = true;
}

/* A read may stand for ever and serve the next call. But a server that does nothing else for this pipe while
 * a transact is under way lets go of it only when it is asked to ([MS-SMB2] 3.3.5.16). */
static void tp_relax(struct rpc_transport *t, bool idle)
{
    struct tp_pipe *p = of(t);
    if (!p->reading || p->asked || p->closed || (!idle && !p->transacting))
        return;
    p->asked = true;
    p->transacting = false; /* its request has long been taken: it is a read like any other by now */
    p->pipe->ops->ask(p->pipe, &p->in);
    p->probed = p->writing;
    if (p->probed)
        io_timer(p->t.stream, &p->stuck, io_loop_now(npc_session_loop(p->pipe->session)) + STUCK);
    pump(p);
}

static enum nt_status tp_query(struct rpc_transport *t, enum rpc_tp_item what, struct nt_blob *ret)
{
    struct npc_session *s = of(t)->pipe->session;
    if (what == RPC_TP_KEY)
        return npc_application_key(s, ret);
    if (what == RPC_TP_ERROR) {
        const char *text = npc_pipe_error(of(t)->pipe);
        *ret = (struct nt_blob){ (const uint8_t *)text, strlen(text) };
        return STATUS_SUCCESS;
    }
    struct npc_facts f = { .size = sizeof f };
    enum nt_status st = npc_session_facts(s, &f);
    if (st != STATUS_SUCCESS)
        return st;
    *ret = (struct nt_blob){ (const uint8_t *)f.peer, strlen(f.peer) };
    return STATUS_SUCCESS;
}

static void tp_close(struct rpc_transport *t)
{
    struct tp_pipe *p = of(t);
    p->closed = true;
    io_cancel(&p->stuck);
    if (p->reading)
        p->pipe->ops->cancel(p->pipe, &p->in);
    if (p->writing)
        p->pipe->ops->cancel(p->pipe, &p->out);
}

static void tp_free(struct rpc_transport *t)
{
    struct tp_pipe *p = of(t);
    tp_close(t);
    while (p->head) {
        struct out *o = out_take(p);
        wr_free(&o->w);
        free(o);
    }
    p->zombie = p->reading || p->writing;
    struct npc_pipe *pipe = p->pipe;
    if (!p->zombie)
        free(p);
    pipe->ops->close(pipe);
}

static const struct rpc_transport_ops tp_pipe_ops = {
    .protseq = "ncacn_np",
    .caps = RPC_TP_SESSION_KEY,
    .headroom = NPC_HEADROOM,
    .send = tp_send,
    .want = tp_want,
    .room = tp_room,
    .in_order = tp_in_order,
    .relax = tp_relax,
    .query = tp_query,
    .close = tp_close,
    .free = tp_free,
};

enum nt_status rpc_pipe_new(const struct rpc_transport_up *ops, void *up, struct npc_pipe *pipe,
                            size_t max_frag, struct rpc_transport **ret)
{
    struct tp_pipe *p = calloc(1, sizeof *p);
    if (!p)
        return STATUS_NO_MEMORY;
    p->t = (struct rpc_transport){ &tp_pipe_ops, ops, up, npc_session_stream(pipe->session) };
    p->pipe = pipe;
    p->in.done = in_done;
    p->out.done = out_done;
    io_item_init(&p->stuck, stuck_fn);
    p->max_frag = max_frag;
    *ret = &p->t;
    return STATUS_SUCCESS;
}
