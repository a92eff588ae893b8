// SPDX-License-Identifier: Apache-2.0
/* tern server, time, workstation. */
#include <stdio.h>
#include <string.h>
#include "tern.h"

static const char *platform(DWORD id)
{
    return id == PLATFORM_ID_NT    ? "NT"
           : id == PLATFORM_ID_OS2 ? "OS/2"
           : id == PLATFORM_ID_DOS ? "DOS"
                                   : "other";
}

/* The server type bits that say something to an administrator ([MS-SRVS] 2.2.2.7). */
static size_t server_types(DWORD type, const char **names)
{
    static const struct {
        DWORD bit;
        const char *name;
    } bits[] = {
        { SV_TYPE_DOMAIN_CTRL, "domain-controller" },
        { SV_TYPE_DOMAIN_BAKCTRL, "backup-controller" },
        { SV_TYPE_DOMAIN_MEMBER, "domain-member" },
        { SV_TYPE_SERVER, "server" },
        { SV_TYPE_WORKSTATION, "workstation" },
        { SV_TYPE_PRINTQ_SERVER, "print-server" },
        { SV_TYPE_TIME_SOURCE, "time-source" },
        { SV_TYPE_SQLSERVER, "sql-server" },
        { SV_TYPE_SERVER_UNIX, "unix" },
        { SV_TYPE_DFS, "dfs" },
        { SV_TYPE_CLUSTER_NT, "cluster" },
        { SV_TYPE_TERMINALSERVER, "terminal-server" },
    };
    size_t n = 0;
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++)
        if (type & bits[i].bit)
            names[n++] = bits[i].name;
    return n;
}

static int server_info(struct tern *t)
{
    static const struct col cols[] = {
        { "name", "name", COL_STR },       { "platform", "platform", COL_STR },
        { "version", "version", COL_STR }, { "comment", "comment", COL_STR },
        { "roles", "roles", COL_LIST },    { "type", "type", COL_HEX },
    };
    SERVER_INFO_101 *s;
    if (!tern_ok(t, NetServerGetInfo(t->wserver, 101, (LPBYTE *)&s)))
        return EXIT_FAILED;
    struct out *o = out_begin(t, "servers", cols, N_OF(cols), true);
    const char *roles[32];
    char version[32];
    snprintf(version, sizeof version, "%u.%u", s->sv101_version_major & MAJOR_VERSION_MASK,
             s->sv101_version_minor);
    out_row(o);
    out_wstr(o, s->sv101_name);
    out_str(o, platform(s->sv101_platform_id));
    out_str(o, version);
    out_wstr(o, s->sv101_comment);
    out_list(o, roles, server_types(s->sv101_type, roles));
    out_num(o, s->sv101_type);
    NetApiBufferFree(s);
    return out_end(o);
}

static int server_time(struct tern *t)
{
    static const struct col cols[] = {
        { "time", "time", COL_TIME },
        { "hundredths", NULL, COL_NUM },
        { "timezone_minutes_west", "minutes west of UTC", COL_NUM },
        { "uptime_ms", "up for ms", COL_NUM },
    };
    TIME_OF_DAY_INFO *d;
    if (!tern_ok(t, NetRemoteTOD(t->wserver, (LPBYTE *)&d)))
        return EXIT_FAILED;
    struct out *o = out_begin(t, "times", cols, t->json ? 4 : 1, true);
    out_row(o);
    out_time(o, d->tod_elapsedt);
    if (t->json) {
        out_num(o, d->tod_hunds);
        if (d->tod_timezone == -1) /* not known to the server */
            out_null(o, "-");
        else
            out_int(o, d->tod_timezone);
        out_num(o, d->tod_msecs);
    }
    NetApiBufferFree(d);
    return out_end(o);
}

static int workstation_info(struct tern *t)
{
    static const struct col cols[] = {
        { "name", "name", COL_STR },
        { "domain", "domain", COL_STR },
        { "platform", "platform", COL_STR },
        { "version", "version", COL_STR },
    };
    WKSTA_INFO_100 *w;
    if (!tern_ok(t, NetWkstaGetInfo(t->wserver, 100, (LPBYTE *)&w)))
        return EXIT_FAILED;
    char version[32];
    snprintf(version, sizeof version, "%u.%u", w->wki100_ver_major, w->wki100_ver_minor);
    struct out *o = out_begin(t, "workstations", cols, 4, true);
    out_row(o);
    out_wstr(o, w->wki100_computername);
    out_wstr(o, w->wki100_langroup);
    out_str(o, platform(w->wki100_platform_id));
    out_str(o, version);
    NetApiBufferFree(w);
    return out_end(o);
}

static int workstation_users(struct tern *t)
{
    static const struct col cols[] = { { "name", "USER", COL_STR },
                                       { "domain", "DOMAIN", COL_STR },
                                       { "logon_server", "LOGON SERVER", COL_STR } };
    struct out *o = out_begin(t, "users", cols, 3, false);
    DWORD read, total, resume = 0;
    NET_API_STATUS st;
    do {
        WKSTA_USER_INFO_1 *u = NULL;
        read = 0;
        st = NetWkstaUserEnum(t->wserver, 1, (LPBYTE *)&u, MAX_PREFERRED_LENGTH, &read, &total, &resume);
        for (DWORD i = 0; i < read; i++) {
            out_row(o);
            out_wstr(o, u[i].wkui1_username);
            out_wstr(o, u[i].wkui1_logon_domain);
            out_wstr(o, u[i].wkui1_logon_server);
        }
        NetApiBufferFree(u);
    } while (st == ERROR_MORE_DATA && read);
    return out_end_list(o, st);
}

static int join_info(struct tern *t)
{
    static const struct col cols[] = { { "name", "name", COL_STR }, { "status", "status", COL_STR } };
    static const char *const kinds[] = { "unknown", "unjoined", "workgroup", "domain" };
    LPWSTR name;
    NETSETUP_JOIN_STATUS kind;
    if (!tern_ok(t, NetGetJoinInformation(t->wserver, &name, &kind)))
        return EXIT_FAILED;
    struct out *o = out_begin(t, "joins", cols, 2, true);
    out_row(o);
    out_wstr(o, name);
    out_str(o, (unsigned)kind < 4 ? kinds[kind] : "unknown");
    NetApiBufferFree(name);
    return out_end(o);
}

/* Logs on with the credentials given, and off: NetUseAdd and NetUseDel. */
static int use_check(struct tern *t)
{
    USE_INFO_2 u = { .ui2_asg_type = USE_IPC };
    if (t->protseq && strcmp(t->protseq, "ncacn_ip_tcp") == 0)
        return tern_usage(t, "this logs on to IPC$, that is over SMB: --transport tcp is not for it");
    char remote[300];
    snprintf(remote, sizeof remote, "\\\\%s\\IPC$", t->server + (t->server[0] == '\\' ? 2 : 0));
    u.ui2_remote = tern_wide(t, remote);
    if (t->user && t->password) {
        u.ui2_username = tern_wide(t, t->user);
        u.ui2_domainname = tern_wide(t, t->domain);
        u.ui2_password = tern_wide(t, t->password);
    } else if (t->anonymous) {
        u.ui2_username = u.ui2_password = tern_wide(t, "");
    }
    if (!tern_ok(t, NetUseAdd(NULL, 2, (LPBYTE)&u, NULL)))
        return EXIT_FAILED;
    if (!tern_ok(t, NetUseDel(NULL, u.ui2_remote, USE_FORCE)))
        return EXIT_FAILED;
    return tern_done(t, "%s lets you in", t->server);
}

const struct verb server_verbs[] = {
    { "server", "info", "", 0, 0, "name, version and roles of a server", NULL, server_info },
    { "server", "time", "", 0, 0, "the server's clock (also: tern time)", NULL, server_time },
    { "workstation", "info", "", 0, 0, "computer name and domain", NULL, workstation_info },
    { "workstation", "users", "", 0, 0, "who is logged on", NULL, workstation_users },
    { "join", "info", "", 0, 0, "domain or workgroup that the machine belongs to", NULL, join_info },
    { "use", "check", "", 0, 0, "log on to \\\\server\\IPC$ and off again: are the credentials good?", NULL,
      use_check },
    { NULL },
};
