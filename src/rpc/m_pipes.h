// SPDX-License-Identifier: Apache-2.0
/*
 * The pipes of one call, sent or received fragment by fragment ([C706] 14.3.10). Both roles do both: a
 * request ends with its pipes, a response begins with them. Neither side holds more than a few fragments.
 */
#ifndef RPC_M_PIPES_H
#define RPC_M_PIPES_H

#include <msrpc/rpc.h>
#include "ndr/ndr.h"

/* The sending side: takes chunks from the producers and gives stubs of fragments. */
struct rpc_pipe_out {
    const struct rpc_op *op;
    void *r;
    const struct rpc_op_pipe *pipe; /* the next to be sent; its element NULL: all have been */
    bool response;
    bool ended; /* the stub is complete: what is in w is its end */
    struct ndr_push n;
    struct wr w; /* stub that has not been sent */
    void *elems; /* what a producer gave */
    size_t elems_size;
};

/* response: the pipes of the answer; adopt is the request then, as for ndr_push_adopt. A request's parameters
 * are pushed at once. rpc_pipe_out_done is due also after a failure. */
enum nt_status rpc_pipe_out_init(struct rpc_pipe_out *p, const struct rpc_op *op, void *r, bool ndr64,
                                 const struct ndr_pull *adopt);
/* The next fragment's stub, of at most room bytes, a multiple of 16; lent until rpc_pipe_out_sent.
 * STATUS_PENDING: a producer has nothing now. Else what a producer says. */
enum nt_status rpc_pipe_out_next(struct rpc_pipe_out *p, size_t room, struct nt_blob *ret, bool *ret_last);
void rpc_pipe_out_sent(struct rpc_pipe_out *p, size_t len);
void rpc_pipe_out_done(struct rpc_pipe_out *p);

/* The receiving side: takes fragments and gives chunks to the consumers. */
struct rpc_pipe_in {
    const struct rpc_op *op;
    void *r;
    const struct rpc_op_pipe *pipe; /* the one that is being received; its element NULL: all have ended */
    bool response;
    bool whole;        /* the last fragment has come */
    bool began;        /* with this pipe */
    struct ndr_pull n; /* over buf */
    struct ndr_pipe_pull chunk;
    uint8_t *buf; /* received and not decoded, from a multiple of 8 octets on */
    size_t cap;
    uint8_t *elems; /* decoded and not taken */
    size_t elems_size, count, taken;
};

/* Goes on where n stands, which is copied, and so is what is left of its stub. */
enum nt_status rpc_pipe_in_init(struct rpc_pipe_in *p, const struct rpc_op *op, void *r, bool response,
                                const struct ndr_pull *n);
enum nt_status rpc_pipe_in_add(struct rpc_pipe_in *p, struct nt_blob stub, bool last);
/* Gives what is here to the consumers. STATUS_SUCCESS: all pipes have ended, n stands behind them.
 * STATUS_PENDING: more has to come, or a consumer takes no more now, or there is none yet. Else what a
 * consumer says, or RPC_NT_BAD_STUB_DATA. */
enum nt_status rpc_pipe_in_run(struct rpc_pipe_in *p);
size_t rpc_pipe_in_held(const struct rpc_pipe_in *p);
void rpc_pipe_in_done(struct rpc_pipe_in *p);

/* Has the operation pipes of this direction? */
bool rpc_op_has_pipes(const struct rpc_op *op, bool out);

static inline struct ndr_pipe *rpc_pipe_at(void *r, const struct rpc_op_pipe *pipe)
{
    return (struct ndr_pipe *)(void *)((char *)r + pipe->offset);
}

#endif
