// SPDX-License-Identifier: Apache-2.0
/* Names of users, groups and aliases: one space for all ([MS-SAMR] 3.1.1.8.4). */
#include <stdlib.h>
#include <msrpc/unistr.h>
#include "samdb/m_samdb.h"

/* Short-lived memory for keys. */
#define KEY_MEMORY ((size_t)64 << 10)

/* ---- what a name may be ---- */

/* [MS-SAMR] 3.1.1.6: sAMAccountName. */
static bool units_ok(const char16_t *s, size_t len)
{
    static const char16_t forbidden[] = u"\"/\\[]:|<>+=;?,*";
    bool visible = false;
    for (size_t i = 0; i < len; i++) {
        if (s[i] < 0x20 || ustr_chr(forbidden, s[i]))
            return false;
        visible |= s[i] != ' ';
    }
    return visible && s[len - 1] != '.';
}

enum nt_status samdb_check_name(const char *name, size_t max)
{
    char16_t wide[SAMDB_GROUP_NAME_MAX + 1];
    size_t len;
    bool ok = name && ustr_from_utf8_wtf_buf(name, strlen(name), wide, sizeof wide / sizeof wide[0], &len) ==
                          STATUS_SUCCESS;
    return ok && len <= max && units_ok(wide, len) ? STATUS_SUCCESS : STATUS_INVALID_ACCOUNT_NAME;
}

enum nt_status samdb_key(struct nt_arena *mem, const char *name, const char **ret)
{
    char16_t wide[SAMDB_GROUP_NAME_MAX + 1];
    size_t len, n;
    if (!name || ustr_from_utf8_wtf_buf(name, strlen(name), wide, sizeof wide / sizeof wide[0], &len) !=
                     STATUS_SUCCESS)
        return STATUS_INVALID_ACCOUNT_NAME;
    ustr_upcase_string(wide, len);
    char *key = nt_arena_raw(mem, 3 * len + 1, 1);
    if (!key)
        return STATUS_NO_MEMORY;
    if (ustr_to_utf8_wtf_buf(wide, len, key, 3 * len + 1, &n) != STATUS_SUCCESS)
        return STATUS_INVALID_ACCOUNT_NAME;
    *ret = key;
    return STATUS_SUCCESS;
}

/* ---- adding, changing ---- */

static enum nt_status taken(enum samdb_kind kind)
{
    return kind == SAMDB_USER    ? STATUS_USER_EXISTS
           : kind == SAMDB_GROUP ? STATUS_GROUP_EXISTS
                                 : STATUS_ALIAS_EXISTS;
}

/* STATUS_SUCCESS when nobody but `but` has that key. */
static enum nt_status key_free(struct samdb *d, const char *key, uint64_t but)
{
    struct query q;
    enum nt_status found = STATUS_SUCCESS;
    q_open(&q, d, "SELECT kind FROM principal WHERE key = ? AND id <> ?");
    q_text(&q, 1, key);
    q_int(&q, 2, but);
    if (q_row(&q))
        found = taken((enum samdb_kind)q_get_u32(&q, 0));
    enum nt_status st = q_close(&q);
    return st == STATUS_SUCCESS ? found : st;
}

static enum nt_status next_rid(struct samdb *d, uint32_t *ret)
{
    struct query q;
    uint64_t rid = 0;
    q_open(&q, d, "UPDATE domain SET next_rid = next_rid + 1 RETURNING next_rid - 1");
    while (q_row(&q))
        rid = q_get_int(&q, 0);
    enum nt_status st = q_close(&q);
    if (st == STATUS_SUCCESS && (rid < SAMDB_RID_FIRST || rid > 0x3fffffff)) /* RIDs have 30 bits */
        st = STATUS_NO_MORE_ENTRIES;
    if (st == STATUS_NO_MORE_ENTRIES)
        st = STATUS_INSUFFICIENT_RESOURCES;
    if (st == STATUS_SUCCESS)
        *ret = (uint32_t)rid;
    return st;
}

static enum nt_status insert(struct samdb *d, enum samdb_place place, enum samdb_kind kind, uint32_t rid,
                             const char *key, const char *name, const char *comment)
{
    struct query q;
    q_open(&q, d, "INSERT INTO principal (place, kind, rid, key, name, comment) VALUES (?, ?, ?, ?, ?, ?)");
    q_int(&q, 1, place);
    q_int(&q, 2, kind);
    q_int(&q, 3, rid);
    q_text(&q, 4, key);
    q_text(&q, 5, name);
    q_text(&q, 6, comment);
    return q_run(&q);
}

enum nt_status name_add(struct samdb *d, enum samdb_place place, enum samdb_kind kind, uint32_t rid,
                        const char *name, const char *comment, uint64_t *ret_id, uint32_t *ret_rid)
{
    const char *key;
    enum nt_status st =
        samdb_check_name(name, kind == SAMDB_USER ? SAMDB_USER_NAME_MAX : SAMDB_GROUP_NAME_MAX);
    struct nt_arena *mem = st == STATUS_SUCCESS ? nt_arena_new(KEY_MEMORY) : NULL;
    if (st == STATUS_SUCCESS)
        st = mem ? samdb_key(mem, name, &key) : STATUS_NO_MEMORY;
    if (st == STATUS_SUCCESS)
        st = key_free(d, key, 0);
    if (st == STATUS_SUCCESS && !rid)
        st = next_rid(d, &rid);
    if (st == STATUS_SUCCESS)
        st = insert(d, place, kind, rid, key, name, comment ? comment : "");
    nt_arena_free(mem);
    if (st != STATUS_SUCCESS)
        return st;
    *ret_id = (uint64_t)sqlite3_last_insert_rowid(d->db);
    *ret_rid = rid;
    return STATUS_SUCCESS;
}

enum nt_status name_change(struct samdb *d, uint64_t id, enum samdb_kind kind, const char *name)
{
    struct query q;
    const char *key;
    enum nt_status st =
        samdb_check_name(name, kind == SAMDB_USER ? SAMDB_USER_NAME_MAX : SAMDB_GROUP_NAME_MAX);
    struct nt_arena *mem = st == STATUS_SUCCESS ? nt_arena_new(KEY_MEMORY) : NULL;
    if (st == STATUS_SUCCESS)
        st = mem ? samdb_key(mem, name, &key) : STATUS_NO_MEMORY;
    if (st == STATUS_SUCCESS)
        st = key_free(d, key, id);
    if (st == STATUS_SUCCESS) {
        q_open(&q, d, "UPDATE principal SET key = ?, name = ? WHERE id = ?");
        q_text(&q, 1, key);
        q_text(&q, 2, name);
        q_int(&q, 3, id);
        st = q_run(&q);
    }
    nt_arena_free(mem);
    return st;
}

enum nt_status name_row(struct samdb *d, enum samdb_place place, enum samdb_kind kind, uint32_t rid,
                        enum nt_status missing, uint64_t *ret_id)
{
    struct query q;
    uint64_t id = 0;
    q_open(&q, d, "SELECT id FROM principal WHERE place = ? AND rid = ? AND kind = ?");
    q_int(&q, 1, place);
    q_int(&q, 2, rid);
    q_int(&q, 3, kind);
    if (q_row(&q))
        id = q_get_int(&q, 0);
    enum nt_status st = q_close(&q);
    if (st == STATUS_SUCCESS && !id)
        return missing;
    if (st == STATUS_SUCCESS)
        *ret_id = id;
    return st;
}

/* ---- looking up ---- */

#define NAME_COLUMNS                                                                                         \
    "SELECT p.name, p.comment, coalesce(u.full_name, ''), p.kind, p.place, p.rid, coalesce(u.control, 0)"    \
    " FROM principal p LEFT JOIN user u ON u.id = p.id WHERE p.place = ?1 "

static void read_name(struct query *q, struct nt_arena *mem, struct samdb_name *ret)
{
    *ret = (struct samdb_name){ .name = q_get_text(q, 0, mem),
                                .comment = q_get_text(q, 1, mem),
                                .full_name = q_get_text(q, 2, mem),
                                .kind = (enum samdb_kind)q_get_u32(q, 3),
                                .place = (enum samdb_place)q_get_u32(q, 4),
                                .rid = q_get_u32(q, 5),
                                .control = q_get_u32(q, 6) };
}

static enum nt_status one_name(struct query *q, struct nt_arena *mem, struct samdb_name *ret)
{
    struct samdb_name n = { 0 };
    bool found = q_row(q);
    if (found)
        read_name(q, mem, &n);
    enum nt_status st = q_close(q);
    if (st == STATUS_SUCCESS && !found)
        return STATUS_NONE_MAPPED;
    if (st == STATUS_SUCCESS)
        *ret = n;
    return st;
}

enum nt_status samdb_find(struct samdb *d, enum samdb_place place, const char *name, struct nt_arena *mem,
                          struct samdb_name *ret)
{
    struct query q;
    const char *key;
    enum nt_status st = samdb_key(mem, name, &key);
    if (st != STATUS_SUCCESS)
        return st == STATUS_INVALID_ACCOUNT_NAME ? STATUS_NONE_MAPPED : st;
    q_open(&q, d, NAME_COLUMNS "AND p.key = ?2");
    q_int(&q, 1, place);
    q_text(&q, 2, key);
    return one_name(&q, mem, ret);
}

enum nt_status samdb_find_rid(struct samdb *d, enum samdb_place place, uint32_t rid, struct nt_arena *mem,
                              struct samdb_name *ret)
{
    struct query q;
    q_open(&q, d, NAME_COLUMNS "AND p.rid = ?2");
    q_int(&q, 1, place);
    q_int(&q, 2, rid);
    return one_name(&q, mem, ret);
}

enum nt_status samdb_list(struct samdb *d, enum samdb_place place, unsigned kinds, uint32_t after,
                          unsigned max, struct nt_arena *mem, struct samdb_name **ret, unsigned *ret_n)
{
    struct query q;
    unsigned n = 0, room = 64;
    bool short_of = false;
    max = max < SAMDB_LIST_MAX ? max : SAMDB_LIST_MAX;
    struct samdb_name *list = malloc(room * sizeof *list);
    q_open(&q, d, NAME_COLUMNS "AND p.rid > ?2 AND (p.kind & ?3) <> 0 ORDER BY p.rid LIMIT ?4");
    q_int(&q, 1, place);
    q_int(&q, 2, after);
    q_int(&q, 3, kinds);
    q_int(&q, 4, max);
    while (list && !short_of && q_row(&q)) {
        struct samdb_name *more = n == room ? realloc(list, 2 * room * sizeof *list) : list;
        short_of = !more;
        if (short_of)
            break;
        room = n == room ? 2 * room : room;
        list = more;
        read_name(&q, mem, &list[n++]);
    }
    enum nt_status st = q_close(&q);
    struct samdb_name *copy = list && !short_of ? nt_arena_array(mem, n, sizeof *list) : NULL;
    if (copy)
        memcpy(copy, list, n * sizeof *list);
    free(list);
    if (st == STATUS_SUCCESS && !copy)
        st = STATUS_NO_MEMORY;
    if (st != STATUS_SUCCESS)
        return st;
    *ret = copy;
    *ret_n = n;
    return STATUS_SUCCESS;
}
