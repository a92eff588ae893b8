// SPDX-License-Identifier: Apache-2.0
/* NetUserGetGroups and NetUserGetLocalGroups: what a user belongs to. */
#include <string.h>

#include "netapi/m_user.h"

/* ---- global groups ---- */

struct membership {
    DWORD level;
    const struct sam_list *list;
};

static void fill_group(struct net_buf *b, size_t i, void *to, const void *from)
{
    const struct membership *m = from;
    const struct sam_item *it = &m->list->v[i];
    ((GROUP_USERS_INFO_0 *)to)->grui0_name = sam_put(b, &it->name);
    if (m->level == 1)
        ((GROUP_USERS_INFO_1 *)to)->grui1_attributes = it->flags;
}

static size_t group_size(DWORD level)
{
    return level ? sizeof(GROUP_USERS_INFO_1) : sizeof(GROUP_USERS_INFO_0);
}

static enum nt_status get_groups(struct net_call *c, const WCHAR *username, DWORD level, DWORD prefmaxlen,
                                 LPBYTE *bufptr, LPDWORD entriesread, LPDWORD totalentries)
{
    const struct samr_GROUP_MEMBERSHIP *g;
    struct sam_list list = { 0 };
    struct sam_domain d;
    struct ndr_handle h;
    uint32_t rid, n;
    enum nt_status st = sam_domain(c, SAM_ACCOUNT, &d);
    if (nt_ok(st))
        st = sam_open_user(c, &d, username, samr_USER_LIST_GROUPS, &h, &rid);
    if (!nt_ok(st))
        return st;
    st = user_groups(c, &h, &g, &n);
    sam_close(c, &h);
    if (!nt_ok(st))
        return st;
    size_t some = sam_cut(prefmaxlen, group_size(level), n);
    for (size_t i = 0; nt_ok(st) && i < some; i++)
        st = sam_list_add_rid(c, &list, g[i].RelativeId, g[i].Attributes);
    if (nt_ok(st))
        st = sam_list_names(c, &d, &list);
    struct membership from = { level, &list };
    return nt_ok(st) ? sam_result(&list, group_size(level), fill_group, &from, some < n, n, bufptr,
                                  entriesread, totalentries)
                     : st;
}

NET_API_STATUS NET_API_FUNCTION NetUserGetGroups(LPCWSTR servername, LPCWSTR username, DWORD level,
                                                 LPBYTE *bufptr, DWORD prefmaxlen, LPDWORD entriesread,
                                                 LPDWORD totalentries)
{
    struct net_call c;
    enum nt_status st = net_begin(&c, servername, "NetUserGetGroups");
    if (nt_ok(st) && (!username || !bufptr || !entriesread))
        st = STATUS_INVALID_PARAMETER;
    if (nt_ok(st) && level > 1)
        st = STATUS_INVALID_LEVEL;
    if (nt_ok(st)) {
        *bufptr = NULL;
        *entriesread = 0;
        st = get_groups(&c, username, level, prefmaxlen, bufptr, entriesread, totalentries);
    }
    return net_end(&c, st);
}

/* ---- local groups ---- */

/* The user's SID, and those of his groups if he is one of the account domain and they are asked for. */
static enum nt_status collect_sids(struct net_call *c, const struct sam_domain *d, const WCHAR *username,
                                   bool indirect, struct nt_sid **ret, size_t *ret_n)
{
    const struct samr_GROUP_MEMBERSHIP *g;
    struct sam_name who;
    struct nt_sid domain;
    struct ndr_handle h;
    uint32_t rid, n = 0;
    enum nt_status st = sam_names_to_sids(c, &username, 1, &who);
    if (nt_ok(st) && who.use != SidTypeUser && who.use != SidTypeComputer)
        st = nt_error_set(&c->err, STATUS_NO_SUCH_USER, "%s knows no user of that name", c->srv->name);
    if (!nt_ok(st))
        return st;
    if (indirect && nt_ok(nt_sid_split(&who.sid, &domain, &rid)) && nt_sid_equal(&domain, &d->sid)) {
        st = sam_open_rid(c, d, rid, samr_USER_LIST_GROUPS, &h);
        if (!nt_ok(st))
            return st;
        st = user_groups(c, &h, &g, &n);
        sam_close(c, &h);
    }
    if (nt_ok(st))
        st = user_sids(c, d, &who.sid, n ? g : NULL, n, ret);
    *ret_n = (size_t)n + 1;
    return st;
}

static void fill_alias(struct net_buf *b, size_t i, void *to, const void *from)
{
    const struct sam_list *list = from;
    ((LOCALGROUP_USERS_INFO_0 *)to)->lgrui0_name = sam_put(b, &list->v[i].name);
}

static enum nt_status get_local_groups(struct net_call *c, const WCHAR *username, bool indirect,
                                       DWORD prefmaxlen, LPBYTE *bufptr, LPDWORD entriesread,
                                       LPDWORD totalentries)
{
    struct sam_domain d[2];
    struct sam_list list[2] = { { 0 }, { 0 } };
    struct nt_sid *sids;
    size_t n;
    enum nt_status st = sam_domain(c, SAM_BUILTIN, &d[0]);
    if (nt_ok(st))
        st = sam_domain(c, SAM_ACCOUNT, &d[1]);
    if (nt_ok(st))
        st = collect_sids(c, &d[1], username, indirect, &sids, &n);
    for (int i = 0; nt_ok(st) && i < 2; i++) {
        st = user_aliases(c, &d[i].h, sids, n, &list[i]);
        if (nt_ok(st))
            st = sam_list_names(c, &d[i], &list[i]);
    }
    for (size_t i = 0; nt_ok(st) && i < list[1].n; i++) {
        struct sam_item *it = sam_list_add(c, &list[0]);
        if (!it)
            return STATUS_NO_MEMORY;
        *it = list[1].v[i];
    }
    if (!nt_ok(st))
        return st;
    size_t total = list[0].n;
    list[0].n = sam_cut(prefmaxlen, sizeof(LOCALGROUP_USERS_INFO_0), total);
    return sam_result(&list[0], sizeof(LOCALGROUP_USERS_INFO_0), fill_alias, &list[0], list[0].n < total,
                      total, bufptr, entriesread, totalentries);
}

NET_API_STATUS NET_API_FUNCTION NetUserGetLocalGroups(LPCWSTR servername, LPCWSTR username, DWORD level,
                                                      DWORD flags, LPBYTE *bufptr, DWORD prefmaxlen,
                                                      LPDWORD entriesread, LPDWORD totalentries)
{
    struct net_call c;
    enum nt_status st = net_begin(&c, servername, "NetUserGetLocalGroups");
    if (nt_ok(st) && (!username || !bufptr || !entriesread || flags & ~(DWORD)LG_INCLUDE_INDIRECT))
        st = STATUS_INVALID_PARAMETER;
    if (nt_ok(st) && level != 0)
        st = STATUS_INVALID_LEVEL;
    if (nt_ok(st)) {
        *bufptr = NULL;
        *entriesread = 0;
        st = get_local_groups(&c, username, flags & LG_INCLUDE_INDIRECT, prefmaxlen, bufptr, entriesread,
                              totalentries);
    }
    return net_end(&c, st);
}
