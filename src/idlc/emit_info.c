// SPDX-License-Identifier: Apache-2.0
/*
 * NAME_info.c: constant tables that describe every type and operation of a file (<msrpc/info.h>). Nodes that
 * say the same are written once. What belongs to the file is written, and what it uses of others, so that a
 * description needs no other one.
 */
#include "idlc/m_emit_ndr.h"

#include <ctype.h>
#include <limits.h>

#define NODE_BUCKETS 4096

struct info_node {
    struct info_node *next; /* in the same bucket */
    const char *text;       /* initializer */
    int index;
};

struct info {
    struct emit e;
    struct text nodes, exprs, functions, tables; /* in this order in the file */
    struct info_node *seen[NODE_BUCKETS], *seen_exprs[NODE_BUCKETS];
    int n_nodes, n_exprs, n_functions, n_types, n_arrays;
    struct type **types;
    int cap_types;
    const char *scope; /* C type that the fields of an expression stand in */
};

static unsigned text_hash(const char *s)
{
    unsigned h = 5381;
    while (*s)
        h = h * 33 + (unsigned char)*s++;
    return h % NODE_BUCKETS;
}

/* The index of an initializer, and whether it is new. */
static int index_of(struct info *f, struct info_node **table, int *n, const char *text, bool *ret_new)
{
    unsigned h = text_hash(text);
    for (const struct info_node *i = table[h]; i; i = i->next)
        if (strcmp(i->text, text) == 0) {
            *ret_new = false;
            return i->index;
        }
    struct info_node *i = pool_new(&f->e.c->pool, struct info_node);
    i->text = text;
    i->index = (*n)++;
    i->next = table[h];
    table[h] = i;
    *ret_new = true;
    return i->index;
}

/* ---- text ---- */

static const char *quoted(struct info *f, const char *s)
{
    struct text t = { 0 };
    text_add(&t, "\"", 1);
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            text_add(&t, "\\", 1);
        text_add(&t, s, 1);
    }
    text_add(&t, "\"", 1);
    const char *ret = pool_strndup(&f->e.c->pool, t.data, t.len);
    text_free(&t);
    return ret;
}

/* The section that a comment begins with, or names first: "[MS-SRVS] 2.2.4.23". */
static const char *section_of(struct info *f, const char *doc)
{
    for (const char *s = doc ? strchr(doc, '[') : NULL; s; s = strchr(s + 1, '[')) {
        const char *end = strchr(s, ']'), *number = end ? end + 1 : NULL;
        if (!end || !isupper((unsigned char)s[1]) || end - s > 16 || *number != ' ' ||
            !isalnum((unsigned char)number[1]))
            continue;
        size_t len = 1;
        while (isalnum((unsigned char)number[len]) ||
               (number[len] == '.' && isalnum((unsigned char)number[len + 1])))
            len++;
        if (isdigit((unsigned char)number[1]) || number[2] == '.')
            return quoted(f, pool_strndup(&f->e.c->pool, s, (size_t)(number - s) + len));
        return quoted(f, pool_strndup(&f->e.c->pool, s, (size_t)(number - s)));
    }
    return "NULL";
}

/* ---- types ---- */

static int type_index(struct info *f, struct type *t)
{
    for (int i = f->n_types; i-- > 0;)
        if (f->types[i] == t)
            return i;
    if (f->n_types == f->cap_types) {
        f->cap_types = f->cap_types ? 2 * f->cap_types : 64;
        struct type **types = pool_alloc(&f->e.c->pool, (size_t)f->cap_types * sizeof(*types));
        if (f->n_types)
            memcpy(types, f->types, (size_t)f->n_types * sizeof(*types));
        f->types = types;
    }
    f->types[f->n_types] = t;
    return f->n_types++;
}

/* ---- expressions ---- */

static const struct field *field_named(const struct info *f, const char *name)
{
    for (const struct field *m = f->e.fields; m; m = m->next)
        if (m->name && !m->skip && strcmp(m->name, name) == 0)
            return m;
    return NULL;
}

static int field_index(const struct info *f, const struct field *which)
{
    int i = 0;
    for (const struct field *m = f->e.fields; m && m != which; m = m->next)
        i++;
    return i;
}

static const struct field *first_field(const struct info *f, const struct expr *x)
{
    const struct field *m;
    if (!x)
        return NULL;
    if (x->kind == EX_NAME)
        return field_named(f, x->text);
    m = first_field(f, x->a);
    m = m ? m : first_field(f, x->b);
    return m ? m : first_field(f, x->c);
}

struct linear {
    const struct field *field;
    uint64_t mul, div;
    int64_t add;
};

/* Whether x is FIELD * mul / div + add; a constant has no field. */
static bool as_linear(struct info *f, const struct expr *x, struct linear *l, int depth)
{
    if (x->kind == EX_HOOK || pidl_expr(x))
        return false; /* functions and members of members, in pidl */
    int64_t v;
    struct linear b;
    *l = (struct linear){ NULL, 1, 1, 0 };
    if (!first_field(f, x))
        return const_eval(f->e.c, x, &l->add);
    if (x->kind == EX_NAME || (x->kind == EX_UNARY && *x->op == '*' && x->a->kind == EX_NAME)) {
        l->field = field_named(f, x->kind == EX_NAME ? x->text : x->a->text);
        return l->field != NULL;
    }
    if (x->kind != EX_BINARY || depth > 8 || !as_linear(f, x->a, l, depth + 1) || !l->field ||
        !as_linear(f, x->b, &b, depth + 1) || b.field)
        return false;
    v = b.add;
    switch (x->op[1] ? '?' : *x->op) {
    case '+':
        l->add += v;
        return true;
    case '-':
        l->add -= v;
        return true;
    case '*':
        l->mul *= (uint64_t)v;
        return l->div == 1 && l->add == 0 && v > 0 && v <= INT32_MAX;
    case '/':
        l->div *= (uint64_t)v;
        return l->mul == 1 && l->add == 0 && v > 0 && v <= INT32_MAX;
    default:
        return false;
    }
}

/* Numbers only: a function handles other things. */
static bool plain_field(const struct field *m)
{
    const struct node *n = m->node;
    if (n && n->kind == ND_POINTER)
        n = n->to;
    return n && (n->kind == ND_SCALAR || n->kind == ND_ENUM);
}

/* What a function gives: an expression, or how many elements of an array with several open dimensions or with
 * first_is are in memory. */
static const char *function_text(struct info *f, const struct expr *x, const struct node *n, bool out)
{
    f->e.out = out;
    if (!n)
        return emit_expr(&f->e, x);
    if (n->dims)
        return dims_count(&f->e, n);
    const char *count =
        n->length ? emit_count(&f->e, n->length, n->length_plus) : emit_count(&f->e, n->size, n->size_plus);
    return n->length ? POOL_PRINTF(&f->e, "%s + %s", emit_count(&f->e, n->first, 0), count) : count;
}

static void write_function(struct info *f, int index, const struct expr *x, const struct node *n, int plus)
{
    struct text *o = f->e.o;
    f->e.o = &f->functions;
    const char *in = function_text(f, x, n, false), *out = function_text(f, x, n, true);
    emit_text(&f->e, "\nstatic uint64_t value_%d(const void *base, bool out)\n{\n", index);
    f->e.indent = 1;
    emit_line(&f->e, "const struct %s *%s = base;", f->scope, f->e.operation ? "r" : "s");
    if (strcmp(in, out) == 0) {
        emit_line(&f->e, "(void)out;");
        emit_line(&f->e, "return (uint64_t)(%s)%s;", in, plus ? " + 1" : "");
    } else {
        emit_line(&f->e, "if (out)");
        emit_line(&f->e, "    return (uint64_t)(%s)%s;", out, plus ? " + 1" : "");
        emit_line(&f->e, "return (uint64_t)(%s)%s;", in, plus ? " + 1" : "");
    }
    f->e.indent = 0;
    emit_text(&f->e, "}\n");
    f->e.o = o;
}

static const char *expr_ref(struct info *f, const struct expr *x, int plus)
{
    struct linear l;
    struct text written = { 0 };
    bool is_new;
    if (!x)
        return "NULL";
    bool linear = as_linear(f, x, &l, 0) && (!l.field || plain_field(l.field));
    const struct field *m = first_field(f, x);
    expr_write(&written, x);
    if (plus)
        text_printf(&written, " + 1");
    const char *function = "NULL";
    if (!linear) {
        l = (struct linear){ m, 1, 1, 0 };
        function = POOL_PRINTF(&f->e, "value_%d", f->n_functions);
        write_function(f, f->n_functions++, x, NULL, plus);
        plus = 0;
    }
    const char *text = POOL_PRINTF(&f->e, "{ %d, %llu, %llu, %lld, %s, %s }", m ? field_index(f, m) : -1,
                                   (unsigned long long)l.mul, (unsigned long long)l.div,
                                   (long long)(l.add + plus), function, quoted(f, written.data));
    text_free(&written);
    int index = index_of(f, f->seen_exprs, &f->n_exprs, text, &is_new);
    if (is_new)
        text_printf(&f->exprs, "    %s,\n", text);
    return POOL_PRINTF(&f->e, "&exprs[%d]", index);
}

/* Elements in memory, where no single expression says it. */
static const char *elements_ref(struct info *f, const struct node *n)
{
    bool is_new;
    write_function(f, f->n_functions, NULL, n, 0);
    const char *text = POOL_PRINTF(&f->e, "{ -1, 1, 1, 0, value_%d, \"...\" }", f->n_functions++);
    int index = index_of(f, f->seen_exprs, &f->n_exprs, text, &is_new);
    if (is_new)
        text_printf(&f->exprs, "    %s,\n", text);
    return POOL_PRINTF(&f->e, "&exprs[%d]", index);
}

/* ---- nodes ---- */

static const char *base_name(enum base b)
{
    static const char *const names[] = {
        [BASE_BYTE] = "U8",
        [BASE_CHAR] = "CHAR",
        [BASE_BOOLEAN] = "BOOLEAN",
        [BASE_I8] = "I8",
        [BASE_U8] = "U8",
        [BASE_I16] = "I16",
        [BASE_U16] = "U16",
        [BASE_I32] = "I32",
        [BASE_U32] = "U32",
        [BASE_I64] = "I64",
        [BASE_U64] = "U64",
        [BASE_I3264] = "I3264",
        [BASE_U3264] = "U3264",
        [BASE_FLOAT] = "FLOAT",
        [BASE_DOUBLE] = "DOUBLE",
        [BASE_WCHAR] = "WCHAR",
        [BASE_GUID] = "GUID",
        [BASE_SID] = "SID",
        [BASE_NTSTATUS] = "NTSTATUS",
        [BASE_WERROR] = "WERROR",
        [BASE_UDLONG] = "U64",
        [BASE_DLONG] = "I64",
        [BASE_UDLONGR] = "U64",
    };
    return (size_t)b < sizeof(names) / sizeof(names[0]) && names[b] ? names[b] : "NONE";
}

static void flag(struct text *t, bool set, const char *name)
{
    if (set)
        text_printf(t, "%sRPC_INFO_%s", t->len ? " | " : "", name);
}

static const char *node_flags(struct info *f, const struct node *n)
{
    struct text t = { 0 };
    bool open = n->kind == ND_ARRAY || n->kind == ND_STRING;
    flag(&t, open && n->fixed, "FIXED");
    flag(&t, open && n->conformant, "CONFORMANT");
    flag(&t, open && n->varying, "VARYING");
    flag(&t, (n->kind == ND_POINTER && n->pointer == PTR_UNIQUE) || n->kind == ND_RELATIVE, "UNIQUE");
    flag(&t, n->kind == ND_POINTER && n->pointer == PTR_FULL, "FULL");
    flag(&t, n->ranged, "RANGE");
    const char *ret = t.len ? pool_strndup(&f->e.c->pool, t.data, t.len) : "0";
    text_free(&t);
    return ret;
}

static const char *node_kind(const struct node *n)
{
    switch (n->kind) {
    case ND_SCALAR:
    case ND_HALVES:
        return "SCALAR";
    case ND_ENUM:
        return n->type->bitmap ? "BITMAP" : "ENUM";
    case ND_STRUCT:
        return "STRUCT";
    case ND_UNION:
        return "UNION";
    case ND_POINTER:
    case ND_RELATIVE:
        return "POINTER";
    case ND_ARRAY:
    case ND_INLINE:
        return "ARRAY";
    case ND_STRING:
    case ND_TEXT:
        return "STRING";
    case ND_BLOB:
        return "BLOB";
    case ND_HANDLE:
        return "HANDLE";
    case ND_PIPE:
        return "PIPE";
    default:
        return "OPAQUE";
    }
}

static const char *node_ref(struct info *f, const struct node *n)
{
    bool is_new;
    if (!n)
        return "NULL";
    n = node_core(n); /* without what pidl puts around it on the wire */
    struct text t = { 0 };
    /* "struct x *" is what a declaration without a name looks like */
    const char *decl = emit_declaration(&f->e, n, "");
    size_t len = strlen(decl);
    text_printf(&t, "{ .kind = RPC_INFO_%s, .size = sizeof(%.*s)", node_kind(n),
                (int)(len && decl[len - 1] == ' ' ? len - 1 : len), decl);
    if (n->kind == ND_SCALAR || n->kind == ND_STRING || n->kind == ND_HALVES || n->kind == ND_TEXT)
        text_printf(&t, ", .base = RPC_INFO_%s", base_name(n->base));
    if (strcmp(node_flags(f, n), "0") != 0)
        text_printf(&t, ", .flags = %s", node_flags(f, n));
    if (n->fixed)
        text_printf(&t, ", .count = %llu", (unsigned long long)n->count);
    if (n->to)
        text_printf(&t, ", .to = %s", node_ref(f, n->to));
    if (n->type)
        text_printf(&t, ", .type = &types[%d]", type_index(f, n->type));
    bool odd = n->kind == ND_ARRAY && (n->dims || n->first);
    if (odd)
        text_printf(&t, ", .size_is = %s", elements_ref(f, n));
    else if (n->size)
        text_printf(&t, ", .size_is = %s", expr_ref(f, n->size, n->size_plus));
    if (n->length && !odd)
        text_printf(&t, ", .length_is = %s", expr_ref(f, n->length, n->length_plus));
    if (n->switch_is)
        text_printf(&t, ", .switch_is = %s", expr_ref(f, n->switch_is, 0));
    if (n->ranged)
        text_printf(&t, ", .low = %lld, .high = %lld", (long long)n->low, (long long)n->high);
    text_printf(&t, " }");
    const char *text = pool_strndup(&f->e.c->pool, t.data, t.len);
    text_free(&t);
    int index = index_of(f, f->seen, &f->n_nodes, text, &is_new);
    if (is_new)
        text_printf(&f->nodes, "    %s,\n", text);
    return POOL_PRINTF(&f->e, "&nodes[%d]", index);
}

/* ---- members ---- */

static const char *cases_ref(struct info *f, const struct field *m, int *ret_n)
{
    *ret_n = 0;
    if (!m->cases)
        return "NULL";
    text_printf(&f->tables, "static const int64_t cases_%d[] = {", f->n_arrays);
    for (const struct attr_arg *a = m->cases; a; a = a->next, (*ret_n)++)
        text_printf(&f->tables, "%s%lld", *ret_n ? ", " : " ", (long long)a->value);
    text_printf(&f->tables, " };\n");
    return POOL_PRINTF(&f->e, "cases_%d", f->n_arrays++);
}

static const char *member_text(struct info *f, const struct field *m, const char *cname, bool op)
{
    struct text flags = { 0 };
    int n_cases;
    bool in = op && m->in && m->node, out = op && m->out && m->node;
    flag(&flags, in, "IN");
    flag(&flags, out, "OUT");
    flag(&flags, m->is_default, "DEFAULT");
    flag(&flags, attr_find(m->attrs, "secret") != NULL, "SECRET");
    const char *cases = cases_ref(f, m, &n_cases);
    const char *offset = "0", *offset_out = "0";
    if (in)
        offset = POOL_PRINTF(&f->e, "offsetof(struct %s, in.%s)", cname, m->cname);
    if (out)
        offset_out = POOL_PRINTF(&f->e, "offsetof(struct %s, out.%s)", cname, m->cname);
    if (!op && m->node && cname)
        offset = POOL_PRINTF(&f->e, "offsetof(struct %s, %s)", cname, m->cname);
    const char *text = POOL_PRINTF(&f->e, "    { %s, %s, %s, %s, %d, %s, %s },\n",
                                   m->name && m->node ? quoted(f, m->name) : "NULL", offset, offset_out,
                                   flags.len ? pool_strndup(&f->e.c->pool, flags.data, flags.len) : "0",
                                   n_cases, cases, node_ref(f, m->node));
    text_free(&flags);
    return text;
}

/* Members as an array; NULL where there is none. */
static const char *members_ref(struct info *f, const struct field *list, const char *cname, bool op,
                               int *ret_n)
{
    struct text t = { 0 };
    *ret_n = 0;
    for (const struct field *m = list; m; m = m->next, (*ret_n)++)
        text_printf(&t, "%s", member_text(f, m, cname, op));
    if (*ret_n == 0)
        return "NULL";
    text_printf(&f->tables, "static const struct rpc_info_member members_%d[] = {\n%s};\n", f->n_arrays,
                t.data);
    text_free(&t);
    return POOL_PRINTF(&f->e, "members_%d", f->n_arrays++);
}

static const char *values_ref(struct info *f, const struct type *t, int *ret_n)
{
    *ret_n = 0;
    if (!t->fields)
        return "NULL";
    text_printf(&f->tables, "static const struct rpc_info_value values_%d[] = {\n", f->n_arrays);
    for (const struct field *m = t->fields; m; m = m->next, (*ret_n)++)
        text_printf(&f->tables, "    { %s, %lld },\n", quoted(f, m->name), (long long)m->number);
    text_printf(&f->tables, "};\n");
    return POOL_PRINTF(&f->e, "values_%d", f->n_arrays++);
}

/* ---- types ---- */

/* Name without the interface in front. */
static const char *idl_name(const struct type *t)
{
    const char *prefix = t->owner ? t->owner->name : t->src ? t->src->prefix : "";
    size_t len = strlen(prefix);
    return strncmp(t->cname, prefix, len) == 0 && t->cname[len] == '_' && t->cname[len + 1]
               ? t->cname + len + 1
               : t->cname;
}

static bool u16_field(const struct field *m)
{
    return m && m->node && m->node->kind == ND_SCALAR && m->node->base == BASE_U16;
}

/* RPC_UNICODE_STRING and its kin: bytes in use, bytes there are, pointer to UTF-16. */
static bool is_counted_string(const struct type *t)
{
    const struct field *a = t->fields, *b = a ? a->next : NULL, *p = b ? b->next : NULL;
    const struct node *n = p ? p->node : NULL, *to = n && n->kind == ND_POINTER ? n->to : NULL;
    return u16_field(a) && u16_field(b) && to && !p->next && n->pointer == PTR_UNIQUE &&
           to->kind == ND_ARRAY && !to->fixed && to->length && to->size && to->to->kind == ND_SCALAR &&
           (to->to->base == BASE_WCHAR || to->to->base == BASE_U16);
}

/* [MS-DTYP] 2.3.3, by name and shape: what looks like it may be something else. */
static bool is_time(const struct type *t)
{
    const struct field *a = t->fields, *b = a ? a->next : NULL;
    return strcmp(idl_name(t), "FILETIME") == 0 && b && !b->next && a->node && b->node &&
           a->node->kind == ND_SCALAR && b->node->kind == ND_SCALAR && a->node->base == BASE_U32 &&
           b->node->base == BASE_U32;
}

static const char *type_flags(struct info *f, const struct type *t)
{
    struct text flags = { 0 };
    flag(&flags, t->kind == TY_STRUCT && is_counted_string(t), "COUNTED_STRING");
    flag(&flags, t->kind == TY_STRUCT && is_time(t), "TIME");
    flag(&flags, attr_find(t->attrs, "secret") != NULL, "SECRET");
    flag(&flags, t->recursive, "RECURSIVE");
    flag(&flags, t->kind == TY_ENUM && t->v1_enum, "V1_ENUM");
    const char *ret = flags.len ? pool_strndup(&f->e.c->pool, flags.data, flags.len) : "0";
    text_free(&flags);
    return ret;
}

static const char *type_text(struct info *f, const struct type *t)
{
    int n_members = 0, n_values = 0;
    const char *members = "NULL", *values = "NULL", *tag = "NULL";
    const char *word = t->kind == TY_ENUM ? "enum" : t->kind == TY_UNION ? "union" : "struct";
    const char *kind = t->kind == TY_ENUM    ? (t->bitmap ? "BITMAP" : "ENUM")
                       : t->kind == TY_UNION ? "UNION"
                                             : "STRUCT";
    f->e.operation = false;
    f->e.fields = t->kind == TY_STRUCT ? t->fields : NULL;
    f->e.prefix = "s->";
    f->scope = t->cname;
    if (t->kind == TY_ENUM)
        values = values_ref(f, t, &n_values);
    else
        members = members_ref(f, t->fields, t->kind == TY_STRUCT ? t->cname : NULL, false, &n_members);
    if (t->kind == TY_UNION)
        tag = node_ref(f, t->tag);
    return POOL_PRINTF(&f->e, "    { %s, \"%s\", %s, RPC_INFO_%s, %s, sizeof(%s %s), %d, %d, %s, %s, %s },\n",
                       quoted(f, idl_name(t)), t->cname, section_of(f, t->doc), kind, type_flags(f, t), word,
                       t->cname, n_members, n_values, members, values, tag);
}

/* ---- operations and interfaces ---- */

static const char *op_text(struct info *f, const struct decl *d)
{
    int n_params;
    f->e.operation = true;
    f->e.fields = d->params;
    f->scope = d->cname;
    const char *params = members_ref(f, d->params, d->cname, true, &n_params);
    return POOL_PRINTF(&f->e, "    { \"%s\", %s, &%s_op, %d, %d, %s, %s, %s },\n", d->name,
                       section_of(f, d->doc), d->cname, d->opnum, n_params, params, node_ref(f, d->node),
                       d->node ? POOL_PRINTF(&f->e, "offsetof(struct %s, out.result)", d->cname) : "0");
}

static const char *interface_text(struct info *f, const struct decl *i)
{
    struct text ops = { 0 };
    int n = 0;
    for (const struct decl *d = i->body; d; d = d->next)
        if (d->kind == DECL_OPERATION) {
            text_printf(&ops, "%s", op_text(f, d));
            n++;
        }
    if (n)
        text_printf(&f->tables, "static const struct rpc_info_op ops_%s[] = {\n%s};\n", i->name, ops.data);
    text_free(&ops);
    return POOL_PRINTF(&f->e, "    { \"%s\", %s, &%s_interface, %d, %s },\n", i->name, section_of(f, i->doc),
                       i->name, n, n ? POOL_PRINTF(&f->e, "ops_%s", i->name) : "NULL");
}

static void write_array(struct info *f, const char *type, const char *name, const struct text *t)
{
    if (t->len)
        emit_text(&f->e, "\nstatic const struct %s %s[] = {\n%s};\n", type, name, t->data);
}

void emit_info(struct idlc *c, struct text *o)
{
    struct info f = { .e = { .c = c, .o = o, .at = INT_MAX } };
    struct text types = { 0 }, interfaces = { 0 };
    int n_interfaces = 0;
    for (struct type *t = c->defs; t; t = t->next_def)
        if (t->src == c->main && !t->problem)
            (void)type_index(&f, t);
    for (const struct decl *i = next_interface(c->main->decls); i;
         i = next_interface(i->next), n_interfaces++)
        text_printf(&interfaces, "%s", interface_text(&f, i));
    /* the list grows while it is walked */
    for (int i = 0; i < f.n_types; i++)
        text_printf(&types, "%s", type_text(&f, f.types[i]));

    emit_file_start(&f.e, "Descriptions of types and operations");
    emit_text(&f.e, "#include <msrpc/info.h>\n#include %s\n", emit_header_name(&f.e, c->main));
    if (f.functions.len)
        emit_text(&f.e, "%s", f.functions.data);
    /* tables that refer to each other */
    if (f.n_types)
        emit_text(&f.e, "\nstatic const struct rpc_info_type types[%d];\n", f.n_types);
    write_array(&f, "rpc_info_expr", "exprs", &f.exprs);
    if (f.n_nodes)
        emit_text(&f.e, "\nstatic const struct rpc_info_node nodes[%d] = {\n%s};\n\n", f.n_nodes,
                  f.nodes.data);
    if (f.tables.len)
        emit_text(&f.e, "%s", f.tables.data);
    if (f.n_types)
        emit_text(&f.e, "\nstatic const struct rpc_info_type types[%d] = {\n%s};\n", f.n_types, types.data);
    write_array(&f, "rpc_info_interface", "interfaces", &interfaces);
    emit_text(&f.e, "\nconst struct rpc_info_file %s_info = {\n", c->main->prefix);
    emit_text(&f.e, "    RPC_INFO_VERSION, %d, %d, \"%s\", %s, %s,\n};\n", n_interfaces, f.n_types, c->stem,
              n_interfaces ? "interfaces" : "NULL", f.n_types ? "types" : "NULL");
    text_free(&types);
    text_free(&interfaces);
    text_free(&f.nodes);
    text_free(&f.exprs);
    text_free(&f.functions);
    text_free(&f.tables);
}
