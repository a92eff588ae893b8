// SPDX-License-Identifier: Apache-2.0
/* USER_INFO levels as arguments: what they ask for, and doing it. */
#include <string.h>

#include "msrpc/samr_password.h"
#include "netapi/m_user.h"

#define GROUP_USERS 513 /* [MS-SAMR] 2.2.1.14 */

struct gather {
    struct net_call *c;
    struct user_change *ch;
    bool adding;
    enum nt_status st; /* the first failure */
    DWORD parm;
};

static void refuse(struct gather *g, enum nt_status st, DWORD parm, const char *why)
{
    if (!nt_ok(g->st))
        return;
    g->st = why ? nt_error_set(&g->c->err, st, "%s", why) : st;
    g->parm = parm;
}

/* NULL leaves a field as it is; for a new account an empty one is nothing to send. */
static void string(struct gather *g, const WCHAR *s, struct dtyp_RPC_UNICODE_STRING *to, uint32_t which,
                   DWORD parm)
{
    if (!s || (g->adding && !s[0]) || !nt_ok(g->st))
        return;
    enum nt_status st = sam_string(g->c, s, SAM_MAX_STRING, to);
    if (!nt_ok(st))
        refuse(g, st, parm, NULL);
    g->ch->all.WhichFields |= which;
}

/* 14 blanks stand for the present password; a program that read a level and writes it back has NULL there. */
static void password(struct gather *g, const WCHAR *s)
{
    static const char16_t keep[] = u"" NULL_USERSETINFO_PASSWD;
    if (!s || !nt_ok(g->st) || (!g->adding && ustr_cmp((const char16_t *)s, keep) == 0))
        return;
    enum nt_status st = sam_password(g->c, s, &g->ch->password);
    if (!nt_ok(st))
        refuse(g, st, USER_PASSWORD_PARMNUM, NULL);
}

static void flags(struct gather *g, DWORD uf)
{
    struct user_change *ch = g->ch;
    uint32_t kinds = uf & UF_ACCOUNT_TYPE_MASK;
    if (uf & ~(UF_SETTABLE_BITS | UF_PARTIAL_SECRETS_ACCOUNT | UF_USE_AES_KEYS))
        refuse(g, STATUS_INVALID_PARAMETER, USER_FLAGS_PARMNUM, "usriN_flags has a bit that is no UF_ flag");
    if (kinds & (kinds - 1))
        refuse(g, STATUS_INVALID_PARAMETER, USER_FLAGS_PARMNUM,
               "usriN_flags names more than one kind of account");
    if (!kinds)
        uf |= UF_NORMAL_ACCOUNT;
    ch->has_flags = true;
    ch->flags = uf;
    /* UF_PASSWORD_EXPIRED is worked out by the server; usri3_password_expired is how to set it. */
    ch->all.UserAccountControl = sam_flags_from_uf(uf & ~(DWORD)UF_PASSWORD_EXPIRED);
    ch->all.WhichFields |= samr_USER_ALL_USERACCOUNTCONTROL;
}

static void priv(struct gather *g, DWORD v)
{
    if (g->adding && v != USER_PRIV_USER)
        refuse(g, STATUS_INVALID_PARAMETER, USER_PRIV_PARMNUM,
               "a new user has to have usriN_priv USER_PRIV_USER");
    g->ch->has_priv = true;
    g->ch->priv = v;
}

static void expires(struct gather *g, DWORD t)
{
    if (g->adding && t == TIMEQ_FOREVER)
        return;
    /* 0 and the greatest time both mean "never" ([MS-ADA1] accountExpires); Samba's tdbsam cuts the latter
     * short */
    uint64_t v = t == TIMEQ_FOREVER ? 0 : nt_time_from_unix((int64_t)t);
    g->ch->all.AccountExpires.LowPart = (uint32_t)v;
    g->ch->all.AccountExpires.HighPart = (int32_t)(v >> 32);
    g->ch->all.WhichFields |= samr_USER_ALL_ACCOUNTEXPIRES;
}

static void hours(struct gather *g, DWORD units, const BYTE *mask)
{
    if (!mask)
        return;
    if (units != 0 && units != UNITS_PER_WEEK)
        refuse(g, STATUS_INVALID_PARAMETER, USER_UNITS_PER_WEEK_PARMNUM,
               "a week of logon hours has 168 units");
    memcpy(g->ch->hours, mask, sizeof g->ch->hours);
    g->ch->all.LogonHours.UnitsPerWeek = UNITS_PER_WEEK;
    g->ch->all.LogonHours.LogonHours = g->ch->hours;
    g->ch->all.WhichFields |= samr_USER_ALL_LOGONHOURS;
}

static void number16(struct gather *g, DWORD v, uint16_t *to, uint32_t which, DWORD parm)
{
    if (g->adding && v == 0)
        return;
    if (v > UINT16_MAX)
        refuse(g, STATUS_INVALID_PARAMETER, parm, "a country code or code page is above 65535");
    *to = (uint16_t)v;
    g->ch->all.WhichFields |= which;
}

static void primary_group(struct gather *g, DWORD rid)
{
    if (!g->adding) {
        g->ch->all.PrimaryGroupId = rid;
        g->ch->all.WhichFields |= samr_USER_ALL_PRIMARYGROUPID;
    } else if (rid != 0 && rid != GROUP_USERS) {
        refuse(g, STATUS_INVALID_PARAMETER, USER_PRIMARY_GROUP_PARMNUM,
               "a new user's primary group has to be 513, of which every new user is a member");
    }
}

static void expired(struct gather *g, DWORD v)
{
    if (g->adding && !v)
        return;
    g->ch->all.PasswordExpired = v != 0;
    g->ch->all.WhichFields |= samr_USER_ALL_PASSWORDEXPIRED;
}

/* ---- levels; fields that SAM works out itself (ages, counts, last logon) are passed over, as Windows does
 * ---- */

static void gather_1(struct gather *g, const USER_INFO_1 *p)
{
    struct samr_SAMPR_USER_ALL_INFORMATION *a = &g->ch->all;
    g->ch->name = p->usri1_name;
    password(g, p->usri1_password);
    priv(g, p->usri1_priv);
    string(g, p->usri1_home_dir, &a->HomeDirectory, samr_USER_ALL_HOMEDIRECTORY, USER_HOME_DIR_PARMNUM);
    string(g, p->usri1_comment, &a->AdminComment, samr_USER_ALL_ADMINCOMMENT, USER_COMMENT_PARMNUM);
    flags(g, p->usri1_flags);
    string(g, p->usri1_script_path, &a->ScriptPath, samr_USER_ALL_SCRIPTPATH, USER_SCRIPT_PATH_PARMNUM);
}

static void gather_2(struct gather *g, const USER_INFO_2 *p)
{
    struct samr_SAMPR_USER_ALL_INFORMATION *a = &g->ch->all;
    gather_1(g, (const USER_INFO_1 *)(const void *)p);
    string(g, p->usri2_full_name, &a->FullName, samr_USER_ALL_FULLNAME, USER_FULL_NAME_PARMNUM);
    string(g, p->usri2_usr_comment, &a->UserComment, samr_USER_ALL_USERCOMMENT, USER_USR_COMMENT_PARMNUM);
    string(g, p->usri2_parms, &a->Parameters, samr_USER_ALL_PARAMETERS, USER_PARMS_PARMNUM);
    string(g, p->usri2_workstations, &a->WorkStations, samr_USER_ALL_WORKSTATIONS, USER_WORKSTATIONS_PARMNUM);
    expires(g, p->usri2_acct_expires);
    hours(g, p->usri2_units_per_week, p->usri2_logon_hours);
    number16(g, p->usri2_country_code, &a->CountryCode, samr_USER_ALL_COUNTRYCODE, USER_COUNTRY_CODE_PARMNUM);
    number16(g, p->usri2_code_page, &a->CodePage, samr_USER_ALL_CODEPAGE, USER_CODE_PAGE_PARMNUM);
}

static void gather_3(struct gather *g, const USER_INFO_3 *p)
{
    struct samr_SAMPR_USER_ALL_INFORMATION *a = &g->ch->all;
    gather_2(g, (const USER_INFO_2 *)(const void *)p);
    primary_group(g, p->usri3_primary_group_id);
    string(g, p->usri3_profile, &a->ProfilePath, samr_USER_ALL_PROFILEPATH, USER_PROFILE_PARMNUM);
    string(g, p->usri3_home_dir_drive, &a->HomeDirectoryDrive, samr_USER_ALL_HOMEDIRECTORYDRIVE,
           USER_HOME_DIR_DRIVE_PARMNUM);
    expired(g, p->usri3_password_expired);
}

static void gather_4(struct gather *g, const USER_INFO_4 *p)
{
    struct samr_SAMPR_USER_ALL_INFORMATION *a = &g->ch->all;
    gather_2(g, (const USER_INFO_2 *)(const void *)p);
    primary_group(g, p->usri4_primary_group_id);
    string(g, p->usri4_profile, &a->ProfilePath, samr_USER_ALL_PROFILEPATH, USER_PROFILE_PARMNUM);
    string(g, p->usri4_home_dir_drive, &a->HomeDirectoryDrive, samr_USER_ALL_HOMEDIRECTORYDRIVE,
           USER_HOME_DIR_DRIVE_PARMNUM);
    expired(g, p->usri4_password_expired);
}

static void lm_hash(struct gather *g, const BYTE hash[ENCRYPTED_PWLEN])
{
    memcpy(g->ch->lm_hash, hash, sizeof g->ch->lm_hash);
    g->ch->has_lm_hash = true;
}

/* USER_INFO_2 with a hash in place of the password. */
static void gather_22(struct gather *g, const USER_INFO_22 *p)
{
    USER_INFO_2 two = { .usri2_name = p->usri22_name,
                        .usri2_priv = p->usri22_priv,
                        .usri2_home_dir = p->usri22_home_dir,
                        .usri2_comment = p->usri22_comment,
                        .usri2_flags = p->usri22_flags,
                        .usri2_script_path = p->usri22_script_path,
                        .usri2_full_name = p->usri22_full_name,
                        .usri2_usr_comment = p->usri22_usr_comment,
                        .usri2_parms = p->usri22_parms,
                        .usri2_workstations = p->usri22_workstations,
                        .usri2_acct_expires = p->usri22_acct_expires,
                        .usri2_units_per_week = p->usri22_units_per_week,
                        .usri2_logon_hours = p->usri22_logon_hours,
                        .usri2_country_code = p->usri22_country_code,
                        .usri2_code_page = p->usri22_code_page };
    gather_2(g, &two);
    lm_hash(g, p->usri22_password);
}

static void rename_to(struct gather *g, const WCHAR *name)
{
    enum nt_status st = sam_string(g->c, name, UNLEN, &g->ch->all.UserName);
    if (!nt_ok(st) || g->ch->all.UserName.Length == 0)
        refuse(g, nt_ok(st) ? nt_from_werror(W_NERR_BadUsername) : st, USER_NAME_PARMNUM, NULL);
    g->ch->all.WhichFields |= samr_USER_ALL_USERNAME;
}

/* Levels of one string: PARMNUM_BASE_INFOLEVEL and the field's number. */
static bool gather_one_string(struct gather *g, DWORD level, const WCHAR *s)
{
    struct samr_SAMPR_USER_ALL_INFORMATION *a = &g->ch->all;
    const struct {
        DWORD level;
        struct dtyp_RPC_UNICODE_STRING *to;
        uint32_t which;
    } rows[] = {
        { USER_HOME_DIR_INFOLEVEL, &a->HomeDirectory, samr_USER_ALL_HOMEDIRECTORY },
        { USER_COMMENT_INFOLEVEL, &a->AdminComment, samr_USER_ALL_ADMINCOMMENT },
        { USER_SCRIPT_PATH_INFOLEVEL, &a->ScriptPath, samr_USER_ALL_SCRIPTPATH },
        { USER_FULL_NAME_INFOLEVEL, &a->FullName, samr_USER_ALL_FULLNAME },
        { USER_USR_COMMENT_INFOLEVEL, &a->UserComment, samr_USER_ALL_USERCOMMENT },
        { USER_PARMS_INFOLEVEL, &a->Parameters, samr_USER_ALL_PARAMETERS },
        { USER_WORKSTATIONS_INFOLEVEL, &a->WorkStations, samr_USER_ALL_WORKSTATIONS },
        { 1000 + USER_PROFILE_PARMNUM, &a->ProfilePath, samr_USER_ALL_PROFILEPATH },
        { USER_HOME_DIR_DRIVE_INFOLEVEL, &a->HomeDirectoryDrive, samr_USER_ALL_HOMEDIRECTORYDRIVE },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].level == level) {
            string(g, s, rows[i].to, rows[i].which, level - 1000);
            return true;
        }
    return false;
}

/* Levels of one number or of one group of fields. */
static bool gather_one(struct gather *g, DWORD level, const void *buf)
{
    switch (level) {
    case USER_PASSWORD_INFOLEVEL:
        password(g, ((const USER_INFO_1003 *)buf)->usri1003_password);
        return true;
    case USER_PRIV_INFOLEVEL:
        priv(g, ((const USER_INFO_1005 *)buf)->usri1005_priv);
        return true;
    case USER_FLAGS_INFOLEVEL:
        flags(g, ((const USER_INFO_1008 *)buf)->usri1008_flags);
        return true;
    case USER_AUTH_FLAGS_INFOLEVEL:
        g->ch->has_auth_flags = true;
        g->ch->auth_flags = ((const USER_INFO_1010 *)buf)->usri1010_auth_flags;
        return true;
    case USER_ACCT_EXPIRES_INFOLEVEL:
        expires(g, ((const USER_INFO_1017 *)buf)->usri1017_acct_expires);
        return true;
    case USER_MAX_STORAGE_INFOLEVEL:
        if (((const USER_INFO_1018 *)buf)->usri1018_max_storage != USER_MAXSTORAGE_UNLIMITED)
            refuse(g, STATUS_INVALID_PARAMETER, USER_MAX_STORAGE_PARMNUM,
                   "account databases keep no quota of a user");
        return true;
    case USER_LOGON_HOURS_INFOLEVEL:
        hours(g, ((const USER_INFO_1020 *)buf)->usri1020_units_per_week,
              ((const USER_INFO_1020 *)buf)->usri1020_logon_hours);
        return true;
    case USER_COUNTRY_CODE_INFOLEVEL:
        number16(g, ((const USER_INFO_1024 *)buf)->usri1024_country_code, &g->ch->all.CountryCode,
                 samr_USER_ALL_COUNTRYCODE, USER_COUNTRY_CODE_PARMNUM);
        return true;
    case USER_PRIMARY_GROUP_INFOLEVEL:
        primary_group(g, ((const USER_INFO_1051 *)buf)->usri1051_primary_group_id);
        return true;
    }
    return gather_one_string(g, level, *(WCHAR *const *)buf);
}

static bool gather_whole(struct gather *g, DWORD level, const void *buf)
{
    switch (level) {
    case 1:
        gather_1(g, buf);
        return true;
    case 2:
        gather_2(g, buf);
        return true;
    case 3:
        gather_3(g, buf);
        return true;
    case 4:
        gather_4(g, buf);
        return true;
    }
    return false;
}

static bool gather_change(struct gather *g, DWORD level, const void *buf)
{
    switch (level) {
    case 0:
        rename_to(g, ((const USER_INFO_0 *)buf)->usri0_name);
        return true;
    case 21:
        lm_hash(g, ((const USER_INFO_21 *)buf)->usri21_password);
        return true;
    case 22:
        gather_22(g, buf);
        return true;
    }
    return level >= 1000 && gather_one(g, level, buf);
}

static bool known_level(DWORD level)
{
    static const DWORD singles[] = { 1003, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012,
                                     1013, 1014, 1017, 1018, 1020, 1024, 1051, 1052, 1053 };
    for (size_t i = 0; i < sizeof singles / sizeof *singles; i++)
        if (singles[i] == level)
            return true;
    return level <= 4 || level == 21 || level == 22;
}

enum nt_status user_gather(struct net_call *c, DWORD level, const void *buf, bool adding,
                           struct user_change *ch, DWORD *ret_parm)
{
    struct gather g = { .c = c, .ch = ch, .adding = adding, .st = STATUS_SUCCESS };
    memset(ch, 0, sizeof *ch);
    *ret_parm = PARM_ERROR_NONE;
    if (!known_level(level))
        return STATUS_INVALID_LEVEL;
    if (!buf)
        return STATUS_INVALID_PARAMETER;
    if (!gather_whole(&g, level, buf) && (adding || !gather_change(&g, level, buf)))
        return STATUS_INVALID_LEVEL;
    *ret_parm = g.parm;
    return g.st;
}

/* ---- doing it ---- */

/* Computed values cannot be set: what is given has to be what holds. */
static enum nt_status check_computed(struct net_call *c, const struct sam_domain *d,
                                     const struct ndr_handle *h, const struct nt_sid *self,
                                     const struct user_change *ch, DWORD *ret_parm)
{
    struct user u = { .sid = *self };
    if (!ch->has_priv && !ch->has_auth_flags)
        return STATUS_SUCCESS;
    enum nt_status st = user_priv(c, d, h, &u);
    if (!nt_ok(st))
        return st;
    bool same_priv = !ch->has_priv || ch->priv == u.priv,
         same_auth = !ch->has_auth_flags || ch->auth_flags == u.auth_flags;
    if (same_priv && same_auth)
        return STATUS_SUCCESS;
    *ret_parm = same_priv ? USER_AUTH_FLAGS_PARMNUM : USER_PRIV_PARMNUM;
    return nt_error_set(
        &c->err, STATUS_INVALID_PARAMETER,
        "%s of a user follow from his groups: change those (Administrators, Users, the operators)",
        same_priv ? "the operator rights" : "the privileges");
}

/* [MS-SAMR] 3.1.5.12.1.1: only these two access lists are understood (a and b). */
static void build_dacl(const struct nt_sid *self, bool cannot, struct wr *w)
{
    static const struct nt_sid admins = { 1, 2, { 0, 0, 0, 0, 0, 5 }, { 32, 544 } },
                               operators = { 1, 2, { 0, 0, 0, 0, 0, 5 }, { 32, 548 } },
                               everybody = { 1, 1, { 0, 0, 0, 0, 0, 1 }, { 0 } };
    uint32_t minus = cannot ? samr_USER_CHANGE_PASSWORD : 0;
    const struct {
        const struct nt_sid *sid;
        uint32_t mask;
    } ace[] = {
        { &everybody, (samr_USER_EXECUTE | samr_USER_READ) & ~minus },
        { &admins, samr_USER_ALL_ACCESS },
        { &operators, samr_USER_ALL_ACCESS },
        { self, samr_USER_WRITE & ~minus },
    };
    size_t size = 8;
    for (size_t i = 0; i < 4; i++)
        size += 8 + nt_sid_wire_size(ace[i].sid);
    wr_u8(w, 1); /* [MS-DTYP] 2.4.6: revision, self-relative with a DACL at 20 */
    wr_u8(w, 0);
    wr_u16(w, 0x8004);
    wr_u32(w, 0);
    wr_u32(w, 0);
    wr_u32(w, 0);
    wr_u32(w, 20);
    wr_u16(w, 2); /* [MS-DTYP] 2.4.5 */
    wr_u16(w, (uint16_t)size);
    wr_u16(w, 4);
    wr_u16(w, 0);
    for (size_t i = 0; i < 4; i++) {
        const struct nt_sid *s = ace[i].sid;
        wr_u16(w, 0); /* ACCESS_ALLOWED_ACE_TYPE, no flags */
        wr_u16(w, (uint16_t)(8 + nt_sid_wire_size(s)));
        wr_u32(w, ace[i].mask);
        wr_u8(w, s->revision);
        wr_u8(w, s->count);
        wr_bytes(w, s->authority, sizeof s->authority);
        for (unsigned k = 0; k < s->count; k++)
            wr_u32(w, s->sub[k]);
    }
}

static enum nt_status forbid_change(struct net_call *c, const struct ndr_handle *h, const struct nt_sid *self,
                                    bool cannot)
{
    struct wr w;
    wr_init(&w, 512); /* four entries of at most 76 bytes */
    build_dacl(self, cannot, &w);
    struct samr_SamrSetSecurityObject r = { .in.ObjectHandle = *h, .in.SecurityInformation = 4 };
    r.in.SecurityDescriptor.Length = (uint32_t)w.len;
    r.in.SecurityDescriptor.SecurityDescriptor = w.base;
    enum nt_status st = w.st;
    if (st == STATUS_SUCCESS)
        st = sam_run(c, &samr_SamrSetSecurityObject_op, &r, &r.out.result);
    wr_free(&w);
    return st;
}

static enum nt_status apply_cannot_change(struct net_call *c, const struct ndr_handle *h,
                                          const struct nt_sid *self, const struct user_change *ch,
                                          bool adding)
{
    bool want = ch->flags & UF_PASSWD_CANT_CHANGE, have = false;
    enum nt_status st = STATUS_SUCCESS;
    if (!ch->has_flags)
        return st;
    if (!adding)
        st = user_cannot_change(c, h, self, &have);
    return nt_ok(st) && want != have ? forbid_change(c, h, self, want) : st;
}

uint32_t user_change_access(const struct user_change *ch)
{
    enum { PREFERENCES = samr_USER_ALL_USERCOMMENT | samr_USER_ALL_COUNTRYCODE | samr_USER_ALL_CODEPAGE };
    uint32_t access = 0;
    if (ch->all.WhichFields & ~(uint32_t)(PREFERENCES | samr_USER_ALL_PASSWORDEXPIRED))
        access |= samr_USER_WRITE_ACCOUNT;
    if (ch->all.WhichFields & PREFERENCES)
        access |= samr_USER_WRITE_PREFERENCES;
    if (ch->password.s || ch->has_lm_hash || ch->all.WhichFields & samr_USER_ALL_PASSWORDEXPIRED)
        access |= samr_USER_FORCE_PASSWORD_CHANGE;
    if (ch->has_flags)
        access |= SAM_READ_CONTROL | SAM_WRITE_DAC;
    if (ch->has_priv || ch->has_auth_flags)
        access |= samr_USER_LIST_GROUPS;
    return access;
}

enum nt_status user_apply(struct net_call *c, const struct sam_domain *d, const struct ndr_handle *h,
                          const struct nt_sid *self, struct user_change *ch, bool adding, DWORD *ret_parm)
{
    enum nt_status st = adding ? STATUS_SUCCESS : check_computed(c, d, h, self, ch, ret_parm);
    if (nt_ok(st))
        st = sam_set_user(c, h, &ch->all, &ch->password);
    if (nt_ok(st) && ch->has_lm_hash)
        st = sam_set_lm_hash(c, h, ch->lm_hash);
    if (nt_ok(st))
        st = apply_cannot_change(c, h, self, ch, adding);
    return st;
}
