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
enum { WHO, NEW, USE };

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
    RPC_TABLE_VERSION, 3, "who", { { 0x77, 1, 2, { 3 } }, 1, 0 }, endpoints, NULL
};
#define OP(number)                                                                                           \
    {                                                                                                        \
        RPC_TABLE_VERSION, number, 0, &iface, "Op", sizeof(struct op), offsetof(struct op, out), push_in,    \
            pull_in, push_out, pull_out, NULL                                                                \
    }
static const struct rpc_op table[3] = { OP(WHO), OP(NEW), OP(USE) };
static const struct rpc_op *const ops[] = { &table[0], &table[1], &table[2] };
static const struct rpc_handle_type type = { "who", NULL, true };

static enum nt_status dispatch(const void *handlers, struct rpc_server_call *call, uint32_t opnum, void *p)
{
    struct rpc_server_caller who = { .size = sizeof who };
    struct op *r = p;
    void *object;
    (void)handlers;
    enum nt_status st = rpc_server_caller(call, &who);
    if (st != STATUS_SUCCESS)
        return st;
    r->out.who = strstr(who.name, "alice") ? ALICE : strstr(who.name, "bob") ? BOB : NOBODY;
    r->out.h = r->in.h;
    if (opnum == NEW)
        return rpc_handle_new(call, &type, (void *)(uintptr_t)&type, &r->out.h);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policy), cmocka_unit_test(test_security),    cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_pool),   cmocka_unit_test(test_second_way),
        cmocka_unit_test(test_many_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
