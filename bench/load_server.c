// SPDX-License-Identifier: Apache-2.0
/*
 * Load for RPC servers, ours and others', and what the same bytes cost without RPC.
 *
 *     load_server add BINDING USER PASSWORD CLIENTS SECONDS   rpcecho AddOne, one call at a time for each
 * client load_server samr BINDING USER PASSWORD CLIENTS SECONDS  samr EnumDomains, likewise load_server echo
 * BINDING USER PASSWORD BYTES N          EchoData, one client load_server idle BINDING USER PASSWORD COUNT
 * connections; until its standard input ends load_server floor BYTES CRYPT                           a server
 * in epoll that echoes messages of that size; CRYPT 1: signs, 2: signs and seals both ways load_server raw
 * PORT BYTES CLIENTS SECONDS              the load for it load_server seal BYTES N RC4 and HMAC-MD5 over so
 * many bytes
 *
 * A password of "-" means no security, USER "-k" the Kerberos cache. Prints NAME=VALUE.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <nettle/arcfour.h>
#include <nettle/hmac.h>
#include <msrpc/rpcecho.h>
#include <msrpc/samr.h>
#include "clock.h"

static struct nt_error error;
static struct nt_loop *loop;
static double end_at;

static void die(const char *what, enum nt_status st)
{
    fprintf(stderr, "load_server: %s: %s %s\n", what, nt_status_name(st), error.text);
    exit(1);
}

static void check(const char *what, enum nt_status st)
{
    if (!nt_ok(st))
        die(what, st);
}

static struct rpc_options options(const char *user, const char *password)
{
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct sec_creds_options so = SEC_CREDS_OPTIONS_INIT;
    o.error = &error;
    o.loop = loop;
    o.timeout_ms = 60000;
    if (strcmp(password, "-") == 0)
        return o;
    so.mech = strcmp(user, "-k") == 0 ? SEC_MECH_KRB5 : SEC_MECH_NTLM;
    so.user = so.mech == SEC_MECH_NTLM ? user : NULL;
    so.password = so.mech == SEC_MECH_NTLM ? password : NULL;
    check("credentials", sec_creds_new(&so, &o.creds, &error));
    return o;
}

static struct rpc_conn *connect_to(const char *binding, const struct rpc_interface *i,
                                   const struct rpc_options *o)
{
    struct rpc_binding *b;
    struct rpc_conn *c;
    check(binding, rpc_binding_parse(binding, &b, &error));
    check(binding, rpc_open(b, i, o, &c));
    rpc_binding_unref(b);
    return c;
}

static void raise_limit(void)
{
    struct rlimit r;
    getrlimit(RLIMIT_NOFILE, &r);
    r.rlim_cur = r.rlim_max;
    setrlimit(RLIMIT_NOFILE, &r);
}

/* ---- small calls ---- */

struct client {
    struct rpc_conn *c;
    struct nt_arena *mem;
    bool samr, done;
    union {
        struct rpcecho_echo_AddOne add;
        struct samr_SamrEnumerateDomainsInSamServer list;
    } r;
    struct samr_SamrConnect2 server;
    unsigned long calls;
};

static void next_call(struct client *x);

static void answered(void *arg, enum nt_status st)
{
    struct client *x = arg;
    check("call", st);
    if (!x->samr && x->r.add.out.out_data != x->r.add.in.in_data + 1)
        die("wrong answer", STATUS_UNSUCCESSFUL);
    if (x->samr && (x->r.list.out.result != STATUS_SUCCESS || !x->r.list.out.CountReturned))
        die("EnumDomains", x->r.list.out.result);
    x->calls++;
    if (wall() < end_at)
        next_call(x);
    else
        x->done = true;
}

static void next_call(struct client *x)
{
    nt_arena_reset(x->mem);
    memset(&x->r, 0, sizeof x->r);
    if (x->samr) {
        x->r.list.in.ServerHandle = x->server.out.ServerHandle;
        x->r.list.in.PreferedMaximumLength = 1000;
        check("call", samr_SamrEnumerateDomainsInSamServer_send(x->c, x->mem, &x->r.list, answered, x, NULL));
        return;
    }
    x->r.add.in.in_data = (uint32_t)x->calls;
    check("call", rpcecho_echo_AddOne_send(x->c, x->mem, &x->r.add, answered, x, NULL));
}

static void small_calls(char **argv, bool samr)
{
    unsigned n = (unsigned)atoi(argv[3]), left = n;
    struct rpc_options o = options(argv[1], argv[2]);
    struct client *x = calloc(n, sizeof *x);
    for (unsigned i = 0; i < n; i++) {
        x[i].samr = samr;
        x[i].mem = nt_arena_new(0);
        x[i].c = connect_to(argv[0], samr ? &samr_interface : &rpcecho_interface, &o);
        if (samr) {
            struct nt_arena *keep = nt_arena_new(0);
            x[i].server.in.DesiredAccess = 0x02000000;
            check("SamrConnect2", samr_SamrConnect2(x[i].c, keep, &x[i].server));
            check("SamrConnect2", x[i].server.out.result);
        }
    }
    printf("ready=1\n"); /* whoever measures the server looks now, and when we have ended */
    fflush(stdout);
    (void)!getchar();
    double start = wall();
    end_at = start + atof(argv[4]);
    for (unsigned i = 0; i < n; i++)
        next_call(&x[i]);
    while (left) {
        (void)!nt_loop_run(loop, 1000);
        left = 0;
        if (wall() >= end_at)
            for (unsigned i = 0; i < n; i++)
                left += !x[i].done;
        else
            left = 1;
    }
    unsigned long calls = 0;
    for (unsigned i = 0; i < n; i++)
        calls += x[i].calls;
    printf("calls=%lu wall=%.6f\n", calls, wall() - start);
    fflush(stdout);
    (void)!getchar();
    _exit(0);
}

/* ---- calls that wait on the same connection ---- */

static void slept(void *arg, enum nt_status st)
{
    (void)arg;
    (void)st; /* those of the end are cut off */
}

static void beside_waiting(char **argv)
{
    unsigned n = (unsigned)atoi(argv[3]);
    unsigned long calls = 0;
    struct rpc_options o = options(argv[1], argv[2]);
    struct rpc_conn *c = connect_to(argv[0], &rpcecho_interface, &o);
    struct nt_arena *mem = nt_arena_new(0);
    struct rpcecho_echo_TestSleep *sleeping = calloc(n + 1, sizeof *sleeping);
    for (unsigned i = 0; i < n; i++) {
        sleeping[i].in.seconds = 60;
        check("TestSleep", rpcecho_echo_TestSleep_send(c, nt_arena_new(0), &sleeping[i], slept, NULL, NULL));
    }
    printf("ready=1\n");
    fflush(stdout);
    (void)!getchar();
    double start = wall(), used = cpu();
    end_at = start + atof(argv[4]);
    for (; wall() < end_at; calls++) {
        struct rpcecho_echo_AddOne r = { .in.in_data = (uint32_t)calls };
        nt_arena_reset(mem);
        check("AddOne", rpcecho_echo_AddOne(c, mem, &r));
    }
    printf("calls=%lu wall=%.6f cpu=%.6f\n", calls, wall() - start, cpu() - used);
    fflush(stdout);
    (void)!getchar();
    _exit(0);
}

/* ---- bulk ---- */

static void bulk(char **argv)
{
    uint32_t len = (uint32_t)atoi(argv[3]), n = (uint32_t)atoi(argv[4]);
    struct rpc_options o = options(argv[1], argv[2]);
    struct rpc_conn *c = connect_to(argv[0], &rpcecho_interface, &o);
    struct nt_arena *mem = nt_arena_new(0);
    uint8_t *data = calloc(1, len);
    printf("ready=1\n");
    fflush(stdout);
    (void)!getchar();
    double start = wall(), used = cpu();
    for (uint32_t i = 0; i < n; i++) {
        struct rpcecho_echo_EchoData r = { .in = { len, data } };
        nt_arena_reset(mem);
        check("EchoData", rpcecho_echo_EchoData(c, mem, &r));
    }
    printf("calls=%u wall=%.6f cpu=%.6f\n", n, wall() - start, cpu() - used);
    fflush(stdout);
    (void)!getchar();
    _exit(0);
}

/* ---- connections that do nothing ---- */

static void idle(char **argv)
{
    unsigned n = (unsigned)atoi(argv[3]);
    struct rpc_options o = options(argv[1], argv[2]);
    struct nt_arena *mem = nt_arena_new(0);
    for (unsigned i = 0; i < n; i++) {
        struct rpc_conn *c = connect_to(argv[0], &rpcecho_interface, &o);
        struct rpcecho_echo_AddOne r = { .in.in_data = i };
        check("AddOne", rpcecho_echo_AddOne(c, mem, &r));
        nt_arena_reset(mem);
    }
    printf("ready=1\n");
    fflush(stdout);
    (void)!getchar();
    _exit(0);
}

/* ---- without RPC ---- */

static void protect(uint8_t *p, size_t n, int crypt, struct arcfour_ctx *rc4, struct hmac_md5_ctx *mac)
{
    uint8_t digest[16];
    if (crypt > 1)
        arcfour_crypt(rc4, n, p, p);
    if (crypt) {
        hmac_md5_update(mac, n, p);
        hmac_md5_digest(mac, sizeof digest, digest);
        arcfour_crypt(rc4, 8, digest, digest);
        memcpy(p + n - sizeof digest, digest, sizeof digest);
    }
}

static void keys(struct arcfour_ctx *rc4, struct hmac_md5_ctx *mac)
{
    static const uint8_t key[16] = { 1 };
    arcfour_set_key(rc4, sizeof key, key);
    hmac_md5_set_key(mac, sizeof key, key);
}

static void floor_server(char **argv)
{
    size_t len = (size_t)atoi(argv[0]);
    int crypt = atoi(argv[1]), l = socket(AF_INET, SOCK_STREAM, 0), ep = epoll_create1(0), one = 1;
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t alen = sizeof a;
    struct arcfour_ctx rc4;
    struct hmac_md5_ctx mac;
    uint8_t buf[65536];
    keys(&rc4, &mac);
    if (bind(l, (struct sockaddr *)&a, alen) || listen(l, 128) ||
        getsockname(l, (struct sockaddr *)&a, &alen))
        exit(1);
    epoll_ctl(ep, EPOLL_CTL_ADD, l, &(struct epoll_event){ .events = EPOLLIN, .data.fd = l });
    printf("port=%u\n", ntohs(a.sin_port));
    fflush(stdout);
    for (;;) {
        struct epoll_event e[128];
        int n = epoll_wait(ep, e, 128, -1);
        for (int i = 0; i < n; i++) {
            if (e[i].data.fd == l) {
                int fd = accept(l, NULL, NULL);
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                epoll_ctl(ep, EPOLL_CTL_ADD, fd, &(struct epoll_event){ .events = EPOLLIN, .data.fd = fd });
                continue;
            }
            ssize_t got = recv(e[i].data.fd, buf, sizeof buf, 0);
            if (got <= 0) {
                close(e[i].data.fd);
                continue;
            }
            protect(buf, len, crypt, &rc4, &mac); /* what came, and what goes */
            protect(buf, len, crypt, &rc4, &mac);
            (void)!send(e[i].data.fd, buf, (size_t)got, MSG_NOSIGNAL);
        }
    }
}

static void raw_load(char **argv)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)atoi(argv[0])) };
    size_t len = (size_t)atoi(argv[1]);
    int clients = atoi(argv[2]), ep = epoll_create1(0), one = 1;
    static uint8_t buf[65536];
    printf("ready=1\n");
    fflush(stdout);
    (void)!getchar();
    double start = wall();
    end_at = start + atof(argv[3]);
    for (int i = 0; i < clients; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&a, sizeof a))
            exit(1);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        epoll_ctl(ep, EPOLL_CTL_ADD, fd, &(struct epoll_event){ .events = EPOLLIN, .data.fd = fd });
        (void)!send(fd, buf, len, 0);
    }
    unsigned long calls = 0;
    while (wall() < end_at) {
        struct epoll_event e[128];
        int n = epoll_wait(ep, e, 128, 1000);
        for (int i = 0; i < n; i++)
            if (recv(e[i].data.fd, buf, sizeof buf, 0) > 0) {
                calls++;
                (void)!send(e[i].data.fd, buf, len, 0);
            }
    }
    printf("calls=%lu wall=%.6f\n", calls, wall() - start);
    fflush(stdout);
    (void)!getchar();
    _exit(0);
}

static void seal_loop(char **argv)
{
    size_t len = (size_t)atoi(argv[0]);
    int n = atoi(argv[1]);
    struct arcfour_ctx rc4;
    struct hmac_md5_ctx mac;
    uint8_t *p = calloc(1, len + 16);
    keys(&rc4, &mac);
    double used = cpu();
    for (int i = 0; i < n; i++)
        protect(p, len, 2, &rc4, &mac);
    printf("calls=%d cpu=%.6f\n", n, cpu() - used);
}

int main(int argc, char **argv)
{
    raise_limit();
    check("loop", nt_loop_new(NULL, &loop));
    if (argc == 7 && strcmp(argv[1], "add") == 0)
        small_calls(argv + 2, false);
    else if (argc == 7 && strcmp(argv[1], "samr") == 0)
        small_calls(argv + 2, true);
    else if (argc == 7 && strcmp(argv[1], "beside") == 0)
        beside_waiting(argv + 2);
    else if (argc == 7 && strcmp(argv[1], "echo") == 0)
        bulk(argv + 2);
    else if (argc == 6 && strcmp(argv[1], "idle") == 0)
        idle(argv + 2);
    else if (argc == 4 && strcmp(argv[1], "floor") == 0)
        floor_server(argv + 2);
    else if (argc == 6 && strcmp(argv[1], "raw") == 0)
        raw_load(argv + 2);
    else if (argc == 4 && strcmp(argv[1], "seal") == 0)
        seal_loop(argv + 2);
    else
        return 2;
    return 0;
}
