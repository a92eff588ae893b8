// SPDX-License-Identifier: Apache-2.0
/* Opening and closing files in memory: access, sharing, oplocks ([MS-SMB2] 3.3.5.9, 3.3.5.10, 3.3.5.22). */
#include <stdio.h>
#include <stdlib.h>
#include "smbd/m_disk.h"

enum { SUPERSEDE, OPEN, CREATE, OPEN_IF, OVERWRITE, OVERWRITE_IF };              /* dispositions */
enum { SUPERSEDED = 0, OPENED = 1, CREATED = 2, OVERWRITTEN = 3 };               /* actions */
enum { ONLY_LOOKS = ACCESS_READ_ATTR | ACCESS_WRITE_ATTR | ACCESS_SYNCHRONIZE }; /* breaks no oplock */

static void try_pending(struct disk *d);

/* ---- oplocks ---- */

static void put_break(struct wr *w, const struct disk_open *o, uint8_t level)
{
    uint8_t id[SMB_FILE_ID];
    smbd_pipe_id(o->p, id);
    wr_u16(w, 24);
    wr_u8(w, level);
    wr_zero(w, 5);
    wr_bytes(w, id, sizeof id);
}

static void tell_break(struct disk_open *o, uint8_t level)
{
    struct wr w;
    smb_begin(&w, SMB_MAX_MESSAGE);
    put_break(&w, o, level);
    smbd_notify(o->p->session, &w);
}

static void broken(struct disk_open *o, uint8_t level)
{
    o->oplock = level;
    o->breaking = false;
    io_cancel(&o->timer);
}

/* Whoever does not answer loses it. */
static void break_late(struct io_item *it)
{
    struct disk_open *o = io_container(it, struct disk_open, timer);
    struct disk *d = o->d;
    broken(o, OPLOCK_NONE);
    try_pending(d);
}

static void start_break(struct disk_open *o, uint8_t level)
{
    struct io_stream *s = smbd_pipe_stream(o->p);
    if (o->breaking)
        return;
    o->breaking = true;
    o->breaking_to = level;
    io_timer(s, &o->timer, io_now(s) + DISK_BREAK_NS);
    tell_break(o, level);
}

void disk_break_readers(struct disk_open *by)
{
    for (struct disk_open *o = by->n->opens; o; o = o->next)
        if (o != by && o->oplock == OPLOCK_II) {
            o->oplock = OPLOCK_NONE; /* nobody has to agree to that */
            tell_break(o, OPLOCK_NONE);
        }
}

enum nt_status disk_oplock_break(struct smbd_req *q)
{
    struct rd r;
    uint8_t id[SMB_FILE_ID];
    rd_init(&r, q->msg, q->len);
    rd_skip(&r, SMB_HDR);
    uint16_t size = rd_u16(&r);
    uint8_t level = rd_u8(&r);
    rd_skip(&r, 5);
    rd_copy(&r, id, sizeof id);
    if (r.st != STATUS_SUCCESS || size != 24) /* 36: of a lease, which nobody has */
        return STATUS_INVALID_PARAMETER;
    struct disk_open *o = disk_open_of(q, id);
    if (!o)
        return STATUS_FILE_CLOSED;
    if (!o->breaking)
        return STATUS_INVALID_OPLOCK_PROTOCOL;
    if (level > o->breaking_to) {
        broken(o, OPLOCK_NONE);
        try_pending(o->d);
        return STATUS_INVALID_OPLOCK_PROTOCOL;
    }
    put_break(smbd_body(q), o, level);
    broken(o, level);
    try_pending(o->d);
    return STATUS_SUCCESS;
}

/* ---- may it? ---- */

static bool conflict(uint32_t access, uint32_t share)
{
    return ((access & (ACCESS_READ | 0x20)) && !(share & SHARE_READ)) ||
           ((access & (ACCESS_WRITE | ACCESS_APPEND)) && !(share & SHARE_WRITE)) ||
           ((access & ACCESS_DELETE) && !(share & SHARE_DELETE));
}

static bool sharing_violation(const struct disk_node *n, const struct disk_ask *a)
{
    for (const struct disk_open *o = n->opens; o; o = o->next)
        if (conflict(a->access, o->share) || conflict(o->access, a->share))
            return true;
    return false;
}

static bool overwrites(const struct disk_ask *a)
{
    return a->disposition == SUPERSEDE || a->disposition == OVERWRITE || a->disposition == OVERWRITE_IF;
}

/* STATUS_PENDING: somebody has an oplock to give back first. */
static enum nt_status break_holders(struct disk_node *n, const struct disk_ask *a, bool violation)
{
    enum nt_status st = STATUS_SUCCESS;
    if (!(a->access & ~(uint32_t)ONLY_LOOKS) && !overwrites(a))
        return STATUS_SUCCESS;
    for (struct disk_open *o = n->opens; o; o = o->next)
        if (o->oplock == OPLOCK_BATCH || (o->oplock == OPLOCK_EXCLUSIVE && !violation)) {
            start_break(o, overwrites(a) ? OPLOCK_NONE : OPLOCK_II);
            st = STATUS_PENDING;
        }
    return st;
}

static enum nt_status may_open(struct disk_node *n, const struct disk_ask *a)
{
    if (n->delete_pending)
        return STATUS_DELETE_PENDING;
    if (a->disposition == CREATE)
        return STATUS_OBJECT_NAME_COLLISION;
    if (n->dir && (a->options & OPTION_NO_DIRECTORY))
        return STATUS_FILE_IS_A_DIRECTORY;
    if (!n->dir && (a->options & OPTION_DIRECTORY))
        return STATUS_NOT_A_DIRECTORY;
    if (n->dir && overwrites(a))
        return STATUS_OBJECT_NAME_COLLISION;
    if (n->attributes & ATTR_READONLY) {
        if (a->options & OPTION_DELETE_ON_CLOSE)
            return STATUS_CANNOT_DELETE;
        if ((a->access & (ACCESS_WRITE | ACCESS_APPEND)) || overwrites(a))
            return STATUS_ACCESS_DENIED;
    }
    bool violation = sharing_violation(n, a);
    enum nt_status st = break_holders(n, a, violation);
    return st != STATUS_SUCCESS ? st : violation ? STATUS_SHARING_VIOLATION : STATUS_SUCCESS;
}

static enum nt_status take_existing(struct disk *d, struct disk_node *n, struct disk_ask *a)
{
    enum nt_status st = may_open(n, a);
    a->action = OPENED;
    if (st != STATUS_SUCCESS || !overwrites(a))
        return st;
    a->action = a->disposition == SUPERSEDE ? SUPERSEDED : OVERWRITTEN;
    n->attributes = (a->attributes & ATTR_SETTABLE) | ATTR_ARCHIVE;
    n->written = n->changed = disk_now(d);
    return disk_resize(d, n, 0);
}

static enum nt_status find_or_make(struct disk *d, struct disk_ask *a, struct disk_node **ret)
{
    struct disk_node *dir;
    const char16_t *name;
    size_t units;
    enum nt_status st = disk_walk(d, a->path, a->units, &dir, ret, &name, &units);
    if (st == STATUS_SUCCESS)
        return take_existing(d, *ret, a);
    if (st != STATUS_OBJECT_NAME_NOT_FOUND || a->disposition == OPEN || a->disposition == OVERWRITE)
        return st;
    bool is_dir = a->options & OPTION_DIRECTORY;
    if (dir->delete_pending)
        return STATUS_DELETE_PENDING;
    st = disk_add(d, dir, name, units, is_dir, ret);
    if (st == STATUS_SUCCESS)
        (*ret)->attributes = (a->attributes & ATTR_SETTABLE) | (is_dir ? 0u : ATTR_ARCHIVE);
    a->action = CREATED;
    return st;
}

/* ---- opening ---- */

static uint8_t grant_oplock(const struct disk_node *n, const struct disk_ask *a)
{
    uint8_t level = a->oplock;
    if (n->dir || (level != OPLOCK_II && level != OPLOCK_EXCLUSIVE && level != OPLOCK_BATCH))
        return OPLOCK_NONE; /* there are no leases */
    for (const struct disk_open *o = n->opens; o; o = o->next)
        level = OPLOCK_II;
    return level;
}

static enum nt_status open_node(struct smbd_req *q, struct disk *d, struct disk_ask *a, struct disk_node *n,
                                struct disk_open **ret)
{
    struct disk_open *o = calloc(1, sizeof *o);
    enum nt_status st = o ? smbd_file_new(q->session, q->h.tree_id, "", o, &o->p) : STATUS_NO_MEMORY;
    if (st != STATUS_SUCCESS) {
        free(o);
        if (a->action == CREATED) {
            disk_unlink(n);
            disk_free_node(d, n);
        }
        return st;
    }
    o->d = d;
    o->n = n;
    o->access = a->access;
    o->share = a->share;
    o->delete_on_close = a->options & OPTION_DELETE_ON_CLOSE;
    o->oplock = grant_oplock(n, a);
    io_item_init(&o->timer, break_late);
    o->next = n->opens;
    n->opens = o;
    if (overwrites(a))
        disk_break_readers(o);
    *ret = o;
    return STATUS_SUCCESS;
}

uint64_t disk_allocated(const struct disk_node *n)
{
    enum { CLUSTER = 4096 };
    return (n->len + CLUSTER - 1) / CLUSTER * CLUSTER;
}

uint32_t disk_attributes(const struct disk_node *n)
{
    uint32_t a = n->attributes | (n->dir ? ATTR_DIRECTORY : 0u);
    return a ? a : ATTR_NORMAL;
}

void disk_put_times(struct wr *w, const struct disk_node *n)
{
    wr_u64(w, n->created);
    wr_u64(w, n->accessed);
    wr_u64(w, n->written);
    wr_u64(w, n->changed);
}

/* [MS-SMB2] 2.2.14 */
static void put_created(struct smbd_req *q, const struct disk_open *o, uint32_t action)
{
    struct wr *w = smbd_body(q);
    uint8_t id[SMB_FILE_ID];
    smbd_pipe_id(o->p, id);
    wr_u16(w, 89);
    wr_u8(w, o->oplock);
    wr_u8(w, 0);
    wr_u32(w, action);
    disk_put_times(w, o->n);
    wr_u64(w, disk_allocated(o->n));
    wr_u64(w, o->n->len);
    wr_u32(w, disk_attributes(o->n));
    wr_u32(w, 0);
    wr_bytes(w, id, sizeof id);
    wr_u32(w, 0); /* no contexts */
    wr_u32(w, 0);
    memcpy(q->chain->file_id, id, sizeof id);
    q->chain->has_file = true;
}

static enum nt_status attempt(struct smbd_req *q, struct disk *d, struct disk_ask *a)
{
    struct disk_node *n = NULL;
    struct disk_open *o;
    enum nt_status st = find_or_make(d, a, &n);
    if (st == STATUS_SUCCESS)
        st = open_node(q, d, a, n, &o);
    if (st == STATUS_SUCCESS)
        put_created(q, o, a->action);
    return st;
}

static uint32_t map_access(uint32_t a)
{
    static const struct {
        uint32_t generic, specific;
    } map[] = { { 0x80000000, 0x120089 },
                { 0x40000000, 0x120116 },
                { 0x20000000, 0x1200a0 },
                { 0x10000000, ACCESS_FULL },
                { 0x02000000, ACCESS_FULL } }; /* the most that is allowed */
    for (size_t i = 0; i < sizeof map / sizeof map[0]; i++)
        if (a & map[i].generic)
            a = (a & ~map[i].generic) | map[i].specific;
    return a;
}

static enum nt_status get_ask(struct smbd_req *q, struct disk_ask *a)
{
    enum { OPLOCK_AT = SMB_HDR + 3, SYSTEM_SECURITY = 0x01000000 };
    struct smb_create_req in;
    if (smb_get_create_req(q->msg, q->len, &in) != STATUS_SUCCESS || in.disposition > OVERWRITE_IF ||
        in.impersonation > 3 || (in.share & ~7u))
        return STATUS_INVALID_PARAMETER;
    if ((in.options & OPTION_DIRECTORY) && (in.options & OPTION_NO_DIRECTORY))
        return STATUS_INVALID_PARAMETER;
    *a = (struct disk_ask){ .access = map_access(in.access),
                            .share = in.share,
                            .disposition = in.disposition,
                            .options = in.options,
                            .attributes = in.attributes,
                            .oplock = q->msg[OPLOCK_AT] };
    if (a->access & SYSTEM_SECURITY)
        return STATUS_PRIVILEGE_NOT_HELD;
    if (!a->access || (a->access & ~(uint32_t)ACCESS_FULL))
        return STATUS_ACCESS_DENIED;
    if ((a->options & OPTION_DELETE_ON_CLOSE) && !(a->access & ACCESS_DELETE))
        return STATUS_INVALID_PARAMETER;
    return disk_path(in.wire_name, &a->path, &a->units);
}

/* ---- waiting for an oplock ---- */

static void pending_free(struct disk_pending *p)
{
    free(p->ask.path);
    free(p);
}

static void pending_unlink(struct disk_pending *p)
{
    struct disk_pending **at = &p->d->pending;
    while (*at && *at != p)
        at = &(*at)->next;
    if (*at)
        *at = p->next;
}

/* Cancelled, or its connection is gone. */
static void forget(struct smbd_wait *w, void *arg)
{
    (void)w;
    pending_unlink(arg);
    pending_free(arg);
}

static enum nt_status resume(struct smbd_req *q, void *arg)
{
    struct disk_pending *p = arg;
    return attempt(q, p->d, &p->ask);
}

static bool still_waits(struct disk_pending *p)
{
    struct disk_node *dir, *n = NULL;
    const char16_t *name;
    size_t units;
    if (disk_walk(p->d, p->ask.path, p->ask.units, &dir, &n, &name, &units) != STATUS_SUCCESS)
        return false;
    return may_open(n, &p->ask) == STATUS_PENDING;
}

/* One that goes on may run others' requests, so it is begun anew then. */
static void try_pending(struct disk *d)
{
    struct disk_pending *p = d->pending;
    while (p) {
        if (still_waits(p)) {
            p = p->next;
            continue;
        }
        pending_unlink(p);
        p->w->forget = NULL;
        smbd_wait_resume(p->w, resume, p);
        pending_free(p);
        p = d->pending;
    }
}

static enum nt_status wait_for_oplock(struct smbd_req *q, struct disk *d, struct disk_ask *a)
{
    struct disk_pending *p = calloc(1, sizeof *p);
    struct smbd_wait *w = p ? smbd_wait_new(q, NULL) : NULL;
    if (!w) {
        free(p);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *p = (struct disk_pending){ d->pending, d, *a, w };
    d->pending = p;
    a->path = NULL;
    w->forget = forget;
    w->arg = p;
    return STATUS_PENDING;
}

enum nt_status disk_create(struct smbd_req *q)
{
    struct disk *d = disk_of(q);
    struct disk_ask a = { 0 };
    enum nt_status st = get_ask(q, &a);
    if (st == STATUS_SUCCESS)
        st = attempt(q, d, &a);
    if (st == STATUS_PENDING)
        st = wait_for_oplock(q, d, &a);
    free(a.path);
    return st;
}

/* ---- closing ---- */

void disk_closed(struct smbd_pipe *p)
{
    struct disk_open *o = p->file;
    struct disk_node *n = o->n;
    struct disk *d = o->d;
    struct disk_open **at = &n->opens;
    while (*at != o)
        at = &(*at)->next;
    *at = o->next;
    io_cancel(&o->timer);
    n->delete_pending |= o->delete_on_close && !n->children && n != &d->root;
    disk_watch_drop(o);
    disk_locks_drop(o);
    free(o->pattern);
    free(o);
    if (n->delete_pending && !n->opens) {
        disk_unlink(n);
        disk_free_node(d, n);
    }
    try_pending(d);
}

/* [MS-SMB2] 2.2.15, 2.2.16 */
enum nt_status disk_close(struct smbd_req *q)
{
    enum { FLAGS_AT = SMB_HDR + 2, POSTQUERY = 1 };
    uint8_t id[SMB_FILE_ID];
    struct wr *w = smbd_body(q);
    if (smb_get_close_req(q->msg, q->len, id) != STATUS_SUCCESS)
        return STATUS_INVALID_PARAMETER;
    struct disk_open *o = disk_open_of(q, id);
    if (!o)
        return STATUS_FILE_CLOSED;
    bool query = q->msg[FLAGS_AT] & POSTQUERY;
    if (!query) {
        smb_put_close_rsp(w);
    } else {
        wr_u16(w, 60);
        wr_u16(w, POSTQUERY);
        wr_u32(w, 0);
        disk_put_times(w, o->n);
        wr_u64(w, disk_allocated(o->n));
        wr_u64(w, o->n->len);
        wr_u32(w, disk_attributes(o->n));
    }
    smbd_pipe_close(o->p);
    return STATUS_SUCCESS;
}
