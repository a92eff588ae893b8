// SPDX-License-Identifier: Apache-2.0
/*
 * Bound pipes, each lent to one connection at a time. Those that nobody has hang on their session, so they
 * are found only by who has the same uid, credential, server and options.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "muxd/m_muxd.h"
#include "npc/bound.h"

#define NS_PER_MS UINT64_C(1000000)
/* A pipe that has been idle for longer may have been ended by the server without our noticing. */
#define DOUBT (1000 * NS_PER_MS)
/* Fragments that wait for the server before we stop reading from the client. */
#define QUEUE ((size_t)256 << 10)

/* Our bind, or the server's answer; longer ones are not needed to understand what follows. */
struct seen {
    size_t len;
    uint8_t pdu[128];
};

struct lent {
    struct lent *next; /* in the pool */
    struct muxd *d;
    struct link *link;     /* whose pool it is in */
    struct conn *c;        /* or who has it */
    struct npc_bound *b;   /* NULL while another one is looked for */
    struct npc_bound *old; /* whose call the other one is to carry */
    uint64_t since;        /* in the pool */
    struct io_item idle;
    bool opening, again; /* it has been exchanged once */
    bool releasing, clean;
    uint32_t release_id;
    /* PipeRecv */
    uint32_t recv_id; /* 0: none */
    bool all;
    struct io_item late, drained;
    /* it has failed, and not everybody has been told */
    enum nt_status why;
    struct nt_error err;
    struct npc_interface iface;
    struct seen bind, ack;
    char name[];
};

/* ---- the pool ---- */

static void unpool(struct lent *l)
{
    struct lent **at = &l->link->pool;
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    l->next = NULL;
    l->link->n_pool--;
    l->link->owner->n_pool--;
    l->d->n.pooled--;
    l->link = NULL;
    io_cancel(&l->idle);
}

static void forget_client(struct lent *l)
{
    io_cancel(&l->late);
    io_cancel(&l->drained);
    if (l->c && l->c->stream.drain == &l->drained)
        io_on_drain(&l->c->stream, NULL);
    l->c = NULL;
}

static void lent_free(struct lent *l)
{
    if (l->link)
        unpool(l);
    forget_client(l);
    npc_bound_close(l->old);
    npc_bound_close(l->b);
    free(l);
}

static void idle_fn(struct io_item *it)
{
    lent_free(io_container(it, struct lent, idle));
}

void lend_drain(struct link *k)
{
    while (k->pool)
        lent_free(k->pool);
}

/* All of one name: if the service behind it has gone for one, it has for the others. */
static void drain_name(struct link *k, const char *name)
{
    struct lent *next;
    for (struct lent *l = k->pool; l; l = next) {
        next = l->next;
        if (strcmp(l->name, name) == 0)
            lent_free(l);
    }
}

/* Nothing of it matters to who had it. */
static bool nobody(void *arg, uint8_t *frag, size_t len, bool last)
{
    (void)arg;
    (void)frag;
    (void)len;
    (void)last;
    return false;
}

static void pooled_failed(void *arg, enum nt_status why, bool not_taken)
{
    (void)why;
    (void)not_taken;
    lent_free(arg);
}

static void nothing(void *arg)
{
    (void)arg;
}

static const struct npc_bound_user pool_user = { .fragment = nobody,
                                                 .failed = pooled_failed,
                                                 .moved = nothing };

static bool pool_takes(const struct lent *l, const struct link *k)
{
    const struct muxd_options *o = &l->d->o;
    return k && l->clean && l->b && npc_bound_clean(l->b) && link_lends(k) &&
           k->n_pool < o->max_pool_per_session && k->owner->n_pool < o->max_pool_per_uid;
}

static void pool_put(struct lent *l, struct link *k)
{
    npc_bound_hand(l->b, &pool_user, l);
    forget_client(l);
    l->link = k;
    l->next = k->pool;
    k->pool = l;
    k->n_pool++;
    k->owner->n_pool++;
    l->d->n.pooled++;
    l->since = io_loop_now(l->d->loop);
    io_timer(&l->d->timers, &l->idle, l->since + l->d->o.pool_idle_ms * NS_PER_MS);
}

/* The one that was used last: it is the least likely to have ended. */
static struct lent *pool_get(struct link *k, const struct mux_connect *to)
{
    for (struct lent *l = k->pool; l; l = l->next)
        if (strcasecmp(l->name, to->pipe) == 0 && memcmp(&l->iface, &to->iface, sizeof l->iface) == 0) {
            unpool(l);
            return l;
        }
    return NULL;
}

/* ---- what the client is told ---- */

static void put_fragment(struct lent *l, const uint8_t *frag, size_t len)
{
    struct wr w;
    mux_begin(&w, MUX_PIPE_RECV | MUX_ANSWER, l->recv_id, STATUS_SUCCESS);
    mux_put_blob(&w, frag, len);
    conn_answer(l->c, &w);
}

static void end_recv(struct lent *l)
{
    l->recv_id = 0;
    io_cancel(&l->late);
}

static void finish_release(struct lent *l);

static bool on_fragment(void *arg, uint8_t *frag, size_t len, bool last)
{
    struct lent *l = arg;
    struct conn *c = l->c;
    if (!l->recv_id)
        return false;
    put_fragment(l, frag, len);
    io_linger(&c->stream, l->all && !last); /* in the middle of an answer its next fragment is what is waited for */
    if (!l->all || last) {
        end_recv(l);
        return false;
    }
    if (!conn_full(c))
        return true;
    io_on_drain(&c->stream, &l->drained); /* the client is slow: nothing is read from the server meanwhile */
    return false;
}

static void drained(struct io_item *it)
{
    struct lent *l = io_container(it, struct lent, drained);
    if (l->recv_id && l->b)
        npc_bound_want(l->b, true);
}

static void recv_late(struct io_item *it)
{
    struct lent *l = io_container(it, struct lent, late);
    uint32_t id = l->recv_id;
    l->recv_id = 0;
    if (l->b)
        npc_bound_want(l->b, false);
    conn_refuse(l->c, MUX_PIPE_RECV, id, STATUS_IO_TIMEOUT, "the server has not answered yet");
    if (l->releasing)
        finish_release(l);
}

/* It has failed. l may be gone afterwards: c->lent tells. */
static void give_up(struct lent *l, enum nt_status why, const char *words)
{
    uint32_t id = l->recv_id;
    l->why = why;
    nt_error_set(&l->err, why, "%s", words);
    if (id) {
        end_recv(l);
        conn_refuse(l->c, MUX_PIPE_RECV, id, why, l->err.text);
    }
    if (l->releasing)
        finish_release(l);
}

/* ---- its end ---- */

static void finish_release(struct lent *l)
{
    struct conn *c = l->c;
    struct wr w;
    uint32_t id = l->release_id;
    bool kept = pool_takes(l, c->link);
    l->releasing = false;
    tap_closed(c);
    conn_unname(c);
    muxd_tell_conn(c, MUXD_PIPE_ENDED, l->why, NULL);
    c->lent = NULL;
    c->d->n.pipes--;
    if (kept)
        pool_put(l, c->link);
    else
        lent_free(l);
    link_release(c);
    mux_begin(&w, MUX_PIPE_RELEASE | MUX_ANSWER, id, STATUS_SUCCESS);
    wr_u8(&w, kept);
    conn_answer(c, &w);
    conn_resume(c, CONN_READY);
}

static void on_moved(void *arg)
{
    struct lent *l = arg;
    if (l->releasing && !l->recv_id && !npc_bound_sending(l->b))
        finish_release(l);
    else if (npc_bound_queued(l->b) < QUEUE && l->c->state == CONN_LENT)
        io_hold(&l->c->stream, l->c->later.len > 0);
}

void lend_end(struct conn *c)
{
    struct lent *l = c->lent;
    c->lent = NULL;
    if (!l->opening)
        c->d->n.pipes--;
    lent_free(l);
}

/* ---- opening ---- */

static void on_seen(void *arg, bool out, const uint8_t *pdu, size_t len)
{
    struct lent *l = arg;
    struct seen *s = out ? &l->bind : &l->ack;
    if (TAP_IS_BIND(pdu[2]) && len <= sizeof s->pdu) {
        s->len = len;
        memcpy(s->pdu, pdu, len);
    }
    conn_seen(l->c, !out, pdu, len);
}

/* Who taps a pipe that was bound for somebody else has to know for what. */
static void show_binds(struct lent *l)
{
    if (l->bind.len && l->ack.len) {
        tap_see(l->c, false, l->bind.pdu, l->bind.len);
        tap_see(l->c, true, l->ack.pdu, l->ack.len);
    }
}

static void on_opened(void *arg, enum nt_status st);
static void on_failed(void *arg, enum nt_status why, bool not_taken);

static const struct npc_bound_user lent_user = {
    .opened = on_opened, .fragment = on_fragment, .failed = on_failed, .moved = on_moved, .seen = on_seen
};

static enum nt_status open_bound(struct lent *l)
{
    struct conn *c = l->c;
    struct npc_create o = NPC_CREATE_INIT;
    o.timeout_ms = c->to.timeout_ms;
    return npc_bound_open(c->link->session, l->name, &o, &l->iface, &lent_user, l, &l->b);
}

/* Another pipe has been bound: what the one before could not send goes over it. */
static void exchanged(struct lent *l)
{
    struct conn *c = l->c;
    enum nt_status st = npc_bound_inherit(l->b, l->old);
    npc_bound_close(l->old);
    l->old = NULL;
    if (st != STATUS_SUCCESS)
        give_up(l, st, "the pipe that was opened instead takes shorter fragments only");
    else if (l->recv_id)
        npc_bound_want(l->b, true);
    if (c->lent && !l->releasing)
        conn_resume(c, CONN_LENT);
}

static void on_opened(void *arg, enum nt_status st)
{
    struct lent *l = arg;
    struct conn *c = l->c;
    struct nt_error err = { "" };
    if (st == STATUS_SUCCESS && l->old) {
        exchanged(l);
        return;
    }
    if (st == STATUS_SUCCESS) {
        l->opening = false;
        connect_lent(c, st, "");
        return;
    }
    nt_error_set(&err, st, "%s", npc_bound_error(l->b));
    npc_bound_close(l->b);
    l->b = NULL;
    if (!l->old)
        lend_end(c);
    connect_lent(c, st, err.text);
}

void lend_refused(struct conn *c, enum nt_status st, const char *why)
{
    struct lent *l = c->lent;
    npc_bound_close(l->old);
    l->old = NULL;
    give_up(l, st, why);
    if (c->lent)
        conn_resume(c, CONN_LENT);
}

enum nt_status lend_get(struct conn *c, bool *ret_at_once)
{
    struct lent *l = c->lent; /* to be exchanged */
    *ret_at_once = false;
    if (l)
        return open_bound(l);
    l = pool_get(c->link, &c->to);
    if (l) {
        l->c = c;
        npc_bound_hand(l->b, &lent_user, l);
        npc_bound_renew(l->b, io_loop_now(c->d->loop) - l->since >= DOUBT);
        l->again = l->clean = false;
        l->why = STATUS_SUCCESS;
        c->lent = l;
        c->bound = true;
        c->d->n.reused++;
        show_binds(l);
        *ret_at_once = true;
        return STATUS_SUCCESS;
    }
    size_t n = strlen(c->to.pipe) + 1;
    l = calloc(1, sizeof *l + n);
    if (!l)
        return STATUS_NO_MEMORY;
    l->d = c->d;
    l->c = c;
    l->opening = true;
    l->iface = c->to.iface;
    memcpy(l->name, c->to.pipe, n);
    io_item_init(&l->idle, idle_fn);
    io_item_init(&l->late, recv_late);
    io_item_init(&l->drained, drained);
    c->bound = false;
    enum nt_status st = open_bound(l);
    if (st != STATUS_SUCCESS)
        lent_free(l);
    else
        c->lent = l;
    return st;
}

/* ---- a pipe that had ended ---- */

/* The first call on a pipe that was bound before has not begun: it goes over another one, once, which is
 * nobody's concern, unless it rests on keys of the session that has gone, or on credentials that have. */
static void on_failed(void *arg, enum nt_status why, bool not_taken)
{
    struct lent *l = arg;
    struct conn *c = l->c;
    struct nt_error err = { "" };
    bool session = connect_session_gone(c->link, why);
    nt_error_set(&err, why, "%s", npc_bound_error(l->b));
    if (!not_taken || l->again || (session && c->keys_told) || c->link->cred->replaced) {
        give_up(l, why, err.text);
        return;
    }
    l->again = true;
    l->old = l->b;
    l->b = NULL;
    npc_bound_hand(l->old, &pool_user, NULL);
    c->state = CONN_WAITS;
    io_hold(&c->stream, true);
    if (session)
        link_retire(c->link);
    else
        drain_name(c->link, l->name);
    connect_again(c, session);
}

/* ---- messages ---- */

static void refuse(struct conn *c, const struct mux_hdr *h, enum nt_status st, const char *why)
{
    conn_refuse(c, h->type, h->id, st, why);
}

static void do_send(struct lent *l, const struct mux_hdr *h, struct rd *body)
{
    struct conn *c = l->c;
    struct nt_blob pdu = mux_get_blob(body, MUX_DATA_MAX);
    const char *why;
    struct wr w;
    if (mux_done(body) != STATUS_SUCCESS) {
        refuse(c, h, STATUS_INVALID_PARAMETER, "not a PipeSend");
        return;
    }
    if (l->why != STATUS_SUCCESS) {
        refuse(c, h, l->why, l->err.text);
        return;
    }
    wr_init(&w, NPC_HEADROOM + pdu.len);
    wr_zero(&w, NPC_HEADROOM);
    wr_bytes(&w, pdu.data, pdu.len);
    enum nt_status st = npc_bound_send(l->b, &w, &why);
    if (st != STATUS_SUCCESS)
        refuse(c, h, st, why);
    else if (npc_bound_queued(l->b) >= QUEUE)
        io_hold(&c->stream, true); /* on_moved reads on */
}

static void do_recv(struct lent *l, const struct mux_hdr *h, struct rd *body)
{
    struct conn *c = l->c;
    uint32_t ms = rd_u32(body);
    uint8_t bits = rd_u8(body);
    if (mux_done(body) != STATUS_SUCCESS || (bits & ~MUX_RECV_ALL)) {
        refuse(c, h, STATUS_INVALID_PARAMETER, "not a PipeRecv");
    } else if (l->why != STATUS_SUCCESS) {
        refuse(c, h, l->why, l->err.text);
    } else if (l->recv_id) {
        refuse(c, h, STATUS_PIPE_BUSY, "one PipeRecv at a time");
    } else if (!npc_bound_awaiting(l->b)) {
        refuse(c, h, STATUS_INVALID_DEVICE_STATE, "no answer is awaited");
    } else {
        l->recv_id = h->id;
        l->all = bits & MUX_RECV_ALL;
        if (ms)
            io_timer(&c->stream, &l->late, io_loop_now(c->d->loop) + ms * NS_PER_MS);
        npc_bound_want(l->b, true);
    }
}

/* What it asks for comes behind what was asked for before. */
static void do_release(struct lent *l, const struct mux_hdr *h, struct rd *body)
{
    uint8_t clean = rd_u8(body);
    if (mux_done(body) != STATUS_SUCCESS || clean > 1) {
        refuse(l->c, h, STATUS_INVALID_PARAMETER, "not a PipeRelease");
        return;
    }
    l->release_id = h->id;
    l->clean = clean && l->why == STATUS_SUCCESS;
    if (!l->clean && l->recv_id) { /* who gives up does not wait */
        uint32_t id = l->recv_id;
        end_recv(l);
        conn_refuse(l->c, MUX_PIPE_RECV, id, STATUS_CANCELLED, "the pipe has been given back");
    }
    if (l->recv_id || (l->clean && npc_bound_sending(l->b))) {
        l->releasing = true;
        l->c->state = CONN_WAITS;
        io_hold(&l->c->stream, true);
    } else {
        finish_release(l);
    }
}

bool lend_awaited(const struct conn *c)
{
    return c->lent && c->lent->recv_id;
}

void lend_run(struct conn *c, const struct mux_hdr *h, struct rd *body)
{
    if (h->type == MUX_PIPE_SEND)
        do_send(c->lent, h, body);
    else if (h->type == MUX_PIPE_RECV)
        do_recv(c->lent, h, body);
    else if (h->type == MUX_PIPE_RELEASE)
        do_release(c->lent, h, body);
    else
        refuse(c, h, STATUS_INVALID_DEVICE_STATE, "the connection has a pipe");
}

bool lend_busy(const struct conn *c)
{
    const struct lent *l = c->lent;
    return l && (l->opening || l->old || l->recv_id || (l->b && npc_bound_awaiting(l->b)));
}

void lend_facts(const struct conn *c, struct mux_facts *ret)
{
    const struct lent *l = c->lent;
    ret->bound = c->bound;
    if (l && l->b)
        npc_bound_facts(l->b, &ret->max_send, &ret->max_recv, &ret->assoc_group);
}
