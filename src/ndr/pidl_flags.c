// SPDX-License-Identifier: Apache-2.0
/*
 * The primitives of push.c and pull.c under flags for alignment and byte order. Without alignment each number
 * is made the first of its stream; a push in big endian turns the number around that was just written. A pull
 * knows both orders anyway. Files of MIDL never come here.
 */
#include "ndr/m_pidl.h"

/* ---- push ---- */

/* Around a primitive that pushes one number. */
static size_t loosen(struct ndr_push *n)
{
    size_t start = n->start;
    if (n->flags & NDR_F_NOALIGN)
        n->start = n->w->len;
    return start;
}

/* The number has `width` octets. */
static void fasten(struct ndr_push *n, size_t start, size_t width)
{
    n->start = start;
    if (!(n->flags & NDR_F_BIG_ENDIAN) || n->w->st != STATUS_SUCCESS)
        return;
    uint8_t *p = n->w->base + n->w->len - width;
    for (size_t i = 0; i < width / 2; i++) {
        uint8_t octet = p[i];
        p[i] = p[width - 1 - i];
        p[width - 1 - i] = octet;
    }
}

void ndrf_push_u8(struct ndr_push *n, uint8_t v)
{
    size_t start = loosen(n);
    ndr_push_u8(n, v);
    fasten(n, start, 1);
}

void ndrf_push_u16(struct ndr_push *n, uint16_t v)
{
    size_t start = loosen(n);
    ndr_push_u16(n, v);
    fasten(n, start, 2);
}

void ndrf_push_u32(struct ndr_push *n, uint32_t v)
{
    size_t start = loosen(n);
    ndr_push_u32(n, v);
    fasten(n, start, 4);
}

void ndrf_push_u64(struct ndr_push *n, uint64_t v)
{
    size_t start = loosen(n);
    ndr_push_u64(n, v);
    fasten(n, start, 8);
}

void ndrf_push_u3264(struct ndr_push *n, uint64_t v)
{
    size_t start = loosen(n);
    ndr_push_u3264(n, v);
    fasten(n, start, n->wide ? 8 : 4);
}

void ndrf_push_enum(struct ndr_push *n, uint32_t v)
{
    size_t start = loosen(n);
    ndr_push_enum(n, v);
    fasten(n, start, n->wide ? 4 : 2);
}

void ndrf_push_float(struct ndr_push *n, float v)
{
    size_t start = loosen(n);
    ndr_push_float(n, v);
    fasten(n, start, 4);
}

void ndrf_push_double(struct ndr_push *n, double v)
{
    size_t start = loosen(n);
    ndr_push_double(n, v);
    fasten(n, start, 8);
}

void ndrf_push_unique(struct ndr_push *n, const void *p)
{
    size_t start = loosen(n);
    ndr_push_unique(n, p);
    fasten(n, start, n->wide ? 8 : 4);
}

void ndrf_push_ref(struct ndr_push *n, const void *p)
{
    if (ndr_push_not_null(n, p))
        ndrf_push_unique(n, p);
}

void ndrf_push_align(struct ndr_push *n, enum ndr_align align)
{
    if (!(n->flags & NDR_F_NOALIGN))
        ndr_push_align(n, align);
}

void ndrf_push_end(struct ndr_push *n, enum ndr_align align)
{
    if (n->wide)
        ndrf_push_align(n, align);
}

void ndrf_push_tag(struct ndr_push *n, unsigned kind, uint64_t tag, enum ndr_align align)
{
    unsigned type = kind & ~(unsigned)NDR_MS;
    ndrf_push_end(n, align);
    if (type == NDR_TAG_64)
        ndrf_push_u64(n, tag);
    else if (type == NDR_TAG_PTR)
        ndrf_push_u3264(n, tag);
    else if (type == NDR_TAG_32)
        ndrf_push_u32(n, (uint32_t)tag);
    else if (type == NDR_TAG_16)
        ndrf_push_u16(n, (uint16_t)tag);
    else if (type == NDR_TAG_ENUM)
        ndrf_push_enum(n, (uint32_t)tag);
    else
        ndrf_push_u8(n, (uint8_t)tag);
    if (n->wide || (kind & NDR_MS))
        ndrf_push_align(n, align);
}

void ndrf_push_size(struct ndr_push *n, size_t size)
{
    ndrf_push_u3264(n, size);
}

void ndrf_push_length(struct ndr_push *n, size_t size, size_t length)
{
    if (length > size) {
        ndr_push_fail(n, RPC_NT_BAD_STUB_DATA);
        return;
    }
    ndrf_push_u3264(n, 0);
    ndrf_push_u3264(n, length);
}

void ndrf_push_elements(struct ndr_push *n, const void *p, size_t count, unsigned width)
{
    const uint8_t *from = p;
    if (!(n->flags & NDR_F_BIG_ENDIAN) || width == 1) {
        size_t start = loosen(n);
        ndr_push_elements(n, p, count, width);
        n->start = start;
        return;
    }
    if (count && !ndr_push_not_null(n, p))
        return;
    for (size_t i = 0; i < count && n->w->st == STATUS_SUCCESS; i++) {
        size_t start = loosen(n);
        ndr_push_elements(n, from + i * width, 1, width);
        fasten(n, start, width);
    }
}

void ndrf_push_conformant(struct ndr_push *n, const void *p, size_t size, unsigned width)
{
    ndrf_push_size(n, size);
    ndrf_push_elements(n, p, size, width);
}

void ndrf_push_varying(struct ndr_push *n, const void *p, size_t size, size_t length, unsigned width)
{
    ndrf_push_length(n, size, length);
    ndrf_push_elements(n, p, length, width);
}

void ndrf_push_conformant_varying(struct ndr_push *n, const void *p, size_t size, size_t length,
                                  unsigned width)
{
    ndrf_push_size(n, size);
    ndrf_push_varying(n, p, size, length, width);
}

void ndrf_push_counted(struct ndr_push *n, uint16_t length, uint16_t maximum, const void *buffer)
{
    ndrf_push_align(n, NDR_PTR);
    ndrf_push_u16(n, length);
    ndrf_push_u16(n, maximum);
    ndrf_push_unique(n, buffer);
}

void ndrf_push_wstring(struct ndr_push *n, const char16_t *s)
{
    size_t len = ndr_text_len_term(s);
    if (ndr_push_not_null(n, s))
        ndrf_push_conformant_varying(n, s, len, len, 2);
}

void ndrf_push_string(struct ndr_push *n, const char *s)
{
    size_t len = ndr_text8_len_term(s);
    if (ndr_push_not_null(n, s))
        ndrf_push_conformant_varying(n, s, len, len, 1);
}

void ndrf_push_wstring_opt(struct ndr_push *n, const char16_t *s)
{
    if (s)
        ndrf_push_wstring(n, s);
}

void ndrf_push_string_opt(struct ndr_push *n, const char *s)
{
    if (s)
        ndrf_push_string(n, s);
}

void ndrf_push_unique_wstring(struct ndr_push *n, const char16_t *s)
{
    ndrf_push_unique(n, s);
    ndrf_push_wstring_opt(n, s);
}

void ndrf_push_unique_string(struct ndr_push *n, const char *s)
{
    ndrf_push_unique(n, s);
    ndrf_push_string_opt(n, s);
}

void ndrf_push_guid(struct ndr_push *n, const struct nt_guid *g)
{
    ndrf_push_u32(n, g->a);
    ndrf_push_u16(n, g->b);
    ndrf_push_u16(n, g->c);
    ndr_push_elements(n, g->d, sizeof(g->d), 1);
}

void ndrf_push_handle(struct ndr_push *n, const struct ndr_handle *h)
{
    ndrf_push_u32(n, h->attributes);
    ndrf_push_guid(n, &h->uuid);
}

/* ---- lengths ---- */

size_t ndr_text_len(const char16_t *s)
{
    size_t len = 0;
    while (s && s[len])
        len++;
    return len;
}

size_t ndr_text_len_term(const char16_t *s)
{
    return s ? ndr_text_len(s) + 1 : 0;
}

size_t ndr_text_len_term_null(const char16_t *s)
{
    size_t len = ndr_text_len(s);
    return len ? len + 1 : 0;
}

size_t ndr_text8_len(const char *s)
{
    return s ? strlen(s) : 0;
}

size_t ndr_text8_len_term(const char *s)
{
    return s ? strlen(s) + 1 : 0;
}

size_t ndr_text8_len_term_null(const char *s)
{
    size_t len = ndr_text8_len(s);
    return len ? len + 1 : 0;
}

/* ---- pull ---- */

/* Around a primitive: the stream starts where it is read, and is whole again afterwards. */
static size_t open_window(struct ndr_pull *n)
{
    size_t at = n->flags & NDR_F_NOALIGN ? n->rd.pos : 0;
    n->rd.base += at;
    n->rd.len -= at;
    n->rd.pos -= at;
    return at;
}

static void close_window(struct ndr_pull *n, size_t at)
{
    n->rd.base -= at;
    n->rd.len += at;
    n->rd.pos += at;
}

uint8_t ndrf_pull_u8(struct ndr_pull *n)
{
    size_t at = open_window(n);
    uint8_t v = ndr_pull_u8(n);
    close_window(n, at);
    return v;
}

uint16_t ndrf_pull_u16(struct ndr_pull *n)
{
    size_t at = open_window(n);
    uint16_t v = ndr_pull_u16(n);
    close_window(n, at);
    return v;
}

uint32_t ndrf_pull_u32(struct ndr_pull *n)
{
    size_t at = open_window(n);
    uint32_t v = ndr_pull_u32(n);
    close_window(n, at);
    return v;
}

uint64_t ndrf_pull_u64(struct ndr_pull *n)
{
    size_t at = open_window(n);
    uint64_t v = ndr_pull_u64(n);
    close_window(n, at);
    return v;
}

uint64_t ndrf_pull_u3264(struct ndr_pull *n)
{
    size_t at = open_window(n);
    uint64_t v = ndr_pull_u3264(n);
    close_window(n, at);
    return v;
}

int64_t ndrf_pull_i3264(struct ndr_pull *n)
{
    size_t at = open_window(n);
    int64_t v = ndr_pull_i3264(n);
    close_window(n, at);
    return v;
}

uint32_t ndrf_pull_enum(struct ndr_pull *n)
{
    size_t at = open_window(n);
    uint32_t v = ndr_pull_enum(n);
    close_window(n, at);
    return v;
}

float ndrf_pull_float(struct ndr_pull *n)
{
    size_t at = open_window(n);
    float v = ndr_pull_float(n);
    close_window(n, at);
    return v;
}

double ndrf_pull_double(struct ndr_pull *n)
{
    size_t at = open_window(n);
    double v = ndr_pull_double(n);
    close_window(n, at);
    return v;
}

void *ndrf_pull_unique(struct ndr_pull *n, size_t size)
{
    size_t at = open_window(n);
    void *v = ndr_pull_unique(n, size);
    close_window(n, at);
    return v;
}

void *ndrf_pull_ref(struct ndr_pull *n, size_t size)
{
    size_t at = open_window(n);
    void *v = ndr_pull_ref(n, size);
    close_window(n, at);
    return v;
}

void ndrf_pull_align(struct ndr_pull *n, enum ndr_align align)
{
    if (!(n->flags & NDR_F_NOALIGN))
        ndr_pull_align(n, align);
}

void ndrf_pull_end(struct ndr_pull *n, enum ndr_align align)
{
    if (n->wide)
        ndrf_pull_align(n, align);
}

static uint64_t pull_tag(struct ndr_pull *n, unsigned type)
{
    switch (type) {
    case NDR_TAG_64:
        return ndrf_pull_u64(n);
    case NDR_TAG_PTR:
        return ndrf_pull_u3264(n);
    case NDR_TAG_32:
        return ndrf_pull_u32(n);
    case NDR_TAG_16:
        return ndrf_pull_u16(n);
    case NDR_TAG_ENUM:
        return ndrf_pull_enum(n);
    default:
        return ndrf_pull_u8(n);
    }
}

void ndrf_pull_tag(struct ndr_pull *n, unsigned kind, uint64_t tag, enum ndr_align align)
{
    unsigned type = kind & ~(unsigned)NDR_MS;
    ndrf_pull_end(n, align);
    uint64_t sent = pull_tag(n, type);
    size_t octets = ndr_octets(n->wide, type);
    if (octets < 8)
        tag &= (UINT64_C(1) << (8 * octets)) - 1;
    if (sent != tag)
        ndr_pull_bad_tag(n);
    if (n->wide || (kind & NDR_MS))
        ndrf_pull_align(n, align);
}

uint64_t ndrf_pull_peek_tag(struct ndr_pull *n, unsigned kind, enum ndr_align align)
{
    size_t pos = n->rd.pos;
    ndrf_pull_end(n, align);
    uint64_t tag = pull_tag(n, kind & ~(unsigned)NDR_MS);
    if (n->rd.st == STATUS_SUCCESS)
        n->rd.pos = pos;
    return tag;
}

/* ---- arrays ---- */

static void match_known(struct ndr_pull *n, size_t sent, size_t said)
{
    if (said != NDR_ANY)
        ndr_pull_match(n, sent, said);
}

size_t ndrf_pull_size(struct ndr_pull *n)
{
    uint64_t size = ndrf_pull_u3264(n);
    if (size > SIZE_MAX - 1) {
        ndr_pull_fail(n, RPC_NT_BAD_STUB_DATA);
        return 0;
    }
    return (size_t)size;
}

size_t ndrf_pull_length(struct ndr_pull *n, size_t size)
{
    if (ndrf_pull_size(n) != 0)
        ndr_pull_fail(n, RPC_NT_BAD_STUB_DATA);
    size_t length = ndrf_pull_size(n);
    if (length > size) {
        ndr_pull_fail(n, RPC_NT_BAD_STUB_DATA);
        return 0;
    }
    return length;
}

void *ndrf_pull_array_conformant(struct ndr_pull *n, size_t *count, size_t size, size_t wire)
{
    size_t sent = ndrf_pull_size(n);
    match_known(n, sent, *count);
    *count = sent;
    return ndr_pull_array(n, count, size, wire);
}

void *ndrf_pull_array_varying(struct ndr_pull *n, size_t max, size_t *count, size_t size, size_t wire)
{
    size_t sent = ndrf_pull_length(n, max);
    match_known(n, sent, *count);
    *count = sent;
    return ndr_pull_array(n, count, size, wire);
}

void *ndrf_pull_array_conformant_varying(struct ndr_pull *n, size_t max, size_t *count, size_t size,
                                         size_t wire)
{
    size_t sent = ndrf_pull_size(n);
    match_known(n, sent, max);
    return ndrf_pull_array_varying(n, sent, count, size, wire);
}

void ndrf_pull_elements(struct ndr_pull *n, void *p, size_t count, unsigned width)
{
    size_t at = open_window(n);
    ndr_pull_elements(n, p, count, width);
    close_window(n, at);
}

void *ndrf_pull_lend(struct ndr_pull *n, size_t count, unsigned width)
{
    size_t at = open_window(n);
    void *p = ndr_pull_lend(n, count, width);
    close_window(n, at);
    return p;
}

void *ndrf_pull_conformant(struct ndr_pull *n, size_t size, unsigned width)
{
    size_t sent = ndrf_pull_size(n);
    match_known(n, sent, size);
    return ndrf_pull_lend(n, sent, width);
}

void *ndrf_pull_varying(struct ndr_pull *n, size_t size, size_t length, unsigned width)
{
    size_t sent = ndrf_pull_length(n, size);
    match_known(n, sent, length);
    return ndrf_pull_lend(n, sent, width);
}

void *ndrf_pull_conformant_varying(struct ndr_pull *n, size_t size, size_t length, unsigned width)
{
    size_t sent = ndrf_pull_size(n);
    match_known(n, sent, size);
    return ndrf_pull_varying(n, sent, length, width);
}

void *ndrf_pull_counted(struct ndr_pull *n, uint16_t *ret_length, uint16_t *ret_maximum)
{
    ndrf_pull_align(n, NDR_PTR);
    *ret_length = ndrf_pull_u16(n);
    *ret_maximum = ndrf_pull_u16(n);
    return ndrf_pull_unique(n, 0);
}

/* ---- strings ---- */

const char16_t *ndrf_pull_wstring(struct ndr_pull *n)
{
    size_t size = ndrf_pull_size(n), len = ndrf_pull_length(n, size);
    const char16_t *s = ndrf_pull_lend(n, len, 2);
    if (!len || (s && s[len - 1]))
        ndr_pull_fail(n, RPC_NT_BAD_STUB_DATA);
    return s;
}

const char *ndrf_pull_string(struct ndr_pull *n)
{
    size_t size = ndrf_pull_size(n), len = ndrf_pull_length(n, size);
    const char *s = ndrf_pull_lend(n, len, 1);
    if (!len || (s && s[len - 1]))
        ndr_pull_fail(n, RPC_NT_BAD_STUB_DATA);
    return s;
}

void ndrf_pull_wstring_opt(struct ndr_pull *n, const char16_t **s)
{
    if (*s)
        *s = ndrf_pull_wstring(n);
}

void ndrf_pull_string_opt(struct ndr_pull *n, const char **s)
{
    if (*s)
        *s = ndrf_pull_string(n);
}

const char16_t *ndrf_pull_unique_wstring(struct ndr_pull *n)
{
    return ndrf_pull_u3264(n) ? ndrf_pull_wstring(n) : NULL;
}

const char *ndrf_pull_unique_string(struct ndr_pull *n)
{
    return ndrf_pull_u3264(n) ? ndrf_pull_string(n) : NULL;
}

void ndrf_pull_guid(struct ndr_pull *n, struct nt_guid *to)
{
    to->a = ndrf_pull_u32(n);
    to->b = ndrf_pull_u16(n);
    to->c = ndrf_pull_u16(n);
    ndr_pull_elements(n, to->d, sizeof(to->d), 1);
}

void ndrf_pull_handle(struct ndr_pull *n, struct ndr_handle *to)
{
    to->attributes = ndrf_pull_u32(n);
    ndrf_pull_guid(n, &to->uuid);
}
