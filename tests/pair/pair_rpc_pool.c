// SPDX-License-Identifier: Apache-2.0
/* Pools on a loop: how calls are spread, what is repeated and what never, what a later connection must not
 * fall behind, and ends of every kind. The servers are ours, and the scripted one. */
#include "own_server.h"
#include <msrpc/rpc_pool.h>
#include "fake_rpc.h"
#include "rpc/m_pool.h"

#define SECOND UINT64_C(1000000000)

/* ---- an interface: [in] long, [in] handle; [out] handle ---- */

struct op {
    struct {
        uint32_t n;
        struct ndr_handle h;
    } in;
    struct {
        uint32_t n;
        struct ndr_handle h;
    } out;
};

static void push_in(struct ndr_push *n, const void *p)
{
    ndr_push_u32(n, ((const struct op *)p)->in.n);
    ndr_push_handle(n, &((const struct op *)p)->in.h);
}

static void pull_in(struct ndr_pull *n, void *p)
{
    ((struct op *)p)->in.n = ndr_pull_u32(n);
    ndr_pull_handle(n, &((struct op *)p)->in.h);
}

static void push_out(struct ndr_push *n, const void *p)
{
    ndr_push_u32(n, ((const struct op *)p)->out.n);
    ndr_push_handle(n, &((const struct op *)p)->out.h);
}

static void pull_out(struct ndr_pull *n, void *p)
{
    ((struct op *)p)->out.n = ndr_pull_u32(n);
    ndr_pull_handle(n, &((struct op *)p)->out.h);
}

enum { WAIT, NEW, USE };
static const struct rpc_interface iface = {
    RPC_TABLE_VERSION, 3, "pooled", { { 0x61, 1, 2, { 3 } }, 1, 0 }, NULL, NULL
};
#define OP(number, flags)                                                                                    \
    {                                                                                                        \
        RPC_TABLE_VERSION, number, flags, &iface, "Op", sizeof(struct op), offsetof(struct op, out),         \
            push_in, pull_in, push_out, pull_out, NULL                                                       \
    }
static const struct rpc_op table[3] = { OP(WAIT, 0), OP(NEW, 0), OP(USE, 0) };
static const struct rpc_op again = OP(WAIT, RPC_OP_IDEMPOTENT);
static const struct rpc_op *const ops[] = { &table[0], &table[1], &table[2] };

struct state {
    struct rpc_server_call *held[100];
    unsigned n, seen;
    bool hold;
};
static struct state *now;

static const struct rpc_handle_type type = { "pooled", NULL, true };

static enum nt_status dispatch(const void *handlers, struct rpc_server_call *call, uint32_t opnum, void *p)
{
    struct op *r = p;
    void *object;
    (void)handlers;
    now->seen++;
    r->out.n = r->in.n + 1;
    r->out.h = r->in.h;
    if (opnum == NEW)
        return rpc_handle_new(call, &type, now, &r->out.h);
    if (opnum == USE)
        return rpc_handle_get(call, &r->in.h, &type, &object);
    if (!now->hold)
        return STATUS_SUCCESS;
    now->held[now->n++] = call;
    return STATUS_PENDING;
}

/* ---- world ---- */

struct pooled {
    struct own own;
    struct state state;
    struct rpc_pool *pool;
    struct op r[64];
    enum nt_status st[64];
    unsigned refuse; /* so many dials */
    enum nt_status refuse_with;
};

static enum nt_status on_dial(void *arg, struct io_stream *stream, const struct io_addr *to)
{
    struct pooled *w = arg;
    struct rpc_sconn *c;
    if (w->refuse && w->refuse--)
        return w->refuse_with;
    enum nt_status st = rpc_sconn_new(w->own.s, to->host, &c);
    if (st == STATUS_SUCCESS && (st = io_mem_join(w->own.loop, stream, c->tp->stream)) != STATUS_SUCCESS)
        rpc_sconn_close(c);
    return st;
}

static void init(struct pooled *w, unsigned max_conns, unsigned calls_per_conn)
{
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct rpc_pool_options p = RPC_POOL_OPTIONS_INIT;
    memset(w, 0, sizeof *w);
    own_init(&w->own, 0, SEC_LEVEL_NONE);
    io_mem_on_dial(w->own.loop, on_dial, w);
    now = &w->state;
    w->refuse_with = STATUS_CONNECTION_REFUSED;
    assert_int_equal(rpc_server_register(w->own.s, &iface, ops, dispatch, w, NULL), STATUS_SUCCESS);
    o.creds = w->own.creds;
    o.level = SEC_LEVEL_PRIVACY;
    o.provider = "ntlm";
    o.loop = w->own.loop;
    o.timeout_ms = 5000;
    p.max_conns = max_conns;
    p.calls_per_conn = calls_per_conn;
    p.idle_ms = 10000;
    assert_int_equal(rpc_pool_new(w->own.b, &iface, &o, &p, &w->pool), STATUS_SUCCESS);
}

static void answer(struct pooled *w)
{
    unsigned n = w->state.n;
    w->state.n = 0;
    for (unsigned i = 0; i < n; i++)
        rpc_server_reply(w->state.held[i], STATUS_SUCCESS);
    own_turn(&w->own, 100);
}

static void done(struct pooled *w)
{
    rpc_pool_close(w->pool);
    own_turn(&w->own, 30);
    answer(w);
    own_done(&w->own);
}

static void start(struct pooled *w, unsigned i, const struct rpc_op *op)
{
    w->r[i] = (struct op){ .in.n = i };
    w->st[i] = STATUS_PENDING;
    assert_int_equal(rpc_pool_send(w->pool, op, w->own.mem, &w->r[i], own_done_fn, &w->st[i], NULL),
                     STATUS_SUCCESS);
}

static struct rpc_pool_stats stats(struct pooled *w)
{
    struct rpc_pool_stats s = { .size = sizeof s };
    assert_int_equal(rpc_pool_stats(w->pool, &s), STATUS_SUCCESS);
    return s;
}

/* The server hangs up on everybody. */
static void lose_all(struct pooled *w)
{
    while (w->own.s->conns)
        rpc_sconn_close(w->own.s->conns);
    own_turn(&w->own, 10);
}

/* ---- spreading ---- */

static const struct rpc_group *only_group(const struct rpc_server *s)
{
    const struct rpc_group *g = NULL;
    for (unsigned i = 0; i < RPC_GROUP_TABLE; i++)
        if (s->groups[i]) {
            assert_null(g);
            g = s->groups[i];
            assert_null(g->next);
        }
    assert_non_null(g);
    return g;
}

static void test_spread(void **state)
{
    (void)state;
    struct pooled w;
    init(&w, 5, 4);
    w.state.hold = true;
    for (unsigned i = 0; i < 40; i++) {
        start(&w, i, &table[WAIT]);
        own_turn(&w.own, 20);
    }
    assert_int_equal(w.state.n, 40);
    assert_int_equal(stats(&w).conns, 5);
    assert_int_equal(stats(&w).calls, 40);
    for (struct rpc_pool_conn *x = w.pool->sides->conns; x; x = x->next)
        assert_int_equal(x->calls, 8);
    assert_int_equal(stats(&w).assoc_group, only_group(w.own.s)->id); /* all in one group */
    answer(&w);
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(w.st[i], STATUS_SUCCESS);
        assert_int_equal(w.r[i].out.n, i + 1);
    }
    own_pass(&w.own, 30);
    assert_int_equal(stats(&w).conns, 1); /* the last one keeps the group */
    assert_int_equal(w.own.s->n_conns, 1);
    assert_int_equal(stats(&w).opened, 5);
    done(&w);
}

/* Many at once, before there is any connection: they wait for the first, which makes the group. */
static void test_burst(void **state)
{
    (void)state;
    struct pooled w;
    init(&w, 4, 2);
    w.state.hold = true;
    for (unsigned i = 0; i < 30; i++)
        start(&w, i, &table[WAIT]);
    own_turn(&w.own, 300);
    assert_int_equal(w.state.n, 30);
    (void)only_group(w.own.s);
    answer(&w);
    for (unsigned i = 0; i < 30; i++)
        assert_int_equal(w.st[i], STATUS_SUCCESS);
    struct op r = { .in.n = 7 }; /* and one that is waited for */
    struct nt_error err = { "" };
    w.state.hold = false;
    assert_int_equal(rpc_pool_run(w.pool, &table[WAIT], w.own.mem, &r, &err), STATUS_SUCCESS);
    assert_int_equal(r.out.n, 8);
    struct rpc_conn *c;
    assert_int_equal(rpc_pool_take(w.pool, &c, &err), STATUS_INVALID_DEVICE_STATE);
    done(&w);
}

/* A handle is good on any connection, and ends with the last one. */
static void test_handles(void **state)
{
    (void)state;
    struct pooled w;
    struct nt_error err = { "" };
    struct op r = { 0 }, use = { 0 };
    init(&w, 3, 1);
    assert_int_equal(rpc_pool_run(w.pool, &table[NEW], w.own.mem, &r, &err), STATUS_SUCCESS);
    w.state.hold = true;
    for (unsigned i = 0; i < 4; i++) { /* keeps others busy */
        start(&w, i, &table[WAIT]);
        own_turn(&w.own, 20);
    }
    for (int i = 0; i < 6; i++) {
        use = (struct op){ .in.h = r.out.h };
        assert_int_equal(rpc_pool_run(w.pool, &table[USE], w.own.mem, &use, &err), STATUS_SUCCESS);
    }
    own_turn(&w.own, 20);
    assert_int_equal(stats(&w).conns, 3);
    rpc_sconn_close(w.own.s->conns);
    own_turn(&w.own, 20);
    use = (struct op){ .in.h = r.out.h };
    assert_int_equal(rpc_pool_run(w.pool, &table[USE], w.own.mem, &use, &err), STATUS_SUCCESS);
    uint32_t group = stats(&w).assoc_group;
    lose_all(&w);
    answer(&w);
    assert_int_equal(rpc_pool_run(w.pool, &table[USE], w.own.mem, &use, &err), RPC_NT_SS_CONTEXT_MISMATCH);
    assert_int_not_equal(stats(&w).assoc_group, group);
    assert_true(strlen(err.text) > 20);
    done(&w);
}

/* ---- repeating ---- */

/* A connection is lost under two calls: only the idempotent one runs again, and only once. */
static void test_lost(void **state)
{
    (void)state;
    struct pooled w;
    init(&w, 2, 8);
    w.state.hold = true;
    start(&w, 0, &table[WAIT]);
    start(&w, 1, &again);
    own_turn(&w.own, 50);
    assert_int_equal(w.state.seen, 2);
    lose_all(&w);
    own_turn(&w.own, 50);
    assert_int_equal(w.st[0], STATUS_CONNECTION_DISCONNECTED);
    assert_int_equal(w.st[1], STATUS_PENDING);
    assert_int_equal(w.state.seen, 3);
    assert_int_equal(stats(&w).repeated, 1);
    lose_all(&w);
    own_turn(&w.own, 50);
    assert_int_equal(w.st[1], STATUS_CONNECTION_DISCONNECTED);
    assert_int_equal(w.state.seen, 3);
    assert_non_null(strstr(rpc_pool_error(w.pool), "lost"));
    start(&w, 2, &again);
    own_turn(&w.own, 50);
    lose_all(&w);
    own_turn(&w.own, 50);
    answer(&w);
    assert_int_equal(w.st[2], STATUS_SUCCESS);
    assert_int_equal(w.r[2].out.n, 3);
    done(&w);
}

/* What waits behind an exclusive connection has not been sent, whatever it is. */
static void test_unsent(void **state)
{
    (void)state;
    struct pooled w;
    init(&w, 1, 8);
    w.state.hold = true;
    start(&w, 0, &table[WAIT]);
    own_turn(&w.own, 50);
    w.pool->sides->conns->c->mpx = false;
    start(&w, 1, &table[WAIT]);
    own_turn(&w.own, 50);
    assert_int_equal(w.state.seen, 1);
    lose_all(&w);
    own_turn(&w.own, 50);
    answer(&w);
    assert_int_equal(w.st[0], STATUS_CONNECTION_DISCONNECTED);
    assert_int_equal(w.st[1], STATUS_SUCCESS);
    done(&w);
}

static void test_refused(void **state)
{
    (void)state;
    static const enum nt_status with[] = { STATUS_CONNECTION_REFUSED, STATUS_ACCESS_DENIED };
    for (unsigned k = 0; k < 2; k++)
        for (unsigned times = 0; times < 3; times++) {
            struct pooled w;
            init(&w, 2, 8);
            w.refuse = times;
            w.refuse_with = with[k];
            start(&w, 0, &table[WAIT]);
            start(&w, 1, &table[WAIT]);
            own_turn(&w.own, 50);
            bool good = times < 2 - k;
            for (unsigned i = 0; i < 2; i++)
                assert_int_equal(w.st[i], good ? STATUS_SUCCESS : with[k]);
            w.refuse = 0; /* and later it is there */
            start(&w, 2, &table[WAIT]);
            own_turn(&w.own, 50);
            assert_int_equal(w.st[2], STATUS_SUCCESS);
            done(&w);
        }
}

/* A further connection cannot be had: what there is serves. */
static void test_no_more(void **state)
{
    (void)state;
    struct pooled w;
    init(&w, 4, 1);
    w.state.hold = true;
    start(&w, 0, &table[WAIT]);
    own_turn(&w.own, 20);
    w.refuse = 100;
    for (unsigned i = 1; i < 10; i++)
        start(&w, i, &table[WAIT]);
    own_turn(&w.own, 50);
    assert_int_equal(w.state.n, 10);
    assert_int_equal(w.refuse, 99); /* asked once, not for each call */
    answer(&w);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(w.st[i], STATUS_SUCCESS);
    done(&w);
}

/* ---- the scripted server: faults, and less protection ---- */

struct scripted {
    struct fake f;
    struct sec_creds *creds;
    struct rpc_binding *b;
    struct rpc_pool *pool;
    struct nt_arena *mem;
    struct echo r;
    enum nt_status st;
};

static void scripted_init(struct scripted *w, enum sec_level level)
{
    static const uint8_t hash[16] = { 1, 2, 3 };
    struct io_mem_options mo = { NULL, 0, SECOND, SIZE_MAX };
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct rpc_options o = RPC_OPTIONS_INIT;
    memset(w, 0, sizeof *w);
    co.mech = SEC_MECH_NTLM;
    co.user = "LAB\\alice";
    co.nt_hash = hash;
    assert_int_equal(io_mem_loop_new(&mo, &w->f.loop), STATUS_SUCCESS);
    assert_int_equal(sec_creds_new(&co, &w->creds, NULL), STATUS_SUCCESS);
    assert_int_equal(rpc_binding_parse("ncacn_ip_tcp:srv[1000]", &w->b, NULL), STATUS_SUCCESS);
    w->mem = nt_arena_new(0);
    w->f.nt_hash = hash;
    w->f.mpx = w->f.keep = true;
    fake_listen(&w->f);
    o.creds = w->creds;
    o.level = level;
    o.provider = level > SEC_LEVEL_NONE ? "ntlm" : NULL;
    o.loop = w->f.loop;
    o.timeout_ms = 5000;
    assert_int_equal(rpc_pool_new(w->b, &fake_iface, &o, NULL, &w->pool), STATUS_SUCCESS);
}

static void turn(struct scripted *w, int n)
{
    while (n--) {
        enum nt_status st = nt_loop_run(w->f.loop, 0);
        (void)st;
    }
}

static void scripted_start(struct scripted *w)
{
    static const uint8_t data[4] = { 1, 2, 3, 4 };
    w->r = (struct echo){ .in = { 4, data } };
    w->st = STATUS_PENDING;
    assert_int_equal(rpc_pool_send(w->pool, &echo_op, w->mem, &w->r, own_done_fn, &w->st, NULL),
                     STATUS_SUCCESS);
    turn(w, 50);
}

static void scripted_done(struct scripted *w)
{
    rpc_pool_close(w->pool);
    turn(w, 50);
    assert_int_equal(w->f.conns, 0);
    fake_forget(&w->f);
    nt_arena_free(w->mem);
    sec_creds_unref(w->creds);
    rpc_binding_unref(w->b);
    nt_loop_free(w->f.loop);
}

/* Only what says that it did not run, for a reason that may pass, is asked for again; once. */
static void test_faults(void **state)
{
    (void)state;
    static const struct {
        uint32_t code;
        unsigned flags;
        bool repeated;
    } rows[] = {
        { 0x1c010014, RPC_PFC_DID_NOT_EXECUTE, true }, /* nca_s_server_too_busy */
        { 0x1c010014, 0, false },
        { 0x1c010002, RPC_PFC_DID_NOT_EXECUTE, false }, /* nca_s_op_rng_error */
        { 5, RPC_PFC_DID_NOT_EXECUTE, false },
        { 0x1c00001a, 0, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int kind = 0; kind < 4; kind++) {
            struct scripted w;
            /* an unsigned fault, where signatures were agreed on, may be anybody's who is on the way */
            bool twice = kind & 1, repeated = rows[i].repeated && kind < 2;
            scripted_init(&w, kind < 2 ? SEC_LEVEL_NONE : SEC_LEVEL_PRIVACY);
            scripted_start(&w);
            assert_int_equal(w.f.n_kept, 1);
            struct fake_order bad = { .code = rows[i].code, .flags = rows[i].flags };
            fake_answer(&w.f, &bad);
            fake_forget(&w.f);
            turn(&w, 50);
            assert_int_equal(w.f.n_kept, repeated);
            if (repeated) {
                assert_int_equal(w.st, STATUS_PENDING);
                fake_answer(&w.f, twice ? &bad : &(struct fake_order){ 0 });
                turn(&w, 50);
            }
            assert_int_equal(w.f.requests, repeated ? 2 : 1);
            assert_int_equal(w.st == STATUS_SUCCESS, repeated && !twice);
            assert_int_not_equal(w.st, STATUS_PENDING);
            scripted_done(&w);
        }
}

/* The second server offers less than the first one: it is told nothing. */
static void test_downgrade(void **state)
{
    (void)state;
    static const enum lie lies[] = { ACK_NO_HEADER_SIGN, ACK_DROPS_AUTH, ACK_LEVEL };
    static const enum nt_status want[] = { STATUS_DOWNGRADE_DETECTED, STATUS_ACCESS_DENIED,
                                           STATUS_ACCESS_DENIED };
    for (size_t i = 0; i < 3; i++) {
        struct scripted w;
        scripted_init(&w, SEC_LEVEL_PRIVACY);
        scripted_start(&w);
        fake_answer(&w.f, &(struct fake_order){ 0 });
        fake_forget(&w.f);
        turn(&w, 50);
        assert_int_equal(w.st, STATUS_SUCCESS);
        w.f.lie = ACK_HANGUP; /* from now on nobody answers, */
        io_hangup(w.pool->sides->conns->c->tp->stream, STATUS_CONNECTION_RESET, io_loop_now(w.f.loop));
        turn(&w, 50);
        w.f.lie = lies[i]; /* then somebody does */
        unsigned before = w.f.requests;
        scripted_start(&w);
        assert_int_equal(w.st, want[i]);
        assert_int_equal(w.f.requests, before);
        w.f.lie = HONEST;
        scripted_start(&w);
        fake_answer(&w.f, &(struct fake_order){ 0 });
        turn(&w, 50);
        assert_int_equal(w.st, STATUS_SUCCESS);
        scripted_done(&w);
    }
}

/* Each fact by itself. */
static void test_pin(void **state)
{
    (void)state;
    struct rpc_facts was = { .size = sizeof was,
                             .level = SEC_LEVEL_INTEGRITY,
                             .provider = "spnego/krb5",
                             .principal = "host/srv",
                             .header_sign = true,
                             .security_key_len = 32,
                             .dialect = NPC_SMB_3_0,
                             .session_signed = true,
                             .session_encrypted = true,
                             .cipher = NPC_AES256_GCM,
                             .session_mech = "krb5" };
    struct rpc_facts f[11];
    struct rpc_pin *p;
    assert_int_equal(rpc_pin_new(&was, &p), STATUS_SUCCESS);
    for (unsigned i = 0; i < 11; i++)
        f[i] = was;
    f[0].level = SEC_LEVEL_CONNECT;
    f[1].provider = "spnego/ntlm";
    f[2].principal = "host/other";
    f[3].header_sign = false;
    f[4].security_key_len = 16;
    f[5].dialect = NPC_SMB_2_1;
    f[6].session_signed = false;
    f[7].session_encrypted = false;
    f[8].cipher = NPC_AES128_GCM;
    f[9].session_mech = "ntlm";
    f[10].provider = NULL;
    assert_null(rpc_pin_less(p, &was));
    for (unsigned i = 0; i < 11; i++)
        if (!rpc_pin_less(p, &f[i]))
            fail_msg("fact %u may get worse", i);
    was.level = SEC_LEVEL_PRIVACY; /* more is welcome */
    was.dialect = NPC_SMB_3_1_1;
    was.cipher = NPC_AES256_CCM;
    assert_null(rpc_pin_less(p, &was));
    assert_int_equal(rpc_pin_mech(p), SEC_MECH_KRB5);
    struct npc_options n = NPC_OPTIONS_INIT;
    rpc_pin_session(p, &n);
    assert_int_equal(n.min_dialect, NPC_SMB_3_0);
    assert_int_equal(n.protection, NPC_PROTECT_ENCRYPT);
    rpc_pin_free(p);
}

/* ---- ends ---- */

static void test_cancel(void **state)
{
    (void)state;
    for (int connected = 0; connected < 2; connected++)
        for (int by_token = 0; by_token < 2; by_token++) {
            struct pooled w;
            struct nt_cancel *token;
            struct rpc_call_options o = RPC_CALL_OPTIONS_INIT;
            struct rpc_pool_call *call;
            init(&w, 1, 8);
            w.state.hold = true;
            assert_int_equal(nt_cancel_new(&token), STATUS_SUCCESS);
            start(&w, 0, &table[WAIT]);
            if (connected)
                own_turn(&w.own, 20);
            o.cancel = token;
            rpc_pool_set(w.pool, &o);
            w.r[1] = (struct op){ .in.n = 1 };
            w.st[1] = STATUS_PENDING;
            assert_int_equal(rpc_pool_send(w.pool, &again, w.own.mem, &w.r[1], own_done_fn, &w.st[1], &call),
                             STATUS_SUCCESS);
            rpc_pool_set(w.pool, NULL);
            if (connected)
                own_turn(&w.own, 20);
            if (by_token)
                nt_cancel_fire(token);
            else
                rpc_pool_call_cancel(call);
            own_pass(&w.own, 2);
            assert_int_equal(w.st[1], STATUS_CANCELLED);
            assert_int_equal(stats(&w).repeated, 0); /* given up is given up */
            own_turn(&w.own, 50);
            answer(&w);
            assert_int_equal(w.st[0], STATUS_SUCCESS);
            nt_cancel_unref(token);
            done(&w);
        }
}

static void test_deadline(void **state)
{
    (void)state;
    struct pooled w;
    struct rpc_call_options o = RPC_CALL_OPTIONS_INIT;
    init(&w, 1, 8);
    w.state.hold = true;
    o.timeout_ms = 300;
    rpc_pool_set(w.pool, &o);
    start(&w, 0, &again);
    own_turn(&w.own, 50);
    own_pass(&w.own, 2);
    assert_int_equal(w.st[0], STATUS_IO_TIMEOUT);
    assert_int_equal(stats(&w).repeated, 0);
    done(&w);
}

struct closer {
    struct pooled *w;
    enum nt_status st;
};

static void close_in_done(void *arg, enum nt_status st)
{
    struct closer *c = arg;
    struct op r = { 0 };
    c->st = st;
    assert_int_equal(rpc_pool_run(c->w->pool, &table[WAIT], c->w->own.mem, &r, NULL),
                     STATUS_INVALID_DEVICE_STATE);
    rpc_pool_close(c->w->pool);
    c->w->pool = NULL;
}

/* From a callback, with others on their way, waiting, and being connected. */
static void test_close(void **state)
{
    (void)state;
    for (int turns = 0; turns < 40; turns++) {
        struct pooled w;
        struct closer c = { &w, STATUS_PENDING };
        struct op r = { 0 };
        init(&w, 3, 1);
        w.state.hold = turns % 2;
        assert_int_equal(rpc_pool_send(w.pool, &table[WAIT], w.own.mem, &r, close_in_done, &c, NULL),
                         STATUS_SUCCESS);
        for (unsigned i = 0; i < 10; i++)
            start(&w, i, &again);
        own_turn(&w.own, turns);
        if (w.pool && turns % 3 == 0) {
            lose_all(&w);
            own_turn(&w.own, 5);
        }
        answer(&w);
        if (w.pool && turns < 20)
            done(&w);
        else {
            w.state.hold = false;
            for (int k = 0; k < 20 && w.pool; k++)
                answer(&w);
            done(&w);
        }
        assert_int_not_equal(c.st, STATUS_PENDING);
        for (unsigned i = 0; i < 10; i++)
            assert_int_not_equal(w.st[i], STATUS_PENDING);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spread),  cmocka_unit_test(test_burst),  cmocka_unit_test(test_handles),
        cmocka_unit_test(test_lost),    cmocka_unit_test(test_unsent), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_more), cmocka_unit_test(test_faults), cmocka_unit_test(test_downgrade),
        cmocka_unit_test(test_pin),     cmocka_unit_test(test_cancel), cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
