// SPDX-License-Identifier: Apache-2.0
/*
 * The Net* functions of srvsvc and wkssvc against a real server: netapi_server SUITE HOST [ARGUMENT...]
 *
 * Each check is a line "ok TEXT" or "not ok TEXT", the end is the line "done";
 * tests/system/20_netapi_server.t counts. Credentials and transport come from NA_USER (empty: the Kerberos
 * cache), NA_PASSWORD, NA_PROTSEQ, NA_LEVEL.
 */
#include "netapi_check.h"
#include <pthread.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void set_options(void)
{
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct net_options o = NET_OPTIONS_INIT;
    struct nt_error err = { { 0 } };
    const char *user = getenv("NA_USER"), *level = getenv("NA_LEVEL");
    struct npc_options npc = NPC_OPTIONS_INIT;
    if (getenv("NA_DIALECT"))
        npc.min_dialect = npc.max_dialect = (enum npc_dialect)strtoul(getenv("NA_DIALECT"), NULL, 16);
    npc.protection =
        getenv("NA_PROTECT") ? (enum npc_protection)atoi(getenv("NA_PROTECT")) : NPC_PROTECT_DEFAULT;
    o.npc = &npc;
    co.user = user;
    co.password = getenv("NA_PASSWORD");
    o.protseq = getenv("NA_PROTSEQ");
    o.level = level ? (enum sec_level)atoi(level) : SEC_LEVEL_DEFAULT;
    if (user && user[0] && sec_creds_new(&co, &o.creds, &err) != STATUS_SUCCESS) {
        printf("not ok credentials: %s\n", err.text);
        exit(1);
    }
    if (net_set_options(NULL, &o) != STATUS_SUCCESS)
        abort();
    sec_creds_unref(o.creds);
}

/* ---- server and workstation ---- */

/* An operation that this server does not have, and the sentence says so. */
static bool no_operation(NET_API_STATUS st)
{
    return st == RPC_S_PROCNUM_OUT_OF_RANGE && strstr(net_last_error(), "does not have this operation");
}

static void server_info(const char *name)
{
    LPBYTE buf;
    if (gives(NetServerGetInfo(host, 100, &buf), NERR_Success, "NetServerGetInfo 100")) {
        const SERVER_INFO_100 *s = (const void *)buf;
        check(s->sv100_platform_id == SV_PLATFORM_ID_NT, "100: an NT server");
        check(strcasecmp(narrow(s->sv100_name), name) == 0, "100: its name is %s", name);
        NetApiBufferFree(buf);
    }
    if (gives(NetServerGetInfo(host, 101, &buf), NERR_Success, "NetServerGetInfo 101")) {
        const SERVER_INFO_101 *s = (const void *)buf;
        check((s->sv101_version_major & MAJOR_VERSION_MASK) >= 4, "101: version %u.%u",
              s->sv101_version_major, s->sv101_version_minor);
        check((s->sv101_type & (SV_TYPE_SERVER | SV_TYPE_NT)) == (SV_TYPE_SERVER | SV_TYPE_NT),
              "101: type 0x%x", s->sv101_type);
        check(s->sv101_comment && s->sv101_comment[0], "101: comment '%s'", narrow(s->sv101_comment));
        DWORD size = 0;
        check(NetApiBufferSize(buf, &size) == NERR_Success && size > sizeof *s, "101: one block of %u bytes",
              size);
        NetApiBufferFree(buf);
    }
    if (gives(NetServerGetInfo(host, 102, &buf), NERR_Success, "NetServerGetInfo 102")) {
        const SERVER_INFO_102 *s = (const void *)buf;
        check(strcasecmp(narrow(s->sv102_name), name) == 0, "102: its name is %s", name);
        check(s->sv102_userpath && s->sv102_users > 0, "102: %u users, path '%s'", s->sv102_users,
              narrow(s->sv102_userpath));
        NetApiBufferFree(buf);
    }
    /* Samba has neither of these; a server that has them must give numbers that make sense */
    for (DWORD level = 502; level <= 503; level++) {
        NET_API_STATUS st = NetServerGetInfo(host, level, &buf);
        if (st == NERR_Success) {
            check(((const SERVER_INFO_502 *)(const void *)buf)->sv502_sizreqbuf > 0, "%u: size of buffers",
                  level);
            NetApiBufferFree(buf);
        } else {
            check(st == ERROR_INVALID_LEVEL, "%u is answered with ERROR_INVALID_LEVEL (%u)", level, st);
        }
    }
    gives(NetServerGetInfo(host, 599, &buf), ERROR_INVALID_LEVEL,
          "NetServerGetInfo 599 is for NetServerSetInfo only");
}

static void time_of_day(void)
{
    LPBYTE buf;
    if (!gives(NetRemoteTOD(host, &buf), NERR_Success, "NetRemoteTOD"))
        return;
    const TIME_OF_DAY_INFO *t = (const void *)buf;
    time_t now = time(NULL);
    struct tm tm;
    time_t then = (time_t)t->tod_elapsedt;
    gmtime_r(&then, &tm);
    check(llabs((long long)now - (long long)t->tod_elapsedt) < 60, "the server's clock is this machine's");
    check((int)t->tod_hours == tm.tm_hour && (int)t->tod_mins == tm.tm_min && (int)t->tod_day == tm.tm_mday &&
              (int)t->tod_month == tm.tm_mon + 1 && (int)t->tod_year == tm.tm_year + 1900 &&
              (int)t->tod_weekday == tm.tm_wday,
          "and its date and time fit (%u-%02u-%02u %02u:%02u)", t->tod_year, t->tod_month, t->tod_day,
          t->tod_hours, t->tod_mins);
    NetApiBufferFree(buf);
}

static void workstation(const char *name, const char *group, bool dc)
{
    LPBYTE buf;
    if (gives(NetWkstaGetInfo(host, 100, &buf), NERR_Success, "NetWkstaGetInfo 100")) {
        const WKSTA_INFO_100 *w = (const void *)buf;
        check(strcasecmp(narrow(w->wki100_computername), name) == 0, "100: its name is %s", name);
        check(strcasecmp(narrow(w->wki100_langroup), group) == 0, "100: its group is %s", group);
        NetApiBufferFree(buf);
    }
    if (gives(NetWkstaGetInfo(host, 101, &buf), NERR_Success, "NetWkstaGetInfo 101")) {
        check(((const WKSTA_INFO_101 *)(const void *)buf)->wki101_lanroot != NULL, "101: a root");
        NetApiBufferFree(buf);
    }
    /* Samba as a domain controller refuses the first to everybody, and 502 always */
    NET_API_STATUS st = NetWkstaGetInfo(host, 102, &buf);
    check(st == (dc ? ERROR_ACCESS_DENIED : NERR_Success), "NetWkstaGetInfo 102 (%u: %s)", st,
          net_last_error());
    if (st == NERR_Success) {
        check(((const WKSTA_INFO_102 *)(const void *)buf)->wki102_lanroot != NULL, "102: a root");
        NetApiBufferFree(buf);
    }
    st = NetWkstaGetInfo(host, 502, &buf);
    check(st == (dc ? ERROR_ACCESS_DENIED : ERROR_INVALID_LEVEL), "NetWkstaGetInfo 502 (%u)", st);
    gives(NetWkstaGetInfo(host, 402, &buf), ERROR_INVALID_LEVEL, "NetWkstaGetInfo 402");
}

static void wksta_users(bool dc)
{
    for (DWORD level = 0; level < 2; level++) {
        LPBYTE buf;
        DWORD n = 77, total = 77, resume = 0;
        NET_API_STATUS st = NetWkstaUserEnum(host, level, &buf, MAX_PREFERRED_LENGTH, &n, &total, &resume);
        if (dc && no_operation(st)) {
            check(true, "NetWkstaUserEnum %u: the server has not got it", level);
            continue;
        }
        check(st == NERR_Success && n <= total, "NetWkstaUserEnum %u: %u users (%u: %s)", level, n, st,
              net_last_error());
        for (DWORD i = 0; st == NERR_Success && i < n; i++)
            if (level ? !((const WKSTA_USER_INFO_1 *)(const void *)buf)[i].wkui1_logon_domain
                      : !((const WKSTA_USER_INFO_0 *)(const void *)buf)[i].wkui0_username)
                check(false, "user %u has a name", i);
        if (st == NERR_Success)
            NetApiBufferFree(buf);
    }
    LPBYTE buf;
    DWORD n, total;
    gives(NetWkstaUserEnum(host, 2, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL), ERROR_INVALID_LEVEL,
          "NetWkstaUserEnum 2");
}

static void join_information(const char *group, NETSETUP_JOIN_STATUS want)
{
    LPWSTR name = NULL;
    NETSETUP_JOIN_STATUS type = NetSetupUnknownStatus;
    if (gives(NetGetJoinInformation(host, &name, &type), NERR_Success, "NetGetJoinInformation")) {
        check(strcasecmp(narrow(name), group) == 0 && type == want, "it belongs to %s (%u)", narrow(name),
              type);
        NetApiBufferFree(name);
    }
    gives(NetGetJoinInformation(host, NULL, &type), ERROR_INVALID_PARAMETER,
          "NetGetJoinInformation without a place");
}

/* info HOST NAME GROUP workgroup|domain */
static void suite_info(char **arg)
{
    server_info(arg[0]);
    time_of_day();
    bool dc = strcmp(arg[2], "domain") == 0;
    workstation(arg[0], arg[1], dc);
    wksta_users(dc);
    join_information(arg[1], dc ? NetSetupDomainName : NetSetupWorkgroupName);
}

/* ---- shares ---- */

/* What servers say of a share that does not exist: Windows the first, Samba the others. */
static bool no_share(NET_API_STATUS st)
{
    return st == NERR_NetNameNotFound || st == ERROR_INVALID_NAME || st == ERROR_BAD_NET_NAME;
}

static void gives_no_share(NET_API_STATUS st, const char *text)
{
    check(no_share(st) && net_last_error()[0], "%s (%u: %s)", text, st, net_last_error());
}

/* The entry of a list at a level whose structures begin with the name. */
static const void *find_share(LPBYTE buf, DWORD n, size_t size, const char16_t *name)
{
    for (DWORD i = 0; i < n; i++) {
        const SHARE_INFO_0 *s = (const void *)(buf + i * size);
        if (s->shi0_netname && ustr_casecmp(s->shi0_netname, name) == 0)
            return s;
    }
    return NULL;
}

/* Samba takes up a new share, or the end of one, a moment after the call, or with the next list. */
static bool share_settles(const char16_t *name, bool there)
{
    for (int i = 0; i < 50; i++) {
        LPBYTE buf;
        DWORD n, total;
        if (NetShareEnum(host, 0, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL) != NERR_Success)
            return false;
        bool found = find_share(buf, n, sizeof(SHARE_INFO_0), name) != NULL;
        NetApiBufferFree(buf);
        if (found == there)
            return true;
        usleep(100000);
    }
    return false;
}

static void share_levels(const char16_t *name)
{
    static const struct {
        DWORD level;
        size_t size;
    } levels[] = {
        { 0, sizeof(SHARE_INFO_0) },     { 1, sizeof(SHARE_INFO_1) },     { 2, sizeof(SHARE_INFO_2) },
        { 501, sizeof(SHARE_INFO_501) }, { 502, sizeof(SHARE_INFO_502) },
    };
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        LPBYTE buf;
        DWORD n, total, resume = 0;
        NET_API_STATUS st =
            NetShareEnum(host, levels[i].level, &buf, MAX_PREFERRED_LENGTH, &n, &total, &resume);
        check(st == NERR_Success && n >= 2 && total == n, "NetShareEnum %u: %u of %u shares (%u: %s)",
              levels[i].level, n, total, st, net_last_error());
        if (st != NERR_Success)
            continue;
        check(find_share(buf, n, levels[i].size, name) != NULL, "%u: with %s", levels[i].level, narrow(name));
        const void *ipc = find_share(buf, n, levels[i].size, u"IPC$");
        check(ipc != NULL, "%u: with IPC$", levels[i].level);
        if (ipc && levels[i].level)
            check((((const SHARE_INFO_1 *)ipc)->shi1_type & STYPE_MASK) == STYPE_IPC,
                  "%u: which is a pipe share", levels[i].level);
        NetApiBufferFree(buf);
        st = NetShareGetInfo(host, (LMSTR)(uintptr_t)name, levels[i].level, &buf);
        check(st == NERR_Success &&
                  ustr_casecmp(((const SHARE_INFO_0 *)(const void *)buf)->shi0_netname, name) == 0,
              "NetShareGetInfo %u (%u: %s)", levels[i].level, st, net_last_error());
        if (st == NERR_Success)
            NetApiBufferFree(buf);
    }
}

/* One small part of the list after the other. */
static void share_parts(void)
{
    DWORD resume = 0, got = 0, calls = 0, all = 0, total = 0, n;
    LPBYTE buf;
    if (!gives(NetShareEnum(host, 0, &buf, MAX_PREFERRED_LENGTH, &all, &total, NULL), NERR_Success,
               "all shares"))
        return;
    NetApiBufferFree(buf);
    NET_API_STATUS st;
    do {
        st = NetShareEnum(host, 0, &buf, 64, &n, &total, &resume);
        if (st != NERR_Success && st != ERROR_MORE_DATA)
            break;
        got += n;
        NetApiBufferFree(buf);
    } while (st == ERROR_MORE_DATA && ++calls < 100);
    check(st == NERR_Success && got == all, "in parts of 64 bytes: %u shares of %u in %u calls (%u: %s)", got,
          all, calls + 1, st, net_last_error());
}

static void share_fields(const char16_t *name, const char16_t *path)
{
    LPBYTE buf;
    SHARE_INFO_1004 remark = { u"Bemerkung: Grüße, 日本語, 𐐷" };
    DWORD parm = 77;
    LMSTR nm = (LMSTR)(uintptr_t)name;
    if (gives(NetShareSetInfo(host, nm, 1004, (LPBYTE)&remark, &parm), NERR_Success, "NetShareSetInfo 1004"))
        check(parm == PARM_ERROR_NONE, "no field is refused");
    SHARE_INFO_1006 uses = { 17 };
    NET_API_STATUS limited = NetShareSetInfo(host, nm, 1006, (LPBYTE)&uses, NULL);
    check(limited == NERR_Success || limited == ERROR_ACCESS_DENIED, /* Samba refuses it to everybody */
          "NetShareSetInfo 1006 (%u)", limited);
    if (gives(NetShareGetInfo(host, nm, 2, &buf), NERR_Success, "NetShareGetInfo 2")) {
        const SHARE_INFO_2 *s = (const void *)buf;
        check(ustr_cmp(s->shi2_remark, remark.shi1004_remark) == 0, "the remark is '%s'",
              narrow(s->shi2_remark));
        check(s->shi2_max_uses == (limited ? 5 : 17), "at most %u uses", s->shi2_max_uses);
        char want[1024];
        snprintf(want, sizeof want, "C:%s", narrow(path));
        for (char *p = want; *p; p++)
            *p = *p == '/' ? '\\' : *p;
        check(strcasecmp(narrow(s->shi2_path), want) == 0, "the path is %s", narrow(s->shi2_path));
        SHARE_INFO_1 one = { NULL, s->shi2_type, u"eins" };
        gives(NetShareSetInfo(host, nm, 1, (LPBYTE)&one, NULL), NERR_Success, "NetShareSetInfo 1");
        SHARE_INFO_2 two = *s;
        two.shi2_remark = u"zwei";
        two.shi2_max_uses = SHI_USES_UNLIMITED;
        gives(NetShareSetInfo(host, nm, 2, (LPBYTE)&two, NULL), NERR_Success, "NetShareSetInfo 2");
        NetApiBufferFree(buf);
    }
    if (gives(NetShareGetInfo(host, nm, 1, &buf), NERR_Success, "NetShareGetInfo 1")) {
        check(ustr_cmp(((SHARE_INFO_1 *)(void *)buf)->shi1_remark, u"zwei") == 0, "the last remark counts");
        NetApiBufferFree(buf);
    }
    SHARE_INFO_1005 flags = { CSC_CACHE_VDO };
    gives(NetShareSetInfo(host, nm, 1005, (LPBYTE)&flags, NULL), NERR_Success, "NetShareSetInfo 1005");
    if (gives(NetShareGetInfo(host, nm, 1005, &buf), NERR_Success, "NetShareGetInfo 1005"))
        NetApiBufferFree(buf);
}

/* A descriptor that lets everybody read: S-1-1-0, self-relative. */
static const BYTE everyone_reads[] = {
    1, 0, 0x04, 0x80, 0,    0, 0,    0, 0, 0,
    0, 0, 0,    0,    0,    0, 20,   0, 0, 0, /* header, DACL at 20 */
    2, 0, 28,   0,    1,    0, 0,    0,       /* ACL of 28 bytes with one entry */
    0, 0, 20,   0,    0xa9, 0, 0x12, 0, 1, 1,
    0, 0, 0,    0,    0,    1, 0,    0, 0, 0, /* allowed, read and execute, S-1-1-0 */
};

static void share_security(const char16_t *name)
{
    LPBYTE buf;
    LMSTR nm = (LMSTR)(uintptr_t)name;
    SHARE_INFO_1501 sd = { 0, (PSECURITY_DESCRIPTOR)(uintptr_t)everyone_reads };
    gives(NetShareSetInfo(host, nm, 1501, (LPBYTE)&sd, NULL), NERR_Success,
          "NetShareSetInfo 1501, the length taken from the descriptor");
    if (gives(NetShareGetInfo(host, nm, 502, &buf), NERR_Success, "NetShareGetInfo 502")) {
        const SHARE_INFO_502 *s = (const void *)buf;
        const BYTE *got = s->shi502_security_descriptor;
        check(got && s->shi502_reserved >= sizeof everyone_reads && (((uintptr_t)got) & 3) == 0,
              "502: a descriptor of %u bytes", s->shi502_reserved);
        check(got && memmem(got, s->shi502_reserved, everyone_reads + 28, 20) != NULL,
              "502: with the entry that was set");
        SHARE_INFO_502 again = *s;
        again.shi502_remark = u"fünfhundertzwei";
        gives(NetShareSetInfo(host, nm, 502, (LPBYTE)&again, NULL), NERR_Success, "NetShareSetInfo 502");
        NetApiBufferFree(buf);
    }
    BYTE broken[sizeof everyone_reads];
    memcpy(broken, everyone_reads, sizeof broken);
    broken[22] = 200; /* an ACL that is longer than the descriptor */
    DWORD parm = 0;
    sd = (SHARE_INFO_1501){ sizeof broken, broken };
    if (gives(NetShareSetInfo(host, nm, 1501, (LPBYTE)&sd, &parm), ERROR_INVALID_PARAMETER,
              "a broken descriptor"))
        check(parm == SHARE_FILE_SD_PARMNUM, "parm_err names it");
}

/* shares HOST PATH: a share of its own, from beginning to end */
static void suite_shares(char **arg)
{
    char16_t *path = wide(arg[0]);
    char16_t name[] = u"ternß日本";
    SHARE_INFO_2 s = { name, STYPE_DISKTREE, u"made by a test", 0, 5, 0, path, NULL };
    DWORD parm = 77, type = 77;
    NET_API_STATUS st = NetShareDel(host, name, 0); /* of a test that was cut off */
    check(st == NERR_Success || no_share(st), "nothing is left from before");
    if (gives(NetShareAdd(host, 2, (LPBYTE)&s, &parm), NERR_Success, "NetShareAdd 2")) {
        check(parm == PARM_ERROR_NONE, "no field is refused");
        check(share_settles(name, true), "the share is there");
        st = NetShareAdd(host, 2, (LPBYTE)&s, &parm);
        check(st == NERR_DuplicateShare || st == ERROR_FILE_EXISTS, "NetShareAdd again (%u: %s)", st,
              net_last_error());
        share_levels(name);
        share_parts();
        share_fields(name, path);
        share_security(name);
        st = NetShareCheck(host, path, &type);
        check((st == NERR_Success && type == STYPE_DISKTREE) || st == NERR_DeviceNotShared ||
                  no_operation(st),
              "NetShareCheck of the path (%u, type %u)", st, type);
        gives(NetShareDel(host, name, 0), NERR_Success, "NetShareDel");
        check(share_settles(name, false), "the share is gone");
    }
    gives_no_share(NetShareDel(host, name, 0), "NetShareDel again");
    st = NetShareCheck(host, u"X:\\nothing", &type);
    check(st == NERR_DeviceNotShared || no_operation(st), "NetShareCheck of nothing (%u: %s)", st,
          net_last_error());
    SHARE_INFO_502 sec = { name,
                           STYPE_DISKTREE,
                           u"",
                           0,
                           SHI_USES_UNLIMITED,
                           0,
                           path,
                           NULL,
                           sizeof everyone_reads,
                           (PSECURITY_DESCRIPTOR)(uintptr_t)everyone_reads };
    if (gives(NetShareAdd(host, 502, (LPBYTE)&sec, NULL), NERR_Success, "NetShareAdd 502")) {
        check(share_settles(name, true), "the share is there");
        gives(NetShareDel(host, name, 0), NERR_Success, "NetShareDel");
    }
    free(path);
}

/* ---- sessions, connections, files ---- */

/* With or without a domain in front. */
static bool same_user(const char16_t *have, const char16_t *want)
{
    const char16_t *tail = have ? ustr_rchr(have, u'\\') : NULL;
    return have && ustr_casecmp(tail ? tail + 1 : have, want) == 0;
}

/* sessions HOST USER SHARE: USER is who we are, SHARE one that somebody has a file open on */
static void suite_sessions(char **arg)
{
    static const struct {
        DWORD level;
        size_t size;
    } levels[] = {
        { 0, sizeof(SESSION_INFO_0) },   { 1, sizeof(SESSION_INFO_1) },     { 2, sizeof(SESSION_INFO_2) },
        { 10, sizeof(SESSION_INFO_10) }, { 502, sizeof(SESSION_INFO_502) },
    };
    char16_t *user = wide(arg[0]), *share = wide(arg[1]);
    char16_t client[256] = u"";
    LPBYTE buf;
    DWORD n, total, resume;
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        resume = 0;
        NET_API_STATUS st = NetSessionEnum(host, NULL, NULL, levels[i].level, &buf, MAX_PREFERRED_LENGTH, &n,
                                           &total, &resume);
        if (st == ERROR_INVALID_LEVEL && levels[i].level >= 2) { /* Samba has 0, 1, 2 only in some versions */
            check(true, "NetSessionEnum %u is not known to the server", levels[i].level);
            continue;
        }
        check(st == NERR_Success && n > 0, "NetSessionEnum %u: %u sessions (%u: %s)", levels[i].level, n, st,
              net_last_error());
        if (st != NERR_Success)
            continue;
        bool me = levels[i].level == 0;
        for (DWORD k = 0; levels[i].level && k < n; k++) {
            const SESSION_INFO_10 *s = (const void *)(buf + k * levels[i].size); /* all begin alike */
            if (same_user(s->sesi10_username, user)) {
                me = true;
                if (ustr_copy(client, 256, s->sesi10_cname) != STATUS_SUCCESS)
                    abort();
            }
        }
        check(me, "%u: ours is among them", levels[i].level);
        NetApiBufferFree(buf);
    }
    if (gives(NetSessionGetInfo(host, client, user, 1, &buf), NERR_Success, "NetSessionGetInfo 1")) {
        check(same_user(((const SESSION_INFO_1 *)(const void *)buf)->sesi1_username, user), "it is ours");
        NetApiBufferFree(buf);
    }
    gives(NetSessionGetInfo(host, client, u"nobodyatall", 1, &buf), NERR_ClientNameNotFound,
          "NetSessionGetInfo of nobody");
    gives(NetSessionGetInfo(host, client, user, 502, &buf), ERROR_INVALID_LEVEL,
          "NetSessionGetInfo has no level 502");

    for (DWORD level = 0; level < 2; level++) {
        NET_API_STATUS st =
            NetConnectionEnum(host, share, level, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL);
        check(st == NERR_Success && n > 0, "NetConnectionEnum %u: %u connections (%u: %s)", level, n, st,
              net_last_error());
        if (st != NERR_Success)
            continue;
        if (level && n)
            check(((const CONNECTION_INFO_1 *)(const void *)buf)->coni1_username != NULL, "by %s",
                  narrow(((const CONNECTION_INFO_1 *)(const void *)buf)->coni1_username));
        NetApiBufferFree(buf);
    }

    DWORD_PTR handle = 0;
    DWORD id = 0;
    NET_API_STATUS st = NetFileEnum(host, NULL, NULL, 2, &buf, MAX_PREFERRED_LENGTH, &n, &total, &handle);
    check((st == NERR_Success && n > 0) || st == ERROR_INVALID_LEVEL,
          "NetFileEnum 2, which Samba has not (%u)", st);
    if (st == NERR_Success)
        NetApiBufferFree(buf);
    if (gives(NetFileEnum(host, NULL, NULL, 3, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL), NERR_Success,
              "NetFileEnum 3")) {
        for (DWORD i = 0; i < n; i++) {
            const FILE_INFO_3 *f = (const void *)(buf + i * sizeof *f);
            if (strstr(narrow(f->fi3_pathname), "held.txt")) {
                id = f->fi3_id;
                check(f->fi3_permissions != 0 && f->fi3_username && f->fi3_username[0], "%s is open by %s",
                      narrow(f->fi3_pathname), narrow(f->fi3_username));
            }
        }
        NetApiBufferFree(buf);
    }
    check(id != 0, "the file that is held open is in the list");
    st = NetFileGetInfo(host, id, 3, &buf);
    check(st == NERR_Success || net_last_status() == RPC_NT_PROCNUM_OUT_OF_RANGE, "NetFileGetInfo 3 (%u: %s)",
          st, net_last_error());
    if (st == NERR_Success)
        NetApiBufferFree(buf);
    gives(NetFileGetInfo(host, id, 1, &buf), ERROR_INVALID_LEVEL, "NetFileGetInfo 1");
    gives(NetFileClose(host, id), NERR_Success, "NetFileClose");
    free(user);
    free(share);
}

/* end-session HOST USER: ends what USER (another one) has with the server */
static void suite_end_session(char **arg)
{
    char16_t *user = wide(arg[0]);
    LPBYTE buf;
    DWORD n, total;
    char16_t client[260] = u"\\\\";
    bool found = false;
    if (gives(NetSessionEnum(host, NULL, user, 1, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL), NERR_Success,
              "sessions of one user")) {
        for (DWORD i = 0; i < n && !found; i++) {
            const SESSION_INFO_1 *s = (const void *)(buf + i * sizeof *s);
            const char16_t *name = s->sesi1_cname;
            while (*name == u'\\')
                name++;
            found = same_user(s->sesi1_username, user) && ustr_append(client, 260, name) == STATUS_SUCCESS;
        }
        NetApiBufferFree(buf);
    }
    check(found, "%s has a session from %s", arg[0], narrow(client));
    gives(NetSessionDel(host, client, user), NERR_Success, "NetSessionDel");
    NET_API_STATUS st = NetSessionDel(host, u"\\\\203.0.113.77", u"nobodyatall");
    check(st == NERR_ClientNameNotFound ||
              st == ERROR_ACCESS_DENIED, /* Samba has the second for both cases */
          "NetSessionDel of nobody (%u)", st);
    free(user);
}

/* ---- refusals ---- */

#define UNITS(n, ch) ((WCHAR *)memset_units(n, ch))
static char16_t *memset_units(size_t n, char16_t ch)
{
    static char16_t buf[4][2100];
    static unsigned next;
    char16_t *s = buf[next++ % 4];
    for (size_t i = 0; i < n; i++)
        s[i] = ch;
    s[n] = 0;
    return s;
}

static void bad_servers(void)
{
    LPBYTE buf;
    gives(NetServerGetInfo(u"nosuchhost.invalid", 100, &buf), ERROR_BAD_NETPATH,
          "a host that does not exist");
    gives(NetServerGetInfo(u"\\\\", 100, &buf), NERR_InvalidComputer, "an empty name behind the backslashes");
    gives(NetServerGetInfo(UNITS(256, u'x'), 100, &buf), NERR_InvalidComputer, "a name that is too long");
    gives(NetServerGetInfo(u"a/b", 100, &buf), NERR_InvalidComputer, "a name with a slash");
    gives(NetServerGetInfo(u"\\\\a\\b", 100, &buf), NERR_InvalidComputer, "a name with a backslash");
    char16_t lone[] = { 0xd800, u'x', 0 };
    gives(NetServerGetInfo(lone, 100, &buf), NERR_InvalidComputer, "a lone surrogate in a host name");
}

static void bad_arguments(void)
{
    LPBYTE buf = NULL;
    DWORD n, total, parm, type;
    gives(NetServerGetInfo(host, 100, NULL), ERROR_INVALID_PARAMETER, "NetServerGetInfo without a place");
    gives(NetServerGetInfo(host, 999, &buf), ERROR_INVALID_LEVEL, "NetServerGetInfo 999");
    check(buf == NULL, "and nothing to release");
    gives(NetRemoteTOD(host, NULL), ERROR_INVALID_PARAMETER, "NetRemoteTOD without a place");
    gives(NetShareEnum(host, 1, NULL, 0, &n, &total, NULL), ERROR_INVALID_PARAMETER,
          "NetShareEnum without a place");
    gives(NetShareEnum(host, 1, &buf, 0, NULL, &total, NULL), ERROR_INVALID_PARAMETER,
          "NetShareEnum without a count");
    gives(NetShareEnum(host, 3, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL), ERROR_INVALID_LEVEL,
          "NetShareEnum 3");
    gives(NetShareGetInfo(host, NULL, 1, &buf), ERROR_INVALID_PARAMETER, "NetShareGetInfo NULL");
    gives(NetShareGetInfo(host, u"", 1, &buf), ERROR_INVALID_PARAMETER, "NetShareGetInfo of an empty name");
    gives(NetShareGetInfo(host, UNITS(81, u'x'), 1, &buf), ERROR_INVALID_PARAMETER,
          "NetShareGetInfo, over 80 characters");
    gives_no_share(NetShareGetInfo(host, UNITS(80, u'x'), 1, &buf), "NetShareGetInfo, 80 characters");
    gives(NetShareGetInfo(host, u"share1", 3, &buf), ERROR_INVALID_LEVEL, "NetShareGetInfo 3");
    gives(NetShareDel(host, NULL, 0), ERROR_INVALID_PARAMETER, "NetShareDel NULL");
    gives(NetShareDel(host, u"x", 1), ERROR_INVALID_PARAMETER, "NetShareDel with a reserved argument");
    gives(NetShareCheck(host, NULL, &type), ERROR_INVALID_PARAMETER, "NetShareCheck NULL");
    gives(NetShareCheck(host, u"C:\\", NULL), ERROR_INVALID_PARAMETER, "NetShareCheck without a place");
    gives(NetShareAdd(host, 2, NULL, &parm), ERROR_INVALID_PARAMETER, "NetShareAdd NULL");
    gives(NetShareAdd(host, 1, (LPBYTE)&type, &parm), ERROR_INVALID_LEVEL, "NetShareAdd 1");
    SHARE_INFO_2 s = { NULL, 0, NULL, 0, 0, 0, u"/tmp", NULL };
    if (gives(NetShareAdd(host, 2, (LPBYTE)&s, &parm), ERROR_INVALID_PARAMETER, "NetShareAdd without a name"))
        check(parm == SHARE_NETNAME_PARMNUM, "parm_err names the name");
    s.shi2_netname = UNITS(81, u'n');
    if (gives(NetShareAdd(host, 2, (LPBYTE)&s, &parm), ERROR_INVALID_PARAMETER,
              "NetShareAdd with a long name"))
        check(parm == SHARE_NETNAME_PARMNUM, "parm_err names the name");
    s.shi2_netname = u"tern";
    s.shi2_remark = UNITS(257, u'r');
    if (gives(NetShareAdd(host, 2, (LPBYTE)&s, &parm), ERROR_INVALID_PARAMETER,
              "NetShareAdd with a long remark"))
        check(parm == SHARE_REMARK_PARMNUM, "parm_err names the remark");
    gives(NetShareSetInfo(host, u"x", 0, (LPBYTE)&s, &parm), ERROR_INVALID_LEVEL, "NetShareSetInfo 0");
    gives_no_share(NetShareSetInfo(host, u"nosuchshare", 1004, (LPBYTE) & (SHARE_INFO_1004){ u"r" }, &parm),
                   "NetShareSetInfo of no share");
    gives(NetSessionEnum(host, NULL, NULL, 3, &buf, 0, &n, &total, NULL), ERROR_INVALID_LEVEL,
          "NetSessionEnum 3");
    gives(NetSessionEnum(host, UNITS(1024, u'c'), NULL, 1, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL),
          ERROR_INVALID_PARAMETER, "NetSessionEnum of a long client");
    gives(NetSessionGetInfo(host, NULL, u"u", 1, &buf), ERROR_INVALID_PARAMETER,
          "NetSessionGetInfo without a client");
    gives(NetSessionGetInfo(host, u"\\\\c", NULL, 1, &buf), ERROR_INVALID_PARAMETER,
          "NetSessionGetInfo without a user");
    gives(NetSessionDel(host, NULL, NULL), ERROR_INVALID_PARAMETER, "NetSessionDel of everybody");
    gives(NetConnectionEnum(host, NULL, 1, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL),
          ERROR_INVALID_PARAMETER, "NetConnectionEnum NULL");
    gives(NetFileEnum(host, NULL, NULL, 1, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL), ERROR_INVALID_LEVEL,
          "NetFileEnum 1");
    check(NetFileClose(host, 0xfffffff0) != NERR_Success, "NetFileClose of no file (%s)", net_last_error());
    NetApiBufferSize(NULL, NULL);
    gives(NetUseAdd(NULL, 3, NULL, NULL), ERROR_INVALID_LEVEL, "NetUseAdd 3");
    gives(NetUseAdd(NULL, 2, NULL, NULL), ERROR_INVALID_PARAMETER, "NetUseAdd NULL");
    gives(NetUseDel(NULL, u"\\\\nosuch\\IPC$", USE_NOFORCE), NERR_UseNotFound, "NetUseDel of no use");
}

/* Legal code units, not legal UTF-16: they arrive as they were sent. */
static void surrogates(void)
{
    LPBYTE buf;
    char16_t lone[] = { u'x', 0xdc00, 0xd83d, u'y', 0 };
    NET_API_STATUS st = NetShareGetInfo(host, lone, 1, &buf);
    check(st == NERR_NetNameNotFound || st == ERROR_INVALID_NAME || st == ERROR_INVALID_PARAMETER ||
              net_last_status() == RPC_NT_BAD_STUB_DATA,
          "a share name with lone surrogates reaches the server (%u: %s)", st, net_last_error());
    gives(NetServerGetInfo(host, 100, &buf), NERR_Success, "and the connection goes on");
    NetApiBufferFree(buf);
}

static void suite_refused(char **arg)
{
    (void)arg;
    bad_servers();
    bad_arguments();
    surrogates();
}

/* denied HOST: as somebody who is no administrator */
static void suite_denied(char **arg)
{
    LPBYTE buf = (LPBYTE)&failures;
    DWORD n, total;
    gives(NetServerGetInfo(host, 101, &buf), NERR_Success, "NetServerGetInfo 101 is for everybody");
    NetApiBufferFree(buf);
    gives(NetShareEnum(host, 1, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL), NERR_Success,
          "NetShareEnum 1 is for everybody");
    NetApiBufferFree(buf);
    char16_t *path = wide(arg[0]);
    SHARE_INFO_2 s = { u"terndenied", STYPE_DISKTREE, NULL, 0, 5, 0, path, NULL };
    gives(NetShareAdd(host, 2, (LPBYTE)&s, NULL), ERROR_ACCESS_DENIED, "NetShareAdd is not");
    check(strstr(net_last_error(), "ERROR_ACCESS_DENIED") && strstr(net_last_error(), "refuses this to") &&
              strstr(net_last_error(), getenv("NA_USER")),
          "the sentence says who, where and what: %s", net_last_error());
    gives(NetShareDel(host, u"share1", 0), ERROR_ACCESS_DENIED, "NetShareDel is not");
    gives(NetSessionEnum(host, NULL, NULL, 1, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL),
          ERROR_ACCESS_DENIED, "NetSessionEnum 1 is not");
    check(buf == NULL && n == 0 && total == 0, "with nothing to release");
    gives(NetWkstaUserEnum(host, 0, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL), ERROR_ACCESS_DENIED,
          "NetWkstaUserEnum is not");
    free(path);
}

/* status HOST NUMBER REGEX...: what one plain call ends with */
static void suite_status(char **arg)
{
    LPBYTE buf = NULL;
    NET_API_STATUS st = NetServerGetInfo(host, 100, &buf);
    check(st == (NET_API_STATUS)atoi(arg[0]), "NetServerGetInfo gives %u: %s", st, net_last_error());
    NetApiBufferFree(buf);
    for (arg++; *arg; arg++)
        check(strstr(net_last_error(), *arg) != NULL, "the sentence has '%s'", *arg);
}

/* ---- uses ---- */

/* use HOST USER PASSWORD: without options or tickets, by NetUseAdd alone */
static void suite_use(char **arg)
{
    char16_t *user = wide(arg[0]), *password = wide(arg[1]);
    char remote[300];
    snprintf(remote, sizeof remote, "\\\\%s\\IPC$", narrow(host));
    char16_t *name = wide(remote);
    LPBYTE buf;
    DWORD parm = 77;
    if (net_set_options(NULL, NULL) != STATUS_SUCCESS)
        abort();
    check(NetServerGetInfo(host, 100, &buf) != NERR_Success, "nobody may not: %s", net_last_error());
    USE_INFO_2 u = { NULL, name, u"wrong", 0, USE_IPC, 0, 0, user, NULL };
    gives(NetUseAdd(NULL, 2, (LPBYTE)&u, &parm), ERROR_LOGON_FAILURE, "NetUseAdd with a wrong password");
    gives(NetUseDel(NULL, name, USE_NOFORCE), NERR_UseNotFound, "which leaves no use");
    u.ui2_password = password;
    gives(NetUseAdd(NULL, 2, (LPBYTE)&u, &parm), NERR_Success, "NetUseAdd");
    check(parm == PARM_ERROR_NONE, "no field is refused");
    gives(NetUseAdd(NULL, 2, (LPBYTE)&u, NULL), NERR_Success, "NetUseAdd again, the same");
    gives(NetServerGetInfo(host, 100, &buf), NERR_Success, "then calls go");
    NetApiBufferFree(buf);
    USE_INFO_2 other = u;
    other.ui2_username = u"somebodyelse";
    gives(NetUseAdd(NULL, 2, (LPBYTE)&other, NULL), ERROR_SESSION_CREDENTIAL_CONFLICT,
          "NetUseAdd as somebody else");
    u.ui2_local = u"Z:";
    if (gives(NetUseAdd(NULL, 2, (LPBYTE)&u, &parm), ERROR_INVALID_PARAMETER,
              "NetUseAdd with a drive letter"))
        check(parm == USE_LOCAL_PARMNUM, "parm_err names it");
    u.ui2_local = NULL;
    u.ui2_asg_type = USE_DISKDEV;
    if (gives(NetUseAdd(NULL, 2, (LPBYTE)&u, &parm), NERR_BadAsgType, "NetUseAdd of a disk"))
        check(parm == USE_ASGTYPE_PARMNUM, "parm_err names it");
    gives(NetUseDel(NULL, name, USE_LOTS_OF_FORCE), NERR_Success, "NetUseDel");
    check(NetServerGetInfo(host, 100, &buf) != NERR_Success, "and nobody may not again");
    free(user);
    free(password);
    free(name);
}

/* ---- threads ---- */

#define THREADS 8
#define ROUNDS  40

struct worker {
    pthread_t thread;
    char16_t *host;
    unsigned bad;
    unsigned number;
    char text[512];
};

/* Good calls and bad ones: the sentence must be this thread's. */
static void *work(void *arg)
{
    struct worker *w = arg;
    for (unsigned i = 0; i < ROUNDS; i++) {
        LPBYTE buf;
        DWORD n, total;
        if (NetServerGetInfo(w->host, 101, &buf) != NERR_Success) {
            w->bad++;
            snprintf(w->text, sizeof w->text, "%s", net_last_error());
        } else {
            w->bad += net_last_error()[0] != 0;
            NetApiBufferFree(buf);
        }
        if (NetShareEnum(w->host, 1, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL) != NERR_Success)
            w->bad++;
        else
            NetApiBufferFree(buf);
        char name[32];
        snprintf(name, sizeof name, "none%u-%u", w->number, i);
        char16_t *share = wide(name);
        if (!no_share(NetShareGetInfo(w->host, share, 1, &buf)) ||
            !strstr(net_last_error(), "NetShareGetInfo"))
            w->bad++;
        free(share);
        if (i % 16 == 15 && w->number == 0)
            net_close_idle();
        if (i % 16 == 7 && w->number == 1)
            set_options(); /* a new generation of options under everybody's feet */
    }
    return NULL;
}

/* threads HOST [HOST...] */
static void suite_threads(char **arg)
{
    struct worker w[THREADS];
    char16_t *hosts[THREADS] = { host };
    unsigned n_hosts = 1;
    for (; *arg && n_hosts < THREADS; arg++)
        hosts[n_hosts++] = wide(*arg);
    for (unsigned i = 0; i < THREADS; i++) {
        w[i] = (struct worker){ .host = hosts[i % n_hosts], .number = i };
        if (pthread_create(&w[i].thread, NULL, work, &w[i]))
            abort();
    }
    unsigned bad = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(w[i].thread, NULL);
        if (w[i].bad)
            printf("# thread %u: %u bad, %s\n", i, w[i].bad, w[i].text);
        bad += w[i].bad;
    }
    check(bad == 0, "%u threads on %u servers", THREADS, n_hosts);
    for (unsigned i = 1; i < n_hosts; i++)
        free(hosts[i]);
}

/* fork HOST: a child has connections of its own, and the parent's go on */
static void suite_fork(char **arg)
{
    (void)arg;
    LPBYTE buf;
    gives(NetServerGetInfo(host, 100, &buf), NERR_Success, "before the fork");
    NetApiBufferFree(buf);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        NET_API_STATUS st = NetServerGetInfo(host, 100, &buf);
        if (st == NERR_Success)
            NetApiBufferFree(buf);
        net_close_idle();
        _exit(st == NERR_Success ? 0 : 1);
    }
    int code = -1;
    waitpid(pid, &code, 0);
    check(code == 0, "in the child");
    gives(NetServerGetInfo(host, 100, &buf), NERR_Success, "in the parent, afterwards");
    NetApiBufferFree(buf);
}

/* idle HOST SIGNAL-FILE: the server ends the connection between two calls; waits until SIGNAL-FILE is gone */
static void suite_idle(char **arg)
{
    LPBYTE buf;
    gives(NetServerGetInfo(host, 100, &buf), NERR_Success, "before");
    NetApiBufferFree(buf);
    fflush(stdout);
    FILE *f = fopen(arg[0], "w");
    if (f)
        fclose(f);
    for (int i = 0; i < 200 && access(arg[0], F_OK) == 0; i++)
        usleep(100000);
    gives(NetServerGetInfo(host, 100, &buf), NERR_Success, "after the server ended the session");
    NetApiBufferFree(buf);
}

/* ---- for scripts ---- */

static void suite_add(char **arg) /* NAME PATH REMARK */
{
    SHARE_INFO_2 s = { wide(arg[0]), STYPE_DISKTREE, wide(arg[2]), 0, SHI_USES_UNLIMITED, 0, wide(arg[1]),
                       NULL };
    gives(NetShareAdd(host, 2, (LPBYTE)&s, NULL), NERR_Success, "NetShareAdd");
    free(s.shi2_netname);
    free(s.shi2_remark);
    free(s.shi2_path);
}

static void suite_del(char **arg)
{
    char16_t *name = wide(arg[0]);
    gives(NetShareDel(host, name, 0), NERR_Success, "NetShareDel");
    free(name);
}

static void suite_list(char **arg)
{
    (void)arg;
    LPBYTE buf;
    DWORD n, total;
    if (!gives(NetShareEnum(host, 2, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL), NERR_Success,
               "NetShareEnum"))
        return;
    for (DWORD i = 0; i < n; i++) {
        const SHARE_INFO_2 *s = (const void *)(buf + i * sizeof *s);
        printf("# %s|%s|%s|%u\n", narrow(s->shi2_netname), narrow(s->shi2_path), narrow(s->shi2_remark),
               s->shi2_max_uses);
    }
    NetApiBufferFree(buf);
}

static const struct {
    const char *name;
    int n_args;
    void (*run)(char **arg);
} suites[] = {
    { "info", 3, suite_info },         { "shares", 1, suite_shares },
    { "sessions", 2, suite_sessions }, { "refused", 0, suite_refused },
    { "denied", 1, suite_denied },     { "status", 1, suite_status },
    { "use", 2, suite_use },           { "threads", 0, suite_threads },
    { "fork", 0, suite_fork },         { "idle", 1, suite_idle },
    { "add", 3, suite_add },           { "del", 1, suite_del },
    { "list", 0, suite_list },         { "end-session", 1, suite_end_session },
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 2 && i < sizeof suites / sizeof *suites; i++)
        if (strcmp(argv[1], suites[i].name) == 0 && argc - 3 >= suites[i].n_args) {
            host = wide(argv[2]);
            set_options();
            suites[i].run(argv + 3);
            net_close_idle();
            if (net_set_options(NULL, NULL) != STATUS_SUCCESS)
                abort();
            free(host);
            puts("done");
            return failures ? 1 : 0;
        }
    fprintf(stderr, "usage: netapi_server SUITE HOST [ARGUMENT...]\n");
    return 2;
}
