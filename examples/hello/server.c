// SPDX-License-Identifier: Apache-2.0
/* A complete RPC server: hello-server [PORT]. It lets strangers in; one that does not leaves min_level as it
 * is and names a keytab. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <msrpc/rpc_server.h>
#include <msrpc/unistr.h>
#include "hello.h"

struct book {
    uint32_t n;
    struct hello_GUEST guests[100];
};

static enum nt_status sign(struct rpc_server_call *call, struct hello_HelloSign *r)
{
    struct book *b = rpc_server_arg(call);
    char16_t *name = malloc(sizeof(*name) * (ustr_len(r->in.Name) + 1));
    if (!name || b->n == sizeof b->guests / sizeof b->guests[0]) {
        free(name);
        return STATUS_INSUFFICIENT_RESOURCES; /* a fault for the client */
    }
    memcpy(name, r->in.Name, sizeof(*name) * (ustr_len(r->in.Name) + 1));
    b->guests[b->n++] = (struct hello_GUEST){ .Name = name, .Visits = 1 };
    r->out.Greeting = u"Welcome to the book";
    r->out.Count = b->n;
    return STATUS_SUCCESS;
}

static enum nt_status list(struct rpc_server_call *call, struct hello_HelloList *r)
{
    struct book *b = rpc_server_arg(call);
    r->out.Count = b->n;
    r->out.Guests = b->guests;
    return STATUS_SUCCESS;
}

int main(int argc, char **argv)
{
    static const struct hello_handlers handlers = { .HelloSign = sign, .HelloList = list };
    static struct book book;
    struct rpc_server_options options = RPC_SERVER_OPTIONS_INIT;
    struct nt_loop *loop;
    struct rpc_server *server;
    uint16_t port = argc > 1 ? (uint16_t)atoi(argv[1]) : 0;
    enum nt_status st;
    options.min_level = SEC_LEVEL_NONE;
    if ((st = nt_loop_new(NULL, &loop)) || (st = rpc_server_new(loop, &options, &server)) ||
        (st = hello_register(server, &handlers, &book)) ||
        (st = rpc_server_listen(server, "127.0.0.1", port, &port))) {
        fprintf(stderr, "server: %s: %s\n", nt_status_name(st), nt_status_text(st));
        return 1;
    }
    printf("listening on port %u\n", port);
    fflush(stdout);
    while (nt_loop_run(loop, -1) == STATUS_SUCCESS)
        ;
    return 0;
}
