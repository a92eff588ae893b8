// SPDX-License-Identifier: Apache-2.0
/*
 * From the attributes of pidl to nodes. Levels, from the outside: flags, value; pointers and arrays; the
 * nested stream; the type. So `[relative, subcontext(4)] T *p` is a pointer to a stream with a T in it.
 */
#include "idlc/m_lower.h"

/* ---- nodes ---- */

static struct node *wrap(struct lowering *l, enum node_kind kind, struct node *to)
{
    struct node *n = lower_new_node(l, kind);
    n->to = to;
    return n;
}

struct node *pidl_base(struct lowering *l, const struct type *t)
{
    struct node *n = NULL;
    uint32_t flags = t->pidl ? t->pidl->flags : 0;
    switch (t->base) {
    case BASE_UDLONG:
    case BASE_DLONG:
    case BASE_UDLONGR:
        n = lower_new_node(l, ND_HALVES);
        n->base = t->base;
        break;
    case BASE_BLOB:
        n = lower_new_node(l, ND_BLOB);
        break;
    case BASE_TEXT:
    case BASE_TEXTS:
        n = lower_new_node(l, t->base == BASE_TEXT ? ND_TEXT : ND_TEXTS);
        l->flags |= flags;
        for (int i = 0; i < l->n_chain; i++) {
            struct expr *dynamic = NULL;
            pidl_take_flags(l->c, l->chain[i], &flags, &dynamic);
        }
        n->base = flags & (NDR_F_STR_ASCII | NDR_F_STR_UTF8 | NDR_F_STR_RAW8) ? BASE_CHAR : BASE_WCHAR;
        break;
    case BASE_POLICY_HANDLE:
        n = lower_new_node(l, ND_HANDLE);
        break;
    default:
        n = lower_new_node(l, ND_HAND);
        n->type_name = t->name;
        n->type = t->to && (t->to->kind == TY_STRUCT || t->to->kind == TY_ENUM) ? t->to : NULL;
        n->foreign = t->foreign && !n->type;
        break;
    }
    return n;
}

/* A number; the type is there for its names. */
struct node *pidl_bitmap(struct lowering *l, struct type *t)
{
    struct node *n = lower_new_node(l, ND_SCALAR);
    unsigned width = t->width ? t->width : 4;
    n->base = width == 1 ? BASE_U8 : width == 2 ? BASE_U16 : width == 4 ? BASE_U32 : BASE_U64;
    n->type = t;
    return n;
}

bool pidl_pointer(struct lowering *l, struct node *n)
{
    const struct attr *small = lower_find(l, "relative_short");
    if (l->kind_used || (!small && !lower_find(l, "relative")))
        return false;
    l->kind_used = true;
    n->kind = ND_RELATIVE;
    n->count = small ? 2 : 4;
    n->pointer = PTR_UNIQUE;
    return true;
}

struct node *pidl_data(struct lowering *l, struct node *n)
{
    const struct attr *a = lower_find(l, "subcontext"), *size = lower_find(l, "subcontext_size");
    int64_t header = 0;
    if (!n || !a)
        return n;
    if (!a->args || !a->args->expr || !const_eval(l->c, a->args->expr, &header))
        return NULL;
    if (header != 0 && header != 2 && header != 4 && header != NDR_SUBCONTEXT_SERIALIZED) {
        diag_error(l->c, a->loc, "subcontext takes 0, 2, 4 or 0xFFFFFC01");
        return NULL;
    }
    n = wrap(l, ND_SUBCONTEXT, n);
    n->count = (uint64_t)header;
    n->size = size && size->args ? size->args->expr : NULL;
    return n;
}

struct node *pidl_element(struct lowering *l, struct node *n)
{
    uint32_t flags = l->flags;
    struct expr *dynamic = NULL;
    const struct attr *value = attr_find(l->chain[0], "value");
    if (!n)
        return NULL;
    if (attr_find(l->chain[0], "skip") || attr_find(l->chain[0], "skip_noinit"))
        return wrap(l, ND_SKIP, n);
    if (attr_find(l->chain[0], "compression"))
        return wrap(l, ND_HAND, n);
    if (value && value->args && value->args->expr) {
        n = wrap(l, ND_VALUE, n);
        n->value = value->args->expr;
    }
    for (int i = 0; i < l->n_chain; i++)
        pidl_take_flags(l->c, l->chain[i], &flags, &dynamic);
    if (flags || dynamic) {
        n = wrap(l, ND_FLAGS, n);
        n->flags = flags;
        n->value = dynamic;
    }
    return n;
}

/* All names are constants, quietly. */
bool pidl_constant(const struct idlc *c, const struct expr *e)
{
    if (!e)
        return true;
    if (e->kind == EX_SIZEOF)
        return true;
    if (e->kind == EX_CALL || e->kind == EX_MEMBER || e->kind == EX_STRING ||
        (e->kind == EX_UNARY && (*e->op == '*' || *e->op == '&')))
        return false;
    if (e->kind == EX_NAME) {
        const struct symbol *s = symbol_find((struct symbol **)c->names, e->text);
        return (s && s->known_value) || strcmp(e->text, "TRUE") == 0 || strcmp(e->text, "FALSE") == 0;
    }
    return pidl_constant(c, e->a) && pidl_constant(c, e->b) && pidl_constant(c, e->c);
}

struct node *pidl_array(struct lowering *l, struct type *t)
{
    if (!t->size || pidl_constant(l->c, t->size))
        return NULL;
    struct node *n = lower_new_node(l, ND_INLINE);
    l->c->pidl = true;
    n->size = t->size;
    l->level++;
    l->top = false;
    l->in_array = true;
    n->to = lower_type(l, t->to);
    return pidl_chars(l, n);
}

struct node *pidl_chars(struct lowering *l, struct node *n)
{
    const struct node *to = n ? n->to : NULL;
    bool text = to && to->kind == ND_SCALAR && to->base == BASE_WCHAR && lower_find(l, "charset");
    return text && (n->kind == ND_INLINE || (n->fixed && !n->varying)) ? wrap(l, ND_CHARS, n) : n;
}

enum base pidl_char(const struct lowering *l, enum base base)
{
    if (!lower_find(l, "charset"))
        return base;
    return base == BASE_U16 ? BASE_WCHAR : base == BASE_U8 || base == BASE_BYTE ? BASE_CHAR : base;
}

/* ---- what lower.c asks about nodes ---- */

const struct node *node_core(const struct node *n)
{
    while (n->kind == ND_CHARS || n->kind == ND_FLAGS || n->kind == ND_VALUE || n->kind == ND_SUBCONTEXT ||
           n->kind == ND_SKIP || (n->kind == ND_HAND && n->to))
        n = n->to;
    return n;
}

bool node_merged(const struct node *to)
{
    const struct node *n = node_core(to);
    return n->kind == ND_ARRAY || n->kind == ND_STRING || n->kind == ND_INLINE || n->kind == ND_TEXT ||
           n->kind == ND_TEXTS;
}

unsigned pidl_node_align(const struct node *n)
{
    switch (n->kind) {
    case ND_HALVES:
    case ND_BLOB:
    case ND_TEXT:
    case ND_TEXTS:
        return ALIGN_4;
    case ND_HAND:
        return n->to || strncmp(n->type_name, "dnsp_", 5) == 0 ? ALIGN_1 : ALIGN_4;
    case ND_INLINE:
    case ND_CHARS:
    case ND_FLAGS:
    case ND_VALUE:
        return node_align(n->to);
    case ND_RELATIVE:
        return (unsigned)n->count;
    default:
        return ALIGN_1;
    }
}

/* Whatever depends on flags is taken to have no alignment of its own. */
unsigned pidl_node_first_align(const struct node *n)
{
    if (n->kind == ND_VALUE)
        return node_first_align(n->to);
    return n->kind == ND_HALVES || n->kind == ND_RELATIVE ? node_align(n) : (unsigned)ALIGN_1;
}

unsigned pidl_node_last_align(const struct node *n)
{
    if (n->kind == ND_VALUE)
        return node_last_align(n->to);
    return n->kind == ND_HALVES || n->kind == ND_RELATIVE ? node_align(n) : (unsigned)ALIGN_1;
}

size_t pidl_node_wire_min(const struct node *n)
{
    switch (n->kind) {
    case ND_HALVES:
        return 8;
    case ND_CHARS:
    case ND_FLAGS:
    case ND_VALUE:
        return node_wire_min(n->to);
    case ND_RELATIVE:
        return n->count;
    case ND_SUBCONTEXT:
        return n->count == NDR_SUBCONTEXT_SERIALIZED ? 16 : n->count;
    default:
        return 0;
    }
}

bool pidl_node_deferred(const struct node *n)
{
    switch (n->kind) {
    case ND_FLAGS:
    case ND_VALUE:
    case ND_INLINE:
        return node_deferred(n->to);
    case ND_RELATIVE:
        return true;
    default:
        return false;
    }
}

bool pidl_expr(const struct expr *e)
{
    return e &&
           (e->kind == EX_CALL || e->kind == EX_MEMBER || e->kind == EX_STRING ||
            (e->kind == EX_UNARY && *e->op == '&') || pidl_expr(e->a) || pidl_expr(e->b) || pidl_expr(e->c));
}
