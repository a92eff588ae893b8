// SPDX-License-Identifier: Apache-2.0
/* The queues of one stream; see io.h for the rules. Nothing here touches a descriptor or a clock. */
#include "io/io.h"
#include <stdlib.h>
#include "io/m_loop.h"

enum item_state { ITEM_IDLE, ITEM_READY, ITEM_TIMER, ITEM_WORK, ITEM_WORKING, ITEM_WORK_CANCELLED };

static void list_init(struct io_item *head)
{
    head->prev = head->next = head;
}

static bool list_empty(const struct io_item *head)
{
    return head->next == head;
}

static void list_add_before(struct io_item *pos, struct io_item *it)
{
    it->prev = pos->prev;
    it->next = pos;
    pos->prev->next = it;
    pos->prev = it;
}

static void list_del(struct io_item *it)
{
    it->prev->next = it->next;
    it->next->prev = it->prev;
    it->prev = it->next = NULL;
}

void io_item_init(struct io_item *it, void (*fn)(struct io_item *it))
{
    *it = (struct io_item){ .fn = fn };
}

static void close_ready(struct io_item *it)
{
    struct io_stream *s = io_container(it, struct io_stream, close_item);
    s->ops->on_close(s->engine, s->why);
}

void io_stream_init(struct io_stream *s, const struct io_ops *ops, void *engine, const struct nt_env *env)
{
    *s = (struct io_stream){ .ops = ops, .engine = engine, .env = env ? env : nt_env_system() };
    list_init(&s->ready);
    list_init(&s->timers);
    list_init(&s->work);
    io_item_init(&s->close_item, close_ready);
}

static void count_output(struct io_stream *s, size_t n, bool more)
{
    s->queued += more ? n : 0 - n;
    for (int i = 0; i < 2; i++)
        if (s->account[i])
            *s->account[i] += more ? n : 0 - n;
}

static void drop_output(struct io_stream *s)
{
    while (s->out_head) {
        struct io_out *o = s->out_head;
        s->out_head = o->next;
        wr_free(&o->w);
        free(o);
    }
    s->out_tail = NULL;
    s->n_out = 0;
    count_output(s, s->queued, false);
    free(s->out_spare);
    s->out_spare = NULL;
}

void io_stream_done(struct io_stream *s)
{
    if (s->gone)
        *s->gone = true;
    s->gone = NULL;
    struct io_item *const heads[] = { &s->ready, &s->timers, &s->work };
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        while (heads[i]->next && !list_empty(heads[i]))
            io_cancel(heads[i]->next);
    drop_output(s);
    if (s->loop)
        s->loop->ops->detach(s->loop, s);
    s->loop = NULL;
    s->state = IO_CLOSED;
}

/* ---- what engines call ---- */

enum nt_status io_queue(struct io_stream *s, struct wr *out)
{
    return io_queue_from(s, out, 0);
}

enum nt_status io_queue_from(struct io_stream *s, struct wr *out, size_t skip)
{
    enum nt_status st = out->st;
    if (st == STATUS_SUCCESS && (s->state == IO_CLOSED || s->close_after))
        st = STATUS_CONNECTION_DISCONNECTED;
    if (st == STATUS_SUCCESS && out->len == skip) { /* nothing to send, and maybe no memory that could be */
        wr_free(out);
        return STATUS_SUCCESS;
    }
    struct io_out *o = NULL;
    if (st == STATUS_SUCCESS) {
        o = s->out_spare ? s->out_spare : malloc(sizeof *o);
        s->out_spare = NULL;
        if (!o)
            st = STATUS_NO_MEMORY;
    }
    if (st != STATUS_SUCCESS) {
        wr_free(out);
        return st;
    }
    *o = (struct io_out){ .w = *out, .sent = skip };
    wr_init(out, out->limit);
    if (s->out_tail)
        s->out_tail->next = o;
    else
        s->out_head = o;
    s->out_tail = o;
    s->n_out++;
    count_output(s, o->w.len - skip, true);
    if (s->loop)
        s->loop->ops->kick(s->loop, s);
    return STATUS_SUCCESS;
}

bool io_cancel(struct io_item *it)
{
    if (it->state == ITEM_WORKING && it->stream && it->stream->loop &&
        io_loop_unwork(it->stream->loop, it)) { /* it has only waited for a thread */
        it->state = ITEM_IDLE;
        it->stream = NULL;
        return true;
    }
    if (it->state == ITEM_WORKING) {
        it->state =
            ITEM_WORK_CANCELLED; /* the way back is cut; the item frees itself through fn(NULL stream) */
        it->stream = NULL;
        return false;
    }
    if (it->state == ITEM_WORK_CANCELLED)
        return false;
    if (it->state == ITEM_IDLE)
        return true;
    list_del(it);
    it->state = ITEM_IDLE;
    it->stream = NULL;
    return true;
}

void io_timer(struct io_stream *s, struct io_item *it, uint64_t when)
{
    io_cancel(it);
    it->when = when;
    it->stream = s;
    it->state = ITEM_TIMER;
    /* Sorted; new deadlines are mostly the latest ones, so the search starts at the end. */
    struct io_item *pos = &s->timers;
    while (pos->prev != &s->timers && pos->prev->when > when)
        pos = pos->prev;
    list_add_before(pos, it);
    if (s->loop && s->timers.next == it)
        s->loop->ops->kick(s->loop, s);
}

void io_ready(struct io_stream *s, struct io_item *it)
{
    io_cancel(it);
    it->stream = s;
    it->state = ITEM_READY;
    list_add_before(&s->ready, it);
    if (s->loop)
        s->loop->ops->kick(s->loop, s);
}

void io_on_drain(struct io_stream *s, struct io_item *it)
{
    s->drain = it;
    if (it && s->queued <= IO_LOW_WATER) {
        s->drain = NULL;
        io_ready(s, it);
    }
}

void io_linger(struct io_stream *s, bool on)
{
    if (s->lingers == on)
        return;
    s->lingers = on;
    s->linger_until = 0;
    if (s->out_head && s->loop)
        s->loop->ops->kick(s->loop, s);
}

void io_hold(struct io_stream *s, bool held)
{
    if (s->held == held)
        return;
    s->held = held;
    if (s->loop)
        s->loop->ops->kick(s->loop, s);
}

void io_work(struct io_stream *s, struct io_item *it)
{
    io_cancel(it);
    it->stream = s;
    it->state = ITEM_WORK;
    list_add_before(&s->work, it);
    if (s->loop)
        s->loop->ops->kick(s->loop, s);
}

/* The transport is gone or unwanted: tell the driver and, from the ready list, the engine; once. */
static void shut(struct io_stream *s, enum nt_status why)
{
    if (s->state == IO_CLOSED)
        return;
    s->state = IO_CLOSED;
    s->why = why;
    drop_output(s);
    if (s->loop)
        s->loop->ops->close(s->loop, s);
    io_ready(s, &s->close_item);
}

void io_close(struct io_stream *s, enum nt_status why, bool flush)
{
    if (flush && s->out_head && s->state == IO_OPEN) {
        s->close_after = true;
        s->why = why;
        io_linger(s, false);
        return;
    }
    shut(s, why);
}

/* ---- what drivers call ---- */

void io_opened(struct io_stream *s, uint64_t now)
{
    s->now = now;
    s->state = IO_OPEN;
    if (s->ops->on_open) {
        s->depth++;
        s->ops->on_open(s->engine);
        s->depth--;
    }
}

void io_feed(struct io_stream *s, uint8_t *data, size_t len, uint64_t now)
{
    s->now = now;
    if (s->state == IO_CLOSED || len == 0)
        return;
    s->depth++;
    s->ops->on_data(s->engine, data, len);
    s->depth--;
    io_step(s, now); /* while `data` is still there; the stream may be gone afterwards */
}

int io_pending(const struct io_stream *s, struct iovec *iov, int max)
{
    int n = 0;
    for (const struct io_out *o = s->out_head; o && n < max; o = o->next, n++) {
        iov[n].iov_base = o->w.base + o->sent;
        iov[n].iov_len = o->w.len - o->sent;
    }
    return n;
}

void io_sent(struct io_stream *s, size_t n)
{
    s->moved += n;
    count_output(s, n < s->queued ? n : s->queued, false);
    if (s->drain && s->queued <= IO_LOW_WATER) {
        io_ready(s, s->drain);
        s->drain = NULL;
    }
    while (s->out_head) {
        struct io_out *o = s->out_head;
        size_t left = o->w.len - o->sent;
        if (n < left) {
            o->sent += n;
            return;
        }
        n -= left;
        s->out_head = o->next;
        s->n_out--;
        if (!s->out_head)
            s->out_tail = NULL;
        wr_free(&o->w);
        if (s->out_spare)
            free(o);
        else
            s->out_spare = o; /* the next message needs one again */
    }
    if (s->close_after)
        shut(s, s->why);
}

uint64_t io_deadline(const struct io_stream *s)
{
    if (!list_empty(&s->ready))
        return 0;
    return list_empty(&s->timers) ? UINT64_MAX : s->timers.next->when;
}

/* A call on a pipe is two callbacks, one that runs it and one that takes its answer. */
#define ROUNDS 2

/* Runs what is due now. Items that become ready meanwhile stand behind the marker and wait for the next round, and
 * after the last for the next step, so that two callbacks that wake each other cannot hold the loop. The stream may
 * be gone when a callback returns. */
void io_step(struct io_stream *s, uint64_t now)
{
    s->now = now;
    if (s->depth)
        return;
    while (!list_empty(&s->timers) && s->timers.next->when <= now)
        io_ready(s, s->timers.next);
    if (list_empty(&s->ready))
        return;
    bool gone = false;
    struct io_item marker;
    io_item_init(&marker, NULL);
    s->gone = &gone;
    s->depth++;
    for (unsigned round = 0; round < ROUNDS && !list_empty(&s->ready); round++) {
        io_ready(s, &marker);
        while (s->ready.next != &marker) {
            struct io_item *it = s->ready.next;
            io_cancel(it);
            it->fn(it);
            if (gone)
                return;
        }
        io_cancel(&marker);
    }
    s->depth--;
    s->gone = NULL;
}

struct io_item *io_take_work(struct io_stream *s)
{
    if (list_empty(&s->work))
        return NULL;
    struct io_item *it = s->work.next;
    list_del(it);
    it->state = ITEM_WORKING;
    return it;
}

void io_work_done(struct io_stream *s, struct io_item *it, uint64_t now)
{
    if (it->state == ITEM_WORK_CANCELLED) {
        it->state = ITEM_IDLE;
        it->fn(it); /* with stream NULL: only to free what the item owns */
        return;
    }
    it->state = ITEM_IDLE;
    s->now = now;
    io_ready(s, it);
}

void io_hangup(struct io_stream *s, enum nt_status why, uint64_t now)
{
    s->now = now;
    shut(s, why);
}
