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
#include <msrpc/serve.h>
#include "serve/np.h"

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

static int serve(struct nt_loop *loop)
{
    for (;;) {
        struct pollfd fds[2] = { { .fd = nt_loop_fd(loop), .events = POLLIN },
                                 { .fd = STDIN_FILENO, .events = POLLIN } };
        (void)poll(fds, 2, nt_loop_timeout(loop));
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
    struct serve_np_pipe table[4];
    struct serve_np np;
};

static void accepted(struct io_listener *l, int fd, const char *peer)
{
    (void)!smbd_accept(io_container(l, struct pipes, listener)->server, fd, peer);
}

static bool serve_pipes(struct nt_loop *loop, struct rpc_server *s, const char *address, struct pipes *p)
{
    static const char *const names[] = { "rpcecho", "epmapper", "lsarpc" };
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
    for (int i = 0; i < 3; i++)
        p->table[i] = (struct serve_np_pipe){ names[i], s, NULL };
    p->np.pipes = p->table;
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
        serve_echo(s) != STATUS_SUCCESS)
        return 1;
    if (rpc_server_listen(s, argv[1], (uint16_t)atoi(argv[2]), &port) != STATUS_SUCCESS) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    if (local &&
        (rpc_server_listen_local(s, local, 0666) != STATUS_SUCCESS ||
         rpc_server_trust_local(s, &rpcecho_interface, (enum rpc_local_trust)(trust ? atoi(trust) : 0)) !=
             STATUS_SUCCESS)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    if (!serve_pipes(loop, s, argv[1], &pipes))
        return 1;
    printf("ready %u\n", port);
    fflush(stdout);
    int rc = serve(loop);
    io_listen_stop(&pipes.listener);
    smbd_free(pipes.server);
    rpc_server_free(s);
    nt_loop_free(loop);
    return rc;
}
