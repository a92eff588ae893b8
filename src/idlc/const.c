// SPDX-License-Identifier: Apache-2.0
/* Constant expressions. */
#include "idlc/idlc.h"

static bool eval_name(struct idlc *c, const struct expr *e, int64_t *ret)
{
    struct symbol *s = symbol_find(c->names, e->text);
    if (s && s->known_value) {
        *ret = s->value;
        return true;
    }
    if (strcmp(e->text, "TRUE") == 0 || strcmp(e->text, "FALSE") == 0 || strcmp(e->text, "NULL") == 0 ||
        strcmp(e->text, "true") == 0 || strcmp(e->text, "false") == 0 ||
        strcmp(e->text, "error_status_ok") == 0) {
        *ret = e->text[0] == 'T' || e->text[0] == 't';
        return true;
    }
    if (!c->incomplete)
        diag_error(c, e->loc, "'%s' is not a constant", e->text);
    return false;
}

/* ---- sizeof: octets in NDR20; pointers are 4, an open array counts nothing ---- */

struct extent {
    uint64_t size;
    unsigned align;
    unsigned depth;
};

#define MAX_EXTENT UINT32_MAX /* no type that may be sent is larger */

static bool extent_of(struct idlc *c, struct type *t, struct extent *e);

static uint64_t aligned(uint64_t at, unsigned align)
{
    return align ? (at + align - 1) / align * align : at;
}

static bool extent_of_fields(struct idlc *c, const struct type *t, struct extent *e)
{
    uint64_t end = 0;
    unsigned align = 1;
    for (const struct field *f = t->fields; f; f = f->next) {
        struct extent m = { .depth = e->depth };
        if (!f->type)
            continue;
        if (!extent_of(c, f->type, &m))
            return false;
        if (t->kind == TY_UNION)
            end = m.size > end ? m.size : end;
        else
            end = aligned(end, m.align) + m.size;
        align = m.align > align ? m.align : align;
        if (end > MAX_EXTENT)
            return false;
    }
    e->size = aligned(end, align);
    e->align = align;
    return true;
}

static bool extent_of(struct idlc *c, struct type *t, struct extent *e)
{
    int64_t count = 0;
    bool ok = false;
    if (++e->depth > MAX_NESTING || !(t = type_resolve(c, t)))
        return false;
    switch (t->kind) {
    case TY_BASE:
        e->size = base_width(t->base);
        e->align = t->base == BASE_GUID || t->base == BASE_SID ? 4 : (unsigned)e->size;
        ok = e->size != 0;
        break;
    case TY_ENUM:
        e->size = e->align = attr_find(t->attrs, "v1_enum") ? 4 : 2;
        ok = true;
        break;
    case TY_POINTER:
        e->size = e->align = 4;
        ok = true;
        break;
    case TY_ARRAY:
        ok = extent_of(c, t->to, e) && (!t->size || const_eval(c, t->size, &count)) && count >= 0 &&
             !__builtin_mul_overflow(e->size, (uint64_t)count, &e->size) && e->size <= MAX_EXTENT;
        break;
    case TY_STRUCT:
    case TY_UNION:
        ok = extent_of_fields(c, t, e);
        break;
    default:
        break;
    }
    e->depth--;
    return ok;
}

static bool eval_sizeof(struct idlc *c, const struct expr *e, int64_t *ret)
{
    struct extent x = { 0 };
    if (!extent_of(c, e->type, &x)) {
        diag_error(c, e->loc, "this type has no size that is known here");
        return false;
    }
    *ret = (int64_t)x.size;
    return true;
}

/* Arithmetic wraps, as in C on unsigned numbers. */
static bool eval_binary(struct idlc *c, const struct expr *e, int64_t a, int64_t b, int64_t *ret)
{
    uint64_t x = (uint64_t)a, y = (uint64_t)b;
    const char *op = e->op;
    bool shift = op[1] && (op[0] == '<' || op[0] == '>') && op[1] == op[0];
    if ((*op == '/' || *op == '%') && (b == 0 || b == -1)) {
        if (b == 0)
            diag_error(c, e->loc, "division by zero");
        *ret = *op == '/' ? (int64_t)(0 - x) : 0;
        return b != 0;
    }
    if (shift && (b < 0 || b > 63)) {
        diag_error(c, e->loc, "shift by %lld bits", (long long)b);
        return false;
    }
    switch (*op) {
    case '+':
        *ret = (int64_t)(x + y);
        break;
    case '-':
        *ret = (int64_t)(x - y);
        break;
    case '*':
        *ret = (int64_t)(x * y);
        break;
    case '/':
        *ret = a / b;
        break;
    case '%':
        *ret = a % b;
        break;
    case '^':
        *ret = (int64_t)(x ^ y);
        break;
    case '&':
        *ret = op[1] ? a && b : (int64_t)(x & y);
        break;
    case '|':
        *ret = op[1] ? a || b : (int64_t)(x | y);
        break;
    case '=':
        *ret = a == b;
        break;
    case '!':
        *ret = a != b;
        break;
    case '<':
        *ret = shift ? (int64_t)(x << y) : op[1] ? a <= b : a < b;
        break;
    default:
        *ret = shift ? (int64_t)(x >> y) : op[1] ? a >= b : a > b;
        break;
    }
    return true;
}

/* (TYPE) - x reads as a difference. */
static bool is_cast(struct idlc *c, const struct expr *e)
{
    if (e->a->kind != EX_NAME || !e->a->parens || e->op[1] || (*e->op != '-' && *e->op != '+'))
        return false;
    const struct symbol *s = symbol_find(c->names, e->a->text);
    s = s ? s : pidl_known_type(c, e->a->text);
    return s && !s->known_value && (s->type || (s->decl && s->decl->kind == DECL_TYPEDEF));
}

bool const_eval(struct idlc *c, const struct expr *e, int64_t *ret)
{
    int64_t a, b;
    switch (e->kind) {
    case EX_NUMBER:
        *ret = (int64_t)e->value;
        return true;
    case EX_NAME:
        return eval_name(c, e, ret);
    case EX_SIZEOF:
        return eval_sizeof(c, e, ret);
    case EX_UNARY:
        if (*e->op == '*' || *e->op == '&')
            break;
        if (!const_eval(c, e->a, &a))
            return false;
        *ret = *e->op == '-' ? (int64_t)(0 - (uint64_t)a) : *e->op == '~' ? ~a : !a;
        return true;
    case EX_CALL: /* UINT32_C(1) */
        if (strlen(e->text) < 7 || strcmp(e->text + strlen(e->text) - 2, "_C") != 0 || !e->args)
            break;
        return const_eval(c, e->args->expr, ret);
    case EX_BINARY:
        if (is_cast(c, e)) { /* (DATE) -1 */
            if (!const_eval(c, e->b, &b))
                return false;
            *ret = *e->op == '-' ? (int64_t)(0 - (uint64_t)b) : b;
            return true;
        }
        return const_eval(c, e->a, &a) && const_eval(c, e->b, &b) && eval_binary(c, e, a, b, ret);
    case EX_COND:
        return const_eval(c, e->a, &a) && const_eval(c, a ? e->b : e->c, ret);
    default:
        break;
    }
    diag_error(c, e->loc, "this is not a constant number");
    return false;
}
