// SPDX-License-Identifier: Apache-2.0
/* A server's connection: PDUs in, bind and alter_context, the end ([MS-RPCE] 3.3.1, 3.3.3). */
#include <stdio.h>
#include <stdlib.h>
#include "rpc/m_server.h"

#define NS_PER_MS UINT64_C(1000000)
/* A connection that we end may take its last PDU with it, if it reads that soon. */
#define FAREWELL (5000 * NS_PER_MS)
/* Most PDUs that a server sends fit. */
#define FIRST_ROOM 512

size_t rpc_sconn_writer(struct rpc_sconn *c, struct wr *w, size_t limit)
{
    size_t headroom = c->tp->ops->headroom;
    wr_init(w, limit + headroom);
    if (wr_grow(w, headroom + (limit < FIRST_ROOM ? limit : FIRST_ROOM)))
        (void)wr_room(w, headroom);
    return headroom;
}

void rpc_sconn_hang_up(struct rpc_sconn *c)
{
    if (c->state == RPC_SC_CLOSED)
        return;
    c->state = RPC_SC_CLOSED;
    /* a client that is idle at its pipe does not notice; a server that is drained does not wait for it */
    io_timer(c->tp->stream, &c->timer,
             io_loop_now(c->s->loop) + (c->asked_to_leave ? RPC_SERVER_LEAVE : FAREWELL));
    c->tp->ops->finish(c->tp);
}

void rpc_sconn_put(struct rpc_sconn *c, struct wr *w)
{
    rpc_sconn_sends(c, w);
    if (c->tp->ops->send(c->tp, w, false) != STATUS_SUCCESS)
        rpc_sconn_hang_up(c);
}

void rpc_sconn_send(struct rpc_sconn *c, struct wr *w)
{
    size_t start = c->tp->ops->headroom;
    if (c->s->observer.pdu && w->st == STATUS_SUCCESS)
        rpc_observe_plain(c, true, w->base + start, w->len - start);
    rpc_sconn_put(c, w);
}

void rpc_sconn_fault(struct rpc_sconn *c, uint32_t call_id, uint16_t ctx, enum nt_status st, bool ran)
{
    struct wr w;
    unsigned flags = RPC_PFC_WHOLE | (ran ? 0U : (unsigned)RPC_PFC_DID_NOT_EXECUTE);
    (void)rpc_sconn_writer(c, &w, RPC_FAULT_LEN); /* no more: a flood of them may wait */
    rpc_put_fault(&w, flags, call_id, ctx, nt_to_rpc_fault(st));
    c->s->faults++;
    rpc_sconn_send(c, &w);
}

/* The peer broke the protocol: it is told, and that was it. */
static void proto_error(struct rpc_sconn *c, uint32_t call_id)
{
    rpc_sconn_fault(c, call_id, 0, RPC_NT_PROTOCOL_ERROR, false);
    rpc_sconn_hang_up(c);
}

static void nak(struct rpc_sconn *c, uint32_t call_id, uint16_t reason)
{
    struct wr w;
    (void)rpc_sconn_writer(c, &w, RPC_FRAG_MAX);
    rpc_put_nak(&w, call_id, reason);
    rpc_sconn_send(c, &w);
    rpc_sconn_hang_up(c);
}

/* ---- presentation contexts ---- */

/* [C706] 12.6.4.3: the same major version, and a minor one that is not newer than ours. */
struct rpc_served *rpc_server_find(const struct rpc_server *s, const struct rpc_syntax *syntax)
{
    for (struct rpc_served *p = s->served; p; p = p->next)
        if (nt_guid_equal(&p->iface->syntax.uuid, &syntax->uuid) && p->iface->syntax.major == syntax->major &&
            p->iface->syntax.minor >= syntax->minor)
            return p;
    return NULL;
}

/* Bind time feature negotiation is a transfer syntax with bits in the second half of its UUID. */
static bool is_features(const struct rpc_syntax *t, uint16_t *ret_bits)
{
    struct rpc_syntax plain = rpc_syntax_features(t->uuid.d[0]);
    if (!rpc_syntax_equal(t, &plain))
        return false;
    *ret_bits = t->uuid.d[0] & (RPC_FEATURE_SEC_MULTIPLEX | RPC_FEATURE_KEEP_ON_ORPHAN);
    return true;
}

static struct rpc_scontext *context_slot(struct rpc_sconn *c, uint16_t id)
{
    for (unsigned i = 0; i < c->n_ctx; i++)
        if (c->ctx[i].id == id)
            return &c->ctx[i];
    return c->n_ctx < RPC_CONTEXTS_MAX ? &c->ctx[c->n_ctx] : NULL;
}

static struct rpc_result rejection(uint16_t reason)
{
    return (struct rpc_result){ .result = RPC_RESULT_PROVIDER_REJECTION, .reason = reason };
}

/* What is to come of one element of the list. */
struct offer {
    uint16_t id;
    struct rpc_served *served; /* NULL: nobody here, or no interface at all */
    bool features, speaks, wide, conflict;
    uint16_t bits;
};

/* Of the transfer syntaxes NDR64, the width of this machine, is taken before NDR 2.0 ([MS-RPCE] 3.3.1.5.6).
 */
static void read_offer(struct rpc_sconn *c, const struct rpc_ctx_elem *e, struct offer *o)
{
    *o = (struct offer){ .id = e->id, .served = rpc_server_find(c->s, &e->abstract) };
    if (e->n_transfers && is_features(&e->transfers[0], &o->bits)) {
        o->features = true; /* whatever is behind it ([MS-RPCE] 3.3.1.5.3) */
        return;
    }
    for (unsigned i = 0; i < e->n_transfers && o->served; i++) {
        bool wide = rpc_syntax_equal(&e->transfers[i], &rpc_syntax_ndr64);
        o->speaks = o->speaks || wide || rpc_syntax_equal(&e->transfers[i], &rpc_syntax_ndr20);
        o->wide = o->wide || wide;
    }
    for (unsigned i = 0; i < c->n_ctx; i++)
        if (c->ctx[i].id == e->id)
            o->conflict = c->ctx[i].served != o->served || (o->speaks && c->ctx[i].ndr64 != o->wide);
}

/* False for a list that no client may send: empty, an element without transfer syntaxes, features asked for
 * twice, or a context that stands offered as another one ([C706] 12.6.4.3; so does Windows). */
static bool read_offers(struct rpc_sconn *c, const struct rpc_pdu *d, struct offer *offers)
{
    struct rpc_rd list = d->u.bind.list;
    unsigned features = 0;
    for (unsigned i = 0; i < d->u.bind.n; i++) {
        struct rpc_ctx_elem e;
        rpc_get_ctx_elem(&list, &e);
        read_offer(c, &e, &offers[i]);
        features += offers[i].features;
        if (e.n_transfers == 0 || offers[i].conflict || features > 1)
            return false;
    }
    return d->u.bind.n > 0;
}

/* A client offers an interface once for each transfer syntax, and one of these is taken. */
static bool is_chosen(const struct offer *offers, unsigned n, unsigned which)
{
    unsigned best = n;
    for (unsigned i = 0; i < n; i++)
        if (offers[i].served == offers[which].served && offers[i].speaks &&
            (best == n || (offers[i].wide && !offers[best].wide)))
            best = i;
    return best == which;
}

static struct rpc_result answer_offer(struct rpc_sconn *c, const struct offer *offers, unsigned n,
                                      unsigned which)
{
    const struct offer *o = &offers[which];
    if (o->features)
        return (struct rpc_result){ .result = RPC_RESULT_NEGOTIATE_ACK, .reason = o->bits };
    if (!o->served)
        return rejection(RPC_REASON_ABSTRACT_SYNTAX);
    if (!o->speaks || !is_chosen(offers, n, which))
        return rejection(RPC_REASON_TRANSFER_SYNTAXES);
    struct rpc_scontext *slot = context_slot(c, o->id);
    if (!slot)
        return rejection(RPC_REASON_LOCAL_LIMIT);
    if (slot == &c->ctx[c->n_ctx])
        c->n_ctx++;
    *slot = (struct rpc_scontext){ o->id, o->served, o->wide };
    return (struct rpc_result){ .result = RPC_RESULT_ACCEPTANCE,
                                .transfer = o->wide ? rpc_syntax_ndr64 : rpc_syntax_ndr20 };
}

/* ---- bind and alter_context ---- */

/* The length of fragments in both directions: what both can, a multiple of 8. Who claims less than every
 * implementation has to take ([C706] 12.6.3.1) gets what Windows gives then. */
static uint16_t agree_on_fragments(const struct rpc_sconn *c, const struct rpc_pdu *d)
{
    uint16_t a = d->u.bind.max_recv, b = d->u.bind.max_xmit, n = a < b ? a : b;
    if (n < RPC_FRAG_MIN)
        n = RPC_FRAG_LEAST_OFFER;
    if (n > c->s->max_frag)
        n = c->s->max_frag;
    return (uint16_t)(n & ~7U);
}

/* The security context that a bind or alter_context goes on with; *ret_st is what came of the token. */
static struct rpc_ssec *authenticate(struct rpc_sconn *c, const uint8_t *pdu, const struct rpc_pdu *d,
                                     struct wr *token, enum nt_status *ret_st)
{
    struct rpc_ssec *x = rpc_ssec_find(c, d->auth.ctx_id);
    *ret_st = STATUS_SUCCESS;
    if (!x)
        *ret_st = rpc_ssec_new(c, d, &x);
    if (*ret_st == STATUS_SUCCESS)
        *ret_st = rpc_ssec_step(c, x, pdu, d, token);
    if (*ret_st == STATUS_MORE_PROCESSING_REQUIRED)
        *ret_st = STATUS_SUCCESS;
    return x;
}

static uint16_t nak_reason(enum nt_status st)
{
    if (st == RPC_NT_UNKNOWN_AUTHN_SERVICE)
        return RPC_NAK_AUTH_TYPE;
    if (st == RPC_NT_UNKNOWN_AUTHN_LEVEL)
        return RPC_NAK_NOT_SPECIFIED;
    return st == STATUS_INSUFFICIENT_RESOURCES ? RPC_NAK_LOCAL_LIMIT : RPC_NAK_CHECKSUM;
}

static void send_ack(struct rpc_sconn *c, const struct rpc_pdu *d, const struct offer *offers,
                     struct rpc_ssec *x, struct nt_blob token)
{
    struct rpc_result results[UINT8_MAX];
    struct wr w;
    bool bind = d->h.ptype == RPC_PT_BIND, sign = !x || (x->sec.provider->caps & SEC_CAP_HEADER_SIGN);
    for (unsigned i = 0; i < d->u.bind.n; i++)
        results[i] = answer_offer(c, offers, d->u.bind.n, i);
    unsigned flags = RPC_PFC_WHOLE | (bind ? d->h.flags & RPC_PFC_CONC_MPX : 0U) |
                     (sign ? d->h.flags & RPC_PFC_HEADER_SIGN : 0U);
    size_t start = rpc_sconn_writer(c, &w, RPC_FRAG_MAX);
    rpc_put_ack(&w, bind ? RPC_PT_BIND_ACK : RPC_PT_ALTER_RESP, flags, d->h.call_id, c->max_xmit, c->max_recv,
                c->group->id, bind ? c->endpoint : NULL, results, d->u.bind.n);
    if (x) /* also where no token is left to send: so does Windows */
        rpc_put_token(&w, start, &x->sec, token);
    rpc_sconn_send(c, &w);
}

static void told(struct rpc_sconn *c, const struct rpc_pdu *d, bool ok, uint32_t reason)
{
    if (c->s->observer.bind)
        rpc_observe_bind(c, d, ok, reason);
}

static void on_bind(struct rpc_sconn *c, const uint8_t *pdu, const struct rpc_pdu *d)
{
    enum nt_status st = STATUS_SUCCESS;
    struct rpc_ssec *x = NULL;
    struct offer offers[UINT8_MAX];
    struct wr token;
    if (c->state != RPC_SC_NEW || !read_offers(c, d, offers)) {
        told(c, d, false, RPC_NAK_NOT_SPECIFIED);
        nak(c, d->h.call_id, RPC_NAK_NOT_SPECIFIED);
        return;
    }
    c->group = rpc_group_get(c->s, d->u.bind.assoc, c->peer, c->carried);
    c->mpx = d->h.flags & RPC_PFC_CONC_MPX;
    c->plain = !d->has_auth;
    if (!c->group) {
        told(c, d, false, RPC_NAK_NOT_SPECIFIED);
        nak(c, d->h.call_id, RPC_NAK_NOT_SPECIFIED);
        return;
    }
    c->max_xmit = c->max_recv = agree_on_fragments(c, d);
    wr_init(&token, RPC_FRAG_MAX);
    if (d->h.flags & RPC_PFC_HEADER_SIGN)
        rpc_ssec_sign_headers(c);
    if (d->has_auth)
        x = authenticate(c, pdu, d, &token, &st);
    if (st == STATUS_SUCCESS) {
        c->state = RPC_SC_BOUND;
        send_ack(c, d, offers, x, (struct nt_blob){ token.base, token.len });
        told(c, d, true, 0);
        rpc_sconn_touch(c);
    } else {
        told(c, d, false, nak_reason(st));
        nak(c, d->h.call_id, nak_reason(st));
    }
    wr_free_secret(&token);
}

/* Too many contexts is [MS-RPCE] 3.3.1.5.4's RPC_S_PROTOCOL_ERROR; why somebody is not let in is told in no
 * more words than Windows has for it. */
static enum nt_status alter_fault(enum nt_status st)
{
    if (st == STATUS_INSUFFICIENT_RESOURCES)
        return RPC_NT_PROTOCOL_ERROR;
    return st == RPC_NT_PROTOCOL_ERROR || st == RPC_NT_SEC_PKG_ERROR ? st : STATUS_ACCESS_DENIED;
}

static void on_alter(struct rpc_sconn *c, const uint8_t *pdu, const struct rpc_pdu *d)
{
    enum nt_status st = STATUS_SUCCESS;
    struct rpc_ssec *x = NULL;
    struct offer offers[UINT8_MAX];
    struct wr token;
    bool stranger = d->has_auth && !sec_provider_by_type(d->auth.type);
    if (c->state != RPC_SC_BOUND || (!stranger && !read_offers(c, d, offers))) {
        proto_error(c, d->h.call_id);
        return;
    }
    wr_init(&token, RPC_FRAG_MAX);
    if (d->h.flags & RPC_PFC_HEADER_SIGN)
        rpc_ssec_sign_headers(c);
    if (d->has_auth) {
        x = rpc_ssec_find(c, d->auth.ctx_id);
        if (!stranger && (!x || !x->sec.established))
            x = authenticate(c, pdu, d, &token, &st);
        else /* nobody authenticates twice, or by what nobody knows */
            st = STATUS_ACCESS_DENIED;
    }
    if (st == STATUS_SUCCESS) {
        send_ack(c, d, offers, x, (struct nt_blob){ token.base, token.len });
        told(c, d, true, 0);
        if (x && x->sec.established)
            rpc_sconn_touch(c);
    } else {
        told(c, d, false, nt_to_rpc_fault(alter_fault(st)));
        rpc_sconn_fault(c, d->h.call_id, 0, alter_fault(st), false);
        rpc_sconn_hang_up(c);
    }
    wr_free_secret(&token);
}

/* The last leg has no answer ([MS-RPCE] 2.2.2.10): a failure shows with the first request. */
static void on_auth3(struct rpc_sconn *c, const uint8_t *pdu, const struct rpc_pdu *d)
{
    struct rpc_ssec *x = d->has_auth ? rpc_ssec_find(c, d->auth.ctx_id) : NULL;
    struct wr token;
    if (c->state != RPC_SC_BOUND || !x || x->sec.established) {
        proto_error(c, d->h.call_id);
        return;
    }
    wr_init(&token, RPC_FRAG_MAX);
    if (rpc_ssec_step(c, x, pdu, d, &token) != STATUS_SUCCESS || token.len)
        x->failed = true;
    else
        rpc_sconn_touch(c); /* the time for authentication has an end */
    wr_free_secret(&token);
}

/* ---- receiving ---- */

/* Of a PDU that could not be decoded. */
static uint32_t call_id_of(const uint8_t *pdu)
{
    uint32_t id = le32(pdu + 12);
    return (pdu[4] & 0xf0) == 0 ? __builtin_bswap32(id) : id;
}

/* What Windows says to each kind. */
static void malformed(struct rpc_sconn *c, const uint8_t *pdu)
{
    if (pdu[2] == RPC_PT_BIND && c->state == RPC_SC_NEW) {
        nak(c, call_id_of(pdu), RPC_NAK_VERSION); /* "a protocol error", [MS-RPCE] 2.2.2.5 */
    } else if (pdu[2] == RPC_PT_AUTH3) {
        rpc_sconn_fault(c, call_id_of(pdu), 0, STATUS_INSUFF_SERVER_RESOURCES, false);
        rpc_sconn_hang_up(c);
    } else {
        proto_error(c, call_id_of(pdu));
    }
}

static void on_pdu(struct rpc_sconn *c, uint8_t *pdu, size_t len)
{
    struct rpc_pdu d;
    const char *why = NULL;
    c->s->packets_in++;
    if (rpc_pdu_decode(pdu, len, &d, &why) != STATUS_SUCCESS) {
        malformed(c, pdu);
        return;
    }
    if (c->s->observer.pdu && (d.h.ptype == RPC_PT_BIND || d.h.ptype == RPC_PT_ALTER ||
                               d.h.ptype == RPC_PT_CO_CANCEL || d.h.ptype == RPC_PT_ORPHANED))
        rpc_observe_plain(c, false, pdu, len); /* others once their protection is off */
    switch ((enum rpc_ptype)d.h.ptype) {
    case RPC_PT_BIND:
        on_bind(c, pdu, &d);
        break;
    case RPC_PT_ALTER:
        on_alter(c, pdu, &d);
        break;
    case RPC_PT_AUTH3:
        on_auth3(c, pdu, &d);
        break;
    case RPC_PT_REQUEST:
        if (c->state == RPC_SC_BOUND)
            rpc_scall_on_request(c, pdu, &d);
        else
            proto_error(c, d.h.call_id);
        break;
    case RPC_PT_CO_CANCEL:
    case RPC_PT_ORPHANED:
        rpc_scall_on_cancel(c, d.h.call_id, d.h.ptype == RPC_PT_ORPHANED);
        break;
    case RPC_PT_RESPONSE:
    case RPC_PT_FAULT:
        if (c->state != RPC_SC_BOUND || !rpc_scallback_on_answer(c, pdu, &d))
            proto_error(c, d.h.call_id);
        break;
    case RPC_PT_BIND_ACK:
    case RPC_PT_BIND_NAK:
    case RPC_PT_ALTER_RESP:
    case RPC_PT_SHUTDOWN:
    default:
        proto_error(c, d.h.call_id);
    }
}

/* The length of the PDU that starts at p; 0 when the connection has ended over it. */
static size_t pdu_len(struct rpc_sconn *c, const uint8_t *p)
{
    struct rpc_hdr h = { 0 };
    const char *why = NULL;
    enum nt_status st = rpc_hdr_decode(p, &h, &why);
    bool binding = h.ptype == RPC_PT_BIND || h.ptype == RPC_PT_ALTER || h.ptype == RPC_PT_AUTH3;
    if (st == STATUS_SUCCESS && (binding || c->state == RPC_SC_NEW || h.frag_len <= c->s->max_frag))
        return h.frag_len;
    if (st == STATUS_SUCCESS) { /* longer than was agreed on */
        rpc_sconn_fault(c, h.call_id, 0, RPC_NT_PROTOCOL_ERROR, true);
        rpc_sconn_hang_up(c);
    } else if (c->state == RPC_SC_NEW && p[0] != 5) {
        rpc_sconn_hang_up(c); /* not RPC at all */
    } else {
        malformed(c, p);
    }
    return 0;
}

static size_t partial_len(void *c, const uint8_t *p)
{
    return pdu_len(c, p);
}

/* A PDU that has come in part; false if it is still not whole. */
static bool fill_partial(struct rpc_sconn *c, uint8_t **data, size_t *len)
{
    bool whole = rpc_gather(&c->in, data, len, partial_len, c);
    if (c->in.st != STATUS_SUCCESS)
        rpc_sconn_hang_up(c);
    return whole;
}

static void conn_data(void *up, uint8_t *data, size_t len)
{
    struct rpc_sconn *c = up;
    c->bytes_in += len;
    c->s->bytes_in += len;
    while (len && c->state != RPC_SC_CLOSED) {
        size_t n = 0;
        if (c->in.len == 0 && len >= RPC_HDR_LEN && (n = pdu_len(c, data)) == 0)
            return;
        if (n && n <= len) {
            on_pdu(c, data, n);
            data += n;
            len -= n;
        } else if (fill_partial(c, &data, &len)) {
            n = c->in.len;
            c->in.len = 0; /* the bytes stay until the next part comes */
            on_pdu(c, c->in.base, n);
        }
    }
    if (c->in.len == 0 && c->in.base) { /* an idle connection holds no buffer */
        wr_free(&c->in);
        wr_init(&c->in, RPC_FRAG_MAX);
    }
    rpc_budget_part(c);
}

/* ---- life ---- */

/* Somebody may call something here: a caller with a name, a local one that an interface trusts, or anybody at
 * all where it lets strangers in. */
static bool welcome(const struct rpc_sconn *c)
{
    for (unsigned i = 0; i < c->n_sec; i++)
        if (c->sec[i]->sec.established)
            return true;
    for (unsigned i = 0; i < c->n_ctx; i++)
        if (c->ctx[i].served &&
            rpc_served_level(c->s, c->ctx[i].served) <= rpc_local_level(c, c->ctx[i].served))
            return true;
    return false;
}

void rpc_sconn_touch(struct rpc_sconn *c)
{
    uint64_t limit = welcome(c) ? c->s->idle_timeout : c->s->bind_timeout;
    for (unsigned i = 0; i < c->n_sec; i++)
        if (!c->sec[i]->sec.established) /* half an authentication does not stay for ever */
            limit = c->s->bind_timeout;
    if (c->state == RPC_SC_CLOSED || c->asked_to_leave)
        return;
    if (limit)
        io_timer(c->tp->stream, &c->timer, io_loop_now(c->s->loop) + limit);
    else
        io_cancel(&c->timer);
}

static void conn_opened(void *up)
{
    rpc_sconn_touch(up);
}

static void conn_closed(void *up, enum nt_status why)
{
    (void)why;
    rpc_sconn_close(up);
}

static void conn_idle(void *up)
{
    (void)up;
}

/* What was sent has left: calls that waited for that run, pipes go on. */
static void conn_room(void *up)
{
    struct rpc_sconn *c = up;
    rpc_spipe_room(c);
    rpc_sconn_look(c);
}

static const struct rpc_transport_up server_up = { conn_opened, conn_data, conn_closed, conn_idle,
                                                   conn_room };

static void ready_fn(struct io_item *it)
{
    rpc_scall_run_ready(io_container(it, struct rpc_sconn, ready));
}

/* A call that runs keeps its connection; one that arrives does not. */
static void timer_fn(struct io_item *it)
{
    struct rpc_sconn *c = io_container(it, struct rpc_sconn, timer);
    for (const struct rpc_server_call *call = c->calls; call && c->state == RPC_SC_BOUND; call = call->next)
        if (call->state >= RPC_SCALL_READY) {
            rpc_sconn_touch(c);
            return;
        }
    rpc_sconn_close(c);
}

static void destroy_fn(struct io_item *it)
{
    struct rpc_sconn *c = io_container(it, struct rpc_sconn, destroy);
    c->tp->ops->free(c->tp);
    rpc_peer_forget(c);
    rpc_ssec_free_all(c);
    wr_free_secret(&c->in);
    rpc_server_unref(c->s);
    free(c->endpoint);
    free(c);
}

static void sconn_start(struct rpc_sconn *c, struct rpc_server *s, const char *peer)
{
    c->s = s;
    s->refs++;
    c->max_recv = RPC_FRAG_MAX; /* until the bind says */
    snprintf(c->peer, sizeof c->peer, "%s", peer ? peer : "");
    wr_init(&c->in, RPC_FRAG_MAX);
    io_item_init(&c->ready, ready_fn);
    io_item_init(&c->timer, timer_fn);
    io_item_init(&c->stall, rpc_budget_stalled);
    io_item_init(&c->destroy, destroy_fn);
    c->next = s->conns;
    c->link = &s->conns;
    if (c->next)
        c->next->link = &c->next;
    s->conns = c;
    s->n_conns++;
    c->number = ++s->last_conn;
}

enum nt_status rpc_sconn_new(struct rpc_server *s, const char *peer, struct rpc_sconn **ret)
{
    struct rpc_sconn *c = calloc(1, sizeof *c);
    if (!c)
        return STATUS_NO_MEMORY;
    enum nt_status st = rpc_stream_new(&server_up, c, s->env, &c->tp);
    if (st != STATUS_SUCCESS) {
        free(c);
        return st;
    }
    c->s = s;
    if (peer)
        st = rpc_peer_enter_text(c, peer);
    if (st != STATUS_SUCCESS) {
        c->tp->ops->free(c->tp);
        free(c);
        return st;
    }
    sconn_start(c, s, peer);
    *ret = c;
    return STATUS_SUCCESS;
}

enum nt_status rpc_sconn_carry(struct rpc_server *s, struct rpc_transport *tp,
                               const struct rpc_carried_caller *who, struct rpc_sconn **ret)
{
    struct rpc_sconn *c = !s->draining ? calloc(1, sizeof *c) : NULL;
    if (!c) {
        s->refused++;
        rpc_observe_refused(s, s->draining ? RPC_REFUSED_DRAINING : RPC_REFUSED_MEMORY, who->peer);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    c->endpoint = strdup(who->endpoint);
    if (!c->endpoint) {
        free(c);
        return STATUS_NO_MEMORY;
    }
    tp->up_ops = &server_up;
    tp->up = c;
    c->tp = tp;
    c->carried = true;
    c->carried_level = who->level;
    c->s = s;
    c->token = sec_token_ref(who->token);
    snprintf(c->peer, sizeof c->peer, "%s", who->peer);
    snprintf(c->here, sizeof c->here, "%s", who->local ? who->local : "");
    enum nt_status st = rpc_peer_enter_text(c, who->peer);
    if (st == STATUS_SUCCESS && !rpc_budget_room(c, 1)) {
        rpc_peer_leave(c);
        rpc_peer_forget(c);
        st = STATUS_INSUFFICIENT_RESOURCES;
    }
    if (st != STATUS_SUCCESS) {
        s->refused++;
        sec_token_unref(c->token);
        free(c->endpoint);
        free(c);
        return st;
    }
    snprintf(c->carried_mech, sizeof c->carried_mech, "%s", who->mech);
    sconn_start(c, s, who->peer);
    s->accepted++;
    rpc_observe_opened(c);
    rpc_sconn_touch(c);
    *ret = c;
    return STATUS_SUCCESS;
}

void rpc_sconn_close(struct rpc_sconn *c)
{
    if (!c->link)
        return; /* is going already */
    c->state = RPC_SC_CLOSED;
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    c->link = NULL;
    c->s->n_conns--;
    rpc_scall_lose_client(c);
    rpc_observe_closed(c);
    rpc_peer_leave(c);
    io_cancel(&c->ready);
    io_cancel(&c->timer);
    io_cancel(&c->stall);
    c->tp->ops->close(c->tp);
    rpc_group_unref(c->group); /* at once: after rpc_server_free nothing is run down any more */
    c->group = NULL;
    rpc_drain_check(c->s);
    io_loop_defer(c->s->loop, &c->destroy);
}
