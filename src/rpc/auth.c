// SPDX-License-Identifier: Apache-2.0
/*
 * Building the association: bind, the provider's tokens, and what the server may answer. Everything that
 * arrives before the security context stands is unprotected, so whatever gives less than was asked for ends
 * the connection
 * ([MS-RPCE] 3.3.1.5.2.1).
 */
#include <stdio.h>
#include <stdlib.h>
#include "rpc/m_client.h"

#define OUR_FEATURES (RPC_FEATURE_SEC_MULTIPLEX | RPC_FEATURE_KEEP_ON_ORPHAN)

static const char doing_auth[] = "authentication";
static const char doing_bind[] = "bind";

static void auth_stepped(void *owner);

static void job_free(struct rpc_auth_job *j)
{
    if (!j)
        return;
    sec_free(j->ctx);
    sec_creds_unref(j->creds);
    free(j->host);
    free(j->service);
    free(j->principal);
    wr_free_secret(&j->in);
    wr_free_secret(&j->out);
    nt_wipe(&j->schannel, sizeof j->schannel);
    free(j);
}

static void job_work(struct io_item *it)
{
    struct rpc_auth_job *j = io_container(it, struct rpc_auth_job, item);
    j->st = STATUS_SUCCESS;
    if (!j->ctx)
        j->st = j->provider->start(&j->params, &j->ctx);
    if (j->st == STATUS_SUCCESS)
        j->st = j->provider->step(j->ctx, (struct nt_blob){ j->in.base, j->in.len }, &j->out);
    if (nt_ok(j->st) && j->out.st != STATUS_SUCCESS)
        j->st = j->out.st;
}

static void job_done(struct io_item *it)
{
    struct rpc_auth_job *j = io_container(it, struct rpc_auth_job, item);
    if (j->owner)
        j->stepped(j->owner);
    else
        job_free(j);
}

static unsigned protection(enum sec_level level)
{
    return (level >= SEC_LEVEL_INTEGRITY ? (unsigned)SEC_FLAG_INTEGRITY : 0U) |
           (level >= SEC_LEVEL_PRIVACY ? (unsigned)SEC_FLAG_PRIVACY : 0U);
}

enum nt_status rpc_job_new(struct rpc_conn *c, const struct rpc_auth_want *w, void (*stepped)(void *owner),
                           void *owner, struct rpc_auth_job **ret)
{
    struct rpc_auth_job *j = calloc(1, sizeof *j);
    if (!j)
        return STATUS_NO_MEMORY;
    io_item_init(&j->item, job_done);
    j->item.work = job_work;
    j->stepped = stepped;
    j->owner = owner;
    j->provider = w->provider;
    j->creds = sec_creds_ref(w->creds);
    const char *host = c->binding->protseq == RPC_LOCAL ? "localhost" : c->binding->host;
    j->host = strdup(w->target ? w->target : host);
    j->service = strdup(w->service ? w->service : c->binding->protseq == RPC_NP ? "cifs" : "host");
    wr_init(&j->in, RPC_FRAG_MAX);
    wr_init(&j->out, RPC_FRAG_MAX);
    if (j->host && j->service && asprintf(&j->principal, "%s/%s", j->service, j->host) < 0)
        j->principal = NULL;
    if (!j->principal) {
        job_free(j);
        return STATUS_NO_MEMORY;
    }
    j->params = (struct sec_params){ .role = SEC_CLIENT,
                                     .creds = j->creds,
                                     .service = j->service,
                                     .host = j->host,
                                     .flags = SEC_FLAG_MUTUAL | SEC_FLAG_DCE_STYLE | protection(w->level) |
                                              (w->offer_header_sign ? (unsigned)SEC_FLAG_HEADER_SIGN : 0U),
                                     .env = c->env,
                                     .err = &j->err };
    if (c->schannel) {
        j->schannel = *c->schannel;
        j->params.schannel = &j->schannel;
    }
    if (c->bindings) {
        memcpy(j->bindings, c->bindings, c->bindings_len);
        j->params.channel_bindings = (struct nt_blob){ j->bindings, c->bindings_len };
    }
    *ret = j;
    return STATUS_SUCCESS;
}

void rpc_job_drop(struct rpc_auth_job *j)
{
    if (!j)
        return;
    j->owner = NULL;
    if (io_cancel(&j->item)) /* else the work still runs, and job_done frees it */
        job_free(j);
}

bool rpc_job_step(struct rpc_conn *c, struct rpc_auth_job *j, struct nt_blob token)
{
    j->in.len = 0;
    wr_bytes(&j->in, token.data, token.len);
    wr_free_secret(&j->out);
    wr_init(&j->out, RPC_FRAG_MAX);
    if (j->in.st != STATUS_SUCCESS) {
        j->st = j->in.st;
        nt_error_set(&j->err, j->st, "no room for the server's token");
        return true;
    }
    if (j->provider->caps & SEC_CAP_MAY_BLOCK) {
        io_work(c->tp->stream, &j->item);
        return false;
    }
    job_work(&j->item);
    return true;
}

enum nt_status rpc_auth_new(struct rpc_conn *c)
{
    c->sec.provider = c->provider;
    c->sec.level = c->level;
    c->sec.ctx_id = c->next_sec_id++;
    c->sec.offered_header_sign =
        c->level >= SEC_LEVEL_INTEGRITY && (c->provider->caps & SEC_CAP_HEADER_SIGN) && !c->no_header_sign;
    struct rpc_auth_want w = { .provider = c->provider,
                               .level = c->level,
                               .creds = c->creds,
                               .target = c->target,
                               .service = c->service,
                               .offer_header_sign = c->sec.offered_header_sign };
    enum nt_status st = rpc_job_new(c, &w, auth_stepped, c, &c->job);
    if (st == STATUS_SUCCESS)
        c->job->params.mech = rpc_pin_mech(c->pin);
    return st;
}

void rpc_auth_free(struct rpc_conn *c)
{
    struct rpc_auth_job *j = c->job;
    c->job = NULL;
    c->sec.ctx = NULL;
    rpc_job_drop(j);
}

void rpc_auth_step(struct rpc_conn *c, struct nt_blob token)
{
    rpc_conn_state(c, RPC_ST_AUTH);
    if (++c->legs > RPC_AUTH_LEGS_MAX) {
        rpc_conn_fail(c, RPC_NT_PROTOCOL_ERROR, doing_auth, "the server keeps asking for further tokens");
        return;
    }
    if (rpc_job_step(c, c->job, token))
        auth_stepped(c);
}

/* ---- sending ---- */

static bool send_leg(struct rpc_conn *c, struct wr *w, enum rpc_tp_then then)
{
    enum nt_status st = c->tp->ops->send(c->tp, w, then);
    if (st != STATUS_SUCCESS)
        rpc_conn_fail(c, st, doing_bind, "the request could not be sent");
    return st == STATUS_SUCCESS;
}

static struct rpc_ctx_elem elem_of(const struct rpc_interface *i, unsigned id,
                                   const struct rpc_syntax *transfer)
{
    struct rpc_ctx_elem e = { .id = (uint16_t)id, .n_transfers = 1, .abstract = i->syntax };
    e.transfers[0] = *transfer;
    return e;
}

unsigned rpc_offer(const struct rpc_conn *c, unsigned number, struct rpc_ctx_elem elems[2])
{
    elems[0] = elem_of(c->ctx[number].iface, number, &rpc_syntax_ndr20);
    elems[1] = elem_of(c->ctx[number].iface, number + RPC_NDR64_IDS, &rpc_syntax_ndr64);
    return c->want_ndr64 ? 2 : 1;
}

void rpc_send_bind(struct rpc_conn *c, struct nt_blob token)
{
    /* The last context is no interface but a question ([MS-RPCE] 3.3.1.5.3). */
    struct rpc_syntax features = rpc_syntax_features(OUR_FEATURES);
    struct rpc_ctx_elem elems[3];
    unsigned n = rpc_offer(c, 0, elems);
    elems[n++] = elem_of(c->ctx[0].iface, 1, &features);
    struct wr w;
    size_t start = rpc_conn_writer(c, &w, RPC_FRAG_MAX);
    unsigned flags =
        RPC_PFC_WHOLE | RPC_PFC_CONC_MPX | (c->sec.offered_header_sign ? (unsigned)RPC_PFC_HEADER_SIGN : 0U);
    c->leg_id = c->next_id++;
    rpc_put_bind(&w, RPC_PT_BIND, flags, c->leg_id, c->max_frag, c->want_assoc, elems, n);
    if (c->provider)
        rpc_put_token(&w, start, &c->sec, token);
    rpc_conn_state(c, RPC_ST_BIND);
    send_leg(c, &w, RPC_TP_ALONE);
}

enum nt_status rpc_put_alter(struct rpc_conn *c, const struct rpc_sec *sec, uint32_t id, unsigned flags,
                             struct nt_blob token)
{
    const struct rpc_context *ctx = &c->ctx[0];
    struct rpc_ctx_elem elem =
        elem_of(ctx->iface, rpc_context_id(ctx, 0), ctx->ndr64 ? &rpc_syntax_ndr64 : &rpc_syntax_ndr20);
    struct wr w;
    size_t start = rpc_conn_writer(c, &w, RPC_FRAG_MAX);
    rpc_put_bind(&w, RPC_PT_ALTER, RPC_PFC_WHOLE | flags, id, c->max_frag, c->assoc, &elem, 1);
    rpc_put_token(&w, start, sec, token);
    return c->tp->ops->send(c->tp, &w, rpc_conn_then(c));
}

static void send_alter(struct rpc_conn *c, struct nt_blob token)
{
    c->leg_id = c->next_id++;
    rpc_conn_state(c, RPC_ST_LEG);
    enum nt_status st = rpc_put_alter(c, &c->sec, c->leg_id, 0, token);
    if (st != STATUS_SUCCESS)
        rpc_conn_fail(c, st, doing_bind, "the request could not be sent");
}

enum nt_status rpc_send_auth3(struct rpc_conn *c, const struct rpc_sec *sec, uint32_t id,
                              struct nt_blob token)
{
    struct wr w;
    size_t start = rpc_conn_writer(c, &w, RPC_FRAG_MAX);
    rpc_put_auth3(&w, id);
    rpc_put_token(&w, start, sec, token);
    return c->tp->ops->send(c->tp, &w, RPC_TP_MORE);
}

/* ---- after a step ---- */

bool rpc_job_complete(struct rpc_auth_job *j, struct rpc_sec *sec, char *mech, size_t size)
{
    const struct sec_provider *p = j->provider;
    struct nt_blob b;
    unsigned granted = 0;
    sec->ctx = j->ctx;
    if (p->query(sec->ctx, SEC_ITEM_FLAGS, &b) == STATUS_SUCCESS && b.len == sizeof granted)
        memcpy(&granted, b.data, sizeof granted);
    unsigned need = protection(sec->level);
    if ((granted & need) != need)
        return false;
    rpc_sec_establish(sec);
    snprintf(mech, size, "%s", p->name);
    if (p->query(sec->ctx, SEC_ITEM_MECH, &b) == STATUS_SUCCESS && b.len < 16 &&
        (b.len != strlen(p->name) || memcmp(b.data, p->name, b.len) != 0))
        snprintf(mech, size, "%s/%.*s", p->name, (int)b.len, (const char *)b.data);
    return true;
}

/* Whoever has given his to the muxer may think that they do for all. */
static const char *whose_creds(const struct rpc_conn *c)
{
    struct npc_facts f = { .size = sizeof f };
    bool lent = c->session && npc_session_facts(c->session, &f) == STATUS_SUCCESS && f.muxer;
    return lent && c->creds && sec_creds_ambient(c->creds)
               ? "; the muxer's credentials are for its pipe only: RPC security needs some of our own"
               : "";
}

static void auth_stepped(void *owner)
{
    struct rpc_conn *c = owner;
    struct rpc_auth_job *j = c->job;
    if (c->state != RPC_ST_AUTH)
        return;
    c->sec.ctx = j->ctx;
    struct nt_blob token = { j->out.base, j->out.len };
    bool done = j->st == STATUS_SUCCESS;
    if (!done && j->st != STATUS_MORE_PROCESSING_REQUIRED) {
        rpc_conn_fail(c, nt_ok(j->st) ? RPC_NT_SEC_PKG_ERROR : j->st, doing_auth, "%s%s",
                      j->err.text[0] ? j->err.text : "the provider refused", whose_creds(c));
        return;
    }
    if (!done && token.len == 0) {
        rpc_conn_fail(c, RPC_NT_SEC_PKG_ERROR, doing_auth, "the provider has no token but wants another one");
        return;
    }
    if (done && !rpc_job_complete(j, &c->sec, c->mech, sizeof c->mech)) {
        rpc_conn_fail(c, STATUS_ACCESS_DENIED, doing_auth,
                      "the server agreed to less protection than was asked for, so nothing was sent");
        return;
    }
    if (c->legs == 1) {
        rpc_send_bind(c, token);
        return;
    }
    if (!done || (token.len && !(c->provider->caps & SEC_CAP_AUTH3))) {
        send_alter(c, token);
        return;
    }
    enum nt_status st = token.len ? rpc_send_auth3(c, &c->sec, c->leg_id, token) : STATUS_SUCCESS;
    if (st == STATUS_SUCCESS)
        rpc_conn_bound(c);
    else
        rpc_conn_fail(c, st, doing_bind, "the last token could not be sent");
}

/* ---- answers ---- */

static enum nt_status check_result(struct rpc_conn *c, const struct rpc_result *r,
                                   const struct rpc_interface *i, const struct rpc_syntax *offered,
                                   const char *doing)
{
    enum nt_status st = RPC_NT_PROTOCOL_ERROR;
    const char *why = "the server's result makes no sense";
    if (r->result == RPC_RESULT_ACCEPTANCE) {
        if (rpc_syntax_equal(&r->transfer, offered))
            return STATUS_SUCCESS;
        why = "the server chose a transfer syntax that was not offered";
    } else if (r->result == RPC_RESULT_USER_REJECTION) {
        st = STATUS_ACCESS_DENIED;
        why = "the server refuses us the interface";
    } else if (r->result == RPC_RESULT_PROVIDER_REJECTION) {
        switch (r->reason) {
        case RPC_REASON_ABSTRACT_SYNTAX:
            st = RPC_NT_UNKNOWN_IF;
            why = "the server does not have the interface at this endpoint";
            break;
        case RPC_REASON_TRANSFER_SYNTAXES:
            st = RPC_NT_UNSUPPORTED_TRANS_SYN;
            why = "the server does not speak NDR 2.0";
            break;
        case RPC_REASON_LOCAL_LIMIT:
            st = RPC_NT_SERVER_TOO_BUSY;
            why = "the server has reached a limit";
            break;
        default:
            st = RPC_NT_UNKNOWN_IF;
            why = "the server refuses the interface and does not say why";
        }
    }
    rpc_conn_explain(c, st, doing, "%s: %s", i->name, why);
    return st;
}

/* Servers with NDR64 may refuse the other offer then ([MS-RPCE] 3.3.1.5.6). */
enum nt_status rpc_check_results(struct rpc_conn *c, struct rpc_rd *list, unsigned number, const char *doing)
{
    struct rpc_context *ctx = &c->ctx[number];
    struct rpc_result narrow, wide = { .result = RPC_RESULT_PROVIDER_REJECTION };
    rpc_get_result(list, &narrow);
    if (c->want_ndr64)
        rpc_get_result(list, &wide);
    ctx->ndr64 = wide.result == RPC_RESULT_ACCEPTANCE;
    enum nt_status st = ctx->ndr64 ? check_result(c, &wide, ctx->iface, &rpc_syntax_ndr64, doing)
                                   : check_result(c, &narrow, ctx->iface, &rpc_syntax_ndr20, doing);
    ctx->accepted = st == STATUS_SUCCESS;
    return st;
}

/* The answer to a later leg repeats the one context that it was sent with. */
enum nt_status rpc_check_leg(struct rpc_conn *c, const struct rpc_pdu *d, const char *doing)
{
    struct rpc_rd list = d->u.ack.list;
    struct rpc_result r;
    rpc_get_result(&list, &r);
    return check_result(c, &r, c->ctx[0].iface, c->ctx[0].ndr64 ? &rpc_syntax_ndr64 : &rpc_syntax_ndr20,
                        doing);
}

/* Sizes and results of a bind_ack or alter_context_resp. `first`: the bind_ack, which sets the sizes. */
static bool ack_holds(struct rpc_conn *c, const struct rpc_pdu *d, bool first)
{
    unsigned n = !first ? 1U : c->want_ndr64 ? 3U : 2U;
    if (d->u.ack.n != n) {
        rpc_conn_fail(c, RPC_NT_PROTOCOL_ERROR, doing_bind,
                      "the server answered %u of %u presentation contexts", d->u.ack.n, n);
        return false;
    }
    struct rpc_rd list = d->u.ack.list;
    struct rpc_result r;
    enum nt_status st = first ? rpc_check_results(c, &list, 0, doing_bind) : rpc_check_leg(c, d, doing_bind);
    if (st != STATUS_SUCCESS) {
        rpc_conn_fail(c, st, NULL, "%s", "");
        return false;
    }
    if (!first)
        return true;
    rpc_get_result(&list, &r);
    if (r.result == RPC_RESULT_NEGOTIATE_ACK)
        c->features = (uint8_t)(r.reason & OUR_FEATURES); /* only what was offered */
    if (d->u.ack.max_recv < RPC_FRAG_MIN || d->u.ack.max_xmit < RPC_FRAG_MIN) {
        rpc_conn_fail(c, RPC_NT_PROTOCOL_ERROR, doing_bind,
                      "the server wants fragments of %u bytes, below the minimum of %u",
                      d->u.ack.max_recv < d->u.ack.max_xmit ? d->u.ack.max_recv : d->u.ack.max_xmit,
                      RPC_FRAG_MIN);
        return false;
    }
    c->max_xmit = d->u.ack.max_recv < c->max_frag ? d->u.ack.max_recv : c->max_frag;
    c->max_recv = c->max_frag;
    c->assoc = d->u.ack.assoc;
    if (c->want_assoc && c->assoc != c->want_assoc) {
        rpc_conn_fail(c, RPC_NT_PROTOCOL_ERROR, doing_bind,
                      "the server put us into another association group");
        return false;
    }
    return true;
}

/* The trailer of an answer must be there when a token is awaited, and be ours; CVE-2016-2118 and kin. */
const char *rpc_ack_trailer(const struct rpc_pdu *d, const struct rpc_sec *sec, enum nt_status *ret_st)
{
    *ret_st = STATUS_ACCESS_DENIED;
    if (!d->has_auth)
        return sec->established ? NULL : "the server's answer dropped the authentication that was asked for";
    const char *why = rpc_trailer_mismatch(&d->auth, sec);
    if (why || !sec->established)
        return why;
    *ret_st = RPC_NT_PROTOCOL_ERROR;
    return "the server sent a token after the authentication was complete";
}

static bool trailer_holds(struct rpc_conn *c, const struct rpc_pdu *d)
{
    enum nt_status st = RPC_NT_PROTOCOL_ERROR;
    const char *why = NULL;
    if (c->provider)
        why = rpc_ack_trailer(d, &c->sec, &st);
    else if (d->has_auth)
        why = "the server sent a security trailer that nobody asked for";
    if (why)
        rpc_conn_fail(c, st, doing_auth, "%s", why);
    return !why;
}

void rpc_on_bind_ack(struct rpc_conn *c, const uint8_t *pdu, const struct rpc_pdu *d)
{
    bool first = c->state == RPC_ST_BIND;
    if ((d->h.flags & RPC_PFC_WHOLE) != RPC_PFC_WHOLE) {
        rpc_conn_fail(c, RPC_NT_PROTOCOL_ERROR, doing_bind, "the server's answer is in fragments");
        return;
    }
    if (!ack_holds(c, d, first) || !trailer_holds(c, d))
        return;
    if (first)
        c->mpx = (d->h.flags & RPC_PFC_CONC_MPX) && !rpc_one_call(c);
    if (first)
        c->sec.header_sign = c->sec.offered_header_sign && (d->h.flags & RPC_PFC_HEADER_SIGN);
    if (c->sec.established)
        rpc_sec_establish(&c->sec); /* with what this answer says */
    if (!c->provider || c->sec.established)
        rpc_conn_bound(c);
    else
        rpc_auth_step(c, (struct nt_blob){ pdu + d->auth.off + RPC_TRAILER_LEN, d->h.auth_len });
}

void rpc_on_bind_nak(struct rpc_conn *c, const struct rpc_pdu *d)
{
    char more[256];
    rpc_conn_extended(c, d->u.nak.extended, more, sizeof more);
    if (c->want_assoc && d->u.nak.reason == RPC_NAK_NOT_SPECIFIED) {
        rpc_conn_fail(c, RPC_NT_GROUP_MEMBER_NOT_FOUND, doing_bind,
                      "the server does not have the association group%s", more);
        return;
    }
    switch (d->u.nak.reason) {
    case RPC_NAK_CONGESTION:
    case RPC_NAK_LOCAL_LIMIT:
        rpc_conn_fail(c, RPC_NT_SERVER_TOO_BUSY, doing_bind, "the server has reached a limit%s", more);
        break;
    case RPC_NAK_VERSION:
        rpc_conn_fail(c, RPC_NT_PROTOCOL_ERROR, doing_bind,
                      "the server wants another protocol version (%u.%u)%s", d->u.nak.major, d->u.nak.minor,
                      more);
        break;
    case RPC_NAK_AUTH_TYPE:
        rpc_conn_fail(c, RPC_NT_UNKNOWN_AUTHN_SERVICE, doing_bind,
                      "the server does not know the authentication type%s", more);
        break;
    case RPC_NAK_CHECKSUM:
        rpc_conn_fail(c, STATUS_ACCESS_DENIED, doing_auth, "the server refuses our token%s", more);
        break;
    default:
        rpc_conn_fail(c, c->provider ? STATUS_ACCESS_DENIED : RPC_NT_CALL_FAILED, doing_bind,
                      "the server refuses the bind (reason %u)%s", d->u.nak.reason, more);
    }
}
