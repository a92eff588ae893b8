// SPDX-License-Identifier: Apache-2.0
/* Inside a bound pipe: bind.c has its first exchange, bound.c the rest. */
#ifndef NPC_M_BOUND_H
#define NPC_M_BOUND_H

#include "npc/bound.h"
#include "npc/m_npc.h"
#include "npc/pdu_head.h"

#define BOUND_CALL    1u /* id of the bind; calls have those behind it */
#define BOUND_CONTEXT 0u

#define BOUND_REQUEST 24u /* octets in front of a request's stub; 16 more with an object ([C706] 12.6.4.9)   \
                           */
#define BOUND_FAULT 32u

struct bound_agreed {
    uint16_t max_send, max_recv;
    uint32_t assoc;
};

static inline bool pdu_big(const uint8_t *pdu)
{
    return !(pdu[4] & 0x10); /* [C706] 14.1 */
}
static inline uint16_t pdu_u16(const uint8_t *p, bool big)
{
    return big ? __builtin_bswap16(le16(p)) : le16(p);
}
static inline uint32_t pdu_u32(const uint8_t *p, bool big)
{
    return big ? __builtin_bswap32(le32(p)) : le32(p);
}
static inline void pdu_put_u16(uint8_t *p, uint16_t v, bool big)
{
    put_le16(p, big ? __builtin_bswap16(v) : v);
}
static inline void pdu_put_u32(uint8_t *p, uint32_t v, bool big)
{
    put_le32(p, big ? __builtin_bswap32(v) : v);
}

/* Version 5.0 and a data representation that somebody uses ([C706] 14.1): the length of the PDU, or 0. */
size_t bound_pdu_len(const uint8_t head[RPC_HDR_LEN]);

/* ---- order.c ---- */

/* What a user has sent of a call, with his own ids. */
struct bound_order {
    uint32_t call;
    uint16_t context;
    bool sending, awaiting; /* a request has begun, and goes on; it has ended, and its answer has not */
    bool orphaned;          /* a call was given up: no other may follow */
};
enum bound_kind {
    BOUND_REQUEST_PDU,
    BOUND_CANCEL,
    BOUND_ORPHAN,
    BOUND_NOTHING, /* about a call that has ended meanwhile */
};
/* A PDU that a user wants to send; max_send is for requests. STATUS_INVALID_PARAMETER, STATUS_PIPE_BUSY,
 * STATUS_PIPE_BROKEN with *ret_why. */
enum nt_status bound_order_take(struct bound_order *o, const uint8_t *pdu, size_t len, size_t max_send,
                                enum bound_kind *ret, const char **ret_why);

/* ---- bind.c ---- */

/* Behind NPC_HEADROOM. */
void bound_put_bind(struct wr *w, const struct npc_interface *iface);
/* A whole PDU of the server's; *ret_why: a sentence when it is no consent. */
enum nt_status bound_take_ack(const uint8_t *pdu, size_t len, struct bound_agreed *ret, const char **ret_why);

#endif
