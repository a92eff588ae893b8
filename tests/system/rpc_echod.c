// SPDX-License-Identifier: Apache-2.0
/*
 * A server of the echo interface over TCP, for the clients of others: rpc_echod ADDRESS PORT. Accounts: user
 * "echo", password "Echo-1" (its NT hash is below); a keytab from ECHO_KEYTAB. Prints "ready PORT".
 * ECHO_LEVEL: least level (1 2 5 6, default 1). ECHO_LOCAL: a socket for ncalrpc, ECHO_TRUST: enum
 * rpc_local_trust for it. ECHO_SMB: a port for SMB at the same address; the pipe is "rpcecho". Ends with its
 * standard input.
 * ECHO_MANY: as many connections of one peer as there are descriptors.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <msrpc/rpc_server.h>
#include <msrpc/rpcecho.h>
#include "serve/np.h"

struct sleeper {
    struct sleeper *next;
    struct rpc_server_call *call;
    struct rpcecho_echo_TestSleep *r;
    uint64_t until;
};

static uint64_t now(void)
{
    return nt_env_system()->monotonic(NULL);
}

static enum nt_status add_one(struct rpc_server_call *call, struct rpcecho_echo_AddOne *r)
{
    (void)call;
    r->out.out_data = r->in.in_data + 1;
    return STATUS_SUCCESS;
}

static enum nt_status echo_data(struct rpc_server_call *call, struct rpcecho_echo_EchoData *r)
{
    r->out.out_data = nt_arena_memdup(rpc_server_mem(call), r->in.in_data, r->in.len);
    return r->out.out_data ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

static enum nt_status sink_data(struct rpc_server_call *call, struct rpcecho_echo_SinkData *r)
{
    (void)call;
    (void)r;
    return STATUS_SUCCESS;
}

static enum nt_status source_data(struct rpc_server_call *call, struct rpcecho_echo_SourceData *r)
{
    r->out.data = nt_arena_array(rpc_server_mem(call), r->in.len, 1);
    if (!r->out.data)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < r->in.len; i++)
        r->out.data[i] = (uint8_t)i;
    return STATUS_SUCCESS;
}

static enum nt_status test_call(struct rpc_server_call *call, struct rpcecho_echo_TestCall *r)
{
    r->out.s2 = nt_arena_strdup16(rpc_server_mem(call), r->in.s1);
    return r->out.s2 ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

static enum nt_status test_call2(struct rpc_server_call *call, struct rpcecho_echo_TestCall2 *r)
{
    (void)call;
    switch (r->in.level) {
    case 1:
        r->out.info.info1.v = 10;
        break;
    case 2:
        r->out.info.info2.v = 10;
        break;
    case 3:
        r->out.info.info3.v = 10;
        break;
    case 4:
        r->out.info.info4.v = 10;
        break;
    case 5:
        r->out.info.info5.v1 = 10;
        r->out.info.info5.v2 = 64;
        break;
    case 6:
        r->out.info.info6.v1 = 10;
        r->out.info.info6.info1.v = 20;
        break;
    case 7:
        r->out.info.info7.v1 = 10;
        r->out.info.info7.info4.v = 20;
        break;
    default:
        return STATUS_INVALID_LEVEL;
    }
    return STATUS_SUCCESS;
}

static enum nt_status test_sleep(struct rpc_server_call *call, struct rpcecho_echo_TestSleep *r)
{
    struct sleeper **list = rpc_server_arg(call), *s = malloc(sizeof *s);
    if (!s)
        return STATUS_NO_MEMORY;
    *s = (struct sleeper){ *list, call, r, now() + r->in.seconds * UINT64_C(1000000000) };
    *list = s;
    return STATUS_PENDING;
}

static enum nt_status test_enum(struct rpc_server_call *call, struct rpcecho_echo_TestEnum *r)
{
    (void)call;
    r->out.foo1 = r->in.foo1;
    r->out.foo2 = r->in.foo2;
    r->out.foo3 = r->in.foo3;
    return STATUS_SUCCESS;
}

static enum nt_status test_surrounding(struct rpc_server_call *call, struct rpcecho_echo_TestSurrounding *r)
{
    if (r->in.data.x > 1000000)
        return STATUS_INVALID_PARAMETER;
    r->out.data.x = 2 * r->in.data.x;
    r->out.data.surrounding = nt_arena_array(rpc_server_mem(call), r->out.data.x, 2);
    return r->out.data.surrounding ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

static enum nt_status test_double_pointer(struct rpc_server_call *call,
                                          struct rpcecho_echo_TestDoublePointer *r)
{
    (void)call;
    r->out.result = r->in.data && *r->in.data ? **r->in.data : 0;
    return STATUS_SUCCESS;
}

static const struct rpcecho_handlers handlers = {
    .echo_AddOne = add_one,
    .echo_EchoData = echo_data,
    .echo_SinkData = sink_data,
    .echo_SourceData = source_data,
    .echo_TestCall = test_call,
    .echo_TestCall2 = test_call2,
    .echo_TestSleep = test_sleep,
    .echo_TestEnum = test_enum,
    .echo_TestSurrounding = test_surrounding,
    .echo_TestDoublePointer = test_double_pointer,
};

static bool is(const char16_t *s, size_t len, const char16_t *what)
{
    size_t n = 0;
    while (what[n])
        n++;
    return n == len && memcmp(s, what, 2 * n) == 0;
}

static enum nt_status nt_hash(void *arg, const char16_t *user, size_t user_len, const char16_t *domain,
                              size_t domain_len, uint8_t ret[16])
{
    static const uint8_t hash[16] = { 0xd9, 0x46, 0xf6, 0x19, 0xdf, 0xd4, 0x55, 0xb6,
                                      0x02, 0xce, 0x53, 0xa9, 0x18, 0xad, 0xd1, 0x0f };
    (void)arg;
    (void)domain;
    (void)domain_len;
    if (!is(user, user_len, u"echo"))
        return STATUS_NO_SUCH_USER;
    memcpy(ret, hash, 16);
    return STATUS_SUCCESS;
}

/* Answers who has slept enough; the milliseconds until the next one. */
static int wake(struct sleeper **list)
{
    int next = -1;
    for (struct sleeper **p = list; *p;) {
        struct sleeper *s = *p;
        uint64_t t = now();
        if (s->until <= t || rpc_server_cancelled(s->call)) {
            *p = s->next;
            s->r->out.result = s->r->in.seconds;
            rpc_server_reply(s->call, STATUS_SUCCESS);
            free(s);
            continue;
        }
        int ms = (int)((s->until - t) / 1000000 + 1);
        if (next < 0 || ms < next)
            next = ms;
        p = &s->next;
    }
    return next;
}

static int serve(struct nt_loop *loop, struct sleeper **list)
{
    for (;;) {
        struct pollfd fds[2] = { { .fd = nt_loop_fd(loop), .events = POLLIN },
                                 { .fd = STDIN_FILENO, .events = POLLIN } };
        int a = wake(list), b = nt_loop_timeout(loop), ms = a < 0 ? b : b < 0 || a < b ? a : b;
        (void)poll(fds, 2, ms);
        if (fds[1].revents)
            return 0;
        while (nt_loop_run(loop, 0) == STATUS_SUCCESS)
            ;
    }
}

/* ncacn_np: the same server, by pipes of a small SMB server. */
struct pipes {
    struct smbd *server;
    struct io_listener listener;
    struct sec_acceptor acceptor;
    struct serve_np np;
};

static void accepted(struct io_listener *l, int fd, const char *peer)
{
    (void)!smbd_accept(io_container(l, struct pipes, listener)->server, fd, peer);
}

static bool serve_pipes(struct nt_loop *loop, struct rpc_server *s, const char *address, struct pipes *p)
{
    static const char *const names[] = { "rpcecho", "epmapper", "lsarpc", NULL };
    const char *port = getenv("ECHO_SMB");
    struct smbd_options o = { .acceptor = &p->acceptor, .pipes = &serve_np_ops, .pipes_arg = &p->np };
    uint16_t got;
    if (!port)
        return true;
    p->acceptor = (struct sec_acceptor){ .nt_hash = nt_hash,
                                         .netbios_name = "ECHO",
                                         .netbios_domain = "WORKGROUP",
                                         .dns_name = "echo",
                                         .dns_domain = "example",
                                         .keytab = getenv("ECHO_KEYTAB") };
    p->np = (struct serve_np){ s, names };
    o.require_encryption = getenv("ECHO_SEAL") != NULL;
    memset(o.guid, 7, sizeof o.guid);
    return smbd_new(loop, &o, &p->server) == STATUS_SUCCESS &&
           io_listen(loop, &p->listener, address, (uint16_t)atoi(port), accepted, &got) == STATUS_SUCCESS;
}

int main(int argc, char **argv)
{
    struct nt_error err = { "" };
    struct rpc_server_options o = RPC_SERVER_OPTIONS_INIT;
    struct nt_loop *loop;
    struct rpc_server *s;
    struct sleeper *sleepers = NULL;
    struct pipes pipes = { 0 };
    uint16_t port;
    const char *level = getenv("ECHO_LEVEL"), *local = getenv("ECHO_LOCAL"), *trust = getenv("ECHO_TRUST");
    if (argc != 3)
        return 2;
    o.nt_hash = nt_hash;
    o.keytab = getenv("ECHO_KEYTAB");
    o.netbios_name = "ECHO";
    o.min_level = (enum sec_level)(level ? atoi(level) : 1);
    o.error = &err;
    if (getenv("ECHO_MANY")) {
        struct rlimit r;
        getrlimit(RLIMIT_NOFILE, &r);
        r.rlim_cur = r.rlim_max;
        setrlimit(RLIMIT_NOFILE, &r);
        o.max_conns = o.max_peer_conns = o.max_peer_strangers = (unsigned)r.rlim_max;
    }
    if (nt_loop_new(NULL, &loop) != STATUS_SUCCESS || rpc_server_new(loop, &o, &s) != STATUS_SUCCESS ||
        rpcecho_register(s, &handlers, &sleepers) != STATUS_SUCCESS)
        return 1;
    if (rpc_server_listen(s, argv[1], (uint16_t)atoi(argv[2]), &port) != STATUS_SUCCESS) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    if (local && (rpc_server_listen_local(s, local, 0666) != STATUS_SUCCESS ||
                  rpc_server_trust_local(s, &rpcecho_interface,
                                         (enum rpc_local_trust)(trust ? atoi(trust) : 0)) != STATUS_SUCCESS)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    if (!serve_pipes(loop, s, argv[1], &pipes))
        return 1;
    printf("ready %u\n", port);
    fflush(stdout);
    int rc = serve(loop, &sleepers);
    io_listen_stop(&pipes.listener);
    smbd_free(pipes.server);
    rpc_server_free(s);
    while (sleepers) {
        struct sleeper *next = sleepers->next;
        rpc_server_reply(sleepers->call, STATUS_CANCELLED);
        free(sleepers);
        sleepers = next;
    }
    nt_loop_free(loop);
    return rc;
}
