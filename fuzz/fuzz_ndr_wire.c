// SPDX-License-Identifier: Apache-2.0
/*
 * As fuzz_ndr, over constructs that no interface of ours has (tests/golden/idlc): pipes, several dimensions,
 * encapsulated unions, full pointers, serialized types. Input: operation, flags (1 NDR64, 2 big endian,
 * 4 EBCDIC), 16-bit length of the request, request, response.
 */
#include <stdlib.h>

#include <msrpc/pickled.h>
#include <msrpc/pipes.h>
#include <msrpc/wire.h>
#include "ndr/ndr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BUDGET ((size_t)4 << 20) /* keeps a run short */

static const struct rpc_op *operation(unsigned i)
{
    const unsigned n_pipes = sizeof(pipes_ops) / sizeof(pipes_ops[0]),
                   n_wire = sizeof(wire_ops) / sizeof(wire_ops[0]);
    i %= n_pipes + n_wire;
    return i < n_pipes ? pipes_ops[i] : wire_ops[i - n_pipes];
}

struct stub {
    const uint8_t *data;
    size_t len;
};

static enum nt_status pull(void (*f)(struct ndr_pull *, void *), struct nt_arena *mem, struct stub s,
                           unsigned flags, void *r)
{
    struct ndr_pull n;
    struct ndr_budget budget = { .bytes = BUDGET };
    ndr_pull_init(&n, mem, s.data, s.len, (uint8_t)((flags & 2 ? 0x00 : 0x10) | (flags & 4 ? 1 : 0)),
                  flags & 1, &budget);
    f(&n, r);
    return ndr_pull_status(&n);
}

/* What was accepted can be sent, and is accepted by a peer of our kind. */
static void again(void (*push)(struct ndr_push *, const void *), void (*pull_fn)(struct ndr_pull *, void *),
                  struct nt_arena *mem, size_t size, const void *r, unsigned flags)
{
    struct wr w;
    struct ndr_push n;
    wr_init(&w, BUDGET);
    ndr_push_init(&n, &w, flags & 1);
    push(&n, r);
    if (ndr_push_status(&n) == STATUS_SUCCESS) {
        void *copy = nt_arena_alloc(mem, size, 16);
        if (copy) {
            enum nt_status st = pull(pull_fn, mem, (struct stub){ w.base, w.len }, flags & 1, copy);
            if (st != STATUS_SUCCESS && st != STATUS_NO_MEMORY && st != STATUS_INSUFFICIENT_RESOURCES)
                abort();
        }
    }
    wr_free(&w);
}

/* A serialized stream with one object of each kind in turn. */
static void serialized(const uint8_t *data, size_t size)
{
    static const struct ndr_type *const types[] = { &pickled_number_type, &pickled_pair_type,
                                                    &pickled_ppair_type,  &pickled_triple_type,
                                                    &pickled_text_type,   &pickled_shade_type };
    const size_t n = sizeof(types) / sizeof(types[0]);
    uint64_t values[sizeof(types) / sizeof(types[0])][2];
    struct ndr_item items[sizeof(types) / sizeof(types[0])];
    struct nt_arena *mem = nt_arena_new(8 * BUDGET);
    struct nt_blob out;
    for (size_t i = 0; i < n; i++)
        items[i] = (struct ndr_item){ types[i], values[i] };
    if (mem && ndr_decode((struct nt_blob){ data, size }, items, n, mem) == STATUS_SUCCESS &&
        ndr_encode(NDR_FORM_V2_NDR64, NULL, items, n, mem, &out) == STATUS_SUCCESS &&
        ndr_decode(out, items, n, mem) != STATUS_SUCCESS)
        abort();
    nt_arena_free(mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4 || size > 65536)
        return 0;
    unsigned flags = data[1];
    size_t in_len = le16(data + 2);
    if (flags & 0x80) {
        serialized(data + 2, size - 2);
        return 0;
    }
    const struct rpc_op *op = operation(data[0]);
    if (in_len > size - 4)
        in_len = size - 4;
    struct nt_arena *mem = nt_arena_new(8 * BUDGET);
    void *r = mem ? nt_arena_alloc(mem, op->size, 16) : NULL;
    struct stub in = { data + 4, in_len }, out = { data + 4 + in_len, size - 4 - in_len };
    if (r && pull(op->pull_in, mem, in, flags, r) == STATUS_SUCCESS) {
        again(op->push_in, op->pull_in, mem, op->size, r, flags);
        if (pull(op->pull_out, mem, out, flags, r) == STATUS_SUCCESS)
            again(op->push_out, op->pull_out, mem, op->size, r, flags);
    }
    nt_arena_free(mem);
    return 0;
}
