// SPDX-License-Identifier: Apache-2.0
/* Which calls a server's connection has: in the order of arrival, and by their ids once there are many. */
#include <stdlib.h>
#include "rpc/m_server.h"

/* So many are looked through; beyond, there is a table. */
#define FEW     32u
#define BUCKETS 256u

static struct rpc_server_call **bucket(const struct rpc_sconn *c, uint32_t id)
{
    return &c->by_id[id % BUCKETS]; /* ids are counted up: they spread by themselves */
}

static void chain_add(struct rpc_sconn *c, struct rpc_server_call *call)
{
    struct rpc_server_call **b = bucket(c, call->id);
    while (*b)
        b = &(*b)->chain;
    call->chain = NULL;
    *b = call;
}

/* Without memory they go on to be looked through. */
static void make_table(struct rpc_sconn *c)
{
    c->by_id = calloc(BUCKETS, sizeof *c->by_id);
    for (struct rpc_server_call *call = c->calls; call && c->by_id; call = call->next)
        chain_add(c, call);
}

void rpc_scalls_put(struct rpc_sconn *c, struct rpc_server_call *call)
{
    call->next = NULL;
    call->prev = c->last;
    if (c->last)
        c->last->next = call;
    else
        c->calls = call;
    c->last = call;
    if (++c->n_calls > FEW && !c->by_id)
        make_table(c);
    else if (c->by_id)
        chain_add(c, call);
}

void rpc_scalls_del(struct rpc_sconn *c, struct rpc_server_call *call)
{
    if (c->by_id) {
        struct rpc_server_call **b = bucket(c, call->id);
        while (*b != call)
            b = &(*b)->chain;
        *b = call->chain;
    }
    if (call->prev)
        call->prev->next = call->next;
    else
        c->calls = call->next;
    if (call->next)
        call->next->prev = call->prev;
    else
        c->last = call->prev;
    if (c->walk == call)
        c->walk = call->next;
    if (c->due == call)
        c->due = call->next;
    if (--c->n_calls == 0) { /* an idle connection holds no table */
        free(c->by_id);
        c->by_id = NULL;
    }
}

struct rpc_server_call *rpc_scalls_next(const struct rpc_sconn *c, struct rpc_server_call *after, uint32_t id)
{
    struct rpc_server_call *call = after ? c->by_id ? after->chain : after->next : c->by_id ? *bucket(c, id) : c->calls;
    while (call && call->id != id)
        call = c->by_id ? call->chain : call->next;
    return call;
}

void rpc_sconn_look(struct rpc_sconn *c)
{
    c->look = true;
    io_ready(c->tp->stream, &c->ready);
}
