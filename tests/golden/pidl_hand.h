// SPDX-License-Identifier: Apache-2.0
/* Types and operations of idlc/pidl.idl by name, for tests and fuzzers; what is written by hand for them is
 * in pidl_hand.c. */
#ifndef GOLDEN_PIDL_HAND_H
#define GOLDEN_PIDL_HAND_H

#include <msrpc/ndr.h>

struct pidl_subject {
    void *value;
    void (*push)(struct ndr_push *n, const void *p);
    void (*pull)(struct ndr_pull *n, void *p);
};

/* A zeroed value in mem; of an operation the response, whose request has these parameters. False: no such
 * name, or no memory. */
bool pidl_subject(const char *name, uint32_t level, uint32_t offered, struct nt_arena *mem,
                  struct pidl_subject *ret);
/* The i-th name; NULL behind the last. */
const char *pidl_subject_name(size_t i);

#endif
