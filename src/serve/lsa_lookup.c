// SPDX-License-Identifier: Apache-2.0
/* Translation of names and SIDs: [MS-LSAT] 3.1.4.4 to 3.1.4.11. */
#include <stdio.h>
#include <string.h>
#include <msrpc/unistr.h>
#include "serve/m_lsa.h"

/* Domains that one answer can tell of: all that there are, with room. */
#define DOMAINS_MAX 64u

enum { LOCAL_ONLY = (int32_t)0x80000000, NO_RID = -1 };

/* ---- the domains of an answer ---- */

static struct lsarpc_LSAPR_REFERENCED_DOMAIN_LIST *domains_new(struct nt_arena *mem)
{
    struct lsarpc_LSAPR_REFERENCED_DOMAIN_LIST *l =
        nt_arena_obj(mem, struct lsarpc_LSAPR_REFERENCED_DOMAIN_LIST);
    if (l)
        l->Domains = nt_arena_array(mem, DOMAINS_MAX, sizeof *l->Domains);
    return l && l->Domains ? l : NULL;
}

/* The place of the entry's domain, which is added if it is not there; -1: no memory. */
static int32_t domain_at(struct nt_arena *mem, struct lsarpc_LSAPR_REFERENCED_DOMAIN_LIST *l,
                         const struct lsa_entry *e)
{
    struct dtyp_RPC_UNICODE_STRING name = lsa_string(e->domain);
    for (uint32_t i = 0; i < l->Entries; i++)
        if (nt_sid_equal(l->Domains[i].Sid, &e->domain_sid) && l->Domains[i].Name.Length == name.Length &&
            memcmp(l->Domains[i].Name.Buffer, name.Buffer, name.Length) == 0)
            return (int32_t)i;
    struct nt_sid *sid = l->Entries < DOMAINS_MAX ? nt_arena_memdup(mem, &e->domain_sid, sizeof *sid) : NULL;
    if (!sid)
        return -1;
    l->Domains[l->Entries] = (struct lsarpc_LSAPR_TRUST_INFORMATION){ name, sid };
    l->MaxEntries = l->Entries + 1;
    return (int32_t)l->Entries++;
}

/* ---- what was found, in the most general of the shapes ---- */

struct found {
    struct lsarpc_LSAPR_TRANSLATED_SID_EX2 sid; /* of names */
    struct dtyp_RPC_UNICODE_STRING name;        /* of SIDs */
};

struct answer {
    struct lsarpc_LSAPR_REFERENCED_DOMAIN_LIST *domains;
    struct found *found;
    uint32_t n, mapped;
    enum nt_status result;
};

static enum nt_status verdict(const struct answer *a)
{
    return a->mapped == a->n ? STATUS_SUCCESS : a->mapped ? STATUS_SOME_NOT_MAPPED : STATUS_NONE_MAPPED;
}

/* Nothing has been found yet. */
static enum nt_status answer_new(struct nt_arena *mem, uint32_t n, struct answer *ret)
{
    ret->n = n;
    ret->domains = domains_new(mem);
    ret->found = nt_arena_array(mem, n, sizeof *ret->found);
    for (uint32_t i = 0; ret->found && i < n; i++)
        ret->found[i] = (struct found){ .sid = { .Use = lsarpc_SidTypeUnknown, .DomainIndex = -1 } };
    return ret->domains && ret->found ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

/* How a search has ended: without memory there is no answer; what failed otherwise is all of it. */
static enum nt_status conclude(struct answer *a, enum nt_status st)
{
    if (st == STATUS_NO_MEMORY)
        return st;
    if (st != STATUS_SUCCESS)
        *a = (struct answer){ .result = st };
    else
        a->result = verdict(a);
    return STATUS_SUCCESS;
}

/* st: whether something was found, of which the domain at least is known; STATUS_NONE_MAPPED is no failure.
 */
static enum nt_status put_found(struct nt_arena *mem, struct answer *a, enum nt_status st,
                                const struct lsa_entry *e, struct found *to)
{
    if (st != STATUS_SUCCESS)
        return st == STATUS_NONE_MAPPED ? STATUS_SUCCESS : st;
    to->sid.Use = e->use;
    to->sid.Flags = e->flags;
    to->sid.DomainIndex = domain_at(mem, a->domains, e);
    if (to->sid.DomainIndex < 0)
        return STATUS_NO_MEMORY;
    if (e->use == lsarpc_SidTypeUnknown)
        return STATUS_SUCCESS;
    a->mapped++;
    to->name = lsa_string(e->name);
    to->sid.Sid = nt_arena_memdup(mem, &e->sid, sizeof e->sid);
    return to->sid.Sid ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

/* [MS-LSAT] 2.2.16: this machine is in no domain, so wider searches have nowhere to look. */
static bool has_views(enum lsarpc_LSAP_LOOKUP_LEVEL level)
{
    return level == lsarpc_LsapLookupWksta;
}

static bool level_ok(enum lsarpc_LSAP_LOOKUP_LEVEL level)
{
    return level >= lsarpc_LsapLookupWksta && level <= lsarpc_LsapLookupRODCReferralToFullDC;
}

/* ---- names to SIDs: 3.1.4.5 ---- */

static enum nt_status find_names(struct rpc_server_call *call, const struct dtyp_RPC_UNICODE_STRING *names,
                                 uint32_t n, enum lsarpc_LSAP_LOOKUP_LEVEL level, struct answer *a)
{
    struct nt_arena *mem = rpc_server_mem(call);
    struct lsa_view v;
    enum nt_status st = lsa_view_open(rpc_server_arg(call), mem, &v);
    if (st == STATUS_SUCCESS)
        st = answer_new(mem, n, a);
    for (uint32_t i = 0; st == STATUS_SUCCESS && i < n; i++) {
        struct found *to = &a->found[i];
        struct lsa_entry e;
        bool valid;
        const char16_t *name = lsa_text(mem, &names[i], &valid);
        if (!valid)
            return STATUS_INVALID_PARAMETER;
        st = !name ? STATUS_NO_MEMORY : has_views(level) ? lsa_by_name(&v, name, &e) : STATUS_NONE_MAPPED;
        st = put_found(mem, a, st, &e, to);
    }
    return st;
}

static enum nt_status names(struct rpc_server_call *call, const struct ndr_handle *h,
                            const struct dtyp_RPC_UNICODE_STRING *list, uint32_t n,
                            enum lsarpc_LSAP_LOOKUP_LEVEL level, uint32_t options, struct answer *ret)
{
    const struct lsa_object *o;
    enum nt_status st = lsa_use(call, h, LSA_POLICY, lsarpc_POLICY_LOOKUP_NAMES, &o, &ret->result);
    if (st != STATUS_SUCCESS || ret->result != STATUS_SUCCESS)
        return st;
    if (!level_ok(level) || ((options & (uint32_t)LOCAL_ONLY) && level != lsarpc_LsapLookupWksta)) {
        ret->result = STATUS_INVALID_PARAMETER;
        return STATUS_SUCCESS;
    }
    return conclude(ret, find_names(call, list, n, level, ret));
}

/* [MS-LSAT] 3.1.4.7: a domain, and what is of the configurable view, has none. */
static uint32_t rid_of(const struct found *f)
{
    const struct nt_sid *sid = f->sid.Sid;
    if (!sid)
        return 0;
    return f->sid.Use == lsarpc_SidTypeDomain || f->sid.Flags || !sid->count ? (uint32_t)NO_RID
                                                                             : sid->sub[sid->count - 1];
}

enum nt_status lsa_LsarLookupNames(struct rpc_server_call *call, struct lsarpc_LsarLookupNames *r)
{
    struct answer a = { .result = STATUS_SUCCESS };
    enum nt_status st = names(call, &r->in.PolicyHandle, r->in.Names, r->in.Count, r->in.LookupLevel, 0, &a);
    struct lsarpc_LSA_TRANSLATED_SID *to = nt_arena_array(rpc_server_mem(call), a.n, sizeof *to);
    if (st != STATUS_SUCCESS || !to)
        return st != STATUS_SUCCESS ? st : STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < a.n; i++)
        to[i] = (struct lsarpc_LSA_TRANSLATED_SID){ a.found[i].sid.Use, rid_of(&a.found[i]),
                                                    a.found[i].sid.DomainIndex };
    r->out.ReferencedDomains = a.domains;
    r->out.TranslatedSids = (struct lsarpc_LSAPR_TRANSLATED_SIDS){ a.n, a.n ? to : NULL };
    r->out.MappedCount = a.mapped;
    r->out.result = a.result;
    return STATUS_SUCCESS;
}

enum nt_status lsa_LsarLookupNames2(struct rpc_server_call *call, struct lsarpc_LsarLookupNames2 *r)
{
    struct answer a = { .result = STATUS_SUCCESS };
    enum nt_status st = names(call, &r->in.PolicyHandle, r->in.Names, r->in.Count, r->in.LookupLevel, 0, &a);
    struct lsarpc_LSAPR_TRANSLATED_SID_EX *to = nt_arena_array(rpc_server_mem(call), a.n, sizeof *to);
    if (st != STATUS_SUCCESS || !to)
        return st != STATUS_SUCCESS ? st : STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < a.n; i++)
        to[i] = (struct lsarpc_LSAPR_TRANSLATED_SID_EX){ a.found[i].sid.Use, rid_of(&a.found[i]),
                                                         a.found[i].sid.DomainIndex, a.found[i].sid.Flags };
    r->out.ReferencedDomains = a.domains;
    r->out.TranslatedSids = (struct lsarpc_LSAPR_TRANSLATED_SIDS_EX){ a.n, a.n ? to : NULL };
    r->out.MappedCount = a.mapped;
    r->out.result = a.result;
    return STATUS_SUCCESS;
}

enum nt_status lsa_LsarLookupNames3(struct rpc_server_call *call, struct lsarpc_LsarLookupNames3 *r)
{
    struct answer a = { .result = STATUS_SUCCESS };
    enum nt_status st = names(call, &r->in.PolicyHandle, r->in.Names, r->in.Count, r->in.LookupLevel,
                              r->in.LookupOptions, &a);
    struct lsarpc_LSAPR_TRANSLATED_SID_EX2 *to = nt_arena_array(rpc_server_mem(call), a.n, sizeof *to);
    if (st != STATUS_SUCCESS || !to)
        return st != STATUS_SUCCESS ? st : STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < a.n; i++)
        to[i] = a.found[i].sid;
    r->out.ReferencedDomains = a.domains;
    r->out.TranslatedSids = (struct lsarpc_LSAPR_TRANSLATED_SIDS_EX2){ a.n, a.n ? to : NULL };
    r->out.MappedCount = a.mapped;
    r->out.result = a.result;
    return STATUS_SUCCESS;
}

/* These two are answered by domain controllers only. */
enum nt_status lsa_LsarLookupNames4(struct rpc_server_call *call, struct lsarpc_LsarLookupNames4 *r)
{
    (void)call;
    r->out.result = STATUS_INVALID_SERVER_STATE;
    return STATUS_SUCCESS;
}

enum nt_status lsa_LsarLookupSids3(struct rpc_server_call *call, struct lsarpc_LsarLookupSids3 *r)
{
    (void)call;
    r->out.result = STATUS_INVALID_SERVER_STATE;
    return STATUS_SUCCESS;
}

/* ---- SIDs to names: 3.1.4.9 ---- */

/* What stands for one that has no name: in a domain that is known its last number, else all of it. */
static const char16_t *stand_in(struct nt_arena *mem, const struct nt_sid *sid, bool domain)
{
    char text[NT_SID_STRLEN + 1];
    if (domain && sid->count)
        snprintf(text, sizeof text, "%08X", sid->sub[sid->count - 1]);
    else
        nt_sid_format(sid, text);
    return text16(mem, text);
}

static enum nt_status find_sid(struct nt_arena *mem, const struct lsa_view *v, const struct nt_sid *sid,
                               enum lsarpc_LSAP_LOOKUP_LEVEL level, struct answer *a, struct found *to)
{
    struct lsa_entry e;
    enum nt_status st = has_views(level) ? lsa_by_sid(v, sid, &e) : STATUS_NONE_MAPPED;
    st = put_found(mem, a, st, &e, to);
    if (st != STATUS_SUCCESS || to->sid.Use != lsarpc_SidTypeUnknown || level != lsarpc_LsapLookupWksta)
        return st;
    const char16_t *name = stand_in(mem, sid, to->sid.DomainIndex >= 0);
    to->name = lsa_string(name);
    return name ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

static enum nt_status find_sids(struct rpc_server_call *call, const struct lsarpc_LSAPR_SID_ENUM_BUFFER *list,
                                enum lsarpc_LSAP_LOOKUP_LEVEL level, struct answer *a)
{
    struct nt_arena *mem = rpc_server_mem(call);
    struct lsa_view v;
    enum nt_status st = lsa_view_open(rpc_server_arg(call), mem, &v);
    if (st == STATUS_SUCCESS)
        st = answer_new(mem, list->Entries, a);
    for (uint32_t i = 0; st == STATUS_SUCCESS && i < list->Entries; i++) {
        const struct nt_sid *sid = list->SidInfo[i].Sid;
        st = sid && sid->revision == 1 ? find_sid(mem, &v, sid, level, a, &a->found[i])
                                       : STATUS_INVALID_PARAMETER;
    }
    return st;
}

static enum nt_status sids(struct rpc_server_call *call, const struct ndr_handle *h,
                           const struct lsarpc_LSAPR_SID_ENUM_BUFFER *list,
                           enum lsarpc_LSAP_LOOKUP_LEVEL level, struct answer *ret)
{
    const struct lsa_object *o;
    enum nt_status st = lsa_use(call, h, LSA_POLICY, lsarpc_POLICY_LOOKUP_NAMES, &o, &ret->result);
    if (st != STATUS_SUCCESS || ret->result != STATUS_SUCCESS)
        return st;
    if (!level_ok(level) || (list->Entries && !list->SidInfo)) {
        ret->result = STATUS_INVALID_PARAMETER;
        return STATUS_SUCCESS;
    }
    return conclude(ret, find_sids(call, list, level, ret));
}

enum nt_status lsa_LsarLookupSids(struct rpc_server_call *call, struct lsarpc_LsarLookupSids *r)
{
    struct answer a = { .result = STATUS_SUCCESS };
    enum nt_status st = sids(call, &r->in.PolicyHandle, &r->in.SidEnumBuffer, r->in.LookupLevel, &a);
    struct lsarpc_LSAPR_TRANSLATED_NAME *to = nt_arena_array(rpc_server_mem(call), a.n, sizeof *to);
    if (st != STATUS_SUCCESS || !to)
        return st != STATUS_SUCCESS ? st : STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < a.n; i++)
        to[i] = (struct lsarpc_LSAPR_TRANSLATED_NAME){ a.found[i].sid.Use, a.found[i].name,
                                                       a.found[i].sid.DomainIndex };
    r->out.ReferencedDomains = a.domains;
    r->out.TranslatedNames = (struct lsarpc_LSAPR_TRANSLATED_NAMES){ a.n, a.n ? to : NULL };
    r->out.MappedCount = a.mapped;
    r->out.result = a.result;
    return STATUS_SUCCESS;
}

enum nt_status lsa_LsarLookupSids2(struct rpc_server_call *call, struct lsarpc_LsarLookupSids2 *r)
{
    struct answer a = { .result = STATUS_SUCCESS };
    enum nt_status st = sids(call, &r->in.PolicyHandle, &r->in.SidEnumBuffer, r->in.LookupLevel, &a);
    struct lsarpc_LSAPR_TRANSLATED_NAME_EX *to = nt_arena_array(rpc_server_mem(call), a.n, sizeof *to);
    if (st != STATUS_SUCCESS || !to)
        return st != STATUS_SUCCESS ? st : STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < a.n; i++)
        to[i] = (struct lsarpc_LSAPR_TRANSLATED_NAME_EX){ a.found[i].sid.Use, a.found[i].name,
                                                          a.found[i].sid.DomainIndex, a.found[i].sid.Flags };
    r->out.ReferencedDomains = a.domains;
    r->out.TranslatedNames = (struct lsarpc_LSAPR_TRANSLATED_NAMES_EX){ a.n, a.n ? to : NULL };
    r->out.MappedCount = a.mapped;
    r->out.result = a.result;
    return STATUS_SUCCESS;
}

/* ---- who asks: 3.1.4.4 ---- */

/* The account by its SID, which may have another name by now; one that is nobody's here keeps what its token
 * says. */
static enum nt_status caller_name(struct rpc_server_call *call, const char16_t **ret_name,
                                  const char16_t **ret_domain)
{
    const struct sec_token *t = rpc_server_token(call);
    struct nt_arena *mem = rpc_server_mem(call);
    struct lsa_view v;
    struct lsa_entry e;
    enum nt_status st = lsa_view_open(rpc_server_arg(call), mem, &v);
    if (st == STATUS_SUCCESS)
        st = t->flags & SEC_TOKEN_NAME_ONLY ? STATUS_NONE_MAPPED : lsa_by_sid(&v, &t->user, &e);
    if (st == STATUS_SUCCESS && e.use != lsarpc_SidTypeUnknown) {
        *ret_name = e.name;
        *ret_domain = e.domain;
        return STATUS_SUCCESS;
    }
    if (st != STATUS_SUCCESS && st != STATUS_NONE_MAPPED)
        return st;
    *ret_name = text16(mem, *t->account ? t->account : t->name);
    *ret_domain = text16(mem, t->domain);
    return *ret_name && *ret_domain ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

enum nt_status lsa_LsarGetUserName(struct rpc_server_call *call, struct lsarpc_LsarGetUserName *r)
{
    const char16_t *name, *domain;
    enum nt_status st = caller_name(call, &name, &domain);
    if (st != STATUS_SUCCESS) {
        r->out.result = st;
        return st == STATUS_NO_MEMORY ? st : STATUS_SUCCESS;
    }
    st = lsa_put_string(call, name, &r->out.UserName);
    if (st != STATUS_SUCCESS || !r->in.DomainName)
        return st;
    r->out.DomainName = nt_arena_obj(rpc_server_mem(call), struct dtyp_RPC_UNICODE_STRING *);
    return r->out.DomainName ? lsa_put_string(call, domain, r->out.DomainName) : STATUS_NO_MEMORY;
}
