// SPDX-License-Identifier: Apache-2.0
/*
 * A client of the echo interface for tests/hostile/client_*.peer: hostile_client BINDING MODE [MILLISECONDS].
 * Prints a line for each call and one at the end. Exit code 0: whatever the server did, each call ended once,
 * in time, and what failed left no result behind; 1: something of that was not so.
 *
 * Modes: call (one after the other, three of them), many (eight at a time), closing (the first callback
 * closes the connection), cancel (gives a call up, then makes another). User "echo", password "Echo-1".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <msrpc/rpc.h>
#include <msrpc/rpcecho.h>

enum { CALLS = 8, LENGTH = 9000 };

struct call {
    struct client *client;
    struct rpcecho_echo_EchoData r;
    unsigned ended;
    enum nt_status st;
};

struct client {
    struct nt_loop *loop;
    struct rpc_conn *conn;
    struct nt_arena *mem;
    struct call calls[CALLS];
    unsigned waiting;
    bool closing, wrong;
};

static uint8_t pattern[LENGTH];

static uint64_t now(void)
{
    return nt_env_system()->monotonic(NULL);
}

static void complain(struct client *c, const char *what)
{
    printf("WRONG: %s\n", what);
    c->wrong = true;
}

static enum nt_status add_one(struct client *c, unsigned n)
{
    struct rpcecho_echo_AddOne r = { .in.in_data = 41 };
    enum nt_status st = rpcecho_echo_AddOne(c->conn, c->mem, &r);
    if (st != STATUS_SUCCESS && r.out.out_data)
        complain(c, "a failed call has a result");
    printf("call %u: %s %u\n", n, nt_status_name(st), r.out.out_data);
    return st;
}

static void done(void *arg, enum nt_status st)
{
    struct call *call = arg;
    struct client *c = call->client;
    c->waiting--;
    call->st = st;
    if (call->ended++)
        complain(c, "a call ended twice");
    if (st != STATUS_SUCCESS && call->r.out.out_data)
        complain(c, "a failed call has a result");
    if (c->closing && c->conn) {
        struct rpc_conn *conn = c->conn;
        c->conn = NULL;
        rpc_close(conn);
    }
}

static bool start(struct client *c, unsigned i)
{
    struct call *call = &c->calls[i];
    *call = (struct call){ .client = c, .r.in = { LENGTH - i, pattern } };
    enum nt_status st = rpcecho_echo_EchoData_send(c->conn, c->mem, &call->r, done, call, NULL);
    if (st == STATUS_SUCCESS)
        c->waiting++;
    else
        printf("call %u: not started: %s\n", i, nt_status_name(st));
    return st == STATUS_SUCCESS;
}

static void wait_all(struct client *c, unsigned ms)
{
    uint64_t until = now() + (ms + UINT64_C(2000)) * 1000000;
    while (c->waiting && now() < until) {
        enum nt_status st = nt_loop_run(c->loop, 100);
        (void)st;
    }
    if (c->waiting)
        complain(c, "calls do not end in time");
}

static void many(struct client *c, unsigned ms)
{
    unsigned n = 0;
    while (n < CALLS && start(c, n))
        n++;
    wait_all(c, ms);
    for (unsigned i = 0; i < n; i++) {
        const struct call *call = &c->calls[i];
        bool same = call->r.out.out_data && memcmp(call->r.out.out_data, pattern, LENGTH - i) == 0;
        printf("call %u: %s%s\n", i, nt_status_name(call->st), same ? " same" : "");
        if (call->ended != 1)
            complain(c, "a call has not ended once");
    }
}

static void note(void *arg, enum nt_status st)
{
    struct call *call = arg;
    call->st = st;
    call->ended++;
    call->client->waiting--;
}

static void cancel(struct client *c, unsigned ms)
{
    struct rpcecho_echo_TestSleep r = { .in.seconds = 1 };
    struct rpc_call *rc = NULL;
    struct call call = { .client = c };
    if (rpcecho_echo_TestSleep_send(c->conn, c->mem, &r, note, &call, &rc) != STATUS_SUCCESS)
        return;
    c->waiting = 1;
    uint64_t until = now() + 100000000;
    while (c->waiting && now() < until) {
        enum nt_status st = nt_loop_run(c->loop, 10);
        (void)st;
    }
    if (c->waiting)
        rpc_call_cancel(rc);
    wait_all(c, ms);
    printf("cancelled: %s\n", nt_status_name(call.st));
    if (call.ended != 1)
        complain(c, "a call has not ended once");
    if (rpc_conn_alive(c->conn))
        add_one(c, 0);
    else
        printf("the connection has gone\n");
}

static void one_by_one(struct client *c)
{
    for (unsigned i = 0; i < 3 && rpc_conn_alive(c->conn); i++)
        if (add_one(c, i) != STATUS_SUCCESS)
            return;
}

static void run(struct client *c, const char *mode, unsigned ms)
{
    if (strcmp(mode, "call") == 0)
        one_by_one(c);
    else if (strcmp(mode, "cancel") == 0)
        cancel(c, ms);
    else
        many(c, ms);
    if (c->conn && rpc_conn_error(c->conn)[0])
        printf("error: %s\n", rpc_conn_error(c->conn));
    rpc_close(c->conn);
    c->conn = NULL;
}

/* All of opening and each call have their time, and a little more for the way there. */
static void check_time(struct client *c, uint64_t begin, unsigned ms)
{
    if (now() - begin > (4 * (uint64_t)ms + 3000) * 1000000)
        complain(c, "it took too long");
}

int main(int argc, char **argv)
{
    struct client c = { .closing = argc > 2 && strcmp(argv[2], "closing") == 0 };
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct nt_error err = { "" };
    struct rpc_binding *b = NULL;
    uint64_t begin = now();
    unsigned ms = argc > 3 ? (unsigned)atoi(argv[3]) : 2000;
    if (argc < 3)
        return 2;
    for (size_t i = 0; i < LENGTH; i++)
        pattern[i] = (uint8_t)(i * 7 + (i >> 8));
    co.mech = SEC_MECH_NTLM;
    co.user = "echo";
    co.password = "Echo-1";
    o.timeout_ms = ms;
    o.error = &err;
    c.mem = nt_arena_new(0);
    if (!c.mem || nt_loop_new(NULL, &c.loop) != STATUS_SUCCESS ||
        sec_creds_new(&co, &o.creds, &err) != STATUS_SUCCESS ||
        rpc_binding_parse(argv[1], &b, &err) != STATUS_SUCCESS)
        return 2;
    o.loop = c.loop;
    enum nt_status st = rpc_open(b, &rpcecho_interface, &o, &c.conn);
    printf("open: %s%s%s\n", nt_status_name(st), err.text[0] ? ": " : "", err.text);
    if (st == STATUS_SUCCESS)
        run(&c, argv[2], ms);
    check_time(&c, begin, ms);
    printf(c.wrong ? "WRONG\n" : "in order\n");
    rpc_binding_unref(b);
    sec_creds_unref(o.creds);
    nt_arena_free(c.mem);
    nt_loop_free(c.loop);
    return c.wrong;
}
