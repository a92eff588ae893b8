// SPDX-License-Identifier: Apache-2.0
/* What bench_ndr measures, by Samba's libndr: the same answer, the same request, the same lines. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/time.h>
#include <util/time.h>
#include <core/ntstatus.h>
#include <util/data_blob.h>
#include <talloc.h>
#include <ndr.h>
#include <gen_ndr/ndr_samr.h>
#include <gen_ndr/lsa.h>

#define N      1000
#define RUN_NS 50000000.0

extern const struct ndr_interface_table ndr_table_lsarpc;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

static const struct ndr_interface_call *find(const struct ndr_interface_table *t, const char *name)
{
    for (unsigned i = 0; i < t->num_calls; i++)
        if (!strcmp(t->calls[i].name, name))
            return &t->calls[i];
    abort();
}

static DATA_BLOB kept;

static void push_once(const struct ndr_interface_call *call, int dir, uint32_t flags, void *r)
{
    TALLOC_CTX *m = talloc_new(NULL);
    struct ndr_push *p = ndr_push_init_ctx(m);
    p->flags |= flags;
    if (call->ndr_push(p, dir, r) != NDR_ERR_SUCCESS)
        abort();
    if (!kept.data) {
        DATA_BLOB b = ndr_push_blob(p);
        kept = data_blob_talloc(NULL, b.data, b.length);
    }
    talloc_free(m);
}

static void pull_once(const struct ndr_interface_call *call, int dir, uint32_t flags, void *ignored)
{
    TALLOC_CTX *m = talloc_new(NULL);
    struct ndr_pull *p = ndr_pull_init_blob(&kept, m);
    p->flags |= LIBNDR_FLAG_REF_ALLOC | flags;
    void *r = talloc_zero_size(m, call->struct_size);
    if (dir & NDR_OUT) {
        struct samr_EnumDomainUsers *e = r;
        e->in.resume_handle = talloc_zero(r, uint32_t);
    }
    if (call->ndr_pull(p, dir, r) != NDR_ERR_SUCCESS)
        abort();
    talloc_free(m);
}

static double measure(void (*once)(const struct ndr_interface_call *, int, uint32_t, void *),
                      const struct ndr_interface_call *call, int dir, uint32_t flags, void *r)
{
    double best = 0;
    for (int part = 0; part < 5; part++) {
        double start = now(), ns;
        long calls = 0;
        do {
            for (int i = 0; i < 50; i++)
                once(call, dir, flags, r);
            calls += 50;
            ns = now() - start;
        } while (ns < RUN_NS / 5);
        if (part == 0 || ns / calls < best)
            best = ns / calls;
    }
    return best;
}

static void bench(const char *name, const struct ndr_interface_call *call, int dir, void *r)
{
    for (int ndr64 = 0; ndr64 < 2; ndr64++) {
        uint32_t flags = ndr64 ? LIBNDR_FLAG_NDR64 : 0;
        kept = (DATA_BLOB){ 0 };
        double push = measure(push_once, call, dir, flags, r), pull = measure(pull_once, call, dir, flags, r);
        printf("%s NDR%s push %.0f %zu\n", name, ndr64 ? "64" : "20", push, kept.length);
        printf("%s NDR%s pull %.0f %zu\n", name, ndr64 ? "64" : "20", pull, kept.length);
        talloc_free(kept.data);
    }
}

int main(void)
{
    TALLOC_CTX *m = talloc_new(NULL);
    struct samr_EnumDomainUsers *e = talloc_zero(m, struct samr_EnumDomainUsers);
    struct samr_SamArray *a = talloc_zero(m, struct samr_SamArray);
    e->out.resume_handle = talloc_zero(m, uint32_t);
    e->out.num_entries = talloc_zero(m, uint32_t);
    *e->out.num_entries = N;
    e->out.sam = talloc(m, struct samr_SamArray *);
    *e->out.sam = a;
    a->count = N;
    a->entries = talloc_zero_array(m, struct samr_SamEntry, N);
    for (int i = 0; i < N; i++) {
        a->entries[i].idx = 1000 + i;
        a->entries[i].name.string = talloc_asprintf(m, "pop%06d", i);
    }
    bench("EnumDomainUsers", find(&ndr_table_samr, "samr_EnumDomainUsers"), NDR_OUT, e);

    struct lsa_LookupSids *l = talloc_zero(m, struct lsa_LookupSids);
    l->in.handle = talloc_zero(m, struct policy_handle);
    l->in.sids = talloc_zero(m, struct lsa_SidArray);
    l->in.names = talloc_zero(m, struct lsa_TransNameArray);
    l->in.count = talloc_zero(m, uint32_t);
    l->in.level = 1;
    l->in.sids->num_sids = N;
    l->in.sids->sids = talloc_zero_array(m, struct lsa_SidPtr, N);
    for (int i = 0; i < N; i++) {
        struct dom_sid *s = talloc_zero(m, struct dom_sid);
        *s = (struct dom_sid){ .sid_rev_num = 1,
                               .num_auths = 5,
                               .id_auth = { 0, 0, 0, 0, 0, 5 },
                               .sub_auths = { 21, 11, 22, 33, 1000 + i } };
        l->in.sids->sids[i].sid = s;
    }
    bench("LookupSids", find(&ndr_table_lsarpc, "lsa_LookupSids"), NDR_IN, l);
    return 0;
}
