// SPDX-License-Identifier: Apache-2.0
/*
 * A pipe as a stream of bytes: what comes from a local stream is cut into PDUs, which become operations of
 * the pipe; what the server answers goes back as it comes. The muxer serves its clients by it, and the
 * library those who have a pipe of their own as a descriptor.
 */
#ifndef NPC_RELAY_H
#define NPC_RELAY_H

#include "npc/npc.h"
#include "npc/pdu_head.h"

#pragma GCC visibility push(default) /* shared with the daemon, see the *_PRIVATE nodes */

struct npc_relay_pdu;

struct npc_relay {
    /* set by the user */
    struct io_stream *local; /* engine and end are the user's, who gives npc_relay_data what it brings */
    struct npc_pipe *pipe;   /* closed by the user after npc_relay_stop */
    void *arg;
    /* Every PDU towards the server, every piece of an answer; NULL: nobody looks. */
    void (*seen)(void *arg, bool out, const uint8_t *data, size_t len);
    /* Once: the relay has closed the local stream, by io_close, for this reason. Nothing may be freed in it.
     */
    void (*ended)(void *arg, enum nt_status why);
    /* Octets in the accounts of `local` beyond which this stream has to be read before more is got for it; 0: it is
     * looked at alone. */
    size_t share[2];
    /* After npc_relay_stop returned false: the memory may go. */
    void (*idle)(void *arg);
    /* private */
    struct npc_op in, out;
    struct npc_relay_pdu *head, *tail;
    size_t queued;
    struct wr part; /* what came and is not whole */
    size_t want;
    bool reading, transacting, writing, over, stopped;
    unsigned ops;              /* in flight */
    unsigned awaited;          /* answers */
    uint8_t frag[RPC_HDR_LEN]; /* head of the PDU that the server is sending */
    size_t frag_have, frag_left;
    struct io_item drained;
};

/* r: zeros but for what the user sets. */
void npc_relay_start(struct npc_relay *r);
/* From on_data of the local stream. */
void npc_relay_data(struct npc_relay *r, uint8_t *data, size_t len);
/* Forgets what is queued; the local stream may be freed after it, the pipe closed. False: operations are in
 * flight, which have to end before the memory may go (closing the pipe ends them). Idempotent. */
bool npc_relay_stop(struct npc_relay *r);

#pragma GCC visibility pop

#endif
