// SPDX-License-Identifier: Apache-2.0
/*
 * RPC over a named pipe ([MS-RPCE] 2.1.1.2). Each fragment is one message. What has an answer goes by
 * transact, all else by write, awaited; the rest of a long answer comes by read. One operation is in flight
 * at a time, as a transact holds the pipe.
 */
#include <stdlib.h>
#include "rpc/m_transport.h"

struct out {
    struct out *next;
    struct wr w;
    bool answer;
};

struct tp_pipe {
    struct rpc_transport t;
    struct npc_pipe *pipe;
    struct npc_op op;
    size_t max_frag;
    bool busy;    /* op is in flight */
    bool reading; /* and gives data */
    bool want;    /* read once idle */
    bool closed;  /* nothing goes up any more */
    bool zombie;  /* freed while op was in flight: goes when that ends */
    struct out *head, *tail;
};

static void op_done(struct npc_op *op);

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

/* The runtime has its own timers, so the pipe gets no deadline: giving up a call closes the pipe. */
static enum nt_status start(struct tp_pipe *p, struct wr *w, bool answer)
{
    p->op.done = op_done;
    p->busy = true;
    p->reading = answer;
    enum nt_status st = answer ? p->pipe->ops->transact(p->pipe, w, p->max_frag, UINT64_MAX, &p->op)
                               : p->pipe->ops->write(p->pipe, w, UINT64_MAX, &p->op);
    if (st != STATUS_SUCCESS)
        p->busy = false;
    return st;
}

/* Starts what waits. Failing here is reported upward; tp_send starts at once where it can, to fail at once.
 */
static void pump(struct tp_pipe *p)
{
    enum nt_status st = STATUS_SUCCESS;
    if (p->busy || p->closed)
        return;
    if (p->head) {
        struct out *o = p->head;
        p->head = o->next;
        if (!p->head)
            p->tail = NULL;
        st = start(p, &o->w, o->answer);
        free(o);
    } else if (p->want) {
        p->want = false;
        p->op.done = op_done;
        p->busy = p->reading = true;
        st = p->pipe->ops->read(p->pipe, p->max_frag, UINT64_MAX, &p->op);
        if (st != STATUS_SUCCESS)
            p->busy = false;
    }
    if (st != STATUS_SUCCESS)
        fail(p, st);
}

/* Comes from the ready list of the session's stream. */
static void op_done(struct npc_op *op)
{
    struct tp_pipe *p = io_container(op, struct tp_pipe, op);
    bool reading = p->reading;
    p->busy = false;
    if (p->zombie) {
        free(p);
        return;
    }
    if (p->closed)
        return;
    /* STATUS_BUFFER_OVERFLOW: the message is longer; the runtime sees that it is not whole and wants more. */
    if (op->status != STATUS_SUCCESS && op->status != STATUS_BUFFER_OVERFLOW)
        fail(p, op->status);
    else if (reading)
        p->t.up_ops->on_data(p->t.up, op->data, op->len);
    pump(p);
    p->t.up_ops->on_idle(p->t.up);
}

static enum nt_status tp_send(struct rpc_transport *t, struct wr *frag, bool answer)
{
    struct tp_pipe *p = of(t);
    if (frag->st != STATUS_SUCCESS || p->closed) {
        enum nt_status st = frag->st != STATUS_SUCCESS ? frag->st : STATUS_PIPE_DISCONNECTED;
        wr_free(frag);
        return st;
    }
    if (!p->busy && !p->head)
        return start(p, frag, answer);
    struct out *o = malloc(sizeof *o);
    if (!o) {
        wr_free(frag);
        return STATUS_NO_MEMORY;
    }
    *o = (struct out){ NULL, *frag, answer };
    wr_init(frag, 0);
    if (p->tail)
        p->tail->next = o;
    else
        p->head = o;
    p->tail = o;
    return STATUS_SUCCESS;
}

static void tp_want(struct rpc_transport *t)
{
    struct tp_pipe *p = of(t);
    p->want = true;
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
    if (p->busy)
        p->pipe->ops->cancel(p->pipe, &p->op);
}

static void tp_free(struct rpc_transport *t)
{
    struct tp_pipe *p = of(t);
    tp_close(t);
    while (p->head) {
        struct out *o = p->head;
        p->head = o->next;
        wr_free(&o->w);
        free(o);
    }
    p->zombie = p->busy;
    struct npc_pipe *pipe = p->pipe;
    if (!p->busy)
        free(p);
    pipe->ops->close(pipe);
}

static const struct rpc_transport_ops tp_pipe_ops = {
    .protseq = "ncacn_np",
    .caps = RPC_TP_ONE_OP | RPC_TP_SESSION_KEY,
    .headroom = NPC_HEADROOM,
    .send = tp_send,
    .want = tp_want,
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
    p->max_frag = max_frag;
    *ret = &p->t;
    return STATUS_SUCCESS;
}
