// SPDX-License-Identifier: Apache-2.0
/*
 * Connections of a server on which nobody has shown yet who it is, in the order in which they came. Each
 * costs little, but anybody can be many of them, from many addresses. So where there is no room the oldest
 * goes and the newest comes in: an honest client is a guest for a few round trips only, and whoever wants to
 * keep it out has to open connections faster than that.
 */
#ifndef IO_GUESTS_H
#define IO_GUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where guests have less than this part of all connections, each has a little time before it may have to make
 * room: some round trips around the world, in nanoseconds. */
#define IO_GUESTS_FEW  8u
#define IO_GUEST_GRACE UINT64_C(500000000)

/* Parts of messages that all guests of a server may have sent, together. */
#define IO_GUESTS_HOLD ((size_t)16 << 20)

struct io_guest_list {
    struct io_guest *first, **end; /* the oldest first; end NULL: there has never been any */
};

struct io_guest_place {
    struct io_guest *next, **link; /* link NULL: not in the list */
};

struct io_guest {
    struct io_guest_place all, holding; /* of which part of a message has come */
    uint64_t since;                     /* monotonic */
    size_t held;
};

struct io_guests {
    struct io_guest_list all, holding;
    unsigned n;
    size_t held;
};

static inline void io_guest_enter(struct io_guests *all, struct io_guest *g, uint64_t now)
{
    *g = (struct io_guest){ .since = now };
    if (!all->all.end)
        all->all.end = &all->all.first;
    g->all.link = all->all.end;
    *g->all.link = g;
    all->all.end = &g->all.next;
    all->n++;
}

static inline void io_guest_holds_none(struct io_guests *all, struct io_guest *g)
{
    if (!g->holding.link)
        return;
    *g->holding.link = g->holding.next;
    if (g->holding.next)
        g->holding.next->holding.link = g->holding.link;
    else
        all->holding.end = g->holding.link;
    g->holding = (struct io_guest_place){ 0 };
    all->held -= g->held;
    g->held = 0;
}

/* It has a name now, or has gone. */
static inline void io_guest_leave(struct io_guests *all, struct io_guest *g)
{
    if (!g->all.link)
        return;
    io_guest_holds_none(all, g);
    *g->all.link = g->all.next;
    if (g->all.next)
        g->all.next->all.link = g->all.link;
    else
        all->all.end = g->all.link;
    all->n--;
    *g = (struct io_guest){ 0 };
}

/* So much of a message has come from it. Whoever has to go for that: the oldest other one that holds
 * something, not one that is about to show who it is. NULL: nobody. */
static inline struct io_guest *io_guest_holds(struct io_guests *all, struct io_guest *g, size_t bytes)
{
    if (!g->all.link)
        return NULL;
    if (!bytes) {
        io_guest_holds_none(all, g);
        return NULL;
    }
    if (!g->holding.link) {
        if (!all->holding.end)
            all->holding.end = &all->holding.first;
        g->holding.link = all->holding.end;
        *g->holding.link = g;
        all->holding.end = &g->holding.next;
    }
    all->held += bytes - g->held; /* unsigned: less is more of the other kind */
    g->held = bytes;
    if (all->held <= IO_GUESTS_HOLD)
        return NULL;
    return all->holding.first != g ? all->holding.first : g->holding.next;
}

/* Whether g may be sent away for one more connection, where there may be `most`. */
static inline bool io_guest_may_go(const struct io_guests *all, const struct io_guest *g, unsigned most,
                                   uint64_t now)
{
    return all->n >= most / IO_GUESTS_FEW || now - g->since >= IO_GUEST_GRACE;
}

#endif
