// SPDX-License-Identifier: Apache-2.0
/* SMB2 CREATE, CLOSE, READ and WRITE ([MS-SMB2] 2.2.13 to 2.2.16, 2.2.19 to 2.2.22). */
#include "smb/smb.h"

static void structure(struct rd *r, const uint8_t *msg, size_t len, uint16_t size)
{
    rd_init(r, msg, len);
    rd_skip(r, SMB_HDR);
    if (rd_u16(r) != size)
        rd_fail(r, STATUS_INVALID_NETWORK_RESPONSE);
}

enum nt_status smb_put_create_req(struct wr *w, const struct smb_create_req *q)
{
    size_t units = 0;
    wr_u16(w, 57);
    wr_u8(w, 0); /* SecurityFlags */
    wr_u8(w, 0); /* no oplock */
    wr_u32(w, q->impersonation);
    wr_u64(w, 0); /* SmbCreateFlags */
    wr_u64(w, 0);
    wr_u32(w, q->access);
    wr_u32(w, q->attributes);
    wr_u32(w, q->share);
    wr_u32(w, q->disposition);
    wr_u32(w, q->options);
    wr_u16(w, (uint16_t)(SMB_HDR + 56));
    size_t mark = wr_mark_u16(w);
    wr_u32(w, 0); /* no contexts */
    wr_u32(w, 0);
    enum nt_status st = smb_put_utf16(w, q->name, &units);
    if (st == STATUS_SUCCESS && units > UINT16_MAX / 2)
        st = STATUS_OBJECT_NAME_INVALID;
    wr_fill_u16(w, mark, (uint16_t)(2 * units));
    if (!units) /* the buffer has at least one byte ([MS-SMB2] 2.2.13) */
        wr_u8(w, 0);
    return st;
}

enum nt_status smb_get_create_req(const uint8_t *msg, size_t len, struct smb_create_req *ret)
{
    struct smb_create_req q = { 0 };
    struct rd r;
    structure(&r, msg, len, 57);
    rd_skip(&r, 2);
    q.impersonation = rd_u32(&r);
    rd_skip(&r, 16);
    q.access = rd_u32(&r);
    q.attributes = rd_u32(&r);
    q.share = rd_u32(&r);
    q.disposition = rd_u32(&r);
    q.options = rd_u32(&r);
    size_t offset = rd_u16(&r);
    size_t n = rd_u16(&r);
    rd_skip(&r, 8);
    if (n & 1)
        rd_fail(&r, STATUS_INVALID_NETWORK_RESPONSE);
    struct rd name = rd_sub(&r, n ? offset : 0, n);
    q.wire_name = (struct nt_blob){ name.base, name.len };
    if (r.st == STATUS_SUCCESS)
        *ret = q;
    return r.st;
}

void smb_put_create_rsp(struct wr *w, const struct smb_create_rsp *p)
{
    wr_u16(w, 89);
    wr_u8(w, p->oplock);
    wr_u8(w, 0);
    wr_u32(w, p->action);
    wr_zero(w, 32); /* times: a pipe has none */
    wr_zero(w, 16); /* AllocationSize, EndofFile */
    wr_u32(w, p->attributes);
    wr_u32(w, 0);
    wr_bytes(w, p->file_id, SMB_FILE_ID);
    wr_u32(w, 0); /* no contexts */
    wr_u32(w, 0);
}

enum nt_status smb_get_create_rsp(const uint8_t *msg, size_t len, struct smb_create_rsp *ret)
{
    struct smb_create_rsp p;
    struct rd r;
    structure(&r, msg, len, 89);
    p.oplock = rd_u8(&r);
    rd_skip(&r, 1);
    p.action = rd_u32(&r);
    rd_skip(&r, 48);
    p.attributes = rd_u32(&r);
    rd_skip(&r, 4);
    rd_copy(&r, p.file_id, SMB_FILE_ID);
    rd_skip(&r, 8);
    if (r.st == STATUS_SUCCESS)
        *ret = p;
    return r.st;
}

void smb_put_close_req(struct wr *w, const uint8_t file_id[SMB_FILE_ID])
{
    wr_u16(w, 24);
    wr_u16(w, 0);
    wr_u32(w, 0);
    wr_bytes(w, file_id, SMB_FILE_ID);
}

enum nt_status smb_get_close_req(const uint8_t *msg, size_t len, uint8_t ret_file_id[SMB_FILE_ID])
{
    struct rd r;
    structure(&r, msg, len, 24);
    rd_skip(&r, 6);
    const uint8_t *id = rd_bytes(&r, SMB_FILE_ID);
    if (id)
        memcpy(ret_file_id, id, SMB_FILE_ID);
    return r.st;
}

void smb_put_close_rsp(struct wr *w)
{
    wr_u16(w, 60);
    wr_zero(w, 58);
}

enum nt_status smb_get_close_rsp(const uint8_t *msg, size_t len)
{
    struct rd r;
    structure(&r, msg, len, 60);
    rd_skip(&r, 58);
    return r.st;
}

void smb_put_read_req(struct wr *w, const struct smb_read_req *q)
{
    wr_u16(w, 49);
    wr_u8(w, 0x50); /* where the answer's data would best begin: behind header and fixed part */
    wr_u8(w, 0);
    wr_u32(w, q->length);
    wr_u64(w, q->offset);
    wr_bytes(w, q->file_id, SMB_FILE_ID);
    wr_u32(w, q->minimum);
    wr_u32(w, 0); /* Channel */
    wr_u32(w, 0); /* RemainingBytes */
    wr_u32(w, 0); /* channel info */
    wr_u8(w, 0);  /* the buffer has at least one byte */
}

enum nt_status smb_get_read_req(const uint8_t *msg, size_t len, struct smb_read_req *ret)
{
    struct smb_read_req q;
    struct rd r;
    structure(&r, msg, len, 49);
    rd_skip(&r, 2);
    q.length = rd_u32(&r);
    q.offset = rd_u64(&r);
    rd_copy(&r, q.file_id, SMB_FILE_ID);
    q.minimum = rd_u32(&r);
    rd_skip(&r, 12);
    if (r.st == STATUS_SUCCESS)
        *ret = q;
    return r.st;
}

void smb_put_read_rsp(struct wr *w, struct nt_blob data)
{
    wr_u16(w, 17);
    wr_u8(w, SMB_HDR + 16);
    wr_u8(w, 0);
    wr_u32(w, (uint32_t)data.len);
    wr_u32(w, 0);
    wr_u32(w, 0);
    wr_bytes(w, data.data, data.len);
}

enum nt_status smb_get_read_rsp(const uint8_t *msg, size_t len, struct nt_blob *ret_data)
{
    struct rd r;
    structure(&r, msg, len, 17);
    size_t offset = rd_u8(&r);
    rd_skip(&r, 1);
    size_t n = rd_u32(&r);
    rd_skip(&r, 8);
    struct rd data = rd_sub(&r, n ? offset : 0, n);
    if (n && offset < SMB_HDR + 16)
        rd_fail(&r, STATUS_INVALID_NETWORK_RESPONSE);
    if (r.st == STATUS_SUCCESS)
        *ret_data = (struct nt_blob){ data.base, data.len };
    return r.st;
}

static void put_write_fix(struct wr *w, const uint8_t file_id[SMB_FILE_ID], uint64_t offset, size_t n)
{
    wr_u16(w, 49);
    wr_u16(w, (uint16_t)(SMB_HDR + SMB_WRITE_FIX));
    wr_u32(w, (uint32_t)n);
    wr_u64(w, offset);
    wr_bytes(w, file_id, SMB_FILE_ID);
    wr_u32(w, 0); /* Channel */
    wr_u32(w, 0); /* RemainingBytes */
    wr_u32(w, 0); /* channel info */
    wr_u32(w, 0); /* Flags */
}

void smb_fill_write_req(uint8_t to[SMB_WRITE_FIX], const uint8_t file_id[SMB_FILE_ID], size_t n)
{
    struct wr w = smb_over(to, SMB_WRITE_FIX);
    put_write_fix(&w, file_id, 0, n);
}

void smb_put_write_req(struct wr *w, const struct smb_write_req *q)
{
    put_write_fix(w, q->file_id, q->offset, q->data.len);
    wr_bytes(w, q->data.data, q->data.len);
}

enum nt_status smb_get_write_req(const uint8_t *msg, size_t len, struct smb_write_req *ret)
{
    struct smb_write_req q;
    struct rd r;
    structure(&r, msg, len, 49);
    size_t offset = rd_u16(&r);
    size_t n = rd_u32(&r);
    q.offset = rd_u64(&r);
    rd_copy(&r, q.file_id, SMB_FILE_ID);
    rd_skip(&r, 16);
    struct rd data = rd_sub(&r, n ? offset : 0, n);
    if (n && offset < SMB_HDR + SMB_WRITE_FIX)
        rd_fail(&r, STATUS_INVALID_NETWORK_RESPONSE);
    q.data = (struct nt_blob){ data.base, data.len };
    if (r.st == STATUS_SUCCESS)
        *ret = q;
    return r.st;
}

void smb_put_write_rsp(struct wr *w, uint32_t count)
{
    wr_u16(w, 17);
    wr_u16(w, 0);
    wr_u32(w, count);
    wr_u32(w, 0);
    wr_u32(w, 0);
}

enum nt_status smb_get_write_rsp(const uint8_t *msg, size_t len, uint32_t *ret_count)
{
    struct rd r;
    structure(&r, msg, len, 17);
    rd_skip(&r, 2);
    uint32_t n = rd_u32(&r);
    rd_skip(&r, 8);
    if (r.st == STATUS_SUCCESS)
        *ret_count = n;
    return r.st;
}
