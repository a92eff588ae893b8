// SPDX-License-Identifier: Apache-2.0
/* A pipe by the muxer: a connection of its own, each operation a message and its answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "npc/m_mux.h"

/* One operation: of a read or transact, and of a write, one each may be in flight. */
struct mux_way {
    struct mux_pipe *pipe;
    struct npc_op *op; /* NULL: none */
    uint32_t id;
    bool transact, asked;
    struct io_item timer; /* its deadline; then its end */
};

struct mux_pipe {
    struct npc_pipe base;
    struct mux_line line;
    struct mux_connect to;
    struct mux_way in, out;
    uint32_t connect_id;
    npc_pipe_done *done; /* of opening */
    void *arg;
    enum nt_status why; /* opening failed, or the connection is gone */
    bool open, dead, spoiled;
    struct io_item timer, end;
    char name[NPC_NAME_SIZE];
};

static struct mux_pipe *of(struct npc_pipe *p)
{
    return io_container(p, struct mux_pipe, base);
}

static struct mux_pipe *of_line(struct mux_line *l)
{
    return io_container(l, struct mux_pipe, line);
}

static struct mux_session *session_of(struct mux_pipe *p)
{
    return io_container(p->base.session, struct mux_session, base);
}

static enum nt_status pipe_failed(struct mux_pipe *p, enum nt_status st, const char *doing, const char *why)
{
    char words[NPC_WORDS];
    return nt_error_set(&p->base.err, st, "%s pipe \\%.64s of %.100s by the muxer: %s", doing, p->name,
                        p->to.server, why && *why ? why : npc_words(st, words));
}

/* ---- the end ---- */

static void end_fn(struct io_item *it)
{
    struct mux_pipe *p = io_container(it, struct mux_pipe, end);
    struct npc_session *s = p->base.session;
    mux_line_done(&p->line);
    nt_cancel_unref(p->base.cancel);
    free(p);
    npc_session_unref(s);
}

/* Its memory stays as long as somebody further up looks at it. */
static void drop(struct mux_pipe *p)
{
    p->dead = true;
    io_cancel(&p->timer);
    io_close(&p->line.stream, STATUS_SUCCESS, false);
    io_loop_defer(p->base.session->loop, &p->end);
}

/* ---- opening ---- */

static void open_finish(struct mux_pipe *p, enum nt_status st)
{
    npc_pipe_done *done = p->done;
    void *arg = p->arg;
    p->done = NULL;
    if (st != STATUS_SUCCESS) {
        p->base.session->route->set_error(p->base.session, &p->base.err);
        drop(p);
    }
    done(arg, st, st == STATUS_SUCCESS ? &p->base : NULL);
}

static void opened(struct io_item *it)
{
    struct mux_pipe *p = io_container(it, struct mux_pipe, timer);
    open_finish(p, p->open ? STATUS_SUCCESS : p->why);
}

static void open_late(struct io_item *it)
{
    struct mux_pipe *p = io_container(it, struct mux_pipe, timer);
    open_finish(p, pipe_failed(p, STATUS_IO_TIMEOUT, "opening", NULL));
}

static void on_open(struct mux_line *l)
{
    struct mux_pipe *p = of_line(l);
    enum nt_status st = mux_line_hello(l, &p->to, &p->connect_id);
    if (st != STATUS_SUCCESS)
        io_close(&l->stream, st, false);
}

static bool connected(struct mux_pipe *p, const struct mux_hdr *h, struct rd *r)
{
    struct mux_facts f;
    char why[sizeof p->base.err.text];
    p->connect_id = 0;
    p->open = h->type == (MUX_CONNECT | MUX_ANSWER) && h->status == STATUS_SUCCESS;
    if (p->open && mux_get_facts(r, &f) != STATUS_SUCCESS) {
        p->open = false;
        return false;
    }
    if (p->open) {
        npc_mux_take_facts(session_of(p), &f);
        nt_wipe(&f, sizeof f);
    }
    if (!p->open) {
        mux_get_str(r, why, sizeof why);
        p->why = nt_ok(h->status) ? STATUS_INVALID_NETWORK_RESPONSE : h->status;
        pipe_failed(p, p->why, "opening", why);
    }
    io_cancel(&p->timer);
    io_item_init(&p->timer, opened);
    io_ready(&p->line.stream, &p->timer);
    return true;
}

/* ---- operations ---- */

static void finish(struct mux_way *y, enum nt_status st, struct nt_blob data)
{
    struct npc_op *op = y->op;
    if ((st == STATUS_IO_TIMEOUT || st == STATUS_CANCELLED) && y->transact && !y->asked)
        y->pipe->spoiled = true; /* its answer may still come */
    y->op = NULL;
    y->id = 0;
    op->status = st;
    op->data = (uint8_t *)(uintptr_t)data.data; /* of the driver's buffer, which is writable */
    op->len = data.len;
    op->done(op);
}

/* An answer is here: what it says has been put into the operation, whose end is told now. */
static void told(struct io_item *it)
{
    struct mux_way *y = io_container(it, struct mux_way, timer);
    finish(y, y->op->status, (struct nt_blob){ y->op->data, y->op->len });
}

/* Has no answer of its own. */
static void tell_cancel(struct mux_way *y, bool ask)
{
    struct mux_pipe *p = y->pipe;
    struct wr w;
    mux_begin(&w, MUX_PIPE_CANCEL, mux_line_id(&p->line), STATUS_SUCCESS);
    wr_u32(&w, y->id);
    wr_u8(&w, ask);
    (void)!mux_line_send(&p->line, &w);
}

static void op_late(struct io_item *it)
{
    struct mux_way *y = io_container(it, struct mux_way, timer);
    enum nt_status st = pipe_failed(y->pipe, STATUS_IO_TIMEOUT, "using", NULL);
    tell_cancel(y, false);
    finish(y, st, (struct nt_blob){ NULL, 0 });
}

static void tell_later(struct mux_way *y, enum nt_status st, struct nt_blob data)
{
    y->id = 0;
    y->op->status = st;
    y->op->data = (uint8_t *)(uintptr_t)data.data;
    y->op->len = data.len;
    io_cancel(&y->timer);
    io_item_init(&y->timer, told);
    io_ready(&y->pipe->line.stream, &y->timer);
}

static bool op_answered(struct mux_pipe *p, struct mux_way *y, const struct mux_hdr *h, struct rd *r)
{
    struct nt_blob data = { NULL, 0 };
    char why[sizeof p->base.err.text];
    bool good = h->status == STATUS_SUCCESS || (h->status == STATUS_BUFFER_OVERFLOW && y == &p->in);
    unsigned type = y == &p->out ? MUX_PIPE_WRITE : y->transact ? MUX_PIPE_TRANSACT : MUX_PIPE_READ;
    if (h->type != (type | MUX_ANSWER))
        return false;
    if (good && y == &p->in)
        data = mux_get_blob(r, MUX_DATA_MAX);
    else if (!good)
        mux_get_str(r, why, sizeof why);
    if (mux_done(r) != STATUS_SUCCESS)
        return false;
    if (!good)
        pipe_failed(p, h->status, "using", why);
    tell_later(y, good || !nt_ok(h->status) ? h->status : STATUS_INVALID_NETWORK_RESPONSE, data);
    return true;
}

static bool on_message(struct mux_line *l, const struct mux_hdr *h, const uint8_t *body, size_t len)
{
    struct mux_pipe *p = of_line(l);
    struct rd r;
    rd_init(&r, body, len);
    if (p->connect_id)
        return h->id == p->connect_id && connected(p, h, &r);
    if (p->in.op && p->in.id == h->id)
        return op_answered(p, &p->in, h, &r);
    if (p->out.op && p->out.id == h->id)
        return op_answered(p, &p->out, h, &r);
    return true; /* of an operation that was given up */
}

static void on_close(struct mux_line *l, enum nt_status why)
{
    struct mux_pipe *p = of_line(l);
    struct mux_way *const ways[] = { &p->in, &p->out };
    struct nt_error e;
    if (p->dead)
        return;
    p->why = why;
    mux_line_why(l, why, p->in.op || p->out.op, &e);
    pipe_failed(p, why, p->done ? "opening" : "using", e.text);
    if (p->done) {
        open_finish(p, why);
        return;
    }
    for (int i = 0; i < 2; i++)
        if (ways[i]->op)
            tell_later(ways[i], why, (struct nt_blob){ NULL, 0 });
}

static enum nt_status launch(struct mux_way *y, unsigned type, struct wr *out, size_t max, uint64_t deadline,
                             struct npc_op *op)
{
    struct mux_pipe *p = y->pipe;
    struct wr w;
    enum nt_status st = y->op ? STATUS_PIPE_BUSY : p->spoiled ? STATUS_PIPE_BROKEN : p->why;
    size_t n = out && out->len > NPC_HEADROOM ? out->len - NPC_HEADROOM : 0;
    if (st == STATUS_SUCCESS && out && out->st != STATUS_SUCCESS)
        st = out->st;
    if (st == STATUS_SUCCESS) {
        uint32_t id = mux_line_id(&p->line);
        mux_begin(&w, type, id, STATUS_SUCCESS);
        if (type != MUX_PIPE_WRITE)
            wr_u32(&w, (uint32_t)(max < MUX_DATA_MAX ? max : MUX_DATA_MAX));
        if (out)
            mux_put_blob(&w, n ? out->base + NPC_HEADROOM : NULL, n);
        st = mux_line_send(&p->line, &w);
        *op = (struct npc_op){ .done = op->done, .pipe = &p->base };
        y->id = id;
    }
    if (out)
        wr_free_secret(out);
    if (st != STATUS_SUCCESS)
        return pipe_failed(p, st, "using", NULL);
    y->op = op;
    y->transact = type == MUX_PIPE_TRANSACT;
    y->asked = false;
    io_item_init(&y->timer, op_late);
    if (deadline != UINT64_MAX)
        io_timer(&p->line.stream, &y->timer, deadline);
    return STATUS_SUCCESS;
}

static enum nt_status mux_write(struct npc_pipe *base, struct wr *out, uint64_t deadline, struct npc_op *op)
{
    return launch(&of(base)->out, MUX_PIPE_WRITE, out, 0, deadline, op);
}

static enum nt_status mux_read(struct npc_pipe *base, size_t max, uint64_t deadline, struct npc_op *op)
{
    return launch(&of(base)->in, MUX_PIPE_READ, NULL, max, deadline, op);
}

static enum nt_status mux_transact(struct npc_pipe *base, struct wr *out, size_t max, uint64_t deadline,
                                   struct npc_op *op)
{
    return launch(&of(base)->in, MUX_PIPE_TRANSACT, out, max, deadline, op);
}

static void send_cancel(struct mux_pipe *p, const struct npc_op *op, bool ask)
{
    struct mux_way *y = p->in.op == op ? &p->in : p->out.op == op ? &p->out : NULL;
    if (!y || !y->id)
        return;
    y->asked = ask;
    tell_cancel(y, ask);
    if (!ask)
        tell_later(y, STATUS_CANCELLED, (struct nt_blob){ NULL, 0 });
}

static void mux_cancel(struct npc_pipe *base, struct npc_op *op)
{
    send_cancel(of(base), op, false);
}

static void mux_ask(struct npc_pipe *base, struct npc_op *op)
{
    send_cancel(of(base), op, true);
}

/* ---- closing ---- */

/* An operation that close has cut off; its pipe may be gone already. */
static void op_cut(struct io_item *it)
{
    struct npc_op *op = io_container(it, struct npc_op, item);
    op->done(op);
}

static void cut(struct mux_way *y)
{
    struct npc_op *op = y->op;
    if (!op)
        return;
    io_cancel(&y->timer);
    y->op = NULL;
    op->status = STATUS_CANCELLED;
    op->data = NULL;
    op->len = 0;
    io_item_init(&op->item, op_cut);
    io_ready(&session_of(y->pipe)->line.stream, &op->item);
}

static void mux_close_pipe(struct npc_pipe *base)
{
    struct mux_pipe *p = of(base);
    cut(&p->in);
    cut(&p->out);
    drop(p);
}

static void mux_give_up(struct npc_pipe *base)
{
    struct mux_pipe *p = of(base);
    if (!p->done)
        return;
    p->open = false;
    p->why = pipe_failed(p, STATUS_CANCELLED, "opening", NULL);
    io_cancel(&p->timer);
    io_item_init(&p->timer, opened);
    io_ready(&p->line.stream, &p->timer);
}

static const struct npc_pipe_ops mux_pipe_ops = {
    .name = "mux",
    .write = mux_write,
    .read = mux_read,
    .transact = mux_transact,
    .cancel = mux_cancel,
    .ask = mux_ask,
    .close = mux_close_pipe,
    .give_up = mux_give_up,
};

enum nt_status npc_mux_open_pipe(struct npc_session *s, const char *name, const struct npc_create *o,
                                 npc_pipe_done *done, void *arg, struct npc_pipe **ret)
{
    struct mux_session *m = io_container(s, struct mux_session, base);
    struct mux_pipe *p = calloc(1, sizeof *p);
    if (!p)
        return STATUS_NO_MEMORY;
    p->base.ops = &mux_pipe_ops;
    p->base.session = npc_session_ref(s);
    p->base.timeout_ms = o->timeout_ms ? o->timeout_ms : s->timeout_ms;
    p->base.cancel = nt_cancel_ref(o->cancel);
    p->in.pipe = p->out.pipe = p;
    p->done = done;
    p->arg = arg;
    p->to = m->to;
    p->to.mode = MUX_MESSAGE;
    p->to.keys = true; /* the muxer may have made a new session meanwhile */
    p->to.timeout_ms = p->base.timeout_ms;
    memcpy(p->name, name, strlen(name) + 1);
    memcpy(p->to.pipe, name, strlen(name) + 1);
    io_item_init(&p->timer, open_late);
    io_item_init(&p->end, end_fn);
    mux_line_init(&p->line, m->line.stream.env);
    p->line.on_open = on_open;
    p->line.on_message = on_message;
    p->line.on_close = on_close;
    uint64_t deadline = npc_deadline(s, p->base.timeout_ms);
    enum nt_status st = mux_line_dial(&p->line, s->loop, m->path, deadline);
    if (st != STATUS_SUCCESS) {
        pipe_failed(p, st, "opening", NULL);
        s->route->set_error(s, &p->base.err);
        mux_line_done(&p->line);
        nt_cancel_unref(p->base.cancel);
        free(p);
        npc_session_unref(s);
        return st;
    }
    io_timer(&p->line.stream, &p->timer, deadline);
    *ret = &p->base;
    return STATUS_SUCCESS;
}
