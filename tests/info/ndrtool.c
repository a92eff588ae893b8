// SPDX-License-Identifier: Apache-2.0
/*
 * Makes and takes stubs of any operation for scripts: one request a line on standard input, one answer a
 * line.
 *
 *   list                                 IFACE UUID OPNUM NAME FILE and the indices in it, one line each;
 * then "end" gen IFACE OPNUM 20|64 SEED FLAGS     ok IN OUT: random stubs in hexadecimal ("-": empty) take
 * IFACE OPNUM 20|64 IN OUT        ok IN OUT JSON-IN <tab> JSON-OUT: the same stubs pulled and pushed again;
 *                                        "*" for OUT: only the request
 *   schema IFACE OPNUM 20 - -            the JSON Schema
 *   anything that goes wrong             error WHAT STATUS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "info/fill.h"

#define MAX_LINE (4u << 20)

static void put_hex(struct nt_blob b)
{
    printf(" ");
    for (size_t i = 0; i < b.len; i++)
        printf("%02x", b.data[i]);
    if (b.len == 0)
        printf("-");
}

static struct nt_blob from_hex(const char *s, struct nt_arena *mem)
{
    size_t len = strcmp(s, "-") == 0 ? 0 : strlen(s) / 2;
    uint8_t *p = nt_arena_alloc(mem, len + 1, 8);
    for (size_t i = 0; p && i < len; i++) {
        char byte[3] = { s[2 * i], s[2 * i + 1], 0 };
        p[i] = (uint8_t)strtoul(byte, NULL, 16);
    }
    return (struct nt_blob){ p, len };
}

static void error(const char *what, enum nt_status st)
{
    const char *name = nt_status_name(st);
    printf("error %s %s\n", what, name ? name : "?");
}

static void list(void)
{
    size_t n;
    char guid[NT_GUID_STRLEN + 1];
    const struct rpc_info_file *const *files = rpc_info_files(&n);
    for (size_t f = 0; f < n; f++)
        for (uint32_t k = 0; k < files[f]->n_interfaces; k++) {
            const struct rpc_info_interface *i = &files[f]->interfaces[k];
            for (uint32_t o = 0; o < i->n_ops; o++)
                printf("%s %s %u %s %s %u %u\n", i->name, nt_guid_format(&i->iface->syntax.uuid, guid),
                       i->ops[o].opnum, i->ops[o].name, files[f]->name, k, o);
        }
    printf("end\n");
}

static void generate(const struct rpc_info_op *op, bool ndr64, uint64_t seed, unsigned flags,
                     struct nt_arena *mem)
{
    struct nt_blob stub[2];
    void *r = rpc_info_new(op, mem);
    for (int side = 0; side < 2; side++) {
        enum nt_status st = STATUS_NO_MEMORY;
        if (r && fill_random(op, (enum rpc_info_side)side, r, seed, flags, mem))
            st = rpc_info_push(op, (enum rpc_info_side)side, r, ndr64, mem, &stub[side]);
        if (st != STATUS_SUCCESS) {
            error("push", st);
            return;
        }
    }
    printf("ok");
    put_hex(stub[0]);
    put_hex(stub[1]);
    printf("\n");
}

static void take(const struct rpc_info_op *op, bool ndr64, const char *in, const char *out,
                 struct nt_arena *mem)
{
    struct nt_blob stub, pushed[2] = { { NULL, 0 }, { NULL, 0 } };
    const char *json[2] = { "", "" };
    struct nt_error err;
    void *r = rpc_info_new(op, mem);
    size_t left;
    for (int k = 0; k < 2; k++) {
        enum rpc_info_side side = (enum rpc_info_side)k;
        if (k == 1 && strcmp(out, "*") == 0)
            break;
        stub = from_hex(k ? out : in, mem);
        enum nt_status st = rpc_info_pull(op, side, r, stub, 0x10, ndr64, mem, &left);
        const char *what = k ? "pull-out" : "pull-in";
        if (st == STATUS_SUCCESS && left)
            st = RPC_NT_BAD_STUB_DATA, what = k ? "left-out" : "left-in";
        if (st == STATUS_SUCCESS &&
            (st = rpc_info_push(op, side, r, ndr64, mem, &pushed[k])) != STATUS_SUCCESS)
            what = "push";
        if (st == STATUS_SUCCESS &&
            (st = rpc_json_write(op, side, r, 0, mem, &json[k], &err)) != STATUS_SUCCESS)
            what = "json";
        if (st != STATUS_SUCCESS) {
            error(what, st);
            return;
        }
    }
    printf("ok");
    put_hex(pushed[0]);
    put_hex(pushed[1]);
    printf(" %s\t%s\n", json[0], json[1]);
}

static void schema(const struct rpc_info_interface *i, const struct rpc_info_op *op, struct nt_arena *mem)
{
    const char *text;
    if (rpc_json_schema_op(i, op, mem, &text) != STATUS_SUCCESS) {
        printf("{}\n");
        return;
    }
    for (; *text; text++)
        putchar(*text == '\n' ? ' ' : *text);
    putchar('\n');
}

static void answer(char *line)
{
    char *word[7], *save = NULL;
    int n = 0;
    for (char *w = strtok_r(line, " \n", &save); w && n < 7; w = strtok_r(NULL, " \n", &save))
        word[n++] = w;
    if (n == 1 && strcmp(word[0], "list") == 0) {
        list();
        return;
    }
    struct nt_arena *mem = nt_arena_new(0);
    const struct rpc_info_interface *i = n == 6 ? rpc_info_find(word[1]) : NULL;
    const struct rpc_info_op *op = i ? rpc_info_opnum(i, (uint32_t)strtoul(word[2], NULL, 10)) : NULL;
    bool ndr64 = op && strcmp(word[3], "64") == 0;
    if (op && strcmp(word[0], "gen") == 0)
        generate(op, ndr64, strtoull(word[4], NULL, 10), (unsigned)strtoul(word[5], NULL, 10), mem);
    else if (op && strcmp(word[0], "take") == 0)
        take(op, ndr64, word[4], word[5], mem);
    else if (op && strcmp(word[0], "schema") == 0)
        schema(i, op, mem);
    else
        printf("error request ?\n");
    nt_arena_free(mem);
}

int main(void)
{
    char *line = malloc(MAX_LINE);
    while (line && fgets(line, MAX_LINE, stdin)) {
        answer(line);
        fflush(stdout);
    }
    free(line);
    return 0;
}
