// SPDX-License-Identifier: Apache-2.0
/* Calls: fragments to stubs, answers to requests, by call id ([C706] 12.6.3.1). */
#include "capture/m_capture.h"

static struct cap_call *find(const struct cap_assoc *a, uint32_t id)
{
    for (struct cap_call *x = a->calls; x; x = x->next)
        if (x->v.call_id == id)
            return x;
    return NULL;
}

static void drop_stub(struct cap_assoc *a, struct cap_stub *s)
{
    cap_release(a->c, s->data, s->cap);
    s->data = NULL;
    s->len = s->cap = 0;
}

/* ---- the end of a call ---- */

static void count(struct capture *c, const struct capture_call *v)
{
    uint64_t *by_outcome[] = {
        [CAPTURE_ANSWERED] = &c->t.answered,
        [CAPTURE_FAULT] = &c->t.faults,
        [CAPTURE_MAYBE] = &c->t.maybe,
        [CAPTURE_NO_ANSWER] = &c->t.unanswered,
    };
    c->t.calls++;
    ++*by_outcome[v->outcome];
    c->t.sealed += v->req.sealed || v->rsp.sealed;
    c->t.unknown_iface += !v->iface_known;
}

static void lend_stub(struct capture_side *v, const struct cap_stub *s)
{
    v->complete = v->seen && !s->broken && !s->expect_more;
    if (v->complete && !v->sealed && !v->truncated)
        v->stub = (struct nt_blob){ s->data, s->len };
}

/* Tells a call and forgets it. */
static void finish(struct cap_assoc *a, struct cap_call *x, enum capture_outcome outcome)
{
    const struct cap_context *ctx = cap_context_find(a, x->v.context);
    struct cap_call **p = &a->calls;
    while (*p != x)
        p = &(*p)->next;
    *p = x->next;
    if (!x->next)
        a->calls_tail = p;
    a->n_calls--;
    x->v.outcome = outcome;
    if (ctx) {
        x->v.iface_known = true;
        x->v.iface = ctx->iface;
        x->v.syntax = ctx->syntax;
    }
    lend_stub(&x->v.req, &x->req);
    lend_stub(&x->v.rsp, &x->rsp);
    count(a->c, &x->v);
    const struct capture_side *first = x->v.req.seen ? &x->v.req : &x->v.rsp;
    struct capture_event e = {
        .kind = CAPTURE_CALL, .frame = first->frame, .time = first->time, .call = &x->v
    };
    cap_emit(a->c, a->flow, a->pipe, &e);
    drop_stub(a, &x->req);
    drop_stub(a, &x->rsp);
    cap_release(a->c, x, sizeof *x);
}

void cap_calls_done(struct cap_assoc *a)
{
    while (a->calls)
        finish(a, a->calls, CAPTURE_NO_ANSWER);
}

void cap_calls_failed(struct cap_assoc *a, uint32_t smb_status)
{
    for (struct cap_call *x = a->calls, *next; x; x = next) {
        next = x->next;
        if (x->v.req.seen && x->req.expect_more)
            continue;
        x->v.smb_status = smb_status;
        finish(a, x, CAPTURE_NO_ANSWER);
    }
}

void cap_calls_broken(struct cap_assoc *a, enum cap_dir d)
{
    for (struct cap_call *x = a->calls; x; x = x->next) {
        struct cap_stub *s = d == CAP_REQ ? &x->req : &x->rsp;
        if (s->expect_more) {
            s->broken = true;
            drop_stub(a, s);
        }
    }
}

/* ---- fragments ---- */

static struct cap_call *start(struct cap_assoc *a, uint32_t id, uint16_t context)
{
    if (a->n_calls >= CAPTURE_CALLS_MAX)
        finish(a, a->calls, CAPTURE_NO_ANSWER);
    struct cap_call *x = cap_zalloc(a->c, sizeof *x);
    if (!x)
        return NULL;
    x->v.call_id = id;
    x->v.context = context;
    *a->calls_tail = x;
    a->calls_tail = &x->next;
    a->n_calls++;
    return x;
}

static bool append(struct cap_assoc *a, struct cap_stub *s, const uint8_t *p, size_t n)
{
    if (n > CAPTURE_STUB_MAX - s->len)
        return false;
    if (n > s->cap - s->len) {
        size_t cap = s->cap ? 2 * s->cap : n;
        while (cap - s->len < n)
            cap *= 2;
        uint8_t *q = cap_resize(a->c, s->data, s->cap, cap);
        if (!q)
            return false;
        s->data = q;
        s->cap = cap;
    }
    memcpy(s->data + s->len, p, n);
    s->len += n;
    return true;
}

/* Takes a fragment into one side of a call. */
static void add(struct cap_assoc *a, const struct cap_at *at, struct capture_side *v, struct cap_stub *s,
                const uint8_t *p, const struct rpc_pdu *d)
{
    size_t n = d->body_len - (d->has_auth ? d->auth.pad : 0);
    if (!v->seen) {
        v->seen = true;
        v->frame = at->frame;
        v->time = at->time;
        v->drep = d->h.drep;
        s->broken = !(d->h.flags & RPC_PFC_FIRST);
    } else if (v->drep != d->h.drep) {
        cap_note(a->c, a->flow, a->pipe, at, "fragments of call %u differ in their data representation",
                 d->h.call_id);
        s->broken = true;
    }
    v->last_frame = at->frame;
    v->fragments++;
    v->len += n;
    if (d->has_auth) {
        v->has_auth = true;
        v->auth_type = d->auth.type;
        v->auth_level = d->auth.level;
        v->sealed |= d->auth.level == SEC_LEVEL_PRIVACY;
    }
    s->expect_more = !(d->h.flags & RPC_PFC_LAST);
    if (n && !v->sealed && !s->broken && !v->truncated && !append(a, s, p + d->body_off, n))
        v->truncated = true;
    if (v->sealed || s->broken || v->truncated)
        drop_stub(a, s);
}

static void on_request(struct cap_assoc *a, const struct cap_at *at, const uint8_t *p,
                       const struct rpc_pdu *d)
{
    struct cap_call *x = find(a, d->h.call_id);
    bool first = d->h.flags & RPC_PFC_FIRST;
    if (x && (first || !x->v.req.seen ||
              !x->req.expect_more)) { /* the number is used again: nobody waits for it */
        finish(a, x, CAPTURE_NO_ANSWER);
        x = NULL;
    }
    if (!x && !(x = start(a, d->h.call_id, d->u.req.ctx)))
        return;
    if (!x->v.opnum_known) {
        x->v.opnum_known = true;
        x->v.opnum = d->u.req.opnum;
        x->v.has_object = d->u.req.has_object;
        if (x->v.has_object)
            x->v.object = d->u.req.object;
    } else if (x->v.opnum != d->u.req.opnum || x->v.context != d->u.req.ctx) {
        cap_note(a->c, a->flow, a->pipe, at, "fragments of call %u are for different operations",
                 d->h.call_id);
        x->req.broken = true;
    }
    add(a, at, &x->v.req, &x->req, p, d);
    if ((d->h.flags & RPC_PFC_MAYBE) && !x->req.expect_more)
        finish(a, x, CAPTURE_MAYBE);
}

static void on_response(struct cap_assoc *a, const struct cap_at *at, const uint8_t *p,
                        const struct rpc_pdu *d)
{
    struct cap_call *x = find(a, d->h.call_id);
    if (!x && !(x = start(a, d->h.call_id, d->u.rsp.ctx)))
        return;
    if (d->h.ptype == RPC_PT_FAULT) {
        x->v.fault = d->u.rsp.status;
        x->v.did_not_execute = d->h.flags & RPC_PFC_DID_NOT_EXECUTE;
        add(a, at, &x->v.rsp, &x->rsp, p, d);
        finish(a, x, CAPTURE_FAULT);
        return;
    }
    if (x->v.rsp.seen && (d->h.flags & RPC_PFC_FIRST)) {
        cap_note(a->c, a->flow, a->pipe, at, "the answer to call %u begins twice", d->h.call_id);
        x->rsp.broken = true;
    }
    add(a, at, &x->v.rsp, &x->rsp, p, d);
    if (!x->rsp.expect_more)
        finish(a, x, CAPTURE_ANSWERED);
}

void cap_call_fragment(struct cap_assoc *a, const struct cap_at *at, const uint8_t *p,
                       const struct rpc_pdu *d)
{
    if (d->h.ptype == RPC_PT_REQUEST)
        on_request(a, at, p, d);
    else
        on_response(a, at, p, d);
}

void cap_call_given_up(struct cap_assoc *a, const struct rpc_hdr *h)
{
    struct cap_call *x = find(a, h->call_id);
    if (!x)
        return;
    if (h->ptype == RPC_PT_ORPHANED)
        x->v.orphaned = true;
    else
        x->v.cancelled = true;
}
