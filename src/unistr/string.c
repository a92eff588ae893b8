// SPDX-License-Identifier: Apache-2.0
/* Terminated strings: length, search, order, copies. */
#include <stdlib.h>
#include "unistr/m_unistr.h"

size_t ustr_len(const char16_t *s)
{
    size_t n = 0;
    while (s[n])
        n++;
    return n;
}

size_t ustr_nlen(const char16_t *s, size_t max)
{
    size_t n = 0;
    while (n < max && s[n])
        n++;
    return n;
}

char16_t *ustr_chr(const char16_t *s, char16_t c)
{
    for (;; s++) {
        if (*s == c)
            return (char16_t *)s;
        if (!*s)
            return NULL;
    }
}

char16_t *ustr_rchr(const char16_t *s, char16_t c)
{
    const char16_t *last = NULL;
    for (;; s++) {
        if (*s == c)
            last = s;
        if (!*s)
            return (char16_t *)last;
    }
}

char16_t *ustr_str(const char16_t *s, const char16_t *what)
{
    if (!*what)
        return (char16_t *)s;
    size_t n = ustr_len(what);
    /* Quadratic at worst, like NT's: names and paths are short, and a table would need memory. */
    while ((s = ustr_chr(s, *what))) {
        if (!ustr_ncmp(s, what, n))
            return (char16_t *)s;
        s++;
    }
    return NULL;
}

int ustr_cmp(const char16_t *a, const char16_t *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (int)*a - (int)*b;
}

int ustr_ncmp(const char16_t *a, const char16_t *b, size_t n)
{
    for (; n; n--, a++, b++)
        if (*a != *b || !*a)
            return (int)*a - (int)*b;
    return 0;
}

char16_t *ustr_dup(const char16_t *s)
{
    return ustr_ndup(s, USTR_NUL);
}

char16_t *ustr_ndup(const char16_t *s, size_t n)
{
    size_t len = ustr_nlen(s, n);
    char16_t *to = malloc((len + 1) * sizeof *to); /* len units are in memory, so this cannot wrap */
    if (!to)
        return NULL;
    memcpy(to, s, len * sizeof *to);
    to[len] = 0;
    return to;
}

enum nt_status ustr_copy(char16_t *to, size_t cap, const char16_t *s)
{
    size_t len = ustr_nlen(s, cap);
    if (len >= cap)
        return STATUS_BUFFER_TOO_SMALL;
    memmove(to, s, (len + 1) * sizeof *to);
    return STATUS_SUCCESS;
}

enum nt_status ustr_append(char16_t *to, size_t cap, const char16_t *s)
{
    size_t has = ustr_nlen(to, cap);
    if (has >= cap)
        return STATUS_INVALID_PARAMETER;
    return ustr_copy(to + has, cap - has, s);
}
