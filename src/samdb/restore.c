// SPDX-License-Identifier: Apache-2.0
/* Everything in a store replaced by what an image says. */
#include <stdlib.h>
#include "samdb/m_samdb.h"

/* Who has no keys in the image keeps those of the store. */
struct kept {
    struct nt_arena *mem;
    struct samdb_image old;
};

static int by_rid(const void *key, const void *user)
{
    uint32_t a = *(const uint32_t *)key, b = ((const struct samdb_image_user *)user)->u.rid;
    return (a > b) - (a < b);
}

/* The user's own, or those that the store had. */
static const struct samdb_image_user *keys_of(const struct samdb_image *i, const struct kept *k,
                                              const struct samdb_image_user *u)
{
    if (i->keys || !k->old.n_users)
        return u;
    const struct samdb_image_user *old =
        bsearch(&u->u.rid, k->old.users, k->old.n_users, sizeof *old, by_rid);
    return old ? old : u;
}

/* ---- the domain ---- */

static enum nt_status put_domain(struct samdb *d, const struct samdb_image *i)
{
    char text[NT_SID_STRLEN + 1];
    struct query q;
    const struct samdb_policy *p = &i->domain.policy;
    q_open(&q, d, "INSERT INTO domain VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    q_text(&q, 1, i->domain.machine);
    q_text(&q, 2, i->domain.workgroup);
    q_text(&q, 3, i->domain.realm);
    q_text(&q, 4, nt_sid_format(&i->domain.sid, text));
    const uint64_t numbers[] = { i->next_rid, p->min_length,    p->history,      p->properties,    p->max_age,
                                 p->min_age,  p->lockout_count, p->lockout_span, p->lockout_window };
    for (int k = 0; k < 9; k++)
        q_int(&q, 5 + k, numbers[k]);
    return q_run(&q);
}

/* ---- users ---- */

static enum nt_status put_old(struct samdb *d, uint64_t id, const struct samdb_image_user *keys)
{
    enum nt_status st = STATUS_SUCCESS;
    for (unsigned k = 0; st == STATUS_SUCCESS && k < keys->n_old; k++) {
        struct query q;
        q_open(&q, d, "INSERT INTO old_password VALUES (?, ?, ?)");
        q_int(&q, 1, id);
        q_int(&q, 2, keys->old[k].kvno);
        q_blob(&q, 3, keys->old[k].nt_hash, 16);
        st = q_run(&q);
    }
    return st;
}

static void bind_user(struct query *q, const struct samdb_user *u)
{
    const char *const texts[] = { u->full_name, u->user_comment, u->home,        u->home_drive,
                                  u->script,    u->profile,      u->workstations };
    const uint64_t numbers[] = { u->control,   u->primary,    u->country,     u->code_page,
                                 u->expires,   u->last_logon, u->last_logoff, u->bad_time,
                                 u->bad_count, u->locked,     u->logon_count, u->must_change };
    for (int k = 0; k < 7; k++)
        q_text(q, 2 + k, texts[k]);
    q_blob(q, 9, u->parameters.len ? u->parameters.data : NULL, u->parameters.len);
    q_blob(q, 10, u->hours.len ? u->hours.data : NULL, u->hours.len);
    for (int k = 0; k < 12; k++)
        q_int(q, 11 + k, numbers[k]);
}

static enum nt_status put_user(struct samdb *d, const struct samdb_user *u,
                               const struct samdb_image_user *keys)
{
    struct query q;
    uint64_t id;
    uint32_t same;
    const struct samdb_keys *k = &keys->keys;
    enum nt_status st = name_add(d, SAMDB_ACCOUNT, SAMDB_USER, u->rid, u->name, u->comment, &id, &same);
    if (st != STATUS_SUCCESS)
        return st;
    q_open(&q, d,
           "INSERT INTO user (id, full_name, user_comment, home, home_drive, script, profile, workstations,"
           " parameters, hours, control, primary_rid, country, code_page, expires, last_logon, last_logoff,"
           " bad_time, bad_count, locked, logon_count, must_change, password_set, kvno, nt_hash, aes128,"
           " aes256, salt) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,"
           " ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28)");
    q_int(&q, 1, id);
    bind_user(&q, u);
    q_int(&q, 23, keys->u.password_set);
    q_int(&q, 24, k->kvno);
    q_blob(&q, 25, k->has_nt ? k->nt_hash : NULL, 16);
    q_blob(&q, 26, k->has_aes ? k->aes128 : NULL, 16);
    q_blob(&q, 27, k->has_aes ? k->aes256 : NULL, 32);
    q_text(&q, 28, k->has_aes ? k->salt : NULL);
    st = q_run(&q);
    return st == STATUS_SUCCESS ? put_old(d, id, keys) : st;
}

/* ---- groups ---- */

static enum nt_status put_group(struct samdb *d, const struct samdb_image *i, enum samdb_kind kind,
                                const struct samdb_image_group *g)
{
    uint64_t id;
    uint32_t same;
    enum nt_status st = name_add(d, g->place, kind, g->rid, g->name, g->comment, &id, &same);
    for (unsigned k = 0; st == STATUS_SUCCESS && k < g->n_members; k++) {
        struct nt_sid sid;
        if (kind == SAMDB_GROUP)
            st = nt_sid_append(&i->domain.sid, g->users[k], &sid);
        if (st == STATUS_SUCCESS)
            st = samdb_member_add(d, g->place, kind, g->rid, kind == SAMDB_GROUP ? &sid : &g->sids[k]);
    }
    return st;
}

static enum nt_status put_all(struct samdb *d, const struct samdb_image *i, const struct kept *kept)
{
    enum nt_status st = put_domain(d, i);
    for (unsigned k = 0; st == STATUS_SUCCESS && k < i->n_users; k++)
        st = put_user(d, &i->users[k].u, keys_of(i, kept, &i->users[k]));
    for (unsigned k = 0; st == STATUS_SUCCESS && k < i->n_groups; k++)
        st = put_group(d, i, SAMDB_GROUP, &i->groups[k]);
    for (unsigned k = 0; st == STATUS_SUCCESS && k < i->n_aliases; k++)
        st = put_group(d, i, SAMDB_ALIAS, &i->aliases[k]);
    for (unsigned k = 0; st == STATUS_SUCCESS && k < i->n_shares; k++)
        st = samdb_share_add(d, &i->shares[k]);
    for (unsigned k = 0; st == STATUS_SUCCESS && k < i->n_settings; k++)
        st = samdb_set_setting(d, i->settings[k].key, i->settings[k].value);
    return st;
}

enum nt_status image_write(struct samdb *d, const struct samdb_image *i)
{
    const struct kept none = { NULL, { .n_users = 0 } };
    return put_all(d, i, &none);
}

/* What is deleted takes its members, users and old passwords along. */
static enum nt_status replace(struct samdb *d, const struct samdb_image *i, struct kept *kept)
{
    enum nt_status st = i->keys ? STATUS_SUCCESS : image_read(d, true, kept->mem, &kept->old);
    if (st == STATUS_SUCCESS && !i->keys && !nt_sid_equal(&kept->old.domain.sid, &i->domain.sid))
        kept->old.n_users = 0;
    if (st == STATUS_SUCCESS)
        st = db_exec(d, "DELETE FROM principal; DELETE FROM share; DELETE FROM setting; DELETE FROM domain");
    return st == STATUS_SUCCESS ? put_all(d, i, kept) : st;
}

enum nt_status samdb_restore(struct samdb *d, const struct samdb_image *i)
{
    struct kept kept = { nt_arena_new_secret(0), { .n_users = 0 } };
    enum nt_status st = kept.mem ? samdb_begin(d) : STATUS_NO_MEMORY;
    if (st == STATUS_SUCCESS)
        st = samdb_end(d, replace(d, i, &kept));
    nt_arena_free(kept.mem);
    return st;
}
