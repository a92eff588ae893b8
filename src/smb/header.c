// SPDX-License-Identifier: Apache-2.0
/* SMB2 header, framing, the error response, bodies that say nothing, names. */
#include <stdlib.h>
#include <msrpc/unistr.h>
#include "smb/smb.h"

static const uint8_t protocol_id[4] = { 0xfe, 'S', 'M', 'B' };

/* [MS-SMB2] 2.2.1 */
void smb_put_hdr(uint8_t to[SMB_HDR], const struct smb_hdr *h)
{
    memcpy(to, protocol_id, 4);
    put_le16(to + 4, SMB_HDR);
    put_le16(to + 6, h->credit_charge);
    put_le32(to + 8, h->status);
    put_le16(to + 12, h->command);
    put_le16(to + 14, h->credits);
    put_le32(to + 16, h->flags);
    put_le32(to + 20, h->next);
    put_le64(to + 24, h->mid);
    if (h->flags & SMB_FLAG_ASYNC) {
        put_le64(to + 32, h->async_id);
    } else {
        put_le32(to + 32, 0);
        put_le32(to + 36, h->tree_id);
    }
    put_le64(to + 40, h->session_id);
    memcpy(to + 48, h->signature, 16);
}

enum nt_status smb_get_hdr(const uint8_t *msg, size_t len, struct smb_hdr *ret)
{
    if (len < SMB_HDR || memcmp(msg, protocol_id, 4) != 0 || le16(msg + 4) != SMB_HDR)
        return STATUS_INVALID_NETWORK_RESPONSE;
    ret->credit_charge = le16(msg + 6);
    ret->status = le32(msg + 8);
    ret->command = le16(msg + 12);
    ret->credits = le16(msg + 14);
    ret->flags = le32(msg + 16);
    ret->next = le32(msg + 20);
    ret->mid = le64(msg + 24);
    ret->async_id = ret->flags & SMB_FLAG_ASYNC ? le64(msg + 32) : 0;
    ret->tree_id = ret->flags & SMB_FLAG_ASYNC ? 0 : le32(msg + 36);
    ret->session_id = le64(msg + 40);
    memcpy(ret->signature, msg + 48, 16);
    return STATUS_SUCCESS;
}

/* [MS-SMB2] 2.1: the length is in network byte order. */
void smb_put_frame(uint8_t to[SMB_FRAME], size_t len)
{
    to[0] = 0;
    to[1] = (uint8_t)(len >> 16);
    to[2] = (uint8_t)(len >> 8);
    to[3] = (uint8_t)len;
}

enum nt_status smb_get_frame(const uint8_t from[SMB_FRAME], size_t *ret_len)
{
    size_t len = (size_t)from[1] << 16 | (size_t)from[2] << 8 | from[3];
    if (from[0] != 0 || len < SMB_HDR || len > SMB_MAX_MESSAGE)
        return STATUS_INVALID_NETWORK_RESPONSE;
    *ret_len = len;
    return STATUS_SUCCESS;
}

void smb_put_empty(struct wr *w)
{
    wr_u16(w, 4);
    wr_u16(w, 0);
}

enum nt_status smb_get_empty(const uint8_t *msg, size_t len)
{
    struct rd r;
    rd_init(&r, msg, len);
    rd_skip(&r, SMB_HDR);
    if (rd_u16(&r) != 4)
        rd_fail(&r, STATUS_INVALID_NETWORK_RESPONSE);
    rd_skip(&r, 2);
    return r.st;
}

/* [MS-SMB2] 2.2.2, 2.2.2.1. Without data one byte stands where the data would be. */
void smb_put_error(struct wr *w, const struct smb_error *e, bool contexts)
{
    size_t extra = contexts && e->data.len ? 8 : 0;
    wr_u16(w, 9);
    wr_u8(w, extra ? 1 : 0);
    wr_u8(w, 0);
    wr_u32(w, (uint32_t)(e->data.len + extra));
    if (extra) {
        wr_u32(w, (uint32_t)e->data.len);
        wr_u32(w, e->id);
    }
    wr_bytes(w, e->data.data, e->data.len);
    if (!e->data.len)
        wr_u8(w, 0);
}

enum nt_status smb_get_error(const uint8_t *msg, size_t len, struct smb_error *ret)
{
    struct smb_error e = { 0, { NULL, 0 } };
    struct rd r;
    rd_init(&r, msg, len);
    rd_skip(&r, SMB_HDR);
    if (rd_u16(&r) != 9)
        rd_fail(&r, STATUS_INVALID_NETWORK_RESPONSE);
    uint8_t contexts = rd_u8(&r);
    rd_skip(&r, 1);
    size_t n = rd_u32(&r);
    struct rd data = rd_sub(&r, SMB_HDR + 8, n);
    if (contexts) {
        size_t m = rd_u32(&data);
        e.id = rd_u32(&data);
        e.data.data = rd_bytes(&data, m);
        e.data.len = m;
        if (data.st != STATUS_SUCCESS)
            rd_fail(&r, data.st);
    } else {
        e.data.data = data.base;
        e.data.len = n;
    }
    if (r.st == STATUS_SUCCESS)
        *ret = e;
    return r.st;
}

enum nt_status smb_put_utf16(struct wr *w, const char *s, size_t *ret_units)
{
    char16_t *u;
    size_t n, size;
    enum nt_status st = ustr_from_utf8(s, USTR_NUL, &u, &n);
    if (st == STATUS_NO_UNICODE_TRANSLATION)
        return STATUS_OBJECT_NAME_INVALID;
    if (st != STATUS_SUCCESS)
        return st;
    uint8_t *to = wr_room(w, 2 * n);
    st = to ? ustr_to_le_buf(u, n, to, 2 * n, &size) : w->st;
    free(u);
    if (st == STATUS_SUCCESS && ret_units)
        *ret_units = n;
    return st;
}
