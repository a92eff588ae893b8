// SPDX-License-Identifier: Apache-2.0
/* The server's side of ncacn_np: a transport that is somebody else's pipe. */
#include <stdlib.h>
#include "rpc/carry.h"
#include "rpc/limits.h"
#include "rpc/m_server.h"

struct rpc_carried {
    struct rpc_transport t;
    struct rpc_transport_ops ops;
    const struct rpc_carrier *k;
    void *pipe;  /* NULL: gone */
    bool closed; /* nothing goes up any more */
    bool freed;  /* the connection is done with it */
    bool going;  /* rpc_carried_gone is at work */
    bool full;   /* the engine waits for room */
    size_t counted; /* of what is queued */
};

static struct rpc_carried *of(struct rpc_transport *t)
{
    return io_container(t, struct rpc_carried, t);
}

/* What waits in the pipe counts as what waits in a socket: for the peer, and for the server. */
static void count(struct rpc_carried *x, size_t queued)
{
    struct rpc_sconn *c = x->t.up;
    c->s->output += queued - x->counted; /* unsigned: less is more of the other kind */
    c->from->output += queued - x->counted;
    x->counted = queued;
}

static enum nt_status tp_send(struct rpc_transport *t, struct wr *frag, enum rpc_tp_then then)
{
    struct rpc_carried *x = of(t);
    (void)then;
    if (x->pipe) {
        enum nt_status st = x->k->send(x->pipe, frag);
        count(x, x->k->queued(x->pipe));
        return st;
    }
    wr_free(frag);
    return STATUS_PIPE_DISCONNECTED;
}

static void tp_want(struct rpc_transport *t)
{
    (void)t;
}

/* As with a socket: who does not read is not answered further, or 8 bytes could ask for 64 MiB again and again. */
static bool tp_room(struct rpc_transport *t)
{
    struct rpc_carried *x = of(t);
    x->full = x->pipe && x->k->queued(x->pipe) >= RPC_SEND_AHEAD;
    return !x->full;
}

static enum nt_status tp_query(struct rpc_transport *t, enum rpc_tp_item what, struct nt_blob *ret)
{
    (void)t;
    (void)what;
    (void)ret;
    return STATUS_NOT_SUPPORTED;
}

static void tp_finish(struct rpc_transport *t)
{
    struct rpc_carried *x = of(t);
    if (x->pipe && !x->closed)
        x->k->end(x->pipe);
}

static void tp_close(struct rpc_transport *t)
{
    struct rpc_carried *x = of(t);
    tp_finish(t);
    x->closed = true;
}

/* The pipe may outlive the connection, and the other way round. */
static void tp_free(struct rpc_transport *t)
{
    struct rpc_carried *x = of(t);
    count(x, 0); /* the connection is not there any more to be asked about */
    x->freed = true;
    if (!x->pipe && !x->going)
        free(x);
}

enum nt_status rpc_server_carry(struct rpc_server *s, const struct rpc_carrier *k, void *pipe,
                                struct io_stream *stream, const struct rpc_carried_caller *who,
                                struct rpc_carried **ret)
{
    struct rpc_sconn *c;
    struct rpc_carried *x = calloc(1, sizeof *x);
    if (!x)
        return STATUS_NO_MEMORY;
    x->ops = (struct rpc_transport_ops){ .protseq = k->protseq,
                                         .headroom = k->headroom,
                                         .send = tp_send,
                                         .want = tp_want,
                                         .room = tp_room,
                                         .query = tp_query,
                                         .finish = tp_finish,
                                         .close = tp_close,
                                         .free = tp_free };
    x->t = (struct rpc_transport){ &x->ops, NULL, NULL, stream };
    x->k = k;
    x->pipe = pipe;
    enum nt_status st = rpc_sconn_carry(s, &x->t, who, &c);
    if (st != STATUS_SUCCESS) {
        free(x);
        return st;
    }
    *ret = x;
    return STATUS_SUCCESS;
}

void rpc_carried_data(struct rpc_carried *x, uint8_t *data, size_t len)
{
    if (!x->closed)
        x->t.up_ops->on_data(x->t.up, data, len);
}

void rpc_carried_taken(struct rpc_carried *x)
{
    if (x->freed)
        return;
    count(x, x->k->queued(x->pipe));
    if (!x->full || x->closed || x->counted > IO_LOW_WATER)
        return;
    x->full = false;
    x->t.up_ops->on_room(x->t.up);
}

void rpc_carried_gone(struct rpc_carried *x)
{
    x->pipe = NULL;
    x->going = true;
    if (!x->freed)
        count(x, 0);
    if (!x->closed) {
        x->closed = true;
        x->t.up_ops->on_close(x->t.up, STATUS_PIPE_DISCONNECTED);
    }
    x->going = false;
    if (x->freed)
        free(x);
}
