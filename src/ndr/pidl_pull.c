// SPDX-License-Identifier: Apache-2.0
/* What the attributes of the pidl dialect add to a pull: see pidl_push.c. Offsets and sizes that came are
 * compared with the stream that they are in before they are used. */
#include "ndr/m_pidl.h"

enum scope_kind { SCOPE_FLAGS, SCOPE_BASE, SCOPE_STREAM, SCOPE_RELATIVE };

struct scope {
    enum scope_kind kind;
    uint32_t flags;
    bool wide, swap, big;
    size_t base, highest;
    const uint8_t *stream; /* where the stream is that goes on afterwards */
    size_t len, pos;
    size_t from;    /* relative: where the pointee starts */
    size_t advance; /* stream: its octets; NDR_ANY: those that were read */
};

struct ndr_pidl_pull {
    size_t base;    /* of relative pointers, from the start of the stream */
    size_t highest; /* end of what relative pointers stood at in this stream */
    struct scope *scopes;
    size_t n_scopes, cap_scopes;
    size_t lost; /* scopes that could not be opened, whose ends are still to come */
};

/* In front of each object that relative pointers stand at. */
struct relative {
    size_t target, base;
    _Alignas(8) uint8_t content[];
};

static void bad(struct ndr_pull *n)
{
    ndr_pull_fail(n, RPC_NT_BAD_STUB_DATA);
}

static struct ndr_pidl_pull *state(struct ndr_pull *n)
{
    if (!n->pidl)
        n->pidl = ndr_pull_new(n, sizeof(*n->pidl));
    return n->pidl;
}

/* ---- scopes ---- */

static struct scope *open_scope(struct ndr_pull *n, enum scope_kind kind)
{
    struct ndr_pidl_pull *p = state(n);
    if (!p)
        return NULL;
    if (p->n_scopes == p->cap_scopes) {
        size_t cap = p->cap_scopes ? 2 * p->cap_scopes : 16;
        struct scope *more = cap <= NDR_MAX_SCOPES ? ndr_pull_new(n, cap * sizeof(*more)) : NULL;
        if (!more) {
            bad(n);
            p->lost++;
            return NULL;
        }
        if (p->n_scopes)
            memcpy(more, p->scopes, p->n_scopes * sizeof(*more));
        p->scopes = more;
        p->cap_scopes = cap;
    }
    struct scope *s = &p->scopes[p->n_scopes++];
    *s = (struct scope){ .kind = kind,
                         .flags = n->flags,
                         .wide = n->wide,
                         .swap = n->swap,
                         .big = n->big,
                         .base = p->base,
                         .highest = p->highest,
                         .stream = n->rd.base,
                         .len = n->rd.len,
                         .pos = n->rd.pos };
    return s;
}

/* Brings back all but the place in the stream. */
static struct scope *close_scope(struct ndr_pull *n)
{
    struct ndr_pidl_pull *p = n->pidl;
    if (!p || p->lost || !p->n_scopes) {
        if (p && p->lost)
            p->lost--;
        return NULL;
    }
    struct scope *s = &p->scopes[--p->n_scopes];
    n->flags = s->flags;
    n->wide = s->wide;
    n->swap = s->swap;
    n->big = s->big;
    p->base = s->base;
    return s;
}

static void set_big(struct ndr_pull *n, bool big)
{
    n->big = big;
    n->swap = big != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
}

void ndr_pull_flags(struct ndr_pull *n, uint32_t flags)
{
    if (!open_scope(n, SCOPE_FLAGS))
        return;
    n->flags = ndr_add_flags(n->flags, flags);
    if (flags & (NDR_F_BIG_ENDIAN | NDR_F_LITTLE_ENDIAN))
        set_big(n, flags & NDR_F_BIG_ENDIAN);
}

void ndr_pull_flags_end(struct ndr_pull *n)
{
    (void)close_scope(n);
}

uint32_t ndr_pull_flags_now(const struct ndr_pull *n)
{
    return n->flags;
}

void ndr_pull_base(struct ndr_pull *n)
{
    if (open_scope(n, SCOPE_BASE))
        n->pidl->base = n->rd.pos;
}

void ndr_pull_base_end(struct ndr_pull *n)
{
    (void)close_scope(n);
}

/* ---- relative pointers ---- */

static void *pull_place(struct ndr_pull *n, size_t offset, size_t size)
{
    struct ndr_pidl_pull *p = state(n);
    if (!offset || !p)
        return NULL;
    if (p->base > n->rd.len || offset > n->rd.len - p->base) {
        bad(n);
        return NULL;
    }
    struct relative *r = size <= n->budget ? ndr_pull_new(n, sizeof(*r) + size) : NULL;
    if (!r) {
        ndr_pull_fail(n, STATUS_INSUFFICIENT_RESOURCES);
        return NULL;
    }
    r->target = p->base + offset;
    r->base = p->base;
    return r->content;
}

void *ndr_pull_relative(struct ndr_pull *n, size_t size)
{
    return pull_place(n, ndrf_pull_u32(n), size);
}

void *ndr_pull_relative_short(struct ndr_pull *n, size_t size)
{
    return pull_place(n, ndrf_pull_u16(n), size);
}

static const struct relative *relative_of(const void *content)
{
    return (const void *)((const uint8_t *)content - offsetof(struct relative, content));
}

bool ndr_pull_relative_start(struct ndr_pull *n, const void *p)
{
    if (!p || n->rd.st != STATUS_SUCCESS)
        return false;
    if (relative_of(p)->target > n->rd.len) {
        bad(n); /* of another stream: no code of ours does that */
        return false;
    }
    struct scope *s = open_scope(n, SCOPE_RELATIVE);
    if (!s) {
        if (n->pidl)
            n->pidl->lost--; /* the caller does not end what did not start */
        return false;
    }
    const struct relative *r = relative_of(p);
    s->from = r->target;
    n->rd.pos = r->target;
    n->pidl->base = r->base;
    return true;
}

void ndr_pull_relative_end(struct ndr_pull *n)
{
    const struct scope *s = close_scope(n);
    if (!s || n->rd.st != STATUS_SUCCESS)
        return;
    size_t read = n->rd.pos - s->from;
    if (n->rd.pos > n->pidl->highest)
        n->pidl->highest = n->rd.pos;
    n->rd.pos = s->pos;
    if (read > n->budget)
        ndr_pull_fail(n, STATUS_INSUFFICIENT_RESOURCES);
    else
        n->budget -= read;
}

/* ---- nested streams ---- */

/* [MS-RPCE] 2.2.6.1, 2.2.6.2: the size of what follows, and its byte order. */
static size_t pull_serialized_header(struct ndr_pull *n, bool *ret_big)
{
    uint8_t version = ndrf_pull_u8(n), order = ndrf_pull_u8(n);
    uint16_t len = ndrf_pull_u16(n);
    (void)ndrf_pull_u32(n); /* filler */
    *ret_big = order == 0;
    if (version != 1 || (order != 0x10 && order != 0))
        bad(n);
    if ((order == 0 ? __builtin_bswap16(len) : len) != 8 && len != 8)
        bad(n);
    uint32_t size = ndrf_pull_u32(n);
    (void)ndrf_pull_u32(n);
    if (n->big != *ret_big)
        size = __builtin_bswap32(size);
    if (size % 8 != 0)
        bad(n);
    return size;
}

void ndr_pull_subcontext(struct ndr_pull *n, uint32_t header, size_t size)
{
    bool big = n->big;
    size_t len = size;
    struct scope *s = open_scope(n, SCOPE_STREAM);
    if (header == NDR_SUBCONTEXT_SERIALIZED)
        len = pull_serialized_header(n, &big);
    else if (header == 4)
        len = ndrf_pull_u32(n);
    else if (header == 2)
        len = ndrf_pull_u16(n);
    if (size != NDR_ANY && (header == NDR_SUBCONTEXT_SERIALIZED ? len < size : len != size))
        bad(n);
    size_t left = n->rd.len - n->rd.pos, window = len == NDR_ANY ? left : len;
    if (window > left) {
        bad(n);
        window = 0;
    }
    if (!s || n->rd.st != STATUS_SUCCESS)
        return;
    s->pos = n->rd.pos;
    s->advance = len;
    n->rd.base += n->rd.pos;
    n->rd.len = window;
    n->rd.pos = 0;
    n->wide = false;
    n->pidl->base = n->pidl->highest = 0;
    if (header == NDR_SUBCONTEXT_SERIALIZED)
        set_big(n, big);
}

void ndr_pull_subcontext_end(struct ndr_pull *n)
{
    const struct scope *s = close_scope(n);
    if (!s)
        return;
    size_t read = n->rd.pos > n->pidl->highest ? n->rd.pos : n->pidl->highest;
    bool unread = (n->flags & NDR_F_NO_UNREAD_BYTES) && read < n->rd.len;
    n->pidl->highest = s->highest;
    n->rd.base = s->stream;
    n->rd.len = s->len;
    n->rd.pos = n->rd.st != STATUS_SUCCESS ? s->len : s->pos + (s->advance == NDR_ANY ? read : s->advance);
    if (unread)
        bad(n);
}

/* ---- blobs ---- */

struct nt_blob ndr_pull_blob(struct ndr_pull *n)
{
    size_t align = ndr_flag_align(n->flags), left = n->rd.len - n->rd.pos, len;
    if (align) {
        len = (0 - n->rd.pos) & (align - 1);
        len = len < left ? len : left;
    } else if (n->flags & NDR_F_REMAINING) {
        len = left;
    } else {
        len = ndrf_pull_u32(n);
    }
    const uint8_t *p = ndr_pull_lend(n, len, 1);
    return p ? (struct nt_blob){ p, len } : (struct nt_blob){ NULL, 0 };
}

/* ---- strings ---- */

/* Bytes of the characters that follow the counts, terminator included; they are in what is left. */
static size_t text_size(struct ndr_pull *n, unsigned width)
{
    size_t count = NDR_ANY, unit = n->flags & NDR_F_STR_BYTESIZE ? 1 : width;
    if (n->flags & NDR_F_STR_SIZE4)
        count = ndrf_pull_u32(n);
    if (n->flags & NDR_F_STR_LEN4) {
        if (ndrf_pull_u32(n) != 0)
            bad(n);
        size_t len = ndrf_pull_u32(n);
        if (len > count)
            bad(n);
        count = len;
    }
    if (n->flags & NDR_F_STR_SIZE2)
        count = ndrf_pull_u16(n);
    size_t left = n->rd.len - n->rd.pos;
    if (count != NDR_ANY) {
        if (count > left / unit || count * unit % width)
            bad(n);
        return n->rd.st == STATUS_SUCCESS ? count * unit : 0;
    }
    if (n->flags & (NDR_F_STR_NOTERM | NDR_F_REMAINING) && !(n->flags & NDR_F_STR_NULLTERM))
        return left - left % width;
    if (!(n->flags & NDR_F_STR_NULLTERM))
        bad(n);
    const uint8_t *p = n->rd.base + n->rd.pos;
    for (size_t i = 0; i + width <= left && n->rd.st == STATUS_SUCCESS; i += width)
        if (!p[i] && (width == 1 || !p[i + 1]))
            return i + width;
    /* the end of the stream ends the string, too */
    return n->rd.st == STATUS_SUCCESS ? left - left % width : 0;
}

static const void *ended(struct ndr_pull *n, const void *p, size_t bytes, unsigned width)
{
    const uint8_t *from = p;
    uint8_t *to = ndr_pull_new(n, bytes + width);
    if (to && bytes)
        memcpy(to, from, bytes);
    return to;
}

const char *ndr_pull_text8(struct ndr_pull *n)
{
    size_t len = text_size(n, 1);
    const char *p = ndr_pull_lend(n, len, 1);
    if (!p || n->rd.st != STATUS_SUCCESS)
        return NULL;
    return len && !p[len - 1] ? p : ended(n, p, len, 1);
}

const char16_t *ndr_pull_text(struct ndr_pull *n)
{
    bool bytes = ndr_flags_bytes(n->flags);
    size_t len = text_size(n, bytes ? 1 : 2);
    const uint8_t *p = ndr_pull_lend(n, len, 1);
    if (!p || n->rd.st != STATUS_SUCCESS)
        return NULL;
    if (!bytes && !n->swap && len && ((uintptr_t)p & 1) == 0 && !p[len - 1] && !p[len - 2])
        return (const char16_t *)(const void *)p;
    size_t chars = bytes ? len : len / 2;
    if (chars > (SIZE_MAX / 2) - 1) {
        bad(n);
        return NULL;
    }
    char16_t *to = ndr_pull_new(n, 2 * (chars + 1));
    for (size_t i = 0; to && i < chars; i++)
        to[i] = bytes ? p[i] : n->big ? (char16_t)(p[2 * i] << 8 | p[2 * i + 1]) : le16(p + 2 * i);
    return to;
}

/* Strings up to an empty one or, with NDR_F_STR_NOTERM, up to the end of the stream. Gives an array that a
 * null pointer ends. */
static void *pull_texts(struct ndr_pull *n, unsigned width)
{
    const void **list = NULL;
    size_t count = 0, cap = 0;
    uint32_t flags = n->flags;
    bool open = flags & NDR_F_STR_NOTERM;
    unsigned wire = ndr_flags_bytes(flags) ? 1 : width;
    n->flags = (flags & ~(uint32_t)(NDR_F_STR_NOTERM | NDR_F_REMAINING)) | NDR_F_STR_NULLTERM;
    for (bool more = true; more && n->rd.st == STATUS_SUCCESS;) {
        if (count + 1 >= cap) {
            const void **bigger = ndr_pull_new(n, (cap = cap ? 2 * cap : 8) * sizeof(*list));
            if (bigger && count)
                memcpy(bigger, list, count * sizeof(*list));
            list = bigger;
            if (!list)
                break;
        }
        more = rd_left(&n->rd) >= wire;
        if (!more)
            break;
        const void *s = width == 1 ? (const void *)ndr_pull_text8(n) : (const void *)ndr_pull_text(n);
        bool empty = s && (width == 1 ? !*(const char *)s : !*(const char16_t *)s);
        if (s && (open || !empty))
            list[count++] = s;
        more = open || !empty;
    }
    n->flags = flags;
    return n->rd.st == STATUS_SUCCESS ? list : NULL;
}

const char16_t *const *ndr_pull_texts(struct ndr_pull *n)
{
    return pull_texts(n, 2);
}

const char *const *ndr_pull_texts8(struct ndr_pull *n)
{
    return pull_texts(n, 1);
}

char16_t *ndr_pull_wchars(struct ndr_pull *n, size_t count)
{
    uint32_t flags = n->flags;
    n->flags |= NDR_F_NOALIGN;
    char16_t *p = ndrf_pull_lend(n, count, 2);
    n->flags = flags;
    return p;
}

void ndr_pull_wchars_to(struct ndr_pull *n, char16_t *to, size_t count)
{
    uint32_t flags = n->flags;
    n->flags |= NDR_F_NOALIGN;
    ndrf_pull_elements(n, to, count, 2);
    n->flags = flags;
}

/* ---- numbers in halves ---- */

uint64_t ndr_pull_udlong(struct ndr_pull *n)
{
    uint64_t low = ndrf_pull_u32(n);
    return low | (uint64_t)ndrf_pull_u32(n) << 32;
}

uint64_t ndr_pull_udlongr(struct ndr_pull *n)
{
    uint64_t high = ndrf_pull_u32(n);
    return high << 32 | ndrf_pull_u32(n);
}
