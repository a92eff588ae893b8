// SPDX-License-Identifier: Apache-2.0
#include "sink.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Octets that the thread takes at a time, and the longest record: the packets of the longest PDU. */
#define CHUNK   ((size_t)128 << 10)
#define GAP_MAX 512u
/* A write that failed is not tried again at once: a disk that is full stays full for a while. */
#define REST_MS 100

/* Each record has its length in front: what is lost is counted in records, and none is written by half. */
struct sink {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work, idle;
    struct sink_options o;
    /* under the lock */
    uint8_t *ring; /* SINK_BUFFER */
    size_t head, used;
    int fd, next_fd; /* next_fd -1: none */
    bool stop, gone, started;
    uint64_t untold; /* records that were lost since that was last told */
    struct sink_stats stats;
    /* the thread's */
    uint8_t chunk[CHUNK + GAP_MAX];
    size_t chunk_len;
    unsigned chunk_records;
    uint64_t chunk_told; /* lost records that its first one tells of */
    bool broken;         /* the last write ended somewhere in a record */
};

/* ---- the ring ---- */

static void ring_put(struct sink *s, const void *data, size_t len)
{
    size_t at = (s->head + s->used) % SINK_BUFFER, first = SINK_BUFFER - at < len ? SINK_BUFFER - at : len;
    memcpy(s->ring + at, data, first);
    memcpy(s->ring, (const uint8_t *)data + first, len - first);
    s->used += len;
}

static void ring_get(struct sink *s, void *to, size_t len, bool take)
{
    size_t first = SINK_BUFFER - s->head < len ? SINK_BUFFER - s->head : len;
    memcpy(to, s->ring + s->head, first);
    memcpy((uint8_t *)to + first, s->ring, len - first);
    if (take) {
        s->head = (s->head + len) % SINK_BUFFER;
        s->used -= len;
    }
}

bool sink_put(struct sink *s, const void *data, size_t len)
{
    uint32_t n = (uint32_t)len;
    pthread_mutex_lock(&s->lock);
    bool over = s->o.max && s->stats.bytes + s->used + len > s->o.max;
    s->stats.full = s->stats.full || over;
    bool fits = !s->stats.full && len <= CHUNK && s->used + sizeof n + len <= SINK_BUFFER;
    if (fits) {
        bool wake = s->used == 0;
        ring_put(s, &n, sizeof n);
        ring_put(s, data, len);
        if (wake)
            pthread_cond_signal(&s->work);
    } else {
        s->stats.dropped++;
        s->untold++;
    }
    pthread_mutex_unlock(&s->lock);
    return fits;
}

/* Standard error is everybody's: closed, its number would be that of the next client's socket, to which
 * others go on to write. */
static void drop_fd(int fd)
{
    if (fd > STDERR_FILENO)
        close(fd);
}

/* ---- the thread ---- */

/* As many whole records as fit. Under the lock. */
static void fill_chunk(struct sink *s)
{
    uint32_t n;
    s->chunk_len = s->chunk_records = 0;
    s->chunk_told = 0;
    if (s->broken && !s->o.whole)
        s->chunk[s->chunk_len++] = '\n';
    if (s->untold && s->o.gap) {
        s->chunk_len += s->o.gap(s->o.arg, s->untold, (char *)s->chunk + s->chunk_len, GAP_MAX - 1);
        s->chunk_told = s->untold;
        s->untold = 0;
    }
    size_t most = s->chunk_len + CHUNK;
    while (s->used) {
        ring_get(s, &n, sizeof n, false);
        if (n > most - s->chunk_len)
            break;
        ring_get(s, &n, sizeof n, true);
        ring_get(s, s->chunk + s->chunk_len, n, true);
        s->chunk_len += n;
        s->chunk_records++;
    }
}

static bool stopping(struct sink *s)
{
    pthread_mutex_lock(&s->lock);
    bool stop = s->stop;
    pthread_mutex_unlock(&s->lock);
    return stop;
}

/* Waits for a descriptor that takes nothing now. False: the end has come first. */
static bool wait_for(struct sink *s, int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLOUT };
    while (poll(&p, 1, REST_MS) == 0)
        if (stopping(s))
            return false;
    return true;
}

/* The chunk to fd. *ret_sent: how much of it went. */
static bool write_chunk(struct sink *s, int fd, size_t *ret_sent)
{
    size_t at = 0;
    bool ok = true;
    while (ok && at < s->chunk_len) {
        ssize_t n = write(fd, s->chunk + at, s->chunk_len - at);
        if (n > 0)
            at += (size_t)n;
        else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            ok = wait_for(s, fd);
        else if (n == 0 || errno != EINTR)
            ok = false;
    }
    *ret_sent = at;
    return ok;
}

static void rest(void)
{
    struct timespec t = { 0, REST_MS * 1000000L };
    nanosleep(&t, NULL);
}

/* Of a chunk that failed all counts as lost, though some of it may be there. */
static void account(struct sink *s, bool ok, size_t sent)
{
    if (!ok && s->o.whole && sent) { /* else nobody could read what comes behind it */
        s->stats.full = s->stats.full || ftruncate(s->fd, (off_t)s->stats.bytes) != 0;
        sent = 0;
    }
    s->stats.bytes += sent;
    s->broken = sent ? !ok : s->broken;
    s->stats.written += ok ? s->chunk_records : 0;
    if (ok)
        return;
    s->stats.errors++;
    s->stats.dropped += s->chunk_records;
    s->untold += s->chunk_records + s->chunk_told;
}

static void take_next_fd(struct sink *s)
{
    if (s->next_fd < 0)
        return;
    drop_fd(s->fd);
    s->fd = s->next_fd;
    s->next_fd = -1;
}

static void *run(void *arg)
{
    struct sink *s = arg;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        while (!s->used && !s->stop && s->next_fd < 0)
            pthread_cond_wait(&s->work, &s->lock);
        take_next_fd(s);
        if (!s->used && s->stop)
            break;
        fill_chunk(s);
        int fd = s->fd;
        size_t sent;
        pthread_mutex_unlock(&s->lock);
        bool ok = write_chunk(s, fd, &sent);
        if (!ok && !stopping(s))
            rest();
        pthread_mutex_lock(&s->lock);
        account(s, ok, sent);
    }
    s->gone = true;
    pthread_cond_signal(&s->idle);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- life ---- */

/* Signals are the loop's. */
enum nt_status sink_start(struct sink *s)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    s->started = pthread_create(&s->thread, NULL, run, s) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return s->started ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

enum nt_status sink_new(const struct sink_options *o, struct sink **ret)
{
    pthread_condattr_t attr;
    struct sink *s = calloc(1, sizeof *s);
    if (!s)
        return STATUS_NO_MEMORY;
    s->ring = malloc(SINK_BUFFER);
    s->o = *o;
    s->fd = o->fd;
    s->next_fd = -1;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->work, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->idle, &attr);
    pthread_condattr_destroy(&attr);
    if (!s->ring) {
        free(s);
        return STATUS_NO_MEMORY;
    }
    *ret = s;
    return STATUS_SUCCESS;
}

void sink_replace(struct sink *s, int fd)
{
    pthread_mutex_lock(&s->lock);
    drop_fd(s->next_fd); /* of a reload that the thread has not seen yet */
    s->next_fd = fd;
    pthread_cond_signal(&s->work);
    pthread_mutex_unlock(&s->lock);
}

void sink_stats(struct sink *s, struct sink_stats *ret)
{
    pthread_mutex_lock(&s->lock);
    *ret = s->stats;
    pthread_mutex_unlock(&s->lock);
}

bool sink_free(struct sink *s)
{
    struct timespec until;
    if (!s)
        return true;
    if (!s->started && sink_start(s) != STATUS_SUCCESS)
        return false;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += SINK_FAREWELL_MS / 1000;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_signal(&s->work);
    int rc = 0;
    while (!s->gone && rc == 0)
        rc = pthread_cond_timedwait(&s->idle, &s->lock, &until);
    bool gone = s->gone;
    pthread_mutex_unlock(&s->lock);
    if (!gone) {
        pthread_detach(s->thread);
        return false;
    }
    pthread_join(s->thread, NULL);
    drop_fd(s->fd);
    if (s->next_fd != s->fd)
        drop_fd(s->next_fd);
    pthread_cond_destroy(&s->work);
    pthread_cond_destroy(&s->idle);
    pthread_mutex_destroy(&s->lock);
    free(s->ring);
    free(s);
    return true;
}
