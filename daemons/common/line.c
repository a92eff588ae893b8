// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "line.h"

/* Kept free for the end: ,"truncated":true}\n */
#define TAIL 24u
/* 1601 to 1970 in units of 100 ns. */
#define EPOCH UINT64_C(116444736000000000)

/* Appends the whole or nothing. */
static bool put(struct line *l, const char *s, size_t n)
{
    if (n > sizeof l->buf - TAIL - l->len)
        return false;
    memcpy(l->buf + l->len, s, n);
    l->len += n;
    return true;
}

/* ---- UTF-8 ---- */

/* The character at s, of which n octets are there, n > 0; 0 with *ret_len 1 for what is none (RFC 3629: no
 * overlong forms, no surrogates). */
static uint32_t decode(const unsigned char *s, size_t n, size_t *ret_len)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    unsigned char c = s[0];
    size_t len = c < 0x80                ? 1
                 : c >= 0xc2 && c < 0xe0 ? 2
                 : (c & 0xf0) == 0xe0    ? 3
                 : c >= 0xf0 && c < 0xf5 ? 4
                                         : 0;
    *ret_len = 1;
    if (len == 0 || len > n)
        return 0;
    uint32_t ch = len == 1 ? c : c & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        ch = ch << 6 | (s[i] & 0x3fu);
    }
    if (ch < least[len] || ch > 0x10ffff || (ch >= 0xd800 && ch < 0xe000))
        return 0;
    *ret_len = len;
    return ch;
}

/* Controls, ends of lines by another name, and what turns the direction of writing: a terminal, or whoever
 * looks at it, is not to see another line than there is. */
static bool is_odd(uint32_t ch)
{
    return ch < 0x20 || (ch >= 0x7f && ch < 0xa0) || ch == 0x200e || ch == 0x200f || ch == 0x61c ||
           (ch >= 0x2028 && ch <= 0x202e) || (ch >= 0x2066 && ch <= 0x2069) || ch == 0xfeff ||
           (ch >= 0xfff9 && ch <= 0xfffb) || (ch >= 0xe0000 && ch <= 0xe007f);
}

/* One character of a value, as it stands in a JSON string. */
static bool put_char(struct line *l, const unsigned char *s, uint32_t ch, size_t len)
{
    char hex[16];
    if (ch == 0)
        return put(l, "\\ufffd", 6);
    if (ch == '"' || ch == '\\') {
        char two[] = { '\\', (char)ch };
        return put(l, two, 2);
    }
    if (!is_odd(ch))
        return put(l, (const char *)s, len);
    int n = ch < 0x10000
                ? snprintf(hex, sizeof hex, "\\u%04x", (unsigned)ch)
                : snprintf(hex, sizeof hex, "\\u%04x\\u%04x", 0xd800 + (unsigned)((ch - 0x10000) >> 10),
                           0xdc00 + (unsigned)(ch & 0x3ff));
    return put(l, hex, (size_t)n);
}

static bool put_quoted(struct line *l, const char *text, size_t n, bool more)
{
    const unsigned char *s = (const unsigned char *)text;
    bool ok = put(l, "\"", 1);
    for (size_t at = 0, len; ok && at < n; at += len) {
        uint32_t ch = decode(s + at, n - at, &len);
        if (more && ch == 0 && n - at < 4)
            break; /* a character that the limit cut through */
        ok = put_char(l, s + at, ch, len);
    }
    if (ok && more)
        ok = put(l, "...", 3);
    return ok && put(l, "\"", 1);
}

/* ---- fields ---- */

/* What a text line has without quotes: there a backslash is itself, so that DOMAIN\user can be read. */
static bool is_bare(const char *s, size_t n)
{
    if (n == 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = s[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              (c && strchr("._:/@$\\-+,[]#", c))))
            return false;
    }
    return true;
}

static bool put_key(struct line *l, const char *key)
{
    bool ok = l->json ? put(l, l->buf[l->len - 1] == '{' ? "\"" : ",\"", l->buf[l->len - 1] == '{' ? 1 : 2)
                      : put(l, " ", 1);
    ok = ok && put(l, key, strlen(key));
    return ok && put(l, l->json ? "\":" : "=", l->json ? 2 : 1);
}

/* A field is there as a whole or not at all. */
static void field(struct line *l, const char *key, const char *s, size_t n, bool quoted, bool more)
{
    size_t start = l->len;
    bool ok = put_key(l, key) && (quoted ? put_quoted(l, s, n, more) : put(l, s, n));
    if (!ok) {
        l->len = start;
        l->cut = true;
    }
}

void line_text(struct line *l, const char *key, const char *s)
{
    if (!s)
        return;
    size_t n = strnlen(s, LINE_VALUE_MAX + 1);
    bool more = n > LINE_VALUE_MAX;
    n = more ? LINE_VALUE_MAX : n;
    field(l, key, s, n, l->json || more || !is_bare(s, n), more);
}

void line_number(struct line *l, const char *key, uint64_t v)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%" PRIu64, v);
    field(l, key, text, (size_t)n, false, false);
}

void line_flag(struct line *l, const char *key, bool b)
{
    field(l, key, b ? "true" : "false", b ? 4 : 5, false, false);
}

void line_begin(struct line *l, bool json, const char *prefix, uint64_t wall, const char *event)
{
    char when[40];
    struct tm tm;
    uint64_t us = wall > EPOCH ? (wall - EPOCH) / 10 : 0;
    time_t sec = (time_t)(us / 1000000);
    l->len = 0;
    l->cut = false;
    l->json = json;
    gmtime_r(&sec, &tm);
    size_t n = strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(when + n, sizeof when - n, ".%06uZ", (unsigned)(us % 1000000));
    if (json) {
        (void)put(l, "{", 1);
        line_text(l, "time", when);
        line_text(l, "event", event);
        return;
    }
    if (prefix)
        (void)put(l, prefix, strlen(prefix));
    (void)put(l, when, strlen(when));
    (void)put(l, " ", 1);
    (void)put(l, event, strlen(event));
}

void line_end(struct line *l)
{
    const char *tail = l->json  ? (l->cut ? ",\"truncated\":true}\n" : "}\n")
                       : l->cut ? " truncated=true\n"
                                : "\n";
    size_t n = strlen(tail);
    memcpy(l->buf + l->len, tail, n); /* TAIL is kept for it */
    l->len += n;
}
