// SPDX-License-Identifier: Apache-2.0
/* UTF-8 to the UTF-16LE of tokens, and back: libunistr's conversions into a writer. */
#ifndef SEC_M_UTF_H
#define SEC_M_UTF_H

#include "base/cursor.h"

/* Appends the UTF-16LE form of s, in upper case if `upper`. The writer fails with
 * STATUS_NO_UNICODE_TRANSLATION if s is not UTF-8. What it needs in between is wiped: s may be a password. */
void utf_put16(struct wr *w, const char *s, bool upper);
/* Appends the UTF-8 form of n bytes of UTF-16LE; lone surrogates, and controls, become U+FFFD. */
void utf_put8(struct wr *w, const uint8_t *le, size_t n);
/* The same UTF-16LE text in upper case. */
void utf_upper16(struct wr *w, const uint8_t *le, size_t n);
bool utf_valid8(const char *s);

#endif
