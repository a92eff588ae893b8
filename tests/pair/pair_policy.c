// SPDX-License-Identifier: Apache-2.0
/* What a client learns and chooses, against our own server over memory: extended error information. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <msrpc/rpcecho.h>
#include "rpc/m_client.h"
#include "rpc/m_server.h"

#define SECOND UINT64_C(1000000000)

static const uint8_t hash[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

/* ---- world ---- */

struct world {
    struct nt_loop *loop;
    struct rpc_server *s;
    struct sec_creds *creds;
    struct rpc_binding *b;
    struct nt_arena *mem;
    struct nt_error err;
    struct rpc_error_record said[3];
    size_t n_said;
    char caller[64];
    enum sec_level level;
};

static enum nt_status add_one(struct rpc_server_call *call, struct rpcecho_echo_AddOne *r)
{
    struct world *w = rpc_server_arg(call);
    struct rpc_server_caller who = { .size = sizeof who };
    assert_int_equal(rpc_server_caller(call, &who), STATUS_SUCCESS);
    snprintf(w->caller, sizeof w->caller, "%s", who.name);
    w->level = who.level;
    for (size_t i = 0; i < w->n_said; i++)
        assert_int_equal(rpc_server_explain(call, &w->said[i]), STATUS_SUCCESS);
    if (r->in.in_data == UINT32_MAX)
        return STATUS_ACCESS_DENIED;
    r->out.out_data = r->in.in_data + 1;
    return STATUS_SUCCESS;
}

static enum nt_status echo_data(struct rpc_server_call *call, struct rpcecho_echo_EchoData *r)
{
    r->out.out_data = nt_arena_memdup(rpc_server_mem(call), r->in.in_data, r->in.len);
    return r->out.out_data ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

static const struct rpcecho_handlers handlers = { .echo_AddOne = add_one, .echo_EchoData = echo_data };

/* Everybody has the same password but mallory, whose is another one. */
static enum nt_status nt_hash(void *arg, const char16_t *user, size_t user_len, const char16_t *domain,
                              size_t domain_len, uint8_t ret[16])
{
    (void)arg;
    (void)domain;
    (void)domain_len;
    memcpy(ret, hash, 16);
    if (user_len == 7 && user[0] == u'm')
        ret[0] ^= 1;
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

static void world_init(struct world *w, size_t chunk, enum rpc_extended_errors told)
{
    struct io_mem_options mo = { NULL, chunk, SECOND, SIZE_MAX };
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct rpc_server_options so = RPC_SERVER_OPTIONS_INIT;
    memset(w, 0, sizeof *w);
    co.mech = SEC_MECH_NTLM;
    co.user = "LAB\\alice";
    co.nt_hash = hash;
    so.nt_hash = nt_hash;
    so.min_level = SEC_LEVEL_NONE;
    so.extended_errors = told;
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

static void world_done(struct world *w)
{
    turn(w, 50);
    rpc_server_free(w->s);
    nt_arena_free(w->mem);
    sec_creds_unref(w->creds);
    rpc_binding_unref(w->b);
    nt_loop_free(w->loop);
}

static enum nt_status open_conn(struct world *w, enum sec_level level, const char *provider,
                                struct rpc_conn **ret)
{
    struct rpc_options o = RPC_OPTIONS_INIT;
    o.creds = w->creds;
    o.level = level;
    o.provider = level > SEC_LEVEL_NONE ? provider : NULL;
    o.loop = w->loop;
    o.error = &w->err;
    o.timeout_ms = 5000;
    return rpc_open(w->b, &rpcecho_interface, &o, ret);
}

static enum nt_status add(struct world *w, struct rpc_conn *c, uint32_t n)
{
    struct rpcecho_echo_AddOne r = { .in.in_data = n };
    enum nt_status st = rpcecho_echo_AddOne(c, w->mem, &r);
    assert_int_equal(r.out.out_data, st == STATUS_SUCCESS ? n + 1 : 0);
    return st;
}

/* ---- extended errors ---- */

static void told(enum sec_level level, enum rpc_extended_errors who, size_t chunk, bool expected)
{
    struct world w;
    struct rpc_conn *c;
    const struct rpc_error_record *rec;
    world_init(&w, chunk, who);
    w.said[0] = (struct rpc_error_record){ .component = 2, .status = 5, .location = 17 };
    w.said[1] =
        (struct rpc_error_record){ .computer = "DC1",
                                   .component = 1,
                                   .status = 0xc0000034,
                                   .n_params = 1,
                                   .params = { { .kind = RPC_ERROR_TEXT, .text = "no key \a here" } } };
    w.n_said = 2;
    assert_int_equal(open_conn(&w, level, "ntlm", &c), STATUS_SUCCESS);
    assert_int_equal(rpc_conn_extended_error(c, &rec), 0);
    assert_int_equal(add(&w, c, 1), STATUS_SUCCESS); /* what is said of a call that succeeds is lost */
    assert_int_equal(rpc_conn_extended_error(c, &rec), 0);
    assert_int_equal(add(&w, c, UINT32_MAX), STATUS_ACCESS_DENIED);
    size_t n = rpc_conn_extended_error(c, &rec);
    assert_int_equal(n, expected ? 2 : 0);
    if (expected) {
        assert_int_equal(rec[0].location, 17);
        assert_true(rec[0].time > NT_TIME_UNIX_EPOCH);
        assert_string_equal(rec[1].computer, "DC1");
        assert_string_equal(rec[1].params[0].text, "no key \a here");
    }
    const char *why = rpc_conn_error(c);
    assert_int_equal(strstr(why, "STATUS_OBJECT_NAME_NOT_FOUND in application at 0 on DC1: no key ? here") !=
                         NULL,
                     expected);
    assert_int_equal(add(&w, c, 1), STATUS_SUCCESS); /* the next call forgets it; signatures are in step */
    assert_int_equal(rpc_conn_extended_error(c, &rec), 0);
    rpc_close(c);
    world_done(&w);
}

static void test_extended_errors(void **state)
{
    static const enum sec_level levels[] = { SEC_LEVEL_NONE, SEC_LEVEL_CONNECT, SEC_LEVEL_INTEGRITY,
                                             SEC_LEVEL_PRIVACY };
    (void)state;
    for (int i = 0; i < 4; i++)
        for (size_t chunk = 0; chunk < 60; chunk += 19) {
            told(levels[i], RPC_EXTENDED_NONE, chunk, false);
            told(levels[i], RPC_EXTENDED_CALLERS, chunk, levels[i] >= SEC_LEVEL_INTEGRITY);
            told(levels[i], RPC_EXTENDED_ALL, chunk, true);
        }
}

/* More than fits a fragment is left out; what cannot be sent is refused at once. */
static void test_extended_errors_limits(void **state)
{
    (void)state;
    struct world w;
    struct rpc_conn *c;
    const struct rpc_error_record *rec;
    static char text[3001];
    memset(text, 'x', 3000);
    world_init(&w, 0, RPC_EXTENDED_ALL);
    w.said[0] =
        (struct rpc_error_record){ .n_params = 1, .params = { { .kind = RPC_ERROR_TEXT, .text = text } } };
    w.n_said = 1;
    assert_int_equal(open_conn(&w, SEC_LEVEL_PRIVACY, "ntlm", &c), STATUS_SUCCESS);
    assert_int_equal(add(&w, c, UINT32_MAX), STATUS_ACCESS_DENIED); /* 6000 octets */
    assert_int_equal(rpc_conn_extended_error(c, &rec), 0);
    text[1000] = 0;
    assert_int_equal(add(&w, c, UINT32_MAX), STATUS_ACCESS_DENIED);
    assert_int_equal(rpc_conn_extended_error(c, &rec), 1);
    assert_string_equal(rec[0].params[0].text, text);
    assert_true(strlen(rpc_conn_error(c)) < sizeof(struct nt_error));
    rpc_close(c);
    world_done(&w);
}

/* ---- several security contexts ---- */

static struct sec_creds *user(const char *name)
{
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct sec_creds *creds;
    co.mech = SEC_MECH_NTLM;
    co.user = name;
    co.nt_hash = hash;
    assert_int_equal(sec_creds_new(&co, &creds, NULL), STATUS_SUCCESS);
    return creds;
}

static enum nt_status add_user(struct rpc_conn *c, const char *name, enum sec_level level,
                               const char *provider, uint32_t *ret)
{
    struct rpc_security s = RPC_SECURITY_INIT;
    s.creds = user(name);
    s.level = level;
    s.provider = provider;
    enum nt_status st = rpc_conn_add_security(c, &s, ret);
    sec_creds_unref(s.creds);
    return st;
}

static void use(struct rpc_conn *c, uint32_t security)
{
    struct rpc_call_options o = RPC_CALL_OPTIONS_INIT;
    o.security = security;
    rpc_conn_set(c, &o);
}

static void several(size_t chunk, const char *provider, bool no_header_sign)
{
    static const char *const names[] = { "LAB\\alice", "LAB\\bob", "LAB\\carol", "LAB\\dave" };
    static const enum sec_level levels[] = { SEC_LEVEL_PRIVACY, SEC_LEVEL_INTEGRITY, SEC_LEVEL_PRIVACY,
                                             SEC_LEVEL_INTEGRITY };
    struct rpc_options o = RPC_OPTIONS_INIT;
    uint32_t id[4] = { 0 };
    struct world w;
    struct rpc_conn *c;
    world_init(&w, chunk, RPC_EXTENDED_NONE);
    o.creds = w.creds;
    o.provider = provider;
    o.loop = w.loop;
    o.error = &w.err;
    o.no_header_sign = no_header_sign;
    assert_int_equal(rpc_open(w.b, &rpcecho_interface, &o, &c), STATUS_SUCCESS);
    for (int i = 1; i < 4; i++) {
        if (i == 2)
            assert_int_equal(add(&w, c, 1), STATUS_SUCCESS);
        if (add_user(c, names[i], levels[i], i == 3 ? "ntlm" : provider, &id[i]) != STATUS_SUCCESS)
            fail_msg("%s: %s", names[i], rpc_conn_error(c));
    }
    for (int turn = 0; turn < 12; turn++) {
        int i = (turn * 7) % 4;
        struct rpc_facts f = { .size = sizeof f };
        struct rpcecho_echo_EchoData r = { .in = { 9000, (uint8_t *)calloc(9000, 1) } };
        use(c, id[i]);
        assert_int_equal(add(&w, c, (uint32_t)turn), STATUS_SUCCESS);
        assert_string_equal(w.caller, names[i]);
        assert_int_equal(w.level, levels[i]);
        assert_int_equal(rpcecho_echo_EchoData(c, w.mem, &r), STATUS_SUCCESS); /* in fragments */
        free((void *)(uintptr_t)r.in.in_data);
        assert_int_equal(rpc_conn_facts(c, &f), STATUS_SUCCESS);
        assert_int_equal(f.level, levels[i]);
        assert_int_equal(f.security, i + 1);
        assert_int_equal(f.securities, 4);
        assert_int_equal(f.security_key_len, 16);
        assert_string_equal(f.principal, "host/srv");
        assert_int_equal(f.header_sign, !no_header_sign);
        assert_true(f.many_securities);
    }
    rpc_close(c);
    world_done(&w);
}

static void test_several(void **state)
{
    (void)state;
    for (size_t chunk = 0; chunk < 100; chunk += 33)
        for (int i = 0; i < 4; i++)
            several(chunk, i & 1 ? "ntlm" : "spnego", i & 2);
}

/* Many calls of several users on the wire at a time. */
struct tally {
    unsigned left, failed;
};

static void tally_done(void *arg, enum nt_status st)
{
    struct tally *t = arg;
    t->left--;
    t->failed += st != STATUS_SUCCESS;
}

static void test_several_at_once(void **state)
{
    (void)state;
    static struct rpcecho_echo_AddOne r[90];
    struct tally t = { 0, 0 };
    struct world w;
    struct rpc_conn *c;
    uint32_t id[3] = { 0 };
    world_init(&w, 50, RPC_EXTENDED_NONE);
    assert_int_equal(open_conn(&w, SEC_LEVEL_PRIVACY, "ntlm", &c), STATUS_SUCCESS);
    assert_int_equal(add_user(c, "LAB\\bob", SEC_LEVEL_PRIVACY, "ntlm", &id[1]), STATUS_SUCCESS);
    struct rpc_security s = RPC_SECURITY_INIT;
    s.creds = user("LAB\\carol");
    s.provider = "spnego";
    for (uint32_t i = 0; i < 90; i++) {
        use(c, id[i < 45 ? i % 2 : i % 3]);
        r[i].in.in_data = i;
        if (i == 45) { /* what waits behind it is sent when it stands */
            assert_int_equal(rpc_conn_add_security_send(c, &s, tally_done, &t, &id[2]), STATUS_SUCCESS);
            for (t.left++; t.left;)
                turn(&w, 1);
            use(c, id[i % 3]);
        }
        assert_int_equal(rpcecho_echo_AddOne_send(c, w.mem, &r[i], tally_done, &t, NULL), STATUS_SUCCESS);
        t.left++;
    }
    sec_creds_unref(s.creds);
    while (t.left)
        turn(&w, 1);
    assert_int_equal(t.failed, 0);
    for (uint32_t i = 0; i < 90; i++)
        assert_int_equal(r[i].out.out_data, i + 1);
    rpc_close(c);
    world_done(&w);
}

static void test_several_refused(void **state)
{
    (void)state;
    struct world w;
    struct rpc_conn *c;
    uint32_t id = 77;
    world_init(&w, 0, RPC_EXTENDED_NONE);
    /* nothing to tell requests apart by */
    static const enum sec_level weak[] = { SEC_LEVEL_NONE, SEC_LEVEL_CONNECT };
    for (int i = 0; i < 2; i++) {
        assert_int_equal(open_conn(&w, weak[i], "ntlm", &c), STATUS_SUCCESS);
        assert_int_equal(add_user(c, "LAB\\bob", SEC_LEVEL_PRIVACY, "ntlm", &id), STATUS_INVALID_PARAMETER);
        assert_int_equal(add(&w, c, 1), STATUS_SUCCESS);
        rpc_close(c);
    }
    assert_int_equal(open_conn(&w, SEC_LEVEL_PRIVACY, "ntlm", &c), STATUS_SUCCESS);
    assert_int_equal(add_user(c, "LAB\\bob", SEC_LEVEL_CONNECT, "ntlm", &id), STATUS_INVALID_PARAMETER);
    assert_int_equal(add_user(c, "LAB\\bob", SEC_LEVEL_PRIVACY, "rot13", &id), STATUS_NOT_SUPPORTED);
    /* one that was never made: nothing is sent under another one instead */
    use(c, 2);
    assert_int_equal(add(&w, c, 1), STATUS_INVALID_PARAMETER);
    use(c, 0);
    assert_int_equal(add(&w, c, 1), STATUS_SUCCESS);
    assert_int_equal(id, 77);
    /* as many as there may be, and not one more */
    for (int i = 1; i < RPC_SECURITY_CONTEXTS_MAX; i++)
        assert_int_equal(add_user(c, "LAB\\bob", SEC_LEVEL_PRIVACY, "ntlm", &id), STATUS_SUCCESS);
    assert_int_equal(add_user(c, "LAB\\bob", SEC_LEVEL_PRIVACY, "ntlm", &id), STATUS_INSUFFICIENT_RESOURCES);
    use(c, id);
    assert_int_equal(add(&w, c, 1), STATUS_SUCCESS);
    rpc_close(c);
    /* a wrong password: the server says so in the end, and what was good before is lost with the connection
     */
    assert_int_equal(open_conn(&w, SEC_LEVEL_PRIVACY, "ntlm", &c), STATUS_SUCCESS);
    assert_int_not_equal(add_user(c, "LAB\\mallory", SEC_LEVEL_PRIVACY, "spnego", &id), STATUS_SUCCESS);
    assert_false(rpc_conn_alive(c));
    rpc_close(c);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_several_at_once),
        cmocka_unit_test(test_several_refused),
        cmocka_unit_test(test_extended_errors),
        cmocka_unit_test(test_extended_errors_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
