// SPDX-License-Identifier: Apache-2.0
#include "idlc/m_emit_pidl.h"

#include <limits.h>
#include <stdio.h>

/* ---- lines ---- */

/* Where to break a line that is too long: after the last ", " or operator that fits, outside of quotes, as
 * far out as possible. The continuation starts under what follows the parenthesis that is open there. */
static size_t break_at(const char *s, size_t max, bool inside, size_t *ret_column)
{
    size_t open[64], depth = 0, best = 0, best_depth = 64;
    bool quoted = false;
    for (size_t i = 0; s[i] && i < max; i++) {
        if (s[i] == '"' && (i == 0 || s[i - 1] != '\\'))
            quoted = !quoted;
        if (quoted)
            continue;
        if (s[i] == '(' && depth < 64)
            open[depth++] = i + 1;
        if (s[i] == ')' && depth)
            depth--;
        if (s[i] == ' ' && i && (depth || inside) && depth <= best_depth && strchr(",;&|", s[i - 1])) {
            best = i + 1;
            best_depth = depth;
            *ret_column = depth ? open[depth - 1] : 0;
        }
    }
    return best;
}

/* Writes a line in pieces; false if one of them is still too long. */
static bool write_wrapped(struct text *o, const char *s, size_t indent)
{
    bool fits = true, inside = indent == 4;
    size_t column = 0;
    while (indent + strlen(s) > EMIT_COLUMNS) {
        size_t next = indent < EMIT_COLUMNS ? break_at(s, EMIT_COLUMNS - indent + 1, inside, &column) : 0;
        if (!next) {
            fits = false;
            break;
        }
        text_printf(o, "%*s%.*s\n", (int)indent, "", (int)next - 1, s);
        s += next;
        indent += column;
        inside = true;
    }
    text_printf(o, "%*s%s\n", *s ? (int)indent : 0, "", s);
    return fits;
}

/* A long assignment breaks after its sign if that makes two lines of it, a long declaration after its type if
 * nothing else helps. */
void emit_line(struct emit *e, const char *fmt, ...)
{
    struct text t = { 0 };
    size_t indent = 4 * (size_t)e->indent, before = e->o->len;
    va_list ap;
    va_start(ap, fmt);
    text_vprintf(&t, fmt, ap);
    va_end(ap);
    if (e->flagged) {
        const char *line = pidl_line(e, t.data);
        t.len = 0;
        text_add(&t, line, strlen(line));
    }
    const char *assign = strstr(t.data, " = "), *paren = strchr(t.data, '(');
    bool assignment = assign && paren && assign < paren;
    if (indent + t.len > EMIT_COLUMNS && assignment && indent + 4 + strlen(assign + 3) <= EMIT_COLUMNS) {
        text_printf(e->o, "%*s%.*s\n%*s%s\n", (int)indent, "", (int)(assign + 2 - t.data), t.data,
                    (int)indent + 4, "", assign + 3);
    } else if (!write_wrapped(e->o, t.data, indent) && !assignment && paren && indent == 0) {
        const char *name = paren;
        while (name > t.data && name[-1] != ' ')
            name--;
        e->o->len = before;
        text_printf(e->o, "%.*s\n", (int)(name - t.data) - 1, t.data);
        if (!write_wrapped(e->o, name, 0)) {
            e->o->len = before;
            text_printf(e->o, "%.*s\n", (int)(paren + 1 - t.data), t.data);
            (void)write_wrapped(e->o, paren + 1, 4);
        }
    }
    text_free(&t);
}

size_t emit_open(struct emit *e)
{
    e->indent++;
    return e->o->len;
}

/* A block of one line goes without braces. */
void emit_close(struct emit *e, size_t start, bool last)
{
    struct text *o = e->o;
    const char *end = strchr(o->data + start, '\n');
    e->indent--;
    if (last && end && end[1] == 0 && start >= 3 && strncmp(o->data + start - 3, " {\n", 3) == 0) {
        memmove(o->data + start - 3, o->data + start - 1, o->len - start + 2);
        o->len -= 2;
    } else if (last) {
        emit_line(e, "}");
    }
}

void emit_text(struct emit *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    text_vprintf(e->o, fmt, ap);
    va_end(ap);
}

/* Lines of a comment keep their own indent below the first. */
void emit_doc(struct emit *e, const char *doc)
{
    while (doc && *doc) {
        size_t len = strcspn(doc, "\r\n");
        text_printf(e->o, "%*s%.*s\n", len ? 4 * e->indent : 0, "", (int)len, doc);
        doc += len;
        doc += *doc == '\r';
        doc += *doc == '\n';
    }
}

const char *emit_header_name(struct emit *e, const struct source *s)
{
    const char *base = strrchr(s->name, '/'), *prefix = s->installed ? "msrpc" : e->c->include_prefix;
    base = base ? base + 1 : s->name;
    int stem = (int)strcspn(base, ".");
    return prefix ? POOL_PRINTF(e, "<%s/%.*s.h>", prefix, stem, base)
                  : POOL_PRINTF(e, "\"%.*s.h\"", stem, base);
}

/* The licence of the results is that of their source, where it says one. */
static void emit_licence(struct emit *e)
{
    const char *text = e->c->main->text, *spdx = text ? strstr(text, "SPDX-License-Identifier:") : NULL;
    if (spdx)
        emit_text(e, "// %.*s\n", (int)strcspn(spdx, "\r\n*"), spdx);
}

void emit_file_start(struct emit *e, const char *what)
{
    const char *base = strrchr(e->c->main->name, '/');
    emit_licence(e);
    emit_text(e, "/* %s. Generated by idlc from %s; changes are lost. */\n", what,
              base ? base + 1 : e->c->main->name);
}

/* ---- declarations ---- */

static const char *declaration(struct emit *e, const struct node *n, const char *name);

static const char *with_star(struct emit *e, const struct node *n, const char *name)
{
    return declaration(e, n, POOL_PRINTF(e, "*%s", name));
}

static const char *with_bound(struct emit *e, uint64_t count, const char *name)
{
    return POOL_PRINTF(e, *name == '*' ? "(%s)[%llu]" : "%s[%llu]", name, (unsigned long long)count);
}

static const char *string_type(const struct node *n)
{
    return n->base == BASE_WCHAR ? "char16_t" : "char";
}

/* Types that have functions by hand: what their values are in C. */
static const char *hand_declaration(struct emit *e, const struct node *n, const char *name)
{
    if (n->type)
        return POOL_PRINTF(e, "%s %s %s", n->type->kind == TY_ENUM ? "enum" : "struct", n->type->cname, name);
    return n->foreign ? POOL_PRINTF(e, "struct %s %s", n->type_name, name)
                      : POOL_PRINTF(e, "const char *%s", name);
}

static const char *pidl_declaration(struct emit *e, const struct node *n, const char *name)
{
    switch (n->kind) {
    case ND_HALVES:
        return POOL_PRINTF(e, "%s %s", base_c_type(n->base), name);
    case ND_BLOB:
        return POOL_PRINTF(e, "struct nt_blob %s", name);
    case ND_TEXT:
        return POOL_PRINTF(e, "const %s *%s", string_type(n), name);
    case ND_TEXTS:
        return POOL_PRINTF(e, "const %s *const *%s", string_type(n), name);
    case ND_INLINE:
        return with_star(e, n->to, name);
    case ND_RELATIVE: /* as any other pointer */
    case ND_POINTER:
        return node_core(n->to)->kind == ND_ARRAY ? with_star(e, node_core(n->to)->to, name)
               : node_merged(n->to)               ? declaration(e, node_core(n->to), name)
                                                  : with_star(e, n->to, name);
    case ND_HAND:
        if (!n->to)
            return hand_declaration(e, n, name);
        return declaration(e, n->to, name);
    default: /* what stands around the type of the field */
        return n->to ? declaration(e, n->to, name) : name;
    }
}

static const char *declaration(struct emit *e, const struct node *n, const char *name)
{
    switch (n->kind) {
    case ND_SCALAR:
        return POOL_PRINTF(e, "%s %s", base_c_type(n->base), name);
    case ND_ENUM:
        return POOL_PRINTF(e, "enum %s %s", n->type->cname, name);
    case ND_STRUCT:
        return POOL_PRINTF(e, "struct %s %s", n->type->cname, name);
    case ND_UNION:
        return POOL_PRINTF(e, "union %s %s", n->type->cname, name);
    case ND_HANDLE:
        return POOL_PRINTF(e, "struct ndr_handle %s", name);
    case ND_IGNORE:
        return POOL_PRINTF(e, "const void *%s", name);
    case ND_PIPE:
        return POOL_PRINTF(e, "struct ndr_pipe %s", name);
    case ND_POINTER:
        if (n->to->kind == ND_ARRAY)
            return with_star(e, n->to->to, name);
        if (n->to->kind == ND_STRING)
            return POOL_PRINTF(e, n->to->fixed ? "%s *%s" : "const %s *%s", string_type(n->to), name);
        return n->to->kind >= ND_HALVES ? pidl_declaration(e, n, name) : with_star(e, n->to, name);
    case ND_ARRAY:
        return n->fixed ? declaration(e, n->to, with_bound(e, n->count, name)) : with_star(e, n->to, name);
    case ND_STRING:
        return n->fixed ? POOL_PRINTF(e, "%s %s", string_type(n), with_bound(e, n->count, name))
                        : POOL_PRINTF(e, "const %s *%s", string_type(n), name);
    default:
        return pidl_declaration(e, n, name);
    }
}

const char *emit_declaration(struct emit *e, const struct node *n, const char *name)
{
    return declaration(e, n, name);
}

/* ---- expressions ---- */

static const struct field *field_named(const struct emit *e, const char *name)
{
    for (const struct field *f = e->fields; f; f = f->next)
        if (f->name && !f->skip && strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

static const char *field_text(struct emit *e, const struct field *f)
{
    if (!e->operation)
        return POOL_PRINTF(e, "%s%s", e->prefix, f->cname);
    bool out = f->out && (e->out || !f->in);
    return POOL_PRINTF(e, "r->%s.%s", out ? "out" : "in", f->cname);
}

static const char *number_text(struct emit *e, const struct expr *x)
{
    const char *suffix = x->value > UINT32_MAX ? "ULL" : x->is_unsigned || x->value > INT32_MAX ? "U" : "";
    return POOL_PRINTF(e, x->is_hex ? "0x%llX%s" : "%llu%s", (unsigned long long)x->value, suffix);
}

static const char *name_text(struct emit *e, const struct expr *x)
{
    const struct field *f = field_named(e, x->text);
    const char *sent = f && e->pushing && f->node ? pidl_value_of(e, f->node) : NULL;
    if (f)
        return sent ? sent : field_text(e, f);
    int64_t value = 0;
    (void)const_eval(e->c, x, &value);
    return POOL_PRINTF(e, "%lld", (long long)value);
}

/* *p: the value itself where the parameter is embedded; a null pointer counts as 0. */
static const char *deref_text(struct emit *e, const struct expr *x)
{
    const struct field *f = field_named(e, x->text);
    const char *name = name_text(e, x);
    if (f && f->node && f->node->kind == ND_POINTER)
        return POOL_PRINTF(e, "(%s ? *%s : 0)", name, name);
    return name;
}

static const char *operand(struct emit *e, const struct expr *x)
{
    bool group = x->kind == EX_BINARY || x->kind == EX_COND;
    return POOL_PRINTF(e, group ? "(%s)" : "%s", emit_expr(e, x));
}

/* The scalar field that x names, by itself or behind a pointer. */
static const struct node *scalar_named(const struct emit *e, const struct expr *x)
{
    const struct expr *name = x->kind == EX_UNARY && *x->op == '*' ? x->a : x;
    const struct field *f = name->kind == EX_NAME ? field_named(e, name->text) : NULL;
    const struct node *n = f ? f->node : NULL;
    while (n && (n->kind == ND_FLAGS || n->kind == ND_VALUE))
        n = n->to;
    if (n && n->kind == ND_POINTER && name != x)
        n = n->to;
    return n && n->kind == ND_SCALAR ? n : NULL;
}

/* A field in sums and products: what a peer sends must not overflow an int. */
static const char *term(struct emit *e, const struct expr *x, const char *op)
{
    const struct node *n = scalar_named(e, x);
    bool sum = strchr("+-*", *op) || strcmp(op, "<<") == 0;
    bool narrow = n && base_width(n->base) <= 4 && n->base != BASE_U32 && n->base != BASE_FLOAT &&
                  n->base != BASE_I3264 && n->base != BASE_U3264;
    if (e->wide && n && strchr("+*", *op) && !base_signed(n->base))
        return POOL_PRINTF(e, "(size_t)%s", operand(e, x));
    return POOL_PRINTF(e, sum && narrow ? "(uint32_t)%s" : "%s", operand(e, x));
}

const char *emit_expr(struct emit *e, const struct expr *x)
{
    int64_t value = 0;
    switch (x->kind) {
    case EX_NUMBER:
        return number_text(e, x);
    case EX_NAME:
        return name_text(e, x);
    case EX_SIZEOF:
        (void)const_eval(e->c, x, &value);
        return POOL_PRINTF(e, "%lld", (long long)value);
    case EX_UNARY:
        if (*x->op == '*')
            return deref_text(e, x->a);
        if (*x->op == '~' && x->a->kind == EX_NUMBER) /* as wide as what it is applied to may be */
            return POOL_PRINTF(e, "~(size_t)%s", number_text(e, x->a));
        return POOL_PRINTF(e, "%s%s", x->op, term(e, x->a, x->op));
    case EX_BINARY:
        return POOL_PRINTF(e, "%s %s %s", term(e, x->a, x->op), x->op, term(e, x->b, x->op));
    case EX_COND:
        return POOL_PRINTF(e, "%s ? %s : %s", operand(e, x->a), operand(e, x->b), operand(e, x->c));
    case EX_CALL:
    case EX_MEMBER:
    case EX_HOOK: {
        const char *text = pidl_text(e, x, false);
        return text ? text : "0";
    }
    default:
        return "0";
    }
}

static bool names_fields(const struct emit *e, const struct expr *x)
{
    return x && ((x->kind == EX_NAME && field_named(e, x->text)) || x->kind == EX_HOOK || pidl_expr(x) ||
                 names_fields(e, x->a) || names_fields(e, x->b) || names_fields(e, x->c));
}

/* Sums and products of fields that term() makes 32 bits wide and unsigned. */
static bool unsigned_sum(const struct emit *e, const struct expr *x)
{
    if (x->kind == EX_BINARY && strchr("+-*", *x->op))
        return (unsigned_sum(e, x->a) && (x->b->kind == EX_NUMBER || unsigned_sum(e, x->b))) ||
               (x->a->kind == EX_NUMBER && unsigned_sum(e, x->b));
    const struct node *n = x->kind == EX_NAME ? scalar_named(e, x) : NULL;
    return n && base_width(n->base) <= 4 && n->base != BASE_FLOAT && n->base != BASE_I3264 &&
           n->base != BASE_U3264;
}

static bool has_op(const struct expr *x, char op)
{
    return x && ((x->kind == EX_BINARY && *x->op == op) || has_op(x->a, op) || has_op(x->b, op));
}

/* n + 1 of a peer's 0xffffffff is no 0: what is only added and multiplied is so in 64 bits. A difference
 * stays 32 bits wide, for one below nothing must not be NDR_ANY; products of many can come to that. */
static const char *sum_count(struct emit *e, const struct expr *x, int plus)
{
    e->wide = !has_op(x, '-');
    const char *text = emit_expr(e, x);
    bool any = e->wide && has_op(x, '*');
    e->wide = false;
    text = plus ? POOL_PRINTF(e, "(%s) + 1", text) : text;
    return any ? POOL_PRINTF(e, "ndr_count(%s)", text) : text;
}

static const char *signed_count(struct emit *e, const char *text, unsigned bits, int plus)
{
    const char *count = POOL_PRINTF(e, "(uint%u_t)%s", bits, text);
    if (!plus)
        return count;
    return bits < 32 ? POOL_PRINTF(e, "(uint%u_t)(%s + 1)", bits, count) : POOL_PRINTF(e, "%s + 1", count);
}

/* It may come to -1, or to 2^64 - 1. */
static bool may_be_any(const struct emit *e, const struct expr *x)
{
    const struct node *n = x ? scalar_named(e, x) : NULL;
    if (n)
        return base_signed(n->base) || base_width(n->base) > 4 || n->base == BASE_U3264;
    return x && (may_be_any(e, x->a) || may_be_any(e, x->b) || may_be_any(e, x->c));
}

/* An unsigned field of at most 32 bits needs no cast. A negative number is a count above all others: never
 * NDR_ANY, and one more than -1 is none. */
const char *emit_count(struct emit *e, const struct expr *x, int plus)
{
    int64_t value = 0;
    if (!names_fields(e, x)) {
        (void)const_eval(e->c, x, &value);
        return POOL_PRINTF(e, "%llu", (unsigned long long)value + (unsigned)plus);
    }
    const struct node *n = scalar_named(e, x);
    bool narrow = n && base_width(n->base) <= 4 && n->base != BASE_U3264 && n->base != BASE_I3264;
    const char *text = emit_expr(e, x);
    if (narrow && base_signed(n->base))
        return signed_count(e, text, 8 * base_width(n->base), plus);
    if (narrow && *text != '(')
        return POOL_PRINTF(e, plus ? "%s + (size_t)1" : "%s", text);
    if (x->kind == EX_BINARY && unsigned_sum(e, x))
        return sum_count(e, x, plus);
    if (may_be_any(e, x))
        return POOL_PRINTF(e, plus ? "ndr_count((uint64_t)(%s) + 1)" : "ndr_count((uint64_t)(%s))", text);
    if (plus)
        return POOL_PRINTF(e, "(size_t)(%s + 1)", operand(e, x));
    return POOL_PRINTF(e, x->kind == EX_NAME || x->kind == EX_HOOK ? "(size_t)%s" : "(size_t)(%s)", text);
}

bool expr_ready(const struct emit *e, const struct expr *x)
{
    if (!x)
        return true;
    if (x->kind == EX_NAME) {
        const struct field *f = field_named(e, x->text);
        return !f || (e->operation && e->out && !f->out) || f->index < e->at;
    }
    for (const struct attr_arg *a = x->args; a; a = a->next)
        if (!expr_ready(e, a->expr))
            return false;
    return expr_ready(e, x->a) && expr_ready(e, x->b) && expr_ready(e, x->c);
}

void expr_write(struct text *t, const struct expr *x)
{
    switch (x->kind) {
    case EX_NUMBER:
        text_printf(t, x->is_hex ? "0x%llx" : "%llu", (unsigned long long)x->value);
        break;
    case EX_NAME:
        text_printf(t, "%s", x->text);
        break;
    case EX_UNARY:
        text_printf(t, "%s", x->op);
        expr_write(t, x->a);
        break;
    case EX_BINARY:
        expr_write(t, x->a);
        text_printf(t, " %s ", x->op);
        expr_write(t, x->b);
        break;
    case EX_COND:
        expr_write(t, x->a);
        text_printf(t, " ? ");
        expr_write(t, x->b);
        text_printf(t, " : ");
        expr_write(t, x->c);
        break;
    case EX_MEMBER:
        expr_write(t, x->a);
        text_printf(t, "%s%s", *x->op == '.' ? "." : "->", x->text);
        break;
    case EX_CALL:
        text_printf(t, "%s(", x->text);
        for (const struct attr_arg *a = x->args; a; a = a->next) {
            expr_write(t, a->expr);
            text_printf(t, a->next ? ", " : "");
        }
        text_printf(t, ")");
        break;
    case EX_HOOK:
        text_printf(t, "%s()", x->text);
        break;
    case EX_STRING:
        text_printf(t, "\"%s\"", x->text);
        break;
    default:
        text_printf(t, "...");
    }
}
