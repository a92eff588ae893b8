// SPDX-License-Identifier: Apache-2.0
/*
 * What the attributes of the pidl dialect add to a push. No specification has these: the layouts are those
 * of Samba's marshalling, which tests/pidl compares with. The headers of a serialized type are
 * [MS-RPCE] 2.2.6.1 and 2.2.6.2.
 */
#include "ndr/m_pidl.h"

#include <stdlib.h>

enum scope_kind { SCOPE_FLAGS, SCOPE_BASE, SCOPE_STREAM, SCOPE_RELATIVE, SCOPE_MEASURE };

/* What a scope has to bring back at its end, and what it is about. */
struct scope {
    enum scope_kind kind;
    size_t start, base;
    uint32_t flags;
    uint32_t refs;
    bool wide;
    size_t at;        /* where it began in the writer */
    uint32_t header;  /* stream: kind of header */
    size_t header_at; /* stream: of the length; relative: of the offset */
    size_t size;      /* stream: NDR_ANY or its fixed size */
    uint8_t *tail; /* stream: `size` octets, the last `tail_len` of which are taken from the end backwards */
    size_t tail_len;
    unsigned width;     /* relative: of the offset */
    size_t from;        /* relative: what the offset counts from */
    bool reverse;       /* relative */
    const void *object; /* measure */
};

/* A relative pointer between the passes. */
struct pending {
    const void *member; /* NULL: free slot */
    size_t at, base, start;
    unsigned width;
};

struct ndr_pidl_push {
    size_t base; /* of relative pointers, from the start of the stream */
    struct scope *scopes;
    size_t n_scopes, cap_scopes;
    size_t lost; /* scopes that could not be opened, whose ends are still to come */
    struct pending *pending;
    size_t n_pending, cap_pending; /* a power of two, at most half full */
};

static struct ndr_pidl_push *state(struct ndr_push *n)
{
    if (!n->pidl)
        n->pidl = calloc(1, sizeof(*n->pidl));
    if (!n->pidl)
        ndr_push_fail(n, STATUS_NO_MEMORY);
    return n->pidl;
}

void ndr_pidl_push_free(struct ndr_push *n)
{
    struct ndr_pidl_push *p = n->pidl;
    if (!p)
        return;
    for (size_t i = 0; i < p->n_scopes; i++)
        free(p->scopes[i].tail);
    free(p->scopes);
    free(p->pending);
    free(p);
    n->pidl = NULL;
}

/* ---- scopes ---- */

static struct scope *open_scope(struct ndr_push *n, enum scope_kind kind)
{
    struct ndr_pidl_push *p = state(n);
    if (!p)
        return NULL;
    if (p->n_scopes == p->cap_scopes) {
        size_t cap = p->cap_scopes ? 2 * p->cap_scopes : 16;
        struct scope *more = cap <= NDR_MAX_SCOPES ? realloc(p->scopes, cap * sizeof(*more)) : NULL;
        if (!more) {
            ndr_push_fail(n, cap <= NDR_MAX_SCOPES ? STATUS_NO_MEMORY : RPC_NT_BAD_STUB_DATA);
            p->lost++;
            return NULL;
        }
        p->scopes = more;
        p->cap_scopes = cap;
    }
    struct scope *s = &p->scopes[p->n_scopes++];
    *s = (struct scope){ .kind = kind,
                         .start = n->start,
                         .base = p->base,
                         .flags = n->flags,
                         .refs = n->refs,
                         .wide = n->wide,
                         .at = n->w->len };
    return s;
}

/* The scope that ends, already taken off; NULL if it had not been opened. It stays readable until the next
 * one opens. */
static struct scope *close_scope(struct ndr_push *n)
{
    struct ndr_pidl_push *p = n->pidl;
    if (!p || p->lost || !p->n_scopes) {
        if (p && p->lost)
            p->lost--;
        return NULL;
    }
    struct scope *s = &p->scopes[--p->n_scopes];
    n->start = s->start;
    n->flags = s->flags;
    n->wide = s->wide;
    p->base = s->base;
    return s;
}

void ndr_push_flags(struct ndr_push *n, uint32_t flags)
{
    if (open_scope(n, SCOPE_FLAGS))
        n->flags = ndr_add_flags(n->flags, flags);
}

void ndr_push_flags_end(struct ndr_push *n)
{
    (void)close_scope(n);
}

uint32_t ndr_push_flags_now(const struct ndr_push *n)
{
    return n->flags;
}

void ndr_push_base(struct ndr_push *n)
{
    if (open_scope(n, SCOPE_BASE))
        n->pidl->base = n->w->len - n->start;
}

void ndr_push_base_end(struct ndr_push *n)
{
    (void)close_scope(n);
}

/* Sizes in sizes: each doubles the work for what is inside. */
#define MAX_MEASURES 4

bool ndr_push_measure(struct ndr_push *n, const void *object)
{
    const struct ndr_pidl_push *p = n->pidl;
    unsigned measures = 0;
    for (size_t i = p ? p->n_scopes : 0; i-- > 0;)
        if (p->scopes[i].kind == SCOPE_MEASURE &&
            (p->scopes[i].object == object || ++measures == MAX_MEASURES))
            return false;
    struct scope *s = open_scope(n, SCOPE_MEASURE);
    if (!s) {
        if (n->pidl)
            n->pidl->lost--;
        return false;
    }
    s->object = object;
    n->start = n->w->len;
    n->pidl->base = 0;
    return true;
}

size_t ndr_push_measure_end(struct ndr_push *n)
{
    const struct scope *s = close_scope(n);
    if (!s || n->w->st != STATUS_SUCCESS)
        return 0;
    size_t len = n->w->len - s->at;
    n->w->len = s->at;
    n->refs = s->refs;
    return len;
}

/* ---- relative pointers ---- */

static struct pending *slot_of(struct pending *table, size_t cap, const void *member)
{
    size_t at = (size_t)(((uintptr_t)member >> 2) * 0x9E3779B1U);
    for (;; at++) {
        struct pending *slot = &table[at & (cap - 1)];
        if (slot->member == member || !slot->member)
            return slot;
    }
}

static bool pending_grow(struct ndr_push *n, struct ndr_pidl_push *p)
{
    if (p->n_pending < p->cap_pending / 2)
        return true;
    size_t cap = p->cap_pending ? 2 * p->cap_pending : 16;
    struct pending *table = calloc(cap, sizeof(*table));
    if (!table) {
        ndr_push_fail(n, STATUS_NO_MEMORY);
        return false;
    }
    for (size_t i = 0; i < p->cap_pending; i++)
        if (p->pending[i].member)
            *slot_of(table, cap, p->pending[i].member) = p->pending[i];
    free(p->pending);
    p->pending = table;
    p->cap_pending = cap;
    return true;
}

static void push_place(struct ndr_push *n, const void *member, const void *p, unsigned width)
{
    struct ndr_pidl_push *st = state(n);
    if (width == 2)
        ndrf_push_u16(n, p ? UINT16_MAX : 0);
    else
        ndrf_push_u32(n, p ? UINT32_MAX : 0);
    if (!p || !st || n->w->st != STATUS_SUCCESS || !pending_grow(n, st))
        return;
    struct pending *slot = slot_of(st->pending, st->cap_pending, member);
    if (!slot->member)
        st->n_pending++;
    *slot = (struct pending){
        .member = member, .at = n->w->len - width, .base = st->base, .start = n->start, .width = width
    };
}

void ndr_push_relative(struct ndr_push *n, const void *member, const void *p)
{
    push_place(n, member, p, 4);
}

void ndr_push_relative_short(struct ndr_push *n, const void *member, const void *p)
{
    push_place(n, member, p, 2);
}

/* A number that was left open, in the byte order in force. */
static void fill(struct ndr_push *n, size_t at, unsigned width, size_t v)
{
    if (n->w->st != STATUS_SUCCESS)
        return;
    if (v > (width == 2 ? UINT16_MAX : UINT32_MAX)) {
        ndr_push_fail(n, RPC_NT_BAD_STUB_DATA);
        return;
    }
    uint32_t x = (uint32_t)v;
    if (n->flags & NDR_F_BIG_ENDIAN)
        x = width == 2 ? __builtin_bswap16((uint16_t)x) : __builtin_bswap32(x);
    if (width == 2)
        put_le16(n->w->base + at, (uint16_t)x);
    else
        put_le32(n->w->base + at, x);
}

/* The stream that a relative pointer belongs to, if it has a size and so an end to count from. */
static struct scope *sized_stream(struct ndr_pidl_push *p)
{
    for (size_t i = p->n_scopes; i-- > 0;)
        if (p->scopes[i].kind == SCOPE_MEASURE)
            return NULL;
        else if (p->scopes[i].kind == SCOPE_STREAM)
            return p->scopes[i].size != NDR_ANY ? &p->scopes[i] : NULL;
    return NULL;
}

/* To the alignment that flags name, before and after what a relative pointer stands at. */
static void pad(struct ndr_push *n)
{
    size_t align = ndr_flag_align(n->flags);
    if (align)
        wr_zero(n->w, (n->start - n->w->len) & (align - 1));
}

bool ndr_push_relative_start(struct ndr_push *n, const void *member, const void *p)
{
    struct ndr_pidl_push *st = n->pidl;
    if (!p || !st || !st->cap_pending || n->w->st != STATUS_SUCCESS)
        return false;
    struct pending *slot = slot_of(st->pending, st->cap_pending, member);
    if (!slot->member) {
        ndr_push_fail(n, RPC_NT_BAD_STUB_DATA);
        return false;
    }
    struct pending it = *slot;
    struct scope *s = open_scope(n, SCOPE_RELATIVE);
    if (!s) {
        st->lost--; /* the caller does not end what did not start */
        return false;
    }
    s->header_at = it.at;
    s->width = it.width;
    s->from = it.base;
    s->reverse = (n->flags & NDR_F_RELATIVE_REVERSE) && sized_stream(st);
    st->base = it.base;
    if (!s->reverse) {
        pad(n);
        fill(n, it.at, it.width, n->w->len - it.start - it.base);
    }
    return true;
}

/* Moves the octets from `at` to the end of the stream, before those that are there already. */
static void move_to_tail(struct ndr_push *n, struct scope *stream, const struct scope *s)
{
    size_t len = n->w->len - s->at, flagged = ndr_flag_align(n->flags), align = flagged ? flagged : 1;
    size_t used = s->at - n->start, left = stream->size - stream->tail_len;
    if (used > left || len > left - used || ((left - len) & ~(align - 1)) < used) {
        ndr_push_fail(n, RPC_NT_BAD_STUB_DATA);
        return;
    }
    if (!stream->tail) {
        size_t limit = n->w->limit;
        stream->tail = !limit || stream->size <= limit ? calloc(1, stream->size) : NULL;
        if (!stream->tail) {
            ndr_push_fail(n, STATUS_NO_MEMORY);
            return;
        }
    }
    size_t to = (left - len) & ~(align - 1);
    memcpy(stream->tail + to, n->w->base + s->at, len);
    stream->tail_len = stream->size - to;
    n->w->len = s->at;
    fill(n, s->header_at, s->width, to - s->from);
}

void ndr_push_relative_end(struct ndr_push *n)
{
    const struct scope *s = close_scope(n);
    struct scope *stream = s && s->reverse ? sized_stream(n->pidl) : NULL;
    if (stream && n->w->st == STATUS_SUCCESS)
        move_to_tail(n, stream, s);
    else if (s && !s->reverse)
        pad(n);
}

/* ---- nested streams ---- */

/* Version 1, little endian, 8 octets, filler; size of what follows, reserved. */
static void push_serialized_header(struct ndr_push *n)
{
    ndrf_push_u8(n, 1);
    ndrf_push_u8(n, 0x10);
    ndrf_push_u16(n, 8);
    ndrf_push_u32(n, 0xCCCCCCCC);
    ndrf_push_u32(n, 0);
    ndrf_push_u32(n, 0);
}

void ndr_push_subcontext(struct ndr_push *n, uint32_t header, size_t size)
{
    struct scope *s = open_scope(n, SCOPE_STREAM);
    if (header == NDR_SUBCONTEXT_SERIALIZED)
        push_serialized_header(n);
    else if (header == 4)
        ndrf_push_u32(n, 0);
    else if (header == 2)
        ndrf_push_u16(n, 0);
    if (!s)
        return;
    s->header = header;
    s->size = size;
    s->header_at = n->w->len - (header == NDR_SUBCONTEXT_SERIALIZED ? 8 : header);
    s->at = n->w->len;
    n->start = n->w->len;
    n->wide = false;
    n->pidl->base = 0;
}

void ndr_push_subcontext_end(struct ndr_push *n)
{
    struct scope *s = close_scope(n);
    if (!s)
        return;
    size_t len = n->w->st == STATUS_SUCCESS ? n->w->len - s->at : 0;
    if (n->w->st == STATUS_SUCCESS && s->size != NDR_ANY) {
        if (len > s->size - s->tail_len) {
            ndr_push_fail(n, RPC_NT_BAD_STUB_DATA);
        } else {
            wr_zero(n->w, s->size - s->tail_len - len);
            wr_bytes(n->w, s->tail ? s->tail + s->size - s->tail_len : NULL, s->tail_len);
            len = s->size;
        }
    }
    free(s->tail);
    s->tail = NULL;
    if (s->header == NDR_SUBCONTEXT_SERIALIZED) { /* padded to 8, [MS-RPCE] 2.2.6.2 */
        wr_zero(n->w, (0 - len) & 7);
        fill(n, s->header_at, 4, (len + 7) & ~(size_t)7);
    } else if (s->header) {
        fill(n, s->header_at, s->header, len);
    }
}

/* ---- blobs and strings ---- */

void ndr_push_blob(struct ndr_push *n, struct nt_blob b)
{
    size_t align = ndr_flag_align(n->flags);
    if (align) { /* padding: what is in the blob does not matter */
        wr_zero(n->w, (n->start - n->w->len) & (align - 1));
        return;
    }
    if (!(n->flags & NDR_F_REMAINING)) {
        if (b.len > UINT32_MAX) {
            ndr_push_fail(n, RPC_NT_BAD_STUB_DATA);
            return;
        }
        ndrf_push_u32(n, (uint32_t)b.len);
    }
    ndr_push_elements(n, b.data, b.len, 1);
}

/* Counts in front of a string of `chars` characters. False: no flag says how it is laid out. */
static bool push_text_counts(struct ndr_push *n, size_t chars, unsigned width)
{
    size_t count = n->flags & NDR_F_STR_BYTESIZE ? chars * width : chars;
    if (count > (n->flags & NDR_F_STR_SIZE2 ? UINT16_MAX : UINT32_MAX)) {
        ndr_push_fail(n, RPC_NT_BAD_STUB_DATA);
        return false;
    }
    if (n->flags & NDR_F_STR_SIZE4)
        ndrf_push_u32(n, (uint32_t)count);
    if (n->flags & NDR_F_STR_LEN4) {
        ndrf_push_u32(n, 0);
        ndrf_push_u32(n, (uint32_t)count);
    }
    if (n->flags & NDR_F_STR_SIZE2)
        ndrf_push_u16(n, (uint16_t)count);
    if (n->flags & (NDR_F_STR_SIZE4 | NDR_F_STR_LEN4 | NDR_F_STR_SIZE2 | NDR_F_STR_NULLTERM |
                    NDR_F_STR_NOTERM | NDR_F_REMAINING))
        return true;
    ndr_push_fail(n, RPC_NT_BAD_STUB_DATA);
    return false;
}

static void push_text(struct ndr_push *n, const char16_t *s, bool term)
{
    size_t chars = ndr_text_len(s) + term;
    bool bytes = ndr_flags_bytes(n->flags);
    if (!push_text_counts(n, chars, bytes ? 1 : 2) || !chars)
        return;
    uint8_t *to = n->w->st == STATUS_SUCCESS ? wr_room(n->w, bytes ? chars : 2 * chars) : NULL;
    for (size_t i = 0; to && i < chars; i++) {
        char16_t ch = s ? s[i] : 0;
        if (bytes && ch > 0xFF)
            ndr_push_fail(n, RPC_NT_BAD_STUB_DATA);
        if (bytes)
            to[i] = (uint8_t)ch;
        else
            put_le16(to + 2 * i, n->flags & NDR_F_BIG_ENDIAN ? __builtin_bswap16(ch) : ch);
    }
}

static void push_text8(struct ndr_push *n, const char *s, bool term)
{
    size_t chars = ndr_text8_len(s) + term;
    if (push_text_counts(n, chars, 1))
        ndr_push_elements(n, s ? s : "", chars, 1);
}

void ndr_push_text(struct ndr_push *n, const char16_t *s)
{
    push_text(n, s, !(n->flags & NDR_F_STR_NOTERM));
}

void ndr_push_text8(struct ndr_push *n, const char *s)
{
    push_text8(n, s, !(n->flags & NDR_F_STR_NOTERM));
}

void ndr_push_texts(struct ndr_push *n, const char16_t *const *s)
{
    bool open = n->flags & NDR_F_STR_NOTERM;
    for (; s && *s && n->w->st == STATUS_SUCCESS; s++)
        push_text(n, *s, !open || s[1]);
    if (!open)
        push_text(n, NULL, true);
}

void ndr_push_texts8(struct ndr_push *n, const char *const *s)
{
    bool open = n->flags & NDR_F_STR_NOTERM;
    for (; s && *s && n->w->st == STATUS_SUCCESS; s++)
        push_text8(n, *s, !open || s[1]);
    if (!open)
        push_text8(n, NULL, true);
}

void ndr_push_wchars(struct ndr_push *n, const char16_t *p, size_t count)
{
    uint32_t flags = n->flags;
    n->flags |= NDR_F_NOALIGN;
    ndrf_push_elements(n, p, count, 2);
    n->flags = flags;
}

/* ---- numbers in halves ---- */

void ndr_push_udlong(struct ndr_push *n, uint64_t v)
{
    ndrf_push_u32(n, (uint32_t)v);
    ndrf_push_u32(n, (uint32_t)(v >> 32));
}

void ndr_push_udlongr(struct ndr_push *n, uint64_t v)
{
    ndrf_push_u32(n, (uint32_t)(v >> 32));
    ndrf_push_u32(n, (uint32_t)v);
}
