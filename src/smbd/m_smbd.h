// SPDX-License-Identifier: Apache-2.0
/*
 * Inside of the SMB server: server.c holds what connections share, conn.c one connection (frames, message
 * ids, life), guests.c who may come and who goes for it, chain.c requests and answers (checks, compounds,
 * signing, waiting), negotiate.c, setup.c (sessions), channel.c (sessions of several connections), iface.c
 * (where a client finds us besides), file.c (trees and the commands on pipes), pipe.c the pipes, observe.c
 * what an observer is told.
 */
#ifndef SMBD_M_SMBD_H
#define SMBD_M_SMBD_H

#include "io/guests.h"
#include "smbd/smbd.h"

/* Message ids that a client may have at hand: what Windows grants to who asks for as many. */
#define SMBD_CREDITS 8192u
/* Span of the sequence window: a client that leaves ids out may run so far ahead ([MS-SMB2] 3.3.1.1). */
#define SMBD_WINDOW 16384u
/* Of it, what a connection can have before it needs memory for it: most clients ask for few. */
#define SMBD_WINDOW_FEW 64u
/* One address may have this part of the connections. */
#define SMBD_PEER_SHARE 4u
/* Sessions of one connection: terminal servers carry some users each on one; every session has keys. */
#define SMBD_SESSIONS_MAX 64u
/* Those of one on which nobody has logged on yet: a logon needs one, and each is some KiB of anybody's. */
#define SMBD_STRANGER_SESSIONS 4u
/* Connections of one session: what Windows allows. */
#define SMBD_CHANNELS_MAX 32u
/* Legs of one session setup: NTLM takes 2, Kerberos 1 or 2, SPNEGO one more. */
#define SMBD_LEGS_MAX 8u
/* Tree connects of one session: all are IPC$. */
#define SMBD_TREES_MAX 16u
/* Open pipes of one session; leaks end here. */
#define SMBD_PIPES_MAX 1024u
/* Requests that end each other: the chain of one closes the pipe that the next waits for. One connection has
 * no more; what several make takes the stack of all. */
#define SMBD_NESTED_MAX 512u
/* Requests of one connection that wait for a pipe. */
#define SMBD_WAITING_MAX 512u
/* Bytes of one connection that wait with them: requests behind them in their chains, and answers in front. */
#define SMBD_WAITING_BYTES ((size_t)256 << 10)
/* What a client may leave unread in one pipe before writing to it is refused. */
#define SMBD_UNREAD_MAX ((size_t)4 << 20)
/* The same in messages: small ones take many times their length in memory. */
#define SMBD_UNREAD_MESSAGES 1024u
/* Largest payload of a read, write or transact: what one credit pays for, and what Windows takes on a pipe.
 */
#define SMBD_PAYLOAD 65536u
/* With a share of files clients may have room for more of a listing; they get as much as fits the above. */
#define SMBD_TRANSACT_DISK (8u << 20)
/* Any message before there is a session: NEGOTIATE and SESSION_SETUP with the largest Kerberos ticket. */
#define SMBD_STRANGER_MESSAGE (68u * 1024u)
/* Answers that it may leave unread, and then goes: each of its messages has to await the answer to the one
 * before. */
#define SMBD_STRANGER_UNREAD ((size_t)8 << 10)
/* Unread answers of all connections, and what one may have once there are so many: more than IO_LOW_WATER,
 * where it goes on. */
#define SMBD_UNREAD_ALL ((size_t)64 << 20)
#define SMBD_UNREAD_FEW ((size_t)128 << 10)
/* Characters of a pipe's name: NPFS has 256 with the prefix. */
#define SMBD_NAME_MAX 246u
/* When an answer takes longer an interim one is sent ([MS-SMB2] 3.3.5.12). */
#define SMBD_INTERIM_NS UINT64_C(500000)

enum { SMBD_HASH = 1024, SMBD_HOSTS = 1024 }; /* buckets of the session table, and of addresses */

struct smbd {
    unsigned refs;
    struct nt_loop *loop;
    const struct nt_env *env;
    struct smbd_options o;
    uint16_t ciphers[SMB_MAX_ALGS], signing[SMB_MAX_ALGS];
    size_t n_ciphers, n_signing;
    uint64_t auth_timeout, idle_timeout; /* ns */
    struct smbd_conn *conns;
    struct io_guests guests;
    unsigned hosts[SMBD_HOSTS]; /* connections, by the hash of their address */
    struct smbd_session *table[SMBD_HASH];
    struct smbd_conn *clients[SMBD_HASH]; /* connections with somebody on them, by the client's GUID */
    unsigned n_conns, n_sessions, n_pipes;
    uint64_t accepted, refused, requests;
    struct smbd_counters counters;
    struct smbd_wait *spare;
    size_t output;             /* bytes of answers that wait for clients to read them */
    unsigned nested;           /* requests that are being ended inside of each other */
    uint32_t last_id;          /* of what is listed */
    struct smbd_iface *ifaces; /* none: one connection a session */
    size_t n_ifaces;
};

enum smbd_state {
    SMBD_NEW,   /* nothing is agreed on */
    SMBD_MULTI, /* an SMB1 negotiation was answered with "SMB 2.???": another NEGOTIATE comes */
    SMBD_READY,
    SMBD_CLOSED,
};

struct smbd_conn {
    struct smbd_conn *next, **link;
    struct smbd *s;
    struct io_stream stream;
    enum smbd_state state;
    /* agreed on */
    enum npc_dialect dialect;
    enum npc_cipher cipher;
    enum npc_signing_alg sign_alg;
    struct smb_negotiate_req offer; /* the client's; its blobs are not kept */
    uint32_t caps;                  /* ours */
    bool multi_credit, should_sign;
    bool stranger; /* nobody has logged on, and the time for that runs */
    struct io_guest guest;
    uint8_t preauth[64];
    /* message ids: low is the first that has not come, high the first that was not granted */
    uint64_t low, high;
    uint64_t few, *seen; /* a bit for each id that has come, by id modulo span; seen NULL: few */
    unsigned span;
    unsigned credits;              /* granted and not used */
    struct smbd_session *sessions; /* that began here */
    struct smbd_channel *channels; /* to those of other connections */
    unsigned n_sessions;           /* of both */
    bool gone;                     /* closed; stays for sessions that have other connections */
    bool only_kept;                /* nothing but them needs it */
    struct smbd_conn *client_next, **client_link;
    struct smbd_wait *waits;
    unsigned n_waits;
    size_t waiting; /* bytes that wait with them */
    uint64_t next_async;
    struct wr in; /* a message that has come in part */
    uint8_t frame[SMB_FRAME];
    size_t frame_len; /* bytes of it, while the message has not begun */
    size_t want;      /* length of the message that comes */
    struct wr rest;   /* what came while the client had not read enough of its answers */
    char peer[80], here[80];
    uint8_t key[IO_PEER_KEY]; /* of the peer */
    struct io_item timer, drained, destroy;
};

enum smbd_session_state { SMBD_SETUP, SMBD_VALID, SMBD_EXPIRED };

struct smbd_tree {
    uint32_t id; /* 0: free */
    uint32_t global_id;
    uint64_t opened; /* monotonic */
};

/* An authentication on its way. */
struct smbd_login {
    struct sec_ctx *auth;
    unsigned legs;
    uint8_t preauth[64];
};

/* A further connection of a session ([MS-SMB2] 3.3.1.14). The first one has its keys in the session. */
struct smbd_channel {
    struct smbd_channel *next, **link;  /* the connection's */
    struct smbd_channel *more, **place; /* the session's */
    struct smbd_conn *c;
    struct smbd_session *x;
    struct smbd_login login;
    bool valid; /* the client has shown who it is, and its requests count */
    struct smb_signer signer;
};

struct smbd_session {
    struct smbd_session *next, **link; /* the connection's */
    struct smbd_session *hash_next;
    unsigned refs;       /* being in the table, and answers that are still to be signed */
    struct smbd_conn *c; /* where it began; it may be gone */
    struct smbd_channel *channels;
    unsigned n_channels;
    uint64_t id;
    enum smbd_session_state state;
    bool fresh; /* was never valid: fails for good when authentication does */
    struct smbd_login login;
    const struct sec_token *token; /* of whoever it is; NULL until then */
    struct nt_error err;
    struct sec_claim *claim; /* for the observer, while it logs on */
    struct smb_keys keys;    /* its signer is that of the first connection */
    bool have_keys, sign, encrypt, anonymous;
    uint64_t nonce, expires; /* NT time; NT_TIME_NEVER */
    const char *mech;        /* of the token */
    struct smbd_tree trees[SMBD_TREES_MAX];
    uint16_t disks; /* bits of those that are the share with files */
    uint32_t next_tree;
    struct smbd_pipe **pipes; /* by the low half of the file id */
    unsigned n_slots, n_pipes;
    uint32_t global_id;
    uint64_t opened, used; /* monotonic */
    struct io_item end;    /* somebody has ended it */
    bool ending;           /* the next turn of that does it */
};

struct smbd_message {
    struct smbd_message *next;
    struct wr w;
    size_t off; /* of what has not been read */
};

struct smbd_pipe {
    struct smbd_session *session;
    uint32_t tree_id, slot, nonce;
    void *up;
    void *file; /* of the share with files; then it is no pipe */
    struct smbd_message *head, *tail;
    size_t queued;
    unsigned n_messages;
    struct smbd_wait *transact; /* the transaction that waits for its answer */
    struct smbd_wait *readers;  /* in the order of arrival */
    uint32_t global_id;
    char *name;
    const struct sec_token *token; /* who opened it: the session's user may change */
    const char *mech;
    struct io_item end;   /* somebody has closed it */
    bool ending;          /* the next turn of that does it */
    bool ended;           /* by the server's side */
    uint16_t sequence;    /* ChannelSequence of the last request */
    struct io_item ready; /* something may have come for whoever waits */
};

/* ---- requests: chain.c ---- */

/* An answer in a chain's output. */
struct smbd_answer {
    size_t off;                   /* of its header */
    struct smbd_session *session; /* whose key signs it, with a reference; NULL: none */
    bool sign;
    bool setup; /* goes into the session's preauthentication hash */
};

/* A message with its requests; on the stack, unless one of them waits. */
struct smbd_chain {
    struct smbd_conn *c;
    uint8_t *msg;
    size_t len, pos;
    uint8_t *own; /* a copy of what is left, once it waits */
    bool sealed;
    bool headless; /* it began with a request that is related to none */
    uint64_t sealed_id;
    bool ids_failed; /* the previous request had or made no session or tree */
    uint64_t session_id;
    uint32_t tree_id;
    uint8_t file_id[SMB_FILE_ID];
    bool has_file;
    enum nt_status file_st; /* why the CREATE before has made none */
    struct wr out;
    struct smbd_answer answers[SMB_MAX_CHAIN];
    unsigned n_answers, n_requests;
};

struct smbd_req {
    struct smbd_chain *chain;
    struct smb_hdr h;
    uint8_t *msg;
    size_t len;
    struct smbd_session *session;
    bool is_signed, last;
    bool binding;           /* of a session of another connection to this one */
    bool body;              /* a status that is no success comes with a body all the same */
    uint64_t async_id;      /* not 0: an interim answer was sent */
    struct smbd_wait *wait; /* it waits: the answer comes by smbd_wait_end */
    uint32_t max_out;
    uint32_t ioctl; /* code and file, for a transaction */
    uint8_t file_id[SMB_FILE_ID];
};

/* A request that waits for a pipe. */
struct smbd_wait {
    struct smbd_wait *next, **link; /* the connection's */
    struct smbd_wait *pipe_next;
    struct smbd_pipe *pipe;                         /* NULL: it waits for something else */
    void (*forget)(struct smbd_wait *w, void *arg); /* and that is told when it does so no more */
    void *arg;
    struct smbd_chain chain;
    struct smbd_req req;
    size_t held; /* counts as bytes that wait */
    struct io_item timer;
};

/* The session that a request is about, with a reference. */
static inline void smbd_req_session(struct smbd_req *q, struct smbd_session *x)
{
    q->session = x;
    x->refs++;
    x->used = io_now(&q->chain->c->stream);
}
void smbd_run_message(struct smbd_conn *c, uint8_t *msg, size_t len, bool sealed, uint64_t sealed_id);
/* Room for the next answer's header. */
void smbd_answer_begin(struct smbd_chain *ch);
/* Where the body of the answer goes; its header is in front. */
static inline struct wr *smbd_body(struct smbd_req *q)
{
    if (!q->chain->out.base)
        smbd_answer_begin(q->chain);
    return &q->chain->out;
}
/* The body of the answers to QUERY_INFO and QUERY_DIRECTORY ([MS-SMB2] 2.2.34, 2.2.38), which are alike. */
static inline void smbd_put_buffer(struct smbd_req *q, const struct wr *out)
{
    struct wr *w = smbd_body(q);
    wr_u16(w, 9);
    wr_u16(w, SMB_HDR + 8);
    wr_u32(w, (uint32_t)out->len);
    wr_bytes(w, out->base, out->len);
}
/* A SET_INFO request ([MS-SMB2] 2.2.39). False: it makes no sense. */
struct smbd_set {
    uint8_t type, class, id[SMB_FILE_ID];
    uint32_t what; /* AdditionalInformation */
    struct rd data;
};
bool smbd_get_set(const struct smbd_req *q, struct smbd_set *ret);
/* Makes the request wait for pipe; NULL: no memory, or too many. The caller returns STATUS_PENDING then. */
struct smbd_wait *smbd_wait_new(struct smbd_req *q, struct smbd_pipe *p);
/* Ends it: with the message from off on, taken over, or a status. */
void smbd_wait_end(struct smbd_wait *w, enum nt_status st, struct wr *data, size_t off);
/* The same with a command that goes on where it was: fn appends the body. */
typedef enum nt_status smbd_resume_fn(struct smbd_req *q, void *arg);
void smbd_wait_resume(struct smbd_wait *w, smbd_resume_fn *fn, void *arg);
/* An OPLOCK_BREAK that nobody asked for; w as smb_begin left it, with the body, and taken over. */
void smbd_notify(struct smbd_session *x, struct wr *w);
void smbd_waits_drop(struct smbd_conn *c); /* the connection is gone: nobody is told */

/* Fixed parts of answers with data; that of an IOCTL needs its request for code and file id. */
#define SMBD_READ_FIX  16u
#define SMBD_IOCTL_FIX 48u
void smbd_put_read_fix(struct wr *w, size_t n);
void smbd_put_ioctl_fix(struct wr *w, const struct smbd_req *q, size_t n);

/* ---- commands: each appends a body and returns the status of the answer ---- */
typedef enum nt_status smbd_command_fn(struct smbd_req *q);
smbd_command_fn smbd_negotiate, smbd_session_setup, smbd_logoff, smbd_tree_connect, smbd_tree_disconnect,
    smbd_create, smbd_close, smbd_flush, smbd_read, smbd_write, smbd_ioctl, smbd_query_info, smbd_set_info,
    smbd_echo;
void smbd_cancel(struct smbd_conn *c, const struct smb_hdr *h);
/* An SMB1 NEGOTIATE, which may lead to SMB 2. false: hang up. */
bool smbd_smb1_negotiate(struct smbd_conn *c, const uint8_t *msg, size_t len);

/* SMB2 commands beyond those of smb.h. */
enum {
    SMBD_LOCK = 10,
    SMBD_QUERY_DIRECTORY = 14,
    SMBD_CHANGE_NOTIFY = 15,
    SMBD_QUERY_INFO = 16,
    SMBD_SET_INFO = 17,
    SMBD_COMMANDS = 19
};
/* A share with files, which test programs may hook in (disk.c): what it does not have goes the way of pipes.
 */
struct smbd_share {
    const char *name; /* lower case ASCII */
    smbd_command_fn *commands[SMBD_COMMANDS];
    void (*closed)(struct smbd_pipe *p); /* the file is to be closed */
};

/* ---- sessions: setup.c ---- */
struct smbd_session *smbd_session_find(const struct smbd_conn *c, uint64_t id);
struct smbd_session *smbd_session_global(const struct smbd *s, uint64_t id);
void smbd_session_unref(struct smbd_session *x);
/* Closes its pipes, takes it out of the tables. */
void smbd_session_end(struct smbd_session *x);
const struct smbd_tree *smbd_session_tree(const struct smbd_session *x, uint32_t id);
static inline bool smbd_tree_is_disk(const struct smbd_session *x, const struct smbd_tree *t)
{
    return x->disks >> (t - x->trees) & 1;
}
/* The same account, by its SID where it has one. */
bool smbd_same_user(const struct sec_token *a, const struct sec_token *b);
void smbd_login_done(struct smbd_login *l);

/* ---- sessions of several connections: channel.c ---- */
/* NULL: the session began on c, or has nothing to do with it. */
struct smbd_channel *smbd_channel_find(const struct smbd_session *x, const struct smbd_conn *c);
/* What signs and is checked on c; before c is bound that is the first connection's. */
struct smb_signer *smbd_signer(struct smbd_session *x, const struct smbd_conn *c);
/* The authentication that goes on by c. */
struct smbd_login *smbd_login_of(struct smbd_session *x, const struct smbd_conn *c);
/* Whether a session setup wants to bind; and whether it may, before its signature is looked at. */
bool smbd_wants_binding(const struct smbd_req *q);
enum nt_status smbd_may_bind(struct smbd_req *q);
struct smbd_channel *smbd_channel_new(struct smbd_session *x, struct smbd_conn *c);
/* The user has been shown to be the session's. */
enum nt_status smbd_channel_complete(struct smbd_channel *ch);
void smbd_channel_free(struct smbd_channel *ch);
/* Its connection has nothing to do with the session any more. */
void smbd_channel_unlink(struct smbd_channel *ch);
/* A client that has lost one of its connections sends again what it does not know about, under the next
 * ChannelSequence: what comes late by the lost one must not follow it ([MS-SMB2] 3.3.5.2.10). */
enum nt_status smbd_check_sequence(const struct smbd_req *q, struct smbd_pipe *p);
/* Has it a connection that it can go on with? */
bool smbd_session_lives(const struct smbd_session *x);
/* The client's GUID and dialect are remembered as long as it has connections with sessions. false: it speaks
 * another dialect elsewhere ([MS-SMB2] 3.3.5.5.3). */
bool smbd_client_known(struct smbd_conn *c);
void smbd_client_forget(struct smbd_conn *c);

/* ---- where else: iface.c ---- */
struct smbd_iface {
    uint32_t index;
    uint8_t addr[16];
    bool v6;
};
enum nt_status smbd_ifaces(struct smbd *s, const struct smbd_options *o);
/* Body of the answer to FSCTL_QUERY_NETWORK_INTERFACE_INFO. */
enum nt_status smbd_interface_info(struct smbd_req *q, const struct smb_ioctl *in);

/* ---- pipes: pipe.c ---- */
/* Of the request's session and tree. */
struct smbd_pipe *smbd_pipe_find(const struct smbd_req *q, const uint8_t id[SMB_FILE_ID]);
enum nt_status smbd_pipe_new(struct smbd_session *x, uint32_t tree_id, const char *name,
                             struct smbd_pipe **ret);
/* The same for files: what a share has opened. */
struct smbd_pipe *smbd_file_find(const struct smbd_req *q, const uint8_t id[SMB_FILE_ID]);
enum nt_status smbd_file_new(struct smbd_session *x, uint32_t tree_id, const char *name, void *file,
                             struct smbd_pipe **ret);
void smbd_pipe_id(const struct smbd_pipe *p, uint8_t ret[SMB_FILE_ID]);
void smbd_pipe_close(struct smbd_pipe *p);
/* Something may have come for whoever waits. */
void smbd_pipe_pump(struct smbd_pipe *p);
/* A request that waited does so no more. */
void smbd_pipe_forget(struct smbd_wait *w);

/* ---- observe.c ---- */
void smbd_observe_connected(const struct smbd_conn *c);
void smbd_observe_disconnected(const struct smbd_conn *c);
void smbd_observe_refused(const struct smbd *s, const char *peer);
void smbd_observe_logon(const struct smbd_req *q, enum nt_status st, bool again);
void smbd_observe_ended(const struct smbd_session *x);
void smbd_observe_tree(const struct smbd_req *q, enum nt_status st);
void smbd_observe_pipe(const struct smbd_req *q, enum nt_status st);

/* ---- lists: list.c ---- */
void smbd_session_listed(struct smbd_session *x);
void smbd_pipe_listed(struct smbd_pipe *p);

/* ---- connections: conn.c ---- */
extern const struct io_ops smbd_conn_ops;
enum nt_status smbd_conn_new(struct smbd *s, const char *peer, struct smbd_conn **ret);
void smbd_conn_close(struct smbd_conn *c);
/* Frees one that is gone, once no session needs it. */
void smbd_conn_release(struct smbd_conn *c);
/* Ends it once what is queued has gone. */
void smbd_hang_up(struct smbd_conn *c);
void smbd_conn_touch(struct smbd_conn *c);
/* Somebody has logged on. */
bool smbd_is_known(const struct smbd_conn *c);
/* The client has so much to read that it gets no more before it has done so; its pipes are looked at then. */
bool smbd_conn_full(struct smbd_conn *c);
/* Takes n ids from mid on; false: they were not granted, or were used. */
bool smbd_take_ids(struct smbd_conn *c, uint64_t mid, unsigned n);
/* How many of the credits that are asked for are granted; also counts them. */
uint16_t smbd_grant(struct smbd_conn *c, unsigned asked);
void smbd_unref(struct smbd *s);

/* ---- guests.c ---- */
/* So much of a message has come. Where strangers hold too much, the oldest go. */
void smbd_stranger_holds(struct smbd_conn *c, size_t bytes);
/* Whether one more connection may come from there. The oldest stranger may have to go for it. */
bool smbd_may_come(struct smbd *s, const char *peer);
/* The connection counts for its address, or no longer. */
void smbd_host_count(struct smbd_conn *c, int by);

#endif
