// SPDX-License-Identifier: Apache-2.0
/* PDUs on a bound pipe by the library: by the muxer and without one, waited for and on a loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <msrpc/npc_pdu.h>
#include "muxd_world.h"
#include "npc/pdu_head.h"

static struct npc_interface echo(void)
{
    const struct rpc_syntax *x = &rpcecho_interface.syntax;
    return (struct npc_interface){ x->uuid, x->major, x->minor };
}

/* By the muxer, or by a connection of our own with alice's password. */
static struct npc_options options(struct world *w, bool mux)
{
    struct npc_options o = NPC_OPTIONS_INIT;
    struct sec_creds_options so = SEC_CREDS_OPTIONS_INIT;
    o.loop = w->loop;
    o.env = smbd_env();
    o.error = &w->err;
    o.mux = mux ? "/mux" : "off";
    if (!mux) {
        so.user = "alice";
        so.domain = "FAKEDOM";
        so.password = FAKE_PASSWORD;
        assert_int_equal(sec_creds_new(&so, &o.creds, NULL), STATUS_SUCCESS);
    }
    return o;
}

static void begin(struct world *w, size_t chunk)
{
    world_init(w, chunk);
    give_creds(w, ALICE, "alice");
}

static size_t put_request(uint8_t *p, unsigned flags, uint32_t call, unsigned opnum, const void *stub,
                          size_t len)
{
    memset(p, 0, 24);
    p[0] = 5;
    p[3] = (uint8_t)flags;
    p[4] = 0x10;
    put_le16(p + 8, (uint16_t)(24 + len));
    put_le32(p + 12, call);
    put_le16(p + 20, 5);
    put_le16(p + 22, (uint16_t)opnum);
    memcpy(p + 24, stub, len);
    return 24 + len;
}

static size_t put_add_one(uint8_t *p, uint32_t call)
{
    return put_request(p, RPC_PFC_WHOLE, call, 0, "\x29\0\0", 4);
}

static void expect_42(struct npc_pdu *p, uint32_t call)
{
    struct nt_arena *mem = nt_arena_new(0);
    struct nt_blob b;
    assert_int_equal(npc_pdu_recv(p, mem, 0, &b), STATUS_SUCCESS);
    assert_int_equal(b.len, 28);
    assert_int_equal(b.data[2], RPC_PT_RESPONSE);
    assert_int_equal(le32(b.data + 12), call);
    assert_int_equal(le16(b.data + 20), 5);
    assert_int_equal(le32(b.data + 24), 42);
    nt_arena_free(mem);
}

static void one_call(struct world *w, const struct npc_options *o, bool ahead, bool bound)
{
    struct npc_interface iface = echo();
    struct npc_pdu_facts f = { .size = sizeof f };
    struct npc_facts t = { .size = sizeof t };
    struct nt_blob key;
    struct npc_pdu *p;
    uint8_t pdu[64];
    size_t n = put_add_one(pdu, 77);
    bool mux = strcmp(o->mux, "off") != 0;
    if (ahead)
        assert_int_equal(npc_pdu_open_ahead("fake", "\\pipe\\rpcecho", &iface, o, &p), STATUS_SUCCESS);
    else
        assert_int_equal(npc_pdu_open("fake", "\\pipe\\rpcecho", &iface, o, &p), STATUS_SUCCESS);
    if (ahead)
        assert_int_equal(npc_pdu_facts(p, &f), STATUS_PENDING);
    assert_int_equal(npc_pdu_send(p, pdu, n), STATUS_SUCCESS);
    assert_int_equal(npc_pdu_send(p, pdu, n), STATUS_PIPE_BUSY);
    expect_42(p, 77);
    assert_int_equal(npc_pdu_facts(p, &f), STATUS_SUCCESS);
    assert_int_equal(f.by_mux, mux);
    assert_int_equal(f.bound, bound);
    assert_int_equal(f.max_send, 5840);
    assert_true(f.assoc_group != 0);
    assert_int_equal(npc_pdu_transport(p, &t), STATUS_SUCCESS);
    assert_string_equal(t.mech, "ntlm");
    assert_true(t.encrypted);
    assert_int_equal(npc_pdu_key(p, &key), STATUS_SUCCESS);
    assert_int_equal(key.len, 16);
    n = put_add_one(pdu, 3);
    assert_int_equal(npc_pdu_send(p, pdu, n), STATUS_SUCCESS);
    expect_42(p, 3);
    npc_pdu_release(p);
    turns(w);
}

static void test_call(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        struct world w;
        struct muxd_counters n;
        bool mux = i & 1, ahead = i & 2;
        begin(&w, i & 4 ? 1 : 0);
        struct npc_options o = options(&w, mux);
        one_call(&w, &o, ahead, false);
        one_call(&w, &o, ahead, mux);
        muxd_count(w.muxd, &n);
        assert_int_equal(n.reused, mux ? 1 : 0);
        assert_int_equal(n.pooled, mux ? 1 : 0);
        assert_int_equal(w.dialled, mux ? 1 : 2);
        sec_creds_unref(o.creds);
        world_done(&w);
    }
}

/* In fragments both ways. */
static void test_fragments(void **state)
{
    enum { N = 60000, PIECE = 4000 };
    static uint8_t stub[N + 8], back[N + 8], pdu[PIECE + 24];
    (void)state;
    put_le32(stub, N);
    put_le32(stub + 4, N);
    for (size_t i = 0; i < N; i++)
        stub[8 + i] = (uint8_t)(i * 7 + i / 256);
    for (int mux = 0; mux < 2; mux++) {
        struct world w;
        struct npc_interface iface = echo();
        struct npc_pdu *p;
        struct nt_arena *mem = nt_arena_new(0);
        size_t got = 0;
        begin(&w, 0);
        struct npc_options o = options(&w, mux);
        assert_int_equal(npc_pdu_open("fake", "rpcecho", &iface, &o, &p), STATUS_SUCCESS);
        for (size_t at = 0; at < sizeof stub; at += PIECE) {
            size_t len = sizeof stub - at < PIECE ? sizeof stub - at : PIECE;
            unsigned flags = (at ? 0u : RPC_PFC_FIRST) | (at + len == sizeof stub ? RPC_PFC_LAST : 0u);
            size_t n = put_request(pdu, flags, 8, 1, stub + at, len);
            assert_int_equal(npc_pdu_send(p, pdu, n), STATUS_SUCCESS);
        }
        for (bool last = false; !last;) {
            struct nt_blob b;
            assert_int_equal(npc_pdu_recv(p, mem, 0, &b), STATUS_SUCCESS);
            last = pdu_head_last(b.data);
            assert_true(got + b.len - 24 <= sizeof back);
            memcpy(back + got, b.data + 24, b.len - 24);
            got += b.len - 24;
        }
        assert_int_equal(got, N + 4);
        assert_memory_equal(back + 4, stub + 8, N);
        npc_pdu_release(p);
        nt_arena_free(mem);
        sec_creds_unref(o.creds);
        world_done(&w);
    }
}

/* What makes no sense is refused here, whichever way; and what fails is told in words. */
static void test_refused(void **state)
{
    (void)state;
    for (int mux = 0; mux < 2; mux++) {
        struct world w;
        struct npc_interface iface = echo(), other = echo();
        struct nt_arena *mem = nt_arena_new(0);
        struct nt_blob b;
        struct npc_pdu *p;
        static uint8_t pdu[6000];
        static const uint8_t zeros[5840];
        begin(&w, 0);
        struct npc_options o = options(&w, mux);
        other.uuid.a ^= 1;
        assert_int_equal(npc_pdu_open("fake", "rpcecho", &other, &o, &p), RPC_NT_UNKNOWN_IF);
        assert_non_null(strstr(w.err.text, "interface"));
        assert_int_equal(npc_pdu_open("fake", "nothing", &iface, &o, &p), STATUS_OBJECT_NAME_NOT_FOUND);
        assert_true(strlen(w.err.text) > 10);
        assert_int_equal(npc_pdu_open("fake", "a/b", &iface, &o, &p), STATUS_OBJECT_NAME_INVALID);
        assert_int_equal(npc_pdu_open("fake", "rpcecho", &iface, &o, &p), STATUS_SUCCESS);
        assert_int_equal(npc_pdu_recv(p, mem, 100, &b), STATUS_INVALID_DEVICE_STATE);
        size_t n = put_add_one(pdu, 1);
        pdu[2] = RPC_PT_BIND;
        assert_int_equal(npc_pdu_send(p, pdu, n), STATUS_INVALID_PARAMETER);
        assert_true(strlen(npc_pdu_error(p)) > 10);
        n = put_add_one(pdu, 1);
        assert_int_equal(npc_pdu_send(p, pdu, n - 1), STATUS_INVALID_PARAMETER);
        n = put_request(pdu, RPC_PFC_WHOLE, 1, 0, zeros, sizeof zeros);
        assert_int_equal(npc_pdu_send(p, pdu, n), STATUS_INVALID_PARAMETER);
        n = put_request(pdu, RPC_PFC_WHOLE, 1, 999, "", 0); /* a fault is an answer */
        assert_int_equal(npc_pdu_send(p, pdu, n), STATUS_SUCCESS);
        assert_int_equal(npc_pdu_recv(p, mem, 0, &b), STATUS_SUCCESS);
        assert_int_equal(b.data[2], RPC_PT_FAULT);
        n = put_add_one(pdu, 2);
        assert_int_equal(npc_pdu_send(p, pdu, n), STATUS_SUCCESS);
        expect_42(p, 2);
        npc_pdu_close(p);
        turns(&w);
        struct muxd_counters c;
        muxd_count(w.muxd, &c);
        assert_int_equal(c.pooled, 0);
        sec_creds_unref(o.creds);
        nt_arena_free(mem);
        world_done(&w);
    }
}

/* The muxer has nothing for the server: told with the answer, if not before. */
static void test_no_credentials(void **state)
{
    struct world w;
    struct npc_interface iface = echo();
    struct nt_arena *mem = nt_arena_new(0);
    struct npc_pdu *p;
    struct nt_blob b;
    uint8_t pdu[64];
    (void)state;
    world_init(&w, 0);
    struct npc_options o = options(&w, true);
    assert_int_equal(npc_pdu_open("fake", "rpcecho", &iface, &o, &p), STATUS_NO_SUCH_LOGON_SESSION);
    assert_int_equal(npc_pdu_open_ahead("fake", "rpcecho", &iface, &o, &p), STATUS_SUCCESS);
    assert_int_equal(npc_pdu_send(p, pdu, put_add_one(pdu, 1)), STATUS_SUCCESS);
    assert_int_equal(npc_pdu_recv(p, mem, 0, &b), STATUS_NO_SUCH_LOGON_SESSION);
    assert_non_null(strstr(npc_pdu_error(p), "credentials"));
    npc_pdu_release(p);
    nt_arena_free(mem);
    world_done(&w);
}

/* ---- on a loop ---- */

struct seen {
    struct npc_pdu *p;
    unsigned opened, fragments, idle, failed, stop_at, calls;
    enum nt_status why;
};

static void call(struct seen *s)
{
    uint8_t pdu[64];
    assert_int_equal(npc_pdu_post(s->p, pdu, put_add_one(pdu, ++s->calls)), STATUS_SUCCESS);
    assert_int_equal(npc_pdu_want(s->p), STATUS_SUCCESS);
}

static void on_opened(void *arg, struct npc_pdu *p)
{
    struct seen *s = arg;
    assert_ptr_equal(s->p, p);
    s->opened++;
    if (s->stop_at == 1) {
        npc_pdu_close(p);
        s->p = NULL;
    }
}

static void on_fragment(void *arg, struct npc_pdu *p, uint8_t *data, size_t len, bool last)
{
    struct seen *s = arg;
    (void)p;
    assert_true(last);
    assert_int_equal(len, 28);
    assert_int_equal(le32(data + 12), s->calls);
    assert_int_equal(le32(data + 24), 42);
    s->fragments++;
}

static void on_idle(void *arg, struct npc_pdu *p)
{
    struct seen *s = arg;
    s->idle++;
    if (s->stop_at == 2 || s->calls == 5) {
        npc_pdu_release(p);
        s->p = NULL;
    } else {
        call(s);
    }
}

static void on_failed(void *arg, struct npc_pdu *p, enum nt_status why)
{
    struct seen *s = arg;
    s->failed++;
    s->why = why;
    assert_true(strlen(npc_pdu_error(p)) > 5);
    npc_pdu_close(p);
    s->p = NULL;
}

static struct npc_pdu_user user(bool keys)
{
    struct npc_pdu_user u = NPC_PDU_USER_INIT;
    u.opened = on_opened;
    u.fragment = on_fragment;
    u.idle = on_idle;
    u.failed = on_failed;
    u.keys = keys;
    return u;
}

static void test_loop(void **state)
{
    (void)state;
    for (int i = 0; i < 12; i++) {
        struct world w;
        struct npc_interface iface = echo();
        struct seen s = { .stop_at = (unsigned)i / 4 };
        struct npc_pdu_user u = user(i & 2);
        bool mux = i & 1;
        begin(&w, 0);
        struct npc_options o = options(&w, mux);
        assert_int_equal(npc_pdu_start("fake", "rpcecho", &iface, &o, &u, &s, &s.p), STATUS_SUCCESS);
        assert_int_equal(npc_pdu_want(s.p), STATUS_INVALID_DEVICE_STATE);
        call(&s); /* before it is there */
        for (int k = 0; k < 20; k++)
            turns(&w);
        assert_null(s.p);
        assert_int_equal(s.opened, 1);
        assert_int_equal(s.failed, 0);
        if (s.stop_at == 0)
            assert_int_equal(s.fragments, 5);
        sec_creds_unref(o.creds);
        world_done(&w);
    }
}

/* Closed after any number of turns. */
static void test_closed(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 120; i++) {
        struct world w;
        struct npc_interface iface = echo();
        struct seen s = { 0 };
        struct npc_pdu_user u = user(false);
        begin(&w, 50);
        struct npc_options o = options(&w, i & 1);
        assert_int_equal(npc_pdu_start("fake", "rpcecho", &iface, &o, &u, &s, &s.p), STATUS_SUCCESS);
        call(&s);
        for (unsigned k = 0; k < i / 2 && s.p; k++)
            (void)!nt_loop_run(w.loop, 0);
        if (s.p && i % 4 < 2)
            npc_pdu_close(s.p);
        else
            npc_pdu_release(s.p);
        for (int k = 0; k < 10; k++)
            turns(&w);
        sec_creds_unref(o.creds);
        world_done(&w);
    }
}

/* The server goes in the middle; and the daemon. */
static void test_ends(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct world w;
        struct npc_interface iface = echo();
        struct nt_arena *mem = nt_arena_new(0);
        struct nt_blob b;
        struct npc_pdu *p;
        uint8_t pdu[64];
        begin(&w, 0);
        struct npc_options o = options(&w, i > 0);
        assert_int_equal(npc_pdu_open("fake", "rpcecho", &iface, &o, &p), STATUS_SUCCESS);
        assert_int_equal(npc_pdu_send(p, pdu, put_add_one(pdu, 1)), STATUS_SUCCESS);
        expect_42(p, 1);
        if (i < 2) {
            stop_server(&w);
        } else {
            struct muxd_options mo = { .env = smbd_env() };
            muxd_free(w.muxd);
            assert_int_equal(muxd_new(w.loop, &mo, &w.muxd), STATUS_SUCCESS);
        }
        turns(&w);
        enum nt_status st = npc_pdu_send(p, pdu, put_add_one(pdu, 2));
        if (st == STATUS_SUCCESS)
            st = npc_pdu_recv(p, mem, 0, &b);
        assert_false(nt_ok(st));
        assert_true(strlen(npc_pdu_error(p)) > 10);
        npc_pdu_release(p);
        turns(&w);
        if (i < 2)
            start_server(&w);
        sec_creds_unref(o.creds);
        nt_arena_free(mem);
        world_done(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_call),    cmocka_unit_test(test_fragments),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_no_credentials),
        cmocka_unit_test(test_loop),    cmocka_unit_test(test_closed),
        cmocka_unit_test(test_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
