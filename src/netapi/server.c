// SPDX-License-Identifier: Apache-2.0
/* NetServerGetInfo and NetRemoteTOD, [MS-SRVS] 3.1.4.17 and 3.1.4.21. */
#include <msrpc/srvsvc.h>
#include "netapi/m_level.h"

typedef struct dtyp_SERVER_INFO_100 w100;
typedef struct dtyp_SERVER_INFO_101 w101;
typedef struct srvsvc_SERVER_INFO_102 w102;
typedef struct srvsvc_SERVER_INFO_103 w103;
typedef struct srvsvc_SERVER_INFO_502 w502;
typedef struct srvsvc_SERVER_INFO_503 w503;
typedef struct srvsvc_TIME_OF_DAY_INFO wtod;

static const struct net_row rows_100[] = {
    NET_NUM(w100, SERVER_INFO_100, sv100_platform_id),
    NET_STR(w100, SERVER_INFO_100, sv100_name),
};
static const struct net_row rows_101[] = {
    NET_NUM(w101, SERVER_INFO_101, sv101_platform_id),
    NET_STR(w101, SERVER_INFO_101, sv101_name),
    NET_NUMS(w101, SERVER_INFO_101, sv101_version_major, sv101_version_minor),
    /* the one field that [MS-DTYP] 2.3.13 names differently */
    { NET_NUMBERS, offsetof(w101, sv101_version_type), offsetof(SERVER_INFO_101, sv101_type), .n = 1 },
    NET_STR(w101, SERVER_INFO_101, sv101_comment),
};
static const struct net_row rows_102[] = {
    NET_NUM(w102, SERVER_INFO_102, sv102_platform_id),
    NET_STR(w102, SERVER_INFO_102, sv102_name),
    NET_NUMS(w102, SERVER_INFO_102, sv102_version_major, sv102_type),
    NET_STR(w102, SERVER_INFO_102, sv102_comment),
    NET_NUMS(w102, SERVER_INFO_102, sv102_users, sv102_licenses),
    NET_STR(w102, SERVER_INFO_102, sv102_userpath),
};
static const struct net_row rows_103[] = {
    NET_NUM(w103, SERVER_INFO_103, sv103_platform_id),
    NET_STR(w103, SERVER_INFO_103, sv103_name),
    NET_NUMS(w103, SERVER_INFO_103, sv103_version_major, sv103_type),
    NET_STR(w103, SERVER_INFO_103, sv103_comment),
    NET_NUMS(w103, SERVER_INFO_103, sv103_users, sv103_licenses),
    NET_STR(w103, SERVER_INFO_103, sv103_userpath),
    NET_NUM(w103, SERVER_INFO_103, sv103_capabilities),
};
static const struct net_row rows_502[] = {
    NET_NUMS(w502, SERVER_INFO_502, sv502_sessopens, sv502_lmannounce),
};
static const struct net_row rows_503[] = {
    NET_NUMS(w503, SERVER_INFO_503, sv503_sessopens, sv503_lmannounce),
    NET_STR(w503, SERVER_INFO_503, sv503_domain),
    NET_NUMS(w503, SERVER_INFO_503, sv503_maxcopyreadlen, sv503_maxfreeconnections),
};
static const struct net_level levels[] = {
    NET_LEVEL(100, w100, SERVER_INFO_100, rows_100),
    NET_LEVEL(101, w101, SERVER_INFO_101, rows_101),
    NET_LEVEL(102, w102, SERVER_INFO_102, rows_102),
    NET_LEVEL(103, w103, SERVER_INFO_103, rows_103),
    NET_LEVEL(502, w502, SERVER_INFO_502, rows_502),
    NET_LEVEL(503, w503, SERVER_INFO_503, rows_503),
    { 0 },
};

static const struct net_row rows_tod[] = { NET_NUMS(wtod, TIME_OF_DAY_INFO, tod_elapsedt, tod_weekday) };
static const struct net_level level_tod = NET_LEVEL(0, wtod, TIME_OF_DAY_INFO, rows_tod);

static enum nt_status get_info(struct net_call *c, DWORD level, LPBYTE *bufptr)
{
    if (!bufptr)
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER, "there is no place for the result");
    *bufptr = NULL;
    const struct net_level *l = net_level_find(levels, level);
    if (!l)
        return STATUS_INVALID_LEVEL;
    struct srvsvc_NetrServerGetInfo r = { .in = { net_server_name(c), level } };
    enum nt_status st = net_run(c, &srvsvc_interface, &srvsvc_NetrServerGetInfo_op, &r);
    if (st == STATUS_SUCCESS)
        st = net_answer(c, r.out.result);
    return st == STATUS_SUCCESS ? net_info_out(c, l, r.out.InfoStruct.ServerInfo100, bufptr) : st;
}

NET_API_STATUS NET_API_FUNCTION NetServerGetInfo(LMSTR servername, DWORD level, LPBYTE *bufptr)
{
    struct net_call c;
    enum nt_status st = net_begin(&c, servername, "NetServerGetInfo");
    if (st == STATUS_SUCCESS)
        st = get_info(&c, level, bufptr);
    return net_end(&c, st);
}

static enum nt_status remote_tod(struct net_call *c, LPBYTE *bufptr)
{
    if (!bufptr)
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER, "there is no place for the result");
    *bufptr = NULL;
    struct srvsvc_NetrRemoteTOD r = { .in.ServerName = net_server_name(c) };
    enum nt_status st = net_run(c, &srvsvc_interface, &srvsvc_NetrRemoteTOD_op, &r);
    if (st == STATUS_SUCCESS)
        st = net_answer(c, r.out.result);
    return st == STATUS_SUCCESS ? net_info_out(c, &level_tod, r.out.BufferPtr, bufptr) : st;
}

NET_API_STATUS NET_API_FUNCTION NetRemoteTOD(LPCWSTR UncServerName, LPBYTE *BufferPtr)
{
    struct net_call c;
    enum nt_status st = net_begin(&c, UncServerName, "NetRemoteTOD");
    if (st == STATUS_SUCCESS)
        st = remote_tod(&c, BufferPtr);
    return net_end(&c, st);
}
