// SPDX-License-Identifier: Apache-2.0
/*
 * Pulls of the pidl dialect: relative pointers, nested streams, flags, functions by hand. Input: which type
 * or operation of tests/golden/idlc/pidl.idl, flags (1 big endian), level, size offered in 16 bits, the
 * bytes. What is accepted is pushed again and has to be accepted again.
 */
#include <stdlib.h>

#include "ndr/ndr.h"
#include "pidl_hand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BUDGET ((size_t)4 << 20) /* keeps a run short */

static void again(const char *name, const uint8_t *data, const struct wr *w, struct nt_arena *mem)
{
    struct pidl_subject s;
    struct ndr_pull pull;
    if (!pidl_subject(name, data[2], le16(data + 3), mem, &s))
        return;
    ndr_pull_init(&pull, mem, w->base, w->len, 0x10, false, NULL);
    s.pull(&pull, s.value);
    enum nt_status st = ndr_pull_status(&pull);
    if (st != STATUS_SUCCESS && st != STATUS_NO_MEMORY && st != STATUS_INSUFFICIENT_RESOURCES)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count = 0;
    if (size < 5 || size > 65536)
        return 0;
    while (pidl_subject_name(count))
        count++;
    struct nt_arena *mem = nt_arena_new(8 * BUDGET);
    struct pidl_subject s;
    struct ndr_pull pull;
    struct ndr_push push;
    struct wr w;
    struct ndr_budget budget = { .bytes = BUDGET };
    const char *name = pidl_subject_name(data[0] % count);
    if (mem && pidl_subject(name, data[2], le16(data + 3), mem, &s)) {
        ndr_pull_init(&pull, mem, data + 5, size - 5, data[1] & 1 ? 0x00 : 0x10, false, &budget);
        s.pull(&pull, s.value);
        if (ndr_pull_status(&pull) == STATUS_SUCCESS) {
            wr_init(&w, BUDGET);
            ndr_push_init(&push, &w, false);
            s.push(&push, s.value);
            if (ndr_push_status(&push) == STATUS_SUCCESS)
                again(name, data, &w, mem);
            wr_free(&w);
        }
    }
    nt_arena_free(mem);
    return 0;
}
