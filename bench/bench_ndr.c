// SPDX-License-Identifier: Apache-2.0
/*
 * NDR by itself, without a network: push and pull of a SamrEnumerateUsersInDomain answer of 1 000 entries and
 * of a LsarLookupSids request of 1 000 SIDs, in NDR20 and NDR64. Each line: name, ns per call, octets.
 * bench/run_ndr sets them beside libndr's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <msrpc/lsarpc.h>
#include <msrpc/samr.h>
#include "ndr/ndr.h"

#define N      1000
#define RUN_NS 50000000.0 /* each figure is measured for this long */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void need(bool ok)
{
    if (!ok) {
        fprintf(stderr, "bench_ndr: a push or pull failed\n");
        exit(1);
    }
}

struct job {
    const char *name;
    const struct rpc_op *op;
    bool out, ndr64;
    void *r;
    _Alignas(8) uint8_t *stub;
    size_t len;
};

static void push_once(struct job *j)
{
    struct wr w;
    struct ndr_push n;
    wr_init(&w, 1 << 24);
    ndr_push_init(&n, &w, j->ndr64);
    (j->out ? j->op->push_out : j->op->push_in)(&n, j->r);
    need(ndr_push_status(&n) == STATUS_SUCCESS);
    if (!j->stub) {
        j->stub = malloc(w.len);
        need(j->stub != NULL);
        memcpy(j->stub, w.base, w.len);
        j->len = w.len;
    }
    wr_free(&w);
}

static void pull_once(struct job *j)
{
    struct ndr_pull n;
    struct nt_arena *mem = nt_arena_new(0);
    void *r = nt_arena_alloc(mem, j->op->size, 16);
    ndr_pull_init(&n, mem, j->stub, j->len, 0x10, j->ndr64, NULL);
    (j->out ? j->op->pull_out : j->op->pull_in)(&n, r);
    need(ndr_pull_status(&n) == STATUS_SUCCESS);
    nt_arena_free(mem);
}

/* ns per call: the best of five stretches, for other work on the machine only ever adds. */
static double measure(struct job *j, void (*once)(struct job *))
{
    double best = 0;
    for (int part = 0; part < 5; part++) {
        double start = now(), ns;
        long calls = 0;
        do {
            for (int i = 0; i < 50; i++)
                once(j);
            calls += 50;
            ns = now() - start;
        } while (ns < RUN_NS / 5);
        if (part == 0 || ns / (double)calls < best)
            best = ns / (double)calls;
    }
    return best;
}

int main(void)
{
    static char16_t names[N][16];
    static struct samr_SAMPR_RID_ENUMERATION entries[N];
    static struct nt_sid sids[N];
    static struct lsarpc_LSAPR_SID_INFORMATION infos[N];
    for (unsigned i = 0; i < N; i++) {
        char name[16];
        int len = snprintf(name, sizeof(name), "pop%06u", i);
        for (int k = 0; k < len; k++)
            names[i][k] = (char16_t)name[k];
        entries[i].RelativeId = 1000 + i;
        entries[i].Name.Buffer = names[i];
        entries[i].Name.Length = entries[i].Name.MaximumLength = (uint16_t)(2 * len);
        sids[i] = (struct nt_sid){
            .revision = 1, .count = 5, .authority = { 0, 0, 0, 0, 0, 5 }, .sub = { 21, 11, 22, 33, 1000 + i }
        };
        infos[i].Sid = &sids[i];
    }
    struct samr_SAMPR_ENUMERATION_BUFFER buffer = { N, entries };
    struct samr_SamrEnumerateUsersInDomain users = { .out = { .Buffer = &buffer, .CountReturned = N } };
    struct lsarpc_LsarLookupSids lookup = { .in = { .SidEnumBuffer = { N, infos },
                                                    .LookupLevel = lsarpc_LsapLookupWksta } };
    for (int ndr64 = 0; ndr64 < 2; ndr64++) {
        struct job jobs[] = {
            { "EnumDomainUsers", &samr_SamrEnumerateUsersInDomain_op, true, ndr64, &users, NULL, 0 },
            { "LookupSids", &lsarpc_LsarLookupSids_op, false, ndr64, &lookup, NULL, 0 },
        };
        for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
            double push = measure(&jobs[i], push_once), pull = measure(&jobs[i], pull_once);
            printf("%s NDR%s push %.0f %zu\n", jobs[i].name, ndr64 ? "64" : "20", push, jobs[i].len);
            printf("%s NDR%s pull %.0f %zu\n", jobs[i].name, ndr64 ? "64" : "20", pull, jobs[i].len);
            free(jobs[i].stub);
        }
    }
    return 0;
}
