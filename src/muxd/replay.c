// SPDX-License-Identifier: Apache-2.0
/* A recording answers: binds as they were answered, requests by what is equal to them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "muxd/m_replay.h"

/* Reassembled request: as much as the recording may have. */
#define REQUEST_MAX CAPTURE_STUB_MAX
/* A request that is not there. As a Win32 code in a fault PDU ([MS-RPCE] 2.2.2.9): the caller's
 * ERROR_NOT_FOUND. */
#define FAULT_NOT_RECORDED 1168u
#define FAULT_CONTEXT      0x1c00001cu /* nca_s_invalid_pres_context_id, [C706] appendix E */
#define FAULT_SECURITY     5u          /* ERROR_ACCESS_DENIED, which security that makes no sense gets */

struct context {
    uint16_t id;
    struct rpc_syntax iface;
    enum capture_syntax syntax;
};

struct muxd_play {
    struct muxd_replay *r;
    char server[256], name[769];
    void (*answer)(void *arg, struct wr *w);
    void (*broken)(void *arg);
    void *arg;
    uint16_t max_frag;
    struct context ctx[RPC_CONTEXTS_MAX];
    unsigned n_ctx;
    /* a request of which not all fragments have come */
    bool partial;
    uint32_t call_id;
    struct rec_call q;
    uint16_t q_ctx;
    struct wr stub;
};

static void miss(struct muxd_play *p, const char *why)
{
    if (p->r->miss)
        p->r->miss(p->r->miss_arg, p->server, p->name, why);
}

void muxd_replay_on_miss(struct muxd_replay *r,
                         void (*fn)(void *arg, const char *server, const char *pipe, const char *why),
                         void *arg)
{
    r->miss = fn;
    r->miss_arg = arg;
}

bool muxd_replay_knows(const struct muxd_replay *r, const char *server)
{
    const struct rec_pipe *p = r->pipes;
    while (p && !rec_is_server(p, server))
        p = p->next;
    return p;
}

/* ---- the recording of one name: perhaps several, of several connections ---- */

static struct rec_pipe *next_pipe(const struct muxd_play *p, struct rec_pipe *after)
{
    struct rec_pipe *x = after ? after->next : p->r->pipes;
    while (x && !(strcasecmp(x->name, p->name) == 0 && rec_is_server(x, p->server)))
        x = x->next;
    return x;
}

static bool is_equal(const struct rec_call *a, const struct rec_call *b)
{
    return a->opnum == b->opnum && a->syntax == b->syntax && a->req.len == b->req.len &&
           a->req_drep == b->req_drep && rpc_syntax_equal(&a->iface, &b->iface) &&
           a->has_object == b->has_object && (!a->has_object || nt_guid_equal(&a->object, &b->object)) &&
           (a->req.len == 0 || memcmp(a->req.data, b->req.data, a->req.len) == 0);
}

/* Of equal ones the first of those that have answered least: so a program that does what it did when it was recorded gets
 * handles that belong together, time and again. */
static struct rec_call *find_any(const struct muxd_play *p, const struct rec_call *q)
{
    struct rec_call *best = NULL;
    for (struct rec_pipe *x = next_pipe(p, NULL); x; x = next_pipe(p, x))
        for (struct rec_call *c = x->calls; c; c = c->next)
            if ((!best || c->used < best->used) && is_equal(c, q)) {
                if (!c->used)
                    return c;
                best = c;
            }
    return best;
}

static void say_miss(struct muxd_play *p, const struct rec_call *q, const struct rec_call *expected)
{
    char uuid[NT_GUID_STRLEN + 1], why[300], instead[64] = "";
    bool op = false, iface = false;
    for (struct rec_pipe *x = next_pipe(p, NULL); x; x = next_pipe(p, x))
        for (const struct rec_call *c = x->calls; c; c = c->next) {
            bool same = rpc_syntax_equal(&c->iface, &q->iface) && c->syntax == q->syntax;
            iface |= same;
            op |= same && c->opnum == q->opnum;
        }
    nt_guid_format(&q->iface.uuid, uuid);
    if (p->r->strict && expected)
        snprintf(instead, sizeof instead, "; operation %u was next", expected->opnum);
    snprintf(why, sizeof why, "operation %u of %s was not recorded%s%s (%zu octets)", q->opnum, uuid,
             p->r->strict && op ? " in this place, or not with these arguments"
             : op               ? " with these arguments"
             : iface            ? ""
                                : ", nor another one of it in this transfer syntax",
             instead, q->req.len);
    miss(p, why);
}

static struct rec_call *find_next(struct muxd_play *p, const struct rec_call *q,
                                  const struct rec_call **ret_expected)
{
    for (struct rec_pipe *x = next_pipe(p, NULL); x; x = next_pipe(p, x)) {
        struct rec_call *c = x->next_strict;
        if (!c)
            continue;
        *ret_expected = c;
        if (is_equal(c, q)) {
            x->next_strict = c->next;
            return c;
        }
    }
    return NULL;
}

/* ---- answers ---- */

static void send(struct muxd_play *p, struct wr *w)
{
    p->answer(p->arg, w);
}

static void send_fault(struct muxd_play *p, unsigned flags, uint32_t call_id, uint16_t ctx, uint32_t code)
{
    struct wr w;
    wr_init(&w, RPC_FRAG_MAX);
    size_t at = rpc_put_fault(&w, RPC_PFC_WHOLE | flags, call_id, ctx, code);
    rpc_pdu_end(&w, at, 0);
    send(p, &w);
}

static void swap(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        uint8_t x = p[i];
        p[i] = p[n - 1 - i];
        p[n - 1 - i] = x;
    }
}

/* Stubs stay in the byte order that they were in, so heads have it, too. */
static void put_drep(uint8_t *p, uint8_t drep)
{
    p[4] = drep;
    if (drep & 0x10)
        return;
    swap(p + 8, 2);
    swap(p + 10, 2);
    swap(p + 12, 4);
    swap(p + 16, 4);
    swap(p + 20, 2);
}

static void send_response(struct muxd_play *p, const struct rec_call *c, uint32_t call_id, uint16_t ctx)
{
    size_t room = (size_t)p->max_frag - RPC_RSP_LEN;
    room -= room % 8; /* no value that NDR aligns stands across two fragments */
    for (size_t at = 0, n; at == 0 || at < c->rsp.len; at += n) {
        struct wr w;
        n = c->rsp.len - at < room ? c->rsp.len - at : room;
        unsigned flags = (at == 0 ? RPC_PFC_FIRST : 0) | (at + n == c->rsp.len ? RPC_PFC_LAST : 0);
        wr_init(&w, RPC_FRAG_MAX);
        uint8_t *head = wr_room(&w, RPC_RSP_LEN);
        if (head) {
            rpc_fill_response(head, flags, call_id, (uint32_t)(c->rsp.len - at), ctx);
            put_le16(head + 8, (uint16_t)(RPC_RSP_LEN + n));
            put_drep(head, c->rsp_drep);
            wr_bytes(&w, c->rsp.data + at, n);
        }
        send(p, &w);
        if (!n)
            break;
    }
}

static void on_call(struct muxd_play *p)
{
    struct rec_call *q = &p->q;
    const struct rec_call *expected = NULL;
    q->req = (struct nt_blob){ p->stub.base, p->stub.len };
    struct rec_call *c = p->r->strict ? find_next(p, q, &expected) : find_any(p, q);
    p->partial = false;
    if (!c) {
        say_miss(p, q, expected);
        send_fault(p, 0, p->call_id, p->q_ctx, FAULT_NOT_RECORDED);
    } else {
        c->used++;
        if (c->outcome == CAPTURE_ANSWERED)
            send_response(p, c, p->call_id, p->q_ctx);
        else if (c->outcome == CAPTURE_FAULT)
            send_fault(p, c->did_not_execute ? RPC_PFC_DID_NOT_EXECUTE : 0, p->call_id, p->q_ctx, c->fault);
    }
    wr_free_secret(&p->stub);
    wr_init(&p->stub, REQUEST_MAX);
}

/* ---- requests ---- */

static const struct context *find_context(const struct muxd_play *p, uint16_t id)
{
    for (unsigned i = 0; i < p->n_ctx; i++)
        if (p->ctx[i].id == id)
            return &p->ctx[i];
    return NULL;
}

/* False: it has been refused. */
static bool begin_request(struct muxd_play *p, const struct rpc_pdu *d)
{
    const struct context *x = find_context(p, d->u.req.ctx);
    if (!x) {
        send_fault(p, RPC_PFC_DID_NOT_EXECUTE, d->h.call_id, d->u.req.ctx, FAULT_CONTEXT);
        return false;
    }
    p->partial = true;
    p->call_id = d->h.call_id;
    p->q_ctx = d->u.req.ctx;
    p->q = (struct rec_call){ .iface = x->iface,
                              .syntax = x->syntax,
                              .opnum = d->u.req.opnum,
                              .has_object = d->u.req.has_object,
                              .object = d->u.req.object,
                              .req_drep = d->h.drep };
    p->stub.len = 0;
    return true;
}

static void on_request(struct muxd_play *p, const uint8_t *pdu, const struct rpc_pdu *d)
{
    if (d->has_auth) {
        miss(p, "a request with security of RPC, which no recording can answer");
        send_fault(p, RPC_PFC_DID_NOT_EXECUTE, d->h.call_id, d->u.req.ctx, FAULT_SECURITY);
        return;
    }
    if ((d->h.flags & RPC_PFC_FIRST) && !begin_request(p, d))
        return;
    if (!p->partial || p->call_id != d->h.call_id)
        return; /* the rest of what was refused */
    wr_bytes(&p->stub, pdu + d->body_off, d->body_len);
    if (p->stub.st != STATUS_SUCCESS) {
        p->partial = false;
        miss(p, "a request that is too long");
        p->broken(p->arg);
    } else if (d->h.flags & RPC_PFC_LAST) {
        on_call(p);
    }
}

/* ---- binds ---- */

static bool is_features(const struct rpc_syntax *s)
{
    struct rpc_syntax f = rpc_syntax_features(0);
    return s->uuid.a == f.uuid.a && s->uuid.b == f.uuid.b && s->uuid.c == f.uuid.c && s->major == f.major;
}

static enum capture_syntax classify(const struct rpc_syntax *s)
{
    return rpc_syntax_equal(s, &rpc_syntax_ndr20)   ? CAPTURE_NDR20
           : rpc_syntax_equal(s, &rpc_syntax_ndr64) ? CAPTURE_NDR64
                                                    : CAPTURE_NDR_OTHER;
}

/* Was it accepted, or are there calls that it took? Else *ret is what the server said, if it said something.
 */
static bool accepts(const struct muxd_play *p, const struct rpc_syntax *iface,
                    const struct rpc_syntax *transfer, struct rpc_result *ret, bool *ret_known)
{
    for (struct rec_pipe *x = next_pipe(p, NULL); x; x = next_pipe(p, x)) {
        for (const struct rec_offer *o = x->offers; o; o = o->next) {
            if (!rpc_syntax_equal(&o->iface, iface))
                continue;
            *ret_known = true;
            if (!rpc_syntax_equal(&o->transfer, transfer))
                continue;
            if (o->result == RPC_RESULT_ACCEPTANCE)
                return true;
            ret->result = o->result;
            ret->reason = o->reason;
        }
        for (const struct rec_call *c = x->calls; c; c = c->next)
            if (c->syntax == classify(transfer) && rpc_syntax_equal(&c->iface, iface))
                return true;
    }
    return false;
}

static bool set_context(struct muxd_play *p, uint16_t id, const struct rpc_syntax *iface,
                        const struct rpc_syntax *transfer)
{
    struct context *x = (struct context *)find_context(p, id);
    if (!x && p->n_ctx == RPC_CONTEXTS_MAX)
        return false;
    if (!x)
        x = &p->ctx[p->n_ctx++];
    *x = (struct context){ id, *iface, classify(transfer) };
    return true;
}

static struct rpc_result offer(struct muxd_play *p, const struct rpc_ctx_elem *e)
{
    struct rpc_result no = { RPC_RESULT_PROVIDER_REJECTION, RPC_REASON_TRANSFER_SYNTAXES, { { 0 }, 0, 0 } };
    bool known = false;
    char uuid[NT_GUID_STRLEN + 1], why[160];
    if (e->n_transfers == 1 && is_features(&e->transfers[0]))
        return (struct rpc_result){ RPC_RESULT_NEGOTIATE_ACK, 0, { { 0 }, 0, 0 } };
    for (unsigned i = 0; i < e->n_transfers; i++)
        if (accepts(p, &e->abstract, &e->transfers[i], &no, &known)) {
            if (set_context(p, e->id, &e->abstract, &e->transfers[i]))
                return (struct rpc_result){ RPC_RESULT_ACCEPTANCE, RPC_REASON_NONE, e->transfers[i] };
            no.reason = RPC_REASON_LOCAL_LIMIT;
            return no;
        }
    if (!known) {
        no.reason = RPC_REASON_ABSTRACT_SYNTAX;
        nt_guid_format(&e->abstract.uuid, uuid);
        snprintf(why, sizeof why, "interface %s, version %u.%u, was not recorded", uuid, e->abstract.major,
                 e->abstract.minor);
        miss(p, why);
    }
    return no;
}

static void on_bind(struct muxd_play *p, const struct rpc_pdu *d)
{
    struct rpc_result results[256];
    struct rpc_rd list = d->u.bind.list;
    char addr[800];
    struct wr w;
    bool alter = d->h.ptype == RPC_PT_ALTER;
    wr_init(&w, RPC_FRAG_MAX);
    if (d->has_auth) {
        miss(p, "security of RPC cannot be replayed: its keys are new each time");
        if (alter)
            send_fault(p, RPC_PFC_DID_NOT_EXECUTE, d->h.call_id, 0, FAULT_SECURITY);
        else
            rpc_pdu_end(&w, rpc_put_nak(&w, d->h.call_id, RPC_NAK_AUTH_TYPE), 0);
        if (!alter)
            send(p, &w);
        wr_free(&w);
        return;
    }
    for (unsigned i = 0; i < d->u.bind.n; i++) {
        struct rpc_ctx_elem e;
        rpc_get_ctx_elem(&list, &e);
        results[i] = offer(p, &e);
    }
    if (!alter && d->u.bind.max_recv >= RPC_FRAG_MIN)
        p->max_frag = d->u.bind.max_recv < RPC_FRAG_DEFAULT ? d->u.bind.max_recv : RPC_FRAG_DEFAULT;
    snprintf(addr, sizeof addr, "\\PIPE\\%s", p->name);
    size_t at = rpc_put_ack(&w, alter ? RPC_PT_ALTER_RESP : RPC_PT_BIND_ACK, RPC_PFC_WHOLE, d->h.call_id,
                            p->max_frag, p->max_frag, 1, alter ? "" : addr, results, d->u.bind.n);
    rpc_pdu_end(&w, at, 0);
    send(p, &w);
}

/* ---- messages ---- */

static void on_pdu(struct muxd_play *p, const uint8_t *pdu, const struct rpc_pdu *d)
{
    switch ((enum rpc_ptype)d->h.ptype) {
    case RPC_PT_BIND:
    case RPC_PT_ALTER:
        on_bind(p, d);
        break;
    case RPC_PT_REQUEST:
        on_request(p, pdu, d);
        break;
    default: /* cancel, orphaned, auth3: nothing is awaited that could end */
        break;
    }
}

void muxd_play_message(struct muxd_play *p, const uint8_t *data, size_t len)
{
    while (len) {
        struct rpc_hdr h;
        struct rpc_pdu d;
        const char *why = "less than the head of a PDU";
        if (len < RPC_HDR_LEN || rpc_hdr_decode(data, &h, &why) != STATUS_SUCCESS || h.frag_len > len ||
            rpc_pdu_decode(data, h.frag_len, &d, &why) != STATUS_SUCCESS) {
            miss(p, why ? why : "a PDU that is longer than what was written");
            p->broken(p->arg);
            return;
        }
        on_pdu(p, data, &d);
        data += h.frag_len;
        len -= h.frag_len;
    }
}

enum nt_status muxd_play_open(struct muxd_replay *r, const char *server, const char *pipe,
                              void (*answer)(void *arg, struct wr *w), void (*broken)(void *arg), void *arg,
                              struct muxd_play **ret, struct nt_error *err)
{
    struct muxd_play *p = calloc(1, sizeof *p);
    if (!p)
        return nt_error_set(err, STATUS_NO_MEMORY, "no memory");
    *p = (struct muxd_play){
        .r = r, .answer = answer, .broken = broken, .arg = arg, .max_frag = RPC_FRAG_DEFAULT
    };
    wr_init(&p->stub, REQUEST_MAX);
    snprintf(p->server, sizeof p->server, "%s", server);
    snprintf(p->name, sizeof p->name, "%s", pipe);
    if (!next_pipe(p, NULL)) {
        miss(p, "no such pipe was recorded");
        free(p);
        return nt_error_set(err, STATUS_OBJECT_NAME_NOT_FOUND, "the recording has no pipe %s of %s", pipe,
                            server);
    }
    *ret = p;
    return STATUS_SUCCESS;
}

void muxd_play_close(struct muxd_play *p)
{
    wr_free_secret(&p->stub);
    free(p);
}
