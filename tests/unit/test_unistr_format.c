// SPDX-License-Identifier: Apache-2.0
/* Builder, formatted output (against snprintf where both can say it), numbers. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <msrpc/unistr.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void check_text(const char16_t *got, const char *want)
{
    char text[512];
    assert_int_equal(ustr_to_utf8_buf(got, USTR_NUL, text, sizeof text, NULL), STATUS_SUCCESS);
    assert_string_equal(text, want);
}

#define FORMATS_AS(want, ...)                                                                                \
    do {                                                                                                     \
        char16_t out_[512];                                                                                  \
        assert_int_equal(ustr_format(out_, 512, __VA_ARGS__), STATUS_SUCCESS);                               \
        check_text(out_, want);                                                                              \
    } while (0)

/* All combinations of flags, width, precision and conversion. */
static void integers_print_as_snprintf(void **state)
{
    (void)state;
    static const char *const flags[] = { "", "-", "+", " ", "0", "#", "-+", "+0", "#0", "-#0", " 0", "+#" };
    static const char *const widths[] = { "", "1", "7", "30" };
    static const char *const precisions[] = { "", ".", ".0", ".1", ".9" };
    static const char *const sizes[] = { "hh", "h", "", "l", "ll", "j", "z", "t" };
    static const long long values[] = { 0,   1,     -1,      9,       127,       -128,
                                        255, 65535, INT_MAX, INT_MIN, LLONG_MAX, LLONG_MIN };
    unsigned n = 0;
    for (size_t f = 0; f < 12; f++)
        for (size_t w = 0; w < 4; w++)
            for (size_t p = 0; p < 5; p++)
                for (size_t z = 0; z < 8; z++)
                    for (const char *c = "diuxXo"; *c; c++)
                        for (size_t v = 0; v < 12; v++, n++) {
                            char fmt[32], want[128];
                            /* a flag that C leaves undefined for the conversion proves nothing */
                            if ((strchr(flags[f], '#') && strchr("diu", *c)) ||
                                (strpbrk(flags[f], "+ ") && strchr("uxXo", *c)))
                                continue;
                            snprintf(fmt, sizeof fmt, "<%%%s%s%s%s%c>", flags[f], widths[w], precisions[p],
                                     sizes[z], *c);
                            if (z < 3) {
                                snprintf(want, sizeof want, fmt, (int)values[v]);
                                FORMATS_AS(want, fmt, (int)values[v]);
                            } else {
                                snprintf(want, sizeof want, fmt, values[v]);
                                FORMATS_AS(want, fmt, values[v]);
                            }
                        }
    assert_int_equal(n, 12 * 4 * 5 * 8 * 6 * 12);
}

static void strings_print_as_snprintf(void **state)
{
    (void)state;
    static const char *const specs[] = { "%s",      "%9s",  "%-9s|", "%.3s", "%9.3s",
                                         "%-9.3s|", "%.0s", "%.99s", "%2s" };
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        char want[64], wide[16];
        snprintf(want, sizeof want, specs[i], "hello");
        FORMATS_AS(want, specs[i], "hello");
        snprintf(wide, sizeof wide, "%s", specs[i]);
        *strchr(wide, 's') = 'S';
        FORMATS_AS(want, wide, u"hello");
        char16_t fmt16[16], out[64];
        assert_int_equal(ustr_from_utf8_buf(specs[i], USTR_NUL, fmt16, 16, NULL), STATUS_SUCCESS);
        assert_int_equal(ustr_format16(out, 64, fmt16, "hello"), STATUS_SUCCESS);
        check_text(out, want);
    }
}

static void format_knows_utf16(void **state)
{
    (void)state;
    FORMATS_AS("\\\\srv\\caf\xc3\xa9", "\\\\%s\\%S", "srv", u"caf\u00e9");
    FORMATS_AS("caf\xc3\xa9  |", "%-6s|", "caf\xc3\xa9");
    FORMATS_AS("  caf\xc3\xa9", "%6ls", u"caf\u00e9");
    FORMATS_AS("gr\xc3\xbc\xc3\x9f 100% x", "gr\xc3\xbc\xc3\x9f %d%% %hs", 100, "x");
    FORMATS_AS("a\xf0\x9f\x98\x80z", "a%cz", 0x1F600);
    FORMATS_AS(" \xf0\x9f\x98\x80", "%3c", 0x1F600);
    FORMATS_AS("\xf0\x9f\x98\x80", "%C%lc", 0xD83D, 0xDE00);
    FORMATS_AS("(null) (null)", "%s %S", (char *)NULL, (char16_t *)NULL);
    FORMATS_AS("    42|-7  |007", "%*d|%*d|%0*d", 6, 42, -4, -7, 3, 7);
    FORMATS_AS("abcdef ab", "%.*s %.*s", -1, "abcdef", 2, "abcdef");
    FORMATS_AS("0x0 0x1f", "%p %p", (void *)0, (void *)0x1f);
    FORMATS_AS("18446744073709551615", "%llu", ULLONG_MAX);
    static const char bare8[3] = { 'a', 'b', 'c' }; /* no terminators: a precision must keep reads inside */
    static const char16_t bare16[3] = { 'x', 'y', 'z' };
    FORMATS_AS("abcxyz", "%.3s%.3S", bare8, bare16);
    char16_t out[16];
    assert_int_equal(ustr_format16(out, 16, u"\u00e9 %S", u"\u00fc"), STATUS_SUCCESS);
    assert_int_equal(ustr_cmp(out, u"\u00e9 \u00fc"), 0);
    /* a lone surrogate in UTF-16 is passed on */
    assert_int_equal(ustr_format(out, 16, "%.1S", u"\U0001F600"), STATUS_SUCCESS);
    assert_int_equal(out[0], 0xD83D);
    assert_int_equal(out[1], 0);
}

#define FORMAT_FAILS(st, cap, ...)                                                                           \
    do {                                                                                                     \
        char16_t out_[16] = { 7, 7, 7, 7, 7, 7 };                                                            \
        assert_int_equal(ustr_format(out_, cap, __VA_ARGS__), st);                                           \
        assert_int_equal(out_[0], cap ? 0 : 7);                                                              \
    } while (0)

static void format_refuses_what_it_cannot_do(void **state)
{
    (void)state;
    int n = 5;
    FORMAT_FAILS(STATUS_INVALID_PARAMETER, 16, "a%n", &n);
    assert_int_equal(n, 5);
    FORMAT_FAILS(STATUS_INVALID_PARAMETER, 16, "%f", 1.0);
    FORMAT_FAILS(STATUS_INVALID_PARAMETER, 16, "a%");
    FORMAT_FAILS(STATUS_INVALID_PARAMETER, 16, "%-5.2l");
    FORMAT_FAILS(STATUS_INVALID_PARAMETER, 16, "%q", 1);
    FORMAT_FAILS(STATUS_INVALID_PARAMETER, 16, "%99999999999999999999d", 1);
    FORMAT_FAILS(STATUS_INVALID_PARAMETER, 16, "%C", 0x10000);
    FORMAT_FAILS(STATUS_INVALID_PARAMETER, 16, "%C", -1);
    FORMAT_FAILS(STATUS_INVALID_PARAMETER, 16, "a%cb", 0);
    FORMAT_FAILS(STATUS_NO_UNICODE_TRANSLATION, 16, "%c", 0xD800);
    FORMAT_FAILS(STATUS_NO_UNICODE_TRANSLATION, 16, "%c", 0x110000);
    FORMAT_FAILS(STATUS_NO_UNICODE_TRANSLATION, 16, "%c", -1);
    FORMAT_FAILS(STATUS_NO_UNICODE_TRANSLATION, 16, "ok %s", "\xff");
    FORMAT_FAILS(STATUS_NO_UNICODE_TRANSLATION, 16, "%.1s", "\xc3\xa9");
    FORMAT_FAILS(STATUS_NO_UNICODE_TRANSLATION, 16, "\xff");
    FORMAT_FAILS(STATUS_BUFFER_TOO_SMALL, 3, "abc");
    FORMAT_FAILS(STATUS_BUFFER_TOO_SMALL, 0, "");
    FORMAT_FAILS(STATUS_BUFFER_TOO_SMALL, 16, "%2147483647d", 1);
    FORMAT_FAILS(STATUS_BUFFER_TOO_SMALL, 16, "%.2147483647d", 1);
    FORMAT_FAILS(STATUS_BUFFER_TOO_SMALL, 16, "%*d", INT_MIN, 1);
    char16_t out[4];
    assert_int_equal(ustr_format(out, 4, "abc"), STATUS_SUCCESS);
    check_text(out, "abc");
    assert_int_equal(ustr_format(out, 1, "%s", ""), STATUS_SUCCESS);
    check_text(out, "");
}

static void builder_grows_and_hands_over(void **state)
{
    (void)state;
    struct ustr_builder b;
    ustr_builder_init(&b, 0);
    check_text(ustr_builder_str(&b), "");
    ustr_builder_append(&b, u"x\u00e9", USTR_NUL);
    ustr_builder_append(&b, NULL, 0);
    ustr_builder_append(&b, u"yzzzz", 2);
    ustr_builder_unit(&b, '-');
    ustr_builder_char(&b, 0x1F600);
    ustr_builder_utf8(&b, "\xc3\xbc", USTR_NUL);
    ustr_builder_utf8_lossy(&b, "\xff!", USTR_NUL);
    ustr_builder_uint(&b, UINT64_MAX, 16);
    ustr_builder_unit(&b, ' ');
    ustr_builder_int(&b, INT64_MIN);
    ustr_builder_format(&b, "<%d>", 5);
    ustr_builder_format16(&b, u"<%s>", "s");
    assert_int_equal(b.st, STATUS_SUCCESS);
    const char *want =
        "x\xc3\xa9yz-\xf0\x9f\x98\x80\xc3\xbc\xef\xbf\xbd!ffffffffffffffff -9223372036854775808<5><s>";
    check_text(ustr_builder_str(&b), want);
    char16_t *s = NULL;
    size_t n;
    assert_int_equal(ustr_builder_take(&b, &s, &n), STATUS_SUCCESS);
    assert_int_equal(n, ustr_len(s));
    check_text(s, want);
    free(s);
    assert_int_equal(b.len, 0);
    assert_int_equal(ustr_builder_take(&b, &s, NULL), STATUS_SUCCESS);
    check_text(s, "");
    free(s);
    for (unsigned i = 0; i < 100000; i++)
        ustr_builder_unit(&b, (char16_t)('a' + i % 26));
    assert_int_equal(b.len, 100000);
    assert_int_equal(ustr_len(ustr_builder_str(&b)), 100000);
    assert_int_equal(b.s[99999], 'a' + 99999 % 26);
    ustr_builder_free(&b);
    ustr_builder_free(&b);
    ustr_builder_free(NULL);
}

static void builder_keeps_its_ceiling_and_first_error(void **state)
{
    (void)state;
    struct ustr_builder b;
    char16_t *s = NULL;
    ustr_builder_init(&b, 5);
    ustr_builder_utf8(&b, "abc", USTR_NUL);
    ustr_builder_utf8(&b, "def", USTR_NUL);
    assert_int_equal(b.st, STATUS_BUFFER_TOO_SMALL);
    ustr_builder_utf8(&b, "d", USTR_NUL); /* it would fit: the error sticks */
    ustr_builder_utf8(&b, "\xff", USTR_NUL);
    ustr_builder_uint(&b, 1, 99);
    ustr_builder_format(&b, "%n");
    assert_int_equal(b.st, STATUS_BUFFER_TOO_SMALL);
    check_text(ustr_builder_str(&b), "abc");
    assert_int_equal(ustr_builder_take(&b, &s, NULL), STATUS_BUFFER_TOO_SMALL);
    assert_null(s);
    ustr_builder_free(&b);
    assert_int_equal(b.st, STATUS_SUCCESS);
    ustr_builder_utf8(&b, "abcde", USTR_NUL);
    assert_int_equal(b.st, STATUS_SUCCESS);
    ustr_builder_free(&b);
    ustr_builder_append(&b, u"ab", 2);
    ustr_builder_format(&b, "c%s", "\xff"); /* nothing of a failed format stays */
    assert_int_equal(b.st, STATUS_NO_UNICODE_TRANSLATION);
    check_text(ustr_builder_str(&b), "ab");
    assert_int_equal(b.len, 2);
    ustr_builder_free(&b);
    ustr_builder_append(&b, u"a\0b", 3);
    assert_int_equal(ustr_builder_take(&b, &s, NULL), STATUS_INVALID_PARAMETER);
    assert_null(s);
    size_t n;
    assert_int_equal(ustr_builder_take(&b, &s, &n), STATUS_SUCCESS);
    assert_int_equal(n, 3);
    free(s);
    ustr_builder_char(&b, 0xDFFF);
    assert_int_equal(b.st, STATUS_NO_UNICODE_TRANSLATION);
    ustr_builder_free(&b);
    ustr_builder_uint(&b, 1, 1);
    assert_int_equal(b.st, STATUS_INVALID_PARAMETER);
    ustr_builder_free(&b);
    ustr_builder_init(&b, SIZE_MAX); /* a limit that no memory holds must not wrap */
    ustr_builder_append(&b, u"a", 1);
    assert_int_equal(b.st, STATUS_SUCCESS);
    ustr_builder_free(&b);
}

static void builder_can_use_a_buffer(void **state)
{
    (void)state;
    char16_t buf[4] = { 9, 9, 9, 9 }, *s = NULL;
    struct ustr_builder b;
    ustr_builder_fixed(&b, buf, 3);
    check_text(buf, "");
    ustr_builder_utf8(&b, "ab", USTR_NUL);
    check_text(buf, "ab");
    ustr_builder_unit(&b, 'c');
    assert_int_equal(b.st, STATUS_BUFFER_TOO_SMALL);
    check_text(buf, "ab");
    assert_int_equal(buf[3], 9);
    ustr_builder_free(&b);
    check_text(buf, "");
    assert_int_equal(ustr_builder_take(&b, &s, NULL), STATUS_INVALID_PARAMETER);
    ustr_builder_fixed(&b, NULL, 0);
    ustr_builder_unit(&b, 'c');
    assert_int_equal(b.st, STATUS_BUFFER_TOO_SMALL);
    check_text(ustr_builder_str(&b), "");
    ustr_builder_free(&b);
}

static void check_uint(const char16_t *s, unsigned base, uint64_t max, enum nt_status st, uint64_t want)
{
    uint64_t v = 4711;
    assert_int_equal(ustr_parse_uint(s, USTR_NUL, base, max, &v), st);
    assert_true(v == (st == STATUS_SUCCESS ? want : 4711));
}

static void check_int(const char16_t *s, int64_t min, int64_t max, enum nt_status st, int64_t want)
{
    int64_t v = 4711;
    assert_int_equal(ustr_parse_int(s, USTR_NUL, 0, min, max, &v), st);
    assert_true(v == (st == STATUS_SUCCESS ? want : 4711));
}

static void numbers_parse_whole_or_not_at_all(void **state)
{
    (void)state;
    check_uint(u"0", 10, UINT64_MAX, STATUS_SUCCESS, 0);
    check_uint(u"18446744073709551615", 10, UINT64_MAX, STATUS_SUCCESS, UINT64_MAX);
    check_uint(u"18446744073709551616", 10, UINT64_MAX, STATUS_INTEGER_OVERFLOW, 0);
    check_uint(u"99999999999999999999999999", 10, UINT64_MAX, STATUS_INTEGER_OVERFLOW, 0);
    check_uint(u"99999999999999999999999999x", 10, UINT64_MAX, STATUS_INVALID_PARAMETER, 0);
    check_uint(u"256", 10, 255, STATUS_INTEGER_OVERFLOW, 0);
    check_uint(u"0000255", 10, 255, STATUS_SUCCESS, 255);
    check_uint(u"0xfF", 0, 255, STATUS_SUCCESS, 255);
    check_uint(u"0XFF", 0, 255, STATUS_SUCCESS, 255);
    check_uint(u"0x", 0, 255, STATUS_INVALID_PARAMETER, 0);
    check_uint(u"0xff", 16, 255, STATUS_INVALID_PARAMETER, 0);
    check_uint(u"ff", 16, 255, STATUS_SUCCESS, 255);
    check_uint(u"010", 0, 255, STATUS_SUCCESS, 10);
    check_uint(u"zZ", 36, 99999, STATUS_SUCCESS, 35 * 36 + 35);
    check_uint(u"102", 2, 99, STATUS_INVALID_PARAMETER, 0);
    check_uint(u"101", 2, 99, STATUS_SUCCESS, 5);
    check_uint(u"1", 1, 99, STATUS_INVALID_PARAMETER, 0);
    check_uint(u"1", 37, 99, STATUS_INVALID_PARAMETER, 0);
    static const char16_t *const wrong[] = { u"",   u" 1", u"1 ",     u"-1",     u"+1",
                                             u"1a", u":",  u"\uFF11", u"\u0661", u"\u0131" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        check_uint(wrong[i], 10, 99, STATUS_INVALID_PARAMETER, 0);
    check_int(u"-9223372036854775808", INT64_MIN, INT64_MAX, STATUS_SUCCESS, INT64_MIN);
    check_int(u"-9223372036854775809", INT64_MIN, INT64_MAX, STATUS_INTEGER_OVERFLOW, 0);
    check_int(u"9223372036854775807", INT64_MIN, INT64_MAX, STATUS_SUCCESS, INT64_MAX);
    check_int(u"9223372036854775808", INT64_MIN, INT64_MAX, STATUS_INTEGER_OVERFLOW, 0);
    check_int(u"-0x10", -16, 0, STATUS_SUCCESS, -16);
    check_int(u"-17", -16, 0, STATUS_INTEGER_OVERFLOW, 0);
    check_int(u"+1", -16, 0, STATUS_INTEGER_OVERFLOW, 0);
    check_int(u"-0", -16, 0, STATUS_SUCCESS, 0);
    check_int(u"+7", 0, 9, STATUS_SUCCESS, 7);
    check_int(u"--7", -9, 9, STATUS_INVALID_PARAMETER, 0);
    check_int(u"-", -9, 9, STATUS_INVALID_PARAMETER, 0);
    check_int(u"", -9, 9, STATUS_INVALID_PARAMETER, 0);
    uint64_t v;
    assert_int_equal(ustr_parse_uint(u"123", 2, 10, 99, &v), STATUS_SUCCESS);
    assert_int_equal(v, 12);
    assert_int_equal(ustr_parse_uint(NULL, 0, 10, 99, &v), STATUS_INVALID_PARAMETER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_print_as_snprintf),
        cmocka_unit_test(strings_print_as_snprintf),
        cmocka_unit_test(format_knows_utf16),
        cmocka_unit_test(format_refuses_what_it_cannot_do),
        cmocka_unit_test(builder_grows_and_hands_over),
        cmocka_unit_test(builder_keeps_its_ceiling_and_first_error),
        cmocka_unit_test(builder_can_use_a_buffer),
        cmocka_unit_test(numbers_parse_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
