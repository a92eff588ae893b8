// SPDX-License-Identifier: Apache-2.0
/* All that a store has, read as of one moment. */
#include "samdb/m_samdb.h"

/* For a list: how many rows there are, and memory for them. */
static enum nt_status room(struct samdb *d, const char *count, size_t size, struct nt_arena *mem, void **ret,
                           unsigned *ret_n)
{
    struct query q;
    unsigned n = 0;
    q_open(&q, d, count);
    if (q_row(&q))
        n = q_get_u32(&q, 0);
    enum nt_status st = q_close(&q);
    if (st != STATUS_SUCCESS)
        return st;
    *ret = nt_arena_array(mem, n, size);
    *ret_n = n;
    return *ret ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

static enum nt_status next_rid(struct samdb *d, uint32_t *ret)
{
    struct query q;
    q_open(&q, d, "SELECT next_rid FROM domain");
    if (q_row(&q))
        *ret = q_get_u32(&q, 0);
    return q_close(&q);
}

/* ---- users ---- */

static enum nt_status old_keys(struct samdb *d, struct nt_arena *mem, struct samdb_image_user *u)
{
    struct query q;
    unsigned n = 0, all = 0;
    static const char from[] = "SELECT o.kvno, o.nt_hash, count(*) OVER () FROM old_password o"
                               " JOIN principal p ON p.id = o.user WHERE p.place = 0 AND p.rid = ?"
                               " ORDER BY o.kvno";
    q_open(&q, d, from);
    q_int(&q, 1, u->u.rid);
    while (q_row(&q)) {
        const void *hash = sqlite3_column_blob(q.s, 1);
        if (!u->old) {
            all = q_get_u32(&q, 2);
            u->old = nt_arena_array(mem, all, sizeof *u->old);
        }
        if (!u->old || n == all || !hash) {
            q.st = u->old ? STATUS_INTERNAL_DB_CORRUPTION : STATUS_NO_MEMORY;
            break;
        }
        u->old[n].kvno = q_get_u32(&q, 0);
        memcpy(u->old[n++].nt_hash, hash, 16);
    }
    u->n_old = n;
    return q_close(&q);
}

static enum nt_status one_user(struct samdb *d, bool keys, struct nt_arena *mem, struct samdb_image_user *u)
{
    enum nt_status st = samdb_user_get(d, u->u.rid, mem, &u->u);
    u->u.control &= ~(uint32_t)(UF_LOCKED | UF_PASSWORD_EXPIRED);
    u->keys.salt = "";
    if (!keys) {
        u->u.password_set = 0;
        u->u.has_password = false;
        return st;
    }
    if (st == STATUS_SUCCESS)
        st = samdb_keys(d, u->u.rid, mem, &u->keys);
    return st == STATUS_SUCCESS ? old_keys(d, mem, u) : st;
}

static enum nt_status users(struct samdb *d, struct nt_arena *mem, struct samdb_image *i)
{
    struct query q;
    void *list;
    unsigned n = 0;
    enum nt_status st = room(d, "SELECT count(*) FROM user", sizeof *i->users, mem, &list, &i->n_users);
    if (st != STATUS_SUCCESS)
        return st;
    i->users = list;
    q_open(&q, d, "SELECT rid FROM principal JOIN user USING (id) ORDER BY rid");
    while (n < i->n_users && q_row(&q))
        i->users[n++].u.rid = q_get_u32(&q, 0);
    st = q_close(&q);
    for (n = 0; st == STATUS_SUCCESS && n < i->n_users; n++)
        st = one_user(d, i->keys, mem, &i->users[n]);
    return st;
}

/* ---- groups, aliases ---- */

static bool take_member(struct query *q, enum samdb_kind kind, struct samdb_image_group *g, unsigned n)
{
    if (kind == SAMDB_GROUP) {
        g->users[n] = q_get_u32(q, 0);
        return true;
    }
    const char *text = (const char *)sqlite3_column_text(q->s, 0);
    return text && nt_sid_parse(text, &g->sids[n]) == STATUS_SUCCESS;
}

static enum nt_status members(struct samdb *d, enum samdb_kind kind, struct nt_arena *mem,
                              struct samdb_image_group *g)
{
    struct query q;
    unsigned n = 0;
    if (kind == SAMDB_GROUP)
        q_open(&q, d,
               "SELECT u.rid, count(*) OVER () FROM principal g JOIN member m ON m.grp = g.id"
               " JOIN principal u ON u.id = m.user WHERE g.place = ? AND g.rid = ? ORDER BY u.rid");
    else
        q_open(&q, d,
               "SELECT m.sid, count(*) OVER () FROM principal g JOIN alias_member m ON m.alias = g.id"
               " WHERE g.place = ? AND g.rid = ? ORDER BY m.sid");
    q_int(&q, 1, g->place);
    q_int(&q, 2, g->rid);
    while (q_row(&q)) {
        if (!n) {
            g->n_members = q_get_u32(&q, 1);
            g->users = kind == SAMDB_GROUP ? nt_arena_array(mem, g->n_members, sizeof *g->users) : NULL;
            g->sids = kind == SAMDB_GROUP ? NULL : nt_arena_array(mem, g->n_members, sizeof *g->sids);
        }
        if (!g->users && !g->sids)
            q.st = STATUS_NO_MEMORY;
        else if (n == g->n_members || !take_member(&q, kind, g, n++))
            q.st = STATUS_INTERNAL_DB_CORRUPTION;
    }
    return q_close(&q);
}

static enum nt_status groups(struct samdb *d, enum samdb_kind kind, struct nt_arena *mem,
                             struct samdb_image_group **ret, unsigned *ret_n)
{
    struct query q;
    void *list;
    unsigned all, n = 0;
    enum nt_status st = room(d,
                             kind == SAMDB_GROUP ? "SELECT count(*) FROM principal WHERE kind = 2"
                                                 : "SELECT count(*) FROM principal WHERE kind = 4",
                             sizeof **ret, mem, &list, &all);
    struct samdb_image_group *g = list;
    if (st != STATUS_SUCCESS)
        return st;
    q_open(&q, d, "SELECT place, rid, name, comment FROM principal WHERE kind = ? ORDER BY place, rid");
    q_int(&q, 1, kind);
    for (; n < all && q_row(&q); n++)
        g[n] = (struct samdb_image_group){ .place = (enum samdb_place)q_get_u32(&q, 0),
                                           .rid = q_get_u32(&q, 1),
                                           .name = q_get_text(&q, 2, mem),
                                           .comment = q_get_text(&q, 3, mem) };
    st = q_close(&q);
    for (n = 0; st == STATUS_SUCCESS && n < all; n++)
        st = members(d, kind, mem, &g[n]);
    if (st != STATUS_SUCCESS)
        return st;
    *ret = g;
    *ret_n = all;
    return STATUS_SUCCESS;
}

/* ---- settings ---- */

static enum nt_status settings(struct samdb *d, struct nt_arena *mem, struct samdb_image *i)
{
    struct query q;
    void *list;
    unsigned n = 0;
    enum nt_status st =
        room(d, "SELECT count(*) FROM setting", sizeof *i->settings, mem, &list, &i->n_settings);
    if (st != STATUS_SUCCESS)
        return st;
    i->settings = list;
    q_open(&q, d, "SELECT key, value FROM setting ORDER BY key");
    for (; n < i->n_settings && q_row(&q); n++)
        i->settings[n] = (struct samdb_image_setting){ q_get_text(&q, 0, mem), q_get_text(&q, 1, mem) };
    return q_close(&q);
}

enum nt_status image_read(struct samdb *d, bool keys, struct nt_arena *mem, struct samdb_image *ret)
{
    struct samdb_image i = { .keys = keys };
    enum nt_status st = samdb_domain(d, mem, &i.domain);
    if (st == STATUS_SUCCESS)
        st = next_rid(d, &i.next_rid);
    if (st == STATUS_SUCCESS)
        st = users(d, mem, &i);
    if (st == STATUS_SUCCESS)
        st = groups(d, SAMDB_GROUP, mem, &i.groups, &i.n_groups);
    if (st == STATUS_SUCCESS)
        st = groups(d, SAMDB_ALIAS, mem, &i.aliases, &i.n_aliases);
    if (st == STATUS_SUCCESS)
        st = samdb_shares(d, mem, &i.shares, &i.n_shares);
    if (st == STATUS_SUCCESS)
        st = settings(d, mem, &i);
    if (st == STATUS_SUCCESS)
        *ret = i;
    return st;
}

enum nt_status samdb_dump(struct samdb *d, bool keys, struct nt_arena *mem, struct samdb_image *ret)
{
    bool own = d->depth == 0;
    enum nt_status st = own ? db_exec(d, "BEGIN") : STATUS_SUCCESS;
    if (st != STATUS_SUCCESS)
        return st;
    d->depth++; /* for those who would begin one of their own */
    st = image_read(d, keys, mem, ret);
    d->depth--;
    if (own)
        (void)db_exec(d, "ROLLBACK");
    return st;
}
