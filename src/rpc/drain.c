// SPDX-License-Identifier: Apache-2.0
/* The orderly end of a server: it listens no more, its clients leave, its calls end. */
#include "rpc/m_server.h"

static void on_nothing(void *engine, uint8_t *data, size_t len)
{
    (void)engine;
    (void)data;
    (void)len;
}

/* The loop has hung up: the server's owner frees it all. */
static void on_gone(void *engine, enum nt_status why)
{
    (void)engine;
    (void)why;
}

static const struct io_ops own_ops = { NULL, on_nothing, on_gone };

static bool awaits_answers(const struct rpc_sconn *c)
{
    const struct rpc_server_call *call = c->calls;
    while (call && call->orphaned)
        call = call->next;
    return call != NULL;
}

/* Once a client awaits nothing it is asked to leave ([C706] 12.6.4.11), and a little later shown out. */
void rpc_drain_conn(struct rpc_sconn *c)
{
    struct wr w;
    if (!c->s->draining || c->asked_to_leave || c->state == RPC_SC_CLOSED || awaits_answers(c))
        return;
    c->asked_to_leave = true;
    if (c->state == RPC_SC_NEW || c->carried) { /* on a pipe nothing is said unasked */
        rpc_sconn_hang_up(c);
        return;
    }
    (void)rpc_sconn_writer(c, &w, RPC_FRAG_MAX);
    rpc_put_shutdown(&w);
    rpc_sconn_send(c, &w);
    if (c->state != RPC_SC_CLOSED)
        io_timer(c->tp->stream, &c->timer, io_loop_now(c->s->loop) + RPC_SERVER_LEAVE);
}

void rpc_drain_check(struct rpc_server *s)
{
    if (s->own.loop && !s->n_conns && !s->n_calls)
        io_ready(&s->own, &s->drain_step);
}

static void tell(struct rpc_server *s, enum nt_status st)
{
    rpc_server_drained_fn *done = s->drained;
    s->drained = NULL;
    rpc_drain_free(s);
    if (done)
        done(s->drained_arg, st);
}

/* Also the first look around: nothing is called from inside rpc_server_drain. */
static void step_fn(struct io_item *it)
{
    struct rpc_server *s = io_container(it, struct rpc_server, drain_step);
    for (struct rpc_sconn *c = s->conns, *next; c; c = next) {
        next = c->next;
        rpc_drain_conn(c);
    }
    if (!s->n_conns && !s->n_calls)
        tell(s, STATUS_SUCCESS);
}

static void end_fn(struct io_item *it)
{
    struct rpc_server *s = io_container(it, struct rpc_server, drain_end);
    while (s->conns)
        rpc_sconn_close(s->conns);
    tell(s, STATUS_IO_TIMEOUT);
}

enum nt_status rpc_server_drain(struct rpc_server *s, unsigned timeout_ms, rpc_server_drained_fn *done,
                                void *arg)
{
    if (s->draining)
        return STATUS_INVALID_DEVICE_STATE;
    io_stream_init(&s->own, &own_ops, s, s->env);
    enum nt_status st = io_attach(s->loop, &s->own, -1);
    if (st != STATUS_SUCCESS)
        return st;
    s->draining = true;
    s->drained = done;
    s->drained_arg = arg;
    rpc_server_stop_listening(s);
    io_item_init(&s->drain_step, step_fn);
    io_item_init(&s->drain_end, end_fn);
    io_ready(&s->own, &s->drain_step);
    if (timeout_ms)
        io_timer(&s->own, &s->drain_end, io_loop_now(s->loop) + timeout_ms * UINT64_C(1000000));
    return STATUS_SUCCESS;
}

void rpc_drain_free(struct rpc_server *s)
{
    if (s->own.loop)
        io_stream_done(&s->own);
}
