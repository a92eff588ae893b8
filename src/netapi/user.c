// SPDX-License-Identifier: Apache-2.0
/* NetUser: adding, removing, reading, changing and listing users. */
#include <stdlib.h>
#include <string.h>

#include "netapi/m_user.h"

static uint64_t wall_clock(void)
{
    const struct nt_env *env = nt_env_system();
    return env->wall(env->arg);
}

/* ---- one user ---- */

static enum nt_status get_info(struct net_call *c, const WCHAR *username, const struct user_level *l,
                               LPBYTE *bufptr)
{
    struct sam_domain d;
    struct sam_found f;
    struct user u;
    enum nt_status st = sam_domain(c, SAM_ACCOUNT, &d);
    if (nt_ok(st))
        st = sam_find_user(c, &d, username, &f);
    if (nt_ok(st))
        st = user_fetch(c, &d, f.rid, l->needs, &u);
    if (!nt_ok(st))
        return st;
    struct users from = { l->level, wall_clock(), &u };
    uint8_t *block;
    st = net_fill(1, l->size, user_fill, &from, &block);
    if (st == STATUS_SUCCESS)
        *bufptr = block;
    return st;
}

NET_API_STATUS NET_API_FUNCTION NetUserGetInfo(LPCWSTR servername, LPCWSTR username, DWORD level,
                                               LPBYTE *bufptr)
{
    struct net_call c;
    const struct user_level *l = user_level_find(level);
    enum nt_status st = net_begin(&c, servername, "NetUserGetInfo");
    if (bufptr)
        *bufptr = NULL;
    if (nt_ok(st))
        st = !bufptr || !username ? STATUS_INVALID_PARAMETER : !l ? STATUS_INVALID_LEVEL : STATUS_SUCCESS;
    if (nt_ok(st))
        st = get_info(&c, username, l, bufptr);
    return net_end(&c, st);
}

/* ---- adding ---- */

/* Names that no account may have; servers check too, but not all of them all of it. */
static enum nt_status check_name(struct net_call *c, const WCHAR *name)
{
    const char16_t *s = (const char16_t *)name;
    size_t n = s ? ustr_nlen(s, UNLEN + 1) : 0;
    bool dots = true;
    enum nt_status bad = nt_from_werror(W_NERR_BadUsername);
    if (n == 0 || n > UNLEN)
        return nt_error_set(&c->err, bad, "a user name has 1 to %d characters", UNLEN);
    for (size_t i = 0; i < n; i++) {
        if (s[i] < u' ' || ustr_chr(u"\"/\\[]:;|=,+*?<>@", s[i]))
            return nt_error_set(
                &c->err, bad,
                "a user name has no control characters and none of \" / \\ [ ] : ; | = , + * ? < > @");
        dots = dots && (s[i] == u'.' || s[i] == u' ');
    }
    return dots ? nt_error_set(&c->err, bad, "a user name is more than dots and blanks") : STATUS_SUCCESS;
}

static void delete_again(struct net_call *c, const struct ndr_handle *h)
{
    struct nt_error keep = c->err;
    struct samr_SamrDeleteUser r = { .in.UserHandle = *h };
    enum nt_status st = sam_run(c, &samr_SamrDeleteUser_op, &r, &r.out.result);
    c->err = keep;
    if (!nt_ok(st)) {
        char text[sizeof keep.text / 2];
        memcpy(text, keep.text, sizeof text - 1);
        text[sizeof text - 1] = 0;
        nt_error_set(&c->err, st, "%s; and the half-made account could not be removed again", text);
        sam_close(c, h);
    }
}

static enum nt_status create(struct net_call *c, const struct sam_domain *d, struct user_change *ch,
                             struct ndr_handle *ret, uint32_t *ret_rid)
{
    struct dtyp_RPC_UNICODE_STRING name;
    enum nt_status st = sam_string(c, ch->name, UNLEN, &name);
    if (!nt_ok(st))
        return st;
    struct samr_SamrCreateUser2InDomain r = { .in.DomainHandle = d->h,
                                              .in.Name = name,
                                              .in.AccountType =
                                                  sam_flags_from_uf(ch->flags & UF_ACCOUNT_TYPE_MASK),
                                              .in.DesiredAccess = samr_USER_ALL_ACCESS };
    st = sam_run(c, &samr_SamrCreateUser2InDomain_op, &r, &r.out.result);
    *ret = r.out.UserHandle;
    *ret_rid = r.out.RelativeId;
    return st;
}

static enum nt_status add(struct net_call *c, struct user_change *ch, DWORD *parm)
{
    struct sam_domain d;
    struct ndr_handle h;
    struct nt_sid self;
    uint32_t rid;
    enum nt_status st = sam_domain(c, SAM_ACCOUNT, &d);
    if (nt_ok(st))
        st = create(c, &d, ch, &h, &rid);
    if (!nt_ok(st))
        return st;
    st = sam_rid_to_sid(c, &d, rid, &self);
    if (nt_ok(st))
        st = user_apply(c, &d, &h, &self, ch, true, parm);
    if (nt_ok(st))
        sam_close(c, &h);
    else
        delete_again(c, &h);
    return st;
}

static void set_parm(LPDWORD parm_err, enum nt_status st, DWORD parm)
{
    if (parm_err)
        *parm_err = nt_ok(st) || parm != PARM_ERROR_NONE           ? parm
                    : nt_to_net_api(st) == ERROR_INVALID_PARAMETER ? PARM_ERROR_UNKNOWN
                                                                   : PARM_ERROR_NONE;
}

NET_API_STATUS NET_API_FUNCTION NetUserAdd(LPCWSTR servername, DWORD level, LPBYTE buf, LPDWORD parm_err)
{
    struct net_call c;
    struct user_change ch;
    DWORD parm = PARM_ERROR_NONE;
    enum nt_status st = net_begin(&c, servername, "NetUserAdd");
    net_keep_secret(&c);
    if (nt_ok(st) && level == 0)
        st = STATUS_INVALID_LEVEL;
    if (nt_ok(st))
        st = user_gather(&c, level, buf, true, &ch, &parm);
    if (nt_ok(st)) {
        st = check_name(&c, ch.name);
        parm = nt_ok(st) ? PARM_ERROR_NONE : USER_NAME_PARMNUM;
    }
    if (nt_ok(st))
        st = add(&c, &ch, &parm);
    set_parm(parm_err, st, parm);
    return net_end(&c, st);
}

/* ---- removing ---- */

/* Local groups of the built-in domain keep the SIDs of deleted accounts: it is the client that takes them
 * out, as on Windows. What hinders that does not bring the account back, so it is no failure. */
static void leave_aliases(struct net_call *c, const struct nt_sid *sid)
{
    struct nt_error keep = c->err;
    struct sam_domain builtin;
    if (nt_ok(sam_domain(c, SAM_BUILTIN, &builtin))) {
        struct samr_SamrRemoveMemberFromForeignDomain r = { .in.DomainHandle = builtin.h,
                                                            .in.MemberSid = *sid };
        enum nt_status st = sam_run(c, &samr_SamrRemoveMemberFromForeignDomain_op, &r, &r.out.result);
        (void)st;
    }
    c->err = keep;
}

static enum nt_status del(struct net_call *c, const WCHAR *username)
{
    struct sam_domain d;
    struct ndr_handle h;
    struct nt_sid sid;
    uint32_t rid;
    enum nt_status st = sam_domain(c, SAM_ACCOUNT, &d);
    if (nt_ok(st))
        st = sam_open_user(c, &d, username, SAM_DELETE, &h, &rid);
    if (!nt_ok(st))
        return st;
    struct samr_SamrDeleteUser r = { .in.UserHandle = h };
    st = sam_run(c, &samr_SamrDeleteUser_op, &r, &r.out.result);
    if (!nt_ok(st))
        sam_close(c, &h); /* success has closed it */
    else if (nt_ok(sam_rid_to_sid(c, &d, rid, &sid)))
        leave_aliases(c, &sid);
    return st;
}

NET_API_STATUS NET_API_FUNCTION NetUserDel(LPCWSTR servername, LPCWSTR username)
{
    struct net_call c;
    enum nt_status st = net_begin(&c, servername, "NetUserDel");
    if (nt_ok(st))
        st = username ? del(&c, username) : STATUS_INVALID_PARAMETER;
    return net_end(&c, st);
}

/* ---- changing ---- */

static enum nt_status set_info(struct net_call *c, const WCHAR *username, struct user_change *ch, DWORD *parm)
{
    struct sam_domain d;
    struct ndr_handle h;
    struct nt_sid self;
    uint32_t rid, access = user_change_access(ch);
    enum nt_status st = sam_domain(c, SAM_ACCOUNT, &d);
    if (nt_ok(st))
        st = sam_open_user(c, &d, username, access ? access : samr_USER_READ_GENERAL, &h, &rid);
    if (!nt_ok(st))
        return st;
    st = sam_rid_to_sid(c, &d, rid, &self);
    if (nt_ok(st))
        st = user_apply(c, &d, &h, &self, ch, false, parm);
    sam_close(c, &h);
    return st;
}

NET_API_STATUS NET_API_FUNCTION NetUserSetInfo(LPCWSTR servername, LPCWSTR username, DWORD level, LPBYTE buf,
                                               LPDWORD parm_err)
{
    struct net_call c;
    struct user_change ch;
    DWORD parm = PARM_ERROR_NONE;
    enum nt_status st = net_begin(&c, servername, "NetUserSetInfo");
    net_keep_secret(&c);
    if (nt_ok(st))
        st = username ? user_gather(&c, level, buf, false, &ch, &parm) : STATUS_INVALID_PARAMETER;
    if (nt_ok(st))
        st = set_info(&c, username, &ch, &parm);
    set_parm(parm_err, st, parm);
    nt_wipe(&ch.lm_hash, sizeof ch.lm_hash);
    return net_end(&c, st);
}

NET_API_STATUS NET_API_FUNCTION NetUserChangePassword(LPCWSTR domainname, LPCWSTR username,
                                                      LPCWSTR oldpassword, LPCWSTR newpassword)
{
    struct net_call c;
    struct sam_password old, fresh;
    char16_t *caller = NULL;
    enum nt_status st = net_begin(&c, domainname, "NetUserChangePassword");
    net_keep_secret(&c);
    if (nt_ok(st) && (!oldpassword || !newpassword))
        st = STATUS_INVALID_PARAMETER;
    if (nt_ok(st))
        st = sam_password(&c, oldpassword, &old);
    if (nt_ok(st))
        st = sam_password(&c, newpassword, &fresh);
    if (nt_ok(st) && !username) {
        st = net_caller(&c, &caller);
        username = (LPCWSTR)caller;
    }
    if (nt_ok(st))
        st = sam_change_password(&c, username, &old, &fresh);
    free(caller);
    return net_end(&c, st);
}

/* ---- listing ---- */

static const struct {
    DWORD filter;
    uint32_t control;
} filters[] = {
    { FILTER_TEMP_DUPLICATE_ACCOUNT, samr_USER_TEMP_DUPLICATE_ACCOUNT },
    { FILTER_NORMAL_ACCOUNT, samr_USER_NORMAL_ACCOUNT },
    { FILTER_INTERDOMAIN_TRUST_ACCOUNT, samr_USER_INTERDOMAIN_TRUST_ACCOUNT },
    { FILTER_WORKSTATION_TRUST_ACCOUNT, samr_USER_WORKSTATION_TRUST_ACCOUNT },
    { FILTER_SERVER_TRUST_ACCOUNT, samr_USER_SERVER_TRUST_ACCOUNT },
};

/* The kinds of account in a filter as bits of SAMR; how many. SIZE_MAX if the filter has something else, too.
 */
static size_t kinds_of_filter(DWORD filter, uint32_t kinds[5])
{
    size_t n = 0;
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        if (filter & filters[i].filter)
            kinds[n++] = filters[i].control;
        filter &= ~filters[i].filter;
    }
    return filter ? SIZE_MAX : n;
}

/*
 * SamrEnumerateUsersInDomain lists accounts that have all bits of its filter ([MS-SAMR] 3.1.5.2.5), and an
 * account is of one kind only. So several kinds are several lists, and the resume handle says in its upper
 * bits which. A server's context that leaves no room for that is not handed out: then the list goes on until
 * one does, or ends.
 */
#define KIND_SHIFT   29
#define CONTEXT_MASK ((UINT32_C(1) << KIND_SHIFT) - 1)

static enum nt_status list_kinds(struct net_call *c, const struct sam_domain *d, DWORD filter, uint32_t len,
                                 uint32_t *resume, struct sam_list *list, bool *ret_more)
{
    uint32_t kinds[5] = { 0 };
    size_t n = kinds_of_filter(filter, kinds), k = *resume >> KIND_SHIFT;
    uint32_t context = *resume & CONTEXT_MASK;
    if (n == SIZE_MAX)
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER,
                            "the filter has a bit that is no kind of account");
    if (n <= 1)
        return sam_enum(c, SAM_USERS, d, kinds[0], len, resume, list, ret_more);
    *ret_more = false;
    for (; k < n; k++, context = 0) {
        bool more = false;
        enum nt_status st;
        do
            st = sam_enum(c, SAM_USERS, d, kinds[k], len, &context, list, &more);
        while (nt_ok(st) && more && context > CONTEXT_MASK);
        if (!nt_ok(st))
            return st;
        bool next_kind = !more && k + 1 < n && len != SAM_ALL && list->n;
        if (more || next_kind) {
            *resume = more ? (uint32_t)k << KIND_SHIFT | context : (uint32_t)(k + 1) << KIND_SHIFT;
            *ret_more = true;
            return STATUS_SUCCESS;
        }
    }
    return STATUS_SUCCESS;
}

/* The display lists by RID: what they say needs no request per user. */
struct shown {
    struct sam_list list;
    bool there;
};

static int by_rid(const void *a, const void *b)
{
    uint32_t x = ((const struct sam_item *)a)->rid, y = ((const struct sam_item *)b)->rid;
    return x < y ? -1 : x > y;
}

static enum nt_status load_shown(struct net_call *c, const struct sam_domain *d, DWORD filter,
                                 struct shown *s)
{
    uint32_t index = 0;
    bool more;
    enum nt_status st = STATUS_SUCCESS;
    if (s->there)
        return st;
    if (!filter || filter & FILTER_NORMAL_ACCOUNT)
        st = sam_display(c, d, samr_DomainDisplayUser, SAM_ALL, SAM_ALL, &index, &s->list, &more);
    index = 0;
    if (nt_ok(st) && (!filter || filter & (FILTER_WORKSTATION_TRUST_ACCOUNT | FILTER_SERVER_TRUST_ACCOUNT)))
        st = sam_display(c, d, samr_DomainDisplayMachine, SAM_ALL, SAM_ALL, &index, &s->list, &more);
    if (!nt_ok(st))
        return st;
    if (s->list.n)
        qsort(s->list.v, s->list.n, sizeof *s->list.v, by_rid);
    s->there = true;
    return STATUS_SUCCESS;
}

/* Below that many users it is cheaper to ask for each. */
#define MANY 25
/* Bits that servers work out for each user, or ignore ([MS-SAMR] 2.2.1.12): no list has them. */
#define COMPUTED                                                                                             \
    ((uint32_t)(samr_USER_ACCOUNT_AUTO_LOCKED | samr_USER_PASSWORD_EXPIRED | samr_USER_USE_AES_KEYS))

static enum nt_status add_flag(struct net_call *c, const struct sam_domain *d, struct shown *s, uint32_t flag)
{
    struct sam_list with = { 0 };
    uint32_t context = 0;
    bool more;
    enum nt_status st = sam_enum(c, SAM_USERS, d, flag, SAM_ALL, &context, &with, &more);
    for (size_t i = 0; nt_ok(st) && i < with.n; i++) {
        struct sam_item *e = bsearch(&with.v[i], s->list.v, s->list.n, sizeof *s->list.v, by_rid);
        if (e)
            e->flags |= flag;
    }
    return st;
}

/*
 * Samba's domain controller leaves AccountControl 0 in its display lists. The enumeration with one bit as its
 * filter tells who has that bit: some twenty lists instead of four requests for each user. A server might not
 * know some bit and so leave it out of the filter; one user is asked to see that, and if he does not agree
 * every user is.
 */
static enum nt_status load_flags(struct net_call *c, const struct sam_domain *d, struct shown *s)
{
    struct user sample;
    enum nt_status st = STATUS_SUCCESS;
    if (s->list.n < MANY || s->list.v[0].flags)
        return st;
    for (uint32_t flag = 1; nt_ok(st) && flag <= samr_USER_PARTIAL_SECRETS_ACCOUNT; flag <<= 1)
        if (!(flag & COMPUTED))
            st = add_flag(c, d, s, flag);
    if (nt_ok(st))
        st = user_fetch(c, d, s->list.v[0].rid, 0, &sample);
    if (nt_ok(st) && (sample.all->UserAccountControl & ~COMPUTED) == s->list.v[0].flags)
        return st;
    for (size_t i = 0; i < s->list.n; i++)
        s->list.v[i].flags = 0;
    c->err.text[0] = 0;
    return st == STATUS_NO_SUCH_USER ? STATUS_SUCCESS : st; /* deleted meanwhile */
}

/* A user made from his entry in a display list, if he has one; with flags_wanted only if that tells them
 * (Samba's domain controller leaves AccountControl 0). */
static enum nt_status user_from_shown(struct net_call *c, const struct sam_domain *d, const struct shown *s,
                                      const struct sam_item *it, bool flags_wanted, struct user *u,
                                      bool *ret_found)
{
    const struct sam_item *e =
        s->list.n ? bsearch(it, s->list.v, s->list.n, sizeof *s->list.v, by_rid) : NULL;
    *ret_found = e && (e->flags || !flags_wanted);
    if (!*ret_found)
        return STATUS_SUCCESS;
    struct samr_SAMPR_USER_ALL_INFORMATION *a = nt_arena_obj(c->mem, struct samr_SAMPR_USER_ALL_INFORMATION);
    if (!a)
        return STATUS_NO_MEMORY;
    a->UserName = e->name;
    a->AdminComment = e->comment;
    a->FullName = e->full_name;
    a->UserAccountControl = e->flags;
    a->UserId = e->rid;
    *u = (struct user){ .rid = e->rid, .all = a };
    return sam_rid_to_sid(c, d, e->rid, &u->sid);
}

struct enum_args {
    const struct user_level *level;
    DWORD filter;
    DWORD prefmaxlen;
};

/*
 * Levels above 0. What a level wants decides the requests:
 * - 20 has nothing that the display lists do not have: some dozen requests for 10 000 users. They give the
 * flags as stored; UF_LOCKOUT, UF_PASSWORD_EXPIRED and UF_PASSWD_CANT_CHANGE, which servers work out per
 * user, are missing there, and machines have no full name. A list in parts (prefmaxlen) asks for each user,
 * so that parts stay cheap.
 * - 10 and 11 have usr_comment, 1 and up home directory, ages and groups: no list has those. Each user is
 * opened, asked once for everything (UserAllInformation) and closed: 3 requests, 5 with groups, 6 with the
 * access list. An account that a list names but that cannot be opened (Samba: one without a Unix account) is
 * shown with what the display list knows; if that does not know it either, it has been deleted since.
 */
static enum nt_status fetch_users(struct net_call *c, const struct sam_domain *d, const struct enum_args *a,
                                  const struct sam_list *list, struct user *u, size_t *ret_n)
{
    struct shown shown = { 0 };
    size_t n = 0;
    bool from_lists = a->level->level == 20 && a->prefmaxlen == MAX_PREFERRED_LENGTH;
    enum nt_status st = from_lists ? load_shown(c, d, a->filter, &shown) : STATUS_SUCCESS;
    if (nt_ok(st) && from_lists)
        st = load_flags(c, d, &shown);
    for (size_t i = 0; nt_ok(st) && i < list->n; i++) {
        bool found = false;
        if (from_lists)
            st = user_from_shown(c, d, &shown, &list->v[i], true, &u[n], &found);
        if (nt_ok(st) && !found) {
            st = user_fetch(c, d, list->v[i].rid, a->level->needs, &u[n]);
            found = nt_ok(st);
        }
        if (st == STATUS_NO_SUCH_USER) {
            c->err.text[0] = 0;
            st = load_shown(c, d, a->filter, &shown);
            if (nt_ok(st))
                st = user_from_shown(c, d, &shown, &list->v[i], false, &u[n], &found);
        }
        n += found;
    }
    *ret_n = n;
    return st;
}

static void fill_name(struct net_buf *b, size_t i, void *to, const void *from)
{
    const struct sam_list *list = from;
    ((USER_INFO_0 *)to)->usri0_name = sam_put(b, &list->v[i].name);
}

static enum nt_status enum_users(struct net_call *c, const struct enum_args *a, uint32_t *context,
                                 LPBYTE *bufptr, LPDWORD entriesread, LPDWORD totalentries)
{
    struct sam_domain d;
    struct sam_list list = { 0 };
    bool more = false;
    enum nt_status st = sam_domain(c, SAM_ACCOUNT, &d);
    if (nt_ok(st))
        st =
            list_kinds(c, &d, a->filter, sam_page_size(a->prefmaxlen, a->level->size), context, &list, &more);
    if (!nt_ok(st))
        return st;
    size_t total = more && totalentries ? sam_count(c, SAM_USERS, &d) : 0;
    if (a->level->level == 0)
        return sam_result(&list, a->level->size, fill_name, &list, more, total, bufptr, entriesread,
                          totalentries);
    struct user *u = nt_arena_array(c->mem, list.n, sizeof *u);
    if (!u)
        return STATUS_NO_MEMORY;
    st = fetch_users(c, &d, a, &list, u, &list.n);
    if (!nt_ok(st))
        return st;
    struct users from = { a->level->level, wall_clock(), u };
    return sam_result(&list, a->level->size, user_fill, &from, more, total, bufptr, entriesread,
                      totalentries);
}

NET_API_STATUS NET_API_FUNCTION NetUserEnum(LPCWSTR servername, DWORD level, DWORD filter, LPBYTE *bufptr,
                                            DWORD prefmaxlen, LPDWORD entriesread, LPDWORD totalentries,
                                            LPDWORD resume_handle)
{
    struct net_call c;
    struct enum_args a = { user_level_find(level), filter, prefmaxlen };
    uint32_t context = resume_handle ? *resume_handle : 0;
    enum nt_status st = net_begin(&c, servername, "NetUserEnum");
    if (nt_ok(st) && (!bufptr || !entriesread))
        st = STATUS_INVALID_PARAMETER;
    if (nt_ok(st) && (!a.level || level == 4 || level == 23))
        st = STATUS_INVALID_LEVEL;
    if (nt_ok(st)) {
        *bufptr = NULL;
        *entriesread = 0;
        st = enum_users(&c, &a, &context, bufptr, entriesread, totalentries);
    }
    if (nt_ok(st) && resume_handle)
        *resume_handle = st == STATUS_MORE_ENTRIES ? context : 0;
    return net_end(&c, st);
}
