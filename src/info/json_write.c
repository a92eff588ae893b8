// SPDX-License-Identifier: Apache-2.0
/*
 * C structures as JSON (docs/rpc-json.md) and, by the same walk, as traces. What is written as JSON can be
 * read back and gives the same bytes on the wire; a trace is for people: names without quotes, long things
 * cut, secrets not shown.
 */
#include "info/m_info.h"

#include <string.h>

/* What a trace on one line shows of an array, a blob and a text; a full trace shows everything. */
#define TRACE_ELEMENTS 3
#define TRACE_BYTES    16
#define TRACE_UNITS    64

/* Integers up to here are numbers in every JSON reader, others become strings: 2^53 - 1. */
#define JSON_MAX_SAFE UINT64_C(9007199254740991)

struct out {
    struct wr *w;
    unsigned depth;
    bool indent, trace, cut;
    struct nt_error *err;
    enum nt_status st;
};

static enum nt_status fail(struct out *o, const char *what, const char *name)
{
    if (o->st == STATUS_SUCCESS)
        o->st = nt_error_set(o->err, STATUS_INVALID_PARAMETER, what, name ? name : "");
    return o->st;
}

static bool going(const struct out *o)
{
    return o->st == STATUS_SUCCESS && o->w->st == STATUS_SUCCESS;
}

static void new_line(struct out *o)
{
    if (!o->indent)
        return;
    wr_u8(o->w, '\n');
    for (unsigned i = 0; i < o->depth; i++)
        wr_bytes(o->w, "  ", 2);
}

/* Before each member but the first there is a comma. */
static bool open_bracket(struct out *o, char c)
{
    if (o->depth >= INFO_MAX_DEPTH) {
        if (o->st == STATUS_SUCCESS)
            o->st = nt_error_set(o->err, STATUS_INSUFFICIENT_RESOURCES, "this is nested too deeply");
        return false;
    }
    o->depth++;
    wr_u8(o->w, (uint8_t)c);
    return going(o);
}

static void next_item(struct out *o, bool *first)
{
    if (!*first)
        info_puts(o->w, o->indent ? "," : ", ");
    *first = false;
    new_line(o);
}

static void close_bracket(struct out *o, char c, bool empty)
{
    o->depth--;
    if (!empty)
        new_line(o);
    wr_u8(o->w, (uint8_t)c);
}

static void key(struct out *o, const char *name)
{
    if (o->trace) {
        info_puts(o->w, name);
        info_puts(o->w, ": ");
    } else {
        wr_u8(o->w, '"');
        info_puts(o->w, name);
        info_puts(o->w, "\": ");
    }
}

/* ---- scalars ---- */

static void integer(struct out *o, uint64_t v, bool is_signed)
{
    bool minus = is_signed && (int64_t)v < 0;
    uint64_t size = minus ? 0 - v : v;
    const char *quote = size > JSON_MAX_SAFE && !o->trace ? "\"" : "";
    info_printf(o->w, "%s%s%llu%s", quote, minus ? "-" : "", (unsigned long long)size, quote);
}

static void status(struct out *o, const char *name, uint32_t v)
{
    if (name)
        info_printf(o->w, o->trace ? "%s" : "\"%s\"", name);
    else
        info_printf(o->w, o->trace ? "0x%08x" : "\"0x%08x\"", v);
}

/* A status in facility NTWIN32 has the name of the Win32 code in it, which does not say that it is wrapped.
 */
static const char *exact_name(uint32_t v)
{
    return (v & 0xffff0000U) == 0xc0070000U ? NULL : nt_status_name((enum nt_status)v);
}

static void enumerator(struct out *o, const struct rpc_info_node *n, const void *at)
{
    uint64_t v = info_get(n, at);
    const struct rpc_info_type *t = n->type;
    for (uint32_t i = 0; i < t->n_values; i++)
        if ((uint32_t)t->values[i].value == (uint32_t)v) {
            info_printf(o->w, o->trace ? "%s" : "\"%s\"", t->values[i].name);
            return;
        }
    integer(o, v, false);
}

/* Names of the bits, then what has no name as a number; longest names first, where they overlap. */
static void bitmap(struct out *o, const struct rpc_info_node *n, const void *at)
{
    uint64_t v = info_get(n, at), left = v;
    const struct rpc_info_type *t = n->type;
    bool first = true;
    wr_u8(o->w, '[');
    for (uint32_t i = 0; i < t->n_values; i++) {
        uint64_t bits = (uint64_t)t->values[i].value;
        if (n->size < 8)
            bits &= UINT32_MAX;
        if (bits == 0 || (left & bits) != bits)
            continue;
        info_printf(o->w, o->trace ? "%s%s" : "%s\"%s\"", first ? "" : ", ", t->values[i].name);
        first = false;
        left &= ~bits;
    }
    if (left) {
        info_puts(o->w, first ? "" : ", ");
        integer(o, left, false);
    }
    wr_u8(o->w, ']');
}

static void sid(struct out *o, const void *at)
{
    struct nt_sid s;
    char text[NT_SID_STRLEN + 1];
    memcpy(&s, at, sizeof(s));
    if (s.count > NT_SID_MAX_SUB)
        s.count = NT_SID_MAX_SUB;
    /* the text form is that of revision 1 */
    unsigned revision = s.revision;
    s.revision = 1;
    nt_sid_format(&s, text);
    if (revision == 1)
        info_printf(o->w, "\"%s\"", text);
    else
        info_printf(o->w, o->trace ? "%s (revision %u)" : "{\"sid\": \"%s\", \"revision\": %u}", text,
                    revision);
}

static void scalar(struct out *o, const struct rpc_info_node *n, const void *at)
{
    float f;
    double d;
    struct nt_guid g;
    char text[NT_GUID_STRLEN + 1];
    switch (n->base) {
    case RPC_INFO_GUID:
        memcpy(&g, at, sizeof(g));
        info_printf(o->w, "\"%s\"", nt_guid_format(&g, text));
        break;
    case RPC_INFO_SID:
        sid(o, at);
        break;
    case RPC_INFO_FLOAT: {
        uint32_t bits;
        memcpy(&bits, at, sizeof(bits));
        memcpy(&f, at, sizeof(f));
        if (f != f) /* a NaN; its bits, which a conversion may change */
            info_printf(o->w, "\"nan(0x%08x)\"", bits);
        else
            info_put_double(o->w, (double)f, true);
        break;
    }
    case RPC_INFO_DOUBLE:
        memcpy(&d, at, sizeof(d));
        info_put_double(o->w, d, false);
        break;
    case RPC_INFO_NTSTATUS:
        status(o, exact_name((uint32_t)info_get(n, at)), (uint32_t)info_get(n, at));
        break;
    case RPC_INFO_WERROR:
        status(o, werror_name((enum werror)info_get(n, at)), (uint32_t)info_get(n, at));
        break;
    case RPC_INFO_BOOLEAN:
        if (info_get(n, at) <= 1) {
            info_puts(o->w, info_get(n, at) ? "true" : "false");
            break;
        }
        __attribute__((fallthrough));
    default:
        integer(o, info_get(n, at), info_is_signed(n));
    }
}

/* "6bffd098-a112-3610-9833-46c3f87e345a", with "1:" in front where the attributes are 1. */
static void handle(struct out *o, const void *at)
{
    struct ndr_handle h;
    char text[NT_GUID_STRLEN + 1];
    memcpy(&h, at, sizeof(h));
    nt_guid_format(&h.uuid, text);
    if (ndr_handle_is_null(&h))
        info_puts(o->w, "null");
    else if (h.attributes)
        info_printf(o->w, "\"%u:%s\"", h.attributes, text);
    else
        info_printf(o->w, "\"%s\"", text);
}

/* ---- texts and blobs ---- */

static void rest(struct out *o, uint64_t left, const char *what)
{
    info_printf(o->w, " ... %llu more%s", (unsigned long long)left, what);
}

static void text16(struct out *o, const char16_t *s, size_t len)
{
    size_t shown = o->cut && len > TRACE_UNITS ? TRACE_UNITS : len;
    info_put_utf16(o->w, s, shown);
    if (shown < len)
        rest(o, len - shown, "");
}

static void text8(struct out *o, const char *s, size_t len)
{
    size_t shown = o->cut && len > TRACE_UNITS ? TRACE_UNITS : len;
    info_put_bytes(o->w, s, shown);
    if (shown < len)
        rest(o, len - shown, "");
}

static void blob(struct out *o, const uint8_t *p, size_t len)
{
    size_t shown = o->cut && len > TRACE_BYTES ? TRACE_BYTES : len;
    info_put_hex(o->w, p, shown);
    if (shown < len)
        rest(o, len - shown, " bytes");
}

/* s: the first character, null or not. */
static void string(struct out *o, const struct rpc_info_node *n, const void *s)
{
    size_t max = n->flags & RPC_INFO_FIXED ? (size_t)n->count : SIZE_MAX;
    if (!s)
        info_puts(o->w, "null");
    else if (n->base == RPC_INFO_WCHAR)
        text16(o, s, max == SIZE_MAX ? ustr_len(s) : ustr_nlen(s, max));
    else
        text8(o, s, max == SIZE_MAX ? strlen(s) : strnlen(s, max));
}

/* ---- constructed values ---- */

static void value(struct out *o, const struct info_scope *s, const struct rpc_info_node *n, const void *at,
                  const char *name);

/* Elements from `first` on. */
static void elements(struct out *o, const struct info_scope *s, const struct rpc_info_node *n,
                     const void *first, const char *name)
{
    uint64_t count = info_elements(s, n);
    bool empty = true;
    if ((!first && count) || ((n->flags & RPC_INFO_FIXED) && count > n->count)) {
        fail(o, "%s: the count is not that of the elements", name);
        return;
    }
    /* the elements are in memory, so their number fits */
    switch (info_bulk(n)) {
    case INFO_BLOB:
        blob(o, first, (size_t)count);
        return;
    case INFO_TEXT8:
        text8(o, first, (size_t)count);
        return;
    case INFO_TEXT16:
        text16(o, first, (size_t)count);
        return;
    case INFO_LIST:
        break;
    }
    if (!open_bracket(o, '['))
        return;
    for (uint64_t i = 0; i < count && going(o); i++) {
        if (o->cut && i == TRACE_ELEMENTS && count > TRACE_ELEMENTS) {
            rest(o, count - i, "");
            break;
        }
        next_item(o, &empty);
        value(o, s, n->to, info_at(first, (size_t)i * n->to->size), name);
    }
    close_bracket(o, ']', empty);
}

static void pointer(struct out *o, const struct info_scope *s, const struct rpc_info_node *n, const void *at,
                    const char *name)
{
    const struct rpc_info_node *to = n->to;
    void *p;
    memcpy(&p, at, sizeof(p));
    if (!p) {
        info_puts(o->w, "null");
        return;
    }
    if (to->kind == RPC_INFO_ARRAY) {
        elements(o, s, to, p, name);
        return;
    }
    if (to->kind == RPC_INFO_STRING) {
        string(o, to, p);
        return;
    }
    /* a pointer to what may be null itself stands in brackets where the difference would be lost */
    bool bracket = to->kind == RPC_INFO_POINTER && !o->trace;
    size_t start = o->w->len;
    if (bracket && !open_bracket(o, '['))
        return;
    value(o, s, to, p, name);
    if (bracket)
        close_bracket(o, ']', true);
    else if (!o->trace && info_nullable(to) && going(o) && o->w->len == start + 4 &&
             memcmp(o->w->base + start, "null", 4) == 0) {
        o->w->len = start;
        info_puts(o->w, "[null]");
    }
}

/* Bytes in use and room: a text where the room is what a text brings along, or nothing but the text counts.
 */
static bool counted_string(struct out *o, const struct rpc_info_type *t, const void *at)
{
    uint16_t length, maximum;
    void *buffer;
    memcpy(&length, info_at(at, t->members[0].offset), sizeof(length));
    memcpy(&maximum, info_at(at, t->members[1].offset), sizeof(maximum));
    memcpy(&buffer, info_at(at, t->members[2].offset), sizeof(buffer));
    struct info_scope s = info_struct_scope(t, at);
    uint64_t units = info_elements(&s, t->members[2].node->to);
    if (!buffer && ((length == 0 && maximum == 0) || o->trace)) {
        info_puts(o->w, "null");
        return true;
    }
    if (!buffer || units != length / 2 || (!o->trace && (length % 2 || maximum != length)))
        return false;
    text16(o, buffer, (size_t)units);
    return true;
}

static void members(struct out *o, const struct info_scope *s, bool *empty)
{
    for (uint32_t i = 0; i < s->n && going(o); i++) {
        const struct rpc_info_member *m = &s->members[i];
        if (!info_member_here(s, m))
            continue;
        next_item(o, empty);
        key(o, m->name);
        if (o->trace && info_is_secret(m))
            info_puts(o->w, "(secret)");
        else
            value(o, s, m->node, info_member_place(s, m), m->name);
    }
}

static void structure(struct out *o, const struct rpc_info_type *t, const void *at)
{
    bool empty = true;
    if (o->trace && (t->flags & RPC_INFO_SECRET)) {
        info_puts(o->w, "(secret)");
        return;
    }
    if (t->flags & RPC_INFO_TIME) {
        uint32_t low, high;
        memcpy(&low, info_at(at, t->members[0].offset), sizeof(low));
        memcpy(&high, info_at(at, t->members[1].offset), sizeof(high));
        info_put_time(o->w, (uint64_t)high << 32 | low);
        return;
    }
    if ((t->flags & RPC_INFO_COUNTED_STRING) && counted_string(o, t, at))
        return;
    struct info_scope s = info_struct_scope(t, at);
    if (!open_bracket(o, '{'))
        return;
    members(o, &s, &empty);
    close_bracket(o, '}', empty);
}

static void union_value(struct out *o, const struct info_scope *s, const struct rpc_info_node *n,
                        const void *at, const char *name)
{
    uint64_t tag = n->switch_is ? info_eval(s, n->switch_is) : 0;
    const struct rpc_info_member *arm = info_arm(n->type, tag);
    bool empty = true;
    if (!arm) {
        if (o->trace)
            info_printf(o->w, "(no arm %lld)", (long long)tag);
        else
            fail(o, "%s: no arm has this tag", name);
        return;
    }
    if (!arm->node) {
        info_puts(o->w, "null");
        return;
    }
    if (!open_bracket(o, '{'))
        return;
    next_item(o, &empty);
    key(o, arm->name);
    if (o->trace && info_is_secret(arm))
        info_puts(o->w, "(secret)");
    else
        value(o, s, arm->node, info_at(at, arm->offset), arm->name);
    close_bracket(o, '}', false);
}

/* A pipe that gives its elements only once is not read for a trace. */
static void pipe_value(struct out *o, const struct info_scope *s, const struct rpc_info_node *n,
                       const void *at, const char *name)
{
    size_t count;
    const void *first;
    struct ndr_pipe p;
    memcpy(&p, at, sizeof(p));
    if (info_pipe_get(&p, &first, &count)) {
        struct rpc_info_node all = { .kind = RPC_INFO_ARRAY, .to = n->to, .count = count };
        elements(o, s, &all, first, name);
    } else if (o->trace) {
        info_puts(o->w, "(pipe)");
    } else {
        fail(o, "%s: a pipe that gives its elements only once", name);
    }
}

static void value(struct out *o, const struct info_scope *s, const struct rpc_info_node *n, const void *at,
                  const char *name)
{
    const void *p = at;
    switch (n->kind) {
    case RPC_INFO_SCALAR:
        scalar(o, n, at);
        break;
    case RPC_INFO_ENUM:
        enumerator(o, n, at);
        break;
    case RPC_INFO_BITMAP:
        bitmap(o, n, at);
        break;
    case RPC_INFO_STRUCT:
        structure(o, n->type, at);
        break;
    case RPC_INFO_UNION:
        union_value(o, s, n, at, name);
        break;
    case RPC_INFO_POINTER:
        pointer(o, s, n, at, name);
        break;
    case RPC_INFO_ARRAY:
    case RPC_INFO_STRING:
        if (!(n->flags & RPC_INFO_FIXED)) {
            void *first;
            memcpy(&first, at, sizeof(first));
            p = first;
        }
        if (n->kind == RPC_INFO_ARRAY)
            elements(o, s, n, p, name);
        else
            string(o, n, p);
        break;
    case RPC_INFO_HANDLE:
        handle(o, at);
        break;
    case RPC_INFO_PIPE:
        pipe_value(o, s, n, at, name);
        break;
    case RPC_INFO_BLOB: {
        struct nt_blob b;
        memcpy(&b, at, sizeof(b));
        blob(o, b.data, b.len);
        break;
    }
    default:
        info_puts(o->w, "null");
    }
}

/* ---- operations ---- */

static void operation(struct out *o, const struct rpc_info_op *op, enum rpc_info_side side, const void *r)
{
    struct info_scope s = info_op_scope(op, side, r);
    bool empty = true;
    if (!open_bracket(o, '{'))
        return;
    members(o, &s, &empty);
    if (side == RPC_INFO_RESPONSE && op->result) {
        next_item(o, &empty);
        key(o, "result");
        value(o, &s, op->result, info_at(r, op->result_offset), "result");
    }
    close_bracket(o, '}', empty);
}

enum nt_status rpc_json_write(const struct rpc_info_op *op, enum rpc_info_side side, const void *r,
                              unsigned flags, struct nt_arena *mem, const char **ret, struct nt_error *err)
{
    struct wr w;
    struct out o = {
        .w = &w,
        .indent = flags & RPC_JSON_INDENT,
        .trace = flags & RPC_JSON_TRACE,
        .cut = (flags & RPC_JSON_TRACE) && !(flags & RPC_JSON_INDENT),
        .err = err,
    };
    wr_init(&w, INFO_MAX_TEXT);
    operation(&o, op, side, r);
    wr_fail(&w, o.st);
    enum nt_status st = w.st;
    if (st != STATUS_SUCCESS && o.st == STATUS_SUCCESS)
        nt_error_set(err, st, "the text becomes too long");
    return info_take(&w, mem, ret);
}

/* ---- traces ---- */

const char *rpc_trace_line(const struct rpc_info_interface *i, const struct rpc_info_op *op,
                           enum rpc_info_side side, const void *r, size_t max, struct nt_arena *mem)
{
    struct wr w;
    const char *ret = NULL;
    struct out o = { .w = &w, .trace = true, .cut = true };
    max = max ? max : 1024;
    wr_init(&w, max > 64 ? max - 3 : 64); /* room for "..." */
    info_printf(&w, "%.100s.%.100s %s ", i->name, op->name, side == RPC_INFO_REQUEST ? "in" : "out");
    operation(&o, op, side, r);
    if (o.st != STATUS_SUCCESS)
        info_puts(&w, " (not as described)");
    bool full = w.st == STATUS_BUFFER_TOO_SMALL;
    if (full) {
        w.st = STATUS_SUCCESS;
        w.limit += 3;
        info_puts(&w, "...");
    }
    return info_take(&w, mem, &ret) == STATUS_SUCCESS ? ret : NULL;
}

const char *rpc_trace_full(const struct rpc_info_interface *i, const struct rpc_info_op *op,
                           enum rpc_info_side side, const void *r, struct nt_arena *mem)
{
    struct wr w;
    const char *ret = NULL;
    struct out o = { .w = &w, .trace = true, .indent = true };
    wr_init(&w, INFO_MAX_TEXT);
    info_printf(&w, "%.100s.%.100s %s ", i->name, op->name, side == RPC_INFO_REQUEST ? "in" : "out");
    operation(&o, op, side, r);
    if (o.st != STATUS_SUCCESS)
        info_puts(&w, " (not as described)");
    return info_take(&w, mem, &ret) == STATUS_SUCCESS ? ret : NULL;
}
