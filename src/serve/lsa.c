// SPDX-License-Identifier: Apache-2.0
/*
 * The local security authority of a machine that is in no domain: policy and look-ups of [MS-LSAD] and
 * [MS-LSAT]. What is not in the table at the end is a fault, as from a server that does not know the
 * operation.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <msrpc/unistr.h>
#include "serve/descriptor.h"
#include "serve/m_lsa.h"

#define HANDLER(op) static enum nt_status op(struct rpc_server_call *call, struct lsarpc_##op *r)

enum {
    READ_CONTROL = 0x20000,
    ACCESS_SYSTEM_SECURITY = 0x1000000,
    MAXIMUM_ALLOWED = 0x2000000,
};

/* ---- text ---- */

struct dtyp_RPC_UNICODE_STRING lsa_string(const char16_t *s)
{
    size_t n = s ? 2 * ustr_len(s) : 0;
    if (!s || n > UINT16_MAX - 2)
        return (struct dtyp_RPC_UNICODE_STRING){ 0, 0, NULL };
    return (struct dtyp_RPC_UNICODE_STRING){ (uint16_t)n, (uint16_t)(n + 2), (char16_t *)(uintptr_t)s };
}

enum nt_status lsa_put_string(struct rpc_server_call *call, const char16_t *s,
                              struct dtyp_RPC_UNICODE_STRING **ret)
{
    *ret = nt_arena_obj(rpc_server_mem(call), struct dtyp_RPC_UNICODE_STRING);
    if (*ret)
        **ret = lsa_string(s);
    return *ret ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

char16_t *lsa_text(struct nt_arena *mem, const struct dtyp_RPC_UNICODE_STRING *s, bool *ret_valid)
{
    size_t n = s->Length / 2;
    *ret_valid = !(s->Length & 1) && s->Length <= s->MaximumLength && (!n || s->Buffer) &&
                 (!n || ustr_nlen(s->Buffer, n) == n);
    char16_t *to = *ret_valid ? nt_arena_array(mem, n + 1, sizeof *to) : NULL;
    if (to && n)
        memcpy(to, s->Buffer, 2 * n);
    return to;
}

/* ---- security descriptors: [MS-LSAD] notes 46, 50 ---- */

static const struct sd_mapping mappings[] = {
    [LSA_POLICY] = { 0x20006, 0x207f8, 0x20801, 0xf0fff }, /* 2.2.1.1.1 */
    [LSA_ACCOUNT] = { 0x20001, 0x2000e, 0x20000, 0xf000f },
};

struct ace {
    uint32_t mask;
    struct nt_sid sid;
};
static const struct nt_sid administrators = LSA_SID(5, 2, 32, 544), local_system = LSA_SID(5, 1, 18);
/* Administrators all, everybody what GENERIC_EXECUTE is; strangers may look things up, were they let in;
 * services wait for changes. */
static const struct ace policy_aces[] = {
    { 0xf0fff, LSA_SID(5, 2, 32, 544) }, { 0x20801, LSA_SID(1, 1, 0) }, { 0x801, LSA_SID(5, 1, 7) },
    { 0x1000, LSA_SID(5, 1, 19) },       { 0x1000, LSA_SID(5, 1, 20) }, { 0x1000, LSA_SID(5, 1, 17) },
};
static const struct ace account_aces[] = { { 0xf000f, LSA_SID(5, 2, 32, 544) },
                                           { 0x20000, LSA_SID(1, 1, 0) } };

enum { OWNER = 1, GROUP = 2, DACL = 4, SACL = 8, SD_MAX = 512 };

static void put_sid(struct wr *w, const struct nt_sid *sid)
{
    wr_u8(w, sid->revision);
    wr_u8(w, sid->count);
    wr_bytes(w, sid->authority, sizeof sid->authority);
    for (unsigned i = 0; i < sid->count; i++)
        wr_u32(w, sid->sub[i]);
}

static void put_dacl(struct wr *w, const struct ace *list, unsigned n)
{
    size_t start = w->len;
    wr_u16(w, 2); /* ACL_REVISION */
    size_t mark = wr_mark_u16(w);
    wr_u16(w, (uint16_t)n);
    wr_u16(w, 0);
    for (unsigned i = 0; i < n; i++) {
        wr_u16(w, 0); /* ACCESS_ALLOWED_ACE_TYPE, inherited by nobody */
        wr_u16(w, (uint16_t)(8 + nt_sid_wire_size(&list[i].sid)));
        wr_u32(w, list[i].mask);
        put_sid(w, &list[i].sid);
    }
    wr_fill_u16(w, mark, (uint16_t)(w->len - start));
}

/* The parts that `parts` names, self-relative ([MS-DTYP] 2.4.6). There is no SACL to tell of. */
static void put_descriptor(struct wr *w, enum lsa_kind kind, uint32_t parts)
{
    const struct ace *list = kind == LSA_POLICY ? policy_aces : account_aces;
    unsigned n = kind == LSA_POLICY ? sizeof policy_aces / sizeof policy_aces[0]
                                    : sizeof account_aces / sizeof account_aces[0];
    wr_u16(w, 1);
    wr_u16(w, 0x8000 | (parts & DACL ? 4 : 0)); /* SE_SELF_RELATIVE, SE_DACL_PRESENT */
    size_t owner = wr_mark_u32(w), group = wr_mark_u32(w);
    wr_u32(w, 0);
    size_t dacl = wr_mark_u32(w);
    if (parts & DACL) {
        wr_fill_u32(w, dacl, (uint32_t)w->len);
        put_dacl(w, list, n);
    }
    if (parts & OWNER) {
        wr_fill_u32(w, owner, (uint32_t)w->len);
        put_sid(w, &administrators);
    }
    if (parts & GROUP) {
        wr_fill_u32(w, group, (uint32_t)w->len);
        put_sid(w, &local_system);
    }
}

/* ---- handles ---- */

static const struct rpc_handle_type handle_type = { .name = "LSAPR_HANDLE", .rundown = free };

enum nt_status lsa_use(struct rpc_server_call *call, const struct ndr_handle *h, enum lsa_kind kind,
                       uint32_t rights, const struct lsa_object **ret, enum nt_status *ret_result)
{
    void *object;
    enum nt_status st = rpc_handle_get(call, h, &handle_type, &object);
    if (st != STATUS_SUCCESS)
        return st;
    const struct lsa_object *o = object;
    *ret = o;
    *ret_result = o->kind != kind        ? STATUS_INVALID_HANDLE
                  : rights & ~o->granted ? STATUS_ACCESS_DENIED
                                         : STATUS_SUCCESS;
    return STATUS_SUCCESS;
}

/* Whoever may all at this machine anyway may all here, too: may(). */
static uint32_t rights_of(struct rpc_server_call *call, enum lsa_kind kind)
{
    const struct sec_token *t = rpc_server_token(call);
    struct wr w;
    wr_init(&w, SD_MAX);
    put_descriptor(&w, kind, OWNER | GROUP | DACL);
    uint32_t rights = sd_rights((struct nt_blob){ w.base, w.len }, t, &mappings[kind]);
    if (w.st != STATUS_SUCCESS)
        rights = 0;
    wr_free(&w);
    if ((t->flags & SEC_TOKEN_LOCAL) && may(call, WHO_ADMIN))
        rights |= mappings[kind].all;
    if (may(call, WHO_ADMIN)) /* SeSecurityPrivilege */
        rights |= ACCESS_SYSTEM_SECURITY;
    return rights;
}

/* A right that is asked for by name has to be there; MAXIMUM_ALLOWED takes what there is, but for the
 * system's. */
static uint32_t grant(uint32_t rights, uint32_t desired)
{
    uint32_t wanted = desired & ~(uint32_t)MAXIMUM_ALLOWED;
    return desired & MAXIMUM_ALLOWED ? (rights & ~(uint32_t)ACCESS_SYSTEM_SECURITY) | wanted : wanted;
}

enum nt_status lsa_open(struct rpc_server_call *call, enum lsa_kind kind, const struct nt_sid *sid,
                        uint32_t desired, struct ndr_handle *ret, enum nt_status *ret_result)
{
    uint32_t rights = rights_of(call, kind), wanted = sd_map(desired, &mappings[kind]);
    if (!desired) {
        *ret_result = STATUS_INVALID_PARAMETER;
        return STATUS_SUCCESS;
    }
    /* LsaRestrictAnonymous is set, as on all Windows since Vista (notes 55, 61) */
    if ((rpc_server_token(call)->flags & SEC_TOKEN_ANONYMOUS) ||
        (wanted & ~(rights | (uint32_t)MAXIMUM_ALLOWED))) {
        *ret_result = STATUS_ACCESS_DENIED;
        return STATUS_SUCCESS;
    }
    struct lsa_object *o = calloc(1, sizeof *o);
    if (!o)
        return STATUS_NO_MEMORY;
    o->kind = kind;
    o->granted = grant(rights, wanted);
    if (sid)
        o->sid = *sid;
    enum nt_status st = rpc_handle_new(call, &handle_type, o, ret);
    if (st == STATUS_SUCCESS) {
        *ret_result = STATUS_SUCCESS;
        return st;
    }
    free(o);
    *ret_result = st;
    return st == STATUS_INSUFFICIENT_RESOURCES ? STATUS_SUCCESS : st;
}

static enum nt_status open_policy(struct rpc_server_call *call,
                                  const struct lsarpc_LSAPR_OBJECT_ATTRIBUTES *attributes, uint32_t desired,
                                  struct ndr_handle *ret, enum nt_status *ret_result)
{
    if (!attributes->RootDirectory)
        return lsa_open(call, LSA_POLICY, NULL, desired, ret, ret_result);
    *ret_result = STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

HANDLER(LsarOpenPolicy)
{
    return open_policy(call, &r->in.ObjectAttributes, r->in.DesiredAccess, &r->out.PolicyHandle,
                       &r->out.result);
}

HANDLER(LsarOpenPolicy2)
{
    return open_policy(call, &r->in.ObjectAttributes, r->in.DesiredAccess, &r->out.PolicyHandle,
                       &r->out.result);
}

/* None of the features there are: trusts, secrets, look-ups as a domain controller. */
HANDLER(LsarOpenPolicy3)
{
    r->out.OutVersion = 1;
    r->out.OutRevisionInfo.V1 = (struct lsarpc_LSAPR_REVISION_INFO_V1){ 1, 0 };
    r->out.result = STATUS_NOT_SUPPORTED;
    return r->in.InVersion == 1 ? open_policy(call, &r->in.ObjectAttributes, r->in.DesiredAccess,
                                              &r->out.PolicyHandle, &r->out.result)
                                : STATUS_SUCCESS;
}

HANDLER(LsarClose)
{
    void *object;
    r->out.ObjectHandle = r->in.ObjectHandle;
    enum nt_status st = rpc_handle_close(call, &r->out.ObjectHandle, &handle_type, &object);
    if (st == STATUS_SUCCESS)
        free(object);
    return st;
}

/* Neither the policy nor what accounts may is anything that can go. */
HANDLER(LsarDeleteObject)
{
    void *object;
    enum { DELETE = 0x10000 };
    r->out.ObjectHandle = r->in.ObjectHandle;
    enum nt_status st = rpc_handle_get(call, &r->in.ObjectHandle, &handle_type, &object);
    if (st != STATUS_SUCCESS)
        return st;
    const struct lsa_object *o = object;
    r->out.result = o->kind == LSA_POLICY    ? STATUS_INVALID_PARAMETER
                    : !(o->granted & DELETE) ? STATUS_ACCESS_DENIED
                                             : STATUS_NOT_SUPPORTED;
    return STATUS_SUCCESS;
}

HANDLER(LsarQuerySecurityObject)
{
    void *object;
    struct wr w;
    uint32_t parts = r->in.SecurityInformation;
    enum nt_status st = rpc_handle_get(call, &r->in.ObjectHandle, &handle_type, &object);
    if (st != STATUS_SUCCESS)
        return st;
    const struct lsa_object *o = object;
    uint32_t needed = (parts & (OWNER | GROUP | DACL) ? READ_CONTROL : 0u) |
                      (parts & SACL ? (uint32_t)ACCESS_SYSTEM_SECURITY : 0u);
    r->out.result = parts & ~(uint32_t)(OWNER | GROUP | DACL | SACL) ? STATUS_INVALID_PARAMETER
                    : needed & ~o->granted                           ? STATUS_ACCESS_DENIED
                                                                     : STATUS_SUCCESS;
    if (r->out.result != STATUS_SUCCESS)
        return STATUS_SUCCESS;
    wr_init(&w, SD_MAX);
    put_descriptor(&w, o->kind, parts);
    struct nt_arena *mem = rpc_server_mem(call);
    r->out.SecurityDescriptor = nt_arena_obj(mem, struct lsarpc_LSAPR_SR_SECURITY_DESCRIPTOR);
    uint8_t *copy = w.st == STATUS_SUCCESS ? nt_arena_memdup(mem, w.base, w.len) : NULL;
    if (copy && r->out.SecurityDescriptor)
        *r->out.SecurityDescriptor = (struct lsarpc_LSAPR_SR_SECURITY_DESCRIPTOR){ (uint32_t)w.len, copy };
    wr_free(&w);
    return copy && r->out.SecurityDescriptor ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

/* ---- policy: 3.1.4.4.3; the values are those of note 41 ---- */

/* 0: there is nothing to be had. */
static uint32_t right_to_query(enum lsarpc_POLICY_INFORMATION_CLASS class)
{
    switch (class) {
    case lsarpc_PolicyAuditLogInformation:
    case lsarpc_PolicyAuditEventsInformation:
        return lsarpc_POLICY_VIEW_AUDIT_INFORMATION;
    case lsarpc_PolicyPdAccountInformation:
        return lsarpc_POLICY_GET_PRIVATE_INFORMATION;
    case lsarpc_PolicyPrimaryDomainInformation:
    case lsarpc_PolicyAccountDomainInformation:
    case lsarpc_PolicyLsaServerRoleInformation:
    case lsarpc_PolicyReplicaSourceInformation:
    case lsarpc_PolicyDnsDomainInformation:
    case lsarpc_PolicyDnsDomainInformationInt:
    case lsarpc_PolicyLocalAccountDomainInformation:
    case lsarpc_PolicyMachineAccountInformation:
        return lsarpc_POLICY_VIEW_LOCAL_INFORMATION;
    default: /* PolicyAuditFullQueryInformation, too: note 63 */
        return 0;
    }
}

static enum nt_status put_account_domain(struct nt_arena *mem, const struct samdb_domain *dom,
                                         struct lsarpc_LSAPR_POLICY_ACCOUNT_DOM_INFO *to)
{
    const char16_t *name = text16(mem, dom->machine);
    *to = (struct lsarpc_LSAPR_POLICY_ACCOUNT_DOM_INFO){ lsa_string(name),
                                                         nt_arena_memdup(mem, &dom->sid, sizeof dom->sid) };
    return name && to->DomainSid ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

static enum nt_status put_workgroup(struct nt_arena *mem, const struct samdb_domain *dom,
                                    struct dtyp_RPC_UNICODE_STRING *to)
{
    const char16_t *name = text16(mem, dom->workgroup);
    *to = lsa_string(name);
    return name ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

/* Nothing is audited: all nine categories are 0. */
static enum nt_status put_audit(struct nt_arena *mem, struct lsarpc_LSAPR_POLICY_AUDIT_EVENTS_INFO *to)
{
    enum { CATEGORIES = 9 };
    to->AuditingMode = 1;
    to->MaximumAuditEventCount = CATEGORIES;
    to->EventAuditingOptions = nt_arena_array(mem, CATEGORIES, sizeof *to->EventAuditingOptions);
    return to->EventAuditingOptions ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

static enum nt_status put_policy(struct nt_arena *mem, const struct samdb_domain *dom,
                                 enum lsarpc_POLICY_INFORMATION_CLASS class,
                                 union lsarpc_LSAPR_POLICY_INFORMATION *to)
{
    switch (class) {
    case lsarpc_PolicyAuditLogInformation:
        to->PolicyAuditLogInfo =
            (struct lsarpc_POLICY_AUDIT_LOG_INFO){ 0, 8192, { 8533315 }, 0, { 288342 }, 0 };
        return STATUS_SUCCESS;
    case lsarpc_PolicyAuditEventsInformation:
        return put_audit(mem, &to->PolicyAuditEventsInfo);
    case lsarpc_PolicyPrimaryDomainInformation: /* a workgroup has no SID */
        return put_workgroup(mem, dom, &to->PolicyPrimaryDomainInfo.Name);
    case lsarpc_PolicyDnsDomainInformation:
    case lsarpc_PolicyDnsDomainInformationInt:
        return put_workgroup(mem, dom, &to->PolicyDnsDomainInfo.Name);
    case lsarpc_PolicyAccountDomainInformation:
    case lsarpc_PolicyLocalAccountDomainInformation:
        return put_account_domain(mem, dom, &to->PolicyAccountDomainInfo);
    case lsarpc_PolicyLsaServerRoleInformation:
        to->PolicyServerRoleInfo.LsaServerRole = lsarpc_PolicyServerRolePrimary;
        return STATUS_SUCCESS;
    default: /* the others are empty */
        return STATUS_SUCCESS;
    }
}

static enum nt_status query(struct rpc_server_call *call, const struct ndr_handle *h,
                            enum lsarpc_POLICY_INFORMATION_CLASS class,
                            union lsarpc_LSAPR_POLICY_INFORMATION **ret, enum nt_status *ret_result)
{
    const struct serve_host *host = rpc_server_arg(call);
    struct nt_arena *mem = rpc_server_mem(call);
    const struct lsa_object *o;
    struct samdb_domain dom;
    uint32_t right = right_to_query(class);
    enum nt_status st = lsa_use(call, h, LSA_POLICY, right, &o, ret_result);
    if (st != STATUS_SUCCESS || *ret_result != STATUS_SUCCESS)
        return st;
    if (!right) {
        *ret_result = STATUS_INVALID_PARAMETER;
        return STATUS_SUCCESS;
    }
    union lsarpc_LSAPR_POLICY_INFORMATION *to = nt_arena_obj(mem, union lsarpc_LSAPR_POLICY_INFORMATION);
    if (!to)
        return STATUS_NO_MEMORY;
    *ret_result = samdb_domain(host->db, mem, &dom);
    if (*ret_result != STATUS_SUCCESS)
        return STATUS_SUCCESS;
    st = put_policy(mem, &dom, class, to);
    if (st == STATUS_SUCCESS)
        *ret = to;
    return st;
}

HANDLER(LsarQueryInformationPolicy)
{
    return query(call, &r->in.PolicyHandle, r->in.InformationClass, &r->out.PolicyInformation,
                 &r->out.result);
}

HANDLER(LsarQueryInformationPolicy2)
{
    return query(call, &r->in.PolicyHandle, r->in.InformationClass, &r->out.PolicyInformation,
                 &r->out.result);
}

/* 3.1.4.4.7: policies of directories; none has ever been set. */
HANDLER(LsarQueryDomainInformationPolicy)
{
    const struct lsa_object *o;
    enum lsarpc_POLICY_DOMAIN_INFORMATION_CLASS class = r->in.InformationClass;
    bool known =
        class == lsarpc_PolicyDomainEfsInformation || class == lsarpc_PolicyDomainKerberosTicketInformation;
    enum nt_status st = lsa_use(call, &r->in.PolicyHandle, LSA_POLICY,
                                known ? lsarpc_POLICY_VIEW_LOCAL_INFORMATION : 0u, &o, &r->out.result);
    if (st == STATUS_SUCCESS && r->out.result == STATUS_SUCCESS)
        r->out.result = known ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_INVALID_PARAMETER;
    return st;
}

/* ---- trusted domains: 3.1.4.7; they are in a directory, which there is not ---- */

static enum nt_status no_trusts(struct rpc_server_call *call, const struct ndr_handle *h, uint32_t right,
                                enum nt_status answer, enum nt_status *ret_result)
{
    const struct lsa_object *o;
    enum nt_status st = lsa_use(call, h, LSA_POLICY, right, &o, ret_result);
    if (st == STATUS_SUCCESS && *ret_result == STATUS_SUCCESS)
        *ret_result = answer;
    return st;
}

#define NO_TRUST(op, answer)                                                                                 \
    HANDLER(op)                                                                                              \
    {                                                                                                        \
        return no_trusts(call, &r->in.PolicyHandle, 0, answer, &r->out.result);                              \
    }
NO_TRUST(LsarOpenTrustedDomain, STATUS_DIRECTORY_SERVICE_REQUIRED)
NO_TRUST(LsarOpenTrustedDomainByName, STATUS_DIRECTORY_SERVICE_REQUIRED)
NO_TRUST(LsarQueryTrustedDomainInfo, STATUS_DIRECTORY_SERVICE_REQUIRED)
NO_TRUST(LsarQueryTrustedDomainInfoByName, STATUS_DIRECTORY_SERVICE_REQUIRED)
NO_TRUST(LsarSetTrustedDomainInfo, STATUS_DIRECTORY_SERVICE_REQUIRED)
NO_TRUST(LsarSetTrustedDomainInfoByName, STATUS_DIRECTORY_SERVICE_REQUIRED)
NO_TRUST(LsarDeleteTrustedDomain, STATUS_DIRECTORY_SERVICE_REQUIRED)
NO_TRUST(LsarCreateTrustedDomain, STATUS_DIRECTORY_SERVICE_REQUIRED)
NO_TRUST(LsarCreateTrustedDomainEx, STATUS_DIRECTORY_SERVICE_REQUIRED)
NO_TRUST(LsarCreateTrustedDomainEx2, STATUS_DIRECTORY_SERVICE_REQUIRED)
NO_TRUST(LsarCreateTrustedDomainEx3, STATUS_DIRECTORY_SERVICE_REQUIRED)
NO_TRUST(LsarQueryForestTrustInformation, STATUS_INVALID_DOMAIN_STATE)
NO_TRUST(LsarQueryForestTrustInformation2, STATUS_INVALID_DOMAIN_STATE)
NO_TRUST(LsarSetForestTrustInformation, STATUS_INVALID_DOMAIN_STATE)
NO_TRUST(LsarSetForestTrustInformation2, STATUS_INVALID_DOMAIN_STATE)

HANDLER(LsarEnumerateTrustedDomains)
{
    r->out.EnumerationContext = r->in.EnumerationContext;
    return no_trusts(call, &r->in.PolicyHandle, lsarpc_POLICY_VIEW_LOCAL_INFORMATION, STATUS_NO_MORE_ENTRIES,
                     &r->out.result);
}

HANDLER(LsarEnumerateTrustedDomainsEx)
{
    r->out.EnumerationContext = r->in.EnumerationContext;
    return no_trusts(call, &r->in.PolicyHandle, lsarpc_POLICY_VIEW_LOCAL_INFORMATION, STATUS_NO_MORE_ENTRIES,
                     &r->out.result);
}

/* ---- the table ---- */

static const struct lsarpc_handlers handlers = {
    .LsarClose = LsarClose,
    .LsarEnumeratePrivileges = lsa_LsarEnumeratePrivileges,
    .LsarQuerySecurityObject = LsarQuerySecurityObject,
    .LsarOpenPolicy = LsarOpenPolicy,
    .LsarQueryInformationPolicy = LsarQueryInformationPolicy,
    .LsarEnumerateAccounts = lsa_LsarEnumerateAccounts,
    .LsarCreateTrustedDomain = LsarCreateTrustedDomain,
    .LsarEnumerateTrustedDomains = LsarEnumerateTrustedDomains,
    .LsarLookupNames = lsa_LsarLookupNames,
    .LsarLookupSids = lsa_LsarLookupSids,
    .LsarOpenAccount = lsa_LsarOpenAccount,
    .LsarEnumeratePrivilegesAccount = lsa_LsarEnumeratePrivilegesAccount,
    .LsarGetSystemAccessAccount = lsa_LsarGetSystemAccessAccount,
    .LsarOpenTrustedDomain = LsarOpenTrustedDomain,
    .LsarLookupPrivilegeValue = lsa_LsarLookupPrivilegeValue,
    .LsarLookupPrivilegeName = lsa_LsarLookupPrivilegeName,
    .LsarLookupPrivilegeDisplayName = lsa_LsarLookupPrivilegeDisplayName,
    .LsarDeleteObject = LsarDeleteObject,
    .LsarEnumerateAccountsWithUserRight = lsa_LsarEnumerateAccountsWithUserRight,
    .LsarEnumerateAccountRights = lsa_LsarEnumerateAccountRights,
    .LsarQueryTrustedDomainInfo = LsarQueryTrustedDomainInfo,
    .LsarSetTrustedDomainInfo = LsarSetTrustedDomainInfo,
    .LsarDeleteTrustedDomain = LsarDeleteTrustedDomain,
    .LsarOpenPolicy2 = LsarOpenPolicy2,
    .LsarGetUserName = lsa_LsarGetUserName,
    .LsarQueryInformationPolicy2 = LsarQueryInformationPolicy2,
    .LsarQueryTrustedDomainInfoByName = LsarQueryTrustedDomainInfoByName,
    .LsarSetTrustedDomainInfoByName = LsarSetTrustedDomainInfoByName,
    .LsarEnumerateTrustedDomainsEx = LsarEnumerateTrustedDomainsEx,
    .LsarCreateTrustedDomainEx = LsarCreateTrustedDomainEx,
    .LsarQueryDomainInformationPolicy = LsarQueryDomainInformationPolicy,
    .LsarOpenTrustedDomainByName = LsarOpenTrustedDomainByName,
    .LsarLookupSids2 = lsa_LsarLookupSids2,
    .LsarLookupNames2 = lsa_LsarLookupNames2,
    .LsarCreateTrustedDomainEx2 = LsarCreateTrustedDomainEx2,
    .LsarLookupNames3 = lsa_LsarLookupNames3,
    .LsarQueryForestTrustInformation = LsarQueryForestTrustInformation,
    .LsarSetForestTrustInformation = LsarSetForestTrustInformation,
    .LsarLookupSids3 = lsa_LsarLookupSids3,
    .LsarLookupNames4 = lsa_LsarLookupNames4,
    .LsarCreateTrustedDomainEx3 = LsarCreateTrustedDomainEx3,
    .LsarOpenPolicy3 = LsarOpenPolicy3,
    .LsarQueryForestTrustInformation2 = LsarQueryForestTrustInformation2,
    .LsarSetForestTrustInformation2 = LsarSetForestTrustInformation2,
};

/* The two that need no handle are for TCP, all others for pipes; Windows since Vista has a fault for what
 * comes the other way ([MS-LSAT] note 3). */
static enum nt_status by_which_way(void *arg, const struct rpc_server_call *call, uint32_t opnum)
{
    struct rpc_server_caller c = { .size = sizeof c };
    (void)arg;
    enum nt_status st = rpc_server_caller(call, &c);
    bool tcp = st != STATUS_SUCCESS || strcmp(c.protseq, "ncacn_ip_tcp") == 0;
    bool for_tcp = opnum == lsarpc_LsarLookupSids3_opnum || opnum == lsarpc_LsarLookupNames4_opnum;
    return tcp == for_tcp ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}

/* Strangers may call; all that they are told is that they are strangers. */
enum nt_status serve_lsarpc(struct rpc_server *s, struct serve_host *h)
{
    struct rpc_server_policy p = RPC_SERVER_POLICY_INIT;
    p.level = SEC_LEVEL_NONE;
    p.check = by_which_way;
    enum nt_status st = lsarpc_register(s, &handlers, h);
    return st == STATUS_SUCCESS ? rpc_server_set_policy(s, &lsarpc_interface, &p) : st;
}
