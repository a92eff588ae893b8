// SPDX-License-Identifier: Apache-2.0
/*
 * The pidl dialect: what Samba's marshalling makes of the layouts of tests/golden/idlc/pidl.idl is pulled and
 * pushed again to the same bytes; damaged bytes; the primitives by themselves. argv: the file of vectors.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <msrpc/pidl.h>
#include "pidl_hand.h"
#include "ndr/ndr.h"

#define MAX_VECTOR 4096

static const char *vectors;

/* ---- vectors ---- */

struct vector {
    char name[64];
    unsigned level, offered;
    size_t len;
    _Alignas(8) uint8_t data[MAX_VECTOR];
};

static bool next_vector(FILE *f, struct vector *v)
{
    static char line[2 * MAX_VECTOR + 128];
    while (fgets(line, sizeof(line), f)) {
        int used = 0;
        if (line[0] == '#')
            continue;
        assert_int_equal(sscanf(line, "%63s %u %u %n", v->name, &v->level, &v->offered, &used), 3);
        v->len = 0;
        for (const char *s = line + used; *s && *s != '\n'; s += 2) {
            unsigned octet = 0;
            assert_int_equal(sscanf(s, "%2x", &octet), 1);
            assert_true(v->len < MAX_VECTOR);
            v->data[v->len++] = (uint8_t)octet;
        }
        return true;
    }
    return false;
}

/* What was accepted has to be accepted again; with `same` the bytes are the same, too. */
static enum nt_status round_trip(const struct vector *v, const uint8_t *data, size_t len, bool same)
{
    struct nt_arena *mem = nt_arena_new(1 << 20);
    struct ndr_pull pull;
    struct ndr_push push;
    struct wr w;
    assert_non_null(mem);
    struct pidl_subject s;
    assert_true(pidl_subject(v->name, v->level, v->offered, mem, &s));
    ndr_pull_init(&pull, mem, data, len, 0x10, false, &(struct ndr_budget){ .bytes = 1 << 18 });
    s.pull(&pull, s.value);
    enum nt_status st = ndr_pull_status(&pull);
    if (st == STATUS_SUCCESS) {
        wr_init(&w, 1 << 18);
        ndr_push_init(&push, &w, false);
        s.push(&push, s.value);
        enum nt_status pushed = ndr_push_status(&push);
        if (same) {
            assert_int_equal(pushed, STATUS_SUCCESS);
            if (w.len != len || memcmp(w.base, data, len) != 0) {
                for (size_t i = 0; i < w.len || i < len; i++)
                    print_error("%02zx: %02x %02x%s\n", i, i < len ? data[i] : 0, i < w.len ? w.base[i] : 0,
                                i < len && i < w.len && data[i] == w.base[i] ? "" : "  <--");
                fail_msg("%s %u: %zu bytes, pushed again %zu", v->name, v->level, len, w.len);
            }
        }
        if (pushed == STATUS_SUCCESS) {
            struct pidl_subject again;
            uint8_t *copy = nt_arena_memdup(mem, w.base ? w.base : (const uint8_t *)"", w.len);
            assert_true(pidl_subject(v->name, v->level, v->offered, mem, &again));
            ndr_pull_init(&pull, mem, copy, w.len, 0x10, false, NULL);
            again.pull(&pull, again.value);
            if (ndr_pull_status(&pull) != STATUS_SUCCESS && ndr_pull_status(&pull) != STATUS_NO_MEMORY)
                fail_msg("%s %u: what was accepted is sent, and is not accepted again", v->name, v->level);
        }
        wr_free(&w);
    }
    nt_arena_free(mem);
    return st;
}

static void test_vectors(void **state)
{
    static struct vector v;
    unsigned count = 0;
    FILE *f = fopen(vectors, "re");
    (void)state;
    assert_non_null(f);
    while (next_vector(f, &v)) {
        enum nt_status st = round_trip(&v, v.data, v.len, true);
        if (st != STATUS_SUCCESS)
            fail_msg("%s %u: status 0x%08x", v.name, v.level, (unsigned)st);
        count++;
    }
    fclose(f);
    assert_true(count > 40);
}

/* Each prefix, and each octet with some other values: nothing may go wrong but the status. */
static void test_damaged(void **state)
{
    static struct vector v;
    static const uint8_t values[] = { 0x00, 0x01, 0x7F, 0x80, 0xFF };
    FILE *f = fopen(vectors, "re");
    (void)state;
    assert_non_null(f);
    while (next_vector(f, &v)) {
        for (size_t len = 0; len < v.len; len++) {
            uint8_t *copy = malloc(len ? len : 1); /* the sanitizer sees reads past its end */
            assert_non_null(copy);
            memcpy(copy, v.data, len);
            (void)round_trip(&v, copy, len, false);
            free(copy);
        }
        for (size_t i = 0; i < v.len; i++)
            for (size_t k = 0; k < sizeof(values); k++) {
                uint8_t was = v.data[i];
                v.data[i] = values[k];
                (void)round_trip(&v, v.data, v.len, false);
                v.data[i] = was;
            }
    }
    fclose(f);
}

/* ---- what the vectors say ---- */

static void *pull_type(struct nt_arena *mem, const struct ndr_type *t, const char *name)
{
    static struct vector v;
    FILE *f = fopen(vectors, "re");
    void *value = nt_arena_alloc(mem, t->size, 16);
    assert_non_null(f);
    while (next_vector(f, &v) && strcmp(v.name, name) != 0)
        ;
    fclose(f);
    assert_string_equal(v.name, name);
    struct ndr_item item = { t, value };
    assert_int_equal(ndr_decode_bare((struct nt_blob){ v.data, v.len }, false, 0x10, &item, 1, mem),
                     STATUS_SUCCESS);
    return value;
}

static void test_values(void **state)
{
    struct nt_arena *mem = nt_arena_new(0);
    (void)state;
    const struct pidl_sid *sid = pull_type(mem, &pidl_sid_type, "sid");
    assert_int_equal(sid->count, 1);
    assert_int_equal(sid->authority[5], 1);
    const struct pidl_dns_record *dns = pull_type(mem, &pidl_dns_record_type, "dns_record");
    assert_int_equal(dns->ttl, 900);
    assert_int_equal(dns->length, 4);
    assert_int_equal(dns->data.a, 0xC0000201);
    const struct pidl_challenge *c = pull_type(mem, &pidl_challenge_type, "challenge");
    assert_memory_equal(c->target, u"DOM", 8);
    assert_int_equal(c->info->pair[0].id, 2);
    assert_memory_equal(c->info->pair[0].value.text, u"DOM", 8);
    const struct pidl_pac *pac = pull_type(mem, &pidl_pac_type, "pac");
    assert_int_equal(pac->count, 1);
    assert_int_equal(pac->buffers[0].type, 12);
    assert_memory_equal(pac->buffers[0].info->upn.domain, u"EXAMPLE.COM", 24);
    const struct pidl_policy_entry *e = pull_type(mem, &pidl_policy_entry_type, "policy_entry");
    assert_memory_equal(e->key, u"Software\\X", 22);
    assert_int_equal(e->data.number, 7);
    nt_arena_free(mem);
}

/* ---- the primitives ---- */

static void start(struct ndr_push *n, struct wr *w)
{
    wr_init(w, 65536);
    ndr_push_init(n, w, false);
}

static void expect(struct ndr_push *n, struct wr *w, const char *bytes, size_t len)
{
    assert_int_equal(ndr_push_status(n), STATUS_SUCCESS);
    assert_int_equal(w->len, len);
    assert_memory_equal(w->base, bytes, len);
    wr_free(w);
}
#define EXPECT(n, w, bytes) expect(n, w, bytes, sizeof(bytes) - 1)

static void test_flags(void **state)
{
    struct ndr_push n;
    struct wr w;
    (void)state;
    start(&n, &w);
    ndrf_push_u8(&n, 1);
    ndr_push_flags(&n, NDR_F_NOALIGN | NDR_F_BIG_ENDIAN);
    ndrf_push_u16(&n, 0x0203);
    ndrf_push_u32(&n, 0x04050607);
    ndr_push_flags(&n, NDR_F_LITTLE_ENDIAN);
    ndrf_push_u64(&n, 8);
    ndr_push_flags_end(&n);
    ndrf_push_elements(&n, (const uint16_t[]){ 0x0102, 0x0304 }, 2, 2);
    ndr_push_flags_end(&n);
    ndrf_push_u16(&n, 9);
    EXPECT(&n, &w, "\1\2\3\4\5\6\7\10\0\0\0\0\0\0\0\1\2\3\4\0\t\0");

    static const uint8_t data[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0 };
    struct ndr_pull p;
    struct nt_arena *mem = nt_arena_new(0);
    ndr_pull_init(&p, mem, data, sizeof(data), 0x10, false, NULL);
    assert_int_equal(ndrf_pull_u8(&p), 1);
    ndr_pull_flags(&p, NDR_F_NOALIGN | NDR_F_BIG_ENDIAN);
    assert_int_equal(ndr_pull_flags_now(&p), NDR_F_NOALIGN | NDR_F_BIG_ENDIAN);
    assert_int_equal(ndrf_pull_u16(&p), 0x0203);
    assert_int_equal(ndrf_pull_u32(&p), 0x04050607);
    ndr_pull_flags_end(&p);
    assert_int_equal(ndr_pull_flags_now(&p), 0);
    assert_int_equal(ndrf_pull_u32(&p), 9);
    assert_int_equal(ndr_pull_status(&p), STATUS_SUCCESS);
    nt_arena_free(mem);
}

static void test_strings(void **state)
{
    static const struct {
        uint32_t flags;
        const char *bytes;
        size_t len;
    } forms[] = {
        { NDR_F_STR_NULLTERM, "h\0i\0\0\0", 6 },
        { NDR_F_STR_NULLTERM | NDR_F_STR_ASCII, "hi\0", 3 },
        { NDR_F_STR_NOTERM | NDR_F_REMAINING, "h\0i\0", 4 },
        { NDR_F_STR_SIZE4 | NDR_F_STR_LEN4, "\3\0\0\0\0\0\0\0\3\0\0\0h\0i\0\0\0", 18 },
        { NDR_F_STR_LEN4, "\0\0\0\0\3\0\0\0h\0i\0\0\0", 14 },
        { NDR_F_STR_SIZE2 | NDR_F_STR_NOTERM | NDR_F_STR_UTF8, "\2\0hi", 4 },
        { NDR_F_STR_SIZE4 | NDR_F_STR_NOTERM | NDR_F_STR_BYTESIZE, "\4\0\0\0h\0i\0", 8 },
        { NDR_F_STR_NULLTERM | NDR_F_BIG_ENDIAN, "\0h\0i\0\0", 6 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct ndr_push n;
        struct ndr_pull p;
        struct wr w;
        struct nt_arena *mem = nt_arena_new(0);
        start(&n, &w);
        ndr_push_flags(&n, forms[i].flags);
        ndr_push_text(&n, u"hi");
        ndr_push_flags_end(&n);
        expect(&n, &w, forms[i].bytes, forms[i].len);
        ndr_pull_init(&p, mem, (const uint8_t *)forms[i].bytes, forms[i].len, 0x10, false, NULL);
        ndr_pull_flags(&p, forms[i].flags);
        const char16_t *s = ndr_pull_text(&p);
        ndr_pull_flags_end(&p);
        assert_int_equal(ndr_pull_status(&p), STATUS_SUCCESS);
        assert_int_equal(ndr_pull_left(&p), 0);
        assert_memory_equal(s, u"hi", 6);
        nt_arena_free(mem);
    }
}

/* No flag says how a string is laid out; a character that 8 bits cannot hold; a size of 16 bits too small. */
static void test_string_errors(void **state)
{
    struct ndr_push n;
    struct wr w;
    char16_t *lot = calloc(65537, sizeof(*lot));
    (void)state;
    start(&n, &w);
    ndr_push_text(&n, u"x");
    assert_int_equal(ndr_push_status(&n), RPC_NT_BAD_STUB_DATA);
    wr_free(&w);
    start(&n, &w);
    ndr_push_flags(&n, NDR_F_STR_NULLTERM | NDR_F_STR_ASCII);
    ndr_push_text(&n, u"\x0416");
    ndr_push_flags_end(&n);
    assert_int_equal(ndr_push_status(&n), RPC_NT_BAD_STUB_DATA);
    wr_free(&w);
    assert_non_null(lot);
    for (size_t i = 0; i < 65536; i++)
        lot[i] = 'a';
    start(&n, &w);
    ndr_push_flags(&n, NDR_F_STR_SIZE2);
    ndr_push_text(&n, lot);
    ndr_push_flags_end(&n);
    assert_int_equal(ndr_push_status(&n), RPC_NT_BAD_STUB_DATA);
    wr_free(&w);
    free(lot);
}

/* A type in itself by value: some levels are fine, a million are not. */
static void test_depth(void **state)
{
    static uint8_t ones[1 << 20];
    (void)state;
    memset(ones, 1, sizeof(ones));
    for (int deep = 0; deep < 2; deep++) {
        struct nt_arena *mem = nt_arena_new(0);
        struct pidl_tree tree = { 0 };
        struct ndr_item item = { &pidl_tree_type, &tree };
        size_t len = deep ? sizeof(ones) : 21;
        ones[20] = deep ? 1 : 0;
        enum nt_status st = ndr_decode_bare((struct nt_blob){ ones, len }, false, 0x10, &item, 1, mem);
        assert_int_equal(st, deep ? RPC_NT_BAD_STUB_DATA : STATUS_SUCCESS);
        assert_int_equal(tree.count, !deep);
        nt_arena_free(mem);
    }
}

static void test_lengths(void **state)
{
    (void)state;
    assert_int_equal(ndr_text_len(u"abc"), 3);
    assert_int_equal(ndr_text_len_term(u"abc"), 4);
    assert_int_equal(ndr_text_len_term(u""), 1);
    assert_int_equal(ndr_text_len_term(NULL), 0);
    assert_int_equal(ndr_text_len_term_null(u""), 0);
    assert_int_equal(ndr_text8_len_term("abc"), 4);
    assert_int_equal(ndr_text8_len_term(NULL), 0);
    assert_int_equal(ndr_text8_len_term_null("a"), 2);
    assert_int_equal(ndr_text8_len_term_null(NULL), 0);
}

static void test_halves_and_texts(void **state)
{
    struct ndr_push n;
    struct ndr_pull p;
    struct wr w;
    struct nt_arena *mem = nt_arena_new(0);
    (void)state;
    start(&n, &w);
    ndr_push_udlong(&n, 0x0000000200000001);
    ndr_push_udlongr(&n, 0x0000000200000001);
    ndr_push_flags(&n, NDR_F_STR_NULLTERM | NDR_F_STR_ASCII);
    ndr_push_texts8(&n, (const char *const[]){ "a", "bc", NULL });
    ndr_push_flags_end(&n);
    static const uint8_t bytes[] = "\1\0\0\0\2\0\0\0\2\0\0\0\1\0\0\0a\0bc\0\0";
    expect(&n, &w, (const char *)bytes, sizeof(bytes) - 1);
    ndr_pull_init(&p, mem, bytes, sizeof(bytes) - 1, 0x10, false, NULL);
    assert_int_equal(ndr_pull_udlong(&p), 0x0000000200000001);
    assert_int_equal(ndr_pull_udlongr(&p), 0x0000000200000001);
    ndr_pull_flags(&p, NDR_F_STR_NULLTERM | NDR_F_STR_ASCII);
    const char *const *s = ndr_pull_texts8(&p);
    ndr_pull_flags_end(&p);
    assert_non_null(s);
    assert_string_equal(s[0], "a");
    assert_string_equal(s[1], "bc");
    assert_null(s[2]);
    assert_int_equal(ndr_pull_left(&p), 0);
    nt_arena_free(mem);
}

/* Offsets outside the stream; two pointers to the same bytes; many of them, which the budget ends. */
static void test_relative(void **state)
{
    static const uint8_t far[] = { 5, 0, 0, 0 }, same[] = { 8, 0, 0, 0, 8, 0, 0, 0, 7, 0, 0, 0 };
    struct ndr_pull p;
    struct nt_arena *mem = nt_arena_new(0);
    (void)state;
    ndr_pull_init(&p, mem, far, sizeof(far), 0x10, false, NULL);
    assert_null(ndr_pull_relative(&p, 4));
    assert_int_equal(ndr_pull_status(&p), RPC_NT_BAD_STUB_DATA);
    ndr_pull_init(&p, mem, same, sizeof(same), 0x10, false, NULL);
    uint32_t *a = ndr_pull_relative(&p, 4), *b = ndr_pull_relative(&p, 4);
    for (int i = 0; i < 2; i++) {
        assert_true(ndr_pull_relative_start(&p, i ? b : a));
        *(i ? b : a) = ndr_pull_u32(&p);
        ndr_pull_relative_end(&p);
    }
    assert_int_equal(*a, 7);
    assert_int_equal(*b, 7);
    assert_int_equal(ndr_pull_status(&p), STATUS_SUCCESS);

    uint8_t *many = calloc(1, 65536);
    assert_non_null(many);
    for (size_t i = 0; i < 1000; i++)
        many[4 * i + 1] = 0x20; /* 8192 */
    ndr_pull_init(&p, mem, many, 65536, 0x10, false, &(struct ndr_budget){ .bytes = 1 << 20 });
    for (int i = 0; i < 1000; i++) {
        const void *at = ndr_pull_relative(&p, 0);
        if (ndr_pull_relative_start(&p, at)) {
            (void)ndr_pull_lend(&p, 57344, 1);
            ndr_pull_relative_end(&p);
        }
    }
    assert_int_equal(ndr_pull_status(&p), STATUS_INSUFFICIENT_RESOURCES);
    free(many);
    nt_arena_free(mem);
}

/* Sizes of streams that disagree, are too small for what is in them, or leave octets over. */
static void test_streams(void **state)
{
    static const uint8_t long_one[] = { 9, 0, 0, 0, 1, 2 }, two[] = { 2, 0, 0, 0, 1, 2, 3 };
    struct ndr_push n;
    struct ndr_pull p;
    struct wr w;
    struct nt_arena *mem = nt_arena_new(0);
    (void)state;
    start(&n, &w);
    ndr_push_subcontext(&n, 0, 2);
    ndr_push_u32(&n, 1);
    ndr_push_subcontext_end(&n);
    assert_int_equal(ndr_push_status(&n), RPC_NT_BAD_STUB_DATA);
    wr_free(&w);
    start(&n, &w);
    ndr_push_u8(&n, 9);
    ndr_push_subcontext(&n, 2, 6);
    ndr_push_u8(&n, 1);
    ndr_push_u16(&n, 2);
    ndr_push_subcontext_end(&n);
    EXPECT(&n, &w, "\11\0\6\0\1\0\2\0\0\0");
    ndr_pull_init(&p, mem, long_one, sizeof(long_one), 0x10, false, NULL);
    ndr_pull_subcontext(&p, 4, NDR_ANY);
    ndr_pull_subcontext_end(&p);
    assert_int_equal(ndr_pull_status(&p), RPC_NT_BAD_STUB_DATA);
    ndr_pull_init(&p, mem, two, sizeof(two), 0x10, false, NULL);
    ndr_pull_subcontext(&p, 4, 3);
    ndr_pull_subcontext_end(&p);
    assert_int_equal(ndr_pull_status(&p), RPC_NT_BAD_STUB_DATA);
    for (int strict = 0; strict < 2; strict++) {
        ndr_pull_init(&p, mem, two, sizeof(two), 0x10, false, NULL);
        ndr_pull_flags(&p, strict ? NDR_F_NO_UNREAD_BYTES : NDR_F_NOALIGN);
        ndr_pull_subcontext(&p, 4, NDR_ANY);
        assert_int_equal(ndr_pull_u8(&p), 1);
        ndr_pull_subcontext_end(&p);
        ndr_pull_flags_end(&p);
        assert_int_equal(ndr_pull_status(&p), strict ? RPC_NT_BAD_STUB_DATA : STATUS_SUCCESS);
        if (!strict)
            assert_int_equal(ndr_pull_u8(&p), 3);
    }
    nt_arena_free(mem);
}

/* A serialized type in big endian, and headers that are none. */
static void test_serialized(void **state)
{
    uint8_t data[] = { 1, 0, 0, 8, 0xCC, 0xCC, 0xCC, 0xCC, 0, 0, 0, 8, 0, 0,
                       0, 0, 0, 0, 1,    2,    0,    0,    0, 0, 5, 0, 0, 0 };
    struct ndr_pull p;
    struct nt_arena *mem = nt_arena_new(0);
    (void)state;
    ndr_pull_init(&p, mem, data, sizeof(data), 0x10, false, NULL);
    ndr_pull_subcontext(&p, NDR_SUBCONTEXT_SERIALIZED, NDR_ANY);
    assert_int_equal(ndr_pull_u32(&p), 0x0102);
    ndr_pull_subcontext_end(&p);
    assert_int_equal(ndr_pull_u32(&p), 5);
    assert_int_equal(ndr_pull_status(&p), STATUS_SUCCESS);
    for (int i = 0; i < 3; i++) {
        static const size_t at[] = { 0, 1, 11 };
        uint8_t was = data[at[i]];
        data[at[i]] = 3;
        ndr_pull_init(&p, mem, data, sizeof(data), 0x10, false, NULL);
        ndr_pull_subcontext(&p, NDR_SUBCONTEXT_SERIALIZED, NDR_ANY);
        ndr_pull_subcontext_end(&p);
        assert_int_equal(ndr_pull_status(&p), RPC_NT_BAD_STUB_DATA);
        data[at[i]] = was;
    }
    nt_arena_free(mem);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_string_errors),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_halves_and_texts),
        cmocka_unit_test(test_relative),
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_serialized),
    };
    if (argc < 2)
        return 2;
    vectors = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
