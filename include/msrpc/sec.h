// SPDX-License-Identifier: Apache-2.0
/* Credentials: who we are towards a server, and by which means we may prove it. */
#ifndef MSRPC_SEC_H
#define MSRPC_SEC_H

#include <msrpc/nt.h>

NT_BEGIN_DECLS

/* Protection of RPC PDUs, with the values of the wire ([MS-RPCE] 2.2.1.1.8). */
enum sec_level {
    SEC_LEVEL_DEFAULT = 0,
    SEC_LEVEL_NONE = 1,
    SEC_LEVEL_CONNECT = 2,
    SEC_LEVEL_INTEGRITY = 5,
    SEC_LEVEL_PRIVACY = 6,
};

/* Which mechanisms may be used. A failed mechanism is never replaced by a weaker one behind the user's back:
 * SEC_MECH_AUTO picks Kerberos when a ticket can be had for the target's name and NTLM only when Kerberos is
 * not applicable at all (no ccache and no realm, or the target is a numeric address); the choice is made
 * before the first token is sent. */
enum sec_mech {
    SEC_MECH_AUTO = 0,
    SEC_MECH_KRB5 = 1, /* Kerberos required: never sends an NTLM token */
    SEC_MECH_NTLM = 2,
    SEC_MECH_ANONYMOUS = 3, /* null session */
};

struct sec_creds; /* immutable, atomic reference count, secrets zeroed on release */

struct sec_creds_options {
    size_t size;
    enum sec_mech mech;
    const char *user;   /* UTF-8: "alice", "LAB\\alice", "alice@LAB.EXAMPLE"; NULL: the ccache's principal */
    const char *domain; /* NetBIOS or DNS domain, or realm; NULL: from `user`, else "" */
    const char
        *password; /* UTF-8; NULL: none (ccache or keytab); not kept in clear when an NT hash suffices */
    const uint8_t *nt_hash; /* 16 bytes instead of a password, for NTLM; NULL: none */
    const char
        *ccache; /* "FILE:/x", "DIR:", "KEYRING:", "KCM:", "MEMORY:x"; NULL: the default one, read only */
    const char *keytab;      /* "FILE:/x": initial credentials from a key; NULL: none */
    const char *workstation; /* NetBIOS name sent by NTLM; NULL: none */
    bool no_ntlm;            /* NTLM is switched off altogether */
};
#define SEC_CREDS_OPTIONS_INIT                                                                               \
    {                                                                                                        \
        .size = sizeof(struct sec_creds_options)                                                             \
    }

/* All strings are copied. STATUS_NO_MEMORY; STATUS_INVALID_PARAMETER for strings that are not UTF-8, or mech
 * and members that contradict each other (sentence in err). */
NT_PUBLIC enum nt_status sec_creds_new(const struct sec_creds_options *o, struct sec_creds **ret,
                                       struct nt_error *err) NT_CHECKED;
NT_PUBLIC struct sec_creds *sec_creds_ref(struct sec_creds *c);
NT_PUBLIC void sec_creds_unref(struct sec_creds *c);
/* For messages and caches: user and domain as given or parsed, "" when there are none; never a secret. */
NT_PUBLIC const char *sec_creds_user(const struct sec_creds *c);
NT_PUBLIC const char *sec_creds_domain(const struct sec_creds *c);
/* Same user, domain, mechanism and secrets (constant time over the secrets). */
NT_PUBLIC bool sec_creds_equal(const struct sec_creds *a, const struct sec_creds *b);

NT_END_DECLS

#endif
