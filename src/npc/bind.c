// SPDX-License-Identifier: Apache-2.0
/* The bind of a pipe that is lent, and what the server says to it ([C706] 12.6.4.3 to 12.6.4.5). */
#include "npc/m_bound.h"

/* Every implementation receives so much ([C706] 12.6.3.1). */
#define LEAST_FRAGMENT 1432u
#define SYNTAX         20u

/* 8a885d04-1ceb-11c9-9fe8-08002b104860, version 2 ([C706] 14, [MS-RPCE] 2.2.4.12) */
static const uint8_t ndr20[SYNTAX] = { 0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8,
                                       0x08, 0x00, 0x2b, 0x10, 0x48, 0x60, 2,    0,    0,    0 };

size_t bound_pdu_len(const uint8_t head[RPC_HDR_LEN])
{
    /* integers of either order, ASCII or EBCDIC; IEEE; nothing behind that */
    if (head[0] != 5 || head[1] != 0 || (head[4] & 0xee) != 0 || head[5] != 0)
        return 0;
    return pdu_head_len(head);
}

static void put_interface(struct wr *w, const struct npc_interface *i)
{
    wr_u32(w, i->uuid.a);
    wr_u16(w, i->uuid.b);
    wr_u16(w, i->uuid.c);
    wr_bytes(w, i->uuid.d, sizeof i->uuid.d);
    wr_u16(w, i->major);
    wr_u16(w, i->minor);
}

void bound_put_bind(struct wr *w, const struct npc_interface *iface)
{
    static const uint8_t head[8] = { 5, 0, RPC_PT_BIND, RPC_PFC_WHOLE, 0x10, 0, 0, 0 };
    wr_init(w, NPC_HEADROOM + 128);
    wr_zero(w, NPC_HEADROOM);
    wr_bytes(w, head, sizeof head);
    wr_u16(w, 0);
    wr_u16(w, 0); /* no verifier */
    wr_u32(w, BOUND_CALL);
    wr_u16(w, NPC_BOUND_FRAGMENT);
    wr_u16(w, NPC_BOUND_FRAGMENT);
    wr_u32(w, 0); /* an association group of its own: context handles of one user are nobody else's */
    wr_u32(w, 1); /* one context, and reserved octets */
    wr_u16(w, BOUND_CONTEXT);
    wr_u16(w, 1);
    put_interface(w, iface);
    wr_bytes(w, ndr20, sizeof ndr20);
    wr_fill_u16(w, NPC_HEADROOM + 8, (uint16_t)(w->len - NPC_HEADROOM));
}

/* ---- what the server says ---- */

static uint16_t get_u16(struct rd *r, bool big)
{
    uint16_t v = rd_u16(r);
    return big ? __builtin_bswap16(v) : v;
}

static uint32_t get_u32(struct rd *r, bool big)
{
    uint32_t v = rd_u32(r);
    return big ? __builtin_bswap32(v) : v;
}

/* p_cont_def_result_t and p_provider_reason_t ([C706] 12.6.3.1) */
static enum nt_status refused(unsigned result, unsigned reason, const char **ret_why)
{
    if (result == 2 && reason == 2) {
        *ret_why = "the server does not speak NDR 2.0";
        return RPC_NT_UNSUPPORTED_TRANS_SYN;
    }
    if (result == 2 && reason == 3) {
        *ret_why = "the server has reached a limit";
        return RPC_NT_SERVER_TOO_BUSY;
    }
    *ret_why = result == 2 && reason == 1 ? "the server does not have the interface at this pipe"
                                          : "the server refuses the interface and does not say why";
    return RPC_NT_UNKNOWN_IF;
}

/* p_reject_reason_t ([C706] 12.6.3.1, [MS-RPCE] 2.2.2.5) */
static enum nt_status on_nak(struct rd *r, bool big, const char **ret_why)
{
    unsigned reason = get_u16(r, big);
    if (r->st == STATUS_SUCCESS && (reason == 1 || reason == 2)) {
        *ret_why = "the server has reached a limit";
        return RPC_NT_SERVER_TOO_BUSY;
    }
    if (r->st == STATUS_SUCCESS && reason == 4) {
        *ret_why = "the server wants another protocol version";
        return RPC_NT_PROTOCOL_ERROR;
    }
    if (r->st == STATUS_SUCCESS && reason == 8) {
        *ret_why = "the server wants RPC security, which a pipe that is lent has not";
        return RPC_NT_UNKNOWN_AUTHN_SERVICE;
    }
    *ret_why = "the server refuses the bind";
    return RPC_NT_CALL_FAILED;
}

/* The same syntax in the server's byte order. */
static bool is_ndr20(const uint8_t *p, bool big)
{
    return pdu_u32(p, big) == le32(ndr20) && pdu_u16(p + 4, big) == le16(ndr20 + 4) &&
           pdu_u16(p + 6, big) == le16(ndr20 + 6) && memcmp(p + 8, ndr20 + 8, 8) == 0 &&
           pdu_u32(p + 16, big) == 2;
}

static enum nt_status on_ack(struct rd *r, bool big, struct bound_agreed *ret, const char **ret_why)
{
    struct bound_agreed a;
    unsigned theirs_send = get_u16(r, big), theirs_recv = get_u16(r, big);
    a.assoc = get_u32(r, big);
    rd_skip(r, get_u16(r, big)); /* the secondary address, with its length */
    rd_align(r, 4);
    unsigned n = rd_u8(r);
    rd_skip(r, 3);
    unsigned result = get_u16(r, big), reason = get_u16(r, big);
    const uint8_t *transfer = rd_bytes(r, SYNTAX);
    *ret_why = "the server's answer to the bind makes no sense";
    if (!transfer || n != 1)
        return RPC_NT_PROTOCOL_ERROR;
    if (result != 0)
        return refused(result, reason, ret_why);
    if (!is_ndr20(transfer, big))
        return RPC_NT_PROTOCOL_ERROR;
    if (theirs_recv < LEAST_FRAGMENT || theirs_send < LEAST_FRAGMENT) {
        *ret_why = "the server takes fragments that are shorter than any server may want";
        return RPC_NT_PROTOCOL_ERROR;
    }
    a.max_send = (uint16_t)(theirs_recv < NPC_BOUND_FRAGMENT ? theirs_recv : NPC_BOUND_FRAGMENT);
    a.max_recv = NPC_BOUND_FRAGMENT; /* some servers never go below 2048, whatever was agreed on */
    *ret = a;
    return STATUS_SUCCESS;
}

enum nt_status bound_take_ack(const uint8_t *pdu, size_t len, struct bound_agreed *ret, const char **ret_why)
{
    struct rd r;
    bool big = pdu_big(pdu);
    *ret_why = "the server's answer to the bind makes no sense";
    if (pdu_u32(pdu + 12, big) != BOUND_CALL || (pdu[3] & RPC_PFC_WHOLE) != RPC_PFC_WHOLE ||
        pdu_head_protected(pdu))
        return RPC_NT_PROTOCOL_ERROR;
    rd_init(&r, pdu, len);
    rd_skip(&r, RPC_HDR_LEN);
    if (pdu[2] == RPC_PT_BIND_ACK)
        return on_ack(&r, big, ret, ret_why);
    if (pdu[2] == RPC_PT_BIND_NAK)
        return on_nak(&r, big, ret_why);
    if (pdu[2] == RPC_PT_FAULT && len >= BOUND_FAULT) {
        enum nt_status st = nt_from_rpc_fault(pdu_u32(pdu + RPC_HDR_LEN + 8, big));
        *ret_why = "the server answers the bind with a fault";
        return nt_ok(st) ? RPC_NT_PROTOCOL_ERROR : st;
    }
    return RPC_NT_PROTOCOL_ERROR;
}
