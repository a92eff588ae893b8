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
/* Order by code unit, as NT's ordinal comparison has it ([MS-UCODEREF] 3.1.5.4): <0, 0, >0. That is not the
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

NT_END_DECLS

#endif
