// SPDX-License-Identifier: Apache-2.0
/* Octets of pipes as packets: in any pieces, with holes, of another protocol; read again by the reader of
 * captures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "capture/tape.h"
#include "npc/pdu_head.h"

#define T0 UINT64_C(1764000000000000000)

/* Feeds the packets of a file that we wrote to the reader. */
static void read_back(const struct wr *w, struct capture *c)
{
    for (size_t at = 0; at < w->len; at += le32(w->base + at + 4)) {
        const uint8_t *b = w->base + at;
        assert_true(le32(b + 4) >= 12 && le32(b + 4) <= w->len - at);
        if (le32(b) == 6)
            capture_packet(c, CAPTURE_RAW, (uint64_t)le32(b + 12) << 32 | le32(b + 16), b + 28, le32(b + 20),
                           le32(b + 24));
    }
    capture_end(c);
}

struct read {
    unsigned calls, binds, notes;
    struct capture_call call;
    uint8_t req[64], rsp[64];
    char pipe[64];
    bool auth;
};

static void on_event(void *arg, const struct capture_event *e)
{
    struct read *r = arg;
    if (e->kind == CAPTURE_NOTE) {
        r->notes++;
    } else if (e->kind == CAPTURE_BIND) {
        r->binds++;
        r->auth = e->bind->has_auth;
        assert_true(e->bind->answered);
    } else {
        r->calls++;
        r->call = *e->call;
        assert_true(e->call->req.stub.len <= sizeof r->req && e->call->rsp.stub.len <= sizeof r->rsp);
        memcpy(r->req, e->call->req.stub.data, e->call->req.stub.len);
        memcpy(r->rsp, e->call->rsp.stub.data, e->call->rsp.stub.len);
        strncpy(r->pipe, e->pipe, sizeof r->pipe - 1);
    }
}

static void look(struct wr *w, struct read *ret)
{
    struct capture_options o = { .arg = ret, .event = on_event };
    memset(ret, 0, sizeof *ret);
    struct capture *c = capture_new(&o);
    assert_non_null(c);
    read_back(w, c);
    capture_delete(c);
}

/* A bind with a token of 16 octets, the answer with another, a request and its response; as one of each side
 * sends them. */
static const uint8_t bind[] = {
    5,    0,    11,   3,    0x10, 0,    0,    0,    96,   0,    16,   0,    1,    0,    0,    0,
    0xb8, 0x10, 0xb8, 0x10, 0,    0,    0,    0,    1,    0,    0,    0,    0,    0,    1,    0,
    0xc8, 0x4f, 0x32, 0x4b, 0x70, 0x16, 0xd3, 0x01, 0x12, 0x78, 0x5a, 0x47, 0xbf, 0x6e, 0xe1, 0x88,
    3,    0,    0,    0,    0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8, 0x08, 0x00,
    0x2b, 0x10, 0x48, 0x60, 2,    0,    0,    0,    10,   2,    0,    0,    1,    0,    0,    0,
    1,    2,    3,    4,    5,    6,    7,    8,    9,    10,   11,   12,   13,   14,   15,   16,
};
static const uint8_t ack[] = {
    5,    0,    12,   3,    0x10, 0,    0,    0,    92,   0,    16,   0,    1,    0,    0,    0,
    0xb8, 0x10, 0xb8, 0x10, 1,    0,    0,    0,    13,   0,    '\\', 'P',  'I',  'P',  'E',  '\\',
    's',  'r',  'v',  's',  'v',  0,    0,    0,    1,    0,    0,    0,    0,    0,    0,    0,
    0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60,
    2,    0,    0,    0,    10,   2,    0,    0,    1,    0,    0,    0,    1,    2,    3,    4,
    5,    6,    7,    8,    9,    10,   11,   12,   13,   14,   15,   16,
};
static const uint8_t request[] = { 5, 0, 0, 3, 0x10, 0, 0, 0, 28, 0, 0,   0,   2,   0,
                                   0, 0, 4, 0, 0,    0, 0, 0, 21, 0, 'w', 'x', 'y', 'z' };
static const uint8_t response[] = { 5, 0, 2, 3, 0x10, 0, 0, 0, 28, 0, 0,   0,   2,   0,
                                    0, 0, 4, 0, 0,    0, 0, 0, 0,  0, 'o', 'k', '!', '!' };

static void feed(struct capture_tape_pipe *p, bool from_server, const uint8_t *d, size_t n, size_t chunk,
                 struct wr *w)
{
    unsigned packets = 0;
    for (size_t at = 0; at < n; at += chunk)
        packets += capture_tape_octets(p, from_server, T0,
                                       (struct nt_blob){ d + at, n - at < chunk ? n - at : chunk }, w);
    assert_int_equal(packets, 1);
}

static void conversation(struct capture_tape_pipe *p, size_t chunk, struct wr *w)
{
    feed(p, false, bind, sizeof bind, chunk,
         w); /* what a client sends comes as whole PDUs, the first at least its head */
    feed(p, true, ack, sizeof ack, chunk, w);
    feed(p, false, request, sizeof request, chunk, w);
    feed(p, true, response, sizeof response, chunk, w);
}

static void check(const struct read *r)
{
    assert_int_equal(r->binds, 1);
    assert_int_equal(r->calls, 1);
    assert_int_equal(r->notes, 0);
    assert_false(r->auth); /* the token is not there */
    assert_int_equal(r->call.outcome, CAPTURE_ANSWERED);
    assert_true(r->call.iface_known);
    assert_int_equal(r->call.opnum, 21);
    assert_memory_equal(r->req, "wxyz", 4);
    assert_memory_equal(r->rsp, "ok!!", 4);
    assert_string_equal(r->pipe, "srvsvc");
}

static void begin(struct wr *w, struct capture_tape *t)
{
    memset(t, 0, sizeof *t);
    wr_init(w, 1 << 20);
    capture_put_head(w, "test", "a test", "here");
}

static void test_pieces(void **state)
{
    static const char *const peers[] = { "192.0.2.7:1445", "[2001:db8::7]:445", "", "somewhere" };
    (void)state;
    for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++)
        for (size_t chunk = RPC_HDR_LEN; chunk <= sizeof bind; chunk += i ? 17 : 1) {
            struct capture_tape t;
            struct read r;
            struct wr w;
            begin(&w, &t);
            struct capture_tape_pipe *p =
                capture_tape_open(&t, "fs1.example", peers[i], "srvsvc", "why", T0, &w);
            assert_non_null(p);
            conversation(p, chunk, &w);
            capture_tape_close(p, T0 + 1, &w);
            capture_put_dropped(&w, T0 + 2, 3);
            assert_int_equal(w.st, STATUS_SUCCESS);
            look(&w, &r);
            check(&r);
            wr_free(&w);
            capture_tape_free(&t);
        }
}

/* Half a PDU, then octets are missing: the rest of it is passed over, the next whole one is there. */
static void test_gap(void **state)
{
    struct capture_tape t;
    struct read r;
    struct wr w;
    (void)state;
    begin(&w, &t);
    struct capture_tape_pipe *p = capture_tape_open(&t, "fs1", "192.0.2.7:445", "srvsvc", NULL, T0, &w);
    assert_non_null(p);
    feed(p, false, bind, sizeof bind, sizeof bind, &w);
    feed(p, true, ack, sizeof ack, sizeof ack, &w);
    assert_false(capture_tape_octets(p, true, T0, (struct nt_blob){ response, 20 }, &w));
    capture_tape_gap(&t);
    assert_false(capture_tape_octets(p, true, T0, (struct nt_blob){ response + 20, 8 }, &w));
    capture_tape_gap(&t);
    assert_false(
        capture_tape_octets(p, false, T0, (struct nt_blob){ (const uint8_t *)"0123456789abcdefgh", 18 }, &w));
    feed(p, false, request, sizeof request, 5, &w);
    feed(p, true, response, sizeof response, 7, &w);
    assert_false(capture_tape_octets(p, false, T0, (struct nt_blob){ request, 3 }, &w));
    look(&w, &r);
    check(&r);
    wr_free(&w);
    capture_tape_free(&t); /* with a pipe that is open, and half a PDU in it */
}

static void test_other_protocol(void **state)
{
    struct capture_tape t;
    struct read r;
    struct wr w;
    (void)state;
    begin(&w, &t);
    struct capture_tape_pipe *p = capture_tape_open(&t, "fs1", "192.0.2.7:445", "chat", NULL, T0, &w);
    assert_non_null(p);
    assert_true(capture_tape_octets(p, false, T0, (struct nt_blob){ (const uint8_t *)"hello", 5 }, &w));
    assert_true(capture_tape_octets(
        p, true, T0, (struct nt_blob){ (const uint8_t *)"hello yourself, and welcome", 27 }, &w));
    look(&w, &r);
    assert_int_equal(r.calls + r.binds, 0);
    assert_int_equal(r.notes, 1);
    wr_free(&w);
    capture_tape_free(&t);
}

static void test_trim(void **state)
{
    uint8_t b[sizeof bind];
    (void)state;
    memcpy(b, bind, sizeof b);
    assert_int_equal(capture_trim_pdu(b, sizeof b), 72);
    assert_int_equal(le16(b + 8), 72);
    assert_int_equal(le16(b + 10), 0);
    memcpy(b, bind, sizeof b);
    put_le16(b + 10, 500); /* a token longer than its PDU stays what it is */
    assert_int_equal(capture_trim_pdu(b, sizeof b), sizeof b);
    memcpy(b, bind, sizeof b);
    b[74] = 200; /* so does padding */
    assert_int_equal(capture_trim_pdu(b, sizeof b), 72);
    b[2] = 16;
    assert_int_equal(capture_trim_pdu(b, sizeof b), 0);
    memcpy(b, bind, sizeof b);
    b[2] = 0;
    assert_int_equal(capture_trim_pdu(b, sizeof b), sizeof b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_gap),
        cmocka_unit_test(test_other_protocol),
        cmocka_unit_test(test_trim),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
