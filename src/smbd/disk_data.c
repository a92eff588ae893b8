// SPDX-License-Identifier: Apache-2.0
/* Reading and writing files in memory, and waiting for changes ([MS-SMB2] 3.3.5.11 to 3.3.5.13, 3.3.5.19). */
#include <stdlib.h>
#include "smbd/m_disk.h"

enum nt_status disk_read(struct smbd_req *q)
{
    struct smb_read_req in;
    if (smb_get_read_req(q->msg, q->len, &in) != STATUS_SUCCESS || in.length > SMBD_PAYLOAD)
        return STATUS_INVALID_PARAMETER;
    struct disk_open *o = disk_open_of(q, in.file_id);
    if (!o)
        return STATUS_FILE_CLOSED;
    if (o->n->dir)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (!(o->access & (ACCESS_READ | 0x20)))
        return STATUS_ACCESS_DENIED;
    if (disk_locked(o, in.offset, in.length, false))
        return STATUS_FILE_LOCK_CONFLICT;
    size_t n = in.offset < o->n->len ? o->n->len - (size_t)in.offset : 0;
    n = n < in.length ? n : in.length;
    if (n < in.minimum || (!n && in.length))
        return STATUS_END_OF_FILE;
    smbd_put_read_fix(smbd_body(q), n);
    if (n)
        wr_bytes(smbd_body(q), o->n->data + in.offset, n);
    return STATUS_SUCCESS;
}

enum nt_status disk_write(struct smbd_req *q)
{
    struct smb_write_req in;
    if (smb_get_write_req(q->msg, q->len, &in) != STATUS_SUCCESS || in.data.len > SMBD_PAYLOAD)
        return STATUS_INVALID_PARAMETER;
    struct disk_open *o = disk_open_of(q, in.file_id);
    enum nt_status st = STATUS_SUCCESS;
    if (!o)
        return STATUS_FILE_CLOSED;
    if (o->n->dir)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (!(o->access & (ACCESS_WRITE | ACCESS_APPEND)))
        return STATUS_ACCESS_DENIED;
    if (in.offset > DISK_FILE_MAX)
        return STATUS_DISK_FULL;
    if (disk_locked(o, in.offset, in.data.len, true))
        return STATUS_FILE_LOCK_CONFLICT;
    uint64_t end = in.offset + in.data.len;
    if (in.data.len && end > o->n->len)
        st = disk_resize(o->d, o->n, end);
    if (st != STATUS_SUCCESS)
        return st;
    disk_break_readers(o);
    if (in.data.len)
        memcpy(o->n->data + in.offset, in.data.data, in.data.len);
    o->n->written = o->n->changed = disk_now(o->d);
    smb_put_write_rsp(smbd_body(q), (uint32_t)in.data.len);
    return STATUS_SUCCESS;
}

/* Memory is all there is. */
enum nt_status disk_flush(struct smbd_req *q)
{
    uint8_t id[SMB_FILE_ID];
    if (smb_get_close_req(q->msg, q->len, id) != STATUS_SUCCESS) /* the same shape */
        return STATUS_INVALID_PARAMETER;
    struct disk_open *o = disk_open_of(q, id);
    if (!o)
        return STATUS_FILE_CLOSED;
    if (!(o->access & (ACCESS_WRITE | ACCESS_APPEND)))
        return STATUS_ACCESS_DENIED;
    smb_put_empty(smbd_body(q));
    return STATUS_SUCCESS;
}

/* Some control codes are of connections, and answered as on IPC$. Of files there is one: their number is
 * their object id ([MS-FSCC] 2.3.1, 2.1.3). */
enum nt_status disk_ioctl(struct smbd_req *q)
{
    enum { CREATE_OR_GET_OBJECT_ID = 0x900c0, ID_LEN = 64 };
    struct smb_ioctl in;
    if (smb_get_ioctl_req(q->msg, q->len, &in) != STATUS_SUCCESS)
        return STATUS_INVALID_PARAMETER;
    if (in.code == FSCTL_VALIDATE_NEGOTIATE_INFO || in.code == FSCTL_QUERY_NETWORK_INTERFACE_INFO)
        return smbd_ioctl(q);
    struct disk_open *o = disk_open_of(q, in.file_id);
    if (!o)
        return STATUS_FILE_CLOSED;
    if (in.code != CREATE_OR_GET_OBJECT_ID)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (in.max_out < ID_LEN)
        return STATUS_BUFFER_TOO_SMALL;
    q->ioctl = in.code;
    memcpy(q->file_id, in.file_id, SMB_FILE_ID);
    smbd_put_ioctl_fix(smbd_body(q), q, ID_LEN);
    wr_u64(smbd_body(q), o->n->id);
    wr_zero(smbd_body(q), ID_LEN - 8);
    return STATUS_SUCCESS;
}

/* ---- CHANGE_NOTIFY: it waits, and is told when the directory is closed ---- */

static void watch_unlink(struct disk_watch *v)
{
    struct disk_watch **at = &v->o->watches;
    while (*at != v)
        at = &(*at)->next;
    *at = v->next;
}

static void forget(struct smbd_wait *w, void *arg)
{
    struct disk_watch *v = arg;
    (void)w;
    watch_unlink(v);
    free(v);
}

static enum nt_status cleanup(struct smbd_req *q, void *arg)
{
    (void)arg;
    wr_u16(smbd_body(q), 9);
    wr_u16(smbd_body(q), 0);
    wr_u32(smbd_body(q), 0);
    return STATUS_NOTIFY_CLEANUP;
}

void disk_watch_drop(struct disk_open *o)
{
    struct disk_watch *v;
    while ((v = o->watches)) {
        watch_unlink(v);
        v->w->forget = NULL;
        v->w->req.body = true;
        smbd_wait_resume(v->w, cleanup, NULL);
        free(v);
    }
}

enum nt_status disk_change_notify(struct smbd_req *q)
{
    struct rd r;
    uint8_t id[SMB_FILE_ID];
    rd_init(&r, q->msg, q->len);
    rd_skip(&r, SMB_HDR);
    uint16_t size = rd_u16(&r);
    rd_skip(&r, 6);
    rd_copy(&r, id, sizeof id);
    rd_skip(&r, 8);
    if (r.st != STATUS_SUCCESS || size != 32)
        return STATUS_INVALID_PARAMETER;
    struct disk_open *o = disk_open_of(q, id);
    if (!o)
        return STATUS_FILE_CLOSED;
    if (!o->n->dir)
        return STATUS_INVALID_PARAMETER;
    if (!(o->access & ACCESS_READ))
        return STATUS_ACCESS_DENIED;
    if (!q->last) /* as Windows ([MS-SMB2] 3.3.5.2.7, note 266) */
        return STATUS_INTERNAL_ERROR;
    struct disk_watch *v = calloc(1, sizeof *v);
    struct smbd_wait *w = v ? smbd_wait_new(q, NULL) : NULL;
    if (!w) {
        free(v);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *v = (struct disk_watch){ o->watches, o, w };
    o->watches = v;
    w->forget = forget;
    w->arg = v;
    return STATUS_PENDING;
}
