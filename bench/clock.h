// SPDX-License-Identifier: Apache-2.0
/* Clocks of the loads: what has passed, and what this process has used, in seconds. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <time.h>

static inline double seconds_of(clockid_t which)
{
    struct timespec t;
    clock_gettime(which, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline double wall(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

static inline double cpu(void)
{
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

#endif
