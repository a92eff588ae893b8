// SPDX-License-Identifier: Apache-2.0
/* The case mapping of NT over every code unit, the orders and the hash that stand on it. */
#include <stdlib.h>
#include <string.h>
#include <msrpc/unistr.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* Rows of the table that [MS-UCODEREF] 3.1.5.3 refers to ("Windows 8 Upper Case Mapping Table"), one or more
 * from each stretch of it. */
static const char16_t mapped[][2] = {
    { 'a', 'A' },       { 'z', 'Z' },       { 0x00E0, 0x00C0 }, { 0x00FE, 0x00DE }, { 0x00FF, 0x0178 },
    { 0x0101, 0x0100 }, { 0x0133, 0x0132 }, { 0x017E, 0x017D }, { 0x0180, 0x0243 }, { 0x0195, 0x01F6 },
    { 0x019A, 0x023D }, { 0x019E, 0x0220 }, { 0x01BF, 0x01F7 }, { 0x01C6, 0x01C4 }, { 0x01C9, 0x01C7 },
    { 0x01CC, 0x01CA }, { 0x01DD, 0x018E }, { 0x01F3, 0x01F1 }, { 0x023C, 0x023B }, { 0x0250, 0x2C6F },
    { 0x0251, 0x2C6D }, { 0x026B, 0x2C62 }, { 0x0271, 0x2C6E }, { 0x027D, 0x2C64 }, { 0x0280, 0x01A6 },
    { 0x0292, 0x01B7 }, { 0x0371, 0x0370 }, { 0x0377, 0x0376 }, { 0x037B, 0x03FD }, { 0x03AC, 0x0386 },
    { 0x03B1, 0x0391 }, { 0x03C1, 0x03A1 }, { 0x03C3, 0x03A3 }, { 0x03CE, 0x038F }, { 0x03D7, 0x03CF },
    { 0x03EF, 0x03EE }, { 0x03F2, 0x03F9 }, { 0x03FB, 0x03FA }, { 0x0430, 0x0410 }, { 0x0450, 0x0400 },
    { 0x045F, 0x040F }, { 0x0481, 0x0480 }, { 0x04CF, 0x04C0 }, { 0x0523, 0x0522 }, { 0x0561, 0x0531 },
    { 0x0586, 0x0556 }, { 0x1D79, 0xA77D }, { 0x1D7D, 0x2C63 }, { 0x1E95, 0x1E94 }, { 0x1EA1, 0x1EA0 },
    { 0x1EFF, 0x1EFE }, { 0x1F00, 0x1F08 }, { 0x1F51, 0x1F59 }, { 0x1F70, 0x1FBA }, { 0x1F7D, 0x1FFB },
    { 0x1F80, 0x1F88 }, { 0x1FA7, 0x1FAF }, { 0x1FB3, 0x1FBC }, { 0x1FC3, 0x1FCC }, { 0x1FE5, 0x1FEC },
    { 0x1FF3, 0x1FFC }, { 0x214E, 0x2132 }, { 0x2170, 0x2160 }, { 0x2184, 0x2183 }, { 0x24E9, 0x24CF },
    { 0x2C30, 0x2C00 }, { 0x2C5E, 0x2C2E }, { 0x2C65, 0x023A }, { 0x2C66, 0x023E }, { 0x2C73, 0x2C72 },
    { 0x2C76, 0x2C75 }, { 0x2CE3, 0x2CE2 }, { 0x2D00, 0x10A0 }, { 0x2D25, 0x10C5 }, { 0xA641, 0xA640 },
    { 0xA66D, 0xA66C }, { 0xA697, 0xA696 }, { 0xA72F, 0xA72E }, { 0xA733, 0xA732 }, { 0xA787, 0xA786 },
    { 0xA78C, 0xA78B }, { 0xFF41, 0xFF21 }, { 0xFF5A, 0xFF3A },
};

/* Units for which Unicode knows a capital and that table has no row. */
static const char16_t unmapped[] = {
    0x00B5, 0x00DF, 0x0131, 0x0149, 0x017F, 0x01C5, 0x01C8, 0x01CB, 0x01F0, 0x01F2, 0x023F,
    0x0252, 0x0265, 0x0345, 0x0390, 0x03B0, 0x03C2, 0x03D0, 0x03D1, 0x03D5, 0x03D6, 0x03F0,
    0x03F1, 0x03F3, 0x03F5, 0x0525, 0x0527, 0x0587, 0x10D0, 0x13F8, 0x1C80, 0x1E96, 0x1E9B,
    0x1FB6, 0x1FBE, 0x2C5F, 0x2CEC, 0x2D27, 0xA661, 0xA699, 0xA791, 0xAB70, 0xFB00,
};

static void rows_of_the_published_table_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mapped / sizeof *mapped; i++) {
        assert_int_equal(ustr_upcase(mapped[i][0]), mapped[i][1]);
        assert_int_equal(ustr_downcase(mapped[i][1]), mapped[i][0]);
    }
    for (size_t i = 0; i < sizeof unmapped / sizeof *unmapped; i++)
        assert_int_equal(ustr_upcase(unmapped[i]), unmapped[i]);
    assert_int_equal(ustr_downcase(0x1E9E), 0x1E9E);
    assert_int_equal(ustr_downcase(0x0130), 0x0130);
    assert_int_equal(ustr_downcase(0x2126), 0x2126);
}

static void every_unit_maps_one_to_one(void **state)
{
    (void)state;
    unsigned pairs = 0;
    static uint8_t taken[0x10000];
    for (unsigned i = 0; i < 0x10000; i++) {
        char16_t c = (char16_t)i, u = ustr_upcase(c), d = ustr_downcase(c);
        assert_int_equal(ustr_upcase(u), u);
        assert_int_equal(ustr_downcase(d), d);
        assert_true(u == c || d == c);
        if (u != c) {
            assert_int_equal(ustr_downcase(u), c);
            assert_false(taken[u]);
            taken[u] = 1;
            pairs++;
        }
        if (d != c)
            assert_int_equal(ustr_upcase(d), c);
        if (i >= 0xD800 && i < 0xE000)
            assert_true(u == c && d == c);
    }
    assert_int_equal(pairs, 973);
    assert_int_equal(ustr_upcase(0), 0);
}

static void strings_compare_by_capitals(void **state)
{
    (void)state;
    assert_int_equal(ustr_casecmp(u"Administrator", u"ADMINISTRATOR"), 0);
    assert_int_equal(ustr_casecmp(u"\u00e9t\u00e9", u"\u00c9T\u00c9"), 0);
    assert_true(ustr_casecmp(u"stra\u00dfe", u"STRASSE") != 0);
    assert_true(ustr_casecmp(u"\u0131", u"I") != 0);
    assert_true(ustr_casecmp(u"a", u"B") < 0);
    assert_true(ustr_casecmp(u"A", u"b") < 0);
    assert_true(ustr_casecmp(u"_", u"a") > 0);
    assert_true(ustr_casecmp(u"abc", u"AB") > 0);
    assert_true(ustr_casecmp(u"", u"A") < 0);
    assert_true(ustr_casecmp(u"\U00010428", u"\U00010400") != 0); /* Deseret: outside the BMP, no case */
    assert_int_equal(ustr_ncasecmp(u"abcX", u"ABCY", 3), 0);
    assert_true(ustr_ncasecmp(u"abcX", u"ABCY", 4) < 0);
    assert_int_equal(ustr_ncasecmp(u"ab", u"AB", 99), 0);
    assert_int_equal(ustr_casecmp_len(u"a\0b", 3, u"A\0B", 3), 0);
    assert_true(ustr_casecmp_len(u"a\0b", 3, u"A", USTR_NUL) > 0);
    assert_true(ustr_casecmp_len(u"ab", 1, u"ab", 2) < 0);
    assert_int_equal(ustr_casecmp_len(NULL, 0, u"", USTR_NUL), 0);
    assert_true(ustr_cmp_len(u"a", 1, u"A", 1) > 0);
    assert_int_equal(ustr_cmp_len(u"a\0b", 3, u"a\0b", 3), 0);
    assert_true(ustr_cmp_len(u"a\0b", 3, u"a\0c", 3) < 0);
    assert_true(ustr_cmp_len(u"b", 1, u"ab", 2) > 0);
    char16_t s[] = u"\u00e9 z\u03c2!";
    ustr_upcase_string(s, USTR_NUL);
    assert_int_equal(ustr_cmp(s, u"\u00c9 Z\u03c2!"), 0);
    ustr_downcase_string(s, 3);
    assert_int_equal(ustr_cmp(s, u"\u00e9 z\u03c2!"), 0);
}

static void hash_agrees_with_equality(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 0x10000; i++) {
        char16_t a[2] = { 'x', (char16_t)i }, b[2] = { 'X', ustr_upcase((char16_t)i) };
        assert_int_equal(ustr_casecmp_len(a, 2, b, 2), 0);
        assert_int_equal(ustr_casehash(a, 2, i), ustr_casehash(b, 2, i));
    }
    assert_int_equal(ustr_casehash(u"Name", USTR_NUL, 1), ustr_casehash(u"nAME", 4, 1));
    assert_true(ustr_casehash(u"Name", USTR_NUL, 1) != ustr_casehash(u"Name", USTR_NUL, 2));
    assert_true(ustr_casehash(u"Name", USTR_NUL, 1) != ustr_casehash(u"Nam", USTR_NUL, 1));
    /* 1000 names over 128 buckets: all are used (expected load 7.8; the chance of an empty one is 5 in 100,
     * and the values are fixed) and none overflows */
    unsigned load[128] = { 0 };
    for (unsigned i = 0; i < 1000; i++) {
        char16_t name[16];
        assert_int_equal(ustr_format(name, 16, "HOST%04u", i), STATUS_SUCCESS);
        load[ustr_casehash(name, USTR_NUL, 0) % 128]++;
    }
    for (unsigned i = 0; i < 128; i++)
        assert_in_range(load[i], 1, 24);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_the_published_table_hold),
        cmocka_unit_test(every_unit_maps_one_to_one),
        cmocka_unit_test(strings_compare_by_capitals),
        cmocka_unit_test(hash_agrees_with_equality),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
