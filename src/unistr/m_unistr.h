// SPDX-License-Identifier: Apache-2.0
/* Shared by the files of this module only. */
#ifndef UNISTR_M_UNISTR_H
#define UNISTR_M_UNISTR_H

#include <string.h>
#include <msrpc/unistr.h>

static inline bool u_is_high(char32_t c)
{
    return (c & 0xFFFFFC00U) == 0xD800;
}

static inline bool u_is_low(char32_t c)
{
    return (c & 0xFFFFFC00U) == 0xDC00;
}

static inline bool u_is_surrogate(char32_t c)
{
    return (c & 0xFFFFF800U) == 0xD800;
}

static inline char32_t u_join(char16_t high, char16_t low)
{
    return 0x10000 + (((char32_t)high - 0xD800) << 10) + ((char32_t)low - 0xDC00);
}

static inline size_t u_length(const char16_t *s, size_t len)
{
    return len == USTR_NUL ? ustr_len(s) : len;
}

/* One character (or, in the _wtf manner, a lone surrogate) as UTF-16; gives the number of units. */
static inline size_t u_put16(char16_t to[2], char32_t c)
{
    if (c < 0x10000) {
        to[0] = (char16_t)c;
        return 1;
    }
    to[0] = (char16_t)(0xD7C0 + (c >> 10));
    to[1] = (char16_t)(0xDC00 | (c & 0x3FF));
    return 2;
}

#endif
