// SPDX-License-Identifier: Apache-2.0
/* A PAC's buffers ([MS-PAC] 2.3, 2.4) into an account: logon information, UPN and DNS names, the requestor.
 */
#include <string.h>
#include <msrpc/pac.h>
#include <msrpc/pac_account.h>
#include <msrpc/unistr.h>
#include "base/cursor.h"

/* [MS-PAC] 2.4 */
enum { PAC_LOGON_INFO = 1, PAC_CLIENT_INFO = 10, PAC_DELEGATION = 11, PAC_UPN_DNS = 12, PAC_REQUESTOR = 18 };
/* Buffers of one PAC: the specification knows 15 types, each there at most once. */
#define BUFFERS_MAX 64u
/* UserFlags ([MS-PAC] 2.5): D, ExtraSids is filled; H, ResourceGroupIds is. */
#define EXTRA_SIDS      0x20u
#define RESOURCE_GROUPS 0x200u
/* UPN_DNS_INFO (2.10): S, SAM name and SID follow. */
#define UPN_EXTENDED 0x2u

struct parts {
    struct nt_blob logon, client, upn, requestor;
    bool delegation;
};

static enum nt_status put(struct nt_blob *to, struct nt_blob b)
{
    if (to->data) /* which of two would others believe? */
        return STATUS_INVALID_NETWORK_RESPONSE;
    *to = b;
    return STATUS_SUCCESS;
}

static enum nt_status take_part(struct parts *p, uint32_t type, struct nt_blob b)
{
    switch (type) {
    case PAC_LOGON_INFO:
        return put(&p->logon, b);
    case PAC_CLIENT_INFO:
        return put(&p->client, b);
    case PAC_UPN_DNS:
        return put(&p->upn, b);
    case PAC_REQUESTOR:
        return put(&p->requestor, b);
    case PAC_DELEGATION:
        p->delegation = true;
        return STATUS_SUCCESS;
    default:
        return STATUS_SUCCESS;
    }
}

static enum nt_status split(struct nt_blob pac, struct parts *ret)
{
    struct rd r;
    rd_init(&r, pac.data, pac.len);
    uint32_t n = rd_u32(&r), version = rd_u32(&r);
    if (r.st != STATUS_SUCCESS || n > BUFFERS_MAX || version != 0)
        return STATUS_INVALID_NETWORK_RESPONSE;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t type = rd_u32(&r), len = rd_u32(&r);
        uint64_t at = rd_u64(&r);
        if (r.st != STATUS_SUCCESS || at % 8 || at > pac.len || len > pac.len - at)
            return STATUS_INVALID_NETWORK_RESPONSE;
        enum nt_status st = take_part(ret, type, (struct nt_blob){ pac.data + at, len });
        if (st != STATUS_SUCCESS)
            return st;
    }
    return ret->logon.data && ret->client.data ? STATUS_SUCCESS : STATUS_INVALID_NETWORK_RESPONSE;
}

/* ---- texts ---- */

static enum nt_status text(struct nt_arena *mem, const char16_t *s, size_t n, const char **ret)
{
    size_t len = s && n ? ustr_utf8_size_lossy(s, n) : 0;
    char *to = nt_arena_alloc(mem, len + 1, 1);
    if (!to)
        return STATUS_NO_MEMORY;
    if (len && ustr_to_utf8_lossy_buf(s, n, to, len + 1, NULL) != STATUS_SUCCESS)
        return STATUS_INVALID_NETWORK_RESPONSE;
    if (memchr(to, 0, len))
        return STATUS_INVALID_NETWORK_RESPONSE; /* a name would end where others go on */
    *ret = to;
    return STATUS_SUCCESS;
}

static enum nt_status counted(struct nt_arena *mem, const struct dtyp_RPC_UNICODE_STRING *s, const char **ret)
{
    return text(mem, s->Buffer, s->Length / 2, ret);
}

/* A field of UPN_DNS_INFO: bytes of UTF-16LE somewhere in it. */
static enum nt_status field(struct nt_arena *mem, struct nt_blob in, uint16_t len, uint16_t at,
                            const char **ret)
{
    if (at > in.len || len > in.len - at || len % 2)
        return STATUS_INVALID_NETWORK_RESPONSE;
    char16_t *s = nt_arena_array(mem, len / 2 + 1U, sizeof *s);
    if (!s)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < len / 2U; i++)
        s[i] = le16(in.data + at + 2 * i);
    return text(mem, s, len / 2U, ret);
}

/* The packet form ([MS-DTYP] 2.4.2.2); nothing may follow. */
static bool take_sid(struct nt_blob in, struct nt_sid *ret)
{
    struct rd r;
    memset(ret, 0, sizeof *ret);
    rd_init(&r, in.data, in.len);
    ret->revision = rd_u8(&r);
    ret->count = rd_u8(&r);
    rd_copy(&r, ret->authority, sizeof ret->authority);
    if (ret->count > NT_SID_MAX_SUB)
        return false;
    for (unsigned i = 0; i < ret->count; i++)
        ret->sub[i] = rd_u32(&r);
    return r.st == STATUS_SUCCESS && rd_left(&r) == 0 && ret->revision == 1;
}

/* ---- groups ---- */

struct list {
    struct sec_group *g;
    size_t n, most;
};

static enum nt_status add_rids(struct list *l, const struct nt_sid *domain,
                               const struct pac_GROUP_MEMBERSHIP *from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (l->n == l->most || !domain)
            return STATUS_INVALID_SID;
        enum nt_status st = nt_sid_append(domain, from[i].RelativeId, &l->g[l->n].sid);
        if (st != STATUS_SUCCESS)
            return st;
        l->g[l->n++].attributes = from[i].Attributes;
    }
    return STATUS_SUCCESS;
}

static enum nt_status add_sids(struct list *l, const struct pac_KERB_SID_AND_ATTRIBUTES *from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (l->n == l->most || !from[i].Sid)
            return STATUS_INVALID_SID;
        l->g[l->n].sid = *from[i].Sid;
        l->g[l->n++].attributes = from[i].Attributes;
    }
    return STATUS_SUCCESS;
}

static enum nt_status take_groups(struct nt_arena *mem, const struct pac_KERB_VALIDATION_INFO *v,
                                  struct sec_account *ret)
{
    size_t extra = v->UserFlags & EXTRA_SIDS ? v->SidCount : 0;
    size_t resource = v->UserFlags & RESOURCE_GROUPS ? v->ResourceGroupCount : 0;
    size_t skip = v->UserId == 0 && extra ? 1 : 0; /* the user's own */
    struct list l = { .most = (size_t)v->GroupCount + extra + resource };
    if (l.most > SEC_GROUPS_MAX)
        return STATUS_INVALID_SID;
    l.g = nt_arena_array(mem, l.most, sizeof *l.g);
    if (!l.g)
        return STATUS_NO_MEMORY;
    enum nt_status st = add_rids(&l, v->LogonDomainId, v->GroupIds, v->GroupCount);
    if (st == STATUS_SUCCESS && extra > skip)
        st = add_sids(&l, v->ExtraSids + skip, extra - skip);
    if (st == STATUS_SUCCESS)
        st = add_rids(&l, v->ResourceGroupDomainSid, v->ResourceGroupIds, resource);
    ret->groups = l.g;
    ret->n_groups = l.n;
    return st;
}

/* [MS-PAC] 2.5: a user of no domain has RID 0 here and its SID as the first of the extra ones. */
static enum nt_status take_user(const struct pac_KERB_VALIDATION_INFO *v, struct sec_account *ret)
{
    if (v->UserId == 0) {
        if (!(v->UserFlags & EXTRA_SIDS) || !v->SidCount || !v->ExtraSids[0].Sid)
            return STATUS_INVALID_SID;
        ret->user = *v->ExtraSids[0].Sid;
        return ret->user.count ? STATUS_SUCCESS : STATUS_INVALID_SID;
    }
    if (!v->LogonDomainId)
        return STATUS_INVALID_SID;
    enum nt_status st = nt_sid_append(v->LogonDomainId, v->UserId, &ret->user);
    return st == STATUS_SUCCESS ? nt_sid_append(v->LogonDomainId, v->PrimaryGroupId, &ret->primary) : st;
}

static uint64_t time_of(const struct dtyp_FILETIME *t)
{
    return (uint64_t)t->dwHighDateTime << 32 | t->dwLowDateTime;
}

static enum nt_status take_logon(struct nt_arena *mem, struct nt_blob in, struct sec_account *ret)
{
    struct pac_KERB_VALIDATION_INFO *v = NULL;
    struct ndr_item item = { &pac_PKERB_VALIDATION_INFO_type, &v };
    enum nt_status st = ndr_decode(in, &item, 1, mem);
    if (st != STATUS_SUCCESS || !v)
        return st == STATUS_NO_MEMORY ? st : STATUS_INVALID_NETWORK_RESPONSE;
    st = take_user(v, ret);
    if (st == STATUS_SUCCESS)
        st = take_groups(mem, v, ret);
    if (st == STATUS_SUCCESS)
        st = counted(mem, &v->EffectiveName, &ret->account);
    if (st == STATUS_SUCCESS)
        st = counted(mem, &v->FullName, &ret->full_name);
    if (st == STATUS_SUCCESS)
        st = counted(mem, &v->LogonDomainName, &ret->domain);
    if (st == STATUS_SUCCESS)
        st = counted(mem, &v->LogonServer, &ret->logon_server);
    ret->control = v->UserAccountControl;
    ret->user_flags = v->UserFlags;
    ret->logon_time = time_of(&v->LogonTime);
    uint64_t kickoff = time_of(&v->KickOffTime);
    ret->kickoff_time = kickoff < NT_TIME_NEVER ? kickoff : 0;
    return st;
}

static enum nt_status take_upn(struct nt_arena *mem, struct nt_blob in, struct sec_account *ret)
{
    struct rd r;
    struct nt_sid sid;
    rd_init(&r, in.data, in.len);
    uint16_t upn_len = rd_u16(&r), upn_at = rd_u16(&r), dns_len = rd_u16(&r), dns_at = rd_u16(&r);
    uint32_t flags = rd_u32(&r);
    if (r.st != STATUS_SUCCESS)
        return r.st;
    enum nt_status st = field(mem, in, upn_len, upn_at, &ret->upn);
    if (st == STATUS_SUCCESS)
        st = field(mem, in, dns_len, dns_at, &ret->dns_domain);
    if (st != STATUS_SUCCESS || !(flags & UPN_EXTENDED))
        return st;
    rd_skip(&r, 4); /* the SAM name */
    uint16_t sid_len = rd_u16(&r), sid_at = rd_u16(&r);
    if (r.st != STATUS_SUCCESS || sid_at > in.len || sid_len > in.len - sid_at ||
        !take_sid((struct nt_blob){ in.data + sid_at, sid_len }, &sid))
        return STATUS_INVALID_NETWORK_RESPONSE;
    return nt_sid_equal(&sid, &ret->user) ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}

enum nt_status pac_account(void *arg, const struct sec_pac *pac, struct nt_arena *mem,
                           struct sec_account *ret)
{
    struct parts p = { .delegation = false };
    struct sec_account a = { .size = ret->size };
    struct nt_sid sid;
    (void)arg;
    enum nt_status st = split(pac->data, &p);
    if (st == STATUS_SUCCESS)
        st = take_logon(mem, p.logon, &a);
    if (st == STATUS_SUCCESS && p.upn.data)
        st = take_upn(mem, p.upn, &a);
    if (st == STATUS_SUCCESS && p.requestor.data && !take_sid(p.requestor, &sid))
        st = STATUS_INVALID_NETWORK_RESPONSE;
    /* who acts for somebody asks in its own name */
    else if (st == STATUS_SUCCESS && p.requestor.data && !p.delegation && !nt_sid_equal(&sid, &a.user))
        st = STATUS_ACCESS_DENIED;
    if (st == STATUS_SUCCESS)
        *ret = a;
    return st;
}
