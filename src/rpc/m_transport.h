// SPDX-License-Identifier: Apache-2.0
/* What carries fragments: a byte stream or a pipe. One table each; both give bytes up as they come. */
#ifndef RPC_M_TRANSPORT_H
#define RPC_M_TRANSPORT_H

#include <msrpc/rpc.h>
#include "io/io.h"
#include "npc/npc.h"

struct rpc_transport;

enum {
    RPC_TP_SESSION_KEY = 1, /* RPC_TP_KEY may have an answer */
};

/* What follows a fragment. The kinds matter to pipes, which may send and wait in one operation. */
enum rpc_tp_then {
    RPC_TP_MORE,  /* we go on, or nobody does */
    RPC_TP_ALONE, /* the peer speaks next, and nothing but its answer is awaited */
    RPC_TP_AMONG, /* an answer is awaited, but others may come before it */
    RPC_TP_ASIDE, /* nothing: about a call, not part of one; may overtake requests that wait */
};

enum rpc_tp_item {
    RPC_TP_KEY,   /* transport session key, 16 bytes or more */
    RPC_TP_PEER,  /* numeric address, text without terminator */
    RPC_TP_ERROR, /* a sentence about what went wrong below, text without terminator */
};

struct rpc_transport_ops {
    const char *protseq;
    unsigned caps;
    size_t headroom; /* room that `send` wants in front of each fragment */
    /* Queues a fragment, which starts behind the headroom, and takes it over, also on failure. */
    enum nt_status (*send)(struct rpc_transport *t, struct wr *frag, enum rpc_tp_then then);
    /* More is to come for what was sent: a pipe reads, a stream does nothing. */
    void (*want)(struct rpc_transport *t);
    /* May another call be sent now? If not (RPC_SEND_AHEAD), on_room comes later. */
    bool (*room)(struct rpc_transport *t);
    /* Stops reading, or goes on: what has come is more than its receiver can take now. */
    void (*hold)(struct rpc_transport *t, bool held);
    /* The order of requests matters to the peer, as each is protected with a number. */
    void (*in_order)(struct rpc_transport *t);
    /* A call was given up whose answer a read may stand for; idle: nothing else is awaited. */
    void (*relax)(struct rpc_transport *t, bool idle);
    /* Lends. STATUS_NOT_SUPPORTED, or why there is none. */
    enum nt_status (*query)(struct rpc_transport *t, enum rpc_tp_item what, struct nt_blob *ret);
    /* Shuts it when what is queued has gone; on_close comes then. Servers only. */
    void (*finish)(struct rpc_transport *t);
    /* Shuts it: nothing comes up any more. Allowed anywhere; the memory stays. */
    void (*close)(struct rpc_transport *t);
    /* Not inside anything that this transport called. */
    void (*free)(struct rpc_transport *t);
};

struct rpc_transport_up {
    void (*on_open)(void *up);
    /* Any split of the stream of PDUs; writable. Calls to users wait until on_idle. */
    void (*on_data)(void *up, uint8_t *data, size_t len);
    void (*on_close)(void *up, enum nt_status why);
    void (*on_idle)(void *up); /* after on_data and on_close, where calling users is allowed */
    void (*on_room)(void *up); /* after room() said no; may be NULL where nobody asks */
};

struct rpc_transport {
    const struct rpc_transport_ops *ops;
    const struct rpc_transport_up *up_ops;
    void *up;
    struct io_stream *stream; /* for timers and ready items */
};

/* A byte stream that is still to be dialled (io_dial on ->stream) or joined; on_open comes then. */
enum nt_status rpc_stream_new(const struct rpc_transport_up *ops, void *up, const struct nt_env *env,
                              struct rpc_transport **ret);
/* Takes over an open pipe; on_open is not called. max_frag: the longest message to expect. */
enum nt_status rpc_pipe_new(const struct rpc_transport_up *ops, void *up, struct npc_pipe *pipe,
                            size_t max_frag, struct rpc_transport **ret);

#endif
