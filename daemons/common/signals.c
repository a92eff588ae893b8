// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include "signals.h"

static struct nt_cancel *woken; /* for the signal handler */
static volatile sig_atomic_t told_to_end, told_to_reload;

static void on_signal(int sig)
{
    if (sig == SIGHUP)
        told_to_reload = 1;
    else if (told_to_end < 2)
        told_to_end++;
    nt_cancel_fire(woken);
}

enum nt_status signals_begin(void)
{
    struct sigaction a = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    enum nt_status st = nt_cancel_new(&woken);
    if (st != STATUS_SUCCESS)
        return st;
    sigaction(SIGTERM, &a, NULL);
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGHUP, &a, NULL);
    a.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &a, NULL);
    return STATUS_SUCCESS;
}

void signals_end(void)
{
    nt_cancel_unref(woken);
    woken = NULL;
}

unsigned signals_told_to_end(void)
{
    return (unsigned)told_to_end;
}

bool signals_told_to_reload(void)
{
    return told_to_reload;
}

void signals_reload_begins(void)
{
    told_to_reload = 0;
}

void signals_end_now(void)
{
    on_signal(SIGTERM);
}

/* A token that has fired ends the wait, too, so one for something else begins it anew. */
enum nt_status signals_wait(struct nt_loop *loop, bool (*what)(void *arg), void *arg, uint64_t deadline)
{
    enum nt_status st;
    do {
        nt_cancel_reset(woken);
        st = what(arg) ? STATUS_SUCCESS : io_wait(loop, what, arg, deadline, woken);
    } while (st == STATUS_CANCELLED && !what(arg));
    return st == STATUS_CANCELLED ? STATUS_SUCCESS : st;
}
