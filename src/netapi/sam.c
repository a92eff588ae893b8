// SPDX-License-Identifier: Apache-2.0
/* Connection to a server's account database, its domains, lookups and passwords; see m_sam.h. */
#include <stdlib.h>
#include <string.h>

#include "msrpc/samr_password.h"
#include "netapi/m_sam.h"

/* What is kept with a server. No call points into this: a connection that dies takes it away. */
struct sam {
    struct ndr_handle server;
    uint32_t features;
    struct {
        bool open;
        struct ndr_handle h;
        struct nt_sid sid;
        char16_t *name;
    } domain[2];
};

/* RIDs of this server do not make SIDs ([MS-SAMR] 2.2.7.15). */
#define FEATURE_ASK_FOR_SID 0x00000001

/* The association ends with the handles' owner: the server runs them down ([C706] 5.1.6), no call is needed.
 */
static void sam_free(void *p)
{
    struct sam *s = p;
    if (!s)
        return;
    free(s->domain[0].name);
    free(s->domain[1].name);
    free(s);
}

enum nt_status sam_run(struct net_call *c, const struct rpc_op *op, void *r, const enum nt_status *result)
{
    enum nt_status st = net_run(c, &samr_interface, op, r);
    return st == STATUS_SUCCESS ? net_answer_nt(c, *result) : st;
}

void sam_close(struct net_call *c, const struct ndr_handle *h)
{
    if (ndr_handle_is_null(h))
        return;
    struct nt_error keep = c->err; /* the sentence is about what failed before */
    struct samr_SamrCloseHandle r = { .in.SamHandle = *h };
    if (!nt_ok(net_run(c, &samr_interface, &samr_SamrCloseHandle_op, &r)))
        c->err = keep;
}

static enum nt_status bad_answer(struct net_call *c, const char *what)
{
    return nt_error_set(&c->err, STATUS_INVALID_NETWORK_RESPONSE,
                        "%s: the server's answer contradicts itself (%s)", c->srv->name, what);
}

/* ---- connection and domains ---- */

#define SERVER_ACCESS                                                                                        \
    (samr_SAM_SERVER_CONNECT | samr_SAM_SERVER_ENUMERATE_DOMAINS | samr_SAM_SERVER_LOOKUP_DOMAIN)

/* Servers before Windows XP do not have SamrConnect5, those before Windows 2000 SP2 not SamrConnect4. Only
 * "no such operation" leads to an older one: a refusal is an answer. */
static enum nt_status connect_server(struct net_call *c, struct ndr_handle *ret, uint32_t *ret_features)
{
    const char16_t *name = net_server_name(c);
    if (!name)
        return STATUS_NO_MEMORY;
    struct samr_SamrConnect5 r5 = { .in.ServerName = name,
                                    .in.DesiredAccess = SERVER_ACCESS,
                                    .in.InVersion = 1 };
    r5.in.InRevisionInfo.V1.Revision = 3;
    enum nt_status st = sam_run(c, &samr_SamrConnect5_op, &r5, &r5.out.result);
    *ret = r5.out.ServerHandle;
    *ret_features = nt_ok(st) && r5.out.OutVersion == 1 ? r5.out.OutRevisionInfo.V1.SupportedFeatures : 0;
    if (st != RPC_NT_PROCNUM_OUT_OF_RANGE)
        return st;
    c->err.text[0] = 0;
    struct samr_SamrConnect4 r4 = { .in.ServerName = name,
                                    .in.ClientRevision = 2,
                                    .in.DesiredAccess = SERVER_ACCESS };
    st = sam_run(c, &samr_SamrConnect4_op, &r4, &r4.out.result);
    *ret = r4.out.ServerHandle;
    if (st != RPC_NT_PROCNUM_OUT_OF_RANGE)
        return st;
    c->err.text[0] = 0;
    struct samr_SamrConnect2 r2 = { .in.ServerName = name, .in.DesiredAccess = SERVER_ACCESS };
    st = sam_run(c, &samr_SamrConnect2_op, &r2, &r2.out.result);
    *ret = r2.out.ServerHandle;
    return st;
}

static enum nt_status open_server(struct net_call *c, struct ndr_handle *ret)
{
    struct rpc_conn *conn;
    enum nt_status st = net_rpc(c, &samr_interface, &conn); /* drops what belongs to a dead connection */
    if (st != STATUS_SUCCESS)
        return st;
    struct sam *s = c->srv->sam;
    if (s) {
        *ret = s->server;
        return STATUS_SUCCESS;
    }
    struct ndr_handle h;
    uint32_t features;
    st = connect_server(c, &h, &features);
    if (!nt_ok(st))
        return st;
    if (!(s = calloc(1, sizeof *s))) {
        sam_close(c, &h);
        return STATUS_NO_MEMORY;
    }
    s->server = h;
    s->features = features;
    c->srv->sam = s;
    c->srv->sam_free = sam_free;
    *ret = h;
    return STATUS_SUCCESS;
}

bool sam_has_aes(const struct net_call *c)
{
    const struct sam *s = c->srv->sam;
    return s && s->features & SAMR_FEATURE_AES;
}

static const char16_t builtin[] = u"Builtin";

static bool is_builtin(const struct dtyp_RPC_UNICODE_STRING *name)
{
    return ustr_casecmp_len(name->Buffer, name->Length / 2u, builtin, USTR_NUL) == 0;
}

/* The name of the account domain: the one of the server's two domains that is not "Builtin". */
static enum nt_status account_name(struct net_call *c, const struct ndr_handle *server,
                                   struct dtyp_RPC_UNICODE_STRING *ret)
{
    struct samr_SamrEnumerateDomainsInSamServer r = { .in.ServerHandle = *server,
                                                      .in.PreferedMaximumLength = SAM_ALL };
    enum nt_status st = sam_run(c, &samr_SamrEnumerateDomainsInSamServer_op, &r, &r.out.result);
    if (!nt_ok(st))
        return st;
    const struct samr_SAMPR_ENUMERATION_BUFFER *b = r.out.Buffer;
    if (!b || (b->EntriesRead && !b->Buffer))
        return bad_answer(c, "a list of domains without domains");
    for (uint32_t i = 0; i < b->EntriesRead; i++) {
        const struct dtyp_RPC_UNICODE_STRING *name = &b->Buffer[i].Name;
        if (!sam_string_ok(name) || name->Length == 0)
            return bad_answer(c, "a domain without a name");
        if (is_builtin(name))
            continue;
        *ret = *name;
        return STATUS_SUCCESS;
    }
    return nt_error_set(&c->err, STATUS_NO_SUCH_DOMAIN, "%s has no account domain", c->srv->name);
}

static enum nt_status find_domain(struct net_call *c, const struct ndr_handle *server, enum sam_which which,
                                  struct dtyp_RPC_UNICODE_STRING *name, struct nt_sid *sid)
{
    if (which == SAM_BUILTIN) { /* [MS-DTYP] 2.4.2.4 */
        *name = (struct dtyp_RPC_UNICODE_STRING){ sizeof builtin - 2, sizeof builtin - 2,
                                                  (char16_t *)(uintptr_t)builtin };
        *sid = (struct nt_sid){ .revision = 1, .count = 1, .authority = { 0, 0, 0, 0, 0, 5 }, .sub = { 32 } };
        return STATUS_SUCCESS;
    }
    enum nt_status st = account_name(c, server, name);
    if (!nt_ok(st))
        return st;
    struct samr_SamrLookupDomainInSamServer r = { .in.ServerHandle = *server, .in.Name = *name };
    st = sam_run(c, &samr_SamrLookupDomainInSamServer_op, &r, &r.out.result);
    if (!nt_ok(st))
        return st;
    if (!r.out.DomainId || r.out.DomainId->count >= NT_SID_MAX_SUB)
        return bad_answer(c, "a domain without a usable SID");
    *sid = *r.out.DomainId;
    return STATUS_SUCCESS;
}

/* One handle with all rights that the caller has serves every later call; what he lacks is refused where it
 * is needed. */
static enum nt_status open_domain(struct net_call *c, enum sam_which which)
{
    struct ndr_handle server;
    struct dtyp_RPC_UNICODE_STRING name = { 0 };
    struct nt_sid sid;
    enum nt_status st = open_server(c, &server);
    struct sam *s = c->srv->sam;
    if (!nt_ok(st) || s->domain[which].open)
        return st;
    st = find_domain(c, &server, which, &name, &sid);
    if (!nt_ok(st))
        return st;
    struct samr_SamrOpenDomain r = { .in.ServerHandle = server,
                                     .in.DesiredAccess = SAM_MAXIMUM_ALLOWED,
                                     .in.DomainId = sid };
    st = sam_run(c, &samr_SamrOpenDomain_op, &r, &r.out.result);
    if (!nt_ok(st))
        return st;
    char16_t *copy = ustr_ndup(name.Buffer, name.Length / 2u);
    s = c->srv->sam; /* gone if the connection died on the way */
    if (!copy || !s) {
        free(copy);
        sam_close(c, &r.out.DomainHandle);
        return copy ? STATUS_CONNECTION_DISCONNECTED : STATUS_NO_MEMORY;
    }
    s->domain[which].open = true;
    s->domain[which].h = r.out.DomainHandle;
    s->domain[which].sid = sid;
    s->domain[which].name = copy;
    return STATUS_SUCCESS;
}

enum nt_status sam_domain(struct net_call *c, enum sam_which which, struct sam_domain *ret)
{
    enum nt_status st = open_domain(c, which);
    if (!nt_ok(st))
        return st;
    const struct sam *s = c->srv->sam;
    const char16_t *name = nt_arena_strdup16(c->mem, s->domain[which].name);
    if (!name)
        return STATUS_NO_MEMORY;
    *ret = (struct sam_domain){ s->domain[which].h, s->domain[which].sid, name };
    return STATUS_SUCCESS;
}

enum nt_status sam_rid_to_sid(struct net_call *c, const struct sam_domain *d, uint32_t rid,
                              struct nt_sid *ret)
{
    const struct sam *s = c->srv->sam;
    if (!s || !(s->features & FEATURE_ASK_FOR_SID))
        return nt_sid_append(&d->sid, rid, ret);
    struct samr_SamrRidToSid r = { .in.ObjectHandle = d->h, .in.Rid = rid };
    enum nt_status st = sam_run(c, &samr_SamrRidToSid_op, &r, &r.out.result);
    if (!nt_ok(st))
        return st;
    if (!r.out.Sid)
        return bad_answer(c, "a SID that is not there");
    *ret = *r.out.Sid;
    return STATUS_SUCCESS;
}

/* ---- strings ---- */

bool sam_string_ok(const struct dtyp_RPC_UNICODE_STRING *s)
{
    return s->Length % 2 == 0 && (s->Buffer || s->Length == 0);
}

enum nt_status sam_string(struct net_call *c, const WCHAR *s, size_t max, struct dtyp_RPC_UNICODE_STRING *ret)
{
    const char16_t *p = (const char16_t *)s;
    size_t n, bytes;
    if (!p)
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER, "a string that has to be there is NULL");
    n = ustr_nlen(p, max + 1);
    if (n > max)
        return nt_error_set(&c->err, STATUS_NAME_TOO_LONG, "a string is longer than %zu UTF-16 units", max);
    enum nt_status st = ustr_utf8_size(p, n, NULL, &bytes);
    if (st != STATUS_SUCCESS)
        return nt_error_set(&c->err, st,
                            "a string is no well-formed UTF-16: it has a surrogate without its other half");
    *ret = (struct dtyp_RPC_UNICODE_STRING){ (uint16_t)(2 * n), (uint16_t)(2 * n), (char16_t *)(uintptr_t)p };
    return STATUS_SUCCESS;
}

WCHAR *sam_put(struct net_buf *b, const struct dtyp_RPC_UNICODE_STRING *s)
{
    static const char16_t empty[1];
    return net_put_string_n(b, s->Buffer ? s->Buffer : empty, s->Buffer ? s->Length / 2u : 0);
}

PSID sam_put_sid(struct net_buf *b, const struct nt_sid *sid)
{
    _Static_assert(sizeof(SID) == offsetof(struct nt_sid, sub) + 4 &&
                       offsetof(SID, SubAuthority) == offsetof(struct nt_sid, sub),
                   "struct nt_sid has the layout of SID");
    return net_put_bytes(b, sid, nt_sid_wire_size(sid), 4);
}

/* ---- lookups ---- */

static enum nt_status lookup_chunk(struct net_call *c, const struct sam_domain *d,
                                   const struct dtyp_RPC_UNICODE_STRING *names, uint32_t n,
                                   struct sam_found *ret)
{
    struct samr_SamrLookupNamesInDomain r = { .in.DomainHandle = d->h, .in.Count = n };
    r.in.Names = (struct dtyp_RPC_UNICODE_STRING *)(uintptr_t)names;
    enum nt_status st = sam_run(c, &samr_SamrLookupNamesInDomain_op, &r, &r.out.result);
    for (uint32_t i = 0; i < n; i++)
        ret[i] = (struct sam_found){ 0, samr_SidTypeUnknown };
    if (st == STATUS_NONE_MAPPED) {
        c->err.text[0] = 0;
        return STATUS_SUCCESS;
    }
    if (!nt_ok(st))
        return st;
    if (r.out.RelativeIds.Count != n || r.out.Use.Count != n || !r.out.RelativeIds.Element ||
        !r.out.Use.Element)
        return bad_answer(c, "another number of accounts than names");
    for (uint32_t i = 0; i < n; i++)
        ret[i] = (struct sam_found){ r.out.RelativeIds.Element[i], r.out.Use.Element[i] };
    return STATUS_SUCCESS;
}

enum nt_status sam_lookup_names(struct net_call *c, const struct sam_domain *d,
                                const struct dtyp_RPC_UNICODE_STRING *names, size_t n, struct sam_found *ret)
{
    for (size_t at = 0; at < n; at += SAM_LOOKUP_MAX) {
        uint32_t some = (uint32_t)(n - at < SAM_LOOKUP_MAX ? n - at : SAM_LOOKUP_MAX);
        enum nt_status st = lookup_chunk(c, d, names + at, some, ret + at);
        if (!nt_ok(st))
            return st;
    }
    return STATUS_SUCCESS;
}

enum nt_status sam_lookup(struct net_call *c, const struct sam_domain *d, const WCHAR *name,
                          struct sam_found *ret)
{
    struct dtyp_RPC_UNICODE_STRING s;
    enum nt_status st = sam_string(c, name, UNLEN, &s);
    if (st == STATUS_SUCCESS && s.Length == 0)
        return STATUS_NONE_MAPPED;
    if (st == STATUS_SUCCESS)
        st = lookup_chunk(c, d, &s, 1, ret);
    if (!nt_ok(st))
        return st;
    return ret->use == samr_SidTypeUnknown ? STATUS_NONE_MAPPED : STATUS_SUCCESS;
}

static enum nt_status rids_chunk(struct net_call *c, const struct sam_domain *d, const uint32_t *rids,
                                 uint32_t n, struct dtyp_RPC_UNICODE_STRING *ret_names, uint32_t *ret_use)
{
    struct samr_SamrLookupIdsInDomain r = { .in.DomainHandle = d->h, .in.Count = n };
    r.in.RelativeIds = (uint32_t *)(uintptr_t)rids;
    enum nt_status st = sam_run(c, &samr_SamrLookupIdsInDomain_op, &r, &r.out.result);
    for (uint32_t i = 0; i < n; i++) {
        ret_names[i] = (struct dtyp_RPC_UNICODE_STRING){ 0 };
        ret_use[i] = samr_SidTypeUnknown;
    }
    if (st == STATUS_NONE_MAPPED) {
        c->err.text[0] = 0;
        return STATUS_SUCCESS;
    }
    if (!nt_ok(st))
        return st;
    if (r.out.Names.Count != n || r.out.Use.Count != n || !r.out.Names.Element || !r.out.Use.Element)
        return bad_answer(c, "another number of names than accounts");
    for (uint32_t i = 0; i < n; i++) {
        if (!sam_string_ok(&r.out.Names.Element[i]))
            return bad_answer(c, "a name without characters");
        ret_names[i] = r.out.Names.Element[i];
        ret_use[i] = r.out.Use.Element[i];
    }
    return STATUS_SUCCESS;
}

enum nt_status sam_lookup_rids(struct net_call *c, const struct sam_domain *d, const uint32_t *rids, size_t n,
                               struct dtyp_RPC_UNICODE_STRING *ret_names, uint32_t *ret_use)
{
    for (size_t at = 0; at < n; at += SAM_LOOKUP_MAX) {
        uint32_t some = (uint32_t)(n - at < SAM_LOOKUP_MAX ? n - at : SAM_LOOKUP_MAX);
        enum nt_status st = rids_chunk(c, d, rids + at, some, ret_names + at, ret_use + at);
        if (!nt_ok(st))
            return st;
    }
    return STATUS_SUCCESS;
}

enum nt_status sam_open_rid(struct net_call *c, const struct sam_domain *d, uint32_t rid, uint32_t access,
                            struct ndr_handle *ret)
{
    struct samr_SamrOpenUser r = { .in.DomainHandle = d->h, .in.DesiredAccess = access, .in.UserId = rid };
    enum nt_status st = sam_run(c, &samr_SamrOpenUser_op, &r, &r.out.result);
    *ret = r.out.UserHandle;
    return st;
}

enum nt_status sam_find_user(struct net_call *c, const struct sam_domain *d, const WCHAR *name,
                             struct sam_found *ret)
{
    enum nt_status st = sam_lookup(c, d, name, ret);
    if (st == STATUS_NONE_MAPPED ||
        (nt_ok(st) && ret->use != samr_SidTypeUser && ret->use != samr_SidTypeComputer))
        return nt_error_set(&c->err, STATUS_NO_SUCH_USER, "%s has no user of that name", c->srv->name);
    return st;
}

enum nt_status sam_open_user(struct net_call *c, const struct sam_domain *d, const WCHAR *name,
                             uint32_t access, struct ndr_handle *ret, uint32_t *ret_rid)
{
    struct sam_found f;
    enum nt_status st = sam_find_user(c, d, name, &f);
    if (!nt_ok(st))
        return st;
    *ret_rid = f.rid;
    return sam_open_rid(c, d, f.rid, access, ret);
}

enum nt_status sam_open_group(struct net_call *c, const struct sam_domain *d, const WCHAR *name,
                              uint32_t access, struct ndr_handle *ret, uint32_t *ret_rid)
{
    struct sam_found f;
    enum nt_status st = sam_lookup(c, d, name, &f);
    if (st == STATUS_NONE_MAPPED || (nt_ok(st) && f.use != samr_SidTypeGroup))
        return nt_error_set(&c->err, STATUS_NO_SUCH_GROUP, "%s has no global group of that name",
                            c->srv->name);
    if (!nt_ok(st))
        return st;
    struct samr_SamrOpenGroup r = { .in.DomainHandle = d->h,
                                    .in.DesiredAccess = access,
                                    .in.GroupId = f.rid };
    st = sam_run(c, &samr_SamrOpenGroup_op, &r, &r.out.result);
    *ret = r.out.GroupHandle;
    *ret_rid = f.rid;
    return st;
}

/* ---- account control, [MS-SAMR] 3.1.5.14.2 ---- */

static const struct {
    uint32_t sam, uf;
} control[] = {
    { samr_USER_ACCOUNT_DISABLED, UF_ACCOUNTDISABLE },
    { samr_USER_HOME_DIRECTORY_REQUIRED, UF_HOMEDIR_REQUIRED },
    { samr_USER_PASSWORD_NOT_REQUIRED, UF_PASSWD_NOTREQD },
    { samr_USER_TEMP_DUPLICATE_ACCOUNT, UF_TEMP_DUPLICATE_ACCOUNT },
    { samr_USER_NORMAL_ACCOUNT, UF_NORMAL_ACCOUNT },
    { samr_USER_MNS_LOGON_ACCOUNT, UF_MNS_LOGON_ACCOUNT },
    { samr_USER_INTERDOMAIN_TRUST_ACCOUNT, UF_INTERDOMAIN_TRUST_ACCOUNT },
    { samr_USER_WORKSTATION_TRUST_ACCOUNT, UF_WORKSTATION_TRUST_ACCOUNT },
    { samr_USER_SERVER_TRUST_ACCOUNT, UF_SERVER_TRUST_ACCOUNT },
    { samr_USER_DONT_EXPIRE_PASSWORD, UF_DONT_EXPIRE_PASSWD },
    { samr_USER_ACCOUNT_AUTO_LOCKED, UF_LOCKOUT },
    { samr_USER_ENCRYPTED_TEXT_PASSWORD_ALLOWED, UF_ENCRYPTED_TEXT_PASSWORD_ALLOWED },
    { samr_USER_SMARTCARD_REQUIRED, UF_SMARTCARD_REQUIRED },
    { samr_USER_TRUSTED_FOR_DELEGATION, UF_TRUSTED_FOR_DELEGATION },
    { samr_USER_NOT_DELEGATED, UF_NOT_DELEGATED },
    { samr_USER_USE_DES_KEY_ONLY, UF_USE_DES_KEY_ONLY },
    { samr_USER_DONT_REQUIRE_PREAUTH, UF_DONT_REQUIRE_PREAUTH },
    { samr_USER_PASSWORD_EXPIRED, UF_PASSWORD_EXPIRED },
    { samr_USER_TRUSTED_TO_AUTHENTICATE_FOR_DELEGATION, UF_TRUSTED_TO_AUTHENTICATE_FOR_DELEGATION },
    { samr_USER_NO_AUTH_DATA_REQUIRED, UF_NO_AUTH_DATA_REQUIRED },
    { samr_USER_PARTIAL_SECRETS_ACCOUNT, UF_PARTIAL_SECRETS_ACCOUNT },
    { samr_USER_USE_AES_KEYS, UF_USE_AES_KEYS },
};

uint32_t sam_flags_to_uf(uint32_t account_control)
{
    uint32_t uf = UF_SCRIPT; /* Windows always shows it: a relic of LAN Manager */
    for (size_t i = 0; i < sizeof control / sizeof *control; i++)
        if (account_control & control[i].sam)
            uf |= control[i].uf;
    return uf;
}

uint32_t sam_flags_from_uf(uint32_t uf)
{
    uint32_t sam = 0;
    for (size_t i = 0; i < sizeof control / sizeof *control; i++)
        if (uf & control[i].uf)
            sam |= control[i].sam;
    return sam;
}
