// SPDX-License-Identifier: Apache-2.0
/* What is told of files in memory, and what may be set ([MS-SMB2] 3.3.5.20, 3.3.5.21; [MS-FSCC] 2.4, 2.5). */
#include <stdlib.h>
#include "smbd/m_disk.h"

enum { TYPE_FILE = 1, TYPE_FS = 2, TYPE_SECURITY = 3 };
enum { /* [MS-FSCC] 2.4 */
       BASIC = 4,
       STANDARD = 5,
       INTERNAL = 6,
       EA = 7,
       ACCESS = 8,
       RENAME = 10,
       DISPOSITION = 13,
       POSITION = 14,
       MODE = 16,
       ALIGNMENT = 17,
       ALL = 18,
       ALLOCATION = 19,
       END_OF_FILE = 20,
       STREAM = 22,
       NETWORK_OPEN = 34,
       ATTRIBUTE_TAG = 35
};
enum { FS_VOLUME = 1, FS_SIZE = 3, FS_DEVICE = 4, FS_ATTRIBUTE = 5, FS_FULL_SIZE = 7 }; /* 2.5 */
enum { UNIT = 4096, SECTOR = 512 };

/* ---- files ---- */

static void put_basic(struct wr *w, const struct disk_node *n)
{
    disk_put_times(w, n);
    wr_u32(w, disk_attributes(n));
    wr_u32(w, 0);
}

static void put_standard(struct wr *w, const struct disk_node *n)
{
    wr_u64(w, disk_allocated(n));
    wr_u64(w, n->len);
    wr_u32(w, 1);
    wr_u8(w, n->delete_pending);
    wr_u8(w, n->dir);
    wr_u16(w, 0);
}

/* From the root of the share, "\a\b". */
static void put_name(struct wr *w, const struct disk_node *n)
{
    size_t at = wr_mark_u32(w), from = w->len;
    const struct disk_node *up[128];
    size_t depth = 0;
    for (; n->parent && depth < 128; n = n->parent)
        up[depth++] = n;
    if (!depth)
        wr_u16(w, '\\');
    while (depth--) {
        wr_u16(w, '\\');
        for (size_t i = 0; i < up[depth]->units; i++)
            wr_u16(w, up[depth]->name[i]);
    }
    wr_fill_u32(w, at, (uint32_t)(w->len - from));
}

static void put_all(struct wr *w, const struct disk_open *o)
{
    put_basic(w, o->n);
    put_standard(w, o->n);
    wr_u64(w, o->n->id);
    wr_u32(w, 0); /* no extended attributes */
    wr_u32(w, o->access);
    wr_u64(w, 0); /* position */
    wr_u32(w, 0); /* mode */
    wr_u32(w, 0); /* alignment */
    put_name(w, o->n);
}

static void put_network_open(struct wr *w, const struct disk_node *n)
{
    disk_put_times(w, n);
    wr_u64(w, disk_allocated(n));
    wr_u64(w, n->len);
    wr_u32(w, disk_attributes(n));
    wr_u32(w, 0);
}

static void put_stream(struct wr *w, const struct disk_node *n)
{
    static const char name[] = "::$DATA";
    if (n->dir)
        return;
    wr_u32(w, 0);
    wr_u32(w, 2 * (sizeof name - 1));
    wr_u64(w, n->len);
    wr_u64(w, disk_allocated(n));
    for (size_t i = 0; i < sizeof name - 1; i++)
        wr_u16(w, (uint8_t)name[i]);
}

/* *ret_fix: what there has to be room for, at least. */
static enum nt_status put_file(struct wr *w, const struct disk_open *o, uint8_t class, size_t *ret_fix)
{
    switch (class) {
    case BASIC:
        put_basic(w, o->n);
        break;
    case STANDARD:
        put_standard(w, o->n);
        break;
    case INTERNAL:
        wr_u64(w, o->n->id);
        break;
    case ACCESS:
        wr_u32(w, o->access);
        break;
    case EA:
    case MODE:
    case ALIGNMENT:
        wr_u32(w, 0);
        break;
    case POSITION:
        wr_u64(w, 0);
        break;
    case ALL:
        put_all(w, o);
        *ret_fix = 100;
        return STATUS_SUCCESS;
    case STREAM:
        put_stream(w, o->n);
        break;
    case NETWORK_OPEN:
        put_network_open(w, o->n);
        break;
    case ATTRIBUTE_TAG:
        wr_u32(w, disk_attributes(o->n));
        wr_u32(w, 0);
        break;
    default:
        return class > 75 ? STATUS_INVALID_INFO_CLASS : STATUS_NOT_SUPPORTED;
    }
    *ret_fix = w->len;
    return STATUS_SUCCESS;
}

/* ---- file systems ---- */

static void put_text(struct wr *w, const char *s)
{
    for (; *s; s++)
        wr_u16(w, (uint8_t)*s);
}

static enum nt_status put_fs(struct wr *w, const struct disk *d, uint8_t class, size_t *ret_fix)
{
    static const char label[] = "MEMORY", type[] = "NTFS";
    enum { CASE_KEPT = 2, UNICODE = 4, ACLS = 8, DISK = 7, MOUNTED = 0x20 };
    uint64_t total = DISK_BYTES_MAX / UNIT, left = (DISK_BYTES_MAX - d->bytes) / UNIT;
    switch (class) {
    case FS_VOLUME:
        wr_u64(w, d->root.created);
        wr_u32(w, 0x5445524e);
        wr_u32(w, 2 * (sizeof label - 1));
        wr_u16(w, 0);
        put_text(w, label);
        *ret_fix = 24;
        return STATUS_SUCCESS;
    case FS_SIZE:
    case FS_FULL_SIZE:
        wr_u64(w, total);
        wr_u64(w, left);
        if (class == FS_FULL_SIZE)
            wr_u64(w, left);
        wr_u32(w, UNIT / SECTOR);
        wr_u32(w, SECTOR);
        break;
    case FS_DEVICE:
        wr_u32(w, DISK);
        wr_u32(w, MOUNTED);
        break;
    case FS_ATTRIBUTE:
        wr_u32(w, CASE_KEPT | UNICODE | ACLS);
        wr_u32(w, DISK_NAME_MAX);
        wr_u32(w, 2 * (sizeof type - 1));
        put_text(w, type);
        *ret_fix = 16;
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_INFO_CLASS;
    }
    *ret_fix = w->len;
    return STATUS_SUCCESS;
}

/* ---- security: kept as it is set; nobody is kept out by it ---- */

enum { SD_HEADER = 20, SD_SELF_RELATIVE = 0x8000, SD_DACL = 4, SD_SACL = 0x10 };

/* Everybody may do all; owner and group are the administrators. */
static const uint8_t default_sd[] = {
    1, 0, 0x04, 0x80, 20, 0, 0, 0, 36, 0, 0,  0, 0,    0, 0,    0, 52, 0, 0, 0, /* header */
    1, 2, 0,    0,    0,  0, 0, 5, 32, 0, 0,  0, 0x20, 2, 0,    0,              /* S-1-5-32-544 */
    1, 2, 0,    0,    0,  0, 0, 5, 32, 0, 0,  0, 0x20, 2, 0,    0,              /* S-1-5-32-544 */
    2, 0, 28,   0,    1,  0, 0, 0, 0,  0, 20, 0, 0xff, 1, 0x1f, 0,              /* ACL, ACE */
    1, 1, 0,    0,    0,  0, 0, 1, 0,  0, 0,  0                                 /* S-1-1-0 */
};

/* One part of a self-relative descriptor; empty when it has none. which: place of its offset in the header.
 */
static bool part_of(const uint8_t *sd, size_t len, size_t which, struct nt_blob *ret)
{
    *ret = (struct nt_blob){ NULL, 0 };
    if (len < SD_HEADER)
        return false;
    size_t at = le32(sd + which), n;
    if (!at)
        return true;
    if (at < SD_HEADER || at > len - 8)
        return false;
    if (which < 12) /* a SID */
        n = 8 + 4 * (size_t)sd[at + 1];
    else
        n = le16(sd + at + 2);
    if (n < 8 || n > len - at)
        return false;
    *ret = (struct nt_blob){ sd + at, n };
    return true;
}

static const size_t sd_places[4] = { 4, 8, 16,
                                     12 }; /* owner, group, DACL, SACL: as the bits of the request */

static bool sd_parts(const uint8_t *sd, size_t len, struct nt_blob ret[4])
{
    for (size_t i = 0; i < 4; i++)
        if (!part_of(sd, len, sd_places[i], &ret[i]))
            return false;
    return true;
}

static void put_sd(struct wr *w, const struct nt_blob parts[4], uint16_t control)
{
    size_t from = w->len, at[4] = { 0 };
    wr_u16(w, 1);
    wr_u16(w, control);
    wr_zero(w, 16);
    for (size_t i = 0; i < 4; i++)
        if (parts[i].len) {
            at[i] = w->len - from;
            wr_bytes(w, parts[i].data, parts[i].len);
        }
    for (size_t i = 0; i < 4 && w->st == STATUS_SUCCESS; i++)
        put_le32(w->base + from + sd_places[i], (uint32_t)at[i]);
}

static void current_sd(const struct disk_node *n, const uint8_t **ret, size_t *ret_len)
{
    *ret = n->sd ? n->sd : default_sd;
    *ret_len = n->sd ? n->sd_len : sizeof default_sd;
}

static enum nt_status get_security(struct wr *w, const struct disk_open *o, uint32_t what)
{
    const uint8_t *sd;
    size_t len;
    struct nt_blob parts[4];
    if (!(o->access & ACCESS_READ_CONTROL))
        return STATUS_ACCESS_DENIED;
    current_sd(o->n, &sd, &len);
    (void)sd_parts(sd, len, parts);
    for (size_t i = 0; i < 4; i++)
        if (!(what >> i & 1))
            parts[i].len = 0;
    uint16_t mask = (uint16_t)((what & 4 ? 0x1504 : 0) | (what & 8 ? 0x2a10 : 0));
    put_sd(w, parts, (uint16_t)((le16(sd + 2) & mask) | SD_SELF_RELATIVE));
    return w->st;
}

static enum nt_status set_security(struct disk_open *o, uint32_t what, struct nt_blob in)
{
    const uint8_t *sd;
    size_t len;
    struct nt_blob now[4], new[4];
    struct wr w;
    if (!sd_parts(in.data, in.len, new))
        return STATUS_INVALID_SECURITY_DESCR;
    if (((what & 3) && !(o->access & ACCESS_WRITE_OWNER)) || ((what & 4) && !(o->access & ACCESS_WRITE_DAC)))
        return STATUS_ACCESS_DENIED;
    if (what & 8)
        return STATUS_PRIVILEGE_NOT_HELD;
    current_sd(o->n, &sd, &len);
    (void)sd_parts(sd, len, now);
    uint16_t mask = what & 4 ? 0x1504 : 0,
             control = (uint16_t)((le16(sd + 2) & ~mask) | (le16(in.data + 2) & mask));
    for (size_t i = 0; i < 3; i++)
        if (what >> i & 1)
            now[i] = new[i];
    wr_init(&w, UINT16_MAX * 2);
    put_sd(&w, now, (uint16_t)(control | SD_SELF_RELATIVE));
    if (w.st != STATUS_SUCCESS) {
        wr_free(&w);
        return STATUS_DISK_FULL;
    }
    free(o->n->sd);
    o->n->sd = w.base;
    o->n->sd_len = w.len;
    o->n->changed = disk_now(o->d);
    return STATUS_SUCCESS;
}

/* ---- QUERY_INFO ---- */

struct query {
    uint8_t type, class, id[SMB_FILE_ID];
    uint32_t max, what;
};

static bool get_query(const struct smbd_req *q, struct query *ret)
{
    struct rd r;
    rd_init(&r, q->msg, q->len);
    rd_skip(&r, SMB_HDR);
    bool ok = rd_u16(&r) == 41;
    ret->type = rd_u8(&r);
    ret->class = rd_u8(&r);
    ret->max = rd_u32(&r);
    rd_skip(&r, 8);
    ret->what = rd_u32(&r);
    rd_skip(&r, 4);
    rd_copy(&r, ret->id, sizeof ret->id);
    return ok && r.st == STATUS_SUCCESS && ret->max <= SMBD_TRANSACT_DISK;
}

static enum nt_status query(struct wr *out, const struct disk_open *o, const struct query *in,
                            size_t *ret_fix)
{
    enum nt_status st;
    switch (in->type) {
    case TYPE_FILE:
        if (!(o->access & ACCESS_READ_ATTR) && (in->class == BASIC || in->class == ALL ||
                                                in->class == NETWORK_OPEN || in->class == ATTRIBUTE_TAG))
            return STATUS_ACCESS_DENIED;
        return put_file(out, o, in->class, ret_fix);
    case TYPE_FS:
        return put_fs(out, o->d, in->class, ret_fix);
    case TYPE_SECURITY:
        st = get_security(out, o, in->what);
        *ret_fix = out->len;
        return st == STATUS_SUCCESS && out->len > in->max ? STATUS_BUFFER_TOO_SMALL : st;
    default:
        return STATUS_NOT_SUPPORTED;
    }
}

enum nt_status disk_query_info(struct smbd_req *q)
{
    struct query in;
    struct wr out;
    size_t fix = 0;
    if (!get_query(q, &in))
        return STATUS_INVALID_PARAMETER;
    const struct disk_open *o = disk_open_of(q, in.id);
    if (!o)
        return STATUS_FILE_CLOSED;
    wr_init(&out, 4 * UINT16_MAX);
    enum nt_status st = query(&out, o, &in, &fix);
    if (st == STATUS_SUCCESS && fix > in.max)
        st = STATUS_INFO_LENGTH_MISMATCH;
    if (st == STATUS_SUCCESS && out.len > in.max) {
        out.len = in.max;
        q->body = true;
        st = STATUS_BUFFER_OVERFLOW;
    }
    if (st == STATUS_SUCCESS || st == STATUS_BUFFER_OVERFLOW)
        smbd_put_buffer(q, &out);
    wr_free(&out);
    return st;
}

/* ---- SET_INFO ---- */

/* 0 and -1: as it is ([MS-FSCC] 2.4.7). */
static void take_time(struct rd *r, uint64_t *time)
{
    uint64_t t = rd_u64(r);
    if (t && t < UINT64_MAX - 1)
        *time = t;
}

static enum nt_status set_basic(struct disk_open *o, struct rd *r)
{
    struct disk_node *n = o->n;
    if (!(o->access & ACCESS_WRITE_ATTR))
        return STATUS_ACCESS_DENIED;
    if (rd_left(r) < 36)
        return STATUS_INFO_LENGTH_MISMATCH;
    take_time(r, &n->created);
    take_time(r, &n->accessed);
    take_time(r, &n->written);
    take_time(r, &n->changed);
    uint32_t a = rd_u32(r);
    if (!n->dir && (a & ATTR_DIRECTORY))
        return STATUS_INVALID_PARAMETER;
    if (a)
        n->attributes = a & ATTR_SETTABLE;
    return STATUS_SUCCESS;
}

static enum nt_status set_disposition(struct disk_open *o, struct rd *r)
{
    bool away = rd_u8(r);
    if (!(o->access & ACCESS_DELETE))
        return STATUS_ACCESS_DENIED;
    if (r->st != STATUS_SUCCESS)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (away && (o->n->attributes & ATTR_READONLY))
        return STATUS_CANNOT_DELETE;
    if (away && o->n->children)
        return STATUS_DIRECTORY_NOT_EMPTY;
    if (away && !o->n->parent)
        return STATUS_CANNOT_DELETE;
    o->n->delete_pending = away;
    o->delete_on_close &= away;
    return STATUS_SUCCESS;
}

/* [MS-FSCC] 2.4.37.2 */
static enum nt_status set_name(struct disk_open *o, struct rd *r)
{
    char16_t *path;
    size_t units;
    bool replace = rd_u8(r);
    rd_skip(r, 7);
    uint64_t root = rd_u64(r);
    size_t len = rd_u32(r);
    const uint8_t *name = rd_bytes(r, len);
    if (!(o->access & ACCESS_DELETE))
        return STATUS_ACCESS_DENIED;
    if (r->st != STATUS_SUCCESS)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (root || !len)
        return STATUS_INVALID_PARAMETER;
    enum nt_status st = disk_path((struct nt_blob){ name, len }, &path, &units);
    if (st != STATUS_SUCCESS)
        return st;
    bool slash = units > 1 && path[0] == '\\'; /* some clients begin at the root of the share */
    st = disk_rename(o->d, o->n, path + slash, units - slash, replace);
    free(path);
    return st;
}

static enum nt_status set_size(struct disk_open *o, struct rd *r, bool allocation)
{
    uint64_t n = rd_u64(r);
    if (!(o->access & ACCESS_WRITE))
        return STATUS_ACCESS_DENIED;
    if (r->st != STATUS_SUCCESS)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (o->n->dir)
        return STATUS_INVALID_PARAMETER;
    if (allocation && n >= o->n->len) /* room is there when it is needed */
        return n > DISK_FILE_MAX ? STATUS_DISK_FULL : STATUS_SUCCESS;
    disk_break_readers(o);
    o->n->written = o->n->changed = disk_now(o->d);
    return disk_resize(o->d, o->n, n);
}

static enum nt_status set_file(struct disk_open *o, uint8_t class, struct rd *r)
{
    switch (class) {
    case BASIC:
        return set_basic(o, r);
    case RENAME:
        return set_name(o, r);
    case DISPOSITION:
        return set_disposition(o, r);
    case ALLOCATION:
    case END_OF_FILE:
        return set_size(o, r, class == ALLOCATION);
    case POSITION:
    case MODE:
        return STATUS_SUCCESS;
    case EA:
    case 15:
        return STATUS_EAS_NOT_SUPPORTED;
    default:
        return STATUS_INVALID_INFO_CLASS;
    }
}

enum nt_status disk_set_info(struct smbd_req *q)
{
    struct smbd_set in;
    if (!smbd_get_set(q, &in))
        return STATUS_INVALID_PARAMETER;
    struct disk_open *o = disk_open_of(q, in.id);
    if (!o)
        return STATUS_FILE_CLOSED;
    enum nt_status st = in.type == TYPE_FILE ? set_file(o, in.class, &in.data)
                        : in.type == TYPE_SECURITY
                            ? set_security(o, in.what, (struct nt_blob){ in.data.base, in.data.len })
                            : STATUS_NOT_SUPPORTED;
    if (st == STATUS_SUCCESS)
        wr_u16(smbd_body(q), 2);
    return st;
}
