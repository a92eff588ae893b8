// SPDX-License-Identifier: Apache-2.0
/* A server's calls: fragments of requests, dispatch, answers ([MS-RPCE] 3.3.1.5.4, 3.3.3.4). */
#include <stdio.h>
#include <stdlib.h>
#include "ndr/ndr.h"
#include "rpc/m_server.h"

/* ---- life ---- */

/* Those inside of it, if they live on, are inside of nothing. */
static void leave_outer(struct rpc_server_call *call)
{
    if (call->outer)
        call->outer->n_inner--;
    for (struct rpc_server_call *p = call->c ? call->c->calls : NULL; p && call->n_inner; p = p->next)
        if (p->outer == call) {
            p->outer = NULL;
            call->n_inner--;
        }
}

/* A small call needs so much of its arena at most. */
#define SMALL_CALL ((size_t)2048)

/* With ASan what a handler uses behind the end of its call is to be found. */
#ifdef __has_feature
#define KEEPS_MEMORY (!__has_feature(address_sanitizer))
#elif defined(__SANITIZE_ADDRESS__)
#define KEEPS_MEMORY false
#else
#define KEEPS_MEMORY true
#endif

/* Most calls end before the next one begins, which gets the memory of the one before: zeroed, with an empty arena. */
static struct rpc_server_call *memory_take(struct rpc_server *s)
{
    struct rpc_server_call *call = s->spare;
    struct nt_arena *mem = call ? call->mem : nt_arena_new(0);
    s->spare = NULL;
    if (call)
        memset(call, 0, sizeof *call);
    else
        call = mem ? calloc(1, sizeof *call) : NULL;
    if (call)
        call->mem = mem;
    else
        nt_arena_free(mem);
    return call;
}

static void memory_give(struct rpc_server *s, struct rpc_server_call *call)
{
    if (KEEPS_MEMORY && !s->spare && nt_arena_used(call->mem) <= SMALL_CALL) {
        nt_arena_reset(call->mem);
        s->spare = call;
    } else {
        rpc_scall_memory_free(call);
    }
}

void rpc_scall_memory_free(struct rpc_server_call *call)
{
    if (call)
        nt_arena_free(call->mem);
    free(call);
}

void rpc_scall_free(struct rpc_server_call *call)
{
    struct rpc_server *s = call->group->s;
    rpc_observe_end(call);
    rpc_later_stop(call);
    if (call->c)
        rpc_scalls_del(call->c, call);
    leave_outer(call);
    rpc_handles_drop(call);
    rpc_spipe_free(call);
    rpc_scallback_free(call);
    if (call->served)
        rpc_served_release(call->served);
    rpc_budget_call_end(call);
    s->n_calls--;
    rpc_drain_check(s);
    sec_token_unref(call->token);
    struct rpc_group *group = call->group;
    memory_give(s, call);
    rpc_group_unref(group); /* and with it, maybe, the server */
}

static struct rpc_server_call *call_new(struct rpc_sconn *c, const struct rpc_pdu *d)
{
    struct rpc_server_call *call = memory_take(c->s);
    if (!call)
        return NULL;
    call->id = d->h.call_id;
    call->drep = d->h.drep;
    call->ctx = d->u.req.ctx;
    call->opnum = d->u.req.opnum;
    call->has_object = d->u.req.has_object;
    call->object = d->u.req.object;
    atomic_init(&call->cancelled, false);
    call->receiving = true;
    call->c = c;
    call->seen.began = io_now(c->tp->stream);
    c->n_requests++;
    call->group = c->group;
    call->group->refs++;
    c->s->n_calls++;
    rpc_scalls_put(c, call);
    return call;
}

/* What on_cancel has not been told yet: 0 nothing, 1 that the client wants an end, 2 that it has gone. */
static uint8_t news(const struct rpc_server_call *call)
{
    uint8_t what = !call->cancelled ? 0 : call->c && !call->orphaned ? 1 : 2;
    bool listens = call->on_cancel && (call->state == RPC_SCALL_PENDING || call->state == RPC_SCALL_SENDING);
    return listens && what > call->told ? what : 0;
}

/* The call may be gone afterwards. */
void rpc_scall_tell(struct rpc_server_call *call)
{
    uint8_t what = news(call);
    if (!what)
        return;
    call->told = what;
    call->on_cancel(call, call->on_cancel_arg);
}

/* The call may be gone afterwards. */
static void lost(struct rpc_server_call *call)
{
    rpc_scallback_cut(call);
    if (rpc_scallback_due(call))
        rpc_scallback_run(call);
    else if (call->state != RPC_SCALL_SENDING || !rpc_spipe_lose_client(call))
        rpc_scall_tell(call);
}

void rpc_scall_lose_client(struct rpc_sconn *c)
{
    for (struct rpc_server_call *call = c->calls; call; call = call->next) {
        call->outer = NULL; /* which may go first, and is not found any more then */
        call->n_inner = 0;
    }
    while (c->calls) {
        struct rpc_server_call *call = c->calls;
        if (call->state >= RPC_SCALL_RUNNING) {
            rpc_scalls_del(c, call);
            call->c = NULL;
            call->sec = NULL;
            call->cancelled = true;
            lost(call);
        } else {
            rpc_scall_free(call);
        }
    }
}

/* ---- arriving ---- */

/* At most one request arrives at a time: "a client MUST NOT send any request PDU for request N+1 before it
 * sends all request PDUs for request N" ([MS-RPCE] 3.3.2.5). */
static struct rpc_server_call *arriving(const struct rpc_sconn *c)
{
    return c->last && c->last->receiving ? c->last : NULL;
}

static bool id_in_use(const struct rpc_sconn *c, uint32_t id)
{
    struct rpc_server_call *call = rpc_scalls_next(c, NULL, id);
    while (call && call->orphaned)
        call = rpc_scalls_next(c, call, id);
    return call != NULL;
}

/* Whose security a request comes under. A context of level connect signs nothing, so its trailer may be
 * missing
 * ([MS-RPCE] 3.3.1.5.4). Where the bind was without security requests may be, too, and are a stranger's; else
 * one without trailer is none of its client's. RPC_NT_PROTOCOL_ERROR while the context is in the making. */
static enum nt_status security_of(struct rpc_sconn *c, const struct rpc_pdu *d, struct rpc_ssec **ret)
{
    struct rpc_ssec *x = NULL;
    if (d->has_auth) {
        x = rpc_ssec_find(c, d->auth.ctx_id);
        if (!x || (!x->failed && rpc_trailer_mismatch(&d->auth, &x->sec)))
            return STATUS_ACCESS_DENIED;
        c->by_default = NULL;
        c->connect_named |= x->sec.level == SEC_LEVEL_CONNECT;
    } else if (c->carried) {
        x = c->by_default;
    } else if (!c->plain || (c->n_sec == 1 && c->sec[0]->sec.level == SEC_LEVEL_CONNECT)) {
        x = c->n_sec ? c->sec[0] : NULL;
        if (x && x->sec.level != SEC_LEVEL_CONNECT)
            return STATUS_ACCESS_DENIED;
    }
    if (x && x->failed)
        return STATUS_ACCESS_DENIED;
    if (x && !x->sec.established)
        return RPC_NT_PROTOCOL_ERROR;
    *ret = x;
    return STATUS_SUCCESS;
}

/* The stub without its protection. A wrong signature ends the connection: the provider's count is lost with
 * it. */
static enum nt_status take_off(uint8_t *pdu, const struct rpc_pdu *d, struct rpc_ssec *x,
                               struct nt_blob *ret_stub)
{
    const char *why = NULL;
    if (!x) {
        *ret_stub = (struct nt_blob){ pdu + d->body_off, d->body_len };
        return STATUS_SUCCESS;
    }
    enum nt_status st = rpc_unprotect(pdu, d, &x->sec, ret_stub, &why);
    return st == STATUS_SUCCESS ? st : RPC_NT_SEC_PKG_ERROR;
}

static enum nt_status take_off_and_tap(struct rpc_sconn *c, uint8_t *pdu, const struct rpc_pdu *d,
                                       struct rpc_ssec *x, struct nt_blob *ret_stub)
{
    enum nt_status st = take_off(pdu, d, x, ret_stub);
    if (st == STATUS_SUCCESS)
        rpc_tap(c, false, pdu, d->body_off, *ret_stub);
    return st;
}

/* A null session's key is known to everybody, so its signatures prove nothing. */
static enum sec_level level_of(const struct rpc_ssec *x)
{
    return x && !(x->token->flags & SEC_TOKEN_ANONYMOUS) ? x->sec.level : SEC_LEVEL_NONE;
}

static void take_caller(struct rpc_server_call *call, struct rpc_ssec *x)
{
    call->sec = x;
    call->level = level_of(x);
    call->local = call->c->local;
    call->carried = call->c->carried;
    call->cred = call->c->cred;
    call->token = rpc_caller_token(call->c, x);
    const char *mech = x ? x->mech : call->token && (call->token->flags & SEC_TOKEN_LOCAL) ? "unix" : NULL;
    if (!x && call->carried && call->c->carried_mech[0])
        mech = call->c->carried_mech;
    call->mech = mech ? nt_arena_strdup(call->mem, mech) : NULL;
    call->peer = nt_arena_strdup(call->mem, call->c->peer);
    call->here = nt_arena_strdup(call->mem, call->c->here);
}

static const struct rpc_scontext *context_of(const struct rpc_sconn *c, const struct rpc_pdu *d)
{
    for (unsigned i = 0; i < c->n_ctx; i++)
        if (c->ctx[i].id == d->u.req.ctx)
            return c->ctx[i].served ? &c->ctx[i] : NULL;
    return NULL;
}

/* What a first fragment asks for, and whether it may. */
static enum nt_status admit(struct rpc_server_call *call, const struct rpc_scontext *x)
{
    struct rpc_sconn *c = call->c;
    call->served = x->served;
    call->served->n_calls++;
    call->ndr64 = x->ndr64;
    enum sec_level below = rpc_local_level(c, call->served);
    if (!call->sec)
        call->level = below;
    else if (c->carried && call->level > SEC_LEVEL_NONE && call->level < below)
        call->level = below; /* known by its own word, and carried by what protects everything */
    if (call->sec && call->token->expires <= c->s->env->wall(c->s->env->arg))
        return STATUS_ACCESS_DENIED; /* the ticket, or the account, was good until then */
    enum nt_status st = rpc_policy_level(call);
    if (st != STATUS_SUCCESS)
        return st;
    if (call->opnum >= call->served->iface->n_ops || !call->served->ops[call->opnum])
        return RPC_NT_PROCNUM_OUT_OF_RANGE;
    st = rpc_policy_check(call);
    if (st == STATUS_SUCCESS)
        st = rpc_policy_choose(call);
    if (st != STATUS_SUCCESS)
        return st;
    call->op = call->served->ops[call->opnum];
    call->r = nt_arena_alloc(call->mem, call->op->size, 16);
    return call->r && call->token && call->peer && call->here ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

/* A refused call is forgotten at once. What its client still sends of it is told apart from a broken protocol
 * by nothing, so a refusal in the middle of a long request costs the connection. */
static void refuse(struct rpc_server_call *call, enum nt_status st, bool whole)
{
    struct rpc_sconn *c = call->c;
    uint32_t id = call->id;
    uint16_t ctx = call->ctx;
    call->seen.st = st;
    call->seen.fault = nt_to_rpc_fault(st);
    rpc_scall_free(call);
    rpc_sconn_fault(c, id, ctx, st, false);
    if (!whole)
        rpc_sconn_hang_up(c);
}

/* A request that comes to nothing. */
static void stillborn(struct rpc_sconn *c, const struct rpc_pdu *d, enum nt_status st)
{
    if (c->s->observer.call_end)
        rpc_observe_stillborn(c, d, st);
}

/* The end of a connection whose client broke the rules. The codes, and which call and context they name, are
 * those of Windows. */
static void reject(struct rpc_sconn *c, uint32_t id, uint16_t ctx, enum nt_status st)
{
    rpc_sconn_fault(c, id, ctx, st, true);
    rpc_sconn_hang_up(c);
}

/* A client may call inside of our callback to it, under the same id, presentation and security context
 * ([MS-RPCE] 3.3.1.5.9): the innermost call that such a request can be inside of. */
static struct rpc_server_call *nesting(const struct rpc_sconn *c, const struct rpc_pdu *d,
                                       const struct rpc_ssec *x)
{
    struct rpc_server_call *found = NULL;
    unsigned depth = 0;
    struct rpc_server_call *call = NULL;
    while ((call = rpc_scalls_next(c, call, d->h.call_id)))
        if (!call->orphaned) {
            found = call;
            depth++;
        }
    bool right = found && rpc_scallback_waits(found) && found->ctx == d->u.req.ctx && found->sec == x;
    return right && depth < RPC_CALLBACK_DEPTH_MAX ? found : NULL;
}

static struct rpc_server_call *first_fragment(struct rpc_sconn *c, const struct rpc_pdu *d,
                                              const struct rpc_scontext *context, struct rpc_ssec *x)
{
    struct rpc_server_call *outer = nesting(c, d, x);
    if (!outer && id_in_use(c, d->h.call_id)) {
        stillborn(c, d, RPC_NT_PROTOCOL_ERROR);
        reject(c, d->h.call_id, d->u.req.ctx, RPC_NT_PROTOCOL_ERROR);
        return NULL;
    }
    bool full = c->n_calls >= RPC_SERVER_CALLS_MAX; /* its client has lost count */
    if (full)
        rpc_observe_refused(c->s, RPC_REFUSED_CONN_CALLS, c->peer);
    struct rpc_server_call *call = full ? NULL : call_new(c, d);
    if (!call) {
        stillborn(c, d, RPC_NT_SERVER_TOO_BUSY);
        rpc_sconn_fault(c, d->h.call_id, d->u.req.ctx, RPC_NT_SERVER_TOO_BUSY, false);
        rpc_sconn_hang_up(c);
        return NULL;
    }
    take_caller(call, x);
    if (outer) {
        call->outer = outer;
        outer->n_inner++;
    }
    enum nt_status st = rpc_budget_call(call) ? admit(call, context) : RPC_NT_SERVER_TOO_BUSY;
    if (st == STATUS_SUCCESS)
        return call;
    refuse(call, st, d->h.flags & RPC_PFC_LAST);
    return NULL;
}

/* Later fragments have to be of the same call in every respect (CVE-2021-23192). */
static bool continues(const struct rpc_server_call *call, const struct rpc_pdu *d)
{
    return !(d->h.flags & RPC_PFC_FIRST) && call->ctx == d->u.req.ctx && call->opnum == d->u.req.opnum &&
           call->drep == d->h.drep && d->has_auth <= (call->sec != NULL) &&
           !(d->has_auth && rpc_trailer_mismatch(&d->auth, &call->sec->sec));
}

bool rpc_scall_may_hold(struct rpc_server_call *call, size_t more)
{
    size_t most;
    return rpc_budget_stub(call, more, &most);
}

static enum nt_status add_stub(struct rpc_server_call *call, struct nt_blob stub, uint32_t hint)
{
    const char *why = NULL;
    size_t most;
    if (!rpc_budget_stub(call, stub.len, &most))
        return RPC_NT_SERVER_TOO_BUSY;
    if (call->level <= SEC_LEVEL_NONE || call->c->stubs + (size_t)hint > most / 2)
        hint = 0; /* a stranger's word is worth no memory, and nobody's is worth all of it */
    enum nt_status st = rpc_join_add(&call->join, call->mem, stub, hint, &why);
    rpc_budget_stub_grown(call);
    return st;
}

static void take_fragment(struct rpc_server_call *call, const struct rpc_pdu *d, struct nt_blob stub)
{
    struct rpc_sconn *c = call->c;
    bool last = d->h.flags & RPC_PFC_LAST;
    if (d->h.flags & RPC_PFC_PENDING_CANCEL) /* it came before the request did ([C706] 12.6.3.1) */
        call->cancelled = true;
    call->receiving = !last;
    if (call->pipe || call->state == RPC_SCALL_DRAINING) {
        rpc_spipe_add(call, stub, last);
        return;
    }
    enum nt_status st = add_stub(call, stub, last ? 0 : d->u.req.alloc_hint);
    if (st != STATUS_SUCCESS) {
        refuse(call, st, last);
        return;
    }
    if (last || rpc_spipe_head_here(call)) {
        call->state = RPC_SCALL_READY;
        if (!c->due)
            c->due = call; /* it arrived last: those behind it will have come later */
        io_ready(c->tp->stream, &c->ready);
    }
    rpc_sconn_touch(c);
}

/* A further fragment of the call that arrives. Its signature is checked by the context of the first one,
 * whatever its trailer says. */
static void on_further(struct rpc_server_call *call, uint8_t *pdu, const struct rpc_pdu *d)
{
    struct rpc_sconn *c = call->c;
    struct rpc_pdu as = *d;
    struct nt_blob stub;
    enum nt_status st = STATUS_SUCCESS;
    if (d->h.call_id != call->id) {
        reject(c, c->mpx ? d->h.call_id : call->id, c->mpx ? 0 : call->ctx, RPC_NT_PROTOCOL_ERROR);
        return;
    }
    if (call->sec) {
        as.auth.type = call->sec->sec.provider->rpc_auth_type;
        as.auth.level = call->sec->sec.wire_level;
        as.auth.ctx_id = call->sec->sec.ctx_id;
        if (!d->has_auth && rpc_sec_signs(&call->sec->sec))
            st = RPC_NT_PROTOCOL_ERROR;
    }
    if (st == STATUS_SUCCESS)
        st = take_off_and_tap(c, pdu, &as, call->sec, &stub);
    if (st == STATUS_SUCCESS && !continues(call, d))
        st = RPC_NT_PROTOCOL_ERROR;
    if (st == STATUS_SUCCESS)
        take_fragment(call, d, stub);
    else
        reject(c, call->id, call->ctx, st);
}

/* A fragment while no request arrives. What is signed is checked before anything else is found out, since the
 * provider counts; a wrong signature costs the connection. */
static void on_first(struct rpc_sconn *c, uint8_t *pdu, const struct rpc_pdu *d)
{
    const struct rpc_scontext *context = context_of(c, d);
    struct rpc_ssec *x = NULL;
    struct nt_blob stub = { NULL, 0 };
    bool first = d->h.flags & RPC_PFC_FIRST;
    if (!first && !c->mpx) {
        reject(c, d->h.call_id, 0, RPC_NT_PROTOCOL_ERROR);
        return;
    }
    enum nt_status st = security_of(c, d, &x);
    if (st == RPC_NT_PROTOCOL_ERROR) { /* the authentication is still under way */
        stillborn(c, d, st);
        rpc_sconn_fault(c, d->h.call_id, 0, st, false);
        rpc_sconn_hang_up(c);
        return;
    }
    if (st == STATUS_SUCCESS)
        st = take_off_and_tap(c, pdu, d, x, &stub);
    if (!context && st != RPC_NT_SEC_PKG_ERROR) {
        stillborn(c, d, RPC_NT_UNKNOWN_IF);
        rpc_sconn_fault(c, d->h.call_id, 0, RPC_NT_UNKNOWN_IF, false);
        return;
    }
    if (st == STATUS_SUCCESS && !first)
        st = RPC_NT_PROTOCOL_ERROR;
    if (st != STATUS_SUCCESS) {
        stillborn(c, d, st);
        reject(c, d->h.call_id, d->u.req.ctx, st);
        return;
    }
    struct rpc_server_call *call = first_fragment(c, d, context, x);
    if (call)
        take_fragment(call, d, stub);
}

void rpc_scall_on_request(struct rpc_sconn *c, uint8_t *pdu, const struct rpc_pdu *d)
{
    struct rpc_server_call *call = arriving(c);
    if (call)
        on_further(call, pdu, d);
    else
        on_first(c, pdu, d);
}

void rpc_scall_on_cancel(struct rpc_sconn *c, uint32_t call_id, bool orphaned)
{
    struct rpc_server_call *call = rpc_scalls_next(c, NULL, call_id);
    while (call && call->orphaned && !(orphaned && call->state == RPC_SCALL_DRAINING))
        call = rpc_scalls_next(c, call, call_id);
    if (!call)
        return; /* the answer is on its way */
    if (orphaned && call->state == RPC_SCALL_ARRIVING)
        return; /* the client has to finish it all the same, and gets an answer: so with Windows */
    call->cancelled = true;
    if (orphaned && call->state < RPC_SCALL_RUNNING) {
        rpc_scall_free(call);
        return;
    }
    /* an orphan goes on to count: else orphans would be a way around RPC_SERVER_CALLS_MAX */
    call->orphaned = call->orphaned || orphaned;
    call->receiving = call->receiving && !orphaned; /* nothing of it is to come any more */
    if (orphaned)
        rpc_scallback_cut(call);
    rpc_server_resume(call);
    rpc_sconn_look(c);
}

/* ---- answering ---- */

/* Windows and Samba tell the lower half of a context's number only, and their clients are used to it; with
 * the numbers that clients give there is no difference. */
static uint16_t told_context(const struct rpc_server_call *call)
{
    return call->ctx & 0xff;
}

size_t rpc_scall_room(const struct rpc_server_call *call)
{
    struct rpc_sec none = { .level = SEC_LEVEL_NONE };
    return rpc_sec_room(call->sec ? &call->sec->sec : &none, call->c->max_xmit, RPC_RSP_LEN);
}

enum nt_status rpc_scall_send(struct rpc_server_call *call, struct nt_blob stub, unsigned flags,
                              uint32_t hint)
{
    struct rpc_sconn *c = call->c;
    struct rpc_sec none = { .level = SEC_LEVEL_NONE }, *sec = call->sec ? &call->sec->sec : &none;
    struct wr w;
    size_t start = rpc_sconn_writer(c, &w, RPC_FRAG_MAX);
    (void)wr_room(&w, RPC_RSP_LEN);
    wr_bytes(&w, stub.data, stub.len);
    if (w.st != STATUS_SUCCESS) {
        enum nt_status st = w.st;
        wr_free(&w);
        return st;
    }
    rpc_fill_response(w.base + start, flags, call->id, hint, told_context(call));
    rpc_tap(c, true, w.base + start, RPC_RSP_LEN, stub);
    rpc_observe_answer(call, stub.data, stub.len, flags & RPC_PFC_LAST);
    enum nt_status st = rpc_protect(&w, start, RPC_RSP_LEN, sec);
    if (st != STATUS_SUCCESS) {
        wr_free(&w);
        return st;
    }
    rpc_sconn_sends(c, &w);
    return c->tp->ops->send(c->tp, &w, false);
}

/* The stub is in w behind room for a header: one fragment, without a copy. */
static enum nt_status send_whole(struct rpc_server_call *call, struct wr *w, size_t start)
{
    struct rpc_sec none = { .level = SEC_LEVEL_NONE }, *sec = call->sec ? &call->sec->sec : &none;
    struct nt_blob stub = { w->base + start + RPC_RSP_LEN, w->len - start - RPC_RSP_LEN };
    rpc_fill_response(w->base + start, RPC_PFC_WHOLE, call->id, (uint32_t)stub.len, told_context(call));
    rpc_tap(call->c, true, w->base + start, RPC_RSP_LEN, stub);
    rpc_observe_answer(call, stub.data, stub.len, true);
    enum nt_status st = rpc_protect(w, start, RPC_RSP_LEN, sec);
    if (st != STATUS_SUCCESS) {
        wr_free(w);
        return st;
    }
    rpc_sconn_sends(call->c, w);
    return call->c->tp->ops->send(call->c->tp, w, false);
}

/* STATUS_SUCCESS when the answer is queued. A failure before anything was sent is a fault; *ret_sent tells.
 */
static enum nt_status send_response(struct rpc_server_call *call, bool *ret_sent)
{
    struct ndr_push n;
    struct wr w;
    size_t start = rpc_sconn_writer(call->c, &w, RPC_STUB_MAX);
    *ret_sent = false;
    (void)wr_room(&w, RPC_RSP_LEN);
    size_t stub = w.len;
    ndr_push_init(&n, &w, call->ndr64);
    ndr_push_adopt(&n, &call->pull);
    call->op->push_out(&n, call->r);
    enum nt_status st = ndr_push_status(&n);
    if (st == STATUS_SUCCESS)
        st = w.st;
    size_t room = rpc_scall_room(call);
    if (st == STATUS_SUCCESS && room == 0)
        st = STATUS_BUFFER_TOO_SMALL;
    if (st != STATUS_SUCCESS) {
        wr_free(&w);
        return st;
    }
    if (w.len - stub <= room) {
        *ret_sent = true;
        return send_whole(call, &w, start);
    }
    struct rpc_split s = { .total = w.len - stub, .room = room };
    while (st == STATUS_SUCCESS && rpc_split_next(&s)) {
        unsigned flags = rpc_split_flags(&s);
        st = rpc_scall_send(call, (struct nt_blob){ w.base + stub + s.off, s.len }, flags,
                            (uint32_t)(s.total - s.off));
        *ret_sent = true;
    }
    wr_free(&w);
    return st;
}

/* The call is over; of a request that is still coming the rest is awaited, and dropped. */
static void end_call(struct rpc_server_call *call)
{
    struct rpc_sconn *c = call->c;
    rpc_observe_end(call);
    if (c && !c->mpx && call->next)
        rpc_sconn_look(c); /* the next one's turn */
    if (!c || !call->receiving || c->state != RPC_SC_BOUND) {
        rpc_scall_free(call);
    } else {
        call->state = RPC_SCALL_DRAINING;
        call->orphaned = true;
        rpc_handles_drop(call);
        rpc_spipe_free(call);
    }
    if (c)
        rpc_drain_conn(c);
}

void rpc_scall_complete(struct rpc_server_call *call, enum nt_status st)
{
    struct rpc_sconn *c = call->c;
    bool sent = false, maybe = call->op && (call->op->flags & RPC_OP_MAYBE);
    if (c && !maybe && !call->orphaned && c->state == RPC_SC_BOUND) {
        if (st == STATUS_SUCCESS && rpc_op_has_pipes(call->op, true)) {
            st = rpc_spipe_answer(call);
            if (st == STATUS_PENDING)
                return;
        } else if (st == STATUS_SUCCESS) {
            st = send_response(call, &sent);
        }
        if (st != STATUS_SUCCESS && sent)
            rpc_sconn_hang_up(c); /* half an answer */
        else if (st != STATUS_SUCCESS)
            rpc_scall_fault(call, st);
        rpc_sconn_touch(c);
        rpc_budget_watch(c);
    }
    end_call(call);
}

enum nt_status rpc_scall_trailer(const struct rpc_server_call *call, struct nt_blob rest)
{
    if (!call->sec || !rpc_sec_signs(&call->sec->sec))
        return STATUS_SUCCESS;
    struct rpc_vt expect = { .abstract = call->served->iface->syntax,
                             .transfer = call->ndr64 ? rpc_syntax_ndr64 : rpc_syntax_ndr20,
                             .call_id = call->id,
                             .ctx = call->ctx,
                             .opnum = call->opnum };
    /* what a client says there is that it offered, not that the provider can */
    return rpc_vt_check(rest.data, rest.len, &expect, call->c->header_sign);
}

static enum nt_status decode(struct rpc_server_call *call)
{
    struct ndr_budget budget = { .bytes = call->level == SEC_LEVEL_NONE ? RPC_SERVER_DECODED_ANONYMOUS : 0 };
    ndr_pull_init(&call->pull, call->mem, call->join.data, call->join.len, call->drep, call->ndr64, &budget);
    call->pull.handles = &call->named;
    call->pull.pipes_apart = rpc_spipe_streams(call);
    call->op->pull_in(&call->pull, call->r);
    enum nt_status st = ndr_pull_status(&call->pull);
    size_t left = ndr_pull_left(&call->pull);
    if (st == STATUS_SUCCESS && call->pull.pipes_apart)
        st = rpc_spipe_start(call);
    else if (st == STATUS_SUCCESS && left) /* an operation without arguments has no stub at all */
        st = rpc_scall_trailer(call, (struct nt_blob){ call->join.data + call->join.len - left, left });
    if (st == STATUS_SUCCESS && call->named.n > RPC_SERVER_CALL_HANDLES_MAX)
        st = RPC_NT_BAD_STUB_DATA;
    if (st == STATUS_SUCCESS && call->named.n) {
        call->hold_mem = nt_arena_alloc(call->mem, call->named.n * sizeof *call->hold_mem, 8);
        if (!call->hold_mem)
            st = STATUS_NO_MEMORY;
    }
    call->decoded = true;
    return st;
}

static void answer(struct rpc_server_call *call, enum nt_status st)
{
    if (call->pipe)
        rpc_spipe_reply(call, st);
    else
        rpc_scall_complete(call, st);
}

/* Runs the handler, unless another call has a context handle that this one names. */
static void dispatch(struct rpc_server_call *call)
{
    enum nt_status st = STATUS_SUCCESS;
    call->state = RPC_SCALL_RUNNING;
    if (!call->decoded && call->group->s->observer.call_begin)
        rpc_observe_begin(call);
    if (!call->decoded)
        st = decode(call);
    if (st == STATUS_SUCCESS && !rpc_handles_take(call))
        return;
    if (st == STATUS_SUCCESS) {
        call->group->s->dispatched++;
        call->seen.executed = true;
        st = call->served->dispatch(call->handlers, call, call->opnum, call->r);
    }
    if (st == STATUS_PENDING)
        call->state = RPC_SCALL_PENDING;
    else
        answer(call, st);
}

/* Something to be done for this call, now that nothing is being parsed? */
static bool is_due(const struct rpc_server_call *call)
{
    return call->state == RPC_SCALL_READY || (call->cancelled && call->state == RPC_SCALL_WAITING) ||
           rpc_scallback_due(call) || news(call) || rpc_spipe_due(call);
}

static void run_due(struct rpc_server_call *call)
{
    if (call->state == RPC_SCALL_WAITING) { /* nothing has run yet, so that the cancel can be obeyed */
        struct rpc_sconn *c = call->c;
        uint32_t id = call->id;
        uint16_t ctx = call->ctx;
        call->seen.st = STATUS_CANCELLED;
        call->seen.fault = nt_to_rpc_fault(STATUS_CANCELLED);
        rpc_scall_free(call);
        rpc_sconn_fault(c, id, ctx, STATUS_CANCELLED, false);
    } else if (call->state == RPC_SCALL_READY && !rpc_budget_output(call->c)) {
        refuse(call, RPC_NT_SERVER_TOO_BUSY, !call->receiving);
    } else if (call->state == RPC_SCALL_READY) {
        dispatch(call);
    } else if (rpc_scallback_due(call)) {
        rpc_scallback_run(call);
    } else if (news(call)) {
        rpc_scall_tell(call);
    } else {
        rpc_spipe_run(call);
    }
}

/* On a connection without concurrent multiplexing a client has to await an answer before its next request
 * ([MS-RPCE] 3.3.1.5.8). One that does not is served in its order. Nothing is begun for a client that does
 * not take the answers that there are: small requests can have large answers, and who does not read is not to
 * make us keep them. */
void rpc_scall_run_ready(struct rpc_sconn *c)
{
    bool busy = !c->tp->ops->room(c->tp); /* if so, conn_room comes here again */
    c->walk = c->look || !c->mpx ? c->calls : c->due;
    c->look = false;
    c->due = NULL;
    while (c->walk && c->state != RPC_SC_CLOSED) {
        struct rpc_server_call *call = c->walk;
        c->walk = call->next; /* or, if that goes meanwhile, the one behind it */
        if (!is_due(call)) {
            busy = busy || (!c->mpx && call->state >= RPC_SCALL_READY && !call->orphaned);
        } else if (busy && call->state == RPC_SCALL_READY && !call->outer) {
            busy = busy || !c->mpx;
            if (!c->due)
                c->due = call;
        } else {
            run_due(call);
            busy = c->state != RPC_SC_CLOSED && !c->tp->ops->room(c->tp);
            if (c->look || !c->mpx || c->held_apart)
                c->walk = c->calls; /* what ran may have made others run, or have more to do itself */
            c->look = false;
        }
    }
}

void rpc_server_reply(struct rpc_server_call *call, enum nt_status st)
{
    answer(call, st == STATUS_PENDING ? RPC_NT_CALL_FAILED : st);
}

/* ---- off the loop ---- */

static void work_there(void *arg)
{
    struct rpc_server_call *call = arg;
    call->worked = call->work(call, call->r);
}

static void work_back(void *arg)
{
    struct rpc_server_call *call = arg;
    if (call->worked != STATUS_PENDING)
        rpc_server_reply(call, call->worked);
}

enum nt_status rpc_server_work(struct rpc_server_call *call, rpc_server_work_fn *fn)
{
    call->work = fn;
    if (io_loop_work(call->group->s->loop, work_there, work_back, call))
        return STATUS_PENDING;
    return fn(call, call->r);
}

/* ---- for handlers ---- */

void *rpc_server_arg(const struct rpc_server_call *call)
{
    return call->arg;
}

struct nt_arena *rpc_server_mem(const struct rpc_server_call *call)
{
    return call->mem;
}

const struct sec_token *rpc_server_token(const struct rpc_server_call *call)
{
    return call->token;
}

bool rpc_server_cancelled(const struct rpc_server_call *call)
{
    return call->cancelled;
}

enum nt_status rpc_server_on_cancel(struct rpc_server_call *call, rpc_server_cancel_fn *fn, void *arg)
{
    if (fn && call->cancelled)
        return STATUS_CANCELLED;
    call->on_cancel = fn;
    call->on_cancel_arg = arg;
    return STATUS_SUCCESS;
}

enum nt_status rpc_server_caller(const struct rpc_server_call *call, struct rpc_server_caller *ret)
{
    struct rpc_server_caller all = { .size = ret->size,
                                     .peer = call->peer,
                                     .provider = call->mech,
                                     .name = call->token->name,
                                     .level = call->level,
                                     .ndr64 = call->ndr64,
                                     .object = call->has_object ? &call->object : NULL,
                                     .protseq = call->carried ? "ncacn_np"
                                                : call->local ? "ncalrpc"
                                                              : "ncacn_ip_tcp",
                                     .has_cred = call->cred.known,
                                     .uid = call->cred.uid,
                                     .gid = call->cred.gid,
                                     .pid = call->cred.pid,
                                     .local = call->here };
    if (ret->size < sizeof ret->size)
        return STATUS_INVALID_PARAMETER;
    memcpy(ret, &all, ret->size < sizeof all ? ret->size : sizeof all);
    return STATUS_SUCCESS;
}
