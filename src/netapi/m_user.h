// SPDX-License-Identifier: Apache-2.0
/* Users: what the NetUser functions share among each other. */
#ifndef NETAPI_M_USER_H
#define NETAPI_M_USER_H

#include "netapi/m_sam.h"

struct user {
    uint32_t rid;
    struct nt_sid sid;
    const struct samr_SAMPR_USER_ALL_INFORMATION *all;
    DWORD priv, auth_flags; /* with USER_NEEDS_PRIV */
    bool cannot_change;     /* with USER_NEEDS_DACL */
};

/* What a level wants beside SAMPR_USER_ALL_INFORMATION. */
enum {
    USER_NEEDS_PRIV = 1, /* the user's groups and what they mean: two more requests */
    USER_NEEDS_DACL = 2, /* UF_PASSWD_CANT_CHANGE: one more request */
};
struct user_level {
    DWORD level;
    size_t size;
    unsigned needs;
};
/* NULL: no such level to read. */
const struct user_level *user_level_find(DWORD level);

struct users {
    DWORD level;
    uint64_t now; /* for password_age */
    const struct user *v;
};
net_fill_fn user_fill; /* from: struct users */

/* Opens, asks and closes one user: 3 requests and what `needs` adds. */
enum nt_status user_fetch(struct net_call *c, const struct sam_domain *d, uint32_t rid, unsigned needs,
                          struct user *u);
/* priv and auth_flags from the handle of a user whose sid is set. */
enum nt_status user_priv(struct net_call *c, const struct sam_domain *d, const struct ndr_handle *h,
                         struct user *u);
enum nt_status user_cannot_change(struct net_call *c, const struct ndr_handle *h, const struct nt_sid *self,
                                  bool *ret);
/* Does the access list in a self-relative security descriptor keep a user from changing his password? */
bool user_dacl_forbids_change(const uint8_t *sd, size_t len, const struct nt_sid *self);

/* Global groups of a user. */
enum nt_status user_groups(struct net_call *c, const struct ndr_handle *h,
                           const struct samr_GROUP_MEMBERSHIP **ret, uint32_t *ret_n);
/* The user's SID, then those of n groups. */
enum nt_status user_sids(struct net_call *c, const struct sam_domain *d, const struct nt_sid *user,
                         const struct samr_GROUP_MEMBERSHIP *groups, uint32_t n, struct nt_sid **ret);
/* Adds the aliases of a domain that any of the SIDs belongs to, each once, by RID only. */
enum nt_status user_aliases(struct net_call *c, const struct ndr_handle *domain, const struct nt_sid *sids,
                            size_t n, struct sam_list *list);

/* A change to a user, gathered from some USER_INFO level. */
struct user_change {
    struct samr_SAMPR_USER_ALL_INFORMATION all; /* WhichFields says what is meant */
    struct sam_password password;
    const WCHAR *name;
    bool has_flags, has_priv, has_auth_flags, has_lm_hash;
    DWORD flags, priv, auth_flags;
    uint8_t lm_hash[16];
    uint8_t hours[UNITS_PER_WEEK / 8];
};
/* STATUS_INVALID_LEVEL; STATUS_INVALID_PARAMETER and kin with *ret_parm set to the field's number. `adding`:
 * for NetUserAdd, else for NetUserSetInfo. */
enum nt_status user_gather(struct net_call *c, DWORD level, const void *buf, bool adding,
                           struct user_change *ch, DWORD *ret_parm);
/* The rights to a user that this takes. */
uint32_t user_change_access(const struct user_change *ch);
/* Carries it out on an open user. */
enum nt_status user_apply(struct net_call *c, const struct sam_domain *d, const struct ndr_handle *h,
                          const struct nt_sid *self, struct user_change *ch, bool adding, DWORD *ret_parm);

#endif
