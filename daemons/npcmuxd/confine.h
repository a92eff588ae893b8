// SPDX-License-Identifier: Apache-2.0
/*
 * From the process that somebody starts, perhaps root, perhaps a service manager's, to one that serves: in
 * three steps, between which main.c listens and opens the log.
 */
#ifndef NPCMUXD_CONFINE_H
#define NPCMUXD_CONFINE_H

#include "common/activate.h"
#include "common/notify.h"
#include "common/privilege.h"
#include "config.h"

/* FileDescriptorName= of the sockets. */
enum confine_socket { SOCKET_CLIENTS, SOCKET_METRICS, SOCKETS };

struct confine {
    struct activate sockets; /* that were handed over */
    struct notify notify;
    bool changes; /* to user */
    struct privilege_user user;
    const char *unlocked; /* why memory is not locked, if it was to be; NULL: it is */
};

/* First: limits, sockets and manager from the environment, the user, the directory of the socket, locked
 * memory. */
enum nt_status confine_begin(struct confine *f, const struct options *o, const struct config *c,
                             struct nt_error *err);
/* When the socket is open, so that it is root's for those who ask whose it is: becomes the user, for good. */
enum nt_status confine_drop(const struct confine *f, struct nt_error *err);
/* When all is open that is opened once: only the calls and files that serving takes. No thread may have been
 * started. What there is to say is given to say. */
enum nt_status confine_enter(const struct options *o, const struct config *c, conf_complain_fn *say,
                             void *arg, struct nt_error *err);
/* Was it a client that had us started? */
bool confine_activated(const struct confine *f);
void confine_end(struct confine *f);

#endif
