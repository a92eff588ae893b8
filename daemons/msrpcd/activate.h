// SPDX-License-Identifier: Apache-2.0
/* Sockets that a service manager listens at for us (sd_listen_fds(3), systemd.socket(5)). */
#ifndef MSRPCD_ACTIVATE_H
#define MSRPCD_ACTIVATE_H

#include <netinet/in.h>
#include <msrpc/nt.h>

/* A machine's addresses, four sockets each. */
#define ACTIVATE_MAX 64u

/* FileDescriptorName= of the sockets. */
enum activate_name { ACTIVATE_SMB, ACTIVATE_EPMAPPER, ACTIVATE_RPC, ACTIVATE_METRICS, ACTIVATE_NAMES };

struct activate_socket {
    enum activate_name name;
    int fd;
    char address[INET6_ADDRSTRLEN]; /* numeric; "" for a unix socket */
    uint16_t port;                  /* 0 for a unix socket */
};

struct activate {
    struct activate_socket sockets[ACTIVATE_MAX];
    unsigned n;
};

/* Takes what the environment says, and takes it out of it. None is no failure. Each socket has to have a name
 * of ours, to be TCP (metrics: or unix), and to listen: STATUS_INVALID_PARAMETER, and a sentence says which
 * is not. All are made close-on-exec and non-blocking. */
enum nt_status activate_read(struct activate *ret, struct nt_error *err);
/* Is anything handed over but metrics? Then that is served, and no port is opened. */
bool activate_any(const struct activate *a);
unsigned activate_count(const struct activate *a, enum activate_name name);

#endif
