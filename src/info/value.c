// SPDX-License-Identifier: Apache-2.0
/* Numbers, counts and tags in C structures, by their descriptions. */
#include "info/m_info.h"

struct info_scope info_op_scope(const struct rpc_info_op *op, enum rpc_info_side side, const void *r)
{
    return (struct info_scope){ (void *)(uintptr_t)r,      op->params, op->n_params, true,
                                side == RPC_INFO_RESPONSE, NULL };
}

struct info_scope info_struct_scope(const struct rpc_info_type *t, const void *s)
{
    return (struct info_scope){ (void *)(uintptr_t)s, t->members, t->n_members, false, false, NULL };
}

bool info_member_here(const struct info_scope *s, const struct rpc_info_member *m)
{
    return m->node && (!s->op || (m->flags & (s->out ? RPC_INFO_OUT : RPC_INFO_IN)));
}

/* As in generated code: a parameter that goes both ways means the side at hand, and in the request's place
 * there may be what only the answer has. */
void *info_member_place(const struct info_scope *s, const struct rpc_info_member *m)
{
    bool out = s->op && (m->flags & RPC_INFO_OUT) && (s->out || !(m->flags & RPC_INFO_IN));
    return info_at(s->base, out ? m->offset_out : m->offset);
}

bool info_is_number(const struct rpc_info_node *n)
{
    if (n->kind == RPC_INFO_ENUM || n->kind == RPC_INFO_BITMAP)
        return true;
    return n->kind == RPC_INFO_SCALAR && n->base != RPC_INFO_GUID && n->base != RPC_INFO_SID &&
           n->base != RPC_INFO_FLOAT && n->base != RPC_INFO_DOUBLE;
}

bool info_is_signed(const struct rpc_info_node *n)
{
    switch (n->kind == RPC_INFO_SCALAR ? n->base : RPC_INFO_NONE) {
    case RPC_INFO_I8:
    case RPC_INFO_I16:
    case RPC_INFO_I32:
    case RPC_INFO_I64:
    case RPC_INFO_I3264:
        return true;
    default:
        return false;
    }
}

uint64_t info_get(const struct rpc_info_node *n, const void *at)
{
    union {
        uint8_t u8;
        uint16_t u16;
        uint32_t u32;
        uint64_t u64;
    } v = { .u64 = 0 };
    bool sign = info_is_signed(n);
    if (n->size > sizeof(v))
        return 0;
    memcpy(&v, at, n->size);
    switch (n->size) {
    case 1:
        return sign ? (uint64_t)(int64_t)(int8_t)v.u8 : v.u8;
    case 2:
        return sign ? (uint64_t)(int64_t)(int16_t)v.u16 : v.u16;
    case 4:
        return sign ? (uint64_t)(int64_t)(int32_t)v.u32 : v.u32;
    default:
        return v.u64;
    }
}

void info_set(const struct rpc_info_node *n, void *at, uint64_t v)
{
    uint8_t v8 = (uint8_t)v;
    uint16_t v16 = (uint16_t)v;
    uint32_t v32 = (uint32_t)v;
    memcpy(at,
           n->size == 1   ? (void *)&v8
           : n->size == 2 ? (void *)&v16
           : n->size == 4 ? (void *)&v32
                          : (void *)&v,
           n->size > sizeof(v) ? sizeof(v) : n->size);
}

bool info_fits(const struct rpc_info_node *n, uint64_t v, bool minus)
{
    unsigned bits = 8 * n->size;
    if (bits > 64)
        return false;
    if (info_is_signed(n)) {
        uint64_t top = UINT64_C(1) << (bits - 1);
        return minus ? 0 - v <= top : v < top;
    }
    /* an enumeration may have negative values, whatever C type that gives it */
    if (minus)
        return n->kind == RPC_INFO_ENUM && 0 - v <= UINT64_C(0x80000000);
    return bits == 64 || v >> bits == 0;
}

void *info_number_place(const struct info_scope *s, const struct rpc_info_member *m,
                        const struct rpc_info_node **ret_node)
{
    void *at = info_member_place(s, m);
    const struct rpc_info_node *n = m->node;
    if (n && n->kind == RPC_INFO_POINTER) {
        memcpy(&at, at, sizeof(at));
        n = n->to;
    }
    if (!n || !info_is_number(n))
        return NULL;
    *ret_node = n;
    return at;
}

uint64_t info_eval(const struct info_scope *s, const struct rpc_info_expr *x)
{
    const struct rpc_info_node *n = NULL;
    if (x->eval)
        return x->eval(s->base, s->out);
    if (x->member < 0 || (uint32_t)x->member >= s->n)
        return (uint64_t)x->add;
    const void *at = info_number_place(s, &s->members[x->member], &n);
    uint64_t v = at ? info_get(n, at) : 0;
    return v * x->mul / x->div + (uint64_t)x->add;
}

bool info_solve(const struct rpc_info_expr *x, uint64_t want, uint64_t *ret)
{
    uint64_t v;
    if (x->eval || x->member < 0)
        return false;
    v = want - (uint64_t)x->add;
    if (x->mul == 1 && x->div == 1) { /* the usual case, and the only one for negative tags */
        *ret = v;
        return true;
    }
    if ((int64_t)v < 0 || __builtin_mul_overflow(v, x->div, &v) || v % x->mul)
        return false;
    *ret = v / x->mul;
    return true;
}

uint64_t info_elements(const struct info_scope *s, const struct rpc_info_node *array)
{
    if (array->length_is)
        return info_eval(s, array->length_is);
    if (array->size_is)
        return info_eval(s, array->size_is);
    return array->count;
}

const struct rpc_info_member *info_arm(const struct rpc_info_type *u, uint64_t tag)
{
    const struct rpc_info_member *other = NULL;
    /* tags of up to 32 bits may be signed in one place and not in the other */
    uint64_t mask = u->tag && u->tag->size == 8 ? UINT64_MAX : UINT32_MAX;
    for (uint32_t i = 0; i < u->n_members; i++) {
        const struct rpc_info_member *m = &u->members[i];
        for (unsigned k = 0; k < m->n_cases; k++)
            if ((((uint64_t)m->cases[k] ^ tag) & mask) == 0)
                return m;
        if (m->flags & RPC_INFO_DEFAULT)
            other = m;
    }
    return other;
}

enum info_bulk info_bulk(const struct rpc_info_node *array)
{
    const struct rpc_info_node *e = array->to;
    if (e->kind != RPC_INFO_SCALAR)
        return INFO_LIST;
    return e->base == RPC_INFO_U8      ? INFO_BLOB
           : e->base == RPC_INFO_CHAR  ? INFO_TEXT8
           : e->base == RPC_INFO_WCHAR ? INFO_TEXT16
                                       : INFO_LIST;
}

bool info_nullable(const struct rpc_info_node *n)
{
    return n->kind == RPC_INFO_UNION || n->kind == RPC_INFO_HANDLE || n->kind == RPC_INFO_OPAQUE ||
           (n->kind == RPC_INFO_STRUCT && (n->type->flags & RPC_INFO_COUNTED_STRING));
}

bool info_is_secret(const struct rpc_info_member *m)
{
    if (m->flags & RPC_INFO_SECRET)
        return true;
    for (const struct rpc_info_node *n = m->node; n; n = n->to)
        if (n->type && (n->type->flags & RPC_INFO_SECRET))
            return true;
    return false;
}
