// SPDX-License-Identifier: Apache-2.0
/* Fills operations with random values by their descriptions, so that they can be sent. */
#ifndef TESTS_FILL_H
#define TESTS_FILL_H

#include <msrpc/info.h>

enum fill_flags {
    FILL_EMPTY = 1, /* pointers null, strings empty, arrays without elements: legal, but nothing is there */
    FILL_PLAIN = 2, /* only what a peer that converts character sets can keep: well-formed text */
};

/* One side of r, the request before the response. False when memory is short. The same seed gives the same
 * values. */
bool fill_random(const struct rpc_info_op *op, enum rpc_info_side side, void *r, uint64_t seed,
                 unsigned flags, struct nt_arena *mem);

#endif
