// SPDX-License-Identifier: Apache-2.0
/* Inside the named pipe client. */
#ifndef NPC_M_NPC_H
#define NPC_M_NPC_H

#include "npc/npc.h"
#include "smb/smb.h"

/* A pipe name has at most 255 UTF-16 units, so three times as many bytes of UTF-8. */
#define NPC_NAME_MAX           255u
#define NPC_NAME_SIZE          (3 * NPC_NAME_MAX + 1)
#define NPC_DEFAULT_TIMEOUT_MS 30000u
/* How long closing may take when the caller waits for it: a courtesy to the server, no more. */
#define NPC_CLOSE_NS UINT64_C(5000000000)

/* How pipes are reached. A session of a route begins with a struct npc_session. */
struct npc_route {
    /* Starts to open s: route_opened or route_failed comes later, exactly once. Sets o->error when it fails
     * at once. */
    enum nt_status (*start)(struct npc_session *s, const char *server, const struct npc_options *o);
    size_t size; /* of its session, which is made of zeros */
    enum nt_status (*open_pipe)(struct npc_session *s, const char *name, const struct npc_create *o,
                                npc_pipe_done *done, void *arg, struct npc_pipe **ret);
    void (*facts)(const struct npc_session *s, struct npc_facts *ret); /* but for its size, peer */
    enum nt_status (*key)(const struct npc_session *s, bool application, struct nt_blob *ret);
    struct io_stream *(*stream)(struct npc_session *s);
    const char *(*error)(const struct npc_session *s);
    void (*set_error)(struct npc_session *s, const struct nt_error *e);
    /* Asynchronous, never fails; npc_session_closed comes when nothing of it is on the loop any more. */
    void (*close)(struct npc_session *s);
    void (*done)(struct npc_session *s); /* what its structure holds is freed, not the structure */
};
extern const struct npc_route npc_route_smb, npc_route_mux;

struct npc_session {
    const struct npc_route *route;
    struct nt_loop *loop;
    bool private_loop;
    bool elsewhere; /* opening failed for want of a muxer, or of what it knows: another way may be there */
    struct npc_ways *ways; /* while it is being opened; NULL: this is the only one */
    bool closed; /* npc_session_closed was called; only looked at with a private loop */
    const char *pipe; /* see npc_session_begin */
    unsigned refs;
    unsigned timeout_ms;
    struct nt_error *open_error;
    npc_session_done *done; /* of opening; NULL once called */
    void *arg;
    enum nt_status why; /* opening failed */
    char peer[80];
};

/* ---- ways.c ---- */
struct npc_mux_choice;
/* Starts a new session by the first way of c. STATUS_NO_MEMORY, or why it failed at once. */
enum nt_status npc_ways_start(struct npc_session *s, const char *server, const struct npc_options *o,
                              const struct npc_mux_choice *c);
/* It has failed, for a reason that leaves others: starts the next. False: there is none, and s->why says why. */
bool npc_ways_next(struct npc_session *s);
void npc_ways_free(struct npc_session *s);
size_t npc_ways_size(const struct npc_mux_choice *c); /* of the memory for a session */

/* A route's session is open; or could not be opened, open_error says why, and it has been told to close. */
void npc_session_opened(struct npc_session *s);
void npc_session_closed(struct npc_session *s);

/* A caller that was built earlier has a shorter structure; what it lacks has its default. */
enum nt_status npc_options_take(const struct npc_options *from, struct npc_options *ret);
/* pipe: by the muxer the connection shall be this pipe (npc_mux_take_pipe), and no session; NULL: a session. Lent
 * until done. private_loop: that of o, which the last reference frees. */
enum nt_status npc_session_begin(const char *server, const struct npc_options *o, const char *pipe,
                                 bool private_loop, npc_session_done *done, void *arg, struct npc_session **ret);

uint64_t npc_deadline(struct npc_session *s, unsigned timeout_ms);
/* True if synchronous functions may run now: not from a callback of this loop. */
bool npc_may_wait(struct nt_loop *l);
/* "STATUS_X (text)" */
#define NPC_WORDS 300
const char *npc_words(enum nt_status st, char buf[NPC_WORDS]);
/* What usually helps against a failure of a pipe, or "". */
const char *npc_advice(enum nt_status st);

/* Strips "\pipe\" and checks the rest; see npc_pipe_open. */
enum nt_status npc_pipe_name(const char *name, char ret[NPC_NAME_SIZE]);

#endif
