// SPDX-License-Identifier: Apache-2.0
/*
 * NetLocalGroup: aliases of the built-in domain (Administrators, Users ...) and of the account domain. A name
 * is looked up in the built-in domain first, as on Windows; new local groups go to the account domain.
 */
#include <string.h>

#include "netapi/m_sam.h"

#define COMMENT_LEVEL 1002 /* the comment alone; <lm.h> has no name for it */

struct alias {
    struct sam_domain d;
    struct ndr_handle h;
    uint32_t rid;
};

static enum nt_status open_rid(struct net_call *c, const struct sam_domain *d, uint32_t rid, uint32_t access,
                               struct ndr_handle *ret)
{
    struct samr_SamrOpenAlias r = { .in.DomainHandle = d->h, .in.DesiredAccess = access, .in.AliasId = rid };
    enum nt_status st = sam_run(c, &samr_SamrOpenAlias_op, &r, &r.out.result);
    *ret = r.out.AliasHandle;
    return st;
}

static enum nt_status open_alias(struct net_call *c, const WCHAR *name, uint32_t access, struct alias *ret)
{
    static const enum sam_which order[] = { SAM_BUILTIN, SAM_ACCOUNT };
    struct sam_found f;
    for (int i = 0; i < 2; i++) {
        enum nt_status st = sam_domain(c, order[i], &ret->d);
        if (nt_ok(st))
            st = sam_lookup(c, &ret->d, name, &f);
        if (st == STATUS_NONE_MAPPED || (nt_ok(st) && f.use != samr_SidTypeAlias))
            continue;
        if (!nt_ok(st))
            return st;
        ret->rid = f.rid;
        return open_rid(c, &ret->d, f.rid, access, &ret->h);
    }
    return nt_error_set(&c->err, STATUS_NO_SUCH_ALIAS, "%s has no local group of that name", c->srv->name);
}

/* ---- reading ---- */

struct shown {
    DWORD level;
    const struct sam_list *list;
};

static size_t size_of(DWORD level)
{
    return level == 1 ? sizeof(LOCALGROUP_INFO_1) : sizeof(LOCALGROUP_INFO_0);
}

static void fill(struct net_buf *b, size_t i, void *to, const void *from)
{
    const struct shown *s = from;
    const struct sam_item *it = &s->list->v[i];
    if (s->level == COMMENT_LEVEL) {
        ((LOCALGROUP_INFO_1002 *)to)->lgrpi1002_comment = sam_put(b, &it->comment);
        return;
    }
    ((LOCALGROUP_INFO_0 *)to)->lgrpi0_name = sam_put(b, &it->name);
    if (s->level == 1)
        ((LOCALGROUP_INFO_1 *)to)->lgrpi1_comment = sam_put(b, &it->comment);
}

static enum nt_status query(struct net_call *c, const struct ndr_handle *h, struct sam_item *it)
{
    struct samr_SamrQueryInformationAlias r = { .in.AliasHandle = *h,
                                                .in.AliasInformationClass = samr_AliasGeneralInformation };
    enum nt_status st = sam_run(c, &samr_SamrQueryInformationAlias_op, &r, &r.out.result);
    if (!nt_ok(st))
        return st;
    if (!r.out.Buffer || !sam_string_ok(&r.out.Buffer->General.Name) ||
        !sam_string_ok(&r.out.Buffer->General.AdminComment))
        return nt_error_set(&c->err, STATUS_INVALID_NETWORK_RESPONSE, "%s said yes and sent no local group",
                            c->srv->name);
    it->name = r.out.Buffer->General.Name;
    it->comment = r.out.Buffer->General.AdminComment;
    return STATUS_SUCCESS;
}

static enum nt_status get_info(struct net_call *c, const WCHAR *name, DWORD level, LPBYTE *bufptr)
{
    struct alias a;
    struct sam_item it = { 0 };
    struct sam_list list = { &it, 1, 1 };
    uint8_t *block = NULL;
    enum nt_status st = open_alias(c, name, samr_ALIAS_READ_INFORMATION, &a);
    if (!nt_ok(st))
        return st;
    st = query(c, &a.h, &it);
    sam_close(c, &a.h);
    struct shown from = { level, &list };
    if (nt_ok(st))
        st = net_fill(1, size_of(level), fill, &from, &block);
    *bufptr = block;
    return st;
}

NET_API_STATUS NET_API_FUNCTION NetLocalGroupGetInfo(LPCWSTR servername, LPCWSTR groupname, DWORD level,
                                                     LPBYTE *bufptr)
{
    struct net_call c;
    enum nt_status st = net_begin(&c, servername, "NetLocalGroupGetInfo");
    if (bufptr)
        *bufptr = NULL;
    if (nt_ok(st) && (!bufptr || !groupname))
        st = STATUS_INVALID_PARAMETER;
    if (nt_ok(st) && level > 1 && level != COMMENT_LEVEL)
        st = STATUS_INVALID_LEVEL;
    if (nt_ok(st))
        st = get_info(&c, groupname, level, bufptr);
    return net_end(&c, st);
}

/*
 * The built-in domain, then the account domain. A resume handle has the domain in its lowest bit and the
 * server's context of the enumeration above it; where a DWORD_PTR has 32 bits the context's highest bit has
 * to be free, as it is everywhere.
 */
static enum nt_status list_aliases(struct net_call *c, DWORD level, DWORD prefmaxlen, DWORD_PTR *resume,
                                   struct sam_list *list, bool *ret_more)
{
    unsigned which = *resume & 1;
    uint32_t context = (uint32_t)(*resume >> 1), len = sam_page_size(prefmaxlen, size_of(level));
    *ret_more = false;
    for (; which < 2; which++, context = 0) {
        struct sam_domain d;
        size_t had = list->n;
        bool more = false;
        enum nt_status st = sam_domain(c, which ? SAM_ACCOUNT : SAM_BUILTIN, &d);
        if (nt_ok(st))
            st = sam_enum(c, SAM_ALIASES, &d, 0, len, &context, list, &more);
        for (size_t i = had; nt_ok(st) && level == 1 && i < list->n; i++) {
            struct ndr_handle h;
            st = open_rid(c, &d, list->v[i].rid, samr_ALIAS_READ_INFORMATION, &h);
            if (!nt_ok(st))
                break;
            st = query(c, &h, &list->v[i]); /* no list has the comments: three requests each */
            sam_close(c, &h);
        }
        if (!nt_ok(st))
            return st;
        bool next_domain = !more && which == 0 && len != SAM_ALL && list->n;
        if (more || next_domain) {
            *resume = more ? (DWORD_PTR)context << 1 | which : 1;
            *ret_more = true;
            return STATUS_SUCCESS;
        }
    }
    return STATUS_SUCCESS;
}

static size_t count_both(struct net_call *c)
{
    struct sam_domain d;
    size_t n = 0;
    for (int i = 0; i < 2; i++)
        if (nt_ok(sam_domain(c, i ? SAM_ACCOUNT : SAM_BUILTIN, &d)))
            n += sam_count(c, SAM_ALIASES, &d);
    c->err.text[0] = 0;
    return n;
}

NET_API_STATUS NET_API_FUNCTION NetLocalGroupEnum(LPCWSTR servername, DWORD level, LPBYTE *bufptr,
                                                  DWORD prefmaxlen, LPDWORD entriesread, LPDWORD totalentries,
                                                  PDWORD_PTR resumehandle)
{
    struct net_call c;
    struct sam_list list = { 0 };
    DWORD_PTR resume = resumehandle ? *resumehandle : 0;
    bool more = false;
    enum nt_status st = net_begin(&c, servername, "NetLocalGroupEnum");
    if (nt_ok(st))
        st = !bufptr || !entriesread ? STATUS_INVALID_PARAMETER
             : level > 1             ? STATUS_INVALID_LEVEL
                                     : STATUS_SUCCESS;
    if (nt_ok(st)) {
        *bufptr = NULL;
        *entriesread = 0;
        st = list_aliases(&c, level, prefmaxlen, &resume, &list, &more);
    }
    if (nt_ok(st)) {
        struct shown from = { level, &list };
        st = sam_result(&list, size_of(level), fill, &from, more, more && totalentries ? count_both(&c) : 0,
                        bufptr, entriesread, totalentries);
    }
    if (nt_ok(st) && resumehandle)
        *resumehandle = more ? resume : 0;
    return net_end(&c, st);
}

/* ---- changing ---- */

static enum nt_status set_level(struct net_call *c, const struct ndr_handle *h,
                                enum samr_ALIAS_INFORMATION_CLASS level,
                                const union samr_SAMPR_ALIAS_INFO_BUFFER *b)
{
    struct samr_SamrSetInformationAlias r = { .in.AliasHandle = *h,
                                              .in.AliasInformationClass = level,
                                              .in.Buffer = *b };
    return sam_run(c, &samr_SamrSetInformationAlias_op, &r, &r.out.result);
}

static void set_parm(LPDWORD parm_err, enum nt_status st, DWORD parm)
{
    if (parm_err)
        *parm_err = nt_ok(st)                                      ? PARM_ERROR_NONE
                    : parm != PARM_ERROR_NONE                      ? parm
                    : nt_to_net_api(st) == ERROR_INVALID_PARAMETER ? PARM_ERROR_UNKNOWN
                                                                   : PARM_ERROR_NONE;
}

/* What levels 0, 1 and 1002 ask for: strings with a NULL buffer are not meant. */
static enum nt_status gather(struct net_call *c, DWORD level, const void *buf, bool adding,
                             union samr_SAMPR_ALIAS_INFO_BUFFER *name,
                             union samr_SAMPR_ALIAS_INFO_BUFFER *comment, DWORD *parm)
{
    enum nt_status st = STATUS_SUCCESS;
    const WCHAR *text = NULL;
    memset(name, 0, sizeof *name);
    memset(comment, 0, sizeof *comment);
    if (level > 1 && (adding || level != COMMENT_LEVEL))
        return STATUS_INVALID_LEVEL;
    if (!buf)
        return STATUS_INVALID_PARAMETER;
    if (adding || level == 0) {
        *parm = LOCALGROUP_NAME_PARMNUM;
        st = sam_string(c, ((const LOCALGROUP_INFO_0 *)buf)->lgrpi0_name, GNLEN, &name->Name.Name);
        if (nt_ok(st) && name->Name.Name.Length == 0)
            st = nt_error_set(&c->err, STATUS_INVALID_PARAMETER, "a local group has to have a name");
    }
    if (level == 1)
        text = ((const LOCALGROUP_INFO_1 *)buf)->lgrpi1_comment;
    else if (level == COMMENT_LEVEL)
        text = ((const LOCALGROUP_INFO_1002 *)buf)->lgrpi1002_comment;
    if (nt_ok(st) && text && (!adding || text[0])) {
        *parm = LOCALGROUP_COMMENT_PARMNUM;
        st = sam_string(c, text, SAM_MAX_STRING, &comment->AdminComment.AdminComment);
    }
    if (nt_ok(st))
        *parm = PARM_ERROR_NONE;
    return st;
}

static enum nt_status set_info(struct net_call *c, const WCHAR *groupname,
                               const union samr_SAMPR_ALIAS_INFO_BUFFER *name,
                               const union samr_SAMPR_ALIAS_INFO_BUFFER *comment)
{
    struct alias a;
    enum nt_status st = open_alias(c, groupname, samr_ALIAS_WRITE_ACCOUNT, &a);
    if (!nt_ok(st))
        return st;
    if (name->Name.Name.Buffer)
        st = set_level(c, &a.h, samr_AliasNameInformation, name);
    if (nt_ok(st) && comment->AdminComment.AdminComment.Buffer)
        st = set_level(c, &a.h, samr_AliasAdminCommentInformation, comment);
    sam_close(c, &a.h);
    return st;
}

NET_API_STATUS NET_API_FUNCTION NetLocalGroupSetInfo(LPCWSTR servername, LPCWSTR groupname, DWORD level,
                                                     LPBYTE buf, LPDWORD parm_err)
{
    struct net_call c;
    union samr_SAMPR_ALIAS_INFO_BUFFER name, comment;
    DWORD parm = PARM_ERROR_NONE;
    enum nt_status st = net_begin(&c, servername, "NetLocalGroupSetInfo");
    if (nt_ok(st))
        st = groupname ? gather(&c, level, buf, false, &name, &comment, &parm) : STATUS_INVALID_PARAMETER;
    if (nt_ok(st))
        st = set_info(&c, groupname, &name, &comment);
    set_parm(parm_err, st, parm);
    return net_end(&c, st);
}

/* ---- adding and removing ---- */

static enum nt_status add(struct net_call *c, const union samr_SAMPR_ALIAS_INFO_BUFFER *name,
                          const union samr_SAMPR_ALIAS_INFO_BUFFER *comment)
{
    struct sam_domain d;
    enum nt_status st = sam_domain(c, SAM_ACCOUNT, &d);
    if (!nt_ok(st))
        return st;
    struct samr_SamrCreateAliasInDomain r = { .in.DomainHandle = d.h,
                                              .in.AccountName = name->Name.Name,
                                              .in.DesiredAccess = samr_ALIAS_WRITE_ACCOUNT | SAM_DELETE };
    st = sam_run(c, &samr_SamrCreateAliasInDomain_op, &r, &r.out.result);
    if (!nt_ok(st))
        return st;
    if (comment->AdminComment.AdminComment.Buffer)
        st = set_level(c, &r.out.AliasHandle, samr_AliasAdminCommentInformation, comment);
    if (nt_ok(st)) {
        sam_close(c, &r.out.AliasHandle);
        return st;
    }
    struct nt_error keep = c->err;
    struct samr_SamrDeleteAlias del = { .in.AliasHandle = r.out.AliasHandle };
    if (!nt_ok(sam_run(c, &samr_SamrDeleteAlias_op, &del, &del.out.result)))
        sam_close(c, &r.out.AliasHandle);
    c->err = keep;
    return st;
}

NET_API_STATUS NET_API_FUNCTION NetLocalGroupAdd(LPCWSTR servername, DWORD level, LPBYTE buf,
                                                 LPDWORD parm_err)
{
    struct net_call c;
    union samr_SAMPR_ALIAS_INFO_BUFFER name, comment;
    DWORD parm = PARM_ERROR_NONE;
    enum nt_status st = net_begin(&c, servername, "NetLocalGroupAdd");
    if (nt_ok(st))
        st = gather(&c, level, buf, true, &name, &comment, &parm);
    if (nt_ok(st))
        st = add(&c, &name, &comment);
    set_parm(parm_err, st, parm);
    return net_end(&c, st);
}

NET_API_STATUS NET_API_FUNCTION NetLocalGroupDel(LPCWSTR servername, LPCWSTR groupname)
{
    struct net_call c;
    struct alias a;
    enum nt_status st = net_begin(&c, servername, "NetLocalGroupDel");
    if (nt_ok(st))
        st = groupname ? open_alias(&c, groupname, SAM_DELETE, &a) : STATUS_INVALID_PARAMETER;
    if (nt_ok(st)) {
        struct samr_SamrDeleteAlias r = { .in.AliasHandle = a.h };
        st = sam_run(&c, &samr_SamrDeleteAlias_op, &r, &r.out.result);
        if (!nt_ok(st))
            sam_close(&c, &a.h); /* success has closed it */
    }
    return net_end(&c, st);
}

/* ---- members: changing ---- */

/* Samba's domain controller answers as if the local group were a global one. */
static enum nt_status of_alias(enum nt_status st)
{
    return st == STATUS_MEMBER_IN_GROUP       ? STATUS_MEMBER_IN_ALIAS
           : st == STATUS_MEMBER_NOT_IN_GROUP ? STATUS_MEMBER_NOT_IN_ALIAS
                                              : st;
}

static enum nt_status one_member(struct net_call *c, const struct ndr_handle *h, const struct nt_sid *sid,
                                 bool adding)
{
    if (adding) {
        struct samr_SamrAddMemberToAlias r = { .in.AliasHandle = *h, .in.MemberId = *sid };
        return of_alias(sam_run(c, &samr_SamrAddMemberToAlias_op, &r, &r.out.result));
    }
    struct samr_SamrRemoveMemberFromAlias r = { .in.AliasHandle = *h, .in.MemberId = *sid };
    return of_alias(sam_run(c, &samr_SamrRemoveMemberFromAlias_op, &r, &r.out.result));
}

/* All or none: when one is refused, those before it are put back. (SamrAddMultipleMembersToAlias does not
 * promise that, and Samba does not have it.) */
static enum nt_status change_members(struct net_call *c, const struct ndr_handle *h, const struct sam_name *v,
                                     size_t n, bool adding)
{
    for (size_t i = 0; i < n; i++) {
        enum nt_status st = one_member(c, h, &v[i].sid, adding);
        if (nt_ok(st))
            continue;
        struct nt_error keep = c->err;
        bool clean = true;
        while (i-- > 0)
            clean = nt_ok(one_member(c, h, &v[i].sid, !adding)) && clean;
        c->err = keep;
        if (!clean) {
            keep.text[sizeof keep.text / 2] = 0;
            nt_error_set(&c->err, st, "%s; and those before it could not be put back", keep.text);
        }
        return st;
    }
    return STATUS_SUCCESS;
}

/* Levels 0 and 3 to SIDs. */
static enum nt_status member_sids(struct net_call *c, DWORD level, const void *buf, DWORD n,
                                  struct sam_name *v)
{
    if (level == 3) {
        const WCHAR **names = nt_arena_array(c->mem, n, sizeof(const WCHAR *));
        for (DWORD i = 0; names && i < n; i++)
            names[i] = ((const LOCALGROUP_MEMBERS_INFO_3 *)buf)[i].lgrmi3_domainandname;
        enum nt_status st = names ? sam_names_to_sids(c, names, n, v) : STATUS_NO_MEMORY;
        for (DWORD i = 0; nt_ok(st) && i < n; i++)
            if (v[i].use == SidTypeUnknown)
                st = nt_error_set(&c->err, STATUS_NO_SUCH_MEMBER,
                                  "%s knows no account of the name in entry %u", c->srv->name, (unsigned)i);
        return st;
    }
    for (DWORD i = 0; i < n; i++) {
        const SID *s = ((const LOCALGROUP_MEMBERS_INFO_0 *)buf)[i].lgrmi0_sid;
        if (!s || s->Revision != 1 || s->SubAuthorityCount > NT_SID_MAX_SUB)
            return nt_error_set(&c->err, STATUS_INVALID_SID, "entry %u has no SID", (unsigned)i);
        memset(&v[i], 0, sizeof v[i]);
        memcpy(&v[i].sid, s, 8 + 4 * (size_t)s->SubAuthorityCount);
    }
    return STATUS_SUCCESS;
}

static NET_API_STATUS members(const char *function, LPCWSTR servername, LPCWSTR groupname, DWORD level,
                              const void *buf, DWORD n, bool adding)
{
    struct net_call c;
    struct alias a;
    struct sam_name *v = NULL;
    enum nt_status st = net_begin(&c, servername, function);
    if (nt_ok(st) && level != 0 && level != 3)
        st = STATUS_INVALID_LEVEL;
    if (nt_ok(st) && (!groupname || (n && !buf)))
        st = STATUS_INVALID_PARAMETER;
    if (nt_ok(st) && !(v = nt_arena_array(c.mem, n, sizeof *v)))
        st = STATUS_NO_MEMORY;
    if (nt_ok(st))
        st = open_alias(&c, groupname,
                        adding ? samr_ALIAS_ADD_MEMBER | samr_ALIAS_REMOVE_MEMBER
                               : samr_ALIAS_REMOVE_MEMBER | samr_ALIAS_ADD_MEMBER,
                        &a);
    if (nt_ok(st)) {
        st = member_sids(&c, level, buf, n, v);
        if (nt_ok(st))
            st = change_members(&c, &a.h, v, n, adding);
        sam_close(&c, &a.h);
    }
    return net_end(&c, st);
}

NET_API_STATUS NET_API_FUNCTION NetLocalGroupAddMembers(LPCWSTR servername, LPCWSTR groupname, DWORD level,
                                                        LPBYTE buf, DWORD totalentries)
{
    return members("NetLocalGroupAddMembers", servername, groupname, level, buf, totalentries, true);
}

NET_API_STATUS NET_API_FUNCTION NetLocalGroupDelMembers(LPCWSTR servername, LPCWSTR groupname, DWORD level,
                                                        LPBYTE buf, DWORD totalentries)
{
    return members("NetLocalGroupDelMembers", servername, groupname, level, buf, totalentries, false);
}

/* ---- members: reading ---- */

struct member_list {
    DWORD level;
    const struct sam_name *v;
};

/* A member that nobody can name goes by its SID. */
static WCHAR *put_name(struct net_buf *b, const struct sam_name *m, bool with_domain)
{
    char16_t text[2 * NET_MAX_SERVER + UNLEN + 2];
    size_t n = 0;
    if (!m->name) {
        char sid[NT_SID_STRLEN + 1];
        nt_sid_format(&m->sid, sid);
        for (; sid[n]; n++)
            text[n] = (char16_t)sid[n];
        return net_put_string_n(b, text, n);
    }
    if (!with_domain || !m->domain || !m->domain[0])
        return net_put_string(b, m->name);
    size_t d = ustr_len(m->domain), a = ustr_len(m->name), room = sizeof text / sizeof *text - 1;
    if (d > room || a > room - d)
        return net_put_string(b, m->name); /* no account has such a name */
    memcpy(text, m->domain, d * sizeof *text);
    text[d] = u'\\';
    memcpy(text + d + 1, m->name, a * sizeof *text);
    return net_put_string_n(b, text, d + 1 + a);
}

static void fill_member(struct net_buf *b, size_t i, void *to, const void *from)
{
    const struct member_list *l = from;
    const struct sam_name *m = &l->v[i];
    if (l->level == 3) {
        ((LOCALGROUP_MEMBERS_INFO_3 *)to)->lgrmi3_domainandname = put_name(b, m, true);
        return;
    }
    ((LOCALGROUP_MEMBERS_INFO_0 *)to)->lgrmi0_sid = sam_put_sid(b, &m->sid);
    if (l->level) {
        ((LOCALGROUP_MEMBERS_INFO_1 *)to)->lgrmi1_sidusage = (SID_NAME_USE)m->use;
        ((LOCALGROUP_MEMBERS_INFO_1 *)to)->lgrmi1_name = put_name(b, m, l->level == 2);
    }
}

static enum nt_status read_members(struct net_call *c, const WCHAR *groupname, struct sam_name **ret,
                                   size_t *ret_n)
{
    struct alias a;
    enum nt_status st = open_alias(c, groupname, samr_ALIAS_LIST_MEMBERS, &a);
    if (!nt_ok(st))
        return st;
    struct samr_SamrGetMembersInAlias r = { .in.AliasHandle = a.h };
    st = sam_run(c, &samr_SamrGetMembersInAlias_op, &r, &r.out.result);
    sam_close(c, &a.h);
    if (!nt_ok(st))
        return st;
    uint32_t n = r.out.Members.Count;
    struct sam_name *v = nt_arena_array(c->mem, n, sizeof *v);
    if (!v)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < n; i++) {
        if (!r.out.Members.Sids || !r.out.Members.Sids[i].SidPointer)
            return nt_error_set(&c->err, STATUS_INVALID_NETWORK_RESPONSE,
                                "%s sent a number of members, but not the members", c->srv->name);
        v[i].sid = *r.out.Members.Sids[i].SidPointer;
    }
    *ret = v;
    *ret_n = n;
    return STATUS_SUCCESS;
}

/* All members come in one answer; the resume handle is how many of them have been handed out. */
static enum nt_status get_members(struct net_call *c, const WCHAR *groupname, DWORD level, DWORD prefmaxlen,
                                  size_t *at, LPBYTE *bufptr, LPDWORD entriesread, LPDWORD totalentries)
{
    static const size_t sizes[] = { sizeof(LOCALGROUP_MEMBERS_INFO_0), sizeof(LOCALGROUP_MEMBERS_INFO_1),
                                    sizeof(LOCALGROUP_MEMBERS_INFO_2), sizeof(LOCALGROUP_MEMBERS_INFO_3) };
    struct sam_name *v;
    size_t n;
    enum nt_status st = read_members(c, groupname, &v, &n);
    if (!nt_ok(st))
        return st;
    size_t start = *at < n ? *at : n, some = sam_cut(prefmaxlen, sizes[level], n - start);
    if (level)
        st = sam_sids_to_names(c, v + start, some);
    if (!nt_ok(st))
        return st;
    *at = start + some;
    struct member_list from = { level, v + start };
    struct sam_list counted = { .n = some };
    return sam_result(&counted, sizes[level], fill_member, &from, *at < n, n - start, bufptr, entriesread,
                      totalentries);
}

NET_API_STATUS NET_API_FUNCTION NetLocalGroupGetMembers(LPCWSTR servername, LPCWSTR localgroupname,
                                                        DWORD level, LPBYTE *bufptr, DWORD prefmaxlen,
                                                        LPDWORD entriesread, LPDWORD totalentries,
                                                        PDWORD_PTR resumehandle)
{
    struct net_call c;
    size_t at = resumehandle ? *resumehandle : 0;
    enum nt_status st = net_begin(&c, servername, "NetLocalGroupGetMembers");
    if (nt_ok(st) && (!localgroupname || !bufptr || !entriesread))
        st = STATUS_INVALID_PARAMETER;
    if (nt_ok(st) && level > 3)
        st = STATUS_INVALID_LEVEL;
    if (nt_ok(st)) {
        *bufptr = NULL;
        *entriesread = 0;
        st = get_members(&c, localgroupname, level, prefmaxlen, &at, bufptr, entriesread, totalentries);
    }
    if (nt_ok(st) && resumehandle)
        *resumehandle = st == STATUS_MORE_ENTRIES ? at : 0;
    return net_end(&c, st);
}
