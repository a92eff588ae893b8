// SPDX-License-Identifier: Apache-2.0
/* NetSession*, NetConnectionEnum, NetFile*: who uses a server, [MS-SRVS] 3.1.4.1 to 3.1.4.6. */
#include <msrpc/srvsvc.h>
#include "netapi/m_level.h"

/* Most characters of names in these operations ([MS-SRVS] 3.1.4.5, 3.1.4.6: 1024 with the terminator). */
#define NAME_MAX_16 1023

/* ---- levels ---- */

typedef struct srvsvc_SESSION_INFO_0 s0;
typedef struct srvsvc_SESSION_INFO_1 s1;
typedef struct srvsvc_SESSION_INFO_2 s2;
typedef struct srvsvc_SESSION_INFO_10 s10;
typedef struct srvsvc_SESSION_INFO_502 s502;
typedef struct srvsvc_CONNECTION_INFO_0 c0;
typedef struct srvsvc_CONNECTION_INFO_1 c1;
typedef struct srvsvc_FILE_INFO_2 f2;
typedef struct srvsvc_FILE_INFO_3 f3;

static const struct net_row session_0[] = { NET_STR(s0, SESSION_INFO_0, sesi0_cname) };
static const struct net_row session_1[] = {
    NET_STR(s1, SESSION_INFO_1, sesi1_cname),
    NET_STR(s1, SESSION_INFO_1, sesi1_username),
    NET_NUMS(s1, SESSION_INFO_1, sesi1_num_opens, sesi1_user_flags),
};
static const struct net_row session_2[] = {
    NET_STR(s2, SESSION_INFO_2, sesi2_cname),
    NET_STR(s2, SESSION_INFO_2, sesi2_username),
    NET_NUMS(s2, SESSION_INFO_2, sesi2_num_opens, sesi2_user_flags),
    NET_STR(s2, SESSION_INFO_2, sesi2_cltype_name),
};
static const struct net_row session_10[] = {
    NET_STR(s10, SESSION_INFO_10, sesi10_cname),
    NET_STR(s10, SESSION_INFO_10, sesi10_username),
    NET_NUMS(s10, SESSION_INFO_10, sesi10_time, sesi10_idle_time),
};
static const struct net_row session_502[] = {
    NET_STR(s502, SESSION_INFO_502, sesi502_cname),
    NET_STR(s502, SESSION_INFO_502, sesi502_username),
    NET_NUMS(s502, SESSION_INFO_502, sesi502_num_opens, sesi502_user_flags),
    NET_STR(s502, SESSION_INFO_502, sesi502_cltype_name),
    NET_STR(s502, SESSION_INFO_502, sesi502_transport),
};
static const struct net_level session_levels[] = {
    NET_LEVEL(0, s0, SESSION_INFO_0, session_0),         NET_LEVEL(1, s1, SESSION_INFO_1, session_1),
    NET_LEVEL(2, s2, SESSION_INFO_2, session_2),         NET_LEVEL(10, s10, SESSION_INFO_10, session_10),
    NET_LEVEL(502, s502, SESSION_INFO_502, session_502), { 0 },
};

static const struct net_row connection_0[] = { NET_NUM(c0, CONNECTION_INFO_0, coni0_id) };
static const struct net_row connection_1[] = {
    NET_NUMS(c1, CONNECTION_INFO_1, coni1_id, coni1_time),
    NET_STR(c1, CONNECTION_INFO_1, coni1_username),
    NET_STR(c1, CONNECTION_INFO_1, coni1_netname),
};
static const struct net_level connection_levels[] = {
    NET_LEVEL(0, c0, CONNECTION_INFO_0, connection_0),
    NET_LEVEL(1, c1, CONNECTION_INFO_1, connection_1),
    { 0 },
};

static const struct net_row file_2[] = { NET_NUM(f2, FILE_INFO_2, fi2_id) };
static const struct net_row file_3[] = {
    NET_NUMS(f3, FILE_INFO_3, fi3_id, fi3_num_locks),
    NET_STR(f3, FILE_INFO_3, fi3_pathname),
    NET_STR(f3, FILE_INFO_3, fi3_username),
};
static const struct net_level file_levels[] = {
    NET_LEVEL(2, f2, FILE_INFO_2, file_2),
    NET_LEVEL(3, f3, FILE_INFO_3, file_3),
    { 0 },
};

NET_IS_CONTAINER(struct srvsvc_SESSION_INFO_0_CONTAINER);
NET_IS_CONTAINER(struct srvsvc_SESSION_INFO_1_CONTAINER);
NET_IS_CONTAINER(struct srvsvc_SESSION_INFO_2_CONTAINER);
NET_IS_CONTAINER(struct srvsvc_SESSION_INFO_10_CONTAINER);
NET_IS_CONTAINER(struct srvsvc_SESSION_INFO_502_CONTAINER);
NET_IS_CONTAINER(struct srvsvc_CONNECT_INFO_0_CONTAINER);
NET_IS_CONTAINER(struct srvsvc_CONNECT_INFO_1_CONTAINER);
NET_IS_CONTAINER(struct srvsvc_FILE_INFO_2_CONTAINER);
NET_IS_CONTAINER(struct srvsvc_FILE_INFO_3_CONTAINER);

/* ---- sessions ---- */

struct session_filter {
    const char16_t *client, *user;
};

static enum nt_status session_filter(struct net_call *c, const WCHAR *client, const WCHAR *user,
                                     struct session_filter *ret)
{
    enum nt_status st = net_check_name_opt(c, client, NAME_MAX_16, "the client name");
    if (st == STATUS_SUCCESS)
        st = net_check_name_opt(c, user, NAME_MAX_16, "the user name");
    *ret = (struct session_filter){ (const char16_t *)client, (const char16_t *)user };
    return st;
}

static enum nt_status session_page(struct net_call *c, const void *arg, struct net_page *p)
{
    const struct session_filter *f = arg;
    struct srvsvc_NetrSessionEnum r = {
        .in.ServerName = net_server_name(c),
        .in.ClientName = f->client,
        .in.UserName = f->user,
        .in.InfoStruct = { p->level, { .Level0 = net_page_in(p) } },
        .in.PreferedMaximumLength = p->wish,
        .in.ResumeHandle = p->resumable ? &p->resume : NULL,
    };
    enum nt_status st = net_run(c, &srvsvc_interface, &srvsvc_NetrSessionEnum_op, &r);
    return net_page_out(c, p, st, r.out.result, r.out.InfoStruct.Level, r.out.InfoStruct.SessionInfo.Level0,
                        r.out.TotalEntries, r.out.ResumeHandle);
}

NET_API_STATUS NET_API_FUNCTION NetSessionEnum(LMSTR servername, LMSTR UncClientName, LMSTR username,
                                               DWORD level, LPBYTE *bufptr, DWORD prefmaxlen,
                                               LPDWORD entriesread, LPDWORD totalentries,
                                               LPDWORD resume_handle)
{
    struct net_call c;
    struct net_list l = {
        session_levels, level, bufptr, prefmaxlen, entriesread, totalentries, resume_handle
    };
    struct session_filter f;
    enum nt_status st = net_begin(&c, servername, "NetSessionEnum");
    if (st == STATUS_SUCCESS)
        st = session_filter(&c, UncClientName, username, &f);
    if (st == STATUS_SUCCESS)
        st = net_list_run(&c, &l, session_page, &f);
    return net_end(&c, st);
}

/* A server may put the domain in front of the user; who asks without one means any. */
static bool same_user(const char16_t *have, const char16_t *want)
{
    const char16_t *tail = ustr_rchr(have, u'\\');
    return ustr_casecmp(have, want) == 0 ||
           (tail && !ustr_chr(want, u'\\') && ustr_casecmp(tail + 1, want) == 0);
}

/* Servers differ in how they filter (with or without backslashes, or not at all), so the answer is looked at
 * again. Every level but 0 begins with the client's name and then has the user's. */
static bool session_fits(const struct session_filter *f, uint32_t level, const void *session)
{
    const char16_t *client = ((const struct srvsvc_SESSION_INFO_10 *)session)->sesi10_cname;
    const char16_t *user =
        level ? ((const struct srvsvc_SESSION_INFO_10 *)session)->sesi10_username : f->user;
    const char16_t *want = f->client;
    while (client && *client == u'\\')
        client++;
    while (*want == u'\\')
        want++;
    return client && user && ustr_casecmp(client, want) == 0 && same_user(user, f->user);
}

_Static_assert(offsetof(struct srvsvc_SESSION_INFO_0, sesi0_cname) ==
                       offsetof(struct srvsvc_SESSION_INFO_10, sesi10_cname) &&
                   offsetof(struct srvsvc_SESSION_INFO_1, sesi1_username) ==
                       offsetof(struct srvsvc_SESSION_INFO_10, sesi10_username) &&
                   offsetof(struct srvsvc_SESSION_INFO_2, sesi2_username) ==
                       offsetof(struct srvsvc_SESSION_INFO_10, sesi10_username),
               "sessions begin alike");

/* There is no operation for one session: the list, with both names ([MS-SRVS] 3.1.4.5). */
static enum nt_status session_get(struct net_call *c, const WCHAR *client, const WCHAR *user, DWORD level,
                                  LPBYTE *bufptr)
{
    if (!bufptr)
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER, "there is no place for the result");
    *bufptr = NULL;
    const struct net_level *l = level == 502 ? NULL : net_level_find(session_levels, level);
    if (!l)
        return STATUS_INVALID_LEVEL;
    struct session_filter f;
    enum nt_status st = net_check_name(c, client, NAME_MAX_16, "the client name");
    if (st == STATUS_SUCCESS)
        st = net_check_name(c, user, NAME_MAX_16, "the user name");
    if (st == STATUS_SUCCESS)
        st = session_filter(c, client, user, &f);
    if (st != STATUS_SUCCESS)
        return st;
    struct net_page p = { .level = level, .wish = MAX_PREFERRED_LENGTH };
    st = session_page(c, &f, &p);
    if (st != STATUS_SUCCESS)
        return st;
    for (uint32_t i = 0; i < p.got.count; i++) {
        const void *session = (const uint8_t *)p.got.elements + (size_t)i * l->wire_size;
        if (session_fits(&f, level, session))
            return net_level_out(l, session, 1, bufptr);
    }
    return net_answer(c, W_NERR_ClientNameNotFound);
}

NET_API_STATUS NET_API_FUNCTION NetSessionGetInfo(LMSTR servername, LMSTR UncClientName, LMSTR username,
                                                  DWORD level, LPBYTE *bufptr)
{
    struct net_call c;
    enum nt_status st = net_begin(&c, servername, "NetSessionGetInfo");
    if (st == STATUS_SUCCESS)
        st = session_get(&c, UncClientName, username, level, bufptr);
    return net_end(&c, st);
}

static enum nt_status session_del(struct net_call *c, const WCHAR *client, const WCHAR *user)
{
    struct session_filter f;
    enum nt_status st = session_filter(c, client, user, &f);
    if (st != STATUS_SUCCESS)
        return st;
    if ((!client || !client[0]) && (!user || !user[0]))
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER, "neither a client nor a user is named");
    struct srvsvc_NetrSessionDel r = { .in = { net_server_name(c), f.client, f.user } };
    st = net_run(c, &srvsvc_interface, &srvsvc_NetrSessionDel_op, &r);
    return st == STATUS_SUCCESS ? net_answer(c, r.out.result) : st;
}

NET_API_STATUS NET_API_FUNCTION NetSessionDel(LMSTR servername, LMSTR UncClientName, LMSTR username)
{
    struct net_call c;
    enum nt_status st = net_begin(&c, servername, "NetSessionDel");
    if (st == STATUS_SUCCESS)
        st = session_del(&c, UncClientName, username);
    return net_end(&c, st);
}

/* ---- connections ---- */

static enum nt_status connection_page(struct net_call *c, const void *arg, struct net_page *p)
{
    struct srvsvc_NetrConnectionEnum r = {
        .in.ServerName = net_server_name(c),
        .in.Qualifier = arg,
        .in.InfoStruct = { p->level, { .Level0 = net_page_in(p) } },
        .in.PreferedMaximumLength = p->wish,
        .in.ResumeHandle = p->resumable ? &p->resume : NULL,
    };
    enum nt_status st = net_run(c, &srvsvc_interface, &srvsvc_NetrConnectionEnum_op, &r);
    return net_page_out(c, p, st, r.out.result, r.out.InfoStruct.Level, r.out.InfoStruct.ConnectInfo.Level0,
                        r.out.TotalEntries, r.out.ResumeHandle);
}

NET_API_STATUS NET_API_FUNCTION NetConnectionEnum(LMSTR servername, LMSTR qualifier, DWORD level,
                                                  LPBYTE *bufptr, DWORD prefmaxlen, LPDWORD entriesread,
                                                  LPDWORD totalentries, LPDWORD resume_handle)
{
    struct net_call c;
    struct net_list l = { connection_levels, level,        bufptr,       prefmaxlen,
                          entriesread,       totalentries, resume_handle };
    enum nt_status st = net_begin(&c, servername, "NetConnectionEnum");
    if (st == STATUS_SUCCESS)
        st = net_check_name(&c, qualifier, NAME_MAX_16, "the share or client name");
    if (st == STATUS_SUCCESS)
        st = net_list_run(&c, &l, connection_page, qualifier);
    return net_end(&c, st);
}

/* ---- open files ---- */

struct file_filter {
    const char16_t *path, *user;
};

static enum nt_status file_page(struct net_call *c, const void *arg, struct net_page *p)
{
    const struct file_filter *f = arg;
    struct srvsvc_NetrFileEnum r = {
        .in.ServerName = net_server_name(c),
        .in.BasePath = f->path,
        .in.UserName = f->user,
        .in.InfoStruct = { p->level, { .Level2 = net_page_in(p) } },
        .in.PreferedMaximumLength = p->wish,
        .in.ResumeHandle = p->resumable ? &p->resume : NULL,
    };
    enum nt_status st = net_run(c, &srvsvc_interface, &srvsvc_NetrFileEnum_op, &r);
    return net_page_out(c, p, st, r.out.result, r.out.InfoStruct.Level, r.out.InfoStruct.FileInfo.Level2,
                        r.out.TotalEntries, r.out.ResumeHandle);
}

NET_API_STATUS NET_API_FUNCTION NetFileEnum(LMSTR servername, LMSTR basepath, LMSTR username, DWORD level,
                                            LPBYTE *bufptr, DWORD prefmaxlen, LPDWORD entriesread,
                                            LPDWORD totalentries, PDWORD_PTR resume_handle)
{
    struct net_call c;
    uint32_t resume = resume_handle ? (uint32_t)*resume_handle : 0; /* 32 bits on the wire */
    struct net_list l = {
        file_levels, level, bufptr, prefmaxlen, entriesread, totalentries, resume_handle ? &resume : NULL,
    };
    struct file_filter f = { (const char16_t *)basepath, (const char16_t *)username };
    enum nt_status st = net_begin(&c, servername, "NetFileEnum");
    if (st == STATUS_SUCCESS)
        st = net_check_name_opt(&c, basepath, NAME_MAX_16, "the path");
    if (st == STATUS_SUCCESS)
        st = net_check_name_opt(&c, username, NAME_MAX_16, "the user name");
    if (st == STATUS_SUCCESS)
        st = net_list_run(&c, &l, file_page, &f);
    if (resume_handle && nt_ok(st))
        *resume_handle = resume;
    return net_end(&c, st);
}

static enum nt_status file_get(struct net_call *c, DWORD fileid, DWORD level, LPBYTE *bufptr)
{
    if (!bufptr)
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER, "there is no place for the result");
    *bufptr = NULL;
    const struct net_level *l = net_level_find(file_levels, level);
    if (!l)
        return STATUS_INVALID_LEVEL;
    struct srvsvc_NetrFileGetInfo r = { .in = { net_server_name(c), fileid, level } };
    enum nt_status st = net_run(c, &srvsvc_interface, &srvsvc_NetrFileGetInfo_op, &r);
    if (st == STATUS_SUCCESS)
        st = net_answer(c, r.out.result);
    return st == STATUS_SUCCESS ? net_info_out(c, l, r.out.InfoStruct.FileInfo2, bufptr) : st;
}

NET_API_STATUS NET_API_FUNCTION NetFileGetInfo(LMSTR servername, DWORD fileid, DWORD level, LPBYTE *bufptr)
{
    struct net_call c;
    enum nt_status st = net_begin(&c, servername, "NetFileGetInfo");
    if (st == STATUS_SUCCESS)
        st = file_get(&c, fileid, level, bufptr);
    return net_end(&c, st);
}

NET_API_STATUS NET_API_FUNCTION NetFileClose(LMSTR servername, DWORD fileid)
{
    struct net_call c;
    enum nt_status st = net_begin(&c, servername, "NetFileClose");
    if (st == STATUS_SUCCESS) {
        struct srvsvc_NetrFileClose r = { .in = { net_server_name(&c), fileid } };
        st = net_run(&c, &srvsvc_interface, &srvsvc_NetrFileClose_op, &r);
        if (st == STATUS_SUCCESS)
            st = net_answer(&c, r.out.result);
    }
    return net_end(&c, st);
}
