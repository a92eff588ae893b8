// SPDX-License-Identifier: Apache-2.0
/*
 * Pipes as a whole. A pipe in a structure gives its elements once; what was pulled or read from JSON is
 * wanted several times, so its elements are put into memory, and the pipe begins again after its end.
 */
#include "info/m_info.h"

/* Elements that are asked for at a time. */
#define PIPE_CHUNK 256

struct whole_pipe {
    const uint8_t *elements;
    size_t count, size, pos;
};

static enum nt_status give(void *arg, void *elems, size_t max, size_t *ret_n)
{
    struct whole_pipe *w = arg;
    size_t n = w->count - w->pos;
    n = n < max ? n : max;
    if (n)
        memcpy(elems, w->elements + w->pos * w->size, n * w->size);
    w->pos = n ? w->pos + n : 0;
    *ret_n = n;
    return STATUS_SUCCESS;
}

enum nt_status info_pipe_set(struct nt_arena *mem, const void *elements, size_t count, size_t size,
                             struct ndr_pipe *to)
{
    struct whole_pipe *w = nt_arena_obj(mem, struct whole_pipe);
    if (!w)
        return STATUS_NO_MEMORY;
    *w = (struct whole_pipe){ elements, count, size, 0 };
    to->chunk = give;
    to->arg = w;
    return STATUS_SUCCESS;
}

/* Everything that a pipe gives, in one block of the heap. */
static enum nt_status drain(const struct ndr_pipe *p, size_t size, struct wr *w)
{
    size_t n = 0;
    wr_init(w, INFO_MAX_TEXT);
    while (p->chunk) {
        uint8_t *room = wr_room(w, PIPE_CHUNK * size);
        enum nt_status st = room ? p->chunk(p->arg, room, PIPE_CHUNK, &n) : w->st;
        if (st != STATUS_SUCCESS)
            return st;
        w->len -= (PIPE_CHUNK - n) * size;
        if (n == 0)
            break;
    }
    return STATUS_SUCCESS;
}

enum nt_status info_pipe_hold(struct nt_arena *mem, size_t size, struct ndr_pipe *p)
{
    struct wr w;
    if (p->chunk == give || size == 0)
        return STATUS_SUCCESS;
    enum nt_status st = drain(p, size, &w);
    void *elements = st == STATUS_SUCCESS ? nt_arena_raw(mem, w.len, 16) : NULL;
    if (st == STATUS_SUCCESS && !elements)
        st = STATUS_NO_MEMORY;
    if (elements && w.len)
        memcpy(elements, w.base, w.len);
    if (st == STATUS_SUCCESS)
        st = info_pipe_set(mem, elements, w.len / size, size, p);
    wr_free_secret(&w);
    return st;
}

bool info_pipe_get(const struct ndr_pipe *p, const void **ret_elements, size_t *ret_count)
{
    const struct whole_pipe *w = p->arg;
    *ret_count = p->chunk == give ? w->count : 0;
    *ret_elements = p->chunk == give ? w->elements : NULL;
    return p->chunk == give || !p->chunk;
}

enum nt_status info_hold_pipes(const struct rpc_info_op *op, enum rpc_info_side side, void *r,
                               struct nt_arena *mem)
{
    struct info_scope s = info_op_scope(op, side, r);
    for (uint32_t i = 0; i < s.n; i++) {
        const struct rpc_info_member *m = &s.members[i];
        if (!info_member_here(&s, m) || m->node->kind != RPC_INFO_PIPE)
            continue;
        enum nt_status st = info_pipe_hold(mem, m->node->to->size, info_member_place(&s, m));
        if (st != STATUS_SUCCESS)
            return st;
    }
    return STATUS_SUCCESS;
}
