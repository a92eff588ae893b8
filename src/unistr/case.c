// SPDX-License-Identifier: Apache-2.0
/* Case as NT has it, by the table in case_table.c ([MS-UCODEREF] 3.1.5.3 and 3.1.5.5). */
#include "unistr/m_unistr.h"

static inline char16_t up(char16_t c)
{
    if (c < 0x80)
        return (char16_t)(c >= 'a' && c <= 'z' ? c - 32 : c);
    return (char16_t)(c + u_up_delta[u_up_index[c / U_CASE_BLOCK] * U_CASE_BLOCK + c % U_CASE_BLOCK]);
}

static inline char16_t down(char16_t c)
{
    if (c < 0x80)
        return (char16_t)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return (char16_t)(c + u_down_delta[u_down_index[c / U_CASE_BLOCK] * U_CASE_BLOCK + c % U_CASE_BLOCK]);
}

char16_t ustr_upcase(char16_t c)
{
    return up(c);
}

char16_t ustr_downcase(char16_t c)
{
    return down(c);
}

void ustr_upcase_string(char16_t *s, size_t len)
{
    len = u_length(s, len);
    for (size_t i = 0; i < len; i++)
        s[i] = up(s[i]);
}

void ustr_downcase_string(char16_t *s, size_t len)
{
    len = u_length(s, len);
    for (size_t i = 0; i < len; i++)
        s[i] = down(s[i]);
}

int ustr_casecmp(const char16_t *a, const char16_t *b)
{
    return ustr_ncasecmp(a, b, SIZE_MAX);
}

int ustr_ncasecmp(const char16_t *a, const char16_t *b, size_t n)
{
    for (; n; n--, a++, b++) {
        int d = *a == *b ? 0 : up(*a) - up(*b);
        if (d || !*a) /* U+0000 is nobody's capital, so equal means that both end */
            return d;
    }
    return 0;
}

static int by_length(size_t a, size_t b)
{
    return a < b ? -1 : a > b;
}

int ustr_cmp_len(const char16_t *a, size_t a_len, const char16_t *b, size_t b_len)
{
    a_len = u_length(a, a_len), b_len = u_length(b, b_len);
    for (size_t i = 0; i < a_len && i < b_len; i++)
        if (a[i] != b[i])
            return (int)a[i] - (int)b[i];
    return by_length(a_len, b_len);
}

int ustr_casecmp_len(const char16_t *a, size_t a_len, const char16_t *b, size_t b_len)
{
    a_len = u_length(a, a_len), b_len = u_length(b, b_len);
    for (size_t i = 0; i < a_len && i < b_len; i++) {
        int d = a[i] == b[i] ? 0 : up(a[i]) - up(b[i]);
        if (d)
            return d;
    }
    return by_length(a_len, b_len);
}

/* FNV-1a over the bytes of the upcased units, then a finish that lets each bit of the state reach the low
 * ones, which are those a table uses. */
uint32_t ustr_casehash(const char16_t *s, size_t len, uint32_t seed)
{
    len = u_length(s, len);
    uint32_t h = 0x811C9DC5U ^ seed;
    for (size_t i = 0; i < len; i++) {
        uint32_t c = up(s[i]);
        h = (h ^ (c & 0xFF)) * 0x01000193U;
        h = (h ^ (c >> 8)) * 0x01000193U;
    }
    h = (h ^ seed ^ h >> 16) * 0x85EBCA6BU;
    h = (h ^ h >> 13) * 0xC2B2AE35U;
    return h ^ h >> 16;
}
