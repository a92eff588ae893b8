// SPDX-License-Identifier: Apache-2.0
#include "workers.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define FAREWELL_S 3u

struct workers {
    struct nt_loop *loop;
    unsigned n;
    pthread_t threads[];
};

static void *run(void *loop)
{
    (void)!nt_loop_worker_run(loop);
    return NULL;
}

enum nt_status workers_start(struct nt_loop *loop, unsigned n, struct workers **ret)
{
    sigset_t all, before;
    struct workers *w = calloc(1, sizeof *w + n * sizeof w->threads[0]);
    enum nt_status st = w ? nt_loop_share(loop) : STATUS_NO_MEMORY;
    if (st != STATUS_SUCCESS) {
        free(w);
        return st;
    }
    w->loop = loop;
    sigfillset(&all); /* signals are the loop's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (w->n < n && pthread_create(&w->threads[w->n], NULL, run, loop) == 0)
        w->n++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (w->n == 0) {
        free(w);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *ret = w;
    return STATUS_SUCCESS;
}

static void late(int sig)
{
    (void)sig;
    _exit(EXIT_SUCCESS);
}

void workers_stop(struct workers *w)
{
    if (!w)
        return;
    signal(SIGALRM, late);
    alarm(FAREWELL_S);
    nt_loop_workers_stop(w->loop);
    for (unsigned i = 0; i < w->n; i++)
        pthread_join(w->threads[i], NULL);
    alarm(0);
    free(w);
}
