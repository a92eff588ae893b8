// SPDX-License-Identifier: Apache-2.0
/* Which PDUs may be sent on a bound pipe, and when: one call at a time, its fragments in their order. */
#include "npc/m_bound.h"

static enum nt_status bad(enum nt_status st, const char *what, const char **ret_why)
{
    *ret_why = what;
    return st;
}

static enum nt_status take_request(struct bound_order *o, const uint8_t *pdu, size_t len, size_t max_send,
                                   const char **ret_why)
{
    bool big = pdu_big(pdu), first = pdu[3] & RPC_PFC_FIRST;
    uint32_t call = pdu_u32(pdu + 12, big);
    if (len < BOUND_REQUEST + (pdu[3] & RPC_PFC_OBJECT ? 16u : 0u))
        return bad(STATUS_INVALID_PARAMETER, "a request that ends in its head", ret_why);
    if (len > max_send)
        return bad(STATUS_INVALID_PARAMETER, "a fragment that is longer than the server takes", ret_why);
    uint16_t context = pdu_u16(pdu + 20, big);
    if (first && (o->sending || o->awaiting))
        return bad(STATUS_PIPE_BUSY, "a call is under way", ret_why);
    if (!first && !o->sending)
        return bad(STATUS_INVALID_PARAMETER, "a fragment that continues nothing", ret_why);
    if (!first && (call != o->call || context != o->context))
        return bad(STATUS_INVALID_PARAMETER, "a fragment of another call than the one before it", ret_why);
    o->call = call;
    o->context = context;
    o->sending = !pdu_head_last(pdu);
    o->awaiting = pdu_head_wants_answer(pdu);
    return STATUS_SUCCESS;
}

enum nt_status bound_order_take(struct bound_order *o, const uint8_t *pdu, size_t len, size_t max_send,
                                enum bound_kind *ret, const char **ret_why)
{
    if (o->orphaned)
        return bad(STATUS_PIPE_BROKEN, "a call was given up on this pipe", ret_why);
    if (len < RPC_HDR_LEN || bound_pdu_len(pdu) != len || pdu_head_protected(pdu))
        return bad(STATUS_INVALID_PARAMETER, "not a PDU without RPC security", ret_why);
    if (pdu[2] == RPC_PT_REQUEST) {
        *ret = BOUND_REQUEST_PDU;
        return take_request(o, pdu, len, max_send, ret_why);
    }
    bool orphan = pdu[2] == RPC_PT_ORPHANED;
    if ((!orphan && pdu[2] != RPC_PT_CO_CANCEL) || len != RPC_HDR_LEN)
        return bad(STATUS_INVALID_PARAMETER, "only requests, cancels and orphaned PDUs are taken", ret_why);
    bool about = (o->sending || o->awaiting) && pdu_u32(pdu + 12, pdu_big(pdu)) == o->call;
    *ret = !about ? BOUND_NOTHING : orphan ? BOUND_ORPHAN : BOUND_CANCEL;
    if (*ret == BOUND_ORPHAN) { /* [C706] 12.6.4.10: an answer may still come, or none */
        o->orphaned = true;
        o->sending = o->awaiting = false;
    }
    return STATUS_SUCCESS;
}
