// SPDX-License-Identifier: Apache-2.0
/* Pushes and pulls of what only pidl has, and prototypes of the functions that it leaves to people. */
#include "idlc/m_emit_pidl.h"
#include "idlc/m_lower.h"

#include <ctype.h>

/* ---- flags ---- */

static const char *flags_text(struct emit *e, uint32_t flags, const struct expr *dynamic)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } names[] = {
        { NDR_F_NOALIGN, "NDR_F_NOALIGN" },
        { NDR_F_ALIGN2, "NDR_F_ALIGN2" },
        { NDR_F_ALIGN4, "NDR_F_ALIGN4" },
        { NDR_F_ALIGN8, "NDR_F_ALIGN8" },
        { NDR_F_REMAINING, "NDR_F_REMAINING" },
        { NDR_F_BIG_ENDIAN, "NDR_F_BIG_ENDIAN" },
        { NDR_F_LITTLE_ENDIAN, "NDR_F_LITTLE_ENDIAN" },
        { NDR_F_RELATIVE_REVERSE, "NDR_F_RELATIVE_REVERSE" },
        { NDR_F_NO_RELATIVE_REVERSE, "NDR_F_NO_RELATIVE_REVERSE" },
        { NDR_F_NO_UNREAD_BYTES, "NDR_F_NO_UNREAD_BYTES" },
        { NDR_F_STR_ASCII, "NDR_F_STR_ASCII" },
        { NDR_F_STR_UTF8, "NDR_F_STR_UTF8" },
        { NDR_F_STR_RAW8, "NDR_F_STR_RAW8" },
        { NDR_F_STR_LEN4, "NDR_F_STR_LEN4" },
        { NDR_F_STR_SIZE4, "NDR_F_STR_SIZE4" },
        { NDR_F_STR_SIZE2, "NDR_F_STR_SIZE2" },
        { NDR_F_STR_NOTERM, "NDR_F_STR_NOTERM" },
        { NDR_F_STR_NULLTERM, "NDR_F_STR_NULLTERM" },
        { NDR_F_STR_BYTESIZE, "NDR_F_STR_BYTESIZE" },
    };
    const char *text = dynamic ? emit_expr(e, dynamic) : NULL;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (flags & names[i].bit)
            text = text ? POOL_PRINTF(e, "%s | %s", text, names[i].name) : names[i].name;
    return text ? text : "0";
}

static void begin_flags(struct emit *e, bool push, uint32_t flags, const struct expr *dynamic)
{
    if (flags || dynamic)
        emit_line(e, "ndr_%s_flags(n, %s);", push ? "push" : "pull", flags_text(e, flags, dynamic));
}

static void end_flags(struct emit *e, bool push, uint32_t flags, const struct expr *dynamic)
{
    if (flags || dynamic)
        emit_line(e, "ndr_%s_flags_end(n);", push ? "push" : "pull");
}

void pidl_begin_type(struct emit *e, const struct type *t, bool push)
{
    if (t->pidl)
        begin_flags(e, push, t->pidl->flags, t->pidl->flags_expr);
}

void pidl_end_type(struct emit *e, const struct type *t, bool push)
{
    if (t->pidl)
        end_flags(e, push, t->pidl->flags, t->pidl->flags_expr);
}

void pidl_begin_base(struct emit *e, const struct type *t, bool push)
{
    if (t->pidl && t->pidl->relative_base)
        emit_line(e, "ndr_%s_base(n);", push ? "push" : "pull");
}

void pidl_end_base(struct emit *e, const struct type *t, bool push)
{
    if (t->pidl && t->pidl->relative_base)
        emit_line(e, "ndr_%s_base_end(n);", push ? "push" : "pull");
}

bool pidl_by_hand(const struct type *t, bool push)
{
    return t->pidl && (push ? t->pidl->hand_push : t->pidl->hand_pull);
}

bool pidl_own_functions(const struct type *t)
{
    return t->pidl && (t->pidl->flags || t->pidl->flags_expr || t->pidl->relative_base ||
                       t->pidl->hand_push || t->pidl->hand_pull);
}

bool pidl_flagged(const struct type *t)
{
    for (const struct field *f = t->fields; f; f = f->next)
        if (f->node && pidl_flags_below(f->node))
            return true;
    return t->pidl && t->pidl->flagged;
}

bool pidl_flagged_params(const struct decl *d)
{
    for (const struct field *f = d->params; f; f = f->next)
        if (f->node && pidl_flags_below(f->node))
            return true;
    return false;
}

/* ---- ndr_push_u32 below flags is ndrf_push_u32 ---- */

static bool has_flagged_form(const char *name, size_t len)
{
    static const char *const names[] = {
        "u8",
        "u16",
        "u32",
        "u64",
        "u3264",
        "i3264",
        "enum",
        "float",
        "double",
        "align",
        "end",
        "tag",
        "peek_tag",
        "unique",
        "ref",
        "size",
        "length",
        "elements",
        "lend",
        "varying",
        "conformant",
        "counted",
        "guid",
        "handle",
        "wstring",
        "string",
        "wstring_opt",
        "string_opt",
        "unique_wstring",
        "unique_string",
        "conformant_varying",
        "array_conformant",
        "array_varying",
        "array_conformant_varying",
        NULL,
    };
    for (const char *const *n = names; *n; n++)
        if (strlen(*n) == len && strncmp(*n, name, len) == 0)
            return true;
    return false;
}

const char *pidl_line(struct emit *e, const char *line)
{
    struct text t = { 0 };
    for (const char *s = line; *s;) {
        size_t len = 0;
        if (strncmp(s, "ndr_push_", 9) == 0 || strncmp(s, "ndr_pull_", 9) == 0)
            while (isalnum((unsigned char)s[9 + len]) || s[9 + len] == '_')
                len++;
        if (len && s[9 + len] == '(' && has_flagged_form(s + 9, len)) {
            text_printf(&t, "ndrf_%.*s", (int)(5 + len), s + 4);
            s += 9 + len;
        } else {
            text_add(&t, s++, 1);
        }
    }
    const char *result = pool_strndup(&e->c->pool, t.data ? t.data : "", t.len);
    text_free(&t);
    return result;
}

/* ---- values ---- */

#define MAX_VALUES 4 /* value(length) of a member with value(...), and so on; then the member itself */

static const char *padded_literal(struct emit *e, const char *s, const struct node *array)
{
    size_t width = base_width(array->to->base), count = array->fixed ? (size_t)array->count : 0;
    struct text t = { 0 };
    text_printf(&t, width == 2 ? "u\"%s" : "\"%s", s);
    for (size_t len = strlen(s); len + 1 < count; len++)
        text_printf(&t, "\\0");
    text_printf(&t, "\"");
    const char *result = pool_strndup(&e->c->pool, t.data, t.len);
    text_free(&t);
    return result;
}

/* What is sent in place of the field, as an lvalue would be written. */
static const char *value_text(struct emit *e, const struct node *n, const char *field)
{
    const struct node *core = node_core(n->to);
    const struct expr *x = n->value;
    if (!x)
        return field;
    const struct node *at =
        core->kind == ND_POINTER || core->kind == ND_RELATIVE ? node_core(core->to) : core;
    if (x->kind == EX_STRING) {
        bool array = at->kind == ND_ARRAY || at->kind == ND_INLINE;
        return array ? padded_literal(e, x->text, at)
                     : POOL_PRINTF(e, at->base == BASE_WCHAR ? "u\"%s\"" : "\"%s\"", x->text);
    }
    if (core != at)
        return "NULL";
    const char *text = pidl_text(e, x, true);
    if (!text || x->kind == EX_HOOK || x->kind == EX_NUMBER)
        return text ? text : "0";
    bool group = x->kind != EX_CALL && x->kind != EX_NAME;
    if (core->kind == ND_ENUM)
        return POOL_PRINTF(e, group ? "(enum %s)(%s)" : "(enum %s)%s", core->type->cname, text);
    const char *type = core->kind == ND_SCALAR || core->kind == ND_HALVES ? base_c_type(core->base) : NULL;
    return type ? POOL_PRINTF(e, group ? "(%s)(%s)" : "(%s)%s", type, text) : text;
}

const char *pidl_value_of(struct emit *e, const struct node *n)
{
    while (n->kind == ND_FLAGS)
        n = n->to;
    const struct node *core = node_core(n);
    if (n->kind != ND_VALUE || !n->value || e->values == MAX_VALUES ||
        (core->kind != ND_SCALAR && core->kind != ND_ENUM && core->kind != ND_HALVES))
        return NULL;
    e->values++;
    const char *text = value_text(e, n, NULL);
    e->values--;
    return text;
}

static bool sends_null(const struct node *n)
{
    const struct node *core = node_core(n);
    return n->kind == ND_VALUE && n->value && n->value->kind != EX_STRING &&
           (core->kind == ND_POINTER || core->kind == ND_RELATIVE);
}

/* ---- push ---- */

static const char *key_of(struct emit *e, struct place p)
{
    return strcmp(p.text, "NULL") == 0 ? "NULL" : address(e, p.text);
}

static void push_text_node(struct emit *e, const struct node *n, struct place p)
{
    const char *eight = n->base == BASE_CHAR ? "8" : "";
    emit_line(e, "ndr_push_%s%s(n, %s);", n->kind == ND_TEXT ? "text" : "texts", eight, p.text);
}

static void push_inline(struct emit *e, const struct node *n, struct place p)
{
    unsigned width = bulk_width(n->to);
    const char *count = emit_count(e, n->size, 0);
    if (strcmp(count, "0") == 0)
        return; /* value(0) */
    if (width && bulk_count(n->to) == 1) {
        emit_line(e, "ndr_push_elements(n, %s, %s, %u);", p.text, count, width);
        return;
    }
    size_t body = loop_start(e, p, count, POOL_PRINTF(e, " && ndr_push_not_null(n, %s)", p.text));
    push_fixed(e, n->to, element_of(e, p), false);
    emit_close(e, body, true);
}

static const char *chars_count(struct emit *e, const struct node *n)
{
    return n->to->fixed ? POOL_PRINTF(e, "%llu", (unsigned long long)n->to->count)
                        : emit_count(e, n->to->size, 0);
}

static const char *stream_args(struct emit *e, const struct node *n)
{
    const char *size = n->size ? emit_count(e, n->size, 0) : "NDR_ANY";
    return n->count == NDR_SUBCONTEXT_SERIALIZED ? POOL_PRINTF(e, "NDR_SUBCONTEXT_SERIALIZED, %s", size)
                                                 : POOL_PRINTF(e, "%u, %s", (unsigned)n->count, size);
}

static void push_hand(struct emit *e, const struct node *n, struct place p)
{
    if (n->to)
        emit_line(e, "%s_push(n, %s);", n->type_name, pidl_self(e));
    else
        emit_line(e, "%s_push(n, %s);", n->type_name, pidl_by_address(n) ? address(e, p.text) : p.text);
}

void pidl_push_fixed(struct emit *e, const struct node *n, struct place p)
{
    switch (n->kind) {
    case ND_HALVES:
        emit_line(e, "ndr_push_%s(n, %s%s);", n->base == BASE_UDLONGR ? "udlongr" : "udlong",
                  n->base == BASE_DLONG ? "(uint64_t)" : "", p.text);
        break;
    case ND_BLOB:
        emit_line(e, "ndr_push_blob(n, %s);", p.text);
        break;
    case ND_TEXT:
    case ND_TEXTS:
        push_text_node(e, n, p);
        break;
    case ND_HAND:
        push_hand(e, n, p);
        break;
    case ND_INLINE:
        push_inline(e, n, p);
        break;
    case ND_CHARS:
        emit_line(e, "ndr_push_wchars(n, %s, %s);", p.text, chars_count(e, n));
        break;
    case ND_RELATIVE:
        emit_line(e, "ndr_push_relative%s(n, %s, %s);", n->count == 2 ? "_short" : "", key_of(e, p), p.text);
        break;
    case ND_SUBCONTEXT:
        emit_line(e, "ndr_push_subcontext(n, %s);", stream_args(e, n));
        push_fixed(e, n->to, p, false);
        push_deferred(e, n->to, p);
        emit_line(e, "ndr_push_subcontext_end(n);");
        break;
    case ND_FLAGS:
        begin_flags(e, true, n->flags, n->value);
        push_fixed(e, n->to, p, false);
        end_flags(e, true, n->flags, n->value);
        break;
    case ND_VALUE:
        p.text = value_text(e, n, p.text);
        push_fixed(e, n->to, p, false);
        break;
    default:
        break;
    }
}

void pidl_push_deferred(struct emit *e, const struct node *n, struct place p)
{
    size_t body;
    switch (n->kind) {
    case ND_RELATIVE:
        emit_line(e, "if (ndr_push_relative_start(n, %s, %s)) {", key_of(e, p), p.text);
        body = emit_open(e);
        push_pointee(e, n->to, p);
        emit_line(e, "ndr_push_relative_end(n);");
        emit_close(e, body, true);
        break;
    case ND_FLAGS:
        begin_flags(e, true, n->flags, n->value);
        push_deferred(e, n->to, p);
        end_flags(e, true, n->flags, n->value);
        break;
    case ND_VALUE:
        if (sends_null(n))
            break;
        p.text = value_text(e, n, p.text);
        push_deferred(e, n->to, p);
        break;
    case ND_INLINE:
        if (strcmp(emit_count(e, n->size, 0), "0") == 0)
            break;
        body = loop_start(e, p, emit_count(e, n->size, 0),
                          POOL_PRINTF(e, " && ndr_push_not_null(n, %s)", p.text));
        push_deferred(e, n->to, element_of(e, p));
        emit_close(e, body, true);
        break;
    default:
        break;
    }
}

/* ---- pull ---- */

static void need_ready(struct emit *e, const struct node *n, const struct expr *x)
{
    if (!expr_ready(e, x))
        diag_error(e->c, n->loc, "this needs a number that comes after it");
}

static void pull_text_node(struct emit *e, const struct node *n, struct place p)
{
    const char *eight = n->base == BASE_CHAR ? "8" : "";
    emit_line(e, "%s = ndr_pull_%s%s(n);", p.text, n->kind == ND_TEXT ? "text" : "texts", eight);
}

static void pull_inline(struct emit *e, const struct node *n, struct place p)
{
    unsigned width = bulk_width(n->to);
    const char *count = emit_count(e, n->size, 0), *var = helper(e, p, "count");
    need_ready(e, n, n->size);
    if (width && bulk_count(n->to) == 1) {
        emit_line(e, "%s = ndr_pull_lend(n, %s, %u);", p.text, count, width);
        return;
    }
    emit_line(e, "size_t %s = %s;", var, count);
    emit_line(e, "%s = ndr_pull_array(n, &%s, sizeof(*%s), %zu);", p.text, var, p.text, node_wire_min(n->to));
    size_t body = loop_start(e, p, var, "");
    pull_fixed(e, n->to, element_of(e, p), NULL);
    emit_close(e, body, true);
}

static void pull_hand(struct emit *e, const struct node *n, struct place p)
{
    if (n->to)
        emit_line(e, "%s_pull(n, %s);", n->type_name, pidl_self(e));
    else if (pidl_by_address(n))
        emit_line(e, "%s_pull(n, %s);", n->type_name, address(e, p.text));
    else
        emit_line(e, "%s = %s_pull(n);", p.text, n->type_name);
}

void pidl_pull_fixed(struct emit *e, const struct node *n, struct place p)
{
    switch (n->kind) {
    case ND_HALVES:
        emit_line(e, "%s = %sndr_pull_%s(n);", p.text, n->base == BASE_DLONG ? "(int64_t)" : "",
                  n->base == BASE_UDLONGR ? "udlongr" : "udlong");
        break;
    case ND_BLOB:
        emit_line(e, "%s = ndr_pull_blob(n);", p.text);
        break;
    case ND_TEXT:
    case ND_TEXTS:
        pull_text_node(e, n, p);
        break;
    case ND_HAND:
        pull_hand(e, n, p);
        break;
    case ND_INLINE:
        pull_inline(e, n, p);
        break;
    case ND_CHARS:
        need_ready(e, n, n->to->size);
        if (n->to->fixed)
            emit_line(e, "ndr_pull_wchars_to(n, %s, %s);", p.text, chars_count(e, n));
        else
            emit_line(e, "%s = ndr_pull_wchars(n, %s);", p.text, chars_count(e, n));
        break;
    case ND_RELATIVE:
        emit_line(e, "%s = ndr_pull_relative%s(n, %s);", p.text, n->count == 2 ? "_short" : "",
                  pointee_size(e, n->to, p));
        break;
    case ND_SUBCONTEXT:
        need_ready(e, n, n->size);
        emit_line(e, "ndr_pull_subcontext(n, %s);", stream_args(e, n));
        pull_param(e, n->to, p);
        emit_line(e, "ndr_pull_subcontext_end(n);");
        break;
    case ND_FLAGS:
        need_ready(e, n, n->value);
        begin_flags(e, false, n->flags, n->value);
        pull_fixed(e, n->to, p, NULL);
        end_flags(e, false, n->flags, n->value);
        break;
    case ND_VALUE:
        pull_fixed(e, n->to, p, NULL);
        break;
    default:
        break;
    }
}

void pidl_pull_deferred(struct emit *e, const struct node *n, struct place p)
{
    size_t body;
    switch (n->kind) {
    case ND_RELATIVE:
        emit_line(e, "if (ndr_pull_relative_start(n, %s)) {", p.text);
        body = emit_open(e);
        pull_pointee(e, n->to, p);
        emit_line(e, "ndr_pull_relative_end(n);");
        emit_close(e, body, true);
        break;
    case ND_FLAGS:
        begin_flags(e, false, n->flags, n->value);
        pull_deferred(e, n->to, p, NULL);
        end_flags(e, false, n->flags, n->value);
        break;
    case ND_VALUE:
        pull_deferred(e, n->to, p, NULL);
        break;
    case ND_INLINE:
        body = loop_start(e, p, emit_count(e, n->size, 0), " && ndr_pull_ok(n)");
        pull_deferred(e, n->to, element_of(e, p), NULL);
        emit_close(e, body, true);
        break;
    default:
        break;
    }
}

/* ---- functions ---- */

bool pidl_by_address(const struct node *n)
{
    return n->type ? n->type->kind == TY_STRUCT : n->foreign;
}

void pidl_empty(struct emit *e, const struct type *t)
{
    for (int push = 1; push >= 0; push--) {
        if (pidl_by_hand(t, push))
            continue;
        emit_text(e, "\n");
        emit_line(e, "static void %s_%s(struct ndr_%s *n, %sstruct %s *s)", t->cname, push ? "push" : "pull",
                  push ? "push" : "pull", push ? "const " : "", t->cname);
        emit_text(e, "{\n    (void)n;\n    (void)s;\n}\n");
    }
}

void pidl_measure(struct emit *e, const struct type *t, bool prototype)
{
    bool is_union = t->kind == TY_UNION;
    const char *tag = is_union ? POOL_PRINTF(e, ", %s tag", tag_type(t)) : "";
    if (!t->pidl || !t->pidl->measured)
        return;
    emit_text(e, prototype ? "" : "\n");
    emit_line(e, "static size_t %s_measure(struct ndr_push *n, const %s %s *%s%s)%s", t->cname,
              is_union ? "union" : "struct", t->cname, is_union ? "u" : "s", tag, prototype ? ";" : "");
    if (prototype)
        return;
    emit_text(e, "{\n");
    e->indent = 1;
    emit_line(e, "if (!%s || !ndr_push_measure(n, %s))", is_union ? "u" : "s", is_union ? "u" : "s");
    emit_line(e, "    return 0;");
    emit_line(e, "%s_push(n, %s);", t->cname, is_union ? "u, tag" : "s");
    if (t->deferred)
        emit_line(e, "%s_push_deferred(n, %s);", t->cname, is_union ? "u, tag" : "s");
    emit_line(e, "return ndr_push_measure_end(n);");
    e->indent = 0;
    emit_text(e, "}\n");
}

static void hand_prototypes(struct emit *e, const struct type *t)
{
    bool is_union = t->kind == TY_UNION;
    const char *tag = is_union ? POOL_PRINTF(e, ", %s tag", tag_type(t)) : "";
    for (int push = 1; push >= 0; push--) {
        if (!t->pidl || !(push ? t->pidl->hand_push : t->pidl->hand_pull))
            continue;
        for (int deferred = 0; deferred <= t->deferred; deferred++)
            emit_line(e, "void %s_%s%s(struct ndr_%s *n, %s%s %s *%s%s);", t->cname, push ? "push" : "pull",
                      deferred ? "_deferred" : "", push ? "push" : "pull", push ? "const " : "",
                      is_union ? "union" : "struct", t->cname, is_union ? "u" : "s", tag);
    }
}

static void foreign_prototypes(struct emit *e, const struct node *n, struct symbol **seen, const char *self)
{
    for (; n; n = n->to) {
        if (n->kind != ND_HAND || symbol_find(seen, n->type_name))
            continue;
        symbol_add(e->c, seen, n->type_name);
        const char *name = n->type_name;
        const char *value = emit_declaration(e, n, "v");
        if (n->to) {
            emit_line(e, "void %s_push(struct ndr_push *n, const struct %s *r);", name, self);
            emit_line(e, "void %s_pull(struct ndr_pull *n, struct %s *r);", name, self);
        } else if (pidl_by_address(n)) {
            value = emit_declaration(e, n, "*v");
            emit_line(e, "void %s_push(struct ndr_push *n, const %s);", name, value);
            emit_line(e, "void %s_pull(struct ndr_pull *n, %s);", name, value);
        } else {
            emit_line(e, "void %s_push(struct ndr_push *n, %s);", name, value);
            emit_line(e, "%s;", emit_declaration(e, n, POOL_PRINTF(e, "%s_pull(struct ndr_pull *n)", name)));
        }
    }
}

void pidl_prototypes(struct emit *e)
{
    struct symbol **seen = pool_alloc(&e->c->pool, SYMBOL_BUCKETS * sizeof(*seen));
    size_t start = e->o->len;
    emit_text(e, "\n/* To be written by hand. */\n");
    size_t first = e->o->len;
    for (const struct hook *h = e->c->hooks; h; h = h->next) {
        emit_line(e, "/* %s */", h->text);
        emit_line(e, "%s%s%s(const %s %s *r);", h->result, h->result[strlen(h->result) - 1] == '*' ? "" : " ",
                  h->name, h->owner && h->owner->kind == TY_UNION ? "union" : "struct",
                  h->owner ? h->owner->cname : h->op->cname);
    }
    for (const struct type *t = e->c->defs; t; t = t->next_def) {
        if (!t->reached || t->kind == TY_ENUM)
            continue;
        hand_prototypes(e, t);
        for (const struct field *f = t->fields; f; f = f->next)
            foreign_prototypes(e, f->node, seen, t->cname);
    }
    for (const struct decl *i = next_interface(e->c->main->decls); i; i = next_interface(i->next))
        for (const struct decl *d = i->body; d; d = d->next)
            for (const struct field *f = is_operation(d) ? d->params : NULL; f; f = f->next)
                foreign_prototypes(e, f->node, seen, d->cname);
    if (e->o->len == first)
        e->o->len = start;
}
