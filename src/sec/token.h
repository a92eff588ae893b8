// SPDX-License-Identifier: Apache-2.0
/* Making tokens: what the providers' acceptors and the local transports do once a caller is known. */
#ifndef SEC_TOKEN_H
#define SEC_TOKEN_H

#include <msrpc/token.h>

#pragma GCC visibility push(default) /* shared between our own libraries, see the *_PRIVATE nodes */

struct sec_token_source {
    unsigned flags;          /* SEC_TOKEN_LOCAL, SEC_TOKEN_KDC_SIGNED; the others follow from the rest */
    const char *mech;        /* "ntlm", "krb5", "schannel", "local" */
    const char *name;        /* as authenticated; NULL: "domain\\account" */
    const char *workstation; /* NULL: unknown */
    const struct sec_account *account; /* NULL: only the name is known */
    struct nt_blob session_key;
    uint64_t now;     /* NT time */
    uint64_t expires; /* NT time; 0: never */
    uint32_t uid, gid;
    const uint32_t *gids; /* SEC_TOKEN_LOCAL: supplementary groups */
    size_t n_gids;
};

/* STATUS_NO_MEMORY; STATUS_INVALID_SID for an account with more groups than SEC_GROUPS_MAX. */
enum nt_status sec_token_new(const struct sec_token_source *s, struct sec_token **ret);
/* A process of this machine: S-1-22-1-UID, groups S-1-22-2-GID, which is how Samba writes Unix ids as SIDs.
 */
enum nt_status sec_token_local(uint32_t uid, uint32_t gid, const uint32_t *gids, size_t n_gids,
                               struct sec_token **ret);

#pragma GCC visibility pop

#endif
