// SPDX-License-Identifier: Apache-2.0
/* Inside of replaying: replay_load.c makes a recording out of a capture, replay.c answers from it. */
#ifndef MUXD_M_REPLAY_H
#define MUXD_M_REPLAY_H

#include "capture/read.h"
#include "muxd/replay.h"
#include "rpc/pdu.h"

struct rec_call {
    struct rec_call *next;
    uint64_t frame; /* of the request: the order */
    struct rpc_syntax iface;
    enum capture_syntax syntax;
    uint16_t opnum;
    bool has_object;
    unsigned used; /* how often it has answered */
    struct nt_guid object;
    uint8_t req_drep, rsp_drep;
    enum capture_outcome outcome; /* CAPTURE_ANSWERED, CAPTURE_FAULT or CAPTURE_MAYBE */
    uint32_t fault;
    bool did_not_execute;
    struct nt_blob req, rsp; /* the recording's */
};

/* What the server said to an interface in a transfer syntax. */
struct rec_offer {
    struct rec_offer *next;
    struct rpc_syntax iface, transfer;
    uint16_t result, reason;
};

/* Pipes of one name of one server, whichever of them. */
struct rec_pipe {
    struct rec_pipe *next;
    char *name;
    char host[256], addr[CAPTURE_PEER_STRLEN]; /* "" where it is not known; without port */
    struct rec_call *calls, *last, *next_strict;
    struct rec_offer *offers;
};

struct muxd_replay {
    bool strict, failed;
    struct nt_arena *mem; /* secret */
    size_t used;
    struct rec_pipe *pipes;
    struct capture *capture; /* while it is read */
    struct capture_file *file;
    struct muxd_replay_stats stats;
    void (*miss)(void *arg, const char *server, const char *pipe, const char *why);
    void *miss_arg;
};

bool rec_is_server(const struct rec_pipe *p, const char *server);

#endif
