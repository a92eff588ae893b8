// SPDX-License-Identifier: Apache-2.0
/*
 * The driver over descriptors: loop_poll.c has its streams, loop_wait.c what it waits for, loop_heap.c when.
 *
 * A turn costs what happens in it, not what hangs on the loop: streams that have something to do are on the
 * todo list, deadlines are in a heap, and a loop with more than a few streams, or with a listener, waits in
 * epoll. A small one, such as that of a synchronous connection, waits in recv or poll, which cost it fewer
 * system calls.
 */
#ifndef IO_M_POLL_H
#define IO_M_POLL_H

#include <poll.h>
#include <sys/socket.h>
#include "io/m_loop.h"

struct dial;

#define DIAL_MAX_FDS 24

/* One for each stream. One that is being dialled has a dial; one without a stream waits on the todo list for
 * its end. */
struct poll_conn {
    struct io_stream *s;
    struct poll_conn *todo; /* the next one */
    uint64_t at;            /* its place in the heap: never later than its deadline */
    uint32_t heap;          /* index + 1; 0: no deadline */
    uint32_t slot;
    int fd; /* blocking; every call but the single stream's recv says MSG_DONTWAIT */
    bool in_todo;
    bool ticks;        /* recv ends after RECV_TICK */
    bool unread;       /* something has come that is not wanted now */
    uint32_t interest; /* what epoll watches it for; 0: not at all */
    struct dial *dial;
    struct pollfd *dial_fds; /* what epoll watches for the dial */
    uint32_t n_dial_fds;
    char peer[80];
};

/* Where a stream's record is. Events name slots, for which a closed descriptor may still come, with the count
 * of the uses that they have had. */
struct poll_slot {
    struct poll_conn *c; /* NULL: free */
    uint32_t uses, next; /* next: of the free ones, + 1 */
};

/* A cancel token that watches of this loop look at. */
struct poll_token {
    struct nt_cancel *cancel;
    unsigned n;
};

struct poll_loop {
    struct nt_loop base;
    struct poll_slot *slots;
    uint32_t n_slots, cap_slots, free_slot; /* free_slot: + 1 */
    uint32_t n;                             /* streams */
    struct poll_conn *todo, **todo_end;
    struct poll_conn **heap;
    uint32_t n_heap, cap_heap;
    struct poll_token *tokens;
    size_t n_tokens, cap_tokens;
    bool blind;   /* something could not be watched for want of memory: look often */
    bool skipped; /* the last turn did not look at the descriptors */
    bool posted;  /* epoll watches the descriptor of nt_loop_post */
    struct pollfd *pfds;
    size_t pfds_cap;
    int epfd;     /* -1: waits in poll */
    uint8_t *buf; /* receive buffer, lent to the engines */
};

/* ---- loop_poll.c ---- */
void poll_todo(struct poll_loop *l, struct poll_conn *c);
bool poll_receive(struct poll_loop *l, struct poll_conn *c, int flags);
bool poll_reads(const struct poll_conn *c);

/* ---- loop_heap.c ---- */
/* Room for one more stream. */
bool poll_heap_reserve(struct poll_loop *l);
/* The stream's deadline may have come nearer, or it left the heap when it was due. */
void poll_heap_settle(struct poll_loop *l, struct poll_conn *c);
void poll_heap_remove(struct poll_loop *l, struct poll_conn *c);
/* Moves what is due onto the todo list. */
void poll_heap_due(struct poll_loop *l, uint64_t now);
/* The earliest deadline; UINT64_MAX: none. */
uint64_t poll_heap_first(struct poll_loop *l);

/* ---- loop_wait.c ---- */
/* Waits in epoll from now on. False if it cannot be had. */
bool poll_use_epoll(struct poll_loop *l);
/* Waits, receives, accepts; puts what else happened on the todo list. */
bool poll_wait(struct poll_loop *l, uint64_t until, uint64_t now, struct nt_cancel *cancel);
/* The time at which a listener goes on that ran out of descriptors; UINT64_MAX: none. */
uint64_t poll_resume(struct poll_loop *l);
/* Brings what epoll watches in line with what a stream wants; STATUS_INSUFFICIENT_RESOURCES. */
enum nt_status poll_watch_conn(struct poll_loop *l, struct poll_conn *c);
/* Before its descriptors are closed. */
void poll_unwatch_conn(struct poll_loop *l, struct poll_conn *c);
void poll_token(struct nt_loop *base, struct nt_cancel *cancel, bool on);
void poll_unwatch_listener(struct nt_loop *base, struct io_listener *w);

/* ---- dial.c ---- */
/* A dial ends by telling so once, from dial_turn. */
enum nt_status dial_start(const struct io_addr *to, uint64_t now, uint64_t deadline, struct dial **ret);
/* Appends the descriptors it waits for; returns how many (at most max). */
size_t dial_pollfds(struct dial *d, struct pollfd *p, size_t max);
uint64_t dial_next(struct dial *d);
/* Looks at what became ready. STATUS_PENDING: go on. STATUS_SUCCESS: *ret_fd is connected, peer is filled. */
enum nt_status dial_turn(struct dial *d, uint64_t now, int *ret_fd, char *peer, size_t peer_size);
void dial_free(struct dial *d);

enum nt_status nt_from_errno(int e);

#endif
