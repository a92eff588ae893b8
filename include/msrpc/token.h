// SPDX-License-Identifier: Apache-2.0
/*
 * Who a caller is, once a security context stands: what a server's handlers decide by. And what a server's
 * account database says of somebody who logs on.
 */
#ifndef MSRPC_TOKEN_H
#define MSRPC_TOKEN_H

#include <msrpc/nt.h>

NT_BEGIN_DECLS

/* Attributes of a group in a token: SE_GROUP_* of [MS-PAC] 2.2.1. */
enum sec_group_attributes {
    SEC_GROUP_MANDATORY = 0x1,
    SEC_GROUP_DEFAULT = 0x2,
    SEC_GROUP_ENABLED = 0x4,
    SEC_GROUP_OWNER = 0x8,
    SEC_GROUP_DENY_ONLY = 0x10,
    SEC_GROUP_RESOURCE = 0x20000000,
};
#define SEC_GROUP_USUAL (SEC_GROUP_MANDATORY | SEC_GROUP_DEFAULT | SEC_GROUP_ENABLED)

struct sec_group {
    struct nt_sid sid;
    uint32_t attributes; /* SEC_GROUP_* */
};

/* More than this no account is in: Windows itself stops at 1 015 groups of a token, and a PAC's lists are
 * compared with it. */
#define SEC_GROUPS_MAX 4096u

/* ---- accounts ---- */

/* Whom the database is asked for, as the client sent it; names are UTF-16 in host order and not terminated.
 */
struct sec_logon {
    size_t size;
    const char16_t *user, *domain, *workstation;
    size_t user_len, domain_len, workstation_len;
    const char *peer; /* address of the client; "" when unknown */
    /* Whether whoever logs on knows the password with that NT hash; NULL: it cannot be told. A database that
     * counts wrong passwords asks before it answers, so that counting and judging are one step. */
    bool (*knows)(void *arg, const uint8_t nt_hash[16]);
    void *knows_arg;
};

/* What it answers. Pointers may lie in the arena that the callback is given, or be good for as long as it. */
struct sec_account {
    size_t size;
    uint8_t nt_hash[16];   /* NTLM: MD4 of the password */
    struct nt_sid user;    /* count 0: accounts have no SIDs here; the token is then SEC_TOKEN_NAME_ONLY */
    struct nt_sid primary; /* primary group; count 0: none */
    const struct sec_group *groups;
    size_t n_groups;     /* at most SEC_GROUPS_MAX */
    const char *account; /* UTF-8 SAM account name; NULL: as the client wrote it */
    const char *domain;  /* UTF-8 NetBIOS domain; NULL: as the client wrote it */
    const char *full_name, *upn, *dns_domain, *logon_server; /* UTF-8; NULL: unknown */
    uint32_t control;                  /* USER_ACCOUNT codes ([MS-SAMR] 2.2.1.12); 0: unknown */
    uint32_t user_flags;               /* [MS-PAC] 2.5 UserFlags */
    uint64_t logon_time, kickoff_time; /* NT time; 0: now, never */
};

/* STATUS_SUCCESS with *ret filled (it comes zeroed, its size set); STATUS_NO_SUCH_USER,
 * STATUS_ACCOUNT_DISABLED, STATUS_ACCOUNT_LOCKED_OUT and kin end the logon. */
typedef enum nt_status sec_account_fn(void *arg, const struct sec_logon *who, struct nt_arena *mem,
                                      struct sec_account *ret);

/* A Kerberos ticket's privilege attribute certificate ([MS-PAC]), for whoever decodes it. Its server
 * signature has been checked, and that it was made for this client at this time; its KDC signature, if
 * kdc_signed. */
struct sec_pac {
    size_t size;
    struct nt_blob data;   /* PACTYPE and all buffers */
    const char *principal; /* client, UTF-8 */
    bool kdc_signed;
};
/* As sec_account_fn; libmsrpc has one, pac_account(). Whatever it returns but STATUS_SUCCESS ends the logon.
 */
typedef enum nt_status sec_pac_fn(void *arg, const struct sec_pac *pac, struct nt_arena *mem,
                                  struct sec_account *ret);

/* ---- secure channels ---- */

/* NetBIOS names of computers have 15 characters and of domains as many ([MS-NRPC] 2.2.1.3.1); DNS names of
 * domains, which some clients send instead, one label of at most 63. */
#define SEC_SCHANNEL_NAME_MAX 63u

/* What NetrServerAuthenticate3 leaves on both sides: the key of a Netlogon secure channel, and whose it is.
 * libmsrpc makes them: msrpc/netlogon_chain.h. */
struct sec_schannel_key {
    size_t size;
    uint8_t key[16];
    char computer[SEC_SCHANNEL_NAME_MAX + 1]; /* NetBIOS name, ASCII, without '$' */
    char domain[SEC_SCHANNEL_NAME_MAX + 1];
};

/* A server's answer to a client that names itself: *ret with key and names as the server knows them, and what
 * is known of the account (it may stay empty). Both are zeroed when it is called, but for their sizes.
 * Anything but STATUS_SUCCESS ends the bind. */
typedef enum nt_status sec_schannel_fn(void *arg, const char *computer, const char *domain,
                                       struct nt_arena *mem, struct sec_schannel_key *ret,
                                       struct sec_account *ret_account);

/* ---- tokens ---- */

enum sec_token_flags {
    SEC_TOKEN_ANONYMOUS = 1,   /* nobody in particular: no security context, or a null session */
    SEC_TOKEN_LOCAL = 2,       /* from this machine, by a unix socket; uid and gid hold */
    SEC_TOKEN_MACHINE = 4,     /* the account of a computer or of a trust */
    SEC_TOKEN_NAME_ONLY = 8,   /* authenticated, but its SIDs are not known: a ticket without a PAC */
    SEC_TOKEN_KDC_SIGNED = 16, /* the PAC's KDC signature was checked, besides the server's */
};

/* Immutable, with an atomic count. Strings are UTF-8, never NULL. */
struct sec_token {
    size_t size;
    unsigned flags;   /* SEC_TOKEN_* */
    const char *name; /* as authenticated: "DOMAIN\\user", a principal, "" */
    const char *account, *domain, *full_name, *upn, *dns_domain, *logon_server, *workstation;
    const char *mech;      /* "ntlm", "krb5", "schannel", "local", "" */
    struct nt_sid user;    /* anonymous: S-1-5-7; local: S-1-22-1-UID; name only: S-1-0-0 */
    struct nt_sid primary; /* S-1-0-0 when there is none */
    /* The account's groups, those of its domain and of others, and the well-known ones that follow from the
     * way it came: Everyone, NETWORK, Authenticated Users, NTLM Authentication... */
    const struct sec_group *groups;
    size_t n_groups;
    struct nt_blob session_key; /* NTLM: the exported one; Kerberos: the sub-session key; else empty */
    uint64_t privileges;        /* one bit for each LUID ([MS-LSAD] 3.1.1.2.1); 0: nobody has set any */
    uint32_t control, user_flags;
    uint64_t logon_time; /* NT time */
    uint64_t expires;    /* NT time: the ticket, or the account's kick-off; NT_TIME_NEVER */
    uint32_t uid, gid;   /* SEC_TOKEN_LOCAL */
};

NT_PUBLIC struct sec_token *sec_token_ref(const struct sec_token *t);
/* The last one wipes the session key. Accepts NULL. */
NT_PUBLIC void sec_token_unref(const struct sec_token *t);
/* The user, or a group that is enabled and not for denying only. */
NT_PUBLIC bool sec_token_has(const struct sec_token *t, const struct nt_sid *sid);
/* Nobody: no security context or a null session. Constant, needs no unref (which does no harm). */
NT_PUBLIC const struct sec_token *sec_token_anonymous(void);

NT_END_DECLS

#endif
