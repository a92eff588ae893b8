// SPDX-License-Identifier: Apache-2.0
/* Sockets that a service manager listens at for us (sd_listen_fds(3), systemd.socket(5)). */
#ifndef COMMON_ACTIVATE_H
#define COMMON_ACTIVATE_H

#include <netinet/in.h>
#include <msrpc/nt.h>

/* A machine's addresses, four sockets each. */
#define ACTIVATE_MAX 64u

/* A socket that may be handed over: its FileDescriptorName=, and what it may be. */
struct activate_kind {
    const char *name;
    bool tcp, local;
};

struct activate_socket {
    unsigned kind; /* index into the caller's table */
    int fd;
    char address[INET6_ADDRSTRLEN]; /* numeric; "" for a unix socket */
    uint16_t port;                  /* 0 for a unix socket */
};

struct activate {
    struct activate_socket sockets[ACTIVATE_MAX];
    unsigned n;
};

/* Takes what the environment says, and takes it out of it. None is no failure. Each socket has to have a name
 * of the table, to be what that says, and to listen: STATUS_INVALID_PARAMETER, and a sentence says which
 * is not. All are made close-on-exec and non-blocking. */
enum nt_status activate_read(const struct activate_kind *kinds, unsigned n, struct activate *ret,
                             struct nt_error *err);
unsigned activate_count(const struct activate *a, unsigned kind);
/* The first of its kind; -1: none. */
int activate_fd(const struct activate *a, unsigned kind);

#endif
