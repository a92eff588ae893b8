// SPDX-License-Identifier: Apache-2.0
/* One user as samr tells of him, and the levels of USER_INFO that are made from that. */
#include <string.h>

#include "base/cursor.h"
#include "netapi/m_user.h"

/* Well-known RIDs, [MS-SAMR] 2.2.1.14, and aliases of the built-in domain, [MS-DTYP] 2.4.2.4. */
enum {
    GROUP_ADMINS = 512,
    GROUP_USERS = 513,
    ALIAS_ADMINS = 544,
    ALIAS_USERS = 545,
    ALIAS_ACCOUNT_OPS = 548,
    ALIAS_SYSTEM_OPS = 549,
    ALIAS_PRINT_OPS = 550,
};

#define LOGON_SERVER_ANY u"\\\\*" /* "any server" is all that SAM knows of usriN_logon_server */

/* ---- levels ---- */

static const struct user_level levels[] = {
    { 0, sizeof(USER_INFO_0), 0 },
    { 1, sizeof(USER_INFO_1), USER_NEEDS_PRIV | USER_NEEDS_DACL },
    { 2, sizeof(USER_INFO_2), USER_NEEDS_PRIV | USER_NEEDS_DACL },
    { 3, sizeof(USER_INFO_3), USER_NEEDS_PRIV | USER_NEEDS_DACL },
    { 4, sizeof(USER_INFO_4), USER_NEEDS_PRIV | USER_NEEDS_DACL },
    { 10, sizeof(USER_INFO_10), 0 },
    { 11, sizeof(USER_INFO_11), USER_NEEDS_PRIV },
    { 20, sizeof(USER_INFO_20), USER_NEEDS_DACL },
    { 23, sizeof(USER_INFO_23), USER_NEEDS_DACL },
};

const struct user_level *user_level_find(DWORD level)
{
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (levels[i].level == level)
            return &levels[i];
    return NULL;
}

/* ---- what the server knows ---- */

static enum nt_status bad_answer(struct net_call *c)
{
    return nt_error_set(&c->err, STATUS_INVALID_NETWORK_RESPONSE,
                        "%s: what it says of a user contradicts itself", c->srv->name);
}

static bool strings_ok(const struct samr_SAMPR_USER_ALL_INFORMATION *a)
{
    return sam_string_ok(&a->UserName) && sam_string_ok(&a->FullName) && sam_string_ok(&a->HomeDirectory) &&
           sam_string_ok(&a->HomeDirectoryDrive) && sam_string_ok(&a->ScriptPath) &&
           sam_string_ok(&a->ProfilePath) && sam_string_ok(&a->AdminComment) &&
           sam_string_ok(&a->WorkStations) && sam_string_ok(&a->UserComment) && sam_string_ok(&a->Parameters);
}

static enum nt_status query_all(struct net_call *c, const struct ndr_handle *h,
                                const struct samr_SAMPR_USER_ALL_INFORMATION **ret)
{
    struct samr_SamrQueryInformationUser2 r = { .in.UserHandle = *h,
                                                .in.UserInformationClass = samr_UserAllInformation };
    enum nt_status st = sam_run(c, &samr_SamrQueryInformationUser2_op, &r, &r.out.result);
    if (st == RPC_NT_PROCNUM_OUT_OF_RANGE) { /* NT 4 has only the first form */
        c->err.text[0] = 0;
        struct samr_SamrQueryInformationUser r1 = { .in.UserHandle = *h,
                                                    .in.UserInformationClass = samr_UserAllInformation };
        st = sam_run(c, &samr_SamrQueryInformationUser_op, &r1, &r1.out.result);
        r.out.Buffer = r1.out.Buffer;
    }
    if (!nt_ok(st))
        return st;
    if (!r.out.Buffer || !strings_ok(&r.out.Buffer->All))
        return bad_answer(c);
    *ret = &r.out.Buffer->All;
    return STATUS_SUCCESS;
}

enum nt_status user_groups(struct net_call *c, const struct ndr_handle *h,
                           const struct samr_GROUP_MEMBERSHIP **ret, uint32_t *ret_n)
{
    struct samr_SamrGetGroupsForUser r = { .in.UserHandle = *h };
    enum nt_status st = sam_run(c, &samr_SamrGetGroupsForUser_op, &r, &r.out.result);
    if (!nt_ok(st))
        return st;
    if (!r.out.Groups || (r.out.Groups->MembershipCount && !r.out.Groups->Groups))
        return bad_answer(c);
    *ret = r.out.Groups->Groups;
    *ret_n = r.out.Groups->MembershipCount;
    return STATUS_SUCCESS;
}

/* One request takes 1024 SIDs ([MS-SAMR] 2.2.7.5). */
#define ALIAS_SIDS 1024
/* Local groups that one account is in: a token holds 1024 SIDs, so far more is a server that wants to keep us
 * busy (each is compared with those before it). */
#define ALIASES_MAX 16384

static enum nt_status aliases_of_some(struct net_call *c, const struct ndr_handle *domain,
                                      const struct nt_sid *sids, size_t n, struct sam_list *list)
{
    struct samr_SAMPR_SID_INFORMATION *p = nt_arena_array(c->mem, n, sizeof *p);
    if (!p)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        p[i].SidPointer = (struct nt_sid *)(uintptr_t)&sids[i];
    struct samr_SamrGetAliasMembership r = { .in.DomainHandle = *domain };
    r.in.SidArray.Count = (uint32_t)n;
    r.in.SidArray.Sids = p;
    enum nt_status st = sam_run(c, &samr_SamrGetAliasMembership_op, &r, &r.out.result);
    if (!nt_ok(st))
        return st;
    if (r.out.Membership.Count > ALIASES_MAX - list->n ||
        (r.out.Membership.Count && !r.out.Membership.Element))
        return bad_answer(c);
    for (uint32_t i = 0; i < r.out.Membership.Count; i++) {
        size_t k = 0;
        while (k < list->n && list->v[k].rid != r.out.Membership.Element[i])
            k++;
        if (k < list->n)
            continue; /* through two of the SIDs */
        struct sam_item *it = sam_list_add(c, list);
        if (!it)
            return STATUS_NO_MEMORY;
        it->rid = r.out.Membership.Element[i];
    }
    return STATUS_SUCCESS;
}

enum nt_status user_aliases(struct net_call *c, const struct ndr_handle *domain, const struct nt_sid *sids,
                            size_t n, struct sam_list *list)
{
    enum nt_status st = STATUS_SUCCESS;
    for (size_t at = 0; nt_ok(st) && at < n; at += ALIAS_SIDS)
        st = aliases_of_some(c, domain, sids + at, n - at < ALIAS_SIDS ? n - at : ALIAS_SIDS, list);
    return st;
}

enum nt_status user_sids(struct net_call *c, const struct sam_domain *d, const struct nt_sid *user,
                         const struct samr_GROUP_MEMBERSHIP *groups, uint32_t n, struct nt_sid **ret)
{
    struct nt_sid *sids = nt_arena_array(c->mem, (size_t)n + 1, sizeof *sids);
    if (!sids)
        return STATUS_NO_MEMORY;
    sids[0] = *user;
    for (uint32_t i = 0; i < n; i++) {
        enum nt_status st = sam_rid_to_sid(c, d, groups[i].RelativeId, &sids[i + 1]);
        if (!nt_ok(st))
            return st;
    }
    *ret = sids;
    return STATUS_SUCCESS;
}

/* The class of a user and his operator rights, worked out from his groups as Windows does; SAM keeps neither.
 */
static void judge(const struct samr_GROUP_MEMBERSHIP *groups, uint32_t n, const struct sam_list *aliases,
                  struct user *u)
{
    u->priv = USER_PRIV_GUEST;
    for (uint32_t i = 0; i < n; i++) {
        if (groups[i].RelativeId == GROUP_ADMINS)
            u->priv = USER_PRIV_ADMIN;
        else if (groups[i].RelativeId == GROUP_USERS && u->priv == USER_PRIV_GUEST)
            u->priv = USER_PRIV_USER;
    }
    for (size_t i = 0; i < aliases->n; i++)
        switch (aliases->v[i].rid) {
        case ALIAS_ADMINS:
            u->priv = USER_PRIV_ADMIN;
            break;
        case ALIAS_USERS:
            u->priv = u->priv == USER_PRIV_GUEST ? USER_PRIV_USER : u->priv;
            break;
        case ALIAS_ACCOUNT_OPS:
            u->auth_flags |= AF_OP_ACCOUNTS;
            break;
        case ALIAS_SYSTEM_OPS:
            u->auth_flags |= AF_OP_SERVER;
            break;
        case ALIAS_PRINT_OPS:
            u->auth_flags |= AF_OP_PRINT;
            break;
        }
}

enum nt_status user_priv(struct net_call *c, const struct sam_domain *d, const struct ndr_handle *h,
                         struct user *u)
{
    const struct samr_GROUP_MEMBERSHIP *groups;
    struct sam_domain builtin;
    struct sam_list aliases = { 0 };
    struct nt_sid *sids;
    uint32_t n;
    enum nt_status st = sam_domain(c, SAM_BUILTIN, &builtin);
    if (nt_ok(st))
        st = user_groups(c, h, &groups, &n);
    if (nt_ok(st))
        st = user_sids(c, d, &u->sid, groups, n, &sids);
    if (nt_ok(st))
        st = user_aliases(c, &builtin.h, sids, (size_t)n + 1, &aliases);
    if (nt_ok(st))
        judge(groups, n, &aliases, u);
    return st;
}

/* ---- "user cannot change password": a matter of the access list, not of a flag ([MS-SAMR] 3.1.5.12) ---- */

static const struct nt_sid world = { .revision = 1, .count = 1, .authority = { 0, 0, 0, 0, 0, 1 } };

static bool read_sid(struct rd *r, struct nt_sid *sid)
{
    memset(sid, 0, sizeof *sid);
    sid->revision = rd_u8(r);
    sid->count = rd_u8(r);
    rd_copy(r, sid->authority, sizeof sid->authority);
    for (unsigned i = 0; i < sid->count && i < NT_SID_MAX_SUB; i++)
        sid->sub[i] = rd_u32(r);
    return r->st == STATUS_SUCCESS && sid->count <= NT_SID_MAX_SUB;
}

/* [MS-DTYP] 2.4.4: 1 and -1 when the entry allows or denies the change to everybody or to the user, else 0.
 */
static int entry_says(struct rd *ace, uint8_t type, const struct nt_sid *self)
{
    struct nt_sid sid;
    uint32_t mask = rd_u32(ace);
    if (type > 1 || !(mask & samr_USER_CHANGE_PASSWORD) || !read_sid(ace, &sid))
        return 0;
    return nt_sid_equal(&sid, &world) || nt_sid_equal(&sid, self) ? (type == 0 ? 1 : -1) : 0;
}

bool user_dacl_forbids_change(const uint8_t *sd, size_t len, const struct nt_sid *self)
{
    enum { DACL_PRESENT = 0x0004, HEADER = 8, ACE_HEADER = 4 };
    struct rd r, acl;
    rd_init(&r, sd, len);
    rd_skip(&r, 2);
    uint16_t control = rd_u16(&r);
    rd_skip(&r, 12);
    uint32_t at = rd_u32(&r);
    if (r.st != STATUS_SUCCESS || !(control & DACL_PRESENT) || !at)
        return false; /* no list: everybody may everything */
    if (at > len)
        return false;
    acl = rd_sub(&r, at, len - at);
    rd_skip(&acl, 4);
    uint16_t n = rd_u16(&acl);
    rd_skip(&acl, 2);
    for (unsigned i = 0; i < n && acl.st == STATUS_SUCCESS; i++) {
        uint8_t type = rd_u8(&acl);
        rd_skip(&acl, 1);
        uint16_t size = rd_u16(&acl);
        if (size < ACE_HEADER)
            break;
        struct rd ace = rd_sub(&acl, acl.pos, size - ACE_HEADER);
        int says = entry_says(&ace, type, self);
        if (says)
            return says < 0;
        rd_skip(&acl, size - ACE_HEADER);
    }
    return true; /* nobody said that he may */
}

/* Servers that keep no such list (or hide it) say nothing about it. */
enum nt_status user_cannot_change(struct net_call *c, const struct ndr_handle *h, const struct nt_sid *self,
                                  bool *ret)
{
    enum { DACL_SECURITY_INFORMATION = 4 };
    struct samr_SamrQuerySecurityObject r = { .in.ObjectHandle = *h,
                                              .in.SecurityInformation = DACL_SECURITY_INFORMATION };
    enum nt_status st = sam_run(c, &samr_SamrQuerySecurityObject_op, &r, &r.out.result);
    const struct samr_SAMPR_SR_SECURITY_DESCRIPTOR *sd = r.out.SecurityDescriptor;
    *ret = false;
    if (!nt_ok(st)) {
        struct rpc_conn *conn;
        c->err.text[0] = 0;
        return net_rpc(c, &samr_interface, &conn); /* the connection may be what failed */
    }
    if (sd && sd->Length && !sd->SecurityDescriptor)
        return bad_answer(c);
    if (sd && sd->Length)
        *ret = user_dacl_forbids_change(sd->SecurityDescriptor, sd->Length, self);
    return STATUS_SUCCESS;
}

/* ---- one user ---- */

static uint32_t access_for(unsigned needs)
{
    return samr_USER_READ_GENERAL | samr_USER_READ_PREFERENCES | samr_USER_READ_LOGON |
           samr_USER_READ_ACCOUNT | (needs & USER_NEEDS_PRIV ? samr_USER_LIST_GROUPS : 0) |
           (needs & USER_NEEDS_DACL ? SAM_READ_CONTROL : 0);
}

enum nt_status user_fetch(struct net_call *c, const struct sam_domain *d, uint32_t rid, unsigned needs,
                          struct user *u)
{
    struct ndr_handle h;
    memset(u, 0, sizeof *u);
    u->rid = rid;
    enum nt_status st = sam_rid_to_sid(c, d, rid, &u->sid);
    if (nt_ok(st))
        st = sam_open_rid(c, d, rid, access_for(needs), &h);
    if (!nt_ok(st))
        return st;
    st = query_all(c, &h, &u->all);
    if (nt_ok(st) && needs & USER_NEEDS_PRIV)
        st = user_priv(c, d, &h, u);
    if (nt_ok(st) && needs & USER_NEEDS_DACL)
        st = user_cannot_change(c, &h, &u->sid, &u->cannot_change);
    sam_close(c, &h);
    return st;
}

/* ---- levels of USER_INFO ---- */

/* Seconds since 1970; `never` for what has not happened or never will. */
static DWORD seconds(const struct samr_OLD_LARGE_INTEGER *t, DWORD never)
{
    uint64_t v = sam_time(t);
    if (v <= NT_TIME_UNIX_EPOCH || v >= NT_TIME_NEVER)
        return never;
    int64_t s = nt_time_to_unix(v);
    return s >= (int64_t)UINT32_MAX ? never : (DWORD)s;
}

static DWORD password_age(const struct user *u, uint64_t now)
{
    uint64_t set = sam_time(&u->all->PasswordLastSet);
    if (set == 0 || set >= now)
        return 0;
    uint64_t s = (now - set) / NT_TIME_PER_SECOND;
    return s > UINT32_MAX ? UINT32_MAX : (DWORD)s;
}

static DWORD uf(const struct user *u)
{
    return sam_flags_to_uf(u->all->UserAccountControl) | (u->cannot_change ? UF_PASSWD_CANT_CHANGE : 0);
}

/* Always a week of hours: without a mask every hour is allowed. */
static PBYTE hours(struct net_buf *b, const struct samr_SAMPR_LOGON_HOURS *h, DWORD *ret_units)
{
    static const uint8_t all[UNITS_PER_WEEK / 8] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    bool usable = h->LogonHours && h->UnitsPerWeek >= UNITS_PER_WEEK;
    *ret_units = usable ? h->UnitsPerWeek : UNITS_PER_WEEK;
    return net_put_bytes(b, usable ? h->LogonHours : all, usable ? (h->UnitsPerWeek + 7u) / 8u : sizeof all,
                         1);
}

static void fill_1(struct net_buf *b, const struct user *u, uint64_t now, USER_INFO_1 *to)
{
    const struct samr_SAMPR_USER_ALL_INFORMATION *a = u->all;
    to->usri1_name = sam_put(b, &a->UserName);
    to->usri1_password = NULL;
    to->usri1_password_age = password_age(u, now);
    to->usri1_priv = u->priv;
    to->usri1_home_dir = sam_put(b, &a->HomeDirectory);
    to->usri1_comment = sam_put(b, &a->AdminComment);
    to->usri1_flags = uf(u);
    to->usri1_script_path = sam_put(b, &a->ScriptPath);
}

/* USER_INFO_1 is how USER_INFO_2, 3 and 4 begin; USER_INFO_2 is how 3 and 4 begin. */
static void fill_2(struct net_buf *b, const struct user *u, uint64_t now, USER_INFO_2 *to)
{
    const struct samr_SAMPR_USER_ALL_INFORMATION *a = u->all;
    fill_1(b, u, now, (USER_INFO_1 *)(void *)to);
    to->usri2_auth_flags = u->auth_flags;
    to->usri2_full_name = sam_put(b, &a->FullName);
    to->usri2_usr_comment = sam_put(b, &a->UserComment);
    to->usri2_parms = sam_put(b, &a->Parameters);
    to->usri2_workstations = sam_put(b, &a->WorkStations);
    to->usri2_last_logon = seconds(&a->LastLogon, 0);
    to->usri2_last_logoff = seconds(&a->LastLogoff, 0);
    to->usri2_acct_expires = seconds(&a->AccountExpires, TIMEQ_FOREVER);
    to->usri2_max_storage = USER_MAXSTORAGE_UNLIMITED;
    to->usri2_logon_hours = hours(b, &a->LogonHours, &to->usri2_units_per_week);
    to->usri2_bad_pw_count = a->BadPasswordCount;
    to->usri2_num_logons = a->LogonCount;
    to->usri2_logon_server = net_put_string(b, LOGON_SERVER_ANY);
    to->usri2_country_code = a->CountryCode;
    to->usri2_code_page = a->CodePage;
}

static void fill_3(struct net_buf *b, const struct user *u, uint64_t now, USER_INFO_3 *to)
{
    fill_2(b, u, now, (USER_INFO_2 *)(void *)to);
    to->usri3_user_id = u->rid;
    to->usri3_primary_group_id = u->all->PrimaryGroupId;
    to->usri3_profile = sam_put(b, &u->all->ProfilePath);
    to->usri3_home_dir_drive = sam_put(b, &u->all->HomeDirectoryDrive);
    to->usri3_password_expired = u->all->PasswordExpired != 0;
}

static void fill_4(struct net_buf *b, const struct user *u, uint64_t now, USER_INFO_4 *to)
{
    fill_2(b, u, now, (USER_INFO_2 *)(void *)to);
    to->usri4_user_sid = sam_put_sid(b, &u->sid);
    to->usri4_primary_group_id = u->all->PrimaryGroupId;
    to->usri4_profile = sam_put(b, &u->all->ProfilePath);
    to->usri4_home_dir_drive = sam_put(b, &u->all->HomeDirectoryDrive);
    to->usri4_password_expired = u->all->PasswordExpired != 0;
}

static void fill_10(struct net_buf *b, const struct user *u, USER_INFO_10 *to)
{
    to->usri10_name = sam_put(b, &u->all->UserName);
    to->usri10_comment = sam_put(b, &u->all->AdminComment);
    to->usri10_usr_comment = sam_put(b, &u->all->UserComment);
    to->usri10_full_name = sam_put(b, &u->all->FullName);
}

static void fill_11(struct net_buf *b, const struct user *u, uint64_t now, USER_INFO_11 *to)
{
    const struct samr_SAMPR_USER_ALL_INFORMATION *a = u->all;
    fill_10(b, u, (USER_INFO_10 *)(void *)to);
    to->usri11_priv = u->priv;
    to->usri11_auth_flags = u->auth_flags;
    to->usri11_password_age = password_age(u, now);
    to->usri11_home_dir = sam_put(b, &a->HomeDirectory);
    to->usri11_parms = sam_put(b, &a->Parameters);
    to->usri11_last_logon = seconds(&a->LastLogon, 0);
    to->usri11_last_logoff = seconds(&a->LastLogoff, 0);
    to->usri11_bad_pw_count = a->BadPasswordCount;
    to->usri11_num_logons = a->LogonCount;
    to->usri11_logon_server = net_put_string(b, LOGON_SERVER_ANY);
    to->usri11_country_code = a->CountryCode;
    to->usri11_workstations = sam_put(b, &a->WorkStations);
    to->usri11_max_storage = USER_MAXSTORAGE_UNLIMITED;
    to->usri11_logon_hours = hours(b, &a->LogonHours, &to->usri11_units_per_week);
    to->usri11_code_page = a->CodePage;
}

static void fill_20(struct net_buf *b, const struct user *u, USER_INFO_20 *to)
{
    to->usri20_name = sam_put(b, &u->all->UserName);
    to->usri20_full_name = sam_put(b, &u->all->FullName);
    to->usri20_comment = sam_put(b, &u->all->AdminComment);
    to->usri20_flags = uf(u);
    to->usri20_user_id = u->rid;
}

static void fill_23(struct net_buf *b, const struct user *u, USER_INFO_23 *to)
{
    to->usri23_name = sam_put(b, &u->all->UserName);
    to->usri23_full_name = sam_put(b, &u->all->FullName);
    to->usri23_comment = sam_put(b, &u->all->AdminComment);
    to->usri23_flags = uf(u);
    to->usri23_user_sid = sam_put_sid(b, &u->sid);
}

void user_fill(struct net_buf *b, size_t i, void *to, const void *from)
{
    const struct users *s = from;
    const struct user *u = &s->v[i];
    switch (s->level) {
    case 0:
        ((USER_INFO_0 *)to)->usri0_name = sam_put(b, &u->all->UserName);
        break;
    case 1:
        fill_1(b, u, s->now, to);
        break;
    case 2:
        fill_2(b, u, s->now, to);
        break;
    case 3:
        fill_3(b, u, s->now, to);
        break;
    case 4:
        fill_4(b, u, s->now, to);
        break;
    case 10:
        fill_10(b, u, to);
        break;
    case 11:
        fill_11(b, u, s->now, to);
        break;
    case 20:
        fill_20(b, u, to);
        break;
    case 23:
        fill_23(b, u, to);
        break;
    }
}
