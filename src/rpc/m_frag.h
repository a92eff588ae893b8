// SPDX-License-Identifier: Apache-2.0
/* Splitting a stub into fragments and joining the fragments of one, for both roles. */
#ifndef RPC_M_FRAG_H
#define RPC_M_FRAG_H

#include "rpc/pdu.h"

/* Where the next fragment's stub starts and how long it is. */
struct rpc_split {
    size_t total; /* stub with verification trailer */
    size_t tail;  /* this many bytes at the end stay together in the last fragment ([MS-RPCE] 2.2.2.13) */
    size_t room;  /* stub bytes of one fragment, a multiple of 16, more than tail + 16 */
    size_t off, len;
    bool last;
};
/* Sets off, len and last; false after the last fragment. An empty stub is one empty fragment. */
bool rpc_split_next(struct rpc_split *s);
/* RPC_PFC_FIRST, RPC_PFC_LAST. */
static inline unsigned rpc_split_flags(const struct rpc_split *s)
{
    return (s->off == 0 ? (unsigned)RPC_PFC_FIRST : 0U) | (s->last ? (unsigned)RPC_PFC_LAST : 0U);
}

/* A stub that grows in an arena. */
struct rpc_join {
    uint8_t *data;
    size_t len, cap;
};
/* Appends a fragment. `hint` is its alloc_hint: what it and all later ones hold together, or 0; believed only
 * up to RPC_HINT_MAX. RPC_NT_PROTOCOL_ERROR above RPC_STUB_MAX (*ret_why set), STATUS_NO_MEMORY. */
enum nt_status rpc_join_add(struct rpc_join *j, struct nt_arena *mem, struct nt_blob frag, uint32_t hint,
                            const char **ret_why);

/* Moves bytes that are missing from the PDU in `in`, which has come in part, from *data there. True if it is
 * whole now; false if it is not yet, if pdu_len (the length of the PDU that starts at p) gave 0, or if `in`
 * failed. */
bool rpc_gather(struct wr *in, uint8_t **data, size_t *len, size_t (*pdu_len)(void *arg, const uint8_t *p),
                void *arg);

#endif
