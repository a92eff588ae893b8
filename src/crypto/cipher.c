// SPDX-License-Identifier: Apache-2.0
/* One-shot ciphers as NTLM and SAMR use them, and comparison in constant time. */
#include "crypto/crypto.h"

#include <string.h>

#include <nettle/aes.h>
#include <nettle/arcfour.h>
#include <nettle/cbc.h>
#include <nettle/des.h>
#include <nettle/memops.h>
#include <nettle/nettle-meta.h>

void cr_rc4(const void *key, size_t key_len, void *data, size_t len)
{
    struct arcfour_ctx c;

    arcfour_set_key(&c, key_len, key);
    arcfour_crypt(&c, len, data, data);
    nt_wipe(&c, sizeof(c));
}

void cr_des7(const uint8_t key7[7], const uint8_t in[8], uint8_t out[8], bool decrypt)
{
    struct des_ctx c;
    uint8_t key[DES_KEY_SIZE];

    /* 56 bits in groups of seven, each in the upper bits of a byte; the lowest bit is parity */
    key[0] = key7[0];
    for (int i = 1; i < 7; i++)
        key[i] = (uint8_t)(key7[i - 1] << (8 - i) | key7[i] >> i);
    key[7] = (uint8_t)(key7[6] << 1);
    des_fix_parity(DES_KEY_SIZE, key, key);
    (void)des_set_key(&c, key); /* returns 0 for a weak key, but sets it all the same */
    if (decrypt)
        des_decrypt(&c, DES_BLOCK_SIZE, out, in);
    else
        des_encrypt(&c, DES_BLOCK_SIZE, out, in);
    nt_wipe(&c, sizeof(c));
    nt_wipe(key, sizeof(key));
}

size_t cr_aes256_cbc_encrypt(const uint8_t key[32], const uint8_t iv[16], const void *in, size_t len,
                             uint8_t *out)
{
    struct aes256_ctx c;
    uint8_t chain[AES_BLOCK_SIZE];
    size_t whole = len - len % AES_BLOCK_SIZE, pad = AES_BLOCK_SIZE - len % AES_BLOCK_SIZE;

    aes256_set_encrypt_key(&c, key);
    memcpy(chain, iv, sizeof(chain));
    memmove(out, in, len);
    memset(out + len, (int)pad, pad);
    cbc_encrypt(&c, nettle_aes256.encrypt, AES_BLOCK_SIZE, chain, whole + AES_BLOCK_SIZE, out, out);
    nt_wipe(&c, sizeof(c));
    return whole + AES_BLOCK_SIZE;
}

bool cr_equal(const void *a, const void *b, size_t len)
{
    return memeql_sec(a, b, len) != 0;
}
