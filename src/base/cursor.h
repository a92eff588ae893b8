// SPDX-License-Identifier: Apache-2.0
/*
 * Cursors: all bytes from and to the wire go through these. The first error sticks; later reads give zeros,
 * later writes do nothing; the caller looks at `st` once, at the end. Little endian; big endian PDUs are the
 * affair of ndr_pull_*.
 */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include <string.h>
#include <msrpc/nt.h>

#pragma GCC visibility push(default) /* shared between our own libraries, see the *_PRIVATE nodes */

struct rd {
    const uint8_t *base;
    size_t len, pos;
    enum nt_status st;
};

static inline void rd_init(struct rd *r, const void *p, size_t len)
{
    r->base = p;
    r->len = len;
    r->pos = 0;
    r->st = STATUS_SUCCESS;
}

static inline size_t rd_left(const struct rd *r)
{
    return r->len - r->pos;
}

/* Marks the cursor as failed (first error wins). STATUS_INVALID_NETWORK_RESPONSE is what short data gives. */
static inline void rd_fail(struct rd *r, enum nt_status st)
{
    if (r->st == STATUS_SUCCESS)
        r->st = st;
    r->pos = r->len;
}

/* Lends the next n bytes, or NULL. */
static inline const uint8_t *rd_bytes(struct rd *r, size_t n)
{
    if (__builtin_expect(n > r->len - r->pos || r->st != STATUS_SUCCESS, 0)) {
        rd_fail(r, STATUS_INVALID_NETWORK_RESPONSE);
        return NULL;
    }
    const uint8_t *p = r->base + r->pos;
    r->pos += n;
    return p;
}

static inline void rd_skip(struct rd *r, size_t n)
{
    (void)rd_bytes(r, n);
}

/* Copies n bytes; zeros after an error. */
static inline void rd_copy(struct rd *r, void *to, size_t n)
{
    const uint8_t *p = rd_bytes(r, n);
    if (p)
        memcpy(to, p, n);
    else
        memset(to, 0, n);
}

static inline uint16_t le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}
static inline uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline uint64_t le64(const uint8_t *p)
{
    return (uint64_t)le32(p) | (uint64_t)le32(p + 4) << 32;
}
static inline void put_le16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}
static inline void put_le32(uint8_t *p, uint32_t v)
{
    put_le16(p, (uint16_t)v);
    put_le16(p + 2, (uint16_t)(v >> 16));
}
static inline void put_le64(uint8_t *p, uint64_t v)
{
    put_le32(p, (uint32_t)v);
    put_le32(p + 4, (uint32_t)(v >> 32));
}

static inline uint8_t rd_u8(struct rd *r)
{
    const uint8_t *p = rd_bytes(r, 1);
    return p ? *p : 0;
}
static inline uint16_t rd_u16(struct rd *r)
{
    const uint8_t *p = rd_bytes(r, 2);
    return p ? le16(p) : 0;
}
static inline uint32_t rd_u32(struct rd *r)
{
    const uint8_t *p = rd_bytes(r, 4);
    return p ? le32(p) : 0;
}
static inline uint64_t rd_u64(struct rd *r)
{
    const uint8_t *p = rd_bytes(r, 8);
    return p ? le64(p) : 0;
}

/* Skips to a multiple of `align` (a power of two), counted from the start of the data. */
static inline void rd_align(struct rd *r, size_t align)
{
    size_t pad = (0 - r->pos) & (align - 1);
    if (pad)
        rd_skip(r, pad);
}

/* Reads a 32-bit count of elements that take at least elem_min bytes each; fails, and gives 0, if they cannot
 * all be in what is left. */
static inline size_t rd_count(struct rd *r, size_t elem_min)
{
    size_t n = rd_u32(r);
    if (elem_min && n > rd_left(r) / elem_min) {
        rd_fail(r, STATUS_INVALID_NETWORK_RESPONSE);
        return 0;
    }
    return n;
}

/* A window of n bytes at offset `off` from the start of r's data, without moving r; an empty failed window,
 * and a failed r, if it does not lie inside. */
static inline struct rd rd_sub(struct rd *r, size_t off, size_t n)
{
    struct rd s = { r->base, 0, 0, STATUS_SUCCESS };
    if (r->st != STATUS_SUCCESS || off > r->len || n > r->len - off) {
        rd_fail(r, STATUS_INVALID_NETWORK_RESPONSE);
        s.st = r->st;
        return s;
    }
    s.base = r->base + off;
    s.len = n;
    return s;
}

/* ---- writer: grows on the heap up to limit ----------------------------------------------------------------
 */

struct wr {
    uint8_t *base;
    size_t len, cap, limit;
    enum nt_status st;
    bool secret; /* bytes are zeroed wherever they were, also when the memory grows */
};

static inline void wr_init(struct wr *w, size_t limit)
{
    *w = (struct wr){ NULL, 0, 0, limit, STATUS_SUCCESS, false };
}

/* Makes room for n more bytes; false, and the writer fails (STATUS_NO_MEMORY, or STATUS_BUFFER_TOO_SMALL at
 * the limit), if there is none. */
bool wr_grow(struct wr *w, size_t n);
/* Frees the bytes, zeroing them if they are secret. Accepts a writer that failed. */
void wr_free(struct wr *w);
void wr_free_secret(struct wr *w);

static inline void wr_fail(struct wr *w, enum nt_status st)
{
    if (w->st == STATUS_SUCCESS)
        w->st = st;
}

/* n bytes at the end, uninitialised, for the caller to fill at once; NULL after an error. */
static inline uint8_t *wr_room(struct wr *w, size_t n)
{
    if (__builtin_expect(w->st != STATUS_SUCCESS || n > w->cap - w->len || !w->base, 0))
        if (!wr_grow(w, n))
            return NULL;
    uint8_t *p = w->base + w->len;
    w->len += n;
    return p;
}

static inline void wr_bytes(struct wr *w, const void *p, size_t n)
{
    uint8_t *to =
        n ? wr_room(w, n) : NULL; /* nothing to write may come as a null pointer, and w may have none yet */
    if (to)
        memcpy(to, p, n);
}
static inline void wr_zero(struct wr *w, size_t n)
{
    uint8_t *to = n ? wr_room(w, n) : NULL;
    if (to)
        memset(to, 0, n);
}
static inline void wr_u8(struct wr *w, uint8_t v)
{
    wr_bytes(w, &v, 1);
}
static inline void wr_u16(struct wr *w, uint16_t v)
{
    uint8_t *p = wr_room(w, 2);
    if (p)
        put_le16(p, v);
}
static inline void wr_u32(struct wr *w, uint32_t v)
{
    uint8_t *p = wr_room(w, 4);
    if (p)
        put_le32(p, v);
}
static inline void wr_u64(struct wr *w, uint64_t v)
{
    uint8_t *p = wr_room(w, 8);
    if (p)
        put_le64(p, v);
}
static inline void wr_align(struct wr *w, size_t align)
{
    size_t pad = (0 - w->len) & (align - 1);
    if (pad)
        wr_zero(w, pad);
}
/* Room for a number that is known later; the mark is its position. */
static inline size_t wr_mark_u16(struct wr *w)
{
    size_t at = w->len;
    wr_u16(w, 0);
    return at;
}
static inline size_t wr_mark_u32(struct wr *w)
{
    size_t at = w->len;
    wr_u32(w, 0);
    return at;
}
static inline void wr_fill_u16(struct wr *w, size_t at, uint16_t v)
{
    if (w->st == STATUS_SUCCESS)
        put_le16(w->base + at, v);
}
static inline void wr_fill_u32(struct wr *w, size_t at, uint32_t v)
{
    if (w->st == STATUS_SUCCESS)
        put_le32(w->base + at, v);
}

#pragma GCC visibility pop

#endif
