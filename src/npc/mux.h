// SPDX-License-Identifier: Apache-2.0
/*
 * Messages between the muxer and its clients, docs/wire/npcmux.md. Every function that takes one apart wants
 * the body only; every one that puts one together makes a whole message behind `w`.
 */
#ifndef NPC_MUX_H
#define NPC_MUX_H

#include <msrpc/npc_pdu.h>
#include "base/cursor.h"

#pragma GCC visibility push(default) /* shared with the daemon, see the *_PRIVATE nodes */

#define MUX_MAGIC   0x4d43504eu /* "NPCM" */
#define MUX_VERSION 1u
#define MUX_HDR     20u
/* A fragment of RPC has 65 535 octets at most; the rest is for what stands around it. */
#define MUX_MAX      ((size_t)69632)
#define MUX_DATA_MAX ((size_t)65536) /* octets of a pipe in one message */
#define MUX_ANSWER   0x8000u
#define MUX_COOKIE   16u
#define MUX_NAME_MAX 255u               /* octets of names of servers, users, domains */
#define MUX_PIPE_MAX 768u               /* of names of pipes: 255 units of UTF-16 */
#define MUX_KEY_MAX  64u                /* no mechanism has longer ones */
#define MUX_SECRET   ((size_t)64 << 10) /* a ticket cache may be long */

enum mux_type {
    MUX_HELLO = 1,
    MUX_SET_AUTH,
    MUX_CLEAR_AUTH,
    MUX_CREATE_TOKEN,
    MUX_CLOSE_TOKEN,
    MUX_IMPERSONATE,
    MUX_REVERT,
    MUX_CONNECT,
    MUX_PIPE_WRITE,
    MUX_PIPE_READ,
    MUX_PIPE_TRANSACT,
    MUX_PIPE_CANCEL,
    MUX_QUERY,
    MUX_DROP,
    MUX_ENUM_AUTH,
    MUX_ENUM_CONNS,
    MUX_STATUS,
    MUX_PIPE_SEND,    /* blob: a fragment. No answer unless it is refused */
    MUX_PIPE_RECV,    /* u32 time limit in ms, 0: none; u8 bits: MUX_RECV_ALL. Answers: blob, a fragment */
    MUX_PIPE_RELEASE, /* u8 clean. The answer: u8, kept to be lent again */
    MUX_TAP = 0x20, /* npc/mux_tap.h */
    MUX_TAP_DATA,
};
/* Fragments up to the last one of the answer, each in an answer of its own with the same id. */
#define MUX_RECV_ALL 1u

enum mux_kind { MUX_PASSWORD = 1, MUX_CCACHE, MUX_KEYTAB, MUX_ANONYMOUS };
enum mux_mode { MUX_SESSION = 0, MUX_PROXY, MUX_MESSAGE, MUX_PDU };
enum mux_what { MUX_SESSION_KEY = 1, MUX_APPLICATION_KEY, MUX_FACTS };

/* ---- messages ---- */

struct mux_hdr {
    uint32_t length;
    uint16_t type;
    uint32_t id;
    enum nt_status status;
};

/* The first four octets say how long the whole is: 0 for a length outside the limits. */
size_t mux_length(const uint8_t p[4]);
/* STATUS_INVALID_PARAMETER for flags, a reserved field or an id that are not as they have to be. */
enum nt_status mux_get_hdr(const uint8_t p[MUX_HDR], struct mux_hdr *ret);

/* w is made here; mux_end fills in the length. */
void mux_begin(struct wr *w, unsigned type, uint32_t id, enum nt_status status);
void mux_end(struct wr *w);

void mux_put_str(struct wr *w, const char *s);
void mux_put_blob(struct wr *w, const void *p, size_t n);
/* UTF-8 without NUL, copied with a terminator; more than size - 1 octets fail the cursor. */
void mux_get_str(struct rd *r, char *ret, size_t size);
struct nt_blob mux_get_blob(struct rd *r, size_t max); /* lent */
/* The body has been read: STATUS_INVALID_PARAMETER if not all of it, or more than there was. */
enum nt_status mux_done(const struct rd *r);

struct mux_hello {
    uint16_t least, greatest;
    char program[64];
};
/* Ours: the versions we speak, and the program's name (octets that are no printable ASCII as '?'). */
void mux_our_hello(struct mux_hello *ret);
void mux_put_hello(struct wr *w, const struct mux_hello *h);
enum nt_status mux_get_hello(struct rd *r, struct mux_hello *ret);

struct mux_welcome {
    uint16_t version;
    uint32_t longest;
    uint64_t instance;
    uint32_t uid;
};
void mux_put_welcome(struct wr *w, const struct mux_welcome *h);
enum nt_status mux_get_welcome(struct rd *r, struct mux_welcome *ret);

struct mux_auth {
    uint64_t token;
    uint8_t kind; /* enum mux_kind */
    uint32_t lifetime;
    struct nt_blob secret; /* lent */
    char pattern[MUX_NAME_MAX + 1], domain[MUX_NAME_MAX + 1], user[MUX_NAME_MAX + 1], name[MUX_PIPE_MAX + 1];
};
void mux_put_auth(struct wr *w, const struct mux_auth *a);
enum nt_status mux_get_auth(struct rd *r, struct mux_auth *ret);

struct mux_connect {
    uint8_t mode;                   /* enum mux_mode */
    uint8_t protection;             /* enum npc_protection */
    bool allow_unsigned, keys;      /* keys: both come with the answer */
    uint16_t port, least, greatest; /* enum npc_dialect, 0: no limit */
    uint32_t timeout_ms;
    uint64_t token;
    struct npc_interface iface; /* of mode MUX_PDU; zeros else */
    char server[MUX_NAME_MAX + 1], target[MUX_NAME_MAX + 1], pipe[MUX_PIPE_MAX + 1];
};
void mux_put_connect(struct wr *w, const struct mux_connect *c);
enum nt_status mux_get_connect(struct rd *r, struct mux_connect *ret);

struct mux_facts {
    uint64_t pipe;
    uint8_t cookie[MUX_COOKIE];
    bool warm;          /* the session was there */
    struct npc_facts f; /* its texts are lent from the fields below */
    char mech[16], peer[80], server[MUX_NAME_MAX + 1], principal[320];
    uint8_t session_key[MUX_KEY_MAX], application_key[MUX_KEY_MAX]; /* zeros unless they were asked for */
    /* of mode MUX_PDU; zeros else */
    bool bound; /* the pipe was bound already */
    uint16_t max_send, max_recv;
    uint32_t assoc_group;
};
/* With the keys if `keys`. A secret then. */
void mux_put_facts(struct wr *w, const struct mux_facts *f, bool keys);
enum nt_status mux_get_facts(struct rd *r, struct mux_facts *ret);

struct mux_query {
    uint64_t pipe;
    uint8_t cookie[MUX_COOKIE];
    uint8_t what; /* enum mux_what */
};
void mux_put_query(struct wr *w, const struct mux_query *q);
enum nt_status mux_get_query(struct rd *r, struct mux_query *ret);

/* EnumAuthInfo and EnumConnections: u8 whose, u32 first. The answer: u32 where to go on, 0: that was all; u16
 * count; the entries. */
enum mux_whose { MUX_MINE, MUX_ALL /* root only */ };

struct mux_auth_entry {
    uint32_t uid, expires_in; /* s; UINT32_MAX: never */
    uint64_t token;
    uint8_t kind;
    char pattern[MUX_NAME_MAX + 1], domain[MUX_NAME_MAX + 1], user[MUX_NAME_MAX + 1];
};
void mux_put_auth_entry(struct wr *w, const struct mux_auth_entry *e);
void mux_get_auth_entry(struct rd *r, struct mux_auth_entry *ret);

struct mux_conn_entry {
    uint32_t uid, pid;
    uint64_t pipe;                /* 0: a session that nobody uses at the moment */
    uint8_t mode;                 /* enum mux_mode */
    uint32_t users;               /* of the session */
    uint64_t bytes_in, bytes_out; /* of the pipe, as the client sees it */
    uint32_t age, idle;           /* s; of the pipe, or of a session without one; UINT32_MAX: in use */
    uint16_t dialect;             /* enum npc_dialect; 0: the session is being opened */
    uint8_t cipher;               /* enum npc_cipher */
    bool signed_;
    char server[MUX_NAME_MAX + 1], name[MUX_PIPE_MAX + 1], user[MUX_NAME_MAX + 1], peer[80];
    char mech[16], program[64]; /* of the session; as the client named itself */
};
void mux_put_conn_entry(struct wr *w, const struct mux_conn_entry *e);
void mux_get_conn_entry(struct rd *r, struct mux_conn_entry *ret);

struct mux_status {
    uint64_t uptime_s, accepted, refused, connects, warm, failed, bytes_in, bytes_out;
    uint64_t lent, reused; /* Connects of mode MUX_PDU; those that got a pipe that was bound */
    uint32_t conns, owners, sessions, pipes;
    uint32_t pooled; /* pipes that wait to be lent */
};
void mux_put_status(struct wr *w, const struct mux_status *s);
enum nt_status mux_get_status(struct rd *r, struct mux_status *ret);

#pragma GCC visibility pop

#endif
