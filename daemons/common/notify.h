// SPDX-License-Identifier: Apache-2.0
/* What the service manager is told (sd_notify(3)), and its watchdog. */
#ifndef COMMON_NOTIFY_H
#define COMMON_NOTIFY_H

#include <sys/socket.h>
#include <sys/un.h>
#include "io/io.h"

struct notify {
    int fd; /* -1: nobody wants to know */
    struct sockaddr_un to;
    socklen_t to_len;
    uint64_t watchdog; /* nanoseconds between two signs of life; 0: none is wanted */
    struct io_stream alive;
    struct io_item tick;
};

/* Takes what the environment says, and takes it out of it. */
void notify_open(struct notify *n);
/* Text of sd_notify(3): lines of NAME=VALUE. Never waits: what cannot be said now is not said. */
void notify_say(const struct notify *n, const char *text);
/* The states of Type=notify. */
void notify_ready(const struct notify *n);
void notify_reloading(const struct notify *n);
void notify_stopping(const struct notify *n);
/* From a turn of this loop, as long as it turns. */
enum nt_status notify_watchdog(struct notify *n, struct nt_loop *loop);
/* Before the loop ends. */
void notify_close(struct notify *n);

#endif
