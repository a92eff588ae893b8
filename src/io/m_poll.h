// SPDX-License-Identifier: Apache-2.0
/* The poll driver's records. One conn for each stream; a conn that is being dialled has a dial. */
#ifndef IO_M_POLL_H
#define IO_M_POLL_H

#include <poll.h>
#include <sys/socket.h>
#include "io/m_loop.h"

struct dial;

struct poll_conn {
    struct io_stream *s; /* NULL: detached, to be reaped */
    int fd;              /* blocking; every call but the single stream's recv says MSG_DONTWAIT */
    struct dial *dial;
    char peer[80];
};

struct poll_loop {
    struct nt_loop base;
    struct poll_conn **conns;
    size_t n, cap;
    size_t detached;
    bool skipped; /* the last turn did not look at the descriptors */
    bool kicked;  /* something was queued since the last turn: a foreign loop must not sleep over it */
    struct pollfd *pfds;
    size_t pfds_cap;
    int epfd;                  /* for nt_loop_fd; -1 until asked for */
    struct pollfd *registered; /* what epfd watches */
    size_t n_registered;
    uint8_t *buf; /* receive buffer, lent to the engines */
};

/* A dial ends by calling poll_dialled once, from dial_turn. */
enum nt_status dial_start(struct poll_conn *c, const struct io_addr *to, uint64_t now, uint64_t deadline,
                          struct dial **ret);
/* Appends the descriptors it waits for; returns how many (at most max). */
size_t dial_pollfds(struct dial *d, struct pollfd *p, size_t max);
#define DIAL_MAX_FDS 24
uint64_t dial_next(struct dial *d);
/* Looks at what became ready. STATUS_PENDING: go on. STATUS_SUCCESS: *ret_fd is connected, peer is filled. */
enum nt_status dial_turn(struct dial *d, uint64_t now, int *ret_fd, char *peer, size_t peer_size);
void dial_free(struct dial *d);

enum nt_status nt_from_errno(int e);

#endif
