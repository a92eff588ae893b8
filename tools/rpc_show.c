// SPDX-License-Identifier: Apache-2.0
/* tern rpc list and show: interfaces, operations and types, as IDL for people and as JSON for programs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "rpc.h"

/* ---- lists ---- */

static int by_name(const void *a, const void *b)
{
    const struct rpc_info_interface *const *x = a, *const *y = b;
    return strcasecmp((*x)->name, (*y)->name);
}

/* All that have operations, in the order of their names. */
static const struct rpc_info_interface **all_interfaces(struct tern *t, size_t *ret_n)
{
    size_t n_files, n = 0;
    const struct rpc_info_file *const *files = rpc_info_files(&n_files);
    for (size_t f = 0; f < n_files; f++)
        n += files[f]->n_interfaces;
    const struct rpc_info_interface **all = rpc_need(nt_arena_alloc(t->mem, (n + 1) * sizeof *all, 8));
    *ret_n = 0;
    for (size_t f = 0; f < n_files; f++)
        for (uint32_t k = 0; k < files[f]->n_interfaces; k++)
            if (files[f]->interfaces[k].n_ops)
                all[(*ret_n)++] = &files[f]->interfaces[k];
    qsort(all, *ret_n, sizeof *all, by_name);
    return all;
}

static void list_interfaces(struct tern *t, bool json)
{
    size_t n;
    char guid[NT_GUID_STRLEN + 1];
    const struct rpc_info_interface **all = all_interfaces(t, &n);
    if (json)
        printf("{\"version\": %d, \"interfaces\": [", TERN_JSON_VERSION);
    for (size_t k = 0; k < n; k++) {
        const struct rpc_info_interface *i = all[k];
        const struct rpc_syntax *s = &i->iface->syntax;
        nt_guid_format(&s->uuid, guid);
        if (json)
            printf("%s\n{\"name\": \"%s\", \"uuid\": \"%s\", \"major\": %u, \"minor\": %u, "
                   "\"operations\": %u}",
                   k ? "," : "", i->name, guid, s->major, s->minor, i->n_ops);
        else
            printf("%-22s %s %u.%-3u %3u operation%s\n", i->name, guid, s->major, s->minor, i->n_ops,
                   i->n_ops == 1 ? "" : "s");
    }
    if (json)
        printf("\n]}\n");
}

static void list_operations(const struct rpc_info_interface *i, bool json)
{
    if (json)
        printf("{\"version\": %d, \"interface\": \"%s\", \"operations\": [", TERN_JSON_VERSION, i->name);
    for (uint32_t k = 0; k < i->n_ops; k++) {
        const struct rpc_info_op *op = &i->ops[k];
        if (json)
            printf("%s\n{\"opnum\": %u, \"name\": \"%s\", \"section\": \"%s\"}", k ? "," : "", op->opnum,
                   op->name, op->doc ? op->doc : "");
        else
            printf(op->doc ? "%3u  %-44s %s\n" : "%3u  %s\n", op->opnum, op->name, op->doc);
    }
    if (json)
        printf("\n]}\n");
}

int rpc_list(struct tern *t)
{
    const char *rest;
    if (t->n_args == 0) {
        list_interfaces(t, t->json);
        return rpc_flush();
    }
    const struct rpc_info_interface *i = rpc_named_interface(t, t->args[0], &rest);
    if (!i || rest)
        return i ? tern_usage(t, "list takes the name of an interface") : EXIT_USAGE;
    list_operations(i, t->json);
    return rpc_flush();
}

/* ---- as IDL ---- */

static const char *base_name(unsigned base)
{
    static const char *const names[] = {
        [RPC_INFO_U8] = "byte",
        [RPC_INFO_I8] = "small",
        [RPC_INFO_U16] = "unsigned short",
        [RPC_INFO_I16] = "short",
        [RPC_INFO_U32] = "unsigned long",
        [RPC_INFO_I32] = "long",
        [RPC_INFO_U64] = "unsigned __int64",
        [RPC_INFO_I64] = "__int64",
        [RPC_INFO_U3264] = "unsigned __int3264",
        [RPC_INFO_I3264] = "__int3264",
        [RPC_INFO_FLOAT] = "float",
        [RPC_INFO_DOUBLE] = "double",
        [RPC_INFO_CHAR] = "char",
        [RPC_INFO_WCHAR] = "wchar_t",
        [RPC_INFO_BOOLEAN] = "boolean",
        [RPC_INFO_GUID] = "GUID",
        [RPC_INFO_SID] = "RPC_SID",
        [RPC_INFO_NTSTATUS] = "NTSTATUS",
        [RPC_INFO_WERROR] = "WERROR",
    };
    return base < N_OF(names) && names[base] ? names[base] : "void";
}

static void attribute(bool *any, const char *text)
{
    printf("%s%s", *any ? ", " : "[", text);
    *any = true;
}

static void expression(bool *any, const char *name, const struct rpc_info_expr *x)
{
    if (!x)
        return;
    attribute(any, name);
    printf("(%s)", x->text);
}

/* What is written in brackets in front of a member. */
static void attributes(const struct rpc_info_member *m)
{
    bool any = false, ranged = false;
    if (m->flags & RPC_INFO_IN)
        attribute(&any, "in");
    if (m->flags & RPC_INFO_OUT)
        attribute(&any, "out");
    bool secret = (m->flags & RPC_INFO_SECRET) != 0;
    for (const struct rpc_info_node *n = m->node; n && !secret; n = n->to)
        secret = (n->flags & RPC_INFO_SECRET) != 0;
    if (secret)
        attribute(&any, "secret");
    for (const struct rpc_info_node *n = m->node; n; n = n->to) {
        if (n->kind == RPC_INFO_POINTER)
            attribute(&any, n->flags & RPC_INFO_UNIQUE ? "unique" : n->flags & RPC_INFO_FULL ? "ptr" : "ref");
        if (n->kind == RPC_INFO_STRING)
            attribute(&any, "string");
        if (n->kind == RPC_INFO_HANDLE)
            attribute(&any, "context_handle");
        if (n->kind == RPC_INFO_OPAQUE)
            attribute(&any, "ignore");
        expression(&any, "size_is", n->size_is);
        expression(&any, "length_is", n->length_is);
        expression(&any, "switch_is", n->switch_is);
        if (n->flags & RPC_INFO_RANGE && !ranged) {
            ranged = true;
            attribute(&any, "range");
            printf("(%lld, %lld)", (long long)n->low, (long long)n->high);
        }
    }
    if (any)
        printf("] ");
}

static const char *type_word(const struct rpc_info_node *n)
{
    switch (n->kind) {
    case RPC_INFO_HANDLE:
    case RPC_INFO_OPAQUE:
        return "void";
    case RPC_INFO_STRING:
    case RPC_INFO_SCALAR:
        return base_name(n->base);
    default:
        return n->type ? n->type->name : "?";
    }
}

static void declaration(const struct rpc_info_member *m)
{
    char stars[16] = "", bounds[64] = "";
    const struct rpc_info_node *n = m->node;
    bool pipe = n->kind == RPC_INFO_PIPE;
    /* A description has no reference pointer at the outside of a parameter; IDL has one for what comes back,
     * unless it is a pointer already, which may then be null in the request. */
    if (m->flags & RPC_INFO_OUT && !pipe && n->kind != RPC_INFO_ARRAY && n->kind != RPC_INFO_STRING &&
        !(m->flags & RPC_INFO_IN && n->kind == RPC_INFO_POINTER))
        strcpy(stars, "*");
    for (; n->to; n = n->to) {
        size_t len = strlen(bounds);
        if (n->kind == RPC_INFO_POINTER && strlen(stars) < 8)
            strcat(stars, "*");
        if (n->kind == RPC_INFO_ARRAY && n->flags & RPC_INFO_FIXED)
            snprintf(bounds + len, sizeof bounds - len, "[%llu]", (unsigned long long)n->count);
        else if (n->kind == RPC_INFO_ARRAY && !*stars)
            snprintf(bounds + len, sizeof bounds - len, "[]");
    }
    if (n->kind == RPC_INFO_STRING && n->flags & RPC_INFO_FIXED)
        snprintf(bounds, sizeof bounds, "[%llu]", (unsigned long long)n->count);
    else if ((n->kind == RPC_INFO_STRING && !*stars) || n->kind == RPC_INFO_HANDLE ||
             n->kind == RPC_INFO_OPAQUE)
        strcat(stars, "*");
    printf("%s%s %s%s%s", pipe ? "pipe " : "", type_word(n), stars, m->name, bounds);
}

static void show_op(const struct rpc_info_interface *i, const struct rpc_info_op *op)
{
    bool first = true;
    printf("/* %s.%s, opnum %u%s%s */\n%s %s(", i->name, op->name, op->opnum, op->doc ? ", " : "",
           op->doc ? op->doc : "", op->result ? type_word(op->result) : "void", op->name);
    for (uint32_t k = 0; k < op->n_params; k++) {
        if (!op->params[k].node)
            continue;
        printf("%s\n    ", first ? "" : ",");
        attributes(&op->params[k]);
        declaration(&op->params[k]);
        first = false;
    }
    printf("%s);\n", first ? "void" : "");
}

static void show_arm(const struct rpc_info_member *m)
{
    printf("    [");
    for (unsigned k = 0; k < m->n_cases; k++)
        printf("%s%lld", k ? ", " : "case(", (long long)m->cases[k]);
    printf("%s%s] ", m->n_cases ? ")" : "",
           m->flags & RPC_INFO_DEFAULT ? m->n_cases ? ", default" : "default" : "");
    if (m->node) {
        attributes(m);
        declaration(m);
    }
    printf(";\n");
}

static void show_type(const struct rpc_info_type *t)
{
    if (t->doc)
        printf("/* %s */\n", t->doc);
    if (t->flags & RPC_INFO_SECRET)
        printf("[secret] ");
    if (t->kind == RPC_INFO_UNION && t->tag)
        printf("[switch_type(%s)] ", type_word(t->tag));
    printf("%s %s {\n",
           t->kind == RPC_INFO_STRUCT   ? "struct"
           : t->kind == RPC_INFO_UNION  ? "union"
           : t->kind == RPC_INFO_BITMAP ? "bitmap"
                                        : "enum",
           t->name);
    for (uint32_t k = 0; k < t->n_values; k++)
        printf("    %s = %lld,\n", t->values[k].name, (long long)t->values[k].value);
    for (uint32_t k = 0; k < t->n_members; k++) {
        if (t->kind == RPC_INFO_UNION) {
            show_arm(&t->members[k]);
            continue;
        }
        printf("    ");
        attributes(&t->members[k]);
        declaration(&t->members[k]);
        printf(";\n");
    }
    printf("};\n");
}

/* Types that an operation or a type names, each once, those inside first. */
struct shown {
    const struct rpc_info_type *types[256];
    size_t n;
};

static void show_types_of(struct shown *s, const struct rpc_info_node *n)
{
    for (; n; n = n->to) {
        size_t k = 0;
        if (!n->type)
            continue;
        while (k < s->n && s->types[k] != n->type)
            k++;
        if (k < s->n || s->n == N_OF(s->types))
            continue;
        s->types[s->n++] = n->type;
        for (uint32_t m = 0; m < n->type->n_members; m++)
            show_types_of(s, n->type->members[m].node);
        show_type(n->type);
        printf("\n");
    }
}

static void show_interface(const struct rpc_info_interface *i)
{
    char guid[NT_GUID_STRLEN + 1];
    const struct rpc_syntax *s = &i->iface->syntax;
    printf("/* %s, uuid %s, version %u.%u%s%s */\n", i->name, nt_guid_format(&s->uuid, guid), s->major,
           s->minor, i->doc ? ", " : "", i->doc ? i->doc : "");
    for (const char *const *e = i->iface->endpoints; e && *e; e++)
        printf("/* endpoint %s */\n", *e);
    for (uint32_t k = 0; k < i->n_ops; k++)
        show_op(i, &i->ops[k]);
}

/* ---- the verb ---- */

static int schema_text(struct tern *t, enum nt_status st, const char *text)
{
    if (st != STATUS_SUCCESS)
        return rpc_failed(t, st, NULL);
    fputs(text, stdout);
    return rpc_flush();
}

int rpc_show(struct tern *t)
{
    const char *rest, *text = NULL;
    struct shown shown = { .n = 0 };
    const struct rpc_info_interface *i = rpc_named_interface(t, t->args[0], &rest);
    if (!i)
        return EXIT_USAGE;
    if (!rest && t->json)
        list_operations(i, true);
    else if (!rest)
        show_interface(i);
    if (!rest)
        return rpc_flush();
    const struct rpc_info_op *op = rpc_op_of(i, rest);
    const struct rpc_info_type *type = op ? NULL : rpc_info_find_type(i, rest);
    if (!op && !type) {
        fprintf(stderr,
                "tern: interface %s has no operation or type '%s'; 'tern rpc show %s' has all operations\n",
                i->name, rest, i->name);
        return EXIT_USAGE;
    }
    if (t->json) {
        enum nt_status st =
            op ? rpc_json_schema_op(i, op, t->mem, &text) : rpc_json_schema_type(type, t->mem, &text);
        return schema_text(t, st, text);
    }
    struct rpc_info_node node = { .kind = type ? (uint8_t)type->kind : 0, .type = type };
    for (uint32_t k = 0; op && k < op->n_params; k++)
        show_types_of(&shown, op->params[k].node);
    if (op)
        show_op(i, op);
    else
        show_types_of(&shown, &node);
    return rpc_flush();
}
