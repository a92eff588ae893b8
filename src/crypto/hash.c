// SPDX-License-Identifier: Apache-2.0
/* One-shot digests and keyed digests over nettle. Contexts live on the stack and are wiped: keys go through
 * them. */
#include "crypto/crypto.h"

#include <nettle/hmac.h>
#include <nettle/md4.h>
#include <nettle/md5.h>
#include <nettle/sha2.h>

void cr_md4(const void *p, size_t len, uint8_t out[16])
{
    struct md4_ctx c;

    md4_init(&c);
    md4_update(&c, len, p);
    md4_digest(&c, MD4_DIGEST_SIZE, out);
    nt_wipe(&c, sizeof(c));
}

void cr_md5(const void *p, size_t len, uint8_t out[16])
{
    struct md5_ctx c;

    md5_init(&c);
    md5_update(&c, len, p);
    md5_digest(&c, MD5_DIGEST_SIZE, out);
    nt_wipe(&c, sizeof(c));
}

void cr_sha256(const void *p, size_t len, uint8_t out[32])
{
    struct sha256_ctx c;

    sha256_init(&c);
    sha256_update(&c, len, p);
    sha256_digest(&c, SHA256_DIGEST_SIZE, out);
    nt_wipe(&c, sizeof(c));
}

void cr_sha512(const struct iovec *iov, int n, uint8_t out[64])
{
    struct sha512_ctx c;

    sha512_init(&c);
    for (int i = 0; i < n; i++)
        sha512_update(&c, iov[i].iov_len, iov[i].iov_base);
    sha512_digest(&c, SHA512_DIGEST_SIZE, out);
    nt_wipe(&c, sizeof(c));
}

void cr_hmac_md5(const void *key, size_t key_len, const struct iovec *iov, int n, uint8_t out[16])
{
    struct hmac_md5_ctx c;

    hmac_md5_set_key(&c, key_len, key);
    for (int i = 0; i < n; i++)
        hmac_md5_update(&c, iov[i].iov_len, iov[i].iov_base);
    hmac_md5_digest(&c, MD5_DIGEST_SIZE, out);
    nt_wipe(&c, sizeof(c));
}

void cr_hmac_sha256(const void *key, size_t key_len, const struct iovec *iov, int n, uint8_t out[32])
{
    struct hmac_sha256_ctx c;

    hmac_sha256_set_key(&c, key_len, key);
    for (int i = 0; i < n; i++)
        hmac_sha256_update(&c, iov[i].iov_len, iov[i].iov_base);
    hmac_sha256_digest(&c, SHA256_DIGEST_SIZE, out);
    nt_wipe(&c, sizeof(c));
}

void cr_hmac_sha512(const void *key, size_t key_len, const struct iovec *iov, int n, uint8_t out[64])
{
    struct hmac_sha512_ctx c;

    hmac_sha512_set_key(&c, key_len, key);
    for (int i = 0; i < n; i++)
        hmac_sha512_update(&c, iov[i].iov_len, iov[i].iov_base);
    hmac_sha512_digest(&c, SHA512_DIGEST_SIZE, out);
    nt_wipe(&c, sizeof(c));
}
