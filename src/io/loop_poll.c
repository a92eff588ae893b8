// SPDX-License-Identifier: Apache-2.0
/*
 * The driver over descriptors: sockets and time. A loop with one stream and no cancel token waits inside recv
 * itself, so that a warm call costs two system calls; everything else is loop_wait.c's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>
#include "io/m_poll.h"

/* One SMB message with a whole transact answer (64 KiB) and its framing fits. */
#define RECV_BUFFER ((size_t)80 << 10)
/* A lone stream blocks in recv for this long at a time (SO_RCVTIMEO, set once); deadlines nearer than two
 * ticks are kept exactly by poll. */
#define RECV_TICK UINT64_C(1000000000)
#define SEND_IOV  16
/* Streams up to which poll(2) is cheaper than to keep epoll told what each wants. */
#define POLL_MOST 8

static struct poll_loop *as_poll(struct nt_loop *l)
{
    return (struct poll_loop *)(void *)l;
}

static uint64_t now_of(struct nt_loop *l)
{
    return l->env->monotonic(l->env->arg);
}

/* ---- streams ---- */

void poll_todo(struct poll_loop *l, struct poll_conn *c)
{
    if (c->in_todo)
        return;
    c->in_todo = true;
    c->todo = NULL;
    *l->todo_end = c;
    l->todo_end = &c->todo;
}

static bool slot_reserve(struct poll_loop *l)
{
    if (l->free_slot || l->n_slots < l->cap_slots)
        return true;
    uint32_t cap = l->cap_slots ? l->cap_slots * 2 : 4;
    struct poll_slot *p = realloc(l->slots, cap * sizeof *p);
    if (!p)
        return false;
    l->slots = p;
    l->cap_slots = cap;
    return true;
}

static void slot_take(struct poll_loop *l, struct poll_conn *c)
{
    if (l->free_slot) {
        c->slot = l->free_slot - 1;
        l->free_slot = l->slots[c->slot].next;
    } else {
        c->slot = l->n_slots++;
        l->slots[c->slot].uses = 0;
    }
    l->slots[c->slot].c = c;
}

static void slot_free(struct poll_loop *l, uint32_t i)
{
    l->slots[i] = (struct poll_slot){ .uses = l->slots[i].uses + 1, .next = l->free_slot };
    l->free_slot = i + 1;
}

static struct poll_conn *conn_add(struct poll_loop *l, struct io_stream *s)
{
    struct poll_conn *c = slot_reserve(l) && poll_heap_reserve(l) ? calloc(1, sizeof *c) : NULL;
    if (!c)
        return NULL;
    c->s = s;
    c->fd = -1;
    s->loop = &l->base;
    s->drv = c;
    s->now = now_of(&l->base);
    slot_take(l, c);
    l->n++;
    poll_todo(l, c);
    return c;
}

static void conn_shut(struct poll_loop *l, struct poll_conn *c)
{
    poll_unwatch_conn(l, c);
    dial_free(c->dial);
    c->dial = NULL;
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

static enum nt_status poll_dial(struct nt_loop *base, struct io_stream *s, const struct io_addr *to,
                                uint64_t deadline)
{
    struct poll_loop *l = as_poll(base);
    struct dial *d;
    enum nt_status st = dial_start(to, now_of(base), deadline, &d);
    if (st != STATUS_SUCCESS)
        return st;
    struct poll_conn *c = conn_add(l, s);
    if (!c) {
        dial_free(d);
        return STATUS_NO_MEMORY;
    }
    c->dial = d;
    s->state = IO_DIALING;
    return STATUS_SUCCESS;
}

static enum nt_status poll_attach(struct nt_loop *base, struct io_stream *s, int fd)
{
    struct sockaddr_storage peer = { 0 }; /* the kernel gives a nameless unix socket no path at all */
    socklen_t len = sizeof peer;
    struct poll_conn *c = conn_add(as_poll(base), s);
    if (!c)
        return STATUS_NO_MEMORY;
    c->fd = fd;
    if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0)
        io_peer_text((struct sockaddr *)&peer, c->peer, sizeof c->peer);
    s->state = IO_OPEN;
    return STATUS_SUCCESS;
}

static void poll_kick(struct nt_loop *l, struct io_stream *s)
{
    poll_todo(as_poll(l), s->drv);
}

static void poll_close(struct nt_loop *l, struct io_stream *s)
{
    conn_shut(as_poll(l), s->drv);
}

/* Somebody further up may still look at the record; it goes when its turn on the todo list comes. */
static void poll_detach(struct nt_loop *base, struct io_stream *s)
{
    struct poll_loop *l = as_poll(base);
    struct poll_conn *c = s->drv;
    conn_shut(l, c);
    poll_heap_remove(l, c);
    slot_free(l, c->slot);
    l->n--;
    c->s = NULL;
    s->drv = NULL;
    poll_todo(l, c);
}

/* Is its output kept back? */
static bool lingers(struct io_stream *s, uint64_t now)
{
    if (!s->lingers || !s->out_head)
        return false;
    if (!s->linger_until)
        s->linger_until = now + IO_LINGER_NS;
    if (now < s->linger_until && s->queued < IO_LINGER_MOST)
        return true;
    s->lingers = false;
    s->linger_until = 0;
    return false;
}

static void flush(struct poll_loop *l, struct poll_conn *c, uint64_t now)
{
    if (lingers(c->s, now))
        return;
    while (c->s && c->fd >= 0 && c->s->state == IO_OPEN && c->s->out_head) {
        struct iovec iov[SEND_IOV];
        struct msghdr m = { .msg_iov = iov };
        m.msg_iovlen = (size_t)io_pending(c->s, iov, SEND_IOV);
        ssize_t n = m.msg_iovlen == 1 ? send(c->fd, iov[0].iov_base, iov[0].iov_len, MSG_NOSIGNAL | MSG_DONTWAIT)
                                      : sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n < 0) {
            io_hangup(c->s, nt_from_errno(errno), now_of(&l->base));
            return;
        }
        io_sent(c->s, (size_t)n);
    }
}

static void work_there(void *arg)
{
    struct io_item *it = arg;
    it->work(it);
}

/* A stream that has ended meanwhile has cancelled its item, which has none then. */
static void work_back(void *arg)
{
    struct io_item *it = arg;
    struct io_stream *s = it->stream;
    io_work_done(s, it, s ? now_of(s->loop) : 0);
}

/* Blocking work runs on a thread that was given to the loop, or in place where there is none. */
static bool run_work(struct poll_loop *l, struct poll_conn *c)
{
    bool ran = false;
    struct io_item *it;
    while (c->s && (it = io_take_work(c->s))) {
        if (io_loop_work_of(&l->base, c->s->kin, work_there, work_back, it))
            continue;
        it->work(it);
        io_work_done(c->s, it, now_of(&l->base));
        ran = true;
    }
    return ran;
}

static bool dial_step(struct poll_loop *l, struct poll_conn *c, uint64_t now)
{
    int fd = -1;
    enum nt_status st = dial_turn(c->dial, now, &fd, c->peer, sizeof c->peer);
    if (st == STATUS_PENDING)
        return false;
    poll_unwatch_conn(l, c);
    dial_free(c->dial);
    c->dial = NULL;
    if (st != STATUS_SUCCESS) {
        io_hangup(c->s, st, now);
        return true;
    }
    c->fd = fd;
    io_opened(c->s, now);
    return true;
}

/* Everything that needs no waiting, for one stream. */
static bool conn_step(struct poll_loop *l, struct poll_conn *c, uint64_t now)
{
    bool ran = false;
    if (c->s && c->dial)
        ran |= dial_step(l, c, now);
    if (c->s && io_deadline(c->s) <= now) {
        io_step(c->s, now);
        ran = true;
    }
    if (c->s)
        ran |= run_work(l, c);
    if (c->s)
        flush(l, c, now);
    return ran;
}

/* Where the stream stands now: when it wants to be woken, and for what. */
static void settle(struct poll_loop *l, struct poll_conn *c)
{
    if (io_deadline(c->s) == 0)
        poll_todo(l, c);
    else
        poll_heap_settle(l, c);
    enum nt_status st = poll_watch_conn(l, c);
    if (st != STATUS_SUCCESS) {
        io_hangup(c->s, st, now_of(&l->base));
        poll_todo(l, c);
    }
}

/* Streams that are put on the list meanwhile wait for the next walk. */
static bool step_all(struct poll_loop *l)
{
    bool ran = false;
    uint64_t now = now_of(&l->base);
    poll_heap_due(l, now);
    struct poll_conn *c = l->todo;
    l->todo = NULL;
    l->todo_end = &l->todo;
    while (c) {
        struct poll_conn *next = c->todo;
        c->in_todo = false;
        if (c->s)
            ran |= conn_step(l, c, now);
        if (c->s)
            settle(l, c);
        else if (!c->in_todo) /* else it ended just now, and comes by again */
            free(c);
        c = next;
    }
    return ran;
}

bool poll_receive(struct poll_loop *l, struct poll_conn *c, int flags)
{
    bool secret = c->s->secret; /* before the engine, which may say otherwise of what comes later, or end */
    ssize_t n = recv(c->fd, l->buf, RECV_BUFFER, flags);
    if (n > 0)
        io_feed(c->s, l->buf, (size_t)n, now_of(&l->base));
    if (n > 0 && secret)
        nt_wipe(l->buf, (size_t)n);
    if (n > 0)
        return true;
    if (n == 0)
        io_hangup(c->s, STATUS_CONNECTION_DISCONNECTED, now_of(&l->base));
    else if (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)
        return false;
    else
        io_hangup(c->s, nt_from_errno(errno), now_of(&l->base));
    return true;
}

bool poll_reads(const struct poll_conn *c)
{
    return c->s && c->fd >= 0 && c->s->state == IO_OPEN && !c->s->held &&
           ((c->s->queued < IO_HIGH_WATER && c->s->n_out < IO_MANY_OUT) || c->s->reads_on);
}

static struct poll_conn *only_conn(const struct poll_loop *l)
{
    uint32_t i = 0;
    while (!l->slots[i].c)
        i++;
    return l->slots[i].c;
}

/* One stream that awaits an answer, and nothing else that could happen before `next`. */
static struct poll_conn *lone(struct poll_loop *l, uint64_t next, uint64_t now)
{
    if (l->n != 1 || next <= now + 2 * RECV_TICK || l->n_tokens || l->base.listeners ||
        l->base.post_fd >= 0 || l->blind)
        return NULL;
    struct poll_conn *c = only_conn(l);
    struct timeval tick = { .tv_sec = (time_t)(RECV_TICK / 1000000000U) };
    if (!poll_reads(c) || c->s->out_head)
        return NULL;
    if (!c->ticks && setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof tick) != 0)
        return NULL;
    c->ticks = true;
    return c;
}

static bool poll_turn(struct nt_loop *base, uint64_t until, struct nt_cancel *cancel)
{
    struct poll_loop *l = as_poll(base);
    if (l->n > POLL_MOST || base->listeners)
        (void)poll_use_epoll(l); /* without it poll does, only slower */
    bool ran = step_all(l);
    uint64_t next = ran || l->todo ? 0 : poll_heap_first(l);
    if (until < next)
        next = until;
    /* What ran may be all that the caller waits for, so the descriptors can wait for the next turn; but not
     * twice in a row, or callbacks that keep waking each other would starve them. */
    bool skip = ran && !l->skipped;
    l->skipped = skip;
    if (skip)
        return true;
    uint64_t now = now_of(base);
    struct poll_conn *only = cancel ? NULL : lone(l, next, now);
    if (only) {
        ran |= poll_receive(l, only, 0);
        if (only->s)
            poll_todo(l, only);
    } else {
        ran |= poll_wait(l, next, now, cancel);
    }
    ran |= step_all(l);
    return ran;
}

static uint64_t poll_next(struct nt_loop *base)
{
    struct poll_loop *l = as_poll(base);
    if (l->todo)
        return 0;
    uint64_t resume = poll_resume(l), first = poll_heap_first(l);
    return resume < first ? resume : first;
}

static int poll_fd(struct nt_loop *base)
{
    (void)poll_use_epoll(as_poll(base));
    return as_poll(base)->epfd;
}

static const char *poll_peer(const struct io_stream *s)
{
    const struct poll_conn *c = s->drv;
    return c ? c->peer : "";
}

static int poll_stream_fd(const struct io_stream *s)
{
    const struct poll_conn *c = s->drv;
    return c && !c->dial ? c->fd : -1;
}

static bool poll_hangup(struct nt_loop *base, enum nt_status why)
{
    struct poll_loop *l = as_poll(base);
    for (uint32_t i = 0; i < l->n_slots; i++)
        if (l->slots[i].c)
            io_hangup(l->slots[i].c->s, why, now_of(base));
    return l->n != 0;
}

static void poll_free(struct nt_loop *base)
{
    struct poll_loop *l = as_poll(base);
    for (uint32_t i = 0; i < l->n_slots; i++)
        if (l->slots[i].c) { /* a stream left behind must not point here */
            l->slots[i].c->s->loop = NULL;
            poll_detach(base, l->slots[i].c->s);
        }
    while (l->todo) {
        struct poll_conn *c = l->todo;
        l->todo = c->todo;
        free(c);
    }
    if (l->epfd >= 0)
        close(l->epfd);
    free(l->slots);
    free(l->heap);
    free(l->tokens);
    free(l->pfds);
    free(l->buf);
    free(l);
}

static const struct io_driver_ops poll_ops = {
    .name = "poll",
    .dial = poll_dial,
    .attach = poll_attach,
    .kick = poll_kick,
    .close = poll_close,
    .detach = poll_detach,
    .turn = poll_turn,
    .now = now_of,
    .next = poll_next,
    .fd = poll_fd,
    .peer = poll_peer,
    .stream_fd = poll_stream_fd,
    .hangup = poll_hangup,
    .free = poll_free,
    .token = poll_token,
    .unlisten = poll_unwatch_listener,
    .listens = true,
};

enum nt_status nt_loop_new(const struct nt_env *env, struct nt_loop **ret)
{
    struct poll_loop *l = calloc(1, sizeof *l);
    if (!l)
        return STATUS_NO_MEMORY;
    l->buf = malloc(RECV_BUFFER);
    if (!l->buf) {
        free(l);
        return STATUS_NO_MEMORY;
    }
    l->base.ops = &poll_ops;
    l->base.env = env ? env : nt_env_system();
    l->base.post_fd = -1;
    l->epfd = -1;
    l->todo_end = &l->todo;
    *ret = &l->base;
    return STATUS_SUCCESS;
}
