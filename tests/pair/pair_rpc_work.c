// SPDX-License-Identifier: Apache-2.0
/* Handlers whose blocking part runs on workers: at the same time, off the loop, while clients come and go.
 * Over real sockets, for a loop in memory has one thread. Made for TSan. */
#include <pthread.h>
#include <unistd.h>
#include "own_server.h"

struct op {
    struct {
        uint32_t what;
        struct ndr_handle h;
    } in;
    struct {
        struct ndr_handle h;
        uint32_t answer;
    } out;
};
enum { OPEN = 0, MEET, ADD, FAIL, LINGER, PLAIN };

static void push_in(struct ndr_push *n, const void *p)
{
    ndr_push_u32(n, ((const struct op *)p)->in.what);
    ndr_push_handle(n, &((const struct op *)p)->in.h);
}

static void pull_in(struct ndr_pull *n, void *p)
{
    ((struct op *)p)->in.what = ndr_pull_u32(n);
    ndr_pull_handle(n, &((struct op *)p)->in.h);
}

static void push_out(struct ndr_push *n, const void *p)
{
    ndr_push_handle(n, &((const struct op *)p)->out.h);
    ndr_push_u32(n, ((const struct op *)p)->out.answer);
}

static void pull_out(struct ndr_pull *n, void *p)
{
    ndr_pull_handle(n, &((struct op *)p)->out.h);
    ((struct op *)p)->out.answer = ndr_pull_u32(n);
}

static const struct rpc_interface iface = {
    RPC_TABLE_VERSION, 1, "work", { { 0x77, 1, 2, { 3 } }, 1, 0 }, NULL, NULL
};
static const struct rpc_op work_op = {
    RPC_TABLE_VERSION,        0,       0,       &iface,   "Work",   sizeof(struct op),
    offsetof(struct op, out), push_in, pull_in, push_out, pull_out, NULL
};
static const struct rpc_op *const ops[] = { &work_op };

static const struct rpc_handle_type counter = { "counter", NULL, false };

static struct {
    struct nt_loop *loop;
    struct rpc_server *s;
    struct rpc_binding *b;
    struct nt_arena *mem;
    pthread_t loops_own, threads[2];
    pthread_barrier_t both;
    unsigned count; /* behind a handle: no lock */
    bool in_place;
} t;

static enum nt_status blocks(struct rpc_server_call *call, void *p)
{
    struct op *r = p;
    assert_int_equal(pthread_equal(pthread_self(), t.loops_own) != 0, t.in_place);
    struct rpc_server_caller who = { .size = sizeof who };
    assert_int_equal(rpc_server_caller(call, &who), STATUS_SUCCESS);
    assert_non_null(nt_arena_alloc(rpc_server_mem(call), 100, 8));
    switch (r->in.what) {
    case MEET: /* only two at the same time get past here */
        pthread_barrier_wait(&t.both);
        r->out.answer = 1;
        return STATUS_SUCCESS;
    case ADD:
        r->out.answer = ++t.count;
        return STATUS_SUCCESS;
    case LINGER:
        while (!rpc_server_cancelled(call))
            usleep(1000);
        return STATUS_CANCELLED;
    default:
        return STATUS_DISK_FULL;
    }
}

static enum nt_status dispatch(const void *handlers, struct rpc_server_call *call, uint32_t opnum, void *p)
{
    struct op *r = p;
    void *object;
    (void)handlers;
    (void)opnum;
    if (r->in.what == PLAIN) {
        r->out.answer = 5;
        return STATUS_SUCCESS;
    }
    if (r->in.what == OPEN)
        return rpc_handle_new(call, &counter, &t.count, &r->out.h);
    if (r->in.what == ADD && rpc_handle_get(call, &r->in.h, &counter, &object) != STATUS_SUCCESS)
        return RPC_NT_SS_CONTEXT_MISMATCH;
    return rpc_server_work(call, blocks);
}

static void *worker(void *arg)
{
    assert_int_equal(nt_loop_worker_run(arg), STATUS_SUCCESS);
    return NULL;
}

static void begin(bool workers)
{
    struct rpc_server_options so = RPC_SERVER_OPTIONS_INIT;
    char text[64];
    uint16_t port;
    memset(&t, 0, sizeof t);
    t.loops_own = pthread_self();
    t.in_place = !workers;
    so.min_level = SEC_LEVEL_NONE;
    assert_int_equal(nt_loop_new(NULL, &t.loop), STATUS_SUCCESS);
    assert_int_equal(nt_loop_worker_run(t.loop), STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(rpc_server_new(t.loop, &so, &t.s), STATUS_SUCCESS);
    assert_int_equal(rpc_server_register(t.s, &iface, ops, dispatch, NULL, NULL), STATUS_SUCCESS);
    assert_int_equal(rpc_server_listen(t.s, "127.0.0.1", 0, &port), STATUS_SUCCESS);
    snprintf(text, sizeof text, "ncacn_ip_tcp:127.0.0.1[%u,none]", port);
    assert_int_equal(rpc_binding_parse(text, &t.b, NULL), STATUS_SUCCESS);
    t.mem = nt_arena_new(0);
    assert_int_equal(pthread_barrier_init(&t.both, NULL, 2), 0);
    if (!workers)
        return;
    assert_int_equal(nt_loop_share(t.loop), STATUS_SUCCESS);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&t.threads[i], NULL, worker, t.loop), 0);
    usleep(20000); /* until they are inside, else the first jobs would run in place */
}

static void end(void)
{
    nt_loop_workers_stop(t.loop);
    if (!t.in_place)
        for (int i = 0; i < 2; i++)
            assert_int_equal(pthread_join(t.threads[i], NULL), 0);
    rpc_server_free(t.s);
    rpc_binding_unref(t.b);
    nt_loop_free(t.loop);
    nt_arena_free(t.mem);
    pthread_barrier_destroy(&t.both);
}

static struct rpc_conn *open_conn(void)
{
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct rpc_conn *c;
    o.loop = t.loop;
    assert_int_equal(rpc_open(t.b, &iface, &o, &c), STATUS_SUCCESS);
    return c;
}

static enum nt_status call(struct rpc_conn *c, uint32_t what, struct ndr_handle *h, uint32_t *ret)
{
    struct op r = { .in.what = what };
    if (h)
        r.in.h = *h;
    enum nt_status st = rpc_run(c, &work_op, t.mem, &r);
    if (h && what == OPEN)
        *h = r.out.h;
    if (ret)
        *ret = r.out.answer;
    return st;
}

static void wait_for(enum nt_status *st)
{
    for (int i = 0; i < 5000 && *st == STATUS_PENDING; i++) {
        enum nt_status ran = nt_loop_run(t.loop, 2);
        (void)ran;
    }
    assert_int_not_equal(*st, STATUS_PENDING);
}

static void test_off_the_loop(void **state)
{
    struct op r[2] = { { .in.what = MEET }, { .in.what = MEET } };
    enum nt_status st[2] = { STATUS_PENDING, STATUS_PENDING };
    uint32_t answer;
    (void)state;
    begin(true);
    struct rpc_conn *a = open_conn(), *b = open_conn();
    assert_int_equal(rpc_send(a, &work_op, t.mem, &r[0], own_done_fn, &st[0], NULL), STATUS_SUCCESS);
    assert_int_equal(call(b, PLAIN, NULL, &answer), STATUS_SUCCESS); /* the loop goes on meanwhile */
    assert_int_equal(answer, 5);
    assert_int_equal(st[0], STATUS_PENDING);
    assert_int_equal(rpc_send(b, &work_op, t.mem, &r[1], own_done_fn, &st[1], NULL), STATUS_SUCCESS);
    wait_for(&st[0]);
    wait_for(&st[1]);
    assert_int_equal(st[0], STATUS_SUCCESS);
    assert_int_equal(st[1], STATUS_SUCCESS);
    assert_int_equal(r[0].out.answer + r[1].out.answer, 2);
    assert_int_equal(call(a, FAIL, NULL, NULL), nt_from_rpc_fault(nt_to_rpc_fault(STATUS_DISK_FULL)));
    rpc_close(a);
    rpc_close(b);
    end();
}

/* What is behind a handle is one call's at a time, so that it is counted without a lock. */
static void test_behind_a_handle(void **state)
{
    enum { CALLS = 200 };
    static struct op r[CALLS];
    static enum nt_status st[CALLS];
    struct ndr_handle h = { 0 };
    (void)state;
    begin(true);
    struct rpc_conn *c = open_conn();
    assert_int_equal(call(c, OPEN, &h, NULL), STATUS_SUCCESS);
    for (int i = 0; i < CALLS; i++) {
        r[i] = (struct op){ .in = { ADD, h } };
        st[i] = STATUS_PENDING;
        assert_int_equal(rpc_send(c, &work_op, t.mem, &r[i], own_done_fn, &st[i], NULL), STATUS_SUCCESS);
    }
    for (int i = 0; i < CALLS; i++) {
        wait_for(&st[i]);
        assert_int_equal(st[i], STATUS_SUCCESS);
        assert_int_equal(r[i].out.answer, i + 1);
    }
    rpc_close(c);
    end();
}

/* The client goes while its call is at work, and then the server does. */
static void test_lost(void **state)
{
    (void)state;
    for (int gone = 0; gone < 2; gone++) {
        struct op r = { .in.what = LINGER };
        enum nt_status st = STATUS_PENDING;
        begin(true);
        struct rpc_conn *c = open_conn();
        assert_int_equal(rpc_send(c, &work_op, t.mem, &r, own_done_fn, &st, NULL), STATUS_SUCCESS);
        struct rpc_server_stats stats = { .size = sizeof stats };
        do {
            enum nt_status ran = nt_loop_run(t.loop, 2);
            (void)ran;
            assert_int_equal(rpc_server_stats(t.s, &stats), STATUS_SUCCESS);
        } while (!stats.dispatched);
        rpc_close(c);
        assert_int_equal(st, STATUS_CONNECTION_ABORTED);
        if (gone) { /* the call outlives its server */
            rpc_server_free(t.s);
            t.s = NULL;
        }
        while (!gone && stats.calls) {
            enum nt_status ran = nt_loop_run(t.loop, 2);
            (void)ran;
            assert_int_equal(rpc_server_stats(t.s, &stats), STATUS_SUCCESS);
        }
        end();
    }
}

static void test_in_place(void **state)
{
    uint32_t answer;
    struct ndr_handle h = { 0 };
    (void)state;
    begin(false);
    struct rpc_conn *c = open_conn();
    assert_int_equal(call(c, OPEN, &h, NULL), STATUS_SUCCESS);
    assert_int_equal(call(c, ADD, &h, &answer), STATUS_SUCCESS);
    assert_int_equal(answer, 1);
    assert_int_equal(call(c, FAIL, NULL, NULL), nt_from_rpc_fault(nt_to_rpc_fault(STATUS_DISK_FULL)));
    rpc_close(c);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_off_the_loop),
        cmocka_unit_test(test_behind_a_handle),
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_in_place),
    };
    return cmocka_run_group_tests_name("rpc_work", tests, NULL, NULL);
}
