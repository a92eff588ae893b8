// SPDX-License-Identifier: Apache-2.0
/*
 * UTF-8 to UTF-16 and back (Unicode 3.9, RFC 3629, WTF-8). One walk for each direction counts when it has no
 * output and writes when it has; every public form is a count, a check of room, and a write, so nothing is
 * written that turns out to be ill formed or too long half way.
 */
#include <stdlib.h>
#include "unistr/m_unistr.h"

enum manner { STRICT, LOSSY, WTF };

struct how {
    enum manner manner;
    bool nul_ok; /* a U+0000 inside is a character; else refused, in the lossy manner replaced */
};

struct step {
    char32_t c;
    unsigned n; /* units read; of ill-formed input the length of the maximal subpart */
    bool bad;
};

/* ---- UTF-8 to UTF-16 ---- */

static struct step bad_step(unsigned n)
{
    return (struct step){ .c = USTR_REPLACEMENT, .n = n, .bad = true };
}

/* The limits of the second byte carry all of table 3-7 that the lead byte does not: no overlong forms (E0,
 * F0), no surrogates (ED), nothing above U+10FFFF (F4). */
static struct step next8(const uint8_t *p, size_t left, bool wtf)
{
    uint8_t b = p[0], lo = 0x80, hi = 0xBF;
    struct step s = { .c = b, .n = 1 };
    if (b < 0x80)
        return s;
    if (b >= 0xC2 && b <= 0xDF) {
        s.n = 2, s.c = b & 0x1F;
    } else if (b >= 0xE0 && b <= 0xEF) {
        s.n = 3, s.c = b & 0x0F;
        if (b == 0xE0)
            lo = 0xA0;
        else if (b == 0xED && !wtf)
            hi = 0x9F;
    } else if (b >= 0xF0 && b <= 0xF4) {
        s.n = 4, s.c = b & 0x07;
        if (b == 0xF0)
            lo = 0x90;
        else if (b == 0xF4)
            hi = 0x8F;
    } else {
        return bad_step(1);
    }
    for (unsigned i = 1; i < s.n; i++, lo = 0x80, hi = 0xBF) {
        if (i >= left || p[i] < lo || p[i] > hi)
            return bad_step(i);
        s.c = s.c << 6 | (p[i] & 0x3F);
    }
    return s;
}

/* Number of ASCII bytes at the start. */
static size_t ascii8(const uint8_t *p, size_t left, bool stop_at_nul)
{
    size_t n = 0;
    if (stop_at_nul) {
        while (n < left && p[n] - 1U < 0x7F)
            n++;
        return n;
    }
    for (uint64_t w; left - n >= sizeof w; n += sizeof w) {
        memcpy(&w, p + n, sizeof w);
        if (w & 0x8080808080808080U)
            break;
    }
    while (n < left && p[n] < 0x80)
        n++;
    return n;
}

static inline bool is_tail(uint8_t b)
{
    return (b & 0xC0) == 0x80;
}

/* The two and three byte forms that no rule of next8 touches, which is all text of most scripts: length, or
 * 0. */
static inline unsigned quick8(const uint8_t *p, size_t left, char32_t *ret)
{
    if (left < 3 || !is_tail(p[1]))
        return 0;
    if (p[0] >= 0xC2 && p[0] <= 0xDF) {
        *ret = (char32_t)((p[0] & 0x1F) << 6 | (p[1] & 0x3F));
        return 2;
    }
    if (p[0] == 0xF0 && left > 3 && p[1] >= 0x90 && is_tail(p[2]) && is_tail(p[3])) {
        *ret = (char32_t)((p[1] & 0x3F) << 12 | (p[2] & 0x3F) << 6 | (p[3] & 0x3F));
        return 4;
    }
    if (p[0] <= 0xE0 || p[0] >= 0xF0 || p[0] == 0xED || !is_tail(p[2]))
        return 0;
    *ret = (char32_t)((p[0] & 0x0F) << 12 | (p[1] & 0x3F) << 6 | (p[2] & 0x3F));
    return 3;
}

/* Inlined into one caller that counts (to is NULL) and one that writes: half of its work is in the
 * difference. */
static inline __attribute__((always_inline)) enum nt_status
walk8(const uint8_t *p, size_t len, struct how how, char16_t *to, size_t *bad, size_t *ret)
{
    size_t in = 0, out = 0;
    bool after_high = false; /* WTF: the character before was a high surrogate in three bytes */
    bool stop_at_nul = !how.nul_ok && how.manner == LOSSY;
    while (in < len) {
        size_t run = p[in] < 0x80 ? ascii8(p + in, len - in, stop_at_nul) : 0;
        if (run) {
            if (to)
                for (size_t i = 0; i < run; i++)
                    to[out + i] = p[in + i];
            in += run, out += run;
            after_high = false;
            continue;
        }
        struct step s = { .bad = false };
        s.n = quick8(p + in, len - in, &s.c);
        if (s.n) {
            if (to)
                u_put16(to + out, s.c);
            in += s.n, out += s.n < 4 ? 1 : 2;
            after_high = false;
            continue;
        }
        s = next8(p + in, len - in, how.manner == WTF);
        if (!s.c) /* only reached when it is to be replaced */
            s.c = USTR_REPLACEMENT;
        if ((s.bad && how.manner != LOSSY) || (after_high && u_is_low(s.c))) {
            if (bad)
                *bad = in;
            return STATUS_NO_UNICODE_TRANSLATION;
        }
        after_high = u_is_high(s.c);
        if (to)
            out += u_put16(to + out, s.c);
        else
            out += s.c < 0x10000 ? 1 : 2;
        in += s.n;
    }
    *ret = out;
    return STATUS_SUCCESS;
}

static enum nt_status measure8(const char *s, size_t len, struct how how, size_t *bad, size_t *ret)
{
    return walk8((const uint8_t *)s, len, how, NULL, bad, ret);
}

static enum nt_status write8(const char *s, size_t len, struct how how, char16_t *to, size_t *ret)
{
    return walk8((const uint8_t *)s, len, how, to, NULL, ret);
}

static size_t length8(const char *s, size_t len)
{
    return len == USTR_NUL ? strlen(s) : len;
}

/* Count, with the rule about U+0000. What is wrong first is what is told. */
static enum nt_status count8(const char *s, size_t len, struct how how, size_t *bad, size_t *ret)
{
    const char *nul = how.nul_ok || how.manner == LOSSY || !len ? NULL : memchr(s, 0, len);
    size_t units;
    enum nt_status st = measure8(s, nul ? (size_t)(nul - s) : len, how, bad, &units);
    if (!nt_ok(st))
        return st;
    if (nul)
        return STATUS_INVALID_PARAMETER;
    *ret = units;
    return STATUS_SUCCESS;
}

static enum nt_status from8_buf(const char *s, size_t len, enum manner manner, char16_t *buf, size_t cap,
                                size_t *ret_len)
{
    struct how how = { .manner = manner, .nul_ok = ret_len != NULL };
    len = length8(s, len);
    size_t units;
    enum nt_status st = count8(s, len, how, NULL, &units);
    if (!nt_ok(st))
        return st;
    if (units >= cap)
        return STATUS_BUFFER_TOO_SMALL;
    st = write8(s, len, how, buf, &units);
    if (!nt_ok(st))
        return st;
    buf[units] = 0;
    if (ret_len)
        *ret_len = units;
    return STATUS_SUCCESS;
}

static enum nt_status from8(const char *s, size_t len, enum manner manner, char16_t **ret, size_t *ret_len)
{
    struct how how = { .manner = manner, .nul_ok = ret_len != NULL };
    len = length8(s, len);
    size_t units;
    enum nt_status st = count8(s, len, how, NULL, &units);
    if (!nt_ok(st))
        return st;
    if (units >= SIZE_MAX / sizeof(char16_t))
        return STATUS_NO_MEMORY;
    char16_t *to = malloc((units + 1) * sizeof *to);
    if (!to)
        return STATUS_NO_MEMORY;
    st = write8(s, len, how, to, &units);
    if (!nt_ok(st)) {
        free(to);
        return st;
    }
    to[units] = 0;
    *ret = to;
    if (ret_len)
        *ret_len = units;
    return STATUS_SUCCESS;
}

enum nt_status ustr_utf16_size(const char *s, size_t len, size_t *bad, size_t *ret_units)
{
    return count8(s, length8(s, len), (struct how){ STRICT, true }, bad, ret_units);
}

size_t ustr_utf16_size_lossy(const char *s, size_t len)
{
    size_t units = 0;
    enum nt_status st = count8(s, length8(s, len), (struct how){ LOSSY, true }, NULL, &units);
    return nt_ok(st) ? units : 0; /* the lossy manner has no way to fail */
}

enum nt_status ustr_from_utf8(const char *s, size_t len, char16_t **ret, size_t *ret_len)
{
    return from8(s, len, STRICT, ret, ret_len);
}

enum nt_status ustr_from_utf8_lossy(const char *s, size_t len, char16_t **ret, size_t *ret_len)
{
    return from8(s, len, LOSSY, ret, ret_len);
}

enum nt_status ustr_from_utf8_wtf(const char *s, size_t len, char16_t **ret, size_t *ret_len)
{
    return from8(s, len, WTF, ret, ret_len);
}

enum nt_status ustr_from_utf8_buf(const char *s, size_t len, char16_t *buf, size_t cap, size_t *ret_len)
{
    return from8_buf(s, len, STRICT, buf, cap, ret_len);
}

enum nt_status ustr_from_utf8_lossy_buf(const char *s, size_t len, char16_t *buf, size_t cap, size_t *ret_len)
{
    return from8_buf(s, len, LOSSY, buf, cap, ret_len);
}

enum nt_status ustr_from_utf8_wtf_buf(const char *s, size_t len, char16_t *buf, size_t cap, size_t *ret_len)
{
    return from8_buf(s, len, WTF, buf, cap, ret_len);
}

/* ---- UTF-16 to UTF-8 ---- */

static struct step next16(const char16_t *p, size_t left)
{
    if (!u_is_surrogate(p[0]))
        return (struct step){ .c = p[0], .n = 1 };
    if (u_is_high(p[0]) && left > 1 && u_is_low(p[1]))
        return (struct step){ .c = u_join(p[0], p[1]), .n = 2 };
    return (struct step){ .c = p[0], .n = 1, .bad = true };
}

static size_t ascii16(const char16_t *p, size_t left, bool stop_at_nul)
{
    size_t n = 0;
    if (stop_at_nul) {
        while (n < left && p[n] - 1U < 0x7F)
            n++;
        return n;
    }
    for (uint64_t w; left - n >= sizeof w / sizeof *p; n += sizeof w / sizeof *p) {
        memcpy(&w, p + n, sizeof w);
        if (w & 0xFF80FF80FF80FF80U)
            break;
    }
    while (n < left && p[n] < 0x80)
        n++;
    return n;
}

/* A unit behind ASCII by itself, a lone surrogate in the _wtf manner too; gives the number of bytes. */
static inline size_t put_unit(uint8_t *to, char16_t c)
{
    if (c < 0x800) {
        if (to) {
            to[0] = (uint8_t)(0xC0 | c >> 6);
            to[1] = (uint8_t)(0x80 | (c & 0x3F));
        }
        return 2;
    }
    if (to) {
        to[0] = (uint8_t)(0xE0 | c >> 12);
        to[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
        to[2] = (uint8_t)(0x80 | (c & 0x3F));
    }
    return 3;
}

static inline size_t put_pair(uint8_t *to, char32_t c)
{
    if (to) {
        to[0] = (uint8_t)(0xF0 | c >> 18);
        to[1] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
        to[2] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
        to[3] = (uint8_t)(0x80 | (c & 0x3F));
    }
    return 4;
}

static inline __attribute__((always_inline)) enum nt_status
walk16(const char16_t *p, size_t len, struct how how, uint8_t *to, size_t *bad, size_t *ret)
{
    size_t in = 0, out = 0;
    bool stop_at_nul = !how.nul_ok && how.manner == LOSSY;
    while (in < len) {
        size_t run = p[in] < 0x80 ? ascii16(p + in, len - in, stop_at_nul) : 0;
        if (run) {
            if (to)
                for (size_t i = 0; i < run; i++)
                    to[out + i] = (uint8_t)p[in + i];
            in += run, out += run;
            continue;
        }
        if (p[in] >= 0x80 && !u_is_surrogate(p[in])) {
            out += put_unit(to ? to + out : NULL, p[in]);
            in++;
            continue;
        }
        struct step s = next16(p + in, len - in);
        if (s.n == 2) {
            out += put_pair(to ? to + out : NULL, s.c);
            in += 2;
            continue;
        }
        if (s.bad && how.manner == STRICT) {
            if (bad)
                *bad = in;
            return STATUS_NO_UNICODE_TRANSLATION;
        }
        if ((s.bad && how.manner == LOSSY) || !s.c)
            s.c = USTR_REPLACEMENT;
        out += put_unit(to ? to + out : NULL, (char16_t)s.c);
        in += s.n;
    }
    *ret = out;
    return STATUS_SUCCESS;
}

static enum nt_status measure16(const char16_t *s, size_t len, struct how how, size_t *bad, size_t *ret)
{
    return walk16(s, len, how, NULL, bad, ret);
}

static enum nt_status write16(const char16_t *s, size_t len, struct how how, char *to, size_t *ret)
{
    return walk16(s, len, how, (uint8_t *)to, NULL, ret);
}

static enum nt_status count16(const char16_t *s, size_t len, struct how how, size_t *bad, size_t *ret)
{
    size_t to_nul = how.nul_ok || how.manner == LOSSY ? len : ustr_nlen(s, len);
    if (len > SIZE_MAX / 4) /* three bytes a unit and a terminator must not wrap */
        return STATUS_NO_MEMORY;
    size_t bytes;
    enum nt_status st = measure16(s, to_nul, how, bad, &bytes);
    if (!nt_ok(st))
        return st;
    if (to_nul < len)
        return STATUS_INVALID_PARAMETER;
    *ret = bytes;
    return STATUS_SUCCESS;
}

static enum nt_status to8_buf(const char16_t *s, size_t len, enum manner manner, char *buf, size_t cap,
                              size_t *ret_len)
{
    struct how how = { .manner = manner, .nul_ok = ret_len != NULL };
    len = u_length(s, len);
    size_t bytes;
    enum nt_status st = count16(s, len, how, NULL, &bytes);
    if (!nt_ok(st))
        return st;
    if (bytes >= cap)
        return STATUS_BUFFER_TOO_SMALL;
    st = write16(s, len, how, buf, &bytes);
    if (!nt_ok(st))
        return st;
    buf[bytes] = 0;
    if (ret_len)
        *ret_len = bytes;
    return STATUS_SUCCESS;
}

static enum nt_status to8(const char16_t *s, size_t len, enum manner manner, char **ret, size_t *ret_len)
{
    struct how how = { .manner = manner, .nul_ok = ret_len != NULL };
    len = u_length(s, len);
    size_t bytes;
    enum nt_status st = count16(s, len, how, NULL, &bytes);
    if (!nt_ok(st))
        return st;
    char *to = malloc(bytes + 1);
    if (!to)
        return STATUS_NO_MEMORY;
    st = write16(s, len, how, to, &bytes);
    if (!nt_ok(st)) {
        free(to);
        return st;
    }
    to[bytes] = 0;
    *ret = to;
    if (ret_len)
        *ret_len = bytes;
    return STATUS_SUCCESS;
}

enum nt_status ustr_utf8_size(const char16_t *s, size_t len, size_t *bad, size_t *ret_bytes)
{
    return count16(s, u_length(s, len), (struct how){ STRICT, true }, bad, ret_bytes);
}

size_t ustr_utf8_size_lossy(const char16_t *s, size_t len)
{
    size_t bytes = 0;
    enum nt_status st = count16(s, u_length(s, len), (struct how){ LOSSY, true }, NULL, &bytes);
    return nt_ok(st) ? bytes : 0; /* fails only for a length that no memory holds */
}

enum nt_status ustr_to_utf8(const char16_t *s, size_t len, char **ret, size_t *ret_len)
{
    return to8(s, len, STRICT, ret, ret_len);
}

enum nt_status ustr_to_utf8_lossy(const char16_t *s, size_t len, char **ret, size_t *ret_len)
{
    return to8(s, len, LOSSY, ret, ret_len);
}

enum nt_status ustr_to_utf8_wtf(const char16_t *s, size_t len, char **ret, size_t *ret_len)
{
    return to8(s, len, WTF, ret, ret_len);
}

enum nt_status ustr_to_utf8_buf(const char16_t *s, size_t len, char *buf, size_t cap, size_t *ret_len)
{
    return to8_buf(s, len, STRICT, buf, cap, ret_len);
}

enum nt_status ustr_to_utf8_lossy_buf(const char16_t *s, size_t len, char *buf, size_t cap, size_t *ret_len)
{
    return to8_buf(s, len, LOSSY, buf, cap, ret_len);
}

enum nt_status ustr_to_utf8_wtf_buf(const char16_t *s, size_t len, char *buf, size_t cap, size_t *ret_len)
{
    return to8_buf(s, len, WTF, buf, cap, ret_len);
}
