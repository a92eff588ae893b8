// SPDX-License-Identifier: Apache-2.0
/*
 * The tables of [MS-SRVS] 3.1.4 and [MS-WKST] 3.2.4, row by row: which group may do what, which path can be
 * shared, which member is wrong, what is answered to whom goes on with another question.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include <msrpc/srvsvc.h>
#include <msrpc/unistr.h>
#include <msrpc/wkssvc.h>
#include "host_world.h"
#include "serve/names.h"

#define COUNT(a)          (sizeof(a) / sizeof((a)[0]))
#define ALL               UINT32_MAX
#define DENIED            W_ERROR_ACCESS_DENIED

#define CALL(fn, conn, r) assert_int_equal(fn(conn, w->mem, r), STATUS_SUCCESS)

static struct rpc_conn *open_as(struct world *w, struct sec_creds *c, bool wks)
{
    return world_open(w, c, wks ? "wkssvc" : "srvsvc", wks ? &wkssvc_interface : &srvsvc_interface);
}

/* ---- who may ---- */

enum { ADMIN, SERVER_OPERATOR, POWER_USER, PRINT_OPERATOR, USER, WHO }; /* as the letters below */

/* Eve, as a member of another alias of Builtin: what a store has of them, an import says. */
struct membership {
    struct samdb *db;
    uint32_t alias; /* 0: none */
};

static enum nt_status account(void *arg, const struct sec_logon *who, struct nt_arena *mem,
                              struct sec_account *ret)
{
    const struct membership *m = arg;
    enum nt_status st = samdb_account(m->db, who, mem, ret);
    if (st != STATUS_SUCCESS || !m->alias || strcasecmp(ret->account, "eve") != 0)
        return st;
    struct sec_group *list = nt_arena_array(mem, ret->n_groups + 1, sizeof *list);
    assert_non_null(list);
    memcpy(list, ret->groups, ret->n_groups * sizeof *list);
    list[ret->n_groups].sid = (struct nt_sid){ 1, 2, { 0, 0, 0, 0, 0, 5 }, { 32, m->alias } };
    list[ret->n_groups++].attributes = 7;
    ret->groups = list;
    return st;
}

static enum werror get_info(struct world *w, struct rpc_conn *c, uint32_t level)
{
    struct srvsvc_NetrServerGetInfo r = { .in = { .Level = level } };
    CALL(srvsvc_NetrServerGetInfo, c, &r);
    return r.out.result;
}

static enum werror get_share(struct world *w, struct rpc_conn *c, uint32_t level)
{
    struct srvsvc_NetrShareGetInfo r = { .in = { .NetName = u"IPC$", .Level = level } };
    CALL(srvsvc_NetrShareGetInfo, c, &r);
    return r.out.result;
}

/* One call that changes nothing of each operation; the argument is its level. */
#define LISTS(op)                                                                                            \
    static enum werror do_##op(struct world *w, struct rpc_conn *c, uint32_t level)                          \
    {                                                                                                        \
        struct srvsvc_Netr##op r = { .in = { .InfoStruct.Level = level, .PreferedMaximumLength = ALL } };    \
        CALL(srvsvc_Netr##op, c, &r);                                                                        \
        return r.out.result;                                                                                 \
    }
LISTS(FileEnum)
LISTS(SessionEnum)
LISTS(ShareEnum)
LISTS(ShareEnumSticky)
LISTS(ServerTransportEnum)
LISTS(ServerAliasEnum)

static enum werror do_ConnectionEnum(struct world *w, struct rpc_conn *c, uint32_t level)
{
    struct srvsvc_NetrConnectionEnum r = {
        .in = { .Qualifier = u"IPC$", .InfoStruct.Level = level, .PreferedMaximumLength = ALL }
    };
    CALL(srvsvc_NetrConnectionEnum, c, &r);
    return r.out.result;
}

static enum werror do_StatisticsGet(struct world *w, struct rpc_conn *c, uint32_t level)
{
    struct srvsvc_NetrServerStatisticsGet r = { .in = { .Level = level } };
    CALL(srvsvc_NetrServerStatisticsGet, c, &r);
    return r.out.result;
}

static enum werror do_DiskEnum(struct world *w, struct rpc_conn *c, uint32_t level)
{
    struct srvsvc_NetrServerDiskEnum r = { .in = { .Level = level } };
    CALL(srvsvc_NetrServerDiskEnum, c, &r);
    return r.out.result;
}

/* A share of that type under a name that is not to be had: the name is looked at only when the caller may. */
static enum werror do_ShareAdd(struct world *w, struct rpc_conn *c, uint32_t type)
{
    struct srvsvc_SHARE_INFO_2 i = { .shi2_netname = u"a/b", .shi2_type = type, .shi2_path = u"C:\\tmp" };
    struct srvsvc_NetrShareAdd r = { .in = { .Level = 2, .InfoStruct.ShareInfo2 = &i } };
    CALL(srvsvc_NetrShareAdd, c, &r);
    return r.out.result == W_ERROR_INVALID_NAME ? W_ERROR_SUCCESS : r.out.result;
}

static enum werror do_RemoteTOD(struct world *w, struct rpc_conn *c, uint32_t level)
{
    struct srvsvc_NetrRemoteTOD r = { .in = { .ServerName = NULL } };
    (void)level;
    CALL(srvsvc_NetrRemoteTOD, c, &r);
    return r.out.result;
}

static enum werror wks_info(struct world *w, struct rpc_conn *c, uint32_t level)
{
    struct wkssvc_NetrWkstaGetInfo r = { .in = { .Level = level } };
    CALL(wkssvc_NetrWkstaGetInfo, c, &r);
    return r.out.result;
}

static enum werror wks_users(struct world *w, struct rpc_conn *c, uint32_t level)
{
    struct wkssvc_NetrWkstaUserEnum r = { .in = { .UserInfo.Level = level, .PreferredMaximumLength = ALL } };
    CALL(wkssvc_NetrWkstaUserEnum, c, &r);
    return r.out.result;
}

static enum werror wks_set(struct world *w, struct rpc_conn *c, uint32_t level)
{
    struct wkssvc_WKSTA_INFO_1013 i = { 600 };
    struct wkssvc_NetrWkstaSetInfo r = { .in = { .Level = level, .WkstaInfo.WkstaInfo1013 = &i } };
    CALL(wkssvc_NetrWkstaSetInfo, c, &r);
    return r.out.result;
}

static enum werror wks_statistics(struct world *w, struct rpc_conn *c, uint32_t level)
{
    struct wkssvc_NetrWorkstationStatisticsGet r = { .in = { .Level = level } };
    CALL(wkssvc_NetrWorkstationStatisticsGet, c, &r);
    return r.out.result;
}

static enum werror wks_names(struct world *w, struct rpc_conn *c, uint32_t type)
{
    struct wkssvc_NetrEnumerateComputerNames r = { .in = { .NameType = type } };
    CALL(wkssvc_NetrEnumerateComputerNames, c, &r);
    return r.out.result;
}

/* Who may, as letters: A administrators, S server operators, W power users, P print operators, U others. */
static const struct {
    const char *name;
    enum werror (*call)(struct world *w, struct rpc_conn *c, uint32_t level);
    uint32_t level;
    bool wks;
    const char *who;
} rights[] = {
    { "NetrConnectionEnum", do_ConnectionEnum, 1, false, "ASWP" },          /* notes 44, 45 */
    { "NetrFileEnum", do_FileEnum, 3, false, "AS" },                        /* 46, 47 */
    { "NetrSessionEnum", do_SessionEnum, 10, false, "AS" },                 /* 52, 53 */
    { "NetrShareAdd, disk", do_ShareAdd, 0, false, "ASW" },                 /* 56, 57 */
    { "NetrShareAdd, printer", do_ShareAdd, 1, false, "ASWP" },             /* 56, 57 */
    { "NetrShareEnum 1", do_ShareEnum, 1, false, "ASWPU" },                 /* */
    { "NetrShareEnum 2", do_ShareEnum, 2, false, "ASWP" },                  /* */
    { "NetrShareEnumSticky", do_ShareEnumSticky, 0, false, "AS" },          /* 58, 59 */
    { "NetrShareGetInfo 1", get_share, 1, false, "ASWPU" },                 /* 61, 62 */
    { "NetrShareGetInfo 501", get_share, 501, false, "ASWPU" },             /* 61, 62 */
    { "NetrShareGetInfo 2", get_share, 2, false, "ASWP" },                  /* 61, 62 */
    { "NetrShareGetInfo 502", get_share, 502, false, "ASWP" },              /* 61, 62 */
    { "NetrShareGetInfo 503", get_share, 503, false, "ASWP" },              /* 61, 62 */
    { "NetrServerGetInfo 101", get_info, 101, false, "ASWPU" },             /* 80, 81 */
    { "NetrServerGetInfo 102", get_info, 102, false, "ASW" },               /* 80, 81 */
    { "NetrServerGetInfo 103", get_info, 103, false, "ASW" },               /* as 102 */
    { "NetrServerGetInfo 502", get_info, 502, false, "ASW" },               /* 80, 81 */
    { "NetrServerGetInfo 503", get_info, 503, false, "AS" },                /* 80, 81 */
    { "NetrServerDiskEnum", do_DiskEnum, 0, false, "AS" },                  /* 86, 87 */
    { "NetrServerStatisticsGet", do_StatisticsGet, 0, false, "AS" },        /* 88, 89 */
    { "NetrRemoteTOD", do_RemoteTOD, 0, false, "ASWPU" },                   /* 90, 91 */
    { "NetrServerTransportEnum", do_ServerTransportEnum, 1, false, "ASW" }, /* 96, 97 */
    { "NetrServerAliasEnum", do_ServerAliasEnum, 0, false, "AS" },          /* 173, 174 */
    { "NetrWkstaGetInfo 101", wks_info, 101, true, "ASWPU" },               /* [MS-WKST] 29 */
    { "NetrWkstaGetInfo 102", wks_info, 102, true, "A" },                   /* 29 */
    { "NetrWkstaGetInfo 502", wks_info, 502, true, "A" },                   /* 29 */
    { "NetrWkstaSetInfo 1013", wks_set, 1013, true, "A" },                  /* 33 */
    { "NetrWkstaUserEnum", wks_users, 1, true, "A" },                       /* 35 */
    { "NetrWorkstationStatisticsGet", wks_statistics, 0, true, "ASWPU" },   /* 54 */
    { "NetrEnumerateComputerNames", wks_names, 0, true, "A" },              /* 3.2.4.21 */
};

static void who_may(void **state)
{
    struct world *w = *state;
    static const char letters[WHO + 1] = "ASWPU";
    static const uint32_t alias[WHO] = { 0, 549, 547, 550, 0 };
    static struct membership m;
    m.db = w->db;
    w->acceptor.account = account;
    w->acceptor.account_arg = &m;
    for (int k = 0; k < WHO; k++) {
        m.alias = alias[k];
        struct sec_creds *creds = k == ADMIN ? w->admin : w->eve;
        struct rpc_conn *srv = open_as(w, creds, false), *wks = open_as(w, creds, true);
        for (size_t i = 0; i < COUNT(rights); i++) {
            enum werror we = rights[i].call(w, rights[i].wks ? wks : srv, rights[i].level);
            enum werror want = strchr(rights[i].who, letters[k]) ? W_ERROR_SUCCESS : DENIED;
            if (we != want)
                fail_msg("%s for %c: %u", rights[i].name, letters[k], (unsigned)we);
        }
        rpc_close(srv);
        rpc_close(wks);
    }
}

/* ---- shares ---- */

static enum werror add(struct world *w, struct rpc_conn *c, const struct srvsvc_SHARE_INFO_2 *i,
                       uint32_t *ret_parm)
{
    uint32_t parm = 77;
    struct srvsvc_SHARE_INFO_2 copy = *i;
    struct srvsvc_NetrShareAdd r = { .in = { .Level = 2, .InfoStruct.ShareInfo2 = &copy, .ParmErr = &parm } };
    CALL(srvsvc_NetrShareAdd, c, &r);
    *ret_parm = *r.out.ParmErr;
    return r.out.result;
}

static enum werror del(struct world *w, struct rpc_conn *c, const char16_t *name)
{
    struct srvsvc_NetrShareDel r = { .in = { .NetName = name } };
    CALL(srvsvc_NetrShareDel, c, &r);
    return r.out.result;
}

/* 3.1.4.7: which path a share of which type may have, and that SetInfo leaves the path as it is. */
static const struct {
    const char16_t *path;
    uint32_t type;
    enum werror want;
    uint32_t parm;
} paths[] = {
    { u"C:\\", 0, 0, 0 },
    { u"c:\\tmp", 0, 0, 0 },
    { u"C:\\tmp\\", 0, 0, 0 },
    { u"C:\\tmp\\...", 0, W_NERR_UnknownDevDir, 0 }, /* a name as others */
    { NULL, 0, W_ERROR_INVALID_PARAMETER, 8 },
    { u"", 0, W_ERROR_INVALID_PARAMETER, 8 },
    { u"tmp", 0, W_ERROR_INVALID_PARAMETER, 8 },
    { u"\\tmp", 0, W_ERROR_INVALID_PARAMETER, 8 },
    { u"/tmp", 0, W_ERROR_INVALID_PARAMETER, 8 },
    { u"C:", 0, W_ERROR_INVALID_PARAMETER, 8 },
    { u"C:tmp", 0, W_ERROR_INVALID_PARAMETER, 8 },
    { u"C:/tmp", 0, W_ERROR_INVALID_PARAMETER, 8 },
    { u"C:\\tmp\\.", 0, W_ERROR_INVALID_PARAMETER, 8 },
    { u"C:\\tmp\\..", 0, W_ERROR_INVALID_PARAMETER, 8 },
    { u"C:\\.\\tmp", 0, W_ERROR_INVALID_PARAMETER, 8 },
    { u"C:\\tmp/../etc", 0, W_ERROR_INVALID_PARAMETER, 8 },
    { u"C:\\tmp*", 0, W_ERROR_INVALID_PARAMETER, 8 },
    { u"C:\\t?p", 0, W_ERROR_INVALID_PARAMETER, 8 },
    { u"C:\\t|p", 0, W_ERROR_INVALID_PARAMETER, 8 },
    { u"\\\\box\\tmp", 0, W_ERROR_INVALID_PARAMETER, 8 },
    { u"\\\\.\\C:\\tmp", 0, W_ERROR_INVALID_PARAMETER, 8 },
    { u"\\\\?\\C:\\tmp", 0, W_ERROR_INVALID_PARAMETER, 8 }, /* "must not have STYPE_DISKTREE" */
    { u"LPT1", 0, W_ERROR_INVALID_PARAMETER, 8 },
    { u"C:\\no such place", 0, W_NERR_UnknownDevDir, 0 },
    { u"C:\\etc\\passwd", 0, W_NERR_UnknownDevDir, 0 },
    { u"D:\\tmp", 0, W_NERR_UnknownDevDir, 0 },
    { u"queue,LocalsplOnly", 1, 0, 0 }, /* a printer's is the name of its queue */
    { u"a\\..\\b", 1, W_ERROR_INVALID_PARAMETER, 8 },
    { u"", 1, W_ERROR_INVALID_PARAMETER, 8 },
    { u"COM1", 2, 0, 0 },
    { u"name", 3, 0, 0 }, /* and it can be removed, as IPC$ cannot */
    { u"C:\\tmp", 0x40000000, 0, 0 },
    { u"C:\\tmp", 0x0e000000, 0, 0 }, /* a cluster's bits are ignored */
    { u"C:\\tmp", 4, W_ERROR_INVALID_PARAMETER, 3 },
    { u"C:\\tmp", 0x100, W_ERROR_INVALID_PARAMETER, 3 },
};

static void share_paths(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = open_as(w, w->admin, false);
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct srvsvc_SHARE_INFO_2 s = { .shi2_netname = u"s",
                                         .shi2_type = paths[i].type,
                                         .shi2_path = paths[i].path };
        uint32_t parm;
        enum werror we = add(w, a, &s, &parm);
        if (we != paths[i].want || parm != paths[i].parm)
            fail_msg("%zu: %u, %u", i, (unsigned)we, parm);
        if (we != W_ERROR_SUCCESS)
            continue;
        struct srvsvc_SHARE_INFO_2 other = {
            .shi2_netname = u"x", .shi2_type = 1, .shi2_path = u"..", .shi2_remark = u"n", .shi2_max_uses = 3
        };
        struct srvsvc_NetrShareSetInfo set = {
            .in = { .NetName = u"s", .Level = 2, .ShareInfo.ShareInfo2 = &other }
        };
        CALL(srvsvc_NetrShareSetInfo, a, &set);
        assert_int_equal(set.out.result, 0);
        struct srvsvc_NetrShareGetInfo g = { .in = { .NetName = u"S", .Level = 2 } };
        CALL(srvsvc_NetrShareGetInfo, a, &g);
        const struct srvsvc_SHARE_INFO_2 *told = g.out.InfoStruct.ShareInfo2;
        assert_int_equal(ustr_cmp(told->shi2_path, paths[i].path), 0);
        assert_int_equal(ustr_cmp(told->shi2_netname, u"s"), 0);
        assert_int_equal(ustr_cmp(told->shi2_passwd, u""), 0);
        assert_int_equal(told->shi2_type, paths[i].type & ~0x0e000000u);
        assert_int_equal(told->shi2_max_uses, 3);
        assert_int_equal(del(w, a, u"s"), 0);
    }
    rpc_close(a);
}

/* What is wrong first is told first: name, whether it is taken, then the members in their order. */
static void share_order(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = open_as(w, w->admin, false);
    static const char16_t long_remark[] = u"0123456789012345678901234567890123456789012345678";
    struct srvsvc_SHARE_INFO_2 s = {
        .shi2_netname = u"ipc$", .shi2_type = 4, .shi2_remark = long_remark, .shi2_path = u"x"
    };
    uint32_t parm;
    assert_int_equal(add(w, a, &s, &parm), W_NERR_DuplicateShare);
    assert_int_equal(parm, 0);
    s.shi2_netname = u"MAILSLOT";
    assert_int_equal(add(w, a, &s, &parm), DENIED);
    s.shi2_netname = u"s";
    assert_int_equal(add(w, a, &s, &parm), W_ERROR_INVALID_PARAMETER);
    assert_int_equal(parm, 3);
    s.shi2_type = 0;
    assert_int_equal(add(w, a, &s, &parm), W_ERROR_INVALID_PARAMETER);
    assert_int_equal(parm, 4);
    s.shi2_remark = long_remark + 1; /* 48 */
    assert_int_equal(add(w, a, &s, &parm), W_ERROR_INVALID_PARAMETER);
    assert_int_equal(parm, 8);
    s.shi2_path = u"C:\\tmp";
    assert_int_equal(add(w, a, &s, &parm), 0);
    struct srvsvc_NetrShareGetInfo g = { .in = { .NetName = u"s", .Level = 2 } };
    CALL(srvsvc_NetrShareGetInfo, a, &g);
    assert_int_equal(g.out.InfoStruct.ShareInfo2->shi2_max_uses, 0xffff); /* none was given */
    s.shi2_netname = u"admin$";
    assert_int_equal(add(w, a, &s, &parm), W_ERROR_INVALID_PARAMETER); /* has no path */
    assert_int_equal(parm, 8);
    rpc_close(a);
}

/* In the order in which they were added, also when one is changed. */
static void share_list_order(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = open_as(w, w->admin, false);
    static const char16_t *const names[] = { u"c", u"a", u"b" };
    struct srvsvc_SHARE_INFO_1004 remark = { u"changed" };
    uint32_t parm;
    for (size_t i = 0; i < 3; i++) {
        struct srvsvc_SHARE_INFO_2 s = { .shi2_netname = names[i],
                                         .shi2_type = 0x40000000,
                                         .shi2_path = u"C:\\tmp" };
        assert_int_equal(add(w, a, &s, &parm), 0);
    }
    for (size_t i = 0; i < 3; i++) {
        struct srvsvc_NetrShareSetInfo set = {
            .in = { .NetName = names[i], .Level = 1004, .ShareInfo.ShareInfo1004 = &remark }
        };
        CALL(srvsvc_NetrShareSetInfo, a, &set);
        assert_int_equal(set.out.result, 0);
        struct srvsvc_NetrShareEnum r = { .in = { .InfoStruct.Level = 1, .PreferedMaximumLength = ALL } };
        CALL(srvsvc_NetrShareEnum, a, &r);
        assert_int_equal(r.out.TotalEntries, 4);
        for (size_t k = 0; k < 3; k++) {
            const struct srvsvc_SHARE_INFO_1 *told = &r.out.InfoStruct.ShareInfo.Level1->Buffer[1 + k];
            assert_int_equal(ustr_cmp(told->shi1_netname, names[k]), 0);
            assert_int_equal(ustr_cmp(told->shi1_remark, k <= i ? u"changed" : u""), 0);
        }
    }
    rpc_close(a);
}

/* Flags of DFS are not a client's to set (2.2.4.29), and what is no disk has none. */
static void share_flags(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = open_as(w, w->admin, false);
    static const struct {
        uint32_t set, told;
        enum werror want;
    } list[] = { { 0x30, 0x30, 0 },
                 { 0x3, 0, 0 },
                 { 0x109f33, 0x109f30, 0 },
                 { 0x2000, 0x109f30, W_ERROR_NOT_SUPPORTED },
                 { 0, 0, 0 } };
    struct srvsvc_SHARE_INFO_2 s = { .shi2_netname = u"s", .shi2_path = u"C:\\tmp" };
    uint32_t parm;
    assert_int_equal(add(w, a, &s, &parm), 0);
    for (size_t i = 0; i < COUNT(list); i++) {
        struct srvsvc_SHARE_INFO_1005 f = { list[i].set };
        struct srvsvc_NetrShareSetInfo set = {
            .in = { .NetName = u"s", .Level = 1005, .ShareInfo.ShareInfo1005 = &f }
        };
        CALL(srvsvc_NetrShareSetInfo, a, &set);
        assert_int_equal(set.out.result, list[i].want);
        struct srvsvc_NetrShareGetInfo g = { .in = { .NetName = u"s", .Level = 1005 } };
        CALL(srvsvc_NetrShareGetInfo, a, &g);
        assert_int_equal(g.out.InfoStruct.ShareInfo1005->shi1005_flags, list[i].told);
    }
    rpc_close(a);
}

static void delete_in_steps(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = open_as(w, w->admin, false);
    struct srvsvc_SHARE_INFO_2 s = { .shi2_netname = u"s", .shi2_path = u"C:\\tmp" };
    struct srvsvc_NetrShareGetInfo g = { .in = { .NetName = u"s", .Level = 0 } };
    uint32_t parm;
    for (int i = 0; i < 4; i++) {
        s.shi2_type = i & 1 ? 0x40000000 : 0;
        assert_int_equal(add(w, a, &s, &parm), 0);
        struct srvsvc_NetrShareDelStart begin = { .in = { .NetName = u"S" } };
        CALL(srvsvc_NetrShareDelStart, a, &begin);
        assert_int_equal(begin.out.result, 0);
        assert_int_equal(del(w, a, u"s"), 0); /* somebody is faster */
        if (i & 2)
            assert_int_equal(add(w, a, &s, &parm), 0); /* and this one is not marked */
        struct srvsvc_NetrShareDelCommit commit = { .in = { .ContextHandle = begin.out.ContextHandle } };
        CALL(srvsvc_NetrShareDelCommit, a, &commit);
        assert_int_equal(commit.out.result, W_ERROR_INVALID_PARAMETER);
        CALL(srvsvc_NetrShareGetInfo, a, &g);
        assert_int_equal(g.out.result, i & 2 ? 0 : W_NERR_NetNameNotFound);
        if (i & 2)
            assert_int_equal(del(w, a, u"s"), 0);
    }
    /* begun and never ended: its end is that of the association */
    assert_int_equal(add(w, a, &s, &parm), 0);
    struct srvsvc_NetrShareDelStart begin = { .in = { .NetName = u"s" } };
    CALL(srvsvc_NetrShareDelStart, a, &begin);
    CALL(srvsvc_NetrShareDelStart, a, &begin);
    rpc_close(a);
    turns(w);
    a = open_as(w, w->admin, false);
    assert_int_equal(del(w, a, u"s"), 0);
    rpc_close(a);
}

static void devices_and_printers(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = open_as(w, w->admin, false);
    struct srvsvc_SHARE_INFO_2 root = { .shi2_netname = u"root", .shi2_path = u"C:\\" },
                               queue = { .shi2_netname = u"q", .shi2_type = 1, .shi2_path = u"queue" };
    struct srvsvc_NetrShareCheck check = { .in = { .Device = u"" } };
    struct srvsvc_NetrServerGetInfo g = { .in = { .Level = 101 } };
    uint32_t parm;
    CALL(srvsvc_NetrShareCheck, a, &check); /* IPC$ has no path */
    assert_int_equal(check.out.result, 0);
    assert_int_equal(check.out.Type, 3);
    check.in.Device = u"\\";
    CALL(srvsvc_NetrShareCheck, a, &check);
    assert_int_equal(check.out.result, W_NERR_DeviceNotShared);
    check.in.Device = u"c:";
    CALL(srvsvc_NetrShareCheck, a, &check);
    assert_int_equal(check.out.result, W_NERR_DeviceNotShared);
    assert_int_equal(add(w, a, &root, &parm), 0);
    CALL(srvsvc_NetrShareCheck, a, &check);
    assert_int_equal(check.out.result, 0);
    assert_int_equal(check.out.Type, 0);
    CALL(srvsvc_NetrServerGetInfo, a, &g);
    assert_int_equal(g.out.InfoStruct.ServerInfo101->sv101_version_type & 0x200, 0);
    assert_int_equal(g.out.InfoStruct.ServerInfo101->sv101_version_type & 0x1002, 0x1002); /* server, NT */
    assert_int_equal(add(w, a, &queue, &parm), 0);
    g.in.Level = 103;
    CALL(srvsvc_NetrServerGetInfo, a, &g);
    assert_int_equal(g.out.InfoStruct.ServerInfo103->sv103_type & 0x200, 0x200); /* SV_TYPE_PRINTQ_SERVER */
    check.in.Device = u"QUEUE";
    CALL(srvsvc_NetrShareCheck, a, &check);
    assert_int_equal(check.out.Type, 1);
    assert_int_equal(del(w, a, u"q"), 0);
    CALL(srvsvc_NetrServerGetInfo, a, &g);
    assert_int_equal(g.out.InfoStruct.ServerInfo103->sv103_type & 0x200, 0);
    rpc_close(a);
}

/* ---- lists with a qualifier: the handle counts all entries (3.1.4.1, 3.1.4.2, 3.1.4.5) ---- */

static void resumed_lists(void **state)
{
    struct world *w = *state;
    struct rpc_conn *c[5];
    uint32_t resume = 0, seen = 0, last = 0;
    for (int i = 0; i < 5; i++)
        c[i] = open_as(w, i % 2 ? w->eve : w->admin, false);
    struct srvsvc_NetrSessionEnum all = { .in = { .InfoStruct.Level = 10, .PreferedMaximumLength = ALL } };
    CALL(srvsvc_NetrSessionEnum, c[0], &all);
    assert_int_equal(all.out.TotalEntries, 5);
    const struct srvsvc_SESSION_INFO_10 *list = all.out.InfoStruct.SessionInfo.Level10->Buffer;
    struct srvsvc_NetrSessionEnum r = { .in = { .UserName = u"eve",
                                                .InfoStruct.Level = 0,
                                                .PreferedMaximumLength = 40,
                                                .ResumeHandle = &resume } };
    do { /* one entry at a time; the handle is the place of that one in the whole list */
        CALL(srvsvc_NetrSessionEnum, c[0], &r);
        assert_int_equal(r.out.TotalEntries, 2 - seen);
        assert_int_equal(r.out.InfoStruct.SessionInfo.Level0->EntriesRead, 1);
        seen++;
        resume = *r.out.ResumeHandle;
        if (r.out.result == W_ERROR_MORE_DATA) {
            assert_in_range(resume, 1, 5);
            assert_int_equal(ustr_casecmp(list[resume - 1].sesi10_username, u"eve"), 0);
            last = resume;
        }
    } while (r.out.result == W_ERROR_MORE_DATA);
    assert_int_equal(seen, 2);
    assert_int_not_equal(last, 0);
    uint32_t rest = 0;
    for (unsigned i = last; i < 5; i++)
        rest += ustr_casecmp(list[i].sesi10_username, u"admin") == 0;
    resume = last; /* the same handle with another question */
    r.in.UserName = u"admin";
    r.in.PreferedMaximumLength = ALL;
    CALL(srvsvc_NetrSessionEnum, c[0], &r);
    assert_int_equal(r.out.TotalEntries, rest);
    resume = 5; /* behind the end */
    CALL(srvsvc_NetrSessionEnum, c[0], &r);
    assert_int_equal(r.out.result, 0);
    assert_int_equal(r.out.InfoStruct.SessionInfo.Level0->EntriesRead, 0);
    resume = 1; /* nothing fits: the handle stays */
    r.in.PreferedMaximumLength = 1;
    CALL(srvsvc_NetrSessionEnum, c[0], &r);
    assert_int_equal(r.out.result, W_NERR_BufTooSmall);
    assert_int_equal(*r.out.ResumeHandle, 1);
    struct srvsvc_NetrFileEnum f = { .in = { .UserName = u"eve",
                                             .InfoStruct.Level = 2,
                                             .PreferedMaximumLength = 4,
                                             .ResumeHandle = &resume } };
    resume = 0;
    CALL(srvsvc_NetrFileEnum, c[0], &f);
    assert_int_equal(f.out.result, W_ERROR_MORE_DATA);
    assert_int_equal(*f.out.ResumeHandle, last);
    struct srvsvc_NetrConnectionEnum k = {
        .in = { .Qualifier = u"\\\\192.0.2.7", .InfoStruct.Level = 1, .PreferedMaximumLength = ALL }
    };
    CALL(srvsvc_NetrConnectionEnum, c[0], &k);
    assert_int_equal(k.out.TotalEntries, 5);
    const struct srvsvc_CONNECTION_INFO_1 *first = k.out.InfoStruct.ConnectInfo.Level1->Buffer;
    assert_int_equal(first->coni1_type, 0x80000003);
    assert_int_equal(ustr_cmp(first->coni1_netname, u"IPC$"), 0); /* "the name that is not specified" */
    k.in.Qualifier = u"ipc$";
    CALL(srvsvc_NetrConnectionEnum, c[0], &k);
    assert_int_equal(k.out.TotalEntries, 5);
    first = k.out.InfoStruct.ConnectInfo.Level1->Buffer;
    assert_int_equal(ustr_cmp(first->coni1_netname, u"192.0.2.7"), 0);
    for (int i = 0; i < 5; i++)
        rpc_close(c[i]);
}

/* ---- the server's settings ---- */

static void server_values(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = open_as(w, w->admin, false);
    struct srvsvc_NetrServerGetInfo g = { .in = { .Level = 503 } };
    uint32_t parm = 0;
    CALL(srvsvc_NetrServerGetInfo, a, &g);
    struct srvsvc_SERVER_INFO_503 i = *g.out.InfoStruct.ServerInfo503;
    assert_int_equal(i.sv503_sessopens, 2048); /* note 41 */
    assert_int_equal(i.sv503_sizreqbuf, 4356);
    assert_int_equal(i.sv503_maxworkitems, 16);
    assert_int_equal(i.sv503_irpstacksize, 11);
    assert_int_equal(i.sv503_numblockthreads, 2);
    assert_int_equal(i.sv503_maxfreeconnections, 2);
    i.sv503_acceptdownlevelapis = 7; /* "MUST be ignored by the server on receipt" */
    i.sv503_sizreqbuf = 1;
    i.sv503_domain = u"ELSEWHERE";
    i.sv503_maxpagedmemoryusage = 0x100000; /* notes 24, 25 */
    struct srvsvc_NetrServerSetInfo set = {
        .in = { .Level = 503, .ServerInfo.ServerInfo503 = &i, .ParmErr = &parm }
    };
    CALL(srvsvc_NetrServerSetInfo, a, &set);
    assert_int_equal(set.out.result, 0);
    CALL(srvsvc_NetrServerGetInfo, a, &g);
    assert_int_equal(g.out.InfoStruct.ServerInfo503->sv503_acceptdownlevelapis, 1);
    assert_int_equal(g.out.InfoStruct.ServerInfo503->sv503_maxpagedmemoryusage, 0x100000);
    assert_int_equal(ustr_cmp(g.out.InfoStruct.ServerInfo503->sv503_domain, u"WORKGROUP"), 0);
    i.sv503_maxpagedmemoryusage--;
    CALL(srvsvc_NetrServerSetInfo, a, &set);
    assert_int_equal(set.out.result, W_ERROR_INVALID_PARAMETER);
    assert_int_equal(*set.out.ParmErr, 513);
    struct srvsvc_NetrServerGetInfo u = { .in = { .Level = 102 } };
    CALL(srvsvc_NetrServerGetInfo, a, &u);
    const struct srvsvc_SERVER_INFO_102 *x = u.out.InfoStruct.ServerInfo102; /* note 40 */
    assert_int_equal(x->sv102_users, UINT32_MAX);
    assert_int_equal(x->sv102_disc, 15);
    assert_int_equal(x->sv102_announce, 240);
    assert_int_equal(x->sv102_anndelta, 3000);
    assert_int_equal(x->sv102_licenses, 0);
    assert_int_equal(ustr_cmp(x->sv102_userpath, u"c:\\"), 0);
    rpc_close(a);
}

static void statistics_and_time(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = open_as(w, w->admin, false), *e = open_as(w, w->eve, false);
    struct srvsvc_NetrServerStatisticsGet s = { .in = { .Level = 0 } };
    rpc_close(e); /* a connection that its client ends */
    turns(w);
    CALL(srvsvc_NetrServerStatisticsGet, a, &s);
    const struct srvsvc_STAT_SERVER_0 *t = s.out.InfoStruct;
    assert_int_equal(t->sts0_fopens, 2);
    /* "MUST be set to 0" (2.2.4.39) */
    assert_int_equal(t->sts0_serrorout | t->sts0_devopens | t->sts0_syserrors | t->sts0_avresponse |
                         t->sts0_reqbufneed | t->sts0_bigbufneed,
                     0);
    s.in.Options = 1;
    CALL(srvsvc_NetrServerStatisticsGet, a, &s);
    assert_int_equal(s.out.result, W_ERROR_INVALID_PARAMETER);
    s.in.Level = 1;
    CALL(srvsvc_NetrServerStatisticsGet, a, &s);
    assert_int_equal(s.out.result, W_ERROR_INVALID_LEVEL);
    /* west of Greenwich is positive, and summer time counts (2.2.4.105) */
    static const struct {
        const char *zone;
        int32_t minutes;
    } zones[] = { { "UTC0", 0 }, { "XYZ5", 300 }, { "XYZ-5:30", -330 }, { "XYZ-1XYS,0,365", -120 } };
    for (size_t i = 0; i < COUNT(zones); i++) {
        setenv("TZ", zones[i].zone, 1);
        tzset();
        struct srvsvc_NetrRemoteTOD tod = { .in = { .ServerName = u"\\\\anything" } };
        CALL(srvsvc_NetrRemoteTOD, a, &tod);
        assert_int_equal(tod.out.BufferPtr->tod_timezone, zones[i].minutes);
        assert_int_equal(tod.out.BufferPtr->tod_hours, tod.out.BufferPtr->tod_elapsedt / 3600 % 24); /* UTC */
    }
    unsetenv("TZ");
    tzset();
    rpc_close(a);
}

/* ---- what is refused, and how ---- */

static void transports(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = open_as(w, w->admin, false), *e = open_as(w, w->eve, false);
    uint8_t address[] = "BOX";
    struct srvsvc_SERVER_TRANSPORT_INFO_0 i = { .svti0_transportname = u"tcp",
                                                .svti0_transportaddress = address,
                                                .svti0_transportaddresslength = 3 };
    struct srvsvc_NetrServerTransportAdd add0 = { .in = { .Buffer = i } };
    CALL(srvsvc_NetrServerTransportAdd, e, &add0);
    assert_int_equal(add0.out.result, DENIED);
    CALL(srvsvc_NetrServerTransportAdd, a, &add0);
    assert_int_equal(add0.out.result, W_ERROR_NOT_SUPPORTED);
    add0.in.Level = 1;
    CALL(srvsvc_NetrServerTransportAdd, a, &add0);
    assert_int_equal(add0.out.result, W_ERROR_INVALID_LEVEL);
    struct srvsvc_NetrServerTransportAddEx ex = { .in = { .Level = 2 } };
    ex.in.Buffer.Transport2 =
        (struct srvsvc_SERVER_TRANSPORT_INFO_2){ 0, u"tcp", address, 3, NULL, u"A NAME OF 15 CH", 6 };
    CALL(srvsvc_NetrServerTransportAddEx, a, &ex);
    assert_int_equal(ex.out.result, W_ERROR_NOT_SUPPORTED);
    ex.in.Buffer.Transport2.svti2_domain = u"A NAME OF 16 CHA";
    CALL(srvsvc_NetrServerTransportAddEx, a, &ex);
    assert_int_equal(ex.out.result, W_ERROR_INVALID_PARAMETER);
    ex.in.Buffer.Transport2.svti2_domain = NULL;
    ex.in.Buffer.Transport2.svti2_flags = 1;
    CALL(srvsvc_NetrServerTransportAddEx, a, &ex);
    assert_int_equal(ex.out.result, W_ERROR_INVALID_PARAMETER);
    struct srvsvc_NetrServerTransportDelEx gone = { .in = { .Level = 0, .Buffer.Transport0 = i } };
    CALL(srvsvc_NetrServerTransportDelEx, a, &gone);
    assert_int_equal(gone.out.result, W_ERROR_NOT_SUPPORTED);
    gone.in.Buffer.Transport0.svti0_transportname = u"\\Device\\NetBT";
    CALL(srvsvc_NetrServerTransportDelEx, a, &gone);
    assert_int_equal(gone.out.result, 0); /* note 100 */
    gone.in.Level = 2;
    CALL(srvsvc_NetrServerTransportDelEx, a, &gone);
    assert_int_equal(gone.out.result, W_ERROR_INVALID_LEVEL);
    struct srvsvc_SERVER_ALIAS_INFO_0 alias = { .srvai0_alias = u"",
                                                .srvai0_target = u"",
                                                .srvai0_default = 1 };
    struct srvsvc_NetrServerAliasDel del_alias = { .in = { .InfoStruct.ServerAliasInfo0 = &alias } };
    CALL(srvsvc_NetrServerAliasDel, a, &del_alias);
    assert_int_equal(del_alias.out.result, W_NERR_NetNameNotFound);
    alias.srvai0_alias = u"x";
    CALL(srvsvc_NetrServerAliasDel, a, &del_alias);
    assert_int_equal(del_alias.out.result, W_ERROR_INVALID_PARAMETER);
    rpc_close(a);
    rpc_close(e);
}

static void uses(void **state)
{
    struct world *w = *state;
    struct rpc_conn *e = open_as(w, w->eve, true), *a = open_as(w, w->admin, true);
    struct wkssvc_USE_INFO_0 i = { .ui0_local = u"X:", .ui0_remote = u"\\\\h\\s" };
    struct wkssvc_NetrUseAdd use = { .in = { .Level = 0, .InfoStruct.UseInfo0 = &i } };
    struct wkssvc_USE_INFO_1 one = { .ui1_local = u"X:", .ui1_remote = u"\\\\h\\s" };
    CALL(wkssvc_NetrUseAdd, e, &use);
    assert_int_equal(use.out.result, W_ERROR_INVALID_LEVEL);
    use.in.Level = 1;
    use.in.InfoStruct.UseInfo1 = &one;
    CALL(wkssvc_NetrUseAdd, e, &use);
    assert_int_equal(use.out.result, W_ERROR_CALL_NOT_IMPLEMENTED); /* 3.2.4.7 */
    struct wkssvc_NetrUseGetInfo get = { .in = { .UseName = u"" } };
    CALL(wkssvc_NetrUseGetInfo, e, &get);
    assert_int_equal(get.out.result, W_ERROR_INVALID_PARAMETER);
    get.in.UseName = u"X:";
    CALL(wkssvc_NetrUseGetInfo, e, &get);
    assert_int_equal(get.out.result, W_NERR_UseNotFound);
    struct wkssvc_NetrUseDel gone = { .in = { .UseName = u"X:", .ForceLevel = 3 } };
    CALL(wkssvc_NetrUseDel, e, &gone);
    assert_int_equal(gone.out.result, W_ERROR_INVALID_LEVEL);
    gone.in.ForceLevel = 2;
    CALL(wkssvc_NetrUseDel, e, &gone);
    assert_int_equal(gone.out.result, W_NERR_UseNotFound);
    assert_int_equal(wks_set(w, a, 1012), W_ERROR_INVALID_PARAMETER); /* note 31: no level, either */
    struct wkssvc_WKSTA_INFO_1046 limit = { 45 };
    struct wkssvc_NetrWkstaSetInfo set = { .in = { .Level = 1046, .WkstaInfo.WkstaInfo1046 = &limit } };
    CALL(wkssvc_NetrWkstaSetInfo, a, &set);
    assert_int_equal(set.out.result, 0);
    struct wkssvc_NetrWkstaGetInfo g = { .in = { .Level = 502 } };
    CALL(wkssvc_NetrWkstaGetInfo, a, &g);
    assert_int_equal(g.out.WkstaInfo.WkstaInfo502->wki502_dormant_file_limit, 0); /* note 30 */
    rpc_close(e);
    rpc_close(a);
}

/* 3.1.4.33: what is valid is cut for LAN Manager; and how large a buffer has to be. */
static void canonical_names(void **state)
{
    char16_t out[300];
    static const uint16_t longest[2][14] = { { 0, 256, 256, 256, 259, 16, 15, 80, 259, 80, 259, 259, 8, 15 },
                                             { 0, 20, 14, 20, 15, 16, 15, 15, 259, 12, 259, 259, 8, 15 } };
    (void)state;
    for (uint32_t old = 0; old < 2; old++)
        for (uint32_t type = 1; type < 14; type++) {
            uint32_t flags = (old ? 0x80000000 : 0) | 1;
            assert_int_equal(names_canonicalize(u"a", type, flags, out, longest[old][type]), 0);
            assert_int_equal(names_canonicalize(u"a", type, flags, out, longest[old][type] - 1u),
                             W_NERR_BufTooSmall);
        }
    assert_int_equal(names_canonicalize(u"a share of fame", 9, 0x80000000, out, 13), 0);
    assert_int_equal(ustr_cmp(out, u"A SHARE OF F"), 0);
    assert_int_equal(names_canonicalize(u"a share of fame", 9, 0x80000000, out, 12), W_NERR_BufTooSmall);
    assert_int_equal(names_canonicalize(u"a/share of fame", 9, 0x80000000, out, 13), W_ERROR_INVALID_NAME);
    assert_int_equal(names_compare(u"a share of fame", u"A SHARE OF FORTUNE", 9, 0x80000000), 0);
    assert_int_equal(names_compare(u"a share of fame", u"A SHARE OF FORTUNE", 9, 0), -1);
}

#define WORLD(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_names),
        WORLD(who_may),
        WORLD(share_paths),
        WORLD(share_order),
        WORLD(share_flags),
        WORLD(share_list_order),
        WORLD(delete_in_steps),
        WORLD(devices_and_printers),
        WORLD(resumed_lists),
        WORLD(server_values),
        WORLD(statistics_and_time),
        WORLD(transports),
        WORLD(uses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
