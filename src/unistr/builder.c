// SPDX-License-Identifier: Apache-2.0
/* Strings that grow, with a ceiling and a sticky error. */
#include <stdlib.h>
#include "unistr/m_unistr.h"

#define FIRST_CAP 32 /* units: most names fit, and it is one small malloc bin */

void u_builder_fail(struct ustr_builder *b, enum nt_status st)
{
    if (nt_ok(b->st))
        b->st = st;
}

void ustr_builder_init(struct ustr_builder *b, size_t limit)
{
    /* so that neither the doubling nor the size in bytes can wrap */
    size_t most = SIZE_MAX / sizeof(char16_t) / 2 - 1;
    if (!limit)
        limit = USTR_BUILDER_LIMIT;
    *b = (struct ustr_builder){ .limit = limit < most ? limit : most };
}

void ustr_builder_fixed(struct ustr_builder *b, char16_t *buf, size_t cap)
{
    *b = (struct ustr_builder){ .s = buf, .cap = cap, .limit = cap ? cap - 1 : 0, .fixed = true };
    if (cap)
        buf[0] = 0;
    else
        b->st = STATUS_BUFFER_TOO_SMALL;
}

char16_t *u_builder_room(struct ustr_builder *b, size_t n)
{
    if (!nt_ok(b->st))
        return NULL;
    if (n > b->limit - b->len) {
        b->st = STATUS_BUFFER_TOO_SMALL;
        return NULL;
    }
    size_t want = b->len + n + 1;
    if (want > b->cap) {
        size_t cap = b->cap ? b->cap * 2 : FIRST_CAP;
        if (cap < want)
            cap = want;
        if (cap > b->limit + 1)
            cap = b->limit + 1;
        char16_t *s = realloc(b->s, cap * sizeof *s);
        if (!s) {
            b->st = STATUS_NO_MEMORY;
            return NULL;
        }
        b->s = s, b->cap = cap;
    }
    b->s[b->len + n] = 0;
    return b->s + b->len;
}

void ustr_builder_append(struct ustr_builder *b, const char16_t *s, size_t len)
{
    len = u_length(s, len);
    char16_t *to = u_builder_room(b, len);
    if (!to || !len)
        return;
    memcpy(to, s, len * sizeof *to);
    b->len += len;
}

void u_builder_fill(struct ustr_builder *b, char16_t c, size_t n)
{
    char16_t *to = u_builder_room(b, n);
    if (!to)
        return;
    for (size_t i = 0; i < n; i++)
        to[i] = c;
    b->len += n;
}

void ustr_builder_unit(struct ustr_builder *b, char16_t c)
{
    u_builder_fill(b, c, 1);
}

void ustr_builder_char(struct ustr_builder *b, char32_t c)
{
    if (c > 0x10FFFF || u_is_surrogate(c)) {
        u_builder_fail(b, STATUS_NO_UNICODE_TRANSLATION);
        return;
    }
    char16_t u[2];
    ustr_builder_append(b, u, u_put16(u, c));
}

void ustr_builder_utf8(struct ustr_builder *b, const char *s, size_t len)
{
    len = len == USTR_NUL ? strlen(s) : len;
    size_t n;
    enum nt_status st = ustr_utf16_size(s, len, NULL, &n);
    char16_t *to = nt_ok(st) ? u_builder_room(b, n) : NULL;
    if (to)
        st = ustr_from_utf8_buf(s, len, to, n + 1, &n);
    if (!nt_ok(st))
        u_builder_fail(b, st);
    else if (to)
        b->len += n;
}

void ustr_builder_utf8_lossy(struct ustr_builder *b, const char *s, size_t len)
{
    len = len == USTR_NUL ? strlen(s) : len;
    size_t n = ustr_utf16_size_lossy(s, len);
    char16_t *to = u_builder_room(b, n);
    if (!to)
        return;
    enum nt_status st = ustr_from_utf8_lossy_buf(s, len, to, n + 1, &n);
    if (nt_ok(st))
        b->len += n;
    else
        u_builder_fail(b, st);
}

void ustr_builder_uint(struct ustr_builder *b, uint64_t v, unsigned base)
{
    if (base < 2 || base > 36) {
        u_builder_fail(b, STATUS_INVALID_PARAMETER);
        return;
    }
    char16_t d[U_DIGITS_MAX];
    size_t n = u_digits(v, base, false, d);
    ustr_builder_append(b, d + U_DIGITS_MAX - n, n);
}

void ustr_builder_int(struct ustr_builder *b, int64_t v)
{
    char16_t d[U_DIGITS_MAX];
    size_t n = u_digits(v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 10, false, d);
    if (v < 0)
        d[U_DIGITS_MAX - ++n] = '-';
    ustr_builder_append(b, d + U_DIGITS_MAX - n, n);
}

const char16_t *ustr_builder_str(const struct ustr_builder *b)
{
    return b->s && b->cap ? b->s : u"";
}

enum nt_status ustr_builder_take(struct ustr_builder *b, char16_t **ret, size_t *ret_len)
{
    if (!nt_ok(b->st))
        return b->st;
    if (b->fixed || (!ret_len && b->s && ustr_nlen(b->s, b->len) < b->len))
        return STATUS_INVALID_PARAMETER;
    if (!b->s) {
        b->s = malloc(sizeof *b->s);
        if (!b->s)
            return STATUS_NO_MEMORY; /* not sticky: nothing is lost, and taking may be tried again */
        b->s[0] = 0;
    }
    *ret = b->s;
    if (ret_len)
        *ret_len = b->len;
    ustr_builder_init(b, b->limit);
    return STATUS_SUCCESS;
}

void ustr_builder_free(struct ustr_builder *b)
{
    if (!b)
        return;
    if (b->fixed) {
        ustr_builder_fixed(b, b->s, b->cap);
        return;
    }
    free(b->s);
    ustr_builder_init(b, b->limit);
}
