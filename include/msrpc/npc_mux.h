// SPDX-License-Identifier: Apache-2.0
/*
 * npcmuxd(8) from a program: which credentials it has, who one is to it, what is open; and a pipe as a
 * descriptor. Sessions and pipes by the muxer are those of npc.h, with npc_options.mux.
 */
#ifndef MSRPC_NPC_MUX_H
#define MSRPC_NPC_MUX_H

#include <msrpc/npc.h>

NT_BEGIN_DECLS

struct npc_mux; /* one connection to the daemon; of one thread at a time */

/* path: of the socket, at most 107 bytes; NULL: that of TERN_NPC, else of the system's daemon. timeout_ms:
 * for each request, 0: 30 000. STATUS_OBJECT_NAME_NOT_FOUND and STATUS_CONNECTION_REFUSED when no daemon is
 * there (sentence in err), STATUS_REVISION_MISMATCH when it speaks another protocol. */
NT_PUBLIC enum nt_status npc_mux_open(const char *path, unsigned timeout_ms, struct npc_mux **ret,
                                      struct nt_error *err) NT_CHECKED;
NT_PUBLIC void npc_mux_close(struct npc_mux *m); /* accepts NULL */
/* On the last request that failed. */
NT_PUBLIC const char *npc_mux_error(const struct npc_mux *m);

/* ---- credentials ---- */

enum npc_mux_kind { NPC_MUX_PASSWORD = 1, NPC_MUX_CCACHE = 2, NPC_MUX_KEYTAB = 3, NPC_MUX_ANONYMOUS = 4 };

struct npc_mux_auth {
    size_t size;
    uint64_t token;      /* of npc_mux_create_token; 0: for all that the uid does */
    const char *pattern; /* servers: "srv1", "*.lab.example", "*" */
    enum npc_mux_kind kind;
    const char *domain, *user; /* UTF-8; NULL: none. Of a keytab the principal */
    const char *password;
    const char *name;    /* of a cache or keytab that the daemon may read; or */
    const void *content; /* ... the content of one, content_len bytes, at most 64 KiB */
    size_t content_len;
    uint32_t lifetime_s; /* then it is forgotten; 0: never */
};
#define NPC_MUX_AUTH_INIT                                                                                    \
    {                                                                                                        \
        .size = sizeof(struct npc_mux_auth)                                                                  \
    }
/* Replaces what there is for the same token and pattern; sessions that were made with that take no new pipes.
 * STATUS_INVALID_PARAMETER, STATUS_ACCESS_DENIED (a name that the daemon does not read for this user),
 * STATUS_NO_TOKEN, STATUS_QUOTA_EXCEEDED. */
NT_PUBLIC enum nt_status npc_mux_set_auth(struct npc_mux *m, const struct npc_mux_auth *a) NT_CHECKED;
/* pattern NULL: all of the token. *ret_n (may be NULL): how many there were. */
NT_PUBLIC enum nt_status npc_mux_clear_auth(struct npc_mux *m, uint64_t token, const char *pattern,
                                            unsigned *ret_n) NT_CHECKED;

/* ---- tokens ---- */

/* A set of credentials of its own, gone with this connection. Its number is a secret of the uid. */
NT_PUBLIC enum nt_status npc_mux_create_token(struct npc_mux *m, uint64_t *ret) NT_CHECKED;
NT_PUBLIC enum nt_status npc_mux_close_token(struct npc_mux *m, uint64_t token) NT_CHECKED;
/* What the calling thread opens by the muxer from now on is opened with the token's credentials, and only
 * those. No request is made: whether there is such a token is found out by what is opened. */
NT_PUBLIC void npc_impersonate(uint64_t token);
NT_PUBLIC void npc_revert(void);

/* ---- what there is ---- */

/* Lent for the callback. */
struct npc_mux_auth_info {
    uint32_t uid;
    uint64_t token; /* UINT64_MAX: one that another connection made */
    enum npc_mux_kind kind;
    const char *pattern, *domain, *user;
    uint32_t expires_in_s; /* UINT32_MAX: never */
};
enum npc_mux_mode {
    NPC_MUX_SESSION = 0, /* only the session is held, or nobody uses it */
    NPC_MUX_PROXY = 1,
    NPC_MUX_MESSAGE = 2,
    NPC_MUX_PDU = 3,
};
struct npc_mux_conn_info {
    uint32_t uid, pid; /* pid 0: a session without a user at the moment, or one that is not known */
    uint64_t pipe;
    const char *server, *peer, *pipe_name, *user; /* pipe_name "": the session only */
    unsigned users;                               /* of the session */
    uint64_t bytes_in, bytes_out;
    enum npc_mux_mode mode;
    uint32_t age_s;           /* of the pipe; of a session that nobody uses */
    uint32_t idle_s;          /* since its last user went; UINT32_MAX: it is in use */
    enum npc_dialect dialect; /* 0: the session is being opened, the next three say nothing */
    enum npc_cipher cipher;   /* NONE: not encrypted */
    bool signed_;
    const char *mech;    /* "krb5", "ntlm" */
    const char *program; /* as the client calls itself: nobody has checked it */
};
/* all: of everybody, which only root gets (STATUS_ACCESS_DENIED). each returns false to stop. */
NT_PUBLIC enum nt_status npc_mux_enum_auth(struct npc_mux *m, bool all,
                                           bool (*each)(void *arg, const struct npc_mux_auth_info *i),
                                           void *arg) NT_CHECKED;
NT_PUBLIC enum nt_status npc_mux_enum_connections(struct npc_mux *m, bool all,
                                                  bool (*each)(void *arg, const struct npc_mux_conn_info *i),
                                                  void *arg) NT_CHECKED;
struct npc_mux_counters {
    size_t size;
    uint64_t uptime_s, accepted, refused, connects, warm, failed, bytes_in, bytes_out;
    uint32_t connections, users, sessions, pipes;
};
NT_PUBLIC enum nt_status npc_mux_status(struct npc_mux *m, struct npc_mux_counters *ret) NT_CHECKED;
/* Sessions of this user (server NULL: all) take no new pipes, and end with their last. */
NT_PUBLIC enum nt_status npc_mux_drop(struct npc_mux *m, const char *server, unsigned *ret_n) NT_CHECKED;

/* ---- a pipe as a descriptor ---- */

/* Opens a pipe whose bytes go over a descriptor: PDUs of DCE/RPC in, the server's answers out, without any
 * framing. o: mux, port, target, protection, dialects, time limit and error are looked at. *ret_fd is a
 * blocking stream socket, close-on-exec, the caller's to close, which ends the pipe. *ret_facts (may be NULL;
 * size set by the caller): peer and server are not filled in. key: session key of the transport, at most
 * *key_len bytes (in and out; NULL: not wanted). */
NT_PUBLIC enum nt_status npc_mux_connect(const char *server, const char *pipe, const struct npc_options *o,
                                         int *ret_fd, struct npc_facts *ret_facts, uint8_t *key,
                                         size_t *key_len) NT_CHECKED;

NT_END_DECLS

#endif
