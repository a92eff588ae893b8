// SPDX-License-Identifier: Apache-2.0
/*
 * The Net* functions of samr against a real server: netapi_user SUITE HOST [ARGUMENT...]
 *
 * Each check is a line "ok TEXT" or "not ok TEXT", the end is the line "done";
 * tests/system/30_netapi_user.t counts. Credentials and transport come from NA_USER (empty: the Kerberos
 * cache), NA_PASSWORD, NA_PROTSEQ.
 */
#include "netapi_check.h"
#include <strings.h>
#include <time.h>

#define FIRST_PASSWORD  u"First.Pass-w0rd"
#define SECOND_PASSWORD u"Zweites.Paßwort-2 日本"
#define THIRD_PASSWORD  u"Third.Pass-w0rd!3"

static bool same(const WCHAR *a, const char16_t *b)
{
    return a && ustr_cmp(a, b) == 0;
}

static struct sec_creds *creds_of(const char *user, const char *password)
{
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct sec_creds *creds;
    struct nt_error err = { { 0 } };
    co.user = user;
    co.password = password;
    if (sec_creds_new(&co, &creds, &err) != STATUS_SUCCESS) {
        printf("not ok credentials: %s\n", err.text);
        exit(1);
    }
    return creds;
}

static void use(const char *user, const char *password)
{
    struct net_options o = NET_OPTIONS_INIT;
    o.protseq = getenv("NA_PROTSEQ");
    if (user && user[0])
        o.creds = creds_of(user, password);
    if (net_set_options(NULL, &o) != STATUS_SUCCESS)
        abort();
    sec_creds_unref(o.creds);
}

static void use_admin(void)
{
    use(getenv("NA_USER"), getenv("NA_PASSWORD"));
}

/* Does a logon with that password work? SMB session and one question. */
static NET_API_STATUS logon(const char *user, const char16_t *password)
{
    char text[512];
    LPBYTE buf = NULL;
    if (ustr_to_utf8_buf(password, USTR_NUL, text, sizeof text, NULL) != STATUS_SUCCESS)
        abort();
    use(user, text);
    NET_API_STATUS st = NetUserModalsGet(host, 2, &buf);
    NetApiBufferFree(buf);
    use_admin();
    return st;
}

/* ---- users ---- */

static void add_user(const char16_t *name)
{
    DWORD parm = 77;
    BYTE hours[21];
    memset(hours, 0xff, sizeof hours);
    hours[3] = 0x0f;
    USER_INFO_3 u = { .usri3_name = (WCHAR *)(uintptr_t)name,
                      .usri3_password = (WCHAR[]){ FIRST_PASSWORD },
                      .usri3_priv = USER_PRIV_USER,
                      .usri3_home_dir = (WCHAR[]){ u"\\\\files\\homes\\å" },
                      .usri3_comment = (WCHAR[]){ u"日本語 comment" },
                      .usri3_flags = UF_SCRIPT | UF_NORMAL_ACCOUNT | UF_DONT_EXPIRE_PASSWD,
                      .usri3_script_path = (WCHAR[]){ u"logon.cmd" },
                      .usri3_full_name = (WCHAR[]){ u"Alice Ångström" },
                      .usri3_workstations = (WCHAR[]){ u"WS1,WS2" },
                      .usri3_acct_expires = 2000000000,
                      .usri3_units_per_week = UNITS_PER_WEEK,
                      .usri3_logon_hours = hours,
                      .usri3_primary_group_id = 513,
                      .usri3_profile = (WCHAR[]){ u"\\\\files\\profiles\\a" },
                      .usri3_home_dir_drive = (WCHAR[]){ u"H:" } };
    gives(NetUserAdd(host, 3, (LPBYTE)&u, &parm), NERR_Success, "NetUserAdd 3");
    check(parm == PARM_ERROR_NONE, "parm_err %u", parm);
    gives(NetUserAdd(host, 3, (LPBYTE)&u, &parm), NERR_UserExists, "NetUserAdd again");
}

static void check_user_3(const char16_t *name)
{
    LPBYTE buf;
    if (!gives(NetUserGetInfo(host, name, 3, &buf), NERR_Success, "NetUserGetInfo 3"))
        return;
    const USER_INFO_3 *u = (const void *)buf;
    check(same(u->usri3_name, name), "3: name %s", narrow(u->usri3_name));
    check(!u->usri3_password, "3: no password");
    check(u->usri3_password_age < 300, "3: password age %u s", u->usri3_password_age);
    check(u->usri3_priv == USER_PRIV_USER, "3: priv %u", u->usri3_priv);
    check(u->usri3_auth_flags == 0, "3: auth_flags %u", u->usri3_auth_flags);
    check(same(u->usri3_home_dir, u"\\\\files\\homes\\å"), "3: home %s", narrow(u->usri3_home_dir));
    check(same(u->usri3_comment, u"日本語 comment"), "3: comment %s", narrow(u->usri3_comment));
    check(u->usri3_flags == (UF_SCRIPT | UF_NORMAL_ACCOUNT | UF_DONT_EXPIRE_PASSWD), "3: flags 0x%x",
          u->usri3_flags);
    check(same(u->usri3_script_path, u"logon.cmd"), "3: script %s", narrow(u->usri3_script_path));
    check(same(u->usri3_full_name, u"Alice Ångström"), "3: full name %s", narrow(u->usri3_full_name));
    check(same(u->usri3_workstations, u"WS1,WS2"), "3: workstations %s", narrow(u->usri3_workstations));
    check(u->usri3_acct_expires == 2000000000, "3: expires %u", u->usri3_acct_expires);
    check(u->usri3_max_storage == USER_MAXSTORAGE_UNLIMITED, "3: no quota");
    check(u->usri3_units_per_week == UNITS_PER_WEEK && u->usri3_logon_hours[3] == 0x0f &&
              u->usri3_logon_hours[4] == 0xff,
          "3: logon hours");
    check(same(u->usri3_logon_server, u"\\\\*"), "3: logon server %s", narrow(u->usri3_logon_server));
    check(u->usri3_user_id >= 1000, "3: user id %u", u->usri3_user_id);
    check(u->usri3_primary_group_id == 513, "3: primary group %u", u->usri3_primary_group_id);
    check(same(u->usri3_profile, u"\\\\files\\profiles\\a"), "3: profile %s", narrow(u->usri3_profile));
    check(same(u->usri3_home_dir_drive, u"H:"), "3: drive %s", narrow(u->usri3_home_dir_drive));
    check(u->usri3_password_expired == 0, "3: password not expired");
    NetApiBufferFree(buf);
}

static void check_other_levels(const char16_t *name)
{
    static const DWORD levels[] = { 0, 1, 2, 4, 10, 11, 20, 23 };
    LPBYTE buf;
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        char text[64];
        snprintf(text, sizeof text, "NetUserGetInfo %u", levels[i]);
        if (!gives(NetUserGetInfo(host, name, levels[i], &buf), NERR_Success, text))
            continue;
        check(same(((const USER_INFO_0 *)buf)->usri0_name, name), "%s: the name", text);
        if (levels[i] == 4) {
            const USER_INFO_4 *u = (const void *)buf;
            const SID *s = u->usri4_user_sid;
            check(s && s->Revision == 1 && s->SubAuthorityCount == 5, "4: a SID");
            check(same(u->usri4_home_dir_drive, u"H:"), "4: drive");
        } else if (levels[i] == 23) {
            const SID *s = ((const USER_INFO_23 *)buf)->usri23_user_sid;
            check(s && s->SubAuthorityCount == 5, "23: a SID");
        } else if (levels[i] == 20) {
            check(((const USER_INFO_20 *)buf)->usri20_user_id >= 1000, "20: user id");
        } else if (levels[i] == 11) {
            const USER_INFO_11 *u = (const void *)buf;
            check(u->usri11_logon_hours && u->usri11_logon_hours[3] == 0x0f, "11: logon hours");
            check(same(u->usri11_workstations, u"WS1,WS2"), "11: workstations");
        } else if (levels[i] == 10) {
            check(same(((const USER_INFO_10 *)buf)->usri10_full_name, u"Alice Ångström"), "10: full name");
        }
        NetApiBufferFree(buf);
    }
    gives(NetUserGetInfo(host, name, 1003, &buf), ERROR_INVALID_LEVEL,
          "NetUserGetInfo 1003 is for changes only");
    check(!buf, "no result");
}

/* Sets a level of one string and reads it back through level 3. */
static void set_string(const char16_t *name, DWORD level, size_t offset, const char16_t *value)
{
    char text[64];
    DWORD parm = 77;
    LPBYTE buf;
    const WCHAR *s = (const WCHAR *)value;
    snprintf(text, sizeof text, "NetUserSetInfo %u", level);
    gives(NetUserSetInfo(host, name, level, (LPBYTE)&s, &parm), NERR_Success, text);
    if (NetUserGetInfo(host, name, 3, &buf) == NERR_Success) {
        WCHAR *got;
        memcpy(&got, buf + offset, sizeof got);
        check(same(got, value), "%s: reads back %s", text, narrow(got));
        NetApiBufferFree(buf);
    } else {
        check(false, "%s: cannot be read back: %s", text, net_last_error());
    }
}

static void set_number(const char16_t *name, DWORD level, size_t offset, DWORD value, DWORD want)
{
    char text[64];
    DWORD parm = 77;
    LPBYTE buf;
    snprintf(text, sizeof text, "NetUserSetInfo %u", level);
    gives(NetUserSetInfo(host, name, level, (LPBYTE)&value, &parm), NERR_Success, text);
    if (NetUserGetInfo(host, name, 3, &buf) == NERR_Success) {
        DWORD got;
        memcpy(&got, buf + offset, sizeof got);
        check(got == want, "%s: reads back 0x%x", text, got);
        NetApiBufferFree(buf);
    } else {
        check(false, "%s: cannot be read back: %s", text, net_last_error());
    }
}

static void change_fields(const char16_t *name)
{
    set_string(name, 1006, offsetof(USER_INFO_3, usri3_home_dir), u"\\\\files\\ny");
    set_string(name, 1007, offsetof(USER_INFO_3, usri3_comment), u"Ny kommentar \U0001F511");
    set_string(name, 1009, offsetof(USER_INFO_3, usri3_script_path), u"ny.cmd");
    set_string(name, 1011, offsetof(USER_INFO_3, usri3_full_name), u"Ålice Äöü");
    set_string(name, 1012, offsetof(USER_INFO_3, usri3_usr_comment), u"bruger ø");
    set_string(name, 1013, offsetof(USER_INFO_3, usri3_parms), u"parametre");
    set_string(name, 1014, offsetof(USER_INFO_3, usri3_workstations), u"WS9");
    set_string(name, 1052, offsetof(USER_INFO_3, usri3_profile), u"\\\\files\\p2");
    set_string(name, 1053, offsetof(USER_INFO_3, usri3_home_dir_drive), u"Z:");
    set_number(name, 1008, offsetof(USER_INFO_3, usri3_flags), UF_NORMAL_ACCOUNT | UF_ACCOUNTDISABLE,
               UF_SCRIPT | UF_NORMAL_ACCOUNT | UF_ACCOUNTDISABLE);
    set_number(name, 1008, offsetof(USER_INFO_3, usri3_flags), UF_SCRIPT, UF_SCRIPT | UF_NORMAL_ACCOUNT);
    set_number(name, 1017, offsetof(USER_INFO_3, usri3_acct_expires), TIMEQ_FOREVER, TIMEQ_FOREVER);
    set_number(name, 1018, offsetof(USER_INFO_3, usri3_max_storage), USER_MAXSTORAGE_UNLIMITED,
               USER_MAXSTORAGE_UNLIMITED);
    set_number(name, 1005, offsetof(USER_INFO_3, usri3_priv), USER_PRIV_USER, USER_PRIV_USER);
    set_number(name, 1010, offsetof(USER_INFO_3, usri3_auth_flags), 0, 0);
    set_number(name, 1051, offsetof(USER_INFO_3, usri3_primary_group_id), 513, 513);
    set_string(name, 1014, offsetof(USER_INFO_3, usri3_workstations), u"");
}

/* The right to change one's own password is in the access list, which Samba's domain controller does not let
 * anybody set. */
static void cannot_change(const char16_t *name)
{
    DWORD parm = 77, flags = UF_NORMAL_ACCOUNT | UF_PASSWD_CANT_CHANGE;
    LPBYTE buf;
    NET_API_STATUS st = NetUserSetInfo(host, name, 1008, (LPBYTE)&flags, &parm);
    if (st != NERR_Success) {
        check(net_last_status() == RPC_NT_PROCNUM_OUT_OF_RANGE &&
                  strstr(net_last_error(), "does not have this operation"),
              "no UF_PASSWD_CANT_CHANGE: %s", net_last_error());
        return;
    }
    for (int i = 0; i < 2; i++) {
        if (!gives(NetUserGetInfo(host, name, 1, &buf), NERR_Success, "UF_PASSWD_CANT_CHANGE"))
            return;
        DWORD got = ((const USER_INFO_1 *)buf)->usri1_flags;
        check((got & UF_PASSWD_CANT_CHANGE ? 0 : 1) == i, "flags 0x%x", got);
        NetApiBufferFree(buf);
        flags = UF_NORMAL_ACCOUNT;
        gives(NetUserSetInfo(host, name, 1008, (LPBYTE)&flags, &parm), NERR_Success, "may change it again");
    }
}

/* What was read can be written back whole. */
static void round_trip(const char16_t *name)
{
    for (DWORD level = 1; level <= 4; level++) {
        LPBYTE buf;
        DWORD parm = 77;
        char text[64];
        snprintf(text, sizeof text, "level %u read and written back", level);
        if (!gives(NetUserGetInfo(host, name, level, &buf), NERR_Success, text))
            continue;
        gives(NetUserSetInfo(host, name, level, buf, &parm), NERR_Success, text);
        NetApiBufferFree(buf);
    }
}

static void logon_hours(const char16_t *name)
{
    BYTE hours[21];
    LPBYTE buf;
    DWORD parm = 77;
    for (size_t i = 0; i < sizeof hours; i++)
        hours[i] = (BYTE)(0xf0 + i % 16);
    USER_INFO_1020 h = { UNITS_PER_WEEK, hours };
    gives(NetUserSetInfo(host, name, 1020, (LPBYTE)&h, &parm), NERR_Success, "NetUserSetInfo 1020");
    if (NetUserGetInfo(host, name, 2, &buf) == NERR_Success) {
        check(memcmp(((const USER_INFO_2 *)buf)->usri2_logon_hours, hours, 21) == 0, "1020: reads back");
        NetApiBufferFree(buf);
    }
    memset(hours, 0xff, sizeof hours);
    gives(NetUserSetInfo(host, name, 1020, (LPBYTE)&h, &parm), NERR_Success, "1020: all hours");
}

static void refused_values(const char16_t *name)
{
    DWORD parm = 77, v = USER_PRIV_ADMIN;
    gives(NetUserSetInfo(host, name, 1005, (LPBYTE)&v, &parm), ERROR_INVALID_PARAMETER,
          "priv follows from groups");
    check(parm == USER_PRIV_PARMNUM, "1005: parm_err %u", parm);
    v = AF_OP_PRINT;
    gives(NetUserSetInfo(host, name, 1010, (LPBYTE)&v, &parm), ERROR_INVALID_PARAMETER,
          "auth_flags follow from groups");
    check(parm == USER_AUTH_FLAGS_PARMNUM, "1010: parm_err %u", parm);
    v = 1000;
    gives(NetUserSetInfo(host, name, 1018, (LPBYTE)&v, &parm), ERROR_INVALID_PARAMETER, "no quota");
    check(parm == USER_MAX_STORAGE_PARMNUM, "1018: parm_err %u", parm);
    v = 0x80000000U;
    gives(NetUserSetInfo(host, name, 1008, (LPBYTE)&v, &parm), ERROR_INVALID_PARAMETER, "no such flag");
    check(parm == USER_FLAGS_PARMNUM, "1008: parm_err %u", parm);
    v = UF_NORMAL_ACCOUNT | UF_WORKSTATION_TRUST_ACCOUNT;
    gives(NetUserSetInfo(host, name, 1008, (LPBYTE)&v, &parm), ERROR_INVALID_PARAMETER,
          "two kinds of account");
    v = 70000;
    gives(NetUserSetInfo(host, name, 1024, (LPBYTE)&v, &parm), ERROR_INVALID_PARAMETER, "country code");
    check(parm == USER_COUNTRY_CODE_PARMNUM, "1024: parm_err %u", parm);
    gives(NetUserSetInfo(host, name, 1004, (LPBYTE)&v, &parm), ERROR_INVALID_LEVEL, "level 1004");
    gives(NetUserSetInfo(host, name, 10, (LPBYTE)&v, &parm), ERROR_INVALID_LEVEL,
          "level 10 is to be read only");
    gives(NetUserSetInfo(host, u"nobodyatall", 1008, (LPBYTE)&v, &parm), ERROR_INVALID_PARAMETER,
          "arguments are looked at before names");
    v = UF_NORMAL_ACCOUNT;
    gives(NetUserSetInfo(host, u"nobodyatall", 1008, (LPBYTE)&v, &parm), NERR_UserNotFound, "no such user");
    gives(NetUserSetInfo(host, name, 1007, NULL, &parm), ERROR_INVALID_PARAMETER, "no buffer");
}

static void rename_user(const char16_t *name)
{
    DWORD parm = 77;
    LPBYTE buf;
    USER_INFO_0 to = { (WCHAR[]){ u"ternrenamed" } }, back = { (WCHAR *)(uintptr_t)name };
    gives(NetUserSetInfo(host, name, 0, (LPBYTE)&to, &parm), NERR_Success, "NetUserSetInfo 0 (rename)");
    gives(NetUserGetInfo(host, u"ternrenamed", 0, &buf), NERR_Success, "it has the new name");
    NetApiBufferFree(buf);
    gives(NetUserGetInfo(host, name, 0, &buf), NERR_UserNotFound, "and the old one is gone");
    gives(NetUserSetInfo(host, u"ternrenamed", 0, (LPBYTE)&back, &parm), NERR_Success, "renamed back");
}

static void suite_users(const char16_t *name)
{
    NetUserDel(host, name);
    NetUserDel(host, u"ternrenamed");
    add_user(name);
    check_user_3(name);
    check_other_levels(name);
    change_fields(name);
    cannot_change(name);
    logon_hours(name);
    round_trip(name);
    refused_values(name);
    rename_user(name);
    gives(NetUserDel(host, name), NERR_Success, "NetUserDel");
    gives(NetUserDel(host, name), NERR_UserNotFound, "NetUserDel again");
}

/* ---- arguments that must be refused, and nothing left behind ---- */

static NET_API_STATUS add_1(const char16_t *name, const char16_t *password, DWORD priv, DWORD *parm)
{
    USER_INFO_1 u = { .usri1_name = (WCHAR *)(uintptr_t)name,
                      .usri1_password = (WCHAR *)(uintptr_t)password,
                      .usri1_priv = priv,
                      .usri1_flags = UF_NORMAL_ACCOUNT };
    return NetUserAdd(host, 1, (LPBYTE)&u, parm);
}

static void suite_refused(const char16_t *unused)
{
    static char16_t longname[400], longpass[400];
    DWORD parm = 77, n;
    LPBYTE buf = NULL;
    (void)unused;
    for (size_t i = 0; i < 399; i++) {
        longname[i] = u'n';
        longpass[i] = u'p';
    }
    gives(add_1(u"a\\b", FIRST_PASSWORD, 1, &parm), NERR_BadUsername, "a backslash in a name");
    check(parm == USER_NAME_PARMNUM, "parm_err %u", parm);
    gives(add_1(u"", FIRST_PASSWORD, 1, &parm), NERR_BadUsername, "an empty name");
    gives(add_1(NULL, FIRST_PASSWORD, 1, &parm), NERR_BadUsername, "no name");
    gives(add_1(u"...", FIRST_PASSWORD, 1, &parm), NERR_BadUsername, "only dots");
    gives(add_1(longname, FIRST_PASSWORD, 1, &parm), NERR_BadUsername, "a name of 399 characters");
    gives(add_1((const char16_t[]){ u'x', 0xd800, 0 }, FIRST_PASSWORD, 1, &parm),
          ERROR_NO_UNICODE_TRANSLATION, "a lone surrogate");
    gives(add_1(u"ternpriv", FIRST_PASSWORD, USER_PRIV_ADMIN, &parm), ERROR_INVALID_PARAMETER, "priv ADMIN");
    check(parm == USER_PRIV_PARMNUM, "parm_err %u", parm);
    gives(NetUserAdd(host, 0, (LPBYTE)&parm, &parm), ERROR_INVALID_LEVEL, "NetUserAdd 0");
    gives(NetUserAdd(host, 1, NULL, &parm), ERROR_INVALID_PARAMETER, "NetUserAdd without a buffer");
    add_1(u"ternlong", longpass, 1, &parm);
    check(net_last_status() == STATUS_NAME_TOO_LONG && strstr(net_last_error(), "399"),
          "a password of 399 characters: %s", net_last_error());
    check(parm == USER_PASSWORD_PARMNUM, "parm_err %u", parm);
    gives(NetUserGetInfo(host, u"ternlong", 0, &buf), NERR_UserNotFound, "nothing was sent");
    gives(NetUserGetInfo(host, NULL, 0, &buf), ERROR_INVALID_PARAMETER, "no user name");
    gives(NetUserGetInfo(host, u"", 0, &buf), NERR_UserNotFound, "an empty user name");
    gives(NetUserGetInfo(host, longname, 0, &buf), ERROR_FILENAME_EXCED_RANGE, "an over-long user name");
    gives(NetUserEnum(host, 4, 0, &buf, MAX_PREFERRED_LENGTH, &n, &n, NULL), ERROR_INVALID_LEVEL,
          "NetUserEnum 4");
    gives(NetUserEnum(host, 0, 0, NULL, MAX_PREFERRED_LENGTH, &n, &n, NULL), ERROR_INVALID_PARAMETER,
          "no bufptr");
    gives(NetLocalGroupGetInfo(host, u"nosuchgroup", 1, &buf), ERROR_NO_SUCH_ALIAS, "no such local group");
    gives(NetGroupGetInfo(host, u"nosuchgroup", 1, &buf), NERR_GroupNotFound, "no such group");
    gives(NetUserModalsGet(host, 4, &buf), ERROR_INVALID_LEVEL, "NetUserModalsGet 4");
    gives(NetUserModalsGet(host, 0, NULL), ERROR_INVALID_PARAMETER, "NetUserModalsGet without bufptr");
}

/* ---- passwords ---- */

static void suite_passwords(const char16_t *name)
{
    const char *user = strdup(narrow((const WCHAR *)name));
    DWORD parm = 77;
    USER_INFO_1003 second = { (WCHAR[]){ SECOND_PASSWORD } },
                   none = { (WCHAR[]){ u"" NULL_USERSETINFO_PASSWD } };
    NetUserDel(host, name);
    gives(add_1(name, FIRST_PASSWORD, 1, &parm), NERR_Success, "NetUserAdd 1");
    gives(logon(user, FIRST_PASSWORD), NERR_Success, "logon with the first password");
    gives(logon(user, SECOND_PASSWORD), ERROR_LOGON_FAILURE, "no logon with another");
    gives(NetUserSetInfo(host, name, 1003, (LPBYTE)&second, &parm), NERR_Success, "NetUserSetInfo 1003");
    gives(logon(user, FIRST_PASSWORD), ERROR_LOGON_FAILURE, "the first password is no more");
    gives(logon(user, SECOND_PASSWORD), NERR_Success, "logon with the second");
    gives(NetUserSetInfo(host, name, 1003, (LPBYTE)&none, &parm), NERR_Success,
          "14 blanks keep the password");
    gives(logon(user, SECOND_PASSWORD), NERR_Success, "it is still the second");
    gives(NetUserChangePassword(host, name, FIRST_PASSWORD, THIRD_PASSWORD), ERROR_INVALID_PASSWORD,
          "NetUserChangePassword with the wrong old one");
    gives(NetUserChangePassword(host, name, SECOND_PASSWORD, THIRD_PASSWORD), NERR_Success,
          "NetUserChangePassword");
    gives(logon(user, THIRD_PASSWORD), NERR_Success, "logon with the third");
    use(user, "Third.Pass-w0rd!3");
    gives(NetUserChangePassword(host, NULL, THIRD_PASSWORD, FIRST_PASSWORD), NERR_Success,
          "the caller changes his own");
    use_admin();
    gives(logon(user, FIRST_PASSWORD), NERR_Success, "and has it");
    gives(NetUserChangePassword(host, name, NULL, FIRST_PASSWORD), ERROR_INVALID_PARAMETER,
          "no old password");
    gives(NetUserDel(host, name), NERR_Success, "NetUserDel");
}

/* A password that the policy refuses: no account is left behind. */
static void suite_policy(const char16_t *name)
{
    DWORD parm = 77;
    LPBYTE buf;
    USER_INFO_1003 bad = { (WCHAR[]){ u"a" } };
    NetUserDel(host, name);
    gives(add_1(name, u"a", 1, &parm), NERR_PasswordTooShort, "NetUserAdd with a password that is too short");
    gives(NetUserGetInfo(host, name, 0, &buf), NERR_UserNotFound, "the half-made account is gone");
    gives(add_1(name, FIRST_PASSWORD, 1, &parm), NERR_Success, "NetUserAdd with a good one");
    gives(NetUserSetInfo(host, name, 1003, (LPBYTE)&bad, &parm), NERR_PasswordTooShort, "too short for 1003");
    gives(NetUserChangePassword(host, name, FIRST_PASSWORD, u"a"), NERR_PasswordTooShort,
          "too short to change to");
    gives(NetUserDel(host, name), NERR_Success, "NetUserDel");
}

/* Over TCP there is no key for passwords: a clear error and nothing half-made; the rest works. */
static void suite_tcp(const char16_t *name)
{
    DWORD parm = 77, n = 0, total;
    LPBYTE buf = NULL;
    gives(NetUserEnum(host, 0, 0, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL), NERR_Success,
          "NetUserEnum over TCP");
    check(n > 2, "%u users", n);
    NetApiBufferFree(buf);
    gives(add_1(name, FIRST_PASSWORD, 1, &parm), ERROR_NO_USER_SESSION_KEY,
          "NetUserAdd with a password over TCP");
    check(strstr(net_last_error(), "named pipe") != NULL, "says: %s", net_last_error());
    gives(NetUserGetInfo(host, name, 0, &buf), NERR_UserNotFound, "nothing is left behind");
}

/* ---- groups ---- */

/* Is a name in an array of structures that begin with one? */
static bool listed(const void *buf, size_t elem, DWORD n, const char16_t *name)
{
    for (DWORD i = 0; i < n; i++) {
        WCHAR *s;
        memcpy(&s, (const char *)buf + i * elem, sizeof s);
        if (ustr_casecmp(s, name) == 0)
            return true;
    }
    return false;
}

static void group_members(const char16_t *group, const char16_t *user)
{
    LPBYTE buf = NULL;
    DWORD n = 0, total = 0;
    DWORD_PTR resume = 0;
    gives(NetGroupAddUser(host, group, user), NERR_Success, "NetGroupAddUser");
    gives(NetGroupAddUser(host, group, user), NERR_UserInGroup, "NetGroupAddUser again");
    gives(NetGroupAddUser(host, group, u"nobodyatall"), NERR_UserNotFound, "NetGroupAddUser of nobody");
    gives(NetGroupAddUser(host, u"nosuchgroup", user), NERR_GroupNotFound, "NetGroupAddUser to no group");
    for (DWORD level = 0; level <= 1; level++) {
        gives(NetGroupGetUsers(host, group, level, &buf, MAX_PREFERRED_LENGTH, &n, &total, &resume),
              NERR_Success, "NetGroupGetUsers");
        check(n == 1 && total == 1 && same(((const GROUP_USERS_INFO_0 *)buf)->grui0_name, user),
              "the member at level %u", level);
        check(!level || ((const GROUP_USERS_INFO_1 *)buf)->grui1_attributes == 7, "its attributes");
        NetApiBufferFree(buf);
        gives(NetUserGetGroups(host, user, level, &buf, MAX_PREFERRED_LENGTH, &n, &total), NERR_Success,
              "NetUserGetGroups");
        size_t elem = level ? sizeof(GROUP_USERS_INFO_1) : sizeof(GROUP_USERS_INFO_0);
        check(listed(buf, elem, n, group), "its group among %u at level %u", n, level);
        NetApiBufferFree(buf);
    }
    gives(NetUserGetGroups(host, user, 0, &buf, 1, &n, &total), ERROR_MORE_DATA,
          "NetUserGetGroups, one at a time");
    check(n == 1 && total == 2, "%u of %u", n, total);
    NetApiBufferFree(buf);
    gives(NetGroupDelUser(host, group, user), NERR_Success, "NetGroupDelUser");
    gives(NetGroupDelUser(host, group, user), NERR_UserNotInGroup, "NetGroupDelUser again");
}

static void group_fields(const char16_t *group)
{
    DWORD parm = 77;
    LPBYTE buf;
    GROUP_INFO_1002 text = { (WCHAR[]){ u"Ny tekst 日本" } };
    GROUP_INFO_1005 bits = { 7 };
    gives(NetGroupSetInfo(host, group, 1002, (LPBYTE)&text, &parm), NERR_Success, "NetGroupSetInfo 1002");
    for (DWORD level = 0; level <= 3; level++) {
        if (!gives(NetGroupGetInfo(host, group, level, &buf), NERR_Success, "NetGroupGetInfo"))
            continue;
        check(same(((const GROUP_INFO_0 *)buf)->grpi0_name, group), "its name at level %u", level);
        check(!level || same(((const GROUP_INFO_1 *)buf)->grpi1_comment, u"Ny tekst 日本"),
              "its comment at level %u", level);
        check(level != 2 || ((const GROUP_INFO_2 *)buf)->grpi2_group_id >= 1000, "its id");
        check(level != 3 ||
                  ((const SID *)((const GROUP_INFO_3 *)buf)->grpi3_group_sid)->SubAuthorityCount == 5,
              "its SID");
        if (level)
            gives(NetGroupSetInfo(host, group, level, buf, &parm), NERR_Success, "written back");
        NetApiBufferFree(buf);
    }
    gives(NetGroupSetInfo(host, group, 1005, (LPBYTE)&bits, &parm), NERR_Success, "NetGroupSetInfo 1005");
    gives(NetGroupSetInfo(host, group, 1003, (LPBYTE)&bits, &parm), ERROR_INVALID_LEVEL,
          "NetGroupSetInfo 1003");
}

static void group_lists(const char16_t *group)
{
    for (DWORD level = 0; level <= 3; level++) {
        static const size_t sizes[] = { sizeof(GROUP_INFO_0), sizeof(GROUP_INFO_1), sizeof(GROUP_INFO_2),
                                        sizeof(GROUP_INFO_3) };
        LPBYTE buf = NULL;
        DWORD n = 0, total = 0;
        gives(NetGroupEnum(host, level, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL), NERR_Success,
              "NetGroupEnum");
        check(n == total && listed(buf, sizes[level], n, group), "the group among %u at level %u", n, level);
        NetApiBufferFree(buf);
    }
}

static void suite_groups(const char16_t *unused)
{
    static const char16_t group[] = u"Ternegruppe Ø";
    DWORD parm = 77;
    GROUP_INFO_1 g = { (WCHAR *)(uintptr_t)group, (WCHAR[]){ u"første" } };
    USER_INFO_0 nobody = { (WCHAR[]){ u"" } };
    (void)unused;
    NetGroupDel(host, group);
    NetUserDel(host, u"ternmember");
    gives(NetGroupAdd(host, 1, (LPBYTE)&g, &parm), NERR_Success, "NetGroupAdd 1");
    gives(NetGroupAdd(host, 1, (LPBYTE)&g, &parm), NERR_GroupExists, "NetGroupAdd again");
    gives(NetGroupAdd(host, 0, (LPBYTE)&nobody, &parm), ERROR_INVALID_PARAMETER,
          "NetGroupAdd without a name");
    check(parm == GROUP_NAME_PARMNUM, "parm_err %u", parm);
    gives(add_1(u"ternmember", FIRST_PASSWORD, 1, &parm), NERR_Success, "a user for it");
    group_fields(group);
    group_lists(group);
    group_members(group, u"ternmember");
    NetGroupAddUser(host, group, u"ternmember");
    gives(NetGroupDel(host, group), NERR_Success, "NetGroupDel with a member");
    gives(NetGroupDel(host, group), NERR_GroupNotFound, "NetGroupDel again");
    gives(NetUserDel(host, u"ternmember"), NERR_Success, "NetUserDel");
}

/* ---- local groups ---- */

static void alias_members(const char16_t *alias, const char16_t *user, const char16_t *domain)
{
    char16_t full[300];
    LPBYTE buf = NULL;
    DWORD n = 0, total = 0;
    DWORD_PTR resume = 0;
    LOCALGROUP_MEMBERS_INFO_3 two[] = { { full }, { (WCHAR[]){ u"NT AUTHORITY\\Authenticated Users" } } },
                              bad[] = { { full }, { (WCHAR[]){ u"nobodyatall" } } };
    if (ustr_copy(full, 300, domain) || ustr_append(full, 300, u"\\") || ustr_append(full, 300, user))
        abort();
    gives(NetLocalGroupAddMembers(host, alias, 3, (LPBYTE)bad, 2), ERROR_NO_SUCH_MEMBER, "an unknown member");
    gives(NetLocalGroupGetMembers(host, alias, 0, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL), NERR_Success,
          "is empty");
    check(n == 0 && !buf, "all or none");
    gives(NetLocalGroupAddMembers(host, alias, 3, (LPBYTE)two, 2), NERR_Success, "NetLocalGroupAddMembers 3");
    gives(NetLocalGroupAddMembers(host, alias, 3, (LPBYTE)two, 1), ERROR_MEMBER_IN_ALIAS, "and again");
    gives(NetLocalGroupGetMembers(host, alias, 3, &buf, MAX_PREFERRED_LENGTH, &n, &total, &resume),
          NERR_Success, "NetLocalGroupGetMembers 3");
    check(n == 2 && listed(buf, sizeof(LOCALGROUP_MEMBERS_INFO_3), n, full), "%s among %u: %s",
          narrow((WCHAR *)full), n,
          narrow(n ? ((LOCALGROUP_MEMBERS_INFO_3 *)buf)->lgrmi3_domainandname : NULL));
    check(listed(buf, sizeof(LOCALGROUP_MEMBERS_INFO_3), n, u"NT AUTHORITY\\Authenticated Users"),
          "a well-known SID has its name");
    NetApiBufferFree(buf);
    for (DWORD level = 0; level <= 2; level++) {
        static const size_t sizes[] = { sizeof(LOCALGROUP_MEMBERS_INFO_0), sizeof(LOCALGROUP_MEMBERS_INFO_1),
                                        sizeof(LOCALGROUP_MEMBERS_INFO_2) };
        unsigned seen = 0;
        resume = 0;
        NET_API_STATUS st;
        do {
            st = NetLocalGroupGetMembers(host, alias, level, &buf, 1, &n, &total, &resume);
            const LOCALGROUP_MEMBERS_INFO_1 *m = (const void *)buf;
            if (n == 1 && level && m->lgrmi1_sidusage == SidTypeUser)
                check(same(m->lgrmi1_name, level == 1 ? user : full), "level %u: %s", level,
                      narrow(m->lgrmi1_name));
            seen += n;
            if (st != NERR_Success && st != ERROR_MORE_DATA)
                break;
            NetApiBufferFree(buf);
        } while (st == ERROR_MORE_DATA && seen < 5);
        check(seen == 2 && resume == 0, "level %u one at a time (%zu bytes): %u", level, sizes[level], seen);
    }
    /* by SID */
    gives(NetLocalGroupGetMembers(host, alias, 0, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL), NERR_Success,
          "SIDs");
    gives(NetLocalGroupDelMembers(host, alias, 0, buf, n), NERR_Success, "NetLocalGroupDelMembers 0");
    gives(NetLocalGroupDelMembers(host, alias, 0, buf, n), ERROR_MEMBER_NOT_IN_ALIAS, "and again");
    gives(NetLocalGroupAddMembers(host, alias, 0, buf, n), NERR_Success, "NetLocalGroupAddMembers 0");
    NetApiBufferFree(buf);
}

static void local_groups_of(const char16_t *alias, const char16_t *user)
{
    LPBYTE buf = NULL;
    DWORD n = 0, total = 0;
    for (DWORD flags = 0; flags <= LG_INCLUDE_INDIRECT; flags++) {
        gives(NetUserGetLocalGroups(host, user, 0, flags, &buf, MAX_PREFERRED_LENGTH, &n, &total),
              NERR_Success, "NetUserGetLocalGroups");
        check(listed(buf, sizeof(LOCALGROUP_USERS_INFO_0), n, alias), "the group among %u", n);
        NetApiBufferFree(buf);
    }
    gives(NetUserGetLocalGroups(host, u"nobodyatall", 0, 0, &buf, MAX_PREFERRED_LENGTH, &n, &total),
          NERR_UserNotFound, "NetUserGetLocalGroups of nobody");
}

static void alias_fields(const char16_t *alias)
{
    DWORD parm = 77, n = 0, total = 0;
    LPBYTE buf = NULL;
    LOCALGROUP_INFO_1002 text = { (WCHAR[]){ u"Ny tekst" } };
    LOCALGROUP_INFO_0 to = { (WCHAR[]){ u"ternalias2" } }, back = { (WCHAR *)(uintptr_t)alias };
    gives(NetLocalGroupSetInfo(host, alias, 1002, (LPBYTE)&text, &parm), NERR_Success,
          "NetLocalGroupSetInfo 1002");
    if (gives(NetLocalGroupGetInfo(host, alias, 1, &buf), NERR_Success, "NetLocalGroupGetInfo 1")) {
        const LOCALGROUP_INFO_1 *g = (const void *)buf;
        check(same(g->lgrpi1_name, alias) && same(g->lgrpi1_comment, u"Ny tekst"), "%s, %s",
              narrow(g->lgrpi1_name), narrow(g->lgrpi1_comment));
        gives(NetLocalGroupSetInfo(host, alias, 1, buf, &parm), NERR_Success, "written back");
        NetApiBufferFree(buf);
    }
    for (DWORD level = 0; level <= 1; level++) {
        size_t elem = level ? sizeof(LOCALGROUP_INFO_1) : sizeof(LOCALGROUP_INFO_0);
        gives(NetLocalGroupEnum(host, level, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL), NERR_Success,
              "NetLocalGroupEnum");
        check(listed(buf, elem, n, alias) && listed(buf, elem, n, u"Administrators"),
              "both domains: %u at level %u", n, level);
        NetApiBufferFree(buf);
    }
    NET_API_STATUS st = NetLocalGroupSetInfo(host, alias, 0, (LPBYTE)&to, &parm);
    if (st == NERR_Success)
        gives(NetLocalGroupSetInfo(host, u"ternalias2", 0, (LPBYTE)&back, &parm), NERR_Success,
              "renamed back");
    else /* Samba does not rename them */
        check(net_last_error()[0], "no rename: %s", net_last_error());
}

/* argument: the account domain */
static void suite_aliases(const char16_t *domain)
{
    static const char16_t alias[] = u"ternalias";
    DWORD parm = 77;
    LOCALGROUP_INFO_1 g = { (WCHAR *)(uintptr_t)alias, (WCHAR[]){ u"første" } };
    NetLocalGroupDel(host, alias);
    NetUserDel(host, u"Ternå");
    gives(NetLocalGroupAdd(host, 1, (LPBYTE)&g, &parm), NERR_Success, "NetLocalGroupAdd 1");
    gives(NetLocalGroupAdd(host, 1, (LPBYTE)&g, &parm), ERROR_ALIAS_EXISTS, "NetLocalGroupAdd again");
    gives(add_1(u"Ternå", FIRST_PASSWORD, 1, &parm), NERR_Success, "a user for it");
    alias_fields(alias);
    alias_members(alias, u"Ternå", domain);
    local_groups_of(alias, u"Ternå");
    gives(NetLocalGroupDel(host, alias), NERR_Success, "NetLocalGroupDel");
    gives(NetLocalGroupDel(host, alias), ERROR_NO_SUCH_ALIAS, "NetLocalGroupDel again");
    gives(NetUserDel(host, u"Ternå"), NERR_Success, "NetUserDel");
}

/* ---- policy and lists ---- */

static void suite_modals(const char16_t *domain)
{
    LPBYTE buf;
    if (gives(NetUserModalsGet(host, 0, &buf), NERR_Success, "NetUserModalsGet 0")) {
        const USER_MODALS_INFO_0 *m = (const void *)buf;
        check(m->usrmod0_min_passwd_len < 100, "0: least length %u", m->usrmod0_min_passwd_len);
        check(m->usrmod0_max_passwd_age > 86400, "0: greatest age %u", m->usrmod0_max_passwd_age);
        check(m->usrmod0_force_logoff == TIMEQ_FOREVER, "0: no forced logoff");
        NetApiBufferFree(buf);
    }
    if (gives(NetUserModalsGet(host, 1, &buf), NERR_Success, "NetUserModalsGet 1")) {
        check(((const USER_MODALS_INFO_1 *)buf)->usrmod1_role >= UAS_ROLE_BACKUP, "1: role %u",
              ((const USER_MODALS_INFO_1 *)buf)->usrmod1_role);
        NetApiBufferFree(buf);
    }
    if (gives(NetUserModalsGet(host, 2, &buf), NERR_Success, "NetUserModalsGet 2")) {
        const USER_MODALS_INFO_2 *m = (const void *)buf;
        const SID *s = m->usrmod2_domain_id;
        check(ustr_casecmp(m->usrmod2_domain_name, domain) == 0, "2: domain %s",
              narrow(m->usrmod2_domain_name));
        check(s->SubAuthorityCount == 4 && s->SubAuthority[0] == 21, "2: its SID");
        NetApiBufferFree(buf);
    }
    if (gives(NetUserModalsGet(host, 3, &buf), NERR_Success, "NetUserModalsGet 3")) {
        const USER_MODALS_INFO_3 *m = (const void *)buf;
        check(m->usrmod3_lockout_duration == 1800 && m->usrmod3_lockout_threshold < 1000,
              "3: %u s, threshold %u", m->usrmod3_lockout_duration, m->usrmod3_lockout_threshold);
        NetApiBufferFree(buf);
    }
}

static int by_name(const void *a, const void *b)
{
    return ustr_cmp(*(const char16_t *const *)a, *(const char16_t *const *)b);
}

struct names {
    const char16_t **v;
    size_t n, cap;
};

static void remember(struct names *l, const WCHAR *name)
{
    if (l->n == l->cap)
        l->v = realloc(l->v, sizeof(char16_t *) * (l->cap = l->cap ? 2 * l->cap : 1024));
    l->v[l->n++] = ustr_dup(name);
}

/* How many different names, of all that were remembered. */
static size_t different(struct names *l)
{
    size_t n = l->n > 0;
    qsort(l->v, l->n, sizeof *l->v, by_name);
    for (size_t i = 1; i < l->n; i++)
        n += ustr_cmp(l->v[i], l->v[i - 1]) != 0;
    return n;
}

/* The whole list in parts of about `len` bytes: nothing lost, nothing doubled. */
static void in_parts(DWORD level, size_t elem, DWORD len, size_t want)
{
    struct names l = { 0 };
    DWORD resume = 0, n, total;
    LPBYTE buf;
    NET_API_STATUS st;
    unsigned parts = 0;
    do {
        st = NetUserEnum(host, level, FILTER_NORMAL_ACCOUNT, &buf, len, &n, &total, &resume);
        if (st != NERR_Success && st != ERROR_MORE_DATA)
            break;
        for (DWORD i = 0; i < n; i++)
            remember(&l, *(WCHAR **)(void *)(buf + i * elem));
        NetApiBufferFree(buf);
        parts++;
    } while (st == ERROR_MORE_DATA && parts < 100000);
    size_t kinds = different(&l);
    check(st == NERR_Success && l.n == want && kinds == want,
          "level %u in %u parts of %u bytes: %zu users, %zu different %s", level, parts, len, l.n, kinds,
          net_last_error());
    check(resume == 0, "no handle is left");
}

static void display(DWORD per_page, size_t want)
{
    struct names l = { 0 };
    DWORD index = 0, n = 0;
    unsigned pages = 0;
    PVOID buf;
    NET_API_STATUS st;
    do {
        st = NetQueryDisplayInformation(host, 1, index, per_page, MAX_PREFERRED_LENGTH, &n, &buf);
        if (st != NERR_Success && st != ERROR_MORE_DATA)
            break;
        for (DWORD i = 0; i < n; i++)
            remember(&l, ((const NET_DISPLAY_USER *)buf)[i].usri1_name);
        if (n)
            index = ((const NET_DISPLAY_USER *)buf)[n - 1].usri1_next_index;
        NetApiBufferFree(buf);
        pages++;
    } while (st == ERROR_MORE_DATA && n && pages < 100000);
    size_t kinds = different(&l);
    check(st == NERR_Success && l.n == want && kinds == want,
          "NetQueryDisplayInformation 1 in %u pages of %u: %zu users, %zu different %s", pages, per_page, l.n,
          kinds, net_last_error());
}

/* argument: how many normal users there are */
static void suite_lists(const char16_t *count)
{
    size_t want = strtoul(narrow((const WCHAR *)count), NULL, 10);
    static const DWORD levels[] = { 0, 20 };
    struct names l = { 0 };
    LPBYTE buf = NULL;
    DWORD n = 0, total = 0;
    for (size_t k = 0; k < 2; k++) {
        size_t elem = k ? sizeof(USER_INFO_20) : sizeof(USER_INFO_0);
        clock_t start = clock();
        gives(
            NetUserEnum(host, levels[k], FILTER_NORMAL_ACCOUNT, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL),
            NERR_Success, "NetUserEnum");
        clock_t end = clock();
        l.n = 0;
        for (DWORD i = 0; i < n; i++)
            remember(&l, *(WCHAR **)(void *)(buf + i * elem));
        NetApiBufferFree(buf);
        size_t kinds = different(&l);
        check(n == want && total == want && kinds == want,
              "level %u: %u of %u users, %zu different (%ld ms CPU)", levels[k], n, total, kinds,
              (long)((end - start) * 1000 / CLOCKS_PER_SEC));
    }
    in_parts(0, sizeof(USER_INFO_0), 4096, want);
    in_parts(0, sizeof(USER_INFO_0), 65536, want);
    if (want < 500) {
        in_parts(0, sizeof(USER_INFO_0), 1, want);
        in_parts(20, sizeof(USER_INFO_20), 1000, want);
        static const DWORD all[] = { 1, 2, 3, 10, 11, 20 };
        static const size_t sizes[] = { sizeof(USER_INFO_1),  sizeof(USER_INFO_2),  sizeof(USER_INFO_3),
                                        sizeof(USER_INFO_10), sizeof(USER_INFO_11), sizeof(USER_INFO_20) };
        for (size_t i = 0; i < 6; i++)
            in_parts(all[i], sizes[i], MAX_PREFERRED_LENGTH, want);
        display(1, want);
    }
    display(100, want);
    display(100000, want);
}

/* argument: the number of machines */
static void suite_display(const char16_t *machines)
{
    size_t want = strtoul(narrow((const WCHAR *)machines), NULL, 10);
    PVOID buf;
    DWORD n = 0;
    gives(NetQueryDisplayInformation(host, 2, 0, 1000, MAX_PREFERRED_LENGTH, &n, &buf), NERR_Success,
          "NetQueryDisplayInformation 2");
    check(n == want, "%u machines", n);
    check(!n || ((const NET_DISPLAY_MACHINE *)buf)->usri2_user_id >= 1000, "with an id");
    NetApiBufferFree(buf);
    gives(NetQueryDisplayInformation(host, 3, 0, 1000, MAX_PREFERRED_LENGTH, &n, &buf), NERR_Success,
          "NetQueryDisplayInformation 3");
    check(n > 0 && ((const NET_DISPLAY_GROUP *)buf)->grpi3_name[0], "%u groups", n);
    NetApiBufferFree(buf);
    gives(NetQueryDisplayInformation(host, 4, 0, 1000, MAX_PREFERRED_LENGTH, &n, &buf), ERROR_INVALID_LEVEL,
          "level 4");
    gives(NetQueryDisplayInformation(host, 1, 0, 0, MAX_PREFERRED_LENGTH, &n, &buf), ERROR_INVALID_PARAMETER,
          "no entries wanted");
}

/* As a user without rights. */
static void suite_denied(const char16_t *name)
{
    DWORD parm = 77;
    LPBYTE buf;
    USER_INFO_1007 c = { (WCHAR[]){ u"mine" } };
    gives(add_1(u"ternx", FIRST_PASSWORD, 1, &parm), ERROR_ACCESS_DENIED, "NetUserAdd without rights");
    check(strstr(net_last_error(), "refuses this to") != NULL, "says: %s", net_last_error());
    gives(NetUserSetInfo(host, name, 1007, (LPBYTE)&c, &parm), ERROR_ACCESS_DENIED,
          "NetUserSetInfo without rights");
    gives(NetUserDel(host, name), ERROR_ACCESS_DENIED, "NetUserDel without rights");
    gives(NetUserGetInfo(host, name, 10, &buf), NERR_Success, "reading is allowed");
    NetApiBufferFree(buf);
}

/* ---- for the script ---- */

static void suite_add(const char16_t *name)
{
    add_user(name);
}

static void suite_del(const char16_t *name)
{
    gives(NetUserDel(host, name), NERR_Success, "NetUserDel");
}

static void suite_show(const char16_t *name)
{
    LPBYTE buf;
    NET_API_STATUS st = NetUserGetInfo(host, name, 3, &buf);
    if (st != NERR_Success) {
        printf("# %u %s\n", st, net_last_error());
        return;
    }
    const USER_INFO_3 *u = (const void *)buf;
    printf("# %s|%s|%s|0x%x|%u|%u\n", narrow(u->usri3_name), narrow(u->usri3_full_name),
           narrow(u->usri3_comment), u->usri3_flags, u->usri3_user_id, u->usri3_priv);
    NetApiBufferFree(buf);
}

static const struct {
    const char *name;
    void (*run)(const char16_t *argument);
} suites[] = {
    { "users", suite_users },     { "refused", suite_refused }, { "passwords", suite_passwords },
    { "policy", suite_policy },   { "tcp", suite_tcp },         { "groups", suite_groups },
    { "aliases", suite_aliases }, { "modals", suite_modals },   { "lists", suite_lists },
    { "display", suite_display }, { "denied", suite_denied },   { "add", suite_add },
    { "del", suite_del },         { "show", suite_show },
};

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    host = wide(argv[2]);
    use_admin();
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
        if (strcmp(suites[i].name, argv[1]) == 0) {
            suites[i].run(argc > 3 ? wide(argv[3]) : u"");
            net_close_idle();
            puts("done");
            return failures != 0;
        }
    return 2;
}
