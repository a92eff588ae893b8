// SPDX-License-Identifier: Apache-2.0
/* NDR, from the wire to memory: [C706] chapter 14 (NDR20), [MS-RPCE] 2.2.5 (NDR64), in either byte order. */
#include "ndr/m_ndr.h"

static const bool host_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

void ndr_pull_init(struct ndr_pull *n, struct nt_arena *mem, const uint8_t *stub, size_t len, uint8_t drep,
                   bool ndr64, const struct ndr_budget *budget)
{
    *n =
        (struct ndr_pull){ .mem = mem, .wide = ndr64, .budget = NDR_BUDGET_BYTES, .depth = NDR_BUDGET_DEPTH };
    rd_init(&n->rd, stub ? stub : (const uint8_t *)"", len); /* an empty stub may be NULL */
    if (budget && budget->bytes)
        n->budget = budget->bytes;
    if (budget && budget->depth)
        n->depth = budget->depth;
    /* [C706] 14.1: high nibble byte order (0 big, 1 little), low nibble characters (0 ASCII, 1 EBCDIC) */
    if ((drep & 0x0F) > 1 || drep > 0x11)
        ndr_pull_fail(n, RPC_NT_UNSUPPORTED_TYPE);
    n->ebcdic = (drep & 0x0F) == 1;
    n->big = (drep & 0xF0) == 0;
    n->swap = n->big != host_big;
}

enum nt_status ndr_pull_status(const struct ndr_pull *n)
{
    return n->rd.st == STATUS_INVALID_NETWORK_RESPONSE ? RPC_NT_BAD_STUB_DATA : n->rd.st;
}

size_t ndr_pull_left(const struct ndr_pull *n)
{
    return rd_left(&n->rd);
}

void ndr_pull_fail(struct ndr_pull *n, enum nt_status st)
{
    rd_fail(&n->rd, st);
}

bool ndr_pull_ok(const struct ndr_pull *n)
{
    return n->rd.st == STATUS_SUCCESS;
}

void ndr_pull_nothing(struct ndr_pull *n, void *r)
{
    (void)n;
    (void)r;
}

static void bad(struct ndr_pull *n)
{
    rd_fail(&n->rd, RPC_NT_BAD_STUB_DATA);
}

/* ---- integers ---- */

/* The next `size` bytes at a multiple of `align` octets, or NULL. */
static inline const uint8_t *aligned(struct ndr_pull *n, size_t align, size_t size)
{
    size_t pad = (0 - n->rd.pos) & (align - 1);
    if (__builtin_expect(n->rd.len - n->rd.pos < pad, 0)) {
        rd_fail(&n->rd, STATUS_INVALID_NETWORK_RESPONSE);
        return NULL;
    }
    n->rd.pos += pad;
    return rd_bytes(&n->rd, size);
}

static inline uint16_t get16(const struct ndr_pull *n, const uint8_t *p)
{
    return n->big ? __builtin_bswap16(le16(p)) : le16(p);
}
static inline uint32_t get32(const struct ndr_pull *n, const uint8_t *p)
{
    return n->big ? __builtin_bswap32(le32(p)) : le32(p);
}
static inline uint64_t get64(const struct ndr_pull *n, const uint8_t *p)
{
    return n->big ? __builtin_bswap64(le64(p)) : le64(p);
}

uint8_t ndr_pull_u8(struct ndr_pull *n)
{
    return rd_u8(&n->rd);
}

char ndr_pull_char(struct ndr_pull *n)
{
    uint8_t c = rd_u8(&n->rd);
    if (n->ebcdic)
        ndr_from_ebcdic(&c, 1);
    return (char)c;
}

uint16_t ndr_pull_u16(struct ndr_pull *n)
{
    const uint8_t *p = aligned(n, 2, 2);
    return p ? get16(n, p) : 0;
}

uint32_t ndr_pull_u32(struct ndr_pull *n)
{
    const uint8_t *p = aligned(n, 4, 4);
    return p ? get32(n, p) : 0;
}

uint64_t ndr_pull_u64(struct ndr_pull *n)
{
    const uint8_t *p = aligned(n, 8, 8);
    return p ? get64(n, p) : 0;
}

uint64_t ndr_pull_u3264(struct ndr_pull *n)
{
    return n->wide ? ndr_pull_u64(n) : ndr_pull_u32(n);
}

int64_t ndr_pull_i3264(struct ndr_pull *n)
{
    return n->wide ? (int64_t)ndr_pull_u64(n) : (int32_t)ndr_pull_u32(n);
}

uint32_t ndr_pull_enum(struct ndr_pull *n)
{
    uint32_t v = n->wide ? ndr_pull_u32(n) : ndr_pull_u16(n);
    if (v > INT16_MAX && !n->wide) { /* [C706] 14.2.5 */
        ndr_pull_fail(n, RPC_NT_ENUM_VALUE_OUT_OF_RANGE);
        return 0;
    }
    return v;
}

float ndr_pull_float(struct ndr_pull *n)
{
    uint32_t bits = ndr_pull_u32(n);
    float v;
    memcpy(&v, &bits, sizeof(v));
    return v;
}

double ndr_pull_double(struct ndr_pull *n)
{
    uint64_t bits = ndr_pull_u64(n);
    double v;
    memcpy(&v, &bits, sizeof(v));
    return v;
}

/* ---- structures and unions ---- */

void ndr_pull_align(struct ndr_pull *n, enum ndr_align align)
{
    (void)aligned(n, ndr_octets(n->wide, align), 0);
}

void ndr_pull_end(struct ndr_pull *n, enum ndr_align align)
{
    if (n->wide)
        ndr_pull_align(n, align);
}

static uint64_t pull_tag(struct ndr_pull *n, unsigned type)
{
    switch (type) {
    case NDR_TAG_64:
        return ndr_pull_u64(n);
    case NDR_TAG_PTR:
        return ndr_pull_u3264(n);
    case NDR_TAG_32:
        return ndr_pull_u32(n);
    case NDR_TAG_16:
        return ndr_pull_u16(n);
    case NDR_TAG_ENUM:
        return ndr_pull_enum(n);
    default:
        return ndr_pull_u8(n);
    }
}

void ndr_pull_tag(struct ndr_pull *n, unsigned kind, uint64_t tag, enum ndr_align align)
{
    unsigned type = kind & ~(unsigned)NDR_MS;
    if (n->wide)
        ndr_pull_align(n, align);
    uint64_t sent = pull_tag(n, type);
    size_t octets = ndr_octets(n->wide, type);
    if (octets < 8)
        tag &= (UINT64_C(1) << (8 * octets)) - 1;
    if (sent != tag)
        ndr_pull_bad_tag(n);
    if (n->wide || (kind & NDR_MS))
        ndr_pull_align(n, align);
}

uint64_t ndr_pull_peek_tag(struct ndr_pull *n, unsigned kind, enum ndr_align align)
{
    size_t pos = n->rd.pos;
    if (n->wide)
        ndr_pull_align(n, align);
    uint64_t tag = pull_tag(n, kind & ~(unsigned)NDR_MS);
    if (n->rd.st == STATUS_SUCCESS)
        n->rd.pos = pos;
    return tag;
}

void ndr_pull_bad_tag(struct ndr_pull *n)
{
    ndr_pull_fail(n, RPC_NT_INVALID_TAG);
}

bool ndr_pull_enter(struct ndr_pull *n)
{
    if (n->depth == 0) {
        bad(n);
        return false;
    }
    n->depth--;
    return true;
}

void ndr_pull_leave(struct ndr_pull *n)
{
    n->depth++;
}

bool ndr_pull_enter_list(struct ndr_pull *n)
{
    if (++n->links <= NDR_BUDGET_LINKS)
        return true;
    bad(n);
    return false;
}

void ndr_pull_leave_list(struct ndr_pull *n)
{
    n->links--;
}

/* ---- memory and pointers ---- */

/* What a pointer stands at between the passes when the size of its pointee is not known yet: never read,
 * never written, never seen by callers. Aligned for whatever type the pointer has. */
static const uint64_t placeholder = 0;

static void *take(struct ndr_pull *n, size_t size)
{
    if (n->rd.st != STATUS_SUCCESS)
        return NULL;
    if (size > n->budget) {
        ndr_pull_fail(n, STATUS_INSUFFICIENT_RESOURCES);
        return NULL;
    }
    void *p = nt_arena_alloc(n->mem, size, 8);
    if (!p)
        ndr_pull_fail(n, STATUS_NO_MEMORY);
    else
        n->budget -= size;
    return p;
}

void *ndr_pull_new(struct ndr_pull *n, size_t size)
{
    return take(n, size);
}

static void *pointee(struct ndr_pull *n, size_t size)
{
    return size ? take(n, size) : (void *)(uintptr_t)&placeholder;
}

void *ndr_pull_unique(struct ndr_pull *n, size_t size)
{
    return ndr_pull_u3264(n) ? pointee(n, size) : NULL;
}

void ndr_pull_uniques(struct ndr_pull *n, void *pointers, size_t count, size_t size)
{
    void **to = pointers;
    size_t octets = n->wide ? 8 : 4, each = (size + 7) & ~(size_t)7, used = 0, bytes;
    if (!count || n->rd.st != STATUS_SUCCESS)
        return;
    if (__builtin_mul_overflow(count, octets, &bytes)) {
        bad(n);
        return;
    }
    const uint8_t *p = aligned(n, octets, bytes);
    if (!p)
        return;
    for (size_t i = 0; i < count; i++) /* any octet that is not 0 */
        used += (n->wide ? le64(p + 8 * i) : le32(p + 4 * i)) != 0;
    if (__builtin_mul_overflow(used, each, &bytes)) {
        bad(n);
        return;
    }
    uint8_t *mem = bytes ? take(n, bytes) : NULL;
    if (bytes && !mem)
        return;
    for (size_t i = 0; i < count; i++) {
        if (!(n->wide ? le64(p + 8 * i) : le32(p + 4 * i)))
            continue;
        to[i] = size ? mem : (void *)(uintptr_t)&placeholder;
        mem = size ? mem + each : NULL;
    }
}

void *ndr_pull_ref(struct ndr_pull *n, size_t size)
{
    if (ndr_pull_u3264(n))
        return pointee(n, size);
    ndr_pull_fail(n, RPC_NT_NULL_REF_POINTER);
    return NULL;
}

void *ndr_pull_ref_element(struct ndr_pull *n, size_t size)
{
    return n->wide ? ndr_pull_ref(n, size) : n->rd.st == STATUS_SUCCESS ? pointee(n, size) : NULL;
}

/* In front of each object that full pointers stand at. */
struct ndr_full_pull {
    uint64_t id;
    size_t size;
    size_t count;  /* of an array that is the object; NDR_ANY: nobody knows */
    uint32_t type; /* 0: the caller does not say */
    bool pulled;
    const void *object; /* with size 0 */
    _Alignas(8) uint8_t content[];
};

static struct ndr_full_pull *full_of(const void *content)
{
    return (struct ndr_full_pull *)(uintptr_t)((const uint8_t *)content -
                                               offsetof(struct ndr_full_pull, content));
}

/* Longest search for a slot. In a table that is at most half full ordinary ids need a handful of steps; ids
 * that were chosen to collide would make each of a million pointers look at all those before it. */
#define FULL_PROBES 1024u

/* The slot of id, or a free one for it; null after too long a search. */
static struct ndr_full_pull **full_slot(struct ndr_full_pull **table, uint32_t cap, uint64_t id)
{
    uint32_t at = (uint32_t)((id * UINT64_C(0x9E3779B97F4A7C15)) >> 32);
    for (uint32_t i = 0; i < FULL_PROBES; i++) {
        struct ndr_full_pull **slot = &table[(at + i) & (cap - 1)];
        if (!*slot || (*slot)->id == id)
            return slot;
    }
    return NULL;
}

/* At most half full, a power of two. */
static bool full_grow(struct ndr_pull *n)
{
    if (n->n_full < n->cap_full / 2)
        return true;
    uint32_t cap = n->cap_full ? n->cap_full * 2 : 16;
    struct ndr_full_pull **table = take(n, cap * sizeof(struct ndr_full_pull *));
    if (!table)
        return false;
    for (uint32_t i = 0; i < n->cap_full; i++) {
        struct ndr_full_pull **slot = n->full[i] ? full_slot(table, cap, n->full[i]->id) : NULL;
        if (slot)
            *slot = n->full[i];
        else if (n->full[i])
            bad(n);
    }
    n->full = table;
    n->cap_full = cap;
    return n->rd.st == STATUS_SUCCESS;
}

void *ndr_pull_full(struct ndr_pull *n, size_t size)
{
    return ndr_pull_full_typed(n, size, 0);
}

void *ndr_pull_full_typed(struct ndr_pull *n, size_t size, uint32_t type)
{
    uint64_t id = ndr_pull_u3264(n);
    if (!id || !full_grow(n))
        return NULL;
    struct ndr_full_pull **slot = full_slot(n->full, n->cap_full, id);
    if (!slot) {
        bad(n);
        return NULL;
    }
    if (!*slot) {
        struct ndr_full_pull *f = size <= n->budget ? take(n, sizeof(*f) + size) : NULL;
        if (!f) {
            ndr_pull_fail(n, STATUS_INSUFFICIENT_RESOURCES);
            return NULL;
        }
        f->id = id;
        f->size = size;
        f->count = NDR_ANY;
        f->type = type;
        *slot = f;
        n->n_full++;
    }
    /* one object cannot be two things: its reader would follow as pointers what the peer sent as numbers */
    if ((*slot)->size != size || (*slot)->type != type) {
        bad(n);
        return NULL;
    }
    return (*slot)->content;
}

bool ndr_pull_full_first(struct ndr_pull *n, const void *p)
{
    if (!p || n->rd.st != STATUS_SUCCESS)
        return false;
    struct ndr_full_pull *f = full_of(p);
    bool first = !f->pulled;
    f->pulled = true;
    return first;
}

void ndr_pull_full_set(struct ndr_pull *n, const void *p, const void *object)
{
    (void)n;
    full_of(p)->object = object;
}

void *ndr_pull_full_get(struct ndr_pull *n, const void *p)
{
    if (!p || n->rd.st != STATUS_SUCCESS)
        return NULL;
    if (!full_of(p)->object)
        bad(n); /* the object would contain itself */
    return (void *)(uintptr_t)full_of(p)->object;
}

void ndr_pull_full_set_array(struct ndr_pull *n, const void *p, const void *object, size_t count)
{
    ndr_pull_full_set(n, p, object);
    full_of(p)->count = count;
}

void *ndr_pull_full_get_array(struct ndr_pull *n, const void *p, size_t count)
{
    if (p && n->rd.st == STATUS_SUCCESS && (count == NDR_ANY || full_of(p)->count != count))
        bad(n); /* it has so many elements, but is said to have others */
    return ndr_pull_full_get(n, p);
}

bool ndr_pull_full_at(const struct ndr_pull *n, uint32_t slot, uint64_t *ret_id, const void **ret_object)
{
    const struct ndr_full_pull *f = n->full[slot];
    if (!f || (!f->size && !f->object))
        return false;
    *ret_id = f->id;
    *ret_object = f->size ? f->content : f->object;
    return true;
}

/* ---- arrays ---- */

size_t ndr_pull_size(struct ndr_pull *n)
{
    uint64_t size = ndr_pull_u3264(n);
#if SIZE_MAX < UINT64_MAX
    if (size > SIZE_MAX)
        bad(n);
#endif
    if (size == NDR_ANY)
        bad(n);
    return n->rd.st == STATUS_SUCCESS ? (size_t)size : 0;
}

size_t ndr_pull_length(struct ndr_pull *n, size_t size)
{
    /* nothing we speak has first_is, and servers send offset 0 ([C706] 14.3.3.2) */
    if (ndr_pull_size(n) != 0)
        bad(n);
    size_t length = ndr_pull_size(n);
    if (length > size)
        bad(n);
    return n->rd.st == STATUS_SUCCESS ? length : 0;
}

size_t ndr_pull_part(struct ndr_pull *n, size_t size, size_t *ret_length)
{
    size_t first = ndr_pull_size(n), length = ndr_pull_size(n);
    if (first > size || length > size - first)
        bad(n);
    *ret_length = n->rd.st == STATUS_SUCCESS ? length : 0;
    return n->rd.st == STATUS_SUCCESS ? first : 0;
}

void ndr_pull_match(struct ndr_pull *n, size_t sent, size_t said)
{
    if (sent != said && sent != NDR_ANY)
        bad(n);
}

/* The same where `said` may be unknown. */
static void match_known(struct ndr_pull *n, size_t sent, size_t said)
{
    if (said != NDR_ANY)
        ndr_pull_match(n, sent, said);
}

void ndr_pull_range(struct ndr_pull *n, int64_t v, int64_t low, int64_t high)
{
    if (v < low || v > high)
        ndr_pull_fail(n, RPC_NT_INVALID_BOUND);
}

void *ndr_pull_array(struct ndr_pull *n, size_t *count, size_t size, size_t wire)
{
    size_t bytes = 0;
    if (*count > rd_left(&n->rd) / (wire ? wire : 1) || __builtin_mul_overflow(*count, size, &bytes))
        bad(n);
    void *p = take(n, bytes);
    if (!p)
        *count = 0;
    return p;
}

/* Elements that are not sent cost the sender nothing; nobody has a use for many. */
#define HOLE_BYTES ((size_t)1 << 20)

void *ndr_pull_array_part(struct ndr_pull *n, size_t first, size_t *count, size_t size, size_t wire)
{
    if (first > HOLE_BYTES / (size ? size : 1) || *count > rd_left(&n->rd) / (wire ? wire : 1))
        bad(n);
    size_t bytes = 0;
    if (n->rd.st == STATUS_SUCCESS && __builtin_mul_overflow(first + *count, size, &bytes))
        bad(n);
    void *p = take(n, bytes);
    if (!p)
        *count = 0;
    return p;
}

void *ndr_pull_array_conformant(struct ndr_pull *n, size_t *count, size_t size, size_t wire)
{
    size_t sent = ndr_pull_size(n);
    match_known(n, sent, *count);
    *count = sent;
    return ndr_pull_array(n, count, size, wire);
}

void *ndr_pull_array_varying(struct ndr_pull *n, size_t max, size_t *count, size_t size, size_t wire)
{
    size_t sent = ndr_pull_length(n, max);
    match_known(n, sent, *count);
    *count = sent;
    return ndr_pull_array(n, count, size, wire);
}

void *ndr_pull_array_conformant_varying(struct ndr_pull *n, size_t max, size_t *count, size_t size,
                                        size_t wire)
{
    size_t sent = ndr_pull_size(n);
    match_known(n, sent, max);
    return ndr_pull_array_varying(n, sent, count, size, wire);
}

/* `bytes` bytes of `width` byte integers from the wire's order to ours. */
static void copy_elements(const struct ndr_pull *n, uint8_t *to, const uint8_t *from, size_t bytes,
                          unsigned width)
{
    if (!n->swap || width == 1) {
        memcpy(to, from, bytes);
        return;
    }
    for (size_t i = 0; i < bytes; i++)
        to[i] = from[i ^ (width - 1)];
}

void ndr_pull_elements(struct ndr_pull *n, void *p, size_t count, unsigned width)
{
    size_t octets = ndr_width(width);
    const uint8_t *from = count ? aligned(n, octets, count * octets) : NULL;
    if (!from)
        return;
    copy_elements(n, p, from, count * octets, (unsigned)octets);
    if (n->ebcdic && width == NDR_CHARS)
        ndr_from_ebcdic(p, count);
}

void *ndr_pull_lend(struct ndr_pull *n, size_t count, unsigned width)
{
    size_t octets = ndr_width(width), bytes;
    bool convert = n->ebcdic && width == NDR_CHARS;
    if (__builtin_mul_overflow(count, octets, &bytes)) {
        bad(n);
        return NULL;
    }
    if (bytes == 0) /* not even alignment */
        return n->rd.st == STATUS_SUCCESS ? pointee(n, 0) : NULL;
    const uint8_t *from = aligned(n, octets, bytes);
    if (!from)
        return NULL;
    if (!convert && (octets == 1 || (!n->swap && ((uintptr_t)from & (octets - 1)) == 0)))
        return (void *)(uintptr_t)from;
    void *to = take(n, bytes);
    if (to)
        copy_elements(n, to, from, bytes, (unsigned)octets);
    if (to && convert)
        ndr_from_ebcdic(to, bytes);
    return to;
}

void *ndr_pull_conformant(struct ndr_pull *n, size_t size, unsigned width)
{
    size_t sent = ndr_pull_size(n);
    match_known(n, sent, size);
    return ndr_pull_lend(n, sent, width);
}

void *ndr_pull_conformant_loose(struct ndr_pull *n, size_t size, unsigned width)
{
    size_t sent = ndr_pull_size(n), bytes;
    if (sent >= size)
        return ndr_pull_lend(n, sent, width);
    if (__builtin_mul_overflow(size, ndr_width(width), &bytes))
        bad(n);
    void *to = take(n, bytes);
    if (to)
        ndr_pull_elements(n, to, sent, width);
    return to;
}

void *ndr_pull_varying(struct ndr_pull *n, size_t size, size_t length, unsigned width)
{
    size_t sent = ndr_pull_length(n, size);
    match_known(n, sent, length);
    return ndr_pull_lend(n, sent, width);
}

/* What comes next: maximum count, offset 0, actual count, elements; lent. False: not so simple, nothing is
 * consumed, the other functions have to say what it is. */
static inline bool lend_at_once(struct ndr_pull *n, size_t *size, size_t *length, unsigned elements,
                                const uint8_t **ret)
{
    size_t width = ndr_width(elements), octets = n->wide ? 8 : 4, len = n->rd.len;
    size_t pos = (n->rd.pos + octets - 1) & ~(octets - 1);
    if (n->swap || host_big || (n->ebcdic && elements == NDR_CHARS) || n->rd.st != STATUS_SUCCESS ||
        width > octets || pos > len || len - pos < 3 * octets)
        return false;
    const uint8_t *p = n->rd.base + pos;
    uint64_t max = n->wide ? le64(p) : le32(p), actual = n->wide ? le64(p + 16) : le32(p + 8);
    if ((n->wide ? le64(p + 8) : le32(p + 4)) != 0 || actual > max || !actual || max >= NDR_ANY ||
        actual > (len - pos - 3 * octets) / width || ((uintptr_t)p & (width - 1)) != 0)
        return false;
    *size = (size_t)max;
    *length = (size_t)actual;
    *ret = p + 3 * octets;
    n->rd.pos = pos + 3 * octets + *length * width;
    return true;
}

void *ndr_pull_conformant_varying(struct ndr_pull *n, size_t size, size_t length, unsigned width)
{
    const uint8_t *p;
    size_t max, actual;
    if (lend_at_once(n, &max, &actual, width, &p)) {
        match_known(n, max, size);
        match_known(n, actual, length);
        return (void *)(uintptr_t)p;
    }
    size_t sent = ndr_pull_size(n);
    match_known(n, sent, size);
    return ndr_pull_varying(n, sent, length, width);
}

void *ndr_pull_counted(struct ndr_pull *n, uint16_t *ret_length, uint16_t *ret_maximum)
{
    const uint8_t *p = aligned(n, n->wide ? 8 : 4, n->wide ? 16 : 8);
    if (!p) {
        *ret_length = *ret_maximum = 0;
        return NULL;
    }
    *ret_length = get16(n, p);
    *ret_maximum = get16(n, p + 2);
    return (n->wide ? get64(n, p + 8) != 0 : get32(n, p + 4) != 0) ? pointee(n, 0) : NULL;
}

/* ---- strings ---- */

const char16_t *ndr_pull_wstring_in(struct ndr_pull *n, size_t size, bool conformant)
{
    if (conformant) {
        size_t sent = ndr_pull_size(n);
        match_known(n, sent, size);
        size = sent;
    }
    size_t len = ndr_pull_length(n, size);
    if (!len)
        bad(n);
    const char16_t *s = ndr_pull_lend(n, len, 2);
    if (s && s[len - 1])
        bad(n);
    return s;
}

const char *ndr_pull_string_in(struct ndr_pull *n, size_t size, bool conformant)
{
    if (conformant) {
        size_t sent = ndr_pull_size(n);
        match_known(n, sent, size);
        size = sent;
    }
    size_t len = ndr_pull_length(n, size);
    if (!len)
        bad(n);
    const char *s = ndr_pull_lend(n, len, NDR_CHARS);
    if (s && s[len - 1])
        bad(n);
    return s;
}

const char16_t *ndr_pull_wstring(struct ndr_pull *n)
{
    const uint8_t *p;
    size_t max, len;
    if (lend_at_once(n, &max, &len, 2, &p)) {
        const char16_t *s = (const char16_t *)(uintptr_t)p;
        if (s[len - 1])
            bad(n);
        return s;
    }
    return ndr_pull_wstring_in(n, NDR_ANY, true);
}

const char *ndr_pull_string(struct ndr_pull *n)
{
    const uint8_t *p;
    size_t max, len;
    if (lend_at_once(n, &max, &len, NDR_CHARS, &p)) {
        const char *s = (const char *)(uintptr_t)p;
        if (s[len - 1])
            bad(n);
        return s;
    }
    return ndr_pull_string_in(n, NDR_ANY, true);
}

void ndr_pull_wstring_opt(struct ndr_pull *n, const char16_t **s)
{
    if (*s)
        *s = ndr_pull_wstring(n);
}

void ndr_pull_string_opt(struct ndr_pull *n, const char **s)
{
    if (*s)
        *s = ndr_pull_string(n);
}

const char16_t *ndr_pull_unique_wstring(struct ndr_pull *n)
{
    return ndr_pull_u3264(n) ? ndr_pull_wstring(n) : NULL;
}

const char *ndr_pull_unique_string(struct ndr_pull *n)
{
    return ndr_pull_u3264(n) ? ndr_pull_string(n) : NULL;
}

/* After a failure s may be anything. */
void ndr_pull_wstring_range(struct ndr_pull *n, const char16_t *s, int64_t low, int64_t high)
{
    if (s && n->rd.st == STATUS_SUCCESS)
        ndr_pull_range(n, (int64_t)ndr_wstring_size(s), low, high);
}

void ndr_pull_string_range(struct ndr_pull *n, const char *s, int64_t low, int64_t high)
{
    if (s && n->rd.st == STATUS_SUCCESS)
        ndr_pull_range(n, (int64_t)ndr_string_size(s), low, high);
}

void ndr_pull_wstring_to(struct ndr_pull *n, char16_t *to, size_t size)
{
    size_t len = ndr_pull_length(n, size);
    ndr_pull_elements(n, to, len, 2);
    if (!len || to[len - 1])
        bad(n);
}

void ndr_pull_string_to(struct ndr_pull *n, char *to, size_t size)
{
    size_t len = ndr_pull_length(n, size);
    ndr_pull_elements(n, to, len, NDR_CHARS);
    if (!len || to[len - 1])
        bad(n);
}

/* ---- well known structures ---- */

static void get_guid(const struct ndr_pull *n, const uint8_t *p, struct nt_guid *to)
{
    to->a = get32(n, p);
    to->b = get16(n, p + 4);
    to->c = get16(n, p + 6);
    memcpy(to->d, p + 8, sizeof(to->d));
}

void ndr_pull_guid(struct ndr_pull *n, struct nt_guid *to)
{
    const uint8_t *p = aligned(n, 4, 16);
    if (p)
        get_guid(n, p, to);
}

static void note_handle(struct ndr_pull *n, const struct ndr_handle *h)
{
    struct ndr_handles *all = n->handles;
    if (all->n == all->cap) {
        uint32_t cap = all->cap ? all->cap * 2 : 4; /* each took 20 octets of the stub, so this stays small */
        struct ndr_handle *p = nt_arena_raw(n->mem, cap * sizeof *p, 4);
        if (!p) {
            ndr_pull_fail(n, STATUS_NO_MEMORY);
            return;
        }
        if (all->n)
            memcpy(p, all->h, all->n * sizeof *p);
        all->h = p;
        all->cap = cap;
    }
    all->h[all->n++] = *h;
}

void ndr_pull_handle(struct ndr_pull *n, struct ndr_handle *to)
{
    const uint8_t *p = aligned(n, 4, 20);
    if (!p)
        return;
    to->attributes = get32(n, p);
    get_guid(n, p + 4, &to->uuid);
    if (n->handles && ndr_handle_is_null(to))
        n->handles->nulls++;
    else if (n->handles)
        note_handle(n, to);
}

/* [MS-DTYP] 2.4.2.3; size is the maximum count. */
static void take_sid(struct ndr_pull *n, const uint8_t *p, size_t size, struct nt_sid *to)
{
    if (size > NT_SID_MAX_SUB || p[1] != size) {
        bad(n);
        return;
    }
    const uint8_t *sub = rd_bytes(&n->rd, 4 * size);
    if (!sub)
        return;
    to->revision = p[0];
    to->count = p[1];
    memcpy(to->authority, p + 2, sizeof(to->authority));
    ndr_copy_sub(to->sub, sub, (unsigned)size);
    for (size_t i = 0; n->swap && i < size; i++)
        to->sub[i] = __builtin_bswap32(to->sub[i]);
}

void ndr_pull_sid_body(struct ndr_pull *n, struct nt_sid *to, size_t size)
{
    const uint8_t *p = aligned(n, 4, 8);
    if (p)
        take_sid(n, p, size, to);
}

void ndr_pull_sid(struct ndr_pull *n, struct nt_sid *to)
{
    if (n->wide) {
        size_t size = ndr_pull_size(n);
        ndr_pull_sid_body(n, to, size);
        return;
    }
    const uint8_t *p = aligned(n, 4, 12);
    if (p)
        take_sid(n, p + 4, get32(n, p), to);
}
