// SPDX-License-Identifier: Apache-2.0
/* Formatted output to UTF-16, without locale and without floating point. */
#include <limits.h>
#include "unistr/m_unistr.h"

/* The format in either width; what it says is ASCII, what it carries is copied. */
struct fmt {
    const char *s8;
    const char16_t *s16; /* if not NULL, this one */
    size_t pos;
};

enum size { SIZE_INT, SIZE_HH, SIZE_H, SIZE_L, SIZE_LL, SIZE_J, SIZE_Z, SIZE_T };

struct spec {
    bool left, plus, space, zero, alt;
    size_t width;
    bool has_precision;
    size_t precision;
    enum size size;
    char16_t conv;
};

/* A va_list as a member, for as a parameter of type array it could not be handed on by address. */
struct args {
    va_list ap;
};

static char16_t peek(const struct fmt *f)
{
    return f->s16 ? f->s16[f->pos] : (unsigned char)f->s8[f->pos];
}

static void literal(struct ustr_builder *b, struct fmt *f)
{
    size_t start = f->pos;
    while (peek(f) && peek(f) != '%')
        f->pos++;
    if (f->s16)
        ustr_builder_append(b, f->s16 + start, f->pos - start);
    else
        ustr_builder_utf8(b, f->s8 + start, f->pos - start);
}

/* Decimal number or *. A negative * gives false: for a width that means left adjustment, a precision is then
 * none. */
static bool number(struct ustr_builder *b, struct fmt *f, struct args *a, size_t *ret)
{
    if (peek(f) == '*') {
        f->pos++;
        int n = va_arg(a->ap, int);
        *ret = n < 0 ? 0 - (size_t)n : (size_t)n;
        return n >= 0;
    }
    size_t n = 0;
    for (; peek(f) >= '0' && peek(f) <= '9'; f->pos++) {
        n = n * 10 + (size_t)(peek(f) - '0');
        if (n > INT_MAX) {
            u_builder_fail(b, STATUS_INVALID_PARAMETER);
            n = 0;
        }
    }
    *ret = n;
    return true;
}

static void flags(struct fmt *f, struct spec *s)
{
    for (;; f->pos++)
        switch (peek(f)) {
        case '-':
            s->left = true;
            break;
        case '+':
            s->plus = true;
            break;
        case ' ':
            s->space = true;
            break;
        case '0':
            s->zero = true;
            break;
        case '#':
            s->alt = true;
            break;
        default:
            return;
        }
}

static enum size size_of(struct fmt *f)
{
    char16_t c = peek(f);
    switch (c) {
    case 'h':
    case 'l':
        f->pos++;
        if (peek(f) != c)
            return c == 'h' ? SIZE_H : SIZE_L;
        f->pos++;
        return c == 'h' ? SIZE_HH : SIZE_LL;
    case 'j':
        f->pos++;
        return SIZE_J;
    case 'z':
        f->pos++;
        return SIZE_Z;
    case 't':
        f->pos++;
        return SIZE_T;
    default:
        return SIZE_INT;
    }
}

static int64_t signed_arg(struct args *a, enum size size)
{
    switch (size) {
    case SIZE_HH:
        return (signed char)va_arg(a->ap, int);
    case SIZE_H:
        return (short)va_arg(a->ap, int);
    case SIZE_L:
        return va_arg(a->ap, long);
    case SIZE_LL:
        return va_arg(a->ap, long long);
    case SIZE_J:
        return va_arg(a->ap, intmax_t);
    case SIZE_Z:
    case SIZE_T: /* the signed partner of size_t is as wide as ptrdiff_t wherever Linux runs */
        return va_arg(a->ap, ptrdiff_t);
    case SIZE_INT:
        break;
    }
    return va_arg(a->ap, int);
}

static uint64_t unsigned_arg(struct args *a, enum size size)
{
    switch (size) {
    case SIZE_HH:
        return (unsigned char)va_arg(a->ap, unsigned);
    case SIZE_H:
        return (unsigned short)va_arg(a->ap, unsigned);
    case SIZE_L:
        return va_arg(a->ap, unsigned long);
    case SIZE_LL:
        return va_arg(a->ap, unsigned long long);
    case SIZE_J:
        return va_arg(a->ap, uintmax_t);
    case SIZE_Z:
    case SIZE_T:
        return va_arg(a->ap, size_t);
    case SIZE_INT:
        break;
    }
    return va_arg(a->ap, unsigned);
}

static void pad(struct ustr_builder *b, const struct spec *s, bool here, size_t used)
{
    if (here && s->width > used)
        u_builder_fill(b, ' ', s->width - used);
}

/* prefix: sign or 0x. */
static void integer(struct ustr_builder *b, const struct spec *s, uint64_t v, const char *prefix)
{
    char16_t d[U_DIGITS_MAX];
    unsigned base = s->conv == 'x' || s->conv == 'X' || s->conv == 'p' ? 16 : s->conv == 'o' ? 8 : 10;
    size_t n = u_digits(v, base, s->conv == 'X', d);
    if (!v && s->has_precision && !s->precision)
        n = 0;
    size_t zeros = s->has_precision && s->precision > n ? s->precision - n : 0;
    if (s->conv == 'o' && s->alt && !zeros && (!n || v))
        zeros = 1;
    size_t lead = strlen(prefix);
    if (s->zero && !s->left && !s->has_precision && s->width > lead + n + zeros)
        zeros = s->width - lead - n;
    pad(b, s, !s->left, lead + zeros + n);
    ustr_builder_utf8(b, prefix, lead);
    u_builder_fill(b, '0', zeros);
    ustr_builder_append(b, d + U_DIGITS_MAX - n, n);
    pad(b, s, s->left, lead + zeros + n);
}

static void string16(struct ustr_builder *b, const struct spec *s, const char16_t *p)
{
    if (!p)
        p = u"(null)";
    size_t n = s->has_precision ? ustr_nlen(p, s->precision) : ustr_len(p);
    pad(b, s, !s->left, n);
    ustr_builder_append(b, p, n);
    pad(b, s, s->left, n);
}

static void string8(struct ustr_builder *b, const struct spec *s, const char *p)
{
    if (!p)
        p = "(null)";
    size_t n = s->has_precision ? strnlen(p, s->precision) : strlen(p), units;
    enum nt_status st = ustr_utf16_size(p, n, NULL, &units);
    if (!nt_ok(st)) {
        u_builder_fail(b, st);
        return;
    }
    pad(b, s, !s->left, units);
    ustr_builder_utf8(b, p, n);
    pad(b, s, s->left, units);
}

/* %c takes a character, %lc and %C a code unit. */
static void character(struct ustr_builder *b, const struct spec *s, int c, bool unit)
{
    size_t n = !unit && c > 0xFFFF ? 2 : 1;
    if (unit && (c < 0 || c > 0xFFFF)) {
        u_builder_fail(b, STATUS_INVALID_PARAMETER);
        return;
    }
    pad(b, s, !s->left, n);
    if (unit)
        ustr_builder_unit(b, (char16_t)c);
    else
        ustr_builder_char(b, (char32_t)c);
    pad(b, s, s->left, n);
}

static void convert(struct ustr_builder *b, const struct spec *s, struct args *a)
{
    bool wide = s->size == SIZE_L;
    switch (s->conv) {
    case '%':
        ustr_builder_unit(b, '%');
        return;
    case 'd':
    case 'i': {
        int64_t v = signed_arg(a, s->size);
        integer(b, s, v < 0 ? 0 - (uint64_t)v : (uint64_t)v,
                v < 0      ? "-"
                : s->plus  ? "+"
                : s->space ? " "
                           : "");
        return;
    }
    case 'u':
    case 'o':
        integer(b, s, unsigned_arg(a, s->size), "");
        return;
    case 'x':
    case 'X': {
        uint64_t v = unsigned_arg(a, s->size);
        integer(b, s, v, !s->alt || !v ? "" : s->conv == 'x' ? "0x" : "0X");
        return;
    }
    case 'p':
        integer(b, s, (uintptr_t)va_arg(a->ap, void *), "0x");
        return;
    case 's':
    case 'S':
        if (s->conv == 'S' || wide)
            string16(b, s, va_arg(a->ap, const char16_t *));
        else
            string8(b, s, va_arg(a->ap, const char *));
        return;
    case 'c':
    case 'C':
        character(b, s, va_arg(a->ap, int), s->conv == 'C' || wide);
        return;
    default:
        u_builder_fail(b, STATUS_INVALID_PARAMETER);
    }
}

static void run(struct ustr_builder *b, struct fmt *f, struct args *a)
{
    /* An error ends the walk: behind a conversion that is not understood, the arguments cannot be told apart.
     */
    while (nt_ok(b->st) && peek(f)) {
        if (peek(f) != '%') {
            literal(b, f);
            continue;
        }
        f->pos++;
        struct spec s = { .size = SIZE_INT };
        flags(f, &s);
        if (!number(b, f, a, &s.width))
            s.left = true;
        if (peek(f) == '.') {
            f->pos++;
            s.has_precision = number(b, f, a, &s.precision);
        }
        s.size = size_of(f);
        s.conv = peek(f);
        if (s.conv)
            f->pos++;
        convert(b, &s, a);
    }
}

/* All or nothing: what a conversion in the middle failed at takes with it what stood before. */
static void format(struct ustr_builder *b, struct fmt f, va_list ap)
{
    size_t start = b->len;
    struct args a;
    if (!nt_ok(b->st))
        return;
    va_copy(a.ap, ap);
    run(b, &f, &a);
    va_end(a.ap);
    if (!nt_ok(b->st)) {
        b->len = start;
        if (b->s && b->cap)
            b->s[start] = 0;
    }
}

void ustr_builder_vformat(struct ustr_builder *b, const char *fmt, va_list ap)
{
    format(b, (struct fmt){ .s8 = fmt }, ap);
}

void ustr_builder_vformat16(struct ustr_builder *b, const char16_t *fmt, va_list ap)
{
    format(b, (struct fmt){ .s16 = fmt }, ap);
}

void ustr_builder_format(struct ustr_builder *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    ustr_builder_vformat(b, fmt, ap);
    va_end(ap);
}

void ustr_builder_format16(struct ustr_builder *b, const char16_t *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    ustr_builder_vformat16(b, fmt, ap);
    va_end(ap);
}

static enum nt_status format_fixed(char16_t *buf, size_t cap, struct fmt f, va_list ap)
{
    struct ustr_builder b;
    ustr_builder_fixed(&b, buf, cap);
    format(&b, f, ap);
    if (nt_ok(b.st) && ustr_nlen(buf, b.len) < b.len) {
        b.st = STATUS_INVALID_PARAMETER;
        buf[0] = 0;
    }
    return b.st;
}

enum nt_status ustr_vformat(char16_t *buf, size_t cap, const char *fmt, va_list ap)
{
    return format_fixed(buf, cap, (struct fmt){ .s8 = fmt }, ap);
}

enum nt_status ustr_vformat16(char16_t *buf, size_t cap, const char16_t *fmt, va_list ap)
{
    return format_fixed(buf, cap, (struct fmt){ .s16 = fmt }, ap);
}

enum nt_status ustr_format(char16_t *buf, size_t cap, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    enum nt_status st = ustr_vformat(buf, cap, fmt, ap);
    va_end(ap);
    return st;
}

enum nt_status ustr_format16(char16_t *buf, size_t cap, const char16_t *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    enum nt_status st = ustr_vformat16(buf, cap, fmt, ap);
    va_end(ap);
    return st;
}
