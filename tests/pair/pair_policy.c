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
};

static enum nt_status add_one(struct rpc_server_call *call, struct rpcecho_echo_AddOne *r)
{
    struct world *w = rpc_server_arg(call);
    for (size_t i = 0; i < w->n_said; i++)
        assert_int_equal(rpc_server_explain(call, &w->said[i]), STATUS_SUCCESS);
    if (r->in.in_data == UINT32_MAX)
        return STATUS_ACCESS_DENIED;
    r->out.out_data = r->in.in_data + 1;
    return STATUS_SUCCESS;
}

static const struct rpcecho_handlers handlers = { .echo_AddOne = add_one };

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_extended_errors),
        cmocka_unit_test(test_extended_errors_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
