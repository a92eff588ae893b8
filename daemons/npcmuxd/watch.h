// SPDX-License-Identifier: Apache-2.0
/* What the muxer tells becomes lines of the log and numbers for Prometheus. docs/observe.md lists both. */
#ifndef NPCMUXD_WATCH_H
#define NPCMUXD_WATCH_H

#include "config.h"
#include "muxd/muxd.h"

struct watch;

/* Opens log and metrics; metrics_fd: a socket that listens already, instead of the key's; -1: none. What is
 * told before watch_start waits. */
enum nt_status watch_new(struct nt_loop *loop, const struct config *c, int metrics_fd, struct watch **ret,
                         struct nt_error *err);
/* Starts the thread that writes: after the sandbox, which wants to be entered alone. */
enum nt_status watch_start(struct watch *w);
/* On SIGHUP: the keys of the log, and its file anew. On failure all stays as it is. */
enum nt_status watch_reload(struct watch *w, const struct config *c, struct nt_error *err);
/* Whose counters are told; NULL: nobody's any more. */
void watch_muxd(struct watch *w, const struct muxd *d);
/* Accepts NULL. */
void watch_free(struct watch *w);

/* An event of muxd_options; w: a struct watch. */
void watch_event(void *w, const struct muxd_event *e);
/* A sentence for the log. */
void watch_say(struct watch *w, enum nt_trace_level level, const char *sentence);
/* The port of the metrics; 0: a socket, or none. */
uint16_t watch_port(const struct watch *w);

#endif
