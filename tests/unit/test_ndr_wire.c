// SPDX-License-Identifier: Apache-2.0
/*
 * Constructs that no interface of ours has (tests/golden/idlc), against bytes that were worked out from
 * [C706] chapter 14 and [MS-RPCE] 2.2.5: pushed, pulled, and pushed again; cut short at each length.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <msrpc/midl.h>
#include <msrpc/object.h>
#include <msrpc/pipes.h>
#include <msrpc/wire.h>
#include "ndr/ndr.h"

static _Alignas(8) uint8_t stub[1024];

/* Octets in hexadecimal; blanks and '|' are for the reader, "(N)" is N zeros. */
static size_t hex(const char *s)
{
    size_t n = 0;
    while (*s) {
        unsigned v = 0;
        int used = 0;
        if (*s == ' ' || *s == '|') {
            s++;
        } else if (sscanf(s, "(%u)%n", &v, &used) == 1 && used) {
            memset(stub + n, 0, v);
            n += v;
            s += used;
        } else {
            assert_int_equal(sscanf(s, "%2x", &v), 1);
            stub[n++] = (uint8_t)v;
            s += 2;
        }
        assert_true(n < sizeof(stub));
    }
    return n;
}

static enum nt_status push(const struct rpc_op *op, bool out, bool ndr64, const void *r, struct wr *ret)
{
    struct ndr_push n;
    wr_init(ret, 1 << 16);
    ndr_push_init(&n, ret, ndr64);
    (out ? op->push_out : op->push_in)(&n, r);
    return ndr_push_status(&n);
}

/* From a copy that ends where the data do, so that a sanitizer sees each octet beyond. */
static enum nt_status pull(const struct rpc_op *op, bool out, bool ndr64, const uint8_t *data, size_t len,
                           struct nt_arena *mem, void *r)
{
    struct ndr_pull n;
    uint8_t *copy = nt_arena_alloc(mem, len ? len : 1, 8);
    memcpy(copy, data, len);
    ndr_pull_init(&n, mem, copy, len, 0x10, ndr64, NULL);
    (out ? op->pull_out : op->pull_in)(&n, r);
    if (ndr_pull_status(&n) == STATUS_SUCCESS)
        assert_int_equal(ndr_pull_left(&n), 0);
    return ndr_pull_status(&n);
}

static void same_bytes(const struct wr *w, size_t len, const char *name)
{
    if (w->len != len || memcmp(w->base, stub, len) != 0) {
        printf("%s, %zu octets instead of %zu:\n", name, w->len, len);
        for (size_t i = 0; i < w->len || i < len; i++)
            printf("%4zu: %02x %02x%s\n", i, i < w->len ? w->base[i] : 0, i < len ? stub[i] : 0,
                   i < w->len && i < len && w->base[i] == stub[i] ? "" : " <-");
        fail();
    }
}

/* What r is on the wire; the pulled copy is left in `r`. */
static void check(const struct rpc_op *op, bool out, bool ndr64, void *r, struct nt_arena *mem,
                  const char *want)
{
    struct wr w;
    size_t len = hex(want);
    assert_int_equal(push(op, out, ndr64, r, &w), STATUS_SUCCESS);
    same_bytes(&w, len, op->name);
    wr_free(&w);
    void *copy = nt_arena_alloc(mem, op->size, 16);
    for (size_t cut = 0; cut < len; cut++) {
        memcpy(copy, r, op->size);
        memset((uint8_t *)copy + (out ? op->out_offset : 0), 0, out ? op->size - op->out_offset : op->size);
        assert_int_equal(pull(op, out, ndr64, stub, cut, mem, copy), RPC_NT_BAD_STUB_DATA);
    }
    memcpy(copy, r, op->size);
    memset((uint8_t *)copy + (out ? op->out_offset : 0), 0, out ? op->size - op->out_offset : op->size);
    assert_int_equal(pull(op, out, ndr64, stub, len, mem, copy), STATUS_SUCCESS);
    assert_int_equal(push(op, out, ndr64, copy, &w), STATUS_SUCCESS);
    same_bytes(&w, len, op->name);
    wr_free(&w);
    memcpy(r, copy, op->size);
}

/* Data that a pull has to refuse. */
static void refused(const struct rpc_op *op, bool out, bool ndr64, void *r, const char *data,
                    enum nt_status want)
{
    struct nt_arena *mem = nt_arena_new(0);
    void *copy = nt_arena_alloc(mem, op->size, 16);
    if (r)
        memcpy(copy, r, op->size);
    size_t len = hex(data);
    assert_int_equal(pull(op, out, ndr64, stub, len, mem, copy), want);
    nt_arena_free(mem);
}

/* ---- encapsulated unions: [C706] 14.3.7 ---- */

static void test_unions(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    struct wire_choice list[2] = { { .level = 4 }, { .level = 9, .data.b = 0xAA } };
    struct wire_unions r = { .in = { .first = 0x11, .list = list } };
    r.in.a = (struct wire_choice){ .level = 1, .data.h = 0x0102030405060708 };
    r.in.b = (struct wire_by_colour){ .c = wire_RED, .u.red = 5 };
    struct wire_unions r64 = r;
    /* NDR20: the whole is aligned to its strictest arm, each arm to itself */
    check(&wire_unions_op, false, false, &r, mem,
          "11 (7) | 0100 (6) 0807060504030201 | 0100 (2) 05000000 | 02000000 (4) 0400 (6) 0900 AA");
    assert_int_equal(r.in.a.level, 1);
    assert_true(r.in.a.data.h == 0x0102030405060708);
    assert_int_equal(r.in.list[1].data.b, 0xAA);
    /* NDR64: each arm to the widest arm, the end to the whole */
    check(&wire_unions_op, false, true, &r64, mem,
          "11 (7) | 0100 (6) 0807060504030201 | 01000000 (4) 05000000 (4) | 02 (7) 0400 (6) 0900 (6) AA (7)");
    assert_int_equal(r64.in.b.u.red, 5);

    struct wire_unions out = { .out.a = { .level = 3, .data.s = u"x" } };
    check(&wire_unions_op, true, false, &out, mem, "0300 (2) 00000200 | 02000000 (4) 02000000 7800 0000");
    assert_int_equal(out.out.a.data.s[0], 'x');
    /* BLUE has a union in it, which has a pointer */
    struct wire_unions in = { .in.list = list };
    in.in.a.level = 4;
    in.in.b = (struct wire_by_colour){ .c = wire_BLUE, .u.blue = { .level = 2, .data.s = u"" } };
    check(&wire_unions_op, false, false, &in, mem,
          "00 (7) 0400 (6) | 0200 (6) 0200 (2) 00000200 | 01000000 (4) 01000000 0000 (2) | 02000000 (4) 0400 "
          "(6) "
          "0900 AA");
    assert_int_equal(in.in.b.u.blue.data.s[0], 0);
    refused(&wire_unions_op, false, false, NULL,
            "11 (7) 0400 (6) 0300 (2) 05000000 02000000 (4) 0400 (6) 0900 AA", RPC_NT_INVALID_TAG);
    nt_arena_free(mem);
}

/* ---- what is open at the end of a structure: [C706] 14.3.6.1, [MS-DTYP] 2.4.2.3 ---- */

static void test_sids(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    const struct nt_sid admins = {
        .revision = 1, .count = 2, .authority = { 0, 0, 0, 0, 0, 5 }, .sub = { 32, 544 }
    };
    struct wire_sids r = { .in = { .first = 1, .a = { .id = 2, .inner = { .flags = 3, .sid = admins } } } };
    check(&wire_sids_op, false, false, &r, mem,
          "01 (3) 02000000 | 02 (7) 03000000 0102 000000000005 20000000 20020000");
    check(&wire_sids_op, false, true, &r, mem,
          "01 (7) 02 (7) | 02 (7) 03000000 0102 000000000005 20000000 20020000 (4)");
    assert_memory_equal(&r.in.a.inner.sid, &admins, sizeof(admins));
    struct wire_with_sid world = { .flags = 7,
                                   .sid = { .revision = 1, .count = 1, .authority = { 0, 0, 0, 0, 0, 1 } } };
    r.out.b = &world;
    check(&wire_sids_op, true, false, &r, mem, "00000200 01000000 07000000 0101 000000000001 00000000");
    refused(&wire_sids_op, true, false, NULL,
            "00000200 02000000 07000000 0101 000000000001 00000000 00000000", RPC_NT_BAD_STUB_DATA);
    refused(&wire_sids_op, true, false, NULL, "00000200 10000000 07000000 0110 000000000001 (64)",
            RPC_NT_BAD_STUB_DATA);
    world.sid.count = 16;
    struct wr w;
    r.out.b = &world;
    assert_int_equal(push(&wire_sids_op, true, false, &r, &w), STATUS_INVALID_SID);
    wr_free(&w);
    nt_arena_free(mem);
}

static void test_strings(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    struct wire_strings r = { .in = { .first = 1, .a = { 5, u"ab" }, .b = { 4, "xy" } } };
    check(&wire_strings_op, false, false, &r, mem,
          "01 (3) 03000000 05000000 (4) 03000000 6100 6200 0000 (2) | 04000000 04 (3) (4) 03000000 787900");
    check(&wire_strings_op, false, true, &r, mem,
          "01 (7) 03 (7) 05000000 (4) (8) 03 (7) 6100 6200 0000 (2) | 04 (7) 04 (7) (8) 03 (7) 787900 (5)");
    assert_string_equal(r.in.b.name, "xy");
    /* no terminator; an offset; longer than the maximum; the maximum is not size */
    refused(&wire_strings_op, false, false, NULL,
            "01 (3) 03000000 05000000 (4) 03000000 6100 6200 6300 (2) 04000000 04 (3) (4) 03000000 787900",
            RPC_NT_BAD_STUB_DATA);
    refused(&wire_strings_op, false, false, NULL,
            "01 (3) 03000000 05000000 01000000 02000000 6100 0000 04000000 04 (3) (4) 03000000 787900",
            RPC_NT_BAD_STUB_DATA);
    refused(&wire_strings_op, false, false, NULL,
            "01 (3) 02000000 05000000 (4) 03000000 6100 6200 0000 (2) 04000000 04 (3) (4) 03000000 787900",
            RPC_NT_BAD_STUB_DATA);
    refused(&wire_strings_op, false, false, NULL,
            "01 (3) 03000000 05000000 (4) 03000000 6100 6200 0000 (2) 05000000 04 (3) (4) 03000000 787900",
            RPC_NT_BAD_STUB_DATA);
    struct wr w;
    r.in.a.name = NULL;
    assert_int_equal(push(&wire_strings_op, false, false, &r, &w), RPC_NT_NULL_REF_POINTER);
    wr_free(&w);
    nt_arena_free(mem);
}

/* ---- pipes: [C706] 14.3.10, [MS-RPCE] 2.2.5.3.4.5 ---- */

struct source {
    const uint8_t *elems;
    size_t size, count, at_once;
};

static enum nt_status give(void *arg, void *elems, size_t max, size_t *ret_n)
{
    struct source *s = arg;
    size_t n = s->count < s->at_once ? s->count : s->at_once;
    if (!max)
        return STATUS_SUCCESS;
    n = n < max ? n : max;
    memcpy(elems, s->elems, n * s->size);
    s->elems += n * s->size;
    s->count -= n;
    *ret_n = n;
    return STATUS_SUCCESS;
}

struct sink {
    uint8_t got[256];
    size_t len, size, ends;
};

static enum nt_status take(void *arg, void *elems, size_t max, size_t *ret_n)
{
    struct sink *s = arg;
    s->ends += max == 0;
    size_t n = max > 2 ? 2 : max; /* never all at once */
    memcpy(s->got + s->len, elems, n * s->size);
    s->len += n * s->size;
    *ret_n = n;
    return STATUS_SUCCESS;
}

static void test_pipe_in(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    for (int ndr64 = 0; ndr64 < 2; ndr64++) {
        struct source s = { (const uint8_t *)"abcde", 1, 5, 3 };
        struct pipes_put r = { .in = { .data = { give, &s }, .first = 7 } };
        /* chunks of 3 and 2 octets; in NDR64 the negated count behind each */
        check(&pipes_put_op, false, ndr64, &r, mem,
              ndr64 ? "07000000 (4) 03 (7) 616263 (5) fdffffffffffffff 02 (7) 6465 (6) feffffffffffffff (16)"
                    : "07000000 03000000 616263 (1) 02000000 6465 (2) (4)");
    }
    /* the receiver reads as it likes */
    struct pipes_put r = { .in.first = 0 };
    size_t len = hex("07000000 03000000 616263 (1) 02000000 6465 (2) (4)"), n = 99;
    char got[8];
    assert_int_equal(pull(&pipes_put_op, false, false, stub, len, mem, &r), STATUS_SUCCESS);
    assert_int_equal(r.in.first, 7);
    assert_int_equal(r.in.data.chunk(r.in.data.arg, got, 2, &n), STATUS_SUCCESS);
    assert_int_equal(n, 2);
    assert_memory_equal(got, "ab", 2);
    assert_int_equal(r.in.data.chunk(r.in.data.arg, got, 8, &n), STATUS_SUCCESS);
    assert_int_equal(n, 1);
    assert_int_equal(r.in.data.chunk(r.in.data.arg, got, 8, &n), STATUS_SUCCESS);
    assert_int_equal(n, 2);
    assert_memory_equal(got, "de", 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(r.in.data.chunk(r.in.data.arg, got, 8, &n), STATUS_SUCCESS);
        assert_int_equal(n, 0);
    }
    nt_arena_free(mem);
}

static void test_pipe_out(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    struct source s = { (const uint8_t *)"abcde", 1, 5, 5 };
    struct pipes_get r = { .out = { .data = { give, &s }, .last = 9, .result = -1 } };
    check(&pipes_get_op, true, false, &r, mem, "05000000 6162636465 (3) (4) 09000000 ffffffff");
    struct sink sink = { .size = 1 };
    r = (struct pipes_get){ .out.data = { take, &sink } };
    size_t len = hex("05000000 6162636465 (3) (4) 09000000 ffffffff");
    assert_int_equal(pull(&pipes_get_op, true, false, stub, len, mem, &r), STATUS_SUCCESS);
    assert_int_equal(sink.len, 5);
    assert_memory_equal(sink.got, "abcde", 5);
    assert_int_equal(sink.ends, 1);
    assert_int_equal(r.out.last, 9);
    nt_arena_free(mem);
}

static void test_pipe_of_structures(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    const struct pipes_sample samples[] = { { 1, 2 }, { 3, 4 }, { 5, 6 } };
    for (int ndr64 = 0; ndr64 < 2; ndr64++) {
        struct source s = { (const uint8_t *)samples, sizeof(*samples), 3, 2 };
        struct pipes_samples r = { .in.both = { give, &s } };
        check(&pipes_samples_op, false, ndr64, &r, mem,
              ndr64 ? "02 (7) 01000000 0200 (2) 03000000 0400 (2) fe ff ff ff ff ff ff ff | 01 (7) 05000000 "
                      "0600 (2) "
                      "ffffffffffffffff (16)"
                    : "02000000 01000000 0200 (2) 03000000 0400 (2) | 01000000 05000000 0600 (2) (4)");
    }
    struct sink sink = { .size = sizeof(struct pipes_sample) };
    struct pipes_samples r = { .out.both = { take, &sink } };
    size_t len = hex("02000000 01000000 0200 (2) 03000000 0400 (2) | 01000000 05000000 0600 (2) (4)");
    assert_int_equal(pull(&pipes_samples_op, true, false, stub, len, mem, &r), STATUS_SUCCESS);
    assert_int_equal(sink.len, sizeof(samples));
    assert_memory_equal(sink.got, samples, sizeof(samples));

    const int64_t a[] = { 1, -1 };
    const int16_t b[][3] = { { 1, 2, 3 }, { 4, 5, 6 } };
    struct source sa = { (const uint8_t *)a, 8, 2, 2 }, sb = { (const uint8_t *)b, 6, 2, 1 };
    struct pipes_two two = { .in = { { give, &sa }, { give, &sb } } };
    check(&pipes_two_op, false, false, &two, mem,
          "02000000 (4) 01 (7) ffffffffffffffff (4) | 01000000 0100 0200 0300 (2) 01000000 0400 0500 0600 "
          "(2) (4)");
    nt_arena_free(mem);
}

static enum nt_status gives_up(void *arg, void *elems, size_t max, size_t *ret_n)
{
    (void)arg, (void)elems, (void)max, (void)ret_n;
    return STATUS_DISK_FULL;
}

static void test_bad_pipes(void **state)
{
    (void)state;
    struct wr w;
    struct nt_arena *mem = nt_arena_new(0);
    /* more than there is; wrapping; a wrong count behind; a wrong end */
    refused(&pipes_get_op, true, false, NULL, "ffffffff 6162636465 (3) (4) 09000000 (4)",
            RPC_NT_BAD_STUB_DATA);
    refused(&pipes_get_op, true, false, NULL, "00000080 6162636465 (3) (4) 09000000 (4)",
            RPC_NT_BAD_STUB_DATA);
    refused(&pipes_samples_op, false, true, NULL, "ffffffffffffffff (32)", RPC_NT_BAD_STUB_DATA);
    refused(&pipes_samples_op, false, true, NULL, "0000000000000080 (32)", RPC_NT_BAD_STUB_DATA);
    refused(&pipes_samples_op, false, true, NULL, "01 (7) 01000000 0200 (2) fefffffffffffffff (16)",
            RPC_NT_BAD_STUB_DATA);
    refused(&pipes_samples_op, false, true, NULL, "01 (7) 01000000 0200 (2) ffffffffffffffff (8) 01 (7)",
            RPC_NT_BAD_STUB_DATA);
    /* the user ends it, on either side */
    struct pipes_get r = { .out.data = { gives_up, NULL } };
    assert_int_equal(push(&pipes_get_op, true, false, &r, &w), STATUS_DISK_FULL);
    wr_free(&w);
    refused(&pipes_get_op, true, false, &r, "05000000 6162636465 (3) (4) 09000000 ffffffff",
            STATUS_DISK_FULL);
    /* no function: an empty pipe */
    r = (struct pipes_get){ .out.last = 1 };
    check(&pipes_get_op, true, false, &r, mem, "(4) 01000000 (4)");
    nt_arena_free(mem);
}

/* ---- arrays of several dimensions, parts of arrays: [C706] 14.3.3.3 to 14.3.3.9 ---- */

static const char grids20[] =
    "02000000 03000000 01000000 | 02000000 03000000 01000000 02000000 03000000 04000000 "
    "05000000 06000000 | 02000000 03000000 (4) 01000000 (4) 03000000 070809 (1) | "
    "01000000 02000000 01000000 02000000 0a00 0b00 | 02000000 02000000 (4) 00000200 (8) "
    "02000000 (4) 02000000 7800 0000 | (4) 02000000 (4) 01000000 1500 1600";
static const char grids64[] =
    "02000000 03000000 01000000 (4) | 02 (7) 03 (7) 01000000 02000000 03000000 04000000 "
    "05000000 06000000 | 02 (7) 03 (7) (8) 01 (7) (8) 03 (7) 070809 (5) | 01 (7) 02 (7) "
    "01000000 02000000 0a00 0b00 (4) | 02 (7) 02 (7) (8) 00000200 (4) (16) 02 (7) (8) 02 (7) "
    "7800 0000 (4) | (8) 02 (7) (8) 01 (7) 1500 1600";

static struct wire_grids grids_of(struct nt_arena *mem)
{
    static int32_t a[] = { 1, 2, 3, 4, 5, 6 };
    static uint8_t b[] = { 7, 8, 9 };
    static int16_t grid[] = { 10, 11 };
    struct wire_named_pointer *d = nt_arena_array(mem, 4, sizeof(*d));
    d[1].name = u"x";
    return (struct wire_grids){ .in = { .rows = 2,
                                        .columns = 3,
                                        .used = 1,
                                        .a = a,
                                        .b = b,
                                        .c = { 1, 2, grid },
                                        .d = d,
                                        .e = { 21, 22 } } };
}

static void test_grids(void **state)
{
    (void)state;
    for (int ndr64 = 0; ndr64 < 2; ndr64++) {
        struct nt_arena *mem = nt_arena_new(0);
        struct wire_grids r = grids_of(mem);
        check(&wire_grids_op, false, ndr64, &r, mem, ndr64 ? grids64 : grids20);
        assert_int_equal(r.in.a[5], 6);
        assert_int_equal(r.in.b[2], 9);
        assert_int_equal(r.in.c.grid[1], 11);
        assert_null(r.in.d[0].name);
        assert_int_equal(r.in.d[1].name[0], 'x');
        assert_int_equal(r.in.e[1], 22);
        nt_arena_free(mem);
    }
}

/* Each count in turn is another: all are said twice, or tied to what is left. */
static void test_counts(void **state)
{
    (void)state;
    static const uint64_t values[] = { 0,    1,       2,          3,          4,          5,
                                       0xff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff };
    static const uint64_t wide[] = {
        0, 7, 0x100000002, 0x7fffffffffffffff, 0x8000000000000000, 0xfffffffffffffffe, 0xffffffffffffffff
    };
    static const size_t at20[] = { 0,  4,  8,  12, 16, 44,  48,  52,  56,  60,  64, 72,
                                   76, 80, 84, 92, 96, 120, 124, 132, 136, 140, 144 };
    static const size_t at64[] = { 16,  24,  56,  64,  72,  80,  88,  96,  112,
                                   120, 144, 152, 200, 208, 224, 232, 240, 248 };
    uint8_t good[512];
    for (int ndr64 = 0; ndr64 < 2; ndr64++) {
        size_t len = hex(ndr64 ? grids64 : grids20), width = ndr64 ? 8 : 4;
        memcpy(good, stub, len);
        size_t n_at = ndr64 ? sizeof(at64) / sizeof(at64[0]) : sizeof(at20) / sizeof(at20[0]);
        size_t n_values = ndr64 ? sizeof(wide) / sizeof(wide[0]) : sizeof(values) / sizeof(values[0]);
        for (size_t i = 0; i < n_at; i++)
            for (size_t k = 0; k < n_values; k++) {
                struct nt_arena *mem = nt_arena_new(0);
                struct wire_grids r = { .in.rows = 0 };
                uint64_t v = ndr64 ? wide[k] : values[k];
                size_t at = ndr64 ? at64[i] : at20[i];
                memcpy(stub, good, len);
                memcpy(stub + at, &v,
                       width); /* a little endian host's; elsewhere other values, just as bad */
                if (memcmp(stub, good, len) != 0)
                    if (pull(&wire_grids_op, false, ndr64, stub, len, mem, &r) == STATUS_SUCCESS)
                        fail_msg("NDR%d: a count at %zu may be %llx", ndr64 ? 64 : 20, at,
                                 (unsigned long long)v);
                nt_arena_free(mem);
            }
    }
}

static void test_windows(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    int16_t a[] = { 1, 2, 3, 4, 5 };
    uint8_t d[] = { 2, 3, 4, 5 };
    struct wire_windows r = { .in = { .size = 5, .first = 3, .last = 4, .a = a, .d = d } };
    r.in.c = (struct wire_parts){ 4, 5, { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 }, { 3, 4, 5, 6 } };
    check(&wire_windows_op, false, false, &r, mem,
          "05000000 03000000 04000000 | 05000000 03000000 02000000 0400 0500 | (4) | 04000000 05000000 "
          "04000000 05000000 "
          "04 05 06 07 08 (3) 01000000 02000000 04 (7) 05 (7) | 04000000 01000000 02000000 03 04");
    assert_int_equal(r.in.a[0], 0); /* was not sent */
    assert_int_equal(r.in.a[4], 5);
    assert_int_equal(r.in.c.window[8], 8);
    assert_int_equal(r.in.c.window[9], 0);
    assert_int_equal(r.in.c.bounded[1], 4);
    assert_int_equal(r.in.d[2], 4);
    struct wire_named_pointer names[5] = { { u"a" }, { u"b" }, { u"c" }, { u"d" }, { u"e" } };
    r.in.b = names;
    check(&wire_windows_op, false, false, &r, mem,
          "05000000 03000000 04000000 | 05000000 03000000 02000000 0400 0500 | 00000200 05000000 03000000 "
          "02000000 "
          "04000200 08000200 02000000 (4) 02000000 6400 0000 02000000 (4) 02000000 6500 0000 | (4) 04000000 "
          "05000000 "
          "04000000 05000000 04 05 06 07 08 (3) 01000000 02000000 04 (7) 05 (7) | 04000000 01000000 02000000 "
          "03 04");
    assert_null(r.in.b[2].name);
    assert_int_equal(r.in.b[4].name[0], 'e');
    /* an offset beyond the end, one that wraps, a gap for which nobody paid, a negative size */
    refused(&wire_windows_op, false, false, NULL,
            "05000000 05000000 05000000 05000000 05000000 01000000 0400", RPC_NT_BAD_STUB_DATA);
    refused(&wire_windows_op, false, false, NULL, "05000000 feffffff 01000000 05000000 feffffff 04000000 (8)",
            RPC_NT_BAD_STUB_DATA);
    refused(&wire_windows_op, false, false, NULL, "ffffff7f f0ffff7f f1ffff7f ffffff7f f0ffff7f 02000000 (4)",
            RPC_NT_BAD_STUB_DATA);
    refused(&wire_windows_op, false, false, NULL, "ffffffff 00000000 01000000 02000000 00000000 02000000 (4)",
            RPC_NT_BAD_STUB_DATA);
    struct wr w;
    r.in.last = 5; /* beyond the array */
    assert_int_equal(push(&wire_windows_op, false, false, &r, &w), RPC_NT_BAD_STUB_DATA);
    wr_free(&w);
    nt_arena_free(mem);
}

static void test_characters(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    struct wire_mixed r = { .in = {
                                .c = 'A', .s = "Ab", .letters = "0~\\z", .raw = { 0xC1, 0xC2 }, .tag = 2 } };
    r.in.list[0].b = 7;
    r.in.list[1].b = 8;
    /* each union starts at a multiple of 8, and so does its arm */
    check(&wire_mixed_op, false, false, &r, mem,
          "41 (3) 03000000 (4) 03000000 416200 307e5c7a c1c2 (1) 0200 (4) 0200 (6) 07 (7) 0200 (6) 08");
    check(&wire_mixed_op, false, true, &r, mem,
          "41 (7) 03 (7) (8) 03 (7) 416200 307e5c7a c1c2 (1) 0200 (4) 0200 (6) 07 (7) 0200 (6) 08");
    /* from a machine that speaks EBCDIC, little and big endian: octets stay what they are */
    const char *streams[] = {
        "c1 (3) 03000000 (4) 03000000 c18200 f0a1e0a9 c1c2 (1) 0200 (4) 0200 (6) 07 (7) 0200 (6) 08",
        "c1 (3) 00000003 (4) 00000003 c18200 f0a1e0a9 c1c2 (1) 0002 (4) 0002 (6) 07 (7) 0002 (6) 08"
    };
    for (int big = 0; big < 2; big++) {
        struct wire_mixed e = { .in.c = 0 };
        struct ndr_pull n;
        size_t len = hex(streams[big]);
        ndr_pull_init(&n, mem, stub, len, big ? 0x01 : 0x11, false, NULL);
        wire_mixed_op.pull_in(&n, &e);
        assert_int_equal(ndr_pull_status(&n), STATUS_SUCCESS);
        assert_int_equal(e.in.c, 'A');
        assert_string_equal(e.in.s, "Ab");
        assert_memory_equal(e.in.letters, "0~\\z", 4);
        assert_int_equal(e.in.raw[0], 0xC1);
        assert_int_equal(e.in.list[1].b, 8);
    }
    nt_arena_free(mem);
}

static void test_aliases(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    int32_t one = 1, two = 2;
    const char16_t *text = u"t";
    struct wire_aliases r = { .in = { &one, &one, text, text } };
    check(&wire_aliases_op, false, false, &r, mem,
          "01000000 01000000 | 01000000 | 02000000 02000000 (4) 02000000 7400 0000 | 02000000");
    assert_ptr_equal(r.in.a, r.in.b);
    assert_ptr_equal(r.in.s, r.in.t);

    /* the server's answer: what the client knows keeps its id, what is new gets another */
    struct ndr_pull n;
    struct ndr_push p;
    struct wr w;
    struct wire_aliases s = { .in.a = NULL };
    size_t len = hex("07000000 01000000 | 07000000 | 03000000 02000000 (4) 02000000 7400 0000 | 03000000");
    ndr_pull_init(&n, mem, stub, len, 0x10, false, NULL);
    wire_aliases_op.pull_in(&n, &s);
    assert_int_equal(ndr_pull_status(&n), STATUS_SUCCESS);
    s.out.a = &two;
    s.out.b = s.in.b;
    s.out.c = (struct wire_full){ s.in.a, &two };
    wr_init(&w, 1 << 16);
    ndr_push_init(&p, &w, false);
    ndr_push_adopt(&p, &n);
    wire_aliases_op.push_out(&p, &s);
    assert_int_equal(ndr_push_status(&p), STATUS_SUCCESS);
    same_bytes(&w, hex("08000000 02000000 | 07000000 01000000 | 07000000 08000000"), "aliases");
    wr_free(&w);
    nt_arena_free(mem);
}

static enum nt_status pull_octets(const struct rpc_op *op, const char *octets)
{
    struct nt_arena *mem = nt_arena_new(0);
    struct ndr_pull n;
    void *r = nt_arena_alloc(mem, op->size, 16);
    ndr_pull_init(&n, mem, stub, hex(octets), 0x10, false, NULL);
    op->pull_in(&n, r);
    enum nt_status st = ndr_pull_status(&n);
    nt_arena_free(mem);
    return st;
}

static void test_signs(void **state)
{
    (void)state;
    assert_int_equal(pull_octets(&wire_signs_op,
                                 "0200000000000000 02000000 | 01000000 02000000 AABB (2) |"
                                 "02000000 01000000 AA (3) 03000000 03000000 AABBCC (1) 00000000"),
                     STATUS_SUCCESS);
    assert_int_equal(
        pull_octets(&wire_signs_op,
                    "FFFFFFFFFFFFFFFF 00000000 | 01000000 01000000 AA (3) 00000000 00000000 00000000"),
        RPC_NT_BAD_STUB_DATA);
    assert_int_equal(
        pull_octets(&wire_signs_op,
                    "0000000000000000 FEFFFFFF | 00000000 01000000 01000000 AA (3) 00000000 00000000"),
        RPC_NT_BAD_STUB_DATA);
    assert_int_equal(
        pull_octets(&wire_signs_op,
                    "FEFFFFFFFFFFFFFF 00000000 | 00000000 00000000 01000000 01000000 AA (3) 00000000"),
        RPC_NT_BAD_STUB_DATA);
    assert_int_equal(
        pull_octets(&wire_signs_op,
                    "0000000000000000 00000080 | 00000000 00000000 00000000 01000000 01000000 AA"),
        RPC_NT_BAD_STUB_DATA);
}

/* Fewer elements than the caller will look at: zeros, and not what lies behind them in memory. */
static void test_loose(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    struct wire_loose r = { .in.n = 3 };
    assert_int_equal(pull(&wire_loose_op, true, false, stub, hex("01000000 07000000"), mem, &r),
                     STATUS_SUCCESS);
    assert_int_equal(r.out.results[0], 7);
    assert_int_equal(r.out.results[2], 0);
    assert_int_equal(
        pull(&wire_loose_op, true, false, stub, hex("04000000 07000000 08000000 09000000 0A000000"), mem, &r),
        STATUS_SUCCESS);
    assert_int_equal(r.out.results[2], 9);
    r.in.n = INT32_MAX;
    assert_int_equal(pull(&wire_loose_op, true, false, stub, hex("01000000 07000000"), mem, &r),
                     STATUS_INSUFFICIENT_RESOURCES);
    nt_arena_free(mem);
}

/* One object, a number for one pointer and a string for the other: the peer's number would be an address. */
static void test_arms(void **state)
{
    (void)state;
    assert_int_equal(pull_octets(&wire_arms_op, "0100 0200 | 01000000 0100 (6) 4142434445464748 | 00000000"),
                     STATUS_SUCCESS);
    assert_int_equal(pull_octets(&wire_arms_op, "0100 0200 | 01000000 0100 (6) 4142434445464748 | 01000000"),
                     RPC_NT_BAD_STUB_DATA);
}

/* [MS-DCOM] 2.2.13, 2.2.14: what a call of an object interface begins with, and interface pointers. */
static void test_object(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    static uint8_t octets[] = { 0xAA, 0xBB, 0xCC };
    struct dcom_MInterfacePointer from = { .ulCntData = 3, .abData = octets };
    struct IThing_Next r = { .in.ORPCthis = { .version = { 5, 7 }, .cid.a = 0x11223344 }, .in.from = &from };
    check(&IThing_Next_op, false, false, &r, mem,
          "0500 0700 (4) (4) 44332211 (12) (4) | 00000200 03000000 03000000 AABBCC (1) | (4)");
    check(&IThing_Next_op, false, true, &r, mem,
          "0500 0700 (4) (4) 44332211 (12) (4) (8) | 00000200 (4) 03 (7) 03000000 AABBCC (1) | (8)");
    r.out.ORPCthat.flags = 1;
    r.out.next = &from;
    r.out.result = 2;
    check(&IThing_Next_op, true, false, &r, mem,
          "01000000 (4) | 00000200 03000000 03000000 AABBCC (1) | 02000000");

    /* extensions: their number is rounded up to a multiple of 2, their octets to one of 8 */
    static uint8_t padded[8] = { 1, 2, 3, 4, 5 };
    struct dcom_ORPC_EXTENT extent = { .id.a = 0x01020304, .size = 5, .data = padded };
    struct dcom_ORPC_EXTENT *list[2] = { &extent, NULL };
    struct dcom_ORPC_EXTENT_ARRAY array = { .size = 1, .extent = list };
    struct IThing_Last last = { .in.ORPCthis = { .version = { 5, 6 }, .extensions = &array } };
    check(&IThing_Last_op, false, false, &last, mem,
          "0500 0600 (4) (4) (16) 00000200 | 01000000 (4) 04000200 | 02000000 08000200 (4) | "
          "08000000 04030201 (12) 05000000 0102030405 (3)");
    assert_int_equal(IThing_Next_op.opnum, 3);
    assert_int_equal(IThing_RemoteRead_op.opnum, 6);
    assert_int_equal(IBag_putref_Name_op.opnum, 10);
    assert_int_equal(IInLibrary_More_op.opnum, 8);
    nt_arena_free(mem);
}

/* Unions without switch_type: the tag is as wide as what switch_is names. */
static void test_inferred(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    struct midl_choose r = {
        .in = { .level = 2, .s.b = 0x0102030405060708, .i = { .kind = 1, .u.number = 42 } }
    };
    check(&midl_choose_op, false, false, &r, mem, "02000000 02000000 0807060504030201 0100 0100 2a000000");
    r.in.i.kind = 0x10;
    check(&midl_choose_op, false, false, &r, mem, "02000000 02000000 0807060504030201 1000 1000");
    r.in.i.kind = 9;
    r.in.i.u.s = (struct midl_inferred_u_s){ 7, 8 };
    check(&midl_choose_op, false, false, &r, mem, "02000000 02000000 0807060504030201 0900 0900 07 08");
    nt_arena_free(mem);
}

static void test_ranges(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    int32_t digits[] = { 1, 9 };
    uint8_t octets[] = { 200, 255 };
    struct wire_bounded r = { .in = { .n = 2, .digits = digits, .octets = octets, .s = u"ab", .t = "x" } };
    struct wire_chain last = { NULL, 6 };
    r.in.r.name = u"abc";
    memcpy(r.in.r.text, "ab", 3);
    r.in.w = 7;
    r.in.f = (struct wire_chain){ &last, 5 };
    const char good[] =
        "02000000 02000000 01000000 09000000 | 02000000 c8ff (2) | 03000000 (4) 03000000 6100 6200 0000 "
        "(2) | 00000200 02000000 (4) 02000000 7800 (2) | 04000200 (4) 03000000 616200 (1) "
        "04000000 (4) 04000000 6100 6200 6300 0000 | (4) | 07 (7) | 08000200 05 (3) (4) 06";
    check(&wire_bounded_op, false, false, &r, mem, good);
    static const struct {
        size_t at;
        const char *octets;
    } bad[] = {
        { 8, "00000000" },  /* a digit below its range */
        { 12, "0a000000" }, /* and above */
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct wire_bounded b = { .in.n = 0 };
        uint8_t copy[256];
        size_t len = hex(good);
        memcpy(copy, stub, len);
        memcpy(copy + bad[i].at, stub, hex(bad[i].octets));
        assert_int_equal(pull(&wire_bounded_op, false, false, copy, len, mem, &b), RPC_NT_INVALID_BOUND);
    }
    struct wire_bounded b = r;
    struct wr w;
    for (int i = 0; i < 5; i++) {
        b = r;
        b.in.s = i == 0 ? u"abc" : u"a";              /* too long */
        b.in.t = i == 1 ? "" : i == 2 ? "xyz" : NULL; /* too short, too long; null is neither */
        b.in.r.name = i == 3 ? u"" : u"abc";
        memcpy(b.in.r.text, i == 4 ? "abcd" : "a\0\0\0", 5);
        assert_int_equal(push(&wire_bounded_op, false, i & 1, &b, &w), STATUS_SUCCESS);
        assert_int_equal(pull(&wire_bounded_op, false, i & 1, w.base, w.len, mem, &b), RPC_NT_INVALID_BOUND);
        wr_free(&w);
    }
    nt_arena_free(mem);
}

/* A list that is longer than types may be nested: refused on either side before the stack ends. */
static void test_depth(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    struct wire_chain *links = nt_arena_array(mem, 100000, sizeof(*links));
    struct wire_bounded r = { .in = { .s = u"a", .r.name = u"a" } };
    struct wr w;
    for (size_t i = 0; i + 1 < 100000; i++)
        links[i].next = &links[i + 1];
    r.in.c = links;
    assert_int_equal(push(&wire_bounded_op, false, false, &r, &w), RPC_NT_BAD_STUB_DATA);
    wr_free(&w);
    links[100].next = NULL;
    assert_int_equal(push(&wire_bounded_op, false, false, &r, &w), STATUS_SUCCESS);
    struct wire_bounded b = { .in.n = 0 };
    assert_int_equal(pull(&wire_bounded_op, false, false, w.base, w.len, mem, &b), STATUS_SUCCESS);
    wr_free(&w);
    /* as deep as memory reaches: each link is a pointer and an octet */
    wr_init(&w, 1 << 22);
    size_t head = w.len;
    links[100].next = NULL;
    r.in.c = NULL;
    struct wr bomb;
    assert_int_equal(push(&wire_bounded_op, false, false, &r, &bomb), STATUS_SUCCESS);
    assert_int_equal(bomb.len, 85);
    wr_bytes(&w, bomb.base, 64); /* up to c */
    for (size_t i = head; i < 200000; i++) {
        wr_align(&w, 4);
        wr_u32(&w, 1);
        wr_u8(&w, 0);
    }
    assert_int_equal(pull(&wire_bounded_op, false, false, w.base, w.len, mem, &b), RPC_NT_BAD_STUB_DATA);
    wr_free(&bomb);
    wr_free(&w);
    nt_arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unions),     cmocka_unit_test(test_sids),
        cmocka_unit_test(test_strings),    cmocka_unit_test(test_pipe_in),
        cmocka_unit_test(test_pipe_out),   cmocka_unit_test(test_pipe_of_structures),
        cmocka_unit_test(test_bad_pipes),  cmocka_unit_test(test_grids),
        cmocka_unit_test(test_counts),     cmocka_unit_test(test_windows),
        cmocka_unit_test(test_characters), cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_ranges),     cmocka_unit_test(test_depth),
        cmocka_unit_test(test_object),     cmocka_unit_test(test_arms),
        cmocka_unit_test(test_signs),      cmocka_unit_test(test_loose),
        cmocka_unit_test(test_inferred),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
