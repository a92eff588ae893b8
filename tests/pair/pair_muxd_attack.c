// SPDX-License-Identifier: Apache-2.0
/*
 * A user of the machine who wants more of the muxer than is his, or wants it to end. Each of these did harm once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <msrpc/serve.h>
#include "muxd/m_muxd.h"
#include "muxd_world.h"

/* ---- requests ---- */

static void send_connect(struct raw *r, unsigned mode, unsigned port)
{
    const struct rpc_syntax *x = &rpcecho_interface.syntax;
    struct mux_connect to = { .mode = (uint8_t)mode, .port = (uint16_t)port };
    struct wr w;
    if (mode == MUX_PDU)
        to.iface = (struct npc_interface){ x->uuid, x->major, x->minor };
    snprintf(to.server, sizeof to.server, "fake");
    snprintf(to.pipe, sizeof to.pipe, "%s", mode == MUX_SESSION ? "" : "rpcecho");
    raw_begin(r, &w, MUX_CONNECT);
    mux_put_connect(&w, &to);
    raw_send(r, &w);
}

static void lend(struct raw *r, struct mux_facts *ret)
{
    struct rd body;
    send_connect(r, MUX_PDU, 0);
    assert_int_equal(raw_answer(r, &body), STATUS_SUCCESS);
    assert_int_equal(mux_get_facts(&body, ret), STATUS_SUCCESS);
}

static bool give_back(struct raw *r, bool clean)
{
    struct rd body;
    struct wr w;
    raw_begin(r, &w, MUX_PIPE_RELEASE);
    wr_u8(&w, clean);
    raw_send(r, &w);
    assert_int_equal(raw_answer(r, &body), STATUS_SUCCESS);
    return rd_u8(&body);
}

/* AddOne of 41; PipeRecv. */
static void send_call(struct raw *r)
{
    static const uint8_t pdu[28] = { 5, 0, 0, 3, 0x10, 0, 0, 0, 28, 0, 0, 0, 7, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 41 };
    struct wr w;
    raw_begin(r, &w, MUX_PIPE_SEND);
    mux_put_blob(&w, pdu, sizeof pdu);
    raw_send(r, &w);
    raw_begin(r, &w, MUX_PIPE_RECV);
    wr_u32(&w, 0);
    wr_u8(&w, MUX_RECV_ALL);
    raw_send(r, &w);
}

static void send_query(struct raw *r, const struct mux_facts *f, unsigned what)
{
    struct mux_query q = { .pipe = f->pipe, .what = (uint8_t)what };
    struct wr w;
    memcpy(q.cookie, f->cookie, sizeof q.cookie);
    raw_begin(r, &w, MUX_QUERY);
    mux_put_query(&w, &q);
    raw_send(r, &w);
}

static void begin(struct raw *r, struct world *w)
{
    raw_open(r, w, ALICE);
    raw_hello(r);
}

static void steps(struct world *w, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        (void)!nt_loop_run(w->loop, 0);
}

/* ---- keys of a session that is not there yet ---- */

/* Number and cookie are those of a pipe that was lent before; the connection waits for its next session. */
static void query_while_opening(unsigned step, unsigned what)
{
    struct world w;
    struct raw a, b;
    struct mux_facts f;
    struct rd body;
    world_init(&w, 40);
    give_creds(&w, ALICE, "alice");
    begin(&a, &w);
    begin(&b, &w);
    lend(&a, &f);
    assert_true(give_back(&a, true));
    send_connect(&a, MUX_PDU, 446);
    steps(&w, step);
    send_query(&b, &f, what);
    assert_int_equal(raw_answer(&b, &body), STATUS_INVALID_HANDLE);
    raw_done(&a);
    raw_done(&b);
    world_done(&w);
}

/* The session has gone under a pipe that is lent, and another is being opened for what was to go over it. */
static void lost_session(struct world *w, struct raw *a, struct mux_facts *f)
{
    world_init(w, 40);
    give_creds(w, ALICE, "alice");
    begin(a, w);
    lend(a, f);
    assert_true(give_back(a, true));
    lend(a, f);
    assert_true(f->bound);
    stop_server(w);
}

static void query_while_exchanged(unsigned step, unsigned what)
{
    struct world w;
    struct raw a, b;
    struct mux_facts f;
    struct rd body;
    lost_session(&w, &a, &f);
    begin(&b, &w);
    start_server(&w);
    send_call(&a);
    steps(&w, step);
    send_query(&b, &f, what);
    enum nt_status st = raw_answer(&b, &body);
    assert_true(st == STATUS_INVALID_HANDLE || st == STATUS_SUCCESS);
    raw_done(&a);
    raw_done(&b);
    world_done(&w);
}

static void test_query_without_session(void **state)
{
    (void)state;
    for (unsigned step = 0; step < 25; step++)
        for (unsigned what = MUX_SESSION_KEY; what <= MUX_FACTS; what++) {
            query_while_opening(step, what);
            query_while_exchanged(step, what);
        }
}

/* ---- a pipe that no other could be had for ---- */

static void test_given_back_without_session(void **state)
{
    struct world w;
    struct raw a;
    struct mux_facts f;
    struct rd body;
    (void)state;
    for (unsigned clean = 0; clean < 2; clean++) {
        lost_session(&w, &a, &f);
        send_call(&a); /* nobody is there */
        assert_int_not_equal(raw_answer(&a, &body), STATUS_SUCCESS);
        assert_false(give_back(&a, clean));
        start_server(&w);
        lend(&a, &f);
        assert_false(f.bound);
        raw_done(&a);
        world_done(&w);
    }
}

/* ---- who a call is made as ---- */

/* Other credentials have come, or none are left, since the pipe was lent: what was to go over it as alice does not go as
 * somebody else, however well that would work. */
static void test_other_credentials(void **state)
{
    struct world w;
    struct raw a;
    struct mux_facts f;
    struct rd body;
    struct wr out;
    (void)state;
    for (unsigned how = 0; how < 2; how++) {
        lost_session(&w, &a, &f);
        start_server(&w);
        if (how == 0) {
            give_creds(&w, ALICE, "bob");
        } else {
            struct raw b;
            begin(&b, &w);
            raw_begin(&b, &out, MUX_CLEAR_AUTH);
            wr_u64(&out, 0);
            mux_put_str(&out, "");
            raw_send(&b, &out);
            assert_int_equal(raw_answer(&b, &body), STATUS_SUCCESS);
            raw_done(&b);
        }
        send_call(&a);
        assert_int_not_equal(raw_answer(&a, &body), STATUS_SUCCESS);
        assert_int_equal(w.dialled, 1);
        assert_false(give_back(&a, true));
        raw_done(&a);
        world_done(&w);
    }
}

/* ---- secrets whose time is over ---- */

static bool never(void *arg)
{
    (void)arg;
    return false;
}

static void test_lifetime(void **state)
{
    struct world w;
    struct raw r;
    struct muxd_counters n;
    struct mux_auth a = { .kind = MUX_PASSWORD, .lifetime = 10, .pattern = "fa*", .user = "alice" };
    struct rd body;
    struct wr out;
    (void)state;
    a.secret = (struct nt_blob){ (const uint8_t *)"secret", 6 };
    world_init(&w, 0);
    begin(&r, &w);
    raw_begin(&r, &out, MUX_SET_AUTH);
    mux_put_auth(&out, &a);
    raw_send(&r, &out);
    assert_int_equal(raw_answer(&r, &body), STATUS_SUCCESS);
    raw_done(&r);
    muxd_count(w.muxd, &n);
    assert_int_equal(n.owners, 1);
    assert_int_equal(io_wait(w.loop, never, NULL, io_loop_now(w.loop) + UINT64_C(11000000000), NULL), STATUS_IO_TIMEOUT);
    muxd_count(w.muxd, &n); /* nobody has asked for anything, and they are gone */
    assert_int_equal(n.owners, 0);
    world_done(&w);
}

/* ---- somebody with many uids ---- */

static enum nt_status set_as(struct world *w, uint32_t uid, unsigned kind, const char *pattern)
{
    struct mux_auth a = { .kind = (uint8_t)kind };
    struct raw r;
    struct rd body;
    struct wr out;
    snprintf(a.pattern, sizeof a.pattern, "%s", pattern);
    snprintf(a.user, sizeof a.user, "u");
    a.secret = (struct nt_blob){ (const uint8_t *)"secret", 6 };
    raw_open(&r, w, uid);
    raw_hello(&r);
    raw_begin(&r, &out, MUX_SET_AUTH);
    mux_put_auth(&out, &a);
    raw_send(&r, &out);
    enum nt_status st = raw_answer(&r, &body);
    raw_done(&r);
    return st;
}

static void test_many_uids(void **state)
{
    struct world w;
    struct muxd_options o = { .env = NULL, .max_creds = 6, .max_creds_per_uid = 3, .max_contents = 2 };
    struct muxd_counters n;
    (void)state;
    world_init(&w, 0);
    muxd_set_options(w.muxd, &o);
    assert_int_equal(set_as(&w, ALICE, MUX_PASSWORD, "fa*"), STATUS_SUCCESS);
    assert_int_equal(set_as(&w, 70001, MUX_KEYTAB, "a"), STATUS_SUCCESS);
    assert_int_equal(set_as(&w, 70002, MUX_KEYTAB, "b"), STATUS_SUCCESS);
    assert_int_equal(set_as(&w, 70003, MUX_KEYTAB, "c"), STATUS_QUOTA_EXCEEDED);
    assert_int_equal(set_as(&w, 70002, MUX_KEYTAB, "B"), STATUS_SUCCESS); /* in its own place */
    for (uint32_t uid = 70003; uid < 70006; uid++)
        assert_int_equal(set_as(&w, uid, MUX_PASSWORD, "c"), STATUS_SUCCESS);
    assert_int_equal(set_as(&w, 70009, MUX_PASSWORD, "c"), STATUS_QUOTA_EXCEEDED);
    assert_int_equal(set_as(&w, ALICE, MUX_PASSWORD, "other"), STATUS_QUOTA_EXCEEDED);
    assert_int_equal(set_as(&w, ALICE, MUX_PASSWORD, "fa*"), STATUS_SUCCESS); /* a new password */
    assert_int_equal(set_as(&w, 0, MUX_PASSWORD, "other"), STATUS_SUCCESS);
    muxd_count(w.muxd, &n);
    assert_int_equal(n.owners, 7);
    world_done(&w);
}

/* ---- thousands of requests in one piece ---- */

#define MANY 3000u

static void test_share(void **state)
{
    struct world w;
    struct raw r;
    struct wr all, one;
    struct mux_hdr h;
    (void)state;
    for (unsigned how = 0; how < 2; how++) {
        world_init(&w, 0);
        begin(&r, &w);
        wr_init(&all, 1 << 20);
        for (unsigned i = 0; i < MANY; i++) {
            raw_begin(&r, &one, how ? MUX_ENUM_CONNS : MUX_STATUS);
            if (how) {
                wr_u8(&one, MUX_MINE);
                wr_u32(&one, 0);
            }
            mux_end(&one);
            wr_bytes(&all, one.base, one.len);
            wr_free(&one);
        }
        assert_int_equal(io_queue(&r.s, &all), STATUS_SUCCESS);
        while (!r.got.len)
            steps(&w, 1);
        size_t each = mux_length(r.got.base);
        assert_true(r.got.len / each < MANY / 10); /* then others have their turn */
        for (unsigned i = 0; i < MANY && r.got.len < MANY * each; i++)
            steps(&w, 10);
        assert_int_equal(r.got.len, MANY * each);
        for (unsigned i = 0; i < MANY; i++) {
            assert_int_equal(mux_get_hdr(r.got.base + i * each, &h), STATUS_SUCCESS);
            assert_int_equal(h.id, 2 + i);
            assert_int_equal(h.status, STATUS_SUCCESS);
        }
        raw_done(&r);
        world_done(&w);
    }
}

/* A call of 300 fragments, which somebody may well send in one piece, comes out whole. */
static void test_share_of_a_pipe(void **state)
{
    enum { N = 300, PIECE = 40 };
    struct world w;
    struct raw r;
    struct mux_facts f;
    struct rd body;
    struct wr all, one;
    (void)state;
    world_init(&w, 0);
    give_creds(&w, ALICE, "alice");
    begin(&r, &w);
    lend(&r, &f);
    wr_init(&all, 1 << 20);
    for (unsigned i = 0; i < N; i++) {
        uint8_t pdu[24 + PIECE] = { 5, 0, 0, (uint8_t)((i == 0) | (i == N - 1) << 1), 0x10, 0, 0, 0, 24 + PIECE, 0, 0, 0, 7 };
        pdu[22] = 1; /* EchoData: count, and as many octets */
        memset(pdu + 24, (int)(i & 0x7f), PIECE);
        if (i == 0) {
            put_le32(pdu + 24, N * PIECE - 8);
            put_le32(pdu + 28, N * PIECE - 8);
        }
        raw_begin(&r, &one, MUX_PIPE_SEND);
        mux_put_blob(&one, pdu, sizeof pdu);
        mux_end(&one);
        wr_bytes(&all, one.base, one.len);
        wr_free(&one);
    }
    raw_begin(&r, &one, MUX_PIPE_RECV);
    wr_u32(&one, 0);
    wr_u8(&one, 0);
    mux_end(&one);
    wr_bytes(&all, one.base, one.len);
    wr_free(&one);
    assert_int_equal(io_queue(&r.s, &all), STATUS_SUCCESS);
    assert_int_equal(raw_answer(&r, &body), STATUS_SUCCESS);
    struct nt_blob got = mux_get_blob(&body, MUX_DATA_MAX);
    assert_true(got.len > 24 + 4 + PIECE);
    assert_int_equal(got.data[2], 2); /* a response */
    assert_int_equal(le32(got.data + 24), N * PIECE - 8);
    assert_int_equal(got.data[24 + 4 + PIECE - 8], 1); /* the second fragment's */
    raw_done(&r);
    world_done(&w);
}

/* ---- tokens of others of the same uid ---- */

static uint64_t listed_token(struct raw *r)
{
    struct mux_auth_entry e;
    struct rd body;
    struct wr w;
    raw_begin(r, &w, MUX_ENUM_AUTH);
    wr_u8(&w, MUX_MINE);
    wr_u32(&w, 0);
    raw_send(r, &w);
    assert_int_equal(raw_answer(r, &body), STATUS_SUCCESS);
    (void)rd_u32(&body);
    assert_int_equal(rd_u16(&body), 1);
    mux_get_auth_entry(&body, &e);
    assert_int_equal(mux_done(&body), STATUS_SUCCESS);
    return e.token;
}

static void test_listed_tokens(void **state)
{
    struct world w;
    struct raw maker, other;
    struct rd body;
    struct wr out;
    (void)state;
    world_init(&w, 0);
    begin(&maker, &w);
    begin(&other, &w);
    raw_begin(&maker, &out, MUX_CREATE_TOKEN);
    raw_send(&maker, &out);
    assert_int_equal(raw_answer(&maker, &body), STATUS_SUCCESS);
    uint64_t token = rd_u64(&body);
    assert_int_equal(raw_set(&maker, token, "alice", "secret"), STATUS_SUCCESS);
    assert_true(listed_token(&maker) == token);
    assert_true(listed_token(&other) == UINT64_MAX); /* of somebody */
    raw_done(&maker);
    raw_done(&other);
    world_done(&w);
}

/* ---- names that only look like what was meant ---- */

static void test_patterns(void **state)
{
    (void)state;
    assert_true(cred_fits("192.0.2.*", "192.0.2.7"));
    assert_true(cred_fits("10.*", "10.1.2.3"));
    assert_false(cred_fits("192.0.2.*", "192.0.2.7.example.net"));
    assert_false(cred_fits("10.*", "10.example.net"));
    assert_false(cred_fits("10.*", "10.1.2.3x"));
    assert_true(cred_fits("srv*", "SRV1.lab.example"));
    assert_true(cred_fits("1srv*", "1srv.lab.example"));
    assert_true(cred_fits("*.lab.example", "srv1.LAB.example"));
    assert_false(cred_fits("*.lab.example", "192.0.2.66%x.lab.example"));
    assert_false(cred_fits("*.lab.example", "2001:db8::66%x.lab.example"));
    assert_false(cred_fits("*.lab.example", "[2001:db8::66%x.lab.example"));
    assert_true(cred_fits("fe80::*", "fe80::1%eth0"));
    assert_true(cred_fits("*", "fe80::1%eth0"));
    assert_true(cred_fits("*", "10.example.net"));
}

/* ---- a Connect that is refused ---- */

static void test_refused_connect(void **state)
{
    struct world w;
    struct raw a, b;
    struct mux_facts f;
    struct mux_conn_entry e;
    struct rd body;
    struct wr out;
    (void)state;
    world_init(&w, 0);
    give_creds(&w, ALICE, "alice");
    begin(&a, &w);
    begin(&b, &w);
    assert_int_equal(raw_connect(&a, MUX_SESSION, 0, &f), STATUS_SUCCESS);
    send_connect(&a, MUX_PROXY, 0);
    assert_int_equal(raw_answer(&a, &body), STATUS_INVALID_DEVICE_STATE);
    raw_begin(&b, &out, MUX_ENUM_CONNS);
    wr_u8(&out, MUX_MINE);
    wr_u32(&out, 0);
    raw_send(&b, &out);
    assert_int_equal(raw_answer(&b, &body), STATUS_SUCCESS);
    (void)rd_u32(&body);
    assert_int_equal(rd_u16(&body), 1);
    mux_get_conn_entry(&body, &e);
    assert_int_equal(e.mode, MUX_SESSION); /* as it is, not as it would be */
    assert_string_equal(e.name, "");
    raw_done(&a);
    raw_done(&b);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_query_without_session), cmocka_unit_test(test_given_back_without_session),
        cmocka_unit_test(test_other_credentials),     cmocka_unit_test(test_lifetime),
        cmocka_unit_test(test_listed_tokens),         cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_refused_connect),           cmocka_unit_test(test_many_uids),
        cmocka_unit_test(test_share),                     cmocka_unit_test(test_share_of_a_pipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
