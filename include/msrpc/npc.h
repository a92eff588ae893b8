// SPDX-License-Identifier: Apache-2.0
/*
 * Named pipe client. A session is one authenticated SMB 2/3 connection to a server with IPC$ connected; pipes
 * are opened in it.
 */
#ifndef MSRPC_NPC_H
#define MSRPC_NPC_H

#include <msrpc/loop.h>
#include <msrpc/sec.h>
#include <msrpc/smb.h>

NT_BEGIN_DECLS

struct npc_session;
struct npc_pipe;

/* Called when a session needs credentials for a server, once per session setup. Fill *ret with a reference
 * that the session takes over. Any failure ends the connect with that status. */
typedef enum nt_status npc_auth_fn(void *arg, const char *server, unsigned attempt, struct sec_creds **ret);

struct npc_options {
    size_t size;
    struct sec_creds *creds; /* referenced; or */
    npc_auth_fn *auth;       /* asked when creds is NULL */
    void *auth_arg;
    const char *target; /* host part of the service principal; NULL: the server name dialled */
    uint16_t port;      /* 0: 445 */
    enum npc_protection protection;
    bool allow_unsigned; /* accept guest and anonymous sessions, which cannot be signed */
    enum npc_dialect min_dialect, max_dialect; /* 0: 2.0.2 and 3.1.1 */
    const enum npc_cipher
        *ciphers; /* order of preference, NPC_CIPHER_NONE last; NULL: 256-GCM 128-GCM 256-CCM 128-CCM */
    const enum npc_signing_alg *signing; /* n_signing entries; NULL: GMAC, CMAC, HMAC-SHA256 */
    size_t n_signing;
    unsigned timeout_ms; /* for connecting, and default of each operation; 0: 30 000 */
    struct nt_cancel *cancel;
    struct nt_loop *loop; /* NULL: a private one */
    const struct nt_env *env;
    struct nt_error *error; /* sentence when opening fails */
    /* Whether npcmuxd(8) is taken, whose sessions have the credentials that it was given for the server. A path
     * (with a slash): the daemon of that socket, required; "on": the user's or the system's daemon, required;
     * both look at none of creds, auth, ciphers and signing. "auto": the daemon if there is one, if it has
     * credentials for the server, and if neither auth nor creds say who we are; else a connection of our own.
     * "off": one of our own. NULL: what the environment variable TERN_NPC says, which has the same values, of
     * which "auto" is the default; it has no say where auth or creds name somebody. */
    const char *mux;
    /* A token of the muxer (npc_mux_create_token): its credentials and no others. 0: that of the calling thread
     * (npc_impersonate). With one there is no way but the muxer, unless creds or auth name somebody. */
    uint64_t token;
};
#define NPC_OPTIONS_INIT                                                                                     \
    {                                                                                                        \
        .size = sizeof(struct npc_options)                                                                   \
    }

/* Connects, negotiates, authenticates, connects IPC$. server: name or address, without backslashes. Errors:
 * STATUS_HOST_UNREACHABLE, STATUS_CONNECTION_REFUSED, STATUS_IO_TIMEOUT, STATUS_LOGON_FAILURE,
 * STATUS_ACCOUNT_LOCKED_OUT, STATUS_ACCESS_DENIED (also: the server cannot give the protection asked for),
 * STATUS_NOT_SUPPORTED (no common dialect or algorithm). */
NT_PUBLIC enum nt_status npc_session_open(const char *server, const struct npc_options *o,
                                          struct npc_session **ret) NT_CHECKED;
NT_PUBLIC struct npc_session *
npc_session_ref(struct npc_session *s); /* not atomic: same thread as its loop */
/* The last reference logs off and closes; pipes hold one each. */
NT_PUBLIC void npc_session_unref(struct npc_session *s);
NT_PUBLIC const char *npc_session_error(const struct npc_session *s);

/* Negotiated facts. */
struct npc_facts {
    size_t size;
    enum npc_dialect dialect;
    enum npc_cipher cipher; /* NONE when the session is not encrypted */
    enum npc_signing_alg signing;
    bool signed_, encrypted, guest, anonymous;
    bool transact_refused; /* PIPE_TRANSCEIVE was refused when encrypted: WRITE + READ instead */
    uint32_t max_transact, max_read, max_write;
    const char *mech;   /* "krb5", "ntlm" */
    const char *peer;   /* numeric address and port */
    const char *server; /* as dialled */
    struct nt_guid server_guid;
    unsigned session_key_len, application_key_len;
    bool muxer;            /* it is one of npcmuxd's */
    bool warm;             /* and was there already */
    const char *principal; /* who we are to the server: "alice@LAB.EXAMPLE", "LAB\\alice"; "": nobody */
};
NT_PUBLIC enum nt_status npc_session_facts(const struct npc_session *s, struct npc_facts *ret) NT_CHECKED;
/* Session key: as the mechanism gave it, at most 32 bytes used by SMB. Application key: what RPC and SAMR
 * take as transport session key: [MS-SMB2] 3.2.1.3 Session.ApplicationKey for 3.x, the session key (16 bytes)
 * for 2.x. Lent as long as the session. STATUS_NO_USER_SESSION_KEY for guest and anonymous sessions. */
NT_PUBLIC enum nt_status npc_session_key(const struct npc_session *s, struct nt_blob *ret) NT_CHECKED;
NT_PUBLIC enum nt_status npc_application_key(const struct npc_session *s, struct nt_blob *ret) NT_CHECKED;

/* NT-style create ([MS-SMB2] 2.2.13). Zeros give what a pipe client wants. */
struct npc_create {
    size_t size;
    uint32_t access;      /* 0: FILE_READ_DATA | FILE_WRITE_DATA | FILE_APPEND_DATA | READ_ATTRIBUTES | ... |
                             SYNCHRONIZE */
    uint32_t share;       /* 0: FILE_SHARE_READ | FILE_SHARE_WRITE */
    uint32_t disposition; /* 0: FILE_OPEN (wire value 1; FILE_SUPERSEDE cannot be asked for) */
    uint32_t options;
    uint32_t impersonation; /* 0: Impersonation (wire value 2); use NPC_IMPERSONATION_* */
    uint32_t attributes;
    unsigned timeout_ms; /* also bounds the wait for a free pipe instance; 0: the session's */
    struct nt_cancel *cancel;
};
#define NPC_CREATE_INIT                                                                                      \
    {                                                                                                        \
        .size = sizeof(struct npc_create)                                                                    \
    }
enum npc_impersonation {
    NPC_IMPERSONATION_DEFAULT = 0,
    NPC_IMPERSONATION_ANONYMOUS = 0x100, /* wire value + 0x100, so that 0 can mean the default */
    NPC_IMPERSONATION_IDENTIFY = 0x101,
    NPC_IMPERSONATION_IMPERSONATE = 0x102,
    NPC_IMPERSONATION_DELEGATE = 0x103,
};

/* name: "srvsvc", "\\pipe\\srvsvc" and "\\srvsvc" are the same pipe; UTF-8. STATUS_OBJECT_NAME_INVALID for
 * names with a slash, a backslash inside, control characters, "..", or over 255 units.
 * STATUS_PIPE_NOT_AVAILABLE and STATUS_OBJECT_NAME_NOT_FOUND are retried after FSCTL_PIPE_WAIT within the
 * time limit. */
NT_PUBLIC enum nt_status npc_pipe_open(struct npc_session *s, const char *name, const struct npc_create *o,
                                       struct npc_pipe **ret) NT_CHECKED;
/* Up to len bytes; *ret_n < message means STATUS_BUFFER_OVERFLOW and the rest comes with the next read. */
NT_PUBLIC enum nt_status npc_pipe_read(struct npc_pipe *p, void *buf, size_t len, size_t *ret_n) NT_CHECKED;
/* All of it, or an error. */
NT_PUBLIC enum nt_status npc_pipe_write(struct npc_pipe *p, const void *buf, size_t len) NT_CHECKED;
/* Writes one message and reads the whole answer, draining STATUS_BUFFER_OVERFLOW. *ret lives in mem. */
NT_PUBLIC enum nt_status npc_pipe_transact(struct npc_pipe *p, struct nt_arena *mem, const void *buf,
                                           size_t len, struct nt_blob *ret) NT_CHECKED;
NT_PUBLIC void npc_pipe_set_timeout(struct npc_pipe *p, unsigned timeout_ms, struct nt_cancel *cancel);
NT_PUBLIC struct npc_session *npc_pipe_session(struct npc_pipe *p);
NT_PUBLIC const char *npc_pipe_error(const struct npc_pipe *p);
NT_PUBLIC void npc_pipe_close(struct npc_pipe *p);

NT_END_DECLS

#endif
