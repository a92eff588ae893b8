// SPDX-License-Identifier: Apache-2.0
/* The capture engine over packets made here: what order, loss, link and byte order do to the calls that come
 * out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "capture/capture.h"
#include "rpc/pdu.h"
#include "smb/smb.h"

/* ---- what came out, as text: one line an event ---- */

static char *events;
static size_t events_len;

static void add(const char *fmt, ...) NT_PRINTF(1, 2);
static void add(const char *fmt, ...)
{
    static char buf[1 << 20];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    assert_true(n >= 0 && (size_t)n < sizeof buf);
    events = realloc(events, events_len + (size_t)n + 1);
    assert_non_null(events);
    memcpy(events + events_len, buf, (size_t)n + 1);
    events_len += (size_t)n;
}

/* A stub is told by its length and the sum of its bytes, each by its place. */
static void add_side(char name, const struct capture_side *s)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < s->stub.len; i++)
        sum += s->stub.data[i] * (uint32_t)(i + 1);
    if (!s->seen)
        add(" %c-", name);
    else
        add(" %c%u%s%s:%u", name, (unsigned)s->len, s->complete ? "" : "!", s->sealed ? "x" : "",
            s->stub.data ? sum : 0);
}

static void on_event(void *arg, const struct capture_event *e)
{
    static const char *const outcomes[] = { "ok", "fault", "maybe", "none" };
    (void)arg;
    if (e->has_stream)
        add("%u ", e->stream);
    if (e->kind == CAPTURE_NOTE) {
        add("note %s\n", e->note);
    } else if (e->kind == CAPTURE_BIND) {
        add("bind%s", e->bind->refused ? " refused" : e->bind->answered ? "" : " no answer");
        for (unsigned i = 0; i < e->bind->n; i++)
            add(" %u=%08x/%u:%u", e->bind->items[i].context, e->bind->items[i].iface.uuid.a,
                e->bind->items[i].syntax, e->bind->items[i].result);
        add("\n");
    } else {
        const struct capture_call *c = e->call;
        add("call %u>%u %s%s%08x.%d #%u %s", e->client.port, e->server.port, e->pipe ? e->pipe : "",
            e->pipe ? " " : "", c->iface_known ? c->iface.uuid.a : 0, c->opnum_known ? c->opnum : -1,
            c->call_id, outcomes[c->outcome]);
        if (c->syntax == CAPTURE_NDR64)
            add(" ndr64");
        if (c->outcome == CAPTURE_FAULT)
            add(" %08x", c->fault);
        if (c->smb_status)
            add(" smb %08x", c->smb_status);
        add_side('>', &c->req);
        add_side('<', &c->rsp);
        add("\n");
    }
}

static struct capture *begin(size_t memory)
{
    struct capture_options o = { .memory = memory, .event = on_event };
    free(events);
    events = NULL;
    events_len = 0;
    add("%s", "");
    struct capture *c = capture_new(&o);
    assert_non_null(c);
    return c;
}

static void finish(struct capture *c, const char *expected)
{
    capture_end(c);
    if (expected)
        assert_string_equal(events, expected);
    capture_delete(c);
}

/* ---- packets ---- */

enum { SYN = 2, RST = 4, PSH = 8, ACK = 16, FIN = 1 };

struct conn {
    struct capture *c;
    uint16_t client_port, server_port;
    uint32_t seq[2]; /* next of the client, of the server */
    int link;
    size_t snap; /* 0: all */
};

static void put_be16(struct wr *w, unsigned v)
{
    wr_u8(w, (uint8_t)(v >> 8));
    wr_u8(w, (uint8_t)v);
}

static void put_be32(struct wr *w, uint32_t v)
{
    put_be16(w, v >> 16);
    put_be16(w, v & 0xffff);
}

static void put_link(struct wr *w, int link)
{
    switch (link) {
    case CAPTURE_ETHERNET:
        wr_zero(w, 12);
        put_be16(w, 0x8100); /* two VLAN tags */
        put_be16(w, 7);
        put_be16(w, 0x88a8);
        put_be16(w, 8);
        put_be16(w, 0x0800);
        break;
    case CAPTURE_NULL:
        wr_u32(w, 2);
        break;
    case CAPTURE_LOOP:
        put_be32(w, 2);
        break;
    case CAPTURE_LINUX_SLL:
        wr_zero(w, 14);
        put_be16(w, 0x0800);
        break;
    case CAPTURE_LINUX_SLL2:
        put_be16(w, 0x0800);
        wr_zero(w, 18);
        break;
    case CAPTURE_IPV6:
    case CAPTURE_RAW:
        break;
    default:
        fail();
    }
}

static void put_ip(struct wr *w, int link, bool server, size_t payload)
{
    uint8_t a = server ? 2 : 1, b = server ? 1 : 2;
    if (link == CAPTURE_IPV6) { /* with hop-by-hop, destination and an atomic fragment header */
        put_be32(w, 0x60000000);
        put_be16(w, (unsigned)payload + 24);
        wr_u8(w, 0);
        wr_u8(w, 64);
        wr_zero(w, 15);
        wr_u8(w, a);
        wr_zero(w, 15);
        wr_u8(w, b);
        wr_bytes(w, (uint8_t[]){ 60, 0, 1, 4, 0, 0, 0, 0, 44, 0, 1, 4, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 9 },
                 24);
        return;
    }
    put_be16(w, 0x4600); /* with options */
    put_be16(w, (unsigned)payload + 24);
    put_be32(w, 0x00014000);
    put_be32(w, 0x40060000);
    wr_bytes(w, (uint8_t[]){ 10, 0, 0, a, 10, 0, 0, b, 1, 1, 1, 0 }, 12);
}

static void packet(struct conn *k, bool server, uint32_t seq, unsigned flags, const void *data, size_t len)
{
    static uint64_t now = 1000000000;
    struct wr w;
    wr_init(&w, 1 << 20);
    put_link(&w, k->link);
    put_ip(&w, k->link, server, len + 24);
    put_be16(&w, server ? k->server_port : k->client_port);
    put_be16(&w, server ? k->client_port : k->server_port);
    put_be32(&w, seq);
    put_be32(&w, flags & ACK ? k->seq[!server] : 0);
    put_be16(&w, 0x6000 | flags);
    wr_zero(&w, 10);
    wr_bytes(&w, data, len);
    size_t have = k->snap && w.len > k->snap ? k->snap : w.len;
    size_t whole = w.len;
    if (have == whole) { /* Ethernet pads short frames */
        wr_zero(&w, 3);
        whole = have = w.len;
    }
    uint8_t *exact = malloc(have); /* so that a sanitizer sees a read past the end */
    assert_true(w.st == STATUS_SUCCESS && exact);
    memcpy(exact, w.base, have);
    capture_packet(k->c, k->link, now += 1000, exact, have, whole);
    free(exact);
    wr_free(&w);
}

static void open_conn(struct conn *k)
{
    packet(k, false, k->seq[0]++, SYN, NULL, 0);
    packet(k, true, k->seq[1]++, SYN | ACK, NULL, 0);
    packet(k, false, k->seq[0], ACK, NULL, 0);
}

static void send_piece(struct conn *k, bool server, const void *data, size_t len)
{
    packet(k, server, k->seq[server], ACK | PSH, data, len);
    k->seq[server] += (uint32_t)len;
}

static void send_all(struct conn *k, bool server, struct wr *w)
{
    assert_int_equal(w->st, STATUS_SUCCESS);
    send_piece(k, server, w->base, w->len);
    w->len = 0;
}

static struct conn conn(struct capture *c)
{
    return (struct conn){ c, 40000, 49152, { 1000, 9000 }, CAPTURE_ETHERNET, 0 };
}

/* ---- PDUs ---- */

static const struct rpc_ctx_elem offer = { 0, 1, { { 0x11111111, 0, 0, { 0 } }, 1, 0 }, { { { 0 }, 0, 0 } } };

static void put_bind(struct wr *w, enum rpc_ptype type, uint32_t id, uint16_t context, uint32_t iface)
{
    struct rpc_ctx_elem e = offer;
    e.id = context;
    e.abstract.uuid.a = iface;
    e.transfers[0] = rpc_syntax_ndr20;
    rpc_put_bind(w, type, RPC_PFC_WHOLE, id, 4280, 0, &e, 1);
}

static void put_ack(struct wr *w, enum rpc_ptype type, uint32_t id)
{
    struct rpc_result r = { RPC_RESULT_ACCEPTANCE, 0, rpc_syntax_ndr20 };
    rpc_put_ack(w, type, RPC_PFC_WHOLE, id, 4280, 4280, 77, "49152", &r, 1);
}

/* n bytes first, first + 1, ... */
static void put_stub(struct wr *w, size_t n, unsigned first)
{
    for (size_t i = 0; i < n; i++)
        wr_u8(w, (uint8_t)(first + i));
}

static void put_request(struct wr *w, unsigned flags, uint32_t id, uint16_t ctx, uint16_t op, size_t n,
                        unsigned first)
{
    size_t start = w->len;
    uint8_t *p = wr_room(w, RPC_REQ_LEN);
    assert_non_null(p);
    rpc_fill_request(p, flags, id, (uint32_t)n, ctx, op, NULL);
    put_stub(w, n, first);
    rpc_pdu_end(w, start, 0);
}

static void put_response(struct wr *w, unsigned flags, uint32_t id, uint16_t ctx, size_t n, unsigned first)
{
    size_t start = w->len;
    uint8_t *p = wr_room(w, RPC_RSP_LEN);
    assert_non_null(p);
    rpc_fill_response(p, flags, id, (uint32_t)n, ctx);
    put_stub(w, n, first);
    rpc_pdu_end(w, start, 0);
}

static uint32_t sum(size_t n)
{
    uint32_t s = 0;
    for (size_t i = 0; i < n; i++)
        s += (uint8_t)i * (uint32_t)(i + 1);
    return s;
}

/* Client's and server's bytes of a bind, a call of two fragments with an answer of two, and a small call. */
static void two_calls(struct wr *client, struct wr *server)
{
    wr_init(client, 1 << 16);
    wr_init(server, 1 << 16);
    put_bind(client, RPC_PT_BIND, 1, 0, 0x22222222);
    put_ack(server, RPC_PT_BIND_ACK, 1);
    put_request(client, RPC_PFC_FIRST, 2, 0, 7, 32, 0);
    put_request(client, RPC_PFC_LAST, 2, 0, 7, 9, 32);
    put_response(server, RPC_PFC_FIRST, 2, 0, 16, 0);
    put_response(server, RPC_PFC_LAST, 2, 0, 34, 16);
    put_request(client, RPC_PFC_WHOLE, 3, 0, 8, 4, 0);
    put_response(server, RPC_PFC_WHOLE, 3, 0, 4, 0);
}

static const char *two_calls_events(char *buf, size_t size)
{
    snprintf(buf, size,
             "0 bind 0=22222222/1:0\n0 call 40000>49152 22222222.7 #2 ok >41:%u <50:%u\n"
             "0 call 40000>49152 22222222.8 #3 ok >4:%u <4:%u\n",
             sum(41), sum(50), sum(4), sum(4));
    return buf;
}

/* ---- the tests: TCP ---- */

static void test_plain(void **state)
{
    static const int links[] = { CAPTURE_ETHERNET,  CAPTURE_NULL,       CAPTURE_LOOP, CAPTURE_RAW,
                                 CAPTURE_LINUX_SLL, CAPTURE_LINUX_SLL2, CAPTURE_IPV6 };
    char expected[512];
    (void)state;
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        struct wr client, server;
        struct conn k = conn(begin(0));
        k.link = links[i];
        two_calls(&client, &server);
        open_conn(&k);
        send_all(&k, false, &client);
        send_all(&k, true, &server);
        finish(k.c, two_calls_events(expected, sizeof expected));
        wr_free(&client);
        wr_free(&server);
    }
}

/* Both streams in pieces of n bytes, also with sequence numbers that wrap, at each place. */
static void test_pieces_and_wrap(void **state)
{
    char expected[512];
    (void)state;
    for (size_t n = 1; n < 80; n++) {
        struct wr client, server;
        struct conn k = conn(begin(0));
        two_calls(&client, &server);
        k.seq[0] = (uint32_t)(0 - 3 * n);
        k.seq[1] = (uint32_t)(0 - 2 * n - 1);
        open_conn(&k);
        for (size_t i = 0; i < client.len; i += n)
            send_piece(&k, false, client.base + i, client.len - i < n ? client.len - i : n);
        for (size_t i = 0; i < server.len; i += n)
            send_piece(&k, true, server.base + i, server.len - i < n ? server.len - i : n);
        finish(k.c, two_calls_events(expected, sizeof expected));
        wr_free(&client);
        wr_free(&server);
    }
}

/* All of the server's segments backwards; all of them twice; each longer than its step, so that they overlap.
 */
static void test_order(void **state)
{
    char expected[512];
    (void)state;
    for (int how = 0; how < 3; how++) {
        struct wr client, server;
        struct conn k = conn(begin(0));
        two_calls(&client, &server);
        k.seq[1] = UINT32_MAX - 20;
        open_conn(&k);
        send_all(&k, false, &client);
        size_t step = 13, n = (server.len + step - 1) / step;
        for (size_t i = 0; i < n * (how == 1 ? 2 : 1); i++) {
            size_t at = (how == 0 ? n - 1 - i : i % n) * step, len = how == 2 ? 3 * step : step;
            packet(&k, true, k.seq[1] + (uint32_t)at, ACK, server.base + at,
                   server.len - at < len ? server.len - at : len);
        }
        assert_true(how == 0 || capture_totals(k.c)->resent_bytes > 0);
        assert_int_equal(capture_totals(k.c)->lost_bytes, 0);
        finish(k.c, two_calls_events(expected, sizeof expected));
        wr_free(&client);
        wr_free(&server);
    }
}

/* The second fragment of the first answer is lost: that call has no whole answer, the next one has. The loss
 * is noticed by the acknowledgement, without the end of the capture. */
static void test_lost(void **state)
{
    char expected[512];
    (void)state;
    struct wr client, server;
    struct conn k = conn(begin(0));
    two_calls(&client, &server);
    open_conn(&k);
    send_all(&k, false, &client);
    size_t ack = 0, first, second;
    ack = le16(server.base + 8);
    first = le16(server.base + ack + 8);
    second = le16(server.base + ack + first + 8);
    send_piece(&k, true, server.base, ack + first);
    k.seq[1] += (uint32_t)second;
    send_piece(&k, true, server.base + ack + first + second, server.len - ack - first - second);
    for (unsigned i = 0; i <= CAPTURE_GAP_PATIENCE; i++)
        packet(&k, false, k.seq[0], ACK, NULL, 0);
    snprintf(expected, sizeof expected,
             "0 bind 0=22222222/1:0\n0 note a PDU from the server is incomplete (%zu bytes)\n"
             "0 call 40000>49152 22222222.8 #3 ok >4:%u <4:%u\n",
             second, sum(4), sum(4));
    assert_string_equal(events, expected);
    assert_int_equal(capture_totals(k.c)->lost_bytes, second);
    snprintf(expected + strlen(expected), sizeof expected - strlen(expected),
             "0 call 40000>49152 22222222.7 #2 none >41:%u <16!:0\n", sum(41));
    finish(k.c, expected);
    wr_free(&client);
    wr_free(&server);
}

/* Any single segment of the server is lost, in pieces of any size: the engine goes on, and tells no call that
 * was not made. */
static void test_lost_anywhere(void **state)
{
    (void)state;
    for (size_t n = 5; n < 60; n += 6) {
        for (size_t lost = 0;; lost++) {
            struct wr client, server;
            struct conn k = conn(begin(0));
            two_calls(&client, &server);
            open_conn(&k);
            send_all(&k, false, &client);
            bool done = lost * n >= server.len;
            for (size_t i = 0; i < server.len; i += n) {
                if (i == lost * n)
                    k.seq[1] += (uint32_t)(server.len - i < n ? server.len - i : n);
                else
                    send_piece(&k, true, server.base + i, server.len - i < n ? server.len - i : n);
            }
            capture_end(k.c);
            const struct capture_totals *t = capture_totals(k.c);
            assert_int_equal(t->calls, 2);
            assert_true(done ? t->answered == 2 : t->answered <= 2);
            assert_non_null(strstr(events, "22222222.8 #3"));
            capture_delete(k.c);
            wr_free(&client);
            wr_free(&server);
            if (done)
                break;
        }
    }
}

/* The capture begins after the bind, in the middle of a request. */
static void test_middle(void **state)
{
    char expected[512];
    (void)state;
    struct wr client, server;
    struct conn k = conn(begin(0));
    two_calls(&client, &server);
    size_t bind = le16(client.base + 8), ack = le16(server.base + 8);
    send_piece(&k, false, client.base + bind + 50, 30); /* ends the first fragment and begins the next */
    send_piece(&k, false, client.base + bind + 80, client.len - bind - 80);
    send_piece(&k, true, server.base + ack, server.len - ack);
    /* the stream of the client is found again at its last PDU, that of the server begins with one */
    snprintf(
        expected, sizeof expected,
        "0 note the beginning of this connection is not in the capture\n"
        "0 call 40000>49152 00000000.-1 #2 ok >- <50:%u\n0 call 40000>49152 00000000.8 #3 ok >4:%u <4:%u\n",
        sum(50), sum(4), sum(4));
    finish(k.c, expected);
    wr_free(&client);
    wr_free(&server);
}

/* The server's side is told to be a server by what it sends, not by ports; a new SYN makes a new connection.
 */
static void test_reuse(void **state)
{
    (void)state;
    struct conn k = conn(begin(0));
    struct wr w;
    wr_init(&w, 1 << 16);
    put_response(&w, RPC_PFC_WHOLE, 9, 0, 4, 0);
    send_all(&k, true, &w);
    k.seq[0] = 500000;
    k.seq[1] = 600000;
    open_conn(&k);
    put_bind(&w, RPC_PT_BIND, 1, 0, 0x33333333);
    send_all(&k, false, &w);
    packet(&k, true, k.seq[1], RST | ACK, NULL, 0);
    put_request(&w, RPC_PFC_WHOLE, 2, 0, 1, 4, 0); /* after the end: nothing listens */
    send_all(&k, false, &w);
    wr_free(&w);
    finish(k.c, "0 note the beginning of this connection is not in the capture\n"
                "0 call 40000>49152 00000000.-1 #9 ok >- <4:20\n1 bind no answer 0=33333333/1:0\n");
}

/* Other protocols are left alone. */
static void test_foreign(void **state)
{
    (void)state;
    struct conn k = conn(begin(0));
    struct wr w;
    open_conn(&k);
    send_piece(&k, false, "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", 37);
    wr_init(&w, 1 << 16);
    put_request(&w, RPC_PFC_WHOLE, 2, 0, 1, 4, 0); /* inside of something else this is data */
    send_all(&k, true, &w);
    wr_free(&w);
    finish(k.c, "");
}

/* Packets cut by the snap length: what is left out counts as lost. */
static void test_snap(void **state)
{
    (void)state;
    struct wr client, server;
    struct conn k = conn(begin(0));
    two_calls(&client, &server);
    open_conn(&k);
    send_all(&k, false, &client);
    k.snap = 200;
    send_all(&k, true, &server);
    capture_end(k.c);
    assert_int_equal(capture_totals(k.c)->cut, 1);
    assert_true(capture_totals(k.c)->lost_bytes > 0);
    assert_non_null(strstr(events, "snap length"));
    assert_non_null(strstr(events, "0 bind 0=22222222/1:0"));
    capture_delete(k.c);
    wr_free(&client);
    wr_free(&server);
}

static void test_fragments(void **state)
{
    (void)state;
    struct capture *c = begin(0);
    uint8_t p[60] = { 0x45, 0, 0, 60, 0, 1, 0x20, 0, 64, 6 };
    capture_packet(c, CAPTURE_RAW, 1, p, sizeof p, sizeof p);
    capture_packet(c, CAPTURE_RAW, 1, p, sizeof p, sizeof p);
    capture_packet(c, 9999, 1, p, sizeof p, sizeof p);
    assert_int_equal(capture_totals(c)->ip_fragments, 2);
    assert_int_equal(capture_totals(c)->not_ip, 1);
    finish(c, "note IP fragments are not put together: what they carry counts as lost\n"
              "note packets of this link type are not understood\n");
}

/* ---- the tests: DCE/RPC ---- */

/* Exchanges the bytes of numbers in a PDU as this test makes them. */
static void make_big(uint8_t *p)
{
    static const struct {
        uint8_t ptype, at, width;
    } fields[] = { { RPC_PT_REQUEST, 16, 4 },
                   { RPC_PT_REQUEST, 20, 2 },
                   { RPC_PT_REQUEST, 22, 2 },
                   { RPC_PT_BIND, 16, 2 },
                   { RPC_PT_BIND, 18, 2 },
                   { RPC_PT_BIND, 20, 4 },
                   { RPC_PT_BIND, 28, 2 },
                   { RPC_PT_BIND, 32, 4 },
                   { RPC_PT_BIND, 36, 2 },
                   { RPC_PT_BIND, 38, 2 },
                   { RPC_PT_BIND, 48, 4 },
                   { RPC_PT_BIND, 52, 4 },
                   { RPC_PT_BIND, 56, 2 },
                   { RPC_PT_BIND, 58, 2 },
                   { RPC_PT_BIND, 68, 4 },
                   { 255, 8, 2 },
                   { 255, 10, 2 },
                   { 255, 12, 4 } };
    uint8_t t;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (fields[i].ptype == 255 || fields[i].ptype == p[2])
            for (unsigned k = 0; k < fields[i].width / 2u; k++) {
                uint8_t *a = p + fields[i].at + k, *b = p + fields[i].at + fields[i].width - 1 - k;
                t = *a, *a = *b, *b = t;
            }
    p[4] = 0;
}

static void test_big_endian(void **state)
{
    char expected[256];
    (void)state;
    struct conn k = conn(begin(0));
    struct wr w;
    wr_init(&w, 1 << 16);
    open_conn(&k);
    put_bind(&w, RPC_PT_BIND, 1, 5, 0x44444444);
    make_big(w.base);
    send_all(&k, false, &w);
    put_ack(&w, RPC_PT_BIND_ACK, 1); /* the server has the other order */
    send_all(&k, true, &w);
    put_request(&w, RPC_PFC_WHOLE, 0x01020304, 5, 0x0102, 12, 0);
    make_big(w.base);
    send_all(&k, false, &w);
    put_response(&w, RPC_PFC_WHOLE, 0x01020304, 5, 8, 0);
    send_all(&k, true, &w);
    wr_free(&w);
    snprintf(expected, sizeof expected,
             "0 bind 5=44444444/1:0\n0 call 40000>49152 44444444.258 #16909060 ok >12:%u <8:%u\n", sum(12),
             sum(8));
    finish(k.c, expected);
}

/* Two contexts; answers in another order; a fault; a refused context; a call that nobody answers. */
static void test_association(void **state)
{
    (void)state;
    struct conn k = conn(begin(0));
    struct wr w;
    wr_init(&w, 1 << 16);
    open_conn(&k);
    put_bind(&w, RPC_PT_BIND, 1, 0, 0xaaaaaaaa);
    send_all(&k, false, &w);
    put_ack(&w, RPC_PT_BIND_ACK, 1);
    send_all(&k, true, &w);
    put_bind(&w, RPC_PT_ALTER, 2, 1, 0xbbbbbbbb);
    send_all(&k, false, &w);
    put_ack(&w, RPC_PT_ALTER_RESP, 2);
    send_all(&k, true, &w);
    put_bind(&w, RPC_PT_ALTER, 3, 2, 0xcccccccc);
    send_all(&k, false, &w);
    struct rpc_result no = { RPC_RESULT_PROVIDER_REJECTION, RPC_REASON_ABSTRACT_SYNTAX, { { 0 }, 0, 0 } };
    rpc_put_ack(&w, RPC_PT_ALTER_RESP, RPC_PFC_WHOLE, 3, 4280, 4280, 77, NULL, &no, 1);
    send_all(&k, true, &w);
    put_request(&w, RPC_PFC_WHOLE, 4, 1, 10, 0, 0);
    put_request(&w, RPC_PFC_WHOLE, 5, 0, 11, 0, 0);
    put_request(&w, RPC_PFC_WHOLE, 6, 2, 12, 0, 0);
    put_request(&w, RPC_PFC_WHOLE | RPC_PFC_MAYBE, 7, 0, 13, 0, 0);
    send_all(&k, false, &w);
    put_response(&w, RPC_PFC_WHOLE, 5, 0, 0, 0);
    rpc_put_fault(&w, RPC_PFC_WHOLE, 4, 1, 0x1c010002);
    send_all(&k, true, &w);
    put_bind(&w, RPC_PT_ALTER, 8, 3, 0xdddddddd);
    send_all(&k, false, &w);
    rpc_put_fault(&w, RPC_PFC_WHOLE, 8, 0, 0x00000005);
    rpc_put_nak(&w, 99, 4);
    send_all(&k, true, &w);
    wr_free(&w);
    finish(k.c, "0 bind 0=aaaaaaaa/1:0\n0 bind 1=bbbbbbbb/1:0\n0 bind 2=cccccccc/1:2\n"
                "0 call 40000>49152 aaaaaaaa.13 #7 maybe >0:0 <-\n"
                "0 call 40000>49152 aaaaaaaa.11 #5 ok >0:0 <0:0\n"
                "0 call 40000>49152 bbbbbbbb.10 #4 fault 1c010002 >0:0 <0:0\n"
                "0 bind refused 3=dddddddd/1:0\n0 note a bind that was not seen is refused (reason 4)\n"
                "0 call 40000>49152 00000000.12 #6 none >0:0 <-\n");
}

/* What Windows binds: three contexts for one interface. NDR64 is accepted, and calls use it. */
static void test_ndr64(void **state)
{
    (void)state;
    struct conn k = conn(begin(0));
    struct wr w;
    struct rpc_ctx_elem e[3] = { offer, offer, offer };
    e[0].transfers[0] = rpc_syntax_ndr20;
    e[1].id = 1;
    e[1].transfers[0] = rpc_syntax_ndr64;
    e[2].id = 2;
    e[2].transfers[0] = rpc_syntax_features(RPC_FEATURE_SEC_MULTIPLEX | RPC_FEATURE_KEEP_ON_ORPHAN);
    struct rpc_result r[3] = {
        { RPC_RESULT_PROVIDER_REJECTION, RPC_REASON_TRANSFER_SYNTAXES, { { 0 }, 0, 0 } },
        { RPC_RESULT_ACCEPTANCE, 0, rpc_syntax_ndr64 },
        { RPC_RESULT_NEGOTIATE_ACK, 3, { { 0 }, 0, 0 } }
    };
    wr_init(&w, 1 << 16);
    open_conn(&k);
    rpc_put_bind(&w, RPC_PT_BIND, RPC_PFC_WHOLE, 1, 4280, 0, e, 3);
    send_all(&k, false, &w);
    rpc_put_ack(&w, RPC_PT_BIND_ACK, RPC_PFC_WHOLE, 1, 4280, 4280, 77, NULL, r, 3);
    send_all(&k, true, &w);
    put_request(&w, RPC_PFC_WHOLE, 2, 1, 3, 0, 0);
    put_request(&w, RPC_PFC_WHOLE, 3, 0, 3, 0, 0); /* on what was refused */
    send_all(&k, false, &w);
    wr_free(&w);
    finish(k.c,
           "0 bind 0=11111111/1:2 1=11111111/2:0 2=11111111/3:3\n"
           "0 call 40000>49152 11111111.3 #2 none ndr64 >0:0 <-\n0 call 40000>49152 00000000.3 #3 none >0:0 <-\n");
}

/* A trailer of level privacy hides the stub, one of level integrity does not; padding is not stub. */
static void test_trailers(void **state)
{
    char expected[256];
    (void)state;
    for (unsigned level = 5; level <= 6; level++) {
        struct conn k = conn(begin(0));
        struct wr w;
        wr_init(&w, 1 << 16);
        open_conn(&k);
        put_bind(&w, RPC_PT_BIND, 1, 0, 0xaaaaaaaa);
        send_all(&k, false, &w);
        put_request(&w, RPC_PFC_WHOLE, 2, 0, 3, 12, 0);
        wr_zero(&w, 4);
        wr_bytes(&w, (uint8_t[]){ 10, (uint8_t)level, 4, 0, 1, 0, 0, 0 }, 8);
        wr_zero(&w, 16);
        rpc_pdu_end(&w, 0, 16);
        send_all(&k, false, &w);
        wr_free(&w);
        snprintf(expected, sizeof expected,
                 "0 bind no answer 0=aaaaaaaa/1:0\n0 call 40000>49152 aaaaaaaa.3 #2 none >12%s:%u <-\n",
                 level == 6 ? "x" : "", level == 6 ? 0 : sum(12));
        finish(k.c, expected);
    }
}

/* PDUs that lie: each is said, the call behind it is told. */
static void test_bad_pdus(void **state)
{
    (void)state;
    struct conn k = conn(begin(0));
    struct wr w;
    wr_init(&w, 1 << 16);
    open_conn(&k);
    put_bind(&w, RPC_PT_BIND, 1, 0, 0xaaaaaaaa);
    send_all(&k, false, &w);
    put_ack(&w, RPC_PT_BIND_ACK, 1);
    send_all(&k, true, &w);
    put_response(&w, RPC_PFC_WHOLE, 2, 0, 0, 0); /* from the client */
    send_all(&k, false, &w);
    put_request(&w, RPC_PFC_WHOLE, 3, 0, 0, 8, 0);
    w.base[10] = 16; /* an auth_length that leaves no room for the trailer */
    send_all(&k, false, &w);
    put_request(&w, RPC_PFC_WHOLE, 4, 0, 0, 0, 0);
    put_le16(w.base + 8, 20); /* too short for a request */
    w.len = 20;
    send_all(&k, false, &w);
    put_request(&w, RPC_PFC_WHOLE, 5, 0, 9, 4, 0);
    send_all(&k, false, &w);
    wr_free(&w);
    finish(k.c, "0 bind 0=aaaaaaaa/1:0\n0 note a response PDU from the client\n"
                "0 note a PDU from the client is not where one should start\n"
                "0 call 40000>49152 aaaaaaaa.9 #5 none >4:20 <-\n");
}

/* ---- the tests: SMB ---- */

struct smb {
    struct conn k;
    struct wr w;
    size_t msg; /* where the last header starts */
    size_t frame;
};

static void smb_start(struct smb *s)
{
    s->k = conn(begin(0));
    s->k.server_port = 445;
    wr_init(&s->w, 1 << 20);
    open_conn(&s->k);
}

static void smb_frame(struct smb *s)
{
    s->frame = s->w.len;
    wr_zero(&s->w, SMB_FRAME);
}

/* A header; the bodies' offsets are counted from it, so bodies are written to a writer of their own. */
static struct wr smb_head(struct smb *s, struct smb_hdr h)
{
    struct wr b;
    h.session_id = 77;
    h.tree_id = h.flags & SMB_FLAG_ASYNC ? 0 : 5;
    s->msg = s->w.len;
    wr_init(&b, 1 << 20);
    uint8_t *p = wr_room(&b, SMB_HDR);
    assert_non_null(p);
    smb_put_hdr(p, &h);
    return b;
}

static void smb_body(struct smb *s, struct wr *b, bool last)
{
    if (!last) {
        wr_align(b, 8);
        wr_fill_u32(b, 20, (uint32_t)b->len);
    }
    assert_int_equal(b->st, STATUS_SUCCESS);
    wr_bytes(&s->w, b->base, b->len);
    wr_free(b);
}

static void smb_send_frame(struct smb *s, bool server)
{
    smb_put_frame(s->w.base + s->frame, s->w.len - s->frame - SMB_FRAME);
    send_all(&s->k, server, &s->w);
}

static void smb_tree(struct smb *s)
{
    struct wr b;
    smb_frame(s);
    b = smb_head(s, (struct smb_hdr){ .command = SMB_TREE_CONNECT, .mid = 1 });
    assert_int_equal(smb_put_tree_req(&b, "\\\\srv\\IPC$"), STATUS_SUCCESS);
    smb_body(s, &b, true);
    smb_send_frame(s, false);
    smb_frame(s);
    b = smb_head(s, (struct smb_hdr){ .command = SMB_TREE_CONNECT, .mid = 1, .flags = SMB_FLAG_RESPONSE });
    smb_put_tree_rsp(&b, &(struct smb_tree_rsp){ SMB_SHARE_PIPE, 0, 0, 0 });
    smb_body(s, &b, true);
    smb_send_frame(s, true);
}

static const uint8_t file_id[SMB_FILE_ID] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
static const uint8_t related_id[SMB_FILE_ID] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static struct nt_blob blob(const struct wr *w)
{
    return (struct nt_blob){ w->base, w->len };
}

static void smb_create(struct smb *s, uint64_t mid, bool last)
{
    struct wr b = smb_head(s, (struct smb_hdr){ .command = SMB_CREATE, .mid = mid });
    assert_int_equal(smb_put_create_req(&b, &(struct smb_create_req){ .name = "\\srvsvc" }), STATUS_SUCCESS);
    smb_body(s, &b, last);
}

static void smb_created(struct smb *s, uint64_t mid, uint32_t status, bool last)
{
    struct wr b = smb_head(
        s,
        (struct smb_hdr){ .command = SMB_CREATE, .mid = mid, .flags = SMB_FLAG_RESPONSE, .status = status });
    struct smb_create_rsp r = { 0 };
    memcpy(r.file_id, file_id, sizeof file_id);
    if (status)
        smb_put_error(&b, &(struct smb_error){ 0, { NULL, 0 } }, false);
    else
        smb_put_create_rsp(&b, &r);
    smb_body(s, &b, last);
}

static void smb_write(struct smb *s, uint64_t mid, const uint8_t *id, unsigned flags, struct nt_blob d,
                      bool last)
{
    struct wr b = smb_head(s, (struct smb_hdr){ .command = SMB_WRITE, .mid = mid, .flags = flags });
    struct smb_write_req q = { .data = d };
    memcpy(q.file_id, id, sizeof q.file_id);
    smb_put_write_req(&b, &q);
    smb_body(s, &b, last);
}

static void smb_read(struct smb *s, uint64_t mid, const uint8_t *id, unsigned flags, bool last)
{
    struct wr b = smb_head(s, (struct smb_hdr){ .command = SMB_READ, .mid = mid, .flags = flags });
    struct smb_read_req q = { .length = 4280 };
    memcpy(q.file_id, id, sizeof q.file_id);
    smb_put_read_req(&b, &q);
    smb_body(s, &b, last);
}

static void smb_readed(struct smb *s, uint64_t mid, uint32_t status, struct nt_blob d, bool last)
{
    struct wr b = smb_head(
        s, (struct smb_hdr){ .command = SMB_READ, .mid = mid, .flags = SMB_FLAG_RESPONSE, .status = status });
    smb_put_read_rsp(&b, d);
    smb_body(s, &b, last);
}

static void smb_pending(struct smb *s, uint16_t command, uint64_t mid)
{
    smb_frame(s);
    struct wr b = smb_head(s, (struct smb_hdr){ .command = command,
                                                .mid = mid,
                                                .flags = SMB_FLAG_RESPONSE | SMB_FLAG_ASYNC,
                                                .status = STATUS_PENDING,
                                                .async_id = 3 });
    smb_put_error(&b, &(struct smb_error){ 0, { NULL, 0 } }, false);
    smb_body(s, &b, true);
    smb_send_frame(s, true);
}

static void smb_ioctl(struct smb *s, uint64_t mid, bool server, uint32_t status, struct nt_blob d)
{
    struct smb_ioctl q = { .code = FSCTL_PIPE_TRANSCEIVE, .max_out = 1024, .data = d };
    memcpy(q.file_id, file_id, sizeof file_id);
    smb_frame(s);
    struct wr b = smb_head(
        s, (struct smb_hdr){
               .command = SMB_IOCTL, .mid = mid, .status = status, .flags = server ? SMB_FLAG_RESPONSE : 0 });
    if (!server)
        smb_put_ioctl_req(&b, &q);
    else if (status && status != (uint32_t)STATUS_BUFFER_OVERFLOW)
        smb_put_error(&b, &(struct smb_error){ 0, { NULL, 0 } }, false);
    else
        smb_put_ioctl_rsp(&b, &q);
    smb_body(s, &b, true);
    smb_send_frame(s, server);
}

/* CREATE, WRITE (bind) and READ in one chain; a transact whose answer goes on in a READ that pends; a status
 * instead of an answer; the close. */
static void test_pipe(void **state)
{
    char expected[512];
    struct smb s;
    struct wr p;
    struct nt_blob none = { NULL, 0 };
    (void)state;
    wr_init(&p, 1 << 16);
    smb_start(&s);
    smb_tree(&s);
    put_bind(&p, RPC_PT_BIND, 1, 0, 0x22222222);
    smb_frame(&s);
    smb_create(&s, 2, false);
    smb_write(&s, 3, related_id, SMB_FLAG_RELATED, blob(&p), false);
    smb_read(&s, 4, related_id, SMB_FLAG_RELATED, true);
    smb_send_frame(&s, false);
    p.len = 0;
    put_ack(&p, RPC_PT_BIND_ACK, 1);
    smb_frame(&s);
    smb_created(&s, 2, 0, false);
    struct wr b =
        smb_head(&s, (struct smb_hdr){ .command = SMB_WRITE, .mid = 3, .flags = SMB_FLAG_RESPONSE });
    smb_put_write_rsp(&b, 72);
    smb_body(&s, &b, false);
    smb_readed(&s, 4, 0, blob(&p), true);
    smb_send_frame(&s, true);

    p.len = 0;
    put_request(&p, RPC_PFC_WHOLE, 2, 0, 15, 40, 0);
    smb_ioctl(&s, 5, false, 0, blob(&p));
    p.len = 0;
    put_response(&p, RPC_PFC_FIRST, 2, 0, 64, 0);
    put_response(&p, RPC_PFC_LAST, 2, 0, 6, 64);
    smb_ioctl(&s, 5, true, (uint32_t)STATUS_BUFFER_OVERFLOW, (struct nt_blob){ p.base, 50 });
    smb_frame(&s);
    smb_read(&s, 6, file_id, 0, true);
    smb_send_frame(&s, false);
    smb_pending(&s, SMB_READ, 6);
    smb_frame(&s);
    smb_readed(&s, 6, 0, (struct nt_blob){ p.base + 50, p.len - 50 }, true);
    smb_send_frame(&s, true);

    p.len = 0;
    put_request(&p, RPC_PFC_WHOLE, 3, 0, 16, 4, 0);
    smb_ioctl(&s, 7, false, 0, blob(&p));
    smb_ioctl(&s, 7, true, (uint32_t)STATUS_PIPE_DISCONNECTED, none);
    wr_free(&p);
    snprintf(expected, sizeof expected,
             "0 bind 0=22222222/1:0\n0 call 40000>445 srvsvc 22222222.15 #2 ok >40:%u <70:%u\n"
             "0 call 40000>445 srvsvc 22222222.16 #3 none smb c00000b0 >4:%u <-\n",
             sum(40), sum(70), sum(4));
    finish(s.k.c, expected);
    wr_free(&s.w);
}

/* The tree and the handle were opened before the capture; then a pipe that is not there; then encryption. */
static void test_pipe_middle(void **state)
{
    char expected[512];
    struct smb s;
    struct wr p;
    (void)state;
    wr_init(&p, 1 << 16);
    s.k = conn(begin(0));
    s.k.server_port = 445;
    wr_init(&s.w, 1 << 20);
    send_piece(&s.k, false, "the end of something \xfeSMB else, long enough", 43);
    put_request(&p, RPC_PFC_WHOLE, 2, 0, 15, 40, 0);
    smb_ioctl(&s, 5, false, 0, blob(&p));
    p.len = 0;
    put_response(&p, RPC_PFC_WHOLE, 2, 0, 64, 0);
    smb_ioctl(&s, 5, true, 0, blob(&p));
    smb_tree(&s);
    smb_frame(&s);
    smb_create(&s, 8, true);
    smb_send_frame(&s, false);
    smb_frame(&s);
    smb_created(&s, 8, (uint32_t)STATUS_OBJECT_NAME_NOT_FOUND, true);
    smb_send_frame(&s, true);
    for (int i = 0; i < 2; i++) {
        smb_frame(&s);
        wr_bytes(&s.w, "\xfdSMB", 4);
        wr_zero(&s.w, 150);
        smb_send_frame(&s, true);
    }
    wr_free(&p);
    snprintf(expected, sizeof expected,
             "0 note the beginning of this connection is not in the capture\n"
             "0 call 40000>445  00000000.15 #2 ok >40:%u <64:%u\n"
             "0 note the pipe is not opened: STATUS_OBJECT_NAME_NOT_FOUND\n"
             "0 note SMB messages are encrypted: what they carry cannot be seen\n",
             sum(40), sum(64));
    finish(s.k.c, expected);
    wr_free(&s.w);
}

/* A file's data, longer than what a pipe carries, are passed over without a word, also where some of them are
 * lost. */
static void test_long_message(void **state)
{
    char expected[128];
    struct smb s;
    struct wr p;
    static uint8_t zeros[60000];
    (void)state;
    wr_init(&p, 1 << 16);
    smb_start(&s);
    smb_tree(&s);
    uint8_t frame[SMB_FRAME + 4] = { 0, 0x40, 0, 0, 0xfe, 'S', 'M', 'B' };
    size_t left = 0x400000 - 4;
    send_piece(&s.k, false, frame, sizeof frame);
    for (size_t n; left; left -= n) {
        n = left < sizeof zeros ? left : sizeof zeros;
        if (left > 2000000 && left < 2100000)
            s.k.seq[0] += (uint32_t)n;
        else
            send_piece(&s.k, false, zeros, n);
    }
    put_request(&p, RPC_PFC_WHOLE, 2, 0, 15, 40, 0);
    smb_ioctl(&s, 5, false, 0, blob(&p));
    for (unsigned i = 0; i <= CAPTURE_GAP_PATIENCE; i++)
        packet(&s.k, true, s.k.seq[1], ACK, NULL, 0);
    wr_free(&p);
    snprintf(expected, sizeof expected, "0 call 40000>445  00000000.15 #2 none >40:%u <-\n", sum(40));
    assert_true(capture_totals(s.k.c)->too_long == 1 && capture_totals(s.k.c)->lost_bytes > 0);
    finish(s.k.c, expected);
    wr_free(&s.w);
}

/* A chain that points into itself, before itself, past the end. */
static void test_bad_chain(void **state)
{
    static const uint32_t nexts[] = { 8, 63, 68, 4096, 0xfffffff8 };
    (void)state;
    for (size_t i = 0; i < sizeof nexts / sizeof nexts[0]; i++) {
        struct smb s;
        smb_start(&s);
        smb_frame(&s);
        struct wr b = smb_head(&s, (struct smb_hdr){ .command = SMB_ECHO, .mid = 1, .next = nexts[i] });
        smb_put_empty(&b);
        wr_zero(&b, 100);
        smb_body(&s, &b, true);
        smb_send_frame(&s, false);
        capture_end(s.k.c);
        assert_non_null(strstr(events, "a chain of SMB messages that leads nowhere"));
        capture_delete(s.k.c);
        wr_free(&s.w);
    }
}

/* ---- limits ---- */

/* Any amount of memory will do: less is told, nothing else happens. */
static void test_memory(void **state)
{
    (void)state;
    for (size_t memory = 1; memory < 40000; memory += 331) {
        struct wr client, server;
        struct conn k = conn(begin(memory));
        two_calls(&client, &server);
        open_conn(&k);
        for (size_t i = 0; i < client.len; i += 33)
            send_piece(&k, false, client.base + i, client.len - i < 33 ? client.len - i : 33);
        for (size_t i = server.len / 20; i-- > 0;)
            packet(&k, true, k.seq[1] + (uint32_t)i * 20, ACK, server.base + i * 20, 20);
        capture_end(k.c);
        capture_delete(k.c);
        wr_free(&client);
        wr_free(&server);
    }
}

/* A stub above the ceiling is told by its length only, and the connection goes on. */
static void test_long_stub(void **state)
{
    (void)state;
    struct conn k = conn(begin(0));
    struct wr w;
    wr_init(&w, 1 << 20);
    open_conn(&k);
    put_bind(&w, RPC_PT_BIND, 1, 0, 0xaaaaaaaa);
    send_all(&k, false, &w);
    size_t n = CAPTURE_STUB_MAX / 60000 + 2;
    for (size_t i = 0; i < n; i++) {
        put_request(&w, i == 0 ? RPC_PFC_FIRST : i + 1 == n ? RPC_PFC_LAST : 0, 2, 0, 3, 60000, 0);
        send_all(&k, false, &w);
    }
    put_request(&w, RPC_PFC_WHOLE, 3, 0, 4, 0, 0);
    send_all(&k, false, &w);
    capture_end(k.c);
    char expected[128];
    snprintf(expected, sizeof expected, "aaaaaaaa.3 #2 none >%zu:0 <-", n * 60000);
    assert_non_null(strstr(events, expected));
    assert_non_null(strstr(events, "aaaaaaaa.4 #3 none >0:0 <-"));
    capture_delete(k.c);
    wr_free(&w);
}

/* More connections, calls and notes than are kept. */
static void test_ceilings(void **state)
{
    (void)state;
    struct conn k = conn(begin(0));
    struct wr w;
    wr_init(&w, 1 << 20);
    open_conn(&k);
    put_bind(&w, RPC_PT_BIND, 1, 0, 0xaaaaaaaa);
    send_all(&k, false, &w);
    for (uint32_t i = 0; i < CAPTURE_CALLS_MAX + 50; i++) {
        put_request(&w, RPC_PFC_WHOLE, i, 0, 3, 0, 0);
        send_all(&k, false, &w);
    }
    assert_int_equal(capture_totals(k.c)->unanswered, 50);
    for (unsigned i = 0; i < CAPTURE_NOTES_MAX + 5; i++) {
        put_response(&w, RPC_PFC_WHOLE, 2, 0, 0, 0); /* from the client */
        send_all(&k, false, &w);
    }
    assert_int_equal(capture_totals(k.c)->notes, CAPTURE_NOTES_MAX);
    assert_int_equal(capture_totals(k.c)->notes_dropped, 5);
    struct conn other = k;
    for (uint32_t i = 0; i < CAPTURE_FLOWS_MAX + 10; i++) {
        other.client_port = (uint16_t)i;
        other.server_port = (uint16_t)(20 + i / 65536);
        packet(&other, false, i, SYN, NULL, 0);
    }
    assert_int_equal(capture_totals(k.c)->calls, CAPTURE_CALLS_MAX + 50); /* the first connection gave way */
    assert_non_null(strstr(events, "the oldest ones are given up"));
    capture_delete(k.c);
    wr_free(&w);
}

static int release(void **state)
{
    (void)state;
    free(events);
    events = NULL;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),         cmocka_unit_test(test_pieces_and_wrap),
        cmocka_unit_test(test_order),         cmocka_unit_test(test_lost),
        cmocka_unit_test(test_lost_anywhere), cmocka_unit_test(test_middle),
        cmocka_unit_test(test_reuse),         cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_snap),          cmocka_unit_test(test_fragments),
        cmocka_unit_test(test_big_endian),    cmocka_unit_test(test_association),
        cmocka_unit_test(test_ndr64),         cmocka_unit_test(test_trailers),
        cmocka_unit_test(test_bad_pdus),      cmocka_unit_test(test_pipe),
        cmocka_unit_test(test_pipe_middle),   cmocka_unit_test(test_bad_chain),
        cmocka_unit_test(test_long_message),  cmocka_unit_test(test_memory),
        cmocka_unit_test(test_long_stub),     cmocka_unit_test(test_ceilings),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
