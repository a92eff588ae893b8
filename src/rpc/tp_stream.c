// SPDX-License-Identifier: Apache-2.0
/* RPC over a byte stream: ncacn_ip_tcp ([MS-RPCE] 2.1.1.1), and what looks like it. */
#include <stdlib.h>
#include "rpc/limits.h"
#include "rpc/m_transport.h"

struct tp_stream {
    struct rpc_transport t;
    struct io_stream s;
    bool closed; /* nothing goes up any more */
    struct io_item drained;
};

static struct tp_stream *of(struct rpc_transport *t)
{
    return io_container(t, struct tp_stream, t);
}

static void on_open(void *engine)
{
    struct tp_stream *p = engine;
    if (!p->closed)
        p->t.up_ops->on_open(p->t.up);
}

static void on_data(void *engine, uint8_t *data, size_t len)
{
    struct tp_stream *p = engine;
    if (!p->closed)
        p->t.up_ops->on_data(p->t.up, data, len);
}

static void on_close(void *engine, enum nt_status why)
{
    struct tp_stream *p = engine;
    if (p->closed)
        return;
    p->closed = true;
    p->t.up_ops->on_close(p->t.up, why);
    p->t.up_ops->on_idle(p->t.up); /* comes from the ready list */
}

static const struct io_ops stream_ops = { on_open, on_data, on_close };

static enum nt_status tp_send(struct rpc_transport *t, struct wr *frag, enum rpc_tp_then then)
{
    (void)then;
    return io_queue(&of(t)->s, frag);
}

static void tp_nothing(struct rpc_transport *t)
{
    (void)t;
}

static void tp_relax(struct rpc_transport *t, bool idle)
{
    (void)t;
    (void)idle;
}

static void drained_fn(struct io_item *it)
{
    struct tp_stream *p = io_container(it, struct tp_stream, drained);
    if (!p->closed && p->t.up_ops->on_room)
        p->t.up_ops->on_room(p->t.up);
}

static bool tp_room(struct rpc_transport *t)
{
    struct tp_stream *p = of(t);
    if (p->s.queued < RPC_SEND_AHEAD)
        return true;
    io_on_drain(&p->s, &p->drained);
    return false;
}

static void tp_hold(struct rpc_transport *t, bool held)
{
    io_hold(&of(t)->s, held);
}

static enum nt_status tp_query(struct rpc_transport *t, enum rpc_tp_item what, struct nt_blob *ret)
{
    if (what != RPC_TP_PEER)
        return STATUS_NOT_SUPPORTED;
    const char *peer = io_peer(&of(t)->s);
    *ret = (struct nt_blob){ (const uint8_t *)peer, strlen(peer) };
    return STATUS_SUCCESS;
}

static void tp_finish(struct rpc_transport *t)
{
    io_close(&of(t)->s, STATUS_CONNECTION_DISCONNECTED, true);
}

static void tp_close(struct rpc_transport *t)
{
    struct tp_stream *p = of(t);
    p->closed = true;
    io_close(&p->s, STATUS_CONNECTION_DISCONNECTED, false);
}

static void tp_free(struct rpc_transport *t)
{
    struct tp_stream *p = of(t);
    io_stream_done(&p->s);
    free(p);
}

static const struct rpc_transport_ops tp_stream_ops = {
    .protseq = "ncacn_ip_tcp",
    .send = tp_send,
    .want = tp_nothing,
    .room = tp_room,
    .hold = tp_hold,
    .in_order = tp_nothing,
    .relax = tp_relax,
    .query = tp_query,
    .finish = tp_finish,
    .close = tp_close,
    .free = tp_free,
};

enum nt_status rpc_stream_new(const struct rpc_transport_up *ops, void *up, const struct nt_env *env,
                              struct rpc_transport **ret)
{
    struct tp_stream *p = calloc(1, sizeof *p);
    if (!p)
        return STATUS_NO_MEMORY;
    io_stream_init(&p->s, &stream_ops, p, env);
    io_item_init(&p->drained, drained_fn);
    p->t = (struct rpc_transport){ &tp_stream_ops, ops, up, &p->s };
    *ret = &p->t;
    return STATUS_SUCCESS;
}
