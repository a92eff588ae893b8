// SPDX-License-Identifier: Apache-2.0
/*
 * Changes of the store by operations. A change may wait, for the disk and for other programs that write, so
 * it is made on a worker thread, through a handle of its own. Changes of one host come one after the other,
 * each with what it has looked at before and what follows from it: so nothing is done on the ground of what
 * the one before is about to change, and a handler has as little to think of as one that is alone.
 */
#include "serve/m_host.h"

static void run_next(struct serve_host *h);

static struct samdb *writer_of(const struct serve_host *h)
{
    return h->writer ? h->writer : h->db;
}

static void there(void *arg)
{
    struct host_change *c = arg;
    c->we = c->there(writer_of(c->h), c);
}

static void reply(struct host_change *c)
{
    struct serve_host *h = c->h;
    enum nt_status st = c->finish(c);
    h->changes = c->next;
    rpc_server_reply(c->call, st);
}

static void back(void *arg)
{
    struct host_change *c = arg;
    struct serve_host *h = c->h;
    reply(c);
    run_next(h);
}

/* True: a worker has it. */
static bool start(struct host_change *c)
{
    c->running = true;
    c->we = c->plan ? c->plan(c) : W_ERROR_SUCCESS;
    if (c->we != W_ERROR_SUCCESS || !c->there)
        return false;
    if (c->h->loop && io_loop_work(c->h->loop, there, back, c))
        return true;
    there(c);
    return false;
}

static void run_next(struct serve_host *h)
{
    while (h->changes && !h->changes->running && !start(h->changes))
        reply(h->changes);
}

enum nt_status host_change(struct host_change *c)
{
    struct host_change **end = &c->h->changes;
    while (*end)
        end = &(*end)->next;
    *end = c;
    if (end != &c->h->changes || start(c)) /* others are before it, or a worker has it */
        return STATUS_PENDING;
    c->h->changes = NULL;
    return c->finish(c);
}

struct host_change *host_change_new(struct serve_host *h, struct rpc_server_call *call, void *r)
{
    struct host_change *c = nt_arena_obj(rpc_server_mem(call), struct host_change);
    if (c) {
        c->h = h;
        c->call = call;
        c->r = r;
    }
    return c;
}

void serve_host_settle(struct serve_host *h)
{
    while (h->changes && nt_loop_run(h->loop, -1) == STATUS_SUCCESS)
        ;
}
