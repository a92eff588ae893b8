// SPDX-License-Identifier: Apache-2.0
/* Numbers in UTF-16, both ways. */
#include "unistr/m_unistr.h"

size_t u_digits(uint64_t v, unsigned base, bool capitals, char16_t to[U_DIGITS_MAX])
{
    static const char small[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    static const char big[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *set = capitals ? big : small;
    size_t n = 0;
    do {
        to[U_DIGITS_MAX - ++n] = (char16_t)set[v % base];
        v /= base;
    } while (v);
    return n;
}

static unsigned value_of(char16_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 10U;
    if (c >= 'A' && c <= 'Z')
        return c - 'A' + 10U;
    return 99; /* no digit of any base */
}

enum nt_status ustr_parse_uint(const char16_t *s, size_t len, unsigned base, uint64_t max, uint64_t *ret)
{
    len = u_length(s, len);
    if (base == 1 || base > 36)
        return STATUS_INVALID_PARAMETER;
    if (!base) {
        base = 10;
        if (len > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
            base = 16, s += 2, len -= 2;
    }
    if (!len)
        return STATUS_INVALID_PARAMETER;
    uint64_t v = 0;
    bool over = false; /* told last: a string that is no number at all is that first */
    for (size_t i = 0; i < len; i++) {
        unsigned d = value_of(s[i]);
        if (d >= base)
            return STATUS_INVALID_PARAMETER;
        over = over || __builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, d, &v) || v > max;
    }
    if (over)
        return STATUS_INTEGER_OVERFLOW;
    *ret = v;
    return STATUS_SUCCESS;
}

enum nt_status ustr_parse_int(const char16_t *s, size_t len, unsigned base, int64_t min, int64_t max,
                              int64_t *ret)
{
    len = u_length(s, len);
    bool minus = len && s[0] == '-';
    if (len && (minus || s[0] == '+'))
        s++, len--;
    uint64_t v, top = minus ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
    enum nt_status st = ustr_parse_uint(s, len, base, top, &v);
    if (!nt_ok(st))
        return st;
    /* -v in two steps, for -INT64_MIN is no int64_t */
    int64_t n = minus ? (v ? -(int64_t)(v - 1) - 1 : 0) : (int64_t)v;
    if (n < min || n > max)
        return STATUS_INTEGER_OVERFLOW;
    *ret = n;
    return STATUS_SUCCESS;
}
