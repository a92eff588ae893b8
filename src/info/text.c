// SPDX-License-Identifier: Apache-2.0
/* Words of JSON: strings with their escapes, times, floating numbers. */
#include "info/m_info.h"

#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void info_puts(struct wr *w, const char *s)
{
    wr_bytes(w, s, strlen(s));
}

void info_printf(struct wr *w, const char *fmt, ...)
{
    char buf[256]; /* callers write numbers and short names */
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(buf, sizeof(buf), fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof(buf))
        wr_fail(w, STATUS_INTERNAL_ERROR);
    else
        wr_bytes(w, buf, (size_t)n);
}

/* ---- strings ---- */

/* Characters that would change how a line looks: controls, line separators, marks of writing direction. */
static bool harmful(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069) || (c >= 0x200e && c <= 0x200f) || c == 0x061c || c == 0xfeff;
}

static void put_escape(struct wr *w, uint32_t c)
{
    const char *short_form = c == '\n'   ? "\\n"
                             : c == '\r' ? "\\r"
                             : c == '\t' ? "\\t"
                             : c == '"'  ? "\\\""
                             : c == '\\' ? "\\\\"
                                         : NULL;
    if (short_form)
        info_puts(w, short_form);
    else
        info_printf(w, "\\u%04x", (unsigned)c);
}

static void put_char(struct wr *w, uint32_t c)
{
    uint8_t b[4];
    if (c == '"' || c == '\\' || harmful(c) || (c >= 0xd800 && c < 0xe000)) {
        put_escape(w, c);
    } else if (c < 0x80) {
        wr_u8(w, (uint8_t)c);
    } else if (c < 0x800) {
        b[0] = (uint8_t)(0xc0 | c >> 6);
        b[1] = (uint8_t)(0x80 | (c & 0x3f));
        wr_bytes(w, b, 2);
    } else if (c < 0x10000) {
        b[0] = (uint8_t)(0xe0 | c >> 12);
        b[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        b[2] = (uint8_t)(0x80 | (c & 0x3f));
        wr_bytes(w, b, 3);
    } else {
        b[0] = (uint8_t)(0xf0 | c >> 18);
        b[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
        b[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        b[3] = (uint8_t)(0x80 | (c & 0x3f));
        wr_bytes(w, b, 4);
    }
}

void info_put_utf16(struct wr *w, const char16_t *s, size_t len)
{
    wr_u8(w, '"');
    for (size_t i = 0; i < len && w->st == STATUS_SUCCESS; i++) {
        uint32_t c = s[i];
        if (c >= 0xd800 && c < 0xdc00 && i + 1 < len && s[i + 1] >= 0xdc00 && s[i + 1] < 0xe000)
            c = 0x10000 + ((c - 0xd800) << 10) + (s[++i] - 0xdc00U);
        put_char(w, c);
    }
    wr_u8(w, '"');
}

/* Length of the well-formed UTF-8 sequence at s, 0 if there is none. */
static size_t utf8_at(const uint8_t *s, size_t len, uint32_t *ret)
{
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
    if (n == 0 || n > len)
        return 0;
    uint32_t c = n == 1 ? s[0] : s[0] & (0xffU >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3f);
    }
    if ((n == 3 && c < 0x800) || (n == 4 && c < 0x10000) || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0;
    *ret = c;
    return n;
}

void info_put_bytes(struct wr *w, const char *s, size_t len)
{
    const uint8_t *p = (const uint8_t *)s;
    uint32_t c = 0;
    wr_u8(w, '"');
    for (size_t i = 0, n; i < len && w->st == STATUS_SUCCESS; i += n ? n : 1) {
        n = utf8_at(p + i, len - i, &c);
        put_char(w, n ? c : 0xdc00U + p[i]);
    }
    wr_u8(w, '"');
}

void info_put_hex(struct wr *w, const uint8_t *p, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t *to = len <= SIZE_MAX / 2 - 2 ? wr_room(w, 2 * len + 2) : NULL;
    if (!to) {
        wr_fail(w, STATUS_BUFFER_TOO_SMALL);
        return;
    }
    *to++ = '"';
    for (size_t i = 0; i < len; i++) {
        *to++ = (uint8_t)digits[p[i] >> 4];
        *to++ = (uint8_t)digits[p[i] & 15];
    }
    *to = '"';
}

/* ---- time ---- */

#define TICKS_PER_DAY (UINT64_C(86400) * NT_TIME_PER_SECOND)
/* Days from 0000-03-01, where leap days come last in their years, to 1601-01-01. */
#define DAYS_BEFORE_1601 584694
#define DAYS_400_YEARS   146097
#define TIME_AFTER_9999  (UINT64_C(3067671) * TICKS_PER_DAY) /* 10000-01-01 */

static void date_of(uint64_t days, unsigned *ret_year, unsigned *ret_month, unsigned *ret_day)
{
    unsigned z = (unsigned)days + DAYS_BEFORE_1601, era = z / DAYS_400_YEARS, d = z % DAYS_400_YEARS;
    unsigned y = (d - d / 1460 + d / 36524 - d / 146096) / 365, in_year = d - (365 * y + y / 4 - y / 100);
    unsigned m = (5 * in_year + 2) / 153; /* 0 is March */
    *ret_day = in_year - (153 * m + 2) / 5 + 1;
    *ret_month = m < 10 ? m + 3 : m - 9;
    *ret_year = y + 400 * era + (*ret_month <= 2);
}

static uint64_t days_of(unsigned year, unsigned month, unsigned day)
{
    unsigned y = year - (month <= 2), era = y / 400, in_era = y % 400;
    unsigned in_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return (uint64_t)era * DAYS_400_YEARS + in_era * 365 + in_era / 4 - in_era / 100 + in_year -
           DAYS_BEFORE_1601;
}

void info_put_time(struct wr *w, uint64_t t)
{
    unsigned year, month, day, left = (unsigned)(t % NT_TIME_PER_SECOND);
    if (t == NT_TIME_NEVER) {
        info_puts(w, "\"never\"");
        return;
    }
    if (t >= TIME_AFTER_9999) {
        info_printf(w, "\"%llu\"", (unsigned long long)t);
        return;
    }
    unsigned seconds = (unsigned)(t % TICKS_PER_DAY / NT_TIME_PER_SECOND);
    date_of(t / TICKS_PER_DAY, &year, &month, &day);
    info_printf(w, "\"%04u-%02u-%02uT%02u:%02u:%02u", year, month, day, seconds / 3600, seconds / 60 % 60,
                seconds % 60);
    if (left) {
        int digits = 7;
        for (; left % 10 == 0; left /= 10)
            digits--;
        info_printf(w, ".%0*u", digits, left);
    }
    info_puts(w, "Z\"");
}

static bool digits(const char **s, unsigned n, unsigned *ret)
{
    *ret = 0;
    for (; n; n--, ++*s) {
        if (**s < '0' || **s > '9')
            return false;
        *ret = *ret * 10 + (unsigned)(**s - '0');
    }
    return true;
}

static bool literal(const char **s, char c)
{
    return **s == c && ++*s;
}

static bool parse_date(const char **s, uint64_t *ret_days)
{
    static const uint8_t lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    unsigned y, m, d;
    if (!digits(s, 4, &y) || !literal(s, '-') || !digits(s, 2, &m) || !literal(s, '-') || !digits(s, 2, &d))
        return false;
    bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    if (y < 1601 || m < 1 || m > 12 || d < 1 || d > lengths[m - 1] + (unsigned)(leap && m == 2))
        return false;
    *ret_days = days_of(y, m, d);
    return true;
}

bool info_parse_time(const char *s, size_t len, uint64_t *ret)
{
    unsigned h, m, sec, part = 0;
    uint64_t days;
    if (len == 5 && memcmp(s, "never", 5) == 0) {
        *ret = NT_TIME_NEVER;
        return true;
    }
    if (strlen(s) != len || !parse_date(&s, &days) || !literal(&s, 'T') || !digits(&s, 2, &h) ||
        !literal(&s, ':') || !digits(&s, 2, &m) || !literal(&s, ':') || !digits(&s, 2, &sec) || h > 23 ||
        m > 59 || sec > 59)
        return false;
    if (literal(&s, '.')) {
        int n = 0;
        for (; *s >= '0' && *s <= '9' && n < 7; n++)
            part = part * 10 + (unsigned)(*s++ - '0');
        if (n == 0)
            return false;
        for (; n < 7; n++)
            part *= 10;
    }
    if (!literal(&s, 'Z') || *s)
        return false;
    *ret = days * TICKS_PER_DAY + (h * 3600 + m * 60 + sec) * NT_TIME_PER_SECOND + part;
    return true;
}

/* ---- floating numbers ---- */

/* Shortest of the two lengths that come back as they were; what the program's locale takes for a decimal
 * point becomes one. */
void info_put_double(struct wr *w, double v, bool single)
{
    char buf[64];
    if (isnan(v)) {
        uint64_t bits;
        memcpy(&bits, &v, sizeof(bits));
        info_printf(w, "\"nan(0x%016llx)\"", (unsigned long long)bits);
        return;
    }
    if (isinf(v)) {
        info_puts(w, v < 0 ? "\"-inf\"" : "\"inf\"");
        return;
    }
    int n = snprintf(buf, sizeof(buf), "%.*g", single ? 9 : 17, v);
    for (int i = 0; i < n; i++)
        if (!(buf[i] >= '0' && buf[i] <= '9') && buf[i] != '-' && buf[i] != '+' && buf[i] != 'e')
            buf[i] = '.';
    info_puts(w, buf);
}

bool info_parse_double(const char *s, double *ret)
{
    char *end;
    if (strcmp(s, "inf") == 0 || strcmp(s, "-inf") == 0) {
        *ret = *s == '-' ? -(double)INFINITY : (double)INFINITY;
        return true;
    }
    locale_t c = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (!c)
        return false;
    *ret = strtod_l(s, &end, c);
    freelocale(c);
    return end > s && *end == 0;
}

bool info_parse_nan(const char *s, uint64_t *ret_bits)
{
    unsigned long long v;
    char end = 0;
    if (strncmp(s, "nan(0x", 6) != 0 || sscanf(s + 6, "%16llx%c", &v, &end) != 2 || end != ')')
        return false;
    *ret_bits = v;
    return true;
}

/* ---- the result ---- */

enum nt_status info_take(struct wr *w, struct nt_arena *mem, const char **ret)
{
    enum nt_status st = w->st;
    char *s = st == STATUS_SUCCESS ? nt_arena_raw(mem, w->len + 1, 1) : NULL;
    if (st == STATUS_SUCCESS && !s)
        st = STATUS_NO_MEMORY;
    if (s) {
        if (w->len)
            memcpy(s, w->base, w->len);
        s[w->len] = 0;
        *ret = s;
    }
    wr_free_secret(w);
    return st;
}
