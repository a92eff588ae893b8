// SPDX-License-Identifier: Apache-2.0
/* A server that knows its callers and answers some calls later: server PORT ACCOUNTS. A line of ACCOUNTS is a
 * user's name, a colon and the NT hash of the password in hexadecimal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <msrpc/rpc_server.h>
#include <msrpc/unistr.h>
#include "news.h"

#define WAITING_MAX 100

/* Calls that are not answered yet: the runtime keeps them, and all that `in` and `out` point to, until
 * rpc_server_reply. */
struct board {
    struct rpc_server_call *call[WAITING_MAX];
    struct news_NewsWait *r[WAITING_MAX];
    unsigned n;
};

/* Handlers run on the loop's thread, one after the other: nothing here needs a lock. */
static enum nt_status post(struct rpc_server_call *call, struct news_NewsPost *r)
{
    struct board *b = rpc_server_arg(call);
    r->out.Told = b->n;
    while (b->n) {
        b->n--;
        /* what the answer points to has to live until it is sent: in that call's own memory */
        b->r[b->n]->out.Text = nt_arena_strdup16(rpc_server_mem(b->call[b->n]), r->in.Text);
        rpc_server_reply(b->call[b->n], b->r[b->n]->out.Text ? STATUS_SUCCESS : STATUS_NO_MEMORY);
    }
    return STATUS_SUCCESS;
}

/* The client has gone, or would like the call to end. */
static void given_up(struct rpc_server_call *call, void *arg)
{
    struct board *b = arg;
    for (unsigned i = 0; i < b->n; i++)
        if (b->call[i] == call) {
            b->n--;
            b->call[i] = b->call[b->n];
            b->r[i] = b->r[b->n];
            rpc_server_reply(call, STATUS_CANCELLED);
            return;
        }
}

static enum nt_status wait(struct rpc_server_call *call, struct news_NewsWait *r)
{
    struct board *b = rpc_server_arg(call);
    enum nt_status st = STATUS_PENDING;
    if (b->n == WAITING_MAX) { /* a fault, and for those who may know a word of why */
        struct rpc_error_record why = { .component = 1000, .status = W_ERROR_TOO_MANY_SESS, .n_params = 1 };
        why.params[0] = (struct rpc_error_param){ .kind = RPC_ERROR_TEXT, .text = "the board is full" };
        st = rpc_server_explain(call, &why);
        return st == STATUS_SUCCESS ? RPC_NT_SERVER_TOO_BUSY : st;
    }
    if (rpc_server_on_cancel(call, given_up, b) != STATUS_SUCCESS)
        return STATUS_CANCELLED;
    b->call[b->n] = call;
    b->r[b->n++] = r;
    return st;
}

static enum nt_status who(struct rpc_server_call *call, struct news_NewsWho *r)
{
    struct rpc_server_caller caller = { .size = sizeof caller };
    enum nt_status st = rpc_server_caller(call, &caller);
    if (st != STATUS_SUCCESS)
        return st;
    size_t units = ustr_utf16_size_lossy(caller.name, strlen(caller.name)) + 1;
    char16_t *name = nt_arena_array(rpc_server_mem(call), units, sizeof *name);
    if (!name || ustr_from_utf8_lossy_buf(caller.name, strlen(caller.name), name, units, NULL))
        return STATUS_NO_MEMORY;
    r->out.Name = name;
    r->out.Level = caller.level;
    return STATUS_SUCCESS;
}

/* Asked for each NTLM logon. The runtime does the rest: it compares, signs, seals and refuses. */
static enum nt_status nt_hash(void *arg, const char16_t *user, size_t user_len, const char16_t *domain,
                              size_t domain_len, uint8_t ret[16])
{
    char name[128], line[256], *hash;
    FILE *f = fopen(arg, "r");
    bool found = false;
    (void)domain;
    (void)domain_len;
    if (!f || ustr_to_utf8_buf(user, user_len, name, sizeof name, NULL) != STATUS_SUCCESS)
        name[0] = 0;
    while (f && !found && name[0] && fgets(line, sizeof line, f)) {
        hash = strchr(line, ':');
        found = hash && (size_t)(hash - line) == strlen(name) && memcmp(line, name, strlen(name)) == 0;
    }
    for (int i = 0; found && i < 16; i++)
        found = sscanf(hash + 1 + 2 * i, "%2hhx", &ret[i]) == 1;
    if (f)
        fclose(f);
    nt_wipe(line, sizeof line);
    return found ? STATUS_SUCCESS : STATUS_NO_SUCH_USER;
}

int main(int argc, char **argv)
{
    static const struct news_handlers handlers = { .NewsPost = post, .NewsWait = wait, .NewsWho = who };
    static struct board board;
    struct rpc_server_options o = RPC_SERVER_OPTIONS_INIT;
    struct nt_loop *loop;
    struct rpc_server *server;
    uint16_t port = argc == 3 ? (uint16_t)atoi(argv[1]) : 0;
    enum nt_status st;
    if (argc != 3)
        return fprintf(stderr, "usage: server PORT ACCOUNTS\n"), 2;
    o.nt_hash = nt_hash; /* and o.keytab for Kerberos; min_level is privacy unless something else is said */
    o.nt_hash_arg = argv[2];
    o.extended_errors = RPC_EXTENDED_CALLERS;
    if ((st = nt_loop_new(NULL, &loop)) || (st = rpc_server_new(loop, &o, &server)) ||
        (st = news_register(server, &handlers, &board)) ||
        (st = rpc_server_listen(server, "127.0.0.1", port, &port)))
        return fprintf(stderr, "server: %s\n", nt_status_text(st)), 1;
    printf("listening on port %u\n", port);
    fflush(stdout);
    while (nt_loop_run(loop, -1) == STATUS_SUCCESS)
        ;
    rpc_server_free(server);
    nt_loop_free(loop);
    return 0;
}
