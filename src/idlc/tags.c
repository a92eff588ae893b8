// SPDX-License-Identifier: Apache-2.0
/*
 * Unions without switch_type: their tag has the type of what switch_is names where they are used, as MIDL
 * takes it. The attribute is added here, so that what follows finds each union complete.
 */
#include "idlc/idlc.h"

static struct type *union_of(struct idlc *c, struct type *t)
{
    for (int i = 0; t && i < 2 * MAX_NESTING; i++, t = t->to) {
        if ((t->kind == TY_NAME && type_is_interface(c, t)) || !(t = type_resolve(c, t)))
            return NULL;
        if (t->kind == TY_UNION && !t->switch_tag)
            return t;
        if (t->kind != TY_POINTER && t->kind != TY_ARRAY)
            return NULL;
    }
    return NULL;
}

/* The first field that an expression names. */
static const struct field *named_in(const struct expr *e, const struct field *fields)
{
    const struct field *found = NULL;
    if (!e)
        return NULL;
    for (const struct field *f = fields; f && e->kind == EX_NAME; f = f->next)
        if (f->name && strcmp(f->name, e->text) == 0)
            return f;
    found = named_in(e->a, fields);
    if (!found)
        found = named_in(e->b, fields);
    return found ? found : named_in(e->c, fields);
}

static struct attr *switch_type(struct idlc *c, struct type *tag, struct loc loc)
{
    struct attr *a = pool_new(&c->pool, struct attr);
    a->name = "switch_type";
    a->loc = loc;
    a->has_args = true;
    a->args = pool_new(&c->pool, struct attr_arg);
    a->args->type = tag;
    return a;
}

static void infer(struct idlc *c, const struct field *fields)
{
    for (const struct field *f = fields; f; f = f->next) {
        struct type *u = f->type ? union_of(c, f->type) : NULL;
        const struct attr *is =
            u && !attr_find(u->attrs, "switch_type") ? attr_find(f->attrs, "switch_is") : NULL;
        if (!is || !is->args || !is->args->expr)
            continue;
        const struct field *from = named_in(is->args->expr, fields);
        struct type *tag = from ? from->type : NULL;
        for (int i = 0; tag && i < 2 * MAX_NESTING; i++) {
            tag = tag->kind == TY_NAME || tag->kind == TY_TAG ? type_resolve(c, tag) : tag;
            if (!tag || tag->kind != TY_POINTER)
                break;
            tag = tag->to;
        }
        if (!tag)
            continue;
        struct attr *a = switch_type(c, tag, is->loc);
        a->next = u->attrs;
        u->attrs = a;
    }
}

void infer_tags(struct idlc *c)
{
    for (struct type *t = c->defs; t; t = t->next_def) {
        c->capture = t;
        if (t->kind == TY_STRUCT)
            infer(c, t->fields);
    }
    c->capture = NULL;
    for (const struct decl *i = next_interface(c->main->decls); i; i = next_interface(i->next))
        for (const struct decl *d = i->body; d; d = d->next)
            if (is_operation(d))
                infer(c, d->params);
}
