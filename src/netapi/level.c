// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include "netapi/m_level.h"

const struct net_level *net_level_find(const struct net_level *table, uint32_t level)
{
    for (; table->rows; table++)
        if (table->level == level)
            return table;
    return NULL;
}

/* ---- members at offsets ---- */

static void *member(void *base, size_t offset)
{
    return (uint8_t *)base + offset;
}

static const void *member_c(const void *base, size_t offset)
{
    return (const uint8_t *)base + offset;
}

static uint32_t number_at(const void *base, size_t offset)
{
    uint32_t v;
    memcpy(&v, member_c(base, offset), sizeof v);
    return v;
}

static const void *pointer_at(const void *base, size_t offset)
{
    const void *p;
    memcpy(&p, member_c(base, offset), sizeof p);
    return p;
}

static void set_pointer(void *base, size_t offset, const void *p)
{
    memcpy(member(base, offset), &p, sizeof p);
}

/* ---- results ---- */

struct source {
    const struct net_level *level;
    const uint8_t *wire;
};

static void fill(struct net_buf *b, size_t i, void *to, const void *from)
{
    const struct source *s = from;
    const uint8_t *wire = s->wire + i * s->level->wire_size;
    for (size_t k = 0; k < s->level->n_rows; k++) {
        const struct net_row *r = &s->level->rows[k];
        switch ((enum net_kind)r->kind) {
        case NET_NUMBERS:
            memcpy(member(to, r->win), wire + r->wire, (size_t)r->n * 4);
            break;
        case NET_STRING:
            set_pointer(to, r->win, net_put_string(b, pointer_at(wire, r->wire)));
            break;
        case NET_SECURITY: /* aligned as its largest member is */
            set_pointer(to, r->win, net_put_bytes(b, pointer_at(wire, r->wire), number_at(wire, r->n), 4));
            break;
        }
    }
}

enum nt_status net_level_out(const struct net_level *l, const void *wire, size_t n, uint8_t **ret)
{
    struct source s = { l, wire };
    return net_fill(n, l->win_size, fill, &s, ret);
}

enum nt_status net_info_out(struct net_call *c, const struct net_level *l, const void *arm, LPBYTE *bufptr)
{
    if (!arm)
        return nt_error_set(&c->err, RPC_NT_PROTOCOL_ERROR, "%s said yes and sent nothing", c->srv->name);
    return net_level_out(l, arm, 1, bufptr);
}

/* ---- security descriptors ---- */

#define SE_SELF_RELATIVE 0x8000
#define SD_HEADER        20
/* Nothing in a descriptor begins behind this: an ACL is at most 64 KiB, a SID 68 bytes
 * ([MS-DTYP] 2.4.5, 2.4.2). */
#define SD_LIMIT ((size_t)4 << 16)

static bool take_end(size_t *end, size_t limit, size_t offset, size_t size)
{
    if (offset < SD_HEADER || offset > SD_LIMIT || (limit && (size > limit || offset > limit - size)))
        return false;
    if (offset + size > *end)
        *end = offset + size;
    return true;
}

static bool sid_end(const uint8_t *sd, size_t limit, size_t offset, size_t *end)
{
    if (!offset)
        return true;
    if (!take_end(end, limit, offset, 8)) /* so that its count may be looked at */
        return false;
    return sd[offset + 1] <= NT_SID_MAX_SUB && take_end(end, limit, offset, 8 + 4 * (size_t)sd[offset + 1]);
}

static bool acl_end(const uint8_t *sd, size_t limit, size_t offset, size_t *end)
{
    if (!offset)
        return true;
    if (!take_end(end, limit, offset, 8))
        return false;
    struct rd r;
    rd_init(&r, sd + offset + 2, 2);
    size_t size = rd_u16(&r);
    return size >= 8 && take_end(end, limit, offset, size);
}

size_t net_sd_length(const void *descriptor, size_t limit)
{
    const uint8_t *sd = descriptor;
    size_t end = SD_HEADER;
    if (limit && limit < SD_HEADER)
        return 0;
    struct rd r;
    rd_init(&r, sd, SD_HEADER);
    uint8_t revision = rd_u8(&r);
    rd_u8(&r);
    uint16_t control = rd_u16(&r);
    uint32_t owner = rd_u32(&r), group = rd_u32(&r), sacl = rd_u32(&r), dacl = rd_u32(&r);
    bool good = revision == 1 && (control & SE_SELF_RELATIVE) && sid_end(sd, limit, owner, &end) &&
                sid_end(sd, limit, group, &end) && acl_end(sd, limit, sacl, &end) &&
                acl_end(sd, limit, dacl, &end);
    return good ? end : 0;
}

/* ---- arguments ---- */

static bool string_in(struct net_call *c, const struct net_row *r, const char16_t *s)
{
    if (s && r->max && ustr_nlen(s, (size_t)r->max + 1) > r->max) {
        nt_error_set(&c->err, STATUS_INVALID_PARAMETER, "a string is longer than %u characters", r->max);
        return false;
    }
    return true;
}

static bool security_in(struct net_call *c, const struct net_row *r, const void *win, void *wire)
{
    const void *sd = pointer_at(win, r->win);
    size_t n = 0;
    if (sd) {
        n = net_sd_length(sd, number_at(win, r->n_win));
        if (!n) {
            nt_error_set(&c->err, STATUS_INVALID_PARAMETER,
                         "the security descriptor is not a self-relative one");
            return false;
        }
    }
    uint32_t length = (uint32_t)n;
    memcpy(member(wire, r->n), &length, sizeof length);
    set_pointer(wire, r->wire, sd);
    return true;
}

enum nt_status net_level_in(struct net_call *c, const struct net_level *l, const void *win, void **ret,
                            DWORD *ret_parm)
{
    void *wire = nt_arena_alloc(c->mem, l->wire_size, _Alignof(void *));
    if (!wire)
        return STATUS_NO_MEMORY;
    for (size_t k = 0; k < l->n_rows; k++) {
        const struct net_row *r = &l->rows[k];
        const void *from = member_c(win, r->win);
        bool good = true;
        switch ((enum net_kind)r->kind) {
        case NET_NUMBERS:
            memcpy(member(wire, r->wire), from, (size_t)r->n * 4);
            break;
        case NET_STRING:
            good = string_in(c, r, pointer_at(win, r->win));
            set_pointer(wire, r->wire, pointer_at(win, r->win));
            break;
        case NET_SECURITY:
            good = security_in(c, r, win, wire);
            break;
        }
        if (!good) {
            *ret_parm = r->parm;
            return STATUS_INVALID_PARAMETER;
        }
    }
    *ret = wire;
    return STATUS_SUCCESS;
}

/* ---- lists ---- */

enum nt_status net_page_out(struct net_call *c, struct net_page *p, enum nt_status st, enum werror result,
                            uint32_t level, const void *container, uint32_t total, const uint32_t *resume)
{
    if (!nt_ok(st))
        return st;
    p->more = result == W_ERROR_MORE_DATA;
    if (!p->more && (st = net_answer(c, result)) != STATUS_SUCCESS)
        return st;
    if (level != p->level)
        return nt_error_set(&c->err, RPC_NT_PROTOCOL_ERROR,
                            "%s was asked for level %u and answered with level %u", c->srv->name, p->level,
                            level);
    p->got = container ? *(const struct net_container *)container : (struct net_container){ 0 };
    if (p->got.count && !p->got.elements)
        return nt_error_set(&c->err, RPC_NT_PROTOCOL_ERROR, "%s counted %u entries and sent none",
                            c->srv->name, p->got.count);
    p->total = total;
    if (resume)
        p->resume = *resume;
    return STATUS_SUCCESS;
}

/* Requests of one list at most: more than any list needs, and an end if a server hands out a new resume
 * handle for ever. */
#define MAX_PAGES 1000000

struct pages { /* the elements had so far */
    struct net_container all;
    size_t room;
    uint32_t total;
};

static enum nt_status append(struct net_call *c, size_t elem, struct pages *to,
                             const struct net_container *got)
{
    struct net_container *all = &to->all;
    if (got->count > UINT32_MAX - all->count)
        return STATUS_NO_MEMORY;
    if (all->count == 0) {
        *all = *got;
        to->room = got->count;
        return STATUS_SUCCESS;
    }
    size_t n = (size_t)all->count + got->count;
    if (n > to->room) {
        void *more = nt_arena_array(c->mem, 2 * n, elem);
        if (!more)
            return STATUS_NO_MEMORY;
        all->elements = memcpy(more, all->elements, all->count * elem);
        to->room = 2 * n;
    }
    if (got->count)
        memcpy(member(all->elements, all->count * elem), got->elements, got->count * elem);
    all->count = (uint32_t)n;
    return STATUS_SUCCESS;
}

static enum nt_status run_pages(struct net_call *c, const struct net_level *level, struct net_page *p,
                                struct pages *to, net_page_fn *page, const void *arg)
{
    for (unsigned n = 0; n < MAX_PAGES; n++) {
        uint32_t before = p->resume;
        enum nt_status st = page(c, arg, p);
        if (st == STATUS_SUCCESS)
            st = append(c, level->wire_size, to, &p->got);
        if (st != STATUS_SUCCESS)
            return st;
        if (n == 0)
            to->total = p->total;
        /* a server that does not say where to go on, or gives nothing, would be asked for ever */
        if (!p->more || p->wish != MAX_PREFERRED_LENGTH || p->got.count == 0 || p->resume == before)
            break;
    }
    return STATUS_SUCCESS;
}

enum nt_status net_list_run(struct net_call *c, const struct net_list *l, net_page_fn *page, const void *arg)
{
    if (!l->bufptr || !l->entriesread || !l->totalentries)
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER, "there is no place for the list");
    *l->bufptr = NULL;
    *l->entriesread = *l->totalentries = 0;
    const struct net_level *level = net_level_find(l->levels, l->level);
    if (!level)
        return STATUS_INVALID_LEVEL;
    struct net_page p = {
        .level = l->level,
        .wish = l->prefmaxlen,
        .resume = l->resume ? *l->resume : 0,
        .resumable = l->resume || l->prefmaxlen == MAX_PREFERRED_LENGTH,
    };
    struct pages to = { 0 };
    uint8_t *block = NULL;
    enum nt_status st = run_pages(c, level, &p, &to, page, arg);
    if (st == STATUS_SUCCESS)
        st = net_level_out(level, to.all.elements, to.all.count, &block);
    if (st != STATUS_SUCCESS)
        return st;
    *l->bufptr = block;
    *l->entriesread = to.all.count;
    *l->totalentries = to.total > to.all.count ? to.total : to.all.count;
    if (l->resume)
        *l->resume = p.more ? p.resume : 0;
    return p.more ? STATUS_MORE_ENTRIES : STATUS_SUCCESS;
}
