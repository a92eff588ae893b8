// SPDX-License-Identifier: Apache-2.0
/*
 * The SPNEGO provider, RFC 4178 with [MS-SPNG]: it holds the context of one other provider. The client
 * decides which before its first token and offers no other, so that nobody can talk it into a weaker one; the
 * acceptor takes the client's first mechanism that it has.
 */
#include <stdlib.h>

#include "sec/m_spnego.h"

enum state {
    S_START,
    S_EXCHANGE, /* tokens of the mechanism, or mechListMIC, go back and forth */
    S_RAW,      /* acceptor: the client sends tokens of the mechanism without SPNEGO around them */
    S_READY,
    S_FAILED,
};

/* Ceiling of legs: Kerberos has three, NTLM three, a change of mechanism and mechListMIC add one each. */
#define LEGS_MAX 8u

struct spnego_ctx {
    struct sec_ctx base;
    enum sec_role role;
    enum state state;
    unsigned legs;
    struct sec_params params; /* acceptor: starts the mechanism when it is known */
    uint8_t *bindings;
    struct nt_error *err;
    struct sec_ctx *inner;
    enum spnego_mech mech; /* as offered, or chosen */
    struct wr mech_list;   /* DER, what mechListMIC covers */
    bool inner_done;
    bool answered; /* the first NegTokenResp was there */
    bool mic_needed, mic_sent, mic_checked;
};

static const char *mech_name(enum spnego_mech m)
{
    return m == MECH_NTLM ? "NTLM" : m == MECH_OTHER ? "another mechanism" : "Kerberos";
}

static const struct sec_provider *provider_of(enum spnego_mech m)
{
    return sec_provider_by_name(m == MECH_NTLM ? "ntlm" : "krb5");
}

/* ---- mechListMIC ---- */

/* The mechanism can protect a message, and its key is a secret. */
static bool can_mic(struct spnego_ctx *c)
{
    struct nt_blob b;
    unsigned flags = 0;

    if (!c->inner_done || !nt_ok(c->inner->p->query(c->inner, SEC_ITEM_FLAGS, &b)))
        return false;
    memcpy(&flags, b.data, sizeof(flags));
    return (flags & SEC_FLAG_INTEGRITY) && !(flags & (SEC_FLAG_ANONYMOUS | SEC_FLAG_GUEST));
}

static enum nt_status make_mic(struct spnego_ctx *c, struct wr *mic)
{
    size_t n = c->inner->p->token_size(c->inner, SEC_LEVEL_INTEGRITY, c->mech_list.len);
    uint8_t *p = wr_room(mic, n);

    if (!p)
        return mic->st;
    struct sec_iov iov[] = { { SEC_PART_DATA, c->mech_list.base, c->mech_list.len },
                             { SEC_PART_TOKEN, p, n } };
    enum nt_status st = c->inner->p->protect(c->inner, SEC_LEVEL_INTEGRITY, iov, 2);
    if (nt_ok(st))
        c->mic_sent = true;
    return st;
}

static enum nt_status check_mic(struct spnego_ctx *c, struct nt_blob mic)
{
    struct wr copy;

    if (c->mic_checked)
        return nt_error_set(c->err, STATUS_INVALID_NETWORK_RESPONSE, "the peer sent a second mechListMIC");
    wr_init(&copy, SEC_TOKEN_MAX);
    wr_bytes(&copy, mic.data, mic.len);
    enum nt_status st = copy.st;
    if (nt_ok(st)) {
        struct sec_iov iov[] = { { SEC_PART_DATA, c->mech_list.base, c->mech_list.len },
                                 { SEC_PART_TOKEN, copy.base, copy.len } };
        st = c->inner->p->unprotect(c->inner, SEC_LEVEL_INTEGRITY, iov, 2);
        if (!nt_ok(st))
            st = nt_error_set(c->err, STATUS_DOWNGRADE_DETECTED,
                              "the list of security mechanisms was changed on its way (wrong mechListMIC)");
    }
    wr_free(&copy);
    c->mic_checked = nt_ok(st);
    return st;
}

static enum nt_status finish(struct spnego_ctx *c)
{
    if (c->mech == MECH_NTLM)
        ntlm_rewind_keystream(c->inner);
    c->state = S_READY;
    return STATUS_SUCCESS;
}

/* Steps the mechanism. STATUS_SUCCESS also when it awaits more. */
static enum nt_status step_inner(struct spnego_ctx *c, struct nt_blob in, struct wr *out)
{
    enum nt_status st = c->inner->p->step(c->inner, in, out);

    if (st == STATUS_MORE_PROCESSING_REQUIRED)
        return STATUS_SUCCESS;
    if (nt_ok(st))
        c->inner_done = true;
    return st;
}

void sec_spnego_hint(const struct sec_acceptor *a, struct wr *out)
{
    enum spnego_mech mechs[3];
    size_t n = 0;
    struct wr list;
    if (a->keytab && sec_provider_by_name("krb5")) {
        mechs[n++] = MECH_MS_KRB5;
        mechs[n++] = MECH_KRB5;
    }
    if (sec_acceptor_ntlm(a))
        mechs[n++] = MECH_NTLM;
    wr_init(&list, SEC_TOKEN_MAX);
    spnego_put_mech_list(&list, mechs, n);
    if (list.st == STATUS_SUCCESS)
        spnego_put_init(out, (struct nt_blob){ list.base, list.len }, (struct nt_blob){ NULL, 0 }, true);
    else
        wr_fail(out, list.st);
    wr_free(&list);
}

/* ---- client ---- */

static enum nt_status client_first(struct spnego_ctx *c, struct nt_blob in, struct wr *out)
{
    struct spnego_init hint;
    struct wr token;

    if (in.len) { /* a server that speaks first: unprotected, so it decides nothing, but may explain */
        enum nt_status st = spnego_parse_init(in, &hint);
        bool there = !hint.mech_count && nt_ok(st);

        if (!nt_ok(st))
            return nt_error_set(c->err, st, "the server's SPNEGO token is malformed");
        for (size_t i = 0; i < hint.mech_count; i++)
            there |= provider_of(hint.mechs[i]) == c->inner->p && hint.mechs[i] != MECH_OTHER;
        if (!there)
            return nt_error_set(c->err, STATUS_NOT_SUPPORTED, "the server does not take %s",
                                mech_name(c->mech));
    }
    wr_init(&token, SEC_TOKEN_MAX);
    enum nt_status st = step_inner(c, (struct nt_blob){ NULL, 0 }, &token);
    if (nt_ok(st)) {
        spnego_put_mech_list(&c->mech_list, &c->mech, 1);
        spnego_put_init(out, (struct nt_blob){ c->mech_list.base, c->mech_list.len },
                        (struct nt_blob){ token.base, token.len }, false);
        st = c->mech_list.st != STATUS_SUCCESS ? c->mech_list.st : out->st;
    }
    wr_free(&token);
    c->state = S_EXCHANGE;
    return nt_ok(st) ? STATUS_MORE_PROCESSING_REQUIRED : st;
}

/* What the server decided: reject, another mechanism, or a list check. */
static enum nt_status check_decision(struct spnego_ctx *c, const struct spnego_resp *r)
{
    if (r->state == NEG_REJECT) {
        struct wr none;

        /* the mechanism's own error token, if there is one, says more */
        wr_init(&none, SEC_TOKEN_MAX);
        enum nt_status st = r->token.len && !c->inner_done ? step_inner(c, r->token, &none) : STATUS_SUCCESS;
        wr_free(&none);
        return nt_ok(st) ? nt_error_set(c->err, STATUS_LOGON_FAILURE, "the server rejected the logon by %s",
                                        mech_name(c->mech))
                         : st;
    }
    if (!c->answered && r->has_mech &&
        (r->mech == MECH_OTHER ||
         provider_of(r->mech) != c->inner->p)) /* later ones: [MS-SPNG] 3.3.5, ignored */
        return nt_error_set(c->err, STATUS_DOWNGRADE_DETECTED,
                            "the server wants to use %s, but only %s was offered", mech_name(r->mech),
                            mech_name(c->mech));
    /* The erroneous OID of Kerberos in answer to the standard one is no change of the mechanism: servers that
     * only know it as that do so, and with one mechanism on the list there is nothing that a MIC would still
     * protect. */
    if (r->state == NEG_REQUEST_MIC)
        c->mic_needed = true;
    c->answered = true;
    return STATUS_SUCCESS;
}

static enum nt_status client_send(struct spnego_ctx *c, struct wr *token, struct wr *out)
{
    struct spnego_resp r = { .state = NEG_ABSENT, .token = { token->base, token->len } };
    struct wr mic;
    enum nt_status st = STATUS_SUCCESS;

    wr_init(&mic, SEC_TOKEN_MAX);
    if (!c->mic_sent && can_mic(c))
        st = make_mic(c, &mic);
    if (nt_ok(st)) {
        r.mic = (struct nt_blob){ mic.base, mic.len };
        r.state = c->inner_done && !r.token.len ? NEG_ACCEPT_COMPLETED : NEG_ABSENT;
        spnego_put_resp(out, &r);
        st = out->st;
    }
    wr_free(&mic);
    return nt_ok(st) ? STATUS_MORE_PROCESSING_REQUIRED : st;
}

static enum nt_status client_consume(struct spnego_ctx *c, const struct spnego_resp *r, struct wr *token)
{
    enum nt_status st = check_decision(c, r);

    if (!nt_ok(st))
        return st;
    if (!c->inner_done) {
        if (!r->token.data)
            return nt_error_set(c->err, STATUS_INVALID_NETWORK_RESPONSE,
                                "the server's SPNEGO answer has no token");
        st = step_inner(c, r->token, token);
    } else if (r->token.len) {
        st = nt_error_set(c->err, STATUS_INVALID_NETWORK_RESPONSE,
                          "the server sent a token that nobody awaits");
    }
    if (nt_ok(st) && r->mic.data && c->inner_done)
        st = can_mic(c) ? check_mic(c, r->mic) : STATUS_SUCCESS;
    if (nt_ok(st) && r->state == NEG_ACCEPT_COMPLETED && (!c->inner_done || token->len))
        st = nt_error_set(c->err, STATUS_INVALID_NETWORK_RESPONSE,
                          "the server ended the logon before its time");
    return st;
}

static enum nt_status client_next(struct spnego_ctx *c, struct nt_blob in, struct wr *out)
{
    struct spnego_resp r = { .state = NEG_ACCEPT_COMPLETED };
    struct wr token;
    enum nt_status st = STATUS_SUCCESS;

    /* An application protocol may say by itself that the server is content. */
    if (in.len || !c->inner_done)
        st = spnego_parse_resp(in, &r);
    if (!nt_ok(st))
        return nt_error_set(c->err, st, "the server's SPNEGO answer is malformed");
    wr_init(&token, SEC_TOKEN_MAX);
    st = client_consume(c, &r, &token);
    if (nt_ok(st)) {
        bool awaited = r.state == NEG_ACCEPT_INCOMPLETE || r.state == NEG_REQUEST_MIC;
        bool ours = token.len || (c->inner_done && awaited && !c->mic_sent && can_mic(c));

        if (c->mic_needed && c->inner_done && !can_mic(c))
            st = nt_error_set(c->err, STATUS_DOWNGRADE_DETECTED,
                              "the server asks to check the list of mechanisms, but there is no key for it");
        else if (ours)
            st = client_send(c, &token, out);
        else if (c->inner_done && r.state == NEG_ACCEPT_COMPLETED && (!c->mic_needed || c->mic_checked))
            st = finish(c);
        else if (c->inner_done && c->mic_checked && c->mic_sent)
            st = finish(c);
        else
            st = nt_error_set(c->err, STATUS_DOWNGRADE_DETECTED,
                              "the server did not prove that the list of mechanisms arrived unchanged");
    }
    wr_free(&token);
    return st;
}

/* ---- acceptor ---- */

static bool have_mech(const struct spnego_ctx *c, enum spnego_mech m)
{
    const struct sec_acceptor *a = c->params.acceptor;

    if (m == MECH_NTLM)
        return sec_acceptor_ntlm(a) && c->params.mech != SEC_MECH_KRB5;
    if (m == MECH_KRB5 || m == MECH_MS_KRB5)
        return a->keytab && c->params.mech != SEC_MECH_NTLM && sec_provider_by_name("krb5");
    return false;
}

static enum nt_status start_inner(struct spnego_ctx *c, enum spnego_mech m)
{
    c->mech = m;
    return provider_of(m)->start(&c->params, &c->inner);
}

/* [MS-SPNG] 3.2.5.2: asked to speak first, it says what it has. */
static enum nt_status server_hint(struct spnego_ctx *c, struct wr *out)
{
    static const enum spnego_mech all[] = { MECH_MS_KRB5, MECH_KRB5, MECH_NTLM };
    enum spnego_mech have[3];
    struct wr list;
    size_t n = 0;

    for (size_t i = 0; i < 3; i++)
        if (have_mech(c, all[i]))
            have[n++] = all[i];
    wr_init(&list, SEC_TOKEN_MAX);
    spnego_put_mech_list(&list, have, n);
    spnego_put_init(out, (struct nt_blob){ list.base, list.len }, (struct nt_blob){ NULL, 0 }, true);
    enum nt_status st = list.st != STATUS_SUCCESS ? list.st : out->st;
    wr_free(&list);
    return nt_ok(st) ? STATUS_MORE_PROCESSING_REQUIRED : st;
}

static enum nt_status server_reply(struct spnego_ctx *c, const struct wr *token, struct wr *out)
{
    struct spnego_resp r = { .state = NEG_ACCEPT_INCOMPLETE, .token = { token->base, token->len } };
    enum nt_status st = STATUS_SUCCESS;
    struct wr mic;
    bool done = c->inner_done && (!c->mic_needed || c->mic_checked);

    wr_init(&mic, SEC_TOKEN_MAX);
    if (c->inner_done && !c->mic_sent && (c->mic_needed || c->mic_checked) && can_mic(c))
        st = make_mic(c, &mic);
    if (!nt_ok(st)) {
        wr_free(&mic);
        return st;
    }
    if (!c->answered) {
        r.has_mech = true;
        r.mech = c->mech; /* the erroneous OID is answered with itself, [MS-SPNG] 3.2.5 */
        if (c->mic_needed)
            r.state = NEG_REQUEST_MIC;
    }
    if (done)
        r.state = NEG_ACCEPT_COMPLETED;
    c->answered = true;
    r.mic = (struct nt_blob){ mic.base, mic.len };
    spnego_put_resp(out, &r);
    wr_free(&mic);
    if (out->st != STATUS_SUCCESS)
        return out->st;
    return done ? finish(c) : STATUS_MORE_PROCESSING_REQUIRED;
}

static enum nt_status server_choose(struct spnego_ctx *c, const struct spnego_init *t)
{
    wr_bytes(&c->mech_list, t->mech_list.data, t->mech_list.len);
    if (c->mech_list.st != STATUS_SUCCESS)
        return c->mech_list.st;
    for (size_t i = 0; i < t->mech_count; i++)
        if (have_mech(c, t->mechs[i])) {
            c->mic_needed = i > 0; /* not the client's first choice: make sure that it is its own list */
            return start_inner(c, t->mechs[i]);
        }
    return nt_error_set(c->err, STATUS_NOT_SUPPORTED,
                        "the client offers no security mechanism that this server has");
}

static enum nt_status server_raw(struct spnego_ctx *c, struct nt_blob in, struct wr *out)
{
    enum nt_status st = c->inner->p->step(c->inner, in, out);

    c->state = nt_ok(st) ? S_READY : S_RAW;
    return st;
}

static enum nt_status server_first(struct spnego_ctx *c, struct nt_blob in, struct wr *out)
{
    struct spnego_init t;
    struct wr token;
    enum nt_status st;

    if (!in.len)
        return server_hint(c, out);
    /* Windows takes a token of a mechanism without SPNEGO around it, too */
    bool ntlm = in.len > 8 && memcmp(in.data, "NTLMSSP", 8) == 0;
    if (ntlm || spnego_is_initial(in, MECH_KRB5)) {
        enum spnego_mech m = ntlm ? MECH_NTLM : MECH_KRB5;

        if (!have_mech(c, m))
            return nt_error_set(c->err, STATUS_NOT_SUPPORTED, "this server does not take %s", mech_name(m));
        st = start_inner(c, m);
        return nt_ok(st) ? server_raw(c, in, out) : st;
    }
    st = spnego_parse_init(in, &t);
    if (!nt_ok(st))
        return nt_error_set(c->err, st, "the client's SPNEGO token is malformed");
    st = server_choose(c, &t);
    if (!nt_ok(st))
        return st;
    c->state = S_EXCHANGE;
    wr_init(&token, SEC_TOKEN_MAX);
    if (t.token.len && !c->mic_needed) /* the optimistic token is for the first mechanism only */
        st = step_inner(c, t.token, &token);
    if (nt_ok(st))
        st = server_reply(c, &token, out);
    wr_free(&token);
    return st;
}

static enum nt_status server_next(struct spnego_ctx *c, struct nt_blob in, struct wr *out)
{
    struct spnego_resp r;
    struct wr token;
    enum nt_status st = spnego_parse_resp(in, &r);

    if (!nt_ok(st))
        return nt_error_set(c->err, st, "the client's SPNEGO answer is malformed");
    if (r.state == NEG_REJECT)
        return nt_error_set(c->err, STATUS_LOGON_FAILURE, "the client rejected the server's logon token");
    if (c->inner_done ? r.token.len || !r.mic.data : !r.token.data)
        return nt_error_set(c->err, STATUS_INVALID_NETWORK_RESPONSE,
                            "the client's SPNEGO answer has no token");
    wr_init(&token, SEC_TOKEN_MAX);
    if (!c->inner_done)
        st = step_inner(c, r.token, &token);
    if (nt_ok(st) && r.mic.data && can_mic(c))
        st = check_mic(c, r.mic);
    if (nt_ok(st) && c->inner_done && c->mic_needed && !can_mic(c))
        st = nt_error_set(c->err, STATUS_DOWNGRADE_DETECTED,
                          "the list of mechanisms cannot be checked without a key");
    if (nt_ok(st) && c->inner_done && c->mic_sent && c->mic_checked && !token.len)
        st =
            finish(c); /* the client's MIC was the last word that was awaited: completed by the application */
    if (nt_ok(st) && c->state != S_READY)
        st = server_reply(c, &token, out);
    else if (nt_ok(st))
        spnego_put_resp(out, &(struct spnego_resp){ .state = NEG_ACCEPT_COMPLETED });
    wr_free(&token);
    return st;
}

/* ---- table ---- */

static void spnego_free(struct sec_ctx *ctx)
{
    struct spnego_ctx *c = (struct spnego_ctx *)ctx;

    sec_free(c->inner);
    wr_free(&c->mech_list);
    free(c->bindings);
    nt_wipe(c, sizeof(*c));
    free(c);
}

static enum nt_status start_client(struct spnego_ctx *c, const struct sec_params *p)
{
    enum sec_mech mech = sec_wanted_mech(p);

    if (mech == SEC_MECH_AUTO)
        mech = sec_krb5_applicable(p) ? SEC_MECH_KRB5 : SEC_MECH_NTLM;
    c->mech = mech == SEC_MECH_KRB5 ? MECH_KRB5 : MECH_NTLM;
    const struct sec_provider *inner = provider_of(c->mech);
    if (!inner)
        return nt_error_set(p->err, STATUS_NOT_SUPPORTED, "this build has no Kerberos");
    struct sec_params mine = *p;
    mine.mech = mech;
    return inner->start(&mine, &c->inner);
}

/* An acceptor starts the mechanism later, when those of its caller may have gone. */
static bool take_bindings(struct spnego_ctx *c, const struct sec_params *p)
{
    if (!p->channel_bindings.len)
        return true;
    c->bindings = malloc(p->channel_bindings.len);
    if (c->bindings)
        memcpy(c->bindings, p->channel_bindings.data, p->channel_bindings.len);
    c->params.channel_bindings = (struct nt_blob){ c->bindings, p->channel_bindings.len };
    return c->bindings != NULL;
}

static enum nt_status spnego_start(const struct sec_params *p, struct sec_ctx **ret)
{
    if (p->role == SEC_SERVER && !p->acceptor)
        return STATUS_INVALID_PARAMETER;
    struct spnego_ctx *c = calloc(1, sizeof(*c));
    if (!c)
        return nt_error_set(p->err, STATUS_NO_MEMORY, "no memory for a SPNEGO context");
    c->base.p = &sec_spnego;
    c->role = p->role;
    c->err = p->err;
    wr_init(&c->mech_list, SEC_TOKEN_MAX);
    if (p->role == SEC_CLIENT) {
        enum nt_status st = start_client(c, p);

        if (!nt_ok(st)) {
            spnego_free(&c->base);
            return st;
        }
    } else {
        c->params = *p;
        c->params.creds = NULL;
        if (!take_bindings(c, p)) {
            spnego_free(&c->base);
            return nt_error_set(p->err, STATUS_NO_MEMORY, "no memory for channel bindings");
        }
    }
    *ret = &c->base;
    return STATUS_SUCCESS;
}

static enum nt_status spnego_step(struct sec_ctx *ctx, struct nt_blob in, struct wr *out)
{
    struct spnego_ctx *c = (struct spnego_ctx *)ctx;
    bool client = c->role == SEC_CLIENT;
    enum nt_status st = STATUS_INVALID_DEVICE_STATE;

    if (in.len > SEC_TOKEN_MAX || ++c->legs > LEGS_MAX)
        st = nt_error_set(c->err, STATUS_INVALID_NETWORK_RESPONSE, "the peer's SPNEGO exchange has no end");
    else if (c->state == S_START)
        st = client ? client_first(c, in, out) : server_first(c, in, out);
    else if (c->state == S_EXCHANGE)
        st = client ? client_next(c, in, out) : server_next(c, in, out);
    else if (c->state == S_RAW)
        st = server_raw(c, in, out);
    else
        return st;
    if (!nt_ok(st) && st != STATUS_MORE_PROCESSING_REQUIRED)
        c->state = S_FAILED;
    return st;
}

static size_t spnego_token_size(const struct sec_ctx *ctx, enum sec_level level, size_t data_len)
{
    const struct spnego_ctx *c = (const struct spnego_ctx *)ctx;

    return c->inner ? c->inner->p->token_size(c->inner, level, data_len) : 0;
}

static enum nt_status spnego_protect(struct sec_ctx *ctx, enum sec_level level, struct sec_iov *iov, size_t n)
{
    struct spnego_ctx *c = (struct spnego_ctx *)ctx;

    return c->state == S_READY ? c->inner->p->protect(c->inner, level, iov, n) : STATUS_INVALID_DEVICE_STATE;
}

static enum nt_status spnego_unprotect(struct sec_ctx *ctx, enum sec_level level, struct sec_iov *iov,
                                       size_t n)
{
    struct spnego_ctx *c = (struct spnego_ctx *)ctx;

    return c->state == S_READY ? c->inner->p->unprotect(c->inner, level, iov, n)
                               : STATUS_INVALID_DEVICE_STATE;
}

static enum nt_status spnego_query(struct sec_ctx *ctx, enum sec_item what, struct nt_blob *ret)
{
    struct spnego_ctx *c = (struct spnego_ctx *)ctx;

    if (!c->inner || (what != SEC_ITEM_MECH && c->state != S_READY))
        return STATUS_INVALID_DEVICE_STATE;
    return c->inner->p->query(c->inner, what, ret);
}

const struct sec_provider sec_spnego = {
    .name = "spnego",
    .rpc_auth_type = 9,
    .caps = SEC_CAP_MAY_BLOCK | SEC_CAP_HEADER_SIGN,
    .start = spnego_start,
    .step = spnego_step,
    .token_size = spnego_token_size,
    .protect = spnego_protect,
    .unprotect = spnego_unprotect,
    .query = spnego_query,
    .free = spnego_free,
};
