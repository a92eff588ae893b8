// SPDX-License-Identifier: Apache-2.0
/* What the RPC runtime needs of NDR: setting up a push over a writer and a pull over received bytes. */
#ifndef NDR_NDR_H
#define NDR_NDR_H

#include <msrpc/ndr.h>
#include "base/cursor.h"

#pragma GCC visibility push(default) /* shared between our own libraries, see the *_PRIVATE nodes */

/* Limits of one pull; a zero member means the default. */
struct ndr_budget {
    size_t bytes;   /* memory that decoding may take from the arena */
    unsigned depth; /* how often a type may be nested in itself */
};

/* A stub has at most 64 MiB. What it decodes to is mostly lent or of the same size; only referent ids of
 * small structures grow, some tenfold. */
#define NDR_BUDGET_BYTES ((size_t)128 << 20)
/* No interface we know nests a type more than a few times; generated code takes under 200 bytes of stack each
 * time. */
#define NDR_BUDGET_DEPTH 128

struct ndr_full_push;
struct ndr_full_pull;

struct ndr_push {
    struct wr *w;
    size_t start; /* of the stub in w */
    uint32_t refs;
    unsigned depth;
    bool wide; /* NDR64 */
    struct ndr_full_push *full;
    uint32_t n_full, cap_full;
};

struct ndr_pull {
    struct rd rd;
    struct nt_arena *mem;
    size_t budget; /* bytes that may still be taken from mem */
    unsigned depth;
    bool wide; /* NDR64 */
    bool swap; /* the peer's byte order is not ours */
    bool big;  /* the peer's byte order */
    struct ndr_full_pull **full;
    uint32_t n_full, cap_full;
};

/* Appends to w; alignment is counted from w's length at this moment. w is used, not owned. */
void ndr_push_init(struct ndr_push *n, struct wr *w, bool ndr64);
/* Ends a push: frees what it kept on the side and says how it went. Call it once at least, also after
 * failures. */
enum nt_status ndr_push_status(struct ndr_push *n);

/* drep: the first byte of the PDU's data representation ([C706] 14.1): 0x10 little endian, ASCII. EBCDIC is
 * refused (RPC_NT_UNSUPPORTED_TYPE, by the status). Pointers into `stub` may be lent to the result, so stub
 * must live as long as mem, and be aligned to 8 for lending to be of use. budget may be NULL. */
void ndr_pull_init(struct ndr_pull *n, struct nt_arena *mem, const uint8_t *stub, size_t len, uint8_t drep,
                   bool ndr64, const struct ndr_budget *budget);
/* RPC_NT_BAD_STUB_DATA where the data end too early. */
enum nt_status ndr_pull_status(const struct ndr_pull *n);
/* Bytes not consumed: a response with many left over is suspicious, but servers do pad. */
size_t ndr_pull_left(const struct ndr_pull *n);

#pragma GCC visibility pop

#endif
