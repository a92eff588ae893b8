// SPDX-License-Identifier: Apache-2.0
/* What the RPC runtime needs of NDR: setting up a push over a writer and a pull over received bytes. */
#ifndef NDR_NDR_H
#define NDR_NDR_H

#include <msrpc/ndr.h>
#include "base/cursor.h"

#pragma GCC visibility push(default) /* shared between our own libraries, see the *_PRIVATE nodes */

/* Limits of one pull; a zero member means the default (see ndr.c for values and reasons). */
struct ndr_budget {
    size_t bytes;    /* memory that decoding may take from the arena */
    unsigned depth;  /* nested pointers and structures */
};

/* Appends to w; alignment is counted from w's length at this moment. w is used, not owned. */
void ndr_push_init(struct ndr_push *n, struct wr *w, bool ndr64);
enum nt_status ndr_push_status(const struct ndr_push *n);

/* drep: the first byte of the PDU's data representation ([C706] 14.1): 0x10 little endian, ASCII. Pointers into
 * `stub` may be lent to the result, so stub must live as long as mem. */
void ndr_pull_init(struct ndr_pull *n, struct nt_arena *mem, const uint8_t *stub, size_t len, uint8_t drep, bool ndr64,
                   const struct ndr_budget *budget);
enum nt_status ndr_pull_status(const struct ndr_pull *n);
/* Bytes not consumed: a response with many left over is suspicious, but servers do pad. */
size_t ndr_pull_left(const struct ndr_pull *n);

#pragma GCC visibility pop

#endif
