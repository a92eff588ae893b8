// SPDX-License-Identifier: Apache-2.0
/*
 * npcmuxd: options.c reads the command line, config.c has the keys of the configuration, confine.c gives up
 * what serving does not take, watch.c has log and metrics, main.c starts it all, and life.c is what happens
 * then. The engine is src/muxd.
 */
#ifndef NPCMUXD_H
#define NPCMUXD_H

#include "common/options.h"
#include "confine.h"
#include "muxd/muxd.h"
#include "muxd/replay.h"
#include "watch.h"
#include "workers.h"

struct daemon;

struct listening {
    struct io_listener l;
    struct daemon *d;
};

struct daemon {
    struct options o;
    struct config *c;
    struct nt_loop *loop;
    struct confine confine;
    struct watch *watch;
    struct listening listeners[ACTIVATE_MAX];
    unsigned n_listeners;
    struct muxd *muxd;
    struct muxd_replay *replay; /* of --replay */
    struct muxd_replay_stats replayed;
    struct workers *workers;
};

/* Exits by itself for --help, --version and mistakes. */
void command_line(int argc, char **argv, struct options *ret);

/* What has to be said, a line each: to the log once there is one. arg: the daemon; NULL: to standard error.
 */
void daemon_say(void *arg, const char *sentence);
/* What the configuration says to the engine. */
void daemon_muxd_options(struct daemon *d, const struct config *c, struct muxd_options *ret);

/* ---- life.c ---- */
/* Until it is told to end, or nobody needs it. What is under way then has as long as drain_timeout says, or
 * until it is told again. Anything but STATUS_SUCCESS: the loop could not go on. */
enum nt_status life_live(struct daemon *d);

#endif
