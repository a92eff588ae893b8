// SPDX-License-Identifier: Apache-2.0
/* Inside of pools: pool.c makes and frees them and says what may be repeated, pool_loop.c has calls on a
 * loop, pool_take.c connections that threads take out. */
#ifndef RPC_M_POOL_H
#define RPC_M_POOL_H

#include <pthread.h>
#include <msrpc/rpc_pool.h>
#include "rpc/m_client.h"

/* Sides without connections that are remembered, with what their first connection was like: one for each
 * thread that serves a user of its own, in a server of some size. */
#define RPC_POOL_SIDES 32u

/* What a pool has for one impersonation token: no connection and no association group is ever another's. */
struct rpc_pool_side {
    struct rpc_pool_side *next; /* newest first */
    struct rpc_pool *pool;
    uint64_t token;      /* 0: the process itself */
    unsigned users;      /* calls, and threads that want a connection */
    struct rpc_pin *pin; /* of the first connection; NULL: none yet, or that of the options holds */
    struct rpc_pool_conn *conns;
    unsigned n; /* open or being opened */
    unsigned opening;
    uint32_t group;
    bool no_more; /* opening another one failed: not again until connections get fewer */
    struct rpc_pool_call *waiting, *waiting_tail; /* with a loop */
};

struct rpc_pool_conn {
    struct rpc_pool_conn *next;
    struct rpc_pool *pool;
    struct rpc_pool_side *side;
    struct rpc_conn *c;
    bool open;
    bool lost;      /* no new calls; goes with the last of its calls */
    bool taken;     /* threads: somebody has it */
    unsigned calls; /* loop: on their way */
    uint64_t last_used;
    struct io_item idle;
};

/* A call of a pool with a loop, until it is told. */
struct rpc_pool_call {
    struct rpc_pool_call *next, *prev; /* while it waits for a connection */
    struct rpc_pool *pool;
    struct rpc_pool_side *side;
    struct rpc_pool_conn *on; /* or it waits */
    struct rpc_call *call;
    const struct rpc_op *op;
    struct nt_arena *mem;
    void *r;
    rpc_done_fn *done;
    void *arg;
    bool repeated;
    uint64_t deadline;
    struct nt_cancel *cancel;
    struct io_watch watch; /* of the token, while it waits */
    bool has_object;
    struct nt_guid object;
};

struct rpc_pool {
    unsigned refs; /* the user's, and one for each call and opening of a pool with a loop */
    struct rpc_binding *binding;
    const struct rpc_interface *iface;
    struct rpc_options o; /* strings are ours */
    struct sec_schannel_key schannel;
    struct rpc_pool_options p;
    unsigned timeout_ms;
    struct nt_loop *loop; /* NULL: threads take connections out */
    struct rpc_pin *pin;  /* of the options: for all sides */
    struct rpc_pool_side *sides;
    uint64_t opened, repeated;
    bool closed;
    struct nt_error err;
    /* with a loop */
    unsigned calls;
    unsigned call_timeout_ms;
    struct nt_cancel *cancel;
    bool has_object;
    struct nt_guid object;
    /* without one: all of the above but the options is behind it */
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

/* ---- pool.c ---- */
/* The side of a token, made if there is none; NULL: no memory. */
struct rpc_pool_side *rpc_pool_side(struct rpc_pool *p, uint64_t token);
/* The options of the next connection: in the group, and no worse than the first. */
struct rpc_options rpc_pool_next_options(const struct rpc_pool_side *s);
/* A connection has been opened: takes note of its group and, of the first, its facts. */
enum nt_status rpc_pool_note(struct rpc_pool_side *s, const struct rpc_conn *c);
/* One has gone. */
void rpc_pool_forget(struct rpc_pool_conn *x);
/* May a call that failed so be repeated? By then *ret_lost says whether its connection is of no more use. */
bool rpc_pool_may_repeat(const struct rpc_op *op, enum nt_status st, bool not_run, bool alive);
void rpc_pool_unref(struct rpc_pool *p);
/* An opening failed so that another one may not: nobody was there, or the transport ended. No call was sent.
 */
bool rpc_pool_refused(enum nt_status st);

/* ---- pool_loop.c ---- */
void rpc_pool_loop_close(struct rpc_pool *p);
enum nt_status rpc_pool_loop_run(struct rpc_pool *p, const struct rpc_op *op, struct nt_arena *mem, void *r,
                                 struct nt_error *err);

#endif
