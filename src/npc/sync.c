// SPDX-License-Identifier: Apache-2.0
/* Synchronous calls on pipes: the asynchronous ones and a wait. */
#include <stdio.h>
#include <string.h>
#include "npc/m_npc.h"

/* The longest answer that npc_pipe_transact puts together: as much as one RPC stub may have, plus headers. */
#define MAX_ANSWER ((size_t)65 << 20)

struct call {
    struct npc_op op;
    bool done;
    enum nt_status st;
    uint8_t *to; /* read: the caller's buffer */
    size_t size, n;
    struct wr *all; /* transact: collects */
};

static void call_done(struct npc_op *op)
{
    struct call *c = io_container(op, struct call, op);
    c->done = true;
    c->st = op->status;
    if (op->status != STATUS_SUCCESS && op->status != STATUS_BUFFER_OVERFLOW)
        return;
    if (c->to) {
        c->n = op->len < c->size ? op->len : c->size;
        if (c->n)
            memcpy(c->to, op->data, c->n);
    }
    if (c->all) {
        wr_bytes(c->all, op->data, op->len);
        if (c->all->st != STATUS_SUCCESS)
            c->st = c->all->st;
    }
}

static bool is_done(void *arg)
{
    return ((struct call *)arg)->done;
}

/* Waits for an operation that was started with st. */
static enum nt_status wait_for(struct npc_pipe *p, struct call *c, enum nt_status st)
{
    struct nt_loop *l = p->session->loop;
    if (st != STATUS_SUCCESS)
        return st;
    if (io_wait(l, is_done, c, UINT64_MAX, p->cancel) == STATUS_CANCELLED) {
        p->ops->cancel(p, &c->op);
        (void)io_wait(l, is_done, c, UINT64_MAX, NULL); /* the grace of a cancel bounds it */
    }
    return c->st;
}

static enum nt_status may_start(struct npc_pipe *p)
{
    if (npc_may_wait(p->session->loop))
        return STATUS_SUCCESS;
    return nt_error_set(&p->err, STATUS_INVALID_DEVICE_STATE,
                        "a synchronous call on a pipe was made from a callback");
}

/* ---- opening ---- */

struct opening {
    bool done;
    enum nt_status st;
    struct npc_pipe *p;
};

static void opened(void *arg, enum nt_status st, struct npc_pipe *p)
{
    struct opening *w = arg;
    *w = (struct opening){ true, st, p };
}

static bool is_opened(void *arg)
{
    return ((struct opening *)arg)->done;
}

enum nt_status npc_pipe_open(struct npc_session *s, const char *name, const struct npc_create *o,
                             struct npc_pipe **ret)
{
    struct opening w = { 0 };
    struct npc_pipe *p;
    if (!npc_may_wait(s->loop))
        return STATUS_INVALID_DEVICE_STATE; /* what the session says belongs to others */
    enum nt_status st = npc_pipe_open_send(s, name, o, opened, &w, &p);
    if (st != STATUS_SUCCESS)
        return st;
    if (io_wait(s->loop, is_opened, &w, UINT64_MAX, o ? o->cancel : NULL) == STATUS_CANCELLED) {
        npc_pipe_give_up(p);
        (void)io_wait(s->loop, is_opened, &w, UINT64_MAX, NULL);
    }
    if (w.st == STATUS_SUCCESS)
        *ret = w.p;
    return w.st;
}

/* ---- read, write, transact ---- */

enum nt_status npc_pipe_read(struct npc_pipe *base, void *buf, size_t len, size_t *ret_n)
{
    struct npc_pipe *p = base;
    struct call c = { .op = { .done = call_done }, .to = buf, .size = len };
    enum nt_status st = may_start(p);
    if (st == STATUS_SUCCESS)
        st = wait_for(p, &c, base->ops->read(base, len, npc_deadline(base->session, p->timeout_ms), &c.op));
    if (st == STATUS_SUCCESS || st == STATUS_BUFFER_OVERFLOW)
        *ret_n = c.n;
    return st;
}

static void headroom(struct wr *w, const void *buf, size_t len)
{
    wr_init(w, NPC_HEADROOM + len);
    wr_zero(w, NPC_HEADROOM);
    wr_bytes(w, buf, len);
}

enum nt_status npc_pipe_write(struct npc_pipe *base, const void *buf, size_t len)
{
    struct npc_pipe *p = base;
    struct call c = { .op = { .done = call_done } };
    struct wr w;
    enum nt_status st = may_start(p);
    if (st != STATUS_SUCCESS)
        return st;
    headroom(&w, buf, len);
    return wait_for(p, &c, base->ops->write(base, &w, npc_deadline(base->session, p->timeout_ms), &c.op));
}

enum nt_status npc_pipe_transact(struct npc_pipe *base, struct nt_arena *mem, const void *buf, size_t len,
                                 struct nt_blob *ret)
{
    struct npc_pipe *p = base;
    struct wr w, all;
    enum nt_status st = may_start(p);
    if (st != STATUS_SUCCESS)
        return st;
    uint64_t deadline = npc_deadline(base->session, p->timeout_ms);
    struct call c = { .op = { .done = call_done }, .all = &all };
    wr_init(&all, MAX_ANSWER);
    headroom(&w, buf, len);
    st = wait_for(p, &c, base->ops->transact(base, &w, SMB_MAX_PAYLOAD, deadline, &c.op));
    while (
        st ==
        STATUS_BUFFER_OVERFLOW) { /* the answer must be read whole, or the next call reads the rest of it */
        c.done = false;
        st = wait_for(p, &c, base->ops->read(base, SMB_MAX_PAYLOAD, deadline, &c.op));
    }
    if (st == STATUS_SUCCESS) {
        const uint8_t *data = nt_arena_memdup(mem, all.len ? all.base : (const uint8_t *)"", all.len);
        if (data)
            *ret = (struct nt_blob){ data, all.len };
        else
            st = STATUS_NO_MEMORY;
    }
    wr_free_secret(&all);
    return st;
}

/* ---- the rest ---- */

void npc_pipe_set_timeout(struct npc_pipe *base, unsigned timeout_ms, struct nt_cancel *cancel)
{
    struct npc_pipe *p = base;
    struct nt_cancel *old = p->cancel;
    p->timeout_ms = timeout_ms ? timeout_ms : base->session->timeout_ms;
    p->cancel = nt_cancel_ref(cancel);
    nt_cancel_unref(old);
}

struct npc_session *npc_pipe_session(struct npc_pipe *p)
{
    return p->session;
}

const char *npc_pipe_error(const struct npc_pipe *p)
{
    return p->err.text;
}

void npc_pipe_close(struct npc_pipe *p)
{
    if (!p)
        return;
    struct npc_session *s = npc_session_ref(p->session);
    p->ops->close(p);
    if (s->private_loop) /* nobody else sends what is queued; the answer need not be waited for */
        (void)!nt_loop_run(s->loop, 0);
    npc_session_unref(s);
}
