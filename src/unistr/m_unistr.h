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

/* case_table.c: index of the block of a unit, and what to add to the unit, modulo 2^16. */
#define U_CASE_BLOCK 64
extern const uint8_t u_up_index[0x10000 / U_CASE_BLOCK], u_down_index[0x10000 / U_CASE_BLOCK];
extern const uint16_t u_up_delta[], u_down_delta[];

#define U_DIGITS_MAX 64 /* of a 64-bit number in base 2 */
/* Digits of v at the end of to; gives their number, at least 1. */
size_t u_digits(uint64_t v, unsigned base, bool capitals, char16_t to[U_DIGITS_MAX]);
/* Room for n more units behind b->len, or the sticky error and NULL. The caller writes all n and moves
 * b->len. */
char16_t *u_builder_room(struct ustr_builder *b, size_t n);
/* n times c. */
void u_builder_fill(struct ustr_builder *b, char16_t c, size_t n);
void u_builder_fail(struct ustr_builder *b, enum nt_status st);

#endif
