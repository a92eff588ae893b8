// SPDX-License-Identifier: Apache-2.0
/*
 * Calls of the server inside of ours ([MS-RPCE] 2.2.4.2, 3.3.1.5.9): requests that come while an answer is
 * awaited, under the call's id. They are for the handlers that the program has for the interface
 * (rpc_conn_serve); inside of one it may call the server again, under the same id. Handlers run where users
 * may be called.
 */
#include <stdlib.h>
#include "ndr/ndr.h"
#include "rpc/m_client.h"

struct rpc_serving {
    struct rpc_serving *next;
    const struct rpc_interface *iface;
    const struct rpc_op *const *ops;
    uint32_t n_ops;
    rpc_callback_dispatch_fn *dispatch;
    const void *handlers;
    void *arg;
};

struct rpc_callback {
    struct rpc_call *call; /* inside of which it is; NULL: that has ended, and nobody awaits an answer */
    struct rpc_conn *c;
    const struct rpc_serving *serving; /* as long as c is there */
    void *arg;
    const struct rpc_op *op;
    struct nt_arena *mem;
    void *r;
    struct rpc_join join;
    struct ndr_pull pull;
    uint16_t opnum;
    uint8_t drep;
    bool whole, running; /* the request is here; its handler has been called */
};

enum nt_status rpc_conn_serve(struct rpc_conn *c, const struct rpc_interface *i,
                              const struct rpc_op *const *ops, uint32_t n_ops,
                              rpc_callback_dispatch_fn *dispatch, const void *handlers, void *arg)
{
    struct rpc_serving *s = c->serving;
    if (i->table_version != RPC_TABLE_VERSION)
        return STATUS_REVISION_MISMATCH;
    if (c->lent) /* whoever lends it would not know what to do with the server's requests */
        return STATUS_NOT_SUPPORTED;
    while (s && !rpc_syntax_equal(&s->iface->syntax, &i->syntax))
        s = s->next;
    if (s)
        return STATUS_OBJECT_NAME_COLLISION;
    s = malloc(sizeof *s);
    if (!s)
        return STATUS_NO_MEMORY;
    *s = (struct rpc_serving){ c->serving, i, ops, n_ops, dispatch, handlers, arg };
    c->serving = s;
    return STATUS_SUCCESS;
}

void rpc_serving_free(struct rpc_conn *c)
{
    while (c->serving) {
        struct rpc_serving *next = c->serving->next;
        free(c->serving);
        c->serving = next;
    }
}

static void callback_free(struct rpc_callback *b)
{
    if (b->call) {
        b->c->held -= b->join.cap;
        b->c->n_callbacks--;
        b->call->callback = NULL;
    }
    nt_arena_free(b->mem);
    free(b);
}

void rpc_callback_end(struct rpc_call *call)
{
    struct rpc_callback *b = call->callback;
    if (!b)
        return;
    if (!b->running) {
        callback_free(b);
        return;
    }
    b->c->held -= b->join.cap;
    b->c->n_callbacks--;
    b->call = NULL; /* the handler still has it, and will answer nobody */
    call->callback = NULL;
}

/* ---- the request ---- */

/* What is wrong with a request from the server. */
static const char *misplaced(const struct rpc_call *call, const struct rpc_pdu *d, uint16_t ctx)
{
    const struct rpc_callback *b = call ? call->callback : NULL;
    bool first = d->h.flags & RPC_PFC_FIRST;
    if (!call || !call->op)
        return "a request inside of no call";
    if (call->answered || call->c->sending == call)
        return "a request where no answer was awaited";
    if (d->u.req.ctx != ctx)
        return "a request of another presentation context";
    if (first != !b || (b && (b->whole || b->drep != d->h.drep || b->opnum != d->u.req.opnum)))
        return "a request that does not follow what came before";
    return NULL;
}

static struct rpc_callback *begin(struct rpc_call *call, const struct rpc_pdu *d)
{
    struct rpc_callback *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    b->mem = nt_arena_new(0);
    if (!b->mem) {
        free(b);
        return NULL;
    }
    b->call = call;
    b->c = call->c;
    b->opnum = d->u.req.opnum;
    b->drep = d->h.drep;
    call->callback = b;
    call->c->n_callbacks++;
    return b;
}

static enum nt_status add(struct rpc_callback *b, struct nt_blob stub, const char **ret_why)
{
    struct rpc_conn *c = b->c;
    size_t before = b->join.cap;
    if (stub.len > RPC_ANSWERS_HELD_MAX - c->held) {
        *ret_why = "parts of more requests than can be held";
        return RPC_NT_PROTOCOL_ERROR;
    }
    enum nt_status st = rpc_join_add(&b->join, b->mem, stub, 0, ret_why);
    c->held += b->join.cap - before;
    return st;
}

void rpc_callback_on_request(struct rpc_conn *c, uint8_t *pdu, const struct rpc_pdu *d)
{
    struct rpc_call *call = rpc_sent_find(&c->sent, d->h.call_id);
    struct nt_blob stub = { NULL, 0 };
    const char *why = misplaced(call, d, call ? rpc_context_id(&c->ctx[call->ctx], call->ctx) : 0);
    if (why) {
        rpc_conn_fail(c, RPC_NT_PROTOCOL_ERROR, "receiving", "the server sent %s", why);
        return;
    }
    enum nt_status st = rpc_unprotect(pdu, d, call->sec, &stub, &why);
    struct rpc_callback *b = call->callback;
    if (st == STATUS_SUCCESS && !b && !(b = begin(call, d)))
        st = STATUS_NO_MEMORY;
    if (st == STATUS_SUCCESS)
        st = add(b, stub, &why);
    if (st != STATUS_SUCCESS) {
        rpc_conn_fail(c, st, call->op->name, "%s%s",
                      why ? "the server sent " : "no memory for the server's request", why ? why : "");
        return;
    }
    b->whole = d->h.flags & RPC_PFC_LAST;
    if (b->whole)
        rpc_conn_wake(c);
}

/* ---- the answer ---- */

static void send_fault(struct rpc_callback *b, enum nt_status st)
{
    struct rpc_conn *c = b->c;
    struct wr w;
    (void)rpc_conn_writer(c, &w, RPC_FRAG_MAX);
    rpc_put_fault(&w, RPC_PFC_WHOLE, b->call->id, rpc_context_id(&c->ctx[b->call->ctx], b->call->ctx),
                  nt_to_rpc_fault(st));
    if (c->tp->ops->send(c->tp, &w, rpc_conn_then(c)) != STATUS_SUCCESS)
        rpc_conn_fail(c, STATUS_CONNECTION_DISCONNECTED, b->call->op->name,
                      "a callback could not be answered");
}

static enum nt_status send_fragment(struct rpc_callback *b, const uint8_t *stub, const struct rpc_split *s)
{
    struct rpc_conn *c = b->c;
    struct wr w;
    size_t start = rpc_conn_writer(c, &w, RPC_FRAG_MAX);
    unsigned flags = rpc_split_flags(s);
    (void)wr_room(&w, RPC_RSP_LEN);
    if (s->len) /* an empty stub may have no memory */
        wr_bytes(&w, stub + s->off, s->len);
    enum nt_status st = w.st;
    if (st == STATUS_SUCCESS) {
        rpc_fill_response(w.base + start, flags, b->call->id, (uint32_t)(s->total - s->off),
                          rpc_context_id(&c->ctx[b->call->ctx], b->call->ctx));
        st = rpc_protect(&w, start, RPC_RSP_LEN, b->call->sec);
    }
    if (st != STATUS_SUCCESS) {
        wr_free(&w);
        return st;
    }
    return c->tp->ops->send(c->tp, &w, s->last ? rpc_conn_then(c) : RPC_TP_MORE);
}

/* A failure before anything went out is a fault. */
static enum nt_status send_response(struct rpc_callback *b, bool *ret_sent)
{
    struct rpc_conn *c = b->c;
    struct ndr_push n;
    struct wr w;
    *ret_sent = false;
    wr_init(&w, RPC_STUB_MAX);
    ndr_push_init(&n, &w, c->ctx[b->call->ctx].ndr64);
    ndr_push_adopt(&n, &b->pull);
    b->op->push_out(&n, b->r);
    enum nt_status st = ndr_push_status(&n);
    if (st == STATUS_SUCCESS)
        st = w.st;
    struct rpc_split s = { .total = w.len, .room = rpc_sec_room(b->call->sec, c->max_xmit, RPC_RSP_LEN) };
    if (st == STATUS_SUCCESS && !s.room)
        st = STATUS_BUFFER_TOO_SMALL;
    while (st == STATUS_SUCCESS && rpc_split_next(&s)) {
        *ret_sent = true;
        st = send_fragment(b, w.base, &s);
    }
    wr_free(&w);
    return st;
}

void rpc_callback_reply(struct rpc_callback *b, enum nt_status st)
{
    struct rpc_conn *c = b->c;
    bool sent = false;
    if (!b->call || c->state != RPC_ST_READY) {
        callback_free(b);
        return;
    }
    if (st == STATUS_SUCCESS)
        st = send_response(b, &sent);
    if (st != STATUS_SUCCESS && sent)
        rpc_conn_fail(c, st, b->op->name, "a callback could not be answered as a whole");
    else if (st != STATUS_SUCCESS)
        send_fault(b, st == STATUS_PENDING ? RPC_NT_CALL_FAILED : st);
    callback_free(b);
}

/* ---- running ---- */

static enum nt_status prepare(struct rpc_callback *b)
{
    const struct rpc_interface *i = b->c->ctx[b->call->ctx].iface;
    const struct rpc_serving *s = b->c->serving;
    while (s && !rpc_syntax_equal(&s->iface->syntax, &i->syntax))
        s = s->next;
    if (!s)
        return RPC_NT_UNKNOWN_IF;
    b->serving = s;
    b->arg = s->arg;
    if (b->opnum >= s->n_ops || !s->ops[b->opnum])
        return RPC_NT_PROCNUM_OUT_OF_RANGE;
    b->op = s->ops[b->opnum];
    if (b->op->table_version != RPC_TABLE_VERSION)
        return STATUS_REVISION_MISMATCH;
    b->r = nt_arena_alloc(b->mem, b->op->size, 16);
    if (!b->r)
        return STATUS_NO_MEMORY;
    ndr_pull_init(&b->pull, b->mem, b->join.data, b->join.len, b->drep, b->c->ctx[b->call->ctx].ndr64, NULL);
    b->op->pull_in(&b->pull, b->r);
    return ndr_pull_status(&b->pull);
}

static void run(struct rpc_callback *b)
{
    b->running = true;
    enum nt_status st = prepare(b);
    if (st == STATUS_SUCCESS)
        st = b->serving->dispatch(b->serving->handlers, b, b->opnum, b->r);
    if (st != STATUS_PENDING)
        rpc_callback_reply(b, st);
}

void rpc_callbacks_run(struct rpc_conn *c)
{
    struct rpc_call *call = c->sent.list.head;
    while (call && c->n_callbacks && c->state == RPC_ST_READY) {
        struct rpc_callback *b = call->callback;
        if (b && b->whole && !b->running) {
            run(b);
            call = c->sent.list.head; /* the list may have changed */
        } else {
            call = call->next;
        }
    }
}

/* ---- for handlers ---- */

void *rpc_callback_arg(const struct rpc_callback *b)
{
    return b->arg;
}

struct nt_arena *rpc_callback_mem(const struct rpc_callback *b)
{
    return b->mem;
}

enum nt_status rpc_callback_send(struct rpc_callback *b, const struct rpc_op *op, struct nt_arena *mem,
                                 void *r, rpc_done_fn *done, void *arg)
{
    if (!b->call)
        return STATUS_CONNECTION_DISCONNECTED;
    return rpc_send_inside(b->call, op, mem, r, done, arg);
}
