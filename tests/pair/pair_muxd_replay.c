// SPDX-License-Identifier: Apache-2.0
/* What a tap recorded answers in the place of the server: in all modes, in both orders, and what was not
 * recorded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <msrpc/npc_tap.h>
#include "capture/tape.h"
#include "muxd/replay.h"
#include "pair/muxd_world.h"
#include "rpc/pdu.h"

/* ---- recording ---- */

struct recorder {
    struct capture_tape tape;
    struct wr w;
};

static bool on_record(void *arg, const struct npc_tap_record *r)
{
    struct recorder *x = arg;
    if (r->kind == NPC_TAP_OPENED)
        r->pipe->user =
            capture_tape_open(&x->tape, r->pipe->server, r->pipe->peer, r->pipe->name, NULL, r->time, &x->w);
    else if (r->kind == NPC_TAP_OCTETS)
        capture_tape_octets(r->pipe->user, r->from_server, r->time, r->octets, &x->w);
    else if (r->kind == NPC_TAP_CLOSED)
        capture_tape_close(r->pipe->user, r->time, &x->w);
    return true;
}

static enum nt_status add(struct rpc_conn *c, uint32_t n, uint32_t *ret)
{
    struct nt_arena *mem = nt_arena_new(0);
    struct rpcecho_echo_AddOne r = { .in.in_data = n };
    enum nt_status st = rpcecho_echo_AddOne(c, mem, &r);
    *ret = st == STATUS_SUCCESS ? r.out.out_data : 0;
    nt_arena_free(mem);
    return st;
}

static void expect_sum(struct rpc_conn *c, uint32_t n)
{
    uint32_t got;
    assert_int_equal(add(c, n, &got), STATUS_SUCCESS);
    assert_int_equal(got, n + 1);
}

static void converse(struct rpc_conn *c)
{
    expect_sum(c, 41);
    expect_sum(c, 7);
    big_echo(c, 100);
    big_echo(c, 100000);
}

/* A file of what two pipes carry. */
static void record(struct wr *ret)
{
    struct world w;
    struct npc_session *s;
    struct rpc_conn *c, *d;
    struct npc_tap *t;
    struct npc_tap_options o = NPC_TAP_OPTIONS_INIT;
    struct recorder x = { .tape = { .last_id = 0 } };
    world_init(&w, 0);
    give_creds(&w, ALICE, "alice");
    o.mux = "/mux";
    o.loop = w.loop;
    o.env = smbd_env();
    assert_int_equal(npc_tap_open(&o, &t), STATUS_SUCCESS);
    assert_int_equal(open_session(&w, &s), STATUS_SUCCESS);
    assert_int_equal(open_echo(&w, s, &c), STATUS_SUCCESS);
    converse(c);
    assert_int_equal(open_echo(&w, s, &d), STATUS_SUCCESS);
    expect_sum(d, 1000);
    rpc_close(c);
    rpc_close(d);
    npc_session_unref(s);
    wr_init(&x.w, 8 << 20);
    capture_put_head(&x.w, "test", "a test", NULL);
    assert_int_equal(npc_tap_run(t, on_record, &x, 1, NULL), STATUS_IO_TIMEOUT);
    npc_tap_close(t, NULL, NULL);
    capture_tape_free(&x.tape);
    assert_int_equal(x.w.st, STATUS_SUCCESS);
    *ret = x.w;
    world_done(&w);
}

/* ---- replaying ---- */

static struct muxd_replay *load(const struct wr *file, bool strict, size_t chunk)
{
    struct muxd_replay *r;
    struct muxd_replay_stats s;
    struct nt_error err;
    assert_int_equal(muxd_replay_new(strict, &r), STATUS_SUCCESS);
    for (size_t at = 0, n; at < file->len; at += n) {
        n = file->len - at < chunk ? file->len - at : chunk;
        assert_int_equal(muxd_replay_feed(r, file->base + at, n), STATUS_SUCCESS);
    }
    assert_int_equal(muxd_replay_ready(r, &s, &err), STATUS_SUCCESS);
    assert_int_equal(s.calls, 5);
    assert_int_equal(s.servers, 1);
    assert_int_equal(s.pipes, 1);
    assert_int_equal(s.sealed + s.unanswered + s.unknown + s.incomplete, 0);
    return r;
}

static struct {
    unsigned n;
    char why[512], pipe[64];
} missed;

static void on_event(void *arg, const struct muxd_event *e)
{
    (void)arg;
    if (e->kind != MUXD_MISSED)
        return;
    missed.n++;
    snprintf(missed.why, sizeof missed.why, "%s", e->why);
    snprintf(missed.pipe, sizeof missed.pipe, "%s", e->pipe ? e->pipe : "");
}

static void replay_world(struct world *w, size_t chunk, struct muxd_replay *r)
{
    struct muxd_options o = { .env = smbd_env(), .session_idle_ms = 5000, .replay = r, .event = on_event };
    world_init(w, chunk);
    muxd_free(w->muxd);
    turns(w);
    assert_int_equal(muxd_new(w->loop, &o, &w->muxd), STATUS_SUCCESS);
    memset(&missed, 0, sizeof missed);
}

static void replay_done(struct world *w, struct muxd_replay *r)
{
    assert_int_equal(w->dialled, 0); /* no network */
    world_done(w);
    muxd_replay_free(r);
}

static void by_messages(const struct wr *file, size_t chunk)
{
    struct world w;
    struct npc_session *s;
    struct rpc_conn *c, *d;
    struct npc_facts f = { .size = sizeof f };
    struct nt_blob key;
    uint32_t got;
    struct muxd_replay *r = load(file, false, chunk ? chunk : SIZE_MAX);
    replay_world(&w, chunk, r);
    assert_int_equal(open_session(&w, &s), STATUS_SUCCESS); /* without credentials */
    assert_int_equal(npc_session_facts(s, &f), STATUS_SUCCESS);
    assert_false(f.encrypted);
    assert_int_equal(f.application_key_len, 0);
    assert_int_equal(npc_application_key(s, &key), STATUS_NO_USER_SESSION_KEY);
    assert_int_equal(open_echo(&w, s, &c), STATUS_SUCCESS);
    converse(c);
    assert_int_equal(open_echo(&w, s, &d), STATUS_SUCCESS);
    expect_sum(d, 41); /* in any order, of whichever pipe, as often as one likes */
    expect_sum(c, 1000);
    expect_sum(c, 1000);
    assert_int_equal(missed.n, 0);
    assert_int_equal(add(c, 8, &got), STATUS_NOT_FOUND);
    assert_int_equal(missed.n, 1);
    assert_non_null(strstr(missed.why, "operation 0 "));
    assert_non_null(strstr(missed.why, "with these arguments"));
    assert_string_equal(missed.pipe, "rpcecho");
    expect_sum(c, 7); /* and it goes on */
    rpc_close(c);
    rpc_close(d);
    npc_session_unref(s);
    replay_done(&w, r);
}

static void test_messages(void **state)
{
    struct wr file;
    (void)state;
    record(&file);
    by_messages(&file, 0);
    by_messages(&file, 333);
    wr_free(&file);
}

static void test_strict(void **state)
{
    struct wr file;
    struct world w;
    struct npc_session *s;
    struct rpc_conn *c;
    uint32_t got;
    (void)state;
    record(&file);
    struct muxd_replay *r = load(&file, true, SIZE_MAX);
    replay_world(&w, 0, r);
    assert_int_equal(open_session(&w, &s), STATUS_SUCCESS);
    assert_int_equal(open_echo(&w, s, &c), STATUS_SUCCESS);
    assert_int_equal(add(c, 7, &got), STATUS_NOT_FOUND); /* another one is first */
    assert_non_null(strstr(missed.why, "was next"));
    converse(c);
    expect_sum(c, 1000);
    assert_int_equal(add(c, 1000, &got), STATUS_NOT_FOUND); /* it was there once */
    assert_int_equal(missed.n, 2);
    rpc_close(c);
    npc_session_unref(s);
    replay_done(&w, r);
    wr_free(&file);
}

static void send(struct raw *r, struct wr *w)
{
    assert_int_equal(io_queue(&r->s, w), STATUS_SUCCESS);
    for (int i = 0; i < 30; i++)
        turns(r->w);
}

static void put_bind(struct wr *w, const struct rpc_syntax *iface, size_t token)
{
    struct rpc_ctx_elem e = { 3, 1, *iface, { rpc_syntax_ndr20 } };
    size_t at = w->len;
    rpc_put_bind(w, RPC_PT_BIND, RPC_PFC_WHOLE, 1, 4280, 0, &e, 1);
    if (token) {
        wr_bytes(w, (const uint8_t[8]){ 10, 6, 0, 0, 1 }, 8);
        wr_zero(w, token);
    }
    rpc_pdu_end(w, at, token);
}

static void put_request(struct wr *w, uint32_t call, uint16_t opnum, uint32_t value)
{
    uint8_t *p = wr_room(w, 28);
    rpc_fill_request(p, RPC_PFC_WHOLE, call, 4, 3, opnum, NULL);
    put_le16(p + 8, 28);
    put_le32(p + 24, value);
}

/* Ids are the client's, whatever those of the recording were. */
static void test_proxy(void **state)
{
    struct wr file, out;
    struct world w;
    struct raw r;
    struct mux_facts f;
    struct rpc_syntax other = rpcecho_interface.syntax;
    (void)state;
    record(&file);
    struct muxd_replay *rec = load(&file, false, 1000);
    replay_world(&w, 5, rec);
    raw_open(&r, &w, EVE);
    raw_hello(&r);
    assert_int_equal(raw_connect(&r, MUX_PROXY, 0, &f), STATUS_SUCCESS);
    wr_init(&out, 4096);
    put_bind(&out, &rpcecho_interface.syntax, 0);
    put_request(&out, 77, 0, 41);
    put_request(&out, 78, 0, 7);
    put_request(&out, 79, 9, 7);
    send(&r, &out);
    const uint8_t *p = r.got.base;
    assert_int_equal(p[2], RPC_PT_BIND_ACK);
    p += le16(p + 8);
    assert_int_equal(p[2], RPC_PT_RESPONSE);
    assert_int_equal(le32(p + 12), 77);
    assert_int_equal(le16(p + 20), 3);
    assert_int_equal(le32(p + 24), 42);
    p += le16(p + 8);
    assert_int_equal(le32(p + 12), 78);
    assert_int_equal(le32(p + 24), 8);
    p += le16(p + 8);
    assert_int_equal(p[2], RPC_PT_FAULT);
    assert_int_equal(le32(p + 12), 79);
    assert_int_equal(le32(p + 24), 1168);
    assert_int_equal(p + le16(p + 8) - r.got.base, r.got.len);
    assert_int_equal(missed.n, 1);
    raw_done(&r);
    /* security of RPC; an interface that is not there */
    for (int i = 0; i < 2; i++) {
        raw_open(&r, &w, EVE);
        raw_hello(&r);
        assert_int_equal(raw_connect(&r, MUX_PROXY, 0, &f), STATUS_SUCCESS);
        other.uuid.a = i ? other.uuid.a + 1 : other.uuid.a;
        wr_init(&out, 4096);
        put_bind(&out, &other, i ? 0 : 16);
        send(&r, &out);
        assert_int_equal(r.got.base[2], i ? RPC_PT_BIND_ACK : RPC_PT_BIND_NAK);
        assert_int_equal(missed.n, 2 + (unsigned)i);
        raw_done(&r);
    }
    replay_done(&w, rec);
    wr_free(&file);
}

static enum nt_status ask(struct raw *r, struct wr *w, struct rd *ret)
{
    raw_send(r, w);
    return raw_answer(r, ret);
}

/* A bound pipe is lent, given back, and lent again. */
static void test_lent(void **state)
{
    struct wr file, out;
    struct world w;
    struct raw r;
    struct mux_facts f;
    struct rd body;
    (void)state;
    record(&file);
    struct muxd_replay *rec = load(&file, false, SIZE_MAX);
    replay_world(&w, 0, rec);
    raw_open(&r, &w, ALICE);
    raw_hello(&r);
    for (int i = 0; i < 2; i++) {
        struct mux_connect to = { .mode = MUX_PDU };
        const struct rpc_syntax *x = &rpcecho_interface.syntax;
        to.iface = (struct npc_interface){ x->uuid, x->major, x->minor };
        snprintf(to.server, sizeof to.server, "fake");
        snprintf(to.pipe, sizeof to.pipe, "rpcecho");
        raw_begin(&r, &out, MUX_CONNECT);
        mux_put_connect(&out, &to);
        assert_int_equal(ask(&r, &out, &body), STATUS_SUCCESS);
        assert_int_equal(mux_get_facts(&body, &f), STATUS_SUCCESS);
        assert_int_equal(f.bound, i);
        raw_begin(&r, &out, MUX_PIPE_SEND);
        wr_u32(&out, 28);
        put_request(&out, 5, 0, 41);
        raw_send(&r, &out);
        raw_begin(&r, &out, MUX_PIPE_RECV);
        wr_u32(&out, 1000);
        wr_u8(&out, 0);
        raw_send(&r, &out);
        turns(&w);
        assert_int_equal(raw_answer(&r, &body), STATUS_SUCCESS);
        struct nt_blob pdu = mux_get_blob(&body, 1000);
        assert_int_equal(pdu.len, 28);
        assert_int_equal(le32(pdu.data + 12), 5);
        assert_int_equal(le32(pdu.data + 24), 42);
        raw_begin(&r, &out, MUX_PIPE_RELEASE);
        wr_u8(&out, 1);
        assert_int_equal(ask(&r, &out, &body), STATUS_SUCCESS);
        assert_int_equal(rd_u8(&body), 1);
    }
    raw_done(&r);
    replay_done(&w, rec);
    wr_free(&file);
}

static void test_not_there(void **state)
{
    struct wr file;
    struct world w;
    struct npc_session *s;
    struct npc_pipe *p = NULL;
    struct npc_options o = NPC_OPTIONS_INIT;
    (void)state;
    record(&file);
    struct muxd_replay *rec = load(&file, false, SIZE_MAX);
    replay_world(&w, 0, rec);
    o.loop = w.loop;
    o.env = smbd_env();
    o.mux = "/mux";
    o.error = &w.err;
    assert_int_equal(npc_session_open("nobody", &o, &s), STATUS_HOST_UNREACHABLE);
    assert_non_null(strstr(w.err.text, "recording"));
    assert_int_equal(npc_session_open("FAKE", &o, &s), STATUS_SUCCESS);
    assert_int_equal(npc_pipe_open(s, "srvsvc", NULL, &p), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(missed.n, 2);
    npc_session_unref(s);
    replay_done(&w, rec);
    wr_free(&file);
}

/* A client that goes in the middle of all it can be in the middle of. */
static void test_client_goes(void **state)
{
    struct wr file, out;
    (void)state;
    record(&file);
    for (unsigned stop_at = 0; stop_at < 40; stop_at++) {
        struct world w;
        struct raw r;
        struct mux_connect to = { .mode = stop_at % 2 ? MUX_MESSAGE : MUX_PROXY };
        struct muxd_replay *rec = load(&file, false, SIZE_MAX);
        replay_world(&w, 40, rec);
        raw_open(&r, &w, ALICE);
        raw_hello(&r);
        snprintf(to.server, sizeof to.server, "fake");
        snprintf(to.pipe, sizeof to.pipe, "rpcecho");
        raw_begin(&r, &out, MUX_CONNECT);
        mux_put_connect(&out, &to);
        raw_send(&r, &out);
        for (unsigned i = 0; i < stop_at; i++)
            (void)!nt_loop_run(w.loop, 0);
        if (r.got.len && to.mode == MUX_PROXY) {
            wr_init(&out, 4096);
            put_bind(&out, &rpcecho_interface.syntax, 0);
            put_request(&out, 2, 0, 41);
            assert_int_equal(io_queue(&r.s, &out), STATUS_SUCCESS);
            for (unsigned i = 0; i < stop_at / 4; i++)
                (void)!nt_loop_run(w.loop, 0);
        } else if (r.got.len) {
            raw_begin(&r, &out, MUX_PIPE_READ);
            wr_u32(&out, 100);
            raw_send(&r, &out);
            (void)!nt_loop_run(w.loop, 0);
        }
        raw_done(&r);
        replay_done(&w, rec);
    }
    wr_free(&file);
}

/* Half a file, another file, none. */
static void test_files(void **state)
{
    struct wr file;
    struct muxd_replay *r;
    struct muxd_replay_stats s;
    struct nt_error err;
    (void)state;
    record(&file);
    for (size_t n = 0; n < file.len; n += n < 3000 ? 1 : 997) {
        assert_int_equal(muxd_replay_new(false, &r), STATUS_SUCCESS);
        enum nt_status st = n ? muxd_replay_feed(r, file.base, n) : STATUS_SUCCESS;
        assert_int_equal(st, STATUS_SUCCESS);
        st = muxd_replay_ready(r, &s, &err);
        assert_true(st == STATUS_SUCCESS || st == STATUS_FILE_INVALID);
        assert_true(st == STATUS_SUCCESS || err.text[0]);
        muxd_replay_free(r);
    }
    assert_int_equal(muxd_replay_new(false, &r), STATUS_SUCCESS);
    assert_int_equal(muxd_replay_feed(r, (const uint8_t *)"GET / HTTP/1.0\r\n\r\n", 18), STATUS_FILE_INVALID);
    muxd_replay_free(r);
    assert_int_equal(muxd_replay_load("/nonexistent/file", false, &r, &s, &err),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    wr_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages), cmocka_unit_test(test_strict),    cmocka_unit_test(test_proxy),
        cmocka_unit_test(test_lent),     cmocka_unit_test(test_not_there), cmocka_unit_test(test_client_goes),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
