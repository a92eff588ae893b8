// SPDX-License-Identifier: Apache-2.0
/*
 * A server of srvsvc, wkssvc and the endpoint mapper on loopback TCP, without security, in threads of its
 * own. NetAPI makes its own loops, so it needs real sockets. The answers are what a test's function fills in,
 * marshalled by the generated code, which also lets a server lie.
 */
#ifndef FAKE_NET_H
#define FAKE_NET_H

#include <pthread.h>
#include <msrpc/rpc.h>

/* Fills r->out for an operation; mem lives until the answer is sent. */
typedef void fake_net_fn(void *arg, const struct rpc_op *op, void *r, struct nt_arena *mem);

enum fake_net_end { /* what becomes of the connection instead of an answer */
                    FAKE_ANSWER,
                    FAKE_HANGUP,
                    FAKE_SILENT,
                    FAKE_FAULT, /* fault_code */
                    FAKE_CUT,   /* half of the answer, then the end */
                    FAKE_LAST,  /* the answer, then the end */
};

struct fake_net {
    const char *address; /* 127.0.0.x */
    fake_net_fn *fill;
    void *arg;
    _Atomic enum fake_net_end end;
    _Atomic uint32_t fault_code;
    _Atomic unsigned calls, conns; /* seen: without the endpoint mapper's */
    /* private */
    int listener;
    uint16_t port;
    _Atomic bool stop;
    pthread_t thread;
    pthread_mutex_t lock;
    int open[64];
    pthread_t threads[64];
    unsigned n_threads;
};

/* Starts it; `port` is where it listens, for net_options.epm_port. */
void fake_net_start(struct fake_net *f);
void fake_net_stop(struct fake_net *f);

#endif
