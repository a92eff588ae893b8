// SPDX-License-Identifier: Apache-2.0
/* Listing directories in memory ([MS-SMB2] 3.3.5.18; [MS-FSCC] 2.1.4, 2.4). */
#include <stdlib.h>
#include "smbd/m_disk.h"

enum { RESTART = 1, SINGLE = 2, REOPEN = 0x10 };
enum { DIRECTORY = 1, FULL = 2, BOTH = 3, NAMES = 12, ID_BOTH = 37, ID_FULL = 38 };

/* '*' and '?', and the three of old programs, which come down to them here: '<' to '*', '>' and '"' to '?'.
 */
static bool matches(const char16_t *p, size_t np, const char16_t *s, size_t ns)
{
    size_t star = np, from = 0, i = 0, k = 0;
    while (k < ns) {
        char16_t c = i < np ? p[i] : 0;
        if (c == '*' || c == '<') {
            star = i++;
            from = k;
        } else if (i < np &&
                   (c == '?' || c == '>' || (c == '"' && s[k] == '.') || ustr_ncasecmp(&c, &s[k], 1) == 0)) {
            i++;
            k++;
        } else if (star < np) {
            i = star + 1;
            k = ++from;
        } else {
            return false;
        }
    }
    while (i < np && (p[i] == '*' || p[i] == '<' || p[i] == '>' || p[i] == '"'))
        i++;
    return i == np;
}

static bool known(uint8_t class)
{
    return class == DIRECTORY || class == FULL || class == BOTH || class == NAMES || class == ID_BOTH ||
           class == ID_FULL;
}

/* One entry, but for its distance to the next. */
static void put_entry(struct wr *w, uint8_t class, const struct disk_node *n, const char16_t *name,
                      size_t units)
{
    bool both = class == BOTH || class == ID_BOTH, full = class == FULL || class == ID_FULL;
    wr_u32(w, 0);
    wr_u32(w, 0); /* index */
    if (class != NAMES) {
        disk_put_times(w, n);
        wr_u64(w, n->len);
        wr_u64(w, disk_allocated(n));
        wr_u32(w, disk_attributes(n));
    }
    wr_u32(w, (uint32_t)(2 * units));
    if (both || full)
        wr_u32(w, 0); /* extended attributes */
    if (both) {
        wr_zero(w, 2 + 24); /* no short name */
        if (class == ID_BOTH)
            wr_zero(w, 2);
    }
    if (class == ID_FULL)
        wr_u32(w, 0);
    if (class == ID_BOTH || class == ID_FULL)
        wr_u64(w, n->id);
    for (size_t i = 0; i < units; i++)
        wr_u16(w, name[i]);
}

/* The entry with that number: ".", "..", and what is in it. */
static const struct disk_node *entry(const struct disk_node *dir, size_t at, const char16_t **ret_name,
                                     size_t *ret_units)
{
    const struct disk_node *n = at < 2 ? dir : dir->children;
    if (at < 2) {
        *ret_name = u"..";
        *ret_units = at + 1;
        return at && dir->parent ? dir->parent : dir;
    }
    for (size_t i = 2; n && i < at; i++)
        n = n->next;
    if (n) {
        *ret_name = n->name;
        *ret_units = n->units;
    }
    return n;
}

static enum nt_status list(struct disk_open *o, uint8_t class, bool single, size_t max, struct wr *out)
{
    const struct disk_node *n;
    const char16_t *name = NULL;
    size_t units = 0, last = 0;
    bool any = false;
    while ((n = entry(o->n, o->shown, &name, &units))) {
        if (!matches(o->pattern, o->pattern_units, name, units)) {
            o->shown++;
            continue;
        }
        size_t before = out->len;
        wr_align(out, 8);
        size_t from = out->len;
        put_entry(out, class, n, name, units);
        if (out->st != STATUS_SUCCESS || out->len > max) {
            out->len = before;
            return any ? STATUS_SUCCESS : STATUS_INFO_LENGTH_MISMATCH;
        }
        if (any)
            put_le32(out->base + last, (uint32_t)(from - last));
        any = true;
        last = from;
        o->shown++;
        if (single)
            break;
    }
    return any ? STATUS_SUCCESS : STATUS_NO_MORE_FILES;
}

/* The pattern is that of the first request, unless it is said to begin anew. */
static enum nt_status begin(struct disk_open *o, uint8_t flags, struct nt_blob name, bool *ret_first)
{
    char16_t *p;
    size_t n;
    *ret_first = !o->pattern || (flags & REOPEN);
    if (*ret_first) {
        enum nt_status st = disk_path(name, &p, &n);
        if (st != STATUS_SUCCESS)
            return st;
        free(o->pattern);
        o->pattern = p;
        o->pattern_units = n;
    }
    if (*ret_first || (flags & RESTART))
        o->shown = 0;
    return STATUS_SUCCESS;
}

enum nt_status disk_query_directory(struct smbd_req *q)
{
    struct rd r;
    struct wr out;
    uint8_t id[SMB_FILE_ID];
    bool first = false;
    rd_init(&r, q->msg, q->len);
    rd_skip(&r, SMB_HDR);
    bool ok = rd_u16(&r) == 33;
    uint8_t class = rd_u8(&r), flags = rd_u8(&r);
    rd_skip(&r, 4);
    rd_copy(&r, id, sizeof id);
    size_t offset = rd_u16(&r), len = rd_u16(&r);
    uint32_t max = rd_u32(&r);
    struct rd name = rd_sub(&r, len ? offset : 0, len);
    if (!ok || r.st != STATUS_SUCCESS || max > SMBD_TRANSACT_DISK)
        return STATUS_INVALID_PARAMETER;
    max = max < SMBD_PAYLOAD ? max : SMBD_PAYLOAD;
    struct disk_open *o = disk_open_of(q, id);
    if (!o)
        return STATUS_FILE_CLOSED;
    if (!o->n->dir)
        return STATUS_INVALID_PARAMETER;
    if (!(o->access & ACCESS_READ))
        return STATUS_ACCESS_DENIED;
    if (!known(class))
        return STATUS_INVALID_INFO_CLASS;
    enum nt_status st = begin(o, flags, (struct nt_blob){ name.base, name.len }, &first);
    if (st == STATUS_SUCCESS && !o->pattern_units)
        st = STATUS_OBJECT_NAME_INVALID;
    wr_init(&out, SMBD_PAYLOAD + 1024);
    if (st == STATUS_SUCCESS)
        st = list(o, class, flags & SINGLE, max, &out);
    if (st == STATUS_NO_MORE_FILES && first)
        st = STATUS_NO_SUCH_FILE;
    if (st == STATUS_SUCCESS)
        smbd_put_buffer(q, &out);
    wr_free(&out);
    return st;
}
