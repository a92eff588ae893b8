// SPDX-License-Identifier: Apache-2.0
/*
 * srvsvc and wkssvc over pipes of our own SMB server, with our own client: an administrator, a plain user,
 * and what they see of each other. What outlives the server is looked at after it was started anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <msrpc/srvsvc.h>
#include <msrpc/unistr.h>
#include <msrpc/wkssvc.h>
#include "host_world.h"
#include "serve/descriptor.h"
#include "serve/names.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ALL      UINT32_MAX

static struct rpc_conn *open_as(struct world *w, struct sec_creds *c, bool wks)
{
    return world_open(w, c, wks ? "wkssvc" : "srvsvc", wks ? &wkssvc_interface : &srvsvc_interface);
}

#define CALL(fn, conn, r) assert_int_equal(fn(conn, w->mem, r), STATUS_SUCCESS)

static void same_text(const char16_t *a, const char16_t *b)
{
    assert_non_null(a);
    if (ustr_cmp(a, b) != 0)
        fail_msg("other text");
}

/* ---- information ---- */

static void information(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = open_as(w, w->admin, false), *e = open_as(w, w->eve, false);
    static const struct {
        uint32_t level;
        enum werror admin, eve;
    } list[] = { { 100, 0, 0 },
                 { 101, 0, 0 },
                 { 102, 0, W_ERROR_ACCESS_DENIED },
                 { 103, 0, W_ERROR_ACCESS_DENIED },
                 { 502, 0, W_ERROR_ACCESS_DENIED },
                 { 503, 0, W_ERROR_ACCESS_DENIED },
                 { 599, W_ERROR_INVALID_LEVEL, W_ERROR_INVALID_LEVEL },
                 { 1005, W_ERROR_INVALID_LEVEL, W_ERROR_INVALID_LEVEL },
                 { 7, W_ERROR_INVALID_LEVEL, W_ERROR_INVALID_LEVEL } };
    for (size_t i = 0; i < COUNT(list); i++) {
        struct srvsvc_NetrServerGetInfo r = { .in = { .Level = list[i].level } };
        CALL(srvsvc_NetrServerGetInfo, a, &r);
        assert_int_equal(r.out.result, list[i].admin);
        if (list[i].level == 101) {
            same_text(r.out.InfoStruct.ServerInfo101->sv101_name, u"BOX");
            assert_int_equal(r.out.InfoStruct.ServerInfo101->sv101_platform_id, 500);
        }
        if (list[i].level == 503)
            same_text(r.out.InfoStruct.ServerInfo503->sv503_domain, u"WORKGROUP");
        CALL(srvsvc_NetrServerGetInfo, e, &r);
        assert_int_equal(r.out.result, list[i].eve);
    }
    struct srvsvc_NetrServerGetInfo named = { .in = { .ServerName = u"\\\\elsewhere", .Level = 100 } };
    CALL(srvsvc_NetrServerGetInfo, a, &named);
    same_text(named.out.InfoStruct.ServerInfo100->sv100_name, u"elsewhere");
    struct srvsvc_NetrRemoteTOD tod = { .in = { .ServerName = NULL } };
    CALL(srvsvc_NetrRemoteTOD, e, &tod);
    assert_int_equal(tod.out.result, 0);
    assert_in_range(tod.out.BufferPtr->tod_month, 1, 12);
    assert_true(tod.out.BufferPtr->tod_year >= 2024);
    struct srvsvc_NetrServerStatisticsGet st = { .in = { .Level = 0 } };
    CALL(srvsvc_NetrServerStatisticsGet, a, &st);
    assert_int_equal(st.out.result, 0);
    assert_int_equal(st.out.InfoStruct->sts0_sopens, 2);
    assert_true(st.out.InfoStruct->sts0_bytessent_low > 1000 && st.out.InfoStruct->sts0_bytesrcvd_low > 1000);
    CALL(srvsvc_NetrServerStatisticsGet, e, &st);
    assert_int_equal(st.out.result, W_ERROR_ACCESS_DENIED);
    struct srvsvc_NetrServerDiskEnum disks = { .in = { .PreferedMaximumLength = ALL } };
    CALL(srvsvc_NetrServerDiskEnum, a, &disks);
    assert_int_equal(disks.out.result, 0);
    assert_int_equal(disks.out.DiskInfoStruct.EntriesRead, disks.out.TotalEntries + 1);
    rpc_close(a);
    rpc_close(e);
}

static void settings(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = open_as(w, w->admin, false), *e = open_as(w, w->eve, false);
    struct srvsvc_SERVER_INFO_1005 comment = { u"a server \x20ac" };
    struct srvsvc_SERVER_INFO_1510 users = { 17 };
    uint32_t parm = 99;
    struct srvsvc_NetrServerSetInfo r = {
        .in = { .Level = 1005, .ServerInfo.ServerInfo1005 = &comment, .ParmErr = &parm }
    };
    CALL(srvsvc_NetrServerSetInfo, e, &r);
    assert_int_equal(r.out.result, W_ERROR_ACCESS_DENIED);
    CALL(srvsvc_NetrServerSetInfo, a, &r);
    assert_int_equal(r.out.result, 0);
    r.in.Level = 1510;
    r.in.ServerInfo.ServerInfo1510 = &users;
    CALL(srvsvc_NetrServerSetInfo, a, &r);
    assert_int_equal(r.out.result, 0);
    users.sv1510_sessusers = 2049; /* one more than there may be */
    CALL(srvsvc_NetrServerSetInfo, a, &r);
    assert_int_equal(r.out.result, W_ERROR_INVALID_PARAMETER);
    assert_int_equal(*r.out.ParmErr, 510);
    r.in.Level = 103;
    r.in.ServerInfo.ServerInfo103 = NULL;
    CALL(srvsvc_NetrServerSetInfo, a, &r);
    assert_int_equal(r.out.result, W_ERROR_INVALID_LEVEL);
    r.in.Level = 1005;
    CALL(srvsvc_NetrServerSetInfo, a, &r); /* no structure */
    assert_int_equal(r.out.result, W_ERROR_INVALID_PARAMETER);
    rpc_close(a);
    rpc_close(e);
    world_stop(w);
    world_start(w);
    a = open_as(w, w->admin, false);
    struct srvsvc_NetrServerGetInfo g = { .in = { .Level = 101 } };
    CALL(srvsvc_NetrServerGetInfo, a, &g);
    same_text(g.out.InfoStruct.ServerInfo101->sv101_comment, u"a server \x20ac");
    g.in.Level = 502;
    CALL(srvsvc_NetrServerGetInfo, a, &g);
    assert_int_equal(g.out.InfoStruct.ServerInfo502->sv502_sessusers, 17);
    /* a whole level, of which one member is wrong: nothing of it is taken */
    struct srvsvc_SERVER_INFO_502 all = *g.out.InfoStruct.ServerInfo502;
    all.sv502_sessusers = 18;
    all.sv502_lmannounce = 2;
    r = (struct srvsvc_NetrServerSetInfo){
        .in = { .Level = 502, .ServerInfo.ServerInfo502 = &all, .ParmErr = &parm }
    };
    CALL(srvsvc_NetrServerSetInfo, a, &r);
    assert_int_equal(r.out.result, W_ERROR_INVALID_PARAMETER);
    assert_int_equal(*r.out.ParmErr, 518);
    CALL(srvsvc_NetrServerGetInfo, a, &g);
    assert_int_equal(g.out.InfoStruct.ServerInfo502->sv502_sessusers, 17);
    rpc_close(a);
}

/* ---- shares ---- */

static enum werror share_add(struct world *w, struct rpc_conn *c, const char16_t *name, uint32_t type,
                             const char16_t *path, uint32_t *ret_parm)
{
    struct srvsvc_SHARE_INFO_2 i = {
        .shi2_netname = name, .shi2_type = type, .shi2_path = path, .shi2_remark = u"r", .shi2_max_uses = ALL
    };
    uint32_t parm = 0;
    struct srvsvc_NetrShareAdd r = { .in = { .Level = 2, .InfoStruct.ShareInfo2 = &i, .ParmErr = &parm } };
    CALL(srvsvc_NetrShareAdd, c, &r);
    *ret_parm = *r.out.ParmErr;
    return r.out.result;
}

static enum werror share_get(struct world *w, struct rpc_conn *c, const char16_t *name, uint32_t level,
                             union srvsvc_SHARE_INFO *ret)
{
    struct srvsvc_NetrShareGetInfo r = { .in = { .NetName = name, .Level = level } };
    CALL(srvsvc_NetrShareGetInfo, c, &r);
    *ret = r.out.InfoStruct;
    return r.out.result;
}

static void shares(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = open_as(w, w->admin, false), *e = open_as(w, w->eve, false);
    union srvsvc_SHARE_INFO u;
    char16_t long_name[82];
    uint32_t parm;
    for (int i = 0; i < 81; i++)
        long_name[i] = 'x';
    long_name[81] = 0;
    assert_int_equal(share_add(w, e, u"data", 0, u"C:\\tmp", &parm), W_ERROR_ACCESS_DENIED);
    assert_int_equal(share_add(w, a, u"data", 0, u"C:\\tmp", &parm), 0);
    assert_int_equal(share_add(w, a, u"DATA", 0, u"C:\\tmp", &parm), W_NERR_DuplicateShare);
    assert_int_equal(share_add(w, a, u"", 0, u"C:\\tmp", &parm), W_ERROR_INVALID_PARAMETER);
    assert_int_equal(parm, 1);
    assert_int_equal(share_add(w, a, long_name, 0, u"C:\\tmp", &parm), W_ERROR_INVALID_PARAMETER);
    assert_int_equal(share_add(w, a, u"a/b", 0, u"C:\\tmp", &parm), W_ERROR_INVALID_NAME);
    assert_int_equal(share_add(w, a, u"pipe", 0, u"C:\\tmp", &parm), W_ERROR_ACCESS_DENIED);
    assert_int_equal(share_add(w, a, u"x", 0, u"C:\\tmp\\..\\etc", &parm), W_ERROR_INVALID_PARAMETER);
    assert_int_equal(parm, 8);
    assert_int_equal(share_add(w, a, u"x", 0, u"tmp", &parm), W_ERROR_INVALID_PARAMETER);
    assert_int_equal(share_add(w, a, u"x", 0, u"C:\\no such place", &parm), W_NERR_UnknownDevDir);
    assert_int_equal(share_add(w, a, u"x", 77, u"C:\\tmp", &parm), W_ERROR_INVALID_PARAMETER);
    assert_int_equal(parm, 3);
    assert_int_equal(share_add(w, a, u"passing", 0x40000000, u"C:\\tmp", &parm), 0);
    assert_int_equal(share_get(w, e, u"Data", 1, &u), 0);
    same_text(u.ShareInfo1->shi1_netname, u"data");
    assert_int_equal(share_get(w, e, u"data", 2, &u), W_ERROR_ACCESS_DENIED); /* paths are not for all */
    assert_int_equal(share_get(w, a, u"data", 2, &u), 0);
    same_text(u.ShareInfo2->shi2_path, u"C:\\tmp");
    assert_int_equal(share_get(w, a, u"nothing", 1, &u), W_NERR_NetNameNotFound);
    assert_int_equal(share_get(w, a, u"data", 4711, &u), W_ERROR_INVALID_LEVEL);
    assert_int_equal(share_get(w, a, u"IPC$", 502, &u), 0);
    assert_int_equal(u.ShareInfo502->shi502_type, 0x80000003);
    assert_int_equal(u.ShareInfo502->shi502_current_uses, 2); /* these two */
    struct srvsvc_NetrShareCheck check = { .in = { .Device = u"c:\\TMP" } };
    CALL(srvsvc_NetrShareCheck, e, &check);
    assert_int_equal(check.out.result, 0);
    check.in.Device = u"D:";
    CALL(srvsvc_NetrShareCheck, e, &check);
    assert_int_equal(check.out.result, W_NERR_DeviceNotShared);
    rpc_close(a);
    rpc_close(e);
    world_stop(w);
    world_start(w);
    a = open_as(w, w->admin, false);
    assert_int_equal(share_get(w, a, u"data", 1, &u), 0);
    assert_int_equal(share_get(w, a, u"passing", 1, &u), W_NERR_NetNameNotFound);
    rpc_close(a);
}

static void share_changes(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = open_as(w, w->admin, false), *e = open_as(w, w->eve, false);
    /* self-relative, nothing but its header */
    static uint8_t sd[20] = { 1, 0, 0, 0x80 };
    struct srvsvc_SHARE_INFO_1004 remark = { u"new" };
    struct srvsvc_SHARE_INFO_1501_I security = { sizeof sd, sd };
    struct srvsvc_SHARE_INFO_1005 flags = { 0x10 };
    union srvsvc_SHARE_INFO u;
    uint32_t parm;
    static const char16_t *const names[] = { u"data", u"passing" };
    assert_int_equal(share_add(w, a, names[0], 0, u"C:\\tmp", &parm), 0);
    assert_int_equal(share_add(w, a, names[1], 0x40000000, u"C:\\tmp", &parm), 0);
    for (int i = 0; i < 2; i++) { /* a lasting one and one that is in memory */
        struct srvsvc_NetrShareSetInfo s = {
            .in = { .NetName = names[i], .Level = 1004, .ShareInfo.ShareInfo1004 = &remark, .ParmErr = &parm }
        };
        CALL(srvsvc_NetrShareSetInfo, e, &s);
        assert_int_equal(s.out.result, W_ERROR_ACCESS_DENIED);
        CALL(srvsvc_NetrShareSetInfo, a, &s);
        assert_int_equal(s.out.result, 0);
        s.in.Level = 1501;
        s.in.ShareInfo.ShareInfo1501 = &security;
        CALL(srvsvc_NetrShareSetInfo, a, &s);
        assert_int_equal(s.out.result, 0);
        s.in.Level = 1005;
        s.in.ShareInfo.ShareInfo1005 = &flags;
        CALL(srvsvc_NetrShareSetInfo, a, &s);
        assert_int_equal(s.out.result, 0);
        assert_int_equal(share_get(w, a, names[i], 502, &u), 0);
        same_text(u.ShareInfo502->shi502_remark, u"new");
        assert_int_equal(u.ShareInfo502->shi502_reserved, sizeof sd);
        assert_memory_equal(u.ShareInfo502->shi502_security_descriptor, sd, sizeof sd);
        assert_int_equal(share_get(w, a, names[i], 501, &u), 0);
        assert_int_equal(u.ShareInfo501->shi501_flags, 0x10);
        security.shi1501_reserved = 19; /* cut */
        s.in.Level = 1501;
        s.in.ShareInfo.ShareInfo1501 = &security;
        CALL(srvsvc_NetrShareSetInfo, a, &s);
        assert_int_equal(s.out.result, W_ERROR_INVALID_PARAMETER);
        assert_int_equal(*s.out.ParmErr, 501);
        security.shi1501_reserved = sizeof sd;
    }
    struct srvsvc_NetrShareDelSticky sticky = { .in = { .NetName = u"data" } };
    CALL(srvsvc_NetrShareDelSticky, a, &sticky);
    assert_int_equal(sticky.out.result, 0);
    CALL(srvsvc_NetrShareDelSticky, a, &sticky); /* it lasts no more */
    assert_int_equal(sticky.out.result, W_NERR_NetNameNotFound);
    assert_int_equal(share_get(w, a, u"data", 1, &u), 0); /* but is there */
    struct srvsvc_NetrShareDel del = { .in = { .NetName = u"data" } };
    CALL(srvsvc_NetrShareDel, e, &del);
    assert_int_equal(del.out.result, W_ERROR_ACCESS_DENIED);
    CALL(srvsvc_NetrShareDel, a, &del);
    assert_int_equal(del.out.result, 0);
    CALL(srvsvc_NetrShareDel, a, &del);
    assert_int_equal(del.out.result, W_NERR_NetNameNotFound);
    del.in.NetName = u"IPC$";
    CALL(srvsvc_NetrShareDel, a, &del);
    assert_int_equal(del.out.result, W_ERROR_ACCESS_DENIED);
    struct srvsvc_NetrShareDelStart begin = { .in = { .NetName = u"passing" } };
    CALL(srvsvc_NetrShareDelStart, a, &begin);
    assert_int_equal(begin.out.result, 0);
    assert_int_equal(share_get(w, a, u"passing", 1, &u), 0);
    struct srvsvc_NetrShareDelCommit commit = { .in = { .ContextHandle = begin.out.ContextHandle } };
    CALL(srvsvc_NetrShareDelCommit, a, &commit);
    assert_int_equal(commit.out.result, 0);
    assert_int_equal(share_get(w, a, u"passing", 1, &u), W_NERR_NetNameNotFound);
    rpc_close(a);
    rpc_close(e);
}

/* Page by page as in one piece; and what does not fit at all. */
static void share_pages(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = open_as(w, w->admin, false);
    uint32_t parm, resume = 0, seen = 0;
    char16_t name[8] = u"share0";
    for (char16_t i = '0'; i <= '9'; i++) {
        name[5] = i;
        assert_int_equal(share_add(w, a, name, i % 2 ? 0x40000000 : 0, u"C:\\tmp", &parm), 0);
    }
    static const uint32_t levels[] = { 0, 1, 2, 501, 502, 503 };
    for (size_t i = 0; i < COUNT(levels); i++) {
        struct srvsvc_NetrShareEnum r = { .in = { .InfoStruct.Level = levels[i],
                                                  .PreferedMaximumLength = ALL } };
        CALL(srvsvc_NetrShareEnum, a, &r);
        assert_int_equal(r.out.result, 0);
        assert_int_equal(r.out.TotalEntries, 11);
        assert_int_equal(r.out.InfoStruct.ShareInfo.Level0->EntriesRead, 11);
    }
    struct srvsvc_NetrShareEnum r = {
        .in = { .InfoStruct.Level = 1, .PreferedMaximumLength = 100, .ResumeHandle = &resume }
    };
    do {
        CALL(srvsvc_NetrShareEnum, a, &r);
        assert_true(r.out.result == W_ERROR_MORE_DATA || r.out.result == 0);
        assert_int_equal(r.out.TotalEntries, 11 - seen);
        seen += r.out.InfoStruct.ShareInfo.Level1->EntriesRead;
        resume = *r.out.ResumeHandle;
    } while (r.out.result == W_ERROR_MORE_DATA);
    assert_int_equal(seen, 11);
    r.in.PreferedMaximumLength = 1;
    resume = 0;
    CALL(srvsvc_NetrShareEnum, a, &r);
    assert_int_equal(r.out.result, W_NERR_BufTooSmall);
    resume = 4711;
    CALL(srvsvc_NetrShareEnum, a, &r);
    assert_int_equal(r.out.result, 0);
    assert_int_equal(r.out.InfoStruct.ShareInfo.Level1->EntriesRead, 0);
    struct srvsvc_NetrShareEnumSticky s = { .in = { .InfoStruct.Level = 0, .PreferedMaximumLength = ALL } };
    CALL(srvsvc_NetrShareEnumSticky, a, &s);
    assert_int_equal(s.out.TotalEntries, 6); /* five of ten, and IPC$ */
    s.in.InfoStruct.Level = 501;
    CALL(srvsvc_NetrShareEnumSticky, a, &s);
    assert_int_equal(s.out.result, W_ERROR_INVALID_LEVEL);
    rpc_close(a);
}

/* Who may not read a share does not get in; the administrator can still be let in again by the store. */
static void descriptor_obeyed(void **state)
{
    struct world *w = *state;
    struct nt_arena *mem = w->mem;
    struct samdb_share ipc;
    /* DACL with one entry: administrators (S-1-5-32-544), all */
    static const uint8_t sd[] = { 1, 0, 4, 0x80, 0,  0, 0, 0, 0,  0, 0, 0, 0,  0, 0,    0, 20,   0,
                                  0, 0, 2, 0,    32, 0, 1, 0, 0,  0, 0, 0, 24, 0, 0xff, 1, 0x1f, 0,
                                  1, 2, 0, 0,    0,  0, 0, 5, 32, 0, 0, 0, 32, 2, 0,    0 };
    struct rpc_conn *c = NULL;
    assert_int_equal(samdb_share_get(w->db, "ipc$", mem, &ipc), STATUS_SUCCESS);
    ipc.sd = (struct nt_blob){ sd, sizeof sd };
    assert_true(sd_valid(sd, sizeof sd));
    for (size_t n = 0; n < sizeof sd; n++)
        assert_false(sd_valid(sd, n));
    assert_int_equal(samdb_share_set(w->db, &ipc), STATUS_SUCCESS);
    assert_int_equal(world_try(w, w->eve, "srvsvc", &srvsvc_interface, &c), STATUS_ACCESS_DENIED);
    c = open_as(w, w->admin, false);
    struct srvsvc_NetrServerStatisticsGet st = { .in = { .Level = 0 } };
    CALL(srvsvc_NetrServerStatisticsGet, c, &st);
    assert_int_equal(st.out.InfoStruct->sts0_permerrors, 1);
    rpc_close(c);
}

/* Wrong passwords are counted by the SMB server's own logons. */
static void locked_out(void **state)
{
    struct world *w = *state;
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct sec_creds *wrong = NULL;
    struct rpc_conn *c = NULL;
    co.user = "eve";
    co.domain = "BOX";
    co.password = "guessed";
    co.mech = SEC_MECH_NTLM;
    assert_int_equal(sec_creds_new(&co, &wrong, NULL), STATUS_SUCCESS);
    for (int i = 0; i < 10; i++)
        assert_int_equal(world_try(w, wrong, "srvsvc", &srvsvc_interface, &c), STATUS_LOGON_FAILURE);
    /* who knows it, but too late */
    assert_int_equal(world_try(w, w->eve, "srvsvc", &srvsvc_interface, &c), STATUS_ACCOUNT_LOCKED_OUT);
    sec_creds_unref(wrong);
    c = open_as(w, w->admin, false); /* others are not concerned */
    rpc_close(c);
}

/* ---- sessions ---- */

static void sessions(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = open_as(w, w->admin, false), *e = open_as(w, w->eve, false);
    static const uint32_t levels[] = { 0, 1, 2, 10, 502 };
    for (size_t i = 0; i < COUNT(levels); i++) {
        struct srvsvc_NetrSessionEnum r = { .in = { .InfoStruct.Level = levels[i],
                                                    .PreferedMaximumLength = ALL } };
        CALL(srvsvc_NetrSessionEnum, e, &r);
        assert_int_equal(r.out.result, W_ERROR_ACCESS_DENIED);
        CALL(srvsvc_NetrSessionEnum, a, &r);
        assert_int_equal(r.out.result, 0);
        assert_int_equal(r.out.TotalEntries, 2);
    }
    struct srvsvc_NetrSessionEnum r = { .in = { .UserName = u"EVE",
                                                .ClientName = u"\\\\192.0.2.7",
                                                .InfoStruct.Level = 502,
                                                .PreferedMaximumLength = ALL } };
    CALL(srvsvc_NetrSessionEnum, a, &r);
    assert_int_equal(r.out.TotalEntries, 1);
    const struct srvsvc_SESSION_INFO_502 *s = r.out.InfoStruct.SessionInfo.Level502->Buffer;
    same_text(s->sesi502_username, u"eve");
    same_text(s->sesi502_cname, u"\\\\192.0.2.7");
    same_text(s->sesi502_cltype_name, u""); /* SMB 2 has none */
    assert_int_equal(s->sesi502_num_opens, 1);
    r.in.ClientName = u"192.0.2.7";
    CALL(srvsvc_NetrSessionEnum, a, &r);
    assert_int_equal(r.out.result, W_NERR_InvalidComputer);
    r.in.ClientName = NULL;
    r.in.UserName = u"nobody";
    CALL(srvsvc_NetrSessionEnum, a, &r);
    assert_int_equal(r.out.result, W_NERR_UserNotFound);
    r.in.InfoStruct.Level = 3;
    CALL(srvsvc_NetrSessionEnum, a, &r);
    assert_int_equal(r.out.result, W_ERROR_INVALID_LEVEL);
    struct srvsvc_NetrConnectionEnum c = {
        .in = { .Qualifier = u"ipc$", .InfoStruct.Level = 1, .PreferedMaximumLength = ALL }
    };
    CALL(srvsvc_NetrConnectionEnum, a, &c);
    assert_int_equal(c.out.result, 0);
    assert_int_equal(c.out.TotalEntries, 2);
    c.in.Qualifier = NULL;
    CALL(srvsvc_NetrConnectionEnum, a, &c);
    assert_int_equal(c.out.result, W_ERROR_INVALID_PARAMETER);
    /* the session really ends */
    struct srvsvc_NetrSessionDel d = { .in = { .UserName = u"eve" } };
    CALL(srvsvc_NetrSessionDel, e, &d);
    assert_int_equal(d.out.result, W_ERROR_ACCESS_DENIED);
    CALL(srvsvc_NetrSessionDel, a, &d);
    assert_int_equal(d.out.result, 0);
    struct srvsvc_NetrRemoteTOD tod = { .in = { .ServerName = NULL } };
    assert_int_not_equal(srvsvc_NetrRemoteTOD(e, w->mem, &tod), STATUS_SUCCESS);
    CALL(srvsvc_NetrSessionDel, a, &d);
    assert_int_equal(d.out.result, W_NERR_ClientNameNotFound);
    d.in.UserName = NULL;
    CALL(srvsvc_NetrSessionDel, a, &d);
    assert_int_equal(d.out.result, W_NERR_ClientNameNotFound);
    rpc_close(a);
    rpc_close(e);
}

static void own_session(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = open_as(w, w->admin, false);
    struct srvsvc_NetrSessionDel d = { .in = { .UserName = u"admin" } };
    /* the branch that it sits on: the answer comes, and then there is no session */
    CALL(srvsvc_NetrSessionDel, a, &d);
    assert_int_equal(d.out.result, 0);
    struct srvsvc_NetrRemoteTOD tod = { .in = { .ServerName = NULL } };
    assert_int_not_equal(srvsvc_NetrRemoteTOD(a, w->mem, &tod), STATUS_SUCCESS);
    rpc_close(a);
    a = open_as(w, w->admin, false);
    rpc_close(a);
}

static void open_pipes(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = open_as(w, w->admin, false), *e = open_as(w, w->eve, false);
    struct srvsvc_NetrFileEnum r = { .in = { .UserName = u"eve",
                                             .BasePath = u"\\pipe",
                                             .InfoStruct.Level = 3,
                                             .PreferedMaximumLength = ALL } };
    CALL(srvsvc_NetrFileEnum, e, &r);
    assert_int_equal(r.out.result, W_ERROR_ACCESS_DENIED);
    CALL(srvsvc_NetrFileEnum, a, &r);
    assert_int_equal(r.out.result, 0);
    assert_int_equal(r.out.TotalEntries, 1);
    struct srvsvc_FILE_INFO_3 f = r.out.InfoStruct.FileInfo.Level3->Buffer[0];
    same_text(f.fi3_pathname, u"\\PIPE\\srvsvc");
    r.in.BasePath = u"\\pi"; /* no component */
    CALL(srvsvc_NetrFileEnum, a, &r);
    assert_int_equal(r.out.TotalEntries, 0);
    struct srvsvc_NetrFileGetInfo g = { .in = { .FileId = f.fi3_id, .Level = 3 } };
    CALL(srvsvc_NetrFileGetInfo, a, &g);
    assert_int_equal(g.out.result, 0);
    same_text(g.out.InfoStruct.FileInfo3->fi3_username, u"eve");
    struct srvsvc_NetrFileClose c = { .in = { .FileId = f.fi3_id } };
    CALL(srvsvc_NetrFileClose, e, &c);
    assert_int_equal(c.out.result, W_ERROR_ACCESS_DENIED);
    CALL(srvsvc_NetrFileClose, a, &c);
    assert_int_equal(c.out.result, 0);
    CALL(srvsvc_NetrFileGetInfo, a, &g);
    assert_int_equal(g.out.result, W_ERROR_FILE_NOT_FOUND);
    CALL(srvsvc_NetrFileClose, a, &c);
    assert_int_equal(c.out.result, W_NERR_FileIdNotFound);
    struct srvsvc_NetrRemoteTOD tod = { .in = { .ServerName = NULL } };
    assert_int_not_equal(srvsvc_NetrRemoteTOD(e, w->mem, &tod), STATUS_SUCCESS);
    rpc_close(a);
    rpc_close(e);
}

/* ---- the rest ---- */

static void transports_and_aliases(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = open_as(w, w->admin, false);
    for (uint32_t level = 0; level < 4; level++) {
        struct srvsvc_NetrServerTransportEnum r = { .in = { .InfoStruct.Level = level,
                                                            .PreferedMaximumLength = ALL } };
        CALL(srvsvc_NetrServerTransportEnum, a, &r);
        assert_int_equal(r.out.result, level < 3 ? 0 : W_ERROR_INVALID_LEVEL);
        assert_int_equal(r.out.TotalEntries, level < 3 ? 2 : 0);
    }
    struct srvsvc_SERVER_ALIAS_INFO_0 i = { .srvai0_alias = u"other", .srvai0_target = u"box" };
    struct srvsvc_NetrServerAliasAdd add = { .in = { .InfoStruct.ServerAliasInfo0 = &i } };
    CALL(srvsvc_NetrServerAliasAdd, a, &add);
    assert_int_equal(add.out.result, 0);
    CALL(srvsvc_NetrServerAliasAdd, a, &add);
    assert_int_equal(add.out.result, W_ERROR_INVALID_PARAMETER);
    i.srvai0_alias = u"third";
    i.srvai0_target = u"stranger";
    CALL(srvsvc_NetrServerAliasAdd, a, &add);
    assert_int_equal(add.out.result, W_ERROR_INVALID_PARAMETER);
    rpc_close(a);
    world_stop(w);
    world_start(w);
    a = open_as(w, w->admin, false);
    struct srvsvc_NetrServerAliasEnum e = { .in = { .PreferedMaximumLength = ALL } };
    CALL(srvsvc_NetrServerAliasEnum, a, &e);
    assert_int_equal(e.out.TotalEntries, 1);
    same_text(e.out.InfoStruct.ServerAliasInfo.Level0->Buffer[0].srvai0_alias, u"other");
    i.srvai0_alias = u"OTHER";
    struct srvsvc_NetrServerAliasDel del = { .in = { .InfoStruct.ServerAliasInfo0 = &i } };
    CALL(srvsvc_NetrServerAliasDel, a, &del);
    assert_int_equal(del.out.result, 0);
    CALL(srvsvc_NetrServerAliasDel, a, &del);
    assert_int_equal(del.out.result, W_NERR_NetNameNotFound);
    struct srvsvc_NetrDfsGetVersion dfs = { .in = { .ServerName = NULL } };
    CALL(srvsvc_NetrDfsGetVersion, a, &dfs);
    assert_int_equal(dfs.out.result, W_ERROR_FILE_NOT_FOUND);
    rpc_close(a);
}

/* What another program changes is told at once, and what it adds is there. */
static void changed_by_others(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = open_as(w, w->admin, false);
    struct samdb *other;
    static const struct samdb_share share = {
        .name = "theirs", .path = "C:\\tmp", .comment = "", .max_uses = 7
    };
    struct srvsvc_NetrServerGetInfo r = { .in = { .Level = 101 } };
    CALL(srvsvc_NetrServerGetInfo, a, &r);
    same_text(r.out.InfoStruct.ServerInfo101->sv101_comment, u"");
    assert_int_equal(samdb_open(w->path, NULL, &other), STATUS_SUCCESS);
    assert_int_equal(samdb_set_setting(other, "srvsvc.comment", "by others"), STATUS_SUCCESS);
    assert_int_equal(samdb_share_add(other, &share), STATUS_SUCCESS);
    CALL(srvsvc_NetrServerGetInfo, a, &r);
    same_text(r.out.InfoStruct.ServerInfo101->sv101_comment, u"by others");
    struct srvsvc_NetrShareGetInfo s = { .in = { .NetName = u"THEIRS", .Level = 2 } };
    CALL(srvsvc_NetrShareGetInfo, a, &s);
    assert_int_equal(s.out.result, 0);
    assert_int_equal(s.out.InfoStruct.ShareInfo2->shi2_max_uses, 7);
    assert_int_equal(samdb_set_setting(other, "srvsvc.comment", NULL), STATUS_SUCCESS);
    CALL(srvsvc_NetrServerGetInfo, a, &r);
    same_text(r.out.InfoStruct.ServerInfo101->sv101_comment, u"");
    samdb_close(other);
    rpc_close(a);
}

static enum werror add_name(struct world *w, struct rpc_conn *c, const char16_t *name, uint32_t flags)
{
    struct wkssvc_NetrAddAlternateComputerName r = { .in = { .AlternateName = name, .Reserved = flags } };
    CALL(wkssvc_NetrAddAlternateComputerName, c, &r);
    return r.out.result;
}

static void other_names(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = open_as(w, w->admin, true), *e = open_as(w, w->eve, true);
    char16_t label[70] = u"";
    static const enum werror invalid_char = (enum werror)9560; /* DNS_ERROR_INVALID_NAME_CHAR */
    for (int i = 0; i < 64; i++)
        label[i] = 'a';
    assert_int_equal(add_name(w, e, u"web", 0), W_ERROR_ACCESS_DENIED);
    assert_int_equal(add_name(w, a, u"web.example", 2), W_ERROR_INVALID_FLAGS);
    assert_int_equal(add_name(w, a, NULL, 0), W_ERROR_INVALID_PARAMETER);
    assert_int_equal(add_name(w, a, u".web", 0), W_ERROR_INVALID_NAME);
    assert_int_equal(add_name(w, a, u"a..b", 0), W_ERROR_INVALID_NAME);
    assert_int_equal(add_name(w, a, label, 0), W_ERROR_INVALID_NAME);
    assert_int_equal(add_name(w, a, u"a b", 0), invalid_char);
    assert_int_equal(add_name(w, a, u"a\nb", 0), invalid_char);
    assert_int_equal(add_name(w, a, u"a/b", 0), invalid_char);
    assert_int_equal(add_name(w, a, u"web.example", 0), 0);
    assert_int_equal(add_name(w, a, u"files_2", 3), 0); /* NET_IGNORE_UNSUPPORTED_FLAGS */
    assert_int_equal(add_name(w, a, u"WEB.example", 0), 0);
    struct wkssvc_NetrEnumerateComputerNames n = { .in = { .NameType = wkssvc_NetAllComputerNames } };
    CALL(wkssvc_NetrEnumerateComputerNames, a, &n);
    assert_int_equal(n.out.ComputerNames->EntryCount, 3);
    assert_memory_equal(n.out.ComputerNames->ComputerNames[1].Buffer, u"web.example", 22);
    n.in.NameType = wkssvc_NetPrimaryComputerName;
    CALL(wkssvc_NetrEnumerateComputerNames, a, &n);
    assert_int_equal(n.out.ComputerNames->EntryCount, 1);
    n.in.NameType = wkssvc_NetAlternateComputerNames;
    struct wkssvc_NetrRemoveAlternateComputerName2 gone = { .in = { .AlternateName = u"web.EXAMPLE" } };
    CALL(wkssvc_NetrRemoveAlternateComputerName2, a, &gone);
    assert_int_equal(gone.out.result, 0);
    CALL(wkssvc_NetrRemoveAlternateComputerName2, a, &gone);
    assert_int_equal(gone.out.result, W_ERROR_NOT_FOUND);
    rpc_close(a);
    rpc_close(e);
    world_stop(w); /* they last */
    world_start(w);
    a = open_as(w, w->admin, true);
    CALL(wkssvc_NetrEnumerateComputerNames, a, &n);
    assert_int_equal(n.out.ComputerNames->EntryCount, 1);
    assert_memory_equal(n.out.ComputerNames->ComputerNames[0].Buffer, u"files_2", 14);
    struct wkssvc_NetrWkstaTransportAdd t = { .in = { .TransportInfo = { .wkti0_transport_name = u"x" } } };
    CALL(wkssvc_NetrWkstaTransportAdd, a, &t);
    assert_int_equal(t.out.result, W_ERROR_INVALID_FUNCTION);
    rpc_close(a);
}

static void workstation(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = open_as(w, w->admin, true), *e = open_as(w, w->eve, true);
    static const struct {
        uint32_t level;
        enum werror admin, eve;
    } list[] = { { 100, 0, 0 },
                 { 101, 0, 0 },
                 { 102, 0, W_ERROR_ACCESS_DENIED },
                 { 502, 0, W_ERROR_ACCESS_DENIED },
                 { 1013, W_ERROR_INVALID_LEVEL, W_ERROR_INVALID_LEVEL } };
    for (size_t i = 0; i < COUNT(list); i++) {
        struct wkssvc_NetrWkstaGetInfo r = { .in = { .Level = list[i].level } };
        CALL(wkssvc_NetrWkstaGetInfo, e, &r);
        assert_int_equal(r.out.result, list[i].eve);
        CALL(wkssvc_NetrWkstaGetInfo, a, &r);
        assert_int_equal(r.out.result, list[i].admin);
        if (list[i].level == 100) {
            same_text(r.out.WkstaInfo.WkstaInfo100->wki100_computername, u"BOX");
            same_text(r.out.WkstaInfo.WkstaInfo100->wki100_langroup, u"WORKGROUP");
        }
    }
    struct wkssvc_WKSTA_INFO_1018 timeout = { 59 };
    uint32_t parm = 0;
    struct wkssvc_NetrWkstaSetInfo set = {
        .in = { .Level = 1018, .WkstaInfo.WkstaInfo1018 = &timeout, .ErrorParameter = &parm }
    };
    CALL(wkssvc_NetrWkstaSetInfo, a, &set);
    assert_int_equal(set.out.result, W_ERROR_INVALID_PARAMETER);
    assert_int_equal(*set.out.ErrorParameter, 0x12);
    timeout.wki1018_sess_timeout = 77;
    CALL(wkssvc_NetrWkstaSetInfo, e, &set);
    assert_int_equal(set.out.result, W_ERROR_ACCESS_DENIED);
    CALL(wkssvc_NetrWkstaSetInfo, a, &set);
    assert_int_equal(set.out.result, 0);
    struct wkssvc_NetrWkstaGetInfo g = { .in = { .Level = 502 } };
    CALL(wkssvc_NetrWkstaGetInfo, a, &g);
    assert_int_equal(g.out.WkstaInfo.WkstaInfo502->wki502_sess_timeout, 77);
    assert_int_equal(g.out.WkstaInfo.WkstaInfo502->wki502_keep_conn, 600);
    struct wkssvc_NetrGetJoinInformation join = { .in = { .NameBuffer = NULL } };
    CALL(wkssvc_NetrGetJoinInformation, e, &join);
    assert_int_equal(join.out.result, 0);
    same_text(join.out.NameBuffer, u"WORKGROUP");
    assert_int_equal(join.out.BufferType, wkssvc_NetSetupWorkgroupName);
    struct wkssvc_NetrEnumerateComputerNames names = { .in = { .NameType = wkssvc_NetAllComputerNames } };
    CALL(wkssvc_NetrEnumerateComputerNames, a, &names);
    assert_int_equal(names.out.result, 0);
    assert_int_equal(names.out.ComputerNames->EntryCount, 1);
    struct wkssvc_NetrWkstaTransportEnum t = { .in = { .PreferredMaximumLength = ALL } };
    CALL(wkssvc_NetrWkstaTransportEnum, e, &t);
    assert_int_equal(t.out.TotalEntries, 2);
    struct wkssvc_NetrWkstaUserEnum u = { .in = { .UserInfo.Level = 1, .PreferredMaximumLength = ALL } };
    CALL(wkssvc_NetrWkstaUserEnum, a, &u);
    assert_int_equal(u.out.result, 0);
    CALL(wkssvc_NetrWkstaUserEnum, e, &u);
    assert_int_equal(u.out.result, W_ERROR_ACCESS_DENIED);
    struct wkssvc_NetrUseEnum use = { .in = { .InfoStruct.Level = 2, .PreferredMaximumLength = ALL } };
    CALL(wkssvc_NetrUseEnum, e, &use);
    assert_int_equal(use.out.result, 0);
    assert_int_equal(use.out.TotalEntries, 0);
    rpc_close(a);
    rpc_close(e);
}

/* ---- text, without any server ---- */

static void path_types(void **state)
{
    static const struct {
        const char16_t *path;
        uint32_t type; /* 0: no path */
    } list[] = { { u"", 0 },
                 { u"a", 8192 },
                 { u"a\\b*", 8193 },
                 { u"\\a", 8194 },
                 { u"\\a?", 8195 },
                 { u"C:", 16384 },
                 { u"c:\\x", 8198 },
                 { u"C:\\x\\*", 8199 },
                 { u"\\\\s", 4144 },
                 { u"\\\\*", 4145 },
                 { u"\\\\*x", 0 },
                 { u"\\\\s\\x", 4096 },
                 { u"\\\\s\\x\\", 0 },
                 { u"\\\\s\\", 0 },
                 { u"\\\\s\\x?", 4097 },
                 { u"\\\\.\\x", 8198 },
                 { u"\\\\.", 0 },
                 { u"\\\\.\\*", 8199 },
                 { u"LPT1", 16400 },
                 { u"com9:", 16416 },
                 { u"LPT0", 8192 },
                 { u"LPT10", 8192 },
                 { u"\\DEV\\LPT2", 16400 },
                 { u"\\dev\\x", 0 },
                 { u"\\Development", 8194 },
                 { u"a|b", 0 },
                 { u"a<", 0 },
                 { u"\"", 0 },
                 { u"\\\\", 0 },
                 { u"\\", 8194 } };
    (void)state;
    for (size_t i = 0; i < COUNT(list); i++) {
        uint32_t type = 0;
        enum werror we = names_path_type(list[i].path, 0, &type);
        if (we != (list[i].type ? W_ERROR_SUCCESS : W_ERROR_INVALID_NAME) || type != list[i].type)
            fail_msg("%zu: %u", i, type);
    }
    uint32_t type = 7;
    assert_int_equal(names_path_type(u"a", 2, &type), W_ERROR_INVALID_PARAMETER);
    assert_int_equal(names_path_type(u"longername.txt", 1, &type), W_ERROR_INVALID_NAME);
    assert_int_equal(type, 7);
    assert_int_equal(names_path_type(u"C:\\shorter\\name.txt", 1, &type), W_ERROR_SUCCESS);
}

static void canonical_paths(void **state)
{
    static const struct {
        const char16_t *prefix, *path, *want; /* NULL: none */
    } list[] = { { u"", u"a/b", u"a\\b" },
                 { u"", u"C:\\a\\.\\b\\..\\c", u"C:\\a\\c" },
                 { u"", u"C:\\a\\..", u"C:\\" },
                 { u"", u"C:\\..", NULL },
                 { u"", u"C:\\a\\..\\..\\b", NULL },
                 { u"", u"..\\a", NULL },
                 { u"", u"a\\..\\..\\b", NULL },
                 { u"", u"\\a\\\\b\\", u"\\a\\b" },
                 { u"", u"\\..", NULL },
                 { u"", u"a\\..\\b:c", NULL },
                 { u"x", u"..\\b:.\\c", NULL },
                 { u"", u"C:a\\..\\b:", u"C:b:" },
                 { u"", u"\\\\s\\x\\..", NULL },
                 { u"", u"\\\\s\\..", NULL },
                 { u"", u"\\\\..\\x", NULL },
                 { u"", u"\\\\.\\x", u"\\\\.\\x" },
                 { u"", u"\\\\s\\x\\a\\..", u"\\\\s\\x" },
                 { u"", u"\\\\s\\x\\..\\..\\b", NULL },
                 { u"C:\\a", u"b", u"C:\\a\\b" },
                 { u"C:\\a\\", u"..\\b", u"C:\\b" },
                 { u"C:\\a", u"..\\..\\b", NULL },
                 { u"a|", u"b", NULL },
                 { u"", u"\\\\.\\\\", u"\\\\.\\" },
                 { u"", u"lpt1:", u"LPT1" },
                 { u"", u"c:", u"c:" } };
    char16_t out[300];
    uint32_t type;
    (void)state;
    for (size_t i = 0; i < COUNT(list); i++) {
        enum werror we = names_path_canonicalize(list[i].path, list[i].prefix, 0, out, 300, &type);
        if (!list[i].want ? we != W_ERROR_INVALID_NAME
                          : we != W_ERROR_SUCCESS || ustr_cmp(out, list[i].want) != 0)
            fail_msg("%zu: %u", i, (unsigned)we);
    }
    out[0] = 'u';
    assert_int_equal(names_path_canonicalize(u"abc", u"", 0, out, 3, &type), W_NERR_BufTooSmall);
    assert_int_equal(out[0], 'u');
    assert_int_equal(names_path_canonicalize(u"abc", u"", 0, out, 4, &type), W_ERROR_SUCCESS);
    assert_int_equal(names_path_canonicalize(u"abc", u"", 2, out, 4, &type), W_ERROR_INVALID_PARAMETER);
    assert_int_equal(names_path_compare(u"C:\\a\\..\\b", u"C:\\b", 0), 0);
    assert_int_equal(names_path_compare(u"C:\\a", u"C:\\b", 0), -1);
    assert_int_equal(names_path_compare(u"C:\\a", u"a", 0), 1);
    assert_int_equal(names_path_compare(u"..", u"a", 0), W_ERROR_INVALID_NAME);
    assert_int_equal(names_path_compare(u"a", u"b", 7), W_ERROR_INVALID_PARAMETER);
}

/* Nothing made of these can leave the buffers or give a path with dots. */
static void paths_at_random(void **state)
{
    static const char16_t letters[] = u"\\\\//..aC:*?";
    uint32_t seed = 1, type;
    (void)state;
    for (int i = 0; i < 200000; i++) {
        char16_t path[14], out[40];
        unsigned n = 0;
        for (; n < 13; n++) {
            seed = seed * 1664525 + 1013904223;
            path[n] = letters[seed >> 16 & 15 ? (seed >> 20) % 11 : 0];
        }
        path[n] = 0;
        if (names_path_canonicalize(path, i % 3 ? u"" : u"C:\\x", 0, out, 40, &type) != W_ERROR_SUCCESS)
            continue;
        size_t len = ustr_len(out);
        assert_in_range(len, 1, 18);
        for (size_t k = 0; k + 1 < len; k++)
            if (out[k] == '.' && out[k + 1] == '.' && (k == 0 || out[k - 1] == '\\') &&
                (!out[k + 2] || out[k + 2] == '\\'))
                fail_msg("dots at %zu", k);
    }
}

static void name_rules(void **state)
{
    char16_t s[300], out[300];
    static const uint16_t max[] = { 0, 256, 256, 256, 259, 16, 15, 80, 259, 80, 15, 0, 8, 15 },
                          lm[] = { 0, 20, 14, 20, 15, 16, 15, 15, 259, 12, 15, 0, 8, 15 };
    (void)state;
    for (uint32_t type = 1; type < 14; type++) {
        if (type == 11)
            continue;
        for (int old = 0; old < 2; old++) {
            uint32_t flags = old ? 0x80000000 : 0;
            unsigned n = old ? lm[type] : max[type];
            for (unsigned i = 0; i < n + 1; i++)
                s[i] = 'a';
            s[n] = 0;
            assert_int_equal(names_validate(s, type, flags), W_ERROR_SUCCESS);
            s[n] = 'a';
            s[n + 1] = 0;
            assert_int_equal(names_validate(s, type, flags), W_ERROR_INVALID_NAME);
        }
        assert_int_equal(names_validate(u"", type, 0),
                         type == 2 || type == 12 ? W_ERROR_SUCCESS : W_ERROR_INVALID_NAME);
        assert_int_equal(names_validate(u"a/b", type, 0),
                         type == 2 || type == 12 ? W_ERROR_SUCCESS : W_ERROR_INVALID_NAME);
    }
    assert_int_equal(names_validate(u"a", 0, 0), W_ERROR_INVALID_PARAMETER);
    assert_int_equal(names_validate(u"a", 14, 0), W_ERROR_INVALID_PARAMETER);
    assert_int_equal(names_validate(u"a", 1, 1), W_ERROR_INVALID_PARAMETER);
    assert_int_equal(names_validate(u" a", 4, 0), W_ERROR_INVALID_NAME);
    assert_int_equal(names_validate(u"a*", 11, 0), W_ERROR_SUCCESS);
    assert_int_equal(names_validate(u"*a", 11, 0), W_ERROR_INVALID_NAME);
    assert_int_equal(names_canonicalize(u"Eve", 1, 0x80000000, out, 300), W_ERROR_SUCCESS);
    same_text(out, u"EVE");
    assert_int_equal(names_canonicalize(u"Eve", 1, 0, out, 4), W_ERROR_SUCCESS);
    same_text(out, u"Eve");
    assert_int_equal(names_canonicalize(u"Eve", 1, 0, out, 3), W_NERR_BufTooSmall);
    assert_int_equal(names_canonicalize(u"Eve", 1, 1, out, 255), W_NERR_BufTooSmall);
    assert_int_equal(names_canonicalize(u"Eve", 1, 1, out, 256), W_ERROR_SUCCESS);
    assert_int_equal(names_compare(u"Eve", u"eVE", 1, 0), 0);
    assert_int_equal(names_compare(u"a", u"b", 1, 0), -1);
    assert_int_equal(names_compare(u"Eve", u"eVE", 2, 0x80000000),
                     -1); /* passwords of LAN Manager have case */
    assert_int_equal(names_compare(u"a/", u"b", 1, 0), W_ERROR_INVALID_PARAMETER);
}

#define WORLD(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(path_types),
        cmocka_unit_test(canonical_paths),
        cmocka_unit_test(paths_at_random),
        cmocka_unit_test(name_rules),
        WORLD(information),
        WORLD(settings),
        WORLD(shares),
        WORLD(share_changes),
        WORLD(share_pages),
        WORLD(descriptor_obeyed),
        WORLD(locked_out),
        WORLD(sessions),
        WORLD(own_session),
        WORLD(open_pipes),
        WORLD(transports_and_aliases),
        WORLD(workstation),
        WORLD(other_names),
        WORLD(changed_by_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
