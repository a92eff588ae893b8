// SPDX-License-Identifier: Apache-2.0
/*
 * A pipe as a stream: PDUs of the client are cut out of its bytes and become operations, what the server
 * answers goes back as it comes. Which operation is told by the PDU's head alone; what is inside, perhaps
 * encrypted for somebody else, is not looked at.
 */
#include <stdlib.h>
#include <string.h>
#include "muxd/m_muxd.h"
#include "rpc/pdu.h"

/* As much of an answer as one operation may bring: a fragment at its longest. */
#define ANSWER_MAX ((size_t)65536)

static void fail(struct conn *c, enum nt_status why)
{
    if (c->ended || c->freed)
        return;
    c->ended = true;
    muxd_log(c->d, "pipe uid=%u server=%s pipe=%s status=0x%08x", c->owner->uid, c->to.server, c->to.pipe,
             (unsigned)why);
    io_close(&c->stream, why, true);
}

/* ---- towards the server ---- */

static bool is_last(const uint8_t *head)
{
    return head[3] & RPC_PFC_LAST;
}

/* Does the server speak next? auth3, cancel, orphaned and answers to callbacks have no answer of their own.
 */
static bool wants_answer(const uint8_t *head)
{
    switch (head[2]) {
    case RPC_PT_REQUEST:
        return is_last(head) && !(head[3] & RPC_PFC_MAYBE);
    case RPC_PT_BIND:
    case RPC_PT_ALTER:
        return is_last(head);
    default:
        return false;
    }
}

static void pump(struct conn *c);
static void in_done(struct npc_op *op);
static void out_done(struct npc_op *op);

static void start_read(struct conn *c)
{
    c->rd.op.done = in_done;
    c->reading = true;
    c->ops++;
    enum nt_status st = c->pipe->ops->read(c->pipe, ANSWER_MAX, UINT64_MAX, &c->rd.op);
    if (st == STATUS_SUCCESS)
        return;
    c->reading = false;
    c->ops--;
    fail(c, st);
}

static void start_transact(struct conn *c, struct pdu *p)
{
    c->rd.op.done = in_done;
    c->reading = c->transacting = true;
    c->ops++;
    enum nt_status st = c->pipe->ops->transact(c->pipe, &p->w, ANSWER_MAX, UINT64_MAX, &c->rd.op);
    if (st == STATUS_SUCCESS)
        return;
    c->reading = c->transacting = false;
    c->ops--;
    fail(c, st);
}

static void start_write(struct conn *c, struct pdu *p)
{
    c->wr.op.done = out_done;
    c->writing = true;
    c->ops++;
    enum nt_status st = c->pipe->ops->write(c->pipe, &p->w, UINT64_MAX, &c->wr.op);
    if (st == STATUS_SUCCESS)
        return;
    c->writing = false;
    c->ops--;
    fail(c, st);
}

/* Beside a transact, which the server may take up by another thread than a write, nothing goes that RPC
 * security has numbered. */
static bool startable(const struct conn *c)
{
    const struct pdu *p = c->head;
    return p && !c->writing && !c->ended && (!c->transacting || p->aside || !p->protected_);
}

static void start_first(struct conn *c)
{
    struct pdu *p = c->head;
    c->head = p->next;
    if (!c->head)
        c->tail = NULL;
    c->queued -= p->w.len;
    c->d->n.pdus_out++;
    c->d->n.bytes_out += p->w.len - NPC_HEADROOM;
    c->bytes_out += p->w.len - NPC_HEADROOM;
    bool alone = p->answered && !c->awaited && !c->reading;
    c->awaited += p->answered;
    if (alone)
        start_transact(c, p);
    else
        start_write(c, p);
    free(p);
}

static bool client_is_slow(struct conn *c)
{
    if (c->stream.queued < IO_HIGH_WATER)
        return false;
    io_on_drain(&c->stream, &c->drained);
    return true;
}

static void pump(struct conn *c)
{
    while (startable(c))
        start_first(c);
    if (c->ended)
        return;
    if (c->awaited && !c->reading && !client_is_slow(c))
        start_read(c);
    io_hold(&c->stream, c->queued >= MUXD_QUEUE);
}

static void drained(struct io_item *it)
{
    pump(io_container(it, struct conn, drained));
}

static void put(struct conn *c, const uint8_t *pdu, size_t len)
{
    struct pdu *p = calloc(1, sizeof *p);
    if (!p) {
        fail(c, STATUS_NO_MEMORY);
        return;
    }
    wr_init(&p->w, NPC_HEADROOM + len);
    wr_zero(&p->w, NPC_HEADROOM);
    wr_bytes(&p->w, pdu, len);
    p->answered = wants_answer(pdu);
    p->aside = pdu[2] == RPC_PT_CO_CANCEL || pdu[2] == RPC_PT_ORPHANED;
    p->protected_ = le16(pdu + 10) != 0 || pdu[11] != 0; /* in either byte order: not zero */
    if (p->aside && c->transacting) {                    /* what waits for the transact has not begun */
        p->next = c->head;
        c->head = p;
        if (!c->tail)
            c->tail = p;
    } else {
        if (c->tail)
            c->tail->next = p;
        else
            c->head = p;
        c->tail = p;
    }
    c->queued += p->w.len;
    if (pdu[2] == RPC_PT_ORPHANED && c->transacting) /* some servers read nothing before it has ended */
        c->pipe->ops->ask(c->pipe, &c->rd.op);
}

/* Length of the PDU that begins there; 0: it is none. */
static size_t pdu_len(const uint8_t *p)
{
    size_t n =
        p[4] & 0x10 ? le16(p + 8) : (size_t)p[8] << 8 | p[9]; /* [C706] 14.1: label of the byte order */
    return p[0] == 5 && n >= RPC_HDR_LEN ? n : 0;
}

void proxy_data(struct conn *c, uint8_t *data, size_t len)
{
    while (len && !c->ended) {
        size_t whole = c->in.len == 0 && len >= RPC_HDR_LEN ? pdu_len(data) : 0;
        if (whole && whole <= len) {
            put(c, data, whole);
            data += whole;
            len -= whole;
            continue;
        }
        size_t need = c->want ? c->want : RPC_HDR_LEN, n = need - c->in.len < len ? need - c->in.len : len;
        wr_bytes(&c->in, data, n);
        data += n;
        len -= n;
        if (c->in.st != STATUS_SUCCESS) {
            fail(c, c->in.st);
        } else if (c->in.len == need && !c->want) {
            c->want = pdu_len(c->in.base);
            if (!c->want)
                fail(c, STATUS_INVALID_PARAMETER);
        }
        if (c->want && c->in.len == c->want) {
            put(c, c->in.base, c->in.len);
            wr_free_secret(&c->in);
            wr_init(&c->in, MUX_MAX);
            c->want = 0;
        }
    }
    pump(c);
}

/* ---- towards the client ---- */

/* Counts the answers in what the server sends, however it is cut. */
static void count_answers(struct conn *c, const uint8_t *data, size_t len)
{
    while (len) {
        if (!c->frag_left) {
            size_t n = RPC_HDR_LEN - c->frag_have < len ? RPC_HDR_LEN - c->frag_have : len;
            memcpy(c->frag + c->frag_have, data, n);
            c->frag_have += n;
            data += n;
            len -= n;
            if (c->frag_have < RPC_HDR_LEN)
                return;
            size_t whole = pdu_len(c->frag);
            if (!whole) {
                fail(c, STATUS_INVALID_NETWORK_RESPONSE);
                return;
            }
            c->frag_left = whole - RPC_HDR_LEN;
        }
        size_t n = c->frag_left < len ? c->frag_left : len;
        c->frag_left -= n;
        data += n;
        len -= n;
        if (c->frag_left)
            return;
        c->frag_have = 0;
        if (c->frag[2] != RPC_PT_REQUEST && is_last(c->frag) && c->awaited)
            c->awaited--;
    }
}

static void in_done(struct npc_op *op)
{
    struct pipe_request *r = io_container(op, struct pipe_request, op);
    struct conn *c = r->c;
    struct wr w;
    c->ops--;
    c->reading = c->transacting = false;
    if (c->freed) {
        conn_release(c);
        return;
    }
    if (op->status != STATUS_SUCCESS && op->status != STATUS_BUFFER_OVERFLOW) {
        if (op->status == STATUS_CANCELLED)
            pump(c); /* the client gave its call up; others may be awaited */
        else
            fail(c, op->status);
        return;
    }
    c->d->n.bytes_in += op->len;
    c->bytes_in += op->len;
    count_answers(c, op->data, op->len);
    wr_init(&w, op->len);
    wr_bytes(&w, op->data, op->len);
    if (!c->ended && io_queue(&c->stream, &w) != STATUS_SUCCESS)
        fail(c, STATUS_NO_MEMORY);
    pump(c);
}

static void out_done(struct npc_op *op)
{
    struct pipe_request *r = io_container(op, struct pipe_request, op);
    struct conn *c = r->c;
    c->ops--;
    c->writing = false;
    if (c->freed) {
        conn_release(c);
        return;
    }
    if (op->status != STATUS_SUCCESS)
        fail(c, op->status);
    else
        pump(c);
}

void proxy_begin(struct conn *c)
{
    io_item_init(&c->drained, drained);
}
