// SPDX-License-Identifier: Apache-2.0
/* Pipes in fragments; see m_pipes.h. */
#include "rpc/m_pipes.h"
#include <stdlib.h>
#include "rpc/limits.h"

/* Stubs of all fragments but the last end on this, so that alignment is the same from fragment to fragment.
 */
#define FRAG_ALIGN 16u
/* What is dropped from a stub that is being read goes in these steps: no NDR type is aligned to more. */
#define NDR_ALIGN 8u

static const struct rpc_op_pipe *first_pipe(const struct rpc_op *op, bool out)
{
    const struct rpc_op_pipe *p = op->pipes;
    while (p->element && p->out != out)
        p++;
    return p;
}

/* The next of the same direction; where there is none, one whose element is NULL. */
static const struct rpc_op_pipe *next_pipe(const struct rpc_op_pipe *p)
{
    static const struct rpc_op_pipe end;
    return p[1].element && p[1].out == p->out ? p + 1 : &end;
}

bool rpc_op_has_pipes(const struct rpc_op *op, bool out)
{
    return (op->flags & RPC_OP_PIPES) && first_pipe(op, out)->element;
}

static enum nt_status grow(void **mem, size_t *size, size_t want)
{
    if (want <= *size)
        return STATUS_SUCCESS;
    void *p = realloc(*mem, want);
    if (!p)
        return STATUS_NO_MEMORY;
    *mem = p;
    *size = want;
    return STATUS_SUCCESS;
}

/* ---- sending ---- */

enum nt_status rpc_pipe_out_init(struct rpc_pipe_out *p, const struct rpc_op *op, void *r, bool ndr64,
                                 const struct ndr_pull *adopt)
{
    *p = (struct rpc_pipe_out){ .op = op, .r = r, .response = adopt != NULL };
    p->pipe = first_pipe(op, p->response);
    wr_init(&p->w, RPC_STUB_MAX);
    ndr_push_init(&p->n, &p->w, ndr64);
    p->n.pipes_apart = true;
    if (adopt)
        ndr_push_adopt(&p->n, adopt);
    else
        op->push_in(&p->n, r);
    return p->w.st;
}

/* More of the stub: a piece of a pipe, or what comes behind the pipes of a response. */
static enum nt_status fill(struct rpc_pipe_out *p)
{
    const struct ndr_type *t = p->pipe->element;
    if (!t) {
        if (p->response)
            p->op->push_out(&p->n, p->r);
        p->ended = true;
        return p->w.st;
    }
    const struct ndr_pipe *from = rpc_pipe_at(p->r, p->pipe);
    size_t max = ndr_pipe_piece(t), count = 0;
    enum nt_status st = grow(&p->elems, &p->elems_size, max * t->size);
    if (st == STATUS_SUCCESS && from->chunk)
        st = from->chunk(from->arg, p->elems, max, &count);
    if (st != STATUS_SUCCESS)
        return st;
    if (count > max)
        return RPC_NT_BAD_STUB_DATA;
    ndr_push_chunk(&p->n, t, p->elems, count);
    if (!count)
        p->pipe = next_pipe(p->pipe);
    return p->w.st;
}

enum nt_status rpc_pipe_out_next(struct rpc_pipe_out *p, size_t room, struct nt_blob *ret, bool *ret_last)
{
    enum nt_status st = STATUS_SUCCESS;
    size_t len;
    while (st == STATUS_SUCCESS && !p->ended && p->w.len <= room)
        st = fill(p);
    if (st == STATUS_SUCCESS)
        len = p->w.len < room ? p->w.len : room;
    else if (st == STATUS_PENDING && p->w.len >= FRAG_ALIGN)
        len = p->w.len / FRAG_ALIGN * FRAG_ALIGN; /* what is there goes out meanwhile */
    else
        return st;
    *ret = (struct nt_blob){ p->w.base, len };
    *ret_last = p->ended && len == p->w.len;
    return STATUS_SUCCESS;
}

void rpc_pipe_out_sent(struct rpc_pipe_out *p, size_t len)
{
    if (len) /* an empty stub may have no memory */
        memmove(p->w.base, p->w.base + len, p->w.len - len);
    p->w.len -= len;
}

void rpc_pipe_out_done(struct rpc_pipe_out *p)
{
    enum nt_status st = ndr_push_status(&p->n); /* frees what it has on the side */
    (void)st;
    wr_free(&p->w);
    free(p->elems);
}

/* ---- receiving ---- */

static enum nt_status take_in(struct rpc_pipe_in *p, const uint8_t *from, size_t len)
{
    size_t have = p->n.rd.len;
    if (len > RPC_STUB_MAX - have)
        return RPC_NT_BAD_STUB_DATA; /* one element, or what follows the pipes, of 64 MiB */
    if (have + len > p->cap) {
        size_t cap = have + len > 2 * p->cap ? have + len : 2 * p->cap;
        uint8_t *buf = realloc(p->buf, cap);
        if (!buf)
            return STATUS_NO_MEMORY;
        p->buf = buf;
        p->cap = cap;
    }
    if (len)
        memcpy(p->buf + have, from, len);
    p->n.rd.base = p->buf;
    p->n.rd.len = have + len;
    return STATUS_SUCCESS;
}

/* What has been decoded goes. */
static void drop(struct rpc_pipe_in *p)
{
    size_t skip = p->n.rd.pos / NDR_ALIGN * NDR_ALIGN;
    if (!skip || p->n.rd.st != STATUS_SUCCESS)
        return;
    memmove(p->buf, p->buf + skip, p->n.rd.len - skip);
    p->n.rd.pos -= skip;
    p->n.rd.len -= skip;
}

enum nt_status rpc_pipe_in_init(struct rpc_pipe_in *p, const struct rpc_op *op, void *r, bool response,
                                const struct ndr_pull *n)
{
    *p = (struct rpc_pipe_in){ .op = op, .r = r, .response = response, .n = *n };
    p->pipe = first_pipe(op, response);
    size_t skip = n->rd.pos / NDR_ALIGN * NDR_ALIGN;
    p->n.rd.len = 0;
    p->n.rd.pos = n->rd.pos - skip;
    return take_in(p, n->rd.base + skip, n->rd.len - skip);
}

enum nt_status rpc_pipe_in_add(struct rpc_pipe_in *p, struct nt_blob stub, bool last)
{
    p->whole = p->whole || last;
    return take_in(p, stub.data, stub.len);
}

size_t rpc_pipe_in_held(const struct rpc_pipe_in *p)
{
    return p->n.rd.len - p->n.rd.pos;
}

/* Gives decoded elements to the consumer, who may take them bit by bit. */
static enum nt_status give(struct rpc_pipe_in *p)
{
    const struct ndr_pipe *to = rpc_pipe_at(p->r, p->pipe);
    size_t size = p->pipe->element->size;
    while (p->taken < p->count) {
        size_t took = 0, left = p->count - p->taken;
        enum nt_status st = to->chunk(to->arg, p->elems + p->taken * size, left, &took);
        if (st != STATUS_SUCCESS)
            return st;
        if (!took || took > left)
            return RPC_NT_BAD_STUB_DATA;
        p->taken += took;
    }
    p->count = p->taken = 0;
    return STATUS_SUCCESS;
}

/* Decodes a piece. Nothing decoded and no failure: the end, or more is needed. */
static enum nt_status decode(struct rpc_pipe_in *p)
{
    const struct ndr_type *t = p->pipe->element;
    size_t max = ndr_pipe_piece(t);
    enum nt_status st = grow((void **)&p->elems, &p->elems_size, max * t->size);
    if (st != STATUS_SUCCESS)
        return st;
    p->count = ndr_pull_piece(&p->n, &p->chunk, p->elems, max);
    drop(p);
    return ndr_pull_status(&p->n);
}

/* The consumer hears of the end once, and takes as long for it as it likes. */
static enum nt_status end_pipe(struct rpc_pipe_in *p)
{
    const struct ndr_pipe *to = rpc_pipe_at(p->r, p->pipe);
    size_t none = 0;
    enum nt_status st = to->chunk(to->arg, p->elems, 0, &none);
    if (st != STATUS_SUCCESS)
        return st;
    p->pipe = next_pipe(p->pipe);
    p->began = false;
    return STATUS_SUCCESS;
}

enum nt_status rpc_pipe_in_run(struct rpc_pipe_in *p)
{
    enum nt_status st = STATUS_SUCCESS;
    while (st == STATUS_SUCCESS && p->pipe->element) {
        if (!rpc_pipe_at(p->r, p->pipe)->chunk)
            return STATUS_PENDING;
        if (!p->began) {
            p->chunk = (struct ndr_pipe_pull){ .type = p->pipe->element };
            p->began = true;
        }
        if (!p->count)
            st = decode(p);
        if (st != STATUS_SUCCESS)
            break;
        if (p->count)
            st = give(p);
        else if (p->chunk.ended)
            st = end_pipe(p);
        else
            return p->whole ? RPC_NT_BAD_STUB_DATA : STATUS_PENDING;
    }
    return st;
}

void rpc_pipe_in_done(struct rpc_pipe_in *p)
{
    free(p->buf);
    free(p->elems);
}
