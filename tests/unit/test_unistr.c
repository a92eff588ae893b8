// SPDX-License-Identifier: Apache-2.0
/* Terminated strings, UTF-8, wire bytes. */
#include <stdlib.h>
#include <string.h>
#include <msrpc/unistr.h>
#include "unistr_vectors.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void strings_are_measured_and_searched(void **state)
{
    (void)state;
    const char16_t *s = u"share\\dir\\file";
    assert_int_equal(ustr_len(s), 14);
    assert_int_equal(ustr_len(u""), 0);
    assert_int_equal(ustr_nlen(s, 5), 5);
    assert_int_equal(ustr_nlen(s, 14), 14);
    assert_int_equal(ustr_nlen(s, 99), 14);
    assert_int_equal(ustr_nlen(NULL, 0), 0);
    assert_ptr_equal(ustr_chr(s, u'\\'), s + 5);
    assert_ptr_equal(ustr_rchr(s, u'\\'), s + 9);
    assert_ptr_equal(ustr_chr(s, 0), s + 14);
    assert_ptr_equal(ustr_rchr(s, 0), s + 14);
    assert_null(ustr_chr(s, u'!'));
    assert_null(ustr_rchr(s, u'!'));
    assert_ptr_equal(ustr_str(s, u"dir"), s + 6);
    assert_ptr_equal(ustr_str(s, u""), s);
    assert_ptr_equal(ustr_str(s, s), s);
    assert_null(ustr_str(s, u"file!"));
    assert_null(ustr_str(u"", u"a"));
    const char16_t *rep = u"aaab";
    assert_ptr_equal(ustr_str(rep, u"aab"), rep + 1);
}

static void order_is_by_code_unit(void **state)
{
    (void)state;
    assert_int_equal(ustr_cmp(u"abc", u"abc"), 0);
    assert_true(ustr_cmp(u"abc", u"abd") < 0);
    assert_true(ustr_cmp(u"abc", u"ab") > 0);
    assert_true(ustr_cmp(u"", u"a") < 0);
    assert_true(ustr_cmp(u"\uFFFD", u"\U00010000") > 0);
    assert_true(ustr_cmp(u"\u0100", u"\u00ff") > 0);
    assert_int_equal(ustr_ncmp(u"abc", u"abd", 2), 0);
    assert_true(ustr_ncmp(u"abc", u"abd", 3) < 0);
    assert_int_equal(ustr_ncmp(u"ab", u"ab", 99), 0);
    assert_int_equal(ustr_ncmp(u"a", u"b", 0), 0);
}

static void copies_are_bounded_and_all_or_nothing(void **state)
{
    (void)state;
    char16_t *d = ustr_dup(u"caf\u00e9");
    assert_memory_equal(d, u"caf\u00e9", 10);
    free(d);
    d = ustr_ndup(u"abcdef", 3);
    assert_memory_equal(d, u"abc", 8);
    free(d);
    char16_t buf[6] = u"old";
    assert_int_equal(ustr_copy(buf, 6, u"sixsix"), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(ustr_copy(buf, 0, u""), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(ustr_cmp(buf, u"old"), 0);
    assert_int_equal(ustr_append(buf, 6, u"mm"), STATUS_SUCCESS);
    assert_int_equal(ustr_cmp(buf, u"oldmm"), 0);
    assert_int_equal(ustr_append(buf, 6, u"x"), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(ustr_cmp(buf, u"oldmm"), 0);
    assert_int_equal(ustr_append(buf, 6, u""), STATUS_SUCCESS);
    assert_int_equal(ustr_append(buf, 5, u""), STATUS_INVALID_PARAMETER);
    assert_int_equal(ustr_copy(buf, 6, u"fives"), STATUS_SUCCESS);
    assert_int_equal(ustr_cmp(buf, u"fives"), 0);
}

/* Exact-size copy on the heap, so that a sanitizer sees a read past the end. */
static void *exact(const void *p, size_t n)
{
    void *to = malloc(n ? n : 1);
    assert_non_null(to);
    if (n)
        memcpy(to, p, n);
    return to;
}

static void check16(const char16_t *got, size_t got_n, const char16_t *want, size_t want_n)
{
    assert_int_equal(got_n, want_n);
    assert_int_equal(got[got_n], 0);
    assert_memory_equal(got, want, want_n * sizeof *want);
}

static void utf8_converts_as_pythons_codec(void **state)
{
    (void)state;
    for (size_t i = 0; i < vectors8_n; i++) {
        const struct vector8 *v = &vectors8[i];
        char *in = exact(v->in, v->in_n);
        size_t bad = 9999, n = 7777;
        char16_t *out = NULL;
        enum nt_status st = ustr_utf16_size(in, v->in_n, &bad, &n);
        enum nt_status want = v->bad < 0 ? STATUS_SUCCESS : STATUS_NO_UNICODE_TRANSLATION;
        assert_int_equal(st, want);
        assert_int_equal(bad, v->bad < 0 ? 9999 : v->bad);
        assert_int_equal(n, v->bad < 0 ? v->strict_n : 7777);
        assert_int_equal(ustr_from_utf8(in, v->in_n, &out, &n), want);
        if (v->bad < 0) {
            check16(out, n, v->strict, v->strict_n);
            free(out);
        } else {
            assert_null(out);
            assert_int_equal(n, 7777);
        }
        assert_int_equal(ustr_from_utf8_lossy(in, v->in_n, &out, &n), STATUS_SUCCESS);
        check16(out, n, v->lossy, v->lossy_n);
        assert_int_equal(ustr_utf16_size_lossy(in, v->in_n), n);
        free(out);
        char16_t buf[300];
        assert_int_equal(ustr_from_utf8_lossy_buf(in, v->in_n, buf, v->lossy_n, &n), STATUS_BUFFER_TOO_SMALL);
        assert_int_equal(ustr_from_utf8_lossy_buf(in, v->in_n, buf, v->lossy_n + 1, &n), STATUS_SUCCESS);
        check16(buf, n, v->lossy, v->lossy_n);
        free(in);
    }
}

static void utf16_converts_as_pythons_codec(void **state)
{
    (void)state;
    for (size_t i = 0; i < vectors16_n; i++) {
        const struct vector16 *v = &vectors16[i];
        char16_t *in = exact(v->in, v->in_n * 2);
        size_t bad = 9999, n = 7777;
        char *out = NULL;
        enum nt_status want = v->bad < 0 ? STATUS_SUCCESS : STATUS_NO_UNICODE_TRANSLATION;
        assert_int_equal(ustr_utf8_size(in, v->in_n, &bad, &n), want);
        assert_int_equal(bad, v->bad < 0 ? 9999 : v->bad);
        assert_int_equal(n, v->bad < 0 ? v->strict_n : 7777);
        assert_int_equal(ustr_to_utf8(in, v->in_n, &out, &n), want);
        if (v->bad < 0) {
            assert_int_equal(n, v->strict_n);
            assert_memory_equal(out, v->strict, n + 1);
            free(out);
        } else {
            assert_null(out);
        }
        assert_int_equal(ustr_to_utf8_lossy(in, v->in_n, &out, &n), STATUS_SUCCESS);
        assert_int_equal(n, v->lossy_n);
        assert_memory_equal(out, v->lossy, n + 1);
        assert_int_equal(ustr_utf8_size_lossy(in, v->in_n), n);
        free(out);
        assert_int_equal(ustr_to_utf8_wtf(in, v->in_n, &out, &n), STATUS_SUCCESS);
        assert_int_equal(n, v->wtf_n);
        assert_memory_equal(out, v->wtf, n + 1);
        char16_t *back;
        assert_int_equal(ustr_from_utf8_wtf(out, n, &back, &n), STATUS_SUCCESS);
        check16(back, n, v->in, v->in_n);
        free(back);
        free(out);
        char buf[128];
        assert_int_equal(ustr_to_utf8_wtf_buf(in, v->in_n, buf, v->wtf_n, &n), STATUS_BUFFER_TOO_SMALL);
        assert_int_equal(ustr_to_utf8_wtf_buf(in, v->in_n, buf, v->wtf_n + 1, &n), STATUS_SUCCESS);
        assert_memory_equal(buf, v->wtf, v->wtf_n + 1);
        free(in);
    }
}

/* A pair must have one spelling in WTF-8, else two keys would be one name. */
static void wtf8_refuses_pairs_in_two_triples(void **state)
{
    (void)state;
    char16_t *out = NULL;
    size_t n;
    assert_int_equal(ustr_from_utf8_wtf("\xed\xa0\x80\xed\xb0\x80", USTR_NUL, &out, &n),
                     STATUS_NO_UNICODE_TRANSLATION);
    assert_null(out);
    assert_int_equal(ustr_from_utf8_wtf("\xed\xa0\x80-\xed\xb0\x80", USTR_NUL, &out, &n), STATUS_SUCCESS);
    check16(out, n, (const char16_t[]){ 0xD800, '-', 0xDC00 }, 3);
    free(out);
    assert_int_equal(ustr_from_utf8_wtf("\xed\xb0\x80\xed\xa0\x80", USTR_NUL, &out, &n), STATUS_SUCCESS);
    check16(out, n, (const char16_t[]){ 0xDC00, 0xD800 }, 2);
    free(out);
    char16_t buf[4];
    assert_int_equal(ustr_from_utf8_wtf_buf("a\xed\xa0\x80", USTR_NUL, buf, 3, &n), STATUS_SUCCESS);
    check16(buf, n, (const char16_t[]){ 'a', 0xD800 }, 2);
    assert_int_equal(ustr_from_utf8_wtf_buf("\xc0\x80", USTR_NUL, buf, 3, &n), STATUS_NO_UNICODE_TRANSLATION);
}

static void each_scalar_value_goes_there_and_back(void **state)
{
    (void)state;
    for (char32_t c = 0; c <= 0x10FFFF; c++) {
        if (c >= 0xD800 && c < 0xE000)
            continue;
        char16_t in[3] = { (char16_t)c }, back[3];
        size_t n = 1, n8, n16;
        if (c > 0xFFFF) {
            in[0] = (char16_t)(0xD800 + ((c - 0x10000) >> 10));
            in[1] = (char16_t)(0xDC00 + ((c - 0x10000) & 0x3FF));
            n = 2;
        }
        char u8[5];
        assert_int_equal(ustr_to_utf8_buf(in, n, u8, sizeof u8, &n8), STATUS_SUCCESS);
        assert_int_equal(n8, c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4);
        assert_int_equal(ustr_from_utf8_buf(u8, n8, back, 3, &n16), STATUS_SUCCESS);
        assert_int_equal(n16, n);
        assert_memory_equal(back, in, 2 * n);
    }
}

static void embedded_nul_needs_a_length(void **state)
{
    (void)state;
    char16_t *w = NULL, wb[8];
    char *c = NULL, cb[16];
    size_t n = 0;
    assert_int_equal(ustr_from_utf8("a\0b", 3, &w, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(ustr_from_utf8_wtf("a\0b", 3, &w, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(ustr_from_utf8_buf("a\0b", 3, wb, 8, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(ustr_to_utf8(u"a\0b", 3, &c, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(ustr_to_utf8_wtf(u"a\0b", 3, &c, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(ustr_to_utf8_buf(u"a\0b", 3, cb, 8, NULL), STATUS_INVALID_PARAMETER);
    assert_null(w);
    assert_null(c);
    /* what is wrong first is told */
    assert_int_equal(ustr_from_utf8("\xff\0b", 3, &w, NULL), STATUS_NO_UNICODE_TRANSLATION);
    assert_int_equal(ustr_from_utf8("a\0\xff", 3, &w, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(ustr_from_utf8("a\0b", 3, &w, &n), STATUS_SUCCESS);
    check16(w, n, u"a\0b", 3);
    free(w);
    assert_int_equal(ustr_to_utf8(u"a\0b", 3, &c, &n), STATUS_SUCCESS);
    assert_int_equal(n, 3);
    assert_memory_equal(c, "a\0b", 4);
    free(c);
    assert_int_equal(ustr_from_utf8_lossy_buf("a\0\0b", 4, wb, 8, NULL), STATUS_SUCCESS);
    assert_int_equal(ustr_cmp(wb, u"a\uFFFD\uFFFDb"), 0);
    assert_int_equal(ustr_to_utf8_lossy_buf(u"a\0\0b", 4, cb, 16, NULL), STATUS_SUCCESS);
    assert_string_equal(cb, "a\xef\xbf\xbd\xef\xbf\xbd"
                            "b");
    assert_int_equal(ustr_to_utf8_lossy_buf(u"a\0\0b", 4, cb, 8, NULL), STATUS_BUFFER_TOO_SMALL);
}

static void empty_strings_may_have_no_address(void **state)
{
    (void)state;
    char16_t wb[2] = { 7, 7 }, *w;
    char cb[2] = { 7, 7 }, *c;
    uint8_t *b;
    size_t n = 9;
    assert_int_equal(ustr_from_utf8_buf(NULL, 0, wb, 1, NULL), STATUS_SUCCESS);
    assert_int_equal(wb[0], 0);
    assert_int_equal(wb[1], 7);
    assert_int_equal(ustr_to_utf8_buf(NULL, 0, cb, 1, NULL), STATUS_SUCCESS);
    assert_int_equal(cb[0], 0);
    assert_int_equal(cb[1], 7);
    assert_int_equal(ustr_from_utf8(NULL, 0, &w, &n), STATUS_SUCCESS);
    assert_int_equal(n, 0);
    assert_int_equal(w[0], 0);
    free(w);
    assert_int_equal(ustr_to_utf8(NULL, 0, &c, NULL), STATUS_SUCCESS);
    assert_string_equal(c, "");
    free(c);
    assert_int_equal(ustr_from_le(NULL, 0, &w, NULL), STATUS_SUCCESS);
    assert_int_equal(w[0], 0);
    free(w);
    n = 9;
    assert_int_equal(ustr_to_le(NULL, 0, &b, &n), STATUS_SUCCESS);
    assert_int_equal(n, 0);
    assert_non_null(b);
    free(b);
}

static void wire_bytes_have_the_order_asked_for(void **state)
{
    (void)state;
    const uint8_t le[] = {
        0xff, 0x41, 0x00, 0x3d, 0xd8, 0x00, 0xdc, 0x00, 0x00
    }; /* odd address on purpose */
    const uint8_t be[] = { 0xff, 0x00, 0x41, 0xd8, 0x3d, 0xdc, 0x00, 0x00, 0x00 };
    const char16_t want[] = { 0x41, 0xD83D, 0xDC00, 0 };
    char16_t *w = NULL, wb[5];
    uint8_t *b, bb[8];
    size_t n = 99;
    for (size_t odd = 1; odd < 8; odd += 2) {
        assert_int_equal(ustr_from_le(le + 1, odd, &w, &n), STATUS_INVALID_PARAMETER);
        assert_int_equal(ustr_from_be(be + 1, odd, &w, &n), STATUS_INVALID_PARAMETER);
        assert_int_equal(ustr_from_le_buf(le + 1, odd, wb, 5, &n), STATUS_INVALID_PARAMETER);
    }
    assert_int_equal(ustr_from_le(le + 1, 8, &w, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(n, 99);
    assert_null(w);
    assert_int_equal(ustr_from_le(le + 1, 6, &w, NULL), STATUS_SUCCESS);
    check16(w, 3, want, 3);
    free(w);
    assert_int_equal(ustr_from_be(be + 1, 8, &w, &n), STATUS_SUCCESS);
    check16(w, n, want, 4);
    free(w);
    assert_int_equal(ustr_from_be_buf(be + 1, 8, wb, 4, &n), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(ustr_from_le_buf(le + 1, 8, wb, 5, &n), STATUS_SUCCESS);
    check16(wb, n, want, 4);
    assert_int_equal(ustr_to_le(want, USTR_NUL, &b, &n), STATUS_SUCCESS);
    assert_int_equal(n, 6);
    assert_memory_equal(b, le + 1, 6);
    free(b);
    assert_int_equal(ustr_to_be(want, 4, &b, &n), STATUS_SUCCESS);
    assert_int_equal(n, 8);
    assert_memory_equal(b, be + 1, 8);
    free(b);
    assert_int_equal(ustr_to_le_buf(want, 4, bb, 7, &n), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(ustr_to_be_buf(want, 4, bb, 8, &n), STATUS_SUCCESS);
    assert_memory_equal(bb, be + 1, 8);
    assert_int_equal(ustr_to_le_buf(want, 3, bb, 6, &n), STATUS_SUCCESS);
    assert_int_equal(n, 6);
    assert_memory_equal(bb, le + 1, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_measured_and_searched),
        cmocka_unit_test(order_is_by_code_unit),
        cmocka_unit_test(copies_are_bounded_and_all_or_nothing),
        cmocka_unit_test(utf8_converts_as_pythons_codec),
        cmocka_unit_test(utf16_converts_as_pythons_codec),
        cmocka_unit_test(wtf8_refuses_pairs_in_two_triples),
        cmocka_unit_test(each_scalar_value_goes_there_and_back),
        cmocka_unit_test(embedded_nul_needs_a_length),
        cmocka_unit_test(empty_strings_may_have_no_address),
        cmocka_unit_test(wire_bytes_have_the_order_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
