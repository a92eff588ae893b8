// SPDX-License-Identifier: Apache-2.0
/* Keys, signing and encryption of a session ([MS-SMB2] 3.1.4, 3.1.5, 3.2.5.3.1). */
#include <stdlib.h>
#include "crypto/crypto.h"
#include "smb/smb.h"

enum { SIG_AT = 48, SIG_LEN = 16 };                                          /* in the header */
enum { T_SIG = 4, T_NONCE = 20, T_SIZE = 36, T_FLAGS = 42, T_SESSION = 44 }; /* in the transform header */
enum { T_AAD = SMB_TRANSFORM - T_NONCE }; /* all but protocol id and signature is authenticated */
enum { CCM_NONCE = 11, GCM_NONCE = 12 };

void smb_signer_init(struct smb_signer *s, enum npc_signing_alg alg, const uint8_t key[16])
{
    s->alg = alg;
    switch (alg) {
    case NPC_HMAC_SHA256:
        hmac_sha256_set_key(&s->u.hmac, 16, key);
        break;
    case NPC_AES_CMAC:
        cmac_aes128_set_key(&s->u.cmac, key);
        break;
    case NPC_AES_GMAC:
        memcpy(s->u.key, key, sizeof s->u.key);
        break;
    }
}

static void drop(void *p, size_t n)
{
    if (p)
        nt_wipe(p, n);
    free(p);
}

void smb_signer_done(struct smb_signer *s)
{
    drop(s->gmac, sizeof *s->gmac);
    nt_wipe(s, sizeof *s);
}

static void cipher_done(struct smb_cipher *c)
{
    drop(c->t.any, c->id == NPC_AES256_GCM ? sizeof *c->t.gcm256 : sizeof *c->t.gcm128);
    nt_wipe(c, sizeof *c);
}

void smb_keys_done(struct smb_keys *k)
{
    smb_signer_done(&k->signer);
    cipher_done(&k->seal);
    cipher_done(&k->open);
    nt_wipe(k, sizeof *k);
}

static bool need_gmac(struct smb_signer *s)
{
    if (s->alg != NPC_AES_GMAC || s->gmac)
        return true;
    s->gmac = malloc(sizeof *s->gmac);
    if (s->gmac)
        gcm_aes128_set_key(s->gmac, s->u.key);
    return s->gmac;
}

/* The nonce of AES-GMAC: message id, then who sends, then whether it is a CANCEL ([MS-SMB2] 3.1.4.1). */
static void gmac(struct gcm_aes128_ctx *g, const uint8_t *msg, size_t len, bool server, uint8_t ret[16])
{
    uint8_t nonce[GCM_NONCE];
    memcpy(nonce, msg + 24, 8);
    put_le32(nonce + 8, (server ? 1u : 0u) | (le16(msg + 12) == SMB_CANCEL ? 2u : 0u));
    gcm_aes128_set_iv(g, sizeof nonce, nonce);
    gcm_aes128_update(g, len, msg);
    gcm_aes128_digest(g, 16, ret);
}

bool smb_sign(struct smb_signer *s, const uint8_t *msg, size_t len, bool server, uint8_t ret[16])
{
    if (!need_gmac(s))
        return false;
    switch (s->alg) {
    case NPC_HMAC_SHA256:
        hmac_sha256_update(&s->u.hmac, len, msg);
        hmac_sha256_digest(&s->u.hmac, 16, ret);
        break;
    case NPC_AES_CMAC:
        cmac_aes128_update(&s->u.cmac, len, msg);
        cmac_aes128_digest(&s->u.cmac, 16, ret);
        break;
    case NPC_AES_GMAC:
        gmac(s->gmac, msg, len, server, ret);
        break;
    }
    return true;
}

bool smb_sign_message(struct smb_signer *s, uint8_t *msg, size_t len, bool server)
{
    uint8_t sig[SIG_LEN];
    memset(msg + SIG_AT, 0, SIG_LEN);
    if (!smb_sign(s, msg, len, server, sig))
        return false;
    memcpy(msg + SIG_AT, sig, SIG_LEN);
    return true;
}

bool smb_check_signature(struct smb_signer *s, uint8_t *msg, size_t len, bool server)
{
    uint8_t had[SIG_LEN], want[SIG_LEN];
    memcpy(had, msg + SIG_AT, SIG_LEN);
    memset(msg + SIG_AT, 0, SIG_LEN);
    return smb_sign(s, msg, len, server, want) && cr_equal(had, want, SIG_LEN);
}

size_t smb_cipher_key_len(enum npc_cipher id)
{
    return id == NPC_AES256_CCM || id == NPC_AES256_GCM ? 32 : id == NPC_CIPHER_NONE ? 0 : 16;
}

void smb_cipher_init(struct smb_cipher *c, enum npc_cipher id, const uint8_t *key)
{
    c->id = id;
    switch (id) {
    case NPC_CIPHER_NONE:
        break;
    case NPC_AES128_CCM:
        ccm_aes128_set_key(&c->u.ccm128, key);
        break;
    case NPC_AES256_CCM:
        ccm_aes256_set_key(&c->u.ccm256, key);
        break;
    case NPC_AES128_GCM:
        memcpy(c->u.key, key, 16);
        break;
    case NPC_AES256_GCM:
        memcpy(c->u.key, key, 32);
        break;
    }
}

static bool need_gcm(struct smb_cipher *c)
{
    if ((c->id != NPC_AES128_GCM && c->id != NPC_AES256_GCM) || c->t.any)
        return true;
    c->t.any = malloc(c->id == NPC_AES256_GCM ? sizeof *c->t.gcm256 : sizeof *c->t.gcm128);
    if (c->t.any && c->id == NPC_AES256_GCM)
        gcm_aes256_set_key(c->t.gcm256, c->u.key);
    else if (c->t.any)
        gcm_aes128_set_key(c->t.gcm128, c->u.key);
    return c->t.any;
}

/* One direction of the four ciphers; `encrypt` or decrypt in place, signature to `sig`. */
static void run_cipher(struct smb_cipher *c, bool encrypt, const uint8_t *nonce, const uint8_t *aad,
                       uint8_t *p, size_t len, uint8_t sig[SIG_LEN])
{
    switch (c->id) {
    case NPC_AES128_CCM:
        ccm_aes128_set_nonce(&c->u.ccm128, CCM_NONCE, nonce, T_AAD, len, SIG_LEN);
        ccm_aes128_update(&c->u.ccm128, T_AAD, aad);
        (encrypt ? ccm_aes128_encrypt : ccm_aes128_decrypt)(&c->u.ccm128, len, p, p);
        ccm_aes128_digest(&c->u.ccm128, SIG_LEN, sig);
        break;
    case NPC_AES256_CCM:
        ccm_aes256_set_nonce(&c->u.ccm256, CCM_NONCE, nonce, T_AAD, len, SIG_LEN);
        ccm_aes256_update(&c->u.ccm256, T_AAD, aad);
        (encrypt ? ccm_aes256_encrypt : ccm_aes256_decrypt)(&c->u.ccm256, len, p, p);
        ccm_aes256_digest(&c->u.ccm256, SIG_LEN, sig);
        break;
    case NPC_AES128_GCM:
        gcm_aes128_set_iv(c->t.gcm128, GCM_NONCE, nonce);
        gcm_aes128_update(c->t.gcm128, T_AAD, aad);
        (encrypt ? gcm_aes128_encrypt : gcm_aes128_decrypt)(c->t.gcm128, len, p, p);
        gcm_aes128_digest(c->t.gcm128, SIG_LEN, sig);
        break;
    case NPC_AES256_GCM:
        gcm_aes256_set_iv(c->t.gcm256, GCM_NONCE, nonce);
        gcm_aes256_update(c->t.gcm256, T_AAD, aad);
        (encrypt ? gcm_aes256_encrypt : gcm_aes256_decrypt)(c->t.gcm256, len, p, p);
        gcm_aes256_digest(c->t.gcm256, SIG_LEN, sig);
        break;
    case NPC_CIPHER_NONE:
        memset(sig, 0, SIG_LEN);
        break;
    }
}

bool smb_seal(struct smb_cipher *c, uint8_t transform[SMB_TRANSFORM], uint8_t *msg, size_t len,
              uint64_t counter, uint64_t session_id)
{
    if (!need_gcm(c))
        return false;
    memset(transform, 0, SMB_TRANSFORM);
    memcpy(transform, "\xfdSMB", 4);
    put_le64(transform + T_NONCE, counter);
    put_le32(transform + T_SIZE, (uint32_t)len);
    put_le16(transform + T_FLAGS, 1);
    put_le64(transform + T_SESSION, session_id);
    run_cipher(c, true, transform + T_NONCE, transform + T_NONCE, msg, len, transform + T_SIG);
    return true;
}

bool smb_unseal(struct smb_cipher *c, const uint8_t transform[SMB_TRANSFORM], uint8_t *msg, size_t len)
{
    uint8_t sig[SIG_LEN];
    if (c->id == NPC_CIPHER_NONE || !need_gcm(c))
        return false;
    run_cipher(c, false, transform + T_NONCE, transform + T_NONCE, msg, len, sig);
    return cr_equal(sig, transform + T_SIG, SIG_LEN);
}

void smb_preauth(uint8_t value[64], const void *msg, size_t len)
{
    struct iovec iov[2] = { { value, 64 }, { (void *)(uintptr_t)msg, len } };
    uint8_t out[64];
    cr_sha512(iov, 2, out);
    memcpy(value, out, 64);
}

struct kdf_input {
    const char *label30; /* with the terminating zero, as all of these */
    const char *context30;
    const char *label311; /* with the preauthentication hash as context */
};

static const struct kdf_input kdf_signing = { "SMB2AESCMAC", "SmbSign", "SMBSigningKey" };
static const struct kdf_input kdf_application = { "SMB2APP", "SmbRpc", "SMBAppKey" };
static const struct kdf_input kdf_to_server = { "SMB2AESCCM", "ServerIn ", "SMBC2SCipherKey" };
static const struct kdf_input kdf_to_client = { "SMB2AESCCM", "ServerOut", "SMBS2CCipherKey" };

static void derive(enum npc_dialect d, const struct kdf_input *in, struct nt_blob key,
                   const uint8_t preauth[64], uint8_t *out, size_t out_len)
{
    if (d == NPC_SMB_3_1_1)
        cr_kdf_ctr_sha256(key.data, key.len, in->label311, strlen(in->label311) + 1, preauth, 64, out,
                          out_len);
    else
        cr_kdf_ctr_sha256(key.data, key.len, in->label30, strlen(in->label30) + 1, in->context30,
                          strlen(in->context30) + 1, out, out_len);
}

void smb_derive_signer(struct smb_signer *s, enum npc_dialect dialect, enum npc_signing_alg alg,
                       struct nt_blob key, const uint8_t preauth[64])
{
    uint8_t base[16] = { 0 }, out[16]; /* a short key is padded with zeros */
    memcpy(base, key.data, key.len < 16 ? key.len : 16);
    derive(dialect, &kdf_signing, (struct nt_blob){ base, sizeof base }, preauth, out, sizeof out);
    smb_signer_init(s, alg, out);
    nt_wipe(base, sizeof base);
    nt_wipe(out, sizeof out);
}

void smb_derive_keys(struct smb_keys *k, enum npc_dialect dialect, enum npc_cipher cipher,
                     enum npc_signing_alg alg, struct nt_blob key, const uint8_t preauth[64], bool server)
{
    uint8_t out[32];
    memset(k->session, 0, sizeof k->session); /* a short key is padded with zeros */
    memcpy(k->session, key.data, key.len < 16 ? key.len : 16);
    struct nt_blob base = { k->session, 16 };
    if (dialect < NPC_SMB_3_0) {
        memcpy(k->application, k->session, 16);
        smb_signer_init(&k->signer, NPC_HMAC_SHA256, k->session);
        return;
    }
    derive(dialect, &kdf_signing, base, preauth, out, 16);
    smb_signer_init(&k->signer, alg, out);
    derive(dialect, &kdf_application, base, preauth, k->application, 16);
    if (cipher != NPC_CIPHER_NONE) {
        size_t n = smb_cipher_key_len(cipher);
        struct nt_blob from = n == 32 ? key : base; /* FullSessionKey */
        derive(dialect, server ? &kdf_to_client : &kdf_to_server, from, preauth, out, n);
        smb_cipher_init(&k->seal, cipher, out);
        derive(dialect, server ? &kdf_to_server : &kdf_to_client, from, preauth, out, n);
        smb_cipher_init(&k->open, cipher, out);
    }
    nt_wipe(out, sizeof out);
}
