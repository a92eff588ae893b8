// SPDX-License-Identifier: Apache-2.0
/* The configuration of npcmuxd. A member of struct config is one key; npcmuxd.conf(5) says what each means.
 */
#ifndef NPCMUXD_CONFIG_H
#define NPCMUXD_CONFIG_H

#include "common/conf.h"

enum config_lock { CONFIG_LOCK_NO, CONFIG_LOCK_TRY, CONFIG_LOCK_REQUIRED };
enum config_log_events { CONFIG_EVENTS_FAILED, CONFIG_EVENTS_CHANGES, CONFIG_EVENTS_ALL };

struct config {
    struct conf base;
    const char *socket;
    unsigned socket_mode;
    const char *run_as; /* NULL: stay who we are */
    bool sandbox;
    int lock_memory; /* enum config_lock */
    unsigned max_connections, max_connections_per_uid, max_credentials_per_uid, max_sessions_per_uid;
    unsigned max_bound_per_session, max_bound_per_uid, bound_idle; /* pipes that wait to be lent */
    unsigned workers;
    unsigned session_idle, hello_timeout, exit_idle, drain_timeout; /* seconds */
    int log_format, log_events; /* enum conf_log_format, config_log_events */
    const char *log_file;       /* NULL: standard error */
    const char *metrics;        /* NULL: none */
};

/* What the command line says. */
struct options {
    struct conf_options base;
    bool own; /* --user: one user's instance */
    const char *replay; /* a recording that answers in the place of all servers; NULL: none */
    bool replay_strict;
};

extern const struct conf_table config_table;

bool config_read(const struct options *o, conf_complain_fn *complain, void *arg, struct config **ret);
/* Accepts NULL. */
void config_free(struct config *c);

#endif
