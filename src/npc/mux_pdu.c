// SPDX-License-Identifier: Apache-2.0
/*
 * PDUs on a bound pipe that the muxer lends; or on one of our own, where there is no muxer. What is posted
 * before it is there goes to the muxer with the request for it, and stays here as long as another way may be
 * tried.
 */
#include <stdlib.h>
#include <string.h>
#include "npc/m_bound.h"
#include "npc/m_mux.h"

bool npc_mux_possible(const struct npc_options *o)
{
    struct npc_options own = NPC_OPTIONS_INIT;
    struct npc_mux_choice c;
    memcpy(&own, o, o->size < sizeof own ? o->size : sizeof own);
    own.error = NULL;
    return npc_mux_wanted(&own, &c) == STATUS_SUCCESS && c.use != NPC_MUX_NEVER;
}

/* How long the muxer may take to read that the pipe is given back: nobody waits for its answer. */
#define FAREWELL_NS UINT64_C(5000000000)

struct early {
    struct early *next;
    struct wr w; /* a fragment behind NPC_HEADROOM */
};

struct npc_pdu {
    struct nt_loop *loop;
    bool private_loop; /* ours, or our own session's */
    struct npc_pdu_user user;
    void *arg;
    struct nt_error err, opening;
    enum nt_status why; /* it has failed; not told yet */
    bool open, failed, dead, ended;
    bool told_open, fresh; /* `opened` was called; fragments have come since `idle` was */
    bool wants;            /* more of the answer has been asked for */
    bool moving;           /* to another way, in a moment */
    struct bound_order order;
    struct early *early, **early_end;
    struct npc_options o;
    struct npc_interface iface;
    char *server, *target;
    char pipe[NPC_NAME_SIZE];
    /* by the muxer */
    struct npc_mux_choice choice;
    unsigned way; /* of choice.path; choice.n: our own pipe */
    struct mux_line line;
    bool has_line, sent_early;
    struct mux_facts facts;
    uint32_t connect_id, recv_id, query_id;
    struct io_item told, timer, move, end, far_end;
    /* our own */
    struct npc_session *session;
    bool has_session;
    struct npc_bound *bound;
    struct npc_facts own;
    uint8_t key[MUX_KEY_MAX];
    size_t key_len;
    enum nt_status key_status; /* STATUS_PENDING: not asked for */
    /* synchronous */
    bool sync;
    struct held *held, **held_end;
};

/* A fragment that has come and that nobody has received yet. */
struct held {
    struct held *next;
    size_t len;
    uint8_t data[];
};

static enum nt_status start_way(struct npc_pdu *p);

/* ---- failing, and telling ---- */

static struct io_stream *stream_of(struct npc_pdu *p)
{
    return p->has_line ? &p->line.stream : npc_session_stream(p->session);
}

/* Users are called when the engines have returned. */
static void tell(struct npc_pdu *p)
{
    if (!p->dead && !p->told.stream)
        io_ready(stream_of(p), &p->told);
}

static void fail(struct npc_pdu *p, enum nt_status st, const char *why)
{
    char words[NPC_WORDS];
    if (p->failed || p->dead)
        return;
    p->failed = true;
    p->why = nt_ok(st) ? STATUS_INVALID_NETWORK_RESPONSE : st;
    nt_error_set(&p->err, p->why, "%s", why && *why ? why : npc_words(p->why, words));
}

static void told_fn(struct io_item *it)
{
    struct npc_pdu *p = io_container(it, struct npc_pdu, told);
    if (p->open && !p->told_open) {
        p->told_open = true;
        if (p->user.opened)
            p->user.opened(p->arg, p);
    }
    if (!p->dead && p->fresh) {
        p->fresh = false;
        if (p->user.idle)
            p->user.idle(p->arg, p);
    }
    if (!p->dead && p->failed && p->why != STATUS_SUCCESS) {
        enum nt_status st = p->why;
        p->why = STATUS_SUCCESS;
        p->user.failed(p->arg, p, st);
    }
}

static void on_fragment(struct npc_pdu *p, uint8_t *data, size_t len)
{
    bool last = pdu_head_ends(data);
    if (last) {
        p->order.awaiting = false;
        p->wants = false;
    }
    p->fresh = true;
    p->user.fragment(p->arg, p, data, len, last);
    tell(p);
}

/* ---- the end ---- */

static void drop_early(struct npc_pdu *p)
{
    while (p->early) {
        struct early *e = p->early;
        p->early = e->next;
        wr_free_secret(&e->w);
        free(e);
    }
    p->early_end = &p->early;
}

static void drop_line(struct npc_pdu *p)
{
    if (p->has_line)
        mux_line_done(&p->line);
    p->has_line = false;
}

static void free_pdu(struct npc_pdu *p)
{
    drop_early(p);
    while (p->held) {
        struct held *h = p->held;
        p->held = h->next;
        nt_wipe(h->data, h->len);
        free(h);
    }
    io_cancel(&p->told);
    io_cancel(&p->timer);
    drop_line(p);
    sec_creds_unref(p->o.creds);
    free(p->server);
    free(p->target);
    nt_wipe(p, sizeof *p);
    free(p);
}

/* Not freed by its own loop where somebody waits for the end. */
static void end_fn(struct io_item *it)
{
    struct npc_pdu *p = io_container(it, struct npc_pdu, end);
    p->ended = true;
    if (!p->private_loop)
        free_pdu(p);
}

static void end_soon(struct npc_pdu *p)
{
    io_cancel(&p->far_end);
    io_loop_defer(p->loop, &p->end);
}

static void far_end_fn(struct io_item *it)
{
    end_soon(io_container(it, struct npc_pdu, far_end));
}

/* ---- by the muxer ---- */

/* With the message's head in the fragment's headroom. */
static enum nt_status send_fragment(struct npc_pdu *p, struct wr *w)
{
    size_t len = w->len - NPC_HEADROOM, skip = NPC_HEADROOM - MUX_HDR - 4;
    uint8_t *h = w->base + skip;
    put_le32(h, (uint32_t)(MUX_HDR + 4 + len));
    put_le16(h + 4, MUX_PIPE_SEND);
    put_le16(h + 6, 0);
    put_le32(h + 8, mux_line_id(&p->line));
    put_le32(h + 12, 0);
    put_le32(h + 16, 0);
    put_le32(h + 20, (uint32_t)len);
    return io_queue_from(&p->line.stream, w, skip);
}

static enum nt_status send_recv(struct npc_pdu *p)
{
    struct wr w;
    if (p->recv_id)
        return STATUS_SUCCESS;
    uint32_t id = mux_line_id(&p->line);
    mux_begin(&w, MUX_PIPE_RECV, id, STATUS_SUCCESS);
    wr_u32(&w, 0); /* time limits are kept here */
    wr_u8(&w, MUX_RECV_ALL);
    enum nt_status st = mux_line_send(&p->line, &w);
    if (st == STATUS_SUCCESS)
        p->recv_id = id;
    return st;
}

static bool may_go_elsewhere(const struct npc_pdu *p)
{
    return p->way < p->choice.n && (p->way + 1 < p->choice.n || p->choice.use == NPC_MUX_MAYBE);
}

static enum nt_status send_early(struct npc_pdu *p)
{
    enum nt_status st = STATUS_SUCCESS;
    for (struct early *e = p->early; e && st == STATUS_SUCCESS; e = e->next) {
        struct wr copy;
        wr_init(&copy, e->w.len);
        wr_bytes(&copy, e->w.base, e->w.len);
        st = copy.st == STATUS_SUCCESS ? send_fragment(p, &copy) : copy.st;
    }
    if (st == STATUS_SUCCESS && p->wants)
        st = send_recv(p);
    p->sent_early = st == STATUS_SUCCESS;
    return st;
}

static void line_open(struct mux_line *l)
{
    struct npc_pdu *p = io_container(l, struct npc_pdu, line);
    struct mux_connect to = { .mode = MUX_PDU,
                              .protection = (uint8_t)p->o.protection,
                              .allow_unsigned = p->o.allow_unsigned,
                              .keys = p->user.keys,
                              .port = p->o.port,
                              .least = (uint16_t)p->o.min_dialect,
                              .greatest = (uint16_t)p->o.max_dialect,
                              .timeout_ms = p->o.timeout_ms,
                              .token = p->choice.token,
                              .iface = p->iface };
    memcpy(to.server, p->server, strlen(p->server) + 1);
    if (p->target)
        memcpy(to.target, p->target, strlen(p->target) + 1);
    memcpy(to.pipe, p->pipe, strlen(p->pipe) + 1);
    enum nt_status st = mux_line_hello(l, &to, &p->connect_id);
    if (st == STATUS_SUCCESS)
        st = send_early(p);
    if (st != STATUS_SUCCESS)
        io_close(&l->stream, st, false);
}

/* The muxer is not there, or has not what is needed: the next way. */
static void other_way(struct npc_pdu *p)
{
    enum nt_status st;
    io_cancel(&p->told);
    drop_line(p);
    p->connect_id = p->recv_id = 0;
    p->sent_early = false;
    do {
        p->way++;
        st = start_way(p);
    } while (st != STATUS_SUCCESS && may_go_elsewhere(p));
    if (st != STATUS_SUCCESS) {
        fail(p, st, p->opening.text);
        told_fn(&p->told);
    }
}

static void elsewhere_fn(struct io_item *it)
{
    struct npc_pdu *p = io_container(it, struct npc_pdu, move);
    p->moving = false;
    if (p->dead)
        end_soon(p);
    else
        other_way(p);
}

/* When no engine is at work any more. */
static void go_elsewhere(struct npc_pdu *p)
{
    io_cancel(&p->timer);
    p->moving = true;
    io_loop_defer(p->loop, &p->move);
}

static bool on_connected(struct npc_pdu *p, const struct mux_hdr *h, struct rd *r)
{
    char why[sizeof p->err.text];
    p->connect_id = 0;
    io_cancel(&p->timer);
    if (h->status == STATUS_SUCCESS) {
        if (mux_get_facts(r, &p->facts) != STATUS_SUCCESS)
            return false;
        p->open = true;
        drop_early(p);
        tell(p);
        return true;
    }
    mux_get_str(r, why, sizeof why);
    if (h->status == STATUS_NO_SUCH_LOGON_SESSION && may_go_elsewhere(p)) {
        go_elsewhere(p);
    } else {
        fail(p, h->status, why);
        tell(p);
    }
    return true;
}

static bool take_key(struct npc_pdu *p, const struct mux_hdr *h, struct rd *r)
{
    p->query_id = 0;
    p->key_status = h->status;
    if (h->status != STATUS_SUCCESS)
        return true;
    struct nt_blob b = mux_get_blob(r, sizeof p->key);
    if (mux_done(r) != STATUS_SUCCESS || !b.len)
        return false;
    memcpy(p->key, b.data, b.len);
    p->key_len = b.len;
    return true;
}

static bool line_message(struct mux_line *l, const struct mux_hdr *h, const uint8_t *body, size_t len)
{
    struct npc_pdu *p = io_container(l, struct npc_pdu, line);
    struct rd r;
    char why[sizeof p->err.text];
    rd_init(&r, body, len);
    if (p->dead || p->failed || (!p->open && !p->connect_id))
        return true; /* what was sent behind a Connect that failed */
    bool connect = h->type == (MUX_CONNECT | MUX_ANSWER) && h->id == p->connect_id;
    if (!p->open) /* or a Hello that was refused */
        return (connect || h->type == (MUX_HELLO | MUX_ANSWER)) && on_connected(p, h, &r);
    if (p->query_id && h->id == p->query_id && h->type == (MUX_QUERY | MUX_ANSWER))
        return take_key(p, h, &r);
    if (h->type == (MUX_PIPE_RECV | MUX_ANSWER) && h->id == p->recv_id && h->status == STATUS_SUCCESS) {
        struct nt_blob b = mux_get_blob(&r, MUX_DATA_MAX);
        if (mux_done(&r) != STATUS_SUCCESS || b.len < BOUND_REQUEST || bound_pdu_len(b.data) != b.len)
            return false;
        uint8_t *pdu = (uint8_t *)(uintptr_t)b.data; /* of the driver's buffer, which is writable */
        if (pdu_head_ends(pdu))
            p->recv_id = 0;
        on_fragment(p, pdu, b.len);
        return true;
    }
    if ((h->type != (MUX_PIPE_RECV | MUX_ANSWER) && h->type != (MUX_PIPE_SEND | MUX_ANSWER)) ||
        h->status == STATUS_SUCCESS)
        return false;
    mux_get_str(&r, why, sizeof why);
    fail(p, h->status, why);
    tell(p);
    return true;
}

static void line_closed(struct mux_line *l, enum nt_status why)
{
    struct npc_pdu *p = io_container(l, struct npc_pdu, line);
    struct nt_error e = { "" };
    if (p->dead) {
        end_soon(p);
        return;
    }
    if (!p->open && p->way < p->choice.n && may_go_elsewhere(p) && mux_line_absent(l, why)) {
        go_elsewhere(p);
        return;
    }
    mux_line_why(l, why, npc_pdu_calling(p), &e);
    fail(p, why, e.text);
    tell(p);
}

static void opening_late(struct io_item *it)
{
    struct npc_pdu *p = io_container(it, struct npc_pdu, timer);
    fail(p, STATUS_IO_TIMEOUT, "the muxer did not connect in time");
    told_fn(&p->told);
}

static enum nt_status start_mux(struct npc_pdu *p)
{
    const char *path = p->choice.path[p->way];
    uint64_t deadline = io_loop_now(p->loop) + (uint64_t)p->o.timeout_ms * 1000000u;
    mux_line_init(&p->line, p->o.env ? p->o.env : io_loop_env(p->loop));
    p->has_line = true;
    p->line.on_open = line_open;
    p->line.on_message = line_message;
    p->line.on_close = line_closed;
    enum nt_status st = mux_line_dial(&p->line, p->loop, path, deadline);
    if (st != STATUS_SUCCESS) {
        drop_line(p);
        return nt_error_set(&p->opening, st, "the muxer at %s cannot be dialled", path);
    }
    io_cancel(&p->timer);
    io_item_init(&p->timer, opening_late);
    io_timer(&p->line.stream, &p->timer, deadline);
    return st;
}

/* ---- our own pipe ---- */

static bool bound_fragment(void *arg, uint8_t *frag, size_t len, bool last)
{
    struct npc_pdu *p = arg;
    (void)last;
    on_fragment(p, frag, len);
    return p->wants;
}

static void bound_failed(void *arg, enum nt_status why, bool not_taken)
{
    struct npc_pdu *p = arg;
    (void)not_taken;
    fail(p, why, npc_bound_error(p->bound));
    tell(p);
}

static void bound_moved(void *arg)
{
    (void)arg;
}

static void take_own_facts(struct npc_pdu *p)
{
    struct nt_blob key = { NULL, 0 };
    p->own.size = sizeof p->own;
    (void)!npc_session_facts(p->session, &p->own);
    p->key_status = npc_application_key(p->session, &key);
    if (p->key_status == STATUS_SUCCESS && key.len <= sizeof p->key) {
        memcpy(p->key, key.data, key.len);
        p->key_len = key.len;
    }
}

static void bound_opened(void *arg, enum nt_status st)
{
    struct npc_pdu *p = arg;
    const char *why = npc_bound_error(p->bound);
    if (st == STATUS_SUCCESS) {
        p->open = true;
        take_own_facts(p);
    }
    for (struct early *e = p->early; e && st == STATUS_SUCCESS; e = e->next)
        st = npc_bound_send(p->bound, &e->w, &why);
    drop_early(p);
    if (st != STATUS_SUCCESS)
        fail(p, st, why);
    else if (p->wants)
        npc_bound_want(p->bound, true);
    tell(p);
}

static const struct npc_bound_user own_user = {
    .opened = bound_opened, .fragment = bound_fragment, .failed = bound_failed, .moved = bound_moved
};

static void session_opened(void *arg, enum nt_status st, struct npc_session *s)
{
    struct npc_pdu *p = arg;
    struct npc_create o = NPC_CREATE_INIT;
    p->session = st == STATUS_SUCCESS ? s : NULL;
    p->has_session = st == STATUS_SUCCESS;
    if (st == STATUS_SUCCESS)
        s->private_loop = p->private_loop; /* the last reference waits for the farewell, and frees it */
    if (p->dead) {
        if (s)
            s->private_loop = false; /* nobody waits here */
        p->has_session = false;
        npc_session_unref(p->session);
        p->session = NULL;
        end_soon(p);
        return;
    }
    if (st == STATUS_SUCCESS) {
        o.timeout_ms = p->o.timeout_ms;
        st = npc_bound_open(s, p->pipe, &o, &p->iface, &own_user, p, &p->bound);
        if (st == STATUS_SUCCESS)
            return;
        fail(p, st, npc_session_error(s));
        tell(p);
        return;
    }
    fail(p, st, p->opening.text);
    told_fn(&p->told);
}

static enum nt_status start_own(struct npc_pdu *p)
{
    struct npc_options o = p->o;
    o.mux = "off";
    o.loop = p->loop;
    o.error = &p->opening;
    o.target = p->target;
    return npc_session_open_send(p->server, &o, session_opened, p, &p->session);
}

static enum nt_status start_way(struct npc_pdu *p)
{
    return p->way < p->choice.n ? start_mux(p) : start_own(p);
}

/* ---- what the caller says ---- */

bool npc_pdu_calling(const struct npc_pdu *p)
{
    return p->order.sending || p->order.awaiting;
}

enum nt_status npc_pdu_put(struct npc_pdu *p, struct wr *w)
{
    const char *why = "no memory";
    enum bound_kind kind;
    enum nt_status st = w->st;
    size_t len = w->len > NPC_HEADROOM ? w->len - NPC_HEADROOM : 0;
    uint16_t most = !p->open ? NPC_PDU_FIRST : p->facts.max_send;
    if (p->open && p->bound) {
        uint16_t in;
        uint32_t group;
        npc_bound_facts(p->bound, &most, &in, &group);
    }
    if (st == STATUS_SUCCESS && (p->failed || p->dead))
        st = STATUS_PIPE_BROKEN;
    else if (st == STATUS_SUCCESS)
        st = bound_order_take(&p->order, len ? w->base + NPC_HEADROOM : NULL, len, most, &kind, &why);
    if (st != STATUS_SUCCESS) {
        wr_free_secret(w);
        return p->failed ? st : nt_error_set(&p->err, st, "%s", why);
    }
    if (kind == BOUND_NOTHING) {
        wr_free_secret(w);
        return STATUS_SUCCESS;
    }
    if (kind == BOUND_REQUEST_PDU && (w->base[NPC_HEADROOM + 3] & RPC_PFC_FIRST))
        p->wants = false;
    if (p->open)
        return p->bound ? npc_bound_send(p->bound, w, &why) : send_fragment(p, w);
    struct early *e = calloc(1, sizeof *e);
    if (!e) {
        wr_free_secret(w);
        return STATUS_NO_MEMORY;
    }
    e->w = *w;
    wr_init(w, 0);
    *p->early_end = e;
    p->early_end = &e->next;
    if (!p->sent_early)
        return STATUS_SUCCESS;
    struct wr copy;
    wr_init(&copy, e->w.len);
    wr_bytes(&copy, e->w.base, e->w.len);
    return copy.st == STATUS_SUCCESS ? send_fragment(p, &copy) : copy.st;
}

enum nt_status npc_pdu_post(struct npc_pdu *p, const void *fragment, size_t len)
{
    struct wr w;
    wr_init(&w, NPC_HEADROOM + len);
    wr_zero(&w, NPC_HEADROOM);
    wr_bytes(&w, fragment, len);
    return npc_pdu_put(p, &w);
}

enum nt_status npc_pdu_want(struct npc_pdu *p)
{
    if (p->failed || p->dead)
        return STATUS_PIPE_BROKEN;
    if (!npc_pdu_calling(p))
        return STATUS_INVALID_DEVICE_STATE;
    if (p->wants)
        return STATUS_SUCCESS;
    p->wants = true;
    if (p->open && p->bound)
        npc_bound_want(p->bound, true);
    else if (p->has_line && (p->open || p->sent_early))
        return send_recv(p);
    return STATUS_SUCCESS;
}

/* Both ends; the memory goes when nobody looks at it any more. */
static void finish(struct npc_pdu *p, bool clean)
{
    struct wr w;
    bool opening = !p->has_line && !p->has_session && p->session;
    if (p->dead)
        return;
    p->dead = true;
    io_cancel(&p->told);
    io_cancel(&p->timer);
    if (p->has_line && p->open && !p->failed && clean) {
        mux_begin(&w, MUX_PIPE_RELEASE, mux_line_id(&p->line), STATUS_SUCCESS);
        wr_u8(&w, 1);
        if (mux_line_send(&p->line, &w) == STATUS_SUCCESS) {
            io_timer(&p->line.stream, &p->far_end, io_loop_now(p->loop) + FAREWELL_NS);
            io_close(&p->line.stream, STATUS_SUCCESS, true); /* when that has gone: line_closed */
            return;
        }
    }
    npc_bound_close(p->bound);
    p->bound = NULL;
    if (opening) {
        npc_session_give_up(p->session); /* session_opened comes */
        return;
    }
    if (!p->private_loop) {
        npc_session_unref(p->session);
        p->session = NULL;
    }
    if (!p->moving) /* else elsewhere_fn */
        end_soon(p);
}

static bool is_ended(void *arg)
{
    return ((struct npc_pdu *)arg)->ended;
}

static bool is_alone(void *arg)
{
    return ((struct npc_session *)arg)->refs == 1;
}

/* With a loop of its own it is waited for: a session of our own has that loop, and logs off. */
static void end(struct npc_pdu *p, bool clean)
{
    struct nt_loop *l = p->loop;
    bool wait = p->private_loop;
    finish(p, clean);
    if (!wait)
        return;
    (void)io_wait(l, is_ended, p, io_loop_now(l) + FAREWELL_NS, NULL);
    struct npc_session *s = p->has_session ? p->session : NULL;
    free_pdu(p);
    if (s) { /* the pipe's operations hold it until they have ended */
        (void)io_wait(l, is_alone, s, io_loop_now(l) + FAREWELL_NS, NULL);
        npc_session_unref(s);
    } else {
        nt_loop_free(l);
    }
}

void npc_pdu_release(struct npc_pdu *p)
{
    if (p)
        end(p, !npc_pdu_calling(p));
}

void npc_pdu_close(struct npc_pdu *p)
{
    if (p)
        end(p, false);
}

/* ---- facts ---- */

enum nt_status npc_pdu_facts(struct npc_pdu *p, struct npc_pdu_facts *ret)
{
    struct npc_pdu_facts f = { .size = ret->size };
    size_t size = ret->size < sizeof f ? ret->size : sizeof f;
    if (!p->open)
        return p->failed ? STATUS_PIPE_BROKEN : STATUS_PENDING;
    if (p->bound) {
        npc_bound_facts(p->bound, &f.max_send, &f.max_recv, &f.assoc_group);
    } else {
        f.max_send = p->facts.max_send;
        f.max_recv = p->facts.max_recv;
        f.assoc_group = p->facts.assoc_group;
        f.by_mux = true;
        f.warm = p->facts.warm;
        f.bound = p->facts.bound;
    }
    memcpy(ret, &f, size);
    return STATUS_SUCCESS;
}

enum nt_status npc_pdu_transport(struct npc_pdu *p, struct npc_facts *ret)
{
    struct npc_facts f = p->bound ? p->own : p->facts.f;
    size_t size = ret->size < sizeof f ? ret->size : sizeof f;
    if (!p->open)
        return p->failed ? STATUS_PIPE_BROKEN : STATUS_PENDING;
    f.size = ret->size;
    f.muxer = !p->bound;
    memcpy(ret, &f, size);
    return STATUS_SUCCESS;
}

static bool has_key(void *arg)
{
    const struct npc_pdu *p = arg;
    return p->key_status != STATUS_PENDING || p->failed;
}

static enum nt_status ask_key(struct npc_pdu *p)
{
    struct mux_query q = { .pipe = p->facts.pipe, .what = MUX_APPLICATION_KEY };
    struct wr w;
    memcpy(q.cookie, p->facts.cookie, sizeof q.cookie);
    p->query_id = mux_line_id(&p->line);
    mux_begin(&w, MUX_QUERY, p->query_id, STATUS_SUCCESS);
    mux_put_query(&w, &q);
    enum nt_status st = mux_line_send(&p->line, &w);
    if (st != STATUS_SUCCESS)
        return st;
    return io_wait(p->loop, has_key, p, io_loop_now(p->loop) + (uint64_t)p->o.timeout_ms * 1000000u,
                   p->o.cancel);
}

enum nt_status npc_pdu_key(struct npc_pdu *p, struct nt_blob *ret)
{
    if (!p->open)
        return p->failed ? STATUS_PIPE_BROKEN : STATUS_PENDING;
    if (p->key_status == STATUS_PENDING && p->user.keys) {
        unsigned n = p->facts.f.application_key_len;
        memcpy(p->key, p->facts.application_key, sizeof p->key);
        p->key_len = n;
        p->key_status = n ? STATUS_SUCCESS : STATUS_NO_USER_SESSION_KEY;
    }
    if (p->key_status == STATUS_PENDING) {
        enum nt_status st = ask_key(p);
        if (st != STATUS_SUCCESS)
            return st;
    }
    if (p->key_status != STATUS_SUCCESS)
        return p->key_status == STATUS_PENDING ? STATUS_PIPE_BROKEN : p->key_status;
    *ret = (struct nt_blob){ p->key, p->key_len };
    return STATUS_SUCCESS;
}

const char *npc_pdu_error(const struct npc_pdu *p)
{
    return p->err.text;
}

/* ---- opening ---- */

static enum nt_status take(struct npc_pdu *p, const char *server, const char *pipe,
                           const struct npc_options *o)
{
    size_t n = server ? strlen(server) : 0;
    if (n == 0 || n > MUX_NAME_MAX || (o->target && strlen(o->target) > MUX_NAME_MAX))
        return nt_error_set(o->error, STATUS_INVALID_PARAMETER, "names of hosts have 1 to 255 bytes");
    enum nt_status st = npc_pipe_name(pipe, p->pipe);
    if (st != STATUS_SUCCESS)
        return nt_error_set(o->error, st, "\"%.100s\" is not the name of a pipe", pipe);
    st = npc_mux_wanted(o, &p->choice);
    if (st != STATUS_SUCCESS)
        return st;
    p->o = *o;
    p->o.creds = o->creds ? sec_creds_ref(o->creds) : NULL;
    p->o.mux = NULL;
    p->o.error = NULL;
    p->o.timeout_ms = o->timeout_ms ? o->timeout_ms : NPC_DEFAULT_TIMEOUT_MS;
    p->server = strdup(server);
    p->target = o->target ? strdup(o->target) : NULL;
    return p->server && (p->target || !o->target) ? st : STATUS_NO_MEMORY;
}

/* A caller that was built earlier has a shorter structure; what it lacks has its default. */
static enum nt_status take_options(const struct npc_options *from, struct npc_options *ret)
{
    *ret = (struct npc_options)NPC_OPTIONS_INIT;
    if (from->size < offsetof(struct npc_options, target))
        return STATUS_INVALID_PARAMETER;
    memcpy(ret, from, from->size < sizeof *ret ? from->size : sizeof *ret);
    ret->size = sizeof *ret;
    return STATUS_SUCCESS;
}

static enum nt_status start(const char *server, const char *pipe, const struct npc_interface *iface,
                            const struct npc_options *o, bool private_loop, const struct npc_pdu_user *u,
                            void *arg, struct npc_pdu **ret)
{
    struct npc_pdu *p = calloc(1, sizeof *p);
    if (!p)
        return nt_error_set(o->error, STATUS_NO_MEMORY, "no memory");
    p->loop = o->loop;
    p->private_loop = private_loop;
    p->key_status = STATUS_PENDING;
    memcpy(&p->user, u, u->size < sizeof p->user ? u->size : sizeof p->user);
    p->arg = arg ? arg : p;
    p->iface = *iface;
    p->early_end = &p->early;
    p->held_end = &p->held;
    io_item_init(&p->told, told_fn);
    io_item_init(&p->timer, opening_late);
    io_item_init(&p->move, elsewhere_fn);
    io_item_init(&p->end, end_fn);
    io_item_init(&p->far_end, far_end_fn);
    enum nt_status st = take(p, server, pipe, o);
    if (st == STATUS_SUCCESS) {
        st = start_way(p);
        while (st != STATUS_SUCCESS && may_go_elsewhere(p)) {
            p->way++;
            st = start_way(p);
        }
        if (st != STATUS_SUCCESS)
            nt_error_set(o->error, st, "%s", p->opening.text);
    }
    if (st != STATUS_SUCCESS)
        free_pdu(p);
    else
        *ret = p;
    return st;
}

enum nt_status npc_pdu_start(const char *server, const char *pipe, const struct npc_interface *iface,
                             const struct npc_options *o, const struct npc_pdu_user *u, void *arg,
                             struct npc_pdu **ret)
{
    struct npc_options own;
    enum nt_status st = take_options(o, &own);
    if (st != STATUS_SUCCESS)
        return st;
    if (!own.loop || !u->fragment || !u->failed)
        return nt_error_set(own.error, STATUS_INVALID_PARAMETER,
                            "a loop, and functions for fragments and failures");
    return start(server, pipe, iface, &own, false, u, arg, ret);
}

/* ---- synchronous ---- */

static void sync_fragment(void *arg, struct npc_pdu *p, uint8_t *data, size_t len, bool last)
{
    struct held *h = malloc(sizeof *h + len);
    (void)arg;
    (void)last;
    if (!h) {
        fail(p, STATUS_NO_MEMORY, "no memory");
        return;
    }
    h->next = NULL;
    h->len = len;
    memcpy(h->data, data, len);
    *p->held_end = h;
    p->held_end = &h->next;
}

static void sync_failed(void *arg, struct npc_pdu *p, enum nt_status why)
{
    (void)arg;
    p->why = why; /* whoever waits looks */
}

static bool is_open(void *arg)
{
    const struct npc_pdu *p = arg;
    return p->open || p->failed;
}

static bool has_fragment(void *arg)
{
    const struct npc_pdu *p = arg;
    return p->held || p->failed;
}

enum nt_status npc_pdu_open_ahead(const char *server, const char *pipe, const struct npc_interface *iface,
                                  const struct npc_options *o, struct npc_pdu **ret)
{
    static const struct npc_pdu_user u = { .size = sizeof u,
                                           .fragment = sync_fragment,
                                           .failed = sync_failed };
    struct npc_options own;
    enum nt_status st = take_options(o, &own);
    bool private_loop = st == STATUS_SUCCESS && !own.loop;
    if (private_loop)
        st = nt_loop_new(own.env, &own.loop);
    else if (st == STATUS_SUCCESS && !npc_may_wait(own.loop))
        return nt_error_set(own.error, STATUS_INVALID_DEVICE_STATE, "not from a callback");
    if (st != STATUS_SUCCESS)
        return st;
    st = start(server, pipe, iface, &own, private_loop, &u, NULL, ret);
    if (st != STATUS_SUCCESS && private_loop)
        nt_loop_free(own.loop);
    return st;
}

enum nt_status npc_pdu_open(const char *server, const char *pipe, const struct npc_interface *iface,
                            const struct npc_options *o, struct npc_pdu **ret)
{
    struct npc_pdu *p;
    enum nt_status st = npc_pdu_open_ahead(server, pipe, iface, o, &p);
    if (st != STATUS_SUCCESS)
        return st;
    st = io_wait(p->loop, is_open, p, UINT64_MAX, p->o.cancel); /* opening has its time limit */
    if (st == STATUS_SUCCESS && p->failed)
        st = p->why;
    if (st == STATUS_SUCCESS) {
        *ret = p;
        return st;
    }
    if (o->size > offsetof(struct npc_options, error))
        nt_error_set(o->error, st, "%s", p->failed ? p->err.text : "opening was cancelled");
    npc_pdu_close(p);
    return st;
}

enum nt_status npc_pdu_send(struct npc_pdu *p, const void *fragment, size_t len)
{
    if (!npc_may_wait(p->loop))
        return STATUS_INVALID_DEVICE_STATE;
    enum nt_status st = npc_pdu_post(p, fragment, len);
    if (st == STATUS_PIPE_BROKEN && p->failed)
        st = p->why;
    /* what is queued is bounded by the peer's reading; the rest of a request that is long waits here */
    if (st == STATUS_SUCCESS && p->open && p->order.sending)
        (void)!nt_loop_run(p->loop, 0);
    return st;
}

enum nt_status npc_pdu_recv(struct npc_pdu *p, struct nt_arena *mem, unsigned timeout_ms, struct nt_blob *ret)
{
    enum nt_status st = STATUS_SUCCESS;
    unsigned ms = timeout_ms ? timeout_ms : p->o.timeout_ms;
    if (!npc_may_wait(p->loop))
        return STATUS_INVALID_DEVICE_STATE;
    if (!p->held && !p->failed)
        st = npc_pdu_want(p);
    if (st == STATUS_SUCCESS && !p->held && !p->failed)
        st = io_wait(p->loop, has_fragment, p, io_loop_now(p->loop) + (uint64_t)ms * 1000000u, p->o.cancel);
    if (st == STATUS_SUCCESS && !p->held)
        st = p->why;
    if (st != STATUS_SUCCESS) {
        if (!p->failed)
            nt_error_set(&p->err, st, "no answer: %s", nt_status_text(st));
        return st;
    }
    struct held *h = p->held;
    const uint8_t *data = nt_arena_memdup(mem, h->data, h->len);
    if (!data)
        return STATUS_NO_MEMORY;
    *ret = (struct nt_blob){ data, h->len };
    p->held = h->next;
    if (!p->held)
        p->held_end = &p->held;
    nt_wipe(h->data, h->len);
    free(h);
    return STATUS_SUCCESS;
}
