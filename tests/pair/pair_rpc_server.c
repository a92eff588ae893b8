// SPDX-License-Identifier: Apache-2.0
/* The RPC server over memory: our client in every split, level and transfer syntax; allocations that fail;
 * calls that are answered late; and a peer that sends whatever it likes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <msrpc/rpcecho.h>
#include "common/fail_malloc.h"
#include "rpc/m_server.h"

#define SECOND UINT64_C(1000000000)

static const uint8_t hash[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
static const uint8_t other_hash[16] = { 9 };

/* ---- world ---- */

struct world {
    struct nt_loop *loop;
    struct rpc_server *s;
    struct sec_creds *creds;
    struct rpc_binding *b;
    struct nt_arena *mem;
    struct nt_error err;
    struct rpc_server_call *pending[8];
    struct rpcecho_echo_TestSleep *pending_r[8];
    unsigned n_pending, rundowns, run_down_by_free;
    struct rpc_server_caller caller;
    char caller_name[64];
};

static struct world *the_world; /* for handlers that note what they see */

static enum nt_status add_one(struct rpc_server_call *call, struct rpcecho_echo_AddOne *r)
{
    struct world *w = rpc_server_arg(call);
    w->caller = (struct rpc_server_caller){ .size = sizeof w->caller };
    assert_int_equal(rpc_server_caller(call, &w->caller), STATUS_SUCCESS);
    snprintf(w->caller_name, sizeof w->caller_name, "%s", w->caller.name);
    r->out.out_data = r->in.in_data + 1;
    return STATUS_SUCCESS;
}

static enum nt_status echo_data(struct rpc_server_call *call, struct rpcecho_echo_EchoData *r)
{
    r->out.out_data = nt_arena_memdup(rpc_server_mem(call), r->in.in_data, r->in.len);
    return r->out.out_data ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

static enum nt_status test_sleep(struct rpc_server_call *call, struct rpcecho_echo_TestSleep *r)
{
    struct world *w = rpc_server_arg(call);
    if (w->n_pending == 8)
        return RPC_NT_SERVER_TOO_BUSY;
    w->pending[w->n_pending] = call;
    w->pending_r[w->n_pending++] = r;
    return STATUS_PENDING;
}

static const struct rpcecho_handlers handlers = { .echo_AddOne = add_one,
                                                  .echo_EchoData = echo_data,
                                                  .echo_TestSleep = test_sleep };

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
    struct world *w = arg;
    struct rpc_sconn *c;
    (void)to;
    enum nt_status st = rpc_sconn_new(w->s, "peer:1", &c);
    if (st != STATUS_SUCCESS)
        return st;
    st = io_mem_join(w->loop, stream, c->tp->stream);
    if (st != STATUS_SUCCESS)
        rpc_sconn_close(c);
    return st;
}

static void world_init(struct world *w, size_t chunk, enum sec_level least)
{
    struct io_mem_options mo = { NULL, chunk, SECOND, SIZE_MAX };
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct rpc_server_options so = RPC_SERVER_OPTIONS_INIT;
    memset(w, 0, sizeof *w);
    the_world = w;
    co.mech = SEC_MECH_NTLM;
    co.user = "LAB\\alice";
    co.nt_hash = hash;
    so.nt_hash = nt_hash;
    so.min_level = least;
    so.idle_timeout_ms = 60000;
    assert_int_equal(io_mem_loop_new(&mo, &w->loop), STATUS_SUCCESS);
    assert_int_equal(sec_creds_new(&co, &w->creds, NULL), STATUS_SUCCESS);
    assert_int_equal(rpc_binding_parse("ncacn_ip_tcp:srv[1000]", &w->b, NULL), STATUS_SUCCESS);
    assert_int_equal(rpc_server_new(w->loop, &so, &w->s), STATUS_SUCCESS);
    assert_int_equal(rpcecho_register(w->s, &handlers, w), STATUS_SUCCESS);
    w->mem = nt_arena_new(0);
    assert_non_null(w->mem);
    io_mem_on_dial(w->loop, on_dial, w);
}

static void turn(struct world *w, int n)
{
    while (n--) {
        enum nt_status st = nt_loop_run(w->loop, 0);
        (void)st;
    }
}

/* Time goes by, in seconds. */
static void pass(struct world *w, int seconds)
{
    for (int i = 0; i < 2 * seconds; i++) {
        enum nt_status st = nt_loop_run(w->loop, 500);
        (void)st;
    }
}

static void world_done(struct world *w)
{
    turn(w, 50);
    assert_int_equal(w->s->n_conns, 0);
    assert_int_equal(w->s->n_calls, w->n_pending);
    rpc_server_free(w->s);
    nt_arena_free(w->mem);
    sec_creds_unref(w->creds);
    rpc_binding_unref(w->b);
    nt_loop_free(w->loop);
}

static enum nt_status open_conn(struct world *w, enum sec_level level, const char *provider, bool ndr64,
                                struct rpc_conn **ret)
{
    struct rpc_options o = RPC_OPTIONS_INIT;
    o.creds = w->creds;
    o.level = level;
    o.provider = level > SEC_LEVEL_NONE ? provider : NULL;
    o.ndr64 = ndr64;
    o.loop = w->loop;
    o.error = &w->err;
    o.timeout_ms = 5000;
    return rpc_open(w->b, &rpcecho_interface, &o, ret);
}

static uint8_t pattern[80000];

static enum nt_status add(struct world *w, struct rpc_conn *c)
{
    struct rpcecho_echo_AddOne r = { .in.in_data = 41 };
    enum nt_status st = rpcecho_echo_AddOne(c, w->mem, &r);
    assert_int_equal(r.out.out_data, st == STATUS_SUCCESS ? 42 : 0);
    return st;
}

static enum nt_status echo(struct world *w, struct rpc_conn *c, uint32_t len)
{
    struct rpcecho_echo_EchoData r = { .in = { len, pattern } };
    enum nt_status st = rpcecho_echo_EchoData(c, w->mem, &r);
    if (st == STATUS_SUCCESS)
        assert_memory_equal(r.out.out_data, pattern, len);
    return st;
}

/* ---- honest clients ---- */

static void honest_with(size_t chunk, enum sec_level level, const char *provider, bool ndr64)
{
    static const uint32_t sizes[] = { 0, 1, 15, 5800, 5816, 70000 };
    struct world w;
    struct rpc_conn *c = NULL;
    struct rpc_facts f = { .size = sizeof f };
    world_init(&w, chunk, SEC_LEVEL_NONE);
    if (open_conn(&w, level, provider, ndr64, &c) != STATUS_SUCCESS)
        fail_msg("level %d %s: %s", level, provider, w.err.text);
    assert_int_equal(rpc_conn_facts(c, &f), STATUS_SUCCESS);
    assert_int_equal(f.ndr64, ndr64);
    assert_int_equal(f.header_sign, level >= SEC_LEVEL_INTEGRITY);
    assert_int_equal(add(&w, c), STATUS_SUCCESS);
    assert_int_equal(w.caller.level, level);
    assert_int_equal(w.caller.ndr64, ndr64);
    assert_string_equal(w.caller_name, level > SEC_LEVEL_NONE ? "LAB\\alice" : "");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        assert_int_equal(echo(&w, c, sizes[i]), STATUS_SUCCESS);
    rpc_close(c);
    world_done(&w);
}

static void test_honest(void **state)
{
    static const size_t chunks[] = { 0, 1, 7, 1432 };
    (void)state;
    for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++)
        for (int wide = 0; wide < 2; wide++) {
            honest_with(chunks[i], SEC_LEVEL_NONE, NULL, wide);
            for (int k = 0; k < 2; k++) {
                const char *provider = k ? "spnego" : "ntlm";
                honest_with(chunks[i], SEC_LEVEL_CONNECT, provider, wide);
                honest_with(chunks[i], SEC_LEVEL_INTEGRITY, provider, wide);
                honest_with(chunks[i], SEC_LEVEL_PRIVACY, provider, wide);
            }
        }
}

/* ---- who is let in ---- */

static void test_levels(void **state)
{
    static const enum sec_level levels[] = { SEC_LEVEL_NONE, SEC_LEVEL_CONNECT, SEC_LEVEL_INTEGRITY,
                                             SEC_LEVEL_PRIVACY };
    (void)state;
    for (int least = 0; least < 4; least++)
        for (int level = 0; level < 4; level++) {
            struct world w;
            struct rpc_conn *c = NULL;
            world_init(&w, 0, levels[least]);
            assert_int_equal(open_conn(&w, levels[level], "ntlm", false, &c), STATUS_SUCCESS);
            assert_int_equal(add(&w, c), level >= least ? STATUS_SUCCESS : STATUS_ACCESS_DENIED);
            rpc_close(c);
            world_done(&w);
        }
}

/* Privacy is what a server asks for that says nothing, and an interface may ask for something else. */
static void test_default_level(void **state)
{
    struct world w;
    struct rpc_conn *c = NULL;
    (void)state;
    world_init(&w, 0, SEC_LEVEL_DEFAULT);
    assert_int_equal(open_conn(&w, SEC_LEVEL_INTEGRITY, "ntlm", false, &c), STATUS_SUCCESS);
    assert_int_equal(add(&w, c), STATUS_ACCESS_DENIED);
    assert_int_equal(rpc_conn_fault(c), 5);
    assert_int_equal(rpc_server_require(w.s, &rpcecho_interface, SEC_LEVEL_INTEGRITY), STATUS_SUCCESS);
    assert_int_equal(add(&w, c), STATUS_SUCCESS);
    rpc_close(c);
    world_done(&w);
}

static void test_wrong_password(void **state)
{
    struct world w;
    struct rpc_conn *c = NULL;
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    (void)state;
    world_init(&w, 0, SEC_LEVEL_CONNECT);
    sec_creds_unref(w.creds);
    co.mech = SEC_MECH_NTLM;
    co.user = "LAB\\alice";
    co.nt_hash = other_hash;
    assert_int_equal(sec_creds_new(&co, &w.creds, NULL), STATUS_SUCCESS);
    /* NTLM's last leg has no answer: the refusal comes with the first call */
    enum nt_status st = open_conn(&w, SEC_LEVEL_PRIVACY, "ntlm", false, &c);
    if (st == STATUS_SUCCESS)
        st = add(&w, c);
    assert_int_equal(st, STATUS_ACCESS_DENIED);
    rpc_close(c);
    c = NULL;
    st = open_conn(&w, SEC_LEVEL_PRIVACY, "spnego", false, &c);
    assert_int_not_equal(st, STATUS_SUCCESS);
    co.mech = SEC_MECH_ANONYMOUS;
    co.user = NULL;
    co.nt_hash = NULL;
    sec_creds_unref(w.creds);
    assert_int_equal(sec_creds_new(&co, &w.creds, NULL), STATUS_SUCCESS);
    st = open_conn(&w, SEC_LEVEL_CONNECT, "ntlm", false, &c);
    if (st == STATUS_SUCCESS) {
        st = add(&w, c);
        rpc_close(c);
    }
    assert_int_equal(st, STATUS_ACCESS_DENIED);
    world_done(&w);
}

/* ---- other options while it runs ---- */

static void test_reconfigure(void **state)
{
    struct world w;
    struct rpc_conn *c = NULL, *d = NULL;
    struct rpc_server_options so = RPC_SERVER_OPTIONS_INIT;
    (void)state;
    world_init(&w, 0, SEC_LEVEL_CONNECT);
    assert_int_equal(open_conn(&w, SEC_LEVEL_PRIVACY, "ntlm", false, &c), STATUS_SUCCESS);
    assert_int_equal(add(&w, c), STATUS_SUCCESS);
    so.no_ntlm = true;
    so.keytab = "FILE:/nowhere";
    assert_int_equal(rpc_server_reconfigure(w.s, &so), STATUS_SUCCESS);
    assert_int_equal(add(&w, c), STATUS_SUCCESS); /* who is in stays in */
    assert_int_not_equal(open_conn(&w, SEC_LEVEL_PRIVACY, "ntlm", false, &d), STATUS_SUCCESS);
    assert_string_equal(w.s->acceptor.keytab, "FILE:/nowhere");
    so.no_ntlm = false;
    so.keytab = NULL;
    assert_int_equal(rpc_server_reconfigure(w.s, &so), STATUS_SUCCESS);
    assert_null(w.s->acceptor.keytab);
    d = NULL;
    assert_int_equal(open_conn(&w, SEC_LEVEL_PRIVACY, "ntlm", false, &d), STATUS_SUCCESS);
    assert_int_equal(add(&w, d), STATUS_SUCCESS);
    so.idle_timeout_ms = 3000; /* counts from the next call on */
    assert_int_equal(rpc_server_reconfigure(w.s, &so), STATUS_SUCCESS);
    assert_int_equal(add(&w, d), STATUS_SUCCESS);
    pass(&w, 5);
    assert_int_not_equal(add(&w, d), STATUS_SUCCESS);
    rpc_close(c);
    rpc_close(d);
    world_done(&w);
}

/* ---- answers that come later ---- */

static void done_fn(void *arg, enum nt_status st)
{
    *(enum nt_status *)arg = st;
}

static void test_pending(void **state)
{
    struct world w;
    struct rpc_conn *c[2];
    enum nt_status st[2] = { STATUS_PENDING, STATUS_PENDING };
    struct rpcecho_echo_TestSleep r[2] = { { .in.seconds = 1 }, { .in.seconds = 2 } };
    (void)state;
    world_init(&w, 0, SEC_LEVEL_PRIVACY);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(open_conn(&w, SEC_LEVEL_PRIVACY, "ntlm", false, &c[i]), STATUS_SUCCESS);
        assert_int_equal(rpcecho_echo_TestSleep_send(c[i], w.mem, &r[i], done_fn, &st[i], NULL),
                         STATUS_SUCCESS);
    }
    for (int i = 0; i < 100 && w.n_pending < 2; i++)
        turn(&w, 1);
    assert_int_equal(w.n_pending, 2);
    for (int i = 1; i >= 0; i--) {
        w.pending_r[i]->out.result = 100 + w.pending_r[i]->in.seconds;
        rpc_server_reply(w.pending[i], STATUS_SUCCESS);
        for (int k = 0; k < 10; k++)
            turn(&w, 1);
    }
    w.n_pending = 0;
    assert_int_equal(st[0], STATUS_SUCCESS);
    assert_int_equal(st[1], STATUS_SUCCESS);
    assert_int_equal(r[0].out.result, 101);
    assert_int_equal(r[1].out.result, 102);
    rpc_close(c[0]);
    rpc_close(c[1]);
    world_done(&w);
}

/* The client goes, or gives up, before the answer; and the server itself goes. */
static void test_lost_client(void **state)
{
    struct world w;
    struct rpc_conn *c = NULL;
    enum nt_status st = STATUS_PENDING;
    struct rpc_call *call = NULL;
    struct rpcecho_echo_TestSleep r = { .in.seconds = 1 };
    (void)state;
    world_init(&w, 0, SEC_LEVEL_NONE);
    assert_int_equal(open_conn(&w, SEC_LEVEL_NONE, NULL, false, &c), STATUS_SUCCESS);
    assert_int_equal(rpcecho_echo_TestSleep_send(c, w.mem, &r, done_fn, &st, &call), STATUS_SUCCESS);
    turn(&w, 20);
    assert_int_equal(w.n_pending, 1);
    assert_false(rpc_server_cancelled(w.pending[0]));
    rpc_call_cancel(call);
    pass(&w, 2);
    assert_int_equal(st, STATUS_CANCELLED);
    assert_true(rpc_server_cancelled(w.pending[0]));
    rpc_server_reply(w.pending[0], STATUS_SUCCESS);
    w.n_pending = 0;
    st = STATUS_PENDING;
    if (rpc_conn_alive(c)) { /* a server that knows about orphans keeps the connection */
        assert_int_equal(add(&w, c), STATUS_SUCCESS);
        assert_int_equal(rpcecho_echo_TestSleep_send(c, w.mem, &r, done_fn, &st, &call), STATUS_SUCCESS);
        turn(&w, 20);
        assert_int_equal(w.n_pending, 1);
    }
    rpc_close(c);
    turn(&w, 20);
    assert_int_equal(w.s->n_conns, 0);
    assert_true(rpc_server_cancelled(w.pending[0]));
    rpc_server_free(w.s); /* the call outlives it */
    assert_ptr_equal(rpc_server_arg(w.pending[0]), &w);
    rpc_server_reply(w.pending[0], STATUS_SUCCESS);
    nt_arena_free(w.mem);
    sec_creds_unref(w.creds);
    rpc_binding_unref(w.b);
    nt_loop_free(w.loop);
}

/* ---- context handles ---- */

struct handle_call {
    struct {
        struct ndr_handle h;
        uint32_t what; /* 0 new, 1 get, 2 get as another type, 3 close */
    } in;
    struct {
        struct ndr_handle h;
    } out;
};

static void push_handle_in(struct ndr_push *n, const void *p)
{
    const struct handle_call *r = p;
    ndr_push_handle(n, &r->in.h);
    ndr_push_u32(n, r->in.what);
}

static void pull_handle_in(struct ndr_pull *n, void *p)
{
    struct handle_call *r = p;
    ndr_pull_handle(n, &r->in.h);
    r->in.what = ndr_pull_u32(n);
    if (r->in.what == 9)
        (void)ndr_pull_new(n, (size_t)16 << 20);
}

static void push_handle_out(struct ndr_push *n, const void *p)
{
    const struct handle_call *r = p;
    ndr_push_handle(n, &r->out.h);
}

static void pull_handle_out(struct ndr_pull *n, void *p)
{
    struct handle_call *r = p;
    ndr_pull_handle(n, &r->out.h);
}

static const struct rpc_interface handle_iface = {
    RPC_TABLE_VERSION, 1, "handles", { { 0x31, 1, 2, { 3 } }, 1, 0 }, NULL
};
static const struct rpc_op handle_op = { RPC_TABLE_VERSION,
                                         0,
                                         0,
                                         &handle_iface,
                                         "Handle",
                                         sizeof(struct handle_call),
                                         offsetof(struct handle_call, out),
                                         push_handle_in,
                                         pull_handle_in,
                                         push_handle_out,
                                         pull_handle_out };
static const struct rpc_op *const handle_ops[] = { &handle_op };

static void rundown(void *object)
{
    (*(unsigned *)object)++;
}

static const struct rpc_handle_type type_a = { "a", rundown }, type_b = { "b", rundown };

static enum nt_status handle_dispatch(const void *h, struct rpc_server_call *call, uint32_t opnum, void *p)
{
    struct handle_call *r = p;
    void *object = NULL;
    enum nt_status st;
    (void)h;
    (void)opnum;
    r->out.h = r->in.h;
    switch (r->in.what) {
    case 0:
        return rpc_handle_new(call, &type_a, &the_world->rundowns, &r->out.h);
    case 1:
    case 2:
        st = rpc_handle_get(call, &r->in.h, r->in.what == 1 ? &type_a : &type_b, &object);
        if (st == STATUS_SUCCESS)
            assert_ptr_equal(object, &the_world->rundowns);
        return st;
    default:
        return rpc_handle_close(call, &r->out.h, &type_a, &object);
    }
}

static enum nt_status handle(struct world *w, struct rpc_conn *c, struct ndr_handle *h, uint32_t what)
{
    struct handle_call r = { .in = { *h, what } };
    enum nt_status st = rpc_run(c, &handle_op, w->mem, &r);
    if (st == STATUS_SUCCESS)
        *h = r.out.h;
    return st;
}

static void test_handles(void **state)
{
    struct world w;
    struct rpc_conn *c[2];
    struct ndr_handle h = { 0 }, kept, changed;
    (void)state;
    world_init(&w, 0, SEC_LEVEL_NONE);
    assert_int_equal(rpc_server_register(w.s, &handle_iface, handle_ops, handle_dispatch, NULL, &w),
                     STATUS_SUCCESS);
    assert_int_equal(rpc_server_register(w.s, &handle_iface, handle_ops, handle_dispatch, NULL, &w),
                     STATUS_OBJECT_NAME_COLLISION);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(open_conn(&w, SEC_LEVEL_INTEGRITY, "ntlm", false, &c[i]), STATUS_SUCCESS);
        assert_int_equal(rpc_add_interface(c[i], &handle_iface), STATUS_SUCCESS);
    }
    assert_int_equal(handle(&w, c[0], &h, 1), RPC_NT_SS_CONTEXT_MISMATCH); /* null */
    assert_int_equal(handle(&w, c[0], &h, 0), STATUS_SUCCESS);
    assert_false(ndr_handle_is_null(&h));
    assert_int_equal(handle(&w, c[0], &h, 1), STATUS_SUCCESS);
    assert_int_equal(handle(&w, c[0], &h, 2), RPC_NT_SS_CONTEXT_MISMATCH); /* CVE-2025-48815 */
    assert_int_equal(rpc_conn_fault(c[0]), 0x1C00001A);
    assert_int_equal(handle(&w, c[1], &h, 1), RPC_NT_SS_CONTEXT_MISMATCH); /* another association */
    changed = h;
    changed.uuid.d[7] ^= 1;
    assert_int_equal(handle(&w, c[0], &changed, 1), RPC_NT_SS_CONTEXT_MISMATCH);
    changed = h;
    changed.attributes = 1;
    assert_int_equal(handle(&w, c[0], &changed, 1), RPC_NT_SS_CONTEXT_MISMATCH);
    kept = h;
    assert_int_equal(handle(&w, c[0], &h, 3), STATUS_SUCCESS);
    assert_true(ndr_handle_is_null(&h));
    assert_int_equal(w.rundowns, 0);
    assert_int_equal(handle(&w, c[0], &kept, 1), RPC_NT_SS_CONTEXT_MISMATCH);
    for (int i = 0; i < 3; i++)
        assert_int_equal(handle(&w, c[0], &h, 0), STATUS_SUCCESS);
    assert_int_equal(w.s->n_handles, 3);
    rpc_close(c[0]);
    turn(&w, 20);
    assert_int_equal(w.rundowns, 3);
    assert_int_equal(w.s->n_handles, 0);
    rpc_close(c[1]);
    world_done(&w);
}

static void free_server(void *arg, enum nt_status st)
{
    struct world *w = arg;
    assert_int_equal(st, STATUS_SUCCESS);
    rpc_server_free(w->s);
    w->run_down_by_free = w->rundowns;
}

/* Nothing is run down once rpc_server_free has returned, also when it is called under the loop. */
static void test_free_in_loop(void **state)
{
    struct world w;
    struct rpc_conn *c = NULL;
    struct ndr_handle h = { 0 };
    struct handle_call r = { .in.what = 0 };
    (void)state;
    world_init(&w, 0, SEC_LEVEL_NONE);
    assert_int_equal(rpc_server_register(w.s, &handle_iface, handle_ops, handle_dispatch, NULL, &w),
                     STATUS_SUCCESS);
    assert_int_equal(open_conn(&w, SEC_LEVEL_PRIVACY, "ntlm", false, &c), STATUS_SUCCESS);
    assert_int_equal(rpc_add_interface(c, &handle_iface), STATUS_SUCCESS);
    assert_int_equal(handle(&w, c, &h, 0), STATUS_SUCCESS);
    assert_int_equal(rpc_send(c, &handle_op, w.mem, &r, free_server, &w, NULL), STATUS_SUCCESS);
    turn(&w, 30);
    assert_int_equal(w.run_down_by_free, 2);
    assert_int_equal(w.rundowns, 2);
    rpc_close(c);
    turn(&w, 20);
    nt_arena_free(w.mem);
    sec_creds_unref(w.creds);
    rpc_binding_unref(w.b);
    nt_loop_free(w.loop);
}

/* What a stranger's stub may become in memory is less than what a caller with a name may send. */
static void test_stranger_decodes(void **state)
{
    (void)state;
    for (int named = 0; named < 2; named++) {
        struct world w;
        struct rpc_conn *c = NULL;
        struct ndr_handle h = { 0 };
        world_init(&w, 0, SEC_LEVEL_NONE);
        assert_int_equal(rpc_server_register(w.s, &handle_iface, handle_ops, handle_dispatch, NULL, &w),
                         STATUS_SUCCESS);
        assert_int_equal(
            open_conn(&w, named ? SEC_LEVEL_CONNECT : SEC_LEVEL_NONE, named ? "ntlm" : NULL, false, &c),
            STATUS_SUCCESS);
        assert_int_equal(rpc_add_interface(c, &handle_iface), STATUS_SUCCESS);
        enum nt_status st = handle(&w, c, &h, 9);
        if (named)
            assert_int_equal(st, RPC_NT_SS_CONTEXT_MISMATCH); /* the handler's answer */
        else
            assert_int_not_equal(st, RPC_NT_SS_CONTEXT_MISMATCH);
        rpc_close(c);
        world_done(&w);
    }
}

/* ---- memory that runs out ---- */

static void test_no_memory(void **state)
{
    bool fired = true;
    (void)state;
    for (unsigned long n = 1; fired; n++) {
        struct world w;
        struct rpc_conn *c = NULL;
        world_init(&w, 0, SEC_LEVEL_NONE);
        fail_malloc_at(n);
        enum nt_status st = open_conn(&w, SEC_LEVEL_PRIVACY, "ntlm", n & 1, &c);
        if (st == STATUS_SUCCESS)
            st = echo(&w, c, 20000);
        fired = fail_malloc_fired();
        fail_malloc_at(0);
        if (!fired)
            assert_int_equal(st, STATUS_SUCCESS);
        rpc_close(c);
        c = NULL;
        turn(&w, 30);
        /* and after that the server is as good as before */
        assert_int_equal(open_conn(&w, SEC_LEVEL_PRIVACY, "ntlm", false, &c), STATUS_SUCCESS);
        assert_int_equal(add(&w, c), STATUS_SUCCESS);
        rpc_close(c);
        world_done(&w);
    }
}

/* ---- a peer that sends what it likes ---- */

struct raw {
    struct io_stream s;
    struct wr in;
    bool closed;
};

static void raw_data(void *engine, uint8_t *data, size_t len)
{
    wr_bytes(&((struct raw *)engine)->in, data, len);
}

static void raw_close(void *engine, enum nt_status why)
{
    (void)why;
    ((struct raw *)engine)->closed = true;
}

static const struct io_ops raw_ops = { NULL, raw_data, raw_close };

static void raw_start(struct world *w, struct raw *p)
{
    struct io_addr to = { .host = "srv", .port = 1 };
    memset(p, 0, sizeof *p);
    wr_init(&p->in, 1 << 20);
    io_stream_init(&p->s, &raw_ops, p, NULL);
    assert_int_equal(io_dial(w->loop, &p->s, &to, UINT64_MAX), STATUS_SUCCESS);
    turn(w, 5);
}

static void raw_send(struct world *w, struct raw *p, struct wr *bytes)
{
    assert_int_equal(io_queue(&p->s, bytes), STATUS_SUCCESS);
    turn(w, 10);
}

static void raw_end(struct world *w, struct raw *p)
{
    io_close(&p->s, STATUS_CONNECTION_DISCONNECTED, false);
    turn(w, 20);
    io_stream_done(&p->s);
    wr_free(&p->in);
}

/* The last PDU that came: its type, and the code of a fault. */
static unsigned raw_last(const struct raw *p, uint32_t *ret_fault)
{
    size_t at = 0;
    unsigned type = 255;
    *ret_fault = 0;
    while (p->in.len - at >= RPC_HDR_LEN) {
        size_t len = le16(p->in.base + at + 8);
        assert_in_range(len, RPC_HDR_LEN, p->in.len - at);
        type = p->in.base[at + 2];
        *ret_fault = type == RPC_PT_FAULT ? le32(p->in.base + at + 24) : 0;
        at += len;
    }
    return type;
}

static void put_bind(struct wr *w, enum rpc_ptype type, uint32_t assoc)
{
    struct rpc_ctx_elem e = { .id = 3, .n_transfers = 1, .abstract = rpcecho_interface.syntax };
    e.transfers[0] = rpc_syntax_ndr20;
    wr_init(w, 1 << 20);
    rpc_put_bind(w, type, RPC_PFC_WHOLE, 1, RPC_FRAG_DEFAULT, assoc, &e, 1);
}

static void put_request(struct wr *w, unsigned flags, uint32_t id, uint16_t ctx, uint16_t opnum, size_t stub)
{
    wr_init(w, 1 << 20);
    (void)wr_room(w, RPC_REQ_LEN);
    wr_zero(w, stub);
    rpc_fill_request(w->base, flags, id, (uint32_t)stub, ctx, opnum, NULL);
    rpc_pdu_end(w, 0, 0);
}

static void raw_bind(struct world *w, struct raw *p)
{
    struct wr b;
    uint32_t fault;
    put_bind(&b, RPC_PT_BIND, 0);
    raw_send(w, p, &b);
    assert_int_equal(raw_last(p, &fault), RPC_PT_BIND_ACK);
}

/* Sends bytes before or after a bind and looks what becomes of it. */
static void expect(bool bound, struct wr *bytes, unsigned type, uint32_t code, bool closed)
{
    struct world w;
    struct raw p;
    uint32_t fault;
    world_init(&w, 0, SEC_LEVEL_NONE);
    raw_start(&w, &p);
    if (bound)
        raw_bind(&w, &p);
    p.in.len = 0;
    raw_send(&w, &p, bytes);
    assert_int_equal(raw_last(&p, &fault), type);
    assert_int_equal(fault, code);
    assert_int_equal(p.closed, closed);
    raw_end(&w, &p);
    world_done(&w);
}

#define PROTO_ERROR 0x1C01000B

/* Every type of PDU in both states: CVE-2015-5370 and kin. */
static void test_states(void **state)
{
    (void)state;
    for (unsigned type = 0; type < 24; type++)
        for (int bound = 0; bound < 2; bound++) {
            struct wr b;
            bool quiet = type == RPC_PT_CO_CANCEL || type == RPC_PT_ORPHANED;
            if (type == RPC_PT_REQUEST || (type == RPC_PT_BIND && !bound) || (type == RPC_PT_ALTER && bound))
                continue;
            wr_init(&b, 1 << 16);
            if (type == RPC_PT_BIND || type == RPC_PT_ALTER) {
                put_bind(&b, (enum rpc_ptype)type, 0);
            } else {
                rpc_put_hdr(&b, (enum rpc_ptype)type, RPC_PFC_WHOLE, 1);
                wr_zero(&b, 64);
                rpc_pdu_end(&b, 0, 0);
            }
            if (type == RPC_PT_BIND) /* a second one */
                expect(bound, &b, RPC_PT_BIND_NAK, 0, true);
            else
                expect(bound, &b, quiet ? 255 : RPC_PT_FAULT, quiet ? 0 : PROTO_ERROR, !quiet);
        }
}

static void test_requests(void **state)
{
    struct wr b;
    (void)state;
    put_request(&b, RPC_PFC_WHOLE, 2, 3, 0, 4);
    expect(false, &b, RPC_PT_FAULT, PROTO_ERROR, true); /* before any bind */
    put_request(&b, RPC_PFC_WHOLE, 2, 3, 0, 4);
    expect(true, &b, RPC_PT_RESPONSE, 0, false);
    put_request(&b, RPC_PFC_WHOLE, 2, 4, 0, 4);
    expect(true, &b, RPC_PT_FAULT, 0x1C010003, false); /* nca_s_unk_if: no such context */
    put_request(&b, RPC_PFC_WHOLE, 2, 3, 10, 4);
    expect(true, &b, RPC_PT_FAULT, 0x1C010002, false); /* nca_s_op_rng_error */
    put_request(&b, RPC_PFC_WHOLE, 2, 3, 7, 4);
    expect(true, &b, RPC_PT_FAULT, 0x6F7, false); /* too short a stub */
    put_request(&b, RPC_PFC_WHOLE, 2, 3, 2, 4);
    expect(true, &b, RPC_PT_FAULT, 0x6F7, false); /* SinkData without its array */
    put_request(&b, RPC_PFC_LAST, 2, 3, 0, 4);
    expect(true, &b, RPC_PT_FAULT, PROTO_ERROR, true); /* no first fragment */
}

/* Later fragments of another call, context or operation: CVE-2021-23192. */
static void test_fragments(void **state)
{
    static const struct {
        uint32_t id;
        uint16_t ctx, opnum;
        unsigned flags;
    } later[] = { { 3, 3, 0, RPC_PFC_LAST },
                  { 2, 4, 0, RPC_PFC_LAST },
                  { 2, 3, 1, RPC_PFC_LAST },
                  { 2, 3, 0, RPC_PFC_WHOLE } };
    (void)state;
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        struct wr b, more;
        put_request(&b, RPC_PFC_FIRST, 2, 3, 0, 2);
        put_request(&more, later[i].flags, later[i].id, later[i].ctx, later[i].opnum, 2);
        wr_bytes(&b, more.base, more.len);
        wr_free(&more);
        expect(true, &b, RPC_PT_FAULT, PROTO_ERROR, true);
    }
}

/* frag_length below the header, above what was agreed on; auth_length above the fragment; other versions. */
static void test_headers(void **state)
{
    (void)state;
    for (unsigned len = 0; len < RPC_HDR_LEN; len++) {
        struct wr b;
        put_request(&b, RPC_PFC_WHOLE, 2, 3, 0, 4);
        b.base[8] = (uint8_t)len;
        expect(true, &b, RPC_PT_FAULT, PROTO_ERROR, true);
    }
    struct wr b;
    put_request(&b, RPC_PFC_WHOLE, 2, 3, 0, RPC_FRAG_DEFAULT);
    expect(true, &b, RPC_PT_FAULT, PROTO_ERROR, true);
    put_request(&b, RPC_PFC_WHOLE, 2, 3, 0, 4);
    b.base[10] = 200;
    expect(true, &b, RPC_PT_FAULT, PROTO_ERROR, true);
    put_request(&b, RPC_PFC_WHOLE, 2, 3, 0, 4);
    b.base[1] = 1;
    expect(true, &b, RPC_PT_FAULT, PROTO_ERROR, true);
    wr_init(&b, 1000);
    wr_bytes(&b, "GET / HTTP/1.0\r\n\r\n", 18);
    expect(false, &b, 255, 0, true); /* not RPC at all */
}

/* A stranger makes the server hold no more than a megabyte, whatever its hints say. */
static void test_stranger_budget(void **state)
{
    struct world w;
    struct raw p;
    uint32_t fault;
    size_t sent = 0;
    (void)state;
    world_init(&w, 0, SEC_LEVEL_NONE);
    raw_start(&w, &p);
    raw_bind(&w, &p);
    for (int i = 0; i < 2000 && !p.closed; i++) {
        struct wr b;
        put_request(&b, i ? 0 : RPC_PFC_FIRST, 2, 3, 1, 5000);
        put_le32(b.base + 16, 0x7fffffff);
        if (io_queue(&p.s, &b) != STATUS_SUCCESS)
            break;
        turn(&w, 3);
        sent += 5000;
    }
    assert_true(p.closed);
    assert_in_range(sent, 500000, 1200000);
    assert_int_equal(raw_last(&p, &fault), RPC_PT_FAULT);
    assert_int_equal(fault, 0x1C010014); /* nca_s_server_too_busy */
    raw_end(&w, &p);
    world_done(&w);
}

/* What a caller with a name only announces takes memory up to RPC_HINT_MAX, and once: one request arrives at
 * a time. */
static void test_hints(void **state)
{
    struct world w;
    struct rpc_conn *c = NULL;
    size_t held = 0;
    (void)state;
    world_init(&w, 0, SEC_LEVEL_CONNECT);
    assert_int_equal(open_conn(&w, SEC_LEVEL_CONNECT, "ntlm", false, &c), STATUS_SUCCESS);
    assert_int_equal(add(&w, c), STATUS_SUCCESS);
    struct rpc_sconn *s = w.s->conns;
    for (unsigned i = 0; i < 2; i++) {
        struct wr b;
        struct rpc_pdu d;
        const char *why;
        put_request(&b, RPC_PFC_FIRST, 1000 + i, 0, rpcecho_echo_EchoData_opnum, 100);
        put_le32(b.base + 16, RPC_HINT_MAX);
        assert_int_equal(s->state, RPC_SC_BOUND);
        assert_int_equal(rpc_pdu_decode(b.base, b.len, &d, &why), STATUS_SUCCESS);
        rpc_scall_on_request(s, b.base, &d);
        wr_free(&b);
    }
    assert_int_equal(s->n_calls, 1);
    assert_int_equal(s->state, RPC_SC_CLOSED);
    for (const struct rpc_server_call *call = s->calls; call; call = call->next)
        held += call->join.cap;
    assert_in_range(held, RPC_HINT_MAX, RPC_HINT_MAX + 8192);
    rpc_close(c);
    world_done(&w);
}

/* Calls given up by their client count as long as they run, or there would be no limit to them. */
static void test_orphans(void **state)
{
    struct world w;
    struct raw p;
    struct wr b;
    (void)state;
    world_init(&w, 0, SEC_LEVEL_NONE);
    raw_start(&w, &p);
    raw_bind(&w, &p);
    p.in.len = 0;
    for (unsigned i = 0; i < 8; i++) {
        put_request(&b, RPC_PFC_WHOLE, 7, 3, rpcecho_echo_TestSleep_opnum,
                    4); /* a number that is free again */
        raw_send(&w, &p, &b);
        wr_init(&b, 1000);
        rpc_put_hdr(&b, RPC_PT_ORPHANED, RPC_PFC_WHOLE, 7);
        rpc_pdu_end(&b, 0, 0);
        raw_send(&w, &p, &b);
        assert_int_equal(w.n_pending, i + 1);
        assert_true(rpc_server_cancelled(w.pending[i]));
        assert_int_equal(w.s->conns->n_calls, i + 1);
    }
    for (unsigned i = 0; i < 8; i++)
        rpc_server_reply(w.pending[i], STATUS_SUCCESS);
    w.n_pending = 0;
    turn(&w, 20);
    assert_int_equal(w.s->conns->n_calls, 0);
    assert_int_equal(p.in.len, 0); /* nobody awaits an answer */
    raw_end(&w, &p);
    world_done(&w);
}

/* Binds that cannot be had. */
static void test_binds(void **state)
{
    struct wr b;
    (void)state;
    put_bind(&b, RPC_PT_BIND, 0x1234); /* nobody's association group */
    expect(false, &b, RPC_PT_BIND_NAK, 0, true);
    put_bind(&b, RPC_PT_BIND, 0);
    put_le16(b.base + 16, 100); /* fragments of 100 bytes: it gets larger ones */
    expect(false, &b, RPC_PT_BIND_ACK, 0, false);
    for (unsigned type = 0; type < 256; type += 3) { /* a token of garbage for every kind of authentication */
        struct rpc_sec sec = { .provider = &sec_ntlm, .level = SEC_LEVEL_PRIVACY, .ctx_id = 1 };
        put_bind(&b, RPC_PT_BIND, 0);
        rpc_put_token(&b, 0, &sec, (struct nt_blob){ (const uint8_t *)"garbage!", 8 });
        b.base[b.len - 16] = (uint8_t)type;
        expect(false, &b, RPC_PT_BIND_NAK, 0, true);
    }
}

/* Whoever connects and says nothing is gone after a while, and so is who stops in the middle. */
static void test_silence(void **state)
{
    struct world w;
    struct raw p;
    struct wr b;
    (void)state;
    world_init(&w, 0, SEC_LEVEL_NONE);
    raw_start(&w, &p);
    assert_false(p.closed);
    pass(&w, 40);
    assert_true(p.closed);
    raw_end(&w, &p);
    raw_start(&w, &p);
    put_bind(&b, RPC_PT_BIND, 0);
    b.len = 30;
    raw_send(&w, &p, &b);
    assert_false(p.closed);
    pass(&w, 40);
    assert_true(p.closed);
    raw_end(&w, &p);
    world_done(&w);
}

/* A bind without authentication does not buy a place for ever where nobody may call without it; one with it
 * keeps its place although the last leg has no answer. */
static void test_bound_and_silent(void **state)
{
    struct world w;
    struct raw p;
    struct rpc_conn *c = NULL;
    (void)state;
    world_init(&w, 0, SEC_LEVEL_PRIVACY);
    raw_start(&w, &p);
    raw_bind(&w, &p);
    assert_int_equal(open_conn(&w, SEC_LEVEL_PRIVACY, "ntlm", false, &c), STATUS_SUCCESS);
    assert_false(p.closed);
    pass(&w, 40);
    assert_true(p.closed);
    assert_int_equal(add(&w, c), STATUS_SUCCESS);
    raw_end(&w, &p);
    rpc_close(c);
    world_done(&w);
}

int main(void)
{
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (uint8_t)(i * 7 + (i >> 8));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_honest),          cmocka_unit_test(test_levels),
        cmocka_unit_test(test_default_level),   cmocka_unit_test(test_wrong_password),
        cmocka_unit_test(test_pending),         cmocka_unit_test(test_lost_client),
        cmocka_unit_test(test_handles),         cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_states),          cmocka_unit_test(test_requests),
        cmocka_unit_test(test_fragments),       cmocka_unit_test(test_headers),
        cmocka_unit_test(test_stranger_budget), cmocka_unit_test(test_binds),
        cmocka_unit_test(test_silence),         cmocka_unit_test(test_bound_and_silent),
        cmocka_unit_test(test_free_in_loop),    cmocka_unit_test(test_stranger_decodes),
        cmocka_unit_test(test_hints),           cmocka_unit_test(test_orphans),
        cmocka_unit_test(test_reconfigure),
    };
    return cmocka_run_group_tests_name("rpc_server", tests, NULL, NULL);
}
