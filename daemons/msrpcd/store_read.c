// SPDX-License-Identifier: Apache-2.0
/* An account store out of JSON. What is wrong is named by line, column and path. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "info/json.h"
#include "info/text.h"
#include "store_json.h"

struct in {
    const char *text;
    struct nt_arena *mem;
    struct nt_error *err;
    char where[SAMDB_IMAGE_PLACE]; /* of the object that is read: "users[3]"; "" is the whole */
};

/* ---- saying what is wrong ---- */

static enum nt_status bad(struct in *in, const struct json *j, const char *member, const char *fmt, ...)
    NT_PRINTF(4, 5);
static enum nt_status bad(struct in *in, const struct json *j, const char *member, const char *fmt, ...)
{
    char what[160];
    unsigned row, col;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    info_json_where(in->text, j->at, &row, &col);
    return nt_error_set(in->err, STATUS_INVALID_PARAMETER, "%u:%u: %s%s%s: %s", row, col, in->where,
                        in->where[0] && member[0] ? "." : "", member, what);
}

static void go_to(struct in *in, const char *fmt, ...) NT_PRINTF(2, 3);
static void go_to(struct in *in, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(in->where, sizeof in->where, fmt, ap);
    va_end(ap);
}

/* ---- values ---- */

static bool whole_number(const char *s, size_t len, uint64_t max, uint64_t *ret)
{
    uint64_t v = 0;
    for (size_t i = 0; i < len; i++) {
        if (!isdigit((unsigned char)s[i]) || v > (max - (uint64_t)(s[i] - '0')) / 10)
            return false;
        v = v * 10 + (uint64_t)(s[i] - '0');
    }
    *ret = v;
    return len > 0;
}

static enum nt_status number(struct in *in, const struct json *j, const char *member, uint32_t *ret)
{
    uint64_t v;
    if (j->type != JSON_NUMBER || !whole_number(j->text, j->len, UINT32_MAX, &v))
        return bad(in, j, member, "a whole number from 0 to %u is expected", UINT32_MAX);
    *ret = (uint32_t)v;
    return STATUS_SUCCESS;
}

static enum nt_status text(struct in *in, const struct json *j, const char *member, const char **ret)
{
    if (j->type != JSON_STRING)
        return bad(in, j, member, "text is expected");
    if (strlen(j->text) != j->len)
        return bad(in, j, member, "this text holds U+0000");
    *ret = j->text;
    return STATUS_SUCCESS;
}

/* Years above 9999 have no form of their own: their number. */
static enum nt_status time_(struct in *in, const struct json *j, const char *member, uint64_t *ret)
{
    bool ok = j->type == JSON_STRING &&
              (info_parse_time(j->text, j->len, ret) || whole_number(j->text, j->len, NT_TIME_NEVER, ret));
    if (j->type == JSON_NULL) {
        *ret = 0;
        return STATUS_SUCCESS;
    }
    return ok ? STATUS_SUCCESS
              : bad(in, j, member, "a time (\"2026-01-31T12:00:00Z\"), \"never\" or null is expected");
}

static enum nt_status span(struct in *in, const struct json *j, const char *member, uint64_t *ret)
{
    if (j->type == JSON_STRING && strcmp(j->text, "never") == 0) {
        *ret = NT_TIME_NEVER;
        return STATUS_SUCCESS;
    }
    if (j->type != JSON_NUMBER || !whole_number(j->text, j->len, NT_TIME_NEVER, ret))
        return bad(in, j, member, "a whole number of 100 ns, or \"never\", is expected");
    return STATUS_SUCCESS;
}

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static enum nt_status blob(struct in *in, const struct json *j, const char *member, struct nt_blob *ret)
{
    if (j->type != JSON_STRING || j->len % 2)
        return bad(in, j, member, "an even number of hexadecimal digits is expected");
    uint8_t *p = nt_arena_raw(in->mem, j->len / 2 + 1, 1);
    if (!p)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < j->len / 2; i++) {
        int high = digit(j->text[2 * i]), low = digit(j->text[2 * i + 1]);
        if (high < 0 || low < 0)
            return bad(in, j, member, "an even number of hexadecimal digits is expected");
        p[i] = (uint8_t)(high << 4 | low);
    }
    *ret = (struct nt_blob){ j->len ? p : NULL, j->len / 2 };
    return STATUS_SUCCESS;
}

static enum nt_status sid(struct in *in, const struct json *j, const char *member, struct nt_sid *ret)
{
    if (j->type != JSON_STRING || strlen(j->text) != j->len || nt_sid_parse(j->text, ret) != STATUS_SUCCESS)
        return bad(in, j, member, "a SID is expected");
    return STATUS_SUCCESS;
}

static enum nt_status place(struct in *in, const struct json *j, const char *member, enum samdb_place *ret)
{
    bool builtin = j->type == JSON_STRING && strcmp(j->text, "builtin") == 0;
    if (!builtin && (j->type != JSON_STRING || strcmp(j->text, "account") != 0))
        return bad(in, j, member, "\"account\" or \"builtin\" is expected");
    *ret = builtin ? SAMDB_BUILTIN : SAMDB_ACCOUNT;
    return STATUS_SUCCESS;
}

static enum nt_status boolean(struct in *in, const struct json *j, const char *member, bool *ret)
{
    if (j->type != JSON_TRUE && j->type != JSON_FALSE)
        return bad(in, j, member, "true or false is expected");
    *ret = j->type == JSON_TRUE;
    return STATUS_SUCCESS;
}

static enum nt_status value(struct in *in, const struct json *j, const char *member, enum store_kind kind,
                            void *to)
{
    switch (kind) {
    case STORE_TEXT:
        return text(in, j, member, to);
    case STORE_NUMBER:
        return number(in, j, member, to);
    case STORE_TIME:
        return time_(in, j, member, to);
    case STORE_SPAN:
        return span(in, j, member, to);
    case STORE_BOOL:
        return boolean(in, j, member, to);
    case STORE_BLOB:
        return blob(in, j, member, to);
    case STORE_SID:
        return sid(in, j, member, to);
    case STORE_PLACE:
        return place(in, j, member, to);
    }
    return STATUS_INTERNAL_ERROR;
}

/* ---- objects ---- */

static enum nt_status member(struct in *in, const struct json *object, const char *name, enum json_type type,
                             const struct json **ret)
{
    *ret = info_json_member(object, name);
    if (!*ret)
        return bad(in, object, name, "this member is missing");
    if ((*ret)->type != type)
        return bad(in, *ret, name, type == JSON_OBJECT ? "an object is expected" : "a list is expected");
    return STATUS_SUCCESS;
}

static bool among(const char *name, const struct store_field *f, const char *const *more)
{
    for (; f && f->name; f++)
        if (strcmp(f->name, name) == 0)
            return true;
    for (; more && *more; more++)
        if (strcmp(*more, name) == 0)
            return true;
    return false;
}

/* more: members that are read elsewhere; NULL: none. A name that nobody knows is a mistake, or from a newer
 * program. */
static enum nt_status fields(struct in *in, const struct json *object, const struct store_field *f,
                             const char *const *more, void *to)
{
    if (object->type != JSON_OBJECT)
        return bad(in, object, "", "an object is expected");
    for (const struct json *m = object->first; m; m = m->next)
        if (!among(m->key, f, more))
            return bad(in, m, m->key, "there is no such member");
    for (; f && f->name; f++) {
        const struct json *m = info_json_member(object, f->name);
        if (!m && f->needed)
            return bad(in, object, f->name, "this member is missing");
        enum nt_status st = m ? value(in, m, f->name, f->kind, (char *)to + f->at) : STATUS_SUCCESS;
        if (st != STATUS_SUCCESS)
            return st;
    }
    return STATUS_SUCCESS;
}

static enum nt_status list(struct in *in, const struct json *root, const char *name, size_t size,
                           const struct json **ret_first, void *ret, unsigned *ret_n)
{
    const struct json *j;
    in->where[0] = 0;
    enum nt_status st = member(in, root, name, JSON_ARRAY, &j);
    if (st != STATUS_SUCCESS)
        return st;
    void *all = nt_arena_array(in->mem, j->len, size);
    if (!all)
        return STATUS_NO_MEMORY;
    *ret_first = j->first;
    *ret_n = (unsigned)j->len;
    memcpy(ret, &all, sizeof all);
    return STATUS_SUCCESS;
}

/* ---- users ---- */

static enum nt_status key(struct in *in, const struct json *object, const char *name, uint8_t *to, size_t len,
                          bool *ret_there)
{
    const struct json *j = info_json_member(object, name);
    struct nt_blob b;
    *ret_there = j;
    enum nt_status st = j ? blob(in, j, name, &b) : STATUS_SUCCESS;
    if (st != STATUS_SUCCESS || !j)
        return st;
    if (b.len != len)
        return bad(in, j, name, "%zu hexadecimal digits are expected", 2 * len);
    memcpy(to, b.data, len);
    return STATUS_SUCCESS;
}

static enum nt_status history(struct in *in, const struct json *j, unsigned at, struct samdb_image_user *u)
{
    static const char *const names[] = { "kvno", "nt_hash", NULL };
    const struct json *all, *kvno;
    enum nt_status st = member(in, j, "history", JSON_ARRAY, &all);
    if (st != STATUS_SUCCESS)
        return st;
    u->old = nt_arena_array(in->mem, all->len, sizeof *u->old);
    if (!u->old)
        return STATUS_NO_MEMORY;
    for (const struct json *one = all->first; one && st == STATUS_SUCCESS; one = one->next) {
        struct samdb_old_key *to = &u->old[u->n_old];
        bool there = false;
        go_to(in, "users[%u].password.history[%u]", at, u->n_old++);
        st = fields(in, one, NULL, names, NULL);
        kvno = st == STATUS_SUCCESS ? info_json_member(one, "kvno") : NULL;
        if (kvno)
            st = number(in, kvno, "kvno", &to->kvno);
        if (st == STATUS_SUCCESS)
            st = key(in, one, "nt_hash", to->nt_hash, sizeof to->nt_hash, &there);
        if (st == STATUS_SUCCESS && (!kvno || !there))
            st = bad(in, one, "", "kvno and nt_hash are expected");
    }
    return st;
}

static enum nt_status aes(struct in *in, const struct json *j, struct samdb_keys *k)
{
    bool short_, long_;
    const struct json *salt = info_json_member(j, "salt");
    enum nt_status st = key(in, j, "aes128", k->aes128, sizeof k->aes128, &short_);
    if (st == STATUS_SUCCESS)
        st = key(in, j, "aes256", k->aes256, sizeof k->aes256, &long_);
    if (st == STATUS_SUCCESS && (short_ != long_ || short_ != !!salt))
        return bad(in, j, "", "aes128, aes256 and salt come together");
    k->has_aes = st == STATUS_SUCCESS && long_;
    return st == STATUS_SUCCESS && salt ? text(in, salt, "salt", &k->salt) : st;
}

static enum nt_status password(struct in *in, const struct json *user, unsigned at,
                               struct samdb_image_user *u)
{
    static const char *const names[] = {
        "set", "kvno", "nt_hash", "aes128", "aes256", "salt", "history", NULL
    };
    const struct json *j, *set, *kvno;
    enum nt_status st = member(in, user, "password", JSON_OBJECT, &j);
    if (st != STATUS_SUCCESS)
        return st;
    go_to(in, "users[%u].password", at);
    st = fields(in, j, NULL, names, NULL);
    if (st != STATUS_SUCCESS)
        return st;
    set = info_json_member(j, "set");
    kvno = info_json_member(j, "kvno");
    if (!set || !kvno)
        return bad(in, j, set ? "kvno" : "set", "this member is missing");
    st = time_(in, set, "set", &u->u.password_set);
    if (st == STATUS_SUCCESS)
        st = number(in, kvno, "kvno", &u->keys.kvno);
    if (st == STATUS_SUCCESS)
        st = key(in, j, "nt_hash", u->keys.nt_hash, sizeof u->keys.nt_hash, &u->keys.has_nt);
    if (st == STATUS_SUCCESS)
        st = aes(in, j, &u->keys);
    u->u.has_password = u->keys.has_nt;
    return st == STATUS_SUCCESS ? history(in, j, at, u) : st;
}

static enum nt_status users(struct in *in, const struct json *root, struct samdb_image *i)
{
    enum { NORMAL_DISABLED = 0x11, USERS = 513 };
    static const char *const more[] = { "password", NULL };
    const struct json *j;
    enum nt_status st = list(in, root, "users", sizeof *i->users, &j, &i->users, &i->n_users);
    for (unsigned k = 0; st == STATUS_SUCCESS && k < i->n_users; k++, j = j->next) {
        struct samdb_image_user *u = &i->users[k];
        u->u = (struct samdb_user){ .full_name = "",
                                    .comment = "",
                                    .user_comment = "",
                                    .home = "",
                                    .home_drive = "",
                                    .script = "",
                                    .profile = "",
                                    .workstations = "",
                                    .control = NORMAL_DISABLED,
                                    .primary = USERS,
                                    .expires = NT_TIME_NEVER };
        u->keys.salt = "";
        go_to(in, "users[%u]", k);
        st = fields(in, j, store_user, i->keys ? more : NULL, u);
        if (st == STATUS_SUCCESS && i->keys)
            st = password(in, j, k, u);
    }
    return st;
}

/* ---- groups ---- */

static enum nt_status members(struct in *in, const struct json *group, const char *name, bool sids,
                              unsigned at, struct samdb_image_group *g)
{
    const struct json *j;
    enum nt_status st = member(in, group, "members", JSON_ARRAY, &j);
    if (st != STATUS_SUCCESS)
        return st;
    g->n_members = (unsigned)j->len;
    g->users = sids ? NULL : nt_arena_array(in->mem, j->len, sizeof *g->users);
    g->sids = sids ? nt_arena_array(in->mem, j->len, sizeof *g->sids) : NULL;
    if (!g->users && !g->sids)
        return STATUS_NO_MEMORY;
    j = j->first;
    for (unsigned m = 0; st == STATUS_SUCCESS && m < g->n_members; m++, j = j->next) {
        go_to(in, "%s[%u].members[%u]", name, at, m);
        st = sids ? sid(in, j, "", &g->sids[m]) : number(in, j, "", &g->users[m]);
    }
    return st;
}

static enum nt_status groups(struct in *in, const struct json *root, const char *name,
                             const struct store_field *f, struct samdb_image_group **ret, unsigned *ret_n)
{
    static const char *const more[] = { "members", NULL };
    const struct json *j;
    bool sids = f == store_alias;
    enum nt_status st = list(in, root, name, sizeof **ret, &j, ret, ret_n);
    for (unsigned k = 0; st == STATUS_SUCCESS && k < *ret_n; k++, j = j->next) {
        struct samdb_image_group *g = &(*ret)[k];
        g->place = SAMDB_ACCOUNT;
        g->comment = "";
        go_to(in, "%s[%u]", name, k);
        st = fields(in, j, f, more, g);
        if (st == STATUS_SUCCESS)
            st = members(in, j, name, sids, k, g);
    }
    return st;
}

/* ---- the rest ---- */

static enum nt_status shares(struct in *in, const struct json *root, struct samdb_image *i)
{
    const struct json *j;
    enum nt_status st = list(in, root, "shares", sizeof *i->shares, &j, &i->shares, &i->n_shares);
    for (unsigned k = 0; st == STATUS_SUCCESS && k < i->n_shares; k++, j = j->next) {
        i->shares[k] = (struct samdb_share){ .comment = "", .max_uses = UINT32_MAX };
        go_to(in, "shares[%u]", k);
        st = fields(in, j, store_share, NULL, &i->shares[k]);
    }
    return st;
}

static enum nt_status settings(struct in *in, const struct json *root, struct samdb_image *i)
{
    const struct json *j;
    enum nt_status st = list(in, root, "settings", sizeof *i->settings, &j, &i->settings, &i->n_settings);
    for (unsigned k = 0; st == STATUS_SUCCESS && k < i->n_settings; k++, j = j->next) {
        go_to(in, "settings[%u]", k);
        st = fields(in, j, store_setting, NULL, &i->settings[k]);
    }
    return st;
}

static enum nt_status part(struct in *in, const struct json *root, const char *name,
                           const struct store_field *f, struct samdb_image *i)
{
    const struct json *j;
    in->where[0] = 0;
    enum nt_status st = member(in, root, name, JSON_OBJECT, &j);
    go_to(in, "%s", name);
    return st == STATUS_SUCCESS ? fields(in, j, f, NULL, i) : st;
}

/* First of all: is it one of ours, and of a version that is known? A newer one may have members that nobody
 * here has heard of. */
static enum nt_status head(struct in *in, const struct json *root, bool *ret_keys)
{
    const struct json *format, *version, *keys;
    uint32_t v;
    if (root->type != JSON_OBJECT)
        return bad(in, root, "", "an object is expected");
    format = info_json_member(root, "format");
    if (!format || format->type != JSON_STRING || strcmp(format->text, STORE_JSON_FORMAT) != 0)
        return bad(in, format ? format : root, "format", "this is no export of an account store");
    version = info_json_member(root, "version");
    if (!version)
        return bad(in, root, "version", "this member is missing");
    enum nt_status st = number(in, version, "version", &v);
    if (st == STATUS_SUCCESS && v != STORE_JSON_VERSION)
        return bad(in, version, "version", "this program knows version %u only", STORE_JSON_VERSION);
    keys = info_json_member(root, "keys");
    if (st == STATUS_SUCCESS && !keys)
        return bad(in, root, "keys", "this member is missing");
    return st == STATUS_SUCCESS ? boolean(in, keys, "keys", ret_keys) : st;
}

static enum nt_status read_all(struct in *in, const struct json *root, struct samdb_image *i)
{
    static const char *const names[] = { "format", "version", "keys",   "domain",   "policy", "users",
                                         "groups", "aliases", "shares", "settings", NULL };
    enum nt_status st = head(in, root, &i->keys);
    if (st == STATUS_SUCCESS)
        st = fields(in, root, NULL, names, NULL);
    i->domain.realm = "";
    if (st == STATUS_SUCCESS)
        st = part(in, root, "domain", store_domain, i);
    if (st == STATUS_SUCCESS)
        st = part(in, root, "policy", store_policy, i);
    if (st == STATUS_SUCCESS)
        st = users(in, root, i);
    if (st == STATUS_SUCCESS)
        st = groups(in, root, "groups", store_group, &i->groups, &i->n_groups);
    if (st == STATUS_SUCCESS)
        st = groups(in, root, "aliases", store_alias, &i->aliases, &i->n_aliases);
    if (st == STATUS_SUCCESS)
        st = shares(in, root, i);
    return st == STATUS_SUCCESS ? settings(in, root, i) : st;
}

/* "users[3].name": that value, or what is around it if there is none. */
static const struct json *at_place(const struct json *root, const char *path)
{
    char name[SAMDB_IMAGE_PLACE];
    const struct json *j = root;
    while (*path && j) {
        size_t n = strcspn(path, ".[");
        const struct json *next = NULL;
        if (*path == '[') {
            next = j->type == JSON_ARRAY ? j->first : NULL;
            for (unsigned long k = strtoul(path + 1, NULL, 10); next && k; k--)
                next = next->next;
            n = strcspn(path, "]") + 1;
        } else if (n && j->type == JSON_OBJECT) {
            memcpy(name, path, n);
            name[n] = 0;
            next = info_json_member(j, name);
        }
        if (!next)
            break;
        j = next;
        path += n;
        path += *path == '.';
    }
    return j;
}

enum nt_status store_read(const char *s, size_t len, struct nt_arena *mem, struct samdb_image *ret,
                          struct nt_error *err)
{
    struct in in = { s, mem, err, "" };
    struct samdb_image i = { .keys = false };
    struct nt_error why = { "" };
    struct json *root;
    char at[SAMDB_IMAGE_PLACE] = "";
    if (len > STORE_JSON_MAX)
        return nt_error_set(err, STATUS_INVALID_PARAMETER, "an export is at most %zu MiB",
                            STORE_JSON_MAX >> 20);
    enum nt_status st = info_json_parse(s, len, mem, &root, err);
    if (st == STATUS_SUCCESS)
        st = read_all(&in, root, &i);
    if (st != STATUS_SUCCESS)
        return st;
    st = samdb_image_check(&i, at, &why);
    if (st == STATUS_INVALID_PARAMETER) {
        in.where[0] = 0;
        return bad(&in, at_place(root, at), at, "%s", why.text);
    }
    if (st == STATUS_SUCCESS)
        *ret = i;
    return st;
}
