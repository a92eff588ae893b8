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
struct muxd_replay;

/* What happens, for a log and for counting. No event has a secret in it. */
enum muxd_event_kind {
    MUXD_ACCEPTED,     /* a local connection */
    MUXD_REFUSED,      /* one that was not: st says whether for a ceiling or for its uid */
    MUXD_CLOSED,       /* duration */
    MUXD_CRED_SET,     /* st: or why not */
    MUXD_CRED_CLEARED, /* also when its time was over, or its token was closed */
    MUXD_SESSION,      /* has been opened, or st: why not; duration */
    MUXD_SESSION_ENDED,
    MUXD_CONNECT,      /* of a client, has been answered: st; duration */
    MUXD_PIPE_ENDED,   /* bytes; duration; st: what ended it */
    MUXD_TAPPED,       /* a tap begins (st) */
    MUXD_TAP_ENDED,
    MUXD_MISSED, /* what a client asked for is not in the recording: server, pipe, why */
    MUXD_EVENTS,
};

/* All text is lent for the call. What is not known is NULL or 0. */
struct muxd_event {
    enum muxd_event_kind kind;
    enum nt_status st;
    uint32_t uid, pid;
    const char *program; /* what the client called itself: anything */
    const char *server, *peer, *pipe, *domain, *user, *pattern;
    const char *why; /* a sentence */
    unsigned port;
    unsigned mode;        /* enum mux_mode */
    unsigned cred_kind;   /* enum mux_cred */
    bool warm;            /* the session was there */
    bool token;           /* a credential of a token, not the uid's own */
    unsigned count;       /* connections of this uid: MUXD_REFUSED */
    uint64_t pipe_id;
    uint64_t bytes_in, bytes_out, duration_ns;
    /* of a tap; server and pipe say which pipes, "": all */
    uint64_t tap, records, lost;
    uint32_t tap_uid, tap_pid;
    bool tap_all; /* of whoever has pipes, not only of tap_uid */
};

struct muxd_options {
    const struct nt_env *env;      /* NULL: the loop's */
    unsigned max_conns;            /* local connections; 0: 10 000 */
    unsigned max_conns_per_uid;    /* 0: a quarter of them, for root all */
    unsigned max_creds_per_uid;    /* 0: 64 */
    unsigned max_sessions_per_uid; /* 0: 256 */
    /* Of all users together, root's apart; never less than one may have. Each is some memory, contents and sessions are a
     * descriptor, too: whoever has many uids (subuid(5)) is not to take what all others need. */
    unsigned max_creds;            /* 0: 8 192 */
    unsigned max_contents;         /* caches and keytabs that were sent; 0: 2 048 */
    unsigned max_sessions;         /* 0: 5 120 */
    unsigned max_pool_per_session; /* bound pipes that wait to be lent; 0: 64 */
    unsigned max_pool_per_uid;     /* 0: 256 */
    unsigned pool_idle_ms;         /* they wait so long; 0: 30 000 */
    unsigned session_idle_ms;      /* a session without pipes is kept so long; 0: 60 000 */
    unsigned hello_timeout_ms;     /* 0: 10 000 */
    /* May a credential be read by name (a cache, a keytab) with our rights, for this uid? NULL: no. */
    bool (*may_name)(void *arg, uint32_t uid, const char *name);
    void *may_name_arg;
    void (*event)(void *arg, const struct muxd_event *e); /* NULL: nobody looks */
    void *event_arg;
    /* Only this uid is served, all others are refused; else all are. */
    bool one_uid;
    uint32_t uid;
    struct muxd_replay *replay; /* answers in the place of all servers; not ours; NULL: none. muxd/replay.h */
};

/* loop: has to be a loop of descriptors unless muxd_join is used. STATUS_NO_MEMORY, or no random bytes. */
enum nt_status muxd_new(struct nt_loop *loop, const struct muxd_options *o, struct muxd **ret);
/* Takes over a connected unix socket, also on failure; the uid is that of its peer. */
enum nt_status muxd_accept(struct muxd *d, int fd);
/* The same for a stream of a loop in memory: for tests. */
enum nt_status muxd_join(struct muxd *d, struct nt_loop *loop, struct io_stream *client, uint32_t uid);
/* Ends all connections; the sessions log off while the loop still runs. */
void muxd_free(struct muxd *d);
/* The numbers of o from now on: ceilings and times. What is above a new ceiling stays. */
void muxd_set_options(struct muxd *d, const struct muxd_options *o);
/* The end begins: a Connect is answered with STATUS_SHUTDOWN_IN_PROGRESS, connections at which nothing is under way end, the
 * others when it is done. */
void muxd_drain(struct muxd *d);
/* Is nothing under way any more? Also ends what has become idle: to be called from turns of the loop. */
bool muxd_drained(struct muxd *d);

struct muxd_counters {
    uint64_t accepted, refused, connects, warm, failed, pdus_out, bytes_out, bytes_in;
    uint64_t lent, reused; /* bound pipes; those that had been bound before */
    unsigned conns, owners, sessions, pipes, pooled;
    unsigned taps;
    uint64_t tap_lost; /* records that a tap had no room for */
};
void muxd_count(const struct muxd *d, struct muxd_counters *ret);

#endif
