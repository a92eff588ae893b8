// SPDX-License-Identifier: Apache-2.0
/* JSON text (RFC 8259) as a tree, and back. */
#ifndef INFO_JSON_H
#define INFO_JSON_H

#include <msrpc/nt.h>
#include "base/cursor.h"

#pragma GCC visibility push(default) /* shared with our own programs, see the *_PRIVATE node */

enum json_type { JSON_NULL, JSON_TRUE, JSON_FALSE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };
struct json {
    struct json *next;
    const char *key; /* of an object's member */
    enum json_type type;
    const char *at; /* in the text */
    const char
        *text;  /* number as written; string in UTF-8, where a lone surrogate has three bytes; terminated */
    size_t len; /* of text; of an array or object: members */
    struct json *first;
};

/* STATUS_INVALID_PARAMETER with "LINE:COLUMN: what is wrong". All in mem. */
enum nt_status info_json_parse(const char *s, size_t len, struct nt_arena *mem, struct json **ret,
                               struct nt_error *err) NT_CHECKED;
/* Line and column, both from 1; columns are characters. */
void info_json_where(const char *text, const char *at, unsigned *ret_line, unsigned *ret_col);
struct json *info_json_member(const struct json *object, const char *key);
/* Writes a tree, without blanks. */
void info_json_format(struct wr *w, const struct json *j);

#pragma GCC visibility pop

#endif
