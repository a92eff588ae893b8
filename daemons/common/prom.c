// SPDX-License-Identifier: Apache-2.0
#include "prom.h"
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SEC 1e9

/* In µs: a call without a store takes some ten, one that writes waits for the disk. */
static const uint32_t bounds[] = { 25,    50,    100,    250,    500,    1000,    2500,    5000,    10000,
                                   25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 10000000 };
_Static_assert(sizeof bounds / sizeof bounds[0] == PROM_BUCKETS, "a bound for each bucket");

void prom_count_time(struct prom_histogram *h, uint64_t ns)
{
    uint64_t us = (ns + 999) / 1000;
    size_t i = 0;
    while (i < PROM_BUCKETS && us > bounds[i])
        i++;
    h->n[i]++;
    h->sum_ns += ns;
}

void prom_say(struct wr *w, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n > 0 && (size_t)n < sizeof text)
        wr_bytes(w, text, (size_t)n);
    else
        wr_fail(w, STATUS_BUFFER_TOO_SMALL); /* no name of ours is so long */
}

void prom_head(struct wr *w, const char *name, const char *type, const char *help)
{
    prom_say(w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void prom_single(struct wr *w, const char *name, const char *type, const char *help, uint64_t n)
{
    prom_head(w, name, type, help);
    prom_say(w, "%s %" PRIu64 "\n", name, n);
}

void prom_histogram(struct wr *w, const char *name, const char *labels, const struct prom_histogram *h)
{
    uint64_t n = 0;
    const char *comma = labels[0] ? "," : "";
    for (size_t i = 0; i < PROM_BUCKETS; i++) {
        n += h->n[i];
        prom_say(w, "%s_bucket{%s%sle=\"%g\"} %" PRIu64 "\n", name, labels, comma, bounds[i] / 1e6, n);
    }
    n += h->n[PROM_BUCKETS];
    const char *open = labels[0] ? "{" : "", *close = labels[0] ? "}" : "";
    prom_say(w, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, labels, comma, n);
    prom_say(w, "%s_sum%s%s%s %.9f\n", name, open, labels, close, (double)h->sum_ns / NS_PER_SEC);
    prom_say(w, "%s_count%s%s%s %" PRIu64 "\n", name, open, labels, close, n);
}

/* ---- the process ---- */

/* Pages that are in memory, from the kernel; 0 where it does not say. */
static uint64_t resident(const struct prom_process *p)
{
    unsigned long long size, pages = 0;
    char text[128];
    ssize_t n = p->statm < 0 ? 0 : pread(p->statm, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = 0;
    if (sscanf(text, "%llu %llu", &size, &pages) != 2)
        pages = 0;
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

void prom_process(struct wr *w, const struct prom_process *p, const char *program, const char *version)
{
    struct timespec t = { 0, 0 };
    char name[64];
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    snprintf(name, sizeof name, "%s_build_info", program);
    prom_head(w, name, "gauge", "1, with the version.");
    prom_say(w, "%s{version=\"%s\"} 1\n", name, version);
    prom_head(w, "process_start_time_seconds", "gauge", "Since 1970.");
    prom_say(w, "process_start_time_seconds %.3f\n", p->started);
    prom_head(w, "process_cpu_seconds_total", "counter", "Time of processors, user and system.");
    prom_say(w, "process_cpu_seconds_total %.3f\n", (double)t.tv_sec + (double)t.tv_nsec / NS_PER_SEC);
    prom_single(w, "process_resident_memory_bytes", "gauge", "Memory that is resident.", resident(p));
}

void prom_process_begin(struct prom_process *p)
{
    struct timespec t = { 0, 0 };
    clock_gettime(CLOCK_REALTIME, &t);
    p->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    p->started = (double)t.tv_sec + (double)t.tv_nsec / NS_PER_SEC;
}

void prom_process_end(struct prom_process *p)
{
    if (p->statm >= 0)
        close(p->statm);
    p->statm = -1;
}
