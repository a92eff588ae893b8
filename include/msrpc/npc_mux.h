// SPDX-License-Identifier: Apache-2.0
/*
 * npcmuxd(8) from a program: which credentials it has, who one is to it, what is open. Sessions and pipes by
 * the muxer are those of npc.h and npc_channel.h, with npc_options.mux.
 *
 * Each request comes in two forms. Plain: it waits; not from a callback of the loop
 * (STATUS_INVALID_DEVICE_STATE). With _send: it returns at once, and done is called once, later, from the
 * loop that npc_mux_open_send was given; on failure at once it is not called. What is passed may go when the
 * function returns. At most 32 can be in flight (STATUS_TOO_MANY_COMMANDS). Of all: STATUS_IO_TIMEOUT,
 * STATUS_CANCELLED, and STATUS_CONNECTION_DISCONNECTED and STATUS_CONNECTION_RESET when the daemon has ended.
 */
#ifndef MSRPC_NPC_MUX_H
#define MSRPC_NPC_MUX_H

#include <msrpc/npc_channel.h>

NT_BEGIN_DECLS

struct npc_mux; /* one connection to the daemon; of one thread at a time, it has no lock */

/* path: of the socket, at most 107 bytes; NULL: as TERN_NPC says, else the user's daemon or the system's.
 * timeout_ms: for connecting, and for each request; 0: 30 000. STATUS_CONNECTION_REFUSED when no daemon is
 * there, STATUS_ACCESS_DENIED when who listens is neither root nor we, STATUS_IO_TIMEOUT when it does not
 * answer within 5 seconds, STATUS_REVISION_MISMATCH when it speaks another protocol; the sentence is in err.
 */
NT_PUBLIC enum nt_status npc_mux_open(const char *path, unsigned timeout_ms, struct npc_mux **ret,
                                      struct nt_error *err) NT_CHECKED;
typedef void npc_mux_opened(void *arg, enum nt_status st, struct npc_mux *m);
/* err must live until done. ret (NULL: not wanted): what is being opened; npc_mux_close gives it up, and done
 * does not come then. */
NT_PUBLIC enum nt_status npc_mux_open_send(const char *path, unsigned timeout_ms, struct nt_loop *loop,
                                           npc_mux_opened *done, void *arg, struct nt_error *err,
                                           struct npc_mux **ret) NT_CHECKED;
/* Of requests from now on; timeout_ms 0: 30 000. cancel is referenced; NULL: none. */
NT_PUBLIC void npc_mux_set_timeout(struct npc_mux *m, unsigned timeout_ms, struct nt_cancel *cancel);
/* Requests in flight are forgotten: their done does not come. Not from a function that a list calls. Accepts
 * NULL. */
NT_PUBLIC void npc_mux_close(struct npc_mux *m);
/* On the last request that failed. */
NT_PUBLIC const char *npc_mux_error(const struct npc_mux *m);

/* What an answer says, for who asked asynchronously; lent for the callback. */
struct npc_mux_answer {
    unsigned n;                              /* clear_auth, drop: how many */
    uint64_t token;                          /* create_token */
    const struct npc_mux_counters *counters; /* status */
    const struct npc_facts *facts;           /* query */
    struct nt_blob key;                      /* query; empty: it has none */
};
typedef void npc_mux_done(void *arg, enum nt_status st, const struct npc_mux_answer *a);

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
NT_PUBLIC enum nt_status npc_mux_set_auth_send(struct npc_mux *m, const struct npc_mux_auth *a,
                                               npc_mux_done *done, void *arg) NT_CHECKED;
/* pattern NULL: all of the token. *ret_n (may be NULL): how many there were. */
NT_PUBLIC enum nt_status npc_mux_clear_auth(struct npc_mux *m, uint64_t token, const char *pattern,
                                            unsigned *ret_n) NT_CHECKED;
NT_PUBLIC enum nt_status npc_mux_clear_auth_send(struct npc_mux *m, uint64_t token, const char *pattern,
                                                 npc_mux_done *done, void *arg) NT_CHECKED;

/* ---- tokens ---- */

/* A set of credentials of its own, gone with this connection. Its number is a secret of the uid. */
NT_PUBLIC enum nt_status npc_mux_create_token(struct npc_mux *m, uint64_t *ret) NT_CHECKED;
NT_PUBLIC enum nt_status npc_mux_close_token(struct npc_mux *m, uint64_t token) NT_CHECKED;
NT_PUBLIC enum nt_status npc_mux_create_token_send(struct npc_mux *m, npc_mux_done *done,
                                                   void *arg) NT_CHECKED;
NT_PUBLIC enum nt_status npc_mux_close_token_send(struct npc_mux *m, uint64_t token, npc_mux_done *done,
                                                  void *arg) NT_CHECKED;
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
/* arg is what both functions get. */
NT_PUBLIC enum nt_status npc_mux_enum_auth_send(struct npc_mux *m, bool all,
                                                bool (*each)(void *arg, const struct npc_mux_auth_info *i),
                                                npc_mux_done *done, void *arg) NT_CHECKED;
NT_PUBLIC enum nt_status npc_mux_enum_connections_send(struct npc_mux *m, bool all,
                                                       bool (*each)(void *arg,
                                                                    const struct npc_mux_conn_info *i),
                                                       npc_mux_done *done, void *arg) NT_CHECKED;
struct npc_mux_counters {
    size_t size;
    uint64_t uptime_s, accepted, refused, connects, warm, failed, bytes_in, bytes_out;
    uint32_t connections, users, sessions, pipes;
    uint32_t pooled;       /* bound pipes that nobody has at the moment */
    uint64_t lent, reused; /* bound pipes: how often one was lent; how often it was bound before */
};
NT_PUBLIC enum nt_status npc_mux_status(struct npc_mux *m, struct npc_mux_counters *ret) NT_CHECKED;
NT_PUBLIC enum nt_status npc_mux_status_send(struct npc_mux *m, npc_mux_done *done, void *arg) NT_CHECKED;
/* Sessions of this user (server NULL: all) take no new pipes, and end with their last. */
NT_PUBLIC enum nt_status npc_mux_drop(struct npc_mux *m, const char *server, unsigned *ret_n) NT_CHECKED;
NT_PUBLIC enum nt_status npc_mux_drop_send(struct npc_mux *m, const char *server, npc_mux_done *done,
                                           void *arg) NT_CHECKED;

/* ---- keys and facts of a pipe that is open ---- */

enum npc_mux_what { NPC_MUX_SESSION_KEY = 1, NPC_MUX_APPLICATION_KEY = 2, NPC_MUX_FACTS = 3 };
/* id: of npc_channel_id, from any process of the same user. STATUS_INVALID_HANDLE: there is no such pipe, any
 * more. Texts are lent until the next such request, or the end of m. */
NT_PUBLIC enum nt_status npc_mux_query_facts(struct npc_mux *m, const struct npc_channel_id *id,
                                             struct npc_facts *ret) NT_CHECKED;
/* STATUS_NO_USER_SESSION_KEY: the session has none. */
NT_PUBLIC enum nt_status npc_mux_query_key(struct npc_mux *m, const struct npc_channel_id *id,
                                           enum npc_mux_what what, uint8_t ret[64],
                                           size_t *ret_len) NT_CHECKED;
NT_PUBLIC enum nt_status npc_mux_query_send(struct npc_mux *m, const struct npc_channel_id *id,
                                            enum npc_mux_what what, npc_mux_done *done, void *arg) NT_CHECKED;

NT_END_DECLS

#endif
