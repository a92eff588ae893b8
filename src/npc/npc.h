// SPDX-License-Identifier: Apache-2.0
/*
 * Asynchronous side of the named pipe client, for the RPC runtime. A pipe is a small table with two
 * implementations: SMB, and the muxer. Starting never completes: a function fails
 * at once, or done comes later, exactly once, from the ready list of the session's stream.
 */
#ifndef NPC_NPC_H
#define NPC_NPC_H

#include <msrpc/npc.h>
#include "io/io.h"

#pragma GCC visibility push(default) /* shared between our own libraries, see the *_PRIVATE nodes */

/* One operation in flight, embedded in the caller's object; at most one write and one read or transact per
 * pipe at a time: a second one is STATUS_PIPE_BUSY. What a transact reads is the next message, be it the
 * answer to what it wrote or not. After a transact that was cancelled or ran out of time the pipe is of no
 * more use (STATUS_PIPE_BROKEN): its answer may still come. */
struct npc_op {
    void (*done)(struct npc_op *op); /* look at status, data, len */
    enum nt_status status;
    uint8_t *data; /* read, transact: bytes of the answer, lent and writable until done returns */
    size_t len;
    /* private */
    struct npc_pipe *pipe;
    void *impl;
    struct io_item item;
    unsigned state;
};

struct npc_pipe_ops {
    const char *name; /* "smb", "mux" */
    /* Takes over the bytes of `out`, also on failure. For transact, max_out is the most that the answer may
     * have before STATUS_BUFFER_OVERFLOW (the rest is then fetched by read). deadline: monotonic ns. */
    enum nt_status (*write)(struct npc_pipe *p, struct wr *out, uint64_t deadline, struct npc_op *op);
    enum nt_status (*read)(struct npc_pipe *p, size_t max, uint64_t deadline, struct npc_op *op);
    enum nt_status (*transact)(struct npc_pipe *p, struct wr *out, size_t max_out, uint64_t deadline,
                               struct npc_op *op);
    void (*cancel)(struct npc_pipe *p, struct npc_op *op); /* SMB2 CANCEL; done comes with STATUS_CANCELLED */
    /* SMB2 CANCEL for those who can tell answers apart: done comes with what the server says in the end,
     * STATUS_CANCELLED or an answer, and not before. The pipe stays of use. */
    void (*ask)(struct npc_pipe *p, struct npc_op *op);
    /* Asynchronous, never fails, frees. An operation in flight ends with STATUS_CANCELLED: its done still
     * comes, from the ready list. Drops the pipe's reference to the session. */
    void (*close)(struct npc_pipe *p);
    void (*give_up)(struct npc_pipe *p); /* while it is being opened */
};

/* What all implementations have. */
struct npc_pipe {
    const struct npc_pipe_ops *ops;
    struct npc_session *session;
    /* of synchronous calls */
    unsigned timeout_ms;
    struct nt_cancel *cancel;
    struct nt_error err;
};

/* Headroom so that a caller can build its PDU behind the SMB headers without a copy: the first bytes of `out`
 * given to write and transact are this many bytes of room, not part of the message. It is the sum of the 4
 * bytes of framing, 52 of an encryption header, 64 of the SMB2 header and 56 of an IOCTL request. */
#define NPC_HEADROOM 176

typedef void npc_session_done(void *arg, enum nt_status st, struct npc_session *s);
typedef void npc_pipe_done(void *arg, enum nt_status st, struct npc_pipe *p);

/* The loop of the options must be set. On failure the sentence is in o->error, which must live until done.
 * ret (NULL: not wanted): what is being opened, valid until done, for giving up only. */
enum nt_status npc_session_open_send(const char *server, const struct npc_options *o, npc_session_done *done,
                                     void *arg, struct npc_session **ret);
enum nt_status npc_pipe_open_send(struct npc_session *s, const char *name, const struct npc_create *o,
                                  npc_pipe_done *done, void *arg, struct npc_pipe **ret);
/* Ends an opening, whose done then comes soon: STATUS_CANCELLED, or success where that was faster. */
void npc_session_give_up(struct npc_session *s);
void npc_pipe_give_up(struct npc_pipe *p);
/* The calling thread's impersonation token, 0: none. Who starts something for it later, from a loop, puts it
 * back for that moment (npc_impersonate). */
uint64_t npc_mux_token(void);
/* With these options a session may be one of the muxer's. */
bool npc_mux_possible(const struct npc_options *o);
struct nt_loop *npc_session_loop(struct npc_session *s);
struct io_stream *npc_session_stream(struct npc_session *s);

/* Of a pipe by PDUs (msrpc/npc_pdu.h): a fragment behind NPC_HEADROOM, taken over, also on failure. */
struct npc_pdu;
enum nt_status npc_pdu_put(struct npc_pdu *p, struct wr *frag);
bool npc_pdu_calling(const struct npc_pdu *p); /* a call is under way */

#pragma GCC visibility pop

#endif
