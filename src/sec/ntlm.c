// SPDX-License-Identifier: Apache-2.0
/* The NTLM provider: contexts of both roles, and its table. */
#include <stdlib.h>

#include "crypto/crypto.h"
#include "sec/m_ntlm.h"

static enum nt_status check_client(const struct sec_params *p)
{
    enum sec_mech mech = sec_wanted_mech(p);

    if (mech == SEC_MECH_KRB5)
        return nt_error_set(p->err, STATUS_NTLM_BLOCKED, "Kerberos is required, NTLM is not used");
    if (p->creds && p->creds->no_ntlm)
        return nt_error_set(p->err, STATUS_NTLM_BLOCKED, "NTLM is switched off");
    if (mech == SEC_MECH_ANONYMOUS)
        return STATUS_SUCCESS;
    if (!p->creds || !p->creds->has_hash || !*p->creds->user)
        return nt_error_set(p->err, STATUS_LOGON_FAILURE,
                            "NTLM needs a user name and a password, and there is none");
    return STATUS_SUCCESS;
}

static void ntlm_free(struct sec_ctx *ctx)
{
    struct ntlm_ctx *c = (struct ntlm_ctx *)ctx;

    sec_creds_unref(c->creds);
    sec_token_unref(c->token);
    wr_free(&c->negotiate);
    wr_free(&c->challenge);
    free(c->service);
    free(c->host);
    nt_wipe(c, sizeof(*c));
    free(c);
}

static enum nt_status take_target(struct ntlm_ctx *c, const struct sec_params *p)
{
    if (!p->service || !p->host)
        return STATUS_SUCCESS;
    enum nt_status st = sec_check_host(p);
    if (!nt_ok(st))
        return st;
    c->service = strdup(p->service);
    c->host = strdup(p->host);
    return c->service && c->host ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

/* MsvAvChannelBindings: MD5 of the gss_channel_bindings_struct without addresses ([MS-NLMP] 2.2.2.1, RFC 2744
 * 3.11, laid out as in RFC 4121 4.1.1.2). */
static enum nt_status take_bindings(struct ntlm_ctx *c, const struct sec_params *p)
{
    uint8_t flat[20 + SEC_BINDINGS_MAX] = { 0 };

    if (p->channel_bindings.len > SEC_BINDINGS_MAX)
        return nt_error_set(p->err, STATUS_INVALID_PARAMETER, "the channel bindings are too long");
    if (!p->channel_bindings.len)
        return STATUS_SUCCESS;
    put_le32(flat + 16, (uint32_t)p->channel_bindings.len);
    memcpy(flat + 20, p->channel_bindings.data, p->channel_bindings.len);
    cr_md5(flat, 20 + p->channel_bindings.len, c->bindings);
    c->has_bindings = true;
    return STATUS_SUCCESS;
}

static enum nt_status ntlm_start(const struct sec_params *p, struct sec_ctx **ret)
{
    enum nt_status st = STATUS_SUCCESS;

    if (p->flags & SEC_FLAG_DATAGRAM)
        return nt_error_set(p->err, STATUS_NOT_SUPPORTED, "NTLM is only used over connections");
    if (p->role == SEC_CLIENT)
        st = check_client(p);
    else if (!p->acceptor || !p->acceptor->netbios_name)
        st = STATUS_INVALID_PARAMETER;
    else if (!sec_acceptor_ntlm(p->acceptor))
        st = nt_error_set(p->err, STATUS_NTLM_BLOCKED, "NTLM is switched off on this server");
    if (!nt_ok(st))
        return st;
    struct ntlm_ctx *c = calloc(1, sizeof(*c));
    if (!c)
        return nt_error_set(p->err, STATUS_NO_MEMORY, "no memory for an NTLM context");
    c->base.p = &sec_ntlm;
    c->role = p->role;
    c->wanted = p->flags;
    c->creds = sec_creds_ref(p->creds);
    c->anonymous = p->role == SEC_CLIENT && sec_wanted_mech(p) == SEC_MECH_ANONYMOUS;
    c->acceptor = p->acceptor;
    c->peer_address = p->peer ? p->peer : "";
    c->claim = p->claim;
    c->env = sec_env(p);
    c->err = p->err;
    wr_init(&c->negotiate, NTLM_NEGOTIATE_MAX);
    wr_init(&c->challenge, SEC_TOKEN_MAX);
    st = take_bindings(c, p);
    if (nt_ok(st) && p->role == SEC_CLIENT)
        st = take_target(c, p);
    if (!nt_ok(st)) {
        ntlm_free(&c->base);
        return st;
    }
    *ret = &c->base;
    return STATUS_SUCCESS;
}

static enum nt_status ntlm_step(struct sec_ctx *ctx, struct nt_blob in, struct wr *out)
{
    struct ntlm_ctx *c = (struct ntlm_ctx *)ctx;
    enum nt_status st = STATUS_INVALID_DEVICE_STATE;

    if (in.len > SEC_TOKEN_MAX)
        st = STATUS_INVALID_NETWORK_RESPONSE;
    else if (c->state != NTLM_FAILED && c->state != NTLM_READY)
        st = c->role == SEC_CLIENT ? ntlm_client_step(c, in, out) : ntlm_server_step(c, in, out);
    if (!nt_ok(st) && st != STATUS_MORE_PROCESSING_REQUIRED) {
        c->state = NTLM_FAILED;
        nt_wipe(c->exported, sizeof(c->exported));
    }
    return st;
}

static size_t ntlm_token_size(const struct sec_ctx *ctx, enum sec_level level, size_t data_len)
{
    (void)ctx;
    (void)data_len;
    return level >= SEC_LEVEL_INTEGRITY ? NTLM_SIGNATURE_SIZE : 0;
}

static enum nt_status ntlm_query(struct sec_ctx *ctx, enum sec_item what, struct nt_blob *ret)
{
    struct ntlm_ctx *c = (struct ntlm_ctx *)ctx;

    if (what == SEC_ITEM_MECH) {
        *ret = (struct nt_blob){ (const uint8_t *)"ntlm", 4 };
        return STATUS_SUCCESS;
    }
    if (c->state != NTLM_READY)
        return STATUS_INVALID_DEVICE_STATE;
    switch (what) {
    case SEC_ITEM_SESSION_KEY:
        if (c->granted & (SEC_FLAG_ANONYMOUS | SEC_FLAG_GUEST))
            return STATUS_NO_USER_SESSION_KEY; /* everybody knows it */
        *ret = (struct nt_blob){ c->exported, sizeof(c->exported) };
        return STATUS_SUCCESS;
    case SEC_ITEM_PEER:
        if (c->role == SEC_CLIENT)
            return STATUS_NOT_SUPPORTED; /* NTLM proves nothing about the server's name */
        *ret = (struct nt_blob){ (const uint8_t *)c->token->name, strlen(c->token->name) };
        return STATUS_SUCCESS;
    case SEC_ITEM_FLAGS:
        *ret = (struct nt_blob){ (const uint8_t *)&c->granted, sizeof(c->granted) };
        return STATUS_SUCCESS;
    case SEC_ITEM_TOKEN:
        if (!c->token)
            return STATUS_NOT_SUPPORTED;
        *ret = (struct nt_blob){ (const uint8_t *)c->token, sizeof(*c->token) };
        return STATUS_SUCCESS;
    default:
        return STATUS_NOT_SUPPORTED;
    }
}

const struct sec_provider sec_ntlm = {
    .name = "ntlm",
    .rpc_auth_type = 10,
    .caps = SEC_CAP_HEADER_SIGN | SEC_CAP_AUTH3,
    .start = ntlm_start,
    .step = ntlm_step,
    .token_size = ntlm_token_size,
    .protect = ntlm_protect,
    .unprotect = ntlm_unprotect,
    .query = ntlm_query,
    .free = ntlm_free,
};
