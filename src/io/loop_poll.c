// SPDX-License-Identifier: Apache-2.0
/*
 * The poll driver: sockets and time. A loop with one stream and no cancel token waits inside recv itself, so
 * that a warm call costs two system calls; everything else goes through poll(2).
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <unistd.h>
#include "io/m_poll.h"

/* One SMB message with a whole transact answer (64 KiB) and its framing fits. */
#define RECV_BUFFER ((size_t)80 << 10)
/* A lone stream blocks in recv for this long at a time (SO_RCVTIMEO, set once); deadlines nearer than two
 * ticks are kept exactly by poll. */
#define RECV_TICK UINT64_C(1000000000)
#define SEND_IOV  16

static struct poll_loop *as_poll(struct nt_loop *l)
{
    return (struct poll_loop *)(void *)l;
}

static uint64_t now_of(struct nt_loop *l)
{
    return l->env->monotonic(l->env->arg);
}

static struct poll_conn *conn_add(struct poll_loop *l, struct io_stream *s, enum nt_status *ret_st)
{
    *ret_st = STATUS_NO_MEMORY;
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 4;
        struct poll_conn **p = realloc(l->conns, cap * sizeof *p);
        if (!p)
            return NULL;
        l->conns = p;
        l->cap = cap;
    }
    struct poll_conn *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->s = s;
    c->fd = -1;
    s->loop = &l->base;
    s->drv = c;
    l->conns[l->n++] = c;
    *ret_st = STATUS_SUCCESS;
    return c;
}

static void conn_shut(struct poll_conn *c)
{
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
    enum nt_status st = dial_start(NULL, to, now_of(base), deadline, &d);
    if (st != STATUS_SUCCESS)
        return st;
    struct poll_conn *c = conn_add(l, s, &st);
    if (!c) {
        dial_free(d);
        return st;
    }
    c->dial = d;
    s->state = IO_DIALING;
    s->now = now_of(base);
    return STATUS_SUCCESS;
}

static void socket_ready(struct poll_conn *c)
{
    struct timeval tick = { .tv_sec = (time_t)(RECV_TICK / 1000000000U) };
    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof tick);
}

static enum nt_status poll_attach(struct nt_loop *base, struct io_stream *s, int fd)
{
    enum nt_status st;
    struct sockaddr_storage peer = { 0 }; /* the kernel gives a nameless unix socket no path at all */
    socklen_t len = sizeof peer;
    struct poll_conn *c = conn_add(as_poll(base), s, &st);
    if (!c)
        return st;
    c->fd = fd;
    if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0)
        io_peer_text((struct sockaddr *)&peer, c->peer, sizeof c->peer);
    socket_ready(c);
    s->state = IO_OPEN;
    s->now = now_of(base);
    return STATUS_SUCCESS;
}

static void poll_kick(struct nt_loop *l, struct io_stream *s)
{
    as_poll(l)->kicked = true; /* each turn looks at all streams */
    (void)s;
}

static void poll_close(struct nt_loop *l, struct io_stream *s)
{
    (void)l;
    conn_shut(s->drv);
}

static void poll_detach(struct nt_loop *base, struct io_stream *s)
{
    struct poll_loop *l = as_poll(base);
    struct poll_conn *c = s->drv;
    conn_shut(c);
    c->s = NULL;
    s->drv = NULL;
    l->detached++;
}

static void reap(struct poll_loop *l)
{
    if (!l->detached)
        return;
    size_t to = 0;
    for (size_t i = 0; i < l->n; i++) {
        if (l->conns[i]->s)
            l->conns[to++] = l->conns[i];
        else
            free(l->conns[i]);
    }
    l->n = to;
    l->detached = 0;
}

static void flush(struct poll_loop *l, struct poll_conn *c)
{
    while (c->s && c->fd >= 0 && c->s->state == IO_OPEN && c->s->out_head) {
        struct iovec iov[SEND_IOV];
        struct msghdr m = { .msg_iov = iov };
        m.msg_iovlen = (size_t)io_pending(c->s, iov, SEND_IOV);
        ssize_t n = sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
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

/* Blocking work runs in place: this driver has no workers. */
static bool run_work(struct poll_loop *l, struct poll_conn *c)
{
    bool ran = false;
    struct io_item *it;
    while (c->s && (it = io_take_work(c->s))) {
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
    dial_free(c->dial);
    c->dial = NULL;
    if (st != STATUS_SUCCESS) {
        io_hangup(c->s, st, now);
        return true;
    }
    c->fd = fd;
    socket_ready(c);
    io_opened(c->s, now);
    (void)l;
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
        flush(l, c);
    return ran;
}

static bool step_all(struct poll_loop *l)
{
    bool ran = false;
    uint64_t now = now_of(&l->base);
    for (size_t i = 0; i < l->n; i++) /* n may grow meanwhile */
        ran |= conn_step(l, l->conns[i], now);
    return ran;
}

static uint64_t earliest(struct poll_loop *l)
{
    uint64_t next = UINT64_MAX;
    for (size_t i = 0; i < l->n; i++) {
        struct poll_conn *c = l->conns[i];
        if (!c->s)
            continue;
        uint64_t at = io_deadline(c->s);
        if (c->dial && dial_next(c->dial) < at)
            at = dial_next(c->dial);
        if (at < next)
            next = at;
    }
    return next;
}

static bool receive(struct poll_loop *l, struct poll_conn *c, int flags)
{
    ssize_t n = recv(c->fd, l->buf, RECV_BUFFER, flags);
    if (n > 0)
        io_feed(c->s, l->buf, (size_t)n, now_of(&l->base));
    else if (n == 0)
        io_hangup(c->s, STATUS_CONNECTION_DISCONNECTED, now_of(&l->base));
    else if (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)
        return false;
    else
        io_hangup(c->s, nt_from_errno(errno), now_of(&l->base));
    return true;
}

static bool conn_reads(const struct poll_conn *c)
{
    return c->s && c->fd >= 0 && c->s->state == IO_OPEN &&
           (c->s->queued < IO_HIGH_WATER || c->s->reads_on);
}

/* The pollfds of all streams, then those of dials, watches and the token. Grows the array as needed; 0 when
 * memory is short. */
static size_t fill_pollfds(struct poll_loop *l, struct nt_cancel *cancel)
{
    size_t need = l->n + 1;
    for (size_t i = 0; i < l->n; i++)
        if (l->conns[i]->dial)
            need += DIAL_MAX_FDS;
    for (struct io_watch *w = l->base.watches; w; w = w->next)
        need++;
    for (struct io_listener *w = l->base.listeners; w; w = w->next)
        need++;
    if (need > l->pfds_cap) {
        struct pollfd *p = realloc(l->pfds, need * 2 * sizeof *p);
        if (!p)
            return 0;
        l->pfds = p;
        l->pfds_cap = need * 2;
    }
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        struct poll_conn *c = l->conns[i];
        int events = (conn_reads(c) ? POLLIN : 0) | (c->s && c->s->out_head ? POLLOUT : 0);
        l->pfds[n++] =
            (struct pollfd){ .fd = c->s && c->fd >= 0 && events ? c->fd : -1, .events = (short)events };
    }
    for (size_t i = 0; i < l->n; i++)
        if (l->conns[i]->dial)
            n += dial_pollfds(l->conns[i]->dial, l->pfds + n, DIAL_MAX_FDS);
    for (struct io_watch *w = l->base.watches; w; w = w->next)
        l->pfds[n++] = (struct pollfd){ .fd = w->cancel->fd, .events = POLLIN };
    for (struct io_listener *w = l->base.listeners; w; w = w->next)
        l->pfds[n++] = (struct pollfd){ .fd = w->resume ? -1 : w->fd, .events = POLLIN };
    if (cancel)
        l->pfds[n++] = (struct pollfd){ .fd = cancel->fd, .events = POLLIN };
    return n;
}

/* One that ran out of descriptors rests a while: its socket stays readable. */
static uint64_t listeners_resume(struct poll_loop *l, uint64_t now)
{
    uint64_t next = UINT64_MAX;
    for (struct io_listener *w = l->base.listeners; w; w = w->next) {
        if (w->resume && w->resume <= now)
            w->resume = 0;
        if (w->resume && w->resume < next)
            next = w->resume;
    }
    return next;
}

/* A callback may end its own listener, not another. */
static bool accept_all(struct poll_loop *l, uint64_t now)
{
    bool ran = false;
    for (struct io_listener *w = l->base.listeners, *next; w; w = next) {
        next = w->next;
        ran |= w->resume == 0 && io_listener_turn(w, now);
    }
    return ran;
}

static bool wait_poll(struct poll_loop *l, uint64_t until, uint64_t now, struct nt_cancel *cancel)
{
    uint64_t resume = listeners_resume(l, now);
    size_t conns = l->n, n = fill_pollfds(l, cancel);
    struct timespec ts = { 0 }, *tp = &ts;
    if (resume < until)
        until = resume;
    if (until == UINT64_MAX)
        tp = NULL;
    else if (until > now)
        ts = (struct timespec){ .tv_sec = (time_t)((until - now) / 1000000000U),
                                .tv_nsec = (long)((until - now) % 1000000000U) };
    if (n == 0 && !tp)
        return false;
    if (ppoll(l->pfds, n, tp, NULL) <= 0)
        return false;
    bool ran = false;
    for (size_t i = 0; i < conns && i < n; i++) {
        struct poll_conn *c = l->conns[i];
        if ((l->pfds[i].revents & (POLLIN | POLLERR | POLLHUP)) && conn_reads(c))
            ran |= receive(l, c, MSG_DONTWAIT);
    }
    if (l->base.listeners)
        ran |= accept_all(l, now_of(&l->base));
    return ran;
}

/* What epfd watches is brought in line with what poll would wait for. */
static void sync_epoll(struct poll_loop *l)
{
    size_t n = fill_pollfds(l, NULL);
    struct pollfd *now = malloc((n ? n : 1) * sizeof *now);
    if (!now)
        return;
    size_t used = 0;
    for (size_t i = 0; i < n; i++)
        if (l->pfds[i].fd >= 0)
            now[used++] = l->pfds[i];
    for (size_t i = 0; i < l->n_registered; i++)
        epoll_ctl(l->epfd, EPOLL_CTL_DEL, l->registered[i].fd, NULL); /* gone if closed: no matter */
    for (size_t i = 0; i < used; i++) {
        struct epoll_event e = { .events = (now[i].events & POLLIN ? EPOLLIN : 0U) |
                                           (now[i].events & POLLOUT ? EPOLLOUT : 0U) };
        epoll_ctl(l->epfd, EPOLL_CTL_ADD, now[i].fd, &e);
    }
    free(l->registered);
    l->registered = now;
    l->n_registered = used;
}

static bool poll_turn(struct nt_loop *base, uint64_t until, struct nt_cancel *cancel)
{
    struct poll_loop *l = as_poll(base);
    bool ran = step_all(l);
    l->kicked = false;
    reap(l);
    uint64_t next = ran ? 0 : earliest(l);
    if (until < next)
        next = until;
    /* What ran may be all that the caller waits for, so the descriptors can wait for the next turn; but not
     * twice in a row, or callbacks that keep waking each other would starve them. */
    bool skip = ran && !l->skipped;
    l->skipped = skip;
    if (!skip) {
        uint64_t now = now_of(base);
        if (l->n == 1 && !cancel && !l->base.watches && !l->base.listeners && conn_reads(l->conns[0]) &&
            !l->conns[0]->s->out_head && next > now + 2 * RECV_TICK)
            ran |= receive(l, l->conns[0], 0);
        else
            ran |= wait_poll(l, next, now, cancel);
        ran |= step_all(l);
        reap(l);
    }
    if (l->epfd >= 0)
        sync_epoll(l);
    return ran;
}

static uint64_t poll_next(struct nt_loop *l)
{
    return as_poll(l)->kicked ? 0 : earliest(as_poll(l));
}

static int poll_fd(struct nt_loop *base)
{
    struct poll_loop *l = as_poll(base);
    if (l->epfd < 0) {
        l->epfd = epoll_create1(EPOLL_CLOEXEC);
        if (l->epfd >= 0)
            sync_epoll(l);
    }
    return l->epfd;
}

static const char *poll_peer(const struct io_stream *s)
{
    const struct poll_conn *c = s->drv;
    return c ? c->peer : "";
}

static bool poll_hangup(struct nt_loop *base, enum nt_status why)
{
    struct poll_loop *l = as_poll(base);
    bool any = false;
    for (size_t i = 0; i < l->n; i++)
        if (l->conns[i]->s) {
            any = true;
            io_hangup(l->conns[i]->s, why, now_of(base));
        }
    return any;
}

static void poll_free(struct nt_loop *base)
{
    struct poll_loop *l = as_poll(base);
    reap(l);
    for (size_t i = 0; i < l->n; i++) { /* a stream left behind must not point here */
        conn_shut(l->conns[i]);
        l->conns[i]->s->loop = NULL;
        free(l->conns[i]);
    }
    if (l->epfd >= 0)
        close(l->epfd);
    free(l->registered);
    free(l->pfds);
    free(l->conns);
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
    .hangup = poll_hangup,
    .free = poll_free,
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
    l->epfd = -1;
    *ret = &l->base;
    return STATUS_SUCCESS;
}
