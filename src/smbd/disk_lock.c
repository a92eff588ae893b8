// SPDX-License-Identifier: Apache-2.0
/* Locks of ranges of files in memory ([MS-SMB2] 3.3.5.14). Nobody waits for one. */
#include <stdlib.h>
#include "smbd/m_disk.h"

enum { SHARED = 1, EXCLUSIVE = 2, UNLOCK = 4, AT_ONCE = 0x10 }; /* [MS-SMB2] 2.2.26.1 */

static bool overlap(const struct disk_range *l, uint64_t from, uint64_t len)
{
    return len && l->len && from <= l->from + (l->len - 1) && l->from <= from + (len - 1);
}

bool disk_locked(const struct disk_open *o, uint64_t from, uint64_t len, bool write)
{
    for (const struct disk_open *other = o->n->opens; other; other = other->next)
        for (const struct disk_range *l = other->locks; l; l = l->next)
            if (overlap(l, from, len) && (l->exclusive ? other != o : write))
                return true;
    return false;
}

/* Also against the locks of the open itself. */
static bool taken(const struct disk_open *o, const struct disk_range *want)
{
    for (const struct disk_open *other = o->n->opens; other; other = other->next)
        for (const struct disk_range *l = other->locks; l; l = l->next)
            if (overlap(l, want->from, want->len) && (l->exclusive || want->exclusive))
                return true;
    return false;
}

static enum nt_status unlock(struct disk_open *o, const struct disk_range *which)
{
    struct disk_range **at = &o->locks;
    while (*at && ((*at)->from != which->from || (*at)->len != which->len))
        at = &(*at)->next;
    struct disk_range *l = *at;
    if (!l)
        return STATUS_RANGE_NOT_LOCKED;
    *at = l->next;
    o->n_locks--;
    free(l);
    return STATUS_SUCCESS;
}

static enum nt_status lock(struct disk_open *o, const struct disk_range *want)
{
    if (taken(o, want))
        return STATUS_LOCK_NOT_GRANTED;
    struct disk_range *l = o->n_locks < DISK_LOCKS_MAX ? malloc(sizeof *l) : NULL;
    if (!l)
        return STATUS_INSUFFICIENT_RESOURCES;
    *l = *want;
    l->next = o->locks;
    o->locks = l;
    o->n_locks++;
    return STATUS_SUCCESS;
}

void disk_locks_drop(struct disk_open *o)
{
    while (o->locks) {
        struct disk_range *l = o->locks;
        o->locks = l->next;
        free(l);
    }
}

static enum nt_status one(struct disk_open *o, struct disk_range *l, uint32_t flags)
{
    if (l->len && l->from + (l->len - 1) < l->from)
        return STATUS_INVALID_LOCK_RANGE;
    if (flags == UNLOCK)
        return unlock(o, l);
    flags &= ~(uint32_t)AT_ONCE;
    l->exclusive = flags == EXCLUSIVE;
    return flags == SHARED || flags == EXCLUSIVE ? lock(o, l) : STATUS_INVALID_PARAMETER;
}

/* All of a request are of one kind; of locks all are taken, or none. */
static enum nt_status each(struct disk_open *o, struct rd *r, unsigned n, bool expired)
{
    struct disk_range done[DISK_LOCKS_MAX];
    enum nt_status st = STATUS_SUCCESS;
    bool unlocks = false;
    unsigned k = 0;
    for (; k < n && st == STATUS_SUCCESS; k++) {
        done[k] = (struct disk_range){ .from = rd_u64(r), .len = rd_u64(r) };
        uint32_t flags = rd_u32(r);
        rd_skip(r, 4);
        if (k == 0)
            unlocks = flags == UNLOCK;
        if (expired && !unlocks) /* who has to log on again may give back, and no more */
            return STATUS_NETWORK_SESSION_EXPIRED;
        st = r->st != STATUS_SUCCESS || unlocks != (flags == UNLOCK) ? STATUS_INVALID_PARAMETER
                                                                     : one(o, &done[k], flags);
    }
    if (st != STATUS_SUCCESS && !unlocks)
        for (unsigned i = 0; i + 1 < k; i++)
            (void)unlock(o, &done[i]);
    return st;
}

enum nt_status disk_lock(struct smbd_req *q)
{
    struct rd r;
    uint8_t id[SMB_FILE_ID];
    rd_init(&r, q->msg, q->len);
    rd_skip(&r, SMB_HDR);
    uint16_t size = rd_u16(&r), n = rd_u16(&r);
    rd_skip(&r, 4);
    rd_copy(&r, id, sizeof id);
    if (r.st != STATUS_SUCCESS || size != 48 || n == 0 || n > DISK_LOCKS_MAX)
        return STATUS_INVALID_PARAMETER;
    struct disk_open *o = disk_open_of(q, id);
    if (!o)
        return STATUS_FILE_CLOSED;
    enum nt_status st = each(o, &r, n, q->session->state == SMBD_EXPIRED);
    if (st == STATUS_SUCCESS)
        smb_put_empty(smbd_body(q));
    return st;
}
