// SPDX-License-Identifier: Apache-2.0
/* Threads that run blocking work of a loop. They are the caller's: the library starts none. */
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include "io/m_loop.h"

struct io_job {
    struct io_job *next;
    void (*work)(void *arg);
    void *arg;
    const void *kin;      /* for whom; NULL: nobody in particular */
    struct io_post *back; /* made beforehand, so that coming back cannot fail */
};

struct io_workers {
    pthread_mutex_t lock;
    pthread_cond_t wanted, left;
    struct io_job *head, **end;
    struct io_job *running;
    unsigned n; /* threads inside nt_loop_worker_run */
    bool stop;
};

enum nt_status io_workers_new(struct io_workers **ret)
{
    struct io_workers *w = calloc(1, sizeof *w);
    if (!w)
        return STATUS_NO_MEMORY;
    w->end = &w->head;
    pthread_mutex_init(&w->lock, NULL); /* without attributes these do not fail */
    pthread_cond_init(&w->wanted, NULL);
    pthread_cond_init(&w->left, NULL);
    *ret = w;
    return STATUS_SUCCESS;
}

void io_workers_free(struct io_workers *w)
{
    if (!w)
        return;
    pthread_cond_destroy(&w->left);
    pthread_cond_destroy(&w->wanted);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

static void take(struct io_workers *w, struct io_job **at)
{
    struct io_job *job = *at;
    *at = job->next;
    if (!job->next)
        w->end = at;
    job->next = NULL;
}

static unsigned running_of(const struct io_workers *w, const void *kin)
{
    unsigned n = 0;
    for (const struct io_job *j = kin ? w->running : NULL; j; j = j->next)
        n += j->kin == kin;
    return n;
}

/* That of whom the fewest are running, the oldest of these: whoever has many that block takes three quarters of the
 * threads at most, and nobody waits behind what else he wants. */
static struct io_job **choose(struct io_workers *w)
{
    struct io_job **best = NULL;
    unsigned least = w->stop ? UINT_MAX : w->n > 1 ? w->n - (w->n + 3) / 4 : 1;
    for (struct io_job **at = &w->head; *at && least; at = &(*at)->next) {
        unsigned n = running_of(w, (*at)->kin);
        if (n < least) {
            best = at;
            least = n;
        }
    }
    return best;
}

/* The next job; NULL: none is left, and none will come. Called, and returns, with the lock. */
static struct io_job *next_job(struct io_workers *w)
{
    struct io_job **at;
    while (!(at = choose(w)) && !w->stop)
        pthread_cond_wait(&w->wanted, &w->lock);
    struct io_job *job = at ? *at : NULL;
    if (job) {
        take(w, at);
        job->next = w->running;
        w->running = job;
    }
    return job;
}

static void has_run(struct io_workers *w, struct io_job *job)
{
    struct io_job **at = &w->running;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    free(job);
}

enum nt_status nt_loop_worker_run(struct nt_loop *l)
{
    struct io_workers *w = l->workers;
    struct io_job *job;
    if (!w)
        return STATUS_INVALID_DEVICE_STATE;
    pthread_mutex_lock(&w->lock);
    w->n++;
    while ((job = next_job(w))) {
        pthread_mutex_unlock(&w->lock);
        job->work(job->arg);
        io_loop_post(l, job->back);
        pthread_mutex_lock(&w->lock);
        has_run(w, job);
    }
    w->n--;
    pthread_cond_signal(&w->left);
    pthread_mutex_unlock(&w->lock);
    return STATUS_SUCCESS;
}

void nt_loop_workers_stop(struct nt_loop *l)
{
    struct io_workers *w = l->workers;
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_broadcast(&w->wanted);
    while (w->n)
        pthread_cond_wait(&w->left, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

bool io_loop_unwork(struct nt_loop *l, const void *arg)
{
    struct io_workers *w = l->workers;
    struct io_job *job = NULL;
    if (!w)
        return false;
    pthread_mutex_lock(&w->lock);
    struct io_job **at = &w->head;
    while (*at && (*at)->arg != arg)
        at = &(*at)->next;
    job = *at;
    if (job)
        take(w, at);
    pthread_mutex_unlock(&w->lock);
    if (!job)
        return false;
    free(job->back);
    free(job);
    return true;
}

bool io_loop_work(struct nt_loop *l, void (*work)(void *arg), void (*done)(void *arg), void *arg)
{
    return io_loop_work_of(l, NULL, work, done, arg);
}

bool io_loop_work_of(struct nt_loop *l, const void *kin, void (*work)(void *arg), void (*done)(void *arg),
                     void *arg)
{
    struct io_workers *w = l->workers;
    if (!w)
        return false;
    struct io_job *job = malloc(sizeof *job);
    struct io_post *back = malloc(sizeof *back);
    bool taken = false;
    pthread_mutex_lock(&w->lock);
    if (job && back && w->n && !w->stop) {
        *back = (struct io_post){ NULL, done, arg };
        *job = (struct io_job){ NULL, work, arg, kin, back };
        *w->end = job;
        w->end = &job->next;
        pthread_cond_signal(&w->wanted);
        taken = true;
    }
    pthread_mutex_unlock(&w->lock);
    if (!taken) {
        free(job);
        free(back);
    }
    return taken;
}
