// SPDX-License-Identifier: Apache-2.0
/*
 * The SMB server against a client whose every message is the fuzzer's. Input: a byte of options (1 raw from
 * the first byte on, 2 the server requires encryption, 4 dialect 2.1, 8 dialect 3.0, 16 null sessions, 32 a
 * second connection, 64 which is bound to the session of the first), then records: a byte (low 2 bits: 0
 * bytes as they are, 1 a signed message, 2 an encrypted one, 3 time passes; 4: by the second connection; 8:
 * which is not read from then on, or is again), two bytes of length, and the bytes. Messages get the right
 * session; those that begin with a zero id the next one.
 */
#include <stdlib.h>
#include "common/fake_smb.h"
#include "common/raw_smb.h"
#include "pair/smbd_service.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void turns(struct nt_loop *l, int n)
{
    for (int i = 0; i < n; i++)
        if (nt_loop_run(l, 0) == STATUS_TIMEOUT)
            return;
}

static enum npc_dialect dialect_of(unsigned options)
{
    return options & 4 ? NPC_SMB_2_1 : options & 8 ? NPC_SMB_3_0 : NPC_SMB_3_1_1;
}

/* first: whose session it is to be bound to; NULL: none. */
static void authenticate(struct nt_loop *l, struct raw_smb *r, unsigned options, const struct raw_smb *first)
{
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct sec_creds *creds;
    struct sec_ctx *ctx = NULL;
    struct nt_error err;
    co.user = "alice";
    co.domain = "FAKEDOM";
    co.password = FAKE_PASSWORD;
    co.mech = SEC_MECH_NTLM;
    if (sec_creds_new(&co, &creds, &err) != STATUS_SUCCESS)
        abort();
    raw_negotiate(r, dialect_of(options), options & 8 ? NPC_AES128_CCM : NPC_AES128_GCM, NPC_AES_CMAC);
    turns(l, 8);
    if (first)
        raw_share(r, first);
    for (int leg = 0; leg < 3; leg++) {
        (void)raw_setup(r, creds, smbd_env(), &ctx, first ? RAW_SIGNED : RAW_PLAIN);
        turns(l, 8);
    }
    sec_free(ctx);
    sec_creds_unref(creds);
}

static void log_on(struct nt_loop *l, struct raw_smb *r, unsigned options)
{
    enum npc_dialect d = dialect_of(options);
    authenticate(l, r, options, NULL);
    int how = options & 2 && d >= NPC_SMB_3_0 ? RAW_SEALED : RAW_SIGNED;
    if (r->have_keys && !r->closed) {
        raw_tree(r, how);
        turns(l, 8);
        r->tree_id = raw_last(r)->h.tree_id;
        raw_create(r, "echo", how);
        turns(l, 8);
    }
}

/* A message with headers of the fuzzer's making, but the session's id and a good signature. */
static void message(struct raw_smb *r, const uint8_t *p, size_t n, unsigned how)
{
    struct wr w;
    wr_init(&w, SMB_MAX_MESSAGE * 2);
    wr_zero(&w, SMB_PREFIX);
    wr_bytes(&w, p, n);
    if (n < SMB_HDR)
        wr_zero(&w, SMB_HDR - n);
    uint8_t *msg = w.base + SMB_PREFIX;
    size_t at = SMB_PREFIX - SMB_FRAME, len = w.len - SMB_PREFIX;
    memcpy(msg, "\xfeSMB\x40", 6);
    if (le64(msg + 24) == 0)
        put_le64(msg + 24, r->next_mid++);
    put_le64(msg + 40, r->session_id);
    if (how == RAW_SIGNED && r->have_keys) {
        msg[16] |= SMB_FLAG_SIGNED;
        (void)!smb_sign_message(&r->keys.signer, msg, len, false);
    } else if (how == RAW_SEALED && r->have_keys && r->keys.seal.id) {
        at -= SMB_TRANSFORM;
        (void)!smb_seal(&r->keys.seal, msg - SMB_TRANSFORM, msg, len, r->nonce++, r->session_id);
    }
    smb_put_frame(w.base + at, w.len - at - SMB_FRAME);
    (void)io_queue_from(&r->stream, &w, at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct raw_smb both[2];
    static const char *const address = "192.0.2.1";
    struct io_mem_options mo = { .env = smbd_env(), .start = 1000, .cut_after = SIZE_MAX };
    struct nt_loop *loop;
    struct smbd *server;
    struct rd r;
    rd_init(&r, data, size);
    unsigned options = rd_u8(&r);
    struct smbd_options so = { .env = smbd_env(),
                               .acceptor = &smbd_acceptor,
                               .pipes = &smbd_service,
                               .require_encryption = options & 2,
                               .allow_anonymous = options & 16,
                               .addresses = &address,
                               .n_addresses = options & 32 ? 1 : 0 };
    if (io_mem_loop_new(&mo, &loop) != STATUS_SUCCESS || smbd_new(loop, &so, &server) != STATUS_SUCCESS)
        abort();
    for (unsigned i = 0; i < 2; i++) {
        raw_init(&both[i], smbd_env());
        if ((i == 0 || options & 32) &&
            smbd_join(server, loop, &both[i].stream, "192.0.2.7:1000") != STATUS_SUCCESS)
            abort();
    }
    turns(loop, 4);
    if (!(options & 1))
        log_on(loop, &both[0], options);
    if (options & 32 && options & 64 && both[0].have_keys)
        authenticate(loop, &both[1], options, &both[0]);
    while (rd_left(&r) > 3 && !(both[0].closed && (both[1].closed || !(options & 32)))) {
        unsigned flags = rd_u8(&r), how = flags & 3;
        struct raw_smb *raw = &both[options & 32 && flags & 4 ? 1 : 0];
        if (flags & 8)
            io_hold(&raw->stream, !raw->stream.held);
        size_t n = rd_u16(&r);
        n = n < rd_left(&r) ? n : rd_left(&r);
        const uint8_t *p = rd_bytes(&r, n);
        both[0].n_answers = both[1].n_answers = 0;
        if (how == 3)
            (void)!nt_loop_run(loop, 1 << (n & 15));
        else if (how == 0)
            raw_bytes(raw, p, n);
        else
            message(raw, p, n, how);
        turns(loop, 8);
    }
    turns(loop, 8);
    smbd_free(server);
    turns(loop, 8);
    raw_done(&both[0]);
    raw_done(&both[1]);
    nt_loop_free(loop);
    if (service_open_pipes)
        abort();
    return 0;
}
