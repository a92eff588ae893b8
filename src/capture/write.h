// SPDX-License-Identifier: Apache-2.0
/*
 * Captures that we write: pcapng (draft-ietf-opsawg-pcapng) with raw IP, so that others' programs read them.
 * The packets are made up of what one end knows: a TCP connection without losses, and SMB 2 around what went
 * through a pipe.
 */
#ifndef CAPTURE_WRITE_H
#define CAPTURE_WRITE_H

#include "base/cursor.h"
#include "capture/capture.h"

#pragma GCC visibility push(default)

/* Octets of a TCP segment: what is longer goes in several, for an IP packet has 65 535 at most. */
#define CAPTURE_SEGMENT 32768u

/* One connection as it is shown. */
struct capture_conn {
    struct capture_peer client, server;
    uint32_t seq[2]; /* next octet of client and server */
    /* SMB, once something went through a pipe */
    uint64_t mid;
    bool tree;
    const char *host; /* of the share; NULL: "server" */
};

/* The head of a file: application, what it is about, and (may be NULL) where it was made. Link type CAPTURE_RAW. */
void capture_put_head(struct wr *w, const char *application, const char *comment, const char *where);
/* How many packets are missing, so far. */
void capture_put_dropped(struct wr *w, uint64_t time, uint64_t dropped);
/* Packets are appended at `time`, ns since 1970. A hand-shake with the ISNs that are in seq, or the end from
 * the server's side. comment: of the first packet; NULL: none. */
void capture_put_open(struct wr *w, struct capture_conn *c, uint64_t time, const char *comment);
void capture_put_close(struct wr *w, struct capture_conn *c, uint64_t time);
/* Octets from the server (out) or the client. */
void capture_put_data(struct wr *w, struct capture_conn *c, bool out, uint64_t time, struct nt_blob data);

/* The same through pipe `id` of an SMB connection. */
void capture_put_pipe_open(struct wr *w, struct capture_conn *c, uint64_t time, uint64_t id,
                           const char *name);
void capture_put_pipe_data(struct wr *w, struct capture_conn *c, bool out, uint64_t time, uint64_t id,
                           struct nt_blob data);
void capture_put_pipe_close(struct wr *w, struct capture_conn *c, uint64_t time, uint64_t id);

#pragma GCC visibility pop

#endif
