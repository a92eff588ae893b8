// SPDX-License-Identifier: Apache-2.0
/*
 * Every pull of every interface: request and response of one operation, the latter seeing what the former
 * gave. Input: interface, operation, flags (1 NDR64, 2 big endian), 16-bit length of the request, request,
 * response. What is accepted is pushed again and has to be accepted again.
 */
#include <stdlib.h>

#include "common/interfaces.h"
#include "ndr/ndr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BUDGET ((size_t)4 << 20) /* keeps a run short */

struct stub {
    const uint8_t *data;
    size_t len;
};

static enum nt_status pull(void (*f)(struct ndr_pull *, void *), struct nt_arena *mem, struct stub s,
                           unsigned flags, void *r)
{
    struct ndr_pull n;
    struct ndr_budget budget = { .bytes = BUDGET };
    ndr_pull_init(&n, mem, s.data, s.len, flags & 2 ? 0x00 : 0x10, flags & 1, &budget);
    f(&n, r);
    return ndr_pull_status(&n);
}

/* Whose elements come from the first stub must not be where those of the second go. */
static void clear_pipes(const struct rpc_op *op, void *r)
{
    if (!(op->flags & RPC_OP_PIPES))
        return;
    for (const struct rpc_op_pipe *p = op->pipes; p->element; p++)
        *(struct ndr_pipe *)(void *)((char *)r + p->offset) = (struct ndr_pipe){ NULL, NULL };
}

/* What was accepted can be sent (unless it is longer than we send) and is accepted by a peer of our kind. */
static void again(void (*push)(struct ndr_push *, const void *), void (*pull_fn)(struct ndr_pull *, void *),
                  struct nt_arena *mem, const struct rpc_op *op, const void *r, unsigned flags)
{
    struct wr w;
    struct ndr_push n;
    wr_init(&w, BUDGET);
    ndr_push_init(&n, &w, flags & 1);
    push(&n, r);
    if (ndr_push_status(&n) == STATUS_SUCCESS) {
        void *copy = nt_arena_alloc(mem, op->size, 16);
        if (copy) {
            memcpy(copy, r, op->size);
            clear_pipes(op, copy);
            enum nt_status st = pull(pull_fn, mem, (struct stub){ w.base, w.len }, flags & 1, copy);
            if (st != STATUS_SUCCESS && st != STATUS_NO_MEMORY && st != STATUS_INSUFFICIENT_RESOURCES)
                abort();
        }
    }
    wr_free(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 5 || size > 65536)
        return 0;
    const struct test_interface *ti = &test_interfaces[data[0] % TEST_N_INTERFACES];
    if (!ti->iface)
        return 0;
    const struct rpc_op *op = ti->ops[data[1] % ti->iface->n_ops];
    unsigned flags = data[2];
    size_t in_len = le16(data + 3);
    if (in_len > size - 5)
        in_len = size - 5;
    struct nt_arena *mem = nt_arena_new(8 * BUDGET);
    void *r = mem ? nt_arena_alloc(mem, op->size, 16) : NULL;
    struct stub in = { data + 5, in_len }, out = { data + 5 + in_len, size - 5 - in_len };
    if (r && pull(op->pull_in, mem, in, flags, r) == STATUS_SUCCESS) {
        again(op->push_in, op->pull_in, mem, op, r, flags);
        if (pull(op->pull_out, mem, out, flags, r) == STATUS_SUCCESS)
            again(op->push_out, op->pull_out, mem, op, r, flags);
    }
    nt_arena_free(mem);
    return 0;
}
