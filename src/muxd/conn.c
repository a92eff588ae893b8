// SPDX-License-Identifier: Apache-2.0
/* Local connections: frames in, requests that are answered at once, the end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "crypto/crypto.h"
#include "muxd/m_muxd.h"

#define NS_PER_MS UINT64_C(1000000)
/* What may come in one piece behind a message that has to be waited for: a driver reads no more before it
 * looks whether it may. */
#define LATER ((size_t)1 << 20)
/* Hello has less than 100 octets, and room for what a later version says; until it has come we keep no more.
 */
#define HELLO_MAX 1024u
/* Messages of one connection in one turn of the loop, before it is somebody else's; a list counts as many, for it goes over all
 * that there is. */
#define SHARE      64
#define LIST_SHARE 15

/* ---- answers ---- */

void conn_answer(struct conn *c, struct wr *w)
{
    mux_end(w);
    io_linger(&c->stream, false);
    if (io_queue(&c->stream, w) != STATUS_SUCCESS)
        io_close(&c->stream, STATUS_NO_MEMORY, false);
}

bool conn_full(const struct conn *c)
{
    bool crowded = c->owner->output > MUXD_OUTPUT_PER_UID || c->d->output > MUXD_OUTPUT;
    return c->stream.queued >= (crowded ? IO_LOW_WATER + 1 : IO_HIGH_WATER);
}

void conn_refuse(struct conn *c, unsigned type, uint32_t id, enum nt_status st, const char *why)
{
    struct wr w;
    mux_begin(&w, type | MUX_ANSWER, id, st);
    mux_put_str(&w, why);
    conn_answer(c, &w);
}

static void answer_empty(struct conn *c, const struct mux_hdr *h)
{
    struct wr w;
    mux_begin(&w, h->type | MUX_ANSWER, h->id, STATUS_SUCCESS);
    conn_answer(c, &w);
}

static void refuse(struct conn *c, const struct mux_hdr *h, enum nt_status st, const char *why)
{
    conn_refuse(c, h->type, h->id, st, why);
}

static void hang_up(struct conn *c, enum nt_status why)
{
    c->state = CONN_CLOSED;
    io_close(&c->stream, why, true);
}

void conn_seen(struct conn *c, bool from_server, const uint8_t *data, size_t len)
{
    if (from_server) {
        c->d->n.bytes_in += len;
        c->bytes_in += len;
    } else {
        c->d->n.pdus_out++;
        c->d->n.bytes_out += len;
        c->bytes_out += len;
    }
    tap_see(c, from_server, data, len);
}

/* ---- requests ---- */

static void do_hello(struct conn *c, const struct mux_hdr *h, struct rd *body)
{
    struct mux_hello q;
    struct wr w;
    if (h->type != MUX_HELLO || mux_get_hello(body, &q) != STATUS_SUCCESS) {
        hang_up(c, STATUS_INVALID_PARAMETER); /* it may speak anything: an answer would mean nothing to it */
        return;
    }
    if (q.least > MUX_VERSION || q.greatest < MUX_VERSION) {
        refuse(c, h, STATUS_REVISION_MISMATCH, "this muxer speaks version 1 of its protocol");
        hang_up(c, STATUS_REVISION_MISMATCH);
        return;
    }
    c->state = CONN_READY;
    memcpy(c->program, q.program, sizeof c->program);
    io_cancel(&c->timer);
    mux_begin(&w, MUX_HELLO | MUX_ANSWER, h->id, STATUS_SUCCESS);
    mux_put_welcome(&w,
                    &(struct mux_welcome){ MUX_VERSION, (uint32_t)MUX_MAX, c->d->instance, c->owner->uid });
    conn_answer(c, &w);
}

static void do_set_auth(struct conn *c, const struct mux_hdr *h, struct rd *body)
{
    struct mux_auth a;
    struct nt_error err = { "" };
    memset(&a, 0, sizeof a);
    enum nt_status st = mux_get_auth(body, &a);
    if (st == STATUS_SUCCESS)
        st = cred_set(c->owner, &a, &err);
    if (st == STATUS_SUCCESS)
        answer_empty(c, h);
    else
        refuse(c, h, st, err.text[0] ? err.text : "the credentials make no sense");
    cred_tell(c, &a, st, err.text);
}

static void answer_u32(struct conn *c, const struct mux_hdr *h, uint32_t v)
{
    struct wr w;
    mux_begin(&w, h->type | MUX_ANSWER, h->id, STATUS_SUCCESS);
    wr_u32(&w, v);
    conn_answer(c, &w);
}

static void do_clear_auth(struct conn *c, const struct mux_hdr *h, struct rd *body)
{
    char pattern[MUX_NAME_MAX + 1];
    uint64_t token = rd_u64(body);
    mux_get_str(body, pattern, sizeof pattern);
    if (mux_done(body) != STATUS_SUCCESS)
        refuse(c, h, STATUS_INVALID_PARAMETER, "not a ClearAuthInfo");
    else
        answer_u32(c, h, cred_clear(c->owner, token, pattern));
}

static void do_create_token(struct conn *c, const struct mux_hdr *h, struct rd *body)
{
    uint64_t id;
    struct wr w;
    enum nt_status st = mux_done(body);
    if (st == STATUS_SUCCESS)
        st = token_new(c, &id);
    if (st != STATUS_SUCCESS) {
        refuse(c, h, st, "no token can be made");
        return;
    }
    mux_begin(&w, h->type | MUX_ANSWER, h->id, STATUS_SUCCESS);
    wr_u64(&w, id);
    conn_answer(c, &w);
}

/* CloseToken, Impersonate */
static void do_token(struct conn *c, const struct mux_hdr *h, struct rd *body)
{
    uint64_t id = rd_u64(body);
    if (mux_done(body) != STATUS_SUCCESS || !id || !token_known(c->owner, id)) {
        refuse(c, h, STATUS_NO_TOKEN, "there is no such token");
        return;
    }
    if (h->type == MUX_IMPERSONATE)
        c->token = id;
    else
        (void)token_close(c->owner, id);
    answer_empty(c, h);
}

static void do_revert(struct conn *c, const struct mux_hdr *h, struct rd *body)
{
    if (mux_done(body) != STATUS_SUCCESS) {
        refuse(c, h, STATUS_INVALID_PARAMETER, "Revert has nothing to say");
        return;
    }
    c->token = 0;
    answer_empty(c, h);
}

static void do_connect(struct conn *c, const struct mux_hdr *h, struct rd *body)
{
    struct mux_connect to;
    if (mux_get_connect(body, &to) != STATUS_SUCCESS)
        refuse(c, h, STATUS_INVALID_PARAMETER, "not a Connect");
    else
        connect_start(c, h->id, &to);
}

/* ---- pipes by their number ---- */

enum nt_status conn_name(struct conn *c)
{
    struct muxd *d = c->d;
    struct owner *o = c->owner;
    if (!o->pipes && !(o->pipes = calloc(MUXD_PIPE_LISTS, sizeof(struct conn *))))
        return STATUS_NO_MEMORY;
    conn_unname(c);
    enum nt_status st = d->env->random(d->env->arg, c->cookie, sizeof c->cookie);
    if (st != STATUS_SUCCESS)
        return st;
    c->pipe_id = d->next_pipe++;
    struct conn **at = &o->pipes[c->pipe_id % MUXD_PIPE_LISTS];
    c->next_pipe = *at;
    c->pipe_at = at;
    if (*at)
        (*at)->pipe_at = &c->next_pipe;
    *at = c;
    return STATUS_SUCCESS;
}

void conn_unname(struct conn *c)
{
    if (!c->pipe_at)
        return;
    *c->pipe_at = c->next_pipe;
    if (c->next_pipe)
        c->next_pipe->pipe_at = c->pipe_at;
    c->next_pipe = NULL;
    c->pipe_at = NULL;
}

static struct conn *find_pipe(struct conn *c, const struct mux_query *q)
{
    struct conn *p = c->owner->pipes ? c->owner->pipes[q->pipe % MUXD_PIPE_LISTS] : NULL;
    while (p && (p->pipe_id != q->pipe || !p->link))
        p = p->next_pipe;
    return p && cr_equal(p->cookie, q->cookie, sizeof p->cookie) ? p : NULL;
}

static void do_query(struct conn *c, const struct mux_hdr *h, struct rd *body)
{
    struct mux_query q;
    struct nt_blob key;
    struct wr w;
    struct mux_facts f;
    struct conn *p = mux_get_query(body, &q) == STATUS_SUCCESS ? find_pipe(c, &q) : NULL;
    if (p && !p->link->session) /* it waits for another one, for which the number is not meant */
        p = NULL;
    enum nt_status st = p ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
    if (p && q.what == MUX_SESSION_KEY)
        st = npc_session_key(p->link->session, &key);
    else if (p && q.what == MUX_APPLICATION_KEY)
        st = npc_application_key(p->link->session, &key);
    else if (p && q.what != MUX_FACTS)
        st = STATUS_INVALID_PARAMETER;
    if (st != STATUS_SUCCESS) {
        refuse(c, h, st, "there is no such pipe, or it has no such thing");
        return;
    }
    if (q.what != MUX_FACTS)
        p->keys_told = true;
    mux_begin(&w, h->type | MUX_ANSWER, h->id, STATUS_SUCCESS);
    w.secret = true; /* a key */
    if (q.what == MUX_FACTS) {
        connect_facts(p, &f);
        mux_put_facts(&w, &f, false);
    } else {
        mux_put_blob(&w, key.data, key.len);
    }
    conn_answer(c, &w);
}

static void do_drop(struct conn *c, const struct mux_hdr *h, struct rd *body)
{
    char server[MUX_NAME_MAX + 1];
    mux_get_str(body, server, sizeof server);
    if (mux_done(body) != STATUS_SUCCESS)
        refuse(c, h, STATUS_INVALID_PARAMETER, "not a Drop");
    else
        answer_u32(c, h, link_drop(c->owner, server));
}

static void run(struct conn *c, const struct mux_hdr *h, struct rd *body)
{
    switch (h->type) {
    case MUX_SET_AUTH:
        do_set_auth(c, h, body);
        break;
    case MUX_CLEAR_AUTH:
        do_clear_auth(c, h, body);
        break;
    case MUX_CREATE_TOKEN:
        do_create_token(c, h, body);
        break;
    case MUX_CLOSE_TOKEN:
    case MUX_IMPERSONATE:
        do_token(c, h, body);
        break;
    case MUX_REVERT:
        do_revert(c, h, body);
        break;
    case MUX_CONNECT:
        do_connect(c, h, body);
        break;
    case MUX_QUERY:
        do_query(c, h, body);
        break;
    case MUX_TAP:
        tap_run(c, h, body);
        break;
    case MUX_DROP:
        do_drop(c, h, body);
        break;
    case MUX_ENUM_AUTH:
        c->share -= LIST_SHARE;
        list_auth(c, h, body);
        break;
    case MUX_ENUM_CONNS:
        c->share -= LIST_SHARE;
        list_conns(c, h, body);
        break;
    case MUX_STATUS:
        list_status(c, h, body);
        break;
    default:
        refuse(c, h, STATUS_INVALID_PARAMETER, "there is no such request");
    }
}

static void on_message(struct conn *c, const uint8_t *msg, size_t len)
{
    struct mux_hdr h;
    struct rd body;
    rd_init(&body, msg + MUX_HDR, len - MUX_HDR);
    if (mux_get_hdr(msg, &h) != STATUS_SUCCESS)
        hang_up(c, STATUS_INVALID_PARAMETER);
    else if (c->state == CONN_NEW)
        do_hello(c, &h, &body);
    else if (h.type == MUX_QUERY) /* of any pipe that it knows the cookie of, its own included */
        do_query(c, &h, &body);
    else if (c->state == CONN_MESSAGE)
        message_run(c, &h, &body);
    else if (c->state == CONN_LENT)
        lend_run(c, &h, &body);
    else if (c->state == CONN_READY)
        run(c, &h, &body);
    else if (c->state == CONN_TAP)
        refuse(c, &h, STATUS_INVALID_DEVICE_STATE, "the connection is a tap");
}

/* ---- frames ---- */

/* Takes from data until a whole message is in c->in. False: more has to come, or it is the end. */
static bool gather(struct conn *c, uint8_t **data, size_t *len)
{
    size_t need = c->want ? c->want : 4, n = need - c->in.len < *len ? need - c->in.len : *len;
    wr_bytes(&c->in, *data, n);
    *data += n;
    *len -= n;
    if (c->in.st != STATUS_SUCCESS) {
        hang_up(c, c->in.st);
        return false;
    }
    if (c->in.len < need)
        return false;
    if (c->want)
        return true;
    c->want = mux_length(c->in.base);
    if (!c->want || (c->state == CONN_NEW && c->want > HELLO_MAX)) {
        hang_up(c, STATUS_INVALID_PARAMETER);
        return false;
    }
    return gather(c, data, len);
}

/* Small requests may have long answers, and thousands of them come in one piece: the rest waits for a client
 * that does not read. Pipes that are lent, proxies and taps look themselves. */
static bool is_slow(struct conn *c)
{
    if ((c->state != CONN_READY && c->state != CONN_MESSAGE) || !conn_full(c))
        return false;
    io_hold(&c->stream, true);
    io_on_drain(&c->stream, &c->drained);
    return true;
}

/* It has had its share of this turn: thousands of small requests come in one piece. */
static bool is_greedy(struct conn *c)
{
    if (c->state == CONN_PROXY || c->share > 0)
        return false;
    io_hold(&c->stream, true);
    io_timer(&c->stream, &c->resume, io_loop_now(c->d->loop));
    return true;
}

static void take(struct conn *c, uint8_t *data, size_t len)
{
    c->share = SHARE;
    while (len && c->state != CONN_CLOSED) {
        if (c->state == CONN_WAITS || is_slow(c) || is_greedy(c)) { /* it belongs to what is awaited, or comes behind it */
            wr_bytes(&c->later, data, len);
            if (c->later.st != STATUS_SUCCESS)
                hang_up(c, c->later.st);
            return;
        }
        if (c->state == CONN_PROXY) {
            npc_relay_data(&c->relay, data, len);
            return;
        }
        c->share--;
        size_t whole = !c->want && c->in.len == 0 && len >= 4 ? mux_length(data) : 0;
        if (whole && whole <= len) { /* the usual case: used in place */
            on_message(c, data, whole);
            data += whole;
            len -= whole;
        } else if (gather(c, &data, &len)) {
            struct wr in = c->in;
            wr_init(&c->in, MUX_MAX);
            c->in.secret = true;
            c->want = 0;
            on_message(c, in.base, in.len);
            wr_free(&in);
        }
    }
}

/* Who has asked for more waits for that: what there is goes along with it, unless it takes long. */
static void keep_back(struct conn *c)
{
    if (c->state == CONN_WAITS || (c->state == CONN_LENT && lend_awaited(c)))
        io_linger(&c->stream, true);
}

static void conn_data(void *engine, uint8_t *data, size_t len)
{
    struct conn *c = engine;
    if (c->later.len) { /* comes behind it */
        wr_bytes(&c->later, data, len);
        if (c->later.st != STATUS_SUCCESS)
            hang_up(c, c->later.st);
    } else {
        take(c, data, len);
        keep_back(c);
    }
}

static void go_on(struct conn *c)
{
    struct wr w = c->later;
    wr_init(&c->later, LATER);
    c->later.secret = true;
    take(c, w.base, w.len);
    keep_back(c);
    wr_free_secret(&w);
    if (c->state != CONN_WAITS && c->state != CONN_PROXY &&
        !c->later.len) /* a relay has said whether it takes more */
        io_hold(&c->stream, false);
}

static void resume(struct io_item *it)
{
    go_on(io_container(it, struct conn, resume));
}

static void drained(struct io_item *it)
{
    go_on(io_container(it, struct conn, drained));
}

void conn_resume(struct conn *c, enum conn_state state)
{
    c->state = state;
    if (c->later.len)
        io_ready(&c->stream, &c->resume);
    else
        io_hold(&c->stream, false);
}

static void conn_closed(void *engine, enum nt_status why)
{
    struct conn *c = engine;
    c->why = c->why ? c->why : why;
    conn_close(c);
}

const struct io_ops conn_ops = { NULL, conn_data, conn_closed };

/* ---- life ---- */

static void hello_late(struct io_item *it)
{
    conn_close(io_container(it, struct conn, timer));
}

struct conn *conn_new(struct muxd *d, struct owner *o)
{
    struct conn *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->d = d;
    c->owner = o;
    c->accepted = io_loop_now(d->loop);
    c->rd.c = c->wr.c = c;
    wr_init(&c->in, MUX_MAX);
    c->in.secret = true; /* a SetAuthInfo may be in it */
    wr_init(&c->later, LATER);
    c->later.secret = true;
    io_item_init(&c->resume, resume);
    io_item_init(&c->drained, drained);
    io_stream_init(&c->stream, &conn_ops, c, d->env);
    c->stream.secret = true;
    io_item_init(&c->timer, hello_late);
    c->stream.account[0] = &o->output;
    c->stream.account[1] = &d->output;
    c->next = d->conns;
    c->link_at = &d->conns;
    if (c->next)
        c->next->link_at = &c->next;
    d->conns = c;
    d->n.conns++;
    o->n_conns++;
    d->refs++;
    io_timer(&c->stream, &c->timer, io_loop_now(d->loop) + d->o.hello_timeout_ms * NS_PER_MS);
    return c;
}

void conn_release(struct conn *c)
{
    if (c->ops || !c->freed || (c->relays && !npc_relay_stop(&c->relay)))
        return;
    struct muxd *d = c->d;
    wr_free_secret(&c->in);
    wr_free_secret(&c->later);
    nt_wipe(c, sizeof *c);
    free(c);
    muxd_unref(d);
}

/* Allowed where a stream may be freed. Operations in flight end by themselves and keep the memory. */
void conn_close(struct conn *c)
{
    struct owner *o = c->owner;
    struct npc_pipe *pipe = c->pipe;
    if (c->freed)
        return;
    c->freed = true;
    c->state = CONN_CLOSED;
    tap_closed(c);
    tap_end(c);
    *c->link_at = c->next;
    if (c->next)
        c->next->link_at = c->link_at;
    if ((c->pipe && !c->opening) || c->lent)
        muxd_tell_conn(c, MUXD_PIPE_ENDED, c->why, NULL);
    muxd_tell_conn(c, MUXD_CLOSED, c->why, NULL);
    if (c->relays)
        (void)npc_relay_stop(&c->relay); /* what is in flight ends when the pipe closes; conn_release looks */
    io_stream_done(&c->stream);
    conn_unname(c);
    token_close_of(o, c);
    if (c->lent)
        lend_end(c);
    c->pipe = NULL;
    if (pipe && c->opening) {
        npc_pipe_give_up(pipe);
    } else if (pipe) {
        c->d->n.pipes--;
        pipe->ops->close(pipe);
    }
    if (!c->opening)
        link_release(c);
    c->d->n.conns--;
    c->d->n_reserved -= c->reserved;
    o->n_conns--;
    if (!c->opening) /* its owner is looked at once more */
        muxd_owner_release(o);
    conn_release(c);
}
