// SPDX-License-Identifier: Apache-2.0
/*
 * IDL pipes: [C706] 14.3.10, [MS-RPCE] 2.2.5.3.4.5. A chunk is its number of elements and the elements, in
 * NDR64 the negated number behind them; a chunk of none ends the pipe. Elements have no pointers, so each
 * chunk stands for itself and memory is needed for a part of one only.
 */
#include "ndr/m_ndr.h"

#include <stdlib.h>

/* Octets of elements that are moved at a time, in memory: a few fragments' worth. */
#define PIPE_PIECE 32768u

size_t ndr_pipe_piece(const struct ndr_type *t)
{
    return t->size < PIPE_PIECE ? PIPE_PIECE / t->size : 1;
}

static size_t integers(const struct ndr_type *t)
{
    return t->repeat ? t->repeat : 1;
}

/* ---- push ---- */

void ndr_push_chunk(struct ndr_push *n, const struct ndr_type *t, const void *elems, size_t count)
{
    if (count > INT32_MAX) {
        ndr_push_fail(n, RPC_NT_BAD_STUB_DATA);
        return;
    }
    ndr_push_size(n, count);
    if (t->width)
        ndr_push_elements(n, elems, count * integers(t), t->width);
    for (size_t i = 0; i < count && !t->width && n->w->st == STATUS_SUCCESS; i++)
        t->push(n, (const uint8_t *)elems + i * t->size);
    if (n->wide)
        ndr_push_u64(n, 0 - (uint64_t)count);
}

static void push_chunks(struct ndr_push *n, const struct ndr_pipe *p, const struct ndr_type *t)
{
    size_t max = ndr_pipe_piece(t), count = 0;
    void *elems = calloc(max, t->size);
    enum nt_status st = elems ? STATUS_SUCCESS : STATUS_NO_MEMORY;
    while (st == STATUS_SUCCESS && n->w->st == STATUS_SUCCESS) {
        count = 0;
        st = p->chunk(p->arg, elems, max, &count);
        if (st != STATUS_SUCCESS || !count)
            break;
        if (count > max)
            st = RPC_NT_BAD_STUB_DATA;
        else
            ndr_push_chunk(n, t, elems, count);
    }
    free(elems);
    if (st != STATUS_SUCCESS)
        ndr_push_fail(n, st);
}

void ndr_push_pipe(struct ndr_push *n, const struct ndr_pipe *p, const struct ndr_type *t)
{
    if (n->pipes_apart)
        return;
    if (p->chunk)
        push_chunks(n, p, t);
    ndr_push_chunk(n, t, NULL, 0);
}

/* ---- pull ---- */

static void next_chunk(struct ndr_pull *n, struct ndr_pipe_pull *r)
{
    if (n->wide && r->chunk && ndr_pull_u64(n) != 0 - r->chunk)
        ndr_pull_fail(n, RPC_NT_BAD_STUB_DATA);
    r->chunk = r->left = ndr_pull_size(n);
    if (r->chunk == 0) {
        if (n->wide && ndr_pull_u64(n) != 0)
            ndr_pull_fail(n, RPC_NT_BAD_STUB_DATA);
        r->ended = true;
    } else if (r->chunk > INT32_MAX || r->chunk > rd_left(&n->rd) / (r->type->wire ? r->type->wire : 1)) {
        ndr_pull_fail(n, RPC_NT_BAD_STUB_DATA);
    }
}

size_t ndr_pull_chunk(struct ndr_pull *n, struct ndr_pipe_pull *r, void *elems, size_t max)
{
    const struct ndr_type *t = r->type;
    if (r->left == 0 && !r->ended)
        next_chunk(n, r);
    size_t count = r->left < max ? (size_t)r->left : max;
    if (n->rd.st != STATUS_SUCCESS || r->ended)
        return 0;
    if (t->width)
        ndr_pull_elements(n, elems, count * integers(t), t->width);
    for (size_t i = 0; i < count && !t->width && n->rd.st == STATUS_SUCCESS; i++) {
        void *e = (uint8_t *)elems + i * t->size;
        memset(e, 0, t->size);
        t->pull(n, e);
    }
    r->left -= count;
    return n->rd.st == STATUS_SUCCESS ? count : 0;
}

/* ---- in parts ---- */

/* The next chunk's count, as soon as it is here. How long the chunk is says nothing about what has come. */
static bool begin_chunk(struct ndr_pull *n, struct ndr_pipe_pull *r)
{
    struct rd at = n->rd;
    if (n->wide && r->chunk && ndr_pull_u64(n) != 0 - r->chunk && n->rd.st == STATUS_SUCCESS)
        ndr_pull_fail(n, RPC_NT_BAD_STUB_DATA);
    uint64_t count = n->wide ? ndr_pull_u64(n) : ndr_pull_u32(n);
    if (n->wide && count == 0 && ndr_pull_u64(n) != 0 && n->rd.st == STATUS_SUCCESS)
        ndr_pull_fail(n, RPC_NT_BAD_STUB_DATA);
    if (n->rd.st == STATUS_INVALID_NETWORK_RESPONSE) {
        n->rd = at; /* not whole: once more later */
        return false;
    }
    if (count > INT32_MAX) /* [MS-RPCE] 2.2.5.3.4.5 */
        ndr_pull_fail(n, RPC_NT_BAD_STUB_DATA);
    if (n->rd.st != STATUS_SUCCESS)
        return false;
    r->chunk = r->left = count;
    r->ended = count == 0;
    return count != 0;
}

/* Integers in one piece: as many as are here. */
static size_t bulk(struct ndr_pull *n, const struct ndr_type *t, void *elems, size_t max)
{
    size_t octets = t->width == NDR_CHARS ? 1 : t->width;
    size_t pad = (0 - n->rd.pos) & (octets - 1), left = rd_left(&n->rd);
    size_t here = left < pad ? 0 : (left - pad) / (octets * integers(t));
    if (max > here)
        max = here;
    if (max)
        ndr_pull_elements(n, elems, max * integers(t), t->width);
    return max;
}

size_t ndr_pull_piece(struct ndr_pull *n, struct ndr_pipe_pull *r, void *elems, size_t max)
{
    const struct ndr_type *t = r->type;
    if (r->ended || n->rd.st != STATUS_SUCCESS || (r->left == 0 && !begin_chunk(n, r)))
        return 0;
    size_t count = 0;
    if (max > r->left)
        max = (size_t)r->left;
    if (t->width)
        count = bulk(n, t, elems, max);
    for (; count < max && !t->width; count++) {
        struct rd at = n->rd;
        void *e = (uint8_t *)elems + count * t->size;
        memset(e, 0, t->size);
        t->pull(n, e);
        if (n->rd.st == STATUS_INVALID_NETWORK_RESPONSE)
            n->rd = at;
        else if (n->rd.st == STATUS_SUCCESS)
            continue;
        break;
    }
    r->left -= count;
    return n->rd.st == STATUS_SUCCESS ? count : 0;
}

/* Hands all elements of a piece to the user, who may take them bit by bit. */
static enum nt_status give(const struct ndr_pipe *p, uint8_t *elems, size_t count, size_t size)
{
    while (count) {
        size_t took = 0;
        enum nt_status st = p->chunk(p->arg, elems, count, &took);
        if (st != STATUS_SUCCESS)
            return st;
        if (!took || took > count)
            return RPC_NT_BAD_STUB_DATA;
        elems += took * size;
        count -= took;
    }
    return STATUS_SUCCESS;
}

/* What is behind `chunk` of a pipe that was received and that nobody had asked for. */
struct reader {
    struct ndr_pull n; /* where the next element is */
    struct ndr_pipe_pull r;
};

static enum nt_status read_elements(void *arg, void *elems, size_t max, size_t *ret_n)
{
    struct reader *reader = arg;
    if (!max) {
        *ret_n = 0;
        return STATUS_SUCCESS;
    }
    size_t count = ndr_pull_chunk(&reader->n, &reader->r, elems, max);
    enum nt_status st = ndr_pull_status(&reader->n);
    if (st == STATUS_SUCCESS)
        *ret_n = count;
    return st;
}

void ndr_pull_pipe(struct ndr_pull *n, struct ndr_pipe *p, const struct ndr_type *t)
{
    struct ndr_pipe_pull r = { .type = t };
    enum nt_status st = STATUS_SUCCESS;
    size_t max = ndr_pipe_piece(t), count;
    if (n->pipes_apart)
        return;
    struct reader *reader = p->chunk ? NULL : ndr_pull_new(n, sizeof(*reader));
    if (reader)
        *reader = (struct reader){ *n, r };
    uint8_t *elems = ndr_pull_new(n, max * t->size);
    while (elems && st == STATUS_SUCCESS && (count = ndr_pull_chunk(n, &r, elems, max)) > 0)
        st = reader ? STATUS_SUCCESS : give(p, elems, count, t->size);
    if (st == STATUS_SUCCESS && !reader && ndr_pull_ok(n))
        st = p->chunk(p->arg, elems, 0, &count);
    if (st != STATUS_SUCCESS)
        ndr_pull_fail(n, st);
    if (reader && ndr_pull_ok(n))
        *p = (struct ndr_pipe){ read_elements, reader };
}
