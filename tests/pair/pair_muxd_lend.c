// SPDX-License-Identifier: Apache-2.0
/*
 * Bound pipes that the muxer lends: whole calls in one piece, fragments in both byte orders, what goes back
 * to the pool and what does not, servers that have ended pipes or sessions meanwhile, clients and servers
 * that lie.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <msrpc/serve.h>
#include "muxd_world.h"
#include "npc/pdu_head.h"

#define ADD_ONE 0
#define ECHO    1
#define PIECE   4096 /* of a stub in a fragment */

/* ---- PDUs ---- */

static void put16(uint8_t *p, unsigned v, bool big)
{
    put_le16(p, big ? __builtin_bswap16((uint16_t)v) : (uint16_t)v);
}

static void put32(uint8_t *p, uint32_t v, bool big)
{
    put_le32(p, big ? __builtin_bswap32(v) : v);
}

static uint32_t get32(const uint8_t *p, bool big)
{
    return big ? __builtin_bswap32(le32(p)) : le32(p);
}

struct shape {
    unsigned type, flags, opnum, context;
    uint32_t call;
    bool big;
};

/* A PDU behind a message's head; the stub is in the byte order of the shape already. */
static void put_pdu(struct wr *w, const struct shape *s, const void *stub, size_t len)
{
    uint8_t h[24] = { 5, 0, (uint8_t)s->type, (uint8_t)s->flags, s->big ? 0 : 0x10 };
    size_t head = s->type == RPC_PT_REQUEST ? 24 : 16;
    put16(h + 8, (unsigned)(head + len), s->big);
    put32(h + 12, s->call, s->big);
    put32(h + 16, (uint32_t)len, s->big);
    put16(h + 20, s->context, s->big);
    put16(h + 22, s->opnum, s->big);
    wr_u32(w, (uint32_t)(head + len));
    wr_bytes(w, h, head);
    wr_bytes(w, stub, len);
}

/* ---- a client ---- */

static void put_message(struct raw *r, struct wr *all, unsigned type, const struct wr *body)
{
    struct wr w;
    raw_begin(r, &w, type);
    if (body->len)
        wr_bytes(&w, body->base, body->len);
    mux_end(&w);
    wr_bytes(all, w.base, w.len);
    wr_free(&w);
}

static void put_connect_to(struct raw *r, struct wr *all, const char *pipe, bool keys)
{
    struct mux_connect to = { .mode = MUX_PDU, .keys = keys };
    struct wr w;
    const struct rpc_syntax *x = &rpcecho_interface.syntax;
    to.iface = (struct npc_interface){ x->uuid, x->major, x->minor };
    snprintf(to.server, sizeof to.server, "fake");
    snprintf(to.pipe, sizeof to.pipe, "%s", pipe);
    wr_init(&w, 4096);
    mux_put_connect(&w, &to);
    put_message(r, all, MUX_CONNECT, &w);
    wr_free(&w);
}

static void put_send(struct raw *r, struct wr *all, const struct shape *s, const void *stub, size_t len)
{
    struct wr w;
    wr_init(&w, MUX_MAX);
    put_pdu(&w, s, stub, len);
    put_message(r, all, MUX_PIPE_SEND, &w);
    wr_free(&w);
}

static void put_recv(struct raw *r, struct wr *all, uint32_t ms, unsigned bits)
{
    struct wr w;
    wr_init(&w, 16);
    wr_u32(&w, ms);
    wr_u8(&w, (uint8_t)bits);
    put_message(r, all, MUX_PIPE_RECV, &w);
    wr_free(&w);
}

static void put_release(struct raw *r, struct wr *all, unsigned clean)
{
    struct wr w;
    wr_init(&w, 16);
    wr_u8(&w, (uint8_t)clean);
    put_message(r, all, MUX_PIPE_RELEASE, &w);
    wr_free(&w);
}

static void flush(struct raw *r, struct wr *all)
{
    assert_int_equal(io_queue(&r->s, all), STATUS_SUCCESS);
    wr_init(all, 1 << 22);
}

static void start(struct raw *r, struct world *w, struct wr *all)
{
    raw_open(r, w, ALICE);
    raw_hello(r);
    wr_init(all, 1 << 22);
}

/* The next answer is of that type: its status. The body is lent until the next. */
static enum nt_status next(struct raw *r, unsigned type, struct rd *ret)
{
    static uint8_t kept[MUX_MAX];
    struct mux_hdr h;
    for (int i = 0; i < 300 && (r->got.len < 4 || r->got.len < mux_length(r->got.base)); i++)
        turns(r->w);
    if (r->got.len < MUX_HDR || r->got.len < mux_length(r->got.base))
        return STATUS_PENDING;
    assert_int_equal(mux_get_hdr(r->got.base, &h), STATUS_SUCCESS);
    if (h.type != (type | MUX_ANSWER))
        print_message("status 0x%08x: %.*s\n", (unsigned)h.status, (int)h.length - 22, r->got.base + 22);
    assert_int_equal(h.type, type | MUX_ANSWER);
    memcpy(kept, r->got.base, h.length);
    memmove(r->got.base, r->got.base + h.length, r->got.len - h.length);
    r->got.len -= h.length;
    rd_init(ret, kept + MUX_HDR, h.length - MUX_HDR);
    return h.status;
}

static void expect_connected(struct raw *r, struct mux_facts *ret)
{
    struct rd body;
    assert_int_equal(next(r, MUX_CONNECT, &body), STATUS_SUCCESS);
    assert_int_equal(mux_get_facts(&body, ret), STATUS_SUCCESS);
}

static bool expect_released(struct raw *r)
{
    struct rd body;
    assert_int_equal(next(r, MUX_PIPE_RELEASE, &body), STATUS_SUCCESS);
    bool kept = rd_u8(&body);
    assert_int_equal(mux_done(&body), STATUS_SUCCESS);
    return kept;
}

/* A fragment that belongs to the call. */
static struct nt_blob expect_fragment(struct raw *r, const struct shape *s, unsigned type)
{
    struct rd body;
    assert_int_equal(next(r, MUX_PIPE_RECV, &body), STATUS_SUCCESS);
    struct nt_blob b = mux_get_blob(&body, MUX_DATA_MAX);
    assert_int_equal(mux_done(&body), STATUS_SUCCESS);
    assert_true(b.len >= 24);
    assert_int_equal(b.data[2], type);
    assert_int_equal(le32(b.data + 12), s->call);
    assert_int_equal(le16(b.data + 20), s->context);
    return b;
}

static const struct shape add_one_shape = { RPC_PT_REQUEST, RPC_PFC_WHOLE, ADD_ONE, 77, 0xdeadbeef, false };

static void put_add_one(struct raw *r, struct wr *all, const struct shape *s)
{
    uint8_t stub[4];
    put32(stub, 41, s->big);
    put_send(r, all, s, stub, sizeof stub);
    put_recv(r, all, 0, MUX_RECV_ALL);
}

static void expect_42(struct raw *r, const struct shape *s)
{
    struct nt_blob b = expect_fragment(r, s, RPC_PT_RESPONSE);
    assert_int_equal(b.len, 28);
    assert_int_equal(get32(b.data + 24, !(b.data[4] & 0x10)), 42);
}

static void counted(struct world *w, unsigned reused, unsigned pooled)
{
    struct muxd_counters n;
    muxd_count(w->muxd, &n);
    assert_int_equal(n.reused, reused);
    assert_int_equal(n.pooled, pooled);
}

/* ---- calls ---- */

/* All that there is to say of a call, in one piece; and how it is cut does not matter. */
static void whole_call(size_t chunk, bool big)
{
    struct world w;
    struct raw r;
    struct wr all;
    struct mux_facts f;
    struct shape s = add_one_shape;
    s.big = big;
    world_init(&w, chunk);
    give_creds(&w, ALICE, "alice");
    for (unsigned i = 0; i < 3; i++) {
        start(&r, &w, &all);
        put_connect_to(&r, &all, "rpcecho", false);
        put_add_one(&r, &all, &s);
        if (i == 2)
            put_release(&r, &all, 1);
        flush(&r, &all);
        expect_connected(&r, &f);
        assert_int_equal(f.bound, i > 0);
        assert_int_equal(f.max_send, 5840);
        expect_42(&r, &s);
        s.call += 5;
        s.context++;
        if (i < 2) { /* one more, and then the end */
            put_add_one(&r, &all, &s);
            put_release(&r, &all, 1);
            flush(&r, &all);
            expect_42(&r, &s);
        }
        assert_true(expect_released(&r));
        counted(&w, i, 1);
        raw_done(&r);
    }
    assert_int_equal(w.dialled, 1);
    world_done(&w);
}

static void test_whole_call(void **state)
{
    (void)state;
    whole_call(0, false);
    whole_call(0, true);
    whole_call(1, false);
    whole_call(777, true);
}

/* The same connection, one pipe after the other. */
static void test_again_and_again(void **state)
{
    struct world w;
    struct raw r;
    struct wr all;
    struct mux_facts f;
    (void)state;
    world_init(&w, 0);
    give_creds(&w, ALICE, "alice");
    start(&r, &w, &all);
    for (unsigned i = 0; i < 5; i++) {
        put_connect_to(&r, &all, "rpcecho", false);
        put_add_one(&r, &all, &add_one_shape);
        put_release(&r, &all, 1);
    }
    flush(&r, &all);
    for (unsigned i = 0; i < 5; i++) {
        expect_connected(&r, &f);
        expect_42(&r, &add_one_shape);
        assert_true(expect_released(&r));
    }
    counted(&w, 4, 1);
    raw_done(&r);
    world_done(&w);
}

/* EchoData: in fragments both ways; the answer in one go, or each fragment by a PipeRecv of its own. */
static void fragments(size_t chunk, size_t n, bool all_at_once)
{
    struct world w;
    struct raw r;
    struct wr all, back;
    struct mux_facts f;
    struct shape s = { RPC_PT_REQUEST, 0, ECHO, 3, 9, false };
    uint8_t *stub = calloc(1, n + 8);
    world_init(&w, chunk);
    give_creds(&w, ALICE, "alice");
    start(&r, &w, &all);
    put_connect_to(&r, &all, "rpcecho", false);
    assert_non_null(stub);
    put_le32(stub, (uint32_t)n);
    put_le32(stub + 4, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        stub[8 + i] = (uint8_t)(i * 31 + i / 256);
    for (size_t at = 0; at < n + 8; at += PIECE) {
        size_t len = n + 8 - at < PIECE ? n + 8 - at : PIECE;
        s.flags = (at == 0 ? RPC_PFC_FIRST : 0u) | (at + len == n + 8 ? RPC_PFC_LAST : 0u);
        put_send(&r, &all, &s, stub + at, len);
    }
    put_recv(&r, &all, 0, all_at_once ? MUX_RECV_ALL : 0);
    flush(&r, &all);
    expect_connected(&r, &f);
    wr_init(&back, 1 << 22);
    for (bool last = false; !last;) {
        struct nt_blob b = expect_fragment(&r, &s, RPC_PT_RESPONSE);
        assert_int_equal(!(b.data[3] & RPC_PFC_FIRST), back.len != 0);
        wr_bytes(&back, b.data + 24, b.len - 24);
        last = pdu_head_last(b.data);
        if (!last && !all_at_once) {
            put_recv(&r, &all, 0, 0);
            flush(&r, &all);
        }
    }
    assert_int_equal(back.len, n + 4);
    assert_memory_equal(back.base + 4, stub + 8, n);
    put_release(&r, &all, 1);
    flush(&r, &all);
    assert_true(expect_released(&r));
    wr_free(&back);
    free(stub);
    raw_done(&r);
    world_done(&w);
}

static void test_fragments(void **state)
{
    (void)state;
    fragments(0, 20000, true);
    fragments(0, 20000, false);
    fragments(333, 9000, true);
    fragments(0, 700000, true); /* more than what may wait in the daemon, both ways */
}

/* ---- what a client may not do ---- */

static void expect_refused(struct raw *r, unsigned type, enum nt_status want)
{
    struct rd body;
    char why[300];
    enum nt_status st = next(r, type, &body);
    assert_int_equal(st, want);
    mux_get_str(&body, why, sizeof why);
    assert_int_equal(mux_done(&body), STATUS_SUCCESS);
    assert_true(strlen(why) > 5);
}

static void send_bytes(struct raw *r, struct wr *all, const uint8_t *p, size_t n)
{
    struct wr w;
    wr_init(&w, MUX_MAX);
    mux_put_blob(&w, p, n);
    put_message(r, all, MUX_PIPE_SEND, &w);
    wr_free(&w);
}

static void test_client_lies(void **state)
{
    static const struct {
        enum nt_status st;
        uint8_t pdu[48];
        size_t len;
    } cases[] = {
        { STATUS_INVALID_PARAMETER, { 5, 0, 0, 3, 0x10, 0, 0, 0, 28, 0, 0, 0, 1 }, 27 },
        { STATUS_INVALID_PARAMETER, { 5, 0, 0, 3, 0x10, 0, 0, 0, 29, 0, 0, 0, 1 }, 28 },
        { STATUS_INVALID_PARAMETER, { 5, 0, 0, 3, 0x10, 0, 0, 0, 0, 28, 0, 0, 1 }, 28 },
        { STATUS_INVALID_PARAMETER, { 5, 0, 0, 3, 0x00, 0, 0, 0, 28, 0, 0, 0, 1 }, 28 },
        { STATUS_INVALID_PARAMETER, { 4, 0, 0, 3, 0x10, 0, 0, 0, 28, 0, 0, 0, 1 }, 28 },
        { STATUS_INVALID_PARAMETER, { 5, 1, 0, 3, 0x10, 0, 0, 0, 28, 0, 0, 0, 1 }, 28 },
        { STATUS_INVALID_PARAMETER, { 5, 0, 0, 3, 0x12, 0, 0, 0, 28, 0, 0, 0, 1 }, 28 },
        { STATUS_INVALID_PARAMETER, { 5, 0, 0, 3, 0x10, 0, 0, 0, 28, 0, 8, 0, 1 }, 28 },
        { STATUS_INVALID_PARAMETER, { 5, 0, 0, 3, 0x10, 0, 0, 0, 20, 0, 0, 0, 1 }, 20 },
        { STATUS_INVALID_PARAMETER, { 5, 0, 0, 0x83, 0x10, 0, 0, 0, 28, 0, 0, 0, 1 }, 28 }, /* no object */
        { STATUS_INVALID_PARAMETER, { 5, 0, 0, 0, 0x10, 0, 0, 0, 28, 0, 0, 0, 1 }, 28 }, /* not the first */
        { STATUS_INVALID_PARAMETER, { 5, 0, 2, 3, 0x10, 0, 0, 0, 28, 0, 0, 0, 1 }, 28 },
        { STATUS_INVALID_PARAMETER, { 5, 0, 11, 3, 0x10, 0, 0, 0, 28, 0, 0, 0, 1 }, 28 },
        { STATUS_INVALID_PARAMETER, { 5, 0, 14, 3, 0x10, 0, 0, 0, 28, 0, 0, 0, 1 }, 28 },
        { STATUS_INVALID_PARAMETER, { 5, 0, 16, 3, 0x10, 0, 0, 0, 28, 0, 0, 0, 1 }, 28 },
        { STATUS_INVALID_PARAMETER, { 5, 0, 18, 3, 0x10, 0, 0, 0, 28, 0, 0, 0, 1 }, 28 },
        { STATUS_INVALID_PARAMETER, { 5 }, 1 },
        { STATUS_INVALID_PARAMETER, { 0 }, 0 },
    };
    static const uint8_t zeros[6000];
    struct world w;
    struct raw r;
    struct wr all, odd;
    struct mux_facts f;
    struct shape s = add_one_shape;
    (void)state;
    world_init(&w, 0);
    give_creds(&w, ALICE, "alice");
    start(&r, &w, &all);
    put_connect_to(&r, &all, "rpcecho", false);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        send_bytes(&r, &all, cases[i].pdu, cases[i].len);
    put_send(&r, &all, &s, zeros, 5840 - 23); /* an octet more than the server takes */
    put_recv(&r, &all, 0, 0);                 /* nothing is awaited */
    put_recv(&r, &all, 0, 2);
    flush(&r, &all);
    expect_connected(&r, &f);
    for (size_t i = 0; i <= sizeof cases / sizeof cases[0]; i++)
        expect_refused(&r, MUX_PIPE_SEND, STATUS_INVALID_PARAMETER);
    expect_refused(&r, MUX_PIPE_RECV, STATUS_INVALID_DEVICE_STATE);
    expect_refused(&r, MUX_PIPE_RECV, STATUS_INVALID_PARAMETER);
    s.flags = RPC_PFC_FIRST;
    put_send(&r, &all, &s, zeros, 4);
    put_send(&r, &all, &s, zeros, 4); /* a second beginning */
    s.flags = 0;
    s.call++;
    put_send(&r, &all, &s, zeros, 4); /* another call's */
    s.call--;
    s.context++;
    put_send(&r, &all, &s, zeros, 4);
    s.context--;
    s.flags = RPC_PFC_LAST;
    put_send(&r, &all, &s, zeros, 0);
    put_send(&r, &all, &add_one_shape, zeros, 4); /* while an answer is awaited */
    put_recv(&r, &all, 0, 0);
    flush(&r, &all);
    expect_refused(&r, MUX_PIPE_SEND, STATUS_PIPE_BUSY);
    expect_refused(&r, MUX_PIPE_SEND, STATUS_INVALID_PARAMETER);
    expect_refused(&r, MUX_PIPE_SEND, STATUS_INVALID_PARAMETER);
    expect_refused(&r, MUX_PIPE_SEND, STATUS_PIPE_BUSY);
    assert_int_equal(get32(expect_fragment(&r, &s, RPC_PT_RESPONSE).data + 24, false), 1);
    /* messages that do not belong here, and what is no message */
    wr_init(&odd, 16);
    put_message(&r, &all, MUX_CREATE_TOKEN, &odd);
    put_message(&r, &all, MUX_PIPE_READ, &odd);
    put_message(&r, &all, MUX_PIPE_RELEASE, &odd);
    put_release(&r, &all, 2);
    put_release(&r, &all, 1);
    put_release(&r, &all, 1); /* there is none any more */
    put_recv(&r, &all, 0, 0);
    flush(&r, &all);
    expect_refused(&r, MUX_CREATE_TOKEN, STATUS_INVALID_DEVICE_STATE);
    expect_refused(&r, MUX_PIPE_READ, STATUS_INVALID_DEVICE_STATE);
    expect_refused(&r, MUX_PIPE_RELEASE, STATUS_INVALID_PARAMETER);
    expect_refused(&r, MUX_PIPE_RELEASE, STATUS_INVALID_PARAMETER);
    assert_true(expect_released(&r));
    expect_refused(&r, MUX_PIPE_RELEASE, STATUS_INVALID_PARAMETER);
    expect_refused(&r, MUX_PIPE_RECV, STATUS_INVALID_PARAMETER);
    wr_free(&odd);
    raw_done(&r);
    world_done(&w);
}

/* ---- ends ---- */

static void test_fault(void **state)
{
    struct world w;
    struct raw r;
    struct wr all;
    struct mux_facts f;
    struct shape s = add_one_shape;
    (void)state;
    world_init(&w, 0);
    give_creds(&w, ALICE, "alice");
    start(&r, &w, &all);
    put_connect_to(&r, &all, "rpcecho", false);
    s.opnum = 999;
    put_add_one(&r, &all, &s);
    flush(&r, &all);
    expect_connected(&r, &f);
    struct nt_blob b = expect_fragment(&r, &s, RPC_PT_FAULT);
    assert_int_equal(le32(b.data + 24), 0x1C010002); /* nca_s_op_rng_error */
    put_add_one(&r, &all, &add_one_shape);
    put_release(&r, &all, 1);
    flush(&r, &all);
    expect_42(&r, &add_one_shape);
    assert_true(expect_released(&r));
    raw_done(&r);
    world_done(&w);
}

/* Who does not say that all is clean, or has a call under way, gives nothing back. */
static void test_unclean(void **state)
{
    struct world w;
    struct raw r;
    struct wr all;
    struct mux_facts f;
    struct shape s = add_one_shape;
    (void)state;
    world_init(&w, 0);
    give_creds(&w, ALICE, "alice");
    start(&r, &w, &all);
    put_connect_to(&r, &all, "rpcecho", false);
    put_add_one(&r, &all, &s);
    put_release(&r, &all, 0);
    flush(&r, &all);
    expect_connected(&r, &f);
    expect_refused(&r, MUX_PIPE_RECV, STATUS_CANCELLED); /* it does not wait */
    assert_false(expect_released(&r));
    s.flags = RPC_PFC_FIRST; /* half a request */
    put_connect_to(&r, &all, "rpcecho", false);
    put_send(&r, &all, &s, "abcd", 4);
    put_release(&r, &all, 1);
    flush(&r, &all);
    expect_connected(&r, &f);
    assert_false(expect_released(&r));
    s.flags = RPC_PFC_WHOLE; /* an answer that nobody read */
    put_connect_to(&r, &all, "rpcecho", false);
    put_send(&r, &all, &s, "abcd", 4);
    put_release(&r, &all, 1);
    flush(&r, &all);
    expect_connected(&r, &f);
    assert_false(expect_released(&r));
    counted(&w, 0, 0);
    put_connect_to(&r, &all, "rpcecho", false);
    flush(&r, &all);
    expect_connected(&r, &f);
    raw_done(&r); /* and who goes without a word neither */
    counted(&w, 0, 0);
    world_done(&w);
}

/* A client that goes in the middle of all it can be in the middle of. */
static void test_client_goes(void **state)
{
    (void)state;
    for (unsigned stop_at = 0; stop_at < 120; stop_at++) {
        struct world w;
        struct raw r;
        struct wr all;
        world_init(&w, 40);
        give_creds(&w, ALICE, "alice");
        start(&r, &w, &all);
        put_connect_to(&r, &all, "rpcecho", false);
        put_add_one(&r, &all, &add_one_shape);
        put_release(&r, &all, 1);
        flush(&r, &all);
        for (unsigned i = 0; i < stop_at; i++)
            (void)!nt_loop_run(w.loop, 0);
        raw_done(&r);
        start(&r, &w, &all); /* whatever that was, the next one is served */
        put_connect_to(&r, &all, "rpcecho", false);
        put_add_one(&r, &all, &add_one_shape);
        flush(&r, &all);
        struct mux_facts f;
        expect_connected(&r, &f);
        expect_42(&r, &add_one_shape);
        raw_done(&r);
        world_done(&w);
    }
}

/* ---- what has ended meanwhile ---- */

static bool never(void *arg)
{
    (void)arg;
    return false;
}

static void pass(struct world *w, uint64_t ms)
{
    assert_int_equal(io_wait(w->loop, never, NULL, io_loop_now(w->loop) + ms * 1000000u, NULL),
                     STATUS_IO_TIMEOUT);
}

static void one_call(struct world *w, bool keys, bool *ret_bound, enum nt_status want)
{
    struct raw r;
    struct wr all;
    struct mux_facts f;
    start(&r, w, &all);
    put_connect_to(&r, &all, "rpcecho", keys);
    put_add_one(&r, &all, &add_one_shape);
    put_release(&r, &all, 1);
    flush(&r, &all);
    expect_connected(&r, &f);
    *ret_bound = f.bound;
    if (want == STATUS_SUCCESS) {
        expect_42(&r, &add_one_shape);
        assert_true(expect_released(&r));
    } else {
        expect_refused(&r, MUX_PIPE_RECV, want);
        assert_false(expect_released(&r));
    }
    raw_done(&r);
}

static void new_service(struct world *w)
{
    struct rpc_server_options ro = RPC_SERVER_OPTIONS_INIT;
    rpc_server_free(w->rpc);
    assert_int_equal(rpc_server_new(w->loop, &ro, &w->rpc), STATUS_SUCCESS);
    assert_int_equal(serve_echo(w->rpc), STATUS_SUCCESS);
    assert_int_equal(rpc_server_require(w->rpc, &rpcecho_interface, SEC_LEVEL_NONE), STATUS_SUCCESS);
    w->pipes[0].server = w->rpc;
}

/* The service behind the pipes has been started anew, the session is there: the write fails, so nobody has
 * taken the call. */
static void test_stale_pipe(void **state)
{
    struct world w;
    struct muxd_counters n;
    bool bound;
    (void)state;
    world_init(&w, 0);
    give_creds(&w, ALICE, "alice");
    one_call(&w, false, &bound, STATUS_SUCCESS);
    new_service(&w);
    pass(&w, 1500);
    one_call(&w, true, &bound, STATUS_SUCCESS); /* keys are those of the session, which is the same */
    assert_true(bound);
    assert_int_equal(w.dialled, 1);
    muxd_count(w.muxd, &n);
    assert_int_equal(n.lent, 2);
    counted(&w, 1, 1);
    /* at once: by a transact, of which nobody knows how far it came */
    new_service(&w);
    one_call(&w, false, &bound, STATUS_PIPE_DISCONNECTED);
    assert_true(bound);
    one_call(&w, false, &bound, STATUS_SUCCESS);
    assert_false(bound);
    world_done(&w);
}

/* The connection has gone with all that hung on it. */
static void test_stale_session(void **state)
{
    struct world w;
    bool bound;
    (void)state;
    world_init(&w, 0);
    give_creds(&w, ALICE, "alice");
    one_call(&w, false, &bound, STATUS_SUCCESS);
    stop_server(&w);
    start_server(&w);
    counted(&w, 0, 1);
    one_call(&w, false, &bound, STATUS_SUCCESS);
    assert_false(bound);
    assert_int_equal(w.dialled, 2);
    counted(&w, 0, 1);
    world_done(&w);
}

static void test_pool_ends(void **state)
{
    struct world w;
    struct raw r;
    bool bound;
    (void)state;
    world_init(&w, 0);
    give_creds(&w, ALICE, "alice");
    one_call(&w, false, &bound, STATUS_SUCCESS);
    counted(&w, 0, 1);
    pass(&w, 6000); /* with its session */
    counted(&w, 0, 0);
    one_call(&w, false, &bound, STATUS_SUCCESS);
    give_creds(&w, ALICE, "bob"); /* other credentials: nothing of what was made with the old ones is lent */
    counted(&w, 0, 0);
    one_call(&w, false, &bound, STATUS_SUCCESS);
    assert_false(bound);
    counted(&w, 0, 1);
    raw_open(&r, &w, ALICE);
    raw_hello(&r);
    struct wr all, none;
    struct rd body;
    wr_init(&all, 4096);
    wr_init(&none, 16);
    mux_put_str(&none, "");
    put_message(&r, &all, MUX_DROP, &none);
    flush(&r, &all);
    assert_int_equal(next(&r, MUX_DROP, &body), STATUS_SUCCESS);
    counted(&w, 0, 0);
    wr_free(&none);
    raw_done(&r);
    world_done(&w);
}

/* ---- servers that lie ---- */

enum lie {
    LIE_NONE,
    LIE_NAK,
    LIE_NAK_SHORT,
    LIE_BIND_FAULT,
    LIE_ABSTRACT,
    LIE_SYNTAX,
    LIE_OTHER_SYNTAX,
    LIE_TWO_RESULTS,
    LIE_NO_RESULT,
    LIE_SHORT_FRAGMENTS,
    LIE_ADDR_LONG,
    LIE_ACK_CALL,
    LIE_ACK_TYPE,
    LIE_ACK_LONG,
    LIE_ACK_IN_PIECES,
    LIE_NO_PDU, /* from here on: of the answer to a request */
    LIE_CALL,
    LIE_TYPE,
    LIE_AUTH,
    LIE_LONG,
    LIE_SHORT,
    LIE_SHORT_FAULT,
    LIE_NOT_FIRST,
    LIE_FIRST_TWICE,
    LIE_MORE, /* a second answer behind the first */
    LIE_SHUTDOWN,
    LIE_BIG,
    LIE_PIECES,
    LIE_DIES,
};

struct liar {
    struct smbd_pipe *p;
    enum lie lie;
};

static enum nt_status liar_open(void *arg, struct smbd_pipe *p, const char *name, void **ret)
{
    struct liar *l = calloc(1, sizeof *l);
    (void)name;
    assert_non_null(l);
    l->p = p;
    l->lie = *(const enum lie *)arg;
    *ret = l;
    return STATUS_SUCCESS;
}

static bool liar_exists(void *arg, const char *name)
{
    (void)arg;
    (void)name;
    return true;
}

static void say(struct liar *l, const uint8_t *p, size_t len)
{
    struct wr w;
    wr_init(&w, SMBD_HEADROOM + len);
    wr_zero(&w, SMBD_HEADROOM);
    wr_bytes(&w, p, len);
    assert_int_equal(smbd_pipe_send(l->p, &w), STATUS_SUCCESS);
}

static void liar_bind(struct liar *l, const uint8_t *q)
{
    uint8_t a[96] = { 5, 0, RPC_PT_BIND_ACK, 3, 0x10, 0, 0, 0, 60 };
    size_t len = 60;
    memcpy(a + 12, q + 12, 4);
    put_le16(a + 16, 5840);
    put_le16(a + 18, 5840);
    put_le32(a + 20, 0x4711);
    put_le16(a + 24, 4); /* "x\0\0\0" would be odd: three octets and their terminator */
    memcpy(a + 26, "abc", 4);
    a[32] = 1;
    memcpy(a + 40, q + 52, 20);
    switch (l->lie) {
    case LIE_NAK:
        a[2] = RPC_PT_BIND_NAK;
        put_le16(a + 16, 2);
        len = 24;
        break;
    case LIE_NAK_SHORT:
        a[2] = RPC_PT_BIND_NAK;
        len = 17;
        break;
    case LIE_BIND_FAULT:
        a[2] = RPC_PT_FAULT;
        put_le32(a + 24, 5);
        len = 32;
        break;
    case LIE_ABSTRACT:
        put_le16(a + 36, 2);
        put_le16(a + 38, 1);
        break;
    case LIE_SYNTAX:
        put_le16(a + 36, 2);
        put_le16(a + 38, 2);
        break;
    case LIE_OTHER_SYNTAX:
        a[41] ^= 1;
        break;
    case LIE_TWO_RESULTS:
        a[32] = 2;
        break;
    case LIE_NO_RESULT:
        a[32] = 0;
        len = 36;
        break;
    case LIE_SHORT_FRAGMENTS:
        put_le16(a + 18, 100);
        break;
    case LIE_ADDR_LONG:
        put_le16(a + 24, 60000);
        break;
    case LIE_ACK_CALL:
        a[12] ^= 1;
        break;
    case LIE_ACK_TYPE:
        a[2] = RPC_PT_RESPONSE;
        break;
    default:
        break;
    }
    put_le16(a + 8, l->lie == LIE_ACK_LONG ? 60000 : (uint16_t)len);
    if (l->lie == LIE_ACK_IN_PIECES) {
        say(l, a, 7);
        say(l, a + 7, 20);
        say(l, a + 27, len - 27);
    } else {
        say(l, a, len);
    }
}

static void liar_answer(struct liar *l, const uint8_t *q)
{
    bool big = l->lie == LIE_BIG;
    uint8_t a[128] = { 5, 0, RPC_PT_RESPONSE, 3, big ? 0 : 0x10 };
    size_t len = 28;
    put32(a + 12, le32(q + 12), big);
    put32(a + 24, 42, big);
    put16(a + 8, 28, big);
    switch (l->lie) {
    case LIE_NO_PDU:
        a[0] = 'H';
        break;
    case LIE_CALL:
        a[12] ^= 1;
        break;
    case LIE_TYPE:
        a[2] = RPC_PT_BIND_ACK;
        break;
    case LIE_AUTH:
        a[10] = 8;
        break;
    case LIE_LONG:
        put_le16(a + 8, 60000);
        break;
    case LIE_SHORT:
        put_le16(a + 8, 20);
        len = 20;
        break;
    case LIE_SHORT_FAULT:
        a[2] = RPC_PT_FAULT;
        break;
    case LIE_NOT_FIRST:
        a[3] = RPC_PFC_LAST;
        break;
    case LIE_FIRST_TWICE:
        a[3] = RPC_PFC_FIRST;
        memcpy(a + 28, a, 28);
        len = 56;
        break;
    case LIE_MORE:
        memcpy(a + 28, a, 28);
        len = 56;
        break;
    case LIE_SHUTDOWN:
        memcpy(a + 28, a, 28);
        a[30] = RPC_PT_SHUTDOWN;
        a[36] = 16;
        len = 44;
        break;
    case LIE_DIES:
        smbd_pipe_end(l->p);
        return;
    default:
        break;
    }
    if (l->lie == LIE_PIECES) {
        say(l, a, 3);
        say(l, a + 3, 14);
        say(l, a + 17, len - 17);
    } else {
        say(l, a, len);
    }
}

static void liar_data(void *up, uint8_t *data, size_t len)
{
    assert_true(len >= 24);
    if (data[2] == RPC_PT_BIND)
        liar_bind(up, data);
    else if (data[2] == RPC_PT_REQUEST)
        liar_answer(up, data);
}

static void liar_closed(void *up)
{
    free(up);
}

static const struct smbd_pipe_ops liar_ops = { liar_open, liar_exists, liar_data, liar_closed, NULL };

static void lie_world(struct world *w, enum lie *lie)
{
    struct smbd_options so = {
        .env = smbd_env(), .acceptor = &smbd_acceptor, .pipes = &liar_ops, .pipes_arg = lie
    };
    world_init(w, 0);
    smbd_free(w->smbd);
    assert_int_equal(smbd_new(w->loop, &so, &w->smbd), STATUS_SUCCESS);
    give_creds(w, ALICE, "alice");
}

static void test_bind_lies(void **state)
{
    static const struct {
        enum lie lie;
        enum nt_status st;
    } cases[] = {
        { LIE_NAK, RPC_NT_SERVER_TOO_BUSY },
        { LIE_NAK_SHORT, RPC_NT_CALL_FAILED },
        { LIE_BIND_FAULT, STATUS_ACCESS_DENIED },
        { LIE_ABSTRACT, RPC_NT_UNKNOWN_IF },
        { LIE_SYNTAX, RPC_NT_UNSUPPORTED_TRANS_SYN },
        { LIE_OTHER_SYNTAX, RPC_NT_PROTOCOL_ERROR },
        { LIE_TWO_RESULTS, RPC_NT_PROTOCOL_ERROR },
        { LIE_NO_RESULT, RPC_NT_PROTOCOL_ERROR },
        { LIE_SHORT_FRAGMENTS, RPC_NT_PROTOCOL_ERROR },
        { LIE_ADDR_LONG, RPC_NT_PROTOCOL_ERROR },
        { LIE_ACK_CALL, RPC_NT_PROTOCOL_ERROR },
        { LIE_ACK_TYPE, RPC_NT_PROTOCOL_ERROR },
        { LIE_ACK_LONG, RPC_NT_PROTOCOL_ERROR },
    };
    struct world w;
    struct raw r;
    struct wr all;
    enum lie lie = LIE_NONE;
    (void)state;
    lie_world(&w, &lie);
    start(&r, &w, &all);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lie = cases[i].lie;
        put_connect_to(&r, &all, "rpcecho", false);
        put_recv(&r, &all, 0, 0); /* comes behind it, and finds no pipe */
        flush(&r, &all);
        expect_refused(&r, MUX_CONNECT, cases[i].st);
        expect_refused(&r, MUX_PIPE_RECV, STATUS_INVALID_PARAMETER);
    }
    counted(&w, 0, 0);
    raw_done(&r);
    world_done(&w);
}

/* What the server may say, however it says it. */
static void test_odd_answers(void **state)
{
    static const enum lie fine[] = { LIE_NONE, LIE_ACK_IN_PIECES, LIE_BIG, LIE_PIECES, LIE_SHUTDOWN };
    struct world w;
    struct raw r;
    struct wr all;
    struct mux_facts f;
    enum lie lie = LIE_NONE;
    (void)state;
    lie_world(&w, &lie);
    start(&r, &w, &all);
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
        char name[16];
        lie = fine[i];
        snprintf(name, sizeof name, "p%zu", i);
        put_connect_to(&r, &all, name, false);
        put_send(&r, &all, &add_one_shape, "abcd", 4);
        put_recv(&r, &all, 0, MUX_RECV_ALL);
        put_release(&r, &all, 1);
        flush(&r, &all);
        expect_connected(&r, &f);
        assert_int_equal(f.assoc_group, 0x4711);
        struct rd body;
        assert_int_equal(next(&r, MUX_PIPE_RECV, &body), STATUS_SUCCESS);
        struct nt_blob b = mux_get_blob(&body, MUX_DATA_MAX);
        assert_int_equal(get32(b.data + 12, lie == LIE_BIG), add_one_shape.call);
        assert_int_equal(get32(b.data + 24, lie == LIE_BIG), 42);
        assert_int_equal(expect_released(&r), lie != LIE_SHUTDOWN); /* it wants us to leave */
    }
    raw_done(&r);
    world_done(&w);
}

static void test_answer_lies(void **state)
{
    struct world w;
    struct raw r;
    struct wr all;
    struct mux_facts f;
    enum lie lie = LIE_NONE;
    (void)state;
    lie_world(&w, &lie);
    start(&r, &w, &all);
    for (lie = LIE_NO_PDU; lie < LIE_MORE; lie++) {
        put_connect_to(&r, &all, "rpcecho", false);
        put_send(&r, &all, &add_one_shape, "abcd", 4);
        put_recv(&r, &all, 0, MUX_RECV_ALL);
        put_recv(&r, &all, 0, MUX_RECV_ALL);
        put_send(&r, &all, &add_one_shape, "abcd", 4);
        put_release(&r, &all, 1);
        flush(&r, &all);
        expect_connected(&r, &f);
        expect_refused(&r, MUX_PIPE_RECV, STATUS_PIPE_BUSY);
        expect_refused(&r, MUX_PIPE_SEND, STATUS_PIPE_BUSY);
        if (lie == LIE_FIRST_TWICE) /* one good fragment */
            (void)expect_fragment(&r, &add_one_shape, RPC_PT_RESPONSE);
        expect_refused(&r, MUX_PIPE_RECV, RPC_NT_PROTOCOL_ERROR);
        assert_false(expect_released(&r));
    }
    lie = LIE_MORE; /* the answer is one; the pipe is not lent again */
    put_connect_to(&r, &all, "rpcecho", false);
    put_send(&r, &all, &add_one_shape, "abcd", 4);
    put_recv(&r, &all, 0, MUX_RECV_ALL);
    put_release(&r, &all, 1);
    flush(&r, &all);
    expect_connected(&r, &f);
    expect_42(&r, &add_one_shape);
    assert_false(expect_released(&r));
    counted(&w, 0, 0);
    raw_done(&r);
    world_done(&w);
}

/* The server takes the call, and goes: nobody knows whether it has run, so it is not sent again. */
static void test_no_silent_repeat(void **state)
{
    struct world w;
    enum lie lie = LIE_NONE;
    bool bound;
    struct raw r;
    struct wr all;
    struct mux_facts f;
    (void)state;
    for (int doubtful = 0; doubtful < 2; doubtful++) {
        lie = LIE_NONE;
        lie_world(&w, &lie);
        one_call(&w, false, &bound, STATUS_SUCCESS);
        if (doubtful)
            pass(&w, 2000);
        start(&r, &w, &all);
        put_connect_to(&r, &all, "rpcecho", false);
        flush(&r, &all);
        expect_connected(&r, &f);
        assert_true(f.bound);
        struct shape s = add_one_shape;
        put_send(&r, &all, &s, "abcd", 4);
        put_recv(&r, &all, 50, 0);
        lie = LIE_DIES;
        flush(&r, &all);
        struct rd body;
        enum nt_status st = next(&r, MUX_PIPE_RECV, &body);
        assert_true(st == STATUS_SUCCESS || st == STATUS_PIPE_DISCONNECTED || st == STATUS_PIPE_BROKEN);
        raw_done(&r);
        world_done(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_call),    cmocka_unit_test(test_again_and_again),
        cmocka_unit_test(test_fragments),     cmocka_unit_test(test_client_lies),
        cmocka_unit_test(test_fault),         cmocka_unit_test(test_unclean),
        cmocka_unit_test(test_client_goes),   cmocka_unit_test(test_stale_pipe),
        cmocka_unit_test(test_stale_session), cmocka_unit_test(test_pool_ends),
        cmocka_unit_test(test_bind_lies),     cmocka_unit_test(test_odd_answers),
        cmocka_unit_test(test_answer_lies),   cmocka_unit_test(test_no_silent_repeat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
