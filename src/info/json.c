// SPDX-License-Identifier: Apache-2.0
/*
 * JSON text (RFC 8259) as a tree. Stricter than most readers: a member that is given twice is an error, and
 * so is text that is not UTF-8. Only a lone surrogate, by its escape, is let through, for UTF-16 has them.
 */
#include "info/m_info.h"

#include <stdlib.h>

/* Members of an object: each name is compared with those before it. Real structures have under 100. */
#define MAX_MEMBERS 1000

struct parser {
    const char *start, *s, *end;
    unsigned depth;
    struct nt_arena *mem;
    struct nt_error *err;
};

void info_json_where(const char *text, const char *at, unsigned *ret_line, unsigned *ret_col)
{
    unsigned line = 1, col = 1;
    for (const char *s = text; s < at; s++) {
        col += ((uint8_t)*s & 0xc0) != 0x80;
        if (*s == '\n') {
            line++;
            col = 1;
        }
    }
    *ret_line = line;
    *ret_col = col;
}

static enum nt_status bad(struct parser *p, const char *what)
{
    unsigned line, col;
    info_json_where(p->start, p->s, &line, &col);
    return nt_error_set(p->err, STATUS_INVALID_PARAMETER, "%u:%u: %s", line, col, what);
}

static void skip_space(struct parser *p)
{
    while (p->s < p->end && (*p->s == ' ' || *p->s == '\t' || *p->s == '\r' || *p->s == '\n'))
        p->s++;
}

/* ---- strings ---- */

static bool hex4(const char *s, const char *end, uint32_t *ret)
{
    *ret = 0;
    if (end - s < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        unsigned c = (unsigned char)s[i], lower = c | 0x20;
        if (c >= '0' && c <= '9')
            *ret = *ret << 4 | (c - '0');
        else if (lower >= 'a' && lower <= 'f')
            *ret = *ret << 4 | (lower - 'a' + 10);
        else
            return false;
    }
    return true;
}

static char *put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
        *to++ = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *to++ = (char)(0xe0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    } else {
        *to++ = (char)(0xf0 | c >> 18);
        *to++ = (char)(0x80 | (c >> 12 & 0x3f));
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    }
    return to;
}

/* After the backslash; p->s moves behind the escape. */
static enum nt_status escape(struct parser *p, char **to)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    uint32_t c, low;
    char e = p->s < p->end ? *p->s : 0;
    const char *name = e ? strchr(names, e) : NULL;
    if (name) {
        p->s++;
        *(*to)++ = values[name - names];
        return STATUS_SUCCESS;
    }
    if (e != 'u' || !hex4(p->s + 1, p->end, &c))
        return bad(p, "this is no escape");
    p->s += 5;
    if (c >= 0xd800 && c < 0xdc00 && p->end - p->s >= 6 && p->s[0] == '\\' && p->s[1] == 'u' &&
        hex4(p->s + 2, p->end, &low) && low >= 0xdc00 && low < 0xe000) {
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        p->s += 6;
    }
    *to = put_utf8(*to, c);
    return STATUS_SUCCESS;
}

/* The end of the string that begins at s, behind its quote; NULL: none. */
static const char *string_end(const char *s, const char *end)
{
    for (; s < end && *s != '"'; s++)
        if (*s == '\\')
            s++;
    return s < end ? s : NULL;
}

static enum nt_status parse_string(struct parser *p, const char **ret, size_t *ret_len)
{
    const char *end = string_end(p->s + 1, p->end);
    size_t where;
    size_t units;
    if (!end)
        return bad(p, "this string has no end");
    p->s++;
    if (ustr_utf16_size(p->s, (size_t)(end - p->s), &where, &units) != STATUS_SUCCESS) {
        p->s += where;
        return bad(p, "this is not UTF-8");
    }
    char *buf = nt_arena_raw(p->mem, (size_t)(end - p->s) + 1, 1), *to = buf;
    if (!buf)
        return STATUS_NO_MEMORY;
    while (p->s < end) {
        char c = *p->s;
        if ((uint8_t)c < 0x20)
            return bad(p, "a control character has to be written as an escape");
        p->s++;
        if (c != '\\') {
            *to++ = c;
            continue;
        }
        enum nt_status st = escape(p, &to);
        if (st != STATUS_SUCCESS)
            return st;
    }
    *to = 0;
    p->s = end + 1;
    *ret = buf;
    *ret_len = (size_t)(to - buf);
    return STATUS_SUCCESS;
}

/* ---- numbers and words ---- */

static size_t run_of_digits(const char *s, const char *end)
{
    size_t n = 0;
    while (s + n < end && s[n] >= '0' && s[n] <= '9')
        n++;
    return n;
}

static enum nt_status parse_number(struct parser *p, struct json *j)
{
    const char *s = p->s + (*p->s == '-');
    size_t n = run_of_digits(s, p->end);
    bool ok = n > 0 && (n == 1 || *s != '0');
    s += n;
    if (ok && s < p->end && *s == '.') {
        n = run_of_digits(s + 1, p->end);
        ok = n > 0;
        s += n + 1;
    }
    if (ok && s < p->end && (*s == 'e' || *s == 'E')) {
        s += 1 + (s + 1 < p->end && (s[1] == '-' || s[1] == '+'));
        n = run_of_digits(s, p->end);
        ok = n > 0;
        s += n;
    }
    if (!ok)
        return bad(p, "this is no number");
    j->type = JSON_NUMBER;
    j->len = (size_t)(s - p->s);
    char *text = nt_arena_raw(p->mem, j->len + 1, 1);
    if (!text)
        return STATUS_NO_MEMORY;
    memcpy(text, p->s, j->len);
    text[j->len] = 0;
    j->text = text;
    p->s = s;
    return STATUS_SUCCESS;
}

static bool word(struct parser *p, const char *w)
{
    size_t len = strlen(w);
    if ((size_t)(p->end - p->s) < len || memcmp(p->s, w, len) != 0)
        return false;
    p->s += len;
    return true;
}

/* ---- values ---- */

static enum nt_status parse_value(struct parser *p, struct json **ret);

struct json *info_json_member(const struct json *object, const char *key)
{
    for (struct json *m = object->first; m; m = m->next)
        if (strcmp(m->key, key) == 0)
            return m;
    return NULL;
}

static enum nt_status parse_key(struct parser *p, const struct json *object, const char **ret)
{
    size_t len;
    const char *key;
    if (p->s >= p->end || *p->s != '"')
        return bad(p, "a name in quotes is expected");
    const char *at = p->s;
    enum nt_status st = parse_string(p, &key, &len);
    if (st != STATUS_SUCCESS)
        return st;
    if (strlen(key) != len || info_json_member(object, key)) {
        p->s = at;
        return bad(p, strlen(key) != len ? "a name does not hold U+0000" : "this member is given twice");
    }
    skip_space(p);
    if (p->s >= p->end || *p->s != ':')
        return bad(p, "':' is expected");
    p->s++;
    *ret = key;
    return STATUS_SUCCESS;
}

/* The members of an array or an object, from behind the bracket. */
static enum nt_status parse_members(struct parser *p, struct json *j, char close)
{
    struct json **end = &j->first;
    p->s++;
    skip_space(p);
    if (p->s < p->end && *p->s == close) {
        p->s++;
        return STATUS_SUCCESS;
    }
    for (;;) {
        const char *key = NULL;
        enum nt_status st;
        skip_space(p);
        if (j->type == JSON_OBJECT && (st = parse_key(p, j, &key)) != STATUS_SUCCESS)
            return st;
        if (j->type == JSON_OBJECT && j->len == MAX_MEMBERS)
            return bad(p, "no structure has so many members");
        if ((st = parse_value(p, end)) != STATUS_SUCCESS)
            return st;
        (*end)->key = key;
        end = &(*end)->next;
        j->len++;
        skip_space(p);
        char c = p->s < p->end ? *p->s : 0;
        if (c != ',' && c != close)
            return bad(p, close == '}' ? "',' or '}' is expected" : "',' or ']' is expected");
        p->s++;
        if (c == close)
            return STATUS_SUCCESS;
    }
}

static enum nt_status parse_value(struct parser *p, struct json **ret)
{
    skip_space(p);
    struct json *j = nt_arena_obj(p->mem, struct json);
    if (!j)
        return STATUS_NO_MEMORY;
    enum nt_status st = STATUS_SUCCESS;
    char c = p->s < p->end ? *p->s : 0;
    j->at = p->s;
    if (c == '{' || c == '[') {
        j->type = c == '{' ? JSON_OBJECT : JSON_ARRAY;
        if (++p->depth > INFO_MAX_DEPTH)
            return bad(p, "this is nested too deeply");
        st = parse_members(p, j, c == '{' ? '}' : ']');
        p->depth--;
    } else if (c == '"') {
        j->type = JSON_STRING;
        st = parse_string(p, &j->text, &j->len);
    } else if (c == '-' || (c >= '0' && c <= '9')) {
        st = parse_number(p, j);
    } else if (word(p, "null")) {
        j->type = JSON_NULL;
    } else if (word(p, "true")) {
        j->type = JSON_TRUE;
    } else if (word(p, "false")) {
        j->type = JSON_FALSE;
    } else {
        st = bad(p, p->s < p->end ? "a value is expected" : "the text ends too early");
    }
    if (st == STATUS_SUCCESS)
        *ret = j;
    return st;
}

enum nt_status info_json_parse(const char *s, size_t len, struct nt_arena *mem, struct json **ret,
                               struct nt_error *err)
{
    struct parser p = { s, s, s + len, 0, mem, err };
    struct json *j;
    if (len > INFO_MAX_TEXT)
        return nt_error_set(err, STATUS_INVALID_PARAMETER, "the text is too long");
    enum nt_status st = parse_value(&p, &j);
    if (st != STATUS_SUCCESS)
        return st;
    skip_space(&p);
    if (p.s != p.end)
        return bad(&p, "the value is over here, but the text goes on");
    *ret = j;
    return STATUS_SUCCESS;
}

/* ---- and back ---- */

/* A string as it was read: in it a lone surrogate has three bytes, which UTF-8 does not allow. */
static void format_string(struct wr *w, const char *s, size_t len)
{
    char16_t *units;
    size_t n;
    if (ustr_from_utf8_wtf(s, len, &units, &n) != STATUS_SUCCESS) {
        wr_fail(w, STATUS_NO_MEMORY);
        return;
    }
    info_put_utf16(w, units, n);
    nt_wipe(units, n * sizeof(*units));
    free(units);
}

void info_json_format(struct wr *w, const struct json *j)
{
    bool object = j->type == JSON_OBJECT;
    switch (j->type) {
    case JSON_NULL:
        info_puts(w, "null");
        break;
    case JSON_TRUE:
        info_puts(w, "true");
        break;
    case JSON_FALSE:
        info_puts(w, "false");
        break;
    case JSON_NUMBER:
        wr_bytes(w, j->text, j->len);
        break;
    case JSON_STRING:
        format_string(w, j->text, j->len);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        wr_u8(w, object ? '{' : '[');
        for (const struct json *m = j->first; m && w->st == STATUS_SUCCESS; m = m->next) {
            if (m != j->first)
                wr_u8(w, ',');
            if (object) {
                format_string(w, m->key, strlen(m->key));
                wr_u8(w, ':');
            }
            info_json_format(w, m);
        }
        wr_u8(w, object ? '}' : ']');
        break;
    }
}
