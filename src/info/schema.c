// SPDX-License-Identifier: Apache-2.0
/* JSON Schema (2020-12) of operations and types: what rpc_json_read takes, and so what rpc_json_write gives.
 */
#include "info/m_info.h"

/* Types that one operation can lead to; the largest interface has under a thousand in all. */
#define MAX_TYPES 4096

struct schema {
    struct wr w;
    struct nt_arena *mem;
    const struct rpc_info_type **types; /* that $defs has to have */
    uint32_t n_types;
    uint32_t bases; /* by 1 << enum rpc_info_base */
    bool first;
};

static const char *const base_names[] = {
    [RPC_INFO_U8] = "uint8",      [RPC_INFO_I8] = "int8",     [RPC_INFO_U16] = "uint16",
    [RPC_INFO_I16] = "int16",     [RPC_INFO_U32] = "uint32",  [RPC_INFO_I32] = "int32",
    [RPC_INFO_U64] = "uint64",    [RPC_INFO_I64] = "int64",   [RPC_INFO_U3264] = "uint3264",
    [RPC_INFO_I3264] = "int3264", [RPC_INFO_FLOAT] = "float", [RPC_INFO_DOUBLE] = "double",
    [RPC_INFO_CHAR] = "char",     [RPC_INFO_WCHAR] = "wchar", [RPC_INFO_BOOLEAN] = "boolean",
    [RPC_INFO_GUID] = "guid",     [RPC_INFO_SID] = "sid",     [RPC_INFO_NTSTATUS] = "ntstatus",
    [RPC_INFO_WERROR] = "werror",
};

static void comma(struct schema *s)
{
    if (!s->first)
        info_puts(&s->w, ", ");
    s->first = false;
}

static void type_ref(struct schema *s, const struct rpc_info_type *t)
{
    uint32_t i = 0;
    while (i < s->n_types && s->types[i] != t)
        i++;
    if (i == s->n_types) {
        if (s->n_types == MAX_TYPES) {
            wr_fail(&s->w, STATUS_BUFFER_TOO_SMALL);
            return;
        }
        s->types[s->n_types++] = t;
    }
    info_printf(&s->w, "{\"$ref\": \"#/$defs/%.200s\"}", t->cname);
}

static void base_ref(struct schema *s, unsigned base)
{
    s->bases |= 1U << base;
    info_printf(&s->w, "{\"$ref\": \"#/$defs/%s\"}", base_names[base]);
}

static void node(struct schema *s, const struct rpc_info_node *n);

static void array(struct schema *s, const struct rpc_info_node *n)
{
    bool exact = (n->flags & RPC_INFO_FIXED) && !n->length_is;
    unsigned long long count = n->count;
    switch (info_bulk(n)) {
    case INFO_BLOB:
        info_puts(&s->w, "{\"type\": \"string\", \"pattern\": \"^([0-9a-fA-F]{2})*$\"");
        if (exact)
            info_printf(&s->w, ", \"minLength\": %llu, \"maxLength\": %llu", 2 * count, 2 * count);
        break;
    case INFO_TEXT8:
    case INFO_TEXT16:
        info_puts(&s->w, "{\"type\": \"string\"");
        break;
    case INFO_LIST:
        info_puts(&s->w, "{\"type\": \"array\", \"items\": ");
        node(s, n->to);
        if (exact)
            info_printf(&s->w, ", \"minItems\": %llu, \"maxItems\": %llu", count, count);
        break;
    }
    info_puts(&s->w, "}");
}

static void string(struct schema *s, const struct rpc_info_node *n)
{
    info_puts(&s->w, "{\"type\": \"string\"");
    if (n->flags & RPC_INFO_FIXED)
        info_printf(&s->w, ", \"maxLength\": %llu", (unsigned long long)n->count - 1);
    info_puts(&s->w, "}");
}

static void pointer(struct schema *s, const struct rpc_info_node *n)
{
    bool optional = n->flags & (RPC_INFO_UNIQUE | RPC_INFO_FULL), inner = n->to->kind == RPC_INFO_POINTER;
    bool bracket = !inner && info_nullable(n->to);
    if (optional || bracket)
        info_puts(&s->w, "{\"anyOf\": [");
    if (optional)
        info_puts(&s->w, "{\"type\": \"null\"}, ");
    if (bracket)
        info_puts(&s->w, "{\"const\": [null]}, ");
    if (inner)
        info_puts(&s->w, "{\"type\": \"array\", \"minItems\": 1, \"maxItems\": 1, \"items\": ");
    node(s, n->to);
    if (inner)
        info_puts(&s->w, "}");
    if (optional || bracket)
        info_puts(&s->w, "]}");
}

static void node(struct schema *s, const struct rpc_info_node *n)
{
    bool range = (n->flags & RPC_INFO_RANGE) && n->kind == RPC_INFO_SCALAR;
    switch (n->kind) {
    case RPC_INFO_SCALAR:
        if (range)
            info_puts(&s->w, "{\"allOf\": [");
        base_ref(s, n->base);
        if (range)
            info_printf(&s->w, ", {\"minimum\": %lld, \"maximum\": %lld}]}", (long long)n->low,
                        (long long)n->high);
        break;
    case RPC_INFO_ENUM:
    case RPC_INFO_BITMAP:
    case RPC_INFO_STRUCT:
    case RPC_INFO_UNION:
        type_ref(s, n->type);
        break;
    case RPC_INFO_POINTER:
        pointer(s, n);
        break;
    case RPC_INFO_ARRAY:
    case RPC_INFO_PIPE:
        array(s, n);
        break;
    case RPC_INFO_STRING:
        string(s, n);
        break;
    case RPC_INFO_BLOB:
        info_puts(&s->w, "{\"type\": \"string\", \"pattern\": \"^([0-9a-fA-F]{2})*$\"}");
        break;
    case RPC_INFO_HANDLE:
        info_puts(&s->w, "{\"type\": [\"string\", \"null\"], \"pattern\": "
                         "\"^([0-9]+:)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$\"}");
        break;
    default:
        info_puts(&s->w, "{\"type\": \"null\"}");
    }
}

/* ---- definitions ---- */

static void integer_def(struct schema *s, unsigned base)
{
    static const struct {
        const char *low, *high;
    } range[] = {
        [RPC_INFO_U8] = { "0", "255" },
        [RPC_INFO_I8] = { "-128", "127" },
        [RPC_INFO_U16] = { "0", "65535" },
        [RPC_INFO_I16] = { "-32768", "32767" },
        [RPC_INFO_U32] = { "0", "4294967295" },
        [RPC_INFO_I32] = { "-2147483648", "2147483647" },
        [RPC_INFO_U64] = { "0", "18446744073709551615" },
        [RPC_INFO_I64] = { "-9223372036854775808", "9223372036854775807" },
        [RPC_INFO_U3264] = { "0", "18446744073709551615" },
        [RPC_INFO_I3264] = { "-9223372036854775808", "9223372036854775807" },
        [RPC_INFO_CHAR] = { "0", "255" },
        [RPC_INFO_WCHAR] = { "0", "65535" },
        [RPC_INFO_BOOLEAN] = { "0", "255" },
        [RPC_INFO_NTSTATUS] = { "0", "4294967295" },
        [RPC_INFO_WERROR] = { "0", "4294967295" },
    };
    info_printf(&s->w,
                "{\"anyOf\": [{\"type\": \"integer\", \"minimum\": %s, \"maximum\": %s}, {\"type\": "
                "\"string\", \"pattern\": \"^-?([0-9]+|0[xX][0-9a-fA-F]+)$\"}",
                range[base].low, range[base].high);
    if (base == RPC_INFO_BOOLEAN)
        info_puts(&s->w, ", {\"type\": \"boolean\"}");
    if (base == RPC_INFO_NTSTATUS || base == RPC_INFO_WERROR)
        info_puts(&s->w, ", {\"type\": \"string\", \"pattern\": \"^[A-Za-z_][A-Za-z0-9_]*$\"}");
    info_puts(&s->w, "]}");
}

static void base_def(struct schema *s, unsigned base)
{
    switch (base) {
    case RPC_INFO_GUID:
        info_puts(&s->w, "{\"type\": \"string\", \"pattern\": "
                         "\"^[{]?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}[}]?$\"}");
        break;
    case RPC_INFO_SID:
        info_puts(&s->w, "{\"anyOf\": [{\"type\": \"string\", \"pattern\": \"^[sS]-1(-[0-9a-fA-FxX]+)+$\"}, "
                         "{\"type\": \"object\", \"required\": [\"sid\", \"revision\"]}]}");
        break;
    case RPC_INFO_FLOAT:
    case RPC_INFO_DOUBLE:
        info_puts(&s->w, "{\"anyOf\": [{\"type\": \"number\"}, {\"type\": \"string\", \"pattern\": "
                         "\"^(-?inf|nan[(]0x[0-9a-f]+[)])$\"}]}");
        break;
    default:
        integer_def(s, base);
    }
}

static void properties(struct schema *s, const struct info_scope *scope, const struct rpc_info_op *op)
{
    bool first = true;
    info_puts(&s->w, "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {");
    for (uint32_t i = 0; i < scope->n; i++) {
        const struct rpc_info_member *m = &scope->members[i];
        if (!info_member_here(scope, m))
            continue;
        info_printf(&s->w, "%s\"%.200s\": ", first ? "" : ", ", m->name);
        node(s, m->node);
        first = false;
    }
    if (op && op->result && scope->out) {
        info_puts(&s->w, first ? "\"result\": " : ", \"result\": ");
        node(s, op->result);
    }
    info_puts(&s->w, "}}");
}

static void union_def(struct schema *s, const struct rpc_info_type *t)
{
    info_puts(&s->w, "{\"oneOf\": [{\"type\": \"null\"}");
    for (uint32_t i = 0; i < t->n_members; i++) {
        const struct rpc_info_member *m = &t->members[i];
        if (!m->node)
            continue;
        info_puts(&s->w, ", {\"type\": \"object\", \"additionalProperties\": false");
        info_printf(&s->w, ", \"required\": [\"%.90s\"], \"properties\": {\"%.90s\": ", m->name, m->name);
        node(s, m->node);
        info_puts(&s->w, "}}");
    }
    info_puts(&s->w, "]}");
}

static void values_def(struct schema *s, const struct rpc_info_type *t)
{
    bool bits = t->kind == RPC_INFO_BITMAP;
    info_puts(&s->w,
              bits ? "{\"anyOf\": [{\"type\": \"integer\"}, {\"type\": \"array\", \"items\": {\"anyOf\": ["
                     "{\"type\": \"integer\"}, {\"enum\": ["
                   : "{\"anyOf\": [{\"type\": \"integer\"}, {\"enum\": [");
    for (uint32_t i = 0; i < t->n_values; i++)
        info_printf(&s->w, "%s\"%.200s\"", i ? ", " : "", t->values[i].name);
    info_puts(&s->w, bits ? "]}]}}]}" : "]}]}");
}

static void struct_def(struct schema *s, const struct rpc_info_type *t)
{
    struct info_scope scope = info_struct_scope(t, NULL);
    bool text = t->flags & (RPC_INFO_COUNTED_STRING | RPC_INFO_TIME);
    if (text)
        info_puts(&s->w, t->flags & RPC_INFO_TIME ? "{\"anyOf\": [{\"type\": [\"string\", \"integer\"]}, "
                                                  : "{\"anyOf\": [{\"type\": [\"string\", \"null\"]}, ");
    properties(s, &scope, NULL);
    if (text)
        info_puts(&s->w, "]}");
}

/* The list grows while it is written. */
static void definitions(struct schema *s)
{
    info_puts(&s->w, ", \"$defs\": {");
    s->first = true;
    for (uint32_t i = 0; i < s->n_types && s->w.st == STATUS_SUCCESS; i++) {
        const struct rpc_info_type *t = s->types[i];
        comma(s);
        info_printf(&s->w, "\n\"%.200s\": ", t->cname);
        if (t->kind == RPC_INFO_UNION)
            union_def(s, t);
        else if (t->kind == RPC_INFO_STRUCT)
            struct_def(s, t);
        else
            values_def(s, t);
    }
    for (unsigned b = 1; b < sizeof(base_names) / sizeof(base_names[0]); b++)
        if (s->bases & 1U << b) {
            comma(s);
            info_printf(&s->w, "\n\"%s\": ", base_names[b]);
            base_def(s, b);
        }
    info_puts(&s->w, "}}\n");
}

static bool start(struct schema *s, struct nt_arena *mem, const char *outer, const char *name,
                  const char *doc)
{
    *s = (struct schema){ .mem = mem };
    wr_init(&s->w, INFO_MAX_TEXT);
    s->types = nt_arena_array(mem, MAX_TYPES, sizeof(*s->types));
    info_puts(&s->w, "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\"");
    info_printf(&s->w, ",\n\"title\": \"%.100s%s%.100s\"", outer ? outer : "", outer ? "." : "", name);
    if (doc)
        info_printf(&s->w, ", \"description\": \"%.100s\"", doc);
    return s->types != NULL;
}

enum nt_status rpc_json_schema_op(const struct rpc_info_interface *i, const struct rpc_info_op *op,
                                  struct nt_arena *mem, const char **ret)
{
    struct schema s;
    if (!start(&s, mem, i->name, op->name, op->doc)) {
        wr_free(&s.w);
        return STATUS_NO_MEMORY;
    }
    struct info_scope in = info_op_scope(op, RPC_INFO_REQUEST, NULL),
                      out = info_op_scope(op, RPC_INFO_RESPONSE, NULL);
    info_puts(&s.w, ",\n\"type\": \"object\", \"properties\": {\n\"in\": ");
    properties(&s, &in, op);
    info_puts(&s.w, ",\n\"out\": ");
    properties(&s, &out, op);
    info_puts(&s.w, "}");
    definitions(&s);
    return info_take(&s.w, mem, ret);
}

enum nt_status rpc_json_schema_type(const struct rpc_info_type *type, struct nt_arena *mem, const char **ret)
{
    struct schema s;
    if (!start(&s, mem, NULL, type->cname, type->doc)) {
        wr_free(&s.w);
        return STATUS_NO_MEMORY;
    }
    info_printf(&s.w, ", \"$ref\": \"#/$defs/%.200s\"", type->cname);
    s.types[s.n_types++] = type;
    definitions(&s);
    return info_take(&s.w, mem, ret);
}
