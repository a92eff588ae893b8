// SPDX-License-Identifier: Apache-2.0
/* NetWksta* and NetGetJoinInformation, [MS-WKST] 3.2.4.1, 3.2.4.3 and 3.2.4.12. */
#include <msrpc/lsarpc.h>
#include <msrpc/wkssvc.h>
#include "netapi/m_level.h"

typedef struct wkssvc_WKSTA_INFO_100 w100;
typedef struct wkssvc_WKSTA_INFO_101 w101;
typedef struct wkssvc_WKSTA_INFO_102 w102;
typedef struct wkssvc_WKSTA_INFO_502 w502;
typedef struct wkssvc_WKSTA_USER_INFO_0 u0;
typedef struct wkssvc_WKSTA_USER_INFO_1 u1;

static const struct net_row rows_100[] = {
    NET_NUM(w100, WKSTA_INFO_100, wki100_platform_id),
    NET_STR(w100, WKSTA_INFO_100, wki100_computername),
    NET_STR(w100, WKSTA_INFO_100, wki100_langroup),
    NET_NUMS(w100, WKSTA_INFO_100, wki100_ver_major, wki100_ver_minor),
};
static const struct net_row rows_101[] = {
    NET_NUM(w101, WKSTA_INFO_101, wki101_platform_id),
    NET_STR(w101, WKSTA_INFO_101, wki101_computername),
    NET_STR(w101, WKSTA_INFO_101, wki101_langroup),
    NET_NUMS(w101, WKSTA_INFO_101, wki101_ver_major, wki101_ver_minor),
    NET_STR(w101, WKSTA_INFO_101, wki101_lanroot),
};
static const struct net_row rows_102[] = {
    NET_NUM(w102, WKSTA_INFO_102, wki102_platform_id),
    NET_STR(w102, WKSTA_INFO_102, wki102_computername),
    NET_STR(w102, WKSTA_INFO_102, wki102_langroup),
    NET_NUMS(w102, WKSTA_INFO_102, wki102_ver_major, wki102_ver_minor),
    NET_STR(w102, WKSTA_INFO_102, wki102_lanroot),
    NET_NUM(w102, WKSTA_INFO_102, wki102_logged_on_users),
};
static const struct net_row rows_502[] = {
    NET_NUMS(w502, WKSTA_INFO_502, wki502_char_wait, wki502_use_512_byte_max_transfer),
};
static const struct net_level info_levels[] = {
    NET_LEVEL(100, w100, WKSTA_INFO_100, rows_100),
    NET_LEVEL(101, w101, WKSTA_INFO_101, rows_101),
    NET_LEVEL(102, w102, WKSTA_INFO_102, rows_102),
    NET_LEVEL(502, w502, WKSTA_INFO_502, rows_502),
    { 0 },
};

static const struct net_row user_0[] = { NET_STR(u0, WKSTA_USER_INFO_0, wkui0_username) };
static const struct net_row user_1[] = {
    NET_STR(u1, WKSTA_USER_INFO_1, wkui1_username),
    NET_STR(u1, WKSTA_USER_INFO_1, wkui1_logon_domain),
    NET_STR(u1, WKSTA_USER_INFO_1, wkui1_oth_domains),
    NET_STR(u1, WKSTA_USER_INFO_1, wkui1_logon_server),
};
static const struct net_level user_levels[] = {
    NET_LEVEL(0, u0, WKSTA_USER_INFO_0, user_0),
    NET_LEVEL(1, u1, WKSTA_USER_INFO_1, user_1),
    { 0 },
};

NET_IS_CONTAINER(struct wkssvc_WKSTA_USER_INFO_0_CONTAINER);
NET_IS_CONTAINER(struct wkssvc_WKSTA_USER_INFO_1_CONTAINER);

static enum nt_status get_info(struct net_call *c, DWORD level, LPBYTE *bufptr)
{
    if (!bufptr)
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER, "there is no place for the result");
    *bufptr = NULL;
    const struct net_level *l = net_level_find(info_levels, level);
    if (!l)
        return STATUS_INVALID_LEVEL;
    struct wkssvc_NetrWkstaGetInfo r = { .in = { net_server_name(c), level } };
    enum nt_status st = net_run(c, &wkssvc_interface, &wkssvc_NetrWkstaGetInfo_op, &r);
    if (st == STATUS_SUCCESS)
        st = net_answer(c, r.out.result);
    return st == STATUS_SUCCESS ? net_info_out(c, l, r.out.WkstaInfo.WkstaInfo100, bufptr) : st;
}

NET_API_STATUS NET_API_FUNCTION NetWkstaGetInfo(LMSTR servername, DWORD level, LPBYTE *bufptr)
{
    struct net_call c;
    enum nt_status st = net_begin(&c, servername, "NetWkstaGetInfo");
    if (st == STATUS_SUCCESS)
        st = get_info(&c, level, bufptr);
    return net_end(&c, st);
}

static enum nt_status user_page(struct net_call *c, const void *arg, struct net_page *p)
{
    (void)arg;
    struct wkssvc_NetrWkstaUserEnum r = {
        .in.ServerName = net_server_name(c),
        .in.UserInfo = { p->level, { .Level0 = net_page_in(p) } },
        .in.PreferredMaximumLength = p->wish,
        .in.ResumeHandle = p->resumable ? &p->resume : NULL,
    };
    enum nt_status st = net_run(c, &wkssvc_interface, &wkssvc_NetrWkstaUserEnum_op, &r);
    return net_page_out(c, p, st, r.out.result, r.out.UserInfo.Level, r.out.UserInfo.WkstaUserInfo.Level0,
                        r.out.TotalEntries, r.out.ResumeHandle);
}

NET_API_STATUS NET_API_FUNCTION NetWkstaUserEnum(LMSTR servername, DWORD level, LPBYTE *bufptr,
                                                 DWORD prefmaxlen, LPDWORD entriesread, LPDWORD totalentries,
                                                 LPDWORD resumehandle)
{
    struct net_call c;
    struct net_list l = { user_levels, level, bufptr, prefmaxlen, entriesread, totalentries, resumehandle };
    enum nt_status st = net_begin(&c, servername, "NetWkstaUserEnum");
    if (st == STATUS_SUCCESS)
        st = net_list_run(&c, &l, user_page, NULL);
    return net_end(&c, st);
}

/* ---- membership ---- */

struct membership {
    const char16_t *name;
    size_t units;
    NETSETUP_JOIN_STATUS type;
};

/* The name travels both ways; [MS-WKST] 3.2.4.12 has the server ignore what comes in, which must not be NULL.
 */
static enum nt_status ask_wkssvc(struct net_call *c, struct membership *ret)
{
    struct wkssvc_NetrGetJoinInformation r = { .in = { net_server_name(c), u"" } };
    enum nt_status st = net_run(c, &wkssvc_interface, &wkssvc_NetrGetJoinInformation_op, &r);
    if (st == STATUS_SUCCESS)
        st = net_answer(c, r.out.result);
    if (st != STATUS_SUCCESS)
        return st;
    ret->name = r.out.NameBuffer;
    ret->units = ret->name ? ustr_len(ret->name) : 0;
    ret->type = (NETSETUP_JOIN_STATUS)r.out.BufferType;
    return STATUS_SUCCESS;
}

static enum nt_status query_policy(struct net_call *c, const struct ndr_handle *policy,
                                   struct membership *ret)
{
    struct lsarpc_LsarQueryInformationPolicy r = { .in = { *policy, lsarpc_PolicyPrimaryDomainInformation } };
    enum nt_status st = net_run(c, &lsarpc_interface, &lsarpc_LsarQueryInformationPolicy_op, &r);
    if (st == STATUS_SUCCESS)
        st = r.out.result;
    if (!nt_ok(st))
        return st;
    if (!r.out.PolicyInformation)
        return RPC_NT_PROTOCOL_ERROR;
    const struct lsarpc_LSAPR_POLICY_PRIMARY_DOM_INFO *d = &r.out.PolicyInformation->PolicyPrimaryDomainInfo;
    ret->name = d->Name.Buffer;
    ret->units = d->Name.Buffer ? d->Name.Length / 2u : 0;
    ret->type = d->Sid ? NetSetupDomainName : ret->units ? NetSetupWorkgroupName : NetSetupUnjoined;
    return STATUS_SUCCESS;
}

/* The primary domain has a SID, a workgroup has none: [MS-LSAD] 3.1.1.1. */
static enum nt_status ask_lsarpc(struct net_call *c, struct membership *ret)
{
    struct lsarpc_LsarOpenPolicy2 open = {
        .in.SystemName = net_server_name(c),
        .in.ObjectAttributes.Length = 24,
        .in.DesiredAccess = lsarpc_POLICY_VIEW_LOCAL_INFORMATION,
    };
    enum nt_status st = net_run(c, &lsarpc_interface, &lsarpc_LsarOpenPolicy2_op, &open);
    if (st == STATUS_SUCCESS)
        st = open.out.result;
    if (!nt_ok(st))
        return st;
    st = query_policy(c, &open.out.PolicyHandle, ret);
    struct lsarpc_LsarClose close = { .in.ObjectHandle = open.out.PolicyHandle };
    enum nt_status closed = net_run(c, &lsarpc_interface, &lsarpc_LsarClose_op, &close);
    return st == STATUS_SUCCESS ? closed : st;
}

static enum nt_status join_information(struct net_call *c, LPWSTR *name, PNETSETUP_JOIN_STATUS type)
{
    if (!name || !type)
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER, "there is no place for the result");
    *name = NULL;
    struct membership m = { 0 };
    enum nt_status st = ask_wkssvc(c, &m);
    if (st == RPC_NT_PROCNUM_OUT_OF_RANGE) { /* Samba's file server: its LSA knows */
        struct nt_error first = c->err;
        if (ask_lsarpc(c, &m) == STATUS_SUCCESS)
            st = STATUS_SUCCESS;
        else
            c->err = first;
    }
    if (st != STATUS_SUCCESS)
        return st;
    LPVOID block;
    if (m.units >= UINT32_MAX / 2 || NetApiBufferAllocate((DWORD)(m.units + 1) * 2, &block) != NERR_Success)
        return STATUS_NO_MEMORY;
    if (m.units)
        memcpy(block, m.name, m.units * 2); /* the block is zeroed, so terminated */
    *name = block;
    *type = m.type;
    return STATUS_SUCCESS;
}

NET_API_STATUS NET_API_FUNCTION NetGetJoinInformation(LPCWSTR lpServer, LPWSTR *lpNameBuffer,
                                                      PNETSETUP_JOIN_STATUS BufferType)
{
    struct net_call c;
    enum nt_status st = net_begin(&c, lpServer, "NetGetJoinInformation");
    if (st == STATUS_SUCCESS)
        st = join_information(&c, lpNameBuffer, BufferType);
    return net_end(&c, st);
}
