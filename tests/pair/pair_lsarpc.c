// SPDX-License-Identifier: Apache-2.0
/*
 * lsarpc and dssetup over pipes of our own SMB server: an administrator, a plain user, and a stranger. Who
 * may what by a handle, what names and SIDs stand for, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <msrpc/dssetup.h>
#include <msrpc/lsarpc.h>
#include <msrpc/netlogon_chain.h>
#include <msrpc/unistr.h>
#include "host_world.h"
#include "serve/descriptor.h"

#define COUNT(a)          (sizeof(a) / sizeof((a)[0]))
#define CALL(fn, conn, r) assert_int_equal(fn(conn, w->mem, r), STATUS_SUCCESS)
#define LSA(w, creds)     world_open(w, creds, "lsarpc", &lsarpc_interface)

enum { MAXIMUM_ALLOWED = 0x2000000, ALL_ACCESS = 0xf0fff, SYSTEM_SECURITY = 0x1000000 };

static bool same(const struct dtyp_RPC_UNICODE_STRING *s, const char16_t *text)
{
    size_t n = ustr_len(text);
    return s->Length == 2 * n && (!n || memcmp(s->Buffer, text, 2 * n) == 0);
}

static struct dtyp_RPC_UNICODE_STRING string(const char16_t *s)
{
    uint16_t n = (uint16_t)(2 * ustr_len(s));
    return (struct dtyp_RPC_UNICODE_STRING){ n, n, (char16_t *)(uintptr_t)s };
}

static struct nt_sid sid_of(const char *text)
{
    struct nt_sid sid;
    assert_int_equal(nt_sid_parse(text, &sid), STATUS_SUCCESS);
    return sid;
}

static enum nt_status try_policy(struct world *w, struct rpc_conn *c, uint32_t access, struct ndr_handle *ret)
{
    struct lsarpc_LsarOpenPolicy2 r = { .in = { .ObjectAttributes.Length = 24, .DesiredAccess = access } };
    CALL(lsarpc_LsarOpenPolicy2, c, &r);
    *ret = r.out.PolicyHandle;
    return r.out.result;
}

static struct ndr_handle policy(struct world *w, struct rpc_conn *c, uint32_t access)
{
    struct ndr_handle h;
    assert_int_equal(try_policy(w, c, access, &h), STATUS_SUCCESS);
    return h;
}

/* ---- handles ---- */

static void opened(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = LSA(w, w->admin), *e = LSA(w, w->eve);
    struct ndr_handle h;
    static const struct {
        uint32_t access;
        enum nt_status admin, eve;
    } list[] = { { ALL_ACCESS, STATUS_SUCCESS, STATUS_ACCESS_DENIED },
                 { MAXIMUM_ALLOWED, STATUS_SUCCESS, STATUS_SUCCESS },
                 { 0x801, STATUS_SUCCESS, STATUS_SUCCESS },
                 { 0x20801, STATUS_SUCCESS, STATUS_SUCCESS },
                 { 0x20000000, STATUS_SUCCESS, STATUS_SUCCESS },       /* GENERIC_EXECUTE */
                 { 0x80000000, STATUS_SUCCESS, STATUS_ACCESS_DENIED }, /* GENERIC_READ */
                 { 0x10000000, STATUS_SUCCESS, STATUS_ACCESS_DENIED },
                 { 0x2, STATUS_SUCCESS, STATUS_ACCESS_DENIED },
                 { 0x1000, STATUS_ACCESS_DENIED,
                   STATUS_ACCESS_DENIED }, /* POLICY_NOTIFICATION is for services */
                 { MAXIMUM_ALLOWED | 0x20, STATUS_SUCCESS, STATUS_ACCESS_DENIED },
                 { SYSTEM_SECURITY, STATUS_SUCCESS, STATUS_ACCESS_DENIED },
                 { 0, STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER } };
    for (size_t i = 0; i < COUNT(list); i++) {
        assert_int_equal(try_policy(w, a, list[i].access, &h), list[i].admin);
        assert_int_equal(try_policy(w, e, list[i].access, &h), list[i].eve);
    }
    uint8_t root = 1;
    struct lsarpc_LsarOpenPolicy r = { .in = { .ObjectAttributes.RootDirectory = &root,
                                               .DesiredAccess = 1 } };
    CALL(lsarpc_LsarOpenPolicy, a, &r);
    assert_int_equal(r.out.result, STATUS_INVALID_PARAMETER);
    struct lsarpc_LsarOpenPolicy3 p3 = { .in = { .DesiredAccess = 1, .InVersion = 1 } };
    CALL(lsarpc_LsarOpenPolicy3, e, &p3);
    assert_int_equal(p3.out.result, STATUS_SUCCESS);
    assert_int_equal(p3.out.OutVersion, 1);
    assert_int_equal(p3.out.OutRevisionInfo.V1.Revision, 1);
    assert_int_equal(p3.out.OutRevisionInfo.V1.SupportedFeatures, 0);
    rpc_close(a);
    rpc_close(e);
}

/* Each operation looks at what its handle was given, and not at who calls. */
static void granted(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = LSA(w, w->admin);
    struct ndr_handle view = policy(w, a, lsarpc_POLICY_VIEW_LOCAL_INFORMATION),
                      look = policy(w, a, lsarpc_POLICY_LOOKUP_NAMES);
    struct lsarpc_LsarQueryInformationPolicy2 q = { .in = { view, lsarpc_PolicyAccountDomainInformation } };
    CALL(lsarpc_LsarQueryInformationPolicy2, a, &q);
    assert_int_equal(q.out.result, STATUS_SUCCESS);
    q.in.PolicyHandle = look;
    CALL(lsarpc_LsarQueryInformationPolicy2, a, &q);
    assert_int_equal(q.out.result, STATUS_ACCESS_DENIED);
    assert_null(q.out.PolicyInformation);
    q.in.InformationClass = lsarpc_PolicyAuditEventsInformation;
    q.in.PolicyHandle = view;
    CALL(lsarpc_LsarQueryInformationPolicy2, a, &q);
    assert_int_equal(q.out.result, STATUS_ACCESS_DENIED);
    struct dtyp_RPC_UNICODE_STRING name = string(u"admin");
    struct lsarpc_LsarLookupNames n = { .in = { view, 1, &name, .LookupLevel = lsarpc_LsapLookupWksta } };
    CALL(lsarpc_LsarLookupNames, a, &n);
    assert_int_equal(n.out.result, STATUS_ACCESS_DENIED);
    assert_null(n.out.ReferencedDomains);
    struct lsarpc_LsarQuerySecurityObject s = { .in = { view, 4 } };
    CALL(lsarpc_LsarQuerySecurityObject, a, &s);
    assert_int_equal(s.out.result, STATUS_ACCESS_DENIED);
    struct lsarpc_LsarEnumeratePrivileges p = { .in = { look, 0, 1000 } };
    CALL(lsarpc_LsarEnumeratePrivileges, a, &p);
    assert_int_equal(p.out.result, STATUS_ACCESS_DENIED);
    /* a closed one is none; nor is one of another connection's group, or another caller's */
    struct lsarpc_LsarClose c = { .in = { look } };
    CALL(lsarpc_LsarClose, a, &c);
    assert_int_equal(c.out.result, STATUS_SUCCESS);
    assert_true(c.out.ObjectHandle.uuid.a == 0);
    assert_int_equal(lsarpc_LsarClose(a, w->mem, &c), RPC_NT_SS_CONTEXT_MISMATCH);
    q.in.PolicyHandle = look;
    assert_int_equal(lsarpc_LsarQueryInformationPolicy2(a, w->mem, &q), RPC_NT_SS_CONTEXT_MISMATCH);
    struct rpc_conn *e = LSA(w, w->eve);
    q.in.PolicyHandle = view;
    assert_int_equal(lsarpc_LsarQueryInformationPolicy2(e, w->mem, &q), RPC_NT_SS_CONTEXT_MISMATCH);
    rpc_close(a);
    rpc_close(e);
}

/* The pipe's names are names of one thing: what one opens the others may use. */
static void aliases(void **state)
{
    struct world *w = *state;
    for (int i = 0; serve_np_lsass[i]; i++) {
        struct rpc_conn *c = world_open(w, w->eve, serve_np_lsass[i], &lsarpc_interface);
        struct ndr_handle h = policy(w, c, MAXIMUM_ALLOWED);
        struct lsarpc_LsarClose r = { .in = { h } };
        CALL(lsarpc_LsarClose, c, &r);
        rpc_close(c);
    }
    struct rpc_conn *c = NULL;
    assert_int_equal(world_try(w, w->eve, "lsa", &lsarpc_interface, &c), STATUS_OBJECT_NAME_NOT_FOUND);
}

/* ---- policy ---- */

static void classes(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = LSA(w, w->admin), *e = LSA(w, w->eve);
    struct ndr_handle ha = policy(w, a, ALL_ACCESS), he = policy(w, e, MAXIMUM_ALLOWED);
    static const struct {
        enum nt_status admin, eve;
    } list[] = { [1] = { STATUS_SUCCESS, STATUS_ACCESS_DENIED },
                 [2] = { STATUS_SUCCESS, STATUS_ACCESS_DENIED },
                 [3] = { STATUS_SUCCESS, STATUS_SUCCESS },
                 [4] = { STATUS_SUCCESS, STATUS_ACCESS_DENIED },
                 [5] = { STATUS_SUCCESS, STATUS_SUCCESS },
                 [6] = { STATUS_SUCCESS, STATUS_SUCCESS },
                 [7] = { STATUS_SUCCESS, STATUS_SUCCESS },
                 [9] = { STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER },
                 [10] = { STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER },
                 [11] = { STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER },
                 [12] = { STATUS_SUCCESS, STATUS_SUCCESS },
                 [13] = { STATUS_SUCCESS, STATUS_SUCCESS },
                 [14] = { STATUS_SUCCESS, STATUS_SUCCESS },
                 [15] = { STATUS_SUCCESS, STATUS_SUCCESS } };
    struct samdb_domain dom;
    assert_int_equal(samdb_domain(w->db, w->mem, &dom), STATUS_SUCCESS);
    for (unsigned i = 1; i < COUNT(list); i++) {
        if (i == 8) /* not used on the wire */
            continue;
        struct lsarpc_LsarQueryInformationPolicy r = { .in = { ha,
                                                               (enum lsarpc_POLICY_INFORMATION_CLASS)i } };
        CALL(lsarpc_LsarQueryInformationPolicy, a, &r);
        assert_int_equal(r.out.result, list[i].admin);
        assert_true(!r.out.PolicyInformation == (r.out.result != STATUS_SUCCESS));
        const union lsarpc_LSAPR_POLICY_INFORMATION *u = r.out.PolicyInformation;
        if (i == 2)
            assert_int_equal(u->PolicyAuditEventsInfo.MaximumAuditEventCount, 9);
        if (i == 3) {
            assert_true(same(&u->PolicyPrimaryDomainInfo.Name, u"WORKGROUP"));
            assert_null(u->PolicyPrimaryDomainInfo.Sid);
        }
        if (i == 5 || i == 14) {
            assert_true(same(&u->PolicyAccountDomainInfo.DomainName, u"BOX"));
            assert_true(nt_sid_equal(u->PolicyAccountDomainInfo.DomainSid, &dom.sid));
        }
        if (i == 6)
            assert_int_equal(u->PolicyServerRoleInfo.LsaServerRole, lsarpc_PolicyServerRolePrimary);
        if (i == 12 || i == 13) {
            assert_true(same(&u->PolicyDnsDomainInfo.Name, u"WORKGROUP"));
            assert_int_equal(u->PolicyDnsDomainInfo.DnsDomainName.Length, 0);
            assert_null(u->PolicyDnsDomainInfo.Sid);
        }
        struct lsarpc_LsarQueryInformationPolicy2 r2 = { .in = { he,
                                                                 (enum lsarpc_POLICY_INFORMATION_CLASS)i } };
        CALL(lsarpc_LsarQueryInformationPolicy2, e, &r2);
        assert_int_equal(r2.out.result, list[i].eve);
    }
    struct lsarpc_LsarQueryDomainInformationPolicy d = {
        .in = { he, lsarpc_PolicyDomainKerberosTicketInformation }
    };
    CALL(lsarpc_LsarQueryDomainInformationPolicy, e, &d);
    assert_int_equal(d.out.result, STATUS_OBJECT_NAME_NOT_FOUND);
    d.in.InformationClass = lsarpc_PolicyDomainQualityOfServiceInformation;
    CALL(lsarpc_LsarQueryDomainInformationPolicy, e, &d);
    assert_int_equal(d.out.result, STATUS_INVALID_PARAMETER);
    rpc_close(a);
    rpc_close(e);
}

static void descriptor(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = LSA(w, w->admin);
    struct ndr_handle h = policy(w, a, MAXIMUM_ALLOWED), hs = policy(w, a, ALL_ACCESS | SYSTEM_SECURITY);
    for (uint32_t parts = 0; parts < 8; parts++) {
        struct lsarpc_LsarQuerySecurityObject r = { .in = { h, parts } };
        CALL(lsarpc_LsarQuerySecurityObject, a, &r);
        assert_int_equal(r.out.result, STATUS_SUCCESS);
        const struct lsarpc_LSAPR_SR_SECURITY_DESCRIPTOR *sd = r.out.SecurityDescriptor;
        assert_true(sd_valid(sd->SecurityDescriptor, sd->Length));
        const uint8_t *p = sd->SecurityDescriptor; /* nothing that was not asked for */
        assert_true((memcmp(p + 4, "\0\0\0\0", 4) != 0) == (parts & 1));
        assert_true((memcmp(p + 8, "\0\0\0\0", 4) != 0) == (parts >> 1 & 1));
        assert_true((memcmp(p + 16, "\0\0\0\0", 4) != 0) == (parts >> 2 & 1));
    }
    struct lsarpc_LsarQuerySecurityObject r = { .in = { h, 8 } };
    CALL(lsarpc_LsarQuerySecurityObject, a, &r);
    assert_int_equal(r.out.result, STATUS_ACCESS_DENIED);
    r.in.ObjectHandle = hs;
    CALL(lsarpc_LsarQuerySecurityObject, a, &r);
    assert_int_equal(r.out.result, STATUS_SUCCESS);
    r.in.SecurityInformation = 0x10;
    CALL(lsarpc_LsarQuerySecurityObject, a, &r);
    assert_int_equal(r.out.result, STATUS_INVALID_PARAMETER);
    struct lsarpc_LsarDeleteObject d = { .in = { hs } };
    CALL(lsarpc_LsarDeleteObject, a, &d);
    assert_int_equal(d.out.result, STATUS_INVALID_PARAMETER);
    rpc_close(a);
}

/* ---- look-ups ---- */

struct name_row {
    const char16_t *name;
    enum lsarpc_SID_NAME_USE use;
    const char *sid; /* "-500": of the machine */
    const char16_t *domain;
};
static const struct name_row names[] = {
    { u"admin", lsarpc_SidTypeUser, "-500", u"BOX" },
    { u"ADMIN", lsarpc_SidTypeUser, "-500", u"BOX" },
    { u"box\\eve", lsarpc_SidTypeUser, "-1000", u"BOX" },
    { u"None", lsarpc_SidTypeGroup, "-513", u"BOX" },
    { u"BOX", lsarpc_SidTypeDomain, "-", u"BOX" },
    { u"box\\", lsarpc_SidTypeDomain, "-", u"BOX" },
    { u"Administrators", lsarpc_SidTypeAlias, "S-1-5-32-544", u"BUILTIN" },
    { u"builtin\\users", lsarpc_SidTypeAlias, "S-1-5-32-545", u"BUILTIN" },
    { u"BUILTIN", lsarpc_SidTypeDomain, "S-1-5-32", u"BUILTIN" },
    { u"BUILTIN\\", lsarpc_SidTypeDomain, "S-1-5-32", u"BUILTIN" },
    { u"", lsarpc_SidTypeDomain, "S-1-5-32", u"BUILTIN" },
    { u"everyone", lsarpc_SidTypeWellKnownGroup, "S-1-1-0", u"" },
    { u"\\Everyone", lsarpc_SidTypeWellKnownGroup, "S-1-1-0", u"" },
    { u"NT AUTHORITY\\SYSTEM", lsarpc_SidTypeWellKnownGroup, "S-1-5-18", u"NT AUTHORITY" },
    { u"Authenticated Users", lsarpc_SidTypeWellKnownGroup, "S-1-5-11", u"NT AUTHORITY" },
    { u"NTLM Authentication", lsarpc_SidTypeWellKnownGroup, "S-1-5-64-10", u"NT AUTHORITY" },
    { u"Mandatory Label\\High Mandatory Level", lsarpc_SidTypeLabel, "S-1-16-12288", u"Mandatory Label" },
    { u"nobody", lsarpc_SidTypeUnknown, NULL, NULL },
    { u"WORKGROUP", lsarpc_SidTypeUnknown, NULL, NULL },
    { u"WORKGROUP\\admin", lsarpc_SidTypeUnknown, NULL, NULL },
    { u"admin@box", lsarpc_SidTypeUnknown, NULL, NULL },
    { u"box\\nobody", lsarpc_SidTypeUnknown, NULL, u"BOX" },
    { u"box\\Administrators", lsarpc_SidTypeUnknown, NULL, u"BOX" },
    { u"BUILTIN\\admin", lsarpc_SidTypeUnknown, NULL, u"BUILTIN" },
    { u"NT AUTHORITY\\nobody", lsarpc_SidTypeUnknown, NULL, u"NT AUTHORITY" },
    { u"\\nobody", lsarpc_SidTypeUnknown, NULL, NULL },
    { u"a\\b\\c", lsarpc_SidTypeUnknown, NULL, NULL },
    { u"\xd800", lsarpc_SidTypeUnknown, NULL, NULL },
};
enum { NAMES = COUNT(names), KNOWN = 17 };

static struct nt_sid expected(struct world *w, const char *text)
{
    struct samdb_domain dom;
    struct nt_sid sid;
    if (text[0] != '-')
        return sid_of(text);
    assert_int_equal(samdb_domain(w->db, w->mem, &dom), STATUS_SUCCESS);
    if (!text[1])
        return dom.sid;
    assert_int_equal(nt_sid_append(&dom.sid, (uint32_t)atoi(text + 1), &sid), STATUS_SUCCESS);
    return sid;
}

static void check_name(struct world *w, const struct name_row *x,
                       const struct lsarpc_LSAPR_REFERENCED_DOMAIN_LIST *l,
                       const struct lsarpc_LSAPR_TRANSLATED_SID_EX2 *got)
{
    assert_int_equal(got->Use, x->use);
    assert_int_equal(got->Flags, 0);
    assert_true((got->DomainIndex >= 0) == (x->domain != NULL));
    if (x->domain)
        assert_true(same(&l->Domains[got->DomainIndex].Name, x->domain));
    assert_true(!got->Sid == !x->sid);
    if (x->sid) {
        struct nt_sid sid = expected(w, x->sid);
        assert_true(nt_sid_equal(got->Sid, &sid));
    }
}

static void by_name(void **state)
{
    struct world *w = *state;
    struct rpc_conn *e = LSA(w, w->eve);
    struct ndr_handle h = policy(w, e, lsarpc_POLICY_LOOKUP_NAMES);
    struct dtyp_RPC_UNICODE_STRING list[NAMES];
    for (size_t i = 0; i < NAMES; i++)
        list[i] = string(names[i].name);
    struct lsarpc_LsarLookupNames3 r = { .in = { h, NAMES, list, .LookupLevel = lsarpc_LsapLookupWksta,
                                                 .ClientRevision = 2 } };
    CALL(lsarpc_LsarLookupNames3, e, &r);
    assert_int_equal(r.out.result, STATUS_SOME_NOT_MAPPED);
    assert_int_equal(r.out.MappedCount, KNOWN);
    assert_int_equal(r.out.TranslatedSids.Entries, NAMES);
    for (size_t i = 0; i < NAMES; i++)
        check_name(w, &names[i], r.out.ReferencedDomains, &r.out.TranslatedSids.Sids[i]);
    /* the same without SIDs */
    struct lsarpc_LsarLookupNames2 r2 = { .in = { h, NAMES, list, .LookupLevel = lsarpc_LsapLookupWksta } };
    CALL(lsarpc_LsarLookupNames2, e, &r2);
    struct lsarpc_LsarLookupNames r1 = { .in = { h, KNOWN, list, .LookupLevel = lsarpc_LsapLookupWksta } };
    CALL(lsarpc_LsarLookupNames, e, &r1);
    assert_int_equal(r2.out.result, STATUS_SOME_NOT_MAPPED);
    assert_int_equal(r1.out.result, STATUS_SUCCESS);
    for (size_t i = 0; i < KNOWN; i++) {
        const struct nt_sid *sid = r.out.TranslatedSids.Sids[i].Sid;
        uint32_t rid = names[i].use == lsarpc_SidTypeDomain ? UINT32_MAX : sid->sub[sid->count - 1];
        assert_int_equal(r2.out.TranslatedSids.Sids[i].RelativeId, rid);
        assert_int_equal(r1.out.TranslatedSids.Sids[i].RelativeId, rid);
        assert_int_equal(r1.out.TranslatedSids.Sids[i].Use, names[i].use);
    }
    /* what no machine by itself can know */
    r.in.LookupLevel = lsarpc_LsapLookupPDC;
    CALL(lsarpc_LsarLookupNames3, e, &r);
    assert_int_equal(r.out.result, STATUS_NONE_MAPPED);
    assert_int_equal(r.out.TranslatedSids.Entries, NAMES);
    r.in.LookupOptions = 0x80000000; /* only with the level Wksta */
    CALL(lsarpc_LsarLookupNames3, e, &r);
    assert_int_equal(r.out.result, STATUS_INVALID_PARAMETER);
    assert_null(r.out.ReferencedDomains);
    assert_int_equal(r.out.TranslatedSids.Entries, 0);
    r.in.LookupLevel = lsarpc_LsapLookupWksta;
    CALL(lsarpc_LsarLookupNames3, e, &r);
    assert_int_equal(r.out.result, STATUS_SOME_NOT_MAPPED);
    r.in.LookupLevel = (enum lsarpc_LSAP_LOOKUP_LEVEL)8;
    CALL(lsarpc_LsarLookupNames3, e, &r);
    assert_int_equal(r.out.result, STATUS_INVALID_PARAMETER);
    /* no NULs ([MS-LSAD] 3.1.4.10) */
    struct dtyp_RPC_UNICODE_STRING nul = { 12, 12, (char16_t[]){ 'a', 'd', 'm', 'i', 'n', 0 } };
    struct lsarpc_LsarLookupNames n = { .in = { h, 1, &nul, .LookupLevel = lsarpc_LsapLookupWksta } };
    CALL(lsarpc_LsarLookupNames, e, &n);
    assert_int_equal(n.out.result, STATUS_INVALID_PARAMETER);
    rpc_close(e);
}

static void by_sid(void **state)
{
    struct world *w = *state;
    struct rpc_conn *e = LSA(w, w->eve);
    struct ndr_handle h = policy(w, e, lsarpc_POLICY_LOOKUP_NAMES);
    struct nt_sid sids[KNOWN + 5];
    struct lsarpc_LSAPR_SID_INFORMATION info[KNOWN + 5];
    for (size_t i = 0; i < KNOWN; i++)
        sids[i] = expected(w, names[i].sid);
    sids[KNOWN] = expected(w, "-4711");
    sids[KNOWN + 1] = sid_of("S-1-5-32-999");
    sids[KNOWN + 2] = sid_of("S-1-5-21-1-2-3-500");
    sids[KNOWN + 3] = sid_of("S-1-5-80-1-2-3-4-5");
    sids[KNOWN + 4] = sid_of("S-1-5-80");
    for (size_t i = 0; i < COUNT(sids); i++)
        info[i].Sid = &sids[i];
    struct lsarpc_LsarLookupSids2 r = {
        .in = { h, { COUNT(sids), info }, .LookupLevel = lsarpc_LsapLookupWksta, .ClientRevision = 2 }
    };
    CALL(lsarpc_LsarLookupSids2, e, &r);
    assert_int_equal(r.out.result, STATUS_SOME_NOT_MAPPED);
    assert_int_equal(r.out.MappedCount, KNOWN + 1);
    const struct lsarpc_LSAPR_TRANSLATED_NAME_EX *got = r.out.TranslatedNames.Names;
    for (size_t i = 0; i < KNOWN; i++) {
        assert_int_equal(got[i].Use, names[i].use);
        assert_true(same(&r.out.ReferencedDomains->Domains[got[i].DomainIndex].Name, names[i].domain));
    }
    assert_true(same(&got[0].Name, u"admin")); /* as it is spelled in the store */
    assert_true(same(&got[KNOWN].Name, u"00001267"));
    assert_true(same(&r.out.ReferencedDomains->Domains[got[KNOWN].DomainIndex].Name, u"BOX"));
    assert_true(same(&got[KNOWN + 1].Name, u"000003E7"));
    assert_true(same(&got[KNOWN + 2].Name, u"S-1-5-21-1-2-3-500"));
    assert_int_equal(got[KNOWN + 2].DomainIndex, -1);
    assert_int_equal(got[KNOWN + 3].Use, lsarpc_SidTypeUnknown);
    assert_int_equal(got[KNOWN + 4].Flags, 4);
    struct lsarpc_LsarLookupSids r1 = { .in = { h, { KNOWN, info }, .LookupLevel = lsarpc_LsapLookupWksta } };
    CALL(lsarpc_LsarLookupSids, e, &r1);
    assert_int_equal(r1.out.result, STATUS_SUCCESS);
    info[1].Sid = NULL;
    CALL(lsarpc_LsarLookupSids, e, &r1);
    assert_int_equal(r1.out.result, STATUS_INVALID_PARAMETER);
    assert_null(r1.out.ReferencedDomains);
    struct lsarpc_LsarLookupSids none = {
        .in = { h, { 1, &info[KNOWN + 2] }, .LookupLevel = lsarpc_LsapLookupPDC }
    };
    CALL(lsarpc_LsarLookupSids, e, &none);
    assert_int_equal(none.out.result, STATUS_NONE_MAPPED);
    assert_int_equal(none.out.TranslatedNames.Names[0].Name.Length, 0);
    rpc_close(e);
}

/* As many as there may be. */
static void many_sids(void **state)
{
    enum { MANY = 20480 };
    struct world *w = *state;
    struct rpc_conn *e = LSA(w, w->eve);
    struct ndr_handle h = policy(w, e, lsarpc_POLICY_LOOKUP_NAMES);
    struct nt_sid *sids = calloc(MANY, sizeof *sids);
    struct lsarpc_LSAPR_SID_INFORMATION *info = calloc(MANY, sizeof *info);
    assert_true(sids && info);
    struct nt_sid dom = expected(w, "-");
    for (uint32_t i = 0; i < MANY; i++) {
        assert_int_equal(nt_sid_append(&dom, 500 + i, &sids[i]), STATUS_SUCCESS);
        info[i].Sid = &sids[i];
    }
    struct lsarpc_LsarLookupSids r = { .in = { h, { MANY, info }, .LookupLevel = lsarpc_LsapLookupWksta } };
    CALL(lsarpc_LsarLookupSids, e, &r);
    assert_int_equal(r.out.result, STATUS_SOME_NOT_MAPPED);
    assert_int_equal(r.out.TranslatedNames.Entries, MANY);
    assert_int_equal(r.out.MappedCount, 4); /* admin, Guest, None, eve */
    assert_int_equal(r.out.ReferencedDomains->Entries, 1);
    free(sids);
    free(info);
    rpc_close(e);
}

static void user_name(void **state)
{
    struct world *w = *state;
    struct rpc_conn *e = LSA(w, w->eve);
    struct samdb_user u = { .name = "eva" };
    struct samdb_name n;
    struct dtyp_RPC_UNICODE_STRING *none = NULL;
    struct lsarpc_LsarGetUserName r = { .in = { .DomainName = &none } };
    CALL(lsarpc_LsarGetUserName, e, &r);
    assert_int_equal(r.out.result, STATUS_SUCCESS);
    assert_true(same(r.out.UserName, u"eve"));
    assert_true(same(*r.out.DomainName, u"BOX"));
    /* it has another name by now */
    assert_int_equal(samdb_find(w->db, SAMDB_ACCOUNT, "eve", w->mem, &n), STATUS_SUCCESS);
    u.rid = n.rid;
    assert_int_equal(samdb_user_set(w->db, &u, SAMDB_F_NAME), STATUS_SUCCESS);
    r.in.DomainName = NULL;
    CALL(lsarpc_LsarGetUserName, e, &r);
    assert_true(same(r.out.UserName, u"eva"));
    assert_null(r.out.DomainName);
    rpc_close(e);
}

/* ---- privileges, accounts ---- */

static void privileges(void **state)
{
    struct world *w = *state;
    struct rpc_conn *e = LSA(w, w->eve);
    struct ndr_handle h = policy(w, e, 0x801);
    struct lsarpc_LsarEnumeratePrivileges r = { .in = { h, 0, UINT32_MAX } };
    CALL(lsarpc_LsarEnumeratePrivileges, e, &r);
    assert_int_equal(r.out.result, STATUS_SUCCESS);
    assert_int_equal(r.out.EnumerationBuffer.Entries, 34);
    struct lsarpc_LSAPR_PRIVILEGE_ENUM_BUFFER all = r.out.EnumerationBuffer;
    r.in.EnumerationContext = r.out.EnumerationContext;
    CALL(lsarpc_LsarEnumeratePrivileges, e, &r);
    assert_int_equal(r.out.result, STATUS_NO_MORE_ENTRIES);
    assert_int_equal(r.out.EnumerationBuffer.Entries, 0);
    uint32_t n = 0, calls = 0;
    r.in = (__typeof__(r.in)){ h, 0, 0 }; /* one at a time */
    do {
        CALL(lsarpc_LsarEnumeratePrivileges, e, &r);
        n += r.out.EnumerationBuffer.Entries;
        r.in.EnumerationContext = r.out.EnumerationContext;
        calls++;
    } while (r.out.result == STATUS_MORE_ENTRIES);
    assert_int_equal(r.out.result, STATUS_SUCCESS);
    assert_int_equal(n, 34);
    assert_int_equal(calls, 34);
    r.in.EnumerationContext = UINT32_MAX;
    CALL(lsarpc_LsarEnumeratePrivileges, e, &r);
    assert_int_equal(r.out.result, STATUS_NO_MORE_ENTRIES);
    for (uint32_t i = 0; i < all.Entries; i++) {
        struct lsarpc_LsarLookupPrivilegeValue v = { .in = { h, all.Privileges[i].Name } };
        CALL(lsarpc_LsarLookupPrivilegeValue, e, &v);
        assert_int_equal(v.out.result, STATUS_SUCCESS);
        assert_int_equal(v.out.Value.LowPart, all.Privileges[i].LocalValue.LowPart);
        struct lsarpc_LsarLookupPrivilegeName back = { .in = { h, v.out.Value } };
        CALL(lsarpc_LsarLookupPrivilegeName, e, &back);
        assert_int_equal(back.out.result, STATUS_SUCCESS);
        assert_int_equal(back.out.Name->Length, all.Privileges[i].Name.Length);
    }
    struct lsarpc_LsarLookupPrivilegeName no = { .in = { h, { 36, 0 } } };
    CALL(lsarpc_LsarLookupPrivilegeName, e, &no);
    assert_int_equal(no.out.result, STATUS_NO_SUCH_PRIVILEGE);
    no.in.Value = (struct dtyp_LUID){ 8, 1 };
    CALL(lsarpc_LsarLookupPrivilegeName, e, &no);
    assert_int_equal(no.out.result, STATUS_NO_SUCH_PRIVILEGE);
    struct lsarpc_LsarLookupPrivilegeDisplayName d = { .in = { h, string(u"sebackupprivilege"), 0x407,
                                                               0x407 } };
    CALL(lsarpc_LsarLookupPrivilegeDisplayName, e, &d);
    assert_int_equal(d.out.result, STATUS_SUCCESS);
    assert_int_equal(d.out.LanguageReturned, 0x409);
    assert_true(same(d.out.DisplayName, u"Back up files and directories"));
    d.in.Name = string(u"SeNetworkLogonRight"); /* a right, but no privilege */
    CALL(lsarpc_LsarLookupPrivilegeDisplayName, e, &d);
    assert_int_equal(d.out.result, STATUS_NO_SUCH_PRIVILEGE);
    rpc_close(e);
}

static void accounts(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = LSA(w, w->admin), *e = LSA(w, w->eve);
    struct ndr_handle ha = policy(w, a, ALL_ACCESS), he = policy(w, e, MAXIMUM_ALLOWED);
    struct lsarpc_LsarEnumerateAccounts r = { .in = { he, 0, UINT32_MAX } };
    CALL(lsarpc_LsarEnumerateAccounts, e, &r);
    assert_int_equal(r.out.result, STATUS_SUCCESS);
    assert_int_equal(r.out.EnumerationBuffer.EntriesRead, 2);
    struct lsarpc_LsarOpenAccount o = { .in = { ha, sid_of("S-1-5-32-544"), lsarpc_ACCOUNT_VIEW } };
    CALL(lsarpc_LsarOpenAccount, a, &o);
    assert_int_equal(o.out.result, STATUS_SUCCESS);
    struct ndr_handle account = o.out.AccountHandle;
    struct lsarpc_LsarGetSystemAccessAccount s = { .in = { account } };
    CALL(lsarpc_LsarGetSystemAccessAccount, a, &s);
    assert_int_equal(s.out.SystemAccess, lsarpc_POLICY_MODE_NETWORK);
    struct lsarpc_LsarEnumeratePrivilegesAccount p = { .in = { account } };
    CALL(lsarpc_LsarEnumeratePrivilegesAccount, a, &p);
    assert_int_equal(p.out.Privileges->PrivilegeCount, 3);
    s.in.AccountHandle = ha; /* another kind of handle */
    CALL(lsarpc_LsarGetSystemAccessAccount, a, &s);
    assert_int_equal(s.out.result, STATUS_INVALID_HANDLE);
    struct lsarpc_LsarEnumeratePrivileges wrong = { .in = { account, 0, 100 } };
    CALL(lsarpc_LsarEnumeratePrivileges, a, &wrong);
    assert_int_equal(wrong.out.result, STATUS_INVALID_HANDLE);
    o.in.AccountSid = sid_of("S-1-5-32-545");
    CALL(lsarpc_LsarOpenAccount, a, &o);
    assert_int_equal(o.out.result, STATUS_OBJECT_NAME_NOT_FOUND);
    o.in = (__typeof__(o.in)){ he, sid_of("S-1-5-32-544"), lsarpc_ACCOUNT_VIEW };
    CALL(lsarpc_LsarOpenAccount, e, &o);
    assert_int_equal(o.out.result, STATUS_ACCESS_DENIED);
    struct lsarpc_LsarEnumerateAccountRights rights = { .in = { he, sid_of("S-1-1-0") } };
    CALL(lsarpc_LsarEnumerateAccountRights, e, &rights);
    assert_int_equal(rights.out.result, STATUS_SUCCESS);
    assert_int_equal(rights.out.UserRights.Entries, 2);
    struct dtyp_RPC_UNICODE_STRING right = string(u"SeSecurityPrivilege");
    struct lsarpc_LsarEnumerateAccountsWithUserRight with = { .in = { ha, &right } };
    CALL(lsarpc_LsarEnumerateAccountsWithUserRight, a, &with);
    assert_int_equal(with.out.result, STATUS_SUCCESS);
    assert_int_equal(with.out.EnumerationBuffer.EntriesRead, 1);
    right = string(u"SeTcbPrivilege");
    CALL(lsarpc_LsarEnumerateAccountsWithUserRight, a, &with);
    assert_int_equal(with.out.result, STATUS_NO_MORE_ENTRIES);
    right = string(u"SeNothing");
    CALL(lsarpc_LsarEnumerateAccountsWithUserRight, a, &with);
    assert_int_equal(with.out.result, STATUS_NO_SUCH_PRIVILEGE);
    with.in.PolicyHandle = he;
    CALL(lsarpc_LsarEnumerateAccountsWithUserRight, e, &with);
    assert_int_equal(with.out.result, STATUS_ACCESS_DENIED);
    rpc_close(a);
    rpc_close(e);
}

/* ---- what there is not ---- */

static void refused(void **state)
{
    struct world *w = *state;
    struct rpc_conn *a = LSA(w, w->admin);
    struct ndr_handle h = policy(w, a, ALL_ACCESS);
    struct lsarpc_LsarOpenTrustedDomain t = { .in = { h, sid_of("S-1-5-21-1-2-3"), 1 } };
    CALL(lsarpc_LsarOpenTrustedDomain, a, &t);
    assert_int_equal(t.out.result, STATUS_DIRECTORY_SERVICE_REQUIRED);
    struct lsarpc_LsarEnumerateTrustedDomains d = { .in = { h, 0, 1000 } };
    CALL(lsarpc_LsarEnumerateTrustedDomains, a, &d);
    assert_int_equal(d.out.result, STATUS_NO_MORE_ENTRIES);
    assert_int_equal(d.out.EnumerationBuffer.EntriesRead, 0);
    /* as from a server that does not know them */
    struct lsarpc_LsarOpenSecret s = { .in = { h, string(u"$MACHINE.ACC"), 2 } };
    assert_int_equal(lsarpc_LsarOpenSecret(a, w->mem, &s), RPC_NT_PROCNUM_OUT_OF_RANGE);
    struct lsarpc_LsarCreateAccount c = { .in = { h, sid_of("S-1-1-0"), 1 } };
    assert_int_equal(lsarpc_LsarCreateAccount(a, w->mem, &c), RPC_NT_PROCNUM_OUT_OF_RANGE);
    /* these are for TCP */
    struct nt_sid sid = sid_of("S-1-1-0");
    struct lsarpc_LSAPR_SID_INFORMATION info = { &sid };
    struct lsarpc_LsarLookupSids3 l = { .in = { { 1, &info }, .LookupLevel = lsarpc_LsapLookupWksta } };
    assert_int_equal(lsarpc_LsarLookupSids3(a, w->mem, &l), STATUS_ACCESS_DENIED);
    rpc_close(a);
}

/* A null session is told who it is, and that it may not. */
static void stranger(void **state)
{
    struct world *w = *state;
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct sec_creds *nobody = NULL;
    struct rpc_conn *c = NULL;
    co.mech = SEC_MECH_ANONYMOUS;
    assert_int_equal(sec_creds_new(&co, &nobody, NULL), STATUS_SUCCESS);
    assert_int_not_equal(world_try(w, nobody, "lsarpc", &lsarpc_interface, &c), STATUS_SUCCESS);
    world_stop(w);
    w->strangers = true;
    world_start(w);
    enum nt_status st = world_try(w, nobody, "lsarpc", &lsarpc_interface, &c);
    if (st != STATUS_SUCCESS)
        fail_msg("%s", w->err.text);
    struct ndr_handle h;
    assert_int_equal(try_policy(w, c, 0x800, &h), STATUS_ACCESS_DENIED);
    assert_int_equal(try_policy(w, c, MAXIMUM_ALLOWED, &h), STATUS_ACCESS_DENIED);
    struct dtyp_RPC_UNICODE_STRING *none = NULL;
    struct lsarpc_LsarGetUserName r = { .in = { .DomainName = &none } };
    CALL(lsarpc_LsarGetUserName, c, &r);
    assert_true(same(r.out.UserName, u"ANONYMOUS LOGON"));
    assert_true(same(*r.out.DomainName, u"NT AUTHORITY"));
    rpc_close(c);
    sec_creds_unref(nobody);
}

static void setup_role(void **state)
{
    struct world *w = *state;
    struct rpc_conn *e = world_open(w, w->eve, "lsarpc", &dssetup_interface);
    struct dssetup_DsRolerGetPrimaryDomainInformation r = { .in = { dssetup_DsRolePrimaryDomainInfoBasic } };
    CALL(dssetup_DsRolerGetPrimaryDomainInformation, e, &r);
    assert_int_equal(r.out.result, 0);
    assert_int_equal(r.out.DomainInfo->DomainInfoBasic.MachineRole, dssetup_DsRole_RoleStandaloneServer);
    assert_int_equal(ustr_cmp(r.out.DomainInfo->DomainInfoBasic.DomainNameFlat, u"WORKGROUP"), 0);
    assert_null(r.out.DomainInfo->DomainInfoBasic.DomainNameDns);
    r.in.InfoLevel = dssetup_DsRoleOperationState;
    CALL(dssetup_DsRolerGetPrimaryDomainInformation, e, &r);
    assert_int_equal(r.out.result, 0);
    assert_int_equal(r.out.DomainInfo->OperationStateInfo.OperationState, dssetup_DsRoleOperationIdle);
    rpc_close(e);
}

/* ---- the secure channel ---- */

static void add_computer(struct world *w, const char *name, uint32_t control, bool enable)
{
    uint32_t rid;
    struct samdb_user u = { .control = enable ? control : control | 1 };
    assert_int_equal(samdb_user_add(w->db, name, control, &rid), STATUS_SUCCESS);
    assert_int_equal(samdb_password_set(w->db, rid, "machine", 7, SAMDB_PASSWORD_FORCE, false),
                     STATUS_SUCCESS);
    u.rid = rid;
    assert_int_equal(samdb_user_set(w->db, &u, SAMDB_F_CONTROL), STATUS_SUCCESS);
}

static enum nt_status open_channel(struct world *w, const char *computer, const char *account,
                                   const char *password, struct nl_channel **ret)
{
    struct nl_options o = NL_OPTIONS_INIT;
    struct rpc_options ro = RPC_OPTIONS_INIT;
    struct rpc_binding *b = NULL;
    assert_int_equal(rpc_binding_parse("ncacn_ip_tcp:srv[1000]", &b, NULL), STATUS_SUCCESS);
    o.computer = computer;
    o.domain = "box";
    o.account = account;
    o.password = password;
    ro.loop = w->loop;
    ro.error = &w->err;
    ro.timeout_ms = 5000;
    enum nt_status st = nl_channel_open(b, &o, &ro, ret);
    rpc_binding_unref(b);
    return st;
}

static void channel(void **state)
{
    struct world *w = *state;
    struct nl_channel *c = NULL;
    add_computer(w, "WS1$", 0x80, true);
    add_computer(w, "WS2$", 0x80, false);
    if (open_channel(w, "WS1", NULL, "machine", &c) != STATUS_SUCCESS)
        fail_msg("%s", w->err.text);
    assert_int_equal(nl_channel_rid(c), 1001);
    /* and once more through it: the chain goes on */
    struct netlogon_NetrLogonGetCapabilities r = { .in = { u"srv", u"WS1", .QueryLevel = 1 } };
    nl_chain_next(nl_channel_chain(c), 1, &r.in.Authenticator);
    CALL(netlogon_NetrLogonGetCapabilities, nl_channel_conn(c), &r);
    assert_int_equal(r.out.result, STATUS_SUCCESS);
    assert_int_equal(r.out.Capabilities.ServerCapabilities, nl_channel_flags(c));
    nl_channel_close(c);
    assert_int_equal(open_channel(w, "WS1", NULL, "guessed", &c), STATUS_ACCESS_DENIED);
    assert_int_not_equal(open_channel(w, "WS2", NULL, "machine", &c), STATUS_SUCCESS); /* disabled */
    assert_int_equal(open_channel(w, "WS3", NULL, "machine", &c), STATUS_NO_TRUST_SAM_ACCOUNT);
    /* a user is no computer */
    assert_int_equal(open_channel(w, "WS1", "eve", "secret", &c), STATUS_NO_TRUST_SAM_ACCOUNT);
    /* by a pipe, without a channel */
    struct rpc_conn *e = world_open(w, w->admin, "netlogon", &netlogon_interface);
    struct netlogon_NetrLogonGetCapabilities no = { .in = { u"srv", u"WS1", .QueryLevel = 1 } };
    CALL(netlogon_NetrLogonGetCapabilities, e, &no);
    assert_int_equal(no.out.result, STATUS_ACCESS_DENIED);
    rpc_close(e);
}

#define WORLD(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(opened),   WORLD(granted), WORLD(aliases),   WORLD(classes),    WORLD(descriptor),
        WORLD(by_name),  WORLD(by_sid),  WORLD(many_sids), WORLD(user_name),  WORLD(privileges),
        WORLD(accounts), WORLD(refused), WORLD(stranger),  WORLD(setup_role), WORLD(channel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
