// SPDX-License-Identifier: Apache-2.0
#include "info/fill.h"
#include "info/m_info.h"

#include <stdio.h>

#define MAX_DEPTH    7 /* then pointers are null and arrays empty, where they may be */
#define MAX_ELEMENTS 4
#define MAX_STRING   12
#define BIG          64 /* a count above it is not one that was chosen here */

struct fill {
    uint64_t state;
    unsigned flags, depth;
    struct nt_arena *mem;
    bool failed;
};

/* splitmix64 */
static uint64_t next(struct fill *f)
{
    uint64_t z = f->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint64_t below(struct fill *f, uint64_t n)
{
    return n ? next(f) % n : 0;
}

static void *memory(struct fill *f, size_t n, size_t size)
{
    void *p = nt_arena_array(f->mem, n ? n : 1, size ? size : 1);
    f->failed |= !p;
    return p;
}

static bool low(const struct fill *f)
{
    return f->flags & FILL_EMPTY || f->depth > MAX_DEPTH;
}

/* ---- numbers ---- */

static uint64_t random_enum(struct fill *f, const struct rpc_info_node *n)
{
    const struct rpc_info_type *t = n->type;
    uint64_t v = t->n_values ? (uint64_t)t->values[below(f, t->n_values)].value : below(f, 100);
    /* what NDR20 can hold, [C706] 14.2.11 */
    return t->flags & RPC_INFO_V1_ENUM || v <= INT16_MAX ? v : below(f, 100);
}

static uint64_t random_number(struct fill *f, const struct rpc_info_node *n)
{
    uint64_t v = below(f, 4) == 0 ? below(f, 3) : below(f, 2) ? below(f, 1000) : next(f);
    if (n->kind == RPC_INFO_ENUM && !(n->flags & RPC_INFO_RANGE))
        return random_enum(f, n);
    if (n->kind == RPC_INFO_SCALAR && n->base == RPC_INFO_BOOLEAN)
        return v & 1;
    if (n->kind == RPC_INFO_SCALAR && (n->base == RPC_INFO_U3264 || n->base == RPC_INFO_I3264))
        return v & INT32_MAX; /* fits into NDR20, with a sign or without */
    if (n->flags & RPC_INFO_RANGE)
        return (uint64_t)n->low + (f->flags & FILL_EMPTY ? 0 : below(f, (uint64_t)(n->high - n->low) + 1));
    return f->flags & FILL_EMPTY ? 0 : v;
}

static void number(struct fill *f, const struct rpc_info_node *n, void *at)
{
    info_set(n, at, random_number(f, n));
}

static void scalar(struct fill *f, const struct rpc_info_node *n, void *at)
{
    uint8_t bytes[16];
    struct nt_sid sid = { .revision = 1 };
    float single = (float)(int32_t)next(f) / 256;
    double twice = (double)(int64_t)next(f) / 65536;
    switch (n->base) {
    case RPC_INFO_GUID:
        for (int i = 0; i < 16; i++)
            bytes[i] = (uint8_t)next(f);
        memcpy(at, bytes, sizeof(bytes));
        break;
    case RPC_INFO_SID:
        sid.count = (uint8_t)(f->flags & FILL_EMPTY ? 0 : below(f, 6));
        sid.authority[5] = 5;
        for (int i = 0; i < sid.count; i++)
            sid.sub[i] = (uint32_t)next(f);
        memcpy(at, &sid, sizeof(sid));
        break;
    case RPC_INFO_FLOAT:
        memcpy(at, &single, sizeof(single));
        break;
    case RPC_INFO_DOUBLE:
        memcpy(at, &twice, sizeof(twice));
        break;
    default:
        number(f, n, at);
    }
}

/* ---- characters ---- */

static char16_t random_unit(struct fill *f)
{
    static const char16_t odd[] = {
        0xe9, 0x3b1, 0x20ac, 0x65e5, 0xd83d, 0xde00, 0xfffd, '"', '\\', 1, 0x202e
    };
    uint64_t kind = below(f, f->flags & FILL_PLAIN ? 4 : 5);
    if (kind < 3)
        return (char16_t)('a' + below(f, 26));
    if (kind == 3)
        return odd[below(f, 4)];
    return odd[below(f, sizeof(odd) / sizeof(odd[0]))];
}

static char random_byte(struct fill *f)
{
    return f->flags & FILL_PLAIN || below(f, 4) ? (char)('a' + below(f, 26)) : (char)(1 + below(f, 255));
}

static void fill_units(struct fill *f, void *p, bool wide, size_t n)
{
    char16_t *w = p;
    char *c = p;
    for (size_t i = 0; i < n; i++)
        if (wide)
            w[i] = random_unit(f);
        else
            c[i] = random_byte(f);
}

/* ---- counts and tags ---- */

static bool is_known(const struct info_scope *s, const struct rpc_info_expr *x)
{
    return x->member < 0 || s->known[x->member] || !info_member_here(s, &s->members[x->member]);
}

static bool set_member(struct fill *f, const struct info_scope *s, int32_t member, uint64_t v)
{
    const struct rpc_info_member *m = &s->members[member];
    const struct rpc_info_node *n = NULL;
    if (m->node->kind == RPC_INFO_POINTER && info_is_number(m->node->to)) {
        void *there = memory(f, 1, m->node->to->size);
        memcpy(info_member_place(s, m), &there, sizeof(there));
    }
    void *at = f->failed ? NULL : info_number_place(s, m, &n);
    if (!at || !info_fits(n, v, (int64_t)v < 0) ||
        ((n->flags & RPC_INFO_RANGE) && ((int64_t)v < n->low || (int64_t)v > n->high)))
        return false;
    info_set(n, at, v);
    s->known[member] = 1;
    return true;
}

/* Makes an expression give a number of at most `want`, or of little more where a range asks for it; what it
 * gives. */
static uint64_t choose(struct fill *f, const struct info_scope *s, const struct rpc_info_expr *x,
                       uint64_t want)
{
    uint64_t v, most = want + MAX_ELEMENTS;
    const struct rpc_info_node *count = x->member >= 0 ? s->members[x->member].node : NULL;
    if (count && (count->flags & RPC_INFO_RANGE) && count->low > 0 && count->low <= BIG)
        most += (uint64_t)count->low;
    for (uint64_t k = 0; k <= most && !is_known(s, x); k++) {
        uint64_t w = k <= want ? want - k : k;
        /* a function says for itself what comes of its first operand */
        if (!info_solve(x, w, &v))
            v = w;
        if (set_member(f, s, x->member, v) && info_eval(s, x) > BIG)
            s->known[x->member] = 0;
    }
    if (x->member >= 0)
        s->known[x->member] = 1;
    return info_eval(s, x);
}

static uint64_t wanted(struct fill *f, const struct rpc_info_node *n)
{
    uint64_t min = n->kind == RPC_INFO_STRING, max = low(f) ? 0 : MAX_ELEMENTS; /* room for the terminator */
    if (n->flags & RPC_INFO_RANGE) {
        min = (uint64_t)n->low;
        max = (uint64_t)n->high < min + max ? (uint64_t)n->high : min + max;
    }
    return min + below(f, max - min + 1);
}

/* How many elements of an array there are to be. */
static uint64_t elements_of(struct fill *f, const struct info_scope *s, const struct rpc_info_node *n)
{
    uint64_t size = n->size_is ? choose(f, s, n->size_is, wanted(f, n)) : n->count;
    if (!n->length_is)
        return size;
    uint64_t want = below(f, (size < MAX_ELEMENTS ? size : MAX_ELEMENTS) + 1);
    if (f->flags & FILL_PLAIN && size <= MAX_ELEMENTS)
        want = size; /* peers that make the size from the length */
    uint64_t length = choose(f, s, n->length_is, want);
    return length;
}

/* A tag without a case of its own. */
static bool other_tag(struct fill *f, const struct rpc_info_type *u, const struct rpc_info_member *arm,
                      uint64_t *ret)
{
    for (int i = 0; i < 50; i++) {
        *ret = below(f, 300);
        if (info_arm(u, *ret) == arm)
            return true;
    }
    return false;
}

static const struct rpc_info_member *choose_arm(struct fill *f, const struct info_scope *s,
                                                const struct rpc_info_node *n)
{
    const struct rpc_info_type *u = n->type;
    const struct rpc_info_expr *x = n->switch_is;
    for (int i = 0; i < 100 && x && !is_known(s, x) && u->n_members; i++) {
        const struct rpc_info_member *m = &u->members[below(f, u->n_members)];
        uint64_t tag, v;
        /* deep down an arm without anything in it is the better one */
        if (f->depth > MAX_DEPTH && m->node && i < 50)
            continue;
        if (m->n_cases)
            tag = (uint64_t)m->cases[below(f, m->n_cases)];
        else if (!other_tag(f, u, m, &tag))
            continue;
        if (u->tag && u->tag->kind == RPC_INFO_ENUM && !(u->tag->type->flags & RPC_INFO_V1_ENUM) &&
            tag > INT16_MAX)
            continue;
        if (!info_solve(x, tag, &v))
            v = tag;
        if (set_member(f, s, x->member, v) && info_eval(s, x) == tag)
            break;
    }
    return x ? info_arm(u, info_eval(s, x)) : NULL;
}

/* ---- values ---- */

static void value(struct fill *f, const struct info_scope *s, const struct rpc_info_node *n, void *at);

static void elements(struct fill *f, const struct info_scope *s, const struct rpc_info_node *n, void *first,
                     uint64_t count)
{
    bool wide = n->to->kind == RPC_INFO_SCALAR && n->to->base == RPC_INFO_WCHAR;
    if (wide || (n->to->kind == RPC_INFO_SCALAR && n->to->base == RPC_INFO_CHAR)) {
        fill_units(f, first, wide, (size_t)count);
        return;
    }
    for (uint64_t i = 0; i < count && !f->failed; i++)
        value(f, s, n->to, info_at(first, (size_t)i * n->to->size));
}

static void *new_array(struct fill *f, const struct info_scope *s, const struct rpc_info_node *n)
{
    uint64_t count = elements_of(f, s, n);
    if (count > BIG && n->size_is && n->size_is->member >= 0)
        return NULL; /* a contradiction: the caller will see that it cannot be sent */
    void *first = memory(f, (size_t)count, n->to->size);
    if (first)
        elements(f, s, n, first, count);
    return first;
}

static void *new_string(struct fill *f, const struct info_scope *s, const struct rpc_info_node *n, void *into)
{
    bool wide = n->base == RPC_INFO_WCHAR;
    size_t len = low(f) ? 0 : below(f, MAX_STRING);
    if (n->flags & RPC_INFO_FIXED)
        len = len < n->count ? len : (size_t)n->count - 1;
    else if (n->size_is) {
        uint64_t size = choose(f, s, n->size_is, len + 1);
        len = size ? (size_t)(len < size ? len : size - 1) : 0;
    }
    void *p = into ? into : memory(f, len + 1, wide ? sizeof(char16_t) : 1);
    if (p)
        fill_units(f, p, wide, len);
    return p;
}

static void pointer(struct fill *f, const struct info_scope *s, const struct rpc_info_node *n, void *at)
{
    const struct rpc_info_node *to = n->to;
    void *target;
    if ((n->flags & (RPC_INFO_UNIQUE | RPC_INFO_FULL)) && (low(f) || below(f, 5) == 0)) {
        /* a peer may make the count of the array that is not there */
        if (f->flags & FILL_PLAIN && to->size_is)
            choose(f, s, to->size_is, 0);
        if (f->flags & FILL_PLAIN && to->length_is)
            choose(f, s, to->length_is, 0);
        return;
    }
    if (to->kind == RPC_INFO_ARRAY && to->flags & RPC_INFO_FIXED) {
        target = memory(f, (size_t)to->count, to->to->size);
        if (target)
            elements(f, s, to, target, elements_of(f, s, to));
    } else if (to->kind == RPC_INFO_ARRAY) {
        target = new_array(f, s, to);
    } else if (to->kind == RPC_INFO_STRING) {
        target = new_string(f, s, to, to->flags & RPC_INFO_FIXED ? memory(f, (size_t)to->count, 2) : NULL);
    } else {
        target = memory(f, 1, to->size);
        if (target)
            value(f, s, to, target);
    }
    memcpy(at, &target, sizeof(target));
}

static void members(struct fill *f, const struct info_scope *scope);

static void structure(struct fill *f, const struct rpc_info_type *t, void *at)
{
    struct info_scope s = info_struct_scope(t, at);
    f->depth++;
    members(f, &s);
    f->depth--;
}

static void pipe_value(struct fill *f, const struct info_scope *s, const struct rpc_info_node *n, void *at)
{
    struct rpc_info_node all = { .kind = RPC_INFO_ARRAY, .to = n->to };
    size_t count = low(f) ? 0 : below(f, 600);
    void *first = memory(f, count, n->to->size);
    if (first)
        elements(f, s, &all, first, count);
    f->failed |= info_pipe_set(f->mem, first, count, n->to->size, at) != STATUS_SUCCESS;
}

static void value(struct fill *f, const struct info_scope *s, const struct rpc_info_node *n, void *at)
{
    const struct rpc_info_member *arm;
    void *p;
    if (f->failed)
        return;
    switch (n->kind) {
    case RPC_INFO_SCALAR:
        scalar(f, n, at);
        break;
    case RPC_INFO_ENUM:
    case RPC_INFO_BITMAP:
        number(f, n, at);
        break;
    case RPC_INFO_STRUCT:
        structure(f, n->type, at);
        break;
    case RPC_INFO_UNION:
        arm = choose_arm(f, s, n);
        f->depth++;
        if (arm && arm->node)
            value(f, s, arm->node, info_at(at, arm->offset));
        f->depth--;
        break;
    case RPC_INFO_POINTER:
        pointer(f, s, n, at);
        break;
    case RPC_INFO_ARRAY:
        if (n->flags & RPC_INFO_FIXED) {
            elements(f, s, n, at, elements_of(f, s, n));
        } else {
            p = new_array(f, s, n);
            memcpy(at, &p, sizeof(p));
        }
        break;
    case RPC_INFO_STRING:
        p = new_string(f, s, n, n->flags & RPC_INFO_FIXED ? at : NULL);
        if (!(n->flags & RPC_INFO_FIXED))
            memcpy(at, &p, sizeof(p));
        break;
    case RPC_INFO_HANDLE: {
        struct ndr_handle h = { 0 };
        if (!(f->flags & FILL_EMPTY))
            for (int i = 0; i < 8; i++)
                h.uuid.d[i] = (uint8_t)next(f);
        memcpy(at, &h, sizeof(h));
        break;
    }
    case RPC_INFO_PIPE:
        pipe_value(f, s, n, at);
        break;
    default:
        break;
    }
}

static bool plain_number(const struct rpc_info_node *n)
{
    return info_is_number(n) || (n->kind == RPC_INFO_POINTER && info_is_number(n->to));
}

/* Numbers of the request that say how much there is in the response. */
static void foresee(struct fill *f, const struct info_scope *s, const struct rpc_info_node *n)
{
    for (; n; n = n->to) {
        if (n->size_is)
            choose(f, s, n->size_is, wanted(f, n));
        if (n->length_is)
            choose(f, s, n->length_is, n->size_is ? below(f, info_eval(s, n->size_is) + 1) : 0);
        if (n->kind == RPC_INFO_UNION)
            choose_arm(f, s, n);
    }
}

static void members(struct fill *f, const struct info_scope *scope)
{
    struct info_scope s = *scope;
    s.known = memory(f, s.n, 1);
    if (f->failed)
        return;
    for (uint32_t i = 0; i < s.n; i++)
        if (info_member_here(&s, &s.members[i]) && !plain_number(s.members[i].node))
            value(f, &s, s.members[i].node, info_member_place(&s, &s.members[i]));
    for (uint32_t i = 0; s.op && !s.out && i < s.n; i++)
        if (s.members[i].flags & RPC_INFO_OUT)
            foresee(f, &s, s.members[i].node);
    for (uint32_t i = 0; i < s.n; i++)
        if (info_member_here(&s, &s.members[i]) && plain_number(s.members[i].node) && !s.known[i])
            value(f, &s, s.members[i].node, info_member_place(&s, &s.members[i]));
}

bool fill_random(const struct rpc_info_op *op, enum rpc_info_side side, void *r, uint64_t seed,
                 unsigned flags, struct nt_arena *mem)
{
    struct fill f = { .state = seed * 1000003 + op->opnum * 2 + side, .flags = flags, .mem = mem };
    struct info_scope s = info_op_scope(op, side, r);
    members(&f, &s);
    if (side == RPC_INFO_RESPONSE && op->result)
        value(&f, &s, op->result, info_at(r, op->result_offset));
    return !f.failed;
}
