// SPDX-License-Identifier: Apache-2.0
/*
 * Is what an image says a store? All rules that a store keeps by itself are asked here, before anything is
 * written: who imports is told what is wrong, and where.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <msrpc/unistr.h>
#include "samdb/m_samdb.h"

/* Times are kept as SQLite's integers, which are signed. */
#define TIME_MAX NT_TIME_NEVER
#define RID_MAX  0x3fffffffu
/* No realm is longer than a domain name (RFC 1035 section 2.3.4). */
#define REALM_MAX 255u

struct check {
    const struct samdb_image *i;
    char *place;
    struct nt_error *err;
    struct nt_arena *mem;
};

static enum nt_status wrong(struct check *c, const char *what, const char *fmt, ...) NT_PRINTF(3, 4);
static enum nt_status wrong(struct check *c, const char *what, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(c->place, SAMDB_IMAGE_PLACE, fmt, ap);
    va_end(ap);
    return nt_error_set(c->err, STATUS_INVALID_PARAMETER, "%s", what);
}

static bool text_ok(const char *s, size_t max)
{
    char16_t *wide;
    size_t n;
    if (!s || strlen(s) > max || ustr_from_utf8_wtf(s, strlen(s), &wide, &n) != STATUS_SUCCESS)
        return false;
    free(wide);
    return true;
}

/* ---- the domain ---- */

static enum nt_status check_domain(struct check *c)
{
    const struct samdb_domain *d = &c->i->domain;
    char16_t *realm = NULL;
    size_t n = 0;
    if (samdb_check_name(d->machine, SAMDB_NETBIOS_MAX) != STATUS_SUCCESS)
        return wrong(c, "this cannot be the name of a machine", "domain.machine");
    if (samdb_check_name(d->workgroup, SAMDB_NETBIOS_MAX) != STATUS_SUCCESS)
        return wrong(c, "this cannot be the name of a workgroup", "domain.workgroup");
    if (strlen(d->realm) > REALM_MAX ||
        ustr_from_utf8(d->realm, strlen(d->realm), &realm, &n) != STATUS_SUCCESS)
        return wrong(c, "this cannot be a realm", "domain.realm");
    free(realm);
    if (!samdb_sid_ok(&d->sid))
        return wrong(c, "the SID of an account domain is S-1-5-21 and three numbers", "domain.sid");
    if (c->i->next_rid < SAMDB_RID_FIRST || c->i->next_rid > RID_MAX + 1)
        return wrong(c, "RIDs of accounts are from 1000 to 1073741823", "domain.next_rid");
    if (!samdb_policy_ok(&d->policy))
        return wrong(c, "passwords and lockouts cannot be ruled like that", "policy");
    return STATUS_SUCCESS;
}

/* ---- names and RIDs of all ---- */

struct named {
    const char *key; /* upper case; of a RID: NULL */
    uint32_t rid;
    enum samdb_place place;
    const char *list;
    unsigned at;
};

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->key, ((const struct named *)b)->key);
}

static int by_rid(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    return x->place != y->place ? (x->place < y->place ? -1 : 1) : (x->rid > y->rid) - (x->rid < y->rid);
}

static enum nt_status check_one(struct check *c, struct named *to, const char *list, unsigned at,
                                enum samdb_place place, uint32_t rid, const char *name, size_t name_max,
                                const char *comment)
{
    *to = (struct named){ NULL, rid, place, list, at };
    if (samdb_check_name(name, name_max) != STATUS_SUCCESS)
        return wrong(c, "this cannot be the name of an account", "%s[%u].name", list, at);
    if (!text_ok(comment, SAMDB_TEXT_MAX))
        return wrong(c, "this text is too long", "%s[%u].comment", list, at);
    if (!rid || rid > RID_MAX || (place == SAMDB_ACCOUNT && rid >= c->i->next_rid))
        return wrong(c, "there is no such RID, or it is not below next_rid", "%s[%u].rid", list, at);
    return samdb_key(c->mem, name, &to->key);
}

/* Of two in the same list the later one is at fault. */
static enum nt_status twice(struct check *c, const struct named *a, const struct named *b, const char *what,
                            const char *field)
{
    const struct named *x = a->list == b->list && a->at > b->at ? a : b;
    return wrong(c, what, "%s[%u].%s", x->list, x->at, field);
}

static enum nt_status check_once(struct check *c, struct named *all, unsigned n)
{
    qsort(all, n, sizeof *all, by_key);
    for (unsigned k = 1; k < n; k++)
        if (strcmp(all[k - 1].key, all[k].key) == 0)
            return twice(c, &all[k - 1], &all[k], "another has this name", "name");
    qsort(all, n, sizeof *all, by_rid);
    for (unsigned k = 1; k < n; k++)
        if (by_rid(&all[k - 1], &all[k]) == 0)
            return twice(c, &all[k - 1], &all[k], "another has this RID", "rid");
    return STATUS_SUCCESS;
}

static bool there(const struct named *all, unsigned n, enum samdb_place place, uint32_t rid, const char *list)
{
    const struct named key = { NULL, rid, place, NULL, 0 },
                       *found = bsearch(&key, all, n, sizeof *all, by_rid);
    return found && strcmp(found->list, list) == 0;
}

/* What the rest of the store, and of the server, takes for granted. */
static enum nt_status check_first(struct check *c, const struct named *all, unsigned n)
{
    if (!there(all, n, SAMDB_ACCOUNT, RID_ADMIN, "users"))
        return wrong(c, "the account 500 is missing", "users");
    if (!there(all, n, SAMDB_ACCOUNT, RID_USERS, "groups"))
        return wrong(c, "the group 513 is missing", "groups");
    if (!there(all, n, SAMDB_BUILTIN, RID_ADMINS, "aliases"))
        return wrong(c, "Administrators, 544 of builtin, is missing", "aliases");
    return STATUS_SUCCESS;
}

static enum nt_status check_names(struct check *c, struct named **ret, unsigned *ret_n)
{
    const struct samdb_image *i = c->i;
    unsigned n = 0;
    enum nt_status st = STATUS_SUCCESS;
    struct named *all = nt_arena_array(c->mem, (size_t)i->n_users + i->n_groups + i->n_aliases, sizeof *all);
    if (!all)
        return STATUS_NO_MEMORY;
    for (unsigned k = 0; st == STATUS_SUCCESS && k < i->n_users; k++)
        st = check_one(c, &all[n++], "users", k, SAMDB_ACCOUNT, i->users[k].u.rid, i->users[k].u.name,
                       SAMDB_USER_NAME_MAX, i->users[k].u.comment);
    for (unsigned k = 0; st == STATUS_SUCCESS && k < i->n_groups; k++)
        st = check_one(c, &all[n++], "groups", k, SAMDB_ACCOUNT, i->groups[k].rid, i->groups[k].name,
                       SAMDB_GROUP_NAME_MAX, i->groups[k].comment);
    for (unsigned k = 0; st == STATUS_SUCCESS && k < i->n_aliases; k++)
        st = check_one(c, &all[n++], "aliases", k, i->aliases[k].place, i->aliases[k].rid, i->aliases[k].name,
                       SAMDB_GROUP_NAME_MAX, i->aliases[k].comment);
    if (st == STATUS_SUCCESS)
        st = check_once(c, all, n);
    if (st == STATUS_SUCCESS)
        st = check_first(c, all, n);
    *ret = all;
    *ret_n = n;
    return st;
}

/* ---- members ---- */

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int by_sid(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct nt_sid));
}

static void *sorted(struct check *c, const void *list, unsigned n, size_t size,
                    int (*by)(const void *, const void *))
{
    void *copy = nt_arena_array(c->mem, n, size);
    if (copy && n) {
        memcpy(copy, list, n * size);
        qsort(copy, n, size, by);
    }
    return copy;
}

static enum nt_status check_groups(struct check *c, const struct named *all, unsigned n)
{
    for (unsigned k = 0; k < c->i->n_groups; k++) {
        struct samdb_image_group *g = &c->i->groups[k];
        for (unsigned m = 0; m < g->n_members; m++)
            if (!there(all, n, SAMDB_ACCOUNT, g->users[m], "users"))
                return wrong(c, "there is no such user", "groups[%u].members[%u]", k, m);
        uint32_t *list = sorted(c, g->users, g->n_members, sizeof *list, by_number);
        if (!list)
            return STATUS_NO_MEMORY;
        for (unsigned m = 1; m < g->n_members; m++)
            if (list[m - 1] == list[m])
                return wrong(c, "somebody is a member twice", "groups[%u].members", k);
        memcpy(g->users, list, g->n_members * sizeof *list); /* in order: users look themselves up */
    }
    return STATUS_SUCCESS;
}

static bool has_admin(const struct samdb_image *i, const struct samdb_image_group *g)
{
    struct nt_sid admin;
    if (nt_sid_append(&i->domain.sid, RID_ADMIN, &admin) != STATUS_SUCCESS)
        return false;
    for (unsigned m = 0; m < g->n_members; m++)
        if (nt_sid_equal(&g->sids[m], &admin))
            return true;
    return false;
}

static enum nt_status check_aliases(struct check *c)
{
    for (unsigned k = 0; k < c->i->n_aliases; k++) {
        const struct samdb_image_group *g = &c->i->aliases[k];
        struct nt_sid *list = sorted(c, g->sids, g->n_members, sizeof *list, by_sid);
        if (!list)
            return STATUS_NO_MEMORY;
        for (unsigned m = 1; m < g->n_members; m++)
            if (nt_sid_equal(&list[m - 1], &list[m]))
                return wrong(c, "somebody is a member twice", "aliases[%u].members", k);
        if (g->place == SAMDB_BUILTIN && g->rid == RID_ADMINS && !has_admin(c->i, g))
            return wrong(c, "the account 500 has to be an administrator", "aliases[%u].members", k);
    }
    return STATUS_SUCCESS;
}

/* ---- users ---- */

/* Has a look for each user, so it does not go through all groups. */
static bool is_member(const struct samdb_image *i, const struct named *all, unsigned n, uint32_t group,
                      uint32_t user)
{
    const struct named key = { NULL, group, SAMDB_ACCOUNT, NULL, 0 },
                       *found = bsearch(&key, all, n, sizeof *all, by_rid);
    if (!found || strcmp(found->list, "groups") != 0)
        return false;
    const struct samdb_image_group *g = &i->groups[found->at];
    return bsearch(&user, g->users, g->n_members, sizeof user, by_number);
}

static const char *bad_text(const struct samdb_user *u)
{
    const struct {
        const char *name, *text;
    } list[] = { { "full_name", u->full_name },
                 { "user_comment", u->user_comment },
                 { "home", u->home },
                 { "home_drive", u->home_drive },
                 { "script", u->script },
                 { "profile", u->profile },
                 { "workstations", u->workstations } };
    for (unsigned k = 0; k < sizeof list / sizeof list[0]; k++)
        if (!text_ok(list[k].text, SAMDB_TEXT_MAX))
            return list[k].name;
    return NULL;
}

static const char *bad_time(const struct samdb_user *u)
{
    return u->expires > TIME_MAX        ? "expires"
           : u->last_logon > TIME_MAX   ? "last_logon"
           : u->last_logoff > TIME_MAX  ? "last_logoff"
           : u->bad_time > TIME_MAX     ? "bad_time"
           : u->locked > TIME_MAX       ? "locked"
           : u->password_set > TIME_MAX ? "password_set"
                                        : NULL;
}

static enum nt_status check_old(struct check *c, unsigned at)
{
    const struct samdb_image_user *x = &c->i->users[at];
    if (x->n_old > SAMDB_HISTORY_MAX)
        return wrong(c, "so many earlier passwords are never kept", "users[%u].password.history", at);
    for (unsigned k = 0; k < x->n_old; k++)
        if (x->old[k].kvno >= x->keys.kvno || (k && x->old[k].kvno <= x->old[k - 1].kvno))
            return wrong(c, "the key versions of earlier passwords go upwards, to below the present one",
                         "users[%u].password.history[%u].kvno", at, k);
    return text_ok(x->keys.salt, SAMDB_TEXT_MAX)
               ? STATUS_SUCCESS
               : wrong(c, "this text is too long", "users[%u].password.salt", at);
}

static enum nt_status check_user(struct check *c, const struct named *all, unsigned n, unsigned at)
{
    const struct samdb_user *u = &c->i->users[at].u;
    const char *bad = bad_text(u);
    if (bad)
        return wrong(c, "this text is too long", "users[%u].%s", at, bad);
    bad = bad_time(u);
    if (bad)
        return wrong(c, "there is no such time", "users[%u].%s", at, bad);
    if (!samdb_control_ok(u->control))
        return wrong(c, "an account is of exactly one kind, and has no unknown bits", "users[%u].control",
                     at);
    if (u->rid == RID_ADMIN && (u->control & UF_DISABLED))
        return wrong(c, "the account 500 cannot be disabled", "users[%u].control", at);
    if (u->rid == RID_ADMIN && u->expires && u->expires != NT_TIME_NEVER)
        return wrong(c, "the account 500 does not expire", "users[%u].expires", at);
    if (!is_member(c->i, all, n, u->primary, u->rid))
        return wrong(c, "the user is not a member of this group", "users[%u].primary", at);
    if (u->parameters.len > 2 * SAMDB_TEXT_MAX)
        return wrong(c, "this is too long", "users[%u].parameters", at);
    if (u->hours.len && u->hours.len != SAMDB_HOURS)
        return wrong(c, "the hours of a week are 21 octets", "users[%u].hours", at);
    return check_old(c, at);
}

/* ---- shares, settings ---- */

static enum nt_status check_keys(struct check *c, struct named *list, unsigned n, const char *name,
                                 const char *field)
{
    for (unsigned k = 0; k < n; k++)
        list[k].list = name;
    qsort(list, n, sizeof *list, by_key);
    for (unsigned k = 1; k < n; k++)
        if (strcmp(list[k - 1].key, list[k].key) == 0)
            return twice(c, &list[k - 1], &list[k], "another has this name", field);
    return STATUS_SUCCESS;
}

static enum nt_status check_shares(struct check *c)
{
    struct named *list = nt_arena_array(c->mem, c->i->n_shares, sizeof *list);
    if (!list)
        return STATUS_NO_MEMORY;
    for (unsigned k = 0; k < c->i->n_shares; k++) {
        const struct samdb_share *s = &c->i->shares[k];
        list[k].at = k;
        if (!samdb_share_ok(s) || !text_ok(s->path, SIZE_MAX) || !text_ok(s->comment, SIZE_MAX))
            return wrong(c, "the name is empty, or something in it is too long", "shares[%u]", k);
        if (samdb_key(c->mem, s->name, &list[k].key) != STATUS_SUCCESS)
            return wrong(c, "this cannot be the name of a share", "shares[%u].name", k);
    }
    return check_keys(c, list, c->i->n_shares, "shares", "name");
}

static enum nt_status check_settings(struct check *c)
{
    struct named *list = nt_arena_array(c->mem, c->i->n_settings, sizeof *list);
    if (!list)
        return STATUS_NO_MEMORY;
    for (unsigned k = 0; k < c->i->n_settings; k++) {
        const struct samdb_image_setting *s = &c->i->settings[k];
        list[k] = (struct named){ .key = s->key, .at = k };
        if (!text_ok(s->key, SAMDB_SETTING_MAX) || !text_ok(s->value, SAMDB_SETTING_MAX))
            return wrong(c, "this text is too long", "settings[%u]", k);
    }
    return check_keys(c, list, c->i->n_settings, "settings", "key");
}

static enum nt_status check_all(struct check *c)
{
    struct named *all;
    unsigned n;
    enum nt_status st = check_domain(c);
    if (st == STATUS_SUCCESS)
        st = check_names(c, &all, &n);
    if (st == STATUS_SUCCESS)
        st = check_groups(c, all, n);
    if (st == STATUS_SUCCESS)
        st = check_aliases(c);
    for (unsigned k = 0; st == STATUS_SUCCESS && k < c->i->n_users; k++)
        st = check_user(c, all, n, k);
    if (st == STATUS_SUCCESS)
        st = check_shares(c);
    return st == STATUS_SUCCESS ? check_settings(c) : st;
}

enum nt_status samdb_image_check(const struct samdb_image *i, char ret_place[SAMDB_IMAGE_PLACE],
                                 struct nt_error *err)
{
    struct check c = { i, ret_place, err, nt_arena_new(0) };
    enum nt_status st = c.mem ? check_all(&c) : STATUS_NO_MEMORY;
    nt_arena_free(c.mem);
    return st;
}
