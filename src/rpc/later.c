// SPDX-License-Identifier: Apache-2.0
/* Handlers that wait for time: a timer of the connection that the call came by. */
#include "rpc/m_server.h"

#define NS_PER_MS UINT64_C(1000000)

static void come(struct rpc_server_call *call)
{
    void (*fn)(struct rpc_server_call *, void *) = call->later_fn;
    rpc_later_stop(call);
    call->on_cancel = NULL;
    fn(call, call->later_arg);
}

static void due(struct io_item *it)
{
    come(io_container(it, struct rpc_server_call, later));
}

static void hurry(struct rpc_server_call *call, void *arg)
{
    (void)arg;
    come(call);
}

bool rpc_server_later(struct rpc_server_call *call, unsigned ms,
                      void (*fn)(struct rpc_server_call *call, void *arg), void *arg)
{
    if (!call->c)
        return false;
    struct io_stream *s = call->c->tp->stream;
    rpc_later_stop(call);
    io_item_init(&call->later, due);
    call->later_fn = fn;
    call->later_arg = arg;
    call->on_cancel = hurry;
    if (call->cancelled)
        io_ready(s, &call->later);
    else
        io_timer(s, &call->later, io_loop_now(call->group->s->loop) + ms * NS_PER_MS);
    return true;
}

void rpc_later_stop(struct rpc_server_call *call)
{
    if (!call->later_fn)
        return;
    call->later_fn = NULL;
    io_cancel(&call->later);
}
