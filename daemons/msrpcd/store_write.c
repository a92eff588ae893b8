// SPDX-License-Identifier: Apache-2.0
/* An account store as JSON: a member to a line, so that two exports can be compared by diff(1). */
#include <stdlib.h>
#include <string.h>
#include <msrpc/unistr.h>
#include "info/text.h"
#include "store_json.h"

struct out {
    struct wr *w;
    unsigned depth;
    bool first; /* no member yet in what is open */
};

/* ---- lines ---- */

static void line(struct out *o)
{
    if (!o->first)
        wr_u8(o->w, ',');
    wr_u8(o->w, '\n');
    for (unsigned i = 0; i < o->depth; i++)
        info_puts(o->w, "  ");
    o->first = false;
}

/* The name of a member, which is one of ours. */
static void name(struct out *o, const char *s)
{
    line(o);
    info_printf(o->w, "\"%s\": ", s);
}

static void open_(struct out *o, char bracket)
{
    wr_u8(o->w, (uint8_t)bracket);
    o->depth++;
    o->first = true;
}

static void close_(struct out *o, char bracket)
{
    bool empty = o->first;
    o->depth--;
    o->first = true;
    if (!empty)
        line(o);
    o->first = false;
    wr_u8(o->w, (uint8_t)bracket);
}

/* ---- values ---- */

static void text(struct out *o, const char *s)
{
    char16_t *wide;
    size_t n;
    if (ustr_from_utf8_wtf(s, strlen(s), &wide, &n) != STATUS_SUCCESS) {
        wr_fail(o->w, STATUS_INTERNAL_DB_CORRUPTION);
        return;
    }
    info_put_utf16(o->w, wide, n);
    free(wide);
}

static void number(struct out *o, uint64_t v)
{
    info_printf(o->w, "%llu", (unsigned long long)v);
}

static void time_(struct out *o, uint64_t v)
{
    if (v)
        info_put_time(o->w, v);
    else
        info_puts(o->w, "null");
}

static void sid(struct out *o, const struct nt_sid *s)
{
    char buf[NT_SID_STRLEN + 1];
    info_printf(o->w, "\"%s\"", nt_sid_format(s, buf));
}

static void value(struct out *o, enum store_kind kind, const void *at)
{
    switch (kind) {
    case STORE_TEXT:
        text(o, *(const char *const *)at);
        break;
    case STORE_NUMBER:
        number(o, *(const uint32_t *)at);
        break;
    case STORE_TIME:
        time_(o, *(const uint64_t *)at);
        break;
    case STORE_SPAN:
        if (*(const uint64_t *)at == NT_TIME_NEVER)
            info_puts(o->w, "\"never\"");
        else
            number(o, *(const uint64_t *)at);
        break;
    case STORE_BOOL:
        info_puts(o->w, *(const bool *)at ? "true" : "false");
        break;
    case STORE_BLOB:
        info_put_hex(o->w, ((const struct nt_blob *)at)->data, ((const struct nt_blob *)at)->len);
        break;
    case STORE_SID:
        sid(o, at);
        break;
    case STORE_PLACE:
        info_puts(o->w, *(const enum samdb_place *)at == SAMDB_BUILTIN ? "\"builtin\"" : "\"account\"");
        break;
    }
}

static void fields(struct out *o, const struct store_field *f, const void *from)
{
    for (; f->name; f++) {
        name(o, f->name);
        value(o, f->kind, (const char *)from + f->at);
    }
}

/* ---- nouns ---- */

static void hash(struct out *o, const char *s, const uint8_t *p, size_t len)
{
    name(o, s);
    info_put_hex(o->w, p, len);
}

static void password(struct out *o, const struct samdb_image_user *u)
{
    const struct samdb_keys *k = &u->keys;
    name(o, "password");
    open_(o, '{');
    name(o, "set");
    time_(o, u->u.password_set);
    name(o, "kvno");
    number(o, k->kvno);
    if (k->has_nt)
        hash(o, "nt_hash", k->nt_hash, sizeof k->nt_hash);
    if (k->has_aes) {
        hash(o, "aes128", k->aes128, sizeof k->aes128);
        hash(o, "aes256", k->aes256, sizeof k->aes256);
        name(o, "salt");
        text(o, k->salt);
    }
    name(o, "history");
    open_(o, '[');
    for (unsigned i = 0; i < u->n_old; i++) {
        line(o);
        open_(o, '{');
        name(o, "kvno");
        number(o, u->old[i].kvno);
        hash(o, "nt_hash", u->old[i].nt_hash, sizeof u->old[i].nt_hash);
        close_(o, '}');
    }
    close_(o, ']');
    close_(o, '}');
}

static void users(struct out *o, const struct samdb_image *i)
{
    name(o, "users");
    open_(o, '[');
    for (unsigned k = 0; k < i->n_users && o->w->st == STATUS_SUCCESS; k++) {
        line(o);
        open_(o, '{');
        fields(o, store_user, &i->users[k]);
        if (i->keys)
            password(o, &i->users[k]);
        close_(o, '}');
    }
    close_(o, ']');
}

static void groups(struct out *o, const char *list, const struct store_field *f,
                   const struct samdb_image_group *g, unsigned n)
{
    name(o, list);
    open_(o, '[');
    for (unsigned k = 0; k < n && o->w->st == STATUS_SUCCESS; k++) {
        line(o);
        open_(o, '{');
        fields(o, f, &g[k]);
        name(o, "members");
        open_(o, '[');
        for (unsigned m = 0; m < g[k].n_members; m++) {
            line(o);
            if (g[k].users)
                number(o, g[k].users[m]);
            else
                sid(o, &g[k].sids[m]);
        }
        close_(o, ']');
        close_(o, '}');
    }
    close_(o, ']');
}

static void plain(struct out *o, const char *list, const struct store_field *f, const void *from, size_t size,
                  unsigned n)
{
    name(o, list);
    open_(o, '[');
    for (unsigned k = 0; k < n && o->w->st == STATUS_SUCCESS; k++) {
        line(o);
        open_(o, '{');
        fields(o, f, (const char *)from + k * size);
        close_(o, '}');
    }
    close_(o, ']');
}

static void object(struct out *o, const char *s, const struct store_field *f, const void *from)
{
    name(o, s);
    open_(o, '{');
    fields(o, f, from);
    close_(o, '}');
}

void store_write(struct wr *w, const struct samdb_image *i)
{
    struct out o = { w, 0, true };
    open_(&o, '{');
    name(&o, "format");
    text(&o, STORE_JSON_FORMAT);
    name(&o, "version");
    number(&o, STORE_JSON_VERSION);
    name(&o, "keys");
    value(&o, STORE_BOOL, &i->keys);
    object(&o, "domain", store_domain, i);
    object(&o, "policy", store_policy, i);
    users(&o, i);
    groups(&o, "groups", store_group, i->groups, i->n_groups);
    groups(&o, "aliases", store_alias, i->aliases, i->n_aliases);
    plain(&o, "shares", store_share, i->shares, sizeof *i->shares, i->n_shares);
    plain(&o, "settings", store_setting, i->settings, sizeof *i->settings, i->n_settings);
    close_(&o, '}');
    wr_u8(w, '\n');
}
