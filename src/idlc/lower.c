// SPDX-License-Identifier: Apache-2.0
/*
 * From types and attributes to what goes over the wire: one node for each field, parameter and result, and
 * the layout (alignment, least size, conformance) of each structure and union. [C706] chapters 4 and 14,
 * [MS-RPCE] 2.2.4, 2.2.5.
 */
#include "idlc/m_lower.h"

/* ---- base types ---- */

static const struct {
    const char *c_type;
    unsigned width;
    bool is_signed;
} bases[] = {
    [BASE_BYTE] = { "uint8_t", 1, false },
    [BASE_CHAR] = { "char", 1, false },
    [BASE_BOOLEAN] = { "uint8_t", 1, false },
    [BASE_I8] = { "int8_t", 1, true },
    [BASE_U8] = { "uint8_t", 1, false },
    [BASE_I16] = { "int16_t", 2, true },
    [BASE_U16] = { "uint16_t", 2, false },
    [BASE_I32] = { "int32_t", 4, true },
    [BASE_U32] = { "uint32_t", 4, false },
    [BASE_I64] = { "int64_t", 8, true },
    [BASE_U64] = { "uint64_t", 8, false },
    [BASE_I3264] = { "int64_t", 4, true },
    [BASE_U3264] = { "uint64_t", 4, false },
    [BASE_FLOAT] = { "float", 4, false },
    [BASE_DOUBLE] = { "double", 8, false },
    [BASE_WCHAR] = { "char16_t", 2, false },
    [BASE_VOID] = { "void", 0, false },
    [BASE_HANDLE_T] = { "void", 0, false },
    [BASE_GUID] = { "struct nt_guid", 16, false },
    [BASE_SID] = { "struct nt_sid", 12, false },
    [BASE_NTSTATUS] = { "enum nt_status", 4, false },
    [BASE_WERROR] = { "enum werror", 4, false },
    [BASE_UDLONG] = { "uint64_t", 8, false },
    [BASE_DLONG] = { "int64_t", 8, true },
    [BASE_UDLONGR] = { "uint64_t", 8, false },
    [BASE_BLOB] = { "struct nt_blob", 0, false },
    [BASE_TEXT] = { "char16_t", 0, false },
    [BASE_TEXTS] = { "char16_t", 0, false },
    [BASE_HAND] = { "void", 0, false },
    [BASE_POLICY_HANDLE] = { "struct ndr_handle", 20, false },
};

const char *base_c_type(enum base b)
{
    return bases[b].c_type;
}

unsigned base_width(enum base b)
{
    return bases[b].width;
}

bool base_signed(enum base b)
{
    return bases[b].is_signed;
}

/* ---- lowering of one declarator ---- */

const struct attr *lower_find(const struct lowering *l, const char *name)
{
    for (int i = 0; i < l->n_chain; i++) {
        const struct attr *a = attr_find(l->chain[i], name);
        if (a)
            return a;
    }
    return NULL;
}

/* Entry `level` of size_is(a,b) and kin; NULL if there is none. */
static struct expr *level_arg(const struct lowering *l, const char *name, unsigned level)
{
    const struct attr *a = lower_find(l, name);
    const struct attr_arg *arg = a ? a->args : NULL;
    while (arg && level--)
        arg = arg->next;
    return arg ? arg->expr : NULL;
}

struct node *lower_new_node(struct lowering *l, enum node_kind kind)
{
    struct node *n = pool_new(&l->c->pool, struct node);
    n->kind = kind;
    n->loc = l->loc;
    return n;
}

static enum pointer_kind kind_of(const struct attr *a, enum pointer_kind otherwise)
{
    return attr_find(a, "unique") ? PTR_UNIQUE
           : attr_find(a, "ref")  ? PTR_REF
           : attr_find(a, "ptr")  ? PTR_FULL
                                  : otherwise;
}

/* A kind that is written counts for one pointer, the outermost; the others follow pointer_default. */
static enum pointer_kind pointer_kind(struct lowering *l)
{
    enum pointer_kind other = PTR_UNIQUE, none = (enum pointer_kind) - 1;
    const struct attr *d = l->iface ? attr_find(l->iface->attrs, "pointer_default") : NULL;
    if (d && d->args && d->args->expr && d->args->expr->kind == EX_NAME)
        other = strcmp(d->args->expr->text, "ref") == 0   ? PTR_REF
                : strcmp(d->args->expr->text, "ptr") == 0 ? PTR_FULL
                                                          : PTR_UNIQUE;
    if (l->top)
        other = PTR_REF;
    if (!l->kind_used) {
        l->kind_used = true;
        for (int i = 0; i < l->n_chain; i++) {
            enum pointer_kind k = kind_of(l->chain[i], none);
            if (k != none)
                return k;
        }
    }
    return other;
}

static bool char_like(const struct type *t)
{
    return t && t->kind == TY_BASE &&
           (base_width(t->base) == 1 || t->base == BASE_WCHAR || t->base == BASE_U16);
}

static struct expr *binary(struct lowering *l, const char *op, struct expr *a, struct expr *b)
{
    struct expr *e = pool_new(&l->c->pool, struct expr);
    *e = (struct expr){ .kind = EX_BINARY, .op = op, .a = a, .b = b, .loc = a->loc };
    return e;
}

static struct expr *number(struct lowering *l, uint64_t v)
{
    struct expr *e = pool_new(&l->c->pool, struct expr);
    *e = (struct expr){ .kind = EX_NUMBER, .value = v, .loc = l->loc };
    return e;
}

/* The lower bound, min_is or x[low..high]; NULL: 0. */
static struct expr *lower_bound(struct lowering *l, const struct type *array)
{
    struct expr *min = level_arg(l, "min_is", l->level);
    if (!min && array && array->bounds)
        min = array->low;
    return min && min->kind == EX_NUMBER && min->value == 0 ? NULL : min;
}

/* From the first element that is sent to the end of the array. */
static struct expr *rest(struct lowering *l, const struct node *n)
{
    struct expr *size = n->size ? n->size : number(l, n->count);
    return binary(l, "-", n->size_plus ? binary(l, "+", size, number(l, 1)) : size, n->first);
}

/* [C706] 4.2.18: size_is or max_is and min_is; length_is or last_is and first_is. On the wire are size,
 * offset from the lower bound and length. array: NULL for a pointer; n->count is there already. */
static void take_bounds(struct lowering *l, struct node *n, const struct type *array)
{
    struct expr *max = level_arg(l, "max_is", l->level), *last = level_arg(l, "last_is", l->level);
    struct expr *first = level_arg(l, "first_is", l->level), *min = lower_bound(l, array);
    n->size = level_arg(l, "size_is", l->level);
    n->length = level_arg(l, "length_is", l->level);
    n->first = first && min ? binary(l, "-", first, min) : first;
    if (max && !n->size) {
        n->size = min ? binary(l, "-", max, min) : max;
        n->size_plus = 1;
    }
    if (last && !n->length) {
        n->length = first ? binary(l, "-", last, first) : min ? binary(l, "-", last, min) : last;
        n->length_plus = 1;
    }
    if (n->first && !n->length && (n->size || n->count))
        n->length = rest(l, n);
    n->unchecked = lower_find(l, "disable_consistency_check") != NULL;
    n->varying = n->length != NULL;
}

/* A range bounds a number; on an array or a string the number of its elements, and no more each of them
 * ([MS-RPCE] 3.1.1.5.3.3.1.3), unless their own type has one. */
static void take_range(struct lowering *l, struct node *n)
{
    const struct attr *a = NULL;
    for (int i = l->range_from; i < l->n_chain && !a; i++)
        a = attr_find(l->chain[i], "range");
    if (n->kind == ND_ARRAY || n->kind == ND_STRING)
        l->range_from = l->n_chain;
    if (!a || n->ranged)
        return;
    if (!a->args || !a->args->expr || !a->args->next || !a->args->next->expr) {
        diag_error(l->c, a->loc, "range needs two numbers");
        return;
    }
    if (l->c->pidl && !(pidl_constant(l->c, a->args->expr) && pidl_constant(l->c, a->args->next->expr))) {
        diag_warning(l->c, WARN_PIDL, a->loc,
                     "a bound of this range is no constant of IDL: it is not checked");
        return;
    }
    n->ranged = const_eval(l->c, a->args->expr, &n->low) && const_eval(l->c, a->args->next->expr, &n->high);
    if (n->ranged && n->low > n->high)
        diag_error(l->c, a->loc, "nothing is in the range from %lld to %lld", (long long)n->low,
                   (long long)n->high);
}

static struct node *lower_element(struct lowering *l, struct node *array, struct type *t)
{
    l->top = false;
    l->in_array = array->kind == ND_ARRAY;
    array->to = lower_type(l, t);
    return array->to ? array : NULL;
}

static struct node *lower_string(struct lowering *l, const struct type *element, bool open, uint64_t count)
{
    struct node *n = lower_new_node(l, ND_STRING);
    take_bounds(l, n, NULL);
    if (n->first)
        diag_error(l->c, l->loc, "a string is sent from its first element on");
    n->varying = true;
    n->conformant = open;
    n->fixed = !open;
    n->count = count;
    n->base = element->base == BASE_U16 ? BASE_WCHAR : element->base == BASE_WCHAR ? BASE_WCHAR : BASE_CHAR;
    take_range(l, n);
    l->level++;
    return n;
}

static struct node *lower_pointer(struct lowering *l, struct type *t);

/* An array parameter is a pointer, as in C: a kind that is written there is that of the array, and not of its
 * elements. Strings[*] of ElfrReportEventW has to be null where there are none ([MS-EVEN] 3.1.4.13). */
static bool array_is_pointer(const struct lowering *l, const struct type *t)
{
    const enum pointer_kind none = (enum pointer_kind) - 1;
    return l->top && !t->size && !l->kind_used && kind_of(l->chain[0], none) != none;
}

/* Number of elements that the brackets say; 0: open. False after an error. */
static bool array_count(struct lowering *l, const struct type *t, int64_t *ret_count)
{
    int64_t low = 0, high = 0;
    bool fixed = t->bounds ? t->low && t->high : t->size != NULL;
    *ret_count = 0;
    if (!fixed)
        return true;
    if (t->bounds && (!const_eval(l->c, t->low, &low) || !const_eval(l->c, t->high, &high)))
        return false;
    if (!t->bounds && !const_eval(l->c, t->size, &high))
        return false;
    int64_t count = t->bounds ? (int64_t)((uint64_t)high - (uint64_t)low + 1) : high;
    if (count <= 0 || count > INT32_MAX) {
        diag_error(l->c, t->loc, "an array needs between 1 and 2147483647 elements");
        return false;
    }
    *ret_count = count;
    return true;
}

/* The next dimension, if it makes the whole one of several: it is open, or sent in part. */
static struct type *next_dimension(struct lowering *l, struct type *t)
{
    static const char *const bounds[] = { "size_is", "max_is", "length_is", "last_is", "first_is", "min_is" };
    struct type *inner = type_resolve(l->c, t->to);
    if (!inner || inner->kind != TY_ARRAY ||
        (char_like(type_resolve(l->c, inner->to)) && lower_find(l, "string")))
        return NULL;
    if (!inner->size && !(inner->bounds && inner->low && inner->high))
        return inner;
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
        if (level_arg(l, bounds[i], l->level))
            return inner;
    return NULL;
}

static struct dim *new_dim(struct lowering *l, const struct node *n)
{
    struct dim *d = pool_new(&l->c->pool, struct dim);
    *d = (struct dim){ NULL, n->fixed, n->count, n->size, n->length, n->size_plus, n->length_plus };
    return d;
}

/* Dimensions below the first: in C all lie in one row, on the wire are first the maximum counts of all, then
 * offset and length of each ([C706] 14.3.3.7 to 14.3.3.9). */
static struct node *lower_dimensions(struct lowering *l, struct node *n, struct type *t)
{
    struct dim **end = &n->dims;
    *end = new_dim(l, n);
    for (struct type *inner; (inner = next_dimension(l, t)); t = inner) {
        struct node d = { .kind = ND_ARRAY };
        int64_t count;
        if (!array_count(l, inner, &count))
            return NULL;
        d.count = (uint64_t)count;
        d.fixed = count != 0;
        take_bounds(l, &d, inner);
        if ((!d.fixed && !d.size) || d.first || n->first) {
            diag_error(l->c, inner->loc,
                       d.first || n->first ? "first_is counts in arrays of one dimension only"
                                           : "an open array needs size_is for each dimension");
            return NULL;
        }
        if (n->fixed && d.fixed && n->count * d.count > INT32_MAX) {
            diag_error(l->c, inner->loc, "an array needs between 1 and 2147483647 elements");
            return NULL;
        }
        end = &(*end)->next;
        *end = new_dim(l, &d);
        n->count *= d.count;
        n->fixed &= d.fixed;
        n->varying |= d.varying;
        l->level++;
    }
    n->conformant = !n->fixed;
    n->size = n->length = NULL;
    n->size_plus = n->length_plus = 0;
    return lower_element(l, n, t->to);
}

static struct node *lower_array(struct lowering *l, struct type *t)
{
    if (array_is_pointer(l, t))
        return lower_pointer(l, t);
    struct node *inline_array = pidl_array(l, t);
    if (inline_array)
        return node_core(inline_array)->to ? inline_array : NULL;
    struct type *element = type_resolve(l->c, t->to);
    int64_t count = 0;
    if (!element || !array_count(l, t, &count))
        return NULL;
    if (char_like(element) && lower_find(l, "string"))
        return lower_string(l, element, !count, (uint64_t)count);
    struct node *n = lower_new_node(l, ND_ARRAY);
    n->count = (uint64_t)count;
    n->fixed = count != 0;
    n->conformant = !n->fixed;
    take_bounds(l, n, t);
    if (n->conformant && !n->size) {
        diag_error(l->c, t->loc, "an open array needs size_is");
        return NULL;
    }
    l->level++;
    if (next_dimension(l, t))
        return lower_dimensions(l, n, t);
    if (n->conformant || n->varying)
        take_range(l, n);
    return pidl_chars(l, lower_element(l, n, t->to));
}

/* What an unmarked void * is: a context handle, or a place-holder that nobody follows. */
static struct node *lower_void_pointer(struct lowering *l)
{
    if (lower_find(l, "context_handle"))
        return lower_new_node(l, ND_HANDLE);
    if (lower_find(l, "ignore"))
        return lower_new_node(l, ND_IGNORE);
    diag_error(l->c, l->loc, "void * needs context_handle or ignore");
    return NULL;
}

/* An interface pointer: always unique, whatever is written ([MS-DCOM] 2.2.14). */
static struct node *lower_interface_pointer(struct lowering *l)
{
    struct type *t = interface_pointee(l->c, l->loc);
    struct node *n = lower_new_node(l, ND_POINTER);
    if (!t)
        return NULL;
    n->pointer = PTR_UNIQUE;
    n->in_array = l->in_array;
    n->to = lower_new_node(l, ND_STRUCT);
    n->to->type = t;
    return n;
}

static struct node *lower_pointer(struct lowering *l, struct type *t)
{
    if (type_is_interface(l->c, t->to))
        return lower_interface_pointer(l);
    struct type *pointee = type_resolve(l->c, t->to);
    if (!pointee)
        return NULL;
    if (pointee->kind == TY_BASE && pointee->base == BASE_VOID && lower_find(l, "iid_is"))
        return lower_interface_pointer(l);
    if (pointee->kind == TY_BASE && pointee->base == BASE_VOID)
        return lower_void_pointer(l);
    if (pointee->kind == TY_PIPE && l->top)
        return lower_type(l, t->to);
    if (lower_find(l, "ignore"))
        return lower_new_node(l, ND_IGNORE);
    struct node *n = lower_new_node(l, ND_POINTER), *to;
    bool top = l->top;
    n->in_array = l->in_array;
    if (!pidl_pointer(l, n))
        n->pointer = pointer_kind(l);
    l->top = false;
    l->in_array = false;
    bool sized = level_arg(l, "size_is", l->level) || level_arg(l, "max_is", l->level) ||
                 level_arg(l, "length_is", l->level) || level_arg(l, "last_is", l->level) ||
                 level_arg(l, "first_is", l->level);
    if (char_like(pointee) && lower_find(l, "string")) {
        to = lower_string(l, pointee, true, 0);
    } else if (sized) {
        to = lower_new_node(l, ND_ARRAY);
        take_bounds(l, to, NULL);
        to->conformant = true;
        take_range(l, to);
        l->level++;
        if (!to->size) {
            diag_error(l->c, l->loc, "length_is on a pointer needs size_is beside it");
            return NULL;
        }
        to = lower_element(l, to, t->to);
    } else {
        l->level++;
        to = lower_type(l, t->to);
    }
    if (!to)
        return NULL;
    n->to = to;
    /* an outermost reference pointer is nothing but the way C passes things */
    return top && n->kind == ND_POINTER && n->pointer == PTR_REF ? to : n;
}

static struct node *lower_body(struct lowering *l, struct type *t)
{
    if (t->bitmap)
        return pidl_bitmap(l, t);
    struct node *n = lower_new_node(l, t->kind == TY_STRUCT  ? ND_STRUCT
                                       : t->kind == TY_UNION ? ND_UNION
                                                             : ND_ENUM);
    n->type = t;
    if (t->kind == TY_UNION) {
        const struct attr *a = lower_find(l, "switch_is");
        if (!a || !a->args || !a->args->expr) {
            diag_error(l->c, l->loc, "a union needs switch_is");
            return NULL;
        }
        n->switch_is = a->args->expr;
    }
    return n;
}

static struct node *lower_named(struct lowering *l, struct type *t)
{
    const struct symbol *s = symbol_of_type(l->c, t);
    if (!type_resolve(l->c, t))
        return NULL;
    if (type_is_interface(l->c, t)) {
        diag_error(l->c, l->loc, "an interface is passed by a pointer to it");
        return NULL;
    }
    if (s->decl && s->decl->kind == DECL_TYPEDEF) {
        const struct type *to = s->decl->type;
        bool body = to->kind == TY_STRUCT || to->kind == TY_UNION || to->kind == TY_ENUM;
        if (s->decl->attrs && !body) {
            if (l->n_chain == MAX_CHAIN) {
                diag_error(l->c, t->loc, "too many typedefs with attributes");
                return NULL;
            }
            l->chain[l->n_chain++] = s->decl->attrs;
        }
        if (attr_find(s->decl->attrs, "context_handle"))
            return lower_new_node(l, ND_HANDLE);
        return lower_type(l, s->decl->type);
    }
    return lower_type(l, s->type);
}

static struct node *lower_base(struct lowering *l, const struct type *t)
{
    if (t->base >= BASE_UDLONG)
        return pidl_base(l, t);
    struct node *n = lower_new_node(l, ND_SCALAR);
    n->base = pidl_char(l, t->base);
    if (t->base == BASE_VOID || t->base == BASE_HANDLE_T) {
        diag_error(l->c, l->loc, "a value of this type cannot be sent");
        return NULL;
    }
    if (t->base != BASE_GUID && t->base != BASE_SID && t->base != BASE_FLOAT && t->base != BASE_DOUBLE)
        take_range(l, n);
    return n;
}

/* [C706] 4.2.14, [MS-RPCE] 2.2.5.3.4.5: a parameter, of elements that lie in one piece. */
static struct node *lower_pipe(struct lowering *l, struct type *t)
{
    if (!l->top) {
        diag_error(l->c, t->loc, "a pipe can only be a parameter");
        return NULL;
    }
    return lower_element(l, lower_new_node(l, ND_PIPE), t->to);
}

struct node *lower_type(struct lowering *l, struct type *t)
{
    struct node *n = NULL;
    if (++l->depth > MAX_NESTING) {
        diag_error(l->c, l->loc, "types are nested too deeply");
        return NULL;
    }
    switch (t->kind) {
    case TY_NAME:
    case TY_TAG:
        n = lower_named(l, t);
        break;
    case TY_BASE:
        n = pidl_data(l, lower_base(l, t));
        break;
    case TY_POINTER:
        n = lower_pointer(l, t);
        break;
    case TY_ARRAY:
        n = lower_array(l, t);
        break;
    case TY_STRUCT:
    case TY_UNION:
    case TY_ENUM:
        n = pidl_data(l, lower_body(l, t));
        break;
    case TY_PIPE:
        n = lower_pipe(l, t);
        break;
    }
    l->depth--;
    return n;
}

static struct node *lower_field(struct idlc *c, const struct decl *iface, const struct attr *attrs,
                                struct type *t, struct loc loc, bool param)
{
    struct lowering l = {
        .c = c, .iface = iface, .top = param, .loc = loc, .chain = { attrs }, .n_chain = 1
    };
    return pidl_element(&l, lower_type(&l, t));
}

/* ---- layout ---- */

static unsigned stricter(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

unsigned node_align(const struct node *n)
{
    switch (n->kind) {
    case ND_SCALAR:
        if (n->type && n->type->bitmap && n->base == BASE_U64)
            return ALIGN_4; /* of a structure; by itself it is aligned to 8: that is what Samba does */
        return n->base == BASE_GUID || n->base == BASE_SID      ? ALIGN_4
               : n->base == BASE_I3264 || n->base == BASE_U3264 ? (unsigned)ALIGN_PTR
                                                                : base_width(n->base);
    case ND_ENUM:
        return n->type->width ? n->type->width : n->type->v1_enum ? ALIGN_4 : (unsigned)ALIGN_ENUM;
    case ND_STRUCT:
    case ND_UNION:
        return n->type->align;
    case ND_POINTER:
        return n->in_array && n->pointer == PTR_REF ? stricter(ALIGN_PTR, node_align(n->to)) : ALIGN_PTR;
    case ND_IGNORE:
        return ALIGN_PTR;
    case ND_ARRAY:
        return n->varying ? stricter(ALIGN_PTR, node_align(n->to)) : node_align(n->to);
    case ND_STRING:
        return ALIGN_PTR;
    case ND_HANDLE:
        return ALIGN_4;
    case ND_PIPE:
        return ALIGN_PTR;
    default:
        return pidl_node_align(n);
    }
}

/* Alignment that the first octets of a node have by themselves. */
unsigned node_first_align(const struct node *n)
{
    if (n->kind >= ND_HALVES)
        return pidl_node_first_align(n);
    if (n->kind == ND_UNION)
        return n->type->tag ? node_align(n->type->tag) : ALIGN_1;
    if (n->kind == ND_ARRAY)
        return n->varying ? (unsigned)ALIGN_PTR : node_first_align(n->to);
    return node_align(n);
}

/* Alignment that the place right after a node surely has in NDR64. */
unsigned node_last_align(const struct node *n)
{
    if (n->kind >= ND_HALVES)
        return pidl_node_last_align(n);
    if (n->kind == ND_UNION)
        return ALIGN_1;
    if (n->kind == ND_STRING)
        return n->base == BASE_WCHAR ? ALIGN_2 : ALIGN_1;
    if (n->kind == ND_ARRAY)
        return node_last_align(n->to);
    return node_align(n);
}

size_t node_wire_min(const struct node *n)
{
    switch (n->kind) {
    case ND_SCALAR:
        return base_width(n->base);
    case ND_ENUM:
        return n->type->width ? n->type->width : n->type->v1_enum ? 4 : 2;
    case ND_STRUCT:
    case ND_UNION:
        return n->type->wire_min;
    case ND_POINTER:
        return n->in_array && n->pointer == PTR_REF ? 1 : 4;
    case ND_IGNORE:
    case ND_PIPE:
        return 4;
    case ND_HANDLE:
        return 20;
    case ND_STRING:
        return 8;
    case ND_ARRAY:
        return n->varying ? 8 : n->fixed ? n->count * node_wire_min(n->to) : 0;
    default:
        return pidl_node_wire_min(n);
    }
}

bool node_deferred(const struct node *n)
{
    switch (n->kind) {
    case ND_POINTER:
        return true;
    case ND_STRUCT:
    case ND_UNION:
        return n->type->deferred;
    case ND_ARRAY:
        return node_deferred(n->to);
    default:
        return pidl_node_deferred(n);
    }
}

static void layout(struct idlc *c, struct type *t);

/* Types that stand by value inside a node have to be laid out before it. */
static void layout_inner(struct idlc *c, const struct node *n)
{
    int inlined = 0;
    for (; n && n->to && n->kind != ND_POINTER && n->kind != ND_RELATIVE; n = n->to)
        inlined += n->kind == ND_INLINE;
    c->inlined += inlined;
    if (n && (n->kind == ND_STRUCT || n->kind == ND_UNION))
        layout(c, n->type);
    c->inlined -= inlined;
}

static bool names_field(const struct idlc *c, const struct expr *e, const struct field *fields,
                        bool *ret_field)
{
    for (const struct field *f = fields; f; f = f->next)
        if (f->name && !f->skip && strcmp(f->name, e->text) == 0) {
            *ret_field = true;
            return true;
        }
    const struct symbol *s = symbol_find((struct symbol **)c->names, e->text);
    return (s && s->known_value) || strcmp(e->text, "NULL") == 0 || strcmp(e->text, "TRUE") == 0 ||
           strcmp(e->text, "FALSE") == 0 || strcmp(e->text, "true") == 0 || strcmp(e->text, "false") == 0;
}

static void unknown_field(struct idlc *c, const struct expr *e, const struct field *fields)
{
    for (const struct field *f = fields; f; f = f->next)
        if (f->name && !f->skip && word_like(c, e->text, f->name)) {
            diag_error(c, e->loc, "'%s' is neither beside this nor a constant; did you mean '%s'?", e->text,
                       f->name);
            return;
        }
    diag_error(c, e->loc, "'%s' is neither beside this nor a constant", e->text);
}

static bool has_field(const struct expr *e, const struct field *fields)
{
    if (!e)
        return false;
    for (const struct field *f = e->kind == EX_NAME ? fields : NULL; f; f = f->next)
        if (f->name && !f->skip && strcmp(f->name, e->text) == 0)
            return true;
    return has_field(e->a, fields) || has_field(e->b, fields) || has_field(e->c, fields);
}

/* A peer that chose what to divide or shift by could stop the program. */
static void check_right_side(struct idlc *c, const struct expr *e, const struct field *fields)
{
    bool shift = e->op[1] != 0;
    int64_t v;
    if (has_field(e->b, fields))
        diag_error(c, e->loc, "what is %s by has to be a constant here", shift ? "shifted" : "divided");
    else if (const_eval(c, e->b, &v) && (shift ? v < 0 || v > 31 : v == 0))
        diag_error(c, e->loc, shift ? "shift by %lld bits" : "division by zero", (long long)v);
}

/* Expressions of size_is and kin may name fields beside them, and constants. */
static void check_expr(struct idlc *c, const struct expr *e, const struct field *fields)
{
    bool field = false;
    if (!e || (c->pidl && pidl_expr(e)))
        return;
    if (e->kind == EX_NAME && !names_field(c, e, fields, &field))
        unknown_field(c, e, fields);
    if (e->kind == EX_STRING || e->kind == EX_MEMBER || (e->kind == EX_UNARY && *e->op == '&'))
        diag_error(c, e->loc, "this is not supported in an expression over fields");
    if (e->kind == EX_UNARY && *e->op == '*' && e->a->kind != EX_NAME)
        diag_error(c, e->loc, "'*' needs the name of a pointer here");
    check_expr(c, e->a, fields);
    check_expr(c, e->b, fields);
    check_expr(c, e->c, fields);
    if (e->kind == EX_BINARY && (strchr("/%", *e->op) || (e->op[1] == *e->op && strchr("<>", *e->op))))
        check_right_side(c, e, fields);
}

static void check_node_exprs(struct idlc *c, const struct node *n, const struct field *fields)
{
    for (; n; n = n->to) {
        check_expr(c, n->size, fields);
        check_expr(c, n->length, fields);
        check_expr(c, n->first, fields);
        for (const struct dim *d = n->dims; d; d = d->next) {
            check_expr(c, d->size, fields);
            check_expr(c, d->length, fields);
        }
        check_expr(c, n->switch_is, fields);
    }
}

/* A node whose number of elements is known on the wire only: at the end of a structure it goes before it. */
bool node_open(const struct node *n)
{
    return ((n->kind == ND_ARRAY || n->kind == ND_STRING) && !n->fixed) ||
           (n->kind == ND_STRUCT && n->type->conformant) || (n->kind == ND_SCALAR && n->base == BASE_SID);
}

/* The member whose maximum count goes before the structure: the last, and in pidl the last open one. */
const struct field *open_member(const struct type *t)
{
    const struct field *open = NULL;
    for (const struct field *f = t->fields; f; f = f->next)
        if (f->node && node_open(f->node))
            open = f;
    return open;
}

static void check_pipe(struct idlc *c, const struct node *n)
{
    if (node_deferred(n->to) || node_open(n->to) || n->to->kind == ND_HANDLE || n->to->kind == ND_UNION ||
        n->to->kind == ND_PIPE || n->to->kind == ND_IGNORE)
        diag_error(c, n->loc,
                   "elements of a pipe cannot be or have pointers, unions, open arrays or context handles");
}

/* Once all layouts are known. */
static void check_elements(struct idlc *c, const struct node *n)
{
    for (; n; n = n->to) {
        if (n->kind == ND_PIPE)
            check_pipe(c, n);
        const struct node *e = n->kind == ND_ARRAY ? n->to : NULL;
        if (!e)
            continue;
        if (e->kind == ND_STRUCT && e->type->conformant && !c->pidl)
            diag_error(c, n->loc, "elements of an array cannot be conformant structures");
        if ((e->kind == ND_ARRAY || e->kind == ND_STRING) && !e->fixed)
            diag_error(c, n->loc, "only the first dimension of an array can be open");
        if (e->kind == ND_SCALAR && e->base == BASE_SID)
            diag_error(c, n->loc, "an RPC_SID has no fixed size: elements have to be pointers to it");
    }
}

static void layout_struct(struct idlc *c, struct type *t)
{
    t->align = ALIGN_1;
    for (struct field *f = t->fields; f; f = f->next) {
        struct node *n = f->node;
        if (!n)
            continue;
        bool open = node_open(n);
        if (open && f->next && !c->pidl)
            diag_error(c, f->loc,
                       n->kind == ND_SCALAR ? "only the last member can be an RPC_SID by value"
                                            : "only the last member can be an open array");
        if (n->kind == ND_HANDLE)
            diag_error(c, f->loc, "a context handle can only be a parameter");
        t->conformant |= open;
        t->align = stricter(t->align, node_align(n));
        t->deferred |= node_deferred(n);
        if (t->encapsulated && f == t->fields)
            continue; /* sent by the union */
        if (__builtin_add_overflow(t->wire_min, node_wire_min(n), &t->wire_min) || t->wire_min > INT32_MAX) {
            diag_error(c, f->loc, "this structure is too large");
            t->wire_min = 1;
        }
    }
}

static void layout_union(struct idlc *c, struct type *t)
{
    unsigned arms = ALIGN_1;
    for (struct field *f = t->fields; f; f = f->next) {
        struct node *n = f->node;
        if (!n)
            continue;
        if (node_open(n) && !c->pidl)
            diag_error(c, f->loc, "an arm of a union needs a fixed size: use a pointer");
        arms = stricter(arms, node_align(n));
        t->deferred |= node_deferred(n);
    }
    t->align = t->tag ? stricter(arms, node_align(t->tag)) : arms;
    t->wire_min = t->tag ? node_wire_min(t->tag) : 1;
    t->arm_align = arms;
}

static void layout(struct idlc *c, struct type *t)
{
    if (t->state == LAYOUT_DONE || (t->state == LAYOUT_BUSY && c->inlined))
        return;
    if (t->state == LAYOUT_BUSY || c->nesting >= MAX_NESTING) {
        struct type *capture = c->capture;
        c->capture = t;
        diag_error(c, t->loc,
                   t->state == LAYOUT_BUSY ? "this type contains itself" : "types are nested too deeply");
        c->capture = capture;
        t->state = LAYOUT_DONE;
        return;
    }
    struct type *capture = c->capture;
    c->capture = t;
    t->state = LAYOUT_BUSY;
    c->nesting++;
    for (struct field *f = t->fields; f; f = f->next)
        layout_inner(c, f->node);
    if (t->kind == TY_STRUCT)
        layout_struct(c, t);
    else
        layout_union(c, t);
    c->nesting--;
    c->capture = capture;
    t->state = LAYOUT_DONE;
}

/* ---- unions ---- */

static void lower_union_tag(struct idlc *c, struct type *t)
{
    const struct attr *a = attr_find(t->attrs, "switch_type");
    struct loc loc = a ? a->loc : t->loc;
    struct type *tag;
    if (t->pidl && t->pidl->nodiscriminant) {
        t->tag_kind_ndr = TAG_32;
        return;
    }
    if (t->switch_tag) {
        tag = t->switch_tag->type;
        loc = t->switch_tag->loc;
        t->ms_union = false; /* [MS-RPCE] 2.2.4.5 */
    } else if (a && a->args && a->args->type)
        tag = a->args->type;
    else if (a && a->args && a->args->expr && a->args->expr->kind == EX_NAME) {
        tag = pool_new(&c->pool, struct type);
        *tag = (struct type){ .kind = TY_NAME, .name = a->args->expr->text, .loc = a->args->expr->loc };
    } else if (c->pidl) {
        tag = pool_new(&c->pool, struct type);
        *tag = (struct type){ .kind = TY_BASE, .base = BASE_U32, .loc = loc };
    } else {
        diag_error(c, loc, "a union needs switch_type(TYPE)");
        return;
    }
    t->tag = lower_field(c, t->owner, NULL, tag, loc, false);
    if (!t->tag)
        return;
    if (t->tag->kind == ND_ENUM)
        t->tag_kind_ndr = t->tag->type->width     ? t->tag->type->width
                          : t->tag->type->v1_enum ? TAG_32
                                                  : (unsigned)TAG_ENUM;
    else if (t->tag->kind == ND_SCALAR && (t->tag->base == BASE_I3264 || t->tag->base == BASE_U3264))
        t->tag_kind_ndr = TAG_PTR;
    else if (t->tag->kind == ND_SCALAR && t->tag->base <= BASE_U64)
        t->tag_kind_ndr = base_width(t->tag->base);
    else
        diag_error(c, loc, "a tag has to be a number");
}

/* As a signed or an unsigned number of the tag's width. */
static bool fits_tag(const struct type *t, int64_t v)
{
    unsigned bits = 8 * (t->tag && t->tag->kind == ND_SCALAR ? base_width(t->tag->base) : 4);
    return bits >= 64 || bits == 0 || (v >= -(INT64_C(1) << (bits - 1)) && v < INT64_C(1) << bits);
}

static void lower_cases(struct idlc *c, struct type *t)
{
    int n_default = 0;
    for (struct field *f = t->fields; f; f = f->next) {
        const struct attr *a = attr_find(f->attrs, "case");
        f->is_default = attr_find(f->attrs, "default") != NULL;
        f->cases = a ? a->args : NULL;
        if (!a && !f->is_default)
            diag_error(c, f->loc, "an arm needs case() or default");
        if (f->is_default && n_default++)
            diag_error(c, f->loc, "a second default arm");
        for (struct attr_arg *arg = f->cases; arg; arg = arg->next) {
            int64_t v;
            if (!arg->expr || !const_eval(c, arg->expr, &v))
                continue;
            arg->value = v;
            if (!fits_tag(t, v))
                diag_error(c, arg->expr->loc, "case %lld does not fit into the tag", (long long)v);
            for (const struct field *g = t->fields; g; g = g == f ? NULL : g->next)
                for (const struct attr_arg *b = g->cases; b && b != arg; b = b->next)
                    if (b->value == v && b->expr)
                        diag_error(c, arg->expr->loc, "case %lld is there already", (long long)v);
        }
    }
}

/* ---- operations ---- */

static void lower_operation(struct idlc *c, struct decl *d)
{
    for (struct field *f = d->params; f; f = f->next)
        if (!f->skip)
            f->node = lower_field(c, d->owner, f->attrs, f->type, f->loc, true);
    for (struct field *f = d->params; f; f = f->next) {
        const struct type *t = f->type;
        if (f->out && f->node && t->kind != TY_POINTER && t->kind != TY_ARRAY && !f->skip) {
            t = type_resolve(c, f->type);
            if (!c->pidl && (!t || (t->kind != TY_POINTER && t->kind != TY_ARRAY && t->kind != TY_PIPE)))
                diag_error(c, f->loc, "an [out] parameter has to be a pointer or an array");
        }
        check_node_exprs(c, f->node, d->params);
        check_elements(c, f->node);
    }
    const struct type *result = type_resolve(c, d->type);
    if (!result || (result->kind == TY_BASE && result->base == BASE_VOID))
        return;
    d->node = lower_field(c, d->owner, NULL, d->type, d->loc, false);
    if (d->node && d->node->kind != ND_SCALAR && d->node->kind != ND_ENUM && d->node->kind != ND_HANDLE)
        diag_error(c, d->loc, "an operation gives back a number, a context handle or nothing");
}

/* ---- which types an operation reaches ---- */

static struct type *node_body(const struct node *n)
{
    while (n && n->to && n->kind != ND_HAND && n->kind != ND_SKIP)
        n = n->to;
    return n && (n->kind == ND_STRUCT || n->kind == ND_UNION) ? n->type : NULL;
}

static void reach(struct type **stack, struct type *t)
{
    if (!t || t->reached)
        return;
    t->reached = true;
    t->reach_next = *stack;
    *stack = t;
}

/* A conformant structure inside another is written out there, not called. */
static void reach_fields(struct type **stack, const struct type *t)
{
    for (const struct field *f = t->fields; f; f = f->next)
        if (f->node && f->node->kind == ND_STRUCT && f->node->type->conformant && f == open_member(t))
            reach_fields(stack, f->node->type);
        else
            reach(stack, node_body(f->node));
}

static void mark_reached(struct type **stack)
{
    while (*stack) {
        struct type *t = *stack;
        *stack = t->reach_next;
        reach_fields(stack, t);
    }
}

static void clear_reached(struct idlc *c)
{
    for (struct type *t = c->defs; t; t = t->next_def)
        t->reached = false;
}

static bool links_to(const struct field *f, const struct type *t)
{
    const struct node *n = f->node;
    return n && n->kind == ND_POINTER && n->to->kind == ND_STRUCT && n->to->type == t;
}

/* Of a recursive type: does only one pointer lead back, and right to the next? */
static bool is_list(struct idlc *c, struct type *t)
{
    int links = 0;
    struct type *stack = NULL;
    clear_reached(c);
    for (const struct field *f = t->kind == TY_STRUCT ? t->fields : NULL; f; f = f->next)
        if (links_to(f, t))
            links++;
        else
            reach(&stack, node_body(f->node));
    mark_reached(&stack);
    return links == 1 && !t->reached;
}

/* A type is recursive if its members lead back to it. */
static void find_recursion(struct idlc *c)
{
    for (struct type *t = c->defs; t; t = t->next_def) {
        struct type *stack = NULL;
        if (!t->deferred)
            continue;
        clear_reached(c);
        reach_fields(&stack, t);
        mark_reached(&stack);
        t->recursive = t->reached;
        t->list = t->recursive && is_list(c, t);
    }
}

static void find_reached(struct idlc *c)
{
    struct type *stack = NULL;
    clear_reached(c);
    for (struct decl *d = c->types; d; d = d->next_type)
        reach(&stack, node_body(d->node));
    for (struct decl *i = next_interface(c->main->decls); i; i = next_interface(i->next))
        for (struct decl *d = i->body; d; d = d->next)
            for (struct field *f = is_operation(d) ? d->params : NULL; f; f = f->next)
                reach(&stack, node_body(f->node));
    mark_reached(&stack);
}

/* ---- types that cannot go over the wire: [MS-DTYP] has some, and as long as nothing sends them that is no
 * error ---- */

static void report_problem(struct idlc *c, const struct type *t, const struct decl *op)
{
    for (const struct problem *p = t->problem; p; p = p->next)
        diag_error(c, p->loc, "%s", p->text);
    diag_note(c, op->loc, is_operation(op) ? "operation '%s' sends this type" : "it is in the type '%s'", op->name);
}

/* What is reached from there must be something that can be sent. */
static void report_reached(struct idlc *c, struct type **stack, const struct decl *from)
{
    while (*stack) {
        struct type *t = *stack;
        *stack = t->reach_next;
        if (t->problem)
            report_problem(c, t, from);
        reach_fields(stack, t);
    }
}

/* What stands in a type that has a problem has it, too. Only by-value members count for C, but pointees are
 * sent. */
static void spread_problems(struct idlc *c)
{
    for (bool more = true; more;) {
        more = false;
        for (struct type *t = c->defs; t; t = t->next_def)
            for (const struct field *f = t->kind == TY_ENUM || t->problem ? NULL : t->fields;
                 f && !t->problem; f = f->next) {
                const struct type *inner = node_body(f->node);
                if (!inner || !inner->problem)
                    continue;
                t->problem = pool_new(&c->pool, struct problem);
                t->problem->loc = f->loc;
                t->problem->text = pool_printf(&c->pool, "'%s' holds what cannot be sent", f->name);
                more = true;
            }
    }
}

static void problems_all(struct idlc *c)
{
    for (const struct decl *i = next_interface(c->main->decls); i; i = next_interface(i->next))
        for (const struct decl *d = i->body; d; d = d->next) {
            struct type *stack = NULL;
            for (const struct field *f = is_operation(d) ? d->params : NULL; f; f = f->next)
                reach(&stack, node_body(f->node));
            report_reached(c, &stack, d);
        }
    spread_problems(c);
}

static void warn_left_out(struct idlc *c)
{
    for (const struct type *t = c->defs; t; t = t->next_def)
        if (t->problem && t->src == c->main && !t->reached)
            diag_warning(c, WARN_UNSENDABLE, t->problem->loc, "%s; '%s' is left out, for nothing sends it",
                         t->problem->text, t->name ? t->name : t->cname);
}

/* ---- types as data ---- */

/* [public] in pidl: wanted by itself, outside of operations. */
static bool pidl_public(const struct idlc *c, struct decl *d)
{
    bool tag = d->kind == DECL_TAG && d->type->kind == TY_STRUCT;
    if (!c->pidl || !(tag || d->kind == DECL_TYPEDEF) || d->type->kind != TY_STRUCT || d->type->problem ||
        !attr_find(d->attrs, "public"))
        return false;
    if (tag) {
        d->name = d->type->name;
        d->cname = d->type->cname;
    }
    return d->cname != NULL;
}

static bool type_wanted(struct idlc *c, const struct decl *d)
{
    const struct symbol *s = d->kind == DECL_TYPEDEF ? symbol_find(c->names, d->name) : NULL;
    if (!s || s->decl != d)
        return false;
    if (attr_find(d->attrs, "encode") || attr_find(d->attrs, "decode"))
        return true;
    const struct type *t = d->type->kind == TY_POINTER ? d->type->to : d->type;
    bool body = t->kind == TY_STRUCT || t->kind == TY_TAG || t->kind == TY_NAME;
    if (!body || (!c->want_types && !(d->owner && attr_find(d->owner->attrs, "encode"))))
        return false;
    t = type_resolve(c, (struct type *)t);
    return t && t->kind == TY_STRUCT && !t->problem;
}

/* Typedefs of the compiled file, in its order. */
static struct decl **lower_types(struct idlc *c, struct decl *list, struct decl **end)
{
    for (struct decl *d = list; d; d = d->next) {
        if (d->kind == DECL_INTERFACE)
            end = lower_types(c, d->body, end);
        bool public = pidl_public(c, d);
        if (!public && !type_wanted(c, d))
            continue;
        d->node = lower_field(c, d->owner, public ? NULL : d->attrs, d->type, d->loc, false);
        struct type *stack = NULL;
        reach(&stack, node_body(d->node));
        report_reached(c, &stack, d);
        if (!d->node)
            continue;
        check_elements(c, d->node);
        check_node_exprs(c, d->node, NULL);
        *end = d;
        end = &d->next_type;
    }
    return end;
}

static void lower_source(struct idlc *c, struct source *src)
{
    for (struct decl *i = next_interface(src->decls); i; i = next_interface(i->next))
        for (struct decl *d = i->body; d; d = d->next)
            if (is_operation(d))
                lower_operation(c, d);
}

void lower_all(struct idlc *c)
{
    int order = 0;
    infer_tags(c);
    for (struct type *t = c->defs; t; t = t->next_def) {
        t->order = order++;
        c->capture = t;
        pidl_type(c, t);
        if (t->kind == TY_UNION) {
            lower_union_tag(c, t);
            lower_cases(c, t);
        }
        for (struct field *f = t->kind == TY_ENUM ? NULL : t->fields; f; f = f->next)
            if (f->type)
                f->node = lower_field(c, t->owner, f->attrs, f->type, f->loc, false);
        for (struct field *f = t->kind == TY_STRUCT ? t->fields : NULL; f; f = f->next)
            check_node_exprs(c, f->node, t->fields);
    }
    for (struct type *t = c->defs; t; t = t->next_def)
        if (t->kind != TY_ENUM)
            layout(c, t);
    for (struct type *t = c->defs; t; t = t->next_def) {
        c->capture = t;
        for (struct field *f = t->kind == TY_ENUM ? NULL : t->fields; f; f = f->next)
            check_elements(c, f->node);
    }
    c->capture = NULL;
    lower_source(c, c->main);
    problems_all(c);
    (void)lower_types(c, c->main->decls, &c->types);
    warn_left_out(c);
    if (c->n_errors == 0) {
        find_recursion(c);
        find_reached(c);
        pidl_finish(c);
    }
}
