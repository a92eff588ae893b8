// SPDX-License-Identifier: Apache-2.0
/* NEGOTIATE, also as SMB1 clients begin it, and its later confirmation
 * ([MS-SMB2] 3.3.5.3, 3.3.5.4, 3.3.5.15.12). */
#include <stdlib.h>
#include "smbd/m_smbd.h"

#define MULTI_PROTOCOL 0x02ffu

static uint32_t caps_of(const struct smbd_conn *c)
{
    uint32_t caps = c->multi_credit ? SMB_CAP_LARGE_MTU : 0u;
    if (c->dialect >= NPC_SMB_3_0 && c->s->n_ifaces)
        caps |= SMB_CAP_MULTI_CHANNEL;
    bool early = c->dialect == NPC_SMB_3_0 || c->dialect == NPC_SMB_3_0_2;
    return caps | (early && c->cipher ? SMB_CAP_ENCRYPTION : 0u);
}

static uint16_t mode_of(const struct smbd *s)
{
    return (uint16_t)(SMB_MODE_SIGN | (s->o.allow_unsigned ? 0 : SMB_MODE_SIGN_REQUIRED));
}

/* Body of the response. dialect: on the wire, which may be "SMB 2.???". */
static enum nt_status put_response(struct smbd_conn *c, struct wr *w, uint16_t dialect, bool signing_ctx)
{
    const struct nt_env *env = c->s->env;
    uint8_t salt[32];
    struct wr hint;
    enum nt_status st = env->random(env->arg, salt, sizeof salt);
    if (st != STATUS_SUCCESS)
        return st;
    wr_init(&hint, UINT16_MAX);
    sec_spnego_hint(c->s->o.acceptor, &hint);
    struct smb_negotiate_rsp p = { .mode = mode_of(c->s),
                                   .dialect = dialect,
                                   .caps = c->caps,
                                   .max_transact = c->s->o.disk ? SMBD_TRANSACT_DISK : SMBD_PAYLOAD,
                                   .max_read = SMBD_PAYLOAD,
                                   .max_write = SMBD_PAYLOAD,
                                   .time = env->wall(env->arg),
                                   .token = { hint.base, hint.len },
                                   .has_cipher = c->offer.n_ciphers > 0,
                                   .cipher = (uint16_t)c->cipher,
                                   .has_signing = signing_ctx,
                                   .signing = (uint16_t)c->sign_alg,
                                   .hash = SMB_HASH_SHA512,
                                   .salt = { salt, sizeof salt } };
    memcpy(p.guid, c->s->o.guid, sizeof p.guid);
    smb_put_negotiate_rsp(w, &p);
    st = hint.st == STATUS_SUCCESS ? w->st : hint.st;
    wr_free(&hint);
    return st;
}

/* The first of ours that the client has, too; 0 if none. */
static uint16_t common(const uint16_t *ours, size_t n_ours, const uint16_t *theirs, size_t n_theirs,
                       bool *ret)
{
    for (size_t i = 0; i < n_ours; i++)
        for (size_t k = 0; k < n_theirs; k++)
            if (ours[i] == theirs[k]) {
                *ret = true;
                return ours[i];
            }
    *ret = false;
    return 0;
}

static uint16_t best_dialect(const struct smbd *s, const struct smb_negotiate_req *q)
{
    uint16_t best = 0;
    for (size_t i = 0; i < q->n_dialects; i++) {
        uint16_t d = q->dialects[i];
        bool known = d == NPC_SMB_2_0_2 || d == NPC_SMB_2_1 || d == NPC_SMB_3_0 || d == NPC_SMB_3_0_2 ||
                     d == NPC_SMB_3_1_1;
        if (known && d >= s->o.min_dialect && d <= s->o.max_dialect && d > best)
            best = d;
    }
    return best;
}

static bool has(const struct smbd *s, uint16_t cipher)
{
    for (size_t i = 0; i < s->n_ciphers; i++)
        if (s->ciphers[i] == cipher)
            return true;
    return false;
}

/* Algorithms by dialect; 3.1.1 has them in contexts. */
static enum nt_status agree(struct smbd_conn *c, const struct smb_negotiate_req *q, bool *ret_signing_ctx)
{
    bool found = false;
    *ret_signing_ctx = false;
    c->cipher = NPC_CIPHER_NONE;
    c->sign_alg = c->dialect < NPC_SMB_3_0 ? NPC_HMAC_SHA256 : NPC_AES_CMAC;
    if (c->dialect == NPC_SMB_3_0 || c->dialect == NPC_SMB_3_0_2) {
        if ((q->caps & SMB_CAP_ENCRYPTION) && has(c->s, NPC_AES128_CCM))
            c->cipher = NPC_AES128_CCM;
    } else if (c->dialect == NPC_SMB_3_1_1) {
        static const uint16_t hashes[] = { SMB_HASH_SHA512 };
        (void)common(hashes, 1, q->hashes, q->n_hashes, &found);
        if (!found)
            return STATUS_SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP;
        c->cipher = (enum npc_cipher)common(c->s->ciphers, c->s->n_ciphers, q->ciphers, q->n_ciphers, &found);
        uint16_t alg = common(c->s->signing, c->s->n_signing, q->signing, q->n_signing, &found);
        if (found)
            c->sign_alg = (enum npc_signing_alg)alg;
        *ret_signing_ctx = q->n_signing > 0;
    }
    return STATUS_SUCCESS;
}

enum nt_status smbd_negotiate(struct smbd_req *q)
{
    struct smbd_conn *c = q->chain->c;
    struct smb_negotiate_req offer;
    bool signing_ctx;
    if (c->state == SMBD_READY) { /* a second one ([MS-SMB2] 3.3.5.4) */
        smbd_hang_up(c);
        return STATUS_CONNECTION_DISCONNECTED;
    }
    if (smb_get_negotiate_req(q->msg, q->len, &offer) != STATUS_SUCCESS)
        return STATUS_INVALID_PARAMETER;
    uint16_t dialect = best_dialect(c->s, &offer);
    if (!dialect)
        return STATUS_NOT_SUPPORTED;
    c->dialect = (enum npc_dialect)dialect;
    enum nt_status st = agree(c, &offer, &signing_ctx);
    if (st != STATUS_SUCCESS)
        return st;
    c->offer = offer;
    c->offer.salt = c->offer.netname = (struct nt_blob){ NULL, 0 }; /* were lent */
    c->should_sign = offer.mode & SMB_MODE_SIGN_REQUIRED;
    c->multi_credit = dialect >= NPC_SMB_2_1;
    c->caps = caps_of(c);
    memset(c->preauth, 0, sizeof c->preauth);
    smb_preauth(c->preauth, q->msg, q->len);
    st = put_response(c, smbd_body(q), dialect, signing_ctx);
    if (st == STATUS_SUCCESS)
        c->state = SMBD_READY;
    return st;
}

/* ---- SMB1 ---- */

/* Dialect strings stand behind a header of 32 bytes, a word count and a byte count ([MS-CIFS] 2.2.4.52.1). */
static bool offers(const uint8_t *msg, size_t len, const char *dialect)
{
    enum { SMB1_HDR = 32, FORMAT = 2 };
    struct rd r;
    rd_init(&r, msg, len);
    rd_skip(&r, SMB1_HDR);
    if (msg[4] != 0x72 || rd_u8(&r) != 0)
        return false;
    size_t bytes = rd_u16(&r);
    struct rd list = rd_sub(&r, r.pos, bytes);
    while (rd_left(&list)) {
        const uint8_t *p = list.base + list.pos;
        const uint8_t *end = *p == FORMAT ? memchr(p, 0, rd_left(&list)) : NULL;
        if (!end)
            return false;
        if (strcmp((const char *)p + 1, dialect) == 0)
            return true;
        rd_skip(&list, (size_t)(end - p) + 1);
    }
    return false;
}

bool smbd_smb1_negotiate(struct smbd_conn *c, const uint8_t *msg, size_t len)
{
    struct wr w;
    bool multi = offers(msg, len, "SMB 2.???") && c->s->o.max_dialect > NPC_SMB_2_0_2;
    if (c->state != SMBD_NEW || !smbd_take_ids(c, 0, 1) ||
        (!multi && !(offers(msg, len, "SMB 2.002") && c->s->o.min_dialect == NPC_SMB_2_0_2)))
        return false;
    c->dialect = NPC_SMB_2_0_2;
    c->sign_alg = NPC_HMAC_SHA256;
    c->multi_credit = multi;
    c->caps = caps_of(c);
    struct smb_hdr h = { .command = SMB_NEGOTIATE, .flags = SMB_FLAG_RESPONSE, .credits = smbd_grant(c, 1) };
    smb_begin(&w, SMB_MAX_MESSAGE);
    enum nt_status st = put_response(c, &w, multi ? MULTI_PROTOCOL : NPC_SMB_2_0_2, false);
    if (st != STATUS_SUCCESS) {
        wr_free(&w);
        return false;
    }
    smb_put_hdr(w.base + SMB_PREFIX, &h);
    smb_put_frame(w.base + SMB_PREFIX - SMB_FRAME, w.len - SMB_PREFIX);
    c->state = multi ? SMBD_MULTI : SMBD_READY;
    return io_queue_from(&c->stream, &w, SMB_PREFIX - SMB_FRAME) == STATUS_SUCCESS;
}
