// SPDX-License-Identifier: Apache-2.0
/* One-shot crypto against published vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/crypto.h"

/* Hexadecimal text to bytes; gives the count. */
static size_t unhex(const char *s, uint8_t *out)
{
    size_t n = 0;

    for (; s[0] && s[1]; s += 2) {
        unsigned v = 0;
        for (int i = 0; i < 2; i++)
            v = v << 4 | (unsigned)(s[i] <= '9' ? s[i] - '0' : (s[i] | 32) - 'a' + 10);
        out[n++] = (uint8_t)v;
    }
    return n;
}

static void expect(const void *got, const char *hex)
{
    uint8_t want[128];

    assert_memory_equal(got, want, unhex(hex, want));
}

static void digests(void **state)
{
    uint8_t out[64];
    char abc[] = "abc";
    struct iovec split[] = { { abc, 1 }, { abc + 1, 0 }, { abc + 1, 2 } };

    (void)state;
    cr_md4("abc", 3, out); /* RFC 1320 A.5 */
    expect(out, "a448017aaf21d8525fc10ae87aa6729d");
    cr_md4("", 0, out);
    expect(out, "31d6cfe0d16ae931b73c59d7e0c089c0");
    cr_md5("message digest", 14, out); /* RFC 1321 A.5 */
    expect(out, "f96b697d7cb7938d525a2f31aaf161d0");
    cr_sha256("abc", 3, out); /* FIPS 180-2 B.1 */
    expect(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    cr_sha512(split, 3, out); /* FIPS 180-2 C.1 */
    expect(out, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

static void keyed_digests(void **state)
{
    uint8_t out[64];
    char data[] = "what do ya want for nothing?";
    struct iovec split[] = { { data, 10 }, { data + 10, sizeof(data) - 11 } };

    (void)state;
    cr_hmac_md5("Jefe", 4, split, 2, out); /* RFC 2202 2 */
    expect(out, "750c783e6ab0b503eaa86e310a5db738");
    cr_hmac_sha256("Jefe", 4, split, 2, out); /* RFC 4231 4.3 */
    expect(out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    cr_hmac_sha512("Jefe", 4, split, 2, out);
    expect(out, "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
}

static void key_derivation(void **state)
{
    uint8_t key[16], out[40];

    (void)state;
    /* the 3.0 signing key that Microsoft published with its session key ("SMB 2 and SMB 3 security in
     * Windows 10: the anatomy of signing and cryptographic keys") */
    unhex("7cd451825d0450d235424e44ba6e78cc", key);
    cr_kdf_ctr_sha256(key, 16, "SMB2AESCMAC", 12, "SmbSign", 8, out, 16);
    expect(out, "0b7e9c5cac36c0f6ea9ab275298cedce");
    /* one whole block, and into a second: computed with another implementation of HMAC */
    unhex("270e1ba896585eeb7af3472d3b4c75a7", key);
    cr_kdf_ctr_sha256(key, 16, "SMBC2SCipherKey", 16, "ctx", 3, out, 32);
    expect(out, "c8109f0c60462d2fc5cb891e1bfdf7ef842caef4ac048f27c13199b23f063ec5");
    cr_kdf_ctr_sha256(key, 16, "SMBC2SCipherKey", 16, "ctx", 3, out, 40);
    expect(out, "e44eaa28543f3c413b96bc8c319b4333c2347468ea4a54e85f200d5eb21956641bddfa4125037f23");
}

static void rc4(void **state)
{
    uint8_t data[] = "Plaintext";

    (void)state;
    cr_rc4("Key", 3, data, 9);
    expect(data, "bbf316e8d940af0ad3");
    cr_rc4("Key", 3, data, 9);
    assert_string_equal(data, "Plaintext");
}

static void des7(void **state)
{
    uint8_t out[8], back[8];

    (void)state;
    /* [MS-NLMP] 4.2.2.1.1: LMOWFv1("Password") is two blocks, keyed by "PASSWOR" and "D" */
    cr_des7((const uint8_t *)"PASSWOR", (const uint8_t *)"KGS!@#$%", out, false);
    expect(out, "e52cac67419a9a22");
    cr_des7((const uint8_t *)"PASSWOR", out, back, true);
    assert_memory_equal(back, "KGS!@#$%", 8);
    cr_des7((const uint8_t *)"D\0\0\0\0\0", (const uint8_t *)"KGS!@#$%", out, false);
    expect(out, "4a3b108f3fa6cb6d");
    /* the all-zero key is one of DES' weak keys; the empty password has it */
    cr_des7((const uint8_t *)"\0\0\0\0\0\0", (const uint8_t *)"KGS!@#$%", out, false);
    expect(out, "aad3b435b51404ee");
}

static void aes256_cbc(void **state)
{
    uint8_t key[32], iv[16], in[32], out[48];

    (void)state;
    /* NIST SP 800-38A F.2.5, then one block or one byte's worth of PKCS #7 padding (checked with OpenSSL) */
    unhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", key);
    unhex("000102030405060708090a0b0c0d0e0f", iv);
    unhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51", in);
    assert_int_equal(cr_aes256_cbc_encrypt(key, iv, in, 32, out), 48);
    expect(out, "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
                "3a3aa5e0213db1a9901f9036cf5102d2");
    assert_int_equal(cr_aes256_cbc_encrypt(key, iv, in, 17, out), 32);
    expect(out, "f58c4c04d6e5f1ba779eabfb5f7bfbd65a726c726afd31e4beb894033254d5cd");
    memcpy(out, in, 17); /* in place */
    assert_int_equal(cr_aes256_cbc_encrypt(key, iv, out, 17, out), 32);
    expect(out, "f58c4c04d6e5f1ba779eabfb5f7bfbd65a726c726afd31e4beb894033254d5cd");
}

static void comparison(void **state)
{
    (void)state;
    assert_true(cr_equal("abcd", "abcd", 4));
    assert_false(cr_equal("abcd", "abce", 4));
    assert_false(cr_equal("\x80"
                          "bcd",
                          "abcd", 4));
    assert_true(cr_equal("a", "b", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests),    cmocka_unit_test(keyed_digests), cmocka_unit_test(key_derivation),
        cmocka_unit_test(rc4),        cmocka_unit_test(des7),          cmocka_unit_test(aes256_cbc),
        cmocka_unit_test(comparison),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
