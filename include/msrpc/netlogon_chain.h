// SPDX-License-Identifier: Apache-2.0
/*
 * The Netlogon secure channel ([MS-NRPC] 3.1.4): how a computer and a domain controller agree on a session
 * key by the password of the computer's account, and prove with each call that they have it. AES only:
 * whoever does not negotiate it is refused (CVE-2022-38023). What protects the messages is the security
 * provider "schannel" of rpc_options, with the key that comes out here.
 */
#ifndef MSRPC_NETLOGON_CHAIN_H
#define MSRPC_NETLOGON_CHAIN_H

#include <msrpc/netlogon.h>
#include <msrpc/rpc_server.h>

NT_BEGIN_DECLS

/* NegotiateFlags ([MS-NRPC] 3.1.4.2) that matter here. */
enum nl_flags {
    NL_FLAG_RC4 = 0x00000004,
    NL_FLAG_STRONG_KEYS = 0x00004000,
    NL_FLAG_PASSWORD_SET2 = 0x00020000,
    NL_FLAG_DOMAIN_INFO = 0x00040000,
    NL_FLAG_AES = 0x01000000,
    NL_FLAG_SECURE_RPC = 0x40000000,
};
/* What Tern asks for and grants: all that has a meaning for clients of today, and not RC4. */
#define NL_FLAGS_SUPPORTED 0x612ffffbU
/* What neither role does without. */
#define NL_FLAGS_REQUIRED ((uint32_t)(NL_FLAG_AES | NL_FLAG_SECURE_RPC))

/* ---- keys and credentials ---- */

/* From the NT hash of the account's password and both challenges ([MS-NRPC] 3.1.4.3.1). */
NT_PUBLIC void nl_session_key(const uint8_t nt_hash[16], const uint8_t client_challenge[8],
                              const uint8_t server_challenge[8], uint8_t ret[16]);
/* [MS-NRPC] 3.1.4.4.1 */
NT_PUBLIC void nl_credential(const uint8_t key[16], const uint8_t in[8], uint8_t ret[8]);
/* What passwords and session keys inside calls are encrypted with: AES-128-CFB8, zero vector, in place. */
NT_PUBLIC void nl_crypt(const uint8_t key[16], void *data, size_t len, bool decrypt);

/* One side's memory of the credentials, call by call. */
struct nl_chain {
    uint8_t key[16];
    uint8_t stored[8];
};

/* The client's authenticator for its next call ([MS-NRPC] 3.1.4.5); `now` in seconds since 1970. */
NT_PUBLIC void nl_chain_next(struct nl_chain *c, uint32_t now, struct netlogon_NETLOGON_AUTHENTICATOR *ret);
/* The server's answer to that. STATUS_ACCESS_DENIED: not from who has the key; the channel is of no more use.
 */
NT_PUBLIC enum nt_status nl_chain_check(struct nl_chain *c,
                                        const struct netlogon_NETLOGON_AUTHENTICATOR *answer) NT_CHECKED;
/* The server's side: checks a client's authenticator and makes the answer. STATUS_ACCESS_DENIED, with the
 * chain as it was. */
NT_PUBLIC enum nt_status nl_chain_verify(struct nl_chain *c,
                                         const struct netlogon_NETLOGON_AUTHENTICATOR *from,
                                         struct netlogon_NETLOGON_AUTHENTICATOR *ret) NT_CHECKED;

/* ---- client ---- */

struct nl_options {
    size_t size;
    const char *computer; /* NetBIOS name, ASCII, at most 15 characters */
    const char *domain;   /* NetBIOS name of the domain */
    const char *account;  /* NULL: computer and '$' */
    const char *password; /* UTF-8, or: */
    const uint8_t *nt_hash;
    enum netlogon_NETLOGON_SECURE_CHANNEL_TYPE type; /* 0: WorkstationSecureChannel */
    uint32_t flags; /* NegotiateFlags to ask for; 0: NL_FLAGS_SUPPORTED. Must have NL_FLAGS_REQUIRED. */
};
#define NL_OPTIONS_INIT                                                                                      \
    {                                                                                                        \
        .size = sizeof(struct nl_options)                                                                    \
    }

struct nl_channel;

/* Authenticates to the domain controller over one connection without security, which the exchange is made
 * for, and opens a second one that is sealed with the key; then asks whether the server has seen and granted
 * what was negotiated, so that nobody has changed it on the way ([MS-NRPC] 3.1.4.1). `ro` says how to connect
 * (loop, time limits, error...); its creds, level, provider and schannel are not looked at. Waits; not from a
 * callback. STATUS_ACCESS_DENIED: wrong password, or the server does not prove that it knows it;
 * STATUS_NO_TRUST_SAM_ACCOUNT; STATUS_DOWNGRADE_DETECTED: no AES, or flags changed. */
NT_PUBLIC enum nt_status nl_channel_open(const struct rpc_binding *b, const struct nl_options *o,
                                         const struct rpc_options *ro, struct nl_channel **ret) NT_CHECKED;
NT_PUBLIC void nl_channel_close(struct nl_channel *c);
/* The sealed connection, for calls of netlogon; lent. */
NT_PUBLIC struct rpc_conn *nl_channel_conn(struct nl_channel *c);
/* For calls with authenticators. One such call at a time: the next one counts on the answer to the last. */
NT_PUBLIC struct nl_chain *nl_channel_chain(struct nl_channel *c);
/* For further connections, of other interfaces too; lent. */
NT_PUBLIC const struct sec_schannel_key *nl_channel_key(const struct nl_channel *c);
NT_PUBLIC uint32_t nl_channel_flags(const struct nl_channel *c); /* negotiated */
NT_PUBLIC uint32_t nl_channel_rid(const struct nl_channel *c);   /* of the account */

/* ---- server ---- */

/* A server's challenges and keys. Belongs to one thread, as the server does. */
struct nl_verifier;

/* The account that a computer authenticates as, "WS1$": its NT hash and what else is known of it. The
 * callback looks whether the account is of the type of channel. STATUS_NO_SUCH_USER... */
typedef enum nt_status nl_account_fn(void *arg, const char *account,
                                     enum netlogon_NETLOGON_SECURE_CHANNEL_TYPE type, struct nt_arena *mem,
                                     struct sec_account *ret);

NT_PUBLIC enum nt_status nl_verifier_new(const struct nt_env *env, const char *domain, nl_account_fn *account,
                                         void *arg, struct nl_verifier **ret) NT_CHECKED;
NT_PUBLIC void nl_verifier_free(struct nl_verifier *v);
/* NetrServerReqChallenge: for its handler, which returns the result as the operation's. */
NT_PUBLIC enum nt_status nl_verifier_challenge(struct nl_verifier *v,
                                               struct netlogon_NetrServerReqChallenge *r) NT_CHECKED;
/* NetrServerAuthenticate3 likewise. A challenge serves one try. Client challenges that are too simple are
 * refused (CVE-2020-1472), and so is whoever negotiates no AES. */
NT_PUBLIC enum nt_status nl_verifier_authenticate(struct nl_verifier *v,
                                                  struct netlogon_NetrServerAuthenticate3 *r) NT_CHECKED;
/* The chain of a computer that has authenticated, for calls with authenticators; NULL: none. The caller of
 * those has to be sealed under this computer's key: rpc_server_token()->workstation. */
NT_PUBLIC struct nl_chain *nl_verifier_chain(struct nl_verifier *v, const char *computer);
/* The flags negotiated with it, and those that it had asked for; false: none. */
NT_PUBLIC bool nl_verifier_flags(struct nl_verifier *v, const char *computer, uint32_t *ret_negotiated,
                                 uint32_t *ret_requested);
/* For rpc_server_options.schannel, with the verifier as its argument. */
NT_PUBLIC sec_schannel_fn nl_verifier_schannel;

NT_END_DECLS

#endif
