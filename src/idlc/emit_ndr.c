// SPDX-License-Identifier: Apache-2.0
/*
 * NAME_ndr.c: functions that push and pull each type and operation, and the tables. Each construct has two
 * passes: the fixed part, then what its embedded pointers stand at ([C706] 14.3.12.3).
 */
#include "idlc/m_emit_pidl.h"

#include <ctype.h>
#include <limits.h>

const char *address(struct emit *e, const char *text)
{
    return *text == '*' ? text + 1 : POOL_PRINTF(e, "&%s", text);
}

static struct place pointee_of(struct emit *e, struct place p)
{
    return (struct place){ POOL_PRINTF(e, "*%s", p.text), p.name, p.depth + 1 };
}

static const char *loop_var(int depth)
{
    static const char *const names[] = { "i", "j", "k", "l" };
    return depth < 4 ? names[depth] : "m";
}

struct place element_of(struct emit *e, struct place p)
{
    const char *text = POOL_PRINTF(e, *p.text == '*' ? "(%s)[%s]" : "%s[%s]", p.text, loop_var(p.depth));
    return (struct place){ text, p.name, p.depth + 1 };
}

const char *helper(struct emit *e, struct place p, const char *what)
{
    return p.depth ? POOL_PRINTF(e, "%s_%s%d", p.name, what, p.depth + 1)
                   : POOL_PRINTF(e, "%s_%s", p.name, what);
}

/* Width of elements that go in one piece; 0: one by one. */
unsigned bulk_width(const struct node *n)
{
    if (n->kind == ND_ENUM)
        return n->type->v1_enum ? 4 : 0; /* in C all are 32 bits wide, whatever enum8bit says */
    if (n->kind == ND_ARRAY && n->fixed && !n->varying && !n->dims)
        return bulk_width(n->to);
    if (n->kind != ND_SCALAR || n->ranged || n->base == BASE_I3264 || n->base == BASE_U3264 ||
        n->base == BASE_GUID || n->base == BASE_SID)
        return 0;
    return base_width(n->base);
}

uint64_t bulk_count(const struct node *n)
{
    return n->kind == ND_ARRAY ? n->count * bulk_count(n->to) : 1;
}

static const char *align_name(unsigned align)
{
    switch (align) {
    case ALIGN_1:
        return "NDR_1";
    case ALIGN_2:
        return "NDR_2";
    case ALIGN_ENUM:
        return "NDR_ENUM";
    case ALIGN_4:
        return "NDR_4";
    case ALIGN_PTR:
        return "NDR_PTR";
    default:
        return "NDR_8";
    }
}

static const char *tag_name(const struct type *t)
{
    static const char *const names[] = {
        [TAG_8] = "NDR_TAG_8",   [TAG_16] = "NDR_TAG_16",   [TAG_ENUM] = "NDR_TAG_ENUM",
        [TAG_32] = "NDR_TAG_32", [TAG_PTR] = "NDR_TAG_PTR", [TAG_64] = "NDR_TAG_64"
    };
    return names[t->tag_kind_ndr];
}

const char *tag_type(const struct type *t)
{
    return t->tag_kind_ndr == TAG_64 || t->tag_kind_ndr == TAG_PTR ? "uint64_t" : "uint32_t";
}

/* The value of switch_is as an argument: a cast where the field is signed. */
static const char *tag_value(struct emit *e, const struct node *n)
{
    const char *text = emit_expr(e, n->switch_is);
    const struct expr *x = n->switch_is->kind == EX_UNARY ? n->switch_is->a : n->switch_is;
    for (const struct field *f = e->fields; x && x->kind == EX_NAME && f; f = f->next)
        if (f->name && f->node && strcmp(f->name, x->text) == 0)
            if ((f->node->kind == ND_SCALAR && !base_signed(f->node->base) &&
                 (!n->type->pidl || node_align(f->node) <= ALIGN_4)) ||
                (f->node->kind == ND_ENUM && !f->node->type->signed_enum))
                return text;
    return POOL_PRINTF(e, x->kind == EX_NAME ? "(%s)%s" : "(%s)(%s)", tag_type(n->type), text);
}

/* Elements of an open array, as its size or, if it varies, its length says. */
static const char *element_count(struct emit *e, const struct node *n)
{
    if (n->dims)
        return dims_count(e, n);
    if (n->length)
        return emit_count(e, n->length, n->length_plus);
    if (n->size)
        return emit_count(e, n->size, n->size_plus);
    return POOL_PRINTF(e, "%llu", (unsigned long long)n->count);
}

static const char *size_count(struct emit *e, const struct node *n)
{
    return n->size ? emit_count(e, n->size, n->size_plus)
                   : POOL_PRINTF(e, "%llu", (unsigned long long)n->count);
}

/* ---- push ---- */

static void push_scalar(struct emit *e, const struct node *n, struct place p, bool hoisted)
{
    const char *name, *cast = "";
    switch (n->base) {
    case BASE_GUID:
        emit_line(e, "ndr_push_guid(n, %s);", address(e, p.text));
        return;
    case BASE_SID:
        emit_line(e, "ndr_push_sid%s(n, %s);", hoisted ? "_body" : "", address(e, p.text));
        return;
    case BASE_FLOAT:
        name = "float";
        break;
    case BASE_DOUBLE:
        name = "double";
        break;
    case BASE_I3264:
    case BASE_U3264:
        name = "u3264";
        cast = n->base == BASE_I3264 ? "(uint64_t)" : "";
        break;
    default:
        name = POOL_PRINTF(e, "u%u", 8 * base_width(n->base));
        if (base_signed(n->base) || n->base == BASE_CHAR)
            cast = POOL_PRINTF(e, "(uint%u_t)", 8 * base_width(n->base));
    }
    emit_line(e, "ndr_push_%s(n, %s%s);", name, cast, p.text);
}

static const char *enum_primitive(const struct type *t)
{
    return t->width == 1 ? "u8" : t->width == 2 ? "u16" : t->v1_enum ? "u32" : "enum";
}

static const char *pointer_name(const struct node *n)
{
    return n->pointer == PTR_FULL     ? "full"
           : n->pointer == PTR_UNIQUE ? "unique"
           : n->in_array              ? "ref_element"
                                      : "ref";
}

/* first: NULL: from 0 */
static size_t loop_from(struct emit *e, struct place p, const char *first, const char *count, const char *and)
{
    const char *i = loop_var(p.depth);
    if (first)
        emit_line(e,
                  strchr(first, ' ') ? "for (size_t %s = %s; %s - (%s) < %s%s; %s++) {"
                                     : "for (size_t %s = %s; %s - %s < %s%s; %s++) {",
                  i, first, i, first, count, and, i);
    else
        emit_line(e, "for (size_t %s = 0; %s < %s%s; %s++) {", i, i, count, and, i);
    return emit_open(e);
}

size_t loop_start(struct emit *e, struct place p, const char *count, const char *and)
{
    return loop_from(e, p, NULL, count, and);
}

/* The loop over what a push sends ends with the first failure, unless nothing can be amiss. */
static size_t push_loop(struct emit *e, const struct node *n, struct place p)
{
    const char *first = n->first ? emit_count(e, n->first, 0) : NULL;
    bool sure = n->fixed && !n->varying;
    return loop_from(e, p, first, element_count(e, n),
                     sure ? "" : POOL_PRINTF(e, " && ndr_push_not_null(n, %s)", p.text));
}

/* Unions with ms_union that are elements of an array are aligned as a whole ([MS-RPCE] 2.2.4.5). */
static void align_element(struct emit *e, const struct node *n, const char *verb)
{
    if (n->kind == ND_UNION && n->type->ms_union && node_first_align(n) < n->type->arm_align)
        emit_line(e, "ndr_%s_align(n, %s);", verb, align_name(n->type->arm_align));
}

/* The unique pointer that an array's element is, or that is all there is in it: those go in one piece. */
static const struct node *only_unique(const struct node *n)
{
    const struct field *f =
        n->kind == ND_STRUCT && !n->type->pidl && !n->type->encapsulated ? n->type->fields : NULL;
    const struct node *p = f && !f->next ? f->node : n;
    return p && p->kind == ND_POINTER && p->pointer == PTR_UNIQUE && !p->flags ? p : NULL;
}

static void pull_uniques(struct emit *e, const struct node *n, struct place p, const char *count)
{
    const char *text =
        POOL_PRINTF(e, *p.text == '*' ? "(%s)[0]%s%s" : "%s[0]%s%s", p.text, n->kind == ND_STRUCT ? "." : "",
                    n->kind == ND_STRUCT ? n->type->fields->cname : "");
    struct place first = { text, p.name, p.depth };
    emit_line(e, "ndr_pull_uniques(n, %s, %s, %s);", p.text, count,
              pointee_size(e, only_unique(n)->to, first));
}

static void push_array(struct emit *e, const struct node *n, struct place p, bool hoisted)
{
    unsigned width = n->first ? 0 : bulk_width(n->to);
    bool size = n->conformant && !hoisted;
    uint64_t each = bulk_count(n->to);
    const char *count = element_count(e, n);
    if (n->dims) {
        push_dims(e, n, !size);
    } else if (width && each == 1 && size && n->varying) {
        emit_line(e, "ndr_push_conformant_varying(n, %s, %s, %s, %u);", p.text, size_count(e, n), count,
                  width);
        return;
    } else if (width && each == 1 && (size || n->varying)) {
        if (n->varying)
            emit_line(e, "ndr_push_varying(n, %s, %s, %s, %u);", p.text, size_count(e, n), count, width);
        else
            emit_line(e, "ndr_push_conformant(n, %s, %s, %u);", p.text, count, width);
        return;
    }
    if (size && !n->dims)
        emit_line(e, "ndr_push_size(n, %s);", size_count(e, n));
    if (n->first)
        emit_line(e, "ndr_push_part(n, %s, %s, %s);", size_count(e, n), emit_count(e, n->first, 0), count);
    else if (n->varying && !n->dims)
        emit_line(e, "ndr_push_length(n, %s, %s);", size_count(e, n), count);
    if (width) {
        const char *total = each == 1 ? count : POOL_PRINTF(e, "%lluU * %s", (unsigned long long)each, count);
        if (n->fixed && !n->varying)
            total = POOL_PRINTF(e, "%llu", (unsigned long long)(each * n->count));
        emit_line(e, "ndr_push_elements(n, %s, %s, %u);", p.text, total, width);
        return;
    }
    if (!n->first && only_unique(n->to)) {
        emit_line(e, "ndr_push_uniques(n, %s, %s);", p.text, count);
        return;
    }
    size_t body = push_loop(e, n, p);
    align_element(e, n->to, "push");
    push_fixed(e, n->to, element_of(e, p), false);
    emit_close(e, body, true);
}

static void push_string(struct emit *e, const struct node *n, struct place p, bool hoisted)
{
    const char *w = n->base == BASE_WCHAR ? "w" : "";
    if (n->fixed)
        emit_line(e, "ndr_push_%sstring_in(n, %s, %llu, false);", w, p.text, (unsigned long long)n->count);
    else if (hoisted)
        emit_line(e, "ndr_push_%sstring_in(n, %s, %s, false);", w, p.text,
                  n->size ? size_count(e, n) : "NDR_ANY");
    else if (n->size)
        emit_line(e, "ndr_push_%sstring_in(n, %s, %s, true);", w, p.text, size_count(e, n));
    else
        emit_line(e, "ndr_push_%sstring(n, %s);", w, p.text);
}

void push_fixed(struct emit *e, const struct node *n, struct place p, bool hoisted)
{
    switch (n->kind) {
    case ND_SCALAR:
        push_scalar(e, n, p, hoisted);
        break;
    case ND_ENUM:
        emit_line(e, "ndr_push_%s(n, %s%s);", enum_primitive(n->type),
                  n->type->width         ? POOL_PRINTF(e, "(uint%u_t)", 8 * n->type->width)
                  : n->type->signed_enum ? "(uint32_t)"
                                         : "",
                  p.text);
        break;
    case ND_STRUCT:
        emit_line(e, "%s_push(n, %s);", n->type->cname, address(e, p.text));
        break;
    case ND_UNION:
        emit_line(e, "%s_push(n, %s, %s);", n->type->cname, address(e, p.text), tag_value(e, n));
        break;
    case ND_POINTER:
        emit_line(e, "ndr_push_%s(n, %s);", pointer_name(n), p.text);
        break;
    case ND_ARRAY:
        push_array(e, n, p, hoisted);
        break;
    case ND_STRING:
        push_string(e, n, p, hoisted);
        break;
    case ND_HANDLE:
        emit_line(e, "ndr_push_handle(n, %s);", address(e, p.text));
        break;
    case ND_IGNORE:
        emit_line(e, "ndr_push_unique(n, NULL);");
        break;
    case ND_PIPE:
        emit_line(e, "ndr_push_pipe(n, %s, &%s_element);", address(e, p.text), p.name);
        break;
    default:
        pidl_push_fixed(e, n, p);
    }
}

/* What a pointer stands at, once that is known to be there. */
void push_pointee(struct emit *e, const struct node *to, struct place p)
{
    bool merged = node_merged(to);
    struct place at = merged ? (struct place){ p.text, p.name, p.depth } : pointee_of(e, p);
    push_fixed(e, to, at, false);
    push_deferred(e, to, at);
}

static void push_deferred_pointer(struct emit *e, const struct node *n, struct place p)
{
    const struct node *to = n->to;
    if (to->kind == ND_STRING && !to->fixed && !to->size && n->pointer != PTR_FULL) {
        emit_line(e, "ndr_push_%sstring_opt(n, %s);", to->base == BASE_WCHAR ? "w" : "", p.text);
        return;
    }
    if (n->pointer == PTR_FULL)
        emit_line(e, "if (ndr_push_full_first(n, %s)) {", p.text);
    else
        emit_line(e, "if (%s) {", p.text);
    size_t body = emit_open(e);
    push_pointee(e, to, p);
    emit_close(e, body, true);
}

void push_deferred(struct emit *e, const struct node *n, struct place p)
{
    if (!node_deferred(n))
        return;
    switch (n->kind) {
    case ND_STRUCT:
        emit_line(e, "%s_push_deferred(n, %s);", n->type->cname, address(e, p.text));
        break;
    case ND_UNION:
        emit_line(e, "%s_push_deferred(n, %s, %s);", n->type->cname, address(e, p.text), tag_value(e, n));
        break;
    case ND_POINTER:
        push_deferred_pointer(e, n, p);
        break;
    case ND_ARRAY: {
        size_t body = push_loop(e, n, p);
        push_deferred(e, n->to, element_of(e, p));
        emit_close(e, body, true);
        break;
    }
    default:
        pidl_push_deferred(e, n, p);
        break;
    }
}

/* ---- pull ---- */

static void pull_scalar(struct emit *e, const struct node *n, struct place p, const char *hoisted)
{
    const char *name, *cast = "";
    switch (n->base) {
    case BASE_GUID:
        emit_line(e, "ndr_pull_guid(n, %s);", address(e, p.text));
        return;
    case BASE_SID:
        if (hoisted)
            emit_line(e, "ndr_pull_sid_body(n, %s, %s);", address(e, p.text), hoisted);
        else
            emit_line(e, "ndr_pull_sid(n, %s);", address(e, p.text));
        return;
    case BASE_FLOAT:
        name = "float";
        break;
    case BASE_DOUBLE:
        name = "double";
        break;
    case BASE_I3264:
        name = "i3264";
        break;
    case BASE_U3264:
        name = "u3264";
        break;
    case BASE_CHAR:
        name = "char";
        break;
    default:
        name = POOL_PRINTF(e, "u%u", 8 * base_width(n->base));
        if (base_signed(n->base) || n->base == BASE_NTSTATUS || n->base == BASE_WERROR)
            cast = POOL_PRINTF(e, "(%s)", base_c_type(n->base));
    }
    emit_line(e, "%s = %sndr_pull_%s(n);", p.text, cast, name);
    if (n->ranged)
        emit_line(e, "ndr_pull_range(n, %s%s, %lld, %lld);",
                  base_width(n->base) == 8 || n->base == BASE_U3264 ? "(int64_t)" : "", p.text,
                  (long long)n->low, (long long)n->high);
}

/* Bytes of what a pointer stands at, to be taken with its referent id; 0: known later only. */
const char *pointee_size(struct emit *e, const struct node *to, struct place p)
{
    if (to->kind == ND_ARRAY && to->fixed)
        return POOL_PRINTF(e, "%llu * sizeof(*%s)", (unsigned long long)to->count, p.text);
    if (to->kind == ND_STRING && to->fixed)
        return POOL_PRINTF(e, "%llu * sizeof(*%s)", (unsigned long long)to->count, p.text);
    if (node_merged(to))
        return "0";
    return POOL_PRINTF(e, "sizeof(*%s)", p.text);
}

/* Of what a full pointer points to, by its C type: different types practically never share one (FNV-1a). */
static unsigned type_number(struct emit *e, const struct node *n)
{
    unsigned h = 2166136261U;
    for (const char *s = emit_declaration(e, n, ""); *s; s++)
        h = (h ^ (unsigned char)*s) * 16777619U;
    return h ? h : 1;
}

/* Count that the wire has to agree with, or NDR_ANY with the comparison left for the end. */
const char *expected(struct emit *e, const struct node *n, const struct expr *x, int plus, bool *ret_late)
{
    *ret_late = false;
    if (!x)
        return n->fixed ? POOL_PRINTF(e, "%llu", (unsigned long long)n->count) : "NDR_ANY";
    if (expr_ready(e, x))
        return emit_count(e, x, plus);
    *ret_late = true;
    return "NDR_ANY";
}

/* The comparison is made at the end of the function, so the variable lives that long; NDR_ANY if nothing
 * came. */
void match_late(struct emit *e, const char *sent, const struct expr *x, int plus)
{
    if (strcmp(sent, "size") != 0) /* the one that went ahead is there already */
        text_printf(&e->late_vars, "size_t %s = NDR_ANY;\n", sent);
    text_printf(&e->late, "ndr_pull_match(n, %s, %s);\n", sent, emit_count(e, x, plus));
}

/* The width as a pull takes it: characters may come in EBCDIC. */
static const char *pull_width(struct emit *e, const struct node *n, unsigned width)
{
    while (n->kind == ND_ARRAY)
        n = n->to;
    return n->kind == ND_SCALAR && n->base == BASE_CHAR ? "NDR_CHARS" : POOL_PRINTF(e, "%u", width);
}

static void pull_bulk(struct emit *e, const struct node *n, struct place p, const char *width,
                      const char *hoisted)
{
    bool late_size, late_length;
    const char *size = expected(e, n, n->size, n->size_plus, &late_size);
    const char *length = expected(e, n, n->length, n->length_plus, &late_length);
    if (hoisted || late_size || late_length) {
        const char *count = hoisted ? hoisted : helper(e, p, "size");
        if (!hoisted && n->conformant)
            emit_line(e, "%s%s = ndr_pull_size(n);", late_size ? "" : "size_t ", count);
        if (late_size)
            match_late(e, count, n->size, n->size_plus);
        else if (n->size && strcmp(size, "NDR_ANY") != 0)
            emit_line(e, "ndr_pull_match(n, %s, %s);", count, size);
        if (n->varying) {
            const char *sent = helper(e, p, "count");
            emit_line(e, "%s%s = ndr_pull_length(n, %s);", late_length ? "" : "size_t ", sent,
                      n->conformant ? count : size_count(e, n));
            if (late_length)
                match_late(e, sent, n->length, n->length_plus);
            else
                emit_line(e, "ndr_pull_match(n, %s, %s);", sent, length);
            count = sent;
        }
        if (n->fixed)
            emit_line(e, "ndr_pull_elements(n, %s, %s, %s);", p.text, count, width);
        else
            emit_line(e, "%s = ndr_pull_lend(n, %s, %s);", p.text, count, width);
    } else if (n->fixed) {
        const char *sent = helper(e, p, "count");
        emit_line(e, "size_t %s = ndr_pull_length(n, %llu);", sent, (unsigned long long)n->count);
        emit_line(e, "ndr_pull_match(n, %s, %s);", sent, length);
        emit_line(e, "ndr_pull_elements(n, %s, %s, %s);", p.text, sent, width);
    } else if (n->varying) {
        emit_line(e, "%s = ndr_pull_conformant_varying(n, %s, %s, %s);", p.text, size, length, width);
    } else {
        emit_line(e, "%s = ndr_pull_conformant%s(n, %s, %s);", p.text, n->unchecked ? "_loose" : "", size,
                  width);
    }
}

/* An array that is sent from its `first` element on. */
static const char *pull_part(struct emit *e, const struct node *n, struct place p, const char *hoisted)
{
    bool late_size, late_length, late_first;
    const char *size = expected(e, n, n->size, n->size_plus, &late_size);
    const char *length = expected(e, n, n->length, n->length_plus, &late_length);
    const char *from = expected(e, n, n->first, 0, &late_first);
    const char *count = helper(e, p, "count"), *first = helper(e, p, "first");
    const char *max = !n->conformant ? size_count(e, n) : hoisted ? hoisted : helper(e, p, "size");
    if (n->conformant && !hoisted)
        emit_line(e, "%s%s = ndr_pull_size(n);", late_size ? "" : "size_t ", max);
    if (late_size)
        match_late(e, max, n->size, n->size_plus);
    else if (n->conformant && strcmp(size, "NDR_ANY") != 0)
        emit_line(e, "ndr_pull_match(n, %s, %s);", max, size);
    emit_line(e, "%s%s = 0;", late_length ? "" : "size_t ", count);
    emit_line(e, "%s%s = ndr_pull_part(n, %s, &%s);", late_first ? "" : "size_t ", first, max, count);
    if (late_first)
        match_late(e, first, n->first, 0);
    else
        emit_line(e, "ndr_pull_match(n, %s, %s);", first, from);
    if (late_length)
        match_late(e, count, n->length, n->length_plus);
    else
        emit_line(e, "ndr_pull_match(n, %s, %s);", count, length);
    if (!n->fixed)
        emit_line(e, "%s = ndr_pull_array_part(n, %s, &%s, sizeof(*%s), %zu);", p.text, first, count, p.text,
                  node_wire_min(n->to));
    return count;
}

/* Elements one by one: gives the variable that holds their number. */
static const char *pull_open_array(struct emit *e, const struct node *n, struct place p, const char *hoisted)
{
    bool late_size, late_length;
    const char *size = expected(e, n, n->size, n->size_plus, &late_size);
    const char *length = expected(e, n, n->length, n->length_plus, &late_length);
    const char *count = helper(e, p, "count");
    const char *memory = POOL_PRINTF(e, "&%s, sizeof(*%s), %zu", count, p.text, node_wire_min(n->to));
    if (n->fixed || hoisted || late_size) {
        const char *max = hoisted ? hoisted : helper(e, p, "size");
        if (n->conformant && !hoisted)
            emit_line(e, "%s%s = ndr_pull_size(n);", late_size ? "" : "size_t ", max);
        if (late_size)
            match_late(e, max, n->size, n->size_plus);
        else if (n->size && strcmp(size, "NDR_ANY") != 0)
            emit_line(e, "ndr_pull_match(n, %s, %s);", max, size);
        if (n->varying)
            emit_line(e, "%s%s = ndr_pull_length(n, %s);", late_length ? "" : "size_t ", count,
                      n->conformant ? max : size_count(e, n));
        else
            emit_line(e, "size_t %s = %s;", count, max);
        if (n->varying && !late_length)
            emit_line(e, "ndr_pull_match(n, %s, %s);", count, length);
        if (!n->fixed)
            emit_line(e, "%s = ndr_pull_array(n, %s);", p.text, memory);
    } else if (n->varying) {
        emit_line(e, "%s%s = %s;", late_length ? "" : "size_t ", count, length);
        emit_line(e, "%s = ndr_pull_array_conformant_varying(n, %s, %s);", p.text, size, memory);
    } else {
        emit_line(e, "size_t %s = %s;", count, size);
        emit_line(e, "%s = ndr_pull_array_conformant(n, %s);", p.text, memory);
    }
    if (n->varying && late_length)
        match_late(e, count, n->length, n->length_plus);
    if (n->ranged)
        emit_line(e, "ndr_pull_range(n, (int64_t)%s, %lld, %lld);", count, (long long)n->low,
                  (long long)n->high);
    return count;
}

/* The bound of range() on an array that goes in one piece: on what says its size. */
static void pull_bulk_range(struct emit *e, const struct node *n)
{
    if (n->ranged && n->size && expr_ready(e, n->size))
        emit_line(e, "ndr_pull_range(n, (int64_t)(%s), %lld, %lld);", emit_expr(e, n->size),
                  (long long)n->low, (long long)n->high);
}

static const char *pull_array(struct emit *e, const struct node *n, struct place p, const char *hoisted)
{
    unsigned width = bulk_width(n->to);
    uint64_t each = bulk_count(n->to);
    if (n->fixed && !n->varying) {
        if (width) {
            emit_line(e, "ndr_pull_elements(n, %s, %llu, %s);", p.text, (unsigned long long)(each * n->count),
                      pull_width(e, n->to, width));
            return NULL;
        }
        const char *all = POOL_PRINTF(e, "%llu", (unsigned long long)n->count);
        if (only_unique(n->to)) {
            pull_uniques(e, n->to, p, all);
            return all;
        }
        size_t body = loop_start(e, p, all, "");
        align_element(e, n->to, "pull");
        pull_fixed(e, n->to, element_of(e, p), NULL);
        emit_close(e, body, true);
        return all;
    }
    if (width && each == 1 && !n->first && !n->dims) {
        pull_bulk(e, n, p, pull_width(e, n->to, width), hoisted);
        pull_bulk_range(e, n);
        return NULL;
    }
    if (n->dims && width && each == 1) {
        (void)pull_dims(e, n, p, hoisted, pull_width(e, n->to, width));
        return NULL;
    }
    const char *count = n->dims    ? pull_dims(e, n, p, hoisted, NULL)
                        : n->first ? pull_part(e, n, p, hoisted)
                                   : pull_open_array(e, n, p, hoisted);
    if (!n->first && only_unique(n->to)) {
        pull_uniques(e, n->to, p, count);
        return count;
    }
    size_t body = loop_from(e, p, n->first ? helper(e, p, "first") : NULL, count, "");
    align_element(e, n->to, "pull");
    pull_fixed(e, n->to, element_of(e, p), NULL);
    emit_close(e, body, true);
    return count;
}

/* Elements of a string with its terminator. */
static void string_range(struct emit *e, const struct node *n, struct place p)
{
    if (n->ranged)
        emit_line(e, "ndr_pull_%sstring_range(n, %s, %lld, %lld);", n->base == BASE_WCHAR ? "w" : "", p.text,
                  (long long)n->low, (long long)n->high);
}

static void pull_string(struct emit *e, const struct node *n, struct place p, const char *hoisted)
{
    const char *w = n->base == BASE_WCHAR ? "w" : "";
    bool late = false;
    if (n->fixed) {
        emit_line(e, "ndr_pull_%sstring_to(n, %s, %llu);", w, p.text, (unsigned long long)n->count);
    } else if (hoisted) {
        const char *size = expected(e, n, n->size, n->size_plus, &late);
        if (late)
            match_late(e, hoisted, n->size, n->size_plus);
        else if (n->size && strcmp(size, "NDR_ANY") != 0)
            emit_line(e, "ndr_pull_match(n, %s, %s);", hoisted, size);
        emit_line(e, "%s = ndr_pull_%sstring_in(n, %s, false);", p.text, w, hoisted);
    } else if (n->size) {
        const char *size = expected(e, n, n->size, n->size_plus, &late);
        if (late) {
            const char *sent = helper(e, p, "size");
            emit_line(e, "%s = ndr_pull_size(n);", sent);
            match_late(e, sent, n->size, n->size_plus);
            emit_line(e, "%s = ndr_pull_%sstring_in(n, %s, false);", p.text, w, sent);
        } else {
            emit_line(e, "%s = ndr_pull_%sstring_in(n, %s, true);", p.text, w, size);
        }
    } else {
        emit_line(e, "%s = ndr_pull_%sstring(n);", p.text, w);
    }
    string_range(e, n, p);
}

/* A union whose switch_is comes later takes the tag from the wire; it is compared at the end. */
static const char *pull_tag_value(struct emit *e, const struct node *n, struct place p)
{
    if (expr_ready(e, n->switch_is))
        return tag_value(e, n);
    const char *tag = helper(e, p, "tag");
    emit_line(e, "%s = (size_t)ndr_pull_peek_tag(n, %s, %s);", tag, tag_name(n->type),
              align_name(n->type->arm_align));
    match_late(e, tag, n->switch_is, 0);
    return POOL_PRINTF(e, "(%s)%s", tag_type(n->type), tag);
}

void pull_fixed(struct emit *e, const struct node *n, struct place p, const char *hoisted)
{
    switch (n->kind) {
    case ND_SCALAR:
        pull_scalar(e, n, p, hoisted);
        break;
    case ND_ENUM:
        emit_line(e, "%s = (enum %s)ndr_pull_%s(n);", p.text, n->type->cname, enum_primitive(n->type));
        break;
    case ND_STRUCT:
        emit_line(e, "%s_pull(n, %s);", n->type->cname, address(e, p.text));
        break;
    case ND_UNION:
        emit_line(e, "%s_pull(n, %s, %s);", n->type->cname, address(e, p.text), pull_tag_value(e, n, p));
        break;
    case ND_POINTER:
        if (n->pointer == PTR_FULL)
            emit_line(e, "%s = ndr_pull_full_typed(n, %s, 0x%08xU);", p.text, pointee_size(e, n->to, p),
                      type_number(e, n));
        else
            emit_line(e, "%s = ndr_pull_%s(n, %s);", p.text, pointer_name(n), pointee_size(e, n->to, p));
        break;
    case ND_ARRAY:
        (void)pull_array(e, n, p, hoisted);
        break;
    case ND_STRING:
        pull_string(e, n, p, hoisted);
        break;
    case ND_HANDLE:
        emit_line(e, "ndr_pull_handle(n, %s);", address(e, p.text));
        break;
    case ND_IGNORE:
        emit_line(e, "(void)ndr_pull_unique(n, 0);");
        break;
    case ND_PIPE:
        emit_line(e, "ndr_pull_pipe(n, %s, &%s_element);", address(e, p.text), p.name);
        break;
    default:
        pidl_pull_fixed(e, n, p);
    }
}

void pull_pointee(struct emit *e, const struct node *to, struct place p)
{
    if (to->kind == ND_ARRAY) {
        const char *count = pull_array(e, to, p, NULL);
        pull_deferred(e, to, p, count);
    } else {
        struct place at = node_merged(to) ? p : pointee_of(e, p);
        pull_fixed(e, to, at, NULL);
        pull_deferred(e, to, at, NULL);
    }
}

/* How many elements an array, or room for how many a string, behind a full pointer has to have that was there
 * before, for another one. */
static const char *alias_count(struct emit *e, const struct node *to)
{
    bool known = !to->first && expr_ready(e, to->size) && expr_ready(e, to->length);
    for (const struct dim *d = to->dims; d; d = d->next)
        known = known && expr_ready(e, d->size) && expr_ready(e, d->length);
    return known ? element_count(e, to) : "NDR_ANY";
}

/* Which arm it has, or how much further pointers stand at, is said beside the pointer, and beside another one
 * something else may be said. */
static bool said_beside(const struct node *n)
{
    for (; n; n = n->to)
        if (n->kind == ND_UNION || n->size || n->length || n->first || n->dims)
            return true;
    return false;
}

static void pull_deferred_full(struct emit *e, const struct node *n, struct place p)
{
    bool open = strcmp(pointee_size(e, n->to, p), "0") == 0, counted = n->to->kind == ND_ARRAY || n->to->size;
    const char *count = open && counted ? alias_count(e, n->to) : NULL;
    emit_line(e, "if (ndr_pull_full_first(n, %s)) {", p.text);
    size_t body = emit_open(e);
    if (open)
        emit_line(e, "const void *%s = %s;", helper(e, p, "placeholder"), p.text);
    pull_pointee(e, n->to, p);
    if (count)
        emit_line(e, "ndr_pull_full_set_array(n, %s, %s, %s);", helper(e, p, "placeholder"), p.text, count);
    else if (open)
        emit_line(e, "ndr_pull_full_set(n, %s, %s);", helper(e, p, "placeholder"), p.text);
    bool once = said_beside(open && counted ? n->to->to : n->to);
    emit_close(e, body, !open && !once);
    if (once) {
        emit_line(e, "} else if (%s) {", p.text);
        emit_line(e, "    ndr_pull_fail(n, RPC_NT_BAD_STUB_DATA);");
        emit_line(e, "}");
    } else if (open) {
        emit_line(e, "} else {");
        if (count)
            emit_line(e, "    %s = ndr_pull_full_get_array(n, %s, %s);", p.text, p.text, count);
        else
            emit_line(e, "    %s = ndr_pull_full_get(n, %s);", p.text, p.text);
        emit_line(e, "}");
    }
}

static void pull_deferred_pointer(struct emit *e, const struct node *n, struct place p)
{
    const struct node *to = n->to;
    if (n->pointer == PTR_FULL) {
        pull_deferred_full(e, n, p);
    } else if (to->kind == ND_STRING && !to->fixed && !to->size) {
        emit_line(e, "ndr_pull_%sstring_opt(n, %s);", to->base == BASE_WCHAR ? "w" : "", address(e, p.text));
        string_range(e, to, p);
    } else {
        emit_line(e, "if (%s) {", p.text);
        size_t body = emit_open(e);
        pull_pointee(e, to, p);
        emit_close(e, body, true);
    }
}

/* count: variable with the number of elements, NULL: as the fields say, which the pull before has compared.
 */
void pull_deferred(struct emit *e, const struct node *n, struct place p, const char *count)
{
    if (!node_deferred(n))
        return;
    switch (n->kind) {
    case ND_STRUCT:
        emit_line(e, "%s_pull_deferred(n, %s);", n->type->cname, address(e, p.text));
        break;
    case ND_UNION:
        emit_line(e, "%s_pull_deferred(n, %s, %s);", n->type->cname, address(e, p.text), tag_value(e, n));
        break;
    case ND_POINTER:
        pull_deferred_pointer(e, n, p);
        break;
    case ND_ARRAY: {
        bool sure = count || (n->fixed && !n->varying);
        const char *first = !n->first ? NULL : count ? helper(e, p, "first") : emit_count(e, n->first, 0);
        size_t body =
            loop_from(e, p, first, count ? count : element_count(e, n), sure ? "" : " && ndr_pull_ok(n)");
        pull_deferred(e, n->to, element_of(e, p), NULL);
        emit_close(e, body, true);
        break;
    }
    default:
        pidl_pull_deferred(e, n, p);
        break;
    }
}

static void emit_lines(struct emit *e, struct text *t)
{
    for (char *s = t->data; s && *s;) {
        size_t len = strcspn(s, "\n");
        emit_line(e, "%.*s", (int)len, s);
        s += len + 1;
    }
    text_free(t);
}

/* The end of a pull function whose body starts at `start`: variables at its top, comparisons at its end. */
static void emit_late(struct emit *e, size_t start)
{
    if (e->late_vars.len) {
        struct text body = { 0 };
        text_add(&body, e->o->data + start, e->o->len - start);
        e->o->len = start;
        emit_lines(e, &e->late_vars);
        text_add(e->o, body.data, body.len);
        text_free(&body);
    }
    emit_lines(e, &e->late);
}

/* ---- structures ---- */

/* What is open at the end of a structure, and where it is. */
static const struct field *trailing_open(struct emit *e, const struct type *t, const char **ret_prefix,
                                         const struct field **ret_fields)
{
    *ret_prefix = "s->";
    for (;;) {
        const struct field *f = open_member(t);
        *ret_fields = t->fields;
        if (f->node->kind != ND_STRUCT)
            return f;
        *ret_prefix = POOL_PRINTF(e, "%s%s.", *ret_prefix, f->cname);
        t = f->node->type;
    }
}

/* The maximum count that goes before a structure. */
static void push_trailing_size(struct emit *e, const struct field *f)
{
    const struct node *n = f->node;
    const char *place = POOL_PRINTF(e, "%s%s", e->prefix, f->cname);
    if (n->dims)
        push_dims_sizes(e, n);
    else if (n->kind == ND_SCALAR)
        emit_line(e, "ndr_push_size(n, %s.count);", place);
    else if (n->kind == ND_STRING && !n->size)
        emit_line(e, "ndr_push_size(n, ndr_%sstring_size(%s));", n->base == BASE_WCHAR ? "w" : "", place);
    else
        emit_line(e, "ndr_push_size(n, %s);", size_count(e, n));
}

/* The tag of a union member was there before the union itself. */
static bool union_tag_first(const struct type *t, const struct field *u)
{
    struct emit e = { .fields = t->fields, .at = u->index };
    return expr_ready(&e, u->node->switch_is);
}

/* The tag of an encapsulated union is in the union itself. */
static void pull_tag_first(struct emit *e, const struct node *u, const struct node *tag, struct place p)
{
    const char *c_type =
        tag->kind == ND_ENUM ? POOL_PRINTF(e, "enum %s", tag->type->cname) : base_c_type(tag->base);
    emit_line(e, "%s = (%s)ndr_pull_peek_tag(n, %s, %s);", p.text, c_type, tag_name(u->type),
              align_name(u->type->arm_align));
}

static unsigned first_align(const struct type *t)
{
    const struct node *n = t->fields->node;
    if (node_open(n) && t->fields != open_member(t))
        return ALIGN_1; /* its maximum count is first */
    return n->kind == ND_STRUCT && n->type->conformant ? first_align(n->type) : node_first_align(n);
}

/* What the end of a structure is aligned to without further ado. An open array may have no elements: then
 * what stands in front of it ends the structure. An open structure at the end is written out in place,
 * without its own padding. */
static unsigned last_align(const struct type *t)
{
    const struct field *before = NULL, *f = t->fields;
    while (f->next) {
        before = f;
        f = f->next;
    }
    if (f->node->kind == ND_STRUCT && f->node->type->conformant)
        return last_align(f->node->type);
    unsigned align = node_last_align(f->node);
    if (f->node->kind == ND_ARRAY && !f->node->fixed && !f->node->varying) {
        unsigned empty = before ? node_last_align(before->node) : ALIGN_1;
        return empty < align ? empty : align;
    }
    return align;
}

enum pass { PUSH_FIXED, PUSH_DEFERRED, PULL_FIXED, PULL_DEFERRED };

static void struct_fields(struct emit *e, const struct type *t, const char *prefix, enum pass pass)
{
    const struct field *open = open_member(t);
    const struct field *outer_fields = e->fields;
    const char *outer_prefix = e->prefix;
    int outer_at = e->at;
    for (const struct field *f = t->fields; f; f = f->next) {
        struct place p = { POOL_PRINTF(e, "%s%s", prefix, f->cname), f->cname, 0 };
        e->fields = t->fields;
        e->prefix = prefix;
        e->at = pass == PULL_FIXED ? f->index : INT_MAX;
        if (f->node->kind == ND_STRUCT && f->node->type->conformant && f == open) {
            bool push = pass == PUSH_FIXED, fixed = push || pass == PULL_FIXED;
            if (fixed && first_align(f->node->type) < f->node->type->align)
                emit_line(e, "ndr_%s_align(n, %s);", push ? "push" : "pull",
                          align_name(f->node->type->align));
            struct_fields(e, f->node->type, POOL_PRINTF(e, "%s.", p.text), pass);
            continue;
        }
        switch (pass) {
        case PUSH_FIXED:
            if (!t->encapsulated || f != t->fields)
                push_fixed(e, f->node, p, f == open);
            break;
        case PUSH_DEFERRED:
            push_deferred(e, f->node, p);
            break;
        case PULL_FIXED:
            if (t->encapsulated && f == t->fields)
                pull_tag_first(e, f->next->node, f->node, p);
            else
                pull_fixed(e, f->node, p, f == open ? "size" : NULL);
            break;
        case PULL_DEFERRED:
            if (f->node->kind == ND_UNION && f->node->type->deferred && !union_tag_first(t, f)) {
                emit_line(e, "if (ndr_pull_ok(n))");
                e->indent++;
                pull_deferred(e, f->node, p, NULL);
                e->indent--;
            } else {
                pull_deferred(e, f->node, p, NULL);
            }
            break;
        }
    }
    e->fields = outer_fields;
    e->prefix = outer_prefix;
    e->at = outer_at;
}

/* A type that can contain itself: behind pointers, or by value. */
static bool counts_depth(const struct type *t, const char *what)
{
    bool deferred = strstr(what, "deferred");
    return (t->recursive && deferred) || (t->pidl && t->pidl->nested && !deferred);
}

static const char *depth_suffix(const struct type *t, const char *what)
{
    return t->list && strstr(what, "deferred") ? "_list" : "";
}

static void start_function(struct emit *e, const struct type *t, const char *what, bool push)
{
    const char *tag = t->kind == TY_UNION ? POOL_PRINTF(e, ", %s tag", tag_type(t)) : "";
    emit_text(e, "\n");
    emit_line(e, "static void %s_%s(struct %s *n, %s%s %s *%s%s)", t->cname, what,
              push ? "ndr_push" : "ndr_pull", push ? "const " : "", t->kind == TY_UNION ? "union" : "struct",
              t->cname, t->kind == TY_UNION ? "u" : "s", tag);
    emit_text(e, "{\n");
    e->indent = 1;
    if (counts_depth(t, what)) {
        emit_line(e, "if (!ndr_%s_enter%s(n))", push ? "push" : "pull", depth_suffix(t, what));
        emit_line(e, "    return;");
    }
    e->body = e->o->len;
    e->pushing = push;
    pidl_begin_type(e, t, push);
}

/* A function that looks at none of its members, for all are constants of pidl. */
static void mention_unused(struct emit *e, char name)
{
    const char *body = e->o->data + e->body;
    for (const char *s = strchr(body, name); s; s = strchr(s + 1, name))
        if (!isalnum((unsigned char)s[1]) && s[1] != '_' && !isalnum((unsigned char)s[-1]) && s[-1] != '_')
            return;
    emit_line(e, "(void)%c;", name);
}

static void end_function(struct emit *e, const struct type *t, const char *what, bool push)
{
    mention_unused(e, t->kind == TY_UNION ? 'u' : 's');
    mention_unused(e, 'n');
    pidl_end_type(e, t, push);
    if (counts_depth(t, what))
        emit_line(e, "ndr_%s_leave%s(n);", push ? "push" : "pull", depth_suffix(t, what));
    e->indent = 0;
    emit_text(e, "}\n");
}

/* RPC_UNICODE_STRING and its kin: two 16-bit lengths and a unique pointer to an array. */
static bool counted_shape(const struct type *t)
{
    const struct field *a = t->fields, *b = a ? a->next : NULL, *p = b ? b->next : NULL;
    return p && !pidl_own_functions(t) && !p->next && a->node->kind == ND_SCALAR &&
           a->node->base == BASE_U16 && !a->node->ranged && b->node->kind == ND_SCALAR &&
           b->node->base == BASE_U16 && !b->node->ranged && p->node->kind == ND_POINTER &&
           p->node->pointer == PTR_UNIQUE && p->node->to->kind == ND_ARRAY && !p->node->to->fixed;
}

static void emit_counted(struct emit *e, const struct type *t)
{
    const char *a = t->fields->cname, *b = t->fields->next->cname, *p = t->fields->next->next->cname;
    start_function(e, t, "push", true);
    emit_line(e, "ndr_push_counted(n, s->%s, s->%s, s->%s);", a, b, p);
    end_function(e, t, "push", true);
    start_function(e, t, "push_deferred", true);
    struct_fields(e, t, "s->", PUSH_DEFERRED);
    end_function(e, t, "push_deferred", true);
    start_function(e, t, "pull", false);
    emit_line(e, "s->%s = ndr_pull_counted(n, &s->%s, &s->%s);", p, a, b);
    end_function(e, t, "pull", false);
    start_function(e, t, "pull_deferred", false);
    struct_fields(e, t, "s->", PULL_DEFERRED);
    end_function(e, t, "pull_deferred", false);
}

/* Nothing calls its first pass. */
static bool rows_only(const struct type *t)
{
    return t->in_rows && !t->alone;
}

static void push_struct_fixed(struct emit *e, const struct type *t)
{
    const struct field *fields, *array = NULL;
    const char *prefix = "s->";
    if (t->conformant)
        array = trailing_open(e, t, &prefix, &fields);
    start_function(e, t, "push", true);
    if (array) {
        e->fields = fields;
        e->prefix = prefix;
        push_trailing_size(e, array);
    }
    if (first_align(t) < t->align)
        emit_line(e, "ndr_push_align(n, %s);", align_name(t->align));
    pidl_begin_base(e, t, true);
    struct_fields(e, t, "s->", PUSH_FIXED);
    pidl_end_base(e, t, true);
    if (last_align(t) < t->align)
        emit_line(e, "ndr_push_end(n, %s);", align_name(t->align));
    end_function(e, t, "push", true);
}

static void push_struct(struct emit *e, const struct type *t)
{
    if (!rows_only(t))
        push_struct_fixed(e, t);
    if (t->deferred) {
        start_function(e, t, "push_deferred", true);
        struct_fields(e, t, "s->", PUSH_DEFERRED);
        end_function(e, t, "push_deferred", true);
    }
}

static void pull_struct_fixed(struct emit *e, const struct type *t)
{
    start_function(e, t, "pull", false);
    size_t start = e->o->len;
    const struct field *fields;
    const char *prefix;
    const struct field *open = t->conformant ? trailing_open(e, t, &prefix, &fields) : NULL;
    if (open && open->node->dims)
        pull_dims_sizes(e, open->node, "size");
    else if (open)
        emit_line(e, "size_t size = ndr_pull_size(n);");
    if (first_align(t) < t->align)
        emit_line(e, "ndr_pull_align(n, %s);", align_name(t->align));
    pidl_begin_base(e, t, false);
    struct_fields(e, t, "s->", PULL_FIXED);
    pidl_end_base(e, t, false);
    emit_late(e, start);
    if (last_align(t) < t->align)
        emit_line(e, "ndr_pull_end(n, %s);", align_name(t->align));
    end_function(e, t, "pull", false);
}

static void pull_struct(struct emit *e, const struct type *t)
{
    if (!rows_only(t))
        pull_struct_fixed(e, t);
    if (t->deferred) {
        start_function(e, t, "pull_deferred", false);
        struct_fields(e, t, "s->", PULL_DEFERRED);
        end_function(e, t, "pull_deferred", false);
    }
}

static void emit_struct(struct emit *e, const struct type *t)
{
    if (!pidl_by_hand(t, true))
        push_struct(e, t);
    if (!pidl_by_hand(t, false))
        pull_struct(e, t);
}

/* ---- unions ---- */

static const char *case_label(struct emit *e, const struct type *t, const struct attr_arg *a)
{
    const struct symbol *s = a->expr->kind == EX_NAME ? symbol_find(e->c->names, a->expr->text) : NULL;
    if (s && s->field)
        return a->value < 0 ? POOL_PRINTF(e, "(%s)%s", tag_type(t), s->field->cname) : s->field->cname;
    if (a->value < 0)
        return POOL_PRINTF(e, "(%s)%lld", tag_type(t), (long long)a->value);
    return POOL_PRINTF(e, "%lld%s", (long long)a->value, a->value > INT32_MAX ? "U" : "");
}

static void arm(struct emit *e, const struct field *f, enum pass pass)
{
    struct place p = { POOL_PRINTF(e, "u->%s", f->cname), f->cname, 0 };
    switch (pass) {
    case PUSH_FIXED:
        push_fixed(e, f->node, p, false);
        break;
    case PUSH_DEFERRED:
        push_deferred(e, f->node, p);
        break;
    case PULL_FIXED:
        pull_fixed(e, f->node, p, NULL);
        break;
    case PULL_DEFERRED:
        pull_deferred(e, f->node, p, NULL);
        break;
    }
}

static void union_switch(struct emit *e, const struct type *t, enum pass pass)
{
    bool deferred = pass == PUSH_DEFERRED || pass == PULL_DEFERRED, has_default = false;
    emit_line(e, "switch (tag) {");
    for (const struct field *f = t->fields; f; f = f->next) {
        if (deferred && (!f->node || !node_deferred(f->node)) && !(f->is_default && !f->cases))
            continue;
        for (const struct attr_arg *a = f->cases; a; a = a->next)
            emit_line(e, "case %s:", case_label(e, t, a));
        if (f->is_default)
            emit_line(e, "default:");
        has_default |= f->is_default;
        e->indent++;
        if (f->node && (!deferred || node_deferred(f->node)))
            arm(e, f, pass);
        emit_line(e, "break;");
        e->indent--;
    }
    if (!has_default) {
        emit_line(e, "default:");
        if (!deferred)
            emit_line(e, "    ndr_%s_bad_tag(n);", pass == PUSH_FIXED ? "push" : "pull");
        emit_line(e, "    break;");
    }
    emit_line(e, "}");
}

/* The tag of a union, or of one that sends none the alignment alone. */
static void union_tag(struct emit *e, const struct type *t, const char *verb)
{
    const char *align = align_name(t->arm_align);
    if (t->pidl && t->pidl->nodiscriminant)
        emit_line(e, "ndr_%s_end(n, %s);", verb, align);
    else
        emit_line(e, "ndr_%s_tag(n, %s%s, tag, %s);", verb, tag_name(t), t->ms_union ? " | NDR_MS" : "",
                  align);
}

static void push_union(struct emit *e, const struct type *t)
{
    start_function(e, t, "push", true);
    union_tag(e, t, "push");
    pidl_begin_base(e, t, true);
    union_switch(e, t, PUSH_FIXED);
    pidl_end_base(e, t, true);
    end_function(e, t, "push", true);
    if (t->deferred) {
        start_function(e, t, "push_deferred", true);
        union_switch(e, t, PUSH_DEFERRED);
        end_function(e, t, "push_deferred", true);
    }
}

static void pull_union(struct emit *e, const struct type *t)
{
    start_function(e, t, "pull", false);
    union_tag(e, t, "pull");
    pidl_begin_base(e, t, false);
    union_switch(e, t, PULL_FIXED);
    pidl_end_base(e, t, false);
    end_function(e, t, "pull", false);
    if (t->deferred) {
        start_function(e, t, "pull_deferred", false);
        union_switch(e, t, PULL_DEFERRED);
        end_function(e, t, "pull_deferred", false);
    }
}

static void emit_union(struct emit *e, const struct type *t)
{
    e->fields = NULL;
    e->prefix = "u->";
    if (!pidl_by_hand(t, true))
        push_union(e, t);
    if (!pidl_by_hand(t, false))
        pull_union(e, t);
}

/* ---- operations ---- */

static bool has_data(const struct decl *d, bool out)
{
    for (const struct field *f = d->params; f; f = f->next)
        if (f->node && (out ? f->out : f->in))
            return true;
    return out && d->node;
}

static void push_param(struct emit *e, const struct node *n, struct place p)
{
    if (n->kind == ND_POINTER && n->pointer == PTR_UNIQUE && n->to->kind == ND_STRING && !n->to->fixed &&
        !n->to->size) {
        emit_line(e, "ndr_push_unique_%sstring(n, %s);", n->to->base == BASE_WCHAR ? "w" : "", p.text);
        return;
    }
    push_fixed(e, n, p, false);
    push_deferred(e, n, p);
}

void pull_param(struct emit *e, const struct node *n, struct place p)
{
    if (n->kind == ND_POINTER && n->pointer == PTR_UNIQUE && n->to->kind == ND_STRING && !n->to->fixed &&
        !n->to->size) {
        emit_line(e, "%s = ndr_pull_unique_%sstring(n);", p.text, n->to->base == BASE_WCHAR ? "w" : "");
        string_range(e, n->to, p);
    } else if (n->kind == ND_ARRAY) {
        const char *count = pull_array(e, n, p, NULL);
        pull_deferred(e, n, p, count);
    } else if (n->kind == ND_UNION) {
        const char *tag = pull_tag_value(e, n, p);
        emit_line(e, "%s_pull(n, %s, %s);", n->type->cname, address(e, p.text), tag);
        if (n->type->deferred)
            emit_line(e, "%s_pull_deferred(n, %s, %s);", n->type->cname, address(e, p.text), tag);
    } else {
        pull_fixed(e, n, p, NULL);
        pull_deferred(e, n, p, NULL);
    }
}

/* Parameters of one direction in the order of the wire: pipes end a request and begin a response
 * ([C706] 4.2.14). */
static void emit_params(struct emit *e, const struct decl *d, bool push, bool out, bool pipes)
{
    for (const struct field *f = d->params; f; f = f->next) {
        if (!f->node || !(out ? f->out : f->in) || (f->node->kind == ND_PIPE) != pipes)
            continue;
        struct place p = { POOL_PRINTF(e, "r->%s.%s", out ? "out" : "in", f->cname), f->cname, 0 };
        if (pipes)
            p.name = POOL_PRINTF(e, "%s_%s", d->helper, f->cname);
        e->at = push ? INT_MAX : f->index;
        if (push)
            push_param(e, f->node, p);
        else
            pull_param(e, f->node, p);
    }
}

static void emit_direction(struct emit *e, const struct decl *d, bool push, bool out)
{
    if (!has_data(d, out))
        return;
    emit_text(e, "\n");
    emit_line(e, "static void %s_%s_%s(struct %s *n, %svoid *p)", d->helper, push ? "push" : "pull",
              out ? "out" : "in", push ? "ndr_push" : "ndr_pull", push ? "const " : "");
    emit_text(e, "{\n");
    e->indent = 1;
    emit_line(e, "%sstruct %s *r = p;", push ? "const " : "", d->cname);
    size_t start = e->o->len;
    e->operation = true;
    e->out = out;
    e->fields = d->params;
    e->flagged = pidl_flagged_params(d);
    e->pushing = push;
    emit_params(e, d, push, out, out);
    emit_params(e, d, push, out, !out);
    if (out && d->node) {
        struct place p = { "r->out.result", "result", 0 };
        if (push)
            push_fixed(e, d->node, p, false);
        else
            pull_fixed(e, d->node, p, NULL);
    }
    emit_late(e, start);
    e->operation = e->flagged = false;
    e->indent = 0;
    emit_text(e, "}\n");
}

/* Whether a return value tells success or failure, by the name that its type has in the IDL: what is an "unsigned long"
 * may be a count. */
static const char *result_flag(const struct decl *d)
{
    static const char *const kinds[][2] = {
        { "NTSTATUS", "RPC_OP_NTSTATUS" },    { "NET_API_STATUS", "RPC_OP_WIN32" }, { "WERROR", "RPC_OP_WIN32" },
        { "error_status_t", "RPC_OP_WIN32" }, { "DWORD", "RPC_OP_WIN32" },          { "HRESULT", "RPC_OP_HRESULT" },
    };
    const char *name = d->node && d->type && d->type->kind == TY_NAME ? d->type->name : "";
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(name, kinds[i][0]) == 0)
            return kinds[i][1];
    return NULL;
}

static const char *op_flags(struct emit *e, const struct decl *d)
{
    struct text t = { 0 };
    if (attr_find(d->attrs, "maybe"))
        text_printf(&t, "RPC_OP_MAYBE");
    else if (attr_find(d->attrs, "idempotent"))
        text_printf(&t, "RPC_OP_IDEMPOTENT");
    if (attr_find(d->attrs, "broadcast"))
        text_printf(&t, "%sRPC_OP_BROADCAST", t.len ? " | " : "");
    if (has_pipes(d))
        text_printf(&t, "%sRPC_OP_PIPES", t.len ? " | " : "");
    if (result_flag(d))
        text_printf(&t, "%s%s", t.len ? " | " : "", result_flag(d));
    const char *flags = t.len ? pool_strndup(&e->c->pool, t.data, t.len) : NULL;
    text_free(&t);
    return flags;
}

static void emit_op_table(struct emit *e, const struct decl *d)
{
    const char *flags = op_flags(e, d);
    emit_text(e, "\nconst struct rpc_op %s_op = {\n", d->cname);
    emit_text(e, "    .table_version = RPC_TABLE_VERSION,\n    .opnum = %d,\n", d->opnum);
    if (flags)
        emit_text(e, "    .flags = %s,\n", flags);
    emit_text(e, "    .iface = &%s_interface,\n    .name = \"%s\",\n", d->owner->name, d->name);
    emit_text(e, "    .size = sizeof(struct %s),\n    .out_offset = offsetof(struct %s, out),\n", d->cname,
              d->cname);
    for (int i = 0; i < 4; i++) {
        const char *verb = i & 1 ? "pull" : "push", *dir = i & 2 ? "out" : "in";
        if (has_data(d, i & 2))
            emit_text(e, "    .%s_%s = %s_%s_%s,\n", verb, dir, d->helper, verb, dir);
        else
            emit_text(e, "    .%s_%s = ndr_%s_nothing,\n", verb, dir, verb);
    }
    if (has_pipes(d))
        emit_text(e, "    .pipes = %s_pipes,\n", d->helper);
    emit_text(e, "};\n");
}

static void emit_operation(struct emit *e, const struct decl *d)
{
    emit_pipes(e, d);
    emit_direction(e, d, true, false);
    emit_direction(e, d, false, false);
    emit_direction(e, d, true, true);
    emit_direction(e, d, false, true);
    emit_op_table(e, d);
}

/* ---- interfaces ---- */

static void emit_uuid(struct emit *e, const char *s)
{
    char hex[33];
    size_t n = 0;
    for (; s && *s && n < 32; s++)
        if (*s != '-')
            hex[n++] = *s >= 'A' && *s <= 'F' ? (char)(*s + 'a' - 'A') : *s;
    while (n < 32) /* pidl takes shorter ones */
        hex[n++] = '0';
    hex[n] = 0;
    emit_text(e, "    .syntax.uuid = { 0x%.8s, 0x%.4s, 0x%.4s, {", hex, hex + 8, hex + 12);
    for (int i = 16; i < 32; i += 2)
        emit_text(e, "%s 0x%.2s", i > 16 ? "," : "", hex + i);
    emit_text(e, " } },\n");
}

static void emit_version(struct emit *e, const struct attr *a)
{
    unsigned major = 0, minor = 0;
    for (const char *s = a && a->text ? a->text : ""; *s && *s != '.'; s++)
        major = major * 10 + (unsigned)(*s - '0');
    const char *dot = a && a->text ? strchr(a->text, '.') : NULL;
    for (const char *s = dot ? dot + 1 : ""; *s && *s != '.'; s++)
        minor = minor * 10 + (unsigned)(*s - '0');
    if (major > UINT16_MAX || minor > UINT16_MAX)
        diag_error(e->c, a->loc, "a version number has 16 bits");
    emit_text(e, "    .syntax.major = %u,\n    .syntax.minor = %u,\n", major, minor);
}

static void emit_quoted(struct emit *e, const char *s)
{
    emit_text(e, "\"");
    for (; *s; s++)
        emit_text(e, *s == '\\' || *s == '"' ? "\\%c" : "%c", *s);
    emit_text(e, "\"");
}

static void emit_interface_table(struct emit *e, const struct decl *i)
{
    const struct attr *endpoint = attr_find(i->attrs, "endpoint"), *uuid = attr_find(i->attrs, "uuid");
    if (endpoint) {
        emit_text(e, "\nstatic const char *const %s_endpoints[] = {\n", i->name);
        for (const struct attr_arg *a = endpoint->args; a; a = a->next) {
            if (!a->expr || a->expr->kind != EX_STRING)
                continue;
            emit_text(e, "    ");
            emit_quoted(e, a->expr->text);
            emit_text(e, ",\n");
        }
        emit_text(e, "    NULL,\n};\n");
    }
    emit_text(e, "\nconst struct rpc_interface %s_interface = {\n", i->name);
    emit_text(e, "    .table_version = RPC_TABLE_VERSION,\n    .n_ops = %d,\n    .name = \"%s\",\n", i->n_ops,
              i->name);
    if (uuid)
        emit_uuid(e, uuid->text);
    emit_version(e, attr_find(i->attrs, "version"));
    if (endpoint)
        emit_text(e, "    .endpoints = %s_endpoints,\n", i->name);
    const struct decl *base = inherited_interface(e->c, i);
    if (base)
        emit_text(e, "    .base = &%s_interface,\n", base->name);
    emit_text(e, "};\n");
}

/* ---- the file ---- */

static void mark_rows(const struct node *n)
{
    for (bool row = false; n; n = n->to) {
        if (n->kind == ND_STRUCT && row && only_unique(n))
            n->type->in_rows = true;
        else if (n->kind == ND_STRUCT)
            n->type->alone = true;
        row = n->kind == ND_ARRAY && !n->first;
    }
}

/* Which structures' first pass is called, and does not only go in rows of pointers. */
static void mark_all_rows(struct idlc *c)
{
    for (const struct type *t = c->defs; t; t = t->next_def)
        for (const struct field *f = t->reached && t->kind != TY_ENUM ? t->fields : NULL; f; f = f->next)
            mark_rows(f->node);
    for (const struct decl *d = c->types; d; d = d->next_type)
        mark_rows(d->node);
    for (const struct decl *i = next_interface(c->main->decls); i; i = next_interface(i->next))
        for (const struct decl *d = i->body; d; d = d->next)
            for (const struct field *f = is_operation(d) ? d->params : NULL; f; f = f->next)
                mark_rows(f->node);
}

static void emit_prototype(struct emit *e, const struct type *t)
{
    for (int i = 0; i < 4; i++) {
        bool push = !(i & 2);
        bool unused = i & 1 ? !t->deferred : rows_only(t);
        if (unused || pidl_by_hand(t, push))
            continue;
        emit_line(e, "static void %s_%s%s(struct %s *n, %s%s %s *%s%s);", t->cname, push ? "push" : "pull",
                  i & 1 ? "_deferred" : "", push ? "ndr_push" : "ndr_pull", push ? "const " : "",
                  t->kind == TY_UNION ? "union" : "struct", t->cname, t->kind == TY_UNION ? "u" : "s",
                  t->kind == TY_UNION ? POOL_PRINTF(e, ", %s tag", tag_type(t)) : "");
    }
}

/* Types that are used before they are defined need a declaration. */
static void emit_prototypes(struct emit *e)
{
    bool any = false;
    for (struct type *t = e->c->defs; t; t = t->next_def) {
        if (!t->reached)
            continue;
        for (const struct field *f = t->fields; f; f = f->next) {
            const struct node *n = f->node;
            while (n && n->to && n->kind != ND_HAND && n->kind != ND_SKIP)
                n = n->to;
            if (!n || (n->kind != ND_STRUCT && n->kind != ND_UNION) || n->type->order <= t->order ||
                n->type->declared)
                continue;
            emit_text(e, any ? "" : "\n");
            emit_prototype(e, n->type);
            n->type->declared = any = true;
        }
    }
}

static void emit_type(struct emit *e, const struct type *t)
{
    e->self = t;
    e->flagged = pidl_flagged(t);
    if (t->kind == TY_STRUCT && !t->fields)
        pidl_empty(e, t);
    else if (t->kind == TY_STRUCT && counted_shape(t))
        emit_counted(e, t);
    else if (t->kind == TY_STRUCT)
        emit_struct(e, t);
    else if (t->kind == TY_UNION)
        emit_union(e, t);
    e->flagged = false;
    pidl_measure(e, t, false);
}

void emit_ndr(struct idlc *c, struct text *o)
{
    struct emit e = { .c = c, .o = o, .at = INT_MAX };
    emit_file_start(&e, "NDR of types and operations");
    emit_text(&e, "#include %s\n", emit_header_name(&e, c->main));
    mark_all_rows(c);
    emit_prototypes(&e);
    for (const struct type *t = c->defs; t; t = t->next_def)
        if (t->reached)
            pidl_measure(&e, t, true);
    for (const struct type *t = c->defs; t; t = t->next_def)
        if (t->reached)
            emit_type(&e, t);
    emit_types(&e);
    for (const struct decl *i = next_interface(c->main->decls); i; i = next_interface(i->next)) {
        emit_interface_table(&e, i);
        for (const struct decl *d = i->body; d; d = d->next)
            if (is_operation(d))
                emit_operation(&e, d);
    }
}
