// SPDX-License-Identifier: Apache-2.0
/* NDR primitives by themselves: widths, byte orders, pointers, arrays, strings, and every way in which data
 * can lie. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "ndr/ndr.h"

static _Alignas(8) uint8_t stub[1024];

static size_t hex(const char *s)
{
    size_t n = 0;
    unsigned v;
    for (; *s; s += 2) {
        s += strspn(s, " ");
        assert_int_equal(sscanf(s, "%2x", &v), 1);
        stub[n++] = (uint8_t)v;
    }
    return n;
}

static struct ndr_pull pull_of(struct nt_arena *mem, const char *data, uint8_t drep, bool ndr64)
{
    struct ndr_pull n;
    ndr_pull_init(&n, mem, stub, hex(data), drep, ndr64, NULL);
    return n;
}

struct pushed {
    struct wr w;
    struct ndr_push n;
};

static void push_start(struct pushed *p, bool ndr64)
{
    wr_init(&p->w, 1 << 16);
    ndr_push_init(&p->n, &p->w, ndr64);
}

static void push_check(struct pushed *p, const char *want)
{
    size_t len = hex(want);
    assert_int_equal(ndr_push_status(&p->n), STATUS_SUCCESS);
    assert_int_equal(p->w.len, len);
    assert_memory_equal(p->w.base, stub, len);
    wr_free(&p->w);
}

static void push_fails(struct pushed *p, enum nt_status want)
{
    assert_int_equal(ndr_push_status(&p->n), want);
    wr_free(&p->w);
}

static void test_push_scalars(void **state)
{
    (void)state;
    struct pushed p;
    push_start(&p, false);
    ndr_push_u8(&p.n, 1);
    ndr_push_u16(&p.n, 0x0203);
    ndr_push_enum(&p.n, 4);
    ndr_push_u32(&p.n, 0x05060708);
    ndr_push_u64(&p.n, 0x090a0b0c0d0e0f10);
    ndr_push_float(&p.n, 1.0F);
    ndr_push_double(&p.n, -2.0);
    ndr_push_u3264(&p.n, (uint64_t)(int64_t)-2);
    push_check(&p, "0100 0302 0400 0000 08070605 00000000 100f0e0d0c0b0a09"
                   "0000803f 00000000 00000000000000c0 feffffff");
    push_start(&p, true);
    ndr_push_enum(&p.n, 4);
    ndr_push_u3264(&p.n, (uint64_t)(int64_t)-2);
    ndr_push_size(&p.n, 3);
    push_check(&p, "04000000 00000000 feffffffffffffff 0300000000000000");
}

static void test_push_alignment_starts_at_stub(void **state)
{
    (void)state;
    struct wr w;
    struct ndr_push n;
    wr_init(&w, 100);
    wr_bytes(&w, "xyz", 3);
    ndr_push_init(&n, &w, false);
    ndr_push_u8(&n, 1);
    ndr_push_u32(&n, 2);
    assert_int_equal(ndr_push_status(&n), STATUS_SUCCESS);
    assert_int_equal(w.len, 3 + 8);
    wr_free(&w);
}

static void test_push_refuses(void **state)
{
    (void)state;
    struct pushed p;
    struct nt_sid sid = { .revision = 1, .count = 16 };
    static const char16_t open_string[2] = { u'a', u'b' };
    push_start(&p, false);
    ndr_push_wstring(&p.n, NULL);
    push_fails(&p, RPC_NT_NULL_REF_POINTER);
    push_start(&p, false);
    ndr_push_ref(&p.n, NULL);
    ndr_push_u32(&p.n, 1);
    push_fails(&p, RPC_NT_NULL_REF_POINTER);
    push_start(&p, false);
    ndr_push_conformant(&p.n, NULL, 3, 4);
    push_fails(&p, RPC_NT_NULL_REF_POINTER);
    push_start(&p, false);
    ndr_push_conformant(&p.n, NULL, 0, 4);
    push_check(&p, "00000000");
    push_start(&p, false);
    ndr_push_enum(&p.n, 0x8000);
    push_fails(&p, RPC_NT_ENUM_VALUE_OUT_OF_RANGE);
    push_start(&p, false);
    ndr_push_conformant_varying(&p.n, "abc", 2, 3, 1);
    push_fails(&p, RPC_NT_BAD_STUB_DATA);
    push_start(&p, false);
    ndr_push_u3264(&p.n, UINT64_C(1) << 32);
    push_fails(&p, RPC_NT_BAD_STUB_DATA);
    push_start(&p, false);
    ndr_push_sid(&p.n, &sid);
    push_fails(&p, STATUS_INVALID_SID);
    push_start(&p, false);
    ndr_push_wstring_in(&p.n, open_string, 2, true);
    push_fails(&p, RPC_NT_BAD_STUB_DATA);
    push_start(&p, false);
    ndr_push_elements(&p.n, "x", SIZE_MAX / 2, 8);
    push_fails(&p, RPC_NT_BAD_STUB_DATA);
    push_start(&p, false);
    for (int i = 0; i < 1000; i++)
        if (!ndr_push_enter(&p.n))
            break;
    push_fails(&p, RPC_NT_BAD_STUB_DATA);
}

static void test_push_full_pointers(void **state)
{
    (void)state;
    struct pushed p;
    int things[100];
    push_start(&p, false);
    ndr_push_full(&p.n, &things[0]);
    ndr_push_full(&p.n, NULL);
    ndr_push_full(&p.n, &things[1]);
    ndr_push_full(&p.n, &things[0]);
    assert_true(ndr_push_full_first(&p.n, &things[0]));
    assert_false(ndr_push_full_first(&p.n, NULL));
    assert_true(ndr_push_full_first(&p.n, &things[1]));
    assert_false(ndr_push_full_first(&p.n, &things[0]));
    push_check(&p, "01000000 00000000 02000000 01000000");
    push_start(&p, false);
    for (int i = 0; i < 200; i++)
        ndr_push_full(&p.n, &things[i % 100]);
    assert_int_equal(le32(p.w.base + 4 * 99), 100);
    assert_int_equal(le32(p.w.base + 4 * 199), 100);
    push_fails(&p, STATUS_SUCCESS);
}

static void test_pull_byte_orders(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    struct ndr_pull n = pull_of(mem, "01 00 0203 04050607 08090a0b0c0d0e0f", 0x00, false);
    struct nt_guid g;
    assert_int_equal(ndr_pull_u8(&n), 1);
    assert_int_equal(ndr_pull_u16(&n), 0x0203);
    assert_int_equal(ndr_pull_u32(&n), 0x04050607);
    assert_int_equal(ndr_pull_u64(&n), 0x08090a0b0c0d0e0f);
    assert_int_equal(ndr_pull_status(&n), STATUS_SUCCESS);
    n = pull_of(mem, "01234567 89ab cdef 1032547698badcfe", 0x00, false);
    ndr_pull_guid(&n, &g);
    char text[NT_GUID_STRLEN + 1];
    assert_string_equal(nt_guid_format(&g, text), "01234567-89ab-cdef-1032-547698badcfe");
    n = pull_of(mem, "00000003 00000000 00000003 0068 00e9 0000", 0x00, false);
    const char16_t *s = ndr_pull_wstring(&n);
    assert_non_null(s);
    assert_int_equal(s[1], 0xe9);
    assert_int_equal(s[2], 0);
    n = pull_of(mem, "00000002 01020304 05060708", 0x00, false);
    const uint32_t *a = ndr_pull_conformant(&n, 2, 4);
    assert_non_null(a);
    assert_int_equal(a[1], 0x05060708);
    nt_arena_free(mem);
}

static void test_pull_refuses_formats(void **state)
{
    (void)state;
    static const uint8_t dreps[] = { 0x12, 0x02, 0x21, 0x20, 0xff };
    struct nt_arena *mem = nt_arena_new(0);
    for (size_t i = 0; i < sizeof(dreps); i++) {
        struct ndr_pull n = pull_of(mem, "01000000", dreps[i], false);
        assert_int_equal(ndr_pull_u32(&n), 0);
        assert_int_equal(ndr_pull_status(&n), RPC_NT_UNSUPPORTED_TYPE);
    }
    nt_arena_free(mem);
}

static void test_pull_lends(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    size_t before = nt_arena_used(mem);
    struct ndr_pull n = pull_of(mem, "02000000 00000000 02000000 6100 0000 03000000 aabbcc", 0x10, false);
    const char16_t *s = ndr_pull_wstring(&n);
    const uint8_t *b = ndr_pull_conformant(&n, 3, 1);
    assert_int_equal(ndr_pull_status(&n), STATUS_SUCCESS);
    assert_ptr_equal(b, stub + 20);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    assert_ptr_equal(s, stub + 12);
    assert_int_equal(nt_arena_used(mem), before);
#else
    (void)before;
    assert_int_equal(s[0], u'a');
#endif
    nt_arena_free(mem);
}

/* Data that is not aligned in memory is copied, never read where it is. */
static void test_pull_unaligned_stub(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    static _Alignas(8) uint8_t moved[64];
    struct ndr_pull n;
    size_t len = hex("02000000 00000000 02000000 6100 0000");
    memcpy(moved + 1, stub, len);
    ndr_pull_init(&n, mem, moved + 1, len, 0x10, false, NULL);
    const char16_t *s = ndr_pull_wstring(&n);
    assert_non_null(s);
    assert_int_equal((uintptr_t)s & 1, 0);
    assert_int_equal(s[0], u'a');
    nt_arena_free(mem);
}

typedef void pull_fn(struct ndr_pull *n);

static void pull_string(struct ndr_pull *n)
{
    (void)ndr_pull_wstring(n);
}
static void pull_narrow(struct ndr_pull *n)
{
    (void)ndr_pull_string(n);
}
static void pull_string_of_4(struct ndr_pull *n)
{
    char16_t to[4];
    ndr_pull_wstring_to(n, to, 4);
}
static void pull_3_bytes(struct ndr_pull *n)
{
    (void)ndr_pull_conformant(n, 3, 1);
}
static void pull_any_u64(struct ndr_pull *n)
{
    (void)ndr_pull_conformant(n, NDR_ANY, 8);
}
static void pull_varying(struct ndr_pull *n)
{
    (void)ndr_pull_conformant_varying(n, 4, 2, 2);
}
static void pull_structs(struct ndr_pull *n)
{
    size_t count = NDR_ANY;
    void *p = ndr_pull_array_conformant(n, &count, 100, 8);
    if (!ndr_pull_ok(n)) {
        assert_null(p);
        assert_int_equal(count, 0);
    }
}
static void pull_empty_elements(struct ndr_pull *n)
{
    size_t count = NDR_ANY;
    (void)ndr_pull_array_conformant(n, &count, 1, 0);
}
static void pull_sid(struct ndr_pull *n)
{
    struct nt_sid sid;
    ndr_pull_sid(n, &sid);
}
static void pull_ref(struct ndr_pull *n)
{
    (void)ndr_pull_ref(n, 4);
}
static void pull_union(struct ndr_pull *n)
{
    ndr_pull_tag(n, NDR_TAG_32, 7, NDR_4);
}
static void pull_range(struct ndr_pull *n)
{
    ndr_pull_range(n, ndr_pull_u32(n), 1, 5);
}
static void pull_full(struct ndr_pull *n)
{
    (void)ndr_pull_full(n, 4);
    (void)ndr_pull_full(n, 8);
}

static void test_pull_refuses(void **state)
{
    (void)state;
    static const struct {
        pull_fn *f;
        const char *data;
        enum nt_status want;
    } rows[] = {
        { pull_string, "02000000 00000000 02000000 6100 0000", STATUS_SUCCESS },
        { pull_string, "02000000 00000000 02000000 6100 6200", RPC_NT_BAD_STUB_DATA }, /* no terminator */
        { pull_string, "00000000 00000000 00000000", RPC_NT_BAD_STUB_DATA },
        { pull_string, "02000000 01000000 01000000 0000", RPC_NT_BAD_STUB_DATA }, /* offset */
        { pull_string, "01000000 00000000 02000000 6100 0000",
          RPC_NT_BAD_STUB_DATA }, /* more than the maximum */
        { pull_string, "00000080 00000000 00000080 0000", RPC_NT_BAD_STUB_DATA },
        { pull_string, "ffffffff 00000000 ffffffff 0000", RPC_NT_BAD_STUB_DATA },
        { pull_string, "ffffffff ffffffff 02000000 0000", RPC_NT_BAD_STUB_DATA },
        { pull_string, "02000000 00000000 02000000 6100 00", RPC_NT_BAD_STUB_DATA },
        { pull_string, "02000000 00000000 020000", RPC_NT_BAD_STUB_DATA },
        { pull_narrow, "02000000 00000000 02000000 6161", RPC_NT_BAD_STUB_DATA },
        { pull_narrow, "03000000 00000000 03000000 610000", STATUS_SUCCESS }, /* NUL inside */
        { pull_string_of_4, "00000000 02000000 6100 0000", STATUS_SUCCESS },
        { pull_string_of_4, "00000000 05000000 6100 6100 6100 6100 0000", RPC_NT_BAD_STUB_DATA },
        { pull_string_of_4, "00000000 00000000", RPC_NT_BAD_STUB_DATA },
        { pull_3_bytes, "03000000 aabbcc", STATUS_SUCCESS },
        { pull_3_bytes, "02000000 aabbcc", RPC_NT_BAD_STUB_DATA },
        { pull_3_bytes, "04000000 aabbccdd", RPC_NT_BAD_STUB_DATA },
        { pull_any_u64, "00000020 0000000000000000", RPC_NT_BAD_STUB_DATA }, /* count * 8 wraps in 32 bits */
        { pull_any_u64, "ffffffff 0000000000000000", RPC_NT_BAD_STUB_DATA },
        { pull_varying, "04000000 00000000 02000000 6100 6200", STATUS_SUCCESS },
        { pull_varying, "05000000 00000000 02000000 6100 6200", RPC_NT_BAD_STUB_DATA },
        { pull_varying, "04000000 00000000 03000000 6100 6200 6300", RPC_NT_BAD_STUB_DATA },
        { pull_varying, "04000000 02000000 02000000 6100 6200", RPC_NT_BAD_STUB_DATA },
        { pull_structs, "01000000 0000000000000000", STATUS_SUCCESS },
        { pull_structs, "02000000 0000000000000000", RPC_NT_BAD_STUB_DATA },
        { pull_structs, "ffffffff 0000000000000000", RPC_NT_BAD_STUB_DATA },
        { pull_empty_elements, "ffffff7f", RPC_NT_BAD_STUB_DATA },
        { pull_sid, "01000000 01 01 000000000005 12000000", STATUS_SUCCESS },
        { pull_sid, "02000000 01 01 000000000005 12000000 00000000", RPC_NT_BAD_STUB_DATA },
        { pull_sid, "01000000 01 ff 000000000005 12000000", RPC_NT_BAD_STUB_DATA },
        { pull_sid, "ff000000 01 ff 000000000005 12000000", RPC_NT_BAD_STUB_DATA },
        { pull_sid, "10000000 01 10 000000000005 12000000", RPC_NT_BAD_STUB_DATA },
        { pull_sid, "02000000 01 02 000000000005 12000000", RPC_NT_BAD_STUB_DATA },
        { pull_ref, "00000000", RPC_NT_NULL_REF_POINTER },
        { pull_union, "07000000", STATUS_SUCCESS },
        { pull_union, "08000000", RPC_NT_INVALID_TAG },
        { pull_range, "05000000", STATUS_SUCCESS },
        { pull_range, "00000000", RPC_NT_INVALID_BOUND },
        { pull_range, "06000000", RPC_NT_INVALID_BOUND },
        { pull_full, "01000000 02000000", STATUS_SUCCESS },
        { pull_full, "01000000 01000000", RPC_NT_BAD_STUB_DATA }, /* one object of two types */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct nt_arena *mem = nt_arena_new(0);
        struct ndr_pull n = pull_of(mem, rows[i].data, 0x10, false);
        rows[i].f(&n);
        if (ndr_pull_status(&n) != rows[i].want)
            print_error("row %zu: %s\n", i, nt_status_name(ndr_pull_status(&n)));
        assert_int_equal(ndr_pull_status(&n), rows[i].want);
        nt_arena_free(mem);
    }
}

static void test_pull_counts_of_ndr64(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    struct ndr_pull n = pull_of(mem, "0300000000000000 aabbcc", 0x10, true);
    assert_non_null(ndr_pull_conformant(&n, 3, 1));
    n = pull_of(mem, "0300000001000000 aabbcc", 0x10, true);
    (void)ndr_pull_conformant(&n, NDR_ANY, 1);
    assert_int_equal(ndr_pull_status(&n), RPC_NT_BAD_STUB_DATA);
    n = pull_of(mem, "ffffffffffffffff aabbcc", 0x10, true);
    (void)ndr_pull_conformant(&n, NDR_ANY, 1);
    assert_int_equal(ndr_pull_status(&n), RPC_NT_BAD_STUB_DATA);
    nt_arena_free(mem);
}

static void test_pull_first_error_sticks(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    struct ndr_pull n = pull_of(mem, "07000000 01000000", 0x10, false);
    ndr_pull_tag(&n, NDR_TAG_32, 8, NDR_4);
    assert_false(ndr_pull_ok(&n));
    assert_int_equal(ndr_pull_u32(&n), 0);
    assert_null(ndr_pull_unique(&n, 4));
    assert_null(ndr_pull_wstring(&n));
    assert_int_equal(ndr_pull_status(&n), RPC_NT_INVALID_TAG);
    nt_arena_free(mem);
}

static void test_pull_full_pointers(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    struct ndr_pull n = pull_of(mem, "05000000 00000000 05000000 06000000", 0x10, false);
    void *a = ndr_pull_full(&n, 4), *none = ndr_pull_full(&n, 4), *same = ndr_pull_full(&n, 4);
    void *other = ndr_pull_full(&n, 0);
    assert_null(none);
    assert_ptr_equal(a, same);
    assert_ptr_not_equal(a, other);
    assert_true(ndr_pull_full_first(&n, a));
    assert_false(ndr_pull_full_first(&n, same));
    assert_true(ndr_pull_full_first(&n, other));
    ndr_pull_full_set(&n, other, "string");
    assert_string_equal(ndr_pull_full_get(&n, other), "string");
    assert_int_equal(ndr_pull_status(&n), STATUS_SUCCESS);
    nt_arena_free(mem);
}

/* A peer that gives one id to pointers of different types would have his numbers taken for pointers. */
static void test_pull_full_types(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    struct ndr_pull n = pull_of(mem, "05000000 05000000 05000000", 0x10, false);
    void *a = ndr_pull_full_typed(&n, 16, 0x1234), *same = ndr_pull_full_typed(&n, 16, 0x1234);
    assert_non_null(a);
    assert_ptr_equal(a, same);
    assert_null(ndr_pull_full_typed(&n, 16, 0x1235));
    assert_int_equal(ndr_pull_status(&n), RPC_NT_BAD_STUB_DATA);
    /* arrays: an alias with another count would be read beyond its end */
    for (size_t count = 1; count < 4; count++) {
        n = pull_of(mem, "05000000 05000000", 0x10, false);
        a = ndr_pull_full_typed(&n, 0, 7);
        assert_true(ndr_pull_full_first(&n, a));
        ndr_pull_full_set_array(&n, a, "ab", 2);
        same = ndr_pull_full_typed(&n, 0, 7);
        assert_false(ndr_pull_full_first(&n, same));
        void *got = ndr_pull_full_get_array(&n, same, count);
        assert_int_equal(ndr_pull_status(&n), count == 2 ? STATUS_SUCCESS : RPC_NT_BAD_STUB_DATA);
        if (count == 2)
            assert_string_equal(got, "ab");
    }
    nt_arena_free(mem);
}

static void test_pull_budget(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    struct ndr_budget budget = { .bytes = 150, .depth = 3 };
    struct ndr_pull n;
    ndr_pull_init(&n, mem, stub, hex("01000000 01000000"), 0x10, false, &budget);
    assert_non_null(ndr_pull_unique(&n, 100));
    assert_null(ndr_pull_unique(&n, 100));
    assert_int_equal(ndr_pull_status(&n), STATUS_INSUFFICIENT_RESOURCES);
    ndr_pull_init(&n, mem, stub, 0, 0x10, false, &budget);
    assert_true(ndr_pull_enter(&n));
    assert_true(ndr_pull_enter(&n));
    assert_true(ndr_pull_enter(&n));
    assert_false(ndr_pull_enter(&n));
    assert_int_equal(ndr_pull_status(&n), RPC_NT_BAD_STUB_DATA);
    ndr_pull_init(&n, mem, stub, 0, 0x10, false, &budget);
    for (int i = 0; i < NDR_BUDGET_LINKS; i++) /* has a budget of its own */
        assert_true(ndr_pull_enter_list(&n));
    ndr_pull_leave_list(&n);
    assert_true(ndr_pull_enter_list(&n));
    assert_false(ndr_pull_enter_list(&n));
    assert_int_equal(ndr_pull_status(&n), RPC_NT_BAD_STUB_DATA);
    nt_arena_free(mem);
    mem = nt_arena_new(64); /* the arena's own ceiling */
    ndr_pull_init(&n, mem, stub, hex("01000000"), 0x10, false, NULL);
    assert_null(ndr_pull_unique(&n, 100));
    assert_int_equal(ndr_pull_status(&n), STATUS_NO_MEMORY);
    nt_arena_free(mem);
}

static void test_pull_nothing(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    struct ndr_pull n;
    ndr_pull_init(&n, mem, NULL, 0, 0x10, false, NULL);
    ndr_pull_align(&n, NDR_8);
    assert_int_equal(ndr_pull_status(&n), STATUS_SUCCESS);
    assert_int_equal(ndr_pull_u8(&n), 0);
    assert_int_equal(ndr_pull_status(&n), RPC_NT_BAD_STUB_DATA);
    nt_arena_free(mem);
}

static void test_peek_tag(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    struct ndr_pull n = pull_of(mem, "0700 0800", 0x10, false);
    assert_int_equal(ndr_pull_peek_tag(&n, NDR_TAG_16, NDR_4), 7);
    assert_int_equal(ndr_pull_u16(&n), 7);
    assert_int_equal(ndr_pull_peek_tag(&n, NDR_TAG_16, NDR_4), 8);
    nt_arena_free(mem);
}

/* `count` full pointers with ids a multiple of `step` apart. */
static enum nt_status many_full_pointers(uint64_t step, size_t count)
{
    struct nt_arena *mem = nt_arena_new(0);
    uint64_t *ids = malloc(count * sizeof *ids);
    assert_non_null(ids);
    struct ndr_pull n;
    for (size_t i = 0; i < count; i++)
        ids[i] = (i + 1) * step;
    ndr_pull_init(&n, mem, (const uint8_t *)ids, count * sizeof *ids, 0x10, true, NULL);
    for (size_t i = 0; i < count; i++)
        (void)ndr_pull_full(&n, 4);
    enum nt_status st = ndr_pull_status(&n);
    free(ids);
    nt_arena_free(mem);
    return st;
}

/* Ids that all have the same place in the table would make every pointer look at all those before it. */
static void test_full_pointers_collide(void **state)
{
    (void)state;
    assert_int_equal(many_full_pointers(4, 50000), STATUS_SUCCESS);
    assert_int_equal(many_full_pointers(64, 50000), STATUS_SUCCESS);
    assert_int_equal(many_full_pointers(65536, 50000), STATUS_SUCCESS);
    assert_int_equal(many_full_pointers(UINT64_C(1) << 44, 500), STATUS_SUCCESS);
    assert_int_equal(many_full_pointers(UINT64_C(1) << 44, 2000), RPC_NT_BAD_STUB_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_push_scalars),
        cmocka_unit_test(test_push_alignment_starts_at_stub),
        cmocka_unit_test(test_push_refuses),
        cmocka_unit_test(test_push_full_pointers),
        cmocka_unit_test(test_pull_byte_orders),
        cmocka_unit_test(test_pull_refuses_formats),
        cmocka_unit_test(test_pull_lends),
        cmocka_unit_test(test_pull_unaligned_stub),
        cmocka_unit_test(test_pull_refuses),
        cmocka_unit_test(test_pull_counts_of_ndr64),
        cmocka_unit_test(test_pull_first_error_sticks),
        cmocka_unit_test(test_pull_full_pointers),
        cmocka_unit_test(test_pull_full_types),
        cmocka_unit_test(test_full_pointers_collide),
        cmocka_unit_test(test_pull_budget),
        cmocka_unit_test(test_peek_tag),
        cmocka_unit_test(test_pull_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
