// SPDX-License-Identifier: Apache-2.0
#include "idlc/m_build.h"

/* ---- lists ---- */

struct decls join_decl(struct decls list, struct decl *d)
{
    if (!d)
        return list;
    struct decl *last = d;
    while (last->next)
        last = last->next;
    if (list.first)
        *list.end = d;
    else
        list.first = d;
    list.end = &last->next;
    return list;
}

struct attr *join_attrs(struct attr *a, struct attr *b)
{
    if (!a)
        return b;
    struct attr *last = a;
    while (last->next)
        last = last->next;
    last->next = b;
    return a;
}

struct attr_arg *join_args(struct attr_arg *a, struct attr_arg *b)
{
    struct attr_arg *last = a;
    while (last->next)
        last = last->next;
    last->next = b;
    return a;
}

struct params join_field(struct params list, struct field *f)
{
    if (!f)
        return list;
    f->index = list.count++;
    if (list.first)
        *list.end = f;
    else
        list.first = f;
    list.end = &f->next;
    return list;
}

struct declarator *join_declarators(struct declarator *list, struct declarator *d)
{
    struct declarator *last = list;
    while (last->next)
        last = last->next;
    last->next = d;
    return list;
}

static struct type *close_declarator(struct declarator *d, struct type *t)
{
    *d->hole = t;
    return d->type;
}

struct params join_members(struct scanner *s, struct params list, struct attr *attrs, struct type *t,
                           struct declarator *d)
{
    if (t->kind == TY_UNION && !t->attrs)
        t->attrs = attrs; /* [switch_type(T), switch_is(e)] union { ... } member; */
    for (; d; d = d->next)
        list = join_field(list, new_field(s, d->loc, attrs, close_declarator(d, t), d->name));
    return list;
}

/* A structure or union without a name, as C11 has them: its members are reached through one that we give it.
 */
struct params join_nameless(struct scanner *s, struct params list, struct attr *attrs, struct type *t)
{
    bool is_union = t->kind == TY_UNION, has_body = is_union || t->kind == TY_STRUCT;
    int same = 1;
    if (!has_body) {
        diag_error(s->c, t->loc, "this member has no name");
        return list;
    }
    for (const struct field *f = list.first; f; f = f->next)
        same += f->nameless && (f->type->kind == TY_UNION) == is_union;
    const char *name =
        same == 1 ? (is_union ? "u" : "s") : pool_printf(&s->c->pool, "%s%d", is_union ? "u" : "s", same);
    if (is_union && !t->attrs)
        t->attrs = attrs;
    struct field *f = new_field(s, t->loc, attrs, t, name);
    f->nameless = true;
    return join_field(list, f);
}

struct params join_empty_arm(struct scanner *s, struct loc loc, struct params list, struct attr *attrs)
{
    return join_field(list, new_field(s, attrs ? attrs->loc : loc, attrs, NULL, NULL));
}

/* ---- declarations ---- */

/* The comment right before the first token. */
static const char *doc_at(const struct scanner *s, struct loc start)
{
    for (const struct doc *d = s->c->docs; d; d = d->next)
        if (d->file == start.src && d->line == start.line && d->col == start.col)
            return d->text;
        else if (d->file == start.src && d->line < start.line)
            return NULL;
    return NULL;
}

struct decl *new_decl(struct scanner *s, enum decl_kind kind, struct loc start, struct loc loc,
                      const char *name)
{
    struct decl *d = pool_new(&s->c->pool, struct decl);
    *d = (struct decl){ .kind = kind, .start = start, .loc = loc, .name = name, .src = s->main, .opnum = -1 };
    d->doc = doc_at(s, start);
    return d;
}

struct decl *new_import(struct scanner *s, struct loc loc, const char *file)
{
    struct decl *d = new_decl(s, DECL_IMPORT, loc, loc, NULL);
    d->text = file;
    struct source *src = source_import(s->c, file, loc);
    if (src) {
        struct source_ref *ref = pool_new(&s->c->pool, struct source_ref), **end = &s->main->imports;
        ref->source = src;
        while (*end)
            end = &(*end)->next;
        *end = ref;
    }
    return d;
}

struct decl *new_interface(struct scanner *s, struct loc start, struct loc loc, struct attr *attrs,
                           const char *name, const char *base, struct decl *body)
{
    struct decl *d = new_decl(s, DECL_INTERFACE, start, loc, name);
    d->attrs = attrs;
    d->base = base;
    d->body = body;
    for (struct decl *m = body; m; m = m->next)
        m->owner = d;
    if (!body) /* interface IFoo : IBar { } */
        d->empty = true;
    return d;
}

struct decl *new_typedef(struct scanner *s, struct loc start, struct attr *attrs, struct type *t,
                         struct declarator *list)
{
    struct decls decls = { 0 };
    bool body = (t->kind == TY_STRUCT || t->kind == TY_UNION || t->kind == TY_ENUM);
    if (body) {
        t->attrs = attrs;
        t->doc = doc_at(s, start);
    }
    for (struct declarator *p = list; p; p = p->next) {
        struct decl *d = new_decl(s, DECL_TYPEDEF, start, p->loc, p->name);
        d->attrs = attrs;
        d->type = close_declarator(p, t);
        decls = join_decl(decls, d);
    }
    return list ? decls.first : new_tag(s, start, attrs, t); /* typedef struct tag { ... }; */
}

struct decl *new_include(struct scanner *s, struct loc loc, const char *file)
{
    struct decl *d = new_decl(s, DECL_INCLUDE, loc, loc, NULL);
    d->text = file;
    return d;
}

struct decl *new_const(struct scanner *s, struct loc start, struct type *t, struct declarator *p,
                       struct expr *value)
{
    struct decl *d = new_decl(s, DECL_CONST, start, p->loc, p->name);
    d->type = close_declarator(p, t);
    d->value = value;
    return d;
}

struct decl *new_tag(struct scanner *s, struct loc start, struct attr *attrs, struct type *t)
{
    if (t->kind != TY_TAG && t->kind != TY_STRUCT && t->kind != TY_UNION && t->kind != TY_ENUM)
        diag_error(s->c, t->loc, "this declares nothing");
    t->attrs = attrs;
    t->doc = doc_at(s, start);
    struct decl *d = new_decl(s, DECL_TAG, start, t->loc, t->name);
    d->type = t;
    return d;
}

struct decl *new_operation(struct scanner *s, struct loc start, struct loc loc, struct attr *attrs,
                           struct type *t, const char *name, struct params params)
{
    struct decl *d = new_decl(s, DECL_OPERATION, start, loc, name);
    d->attrs = attrs;
    d->type = t;
    d->params = params.first;
    return d;
}

/* ---- attributes ---- */

struct attr *new_attr(struct scanner *s, struct loc loc, const char *name, struct attr_arg *args,
                      bool has_args)
{
    struct attr *a = pool_new(&s->c->pool, struct attr);
    *a = (struct attr){ .name = name, .loc = loc, .args = args, .has_args = has_args };
    if (pidl_attr(name))
        s->c->pidl = true;
    return a;
}

/* uuid(...), version(...): name and the text between the parentheses, without quotes and blanks. */
struct attr *new_raw_attr(struct scanner *s, struct loc loc, const char *text)
{
    size_t name = strcspn(text, "( \t\r\n");
    struct attr *a = new_attr(s, loc, pool_strndup(&s->c->pool, text, name), NULL, true);
    char *to = pool_alloc(&s->c->pool, strlen(text) + 1);
    a->text = to;
    for (const char *p = strchr(text, '(') + 1; *p && *p != ')'; p++)
        if (!strchr("\"{} \t", *p))
            *to++ = *p;
    return a;
}

/* case 1: case 2: default: of an encapsulated union, as the attributes that other unions have. */
struct attr *case_attr(struct scanner *s, struct loc loc, struct attr_arg *cases)
{
    struct attr *list = NULL;
    struct attr_arg *values = NULL;
    while (cases) {
        struct attr_arg *next = cases->next;
        cases->next = NULL;
        if (!cases->expr)
            list = join_attrs(list, new_attr(s, loc, "default", NULL, false));
        else
            values = values ? join_args(values, cases) : cases;
        cases = next;
    }
    return values ? join_attrs(list, new_attr(s, loc, "case", values, true)) : list;
}

struct attr_arg *new_arg(struct scanner *s, struct expr *e, struct type *t)
{
    struct attr_arg *a = pool_new(&s->c->pool, struct attr_arg);
    a->expr = e;
    a->type = t;
    return a;
}

/* ---- types ---- */

struct type *new_type(struct scanner *s, enum type_kind kind, struct loc loc)
{
    struct type *t = pool_new(&s->c->pool, struct type);
    t->kind = kind;
    t->loc = loc;
    t->src = s->main;
    return t;
}

static const struct {
    enum base_word word;
    const char *name;
} word_names[] = {
    { W_UNSIGNED, "unsigned" }, { W_SIGNED, "signed" }, { W_CHAR, "char" },         { W_SMALL, "small" },
    { W_SHORT, "short" },       { W_LONG, "long" },     { W_INT, "int" },           { W_HYPER, "hyper" },
    { W_FLOAT, "float" },       { W_DOUBLE, "double" }, { W_INT3264, "__int3264" }, { W_BYTE, "byte" },
    { W_BOOLEAN, "boolean" },   { W_VOID, "void" },
};

const char *base_word_name(enum base_word w)
{
    for (size_t i = 0; i < sizeof(word_names) / sizeof(word_names[0]); i++)
        if (word_names[i].word == w)
            return word_names[i].name;
    return "";
}

enum base_word join_words(struct scanner *s, struct loc loc, enum base_word words, enum base_word word)
{
    if ((words & word) == W_LONG && !(words & W_LONG_LONG))
        return words | W_LONG_LONG;
    if (words & word)
        diag_error(s->c, loc, "'%s' twice", base_word_name(word));
    return words | word;
}

struct type *new_base_type(struct scanner *s, struct loc loc, enum base_word words)
{
    struct type *t = new_type(s, TY_BASE, loc);
    unsigned w = words, u = w & W_UNSIGNED;
    unsigned width = w & ~(unsigned)(W_UNSIGNED | W_SIGNED);
    if (width != W_INT)
        width &= ~(unsigned)W_INT;
    if ((w & W_UNSIGNED) && (w & W_SIGNED))
        diag_error(s->c, loc, "'signed' and 'unsigned' at once");
    switch (width) {
    case W_CHAR:
        t->base = u ? BASE_U8 : (w & W_SIGNED) ? BASE_I8 : BASE_CHAR;
        break;
    case W_SMALL:
        t->base = u ? BASE_U8 : BASE_I8;
        break;
    case W_SHORT:
        t->base = u ? BASE_U16 : BASE_I16;
        break;
    case 0:
    case W_INT:
    case W_LONG:
        t->base = u ? BASE_U32 : BASE_I32;
        break;
    case W_HYPER:
    case W_HYPER | W_LONG:
    case W_LONG | W_LONG_LONG:
        t->base = u ? BASE_U64 : BASE_I64;
        break;
    case W_INT3264:
        t->base = u ? BASE_U3264 : BASE_I3264;
        break;
    case W_BYTE:
        t->base = BASE_BYTE;
        break;
    case W_BOOLEAN:
        t->base = BASE_BOOLEAN;
        break;
    case W_FLOAT:
        t->base = BASE_FLOAT;
        break;
    case W_DOUBLE:
        t->base = BASE_DOUBLE;
        break;
    case W_VOID:
        t->base = BASE_VOID;
        break;
    default:
        diag_error(s->c, loc, "these words make no type");
        t->base = BASE_I32;
    }
    return t;
}

struct type *new_body(struct scanner *s, enum type_kind kind, struct loc loc, const char *tag,
                      struct field *fields)
{
    struct type *t = new_type(s, kind, loc);
    t->name = tag;
    t->fields = fields;
    if (!fields && s->c->n_errors == 0 && !s->c->pidl)
        diag_error(s->c, loc, "a %s needs members", kind == TY_STRUCT ? "structure" : "union");
    return t;
}

struct type *new_bitmap(struct scanner *s, struct loc loc, const char *tag, struct field *bits)
{
    struct type *t = new_body(s, TY_ENUM, loc, tag, bits);
    t->bitmap = true;
    s->c->pidl = true;
    return t;
}

struct type *new_tag_ref(struct scanner *s, struct loc loc, enum type_kind kind, const char *tag)
{
    struct type *t = new_type(s, TY_TAG, loc);
    t->tag_kind = kind;
    t->name = tag;
    return t;
}

/* An encapsulated union: in C a structure of the tag and a union, on the wire a union ([C706] 14.3.7). */
struct type *new_switch_union(struct scanner *s, struct loc loc, struct loc tag_loc, const char *tag,
                              struct type *t, const char *name, const char *union_name, struct field *arms)
{
    struct type *u = new_body(s, TY_UNION, loc, NULL, arms);
    struct field *d = new_field(s, tag_loc, NULL, t, name);
    struct expr *is = new_expr(s, EX_NAME, tag_loc, NULL, NULL, NULL, NULL);
    is->text = name;
    struct attr *a = new_attr(s, tag_loc, "switch_is", new_arg(s, is, NULL), true);
    struct field *body = new_field(s, loc, a, u, union_name ? union_name : "u");
    struct params members = join_field(join_field((struct params){ 0 }, d), body);
    u->switch_tag = d;
    struct type *both = new_body(s, TY_STRUCT, loc, tag, members.first);
    both->encapsulated = true;
    return both;
}

struct type *pointer_to(struct scanner *s, struct loc loc, struct type *t, int count)
{
    for (; count > 0; count--) {
        struct type *p = new_type(s, TY_POINTER, loc);
        p->to = t;
        t = p;
    }
    return t;
}

/* ---- declarators ---- */

struct declarator *new_declarator(struct scanner *s, struct loc loc, const char *name)
{
    struct declarator *d = pool_new(&s->c->pool, struct declarator);
    d->name = name;
    d->loc = loc;
    d->hole = &d->type;
    return d;
}

static void fill(struct declarator *d, struct type *t)
{
    *d->hole = t;
    d->hole = &t->to;
}

struct declarator *add_pointers(struct scanner *s, struct declarator *d, int count)
{
    for (; count > 0; count--)
        fill(d, new_type(s, TY_POINTER, d->loc));
    return d;
}

struct declarator *add_array(struct scanner *s, struct loc loc, struct declarator *d, struct expr *size)
{
    int dims = 0;
    struct type *a = new_type(s, TY_ARRAY, loc);
    a->size = size;
    for (const struct type *t = d->type; t && &t->to != d->hole; t = t->to)
        dims++;
    if (dims >= MAX_NESTING) {
        diag_error(s->c, loc, "too many dimensions");
        return d;
    }
    fill(d, a);
    return d;
}

/* typedef void (*f)(...): something that only C can have, a pointer to nothing that is sent. */
struct declarator *add_function(struct scanner *s, struct loc loc, struct declarator *d)
{
    struct type *t = new_type(s, TY_BASE, loc);
    t->base = BASE_VOID;
    *d->hole = t;
    d->hole = &t->to;
    return d;
}

/* x[low..high]; NULL is the '*' of an end that varies. [C706] 4 */
struct declarator *add_bounds(struct scanner *s, struct loc loc, struct declarator *d, struct expr *low,
                              struct expr *high)
{
    struct expr *one = new_number(s, loc, (struct number){ .v = 1 });
    struct expr *size = NULL;
    if (low && high) /* high - low + 1 */
        size = new_expr(s, EX_BINARY, loc, "+", new_expr(s, EX_BINARY, loc, "-", high, low, NULL), one, NULL);
    struct type **hole = d->hole;
    d = add_array(s, loc, d, size);
    if (*hole && (*hole)->kind == TY_ARRAY) {
        (*hole)->low = low;
        (*hole)->high = high;
        (*hole)->bounds = true;
    }
    return d;
}

int count_pointer(struct scanner *s, struct loc loc, int count)
{
    if (count >= MAX_NESTING) {
        if (count == MAX_NESTING)
            diag_error(s->c, loc, "too many pointers to pointers");
        return MAX_NESTING;
    }
    return count + 1;
}

/* ---- fields ---- */

struct field *new_field(struct scanner *s, struct loc loc, struct attr *attrs, struct type *t,
                        const char *name)
{
    struct field *f = pool_new(&s->c->pool, struct field);
    *f = (struct field){ .loc = loc, .attrs = attrs, .type = t, .name = name, .cname = name };
    return f;
}

struct field *new_param(struct scanner *s, struct attr *attrs, struct type *t, struct declarator *d)
{
    return new_field(s, d->loc, attrs, close_declarator(d, t), d->name);
}

/* (void) is no parameter; a binding handle needs no name. */
struct field *new_nameless_param(struct scanner *s, struct loc loc, struct attr *attrs, struct type *t,
                                 int pointers)
{
    if (!pointers && !attrs && t->kind == TY_BASE && t->base == BASE_VOID)
        return NULL;
    if (!(t->kind == TY_NAME && strcmp(t->name, "handle_t") == 0))
        diag_error(s->c, loc, "this parameter has no name");
    return new_field(s, loc, attrs, pointer_to(s, loc, t, pointers), "");
}

/* ---- expressions ---- */

static int depth_of(const struct expr *e)
{
    return e ? e->depth : 0;
}

struct expr *new_expr(struct scanner *s, enum expr_kind kind, struct loc loc, const char *op, struct expr *a,
                      struct expr *b, struct expr *c)
{
    struct expr *e = pool_new(&s->c->pool, struct expr);
    *e = (struct expr){ .kind = kind, .loc = loc, .op = op, .a = a, .b = b, .c = c };
    e->depth = depth_of(a) > depth_of(b) ? depth_of(a) : depth_of(b);
    e->depth = 1 + (e->depth > depth_of(c) ? e->depth : depth_of(c));
    if (e->depth > MAX_NESTING) {
        if (e->depth == MAX_NESTING + 1)
            diag_error(s->c, loc, "this expression is nested too deeply");
        e->kind = EX_NUMBER;
        e->a = e->b = e->c = NULL;
    }
    return e;
}

struct expr *new_call(struct scanner *s, struct loc loc, const char *name, struct attr_arg *args)
{
    struct expr *e = new_expr(s, EX_CALL, loc, NULL, NULL, NULL, NULL);
    e->text = name;
    e->args = args;
    for (const struct attr_arg *a = args; a; a = a->next)
        if (a->expr && a->expr->depth >= e->depth)
            e->depth = a->expr->depth + 1;
    if (e->depth > MAX_NESTING) {
        diag_error(s->c, loc, "this expression is nested too deeply");
        e->args = NULL;
        e->depth = 1;
    }
    return e;
}

struct expr *new_number(struct scanner *s, struct loc loc, struct number n)
{
    struct expr *e = new_expr(s, EX_NUMBER, loc, NULL, NULL, NULL, NULL);
    e->value = n.v;
    e->is_unsigned = n.is_unsigned;
    e->is_hex = n.is_hex;
    return e;
}

struct expr *new_sizeof(struct scanner *s, struct loc loc, struct type *t, struct expr *times)
{
    struct expr *e = new_expr(s, EX_SIZEOF, loc, NULL, NULL, NULL, NULL);
    e->type = t;
    return times ? new_expr(s, EX_BINARY, loc, "*", e, times, NULL) : e;
}
