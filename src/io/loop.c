// SPDX-License-Identifier: Apache-2.0
/* The part of loops that does not depend on the driver: waiting, deferring, cancel tokens. */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "io/m_loop.h"

static void run_deferred(struct nt_loop *l)
{
    while (l->defer) {
        struct io_item *it = l->defer;
        l->defer = it->next;
        it->next = NULL;
        it->fn(it);
    }
}

void io_loop_defer(struct nt_loop *l, struct io_item *it)
{
    io_cancel(it);
    if (!l->running) {
        it->fn(it);
        return;
    }
    it->next = l->defer;
    l->defer = it;
}

/* ---- watches ---- */

void io_watch_start(struct nt_loop *l, struct io_watch *w, struct nt_cancel *cancel,
                    void (*fn)(struct io_watch *w))
{
    io_watch_stop(w);
    if (!cancel)
        return;
    *w = (struct io_watch){ fn, l->watches, &l->watches, nt_cancel_ref(cancel), l };
    if (w->next)
        w->next->link = &w->next;
    l->watches = w;
    if (l->ops->token)
        l->ops->token(l, cancel, true);
}

void io_watch_stop(struct io_watch *w)
{
    if (!w->cancel)
        return;
    *w->link = w->next;
    if (w->next)
        w->next->link = w->link;
    if (w->loop->ops->token)
        w->loop->ops->token(w->loop, w->cancel, false);
    nt_cancel_unref(w->cancel);
    w->cancel = NULL;
}

/* A callback may end any other watch, so each search starts anew. */
static bool run_fired(struct nt_loop *l)
{
    bool ran = false;
    for (struct io_watch *w = l->watches; w;) {
        if (!nt_cancel_fired(w->cancel)) {
            w = w->next;
            continue;
        }
        io_watch_stop(w);
        w->fn(w);
        ran = true;
        w = l->watches;
    }
    return ran;
}

/* ---- from other threads ---- */

enum nt_status nt_loop_share(struct nt_loop *l)
{
    if (!l->ops->listens)
        return STATUS_NOT_SUPPORTED;
    if (l->post_fd < 0)
        l->post_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->post_fd < 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    return l->workers ? STATUS_SUCCESS : io_workers_new(&l->workers);
}

enum nt_status nt_loop_post(struct nt_loop *l, void (*fn)(void *arg), void *arg)
{
    struct io_post *p = l->post_fd >= 0 ? malloc(sizeof *p) : NULL;
    if (!p)
        return l->post_fd >= 0 ? STATUS_NO_MEMORY : STATUS_INVALID_DEVICE_STATE;
    *p = (struct io_post){ NULL, fn, arg };
    io_loop_post(l, p);
    return STATUS_SUCCESS;
}

void io_loop_post(struct nt_loop *l, struct io_post *p)
{
    p->next = atomic_load(&l->posts);
    while (!atomic_compare_exchange_weak(&l->posts, &p->next, p))
        ;
    /* p may be gone already. The bell is rung every time: one that comes too late wakes the loop for nothing,
     * one that does not come leaves it asleep. */
    uint64_t one = 1;
    ssize_t n = write(l->post_fd, &one, sizeof one);
    (void)n; /* a full counter rings, too */
}

void io_posts_clear(struct nt_loop *l)
{
    uint64_t count;
    ssize_t n = l->post_fd >= 0 ? read(l->post_fd, &count, sizeof count) : 0;
    (void)n;
}

/* In the order in which they were handed over. */
static bool run_posts(struct nt_loop *l)
{
    struct io_post *p = l->post_fd >= 0 ? atomic_exchange(&l->posts, NULL) : NULL, *first = NULL;
    while (p) {
        struct io_post *next = p->next;
        p->next = first;
        first = p;
        p = next;
    }
    bool ran = first != NULL;
    while (first) {
        p = first;
        first = p->next;
        p->fn(p->arg);
        free(p);
    }
    return ran;
}

static bool turn(struct nt_loop *l, uint64_t until, struct nt_cancel *cancel)
{
    l->running = true;
    bool ran = run_fired(l);
    ran |= run_posts(l);
    ran |= l->ops->turn(l, ran ? 0 : until, cancel);
    ran |= run_fired(l);
    ran |= run_posts(l);
    l->running = false;
    run_deferred(l);
    return ran;
}

static enum nt_status wait_until(struct nt_loop *l, bool (*done)(void *arg), void *arg, uint64_t deadline,
                                 struct nt_cancel *cancel, bool watched)
{
    while (!done(arg)) {
        if (cancel && nt_cancel_fired(cancel))
            return STATUS_CANCELLED;
        turn(l, deadline, watched ? NULL : cancel);
        if (deadline != UINT64_MAX && !done(arg) && l->ops->now(l) >= deadline)
            return STATUS_IO_TIMEOUT;
    }
    return STATUS_SUCCESS;
}

/* A token that is looked at for long, as by a server that waits for its end, is watched like those of calls: a descriptor
 * beside epoll's own would cost each turn a system call, and wake us by way of two queues, on another processor. */
enum nt_status io_wait(struct nt_loop *l, bool (*done)(void *arg), void *arg, uint64_t deadline,
                       struct nt_cancel *cancel)
{
    bool watched = cancel && l->ops->token && l->listeners;
    if (l->running)
        return STATUS_INVALID_DEVICE_STATE;
    if (watched)
        l->ops->token(l, cancel, true);
    enum nt_status st = wait_until(l, done, arg, deadline, cancel, watched);
    if (watched)
        l->ops->token(l, cancel, false);
    return st;
}

enum nt_status nt_loop_run(struct nt_loop *l, int timeout_ms)
{
    if (l->running)
        return STATUS_INVALID_DEVICE_STATE;
    uint64_t until = timeout_ms < 0 ? UINT64_MAX
                     : timeout_ms   ? l->ops->now(l) + (uint64_t)timeout_ms * 1000000U
                                    : 0;
    return turn(l, until, NULL) ? STATUS_SUCCESS : STATUS_TIMEOUT;
}

int nt_loop_fd(struct nt_loop *l)
{
    return l->ops->fd(l);
}

int nt_loop_timeout(struct nt_loop *l)
{
    uint64_t next = l->ops->next(l), now = l->ops->now(l);
    if (next == UINT64_MAX)
        return -1;
    if (next <= now)
        return 0;
    uint64_t ms = (next - now + 999999) / 1000000;
    return ms > 86400000 ? 86400000 : (int)ms;
}

/* What is still taking its leave (a pipe's CLOSE, a logoff) is sent if that needs no waiting; then it hangs
 * up, and its owners free it from their callbacks. Whoever has not gone after so many turns was not closed by
 * its user. */
#define LAST_TURNS 100

void nt_loop_free(struct nt_loop *l)
{
    if (!l)
        return;
    nt_loop_workers_stop(l);
    run_deferred(l);
    turn(l, 0, NULL);
    for (int i = 0; i < LAST_TURNS && l->ops->hangup(l, STATUS_CONNECTION_ABORTED); i++)
        turn(l, 0, NULL);
    int post_fd = l->post_fd;
    struct io_workers *workers = l->workers;
    l->ops->free(l);
    io_workers_free(workers);
    if (post_fd >= 0)
        close(post_fd);
}

enum nt_status io_dial(struct nt_loop *l, struct io_stream *s, const struct io_addr *to, uint64_t deadline)
{
    return l->ops->dial(l, s, to, deadline);
}

enum nt_status io_attach(struct nt_loop *l, struct io_stream *s, int fd)
{
    return l->ops->attach(l, s, fd);
}

const char *io_peer(const struct io_stream *s)
{
    return s->loop ? s->loop->ops->peer(s) : "";
}

int io_fd(const struct io_stream *s)
{
    return s->loop && s->loop->ops->stream_fd ? s->loop->ops->stream_fd(s) : -1;
}

uint64_t io_loop_now(struct nt_loop *l)
{
    return l->ops->now(l);
}

const struct nt_env *io_loop_env(struct nt_loop *l)
{
    return l->env;
}

/* ---- cancel tokens ---- */

enum nt_status nt_cancel_new(struct nt_cancel **ret)
{
    struct nt_cancel *c = calloc(1, sizeof *c);
    if (!c)
        return STATUS_NO_MEMORY;
    c->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (c->fd < 0) {
        free(c);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    atomic_init(&c->refs, 1);
    atomic_init(&c->fired, false);
    *ret = c;
    return STATUS_SUCCESS;
}

void nt_cancel_fire(struct nt_cancel *c)
{
    int keep = errno; /* may run in a signal handler */
    atomic_store(&c->fired, true);
    uint64_t one = 1;
    ssize_t n = write(c->fd, &one, sizeof one); /* a full counter is readable too */
    (void)n;
    errno = keep;
}

bool nt_cancel_fired(const struct nt_cancel *c)
{
    return atomic_load(&c->fired);
}

void nt_cancel_reset(struct nt_cancel *c)
{
    uint64_t count;
    ssize_t n = read(c->fd, &count, sizeof count);
    (void)n;
    atomic_store(&c->fired, false);
}

struct nt_cancel *nt_cancel_ref(struct nt_cancel *c)
{
    if (c)
        atomic_fetch_add(&c->refs, 1);
    return c;
}

void nt_cancel_unref(struct nt_cancel *c)
{
    if (!c || atomic_fetch_sub(&c->refs, 1) != 1)
        return;
    close(c->fd);
    free(c);
}
