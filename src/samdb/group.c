// SPDX-License-Identifier: Apache-2.0
/* Groups, whose members are users of the account domain, and aliases, whose members are SIDs. */
#include <stdlib.h>
#include "samdb/m_samdb.h"

static enum nt_status missing(enum samdb_kind kind)
{
    return kind == SAMDB_GROUP ? STATUS_NO_SUCH_GROUP : STATUS_NO_SUCH_ALIAS;
}

static bool kind_ok(enum samdb_place place, enum samdb_kind kind)
{
    return kind == SAMDB_ALIAS || (kind == SAMDB_GROUP && place == SAMDB_ACCOUNT);
}

enum nt_status samdb_group_add(struct samdb *d, enum samdb_place place, enum samdb_kind kind,
                               const char *name, const char *comment, uint32_t *ret_rid)
{
    uint64_t id;
    uint32_t rid = 0;
    if (!kind_ok(place, kind))
        return STATUS_INVALID_PARAMETER;
    enum nt_status st = samdb_begin(d);
    if (st != STATUS_SUCCESS)
        return st;
    st = samdb_end(d, name_add(d, place, kind, 0, name, comment, &id, &rid));
    if (st == STATUS_SUCCESS)
        *ret_rid = rid;
    return st;
}

enum nt_status samdb_group_set(struct samdb *d, enum samdb_place place, enum samdb_kind kind, uint32_t rid,
                               const char *name, const char *comment)
{
    struct query q;
    uint64_t id;
    if (comment && strlen(comment) > SAMDB_TEXT_MAX)
        return STATUS_INVALID_PARAMETER;
    enum nt_status st = samdb_begin(d);
    if (st != STATUS_SUCCESS)
        return st;
    st = name_row(d, place, kind, rid, missing(kind), &id);
    if (st == STATUS_SUCCESS && name)
        st = name_change(d, id, kind, name);
    if (st == STATUS_SUCCESS && comment) {
        q_open(&q, d, "UPDATE principal SET comment = ? WHERE id = ?");
        q_text(&q, 1, comment);
        q_int(&q, 2, id);
        st = q_run(&q);
    }
    return samdb_end(d, st);
}

static enum nt_status is_empty(struct samdb *d, uint64_t id)
{
    struct query q;
    q_open(&q, d, "SELECT 1 FROM member WHERE grp = ? LIMIT 1");
    q_int(&q, 1, id);
    bool found = q_row(&q);
    enum nt_status st = q_close(&q);
    return st == STATUS_SUCCESS && found ? STATUS_MEMBER_IN_GROUP : st;
}

/* It leaves the aliases that it is in, too. */
static enum nt_status erase(struct samdb *d, enum samdb_place place, uint64_t id, uint32_t rid)
{
    struct query q;
    enum nt_status st = STATUS_SUCCESS;
    if (place == SAMDB_ACCOUNT) {
        q_open(&q, d, "DELETE FROM alias_member WHERE sid = (SELECT sid || '-' || ? FROM domain)");
        q_int(&q, 1, rid);
        st = q_run(&q);
    }
    if (st != STATUS_SUCCESS)
        return st;
    q_open(&q, d, "DELETE FROM principal WHERE id = ?");
    q_int(&q, 1, id);
    return q_run(&q);
}

enum nt_status samdb_group_delete(struct samdb *d, enum samdb_place place, enum samdb_kind kind, uint32_t rid)
{
    uint64_t id;
    enum nt_status st = samdb_begin(d);
    if (st != STATUS_SUCCESS)
        return st;
    st = name_row(d, place, kind, rid, missing(kind), &id);
    if (st == STATUS_SUCCESS && rid < SAMDB_RID_FIRST)
        st = STATUS_SPECIAL_ACCOUNT;
    if (st == STATUS_SUCCESS && kind == SAMDB_GROUP)
        st = is_empty(d, id);
    if (st == STATUS_SUCCESS)
        st = erase(d, place, id, rid);
    return samdb_end(d, st);
}

/* ---- members ---- */

/* The row of a user that is named by its SID. */
static enum nt_status user_row(struct samdb *d, const struct nt_sid *sid, uint64_t *ret, uint32_t *ret_rid)
{
    struct query q;
    struct nt_sid domain;
    uint32_t rid;
    char text[NT_SID_STRLEN + 1];
    enum nt_status st = nt_sid_split(sid, &domain, &rid);
    if (st != STATUS_SUCCESS)
        return STATUS_NO_SUCH_USER;
    q_open(&q, d, "SELECT 1 FROM domain WHERE sid = ?");
    q_text(&q, 1, nt_sid_format(&domain, text));
    bool ours = q_row(&q);
    st = q_close(&q);
    if (st == STATUS_SUCCESS)
        st = ours ? name_row(d, SAMDB_ACCOUNT, SAMDB_USER, rid, STATUS_NO_SUCH_USER, ret)
                  : STATUS_NO_SUCH_USER;
    if (st == STATUS_SUCCESS)
        *ret_rid = rid;
    return st;
}

static enum nt_status add_to_group(struct samdb *d, uint64_t group, const struct nt_sid *member)
{
    struct query q;
    uint64_t user;
    uint32_t rid;
    enum nt_status st = user_row(d, member, &user, &rid);
    if (st != STATUS_SUCCESS)
        return st;
    q_open(&q, d, "INSERT OR IGNORE INTO member VALUES (?, ?)");
    q_int(&q, 1, group);
    q_int(&q, 2, user);
    st = q_run(&q);
    return st == STATUS_SUCCESS && db_changed(d) == 0 ? STATUS_MEMBER_IN_GROUP : st;
}

static enum nt_status add_to_alias(struct samdb *d, uint64_t alias, const struct nt_sid *member)
{
    struct query q;
    char text[NT_SID_STRLEN + 1];
    q_open(&q, d, "INSERT OR IGNORE INTO alias_member VALUES (?, ?)");
    q_int(&q, 1, alias);
    q_text(&q, 2, nt_sid_format(member, text));
    enum nt_status st = q_run(&q);
    return st == STATUS_SUCCESS && db_changed(d) == 0 ? STATUS_MEMBER_IN_ALIAS : st;
}

enum nt_status samdb_member_add(struct samdb *d, enum samdb_place place, enum samdb_kind kind, uint32_t rid,
                                const struct nt_sid *member)
{
    uint64_t id;
    enum nt_status st = samdb_begin(d);
    if (st != STATUS_SUCCESS)
        return st;
    st = name_row(d, place, kind, rid, missing(kind), &id);
    if (st == STATUS_SUCCESS)
        st = kind == SAMDB_GROUP ? add_to_group(d, id, member) : add_to_alias(d, id, member);
    return samdb_end(d, st);
}

static enum nt_status remove_from_group(struct samdb *d, uint64_t group, uint32_t group_rid,
                                        const struct nt_sid *member)
{
    struct query q;
    uint64_t user;
    uint32_t rid;
    enum nt_status st = user_row(d, member, &user, &rid);
    if (st != STATUS_SUCCESS)
        return st;
    q_open(&q, d, "SELECT 1 FROM user WHERE id = ? AND primary_rid = ?");
    q_int(&q, 1, user);
    q_int(&q, 2, group_rid);
    bool primary = q_row(&q);
    st = q_close(&q);
    if (st != STATUS_SUCCESS || primary)
        return st != STATUS_SUCCESS ? st : STATUS_MEMBERS_PRIMARY_GROUP;
    q_open(&q, d, "DELETE FROM member WHERE grp = ? AND user = ?");
    q_int(&q, 1, group);
    q_int(&q, 2, user);
    st = q_run(&q);
    return st == STATUS_SUCCESS && db_changed(d) == 0 ? STATUS_MEMBER_NOT_IN_GROUP : st;
}

/* The account 500 stays an administrator: else nobody might be left. */
static enum nt_status remove_from_alias(struct samdb *d, uint64_t alias, uint32_t alias_rid,
                                        const struct nt_sid *member)
{
    struct query q;
    uint64_t user;
    uint32_t rid = 0;
    char text[NT_SID_STRLEN + 1];
    if (alias_rid == RID_ADMINS && user_row(d, member, &user, &rid) == STATUS_SUCCESS && rid == RID_ADMIN)
        return STATUS_SPECIAL_ACCOUNT;
    q_open(&q, d, "DELETE FROM alias_member WHERE alias = ? AND sid = ?");
    q_int(&q, 1, alias);
    q_text(&q, 2, nt_sid_format(member, text));
    enum nt_status st = q_run(&q);
    return st == STATUS_SUCCESS && db_changed(d) == 0 ? STATUS_MEMBER_NOT_IN_ALIAS : st;
}

enum nt_status samdb_member_remove(struct samdb *d, enum samdb_place place, enum samdb_kind kind,
                                   uint32_t rid, const struct nt_sid *member)
{
    uint64_t id;
    enum nt_status st = samdb_begin(d);
    if (st != STATUS_SUCCESS)
        return st;
    st = name_row(d, place, kind, rid, missing(kind), &id);
    if (st == STATUS_SUCCESS)
        st = kind == SAMDB_GROUP ? remove_from_group(d, id, rid, member)
                                 : remove_from_alias(d, id, rid, member);
    return samdb_end(d, st);
}

/* ---- lists of SIDs ---- */

struct sids {
    struct nt_sid *list; /* malloc'd */
    unsigned n, room;
};

static bool push(struct sids *s, const struct nt_sid *sid)
{
    for (unsigned i = 0; i < s->n; i++)
        if (nt_sid_equal(&s->list[i], sid))
            return true;
    if (s->n == s->room) {
        unsigned room = s->room ? 2 * s->room : 16;
        struct nt_sid *more = room <= SAMDB_LIST_MAX ? realloc(s->list, room * sizeof *more) : NULL;
        if (!more)
            return false;
        s->list = more;
        s->room = room;
    }
    s->list[s->n++] = *sid;
    return true;
}

/* All rows of a query that gives SIDs as text; ends it. */
static enum nt_status collect(struct query *q, struct sids *s)
{
    bool ok = true;
    while (ok && q_row(q)) {
        struct nt_sid sid;
        const char *text = (const char *)sqlite3_column_text(q->s, 0);
        if (!text || nt_sid_parse(text, &sid) != STATUS_SUCCESS)
            q->st = STATUS_INTERNAL_DB_CORRUPTION;
        else
            ok = push(s, &sid);
    }
    enum nt_status st = q_close(q);
    return st == STATUS_SUCCESS && !ok ? STATUS_NO_MEMORY : st;
}

static enum nt_status hand_over(enum nt_status st, struct sids *s, struct nt_arena *mem, struct nt_sid **ret,
                                unsigned *ret_n)
{
    struct nt_sid *copy = st == STATUS_SUCCESS ? nt_arena_array(mem, s->n, sizeof *copy) : NULL;
    if (copy && s->n)
        memcpy(copy, s->list, s->n * sizeof *copy);
    free(s->list);
    if (st == STATUS_SUCCESS && !copy)
        st = STATUS_NO_MEMORY;
    if (st != STATUS_SUCCESS)
        return st;
    *ret = copy;
    *ret_n = s->n;
    return STATUS_SUCCESS;
}

enum nt_status samdb_members(struct samdb *d, enum samdb_place place, enum samdb_kind kind, uint32_t rid,
                             struct nt_arena *mem, struct nt_sid **ret, unsigned *ret_n)
{
    struct query q;
    struct sids s = { 0 };
    uint64_t id;
    enum nt_status st = name_row(d, place, kind, rid, missing(kind), &id);
    if (st != STATUS_SUCCESS)
        return st;
    if (kind == SAMDB_GROUP)
        q_open(&q, d,
               "SELECT domain.sid || '-' || p.rid FROM member m JOIN principal p ON p.id = m.user, domain"
               " WHERE m.grp = ? ORDER BY p.rid");
    else
        q_open(&q, d, "SELECT sid FROM alias_member WHERE alias = ?");
    q_int(&q, 1, id);
    return hand_over(collect(&q, &s), &s, mem, ret, ret_n);
}

/* Groups of a user of ours. */
static enum nt_status groups_of(struct samdb *d, const struct nt_sid *sid, struct sids *s)
{
    struct query q;
    uint64_t user;
    uint32_t rid;
    enum nt_status st = user_row(d, sid, &user, &rid);
    if (st != STATUS_SUCCESS)
        return st == STATUS_NO_SUCH_USER ? STATUS_SUCCESS : st;
    q_open(&q, d,
           "SELECT domain.sid || '-' || p.rid FROM member m JOIN principal p ON p.id = m.grp, domain"
           " WHERE m.user = ? ORDER BY p.rid");
    q_int(&q, 1, user);
    return collect(&q, s);
}

static enum nt_status aliases_of(struct samdb *d, const struct nt_sid *sid, struct sids *s)
{
    struct query q;
    char text[NT_SID_STRLEN + 1];
    q_open(&q, d,
           "SELECT iif(p.place, 'S-1-5-32', domain.sid) || '-' || p.rid FROM alias_member m"
           " JOIN principal p ON p.id = m.alias, domain WHERE m.sid = ? ORDER BY p.place, p.rid");
    q_text(&q, 1, nt_sid_format(sid, text));
    return collect(&q, s);
}

/* Aliases are not in aliases of their own kind on Windows; but one of the account domain may be in Builtin.
 */
enum nt_status samdb_memberships(struct samdb *d, const struct nt_sid *sids, unsigned n, struct nt_arena *mem,
                                 struct nt_sid **ret, unsigned *ret_n)
{
    struct sids s = { 0 };
    enum nt_status st = STATUS_SUCCESS;
    for (unsigned i = 0; st == STATUS_SUCCESS && i < n; i++)
        st = groups_of(d, &sids[i], &s);
    for (unsigned i = 0; st == STATUS_SUCCESS && i < n; i++)
        st = aliases_of(d, &sids[i], &s);
    for (unsigned i = 0; st == STATUS_SUCCESS && i < s.n; i++) { /* grows while it runs; nothing twice */
        struct nt_sid one = s.list[i];
        st = aliases_of(d, &one, &s);
    }
    return hand_over(st, &s, mem, ret, ret_n);
}
