// SPDX-License-Identifier: Apache-2.0
/*
 * Interfaces: the numbers of operations, and what COM adds. A call of an object interface begins with
 * ORPCTHIS and its answer with ORPCTHAT ([MS-DCOM] 2.2.13), which become parameters here; numbers go on from
 * the interface that is inherited from, IUnknown having 0 to 2; an interface pointer is a unique pointer to
 * an MInterfacePointer
 * ([MS-DCOM] 2.2.14).
 */
#include "idlc/idlc.h"

#define DCOM_IDL "ms-dcom.idl"

/* Numbers that interfaces take which nobody needs to define: [MS-DCOM] 3.1.1.5, [MS-OAUT] 3.1.4. */
static const struct {
    const char *name;
    int n_ops;
} known_interfaces[] = { { "IUnknown", 3 }, { "IDispatch", 7 } };

static int known_ops(const char *name)
{
    for (size_t i = 0; i < sizeof(known_interfaces) / sizeof(known_interfaces[0]); i++)
        if (strcmp(known_interfaces[i].name, name) == 0)
            return known_interfaces[i].n_ops;
    return -1;
}

/* ---- what has to be imported ---- */

static bool any_typedef(const struct decl *list, const char *name)
{
    for (; list; list = list->next)
        if ((list->kind == DECL_TYPEDEF && strcmp(list->name, name) == 0) ||
            (list->kind == DECL_INTERFACE && any_typedef(list->body, name)))
            return true;
    return false;
}

static bool any_typedef_anywhere(const struct idlc *c, const char *name)
{
    for (const struct source *s = c->sources; s; s = s->next)
        if (any_typedef(s->decls, name))
            return true;
    return false;
}

static bool says_object(const struct decl *i)
{
    return attr_find(i->attrs, "object") || attr_find(i->attrs, "odl") || attr_find(i->attrs, "dual") ||
           attr_find(i->attrs, "oleautomation") || (i->base && known_ops(i->base) >= 0) ||
           known_ops(i->name) >= 0;
}

static struct decl *interface_forward(struct decl *list)
{
    while (list && list->kind != DECL_INTERFACE && list->kind != DECL_FORWARD)
        list = list->next;
    return list;
}

/* Only files that have object interfaces or name one need them. */
void object_imports(struct idlc *c)
{
    bool object = false;
    for (const struct source *s = c->sources; s && !object; s = s->next)
        for (const struct decl *i = interface_forward(s->decls); i && !object; i = interface_forward(i->next))
            object = i->kind == DECL_FORWARD || (says_object(i) && !attr_find(i->attrs, "local"));
    if (object && !any_typedef_anywhere(c, "ORPCTHIS") && !any_typedef_anywhere(c, "MInterfacePointer")) {
        struct source *dcom = source_import(c, DCOM_IDL, (struct loc){ .src = c->main, .line = 1, .col = 1 });
        if (dcom) {
            struct source_ref *ref = pool_new(&c->pool, struct source_ref);
            ref->source = dcom;
            ref->next = c->main->imports;
            c->main->imports = ref;
        }
    }
}

/* ---- interfaces as types ---- */

bool type_is_interface(struct idlc *c, const struct type *t)
{
    for (int i = 0; t && t->kind == TY_NAME && i <= MAX_NESTING; i++) {
        const struct symbol *s = symbol_find(c->names, t->name);
        if (!s || !s->decl)
            return false;
        if (s->decl->kind == DECL_INTERFACE || s->decl->kind == DECL_FORWARD)
            return true;
        t = s->decl->kind == DECL_TYPEDEF ? s->decl->type : NULL;
    }
    return false;
}

struct type *interface_pointee(struct idlc *c, struct loc loc)
{
    const struct symbol *s = symbol_find(c->names, "MInterfacePointer");
    struct type *t = s && s->decl && s->decl->kind == DECL_TYPEDEF ? s->decl->type : NULL;
    if (t)
        t = type_resolve(c, t);
    if (!t || t->kind != TY_STRUCT) {
        diag_error(c, loc, "interface pointers need MInterfacePointer: import \"" DCOM_IDL "\"");
        return NULL;
    }
    return t;
}

/* ---- numbers ---- */

static struct decl *operation_named(struct decl *i, const char *name)
{
    for (struct decl *d = i->body; d; d = d->next)
        if (d->kind == DECL_OPERATION && strcmp(d->name, name) == 0)
            return d;
    return NULL;
}

static const char *call_as_name(const struct decl *d)
{
    const struct attr *a = attr_find(d->attrs, "call_as");
    return a && a->args && a->args->expr && a->args->expr->kind == EX_NAME ? a->args->expr->text : NULL;
}

/* [local] f(...); [call_as(f)] RemoteF(...): one number for both, that of f. */
/* In pidl the local operation need not be there: then the attribute says nothing. */
static bool says_call_as(const struct idlc *c, struct decl *i, struct decl *d)
{
    const char *name = call_as_name(d);
    return attr_find(d->attrs, "call_as") && !(c->pidl && name && !operation_named(i, name));
}

static struct decl *stands_for(struct idlc *c, struct decl *i, struct decl *d)
{
    const struct attr *a = attr_find(d->attrs, "call_as");
    const char *name = call_as_name(d);
    if (!says_call_as(c, i, d))
        return NULL;
    struct decl *local = name ? operation_named(i, name) : NULL;
    if (!local || !local->local) {
        diag_error(c, a->loc, "call_as needs the name of a [local] operation of this interface");
        return NULL;
    }
    return local;
}

static void number_operations(struct idlc *c, struct decl *i)
{
    for (struct decl *d = i->body; d; d = d->next) {
        if (d->kind != DECL_OPERATION)
            continue;
        bool none = attr_find(d->attrs, "noopnum");
        d->local = i->local || attr_find(d->attrs, "local") || none;
        if (attr_find(d->attrs, "callback"))
            d->opnum = i->n_callbacks++;
        else if (!says_call_as(c, i, d) && (!d->local || i->object) && !none)
            d->opnum = i->n_ops++;
    }
    for (struct decl *d = i->body; d; d = d->next) {
        const struct decl *local = d->kind == DECL_OPERATION ? stands_for(c, i, d) : NULL;
        if (local && local->opnum < 0)
            d->opnum = i->n_ops++;
        else if (local)
            d->opnum = local->opnum;
    }
    if (i->n_ops > UINT16_MAX)
        diag_error(c, i->loc, "an interface has at most 65535 operations");
}

static void inherit(struct idlc *c, struct decl *i)
{
    i->n_ops = 0;
    if (!i->base)
        return;
    int known = known_ops(i->base);
    const struct symbol *s = symbol_find(c->names, i->base);
    if (s && s->decl && s->decl->kind == DECL_INTERFACE && s->decl->checked) {
        i->n_ops = s->decl->n_ops > known ? s->decl->n_ops : known;
        i->object |= s->decl->object;
    } else if (known >= 0) {
        i->n_ops = known;
    } else if (!c->incomplete) {
        diag_error(c, i->loc, "'%s' inherits from '%s', which is no interface", i->name, i->base);
    }
}

const struct decl *inherited_interface(struct idlc *c, const struct decl *i)
{
    const struct symbol *s = i->base && !i->object ? symbol_find(c->names, i->base) : NULL;
    const struct decl *base = s && s->decl && s->decl->kind == DECL_INTERFACE ? s->decl : NULL;
    return base && base->n_ops && !base->local ? base : NULL;
}

/* ---- properties and COM's own parameters ---- */

static void name_properties(struct idlc *c, struct decl *i)
{
    static const struct {
        const char *attr, *prefix;
    } kinds[] = { { "propget", "get_" }, { "propput", "put_" }, { "propputref", "putref_" } };
    for (struct decl *d = i->body; d; d = d->next)
        for (size_t k = 0; d->kind == DECL_OPERATION && k < sizeof(kinds) / sizeof(kinds[0]); k++)
            if (attr_find(d->attrs, kinds[k].attr)) {
                d->name = pool_printf(&c->pool, "%s%s", kinds[k].prefix, d->name);
                break;
            }
}

static struct attr *simple_attr(struct idlc *c, struct loc loc, const char *name)
{
    struct attr *a = pool_new(&c->pool, struct attr);
    a->name = name;
    a->loc = loc;
    return a;
}

static struct field *orpc_param(struct idlc *c, const struct decl *d, const char *name, const char *type,
                                bool out)
{
    struct type *p = pool_new(&c->pool, struct type), *t = pool_new(&c->pool, struct type);
    struct field *f = pool_new(&c->pool, struct field);
    *t = (struct type){ .kind = TY_NAME, .name = type, .loc = d->loc };
    *p = (struct type){ .kind = TY_POINTER, .to = t, .loc = d->loc };
    f->name = f->cname = name;
    f->loc = d->loc;
    f->type = p;
    f->attrs = simple_attr(c, d->loc, out ? "out" : "in");
    f->attrs->next = simple_attr(c, d->loc, "ref");
    return f;
}

static void add_orpc(struct idlc *c, struct decl *d)
{
    struct field *this = orpc_param(c, d, "ORPCthis", "ORPCTHIS", false);
    this->next = orpc_param(c, d, "ORPCthat", "ORPCTHAT", true);
    this->next->next = d->params;
    d->params = this;
}

void object_interface(struct idlc *c, struct decl *i)
{
    /* what IUnknown has is done by IRemUnknown, [MS-DCOM] 3.1.1.5.6 */
    i->local = attr_find(i->attrs, "local") || strcmp(i->name, "IUnknown") == 0;
    i->object = says_object(i);
    inherit(c, i);
    name_properties(c, i);
    number_operations(c, i);
    for (struct decl *d = i->body; d; d = d->next)
        if (d->kind == DECL_OPERATION) {
            if (i->object && !d->local)
                add_orpc(c, d);
            if (d->local)
                d->kind = DECL_LOCAL;
            else if (attr_find(d->attrs, "callback"))
                d->kind = DECL_CALLBACK;
            else
                i->n_own++;
        }
    i->checked = true;
}
