// SPDX-License-Identifier: Apache-2.0
/*
 * Inside of lsarpc: lsa.c has handles, policy and the table of operations, lsa_rights.c accounts and
 * privileges, lsa_view.c what names and SIDs there are, lsa_lookup.c the operations that translate them.
 */
#ifndef SERVE_M_LSA_H
#define SERVE_M_LSA_H

#include <msrpc/lsarpc.h>
#include "serve/m_host.h"

#define LSA_HANDLER(op) enum nt_status lsa_##op(struct rpc_server_call *call, struct lsarpc_##op *r)

/* ---- text on the wire ---- */
/* With a terminator behind it, which does not count; NULL stays NULL, with lengths 0. s is lent. */
struct dtyp_RPC_UNICODE_STRING lsa_string(const char16_t *s);
/* The same in the call's memory. STATUS_NO_MEMORY. */
enum nt_status lsa_put_string(struct rpc_server_call *call, const char16_t *s,
                              struct dtyp_RPC_UNICODE_STRING **ret);
/* [MS-LSAD] 3.1.4.10: lengths are even, and nothing inside is a NUL. A terminated copy in mem, NULL: no
 * memory, or *ret_valid is false. */
char16_t *lsa_text(struct nt_arena *mem, const struct dtyp_RPC_UNICODE_STRING *s, bool *ret_valid);

/* ---- handles ([MS-LSAD] 3.1.1.7) ---- */
enum lsa_kind {
    LSA_POLICY,
    LSA_ACCOUNT,
};
struct lsa_object {
    enum lsa_kind kind;
    uint32_t granted;
    struct nt_sid sid; /* of an account */
};
/* What a handle stands for. STATUS_SUCCESS with *ret_result STATUS_SUCCESS, or what the operation says: it is
 * another kind of handle, or does not have all of these rights. Anything else is a fault: there is no such
 * handle. */
enum nt_status lsa_use(struct rpc_server_call *call, const struct ndr_handle *h, enum lsa_kind kind,
                       uint32_t rights, const struct lsa_object **ret, enum nt_status *ret_result);
/* [MS-LSAD] 3.1.4.2.1: a handle with the rights that were asked for; *ret_result as above. sid: of an
 * account. */
enum nt_status lsa_open(struct rpc_server_call *call, enum lsa_kind kind, const struct nt_sid *sid,
                        uint32_t desired, struct ndr_handle *ret, enum nt_status *ret_result);

/* Initialiser of a struct nt_sid: S-1-auth-..., n sub-authorities. */
#define LSA_SID(auth, n, ...)                                                                                \
    {                                                                                                        \
        1, n, { 0, 0, 0, 0, 0, auth },                                                                       \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }

/* ---- lsa_view.c: names and SIDs that this machine knows ([MS-LSAT] 3.1.1.1) ---- */
struct lsa_view {
    struct samdb *db;
    struct nt_arena *mem;
    const char16_t *machine; /* its account domain */
    struct nt_sid sid;
};
/* Something that has a name and a SID, or the domain in which it would be. */
struct lsa_entry {
    enum lsarpc_SID_NAME_USE use; /* SidTypeUnknown: the domain only */
    uint32_t flags;               /* [MS-LSAT] 2.2.21, 2.2.25 */
    const char16_t *name, *domain;
    struct nt_sid sid, domain_sid;
};
enum nt_status lsa_view_open(const struct serve_host *h, struct nt_arena *mem, struct lsa_view *ret);
/* STATUS_SUCCESS, also where only the domain is known; STATUS_NONE_MAPPED. */
enum nt_status lsa_by_sid(const struct lsa_view *v, const struct nt_sid *sid, struct lsa_entry *ret);
/* "name", "domain\\name". */
enum nt_status lsa_by_name(const struct lsa_view *v, const char16_t *name, struct lsa_entry *ret);

/* ---- operations ---- */
LSA_HANDLER(LsarLookupNames);
LSA_HANDLER(LsarLookupNames2);
LSA_HANDLER(LsarLookupNames3);
LSA_HANDLER(LsarLookupNames4);
LSA_HANDLER(LsarLookupSids);
LSA_HANDLER(LsarLookupSids2);
LSA_HANDLER(LsarLookupSids3);
LSA_HANDLER(LsarGetUserName);
LSA_HANDLER(LsarEnumeratePrivileges);
LSA_HANDLER(LsarLookupPrivilegeValue);
LSA_HANDLER(LsarLookupPrivilegeName);
LSA_HANDLER(LsarLookupPrivilegeDisplayName);
LSA_HANDLER(LsarEnumerateAccounts);
LSA_HANDLER(LsarOpenAccount);
LSA_HANDLER(LsarEnumeratePrivilegesAccount);
LSA_HANDLER(LsarGetSystemAccessAccount);
LSA_HANDLER(LsarEnumerateAccountsWithUserRight);
LSA_HANDLER(LsarEnumerateAccountRights);

#endif
