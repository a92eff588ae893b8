// SPDX-License-Identifier: Apache-2.0
/* Pools on a loop: calls are spread over the connections, which are opened as they are needed. */
#include <stdlib.h>
#include <msrpc/npc_mux.h>
#include "rpc/m_pool.h"

#define NS_PER_MS UINT64_C(1000000)

static void finish(struct rpc_pool_call *call, enum nt_status st);
static void dispatch(struct rpc_pool_side *side);

/* ---- calls that wait for a connection ---- */

static void wait_put(struct rpc_pool_call *call)
{
    struct rpc_pool_side *side = call->side;
    call->next = NULL;
    call->prev = side->waiting_tail;
    if (side->waiting_tail)
        side->waiting_tail->next = call;
    else
        side->waiting = call;
    side->waiting_tail = call;
}

static void wait_del(struct rpc_pool_call *call)
{
    struct rpc_pool_side *side = call->side;
    io_watch_stop(&call->watch);
    if (call->prev)
        call->prev->next = call->next;
    else
        side->waiting = call->next;
    if (call->next)
        call->next->prev = call->prev;
    else
        side->waiting_tail = call->prev;
}

void rpc_pool_call_cancel(struct rpc_pool_call *call)
{
    if (call->on) {
        rpc_call_cancel(call->call);
        return;
    }
    wait_del(call);
    nt_error_set(&call->pool->err, STATUS_CANCELLED, "given up by the caller before there was a connection");
    finish(call, STATUS_CANCELLED);
}

static void token_fired(struct io_watch *w)
{
    rpc_pool_call_cancel(io_container(w, struct rpc_pool_call, watch));
}

static void wait_for_conn(struct rpc_pool_call *call)
{
    wait_put(call);
    io_watch_start(call->pool->loop, &call->watch, call->cancel, token_fired);
}

/* ---- connections ---- */

static void conn_free(struct rpc_pool_conn *x)
{
    io_cancel(&x->idle);
    rpc_close(x->c);
    free(x);
}

/* Its calls have been told, or will be by the connection itself. */
static void conn_drop(struct rpc_pool_conn *x)
{
    struct rpc_pool *p = x->pool;
    if (!x->lost) {
        x->lost = true;
        io_cancel(&x->idle);
        if (!p->closed)
            rpc_pool_forget(x);
    }
    if (x->calls == 0)
        conn_free(x);
}

/* The least busy of those that are well. */
static struct rpc_pool_conn *pick(struct rpc_pool_side *side)
{
    struct rpc_pool_conn *best = NULL;
    for (struct rpc_pool_conn *x = side->conns, *next; x; x = next) {
        next = x->next;
        if (!x->open)
            continue;
        if (!rpc_conn_alive(x->c))
            conn_drop(x);
        else if (!best || x->calls < best->calls)
            best = x;
    }
    return best;
}

/* One stays, but for those of a token, which may be gone by now. */
static void idle_fn(struct io_item *it)
{
    struct rpc_pool_conn *x = io_container(it, struct rpc_pool_conn, idle);
    struct rpc_pool *p = x->pool;
    bool others = x->side->token || x->side->n - x->side->opening > 1;
    uint64_t now = io_loop_now(p->loop), until = x->last_used + p->p.idle_ms * NS_PER_MS;
    if (x->calls == 0 && now >= until && others)
        conn_drop(x);
    else
        io_timer(x->c->tp->stream, &x->idle, until > now ? until : now + p->p.idle_ms * NS_PER_MS);
}

static enum nt_status open_one(struct rpc_pool_side *side);

/* Those that waited for this opening: who has not tried yet tries once more where nobody had accepted. */
static void open_failed(struct rpc_pool_side *side, enum nt_status st)
{
    struct rpc_pool *p = side->pool;
    if (pick(side)) { /* then it must do with what there is */
        side->no_more = true;
        dispatch(side);
        return;
    }
    struct rpc_pool_call *call = side->waiting, *next;
    side->waiting = side->waiting_tail = NULL;
    p->refs++;
    side->users++;
    for (; call; call = next) {
        next = call->next;
        io_watch_stop(&call->watch);
        bool passing = rpc_pool_refused(st) || st == RPC_NT_GROUP_MEMBER_NOT_FOUND; /* by now there is none */
        if (passing && !call->repeated && !p->closed) {
            call->repeated = true;
            p->repeated++;
            wait_for_conn(call);
        } else {
            finish(call, st);
        }
    }
    if (side->waiting && !p->closed && !side->opening) {
        st = open_one(side);
        while (st != STATUS_SUCCESS && (call = side->waiting)) {
            wait_del(call);
            finish(call, st);
        }
    }
    side->users--;
    rpc_pool_unref(p);
}

static void opened(void *arg, enum nt_status st, struct rpc_conn *c)
{
    struct rpc_pool_conn *x = arg;
    struct rpc_pool *p = x->pool;
    struct rpc_pool_side *side = x->side;
    side->opening--;
    x->c = c;
    if (st == STATUS_SUCCESS)
        st = rpc_pool_note(side, c);
    if (st == STATUS_SUCCESS) {
        x->open = true;
        x->last_used = io_loop_now(p->loop);
        io_timer(c->tp->stream, &x->idle, x->last_used + p->p.idle_ms * NS_PER_MS);
        dispatch(side);
    } else {
        side->users++;
        conn_drop(x);
        open_failed(side, st);
        side->users--;
    }
    rpc_pool_unref(p);
}

/* As whose side it is, whoever the thread impersonates by now. */
static enum nt_status open_as(struct rpc_pool_conn *x)
{
    struct rpc_pool *p = x->pool;
    struct rpc_options o = rpc_pool_next_options(x->side);
    uint64_t now = npc_mux_token();
    o.error = &p->err;
    npc_impersonate(x->side->token);
    enum nt_status st = rpc_open_start(p->binding, p->iface, &o, opened, x, &x->c);
    npc_impersonate(now);
    return st;
}

static enum nt_status open_one(struct rpc_pool_side *side)
{
    struct rpc_pool *p = side->pool;
    struct rpc_pool_conn *x = calloc(1, sizeof *x);
    if (!x)
        return nt_error_set(&p->err, STATUS_NO_MEMORY, "out of memory");
    x->pool = p;
    x->side = side;
    io_item_init(&x->idle, idle_fn);
    enum nt_status st = open_as(x);
    if (st != STATUS_SUCCESS) {
        free(x);
        return st;
    }
    x->next = side->conns;
    side->conns = x;
    side->n++;
    side->opening++;
    p->refs++;
    return STATUS_SUCCESS;
}

/* ---- calls ---- */

/* The end of a call: nothing of it is touched after its callback. */
static void finish(struct rpc_pool_call *call, enum nt_status st)
{
    struct rpc_pool *p = call->pool;
    rpc_done_fn *done = call->done;
    void *arg = call->arg;
    if (st != STATUS_SUCCESS)
        rpc_clear_out(call->op, call->r);
    p->calls--;
    call->side->users--;
    nt_cancel_unref(call->cancel);
    free(call);
    done(arg, st);
    rpc_pool_unref(p);
}

static enum nt_status put_on(struct rpc_pool_call *call, struct rpc_pool_conn *x);

static void call_done(void *arg, enum nt_status st)
{
    struct rpc_pool_call *call = arg;
    struct rpc_pool_conn *x = call->on;
    struct rpc_pool *p = call->pool;
    struct rpc_pool_side *side = call->side;
    bool alive = rpc_conn_alive(x->c), not_run = rpc_conn_not_run(x->c);
    x->calls--;
    x->last_used = io_now(x->c->tp->stream);
    call->on = NULL;
    if (st != STATUS_SUCCESS)
        nt_error_set(&p->err, st, "%s", rpc_conn_error(x->c));
    p->refs++;
    if (!alive)
        conn_drop(x);
    if (st != STATUS_SUCCESS && !call->repeated && !p->closed &&
        rpc_pool_may_repeat(call->op, st, not_run, alive)) {
        call->repeated = true;
        p->repeated++;
        wait_for_conn(call);
        dispatch(side);
    } else {
        finish(call, st);
    }
    rpc_pool_unref(p);
}

static enum nt_status put_on(struct rpc_pool_call *call, struct rpc_pool_conn *x)
{
    uint64_t now = io_loop_now(call->pool->loop);
    if (call->deadline <= now)
        return nt_error_set(&call->pool->err, STATUS_IO_TIMEOUT, "connecting took all the time");
    struct rpc_call_options o = RPC_CALL_OPTIONS_INIT;
    o.timeout_ms = (unsigned)((call->deadline - now + NS_PER_MS - 1) / NS_PER_MS);
    o.cancel = call->cancel;
    o.object = call->has_object ? &call->object : NULL;
    rpc_conn_set(x->c, &o);
    enum nt_status st = rpc_send(x->c, call->op, call->mem, call->r, call_done, call, &call->call);
    if (st != STATUS_SUCCESS)
        return nt_error_set(&call->pool->err, st, "%s", rpc_conn_error(x->c));
    call->on = x;
    x->calls++;
    return STATUS_SUCCESS;
}

/* Finds a place for a call, or opens one. STATUS_PENDING: it has to wait. */
static enum nt_status place(struct rpc_pool_call *call)
{
    const struct rpc_pool_options *p = &call->pool->p;
    struct rpc_pool_side *side = call->side;
    struct rpc_pool_conn *x = pick(side);
    bool busy = !x || x->calls >= p->calls_per_conn;
    if (busy && side->n < p->max_conns && !side->opening && !(x && side->no_more)) {
        enum nt_status st = open_one(side);
        if (st != STATUS_SUCCESS && !x)
            return st;
        side->no_more = st != STATUS_SUCCESS;
    }
    return x ? put_on(call, x) : STATUS_PENDING;
}

/* Gives places to those that wait. Callbacks may start and end others meanwhile. */
static void dispatch(struct rpc_pool_side *side)
{
    struct rpc_pool *p = side->pool;
    p->refs++;
    side->users++;
    while (side->waiting && !p->closed) {
        struct rpc_pool_call *call = side->waiting;
        enum nt_status st = place(call);
        if (st == STATUS_PENDING)
            break;
        wait_del(call);
        if (st != STATUS_SUCCESS)
            finish(call, st);
    }
    side->users--;
    rpc_pool_unref(p);
}

void rpc_pool_set(struct rpc_pool *p, const struct rpc_call_options *options)
{
    struct rpc_call_options o = RPC_CALL_OPTIONS_INIT;
    if (options)
        memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    p->call_timeout_ms = o.timeout_ms ? o.timeout_ms : p->timeout_ms;
    struct nt_cancel *old = p->cancel;
    p->cancel = nt_cancel_ref(o.cancel);
    nt_cancel_unref(old);
    p->has_object = o.object != NULL;
    if (o.object)
        p->object = *o.object;
}

static struct rpc_pool_call *call_new(struct rpc_pool *p, const struct rpc_op *op, struct nt_arena *mem,
                                      void *r)
{
    struct rpc_pool_side *side = rpc_pool_side(p, npc_mux_token());
    struct rpc_pool_call *call = side ? malloc(sizeof *call) : NULL;
    if (!call)
        return NULL;
    *call = (struct rpc_pool_call){ .pool = p,
                                    .side = side,
                                    .op = op,
                                    .mem = mem,
                                    .r = r,
                                    .cancel = nt_cancel_ref(p->cancel),
                                    .has_object = p->has_object,
                                    .object = p->object };
    call->deadline = io_loop_now(p->loop) + p->call_timeout_ms * NS_PER_MS;
    p->calls++;
    p->refs++;
    side->users++;
    return call;
}

enum nt_status rpc_pool_send(struct rpc_pool *p, const struct rpc_op *op, struct nt_arena *mem, void *r,
                             rpc_done_fn *done, void *arg, struct rpc_pool_call **ret)
{
    enum nt_status st = STATUS_SUCCESS;
    if (!p->loop || p->closed)
        st = STATUS_INVALID_DEVICE_STATE;
    else if (p->cancel && nt_cancel_fired(p->cancel))
        st = STATUS_CANCELLED;
    struct rpc_pool_call *call = st == STATUS_SUCCESS ? call_new(p, op, mem, r) : NULL;
    if (!call) {
        rpc_clear_out(op, r);
        return nt_error_set(&p->err, st != STATUS_SUCCESS ? st : STATUS_NO_MEMORY,
                            "the call was not started");
    }
    call->done = done;
    call->arg = arg;
    st = call->side->waiting ? STATUS_PENDING : place(call); /* in the order of their starts */
    if (st == STATUS_PENDING) {
        wait_for_conn(call);
    } else if (st != STATUS_SUCCESS) {
        p->calls--;
        call->side->users--;
        p->refs--; /* not the last: the user's is there */
        nt_cancel_unref(call->cancel);
        free(call);
        rpc_clear_out(op, r);
        return st;
    }
    if (ret)
        *ret = call;
    return STATUS_SUCCESS;
}

const char *rpc_pool_error(const struct rpc_pool *p)
{
    return p->err.text;
}

/* ---- synchronous ---- */

struct run {
    bool done;
    enum nt_status st;
};

static void run_done(void *arg, enum nt_status st)
{
    *(struct run *)arg = (struct run){ true, st };
}

static bool is_done(void *arg)
{
    return ((struct run *)arg)->done;
}

enum nt_status rpc_pool_loop_run(struct rpc_pool *p, const struct rpc_op *op, struct nt_arena *mem, void *r,
                                 struct nt_error *err)
{
    struct run w = { .done = true };
    enum nt_status st = io_wait(p->loop, is_done, &w, UINT64_MAX, NULL); /* not from a callback */
    if (st != STATUS_SUCCESS) {
        rpc_clear_out(op, r);
        return nt_error_set(err, st, "a synchronous call from inside a callback of its loop");
    }
    w.done = false;
    p->refs++; /* a callback may close it */
    st = rpc_pool_send(p, op, mem, r, run_done, &w, NULL);
    if (st == STATUS_SUCCESS && io_wait(p->loop, is_done, &w, UINT64_MAX, NULL) == STATUS_SUCCESS)
        st = w.st;
    if (st != STATUS_SUCCESS)
        nt_error_set(err, st, "%s", p->err.text);
    rpc_pool_unref(p);
    return st;
}

/* ---- the end ---- */

static void close_side(struct rpc_pool_side *side)
{
    struct rpc_pool *p = side->pool;
    while (side->waiting) {
        struct rpc_pool_call *call = side->waiting;
        wait_del(call);
        nt_error_set(&p->err, STATUS_CONNECTION_ABORTED, "the pool was closed");
        finish(call, STATUS_CONNECTION_ABORTED);
    }
    while (side->conns) {
        struct rpc_pool_conn *x = side->conns;
        bool opening = !x->open;
        side->conns = x->next;
        x->lost = true;
        side->n--;
        io_cancel(&x->idle);
        if (x->calls) { /* they end with it, and the last frees x */
            rpc_close(x->c);
            continue;
        }
        conn_free(x); /* one that is being opened does not call back any more */
        if (opening) {
            side->opening--;
            rpc_pool_unref(p);
        }
    }
}

/* A closed pool gets no further sides, and loses none: its callers' last calls look at them. */
void rpc_pool_loop_close(struct rpc_pool *p)
{
    p->refs++;
    for (struct rpc_pool_side *side = p->sides; side; side = side->next)
        close_side(side);
    rpc_pool_unref(p);
}
