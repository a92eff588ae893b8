// SPDX-License-Identifier: Apache-2.0
/* tern user: accounts of a server or a domain. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "tern.h"

#define PAGE_ENTRIES 1000 /* of one NetQueryDisplayInformation call: what a server gives at most at level 1  \
                           */
#define PAGE_BYTES  0x10000    /* likewise */
#define SAMBA_NEVER 2085923199 /* 2036-02-06 15:06:39 UTC: how Samba's tdbsam writes "never" */
#define RID_USERS   513 /* "Domain Users" or "None", the group that NetUserAdd wants ([MS-DTYP] 2.4.2.4) */

/* Account flags by name, in the order of their bits ([MS-SAMR] 2.2.1.12 as lmaccess.h has them). */
static const struct {
    DWORD bit;
    const char *name;
} flag_names[] = {
    { UF_ACCOUNTDISABLE, "disabled" },
    { UF_HOMEDIR_REQUIRED, "home-required" },
    { UF_LOCKOUT, "locked" },
    { UF_PASSWD_NOTREQD, "password-not-required" },
    { UF_PASSWD_CANT_CHANGE, "cannot-change-password" },
    { UF_ENCRYPTED_TEXT_PASSWORD_ALLOWED, "reversible-password" },
    { UF_TEMP_DUPLICATE_ACCOUNT, "temporary-duplicate" },
    { UF_NORMAL_ACCOUNT, "normal" },
    { UF_INTERDOMAIN_TRUST_ACCOUNT, "trust" },
    { UF_WORKSTATION_TRUST_ACCOUNT, "workstation" },
    { UF_SERVER_TRUST_ACCOUNT, "domain-controller" },
    { UF_DONT_EXPIRE_PASSWD, "password-never-expires" },
    { UF_MNS_LOGON_ACCOUNT, "mns-logon" },
    { UF_SMARTCARD_REQUIRED, "smartcard-required" },
    { UF_TRUSTED_FOR_DELEGATION, "trusted-for-delegation" },
    { UF_NOT_DELEGATED, "not-delegated" },
    { UF_USE_DES_KEY_ONLY, "des-only" },
    { UF_DONT_REQUIRE_PREAUTH, "no-preauthentication" },
    { UF_PASSWORD_EXPIRED, "password-expired" },
    { UF_TRUSTED_TO_AUTHENTICATE_FOR_DELEGATION, "protocol-transition" },
    { UF_NO_AUTH_DATA_REQUIRED, "no-auth-data" },
};

static void out_flags(struct out *o, DWORD flags)
{
    const char *names[N_OF(flag_names)];
    size_t n = 0;
    for (size_t i = 0; i < N_OF(flag_names); i++)
        if (flags & flag_names[i].bit)
            names[n++] = flag_names[i].name;
    out_list(o, names, n);
}

/* ---- list ---- */

static const struct col list_cols[] = {
    { "name", "NAME", COL_STR }, { "full_name", "FULL NAME", COL_TEXT }, { "comment", "COMMENT", COL_TEXT },
    { "rid", "RID", COL_NUM },   { "flags", "FLAGS", COL_LIST },
};

static void list_row(struct out *o, LPCWSTR name, LPCWSTR full_name, LPCWSTR comment, DWORD rid, DWORD flags)
{
    out_row(o);
    out_wstr(o, name);
    out_wstr(o, full_name);
    out_wstr(o, comment);
    out_num(o, rid);
    out_flags(o, flags);
}

/* The sorted list that servers keep for display: the quickest way to all normal accounts. */
static int list_display(struct tern *t)
{
    struct out *o = out_begin(t, "users", list_cols, N_OF(list_cols), false);
    DWORD index = 0, read;
    NET_API_STATUS st;
    do {
        NET_DISPLAY_USER *u = NULL;
        read = 0;
        st = NetQueryDisplayInformation(t->wserver, 1, index, PAGE_ENTRIES, PAGE_BYTES, &read, (PVOID *)&u);
        if (st != NERR_Success && st != ERROR_MORE_DATA)
            break;
        for (DWORD i = 0; i < read; i++)
            list_row(o, u[i].usri1_name, u[i].usri1_full_name, u[i].usri1_comment, u[i].usri1_user_id,
                     u[i].usri1_flags);
        if (read)
            index = u[read - 1].usri1_next_index;
        NetApiBufferFree(u);
    } while (st == ERROR_MORE_DATA && read);
    return out_end_list(o, st);
}

static int list_machines(struct tern *t)
{
    static const struct col cols[] = { { "name", "NAME", COL_STR },
                                       { "comment", "COMMENT", COL_TEXT },
                                       { "rid", "RID", COL_NUM },
                                       { "flags", "FLAGS", COL_LIST } };
    struct out *o = out_begin(t, "users", cols, N_OF(cols), false);
    DWORD index = 0, read;
    NET_API_STATUS st;
    do {
        NET_DISPLAY_MACHINE *m = NULL;
        read = 0;
        st = NetQueryDisplayInformation(t->wserver, 2, index, PAGE_ENTRIES, PAGE_BYTES, &read, (PVOID *)&m);
        if (st != NERR_Success && st != ERROR_MORE_DATA)
            break;
        for (DWORD i = 0; i < read; i++) {
            out_row(o);
            out_wstr(o, m[i].usri2_name);
            out_wstr(o, m[i].usri2_comment);
            out_num(o, m[i].usri2_user_id);
            out_flags(o, m[i].usri2_flags);
        }
        if (read)
            index = m[read - 1].usri2_next_index;
        NetApiBufferFree(m);
    } while (st == ERROR_MORE_DATA && read);
    return out_end_list(o, st);
}

/* Kinds of accounts, separated by commas, as NetUserEnum's filter; "all" is every kind. */
static bool parse_filter(const char *s, DWORD *ret)
{
    static const struct {
        const char *name;
        DWORD filter;
    } kinds[] = {
        { "normal", FILTER_NORMAL_ACCOUNT },
        { "workstation", FILTER_WORKSTATION_TRUST_ACCOUNT },
        { "domain-controller", FILTER_SERVER_TRUST_ACCOUNT },
        { "trust", FILTER_INTERDOMAIN_TRUST_ACCOUNT },
        { "temporary-duplicate", FILTER_TEMP_DUPLICATE_ACCOUNT },
    };
    *ret = 0;
    if (strcmp(s, "all") == 0)
        return true;
    for (;;) {
        size_t n = strcspn(s, ","), i = 0;
        while (i < N_OF(kinds) && (strlen(kinds[i].name) != n || strncmp(kinds[i].name, s, n) != 0))
            i++;
        if (i == N_OF(kinds))
            return false;
        *ret |= kinds[i].filter;
        if (!s[n])
            return true;
        s += n + 1;
    }
}

static int list_filtered(struct tern *t, DWORD filter)
{
    struct out *o = out_begin(t, "users", list_cols, N_OF(list_cols), false);
    DWORD read, total, resume = 0;
    NET_API_STATUS st;
    do {
        USER_INFO_20 *u = NULL;
        read = 0;
        st = NetUserEnum(t->wserver, 20, filter, (LPBYTE *)&u, MAX_PREFERRED_LENGTH, &read, &total, &resume);
        if (st != NERR_Success && st != ERROR_MORE_DATA)
            break;
        for (DWORD i = 0; i < read; i++)
            list_row(o, u[i].usri20_name, u[i].usri20_full_name, u[i].usri20_comment, u[i].usri20_user_id,
                     u[i].usri20_flags);
        NetApiBufferFree(u);
    } while (st == ERROR_MORE_DATA && read);
    return out_end_list(o, st);
}

static int user_list(struct tern *t)
{
    const char *f = tern_opt(t, "filter");
    DWORD filter;
    if (f && tern_opt(t, "machines"))
        return tern_usage(t, "--filter and --machines exclude each other");
    if (tern_opt(t, "machines"))
        return list_machines(t);
    if (!f)
        return list_display(t);
    if (!parse_filter(f, &filter))
        return tern_usage(t,
                          "'%s' is no list of kinds: normal workstation domain-controller trust "
                          "temporary-duplicate, or all",
                          f);
    return list_filtered(t, filter);
}

/* ---- show ---- */

static void out_when(struct out *o, DWORD t)
{
    if (t == 0 || t == TIMEQ_FOREVER || t == SAMBA_NEVER)
        out_null(o, "never");
    else
        out_time(o, t);
}

static const char *privilege(DWORD priv)
{
    static const char *const names[] = { "guest", "user", "administrator" };
    return (priv & USER_PRIV_MASK) < N_OF(names) ? names[priv & USER_PRIV_MASK] : "unknown";
}

/* One character for each hour of a week, Sunday 0:00 UTC first: '1' may log on. NULL: always. */
static void out_hours(struct out *o, DWORD units, const BYTE *hours)
{
    char text[UNITS_PER_WEEK + 1];
    if (!hours || units != UNITS_PER_WEEK) {
        out_null(o, "always");
        return;
    }
    bool always = true;
    for (unsigned i = 0; i < UNITS_PER_WEEK; i++) {
        bool may = hours[i / 8] >> i % 8 & 1;
        text[i] = may ? '1' : '0';
        always = always && may;
    }
    text[UNITS_PER_WEEK] = 0;
    if (always)
        out_null(o, "always");
    else
        out_str(o, text);
}

static const struct col show_cols[] = {
    { "name", "name", COL_STR },
    { "full_name", "full name", COL_STR },
    { "comment", "comment", COL_STR },
    { "flags", "flags", COL_LIST },
    { "sid", "SID", COL_STR },
    /* level 23 ends here */
    { "user_comment", "user comment", COL_STR },
    { "primary_group_rid", "primary group RID", COL_NUM },
    { "privilege", "privilege", COL_STR },
    { "home", "home directory", COL_STR },
    { "home_drive", "home drive", COL_STR },
    { "profile", "profile", COL_STR },
    { "script", "logon script", COL_STR },
    { "workstations", "workstations", COL_STR },
    { "logon_hours", "logon hours", COL_STR },
    { "logon_server", "logon server", COL_STR },
    { "last_logon", "last logon", COL_TIME },
    { "last_logoff", "last logoff", COL_TIME },
    { "logons", "logons", COL_NUM },
    { "bad_passwords", "bad passwords", COL_NUM },
    { "password_age_seconds", "password age", COL_AGE },
    { "must_change", "must change password", COL_BOOL },
    { "expires", "account expires", COL_TIME },
    { "country_code", "country code", COL_NUM },
    { "code_page", "code page", COL_NUM },
};
#define BASIC_COLS 5

static void show_basic(struct out *o, LPCWSTR name, LPCWSTR full_name, LPCWSTR comment, DWORD flags,
                       const SID *sid)
{
    out_row(o);
    out_wstr(o, name);
    out_wstr(o, full_name);
    out_wstr(o, comment);
    out_flags(o, flags);
    out_sid(o, sid);
}

static int show_full(struct tern *t, USER_INFO_4 *u)
{
    struct out *o = out_begin(t, "users", show_cols, N_OF(show_cols), true);
    show_basic(o, u->usri4_name, u->usri4_full_name, u->usri4_comment, u->usri4_flags, u->usri4_user_sid);
    out_wstr(o, u->usri4_usr_comment);
    out_num(o, u->usri4_primary_group_id);
    out_str(o, privilege(u->usri4_priv));
    out_wstr(o, u->usri4_home_dir);
    out_wstr(o, u->usri4_home_dir_drive);
    out_wstr(o, u->usri4_profile);
    out_wstr(o, u->usri4_script_path);
    out_wstr(o, u->usri4_workstations);
    out_hours(o, u->usri4_units_per_week, u->usri4_logon_hours);
    out_wstr(o, u->usri4_logon_server);
    out_when(o, u->usri4_last_logon);
    out_when(o, u->usri4_last_logoff);
    out_num(o, u->usri4_num_logons);
    out_num(o, u->usri4_bad_pw_count);
    out_num(o, u->usri4_password_age);
    out_bool(o, u->usri4_password_expired);
    out_when(o, u->usri4_acct_expires);
    out_num(o, u->usri4_country_code);
    out_num(o, u->usri4_code_page);
    NetApiBufferFree(u);
    return out_end(o);
}

static int user_show(struct tern *t)
{
    USER_INFO_4 *u;
    USER_INFO_23 *b;
    LPWSTR name = tern_arg(t, 0);
    NET_API_STATUS st = NetUserGetInfo(t->wserver, name, 4, (LPBYTE *)&u);
    if (st == NERR_Success)
        return show_full(t, u);
    /* who may not see everything sees this */
    if ((st != ERROR_ACCESS_DENIED && st != ERROR_INVALID_LEVEL) ||
        NetUserGetInfo(t->wserver, name, 23, (LPBYTE *)&b) != NERR_Success) {
        tern_ok(t, NetUserGetInfo(t->wserver, name, 4, (LPBYTE *)&u));
        return EXIT_FAILED;
    }
    struct out *o = out_begin(t, "users", show_cols, BASIC_COLS, true);
    show_basic(o, b->usri23_name, b->usri23_full_name, b->usri23_comment, b->usri23_flags,
               b->usri23_user_sid);
    NetApiBufferFree(b);
    return out_end(o);
}

/* ---- add and set ---- */

/* "2027-03-01", "2027-03-01T18:00:00Z" (UTC) or "never". */
static DWORD parse_when(struct tern *t, const char *s)
{
    struct tm tm = { 0 };
    if (strcmp(s, "never") == 0)
        return TIMEQ_FOREVER;
    const char *end = strptime(s, "%Y-%m-%d", &tm);
    if (end && *end == 'T')
        end = strptime(end, "T%H:%M:%S", &tm);
    if (end && *end == 'Z')
        end++;
    time_t when = timegm(&tm);
    if (!end || *end || when <= 0 || (uint64_t)when >= TIMEQ_FOREVER)
        exit(tern_usage(t, "'%s' is no date: never, 2027-03-01 or 2027-03-01T18:00:00Z", s));
    return (DWORD)when;
}

/* Switches that turn account flags on and off. */
static const struct {
    const char *option;
    DWORD set, clear;
} flag_options[] = {
    { "disable", UF_ACCOUNTDISABLE, 0 },
    { "disabled", UF_ACCOUNTDISABLE, 0 },
    { "enable", 0, UF_ACCOUNTDISABLE },
    { "unlock", 0, UF_LOCKOUT },
    { "no-expire-password", UF_DONT_EXPIRE_PASSWD, 0 },
    { "expire-password", 0, UF_DONT_EXPIRE_PASSWD },
    { "no-change-password", UF_PASSWD_CANT_CHANGE, 0 },
    { "change-password", 0, UF_PASSWD_CANT_CHANGE },
    { "no-password", UF_PASSWD_NOTREQD, 0 },
};

/* True if some switch was given. */
static bool flag_changes(const struct tern *t, DWORD *flags)
{
    bool any = false;
    for (size_t i = 0; i < N_OF(flag_options); i++)
        if (tern_opt(t, flag_options[i].option)) {
            *flags = (*flags | flag_options[i].set) & ~flag_options[i].clear;
            any = true;
        }
    return any;
}

/* EXIT_*: *ret is NULL when no password is asked for. */
static int wanted_password(struct tern *t, LPWSTR *ret)
{
    bool from_stdin = tern_opt(t, "password-stdin") != NULL;
    char prompt[300];
    *ret = NULL;
    if (!from_stdin && !tern_opt(t, "password-prompt"))
        return EXIT_OK;
    snprintf(prompt, sizeof prompt, "New password of %s", t->args[0]);
    char *secret = tern_new_secret(t, from_stdin, prompt);
    if (!secret)
        return EXIT_FAILED;
    *ret = tern_wide(t, secret);
    return EXIT_OK;
}

static int user_add(struct tern *t)
{
    LPWSTR password;
    int rc = wanted_password(t, &password);
    if (rc != EXIT_OK)
        return rc;
    if (!password && !tern_opt(t, "no-password"))
        return tern_usage(t, "--password-stdin, --password-prompt or --no-password is missing");
    const char *expires = tern_opt(t, "expires");
    USER_INFO_3 u = {
        .usri3_name = tern_arg(t, 0),
        .usri3_password = password,
        .usri3_priv = USER_PRIV_USER,
        .usri3_home_dir = tern_wide(t, tern_opt(t, "home")),
        .usri3_comment = tern_wide(t, tern_opt(t, "comment")),
        .usri3_flags = UF_SCRIPT | UF_NORMAL_ACCOUNT,
        .usri3_script_path = tern_wide(t, tern_opt(t, "script")),
        .usri3_full_name = tern_wide(t, tern_opt(t, "full-name")),
        .usri3_usr_comment = tern_wide(t, tern_opt(t, "user-comment")),
        .usri3_workstations = tern_wide(t, tern_opt(t, "workstations")),
        .usri3_acct_expires = expires ? parse_when(t, expires) : TIMEQ_FOREVER,
        .usri3_max_storage = USER_MAXSTORAGE_UNLIMITED,
        .usri3_units_per_week = UNITS_PER_WEEK,
        .usri3_primary_group_id = RID_USERS,
        .usri3_profile = tern_wide(t, tern_opt(t, "profile")),
        .usri3_home_dir_drive = tern_wide(t, tern_opt(t, "home-drive")),
        .usri3_password_expired = tern_opt(t, "must-change") != NULL,
    };
    flag_changes(t, &u.usri3_flags);
    DWORD parm;
    if (!tern_ok(t, NetUserAdd(t->wserver, 3, (LPBYTE)&u, &parm)))
        return EXIT_FAILED;
    return tern_done(t, "user %s added", t->args[0]);
}

static NET_API_STATUS set_string(struct tern *t, LPCWSTR name, DWORD level, const char *value)
{
    LPWSTR wide = tern_wide(t, value); /* all of these levels hold one string */
    return NetUserSetInfo(t->wserver, name, level, (LPBYTE)&wide, NULL);
}

static NET_API_STATUS set_flags(struct tern *t, LPCWSTR name)
{
    USER_INFO_1 *u;
    USER_INFO_1008 f = { 0 };
    if (!flag_changes(t, &f.usri1008_flags))
        return NERR_Success;
    NET_API_STATUS st = NetUserGetInfo(t->wserver, name, 1, (LPBYTE *)&u);
    if (st != NERR_Success)
        return st;
    f.usri1008_flags = u->usri1_flags;
    NetApiBufferFree(u);
    flag_changes(t, &f.usri1008_flags);
    return NetUserSetInfo(t->wserver, name, 1008, (LPBYTE)&f, NULL);
}

/* A new password, which is required from then on: with UF_PASSWD_NOTREQD, Samba lets nobody in who has one.
 */
static NET_API_STATUS set_password(struct tern *t, LPCWSTR name, LPWSTR password)
{
    USER_INFO_1003 p = { password };
    USER_INFO_1 *u;
    NET_API_STATUS st = NetUserSetInfo(t->wserver, name, 1003, (LPBYTE)&p, NULL);
    if (st != NERR_Success || NetUserGetInfo(t->wserver, name, 1, (LPBYTE *)&u) != NERR_Success)
        return st; /* who may set a password need not be able to read the account */
    USER_INFO_1008 f = { u->usri1_flags & ~(DWORD)UF_PASSWD_NOTREQD };
    if (u->usri1_flags & UF_PASSWD_NOTREQD)
        st = NetUserSetInfo(t->wserver, name, 1008, (LPBYTE)&f, NULL);
    NetApiBufferFree(u);
    return st;
}

/* No level holds this alone: read all, write all. A NULL password stays what it is. */
static NET_API_STATUS set_must_change(struct tern *t, LPCWSTR name)
{
    USER_INFO_3 *u;
    NET_API_STATUS st = NetUserGetInfo(t->wserver, name, 3, (LPBYTE *)&u);
    if (st != NERR_Success)
        return st;
    u->usri3_password = NULL;
    u->usri3_password_expired = 1;
    st = NetUserSetInfo(t->wserver, name, 3, (LPBYTE)u, NULL);
    NetApiBufferFree(u);
    return st;
}

/* Option, level whose structure is one string. */
static const struct {
    const char *option;
    DWORD level;
} string_options[] = {
    { "full-name", USER_FULL_NAME_INFOLEVEL },
    { "comment", USER_COMMENT_INFOLEVEL },
    { "user-comment", USER_USR_COMMENT_INFOLEVEL },
    { "home", USER_HOME_DIR_INFOLEVEL },
    { "home-drive", USER_HOME_DIR_DRIVE_INFOLEVEL },
    { "profile", 1052 },
    { "script", USER_SCRIPT_PATH_INFOLEVEL },
    { "workstations", USER_WORKSTATIONS_INFOLEVEL },
    { "rename", 0 }, /* last: the other calls want the old name */
};

/* One attribute after the other, each with a level of its own, so that nothing else is touched. */
static int user_set(struct tern *t)
{
    LPWSTR name = tern_arg(t, 0), password;
    int rc = wanted_password(t, &password);
    if (rc != EXIT_OK)
        return rc;
    const char *expires = tern_opt(t, "expires");
    bool any = password || expires || tern_opt(t, "must-change");
    DWORD flags = 0;
    any = flag_changes(t, &flags) || any;
    for (size_t i = 0; i < N_OF(string_options); i++)
        any = tern_opt(t, string_options[i].option) || any;
    if (!any)
        return tern_usage(t, "nothing to change is given");
    USER_INFO_1017 e = { expires ? parse_when(t, expires) : 0 };
    if (expires && !tern_ok(t, NetUserSetInfo(t->wserver, name, 1017, (LPBYTE)&e, NULL)))
        return EXIT_FAILED;
    if (!tern_ok(t, set_flags(t, name)))
        return EXIT_FAILED;
    if (password && !tern_ok(t, set_password(t, name, password)))
        return EXIT_FAILED;
    if (tern_opt(t, "must-change") && !tern_ok(t, set_must_change(t, name)))
        return EXIT_FAILED;
    for (size_t i = 0; i < N_OF(string_options); i++) {
        const char *v = tern_opt(t, string_options[i].option);
        if (v && !tern_ok(t, set_string(t, name, string_options[i].level, v)))
            return EXIT_FAILED;
    }
    return tern_done(t, "user %s changed", t->args[0]);
}

/* ---- delete, password, groups ---- */

static NET_API_STATUS delete_one(struct tern *t, LPWSTR name)
{
    return NetUserDel(t->wserver, name);
}

static int user_delete(struct tern *t)
{
    return tern_each(t, 0, delete_one, "user", "deleted");
}

/* An administrator sets; everybody else proves the old one. From standard input: one line, or old and new. */
static int user_password(struct tern *t)
{
    LPWSTR name = tern_arg(t, 0);
    bool from_stdin = tern_opt(t, "password-stdin") != NULL, set = tern_opt(t, "set") != NULL;
    char prompt[300];
    char *old = NULL;
    if (!set) {
        snprintf(prompt, sizeof prompt, "Old password of %s", t->args[0]);
        if (!(old = tern_read_secret(t, from_stdin, prompt)))
            return EXIT_FAILED;
    }
    snprintf(prompt, sizeof prompt, "New password of %s", t->args[0]);
    char *fresh = tern_new_secret(t, from_stdin, prompt);
    if (!fresh)
        return EXIT_FAILED;
    LPWSTR password = tern_wide(t, fresh);
    NET_API_STATUS st = set ? set_password(t, name, password)
                            : NetUserChangePassword(t->wserver, name, tern_wide(t, old), password);
    if (!tern_ok(t, st))
        return EXIT_FAILED;
    return tern_done(t, "password of %s changed", t->args[0]);
}

static NET_API_STATUS global_groups(struct tern *t, struct out *o, LPCWSTR name)
{
    GROUP_USERS_INFO_0 *g = NULL;
    DWORD read = 0, total;
    NET_API_STATUS st =
        NetUserGetGroups(t->wserver, name, 0, (LPBYTE *)&g, MAX_PREFERRED_LENGTH, &read, &total);
    if (st != NERR_Success)
        return st;
    for (DWORD i = 0; i < read; i++) {
        out_row(o);
        out_wstr(o, g[i].grui0_name);
        out_str(o, "global");
    }
    NetApiBufferFree(g);
    return st;
}

static NET_API_STATUS local_groups(struct tern *t, struct out *o, LPCWSTR name)
{
    LOCALGROUP_USERS_INFO_0 *g = NULL;
    DWORD read = 0, total, how = tern_opt(t, "indirect") ? LG_INCLUDE_INDIRECT : 0;
    NET_API_STATUS st =
        NetUserGetLocalGroups(t->wserver, name, 0, how, (LPBYTE *)&g, MAX_PREFERRED_LENGTH, &read, &total);
    if (st != NERR_Success)
        return st;
    for (DWORD i = 0; i < read; i++) {
        out_row(o);
        out_wstr(o, g[i].lgrui0_name);
        out_str(o, "local");
    }
    NetApiBufferFree(g);
    return st;
}

static int user_groups(struct tern *t)
{
    static const struct col cols[] = { { "name", "NAME", COL_STR }, { "kind", "KIND", COL_STR } };
    struct out *o = out_begin(t, "groups", cols, N_OF(cols), false);
    LPWSTR name = tern_arg(t, 0);
    NET_API_STATUS st = global_groups(t, o, name);
    if (st == NERR_Success)
        st = local_groups(t, o, name);
    return out_end_list(o, st);
}

/* ---- policy ---- */

static void out_span(struct out *o, DWORD seconds)
{
    if (seconds == TIMEQ_FOREVER)
        out_null(o, "never");
    else
        out_num(o, seconds);
}

static const char *role_name(DWORD role)
{
    static const char *const names[] = { "standalone", "member", "backup", "primary" };
    return role < N_OF(names) ? names[role] : "unknown";
}

static int policy_print(struct tern *t, const USER_MODALS_INFO_0 *m0, const USER_MODALS_INFO_1 *m1,
                        const USER_MODALS_INFO_2 *m2, const USER_MODALS_INFO_3 *m3)
{
    static const struct col cols[] = {
        { "domain", "domain", COL_STR },
        { "sid", "SID", COL_STR },
        { "role", "role", COL_STR },
        { "primary", "primary controller", COL_STR },
        { "min_password_length", "minimum password length", COL_NUM },
        { "password_history", "passwords remembered", COL_NUM },
        { "max_password_age_seconds", "passwords expire after", COL_AGE },
        { "min_password_age_seconds", "passwords change at most every", COL_AGE },
        { "force_logoff_seconds", "forced logoff after", COL_AGE },
        { "lockout_threshold", "lock after bad passwords", COL_NUM },
        { "lockout_seconds", "lock lasts", COL_AGE },
        { "lockout_window_seconds", "bad passwords count for", COL_AGE },
    };
    struct out *o = out_begin(t, "policies", cols, N_OF(cols), true);
    out_row(o);
    out_wstr(o, m2->usrmod2_domain_name);
    out_sid(o, m2->usrmod2_domain_id);
    out_str(o, role_name(m1->usrmod1_role));
    out_wstr(o, m1->usrmod1_primary);
    out_num(o, m0->usrmod0_min_passwd_len);
    out_num(o, m0->usrmod0_password_hist_len);
    out_span(o, m0->usrmod0_max_passwd_age);
    out_span(o, m0->usrmod0_min_passwd_age);
    out_span(o, m0->usrmod0_force_logoff);
    out_num(o, m3->usrmod3_lockout_threshold);
    out_span(o, m3->usrmod3_lockout_duration);
    out_span(o, m3->usrmod3_lockout_observation_window);
    return out_end(o);
}

static int policy_show(struct tern *t)
{
    LPBYTE m[4] = { NULL };
    NET_API_STATUS st = NERR_Success;
    for (DWORD level = 0; level < N_OF(m) && st == NERR_Success; level++)
        st = NetUserModalsGet(t->wserver, level, &m[level]);
    int rc = EXIT_FAILED;
    if (tern_ok(t, st))
        rc = policy_print(t, (void *)m[0], (void *)m[1], (void *)m[2], (void *)m[3]);
    for (size_t i = 0; i < N_OF(m); i++)
        NetApiBufferFree(m[i]);
    return rc;
}

/* ---- the verbs ---- */

static const struct opt list_opts[] = {
    { "filter", "KINDS", "kinds of accounts, by comma: normal workstation domain-controller trust; or all" },
    { "machines", NULL, "accounts of machines" },
    { NULL },
};

#define ATTRIBUTE_OPTS                                                                                       \
    { "full-name", "TEXT", "the person's name" }, { "comment", "TEXT", "the administrator's comment" },      \
        { "user-comment", "TEXT", "the user's own comment" },                                                \
        { "home", "PATH", "home directory (\\\\server\\share)" },                                            \
        { "home-drive", "X:", "drive letter for it" }, { "profile", "PATH", "path of the roaming profile" }, \
        { "script", "PATH", "logon script" },                                                                \
        { "workstations", "NAMES", "where the user may log on, by comma; \"\": everywhere" },                \
        { "expires", "WHEN", "end of the account: never, 2027-03-01 or 2027-03-01T18:00:00Z" },              \
        { "password-stdin", NULL, "the password is the next line of standard input" },                       \
        { "password-prompt", NULL, "ask for the password on the terminal" },                                 \
        { "must-change", NULL, "the password must be changed at the next logon" },                           \
        { "no-expire-password", NULL, "the password never expires" },                                        \
    {                                                                                                        \
        "no-change-password", NULL, "the user may not change the password"                                   \
    }

static const struct opt add_opts[] = {
    ATTRIBUTE_OPTS,
    { "no-password", NULL, "no password is required" },
    { "disabled", NULL, "nobody can log on yet" },
    { NULL },
};
static const struct opt set_opts[] = {
    ATTRIBUTE_OPTS,
    { "expire-password", NULL, "the password expires as the policy says" },
    { "change-password", NULL, "the user may change the password" },
    { "disable", NULL, "nobody can log on" },
    { "enable", NULL, "undo --disable" },
    { "unlock", NULL, "lift the lock that wrong passwords made" },
    { "rename", "NAME", "a new name for the account" },
    { NULL },
};
static const struct opt password_opts[] = {
    { "set", NULL, "as an administrator, without the old password" },
    { "password-stdin", NULL, "lines of standard input: old and new; only new with --set" },
    { NULL },
};
static const struct opt groups_opts[] = {
    { "indirect", NULL, "local groups that the user is in through other groups, too" },
    { NULL },
};

const struct verb user_verbs[] = {
    { "user", "list", "", 0, 0, "all accounts", list_opts, user_list },
    { "user", "show", "NAME", 1, 1, "everything about one account", NULL, user_show },
    { "user", "add", "NAME --password-stdin", 1, 1, "make an account", add_opts, user_add },
    { "user", "set", "NAME", 1, 1, "change an account; only what is given changes", set_opts, user_set },
    { "user", "delete", "NAME...", 1, MAX_ARGS, "delete accounts", NULL, user_delete },
    { "user", "password", "NAME", 1, 1, "change a password", password_opts, user_password },
    { "user", "groups", "NAME", 1, 1, "groups that a user is in", groups_opts, user_groups },
    { NULL },
};

const struct verb policy_verbs[] = {
    { "policy", "show", "", 0, 0, "password and lockout policy of the domain", NULL, policy_show },
    { NULL },
};
