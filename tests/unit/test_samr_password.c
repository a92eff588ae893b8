// SPDX-License-Identifier: Apache-2.0
/* Password forms of samr against vectors from python3-samba (gen_samr_vectors.py), and by taking them apart
 * again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <msrpc/unistr.h>
#include "crypto/crypto.h"
#include "msrpc/samr_password.h"
#include "samr_vectors.h"

static const uint8_t key[16] = { 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17,
                                 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f };

/* Random bytes 0, 1, 2 ...; fails once `left` is used up. */
struct noise {
    uint8_t next;
    size_t left;
};

static enum nt_status noise_random(void *arg, void *buf, size_t len)
{
    struct noise *n = arg;
    if (len > n->left)
        return STATUS_UNSUCCESSFUL;
    n->left -= len;
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)buf)[i] = n->next++;
    return STATUS_SUCCESS;
}

static struct nt_env noise_env(struct noise *n)
{
    struct nt_env e = *nt_env_system();
    e.arg = n;
    e.random = noise_random;
    return e;
}

static const char16_t *password(int i, size_t *units)
{
    static char16_t longest[257];
    static const char16_t *const all[] = { u"", u"Pa$$w0rd", u"Ångström 日本語 \U0001F511", longest };
    for (int k = 0; k < 256; k++)
        longest[k] = u'x';
    *units = ustr_len(all[i]);
    return all[i];
}

struct vector {
    const uint8_t *rc4, *salted, *auth, *cipher, *hash;
};
static const struct vector vectors[] = {
    { rc4_0, salted_0, aes_auth_0, aes_cipher_0, nt_hash_0 },
    { rc4_1, salted_1, aes_auth_1, aes_cipher_1, nt_hash_1 },
    { rc4_2, salted_2, aes_auth_2, aes_cipher_2, nt_hash_2 },
    { rc4_3, salted_3, aes_auth_3, aes_cipher_3, nt_hash_3 },
};

static void forms(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        size_t units;
        const char16_t *p = password(i, &units);
        struct noise n = { 0, SIZE_MAX };
        struct nt_env env = noise_env(&n);
        uint8_t rc4[SAMR_RC4_SIZE], salted[SAMR_RC4_SALTED_SIZE], hash[16];
        struct samr_aes_password aes;

        assert_int_equal(samr_password_rc4(key, p, units, &env, rc4), STATUS_SUCCESS);
        assert_memory_equal(rc4, vectors[i].rc4, sizeof rc4);
        n.next = 0;
        assert_int_equal(samr_password_rc4_salted(key, p, units, &env, salted), STATUS_SUCCESS);
        assert_memory_equal(salted, vectors[i].salted, sizeof salted);
        n.next = 0;
        assert_int_equal(samr_password_aes(key, p, units, NULL, &env, &aes), STATUS_SUCCESS);
        assert_memory_equal(aes.auth_data, vectors[i].auth, sizeof aes.auth_data);
        assert_memory_equal(aes.cipher, vectors[i].cipher, sizeof aes.cipher);
        assert_int_equal(aes.salt[15], 15);
        assert_int_equal(samr_nt_hash(p, units, hash), STATUS_SUCCESS);
        assert_memory_equal(hash, vectors[i].hash, sizeof hash);
    }
}

/* The salt that the key came from is the one that is sent. */
static void given_salt(void **state)
{
    (void)state;
    size_t units;
    const char16_t *p = password(1, &units);
    struct noise n = { 16, SIZE_MAX };
    struct nt_env env = noise_env(&n);
    struct samr_aes_password aes;
    uint8_t salt[16];
    for (int i = 0; i < 16; i++)
        salt[i] = (uint8_t)i;
    assert_int_equal(samr_password_aes(key, p, units, salt, &env, &aes), STATUS_SUCCESS);
    assert_memory_equal(aes.salt, salt, 16);
    assert_memory_equal(aes.cipher, aes_cipher_1, sizeof aes.cipher);
}

static void keys(void **state)
{
    (void)state;
    uint8_t salt[16], out[16];
    for (int i = 0; i < 16; i++)
        salt[i] = (uint8_t)i;
    assert_int_equal(samr_change_key(nt_hash_1, salt, 5000, out), STATUS_SUCCESS);
    assert_memory_equal(out, change_key, 16);
    assert_int_equal(samr_change_key(nt_hash_1, salt, 4999, out), STATUS_INVALID_PARAMETER);
    assert_int_equal(samr_change_key(nt_hash_1, salt, 1000001, out), STATUS_INVALID_PARAMETER);
    samr_hash_under_key(key, nt_hash_1, out);
    assert_memory_equal(out, hash_under_key, 16);
}

static void too_long(void **state)
{
    (void)state;
    static const char16_t p[257];
    uint8_t rc4[SAMR_RC4_SIZE], salted[SAMR_RC4_SALTED_SIZE], hash[16];
    struct samr_aes_password aes;
    struct nt_error err = { "" };
    assert_int_equal(samr_password_check(256, &err), STATUS_SUCCESS);
    assert_string_equal(err.text, "");
    assert_int_equal(samr_password_check(257, &err), STATUS_NAME_TOO_LONG);
    assert_non_null(strstr(err.text, "257"));
    assert_int_equal(samr_password_rc4(key, p, 257, NULL, rc4), STATUS_INVALID_PARAMETER);
    assert_int_equal(samr_password_rc4_salted(key, p, 257, NULL, salted), STATUS_INVALID_PARAMETER);
    assert_int_equal(samr_password_aes(key, p, 257, NULL, NULL, &aes), STATUS_INVALID_PARAMETER);
    assert_int_equal(samr_nt_hash(p, 257, hash), STATUS_INVALID_PARAMETER);
}

/* Without random bytes nothing comes out. */
static void no_noise(void **state)
{
    (void)state;
    for (size_t left = 0; left < 512 + 16; left += 8) {
        struct noise n = { 0, left };
        struct nt_env env = noise_env(&n);
        uint8_t salted[SAMR_RC4_SALTED_SIZE], before[SAMR_RC4_SALTED_SIZE];
        struct samr_aes_password aes, aes_before;
        memset(before, 0xee, sizeof before);
        memcpy(salted, before, sizeof before);
        assert_int_equal(samr_password_rc4_salted(key, u"", 0, &env, salted), STATUS_UNSUCCESSFUL);
        assert_memory_equal(salted, before, sizeof before);
        n.left = left;
        memset(&aes_before, 0xee, sizeof aes_before);
        aes = aes_before;
        assert_int_equal(samr_password_aes(key, u"", 0, NULL, &env, &aes), STATUS_UNSUCCESSFUL);
        assert_memory_equal(&aes, &aes_before, sizeof aes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),    cmocka_unit_test(given_salt), cmocka_unit_test(keys),
        cmocka_unit_test(too_long), cmocka_unit_test(no_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
