// SPDX-License-Identifier: Apache-2.0
#include "sec/m_utf.h"

/* The next code point of *s, or -1 when it is not well-formed (Unicode 15, table 3-7). Not called at the end.
 */
static int32_t next8(const uint8_t **s)
{
    const uint8_t *p = *s;
    uint32_t c = *p++, min;
    int more;

    if (c < 0x80) {
        *s = p;
        return (int32_t)c;
    }
    if (c >= 0xC2 && c <= 0xDF) {
        more = 1;
        min = 0x80;
        c &= 0x1F;
    } else if (c >= 0xE0 && c <= 0xEF) {
        more = 2;
        min = 0x800;
        c &= 0x0F;
    } else if (c >= 0xF0 && c <= 0xF4) {
        more = 3;
        min = 0x10000;
        c &= 0x07;
    } else {
        return -1;
    }
    while (more-- > 0) {
        if ((*p & 0xC0) != 0x80) /* the terminator stops us too */
            return -1;
        c = c << 6 | (*p++ & 0x3F);
    }
    if (c < min || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return -1;
    *s = p;
    return (int32_t)c;
}

bool utf_valid8(const char *s)
{
    const uint8_t *p = (const uint8_t *)s;

    while (*p)
        if (next8(&p) < 0)
            return false;
    return true;
}

/* Simple upper case of the scripts that account names are commonly written in. */
static uint16_t upper(uint16_t c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 0xE0 && c <= 0xFE && c != 0xF7) ||
        (c >= 0x3B1 && c <= 0x3C9 && c != 0x3C2) || (c >= 0x430 && c <= 0x44F))
        return (uint16_t)(c - 0x20);
    if (c == 0xFF)
        return 0x178;
    if (c >= 0x450 && c <= 0x45F)
        return (uint16_t)(c - 0x50);
    if ((c >= 0x100 && c <= 0x137 && c != 0x131) || (c >= 0x14A && c <= 0x177))
        return (uint16_t)(c & ~1);
    if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E))
        return (uint16_t)((c & 1) ? c : c - 1);
    return c;
}

void utf_put16(struct wr *w, const char *s, bool up)
{
    const uint8_t *p = (const uint8_t *)s;

    while (*p) {
        int32_t c = next8(&p);

        if (c < 0) {
            wr_fail(w, STATUS_INVALID_PARAMETER);
            return;
        }
        if (c >= 0x10000) {
            wr_u16(w, (uint16_t)(0xD7C0 + (c >> 10)));
            wr_u16(w, (uint16_t)(0xDC00 + (c & 0x3FF)));
        } else {
            wr_u16(w, up ? upper((uint16_t)c) : (uint16_t)c);
        }
    }
}

static void put8(struct wr *w, uint32_t c)
{
    if (c < 0x80) {
        wr_u8(w, (uint8_t)c);
    } else if (c < 0x800) {
        wr_u8(w, (uint8_t)(0xC0 | c >> 6));
        wr_u8(w, (uint8_t)(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        wr_u8(w, (uint8_t)(0xE0 | c >> 12));
        wr_u8(w, (uint8_t)(0x80 | (c >> 6 & 0x3F)));
        wr_u8(w, (uint8_t)(0x80 | (c & 0x3F)));
    } else {
        wr_u8(w, (uint8_t)(0xF0 | c >> 18));
        wr_u8(w, (uint8_t)(0x80 | (c >> 12 & 0x3F)));
        wr_u8(w, (uint8_t)(0x80 | (c >> 6 & 0x3F)));
        wr_u8(w, (uint8_t)(0x80 | (c & 0x3F)));
    }
}

void utf_put8(struct wr *w, const uint8_t *le, size_t n)
{
    for (size_t i = 0; i + 1 < n; i += 2) {
        uint32_t c = le16(le + i);

        if (c >= 0xD800 && c <= 0xDBFF && i + 3 < n && (le16(le + i + 2) & 0xFC00) == 0xDC00) {
            c = 0x10000 + ((c - 0xD800) << 10) + (uint32_t)(le16(le + i + 2) - 0xDC00);
            i += 2;
        } else if ((c >= 0xD800 && c <= 0xDFFF) || c < 0x20 || c == 0x7F) {
            c = 0xFFFD;
        }
        put8(w, c);
    }
}

void utf_upper16(struct wr *w, const uint8_t *le, size_t n)
{
    for (size_t i = 0; i + 1 < n; i += 2)
        wr_u16(w, upper(le16(le + i)));
}
