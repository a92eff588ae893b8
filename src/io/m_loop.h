// SPDX-License-Identifier: Apache-2.0
/* What all loops share. A driver embeds struct nt_loop as its first member. */
#ifndef IO_M_LOOP_H
#define IO_M_LOOP_H

#include <stdatomic.h>
#include <sys/socket.h>
#include "io/io.h"

struct io_driver_ops {
    const char *name;
    enum nt_status (*dial)(struct nt_loop *l, struct io_stream *s, const struct io_addr *to,
                           uint64_t deadline);
    enum nt_status (*attach)(struct nt_loop *l, struct io_stream *s, int fd);
    /* There is output or work, or it wants to be woken earlier. */
    void (*kick)(struct nt_loop *l, struct io_stream *s);
    void (*close)(struct nt_loop *l,
                  struct io_stream *s); /* shut the transport, keep the stream's items running */
    void (*detach)(struct nt_loop *l, struct io_stream *s); /* forget the stream */
    /* One turn: wait until `until` (monotonic ns; 0: do not wait) or the token, move bytes, step the streams.
     * True when anything ran. */
    bool (*turn)(struct nt_loop *l, uint64_t until, struct nt_cancel *cancel);
    uint64_t (*now)(struct nt_loop *l);
    uint64_t (*next)(struct nt_loop *l); /* earliest deadline; 0: something is due now */
    int (*fd)(struct nt_loop *l);
    const char *(*peer)(const struct io_stream *s);
    int (*stream_fd)(const struct io_stream *s); /* -1: none; NULL: streams have none */
    bool (*hangup)(struct nt_loop *l, enum nt_status why); /* all streams; false: there are none */
    void (*free)(struct nt_loop *l);
    void (*token)(struct nt_loop *l, struct nt_cancel *c, bool on); /* a watch begins, ends; may be NULL */
    void (*unlisten)(struct nt_loop *l, struct io_listener *w);     /* before the socket is closed */
    bool listens; /* waits on descriptors, those of listeners included */
};

struct nt_loop {
    const struct io_driver_ops *ops;
    const struct nt_env *env;
    bool running;          /* inside a turn: callbacks are on the stack */
    struct io_item *defer; /* singly linked through next */
    struct io_watch *watches;
    struct io_listener *listeners;
    _Atomic(struct io_post *) posts; /* the latest first */
    struct io_workers *workers;      /* made by nt_loop_share */
    int post_fd;                     /* eventfd that nt_loop_post rings; -1: nt_loop_share was not called */
};

/* Something that another thread handed over. */
struct io_post {
    struct io_post *next;
    void (*fn)(void *arg);
    void *arg;
};
/* As nt_loop_post, with a record that was made before, and is freed when it has run. */
void io_loop_post(struct nt_loop *l, struct io_post *p);

struct io_workers;
enum nt_status io_workers_new(struct io_workers **ret);
void io_workers_free(struct io_workers *w);

/* The bell has been heard. What was posted runs at the end of the turn. */
void io_posts_clear(struct nt_loop *l);

/* Takes what waits on a listener that is readable. True when there was something. */
bool io_listener_turn(struct io_listener *l, uint64_t now);

/* The descriptor is made when a driver first waits on the token; firing before that only sets the flag. */
struct nt_cancel {
    atomic_uint refs;
    atomic_bool fired;
    int fd; /* eventfd */
};

#endif
