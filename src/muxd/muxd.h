// SPDX-License-Identifier: Apache-2.0
/*
 * The muxer's engine: local connections in (docs/wire/npcmux.md), sessions of the named pipe client out. One
 * loop, one thread; the daemon around it has the sockets, the configuration and the log.
 */
#ifndef MUXD_MUXD_H
#define MUXD_MUXD_H

#include <msrpc/npc.h>
#include "io/io.h"

struct muxd;

struct muxd_options {
    const struct nt_env *env;      /* NULL: the loop's */
    unsigned max_conns;            /* local connections; 0: 10 000 */
    unsigned max_conns_per_uid;    /* 0: a quarter of them, for root all */
    unsigned max_creds_per_uid;    /* 0: 64 */
    unsigned max_sessions_per_uid; /* 0: 256 */
    unsigned session_idle_ms;      /* a session without pipes is kept so long; 0: 60 000 */
    unsigned hello_timeout_ms;     /* 0: 10 000 */
    /* May a credential be read by name (a cache, a keytab) with our rights, for this uid? NULL: no. */
    bool (*may_name)(void *arg, uint32_t uid, const char *name);
    void *may_name_arg;
    void (*log)(void *arg, const char *line); /* one event, no secrets; NULL: none */
    void *log_arg;
};

/* loop: has to be a loop of descriptors unless muxd_join is used. STATUS_NO_MEMORY, or no random bytes. */
enum nt_status muxd_new(struct nt_loop *loop, const struct muxd_options *o, struct muxd **ret);
/* Takes over a connected unix socket, also on failure; the uid is that of its peer. */
enum nt_status muxd_accept(struct muxd *d, int fd);
/* The same for a stream of a loop in memory: for tests. */
enum nt_status muxd_join(struct muxd *d, struct nt_loop *loop, struct io_stream *client, uint32_t uid);
/* Ends all connections; the sessions log off while the loop still runs. */
void muxd_free(struct muxd *d);

struct muxd_counters {
    uint64_t accepted, refused, connects, warm, failed, pdus_out, bytes_out, bytes_in;
    unsigned conns, owners, sessions, pipes;
    unsigned taps;
    uint64_t tap_lost; /* records that a tap had no room for */
};
void muxd_count(const struct muxd *d, struct muxd_counters *ret);

#endif
