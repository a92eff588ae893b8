// SPDX-License-Identifier: Apache-2.0
/* The SMB server against a client that sends what it likes, from a session of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka last */
#include <cmocka.h>
#include "common/fake_smb.h"
#include "pair/smbd_world.h"
#include "smbd/m_smbd.h"

/* ---- protection ---- */

static void test_protection(void **state)
{
    struct world w = { 0 };
    struct wr m;
    (void)state;
    start(&w);
    log_on(&w, w.raw, NPC_SMB_3_1_1, NPC_AES128_GCM);
    open_pipe(&w, w.raw, "echo");
    send_cmd(&w, w.raw, SMB_ECHO, NULL, RAW_PLAIN); /* not signed */
    assert_int_equal(last(w.raw), STATUS_ACCESS_DENIED);
    w.raw->keys.session[0] ^= 1;
    begin(&m);
    smb_put_empty(&m);
    struct smb_signer good = w.raw->keys.signer; /* CMAC: nothing behind a pointer */
    uint8_t key[16] = { 1 };
    smb_signer_init(&w.raw->keys.signer, NPC_AES_CMAC, key);
    raw_send(w.raw, &m, (struct smb_hdr){ .command = SMB_ECHO }, RAW_SIGNED);
    w.raw->keys.signer = good;
    turns(&w);
    assert_int_equal(last(w.raw), STATUS_ACCESS_DENIED);
    send_cmd(&w, w.raw, SMB_ECHO, NULL, RAW_SEALED);
    assert_int_equal(last(w.raw), STATUS_SUCCESS);
    assert_true(raw_last(w.raw)->sealed);
    send_cmd(&w, w.raw, SMB_ECHO, NULL, RAW_SIGNED);
    assert_int_equal(last(w.raw), STATUS_SUCCESS);
    assert_true(raw_last(w.raw)->signature_ok);
    /* an encrypted message that was changed ends the connection without an answer */
    unsigned n = w.raw->n_answers;
    uint8_t bytes[SMB_FRAME + SMB_TRANSFORM + 68] = { 0 };
    smb_put_frame(bytes, sizeof bytes - SMB_FRAME);
    (void)!smb_seal(&w.raw->keys.seal, bytes + SMB_FRAME, bytes + SMB_FRAME + SMB_TRANSFORM, 68, 77,
                    w.raw->session_id);
    bytes[sizeof bytes - 1] ^= 1;
    raw_bytes(w.raw, bytes, sizeof bytes);
    turns(&w);
    assert_true(w.raw->closed);
    assert_int_equal(w.raw->n_answers, n);
    stop(&w);
}

static void test_must_encrypt(void **state)
{
    struct world w = { .so = { .require_encryption = true } };
    (void)state;
    start(&w);
    raw_negotiate(w.raw, NPC_SMB_3_1_1, NPC_AES256_GCM, NPC_AES_CMAC);
    turns(&w);
    log_on_as(&w, w.raw, "alice", RAW_PLAIN);
    assert_int_equal(last(w.raw), STATUS_SUCCESS);
    raw_tree(w.raw, RAW_SIGNED);
    turns(&w);
    assert_int_equal(last(w.raw), STATUS_ACCESS_DENIED);
    raw_tree(w.raw, RAW_SEALED);
    turns(&w);
    assert_int_equal(last(w.raw), STATUS_SUCCESS);
    stop(&w);
    /* a client without a cipher gets no session */
    struct world v = { .so = { .require_encryption = true } };
    start(&v);
    raw_negotiate(v.raw, NPC_SMB_3_1_1, NPC_CIPHER_NONE, NPC_AES_CMAC);
    turns(&v);
    log_on_as(&v, v.raw, "alice", RAW_PLAIN);
    assert_int_equal(last(v.raw), STATUS_ACCESS_DENIED);
    stop(&v);
}

/* ---- order ---- */

static void test_order(void **state)
{
    struct world w = { 0 };
    (void)state;
    start(&w);
    send_cmd(&w, w.raw, SMB_ECHO, NULL, RAW_PLAIN); /* before NEGOTIATE */
    assert_true(w.raw->closed);
    stop(&w);
    struct world v = { 0 };
    start(&v);
    raw_negotiate(v.raw, NPC_SMB_3_0, NPC_CIPHER_NONE, NPC_AES_CMAC);
    turns(&v);
    raw_tree(v.raw, RAW_PLAIN);
    turns(&v);
    assert_int_equal(last(v.raw), STATUS_USER_SESSION_DELETED);
    raw_negotiate(v.raw, NPC_SMB_3_0, NPC_CIPHER_NONE, NPC_AES_CMAC); /* a second one */
    turns(&v);
    assert_true(v.raw->closed);
    stop(&v);
    struct world u = { 0 };
    start(&u);
    log_on(&u, u.raw, NPC_SMB_2_1, NPC_CIPHER_NONE);
    u.raw->next_mid -= 1; /* an id for the second time */
    send_cmd(&u, u.raw, SMB_ECHO, NULL, RAW_SIGNED);
    assert_true(u.raw->closed);
    stop(&u);
    struct world t = { 0 };
    start(&t);
    log_on(&t, t.raw, NPC_SMB_2_1, NPC_CIPHER_NONE);
    t.raw->next_mid += 9000; /* one that was not granted */
    send_cmd(&t, t.raw, SMB_ECHO, NULL, RAW_SIGNED);
    assert_true(t.raw->closed);
    stop(&t);
}

/* What may be granted has an end, whatever is asked for. */
static void test_credits(void **state)
{
    struct world w = { 0 };
    unsigned granted = 0;
    (void)state;
    start(&w);
    log_on(&w, w.raw, NPC_SMB_3_1_1, NPC_AES128_GCM);
    for (int i = 0; i < 20; i++) {
        struct wr m;
        begin(&m);
        smb_put_empty(&m);
        raw_send(w.raw, &m, (struct smb_hdr){ .command = SMB_ECHO, .credits = 60000 }, RAW_SIGNED);
        turns(&w);
        assert_int_equal(last(w.raw), STATUS_SUCCESS);
        granted += raw_last(w.raw)->h.credits;
    }
    assert_true(granted <= 8192 + 20);
    /* out of order over the whole window, backwards */
    uint64_t first = w.raw->next_mid;
    for (int i = 300; i-- > 0;) {
        struct wr m;
        begin(&m);
        smb_put_empty(&m);
        raw_send(w.raw, &m, (struct smb_hdr){ .command = SMB_ECHO, .mid = first + (unsigned)i * 20 },
                 RAW_SIGNED);
        w.raw->n_answers = 0;
        turns(&w);
        assert_int_equal(last(w.raw), STATUS_SUCCESS);
    }
    assert_false(w.raw->closed);
    stop(&w);
}

static void test_frames(void **state)
{
    static const uint8_t frames[][8] = {
        { 0, 0, 0, 0 },  /* nothing */
        { 0, 0, 0, 10 }, /* less than any header */
        { 0, 2, 0, 0 },  /* more than a stranger may send */
        { 0, 0xff, 255, 255 }, { 1, 0, 0, 100 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        struct world w = { 0 };
        start(&w);
        raw_bytes(w.raw, frames[i], 8);
        turns(&w);
        assert_true(w.raw->closed);
        stop(&w);
    }
}

static void test_silent(void **state)
{
    struct world w = { 0 };
    struct smbd_stats s;
    (void)state;
    start(&w);
    raw_negotiate(w.raw, NPC_SMB_3_0, NPC_CIPHER_NONE, NPC_AES_CMAC);
    for (int i = 0; i < 40 && !w.raw->closed; i++) { /* time goes to the next deadline */
        enum nt_status st = nt_loop_run(w.loop, 60000);
        assert_true(st == STATUS_SUCCESS || st == STATUS_TIMEOUT);
    }
    assert_true(w.raw->closed);
    smbd_stats(w.server, &s);
    assert_int_equal(s.conns, 0);
    stop(&w);
}

/* Whoever has not logged on gains nothing by sending: no time, and no room for long messages. */
static void test_stranger(void **state)
{
    struct world w = { 0 };
    (void)state;
    start(&w);
    raw_negotiate(w.raw, NPC_SMB_2_1, NPC_CIPHER_NONE, NPC_AES_CMAC);
    turns(&w);
    int seconds = 0;
    for (; seconds < 100 && !w.raw->closed; seconds++) {
        send_cmd(&w, w.raw, SMB_ECHO, NULL, RAW_PLAIN);
        for (int i = 0; i < 4; i++) {
            enum nt_status st = nt_loop_run(w.loop, 250);
            assert_true(st == STATUS_SUCCESS || st == STATUS_TIMEOUT);
        }
    }
    assert_true(w.raw->closed);
    assert_in_range(seconds, 20, 40);
    stop(&w);
    struct world u = { 0 };
    start(&u);
    raw_negotiate(u.raw, NPC_SMB_2_1, NPC_CIPHER_NONE, NPC_AES_CMAC);
    turns(&u);
    io_hold(&u.raw->stream, true); /* reads nothing more */
    unsigned sent = 0;
    for (; sent < 500 && !u.raw->closed; sent++) {
        send_cmd(&u, u.raw, SMB_ECHO, NULL, RAW_PLAIN);
        assert_true(u.server->output <= SMBD_STRANGER_UNREAD + 200);
    }
    assert_true(u.raw->closed);
    assert_in_range(sent, 50, 200);
    stop(&u);
    static const uint8_t frame[8] = { 0, 2, 0, 0 };
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct sec_creds *creds;
    struct sec_ctx *ctx = NULL;
    struct world t = { 0 };
    co.user = "alice";
    co.password = "wrong";
    co.mech = SEC_MECH_NTLM;
    assert_int_equal(sec_creds_new(&co, &creds, NULL), STATUS_SUCCESS);
    start(&t);
    raw_negotiate(t.raw, NPC_SMB_2_1, NPC_CIPHER_NONE, NPC_AES_CMAC);
    turns(&t);
    (void)raw_setup(t.raw, creds, smbd_env(), &ctx, RAW_PLAIN); /* half a logon */
    turns(&t);
    assert_int_equal(last(t.raw), STATUS_MORE_PROCESSING_REQUIRED);
    for (unsigned i = 1; i < 6; i++) { /* nor more than a few at a time */
        sec_free(ctx);
        ctx = NULL;
        t.raw->session_id = 0;
        (void)raw_setup(t.raw, creds, smbd_env(), &ctx, RAW_PLAIN);
        turns(&t);
        assert_int_equal(last(t.raw),
                         i < 4 ? STATUS_MORE_PROCESSING_REQUIRED : STATUS_INSUFFICIENT_RESOURCES);
    }
    raw_bytes(t.raw, frame, sizeof frame);
    turns(&t);
    assert_true(t.raw->closed);
    sec_free(ctx);
    sec_creds_unref(creds);
    stop(&t);
}

/* ---- compounds ---- */

/* Appends a request to w; links it to the one before. */
static size_t chain(struct raw_smb *r, struct wr *w, size_t before, uint16_t command, uint32_t flags)
{
    size_t off;
    if (!before) {
        begin(w);
        off = SMB_PREFIX;
    } else {
        wr_zero(w, (SMB_PREFIX - w->len) & 7);
        off = w->len;
        put_le32(w->base + before + 20, (uint32_t)(off - before));
        wr_zero(w, SMB_HDR);
    }
    struct smb_hdr h = { .command = command,
                         .flags = flags,
                         .mid = r->next_mid++,
                         .credits = 16,
                         .session_id = before && (flags & SMB_FLAG_RELATED) ? UINT64_MAX : r->session_id,
                         .tree_id = before && (flags & SMB_FLAG_RELATED) ? UINT32_MAX : r->tree_id };
    smb_put_hdr(w->base + off, &h);
    return off;
}

/* Encrypted as a whole: nothing is to be signed. */
static void send_chain(struct world *w, struct raw_smb *r, struct wr *m)
{
    size_t at = SMB_PREFIX - SMB_FRAME - SMB_TRANSFORM;
    (void)!smb_seal(&r->keys.seal, m->base + SMB_FRAME, m->base + SMB_PREFIX, m->len - SMB_PREFIX, r->nonce++,
                    r->session_id);
    smb_put_frame(m->base + at, m->len - at - SMB_FRAME);
    r->n_answers = 0;
    (void)io_queue_from(&r->stream, m, at);
    turns(w);
}

static void put_create(struct wr *w, const char *name)
{
    struct smb_create_req q = {
        .impersonation = 2, .access = 0x12019f, .share = 3, .disposition = 1, .name = name
    };
    (void)smb_put_create_req(w, &q);
}

/* Any name at all. */
static void put_named(struct wr *w, const char16_t *name, size_t n)
{
    enum { NAME_LENGTH = 46, NAME = 56 }; /* [MS-SMB2] 2.2.13 */
    size_t at = w->len;
    put_create(w, "x");
    w->len = at + NAME;
    for (size_t i = 0; i < n; i++)
        wr_u16(w, name[i]);
    put_le16(w->base + at + NAME_LENGTH, (uint16_t)(2 * n));
}

static enum nt_status try_name(struct world *w, struct raw_smb *r, const char16_t *name, size_t n)
{
    struct wr m;
    smb_begin(&m, SMB_MAX_MESSAGE);
    put_named(&m, name, n);
    r->n_answers = 0;
    raw_send(r, &m, (struct smb_hdr){ .command = SMB_CREATE }, RAW_SIGNED);
    turns(w);
    assert_int_equal(r->n_answers, 1);
    return last(r);
}

/* FSCTL_PIPE_WAIT has names, too ([MS-FSCC] 2.3.49). */
static enum nt_status wait_for_name(struct world *w, struct raw_smb *r, const char16_t *name, size_t n)
{
    struct wr m, data;
    wr_init(&data, UINT16_MAX);
    wr_u64(&data, 0);
    wr_u32(&data, (uint32_t)(2 * n));
    wr_u16(&data, 0);
    for (size_t i = 0; i < n; i++)
        wr_u16(&data, name[i]);
    struct smb_ioctl q = { .code = FSCTL_PIPE_WAIT, .data = { data.base, data.len } };
    memset(q.file_id, 255, sizeof q.file_id);
    smb_begin(&m, SMB_MAX_MESSAGE);
    smb_put_ioctl_req(&m, &q);
    r->n_answers = 0;
    raw_send(r, &m, (struct smb_hdr){ .command = SMB_IOCTL }, RAW_SIGNED);
    turns(w);
    wr_free(&data);
    assert_int_equal(r->n_answers, 1);
    return last(r);
}

/* A pipe's name is a name. Paths, streams, wild cards, NULs, look-alikes and other spellings open nothing;
 * case, and one backslash in front, do not matter. */
static void test_names(void **state)
{
#define NAME(text)                                                                                           \
    {                                                                                                        \
        text, sizeof(text) / 2 - 1                                                                           \
    }
    static const struct {
        const char16_t *name;
        size_t len;
    } good[] = { NAME(u"echo"), NAME(u"ECHO"), NAME(u"eChO") }, bad[] = { NAME(u""),
                                                                          NAME(u"\\echo"),
                                                                          NAME(u"\\"),
                                                                          NAME(u"\\\\echo"),
                                                                          NAME(u"echo\\"),
                                                                          NAME(u"pipe\\echo"),
                                                                          NAME(u"\\pipe\\echo"),
                                                                          NAME(u"..\\echo"),
                                                                          NAME(u".\\echo"),
                                                                          NAME(u"a\\..\\echo"),
                                                                          NAME(u"../echo"),
                                                                          NAME(u"/echo"),
                                                                          NAME(u"echo/"),
                                                                          NAME(u"/tmp/echo"),
                                                                          NAME(u"/etc/passwd"),
                                                                          NAME(u"..\\..\\..\\etc\\passwd"),
                                                                          NAME(u"C:\\echo"),
                                                                          NAME(u"\\\\fake\\IPC$\\echo"),
                                                                          NAME(u"echo:x"),
                                                                          NAME(u"echo::$DATA"),
                                                                          NAME(u"echo:$DATA"),
                                                                          NAME(u"."),
                                                                          NAME(u".."),
                                                                          NAME(u".echo"),
                                                                          NAME(u"echo."),
                                                                          NAME(u"echo.."),
                                                                          NAME(u"e..cho"),
                                                                          NAME(u" echo"),
                                                                          NAME(u"echo "),
                                                                          NAME(u"ec ho"),
                                                                          NAME(u"echo\t"),
                                                                          NAME(u"echo\n"),
                                                                          NAME(u"echo\0"),
                                                                          NAME(u"echo\0x"),
                                                                          NAME(u"\0echo"),
                                                                          NAME(u"ec\0ho"),
                                                                          NAME(u"*"),
                                                                          NAME(u"ech?"),
                                                                          NAME(u"e*"),
                                                                          NAME(u"ech<"),
                                                                          NAME(u"ech\""),
                                                                          NAME(u"echo|x"),
                                                                          NAME(u"echo;id"),
                                                                          NAME(u"$(id)"),
                                                                          NAME(u"`id`"),
                                                                          NAME(u"%65cho"),
                                                                          NAME(u"ech\u00f6"),
                                                                          NAME(u"\uff45cho"),
                                                                          NAME(u"ech\u043e"),
                                                                          NAME(u"ec\u212aho"),
                                                                          NAME(u"\xd800"),
                                                                          NAME(u"echo\xdc00"),
                                                                          NAME(u"\ufeffecho"),
                                                                          NAME(u"echo\u200b"),
                                                                          NAME(u"eche\u0301"),
                                                                          NAME(u"echo1") };
#undef NAME
    enum { LONG = UINT16_MAX / 2 };
    struct world w = { 0 };
    (void)state;
    start(&w);
    struct raw_smb *r = w.raw;
    log_on(&w, r, NPC_SMB_3_1_1, NPC_AES128_GCM);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(try_name(&w, r, good[i].name, good[i].len), STATUS_SUCCESS);
        assert_int_equal(wait_for_name(&w, r, good[i].name, good[i].len), STATUS_SUCCESS);
    }
    unsigned opened = service_open_pipes;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(try_name(&w, r, bad[i].name, bad[i].len), STATUS_OBJECT_NAME_NOT_FOUND);
        assert_int_equal(wait_for_name(&w, r, bad[i].name, bad[i].len), STATUS_OBJECT_NAME_NOT_FOUND);
    }
    char16_t *name = calloc(LONG, sizeof *name);
    assert_non_null(name);
    for (size_t i = 0; i < LONG; i++)
        name[i] = u"echo"[i % 4];
    for (size_t n = 8; n < LONG; n *= 2)
        assert_int_equal(try_name(&w, r, name, n), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(try_name(&w, r, name, LONG), STATUS_OBJECT_NAME_NOT_FOUND);
    memset(name, 0, LONG * sizeof *name);
    memcpy(name, u"echo", 8);
    assert_int_equal(try_name(&w, r, name, LONG), STATUS_OBJECT_NAME_NOT_FOUND);
    free(name);
    assert_int_equal(service_open_pipes, opened);
    assert_false(r->closed);
    stop(&w);
}

static void test_related(void **state)
{
    struct world w = { 0 };
    struct wr m;
    struct nt_blob data;
    static const uint8_t any[SMB_FILE_ID] = { 255, 255, 255, 255, 255, 255, 255, 255,
                                              255, 255, 255, 255, 255, 255, 255, 255 };
    (void)state;
    start(&w);
    struct raw_smb *r = w.raw;
    log_on(&w, r, NPC_SMB_3_1_1, NPC_AES128_GCM);
    memcpy(r->file_id, any, sizeof any);
    size_t at = chain(r, &m, 0, SMB_CREATE, 0);
    put_create(&m, "echo");
    at = chain(r, &m, at, SMB_IOCTL, SMB_FLAG_RELATED);
    put_transact(r, &m, "hello"); /* is answered later: the rest waits for it */
    at = chain(r, &m, at, SMB_CLOSE, SMB_FLAG_RELATED);
    smb_put_close_req(&m, any);
    send_chain(&w, r, &m);
    assert_int_equal(r->n_answers, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(r->answers[i].h.status, STATUS_SUCCESS);
    struct smb_ioctl out;
    assert_int_equal(smb_get_ioctl_rsp(r->answers[1].msg, r->answers[1].len, &out), STATUS_SUCCESS);
    assert_int_equal(out.data.len, 5);
    assert_memory_equal(out.data.data, "hello", 5);
    /* what needs a file that could not be opened fails as that did */
    at = chain(r, &m, 0, SMB_CREATE, 0);
    put_create(&m, "nosuch");
    at = chain(r, &m, at, SMB_READ, SMB_FLAG_RELATED);
    put_read(r, &m);
    at = chain(r, &m, at, SMB_CLOSE, SMB_FLAG_RELATED);
    smb_put_close_req(&m, any);
    send_chain(&w, r, &m);
    assert_int_equal(r->n_answers, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(r->answers[i].h.status, STATUS_OBJECT_NAME_NOT_FOUND);
    /* what fails with a file that is there leaves it to the next */
    at = chain(r, &m, 0, SMB_CREATE, 0);
    put_create(&m, "echo");
    at = chain(r, &m, at, 10 /* LOCK */, SMB_FLAG_RELATED);
    smb_put_close_req(&m, any);
    wr_zero(&m, 24);
    at = chain(r, &m, at, SMB_CLOSE, SMB_FLAG_RELATED);
    smb_put_close_req(&m, any);
    at = chain(r, &m, at, SMB_CLOSE, SMB_FLAG_RELATED);
    smb_put_close_req(&m, any);
    send_chain(&w, r, &m);
    assert_int_equal(r->n_answers, 4);
    assert_int_equal(r->answers[1].h.status, STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(r->answers[2].h.status, STATUS_SUCCESS);
    assert_int_equal(r->answers[3].h.status, STATUS_FILE_CLOSED);
    assert_int_equal(service_open_pipes, 0);
    /* no file before; then one that begins anew, and one without a head */
    at = chain(r, &m, 0, SMB_ECHO, 0);
    smb_put_empty(&m);
    at = chain(r, &m, at, SMB_READ, SMB_FLAG_RELATED);
    put_read(r, &m);
    at = chain(r, &m, at, SMB_ECHO, 0);
    smb_put_empty(&m);
    send_chain(&w, r, &m);
    assert_int_equal(r->n_answers, 3);
    assert_int_equal(r->answers[0].h.status, STATUS_SUCCESS);
    assert_int_equal(r->answers[1].h.status, STATUS_INVALID_HANDLE);
    assert_int_equal(r->answers[2].h.status, STATUS_SUCCESS);
    assert_int_equal(smb_get_read_rsp(r->answers[1].msg, r->answers[1].len, &data),
                     STATUS_INVALID_NETWORK_RESPONSE);
    at = chain(r, &m, 0, SMB_ECHO, SMB_FLAG_RELATED);
    smb_put_empty(&m);
    at = chain(r, &m, at, SMB_ECHO, SMB_FLAG_RELATED);
    smb_put_empty(&m);
    at = chain(r, &m, at, SMB_ECHO, 0);
    smb_put_empty(&m);
    send_chain(&w, r, &m);
    assert_int_equal(r->n_answers, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(r->answers[i].h.status, i < 2 ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS);
    assert_false(r->closed);
    stop(&w);
}

static void chain_end(uint32_t next, unsigned n, bool ret_closed)
{
    struct world w = { 0 };
    struct wr m;
    start(&w);
    log_on(&w, w.raw, NPC_SMB_3_1_1, NPC_AES128_GCM);
    size_t at = 0;
    for (unsigned i = 0; i < n; i++) {
        at = chain(w.raw, &m, at, SMB_ECHO, 0);
        smb_put_empty(&m);
    }
    if (next)
        put_le32(m.base + SMB_PREFIX + 20, next);
    send_chain(&w, w.raw, &m);
    assert_int_equal(w.raw->closed, ret_closed);
    stop(&w);
}

static void test_chains(void **state)
{
    (void)state;
    chain_end(0, 16, false);
    chain_end(0, 40, true); /* too many */
    chain_end(1, 2, true);  /* into its own header */
    chain_end(63, 2, true);
    chain_end(68, 2, true); /* not aligned */
    chain_end(0xfffffff8, 2, true);
    chain_end(4096, 2, true);
}

/* ---- pipes ---- */

static void put_close(struct raw_smb *r, struct wr *w)
{
    smb_put_close_req(w, r->file_id);
}

/* A read waits; what ends it tells it so. */
static void end_of_read(uint16_t command, bool put, enum nt_status want)
{
    struct world w = { 0 };
    struct wr m;
    start(&w);
    struct raw_smb *r = w.raw;
    log_on(&w, r, NPC_SMB_3_1_1, NPC_AES128_GCM);
    open_pipe(&w, r, "mute");
    r->n_answers = 0;
    send_cmd(&w, r, SMB_READ, put_read, RAW_SIGNED);
    uint64_t mid = r->next_mid - 1;
    assert_int_equal(r->n_answers, 1);
    assert_int_equal(last(r), STATUS_PENDING);
    uint64_t async = raw_last(r)->h.async_id;
    assert_int_not_equal(async, 0);
    begin(&m);
    if (put)
        put_close(r, &m);
    else
        smb_put_empty(&m);
    struct smb_hdr h = { .command = command };
    if (command == SMB_CANCEL)
        h = (struct smb_hdr){ .command = command, .flags = SMB_FLAG_ASYNC, .async_id = async, .mid = mid };
    raw_send(r, &m, h, RAW_SIGNED);
    turns(&w);
    assert_int_equal(r->n_answers, command == SMB_CANCEL ? 2 : 3);
    assert_int_equal(r->answers[1].h.status, want);
    assert_int_equal(r->answers[1].h.mid, mid);
    assert_true(r->answers[1].signature_ok);
    assert_true(r->answers[1].h.flags & SMB_FLAG_ASYNC);
    stop(&w);
}

static void test_waiting(void **state)
{
    (void)state;
    end_of_read(SMB_CLOSE, true, STATUS_PIPE_BROKEN);
    end_of_read(SMB_LOGOFF, false, STATUS_PIPE_BROKEN);
    end_of_read(SMB_TREE_DISCONNECT, false, STATUS_PIPE_BROKEN);
    end_of_read(SMB_CANCEL, false, STATUS_CANCELLED);
}

static void put_hello(struct raw_smb *r, struct wr *w)
{
    put_transact(r, w, "hello");
}

static void put_info(struct raw_smb *r, struct wr *w)
{
    wr_u16(w, 41);
    wr_u8(w, 1);
    wr_u8(w, 24); /* FilePipeLocalInformation */
    wr_u32(w, 1000);
    wr_zero(w, 16);
    wr_bytes(w, r->file_id, SMB_FILE_ID);
    wr_u8(w, 0);
}

static void put_close_query(struct raw_smb *r, struct wr *w)
{
    smb_put_close_req(w, r->file_id);
    put_le16(w->base + SMB_PREFIX + SMB_HDR + 2, 1); /* with what there is to say about it */
}

static void test_pipe_states(void **state)
{
    struct world w = { 0 };
    (void)state;
    start(&w);
    struct raw_smb *r = w.raw;
    log_on(&w, r, NPC_SMB_3_1_1, NPC_AES128_GCM);
    open_pipe(&w, r, "echo");
    send_cmd(&w, r, SMB_CLOSE, put_close_query, RAW_SIGNED);
    assert_int_equal(last(r), STATUS_SUCCESS);
    assert_int_equal(le16(raw_last(r)->msg + SMB_HDR + 2), 1);
    assert_int_equal(le32(raw_last(r)->msg + SMB_HDR + 56), 0x80); /* a normal file */
    open_pipe(&w, r, "mute");
    send_cmd(&w, r, 16, put_info, RAW_SIGNED);
    assert_int_equal(last(r), STATUS_SUCCESS);
    send_cmd(&w, r, SMB_READ, put_read, RAW_SIGNED);
    send_cmd(&w, r, SMB_IOCTL, put_hello, RAW_SIGNED);
    assert_int_equal(last(r), STATUS_PIPE_BUSY);
    send_cmd(&w, r, SMB_CLOSE, put_close, RAW_SIGNED);
    send_cmd(&w, r, SMB_CLOSE, put_close, RAW_SIGNED);
    assert_int_equal(last(r), STATUS_FILE_CLOSED);
    send_cmd(&w, r, SMB_READ, put_read, RAW_SIGNED);
    assert_int_equal(last(r), STATUS_FILE_CLOSED);
    /* another session's pipe */
    open_pipe(&w, r, "echo");
    w.raw2 = dial(&w);
    log_on(&w, w.raw2, NPC_SMB_3_1_1, NPC_AES128_GCM);
    memcpy(w.raw2->file_id, r->file_id, SMB_FILE_ID);
    send_cmd(&w, w.raw2, SMB_IOCTL, put_hello, RAW_SIGNED);
    assert_int_equal(last(w.raw2), STATUS_FILE_CLOSED);
    /* commands that mean nothing on a pipe, and some that are none */
    send_cmd(&w, r, 14, put_info, RAW_SIGNED);
    assert_int_equal(last(r), STATUS_INVALID_DEVICE_REQUEST);
    send_cmd(&w, r, 25, NULL, RAW_SIGNED);
    assert_true(r->closed);
    stop(&w);
}

/* ---- sessions ---- */

static void test_reauthentication(void **state)
{
    struct world w = { 0 };
    (void)state;
    start(&w);
    log_on(&w, w.raw, NPC_SMB_3_1_1, NPC_AES128_GCM);
    open_pipe(&w, w.raw, "echo");
    log_on_as(&w, w.raw, "alice", RAW_SIGNED);
    assert_int_equal(last(w.raw), STATUS_SUCCESS);
    send_cmd(&w, w.raw, SMB_IOCTL, put_hello, RAW_SIGNED); /* same keys, same pipe */
    assert_int_equal(last(w.raw), STATUS_SUCCESS);
    log_on_as(&w, w.raw, "bob", RAW_SIGNED); /* with alice's keys: what she has open stays hers */
    assert_int_equal(last(w.raw), STATUS_SUCCESS);
    assert_string_equal(service_owner("echo"), "FAKEDOM\\alice");
    send_cmd(&w, w.raw, SMB_IOCTL, put_hello, RAW_SIGNED);
    assert_int_equal(last(w.raw), STATUS_SUCCESS);
    open_pipe(&w, w.raw, "mute");
    assert_string_equal(service_owner("mute"), "FAKEDOM\\bob");
    stop(&w);
}

static void log_on_replacing(struct world *w, struct raw_smb *r, const char *user, uint64_t previous)
{
    r->previous = previous;
    raw_negotiate(r, NPC_SMB_3_1_1, NPC_AES128_GCM, NPC_AES_CMAC);
    turns(w);
    log_on_as(w, r, user, RAW_PLAIN);
    assert_int_equal(last(r), STATUS_SUCCESS);
}

static void test_previous_session(void **state)
{
    (void)state;
    struct world w = { 0 };
    start(&w);
    log_on(&w, w.raw, NPC_SMB_3_1_1, NPC_AES128_GCM);
    open_pipe(&w, w.raw, "echo");
    w.raw2 = dial(&w);
    log_on_replacing(&w, w.raw2, "bob", w.raw->session_id); /* not his */
    assert_false(w.raw->closed);
    assert_int_equal(service_open_pipes, 1);
    stop(&w);
    struct world v = { 0 };
    start(&v);
    log_on(&v, v.raw, NPC_SMB_3_1_1, NPC_AES128_GCM);
    open_pipe(&v, v.raw, "echo");
    v.raw2 = dial(&v);
    log_on_replacing(&v, v.raw2, "alice", v.raw->session_id);
    assert_false(v.raw->closed); /* the session goes, and nothing else of the connection */
    assert_int_equal(service_open_pipes, 0);
    stop(&v);
}

static void test_binding(void **state)
{
    struct world w = { 0 };
    struct wr m;
    (void)state;
    start(&w);
    log_on(&w, w.raw, NPC_SMB_3_1_1, NPC_AES128_GCM);
    struct smb_setup_req q = { .flags = 1, .mode = 1, .token = { (const uint8_t *)"x", 1 } };
    begin(&m);
    smb_put_setup_req(&m, &q);
    raw_send(w.raw, &m, (struct smb_hdr){ .command = SMB_SESSION_SETUP }, RAW_SIGNED);
    turns(&w);
    assert_int_equal(last(w.raw), STATUS_REQUEST_NOT_ACCEPTED);
    stop(&w);
}

static void validate(bool lie)
{
    struct world w = { 0 };
    struct wr m, in;
    start(&w);
    struct raw_smb *r = w.raw;
    log_on(&w, r, NPC_SMB_3_0_2, NPC_AES128_CCM);
    struct smb_validate v = {
        .caps = r->offer.caps, .mode = r->offer.mode, .dialects = { NPC_SMB_3_0_2 }, .n_dialects = 1
    };
    memcpy(v.guid, r->offer.guid, sizeof v.guid);
    if (lie)
        v.caps ^= SMB_CAP_ENCRYPTION;
    wr_init(&in, 100);
    smb_put_validate(&in, &v, false);
    struct smb_ioctl q = { .code = FSCTL_VALIDATE_NEGOTIATE_INFO,
                           .max_out = 24,
                           .data = { in.base, in.len } };
    memset(q.file_id, 255, sizeof q.file_id);
    begin(&m);
    smb_put_ioctl_req(&m, &q);
    wr_free(&in);
    raw_send(r, &m, (struct smb_hdr){ .command = SMB_IOCTL }, RAW_SIGNED);
    turns(&w);
    assert_int_equal(r->closed, lie);
    if (!lie)
        assert_int_equal(last(r), STATUS_SUCCESS);
    stop(&w);
}

static void test_validate(void **state)
{
    (void)state;
    validate(false);
    validate(true);
}

/* No address takes all the connections. */
static void test_share(void **state)
{
    struct world w = { .so = { .max_conns = 16 } };
    struct raw_smb *more[6];
    struct io_stream *s;
    unsigned n = 0;
    (void)state;
    start(&w);
    for (unsigned i = 0; i < 6; i++) {
        more[i] = malloc(sizeof *more[i]);
        assert_non_null(more[i]);
        raw_init(more[i], smbd_env());
        s = &more[i]->stream;
        n += smbd_join(w.server, w.loop, s, i < 5 ? "192.0.2.7:2000" : "192.0.2.70:2000") == STATUS_SUCCESS;
    }
    assert_int_equal(n, 4); /* three more of the first address, and the other one */
    turns(&w);
    stop_streams(more, 6);
    stop(&w);
}

static struct raw_smb *dial_from(struct world *w, const char *peer)
{
    struct raw_smb *r = malloc(sizeof *r);
    assert_non_null(r);
    raw_init(r, smbd_env());
    if (smbd_join(w->server, w->loop, &r->stream, peer) != STATUS_SUCCESS)
        r->closed = true;
    turns(w);
    return r;
}

/* Where all connections are taken by strangers the oldest of them goes for the next one; who has logged on
 * stays. */
static void test_guests(void **state)
{
    struct world w = { .so = { .max_conns = 16 } };
    struct raw_smb *more[20];
    char peer[40];
    unsigned gone = 0;
    (void)state;
    start(&w);
    log_on(&w, w.raw, NPC_SMB_3_1_1, NPC_AES128_GCM);
    for (unsigned i = 0; i < 20; i++) {
        snprintf(peer, sizeof peer, "192.0.2.%u:2000", 100 + i);
        more[i] = dial_from(&w, peer);
        assert_false(more[i]->closed);
    }
    for (unsigned i = 0; i < 20; i++) {
        assert_true(more[i]->closed == (i < 5));
        gone += more[i]->closed;
    }
    assert_int_equal(gone, 5);
    raw_negotiate(more[19], NPC_SMB_3_0, NPC_CIPHER_NONE, NPC_AES_CMAC);
    send_cmd(&w, w.raw, SMB_ECHO, NULL, RAW_SIGNED);
    assert_int_equal(last(w.raw), STATUS_SUCCESS);
    assert_int_equal(last(more[19]), STATUS_SUCCESS);
    stop_streams(more, 20);
    stop(&w);
}

/* Parts of messages of many strangers take no more than 16 MiB together. */
static void test_guests_hold(void **state)
{
    struct world w = { 0 };
    struct raw_smb *more[300];
    uint8_t *part = calloc(1, 67 * 1024);
    char peer[40];
    unsigned gone = 0;
    (void)state;
    assert_non_null(part);
    part[2] = 68 * 1024 >> 8 & 0xff;
    part[1] = 68 * 1024 >> 16;
    start(&w);
    log_on(&w, w.raw, NPC_SMB_3_1_1, NPC_AES128_GCM);
    for (unsigned i = 0; i < 300; i++) {
        snprintf(peer, sizeof peer, "192.0.2.%u:2000", 100 + i % 100);
        more[i] = dial_from(&w, peer);
        raw_bytes(more[i], part, 67 * 1024);
        turns(&w);
    }
    for (unsigned i = 0; i < 300; i++)
        gone += more[i]->closed;
    assert_true(gone >= 300 - 16 * 1024 / 67 && gone < 250);
    assert_true(more[0]->closed && !more[299]->closed);
    free(part);
    send_cmd(&w, w.raw, SMB_ECHO, NULL, RAW_SIGNED);
    assert_int_equal(last(w.raw), STATUS_SUCCESS);
    stop_streams(more, 300);
    stop(&w);
}

static void put_most(struct raw_smb *r, struct wr *w)
{
    struct smb_read_req q = { .length = 65536 };
    memcpy(q.file_id, r->file_id, sizeof q.file_id);
    smb_put_read_req(w, &q);
}

static uint64_t bytes_out(const struct world *w)
{
    struct smbd_counters c;
    smbd_counters(w->server, &c);
    return c.bytes_out;
}

static void put_peek(struct raw_smb *r, struct wr *w)
{
    struct smb_ioctl q = { .code = 0x0011400C, .max_out = 65536 };
    memcpy(q.file_id, r->file_id, sizeof q.file_id);
    smb_put_ioctl_req(w, &q);
}

static void put_much(struct raw_smb *r, struct wr *w)
{
    static const uint8_t much[60000];
    struct smb_write_req q = { .data = { much, sizeof much } };
    memcpy(q.file_id, r->file_id, sizeof q.file_id);
    smb_put_write_req(w, &q);
}

/* Who does not read gets no answers beyond the high-water mark, however many small requests have come; they
 * are not lost. Where others leave so much unread, the mark is lower. */
static void unread(uint16_t command, void (*put)(struct raw_smb *, struct wr *), unsigned writes,
                   size_t others)
{
    enum { N = 50 };
    struct world w = { 0 };
    struct wr all;
    start(&w);
    struct raw_smb *r = w.raw;
    log_on(&w, r, NPC_SMB_3_1_1, NPC_CIPHER_NONE);
    for (int i = 0; i < 2; i++) {
        struct wr m;
        begin(&m);
        smb_put_empty(&m);
        raw_send(r, &m, (struct smb_hdr){ .command = SMB_ECHO, .credits = 200 }, RAW_SIGNED);
        turns(&w);
    }
    open_pipe(&w, r, "echo");
    for (unsigned i = 0; i < writes; i++) {
        send_cmd(&w, r, SMB_WRITE, put_much, RAW_SIGNED);
        assert_int_equal(last(r), STATUS_SUCCESS);
    }
    io_hold(&r->stream, true);
    w.server->output += others;
    size_t mark = others ? SMBD_UNREAD_FEW : IO_HIGH_WATER;
    uint64_t before = bytes_out(&w);
    r->n_answers = 0;
    wr_init(&all, 1 << 20);
    for (unsigned i = 0; i < N; i++) { /* all of them in one piece */
        struct wr m;
        begin(&m);
        put(r, &m);
        raw_send(r, &m, (struct smb_hdr){ .command = command, .credits = 1 }, RAW_SIGNED);
    }
    for (struct io_out *o = r->stream.out_head; o; o = o->next)
        wr_bytes(&all, o->w.base + o->sent, o->w.len - o->sent);
    assert_int_equal(all.st, STATUS_SUCCESS);
    while (r->stream.out_head)
        io_sent(&r->stream, r->stream.out_head->w.len - r->stream.out_head->sent);
    raw_bytes(r, all.base, all.len);
    wr_free(&all);
    turns(&w);
    assert_in_range(bytes_out(&w) - before, mark, mark + 2 * 65536);
    assert_int_equal(r->n_answers, 0);
    io_hold(&r->stream, false);
    for (int i = 0; i < 20; i++)
        turns(&w);
    unsigned good = 0;
    for (unsigned i = 0; i < r->n_answers; i++)
        good += r->answers[i].h.status == STATUS_SUCCESS;
    assert_int_equal(good, N);
    assert_false(r->closed);
    w.server->output -= others;
    assert_int_equal(w.server->output, 0);
    stop(&w);
}

static void put_little(struct raw_smb *r, struct wr *w)
{
    struct smb_write_req q = { .data = { (const uint8_t *)"x", 1 } };
    memcpy(q.file_id, r->file_id, sizeof q.file_id);
    smb_put_write_req(w, &q);
}

/* Answers in a pipe that are small, and many. */
static void little_unread(void)
{
    struct world w = { 0 };
    unsigned n = 0;
    start(&w);
    log_on(&w, w.raw, NPC_SMB_3_1_1, NPC_CIPHER_NONE);
    open_pipe(&w, w.raw, "echo");
    for (; n < 2000 && last(w.raw) == STATUS_SUCCESS; n++) {
        w.raw->n_answers = 0;
        send_cmd(&w, w.raw, SMB_WRITE, put_little, RAW_SIGNED);
    }
    assert_int_equal(last(w.raw), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(n, SMBD_UNREAD_MESSAGES + 2);
    send_cmd(&w, w.raw, SMB_READ, put_read, RAW_SIGNED);
    assert_int_equal(last(w.raw), STATUS_SUCCESS);
    send_cmd(&w, w.raw, SMB_WRITE, put_little, RAW_SIGNED);
    assert_int_equal(last(w.raw), STATUS_SUCCESS);
    stop(&w);
}

static void test_unread(void **state)
{
    (void)state;
    little_unread();
    unread(0x0b, put_peek, 1, 0); /* IOCTL: what is looked at stays */
    unread(SMB_READ, put_most, 50, 0);
    unread(SMB_READ, put_most, 50, SMBD_UNREAD_ALL);
}

/* What waits behind a request that waits is bounded, too. */
static void test_waiting_bytes(void **state)
{
    struct world w = { 0 };
    unsigned waiting = 0;
    (void)state;
    start(&w);
    struct raw_smb *r = w.raw;
    log_on(&w, r, NPC_SMB_3_1_1, NPC_AES128_GCM);
    struct wr m;
    begin(&m);
    smb_put_empty(&m);
    raw_send(r, &m, (struct smb_hdr){ .command = SMB_ECHO, .credits = 200 }, RAW_SIGNED);
    turns(&w);
    open_pipe(&w, r, "mute");
    for (int i = 0; i < 10; i++) {
        size_t at = chain(r, &m, 0, SMB_READ, 0);
        put_read(r, &m);
        (void)chain(r, &m, at, SMB_WRITE, 0);
        put_much(r, &m);
        send_chain(&w, r, &m);
        waiting += r->n_answers == 1 && last(r) == STATUS_PENDING;
        if (r->n_answers == 2)
            assert_int_equal(r->answers[0].h.status, STATUS_INSUFFICIENT_RESOURCES);
    }
    assert_int_equal(waiting, 4);
    send_cmd(&w, r, SMB_CLOSE, put_close, RAW_SIGNED);
    open_pipe(&w, r, "mute"); /* and it is counted down */
    size_t at = chain(r, &m, 0, SMB_READ, 0);
    put_read(r, &m);
    (void)chain(r, &m, at, SMB_WRITE, 0);
    put_much(r, &m);
    send_chain(&w, r, &m);
    assert_int_equal(last(r), STATUS_PENDING);
    stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_protection),
        cmocka_unit_test(test_must_encrypt),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_credits),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_silent),
        cmocka_unit_test(test_stranger),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_related),
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_pipe_states),
        cmocka_unit_test(test_reauthentication),
        cmocka_unit_test(test_previous_session),
        cmocka_unit_test(test_binding),
        cmocka_unit_test(test_share),
        cmocka_unit_test(test_guests),
        cmocka_unit_test(test_guests_hold),
        cmocka_unit_test(test_unread),
        cmocka_unit_test(test_waiting_bytes),
        cmocka_unit_test(test_validate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
