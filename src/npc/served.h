// SPDX-License-Identifier: Apache-2.0
/*
 * Sessions without a network: their pipes lead to functions of the same process, message by message. What
 * stands on sessions and pipes does not see the difference, but for the facts: nothing is encrypted, and
 * there are no keys.
 */
#ifndef NPC_SERVED_H
#define NPC_SERVED_H

#include "npc/npc.h"

#pragma GCC visibility push(default) /* shared with the daemon, see the *_PRIVATE nodes */

struct npc_served; /* a pipe, from the server's side */

struct npc_served_ops {
    /* *ret is handed to the others. A failure is what opening the pipe ends with, err (of NT_ERROR_TEXT) the
     * sentence. */
    enum nt_status (*open)(void *arg, const char *pipe, struct npc_served *p, void **ret,
                           struct nt_error *err);
    /* What the client wrote; npc_served_answer is allowed, any number of times. */
    void (*message)(void *handle, const uint8_t *data, size_t len);
    /* The last call. */
    void (*close)(void *handle);
};

/* done comes later, as that of npc_session_open_send does. where: what the facts have as peer. ops and arg
 * outlive the session. */
enum nt_status npc_session_serve(const char *server, const char *where, struct nt_loop *loop,
                                 const struct nt_env *env, const struct npc_served_ops *ops, void *arg,
                                 npc_session_done *done, void *done_arg);
/* One message to the client; takes it over. Without memory it is missing, and the next read fails. */
void npc_served_answer(struct npc_served *p, struct wr *w);
/* The client made no sense: when it has read what there is, its pipe is broken. */
void npc_served_break(struct npc_served *p);

#pragma GCC visibility pop

#endif
