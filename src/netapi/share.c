// SPDX-License-Identifier: Apache-2.0
/* NetShare*: the shares of a server, [MS-SRVS] 3.1.4.7 to 3.1.4.16. */
#include <msrpc/srvsvc.h>
#include "netapi/m_level.h"

/* ---- levels ---- */

#define SHARE_NAME_MAX NNLEN /* [MS-SRVS] 3.1.4.7 */
#define SHARE_PATH_MAX 1024  /* more than any file system here takes; the server has its own limit */
#define SHARE_REMARK_MAX                                                                                     \
    MAXCOMMENTSZ /* the specification says 48, servers take more: the field's own limit */
#define SHARE_DEVICE_MAX SHARE_PATH_MAX

typedef struct srvsvc_SHARE_INFO_0 w0;
typedef struct srvsvc_SHARE_INFO_1 w1;
typedef struct srvsvc_SHARE_INFO_2 w2;
typedef struct srvsvc_SHARE_INFO_501 w501;
typedef struct srvsvc_SHARE_INFO_502_I w502;
typedef struct srvsvc_SHARE_INFO_503_I w503;
typedef struct srvsvc_SHARE_INFO_1004 w1004;
typedef struct srvsvc_SHARE_INFO_1005 w1005;
typedef struct srvsvc_SHARE_INFO_1006 w1006;
typedef struct srvsvc_SHARE_INFO_1501_I w1501;

#define NAME(w, t, f)   NET_STR_ARG(w, t, f, SHARE_NAME_MAX, SHARE_NETNAME_PARMNUM)
#define REMARK(w, t, f) NET_STR_ARG(w, t, f, SHARE_REMARK_MAX, SHARE_REMARK_PARMNUM)
#define PATH(w, t, f)   NET_STR_ARG(w, t, f, SHARE_PATH_MAX, SHARE_PATH_PARMNUM)
#define PASSWD(w, t, f) NET_STR_ARG(w, t, f, PWLEN, SHARE_PASSWD_PARMNUM)
#define SERVER(w, t, f) NET_STR_ARG(w, t, f, NET_MAX_SERVER, SHARE_SERVER_PARMNUM)

static const struct net_row rows_0[] = { NET_STR(w0, SHARE_INFO_0, shi0_netname) };
static const struct net_row rows_1[] = {
    NET_STR(w1, SHARE_INFO_1, shi1_netname),
    NET_NUM(w1, SHARE_INFO_1, shi1_type),
    REMARK(w1, SHARE_INFO_1, shi1_remark),
};
static const struct net_row rows_2[] = {
    NAME(w2, SHARE_INFO_2, shi2_netname),  NET_NUM(w2, SHARE_INFO_2, shi2_type),
    REMARK(w2, SHARE_INFO_2, shi2_remark), NET_NUMS(w2, SHARE_INFO_2, shi2_permissions, shi2_current_uses),
    PATH(w2, SHARE_INFO_2, shi2_path),     PASSWD(w2, SHARE_INFO_2, shi2_passwd),
};
static const struct net_row rows_501[] = {
    NET_STR(w501, SHARE_INFO_501, shi501_netname),
    NET_NUM(w501, SHARE_INFO_501, shi501_type),
    NET_STR(w501, SHARE_INFO_501, shi501_remark),
    NET_NUM(w501, SHARE_INFO_501, shi501_flags),
};
static const struct net_row rows_502[] = {
    NAME(w502, SHARE_INFO_502, shi502_netname),
    NET_NUM(w502, SHARE_INFO_502, shi502_type),
    REMARK(w502, SHARE_INFO_502, shi502_remark),
    NET_NUMS(w502, SHARE_INFO_502, shi502_permissions, shi502_current_uses),
    PATH(w502, SHARE_INFO_502, shi502_path),
    PASSWD(w502, SHARE_INFO_502, shi502_passwd),
    NET_NUM(w502, SHARE_INFO_502, shi502_reserved),
    NET_SD(w502, SHARE_INFO_502, shi502_security_descriptor, shi502_reserved, SHARE_FILE_SD_PARMNUM),
};
static const struct net_row rows_503[] = {
    NAME(w503, SHARE_INFO_503, shi503_netname),
    NET_NUM(w503, SHARE_INFO_503, shi503_type),
    REMARK(w503, SHARE_INFO_503, shi503_remark),
    NET_NUMS(w503, SHARE_INFO_503, shi503_permissions, shi503_current_uses),
    PATH(w503, SHARE_INFO_503, shi503_path),
    PASSWD(w503, SHARE_INFO_503, shi503_passwd),
    SERVER(w503, SHARE_INFO_503, shi503_servername),
    NET_NUM(w503, SHARE_INFO_503, shi503_reserved),
    NET_SD(w503, SHARE_INFO_503, shi503_security_descriptor, shi503_reserved, SHARE_FILE_SD_PARMNUM),
};
static const struct net_row rows_1004[] = { REMARK(w1004, SHARE_INFO_1004, shi1004_remark) };
static const struct net_row rows_1005[] = { NET_NUM(w1005, SHARE_INFO_1005, shi1005_flags) };
static const struct net_row rows_1006[] = { NET_NUM(w1006, SHARE_INFO_1006, shi1006_max_uses) };
static const struct net_row rows_1501[] = {
    NET_NUM(w1501, SHARE_INFO_1501, shi1501_reserved),
    NET_SD(w1501, SHARE_INFO_1501, shi1501_security_descriptor, shi1501_reserved, SHARE_FILE_SD_PARMNUM),
};

#define LEVEL_0    NET_LEVEL(0, w0, SHARE_INFO_0, rows_0)
#define LEVEL_1    NET_LEVEL(1, w1, SHARE_INFO_1, rows_1)
#define LEVEL_2    NET_LEVEL(2, w2, SHARE_INFO_2, rows_2)
#define LEVEL_501  NET_LEVEL(501, w501, SHARE_INFO_501, rows_501)
#define LEVEL_502  NET_LEVEL(502, w502, SHARE_INFO_502, rows_502)
#define LEVEL_503  NET_LEVEL(503, w503, SHARE_INFO_503, rows_503)
#define LEVEL_1004 NET_LEVEL(1004, w1004, SHARE_INFO_1004, rows_1004)
#define LEVEL_1005 NET_LEVEL(1005, w1005, SHARE_INFO_1005, rows_1005)
#define LEVEL_1006 NET_LEVEL(1006, w1006, SHARE_INFO_1006, rows_1006)
#define LEVEL_1501 NET_LEVEL(1501, w1501, SHARE_INFO_1501, rows_1501)

static const struct net_level add_levels[] = { LEVEL_2, LEVEL_502, LEVEL_503, { 0 } };
static const struct net_level enum_levels[] = { LEVEL_0,   LEVEL_1,   LEVEL_2, LEVEL_501,
                                                LEVEL_502, LEVEL_503, { 0 } };
static const struct net_level get_levels[] = { LEVEL_0,   LEVEL_1,   LEVEL_2,    LEVEL_501,
                                               LEVEL_502, LEVEL_503, LEVEL_1005, { 0 } };
static const struct net_level set_levels[] = { LEVEL_1,    LEVEL_2,    LEVEL_502,  LEVEL_503, LEVEL_1004,
                                               LEVEL_1005, LEVEL_1006, LEVEL_1501, { 0 } };

NET_IS_CONTAINER(struct srvsvc_SHARE_INFO_0_CONTAINER);
NET_IS_CONTAINER(struct srvsvc_SHARE_INFO_1_CONTAINER);
NET_IS_CONTAINER(struct srvsvc_SHARE_INFO_2_CONTAINER);
NET_IS_CONTAINER(struct srvsvc_SHARE_INFO_501_CONTAINER);
NET_IS_CONTAINER(struct srvsvc_SHARE_INFO_502_CONTAINER);
NET_IS_CONTAINER(struct srvsvc_SHARE_INFO_503_CONTAINER);

/* ---- lists ---- */

static enum nt_status enum_page(struct net_call *c, const void *arg, struct net_page *p)
{
    (void)arg;
    struct srvsvc_NetrShareEnum r = {
        .in.ServerName = net_server_name(c),
        .in.InfoStruct = { p->level, { .Level0 = net_page_in(p) } },
        .in.PreferedMaximumLength = p->wish,
        .in.ResumeHandle = p->resumable ? &p->resume : NULL,
    };
    enum nt_status st = net_run(c, &srvsvc_interface, &srvsvc_NetrShareEnum_op, &r);
    return net_page_out(c, p, st, r.out.result, r.out.InfoStruct.Level, r.out.InfoStruct.ShareInfo.Level0,
                        r.out.TotalEntries, r.out.ResumeHandle);
}

NET_API_STATUS NET_API_FUNCTION NetShareEnum(LMSTR servername, DWORD level, LPBYTE *bufptr, DWORD prefmaxlen,
                                             LPDWORD entriesread, LPDWORD totalentries, LPDWORD resume_handle)
{
    struct net_call c;
    struct net_list l = { enum_levels, level, bufptr, prefmaxlen, entriesread, totalentries, resume_handle };
    enum nt_status st = net_begin(&c, servername, "NetShareEnum");
    if (st == STATUS_SUCCESS)
        st = net_list_run(&c, &l, enum_page, NULL);
    return net_end(&c, st);
}

/* ---- one share ---- */

static enum nt_status get_info(struct net_call *c, const WCHAR *netname, DWORD level, LPBYTE *bufptr)
{
    if (!bufptr)
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER, "there is no place for the result");
    *bufptr = NULL;
    const struct net_level *l = net_level_find(get_levels, level);
    if (!l)
        return STATUS_INVALID_LEVEL;
    enum nt_status st = net_check_name(c, netname, SHARE_NAME_MAX, "the share name");
    if (st != STATUS_SUCCESS)
        return st;
    struct srvsvc_NetrShareGetInfo r = {
        .in.ServerName = net_server_name(c),
        .in.NetName = (const char16_t *)netname,
        .in.Level = level,
    };
    st = net_run(c, &srvsvc_interface, &srvsvc_NetrShareGetInfo_op, &r);
    if (st == STATUS_SUCCESS)
        st = net_answer(c, r.out.result);
    return st == STATUS_SUCCESS ? net_info_out(c, l, r.out.InfoStruct.ShareInfo0, bufptr) : st;
}

NET_API_STATUS NET_API_FUNCTION NetShareGetInfo(LMSTR servername, LMSTR netname, DWORD level, LPBYTE *bufptr)
{
    struct net_call c;
    enum nt_status st = net_begin(&c, servername, "NetShareGetInfo");
    if (st == STATUS_SUCCESS)
        st = get_info(&c, netname, level, bufptr);
    return net_end(&c, st);
}

/* The structure that the caller gave, as the wire has it. */
static enum nt_status argument(struct net_call *c, const struct net_level *levels, DWORD level,
                               const BYTE *buf, void **ret, DWORD *ret_parm)
{
    const struct net_level *l = net_level_find(levels, level);
    if (!l)
        return STATUS_INVALID_LEVEL;
    if (!buf)
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER, "there is no structure to read");
    return net_level_in(c, l, buf, ret, ret_parm);
}

static enum nt_status add(struct net_call *c, DWORD level, const BYTE *buf, DWORD *parm)
{
    void *info;
    enum nt_status st = argument(c, add_levels, level, buf, &info, parm);
    if (st != STATUS_SUCCESS)
        return st;
    st = net_check_name(c, ((const SHARE_INFO_0 *)(const void *)buf)->shi0_netname, SHARE_NAME_MAX,
                        "the share name");
    if (st != STATUS_SUCCESS) {
        *parm = SHARE_NETNAME_PARMNUM; /* the name is the first member at all levels */
        return st;
    }
    struct srvsvc_NetrShareAdd r = {
        .in.ServerName = net_server_name(c),
        .in.Level = level,
        .in.InfoStruct.ShareInfo0 = info,
        .in.ParmErr = parm,
    };
    st = net_run(c, &srvsvc_interface, &srvsvc_NetrShareAdd_op, &r);
    if (st == STATUS_SUCCESS && r.out.ParmErr)
        *parm = *r.out.ParmErr;
    return st == STATUS_SUCCESS ? net_answer(c, r.out.result) : st;
}

NET_API_STATUS NET_API_FUNCTION NetShareAdd(LMSTR servername, DWORD level, LPBYTE buf, LPDWORD parm_err)
{
    struct net_call c;
    DWORD parm = PARM_ERROR_NONE;
    enum nt_status st = net_begin(&c, servername, "NetShareAdd");
    if (st == STATUS_SUCCESS)
        st = add(&c, level, buf, &parm);
    if (parm_err)
        *parm_err = parm;
    return net_end(&c, st);
}

static enum nt_status set_info(struct net_call *c, const WCHAR *netname, DWORD level, const BYTE *buf,
                               DWORD *parm)
{
    void *info;
    enum nt_status st = net_check_name(c, netname, SHARE_NAME_MAX, "the share name");
    if (st == STATUS_SUCCESS)
        st = argument(c, set_levels, level, buf, &info, parm);
    if (st != STATUS_SUCCESS)
        return st;
    struct srvsvc_NetrShareSetInfo r = {
        .in.ServerName = net_server_name(c),
        .in.NetName = (const char16_t *)netname,
        .in.Level = level,
        .in.ShareInfo.ShareInfo0 = info,
        .in.ParmErr = parm,
    };
    st = net_run(c, &srvsvc_interface, &srvsvc_NetrShareSetInfo_op, &r);
    if (st == STATUS_SUCCESS && r.out.ParmErr)
        *parm = *r.out.ParmErr;
    return st == STATUS_SUCCESS ? net_answer(c, r.out.result) : st;
}

NET_API_STATUS NET_API_FUNCTION NetShareSetInfo(LMSTR servername, LMSTR netname, DWORD level, LPBYTE buf,
                                                LPDWORD parm_err)
{
    struct net_call c;
    DWORD parm = PARM_ERROR_NONE;
    enum nt_status st = net_begin(&c, servername, "NetShareSetInfo");
    if (st == STATUS_SUCCESS)
        st = set_info(&c, netname, level, buf, &parm);
    if (parm_err)
        *parm_err = parm;
    return net_end(&c, st);
}

static enum nt_status del(struct net_call *c, const WCHAR *netname, DWORD reserved)
{
    enum nt_status st = net_check_name(c, netname, SHARE_NAME_MAX, "the share name");
    if (st != STATUS_SUCCESS)
        return st;
    if (reserved)
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER, "the reserved argument is not 0");
    struct srvsvc_NetrShareDel r = { .in = { net_server_name(c), (const char16_t *)netname, 0 } };
    st = net_run(c, &srvsvc_interface, &srvsvc_NetrShareDel_op, &r);
    return st == STATUS_SUCCESS ? net_answer(c, r.out.result) : st;
}

NET_API_STATUS NET_API_FUNCTION NetShareDel(LMSTR servername, LMSTR netname, DWORD reserved)
{
    struct net_call c;
    enum nt_status st = net_begin(&c, servername, "NetShareDel");
    if (st == STATUS_SUCCESS)
        st = del(&c, netname, reserved);
    return net_end(&c, st);
}

static enum nt_status check(struct net_call *c, const WCHAR *device, DWORD *type)
{
    if (!type)
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER, "there is no place for the type");
    enum nt_status st = net_check_name(c, device, SHARE_DEVICE_MAX, "the device");
    if (st != STATUS_SUCCESS)
        return st;
    struct srvsvc_NetrShareCheck r = { .in = { net_server_name(c), (const char16_t *)device } };
    st = net_run(c, &srvsvc_interface, &srvsvc_NetrShareCheck_op, &r);
    if (st == STATUS_SUCCESS)
        st = net_answer(c, r.out.result);
    if (st == STATUS_SUCCESS)
        *type = r.out.Type;
    return st;
}

NET_API_STATUS NET_API_FUNCTION NetShareCheck(LMSTR servername, LMSTR device, LPDWORD type)
{
    struct net_call c;
    enum nt_status st = net_begin(&c, servername, "NetShareCheck");
    if (st == STATUS_SUCCESS)
        st = check(&c, device, type);
    return net_end(&c, st);
}
