// SPDX-License-Identifier: Apache-2.0
/*
 * Threads, over loopback TCP against our own server in a thread of its own: pools that many use, connections
 * that go from hand to hand, tokens fired from elsewhere and from a signal handler, connections freed in
 * their callbacks, bindings and credentials that all share. Made for TSan; without it, it is a test like
 * others.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include <msrpc/rpc_pool.h>
#include <msrpc/rpcecho.h>
#include "rpc/m_server.h"

#define THREADS 6

/* ---- the server ---- */

static struct {
    pthread_t thread;
    struct nt_loop *loop;
    struct rpc_server *s;
    uint16_t port;
    atomic_bool stop;
    atomic_uint sleeping; /* calls that wait */
} server;

static const uint8_t hash[16] = { 4, 4, 4, 1 };

static enum nt_status nt_hash(void *arg, const char16_t *user, size_t user_len, const char16_t *domain,
                              size_t domain_len, uint8_t ret[16])
{
    (void)arg;
    (void)user;
    (void)user_len;
    (void)domain;
    (void)domain_len;
    memcpy(ret, hash, 16);
    return STATUS_SUCCESS;
}

static enum nt_status add_one(struct rpc_server_call *call, struct rpcecho_echo_AddOne *r)
{
    (void)call;
    r->out.out_data = r->in.in_data + 1;
    return STATUS_SUCCESS;
}

static void slept(struct rpc_server_call *call, void *arg)
{
    (void)arg;
    atomic_fetch_sub(&server.sleeping, 1);
    rpc_server_reply(call, rpc_server_cancelled(call) ? STATUS_CANCELLED : STATUS_SUCCESS);
}

static enum nt_status test_sleep(struct rpc_server_call *call, struct rpcecho_echo_TestSleep *r)
{
    r->out.result = r->in.seconds;
    if (!rpc_server_later(call, r->in.seconds * 1000, slept, NULL))
        return STATUS_CANCELLED;
    atomic_fetch_add(&server.sleeping, 1);
    return STATUS_PENDING;
}

static const struct rpcecho_handlers handlers = { .echo_AddOne = add_one, .echo_TestSleep = test_sleep };

static void *serve(void *arg)
{
    (void)arg;
    while (!atomic_load(&server.stop))
        (void)!nt_loop_run(server.loop, 50);
    return NULL;
}

static void hang_up_all(void *arg)
{
    (void)arg;
    while (server.s->conns)
        rpc_sconn_close(server.s->conns);
}

static int start_server(void **state)
{
    struct rpc_server_options o = RPC_SERVER_OPTIONS_INIT;
    (void)state;
    o.nt_hash = nt_hash;
    assert_int_equal(nt_loop_new(NULL, &server.loop), STATUS_SUCCESS);
    assert_int_equal(nt_loop_share(server.loop), STATUS_SUCCESS);
    assert_int_equal(rpc_server_new(server.loop, &o, &server.s), STATUS_SUCCESS);
    assert_int_equal(rpcecho_register(server.s, &handlers, NULL), STATUS_SUCCESS);
    assert_int_equal(rpc_server_listen(server.s, "127.0.0.1", 0, &server.port), STATUS_SUCCESS);
    assert_int_equal(pthread_create(&server.thread, NULL, serve, NULL), 0);
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    atomic_store(&server.stop, true);
    pthread_join(server.thread, NULL);
    rpc_server_free(server.s);
    nt_loop_free(server.loop);
    return 0;
}

/* ---- what clients share ---- */

static struct rpc_binding *binding;
static struct sec_creds *creds;

static struct rpc_options options(void)
{
    struct rpc_options o = RPC_OPTIONS_INIT;
    o.creds = creds;
    o.provider = "ntlm";
    o.timeout_ms = 60000;
    return o;
}

static int start_all(void **state)
{
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    char port[8];
    start_server(state);
    co.mech = SEC_MECH_NTLM;
    co.user = "LAB\\alice";
    co.nt_hash = hash;
    assert_int_equal(sec_creds_new(&co, &creds, NULL), STATUS_SUCCESS);
    snprintf(port, sizeof port, "%u", server.port);
    assert_int_equal(rpc_binding_new("ncacn_ip_tcp", "127.0.0.1", port, &binding, NULL), STATUS_SUCCESS);
    return 0;
}

static int stop_all(void **state)
{
    sec_creds_unref(creds);
    rpc_binding_unref(binding);
    return stop_server(state);
}

/* cmocka's assertions are for the main thread: others count what went wrong. */
static atomic_uint wrong, good;

static void expect(bool ok)
{
    atomic_fetch_add(ok ? &good : &wrong, 1);
}

static void run_threads(void *(*fn)(void *), void *arg)
{
    pthread_t t[THREADS];
    atomic_store(&wrong, 0);
    atomic_store(&good, 0);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&t[i], NULL, fn, arg), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
}

static void run_well(void *(*fn)(void *), void *arg)
{
    run_threads(fn, arg);
    assert_int_equal(atomic_load(&wrong), 0);
}

static void doze(unsigned ms)
{
    struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };
    nanosleep(&t, NULL);
}

/* ---- pools ---- */

static void *pool_user(void *arg)
{
    struct rpc_pool *p = arg;
    struct nt_arena *mem = nt_arena_new(0);
    for (uint32_t i = 0; i < 60; i++) {
        struct rpcecho_echo_AddOne r = { .in.in_data = i };
        struct nt_error err = { "" };
        if (i % 2) {
            expect(rpc_pool_run(p, &rpcecho_echo_AddOne_op, mem, &r, &err) == STATUS_SUCCESS);
        } else {
            struct rpc_conn *c = NULL;
            expect(rpc_pool_take(p, &c, &err) == STATUS_SUCCESS);
            if (c)
                expect(rpcecho_echo_AddOne(c, mem, &r) == STATUS_SUCCESS);
            rpc_pool_give(p, c);
        }
        expect(r.out.out_data == i + 1);
        nt_arena_reset(mem);
    }
    nt_arena_free(mem);
    return NULL;
}

static void test_pool(void **state)
{
    (void)state;
    for (unsigned conns = 1; conns <= 4; conns += 3) {
        struct rpc_options o = options();
        struct rpc_pool_options po = RPC_POOL_OPTIONS_INIT;
        struct rpc_pool_stats s = { .size = sizeof s };
        struct rpc_pool *p;
        po.max_conns = conns;
        assert_int_equal(rpc_pool_new(binding, &rpcecho_interface, &o, &po, &p), STATUS_SUCCESS);
        run_well(pool_user, p);
        assert_int_equal(rpc_pool_stats(p, &s), STATUS_SUCCESS);
        assert_in_range(s.conns, 1, conns);
        assert_int_equal(s.idle, s.conns);
        assert_int_equal(s.opened, s.conns);
        assert_int_not_equal(s.assoc_group, 0);
        rpc_pool_close(p);
    }
}

/* All connections are taken: who waits gets the first that is given back, or runs out of time. */
static void *giver(void *arg)
{
    void **a = arg;
    doze(100);
    rpc_pool_give(a[0], a[1]);
    return NULL;
}

static void test_pool_full(void **state)
{
    (void)state;
    struct rpc_options o = options();
    struct rpc_pool_options po = RPC_POOL_OPTIONS_INIT;
    struct rpc_pool *p;
    struct rpc_conn *c, *second;
    struct nt_error err = { "" };
    pthread_t t;
    o.timeout_ms = 3000;
    po.max_conns = 1;
    assert_int_equal(rpc_pool_new(binding, &rpcecho_interface, &o, &po, &p), STATUS_SUCCESS);
    assert_int_equal(rpc_pool_take(p, &c, &err), STATUS_SUCCESS);
    void *arg[] = { p, c };
    assert_int_equal(pthread_create(&t, NULL, giver, arg), 0);
    assert_int_equal(rpc_pool_take(p, &second, &err), STATUS_SUCCESS);
    assert_ptr_equal(second, c);
    pthread_join(t, NULL);
    assert_int_equal(rpc_pool_take(p, &c, &err), STATUS_IO_TIMEOUT);
    assert_non_null(strstr(err.text, "in use"));
    rpc_pool_give(p, second);
    rpc_pool_close(p);
}

/* The server hangs up again and again: idempotent calls are repeated, once, and nothing else is. */
static struct rpc_op idempotent;
static atomic_bool enough;

static void *losing_user(void *arg)
{
    struct nt_arena *mem = nt_arena_new(0);
    for (uint32_t i = 0; i < 400 && !atomic_load(&enough); i++) {
        struct rpcecho_echo_AddOne r = { .in.in_data = i };
        struct nt_error err = { "" };
        enum nt_status st = rpc_pool_run(arg, &idempotent, mem, &r, &err);
        if (st == STATUS_SUCCESS)
            expect(r.out.out_data == i + 1);
        else if (st != STATUS_CONNECTION_DISCONNECTED && st != STATUS_CONNECTION_RESET) {
            print_message("0x%08x %s\n", (unsigned)st, err.text);
            expect(false);
        }
        nt_arena_reset(mem);
    }
    nt_arena_free(mem);
    return NULL;
}

static atomic_bool hung_up;

static void all_hung_up(void *arg)
{
    (void)arg;
    atomic_store(&hung_up, true);
}

static void *disturber(void *arg)
{
    (void)arg;
    for (int i = 0; i < 15; i++) {
        doze(20);
        (void)!nt_loop_post(server.loop, hang_up_all, NULL);
    }
    atomic_store(&hung_up, false); /* what was posted is done before the next test connects */
    while (nt_loop_post(server.loop, all_hung_up, NULL) != STATUS_SUCCESS)
        ;
    while (!atomic_load(&hung_up))
        doze(1);
    atomic_store(&enough, true);
    return NULL;
}

static void test_pool_losing(void **state)
{
    (void)state;
    struct rpc_options o = options();
    struct rpc_pool_options po = RPC_POOL_OPTIONS_INIT;
    struct rpc_pool *p;
    pthread_t t;
    po.max_conns = 3;
    idempotent = rpcecho_echo_AddOne_op;
    idempotent.flags |= RPC_OP_IDEMPOTENT;
    atomic_store(&enough, false);
    assert_int_equal(rpc_pool_new(binding, &rpcecho_interface, &o, &po, &p), STATUS_SUCCESS);
    assert_int_equal(pthread_create(&t, NULL, disturber, NULL), 0);
    run_threads(losing_user, p);
    pthread_join(t, NULL);
    assert_int_equal(atomic_load(&wrong), 0);
    assert_true(atomic_load(&good) > 0);
    rpc_pool_close(p);
}

/* ---- from hand to hand ---- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t turn;
    unsigned n;
    struct rpc_conn *c;
} baton = { .lock = PTHREAD_MUTEX_INITIALIZER, .turn = PTHREAD_COND_INITIALIZER };

static void *runner(void *arg)
{
    struct nt_arena *mem = nt_arena_new(0);
    (void)arg;
    for (unsigned i = 0; i < 40; i++) {
        pthread_mutex_lock(&baton.lock);
        struct rpcecho_echo_AddOne r = { .in.in_data = baton.n };
        expect(rpcecho_echo_AddOne(baton.c, mem, &r) == STATUS_SUCCESS);
        baton.n = r.out.out_data;
        pthread_mutex_unlock(&baton.lock);
        nt_arena_reset(mem);
    }
    nt_arena_free(mem);
    return NULL;
}

static void test_handed_on(void **state)
{
    (void)state;
    struct rpc_options o = options();
    baton.n = 0;
    assert_int_equal(rpc_open(binding, &rpcecho_interface, &o, &baton.c), STATUS_SUCCESS);
    run_well(runner, NULL);
    assert_int_equal(baton.n, THREADS * 40);
    rpc_close(baton.c);
}

/* ---- cancelling from elsewhere ---- */

static struct nt_cancel *token;

static void on_signal(int number)
{
    (void)number;
    nt_cancel_fire(token);
}

static void *sleeper(void *arg)
{
    struct rpc_conn *c = arg;
    struct nt_arena *mem = nt_arena_new(0);
    struct rpcecho_echo_TestSleep r = { .in.seconds = 50 };
    expect(rpcecho_echo_TestSleep(c, mem, &r) == STATUS_CANCELLED);
    expect(rpc_conn_alive(c)); /* the server knows about orphans, or answers the cancel */
    nt_arena_free(mem);
    return NULL;
}

static void test_cancel(void **state)
{
    (void)state;
    struct rpc_options o = options();
    struct rpc_call_options co = RPC_CALL_OPTIONS_INIT;
    struct sigaction act = { .sa_handler = on_signal };
    struct nt_arena *mem = nt_arena_new(0);
    struct rpc_conn *c;
    assert_int_equal(nt_cancel_new(&token), STATUS_SUCCESS);
    assert_int_equal(sigaction(SIGUSR1, &act, NULL), 0);
    assert_int_equal(rpc_open(binding, &rpcecho_interface, &o, &c), STATUS_SUCCESS);
    atomic_store(&wrong, 0);
    for (int i = 0; i < 6; i++) {
        pthread_t t;
        co.cancel = token;
        rpc_conn_set(c, &co);
        assert_int_equal(pthread_create(&t, NULL, sleeper, c), 0);
        while (!atomic_load(&server.sleeping))
            doze(5);
        if (i % 2)
            pthread_kill(t, SIGUSR1);
        else
            nt_cancel_fire(token);
        pthread_join(t, NULL);
        assert_int_equal(atomic_load(&wrong), 0);
        nt_cancel_reset(token);
        rpc_conn_set(c, NULL);
        struct rpcecho_echo_AddOne r = { .in.in_data = 1 };
        assert_int_equal(rpcecho_echo_AddOne(c, mem, &r), STATUS_SUCCESS);
        while (atomic_load(&server.sleeping)) /* the cancel has reached the handler */
            doze(5);
    }
    rpc_close(c);
    nt_cancel_unref(token);
    nt_arena_free(mem);
}

/* ---- callbacks, each thread with a loop of its own ---- */

struct mine {
    struct rpc_conn *c;
    struct nt_arena *mem;
    struct rpcecho_echo_AddOne r[20];
    struct rpcecho_echo_TestSleep sleep;
    unsigned ended, closed_after;
    bool opened;
};

static void answered(void *arg, enum nt_status st)
{
    struct mine *m = arg;
    m->ended++;
    if (!m->c) {
        expect(st == STATUS_CONNECTION_ABORTED || st == STATUS_SUCCESS);
        return;
    }
    expect(st == STATUS_SUCCESS);
    if (m->ended == m->closed_after) {
        rpc_close(m->c); /* with calls on their way, and from inside */
        m->c = NULL;
    }
}

static void opened(void *arg, enum nt_status st, struct rpc_conn *c)
{
    struct mine *m = arg;
    expect(st == STATUS_SUCCESS);
    m->opened = true;
    m->c = c;
    m->sleep.in.seconds = 50;
    expect(rpcecho_echo_TestSleep_send(c, m->mem, &m->sleep, answered, m, NULL) == STATUS_SUCCESS);
    for (uint32_t i = 0; i < 20; i++) {
        m->r[i].in.in_data = i;
        expect(rpcecho_echo_AddOne_send(c, m->mem, &m->r[i], answered, m, NULL) == STATUS_SUCCESS);
    }
}

static void *looper(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < 8; i++) {
        struct nt_loop *l;
        struct rpc_options o = options();
        struct mine m = { .closed_after = 1 + 2 * i, .mem = nt_arena_new(0) };
        expect(nt_loop_new(NULL, &l) == STATUS_SUCCESS);
        o.loop = l;
        o.creds = sec_creds_ref(creds);
        struct rpc_binding *b = rpc_binding_ref(binding);
        expect(rpc_open_send(b, &rpcecho_interface, &o, opened, &m) == STATUS_SUCCESS);
        sec_creds_unref(o.creds); /* the opening has its own */
        rpc_binding_unref(b);
        while (!m.opened || m.c || m.ended < 21)
            (void)!nt_loop_run(l, 1000);
        nt_loop_free(l);
        nt_arena_free(m.mem);
    }
    return NULL;
}

static void test_callbacks(void **state)
{
    (void)state;
    run_well(looper, NULL);
}

/* A pool on a loop in each thread, closed while calls are on their way. */
static void pool_answered(void *arg, enum nt_status st)
{
    unsigned *left = arg;
    expect(st == STATUS_SUCCESS || st == STATUS_CONNECTION_ABORTED);
    (*left)--;
}

static void *pool_looper(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < 4; i++) {
        struct nt_loop *l;
        struct rpc_pool *p;
        struct rpc_options o = options();
        struct rpc_pool_options po = RPC_POOL_OPTIONS_INIT;
        struct nt_arena *mem = nt_arena_new(0);
        struct rpcecho_echo_AddOne r[100];
        unsigned left = 100;
        expect(nt_loop_new(NULL, &l) == STATUS_SUCCESS);
        o.loop = l;
        po.max_conns = 3;
        po.calls_per_conn = 5;
        expect(rpc_pool_new(binding, &rpcecho_interface, &o, &po, &p) == STATUS_SUCCESS);
        memset(r, 0, sizeof r);
        for (unsigned k = 0; k < 100; k++)
            expect(rpc_pool_send(p, &rpcecho_echo_AddOne_op, mem, &r[k], pool_answered, &left, NULL) ==
                   STATUS_SUCCESS);
        while (left > 25 * i)
            (void)!nt_loop_run(l, 1000);
        rpc_pool_close(p);
        while (left)
            (void)!nt_loop_run(l, 1000);
        nt_loop_free(l);
        nt_arena_free(mem);
    }
    return NULL;
}

static void test_pool_loops(void **state)
{
    (void)state;
    run_well(pool_looper, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool),        cmocka_unit_test(test_pool_full),
        cmocka_unit_test(test_pool_losing), cmocka_unit_test(test_handed_on),
        cmocka_unit_test(test_cancel),      cmocka_unit_test(test_callbacks),
        cmocka_unit_test(test_pool_loops),
    };
    return cmocka_run_group_tests(tests, start_all, stop_all);
}
