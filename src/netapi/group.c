// SPDX-License-Identifier: Apache-2.0
/* NetGroup: global groups of the account domain. */
#include <string.h>

#include "netapi/m_sam.h"

#define ATTRIBUTES (samr_SE_GROUP_MANDATORY | samr_SE_GROUP_ENABLED_BY_DEFAULT | samr_SE_GROUP_ENABLED)

struct group {
    uint32_t rid, attributes;
    struct nt_sid sid;
    struct dtyp_RPC_UNICODE_STRING name, comment;
};

struct groups {
    DWORD level;
    const struct group *v;
};

static size_t size_of(DWORD level)
{
    static const size_t sizes[] = { sizeof(GROUP_INFO_0), sizeof(GROUP_INFO_1), sizeof(GROUP_INFO_2),
                                    sizeof(GROUP_INFO_3) };
    return sizes[level];
}

static void fill(struct net_buf *b, size_t i, void *to, const void *from)
{
    const struct groups *s = from;
    const struct group *g = &s->v[i];
    ((GROUP_INFO_0 *)to)->grpi0_name = sam_put(b, &g->name);
    if (s->level >= 1)
        ((GROUP_INFO_1 *)to)->grpi1_comment = sam_put(b, &g->comment);
    if (s->level == 2) {
        ((GROUP_INFO_2 *)to)->grpi2_group_id = g->rid;
        ((GROUP_INFO_2 *)to)->grpi2_attributes = g->attributes;
    } else if (s->level == 3) {
        ((GROUP_INFO_3 *)to)->grpi3_group_sid = sam_put_sid(b, &g->sid);
        ((GROUP_INFO_3 *)to)->grpi3_attributes = g->attributes;
    }
}

/* ---- reading ---- */

static enum nt_status query(struct net_call *c, const struct ndr_handle *h, struct group *g)
{
    struct samr_SamrQueryInformationGroup r = { .in.GroupHandle = *h,
                                                .in.GroupInformationClass = samr_GroupGeneralInformation };
    enum nt_status st = sam_run(c, &samr_SamrQueryInformationGroup_op, &r, &r.out.result);
    if (!nt_ok(st))
        return st;
    if (!r.out.Buffer || !sam_string_ok(&r.out.Buffer->General.Name) ||
        !sam_string_ok(&r.out.Buffer->General.AdminComment))
        return nt_error_set(&c->err, STATUS_INVALID_NETWORK_RESPONSE, "%s said yes and sent no group",
                            c->srv->name);
    g->name = r.out.Buffer->General.Name;
    g->comment = r.out.Buffer->General.AdminComment;
    g->attributes = r.out.Buffer->General.Attributes;
    return STATUS_SUCCESS;
}

static enum nt_status get_info(struct net_call *c, const WCHAR *name, DWORD level, LPBYTE *bufptr)
{
    struct sam_domain d;
    struct ndr_handle h;
    struct group g = { 0 };
    uint8_t *block = NULL;
    enum nt_status st = sam_domain(c, SAM_ACCOUNT, &d);
    if (nt_ok(st))
        st = sam_open_group(c, &d, name, samr_GROUP_READ_INFORMATION, &h, &g.rid);
    if (!nt_ok(st))
        return st;
    st = query(c, &h, &g);
    sam_close(c, &h);
    if (nt_ok(st))
        st = sam_rid_to_sid(c, &d, g.rid, &g.sid);
    struct groups from = { level, &g };
    if (nt_ok(st))
        st = net_fill(1, size_of(level), fill, &from, &block);
    *bufptr = block;
    return st;
}

NET_API_STATUS NET_API_FUNCTION NetGroupGetInfo(LPCWSTR servername, LPCWSTR groupname, DWORD level,
                                                LPBYTE *bufptr)
{
    struct net_call c;
    enum nt_status st = net_begin(&c, servername, "NetGroupGetInfo");
    if (bufptr)
        *bufptr = NULL;
    if (nt_ok(st))
        st = !bufptr || !groupname ? STATUS_INVALID_PARAMETER
             : level > 3           ? STATUS_INVALID_LEVEL
                                   : STATUS_SUCCESS;
    if (nt_ok(st))
        st = get_info(&c, groupname, level, bufptr);
    return net_end(&c, st);
}

/* Level 0 has only names, which the enumeration gives; the display list of groups has all of the other
 * levels, so no group is opened. Its index is the resume handle there. */
static enum nt_status enum_groups(struct net_call *c, DWORD level, DWORD prefmaxlen, uint32_t *context,
                                  LPBYTE *bufptr, LPDWORD entriesread, LPDWORD totalentries)
{
    struct sam_domain d;
    struct sam_list list = { 0 };
    bool more = false;
    uint32_t len = sam_page_size(prefmaxlen, size_of(level));
    enum nt_status st = sam_domain(c, SAM_ACCOUNT, &d);
    if (nt_ok(st) && level == 0)
        st = sam_enum(c, SAM_GROUPS, &d, 0, len, context, &list, &more);
    else if (nt_ok(st))
        st = sam_display(c, &d, samr_DomainDisplayGroup, SAM_ALL, len, context, &list, &more);
    struct group *g = nt_ok(st) ? nt_arena_array(c->mem, list.n, sizeof *g) : NULL;
    if (!g)
        return nt_ok(st) ? STATUS_NO_MEMORY : st;
    for (size_t i = 0; nt_ok(st) && i < list.n; i++) {
        const struct sam_item *it = &list.v[i];
        g[i] = (struct group){
            .rid = it->rid, .attributes = it->flags, .name = it->name, .comment = it->comment
        };
        if (level == 3)
            st = sam_rid_to_sid(c, &d, it->rid, &g[i].sid);
    }
    if (!nt_ok(st))
        return st;
    struct groups from = { level, g };
    return sam_result(&list, size_of(level), fill, &from, more,
                      more && totalentries ? sam_count(c, SAM_GROUPS, &d) : 0, bufptr, entriesread,
                      totalentries);
}

NET_API_STATUS NET_API_FUNCTION NetGroupEnum(LPCWSTR servername, DWORD level, LPBYTE *bufptr,
                                             DWORD prefmaxlen, LPDWORD entriesread, LPDWORD totalentries,
                                             PDWORD_PTR resume_handle)
{
    struct net_call c;
    uint32_t context = resume_handle ? (uint32_t)*resume_handle : 0;
    enum nt_status st = net_begin(&c, servername, "NetGroupEnum");
    if (nt_ok(st))
        st = !bufptr || !entriesread ? STATUS_INVALID_PARAMETER
             : level > 3             ? STATUS_INVALID_LEVEL
                                     : STATUS_SUCCESS;
    if (nt_ok(st)) {
        *bufptr = NULL;
        *entriesread = 0;
        st = enum_groups(&c, level, prefmaxlen, &context, bufptr, entriesread, totalentries);
    }
    if (nt_ok(st) && resume_handle)
        *resume_handle = st == STATUS_MORE_ENTRIES ? context : 0;
    return net_end(&c, st);
}

/* ---- changing ---- */

/* What a level asks for. */
struct change {
    bool rename, comment, attributes;
    struct dtyp_RPC_UNICODE_STRING name, text;
    uint32_t bits;
};

static enum nt_status gather_string(struct net_call *c, const WCHAR *s, size_t max,
                                    struct dtyp_RPC_UNICODE_STRING *to, bool *set)
{
    if (!s)
        return STATUS_SUCCESS; /* stays as it is */
    *set = true;
    return sam_string(c, s, max, to);
}

static enum nt_status gather(struct net_call *c, DWORD level, const void *buf, struct change *ch, DWORD *parm)
{
    enum nt_status st = STATUS_SUCCESS;
    memset(ch, 0, sizeof *ch);
    if (level > 3 && level != GROUP_COMMENT_INFOLEVEL && level != 1005)
        return STATUS_INVALID_LEVEL;
    if (!buf)
        return STATUS_INVALID_PARAMETER;
    if (level <= 3) {
        *parm = GROUP_NAME_PARMNUM;
        st = gather_string(c, ((const GROUP_INFO_0 *)buf)->grpi0_name, GNLEN, &ch->name, &ch->rename);
    }
    if (nt_ok(st) && level >= 1 && level <= 3) {
        *parm = GROUP_COMMENT_PARMNUM;
        st = gather_string(c, ((const GROUP_INFO_1 *)buf)->grpi1_comment, SAM_MAX_STRING, &ch->text,
                           &ch->comment);
    }
    if (level == GROUP_COMMENT_INFOLEVEL) {
        *parm = GROUP_COMMENT_PARMNUM;
        st = gather_string(c, ((const GROUP_INFO_1002 *)buf)->grpi1002_comment, SAM_MAX_STRING, &ch->text,
                           &ch->comment);
    }
    ch->attributes = level == 2 || level == 3 || level == 1005;
    ch->bits = level == 2       ? ((const GROUP_INFO_2 *)buf)->grpi2_attributes
               : level == 3     ? ((const GROUP_INFO_3 *)buf)->grpi3_attributes
               : ch->attributes ? ((const GROUP_INFO_1005 *)buf)->grpi1005_attributes
                                : 0;
    if (nt_ok(st))
        *parm = PARM_ERROR_NONE;
    return st;
}

static enum nt_status set_level(struct net_call *c, const struct ndr_handle *h,
                                enum samr_GROUP_INFORMATION_CLASS level,
                                const union samr_SAMPR_GROUP_INFO_BUFFER *b)
{
    struct samr_SamrSetInformationGroup r = { .in.GroupHandle = *h,
                                              .in.GroupInformationClass = level,
                                              .in.Buffer = *b };
    return sam_run(c, &samr_SamrSetInformationGroup_op, &r, &r.out.result);
}

static enum nt_status apply(struct net_call *c, const struct ndr_handle *h, const struct change *ch,
                            bool rename)
{
    enum nt_status st = STATUS_SUCCESS;
    union samr_SAMPR_GROUP_INFO_BUFFER name = { .Name.Name = ch->name },
                                       text = { .AdminComment.AdminComment = ch->text },
                                       bits = { .Attribute.Attributes = ch->bits };
    if (rename && ch->rename)
        st = set_level(c, h, samr_GroupNameInformation, &name);
    if (nt_ok(st) && ch->comment)
        st = set_level(c, h, samr_GroupAdminCommentInformation, &text);
    if (nt_ok(st) && ch->attributes)
        st = set_level(c, h, samr_GroupAttributeInformation, &bits);
    return st;
}

static void set_parm(LPDWORD parm_err, enum nt_status st, DWORD parm)
{
    if (parm_err)
        *parm_err = nt_ok(st) || parm                              ? parm
                    : nt_to_net_api(st) == ERROR_INVALID_PARAMETER ? PARM_ERROR_UNKNOWN
                                                                   : PARM_ERROR_NONE;
}

static enum nt_status set_info(struct net_call *c, const WCHAR *groupname, DWORD level,
                               const struct change *ch)
{
    struct sam_domain d;
    struct ndr_handle h;
    uint32_t rid;
    enum nt_status st = sam_domain(c, SAM_ACCOUNT, &d);
    if (nt_ok(st))
        st = sam_open_group(c, &d, groupname, samr_GROUP_WRITE_ACCOUNT, &h, &rid);
    if (!nt_ok(st))
        return st;
    st = apply(c, &h, ch, level == 0); /* the other levels have the name only to look complete */
    sam_close(c, &h);
    return st;
}

NET_API_STATUS NET_API_FUNCTION NetGroupSetInfo(LPCWSTR servername, LPCWSTR groupname, DWORD level,
                                                LPBYTE buf, LPDWORD parm_err)
{
    struct net_call c;
    struct change ch;
    DWORD parm = PARM_ERROR_NONE;
    enum nt_status st = net_begin(&c, servername, "NetGroupSetInfo");
    if (nt_ok(st))
        st = groupname ? gather(&c, level, buf, &ch, &parm) : STATUS_INVALID_PARAMETER;
    if (nt_ok(st) && level == 0 && ch.name.Length == 0) {
        parm = GROUP_NAME_PARMNUM;
        st = STATUS_INVALID_PARAMETER;
    }
    if (nt_ok(st))
        st = set_info(&c, groupname, level, &ch);
    set_parm(parm_err, st, parm);
    return net_end(&c, st);
}

/* ---- adding and removing ---- */

static enum nt_status add(struct net_call *c, struct change *ch)
{
    struct sam_domain d;
    enum nt_status st = sam_domain(c, SAM_ACCOUNT, &d);
    if (!nt_ok(st))
        return st;
    struct samr_SamrCreateGroupInDomain r = { .in.DomainHandle = d.h,
                                              .in.Name = ch->name,
                                              .in.DesiredAccess = samr_GROUP_WRITE_ACCOUNT | SAM_DELETE };
    st = sam_run(c, &samr_SamrCreateGroupInDomain_op, &r, &r.out.result);
    if (!nt_ok(st))
        return st;
    ch->attributes = ch->attributes && ch->bits && ch->bits != ATTRIBUTES; /* a new group has these */
    ch->comment = ch->comment && ch->text.Length;
    st = apply(c, &r.out.GroupHandle, ch, false);
    if (nt_ok(st)) {
        sam_close(c, &r.out.GroupHandle);
        return st;
    }
    struct nt_error keep = c->err;
    struct samr_SamrDeleteGroup del = { .in.GroupHandle = r.out.GroupHandle };
    if (!nt_ok(sam_run(c, &samr_SamrDeleteGroup_op, &del, &del.out.result)))
        sam_close(c, &r.out.GroupHandle);
    c->err = keep;
    return st;
}

NET_API_STATUS NET_API_FUNCTION NetGroupAdd(LPCWSTR servername, DWORD level, LPBYTE buf, LPDWORD parm_err)
{
    struct net_call c;
    struct change ch;
    DWORD parm = PARM_ERROR_NONE;
    enum nt_status st = net_begin(&c, servername, "NetGroupAdd");
    if (nt_ok(st))
        st = level > 3 ? STATUS_INVALID_LEVEL : gather(&c, level, buf, &ch, &parm);
    if (nt_ok(st) && ch.name.Length == 0) {
        parm = GROUP_NAME_PARMNUM;
        st = nt_error_set(&c.err, STATUS_INVALID_PARAMETER, "a group has to have a name");
    }
    if (nt_ok(st))
        st = add(&c, &ch);
    set_parm(parm_err, st, parm);
    return net_end(&c, st);
}

static enum nt_status members(struct net_call *c, const struct ndr_handle *h,
                              const struct samr_SAMPR_GET_MEMBERS_BUFFER **ret)
{
    struct samr_SamrGetMembersInGroup r = { .in.GroupHandle = *h };
    enum nt_status st = sam_run(c, &samr_SamrGetMembersInGroup_op, &r, &r.out.result);
    if (!nt_ok(st))
        return st;
    const struct samr_SAMPR_GET_MEMBERS_BUFFER *m = r.out.Members;
    if (!m || (m->MemberCount && (!m->Members || !m->Attributes)))
        return nt_error_set(&c->err, STATUS_INVALID_NETWORK_RESPONSE,
                            "%s sent a number of members, but not the members", c->srv->name);
    *ret = m;
    return STATUS_SUCCESS;
}

static enum nt_status remove_member(struct net_call *c, const struct ndr_handle *h, uint32_t rid)
{
    struct samr_SamrRemoveMemberFromGroup r = { .in.GroupHandle = *h, .in.MemberId = rid };
    return sam_run(c, &samr_SamrRemoveMemberFromGroup_op, &r, &r.out.result);
}

/* Servers that do not delete a group with members get it without. */
static enum nt_status del(struct net_call *c, const WCHAR *groupname)
{
    const struct samr_SAMPR_GET_MEMBERS_BUFFER *m = NULL;
    struct sam_domain d;
    struct ndr_handle h;
    uint32_t rid;
    enum nt_status st = sam_domain(c, SAM_ACCOUNT, &d);
    if (nt_ok(st))
        st = sam_open_group(c, &d, groupname, SAM_DELETE | samr_GROUP_LIST_MEMBERS | samr_GROUP_REMOVE_MEMBER,
                            &h, &rid);
    if (!nt_ok(st))
        return st;
    struct samr_SamrDeleteGroup r = { .in.GroupHandle = h };
    st = sam_run(c, &samr_SamrDeleteGroup_op, &r, &r.out.result);
    if (st == STATUS_MEMBER_IN_GROUP) {
        c->err.text[0] = 0;
        st = members(c, &h, &m);
        for (uint32_t i = 0; nt_ok(st) && i < m->MemberCount; i++)
            st = remove_member(c, &h, m->Members[i]);
        if (nt_ok(st))
            st = sam_run(c, &samr_SamrDeleteGroup_op, &r, &r.out.result);
    }
    if (!nt_ok(st))
        sam_close(c, &h);
    return st;
}

NET_API_STATUS NET_API_FUNCTION NetGroupDel(LPCWSTR servername, LPCWSTR groupname)
{
    struct net_call c;
    enum nt_status st = net_begin(&c, servername, "NetGroupDel");
    if (nt_ok(st))
        st = groupname ? del(&c, groupname) : STATUS_INVALID_PARAMETER;
    return net_end(&c, st);
}

/* ---- members ---- */

static enum nt_status change_member(struct net_call *c, const WCHAR *groupname, const WCHAR *username,
                                    bool adding)
{
    struct sam_domain d;
    struct sam_found user;
    struct ndr_handle h;
    uint32_t rid;
    enum nt_status st = sam_domain(c, SAM_ACCOUNT, &d);
    if (nt_ok(st))
        st = sam_open_group(c, &d, groupname, adding ? samr_GROUP_ADD_MEMBER : samr_GROUP_REMOVE_MEMBER, &h,
                            &rid);
    if (!nt_ok(st))
        return st;
    st = sam_find_user(c, &d, username, &user);
    if (nt_ok(st) && adding) {
        struct samr_SamrAddMemberToGroup r = { .in.GroupHandle = h,
                                               .in.MemberId = user.rid,
                                               .in.Attributes = ATTRIBUTES };
        st = sam_run(c, &samr_SamrAddMemberToGroup_op, &r, &r.out.result);
    } else if (nt_ok(st)) {
        st = remove_member(c, &h, user.rid);
    }
    sam_close(c, &h);
    return st;
}

static NET_API_STATUS member(const char *function, LPCWSTR servername, LPCWSTR groupname, LPCWSTR username,
                             bool adding)
{
    struct net_call c;
    enum nt_status st = net_begin(&c, servername, function);
    if (nt_ok(st))
        st =
            groupname && username ? change_member(&c, groupname, username, adding) : STATUS_INVALID_PARAMETER;
    return net_end(&c, st);
}

NET_API_STATUS NET_API_FUNCTION NetGroupAddUser(LPCWSTR servername, LPCWSTR GroupName, LPCWSTR username)
{
    return member("NetGroupAddUser", servername, GroupName, username, true);
}

NET_API_STATUS NET_API_FUNCTION NetGroupDelUser(LPCWSTR servername, LPCWSTR GroupName, LPCWSTR Username)
{
    return member("NetGroupDelUser", servername, GroupName, Username, false);
}

struct members {
    DWORD level;
    const struct sam_list *list;
};

static void fill_member(struct net_buf *b, size_t i, void *to, const void *from)
{
    const struct members *m = from;
    ((GROUP_USERS_INFO_0 *)to)->grui0_name = sam_put(b, &m->list->v[i].name);
    if (m->level == 1)
        ((GROUP_USERS_INFO_1 *)to)->grui1_attributes = m->list->v[i].flags;
}

/* All members come in one answer; the resume handle is how many of them have been handed out. */
static enum nt_status get_users(struct net_call *c, const WCHAR *groupname, DWORD level, DWORD prefmaxlen,
                                size_t *at, LPBYTE *bufptr, LPDWORD entriesread, LPDWORD totalentries)
{
    const struct samr_SAMPR_GET_MEMBERS_BUFFER *m;
    size_t elem = level ? sizeof(GROUP_USERS_INFO_1) : sizeof(GROUP_USERS_INFO_0);
    struct sam_list list = { 0 };
    struct sam_domain d;
    struct ndr_handle h;
    uint32_t rid;
    enum nt_status st = sam_domain(c, SAM_ACCOUNT, &d);
    if (nt_ok(st))
        st = sam_open_group(c, &d, groupname, samr_GROUP_LIST_MEMBERS, &h, &rid);
    if (!nt_ok(st))
        return st;
    st = members(c, &h, &m);
    sam_close(c, &h);
    if (!nt_ok(st))
        return st;
    size_t left = *at < m->MemberCount ? m->MemberCount - *at : 0, some = sam_cut(prefmaxlen, elem, left);
    for (size_t i = 0; nt_ok(st) && i < some; i++)
        st = sam_list_add_rid(c, &list, m->Members[*at + i], m->Attributes[*at + i]);
    if (nt_ok(st))
        st = sam_list_names(c, &d, &list);
    if (!nt_ok(st))
        return st;
    *at += some;
    struct members from = { level, &list };
    return sam_result(&list, elem, fill_member, &from, some < left, left, bufptr, entriesread, totalentries);
}

NET_API_STATUS NET_API_FUNCTION NetGroupGetUsers(LPCWSTR servername, LPCWSTR groupname, DWORD level,
                                                 LPBYTE *bufptr, DWORD prefmaxlen, LPDWORD entriesread,
                                                 LPDWORD totalentries, PDWORD_PTR ResumeHandle)
{
    struct net_call c;
    size_t at = ResumeHandle ? *ResumeHandle : 0;
    enum nt_status st = net_begin(&c, servername, "NetGroupGetUsers");
    if (nt_ok(st) && (!groupname || !bufptr || !entriesread))
        st = STATUS_INVALID_PARAMETER;
    if (nt_ok(st) && level > 1)
        st = STATUS_INVALID_LEVEL;
    if (nt_ok(st)) {
        *bufptr = NULL;
        *entriesread = 0;
        st = get_users(&c, groupname, level, prefmaxlen, &at, bufptr, entriesread, totalentries);
    }
    if (nt_ok(st) && ResumeHandle)
        *ResumeHandle = st == STATUS_MORE_ENTRIES ? at : 0;
    return net_end(&c, st);
}
