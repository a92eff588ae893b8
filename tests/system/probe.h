// SPDX-License-Identifier: Apache-2.0
/*
 * What honest clients among hostile ones have in common: samples of how long each kind of call took, told in
 * one line whenever a line comes from standard input.
 */
#ifndef TESTS_PROBE_H
#define TESTS_PROBE_H

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <msrpc/nt.h>

/* Of one kind; more samples than that in one interval replace the oldest. */
#define SAMPLES   65536u
#define KINDS_MAX 4

struct samples {
    const char *const *names;
    int n;
    struct {
        unsigned calls, failed;
        uint32_t *us;
    } of[KINDS_MAX];
    char why[400]; /* of the last failure */
};

static inline uint64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_RAW, &t);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static inline bool samples_init(struct samples *s, const char *const *names, int n)
{
    bool ok = true;
    s->names = names;
    s->n = n;
    for (int k = 0; k < n; k++)
        ok = (s->of[k].us = calloc(SAMPLES, sizeof(uint32_t))) && ok;
    return ok;
}

static inline void samples_free(struct samples *s)
{
    for (int k = 0; k < s->n; k++)
        free(s->of[k].us);
}

static inline void samples_add(struct samples *s, unsigned k, uint64_t start, enum nt_status st, const char *why)
{
    uint64_t us = now_us() - start;
    s->of[k].us[s->of[k].calls++ % SAMPLES] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
    if (st == STATUS_SUCCESS)
        return;
    s->of[k].failed++;
    snprintf(s->why, sizeof s->why, "%s %s: %.250s", s->names[k], nt_status_name(st) ? nt_status_name(st) : "?",
             why);
}

static inline int samples_by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static inline void samples_report(struct samples *s)
{
    for (int k = 0; k < s->n; k++) {
        uint32_t *us = s->of[k].us;
        unsigned n = s->of[k].calls < SAMPLES ? s->of[k].calls : SAMPLES;
        qsort(us, n, sizeof *us, samples_by_size);
        printf("%s calls=%u failed=%u p50_us=%u p99_us=%u max_us=%u; ", s->names[k], s->of[k].calls,
               s->of[k].failed, n ? us[n / 2] : 0, n ? us[n - 1 - n / 100] : 0, n ? us[n - 1] : 0);
        s->of[k].calls = s->of[k].failed = 0;
    }
    printf("%s\n", s->why);
    fflush(stdout);
    s->why[0] = 0;
}

/* A pause, in which questions are answered. False: standard input has ended. */
static inline bool samples_asked(struct samples *s, int pause_ms)
{
    char line[256];
    struct pollfd f = { .fd = STDIN_FILENO, .events = POLLIN };
    if (poll(&f, 1, pause_ms) <= 0)
        return true;
    ssize_t n = read(STDIN_FILENO, line, sizeof line);
    for (ssize_t i = 0; i < n; i++)
        if (line[i] == '\n')
            samples_report(s);
    return n > 0;
}

#endif
