// SPDX-License-Identifier: Apache-2.0
/*
 * From the process that somebody starts, perhaps root, perhaps a service manager's, to one that serves: in
 * three steps, between which main.c opens ports and the store. It stands on privilege.c, activate.c,
 * keytab.c, notify.c, sandbox.c.
 */
#ifndef MSRPCD_CONFINE_H
#define MSRPCD_CONFINE_H

#include "common/activate.h"
#include "config.h"
#include "keytab.h"
#include "common/notify.h"
#include "common/privilege.h"

/* FileDescriptorName= of the sockets. */
enum confine_socket { SOCKET_SMB, SOCKET_EPMAPPER, SOCKET_RPC, SOCKET_METRICS, SOCKETS };

struct confine {
    struct activate sockets; /* that were handed over */
    struct notify notify;
    bool changes; /* to user */
    struct privilege_user user;
    struct keytab *keytab; /* held in memory; NULL: it is read from its file, or there is none */
    char *keytab_name;     /* what is held */
};

/* First: limits, sockets and manager from the environment, the user, his directories, a keytab that he cannot
 * read; c->keytab names its copy then. Where sockets were handed over, c->listen and the ports say what they
 * are. Only the command line and the configuration have been read before. */
enum nt_status confine_begin(struct confine *f, const struct options *o, struct config *c,
                             struct nt_error *err);
/* When the ports are open: becomes the user, for good. Whoever ignores a failure may be root still. */
enum nt_status confine_drop(const struct confine *f, struct nt_error *err);
/* When all is open that is opened once: only the calls and files that serving takes. No thread may have been
 * started. What there is to say is said on standard error. */
enum nt_status confine_enter(const struct options *o, const struct config *c, struct nt_error *err);
/* Of a configuration that was read later: what confine_begin did to c->keytab. */
void confine_again(const struct confine *f, struct config *c);
/* Is anything handed over but metrics? Then that is served, and no port is opened. */
bool confine_serves(const struct activate *a);
void confine_end(struct confine *f);

#endif
