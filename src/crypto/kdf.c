// SPDX-License-Identifier: Apache-2.0
/* Key derivation, NIST SP 800-108 section 5.1 (counter mode). */
#include "crypto/crypto.h"

#include <string.h>

static void put_be32(uint8_t p[4], uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

void cr_kdf_ctr_sha256(const void *key, size_t key_len, const void *label, size_t label_len,
                       const void *context, size_t context_len, void *out, size_t out_len)
{
    /* K(i) = PRF(KI, [i] || Label || 0x00 || Context || [L]), L in bits */
    uint8_t counter[4], zero = 0, bits[4], block[32];
    uint8_t *to = out;
    const struct iovec iov[] = {
        { counter, sizeof(counter) },
        { (void *)(uintptr_t)label, label_len },
        { &zero, 1 },
        { (void *)(uintptr_t)context, context_len },
        { bits, sizeof(bits) },
    };

    put_be32(bits, (uint32_t)(out_len * 8));
    for (uint32_t i = 1; out_len > 0; i++) {
        size_t n = out_len < sizeof(block) ? out_len : sizeof(block);

        put_be32(counter, i);
        cr_hmac_sha256(key, key_len, iov, 5, block);
        memcpy(to, block, n);
        to += n;
        out_len -= n;
    }
    nt_wipe(block, sizeof(block));
}
