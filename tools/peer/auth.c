// SPDX-License-Identifier: Apache-2.0
/* Security contexts: tokens, signatures, and signatures that are wrong on purpose ([MS-RPCE] 2.2.2.11,
 * 3.3.1.5.2.2). The providers are libntbase's; how PDUs use them is written here once more. */
#include <stdlib.h>
#include <msrpc/unistr.h>
#include "crypto/crypto.h"
#include "peer.h"

#define STUB_ALIGN  16
#define TOKEN_ALIGN 4
/* A signature where a level has none: as long as NTLM's. */
#define BLANK_TOKEN 16
#define TOKEN_MAX   65535

struct peer_sec *peer_find_sec(struct peer *w, const char *name)
{
    struct peer_sec *s = w->secs;
    while (s && strcmp(s->name, name) != 0)
        s = s->next;
    if (!s)
        peer_die(w, "there is no security context %s", name);
    return s;
}

void peer_sec_free(struct peer_sec *s)
{
    sec_free(s->ctx);
    sec_creds_unref(s->creds);
    wr_free_secret(&s->token);
    free(s);
}

static unsigned level_of(struct peer *w, const char *s)
{
    static const char *const names[] = { "none", "connect", "integrity", "privacy", "packet", "call" };
    static const unsigned levels[] = { 1, 2, 5, 6, 4, 3 };
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (strcmp(names[i], s) == 0)
            return levels[i];
    return (unsigned)peer_need_number(w, "level", s);
}

/* ---- making one ---- */

static enum nt_status hash_of(void *arg, const char16_t *user, size_t user_len, const char16_t *domain,
                              size_t domain_len, uint8_t ret_hash[16])
{
    const struct peer_sec *s = arg;
    (void)user;
    (void)user_len;
    (void)domain;
    (void)domain_len;
    memcpy(ret_hash, s->nt_hash, 16); /* whoever it is, the password is the script's */
    return STATUS_SUCCESS;
}

static void take_password(struct peer *w, struct peer_sec *s, const char *password)
{
    char16_t *wide;
    size_t n;
    if (ustr_from_utf8(password, strlen(password), &wide, &n) != STATUS_SUCCESS)
        peer_die(w, "the password is not UTF-8");
    for (size_t i = 0; i < n; i++)
        put_le16((uint8_t *)&wide[i], (uint16_t)wide[i]);
    cr_md4(wide, 2 * n, s->nt_hash);
    free(wide);
}

static void take_creds(struct peer *w, struct peer_sec *s, struct peer_args *a)
{
    struct sec_creds_options o = SEC_CREDS_OPTIONS_INIT;
    struct nt_error err = { "" };
    const char *mech = peer_arg(a, "mech", "ntlm");
    o.user = peer_arg(a, "user", NULL);
    o.domain = peer_arg(a, "domain", NULL);
    o.password = peer_arg(a, "password", NULL);
    o.ccache = peer_arg(a, "ccache", NULL);
    o.mech = strcmp(mech, "krb5") == 0 ? SEC_MECH_KRB5 : o.user ? SEC_MECH_NTLM : SEC_MECH_ANONYMOUS;
    if (o.mech == SEC_MECH_ANONYMOUS)
        o.password = NULL;
    if (sec_creds_new(&o, &s->creds, &err) != STATUS_SUCCESS)
        peer_die(w, "%s", err.text);
}

static unsigned wanted_flags(const struct peer_sec *s)
{
    return SEC_FLAG_DCE_STYLE | (s->level >= 5 ? (unsigned)SEC_FLAG_INTEGRITY : 0U) |
           (s->level >= 6 ? (unsigned)SEC_FLAG_PRIVACY : 0U) |
           (s->header_sign ? (unsigned)SEC_FLAG_HEADER_SIGN : 0U);
}

static void forget_name(struct peer *w, const char *name)
{
    for (struct peer_sec **p = &w->secs; *p; p = &(*p)->next)
        if (strcmp((*p)->name, name) == 0) {
            struct peer_sec *old = *p;
            *p = old->next;
            peer_sec_free(old);
            return;
        }
}

/* security NAME provider=ntlm level=privacy id=1 user= domain= password= [role=server] ... */
void peer_security(struct peer *w, const char *name, struct peer_args *a)
{
    struct peer_sec *s = calloc(1, sizeof *s);
    const char *provider = peer_arg(a, "provider", "ntlm");
    bool server = strcmp(peer_arg(a, "role", "client"), "server") == 0;
    if (!s)
        peer_die(w, "no memory");
    forget_name(w, name);
    s->next = w->secs;
    w->secs = s;
    snprintf(s->name, sizeof s->name, "%s", name);
    wr_init(&s->token, TOKEN_MAX);
    s->provider = sec_provider_by_name(provider);
    if (!s->provider)
        peer_die(w, "there is no provider %s", provider);
    s->level = level_of(w, peer_arg(a, "level", "privacy"));
    s->id = (uint32_t)peer_arg_number(w, a, "id", 1);
    s->header_sign = strcmp(peer_arg(a, "header_sign", "yes"), "yes") == 0 && s->level >= 5;
    s->params.role = server ? SEC_SERVER : SEC_CLIENT;
    s->params.err = &s->err;
    s->params.service = peer_text(w->script, "%s", peer_arg(a, "service", "host"));
    s->params.host = peer_text(w->script, "%s", peer_arg(a, "host", "server"));
    if (server) {
        take_password(w, s, peer_arg(a, "password", ""));
        s->acceptor = (struct sec_acceptor){ .arg = s,
                                             .nt_hash = hash_of,
                                             .netbios_name = "PEER",
                                             .netbios_domain = "WORKGROUP",
                                             .dns_name = "peer",
                                             .dns_domain = "" };
        s->params.acceptor = &s->acceptor;
    } else {
        take_creds(w, s, a);
        s->params.creds = s->creds;
    }
}

/* ---- tokens ---- */

static void establish(struct peer_sec *s)
{
    struct nt_blob mech;
    s->established = true;
    bool ntlm = s->provider->query(s->ctx, SEC_ITEM_MECH, &mech) == STATUS_SUCCESS && mech.len == 4 &&
                memcmp(mech.data, "ntlm", 4) == 0;
    s->covers_header = s->header_sign || ntlm;
}

/* Gives the peer's token to the provider; ours is in s->token after that. */
static const char *step(struct peer *w, struct peer_sec *s, struct nt_blob in)
{
    if (!s->ctx) {
        s->params.flags = wanted_flags(s);
        if (s->provider->start(&s->params, &s->ctx) != STATUS_SUCCESS)
            peer_die(w, "security context %s: %s", s->name, s->err.text);
    }
    wr_free(&s->token);
    wr_init(&s->token, TOKEN_MAX);
    enum nt_status st = s->provider->step(s->ctx, in, &s->token);
    if (st == STATUS_SUCCESS)
        establish(s);
    if (st == STATUS_SUCCESS || st == STATUS_MORE_PROCESSING_REQUIRED)
        return "ok";
    return peer_text(w->tmp, "%s", nt_status_name(st));
}

/* ---- sending ---- */

struct trailer {
    struct peer *w;
    struct peer_args *a;
    struct wr *out;
    bool big;
    unsigned level;
};

static void put16(struct trailer *t, size_t at, uint64_t v)
{
    wr_fill_u16(t->out, at, t->big ? __builtin_bswap16((uint16_t)v) : (uint16_t)v);
}

static void put_trailer(struct trailer *t, const struct peer_sec *s, size_t pad, size_t token)
{
    uint32_t id = (uint32_t)peer_arg_number(t->w, t->a, "auth_ctx", s->id);
    wr_u8(t->out, (uint8_t)peer_arg_number(t->w, t->a, "auth_type", s->provider->rpc_auth_type));
    wr_u8(t->out, (uint8_t)peer_arg_number(t->w, t->a, "auth_level", t->level));
    wr_u8(t->out, (uint8_t)peer_arg_number(t->w, t->a, "auth_pad", pad));
    wr_u8(t->out, (uint8_t)peer_arg_number(t->w, t->a, "auth_reserved", 0));
    wr_u32(t->out, t->big ? __builtin_bswap32(id) : id);
    wr_zero(t->out, token);
    put16(t, 8, peer_arg_number(t->w, t->a, "frag_length", t->out->len));
    put16(t, 10, peer_arg_number(t->w, t->a, "auth_length", token));
}

static void put_token(struct trailer *t, struct peer_sec *s)
{
    const char *other = peer_arg(t->a, "token", NULL);
    struct wr bytes;
    wr_init(&bytes, TOKEN_MAX);
    if (other)
        peer_bytes(t->w, other, &bytes);
    else
        wr_bytes(&bytes, s->token.base, s->token.len);
    if (bytes.len || other) {
        size_t pad = (0 - t->out->len) & (TOKEN_ALIGN - 1);
        wr_zero(t->out, pad);
        put_trailer(t, s, pad, bytes.len);
        if (bytes.len && t->out->st == STATUS_SUCCESS)
            memcpy(t->out->base + t->out->len - bytes.len, bytes.base, bytes.len);
    }
    wr_free(&bytes);
}

static size_t parts(struct sec_iov iov[4], uint8_t *pdu, size_t hdr, size_t data, size_t token, bool header)
{
    size_t n = 0;
    if (header)
        iov[n++] = (struct sec_iov){ SEC_PART_SIGN_ONLY, pdu, hdr };
    iov[n++] = (struct sec_iov){ SEC_PART_DATA, pdu + hdr, data };
    if (header)
        iov[n++] = (struct sec_iov){ SEC_PART_SIGN_ONLY, pdu + hdr + data, RPC_TRAILER_LEN };
    iov[n++] = (struct sec_iov){ SEC_PART_TOKEN, pdu + hdr + data + RPC_TRAILER_LEN, token };
    return n;
}

static void sign(struct trailer *t, struct peer_sec *s, size_t hdr)
{
    size_t stub = t->out->len - hdr, pad = (0 - stub) & (STUB_ALIGN - 1);
    bool blank = t->level < 5;
    size_t token =
        blank ? BLANK_TOKEN : s->provider->token_size(s->ctx, (enum sec_level)t->level, stub + pad);
    struct sec_iov iov[4];
    wr_zero(t->out, pad);
    put_trailer(t, s, pad, token);
    if (blank || t->out->st != STATUS_SUCCESS)
        return;
    size_t n = parts(iov, t->out->base, hdr, stub + pad, token, s->covers_header);
    if (s->provider->protect(s->ctx, (enum sec_level)t->level, iov, n) != STATUS_SUCCESS)
        peer_die(t->w, "security context %s does not protect", s->name);
}

void peer_protect(struct peer *w, struct peer_sec *s, struct peer_args *a, bool big, size_t hdr,
                  struct wr *out)
{
    const char *level = peer_arg(a, "level", NULL), *how = peer_arg(a, "sign", "right");
    struct trailer t = { w, a, out, big, level ? level_of(w, level) : s->level };
    size_t before = out->len;
    s->conn = w->conn;
    if (strcmp(how, "none") == 0)
        return;
    if (!hdr) {
        if (!s->ctx && s->params.role == SEC_CLIENT && !peer_arg(a, "token", NULL))
            (void)step(w, s, (struct nt_blob){ NULL, 0 });
        put_token(&t, s);
    } else if (!s->established) {
        peer_die(w, "security context %s is not established", s->name);
    } else if (t.level >= 5 || level) {
        sign(&t, s, hdr);
    }
    if (strcmp(how, "wrong") == 0 && out->len > before && out->st == STATUS_SUCCESS)
        out->base[out->len - 1] ^= 0x80;
    else if (strcmp(how, "right") != 0 && strcmp(how, "wrong") != 0)
        peer_die(w, "sign=%s: right, wrong or none", how);
}

/* ---- receiving ---- */

static struct peer_sec *context_of(struct peer *w, struct peer_conn *c, const struct rpc_pdu *d)
{
    for (struct peer_sec *s = w->secs; s; s = s->next)
        if (s->conn == c && s->id == d->auth.ctx_id)
            return s;
    if (!c->accepted || (d->h.ptype != RPC_PT_BIND && d->h.ptype != RPC_PT_ALTER))
        return NULL;
    for (struct peer_sec *s = w->secs; s; s = s->next) /* a server's, that waits for somebody */
        if (!s->conn && s->params.role == SEC_SERVER && s->provider->rpc_auth_type == d->auth.type) {
            s->conn = c;
            s->id = d->auth.ctx_id;
            s->level = d->auth.level;
            return s;
        }
    return NULL;
}

static const char *open_stub(struct peer *w, struct peer_sec *s, uint8_t *p, const struct rpc_pdu *d)
{
    struct sec_iov iov[4];
    size_t n = parts(iov, p, d->body_off, d->body_len, d->h.auth_len, s->covers_header);
    if (d->auth.level < 5)
        return "ok"; /* nothing to be checked */
    enum nt_status st = s->provider->unprotect(s->ctx, (enum sec_level)d->auth.level, iov, n);
    return st == STATUS_SUCCESS ? "ok" : peer_text(w->tmp, "%s", nt_status_name(st));
}

static bool signs_here(struct peer *w, struct peer_conn *c)
{
    for (struct peer_sec *s = w->secs; s; s = s->next)
        if (s->conn == c && s->established && s->level >= 5)
            return true;
    return false;
}

const char *peer_unprotect(struct peer *w, struct peer_conn *c, uint8_t *p, size_t n, const struct rpc_pdu *d)
{
    bool call = d->h.ptype <= RPC_PT_FAULT;
    (void)n;
    if (!d->has_auth)
        return call && signs_here(w, c) ? "unsigned" : "none";
    struct peer_sec *s = context_of(w, c, d);
    if (!s)
        return "unknown";
    if (call)
        return s->established ? open_stub(w, s, p, d) : "early";
    if (d->h.ptype != RPC_PT_ALTER && d->h.ptype != RPC_PT_ALTER_RESP && d->h.ptype != RPC_PT_AUTH3)
        s->header_sign = s->header_sign && (d->h.flags & RPC_PFC_HEADER_SIGN);
    if (s->established)
        return "ok";
    return step(w, s, (struct nt_blob){ p + d->auth.off + RPC_TRAILER_LEN, d->h.auth_len });
}
