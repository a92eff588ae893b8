// SPDX-License-Identifier: Apache-2.0
#include "common/fake_smb.h"
#include <stdlib.h>
#include <string.h>
#include "crypto/crypto.h"

/* ---- environment ---- */

static enum nt_status fixed_random(void *arg, void *buf, size_t len)
{
    static const uint8_t seed = 0x5a;
    (void)arg;
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)buf)[i] = (uint8_t)(seed + 31 * i);
    return STATUS_SUCCESS;
}

static uint64_t fixed_wall(void *arg)
{
    (void)arg;
    return UINT64_C(133500000000000000);
}

static uint64_t fixed_monotonic(void *arg)
{
    (void)arg;
    return 1000;
}

const struct nt_env *fake_env(void)
{
    static const struct nt_env env = {
        .size = sizeof env, .random = fixed_random, .wall = fixed_wall, .monotonic = fixed_monotonic
    };
    return &env;
}

/* ---- answers ---- */

/* Protects and sends what stands behind the frame and transform room of w. */
static void send_answer(struct fake_smb *f, const struct smb_hdr *req, struct wr *w, struct smb_hdr *h,
                        bool sealed)
{
    const struct fake_script *s = &f->script;
    h->command = h->command ? h->command : req->command;
    h->mid = req->mid;
    h->flags |= SMB_FLAG_RESPONSE;
    h->session_id = req->session_id ? req->session_id : FAKE_SESSION;
    if (req->command == SMB_NEGOTIATE)
        h->session_id = 0;
    bool interim = h->status == STATUS_PENDING;
    bool sign = f->have_keys && f->sign && !sealed && (!interim || s->pending_signed);
    if (sign)
        h->flags |= SMB_FLAG_SIGNED;
    h->credits = s->no_credits ? 0 : s->grant ? s->grant : 32;
    if (w->st == STATUS_SUCCESS)
        smb_put_hdr(w->base + SMB_PREFIX, h);
    if (w->st != STATUS_SUCCESS || (s->before && !s->before(f, req, w))) {
        wr_free(w);
        return;
    }
    uint8_t *msg = w->base + SMB_PREFIX;
    size_t len = w->len - SMB_PREFIX, at = SMB_PREFIX - SMB_FRAME;
    if (le32(msg + 16) & SMB_FLAG_SIGNED)
        (void)!smb_sign_message(&f->keys.signer, msg, len, true);
    bool setup = req->command == SMB_NEGOTIATE || req->command == SMB_SESSION_SETUP;
    if (setup && h->status != STATUS_SUCCESS)
        smb_preauth(f->preauth, msg, len);
    else if (req->command == SMB_NEGOTIATE)
        smb_preauth(f->preauth, msg, len);
    if (sealed) {
        at -= SMB_TRANSFORM;
        (void)!smb_seal(&f->keys.seal, w->base + at + SMB_FRAME, msg, len, f->nonce++, FAKE_SESSION);
    }
    smb_put_frame(w->base + at, w->len - at - SMB_FRAME);
    memmove(w->base, w->base + at, w->len - at);
    w->len -= at;
    if (s->after && !s->after(f, req, w))
        wr_free(w);
    else
        (void)io_queue(&f->stream, w);
}

static void refuse(struct fake_smb *f, const struct smb_hdr *req, enum nt_status st, bool sealed)
{
    struct wr w;
    struct smb_error e = { 0, { NULL, 0 } };
    struct smb_hdr h = { .status = st, .tree_id = FAKE_TREE };
    smb_begin(&w, SMB_MAX_MESSAGE);
    smb_put_error(&w, &e, f->script.dialect == NPC_SMB_3_1_1);
    send_answer(f, req, &w, &h, sealed);
}

static void interims(struct fake_smb *f, const struct smb_hdr *req, bool sealed)
{
    for (unsigned i = 0; i < f->script.pending; i++) {
        struct wr w;
        struct smb_error e = { 0, { NULL, 0 } };
        struct smb_hdr h = { .status = STATUS_PENDING, .flags = SMB_FLAG_ASYNC, .async_id = 99 };
        smb_begin(&w, SMB_MAX_MESSAGE);
        smb_put_error(&w, &e, false);
        send_answer(f, req, &w, &h, sealed);
    }
}

static void negotiate(struct fake_smb *f, const struct smb_hdr *req, const uint8_t *msg, size_t len)
{
    const struct fake_script *s = &f->script;
    struct wr w;
    struct smb_hdr h = { 0 };
    if (smb_get_negotiate_req(msg, len, &f->offer) != STATUS_SUCCESS) {
        refuse(f, req, STATUS_INVALID_PARAMETER, false);
        return;
    }
    f->client_mode = f->offer.mode;
    struct smb_negotiate_rsp p = {
        .mode = s->mode ? s->mode : SMB_MODE_SIGN,
        .dialect = (uint16_t)s->dialect,
        .caps = SMB_CAP_LARGE_MTU,
        .max_transact = 1u << 20,
        .max_read = 1u << 20,
        .max_write = 1u << 20,
        .time = fixed_wall(NULL),
        .has_cipher = true,
        .cipher = (uint16_t)s->cipher,
        .has_signing = !s->no_signing_context,
        .signing = (uint16_t)s->signing,
        .hash = SMB_HASH_SHA512,
        .salt = { (const uint8_t *)"salt", 4 },
    };
    if (s->dialect == NPC_SMB_2_0_2)
        p.caps = 0;
    else if (s->dialect < NPC_SMB_3_1_1 && s->dialect >= NPC_SMB_3_0 && s->cipher)
        p.caps |= SMB_CAP_ENCRYPTION;
    memset(p.guid, 0x42, sizeof p.guid);
    smb_begin(&w, SMB_MAX_MESSAGE);
    smb_put_negotiate_rsp(&w, &p);
    send_answer(f, req, &w, &h, false);
}

static enum npc_signing_alg signing_of(const struct fake_script *s)
{
    return s->dialect < NPC_SMB_3_0                              ? NPC_HMAC_SHA256
           : s->dialect < NPC_SMB_3_1_1 || s->no_signing_context ? NPC_AES_CMAC
                                                                 : s->signing;
}

static void session_setup(struct fake_smb *f, const struct smb_hdr *req, const uint8_t *msg, size_t len)
{
    struct smb_setup_req q;
    struct wr w, token;
    struct nt_blob key;
    struct smb_hdr h = { 0 };
    wr_init(&token, UINT16_MAX);
    if (smb_get_setup_req(msg, len, &q) != STATUS_SUCCESS) {
        refuse(f, req, STATUS_INVALID_PARAMETER, false);
        return;
    }
    if (!f->sec) {
        struct sec_params p = {
            .role = SEC_SERVER, .flags = SEC_FLAG_INTEGRITY, .acceptor = &f->acceptor, .env = &f->env
        };
        if (sec_spnego.start(&p, &f->sec) != STATUS_SUCCESS)
            return;
    }
    enum nt_status st = sec_spnego.step(f->sec, q.token, &token);
    if (st == STATUS_SUCCESS && f->script.setup_status)
        st = f->script.setup_status;
    if (st != STATUS_SUCCESS && st != STATUS_MORE_PROCESSING_REQUIRED) {
        wr_free(&token);
        refuse(f, req, st, false);
        return;
    }
    if (st == STATUS_SUCCESS && !(f->script.session_flags & (SMB_SESSION_GUEST | SMB_SESSION_NULL)) &&
        sec_spnego.query(f->sec, SEC_ITEM_SESSION_KEY, &key) == STATUS_SUCCESS) {
        uint8_t copy[64] = { 0 };
        memcpy(copy, key.data, key.len < sizeof copy ? key.len : sizeof copy);
        if (f->script.wrong_key)
            copy[3] ^= 1;
        smb_keys_done(&f->keys);
        smb_derive_keys(&f->keys, f->script.dialect, f->script.cipher, signing_of(&f->script),
                        (struct nt_blob){ copy, key.len }, f->preauth, true);
        f->have_keys = f->sign = true;
    }
    h.status = st;
    struct smb_setup_rsp p = { .flags = st == STATUS_SUCCESS ? f->script.session_flags : 0,
                               .token = { token.base, token.len } };
    smb_begin(&w, SMB_MAX_MESSAGE);
    smb_put_setup_rsp(&w, &p);
    wr_free(&token);
    send_answer(f, req, &w, &h, false);
}

static void tree_connect(struct fake_smb *f, const struct smb_hdr *req, bool sealed)
{
    struct wr w;
    struct smb_hdr h = { .tree_id = FAKE_TREE };
    struct smb_tree_rsp p = { .type = SMB_SHARE_PIPE, .flags = f->script.share_flags, .access = 0x1f01ff };
    if (f->script.tree_status) {
        refuse(f, req, f->script.tree_status, sealed);
        return;
    }
    smb_begin(&w, SMB_MAX_MESSAGE);
    smb_put_tree_rsp(&w, &p);
    send_answer(f, req, &w, &h, sealed);
}

static void create(struct fake_smb *f, const struct smb_hdr *req, bool sealed)
{
    struct wr w;
    struct smb_hdr h = { .tree_id = FAKE_TREE };
    struct smb_create_rsp p = { .action = 1, .attributes = 0x80 };
    if (f->script.busy) {
        f->script.busy--;
        refuse(f, req, f->script.busy_status, sealed);
        return;
    }
    memset(p.file_id, 0x33, sizeof p.file_id);
    smb_begin(&w, SMB_MAX_MESSAGE);
    smb_put_create_rsp(&w, &p);
    send_answer(f, req, &w, &h, sealed);
}

/* Keeps the answer to a message in `rest`: what was sent, or a pattern. */
static void work_on(struct fake_smb *f, struct nt_blob in)
{
    size_t n = f->script.answer_len ? f->script.answer_len : in.len;
    f->rest_len = n < sizeof f->rest ? n : sizeof f->rest;
    for (size_t i = 0; i < f->rest_len; i++)
        f->rest[i] = f->script.answer_len ? (uint8_t)i : in.data[i];
}

/* Takes at most max bytes off `rest` into a fresh copy. */
static size_t take(struct fake_smb *f, size_t max, uint8_t *to, struct smb_hdr *h)
{
    size_t n = f->rest_len < max ? f->rest_len : max;
    memcpy(to, f->rest, n);
    memmove(f->rest, f->rest + n, f->rest_len - n);
    f->rest_len -= n;
    h->status = f->rest_len ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
    h->tree_id = FAKE_TREE;
    return n;
}

static void transact(struct fake_smb *f, const struct smb_hdr *req, const struct smb_ioctl *q, bool sealed)
{
    static uint8_t buf[SMB_MAX_PAYLOAD];
    struct wr w;
    struct smb_hdr h = { 0 };
    struct smb_ioctl p = *q;
    if (f->script.silent)
        return;
    if (f->script.refuse_sealed_transact && sealed) {
        refuse(f, req, STATUS_INVALID_PARAMETER, sealed);
        return;
    }
    work_on(f, q->data);
    size_t max = q->max_out;
    if (f->script.first_piece && f->script.first_piece < max)
        max = f->script.first_piece;
    p.data = (struct nt_blob){ buf, take(f, max, buf, &h) };
    interims(f, req, sealed);
    smb_begin(&w, SMB_MAX_MESSAGE);
    smb_put_ioctl_rsp(&w, &p);
    send_answer(f, req, &w, &h, sealed);
}

static void validate(struct fake_smb *f, const struct smb_hdr *req, const struct smb_ioctl *q, bool sealed)
{
    struct wr w, out;
    struct smb_hdr h = { .tree_id = FAKE_TREE };
    struct smb_ioctl p = *q;
    struct smb_validate v;
    if (f->script.old_validate) {
        refuse(f, req, STATUS_FILE_CLOSED, sealed);
        return;
    }
    if (smb_get_validate(q->data, false, &v) != STATUS_SUCCESS || v.caps != f->offer.caps ||
        memcmp(v.guid, f->offer.guid, 16) != 0 || v.n_dialects != f->offer.n_dialects) {
        io_close(&f->stream, STATUS_CONNECTION_DISCONNECTED,
                 false); /* what a server does that sees a downgrade */
        return;
    }
    v.caps = f->script.dialect == NPC_SMB_2_0_2 ? 0 : SMB_CAP_LARGE_MTU;
    if (f->script.dialect >= NPC_SMB_3_0 && f->script.cipher)
        v.caps |= SMB_CAP_ENCRYPTION;
    v.mode = f->script.mode ? f->script.mode : SMB_MODE_SIGN;
    memset(v.guid, 0x42, sizeof v.guid);
    v.n_dialects = 1;
    v.dialects[0] = (uint16_t)(f->script.lie_validate ? NPC_SMB_3_1_1 : f->script.dialect);
    wr_init(&out, 64);
    smb_put_validate(&out, &v, true);
    p.data = (struct nt_blob){ out.base, out.len };
    smb_begin(&w, SMB_MAX_MESSAGE);
    smb_put_ioctl_rsp(&w, &p);
    wr_free(&out);
    send_answer(f, req, &w, &h, sealed);
}

static void ioctl(struct fake_smb *f, const struct smb_hdr *req, const uint8_t *msg, size_t len, bool sealed)
{
    struct smb_ioctl q;
    if (smb_get_ioctl_req(msg, len, &q) != STATUS_SUCCESS)
        refuse(f, req, STATUS_INVALID_PARAMETER, sealed);
    else if (q.code == FSCTL_PIPE_TRANSCEIVE)
        transact(f, req, &q, sealed);
    else if (q.code == FSCTL_VALIDATE_NEGOTIATE_INFO)
        validate(f, req, &q, sealed);
    else
        refuse(f, req, STATUS_NOT_SUPPORTED, sealed);
}

static void read_pipe(struct fake_smb *f, const struct smb_hdr *req, const uint8_t *msg, size_t len,
                      bool sealed)
{
    static uint8_t buf[SMB_MAX_PAYLOAD];
    struct smb_read_req q;
    struct wr w;
    struct smb_hdr h = { 0 };
    if (smb_get_read_req(msg, len, &q) != STATUS_SUCCESS) {
        refuse(f, req, STATUS_INVALID_PARAMETER, sealed);
        return;
    }
    interims(f, req, sealed);
    size_t max = q.length;
    if (f->script.first_piece && f->script.first_piece < max)
        max = f->script.first_piece;
    struct nt_blob data = { buf, take(f, max, buf, &h) };
    smb_begin(&w, SMB_MAX_MESSAGE);
    smb_put_read_rsp(&w, data);
    send_answer(f, req, &w, &h, sealed);
}

static void write_pipe(struct fake_smb *f, const struct smb_hdr *req, const uint8_t *msg, size_t len,
                       bool sealed)
{
    struct smb_write_req q;
    struct wr w;
    struct smb_hdr h = { .tree_id = FAKE_TREE };
    if (smb_get_write_req(msg, len, &q) != STATUS_SUCCESS) {
        refuse(f, req, STATUS_INVALID_PARAMETER, sealed);
        return;
    }
    work_on(f, q.data);
    interims(f, req, sealed);
    smb_begin(&w, SMB_MAX_MESSAGE);
    smb_put_write_rsp(&w, (uint32_t)q.data.len);
    send_answer(f, req, &w, &h, sealed);
}

static void simple(struct fake_smb *f, const struct smb_hdr *req, bool sealed)
{
    struct wr w;
    struct smb_hdr h = { .tree_id = FAKE_TREE };
    smb_begin(&w, SMB_MAX_MESSAGE);
    if (req->command == SMB_CLOSE)
        smb_put_close_rsp(&w);
    else
        smb_put_empty(&w);
    send_answer(f, req, &w, &h, sealed);
}

/* ---- requests ---- */

static void request(struct fake_smb *f, uint8_t *msg, size_t len, bool sealed)
{
    struct smb_hdr h;
    if (smb_get_hdr(msg, len, &h) != STATUS_SUCCESS)
        return;
    if (h.command < 32)
        f->commands[h.command]++;
    f->sealed += sealed;
    if (h.flags & SMB_FLAG_SIGNED) {
        f->signed_++;
        if (!smb_check_signature(&f->keys.signer, msg, len, false)) {
            refuse(f, &h, STATUS_ACCESS_DENIED, sealed);
            return;
        }
    } else if (f->have_keys && !sealed) {
        refuse(f, &h, STATUS_ACCESS_DENIED, sealed);
        return;
    }
    if (h.command == SMB_CANCEL) {
        f->cancels++;
        struct smb_hdr was = h;
        was.command = SMB_IOCTL;
        refuse(f, &was, STATUS_CANCELLED, sealed);
        return;
    }
    if (h.mid != f->next_mid)
        f->sequence_broken = true;
    f->next_mid = h.mid + (h.credit_charge ? h.credit_charge : 1);
    if (h.command == SMB_NEGOTIATE || h.command == SMB_SESSION_SETUP)
        smb_preauth(f->preauth, msg, len);
    switch (h.command) {
    case SMB_NEGOTIATE:
        negotiate(f, &h, msg, len);
        break;
    case SMB_SESSION_SETUP:
        session_setup(f, &h, msg, len);
        break;
    case SMB_TREE_CONNECT:
        tree_connect(f, &h, sealed);
        break;
    case SMB_CREATE:
        create(f, &h, sealed);
        break;
    case SMB_IOCTL:
        ioctl(f, &h, msg, len, sealed);
        break;
    case SMB_READ:
        read_pipe(f, &h, msg, len, sealed);
        break;
    case SMB_WRITE:
        write_pipe(f, &h, msg, len, sealed);
        break;
    default:
        simple(f, &h, sealed);
        break;
    }
}

static void on_data(void *engine, uint8_t *data, size_t len)
{
    struct fake_smb *f = engine;
    if (len > sizeof f->in - f->in_len)
        return;
    memcpy(f->in + f->in_len, data, len);
    f->in_len += len;
    while (f->in_len >= SMB_FRAME) {
        size_t n = (size_t)f->in[1] << 16 | (size_t)f->in[2] << 8 | f->in[3];
        if (f->in_len < SMB_FRAME + n)
            return;
        uint8_t *p = f->in + SMB_FRAME;
        if (n > SMB_TRANSFORM && p[0] == 0xfd) {
            if (f->have_keys && smb_unseal(&f->keys.open, p, p + SMB_TRANSFORM, n - SMB_TRANSFORM))
                request(f, p + SMB_TRANSFORM, n - SMB_TRANSFORM, true);
        } else {
            request(f, p, n, false);
        }
        memmove(f->in, f->in + SMB_FRAME + n, f->in_len - SMB_FRAME - n);
        f->in_len -= SMB_FRAME + n;
    }
}

static void on_close(void *engine, enum nt_status why)
{
    (void)why;
    ((struct fake_smb *)engine)->closed = true;
}

static const struct io_ops fake_ops = { .on_data = on_data, .on_close = on_close };

/* ---- life ---- */

static enum nt_status find_hash(void *arg, const char16_t *user, size_t user_len, const char16_t *domain,
                                size_t domain_len, uint8_t ret_hash[16])
{
    uint8_t wide[2 * sizeof FAKE_PASSWORD];
    (void)arg;
    (void)domain;
    (void)domain_len;
    if (user_len != sizeof FAKE_USER - 1)
        return STATUS_NO_SUCH_USER;
    for (size_t i = 0; i < user_len; i++)
        if ((user[i] | 0x20) != FAKE_USER[i])
            return STATUS_NO_SUCH_USER;
    for (size_t i = 0; i < sizeof FAKE_PASSWORD - 1; i++)
        put_le16(wide + 2 * i, (uint8_t)FAKE_PASSWORD[i]);
    cr_md4(wide, 2 * (sizeof FAKE_PASSWORD - 1), ret_hash);
    return STATUS_SUCCESS;
}

struct fake_smb *fake_smb_new(const struct fake_script *script, const struct nt_env *env)
{
    struct fake_smb *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->script = *script;
    f->env = *env;
    f->acceptor = (struct sec_acceptor){ .arg = f,
                                         .nt_hash = find_hash,
                                         .netbios_name = "FAKE",
                                         .netbios_domain = "FAKEDOM",
                                         .dns_name = "fake.example",
                                         .dns_domain = "example" };
    io_stream_init(&f->stream, &fake_ops, f, env);
    return f;
}

void fake_smb_free(struct fake_smb *f)
{
    if (!f)
        return;
    io_stream_done(&f->stream);
    sec_free(f->sec);
    smb_keys_done(&f->keys);
    free(f);
}

enum nt_status fake_smb_accept(void *arg, struct io_stream *s, const struct io_addr *to)
{
    struct fake_smb *f = arg;
    (void)to;
    return io_mem_join(s->loop, s, &f->stream);
}
