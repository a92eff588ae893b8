// SPDX-License-Identifier: Apache-2.0
/*
 * Inside the muxer. server.c has owners and ceilings, creds.c credentials and tokens, link.c the shared
 * sessions, conn.c local connections and their messages, connect.c the way to a pipe, message.c what goes over
 * one by messages; where the connection is the pipe that is npc's relay.
 *
 * All that belongs to a uid hangs on its struct owner, and is looked for nowhere else: two users cannot meet.
 */
#ifndef MUXD_M_MUXD_H
#define MUXD_M_MUXD_H

#include "muxd/muxd.h"
#include "npc/mux.h"
#include "npc/npc.h"
#include "npc/relay.h"

/* A token of a connection, and what it may have in flight. */
#define MUXD_TOKENS_PER_CONN 16u
/* Tokens of a uid: each may have credentials, which have a ceiling of their own. */
#define MUXD_TOKENS_PER_UID 1024u
/* Pipes of a uid are found by their number in so many lists. */
#define MUXD_PIPE_LISTS 256u
/* Octets that wait for the connections of one uid to be read: beyond, each is served no further until it has
 * taken most of its own. A single connection has IO_HIGH_WATER. */
#define MUXD_OUTPUT_PER_UID ((size_t)64 << 20)
/* Of all uids: somebody may have many. */
#define MUXD_OUTPUT ((size_t)512 << 20)
/* Connections of the total that only root gets, when all others are taken: for asking and clearing up, not for
 * pipes. */
#define MUXD_RESERVED 16u

struct owner;

/* A logon that the server has refused: it is not tried again before its time, or accounts are locked. */
struct refusal {
    struct refusal *next;
    uint64_t until, wait; /* ns */
    enum nt_status st;
    struct nt_error err;
    char server[];
};

/* Which file a cache or keytab was when it was looked at last. */
struct stamp {
    uint64_t dev, ino, size;
    int64_t s, ns;
};

/* One credential. Sessions and openings hold it, so replacing it does not disturb them. */
struct cred {
    struct cred *next;
    unsigned refs;
    uint64_t token;
    uint8_t kind;
    uint64_t expires; /* monotonic ns; UINT64_MAX: never */
    struct owner *owner; /* while it is on its list */
    struct io_item expiry;
    bool content; /* a cache or keytab that was sent */
    bool replaced;    /* gives nothing to new pipes */
    const char *file; /* within name; NULL: there is none */
    struct stamp stamp;
    unsigned generation; /* another file since: sessions of earlier ones take no new pipes */
    struct refusal *refusals;
    struct sec_creds *creds;
    char name[MUX_PIPE_MAX + 1];
    char pattern[MUX_NAME_MAX + 1], domain[MUX_NAME_MAX + 1], user[MUX_NAME_MAX + 1];
};

struct token {
    struct token *next;
    uint64_t id;
    struct conn *maker;
};

enum link_state { LINK_OPENING, LINK_OPEN, LINK_GONE };

/* One SMB session, shared by the pipes of one owner that ask for the same. */
struct link {
    struct muxd *d;
    struct owner *owner;
    struct link *next;
    enum link_state state;
    struct cred *cred;
    struct mux_connect to; /* server, target, port, protection, dialects */
    struct npc_session *session;
    struct conn *waiting; /* for it to open */
    struct lent *pool;    /* bound pipes that nobody has at the moment, the one used last first */
    unsigned users, n_pool;
    struct io_item idle;
    unsigned generation;        /* of its credential */
    uint64_t since, idle_since; /* monotonic ns; of the session, and of its being without users */
    struct nt_error err;
};

struct owner {
    struct muxd *d;
    struct owner *next;
    uint32_t uid;
    unsigned n_conns, n_creds, n_links, n_pool, n_tokens;
    size_t output;       /* that waits for its connections to be read */
    struct conn **pipes; /* MUXD_PIPE_LISTS of them; NULL: there was none yet */
    struct cred *creds;
    struct token *tokens;
    struct link *links;
};

enum conn_state {
    CONN_NEW,   /* Hello is awaited */
    CONN_READY, /* any message */
    CONN_WAITS, /* for a session or a pipe: what comes is kept for later */
    CONN_PROXY, /* it is a pipe */
    CONN_MESSAGE,
    CONN_LENT, /* it has a bound pipe */
    CONN_TAP, /* records of a tap go out */
    CONN_CLOSED,
};

/* An operation of the pipe that a client asked for by a message. */
struct pipe_request {
    struct npc_op op;
    struct conn *c;
    uint32_t id; /* 0: none */
    bool transact;
};

struct conn {
    struct muxd *d;
    struct owner *owner;
    struct conn *next, **link_at;
    struct io_stream stream;
    struct io_item timer;
    enum conn_state state;
    struct wr in; /* what came and is not whole */
    size_t want;
    struct wr later; /* what came while the connection waited */
    int share; /* messages that are left to it of this turn */
    struct io_item resume, drained;
    uint64_t token; /* impersonated; 0: none */
    unsigned n_tokens;
    uint32_t pid;     /* of who connected; 0: not known */
    char program[64]; /* what it called itself */
    uint64_t accepted, since; /* since: of its Connect; monotonic ns */
    uint64_t bytes_in, bytes_out;
    /* Connect */
    struct conn *next_waiting, **waiting_at;
    struct conn *next_pipe, **pipe_at; /* in the owner's lists */
    bool reserved;                     /* one of MUXD_RESERVED */
    struct link *link;
    struct mux_connect to;
    uint32_t connect_id;
    bool warm, again; /* the session was there; it has been tried a second time */
    struct npc_pipe *pipe;
    uint64_t pipe_id;
    uint8_t cookie[MUX_COOKIE];
    bool opening;
    /* message mode */
    struct pipe_request rd, wr;
    /* proxy mode */
    struct npc_relay relay;
    bool relays;
    /* PDU mode */
    struct lent *lent;
    bool bound;     /* the pipe had been bound before */
    bool keys_told; /* the client has a key of this session */
    /* which taps see this pipe, which of them know what it is, and its binds (tap.c); what this connection is */
    uint32_t tap_watch, tap_told;
    struct tap_keep *tap_keep;
    struct tap *tap;
    enum nt_status why; /* it ends */
    unsigned ops; /* in flight: the memory stays until they have ended */
    bool freed;
};

struct muxd {
    struct nt_loop *loop;
    struct muxd_options o;
    const struct nt_env *env;
    struct io_stream timers; /* without a transport */
    struct owner *owners;
    struct conn *conns;
    uint64_t instance, next_pipe, started;
    uint32_t nobody; /* a uid that stands for many; UINT32_MAX: none does */
    struct muxd_counters n;
    unsigned n_reserved; /* connections of MUXD_RESERVED */
    unsigned n_creds, n_contents; /* on all lists */
    size_t output;                /* that waits for all connections to be read */
    unsigned refs;
    struct tap *taps;
    uint64_t last_tap;
    char host[MUX_NAME_MAX + 1]; /* ours, for those who tap */
    bool draining;
};

/* ---- server.c ---- */
void muxd_tell(struct muxd *d, const struct muxd_event *e);
/* Of a connection: who, and what it wanted. */
void muxd_tell_conn(const struct conn *c, enum muxd_event_kind kind, enum nt_status st, const char *why);
struct owner *muxd_owner(struct muxd *d, uint32_t uid);
void muxd_owner_release(struct owner *o);
void muxd_unref(struct muxd *d);

/* ---- creds.c ---- */
enum nt_status cred_set(struct owner *o, const struct mux_auth *a, struct nt_error *err);
unsigned cred_clear(struct owner *o, uint64_t token, const char *pattern);
void cred_forget(struct owner *o); /* all */
/* That c has set it, or why not. */
void cred_tell(const struct conn *c, const struct mux_auth *a, enum nt_status st, const char *why);
/* Referenced. NULL: none fits. */
struct cred *cred_find(struct owner *o, uint64_t token, const char *server);
/* Does the pattern fit the name? */
bool cred_fits(const char *pattern, const char *name);
struct cred *cred_ref(struct cred *c);
/* The server's answer to a logon is remembered, when it says that another try would be the same. */
void cred_logon(struct cred *c, const char *server, enum nt_status st, const char *why, uint64_t now);
/* STATUS_SUCCESS: nothing is known against a logon. */
enum nt_status cred_may_log_on(const struct cred *c, const char *server, uint64_t now, struct nt_error *err);
/* What was refused may be tried again; server "": everywhere. */
void cred_forgive(struct owner *o, const char *server);
void cred_unref(struct cred *c);
enum nt_status token_new(struct conn *c, uint64_t *ret);
bool token_known(const struct owner *o, uint64_t id);
bool token_made_by(const struct conn *c, uint64_t id);
bool token_close(struct owner *o, uint64_t id);
void token_close_of(struct owner *o, const struct conn *maker);

/* ---- link.c ---- */
/* Finds or begins a session for c->to; conn_linked comes at once or later. */
enum nt_status link_get(struct conn *c, struct cred *cred, struct nt_error *err);
void link_release(struct conn *c);
/* The session is of no more use: pipes that are opened from now on get another. */
void link_retire(struct link *l);
void link_free(struct link *l);
bool link_usable(const struct link *l);
/* May pipes of it be kept for others? */
bool link_lends(const struct link *l);
unsigned link_drop(struct owner *o, const char *server);
/* Those made with it: they end, or end with their last pipe. */
void link_drop_cred(struct owner *o, const struct cred *cred);

/* ---- conn.c ---- */
struct conn *conn_new(struct muxd *d, struct owner *o);
void conn_close(struct conn *c);
void conn_release(struct conn *c); /* an operation has ended */
void conn_answer(struct conn *c, struct wr *w);
/* It need not wait any more. */
void conn_resume(struct conn *c, enum conn_state state);
/* It has got a pipe, or none any more: its number and cookie. */
enum nt_status conn_name(struct conn *c);
void conn_unname(struct conn *c);
/* What goes to the server, or has come from it: counted, and shown to who taps. */
void conn_seen(struct conn *c, bool from_server, const uint8_t *data, size_t len);
/* As much waits for it to be read as may. */
bool conn_full(const struct conn *c);
void conn_refuse(struct conn *c, unsigned type, uint32_t id, enum nt_status st, const char *why);
extern const struct io_ops conn_ops;

/* ---- connect.c ---- */
void connect_start(struct conn *c, uint32_t id, const struct mux_connect *to);
void connect_linked(struct conn *c, enum nt_status st, const char *why);
void connect_late(struct io_item *it); /* c->timer, while it waits for a session */
/* A bound pipe has been found, or not. */
void connect_lent(struct conn *c, enum nt_status st, const char *why);
/* Another pipe for c->lent; by another session. */
void connect_again(struct conn *c, bool session);
/* The session has ended on the server's side. */
bool connect_session_gone(const struct link *l, enum nt_status st);
void connect_facts(const struct conn *c, struct mux_facts *ret);

/* ---- tap.c ---- */
/* Types of PDUs that say what later ones are: bind, alter_context and their answers. */
#define TAP_IS_BIND(type) ((type) >= RPC_PT_BIND && (type) <= RPC_PT_ALTER_RESP)
void tap_init(struct muxd *d);
void tap_run(struct conn *c, const struct mux_hdr *h, struct rd *body);
void tap_end(struct conn *c);
void tap_opened(struct conn *c);
void tap_closed(struct conn *c);
void tap_seen(struct conn *c, bool from_server, const uint8_t *data, size_t len);
/* What goes to the server, or comes from it. */
static inline void tap_see(struct conn *c, bool from_server, const uint8_t *data, size_t len)
{
    if (c->tap_watch || (len > 2 && TAP_IS_BIND(data[2])))
        tap_seen(c, from_server, data, len);
}

/* ---- replay_link.c ---- */
/* Instead of npc_session_open_send, with `done` of the link. */
enum nt_status replay_open(struct link *l, npc_session_done *done);
/* Referenced. NULL: no memory. */
struct cred *replay_cred(struct conn *c);
void replay_miss(void *muxd, const char *server, const char *pipe, const char *why);

/* ---- list.c ---- */
void list_auth(struct conn *c, const struct mux_hdr *h, struct rd *body);
void list_conns(struct conn *c, const struct mux_hdr *h, struct rd *body);
void list_status(struct conn *c, const struct mux_hdr *h, struct rd *body);

/* ---- lend.c ---- */
/* A bound pipe for c->to in c->link: c->lent. At once, or connect_lent comes. */
enum nt_status lend_get(struct conn *c, bool *ret_at_once);
/* No other pipe was to be had for c->lent. */
void lend_refused(struct conn *c, enum nt_status st, const char *why);
/* The client has gone. */
void lend_end(struct conn *c);
/* A PipeRecv waits for the server. */
bool lend_awaited(const struct conn *c);
void lend_run(struct conn *c, const struct mux_hdr *h, struct rd *body);
bool lend_busy(const struct conn *c); /* a call is under way */
void lend_facts(const struct conn *c, struct mux_facts *ret);
/* Closes those that nobody has. */
void lend_drain(struct link *k);

/* ---- message.c ---- */
void message_run(struct conn *c, const struct mux_hdr *h, struct rd *body);

#endif
