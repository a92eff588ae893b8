// SPDX-License-Identifier: Apache-2.0
/* What nettle lacks: key derivation and one-shot helpers. nettle's own headers are used directly for the
 * rest. */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include <sys/uio.h>
#include <msrpc/nt.h>

#pragma GCC visibility push(default) /* shared between our own libraries, see the *_PRIVATE nodes */

void cr_md4(const void *p, size_t len, uint8_t out[16]);
void cr_md5(const void *p, size_t len, uint8_t out[16]);
void cr_sha256(const void *p, size_t len, uint8_t out[32]);
void cr_sha512(const struct iovec *iov, int n, uint8_t out[64]);
void cr_hmac_md5(const void *key, size_t key_len, const struct iovec *iov, int n, uint8_t out[16]);
void cr_hmac_sha256(const void *key, size_t key_len, const struct iovec *iov, int n, uint8_t out[32]);
void cr_hmac_sha512(const void *key, size_t key_len, const struct iovec *iov, int n, uint8_t out[64]);
/* RC4 over one buffer in place with a fresh key. */
void cr_rc4(const void *key, size_t key_len, void *data, size_t len);
/* NIST SP 800-108 in counter mode with HMAC-SHA256, 32-bit counter and length ([MS-SMB2] 3.1.4.2). The label
 * and context include whatever terminators the caller wants. */
void cr_kdf_ctr_sha256(const void *key, size_t key_len, const void *label, size_t label_len,
                       const void *context, size_t context_len, void *out, size_t out_len);
/* DES as SAM uses it: a 7-byte key spread to 8 ([MS-SAMR] 2.2.11.1.2). */
void cr_des7(const uint8_t key7[7], const uint8_t in[8], uint8_t out[8], bool decrypt);
/* AES-256-CBC with PKCS7 padding in one buffer: out has room for len rounded up to the next multiple of 16.
 */
size_t cr_aes256_cbc_encrypt(const uint8_t key[32], const uint8_t iv[16], const void *in, size_t len,
                             uint8_t *out);
/* Constant time. */
bool cr_equal(const void *a, const void *b, size_t len);

#pragma GCC visibility pop

#endif
