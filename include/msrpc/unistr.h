// SPDX-License-Identifier: Apache-2.0
/*
 * UTF-16 strings as NT has them: arrays of 16-bit code units, in host byte order while in memory, that are
 * not promised to be well formed. libunistr needs libc only, keeps no state and looks at no locale.
 *
 * Lengths, positions and capacities of UTF-16 are in code units, those of UTF-8 and of wire data in bytes.
 * Wherever a function takes (pointer, length), the length USTR_NUL means "up to the terminator", and the
 * pointer may be NULL if the length is 0. Results of conversions are always terminated; the terminator is in
 * no returned length.
 */
#ifndef MSRPC_UNISTR_H
#define MSRPC_UNISTR_H

#include <stdarg.h>
#include <msrpc/status.h>

NT_BEGIN_DECLS

/* As a length: the string ends at its terminator. */
#define USTR_NUL SIZE_MAX
/* What the lossy conversions put in place of what cannot be converted. */
#define USTR_REPLACEMENT 0xFFFD

/* ---- terminated strings ---- */

NT_PUBLIC size_t ustr_len(const char16_t *s);
/* Length, or max if there is no terminator in the first max units (nothing behind them is read). */
NT_PUBLIC size_t ustr_nlen(const char16_t *s, size_t max);
/* First and last place of c, or NULL; the terminator counts as part of the string, as in strchr(). */
NT_PUBLIC char16_t *ustr_chr(const char16_t *s, char16_t c);
NT_PUBLIC char16_t *ustr_rchr(const char16_t *s, char16_t c);
/* First place of the whole string what, or NULL; an empty one is found at the start. */
NT_PUBLIC char16_t *ustr_str(const char16_t *s, const char16_t *what);
/* Order by code unit, as NT's ordinal comparison has it ([MS-UCODEREF] 3.1.5.5): <0, 0, >0. That is not the
 * order by code point: U+FFFF sorts behind U+10000. ustr_ncmp looks at no more than n units of each. */
NT_PUBLIC int ustr_cmp(const char16_t *a, const char16_t *b);
NT_PUBLIC int ustr_ncmp(const char16_t *a, const char16_t *b, size_t n);
/* Copy from malloc() that the caller frees; NULL without memory. ustr_ndup copies at most n units. */
NT_PUBLIC char16_t *ustr_dup(const char16_t *s) NT_CHECKED;
NT_PUBLIC char16_t *ustr_ndup(const char16_t *s, size_t n) NT_CHECKED;
/* Copy s, or append it to the string in to. cap is the room at to with the terminator.
 * STATUS_BUFFER_TOO_SMALL when it does not fit, and then to is as it was: a shortened name is another name.
 * For ustr_append it is STATUS_INVALID_PARAMETER if to has no terminator in its cap units. */
NT_PUBLIC enum nt_status ustr_copy(char16_t *to, size_t cap, const char16_t *s) NT_CHECKED;
NT_PUBLIC enum nt_status ustr_append(char16_t *to, size_t cap, const char16_t *s) NT_CHECKED;

/* ---- UTF-8 ---- */
/*
 * Three manners:
 *   strict   ill-formed input is STATUS_NO_UNICODE_TRANSLATION: lone surrogates; in UTF-8 overlong forms,
 * surrogates, values above U+10FFFF, cut sequences (Unicode 3.9, table 3-7; RFC 3629) _lossy   each maximal
 * ill-formed subpart becomes U+FFFD (Unicode 3.9 and the WHATWG decoder); for display only, never for a name
 * that is then looked up _wtf     a lone surrogate becomes the three bytes that UTF-8 would have for it, so
 * that any UTF-16 comes back unchanged (WTF-8); for keys and logs. Backwards it refuses what this never
 * writes, a surrogate pair in two such triples among it A NULL ret_len says that only the terminated form is
 * wanted. A U+0000 inside is then STATUS_INVALID_PARAMETER, in the lossy manner U+FFFD. With ret_len it is a
 * character like others.
 *
 * The plain forms allocate with malloc(), the caller frees *ret: STATUS_NO_MEMORY. The _buf forms write at
 * most cap units or bytes, the terminator among them: STATUS_BUFFER_TOO_SMALL, and buf is as it was. Input
 * and output may not overlap.
 */

/* Number of code units that the UTF-8 s becomes, and number of bytes that the UTF-16 s becomes, without
 * terminator. On STATUS_NO_UNICODE_TRANSLATION *bad, unless bad is NULL, is where the first ill-formed
 * sequence begins. */
NT_PUBLIC enum nt_status ustr_utf16_size(const char *s, size_t len, size_t *bad,
                                         size_t *ret_units) NT_CHECKED;
NT_PUBLIC enum nt_status ustr_utf8_size(const char16_t *s, size_t len, size_t *bad,
                                        size_t *ret_bytes) NT_CHECKED;
/* The same for the lossy manner, when ret_len is given; ustr_utf8_size_lossy holds for _wtf too. */
NT_PUBLIC size_t ustr_utf16_size_lossy(const char *s, size_t len);
NT_PUBLIC size_t ustr_utf8_size_lossy(const char16_t *s, size_t len);

NT_PUBLIC enum nt_status ustr_from_utf8(const char *s, size_t len, char16_t **ret,
                                        size_t *ret_len) NT_CHECKED;
NT_PUBLIC enum nt_status ustr_from_utf8_lossy(const char *s, size_t len, char16_t **ret,
                                              size_t *ret_len) NT_CHECKED;
NT_PUBLIC enum nt_status ustr_from_utf8_wtf(const char *s, size_t len, char16_t **ret,
                                            size_t *ret_len) NT_CHECKED;
NT_PUBLIC enum nt_status ustr_from_utf8_buf(const char *s, size_t len, char16_t *buf, size_t cap,
                                            size_t *ret_len) NT_CHECKED;
NT_PUBLIC enum nt_status ustr_from_utf8_lossy_buf(const char *s, size_t len, char16_t *buf, size_t cap,
                                                  size_t *ret_len) NT_CHECKED;
NT_PUBLIC enum nt_status ustr_from_utf8_wtf_buf(const char *s, size_t len, char16_t *buf, size_t cap,
                                                size_t *ret_len) NT_CHECKED;

NT_PUBLIC enum nt_status ustr_to_utf8(const char16_t *s, size_t len, char **ret, size_t *ret_len) NT_CHECKED;
NT_PUBLIC enum nt_status ustr_to_utf8_lossy(const char16_t *s, size_t len, char **ret,
                                            size_t *ret_len) NT_CHECKED;
NT_PUBLIC enum nt_status ustr_to_utf8_wtf(const char16_t *s, size_t len, char **ret,
                                          size_t *ret_len) NT_CHECKED;
NT_PUBLIC enum nt_status ustr_to_utf8_buf(const char16_t *s, size_t len, char *buf, size_t cap,
                                          size_t *ret_len) NT_CHECKED;
NT_PUBLIC enum nt_status ustr_to_utf8_lossy_buf(const char16_t *s, size_t len, char *buf, size_t cap,
                                                size_t *ret_len) NT_CHECKED;
NT_PUBLIC enum nt_status ustr_to_utf8_wtf_buf(const char16_t *s, size_t len, char *buf, size_t cap,
                                              size_t *ret_len) NT_CHECKED;

/* ---- wire bytes ---- */
/*
 * UTF-16 in a given byte order; size is in bytes and the address may be odd. Code units pass as they are,
 * surrogates and U+0000 too: what is well formed is for the conversions to say. An odd size is
 * STATUS_INVALID_PARAMETER. The from_ forms terminate their result; with a NULL ret_len they refuse a U+0000
 * inside (STATUS_INVALID_PARAMETER). The to_ forms write no terminator. Allocation, buffers and errors as
 * above.
 */
NT_PUBLIC enum nt_status ustr_from_le(const void *wire, size_t size, char16_t **ret,
                                      size_t *ret_len) NT_CHECKED;
NT_PUBLIC enum nt_status ustr_from_be(const void *wire, size_t size, char16_t **ret,
                                      size_t *ret_len) NT_CHECKED;
NT_PUBLIC enum nt_status ustr_from_le_buf(const void *wire, size_t size, char16_t *buf, size_t cap,
                                          size_t *ret_len) NT_CHECKED;
NT_PUBLIC enum nt_status ustr_from_be_buf(const void *wire, size_t size, char16_t *buf, size_t cap,
                                          size_t *ret_len) NT_CHECKED;
NT_PUBLIC enum nt_status ustr_to_le(const char16_t *s, size_t len, uint8_t **ret,
                                    size_t *ret_size) NT_CHECKED;
NT_PUBLIC enum nt_status ustr_to_be(const char16_t *s, size_t len, uint8_t **ret,
                                    size_t *ret_size) NT_CHECKED;
NT_PUBLIC enum nt_status ustr_to_le_buf(const char16_t *s, size_t len, uint8_t *buf, size_t cap,
                                        size_t *ret_size) NT_CHECKED;
NT_PUBLIC enum nt_status ustr_to_be_buf(const char16_t *s, size_t len, uint8_t *buf, size_t cap,
                                        size_t *ret_size) NT_CHECKED;

/* ---- case, as NT sees it ---- */
/*
 * One unit to one unit by a fixed table ([MS-UCODEREF] 3.1.5.3): no locale, no special casing, nothing
 * outside the BMP. Letters that share their capital with another (U+0131, U+017F, U+03C2, ...) have no
 * capital here, nor has U+00DF. This is what NT's RtlUpcaseUnicodeChar and ordinal comparison do since
 * Windows 7; names that are equal here are one name to NT. ustr_downcase is the exact inverse; a unit without
 * partner maps to itself in both.
 */
NT_PUBLIC char16_t ustr_upcase(char16_t c);
NT_PUBLIC char16_t ustr_downcase(char16_t c);
/* In place, len units or up to the terminator. */
NT_PUBLIC void ustr_upcase_string(char16_t *s, size_t len);
NT_PUBLIC void ustr_downcase_string(char16_t *s, size_t len);
/* Order of the upcased units ([MS-UCODEREF] 3.1.5.5), so '_' sorts behind all letters; <0, 0, >0. */
NT_PUBLIC int ustr_casecmp(const char16_t *a, const char16_t *b);
NT_PUBLIC int ustr_ncasecmp(const char16_t *a, const char16_t *b, size_t n);
/* Both orders for counted strings, U+0000 being a unit like others; a shorter one sorts before its extension.
 */
NT_PUBLIC int ustr_cmp_len(const char16_t *a, size_t a_len, const char16_t *b, size_t b_len);
NT_PUBLIC int ustr_casecmp_len(const char16_t *a, size_t a_len, const char16_t *b, size_t b_len);
/* Equal for strings that ustr_casecmp_len calls equal. For tables in memory only: another release may give
 * another value. A table filled with a peer's names takes a random seed, so that the peer cannot aim at one
 * bucket. */
NT_PUBLIC uint32_t ustr_casehash(const char16_t *s, size_t len, uint32_t seed);

/* ---- numbers ---- */
/*
 * The whole string is the number: digits of the base (2 to 36, either case); base 0 is decimal, or
 * hexadecimal behind "0x"; ustr_parse_int takes one sign before. STATUS_INVALID_PARAMETER for anything else,
 * blanks and nothing at all among it; STATUS_INTEGER_OVERFLOW for a number outside the limits given.
 */
NT_PUBLIC enum nt_status ustr_parse_uint(const char16_t *s, size_t len, unsigned base, uint64_t max,
                                         uint64_t *ret) NT_CHECKED;
NT_PUBLIC enum nt_status ustr_parse_int(const char16_t *s, size_t len, unsigned base, int64_t min,
                                        int64_t max, int64_t *ret) NT_CHECKED;

/* ---- builder ---- */
/*
 * A string that grows. The first failure sticks in st, later calls do nothing, and what failed left no part
 * behind: append freely, then look at st (or at what ustr_builder_take says) once. What is appended may not
 * be the builder's own memory. Members are for reading.
 */
struct ustr_builder {
    char16_t *s; /* terminated, but NULL as long as nothing was appended: see ustr_builder_str */
    size_t len;
    size_t cap;   /* units at s, with the terminator */
    size_t limit; /* ceiling of len */
    bool fixed;   /* s is the caller's */
    enum nt_status st;
};

/* Ceiling of a builder that asks for none, in units: enough for any list a tool prints, small enough that a
 * loop fed by a peer ends. */
#define USTR_BUILDER_LIMIT (16U << 20)

/* limit in units, without terminator; 0 is USTR_BUILDER_LIMIT. Allocates nothing yet. Beyond the limit the
 * status is STATUS_BUFFER_TOO_SMALL, without memory STATUS_NO_MEMORY. */
NT_PUBLIC void ustr_builder_init(struct ustr_builder *b, size_t limit);
/* The same over the caller's cap units, of which one is for the terminator. Never allocates. */
NT_PUBLIC void ustr_builder_fixed(struct ustr_builder *b, char16_t *buf, size_t cap);
NT_PUBLIC void ustr_builder_append(struct ustr_builder *b, const char16_t *s, size_t len);
/* A code unit, and a character: for a surrogate or above U+10FFFF STATUS_NO_UNICODE_TRANSLATION. */
NT_PUBLIC void ustr_builder_unit(struct ustr_builder *b, char16_t c);
NT_PUBLIC void ustr_builder_char(struct ustr_builder *b, char32_t c);
/* UTF-8 in the strict and in the lossy manner. */
NT_PUBLIC void ustr_builder_utf8(struct ustr_builder *b, const char *s, size_t len);
NT_PUBLIC void ustr_builder_utf8_lossy(struct ustr_builder *b, const char *s, size_t len);
/* Base 2 to 36, else STATUS_INVALID_PARAMETER; small letters. */
NT_PUBLIC void ustr_builder_uint(struct ustr_builder *b, uint64_t v, unsigned base);
NT_PUBLIC void ustr_builder_int(struct ustr_builder *b, int64_t v);
/* Formatted, see ustr_format. */
NT_PUBLIC void ustr_builder_format(struct ustr_builder *b, const char *fmt, ...);
NT_PUBLIC void ustr_builder_vformat(struct ustr_builder *b, const char *fmt, va_list ap);
NT_PUBLIC void ustr_builder_format16(struct ustr_builder *b, const char16_t *fmt, ...);
NT_PUBLIC void ustr_builder_vformat16(struct ustr_builder *b, const char16_t *fmt, va_list ap);
/* What is there, terminated; never NULL; valid until the next call on b. */
NT_PUBLIC const char16_t *ustr_builder_str(const struct ustr_builder *b);
/* Hand the string to the caller, who frees it with free(); b is then empty again, with the same limit.
 * Without ret_len a U+0000 inside is STATUS_INVALID_PARAMETER. On failure b is as it was. Not for a builder
 * made by ustr_builder_fixed (STATUS_INVALID_PARAMETER). */
NT_PUBLIC enum nt_status ustr_builder_take(struct ustr_builder *b, char16_t **ret,
                                           size_t *ret_len) NT_CHECKED;
/* Forget content and error; the caller's buffer of a fixed one is left alone. NULL is fine. */
NT_PUBLIC void ustr_builder_free(struct ustr_builder *b);

/* ---- formatted output ---- */
/*
 * Like snprintf() into UTF-16, without locale. fmt is UTF-8, or UTF-16 for the forms named 16; the
 * conversions are the same in both: %s %hs      UTF-8 string, strict %S %ls      UTF-16 string %c character,
 * an int %C %lc      code unit, an int %d %i %u %x %X %o  with hh h l ll j z t;  %p;  %% Flags - + space 0 #,
 * width and precision, both also as *. Widths count code units. The precision of a string is the number of
 * bytes or units that are read at most, for strings without terminator. A NULL string prints as (null).
 * Anything else, %n and floating point among it, is STATUS_INVALID_PARAMETER.
 */
/* Into cap units, terminated. STATUS_BUFFER_TOO_SMALL when it does not fit, STATUS_NO_UNICODE_TRANSLATION for
 * ill-formed UTF-8, STATUS_INVALID_PARAMETER also for a U+0000 in the result; buf is then empty, if cap is
 * not 0. */
NT_PUBLIC enum nt_status ustr_format(char16_t *buf, size_t cap, const char *fmt, ...) NT_CHECKED;
NT_PUBLIC enum nt_status ustr_vformat(char16_t *buf, size_t cap, const char *fmt, va_list ap) NT_CHECKED;
NT_PUBLIC enum nt_status ustr_format16(char16_t *buf, size_t cap, const char16_t *fmt, ...) NT_CHECKED;
NT_PUBLIC enum nt_status ustr_vformat16(char16_t *buf, size_t cap, const char16_t *fmt,
                                        va_list ap) NT_CHECKED;

NT_END_DECLS

#endif
