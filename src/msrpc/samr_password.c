// SPDX-License-Identifier: Apache-2.0
/* How samr hides passwords, see samr_password.h. All that was clear is wiped before a function returns. */
#include "msrpc/samr_password.h"

#include <string.h>

#include <nettle/pbkdf2.h>

#include <msrpc/unistr.h>
#include "base/cursor.h"
#include "crypto/crypto.h"

/* [MS-SAMR] 2.2.1.18; the terminators belong to the strings. */
static const char enc_label[] = "Microsoft SAM encryption key AEAD-AES-256-CBC-HMAC-SHA512 16";
static const char mac_label[] = "Microsoft SAM MAC key AEAD-AES-256-CBC-HMAC-SHA512 16";
#define AES_VERSION 0x01

enum nt_status samr_password_check(size_t units, struct nt_error *err)
{
    if (units <= SAMR_MAX_PASSWORD)
        return STATUS_SUCCESS;
    return nt_error_set(err, STATUS_NAME_TOO_LONG,
                        "the password has %zu UTF-16 units, but a Windows account database takes at most %d; "
                        "nothing was sent",
                        units, SAMR_MAX_PASSWORD);
}

static enum nt_status random_bytes(const struct nt_env *env, void *to, size_t len)
{
    if (!env)
        env = nt_env_system();
    return env->random(env->arg, to, len);
}

enum nt_status samr_nt_hash(const char16_t *password, size_t units, uint8_t ret_hash[16])
{
    uint8_t clear[2 * SAMR_MAX_PASSWORD];
    size_t size;
    if (units > SAMR_MAX_PASSWORD)
        return STATUS_INVALID_PARAMETER;
    enum nt_status st = ustr_to_le_buf(password, units, clear, sizeof clear, &size);
    if (st == STATUS_SUCCESS)
        cr_md4(clear, size, ret_hash);
    nt_wipe(clear, sizeof clear);
    return st;
}

/* [MS-SAMR] 2.2.6.21: the password ends the 512 bytes, noise stands before it, its size in bytes behind. */
static enum nt_status clear_block(const char16_t *password, size_t units, const struct nt_env *env,
                                  uint8_t out[SAMR_RC4_SIZE])
{
    size_t room = 2 * (size_t)SAMR_MAX_PASSWORD, size;
    if (units > SAMR_MAX_PASSWORD)
        return STATUS_INVALID_PARAMETER;
    enum nt_status st = random_bytes(env, out, room - 2 * units);
    if (st == STATUS_SUCCESS)
        st = ustr_to_le_buf(password, units, out + room - 2 * units, 2 * units, &size);
    put_le32(out + room, (uint32_t)(2 * units));
    return st;
}

enum nt_status samr_password_rc4(const uint8_t key[SAMR_KEY_SIZE], const char16_t *password, size_t units,
                                 const struct nt_env *env, uint8_t ret[SAMR_RC4_SIZE])
{
    uint8_t block[SAMR_RC4_SIZE];
    enum nt_status st = clear_block(password, units, env, block);
    if (st == STATUS_SUCCESS) {
        cr_rc4(key, SAMR_KEY_SIZE, block, sizeof block);
        memcpy(ret, block, sizeof block);
    }
    nt_wipe(block, sizeof block);
    return st;
}

enum nt_status samr_password_rc4_salted(const uint8_t key[SAMR_KEY_SIZE], const char16_t *password,
                                        size_t units, const struct nt_env *env,
                                        uint8_t ret[SAMR_RC4_SALTED_SIZE])
{
    uint8_t salted[16 + SAMR_KEY_SIZE], rc4_key[16];
    enum nt_status st = random_bytes(env, salted, 16);
    if (st != STATUS_SUCCESS)
        return st;
    memcpy(salted + 16, key, SAMR_KEY_SIZE);
    cr_md5(salted, sizeof salted, rc4_key);
    st = samr_password_rc4(rc4_key, password, units, env, ret);
    if (st == STATUS_SUCCESS)
        memcpy(ret + SAMR_RC4_SIZE, salted, 16);
    nt_wipe(salted, sizeof salted);
    nt_wipe(rc4_key, sizeof rc4_key);
    return st;
}

/* [MS-SAMR] 2.2.6.32: size in bytes, password, noise up to 514 bytes. */
static enum nt_status aes_block(const char16_t *password, size_t units, const struct nt_env *env,
                                uint8_t out[514])
{
    size_t size;
    if (units > SAMR_MAX_PASSWORD)
        return STATUS_INVALID_PARAMETER;
    put_le16(out, (uint16_t)(2 * units));
    enum nt_status st = ustr_to_le_buf(password, units, out + 2, 2 * units, &size);
    if (st == STATUS_SUCCESS)
        st = random_bytes(env, out + 2 + 2 * units, 512 - 2 * units);
    return st;
}

static struct iovec part(const void *p, size_t len)
{
    return (struct iovec){ .iov_base = (void *)(uintptr_t)p, .iov_len = len };
}

/* [MS-SAMR] 3.2.2.4. The last part of what is authenticated is the length of the version byte, itself a
 * byte 1. */
static void seal(const uint8_t key[SAMR_KEY_SIZE], const uint8_t clear[514], struct samr_aes_password *p)
{
    static const uint8_t version = AES_VERSION, version_length = 1;
    uint8_t enc[64], mac[64];
    struct iovec label = part(enc_label, sizeof enc_label);
    cr_hmac_sha512(key, SAMR_KEY_SIZE, &label, 1, enc);
    label = part(mac_label, sizeof mac_label);
    cr_hmac_sha512(key, SAMR_KEY_SIZE, &label, 1, mac);
    size_t n = cr_aes256_cbc_encrypt(enc, p->salt, clear, 514, p->cipher); /* the first 32 bytes of enc */
    const struct iovec all[] = { part(&version, 1), part(p->salt, 16), part(p->cipher, n),
                                 part(&version_length, 1) };
    cr_hmac_sha512(mac, sizeof mac, all, 4, p->auth_data);
    nt_wipe(enc, sizeof enc);
    nt_wipe(mac, sizeof mac);
}

enum nt_status samr_password_aes(const uint8_t key[SAMR_KEY_SIZE], const char16_t *password, size_t units,
                                 const uint8_t *salt, const struct nt_env *env, struct samr_aes_password *ret)
{
    uint8_t clear[514];
    struct samr_aes_password p;
    enum nt_status st = STATUS_SUCCESS;
    if (salt)
        memcpy(p.salt, salt, sizeof p.salt);
    else
        st = random_bytes(env, p.salt, sizeof p.salt);
    if (st == STATUS_SUCCESS)
        st = aes_block(password, units, env, clear);
    if (st == STATUS_SUCCESS) {
        seal(key, clear, &p);
        *ret = p;
    }
    nt_wipe(clear, sizeof clear);
    return st;
}

enum nt_status samr_change_key(const uint8_t nt_hash[16], const uint8_t salt[16], uint32_t iterations,
                               uint8_t ret_key[SAMR_KEY_SIZE])
{
    if (iterations < SAMR_PBKDF2_MIN || iterations > SAMR_PBKDF2_MAX)
        return STATUS_INVALID_PARAMETER;
    pbkdf2_hmac_sha512(16, nt_hash, iterations, 16, salt, SAMR_KEY_SIZE, ret_key);
    return STATUS_SUCCESS;
}

void samr_hash_under_key(const uint8_t key[SAMR_KEY_SIZE], const uint8_t hash[16], uint8_t out[16])
{
    cr_des7(key, hash, out, false);
    cr_des7(key + 7, hash + 8, out + 8, false);
}
