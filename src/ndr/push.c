// SPDX-License-Identifier: Apache-2.0
/* NDR, from memory to the wire: [C706] chapter 14 (NDR20), [MS-RPCE] 2.2.5 (NDR64). Always little endian. */
#include "ndr/m_ndr.h"

#include <stdlib.h>

/* First referent id, and the distance between two, as Windows counts them: any value but 0 would do. Full
 * pointers are counted from 1. */
#define REFERENT_BASE 0x00020000U
#define REFERENT_STEP 4U

struct ndr_full_push {
    const void *p; /* NULL: free slot */
    uint32_t id;
    bool sent;
};

void ndr_push_init(struct ndr_push *n, struct wr *w, bool ndr64)
{
    *n = (struct ndr_push){ .w = w, .start = w->len, .wide = ndr64 };
}

enum nt_status ndr_push_status(struct ndr_push *n)
{
    free(n->full);
    n->full = NULL;
    n->n_full = n->cap_full = 0;
    if (n->pidl)
        ndr_pidl_push_free(n);
    return n->w->st;
}

void ndr_push_fail(struct ndr_push *n, enum nt_status st)
{
    wr_fail(n->w, st);
}

void ndr_push_nothing(struct ndr_push *n, const void *r)
{
    (void)n;
    (void)r;
}

bool ndr_handle_is_null(const struct ndr_handle *h)
{
    return h->attributes == 0 && nt_guid_is_null(&h->uuid);
}

/* ---- integers ---- */

/* Room for `size` bytes at a multiple of `align` octets, the gap zeroed; NULL after a failure. */
static inline uint8_t *aligned(struct ndr_push *n, size_t align, size_t size)
{
    size_t pad = (n->start - n->w->len) & (align - 1);
    uint8_t *p = wr_room(n->w, pad + size);
    if (!p)
        return NULL;
    for (size_t i = 0; i < pad; i++)
        p[i] = 0;
    return p + pad;
}

void ndr_push_u8(struct ndr_push *n, uint8_t v)
{
    wr_u8(n->w, v);
}

void ndr_push_u16(struct ndr_push *n, uint16_t v)
{
    uint8_t *p = aligned(n, 2, 2);
    if (p)
        put_le16(p, v);
}

void ndr_push_u32(struct ndr_push *n, uint32_t v)
{
    uint8_t *p = aligned(n, 4, 4);
    if (p)
        put_le32(p, v);
}

void ndr_push_u64(struct ndr_push *n, uint64_t v)
{
    uint8_t *p = aligned(n, 8, 8);
    if (p)
        put_le64(p, v);
}

/* A number as wide as a pointer of the transfer syntax: counts and referent ids. */
static void push_wide(struct ndr_push *n, uint64_t v)
{
    if (n->wide)
        ndr_push_u64(n, v);
    else if (v > UINT32_MAX)
        ndr_push_fail(n, RPC_NT_BAD_STUB_DATA);
    else
        ndr_push_u32(n, (uint32_t)v);
}

void ndr_push_u3264(struct ndr_push *n, uint64_t v)
{
    bool negative = (int64_t)v < 0 && (int64_t)v >= INT32_MIN;
    push_wide(n, !n->wide && negative ? (uint32_t)v : v);
}

void ndr_push_enum(struct ndr_push *n, uint32_t v)
{
    if (n->wide)
        ndr_push_u32(n, v);
    else if (v > INT16_MAX) /* [C706] 14.2.5 */
        ndr_push_fail(n, RPC_NT_ENUM_VALUE_OUT_OF_RANGE);
    else
        ndr_push_u16(n, (uint16_t)v);
}

void ndr_push_float(struct ndr_push *n, float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof(bits));
    ndr_push_u32(n, bits);
}

void ndr_push_double(struct ndr_push *n, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof(bits));
    ndr_push_u64(n, bits);
}

/* ---- structures and unions ---- */

void ndr_push_align(struct ndr_push *n, enum ndr_align align)
{
    (void)aligned(n, ndr_octets(n->wide, align), 0);
}

void ndr_push_end(struct ndr_push *n, enum ndr_align align)
{
    if (n->wide)
        ndr_push_align(n, align);
}

void ndr_push_tag(struct ndr_push *n, unsigned kind, uint64_t tag, enum ndr_align align)
{
    unsigned type = kind & ~(unsigned)NDR_MS;
    if (n->wide)
        ndr_push_align(n, align);
    if (type == NDR_TAG_64)
        ndr_push_u64(n, tag);
    else if (type == NDR_TAG_PTR)
        ndr_push_u3264(n, tag);
    else if (type == NDR_TAG_32)
        ndr_push_u32(n, (uint32_t)tag);
    else if (type == NDR_TAG_16)
        ndr_push_u16(n, (uint16_t)tag);
    else if (type == NDR_TAG_ENUM)
        ndr_push_enum(n, (uint32_t)tag);
    else
        ndr_push_u8(n, (uint8_t)tag);
    if (n->wide || (kind & NDR_MS))
        ndr_push_align(n, align);
}

void ndr_push_bad_tag(struct ndr_push *n)
{
    ndr_push_fail(n, RPC_NT_INVALID_TAG);
}

bool ndr_push_enter(struct ndr_push *n)
{
    if (++n->depth <= NDR_BUDGET_DEPTH)
        return true;
    ndr_push_fail(n, RPC_NT_BAD_STUB_DATA);
    return false;
}

void ndr_push_leave(struct ndr_push *n)
{
    n->depth--;
}

bool ndr_push_enter_list(struct ndr_push *n)
{
    if (++n->links <= NDR_BUDGET_LINKS)
        return true;
    ndr_push_fail(n, RPC_NT_BAD_STUB_DATA);
    return false;
}

void ndr_push_leave_list(struct ndr_push *n)
{
    n->links--;
}

/* ---- pointers ---- */

static uint32_t next_id(struct ndr_push *n)
{
    return REFERENT_BASE + REFERENT_STEP * n->refs++;
}

void ndr_push_unique(struct ndr_push *n, const void *p)
{
    push_wide(n, p ? next_id(n) : 0);
}

void ndr_push_uniques(struct ndr_push *n, const void *pointers, size_t count)
{
    const void *const *p = pointers;
    size_t octets = n->wide ? 8 : 4, bytes;
    if (!count || !ndr_push_not_null(n, pointers))
        return;
    if (__builtin_mul_overflow(count, octets, &bytes)) {
        ndr_push_fail(n, RPC_NT_BAD_STUB_DATA);
        return;
    }
    uint8_t *to = aligned(n, octets, bytes);
    for (size_t i = 0; to && i < count; i++, to += octets)
        if (n->wide)
            put_le64(to, p[i] ? next_id(n) : 0);
        else
            put_le32(to, p[i] ? next_id(n) : 0);
}

void ndr_push_ref(struct ndr_push *n, const void *p)
{
    if (ndr_push_not_null(n, p))
        push_wide(n, next_id(n));
}

void ndr_push_ref_element(struct ndr_push *n, const void *p)
{
    if (n->wide)
        ndr_push_ref(n, p);
    else
        (void)ndr_push_not_null(n, p);
}

bool ndr_push_not_null(struct ndr_push *n, const void *p)
{
    if (!p)
        ndr_push_fail(n, RPC_NT_NULL_REF_POINTER);
    return n->w->st == STATUS_SUCCESS;
}

static struct ndr_full_push *full_slot(struct ndr_full_push *table, uint32_t cap, const void *p)
{
    uint32_t at = (uint32_t)(((uintptr_t)p >> 3) * 0x9E3779B1U);
    for (;; at++) {
        struct ndr_full_push *slot = &table[at & (cap - 1)];
        if (slot->p == p || !slot->p)
            return slot;
    }
}

/* At most half full, a power of two. */
static bool full_grow(struct ndr_push *n)
{
    if (n->n_full < n->cap_full / 2)
        return true;
    uint32_t cap = n->cap_full ? n->cap_full * 2 : 16;
    struct ndr_full_push *table = cap > n->cap_full ? calloc(cap, sizeof(*table)) : NULL;
    if (!table) {
        ndr_push_fail(n, STATUS_NO_MEMORY);
        return false;
    }
    for (uint32_t i = 0; i < n->cap_full; i++)
        if (n->full[i].p)
            *full_slot(table, cap, n->full[i].p) = n->full[i];
    free(n->full);
    n->full = table;
    n->cap_full = cap;
    return true;
}

void ndr_push_full(struct ndr_push *n, const void *p)
{
    if (!p) {
        push_wide(n, 0);
        return;
    }
    if (!full_grow(n))
        return;
    struct ndr_full_push *slot = full_slot(n->full, n->cap_full, p);
    if (!slot->p) {
        *slot = (struct ndr_full_push){ .p = p, .id = ++n->last_full };
        n->n_full++;
    }
    push_wide(n, slot->id);
}

void ndr_push_adopt(struct ndr_push *n, const struct ndr_pull *request)
{
    uint64_t id;
    const void *object;
    for (uint32_t i = 0; i < request->cap_full && n->w->st == STATUS_SUCCESS; i++) {
        /* ids as large as that are never ours, so they cannot be mistaken */
        if (!ndr_pull_full_at(request, i, &id, &object) || id > INT32_MAX || !full_grow(n))
            continue;
        struct ndr_full_push *slot = full_slot(n->full, n->cap_full, object);
        if (slot->p)
            continue;
        *slot = (struct ndr_full_push){ .p = object, .id = (uint32_t)id };
        n->n_full++;
        if (n->last_full < id)
            n->last_full = (uint32_t)id;
    }
}

bool ndr_push_full_first(struct ndr_push *n, const void *p)
{
    if (!p || !n->cap_full)
        return false;
    struct ndr_full_push *slot = full_slot(n->full, n->cap_full, p);
    if (!slot->p || slot->sent)
        return false;
    slot->sent = true;
    return true;
}

/* ---- arrays ---- */

void ndr_push_size(struct ndr_push *n, size_t size)
{
    push_wide(n, size);
}

void ndr_push_length(struct ndr_push *n, size_t size, size_t length)
{
    if (length > size) {
        ndr_push_fail(n, RPC_NT_BAD_STUB_DATA);
        return;
    }
    push_wide(n, 0);
    push_wide(n, length);
}

void ndr_push_part(struct ndr_push *n, size_t size, size_t first, size_t length)
{
    if (first > size || length > size - first) {
        ndr_push_fail(n, RPC_NT_BAD_STUB_DATA);
        return;
    }
    push_wide(n, first);
    push_wide(n, length);
}

size_t ndr_times(size_t a, size_t b)
{
    size_t product;
    return __builtin_mul_overflow(a, b, &product) || product == NDR_ANY ? NDR_ANY - 1 : product;
}

void ndr_push_elements(struct ndr_push *n, const void *p, size_t count, unsigned width)
{
    size_t bytes;
    if (count && !ndr_push_not_null(n, p))
        return;
    if (__builtin_mul_overflow(count, width, &bytes)) {
        ndr_push_fail(n, RPC_NT_BAD_STUB_DATA);
        return;
    }
    uint8_t *to = count ? aligned(n, width, bytes) : NULL;
    if (!to)
        return;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(to, p, bytes);
#else
    const uint8_t *from = p;
    for (size_t i = 0; i < bytes; i++)
        to[i] = from[i ^ (width - 1)];
#endif
}

void ndr_push_conformant(struct ndr_push *n, const void *p, size_t size, unsigned width)
{
    ndr_push_size(n, size);
    ndr_push_elements(n, p, size, width);
}

void ndr_push_varying(struct ndr_push *n, const void *p, size_t size, size_t length, unsigned width)
{
    ndr_push_length(n, size, length);
    ndr_push_elements(n, p, length, width);
}

void ndr_push_conformant_varying(struct ndr_push *n, const void *p, size_t size, size_t length,
                                 unsigned width)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    /* three counts and the elements right behind, in one piece; in NDR20 unless they have to be aligned */
    if ((n->wide || width <= 4) && length <= size && size <= UINT32_MAX / 8 && (p || !length)) {
        size_t octets = n->wide ? 8 : 4;
        uint8_t *to = aligned(n, octets, 3 * octets + length * width);
        if (!to)
            return;
        if (n->wide) {
            put_le64(to, size);
            put_le64(to + 8, 0);
            put_le64(to + 16, length);
        } else {
            put_le32(to, (uint32_t)size);
            put_le32(to + 4, 0);
            put_le32(to + 8, (uint32_t)length);
        }
        if (length)
            memcpy(to + 3 * octets, p, length * width);
        return;
    }
#endif
    ndr_push_size(n, size);
    ndr_push_varying(n, p, size, length, width);
}

void ndr_push_counted(struct ndr_push *n, uint16_t length, uint16_t maximum, const void *buffer)
{
    uint8_t *to = aligned(n, n->wide ? 8 : 4, n->wide ? 16 : 8);
    if (!to)
        return;
    put_le16(to, length);
    put_le16(to + 2, maximum);
    put_le32(to + 4, 0); /* a gap in NDR64 */
    if (n->wide)
        put_le64(to + 8, buffer ? next_id(n) : 0);
    else
        put_le32(to + 4, buffer ? next_id(n) : 0);
}

/* ---- strings ---- */

size_t ndr_wstring_size(const char16_t *s)
{
    size_t len = 0;
    if (!s)
        return 0;
    while (s[len])
        len++;
    return len + 1;
}

size_t ndr_string_size(const char *s)
{
    return s ? strlen(s) + 1 : 0;
}

void ndr_push_wstring(struct ndr_push *n, const char16_t *s)
{
    size_t len = ndr_wstring_size(s);
    if (ndr_push_not_null(n, s))
        ndr_push_conformant_varying(n, s, len, len, 2);
}

void ndr_push_string(struct ndr_push *n, const char *s)
{
    size_t len = ndr_string_size(s);
    if (ndr_push_not_null(n, s))
        ndr_push_conformant_varying(n, s, len, len, 1);
}

void ndr_push_wstring_opt(struct ndr_push *n, const char16_t *s)
{
    if (s)
        ndr_push_wstring(n, s);
}

void ndr_push_string_opt(struct ndr_push *n, const char *s)
{
    if (s)
        ndr_push_string(n, s);
}

void ndr_push_unique_wstring(struct ndr_push *n, const char16_t *s)
{
    ndr_push_unique(n, s);
    ndr_push_wstring_opt(n, s);
}

void ndr_push_unique_string(struct ndr_push *n, const char *s)
{
    ndr_push_unique(n, s);
    ndr_push_string_opt(n, s);
}

/* The length with the terminator, which has to be within `size` elements; size + 1 if there is none. */
void ndr_push_wstring_in(struct ndr_push *n, const char16_t *s, size_t size, bool conformant)
{
    size_t len = 0;
    if (!ndr_push_not_null(n, s))
        return;
    while (len < size && s[len])
        len++;
    if (conformant)
        ndr_push_size(n, size);
    ndr_push_varying(n, s, size, len + 1, 2);
}

void ndr_push_string_in(struct ndr_push *n, const char *s, size_t size, bool conformant)
{
    if (!ndr_push_not_null(n, s))
        return;
    if (conformant)
        ndr_push_size(n, size);
    ndr_push_varying(n, s, size, strnlen(s, size) + 1, 1);
}

/* ---- well known structures ---- */

/* [C706] appendix A: a structure of 4, 2, 2 and 8 bytes, aligned to 4. */
static void put_guid(uint8_t *to, const struct nt_guid *g)
{
    put_le32(to, g->a);
    put_le16(to + 4, g->b);
    put_le16(to + 6, g->c);
    memcpy(to + 8, g->d, sizeof(g->d));
}

void ndr_push_guid(struct ndr_push *n, const struct nt_guid *g)
{
    uint8_t *to = aligned(n, 4, 16);
    if (to)
        put_guid(to, g);
}

static void note_handle(struct ndr_noted *all, const struct ndr_handle *h)
{
    if (ndr_handle_is_null(h))
        return;
    if (all->n == sizeof all->h / sizeof all->h[0])
        all->more = true;
    else
        all->h[all->n++] = *h;
}

void ndr_push_handle(struct ndr_push *n, const struct ndr_handle *h)
{
    if (n->noted)
        note_handle(n->noted, h);
    uint8_t *to = aligned(n, 4, 20);
    if (!to)
        return;
    put_le32(to, h->attributes);
    put_guid(to + 4, &h->uuid);
}

static void put_sid(uint8_t *to, const struct nt_sid *sid)
{
    to[0] = sid->revision;
    to[1] = sid->count;
    memcpy(to + 2, sid->authority, sizeof(sid->authority));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    ndr_copy_sub(to + 8, sid->sub, sid->count);
#else
    for (unsigned i = 0; i < sid->count; i++)
        put_le32(to + 8 + 4 * i, sid->sub[i]);
#endif
}

void ndr_push_sid_body(struct ndr_push *n, const struct nt_sid *sid)
{
    if (sid->count > NT_SID_MAX_SUB) {
        ndr_push_fail(n, STATUS_INVALID_SID);
        return;
    }
    uint8_t *to = aligned(n, 4, 8U + 4U * sid->count);
    if (to)
        put_sid(to, sid);
}

void ndr_push_sid(struct ndr_push *n, const struct nt_sid *sid)
{
    if (!sid || sid->count > NT_SID_MAX_SUB) {
        ndr_push_fail(n, STATUS_INVALID_SID);
        return;
    }
    size_t octets = n->wide ? 8 : 4;
    uint8_t *to = aligned(n, octets, octets + 8U + 4U * sid->count);
    if (!to)
        return;
    if (n->wide)
        put_le64(to, sid->count);
    else
        put_le32(to, sid->count);
    put_sid(to + octets, sid);
}
