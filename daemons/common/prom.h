// SPDX-License-Identifier: Apache-2.0
/* Text for Prometheus (the exposition format 0.0.4). */
#ifndef COMMON_PROM_H
#define COMMON_PROM_H

#include "base/cursor.h"

#define PROM_BUCKETS 17u

struct prom_histogram {
    uint64_t n[PROM_BUCKETS + 1]; /* the last: above all bounds */
    uint64_t sum_ns;
};
void prom_count_time(struct prom_histogram *h, uint64_t ns);

NT_PRINTF(2, 3)
void prom_say(struct wr *w, const char *fmt, ...);
void prom_head(struct wr *w, const char *name, const char *type, const char *help);
/* One row without labels. */
void prom_single(struct wr *w, const char *name, const char *type, const char *help, uint64_t n);
/* labels: without braces, "" for none. */
void prom_histogram(struct wr *w, const char *name, const char *labels, const struct prom_histogram *h);

/* What the kernel knows of us. */
struct prom_process {
    double started;
    int statm; /* -1: none */
};
void prom_process_begin(struct prom_process *p); /* later there may be no way to it */
void prom_process_end(struct prom_process *p);
/* program: the first part of the name of the build's row. */
void prom_process(struct wr *w, const struct prom_process *p, const char *program, const char *version);

#endif
