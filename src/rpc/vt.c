// SPDX-License-Identifier: Apache-2.0
/* Verification trailer; see m_vt.h. All fields are little endian whatever the PDU is ([MS-RPCE] 2.2.2.13). */
#include "rpc/m_vt.h"

static const uint8_t signature[8] = { 0x8a, 0xe3, 0x13, 0x71, 0x02, 0xf4, 0x36, 0x71 };

enum {
    CMD_BITMASK_1 = 0x0001,
    CMD_PCONTEXT = 0x0002,
    CMD_HEADER2 = 0x0003,
    CMD_TYPE_MASK = 0x3fff,
    CMD_END = 0x4000,
    CMD_MUST_PROCESS = 0x8000,
};

#define CLIENT_SUPPORT_HEADER_SIGNING 1
#define BITMASK_LEN                   4
#define PCONTEXT_LEN                  40
#define HEADER2_LEN                   16

static uint16_t with_end(uint16_t cmd, unsigned later_parts)
{
    return (uint16_t)(later_parts ? cmd : cmd | CMD_END);
}

void rpc_put_vt(struct wr *w, size_t stub, const struct rpc_vt *vt)
{
    if (!vt->parts)
        return;
    wr_zero(w, (0 - (w->len - stub)) & 3);
    wr_bytes(w, signature, sizeof signature);
    if (vt->parts & RPC_VT_HEADER_SIGN) {
        wr_u16(w, with_end(CMD_BITMASK_1, vt->parts & ~1U));
        wr_u16(w, BITMASK_LEN);
        wr_u32(w, CLIENT_SUPPORT_HEADER_SIGNING);
    }
    if (vt->parts & RPC_VT_PCONTEXT) {
        wr_u16(w, with_end(CMD_PCONTEXT, vt->parts & ~3U));
        wr_u16(w, PCONTEXT_LEN);
        rpc_put_syntax(w, &vt->abstract);
        rpc_put_syntax(w, &vt->transfer);
    }
    if (vt->parts & RPC_VT_HEADER2) {
        wr_u16(w, CMD_HEADER2 | CMD_END);
        wr_u16(w, HEADER2_LEN);
        wr_u32(w, RPC_PT_REQUEST); /* and three reserved bytes */
        wr_u32(w, 0x10);           /* our data representation */
        wr_u32(w, vt->call_id);
        wr_u16(w, vt->ctx);
        wr_u16(w, vt->opnum);
    }
}

static bool same_syntax(struct rd *r, const struct rpc_syntax *s)
{
    struct rpc_syntax got;
    got.uuid.a = rd_u32(r);
    got.uuid.b = rd_u16(r);
    got.uuid.c = rd_u16(r);
    rd_copy(r, got.uuid.d, sizeof got.uuid.d);
    got.major = rd_u16(r);
    got.minor = rd_u16(r);
    return r->st == STATUS_SUCCESS && rpc_syntax_equal(&got, s);
}

static bool same_header(struct rd *r, const struct rpc_vt *e)
{
    bool same = rd_u8(r) == RPC_PT_REQUEST;
    rd_skip(r, 3 + 4); /* reserved; the data representation was needed to get here */
    same = rd_u32(r) == e->call_id && same;
    same = rd_u16(r) == e->ctx && same;
    return rd_u16(r) == e->opnum && same && r->st == STATUS_SUCCESS;
}

static bool command_holds(uint16_t cmd, struct rd body, const struct rpc_vt *e, bool header_sign_seen)
{
    switch (cmd & CMD_TYPE_MASK) {
    case CMD_BITMASK_1:
        return body.len == BITMASK_LEN &&
               (!(rd_u32(&body) & CLIENT_SUPPORT_HEADER_SIGNING) || header_sign_seen);
    case CMD_PCONTEXT:
        return body.len == PCONTEXT_LEN && same_syntax(&body, &e->abstract) &&
               same_syntax(&body, &e->transfer);
    case CMD_HEADER2:
        return body.len == HEADER2_LEN && same_header(&body, e);
    default:
        return !(cmd & CMD_MUST_PROCESS);
    }
}

enum nt_status rpc_vt_check(const uint8_t *left, size_t len, const struct rpc_vt *expect,
                            bool header_sign_seen)
{
    const uint8_t *at = len >= sizeof signature ? memmem(left, len, signature, sizeof signature) : NULL;
    if (!at)
        return STATUS_SUCCESS;
    struct rd r;
    rd_init(&r, at, len - (size_t)(at - left));
    rd_skip(&r, sizeof signature);
    for (;;) {
        uint16_t cmd = rd_u16(&r), n = rd_u16(&r);
        struct rd body = rd_sub(&r, r.pos, n);
        rd_skip(&r, n);
        if (r.st != STATUS_SUCCESS || n % 4 != 0 || !command_holds(cmd, body, expect, header_sign_seen))
            return STATUS_ACCESS_DENIED;
        if (cmd & CMD_END)
            return STATUS_SUCCESS;
    }
}
