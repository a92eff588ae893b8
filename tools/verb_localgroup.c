// SPDX-License-Identifier: Apache-2.0
/* tern localgroup: groups of one server, with members from anywhere. */
#include <string.h>
#include "tern.h"

/* [MS-LSAT] 2.2.13 */
static const char *sid_type(SID_NAME_USE use)
{
    static const char *const names[] = { "unknown",          "user",    "group",   "domain",  "alias",
                                         "well-known-group", "deleted", "invalid", "unknown", "computer" };
    return (unsigned)use < N_OF(names) ? names[use] : "unknown";
}

static const struct col list_cols[] = { { "name", "NAME", COL_STR }, { "comment", "COMMENT", COL_TEXT } };
static const struct col show_cols[] = { { "name", "name", COL_STR }, { "comment", "comment", COL_STR } };

static void row(struct out *o, const LOCALGROUP_INFO_1 *g)
{
    out_row(o);
    out_wstr(o, g->lgrpi1_name);
    out_wstr(o, g->lgrpi1_comment);
}

static int localgroup_list(struct tern *t)
{
    struct out *o = out_begin(t, "localgroups", list_cols, N_OF(list_cols), false);
    DWORD read, total;
    DWORD_PTR resume = 0;
    NET_API_STATUS st;
    do {
        LOCALGROUP_INFO_1 *g = NULL;
        read = 0;
        st = NetLocalGroupEnum(t->wserver, 1, (LPBYTE *)&g, MAX_PREFERRED_LENGTH, &read, &total, &resume);
        if (st != NERR_Success && st != ERROR_MORE_DATA)
            break;
        for (DWORD i = 0; i < read; i++)
            row(o, &g[i]);
        NetApiBufferFree(g);
    } while (st == ERROR_MORE_DATA && read);
    return out_end_list(o, st);
}

static int localgroup_show(struct tern *t)
{
    LOCALGROUP_INFO_1 *g;
    if (!tern_ok(t, NetLocalGroupGetInfo(t->wserver, tern_arg(t, 0), 1, (LPBYTE *)&g)))
        return EXIT_FAILED;
    struct out *o = out_begin(t, "localgroups", show_cols, N_OF(show_cols), true);
    row(o, g);
    NetApiBufferFree(g);
    return out_end(o);
}

static int localgroup_add(struct tern *t)
{
    LOCALGROUP_INFO_1 g = { .lgrpi1_name = tern_arg(t, 0),
                            .lgrpi1_comment = tern_wide_or(t, tern_opt(t, "comment"), "") };
    DWORD parm;
    if (!tern_ok(t, NetLocalGroupAdd(t->wserver, 1, (LPBYTE)&g, &parm)))
        return EXIT_FAILED;
    return tern_done(t, "localgroup %s added", t->args[0]);
}

static int localgroup_set(struct tern *t)
{
    LPWSTR name = tern_arg(t, 0);
    LOCALGROUP_INFO_1002 c = { tern_wide(t, tern_opt(t, "comment")) };
    LOCALGROUP_INFO_0 n = { tern_wide(t, tern_opt(t, "rename")) };
    if (!c.lgrpi1002_comment && !n.lgrpi0_name)
        return tern_usage(t, "nothing to change is given");
    if (c.lgrpi1002_comment && !tern_ok(t, NetLocalGroupSetInfo(t->wserver, name, 1002, (LPBYTE)&c, NULL)))
        return EXIT_FAILED;
    if (n.lgrpi0_name && !tern_ok(t, NetLocalGroupSetInfo(t->wserver, name, 0, (LPBYTE)&n, NULL)))
        return EXIT_FAILED;
    return tern_done(t, "localgroup %s changed", t->args[0]);
}

static NET_API_STATUS delete_one(struct tern *t, LPWSTR name)
{
    return NetLocalGroupDel(t->wserver, name);
}

static int localgroup_delete(struct tern *t)
{
    return tern_each(t, 0, delete_one, "localgroup", "deleted");
}

static int localgroup_members(struct tern *t)
{
    static const struct col cols[] = { { "name", "NAME", COL_STR },
                                       { "type", "TYPE", COL_STR },
                                       { "sid", "SID", COL_STR } };
    struct out *o = out_begin(t, "members", cols, N_OF(cols), false);
    LPWSTR name = tern_arg(t, 0);
    DWORD read, total;
    DWORD_PTR resume = 0;
    NET_API_STATUS st;
    do {
        LOCALGROUP_MEMBERS_INFO_2 *m = NULL;
        read = 0;
        st = NetLocalGroupGetMembers(t->wserver, name, 2, (LPBYTE *)&m, MAX_PREFERRED_LENGTH, &read, &total,
                                     &resume);
        if (st != NERR_Success && st != ERROR_MORE_DATA)
            break;
        for (DWORD i = 0; i < read; i++) {
            out_row(o);
            out_wstr(o, m[i].lgrmi2_domainandname);
            out_str(o, sid_type(m[i].lgrmi2_sidusage));
            out_sid(o, m[i].lgrmi2_sid);
        }
        NetApiBufferFree(m);
    } while (st == ERROR_MORE_DATA && read);
    return out_end_list(o, st);
}

/* A member is DOMAIN\name, a name that the server is to look up, or a SID as a string. */
static NET_API_STATUS change_member(struct tern *t, LPWSTR name, bool add)
{
    LPWSTR group = tern_wide(t, t->args[0]);
    LOCALGROUP_MEMBERS_INFO_3 by_name = { name };
    struct nt_sid sid;
    LOCALGROUP_MEMBERS_INFO_0 by_sid = { (PSID)&sid }; /* the same layout */
    bool is_sid = strncmp(t->object, "S-1-", 4) == 0 && nt_sid_parse(t->object, &sid) == STATUS_SUCCESS;
    DWORD level = is_sid ? 0 : 3;
    LPBYTE buf = is_sid ? (LPBYTE)&by_sid : (LPBYTE)&by_name;
    return add ? NetLocalGroupAddMembers(t->wserver, group, level, buf, 1)
               : NetLocalGroupDelMembers(t->wserver, group, level, buf, 1);
}

static NET_API_STATUS add_one(struct tern *t, LPWSTR name)
{
    return change_member(t, name, true);
}

static NET_API_STATUS del_one(struct tern *t, LPWSTR name)
{
    return change_member(t, name, false);
}

static int localgroup_add_member(struct tern *t)
{
    return tern_each(t, 1, add_one, "member", "added");
}

static int localgroup_del_member(struct tern *t)
{
    return tern_each(t, 1, del_one, "member", "removed");
}

static const struct opt add_opts[] = {
    { "comment", "TEXT", "what the group is for" },
    { NULL },
};
static const struct opt set_opts[] = {
    { "comment", "TEXT", "what the group is for" },
    { "rename", "NAME", "a new name" },
    { NULL },
};

const struct verb localgroup_verbs[] = {
    { "localgroup", "list", "", 0, 0, "local groups, those that every server has among them", NULL,
      localgroup_list },
    { "localgroup", "show", "NAME", 1, 1, "one local group", NULL, localgroup_show },
    { "localgroup", "add", "NAME", 1, 1, "make a local group", add_opts, localgroup_add },
    { "localgroup", "set", "NAME", 1, 1, "change comment or name", set_opts, localgroup_set },
    { "localgroup", "delete", "NAME...", 1, MAX_ARGS, "delete local groups", NULL, localgroup_delete },
    { "localgroup", "members", "NAME", 1, 1, "who is in a local group", NULL, localgroup_members },
    { "localgroup", "add-member", "NAME MEMBER...", 2, MAX_ARGS, "put DOMAIN\\name or a SID into it", NULL,
      localgroup_add_member },
    { "localgroup", "del-member", "NAME MEMBER...", 2, MAX_ARGS, "take them out", NULL,
      localgroup_del_member },
    { NULL },
};
