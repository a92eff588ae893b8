// SPDX-License-Identifier: Apache-2.0
/*
 * Heads of connection-oriented PDUs ([C706] 12.6.3.1, [MS-RPCE] 2.2.2): as much of DCE/RPC as a named pipe
 * has to know that carries it as bytes. All else about PDUs is rpc's.
 */
#ifndef NPC_PDU_HEAD_H
#define NPC_PDU_HEAD_H

#include "base/cursor.h"

enum rpc_ptype { /* [C706] 12.6.3.1 table 12-1, [MS-RPCE] 2.2.2.10 */
                 RPC_PT_REQUEST = 0,
                 RPC_PT_RESPONSE = 2,
                 RPC_PT_FAULT = 3,
                 RPC_PT_BIND = 11,
                 RPC_PT_BIND_ACK = 12,
                 RPC_PT_BIND_NAK = 13,
                 RPC_PT_ALTER = 14,
                 RPC_PT_ALTER_RESP = 15,
                 RPC_PT_AUTH3 = 16,
                 RPC_PT_SHUTDOWN = 17,
                 RPC_PT_CO_CANCEL = 18,
                 RPC_PT_ORPHANED = 19,
};

enum {
    RPC_PFC_FIRST = 0x01,
    RPC_PFC_LAST = 0x02,
    RPC_PFC_HEADER_SIGN =
        0x04, /* on bind, alter and their answers; else PENDING_CANCEL ([MS-RPCE] 2.2.2.3) */
    RPC_PFC_PENDING_CANCEL = 0x04,
    RPC_PFC_CONC_MPX = 0x10,
    RPC_PFC_DID_NOT_EXECUTE = 0x20,
    RPC_PFC_MAYBE = 0x40,
    RPC_PFC_OBJECT = 0x80,
    RPC_PFC_WHOLE = RPC_PFC_FIRST | RPC_PFC_LAST,
};

#define RPC_HDR_LEN 16 /* common header */

/* Length of the PDU whose RPC_HDR_LEN first octets stand there; 0: it is none. */
static inline size_t pdu_head_len(const uint8_t *p)
{
    size_t n =
        p[4] & 0x10 ? le16(p + 8) : (size_t)p[8] << 8 | p[9]; /* [C706] 14.1: label of the byte order */
    return p[0] == 5 && n >= RPC_HDR_LEN ? n : 0;
}

static inline bool pdu_head_last(const uint8_t *p)
{
    return p[3] & RPC_PFC_LAST;
}

/* Is it the end of an answer? A fault ends the call ([C706] 12.6.4.7). */
static inline bool pdu_head_ends(const uint8_t *p)
{
    return pdu_head_last(p) || p[2] == RPC_PT_FAULT;
}

/* Has RPC security numbered it? In either byte order: a length of the verifier that is not zero. */
static inline bool pdu_head_protected(const uint8_t *p)
{
    return (p[10] | p[11]) != 0;
}

/* Does the server speak next? auth3, cancel, orphaned and answers to callbacks have no answer of their own.
 */
static inline bool pdu_head_wants_answer(const uint8_t *p)
{
    switch (p[2]) {
    case RPC_PT_REQUEST:
        return pdu_head_last(p) && !(p[3] & RPC_PFC_MAYBE);
    case RPC_PT_BIND:
    case RPC_PT_ALTER:
        return pdu_head_last(p);
    default:
        return false;
    }
}

#endif
