// SPDX-License-Identifier: Apache-2.0
/*
 * A recording of pipes that answers in the place of their servers: docs/replay.md. The file may be anybody's,
 * and so may be the requests; nothing of either is trusted.
 */
#ifndef MUXD_REPLAY_H
#define MUXD_REPLAY_H

#include "npc/served.h"

struct muxd_replay;

/* What a recording may take in memory. */
#define MUXD_REPLAY_MEMORY ((size_t)256 << 20)

struct muxd_replay_stats {
    unsigned servers, pipes; /* names of pipes, each of a server */
    uint64_t calls;          /* that can be answered */
    uint64_t sealed;         /* RPC security is between us and what they were */
    uint64_t unanswered, unknown,
        incomplete; /* no answer; of an interface whose bind is not there; not whole */
    uint64_t notes; /* of the reader of captures: something could not be followed */
};

/* strict: requests have to come in the order of the recording, for each pipe of a server; else each is
 * answered by the first equal one of those that have answered least. */
enum nt_status muxd_replay_new(bool strict, struct muxd_replay **ret);
/* The next octets of a pcapng file. STATUS_FILE_INVALID, STATUS_INSUFFICIENT_RESOURCES, STATUS_NO_MEMORY. */
enum nt_status muxd_replay_feed(struct muxd_replay *r, const uint8_t *data, size_t len);
/* The file was whole: before anything is asked. STATUS_FILE_INVALID: it ends too early, or there is nothing
 * to answer. */
enum nt_status muxd_replay_ready(struct muxd_replay *r, struct muxd_replay_stats *ret, struct nt_error *err);
/* The three of a file; the sentence in err. */
enum nt_status muxd_replay_load(const char *path, bool strict, struct muxd_replay **ret,
                                struct muxd_replay_stats *ret_stats, struct nt_error *err);
/* A request, or a bind, was not in the recording: a sentence. One at a time. */
void muxd_replay_on_miss(struct muxd_replay *r,
                         void (*miss)(void *arg, const char *server, const char *pipe, const char *why),
                         void *arg);
void muxd_replay_free(struct muxd_replay *r);

/* Names are compared without case; a server is also known by its address. */
bool muxd_replay_knows(const struct muxd_replay *r, const char *server);

/* A pipe of the recording, as npc_served_ops want it, with answers to whoever is given. */
struct muxd_play;
enum nt_status muxd_play_open(struct muxd_replay *r, const char *server, const char *pipe,
                              void (*answer)(void *arg, struct wr *w), void (*broken)(void *arg), void *arg,
                              struct muxd_play **ret, struct nt_error *err);
void muxd_play_message(struct muxd_play *p, const uint8_t *data, size_t len);
void muxd_play_close(struct muxd_play *p);

#endif
