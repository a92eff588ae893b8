// SPDX-License-Identifier: Apache-2.0
/* A pipe by messages: each request is one operation of the pipe, each answer what came of it. */
#include "muxd/m_muxd.h"

static void refuse(struct conn *c, const struct mux_hdr *h, enum nt_status st, const char *why)
{
    conn_refuse(c, h->type, h->id, st, why);
}

static void op_done(struct npc_op *op)
{
    struct pipe_request *r = io_container(op, struct pipe_request, op);
    struct conn *c = r->c;
    uint32_t id = r->id;
    bool reads = r == &c->rd;
    struct wr w;
    r->id = 0;
    c->ops--;
    if (c->freed) {
        conn_release(c);
        return;
    }
    unsigned type = !reads ? MUX_PIPE_WRITE : r->transact ? MUX_PIPE_TRANSACT : MUX_PIPE_READ;
    if (op->status != STATUS_SUCCESS && op->status != STATUS_BUFFER_OVERFLOW) {
        conn_refuse(c, type, id, op->status, c->pipe->err.text);
        return;
    }
    if (reads)
        conn_seen(c, true, op->data, op->len);
    mux_begin(&w, type | MUX_ANSWER, id, op->status);
    if (reads)
        mux_put_blob(&w, op->data, op->len);
    conn_answer(c, &w);
}

static enum nt_status start(struct conn *c, const struct mux_hdr *h, struct nt_blob data, size_t max)
{
    struct pipe_request *r = h->type == MUX_PIPE_WRITE ? &c->wr : &c->rd;
    struct wr out;
    enum nt_status st;
    r->op.done = op_done;
    r->transact = h->type == MUX_PIPE_TRANSACT;
    if (h->type != MUX_PIPE_READ) {
        wr_init(&out, NPC_HEADROOM + data.len);
        wr_zero(&out, NPC_HEADROOM);
        wr_bytes(&out, data.data, data.len);
        conn_seen(c, false, data.data, data.len);
    }
    if (h->type == MUX_PIPE_WRITE)
        st = c->pipe->ops->write(c->pipe, &out, UINT64_MAX, &r->op);
    else if (h->type == MUX_PIPE_READ)
        st = c->pipe->ops->read(c->pipe, max, UINT64_MAX, &r->op);
    else
        st = c->pipe->ops->transact(c->pipe, &out, max, UINT64_MAX, &r->op);
    if (st == STATUS_SUCCESS) {
        r->id = h->id;
        c->ops++;
    }
    return st;
}

static void cancel(struct conn *c, uint32_t id, bool ask)
{
    struct pipe_request *r = c->rd.id == id ? &c->rd : c->wr.id == id ? &c->wr : NULL;
    if (!id || !r)
        return; /* it has been answered meanwhile */
    if (ask)
        c->pipe->ops->ask(c->pipe, &r->op);
    else
        c->pipe->ops->cancel(c->pipe, &r->op);
}

void message_run(struct conn *c, const struct mux_hdr *h, struct rd *body)
{
    struct nt_blob data = { NULL, 0 };
    uint32_t max = 0;
    if (h->type == MUX_PIPE_CANCEL) { /* no answer of its own */
        uint32_t id = rd_u32(body);
        bool ask = rd_u8(body);
        if (mux_done(body) == STATUS_SUCCESS)
            cancel(c, id, ask);
        return;
    }
    if (h->type != MUX_PIPE_WRITE && h->type != MUX_PIPE_READ && h->type != MUX_PIPE_TRANSACT) {
        refuse(c, h, STATUS_INVALID_DEVICE_STATE, "the connection is a pipe");
        return;
    }
    if (h->type != MUX_PIPE_WRITE)
        max = rd_u32(body);
    if (h->type != MUX_PIPE_READ)
        data = mux_get_blob(body, MUX_DATA_MAX);
    if (mux_done(body) != STATUS_SUCCESS || max > MUX_DATA_MAX) {
        refuse(c, h, STATUS_INVALID_PARAMETER, "not an operation of a pipe");
        return;
    }
    enum nt_status st = start(c, h, data, max);
    if (st != STATUS_SUCCESS)
        refuse(c, h, st, c->pipe->err.text);
}
