// SPDX-License-Identifier: Apache-2.0
/* Types as data in NAME_ndr.c: struct ndr_type of typedefs that are serialized, and of the elements of pipes.
 */
#include "idlc/m_emit_ndr.h"

/* "struct x", "int16_t[3]", "struct x *" */
static const char *c_type_of(struct emit *e, const struct node *n)
{
    const char *text = emit_declaration(e, n, "");
    const char *bound = strstr(text, " [");
    size_t len = strlen(text);
    if (bound)
        return POOL_PRINTF(e, "%.*s%s", (int)(bound - text), text, bound + 1);
    return POOL_PRINTF(e, "%.*s", (int)(text[len - 1] == ' ' ? len - 1 : len), text);
}

/* A pointer e to such a value: "const struct x *e", "struct x *const *e", "const struct x (*e)[3]". */
static const char *pointer_to_value(struct emit *e, const struct node *n, bool constant)
{
    bool array = n->kind == ND_ARRAY || n->kind == ND_STRING;
    if (array && n->fixed)
        return POOL_PRINTF(e, "%s%s", constant ? "const " : "", emit_declaration(e, n, "(*e)"));
    if (array || n->kind == ND_POINTER)
        return emit_declaration(e, n, constant ? "const *e" : "*e");
    return POOL_PRINTF(e, "%s%s", constant ? "const " : "", emit_declaration(e, n, "*e"));
}

/* NAME_push and NAME_pull over a pointer to anything. */
static void emit_functions(struct emit *e, const struct node *n, const char *name)
{
    bool array = (n->kind == ND_ARRAY || n->kind == ND_STRING) && n->fixed;
    struct place p = { array ? "(*e)" : "*e", "e", 0 };
    for (int push = 1; push >= 0; push--) {
        const char *verb = push ? "push" : "pull";
        emit_text(e, "\n");
        emit_line(e, "static void %s_%s(struct ndr_%s *n, %svoid *p)", name, verb, verb,
                  push ? "const " : "");
        emit_text(e, "{\n");
        e->indent = 1;
        emit_line(e, "%s = p;", pointer_to_value(e, n, push));
        if (push) {
            push_fixed(e, n, p, false);
            push_deferred(e, n, p);
        } else {
            pull_fixed(e, n, p, NULL);
            pull_deferred(e, n, p, NULL);
        }
        e->indent = 0;
        emit_text(e, "}\n");
    }
}

static bool primitive(const struct node *n)
{
    return n->kind == ND_ENUM || (n->kind == ND_SCALAR && n->base != BASE_GUID && n->base != BASE_SID);
}

static void emit_table(struct emit *e, const struct node *n, const char *symbol, const char *idl_name,
                       const char *functions)
{
    unsigned width = bulk_width(n);
    size_t wire = node_wire_min(n);
    emit_text(e, "\n%sconst struct ndr_type %s = {\n", idl_name ? "" : "static ", symbol);
    emit_text(e, "    .table_version = NDR_TYPE_VERSION,\n    .size = sizeof(%s),\n", c_type_of(e, n));
    if (width)
        emit_text(e, "    .width = %u,\n", width);
    if (width && bulk_count(n) > 1)
        emit_text(e, "    .repeat = %llu,\n", (unsigned long long)bulk_count(n));
    if (idl_name && primitive(n))
        emit_text(e, "    .flags = NDR_TYPE_PRIMITIVE,\n");
    emit_text(e, "    .wire = %zu,\n", wire ? wire : 1);
    if (idl_name)
        emit_text(e, "    .name = \"%s\",\n", idl_name);
    if (!width)
        emit_text(e, "    .push = %s_push,\n    .pull = %s_pull,\n", functions, functions);
    emit_text(e, "};\n");
}

void emit_types(struct emit *e)
{
    for (const struct decl *d = e->c->types; d; d = d->next_type) {
        const char *functions = POOL_PRINTF(e, "%s_type", d->cname);
        e->fields = NULL;
        if (!bulk_width(d->node))
            emit_functions(e, d->node, functions);
        emit_table(e, d->node, functions, d->name, functions);
    }
}

/* ---- pipes ---- */

bool has_pipes(const struct decl *d)
{
    for (const struct field *f = d->params; f; f = f->next)
        if (f->node && f->node->kind == ND_PIPE)
            return true;
    return false;
}

void emit_pipes(struct emit *e, const struct decl *d)
{
    if (!has_pipes(d))
        return;
    for (const struct field *f = d->params; f; f = f->next)
        if (f->node && f->node->kind == ND_PIPE) {
            const char *name = POOL_PRINTF(e, "%s_%s_element", d->helper, f->cname);
            if (!bulk_width(f->node->to))
                emit_functions(e, f->node->to, name);
            emit_table(e, f->node->to, name, NULL, name);
        }
    emit_text(e, "\nstatic const struct rpc_op_pipe %s_pipes[] = {\n", d->helper);
    for (int out = 0; out < 2; out++)
        for (const struct field *f = d->params; f; f = f->next)
            if (f->node && f->node->kind == ND_PIPE && (out ? f->out : f->in))
                emit_text(e, "    { offsetof(struct %s, %s.%s), %s, &%s_%s_element },\n", d->cname,
                          out ? "out" : "in", f->cname, out ? "true" : "false", d->helper, f->cname);
    emit_text(e, "    { 0, false, NULL },\n};\n");
}
