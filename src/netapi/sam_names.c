// SPDX-License-Identifier: Apache-2.0
/*
 * SIDs to names and back through lsarpc ([MS-LSAT] 3.1.4): needed where accounts of other domains and
 * well-known SIDs may appear, that is in local groups. What belongs to the server's own account domain is
 * left to samr: it is open already, and servers refuse lsarpc over TCP.
 */
#include <string.h>

#include <msrpc/lsarpc.h>
#include "netapi/m_sam.h"

#define POLICY_ACCESS lsarpc_POLICY_LOOKUP_NAMES
/* Most names in one request ([MS-LSAT] 3.1.4.6), and most SIDs that we ask for at once: 20 480 would be
 * allowed. */
#define LOOKUP_MAX 1000

static enum nt_status lsa_run(struct net_call *c, const struct rpc_op *op, void *r,
                              const enum nt_status *result)
{
    enum nt_status st = net_run(c, &lsarpc_interface, op, r);
    return st == STATUS_SUCCESS ? net_answer_nt(c, *result) : st;
}

static enum nt_status bad_answer(struct net_call *c)
{
    return nt_error_set(&c->err, STATUS_INVALID_NETWORK_RESPONSE,
                        "%s: its translation of names and SIDs contradicts itself", c->srv->name);
}

static bool over_tcp(const struct net_call *c)
{
    const struct net_options *o = net_call_options(c);
    return o->protseq && strcmp(o->protseq, "ncacn_ip_tcp") == 0;
}

static enum nt_status open_policy(struct net_call *c, struct ndr_handle *ret)
{
    struct lsarpc_LsarOpenPolicy2 r = { .in.SystemName = net_server_name(c),
                                        .in.DesiredAccess = POLICY_ACCESS };
    r.in.ObjectAttributes.Length = 24;
    if (!r.in.SystemName)
        return STATUS_NO_MEMORY;
    enum nt_status st = lsa_run(c, &lsarpc_LsarOpenPolicy2_op, &r, &r.out.result);
    *ret = r.out.PolicyHandle;
    if (!nt_ok(st) && over_tcp(c))
        return nt_error_set(
            &c->err, st,
            "%s: names of other domains and well-known SIDs are translated by lsarpc, which servers "
            "refuse over TCP: use a named pipe (ncacn_np), or SIDs",
            c->srv->name);
    return st;
}

static void close_policy(struct net_call *c, const struct ndr_handle *h)
{
    struct nt_error keep = c->err;
    struct lsarpc_LsarClose r = { .in.ObjectHandle = *h };
    if (!ndr_handle_is_null(h) && !nt_ok(net_run(c, &lsarpc_interface, &lsarpc_LsarClose_op, &r)))
        c->err = keep;
}

/* The list of domains that answers point into. */
static bool domains_ok(const struct lsarpc_LSAPR_REFERENCED_DOMAIN_LIST *d)
{
    if (d && d->Entries && !d->Domains)
        return false;
    for (uint32_t i = 0; d && i < d->Entries; i++)
        if (!sam_string_ok(&d->Domains[i].Name))
            return false;
    return true;
}

/* NULL where index says "none" (negative) or points nowhere. */
static const struct lsarpc_LSAPR_TRUST_INFORMATION *
domain_at(const struct lsarpc_LSAPR_REFERENCED_DOMAIN_LIST *d, int32_t index)
{
    return d && index >= 0 && (uint32_t)index < d->Entries ? &d->Domains[index] : NULL;
}

static const char16_t *copy_string(struct net_call *c, const struct dtyp_RPC_UNICODE_STRING *s)
{
    size_t n = s->Length / 2u;
    char16_t *to = nt_arena_array(c->mem, n + 1, sizeof *to);
    if (to && n)
        memcpy(to, s->Buffer, n * sizeof *to);
    return to;
}

/* ---- names to SIDs ---- */

/* LsarLookupNames3 gives whole SIDs, LsarLookupNames2 a RID and a domain. */
static enum nt_status names_chunk_2(struct net_call *c, const struct ndr_handle *policy,
                                    struct dtyp_RPC_UNICODE_STRING *names, uint32_t n, struct sam_name *ret)
{
    struct lsarpc_LsarLookupNames2 r = { .in.PolicyHandle = *policy,
                                         .in.Count = n,
                                         .in.Names = names,
                                         .in.LookupLevel = lsarpc_LsapLookupWksta,
                                         .in.ClientRevision = 2 };
    enum nt_status st = lsa_run(c, &lsarpc_LsarLookupNames2_op, &r, &r.out.result);
    if (st == STATUS_NONE_MAPPED) {
        c->err.text[0] = 0;
        return STATUS_SUCCESS;
    }
    if (!nt_ok(st))
        return st;
    if (r.out.TranslatedSids.Entries != n || (n && !r.out.TranslatedSids.Sids) ||
        !domains_ok(r.out.ReferencedDomains))
        return bad_answer(c);
    for (uint32_t i = 0; i < n; i++) {
        const struct lsarpc_LSAPR_TRANSLATED_SID_EX *t = &r.out.TranslatedSids.Sids[i];
        const struct lsarpc_LSAPR_TRUST_INFORMATION *d = domain_at(r.out.ReferencedDomains, t->DomainIndex);
        if (t->Use == lsarpc_SidTypeUnknown || t->Use == lsarpc_SidTypeInvalid || !d || !d->Sid)
            continue;
        if (t->RelativeId == UINT32_MAX) /* the domain itself */
            ret[i].sid = *d->Sid;
        else if (nt_sid_append(d->Sid, t->RelativeId, &ret[i].sid) != STATUS_SUCCESS)
            return bad_answer(c);
        ret[i].use = t->Use;
    }
    return STATUS_SUCCESS;
}

static enum nt_status names_chunk(struct net_call *c, const struct ndr_handle *policy,
                                  struct dtyp_RPC_UNICODE_STRING *names, uint32_t n, struct sam_name *ret)
{
    struct lsarpc_LsarLookupNames3 r = { .in.PolicyHandle = *policy,
                                         .in.Count = n,
                                         .in.Names = names,
                                         .in.LookupLevel = lsarpc_LsapLookupWksta,
                                         .in.ClientRevision = 2 };
    enum nt_status st = lsa_run(c, &lsarpc_LsarLookupNames3_op, &r, &r.out.result);
    if (st == RPC_NT_PROCNUM_OUT_OF_RANGE) { /* Windows 2000 */
        c->err.text[0] = 0;
        return names_chunk_2(c, policy, names, n, ret);
    }
    if (st == STATUS_NONE_MAPPED) {
        c->err.text[0] = 0;
        return STATUS_SUCCESS;
    }
    if (!nt_ok(st))
        return st;
    if (r.out.TranslatedSids.Entries != n || (n && !r.out.TranslatedSids.Sids))
        return bad_answer(c);
    for (uint32_t i = 0; i < n; i++) {
        const struct lsarpc_LSAPR_TRANSLATED_SID_EX2 *t = &r.out.TranslatedSids.Sids[i];
        if (t->Use == lsarpc_SidTypeUnknown || t->Use == lsarpc_SidTypeInvalid || !t->Sid)
            continue;
        ret[i].sid = *t->Sid;
        ret[i].use = t->Use;
    }
    return STATUS_SUCCESS;
}

/* "name" of "name" and of "DOMAIN\\name" when DOMAIN is the account domain; an empty string else. */
static struct dtyp_RPC_UNICODE_STRING own_part(const struct sam_domain *d,
                                               const struct dtyp_RPC_UNICODE_STRING *s)
{
    size_t n = s->Length / 2u, at = 0;
    while (at < n && s->Buffer[at] != u'\\')
        at++;
    if (at == n)
        return *s;
    if (ustr_casecmp_len(s->Buffer, at, d->name, USTR_NUL) != 0)
        return (struct dtyp_RPC_UNICODE_STRING){ 0 };
    uint16_t left = (uint16_t)(2 * (n - at - 1));
    return (struct dtyp_RPC_UNICODE_STRING){ left, left, s->Buffer + at + 1 };
}

/* Asks samr for those that can be in the account domain. An isolated name that is there means the account, as
 * for the LSA of a server ([MS-LSAT] 3.1.4.5: well-known names, built-in and account domain come first, and
 * these do not overlap). */
static enum nt_status own_names(struct net_call *c, const struct sam_domain *d,
                                const struct dtyp_RPC_UNICODE_STRING *names, size_t n, struct sam_name *ret)
{
    struct dtyp_RPC_UNICODE_STRING *own = nt_arena_array(c->mem, n, sizeof *own);
    struct sam_found *found = nt_arena_array(c->mem, n, sizeof *found);
    size_t *at = nt_arena_array(c->mem, n, sizeof *at), some = 0;
    if (!own || !found || !at)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        own[some] = own_part(d, &names[i]);
        at[some] = i;
        some += own[some].Length > 0;
    }
    enum nt_status st = some ? sam_lookup_names(c, d, own, some, found) : STATUS_SUCCESS;
    for (size_t k = 0; nt_ok(st) && k < some; k++) {
        if (found[k].use == samr_SidTypeUnknown)
            continue;
        st = sam_rid_to_sid(c, d, found[k].rid, &ret[at[k]].sid);
        ret[at[k]].use = found[k].use;
    }
    return st;
}

/* The rest goes to lsarpc; what that does not know stays unknown. */
static enum nt_status other_names(struct net_call *c, const struct dtyp_RPC_UNICODE_STRING *names, size_t n,
                                  struct sam_name *ret)
{
    struct dtyp_RPC_UNICODE_STRING *ask = nt_arena_array(c->mem, n, sizeof *ask);
    struct sam_name *answer = nt_arena_array(c->mem, n, sizeof *answer);
    size_t some = 0, k = 0;
    struct ndr_handle policy = { 0 };
    if (!ask || !answer)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        if (ret[i].use == SidTypeUnknown) {
            answer[some] = ret[i];
            ask[some++] = names[i];
        }
    if (!some)
        return STATUS_SUCCESS;
    enum nt_status st = open_policy(c, &policy);
    for (size_t from = 0; nt_ok(st) && from < some; from += LOOKUP_MAX)
        st = names_chunk(c, &policy, ask + from,
                         (uint32_t)(some - from < LOOKUP_MAX ? some - from : LOOKUP_MAX), answer + from);
    close_policy(c, &policy);
    for (size_t i = 0; nt_ok(st) && i < n; i++)
        if (ret[i].use == SidTypeUnknown)
            ret[i] = answer[k++];
    return st;
}

enum nt_status sam_names_to_sids(struct net_call *c, const WCHAR *const *names, size_t n,
                                 struct sam_name *ret)
{
    struct sam_domain d;
    struct dtyp_RPC_UNICODE_STRING *s = nt_arena_array(c->mem, n, sizeof *s);
    enum nt_status st = s ? sam_domain(c, SAM_ACCOUNT, &d) : STATUS_NO_MEMORY;
    for (size_t i = 0; nt_ok(st) && i < n; i++) {
        st = sam_string(c, names[i], UNLEN + 1 + NET_MAX_SERVER, &s[i]);
        ret[i] = (struct sam_name){ .use = SidTypeUnknown };
    }
    if (nt_ok(st))
        st = own_names(c, &d, s, n, ret);
    return nt_ok(st) ? other_names(c, s, n, ret) : st;
}

/* ---- SIDs to names ---- */

static enum nt_status sids_chunk(struct net_call *c, const struct ndr_handle *policy,
                                 struct sam_name *const *v, uint32_t n)
{
    struct lsarpc_LSAPR_SID_INFORMATION *sids = nt_arena_array(c->mem, n, sizeof *sids);
    if (!sids)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < n; i++)
        sids[i].Sid = &v[i]->sid;
    struct lsarpc_LsarLookupSids r = { .in.PolicyHandle = *policy, .in.LookupLevel = lsarpc_LsapLookupWksta };
    r.in.SidEnumBuffer.Entries = n;
    r.in.SidEnumBuffer.SidInfo = sids;
    enum nt_status st = lsa_run(c, &lsarpc_LsarLookupSids_op, &r, &r.out.result);
    if (st == STATUS_NONE_MAPPED) {
        c->err.text[0] = 0;
        return STATUS_SUCCESS;
    }
    if (!nt_ok(st))
        return st;
    if (r.out.TranslatedNames.Entries != n || (n && !r.out.TranslatedNames.Names) ||
        !domains_ok(r.out.ReferencedDomains))
        return bad_answer(c);
    for (uint32_t i = 0; i < n; i++) {
        const struct lsarpc_LSAPR_TRANSLATED_NAME *t = &r.out.TranslatedNames.Names[i];
        const struct lsarpc_LSAPR_TRUST_INFORMATION *d = domain_at(r.out.ReferencedDomains, t->DomainIndex);
        if (!sam_string_ok(&t->Name))
            return bad_answer(c);
        if (t->Use == lsarpc_SidTypeUnknown || t->Use == lsarpc_SidTypeInvalid)
            continue;
        v[i]->use = t->Use;
        v[i]->name = copy_string(c, &t->Name);
        v[i]->domain = d ? copy_string(c, &d->Name) : NULL;
        if (!v[i]->name || (d && !v[i]->domain))
            return STATUS_NO_MEMORY;
    }
    return STATUS_SUCCESS;
}

static enum nt_status own_sids(struct net_call *c, const struct sam_domain *d, struct sam_name *v, size_t n)
{
    uint32_t *rids = nt_arena_array(c->mem, n, sizeof *rids), *use = nt_arena_array(c->mem, n, sizeof *use);
    size_t *at = nt_arena_array(c->mem, n, sizeof *at), some = 0;
    struct dtyp_RPC_UNICODE_STRING *names = nt_arena_array(c->mem, n, sizeof *names);
    if (!rids || !use || !at || !names)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        struct nt_sid domain;
        if (nt_sid_split(&v[i].sid, &domain, &rids[some]) != STATUS_SUCCESS ||
            !nt_sid_equal(&domain, &d->sid))
            continue;
        at[some++] = i;
    }
    enum nt_status st = some ? sam_lookup_rids(c, d, rids, some, names, use) : STATUS_SUCCESS;
    for (size_t k = 0; nt_ok(st) && k < some; k++) {
        struct sam_name *to = &v[at[k]];
        if (use[k] == samr_SidTypeUnknown || names[k].Length == 0)
            continue;
        to->use = use[k];
        to->domain = d->name;
        to->name = copy_string(c, &names[k]);
        if (!to->name)
            st = STATUS_NO_MEMORY;
    }
    return st;
}

/* Is it of the account domain? Then samr has had its say, and an unknown one is a deleted account. */
static bool is_own(const struct sam_domain *d, const struct nt_sid *sid)
{
    struct nt_sid domain;
    uint32_t rid;
    return nt_sid_split(sid, &domain, &rid) == STATUS_SUCCESS && nt_sid_equal(&domain, &d->sid);
}

enum nt_status sam_sids_to_names(struct net_call *c, struct sam_name *v, size_t n)
{
    struct sam_domain d;
    struct ndr_handle policy = { 0 };
    struct sam_name **ask = nt_arena_array(c->mem, n, sizeof(struct sam_name *));
    size_t some = 0;
    if (!ask)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        v[i].use = SidTypeUnknown;
        v[i].domain = v[i].name = NULL;
    }
    enum nt_status st = sam_domain(c, SAM_ACCOUNT, &d);
    if (nt_ok(st))
        st = own_sids(c, &d, v, n);
    for (size_t i = 0; nt_ok(st) && i < n; i++)
        if (v[i].use == SidTypeUnknown && !is_own(&d, &v[i].sid))
            ask[some++] = &v[i];
    if (!nt_ok(st) || !some)
        return st;
    st = open_policy(c, &policy);
    for (size_t from = 0; nt_ok(st) && from < some; from += LOOKUP_MAX)
        st = sids_chunk(c, &policy, ask + from,
                        (uint32_t)(some - from < LOOKUP_MAX ? some - from : LOOKUP_MAX));
    close_policy(c, &policy);
    return st;
}
