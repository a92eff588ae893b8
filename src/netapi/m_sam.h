// SPDX-License-Identifier: Apache-2.0
/*
 * Accounts over samr: what the NetUser, NetGroup, NetLocalGroup and NetQueryDisplayInformation functions
 * share.
 *
 * Handles of the account domain and of the built-in domain are opened once per connection and kept with the
 * server (struct net_server.sam); handles of users, groups and aliases live for one call. Whatever a server
 * answers is looked at here before anybody uses it: counts against pointers, pages against progress.
 */
#ifndef NETAPI_M_SAM_H
#define NETAPI_M_SAM_H

#include <msrpc/samr.h>
#include "netapi/m_netapi.h"

#define SAM_MAXIMUM_ALLOWED 0x02000000U /* [MS-DTYP] 2.4.3 */
#define SAM_READ_CONTROL    0x00020000U
#define SAM_WRITE_DAC       0x00040000U
#define SAM_DELETE          0x00010000U

/* Most names or RIDs of one lookup, [MS-SAMR] 3.1.5.11.2. */
#define SAM_LOOKUP_MAX 1000

enum sam_which { SAM_ACCOUNT, SAM_BUILTIN };

/* A copy for one call: the original goes away with its connection. */
struct sam_domain {
    struct ndr_handle h;
    struct nt_sid sid;
    const char16_t *name;
};

enum nt_status sam_domain(struct net_call *c, enum sam_which which, struct sam_domain *ret);
/* Does the server take AES passwords? Known once a domain is open. */
bool sam_has_aes(const struct net_call *c);

/* Runs an operation and gives what it answered. */
enum nt_status sam_run(struct net_call *c, const struct rpc_op *op, void *r, const enum nt_status *result);
/* Closes a handle of a user, group or alias; null handles and failures are passed over. */
void sam_close(struct net_call *c, const struct ndr_handle *h);

/* ---- strings ---- */

/* A caller's string as samr has it, not copied. STATUS_INVALID_PARAMETER for NULL; STATUS_NAME_TOO_LONG above
 * max units; STATUS_NO_UNICODE_TRANSLATION for lone surrogates. */
enum nt_status sam_string(struct net_call *c, const WCHAR *s, size_t max,
                          struct dtyp_RPC_UNICODE_STRING *ret);
#define SAM_MAX_STRING 32766 /* Length is 16 bits and counts bytes */
/* "" for a NULL buffer. */
WCHAR *sam_put(struct net_buf *b, const struct dtyp_RPC_UNICODE_STRING *s);
/* A server's string with a length but no characters, or with more than it has room for, is refused. */
bool sam_string_ok(const struct dtyp_RPC_UNICODE_STRING *s);

/* ---- names and RIDs ---- */

struct sam_found {
    uint32_t rid;
    uint32_t use; /* enum samr_SID_NAME_USE */
};
/* One account by name. STATUS_NONE_MAPPED; STATUS_INVALID_NETWORK_RESPONSE. */
enum nt_status sam_lookup(struct net_call *c, const struct sam_domain *d, const WCHAR *name,
                          struct sam_found *ret);
/* Several names or RIDs at once, any number; what is not there has use SidTypeUnknown or an empty name. */
enum nt_status sam_lookup_names(struct net_call *c, const struct sam_domain *d,
                                const struct dtyp_RPC_UNICODE_STRING *names, size_t n, struct sam_found *ret);
enum nt_status sam_lookup_rids(struct net_call *c, const struct sam_domain *d, const uint32_t *rids, size_t n,
                               struct dtyp_RPC_UNICODE_STRING *ret_names, uint32_t *ret_use);
enum nt_status sam_find_user(struct net_call *c, const struct sam_domain *d, const WCHAR *name,
                             struct sam_found *ret);
/* STATUS_NO_SUCH_USER, STATUS_NO_SUCH_GROUP when there is no such name or it is something else. */
enum nt_status sam_open_user(struct net_call *c, const struct sam_domain *d, const WCHAR *name,
                             uint32_t access, struct ndr_handle *ret, uint32_t *ret_rid);
/* The SID of an account of a domain. */
enum nt_status sam_rid_to_sid(struct net_call *c, const struct sam_domain *d, uint32_t rid,
                              struct nt_sid *ret);
enum nt_status sam_open_rid(struct net_call *c, const struct sam_domain *d, uint32_t rid, uint32_t access,
                            struct ndr_handle *ret);
enum nt_status sam_open_group(struct net_call *c, const struct sam_domain *d, const WCHAR *name,
                              uint32_t access, struct ndr_handle *ret, uint32_t *ret_rid);

/* ---- lists ---- */

struct sam_item {
    uint32_t rid;
    uint32_t flags; /* display lists: account control or attributes, and index */
    uint32_t index;
    struct dtyp_RPC_UNICODE_STRING name, comment, full_name; /* the last two only in display lists */
    void *more;                                              /* what a level needs beyond that */
};

struct sam_list {
    struct sam_item *v;
    size_t n, cap;
};

enum sam_kind { SAM_USERS, SAM_GROUPS, SAM_ALIASES };

/*
 * Accounts of a domain from *context on, which is moved. With max_len SAM_ALL pages are fetched until the
 * list ends, else one page of about that many bytes ([MS-SAMR] takes it as a hint) and *ret_more says whether
 * it goes on. A page that says "more" but has nothing, or does not move on, is
 * STATUS_INVALID_NETWORK_RESPONSE.
 */
#define SAM_ALL 0xFFFFFFFFU
enum nt_status sam_enum(struct net_call *c, enum sam_kind kind, const struct sam_domain *d, uint32_t filter,
                        uint32_t max_len, uint32_t *context, struct sam_list *list, bool *ret_more);
/* The same for a display list; at most max_entries (SAM_ALL: until the list ends) from *index on. */
enum nt_status sam_display(struct net_call *c, const struct sam_domain *d,
                           enum samr_DOMAIN_DISPLAY_INFORMATION kind, uint32_t max_entries, uint32_t max_len,
                           uint32_t *index, struct sam_list *list, bool *ret_more);
/* What a page of a list may ask of the server so that about prefmaxlen bytes of `elem` byte structures come
 * out. */
uint32_t sam_page_size(DWORD prefmaxlen, size_t elem);
/* How many of n entries of a list that came at once fit into prefmaxlen: at least one, if there is one. */
size_t sam_cut(DWORD prefmaxlen, size_t elem, size_t n);
struct sam_item *sam_list_add(struct net_call *c, struct sam_list *list);
enum nt_status sam_list_add_rid(struct net_call *c, struct sam_list *list, uint32_t rid, uint32_t flags);
/* Looks up the names of a list of RIDs; those that have none any more drop out. */
enum nt_status sam_list_names(struct net_call *c, const struct sam_domain *d, struct sam_list *list);
/* About how many accounts there are, for *totalentries of a list that is cut short; 0: the server does not
 * tell. */
size_t sam_count(struct net_call *c, enum sam_kind kind, const struct sam_domain *d);

/* ---- passwords: samr's three forms, see docs/passwords.md ---- */

struct sam_password {
    const char16_t *s; /* NULL: none is set */
    size_t units;
};
/* From a caller's string: NULL is "none". STATUS_NAME_TOO_LONG before anything is sent. */
enum nt_status sam_password(struct net_call *c, const WCHAR *s, struct sam_password *ret);
/* SamrSetInformationUser2 of the fields that all->WhichFields names and, unless it is none, of the password.
 */
enum nt_status sam_set_user(struct net_call *c, const struct ndr_handle *h,
                            struct samr_SAMPR_USER_ALL_INFORMATION *all, const struct sam_password *p);
/* By one who knows the old password. STATUS_WRONG_PASSWORD also for a user that does not exist: servers do
 * not tell. */
enum nt_status sam_change_password(struct net_call *c, const WCHAR *username, const struct sam_password *old,
                                   const struct sam_password *fresh);
/* Sets an LM hash (levels 21 and 22). */
enum nt_status sam_set_lm_hash(struct net_call *c, const struct ndr_handle *h, const uint8_t hash[16]);

/* ---- SIDs and names through lsarpc ---- */

struct sam_name {
    struct nt_sid sid;
    uint32_t use;                  /* SidTypeUnknown: not found */
    const char16_t *domain, *name; /* NULL where there is none */
};
/* Fills sid and use of n names ("DOMAIN\\name" or "name"), or domain, name and use of n SIDs. */
enum nt_status sam_names_to_sids(struct net_call *c, const WCHAR *const *names, size_t n,
                                 struct sam_name *ret);
enum nt_status sam_sids_to_names(struct net_call *c, struct sam_name *v, size_t n);

/* ---- results ---- */

/* A SID as Windows hands it out: its memory form. */
PSID sam_put_sid(struct net_buf *b, const struct nt_sid *sid);
/* The list as one block; *ret_entries and *ret_total are set, too. `more` makes it STATUS_MORE_ENTRIES. */
enum nt_status sam_result(const struct sam_list *list, size_t elem, net_fill_fn *fill, const void *from,
                          bool more, size_t total, LPBYTE *ret, LPDWORD ret_entries, LPDWORD ret_total);

/* ---- conversions ---- */

uint32_t sam_flags_to_uf(uint32_t account_control);
uint32_t sam_flags_from_uf(uint32_t uf);
static inline uint64_t sam_time(const struct samr_OLD_LARGE_INTEGER *t)
{
    return (uint64_t)(uint32_t)t->HighPart << 32 | t->LowPart;
}

#endif
