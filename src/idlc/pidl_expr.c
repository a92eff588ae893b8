// SPDX-License-Identifier: Apache-2.0
/*
 * Expressions of pidl: C over the members of a structure, with the functions that libndr has. What idlc can
 * say it writes out; any other expression becomes the call of a hook, a function that is written by hand and
 * is declared in the header.
 */
#include "idlc/m_emit_pidl.h"
#include "idlc/m_lower.h"

/* An expression in C, and what it stands for. */
struct value {
    const char *text;
    const struct node *node; /* of the member that it names; NULL: a number */
    bool self;               /* the structure or operation itself, by pointer */
    bool address;            /* with & in front */
};

struct context {
    struct emit *e;
    bool pushing; /* `n` is there, to measure with */
    bool counted; /* it measures characters that no terminator ends */
};

static bool eval(struct context *x, const struct expr *e, struct value *ret);

/* Behind pointers: the type of what is there. */
static const struct node *target(const struct node *n, bool *ret_pointer)
{
    *ret_pointer = false;
    n = node_core(n);
    if (n->kind == ND_POINTER || n->kind == ND_RELATIVE) {
        *ret_pointer = true;
        n = node_core(n->to);
    }
    return n;
}

static const struct field *member(const struct node *n, const char *name)
{
    for (const struct field *f = n->kind == ND_STRUCT || n->kind == ND_UNION ? n->type->fields : NULL; f;
         f = f->next)
        if (f->name && f->node && strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

static const struct field *field_named(const struct emit *e, const char *name)
{
    for (const struct field *f = e->fields; f; f = f->next)
        if (f->name && f->node && strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

static bool eval_name(struct context *x, const struct expr *e, struct value *ret)
{
    struct emit *em = x->e;
    const struct field *f = field_named(em, e->text);
    const struct symbol *s = symbol_find(em->c->names, e->text);
    if (f) {
        ret->node = f->node;
        ret->text = emit_expr(em, e);
        return true;
    }
    if (strcmp(e->text, "r") == 0 || strcmp(e->text, "this") == 0) {
        ret->self = true;
        ret->text = pidl_self(em);
        return true;
    }
    if (strcmp(e->text, "NULL") == 0) {
        ret->text = "NULL";
        return true;
    }
    ret->text = s && s->known_value ? emit_expr(em, e) : NULL;
    return ret->text != NULL;
}

/* r->in and r->out of an operation vanish: parameters are found by name. */
static bool direction(const struct context *x, const struct expr *e)
{
    return x->e->operation && e->kind == EX_MEMBER && e->a->kind == EX_NAME && strcmp(e->a->text, "r") == 0 &&
           (strcmp(e->text, "in") == 0 || strcmp(e->text, "out") == 0);
}

static bool eval_member(struct context *x, const struct expr *e, struct value *ret)
{
    struct value base = { 0 };
    bool pointer = false;
    if (direction(x, e->a)) {
        struct expr name = { .kind = EX_NAME, .loc = e->loc, .text = e->text };
        return eval_name(x, &name, ret) && ret->node;
    }
    if (!eval(x, e->a, &base))
        return false;
    if (base.self) {
        const struct field *f = field_named(x->e, e->text);
        if (!f || x->e->operation)
            return false;
        ret->node = f->node;
        ret->text = POOL_PRINTF(x->e, "%s%s", x->e->prefix, f->cname);
        return true;
    }
    const struct node *n = base.node ? target(base.node, &pointer) : NULL;
    const struct field *f = n ? member(n, e->text) : NULL;
    bool blob = n && n->kind == ND_BLOB;
    if (!f && !(blob && (strcmp(e->text, "length") == 0 || strcmp(e->text, "data") == 0)))
        return false;
    const char *name = f ? f->cname : e->text[0] == 'l' ? "len" : "data";
    ret->node = f ? f->node : NULL;
    ret->text = POOL_PRINTF(x->e, "%s%s%s", base.text, pointer ? "->" : ".", name);
    return true;
}

/* ---- functions ---- */

/* Characters of a string: the letter that the functions for them have in their names. False: none, or none
 * that a terminator ends. */
static bool text_kind(struct context *x, const struct node *n, const char **ret)
{
    bool pointer;
    const struct node *t = n ? target(n, &pointer) : NULL;
    if (!t)
        return false;
    if (t->kind == ND_TEXT || t->kind == ND_STRING) {
        *ret = t->base == BASE_WCHAR ? "" : "8";
        return true;
    }
    if ((t->kind == ND_ARRAY || t->kind == ND_INLINE) && t->to->kind == ND_SCALAR &&
        base_width(t->to->base) <= 2)
        x->counted = true;
    return false;
}

static bool eval_length(struct context *x, const struct expr *e, const char *what, struct value *ret)
{
    struct value v = { 0 };
    const char *kind = "";
    if (!e->args || !eval(x, e->args->expr, &v) || !text_kind(x, v.node, &kind))
        return false;
    ret->text = POOL_PRINTF(x->e, "ndr_text%s_len%s(%s)", kind, what, v.text);
    return true;
}

static bool eval_measure(struct context *x, const struct expr *e, struct value *ret)
{
    struct emit *em = x->e;
    struct value v = { 0 }, level = { 0 };
    bool pointer = false;
    const struct attr_arg *second = e->args ? e->args->next : NULL;
    if (!x->pushing || !e->args || !eval(x, e->args->expr, &v))
        return false;
    const struct type *t = NULL;
    if (v.self) {
        t = em->self;
        pointer = true;
    } else if (v.node) {
        const struct node *n = target(v.node, &pointer);
        t = n->kind == ND_STRUCT || n->kind == ND_UNION ? n->type : NULL;
    }
    if (!t || (t->kind == TY_UNION && (!second || !second->next || !eval(x, second->expr, &level))))
        return false;
    const char *address = v.address || pointer ? v.text : POOL_PRINTF(em, "&%s", v.text);
    if (!t->pidl)
        ((struct type *)t)->pidl = pool_new(&em->c->pool, struct pidl);
    t->pidl->measured = true;
    if (t->kind == TY_UNION)
        ret->text = POOL_PRINTF(em, "%s_measure(n, %s, (%s)%s)", t->cname, address, tag_type(t), level.text);
    else
        ret->text = POOL_PRINTF(em, "%s_measure(n, %s)", t->cname, address);
    return true;
}

/* ndr_size_DATA_BLOB(0, b, 0): its length without any header. */
static bool eval_blob_length(struct context *x, const struct expr *e, struct value *ret)
{
    struct value v = { 0 };
    bool pointer = false;
    const struct attr_arg *second = e->args ? e->args->next : NULL;
    if (!second || !eval(x, second->expr, &v) || !v.node || target(v.node, &pointer)->kind != ND_BLOB)
        return false;
    ret->text = POOL_PRINTF(x->e, pointer ? "(%s ? %s->len : 0)" : "%s.len", v.text, v.text);
    return true;
}

/* NDR_ROUND(size, align) */
static bool eval_round(struct context *x, const struct expr *e, struct value *ret)
{
    struct value a = { 0 }, b = { 0 };
    if (!e->args || !e->args->next || !eval(x, e->args->expr, &a) || !eval(x, e->args->next->expr, &b))
        return false;
    ret->text = POOL_PRINTF(x->e, "((%s + %s - 1) & ~((size_t)%s - 1))", a.text, b.text, b.text);
    return true;
}

static bool eval_call(struct context *x, const struct expr *e, struct value *ret)
{
    const char *name = e->text;
    if (strcmp(name, "strlen_m") == 0 || strcmp(name, "strlen") == 0 ||
        strcmp(name, "ndr_charset_length") == 0)
        return eval_length(x, e, "", ret);
    if (strcmp(name, "strlen_m_term") == 0)
        return eval_length(x, e, "_term", ret);
    if (strcmp(name, "strlen_m_term_null") == 0)
        return eval_length(x, e, "_term_null", ret);
    if (strcmp(name, "NDR_ROUND") == 0)
        return eval_round(x, e, ret);
    if (strcmp(name, "ndr_size_DATA_BLOB") == 0)
        return eval_blob_length(x, e, ret);
    if (strncmp(name, "ndr_size_", 9) == 0 || strncmp(name, "_ndr_size_", 10) == 0)
        return eval_measure(x, e, ret);
    return false;
}

/* ---- operators ---- */

static const char *grouped(struct context *x, const struct expr *e, const char *text)
{
    return e->kind == EX_BINARY || e->kind == EX_COND ? POOL_PRINTF(x->e, "(%s)", text) : text;
}

static bool eval_unary(struct context *x, const struct expr *e, struct value *ret)
{
    struct value v = { 0 };
    bool pointer = false;
    if (!eval(x, e->a, &v))
        return false;
    if (*e->op == '&' && v.node) {
        *ret = v;
        ret->address = true;
        ret->text = POOL_PRINTF(x->e, "&%s", v.text);
        return true;
    }
    if (*e->op == '*') {
        const struct node *n = v.node ? target(v.node, &pointer) : NULL;
        ret->text = pointer ? POOL_PRINTF(x->e, "(%s ? *%s : 0)", v.text, v.text) : v.text;
        ret->node = n;
        return n && n->kind == ND_SCALAR;
    }
    ret->text = POOL_PRINTF(x->e, "%s%s%s", e->op, *e->op == '~' ? "(size_t)" : "", grouped(x, e->a, v.text));
    return *e->op != '&';
}

static bool eval(struct context *x, const struct expr *e, struct value *ret)
{
    struct value a = { 0 }, b = { 0 }, c = { 0 };
    switch (e->kind) {
    case EX_NUMBER:
    case EX_SIZEOF:
        ret->text = emit_expr(x->e, e);
        return true;
    case EX_NAME:
        return eval_name(x, e, ret);
    case EX_MEMBER:
        return eval_member(x, e, ret);
    case EX_CALL:
        return eval_call(x, e, ret);
    case EX_UNARY:
        return eval_unary(x, e, ret);
    case EX_BINARY:
        if (!eval(x, e->a, &a) || !eval(x, e->b, &b))
            return false;
        ret->text = POOL_PRINTF(x->e, "%s %s %s", grouped(x, e->a, a.text), e->op, grouped(x, e->b, b.text));
        return true;
    case EX_COND:
        if (!eval(x, e->a, &a) || !eval(x, e->b, &b) || !eval(x, e->c, &c))
            return false;
        ret->text = POOL_PRINTF(x->e, "%s ? %s : %s", grouped(x, e->a, a.text), grouped(x, e->b, b.text),
                                grouped(x, e->c, c.text));
        return true;
    default:
        return false;
    }
}

const char *pidl_text(struct emit *e, const struct expr *x, bool pushing)
{
    struct context ctx = { .e = e, .pushing = pushing };
    struct value v = { 0 };
    if (x->kind == EX_HOOK)
        return POOL_PRINTF(e, "%s(%s)", x->text, pidl_self(e));
    return eval(&ctx, x, &v) && !v.address && !v.self ? v.text : NULL;
}

/* "s->" gives s, "s->inner." gives &s->inner; an operation is r, a union u. */
const char *pidl_self(struct emit *e)
{
    size_t len = e->prefix ? strlen(e->prefix) : 0;
    if (e->operation)
        return "r";
    if (len > 2 && e->prefix[len - 1] == '>')
        return POOL_PRINTF(e, "%.*s", (int)len - 2, e->prefix);
    return len ? POOL_PRINTF(e, "&%.*s", (int)len - 1, e->prefix) : "u";
}

/* ---- the last step of lowering ---- */

/* What the expressions of one structure, union or operation are about. */
struct owner {
    struct idlc *c;
    struct emit *e;
    const struct type *type;
    const struct decl *op;
};

static const char *owner_name(const struct owner *o)
{
    return o->type ? o->type->cname : o->op->cname;
}

static void add_hook(const struct owner *o, const struct expr *x, const char *name, const char *result)
{
    struct hook **end = &o->c->hooks;
    struct text t = { 0 };
    for (; *end; end = &(*end)->next)
        if (strcmp((*end)->name, name) == 0)
            return;
    expr_write(&t, x);
    *end = pool_new(&o->c->pool, struct hook);
    **end = (struct hook){ .name = name, .result = result, .owner = o->type, .op = o->op };
    (*end)->text = pool_strndup(&o->c->pool, t.data ? t.data : "", t.len);
    text_free(&t);
}

static void to_hook(const struct owner *o, struct expr **x, const char *field, const char *what,
                    const char *result)
{
    const char *name = pool_printf(&o->c->pool, "%s_%s_%s", owner_name(o), field, what);
    struct expr *hook = pool_new(&o->c->pool, struct expr);
    *hook = (struct expr){ .kind = EX_HOOK, .loc = (*x)->loc, .text = name, .depth = 1 };
    add_hook(o, *x, name, result);
    *x = hook;
}

/* Sizes, lengths, flags and tags. */
static void finish_number(const struct owner *o, struct expr **x, const char *field, const char *what)
{
    if (*x && pidl_expr(*x) && !pidl_text(o->e, *x, false))
        to_hook(o, x, field, what, "uint32_t");
}

static bool takes_literal(const struct node *n)
{
    bool pointer;
    const struct node *t = target(n, &pointer);
    if (t->kind == ND_TEXT || t->kind == ND_STRING)
        return true;
    return (t->kind == ND_ARRAY && t->fixed && t->to->kind == ND_SCALAR && base_width(t->to->base) <= 2) ||
           (t->kind == ND_INLINE && t->to->kind == ND_SCALAR && base_width(t->to->base) <= 2);
}

/* value(): a number, a literal, NULL for a pointer, or a hook for a number. */
static void finish_value(const struct owner *o, struct node *n, const struct field *f)
{
    struct context ctx = { .e = o->e, .pushing = true };
    struct value v = { 0 };
    const struct node *core = node_core(n);
    bool number = core->kind == ND_SCALAR || core->kind == ND_ENUM || core->kind == ND_HALVES;
    if (n->value->kind == EX_STRING && takes_literal(n->to))
        return;
    bool known = eval(&ctx, n->value, &v) && !v.address && !v.self;
    if (ctx.counted) {
        n->value = NULL; /* the caller says the number of characters in the field itself */
        return;
    }
    bool null = known && (strcmp(v.text, "NULL") == 0 || strcmp(v.text, "0") == 0);
    if ((core->kind == ND_POINTER || core->kind == ND_RELATIVE) && null)
        return;
    if (core->kind == ND_IGNORE) {
        n->value = NULL; /* sends no pointer anyway */
        return;
    }
    const struct node *to = core->kind == ND_ARRAY || core->kind == ND_INLINE ? core->to : NULL;
    if (to && to->kind == ND_SCALAR) {
        to_hook(o, &n->value, f->name, "value",
                pool_printf(&o->c->pool, "const %s *", base_c_type(to->base)));
        return;
    }
    if (!number)
        diag_error(o->c, n->value->loc, "value() is for numbers, strings and null pointers");
    else if (!known)
        to_hook(o, &n->value, f->name, "value",
                core->kind == ND_ENUM     ? pool_printf(&o->c->pool, "enum %s", core->type->cname)
                : core->kind == ND_HALVES ? core->base == BASE_DLONG ? "int64_t" : "uint64_t"
                                          : base_c_type(core->base));
}

static void finish_node(const struct owner *o, struct node *n, const struct field *f)
{
    for (; n; n = n->to) {
        if (n->kind == ND_VALUE)
            finish_value(o, n, f);
        if (n->kind == ND_FLAGS && n->value)
            finish_number(o, &n->value, f->name, "flags");
        if (n->kind == ND_HAND && n->to)
            n->type_name = pool_printf(&o->c->pool, "%s_%s", owner_name(o), f->name);
        finish_number(o, &n->size, f->name, n->kind == ND_UNION ? "tag" : "size");
        finish_number(o, &n->length, f->name, "length");
        finish_number(o, &n->switch_is, f->name, "tag");
    }
}

static void finish_type(struct idlc *c, struct emit *e, struct type *t)
{
    struct owner o = { .c = c, .e = e, .type = t };
    e->fields = t->fields;
    e->prefix = t->kind == TY_UNION ? "u->" : "s->";
    e->self = t;
    for (struct field *f = t->fields; f; f = f->next)
        finish_node(&o, f->node, f);
    if (t->pidl && t->pidl->flags_expr) {
        struct expr **x = &t->pidl->flags_expr;
        if (!pidl_text(e, *x, false))
            to_hook(&o, x, "type", "flags", "uint32_t");
    }
}

static void finish_operation(struct idlc *c, struct emit *e, const struct decl *d)
{
    struct owner o = { .c = c, .e = e, .op = d };
    e->fields = d->params;
    e->operation = true;
    e->self = NULL;
    for (struct field *f = d->params; f; f = f->next)
        finish_node(&o, f->node, f);
    e->operation = false;
}

/* ---- what stands below flags for alignment or byte order ---- */

#define FLAGS_BELOW (NDR_F_NOALIGN | NDR_F_BIG_ENDIAN | NDR_F_LITTLE_ENDIAN)

static void mark_flagged(struct idlc *c, struct type **stack, struct type *t);

static void mark_node(struct idlc *c, struct type **stack, const struct node *n)
{
    while (n && n->to && !(n->kind == ND_HAND || n->kind == ND_SKIP))
        n = n->to;
    if (n && (n->kind == ND_STRUCT || n->kind == ND_UNION))
        mark_flagged(c, stack, n->type);
}

static void mark_flagged(struct idlc *c, struct type **stack, struct type *t)
{
    if (t->pidl && t->pidl->flagged)
        return;
    if (!t->pidl)
        t->pidl = pool_new(&c->pool, struct pidl);
    t->pidl->flagged = true;
    t->mark_next = *stack;
    *stack = t;
}

bool pidl_flags_below(const struct node *n)
{
    for (; n; n = n->to)
        if (n->kind == ND_FLAGS && (n->value || (n->flags & FLAGS_BELOW)))
            return true;
    return false;
}

static void mark_fields(struct idlc *c, struct type **stack, const struct field *fields)
{
    for (const struct field *f = fields; f; f = f->next)
        if (f->node && pidl_flags_below(f->node))
            mark_node(c, stack, f->node);
}

static void mark_all(struct idlc *c)
{
    struct type *stack = NULL;
    for (struct type *t = c->defs; t; t = t->next_def) {
        if (t->kind == TY_ENUM)
            continue;
        mark_fields(c, &stack, t->fields);
        if (t->pidl && (t->pidl->flags_expr || (t->pidl->flags & FLAGS_BELOW)))
            mark_flagged(c, &stack, t);
    }
    for (const struct decl *i = next_interface(c->main->decls); i; i = next_interface(i->next))
        for (const struct decl *d = i->body; d; d = d->next)
            if (is_operation(d))
                mark_fields(c, &stack, d->params);
    while (stack) {
        const struct type *t = stack;
        stack = t->mark_next;
        for (const struct field *f = t->fields; f; f = f->next)
            mark_node(c, &stack, f->node);
    }
}

/* ---- types that contain themselves by value ---- */

static void push_parts(struct type **stack, const struct type *t)
{
    for (const struct field *f = t->fields; f; f = f->next) {
        const struct node *n = f->node;
        while (n && n->to && n->kind != ND_POINTER && n->kind != ND_RELATIVE && n->kind != ND_HAND &&
               n->kind != ND_SKIP)
            n = n->to;
        if (!n || (n->kind != ND_STRUCT && n->kind != ND_UNION) || n->type->seen)
            continue;
        n->type->seen = true;
        n->type->mark_next = *stack;
        *stack = n->type;
    }
}

static bool contains_itself(struct idlc *c, struct type *t)
{
    struct type *stack = NULL;
    for (struct type *u = c->defs; u; u = u->next_def)
        u->seen = false;
    push_parts(&stack, t);
    while (stack) {
        const struct type *u = stack;
        stack = u->mark_next;
        push_parts(&stack, u);
    }
    return t->seen;
}

static bool has_inline(const struct type *t)
{
    for (const struct field *f = t->fields; f; f = f->next)
        for (const struct node *n = f->node; n; n = n->to)
            if (n->kind == ND_INLINE)
                return true;
    return false;
}

/* Only a type with such an array starts the search; all on its circle count their depth through it. */
static void mark_nested(struct idlc *c)
{
    for (struct type *t = c->defs; t; t = t->next_def) {
        if (t->kind == TY_ENUM || !t->reached || !has_inline(t) || !contains_itself(c, t))
            continue;
        if (!t->pidl)
            t->pidl = pool_new(&c->pool, struct pidl);
        t->pidl->nested = true;
    }
}

void pidl_finish(struct idlc *c)
{
    struct emit e = { .c = c };
    for (struct type *t = c->defs; t; t = t->next_def)
        if (t->kind != TY_ENUM && t->reached)
            finish_type(c, &e, t);
    for (const struct decl *i = next_interface(c->main->decls); i; i = next_interface(i->next))
        for (const struct decl *d = i->body; d; d = d->next)
            if (is_operation(d))
                finish_operation(c, &e, d);
    mark_all(c);
    mark_nested(c);
}
