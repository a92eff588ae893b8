// SPDX-License-Identifier: Apache-2.0
/* Type serialization: [MS-RPCE] 2.2.6 (version 1) and 2.2.7 (version 2). Objects of one stream share their
 * referent ids, as the parameters of a call do. */
#include "ndr/m_ndr.h"

#define V1_HEADER    8u
#define V2_HEADER    64u
#define V1_PADDING   8u /* of each object, its header included */
#define V2_PADDING   16u
#define FILLER       0xCCu
#define LIMIT_STREAM ((size_t)64 << 20) /* as much as a stub may have */

/* [C706] appendix I, [MS-RPCE] 2.2.4.12, 2.2.5.1 */
static const struct rpc_syntax ndr20 = {
    { 0x8a885d04, 0x1ceb, 0x11c9, { 0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60 } }, 2, 0
};
static const struct rpc_syntax ndr64 = {
    { 0x71710533, 0xbeba, 0x4937, { 0x83, 0x19, 0xb5, 0xdb, 0xef, 0x9c, 0xcc, 0x36 } }, 1, 0
};

static size_t repeat_of(const struct ndr_type *t)
{
    return t->repeat ? t->repeat : 1;
}

/* ---- encode ---- */

static void put_syntax(struct ndr_push *n, const struct rpc_syntax *s)
{
    ndr_push_guid(n, &s->uuid);
    ndr_push_u16(n, s->major);
    ndr_push_u16(n, s->minor);
}

static void put_fillers(struct wr *w, size_t n)
{
    uint8_t *p = wr_room(w, n);
    if (p)
        memset(p, FILLER, n);
}

static void put_header(struct ndr_push *n, enum ndr_form form, const struct rpc_syntax *iface)
{
    static const struct rpc_syntax none = { .major = 0 };
    bool v1 = form == NDR_FORM_V1;
    if (form == NDR_FORM_BARE_NDR20 || form == NDR_FORM_BARE_NDR64)
        return;
    ndr_push_u8(n, v1 ? 1 : 2);
    ndr_push_u8(n, 0x10); /* little endian */
    ndr_push_u16(n, v1 ? V1_HEADER : V2_HEADER);
    put_fillers(n->w, v1 ? 4 : 20);
    if (v1)
        return;
    put_syntax(n, form == NDR_FORM_V2_NDR64 ? &ndr64 : &ndr20);
    put_syntax(n, iface ? iface : &none);
}

static void put_value(struct ndr_push *n, const struct ndr_item *item)
{
    const struct ndr_type *t = item->type;
    if (t->width)
        ndr_push_elements(n, item->value, repeat_of(t), t->width);
    else
        t->push(n, item->value);
}

static void put_item(struct ndr_push *n, enum ndr_form form, const struct ndr_item *item)
{
    size_t padding = form == NDR_FORM_V1 ? V1_PADDING : V2_PADDING;
    bool bare = form == NDR_FORM_BARE_NDR20 || form == NDR_FORM_BARE_NDR64;
    bool header = !bare && !(form == NDR_FORM_V1 && (item->type->flags & NDR_TYPE_PRIMITIVE));
    if (bare) {
        put_value(n, item);
        return;
    }
    wr_align(n->w, padding);
    size_t mark = header ? wr_mark_u32(n->w) : 0;
    if (header)
        wr_zero(n->w, padding - 4);
    size_t start = n->w->len;
    put_value(n, item);
    wr_align(n->w, padding);
    if (header)
        wr_fill_u32(n->w, mark, (uint32_t)(n->w->len - start));
}

enum nt_status ndr_encode(enum ndr_form form, const struct rpc_syntax *iface, const struct ndr_item *items,
                          size_t n_items, struct nt_arena *mem, struct nt_blob *ret)
{
    struct wr w;
    struct ndr_push n;
    wr_init(&w, LIMIT_STREAM);
    ndr_push_init(&n, &w, form == NDR_FORM_V2_NDR64 || form == NDR_FORM_BARE_NDR64);
    put_header(&n, form, iface);
    for (size_t i = 0; i < n_items && w.st == STATUS_SUCCESS; i++)
        put_item(&n, form, &items[i]);
    enum nt_status st = ndr_push_status(&n);
    void *data = st == STATUS_SUCCESS ? nt_arena_memdup(mem, w.base, w.len) : NULL;
    if (st == STATUS_SUCCESS && !data && w.len)
        st = STATUS_NO_MEMORY;
    if (st == STATUS_SUCCESS)
        *ret = (struct nt_blob){ data, w.len };
    wr_free_secret(&w); /* credentials are among what is serialized */
    return st;
}

/* ---- decode ---- */

static void take_value(struct ndr_pull *n, const struct ndr_item *item)
{
    const struct ndr_type *t = item->type;
    if (t->width)
        ndr_pull_elements(n, item->value, repeat_of(t), t->width);
    else
        t->pull(n, item->value);
}

/* An object is as long as its header says, whatever it needs of that. */
static void take_item(struct ndr_pull *n, unsigned version, const struct ndr_item *item)
{
    size_t padding = version == 1 ? V1_PADDING : V2_PADDING, whole = n->rd.len;
    rd_align(&n->rd, padding);
    if (version == 1 && (item->type->flags & NDR_TYPE_PRIMITIVE)) {
        take_value(n, item);
        return;
    }
    size_t size = ndr_pull_u32(n);
    rd_skip(&n->rd, padding - 4);
    if (size > rd_left(&n->rd))
        ndr_pull_fail(n, RPC_NT_BAD_STUB_DATA);
    if (!ndr_pull_ok(n))
        return;
    size_t end = n->rd.pos + size;
    n->rd.len = end;
    take_value(n, item);
    n->rd.len = whole;
    n->rd.pos = end;
}

static bool same_syntax(const uint8_t *p, const struct rpc_syntax *s)
{
    return le32(p) == s->uuid.a && le16(p + 4) == s->uuid.b && le16(p + 6) == s->uuid.c &&
           memcmp(p + 8, s->uuid.d, sizeof(s->uuid.d)) == 0 && le16(p + 16) == s->major;
}

/* Version, byte order and transfer syntax of a stream; where its objects begin. The header itself is little
 * endian. */
static enum nt_status take_header(const uint8_t *p, size_t len, unsigned *ret_version, uint8_t *ret_drep,
                                  bool *ret_ndr64, size_t *ret_start)
{
    if (len < V1_HEADER)
        return RPC_NT_BAD_STUB_DATA;
    bool v1 = p[0] == 1;
    if ((!v1 && p[0] != 2) || (p[1] != 0x10 && !(v1 && p[1] == 0)))
        return STATUS_NOT_SUPPORTED;
    size_t header = le16(p + 2);
    if (header != (v1 ? V1_HEADER : V2_HEADER) || header > len)
        return RPC_NT_BAD_STUB_DATA;
    if (!v1 && !same_syntax(p + 24, &ndr20) && !same_syntax(p + 24, &ndr64))
        return STATUS_NOT_SUPPORTED;
    *ret_ndr64 = !v1 && same_syntax(p + 24, &ndr64);
    *ret_version = p[0];
    *ret_drep = p[1];
    *ret_start = header;
    return STATUS_SUCCESS;
}

static void clear(const struct ndr_item *items, size_t n_items)
{
    for (size_t i = 0; i < n_items; i++)
        memset(items[i].value, 0, items[i].type->size);
}

/* version 0: bare */
static enum nt_status take_items(struct nt_blob data, size_t start, unsigned version, bool wide, uint8_t drep,
                                 const struct ndr_item *items, size_t n_items, struct nt_arena *mem)
{
    struct ndr_pull n;
    uint8_t *copy = data.len ? nt_arena_raw(mem, data.len, 8) : NULL;
    if (data.len && !copy)
        return STATUS_NO_MEMORY;
    if (data.len)
        memcpy(copy, data.data, data.len);
    ndr_pull_init(&n, mem, copy, data.len, drep, wide, NULL);
    rd_skip(&n.rd, start);
    for (size_t i = 0; i < n_items && ndr_pull_ok(&n); i++)
        if (version)
            take_item(&n, version, &items[i]);
        else
            take_value(&n, &items[i]);
    return ndr_pull_status(&n);
}

enum nt_status ndr_decode(struct nt_blob data, const struct ndr_item *items, size_t n_items,
                          struct nt_arena *mem)
{
    unsigned version = 0;
    uint8_t drep = 0;
    bool wide = false;
    size_t start = 0;
    clear(items, n_items);
    enum nt_status st = take_header(data.data, data.len, &version, &drep, &wide, &start);
    if (st == STATUS_SUCCESS)
        st = take_items(data, start, version, wide, drep, items, n_items, mem);
    if (st != STATUS_SUCCESS)
        clear(items, n_items);
    return st;
}

enum nt_status ndr_decode_bare(struct nt_blob data, bool wide, uint8_t drep, const struct ndr_item *items,
                               size_t n_items, struct nt_arena *mem)
{
    clear(items, n_items);
    enum nt_status st = take_items(data, 0, 0, wide, drep, items, n_items, mem);
    if (st != STATUS_SUCCESS)
        clear(items, n_items);
    return st;
}
