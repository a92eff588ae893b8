// SPDX-License-Identifier: Apache-2.0
/* The least server: minimal [PORT]. Strangers may call it, and nobody ever waits for its news. */
#include <stdio.h>
#include <stdlib.h>
#include <msrpc/rpc_server.h>
#include "news.h"

static enum nt_status post(struct rpc_server_call *call, struct news_NewsPost *r)
{
    (void)call;
    r->out.Told = 0;
    r->out.result = W_ERROR_SUCCESS;
    return STATUS_SUCCESS;
}

int main(int argc, char **argv)
{
    static const struct news_handlers handlers = { .NewsPost = post };
    struct rpc_server_options o = RPC_SERVER_OPTIONS_INIT;
    struct nt_loop *loop;
    struct rpc_server *server;
    uint16_t port = argc > 1 ? (uint16_t)atoi(argv[1]) : 0;
    enum nt_status st;
    o.min_level = SEC_LEVEL_NONE;
    if ((st = nt_loop_new(NULL, &loop)) || (st = rpc_server_new(loop, &o, &server)) ||
        (st = news_register(server, &handlers, NULL)) ||
        (st = rpc_server_listen(server, "127.0.0.1", port, &port)))
        return fprintf(stderr, "minimal: %s\n", nt_status_text(st)), 1;
    printf("listening on port %u\n", port);
    fflush(stdout);
    while (nt_loop_run(loop, -1) == STATUS_SUCCESS)
        ;
    return 0;
}
