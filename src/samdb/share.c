// SPDX-License-Identifier: Apache-2.0
/* Shares and settings. What a share's name may be is the affair of whoever serves them. */
#include <stdlib.h>
#include <msrpc/unistr.h>
#include "samdb/m_samdb.h"

#define KEY_MEMORY ((size_t)64 << 10)
/* [MS-SRVS] 3.1.6.8 keeps paths in MAX_PATH characters; this is what UTF-8 makes of the longest NT path. */
#define PATH_MAX_BYTES 98301u
/* An ACL is at most 64 KiB ([MS-DTYP] 2.4.5); a descriptor has two, and two SIDs. */
#define SD_MAX (2u * 65536u + 512u)

bool samdb_share_ok(const struct samdb_share *s)
{
    return s->name && s->name[0] && s->path && s->comment && strlen(s->path) <= PATH_MAX_BYTES &&
           strlen(s->comment) <= SAMDB_TEXT_MAX && s->sd.len <= SD_MAX;
}

static void bind(struct query *q, const char *key, const struct samdb_share *s)
{
    q_text(q, 1, key);
    q_text(q, 2, s->name);
    q_text(q, 3, s->path);
    q_text(q, 4, s->comment);
    q_int(q, 5, s->type);
    q_int(q, 6, s->max_uses);
    q_int(q, 7, s->flags);
    q_blob(q, 8, s->sd.len ? s->sd.data : NULL, s->sd.len);
}

static enum nt_status change(struct samdb *d, const char *sql, const struct samdb_share *s,
                             enum nt_status unchanged)
{
    struct query q;
    const char *key;
    if (!samdb_share_ok(s))
        return STATUS_INVALID_PARAMETER;
    struct nt_arena *mem = nt_arena_new(KEY_MEMORY);
    enum nt_status st = mem ? samdb_key(mem, s->name, &key) : STATUS_NO_MEMORY;
    if (st == STATUS_SUCCESS)
        st = samdb_begin(d);
    if (st == STATUS_SUCCESS) {
        q_open(&q, d, sql);
        bind(&q, key, s);
        st = q_run(&q);
        if (st == STATUS_SUCCESS && db_changed(d) == 0)
            st = unchanged;
        st = samdb_end(d, st);
    }
    nt_arena_free(mem);
    return st == STATUS_INVALID_ACCOUNT_NAME ? STATUS_INVALID_PARAMETER : st;
}

enum nt_status samdb_share_add(struct samdb *d, const struct samdb_share *s)
{
    return change(d,
                  "INSERT OR IGNORE INTO share (key, name, path, comment, type, max_uses, flags, sd)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                  s, STATUS_OBJECT_NAME_COLLISION);
}

enum nt_status samdb_share_set(struct samdb *d, const struct samdb_share *s)
{
    return change(
        d, "UPDATE share SET path = ?3, comment = ?4, max_uses = ?6, flags = ?7, sd = ?8 WHERE key = ?1", s,
        STATUS_OBJECT_NAME_NOT_FOUND);
}

static void read_share(struct query *q, struct nt_arena *mem, struct samdb_share *s)
{
    s->name = q_get_text(q, 0, mem);
    s->path = q_get_text(q, 1, mem);
    s->comment = q_get_text(q, 2, mem);
    s->type = q_get_u32(q, 3);
    s->max_uses = q_get_u32(q, 4);
    s->flags = q_get_u32(q, 5);
    s->sd = q_get_blob(q, 6, mem);
}

enum nt_status samdb_share_get(struct samdb *d, const char *name, struct nt_arena *mem,
                               struct samdb_share *ret)
{
    struct query q;
    const char *key;
    struct samdb_share s;
    enum nt_status st = samdb_key(mem, name, &key);
    if (st != STATUS_SUCCESS)
        return st == STATUS_INVALID_ACCOUNT_NAME ? STATUS_OBJECT_NAME_NOT_FOUND : st;
    q_open(&q, d, "SELECT name, path, comment, type, max_uses, flags, sd FROM share WHERE key = ?");
    q_text(&q, 1, key);
    bool found = q_row(&q);
    if (found)
        read_share(&q, mem, &s);
    st = q_close(&q);
    if (st == STATUS_SUCCESS && !found)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (st == STATUS_SUCCESS)
        *ret = s;
    return st;
}

enum nt_status samdb_share_delete(struct samdb *d, const char *name)
{
    struct query q;
    const char *key;
    struct nt_arena *mem = nt_arena_new(KEY_MEMORY);
    enum nt_status st = mem ? samdb_key(mem, name, &key) : STATUS_NO_MEMORY;
    if (st == STATUS_SUCCESS)
        st = samdb_begin(d);
    if (st == STATUS_SUCCESS) {
        q_open(&q, d, "DELETE FROM share WHERE key = ?");
        q_text(&q, 1, key);
        st = q_run(&q);
        if (st == STATUS_SUCCESS && db_changed(d) == 0)
            st = STATUS_OBJECT_NAME_NOT_FOUND;
        st = samdb_end(d, st);
    }
    nt_arena_free(mem);
    return st == STATUS_INVALID_ACCOUNT_NAME ? STATUS_OBJECT_NAME_NOT_FOUND : st;
}

static enum nt_status count_shares(struct samdb *d, unsigned *ret)
{
    struct query q;
    unsigned n = 0;
    q_open(&q, d, "SELECT count(*) FROM share");
    if (q_row(&q))
        n = q_get_u32(&q, 0);
    enum nt_status st = q_close(&q);
    if (st == STATUS_SUCCESS)
        *ret = n;
    return st;
}

/* Counted and read under one transaction. */
static enum nt_status list_shares(struct samdb *d, struct nt_arena *mem, struct samdb_share **ret,
                                  unsigned *ret_n)
{
    struct query q;
    unsigned room = 0, n = 0;
    enum nt_status st = count_shares(d, &room);
    struct samdb_share *list = st == STATUS_SUCCESS ? nt_arena_array(mem, room, sizeof *list) : NULL;
    if (st == STATUS_SUCCESS && !list)
        st = STATUS_NO_MEMORY;
    if (st != STATUS_SUCCESS)
        return st;
    q_open(&q, d, "SELECT name, path, comment, type, max_uses, flags, sd FROM share ORDER BY rowid");
    while (n < room && q_row(&q))
        read_share(&q, mem, &list[n++]);
    st = q_close(&q);
    if (st != STATUS_SUCCESS)
        return st;
    *ret = list;
    *ret_n = n;
    return STATUS_SUCCESS;
}

enum nt_status samdb_shares(struct samdb *d, struct nt_arena *mem, struct samdb_share **ret, unsigned *ret_n)
{
    enum nt_status st = db_read_begin(d);
    if (st != STATUS_SUCCESS)
        return st;
    st = list_shares(d, mem, ret, ret_n);
    db_read_end(d);
    return st;
}

/* ---- settings ---- */

enum nt_status samdb_setting(struct samdb *d, const char *key, struct nt_arena *mem, const char **ret)
{
    struct query q;
    const char *value = NULL;
    q_open(&q, d, "SELECT value FROM setting WHERE key = ?");
    q_text(&q, 1, key);
    if (q_row(&q))
        value = q_get_text(&q, 0, mem);
    enum nt_status st = q_close(&q);
    if (st == STATUS_SUCCESS)
        *ret = value;
    return st;
}

enum nt_status samdb_version(struct samdb *d, uint32_t *ret)
{
    struct query q;
    uint32_t version = 0;
    q_open(&q, d, "PRAGMA data_version");
    if (q_row(&q))
        version = (uint32_t)q_get_int(&q, 0);
    enum nt_status st = q_close(&q);
    if (st == STATUS_SUCCESS)
        *ret = version;
    return st;
}

enum nt_status samdb_set_setting(struct samdb *d, const char *key, const char *value)
{
    struct query q;
    if (strlen(key) > SAMDB_SETTING_MAX || (value && strlen(value) > SAMDB_SETTING_MAX))
        return STATUS_INVALID_PARAMETER;
    enum nt_status st = samdb_begin(d);
    if (st != STATUS_SUCCESS)
        return st;
    if (value)
        q_open(&q, d, "INSERT INTO setting VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2");
    else
        q_open(&q, d, "DELETE FROM setting WHERE key = ?1");
    q_text(&q, 1, key);
    if (value)
        q_text(&q, 2, value);
    return samdb_end(d, q_run(&q));
}
