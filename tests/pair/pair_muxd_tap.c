// SPDX-License-Identifier: Apache-2.0
/* Taps: what they show of each kind of pipe, to whom, and what a slow reader does to the pipes: nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <msrpc/npc_tap.h>
#include "npc/mux_tap.h"
#include "pair/muxd_world.h"
#include "rpc/pdu.h"

#define ROOT 0u
#define SEEN 64u

/* What came of a tap. */
struct seen {
    unsigned n, opened, closed, lost;
    uint64_t lost_records, lost_bytes, octets;
    struct {
        uint8_t ptype;
        bool from_server, earlier;
        uint16_t auth_len;
        size_t len;
    } pdu[SEEN];
    struct npc_tap_pipe last; /* its texts are below */
    char server[64], peer[64], name[64];
    uint64_t time;
};

static void seen_octets(struct seen *s, const struct npc_tap_record *r)
{
    s->octets += r->octets.len;
    assert_true(r->octets.len > 0);
    assert_true(r->earlier || r->time >= s->time);
    s->time = r->time > s->time ? r->time : s->time;
    if (s->n == SEEN || r->octets.len < RPC_HDR_LEN)
        return;
    s->pdu[s->n].ptype = r->octets.data[2];
    s->pdu[s->n].auth_len = le16(r->octets.data + 10);
    s->pdu[s->n].from_server = r->from_server;
    s->pdu[s->n].earlier = r->earlier;
    s->pdu[s->n].len = r->octets.len;
    s->n++;
}

static bool on_record(void *arg, const struct npc_tap_record *r)
{
    struct seen *s = arg;
    if (r->kind == NPC_TAP_OCTETS) {
        seen_octets(s, r);
        r->pipe->user = s;
    } else if (r->kind == NPC_TAP_OPENED) {
        s->opened++;
        s->last = *r->pipe;
        snprintf(s->server, sizeof s->server, "%s", r->pipe->server);
        snprintf(s->peer, sizeof s->peer, "%s", r->pipe->peer);
        snprintf(s->name, sizeof s->name, "%s", r->pipe->name);
    } else if (r->kind == NPC_TAP_CLOSED) {
        s->closed++;
        assert_true(r->pipe->user == NULL || r->pipe->user == s);
    } else {
        s->lost++;
        s->lost_records += r->records;
        s->lost_bytes += r->bytes;
    }
    return true;
}

static enum nt_status tap_by(struct world *w, uint32_t uid, struct npc_tap_options *o, struct npc_tap **ret)
{
    uint32_t before = w->uid;
    o->mux = "/mux";
    o->loop = w->loop;
    o->env = smbd_env();
    o->error = &w->err;
    w->uid = uid;
    enum nt_status st = npc_tap_open(o, ret);
    w->uid = before;
    return st;
}

static struct npc_tap *tap(struct world *w, uint32_t uid)
{
    struct npc_tap_options o = NPC_TAP_OPTIONS_INIT;
    struct npc_tap *t = NULL;
    assert_int_equal(tap_by(w, uid, &o, &t), STATUS_SUCCESS);
    return t;
}

static void look(struct npc_tap *t, struct seen *ret)
{
    memset(ret, 0, sizeof *ret);
    assert_int_equal(npc_tap_run(t, on_record, ret, 1, NULL), STATUS_IO_TIMEOUT);
}

static void untap(struct world *w, struct npc_tap *t)
{
    npc_tap_close(t, NULL, NULL);
    turns(w);
}

static void check_pdu(const struct seen *s, unsigned i, uint8_t ptype, bool from_server, bool earlier)
{
    assert_true(i < s->n);
    assert_int_equal(s->pdu[i].ptype, ptype);
    assert_int_equal(s->pdu[i].from_server, from_server);
    assert_int_equal(s->pdu[i].earlier, earlier);
}

/* ---- what is seen ---- */

static void test_message_mode(void **state)
{
    struct world w;
    struct npc_session *s;
    struct rpc_conn *c;
    struct seen got;
    struct npc_tap_about about = { .size = sizeof about };
    (void)state;
    world_init(&w, 0);
    give_creds(&w, ALICE, "alice");
    struct npc_tap *t = tap(&w, ALICE);
    assert_int_equal(npc_tap_about(t, &about), STATUS_SUCCESS);
    assert_int_equal(about.tap, 1);
    assert_int_equal(strncmp(about.program, "npcmuxd ", 8), 0);
    assert_true(about.host[0] != 0);
    assert_int_equal(open_session(&w, &s), STATUS_SUCCESS);
    assert_int_equal(open_echo(&w, s, &c), STATUS_SUCCESS);
    assert_int_equal(add_one(c), STATUS_SUCCESS);
    look(t, &got);
    assert_int_equal(got.opened, 1);
    assert_string_equal(got.server, "fake");
    assert_string_equal(got.name, "rpcecho");
    assert_int_equal(got.last.uid, ALICE);
    assert_int_equal(got.n, 4);
    check_pdu(&got, 0, RPC_PT_BIND, false, false);
    check_pdu(&got, 1, RPC_PT_BIND_ACK, true, false);
    check_pdu(&got, 2, RPC_PT_REQUEST, false, false);
    check_pdu(&got, 3, RPC_PT_RESPONSE, true, false);
    assert_int_equal(got.lost, 0);
    rpc_close(c);
    turns(&w);
    look(t, &got);
    assert_int_equal(got.closed, 1);
    npc_session_unref(s);
    untap(&w, t);
    world_done(&w);
}

static void put_bind(uint8_t b[72])
{
    static const uint8_t ndr[20] = { 0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8,
                                     0x08, 0x00, 0x2b, 0x10, 0x48, 0x60, 2,    0,    0,    0 };
    const struct rpc_syntax *x = &rpcecho_interface.syntax;
    memset(b, 0, 72);
    memcpy(b, (const uint8_t[16]){ 5, 0, RPC_PT_BIND, RPC_PFC_WHOLE, 0x10, 0, 0, 0, 72, 0, 0, 0, 1 }, 16);
    put_le16(b + 16, 4280);
    put_le16(b + 18, 4280);
    b[24] = 1;
    b[30] = 1;
    put_le32(b + 32, x->uuid.a);
    put_le16(b + 36, x->uuid.b);
    put_le16(b + 38, x->uuid.c);
    memcpy(b + 40, x->uuid.d, 8);
    put_le16(b + 48, x->major);
    memcpy(b + 52, ndr, sizeof ndr);
}

static void put_request(uint8_t r[28], uint8_t call, uint32_t value)
{
    memset(r, 0, 28);
    memcpy(r, (const uint8_t[16]){ 5, 0, RPC_PT_REQUEST, RPC_PFC_WHOLE, 0x10, 0, 0, 0, 28, 0, 0, 0, call },
           16);
    put_le32(r + 16, 4);
    put_le32(r + 24, value);
}

static void bytes(struct raw *r, const void *p, size_t n)
{
    struct wr w;
    wr_init(&w, n);
    wr_bytes(&w, p, n);
    assert_int_equal(io_queue(&r->s, &w), STATUS_SUCCESS);
    for (int i = 0; i < 20; i++)
        turns(r->w);
}

/* Two requests in one piece are two records; a pipe that was bound before the tap began shows its bind. */
static void proxied(size_t chunk)
{
    struct world w;
    struct raw r;
    struct mux_facts f;
    struct seen got;
    uint8_t bind[72], two[56];
    world_init(&w, chunk);
    give_creds(&w, ALICE, "alice");
    raw_open(&r, &w, ALICE);
    raw_hello(&r);
    assert_int_equal(raw_connect(&r, MUX_PROXY, 0, &f), STATUS_SUCCESS);
    put_bind(bind);
    bytes(&r, bind, sizeof bind);
    struct npc_tap *t = tap(&w, ALICE);
    look(t, &got);
    assert_int_equal(got.opened, 0); /* it is silent: nothing is said of it */
    put_request(two, 2, 41);
    put_request(two + 28, 3, 7);
    bytes(&r, two, sizeof two);
    look(t, &got);
    assert_int_equal(got.opened, 1);
    assert_int_equal(got.last.id, f.pipe);
    assert_int_equal(got.n, 6);
    check_pdu(&got, 0, RPC_PT_BIND, false, true);
    assert_int_equal(got.pdu[0].len, sizeof bind);
    check_pdu(&got, 1, RPC_PT_BIND_ACK, true, true);
    check_pdu(&got, 2, RPC_PT_REQUEST, false, false);
    unsigned answers = 0;
    for (unsigned i = 3; i < 6; i++)
        answers += got.pdu[i].ptype == RPC_PT_RESPONSE && got.pdu[i].from_server;
    assert_int_equal(answers, 2);
    struct npc_tap *later = tap(&w, ALICE); /* a second one is told anew */
    bytes(&r, two, 28);
    look(later, &got);
    assert_int_equal(got.opened, 1);
    assert_int_equal(got.n, 4);
    check_pdu(&got, 1, RPC_PT_BIND_ACK, true, true);
    look(t, &got);
    assert_int_equal(got.opened, 0);
    assert_int_equal(got.n, 2);
    raw_done(&r);
    look(t, &got);
    assert_int_equal(got.closed, 1);
    untap(&w, t);
    untap(&w, later);
    world_done(&w);
}

static void test_proxy_mode(void **state)
{
    (void)state;
    proxied(0);
    proxied(5);
}

static enum nt_status ask(struct raw *r, struct wr *w, struct rd *ret)
{
    raw_send(r, w);
    return raw_answer(r, ret);
}

/* A pipe that is lent: each time it is another one to who taps, with the bind that it had. The ids are those
 * on the wire. */
static void test_pdu_mode(void **state)
{
    struct world w;
    struct raw r;
    struct rd body;
    struct wr out;
    struct seen got;
    uint8_t req[28];
    (void)state;
    world_init(&w, 0);
    give_creds(&w, ALICE, "alice");
    struct npc_tap *t = tap(&w, ALICE);
    raw_open(&r, &w, ALICE);
    raw_hello(&r);
    for (unsigned i = 0; i < 3; i++) {
        struct mux_connect to = { .mode = MUX_PDU };
        const struct rpc_syntax *x = &rpcecho_interface.syntax;
        to.iface = (struct npc_interface){ x->uuid, x->major, x->minor };
        snprintf(to.server, sizeof to.server, "fake");
        snprintf(to.pipe, sizeof to.pipe, "rpcecho");
        raw_begin(&r, &out, MUX_CONNECT);
        mux_put_connect(&out, &to);
        assert_int_equal(ask(&r, &out, &body), STATUS_SUCCESS);
        raw_begin(&r, &out, MUX_PIPE_SEND);
        put_request(req, 99, 41);
        mux_put_blob(&out, req, sizeof req);
        raw_send(&r, &out);
        raw_begin(&r, &out, MUX_PIPE_RECV);
        wr_u32(&out, 1000);
        wr_u8(&out, 0);
        assert_int_equal(ask(&r, &out, &body), STATUS_SUCCESS);
        raw_begin(&r, &out, MUX_PIPE_RELEASE);
        wr_u8(&out, 1);
        assert_int_equal(ask(&r, &out, &body), STATUS_SUCCESS);
        assert_int_equal(rd_u8(&body), 1);
        look(t, &got);
        assert_int_equal(got.opened, 1);
        assert_int_equal(got.closed, 1);
        assert_int_equal(got.n, 4);
        check_pdu(&got, 0, RPC_PT_BIND, false, true);
        check_pdu(&got, 1, RPC_PT_BIND_ACK, true, true);
        check_pdu(&got, 2, RPC_PT_REQUEST, false, false);
        check_pdu(&got, 3, RPC_PT_RESPONSE, true, false);
    }
    raw_done(&r);
    untap(&w, t);
    world_done(&w);
}

/* Tokens of a bind are not kept. */
static void test_kept_without_token(void **state)
{
    struct world w;
    struct raw r;
    struct mux_facts f;
    struct seen got;
    uint8_t bind[72], req[28], secured[72 + 8 + 200] = { 0 };
    (void)state;
    world_init(&w, 0);
    give_creds(&w, ALICE, "alice");
    raw_open(&r, &w, ALICE);
    raw_hello(&r);
    assert_int_equal(raw_connect(&r, MUX_PROXY, 0, &f), STATUS_SUCCESS);
    put_bind(bind);
    memcpy(secured, bind, sizeof bind);
    put_le16(secured + 8, sizeof secured);
    put_le16(secured + 10, 200);
    secured[72] = 10; /* NTLM, which the server takes for a broken token: it refuses, and the pipe stays */
    secured[73] = 2;
    memset(secured + 80, 0x77, 200);
    bytes(&r, secured, sizeof secured);
    struct npc_tap *t = tap(&w, ALICE);
    put_request(req, 2, 1);
    bytes(&r, req, sizeof req);
    look(t, &got);
    assert_true(got.n >= 2);
    check_pdu(&got, 0, RPC_PT_BIND, false, true);
    assert_int_equal(got.pdu[0].len, sizeof bind);
    assert_int_equal(got.pdu[0].auth_len, 0);
    untap(&w, t);
    raw_done(&r);
    world_done(&w);
}

static void filtered(struct world *w, struct rpc_conn *c, const struct npc_tap_options *o, unsigned n)
{
    struct npc_tap_options own = *o;
    struct npc_tap *t;
    struct seen got;
    assert_int_equal(tap_by(w, own.all ? ROOT : ALICE, &own, &t), STATUS_SUCCESS);
    assert_int_equal(add_one(c), STATUS_SUCCESS);
    look(t, &got);
    assert_int_equal(got.opened, n ? 1 : 0);
    assert_int_equal(got.n, n);
    untap(w, t);
}

static void test_filters(void **state)
{
    struct world w;
    struct npc_session *s;
    struct rpc_conn *c;
    struct npc_tap_options o = NPC_TAP_OPTIONS_INIT;
    (void)state;
    world_init(&w, 0);
    give_creds(&w, ALICE, "alice");
    assert_int_equal(open_session(&w, &s), STATUS_SUCCESS);
    assert_int_equal(open_echo(&w, s, &c), STATUS_SUCCESS);
    filtered(&w, c, &o, 4);
    o.server = "FA*";
    o.pipe = "*echo";
    filtered(&w, c, &o, 4);
    o.pipe = "srvsvc";
    filtered(&w, c, &o, 0);
    o.pipe = NULL;
    o.server = "fake2";
    filtered(&w, c, &o, 0);
    o.server = NULL;
    o.pid = 4711; /* of connections in memory nobody knows it */
    filtered(&w, c, &o, 0);
    o.pid = 0;
    o.all = true;
    filtered(&w, c, &o, 4);
    o.uid = ALICE;
    filtered(&w, c, &o, 4);
    o.uid = EVE;
    filtered(&w, c, &o, 0);
    rpc_close(c);
    npc_session_unref(s);
    world_done(&w);
}

/* ---- who sees it ---- */

static enum nt_status raw_tap(struct raw *r, const struct mux_tap *q)
{
    struct rd body;
    struct wr w;
    raw_begin(r, &w, MUX_TAP);
    mux_put_tap(&w, q);
    raw_send(r, &w);
    return raw_answer(r, &body);
}

static void test_users(void **state)
{
    struct world w;
    struct npc_session *s;
    struct rpc_conn *c;
    struct seen got;
    struct raw r;
    struct npc_tap *refused = NULL;
    struct npc_tap_options o = NPC_TAP_OPTIONS_INIT;
    (void)state;
    world_init(&w, 0);
    give_creds(&w, ALICE, "alice");
    struct npc_tap *eve = tap(&w, EVE), *root = tap(&w, ROOT), *alice = tap(&w, ALICE), *all = NULL;
    o.all = true;
    assert_int_equal(tap_by(&w, EVE, &o, &refused), STATUS_ACCESS_DENIED);
    assert_non_null(strstr(w.err.text, "root"));
    assert_int_equal(tap_by(&w, ROOT, &o, &all), STATUS_SUCCESS);
    raw_open(&r, &w, EVE);
    raw_hello(&r);
    assert_int_equal(raw_tap(&r, &(struct mux_tap){ .uid = ALICE }), STATUS_ACCESS_DENIED);
    assert_int_equal(raw_tap(&r, &(struct mux_tap){ .whose = MUX_ALL, .uid = EVE }), STATUS_ACCESS_DENIED);
    assert_int_equal(raw_tap(&r, &(struct mux_tap){ .whose = 7 }), STATUS_INVALID_PARAMETER);
    raw_done(&r);
    assert_int_equal(open_session(&w, &s), STATUS_SUCCESS);
    assert_int_equal(open_echo(&w, s, &c), STATUS_SUCCESS);
    assert_int_equal(add_one(c), STATUS_SUCCESS);
    rpc_close(c);
    npc_session_unref(s);
    turns(&w);
    look(eve, &got);
    assert_int_equal(got.opened + got.n + got.closed + got.lost, 0);
    look(root, &got); /* his own, unless he says `all` */
    assert_int_equal(got.opened + got.n + got.closed + got.lost, 0);
    look(alice, &got);
    assert_int_equal(got.n, 4);
    look(all, &got);
    assert_int_equal(got.n, 4);
    assert_int_equal(got.last.uid, ALICE);
    untap(&w, eve);
    untap(&w, root);
    untap(&w, alice);
    untap(&w, all);
    world_done(&w);
}

/* A pipe that was opened with a token is its uid's as any other. */
static void test_token(void **state)
{
    struct world w;
    struct raw maker;
    struct rd body;
    struct wr out;
    struct npc_session *s;
    struct rpc_conn *c;
    struct seen got;
    (void)state;
    world_init(&w, 0);
    raw_open(&maker, &w, ALICE);
    raw_hello(&maker);
    raw_begin(&maker, &out, MUX_CREATE_TOKEN);
    raw_send(&maker, &out);
    assert_int_equal(raw_answer(&maker, &body), STATUS_SUCCESS);
    uint64_t token = rd_u64(&body);
    assert_int_equal(raw_set(&maker, token, "bob", FAKE_PASSWORD), STATUS_SUCCESS);
    struct npc_tap *alice = tap(&w, ALICE), *eve = tap(&w, EVE);
    npc_impersonate(token);
    assert_int_equal(open_session(&w, &s), STATUS_SUCCESS);
    assert_int_equal(open_echo(&w, s, &c), STATUS_SUCCESS);
    npc_revert();
    assert_int_equal(add_one(c), STATUS_SUCCESS);
    look(alice, &got);
    assert_int_equal(got.n, 4);
    look(eve, &got);
    assert_int_equal(got.opened + got.n, 0);
    rpc_close(c);
    npc_session_unref(s);
    raw_done(&maker);
    untap(&w, alice);
    untap(&w, eve);
    world_done(&w);
}

static void test_ceiling(void **state)
{
    struct world w;
    struct npc_tap *t[4], *more = NULL;
    struct npc_tap_options o = NPC_TAP_OPTIONS_INIT;
    struct muxd_counters n;
    (void)state;
    world_init(&w, 0);
    for (unsigned i = 0; i < 4; i++)
        t[i] = tap(&w, ALICE);
    assert_int_equal(tap_by(&w, ALICE, &o, &more), STATUS_QUOTA_EXCEEDED);
    more = tap(&w, EVE); /* who has her own */
    untap(&w, more);
    muxd_count(w.muxd, &n);
    assert_int_equal(n.taps, 4);
    untap(&w, t[2]);
    t[2] = tap(&w, ALICE);
    for (unsigned i = 0; i < 4; i++)
        untap(&w, t[i]);
    muxd_count(w.muxd, &n);
    assert_int_equal(n.taps, 0);
    world_done(&w);
}

/* ---- who is slow ---- */

/* Records of a raw tap. */
static void drain(struct raw *r, struct seen *ret)
{
    struct mux_hdr h;
    struct mux_record rec;
    size_t at = 0;
    memset(ret, 0, sizeof *ret);
    while (r->got.len - at >= MUX_HDR && mux_length(r->got.base + at) <= r->got.len - at) {
        struct rd body;
        assert_int_equal(mux_get_hdr(r->got.base + at, &h), STATUS_SUCCESS);
        rd_init(&body, r->got.base + at + MUX_HDR, h.length - MUX_HDR);
        assert_int_equal(mux_get_record(&body, &rec), STATUS_SUCCESS);
        if (rec.kind == MUX_TAP_OCTETS)
            ret->octets += rec.octets.len;
        if (rec.kind == MUX_TAP_LOST) {
            ret->lost++;
            ret->lost_records += rec.records;
            ret->lost_bytes += rec.bytes;
        }
        at += h.length;
    }
    assert_int_equal(at, r->got.len);
    r->got.len = 0;
}

static void test_slow(void **state)
{
    struct world w;
    struct npc_session *s;
    struct rpc_conn *c;
    struct raw r;
    struct seen got;
    struct muxd_counters n;
    (void)state;
    world_init(&w, 0);
    give_creds(&w, ALICE, "alice");
    raw_open(&r, &w, ALICE);
    raw_hello(&r);
    assert_int_equal(raw_tap(&r, &(struct mux_tap){ .uid = MUX_TAP_ANY, .queue = 100000 }), STATUS_SUCCESS);
    io_hold(&r.s, true);
    assert_int_equal(open_session(&w, &s), STATUS_SUCCESS);
    assert_int_equal(open_echo(&w, s, &c), STATUS_SUCCESS);
    for (int i = 0; i < 5; i++)
        big_echo(c, 300000); /* nobody waits for the tap */
    io_hold(&r.s, false);
    turns(&w);
    assert_int_equal(add_one(c), STATUS_SUCCESS);
    turns(&w);
    muxd_count(w.muxd, &n);
    assert_true(n.bytes_in + n.bytes_out > 3000000);
    drain(&r, &got);
    assert_int_equal(got.lost, 1);
    assert_true(got.lost_records > 10);
    assert_int_equal(got.lost_records, n.tap_lost);
    assert_true(got.octets > 90000); /* what has room, heads of records included */
    assert_true(got.octets < 250000);
    assert_int_equal(got.octets + got.lost_bytes, n.bytes_in + n.bytes_out); /* all is there, or told */
    rpc_close(c);
    npc_session_unref(s);
    raw_done(&r);
    world_done(&w);
}

/* A tap's connection is nothing else any more; and one that is something is no tap. */
static void test_states(void **state)
{
    struct world w;
    struct raw r;
    struct mux_facts f;
    struct rd body;
    struct wr out;
    struct npc_tap *t;
    struct seen got;
    (void)state;
    world_init(&w, 0);
    give_creds(&w, ALICE, "alice");
    raw_open(&r, &w, ALICE);
    raw_hello(&r);
    assert_int_equal(raw_connect(&r, MUX_SESSION, 0, &f), STATUS_SUCCESS);
    assert_int_equal(raw_tap(&r, &(struct mux_tap){ .uid = MUX_TAP_ANY }), STATUS_INVALID_DEVICE_STATE);
    raw_done(&r);
    raw_open(&r, &w, ALICE);
    raw_hello(&r);
    assert_int_equal(raw_tap(&r, &(struct mux_tap){ .uid = MUX_TAP_ANY }), STATUS_SUCCESS);
    raw_begin(&r, &out, MUX_CREATE_TOKEN);
    raw_send(&r, &out);
    assert_int_equal(raw_answer(&r, &body), STATUS_INVALID_DEVICE_STATE);
    raw_done(&r);
    t = tap(&w, ALICE); /* the daemon goes */
    muxd_free(w.muxd);
    memset(&got, 0, sizeof got);
    assert_int_equal(npc_tap_run(t, on_record, &got, 1000, NULL), STATUS_CONNECTION_DISCONNECTED);
    npc_tap_close(t, NULL, NULL);
    assert_int_equal(muxd_new(w.loop, &(struct muxd_options){ .env = smbd_env() }, &w.muxd), STATUS_SUCCESS);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message_mode), cmocka_unit_test(test_proxy_mode),
        cmocka_unit_test(test_pdu_mode),     cmocka_unit_test(test_kept_without_token),
        cmocka_unit_test(test_filters),      cmocka_unit_test(test_users),
        cmocka_unit_test(test_token),        cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_slow),         cmocka_unit_test(test_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
