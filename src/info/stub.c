// SPDX-License-Identifier: Apache-2.0
/* Stubs of any operation: made, read, and decoded to text. */
#include "info/m_info.h"
#include "ndr/ndr.h"

/* As the runtime has it: what one call may send. */
#define MAX_STUB ((size_t)64 << 20)

void *rpc_info_new(const struct rpc_info_op *op, struct nt_arena *mem)
{
    return nt_arena_alloc(mem, op->op->size, 16);
}

enum nt_status rpc_info_push(const struct rpc_info_op *op, enum rpc_info_side side, const void *r, bool ndr64,
                             struct nt_arena *mem, struct nt_blob *ret)
{
    struct wr w;
    struct ndr_push n;
    wr_init(&w, MAX_STUB);
    ndr_push_init(&n, &w, ndr64);
    (side == RPC_INFO_REQUEST ? op->op->push_in : op->op->push_out)(&n, r);
    enum nt_status st = ndr_push_status(&n);
    /* a stub of one's own is pulled from an aligned place */
    uint8_t *p = st == STATUS_SUCCESS ? nt_arena_raw(mem, w.len, 8) : NULL;
    if (st == STATUS_SUCCESS && !p)
        st = STATUS_NO_MEMORY;
    if (p && w.len)
        memcpy(p, w.base, w.len);
    if (st == STATUS_SUCCESS)
        *ret = (struct nt_blob){ p, w.len };
    wr_free_secret(&w);
    return st;
}

enum nt_status rpc_info_pull(const struct rpc_info_op *op, enum rpc_info_side side, void *r,
                             struct nt_blob stub, uint8_t drep, bool ndr64, struct nt_arena *mem,
                             size_t *ret_left)
{
    struct ndr_pull n;
    bool out = side == RPC_INFO_RESPONSE;
    uint32_t start = out ? op->op->out_offset : 0, end = out ? op->op->size : op->op->out_offset;
    ndr_pull_init(&n, mem, stub.data, stub.len, drep, ndr64, NULL);
    (out ? op->op->pull_out : op->op->pull_in)(&n, r);
    enum nt_status st = ndr_pull_status(&n);
    if (st == STATUS_SUCCESS)
        st = info_hold_pipes(op, side, r, mem);
    if (st != STATUS_SUCCESS)
        memset(info_at(r, start), 0, end - start);
    else if (ret_left)
        *ret_left = ndr_pull_left(&n);
    return st;
}

static enum nt_status as_text(struct rpc_decode *d, const void *r, struct nt_arena *mem, const char **ret)
{
    if (d->form == RPC_DECODE_JSON)
        return rpc_json_write(d->op, d->side, r, 0, mem, ret, NULL);
    const char *s = d->form == RPC_DECODE_LINE ? rpc_trace_line(d->iface, d->op, d->side, r, 0, mem)
                                               : rpc_trace_full(d->iface, d->op, d->side, r, mem);
    if (s)
        *ret = s;
    return s ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

enum nt_status rpc_decode(struct rpc_decode *d, struct nt_arena *mem, const char **ret)
{
    d->op = NULL;
    d->left = 0;
    d->iface = rpc_info_find_syntax(&d->syntax);
    if (!d->iface)
        return RPC_NT_UNKNOWN_IF;
    d->op = rpc_info_opnum(d->iface, d->opnum);
    if (!d->op)
        return RPC_NT_PROCNUM_OUT_OF_RANGE;
    void *r = rpc_info_new(d->op, mem);
    if (!r)
        return STATUS_NO_MEMORY;
    enum nt_status st = STATUS_SUCCESS;
    bool request = d->side == RPC_INFO_REQUEST;
    if (request || d->request.data)
        st = rpc_info_pull(d->op, RPC_INFO_REQUEST, r, d->request, d->request_drep, d->ndr64, mem,
                           request ? &d->left : NULL);
    if (!request && st == STATUS_SUCCESS)
        st = rpc_info_pull(d->op, RPC_INFO_RESPONSE, r, d->response, d->response_drep, d->ndr64, mem,
                           &d->left);
    return st == STATUS_SUCCESS ? as_text(d, r, mem, ret) : st;
}
