// SPDX-License-Identifier: Apache-2.0
/* NTLMv2 keys and responses ([MS-NLMP] 3.3.2), signing and sealing with extended session security (3.4.4.2).
 */
#include "crypto/crypto.h"
#include "sec/m_ntlm.h"

static struct iovec piece(struct nt_blob b)
{
    return (struct iovec){ (void *)(uintptr_t)b.data, b.len };
}

void ntlm_v2_key(const uint8_t nt_hash[16], struct nt_blob upper_user, struct nt_blob domain, uint8_t ret[16])
{
    const struct iovec iov[] = { piece(upper_user), piece(domain) };

    cr_hmac_md5(nt_hash, 16, iov, 2, ret);
}

void ntlm_v2_proof(const uint8_t key[16], const uint8_t challenge[8], struct nt_blob temp,
                   uint8_t ret_proof[16], uint8_t ret_base_key[16])
{
    const struct iovec iov[] = { piece((struct nt_blob){ challenge, 8 }), piece(temp) };
    const struct iovec proof = { ret_proof, 16 };

    cr_hmac_md5(key, 16, iov, 2, ret_proof);
    cr_hmac_md5(key, 16, &proof, 1, ret_base_key);
}

void ntlm_mic(const uint8_t exported[16], struct nt_blob negotiate, struct nt_blob challenge,
              struct nt_blob auth, uint8_t ret[16])
{
    const struct iovec iov[] = { piece(negotiate), piece(challenge), piece(auth) };

    cr_hmac_md5(exported, 16, iov, 3, ret);
}

/* SIGNKEY and SEALKEY, [MS-NLMP] 3.4.5.2 and 3.4.5.3; the constants are hashed with their terminator. */
static void set_dir(struct ntlm_dir *d, const uint8_t exported[16], bool from_client)
{
    static const char sign_c[] = "session key to client-to-server signing key magic constant";
    static const char sign_s[] = "session key to server-to-client signing key magic constant";
    static const char seal_c[] = "session key to client-to-server sealing key magic constant";
    static const char seal_s[] = "session key to server-to-client sealing key magic constant";
    uint8_t text[16 + sizeof(sign_c)], key[16];

    memcpy(text, exported, 16);
    memcpy(text + 16, from_client ? sign_c : sign_s, sizeof(sign_c));
    cr_md5(text, sizeof(text), key);
    hmac_md5_set_key(&d->sign, sizeof(key), key);
    memcpy(text + 16, from_client ? seal_c : seal_s, sizeof(seal_c));
    cr_md5(text, sizeof(text), d->seal_key);
    arcfour_set_key(&d->seal, sizeof(d->seal_key), d->seal_key);
    d->seq = 0;
    nt_wipe(text, sizeof(text));
    nt_wipe(key, sizeof(key));
}

void ntlm_set_keys(struct ntlm_ctx *c)
{
    set_dir(&c->tx, c->exported, c->role == SEC_CLIENT);
    set_dir(&c->rx, c->exported, c->role == SEC_SERVER);
}

void ntlm_rewind_keystream(struct sec_ctx *ctx)
{
    struct ntlm_ctx *c = (struct ntlm_ctx *)ctx;

    arcfour_set_key(&c->tx.seal, sizeof(c->tx.seal_key), c->tx.seal_key);
    arcfour_set_key(&c->rx.seal, sizeof(c->rx.seal_key), c->rx.seal_key);
}

/* The token's place, or NULL when the parts are not what they must be: one token of the right size, last. */
static uint8_t *find_token(const struct sec_iov *iov, size_t n)
{
    if (!n || iov[n - 1].kind != SEC_PART_TOKEN || iov[n - 1].len != NTLM_SIGNATURE_SIZE)
        return NULL;
    for (size_t i = 0; i + 1 < n; i++)
        if (iov[i].kind == SEC_PART_TOKEN)
            return NULL;
    return iov[n - 1].data;
}

/* STATUS_SUCCESS when this context may protect messages at this level. */
static enum nt_status check_level(const struct ntlm_ctx *c, enum sec_level level)
{
    if (c->state != NTLM_READY)
        return STATUS_INVALID_DEVICE_STATE;
    if (level == SEC_LEVEL_INTEGRITY)
        return c->granted & SEC_FLAG_INTEGRITY ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
    if (level == SEC_LEVEL_PRIVACY)
        return c->granted & SEC_FLAG_PRIVACY ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
    return STATUS_INVALID_PARAMETER;
}

static void checksum(struct ntlm_dir *d, uint32_t seq, const struct sec_iov *iov, size_t n, uint8_t sum[8])
{
    uint8_t number[4], full[16];

    put_le32(number, seq);
    hmac_md5_update(&d->sign, sizeof(number), number);
    for (size_t i = 0; i + 1 < n; i++)
        if (iov[i].len)
            hmac_md5_update(&d->sign, iov[i].len, iov[i].data);
    hmac_md5_digest(&d->sign, sizeof(full), full); /* and starts over with the same key */
    memcpy(sum, full, 8);
}

static void crypt_data(struct ntlm_dir *d, struct sec_iov *iov, size_t n)
{
    for (size_t i = 0; i + 1 < n; i++)
        if (iov[i].kind == SEC_PART_DATA && iov[i].len)
            arcfour_crypt(&d->seal, iov[i].len, iov[i].data, iov[i].data);
}

enum nt_status ntlm_protect(struct sec_ctx *ctx, enum sec_level level, struct sec_iov *iov, size_t n)
{
    struct ntlm_ctx *c = (struct ntlm_ctx *)ctx;
    enum nt_status st = check_level(c, level);
    uint8_t *token = find_token(iov, n), sum[8];

    if (!nt_ok(st))
        return st;
    if (!token)
        return STATUS_INVALID_PARAMETER;
    uint32_t seq = c->tx.seq++;
    checksum(&c->tx, seq, iov, n, sum);
    if (level == SEC_LEVEL_PRIVACY)
        crypt_data(&c->tx, iov, n);
    if (c->flags & NTLM_KEY_EXCH)
        arcfour_crypt(&c->tx.seal, sizeof(sum), sum, sum);
    put_le32(token, 1);
    memcpy(token + 4, sum, sizeof(sum));
    put_le32(token + 12, seq);
    return STATUS_SUCCESS;
}

enum nt_status ntlm_unprotect(struct sec_ctx *ctx, enum sec_level level, struct sec_iov *iov, size_t n)
{
    struct ntlm_ctx *c = (struct ntlm_ctx *)ctx;
    enum nt_status st = check_level(c, level);
    const uint8_t *token = find_token(iov, n);
    uint8_t want[NTLM_SIGNATURE_SIZE];

    if (!nt_ok(st))
        return st;
    if (!token)
        return STATUS_INVALID_PARAMETER;
    uint32_t seq = c->rx.seq++;
    if (level == SEC_LEVEL_PRIVACY)
        crypt_data(&c->rx, iov, n);
    put_le32(want, 1);
    checksum(&c->rx, seq, iov, n, want + 4);
    if (c->flags & NTLM_KEY_EXCH)
        arcfour_crypt(&c->rx.seal, 8, want + 4, want + 4);
    put_le32(want + 12, seq);
    if (!cr_equal(want, token, sizeof(want)))
        return nt_error_set(
            c->err, STATUS_ACCESS_DENIED,
            "a message was changed on its way, lost or repeated: its NTLM signature is wrong");
    return STATUS_SUCCESS;
}
