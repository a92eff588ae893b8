// SPDX-License-Identifier: Apache-2.0
/*
 * PDUs of the client are cut out of its bytes and become operations, what the server answers goes back as it
 * comes. Which operation is told by the PDU's head alone; what is inside, perhaps encrypted for somebody
 * else, is not looked at.
 */
#include <stdlib.h>
#include <string.h>
#include "npc/relay.h"

/* As much of an answer as one operation may bring: a fragment at its longest. */
#define ANSWER_MAX ((size_t)65536)
/* PDUs that wait for the server before we stop reading from the client: two calls' worth of fragments. */
#define QUEUE_MAX ((size_t)256 << 10)

struct npc_relay_pdu {
    struct npc_relay_pdu *next;
    struct wr w; /* behind NPC_HEADROOM */
    bool answered, aside, protected_;
};

static void fail(struct npc_relay *r, enum nt_status why)
{
    if (r->over || r->stopped)
        return;
    r->over = true;
    if (r->ended)
        r->ended(r->arg, why);
    io_close(r->local, why, true);
}

/* ---- towards the server ---- */

static void pump(struct npc_relay *r);
static void in_done(struct npc_op *op);
static void out_done(struct npc_op *op);

static void start_read(struct npc_relay *r)
{
    r->in.done = in_done;
    r->reading = true;
    r->ops++;
    enum nt_status st = r->pipe->ops->read(r->pipe, ANSWER_MAX, UINT64_MAX, &r->in);
    if (st == STATUS_SUCCESS)
        return;
    r->reading = false;
    r->ops--;
    fail(r, st);
}

static void start_transact(struct npc_relay *r, struct npc_relay_pdu *p)
{
    r->in.done = in_done;
    r->reading = r->transacting = true;
    r->ops++;
    enum nt_status st = r->pipe->ops->transact(r->pipe, &p->w, ANSWER_MAX, UINT64_MAX, &r->in);
    if (st == STATUS_SUCCESS)
        return;
    r->reading = r->transacting = false;
    r->ops--;
    fail(r, st);
}

static void start_write(struct npc_relay *r, struct npc_relay_pdu *p)
{
    r->out.done = out_done;
    r->writing = true;
    r->ops++;
    enum nt_status st = r->pipe->ops->write(r->pipe, &p->w, UINT64_MAX, &r->out);
    if (st == STATUS_SUCCESS)
        return;
    r->writing = false;
    r->ops--;
    fail(r, st);
}

/* Beside a transact, which the server may take up by another thread than a write, nothing goes that RPC
 * security has numbered. */
static bool startable(const struct npc_relay *r, const struct npc_relay_pdu *p)
{
    return p && !r->writing && !r->over && (!r->transacting || p->aside || !p->protected_);
}

static void start(struct npc_relay *r, struct npc_relay_pdu *p)
{
    if (r->seen)
        r->seen(r->arg, true, p->w.base + NPC_HEADROOM, p->w.len - NPC_HEADROOM);
    bool alone = p->answered && !r->awaited && !r->reading;
    r->awaited += p->answered;
    if (alone)
        start_transact(r, p);
    else
        start_write(r, p);
}

static void start_first(struct npc_relay *r)
{
    struct npc_relay_pdu *p = r->head;
    r->head = p->next;
    if (!r->head)
        r->tail = NULL;
    r->queued -= p->w.len;
    start(r, p);
    free(p);
}

static bool client_is_slow(struct npc_relay *r)
{
    bool crowded = false;
    for (int i = 0; i < 2; i++)
        crowded = crowded || (r->share[i] && r->local->account[i] && *r->local->account[i] > r->share[i]);
    if (r->local->queued < (crowded ? IO_LOW_WATER + 1 : IO_HIGH_WATER))
        return false;
    io_on_drain(r->local, &r->drained);
    return true;
}

static void pump(struct npc_relay *r)
{
    while (startable(r, r->head))
        start_first(r);
    if (r->over)
        return;
    if (r->awaited && !r->reading && !client_is_slow(r))
        start_read(r);
    io_hold(r->local, r->queued >= QUEUE_MAX);
}

static void drained(struct io_item *it)
{
    pump(io_container(it, struct npc_relay, drained));
}

static void enqueue(struct npc_relay *r, const struct npc_relay_pdu *from)
{
    struct npc_relay_pdu *p = malloc(sizeof *p);
    if (!p) {
        struct wr w = from->w;
        wr_free_secret(&w);
        fail(r, STATUS_NO_MEMORY);
        return;
    }
    *p = *from;
    if (p->aside && r->transacting) { /* what waits for the transact has not begun */
        p->next = r->head;
        r->head = p;
        if (!r->tail)
            r->tail = p;
    } else {
        if (r->tail)
            r->tail->next = p;
        else
            r->head = p;
        r->tail = p;
    }
    r->queued += p->w.len;
}

/* Takes over w, a whole PDU behind its headroom. What can go at once does so without a record. */
static void put(struct npc_relay *r, struct wr *w)
{
    const uint8_t *pdu = w->base + NPC_HEADROOM;
    unsigned type = pdu[2];
    struct npc_relay_pdu p = {
        .w = *w,
        .answered = pdu_head_wants_answer(pdu),
        .aside = type == RPC_PT_CO_CANCEL || type == RPC_PT_ORPHANED,
        .protected_ = pdu_head_protected(pdu),
    };
    wr_init(w, 0);
    if (type == RPC_PT_ORPHANED && r->transacting) /* some servers read nothing before it has ended */
        r->pipe->ops->ask(r->pipe, &r->in);
    if ((!r->head || (p.aside && r->transacting)) && startable(r, &p))
        start(r, &p);
    else
        enqueue(r, &p);
}

static void put_copy(struct npc_relay *r, const uint8_t *pdu, size_t len)
{
    struct wr w;
    wr_init(&w, NPC_HEADROOM + len);
    uint8_t *to = wr_room(&w, NPC_HEADROOM + len);
    if (!to) {
        fail(r, STATUS_NO_MEMORY);
        return;
    }
    memset(to, 0, NPC_HEADROOM);
    memcpy(to + NPC_HEADROOM, pdu, len);
    put(r, &w);
}

static void begin_part(struct npc_relay *r)
{
    wr_init(&r->part, NPC_HEADROOM + UINT16_MAX);
    r->want = 0;
}

/* Room for all of it, so that nothing is moved again. */
static void reserve(struct wr *w, size_t len)
{
    size_t have = w->len;
    w->limit = len;
    if (wr_room(w, len - have))
        w->len = have;
}

/* Takes from data until a PDU is whole; it is put together where it is sent from. */
static void gather(struct npc_relay *r, uint8_t **data, size_t *len)
{
    if (!r->part.len)
        wr_zero(&r->part, NPC_HEADROOM);
    size_t need = NPC_HEADROOM + (r->want ? r->want : RPC_HDR_LEN);
    size_t n = need - r->part.len < *len ? need - r->part.len : *len;
    wr_bytes(&r->part, *data, n);
    *data += n;
    *len -= n;
    if (r->part.st != STATUS_SUCCESS) {
        fail(r, r->part.st);
        return;
    }
    if (r->part.len == need && !r->want) {
        r->want = pdu_head_len(r->part.base + NPC_HEADROOM);
        if (!r->want)
            fail(r, STATUS_INVALID_PARAMETER);
        else
            reserve(&r->part, NPC_HEADROOM + r->want);
    }
    if (r->want && r->part.len == NPC_HEADROOM + r->want) {
        struct wr whole = r->part;
        begin_part(r);
        put(r, &whole);
    }
}

void npc_relay_data(struct npc_relay *r, uint8_t *data, size_t len)
{
    while (len && !r->over) {
        size_t whole = r->part.len == 0 && len >= RPC_HDR_LEN ? pdu_head_len(data) : 0;
        if (whole && whole <= len) {
            put_copy(r, data, whole);
            data += whole;
            len -= whole;
        } else {
            gather(r, &data, &len);
        }
    }
    pump(r);
}

/* ---- towards the client ---- */

/* Counts the answers in what the server sends, however it is cut. */
static void count_answers(struct npc_relay *r, const uint8_t *data, size_t len)
{
    while (len) {
        if (!r->frag_left) {
            size_t n = RPC_HDR_LEN - r->frag_have < len ? RPC_HDR_LEN - r->frag_have : len;
            memcpy(r->frag + r->frag_have, data, n);
            r->frag_have += n;
            data += n;
            len -= n;
            if (r->frag_have < RPC_HDR_LEN)
                return;
            size_t whole = pdu_head_len(r->frag);
            if (!whole) {
                fail(r, STATUS_INVALID_NETWORK_RESPONSE);
                return;
            }
            r->frag_left = whole - RPC_HDR_LEN;
        }
        size_t n = r->frag_left < len ? r->frag_left : len;
        r->frag_left -= n;
        data += n;
        len -= n;
        if (r->frag_left)
            return;
        r->frag_have = 0;
        if (r->frag[2] != RPC_PT_REQUEST && pdu_head_last(r->frag) && r->awaited)
            r->awaited--;
    }
}

/* Something of an answer has come, and its end has not. */
static bool in_answer(const struct npc_relay *r)
{
    return r->awaited && (r->frag_left || r->frag_have || !pdu_head_last(r->frag));
}

/* An operation has ended. True: the user is gone. */
static bool let_go(struct npc_relay *r)
{
    r->ops--;
    if (!r->stopped)
        return false;
    if (!r->ops)
        r->idle(r->arg);
    return true;
}

static void in_done(struct npc_op *op)
{
    struct npc_relay *r = io_container(op, struct npc_relay, in);
    struct wr w;
    r->reading = r->transacting = false;
    if (let_go(r))
        return;
    if (op->status != STATUS_SUCCESS && op->status != STATUS_BUFFER_OVERFLOW) {
        if (op->status == STATUS_CANCELLED)
            pump(r); /* the client gave its call up; others may be awaited */
        else
            fail(r, op->status);
        return;
    }
    if (r->seen)
        r->seen(r->arg, false, op->data, op->len);
    count_answers(r, op->data, op->len);
    /* In the middle of an answer its next piece is all that anybody waits for. */
    io_linger(r->local, in_answer(r));
    wr_init(&w, op->len);
    wr_bytes(&w, op->data, op->len);
    if (!r->over && io_queue(r->local, &w) != STATUS_SUCCESS)
        fail(r, STATUS_NO_MEMORY);
    else
        wr_free(&w); /* taken over, or not wanted */
    pump(r);
}

static void out_done(struct npc_op *op)
{
    struct npc_relay *r = io_container(op, struct npc_relay, out);
    r->writing = false;
    if (let_go(r))
        return;
    if (op->status != STATUS_SUCCESS)
        fail(r, op->status);
    else
        pump(r);
}

/* ---- life ---- */

void npc_relay_start(struct npc_relay *r)
{
    begin_part(r);
    io_item_init(&r->drained, drained);
}

bool npc_relay_stop(struct npc_relay *r)
{
    if (!r->stopped) {
        r->stopped = r->over = true;
        io_on_drain(r->local, NULL);
        io_cancel(&r->drained);
        while (r->head) {
            struct npc_relay_pdu *p = r->head;
            r->head = p->next;
            wr_free_secret(&p->w);
            free(p);
        }
        r->tail = NULL;
        wr_free_secret(&r->part);
    }
    return r->ops == 0;
}
