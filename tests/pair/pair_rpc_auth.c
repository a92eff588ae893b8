// SPDX-License-Identifier: Apache-2.0
/* Who a server's caller is, over memory: tokens by account callback, null sessions, mechanisms switched off.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <msrpc/rpcecho.h>
#include "rpc/m_server.h"
#include "sec/token.h"

#define SECOND UINT64_C(1000000000)

static const uint8_t hash[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

struct world {
    struct nt_loop *loop;
    struct rpc_server *s;
    struct rpc_server_options so;
    struct sec_creds *creds;
    struct rpc_binding *b;
    struct nt_arena *mem;
    struct nt_error err;
    enum nt_status account_says;
    struct nt_env env;
    uint64_t now, kickoff;
    const char *client_bindings, *server_bindings;
    unsigned asked;
    char16_t asked_user[32], asked_domain[32], asked_workstation[32];
    char asked_peer[32];
    const struct sec_token *token; /* a reference */
    enum sec_level level;
};

static enum nt_status add_one(struct rpc_server_call *call, struct rpcecho_echo_AddOne *r)
{
    struct world *w = rpc_server_arg(call);
    struct rpc_server_caller caller = { .size = sizeof caller };
    sec_token_unref(w->token);
    w->token = sec_token_ref(rpc_server_token(call));
    assert_int_equal(rpc_server_caller(call, &caller), STATUS_SUCCESS);
    assert_string_equal(caller.name, w->token->name);
    w->level = caller.level;
    r->out.out_data = r->in.in_data + 1;
    return STATUS_SUCCESS;
}

static const struct rpcecho_handlers handlers = { .echo_AddOne = add_one };

static struct nt_sid sid(const char *text)
{
    struct nt_sid s;
    assert_int_equal(nt_sid_parse(text, &s), STATUS_SUCCESS);
    return s;
}

static void keep(char16_t to[32], const char16_t *from, size_t n)
{
    assert_true(n < 32);
    memset(to, 0, 32 * sizeof *to);
    memcpy(to, from, n * sizeof *to);
}

static enum nt_status account(void *arg, const struct sec_logon *who, struct nt_arena *mem,
                              struct sec_account *ret)
{
    struct world *w = arg;
    struct sec_group *groups = nt_arena_array(mem, 2, sizeof *groups);
    w->asked++;
    keep(w->asked_user, who->user, who->user_len);
    keep(w->asked_domain, who->domain, who->domain_len);
    keep(w->asked_workstation, who->workstation, who->workstation_len);
    snprintf(w->asked_peer, sizeof w->asked_peer, "%s", who->peer);
    assert_int_equal(ret->size, sizeof *ret);
    assert_non_null(groups);
    groups[0] = (struct sec_group){ sid("S-1-5-21-1-2-3-513"), SEC_GROUP_USUAL };
    groups[1] = (struct sec_group){ sid("S-1-5-21-1-2-3-1200"), SEC_GROUP_DENY_ONLY | SEC_GROUP_ENABLED };
    memcpy(ret->nt_hash, hash, 16);
    ret->user = sid("S-1-5-21-1-2-3-1000");
    ret->primary = groups[0].sid;
    ret->groups = groups;
    ret->n_groups = 2;
    ret->account = nt_arena_strdup(mem, "Alice");
    ret->domain = nt_arena_strdup(mem, "LAB");
    ret->full_name = "Alice Example";
    ret->control = 0x10;
    ret->kickoff_time = w->kickoff;
    return w->account_says;
}

static enum nt_status on_dial(void *arg, struct io_stream *stream, const struct io_addr *to)
{
    struct world *w = arg;
    struct rpc_sconn *c;
    (void)to;
    enum nt_status st = rpc_sconn_new(w->s, "192.0.2.7:1", &c);
    if (st != STATUS_SUCCESS)
        return st;
    if (w->server_bindings) /* as rpc_server_accept_bound does */
        c->bindings = (struct nt_blob){ (uint8_t *)strdup(w->server_bindings), strlen(w->server_bindings) };
    return io_mem_join(w->loop, stream, c->tp->stream);
}

static void set_creds(struct world *w, enum sec_mech mech, const char *user)
{
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    co.mech = mech;
    co.user = user;
    co.nt_hash = user ? hash : NULL;
    co.workstation = user ? "WS1" : NULL;
    sec_creds_unref(w->creds);
    assert_int_equal(sec_creds_new(&co, &w->creds, NULL), STATUS_SUCCESS);
}

static uint64_t wall(void *arg)
{
    return ((struct world *)arg)->now;
}

static enum nt_status random_bytes(void *arg, void *buf, size_t len)
{
    (void)arg;
    return nt_env_system()->random(NULL, buf, len);
}

static void world_init(struct world *w, enum sec_level least)
{
    struct io_mem_options mo = { NULL, 0, SECOND, SIZE_MAX };
    memset(w, 0, sizeof *w);
    w->now = UINT64_C(0x01dc000000000000);
    w->env = (struct nt_env){ .size = sizeof w->env, .arg = w, .random = random_bytes, .wall = wall };
    w->so = (struct rpc_server_options)RPC_SERVER_OPTIONS_INIT;
    w->so.account = account;
    w->so.account_arg = w;
    w->so.env = &w->env;
    w->so.min_level = least;
    assert_int_equal(io_mem_loop_new(&mo, &w->loop), STATUS_SUCCESS);
    assert_int_equal(rpc_binding_parse("ncacn_ip_tcp:srv[1000]", &w->b, NULL), STATUS_SUCCESS);
    w->mem = nt_arena_new(0);
    io_mem_on_dial(w->loop, on_dial, w);
    set_creds(w, SEC_MECH_NTLM, "lab\\ALICE");
}

static void serve(struct world *w)
{
    assert_int_equal(rpc_server_new(w->loop, &w->so, &w->s), STATUS_SUCCESS);
    assert_int_equal(rpcecho_register(w->s, &handlers, w), STATUS_SUCCESS);
}

static void world_done(struct world *w)
{
    for (int i = 0; i < 50; i++) {
        enum nt_status st = nt_loop_run(w->loop, 0);
        (void)st;
    }
    assert_int_equal(w->s->n_conns, 0);
    rpc_server_free(w->s);
    sec_token_unref(w->token); /* outlives connection and server */
    nt_arena_free(w->mem);
    sec_creds_unref(w->creds);
    rpc_binding_unref(w->b);
    nt_loop_free(w->loop);
}

/* A call on a connection of its own: what became of opening, or of the call. */
static enum nt_status call(struct world *w, enum sec_level level, const char *provider)
{
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct rpcecho_echo_AddOne r = { .in.in_data = 41 };
    struct rpc_conn *c = NULL;
    o.creds = w->creds;
    o.level = level;
    o.provider = level > SEC_LEVEL_NONE ? provider : NULL;
    o.loop = w->loop;
    o.error = &w->err;
    o.timeout_ms = 5000;
    o.channel_bindings = w->client_bindings;
    o.channel_bindings_len = w->client_bindings ? strlen(w->client_bindings) : 0;
    enum nt_status st = rpc_open(w->b, &rpcecho_interface, &o, &c);
    if (st != STATUS_SUCCESS)
        return st;
    st = rpcecho_echo_AddOne(c, w->mem, &r);
    rpc_close(c);
    return st;
}

static bool has(const struct sec_token *t, const char *text)
{
    struct nt_sid s = sid(text);
    return sec_token_has(t, &s);
}

static void test_account(void **state)
{
    static const char *const providers[] = { "ntlm", "spnego" };
    struct world w;
    (void)state;
    for (int i = 0; i < 2; i++) {
        world_init(&w, SEC_LEVEL_PRIVACY);
        serve(&w);
        assert_int_equal(call(&w, SEC_LEVEL_PRIVACY, providers[i]), STATUS_SUCCESS);
        assert_int_equal(w.asked, 1);
        assert_memory_equal(w.asked_user, u"ALICE", 12);
        assert_memory_equal(w.asked_domain, u"lab", 8);
        assert_memory_equal(w.asked_workstation, u"WS1", 8);
        assert_string_equal(w.asked_peer, "192.0.2.7:1");
        const struct sec_token *t = w.token;
        /* as the database writes it, so that handles belong to one name */
        assert_string_equal(t->name, "LAB\\Alice");
        assert_string_equal(t->account, "Alice");
        assert_string_equal(t->domain, "LAB");
        assert_string_equal(t->full_name, "Alice Example");
        assert_string_equal(t->workstation, "WS1");
        assert_string_equal(t->mech, "ntlm");
        assert_int_equal(t->flags, 0);
        assert_int_equal(t->session_key.len, 16);
        assert_true(has(t, "S-1-5-21-1-2-3-1000"));
        assert_true(has(t, "S-1-5-21-1-2-3-513"));
        assert_false(has(t, "S-1-5-21-1-2-3-1200")); /* for denying only */
        assert_true(has(t, "S-1-1-0"));
        assert_true(has(t, "S-1-5-2"));
        assert_true(has(t, "S-1-5-11"));
        assert_true(has(t, "S-1-5-64-10"));
        assert_false(has(t, "S-1-5-7"));
        assert_false(has(t, "S-1-5-15"));
        world_done(&w);
    }
}

/* What the account callback says ends the logon; who asks does not learn which names there are. */
static void test_account_refuses(void **state)
{
    static const enum nt_status says[] = { STATUS_NO_SUCH_USER, STATUS_ACCOUNT_LOCKED_OUT,
                                           STATUS_ACCOUNT_DISABLED, STATUS_PENDING };
    (void)state;
    for (size_t i = 0; i < sizeof says / sizeof says[0]; i++) {
        struct world w;
        world_init(&w, SEC_LEVEL_CONNECT);
        serve(&w);
        w.account_says = says[i];
        assert_int_equal(call(&w, SEC_LEVEL_PRIVACY, "ntlm"), STATUS_ACCESS_DENIED);
        assert_true(call(&w, SEC_LEVEL_PRIVACY, "spnego") != STATUS_SUCCESS);
        assert_null(w.token);
        world_done(&w);
    }
}

/* A null session stands only where strangers may call, and is one there, whatever it signs. */
static void test_anonymous(void **state)
{
    static const char *const providers[] = { "ntlm", "spnego" };
    static const enum sec_level levels[] = { SEC_LEVEL_CONNECT, SEC_LEVEL_INTEGRITY, SEC_LEVEL_PRIVACY };
    struct world w;
    (void)state;
    for (int strict = 0; strict < 2; strict++)
        for (int p = 0; p < 2; p++)
            for (int l = 0; l < 3; l++) {
                world_init(&w, strict ? SEC_LEVEL_CONNECT : SEC_LEVEL_NONE);
                set_creds(&w, SEC_MECH_ANONYMOUS, NULL);
                serve(&w);
                enum nt_status st = call(&w, levels[l], providers[p]);
                assert_int_equal(w.asked, 0);
                if (strict) {
                    assert_int_not_equal(st, STATUS_SUCCESS);
                    assert_null(w.token);
                } else if (st != STATUS_SUCCESS) {
                    fail_msg("level %d %s: %s", levels[l], providers[p], w.err.text);
                } else {
                    assert_ptr_equal(w.token, sec_token_anonymous());
                    assert_int_equal(w.token->flags, SEC_TOKEN_ANONYMOUS);
                    assert_int_equal(w.token->session_key.len, 0);
                    assert_int_equal(w.level, SEC_LEVEL_NONE);
                    assert_true(has(w.token, "S-1-5-7"));
                    assert_false(has(w.token, "S-1-5-11"));
                }
                world_done(&w);
            }
}

/* One interface lets strangers in; a null session gets no further than that. */
static void test_anonymous_elsewhere(void **state)
{
    struct world w;
    struct rpc_interface other = rpcecho_interface;
    (void)state;
    world_init(&w, SEC_LEVEL_CONNECT);
    set_creds(&w, SEC_MECH_ANONYMOUS, NULL);
    serve(&w);
    other.syntax.uuid.a ^= 1;
    assert_int_equal(rpc_server_register(w.s, &other, rpcecho_ops, w.s->served->dispatch, &handlers, &w),
                     STATUS_SUCCESS);
    assert_int_equal(rpc_server_require(w.s, &other, SEC_LEVEL_NONE), STATUS_SUCCESS);
    assert_int_equal(call(&w, SEC_LEVEL_PRIVACY, "ntlm"), STATUS_ACCESS_DENIED);
    assert_null(w.token);
    world_done(&w);
}

static void test_stranger(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, SEC_LEVEL_NONE);
    serve(&w);
    assert_int_equal(call(&w, SEC_LEVEL_NONE, NULL), STATUS_SUCCESS);
    assert_ptr_equal(w.token, sec_token_anonymous());
    world_done(&w);
}

/* NTLM is off as a whole: alone, and as what SPNEGO would choose. */
static void test_no_ntlm(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, SEC_LEVEL_NONE);
    w.so.no_ntlm = true;
    serve(&w);
    assert_int_not_equal(call(&w, SEC_LEVEL_PRIVACY, "ntlm"), STATUS_SUCCESS);
    assert_int_not_equal(call(&w, SEC_LEVEL_PRIVACY, "spnego"), STATUS_SUCCESS);
    set_creds(&w, SEC_MECH_ANONYMOUS, NULL);
    assert_int_not_equal(call(&w, SEC_LEVEL_CONNECT, "ntlm"), STATUS_SUCCESS);
    assert_int_equal(w.asked, 0);
    assert_null(w.token);
    world_done(&w);
}

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

/* A context ends with its ticket or account: no call after that, on a connection that stands. */
static void test_expired(void **state)
{
    struct world w;
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct rpcecho_echo_AddOne r = { .in.in_data = 41 };
    struct rpc_conn *c;
    (void)state;
    world_init(&w, SEC_LEVEL_PRIVACY);
    w.kickoff = w.now + 10;
    serve(&w);
    o.creds = w.creds;
    o.provider = "ntlm";
    o.loop = w.loop;
    o.timeout_ms = 5000;
    assert_int_equal(rpc_open(w.b, &rpcecho_interface, &o, &c), STATUS_SUCCESS);
    w.now += 9;
    assert_int_equal(rpcecho_echo_AddOne(c, w.mem, &r), STATUS_SUCCESS);
    assert_true(w.token->expires == w.kickoff);
    w.now++;
    assert_int_equal(rpcecho_echo_AddOne(c, w.mem, &r), STATUS_ACCESS_DENIED);
    rpc_close(c);
    world_done(&w);
}

/* Bound to a TLS channel: the same one, another one, none. */
static void test_bindings(void **state)
{
    static const char mine[] = "tls-server-end-point:mine", other[] = "tls-server-end-point:other";
    static const struct {
        const char *client, *server;
        bool good;
    } t[] = { { mine, mine, true }, { other, mine, false }, { NULL, mine, false }, { mine, NULL, true } };
    static const char *const providers[] = { "ntlm", "spnego" };
    (void)state;
    for (size_t i = 0; i < 2 * sizeof t / sizeof t[0]; i++) {
        struct world w;
        world_init(&w, SEC_LEVEL_PRIVACY);
        w.server_bindings = t[i / 2].server;
        w.client_bindings = t[i / 2].client;
        serve(&w);
        assert_int_equal(call(&w, SEC_LEVEL_PRIVACY, providers[i % 2]) == STATUS_SUCCESS, t[i / 2].good);
        world_done(&w);
    }
}

/* With a hash alone the name is all that is known. */
static void test_hash_only(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, SEC_LEVEL_PRIVACY);
    w.so.account = NULL;
    w.so.nt_hash = nt_hash;
    serve(&w);
    assert_int_equal(call(&w, SEC_LEVEL_PRIVACY, "ntlm"), STATUS_SUCCESS);
    assert_string_equal(w.token->name, "lab\\ALICE");
    assert_int_equal(w.token->flags, SEC_TOKEN_NAME_ONLY);
    assert_true(has(w.token, "S-1-0-0"));
    assert_true(has(w.token, "S-1-5-11"));
    world_done(&w);
}

static void test_local_token(void **state)
{
    static const uint32_t gids[] = { 4, 27 };
    struct sec_token *t;
    (void)state;
    assert_int_equal(sec_token_local(4294967295U, 100, gids, 2, &t), STATUS_SUCCESS);
    assert_string_equal(t->name, "uid:4294967295");
    assert_int_equal(t->flags, SEC_TOKEN_LOCAL);
    assert_true(has(t, "S-1-22-1-4294967295"));
    assert_true(has(t, "S-1-22-2-27"));
    assert_true(has(t, "S-1-2-0"));
    assert_false(has(t, "S-1-5-2"));
    sec_token_unref(t);
    assert_int_equal(sec_token_local(0, 0, NULL, 0, &t), STATUS_SUCCESS);
    assert_string_equal(t->name, "uid:0");
    sec_token_unref(t);
    sec_token_unref(sec_token_ref(sec_token_anonymous()));
    sec_token_unref(NULL);
}

/* A database that says more than a token can hold. */
static void test_too_many_groups(void **state)
{
    struct sec_group *many = calloc(SEC_GROUPS_MAX + 1, sizeof *many);
    struct sec_account a = { .groups = many, .n_groups = SEC_GROUPS_MAX + 1, .account = "x" };
    struct sec_token_source s = { .mech = "ntlm", .account = &a };
    struct sec_token *t;
    (void)state;
    assert_int_equal(sec_token_new(&s, &t), STATUS_INVALID_SID);
    a.n_groups--;
    assert_int_equal(sec_token_new(&s, &t), STATUS_SUCCESS);
    assert_string_equal(t->name, "x");
    sec_token_unref(t);
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_account),
        cmocka_unit_test(test_account_refuses),
        cmocka_unit_test(test_hash_only),
        cmocka_unit_test(test_anonymous),
        cmocka_unit_test(test_anonymous_elsewhere),
        cmocka_unit_test(test_stranger),
        cmocka_unit_test(test_no_ntlm),
        cmocka_unit_test(test_expired),
        cmocka_unit_test(test_bindings),
        cmocka_unit_test(test_local_token),
        cmocka_unit_test(test_too_many_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
