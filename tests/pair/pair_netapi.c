// SPDX-License-Identifier: Apache-2.0
/* The Net* functions against a server that has every level, and lies when told to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <windows.h>
#include <lm.h>
#include <msrpc/lsarpc.h>
#include <msrpc/netapi.h>
#include <msrpc/srvsvc.h>
#include <msrpc/unistr.h>
#include <msrpc/wkssvc.h>
#include "common/fail_malloc.h"
#include "fake_net.h"
#include "netapi/m_level.h"

#define HOST  "127.0.0.1"
#define HOST2 "127.0.0.2"
#define WHOST u"127.0.0.1"

enum lie {
    HONEST,
    LIST_LEVEL,    /* another level than asked for, with the container of that level */
    LIST_NO_ARRAY, /* a count and no array */
    LIST_NULL,     /* no container */
    LIST_STUCK,    /* more data, and the same place to go on */
    LIST_NOTHING,  /* more data, but none of it */
    LIST_ENDLESS,  /* more data for ever: ends at the test's own patience */
    INFO_NULL,     /* success without a structure */
    INFO_TAG,      /* the union of another level */
    STRINGS_NULL,
    REFUSED, /* an error that is in no table */
};

struct world {
    struct fake_net net;
    _Atomic enum lie lie;
    _Atomic unsigned total; /* entries of a list */
    _Atomic unsigned page;  /* entries of one answer */
    _Atomic uint32_t wish;  /* seen */
};

/* ---- the server ---- */

static const char16_t *text(struct world *w, struct nt_arena *mem, const char *name, unsigned i)
{
    char buf[64];
    char16_t *s = nt_arena_array(mem, 64, sizeof *s);
    if (w->lie == STRINGS_NULL)
        return NULL;
    snprintf(buf, sizeof buf, "%s %u", name, i);
    for (size_t k = 0; buf[k]; k++)
        s[k] = (char16_t)(uint8_t)buf[k];
    return s;
}

static const uint8_t descriptor[] = {
    1, 0, 0, 0x80, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0
}; /* owner S-1-5-18 */

/* Entry i of a list at a level, on the wire. */
static void *share_503(struct world *w, struct nt_arena *mem, unsigned i, void *to)
{
    struct srvsvc_SHARE_INFO_503_I *s = to;
    *s = (struct srvsvc_SHARE_INFO_503_I){
        .shi503_netname = text(w, mem, "name", i),
        .shi503_type = STYPE_PRINTQ,
        .shi503_remark = text(w, mem, "remark", i),
        .shi503_permissions = 11 + i,
        .shi503_max_uses = 12 + i,
        .shi503_current_uses = 13 + i,
        .shi503_path = text(w, mem, "path", i),
        .shi503_passwd = text(w, mem, "passwd", i),
        .shi503_servername = text(w, mem, "server", i),
        .shi503_reserved = sizeof descriptor,
        .shi503_security_descriptor = nt_arena_memdup(mem, descriptor, sizeof descriptor),
    };
    return s;
}

static void *share_1(struct world *w, struct nt_arena *mem, unsigned i, void *to)
{
    struct srvsvc_SHARE_INFO_1 *s = to;
    *s = (struct srvsvc_SHARE_INFO_1){ text(w, mem, "name", i), i, text(w, mem, "remark", i) };
    return s;
}

static void *session_502(struct world *w, struct nt_arena *mem, unsigned i, void *to)
{
    struct srvsvc_SESSION_INFO_502 *s = to;
    *s = (struct srvsvc_SESSION_INFO_502){
        text(w, mem, "client", i), text(w, mem, "user", i),      21 + i, 22 + i, 23 + i, 24 + i,
        text(w, mem, "type", i),   text(w, mem, "transport", i),
    };
    return s;
}

static void *session_2(struct world *w, struct nt_arena *mem, unsigned i, void *to)
{
    struct srvsvc_SESSION_INFO_2 *s = to;
    *s = (struct srvsvc_SESSION_INFO_2){
        text(w, mem, "client", i), text(w, mem, "user", i), 21 + i, 22 + i, 23 + i, 24 + i,
        text(w, mem, "type", i),
    };
    return s;
}

static void *session_10(struct world *w, struct nt_arena *mem, unsigned i, void *to)
{
    struct srvsvc_SESSION_INFO_10 *s = to;
    *s =
        (struct srvsvc_SESSION_INFO_10){ text(w, mem, "client", i), text(w, mem, "user", i), 22 + i, 23 + i };
    return s;
}

static void *file_2(struct world *w, struct nt_arena *mem, unsigned i, void *to)
{
    (void)w;
    (void)mem;
    struct srvsvc_FILE_INFO_2 *s = to;
    s->fi2_id = 31 + i;
    return s;
}

struct maker {
    uint32_t level;
    size_t size;
    void *(*make)(struct world *w, struct nt_arena *mem, unsigned i, void *to);
};
static const struct maker share_makers[] = { { 1, sizeof(struct srvsvc_SHARE_INFO_1), share_1 },
                                             { 503, sizeof(struct srvsvc_SHARE_INFO_503_I), share_503 },
                                             { 0 } };
static const struct maker session_makers[] = { { 2, sizeof(struct srvsvc_SESSION_INFO_2), session_2 },
                                               { 10, sizeof(struct srvsvc_SESSION_INFO_10), session_10 },
                                               { 502, sizeof(struct srvsvc_SESSION_INFO_502), session_502 },
                                               { 0 } };
static const struct maker file_makers[] = { { 2, sizeof(struct srvsvc_FILE_INFO_2), file_2 }, { 0 } };

/* One page of a list: level and container to send, total and resume handle. */
static enum werror page(struct world *w, const struct maker *m, uint32_t level, uint32_t wish,
                        uint32_t *resume, struct nt_arena *mem, uint32_t *ret_level, void **ret_container,
                        uint32_t *ret_total)
{
    struct net_container *c = nt_arena_obj(mem, struct net_container);
    unsigned from = resume ? *resume : 0, n = w->total > from ? w->total - from : 0;
    while (m->make && m->level != level)
        m++;
    w->wish = wish;
    *ret_level = level;
    *ret_total = n;
    *ret_container = w->lie == LIST_NULL ? NULL : c;
    if (!m->make)
        return W_ERROR_INVALID_LEVEL;
    if (w->lie == REFUSED)
        return (enum werror)0x7123;
    if (w->page && n > w->page)
        n = w->page;
    if (w->lie == LIST_NOTHING)
        n = 0;
    c->count = n;
    if (w->lie != LIST_NO_ARRAY && n) {
        uint8_t *all = nt_arena_array(mem, n, m->size);
        for (unsigned i = 0; i < n; i++)
            m->make(w, mem, from + i, all + i * m->size);
        c->elements = all;
    }
    if (w->lie == LIST_LEVEL)
        *ret_level =
            level == 1 ? 503 : 1; /* the test asks for an empty list, so that any container marshals */
    if (w->lie == LIST_ENDLESS) {
        if (resume)
            *resume += 1;
        return W_ERROR_MORE_DATA;
    }
    if (resume && w->lie != LIST_STUCK)
        *resume = from + n;
    if (w->lie == LIST_NOTHING && resume)
        *resume = from + 5;
    return w->lie == LIST_STUCK || w->lie == LIST_NOTHING || from + n < w->total ? W_ERROR_MORE_DATA
                                                                                 : WERR_OK;
}

static void fill_lists(struct world *w, const struct rpc_op *op, void *p, struct nt_arena *mem)
{
    void *container = NULL;
    if (op == &srvsvc_NetrShareEnum_op) {
        struct srvsvc_NetrShareEnum *r = p;
        r->out.ResumeHandle = r->in.ResumeHandle;
        r->out.result =
            page(w, share_makers, r->in.InfoStruct.Level, r->in.PreferedMaximumLength, r->out.ResumeHandle,
                 mem, &r->out.InfoStruct.Level, &container, &r->out.TotalEntries);
        r->out.InfoStruct.ShareInfo.Level0 = container;
    } else if (op == &srvsvc_NetrSessionEnum_op) {
        struct srvsvc_NetrSessionEnum *r = p;
        r->out.ResumeHandle = r->in.ResumeHandle;
        r->out.result =
            page(w, session_makers, r->in.InfoStruct.Level, r->in.PreferedMaximumLength, r->out.ResumeHandle,
                 mem, &r->out.InfoStruct.Level, &container, &r->out.TotalEntries);
        r->out.InfoStruct.SessionInfo.Level0 = container;
    } else if (op == &srvsvc_NetrFileEnum_op) {
        struct srvsvc_NetrFileEnum *r = p;
        r->out.ResumeHandle = r->in.ResumeHandle;
        r->out.result =
            page(w, file_makers, r->in.InfoStruct.Level, r->in.PreferedMaximumLength, r->out.ResumeHandle,
                 mem, &r->out.InfoStruct.Level, &container, &r->out.TotalEntries);
        r->out.InfoStruct.FileInfo.Level2 = container;
    }
}

/* Numbers from `first` on in every 32 bits of a structure that has nothing else. */
static void count_up(void *p, size_t size, uint32_t first)
{
    for (size_t i = 0; i < size / 4; i++)
        memcpy((uint8_t *)p + 4 * i, &(uint32_t){ first + (uint32_t)i }, 4);
}

static void fill_server_info(struct world *w, struct srvsvc_NetrServerGetInfo *r, struct nt_arena *mem)
{
    void *arm = NULL;
    if (r->in.Level == 101) {
        struct dtyp_SERVER_INFO_101 *s = arm = nt_arena_obj(mem, struct dtyp_SERVER_INFO_101);
        *s = (struct dtyp_SERVER_INFO_101){ 500,    text(w, mem, "server", 1), 10, 1,
                                            0x9003, text(w, mem, "comment", 1) };
    } else if (r->in.Level == 103) {
        struct srvsvc_SERVER_INFO_103 *s = arm = nt_arena_obj(mem, struct srvsvc_SERVER_INFO_103);
        *s = (struct srvsvc_SERVER_INFO_103){
            .sv103_name = text(w, mem, "server", 3),
            .sv103_comment = text(w, mem, "comment", 3),
            .sv103_userpath = text(w, mem, "path", 3),
            .sv103_licenses = 41,
            .sv103_capabilities = 42,
            .sv103_disc = -1,
        };
    } else if (r->in.Level == 502) {
        arm = nt_arena_obj(mem, struct srvsvc_SERVER_INFO_502);
        count_up(arm, sizeof(struct srvsvc_SERVER_INFO_502), 1000);
    } else if (r->in.Level == 503) {
        struct srvsvc_SERVER_INFO_503 *s = arm = nt_arena_obj(mem, struct srvsvc_SERVER_INFO_503);
        count_up(s, sizeof *s, 2000);
        s->sv503_domain = text(w, mem, "domain", 3);
    }
    r->out.result = w->lie == REFUSED ? (enum werror)0x7123 : arm ? WERR_OK : W_ERROR_INVALID_LEVEL;
    r->out.InfoStruct.ServerInfo100 = w->lie == INFO_NULL ? NULL : arm;
    if (w->lie == INFO_TAG)
        r->in.Level = 1107; /* a number where the client awaits pointers */
}

static void fill(void *arg, const struct rpc_op *op, void *p, struct nt_arena *mem)
{
    struct world *w = arg;
    if (op == &srvsvc_NetrServerGetInfo_op) {
        fill_server_info(w, p, mem);
    } else if (op == &srvsvc_NetrRemoteTOD_op) {
        struct srvsvc_NetrRemoteTOD *r = p;
        r->out.BufferPtr = w->lie == INFO_NULL ? NULL : nt_arena_obj(mem, struct srvsvc_TIME_OF_DAY_INFO);
        if (r->out.BufferPtr)
            count_up(r->out.BufferPtr, sizeof *r->out.BufferPtr, 3000);
    } else if (op == &srvsvc_NetrShareGetInfo_op) {
        struct srvsvc_NetrShareGetInfo *r = p; /* says the name that it was asked for */
        struct srvsvc_SHARE_INFO_1 *s = nt_arena_obj(mem, struct srvsvc_SHARE_INFO_1);
        s->shi1_netname = r->in.NetName;
        r->out.InfoStruct.ShareInfo1 = s;
    } else if (op == &srvsvc_NetrShareAdd_op) {
        struct srvsvc_NetrShareAdd *r = p;
        r->out.ParmErr = r->in.ParmErr;
        if (r->out.ParmErr)
            *r->out.ParmErr = SHARE_PATH_PARMNUM;
        r->out.result = W_ERROR_INVALID_PARAMETER;
    } else if (op == &wkssvc_NetrWkstaGetInfo_op) {
        struct wkssvc_NetrWkstaGetInfo *r = p;
        r->out.WkstaInfo.WkstaInfo502 = nt_arena_obj(mem, struct wkssvc_WKSTA_INFO_502);
        count_up(r->out.WkstaInfo.WkstaInfo502, sizeof(struct wkssvc_WKSTA_INFO_502), 4000);
        r->out.result = r->in.Level == 502 ? WERR_OK : W_ERROR_INVALID_LEVEL;
    } else if (op == &wkssvc_NetrGetJoinInformation_op) {
        struct wkssvc_NetrGetJoinInformation *r = p;
        r->out.NameBuffer = text(w, mem, "domain", 1);
        r->out.BufferType = wkssvc_NetSetupDomainName;
    } else {
        fill_lists(w, op, p, mem);
    }
}

/* ---- the client ---- */

static void options(struct world *w, const char *host, unsigned timeout_ms)
{
    struct net_options o = NET_OPTIONS_INIT;
    o.protseq = "ncacn_ip_tcp";
    o.level = SEC_LEVEL_NONE;
    o.epm_port = w->net.port;
    o.timeout_ms = timeout_ms;
    assert_int_equal(net_set_options(host, &o), STATUS_SUCCESS);
}

static int up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    w->net.address = HOST;
    w->net.fill = fill;
    w->net.arg = w;
    w->total = 3;
    fake_net_start(&w->net);
    options(w, HOST, 5000);
    *state = w;
    return 0;
}

static int down(void **state)
{
    struct world *w = *state;
    net_close_idle();
    assert_int_equal(net_set_options(HOST, NULL), STATUS_SUCCESS);
    fake_net_stop(&w->net);
    free(w);
    return 0;
}

static void assert_wide(const WCHAR *have, const char *want)
{
    char buf[200];
    assert_non_null(have);
    assert_int_equal(ustr_to_utf8_buf(have, USTR_NUL, buf, sizeof buf, NULL), STATUS_SUCCESS);
    assert_string_equal(buf, want);
}

#define assert_ok(call)                                                                                      \
    do {                                                                                                     \
        NET_API_STATUS st_ = (call);                                                                         \
        if (st_ != NERR_Success)                                                                             \
            fail_msg("%u: %s", st_, net_last_error());                                                       \
    } while (0)

/* Fields of levels that Samba has not got. */
static void server_levels(void **state)
{
    (void)state;
    LPBYTE buf;
    assert_ok(NetServerGetInfo(WHOST, 101, &buf));
    const SERVER_INFO_101 *s1 = (const void *)buf;
    assert_int_equal(s1->sv101_platform_id, 500);
    assert_wide(s1->sv101_name, "server 1");
    assert_int_equal(s1->sv101_type, 0x9003);
    assert_wide(s1->sv101_comment, "comment 1");
    NetApiBufferFree(buf);
    assert_ok(NetServerGetInfo(WHOST, 103, &buf));
    const SERVER_INFO_103 *s3 = (const void *)buf;
    assert_wide(s3->sv103_userpath, "path 3");
    assert_int_equal(s3->sv103_licenses, 41);
    assert_int_equal(s3->sv103_capabilities, 42);
    assert_int_equal(s3->sv103_disc, SV_NODISC);
    NetApiBufferFree(buf);
    assert_ok(NetServerGetInfo(WHOST, 502, &buf));
    for (uint32_t i = 0; i < sizeof(SERVER_INFO_502) / 4; i++)
        assert_int_equal(((const uint32_t *)(const void *)buf)[i], 1000 + i);
    NetApiBufferFree(buf);
    assert_ok(NetServerGetInfo(WHOST, 503, &buf));
    const SERVER_INFO_503 *s5 = (const void *)buf;
    assert_wide(s5->sv503_domain, "domain 3");
    assert_int_equal(s5->sv503_sessopens, 2000);
    assert_int_equal(s5->sv503_lmannounce, 2000 + offsetof(SERVER_INFO_503, sv503_lmannounce) / 4);
    assert_int_equal(s5->sv503_maxcopyreadlen, 2000 + offsetof(SERVER_INFO_503, sv503_maxcopyreadlen) / 4);
    assert_int_equal(s5->sv503_maxfreeconnections,
                     2000 + offsetof(SERVER_INFO_503, sv503_maxfreeconnections) / 4);
    NetApiBufferFree(buf);
    assert_ok(NetRemoteTOD(WHOST, &buf));
    for (uint32_t i = 0; i < sizeof(TIME_OF_DAY_INFO) / 4; i++)
        assert_int_equal(((const uint32_t *)(const void *)buf)[i], 3000 + i);
    NetApiBufferFree(buf);
    assert_ok(NetWkstaGetInfo(WHOST, 502, &buf));
    for (uint32_t i = 0; i < sizeof(WKSTA_INFO_502) / 4; i++)
        assert_int_equal(((const uint32_t *)(const void *)buf)[i], 4000 + i);
    NetApiBufferFree(buf);
    LPWSTR name;
    NETSETUP_JOIN_STATUS type;
    assert_ok(NetGetJoinInformation(WHOST, &name, &type));
    assert_wide(name, "domain 1");
    assert_int_equal(type, NetSetupDomainName);
    NetApiBufferFree(name);
}

static void list_levels(void **state)
{
    (void)state;
    LPBYTE buf;
    DWORD n, total, resume = 0;
    assert_ok(NetShareEnum(WHOST, 503, &buf, MAX_PREFERRED_LENGTH, &n, &total, &resume));
    assert_int_equal(n, 3);
    assert_int_equal(total, 3);
    const SHARE_INFO_503 *s = (const void *)buf;
    for (unsigned i = 0; i < n; i++) {
        char want[32];
        snprintf(want, sizeof want, "server %u", i);
        assert_wide(s[i].shi503_servername, want);
        snprintf(want, sizeof want, "passwd %u", i);
        assert_wide(s[i].shi503_passwd, want);
        assert_int_equal(s[i].shi503_type, STYPE_PRINTQ);
        assert_int_equal(s[i].shi503_permissions, 11 + i);
        assert_int_equal(s[i].shi503_current_uses, 13 + i);
        assert_int_equal(s[i].shi503_reserved, sizeof descriptor);
        assert_memory_equal(s[i].shi503_security_descriptor, descriptor, sizeof descriptor);
    }
    DWORD size;
    assert_ok(NetApiBufferSize(buf, &size)); /* all of it lies in the one block */
    assert_true((const BYTE *)s[2].shi503_security_descriptor + sizeof descriptor <= buf + size);
    NetApiBufferFree(buf);
    assert_ok(NetSessionEnum(WHOST, NULL, NULL, 502, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL));
    const SESSION_INFO_502 *e = (const void *)buf;
    assert_wide(e[2].sesi502_transport, "transport 2");
    assert_wide(e[1].sesi502_cltype_name, "type 1");
    assert_int_equal(e[2].sesi502_num_opens, 23);
    assert_int_equal(e[2].sesi502_user_flags, 26);
    NetApiBufferFree(buf);
    assert_ok(NetFileEnum(WHOST, NULL, NULL, 2, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL));
    assert_int_equal(((const FILE_INFO_2 *)(const void *)buf)[2].fi2_id, 33);
    NetApiBufferFree(buf);
}

static void one_session(void **state)
{
    (void)state;
    LPBYTE buf;
    assert_ok(NetSessionGetInfo(WHOST, u"\\\\CLIENT 1", u"user 1", 2, &buf));
    const SESSION_INFO_2 *two = (const void *)buf;
    assert_int_equal(two->sesi2_time, 23);
    assert_wide(two->sesi2_cltype_name, "type 1");
    NetApiBufferFree(buf);
    assert_ok(NetSessionGetInfo(WHOST, u"client 2", u"USER 2", 10, &buf));
    assert_int_equal(((const SESSION_INFO_10 *)(const void *)buf)->sesi10_idle_time, 25);
    NetApiBufferFree(buf);
    assert_int_equal(NetSessionGetInfo(WHOST, u"\\\\client 1", u"user 2", 2, &buf), NERR_ClientNameNotFound);
    assert_null(buf);
}

/* The server gives everything in small parts. */
static void parts(void **state)
{
    struct world *w = *state;
    LPBYTE buf;
    DWORD n, total, resume = 0, got = 0;
    w->total = 2000;
    w->page = 7;
    assert_ok(NetShareEnum(WHOST, 1, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL));
    assert_int_equal(n, 2000);
    assert_int_equal(total, 2000);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(((const SHARE_INFO_1 *)(const void *)buf)[i].shi1_type, i);
    assert_wide(((const SHARE_INFO_1 *)(const void *)buf)[1999].shi1_remark, "remark 1999");
    NetApiBufferFree(buf);
    w->total = 20;
    NET_API_STATUS st;
    while ((st = NetShareEnum(WHOST, 1, &buf, 100, &n, &total, &resume)) == ERROR_MORE_DATA) {
        assert_int_equal(w->wish, 100);
        assert_int_equal(n, 7);
        assert_int_equal(total, 20 - got);
        assert_string_equal(net_last_error(), "");
        assert_int_equal(((const SHARE_INFO_1 *)(const void *)buf)[0].shi1_type, got);
        got += n;
        NetApiBufferFree(buf);
        assert_int_equal(resume, got);
    }
    assert_ok(st);
    assert_int_equal(got + n, 20);
    assert_int_equal(resume, 0); /* the next list begins at its beginning */
    NetApiBufferFree(buf);
    w->page = 0;
    w->total = 5000; /* one answer of many fragments */
    assert_ok(NetShareEnum(WHOST, 503, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL));
    assert_int_equal(n, 5000);
    assert_wide(((const SHARE_INFO_503 *)(const void *)buf)[4999].shi503_path, "path 4999");
    NetApiBufferFree(buf);
    w->total = 0;
    assert_ok(NetShareEnum(WHOST, 1, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL));
    assert_null(buf);
    assert_int_equal(n + total, 0);
}

static NET_API_STATUS list(unsigned level, DWORD *n)
{
    LPBYTE buf = (LPBYTE)n;
    DWORD total = 7;
    NET_API_STATUS st = NetShareEnum(WHOST, level, &buf, MAX_PREFERRED_LENGTH, n, &total, NULL);
    if (st != NERR_Success && st != ERROR_MORE_DATA) {
        assert_null(buf);
        assert_int_equal(*n + total, 0);
        assert_true(net_last_error()[0]);
    }
    NetApiBufferFree(buf);
    return st;
}

static void lying_lists(void **state)
{
    struct world *w = *state;
    DWORD n;
    w->lie = LIST_NO_ARRAY;
    assert_int_equal(list(1, &n), RPC_S_PROTOCOL_ERROR);
    assert_non_null(strstr(net_last_error(), "counted 3 entries and sent none"));
    w->lie = LIST_NULL;
    assert_ok(list(1, &n));
    assert_int_equal(n, 0);
    w->lie = LIST_STUCK;
    assert_int_equal(list(1, &n), ERROR_MORE_DATA);
    assert_int_equal(n, 3);
    w->lie = LIST_NOTHING;
    assert_int_equal(list(1, &n), ERROR_MORE_DATA);
    assert_int_equal(n, 0);
    w->lie = LIST_LEVEL;
    w->total = 0;
    assert_int_equal(list(1, &n), RPC_S_PROTOCOL_ERROR);
    assert_non_null(strstr(net_last_error(), "asked for level 1 and answered with level 503"));
    assert_int_equal(list(503, &n), RPC_S_PROTOCOL_ERROR);
    w->lie = REFUSED;
    assert_int_equal(list(1, &n), 0x7123);
    assert_non_null(strstr(net_last_error(), "28963"));
    w->lie = HONEST;
    assert_ok(list(1, &n));
    assert_int_equal(w->net.conns, 1); /* none of this cost the connection */
}

static void lying_infos(void **state)
{
    struct world *w = *state;
    LPBYTE buf;
    w->lie = INFO_NULL;
    assert_int_equal(NetServerGetInfo(WHOST, 101, &buf), RPC_S_PROTOCOL_ERROR);
    assert_null(buf);
    assert_int_equal(NetRemoteTOD(WHOST, &buf), RPC_S_PROTOCOL_ERROR);
    w->lie = INFO_TAG;
    NET_API_STATUS st = NetServerGetInfo(WHOST, 101, &buf);
    assert_true(st == RPC_S_INVALID_TAG || st == RPC_X_BAD_STUB_DATA);
    assert_null(buf);
    w->lie = STRINGS_NULL;
    assert_ok(NetServerGetInfo(WHOST, 101, &buf));
    assert_wide(((const SERVER_INFO_101 *)(const void *)buf)->sv101_comment, "");
    NetApiBufferFree(buf);
    LPWSTR name;
    NETSETUP_JOIN_STATUS type;
    assert_ok(NetGetJoinInformation(WHOST, &name, &type));
    assert_wide(name, "");
    NetApiBufferFree(name);
}

/* Code units that are no UTF-16 come back as they went. */
static void surrogates(void **state)
{
    (void)state;
    LPBYTE buf;
    char16_t lone[] = { 0xdc01, u'x', 0xd802, 0xd803, 0 };
    assert_ok(NetShareGetInfo(WHOST, lone, 1, &buf));
    assert_int_equal(ustr_cmp(((const SHARE_INFO_1 *)(const void *)buf)->shi1_netname, lone), 0);
    NetApiBufferFree(buf);
}

static void parm_err(void **state)
{
    struct world *w = *state;
    SHARE_INFO_2 s = { u"name", STYPE_DISKTREE, NULL, 0, 5, 0, u"C:\\x", NULL };
    DWORD parm = 77;
    assert_int_equal(NetShareAdd(WHOST, 2, (LPBYTE)&s, &parm), ERROR_INVALID_PARAMETER);
    assert_int_equal(parm, SHARE_PATH_PARMNUM);
    unsigned calls = w->net.calls;
    static char16_t longname[90];
    for (size_t i = 0; i < 81; i++)
        longname[i] = u'x';
    s.shi2_netname = longname;
    assert_int_equal(NetShareAdd(WHOST, 2, (LPBYTE)&s, &parm), ERROR_INVALID_PARAMETER);
    assert_int_equal(parm, SHARE_NETNAME_PARMNUM);
    assert_int_equal(w->net.calls, calls); /* nothing was sent */
}

static void broken_connections(void **state)
{
    struct world *w = *state;
    LPBYTE buf;
    options(w, HOST, 400);
    static const enum fake_net_end ends[] = { FAKE_HANGUP, FAKE_CUT, FAKE_SILENT };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        w->net.end = FAKE_ANSWER;
        assert_ok(NetServerGetInfo(WHOST, 101, &buf));
        NetApiBufferFree(buf);
        w->net.end = ends[i];
        NET_API_STATUS st = NetServerGetInfo(WHOST, 101, &buf);
        assert_true(st != NERR_Success && st != 317 /* no such code */);
        assert_null(buf);
        assert_true(net_last_error()[0]);
    }
    w->net.end = FAKE_FAULT;
    w->net.fault_code = 0x1c010002; /* nca_s_op_rng_error */
    assert_int_equal(NetServerGetInfo(WHOST, 101, &buf), RPC_S_PROCNUM_OUT_OF_RANGE);
    assert_non_null(strstr(net_last_error(), "nca_s_op_rng_error"));
    w->net.fault_code = 5;
    assert_int_equal(NetServerGetInfo(WHOST, 101, &buf), ERROR_ACCESS_DENIED);
    w->net.fault_code = ERROR_MORE_DATA; /* a fault is no part of a list */
    DWORD read = 1, total = 1;
    assert_int_equal(NetShareEnum(WHOST, 1, &buf, MAX_PREFERRED_LENGTH, &read, &total, NULL),
                     RPC_S_PROTOCOL_ERROR);
    assert_int_equal(read, 0);
    /* The connection ends while it is idle, for longer than a busy caller waits. */
    w->net.end = FAKE_LAST;
    assert_ok(NetServerGetInfo(WHOST, 101, &buf));
    NetApiBufferFree(buf);
    w->net.end = FAKE_ANSWER;
    nanosleep(&(struct timespec){ 1, 200000000 }, NULL);
    assert_ok(NetServerGetInfo(WHOST, 101, &buf));
    NetApiBufferFree(buf);
}

static void cancelled(void **state)
{
    struct world *w = *state;
    struct nt_cancel *cancel;
    LPBYTE buf;
    assert_int_equal(nt_cancel_new(&cancel), STATUS_SUCCESS);
    struct net_options o = NET_OPTIONS_INIT;
    o.protseq = "ncacn_ip_tcp";
    o.level = SEC_LEVEL_NONE;
    o.epm_port = w->net.port;
    o.cancel = cancel;
    assert_int_equal(net_set_options(HOST, &o), STATUS_SUCCESS);
    assert_ok(NetServerGetInfo(WHOST, 101, &buf));
    NetApiBufferFree(buf);
    nt_cancel_fire(cancel);
    assert_int_equal(NetServerGetInfo(WHOST, 101, &buf), ERROR_OPERATION_ABORTED);
    nt_cancel_reset(cancel);
    assert_ok(NetServerGetInfo(WHOST, 101, &buf));
    NetApiBufferFree(buf);
    nt_cancel_unref(cancel);
}

static void one_connection(void **state)
{
    struct world *w = *state;
    LPBYTE buf;
    for (unsigned i = 0; i < 20; i++) {
        assert_ok(NetServerGetInfo(i & 1 ? WHOST : u"\\\\127.0.0.1", 101, &buf));
        NetApiBufferFree(buf);
    }
    assert_int_equal(w->net.conns, 1);
    options(w, HOST, 6000); /* other options, another connection */
    assert_ok(NetServerGetInfo(WHOST, 101, &buf));
    NetApiBufferFree(buf);
    assert_int_equal(w->net.conns, 2);
    net_close_idle();
    assert_ok(NetServerGetInfo(WHOST, 101, &buf));
    NetApiBufferFree(buf);
    assert_int_equal(w->net.conns, 3);
}

/* Every allocation of a first call, and of a call on a warm connection, fails in turn. */
static void no_memory(void **state)
{
    struct world *w = *state;
    w->total = 2;
    for (unsigned cold = 0; cold < 2; cold++) {
        unsigned long n = 0;
        bool fired;
        do {
            LPBYTE buf = NULL;
            DWORD count = 0, total;
            if (cold)
                net_close_idle();
            fail_malloc_at(++n);
            NET_API_STATUS st = NetShareEnum(WHOST, 503, &buf, MAX_PREFERRED_LENGTH, &count, &total, NULL);
            fired = fail_malloc_fired();
            fail_malloc_at(0);
            if (st == NERR_Success)
                assert_int_equal(count, 2);
            else
                assert_true(fired && !buf);
            NetApiBufferFree(buf);
        } while (fired && n < 3000);
        assert_false(fired);
        assert_true(n > 1);
    }
}

/* ---- threads ---- */

#define THREADS 6
#define ROUNDS  30

struct worker {
    pthread_t thread;
    struct world *w;
    const WCHAR *host;
    const char *name;
    unsigned number, bad;
};

static void *work(void *arg)
{
    struct worker *k = arg;
    for (unsigned i = 0; i < ROUNDS; i++) {
        LPBYTE buf;
        DWORD n, total;
        if (NetShareEnum((LMSTR)(uintptr_t)k->host, 503, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL) !=
                NERR_Success ||
            n != 3)
            k->bad++;
        else
            NetApiBufferFree(buf);
        k->bad += net_last_error()[0] != 0;
        if (NetShareEnum((LMSTR)(uintptr_t)k->host, 999 + k->number, &buf, 0, &n, &total, NULL) !=
                ERROR_INVALID_LEVEL ||
            !strstr(net_last_error(), "NetShareEnum"))
            k->bad++;
        if (k->number == 0 && i % 8 == 3)
            net_close_idle();
        if (k->number == 1 && i % 8 == 5) {
            struct net_options o = NET_OPTIONS_INIT;
            o.protseq = "ncacn_ip_tcp";
            o.level = SEC_LEVEL_NONE;
            o.epm_port = k->w->net.port;
            k->bad += net_set_options(k->name, &o) != STATUS_SUCCESS;
        }
    }
    return NULL;
}

static void threads(void **state)
{
    struct world *w = *state, *second = calloc(1, sizeof *second);
    struct worker k[THREADS];
    second->net.address = HOST2;
    second->net.fill = fill;
    second->net.arg = second;
    second->total = 3;
    fake_net_start(&second->net);
    options(second, HOST2, 5000);
    for (unsigned i = 0; i < THREADS; i++) {
        k[i] = (struct worker){ .w = i % 3 ? w : second,
                                .host = i % 3 ? WHOST : u"\\\\127.0.0.2",
                                .name = i % 3 ? HOST : HOST2,
                                .number = i };
        assert_int_equal(pthread_create(&k[i].thread, NULL, work, &k[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(k[i].thread, NULL);
        assert_int_equal(k[i].bad, 0);
    }
    net_close_idle();
    assert_int_equal(net_set_options(HOST2, NULL), STATUS_SUCCESS);
    fake_net_stop(&second->net);
    free(second);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, up, down)
    const struct CMUnitTest tests[] = {
        T(server_levels), T(list_levels),    T(one_session), T(parts),     T(lying_lists),
        T(lying_infos),   T(surrogates),     T(parm_err),    T(no_memory), T(broken_connections),
        T(cancelled),     T(one_connection), T(threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
