// SPDX-License-Identifier: Apache-2.0
/*
 * The Netlogon secure channel as a security provider, [MS-NRPC] 3.3: both roles, AES and sealing only
 * (CVE-2022-38023). The key is made before, by NetrServerReqChallenge and NetrServerAuthenticate3; a context
 * only names whose key it is and then counts messages, with one counter for both directions.
 */
#include <stdlib.h>

#include <nettle/aes.h>
#include <nettle/cfb.h>
#include <nettle/hmac.h>

#include "crypto/crypto.h"
#include "sec/m_sec.h"
#include "sec/token.h"

/* NL_AUTH_MESSAGE, [MS-NRPC] 2.2.1.3.1 */
enum { NL_NEGOTIATE = 0, NL_RESPONSE = 1 };
enum {
    NL_OEM_DOMAIN = 0x1,
    NL_OEM_COMPUTER = 0x2,
    NL_DNS_DOMAIN = 0x4,
    NL_DNS_HOST = 0x8,
    NL_UTF8_COMPUTER = 0x10,
};
#define NL_RESPONSE_SIZE 12u /* 3.3.4.1.3: padded to that */

/* NL_AUTH_SHA2_SIGNATURE, [MS-NRPC] 2.2.1.3.3 */
#define SIG_SIZE       56u
#define SIG_SIZE_LEAST 32u /* without the reserved bytes, which are not looked at */
#define SIG_SEQUENCE   8u
#define SIG_CHECKSUM   16u
#define SIG_CONFOUNDER 24u
static const uint8_t sig_header[8] = { 0x13, 0x00, 0x1a, 0x00, 0xff, 0xff, 0x00, 0x00 };

/* DNS names end at 255 bytes (RFC 1035 3.1), their labels at 63. */
#define DNS_NAME_MAX 255u
#define LABEL_MAX    63u

enum state { S_START, S_SENT, S_READY, S_FAILED };

struct schannel_ctx {
    struct sec_ctx base;
    enum sec_role role;
    enum state state;
    struct sec_schannel_key key;
    const struct sec_acceptor *acceptor;
    const struct nt_env *env;
    struct nt_error *err;
    struct aes128_ctx sign_aes, seal_aes; /* of the session key, and of that with each byte XOR 0xf0 */
    struct hmac_sha256_ctx mac;
    uint64_t sequence;
    unsigned granted;
    struct sec_token *token; /* acceptor, once ready */
};

/* ---- names ---- */

bool sec_schannel_name_ok(const char *s)
{
    size_t n = strnlen(s, SEC_SCHANNEL_NAME_MAX + 1);

    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] <= ' ' || (unsigned char)s[i] >= 0x7f) /* what all OEM code pages share */
            return false;
    return n && n <= SEC_SCHANNEL_NAME_MAX;
}

static const char *oem_name(struct rd *r, char ret[SEC_SCHANNEL_NAME_MAX + 1])
{
    const uint8_t *end = rd_left(r) ? memchr(r->base + r->pos, 0, rd_left(r)) : NULL;
    size_t n = end ? (size_t)(end - (r->base + r->pos)) : SIZE_MAX;

    if (n > SEC_SCHANNEL_NAME_MAX) {
        rd_fail(r, STATUS_INVALID_NETWORK_RESPONSE);
        return NULL;
    }
    rd_copy(r, ret, n + 1);
    return sec_schannel_name_ok(ret) ? ret : NULL;
}

/* A name in labels (RFC 1035 4.1.4) is passed over, but for the one label of a NetBIOS name. Pointers are
 * refused: no one sends them, and they make loops. */
static const char *dns_name(struct rd *r, char ret[SEC_SCHANNEL_NAME_MAX + 1])
{
    size_t total = 0, labels = 0;
    uint8_t n;

    ret[0] = '\0';
    while (r->st == STATUS_SUCCESS && (n = rd_u8(r)) != 0) {
        const uint8_t *p = rd_bytes(r, n);

        total += n + 1u;
        if (n > LABEL_MAX || total > DNS_NAME_MAX)
            rd_fail(r, STATUS_INVALID_NETWORK_RESPONSE);
        if (p && labels++ == 0 && n <= SEC_SCHANNEL_NAME_MAX) {
            memcpy(ret, p, n);
            ret[n] = '\0';
        }
    }
    return r->st == STATUS_SUCCESS && labels == 1 && sec_schannel_name_ok(ret) ? ret : NULL;
}

struct names {
    char computer[SEC_SCHANNEL_NAME_MAX + 1], domain[SEC_SCHANNEL_NAME_MAX + 1],
        dns[SEC_SCHANNEL_NAME_MAX + 1], computer8[SEC_SCHANNEL_NAME_MAX + 1];
};

/* Names are in the order of their flags. A computer's NetBIOS name is what a key is found by, so it has to be
 * there; both forms of it must agree. */
static enum nt_status parse_negotiate(struct nt_blob in, struct names *ret)
{
    struct rd r;
    const char *domain = NULL, *oem = NULL, *utf8 = NULL;
    bool other_domain = false;

    memset(ret, 0, sizeof(*ret));
    rd_init(&r, in.data, in.len);
    uint32_t type = rd_u32(&r), flags = rd_u32(&r);
    if (flags & NL_OEM_DOMAIN)
        domain = oem_name(&r, ret->domain);
    if (flags & NL_OEM_COMPUTER)
        oem = oem_name(&r, ret->computer);
    if (flags & NL_DNS_DOMAIN) {
        (void)dns_name(&r, ret->dns);
        other_domain = true;
    }
    if (flags & NL_DNS_HOST)
        (void)dns_name(&r, ret->dns);
    if (flags & NL_UTF8_COMPUTER)
        utf8 = dns_name(&r, ret->computer8);
    if (r.st != STATUS_SUCCESS || type != NL_NEGOTIATE || !(domain || other_domain) || !(oem || utf8) ||
        ((flags & NL_OEM_DOMAIN) && !domain) || ((flags & NL_OEM_COMPUTER) && !oem) ||
        ((flags & NL_UTF8_COMPUTER) && !utf8))
        return STATUS_INVALID_NETWORK_RESPONSE;
    if (oem && utf8 && !sec_same_name(oem, strlen(oem), utf8, strlen(utf8)))
        return STATUS_INVALID_NETWORK_RESPONSE;
    if (!oem)
        memcpy(ret->computer, ret->computer8, sizeof(ret->computer));
    return STATUS_SUCCESS;
}

/* ---- life ---- */

static void schannel_free(struct sec_ctx *ctx)
{
    struct schannel_ctx *c = (struct schannel_ctx *)ctx;

    sec_token_unref(c->token);
    nt_wipe(c, sizeof(*c));
    free(c);
}

static enum nt_status check_params(const struct sec_params *p)
{
    if (!(p->flags & SEC_FLAG_PRIVACY))
        return nt_error_set(p->err, STATUS_NOT_SUPPORTED, "a secure channel is sealed or it is none");
    if (p->role == SEC_SERVER)
        return p->acceptor && p->acceptor->schannel
                   ? STATUS_SUCCESS
                   : nt_error_set(p->err, STATUS_NOT_SUPPORTED, "this server has no secure channels");
    if (!p->schannel || !sec_schannel_name_ok(p->schannel->computer) ||
        !sec_schannel_name_ok(p->schannel->domain))
        return nt_error_set(p->err, STATUS_INVALID_PARAMETER,
                            "a secure channel needs a key, and the names of computer and domain");
    return STATUS_SUCCESS;
}

static enum nt_status schannel_start(const struct sec_params *p, struct sec_ctx **ret)
{
    enum nt_status st = check_params(p);

    if (!nt_ok(st))
        return st;
    struct schannel_ctx *c = calloc(1, sizeof(*c));
    if (!c)
        return nt_error_set(p->err, STATUS_NO_MEMORY, "no memory for a secure channel");
    c->base.p = &sec_schannel;
    c->role = p->role;
    c->acceptor = p->acceptor;
    c->env = sec_env(p);
    c->err = p->err;
    if (p->role == SEC_CLIENT)
        c->key = *p->schannel;
    *ret = &c->base;
    return STATUS_SUCCESS;
}

static void establish(struct schannel_ctx *c)
{
    uint8_t seal[16];

    for (int i = 0; i < 16; i++)
        seal[i] = c->key.key[i] ^ 0xf0;
    aes128_set_encrypt_key(&c->sign_aes, c->key.key);
    aes128_set_encrypt_key(&c->seal_aes, seal);
    hmac_sha256_set_key(&c->mac, sizeof(c->key.key), c->key.key);
    nt_wipe(seal, sizeof(seal));
    c->granted = SEC_FLAG_INTEGRITY | SEC_FLAG_PRIVACY;
    c->state = S_READY;
}

/* ---- steps ---- */

static enum nt_status client_step(struct schannel_ctx *c, struct nt_blob in, struct wr *out)
{
    struct rd r;

    if (c->state == S_START) {
        if (in.len)
            return STATUS_INVALID_PARAMETER;
        wr_u32(out, NL_NEGOTIATE);
        wr_u32(out, NL_OEM_DOMAIN | NL_OEM_COMPUTER);
        wr_bytes(out, c->key.domain, strlen(c->key.domain) + 1);
        wr_bytes(out, c->key.computer, strlen(c->key.computer) + 1);
        c->state = S_SENT;
        return out->st == STATUS_SUCCESS ? STATUS_MORE_PROCESSING_REQUIRED : out->st;
    }
    rd_init(&r, in.data, in.len);
    if (rd_u32(&r) != NL_RESPONSE || in.len < NL_RESPONSE_SIZE)
        return nt_error_set(c->err, STATUS_INVALID_NETWORK_RESPONSE,
                            "the server's secure channel token is malformed");
    establish(c);
    return STATUS_SUCCESS;
}

static enum nt_status make_token(struct schannel_ctx *c, struct sec_account *a)
{
    char account[SEC_SCHANNEL_NAME_MAX + 2];
    size_t n = strlen(c->key.computer);

    memcpy(account, c->key.computer, n);
    memcpy(account + n, "$", 2);
    if (!a->account)
        a->account = account;
    if (!a->domain)
        a->domain = c->key.domain;
    const struct sec_token_source s = { .flags = SEC_TOKEN_MACHINE,
                                        .mech = "schannel",
                                        .workstation = c->key.computer,
                                        .account = a,
                                        .now = c->env->wall(c->env->arg) };
    return sec_token_new(&s, &c->token);
}

static enum nt_status find_key(struct schannel_ctx *c, const struct names *names)
{
    struct sec_account account = { .size = sizeof(account) };
    struct nt_arena *mem = nt_arena_new_secret(0);

    if (!mem)
        return STATUS_NO_MEMORY;
    c->key.size = sizeof(c->key);
    enum nt_status st = c->acceptor->schannel(c->acceptor->schannel_arg, names->computer, names->domain, mem,
                                              &c->key, &account);
    if (st != STATUS_SUCCESS)
        st = nt_error_set(c->err, nt_ok(st) ? STATUS_ACCESS_DENIED : st,
                          "there is no secure channel with %s in %s", names->computer, names->domain);
    else if (!sec_schannel_name_ok(c->key.computer) || !sec_schannel_name_ok(c->key.domain))
        st = STATUS_INVALID_PARAMETER;
    else
        st = make_token(c, &account);
    nt_wipe(&account, sizeof(account));
    nt_arena_free(mem);
    return st;
}

static enum nt_status server_step(struct schannel_ctx *c, struct nt_blob in, struct wr *out)
{
    struct names names;
    enum nt_status st = parse_negotiate(in, &names);

    if (!nt_ok(st))
        return nt_error_set(c->err, st, "the client's secure channel token is malformed");
    st = find_key(c, &names);
    if (!nt_ok(st))
        return st;
    wr_u32(out, NL_RESPONSE);
    wr_u32(out, 0);
    wr_u32(out, 0);
    if (out->st != STATUS_SUCCESS)
        return out->st;
    establish(c);
    return STATUS_SUCCESS;
}

static enum nt_status schannel_step(struct sec_ctx *ctx, struct nt_blob in, struct wr *out)
{
    struct schannel_ctx *c = (struct schannel_ctx *)ctx;

    if (c->state == S_READY || c->state == S_FAILED)
        return STATUS_INVALID_DEVICE_STATE;
    enum nt_status st = in.len > SEC_TOKEN_MAX  ? STATUS_INVALID_NETWORK_RESPONSE
                        : c->role == SEC_CLIENT ? client_step(c, in, out)
                                                : server_step(c, in, out);
    if (!nt_ok(st) && st != STATUS_MORE_PROCESSING_REQUIRED) {
        c->state = S_FAILED;
        nt_wipe(c->key.key, sizeof(c->key.key));
    }
    return st;
}

/* ---- messages, [MS-NRPC] 3.3.4.2 ---- */

static size_t schannel_token_size(const struct sec_ctx *ctx, enum sec_level level, size_t data_len)
{
    (void)ctx;
    (void)data_len;
    return level == SEC_LEVEL_PRIVACY ? SIG_SIZE : 0;
}

/* CopySeqNumber: two big endian halves, the lower first; the client's messages have the highest bit of the
 * other. */
static void put_sequence(const struct schannel_ctx *c, bool from_client, uint8_t ret[8])
{
    for (int i = 0; i < 4; i++) {
        ret[i] = (uint8_t)(c->sequence >> (24 - 8 * i));
        ret[4 + i] = (uint8_t)(c->sequence >> (56 - 8 * i));
    }
    if (from_client)
        ret[4] |= 0x80;
}

static void twice(const uint8_t half[8], uint8_t iv[16])
{
    memcpy(iv, half, 8);
    memcpy(iv + 8, half, 8);
}

static enum nt_status check_parts(const struct schannel_ctx *c, enum sec_level level,
                                  const struct sec_iov *iov, size_t n)
{
    if (c->state != S_READY)
        return STATUS_INVALID_DEVICE_STATE;
    if (level != SEC_LEVEL_PRIVACY)
        return STATUS_NOT_SUPPORTED;
    if (!n || iov[n - 1].kind != SEC_PART_TOKEN)
        return STATUS_INVALID_PARAMETER;
    for (size_t i = 0; i + 1 < n; i++)
        if (iov[i].kind != SEC_PART_DATA) /* headers are not covered: there is no header signing */
            return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

/* Over the first eight bytes of the token, the confounder and the message, all in the clear. */
static void checksum(struct schannel_ctx *c, const uint8_t confounder[8], const struct sec_iov *iov, size_t n,
                     uint8_t ret[8])
{
    hmac_sha256_update(&c->mac, sizeof(sig_header), sig_header);
    hmac_sha256_update(&c->mac, 8, confounder);
    for (size_t i = 0; i + 1 < n; i++)
        hmac_sha256_update(&c->mac, iov[i].len, iov[i].data);
    hmac_sha256_digest(&c->mac, 8, ret); /* ready for the next message */
}

static enum nt_status schannel_protect(struct sec_ctx *ctx, enum sec_level level, struct sec_iov *iov,
                                       size_t n)
{
    struct schannel_ctx *c = (struct schannel_ctx *)ctx;
    uint8_t sequence[8], iv[16], confounder[8];
    enum nt_status st = check_parts(c, level, iov, n);

    if (nt_ok(st) && iov[n - 1].len != SIG_SIZE)
        st = STATUS_INVALID_PARAMETER;
    if (nt_ok(st))
        st = c->env->random(c->env->arg, confounder, sizeof(confounder));
    if (!nt_ok(st))
        return st;
    uint8_t *sig = iov[n - 1].data;
    memset(sig, 0, SIG_SIZE);
    memcpy(sig, sig_header, sizeof(sig_header));
    put_sequence(c, c->role == SEC_CLIENT, sequence);
    c->sequence++;
    checksum(c, confounder, iov, n, sig + SIG_CHECKSUM);
    twice(sequence, iv);
    cfb8_encrypt(&c->seal_aes, (nettle_cipher_func *)aes128_encrypt, 16, iv, 8, sig + SIG_CONFOUNDER,
                 confounder);
    for (size_t i = 0; i + 1 < n; i++) /* the key stream goes on */
        cfb8_encrypt(&c->seal_aes, (nettle_cipher_func *)aes128_encrypt, 16, iv, iov[i].len, iov[i].data,
                     iov[i].data);
    twice(sig + SIG_CHECKSUM, iv);
    cfb8_encrypt(&c->sign_aes, (nettle_cipher_func *)aes128_encrypt, 16, iv, 8, sig + SIG_SEQUENCE, sequence);
    return STATUS_SUCCESS;
}

static enum nt_status altered(struct schannel_ctx *c, const char *what)
{
    return nt_error_set(c->err, STATUS_ACCESS_DENIED,
                        "a message of the secure channel was changed on its way, lost or repeated: its %s is "
                        "wrong",
                        what);
}

static enum nt_status schannel_unprotect(struct sec_ctx *ctx, enum sec_level level, struct sec_iov *iov,
                                         size_t n)
{
    struct schannel_ctx *c = (struct schannel_ctx *)ctx;
    uint8_t want[8], got[8], iv[16], confounder[8];
    enum nt_status st = check_parts(c, level, iov, n);

    if (!nt_ok(st))
        return st;
    const uint8_t *sig = iov[n - 1].data;
    put_sequence(c, c->role == SEC_SERVER, want);
    c->sequence++;
    /* the two bytes of Flags, at the end, are not looked at: 3.3.4.2.2 */
    if (iov[n - 1].len < SIG_SIZE_LEAST || iov[n - 1].len > SIG_SIZE || memcmp(sig, sig_header, 6) != 0)
        return altered(c, "header");
    twice(sig + SIG_CHECKSUM, iv);
    cfb8_decrypt(&c->sign_aes, (nettle_cipher_func *)aes128_encrypt, 16, iv, 8, got, sig + SIG_SEQUENCE);
    if (!cr_equal(got, want, sizeof(want)))
        return altered(c, "number");
    twice(want, iv);
    cfb8_decrypt(&c->seal_aes, (nettle_cipher_func *)aes128_encrypt, 16, iv, 8, confounder,
                 sig + SIG_CONFOUNDER);
    for (size_t i = 0; i + 1 < n; i++)
        cfb8_decrypt(&c->seal_aes, (nettle_cipher_func *)aes128_encrypt, 16, iv, iov[i].len, iov[i].data,
                     iov[i].data);
    checksum(c, confounder, iov, n, want);
    return cr_equal(want, sig + SIG_CHECKSUM, sizeof(want)) ? STATUS_SUCCESS : altered(c, "checksum");
}

/* ---- table ---- */

static enum nt_status schannel_query(struct sec_ctx *ctx, enum sec_item what, struct nt_blob *ret)
{
    struct schannel_ctx *c = (struct schannel_ctx *)ctx;

    if (what == SEC_ITEM_MECH) {
        *ret = (struct nt_blob){ (const uint8_t *)"schannel", 8 };
        return STATUS_SUCCESS;
    }
    if (c->state != S_READY)
        return STATUS_INVALID_DEVICE_STATE;
    switch (what) {
    case SEC_ITEM_SESSION_KEY:
        *ret = (struct nt_blob){ c->key.key, sizeof(c->key.key) };
        return STATUS_SUCCESS;
    case SEC_ITEM_FLAGS:
        *ret = (struct nt_blob){ (const uint8_t *)&c->granted, sizeof(c->granted) };
        return STATUS_SUCCESS;
    case SEC_ITEM_PEER:
    case SEC_ITEM_TOKEN:
        if (!c->token) /* the key proves the server, too, but which of those that have it nobody says */
            return STATUS_NOT_SUPPORTED;
        *ret = what == SEC_ITEM_PEER
                   ? (struct nt_blob){ (const uint8_t *)c->token->name, strlen(c->token->name) }
                   : (struct nt_blob){ (const uint8_t *)c->token, sizeof(*c->token) };
        return STATUS_SUCCESS;
    default:
        return STATUS_NOT_SUPPORTED;
    }
}

const struct sec_provider sec_schannel = {
    .name = "schannel",
    .rpc_auth_type = 68,
    .caps = SEC_CAP_ONE_CALL,
    .start = schannel_start,
    .step = schannel_step,
    .token_size = schannel_token_size,
    .protect = schannel_protect,
    .unprotect = schannel_unprotect,
    .query = schannel_query,
    .free = schannel_free,
};
