// SPDX-License-Identifier: Apache-2.0
/* Security contexts of a server's connection ([MS-RPCE] 3.3.1.5.2): one for each auth_context_id. */
#include <stdio.h>
#include <stdlib.h>
#include "rpc/m_server.h"
#include "sec/token.h"

struct rpc_ssec *rpc_ssec_find(const struct rpc_sconn *c, uint32_t ctx_id)
{
    for (unsigned i = 0; i < c->n_sec; i++)
        if (c->sec[i]->sec.ctx_id == ctx_id)
            return c->sec[i];
    return NULL;
}

static unsigned flags_of(enum sec_level level, bool header_sign)
{
    return SEC_FLAG_DCE_STYLE | (level >= SEC_LEVEL_INTEGRITY ? (unsigned)SEC_FLAG_INTEGRITY : 0U) |
           (level >= SEC_LEVEL_PRIVACY ? (unsigned)SEC_FLAG_PRIVACY : 0U) |
           (header_sign ? (unsigned)SEC_FLAG_HEADER_SIGN : 0U);
}

/* What there are keys for. SPNEGO finds out by itself which of the two it can offer. */
static bool can_accept(const struct rpc_server *s, const struct sec_provider *p)
{
    if (!p)
        return false;
    if (p == &sec_schannel)
        return s->acceptor.schannel != NULL;
    if (p == &sec_ntlm)
        return sec_acceptor_ntlm(&s->acceptor);
    if (p == &sec_spnego)
        return sec_acceptor_ntlm(&s->acceptor) || s->acceptor.keytab;
    return s->acceptor.keytab != NULL;
}

/* Some interface lets anybody call it. */
static bool takes_strangers(const struct rpc_server *s)
{
    for (const struct rpc_served *p = s->served; p; p = p->next)
        if (rpc_served_level(s, p) <= SEC_LEVEL_NONE)
            return true;
    return false;
}

const char *rpc_server_principal(const struct rpc_server *s, uint32_t authn_type)
{
    bool known = authn_type <= UINT8_MAX && can_accept(s, sec_provider_by_type((uint8_t)authn_type));
    return known ? s->principal : NULL;
}

enum { LEVEL_CALL = 3, LEVEL_PKT = 4 }; /* [MS-RPCE] 2.2.1.1.8; the latter is integrity by another name */

/* The codes are those that Windows tells apart in a bind_nak. */
static enum nt_status check_trailer(const struct rpc_server *s, const struct rpc_trailer *t)
{
    if (t->level < SEC_LEVEL_CONNECT || t->level > SEC_LEVEL_PRIVACY)
        return RPC_NT_UNKNOWN_AUTHN_LEVEL;
    if (!can_accept(s, sec_provider_by_type(t->type)))
        return RPC_NT_UNKNOWN_AUTHN_SERVICE;
    return t->level == LEVEL_CALL ? RPC_NT_SEC_PKG_ERROR : STATUS_SUCCESS;
}

static bool can_sign_headers(const struct rpc_sec *s)
{
    return (s->provider->caps & SEC_CAP_HEADER_SIGN) && s->level >= SEC_LEVEL_INTEGRITY;
}

void rpc_ssec_sign_headers(struct rpc_sconn *c)
{
    c->header_sign = true;
    for (unsigned i = 0; i < c->n_sec; i++)
        if (can_sign_headers(&c->sec[i]->sec)) {
            c->sec[i]->sec.header_sign = true;
            c->sec[i]->sec.covers_header = c->sec[i]->sec.established;
        }
}

enum nt_status rpc_ssec_new(struct rpc_sconn *c, const struct rpc_pdu *d, struct rpc_ssec **ret)
{
    const struct sec_provider *p = sec_provider_by_type(d->auth.type);
    enum nt_status st = check_trailer(c->s, &d->auth);
    if (st != STATUS_SUCCESS)
        return st;
    if (c->n_sec == RPC_SECURITY_CONTEXTS_MAX)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct rpc_ssec *x = calloc(1, sizeof *x);
    if (!x)
        return STATUS_NO_MEMORY;
    x->sec.provider = p;
    x->sec.level = d->auth.level == LEVEL_PKT ? SEC_LEVEL_INTEGRITY : (enum sec_level)d->auth.level;
    x->sec.wire_level = d->auth.level;
    x->sec.ctx_id = d->auth.ctx_id;
    x->sec.header_sign = c->header_sign && can_sign_headers(&x->sec);
    x->params = (struct sec_params){ .role = SEC_SERVER,
                                     .acceptor = &c->s->acceptor,
                                     .env = c->s->env,
                                     .err = &x->err,
                                     .peer = c->peer,
                                     .channel_bindings = c->bindings,
                                     .flags = flags_of(x->sec.level, x->sec.header_sign) |
                                              (takes_strangers(c->s) ? (unsigned)SEC_FLAG_ANONYMOUS : 0U) };
    if (c->s->observer.auth) /* without memory a name is not told */
        x->params.claim = x->claim = calloc(1, sizeof *x->claim);
    st = p->start(&x->params, &x->sec.ctx);
    if (st != STATUS_SUCCESS) {
        free(x->claim);
        free(x);
        return st;
    }
    c->sec[c->n_sec++] = x;
    if (x->sec.level == SEC_LEVEL_CONNECT && !c->connect_named)
        c->by_default = x;
    *ret = x;
    return STATUS_SUCCESS;
}

/* The mechanism's name, with the provider's in front where that holds another. */
static void take_mech(struct rpc_ssec *x)
{
    const struct sec_provider *p = x->sec.provider;
    struct nt_blob b;
    snprintf(x->mech, sizeof x->mech, "%s", p->name);
    if (p->query(x->sec.ctx, SEC_ITEM_MECH, &b) == STATUS_SUCCESS && b.len < 16 &&
        (b.len != strlen(p->name) || memcmp(b.data, p->name, b.len) != 0))
        snprintf(x->mech, sizeof x->mech, "%s/%.*s", p->name, (int)b.len, (const char *)b.data);
}

/* The context stands; it has to be able to do what its level promises, and to say whose it is. A null session
 * is nobody's: it stands where strangers may call, and gives them no more than they have without it. */
static enum nt_status complete(const struct rpc_sconn *c, struct rpc_ssec *x)
{
    struct nt_blob b;
    unsigned granted = 0, need = flags_of(x->sec.level, false) & (SEC_FLAG_INTEGRITY | SEC_FLAG_PRIVACY);
    if (x->sec.provider->query(x->sec.ctx, SEC_ITEM_FLAGS, &b) == STATUS_SUCCESS && b.len == sizeof granted)
        memcpy(&granted, b.data, sizeof granted);
    const struct sec_token *token = sec_ctx_token(x->sec.ctx);
    if ((granted & need) != need)
        return RPC_NT_SEC_PKG_ERROR;
    if ((granted & SEC_FLAG_GUEST) || !token)
        return STATUS_ACCESS_DENIED;
    bool nobody = (granted & SEC_FLAG_ANONYMOUS) || (token->flags & SEC_TOKEN_ANONYMOUS);
    if (nobody ? !takes_strangers(c->s) : !token->name[0])
        return STATUS_ACCESS_DENIED; /* whoever has no name owns no handles */
    if (strncmp(token->name, RPC_UID_PREFIX, sizeof RPC_UID_PREFIX - 1) == 0)
        return STATUS_ACCESS_DENIED; /* names that the kernel gives */
    take_mech(x);
    x->token = sec_token_ref(nobody ? sec_token_anonymous() : token);
    rpc_sec_establish(&x->sec);
    return STATUS_SUCCESS;
}

/* Whoever runs the server should learn what the client is not told: a wrong password is a status alone. */
static void trace_refusal(const struct rpc_sconn *c, const struct rpc_ssec *x, enum nt_status st)
{
    char line[sizeof x->err.text + 100];
    const char *name = nt_status_name(st);
    (void)snprintf(line, sizeof line, "%s: not let in: %s (%s)", x->sec.provider->name,
                   x->err.text[0] ? x->err.text : nt_status_text(st), name ? name : "no name");
    c->s->env->trace(c->s->env->arg, NT_TRACE_STATE, line);
}

enum nt_status rpc_ssec_step(struct rpc_sconn *c, struct rpc_ssec *x, const uint8_t *pdu,
                             const struct rpc_pdu *d, struct wr *token)
{
    struct nt_blob in = { pdu + d->auth.off + RPC_TRAILER_LEN, d->h.auth_len };
    if (x->failed || x->sec.established || ++x->legs > RPC_AUTH_LEGS_MAX)
        return RPC_NT_PROTOCOL_ERROR;
    if (rpc_trailer_mismatch(&d->auth, &x->sec)) {
        x->failed = true;
        return d->auth.type != x->sec.provider->rpc_auth_type && sec_provider_by_type(d->auth.type)
                   ? RPC_NT_SEC_PKG_ERROR
                   : STATUS_ACCESS_DENIED;
    }
    enum nt_status st = x->sec.provider->step(x->sec.ctx, in, token);
    if (st == STATUS_SUCCESS)
        st = token->st == STATUS_SUCCESS ? complete(c, x) : token->st;
    else if (nt_ok(st) && st != STATUS_MORE_PROCESSING_REQUIRED)
        st = RPC_NT_SEC_PKG_ERROR;
    if (st == STATUS_SUCCESS && !(x->token->flags & SEC_TOKEN_ANONYMOUS))
        rpc_peer_known(c);
    x->failed = st != STATUS_SUCCESS && st != STATUS_MORE_PROCESSING_REQUIRED;
    if (c->s->observer.auth && st != STATUS_MORE_PROCESSING_REQUIRED) {
        take_mech(x);
        rpc_observe_auth(c, x, st);
    }
    if (x->failed && c->s->env->trace && c->s->env->trace_level >= NT_TRACE_STATE)
        trace_refusal(c, x, st);
    return st;
}

const struct sec_token *rpc_caller_token(struct rpc_sconn *c, const struct rpc_ssec *x)
{
    if (x)
        return sec_token_ref(x->token);
    if (c->carried)
        return sec_token_ref(c->token);
    if (!c->cred.known)
        return sec_token_anonymous();
    if (!c->token && sec_token_local(c->cred.uid, c->cred.gid, NULL, 0, &c->token) != STATUS_SUCCESS)
        return NULL;
    return sec_token_ref(c->token);
}

void rpc_ssec_free_all(struct rpc_sconn *c)
{
    sec_token_unref(c->token);
    c->token = NULL;
    free((void *)(uintptr_t)c->bindings.data);
    c->bindings = (struct nt_blob){ NULL, 0 };
    for (unsigned i = 0; i < c->n_sec; i++) {
        sec_free(c->sec[i]->sec.ctx);
        sec_token_unref(c->sec[i]->token);
        free(c->sec[i]->claim);
        free(c->sec[i]);
    }
    c->n_sec = 0;
    c->by_default = NULL;
}
