// SPDX-License-Identifier: Apache-2.0
/*
 * Asynchronous calls: one loop, one connection, many calls in flight, each with a time limit. Asks a server
 * for its name and then, all at once, for the size of each of its shares' lists at several levels. The
 * password is the first line of standard input.
 *
 *   cc -Wall rpc_async.c -lmsrpc -lrpcrt -lntbase -o rpc_async
 *   ./rpc_async 'ncacn_np:srv1.example.org' 'LAB\alice'
 */
#include <msrpc/rpc.h>
#include <msrpc/srvsvc.h>
#include <stdio.h>
#include <string.h>

enum { LEVELS = 3 };

struct job {
    struct nt_loop *loop;
    struct rpc_conn *conn;
    struct nt_arena *mem;
    struct srvsvc_NetrShareEnum share[LEVELS];
    struct srvsvc_SHARE_ENUM_STRUCT info[LEVELS];
    unsigned waiting; /* callbacks that are still to come */
    bool failed;
};

static void complain(struct job *j, const char *what, enum nt_status st)
{
    const char *name = nt_status_name(st);
    fprintf(stderr, "%s: %s: %s\n", what, name ? name : "failed", j->conn ? rpc_conn_error(j->conn) : "");
    j->failed = true;
}

/* Each call ends here, exactly once. All calls of the connection may be counted by one argument, as here, or
 * each may have its own. */
static void listed(void *arg, enum nt_status st)
{
    struct job *j = arg;
    j->waiting--;
    if (st != STATUS_SUCCESS)
        complain(j, "NetrShareEnum", st);
}

static void start_calls(struct job *j)
{
    static const uint32_t levels[LEVELS] = { 0, 1, 2 };
    for (int i = 0; i < LEVELS; i++) {
        j->info[i].Level = levels[i];
        switch (levels[i]) {
        case 0:
            j->info[i].ShareInfo.Level0 = nt_arena_obj(j->mem, struct srvsvc_SHARE_INFO_0_CONTAINER);
            break;
        case 1:
            j->info[i].ShareInfo.Level1 = nt_arena_obj(j->mem, struct srvsvc_SHARE_INFO_1_CONTAINER);
            break;
        default:
            j->info[i].ShareInfo.Level2 = nt_arena_obj(j->mem, struct srvsvc_SHARE_INFO_2_CONTAINER);
        }
        j->share[i].in.InfoStruct = j->info[i];
        j->share[i].in.PreferedMaximumLength = UINT32_MAX;
        enum nt_status st = srvsvc_NetrShareEnum_send(j->conn, j->mem, &j->share[i], listed, j, NULL);
        if (st == STATUS_SUCCESS)
            j->waiting++;
        else
            complain(j, "NetrShareEnum", st); /* it did not start, so no callback will come */
    }
}

/* From here the connection is ours; on failure there is none, and the sentence is in the options' error. */
static void connected(void *arg, enum nt_status st, struct rpc_conn *c)
{
    struct job *j = arg;
    struct rpc_call_options limits = RPC_CALL_OPTIONS_INIT;
    j->waiting--;
    j->conn = c;
    if (st != STATUS_SUCCESS) {
        j->failed = true;
        return;
    }
    limits.timeout_ms = 5000;
    rpc_conn_set(c, &limits);
    start_calls(j);
}

static void report(const struct job *j)
{
    for (int i = 0; i < LEVELS; i++) {
        const struct srvsvc_NetrShareEnum *r = &j->share[i];
        if (r->out.result == W_ERROR_SUCCESS)
            printf("level %u: %u shares\n", (unsigned)r->out.InfoStruct.Level, (unsigned)r->out.TotalEntries);
        else
            printf("level %u: %s\n", (unsigned)j->info[i].Level, werror_name(r->out.result));
    }
}

static enum nt_status run(struct job *j, const char *binding, const struct sec_creds_options *who,
                          struct nt_error *err)
{
    struct rpc_binding *b;
    struct rpc_options o = RPC_OPTIONS_INIT;
    enum nt_status st = rpc_binding_parse(binding, &b, err);
    if (st != STATUS_SUCCESS)
        return st;
    st = sec_creds_new(who, &o.creds, err);
    o.loop = j->loop;
    o.error = err;
    if (st == STATUS_SUCCESS)
        st = rpc_open_send(b, &srvsvc_interface, &o, connected, j);
    if (st == STATUS_SUCCESS)
        for (j->waiting = 1; j->waiting;) /* a program with a loop of its own watches nt_loop_fd instead */
            (void)!nt_loop_run(j->loop, -1);
    sec_creds_unref(o.creds);
    rpc_binding_unref(b);
    return st;
}

int main(int argc, char **argv)
{
    char password[256] = "";
    struct nt_error err = { "" };
    struct job j = { .mem = nt_arena_new(0) };
    struct sec_creds_options who = SEC_CREDS_OPTIONS_INIT;
    if (argc != 3 || !fgets(password, sizeof password, stdin)) {
        fprintf(stderr, "usage: rpc_async BINDING USER <password\n");
        return 2;
    }
    password[strcspn(password, "\n")] = 0;
    who.user = argv[2];
    who.password = password;
    enum nt_status st = j.mem ? nt_loop_new(NULL, &j.loop) : STATUS_NO_MEMORY;
    if (st == STATUS_SUCCESS)
        st = run(&j, argv[1], &who, &err);
    if (err.text[0])
        fprintf(stderr, "%s\n", err.text);
    bool ok = st == STATUS_SUCCESS && !j.failed;
    if (ok)
        report(&j);
    rpc_close(j.conn);
    nt_loop_free(j.loop);
    nt_arena_free(j.mem);
    nt_wipe(password, sizeof password);
    return ok ? 0 : 1;
}
