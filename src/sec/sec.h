// SPDX-License-Identifier: Apache-2.0
/*
 * Security providers: one table each (krb5, ntlm, spnego), used by SMB session setup and RPC bind alike.
 * The table is the design's section 9; a provider never does I/O but for krb5's start and step, which may
 * talk to a KDC (SEC_CAP_MAY_BLOCK: call them through io_work).
 */
#ifndef SEC_SEC_H
#define SEC_SEC_H

#include <msrpc/sec.h>
#include <msrpc/token.h>
#include "base/cursor.h"

#pragma GCC visibility push(default) /* shared between our own libraries, see the *_PRIVATE nodes */

struct sec_ctx; /* every provider's context begins with { const struct sec_provider *p; } */

enum sec_role { SEC_CLIENT, SEC_SERVER };

enum {
    SEC_CAP_MAY_BLOCK = 1,   /* start and step may block */
    SEC_CAP_HEADER_SIGN = 2, /* SIGN_ONLY parts are protected ([MS-RPCE] 3.3.1.5.2.2) */
    SEC_CAP_AUTH3 = 4,       /* in RPC the last leg goes by auth3 */
    SEC_CAP_ONE_CALL = 8,    /* one counter for both directions: a request only after the answer before */
};

/* Flags asked of, and granted by, a context. */
enum {
    SEC_FLAG_MUTUAL = 1,
    SEC_FLAG_DCE_STYLE = 2, /* three-leg Kerberos, as RPC uses it */
    SEC_FLAG_INTEGRITY = 4,
    SEC_FLAG_PRIVACY = 8,
    SEC_FLAG_ANONYMOUS = 16,
    SEC_FLAG_GUEST = 32,
    SEC_FLAG_DATAGRAM = 64,
    SEC_FLAG_HEADER_SIGN = 128, /* RPC header signing will be used: DCE style token layout */
};

/* What an acceptor knows: accounts, keys, its own names. */
struct sec_acceptor {
    void *arg;
    /* NTLM with nothing but a hash: STATUS_NO_SUCH_USER, STATUS_ACCOUNT_LOCKED_OUT... */
    enum nt_status (*nt_hash)(void *arg, const char16_t *user, size_t user_len, const char16_t *domain,
                              size_t domain_len, uint8_t ret_hash[16]);
    const char *netbios_name, *netbios_domain, *dns_name, *dns_domain; /* for NTLM target info */
    const char *keytab;      /* Kerberos: keys of the service, "FILE:/x"; NULL: no Kerberos */
    sec_account_fn *account; /* NTLM with all that there is to know; goes before nt_hash */
    void *account_arg;
    bool no_ntlm;    /* NTLM is switched off altogether */
    sec_pac_fn *pac; /* Kerberos: decodes a PAC; NULL: tokens have a name only */
    void *pac_arg;
    sec_schannel_fn *schannel; /* Netlogon secure channels; NULL: none */
    void *schannel_arg;
    const char *kdc_keytab; /* Kerberos: krbtgt's key, and PACs must have its signature; NULL: not checked */
};
/* NTLM can be had from it. */
static inline bool sec_acceptor_ntlm(const struct sec_acceptor *a)
{
    return !a->no_ntlm && (a->account || a->nt_hash);
}

struct sec_params {
    enum sec_role role;
    struct sec_creds *creds;    /* client */
    const char *service, *host; /* client's target: "cifs" + "dc1.lab.example"; principal cifs/host@ */
    unsigned flags;             /* SEC_FLAG_* asked for */
    enum sec_mech mech;         /* overrides creds' when not AUTO */
    /* Application data of the channel bindings (RFC 5929: "tls-server-end-point:" and a digest) of the
     * channel that carries the exchange; empty: none. A server that has some takes only clients that are
     * bound to the same. At most SEC_BINDINGS_MAX; copied. */
    struct nt_blob channel_bindings;
    const struct sec_acceptor *acceptor; /* server */
    const struct nt_env *env;
    const struct sec_schannel_key *schannel; /* client, for the provider of that name; copied */
    const char *peer;        /* server: address of the client, for the account callback; NULL: unknown */
    struct nt_error *err;    /* the sentence of a failure; may be NULL; must outlive the context */
    struct sec_claim *claim; /* server: gets the name that a client gives itself; the same holds */
};

/* Who a client says it is, before anything is proved: for logs. DOMAIN\user in UTF-8, cut where it is too
 * long; "" until it is known. */
struct sec_claim {
    char name[256];
};

/* The longest name of a type (RFC 5929), a colon and a SHA-512. */
#define SEC_BINDINGS_MAX 128u

enum sec_part_kind {
    SEC_PART_SIGN_ONLY, /* header signing: covered by the checksum, never encrypted */
    SEC_PART_DATA,      /* signed, encrypted at SEC_LEVEL_PRIVACY, in place; auth padding is DATA */
    SEC_PART_TOKEN,     /* where the signature or wrap header goes or is; last in wire order */
};
struct sec_iov {
    enum sec_part_kind kind;
    uint8_t *data;
    size_t len;
};

enum sec_item {
    SEC_ITEM_SESSION_KEY, /* NTLM: ExportedSessionKey (16); Kerberos: sub-session key bytes as they are */
    SEC_ITEM_PEER,        /* UTF-8: principal or DOMAIN\user */
    SEC_ITEM_SELF,        /* client, Kerberos: UTF-8, the principal that we are to the peer */
    SEC_ITEM_MECH,        /* "krb5", "ntlm" */
    SEC_ITEM_ENCTYPE,     /* Kerberos: uint32_t, host order */
    SEC_ITEM_PAC,         /* server, Kerberos: raw PAC */
    SEC_ITEM_FLAGS,       /* SEC_FLAG_* granted: unsigned, host order */
    SEC_ITEM_EXPIRES,     /* uint64_t NT time, host order */
    SEC_ITEM_TOKEN,       /* server: struct sec_token, see sec_ctx_token */
};

struct sec_provider {
    const char *name;      /* "krb5", "ntlm", "spnego", "schannel" */
    uint8_t rpc_auth_type; /* 16, 10, 9, 68 ([MS-RPCE] 2.2.1.1.7) */
    unsigned caps;         /* SEC_CAP_* */
    enum nt_status (*start)(const struct sec_params *p, struct sec_ctx **ret);
    /* in: the peer's token (empty at a client's first step). Appends ours to out (nothing appended: no token
     * to send). STATUS_MORE_PROCESSING_REQUIRED: another token is awaited. STATUS_SUCCESS: established. */
    enum nt_status (*step)(struct sec_ctx *c, struct nt_blob in, struct wr *out);
    /* Bytes of TOKEN for a message with data_len bytes of DATA. Fixed for a context and level, but for
     * Kerberos modes whose header depends on nothing but the enctype. */
    size_t (*token_size)(const struct sec_ctx *c, enum sec_level level, size_t data_len);
    /* In place, in wire order; consumes a sequence number also on failure. */
    enum nt_status (*protect)(struct sec_ctx *c, enum sec_level level, struct sec_iov *iov, size_t n);
    enum nt_status (*unprotect)(struct sec_ctx *c, enum sec_level level, struct sec_iov *iov, size_t n);
    /* Lends; valid as long as the context. STATUS_NOT_SUPPORTED for what the provider lacks. */
    enum nt_status (*query)(struct sec_ctx *c, enum sec_item what, struct nt_blob *ret);
    void (*free)(struct sec_ctx *c);
};

struct sec_ctx {
    const struct sec_provider *p;
};

extern const struct sec_provider sec_ntlm, sec_spnego, sec_schannel;
/* What an acceptor that speaks first sends: the mechanisms that it has ([MS-SPNG] 3.2.5.2). */
void sec_spnego_hint(const struct sec_acceptor *a, struct wr *out);
/* By name ("krb5", "ntlm", "spnego", "schannel") or RPC authentication type; NULL when not built in (krb5).
 */
const struct sec_provider *sec_provider_by_name(const char *name);
const struct sec_provider *sec_provider_by_type(uint8_t rpc_auth_type);

/* Convenience over the table; all accept what the table accepts. */
static inline void sec_free(struct sec_ctx *c)
{
    if (c)
        c->p->free(c);
}

/* The caller of an established acceptor: lent, good as long as the context or a reference of one's own. NULL
 * if the provider makes none. */
static inline const struct sec_token *sec_ctx_token(struct sec_ctx *c)
{
    struct nt_blob b;
    return c->p->query(c, SEC_ITEM_TOKEN, &b) == STATUS_SUCCESS
               ? (const struct sec_token *)(const void *)b.data
               : NULL;
}

/* "none", "connect", "integrity", "privacy": for logs and sentences. */
static inline const char *sec_level_name(enum sec_level l)
{
    return l == SEC_LEVEL_PRIVACY     ? "privacy"
           : l == SEC_LEVEL_INTEGRITY ? "integrity"
           : l == SEC_LEVEL_CONNECT   ? "connect"
                                      : "none";
}

/* Nobody has said who we are: no user, no secret, no cache or keytab by name. */
bool sec_creds_ambient(const struct sec_creds *c);
/* Before anybody else has them: fn is called when the last user has let go, for what their file names stand for. Once. */
void sec_creds_at_end(struct sec_creds *c, void (*fn)(void *arg), void *arg);

/* What was in a cache, and what it is called. */
struct sec_krb5_copy {
    char name[256], principal[256];
    unsigned tickets;
    uint32_t ends; /* seconds since 1970: when the last of them ends */
};
/* The tickets of a Kerberos cache of any type (NULL: the default one) as the content of a cache file, which is a
 * secret: behind `w`, whose limit holds. A status of Kerberos with a sentence, also for a cache without tickets;
 * STATUS_NOT_SUPPORTED in builds without it. */
enum nt_status sec_krb5_copy(const char *name, struct wr *w, struct sec_krb5_copy *ret, struct nt_error *err);

#pragma GCC visibility pop

#endif
