// SPDX-License-Identifier: Apache-2.0
/* NAME.h: constants, types, one structure for each operation, prototypes. */
#include "idlc/m_emit_pidl.h"

#include <ctype.h>

/* ---- what a member's comment says ---- */

static void note(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void note(struct text *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    text_printf(t, t->len ? ", " : "");
    text_vprintf(t, fmt, ap);
    va_end(ap);
}

static void note_expr(struct text *t, const char *name, const struct expr *x, int plus)
{
    if (!x)
        return;
    note(t, "%s(", plus ? (*name == 's' ? "max_is" : "last_is") : name);
    expr_write(t, x);
    text_printf(t, ")");
}

/* Type of a pipe's elements, for people. */
static const char *node_type_name(const struct node *n)
{
    return n->kind == ND_SCALAR                                                ? base_c_type(n->base)
           : n->kind == ND_STRUCT || n->kind == ND_UNION || n->kind == ND_ENUM ? n->type->cname
           : n->kind == ND_STRING                                              ? "string"
                                                                               : "array";
}

/* "[unique, size_is(EntriesRead)]"; empty where the C type says it all. */
static void member_note(struct text *t, const struct node *n)
{
    for (; n; n = n->to) {
        if (n->kind == ND_POINTER)
            note(t, n->pointer == PTR_REF ? "ref" : n->pointer == PTR_FULL ? "ptr" : "unique");
        if (n->kind == ND_STRING)
            note(t, "string");
        note_expr(t, "size_is", n->size, n->size_plus);
        note_expr(t, "length_is", n->length, n->length_plus);
        note_expr(t, "first_is", n->first, 0);
        for (const struct dim *d = n->dims; d; d = d->next) {
            note_expr(t, "size_is", d->size, d->size_plus);
            note_expr(t, "length_is", d->length, d->length_plus);
        }
        if (n->kind == ND_UNION)
            note_expr(t, "switch_is", n->switch_is, 0);
        if (n->ranged)
            note(t, "range(%lld, %lld)", (long long)n->low, (long long)n->high);
        if (n->kind == ND_IGNORE)
            note(t, "ignore");
        if (n->kind == ND_PIPE)
            note(t, "pipe of %s", node_type_name(n->to));
    }
}

/* Members that follow each other have their comments in one column. */
#define MAX_RUN 128

struct members {
    const char *decl[MAX_RUN], *note[MAX_RUN];
    int n;
};

static void flush_members(struct emit *e, struct members *m)
{
    size_t indent = 4 * (size_t)e->indent;
    for (int i = 0, end; i < m->n; i = end) {
        size_t widest = 0, longest = 0;
        for (end = i; end < m->n && m->note[end]; end++) {
            size_t decl = strlen(m->decl[end]), note = strlen(m->note[end]);
            size_t w = decl > widest ? decl : widest, l = note > longest ? note : longest;
            if (indent + w + l + 9 > EMIT_COLUMNS && end > i)
                break;
            widest = w;
            longest = l;
        }
        for (int k = i; k < end; k++)
            emit_text(e, "%*s%s;%*s /* [%s] */\n", (int)indent, "", m->decl[k],
                      (int)(widest - strlen(m->decl[k])), "", m->note[k]);
        if (end == i)
            emit_line(e, "%s;", m->decl[end++]);
    }
    m->n = 0;
}

static void add_member(struct emit *e, struct members *m, const struct node *n, const char *name)
{
    struct text t = { 0 };
    if (m->n == MAX_RUN)
        flush_members(e, m);
    member_note(&t, n);
    m->decl[m->n] = emit_declaration(e, n, name);
    m->note[m->n] = t.len ? pool_strndup(&e->c->pool, t.data, t.len) : NULL;
    if (t.len && strlen(m->decl[m->n]) + t.len + 9 + 4 * (size_t)e->indent > EMIT_COLUMNS) {
        flush_members(e, m);
        emit_line(e, "/* [%s] */", t.data);
        m->decl[0] = emit_declaration(e, n, name);
        m->note[0] = NULL;
    }
    m->n++;
    text_free(&t);
}

/* ---- types ---- */

static void emit_enum(struct emit *e, const struct type *t)
{
    emit_line(e, "enum %s {", t->cname);
    e->indent++;
    for (const struct field *f = t->fields; f; f = f->next)
        if (f->number > INT32_MAX)
            emit_line(e, "%s = 0x%llXU,", f->cname, (unsigned long long)f->number);
        else
            emit_line(e, "%s = %lld,", f->cname, (long long)f->number);
    e->indent--;
    emit_line(e, "};");
}

static void emit_arm_note(struct emit *e, const struct field *f)
{
    struct text t = { 0 };
    for (const struct attr_arg *a = f->cases; a; a = a->next) {
        text_printf(&t, t.len ? ", " : "case ");
        expr_write(&t, a->expr);
    }
    if (f->is_default)
        text_printf(&t, t.len ? ", default" : "default");
    emit_line(e, f->name ? "/* %s */" : "/* %s: nothing */", t.data);
    text_free(&t);
}

static void emit_body(struct emit *e, const struct type *t)
{
    struct members m = { .n = 0 };
    bool any = false;
    emit_line(e, "%s %s {", t->kind == TY_UNION ? "union" : "struct", t->cname);
    e->indent++;
    for (const struct field *f = t->fields; f; f = f->next) {
        if (t->kind == TY_UNION) {
            flush_members(e, &m);
            emit_arm_note(e, f);
        }
        if (f->node && !f->shared) {
            add_member(e, &m, f->node, f->cname);
            any = true;
        }
    }
    flush_members(e, &m);
    if (!any)
        emit_line(e, "uint8_t none;");
    e->indent--;
    emit_line(e, "};");
}

static void emit_type(struct emit *e, const struct type *t)
{
    emit_text(e, "\n");
    emit_doc(e, t->doc);
    if (t->kind == TY_ENUM)
        emit_enum(e, t);
    else
        emit_body(e, t);
}

static void emit_type_tables(struct emit *e)
{
    if (e->c->types)
        emit_text(e, "\n/* For ndr_encode and ndr_decode. */\n");
    for (const struct decl *d = e->c->types; d; d = d->next_type)
        emit_line(e, "NT_PUBLIC extern const struct ndr_type %s_type;", d->cname);
}

/* ---- constants ---- */

/* Wide ones are UTF-16, as the members that take them. */
static void emit_string_const(struct emit *e, const struct decl *d)
{
    const struct type *t = type_resolve(e->c, d->type);
    if (t && (t->kind == TY_POINTER || t->kind == TY_ARRAY))
        t = type_resolve(e->c, t->to);
    emit_text(e, "#define %s %s\"", d->cname, t && t->kind == TY_BASE && t->base == BASE_WCHAR ? "u" : "");
    for (const char *s = d->value->text; *s; s++)
        if (*s == '\n' || *s == '\t')
            emit_text(e, *s == '\n' ? "\\n" : "\\t");
        else
            emit_text(e, *s == '\\' || *s == '"' ? "\\%c" : "%c", *s);
    emit_text(e, "\"\n");
}

static void emit_const(struct emit *e, const struct decl *d)
{
    const struct symbol *s = symbol_find(e->c->names, d->key);
    if (!s || s->decl != d)
        return;
    if (d->doc || !e->const_before)
        emit_text(e, "\n");
    emit_doc(e, d->doc);
    if (d->value->kind == EX_STRING)
        emit_string_const(e, d);
    else if (s->value < 0)
        emit_line(e, "#define %s (%lld)", d->cname, (long long)s->value);
    else if (d->value->is_hex)
        emit_line(e, "#define %s 0x%llX%s", d->cname, (long long)s->value, s->value > INT32_MAX ? "U" : "");
    else
        emit_line(e, "#define %s %lld%s", d->cname, (long long)s->value, s->value > INT32_MAX ? "U" : "");
}

/* ---- operations ---- */

static void emit_direction(struct emit *e, const struct decl *d, bool out)
{
    struct members m = { .n = 0 };
    bool any = false;
    emit_line(e, "struct {");
    e->indent++;
    for (const struct field *f = d->params; f; f = f->next)
        if (f->node && (out ? f->out : f->in)) {
            add_member(e, &m, f->node, f->cname);
            any = true;
        }
    flush_members(e, &m);
    if (out && d->node) {
        emit_line(e, "%s;", emit_declaration(e, d->node, "result"));
        any = true;
    }
    if (!any)
        emit_line(e, "uint8_t none;");
    e->indent--;
    emit_line(e, "} %s;", out ? "out" : "in");
}

static void emit_operation(struct emit *e, const struct decl *d)
{
    emit_text(e, "\n");
    emit_doc(e, d->doc);
    emit_line(e, "struct %s {", d->cname);
    e->indent++;
    emit_direction(e, d, false);
    emit_direction(e, d, true);
    e->indent--;
    emit_line(e, "};");
    emit_line(e, "NT_PUBLIC extern const struct rpc_op %s_op;", d->cname);
    if (d->kind == DECL_CALLBACK || d->nocode)
        return;
    emit_line(
        e, "NT_PUBLIC enum nt_status %s(struct rpc_conn *c, struct nt_arena *mem, struct %s *r) NT_CHECKED;",
        d->cname, d->cname);
    emit_line(e,
              "NT_PUBLIC enum nt_status %s_send(struct rpc_conn *c, struct nt_arena *mem, struct %s *r, "
              "rpc_done_fn *done, void *arg, struct rpc_call **ret_call) NT_CHECKED;",
              d->cname, d->cname);
}

static void emit_handlers(struct emit *e, const struct decl *i)
{
    emit_text(e, "\n/* Server side: a member that is NULL answers \"operation out of range\". */\n");
    emit_line(e, "struct %s_handlers {", i->name);
    e->indent++;
    for (const struct decl *d = i->body; d; d = d->next)
        if (d->kind == DECL_OPERATION)
            emit_line(e, "enum nt_status (*%s)(struct rpc_server_call *call, struct %s *r);", d->member,
                      d->cname);
    e->indent--;
    emit_line(e, "};");
    emit_line(
        e,
        "NT_PUBLIC enum nt_status %s_register(struct rpc_server *s, const struct %s_handlers *h, void *arg) "
        "NT_CHECKED;",
        i->name, i->name);
}

static void emit_callback_handlers(struct emit *e, const struct decl *i)
{
    emit_text(e, "\n/* Client side of the callbacks: a member that is NULL answers \"operation out of range\". */\n");
    emit_line(e, "struct %s_callback_handlers {", i->name);
    e->indent++;
    for (const struct decl *d = i->body; d; d = d->next)
        if (d->kind == DECL_CALLBACK)
            emit_line(e, "enum nt_status (*%s)(struct rpc_callback *cb, struct %s *r);", d->member, d->cname);
    e->indent--;
    emit_line(e, "};");
    emit_line(e,
              "NT_PUBLIC enum nt_status %s_serve(struct rpc_conn *c, const struct %s_callback_handlers *h, void "
              "*arg) NT_CHECKED;",
              i->name, i->name);
}

static void emit_interface(struct emit *e, const struct decl *i)
{
    emit_text(e, "\n");
    emit_doc(e, i->doc);
    emit_line(e, "NT_PUBLIC extern const struct rpc_interface %s_interface;", i->name);
    if (i->n_own || inherited_interface(e->c, i)) {
        emit_text(e, "/* The operations by number. */\n");
        emit_line(e, "NT_PUBLIC extern const struct rpc_op *const %s_ops[%d];", i->name, i->n_ops);
    }
    if (i->n_own == 0 && i->n_callbacks == 0)
        return;
    if (i->n_callbacks) {
        emit_text(e, "/* What the server may call while it serves a call, numbered apart. */\n");
        emit_line(e, "NT_PUBLIC extern const struct rpc_op *const %s_callbacks[%d];", i->name,
                  i->n_callbacks);
    }
    emit_text(e, "\n");
    emit_line(e, "enum %s_opnum {", i->name);
    e->indent++;
    for (const struct decl *d = i->body; d; d = d->next)
        if (is_operation(d))
            emit_line(e, "%s_opnum = %d,", d->cname, d->opnum);
    e->indent--;
    emit_line(e, "};");
    for (const struct decl *d = i->body; d; d = d->next)
        if (is_operation(d))
            emit_operation(e, d);
    if (e->c->want[OUT_SERVER] && i->n_own)
        emit_handlers(e, i);
    if (e->c->want[OUT_CLIENT] && i->n_callbacks)
        emit_callback_handlers(e, i);
}

static void emit_quotes_and_consts(struct emit *e, const struct decl *list)
{
    for (const struct decl *d = list; d; d = d->next) {
        if (d->kind == DECL_CPP_QUOTE)
            emit_text(e, "%s\n", d->text);
        else if (d->kind == DECL_CONST)
            emit_const(e, d);
        else if (d->kind == DECL_INTERFACE)
            emit_quotes_and_consts(e, d->body);
        e->const_before = d->kind == DECL_CONST;
    }
}

static void emit_includes(struct emit *e, const struct decl *list)
{
    for (const struct decl *d = list; d; d = d->next)
        if (d->kind == DECL_INCLUDE)
            emit_text(e, "#include \"%s\"\n", d->text);
        else if (d->kind == DECL_INTERFACE)
            emit_includes(e, d->body);
}

void emit_header(struct idlc *c, struct text *o)
{
    struct emit e = { .c = c, .o = o };
    char *guard = pool_printf(&c->pool, "MSRPC_%s_H", c->stem);
    for (char *p = guard; *p; p++)
        *p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
    emit_file_start(&e, "Types and operations");
    emit_text(&e, "#ifndef %s\n#define %s\n\n#include <msrpc/rpc.h>\n", guard, guard);
    if (c->pidl)
        emit_text(&e, "#include <msrpc/ndr_pidl.h>\n");
    for (const struct source_ref *ref = c->main->imports; ref; ref = ref->next)
        emit_text(&e, "#include %s\n", emit_header_name(&e, ref->source));
    emit_includes(&e, c->main->decls);
    emit_text(&e, "\nNT_BEGIN_DECLS\n");
    if (c->want[OUT_SERVER])
        emit_text(&e, "\nstruct rpc_server;\nstruct rpc_server_call;\n");
    emit_quotes_and_consts(&e, c->main->decls);
    for (const struct type *t = c->defs; t; t = t->next_def)
        if (t->src == c->main && !t->problem)
            emit_type(&e, t);
    emit_type_tables(&e);
    for (const struct decl *i = next_interface(c->main->decls); i; i = next_interface(i->next))
        emit_interface(&e, i);
    pidl_prototypes(&e);
    emit_text(&e, "\nNT_END_DECLS\n\n#endif\n");
}
