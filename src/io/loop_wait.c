// SPDX-License-Identifier: Apache-2.0
/* What a loop over descriptors waits for: in poll(2) while it is small, in epoll(7) when it has grown. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "io/m_poll.h"

/* Events taken at a time. epoll hands them out in turn, so more streams than this do not starve each other.
 */
#define EVENTS 128
/* How long a loop sleeps that could not watch all that it has to. */
#define BLIND UINT64_C(50000000)

/* In place of a slot: events that belong to no stream. */
#define SLOT_LISTENER UINT32_MAX
#define SLOT_TOKEN    (UINT32_MAX - 1)
#define SLOT_POST     (UINT32_MAX - 2)

static struct poll_loop *as_poll(struct nt_loop *l)
{
    return (struct poll_loop *)(void *)l;
}

/* ---- epoll ---- */

static bool control(struct poll_loop *l, int op, int fd, uint32_t events, uint32_t slot, uint32_t uses)
{
    struct epoll_event e = { .events = events, .data.u64 = (uint64_t)uses << 32 | slot };
    return epoll_ctl(l->epfd, op, fd, &e) == 0;
}

static void add_special(struct poll_loop *l, int fd, uint32_t slot)
{
    if (l->epfd >= 0 && !control(l, EPOLL_CTL_ADD, fd, EPOLLIN, slot, 0))
        l->blind = true;
}

static void forget_dial(struct poll_loop *l, struct poll_conn *c)
{
    for (uint32_t i = 0; i < c->n_dial_fds; i++) /* those that are closed have gone by themselves */
        (void)control(l, EPOLL_CTL_DEL, c->dial_fds[i].fd, 0, 0, 0);
    c->n_dial_fds = 0;
}

/* A dial opens and closes descriptors at every step, so numbers say nothing: all is done anew. */
static enum nt_status watch_dial(struct poll_loop *l, struct poll_conn *c)
{
    forget_dial(l, c);
    if (!c->dial_fds && !(c->dial_fds = malloc(DIAL_MAX_FDS * sizeof *c->dial_fds)))
        return STATUS_NO_MEMORY;
    c->n_dial_fds = (uint32_t)dial_pollfds(c->dial, c->dial_fds, DIAL_MAX_FDS);
    for (uint32_t i = 0; i < c->n_dial_fds; i++) {
        uint32_t events = (c->dial_fds[i].events & POLLIN ? (uint32_t)EPOLLIN : 0U) |
                          (c->dial_fds[i].events & POLLOUT ? (uint32_t)EPOLLOUT : 0U);
        if (!control(l, EPOLL_CTL_ADD, c->dial_fds[i].fd, events, c->slot, l->slots[c->slot].uses))
            return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

enum nt_status poll_watch_conn(struct poll_loop *l, struct poll_conn *c)
{
    if (l->epfd < 0)
        return STATUS_SUCCESS;
    if (c->dial)
        return watch_dial(l, c);
    if (c->dial_fds) {
        forget_dial(l, c);
        free(c->dial_fds);
        c->dial_fds = NULL;
    }
    bool reads = poll_reads(c);
    uint32_t want =
        (reads ? (uint32_t)EPOLLIN : 0U) | (c->fd >= 0 && c->s->out_head && !c->s->lingers ? (uint32_t)EPOLLOUT : 0U);
    /* Who is held up mostly reads on before anything has come: only what does come is to be kept off. */
    if (reads)
        c->unread = false;
    else if (!c->unread && c->fd >= 0)
        want |= c->interest & (uint32_t)EPOLLIN;
    if (want == c->interest)
        return STATUS_SUCCESS;
    int op = !c->interest ? EPOLL_CTL_ADD : want ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;
    if (!control(l, op, c->fd, want, c->slot, l->slots[c->slot].uses))
        return STATUS_INSUFFICIENT_RESOURCES;
    c->interest = want;
    return STATUS_SUCCESS;
}

/* Explicitly, for a descriptor that a child of fork has, too, would be watched for ever. */
void poll_unwatch_conn(struct poll_loop *l, struct poll_conn *c)
{
    forget_dial(l, c);
    free(c->dial_fds);
    c->dial_fds = NULL;
    if (c->interest)
        (void)control(l, EPOLL_CTL_DEL, c->fd, 0, 0, 0);
    c->interest = 0;
}

void poll_unwatch_listener(struct nt_loop *base, struct io_listener *w)
{
    if (w->watched)
        (void)control(as_poll(base), EPOLL_CTL_DEL, w->fd, 0, 0, 0);
    w->watched = false;
}

/* Several watches may look at one token, which is watched once. */
void poll_token(struct nt_loop *base, struct nt_cancel *cancel, bool on)
{
    struct poll_loop *l = as_poll(base);
    size_t i = l->n_tokens;
    while (i && l->tokens[i - 1].cancel != cancel) /* mostly a recent one */
        i--;
    if (i) {
        struct poll_token *t = &l->tokens[i - 1];
        t->n += on ? 1U : -1U;
        if (t->n)
            return;
        if (l->epfd >= 0)
            (void)control(l, EPOLL_CTL_DEL, cancel->fd, 0, 0, 0);
        *t = l->tokens[--l->n_tokens];
        return;
    }
    if (!on)
        return; /* there was no memory for it */
    if (l->n_tokens == l->cap_tokens) {
        size_t cap = l->cap_tokens ? l->cap_tokens * 2 : 4;
        struct poll_token *p = realloc(l->tokens, cap * sizeof *p);
        if (!p) {
            l->blind = true;
            return;
        }
        l->tokens = p;
        l->cap_tokens = cap;
    }
    l->tokens[l->n_tokens++] = (struct poll_token){ cancel, 1 };
    add_special(l, cancel->fd, SLOT_TOKEN);
}

/* One that ran out of descriptors rests a while: its socket stays readable. */
static void watch_listeners(struct poll_loop *l, uint64_t now)
{
    for (struct io_listener *w = l->base.listeners; w; w = w->next) {
        if (w->resume && w->resume <= now)
            w->resume = 0;
        if (l->epfd < 0 || w->watched == !w->resume)
            continue;
        if (w->watched) {
            poll_unwatch_listener(&l->base, w);
        } else {
            w->watched = true;
            if (!control(l, EPOLL_CTL_ADD, w->fd, EPOLLIN, SLOT_LISTENER, (uint32_t)w->fd))
                l->blind = true;
        }
    }
}

static void watch_posts(struct poll_loop *l)
{
    if (l->epfd < 0 || l->posted || l->base.post_fd < 0)
        return;
    l->posted = true;
    add_special(l, l->base.post_fd, SLOT_POST);
}

bool poll_use_epoll(struct poll_loop *l)
{
    if (l->epfd >= 0)
        return true;
    l->epfd = epoll_create1(EPOLL_CLOEXEC);
    if (l->epfd < 0)
        return false;
    for (uint32_t i = 0; i < l->n_slots; i++)
        if (l->slots[i].c && poll_watch_conn(l, l->slots[i].c) != STATUS_SUCCESS)
            l->blind = true;
    for (size_t i = 0; i < l->n_tokens; i++)
        add_special(l, l->tokens[i].cancel->fd, SLOT_TOKEN);
    watch_listeners(l, 0);
    watch_posts(l);
    return true;
}

uint64_t poll_resume(struct poll_loop *l)
{
    uint64_t next = UINT64_MAX;
    for (const struct io_listener *w = l->base.listeners; w; w = w->next)
        if (w->resume && w->resume < next)
            next = w->resume;
    return next;
}

/* ---- what happened ---- */

/* Takes connections from those listeners that `called`, or from all. A callback may end its own listener, not another. */
static bool accept_from(struct poll_loop *l, bool all)
{
    bool ran = false;
    uint64_t now = l->base.env->monotonic(l->base.env->arg);
    for (struct io_listener *w = l->base.listeners, *next; w; w = next) {
        bool look = all || w->called;
        next = w->next;
        w->called = false;
        ran |= look && w->resume == 0 && io_listener_turn(w, now);
    }
    return ran;
}

static void listener_called(struct poll_loop *l, uint32_t fd)
{
    for (struct io_listener *w = l->base.listeners; w; w = w->next)
        w->called |= (uint32_t)w->fd == fd;
}

/* What else there is to do for a stream is done by the next walk over the todo list. */
static bool conn_event(struct poll_loop *l, struct poll_conn *c, bool readable)
{
    poll_todo(l, c);
    if (readable && poll_reads(c))
        return poll_receive(l, c, MSG_DONTWAIT);
    c->unread |= readable;
    return false;
}

static void timespec_of(uint64_t ns, struct timespec *ret)
{
    *ret = (struct timespec){ .tv_sec = (time_t)(ns / 1000000000U), .tv_nsec = (long)(ns % 1000000000U) };
}

/* ---- poll ---- */

static bool grow_pollfds(struct poll_loop *l, size_t need)
{
    if (need <= l->pfds_cap)
        return true;
    struct pollfd *p = realloc(l->pfds, need * 2 * sizeof *p);
    if (!p)
        return false;
    l->pfds = p;
    l->pfds_cap = need * 2;
    return true;
}

/* Of all slots, then of dials, tokens, listeners. 0 when memory is short. */
static size_t fill_pollfds(struct poll_loop *l, struct nt_cancel *cancel)
{
    size_t need = l->n_slots + l->n_tokens + 2, n = 0;
    for (uint32_t i = 0; i < l->n_slots; i++)
        if (l->slots[i].c && l->slots[i].c->dial)
            need += DIAL_MAX_FDS;
    for (struct io_listener *w = l->base.listeners; w; w = w->next)
        need++;
    if (!grow_pollfds(l, need))
        return 0;
    for (uint32_t i = 0; i < l->n_slots; i++) {
        const struct poll_conn *c = l->slots[i].c;
        int events = c && c->fd >= 0 ? (poll_reads(c) ? POLLIN : 0) | (c->s->out_head && !c->s->lingers ? POLLOUT : 0) : 0;
        l->pfds[n++] = (struct pollfd){ .fd = events ? c->fd : -1, .events = (short)events };
    }
    for (uint32_t i = 0; i < l->n_slots; i++)
        if (l->slots[i].c && l->slots[i].c->dial)
            n += dial_pollfds(l->slots[i].c->dial, l->pfds + n, DIAL_MAX_FDS);
    for (size_t i = 0; i < l->n_tokens; i++)
        l->pfds[n++] = (struct pollfd){ .fd = l->tokens[i].cancel->fd, .events = POLLIN };
    for (struct io_listener *w = l->base.listeners; w; w = w->next)
        l->pfds[n++] = (struct pollfd){ .fd = w->resume ? -1 : w->fd, .events = POLLIN };
    l->pfds[n++] = (struct pollfd){ .fd = l->base.post_fd, .events = POLLIN };
    if (cancel)
        l->pfds[n++] = (struct pollfd){ .fd = cancel->fd, .events = POLLIN };
    return n;
}

static bool wait_poll(struct poll_loop *l, const struct timespec *timeout, struct nt_cancel *cancel)
{
    uint32_t slots = l->n_slots;
    size_t n = fill_pollfds(l, cancel);
    if ((n == 0 && !timeout) || ppoll(l->pfds, n, timeout, NULL) <= 0)
        return false;
    bool ran = false;
    for (uint32_t i = 0; i < slots && i < n; i++) {
        struct poll_conn *c = l->slots[i].c;
        short got = l->pfds[i].revents;
        if (c && (got || c->dial))
            ran |= conn_event(l, c, got & (POLLIN | POLLERR | POLLHUP));
    }
    io_posts_clear(&l->base);
    return accept_from(l, true) || ran;
}

/* ---- waiting ---- */

static int milliseconds(const struct timespec *timeout)
{
    if (!timeout)
        return -1;
    if (timeout->tv_sec >= 86400)
        return 86400000;
    return (int)(timeout->tv_sec * 1000 + (timeout->tv_nsec + 999999) / 1000000); /* never too early */
}

static bool one_event(struct poll_loop *l, const struct epoll_event *e, bool *ret_listeners)
{
    uint32_t slot = (uint32_t)e->data.u64, uses = (uint32_t)(e->data.u64 >> 32);
    if (slot == SLOT_LISTENER) {
        listener_called(l, uses);
        *ret_listeners = true;
    } else if (slot == SLOT_POST) {
        io_posts_clear(&l->base);
    } else if (slot < l->n_slots && l->slots[slot].c && l->slots[slot].uses == uses) {
        return conn_event(l, l->slots[slot].c, e->events & (EPOLLIN | EPOLLERR | EPOLLHUP));
    }
    return false;
}

static bool wait_epoll(struct poll_loop *l, const struct timespec *timeout, struct nt_cancel *cancel)
{
    struct epoll_event events[EVENTS];
    int ms = milliseconds(timeout);
    if (cancel && ms) { /* somebody waits here with a token that nothing else looks at */
        struct pollfd p[2] = { { .fd = l->epfd, .events = POLLIN }, { .fd = cancel->fd, .events = POLLIN } };
        if (ppoll(p, 2, timeout, NULL) <= 0)
            return false;
        ms = 0;
    }
    int n = epoll_wait(l->epfd, events, EVENTS, ms);
    bool ran = false, listeners = false;
    for (int i = 0; i < n; i++)
        ran |= one_event(l, &events[i], &listeners);
    if (listeners)
        ran |= accept_from(l, false);
    return ran;
}

bool poll_wait(struct poll_loop *l, uint64_t until, uint64_t now, struct nt_cancel *cancel)
{
    struct timespec ts = { 0 }, *timeout = &ts;
    watch_listeners(l, now);
    watch_posts(l);
    uint64_t resume = poll_resume(l), most = l->blind ? now + BLIND : UINT64_MAX;
    until = resume < until ? resume : until;
    until = most < until ? most : until;
    if (until == UINT64_MAX)
        timeout = NULL;
    else if (until > now)
        timespec_of(until - now, &ts);
    return l->epfd >= 0 ? wait_epoll(l, timeout, cancel) : wait_poll(l, timeout, cancel);
}
