// SPDX-License-Identifier: Apache-2.0
/* SMB2 SESSION_SETUP ([MS-SMB2] 2.2.5, 2.2.6). */
#include "smb/smb.h"

void smb_put_setup_req(struct wr *w, const struct smb_setup_req *q)
{
    wr_u16(w, 25);
    wr_u8(w, q->flags);
    wr_u8(w, q->mode);
    wr_u32(w, q->caps);
    wr_u32(w, 0); /* Channel */
    wr_u16(w, (uint16_t)(SMB_HDR + 24));
    if (q->token.len > UINT16_MAX)
        wr_fail(w, STATUS_BUFFER_TOO_SMALL);
    wr_u16(w, (uint16_t)q->token.len);
    wr_u64(w, q->previous_session);
    wr_bytes(w, q->token.data, q->token.len);
}

static void get_token(struct rd *r, size_t offset, size_t n, struct nt_blob *ret)
{
    ret->data = NULL;
    ret->len = 0;
    if (!n)
        return;
    struct rd t = rd_sub(r, offset, n);
    ret->data = t.base;
    ret->len = t.len;
}

enum nt_status smb_get_setup_req(const uint8_t *msg, size_t len, struct smb_setup_req *ret)
{
    struct smb_setup_req q;
    struct rd r;
    rd_init(&r, msg, len);
    rd_skip(&r, SMB_HDR);
    if (rd_u16(&r) != 25)
        rd_fail(&r, STATUS_INVALID_NETWORK_RESPONSE);
    q.flags = rd_u8(&r);
    q.mode = rd_u8(&r);
    q.caps = rd_u32(&r);
    rd_skip(&r, 4);
    size_t offset = rd_u16(&r);
    size_t n = rd_u16(&r);
    q.previous_session = rd_u64(&r);
    get_token(&r, offset, n, &q.token);
    if (r.st == STATUS_SUCCESS)
        *ret = q;
    return r.st;
}

void smb_put_setup_rsp(struct wr *w, const struct smb_setup_rsp *p)
{
    wr_u16(w, 9);
    wr_u16(w, p->flags);
    wr_u16(w, (uint16_t)(SMB_HDR + 8));
    wr_u16(w, (uint16_t)p->token.len);
    wr_bytes(w, p->token.data, p->token.len);
}

enum nt_status smb_get_setup_rsp(const uint8_t *msg, size_t len, struct smb_setup_rsp *ret)
{
    struct smb_setup_rsp p;
    struct rd r;
    rd_init(&r, msg, len);
    rd_skip(&r, SMB_HDR);
    if (rd_u16(&r) != 9)
        rd_fail(&r, STATUS_INVALID_NETWORK_RESPONSE);
    p.flags = rd_u16(&r);
    size_t offset = rd_u16(&r);
    size_t n = rd_u16(&r);
    get_token(&r, offset, n, &p.token);
    if (r.st == STATUS_SUCCESS)
        *ret = p;
    return r.st;
}
