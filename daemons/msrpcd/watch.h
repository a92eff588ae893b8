// SPDX-License-Identifier: Apache-2.0
/* Who watches the servers: log, metrics and capture, behind one object. Used from the loop's thread only. */
#ifndef MSRPCD_WATCH_H
#define MSRPCD_WATCH_H

#include <msrpc/rpc_server.h>
#include "config.h"
#include "samdb/samdb.h"
#include "smbd/smbd.h"

struct watch;

/* Opens log, capture and the port of the metrics, all of which may take rights that are given up afterwards;
 * the configuration must outlive it, or be replaced by watch_reload. metrics_fd: a socket that listens
 * already, instead of the key's; -1: none. What is told before watch_start waits. */
enum nt_status watch_new(struct nt_loop *loop, const struct config *c, int metrics_fd, struct watch **ret,
                         struct nt_error *err);
/* Starts the threads that write, of which there are two at most: after the sandbox, which wants to be entered
 * alone. */
enum nt_status watch_start(struct watch *w);
/* After all servers. Accepts NULL. */
void watch_free(struct watch *w);
/* On SIGHUP: the keys of the log that are live, and its file anew. On failure all stays as it is. */
enum nt_status watch_reload(struct watch *w, const struct config *c, struct nt_error *err);

/* A sentence for the log. */
void watch_say(struct watch *w, enum nt_trace_level level, const char *sentence);

/* Before a server or store is made: it will tell w. After that, and before it is freed: it is counted, or no
 * more. */
void watch_rpc_options(struct watch *w, struct rpc_server_options *o);
void watch_smbd_options(struct watch *w, struct smbd_options *o);
void watch_store_options(struct watch *w, struct samdb_options *o);
void watch_rpc(struct watch *w, const struct rpc_server *s);
void watch_smbd(struct watch *w, const struct smbd *s);
void watch_rpc_gone(struct watch *w, const struct rpc_server *s);
void watch_smbd_gone(struct watch *w, const struct smbd *s);

/* The port of the metrics; 0: a socket, or none. */
uint16_t watch_port(const struct watch *w);

#endif
