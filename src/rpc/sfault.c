// SPDX-License-Identifier: Apache-2.0
/* Faults of a server's calls with extended error information ([MS-RPCE] 2.2.2.8, [MS-EERR]). */
#include "rpc/m_server.h"

static bool may_know(const struct rpc_server_call *call)
{
    switch (call->group->s->extended_errors) {
    case RPC_EXTENDED_CALLERS:
        return call->sec && rpc_sec_signs(&call->sec->sec);
    case RPC_EXTENDED_ALL:
        return true;
    case RPC_EXTENDED_NONE:
    default:
        return false;
    }
}

/* The blob goes in one fragment; the client has room for that, or the fault goes without. */
static bool put_fault(struct rpc_server_call *call, enum nt_status st, struct wr *w)
{
    struct rpc_sec none = { .level = SEC_LEVEL_NONE }, *sec = call->sec ? &call->sec->sec : &none;
    struct nt_blob blob = { NULL, 0 };
    size_t room = rpc_sec_room(sec, call->c->max_xmit, RPC_FAULT_LEN);
    if (rpc_eerr_encode(&call->extended, call->mem, &blob) != STATUS_SUCCESS || blob.len > room)
        return false;
    size_t start = rpc_sconn_writer(call->c, w, RPC_FRAG_MAX);
    rpc_put_fault_extended(w, RPC_PFC_WHOLE, call->id, call->ctx, nt_to_rpc_fault(st), blob);
    rpc_tap(call->c, true, w->base + start, w->len - start, (struct nt_blob){ NULL, 0 });
    if (rpc_protect(w, start, RPC_FAULT_LEN, sec) == STATUS_SUCCESS)
        return true;
    wr_free(w);
    return false;
}

void rpc_scall_fault(struct rpc_server_call *call, enum nt_status st)
{
    struct wr w;
    call->seen.st = st;
    call->seen.fault = nt_to_rpc_fault(st);
    if (!call->extended.n || !may_know(call) || !put_fault(call, st, &w)) {
        rpc_sconn_fault(call->c, call->id, call->ctx, st, true);
        return;
    }
    call->c->s->faults++;
    rpc_sconn_put(call->c, &w);
}

enum nt_status rpc_server_explain(struct rpc_server_call *call, const struct rpc_error_record *rec)
{
    struct rpc_error_list *l = &call->extended;
    struct nt_blob blob;
    if (l->n == RPC_ERROR_RECORDS_MAX)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct rpc_error_record *one =
        rec->n_params <= RPC_ERROR_PARAMS_MAX ? rpc_error_copy(call->mem, rec) : NULL;
    if (!one)
        return rec->n_params <= RPC_ERROR_PARAMS_MAX ? STATUS_NO_MEMORY : STATUS_INVALID_PARAMETER;
    if (!one->time)
        one->time = call->group->s->env->wall(call->group->s->env->arg);
    enum nt_status st = rpc_eerr_encode(&(struct rpc_error_list){ one, 1 }, call->mem, &blob);
    if (st != STATUS_SUCCESS)
        return st;
    struct rpc_error_record *all = nt_arena_array(call->mem, l->n + 1, sizeof *all);
    if (!all)
        return STATUS_NO_MEMORY;
    if (l->n)
        memcpy(all, l->rec, l->n * sizeof *all);
    all[l->n] = *one;
    *l = (struct rpc_error_list){ all, l->n + 1 };
    return STATUS_SUCCESS;
}
