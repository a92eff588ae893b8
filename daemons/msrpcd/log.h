// SPDX-License-Identifier: Apache-2.0
/* The log: one line for each event, as text or JSON, by way of a sink that holds up nobody. docs/observe.md
 * has the fields. */
#ifndef MSRPCD_LOG_H
#define MSRPCD_LOG_H

#include <msrpc/rpc_server.h>
#include "config.h"
#include "common/sink.h"
#include "smbd/smbd.h"

struct log;

/* How a call ended, for log and metrics alike. */
enum call_result { CALL_OK, CALL_ERROR, CALL_FAULT, CALL_CANCELLED, CALL_LOST, CALL_RESULTS };
enum call_result call_result(const struct rpc_seen_call *call);
const char *call_result_name(enum call_result r); /* "ok" ... */
const char *refusal_name(enum rpc_refusal why);   /* "connections" ... */

enum nt_status log_new(const struct config *c, struct log **ret, struct nt_error *err);
/* Lines wait until then. */
enum nt_status log_start(struct log *l);
/* On SIGHUP: what the keys say now; the file is opened again, whatever it was. On failure the old one stays.
 */
enum nt_status log_reload(struct log *l, const struct config *c, struct nt_error *err);
void log_stats(struct log *l, struct sink_stats *ret);
/* Accepts NULL. */
void log_free(struct log *l);

/* A sentence of the daemon's own. */
void log_say(struct log *l, enum nt_trace_level level, const char *sentence);
void log_capture(struct log *l, const char *file, bool stopped);

void log_opened(struct log *l, const struct rpc_seen_conn *c);
void log_closed(struct log *l, const struct rpc_seen_conn *c);
void log_bind(struct log *l, const struct rpc_seen_conn *c, const struct rpc_seen_bind *b);
void log_auth(struct log *l, const struct rpc_seen_conn *c, const struct rpc_seen_auth *a);
void log_call(struct log *l, const struct rpc_seen_conn *c, const struct rpc_seen_call *call);
/* ceiling: refusal_name(), or that of SMB. Of many in a second the first has a line. */
void log_refused(struct log *l, unsigned slot, const char *ceiling, const char *peer);
#define LOG_SLOT_SMB  ((unsigned)RPC_REFUSED_CAUSES) /* slots below are those of enum rpc_refusal */
#define LOG_SLOT_HTTP ((unsigned)RPC_REFUSED_CAUSES + 1)
#define LOG_SLOTS     ((unsigned)RPC_REFUSED_CAUSES + 2)

void log_smb_conn(struct log *l, const char *peer, const char *local, bool opened);
void log_logon(struct log *l, const struct smbd_seen_session *s, enum nt_status st, bool again,
               const char *why);
void log_ended(struct log *l, const struct smbd_seen_session *s);
void log_tree(struct log *l, const struct smbd_seen_session *s, const char *share, enum nt_status st);
void log_pipe(struct log *l, const struct smbd_seen_session *s, const char *name, enum nt_status st);

#endif
