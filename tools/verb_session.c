// SPDX-License-Identifier: Apache-2.0
/* tern session, file, connection: who is on the server right now. */
#include <stdio.h>
#include "tern.h"

/* Samba counts from its own second to ours and may come out below zero. */
static void out_seconds(struct out *o, DWORD seconds)
{
    out_num(o, seconds > INT32_MAX ? 0 : seconds);
}

static int session_list(struct tern *t)
{
    static const struct col cols[] = {
        { "client", "CLIENT", COL_STR }, { "user", "USER", COL_STR }, { "opens", "OPENS", COL_NUM },
        { "active", "ACTIVE", COL_AGE }, { "idle", "IDLE", COL_AGE },
    };
    static const struct col short_cols[] = {
        { "client", "CLIENT", COL_STR },
        { "user", "USER", COL_STR },
        { "active", "ACTIVE", COL_AGE },
        { "idle", "IDLE", COL_AGE },
    };
    LPWSTR client = tern_wide(t, tern_opt(t, "client")), user = tern_wide(t, tern_opt(t, "of-user"));
    DWORD read, total, resume = 0, level = tern_opt(t, "brief") ? 10 : 1;
    struct out *o = level == 1 ? out_begin(t, "sessions", cols, 5, false)
                               : out_begin(t, "sessions", short_cols, 4, false);
    NET_API_STATUS st;
    do {
        LPBYTE buf = NULL;
        read = 0;
        st = NetSessionEnum(t->wserver, client, user, level, &buf, MAX_PREFERRED_LENGTH, &read, &total,
                            &resume);
        for (DWORD i = 0; i < read; i++) {
            const SESSION_INFO_1 *s1 = (const SESSION_INFO_1 *)(const void *)buf + i;
            const SESSION_INFO_10 *s10 = (const SESSION_INFO_10 *)(const void *)buf + i;
            out_row(o);
            out_wstr(o, level == 1 ? s1->sesi1_cname : s10->sesi10_cname);
            out_wstr(o, level == 1 ? s1->sesi1_username : s10->sesi10_username);
            if (level == 1)
                out_num(o, s1->sesi1_num_opens);
            out_seconds(o, level == 1 ? s1->sesi1_time : s10->sesi10_time);
            out_seconds(o, level == 1 ? s1->sesi1_idle_time : s10->sesi10_idle_time);
        }
        NetApiBufferFree(buf);
    } while (st == ERROR_MORE_DATA && read);
    return out_end_list(o, st);
}

static int session_close(struct tern *t)
{
    LPWSTR client = tern_wide(t, tern_opt(t, "client")), user = tern_wide(t, tern_opt(t, "of-user"));
    if (!client && !user)
        return tern_usage(t, "--client or --of-user is missing");
    if (!tern_ok(t, NetSessionDel(t->wserver, client, user)))
        return EXIT_FAILED;
    return tern_done(t, "sessions ended");
}

static const struct col file_cols[] = {
    { "id", "ID", COL_NUM },       { "user", "USER", COL_STR },           { "path", "PATH", COL_TEXT },
    { "locks", "LOCKS", COL_NUM }, { "permissions", "ACCESS", COL_LIST },
};

static void file_row(struct out *o, const FILE_INFO_3 *f)
{
    const char *names[3];
    size_t n = 0;
    if (f->fi3_permissions & PERM_FILE_READ)
        names[n++] = "read";
    if (f->fi3_permissions & PERM_FILE_WRITE)
        names[n++] = "write";
    if (f->fi3_permissions & PERM_FILE_CREATE)
        names[n++] = "create";
    out_row(o);
    out_num(o, f->fi3_id);
    out_wstr(o, f->fi3_username);
    out_wstr(o, f->fi3_pathname);
    out_num(o, f->fi3_num_locks);
    out_list(o, names, n);
}

static int file_list(struct tern *t)
{
    LPWSTR path = tern_wide(t, tern_opt(t, "path")), user = tern_wide(t, tern_opt(t, "of-user"));
    struct out *o = out_begin(t, "files", file_cols, 5, false);
    DWORD read, total;
    DWORD_PTR resume = 0;
    NET_API_STATUS st;
    do {
        FILE_INFO_3 *f = NULL;
        read = 0;
        st = NetFileEnum(t->wserver, path, user, 3, (LPBYTE *)&f, MAX_PREFERRED_LENGTH, &read, &total,
                         &resume);
        for (DWORD i = 0; i < read; i++)
            file_row(o, &f[i]);
        NetApiBufferFree(f);
    } while (st == ERROR_MORE_DATA && read);
    return out_end_list(o, st);
}

static bool file_id(struct tern *t, unsigned i, DWORD *ret)
{
    char extra;
    return sscanf(t->args[i], "%u%c", ret, &extra) == 1 && t->args[i][0] != '-';
}

static int file_show(struct tern *t)
{
    DWORD id;
    FILE_INFO_3 *f;
    if (!file_id(t, 0, &id))
        return tern_usage(t, "'%s' is no file id: see tern file list", t->args[0]);
    if (!tern_ok(t, NetFileGetInfo(t->wserver, id, 3, (LPBYTE *)&f)))
        return EXIT_FAILED;
    struct out *o = out_begin(t, "files", file_cols, 5, true);
    file_row(o, f);
    NetApiBufferFree(f);
    return out_end(o);
}

static int file_close(struct tern *t)
{
    DWORD id;
    for (unsigned i = 0; i < t->n_args; i++) {
        if (!file_id(t, i, &id))
            return tern_usage(t, "'%s' is no file id: see tern file list", t->args[i]);
        t->object = t->args[i];
        if (!tern_ok(t, NetFileClose(t->wserver, id)))
            return EXIT_FAILED;
    }
    return tern_done(t, "%u file%s closed", t->n_args, t->n_args == 1 ? "" : "s");
}

static int connection_list(struct tern *t)
{
    static const struct col cols[] = {
        { "id", "ID", COL_NUM },       { "user", "USER", COL_STR }, { "name", "NAME", COL_STR },
        { "opens", "OPENS", COL_NUM }, { "users", NULL, COL_NUM },  { "active", "ACTIVE", COL_AGE },
    };
    struct out *o = out_begin(t, "connections", cols, 6, false);
    DWORD read, total, resume = 0;
    NET_API_STATUS st;
    do {
        CONNECTION_INFO_1 *c = NULL;
        read = 0;
        st = NetConnectionEnum(t->wserver, tern_wide(t, t->args[0]), 1, (LPBYTE *)&c, MAX_PREFERRED_LENGTH,
                               &read, &total, &resume);
        for (DWORD i = 0; i < read; i++) {
            out_row(o);
            out_num(o, c[i].coni1_id);
            out_wstr(o, c[i].coni1_username);
            out_wstr(o, c[i].coni1_netname);
            out_num(o, c[i].coni1_num_opens);
            out_num(o, c[i].coni1_num_users);
            out_seconds(o, c[i].coni1_time);
        }
        NetApiBufferFree(c);
    } while (st == ERROR_MORE_DATA && read);
    return out_end_list(o, st);
}

static const struct opt session_list_opts[] = {
    { "client", "NAME", "only from this client (\\\\name)" },
    { "of-user", "NAME", "only of this user" },
    { "brief", NULL, "what every user may see (level 10)" },
    { NULL },
};
static const struct opt session_close_opts[] = {
    { "client", "NAME", "sessions from this client (\\\\name)" },
    { "of-user", "NAME", "sessions of this user" },
    { NULL },
};
static const struct opt file_opts[] = {
    { "path", "PATH", "only below this path" },
    { "of-user", "NAME", "only opened by this user" },
    { NULL },
};

const struct verb session_verbs[] = {
    { "session", "list", "", 0, 0, "sessions on a server", session_list_opts, session_list },
    { "session", "close", "[--client NAME] [--of-user NAME]", 0, 0, "end sessions", session_close_opts,
      session_close },
    { "file", "list", "", 0, 0, "open files and pipes", file_opts, file_list },
    { "file", "show", "ID", 1, 1, "one open file", NULL, file_show },
    { "file", "close", "ID...", 1, MAX_ARGS, "close files", NULL, file_close },
    { "connection", "list", "SHARE|\\\\CLIENT", 1, 1, "connections to a share or from a client", NULL,
      connection_list },
    { NULL },
};
