// SPDX-License-Identifier: Apache-2.0
/* Tokens: one block of memory each, since a server holds one for every connection. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "sec/token.h"

/* Account types of [MS-SAMR] 2.2.1.12: USER_INTERDOMAIN_TRUST_ACCOUNT, USER_WORKSTATION_TRUST_ACCOUNT,
 * USER_SERVER_TRUST_ACCOUNT. */
#define CONTROL_MACHINE (0x40u | 0x80u | 0x100u)

/* Well-known groups that one token has at most, besides the account's. */
#define WELL_KNOWN_MAX 6u

struct token {
    atomic_uint refs; /* 0: the constant one */
    size_t key_len;
    uint8_t *key;
    struct sec_token pub;
};

static struct token *of(const struct sec_token *t)
{
    return (struct token *)((char *)(uintptr_t)t - offsetof(struct token, pub));
}

struct sec_token *sec_token_ref(const struct sec_token *t)
{
    if (t != sec_token_anonymous())
        atomic_fetch_add_explicit(&of(t)->refs, 1, memory_order_relaxed);
    return &of(t)->pub;
}

void sec_token_unref(const struct sec_token *t)
{
    if (!t || t == sec_token_anonymous() ||
        atomic_fetch_sub_explicit(&of(t)->refs, 1, memory_order_acq_rel) != 1)
        return;
    nt_wipe(of(t)->key, of(t)->key_len);
    free(of(t));
}

bool sec_token_has(const struct sec_token *t, const struct nt_sid *sid)
{
    if (nt_sid_equal(&t->user, sid))
        return true;
    for (size_t i = 0; i < t->n_groups; i++)
        if ((t->groups[i].attributes & SEC_GROUP_ENABLED) &&
            !(t->groups[i].attributes & SEC_GROUP_DENY_ONLY) && nt_sid_equal(&t->groups[i].sid, sid))
            return true;
    return false;
}

/* ---- well-known SIDs ([MS-DTYP] 2.4.2.4) ---- */

#define SID1(auth, a)                                                                                        \
    {                                                                                                        \
        .revision = 1, .count = 1, .authority = { 0, 0, 0, 0, 0, auth }, .sub = { a }                        \
    }
#define SID2(auth, a, b)                                                                                     \
    {                                                                                                        \
        .revision = 1, .count = 2, .authority = { 0, 0, 0, 0, 0, auth }, .sub = { a, b }                     \
    }

static const struct nt_sid sid_null = SID1(0, 0), sid_everyone = SID1(1, 0), sid_network = SID1(5, 2),
                           sid_local = SID1(2, 0), sid_users = SID1(5, 11), sid_ntlm = SID2(5, 64, 10),
                           sid_schannel = SID2(5, 64, 14);
/* [MS-PAC] has no row for it; Windows adds it to whoever a KDC or a DC vouches for. */
static const struct nt_sid sid_organization = SID1(5, 15);

static const struct sec_group anonymous_groups[] = { { SID1(1, 0), SEC_GROUP_USUAL },
                                                     { SID1(5, 2), SEC_GROUP_USUAL } };

static const struct token anonymous = {
    .pub = { .size = sizeof(struct sec_token),
             .flags = SEC_TOKEN_ANONYMOUS,
             .name = "",
             .account = "",
             .domain = "",
             .full_name = "",
             .upn = "",
             .dns_domain = "",
             .logon_server = "",
             .workstation = "",
             .mech = "",
             .user = SID1(5, 7),
             .primary = SID1(0, 0),
             .groups = anonymous_groups,
             .n_groups = sizeof anonymous_groups / sizeof anonymous_groups[0],
             .expires = NT_TIME_NEVER },
};

const struct sec_token *sec_token_anonymous(void)
{
    return &anonymous.pub;
}

static size_t well_known(const struct sec_token_source *s, const struct nt_sid *list[WELL_KNOWN_MAX])
{
    size_t n = 0;
    list[n++] = &sid_everyone;
    list[n++] = s->flags & SEC_TOKEN_LOCAL ? &sid_local : &sid_network;
    list[n++] = &sid_users;
    if (strcmp(s->mech, "ntlm") == 0)
        list[n++] = &sid_ntlm;
    if (strcmp(s->mech, "schannel") == 0)
        list[n++] = &sid_schannel;
    if (strcmp(s->mech, "krb5") == 0)
        list[n++] = &sid_organization;
    return n;
}

/* ---- making one ---- */

/* What goes into the block behind the token, in order; measured first, then written. */
struct block {
    uint8_t *at; /* NULL: only measuring */
    size_t used;
};

static void *take(struct block *b, const void *p, size_t len)
{
    uint8_t *to = b->at ? b->at + b->used : NULL;
    b->used += len;
    if (to && len)
        memcpy(to, p, len);
    return to;
}

static const char *take_text(struct block *b, const char *s)
{
    const char *text = s ? s : "";
    return take(b, text, strlen(text) + 1);
}

static const char *take_name(struct block *b, const struct sec_token_source *s, const struct sec_account *a)
{
    if (s->name)
        return take_text(b, s->name);
    const char *domain = a->domain ? a->domain : "";
    const char *start = take(b, domain, strlen(domain));
    if (*domain)
        (void)take(b, "\\", 1);
    (void)take_text(b, a->account);
    return start;
}

static void take_texts(struct block *b, const struct sec_token_source *s, const struct sec_account *a,
                       struct sec_token *t)
{
    t->name = take_name(b, s, a);
    t->account = take_text(b, a->account);
    t->domain = take_text(b, a->domain);
    t->full_name = take_text(b, a->full_name);
    t->upn = take_text(b, a->upn);
    t->dns_domain = take_text(b, a->dns_domain);
    t->logon_server = take_text(b, a->logon_server);
    t->workstation = take_text(b, s->workstation);
    t->mech = take_text(b, s->mech);
}

static void take_groups(struct block *b, const struct sec_token_source *s, const struct sec_account *a,
                        struct sec_token *t)
{
    const struct nt_sid *list[WELL_KNOWN_MAX];
    size_t n = well_known(s, list);
    t->groups = take(b, a->groups, a->n_groups * sizeof *a->groups);
    t->n_groups = a->n_groups;
    for (size_t i = 0; i < s->n_gids; i++) {
        const struct sec_group g = { SID2(22, 2, s->gids[i]), SEC_GROUP_USUAL };
        (void)take(b, &g, sizeof g);
        t->n_groups++;
    }
    for (size_t i = 0; i < n; i++) {
        const struct sec_group g = { *list[i], SEC_GROUP_USUAL };
        (void)take(b, &g, sizeof g);
        t->n_groups++;
    }
}

static void fill_facts(const struct sec_token_source *s, const struct sec_account *a, struct sec_token *t)
{
    t->size = sizeof *t;
    t->flags = s->flags;
    t->user = a->user.count ? a->user : sid_null;
    t->primary = a->primary.count ? a->primary : sid_null;
    if (!a->user.count)
        t->flags |= SEC_TOKEN_NAME_ONLY;
    if (a->control & CONTROL_MACHINE)
        t->flags |= SEC_TOKEN_MACHINE;
    t->control = a->control;
    t->user_flags = a->user_flags;
    t->logon_time = a->logon_time ? a->logon_time : s->now;
    t->expires = s->expires ? s->expires : NT_TIME_NEVER;
    if (a->kickoff_time && a->kickoff_time < t->expires)
        t->expires = a->kickoff_time;
    t->uid = s->uid;
    t->gid = s->gid;
}

enum nt_status sec_token_new(const struct sec_token_source *s, struct sec_token **ret)
{
    static const struct sec_account nobody;
    const struct sec_account *a = s->account ? s->account : &nobody;
    struct sec_token measured;
    struct block b = { NULL, 0 };

    if (a->n_groups > SEC_GROUPS_MAX || s->n_gids > SEC_GROUPS_MAX)
        return STATUS_INVALID_SID;
    take_groups(&b, s, a, &measured); /* first: it has the alignment */
    take_texts(&b, s, a, &measured);
    struct token *t = calloc(1, sizeof *t + b.used + s->session_key.len);
    if (!t)
        return STATUS_NO_MEMORY;
    b = (struct block){ (uint8_t *)(t + 1), 0 };
    atomic_init(&t->refs, 1);
    take_groups(&b, s, a, &t->pub);
    take_texts(&b, s, a, &t->pub);
    t->key = take(&b, s->session_key.data, s->session_key.len);
    t->key_len = s->session_key.len;
    t->pub.session_key = (struct nt_blob){ t->key, t->key_len };
    fill_facts(s, a, &t->pub);
    *ret = &t->pub;
    return STATUS_SUCCESS;
}

enum nt_status sec_token_local(uint32_t uid, uint32_t gid, const uint32_t *gids, size_t n_gids,
                               struct sec_token **ret)
{
    const struct sec_account a = { .user = SID2(22, 1, uid), .primary = SID2(22, 2, gid) };
    char name[] = "uid:4294967295"; /* no account is called so: sauth.c */
    uint32_t v = uid;
    size_t n = sizeof name - 1;

    do
        name[--n] = (char)('0' + v % 10);
    while ((v /= 10) != 0);
    memmove(name + 4, name + n, sizeof name - n);
    const struct sec_token_source s = { .flags = SEC_TOKEN_LOCAL,
                                        .mech = "local",
                                        .name = name,
                                        .account = &a,
                                        .uid = uid,
                                        .gid = gid,
                                        .gids = gids,
                                        .n_gids = n_gids };
    return sec_token_new(&s, ret);
}
