// SPDX-License-Identifier: Apache-2.0
/* Signs the guest book and lists it: hello-client PORT NAME */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <msrpc/rpc.h>
#include <msrpc/unistr.h>
#include "hello.h"

static void show(const char16_t *s)
{
    char *text;
    if (ustr_to_utf8_lossy(s, ustr_len(s), &text, NULL))
        return;
    fputs(text, stdout);
    free(text);
}

int main(int argc, char **argv)
{
    struct nt_error err = { "" };
    struct rpc_options options = RPC_OPTIONS_INIT;
    struct rpc_binding *binding;
    struct rpc_conn *conn;
    struct nt_arena *mem = nt_arena_new(0);
    if (argc != 3 || !mem)
        return 2;
    options.level = SEC_LEVEL_NONE;
    options.error = &err;
    if (rpc_binding_new("ncacn_ip_tcp", "127.0.0.1", argv[1], &binding, &err) ||
        rpc_open(binding, &hello_interface, &options, &conn)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }

    char16_t *name = NULL;
    struct hello_HelloSign s = { 0 };
    struct hello_HelloList l = { 0 };
    if (ustr_from_utf8(argv[2], strlen(argv[2]), &name, NULL))
        return 2;
    s.in.Name = name;
    if (hello_HelloSign(conn, mem, &s) || hello_HelloList(conn, mem, &l)) {
        fprintf(stderr, "%s\n", rpc_conn_error(conn));
        return 1;
    }
    show(s.out.Greeting);
    printf(", %u so far:", s.out.Count);
    for (uint32_t i = 0; i < l.out.Count; i++) {
        fputs(i ? ", " : " ", stdout);
        show(l.out.Guests[i].Name);
    }
    puts("");
    free(name);
    rpc_close(conn);
    rpc_binding_unref(binding);
    nt_arena_free(mem);
    return 0;
}
