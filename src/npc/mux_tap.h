// SPDX-License-Identifier: Apache-2.0
/*
 * Messages of a tap, docs/wire/npcmux.md "Tap". A connection that has asked for one becomes a stream of
 * records, each a message MUX_TAP_DATA with the id of the Tap.
 */
#ifndef NPC_MUX_TAP_H
#define NPC_MUX_TAP_H

#include "npc/mux.h"

#pragma GCC visibility push(default) /* shared with the daemon, see the *_PRIVATE nodes */

/* What waits for a slow reader until records are dropped: by default some thousand calls, and at most. */
#define MUX_TAP_QUEUE     ((uint32_t)4 << 20)
#define MUX_TAP_QUEUE_MAX ((uint32_t)64 << 20)
#define MUX_TAP_ANY       UINT32_MAX /* uid: of everybody */

/* Which pipes. Texts are patterns as those of credentials: "" and "*" fit all. */
struct mux_tap {
    uint8_t whose;  /* enum mux_whose */
    uint32_t uid;   /* with MUX_ALL; MUX_TAP_ANY */
    uint32_t pid;   /* 0: any */
    uint32_t queue; /* octets; 0: MUX_TAP_QUEUE */
    char server[MUX_NAME_MAX + 1], pipe[MUX_PIPE_MAX + 1];
};
void mux_put_tap(struct wr *w, const struct mux_tap *t);
enum nt_status mux_get_tap(struct rd *r, struct mux_tap *ret);

/* The answer. */
struct mux_tapped {
    uint64_t tap; /* its number, as the log has it */
    char program[64], host[MUX_NAME_MAX + 1];
};
void mux_put_tapped(struct wr *w, const struct mux_tapped *t);
enum nt_status mux_get_tapped(struct rd *r, struct mux_tapped *ret);

enum mux_record_kind {
    MUX_TAP_PIPE = 1, /* a pipe, before its first octets; what it is is not said again */
    MUX_TAP_OCTETS,
    MUX_TAP_CLOSED,
    MUX_TAP_LOST, /* so many records had no room in front of this place */
};
enum { /* flags of MUX_TAP_OCTETS */
       MUX_TAP_FROM_SERVER = 1,
       MUX_TAP_EARLIER = 2, /* went over the pipe before the tap began: its bind, and the answer to that */
};

struct mux_record {
    uint8_t kind;
    uint64_t time; /* ns since 1970 */
    uint64_t pipe;
    /* MUX_TAP_PIPE */
    uint32_t uid, pid;
    uint8_t mode; /* enum mux_mode */
    char server[MUX_NAME_MAX + 1], peer[80], name[MUX_PIPE_MAX + 1];
    /* MUX_TAP_OCTETS */
    uint8_t flags;
    struct nt_blob octets; /* lent */
    /* MUX_TAP_LOST */
    uint64_t records, bytes;
};
void mux_put_record(struct wr *w, const struct mux_record *r);
/* Only the fields of its kind are set. */
enum nt_status mux_get_record(struct rd *r, struct mux_record *ret);

#pragma GCC visibility pop

#endif
