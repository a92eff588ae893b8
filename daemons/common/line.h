// SPDX-License-Identifier: Apache-2.0
/*
 * One line of a log, as text ("key=value ...") or as a JSON object, with the same fields in both. Whatever is
 * in a value, the line stays one line, valid UTF-8 without controls, and of bounded length.
 */
#ifndef COMMON_LINE_H
#define COMMON_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest line, newline included: all fields of a call with the longest usual names take a third of it.
 * What does not fit is left out, and the line says so. */
#define LINE_MAX_LEN 2048u
/* Octets of one value: names of accounts have at most 104 characters, those of pipes 256. A longer one is
 * cut, and ends in
 * "...". */
#define LINE_VALUE_MAX 160u

struct line {
    char buf[LINE_MAX_LEN];
    size_t len;
    bool json, cut;
};

/* wall: NT time. prefix (may be NULL) goes in front of a text line, as "<6>". */
void line_begin(struct line *l, bool json, const char *prefix, uint64_t wall, const char *event);
/* s: any octets up to a NUL. NULL: there is no such field. */
void line_text(struct line *l, const char *key, const char *s);
void line_number(struct line *l, const char *key, uint64_t n);
void line_flag(struct line *l, const char *key, bool b);
/* Ends it with a newline. */
void line_end(struct line *l);

#endif
