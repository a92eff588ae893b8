// SPDX-License-Identifier: Apache-2.0
/* Private to the sec module: credentials as the providers see them, and what several providers share. */
#ifndef SEC_M_SEC_H
#define SEC_M_SEC_H

#include <stdatomic.h>

#include "sec/sec.h"

/* Ceiling of one token of any mechanism: the length fields of NTLM, of SMB session setup and of an RPC
 * authentication trailer have 16 bits. */
#define SEC_TOKEN_MAX 65535u

struct sec_creds {
    atomic_uint refs;
    size_t size; /* of its own memory */
    enum sec_mech mech;
    bool no_ntlm;
    bool has_hash;                       /* nt_hash is valid */
    bool upn;                            /* user came as user@realm: NTLM sends it so, with an empty domain */
    char *user;                          /* never NULL; "" when none */
    char *domain;                        /* never NULL; "" when none */
    char *password;                      /* behind this struct; NULL when none, or when the hash suffices */
    char *ccache, *keytab, *workstation; /* NULL when none */
    uint8_t nt_hash[16];
    void (*at_end)(void *arg); /* NULL: nothing */
    void *at_end_arg;
};

/* The mechanism that parameters and credentials together ask for. */
enum sec_mech sec_wanted_mech(const struct sec_params *p);
/* A target's host name that no provider may use: empty, with characters that end or split a principal, or
 * with a marshalled target inside (CVE-2025-33073). STATUS_INVALID_PARAMETER with a sentence. */
enum nt_status sec_check_host(const struct sec_params *p);
static inline const struct nt_env *sec_env(const struct sec_params *p)
{
    return p->env ? p->env : nt_env_system();
}
/* True for a numeric IPv4 or IPv6 address, zone id and brackets included: it has no Kerberos principal. */
bool sec_is_address(const char *host);

/* A NetBIOS name that a secure channel can be of: ASCII, not empty, at most SEC_SCHANNEL_NAME_MAX. */
bool sec_schannel_name_ok(const char *s);

/* Names of domains and realms: ASCII letters compare without case, in whatever locale the program is. */
bool sec_same_name(const char *a, size_t a_len, const char *b, size_t b_len);

/* SEC_MECH_AUTO: whether Kerberos applies to this target and these credentials: there is a ccache or keytab,
 * or the realm of a password is known, and the host is a name. May read files, asks no server. */
bool sec_krb5_applicable(const struct sec_params *p);
/* The Kerberos provider, or NULL when it is not built in. */
const struct sec_provider *sec_krb5_provider(void);

/* [MS-SPNG] 3.2.5.1, 3.3.5.1: the key stream that mechListMIC used is used again by the first message; only
 * the sequence numbers go on. */
void ntlm_rewind_keystream(struct sec_ctx *c);

#endif
