// SPDX-License-Identifier: Apache-2.0
/*
 * Counters, and their text for Prometheus (the exposition format 0.0.4). Labels come from tables only:
 * interfaces and operations that are served, transports, results; whatever a client makes up is "other".
 * docs/observe.md lists all.
 */
#ifndef MSRPCD_METRICS_H
#define MSRPCD_METRICS_H

#include "log.h"

struct metrics;

struct metrics_options {
    const char *version;
    struct log *log;
    /* Of a capture; false: none runs. May be NULL. */
    bool (*capture)(void *arg, struct sink_stats *ret);
    void *capture_arg;
};

enum nt_status metrics_new(const struct metrics_options *o, struct metrics **ret);
void metrics_free(struct metrics *m);
/* Servers whose own counters are told, too; until metrics_gone, which keeps what they had counted. */
void metrics_rpc(struct metrics *m, const struct rpc_server *s);
void metrics_smbd(struct metrics *m, const struct smbd *s);
void metrics_rpc_gone(struct metrics *m, const struct rpc_server *s);
void metrics_smbd_gone(struct metrics *m, const struct smbd *s);

void metrics_conn(struct metrics *m, const char *protseq, bool opened);
void metrics_auth(struct metrics *m, const char *over, const char *provider, bool good);
void metrics_call(struct metrics *m, const struct rpc_seen_conn *c, const struct rpc_seen_call *call);
void metrics_refused(struct metrics *m, unsigned slot); /* of log_refused */
void metrics_session(struct metrics *m, bool opened);
void metrics_tree(struct metrics *m, bool good);
void metrics_pipe(struct metrics *m, bool good);
/* A transaction of the store: how long it took, and what came of it. From any thread. */
void metrics_store(void *m, uint64_t ns, enum nt_status st);

/* All of it as text. */
void metrics_put(void *m, struct wr *w);

#endif
