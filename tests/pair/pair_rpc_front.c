// SPDX-License-Identifier: Apache-2.0
/* One listener, two servers on two loops in two threads: a peer stays with one of them. Also run under TSan.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <cmocka.h>
#include <msrpc/rpc_server.h>
#include <msrpc/rpcecho.h>
#include "rpc/pdu.h"

enum { SERVERS = 2, PEERS = 12, CONNS = 3, CALLS = 20 };

struct worker {
    pthread_t thread;
    struct nt_loop *loop;
    struct rpc_server *s;
    uint32_t number;
    bool stop; /* the thread's own */
    struct rpc_server_stats stats;
};

struct front {
    pthread_t thread;
    struct nt_loop *loop;
    struct rpc_front *f;
    bool stop;
};

/* Which server answered shows in the answer. */
static enum nt_status add_one(struct rpc_server_call *call, struct rpcecho_echo_AddOne *r)
{
    const struct worker *w = rpc_server_arg(call);
    r->out.out_data = r->in.in_data + 1000 * (w->number + 1);
    return STATUS_SUCCESS;
}

static const struct rpcecho_handlers handlers = { .echo_AddOne = add_one };

static void stop_worker(void *arg)
{
    struct worker *w = arg;
    w->stats.size = sizeof w->stats;
    (void)!rpc_server_stats(w->s, &w->stats);
    rpc_server_free(w->s);
    w->stop = true;
}

static void *run_worker(void *arg)
{
    struct worker *w = arg;
    while (!w->stop)
        (void)!nt_loop_run(w->loop, 1000);
    nt_loop_free(w->loop);
    return NULL;
}

/* The front goes first: what it handed over stands in front of what is posted afterwards. */
static void stop_front(void *arg)
{
    struct front *f = arg;
    rpc_front_free(f->f);
    f->stop = true;
}

static void *run_front(void *arg)
{
    struct front *f = arg;
    while (!f->stop)
        (void)!nt_loop_run(f->loop, 1000);
    nt_loop_free(f->loop);
    return NULL;
}

/* ---- raw clients, which may come from any address ---- */

static int dial(uint16_t port, unsigned peer)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f003d01u + peer) };
    struct timeval limit = { .tv_sec = 30 };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a.sin_port = htons(port);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

static size_t exchange(int fd, struct wr *out, uint8_t *in)
{
    assert_int_equal(out->st, STATUS_SUCCESS);
    assert_int_equal(send(fd, out->base, out->len, MSG_NOSIGNAL), out->len);
    wr_free(out);
    assert_int_equal(recv(fd, in, 16, MSG_WAITALL), 16);
    size_t len = in[8] | (size_t)in[9] << 8;
    assert_true(len <= 512);
    assert_int_equal(recv(fd, in + 16, len - 16, MSG_WAITALL), len - 16);
    return len;
}

static uint32_t bind_to(int fd, uint32_t group, unsigned expect)
{
    struct rpc_ctx_elem e = { .n_transfers = 1, .abstract = rpcecho_interface.syntax };
    struct rpc_pdu d;
    const char *why;
    struct wr out;
    uint8_t in[512];
    e.transfers[0] = rpc_syntax_ndr20;
    wr_init(&out, 1 << 16);
    rpc_put_bind(&out, RPC_PT_BIND, RPC_PFC_WHOLE, 1, 5840, group, &e, 1);
    size_t len = exchange(fd, &out, in);
    assert_int_equal(in[2], expect);
    if (expect != RPC_PT_BIND_ACK)
        return 0;
    assert_int_equal(rpc_pdu_decode(in, len, &d, &why), STATUS_SUCCESS);
    return d.u.ack.assoc;
}

static uint32_t call(int fd, uint32_t id)
{
    struct wr out;
    uint8_t in[512];
    uint32_t got;
    wr_init(&out, 1 << 16);
    size_t start = rpc_put_hdr(&out, RPC_PT_REQUEST, RPC_PFC_WHOLE, id);
    wr_u32(&out, 4);
    wr_u32(&out, 0);
    wr_u32(&out, id);
    wr_fill_u16(&out, start + 8, (uint16_t)out.len);
    assert_int_equal(exchange(fd, &out, in), 28);
    assert_int_equal(in[2], RPC_PT_RESPONSE);
    memcpy(&got, in + 24, 4);
    return (got - id) / 1000 - 1;
}

/* All connections of one peer, at once with those of the others. */
struct peer {
    pthread_t thread;
    uint16_t port;
    unsigned number;
    uint32_t server, group;
};

static void *run_peer(void *arg)
{
    struct peer *p = arg;
    int fd[CONNS];
    for (int i = 0; i < CONNS; i++) {
        fd[i] = dial(p->port, p->number);
        uint32_t group = bind_to(fd[i], i ? p->group : 0, RPC_PT_BIND_ACK);
        assert_true(i == 0 || group == p->group);
        p->group = group;
    }
    p->server = call(fd[0], 2);
    for (uint32_t k = 0; k < CALLS; k++)
        for (int i = 0; i < CONNS; i++)
            assert_int_equal(call(fd[i], k + 3), p->server);
    int other = dial(p->port, PEERS + p->number); /* another address does not get into the group */
    bind_to(other, p->group, RPC_PT_BIND_NAK);
    close(other);
    for (int i = 0; i < CONNS; i++)
        close(fd[i]);
    return NULL;
}

static void front_start(struct front *f, struct worker *w, uint16_t *port)
{
    struct rpc_server_options o = RPC_SERVER_OPTIONS_INIT;
    o.min_level = SEC_LEVEL_NONE;
    memset(f, 0, sizeof *f);
    assert_int_equal(nt_loop_new(NULL, &f->loop), STATUS_SUCCESS);
    assert_int_equal(nt_loop_share(f->loop), STATUS_SUCCESS);
    assert_int_equal(rpc_front_new(f->loop, NULL, &f->f), STATUS_SUCCESS);
    assert_int_equal(rpc_front_listen(f->f, "127.0.0.1", 0, port), STATUS_INVALID_DEVICE_STATE);
    for (uint32_t i = 0; i < SERVERS; i++) {
        w[i] = (struct worker){ .number = i };
        assert_int_equal(nt_loop_new(NULL, &w[i].loop), STATUS_SUCCESS);
        assert_int_equal(rpc_server_new(w[i].loop, &o, &w[i].s), STATUS_SUCCESS);
        assert_int_equal(rpcecho_register(w[i].s, &handlers, &w[i]), STATUS_SUCCESS);
        assert_int_equal(rpc_front_add(f->f, w[i].s), STATUS_SUCCESS);
    }
    assert_int_equal(rpc_front_listen(f->f, "127.0.0.1", 0, port), STATUS_SUCCESS);
    assert_int_equal(rpc_front_add(f->f, w[0].s), STATUS_INVALID_DEVICE_STATE);
}

static void test_front(void **state)
{
    struct front f;
    struct worker w[SERVERS];
    struct peer p[PEERS];
    uint16_t port = 0;
    unsigned served[SERVERS] = { 0 };
    (void)state;
    front_start(&f, w, &port);
    for (int i = 0; i < SERVERS; i++)
        assert_int_equal(pthread_create(&w[i].thread, NULL, run_worker, &w[i]), 0);
    assert_int_equal(pthread_create(&f.thread, NULL, run_front, &f), 0);
    for (unsigned i = 0; i < PEERS; i++) {
        p[i] = (struct peer){ .port = port, .number = i };
        assert_int_equal(pthread_create(&p[i].thread, NULL, run_peer, &p[i]), 0);
    }
    for (unsigned i = 0; i < PEERS; i++) {
        pthread_join(p[i].thread, NULL);
        assert_true(p[i].server < SERVERS);
        served[p[i].server]++;
    }
    int last = dial(port, 0); /* on its way when all ends */
    assert_int_equal(nt_loop_post(f.loop, stop_front, &f), STATUS_SUCCESS);
    pthread_join(f.thread, NULL);
    uint64_t accepted = 0;
    for (int i = 0; i < SERVERS; i++) {
        assert_int_equal(nt_loop_post(w[i].loop, stop_worker, &w[i]), STATUS_SUCCESS);
        pthread_join(w[i].thread, NULL);
        assert_true(served[i] > 0); /* both have work */
        accepted += w[i].stats.accepted;
    }
    assert_in_range(accepted, PEERS * (CONNS + 1), PEERS * (CONNS + 1) + 1);
    close(last);
}

/* A front may share the loop of its only server. */
static void test_same_loop(void **state)
{
    struct rpc_server_options o = RPC_SERVER_OPTIONS_INIT;
    struct rpc_options co = RPC_OPTIONS_INIT;
    struct rpcecho_echo_AddOne r = { .in.in_data = 1 };
    struct worker w = { 0 };
    struct rpc_front *f;
    struct rpc_binding *b;
    struct rpc_conn *c;
    char path[64], text[96];
    (void)state;
    o.min_level = SEC_LEVEL_NONE;
    snprintf(path, sizeof path, "/tmp/tern-front-%d", (int)getpid());
    snprintf(text, sizeof text, "ncalrpc:[%s]", path);
    assert_int_equal(nt_loop_new(NULL, &w.loop), STATUS_SUCCESS);
    assert_int_equal(rpc_server_new(w.loop, &o, &w.s), STATUS_SUCCESS);
    assert_int_equal(rpcecho_register(w.s, &handlers, &w), STATUS_SUCCESS);
    assert_int_equal(rpc_front_new(w.loop, NULL, &f), STATUS_SUCCESS);
    assert_int_equal(rpc_front_add(f, w.s), STATUS_SUCCESS);
    assert_int_equal(rpc_front_listen_local(f, path, 0600), STATUS_SUCCESS);
    assert_int_equal(rpc_binding_parse(text, &b, NULL), STATUS_SUCCESS);
    struct nt_arena *mem = nt_arena_new(0);
    co.loop = w.loop;
    assert_int_equal(rpc_open(b, &rpcecho_interface, &co, &c), STATUS_SUCCESS);
    assert_int_equal(rpcecho_echo_AddOne(c, mem, &r), STATUS_SUCCESS);
    assert_int_equal(r.out.out_data, 1001);
    rpc_close(c);
    rpc_binding_unref(b);
    nt_arena_free(mem);
    rpc_front_free(f);
    assert_int_equal(access(path, F_OK), -1);
    rpc_server_free(w.s);
    nt_loop_free(w.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_front), cmocka_unit_test(test_same_loop) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
