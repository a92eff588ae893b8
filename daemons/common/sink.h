// SPDX-License-Identifier: Apache-2.0
/*
 * Where records (lines of a log, packets of a capture) go: a descriptor that may be slow, full or gone. A
 * thread of its own writes; the loop hands a record over and never waits. What has no room is dropped,
 * counted, and told in the sink itself once there is room again.
 */
#ifndef COMMON_SINK_H
#define COMMON_SINK_H

#include <msrpc/nt.h>

/* Bytes that wait for the descriptor: some thousand lines, which is a second of a busy server. */
#define SINK_BUFFER ((size_t)1 << 20)
/* How long the end waits for a descriptor that takes nothing. */
#define SINK_FAREWELL_MS 2000u

struct sink;

struct sink_options {
    int fd;       /* closed at the end, unless it is standard error */
    uint64_t max; /* octets that may be written; 0: any number. Then all is dropped. */
    bool whole; /* a file of ours alone: what was written by half is taken away again. Else a newline ends it.
                 */
    /* A record that tells that so many were lost; 0: none. Called by the thread. */
    size_t (*gap)(void *arg, uint64_t lost, char *buf, size_t size);
    void *arg;
};

struct sink_stats {
    uint64_t written, dropped, errors, bytes; /* records; failed writes; octets that were written */
    bool full;                                /* max was reached */
};

enum nt_status sink_new(const struct sink_options *o, struct sink **ret);
/* Starts the thread; records wait until then. Once. */
enum nt_status sink_start(struct sink *s);
/* From one thread, the loop's. False: dropped. */
bool sink_put(struct sink *s, const void *data, size_t len);
/* Another descriptor from the next record on, taken over; the old one is closed. */
void sink_replace(struct sink *s, int fd);
void sink_stats(struct sink *s, struct sink_stats *ret);
/* Waits a little for what is on its way. False: the thread stands in write(2), and is left behind with what
 * it looks at. Accepts NULL. */
bool sink_free(struct sink *s);

#endif
