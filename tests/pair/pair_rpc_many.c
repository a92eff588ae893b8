// SPDX-License-Identifier: Apache-2.0
/* Many calls at a time on one connection, over memory: answers in any order and mixed, calls given up among
 * others, what a server may make us hold; and a thousand at our own server. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <msrpc/rpcecho.h>
#include "fake_rpc.h"
#include "rpc/m_server.h"

#define SECOND UINT64_C(1000000000)
#define MANY   1000u

static const uint8_t hash[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
static uint8_t pattern[100000];

/* ---- world: the scripted server ---- */

struct seen {
    struct world *w;
    unsigned n, order;
    enum nt_status st;
    uint32_t fault;
    bool not_run;
    char said[512];
};

struct world {
    struct fake f;
    struct sec_creds *creds;
    struct rpc_binding *b;
    struct rpc_conn *c;
    struct nt_arena *mem;
    struct nt_error err;
    unsigned ended;
    struct echo r[FAKE_KEPT_MAX];
    struct seen s[FAKE_KEPT_MAX];
    struct rpc_call *call[FAKE_KEPT_MAX];
};

static const struct {
    enum sec_level level;
    const char *provider;
} securities[] = { { SEC_LEVEL_NONE, NULL },
                   { SEC_LEVEL_INTEGRITY, "ntlm" },
                   { SEC_LEVEL_PRIVACY, "spnego" } };
#define SECURITIES (sizeof securities / sizeof securities[0])

static struct world *world_new(size_t chunk)
{
    struct io_mem_options mo = { NULL, chunk, SECOND, SIZE_MAX };
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    co.mech = SEC_MECH_NTLM;
    co.user = "LAB\\alice";
    co.nt_hash = hash;
    assert_int_equal(io_mem_loop_new(&mo, &w->f.loop), STATUS_SUCCESS);
    assert_int_equal(sec_creds_new(&co, &w->creds, NULL), STATUS_SUCCESS);
    assert_int_equal(rpc_binding_parse("ncacn_ip_tcp:srv[1000]", &w->b, NULL), STATUS_SUCCESS);
    w->mem = nt_arena_new(0);
    assert_non_null(w->mem);
    w->f.nt_hash = hash;
    w->f.mpx = true;
    fake_listen(&w->f);
    return w;
}

static void turn(struct nt_loop *l, int n)
{
    while (n--) {
        enum nt_status st = nt_loop_run(l, 0);
        (void)st;
    }
}

static void world_free(struct world *w)
{
    rpc_close(w->c);
    turn(w->f.loop, 50);
    assert_int_equal(w->f.conns, 0);
    assert_int_equal(w->f.problem, STATUS_SUCCESS);
    fake_forget(&w->f);
    nt_arena_free(w->mem);
    sec_creds_unref(w->creds);
    rpc_binding_unref(w->b);
    nt_loop_free(w->f.loop);
    free(w);
}

static void open_with(struct world *w, unsigned security)
{
    struct rpc_options o = RPC_OPTIONS_INIT;
    o.creds = w->creds;
    o.level = securities[security].level;
    o.provider = securities[security].provider;
    o.loop = w->f.loop;
    o.error = &w->err;
    o.timeout_ms = 20000;
    if (rpc_open(w->b, &fake_iface, &o, &w->c) != STATUS_SUCCESS)
        fail_msg("%s", w->err.text);
}

static void note(void *arg, enum nt_status st)
{
    struct seen *s = arg;
    s->n++;
    s->st = st;
    s->order = s->w->ended++;
    s->fault = rpc_conn_fault(s->w->c);
    s->not_run = s->w->c->not_run;
    snprintf(s->said, sizeof s->said, "%s", rpc_conn_error(s->w->c));
}

static void start(struct world *w, unsigned i, const struct rpc_op *op, uint32_t len)
{
    w->r[i] = (struct echo){ .in = { len, pattern } };
    w->s[i] = (struct seen){ .w = w };
    assert_int_equal(rpc_send(w->c, op, w->mem, &w->r[i], note, &w->s[i], &w->call[i]), STATUS_SUCCESS);
}

static bool all_ended(void *arg)
{
    struct world *w = ((void **)arg)[0];
    return w->ended >= *(unsigned *)((void **)arg)[1];
}

static void until(struct world *w, unsigned n)
{
    void *arg[] = { w, &n };
    assert_int_equal(io_wait(w->f.loop, all_ended, arg, io_loop_now(w->f.loop) + 300 * SECOND, NULL),
                     STATUS_SUCCESS);
}

static void good(const struct world *w, unsigned i, uint32_t len)
{
    if (w->s[i].st != STATUS_SUCCESS)
        fail_msg("call %u: 0x%08x %s", i, w->s[i].st, w->s[i].said);
    assert_int_equal(w->s[i].n, 1);
    assert_int_equal(w->r[i].out.len, len);
    assert_memory_equal(w->r[i].out.data, pattern, len);
}

static bool kept(void *arg)
{
    struct world *w = ((void **)arg)[0];
    return w->f.n_kept >= *(unsigned *)((void **)arg)[1];
}

static void until_kept(struct world *w, unsigned n)
{
    void *arg[] = { w, &n };
    assert_int_equal(io_wait(w->f.loop, kept, arg, io_loop_now(w->f.loop) + SECOND, NULL), STATUS_SUCCESS);
    assert_int_equal(w->f.n_kept, n);
}

/* ---- order ---- */

/* Answers in several orders, whole and with their fragments mixed. */
static void orders(unsigned s, size_t chunk, size_t frag, bool mixed)
{
    struct world *w = world_new(chunk);
    unsigned order[60];
    w->f.keep = true;
    w->f.frag = frag;
    open_with(w, s);
    for (unsigned i = 0; i < 60; i++)
        start(w, i, &echo_op, i * 9);
    until_kept(w, 60); /* all are on the wire, none is answered */
    assert_int_equal(w->ended, 0);
    for (unsigned i = 0; i < 60; i++)
        order[i] = i * 37 % 60; /* 37 and 60 have no common divisor: all of them, in another order */
    fake_answer(&w->f, &(struct fake_order){ .order = order, .n = 60, .mixed = mixed });
    until(w, 60);
    for (unsigned i = 0; i < 60; i++)
        good(w, i, i * 9);
    for (unsigned i = 0; i < 60 && !mixed; i++)
        assert_int_equal(w->s[order[i]].order, i);
    assert_int_equal(w->c->held, 0);
    assert_int_equal(w->c->n_midway, 0);
    assert_int_equal(w->c->sent.n, 0);
    world_free(w);
}

static void test_orders(void **state)
{
    (void)state;
    static const size_t chunks[] = { 0, 1, 29, 200 }, frags[] = { 0, 64, 101 };
    for (unsigned s = 0; s < SECURITIES; s++)
        for (size_t i = 0; i < 4; i++)
            for (size_t k = 0; k < 3; k++) {
                orders(s, chunks[i], frags[k], false);
                orders(s, chunks[i], frags[k], true);
            }
}

/* Without PFC_CONC_MPX in the answer to the bind there is one call at a time. */
static void test_exclusive(void **state)
{
    (void)state;
    struct world *w = world_new(0);
    w->f.mpx = false;
    w->f.keep = true;
    open_with(w, 2);
    for (unsigned i = 0; i < 10; i++)
        start(w, i, &echo_op, i);
    for (unsigned i = 0; i < 10; i++) {
        turn(w->f.loop, 20);
        assert_int_equal(w->f.requests, i + 1);
        assert_int_equal(w->f.n_kept, 1);
        fake_answer(&w->f, &(struct fake_order){ 0 });
        fake_forget(&w->f);
        until(w, i + 1);
        good(w, i, i);
    }
    world_free(w);
}

static void test_limits(void **state)
{
    (void)state;
    struct world *w = world_new(0);
    struct echo r = { .in = { 1, pattern } };
    struct seen others = { .w = w };
    w->f.keep = true;
    open_with(w, 1);
    w->c->next_id = UINT32_MAX - 100; /* ids wrap on the way */
    for (unsigned i = 0; i < FAKE_KEPT_MAX; i++)
        start(w, i, &echo_op, i % 50);
    until_kept(w, RPC_CALLS_SENT_MAX);
    turn(w->f.loop, 50);
    assert_int_equal(w->f.n_kept, RPC_CALLS_SENT_MAX);
    for (unsigned i = 0; i < RPC_CALLS_MAX - FAKE_KEPT_MAX; i++)
        assert_int_equal(rpc_send(w->c, &echo_op, w->mem, &r, note, &others, NULL), STATUS_SUCCESS);
    assert_int_equal(rpc_send(w->c, &echo_op, w->mem, &r, note, NULL, NULL), STATUS_INSUFFICIENT_RESOURCES);
    while (w->c->queue.tail != w->call[FAKE_KEPT_MAX - 1]) /* those of r are of no more use */
        rpc_call_cancel(w->c->queue.tail);
    fake_answer(&w->f, &(struct fake_order){ 0 });
    until(w, RPC_CALLS_MAX - FAKE_KEPT_MAX + RPC_CALLS_SENT_MAX);
    until_kept(w, FAKE_KEPT_MAX);
    for (unsigned i = RPC_CALLS_SENT_MAX; i < FAKE_KEPT_MAX; i++)
        fake_answer(&w->f, &(struct fake_order){ .order = &i, .n = 1 });
    until(w, RPC_CALLS_MAX);
    for (unsigned i = 0; i < FAKE_KEPT_MAX; i++)
        good(w, i, i % 50);
    world_free(w);
}

/* Long requests are not all encoded at once. */
static void test_send_ahead(void **state)
{
    (void)state;
    struct world *w = world_new(1000);
    w->f.keep = true;
    open_with(w, 2);
    for (unsigned i = 0; i < 100; i++)
        start(w, i, &echo_op, 60000);
    assert_true(w->c->tp->stream->queued < RPC_SEND_AHEAD + 70000);
    while (w->f.n_kept < 100) {
        turn(w->f.loop, 1);
        assert_true(w->c->tp->stream->queued < RPC_SEND_AHEAD + 70000);
    }
    fake_answer(&w->f, &(struct fake_order){ .mixed = true });
    until(w, 100);
    for (unsigned i = 0; i < 100; i++)
        good(w, i, 60000);
    world_free(w);
}

/* ---- what a server may make us hold ---- */

static size_t in_use(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

/* A thousand calls on their way cost less than a megabyte. */
static void test_memory(void **state)
{
    (void)state;
    struct world *w = world_new(0);
    w->f.lie = RSP_SILENT;
    open_with(w, 2);
    start(w, 0, &echo_op, 10);
    turn(w->f.loop, 10);
    size_t before = in_use(), most = 0;
    for (unsigned i = 1; i <= MANY; i++) {
        start(w, i, &echo_op, 10);
        most = in_use() > most ? in_use() : most;
    }
    turn(w->f.loop, 3000);
    size_t after = in_use();
    assert_int_equal(w->f.requests, RPC_CALLS_SENT_MAX);
    print_message("%u calls out: %zu KiB, at most %zu KiB while sending\n", MANY, (after - before) >> 10,
                  (most - before) >> 10);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    assert_true(most - before < 1 << 20);
#endif
    world_free(w);
}

/* First fragments with large hints, to all calls: little of it is believed. */
static void test_hints(void **state)
{
    (void)state;
    struct world *w = world_new(0);
    w->f.keep = true;
    w->f.hint = RPC_HINT_MAX;
    w->f.frag = 16;
    open_with(w, 0);
    for (unsigned i = 0; i < 200; i++)
        start(w, i, &echo_op, 100);
    turn(w->f.loop, 500);
    fake_answer(&w->f, &(struct fake_order){ .begin_only = true });
    turn(w->f.loop, 500);
    assert_int_equal(w->c->n_midway, 200);
    assert_true(w->c->held <= RPC_ANSWERS_HINTED_MAX + 200 * 16);
    assert_true(nt_arena_used(w->mem) <= RPC_ANSWERS_HINTED_MAX + (1 << 20));
    world_free(w);
}

static void test_held(void **state)
{
    (void)state;
    struct world *w = world_new(0);
    w->f.keep = true;
    w->f.frag = 16;
    open_with(w, 0);
    for (unsigned i = 0; i < 3; i++)
        start(w, i, &echo_op, 100);
    turn(w->f.loop, 50);
    fake_answer(&w->f, &(struct fake_order){ .order = (unsigned[]){ 0 }, .n = 1, .begin_only = true });
    turn(w->f.loop, 50);
    w->c->held += RPC_ANSWERS_HELD_MAX - w->c->held - 20; /* as if much more had come */
    fake_answer(&w->f, &(struct fake_order){ .order = (unsigned[]){ 1 }, .n = 1, .begin_only = true });
    turn(w->f.loop, 50);
    assert_int_equal(w->ended, 0);
    fake_answer(&w->f, &(struct fake_order){ .order = (unsigned[]){ 2 }, .n = 1, .begin_only = true });
    until(w, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(w->s[i].st, RPC_NT_PROTOCOL_ERROR);
    assert_non_null(strstr(w->s[2].said, "more answers than can be held"));
    assert_false(rpc_conn_alive(w->c));
    world_free(w);
}

/* ---- giving up one of many ---- */

/* The others survive, whether the server knows about orphans or not; a late answer is dropped. */
static void test_give_up_one(void **state)
{
    (void)state;
    for (int how = 0; how < 4; how++) {
        struct world *w = world_new(0);
        w->f.keep = true;
        w->f.no_features = how & 1;
        open_with(w, 2);
        for (unsigned i = 0; i < 20; i++) {
            struct rpc_call_options co = RPC_CALL_OPTIONS_INIT;
            co.timeout_ms = (how & 2) && i == 7 ? 300 : 0;
            rpc_conn_set(w->c, &co);
            start(w, i, &echo_op, i);
        }
        if (!(how & 2))
            rpc_call_cancel(w->call[7]);
        until(w, 1);
        assert_int_equal(w->s[7].st, how & 2 ? STATUS_IO_TIMEOUT : STATUS_CANCELLED);
        assert_false(w->s[7].not_run);
        turn(w->f.loop, 20);
        assert_int_equal(w->f.cancels, how & 2 ? 0 : 1);
        assert_int_equal(w->f.orphans, how & 1 ? 0 : 1); /* nothing is said that the server does not know */
        assert_true(rpc_conn_alive(w->c));
        fake_answer(&w->f, &(struct fake_order){ .mixed = true }); /* the late one, too */
        until(w, 20);
        for (unsigned i = 0; i < 20; i++)
            if (i != 7)
                good(w, i, i);
        assert_true(rpc_conn_alive(w->c));
        world_free(w);
    }
}

/* More are given up than are remembered one by one; all their answers come late. */
static void test_many_orphans(void **state)
{
    (void)state;
    unsigned n = 3 * RPC_ORPHANS_MAX;
    struct world *w = world_new(0);
    w->f.keep = true;
    open_with(w, 1);
    for (unsigned i = 0; i < n; i++)
        start(w, i, &echo_op, 5);
    for (unsigned i = 0; i < n; i++)
        if (i % 10)
            rpc_call_cancel(w->call[i]);
    until(w, n - n / 10 - 1);
    assert_int_equal(w->c->sent.n, n / 10 + 1);
    fake_answer(&w->f, &(struct fake_order){ .mixed = true });
    until(w, n);
    for (unsigned i = 0; i < n; i += 10)
        good(w, i, 5);
    assert_true(rpc_conn_alive(w->c));
    fake_forget(&w->f); /* an answer to what was never asked is one still */
    w->f.kept[0] = (struct fake_kept){ .id = w->c->next_id, .stub = calloc(1, 8), .len = 8 };
    w->f.n_kept = 1;
    fake_answer(&w->f, &(struct fake_order){ 0 });
    turn(w->f.loop, 20);
    assert_false(rpc_conn_alive(w->c));
    world_free(w);
}

/* ---- failures ---- */

/* Each call sees its own fault, though all have come before the first callback runs. */
static void faults(unsigned security)
{
    struct world *w = world_new(0);
    w->f.keep = true;
    open_with(w, security);
    for (unsigned i = 0; i < 4; i++)
        start(w, i, &echo_op, 5);
    turn(w->f.loop, 50);
    struct fake_order o = { .order = (unsigned[]){ 2 }, .n = 1, .code = 0x1c010002 };
    fake_answer(&w->f, &o);
    fake_answer(&w->f, &(struct fake_order){ .order = (unsigned[]){ 1 }, .n = 1 });
    o = (struct fake_order){
        .order = (unsigned[]){ 0 }, .n = 1, .code = 0x1c010014, .flags = RPC_PFC_DID_NOT_EXECUTE
    };
    fake_answer(&w->f, &o);
    until(w, 3);
    good(w, 1, 5);
    assert_int_equal(w->s[2].fault, 0x1c010002);
    assert_false(w->s[2].not_run);
    assert_non_null(strstr(w->s[2].said, "0x1c010002"));
    assert_int_equal(w->s[0].fault, 0x1c010014);
    assert_int_equal(w->s[0].not_run, security == 0); /* a fault without signature proves nothing */
    assert_non_null(strstr(w->s[0].said, "0x1c010014"));
    assert_int_equal(w->s[1].fault, 0);
    rpc_close(w->c);
    assert_int_equal(w->s[3].st, STATUS_CONNECTION_ABORTED);
    assert_false(w->s[3].not_run);
    w->c = NULL;
    world_free(w);
}

static void test_faults(void **state)
{
    (void)state;
    for (unsigned security = 0; security < SECURITIES; security++)
        faults(security);
}

/* Behind an alter_context nothing is sent until it is answered; what was sent before may be answered. */
static void test_alter(void **state)
{
    (void)state;
    struct world *w = world_new(0);
    w->f.keep = true;
    open_with(w, 2);
    start(w, 0, &echo_op, 5);
    w->f.alter_silent = true;
    w->s[1] = (struct seen){ .w = w };
    assert_int_equal(rpc_add_interface_send(w->c, &fake_iface2, note, &w->s[1]), STATUS_SUCCESS);
    start(w, 2, &echo_op, 6);
    turn(w->f.loop, 50);
    assert_int_equal(w->f.requests, 1);
    fake_answer(&w->f, &(struct fake_order){ 0 });
    fake_forget(&w->f);
    until(w, 1);
    good(w, 0, 5);
    turn(w->f.loop, 50);
    assert_int_equal(w->f.requests, 1);
    until(w, 2); /* in the end the alter_context is given up */
    assert_int_equal(w->s[1].st, STATUS_IO_TIMEOUT);
    turn(w->f.loop, 50);
    world_free(w);
}

/* ---- our own server ---- */

struct own {
    struct nt_loop *loop;
    struct rpc_server *s;
    struct rpc_server_call *pending[MANY];
    unsigned n_pending, ended, wrong;
    struct rpcecho_echo_TestSleep r[MANY];
};

static enum nt_status test_sleep(struct rpc_server_call *call, struct rpcecho_echo_TestSleep *r)
{
    struct own *w = rpc_server_arg(call);
    if (w->n_pending == MANY)
        return RPC_NT_SERVER_TOO_BUSY;
    r->out.result = r->in.seconds + 1;
    w->pending[w->n_pending++] = call;
    return STATUS_PENDING;
}

static const struct rpcecho_handlers handlers = { .echo_TestSleep = test_sleep };

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

static enum nt_status on_dial(void *arg, struct io_stream *stream, const struct io_addr *to)
{
    struct own *w = arg;
    struct rpc_sconn *c;
    (void)to;
    enum nt_status st = rpc_sconn_new(w->s, "peer:1", &c);
    if (st == STATUS_SUCCESS && (st = io_mem_join(w->loop, stream, c->tp->stream)) != STATUS_SUCCESS)
        rpc_sconn_close(c);
    return st;
}

static void slept(void *arg, enum nt_status st)
{
    struct own *w = arg;
    w->ended++;
    w->wrong += st != STATUS_SUCCESS;
}

static bool none_left(void *arg)
{
    return ((struct own *)arg)->ended == MANY;
}

static bool all_there(void *arg)
{
    return ((struct own *)arg)->n_pending == MANY;
}

/* A thousand handlers run at a time, for one connection, and answer from the last to the first. */
static void test_thousand(void **state)
{
    (void)state;
    for (unsigned s = 0; s < SECURITIES; s++) {
        struct io_mem_options mo = { NULL, 0, SECOND, SIZE_MAX };
        struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
        struct rpc_server_options so = RPC_SERVER_OPTIONS_INIT;
        struct rpc_options o = RPC_OPTIONS_INIT;
        struct own *w = calloc(1, sizeof *w);
        struct rpc_binding *b;
        struct rpc_conn *c;
        struct nt_arena *mem = nt_arena_new(0);
        co.mech = SEC_MECH_NTLM;
        co.user = "LAB\\alice";
        co.nt_hash = hash;
        so.nt_hash = nt_hash;
        so.min_level = SEC_LEVEL_NONE;
        assert_int_equal(io_mem_loop_new(&mo, &w->loop), STATUS_SUCCESS);
        assert_int_equal(rpc_server_new(w->loop, &so, &w->s), STATUS_SUCCESS);
        assert_int_equal(rpcecho_register(w->s, &handlers, w), STATUS_SUCCESS);
        assert_int_equal(rpc_binding_parse("ncacn_ip_tcp:srv[1000]", &b, NULL), STATUS_SUCCESS);
        assert_int_equal(sec_creds_new(&co, &o.creds, NULL), STATUS_SUCCESS);
        io_mem_on_dial(w->loop, on_dial, w);
        o.level = securities[s].level;
        o.provider = securities[s].provider;
        o.loop = w->loop;
        assert_int_equal(rpc_open(b, &rpcecho_interface, &o, &c), STATUS_SUCCESS);
        for (unsigned i = 0; i < MANY; i++) {
            w->r[i].in.seconds = i;
            assert_int_equal(rpcecho_echo_TestSleep_send(c, mem, &w->r[i], slept, w, NULL), STATUS_SUCCESS);
        }
        assert_int_equal(io_wait(w->loop, all_there, w, io_loop_now(w->loop) + SECOND, NULL), STATUS_SUCCESS);
        for (unsigned i = MANY; i-- > 0;)
            rpc_server_reply(w->pending[i], STATUS_SUCCESS);
        assert_int_equal(io_wait(w->loop, none_left, w, io_loop_now(w->loop) + SECOND, NULL), STATUS_SUCCESS);
        assert_int_equal(w->wrong, 0);
        for (unsigned i = 0; i < MANY; i++)
            assert_int_equal(w->r[i].out.result, i + 1);
        rpc_close(c);
        turn(w->loop, 50);
        rpc_server_free(w->s);
        sec_creds_unref(o.creds);
        rpc_binding_unref(b);
        nt_arena_free(mem);
        nt_loop_free(w->loop);
        free(w);
    }
}

int main(void)
{
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (uint8_t)(i * 13 + i / 241);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders),       cmocka_unit_test(test_exclusive),
        cmocka_unit_test(test_limits),       cmocka_unit_test(test_send_ahead),
        cmocka_unit_test(test_memory),       cmocka_unit_test(test_hints),
        cmocka_unit_test(test_held),         cmocka_unit_test(test_give_up_one),
        cmocka_unit_test(test_many_orphans), cmocka_unit_test(test_faults),
        cmocka_unit_test(test_alter),        cmocka_unit_test(test_thousand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
