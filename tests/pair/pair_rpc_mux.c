// SPDX-License-Identifier: Apache-2.0
/*
 * RPC by the muxer, all in memory: whose pipe a binding takes, what the facts say of it, RPC's own security
 * end to end, and who one is: connections that were made under one impersonation token are never another's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <msrpc/npc_mux.h>
#include <msrpc/rpc_pool.h>
#include <msrpc/rpc_server.h>
#include "common/fake_smb.h"
#include "muxd/muxd.h"
#include "npc/mux.h"
#include "npc/npc.h"
#include "pair/smbd_service.h"
#include "rpc/m_client.h"
#include "serve/np.h"

#define UID 1001u

/* ---- an interface that tells who calls: [in] handle; [out] number, handle ---- */

enum { NOBODY, ALICE, BOB };
enum { WHO, NEW, USE, CLOSE, WAIT };

struct op {
    struct {
        struct ndr_handle h;
    } in;
    struct {
        uint32_t who;
        struct ndr_handle h;
    } out;
};

static void push_in(struct ndr_push *n, const void *p)
{
    ndr_push_handle(n, &((const struct op *)p)->in.h);
}

static void pull_in(struct ndr_pull *n, void *p)
{
    ndr_pull_handle(n, &((struct op *)p)->in.h);
}

static void push_out(struct ndr_push *n, const void *p)
{
    ndr_push_u32(n, ((const struct op *)p)->out.who);
    ndr_push_handle(n, &((const struct op *)p)->out.h);
}

static void pull_out(struct ndr_pull *n, void *p)
{
    ((struct op *)p)->out.who = ndr_pull_u32(n);
    ndr_pull_handle(n, &((struct op *)p)->out.h);
}

static const char *const endpoints[] = { "ncacn_np:[\\pipe\\who]", NULL };
static const struct rpc_interface iface = {
    RPC_TABLE_VERSION, 5, "who", { { 0x77, 1, 2, { 3 } }, 1, 0 }, endpoints, NULL
};
#define OP(number)                                                                                           \
    {                                                                                                        \
        RPC_TABLE_VERSION, number, 0, &iface, "Op", sizeof(struct op), offsetof(struct op, out), push_in,    \
            pull_in, push_out, pull_out, NULL                                                                \
    }
static const struct rpc_op table[5] = { OP(WHO), OP(NEW), OP(USE), OP(CLOSE), OP(WAIT) };
static const struct rpc_op *const ops[] = { &table[0], &table[1], &table[2], &table[3], &table[4] };
static struct rpc_server_call *held; /* of WAIT */
static unsigned seen;                /* calls that were executed */
static const struct rpc_handle_type type = { "who", NULL, true };

static enum nt_status dispatch(const void *handlers, struct rpc_server_call *call, uint32_t opnum, void *p)
{
    struct rpc_server_caller who = { .size = sizeof who };
    struct op *r = p;
    void *object;
    (void)handlers;
    seen++;
    enum nt_status st = rpc_server_caller(call, &who);
    if (st != STATUS_SUCCESS)
        return st;
    r->out.who = strstr(who.name, "alice") ? ALICE : strstr(who.name, "bob") ? BOB : NOBODY;
    r->out.h = r->in.h;
    if (opnum == NEW)
        return rpc_handle_new(call, &type, (void *)(uintptr_t)&type, &r->out.h);
    if (opnum == CLOSE)
        return rpc_handle_close(call, &r->out.h, &type, NULL);
    if (opnum == WAIT) {
        held = call;
        return STATUS_PENDING;
    }
    return opnum == USE ? rpc_handle_get(call, &r->in.h, &type, &object) : STATUS_SUCCESS;
}

/* ---- world ---- */

struct world {
    struct nt_loop *loop;
    struct smbd *smbd;
    struct rpc_server *rpc;
    struct serve_np_pipe pipes[2];
    struct serve_np np;
    struct muxd *muxd;
    struct sec_acceptor acceptor;
    unsigned dialled, local; /* servers, the muxer */
    unsigned refuse; /* so many dials of servers */
    char smb_user[16]; /* who logged on to SMB last */
    struct nt_error err;
    struct nt_arena *mem;
};

/* As smbd_env(), but tokens and groups are all different. */
static enum nt_status draw(void *arg, void *buf, size_t len)
{
    static uint64_t state;
    (void)arg;
    for (size_t i = 0; i < len; i++) { /* SplitMix64 */
        uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        ((uint8_t *)buf)[i] = (uint8_t)(z ^ z >> 31);
    }
    return STATUS_SUCCESS;
}

static const struct nt_env *test_env(void)
{
    static struct nt_env env;
    env = *smbd_env();
    env.random = draw;
    return &env;
}

static enum nt_status on_dial(void *arg, struct io_stream *s, const struct io_addr *to)
{
    struct world *w = arg;
    if (to->path) {
        w->local++;
        return muxd_join(w->muxd, w->loop, s, UID);
    }
    w->dialled++;
    if (w->refuse && w->refuse--)
        return STATUS_CONNECTION_REFUSED;
    return smbd_join(w->smbd, w->loop, s, "192.0.2.7:1000");
}

static enum nt_status smb_hash(void *arg, const char16_t *user, size_t user_len, const char16_t *domain,
                               size_t domain_len, uint8_t ret[16])
{
    struct world *w = arg;
    snprintf(w->smb_user, sizeof w->smb_user, "%s", user_len && user[0] == u'a' ? "alice" : "bob");
    return smbd_acceptor.nt_hash(NULL, user, user_len, domain, domain_len, ret);
}

static void turns(struct world *w)
{
    for (int i = 0; i < 40; i++)
        (void)!nt_loop_run(w->loop, 0);
}

static void world_init(struct world *w)
{
    struct io_mem_options mo = { .env = test_env(), .start = 1000, .cut_after = SIZE_MAX };
    struct muxd_options o = { .env = test_env(), .session_idle_ms = 60000 };
    struct rpc_server_options ro = RPC_SERVER_OPTIONS_INIT;
    struct smbd_options so = {
        .env = test_env(), .acceptor = &w->acceptor, .pipes = &serve_np_ops, .pipes_arg = &w->np
    };
    memset(w, 0, sizeof *w);
    w->acceptor = smbd_acceptor;
    w->acceptor.nt_hash = smb_hash;
    w->acceptor.arg = w;
    npc_revert();
    w->mem = nt_arena_new(0);
    assert_int_equal(io_mem_loop_new(&mo, &w->loop), STATUS_SUCCESS);
    io_mem_on_dial(w->loop, on_dial, w);
    ro.nt_hash = smbd_acceptor.nt_hash;
    ro.env = test_env();
    ro.min_level = SEC_LEVEL_NONE;
    assert_int_equal(rpc_server_new(w->loop, &ro, &w->rpc), STATUS_SUCCESS);
    assert_int_equal(rpc_server_register(w->rpc, &iface, ops, dispatch, w, NULL), STATUS_SUCCESS);
    w->pipes[0] = (struct serve_np_pipe){ "who", w->rpc, NULL };
    w->np.pipes = w->pipes;
    assert_int_equal(smbd_new(w->loop, &so, &w->smbd), STATUS_SUCCESS);
    assert_int_equal(muxd_new(w->loop, &o, &w->muxd), STATUS_SUCCESS);
}

static void world_done(struct world *w)
{
    struct muxd_counters n;
    turns(w);
    muxd_count(w->muxd, &n);
    assert_int_equal(n.conns, 0);
    assert_int_equal(n.pipes, 0);
    muxd_free(w->muxd);
    turns(w);
    smbd_free(w->smbd);
    turns(w);
    rpc_server_free(w->rpc);
    nt_loop_free(w->loop);
    nt_arena_free(w->mem);
    npc_revert();
}

/* ---- a connection to the muxer that makes tokens and gives credentials ---- */

struct maker {
    struct world *w;
    struct io_stream s;
    struct wr got;
    uint32_t id;
};

static void maker_data(void *engine, uint8_t *data, size_t len)
{
    wr_bytes(&((struct maker *)engine)->got, data, len);
}

static void maker_close(void *engine, enum nt_status why)
{
    (void)engine;
    (void)why;
}

static const struct io_ops maker_ops = { NULL, maker_data, maker_close };

static void ask(struct maker *m, struct wr *w, struct rd *ret)
{
    struct mux_hdr h;
    mux_end(w);
    m->got.len = 0;
    assert_int_equal(io_queue(&m->s, w), STATUS_SUCCESS);
    turns(m->w);
    assert_true(m->got.len >= MUX_HDR);
    assert_int_equal(mux_get_hdr(m->got.base, &h), STATUS_SUCCESS);
    assert_int_equal(h.status, STATUS_SUCCESS);
    rd_init(ret, m->got.base + MUX_HDR, m->got.len - MUX_HDR);
}

static void maker_open(struct maker *m, struct world *w)
{
    struct mux_hello hello = { .least = MUX_VERSION, .greatest = MUX_VERSION, .program = "maker" };
    struct rd r;
    struct wr out;
    memset(m, 0, sizeof *m);
    m->w = w;
    wr_init(&m->got, 1 << 16);
    io_stream_init(&m->s, &maker_ops, m, test_env());
    assert_int_equal(muxd_join(w->muxd, w->loop, &m->s, UID), STATUS_SUCCESS);
    mux_begin(&out, MUX_HELLO, ++m->id, STATUS_SUCCESS);
    mux_put_hello(&out, &hello);
    ask(m, &out, &r);
}

static void maker_done(struct maker *m)
{
    io_stream_done(&m->s);
    wr_free(&m->got);
    turns(m->w);
}

static void give(struct maker *m, uint64_t token, const char *user)
{
    struct mux_auth a = { .token = token, .kind = MUX_PASSWORD };
    struct rd r;
    struct wr out;
    snprintf(a.pattern, sizeof a.pattern, "*");
    snprintf(a.domain, sizeof a.domain, "FAKEDOM");
    snprintf(a.user, sizeof a.user, "%s", user);
    a.secret = (struct nt_blob){ (const uint8_t *)FAKE_PASSWORD, strlen(FAKE_PASSWORD) };
    mux_begin(&out, MUX_SET_AUTH, ++m->id, STATUS_SUCCESS);
    mux_put_auth(&out, &a);
    ask(m, &out, &r);
}

static uint64_t token_of(struct maker *m, const char *user)
{
    struct rd r;
    struct wr out;
    mux_begin(&out, MUX_CREATE_TOKEN, ++m->id, STATUS_SUCCESS);
    ask(m, &out, &r);
    uint64_t token = rd_u64(&r);
    give(m, token, user);
    return token;
}

/* ---- calls ---- */

static enum nt_status open_by(struct world *w, const char *binding, const struct rpc_options *options,
                              struct rpc_conn **ret)
{
    struct rpc_options o = options ? *options : (struct rpc_options)RPC_OPTIONS_INIT;
    struct rpc_binding *b;
    assert_int_equal(rpc_binding_parse(binding, &b, &w->err), STATUS_SUCCESS);
    w->err.text[0] = 0;
    o.loop = w->loop;
    o.env = test_env();
    o.error = &w->err;
    enum nt_status st = rpc_open(b, &iface, &o, ret);
    rpc_binding_unref(b);
    return st;
}

static unsigned who(struct world *w, struct rpc_conn *c)
{
    struct op r = { 0 };
    if (rpc_run(c, &table[WHO], w->mem, &r) != STATUS_SUCCESS)
        fail_msg("%s", rpc_conn_error(c));
    return r.out.who;
}

static struct sec_creds *creds_of(const char *user)
{
    struct sec_creds_options o = SEC_CREDS_OPTIONS_INIT;
    struct sec_creds *c;
    o.mech = SEC_MECH_NTLM;
    o.domain = "FAKEDOM";
    o.user = user;
    o.password = FAKE_PASSWORD;
    assert_int_equal(sec_creds_new(&o, &c, NULL), STATUS_SUCCESS);
    return c;
}

/* ---- whose pipe it is ---- */

static void test_policy(void **state)
{
    struct world w;
    struct maker m;
    struct rpc_conn *c, *d;
    struct rpc_facts f = { .size = sizeof f };
    struct rpc_options o = RPC_OPTIONS_INIT;
    (void)state;
    world_init(&w);
    maker_open(&m, &w);
    give(&m, 0, "alice");
    o.creds = creds_of("bob");
    /* what is given is for our own connection */
    assert_int_equal(open_by(&w, "ncacn_np:fake[,mux=off]", &o, &c), STATUS_SUCCESS);
    assert_int_equal(rpc_conn_facts(c, &f), STATUS_SUCCESS);
    assert_false(f.muxer);
    assert_false(f.warm);
    assert_int_equal(who(&w, c), BOB);
    rpc_close(c);
    assert_int_equal(w.local, 0);
    /* the binding says whose pipe it is, whatever else is known */
    assert_int_equal(open_by(&w, "ncacn_np:fake[,mux=/mux]", &o, &c), STATUS_SUCCESS);
    assert_int_equal(rpc_conn_facts(c, &f), STATUS_SUCCESS);
    assert_true(f.muxer);
    assert_false(f.warm);
    assert_int_equal(f.dialect, NPC_SMB_3_1_1);
    assert_string_equal(f.session_mech, "ntlm");
    assert_int_equal(f.transport_key_len, 16);
    assert_int_equal(who(&w, c), ALICE);
    assert_int_equal(open_by(&w, "ncacn:fake[,mux=/mux]", NULL, &d), STATUS_SUCCESS);
    assert_int_equal(rpc_conn_facts(d, &f), STATUS_SUCCESS);
    assert_true(f.muxer); /* encrypted, as a route asks for that may also be TCP: not the same session */
    assert_int_equal(who(&w, d), ALICE);
    rpc_close(d);
    assert_int_equal(open_by(&w, "ncacn_np:fake[,mux=/mux]", NULL, &d), STATUS_SUCCESS);
    assert_int_equal(rpc_conn_facts(d, &f), STATUS_SUCCESS);
    assert_true(f.muxer);
    assert_true(f.warm);
    rpc_close(d);
    rpc_close(c);
    /* options before the binding */
    o.mux = "off";
    assert_int_equal(open_by(&w, "ncacn_np:fake[,mux=/mux]", &o, &c), STATUS_SUCCESS);
    assert_int_equal(who(&w, c), BOB);
    rpc_close(c);
    o.mux = "maybe";
    assert_int_equal(open_by(&w, "ncacn_np:fake", &o, &c), STATUS_INVALID_PARAMETER);
    assert_non_null(strstr(w.err.text, "maybe"));
    sec_creds_unref(o.creds);
    maker_done(&m);
    world_done(&w);
}

/* ---- RPC's own security through the muxer's pipe ---- */

static void test_security(void **state)
{
    static const enum sec_level levels[] = { SEC_LEVEL_CONNECT, SEC_LEVEL_INTEGRITY, SEC_LEVEL_PRIVACY };
    static const char *const providers[] = { "ntlm", "spnego" };
    struct world w;
    struct maker m;
    struct rpc_conn *c;
    struct nt_blob key;
    struct rpc_facts f = { .size = sizeof f };
    struct rpc_options o = RPC_OPTIONS_INIT;
    (void)state;
    world_init(&w);
    maker_open(&m, &w);
    give(&m, 0, "alice");
    o.creds = creds_of("bob");
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        for (size_t k = 0; k < sizeof providers / sizeof providers[0]; k++) {
            o.level = levels[i];
            o.provider = providers[k];
            if (open_by(&w, "ncacn_np:fake[,mux=/mux]", &o, &c) != STATUS_SUCCESS)
                fail_msg("%s", w.err.text);
            assert_int_equal(rpc_conn_facts(c, &f), STATUS_SUCCESS);
            assert_true(f.muxer);
            assert_int_equal(f.level, levels[i]);
            assert_true(levels[i] == SEC_LEVEL_CONNECT || f.header_sign);
            assert_int_equal(who(&w, c), BOB); /* RPC's own: the program's, not the muxer's */
            assert_int_equal(rpc_conn_session_key(c, &key), STATUS_NO_USER_SESSION_KEY);
            rpc_close(c);
        }
    sec_creds_unref(o.creds);
    o.creds = NULL; /* the muxer's own are nobody else's */
    assert_int_equal(open_by(&w, "ncacn_np:fake[,mux=/mux]", &o, &c), STATUS_INVALID_PARAMETER);
    assert_non_null(strstr(w.err.text, "needs credentials"));
    o.level = SEC_LEVEL_NONE;
    o.provider = NULL;
    assert_int_equal(open_by(&w, "ncacn_np:fake[,mux=/mux]", &o, &c), STATUS_SUCCESS);
    assert_int_equal(rpc_conn_session_key(c, &key), STATUS_SUCCESS);
    assert_int_equal(key.len, 16);
    assert_int_equal(who(&w, c), ALICE);
    rpc_close(c);
    maker_done(&m);
    world_done(&w);
}

/* ---- tokens ---- */

static void test_tokens(void **state)
{
    struct world w;
    struct maker m;
    struct rpc_conn *c, *d;
    struct rpc_options o = RPC_OPTIONS_INIT;
    (void)state;
    world_init(&w);
    maker_open(&m, &w);
    give(&m, 0, "alice");
    uint64_t bob = token_of(&m, "bob");
    assert_int_equal(open_by(&w, "ncacn_np:fake[,mux=/mux]", NULL, &c), STATUS_SUCCESS);
    npc_impersonate(bob);
    assert_int_equal(open_by(&w, "ncacn_np:fake[,mux=/mux]", NULL, &d), STATUS_SUCCESS);
    assert_int_equal(who(&w, d), BOB);
    assert_int_equal(who(&w, c), ALICE); /* a connection is who it was opened as */
    npc_revert();
    assert_int_equal(who(&w, d), BOB);
    rpc_close(d);
    assert_int_equal(open_by(&w, "ncacn_np:fake[,mux=/mux]", NULL, &d), STATUS_SUCCESS);
    assert_int_equal(who(&w, d), ALICE);
    rpc_close(d);
    rpc_close(c);
    npc_impersonate(bob ^ 1);
    assert_int_equal(open_by(&w, "ncacn_np:fake[,mux=/mux]", NULL, &c), STATUS_NO_TOKEN);
    /* who impersonates is not the process, whose tickets would do for RPC's own security */
    struct sec_creds_options ambient = SEC_CREDS_OPTIONS_INIT;
    ambient.mech = SEC_MECH_KRB5;
    assert_int_equal(sec_creds_new(&ambient, &o.creds, NULL), STATUS_SUCCESS);
    o.level = SEC_LEVEL_PRIVACY;
    npc_impersonate(bob);
    assert_int_equal(open_by(&w, "ncacn_np:fake[,mux=/mux]", &o, &c), STATUS_NO_SUCH_LOGON_SESSION);
    assert_non_null(strstr(w.err.text, "impersonates"));
    assert_int_equal(open_by(&w, "ncacn_ip_tcp:fake[1000]", &o, &c), STATUS_NO_SUCH_LOGON_SESSION);
    sec_creds_unref(o.creds);
    maker_done(&m);
    world_done(&w);
}

static struct rpc_pool *pool_of(struct world *w, const char *binding, unsigned max_conns)
{
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct rpc_pool_options p = RPC_POOL_OPTIONS_INIT;
    struct rpc_binding *b;
    struct rpc_pool *pool;
    assert_int_equal(rpc_binding_parse(binding, &b, &w->err), STATUS_SUCCESS);
    o.loop = w->loop;
    o.env = test_env();
    p.max_conns = max_conns;
    p.calls_per_conn = 1;
    p.idle_ms = 10000;
    assert_int_equal(rpc_pool_new(b, &iface, &o, &p, &pool), STATUS_SUCCESS);
    rpc_binding_unref(b);
    return pool;
}

static unsigned pool_who(struct world *w, struct rpc_pool *p)
{
    struct op r = { 0 };
    struct nt_error err = { "" };
    if (rpc_pool_run(p, &table[WHO], w->mem, &r, &err) != STATUS_SUCCESS)
        fail_msg("%s", err.text);
    return r.out.who;
}

static struct rpc_pool_stats stats_of(struct rpc_pool *p)
{
    struct rpc_pool_stats s = { .size = sizeof s };
    assert_int_equal(rpc_pool_stats(p, &s), STATUS_SUCCESS);
    return s;
}

struct waiting {
    struct op r;
    bool done;
    enum nt_status st;
    uint64_t then; /* the thread is somebody else from then on */
};

static void told(void *arg, enum nt_status st)
{
    struct waiting *x = arg;
    x->done = true;
    x->st = st;
    npc_impersonate(x->then);
}

/* Calls of three users through one pool, started and ended in each other's midst. */
static void test_pool(void **state)
{
    struct world w;
    struct maker m;
    struct waiting x[30];
    struct op r = { 0 };
    (void)state;
    world_init(&w);
    maker_open(&m, &w);
    give(&m, 0, "alice");
    uint64_t tokens[3] = { 0, token_of(&m, "bob"), token_of(&m, "alice") };
    unsigned is[3] = { ALICE, BOB, ALICE };
    struct rpc_pool *p = pool_of(&w, "ncacn_np:fake[,mux=/mux]", 3);
    memset(x, 0, sizeof x);
    for (unsigned i = 0; i < 30; i++) {
        npc_impersonate(tokens[i % 3]);
        x[i].then = tokens[(i + 1) % 3];
        assert_int_equal(rpc_pool_send(p, &table[WHO], w.mem, &x[i].r, told, &x[i], NULL), STATUS_SUCCESS);
    }
    for (int i = 0; i < 20; i++)
        turns(&w);
    for (unsigned i = 0; i < 30; i++) {
        assert_true(x[i].done);
        if (x[i].st != STATUS_SUCCESS)
            fail_msg("%u: %s", i, rpc_pool_error(p));
        assert_int_equal(x[i].r.out.who, is[i % 3]);
    }
    uint64_t opened = stats_of(p).opened;
    assert_true(opened >= 3 && opened <= 9);
    /* warm: again and again, and no connection is another's */
    uint32_t group[3];
    for (unsigned i = 0; i < 9; i++) {
        npc_impersonate(tokens[i % 3]);
        assert_int_equal(pool_who(&w, p), is[i % 3]);
        group[i % 3] = stats_of(p).assoc_group;
    }
    npc_revert();
    assert_int_equal(pool_who(&w, p), ALICE);
    assert_int_equal(stats_of(p).opened, opened);
    assert_true(group[0] != group[1] && group[0] != group[2] && group[1] != group[2]);
    /* a handle is good where it was made */
    npc_impersonate(tokens[1]);
    assert_int_equal(rpc_pool_run(p, &table[NEW], w.mem, &r, NULL), STATUS_SUCCESS);
    r.in.h = r.out.h;
    assert_int_equal(rpc_pool_run(p, &table[USE], w.mem, &r, NULL), STATUS_SUCCESS);
    npc_impersonate(tokens[2]);
    assert_int_equal(rpc_pool_run(p, &table[USE], w.mem, &r, NULL), RPC_NT_SS_CONTEXT_MISMATCH);
    npc_impersonate(0x1234); /* nobody's */
    assert_int_equal(rpc_pool_run(p, &table[WHO], w.mem, &r, &w.err), STATUS_NO_TOKEN);
    npc_revert();
    rpc_pool_close(p);
    maker_done(&m);
    world_done(&w);
}

/* The second way of a binding is tried as who began, whoever the thread is by then. */
struct opened {
    bool done;
    enum nt_status st;
    struct rpc_conn *c;
};

static void on_opened(void *arg, enum nt_status st, struct rpc_conn *c)
{
    *(struct opened *)arg = (struct opened){ true, st, c };
}

static void test_second_way(void **state)
{
    struct world w;
    struct maker m;
    struct opened x = { 0 };
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct rpc_binding *b;
    (void)state;
    world_init(&w);
    maker_open(&m, &w);
    give(&m, 0, "alice");
    assert_int_equal(rpc_binding_parse("ncacn:fake[,mux=/mux]", &b, &w.err), STATUS_SUCCESS);
    o.creds = creds_of("bob");
    o.loop = w.loop;
    o.env = test_env();
    o.level = SEC_LEVEL_INTEGRITY;
    o.route = RPC_ROUTE_TCP_FIRST;
    w.refuse = 1;
    npc_impersonate(token_of(&m, "bob"));
    assert_int_equal(rpc_open_send(b, &iface, &o, on_opened, &x), STATUS_SUCCESS);
    npc_revert();
    turns(&w);
    assert_true(x.done);
    assert_int_equal(x.st, STATUS_SUCCESS);
    struct muxd_counters n;
    muxd_count(w.muxd, &n);
    assert_int_equal(n.sessions, 1);
    assert_string_equal(w.smb_user, "bob");
    rpc_close(x.c);
    rpc_binding_unref(b);
    sec_creds_unref(o.creds);
    maker_done(&m);
    world_done(&w);
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

/* Tokens come and go: what a pool has for them does, too. */
static void test_many_tokens(void **state)
{
    struct world w;
    struct maker m;
    (void)state;
    world_init(&w);
    struct rpc_pool *p = pool_of(&w, "ncacn_np:fake[,mux=/mux]", 2);
    for (unsigned i = 0; i < 100; i++) {
        maker_open(&m, &w);
        npc_impersonate(token_of(&m, i % 2 ? "bob" : "alice"));
        assert_int_equal(pool_who(&w, p), i % 2 ? BOB : ALICE);
        maker_done(&m);
    }
    assert_int_equal(stats_of(p).conns, 100);
    (void)!io_wait(w.loop, never, NULL, io_loop_now(w.loop) + UINT64_C(25000000000), NULL);
    assert_int_equal(stats_of(p).conns, 0); /* unlike that of the process itself, none stays */
    npc_revert();
    rpc_pool_close(p);
    world_done(&w);
}

/* ---- borrowed pipes ---- */

static struct rpc_facts facts_of(struct rpc_conn *c)
{
    struct rpc_facts f = { .size = sizeof f };
    assert_int_equal(rpc_conn_facts(c, &f), STATUS_SUCCESS);
    return f;
}

static unsigned pooled(struct world *w)
{
    struct muxd_counters n;
    turns(w);
    muxd_count(w->muxd, &n);
    return n.pooled;
}

static struct rpc_conn *borrow(struct world *w, enum rpc_lend lend)
{
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct rpc_conn *c;
    o.lend = lend;
    if (open_by(w, "ncacn_np:fake[,mux=/mux]", &o, &c) != STATUS_SUCCESS)
        fail_msg("%s", w->err.text);
    return c;
}

static enum nt_status run(struct world *w, struct rpc_conn *c, unsigned opnum, struct op *r)
{
    return rpc_run(c, &table[opnum], w->mem, r);
}

static void test_lent(void **state)
{
    struct world w;
    struct maker m;
    struct rpc_conn *c;
    struct nt_blob key;
    struct op r = { 0 };
    static const enum rpc_lend how[] = { RPC_LEND_ONE, RPC_LEND_AHEAD };
    (void)state;
    world_init(&w);
    maker_open(&m, &w);
    give(&m, 0, "alice");
    for (unsigned i = 0; i < 6; i++) {
        c = borrow(&w, how[i % 2]);
        assert_int_equal(who(&w, c), ALICE);
        assert_int_equal(who(&w, c), ALICE);
        struct rpc_facts f = facts_of(c);
        assert_true(f.muxer && f.lent);
        assert_int_equal(f.bound, i > 0);
        assert_int_equal(f.warm, i > 0);
        assert_null(f.session);
        assert_int_equal(f.dialect, NPC_SMB_3_1_1);
        assert_string_equal(f.session_mech, "ntlm");
        assert_true(f.session_encrypted && f.assoc_group && f.max_xmit_frag >= 1432);
        assert_int_equal(rpc_conn_session_key(c, &key), STATUS_SUCCESS);
        assert_int_equal(key.len, 16);
        /* what it cannot do */
        assert_int_equal(rpc_add_interface(c, &(const struct rpc_interface){ RPC_TABLE_VERSION, 0, "other" }),
                         STATUS_NOT_SUPPORTED);
        assert_non_null(strstr(rpc_conn_error(c), "borrowed"));
        assert_int_equal(who(&w, c), ALICE);
        rpc_close(c);
        assert_int_equal(pooled(&w), 1);
    }
    assert_int_equal(w.dialled, 1);
    /* what is open ends with its connection, and the pipe with it */
    c = borrow(&w, RPC_LEND_ONE);
    assert_int_equal(run(&w, c, NEW, &r), STATUS_SUCCESS);
    r.in.h = r.out.h;
    assert_int_equal(run(&w, c, USE, &r), STATUS_SUCCESS);
    rpc_close(c);
    assert_int_equal(pooled(&w), 0);
    c = borrow(&w, RPC_LEND_ONE);
    assert_false(facts_of(c).bound);
    assert_int_equal(run(&w, c, USE, &r), RPC_NT_SS_CONTEXT_MISMATCH);
    /* two are open, one and then the other is closed */
    struct op s = { 0 };
    r.in.h = (struct ndr_handle){ 0 };
    assert_int_equal(run(&w, c, NEW, &r), STATUS_SUCCESS);
    assert_int_equal(run(&w, c, NEW, &s), STATUS_SUCCESS);
    r.in.h = r.out.h;
    s.in.h = s.out.h;
    assert_int_equal(run(&w, c, CLOSE, &r), STATUS_SUCCESS);
    assert_int_equal(run(&w, c, USE, &s), STATUS_SUCCESS);
    assert_int_equal(run(&w, c, CLOSE, &s), STATUS_SUCCESS);
    assert_int_equal(run(&w, c, CLOSE, &s), RPC_NT_SS_CONTEXT_MISMATCH); /* a fault changes nothing */
    rpc_close(c);
    assert_int_equal(pooled(&w), 1);
    maker_done(&m);
    world_done(&w);
}

/* What needs a bind of its own gets one. */
static void test_not_lent(void **state)
{
    struct world w;
    struct maker m;
    struct rpc_conn *c;
    (void)state;
    world_init(&w);
    maker_open(&m, &w);
    give(&m, 0, "alice");
    for (unsigned i = 0; i < 4; i++) {
        struct rpc_options o = RPC_OPTIONS_INIT;
        o.lend = RPC_LEND_AHEAD;
        o.ndr64 = i == 0;
        o.max_fragment = i == 1 ? 2000 : 0;
        o.level = i == 2 ? SEC_LEVEL_INTEGRITY : SEC_LEVEL_DEFAULT;
        o.creds = i == 2 ? creds_of("bob") : NULL;
        o.mux = i == 3 ? "off" : NULL;
        if (i == 3)
            o.creds = creds_of("bob");
        assert_int_equal(open_by(&w, "ncacn_np:fake[,mux=/mux]", &o, &c), STATUS_SUCCESS);
        assert_false(facts_of(c).lent);
        assert_int_equal(facts_of(c).muxer, i != 3);
        assert_int_equal(who(&w, c), i < 2 ? ALICE : BOB);
        rpc_close(c);
        sec_creds_unref(o.creds);
    }
    assert_int_equal(pooled(&w), 0);
    maker_done(&m);
    world_done(&w);
}

/* Opening that does not wait fails with the first call, which certainly has not run. */
static void test_ahead(void **state)
{
    struct world w;
    struct maker m;
    struct rpc_conn *c;
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct op r = { 0 };
    (void)state;
    world_init(&w);
    seen = 0;
    c = borrow(&w, RPC_LEND_AHEAD);
    assert_int_equal(run(&w, c, WHO, &r), STATUS_NO_SUCH_LOGON_SESSION);
    assert_non_null(strstr(rpc_conn_error(c), "no credentials"));
    assert_true(rpc_conn_not_run(c));
    assert_false(rpc_conn_alive(c));
    rpc_close(c);
    c = borrow(&w, RPC_LEND_AHEAD); /* and without a call it is only given back */
    rpc_close(c);
    o.lend = RPC_LEND_ONE;
    assert_int_equal(open_by(&w, "ncacn_np:fake[,mux=/mux]", &o, &c), STATUS_NO_SUCH_LOGON_SESSION);
    maker_open(&m, &w);
    give(&m, 0, "alice");
    assert_int_equal(open_by(&w, "ncacn_np:fake[nosuchpipe,mux=/mux]", &o, &c), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(seen, 0);
    /* a token is that of the thread that opens */
    npc_impersonate(token_of(&m, "bob"));
    c = borrow(&w, RPC_LEND_AHEAD);
    npc_revert();
    assert_int_equal(who(&w, c), BOB);
    rpc_close(c);
    c = borrow(&w, RPC_LEND_AHEAD);
    assert_int_equal(who(&w, c), ALICE); /* not by the pipe that bob's token has bound */
    rpc_close(c);
    maker_done(&m);
    world_done(&w);
}

/* Several calls go one after the other; one that is given up takes the pipe with it. */
static void test_lent_calls(void **state)
{
    struct world w;
    struct maker m;
    struct waiting x[5];
    struct rpc_call_options o = RPC_CALL_OPTIONS_INIT;
    struct rpc_call *call;
    (void)state;
    world_init(&w);
    maker_open(&m, &w);
    give(&m, 0, "alice");
    struct rpc_conn *c = borrow(&w, RPC_LEND_AHEAD);
    memset(x, 0, sizeof x);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(rpc_send(c, &table[WHO], w.mem, &x[i].r, told, &x[i], NULL), STATUS_SUCCESS);
    for (int i = 0; i < 10; i++)
        turns(&w);
    for (unsigned i = 0; i < 5; i++) {
        assert_true(x[i].done);
        assert_int_equal(x[i].st, STATUS_SUCCESS);
        assert_int_equal(x[i].r.out.who, ALICE);
    }
    memset(x, 0, sizeof x);
    seen = 0;
    assert_int_equal(rpc_send(c, &table[WAIT], w.mem, &x[0].r, told, &x[0], &call), STATUS_SUCCESS);
    assert_int_equal(rpc_send(c, &table[WHO], w.mem, &x[1].r, told, &x[1], NULL), STATUS_SUCCESS);
    turns(&w);
    assert_int_equal(seen, 1);
    rpc_call_cancel(call);
    (void)!io_wait(w.loop, never, NULL, io_loop_now(w.loop) + UINT64_C(3000000000), NULL);
    assert_true(x[0].done && x[1].done);
    assert_int_equal(x[0].st, STATUS_CANCELLED);
    if (x[1].st != STATUS_SUCCESS) /* the server did not end it in time */
        assert_false(rpc_conn_alive(c));
    rpc_server_reply(held, STATUS_SUCCESS);
    rpc_close(c);
    /* closed in the middle: not lent again */
    c = borrow(&w, RPC_LEND_AHEAD);
    memset(x, 0, sizeof x);
    assert_int_equal(rpc_send(c, &table[WAIT], w.mem, &x[0].r, told, &x[0], NULL), STATUS_SUCCESS);
    turns(&w);
    rpc_close(c);
    turns(&w);
    assert_true(x[0].done);
    assert_int_equal(x[0].st, STATUS_CONNECTION_ABORTED);
    assert_int_equal(pooled(&w), 0);
    rpc_server_reply(held, STATUS_SUCCESS);
    /* a time limit */
    c = borrow(&w, RPC_LEND_ONE);
    o.timeout_ms = 1000;
    rpc_conn_set(c, &o);
    assert_int_equal(run(&w, c, WAIT, &x[0].r), STATUS_IO_TIMEOUT);
    assert_false(rpc_conn_not_run(c));
    assert_int_equal(pooled(&w), 0);
    rpc_close(c);
    rpc_server_reply(held, STATUS_SUCCESS);
    maker_done(&m);
    world_done(&w);
}

/* The muxer ends in the middle of a call: that has run, or may have, and nothing sends it again. */
static void test_muxer_goes(void **state)
{
    static const struct rpc_op idempotent = { RPC_TABLE_VERSION,      WHO,     RPC_OP_IDEMPOTENT, &iface,  "Op",
                                              sizeof(struct op),      offsetof(struct op, out), push_in, pull_in,
                                              push_out,               pull_out, NULL };
    struct muxd_options o = { .env = test_env(), .session_idle_ms = 60000 };
    (void)state;
    for (int lent = 0; lent < 3; lent++) {
        struct world w;
        struct maker m;
        struct waiting x = { 0 };
        struct rpc_pool_call *pc;
        struct op r = { 0 };
        struct rpc_conn *c = NULL;
        world_init(&w);
        maker_open(&m, &w);
        give(&m, 0, "alice");
        struct rpc_pool *p = pool_of(&w, "ncacn_np:fake[,mux=/mux]", 1);
        seen = 0;
        if (lent < 2) {
            struct rpc_options ro = RPC_OPTIONS_INIT;
            ro.lend = lent ? RPC_LEND_AHEAD : RPC_LEND_NEVER;
            assert_int_equal(open_by(&w, "ncacn_np:fake[,mux=/mux]", &ro, &c), STATUS_SUCCESS);
            assert_int_equal(rpc_send(c, &table[WAIT], w.mem, &x.r, told, &x, NULL), STATUS_SUCCESS);
        } else {
            assert_int_equal(rpc_pool_send(p, &table[WAIT], w.mem, &x.r, told, &x, &pc), STATUS_SUCCESS);
        }
        turns(&w);
        assert_int_equal(seen, 1);
        muxd_free(w.muxd);
        turns(&w);
        assert_int_equal(muxd_new(w.loop, &o, &w.muxd), STATUS_SUCCESS);
        for (int i = 0; i < 5; i++)
            turns(&w);
        assert_true(x.done);
        assert_int_equal(x.st, STATUS_CONNECTION_DISCONNECTED);
        assert_int_equal(seen, 1);
        if (c) {
            assert_false(rpc_conn_not_run(c));
            assert_false(rpc_conn_alive(c));
        }
        rpc_close(c);
        maker_done(&m);
        maker_open(&m, &w); /* the new one has to be told */
        give(&m, 0, "alice");
        assert_int_equal(rpc_pool_run(p, &idempotent, w.mem, &r, &w.err), STATUS_SUCCESS);
        assert_int_equal(r.out.who, ALICE);
        rpc_server_reply(held, STATUS_SUCCESS);
        rpc_pool_close(p);
        maker_done(&m);
        world_done(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policy), cmocka_unit_test(test_security),    cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_pool),   cmocka_unit_test(test_second_way),
        cmocka_unit_test(test_many_tokens),
        cmocka_unit_test(test_lent),
        cmocka_unit_test(test_not_lent),
        cmocka_unit_test(test_ahead),
        cmocka_unit_test(test_lent_calls),
        cmocka_unit_test(test_muxer_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
