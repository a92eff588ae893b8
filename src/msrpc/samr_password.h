// SPDX-License-Identifier: Apache-2.0
/*
 * Passwords in samr ([MS-SAMR] 2.2.6.21, 2.2.6.22, 2.2.6.32, 2.2.7.3). Nothing here talks to a server: the
 * caller has the key and sends the result. docs/passwords.md says which form goes where.
 */
#ifndef MSRPC_SAMR_PASSWORD_H
#define MSRPC_SAMR_PASSWORD_H

#include <msrpc/nt.h>

#pragma GCC visibility push(default) /* shared between our own libraries, see the *_PRIVATE nodes */

#define SAMR_MAX_PASSWORD    256 /* UTF-16 units: what SAMPR_USER_PASSWORD holds */
#define SAMR_KEY_SIZE        16  /* of the SMB session key and of a hash */
#define SAMR_RC4_SIZE        (2 * SAMR_MAX_PASSWORD + 4)
#define SAMR_RC4_SALTED_SIZE (SAMR_RC4_SIZE + 16)
#define SAMR_AES_CIPHER_SIZE 528        /* 2 + 512 bytes, padded to blocks of 16 */
#define SAMR_FEATURE_AES     0x00000010 /* SupportedFeatures of SamrConnect5, [MS-SAMR] 2.2.7.15 */
/* [MS-SAMR] 3.2.2.5 takes 5 000 to 1 000 000. Windows clients use 10 000; the key that is stretched here is a
 * hash that travels to nobody else, so more would only make both sides slow. */
#define SAMR_PBKDF2_ITERATIONS 10000
#define SAMR_PBKDF2_MIN        5000
#define SAMR_PBKDF2_MAX        1000000

/* What a SAMPR_ENCRYPTED_PASSWORD_AES is filled from. */
struct samr_aes_password {
    uint8_t auth_data[64];
    uint8_t salt[16];
    uint8_t cipher[SAMR_AES_CIPHER_SIZE];
};

/* STATUS_NAME_TOO_LONG, with a sentence, when no form can carry a password of `units` UTF-16 units; success
 * else. */
enum nt_status samr_password_check(size_t units, struct nt_error *err) NT_CHECKED;
/* The NT hash of a password: MD4 over its UTF-16LE bytes. */
enum nt_status samr_nt_hash(const char16_t *password, size_t units, uint8_t ret_hash[16]) NT_CHECKED;

/* The three forms of a password of at most SAMR_MAX_PASSWORD units. `env` gives the random bytes of padding
 * and salt. STATUS_INVALID_PARAMETER if it is longer; what `env` says if it has no random bytes. */
enum nt_status samr_password_rc4(const uint8_t key[SAMR_KEY_SIZE], const char16_t *password, size_t units,
                                 const struct nt_env *env, uint8_t ret[SAMR_RC4_SIZE]) NT_CHECKED;
/* RC4 under MD5(salt, key), the salt behind ([MS-SAMR] 3.2.2.2). */
enum nt_status samr_password_rc4_salted(const uint8_t key[SAMR_KEY_SIZE], const char16_t *password,
                                        size_t units, const struct nt_env *env,
                                        uint8_t ret[SAMR_RC4_SALTED_SIZE]) NT_CHECKED;
/* AEAD-AES-256-CBC-HMAC-SHA512 ([MS-SAMR] 3.2.2.4) under a content encryption key. salt NULL: random. */
enum nt_status samr_password_aes(const uint8_t key[SAMR_KEY_SIZE], const char16_t *password, size_t units,
                                 const uint8_t *salt, const struct nt_env *env,
                                 struct samr_aes_password *ret) NT_CHECKED;
/* The content encryption key of SamrUnicodeChangePasswordUser4, from the NT hash of the old password
 * ([MS-SAMR] 3.2.2.5). STATUS_INVALID_PARAMETER outside of SAMR_PBKDF2_MIN .. SAMR_PBKDF2_MAX iterations. */
enum nt_status samr_change_key(const uint8_t nt_hash[16], const uint8_t salt[16], uint32_t iterations,
                               uint8_t ret_key[SAMR_KEY_SIZE]) NT_CHECKED;
/* A hash under another or under the session key: two DES blocks ([MS-SAMR] 2.2.11.1.1, 2.2.11.1.4). */
void samr_hash_under_key(const uint8_t key[SAMR_KEY_SIZE], const uint8_t hash[16], uint8_t out[16]);

#pragma GCC visibility pop

#endif
