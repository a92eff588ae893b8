// SPDX-License-Identifier: Apache-2.0
/* The daemon as a whole: main.c starts and ends it, life.c is what happens between. */
#ifndef MSRPCD_DAEMON_H
#define MSRPCD_DAEMON_H

#include "msrpcd.h"

struct daemon {
    struct options o;
    struct config *c;
    struct nt_loop *loop;
    struct confine confine;
    struct watch *watch;
    struct listeners *listeners;
    struct store store;
    struct services *services;
};

/* What has to be said, a line each: to the log once there is one. arg: the daemon; NULL: to standard error. */
void daemon_say(void *arg, const char *sentence);
/* Can the keytab be read? Else says why not. */
bool daemon_keytab_ok(const struct config *c);

/* ---- life.c ---- */
/* Until it is told to end. What is running then has as long as drain_timeout says, or until it is told again.
 * Anything but STATUS_SUCCESS: the loop could not go on. */
enum nt_status life_live(struct daemon *d);

#endif
