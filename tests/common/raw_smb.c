// SPDX-License-Identifier: Apache-2.0
#include "common/raw_smb.h"
#include <stdlib.h>
#include <string.h>

static void take_answer(struct raw_smb *r, uint8_t *msg, size_t len, bool sealed)
{
    while (len >= SMB_HDR && r->n_answers < sizeof r->answers / sizeof r->answers[0]) {
        struct raw_answer *a = &r->answers[r->n_answers++];
        memset(a, 0, sizeof *a);
        if (smb_get_hdr(msg, len, &a->h) != STATUS_SUCCESS)
            return;
        size_t n = a->h.next && a->h.next <= len ? a->h.next : len;
        a->sealed = sealed;
        a->len = n;
        bool setup = a->h.command == SMB_SESSION_SETUP &&
                     (enum nt_status)a->h.status == STATUS_MORE_PROCESSING_REQUIRED;
        if (a->h.command == SMB_NEGOTIATE || setup)
            smb_preauth(r->preauth, msg, n);
        memcpy(a->msg, msg, n < sizeof a->msg ? n : sizeof a->msg);
        if (r->have_keys && (a->h.flags & SMB_FLAG_SIGNED))
            a->signature_ok = smb_check_signature(&r->keys.signer, msg, n, true);
        if (!a->h.next)
            return;
        msg += n;
        len -= n;
    }
}

static void on_data(void *engine, uint8_t *data, size_t len)
{
    struct raw_smb *r = engine;
    if (len > sizeof r->in - r->in_len)
        abort();
    memcpy(r->in + r->in_len, data, len);
    r->in_len += len;
    while (r->in_len >= SMB_FRAME) {
        size_t n = (size_t)r->in[1] << 16 | (size_t)r->in[2] << 8 | r->in[3];
        if (r->in_len < SMB_FRAME + n)
            return;
        uint8_t *p = r->in + SMB_FRAME;
        if (n > SMB_TRANSFORM && p[0] == 0xfd) {
            if (r->have_keys && smb_unseal(&r->keys.open, p, p + SMB_TRANSFORM, n - SMB_TRANSFORM))
                take_answer(r, p + SMB_TRANSFORM, n - SMB_TRANSFORM, true);
        } else {
            take_answer(r, p, n, false);
        }
        memmove(r->in, r->in + SMB_FRAME + n, r->in_len - SMB_FRAME - n);
        r->in_len -= SMB_FRAME + n;
    }
}

static void on_open(void *engine)
{
    ((struct raw_smb *)engine)->open = true;
}

static void on_close(void *engine, enum nt_status why)
{
    (void)why;
    ((struct raw_smb *)engine)->closed = true;
}

static const struct io_ops raw_ops = { on_open, on_data, on_close };

void raw_init(struct raw_smb *r, const struct nt_env *env)
{
    memset(r, 0, sizeof *r);
    io_stream_init(&r->stream, &raw_ops, r, env);
}

void raw_done(struct raw_smb *r)
{
    io_stream_done(&r->stream);
    smb_keys_done(&r->keys);
}

const struct raw_answer *raw_last(const struct raw_smb *r)
{
    static const struct raw_answer none = { .h = { .status = (uint32_t)STATUS_UNSUCCESSFUL } };
    return r->n_answers ? &r->answers[r->n_answers - 1] : &none;
}

void raw_bytes(struct raw_smb *r, const void *p, size_t n)
{
    struct wr w;
    wr_init(&w, n);
    wr_bytes(&w, p, n);
    (void)io_queue(&r->stream, &w);
}

void raw_send(struct raw_smb *r, struct wr *w, struct smb_hdr h, int how)
{
    uint8_t *msg = w->base + SMB_PREFIX;
    size_t len = w->len - SMB_PREFIX, at = SMB_PREFIX - SMB_FRAME;
    h.session_id = h.session_id ? h.session_id : r->session_id;
    h.tree_id = h.tree_id ? h.tree_id : r->tree_id;
    h.credits = h.credits ? h.credits : 16;
    if (!h.mid && h.command != SMB_CANCEL)
        h.mid = r->next_mid++;
    if (how == RAW_SIGNED)
        h.flags |= SMB_FLAG_SIGNED;
    smb_put_hdr(msg, &h);
    if (how == RAW_SIGNED)
        (void)!smb_sign_message(&r->keys.signer, msg, len, false);
    if (h.command == SMB_NEGOTIATE || h.command == SMB_SESSION_SETUP)
        smb_preauth(r->preauth, msg, len);
    if (how == RAW_SEALED) {
        at -= SMB_TRANSFORM;
        (void)!smb_seal(&r->keys.seal, msg - SMB_TRANSFORM, msg, len, r->nonce++, r->session_id);
    }
    smb_put_frame(w->base + at, w->len - at - SMB_FRAME);
    (void)io_queue_from(&r->stream, w, at);
}

void raw_negotiate(struct raw_smb *r, enum npc_dialect d, enum npc_cipher cipher, enum npc_signing_alg alg)
{
    struct wr w;
    r->dialect = d;
    r->cipher = cipher;
    r->alg = d < NPC_SMB_3_0 ? NPC_HMAC_SHA256 : d < NPC_SMB_3_1_1 ? NPC_AES_CMAC : alg;
    r->offer = (struct smb_negotiate_req){ .mode = SMB_MODE_SIGN,
                                           .caps = d >= NPC_SMB_3_0 ? SMB_CAP_ENCRYPTION : 0u,
                                           .dialects = { (uint16_t)d },
                                           .n_dialects = 1,
                                           .hashes = { SMB_HASH_SHA512 },
                                           .n_hashes = 1,
                                           .ciphers = { (uint16_t)cipher },
                                           .n_ciphers = cipher ? 1 : 0,
                                           .signing = { (uint16_t)alg },
                                           .n_signing = 1,
                                           .salt = { (const uint8_t *)"salt", 4 } };
    smb_begin(&w, SMB_MAX_MESSAGE);
    smb_put_negotiate_req(&w, &r->offer);
    raw_send(r, &w, (struct smb_hdr){ .command = SMB_NEGOTIATE }, RAW_PLAIN);
}

static enum nt_status make_keys(struct raw_smb *r, struct sec_ctx *ctx)
{
    struct nt_blob key;
    enum nt_status st = ctx->p->query(ctx, SEC_ITEM_SESSION_KEY, &key);
    if (st == STATUS_SUCCESS && r->binding) {
        smb_signer_done(&r->keys.signer);
        smb_derive_signer(&r->keys.signer, r->dialect, r->alg, key, r->preauth);
    }
    if (st == STATUS_SUCCESS && !r->have_keys)
        smb_derive_keys(&r->keys, r->dialect, r->cipher, r->alg, key, r->preauth, false);
    r->have_keys = st == STATUS_SUCCESS;
    return st;
}

enum nt_status raw_setup(struct raw_smb *r, struct sec_creds *creds, const struct nt_env *env,
                         struct sec_ctx **ctx, int how)
{
    struct smb_setup_rsp rsp = { 0 };
    struct wr token, w;
    enum nt_status st = STATUS_SUCCESS;
    if (!*ctx) {
        struct sec_params p = { .role = SEC_CLIENT,
                                .creds = creds,
                                .service = "cifs",
                                .host = "fake",
                                .flags = SEC_FLAG_INTEGRITY,
                                .env = env };
        st = sec_spnego.start(&p, ctx);
        if (st != STATUS_SUCCESS)
            return st;
    } else {
        const struct raw_answer *a = raw_last(r);
        if (a->h.command != SMB_SESSION_SETUP || a->len > sizeof a->msg)
            return STATUS_UNSUCCESSFUL;
        if (r->binding && !nt_ok((enum nt_status)a->h.status) &&
            (enum nt_status)a->h.status != STATUS_MORE_PROCESSING_REQUIRED)
            return (enum nt_status)a->h.status;
        if (smb_get_setup_rsp(a->msg, a->len, &rsp) != STATUS_SUCCESS)
            return (enum nt_status)a->h.status;
        r->session_id = a->h.session_id;
    }
    wr_init(&token, UINT16_MAX);
    st = sec_spnego.step(*ctx, rsp.token, &token);
    if (st == STATUS_SUCCESS || st == STATUS_MORE_PROCESSING_REQUIRED) {
        struct smb_setup_req q = { .flags = r->binding,
                                   .mode = SMB_MODE_SIGN,
                                   .previous_session = r->previous,
                                   .token = { token.base, token.len } };
        if (token.len) {
            smb_begin(&w, SMB_MAX_MESSAGE);
            smb_put_setup_req(&w, &q);
            raw_send(r, &w, (struct smb_hdr){ .command = SMB_SESSION_SETUP }, how);
        }
    }
    if (st == STATUS_SUCCESS &&
        make_keys(r, *ctx) == STATUS_SUCCESS) { /* the key was not there when it came */
        struct raw_answer *a = &r->answers[r->n_answers - 1];
        uint8_t copy[sizeof a->msg];
        memcpy(copy, a->msg, a->len);
        a->signature_ok =
            (a->h.flags & SMB_FLAG_SIGNED) && smb_check_signature(&r->keys.signer, copy, a->len, true);
    }
    wr_free(&token);
    return st;
}

void raw_share(struct raw_smb *r, const struct raw_smb *other)
{
    r->session_id = other->session_id;
    r->tree_id = other->tree_id;
    memcpy(r->file_id, other->file_id, sizeof r->file_id);
    r->keys = other->keys;
    r->keys.signer.gmac = NULL; /* made anew when it is needed */
    r->keys.seal.t.any = r->keys.open.t.any = NULL;
    r->have_keys = r->binding = true;
    r->nonce = other->nonce + (UINT64_C(1) << 32);
}

void raw_tree(struct raw_smb *r, int how)
{
    struct wr w;
    smb_begin(&w, SMB_MAX_MESSAGE);
    (void)smb_put_tree_req(&w, "\\\\fake\\IPC$");
    raw_send(r, &w, (struct smb_hdr){ .command = SMB_TREE_CONNECT }, how);
}

void raw_create(struct raw_smb *r, const char *name, int how)
{
    struct wr w;
    struct smb_create_req q = {
        .impersonation = 2, .access = 0x12019f, .share = 3, .disposition = 1, .name = name
    };
    smb_begin(&w, SMB_MAX_MESSAGE);
    (void)smb_put_create_req(&w, &q);
    raw_send(r, &w, (struct smb_hdr){ .command = SMB_CREATE }, how);
}
