// SPDX-License-Identifier: Apache-2.0
/* One session over several connections ([MS-SMB2] 3.3.5.5): what each may do, and what is left when they go.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka last */
#include <cmocka.h>
#include "pair/smbd_world.h"

static const char *const here[] = { "127.0.0.1" };

struct channels {
    struct world w;
    struct raw_smb *a, *b;
};

static void begin_channels(struct channels *x, enum npc_dialect d, enum npc_cipher c)
{
    x->w.so.addresses = here;
    x->w.so.n_addresses = 1;
    start(&x->w);
    x->a = x->w.raw;
    log_on(&x->w, x->a, d, c);
    x->b = x->w.raw2 = dial(&x->w);
}

static void negotiate(struct world *w, struct raw_smb *r, enum npc_dialect d, enum npc_cipher c)
{
    raw_negotiate(r, d, c, NPC_AES_CMAC);
    turns(w);
    assert_int_equal(last(r), STATUS_SUCCESS);
}

static enum nt_status bind_as(struct world *w, struct raw_smb *r, const struct raw_smb *to, const char *user,
                              int how)
{
    raw_share(r, to);
    log_on_as(w, r, user, how);
    return last(r);
}

static void put_hello(struct raw_smb *r, struct wr *w)
{
    put_transact(r, w, "hello");
}

static void transact(struct world *w, struct raw_smb *r, int how)
{
    send_cmd(w, r, SMB_IOCTL, put_hello, how);
    assert_int_equal(last(r), STATUS_SUCCESS);
    assert_true(how == RAW_SEALED ? raw_last(r)->sealed : raw_last(r)->signature_ok);
}

/* Both ends of the wire are changed under the server: the connection is lost. */
static void lose(struct world *w, struct raw_smb *r)
{
    io_close(&r->stream, STATUS_CONNECTION_DISCONNECTED, false);
    turns(w);
    turns(w);
}

static unsigned sessions(const struct world *w)
{
    struct smbd_stats st;
    smbd_stats(w->server, &st);
    return st.sessions;
}

static void test_two(enum npc_dialect d, enum npc_cipher c)
{
    struct channels x = { 0 };
    begin_channels(&x, d, c);
    open_pipe(&x.w, x.a, "echo");
    negotiate(&x.w, x.b, d, c);
    assert_int_equal(bind_as(&x.w, x.b, x.a, "alice", RAW_SIGNED), STATUS_SUCCESS);
    assert_true(raw_last(x.b)->signature_ok);
    transact(&x.w, x.b, RAW_SIGNED); /* pipes, trees and session are the same, keys are not */
    transact(&x.w, x.a, RAW_SIGNED);
    transact(&x.w, x.b, RAW_SEALED);
    transact(&x.w, x.a, RAW_SEALED);
    assert_int_equal(sessions(&x.w), 1);
    send_cmd(&x.w, x.b, SMB_LOGOFF, NULL, RAW_SIGNED);
    assert_int_equal(last(x.b), STATUS_SUCCESS);
    assert_true(raw_last(x.b)->signature_ok);
    assert_int_equal(service_open_pipes, 0);
    for (int i = 0; i < 2; i++) {
        struct raw_smb *r = i ? x.a : x.b;
        send_cmd(&x.w, r, SMB_LOGOFF, NULL, RAW_SIGNED);
        assert_int_equal(last(r), STATUS_USER_SESSION_DELETED);
    }
    stop(&x.w);
}

static void test_dialects(void **state)
{
    (void)state;
    test_two(NPC_SMB_3_0, NPC_AES128_CCM);
    test_two(NPC_SMB_3_0_2, NPC_AES128_CCM);
    test_two(NPC_SMB_3_1_1, NPC_AES128_GCM);
    test_two(NPC_SMB_3_1_1, NPC_AES256_CCM);
}

/* The connection where it began goes: all that is open stays, and so do timers. */
static void test_first_lost(void **state)
{
    struct channels x = { 0 };
    (void)state;
    begin_channels(&x, NPC_SMB_3_1_1, NPC_AES128_GCM);
    open_pipe(&x.w, x.a, "late");
    negotiate(&x.w, x.b, NPC_SMB_3_1_1, NPC_AES128_GCM);
    assert_int_equal(bind_as(&x.w, x.b, x.a, "alice", RAW_SIGNED), STATUS_SUCCESS);
    send_cmd(&x.w, x.b, SMB_IOCTL, put_hello, RAW_SIGNED); /* a second later */
    assert_int_equal(last(x.b), STATUS_PENDING);
    lose(&x.w, x.a);
    assert_int_equal(sessions(&x.w), 1);
    assert_int_equal(service_open_pipes, 1);
    for (int i = 0; i < 200 && last(x.b) == STATUS_PENDING; i++)
        (void)!nt_loop_run(x.w.loop, 20);
    assert_int_equal(last(x.b), STATUS_SUCCESS);
    open_pipe(&x.w, x.b, "echo");
    transact(&x.w, x.b, RAW_SIGNED);
    lose(&x.w, x.b);
    assert_int_equal(sessions(&x.w), 0);
    assert_int_equal(service_open_pipes, 0);
    stop(&x.w);
}

static void test_second_lost(void **state)
{
    struct channels x = { 0 };
    (void)state;
    begin_channels(&x, NPC_SMB_3_1_1, NPC_AES128_GCM);
    open_pipe(&x.w, x.a, "mute");
    negotiate(&x.w, x.b, NPC_SMB_3_1_1, NPC_AES128_GCM);
    assert_int_equal(bind_as(&x.w, x.b, x.a, "alice", RAW_SIGNED), STATUS_SUCCESS);
    send_cmd(&x.w, x.b, SMB_IOCTL, put_hello, RAW_SIGNED);
    assert_int_equal(last(x.b), STATUS_PENDING);
    lose(&x.w, x.b); /* the request goes, the pipe stays */
    assert_int_equal(service_open_pipes, 1);
    open_pipe(&x.w, x.a, "echo");
    transact(&x.w, x.a, RAW_SIGNED);
    stop(&x.w);
}

/* The server ends with both kinds there: gone where it began, and whole. */
static void test_end(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct channels x = { 0 };
        begin_channels(&x, NPC_SMB_3_1_1, NPC_AES128_GCM);
        open_pipe(&x.w, x.a, "late");
        negotiate(&x.w, x.b, NPC_SMB_3_1_1, NPC_AES128_GCM);
        assert_int_equal(bind_as(&x.w, x.b, x.a, "alice", RAW_SIGNED), STATUS_SUCCESS);
        send_cmd(&x.w, x.b, SMB_IOCTL, put_hello, RAW_SIGNED);
        if (i)
            lose(&x.w, x.a);
        stop(&x.w);
    }
}

static void test_refused(void **state)
{
    struct channels x = { 0 };
    (void)state;
    begin_channels(&x, NPC_SMB_3_1_1, NPC_AES128_GCM);
    open_pipe(&x.w, x.a, "echo");
    negotiate(&x.w, x.b, NPC_SMB_3_1_1, NPC_AES128_GCM);
    assert_int_equal(bind_as(&x.w, x.b, x.a, "alice", RAW_PLAIN), STATUS_INVALID_PARAMETER);
    assert_int_equal(bind_as(&x.w, x.b, x.a, "bob", RAW_SIGNED), STATUS_ACCESS_DENIED);
    send_cmd(&x.w, x.b, SMB_IOCTL, put_hello, RAW_SIGNED); /* and so it has no session */
    assert_int_equal(last(x.b), STATUS_USER_SESSION_DELETED);
    raw_share(x.b, x.a);
    uint8_t key[16] = { 1 };
    smb_signer_init(&x.b->keys.signer, NPC_AES_CMAC, key); /* somebody who does not have the session's key */
    log_on_as(&x.w, x.b, "alice", RAW_SIGNED);
    assert_int_equal(last(x.b), STATUS_ACCESS_DENIED);
    raw_share(x.b, x.a);
    x.b->session_id ^= 1;
    log_on_as(&x.w, x.b, "alice", RAW_SIGNED);
    assert_int_equal(last(x.b), STATUS_USER_SESSION_DELETED);
    assert_int_equal(bind_as(&x.w, x.b, x.a, "alice", RAW_SIGNED), STATUS_SUCCESS);
    log_on_as(&x.w, x.b, "alice", RAW_SIGNED); /* it is bound already */
    assert_int_equal(last(x.b), STATUS_REQUEST_NOT_ACCEPTED);
    transact(&x.w, x.a, RAW_SIGNED); /* none of it has hurt the session */
    assert_int_equal(sessions(&x.w), 1);
    stop(&x.w);
}

static void other_dialect(enum npc_dialect d, enum npc_cipher c, enum nt_status want)
{
    struct channels x = { 0 };
    begin_channels(&x, NPC_SMB_3_1_1, NPC_AES128_GCM);
    negotiate(&x.w, x.b, d, c);
    assert_int_equal(bind_as(&x.w, x.b, x.a, "alice", RAW_SIGNED), want);
    stop(&x.w);
}

static void test_other_dialect(void **state)
{
    (void)state;
    other_dialect(NPC_SMB_2_0_2, NPC_CIPHER_NONE, STATUS_REQUEST_NOT_ACCEPTED);
    other_dialect(NPC_SMB_2_1, NPC_CIPHER_NONE, STATUS_REQUEST_NOT_ACCEPTED);
    other_dialect(NPC_SMB_3_0_2, NPC_AES128_CCM, STATUS_INVALID_PARAMETER);
}

/* [MS-SMB2] 3.3.5.5.3: one client speaks one dialect. */
static void test_one_client(void **state)
{
    struct channels x = { 0 };
    (void)state;
    begin_channels(&x, NPC_SMB_3_1_1, NPC_AES128_GCM);
    negotiate(&x.w, x.b, NPC_SMB_3_0_2, NPC_AES128_CCM);
    log_on_as(&x.w, x.b, "alice", RAW_PLAIN);
    assert_int_equal(last(x.b), STATUS_USER_SESSION_DELETED);
    lose(&x.w, x.a); /* then it may change its mind */
    x.b->session_id = 0;
    log_on_as(&x.w, x.b, "alice", RAW_PLAIN);
    assert_int_equal(last(x.b), STATUS_SUCCESS);
    stop(&x.w);
}

/* A server that tells of no addresses has one connection a session. */
static void test_switched_off(void **state)
{
    struct channels x = { 0 };
    (void)state;
    start(&x.w);
    x.a = x.w.raw;
    log_on(&x.w, x.a, NPC_SMB_3_1_1, NPC_AES128_GCM);
    x.b = x.w.raw2 = dial(&x.w);
    negotiate(&x.w, x.b, NPC_SMB_3_1_1, NPC_AES128_GCM);
    assert_int_equal(bind_as(&x.w, x.b, x.a, "alice", RAW_SIGNED), STATUS_REQUEST_NOT_ACCEPTED);
    stop(&x.w);
}

/* What is half done when the session, or the connection, goes. */
static void test_halfway(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct channels x = { 0 };
        struct wr m;
        begin_channels(&x, NPC_SMB_3_1_1, NPC_AES128_GCM);
        open_pipe(&x.w, x.a, "echo");
        negotiate(&x.w, x.b, NPC_SMB_3_1_1, NPC_AES128_GCM);
        raw_share(x.b, x.a);
        static const uint8_t first[] = "NTLMSSP\0\1\0\0\0\x35\x82\x08\x60\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        struct smb_setup_req q = { .flags = 1, .mode = 1, .token = { first, sizeof first - 1 } };
        begin(&m);
        smb_put_setup_req(&m, &q);
        raw_send(x.b, &m, (struct smb_hdr){ .command = SMB_SESSION_SETUP }, RAW_SIGNED);
        turns(&x.w);
        assert_int_equal(last(x.b), STATUS_MORE_PROCESSING_REQUIRED);
        assert_true(raw_last(x.b)->signature_ok); /* by the session's key */
        send_cmd(&x.w, x.b, SMB_IOCTL, put_hello, RAW_SIGNED);
        assert_int_equal(last(x.b), STATUS_USER_SESSION_DELETED);
        if (i) {
            send_cmd(&x.w, x.a, SMB_LOGOFF, NULL, RAW_SIGNED);
            assert_int_equal(last(x.a), STATUS_SUCCESS);
            begin(&m);
            smb_put_setup_req(&m, &q);
            raw_send(x.b, &m, (struct smb_hdr){ .command = SMB_SESSION_SETUP }, RAW_SIGNED);
            turns(&x.w);
            assert_int_equal(last(x.b), STATUS_USER_SESSION_DELETED);
        } else {
            lose(&x.w, x.b);
            transact(&x.w, x.a, RAW_SIGNED);
        }
        stop(&x.w);
    }
}

static size_t add(struct raw_smb *r, struct wr *m, uint16_t command, uint64_t mid)
{
    struct smb_hdr h = { .command = command,
                         .flags = SMB_FLAG_SIGNED,
                         .mid = mid,
                         .tree_id = r->tree_id,
                         .session_id = r->session_id,
                         .credits = 16 };
    size_t at = m->len;
    wr_zero(m, SMB_HDR);
    assert_int_equal(m->st, STATUS_SUCCESS);
    smb_put_hdr(m->base + at, &h);
    return at;
}

/* A read that waits, and behind it in its chain a command that runs when the read ends. */
static void send_read_then(struct world *w, struct raw_smb *r, uint16_t command,
                           const uint8_t close_id[SMB_FILE_ID])
{
    struct wr m;
    wr_init(&m, SMB_MAX_MESSAGE);
    wr_zero(&m, SMB_FRAME);
    (void)add(r, &m, SMB_READ, r->next_mid);
    put_read(r, &m);
    wr_zero(&m, (SMB_FRAME - m.len) & 7);
    size_t second = add(r, &m, command, r->next_mid + 1);
    if (command == SMB_CREATE) {
        struct smb_create_req q = { .name = "echo" };
        smb_put_create_req(&m, &q);
    } else if (command == SMB_CLOSE) {
        smb_put_close_req(&m, close_id);
    } else {
        smb_put_empty(&m);
    }
    r->next_mid += 2;
    assert_int_equal(m.st, STATUS_SUCCESS);
    put_le32(m.base + SMB_FRAME + 20, (uint32_t)(second - SMB_FRAME));
    assert_true(smb_sign_message(&r->keys.signer, m.base + SMB_FRAME, second - SMB_FRAME, false));
    assert_true(smb_sign_message(&r->keys.signer, m.base + second, m.len - second, false));
    smb_put_frame(m.base, m.len - SMB_FRAME);
    raw_bytes(r, m.base, m.len);
    wr_free(&m);
    turns(w);
}

/* A session that ends has requests of its other connections run on: they find it no more. */
static void test_ends_once(void **state)
{
    static const uint16_t then[] = { SMB_LOGOFF, SMB_CREATE };
    (void)state;
    for (size_t i = 0; i < sizeof then / sizeof then[0]; i++) {
        struct channels x = { 0 };
        begin_channels(&x, NPC_SMB_3_1_1, NPC_AES128_GCM);
        open_pipe(&x.w, x.a, "mute");
        negotiate(&x.w, x.b, NPC_SMB_3_1_1, NPC_AES128_GCM);
        assert_int_equal(bind_as(&x.w, x.b, x.a, "alice", RAW_SIGNED), STATUS_SUCCESS);
        send_read_then(&x.w, x.b, then[i], NULL);
        assert_int_equal(last(x.b), STATUS_PENDING);
        send_cmd(&x.w, x.a, SMB_LOGOFF, NULL, RAW_SIGNED);
        assert_int_equal(last(x.a), STATUS_SUCCESS);
        assert_int_equal(last(x.b), STATUS_USER_SESSION_DELETED);
        assert_int_equal(raw_last(x.b)->h.command, then[i]);
        assert_int_equal(service_open_pipes, 0);
        assert_int_equal(sessions(&x.w), 0);
        stop(&x.w);
    }
}

/* Each read that waits has a CLOSE of the next one's pipe behind it. One connection can have some hundred,
 * many connections of a session could go as deep as the stack. */
static void test_nested(void **state)
{
    enum { PIPES = 600 };
    struct channels x = { 0 };
    static uint8_t ids[PIPES + 1][SMB_FILE_ID];
    (void)state;
    begin_channels(&x, NPC_SMB_3_1_1, NPC_AES128_GCM);
    for (unsigned i = 0; i <= PIPES; i++) {
        open_pipe(&x.w, x.a, "mute");
        memcpy(ids[i], x.a->file_id, SMB_FILE_ID);
        x.a->n_answers = 0;
    }
    negotiate(&x.w, x.b, NPC_SMB_3_1_1, NPC_AES128_GCM);
    assert_int_equal(bind_as(&x.w, x.b, x.a, "alice", RAW_SIGNED), STATUS_SUCCESS);
    for (unsigned i = 0; i < PIPES; i++) {
        struct raw_smb *r = i % 2 ? x.b : x.a;
        memcpy(r->file_id, ids[i], SMB_FILE_ID);
        r->n_answers = 0;
        send_read_then(&x.w, r, SMB_CLOSE, ids[i + 1]);
        assert_int_equal(last(r), STATUS_PENDING);
    }
    struct wr m;
    begin(&m);
    smb_put_close_req(&m, ids[0]);
    x.a->n_answers = x.b->n_answers = 0;
    raw_send(x.a, &m, (struct smb_hdr){ .command = SMB_CLOSE }, RAW_SIGNED);
    turns(&x.w);
    assert_true(x.a->closed || x.b->closed);
    stop(&x.w);
}

/* ---- at random ---- */

enum { CONNS = 3, KNOWN = 64 };

/* What a connection knows of a session. */
struct known {
    uint64_t session_id;
    uint32_t tree_id;
    struct smb_keys keys;
};

/* Two sessions, each by three connections. */
struct mess {
    struct world w;
    struct raw_smb *r[CONNS];
    uint8_t preauth[CONNS][64];
    struct known known[2][CONNS];
    uint8_t files[KNOWN][SMB_FILE_ID];
    unsigned n_files;
    uint32_t random;
};

static unsigned any(struct mess *m, unsigned n)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 17;
    m->random ^= m->random << 5;
    return m->random % n;
}

static const uint8_t *any_file(struct mess *m)
{
    return m->files[any(m, m->n_files ? m->n_files : 1)];
}

static void put_any(struct mess *m, struct wr *w, uint16_t command)
{
    static const char *const names[] = { "echo", "mute", "twice", "bye" };
    struct smb_read_req rd = { .length = any(m, 2) ? 3 : 1000 };
    struct smb_write_req wt = { .data = { (const uint8_t *)"hello", 5 } };
    struct smb_ioctl io = { .code = FSCTL_PIPE_TRANSCEIVE, .max_out = 1000, .data = wt.data };
    struct smb_create_req cr = { .name = names[any(m, 4)] };
    switch (command) {
    case SMB_READ:
        memcpy(rd.file_id, any_file(m), SMB_FILE_ID);
        smb_put_read_req(w, &rd);
        break;
    case SMB_WRITE:
        memcpy(wt.file_id, any_file(m), SMB_FILE_ID);
        smb_put_write_req(w, &wt);
        break;
    case SMB_IOCTL:
        memcpy(io.file_id, any_file(m), SMB_FILE_ID);
        smb_put_ioctl_req(w, &io);
        break;
    case SMB_CLOSE:
        smb_put_close_req(w, any_file(m));
        break;
    case SMB_CREATE:
        (void)smb_put_create_req(w, &cr);
        break;
    default:
        smb_put_empty(w);
    }
}

/* A chain of requests, each of one of the sessions, that are related to nothing. */
static void send_any(struct mess *m)
{
    static const uint16_t usual[] = { SMB_READ,   SMB_READ,  SMB_READ,  SMB_IOCTL, SMB_CREATE,
                                      SMB_CREATE, SMB_CLOSE, SMB_WRITE, SMB_ECHO };
    static const uint16_t rare[] = { SMB_LOGOFF, SMB_TREE_DISCONNECT, SMB_CANCEL };
    unsigned conn = any(m, CONNS), n = 1 + any(m, 5);
    struct raw_smb *wire = m->r[conn];
    struct wr w;
    size_t at = 0;
    wr_init(&w, SMB_MAX_MESSAGE);
    wr_zero(&w, SMB_FRAME);
    for (unsigned i = 0; i < n; i++) {
        const struct known *as = &m->known[any(m, 2)][conn];
        struct smb_signer signer = as->keys.signer;
        uint16_t command = any(m, 25) ? usual[any(m, 9)] : rare[any(m, 3)];
        uint64_t mid = command == SMB_CANCEL ? any(m, (unsigned)wire->next_mid) : wire->next_mid++;
        wire->session_id = as->session_id;
        wire->tree_id = as->tree_id;
        at = add(wire, &w, command, mid);
        put_any(m, &w, command);
        if (i + 1 < n) {
            wr_zero(&w, (SMB_FRAME - w.len) & 7);
            put_le32(w.base + at + 20, (uint32_t)(w.len - at));
        }
        assert_int_equal(w.st, STATUS_SUCCESS);
        assert_true(smb_sign_message(&signer, w.base + at, w.len - at, false));
    }
    smb_put_frame(w.base, w.len - SMB_FRAME);
    raw_bytes(wire, w.base, w.len);
    wr_free(&w);
}

static void look(struct mess *m)
{
    for (unsigned i = 0; i < CONNS; i++) {
        struct raw_smb *r = m->r[i];
        struct smb_create_rsp p;
        for (unsigned k = 0; k < r->n_answers; k++)
            if (r->answers[k].h.command == SMB_CREATE && r->answers[k].h.status == STATUS_SUCCESS &&
                smb_get_create_rsp(r->answers[k].msg, r->answers[k].len, &p) == STATUS_SUCCESS)
                memcpy(m->files[m->n_files < KNOWN ? m->n_files++ : any(m, KNOWN)], p.file_id, SMB_FILE_ID);
        r->n_answers = 0;
    }
}

/* Session k begins on connection k, and is bound to the others. */
static void begin_session(struct mess *m, unsigned k)
{
    for (unsigned j = 0; j < CONNS; j++) {
        unsigned i = (k + j) % CONNS;
        struct raw_smb *r = m->r[i];
        memcpy(r->preauth, m->preauth[i], sizeof r->preauth);
        r->session_id = j ? m->known[k][k].session_id : 0;
        r->keys = j ? m->known[k][k].keys : (struct smb_keys){ .signer = { .alg = NPC_AES_CMAC } };
        r->have_keys = r->binding = j;
        r->n_answers = 0;
        log_on_as(&m->w, r, "alice", j ? RAW_SIGNED : RAW_PLAIN);
        assert_int_equal(last(r), STATUS_SUCCESS);
        if (!j) {
            raw_tree(r, RAW_SIGNED);
            turns(&m->w);
            assert_int_equal(last(r), STATUS_SUCCESS);
            r->tree_id = raw_last(r)->h.tree_id;
        }
        m->known[k][i] = (struct known){ r->session_id, j ? m->known[k][k].tree_id : r->tree_id, r->keys };
        r->n_answers = 0;
    }
}

static void one_mess(uint32_t seed)
{
    struct mess *m = calloc(1, sizeof *m);
    assert_non_null(m);
    m->random = seed;
    m->w.so.addresses = here;
    m->w.so.n_addresses = 1;
    start(&m->w);
    for (unsigned i = 0; i < CONNS; i++) {
        m->r[i] = i ? dial(&m->w) : m->w.raw;
        negotiate(&m->w, m->r[i], NPC_SMB_3_1_1, NPC_AES128_GCM);
        memcpy(m->preauth[i], m->r[i]->preauth, sizeof m->preauth[i]);
    }
    m->w.raw2 = m->r[1];
    begin_session(m, 0);
    begin_session(m, 1);
    for (unsigned n = 0; n < 60; n++) {
        send_any(m);
        for (unsigned i = any(m, 3); i; i--)
            (void)!nt_loop_run(m->w.loop, 1);
        look(m);
        if (!any(m, 40))
            lose(&m->w, m->r[any(m, CONNS)]);
    }
    stop_streams(&m->r[2], 1);
    stop(&m->w);
    free(m);
}

static void test_at_random(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 200; seed++)
        one_mess(seed * 2654435761u);
}

static void test_many(void **state)
{
    enum { MOST = 32 };
    struct world w = { .so = { .addresses = here, .n_addresses = 1 } };
    struct raw_smb *rs[MOST];
    (void)state;
    start(&w);
    log_on(&w, w.raw, NPC_SMB_3_1_1, NPC_AES128_GCM);
    for (unsigned i = 0; i < MOST; i++) {
        rs[i] = dial(&w);
        negotiate(&w, rs[i], NPC_SMB_3_1_1, NPC_AES128_GCM);
        enum nt_status st = bind_as(&w, rs[i], w.raw, "alice", RAW_SIGNED);
        assert_int_equal(st, i < MOST - 1 ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES);
    }
    assert_int_equal(sessions(&w), 1);
    stop_streams(rs, MOST);
    stop(&w);
}

static void put_write(struct raw_smb *r, struct wr *w)
{
    struct smb_write_req q = { .data = { (const uint8_t *)"late", 4 } };
    memcpy(q.file_id, r->file_id, sizeof q.file_id);
    smb_put_write_req(w, &q);
}

static enum nt_status send_as(struct world *w, struct raw_smb *r, uint16_t command,
                              void (*put)(struct raw_smb *, struct wr *), uint32_t sequence, uint32_t flags)
{
    struct wr m;
    begin(&m);
    put(r, &m);
    raw_send(r, &m, (struct smb_hdr){ .command = command, .status = sequence, .flags = flags }, RAW_SIGNED);
    turns(w);
    return last(r);
}

/* [MS-SMB2] 3.3.5.2.10: what was sent before a connection was lost, and comes after what was sent again. */
static void test_late(void **state)
{
    enum { REPLAY = 0x20000000 };
    struct channels x = { 0 };
    (void)state;
    begin_channels(&x, NPC_SMB_3_1_1, NPC_AES128_GCM);
    open_pipe(&x.w, x.a, "mute");
    assert_int_equal(send_as(&x.w, x.a, SMB_WRITE, put_write, 3, 0), STATUS_SUCCESS);
    assert_int_equal(send_as(&x.w, x.a, SMB_WRITE, put_write, 2, 0), STATUS_FILE_NOT_AVAILABLE);
    assert_int_equal(send_as(&x.w, x.a, SMB_WRITE, put_write, 3, REPLAY), STATUS_SUCCESS);
    assert_int_equal(send_as(&x.w, x.a, SMB_READ, put_read, 3, 0), STATUS_PENDING); /* is still out */
    assert_int_equal(send_as(&x.w, x.a, SMB_WRITE, put_write, 4, REPLAY), STATUS_FILE_NOT_AVAILABLE);
    assert_int_equal(send_as(&x.w, x.a, SMB_WRITE, put_write, 4, 0), STATUS_SUCCESS);
    assert_int_equal(send_as(&x.w, x.a, SMB_WRITE, put_write, 0x8004, 0), STATUS_FILE_NOT_AVAILABLE);
    assert_int_equal(send_as(&x.w, x.a, SMB_WRITE, put_write, 0x8003, 0), STATUS_SUCCESS); /* 0x7fff ahead */
    assert_int_equal(send_as(&x.w, x.a, SMB_WRITE, put_write, 1, 0), STATUS_SUCCESS);      /* it wraps */
    stop(&x.w);
    struct world old = { 0 };
    start(&old);
    log_on(&old, old.raw, NPC_SMB_2_1, NPC_CIPHER_NONE);
    open_pipe(&old, old.raw, "mute");
    assert_int_equal(send_as(&old, old.raw, SMB_WRITE, put_write, 3, 0), STATUS_SUCCESS);
    assert_int_equal(send_as(&old, old.raw, SMB_WRITE, put_write, 2, 0), STATUS_SUCCESS);
    stop(&old);
}

static void put_interfaces(struct raw_smb *r, struct wr *w)
{
    struct smb_ioctl q = { .code = FSCTL_QUERY_NETWORK_INTERFACE_INFO, .max_out = 4096 };
    (void)r;
    memset(q.file_id, 0xff, sizeof q.file_id);
    smb_put_ioctl_req(w, &q);
}

static void test_interfaces(void **state)
{
    struct channels x = { 0 };
    struct smb_ioctl p;
    (void)state;
    begin_channels(&x, NPC_SMB_3_1_1, NPC_AES128_GCM);
    send_cmd(&x.w, x.a, SMB_IOCTL, put_interfaces, RAW_SIGNED);
    assert_int_equal(last(x.a), STATUS_SUCCESS);
    assert_int_equal(smb_get_ioctl_rsp(raw_last(x.a)->msg, raw_last(x.a)->len, &p), STATUS_SUCCESS);
    assert_int_equal(p.data.len, 152);
    assert_int_equal(le32(p.data.data), 0);         /* the last */
    assert_int_not_equal(le32(p.data.data + 4), 0); /* an index */
    assert_int_equal(le16(p.data.data + 24), 2);
    assert_memory_equal(p.data.data + 28, "\x7f\0\0\1", 4);
    negotiate(&x.w, x.b, NPC_SMB_2_1, NPC_CIPHER_NONE);
    memset(x.b->offer.guid, 0, sizeof x.b->offer.guid);
    stop(&x.w);
    struct world old = { .so = { .addresses = here, .n_addresses = 1 } };
    start(&old);
    log_on(&old, old.raw, NPC_SMB_2_1, NPC_CIPHER_NONE);
    send_cmd(&old, old.raw, SMB_IOCTL, put_interfaces, RAW_SIGNED);
    assert_int_equal(last(old.raw), STATUS_NOT_SUPPORTED);
    stop(&old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dialects),    cmocka_unit_test(test_first_lost),
        cmocka_unit_test(test_second_lost), cmocka_unit_test(test_end),
        cmocka_unit_test(test_refused),     cmocka_unit_test(test_other_dialect),
        cmocka_unit_test(test_one_client),  cmocka_unit_test(test_switched_off),
        cmocka_unit_test(test_halfway),     cmocka_unit_test(test_many),
        cmocka_unit_test(test_interfaces),  cmocka_unit_test(test_late),
        cmocka_unit_test(test_ends_once),   cmocka_unit_test(test_nested),
        cmocka_unit_test(test_at_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
