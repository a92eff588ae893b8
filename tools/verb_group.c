// SPDX-License-Identifier: Apache-2.0
/* tern group: global groups, that is, groups of users of one domain. */
#include "tern.h"

/* [MS-SAMR] 2.2.1.10: attributes of a group. */
#define GROUP_MANDATORY       0x00000001
#define GROUP_ENABLED_DEFAULT 0x00000002
#define GROUP_ENABLED         0x00000004

static void out_attributes(struct out *o, DWORD a)
{
    const char *names[3];
    size_t n = 0;
    if (a & GROUP_MANDATORY)
        names[n++] = "mandatory";
    if (a & GROUP_ENABLED_DEFAULT)
        names[n++] = "enabled-by-default";
    if (a & GROUP_ENABLED)
        names[n++] = "enabled";
    out_list(o, names, n);
}

static const struct col list_cols[] = {
    { "name", "NAME", COL_STR },
    { "rid", "RID", COL_NUM },
    { "attributes", NULL, COL_LIST },
    { "comment", "COMMENT", COL_TEXT },
};
static const struct col show_cols[] = {
    { "name", "name", COL_STR },
    { "comment", "comment", COL_STR },
    { "sid", "SID", COL_STR },
    { "attributes", "attributes", COL_LIST },
};

static int group_list(struct tern *t)
{
    struct out *o = out_begin(t, "groups", list_cols, N_OF(list_cols), false);
    DWORD read, total;
    DWORD_PTR resume = 0;
    NET_API_STATUS st;
    do {
        GROUP_INFO_2 *g = NULL;
        read = 0;
        st = NetGroupEnum(t->wserver, 2, (LPBYTE *)&g, MAX_PREFERRED_LENGTH, &read, &total, &resume);
        if (st != NERR_Success && st != ERROR_MORE_DATA)
            break;
        for (DWORD i = 0; i < read; i++) {
            out_row(o);
            out_wstr(o, g[i].grpi2_name);
            out_num(o, g[i].grpi2_group_id);
            out_attributes(o, g[i].grpi2_attributes);
            out_wstr(o, g[i].grpi2_comment);
        }
        NetApiBufferFree(g);
    } while (st == ERROR_MORE_DATA && read);
    return out_end_list(o, st);
}

static int group_show(struct tern *t)
{
    GROUP_INFO_3 *g;
    if (!tern_ok(t, NetGroupGetInfo(t->wserver, tern_arg(t, 0), 3, (LPBYTE *)&g)))
        return EXIT_FAILED;
    struct out *o = out_begin(t, "groups", show_cols, N_OF(show_cols), true);
    out_row(o);
    out_wstr(o, g->grpi3_name);
    out_wstr(o, g->grpi3_comment);
    out_sid(o, g->grpi3_group_sid);
    out_attributes(o, g->grpi3_attributes);
    NetApiBufferFree(g);
    return out_end(o);
}

static int group_add(struct tern *t)
{
    GROUP_INFO_1 g = { .grpi1_name = tern_arg(t, 0),
                       .grpi1_comment = tern_wide_or(t, tern_opt(t, "comment"), "") };
    DWORD parm;
    if (!tern_ok(t, NetGroupAdd(t->wserver, 1, (LPBYTE)&g, &parm)))
        return EXIT_FAILED;
    return tern_done(t, "group %s added", t->args[0]);
}

static int group_set(struct tern *t)
{
    LPWSTR name = tern_arg(t, 0);
    GROUP_INFO_1002 c = { tern_wide(t, tern_opt(t, "comment")) };
    GROUP_INFO_0 n = { tern_wide(t, tern_opt(t, "rename")) };
    if (!c.grpi1002_comment && !n.grpi0_name)
        return tern_usage(t, "nothing to change is given");
    if (c.grpi1002_comment && !tern_ok(t, NetGroupSetInfo(t->wserver, name, 1002, (LPBYTE)&c, NULL)))
        return EXIT_FAILED;
    if (n.grpi0_name && !tern_ok(t, NetGroupSetInfo(t->wserver, name, 0, (LPBYTE)&n, NULL)))
        return EXIT_FAILED;
    return tern_done(t, "group %s changed", t->args[0]);
}

static NET_API_STATUS delete_one(struct tern *t, LPWSTR name)
{
    return NetGroupDel(t->wserver, name);
}

static int group_delete(struct tern *t)
{
    return tern_each(t, 0, delete_one, "group", "deleted");
}

static int group_members(struct tern *t)
{
    static const struct col cols[] = { { "name", "NAME", COL_STR }, { "attributes", NULL, COL_LIST } };
    struct out *o = out_begin(t, "members", cols, N_OF(cols), false);
    LPWSTR name = tern_arg(t, 0);
    DWORD read, total;
    DWORD_PTR resume = 0;
    NET_API_STATUS st;
    do {
        GROUP_USERS_INFO_1 *m = NULL;
        read = 0;
        st =
            NetGroupGetUsers(t->wserver, name, 1, (LPBYTE *)&m, MAX_PREFERRED_LENGTH, &read, &total, &resume);
        if (st != NERR_Success && st != ERROR_MORE_DATA)
            break;
        for (DWORD i = 0; i < read; i++) {
            out_row(o);
            out_wstr(o, m[i].grui1_name);
            out_attributes(o, m[i].grui1_attributes);
        }
        NetApiBufferFree(m);
    } while (st == ERROR_MORE_DATA && read);
    return out_end_list(o, st);
}

static NET_API_STATUS add_one(struct tern *t, LPWSTR name)
{
    return NetGroupAddUser(t->wserver, tern_wide(t, t->args[0]), name);
}

static NET_API_STATUS del_one(struct tern *t, LPWSTR name)
{
    return NetGroupDelUser(t->wserver, tern_wide(t, t->args[0]), name);
}

static int group_add_member(struct tern *t)
{
    return tern_each(t, 1, add_one, "member", "added");
}

static int group_del_member(struct tern *t)
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

const struct verb group_verbs[] = {
    { "group", "list", "", 0, 0, "global groups", NULL, group_list },
    { "group", "show", "NAME", 1, 1, "one group", NULL, group_show },
    { "group", "add", "NAME", 1, 1, "make a group", add_opts, group_add },
    { "group", "set", "NAME", 1, 1, "change comment or name", set_opts, group_set },
    { "group", "delete", "NAME...", 1, MAX_ARGS, "delete groups", NULL, group_delete },
    { "group", "members", "NAME", 1, 1, "users in a group", NULL, group_members },
    { "group", "add-member", "NAME USER...", 2, MAX_ARGS, "put users into a group", NULL, group_add_member },
    { "group", "del-member", "NAME USER...", 2, MAX_ARGS, "take users out of a group", NULL,
      group_del_member },
    { NULL },
};
