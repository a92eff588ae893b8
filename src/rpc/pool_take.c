// SPDX-License-Identifier: Apache-2.0
/*
 * Pools whose connections are taken out by threads. The lock is held while lists are looked at and never
 * while anything is sent; each connection has a loop of its own, which goes with it from thread to thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include "rpc/m_pool.h"

#define NS_PER_MS UINT64_C(1000000)
/* One that was idle for longer is looked at for a hang-up before it is given out; who takes them in a quick
 * succession does not pay for that. */
#define CHECK_AFTER (UINT64_C(1000) * NS_PER_MS)

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 * NS_PER_MS + (uint64_t)t.tv_nsec;
}

static struct rpc_pool_conn *idle_one(const struct rpc_pool_side *side)
{
    struct rpc_pool_conn *best = NULL; /* the one that was used last, so that the others can grow old */
    for (struct rpc_pool_conn *x = side->conns; x; x = x->next)
        if (x->open && !x->taken && (!best || x->last_used > best->last_used))
            best = x;
    return best;
}

static void drop(struct rpc_pool *p,
                 struct rpc_pool_conn *x) /* with the lock, which it lets go of meanwhile */
{
    rpc_pool_forget(x);
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    rpc_close(x->c);
    free(x);
    pthread_mutex_lock(&p->lock);
}

static bool still_there(struct rpc_pool_conn *x, bool doubtful)
{
    if (doubtful || now_ns() - x->last_used >= CHECK_AFTER)
        (void)!nt_loop_run(x->c->loop, 0); /* takes in a hang-up that has come */
    return rpc_conn_alive(x->c);
}

/* The first connection makes the group, so the others wait for it. Called and left with the lock. */
static enum nt_status open_one(struct rpc_pool_side *side, struct rpc_pool_conn **ret, struct nt_error *err)
{
    struct rpc_pool *p = side->pool;
    struct rpc_pool_conn *x = calloc(1, sizeof *x);
    if (!x)
        return nt_error_set(err, STATUS_NO_MEMORY, "out of memory");
    x->pool = p;
    x->side = side;
    x->taken = true;
    x->next = side->conns;
    side->conns = x;
    side->n++;
    side->opening++;
    struct rpc_options o = rpc_pool_next_options(side);
    struct rpc_conn *c = NULL;
    o.error = err;
    pthread_mutex_unlock(&p->lock);
    enum nt_status st = rpc_open(p->binding, p->iface, &o, &c);
    pthread_mutex_lock(&p->lock);
    x->c = c; /* others look at the list meanwhile */
    side->opening--;
    if (st == STATUS_SUCCESS) {
        x->open = true;
        st = rpc_pool_note(side, x->c);
    }
    if (st != STATUS_SUCCESS)
        drop(p, x);
    else
        *ret = x;
    pthread_cond_broadcast(&p->changed);
    return st;
}

static enum nt_status await(struct rpc_pool *p, uint64_t deadline, struct nt_error *err)
{
    struct timespec t = { (time_t)(deadline / (1000 * NS_PER_MS)), (long)(deadline % (1000 * NS_PER_MS)) };
    if (pthread_cond_timedwait(&p->changed, &p->lock, &t) != ETIMEDOUT)
        return STATUS_SUCCESS;
    return nt_error_set(err, STATUS_IO_TIMEOUT, "all %u connections of the pool are in use", p->p.max_conns);
}

/* doubtful: another one has just been lost, so an idle one may have been, too. */
static enum nt_status take(struct rpc_pool *p, bool doubtful, struct rpc_pool_conn **ret,
                           struct nt_error *err)
{
    uint64_t deadline = now_ns() + p->timeout_ms * NS_PER_MS;
    struct rpc_pool_conn *x = NULL;
    unsigned refused = 0;
    pthread_mutex_lock(&p->lock);
    struct rpc_pool_side *side = rpc_pool_side(p, npc_mux_token());
    enum nt_status st = side ? STATUS_SUCCESS : nt_error_set(err, STATUS_NO_MEMORY, "out of memory");
    if (side)
        side->users++;
    while (!x && st == STATUS_SUCCESS) {
        struct rpc_pool_conn *idle = idle_one(side);
        if (idle) {
            idle->taken = true;
            pthread_mutex_unlock(&p->lock); /* looking at it may take a system call */
            bool alive = still_there(idle, doubtful);
            pthread_mutex_lock(&p->lock);
            if (alive)
                x = idle;
            else
                drop(p, idle);
        } else if (side->n < p->p.max_conns && (side->group || !side->opening) &&
                   !(side->no_more && side->n)) {
            st = open_one(side, &x, err);
            if (st == RPC_NT_GROUP_MEMBER_NOT_FOUND && now_ns() < deadline) {
                /* those that are the group may have gone without our notice: they are looked at, or come back
                 */
                side->no_more = doubtful = true;
                st = STATUS_SUCCESS;
            }
            if (rpc_pool_refused(st) && refused++ == 0)
                st = STATUS_SUCCESS; /* once more */
        } else {
            st = await(p, deadline, err);
        }
    }
    if (side)
        side->users--;
    pthread_mutex_unlock(&p->lock);
    if (st == STATUS_SUCCESS)
        *ret = x;
    return st;
}

/* One that nobody has wanted for long. One stays, and with it the group and its handles, but for those of a
 * token, which may be gone by now. */
static struct rpc_pool_conn *old_one(const struct rpc_pool *p, uint64_t now)
{
    for (const struct rpc_pool_side *side = p->sides; side; side = side->next)
        for (struct rpc_pool_conn *x = side->conns; x && (side->n > 1 || side->token); x = x->next)
            if (x->open && !x->taken && now - x->last_used >= p->p.idle_ms * NS_PER_MS)
                return x;
    return NULL;
}

static void close_old(struct rpc_pool *p)
{
    struct rpc_pool_conn *x;
    uint64_t now = now_ns();
    while ((x = old_one(p, now)))
        drop(p, x);
}

static void give(struct rpc_pool *p, struct rpc_pool_conn *x)
{
    bool alive = rpc_conn_alive(x->c);
    if (alive)
        rpc_conn_set(x->c, NULL);
    pthread_mutex_lock(&p->lock);
    x->last_used = now_ns();
    x->taken = false;
    if (!alive)
        drop(p, x);
    close_old(p);
    pthread_cond_broadcast(&p->changed); /* who waits may want one of another side */
    pthread_mutex_unlock(&p->lock);
}

enum nt_status rpc_pool_take(struct rpc_pool *p, struct rpc_conn **ret, struct nt_error *err)
{
    struct rpc_pool_conn *x = NULL;
    if (p->loop)
        return nt_error_set(err, STATUS_INVALID_DEVICE_STATE,
                            "the connections of this pool belong to its loop");
    enum nt_status st = take(p, false, &x, err);
    if (st == STATUS_SUCCESS)
        *ret = x->c;
    return st;
}

void rpc_pool_give(struct rpc_pool *p, struct rpc_conn *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&p->lock);
    struct rpc_pool_conn *x = NULL;
    for (const struct rpc_pool_side *side = p->sides; side && !x; side = side->next)
        for (x = side->conns; x && x->c != c;)
            x = x->next;
    pthread_mutex_unlock(&p->lock);
    if (x)
        give(p, x);
}

enum nt_status rpc_pool_run(struct rpc_pool *p, const struct rpc_op *op, struct nt_arena *mem, void *r,
                            struct nt_error *err)
{
    if (p->loop)
        return rpc_pool_loop_run(p, op, mem, r, err);
    enum nt_status st = STATUS_SUCCESS;
    for (int attempt = 0;; attempt++) {
        struct rpc_pool_conn *x = NULL;
        st = take(p, attempt > 0, &x, err);
        if (st != STATUS_SUCCESS) {
            rpc_clear_out(op, r);
            return st;
        }
        st = rpc_run(x->c, op, mem, r);
        bool again = st != STATUS_SUCCESS && attempt == 0 &&
                     rpc_pool_may_repeat(op, st, rpc_conn_not_run(x->c), rpc_conn_alive(x->c));
        if (st != STATUS_SUCCESS)
            nt_error_set(err, st, "%s", rpc_conn_error(x->c));
        give(p, x);
        if (!again)
            return st;
        pthread_mutex_lock(&p->lock);
        p->repeated++;
        pthread_mutex_unlock(&p->lock);
    }
}
