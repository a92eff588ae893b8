// SPDX-License-Identifier: Apache-2.0
#include "sec/m_utf.h"

#include <stdlib.h>

#include <msrpc/unistr.h>

bool utf_valid8(const char *s)
{
    size_t units;

    return nt_ok(ustr_utf16_size(s, USTR_NUL, NULL, &units));
}

void utf_put16(struct wr *w, const char *s, bool upper)
{
    char16_t *text;
    size_t len;
    enum nt_status st = ustr_from_utf8(s, USTR_NUL, &text, &len);

    if (!nt_ok(st)) {
        wr_fail(w, st);
        return;
    }
    uint8_t *to = wr_room(w, 2 * len);
    if (to)
        for (size_t i = 0; i < len; i++)
            put_le16(to + 2 * i, upper ? ustr_upcase(text[i]) : text[i]);
    nt_wipe(text, len * sizeof(*text));
    free(text);
}

void utf_put8(struct wr *w, const uint8_t *le, size_t n)
{
    char16_t *text;
    char *utf8;
    size_t len;
    enum nt_status st = ustr_from_le(le, n, &text, &len);

    if (!nt_ok(st)) {
        wr_fail(w, st);
        return;
    }
    for (size_t i = 0; i < len; i++)
        if (text[i] < u' ' || text[i] == 0x7F)
            text[i] = USTR_REPLACEMENT;
    st = ustr_to_utf8_lossy(text, len, &utf8, &len);
    free(text);
    if (!nt_ok(st)) {
        wr_fail(w, st);
        return;
    }
    wr_bytes(w, utf8, len);
    free(utf8);
}

void utf_upper16(struct wr *w, const uint8_t *le, size_t n)
{
    for (size_t i = 0; i + 1 < n; i += 2)
        wr_u16(w, ustr_upcase(le16(le + i)));
}
