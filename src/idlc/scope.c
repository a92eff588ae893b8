// SPDX-License-Identifier: Apache-2.0
/*
 * Two interfaces of one file may each have a type or a constant of the same name. All names are in one table;
 * so the later one, and each place of its interface that means it, gets a name of its own: "iface::name". In
 * C they differ by their interface in any case.
 */
#include "idlc/idlc.h"

struct renaming {
    const char *from, *to;
    bool tag; /* of a structure, union or enumeration */
    unsigned depth;
};

static void in_type(struct renaming *r, struct type *t);

static void in_expr(struct renaming *r, struct expr *e)
{
    if (!e)
        return;
    if (e->kind == EX_NAME && !r->tag && strcmp(e->text, r->from) == 0)
        e->text = r->to;
    if (e->kind == EX_SIZEOF)
        in_type(r, e->type);
    in_expr(r, e->a);
    in_expr(r, e->b);
    in_expr(r, e->c);
}

static void in_attrs(struct renaming *r, struct attr *a)
{
    for (; a; a = a->next)
        for (struct attr_arg *arg = a->args; arg; arg = arg->next) {
            in_expr(r, arg->expr);
            in_type(r, arg->type);
        }
}

static void in_fields(struct renaming *r, struct field *f)
{
    for (; f; f = f->next) {
        in_attrs(r, f->attrs);
        in_type(r, f->type);
        in_expr(r, f->value);
    }
}

static void in_type(struct renaming *r, struct type *t)
{
    if (!t || r->depth > 2 * MAX_NESTING)
        return;
    r->depth++;
    if (t->name && (r->tag ? t->kind == TY_TAG : t->kind == TY_NAME) && strcmp(t->name, r->from) == 0)
        t->name = r->to;
    in_expr(r, t->size);
    in_expr(r, t->low);
    in_expr(r, t->high);
    in_attrs(r, t->attrs);
    in_fields(r, t->fields);
    if (t->kind != TY_NAME && t->kind != TY_TAG)
        in_type(r, t->to);
    r->depth--;
}

const char *scope_name(struct idlc *c, const struct decl *iface, const char *name, bool tag)
{
    struct renaming r = { .from = name, .tag = tag };
    r.to = pool_printf(&c->pool, "%s::%s", iface->name, name);
    for (struct decl *d = iface->body; d; d = d->next) {
        in_attrs(&r, d->attrs);
        in_type(&r, d->type);
        in_fields(&r, d->params);
        in_expr(&r, d->value);
    }
    return r.to;
}
