// SPDX-License-Identifier: Apache-2.0
/* SMB2 IOCTL and the control codes that pipes need ([MS-SMB2] 2.2.31, 2.2.32; [MS-FSCC] 2.3). */
#include "smb/smb.h"

enum { IS_FSCTL = 1 };

static void put_fix(struct wr *w, const struct smb_ioctl *q)
{
    wr_u16(w, 57);
    wr_u16(w, 0);
    wr_u32(w, q->code);
    wr_bytes(w, q->file_id, SMB_FILE_ID);
    wr_u32(w, SMB_HDR + SMB_IOCTL_FIX);
    wr_u32(w, (uint32_t)q->data.len);
    wr_u32(w, 0); /* MaxInputResponse */
    wr_u32(w, 0); /* OutputOffset */
    wr_u32(w, 0); /* OutputCount */
    wr_u32(w, q->max_out);
    wr_u32(w, IS_FSCTL);
    wr_u32(w, 0);
}

void smb_fill_ioctl_req(uint8_t to[SMB_IOCTL_FIX], const struct smb_ioctl *q)
{
    struct wr w = smb_over(to, SMB_IOCTL_FIX);
    put_fix(&w, q);
}

void smb_put_ioctl_req(struct wr *w, const struct smb_ioctl *q)
{
    put_fix(w, q);
    wr_bytes(w, q->data.data, q->data.len);
}

enum nt_status smb_get_ioctl_req(const uint8_t *msg, size_t len, struct smb_ioctl *ret)
{
    struct smb_ioctl q;
    struct rd r;
    rd_init(&r, msg, len);
    rd_skip(&r, SMB_HDR);
    if (rd_u16(&r) != 57)
        rd_fail(&r, STATUS_INVALID_NETWORK_RESPONSE);
    rd_skip(&r, 2);
    q.code = rd_u32(&r);
    rd_copy(&r, q.file_id, SMB_FILE_ID);
    size_t offset = rd_u32(&r);
    size_t n = rd_u32(&r);
    rd_skip(&r, 12);
    q.max_out = rd_u32(&r);
    if (rd_u32(&r) != IS_FSCTL)
        rd_fail(&r, STATUS_NOT_SUPPORTED);
    rd_skip(&r, 4);
    struct rd data = rd_sub(&r, n ? offset : 0, n);
    if (n && offset < SMB_HDR + SMB_IOCTL_FIX)
        rd_fail(&r, STATUS_INVALID_NETWORK_RESPONSE);
    q.data = (struct nt_blob){ data.base, data.len };
    if (r.st == STATUS_SUCCESS)
        *ret = q;
    return r.st;
}

#define RSP_FIX 48u

void smb_put_ioctl_rsp(struct wr *w, const struct smb_ioctl *p)
{
    wr_u16(w, 49);
    wr_u16(w, 0);
    wr_u32(w, p->code);
    wr_bytes(w, p->file_id, SMB_FILE_ID);
    wr_u32(w, SMB_HDR + RSP_FIX);
    wr_u32(w, 0);
    wr_u32(w, p->data.len ? SMB_HDR + RSP_FIX : 0);
    wr_u32(w, (uint32_t)p->data.len);
    wr_u32(w, 0);
    wr_u32(w, 0);
    wr_bytes(w, p->data.data, p->data.len);
}

enum nt_status smb_get_ioctl_rsp(const uint8_t *msg, size_t len, struct smb_ioctl *ret)
{
    struct smb_ioctl p = { 0 };
    struct rd r;
    rd_init(&r, msg, len);
    rd_skip(&r, SMB_HDR);
    if (rd_u16(&r) != 49)
        rd_fail(&r, STATUS_INVALID_NETWORK_RESPONSE);
    rd_skip(&r, 2);
    p.code = rd_u32(&r);
    rd_copy(&r, p.file_id, SMB_FILE_ID);
    rd_skip(&r, 8); /* input: none of the codes that we use returns any */
    size_t offset = rd_u32(&r);
    size_t n = rd_u32(&r);
    rd_skip(&r, 8);
    struct rd data = rd_sub(&r, n ? offset : 0, n);
    if (n && offset < SMB_HDR + RSP_FIX)
        rd_fail(&r, STATUS_INVALID_NETWORK_RESPONSE);
    p.data = (struct nt_blob){ data.base, data.len };
    if (r.st == STATUS_SUCCESS)
        *ret = p;
    return r.st;
}

void smb_put_validate(struct wr *w, const struct smb_validate *v, bool response)
{
    wr_u32(w, v->caps);
    wr_bytes(w, v->guid, 16);
    wr_u16(w, v->mode);
    if (!response)
        wr_u16(w, (uint16_t)v->n_dialects);
    for (size_t i = 0; i < v->n_dialects; i++)
        wr_u16(w, v->dialects[i]);
}

enum nt_status smb_get_validate(struct nt_blob data, bool response, struct smb_validate *ret)
{
    struct smb_validate v = { 0 };
    struct rd r;
    rd_init(&r, data.data, data.len);
    v.caps = rd_u32(&r);
    rd_copy(&r, v.guid, 16);
    v.mode = rd_u16(&r);
    v.n_dialects = response ? 1 : rd_u16(&r);
    if (v.n_dialects > SMB_MAX_DIALECTS)
        rd_fail(&r, STATUS_INVALID_NETWORK_RESPONSE);
    for (size_t i = 0; i < v.n_dialects && r.st == STATUS_SUCCESS; i++)
        v.dialects[i] = rd_u16(&r);
    if (r.st == STATUS_SUCCESS)
        *ret = v;
    return r.st;
}

/* [MS-FSCC] 2.3.49: Timeout, NameLength, TimeoutSpecified, Padding, Name */
enum nt_status smb_put_pipe_wait(struct wr *w, const char *name, uint64_t timeout_100ms)
{
    size_t units = 0;
    wr_u64(w, timeout_100ms);
    size_t mark = wr_mark_u32(w);
    wr_u8(w, timeout_100ms != 0);
    wr_u8(w, 0);
    enum nt_status st = smb_put_utf16(w, name, &units);
    wr_fill_u32(w, mark, (uint32_t)(2 * units));
    return st;
}
