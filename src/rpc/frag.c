// SPDX-License-Identifier: Apache-2.0
/* Splitting and joining stubs; see m_frag.h. */
#include "rpc/m_frag.h"

/* Stubs of all fragments but the last end on this, so that protection pads only the last. */
#define FRAG_ALIGN 16
/* What is pulled may be lent from the stub, so it starts aligned for every NDR type. */
#define STUB_MEM_ALIGN 16

bool rpc_split_next(struct rpc_split *s)
{
    if (s->last)
        return false;
    size_t next = s->off + s->len;
    size_t left = s->total - next;
    s->off = next;
    s->len = left;
    if (left > s->room) {
        s->len = s->room;
        size_t before_tail = left - s->tail;
        if (s->len > before_tail) /* the tail would be cut: it goes with the next fragment as a whole */
            s->len = before_tail / FRAG_ALIGN * FRAG_ALIGN;
    }
    s->last = s->len == left;
    return true;
}

enum nt_status rpc_join_add(struct rpc_join *j, struct nt_arena *mem, struct nt_blob frag, uint32_t hint,
                            const char **ret_why)
{
    if (frag.len > RPC_STUB_MAX - j->len || hint > RPC_STUB_MAX) {
        *ret_why = "an answer longer than 64 MiB";
        return RPC_NT_PROTOCOL_ERROR;
    }
    size_t need = j->len + frag.len;
    if (need > j->cap) {
        size_t cap = hint <= RPC_HINT_MAX && hint > frag.len ? j->len + hint : need;
        if (j->cap && cap < 2 * j->cap)
            cap = 2 * j->cap;
        if (cap > RPC_STUB_MAX)
            cap = RPC_STUB_MAX;
        uint8_t *p = nt_arena_raw(mem, cap, STUB_MEM_ALIGN);
        if (!p)
            return STATUS_NO_MEMORY;
        if (j->len)
            memcpy(p, j->data, j->len);
        j->data = p;
        j->cap = cap;
    }
    if (frag.len)
        memcpy(j->data + j->len, frag.data, frag.len);
    j->len = need;
    return STATUS_SUCCESS;
}

bool rpc_gather(struct wr *in, uint8_t **data, size_t *len, size_t (*pdu_len)(void *arg, const uint8_t *p),
                void *arg)
{
    for (;;) {
        size_t want = RPC_HDR_LEN;
        if (in->len >= RPC_HDR_LEN && (want = pdu_len(arg, in->base)) == 0)
            return false;
        if (in->len >= RPC_HDR_LEN && in->len == want)
            return true;
        size_t take = want - in->len < *len ? want - in->len : *len;
        if (take == 0)
            return false;
        wr_bytes(in, *data, take);
        if (in->st != STATUS_SUCCESS)
            return false;
        *data += take;
        *len -= take;
    }
}
