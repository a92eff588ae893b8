// SPDX-License-Identifier: Apache-2.0
#include "npc/served.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "npc/m_npc.h"

/* What SMB 3 servers have as the longest read, write and transact of a pipe. */
#define LONGEST 65536u

struct served_session {
    struct npc_session base;
    struct io_stream stream; /* without a transport, for what comes later */
    struct io_item item;
    const struct npc_served_ops *ops;
    void *arg;
    struct nt_error err;
    char server[256];
};

struct message {
    struct message *next;
    struct wr w;
};

struct npc_served {
    struct npc_pipe base;
    struct npc_op *in, *out; /* a read that waits */
    size_t max;
    struct message *first, **last;
    size_t at; /* octets of the first that have been read */
    enum nt_status broken;
    void *handle;
    bool has_handle;
    /* opening, and the end */
    struct io_item item;
    npc_pipe_done *done;
    void *arg;
    enum nt_status why;
};

static struct served_session *session_of(const struct npc_served *p)
{
    return io_container(p->base.session, struct served_session, base);
}

static struct npc_served *of(struct npc_pipe *p)
{
    return io_container(p, struct npc_served, base);
}

/* ---- operations ---- */

static void free_message(struct message *m)
{
    if (m)
        wr_free_secret(&m->w);
    free(m);
}

/* The pipe may have gone; what is lent is the operation's own. */
static void ended(struct io_item *it)
{
    struct npc_op *op = io_container(it, struct npc_op, item);
    struct message *lent = op->impl;
    op->impl = NULL;
    op->done(op);
    free_message(lent);
}

static void end(struct npc_served *p, struct npc_op *op, enum nt_status st)
{
    op->status = st;
    io_cancel(&op->item);
    io_item_init(&op->item, ended);
    io_ready(&session_of(p)->stream, &op->item);
}

static void begin(struct npc_op *op)
{
    op->impl = NULL;
    op->data = NULL;
    op->len = 0;
    io_item_init(&op->item, ended);
}

/* Part of a message that does not fit into one read. */
static struct message *part_of(struct npc_served *p, size_t n)
{
    struct message *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    wr_init(&m->w, n);
    wr_bytes(&m->w, p->first->w.base + p->at, n);
    p->at += n;
    return m;
}

static struct message *take_first(struct npc_served *p)
{
    struct message *m = p->first;
    p->first = m->next;
    if (!p->first)
        p->last = &p->first;
    return m;
}

/* The read that waits gets what there is. */
static void pump(struct npc_served *p)
{
    struct npc_op *op = p->in;
    if (!op || (!p->first && p->broken == STATUS_SUCCESS))
        return;
    p->in = NULL;
    if (!p->first) {
        end(p, op, p->broken);
        return;
    }
    size_t from = p->at, left = p->first->w.len - from;
    bool whole = left <= p->max;
    struct message *m = whole ? take_first(p) : part_of(p, p->max);
    if (!m || m->w.st != STATUS_SUCCESS) {
        free_message(m);
        end(p, op, STATUS_NO_MEMORY);
        return;
    }
    if (whole)
        p->at = 0;
    op->impl = m;
    op->data = m->w.base + (whole ? from : 0);
    op->len = whole ? left : p->max;
    end(p, op, whole ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW);
}

void npc_served_answer(struct npc_served *p, struct wr *w)
{
    struct message *m = w->st == STATUS_SUCCESS ? calloc(1, sizeof *m) : NULL;
    if (!m) {
        wr_free_secret(w);
        p->broken = STATUS_NO_MEMORY;
    } else {
        m->w = *w;
        wr_init(w, 0);
        *p->last = m;
        p->last = &m->next;
    }
    pump(p);
}

void npc_served_break(struct npc_served *p)
{
    p->broken = STATUS_PIPE_BROKEN;
    pump(p);
}

static void read_late(struct io_item *it)
{
    struct npc_op *op = io_container(it, struct npc_op, item);
    struct npc_served *p = of(op->pipe);
    p->in = NULL;
    op->status = STATUS_IO_TIMEOUT;
    op->done(op);
}

static enum nt_status served_read(struct npc_pipe *base, size_t max, uint64_t deadline, struct npc_op *op)
{
    struct npc_served *p = of(base);
    if (p->in)
        return STATUS_PIPE_BUSY;
    begin(op);
    op->pipe = base;
    p->in = op;
    p->max = max;
    if (deadline != UINT64_MAX) {
        io_item_init(&op->item, read_late);
        io_timer(&session_of(p)->stream, &op->item, deadline);
    }
    pump(p);
    return STATUS_SUCCESS;
}

/* The message is looked at before the writer is told: nobody can tell the difference. */
static void give(struct npc_served *p, struct wr *out)
{
    if (out->st == STATUS_SUCCESS && out->len > NPC_HEADROOM)
        session_of(p)->ops->message(p->handle, out->base + NPC_HEADROOM, out->len - NPC_HEADROOM);
    wr_free_secret(out);
}

static void written(struct io_item *it)
{
    struct npc_op *op = io_container(it, struct npc_op, item);
    of(op->pipe)->out = NULL;
    op->done(op);
}

static enum nt_status served_write(struct npc_pipe *base, struct wr *out, uint64_t deadline,
                                   struct npc_op *op)
{
    struct npc_served *p = of(base);
    (void)deadline;
    if (p->out || out->st != STATUS_SUCCESS) {
        enum nt_status st = p->out ? STATUS_PIPE_BUSY : out->st;
        wr_free_secret(out);
        return st;
    }
    begin(op);
    op->pipe = base;
    op->status = STATUS_SUCCESS;
    p->out = op;
    io_item_init(&op->item, written);
    io_ready(&session_of(p)->stream, &op->item);
    give(p, out);
    return STATUS_SUCCESS;
}

static enum nt_status served_transact(struct npc_pipe *base, struct wr *out, size_t max, uint64_t deadline,
                                      struct npc_op *op)
{
    struct npc_served *p = of(base);
    enum nt_status st = p->in ? STATUS_PIPE_BUSY : out->st;
    if (st != STATUS_SUCCESS) {
        wr_free_secret(out);
        return st;
    }
    give(p, out);
    return served_read(base, max, deadline, op);
}

static void served_cancel(struct npc_pipe *base, struct npc_op *op)
{
    struct npc_served *p = of(base);
    if (p->in != op)
        return; /* its end is on its way */
    p->in = NULL;
    end(p, op, STATUS_CANCELLED);
}

/* ---- opening and closing ---- */

static void pipe_free(struct npc_served *p)
{
    struct npc_session *s = p->base.session;
    while (p->first)
        free_message(take_first(p));
    nt_cancel_unref(p->base.cancel);
    free(p);
    npc_session_unref(s);
}

static void gone(struct io_item *it)
{
    pipe_free(io_container(it, struct npc_served, item));
}

static void shut(struct npc_served *p)
{
    if (p->has_handle)
        session_of(p)->ops->close(p->handle);
    p->has_handle = false;
}

/* What is in flight ends first: it stands in front of this on the ready list. */
static void served_close(struct npc_pipe *base)
{
    struct npc_served *p = of(base);
    shut(p);
    if (p->in)
        end(p, p->in, STATUS_CANCELLED);
    if (p->out) /* a write that is told as done is told as nothing more, for the pipe goes */
        end(p, p->out, STATUS_SUCCESS);
    p->in = p->out = NULL;
    io_item_init(&p->item, gone);
    io_ready(&session_of(p)->stream, &p->item);
}

static void opened(struct io_item *it)
{
    struct npc_served *p = io_container(it, struct npc_served, item);
    npc_pipe_done *done = p->done;
    void *arg = p->arg;
    enum nt_status st = p->why;
    p->done = NULL;
    if (st != STATUS_SUCCESS)
        shut(p);
    done(arg, st, st == STATUS_SUCCESS ? &p->base : NULL);
    if (st != STATUS_SUCCESS)
        pipe_free(p);
}

static void served_give_up(struct npc_pipe *base)
{
    struct npc_served *p = of(base);
    if (p->done)
        p->why = STATUS_CANCELLED;
}

static const struct npc_pipe_ops served_ops = {
    .name = "served",
    .write = served_write,
    .read = served_read,
    .transact = served_transact,
    .cancel = served_cancel,
    .ask = served_cancel,
    .close = served_close,
    .give_up = served_give_up,
};

static enum nt_status open_pipe(struct npc_session *base, const char *name, const struct npc_create *o,
                                npc_pipe_done *done, void *arg, struct npc_pipe **ret)
{
    struct served_session *s = io_container(base, struct served_session, base);
    struct npc_served *p = calloc(1, sizeof *p);
    if (!p)
        return STATUS_NO_MEMORY;
    p->base.ops = &served_ops;
    p->base.session = npc_session_ref(base);
    p->base.timeout_ms = o->timeout_ms ? o->timeout_ms : base->timeout_ms;
    p->base.cancel = o->cancel ? nt_cancel_ref(o->cancel) : NULL;
    p->last = &p->first;
    p->done = done;
    p->arg = arg;
    p->why = s->ops->open(s->arg, name, p, &p->handle, &s->err);
    p->has_handle = p->why == STATUS_SUCCESS;
    io_item_init(&p->item, opened);
    io_ready(&s->stream, &p->item);
    *ret = &p->base;
    return STATUS_SUCCESS;
}

/* ---- the session ---- */

static void served_facts(const struct npc_session *base, struct npc_facts *ret)
{
    *ret = (struct npc_facts){ .max_transact = LONGEST,
                               .max_read = LONGEST,
                               .max_write = LONGEST,
                               .mech = "",
                               .server = ((const struct served_session *)base)->server };
}

static enum nt_status served_key(const struct npc_session *s, bool application, struct nt_blob *ret)
{
    (void)s;
    (void)application;
    (void)ret;
    return STATUS_NO_USER_SESSION_KEY;
}

static struct io_stream *served_stream(struct npc_session *s)
{
    return &io_container(s, struct served_session, base)->stream;
}

static const char *served_error(const struct npc_session *s)
{
    return ((const struct served_session *)s)->err.text;
}

static void set_error(struct npc_session *s, const struct nt_error *e)
{
    io_container(s, struct served_session, base)->err = *e;
}

static void session_gone(struct io_item *it)
{
    npc_session_closed(&io_container(it, struct served_session, item)->base);
}

static void served_session_close(struct npc_session *base)
{
    struct served_session *s = io_container(base, struct served_session, base);
    io_cancel(&s->item);
    io_item_init(&s->item, session_gone);
    io_loop_defer(base->loop, &s->item);
}

static void served_done(struct npc_session *s)
{
    io_stream_done(&io_container(s, struct served_session, base)->stream);
}

static const struct npc_route served_route = {
    .size = sizeof(struct served_session),
    .open_pipe = open_pipe,
    .facts = served_facts,
    .key = served_key,
    .stream = served_stream,
    .error = served_error,
    .set_error = set_error,
    .close = served_session_close,
    .done = served_done,
};

static const struct io_ops no_ops = { NULL, NULL, NULL };

static void session_opened(struct io_item *it)
{
    npc_session_opened(&io_container(it, struct served_session, item)->base);
}

enum nt_status npc_session_serve(const char *server, const char *where, struct nt_loop *loop,
                                 const struct nt_env *env, const struct npc_served_ops *ops, void *arg,
                                 npc_session_done *done, void *done_arg)
{
    struct served_session *s = calloc(1, sizeof *s);
    if (!s)
        return STATUS_NO_MEMORY;
    s->base = (struct npc_session){ .route = &served_route,
                                    .loop = loop,
                                    .refs = 1,
                                    .timeout_ms = NPC_DEFAULT_TIMEOUT_MS,
                                    .done = done,
                                    .arg = done_arg };
    snprintf(s->server, sizeof s->server, "%s", server);
    snprintf(s->base.peer, sizeof s->base.peer, "%s", where);
    s->ops = ops;
    s->arg = arg;
    io_stream_init(&s->stream, &no_ops, s, env);
    enum nt_status st = io_attach(loop, &s->stream, -1);
    if (st != STATUS_SUCCESS) {
        io_stream_done(&s->stream);
        free(s);
        return st;
    }
    io_item_init(&s->item, session_opened);
    io_ready(&s->stream, &s->item);
    return STATUS_SUCCESS;
}
