// SPDX-License-Identifier: Apache-2.0
/*
 * Attribute configuration files, [C706] 5: attributes for the interface, types, operations and parameters of
 * an IDL file that do not change what goes over the wire. They join those that the IDL file has.
 */
#include "idlc/m_build.h"

/* What may stand in such a file, [C706] 5, and what MIDL adds. */
static const char *const acf_names[] = {
    "allocate",       "async",
    "auto_handle",    "binding_callout",
    "byte_count",     "code",
    "comm_status",    "cs_char",
    "cs_drtag",       "cs_rtag",
    "cs_stag",        "cs_tag_rtn",
    "decode",         "enable_allocate",
    "encode",         "explicit_handle",
    "fault_status",   "force_allocate",
    "heap",           "implicit_handle",
    "in_line",        "message",
    "nocode",         "notify",
    "notify_flag",    "optimize",
    "out_of_line",    "represent_as",
    "user_marshal",   "strict_context_handle",
    "partial_ignore", NULL,
};

static void check_acf_attrs(struct idlc *c, const struct attr *a)
{
    for (; a; a = a->next) {
        const char *const *name = acf_names;
        while (*name && strcmp(*name, a->name) != 0)
            name++;
        if (!*name)
            diag_error(c, a->loc, "'%s' is no attribute of an attribute configuration file", a->name);
    }
}

/* In front: the list behind may be that of other names, too. */
static void add_attrs(struct idlc *c, struct attr **list, struct attr *more)
{
    check_acf_attrs(c, more);
    if (more)
        *list = join_attrs(more, *list);
}

void acf_include(struct scanner *s, struct loc loc, const char *file)
{
    struct decl *d = new_include(s, loc, file);
    d->next = s->c->main->decls;
    s->c->main->decls = d;
}

/* ---- what is seen before the name of the interface is known to be right ---- */

static void remember(struct scanner *s, struct acf_item item)
{
    struct acf_item *i = pool_new(&s->c->pool, struct acf_item);
    *i = item;
    *s->acf_end = i;
    s->acf_end = &i->next;
}

void acf_typedefs(struct scanner *s, struct attr *attrs, struct field *names)
{
    remember(s, (struct acf_item){ .attrs = attrs, .names = names, .is_type = true });
}

void acf_operations(struct scanner *s, struct attr *attrs, struct field *names)
{
    remember(s, (struct acf_item){ .attrs = attrs, .names = names });
}

void acf_operation(struct scanner *s, struct loc loc, struct attr *attrs, const char *name,
                   struct field *params)
{
    struct field *f = new_field(s, loc, NULL, NULL, name);
    remember(s, (struct acf_item){ .attrs = attrs, .names = f, .params = params });
}

/* ---- joining ---- */

static struct decl *find_decl(struct decl *list, enum decl_kind kind, const char *name)
{
    for (; list; list = list->next)
        if (list->kind == kind && strcmp(list->name, name) == 0)
            return list;
    return NULL;
}

static void no_such(struct idlc *c, const struct field *f, const struct decl *list, enum decl_kind kind)
{
    const char *what = kind == DECL_TYPEDEF ? "type" : "operation";
    for (; list; list = list->next)
        if (list->kind == kind && word_like(c, f->name, list->name)) {
            diag_error(c, f->loc, "the interface has no %s '%s'; did you mean '%s'?", what, f->name,
                       list->name);
            return;
        }
    diag_error(c, f->loc, "the interface has no %s '%s'", what, f->name);
}

static void join_param(struct idlc *c, const struct decl *op, const struct field *p)
{
    for (struct field *f = op->params; f; f = f->next)
        if (f->name && strcmp(f->name, p->name) == 0) {
            struct attr *copy = p->attrs;
            add_attrs(c, &f->attrs, copy);
            return;
        }
    check_acf_attrs(c, p->attrs);
    /* [C706] 5: a status parameter that only the stub has. Ours gives it back in any case. */
    if (!attr_find(p->attrs, "comm_status") && !attr_find(p->attrs, "fault_status"))
        diag_error(c, p->loc, "operation '%s' has no parameter '%s'", op->name, p->name);
}

static struct attr *copy_attrs(struct idlc *c, const struct attr *a)
{
    struct attr *first = NULL, **end = &first;
    for (; a; a = a->next) {
        *end = pool_new(&c->pool, struct attr);
        **end = *a;
        end = &(*end)->next;
        *end = NULL;
    }
    return first;
}

static void join_item(struct idlc *c, struct decl *i, const struct acf_item *item)
{
    enum decl_kind kind = item->is_type ? DECL_TYPEDEF : DECL_OPERATION;
    for (const struct field *f = item->names; f; f = f->next) {
        struct decl *d = find_decl(i->body, kind, f->name);
        if (!d && item->is_type)
            d = find_decl(c->main->decls, kind, f->name);
        if (!d) {
            no_such(c, f, i->body, kind);
            continue;
        }
        add_attrs(c, &d->attrs, copy_attrs(c, item->attrs));
        for (const struct field *p = item->params; p; p = p->next)
            join_param(c, d, p);
    }
}

void acf_interface(struct scanner *s, struct loc loc, struct attr *attrs, const char *name)
{
    struct decl *i = find_decl(s->c->main->decls, DECL_INTERFACE, name);
    if (!i) {
        diag_error(s->c, loc, "%s has no interface '%s'", s->c->main->name, name);
        return;
    }
    add_attrs(s->c, &i->attrs, attrs);
    for (const struct acf_item *item = s->acf; item; item = item->next)
        join_item(s->c, i, item);
}
