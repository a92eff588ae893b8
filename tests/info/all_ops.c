// SPDX-License-Identifier: Apache-2.0
/*
 * Every operation of every interface: filled at random and with nothing, pushed, pulled, compared by its
 * JSON, read back from JSON, in NDR20 and NDR64. all_ops [SEEDS [INTERFACE [OPERATION]]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "info/fill.h"

#define SEEDS 12

static unsigned calls, problems;

static void problem(const struct rpc_info_interface *i, const struct rpc_info_op *op, bool ndr64,
                    uint64_t seed, const char *what, const char *more)
{
    problems++;
    printf("%s.%s %s seed %llu: %s %s\n", i->name, op->name, ndr64 ? "NDR64" : "NDR20",
           (unsigned long long)seed, what, more);
}

/* One side pushed, pulled into another structure, and both compared as JSON. */
static bool round_trip(const struct rpc_info_op *op, enum rpc_info_side side, bool ndr64, const void *r,
                       void *copy, struct nt_arena *mem, struct nt_blob *ret_stub, const char **ret_what,
                       struct nt_error *err)
{
    const char *a, *b;
    size_t left;
    enum nt_status st = rpc_info_push(op, side, r, ndr64, mem, ret_stub);
    *ret_what = "push";
    if (st != STATUS_SUCCESS) {
        nt_error_set(err, st, "%s", nt_status_name(st) ? nt_status_name(st) : "?");
        return false;
    }
    *ret_what = "pull";
    st = rpc_info_pull(op, side, copy, *ret_stub, 0x10, ndr64, mem, &left);
    if (st != STATUS_SUCCESS || left) {
        nt_error_set(err, st, "%s, %zu bytes left", nt_status_name(st) ? nt_status_name(st) : "?", left);
        return false;
    }
    *ret_what = "json";
    if (rpc_json_write(op, side, r, 0, mem, &a, err) != STATUS_SUCCESS ||
        rpc_json_write(op, side, copy, 0, mem, &b, err) != STATUS_SUCCESS)
        return false;
    *ret_what = "comparison";
    nt_error_set(err, st, "%.240s <> %.240s", a, b);
    return strcmp(a, b) == 0;
}

static void try(const struct rpc_info_interface *i, const struct rpc_info_op *op, bool ndr64, uint64_t seed,
                unsigned flags)
{
    struct nt_arena *mem = nt_arena_new(0);
    void *r = rpc_info_new(op, mem), *copy = rpc_info_new(op, mem);
    struct nt_blob in = { NULL, 0 }, out = { NULL, 0 };
    struct nt_error err = { "" };
    const char *what;
    calls++;
    if (!fill_random(op, RPC_INFO_REQUEST, r, seed, flags, mem))
        problem(i, op, ndr64, seed, "fill", "in");
    else if (!round_trip(op, RPC_INFO_REQUEST, ndr64, r, copy, mem, &in, &what, &err))
        problem(i, op, ndr64, seed, what, err.text);
    else if (!fill_random(op, RPC_INFO_RESPONSE, r, seed, flags, mem))
        problem(i, op, ndr64, seed, "fill", "out");
    else if (!round_trip(op, RPC_INFO_RESPONSE, ndr64, r, copy, mem, &out, &what, &err))
        problem(i, op, ndr64, seed, what, err.text);
    else if (!rpc_info_check(i, op, in, out, ndr64 ? RPC_CHECK_NDR64 : 0, &err))
        problem(i, op, ndr64, seed, "check", err.text);
    nt_arena_free(mem);
}

static void try_operation(const struct rpc_info_interface *i, const struct rpc_info_op *op, unsigned seeds)
{
    for (int ndr64 = 0; ndr64 < 2; ndr64++) {
        try(i, op, ndr64, 0, FILL_EMPTY);
        for (unsigned s = 1; s <= seeds; s++)
            try(i, op, ndr64, s, 0);
    }
}

int main(int argc, char **argv)
{
    size_t n;
    unsigned seeds = argc > 1 ? (unsigned)atoi(argv[1]) : SEEDS;
    const struct rpc_info_file *const *files = rpc_info_files(&n);
    for (size_t f = 0; f < n; f++)
        for (uint32_t k = 0; k < files[f]->n_interfaces; k++) {
            const struct rpc_info_interface *i = &files[f]->interfaces[k];
            for (uint32_t o = 0; o < i->n_ops; o++)
                if ((argc < 3 || strcmp(argv[2], i->name) == 0) &&
                    (argc < 4 || strcmp(argv[3], i->ops[o].name) == 0))
                    try_operation(i, &i->ops[o], seeds);
        }
    printf("%u calls, %u problems\n", calls, problems);
    return problems > 0 || calls < 1000 * (argc < 2);
}
