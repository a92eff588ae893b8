// SPDX-License-Identifier: Apache-2.0
/* The memory pair: two streams joined without descriptors, for tests and fuzzers. Time is a number. */
#include <stdlib.h>
#include "io/m_loop.h"

struct mem_conn {
    struct io_stream *s; /* NULL: detached */
    struct mem_conn *peer;
    bool opening, hung_up;
    enum nt_status failure;
    uint64_t received;
    size_t cut_after;
};

struct mem_loop {
    struct nt_loop base;
    struct mem_conn **conns;
    size_t n, cap;
    uint64_t now;
    size_t chunk, cut_after;
    enum nt_status (*accept)(void *arg, struct io_stream *s, const struct io_addr *to);
    void *accept_arg;
};

static struct mem_loop *as_mem(struct nt_loop *l)
{
    return (struct mem_loop *)(void *)l;
}

static struct mem_conn *conn_add(struct mem_loop *l, struct io_stream *s)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 4;
        struct mem_conn **p = realloc(l->conns, cap * sizeof *p);
        if (!p)
            return NULL;
        l->conns = p;
        l->cap = cap;
    }
    struct mem_conn *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->s = s;
    c->cut_after = SIZE_MAX;
    s->loop = &l->base;
    s->drv = c;
    s->state = IO_DIALING;
    s->now = l->now;
    l->conns[l->n++] = c;
    return c;
}

enum nt_status io_mem_join(struct nt_loop *base, struct io_stream *a, struct io_stream *b)
{
    struct mem_loop *l = as_mem(base);
    struct mem_conn *ca = a->drv ? a->drv : conn_add(l, a), *cb = ca ? conn_add(l, b) : NULL;
    if (!cb)
        return STATUS_NO_MEMORY;
    ca->peer = cb;
    cb->peer = ca;
    ca->opening = cb->opening = true;
    ca->cut_after = l->cut_after;
    return STATUS_SUCCESS;
}

void io_mem_on_dial(struct nt_loop *base,
                    enum nt_status (*accept)(void *arg, struct io_stream *s, const struct io_addr *to),
                    void *arg)
{
    as_mem(base)->accept = accept;
    as_mem(base)->accept_arg = arg;
}

static enum nt_status mem_dial(struct nt_loop *base, struct io_stream *s, const struct io_addr *to,
                               uint64_t deadline)
{
    struct mem_loop *l = as_mem(base);
    (void)deadline;
    struct mem_conn *c = conn_add(l, s);
    if (!c)
        return STATUS_NO_MEMORY;
    enum nt_status st = l->accept ? l->accept(l->accept_arg, s, to) : STATUS_CONNECTION_REFUSED;
    if (st != STATUS_SUCCESS) {
        c->opening = true;
        c->failure = st;
    }
    return STATUS_SUCCESS;
}

static enum nt_status mem_attach(struct nt_loop *l, struct io_stream *s, int fd)
{
    if (fd >= 0)
        return STATUS_NOT_SUPPORTED;
    struct mem_conn *c = conn_add(as_mem(l), s);
    if (!c)
        return STATUS_NO_MEMORY;
    s->state = IO_OPEN;
    return STATUS_SUCCESS;
}

static void mem_kick(struct nt_loop *l, struct io_stream *s)
{
    (void)l;
    (void)s;
}

static void hang_up_peer(struct mem_conn *c)
{
    if (c->peer)
        c->peer->hung_up = true;
}

static void mem_close(struct nt_loop *l, struct io_stream *s)
{
    (void)l;
    hang_up_peer(s->drv);
}

static void mem_detach(struct nt_loop *l, struct io_stream *s)
{
    (void)l;
    struct mem_conn *c = s->drv;
    hang_up_peer(c);
    if (c->peer)
        c->peer->peer = NULL;
    c->peer = NULL;
    c->s = NULL;
    s->drv = NULL;
}

/* Moves one piece of at most `chunk` bytes from c to its peer. */
static bool move_bytes(struct mem_loop *l, struct mem_conn *c)
{
    struct iovec iov;
    if (!c->s || !c->peer || c->peer->opening || c->s->state != IO_OPEN || io_pending(c->s, &iov, 1) == 0)
        return false;
    struct mem_conn *to = c->peer;
    if (to->s && to->s->held)
        return false;
    size_t n = l->chunk && l->chunk < iov.iov_len ? l->chunk : iov.iov_len;
    if (n > to->cut_after - (size_t)to->received)
        n = to->cut_after - (size_t)to->received;
    if (to->s && to->s->state == IO_OPEN && n) {
        uint8_t *copy = malloc(n); /* exact size: a sanitizer sees a read past the end */
        if (!copy)
            return false;
        memcpy(copy, iov.iov_base, n);
        to->received += n;
        io_feed(to->s, copy, n, l->now);
        free(copy);
    }
    if (c->s)
        io_sent(c->s, n ? n : iov.iov_len);
    if (to->received >= to->cut_after) {
        c->hung_up = to->hung_up = true;
    }
    return true;
}

static bool conn_step(struct mem_loop *l, struct mem_conn *c)
{
    bool ran = false;
    if (c->s && c->opening) {
        c->opening = false;
        if (c->failure != STATUS_SUCCESS)
            io_hangup(c->s, c->failure, l->now);
        else
            io_opened(c->s, l->now);
        ran = true;
    }
    ran |= move_bytes(l, c);
    /* a hang-up arrives behind the bytes that were sent before it */
    if (c->s && c->hung_up && c->s->state == IO_OPEN &&
        !(c->peer && c->peer->s && c->peer->s->out_head && c->peer->s->state == IO_OPEN)) {
        io_hangup(c->s, STATUS_CONNECTION_DISCONNECTED, l->now);
        ran = true;
    }
    if (c->s && io_deadline(c->s) <= l->now) {
        io_step(c->s, l->now);
        ran = true;
    }
    struct io_item *it;
    while (c->s && (it = io_take_work(c->s))) {
        it->work(it);
        io_work_done(c->s, it, l->now);
        ran = true;
    }
    return ran;
}

static void reap(struct mem_loop *l)
{
    size_t to = 0;
    for (size_t i = 0; i < l->n; i++) {
        if (l->conns[i]->s)
            l->conns[to++] = l->conns[i];
        else
            free(l->conns[i]);
    }
    l->n = to;
}

static uint64_t mem_next(struct nt_loop *base)
{
    struct mem_loop *l = as_mem(base);
    uint64_t next = UINT64_MAX;
    for (size_t i = 0; i < l->n; i++)
        if (l->conns[i]->s && io_deadline(l->conns[i]->s) < next)
            next = io_deadline(l->conns[i]->s);
    return next;
}

static bool mem_turn(struct nt_loop *base, uint64_t until, struct nt_cancel *cancel)
{
    struct mem_loop *l = as_mem(base);
    (void)cancel;
    bool ran = false;
    for (size_t i = 0; i < l->n; i++)
        ran |= conn_step(l, l->conns[i]);
    reap(l);
    if (!ran) { /* nothing can happen before the next deadline: it is now */
        uint64_t next = mem_next(base);
        next = next < until ? next : until;
        /* with neither a deadline nor a limit a test waits for ever: let an hour pass, which callers see as a
         * hang */
        l->now = next == UINT64_MAX ? l->now + UINT64_C(3600000000000) : next > l->now ? next : l->now;
    }
    return ran;
}

static uint64_t mem_now(struct nt_loop *l)
{
    return as_mem(l)->now;
}

static int mem_fd(struct nt_loop *l)
{
    (void)l;
    return -1;
}

static const char *mem_peer(const struct io_stream *s)
{
    (void)s;
    return "memory";
}

static bool mem_hangup(struct nt_loop *base, enum nt_status why)
{
    struct mem_loop *l = as_mem(base);
    bool any = false;
    for (size_t i = 0; i < l->n; i++)
        if (l->conns[i]->s) {
            any = true;
            io_hangup(l->conns[i]->s, why, l->now);
        }
    return any;
}

static void mem_free(struct nt_loop *base)
{
    struct mem_loop *l = as_mem(base);
    for (size_t i = 0; i < l->n; i++) {
        if (l->conns[i]->s) {
            l->conns[i]->s->loop = NULL;
            l->conns[i]->s->drv = NULL;
        }
        free(l->conns[i]);
    }
    free(l->conns);
    free(l);
}

static const struct io_driver_ops mem_ops = {
    .name = "memory",
    .dial = mem_dial,
    .attach = mem_attach,
    .kick = mem_kick,
    .close = mem_close,
    .detach = mem_detach,
    .turn = mem_turn,
    .now = mem_now,
    .next = mem_next,
    .fd = mem_fd,
    .peer = mem_peer,
    .hangup = mem_hangup,
    .free = mem_free,
};

enum nt_status io_mem_loop_new(const struct io_mem_options *o, struct nt_loop **ret)
{
    struct mem_loop *l = calloc(1, sizeof *l);
    if (!l)
        return STATUS_NO_MEMORY;
    l->base.ops = &mem_ops;
    l->base.post_fd = -1;
    l->base.env = o->env ? o->env : nt_env_system();
    l->now = o->start;
    l->chunk = o->chunk;
    l->cut_after = o->cut_after ? o->cut_after : SIZE_MAX;
    *ret = &l->base;
    return STATUS_SUCCESS;
}
