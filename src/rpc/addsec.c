// SPDX-License-Identifier: Apache-2.0
/*
 * Further security contexts of a client's connection ([MS-RPCE] 3.3.1.5.4): each is built by alter_contexts
 * under an auth_context_id of its own while nothing else is sent. See auth.c for the first one, which the
 * bind builds, and for the steps that both share.
 */
#include <stdlib.h>
#include "rpc/m_client.h"

struct rpc_xsec {
    struct rpc_sec sec;
    struct rpc_conn *c;
    struct rpc_call *call; /* that makes it; NULL: it has ended */
    struct rpc_auth_job *job;
    unsigned legs;
    bool usable;
    char mech[32];
};

static const char doing[] = "adding a security context";

/* ---- which one ---- */

struct rpc_sec *rpc_conn_sec(struct rpc_conn *c)
{
    if (c->call_security == 0)
        return &c->sec;
    for (unsigned i = 0; i < c->n_xsec; i++)
        if (c->xsec[i]->sec.ctx_id == c->call_security && c->xsec[i]->usable)
            return &c->xsec[i]->sec;
    return NULL;
}

static const struct rpc_xsec *chosen(const struct rpc_conn *c)
{
    for (unsigned i = 0; i < c->n_xsec; i++)
        if (c->xsec[i]->sec.ctx_id == c->call_security)
            return c->xsec[i];
    return NULL;
}

const char *rpc_conn_mech(const struct rpc_conn *c)
{
    const struct rpc_xsec *x = chosen(c);
    return x ? x->mech : c->mech;
}

const char *rpc_conn_principal(const struct rpc_conn *c)
{
    const struct rpc_xsec *x = chosen(c);
    const struct rpc_auth_job *j = x ? x->job : c->job;
    return j ? j->principal : NULL;
}

struct rpc_sec *rpc_sec_of(struct rpc_conn *c, const struct rpc_pdu *d)
{
    for (unsigned i = 0; i < c->n_xsec && d->has_auth; i++)
        if (c->xsec[i]->sec.ctx_id == d->auth.ctx_id)
            return &c->xsec[i]->sec;
    return &c->sec;
}

/* ---- life ---- */

static void xsec_free(struct rpc_xsec *x)
{
    rpc_job_drop(x->job);
    free(x);
}

void rpc_xsec_free_all(struct rpc_conn *c)
{
    while (c->n_xsec)
        xsec_free(c->xsec[--c->n_xsec]);
}

/* One that came to nothing leaves its place, unless its number may still come from the server. */
void rpc_xsec_left(struct rpc_xsec *x)
{
    struct rpc_conn *c = x->c;
    x->call = NULL;
    if (x->usable || x->legs > 1)
        return;
    for (unsigned i = 0; i < c->n_xsec; i++)
        if (c->xsec[i] == x) {
            c->xsec[i] = c->xsec[--c->n_xsec];
            break;
        }
    xsec_free(x);
}

/* ---- steps ---- */

static enum nt_status send_token(struct rpc_xsec *x, struct nt_blob token, bool done)
{
    struct rpc_conn *c = x->c;
    bool first = x->legs == 1;
    if (!first && done && token.len == 0)
        return STATUS_SUCCESS;
    if (!first && done && (x->sec.provider->caps & SEC_CAP_AUTH3))
        return rpc_send_auth3(c, &x->sec, x->call->id, token);
    unsigned flags = first && x->sec.offered_header_sign ? (unsigned)RPC_PFC_HEADER_SIGN : 0U;
    return rpc_put_alter(c, &x->sec, x->call->id, flags, token);
}

/* What the provider made of the server's token. Complete: *ret_complete. */
static enum nt_status after_step(struct rpc_xsec *x, bool *ret_complete)
{
    struct rpc_conn *c = x->c;
    struct rpc_auth_job *j = x->job;
    struct nt_blob token = { j->out.base, j->out.len };
    bool done = j->st == STATUS_SUCCESS;
    enum nt_status st = STATUS_SUCCESS;
    const char *why = NULL;
    *ret_complete = false;
    if (!done && j->st != STATUS_MORE_PROCESSING_REQUIRED) {
        st = nt_ok(j->st) ? RPC_NT_SEC_PKG_ERROR : j->st;
        why = j->err.text[0] ? j->err.text : "the provider refused";
    } else if (!done && token.len == 0) {
        st = RPC_NT_SEC_PKG_ERROR;
        why = "the provider has no token but wants another one";
    } else if (done && !rpc_job_complete(j, &x->sec, x->mech, sizeof x->mech)) {
        st = STATUS_ACCESS_DENIED;
        why = "the server agreed to less protection than was asked for";
    } else {
        st = send_token(x, token, done);
        why = "the token could not be sent";
    }
    if (st != STATUS_SUCCESS)
        rpc_conn_explain(c, st, doing, "%s", why);
    /* what went by alter_context has an answer; the rest is over */
    *ret_complete = st == STATUS_SUCCESS && done && x->legs > 1 &&
                    (token.len == 0 || (x->sec.provider->caps & SEC_CAP_AUTH3));
    return st;
}

/* The call has ended. A failure after the first token costs the connection ([MS-RPCE] 3.3.1.5.2.1). */
static void end(struct rpc_xsec *x, enum nt_status st)
{
    struct rpc_conn *c = x->c;
    bool fatal = st != STATUS_SUCCESS && x->legs > 1;
    x->usable = st == STATUS_SUCCESS;
    if (fatal)
        rpc_conn_fail(c, st, NULL, "%s", "");
    else
        rpc_call_end(x->call, st);
}

static void stepped(void *owner)
{
    struct rpc_xsec *x = owner;
    bool complete;
    if (!x->call)
        return;
    enum nt_status st = after_step(x, &complete);
    if (st != STATUS_SUCCESS || complete)
        end(x, st);
}

enum nt_status rpc_xsec_start(struct rpc_call *call)
{
    struct rpc_xsec *x = call->adding;
    bool complete;
    x->call = call;
    x->legs = 1;
    if (!rpc_job_step(x->c, x->job, (struct nt_blob){ NULL, 0 }))
        return STATUS_SUCCESS;
    return after_step(x, &complete);
}

void rpc_xsec_on_ack(struct rpc_call *call, const uint8_t *pdu, const struct rpc_pdu *d)
{
    struct rpc_xsec *x = call->adding;
    struct rpc_conn *c = call->c;
    enum nt_status st;
    const char *why = rpc_ack_trailer(d, &x->sec, &st);
    if (!why && x->legs == RPC_AUTH_LEGS_MAX) {
        st = RPC_NT_PROTOCOL_ERROR;
        why = "the server keeps asking for further tokens";
    }
    if (why) {
        rpc_conn_fail(c, st, doing, "%s", why);
        return;
    }
    st = rpc_check_leg(c, d, doing);
    if (st != STATUS_SUCCESS) {
        rpc_conn_fail(c, st, NULL, "%s", "");
        return;
    }
    if (x->legs == 1)
        x->sec.header_sign = x->sec.offered_header_sign && (d->h.flags & RPC_PFC_HEADER_SIGN);
    x->legs++;
    if (x->sec.established) {
        rpc_sec_establish(&x->sec); /* with what this answer says */
        end(x, STATUS_SUCCESS);
    } else if (rpc_job_step(c, x->job,
                            (struct nt_blob){ pdu + d->auth.off + RPC_TRAILER_LEN, d->h.auth_len })) {
        stepped(x);
    }
}

/* ---- for users ---- */

static enum nt_status may_add(struct rpc_conn *c, const struct rpc_security *s,
                              const struct sec_provider *provider)
{
    enum nt_status st = STATUS_INVALID_PARAMETER;
    const char *why = NULL;
    if (c->state == RPC_ST_READY && !rpc_sec_signs(&c->sec))
        why = "the connection itself signs nothing, so the server could not tell whose a request is";
    else if (s->level && s->level != SEC_LEVEL_INTEGRITY && s->level != SEC_LEVEL_PRIVACY)
        why = "a further context needs integrity or privacy";
    else if (!s->creds)
        why = "no credentials were given";
    else if (!provider)
        st = STATUS_NOT_SUPPORTED, why = "there is no such security provider in this build";
    else if (c->state == RPC_ST_READY && !(c->features & RPC_FEATURE_SEC_MULTIPLEX))
        st = STATUS_NOT_SUPPORTED, why = "the server knows one security context for each connection";
    else if (c->n_xsec == RPC_SECURITY_CONTEXTS_MAX - 1)
        st = STATUS_INSUFFICIENT_RESOURCES, why = "there are as many as there may be";
    if (!why)
        return STATUS_SUCCESS;
    rpc_conn_explain(c, st, doing, "%s", why);
    return st;
}

static enum nt_status xsec_new(struct rpc_conn *c, const struct rpc_security *s,
                               const struct sec_provider *provider, struct rpc_xsec **ret)
{
    struct rpc_xsec *x = calloc(1, sizeof *x);
    if (!x)
        return STATUS_NO_MEMORY;
    x->c = c;
    x->sec.provider = provider;
    x->sec.level = s->level ? s->level : SEC_LEVEL_PRIVACY;
    x->sec.offered_header_sign = (provider->caps & SEC_CAP_HEADER_SIGN) && !c->no_header_sign;
    struct rpc_auth_want w = { .provider = provider,
                               .level = x->sec.level,
                               .creds = s->creds,
                               .target = s->target ? s->target : c->target,
                               .service = s->service ? s->service : c->service,
                               .offer_header_sign = x->sec.offered_header_sign };
    enum nt_status st = rpc_job_new(c, &w, stepped, x, &x->job);
    if (st != STATUS_SUCCESS) {
        free(x);
        return st;
    }
    x->sec.ctx_id = c->next_sec_id++;
    *ret = x;
    return STATUS_SUCCESS;
}

enum nt_status rpc_conn_add_security_send(struct rpc_conn *c, const struct rpc_security *security,
                                          rpc_done_fn *done, void *arg, uint32_t *ret_id)
{
    struct rpc_security s = RPC_SECURITY_INIT;
    struct rpc_xsec *x;
    memcpy(&s, security, security->size < sizeof s ? security->size : sizeof s);
    const struct sec_provider *provider = sec_provider_by_name(s.provider ? s.provider : "spnego");
    enum nt_status st = may_add(c, &s, provider);
    if (st == STATUS_SUCCESS)
        st = xsec_new(c, &s, provider, &x);
    if (st != STATUS_SUCCESS)
        return st;
    c->xsec[c->n_xsec++] = x;
    uint32_t id = x->sec.ctx_id;
    st = rpc_call_adding(c, x, done, arg);
    if (st == STATUS_SUCCESS)
        *ret_id = id;
    else
        rpc_xsec_left(x);
    return st;
}

struct added {
    bool done;
    enum nt_status st;
};

static void added(void *arg, enum nt_status st)
{
    *(struct added *)arg = (struct added){ true, st };
}

static bool is_added(void *arg)
{
    return ((struct added *)arg)->done;
}

enum nt_status rpc_conn_add_security(struct rpc_conn *c, const struct rpc_security *s, uint32_t *ret_id)
{
    struct added w = { false, STATUS_SUCCESS };
    uint32_t id;
    enum nt_status st = rpc_conn_may_wait(c);
    if (st == STATUS_SUCCESS)
        st = rpc_conn_add_security_send(c, s, added, &w, &id);
    if (st != STATUS_SUCCESS)
        return st;
    rpc_conn_wait(c, is_added, &w);
    if (!rpc_conn_leave(c) && w.st == STATUS_SUCCESS)
        *ret_id = id;
    return w.st;
}
