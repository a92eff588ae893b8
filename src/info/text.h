// SPDX-License-Identifier: Apache-2.0
/* Words of JSON, for whoever writes it. */
#ifndef INFO_TEXT_H
#define INFO_TEXT_H

#include <msrpc/nt.h>
#include "base/cursor.h"

void info_puts(struct wr *w, const char *s);
void info_printf(struct wr *w, const char *fmt, ...) NT_PRINTF(2, 3);
/* With quotes. UTF-16: pairs become characters, lone surrogates and control characters escapes. Bytes: UTF-8
 * where they are, others as the lone surrogates U+DC80 .. U+DCFF. */
void info_put_utf16(struct wr *w, const char16_t *s, size_t len);
void info_put_bytes(struct wr *w, const char *s, size_t len);
void info_put_hex(struct wr *w, const uint8_t *p, size_t len);
/* "2026-11-28T13:19:02.1234567Z", without zeros at the end; "never"; a number where there is no such year. */
void info_put_time(struct wr *w, uint64_t t);
bool info_parse_time(const char *s, size_t len, uint64_t *ret);

#endif
