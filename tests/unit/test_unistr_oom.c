// SPDX-License-Identifier: Apache-2.0
/* Each allocation of libunistr failing in turn. The linker's --wrap puts these functions in the library's
 * way. */
#include <stdlib.h>
#include <string.h>
#include <msrpc/unistr.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

void *__real_malloc(size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_realloc(void *p, size_t n);

static unsigned fail_at, seen; /* fail_at 0: none */

static bool fails(void)
{
    return fail_at && ++seen == fail_at;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}

static char poison; /* an address that no function gives: what failed has not touched its output */

static enum nt_status dup(void)
{
    char16_t *s = ustr_dup(u"abc");
    free(s);
    return s ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

#define CONVERSION(name, type, call)                                                                         \
    static enum nt_status name(void)                                                                         \
    {                                                                                                        \
        type *ret = (type *)&poison;                                                                         \
        size_t n = 77;                                                                                       \
        enum nt_status st = call;                                                                            \
        if (nt_ok(st)) {                                                                                     \
            free(ret);                                                                                       \
        } else {                                                                                             \
            assert_ptr_equal(ret, &poison);                                                                  \
            assert_int_equal(n, 77);                                                                         \
        }                                                                                                    \
        return st;                                                                                           \
    }

CONVERSION(from8, char16_t, ustr_from_utf8("abc", USTR_NUL, (void *)&ret, &n))
CONVERSION(from8_lossy, char16_t, ustr_from_utf8_lossy("\xff", USTR_NUL, (void *)&ret, &n))
CONVERSION(from8_wtf, char16_t, ustr_from_utf8_wtf("\xed\xa0\x80", USTR_NUL, (void *)&ret, &n))
CONVERSION(to8, char, ustr_to_utf8(u"abc", USTR_NUL, &ret, &n))
CONVERSION(to8_lossy, char, ustr_to_utf8_lossy(u"abc", 1, &ret, &n))
CONVERSION(to8_wtf, char, ustr_to_utf8_wtf(u"abc", 0, &ret, &n))
CONVERSION(from_le, char16_t, ustr_from_le("abcd", 4, (void *)&ret, &n))
CONVERSION(from_be, char16_t, ustr_from_be("", 0, (void *)&ret, &n))
CONVERSION(to_le, uint8_t, ustr_to_le(u"abc", USTR_NUL, &ret, &n))
CONVERSION(to_be, uint8_t, ustr_to_be(u"", 0, &ret, &n))

static enum nt_status builder(void)
{
    struct ustr_builder b;
    ustr_builder_init(&b, 0);
    for (int i = 0; i < 40; i++)
        ustr_builder_format(&b, "%d:%s:%S ", i, "utf-8", u"utf-16");
    /* what failed left no part behind: the end is that of a whole round */
    assert_true(!b.len || b.s[b.len - 1] == ' ');
    assert_int_equal(ustr_len(ustr_builder_str(&b)), b.len);
    char16_t *s = NULL;
    enum nt_status st = ustr_builder_take(&b, &s, NULL);
    assert_true(nt_ok(st) == (s != NULL));
    free(s);
    ustr_builder_free(&b);
    return st;
}

static enum nt_status empty_builder(void)
{
    struct ustr_builder b;
    ustr_builder_init(&b, 0);
    char16_t *s = NULL;
    enum nt_status st = ustr_builder_take(&b, &s, NULL);
    assert_int_equal(b.st, STATUS_SUCCESS);
    free(s);
    ustr_builder_free(&b);
    return st;
}

static const struct {
    enum nt_status (*run)(void);
    unsigned allocations;
} cases[] = {
    { dup, 1 },       { from8, 1 },   { from8_lossy, 1 },   { from8_wtf, 1 }, { to8, 1 },
    { to8_lossy, 1 }, { to8_wtf, 1 }, { from_le, 1 },       { to_le, 1 },     { from_be, 1 },
    { to_be, 1 },     { builder, 6 }, { empty_builder, 1 },
};

static void each_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned n = 0;
        enum nt_status st;
        do {
            fail_at = ++n, seen = 0;
            st = cases[i].run();
            fail_at = 0;
            assert_int_equal(st, seen >= n ? STATUS_NO_MEMORY : STATUS_SUCCESS);
        } while (st != STATUS_SUCCESS);
        assert_int_equal(n - 1, cases[i].allocations);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_allocation_may_fail) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
