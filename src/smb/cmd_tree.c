// SPDX-License-Identifier: Apache-2.0
/* SMB2 TREE_CONNECT ([MS-SMB2] 2.2.9, 2.2.10). */
#include "smb/smb.h"

enum nt_status smb_put_tree_req(struct wr *w, const char *path)
{
    size_t units = 0;
    wr_u16(w, 9);
    wr_u16(w, 0);
    wr_u16(w, (uint16_t)(SMB_HDR + 8));
    size_t mark = wr_mark_u16(w);
    enum nt_status st = smb_put_utf16(w, path, &units);
    if (st == STATUS_SUCCESS && units > UINT16_MAX / 2)
        st = STATUS_OBJECT_NAME_INVALID;
    wr_fill_u16(w, mark, (uint16_t)(2 * units));
    return st;
}

enum nt_status smb_get_tree_req(const uint8_t *msg, size_t len, struct nt_blob *ret_path)
{
    struct rd r;
    rd_init(&r, msg, len);
    rd_skip(&r, SMB_HDR);
    if (rd_u16(&r) != 9)
        rd_fail(&r, STATUS_INVALID_NETWORK_RESPONSE);
    rd_skip(&r, 2);
    size_t offset = rd_u16(&r);
    size_t n = rd_u16(&r);
    struct rd path = rd_sub(&r, offset, n);
    if (n & 1)
        rd_fail(&r, STATUS_INVALID_NETWORK_RESPONSE);
    if (r.st == STATUS_SUCCESS)
        *ret_path = (struct nt_blob){ path.base, path.len };
    return r.st;
}

void smb_put_tree_rsp(struct wr *w, const struct smb_tree_rsp *p)
{
    wr_u16(w, 16);
    wr_u8(w, p->type);
    wr_u8(w, 0);
    wr_u32(w, p->flags);
    wr_u32(w, p->caps);
    wr_u32(w, p->access);
}

enum nt_status smb_get_tree_rsp(const uint8_t *msg, size_t len, struct smb_tree_rsp *ret)
{
    struct smb_tree_rsp p;
    struct rd r;
    rd_init(&r, msg, len);
    rd_skip(&r, SMB_HDR);
    if (rd_u16(&r) != 16)
        rd_fail(&r, STATUS_INVALID_NETWORK_RESPONSE);
    p.type = rd_u8(&r);
    rd_skip(&r, 1);
    p.flags = rd_u32(&r);
    p.caps = rd_u32(&r);
    p.access = rd_u32(&r);
    if (r.st == STATUS_SUCCESS)
        *ret = p;
    return r.st;
}
