// SPDX-License-Identifier: Apache-2.0
/*
 * The muxer between our own client and our own server, all in memory: what works by it, who is kept apart,
 * what happens when somebody goes. The pipes lead to an RPC server.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "pair/muxd_world.h"
#include "rpc/pdu.h"

static void calls_in_pieces(size_t chunk)
{
    struct world w;
    struct npc_session *s;
    struct rpc_conn *c, *d;
    struct npc_facts f = { .size = sizeof f };
    struct nt_blob key;
    world_init(&w, chunk);
    give_creds(&w, ALICE, "alice");
    assert_int_equal(open_session(&w, &s), STATUS_SUCCESS);
    assert_int_equal(npc_session_facts(s, &f), STATUS_SUCCESS);
    assert_int_equal(f.dialect, NPC_SMB_3_1_1);
    assert_true(f.encrypted);
    assert_string_equal(f.mech, "ntlm");
    assert_int_equal(npc_application_key(s, &key), STATUS_SUCCESS);
    assert_int_equal(key.len, 16);
    assert_int_equal(open_echo(&w, s, &c), STATUS_SUCCESS);
    assert_int_equal(add_one(c), STATUS_SUCCESS);
    big_echo(c, 100);
    big_echo(c, 300000);
    assert_int_equal(open_echo(&w, s, &d), STATUS_SUCCESS);
    assert_int_equal(add_one(d), STATUS_SUCCESS);
    assert_int_equal(add_one(c), STATUS_SUCCESS);
    assert_int_equal(w.dialled, 1); /* one session, however many pipes */
    rpc_close(d);
    rpc_close(c);
    npc_session_unref(s);
    world_done(&w);
}

static void test_calls(void **state)
{
    (void)state;
    calls_in_pieces(0);
    calls_in_pieces(1);
    calls_in_pieces(777);
}

/* ---- what is told of them ---- */

/* The only entry of the uid's list. */
static void one_connection(struct world *w, uint32_t uid, struct mux_conn_entry *ret)
{
    struct raw r;
    struct rd body;
    struct wr q;
    raw_open(&r, w, uid);
    raw_hello(&r);
    raw_begin(&r, &q, MUX_ENUM_CONNS);
    wr_u8(&q, MUX_MINE);
    wr_u32(&q, 0);
    raw_send(&r, &q);
    assert_int_equal(raw_answer(&r, &body), STATUS_SUCCESS);
    assert_int_equal(rd_u32(&body), 0);
    assert_int_equal(rd_u16(&body), 1);
    mux_get_conn_entry(&body, ret);
    assert_int_equal(mux_done(&body), STATUS_SUCCESS);
    raw_done(&r);
}

static void test_list(void **state)
{
    struct world w;
    struct raw r;
    struct mux_facts f;
    struct mux_conn_entry e;
    (void)state;
    world_init(&w, 0);
    give_creds(&w, ALICE, "alice");
    raw_open(&r, &w, ALICE);
    raw_hello(&r);
    assert_int_equal(raw_connect(&r, MUX_PROXY, 0, &f), STATUS_SUCCESS);
    one_connection(&w, ALICE, &e);
    assert_int_equal(e.mode, MUX_PROXY);
    assert_string_equal(e.name, "rpcecho");
    assert_string_equal(e.program, "test");
    assert_string_equal(e.mech, "ntlm");
    assert_int_equal(e.dialect, NPC_SMB_3_1_1);
    assert_int_equal(e.cipher, f.f.cipher);
    assert_int_equal(e.idle, UINT32_MAX);
    raw_done(&r);
    turns(&w);
    one_connection(&w, ALICE, &e); /* the session alone */
    assert_int_equal(e.mode, MUX_SESSION);
    assert_string_equal(e.name, "");
    assert_string_equal(e.program, "");
    assert_int_equal(e.users, 0);
    assert_true(e.idle < 60);
    world_done(&w);
}

/* ---- who is kept apart ---- */

static void test_users(void **state)
{
    struct world w;
    struct npc_session *s, *t;
    struct raw r;
    struct mux_facts f;
    (void)state;
    world_init(&w, 0);
    assert_int_equal(open_session(&w, &s), STATUS_NO_SUCH_LOGON_SESSION);
    assert_non_null(strstr(w.err.text, "credentials"));
    give_creds(&w, ALICE, "alice");
    assert_int_equal(open_session(&w, &s), STATUS_SUCCESS);
    w.uid = EVE; /* what alice has told is nothing to her */
    assert_int_equal(open_session(&w, &t), STATUS_NO_SUCH_LOGON_SESSION);
    raw_open(&r, &w, EVE);
    raw_hello(&r);
    assert_int_equal(raw_connect(&r, MUX_PROXY, 0, &f), STATUS_NO_SUCH_LOGON_SESSION);
    raw_done(&r);
    give_creds(&w, EVE, "bob");
    assert_int_equal(open_session(&w, &t), STATUS_SUCCESS);
    assert_int_equal(w.dialled, 2); /* a session of her own, though the server is the same */
    npc_session_unref(t);
    give_creds(&w, EVE, "alice"); /* even with the same credentials */
    assert_int_equal(open_session(&w, &t), STATUS_SUCCESS);
    assert_int_equal(w.dialled, 3);
    npc_session_unref(t);
    npc_session_unref(s);
    world_done(&w);
}

static uint64_t raw_token(struct raw *r)
{
    struct rd body;
    struct wr w;
    raw_begin(r, &w, MUX_CREATE_TOKEN);
    raw_send(r, &w);
    assert_int_equal(raw_answer(r, &body), STATUS_SUCCESS);
    return rd_u64(&body);
}

static enum nt_status raw_with_token(struct raw *r, unsigned type, uint64_t token)
{
    struct rd body;
    struct wr w;
    raw_begin(r, &w, type);
    if (type != MUX_REVERT)
        wr_u64(&w, token);
    raw_send(r, &w);
    return raw_answer(r, &body);
}

static void test_tokens(void **state)
{
    struct world w;
    struct raw maker, other, eve;
    struct mux_facts f;
    (void)state;
    world_init(&w, 0);
    give_creds(&w, ALICE, "alice");
    raw_open(&maker, &w, ALICE);
    raw_open(&other, &w, ALICE);
    raw_open(&eve, &w, EVE);
    raw_hello(&maker);
    raw_hello(&other);
    raw_hello(&eve);
    uint64_t token = raw_token(&maker);
    assert_true(token != 0);
    assert_int_equal(raw_set(&eve, token, "bob", FAKE_PASSWORD), STATUS_NO_TOKEN);
    assert_int_equal(raw_with_token(&eve, MUX_IMPERSONATE, token), STATUS_NO_TOKEN);
    assert_int_equal(raw_with_token(&eve, MUX_CLOSE_TOKEN, token), STATUS_NO_TOKEN);
    assert_int_equal(raw_connect(&eve, MUX_PROXY, token, &f), STATUS_NO_TOKEN);
    assert_int_equal(raw_with_token(&other, MUX_IMPERSONATE, token ^ 1), STATUS_NO_TOKEN);
    assert_int_equal(raw_with_token(&other, MUX_IMPERSONATE, token), STATUS_SUCCESS);
    /* who impersonates has what the token has, and nothing else */
    assert_int_equal(raw_connect(&other, MUX_SESSION, 0, &f), STATUS_NO_SUCH_LOGON_SESSION);
    assert_int_equal(raw_set(&maker, token, "bob", FAKE_PASSWORD), STATUS_SUCCESS);
    assert_int_equal(raw_with_token(&other, MUX_REVERT, 0), STATUS_SUCCESS);
    assert_int_equal(raw_with_token(&other, MUX_IMPERSONATE, token), STATUS_SUCCESS);
    assert_int_equal(raw_connect(&other, MUX_MESSAGE, 0, &f), STATUS_SUCCESS);
    assert_false(f.warm);
    raw_done(&maker); /* its token goes with it, but not what was opened */
    assert_int_equal(raw_with_token(&other, MUX_PIPE_READ, 0), STATUS_INVALID_PARAMETER); /* still a pipe */
    raw_done(&other);
    raw_open(&other, &w, ALICE);
    raw_hello(&other);
    assert_int_equal(raw_with_token(&other, MUX_IMPERSONATE, token), STATUS_NO_TOKEN);
    raw_done(&other);
    raw_done(&eve);
    world_done(&w);
}

static enum nt_status raw_query(struct raw *r, const struct mux_facts *f, unsigned what, size_t *ret_len)
{
    struct mux_query q = { .pipe = f->pipe, .what = (uint8_t)what };
    struct rd body;
    struct wr w;
    memcpy(q.cookie, f->cookie, sizeof q.cookie);
    raw_begin(r, &w, MUX_QUERY);
    mux_put_query(&w, &q);
    raw_send(r, &w);
    enum nt_status st = raw_answer(r, &body);
    if (st == STATUS_SUCCESS && what != MUX_FACTS)
        *ret_len = mux_get_blob(&body, MUX_KEY_MAX).len;
    return st;
}

static void test_query(void **state)
{
    struct world w;
    struct raw pipe, same, eve;
    struct mux_facts f, wrong;
    size_t len = 0;
    (void)state;
    world_init(&w, 0);
    give_creds(&w, ALICE, "alice");
    raw_open(&pipe, &w, ALICE);
    raw_open(&same, &w, ALICE);
    raw_open(&eve, &w, EVE);
    raw_hello(&pipe);
    raw_hello(&same);
    raw_hello(&eve);
    assert_int_equal(raw_connect(&pipe, MUX_PROXY, 0, &f), STATUS_SUCCESS);
    assert_int_equal(f.f.session_key_len, 16);
    for (size_t i = 0; i < sizeof f.session_key; i++)
        assert_int_equal(f.session_key[i], 0); /* it was not asked for */
    assert_int_equal(raw_query(&same, &f, MUX_SESSION_KEY, &len), STATUS_SUCCESS);
    assert_int_equal(len, 16);
    assert_int_equal(raw_query(&same, &f, MUX_APPLICATION_KEY, &len), STATUS_SUCCESS);
    assert_int_equal(raw_query(&same, &f, MUX_FACTS, &len), STATUS_SUCCESS);
    assert_int_equal(raw_query(&same, &f, 9, &len), STATUS_INVALID_PARAMETER);
    assert_int_equal(raw_query(&eve, &f, MUX_SESSION_KEY, &len), STATUS_INVALID_HANDLE);
    wrong = f;
    wrong.cookie[3] ^= 1;
    assert_int_equal(raw_query(&same, &wrong, MUX_SESSION_KEY, &len), STATUS_INVALID_HANDLE);
    wrong = f;
    wrong.pipe++;
    assert_int_equal(raw_query(&same, &wrong, MUX_SESSION_KEY, &len), STATUS_INVALID_HANDLE);
    raw_done(&pipe);
    assert_int_equal(raw_query(&same, &f, MUX_SESSION_KEY, &len), STATUS_INVALID_HANDLE);
    raw_done(&same);
    raw_done(&eve);
    world_done(&w);
}

/* ---- proxy mode ---- */

static void raw_bytes(struct raw *r, const void *p, size_t n)
{
    struct wr w;
    wr_init(&w, n);
    wr_bytes(&w, p, n);
    assert_int_equal(io_queue(&r->s, &w), STATUS_SUCCESS);
}

/* A bind, then two requests in one piece, as a client does that does not know of the muxer. */
static void test_proxy(void **state)
{
    struct world w;
    struct raw r;
    struct mux_facts f;
    (void)state;
    world_init(&w, 5);
    give_creds(&w, ALICE, "alice");
    raw_open(&r, &w, ALICE);
    raw_hello(&r);
    assert_int_equal(raw_connect(&r, MUX_PROXY, 0, &f), STATUS_SUCCESS);
    uint8_t bind[72] = { 5, 0, RPC_PT_BIND, RPC_PFC_WHOLE, 0x10, 0, 0, 0, 72, 0, 0, 0, 1 };
    put_le16(bind + 16, 4280);
    put_le16(bind + 18, 4280);
    bind[24] = 1;
    bind[30] = 1;
    const struct rpc_syntax *x = &rpcecho_interface.syntax;
    put_le32(bind + 32, x->uuid.a);
    put_le16(bind + 36, x->uuid.b);
    put_le16(bind + 38, x->uuid.c);
    memcpy(bind + 40, x->uuid.d, 8);
    put_le16(bind + 48, x->major);
    static const uint8_t ndr[20] = { 0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8,
                                     0x08, 0x00, 0x2b, 0x10, 0x48, 0x60, 2,    0,    0,    0 };
    memcpy(bind + 52, ndr, sizeof ndr);
    raw_bytes(&r, bind, sizeof bind);
    for (int i = 0; i < 20; i++)
        turns(&w);
    assert_true(r.got.len > 24);
    assert_int_equal(r.got.base[2], RPC_PT_BIND_ACK);
    r.got.len = 0;
    uint8_t two[56] = { 5, 0, RPC_PT_REQUEST, RPC_PFC_WHOLE, 0x10, 0, 0, 0, 28, 0, 0, 0, 2 };
    put_le32(two + 16, 4);
    put_le32(two + 24, 41);
    memcpy(two + 28, two, 28);
    two[28 + 12] = 3;
    put_le32(two + 28 + 24, 7);
    raw_bytes(&r, two, sizeof two);
    for (int i = 0; i < 20; i++)
        turns(&w);
    assert_int_equal(r.got.len, 2 * 28);
    assert_int_equal(r.got.base[2], RPC_PT_RESPONSE);
    assert_int_equal(le32(r.got.base + 12), 2);
    assert_int_equal(le32(r.got.base + 24), 42);
    assert_int_equal(le32(r.got.base + 28 + 12), 3);
    assert_int_equal(le32(r.got.base + 28 + 24), 8);
    raw_bytes(&r, "GET / HTTP/1.0\r\n\r\n", 18); /* no PDU: the end */
    turns(&w);
    for (int i = 0; i < 20 && !r.closed; i++)
        turns(&w);
    assert_true(r.closed);
    raw_done(&r);
    world_done(&w);
}

/* ---- who goes ---- */

static void test_server_goes(void **state)
{
    struct world w;
    struct npc_session *s;
    struct rpc_conn *c;
    (void)state;
    world_init(&w, 0);
    give_creds(&w, ALICE, "alice");
    assert_int_equal(open_session(&w, &s), STATUS_SUCCESS);
    assert_int_equal(open_echo(&w, s, &c), STATUS_SUCCESS);
    assert_int_equal(add_one(c), STATUS_SUCCESS);
    stop_server(&w);
    assert_int_not_equal(add_one(c), STATUS_SUCCESS);
    rpc_close(c);
    start_server(&w);
    assert_int_equal(open_echo(&w, s, &c), STATUS_SUCCESS); /* by a new session */
    assert_int_equal(add_one(c), STATUS_SUCCESS);
    assert_int_equal(w.dialled, 2);
    rpc_close(c);
    npc_session_unref(s);
    world_done(&w);
}

/* A service that is just starting anew has its pipes refused as if the connection had gone. It has not. */
static void test_pipe_refused(void **state)
{
    struct world w;
    struct npc_session *s;
    struct rpc_conn *c;
    (void)state;
    world_init(&w, 0);
    give_creds(&w, ALICE, "alice");
    assert_int_equal(open_session(&w, &s), STATUS_SUCCESS);
    w.refused = 1;
    w.refused_with = STATUS_CONNECTION_RESET;
    assert_int_equal(open_echo(&w, s, &c), STATUS_SUCCESS);
    assert_int_equal(add_one(c), STATUS_SUCCESS);
    rpc_close(c);
    w.refused = 2; /* tried twice, not for ever */
    assert_int_equal(open_echo(&w, s, &c), STATUS_CONNECTION_RESET);
    assert_int_equal(w.dialled, 1);
    npc_session_unref(s);
    world_done(&w);
}

/* A client that goes in the middle of all it can be in the middle of. */
static void test_client_goes(void **state)
{
    (void)state;
    for (unsigned stop_at = 0; stop_at < 60; stop_at++) {
        struct world w;
        struct raw r;
        struct wr out;
        struct mux_connect to = { .mode = MUX_MESSAGE };
        world_init(&w, 40);
        give_creds(&w, ALICE, "alice");
        raw_open(&r, &w, ALICE);
        raw_hello(&r);
        snprintf(to.server, sizeof to.server, "fake");
        snprintf(to.pipe, sizeof to.pipe, "rpcecho");
        raw_begin(&r, &out, MUX_CONNECT);
        mux_put_connect(&out, &to);
        raw_send(&r, &out);
        for (unsigned i = 0; i < stop_at; i++)
            (void)!nt_loop_run(w.loop, 0);
        if (r.got.len) { /* it is open: begin to read what never comes */
            raw_begin(&r, &out, MUX_PIPE_READ);
            wr_u32(&out, 100);
            raw_send(&r, &out);
            (void)!nt_loop_run(w.loop, 0);
        }
        raw_done(&r);
        world_done(&w);
    }
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

/* A session without pipes stays for its time, and not longer. */
static void test_idle(void **state)
{
    struct world w;
    struct npc_session *s;
    struct muxd_counters n;
    (void)state;
    world_init(&w, 0);
    give_creds(&w, ALICE, "alice");
    assert_int_equal(open_session(&w, &s), STATUS_SUCCESS);
    npc_session_unref(s);
    turns(&w);
    muxd_count(w.muxd, &n);
    assert_int_equal(n.sessions, 1);
    assert_int_equal(open_session(&w, &s), STATUS_SUCCESS);
    assert_int_equal(w.dialled, 1);
    npc_session_unref(s);
    assert_int_equal(io_wait(w.loop, never, NULL, io_loop_now(w.loop) + UINT64_C(6000000000), NULL),
                     STATUS_IO_TIMEOUT);
    muxd_count(w.muxd, &n);
    assert_int_equal(n.sessions, 0);
    world_done(&w);
}

/* ---- what makes no sense ---- */

static void test_nonsense(void **state)
{
    static const struct {
        uint16_t type;
        size_t len;
        const char *body;
    } cases[] = {
        { 0, 0, "" },
        { 99, 0, "" },
        { MUX_SET_AUTH, 3, "abc" },
        { MUX_CLEAR_AUTH, 9, "\0\0\0\0\0\0\0\0\xff" },
        { MUX_CONNECT, 1, "\1" },
        { MUX_QUERY, 2, "ab" },
        { MUX_REVERT, 1, "x" },
        { MUX_CREATE_TOKEN, 1, "x" },
        { MUX_DROP, 4, "\2\0\xff\xfe" },
        { MUX_PIPE_READ, 4, "\1\0\0\0" },
        { MUX_HELLO, 0, "" },
    };
    struct world w;
    struct raw r;
    struct rd body;
    struct wr out;
    char why[300];
    (void)state;
    world_init(&w, 0);
    raw_open(&r, &w, ALICE);
    raw_hello(&r);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        raw_begin(&r, &out, cases[i].type);
        wr_bytes(&out, cases[i].body, cases[i].len);
        raw_send(&r, &out);
        enum nt_status st = raw_answer(&r, &body);
        assert_false(nt_ok(st));
        mux_get_str(&body, why, sizeof why);
        assert_int_equal(mux_done(&body), STATUS_SUCCESS);
        assert_true(strlen(why) > 5);
        assert_false(r.closed);
    }
    raw_bytes(&r, "\x13\0\0\0", 4); /* a length that no message has */
    turns(&w);
    assert_true(r.closed);
    raw_done(&r);
    raw_open(&r, &w, ALICE); /* the first message has to be Hello */
    raw_begin(&r, &out, MUX_CREATE_TOKEN);
    raw_send(&r, &out);
    turns(&w);
    assert_true(r.closed);
    raw_done(&r);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls),       cmocka_unit_test(test_users),       cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_list),        cmocka_unit_test(test_query),       cmocka_unit_test(test_proxy),
        cmocka_unit_test(test_server_goes), cmocka_unit_test(test_client_goes), cmocka_unit_test(test_idle),
        cmocka_unit_test(test_pipe_refused),
        cmocka_unit_test(test_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
