// SPDX-License-Identifier: Apache-2.0
/* Session keys, credentials and authenticators of the Netlogon secure channel, [MS-NRPC] 3.1.4.3 to 3.1.4.5.
 */
#include <string.h>
#include <nettle/aes.h>
#include <nettle/cfb.h>
#include <msrpc/netlogon_chain.h>
#include "base/cursor.h"
#include "crypto/crypto.h"

void nl_session_key(const uint8_t nt_hash[16], const uint8_t client_challenge[8],
                    const uint8_t server_challenge[8], uint8_t ret[16])
{
    uint8_t client[8], server[8], mac[32];
    memcpy(client, client_challenge, 8);
    memcpy(server, server_challenge, 8);
    const struct iovec iov[] = { { client, 8 }, { server, 8 } };
    cr_hmac_sha256(nt_hash, 16, iov, 2, mac);
    memcpy(ret, mac, 16);
    nt_wipe(mac, sizeof mac);
}

void nl_crypt(const uint8_t key[16], void *data, size_t len, bool decrypt)
{
    uint8_t iv[16] = { 0 };
    struct aes128_ctx aes;
    aes128_set_encrypt_key(&aes, key);
    (decrypt ? cfb8_decrypt : cfb8_encrypt)(&aes, (nettle_cipher_func *)aes128_encrypt, 16, iv, len, data,
                                            data);
    nt_wipe(&aes, sizeof aes);
}

void nl_credential(const uint8_t key[16], const uint8_t in[8], uint8_t ret[8])
{
    memmove(ret, in, 8);
    nl_crypt(key, ret, 8, false);
}

/* The lower half counts, and what it carries over is lost. */
static void add(uint8_t credential[8], uint32_t n)
{
    put_le32(credential, le32(credential) + n);
}

void nl_chain_next(struct nl_chain *c, uint32_t now, struct netlogon_NETLOGON_AUTHENTICATOR *ret)
{
    uint8_t out[8];
    add(c->stored, now);
    nl_credential(c->key, c->stored, out);
    memcpy(ret->Credential.data, out, 8);
    ret->Timestamp = now;
}

enum nt_status nl_chain_check(struct nl_chain *c, const struct netlogon_NETLOGON_AUTHENTICATOR *answer)
{
    uint8_t want[8];
    add(c->stored, 1);
    nl_credential(c->key, c->stored, want);
    return cr_equal(want, answer->Credential.data, 8) ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}

enum nt_status nl_chain_verify(struct nl_chain *c, const struct netlogon_NETLOGON_AUTHENTICATOR *from,
                               struct netlogon_NETLOGON_AUTHENTICATOR *ret)
{
    struct nl_chain next = *c;
    uint8_t want[8], out[8];
    enum nt_status st = STATUS_ACCESS_DENIED;
    add(next.stored, from->Timestamp);
    nl_credential(next.key, next.stored, want);
    if (cr_equal(want, from->Credential.data, 8)) {
        add(next.stored, 1);
        nl_credential(next.key, next.stored, out);
        memcpy(ret->Credential.data, out, 8);
        ret->Timestamp = 0;
        *c = next;
        st = STATUS_SUCCESS;
    }
    nt_wipe(&next, sizeof next);
    return st;
}
