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
/* Entries of a list that is linked by pointers: what an entry points to comes behind the whole rest of the list, so
 * reading it takes stack for each. Only drsuapi has such lists, of objects, and its client says how many it wants at
 * once, some hundreds. */
#define NDR_BUDGET_LINKS 4096

struct ndr_full_push;
struct ndr_full_pull;
struct ndr_pidl_push;
struct ndr_pidl_pull;

/* Context handles that a pull came across, in its arena: a server has to know which objects a call is about. */
struct ndr_handles {
    struct ndr_handle *h;
    uint32_t n, cap;
    uint32_t nulls; /* null handles, which are not among them */
};

/* Those that a push came across: nobody needs to know them all. */
struct ndr_noted {
    struct ndr_handle h[4];
    unsigned n;
    bool more;
};

struct ndr_push {
    struct wr *w;
    size_t start; /* of the stub in w */
    uint32_t refs;
    unsigned depth, links;
    bool wide;        /* NDR64 */
    bool pipes_apart; /* ndr_push_pipe does nothing: see below */
    struct ndr_full_push *full;
    uint32_t n_full, cap_full, last_full; /* slots taken, slots, last referent id */
    uint32_t flags; /* enum ndr_flags: only ndrf_push_* and the functions of <msrpc/ndr_pidl.h> look */
    struct ndr_pidl_push *pidl; /* NULL until something of the pidl dialect needs it */
    struct ndr_noted *noted;    /* where to note context handles; NULL: nobody asks */
};

struct ndr_pull {
    struct rd rd;
    struct nt_arena *mem;
    size_t budget; /* bytes that may still be taken from mem */
    unsigned depth, links;
    bool wide;        /* NDR64 */
    bool pipes_apart; /* ndr_pull_pipe does nothing: see below */
    bool swap;        /* the peer's byte order is not ours */
    bool big;         /* the peer's byte order */
    bool ebcdic;      /* the peer's characters are */
    struct ndr_full_pull **full;
    uint32_t n_full, cap_full;
    uint32_t flags; /* as in struct ndr_push */
    struct ndr_pidl_pull *pidl;
    struct ndr_handles *handles; /* where to note them; NULL: nobody asks */
};

/* Appends to w; alignment is counted from w's length at this moment. w is used, not owned. */
void ndr_push_init(struct ndr_push *n, struct wr *w, bool ndr64);
/* A response's full pointers: those that stand at what the request's stood at get the same referent ids,
 * others get ids that the request did not have, for the client knows those as its own objects
 * ([C706] 4.2.20.2). */
void ndr_push_adopt(struct ndr_push *n, const struct ndr_pull *request);
/* Ends a push: frees what it kept on the side and says how it went. Call it once at least, also after
 * failures. */
enum nt_status ndr_push_status(struct ndr_push *n);

/* drep: the first byte of the PDU's data representation ([C706] 14.1), 0x10 little endian and ASCII. EBCDIC
 * is converted; anything else is refused (RPC_NT_UNSUPPORTED_TYPE, by the status). Pointers into `stub` may
 * be lent to the result, so stub must live as long as mem, and be aligned to 8 for lending to be of use.
 * budget may be NULL. */
void ndr_pull_init(struct ndr_pull *n, struct nt_arena *mem, const uint8_t *stub, size_t len, uint8_t drep,
                   bool ndr64, const struct ndr_budget *budget);
/* RPC_NT_BAD_STUB_DATA where the data end too early. */
enum nt_status ndr_pull_status(const struct ndr_pull *n);
/*
 * Pipes piece by piece, for a runtime that sends and takes fragments as they come and go: it sets
 * pipes_apart, so that push_in and its kin leave pipes out, and moves those that struct rpc_op lists itself:
 * the chunks of a request's pipes after push_in, those of a response's before push_out, each ended by a chunk
 * of 0 elements.
 */
struct ndr_pipe_pull {
    const struct ndr_type *type;
    uint64_t chunk, left; /* elements of the chunk, and not pulled yet */
    bool ended;
};
void ndr_push_chunk(struct ndr_push *n, const struct ndr_type *t, const void *elems, size_t count);
/* Up to max elements, of one chunk; 0 at the end of the pipe and after a failure. With r as at the start of a
 * piece that was too short, and n's position too, it can be tried again when more has come; what was consumed
 * may be dropped from the stub in multiples of 8 octets. */
size_t ndr_pull_chunk(struct ndr_pull *n, struct ndr_pipe_pull *r, void *elems, size_t max);
/* The same over a stub of which a part is here: gives the elements that are whole. 0 at the end of the pipe
 * (r->ended), after a failure, and, neither, when more octets are needed. */
size_t ndr_pull_piece(struct ndr_pull *n, struct ndr_pipe_pull *r, void *elems, size_t max);
/* Elements that are moved at a time: their octets in memory are a few fragments' worth. */
size_t ndr_pipe_piece(const struct ndr_type *t);

/* Bytes not consumed: a response with many left over is suspicious, but servers do pad. */
size_t ndr_pull_left(const struct ndr_pull *n);

#pragma GCC visibility pop

#endif
