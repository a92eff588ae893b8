// SPDX-License-Identifier: Apache-2.0
/*
 * Calls of a server to its client, inside of a call of that client ([MS-RPCE] 2.2.4.2, 3.3.1.5.9): requests
 * and responses with their directions changed, under the call's id, presentation context and security
 * context. Inside of it the client may call again, and so on.
 */
#include <stdlib.h>
#include "rpc/m_server.h"

struct rpc_scallback {
    const struct rpc_op *op;
    void *r;
    rpc_server_callback_fn *done;
    void *arg;
    struct rpc_join join;
    uint8_t drep;
    bool answered, finished; /* the first fragment has come; st is what became of it */
    enum nt_status st;
    struct rpc_sec none; /* where nothing protects the call */
};

static struct rpc_sec *sec_of(const struct rpc_server_call *call)
{
    return call->sec ? &call->sec->sec : &call->callback->none;
}

bool rpc_scallback_waits(const struct rpc_server_call *call)
{
    return call->callback && !call->callback->finished;
}

size_t rpc_scallback_held(const struct rpc_server_call *call)
{
    return call->callback ? call->callback->join.cap : 0;
}

bool rpc_scallback_due(const struct rpc_server_call *call)
{
    return call->callback && call->callback->finished && call->state == RPC_SCALL_PENDING;
}

/* ---- the request ---- */

static enum nt_status send_fragment(struct rpc_server_call *call, const uint8_t *stub,
                                    const struct rpc_split *s)
{
    struct wr w;
    size_t start = rpc_sconn_writer(call->c, &w, RPC_FRAG_MAX);
    unsigned flags = rpc_split_flags(s);
    (void)wr_room(&w, RPC_REQ_LEN);
    if (s->len) /* an empty stub may have no memory */
        wr_bytes(&w, stub + s->off, s->len);
    enum nt_status st = w.st;
    if (st == STATUS_SUCCESS) {
        rpc_fill_request(w.base + start, flags, call->id, (uint32_t)(s->total - s->off), call->ctx,
                         call->callback->op->opnum, NULL);
        rpc_tap(call->c, true, w.base + start, RPC_REQ_LEN, (struct nt_blob){ stub + s->off, s->len });
        st = rpc_protect(&w, start, RPC_REQ_LEN, sec_of(call));
    }
    if (st != STATUS_SUCCESS) {
        wr_free(&w);
        return st;
    }
    rpc_sconn_sends(call->c, &w);
    return call->c->tp->ops->send(call->c->tp, &w, false);
}

static enum nt_status send_request(struct rpc_server_call *call)
{
    struct ndr_push n;
    struct wr w;
    bool sent = false;
    size_t room = rpc_sec_room(sec_of(call), call->c->max_xmit, RPC_REQ_LEN);
    wr_init(&w, RPC_STUB_MAX);
    ndr_push_init(&n, &w, call->ndr64);
    call->callback->op->push_in(&n, call->callback->r);
    enum nt_status st = ndr_push_status(&n);
    if (st == STATUS_SUCCESS)
        st = w.st;
    if (st == STATUS_SUCCESS && !room)
        st = STATUS_BUFFER_TOO_SMALL;
    struct rpc_split s = { .total = w.len, .room = room };
    while (st == STATUS_SUCCESS && rpc_split_next(&s)) {
        st = send_fragment(call, w.base, &s);
        sent = true;
    }
    wr_free(&w);
    if (st != STATUS_SUCCESS && sent) /* half a request, or a signature that was counted */
        rpc_sconn_hang_up(call->c);
    return st;
}

enum nt_status rpc_server_callback(struct rpc_server_call *call, const struct rpc_op *op, void *r,
                                   rpc_server_callback_fn *done, void *arg)
{
    if (op->table_version != RPC_TABLE_VERSION)
        return STATUS_REVISION_MISMATCH;
    if (!rpc_syntax_equal(&op->iface->syntax, &call->served->iface->syntax) || (op->flags & RPC_OP_PIPES))
        return STATUS_INVALID_PARAMETER;
    if (!call->c || call->orphaned || call->c->state != RPC_SC_BOUND)
        return STATUS_CONNECTION_DISCONNECTED;
    /* only while the call is in dispatch and its request is whole */
    if (call->callback || call->receiving || call->state < RPC_SCALL_RUNNING ||
        call->state == RPC_SCALL_SENDING)
        return STATUS_INVALID_DEVICE_STATE;
    struct rpc_scallback *b = calloc(1, sizeof *b);
    if (!b)
        return STATUS_NO_MEMORY;
    *b = (struct rpc_scallback){
        .op = op, .r = r, .done = done, .arg = arg, .none = { .level = SEC_LEVEL_NONE }
    };
    call->callback = b;
    call->c->held_apart = true;
    enum nt_status st = send_request(call);
    if (st != STATUS_SUCCESS)
        rpc_scallback_free(call);
    return st;
}

/* ---- the answer ---- */

/* The innermost of the calls with this id that await one. */
static struct rpc_server_call *find(const struct rpc_sconn *c, uint32_t id)
{
    struct rpc_server_call *found = NULL, *call = NULL;
    while ((call = rpc_scalls_next(c, call, id)))
        if (rpc_scallback_waits(call))
            found = call;
    return found;
}

static void finish(struct rpc_server_call *call, enum nt_status st)
{
    call->callback->finished = true;
    call->callback->st = st;
    if (call->c)
        rpc_sconn_look(call->c);
}

static bool in_place(const struct rpc_server_call *call, const struct rpc_pdu *d)
{
    const struct rpc_scallback *b = call->callback;
    bool first = d->h.flags & RPC_PFC_FIRST;
    return d->u.rsp.ctx == call->ctx && first != b->answered && (!b->answered || b->drep == d->h.drep);
}

static bool add(struct rpc_server_call *call, const struct rpc_pdu *d, struct nt_blob stub)
{
    struct rpc_scallback *b = call->callback;
    const char *why = NULL;
    b->answered = true;
    b->drep = d->h.drep;
    return rpc_scall_may_hold(call, stub.len) &&
           rpc_join_add(&b->join, call->mem, stub, 0, &why) == STATUS_SUCCESS;
}

/* As at the client: a fault may come without protection, for it says no more than a lost connection. */
bool rpc_scallback_on_answer(struct rpc_sconn *c, uint8_t *pdu, const struct rpc_pdu *d)
{
    struct rpc_server_call *call = find(c, d->h.call_id);
    bool fault = d->h.ptype == RPC_PT_FAULT;
    struct nt_blob stub = { NULL, 0 };
    const char *why = NULL;
    if (!call || (!fault && !in_place(call, d)))
        return false;
    if ((!fault || d->has_auth) && rpc_unprotect(pdu, d, sec_of(call), &stub, &why) != STATUS_SUCCESS)
        return false;
    if (fault && !d->has_auth)
        stub = (struct nt_blob){ pdu + d->body_off, d->body_len };
    rpc_tap(c, false, pdu, d->body_off, stub);
    if (fault)
        finish(call, nt_from_rpc_fault(d->u.rsp.status));
    else if (!add(call, d, stub))
        return false;
    else if (d->h.flags & RPC_PFC_LAST)
        finish(call, STATUS_SUCCESS);
    return true;
}

/* ---- the end ---- */

void rpc_scallback_free(struct rpc_server_call *call)
{
    free(call->callback); /* what came lives as long as the call */
    call->callback = NULL;
}

static void clear_out(const struct rpc_op *op, void *r)
{
    if (op->size > op->out_offset)
        memset((char *)r + op->out_offset, 0, op->size - op->out_offset);
}

static enum nt_status decode(struct rpc_server_call *call)
{
    struct ndr_budget budget = { .bytes = call->level == SEC_LEVEL_NONE ? RPC_SERVER_DECODED_ANONYMOUS : 0 };
    struct rpc_scallback *b = call->callback;
    struct ndr_pull n;
    ndr_pull_init(&n, call->mem, b->join.data, b->join.len, b->drep, call->ndr64, &budget);
    b->op->pull_out(&n, b->r);
    return ndr_pull_status(&n);
}

/* Tells its handler. The call may be gone afterwards. */
void rpc_scallback_run(struct rpc_server_call *call)
{
    struct rpc_scallback *b = call->callback;
    rpc_server_callback_fn *done = b->done;
    void *arg = b->arg;
    enum nt_status st = b->st;
    if (st == STATUS_SUCCESS)
        st = decode(call);
    if (st != STATUS_SUCCESS)
        clear_out(b->op, b->r);
    rpc_scallback_free(call);
    done(call, arg, st);
}

void rpc_scallback_cut(struct rpc_server_call *call)
{
    if (rpc_scallback_waits(call))
        finish(call, STATUS_CONNECTION_DISCONNECTED);
}
