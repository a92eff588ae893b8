// SPDX-License-Identifier: Apache-2.0
/*
 * Attributes that idlc knows, but that mean nothing where they stand: `[string]` on a number, more entries of
 * size_is than there are pointers. They are left out as MIDL leaves out some of them, and that is said, for
 * the bytes on the wire are then not what their author had in mind.
 */
#include "idlc/idlc.h"

static const char *const counts[] = { "size_is", "max_is", "length_is", "last_is", "first_is", "min_is" };

/* Pointers and dimensions around a type, and what is inside; NULL: not known, which is said elsewhere. */
static const struct type *inside(struct idlc *c, struct type *t, int *ret_levels)
{
    *ret_levels = 0;
    for (int i = 0; t && i < 2 * MAX_NESTING; i++) {
        t = type_resolve(c, t);
        if (!t || (t->kind != TY_POINTER && t->kind != TY_ARRAY))
            return t;
        ++*ret_levels;
        t = t->to;
    }
    return NULL;
}

/* What [string] makes a string of: characters, octets, 16 bits ([C706] 4.2.15 has char and byte, MIDL
 * wchar_t), and structures of nothing but octets. */
static bool of_characters(const struct type *t)
{
    return t->kind == TY_STRUCT ||
           (t->kind == TY_BASE && (t->base == BASE_CHAR || t->base == BASE_BYTE || t->base == BASE_WCHAR ||
                                   t->base == BASE_U8 || t->base == BASE_I8 || t->base == BASE_U16));
}

static void check_counts(struct idlc *c, const struct field *f, int levels)
{
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        const struct attr *a = attr_find(f->attrs, counts[i]);
        int n = 0;
        for (const struct attr_arg *arg = a ? a->args : NULL; arg; arg = arg->next)
            n++;
        if (a && levels == 0)
            diag_warning(c, WARN_MISPLACED, a->loc,
                         "%s means nothing here: '%s' is neither pointer nor array", a->name, f->name);
        else if (n > levels)
            diag_warning(c, WARN_MISPLACED, a->loc, "%s has %d entries, but '%s' has only %d level%s",
                         a->name, n, f->name, levels, levels == 1 ? "" : "s");
    }
}

/* Two attributes of which the second would count for nothing. */
static void check_pair(struct idlc *c, const struct field *f, const char *first, const char *second)
{
    const struct attr *a = attr_find(f->attrs, second);
    if (a && attr_find(f->attrs, first))
        diag_warning(c, WARN_MISPLACED, a->loc, "'%s' has %s and %s; one of them counts", f->name, first,
                     second);
}

static void check_field(struct idlc *c, const struct field *f)
{
    int levels;
    const struct attr *string = attr_find(f->attrs, "string"), *tag = attr_find(f->attrs, "switch_is");
    const struct type *t = f->name && !f->skip && f->type ? inside(c, f->type, &levels) : NULL;
    if (!t)
        return;
    check_counts(c, f, levels);
    if (string && (levels == 0 || !of_characters(t)))
        diag_warning(c, WARN_MISPLACED, string->loc,
                     levels ? "string means nothing here: '%s' does not consist of characters"
                            : "string means nothing here: '%s' is neither pointer nor array",
                     f->name);
    if (tag && t->kind != TY_UNION && !(t->kind == TY_STRUCT && t->encapsulated))
        diag_warning(c, WARN_MISPLACED, tag->loc, "switch_is means nothing here: '%s' is no union", f->name);
    check_pair(c, f, "size_is", "max_is");
    check_pair(c, f, "length_is", "last_is");
    check_pair(c, f, "ref", "unique");
    check_pair(c, f, "ref", "ptr");
    check_pair(c, f, "unique", "ptr");
}

static bool only_comes_back(struct idlc *c, const struct field *f)
{
    (void)c;
    return !f->in && f->out && !f->skip;
}

/* A number that is none of these would be converted before anybody could check that it fits. */
static bool no_integer(struct idlc *c, const struct field *f)
{
    int levels;
    const struct type *t = inside(c, f->type, &levels);
    if (!t)
        return false;
    if (t->kind == TY_BASE && (t->base == BASE_FLOAT || t->base == BASE_DOUBLE))
        return true;
    /* a pointer may be asked whether it is null */
    return levels == 0 && (t->kind == TY_STRUCT || t->kind == TY_UNION ||
                           (t->kind == TY_BASE && (t->base == BASE_GUID || t->base == BASE_SID)));
}

/* The first name in an expression that is such a field. */
static const struct expr *first_such(struct idlc *c, const struct expr *e, const struct field *fields,
                                     bool (*such)(struct idlc *, const struct field *))
{
    const struct expr *found = NULL;
    if (!e)
        return NULL;
    for (const struct field *f = fields; e->kind == EX_NAME && f; f = f->next)
        if (f->name && strcmp(f->name, e->text) == 0)
            return such(c, f) ? e : NULL;
    found = first_such(c, e->a, fields, such);
    found = found ? found : first_such(c, e->b, fields, such);
    return found ? found : first_such(c, e->c, fields, such);
}

/* What an array or a union depends on: whole numbers, and in a request none that only its answer has. */
static void check_measures(struct idlc *c, const struct field *f, const struct field *fields)
{
    static const char *const names[] = {
        "size_is", "max_is", "length_is", "last_is", "first_is", "switch_is"
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct attr *a = attr_find(f->attrs, names[i]);
        for (const struct attr_arg *arg = a ? a->args : NULL; arg; arg = arg->next) {
            const struct expr *e = first_such(c, arg->expr, fields, no_integer);
            if (e)
                diag_error(c, e->loc, "%s needs an integer, and '%s' is none", names[i], e->text);
            e = f->in ? first_such(c, arg->expr, fields, only_comes_back) : NULL;
            if (e)
                diag_error(c, e->loc, "'%s' is sent, but '%s' only comes back", f->name, e->text);
        }
    }
}

void check_places(struct idlc *c)
{
    if (c->pidl || c->n_errors)
        return;
    for (const struct type *t = c->defs; t; t = t->next_def)
        for (const struct field *f = t->kind == TY_ENUM || !t->src || t->src->imported ? NULL : t->fields; f;
             f = f->next) {
            check_field(c, f);
            check_measures(c, f, t->kind == TY_STRUCT ? t->fields : NULL);
        }
    for (const struct decl *i = c->main->decls; i; i = i->next)
        for (const struct decl *op = i->kind == DECL_INTERFACE && !i->local ? i->body : NULL; op;
             op = op->next)
            for (const struct field *f = is_operation(op) ? op->params : NULL; f; f = f->next) {
                check_field(c, f);
                check_measures(c, f, op->params);
            }
}
