// SPDX-License-Identifier: Apache-2.0
/*
 * The Kerberos provider: contexts and messages by GSSAPI (RFC 4121), DCE style and plain. A TOKEN is the
 * header of a wrap that also takes the trailer (privacy), or a MIC token (integrity).
 */
#include <stdlib.h>

#include "sec/m_krb5.h"

/* Ceiling of the parts of one message: header, stub, padding, trailer, token, and as many again. */
#define PARTS_MAX 10

struct krb5_ctx {
    struct sec_ctx base;
    enum sec_role role;
    bool ready, failed;
    unsigned wanted, granted; /* SEC_FLAG_* */
    struct nt_error *err;
    const struct nt_env *env;
    struct sec_params params; /* client, until the first step: what the credentials are for */
    char *service, *host, *keytab;
    krb5_context k;
    krb5_ccache cache; /* private; gone when the context is established */
    char *server;      /* principal, for messages */
    gss_cred_id_t cred;
    gss_name_t target;
    gss_ctx_id_t gss;
    size_t header_size, mic_size;
    gss_buffer_set_t key; /* [0] the key, [1] its type as OID */
    gss_buffer_desc peer, self, pac; /* self: client */
    krb5_enctype enctype;
    uint64_t expires;
    const struct sec_acceptor *acceptor;
    char *principal;         /* acceptor: the client's */
    struct sec_token *token; /* acceptor, once ready */
    uint8_t bindings[SEC_BINDINGS_MAX];
    size_t bindings_len;
};

const gss_OID_desc sec_krb5_oid = { 9, (void *)(uintptr_t) "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02" };

static gss_OID mech_oid(void)
{
    return (gss_OID)(uintptr_t)&sec_krb5_oid;
}

static struct sec_krb5_about about(const struct krb5_ctx *c)
{
    const struct sec_creds *creds = c->params.creds;

    return (struct sec_krb5_about){ .client = creds ? creds->user : NULL,
                                    .server = c->server,
                                    .cache = c->keytab ? c->keytab
                                             : creds   ? creds->ccache
                                                       : NULL };
}

static enum nt_status gss_fail(struct krb5_ctx *c, OM_uint32 major, OM_uint32 minor)
{
    struct sec_krb5_about a = about(c);

    return nt_from_gss(major, minor, &a, c->err);
}

/* ---- start ---- */

static void drop_creds(struct krb5_ctx *c)
{
    OM_uint32 ignored;

    (void)gss_release_cred(&ignored, &c->cred);
    (void)gss_release_name(&ignored, &c->target);
    if (c->cache)
        (void)krb5_cc_destroy(c->k, c->cache);
    c->cache = NULL;
}

static void k5_free(struct sec_ctx *ctx)
{
    struct krb5_ctx *c = (struct krb5_ctx *)ctx;
    OM_uint32 ignored;

    (void)gss_delete_sec_context(&ignored, &c->gss, GSS_C_NO_BUFFER);
    (void)gss_release_buffer_set(&ignored, &c->key); /* wiped by the library */
    (void)gss_release_buffer(&ignored, &c->peer);
    (void)gss_release_buffer(&ignored, &c->self);
    (void)gss_release_buffer(&ignored, &c->pac);
    drop_creds(c);
    if (c->k)
        krb5_free_context(c->k);
    sec_creds_unref(c->params.creds);
    free(c->service);
    free(c->host);
    free(c->keytab);
    free(c->server);
    sec_token_unref(c->token);
    free(c->principal);
    free(c);
}

static enum nt_status check_params(const struct sec_params *p)
{
    if (p->flags & SEC_FLAG_DATAGRAM)
        return nt_error_set(p->err, STATUS_NOT_SUPPORTED, "Kerberos is only used over connections");
    if (p->channel_bindings.len > SEC_BINDINGS_MAX)
        return nt_error_set(p->err, STATUS_INVALID_PARAMETER, "the channel bindings are too long");
    if (p->role == SEC_SERVER)
        return p->acceptor && p->acceptor->keytab
                   ? STATUS_SUCCESS
                   : nt_error_set(p->err, STATUS_NO_KERB_KEY, "there is no keytab");
    enum sec_mech mech = sec_wanted_mech(p);
    if (mech == SEC_MECH_NTLM || mech == SEC_MECH_ANONYMOUS || !p->creds)
        return nt_error_set(p->err, STATUS_INVALID_PARAMETER, "these credentials are not for Kerberos");
    if (!p->creds->password && !p->creds->keytab && !p->creds->ccache && p->creds->has_hash)
        return nt_error_set(p->err, STATUS_LOGON_FAILURE, "Kerberos does not log on with an NT hash");
    if (!p->service)
        return nt_error_set(p->err, STATUS_INVALID_PARAMETER, "the service has no name");
    enum nt_status st = sec_check_host(p);
    if (nt_ok(st) && sec_is_address(p->host))
        st = nt_error_set(p->err, STATUS_INVALID_PARAMETER,
                          "Kerberos needs the name of the server, '%s' is an address", p->host);
    return st;
}

static char *copy_opt(const char *s, bool *failed)
{
    char *p = s ? strdup(s) : NULL;

    *failed |= s && !p;
    return p;
}

static enum nt_status k5_start(const struct sec_params *p, struct sec_ctx **ret)
{
    bool failed = false;
    enum nt_status st = check_params(p);

    if (!nt_ok(st))
        return st;
    struct krb5_ctx *c = calloc(1, sizeof(*c));
    if (!c)
        return nt_error_set(p->err, STATUS_NO_MEMORY, "no memory for a Kerberos context");
    c->base.p = sec_krb5_provider();
    c->role = p->role;
    c->wanted = p->flags;
    c->err = p->err;
    c->env = sec_env(p);
    c->params = *p;
    c->acceptor = p->acceptor;
    c->bindings_len = p->channel_bindings.len;
    if (c->bindings_len)
        memcpy(c->bindings, p->channel_bindings.data, c->bindings_len);
    c->params.creds = p->role == SEC_CLIENT ? sec_creds_ref(p->creds) : NULL;
    c->params.service = c->service = copy_opt(p->role == SEC_CLIENT ? p->service : NULL, &failed);
    c->params.host = c->host = copy_opt(p->role == SEC_CLIENT ? p->host : NULL, &failed);
    c->keytab = copy_opt(p->role == SEC_CLIENT ? p->creds->keytab : p->acceptor->keytab, &failed);
    if (failed || krb5_init_context(&c->k) != 0) {
        k5_free(&c->base);
        return nt_error_set(p->err, failed ? STATUS_NO_MEMORY : STATUS_INTERNAL_ERROR,
                            failed ? "no memory for a Kerberos context"
                                   : "libkrb5 does not start: is krb5.conf right?");
    }
    *ret = &c->base;
    return STATUS_SUCCESS;
}

/* A GSSAPI credential over one store element, restricted to AES. */
static enum nt_status acquire(struct krb5_ctx *c, const char *key, const char *value, gss_cred_usage_t usage)
{
    gss_key_value_element_desc element = { key, value };
    const gss_key_value_set_desc store = { 1, &element };
    gss_OID_set_desc mechs = { 1, mech_oid() };
    krb5_enctype etypes[SEC_KRB5_ALLOWED];
    gss_buffer_desc nothing = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor, major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechs, usage,
                                                   &store, &c->cred, NULL, NULL);

    if (GSS_ERROR(major))
        return gss_fail(c, major, minor);
    memcpy(etypes, sec_krb5_allowed, sizeof(etypes));
    major = gss_krb5_set_allowable_enctypes(&minor, c->cred, SEC_KRB5_ALLOWED, etypes);
    /* MIT's library announces confidentiality whether asked for or not; a peer that hears it counts the
     * longer tokens of a wrap (Samba's RPC server then fails at integrity level) */
    if (!GSS_ERROR(major) && usage == GSS_C_INITIATE)
        major =
            gss_set_cred_option(&minor, &c->cred, (gss_OID)(uintptr_t)GSS_KRB5_CRED_NO_CI_FLAGS_X, &nothing);
    return GSS_ERROR(major) ? gss_fail(c, major, minor) : STATUS_SUCCESS;
}

/* Tickets and target; the first thing that may ask a KDC. */
static enum nt_status prepare_client(struct krb5_ctx *c)
{
    char *name = NULL;
    OM_uint32 minor;
    enum nt_status st = sec_krb5_target(c->k, &c->params, &c->server);

    if (nt_ok(st))
        st = sec_krb5_cache(c->k, &c->params, c->server, &c->cache);
    if (!nt_ok(st))
        return st;
    if (krb5_cc_get_full_name(c->k, c->cache, &name) != 0)
        return STATUS_NO_MEMORY;
    st = acquire(c, "ccache", name, GSS_C_INITIATE);
    krb5_free_string(c->k, name);
    if (!nt_ok(st))
        return st;
    /* as a principal: a host-based name would be looked up in DNS, forwards and backwards */
    gss_buffer_desc text = { strlen(c->server), c->server };
    OM_uint32 major =
        gss_import_name(&minor, &text, (gss_OID)(uintptr_t)GSS_KRB5_NT_PRINCIPAL_NAME, &c->target);
    return GSS_ERROR(major) ? gss_fail(c, major, minor) : STATUS_SUCCESS;
}

/* ---- established ---- */

/* The last arc of 1.2.840.113554.1.2.2.4.ENCTYPE */
static krb5_enctype enctype_of(const gss_buffer_desc *oid)
{
    struct rd r;
    uint32_t v = 0;

    rd_init(&r, oid->value, oid->length);
    rd_skip(&r, 10);
    while (r.st == STATUS_SUCCESS && rd_left(&r) && v < 0x10000) {
        uint8_t b = rd_u8(&r);

        v = v << 7 | (b & 0x7F);
    }
    return (krb5_enctype)v;
}

static bool is_allowed(krb5_enctype e)
{
    for (int i = 0; i < SEC_KRB5_ALLOWED; i++)
        if (sec_krb5_allowed[i] == e)
            return true;
    return false;
}

static enum nt_status take_key(struct krb5_ctx *c)
{
    OM_uint32 minor;
    OM_uint32 major = gss_inquire_sec_context_by_oid(&minor, c->gss, GSS_C_INQ_SSPI_SESSION_KEY, &c->key);

    if (GSS_ERROR(major))
        return gss_fail(c, major, minor);
    if (c->key->count < 2 || !c->key->elements[0].length)
        return STATUS_NO_USER_SESSION_KEY;
    c->enctype = enctype_of(&c->key->elements[1]);
    if (!is_allowed(c->enctype))
        return nt_error_set(c->err, STATUS_KDC_UNKNOWN_ETYPE,
                            "the session with %s would have a weak key (encryption type %d)",
                            c->server ? c->server : "the client", (int)c->enctype);
    return STATUS_SUCCESS;
}

static enum nt_status take_sizes(struct krb5_ctx *c)
{
    uint8_t data[16];
    gss_iov_buffer_desc wrap[2] = { { GSS_IOV_BUFFER_TYPE_HEADER, { 0, NULL } },
                                    { GSS_IOV_BUFFER_TYPE_DATA, { sizeof(data), data } } };
    gss_iov_buffer_desc mic[2] = { { GSS_IOV_BUFFER_TYPE_DATA, { sizeof(data), data } },
                                   { GSS_IOV_BUFFER_TYPE_MIC_TOKEN, { 0, NULL } } };
    OM_uint32 minor, major = GSS_S_COMPLETE;

    memset(data, 0, sizeof(data));
    if (c->granted & SEC_FLAG_PRIVACY)
        major = gss_wrap_iov_length(&minor, c->gss, 1, GSS_C_QOP_DEFAULT, NULL, wrap, 2);
    if (!GSS_ERROR(major) && (c->granted & SEC_FLAG_INTEGRITY))
        major = gss_get_mic_iov_length(&minor, c->gss, GSS_C_QOP_DEFAULT, mic, 2);
    if (GSS_ERROR(major))
        return gss_fail(c, major, minor);
    c->header_size = wrap[0].buffer.length; /* with AES it depends on nothing but the type */
    c->mic_size = mic[1].buffer.length;
    return STATUS_SUCCESS;
}

/* "" inside a name, and all after it, would be for whoever reads it no part of it. */
static enum nt_status check_peer(struct krb5_ctx *c)
{
    if (!c->peer.length || memchr(c->peer.value, 0, c->peer.length))
        return nt_error_set(c->err, STATUS_LOGON_FAILURE, "the client's principal is no name");
    c->principal = strndup(c->peer.value, c->peer.length);
    return c->principal ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

/* The ticket's PAC, if it has one: verified, or the end. */
static enum nt_status take_pac(struct krb5_ctx *c, gss_name_t source, struct sec_krb5_pac *pac)
{
    gss_buffer_desc urn = { sizeof("urn:mspac:") - 1, (void *)(uintptr_t) "urn:mspac:" };
    int authenticated = 0, complete = 0, more = -1;
    OM_uint32 minor, major;

    major = gss_get_name_attribute(&minor, source, &urn, &authenticated, &complete, &c->pac, NULL, &more);
    if (GSS_ERROR(major) || !c->pac.length)
        return STATUS_SUCCESS;
    if (!authenticated)
        return nt_error_set(c->err, STATUS_ACCESS_DENIED, "the PAC in the ticket of %s has a wrong signature",
                            c->principal);
    major = gsskrb5_extract_authtime_from_sec_context(&minor, c->gss, &pac->authtime);
    if (GSS_ERROR(major))
        return gss_fail(c, major, minor);
    pac->data = (struct nt_blob){ c->pac.value, c->pac.length };
    return sec_krb5_verify_pac(c->k, pac);
}

static enum nt_status take_token(struct krb5_ctx *c, gss_name_t source)
{
    enum nt_status st = check_peer(c);
    struct sec_krb5_pac pac = {
        .principal = c->principal, .keytab = c->keytab, .kdc_keytab = c->acceptor->kdc_keytab, .err = c->err
    };

    if (nt_ok(st))
        st = take_pac(c, source, &pac);
    if (nt_ok(st))
        st = sec_krb5_token(&pac, c->acceptor,
                            (struct nt_blob){ c->key->elements[0].value, c->key->elements[0].length },
                            c->env->wall(c->env->arg), c->expires, &c->token);
    return st;
}

static enum nt_status take_peer(struct krb5_ctx *c, OM_uint32 lifetime)
{
    gss_name_t source = GSS_C_NO_NAME, target = GSS_C_NO_NAME;
    OM_uint32 minor, ignored;
    OM_uint32 major = gss_inquire_context(&minor, c->gss, &source, &target, NULL, NULL, NULL, NULL, NULL);
    enum nt_status st = STATUS_SUCCESS;

    if (lifetime == GSS_C_INDEFINITE)
        c->expires = NT_TIME_NEVER;
    else
        c->expires = c->env->wall(c->env->arg) + lifetime * NT_TIME_PER_SECOND;
    if (!GSS_ERROR(major))
        major = gss_display_name(&minor, c->role == SEC_CLIENT ? target : source, &c->peer, NULL);
    if (!GSS_ERROR(major) && c->role == SEC_CLIENT)
        major = gss_display_name(&minor, source, &c->self, NULL);
    if (GSS_ERROR(major))
        st = gss_fail(c, major, minor);
    else if (c->role == SEC_SERVER)
        st = take_token(c, source);
    (void)gss_release_name(&ignored, &source);
    (void)gss_release_name(&ignored, &target);
    return st;
}

static enum nt_status established(struct krb5_ctx *c, OM_uint32 flags, OM_uint32 lifetime)
{
    static const struct {
        unsigned ours;
        OM_uint32 gss;
    } map[] = {
        { SEC_FLAG_INTEGRITY, GSS_C_INTEG_FLAG }, { SEC_FLAG_PRIVACY, GSS_C_CONF_FLAG },
        { SEC_FLAG_MUTUAL, GSS_C_MUTUAL_FLAG },   { SEC_FLAG_DCE_STYLE, GSS_C_DCE_STYLE },
        { SEC_FLAG_ANONYMOUS, GSS_C_ANON_FLAG },
    };

    for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
        if (flags & map[i].gss)
            c->granted |= map[i].ours;
    unsigned must = c->wanted & (SEC_FLAG_INTEGRITY | SEC_FLAG_PRIVACY | SEC_FLAG_DCE_STYLE);
    if (c->role == SEC_CLIENT)
        must |= SEC_FLAG_MUTUAL;
    if ((must & ~c->granted) || ((c->granted & SEC_FLAG_ANONYMOUS) && !(c->wanted & SEC_FLAG_ANONYMOUS)))
        return nt_error_set(c->err, STATUS_DOWNGRADE_DETECTED,
                            "the Kerberos context lacks protection that was asked for (flags 0x%x)",
                            must & ~c->granted);
    /* the library takes clients that name no channel at all, and only says so */
    if (c->role == SEC_SERVER && c->bindings_len && !(flags & GSS_C_CHANNEL_BOUND_FLAG))
        return nt_error_set(c->err, STATUS_BAD_BINDINGS,
                            "the client's ticket is not bound to this TLS channel");
    enum nt_status st = take_key(c);
    if (nt_ok(st))
        st = take_sizes(c);
    if (nt_ok(st))
        st = take_peer(c, lifetime);
    if (nt_ok(st)) {
        drop_creds(c);
        c->ready = true;
    }
    return st;
}

/* ---- steps ---- */

/* What the authenticator's checksum names (RFC 4121 4.1.1.2); no addresses. */
static gss_channel_bindings_t bindings_of(struct krb5_ctx *c, struct gss_channel_bindings_struct *b)
{
    *b = (struct gss_channel_bindings_struct){ .application_data = { c->bindings_len, c->bindings } };
    return c->bindings_len ? b : GSS_C_NO_CHANNEL_BINDINGS;
}

static enum nt_status after_call(struct krb5_ctx *c, OM_uint32 major, OM_uint32 minor, gss_buffer_t token,
                                 OM_uint32 flags, OM_uint32 lifetime, struct wr *out)
{
    OM_uint32 ignored;
    enum nt_status st;

    if (GSS_ERROR(major))
        st = gss_fail(c, major, minor);
    else if (major & GSS_S_CONTINUE_NEEDED)
        st = STATUS_MORE_PROCESSING_REQUIRED;
    else
        st = established(c, flags, lifetime);
    if (nt_ok(st) || st == STATUS_MORE_PROCESSING_REQUIRED) {
        wr_bytes(out, token->value, token->length);
        if (out->st != STATUS_SUCCESS)
            st = out->st;
    }
    (void)gss_release_buffer(&ignored, token);
    return st;
}

static enum nt_status client_step(struct krb5_ctx *c, struct nt_blob in, struct wr *out)
{
    gss_buffer_desc input = { in.len, (void *)(uintptr_t)in.data }, token = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor, flags = 0, lifetime = 0;
    OM_uint32 want = GSS_C_MUTUAL_FLAG;

    /* RPC at level connect: Samba tries to sign its answers where it could, has no room for that and gives
     * fault 1 */
    if (!(c->wanted & SEC_FLAG_DCE_STYLE) || (c->wanted & (SEC_FLAG_INTEGRITY | SEC_FLAG_PRIVACY)))
        want |= GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG | GSS_C_INTEG_FLAG;
    if (!c->server) {
        enum nt_status st = in.len ? STATUS_INVALID_PARAMETER : prepare_client(c);

        if (!nt_ok(st))
            return st;
    } else if (!in.len) {
        return nt_error_set(c->err, STATUS_INVALID_NETWORK_RESPONSE, "the server sent no Kerberos token");
    }
    if (c->wanted & SEC_FLAG_PRIVACY)
        want |= GSS_C_CONF_FLAG;
    if (c->wanted & SEC_FLAG_DCE_STYLE)
        want |= GSS_C_DCE_STYLE;
    struct gss_channel_bindings_struct b;
    OM_uint32 major = gss_init_sec_context(&minor, c->cred, &c->gss, c->target, mech_oid(), want, 0,
                                           bindings_of(c, &b), &input, NULL, &token, &flags, &lifetime);
    return after_call(c, major, minor, &token, flags, lifetime, out);
}

static enum nt_status server_step(struct krb5_ctx *c, struct nt_blob in, struct wr *out)
{
    gss_buffer_desc input = { in.len, (void *)(uintptr_t)in.data }, token = GSS_C_EMPTY_BUFFER;
    gss_name_t source = GSS_C_NO_NAME;
    gss_OID mech = GSS_C_NO_OID;
    OM_uint32 minor, ignored, flags = 0, lifetime = 0;

    if (!in.len)
        return nt_error_set(c->err, STATUS_INVALID_NETWORK_RESPONSE, "the client sent no Kerberos token");
    if (c->cred == GSS_C_NO_CREDENTIAL) {
        enum nt_status st = acquire(c, "keytab", c->keytab, GSS_C_ACCEPT);

        if (!nt_ok(st))
            return st;
    }
    struct gss_channel_bindings_struct b;
    OM_uint32 major = gss_accept_sec_context(&minor, &c->gss, c->cred, &input, bindings_of(c, &b), &source,
                                             &mech, &token, &flags, &lifetime, NULL);
    (void)gss_release_name(&ignored, &source);
    return after_call(c, major, minor, &token, flags, lifetime, out);
}

static enum nt_status k5_step(struct sec_ctx *ctx, struct nt_blob in, struct wr *out)
{
    struct krb5_ctx *c = (struct krb5_ctx *)ctx;

    if (c->ready || c->failed)
        return STATUS_INVALID_DEVICE_STATE;
    if (in.len > SEC_TOKEN_MAX)
        return STATUS_INVALID_NETWORK_RESPONSE;
    enum nt_status st = c->role == SEC_CLIENT ? client_step(c, in, out) : server_step(c, in, out);
    if (!nt_ok(st) && st != STATUS_MORE_PROCESSING_REQUIRED) {
        c->failed = true;
        drop_creds(c);
    }
    return st;
}

/* ---- messages ---- */

static size_t k5_token_size(const struct sec_ctx *ctx, enum sec_level level, size_t data_len)
{
    const struct krb5_ctx *c = (const struct krb5_ctx *)ctx;

    (void)data_len;
    return level == SEC_LEVEL_PRIVACY ? c->header_size : level == SEC_LEVEL_INTEGRITY ? c->mic_size : 0;
}

/* Ours to GSSAPI's; the token goes first for a wrap and last for a MIC. */
static enum nt_status to_gss(const struct krb5_ctx *c, enum sec_level level, const struct sec_iov *iov,
                             size_t n, gss_iov_buffer_desc *ret)
{
    bool wrap = level == SEC_LEVEL_PRIVACY;

    if (!c->ready)
        return STATUS_INVALID_DEVICE_STATE;
    if (level != SEC_LEVEL_PRIVACY && level != SEC_LEVEL_INTEGRITY)
        return STATUS_INVALID_PARAMETER;
    if (!(c->granted & (wrap ? SEC_FLAG_PRIVACY : SEC_FLAG_INTEGRITY)))
        return STATUS_NOT_SUPPORTED;
    if (!n || n > PARTS_MAX || iov[n - 1].kind != SEC_PART_TOKEN ||
        iov[n - 1].len != k5_token_size(&c->base, level, 0))
        return STATUS_INVALID_PARAMETER;
    const gss_iov_buffer_desc token = { wrap ? GSS_IOV_BUFFER_TYPE_HEADER : GSS_IOV_BUFFER_TYPE_MIC_TOKEN,
                                        { iov[n - 1].len, iov[n - 1].data } };
    for (size_t i = 0; i + 1 < n; i++) {
        if (iov[i].kind == SEC_PART_TOKEN)
            return STATUS_INVALID_PARAMETER;
        ret[wrap ? i + 1 : i] =
            (gss_iov_buffer_desc){ wrap && iov[i].kind == SEC_PART_SIGN_ONLY ? GSS_IOV_BUFFER_TYPE_SIGN_ONLY
                                                                             : GSS_IOV_BUFFER_TYPE_DATA,
                                   { iov[i].len, iov[i].data } };
    }
    ret[wrap ? 0 : n - 1] = token;
    return STATUS_SUCCESS;
}

static enum nt_status k5_protect(struct sec_ctx *ctx, enum sec_level level, struct sec_iov *iov, size_t n)
{
    struct krb5_ctx *c = (struct krb5_ctx *)ctx;
    gss_iov_buffer_desc g[PARTS_MAX];
    enum nt_status st = to_gss(c, level, iov, n, g);
    OM_uint32 minor, major;
    int conf = 0;

    if (!nt_ok(st))
        return st;
    if (level == SEC_LEVEL_PRIVACY)
        major = gss_wrap_iov(&minor, c->gss, 1, GSS_C_QOP_DEFAULT, &conf, g, (int)n);
    else
        major = gss_get_mic_iov(&minor, c->gss, GSS_C_QOP_DEFAULT, g, (int)n);
    if (major != GSS_S_COMPLETE)
        return gss_fail(c, major, minor);
    return level == SEC_LEVEL_PRIVACY && !conf ? STATUS_ENCRYPTION_FAILED : STATUS_SUCCESS;
}

static enum nt_status k5_unprotect(struct sec_ctx *ctx, enum sec_level level, struct sec_iov *iov, size_t n)
{
    struct krb5_ctx *c = (struct krb5_ctx *)ctx;
    gss_iov_buffer_desc g[PARTS_MAX];
    enum nt_status st = to_gss(c, level, iov, n, g);
    OM_uint32 minor, major;
    int conf = 0;

    if (!nt_ok(st))
        return st;
    if (level == SEC_LEVEL_PRIVACY)
        major = gss_unwrap_iov(&minor, c->gss, &conf, NULL, g, (int)n);
    else
        major = gss_verify_mic_iov(&minor, c->gss, NULL, g, (int)n);
    /* old, repeated and missing messages are no GSS_ERROR, but bits beside success */
    if (major != GSS_S_COMPLETE || (level == SEC_LEVEL_PRIVACY && !conf))
        return nt_error_set(
            c->err, STATUS_ACCESS_DENIED,
            "a message was changed on its way, lost or repeated: its Kerberos signature is wrong");
    return STATUS_SUCCESS;
}

static enum nt_status k5_query(struct sec_ctx *ctx, enum sec_item what, struct nt_blob *ret)
{
    struct krb5_ctx *c = (struct krb5_ctx *)ctx;

    if (what == SEC_ITEM_MECH) {
        *ret = (struct nt_blob){ (const uint8_t *)"krb5", 4 };
        return STATUS_SUCCESS;
    }
    if (!c->ready)
        return STATUS_INVALID_DEVICE_STATE;
    switch (what) {
    case SEC_ITEM_SESSION_KEY:
        *ret = (struct nt_blob){ c->key->elements[0].value, c->key->elements[0].length };
        return STATUS_SUCCESS;
    case SEC_ITEM_PEER:
        *ret = (struct nt_blob){ c->peer.value, c->peer.length };
        return STATUS_SUCCESS;
    case SEC_ITEM_SELF:
        if (c->role != SEC_CLIENT)
            return STATUS_NOT_SUPPORTED;
        *ret = (struct nt_blob){ c->self.value, c->self.length };
        return STATUS_SUCCESS;
    case SEC_ITEM_ENCTYPE:
        *ret = (struct nt_blob){ (const uint8_t *)&c->enctype, sizeof(c->enctype) };
        return STATUS_SUCCESS;
    case SEC_ITEM_FLAGS:
        *ret = (struct nt_blob){ (const uint8_t *)&c->granted, sizeof(c->granted) };
        return STATUS_SUCCESS;
    case SEC_ITEM_EXPIRES:
        *ret = (struct nt_blob){ (const uint8_t *)&c->expires, sizeof(c->expires) };
        return STATUS_SUCCESS;
    case SEC_ITEM_TOKEN:
        if (!c->token)
            return STATUS_NOT_SUPPORTED;
        *ret = (struct nt_blob){ (const uint8_t *)c->token, sizeof(*c->token) };
        return STATUS_SUCCESS;
    case SEC_ITEM_PAC:
        if (!c->pac.length)
            return STATUS_NOT_SUPPORTED;
        *ret = (struct nt_blob){ c->pac.value, c->pac.length };
        return STATUS_SUCCESS;
    default:
        return STATUS_NOT_SUPPORTED;
    }
}

static const struct sec_provider sec_krb5 = {
    .name = "krb5",
    .rpc_auth_type = 16,
    .caps = SEC_CAP_MAY_BLOCK | SEC_CAP_HEADER_SIGN,
    .start = k5_start,
    .step = k5_step,
    .token_size = k5_token_size,
    .protect = k5_protect,
    .unprotect = k5_unprotect,
    .query = k5_query,
    .free = k5_free,
};

const struct sec_provider *sec_krb5_provider(void)
{
    return &sec_krb5;
}
