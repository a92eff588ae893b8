// SPDX-License-Identifier: Apache-2.0
/* tern share. */
#include <string.h>
#include "tern.h"

static const char *share_type(DWORD type)
{
    switch (type & STYPE_MASK) {
    case STYPE_DISKTREE:
        return "disk";
    case STYPE_PRINTQ:
        return "printer";
    case STYPE_DEVICE:
        return "device";
    case STYPE_IPC:
        return "ipc";
    default:
        return "other";
    }
}

static const struct col brief[] = {
    { "name", "NAME", COL_STR },
    { "type", "TYPE", COL_STR },
    { "special", NULL, COL_BOOL },
    { "comment", "COMMENT", COL_TEXT },
};

static int share_list(struct tern *t)
{
    struct out *o = out_begin(t, "shares", brief, 4, false);
    DWORD read, total, resume = 0;
    NET_API_STATUS st;
    do {
        SHARE_INFO_1 *s = NULL;
        read = 0;
        st = NetShareEnum(t->wserver, 1, (LPBYTE *)&s, MAX_PREFERRED_LENGTH, &read, &total, &resume);
        for (DWORD i = 0; i < read; i++) {
            out_row(o);
            out_wstr(o, s[i].shi1_netname);
            out_str(o, share_type(s[i].shi1_type));
            out_bool(o, s[i].shi1_type & STYPE_SPECIAL);
            out_wstr(o, s[i].shi1_remark);
        }
        NetApiBufferFree(s);
    } while (st == ERROR_MORE_DATA && read);
    return out_end_list(o, st);
}

static int share_show(struct tern *t)
{
    static const struct col cols[] = {
        { "name", "name", COL_STR },         { "type", "type", COL_STR },
        { "comment", "comment", COL_STR },   { "path", "path", COL_STR },
        { "max_uses", "max uses", COL_NUM }, { "current_uses", "current uses", COL_NUM },
    };
    SHARE_INFO_2 *s;
    if (!tern_ok(t, NetShareGetInfo(t->wserver, tern_wide(t, t->args[0]), 2, (LPBYTE *)&s)))
        return EXIT_FAILED;
    struct out *o = out_begin(t, "shares", cols, 6, true);
    out_row(o);
    out_wstr(o, s->shi2_netname);
    out_str(o, share_type(s->shi2_type));
    out_wstr(o, s->shi2_remark);
    out_wstr(o, s->shi2_path);
    if (s->shi2_max_uses == SHI_USES_UNLIMITED)
        out_null(o, "unlimited");
    else
        out_num(o, s->shi2_max_uses);
    out_num(o, s->shi2_current_uses);
    NetApiBufferFree(s);
    return out_end(o);
}

static const struct opt share_opts[] = {
    { "path", "PATH", "directory on the server (C:\\data)" },
    { "comment", "TEXT", "what clients are shown" },
    { "max-uses", "N", "connections at a time (default: unlimited)" },
    { NULL },
};

static int share_add(struct tern *t)
{
    if (!tern_opt(t, "path"))
        return tern_usage(t, "--path is missing");
    WCHAR none[1] = { 0 };
    SHARE_INFO_2 s = {
        .shi2_netname = tern_wide(t, t->args[0]),
        .shi2_type = STYPE_DISKTREE,
        .shi2_remark = tern_opt(t, "comment") ? tern_wide(t, tern_opt(t, "comment")) : none,
        .shi2_max_uses = tern_number(t, "max-uses", SHI_USES_UNLIMITED, SHI_USES_UNLIMITED - 1),
        .shi2_path = tern_wide(t, tern_opt(t, "path")),
    };
    DWORD parm;
    if (!tern_ok(t, NetShareAdd(t->wserver, 2, (LPBYTE)&s, &parm)))
        return EXIT_FAILED;
    return tern_done(t, "share %s added", t->args[0]);
}

/* Only what is given changes. Samba has no level for the limit alone: read, change, write. */
static NET_API_STATUS set_limit(struct tern *t, LPWSTR name, DWORD max_uses, LPWSTR comment)
{
    SHARE_INFO_2 *s;
    NET_API_STATUS st = NetShareGetInfo(t->wserver, name, 2, (LPBYTE *)&s);
    if (st != NERR_Success)
        return st;
    s->shi2_max_uses = max_uses;
    if (comment)
        s->shi2_remark = comment;
    st = NetShareSetInfo(t->wserver, name, 2, (LPBYTE)s, NULL);
    NetApiBufferFree(s);
    return st;
}

static int share_set(struct tern *t)
{
    if (tern_opt(t, "path"))
        return tern_usage(t, "the path of a share cannot be changed: delete it and add it again");
    LPWSTR name = tern_arg(t, 0);
    SHARE_INFO_1004 c = { .shi1004_remark = tern_wide(t, tern_opt(t, "comment")) };
    NET_API_STATUS st;
    if (tern_opt(t, "max-uses"))
        st = set_limit(t, name, tern_number(t, "max-uses", 0, SHI_USES_UNLIMITED - 1), c.shi1004_remark);
    else if (c.shi1004_remark)
        st = NetShareSetInfo(t->wserver, name, 1004, (LPBYTE)&c, NULL);
    else
        return tern_usage(t, "nothing to change is given");
    if (!tern_ok(t, st))
        return EXIT_FAILED;
    return tern_done(t, "share %s changed", t->args[0]);
}

static NET_API_STATUS share_del_one(struct tern *t, LPWSTR name)
{
    return NetShareDel(t->wserver, name, 0);
}

static int share_del(struct tern *t)
{
    return tern_each(t, 0, share_del_one, "share", "deleted");
}

static int share_check(struct tern *t)
{
    static const struct col cols[] = { { "path", "path", COL_STR }, { "type", "type", COL_STR } };
    DWORD type;
    if (!tern_ok(t, NetShareCheck(t->wserver, tern_wide(t, t->args[0]), &type)))
        return EXIT_FAILED;
    struct out *o = out_begin(t, "shares", cols, 2, true);
    out_row(o);
    out_str(o, t->args[0]);
    out_str(o, share_type(type));
    return out_end(o);
}

const struct verb share_verbs[] = {
    { "share", "list", "", 0, 0, "shares of a server", NULL, share_list },
    { "share", "show", "NAME", 1, 1, "one share with path and limits", NULL, share_show },
    { "share", "add", "NAME --path PATH", 1, 1, "make a share of a directory", share_opts, share_add },
    { "share", "set", "NAME", 1, 1, "change comment or limit", share_opts, share_set },
    { "share", "delete", "NAME...", 1, MAX_ARGS, "end shares", NULL, share_del },
    { "share", "check", "PATH", 1, 1, "is this directory shared?", NULL, share_check },
    { NULL },
};
