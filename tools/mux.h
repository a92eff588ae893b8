// SPDX-License-Identifier: Apache-2.0
/* tern mux: which daemon, and what goes wrong with it. */
#ifndef TOOLS_MUX_H
#define TOOLS_MUX_H

#include <msrpc/npc_mux.h>
#include "tern.h"

/* The daemon of --socket, else of TERN_NPC, else the user's own, else the system's; *ret_path (may be NULL)
 * is where it was found. NULL after having said which were tried. */
struct npc_mux *mux_open(struct tern *t, const char **ret_path);
/* The last request failed: says so. EXIT_FAILED. Closes it. */
int mux_failed(struct tern *t, struct npc_mux *m, enum nt_status st);

/* mux_set.c */
extern const struct opt mux_set_opts[];
int mux_set(struct tern *t);
/* mux_tap.c */
extern const struct opt mux_tap_opts[];
int mux_tap(struct tern *t);

#define MUX_SOCKET_OPT                                                                                       \
    {                                                                                                        \
        "socket", "PATH", "of the daemon; instead of TERN_NPC, the user's own or the system's"               \
    }

#endif
