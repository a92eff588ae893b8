// SPDX-License-Identifier: Apache-2.0
/* npcmuxd(8): keeps SMB sessions and lends pipes in them. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "muxd/muxd.h"

static struct nt_cancel *stop;

struct daemon {
    struct io_listener listener;
    struct muxd *muxd;
};

static void on_signal(int sig)
{
    (void)sig;
    nt_cancel_fire(stop);
}

static void log_line(void *arg, const char *line)
{
    (void)arg;
    fprintf(stderr, "npcmuxd: %s\n", line);
}

static void accepted(struct io_listener *l, int fd, const char *peer)
{
    (void)peer;
    (void)!muxd_accept(io_container(l, struct daemon, listener)->muxd, fd);
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

static bool own_names(void *arg, uint32_t uid, const char *name)
{
    (void)arg;
    (void)name;
    return uid == geteuid();
}

int main(int argc, char **argv)
{
    struct daemon d = { 0 };
    struct nt_loop *loop = NULL;
    struct muxd_options o = { .log = log_line, .may_name = own_names };
    if (argc != 3 || nt_cancel_new(&stop) != STATUS_SUCCESS || nt_loop_new(NULL, &loop) != STATUS_SUCCESS)
        return 2;
    struct sigaction a = { .sa_handler = on_signal };
    sigaction(SIGTERM, &a, NULL);
    sigaction(SIGINT, &a, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (muxd_new(loop, &o, &d.muxd) != STATUS_SUCCESS ||
        io_listen_local(loop, &d.listener, argv[2], 0666, accepted) != STATUS_SUCCESS)
        return 1;
    puts("ready");
    fflush(stdout);
    (void)io_wait(loop, never, NULL, UINT64_MAX, stop);
    io_listen_stop(&d.listener);
    muxd_free(d.muxd);
    nt_loop_free(loop);
    nt_cancel_unref(stop);
    return 0;
}
