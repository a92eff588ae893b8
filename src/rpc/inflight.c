// SPDX-License-Identifier: Apache-2.0
/* Which calls a connection has, and where: waiting, on the wire (found by id), finished; and those that were
 * given up and may still be answered. See m_client.h. */
#include <stdlib.h>
#include "rpc/m_client.h"

/* ---- lists ---- */

void rpc_list_put(struct rpc_list *l, struct rpc_call *call)
{
    call->next = NULL;
    call->prev = l->tail;
    if (l->tail)
        l->tail->next = call;
    else
        l->head = call;
    l->tail = call;
}

void rpc_list_del(struct rpc_list *l, struct rpc_call *call)
{
    if (call->prev)
        call->prev->next = call->next;
    else
        l->head = call->next;
    if (call->next)
        call->next->prev = call->prev;
    else
        l->tail = call->prev;
}

/* ---- on the wire ---- */

static struct rpc_call **bucket(struct rpc_sent *t, uint32_t id)
{
    return t->table ? &t->table[id & t->mask] : &t->few[id & (RPC_SENT_FEW - 1)];
}

/* Ids are counted up, so they spread over the table by themselves. Without memory for a larger one the chains
 * grow instead. */
static void grow(struct rpc_sent *t)
{
    unsigned size = t->table ? 2 * (t->mask + 1) : 4 * RPC_SENT_FEW;
    struct rpc_call **table = calloc(size, sizeof *table);
    if (!table)
        return;
    free(t->table);
    t->table = table;
    t->mask = size - 1;
    for (struct rpc_call *call = t->list.head; call; call = call->next) {
        struct rpc_call **b = bucket(t, call->id);
        call->chain = *b;
        *b = call;
    }
}

void rpc_sent_put(struct rpc_sent *t, struct rpc_call *call)
{
    if (t->n >= (t->table ? t->mask + 1 : RPC_SENT_FEW))
        grow(t);
    struct rpc_call **b = bucket(t, call->id);
    call->chain = *b;
    *b = call;
    rpc_list_put(&t->list, call);
    t->n++;
}

void rpc_sent_del(struct rpc_sent *t, struct rpc_call *call)
{
    struct rpc_call **b = bucket(t, call->id);
    while (*b != call)
        b = &(*b)->chain;
    *b = call->chain;
    rpc_list_del(&t->list, call);
    t->n--;
}

struct rpc_call *rpc_sent_find(struct rpc_sent *t, uint32_t id)
{
    struct rpc_call *call = *bucket(t, id);
    while (call && call->id != id)
        call = call->chain;
    return call;
}

void rpc_sent_done(struct rpc_sent *t)
{
    free(t->table);
    t->table = NULL;
}

/* ---- given up ---- */

void rpc_orphans_add(struct rpc_orphans *o, uint32_t id)
{
    if (o->n == RPC_ORPHANS_MAX) {
        o->forgotten = o->ids[0];
        o->any_forgotten = true;
        memmove(o->ids, o->ids + 1, sizeof o->ids - sizeof o->ids[0]);
        o->n--;
    }
    o->ids[o->n++] = id;
}

/* Ids wrap, so they are compared by their distance. */
bool rpc_orphans_have(const struct rpc_orphans *o, uint32_t id)
{
    for (unsigned i = 0; i < o->n; i++)
        if (o->ids[i] == id)
            return true;
    return o->any_forgotten && (int32_t)(id - o->forgotten) <= 0;
}

void rpc_orphans_del(struct rpc_orphans *o, uint32_t id)
{
    unsigned n = 0;
    for (unsigned i = 0; i < o->n; i++)
        if (o->ids[i] != id)
            o->ids[n++] = o->ids[i];
    o->n = n;
}
