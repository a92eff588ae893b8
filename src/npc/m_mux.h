// SPDX-License-Identifier: Apache-2.0
/* The route by the muxer: mux_session.c and mux_pipe.c. */
#ifndef NPC_M_MUX_H
#define NPC_M_MUX_H

#include "npc/m_npc.h"
#include "npc/mux.h"

#define NPC_MUX_PATH 108u /* as long as the address of a unix socket can hold */

enum npc_mux_use {
    NPC_MUX_NEVER,
    NPC_MUX_MAYBE, /* if one is there and has credentials for the server; else direct */
    NPC_MUX_MUST,
};
struct npc_mux_choice {
    enum npc_mux_use use;
    uint64_t token; /* to open with; 0: none */
    unsigned n;     /* sockets, to be tried in turn */
    char path[2][NPC_MUX_PATH];
};

/* The muxer is on this machine, and does nothing else before it answers a Hello: one that needs longer than this
 * is stuck, and a program that would do without it is not to wait for it as long as for a server. */
#define MUX_HELLO_NS UINT64_C(5000000000)

/* A connection to the muxer. Who listens is looked at before anything is sent, and the answer to Hello before
 * anything is handed on. */
struct mux_line {
    struct io_stream stream;
    bool opened, greeted;
    struct io_item late; /* the answer to Hello */
    uint64_t instance;   /* of the daemon, once greeted */
    struct nt_error err; /* why it was closed from our side; "" otherwise */
    const char *path;    /* lent */
    struct wr in;
    size_t want;
    struct wr held; /* a message that came in pieces and is being looked at */
    uint32_t next_id;
    /* For each message; lent until the ready list of this step has run. False: it makes no sense. */
    bool (*on_message)(struct mux_line *l, const struct mux_hdr *h, const uint8_t *body, size_t len);
    void (*on_open)(struct mux_line *l);
    void (*on_close)(struct mux_line *l, enum nt_status why);
    void (*on_greeted)(struct mux_line *l); /* may be NULL */
};

void mux_line_init(struct mux_line *l, const struct nt_env *env);
void mux_line_done(struct mux_line *l);
enum nt_status mux_line_dial(struct mux_line *l, struct nt_loop *loop, const char *path, uint64_t deadline);
uint32_t mux_line_id(struct mux_line *l);
enum nt_status mux_line_send(struct mux_line *l, struct wr *w);
/* A sentence on why it ended: `why` as given to on_close. busy: something was asked for and not answered. */
void mux_line_why(const struct mux_line *l, enum nt_status why, bool busy, struct nt_error *ret);
/* There is no muxer there for us, as against one that failed. */
bool mux_line_absent(const struct mux_line *l, enum nt_status why);
/* Hello, then a Connect; to NULL: none. From on_open. */
enum nt_status mux_line_hello(struct mux_line *l, const struct mux_connect *to, uint32_t *ret_id);

struct mux_session {
    struct npc_session base;
    struct mux_line line;
    char path[NPC_MUX_PATH];
    struct mux_connect to;
    struct mux_facts facts;
    uint32_t connect_id;
    bool open, dead, ending;
    struct io_item timer, end;
    struct nt_error err;
};

/* A pipe was opened in a session of the muxer with these facts: it may have made a new one for us. */
void npc_mux_take_facts(struct mux_session *s, const struct mux_facts *f);
/* The connection of a session that was begun for a pipe: a descriptor for the caller. What is known of it stays. */
struct npc_channel_id;
enum nt_status npc_mux_take_pipe(struct npc_session *s, int *ret_fd, struct npc_channel_id *ret);
enum nt_status npc_mux_open_pipe(struct npc_session *s, const char *name, const struct npc_create *o,
                                 npc_pipe_done *done, void *arg, struct npc_pipe **ret);

/* ---- mux_policy.c ---- */
/* As o->mux says; NULL: as the environment does, unless the caller has said who he is, by credentials that are not ambient or a
 * function that gives some. o: whole; o->token 0: the thread's. STATUS_INVALID_PARAMETER; STATUS_NO_TOKEN where a token is
 * impersonated and no muxer can be taken; the sentence in o->error. */
enum nt_status npc_mux_wanted(const struct npc_options *o, struct npc_mux_choice *ret);
/* The sockets for who wants to talk to the daemon itself: of `path`, or as TERN_NPC says (path NULL). */
enum nt_status npc_mux_sockets(const char *path, struct npc_mux_choice *ret, struct nt_error *err);
/* The first of them that exists. */
enum nt_status npc_mux_pick(const char *path, char ret[NPC_MUX_PATH], struct nt_error *err);
/* STATUS_ACCESS_DENIED with a sentence unless root or we listened at the other end of an open stream. */
enum nt_status npc_mux_check_peer(const struct io_stream *s, const char *path, struct nt_error *err);

#endif
