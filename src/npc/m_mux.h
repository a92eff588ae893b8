// SPDX-License-Identifier: Apache-2.0
/* The route by the muxer: mux_session.c and mux_pipe.c. */
#ifndef NPC_M_MUX_H
#define NPC_M_MUX_H

#include "npc/m_npc.h"
#include "npc/mux.h"

/* A message that is being put together, and the id that its answer will have. */
struct mux_line {
    struct io_stream stream;
    struct wr in;
    size_t want;
    struct wr held; /* a message that came in pieces and is being looked at */
    uint32_t next_id;
    /* For each message; lent until the ready list of this step has run. False: it makes no sense. */
    bool (*on_message)(struct mux_line *l, const struct mux_hdr *h, const uint8_t *body, size_t len);
    void (*on_open)(struct mux_line *l);
    void (*on_close)(struct mux_line *l, enum nt_status why);
};

void mux_line_init(struct mux_line *l, const struct nt_env *env);
void mux_line_done(struct mux_line *l);
enum nt_status mux_line_dial(struct mux_line *l, struct nt_loop *loop, const char *path, uint64_t deadline);
uint32_t mux_line_id(struct mux_line *l);
enum nt_status mux_line_send(struct mux_line *l, struct wr *w);
/* Hello, then a Connect. */
enum nt_status mux_line_hello(struct mux_line *l, const struct mux_connect *to, uint32_t *ret_id);

struct mux_session {
    struct npc_session base;
    struct mux_line line;
    char path[108]; /* of the socket, as long as its address can hold */
    struct mux_connect to;
    struct mux_facts facts;
    uint32_t connect_id;
    bool open, dead;
    struct io_item timer, end;
    struct nt_error err;
};

enum nt_status npc_mux_open_pipe(struct npc_session *s, const char *name, const struct npc_create *o,
                                 npc_pipe_done *done, void *arg, struct npc_pipe **ret);

/* ---- mux_policy.c ---- */
/* NULL: that of TERN_NPC, else the system's. NULL: there is none. */
const char *npc_mux_path(const char *path);
/* The path if TERN_NPC says that it is to be used, else NULL. */
const char *npc_mux_wanted(void);
/* What npc_options.mux or TERN_NPC says: the path that is to be used, or NULL. */
const char *npc_mux_chosen(const char *said);

#endif
