// SPDX-License-Identifier: Apache-2.0
/*
 * What goes over npcmuxd's pipes, as it goes: a connection to the daemon becomes a stream of records. One
 * sees the pipes of one's own uid; root those of everybody. What is seen is what pipes carry, arguments of
 * calls and all, but not what RPC security has sealed inside of them; keys and credentials never come along.
 */
#ifndef MSRPC_NPC_TAP_H
#define MSRPC_NPC_TAP_H

#include <msrpc/npc_mux.h>

NT_BEGIN_DECLS

struct npc_tap; /* of one thread at a time */

#define NPC_TAP_ANY UINT32_MAX

struct npc_tap_options {
    size_t size;
    const char *mux;           /* path of the daemon's socket; NULL: as npc_mux_open */
    const char *server, *pipe; /* patterns: a name in any case, "*" at its beginning or end; NULL: all */
    bool all;                  /* of everybody: root only */
    uint32_t uid;              /* with all: of this one; NPC_TAP_ANY: of each */
    uint32_t pid;              /* of who opened the pipe; 0: any */
    uint32_t queue; /* bytes that may wait for us in the daemon before it drops records, at most 64 MiB; 0: 4
                       MiB */
    unsigned timeout_ms;  /* for opening; 0: 30 000 */
    struct nt_loop *loop; /* NULL: a private one */
    const struct nt_env *env;
    struct nt_error *error;
};
#define NPC_TAP_OPTIONS_INIT                                                                                 \
    {                                                                                                        \
        .size = sizeof(struct npc_tap_options), .uid = NPC_TAP_ANY                                           \
    }

enum npc_tap_kind {
    NPC_TAP_OPENED, /* the first that is seen of a pipe, which may have been open for long */
    NPC_TAP_OCTETS, /* some of its octets, as they were sent or came: of the client whole PDUs */
    NPC_TAP_CLOSED,
    NPC_TAP_LOST, /* in front of this place we were too slow: `records` with `bytes` octets are missing */
};

/* A pipe. Of a number that was lost all is zero or "". */
struct npc_tap_pipe {
    uint64_t id;
    uint32_t uid, pid;
    const char *server, *peer, *name; /* as it was dialled; its address and port; without "\pipe\" */
    void *user;                       /* the callback's own, to begin with NULL; gone after NPC_TAP_CLOSED */
};

/* Lent for the callback. */
struct npc_tap_record {
    enum npc_tap_kind kind;
    uint64_t time;             /* ns since 1970 */
    struct npc_tap_pipe *pipe; /* NULL: NPC_TAP_LOST */
    bool from_server;
    bool earlier; /* went over the pipe before the tap began: binds and the answers to them, without security
                     tokens */
    struct nt_blob octets;
    uint64_t records, bytes;
};

struct npc_tap_about {
    size_t size;
    uint64_t tap;               /* its number in the daemon's log */
    const char *program, *host; /* "npcmuxd 0.1.0", of the machine; lent as long as the tap */
};

/* STATUS_ACCESS_DENIED: pipes of others, and not root; STATUS_QUOTA_EXCEEDED: the uid has four taps, or there
 * are 32; and the errors of npc_mux_open. */
NT_PUBLIC enum nt_status npc_tap_open(const struct npc_tap_options *o, struct npc_tap **ret) NT_CHECKED;
NT_PUBLIC enum nt_status npc_tap_about(const struct npc_tap *t, struct npc_tap_about *ret) NT_CHECKED;
/* Gives records until `each` returns false (STATUS_SUCCESS, and the tap is of no more use), for timeout_ms
 * (-1: for ever; STATUS_IO_TIMEOUT), until the cancel token is fired (STATUS_CANCELLED) or the daemon goes
 * (STATUS_CONNECTION_DISCONNECTED). */
NT_PUBLIC enum nt_status npc_tap_run(struct npc_tap *t,
                                     bool (*each)(void *arg, const struct npc_tap_record *r), void *arg,
                                     int timeout_ms, struct nt_cancel *cancel) NT_CHECKED;
/* gone (may be NULL) is called for each pipe that is still known. Accepts NULL. */
NT_PUBLIC void npc_tap_close(struct npc_tap *t, void (*gone)(void *arg, struct npc_tap_pipe *p), void *arg);

NT_END_DECLS

#endif
