// SPDX-License-Identifier: Apache-2.0
/* The RPC client against a scripted server over memory: honest in every split, and lying in every way we
 * know. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "fake_rpc.h"

/* ---- allocations that fail (the linker's --wrap) ---- */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t m);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t m);
void *__wrap_realloc(void *p, size_t n);

static unsigned fail_at, seen; /* fail_at 0: none */

static bool fails(void)
{
    return fail_at && ++seen == fail_at;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t m)
{
    return fails() ? NULL : __real_calloc(n, m);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}

/* ---- world ---- */

static enum nt_status fixed_random(void *arg, void *buf, size_t len)
{
    (void)arg;
    memset(buf, 0x5a, len);
    return STATUS_SUCCESS;
}

static uint64_t fixed_wall(void *arg)
{
    (void)arg;
    return UINT64_C(133000000000000000);
}

static uint64_t fixed_monotonic(void *arg)
{
    (void)arg;
    return 1;
}

static const struct nt_env env = { sizeof env, NULL, fixed_random, fixed_wall, fixed_monotonic, NULL, 0 };
static const uint8_t hash[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

#define SECOND UINT64_C(1000000000)

struct world {
    struct fake f;
    struct sec_creds *creds;
    struct rpc_binding *b;
    struct rpc_conn *c;
    struct nt_arena *mem;
    struct nt_error err;
};

static void world_init(struct world *w, size_t chunk, size_t cut_after)
{
    struct io_mem_options mo = { &env, chunk, SECOND, cut_after };
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    memset(w, 0, sizeof *w);
    co.mech = SEC_MECH_NTLM;
    co.user = "LAB\\alice";
    co.nt_hash = hash;
    assert_int_equal(io_mem_loop_new(&mo, &w->f.loop), STATUS_SUCCESS);
    assert_int_equal(sec_creds_new(&co, &w->creds, NULL), STATUS_SUCCESS);
    assert_int_equal(rpc_binding_parse("ncacn_ip_tcp:srv[1000]", &w->b, NULL), STATUS_SUCCESS);
    w->mem = nt_arena_new(0);
    assert_non_null(w->mem);
    w->f.env = &env;
    w->f.nt_hash = hash;
    fake_listen(&w->f);
}

static void world_done(struct world *w)
{
    rpc_close(w->c);
    for (int i = 0; i < 50 && w->f.conns; i++) {
        enum nt_status st = nt_loop_run(w->f.loop, 0);
        (void)st;
    }
    assert_int_equal(w->f.conns, 0);
    nt_arena_free(w->mem);
    sec_creds_unref(w->creds);
    rpc_binding_unref(w->b);
    nt_loop_free(w->f.loop);
}

static struct rpc_options options(struct world *w, enum sec_level level, const char *provider)
{
    struct rpc_options o = RPC_OPTIONS_INIT;
    o.creds = w->creds;
    o.level = level;
    o.provider = provider;
    o.loop = w->f.loop;
    o.env = &env;
    o.error = &w->err;
    o.timeout_ms = 5000;
    return o;
}

static enum nt_status open_with(struct world *w, enum sec_level level, const char *provider)
{
    struct rpc_options o = options(w, level, provider);
    return rpc_open(w->b, &fake_iface, &o, &w->c);
}

static uint8_t pattern[100000];

static enum nt_status echo(struct world *w, const struct rpc_op *op, uint32_t len)
{
    struct echo r = { .in = { len, pattern } };
    enum nt_status st = rpc_run(w->c, op, w->mem, &r);
    if (st == STATUS_SUCCESS) {
        assert_int_equal(r.out.len, len);
        assert_memory_equal(r.out.data, pattern, len);
    } else {
        assert_int_equal(r.out.len, 0);
        assert_null(r.out.data);
    }
    return st;
}

static const struct {
    enum sec_level level;
    const char *provider;
} securities[] = {
    { SEC_LEVEL_NONE, NULL },      { SEC_LEVEL_CONNECT, "ntlm" },     { SEC_LEVEL_INTEGRITY, "ntlm" },
    { SEC_LEVEL_PRIVACY, "ntlm" }, { SEC_LEVEL_INTEGRITY, "spnego" }, { SEC_LEVEL_PRIVACY, "spnego" },
};
#define SECURITIES (sizeof securities / sizeof securities[0])

/* ---- honest ---- */

static void honest(size_t chunk, size_t frag, unsigned s)
{
    struct world w;
    world_init(&w, chunk, 0);
    w.f.frag = frag;
    assert_int_equal(open_with(&w, securities[s].level, securities[s].provider), STATUS_SUCCESS);
    assert_int_equal(echo(&w, &echo_op, 3), STATUS_SUCCESS);
    assert_int_equal(echo(&w, &echo_op, 0), STATUS_SUCCESS);
    assert_int_equal(echo(&w, &echo_op, 700), STATUS_SUCCESS);
    assert_int_equal(w.f.problem, STATUS_SUCCESS);
    assert_int_equal(w.f.requests, 3);
    /* the verification trailer comes once, with the first request */
    assert_int_equal(w.f.trailers, securities[s].level >= SEC_LEVEL_INTEGRITY ? 1 : 0);
    world_done(&w);
}

static void test_splits(void **state)
{
    (void)state;
    for (unsigned s = 0; s < SECURITIES; s++)
        for (size_t chunk = 0; chunk < 70; chunk++)
            honest(chunk, 0, s);
}

static void test_fragment_sizes(void **state)
{
    (void)state;
    static const size_t sizes[] = { 1, 2, 3, 5, 8, 15, 16, 17, 31, 64, 100, 255, 700 };
    for (unsigned s = 0; s < SECURITIES; s++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
            honest(i % 2 ? 0 : 13, sizes[i], s);
}

/* Requests of every size around the ends of fragments, so that the verification trailer is cut everywhere it
 * could. */
static void test_long_requests(void **state)
{
    (void)state;
    for (unsigned s = 0; s < SECURITIES; s++)
        for (uint32_t len = 1300; len < 1460; len++) {
            struct world w;
            world_init(&w, 0, 0);
            struct rpc_options o = options(&w, securities[s].level, securities[s].provider);
            o.max_fragment = RPC_FRAG_MIN;
            w.f.frag = 1024;
            assert_int_equal(rpc_open(w.b, &fake_iface, &o, &w.c), STATUS_SUCCESS);
            assert_int_equal(echo(&w, &echo_op, len), STATUS_SUCCESS);
            if (len % 40 == 0)
                assert_int_equal(echo(&w, &echo_op, 90000 + len), STATUS_SUCCESS);
            assert_int_equal(w.f.problem, STATUS_SUCCESS);
            world_done(&w);
        }
}

static void test_object_and_header2(void **state)
{
    (void)state;
    static const struct nt_guid object = { 7, 8, 9, { 1 } };
    struct rpc_call_options co = RPC_CALL_OPTIONS_INIT;
    struct world w;
    world_init(&w, 0, 0);
    w.f.lie = ACK_NO_HEADER_SIGN; /* allowed: then the trailer repeats the header in each request */
    assert_int_equal(open_with(&w, SEC_LEVEL_PRIVACY, "ntlm"), STATUS_SUCCESS);
    struct rpc_facts facts = { .size = sizeof facts };
    assert_int_equal(rpc_conn_facts(w.c, &facts), STATUS_SUCCESS);
    assert_false(facts.header_sign);
    assert_string_equal(facts.provider, "ntlm");
    assert_int_equal(echo(&w, &echo_op, 5), STATUS_SUCCESS);
    co.object = &object;
    rpc_conn_set(w.c, &co);
    assert_int_equal(echo(&w, &echo_op, 50), STATUS_SUCCESS);
    assert_int_equal(echo(&w, &echo_op, 9000), STATUS_SUCCESS);
    assert_int_equal(w.f.trailers, 3);
    assert_int_equal(w.f.problem, STATUS_SUCCESS);
    world_done(&w);
}

static void test_big_endian(void **state)
{
    (void)state;
    for (size_t frag = 0; frag < 20; frag++) {
        struct world w;
        world_init(&w, frag, 0);
        w.f.big = true;
        w.f.frag = frag * 8;
        assert_int_equal(open_with(&w, SEC_LEVEL_NONE, NULL), STATUS_SUCCESS);
        assert_int_equal(echo(&w, &echo_op, 300), STATUS_SUCCESS);
        world_done(&w);
    }
}

static void test_second_interface(void **state)
{
    (void)state;
    for (unsigned s = 0; s < SECURITIES; s++) {
        struct world w;
        world_init(&w, 7, 0);
        assert_int_equal(open_with(&w, securities[s].level, securities[s].provider), STATUS_SUCCESS);
        assert_int_equal(echo(&w, &echo2_op, 4), RPC_NT_UNKNOWN_IF);
        assert_int_equal(rpc_add_interface(w.c, &fake_iface2), STATUS_SUCCESS);
        assert_int_equal(rpc_add_interface(w.c, &fake_iface2), STATUS_SUCCESS);
        assert_int_equal(echo(&w, &echo2_op, 4), STATUS_SUCCESS);
        assert_int_equal(echo(&w, &echo_op, 4), STATUS_SUCCESS);
        assert_int_equal(w.f.problem, STATUS_SUCCESS);
        world_done(&w);
    }
}

/* An operation of an interface that was not bound goes through one that inherits from it. */
static void test_inherited(void **state)
{
    (void)state;
    struct rpc_interface root = fake_iface2, derived = fake_iface2;
    root.name = "root";
    root.syntax.uuid.a = 0x77223344;
    derived.base = &root;
    struct rpc_op op = echo2_op;
    op.iface = &root;
    for (unsigned s = 0; s < SECURITIES; s++) {
        struct world w;
        world_init(&w, 7, 0);
        assert_int_equal(open_with(&w, securities[s].level, securities[s].provider), STATUS_SUCCESS);
        assert_int_equal(rpc_add_interface(w.c, &derived), STATUS_SUCCESS);
        assert_int_equal(echo(&w, &op, 4), STATUS_SUCCESS);
        derived.base = NULL;
        assert_int_equal(echo(&w, &op, 4), RPC_NT_UNKNOWN_IF);
        derived.base = &root;
        assert_int_equal(w.f.problem, STATUS_SUCCESS);
        world_done(&w);
    }
}

/* ---- lies ---- */

enum { NONE = 1, SIGN = 2, SEAL = 4, ALL = 7, SECURE = 6 };

static const struct {
    enum lie lie;
    unsigned where; /* with which levels it is tried */
    enum nt_status st;
    size_t frag;
    bool alive; /* the connection survives */
} lies[] = {
    { ACK_DROPS_AUTH, SECURE, STATUS_ACCESS_DENIED },
    { ACK_LEVEL, SECURE, STATUS_ACCESS_DENIED },
    { ACK_TYPE, SECURE, STATUS_ACCESS_DENIED },
    { ACK_AUTH_CTX, SECURE, STATUS_ACCESS_DENIED },
    { ACK_CALL_ID, ALL, RPC_NT_PROTOCOL_ERROR },
    { ACK_ONE_RESULT, ALL, RPC_NT_PROTOCOL_ERROR },
    { ACK_THREE_RESULTS, ALL, RPC_NT_PROTOCOL_ERROR },
    { ACK_SYNTAX, ALL, RPC_NT_PROTOCOL_ERROR },
    { ACK_REJECTS_IF, ALL, RPC_NT_UNKNOWN_IF },
    { ACK_REJECTS_TRANSFER, ALL, RPC_NT_UNSUPPORTED_TRANS_SYN },
    { ACK_REJECTS_USER, ALL, STATUS_ACCESS_DENIED },
    { ACK_SMALL_FRAG, ALL, RPC_NT_PROTOCOL_ERROR },
    { ACK_NOT_LAST, ALL, RPC_NT_PROTOCOL_ERROR },
    { ACK_TRUNCATED, NONE, RPC_NT_PROTOCOL_ERROR },
    { ACK_FRAG_LEN_0, ALL, RPC_NT_PROTOCOL_ERROR },
    { ACK_FRAG_LEN_15, ALL, RPC_NT_PROTOCOL_ERROR },
    { ACK_AUTH_LEN, ALL, RPC_NT_PROTOCOL_ERROR },
    { ACK_UNASKED_AUTH, NONE, RPC_NT_PROTOCOL_ERROR },
    { ACK_IS_NAK, NONE, RPC_NT_CALL_FAILED },
    { ACK_IS_NAK, SECURE, STATUS_ACCESS_DENIED },
    { ACK_NAK_TYPE, ALL, RPC_NT_UNKNOWN_AUTHN_SERVICE },
    { ACK_IS_FAULT, ALL, STATUS_ACCESS_DENIED },
    { ACK_IS_RESPONSE, ALL, RPC_NT_PROTOCOL_ERROR },
    { ACK_VERSION, ALL, RPC_NT_PROTOCOL_ERROR },
    { ACK_DREP, ALL, RPC_NT_PROTOCOL_ERROR },
    { ACK_PTYPE, ALL, RPC_NT_PROTOCOL_ERROR },
    { ACK_TWICE, ALL, RPC_NT_PROTOCOL_ERROR },
    { ACK_HANGUP, ALL, STATUS_CONNECTION_DISCONNECTED },
    { ACK_SILENT, ALL, STATUS_IO_TIMEOUT },
    { ACK_NO_FEATURES, ALL, STATUS_SUCCESS, 0, true },
    { RSP_UNSIGNED, SECURE, STATUS_ACCESS_DENIED },
    { RSP_SECOND_UNSIGNED, SECURE, STATUS_ACCESS_DENIED, 64 },
    { RSP_LEVEL, SECURE, RPC_NT_PROTOCOL_ERROR },
    { RSP_TYPE, SECURE, RPC_NT_PROTOCOL_ERROR },
    { RSP_AUTH_CTX, SECURE, RPC_NT_PROTOCOL_ERROR },
    { RSP_FLIP, SECURE, STATUS_ACCESS_DENIED },
    { RSP_FLIP_HEADER, SECURE, STATUS_ACCESS_DENIED },
    { RSP_FLIP_TOKEN, SECURE, STATUS_ACCESS_DENIED },
    { RSP_REPLAY, SECURE, STATUS_ACCESS_DENIED, 64 },
    { RSP_PAD, SECURE, RPC_NT_PROTOCOL_ERROR, 64 },
    { RSP_CALL_ID, ALL, RPC_NT_PROTOCOL_ERROR },
    { RSP_CTX, ALL, RPC_NT_PROTOCOL_ERROR },
    { RSP_NO_FIRST, ALL, RPC_NT_PROTOCOL_ERROR },
    { RSP_TWO_FIRST, ALL, RPC_NT_PROTOCOL_ERROR, 64 },
    { RSP_LONG_FRAG, ALL, RPC_NT_PROTOCOL_ERROR },
    { RSP_ALLOC_HINT, ALL, RPC_NT_PROTOCOL_ERROR, 64 },
    { RSP_FAULT, ALL, RPC_NT_PROCNUM_OUT_OF_RANGE, 0, true },
    { RSP_FAULT_ZERO, ALL, RPC_NT_CALL_FAILED, 0, true },
    { RSP_FAULT_SIGNED, ALL, RPC_NT_PROCNUM_OUT_OF_RANGE, 0, true },
    { RSP_FAULT_MIDDLE, ALL, RPC_NT_PROCNUM_OUT_OF_RANGE, 64, true },
    { RSP_SHORT, ALL, RPC_NT_BAD_STUB_DATA, 0, true },
    { RSP_COUNT, ALL, RPC_NT_BAD_STUB_DATA, 0, true },
    { RSP_HANGUP, ALL, STATUS_CONNECTION_DISCONNECTED },
    { RSP_HANGUP_MIDDLE, ALL, STATUS_CONNECTION_DISCONNECTED, 64 },
    { RSP_UNASKED_AUTH, NONE, RPC_NT_PROTOCOL_ERROR },
    { RSP_DREP_CHANGES, NONE, RPC_NT_PROTOCOL_ERROR, 64 },
    { RSP_TWICE, ALL, STATUS_SUCCESS, 0, false },
    { RSP_SILENT, ALL, STATUS_IO_TIMEOUT, 0, true },
};

static void one_lie(size_t i, unsigned s, size_t chunk)
{
    struct world w;
    world_init(&w, chunk, 0);
    w.f.lie = lies[i].lie;
    w.f.frag = lies[i].frag;
    enum nt_status st = open_with(&w, securities[s].level, securities[s].provider);
    bool opened = st == STATUS_SUCCESS;
    if (opened) {
        st = echo(&w, &echo_op, lies[i].lie == RSP_LONG_FRAG ? 7000 : 200);
        if (lies[i].lie ==
            RSP_TWICE) /* the second answer comes when nobody waits: seen by the next call at the latest */
            assert_int_not_equal(echo(&w, &echo_op, 1), STATUS_SUCCESS);
        assert_int_equal(rpc_conn_alive(w.c), lies[i].alive);
        if (st != STATUS_SUCCESS)
            snprintf(w.err.text, sizeof w.err.text, "%s", rpc_conn_error(w.c));
    }
    if (st != lies[i].st)
        fail_msg("lie %u (row %zu) with security %u, chunk %zu: 0x%08x instead of 0x%08x: %s", lies[i].lie, i,
                 s, chunk, st, lies[i].st, w.err.text);
    if (st != STATUS_SUCCESS)
        assert_true(strlen(w.err.text) > 20);
    if (!opened)
        assert_int_equal(w.f.requests, 0);
    if (opened && !lies[i].alive && lies[i].lie != RSP_TWICE)
        assert_int_not_equal(echo(&w, &echo_op, 1), STATUS_SUCCESS);
    if (opened && lies[i].alive) { /* and is as good as new */
        w.f.lie = HONEST;
        assert_int_equal(echo(&w, &echo_op, 100), STATUS_SUCCESS);
    }
    world_done(&w);
}

static void test_lies(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++)
        for (unsigned s = 0; s < SECURITIES; s++) {
            unsigned bit = securities[s].level == SEC_LEVEL_NONE        ? NONE
                           : securities[s].level == SEC_LEVEL_INTEGRITY ? SIGN
                           : securities[s].level == SEC_LEVEL_PRIVACY   ? SEAL
                                                                        : 0;
            if (lies[i].where & bit) {
                one_lie(i, s, 0);
                one_lie(i, s, 1);
                one_lie(i, s, 23);
            }
        }
}

/* Extended error information, wherever it may come: it is told, and believed only where it could not be put
 * in by others. */
static void test_extended_errors(void **state)
{
    (void)state;
    static const enum lie where[] = { RSP_FAULT, RSP_FAULT_SIGNED, ACK_IS_FAULT, ACK_IS_NAK, ALTER_FAULT };
    struct rpc_error_record one = { .component = 3, .status = 0xc0000022 };
    struct nt_arena *mem = nt_arena_new(0);
    const struct rpc_error_record *rec;
    struct nt_blob blob;
    assert_int_equal(rpc_eerr_encode(&(struct rpc_error_list){ &one, 1 }, mem, &blob), STATUS_SUCCESS);
    for (size_t i = 0; i < sizeof where / sizeof where[0]; i++)
        for (unsigned s = 0; s < SECURITIES; s++) {
            bool signs = securities[s].level >= SEC_LEVEL_INTEGRITY;
            struct world w;
            world_init(&w, 3, 0);
            w.f.extended = blob;
            w.f.lie = where[i] == ALTER_FAULT ? HONEST : where[i];
            enum nt_status st = open_with(&w, securities[s].level, securities[s].provider);
            if (where[i] == ACK_IS_FAULT || where[i] == ACK_IS_NAK) {
                assert_int_not_equal(st, STATUS_SUCCESS);
                assert_non_null(strstr(w.err.text, "STATUS_ACCESS_DENIED in security provider"));
                world_done(&w);
                continue;
            }
            assert_int_equal(st, STATUS_SUCCESS);
            w.f.lie = where[i];
            bool believed = where[i] == RSP_FAULT ? !signs : true;
            if (where[i] == ALTER_FAULT) {
                assert_int_equal(rpc_add_interface(w.c, &fake_iface2), STATUS_ACCESS_DENIED);
                believed = !signs;
            } else {
                assert_int_equal(echo(&w, &echo_op, 10), RPC_NT_PROCNUM_OUT_OF_RANGE);
                assert_int_equal(rpc_conn_extended_error(w.c, &rec), believed);
            }
            assert_int_equal(strstr(rpc_conn_error(w.c), "in security provider") != NULL, believed);
            world_done(&w);
        }
    nt_arena_free(mem);
}

/* A further security context: every lie about it ends the connection, and nothing is sent under it. */
static void test_security_lies(void **state)
{
    (void)state;
    static const enum lie about[] = { HONEST,       ACK_DROPS_AUTH, ACK_LEVEL,      ACK_TYPE,
                                      ACK_AUTH_CTX, ACK_CALL_ID,    ACK_NOT_LAST,   ACK_THREE_RESULTS,
                                      ACK_SYNTAX,   ACK_IS_NAK,     ACK_REJECTS_IF, ACK_IS_RESPONSE,
                                      ACK_IS_FAULT, ACK_HANGUP,     ACK_SILENT,     ACK_TRUNCATED,
                                      ACK_AUTH_LEN, ACK_PTYPE };
    for (size_t i = 0; i < sizeof about / sizeof about[0]; i++)
        for (int k = 0; k < 2; k++) {
            struct rpc_security s = RPC_SECURITY_INIT;
            struct rpc_call_options o = RPC_CALL_OPTIONS_INIT;
            struct world w;
            uint32_t id = 0;
            world_init(&w, k ? 0 : 11, 0);
            assert_int_equal(open_with(&w, SEC_LEVEL_INTEGRITY, "ntlm"), STATUS_SUCCESS);
            w.f.lie = about[i];
            s.creds = w.creds;
            s.provider = k ? "spnego" : "ntlm";
            enum nt_status st = rpc_conn_add_security(w.c, &s, &id);
            if ((st == STATUS_SUCCESS) != (about[i] == HONEST))
                fail_msg("lie %u: 0x%08x %s", about[i], st, rpc_conn_error(w.c));
            assert_int_equal(rpc_conn_alive(w.c), st == STATUS_SUCCESS);
            assert_int_equal(id, st == STATUS_SUCCESS ? 2 : 0);
            o.security = id;
            rpc_conn_set(w.c, &o);
            assert_int_equal(echo(&w, &echo_op, 100) == STATUS_SUCCESS, st == STATUS_SUCCESS);
            assert_int_equal(w.f.requests, st == STATUS_SUCCESS);
            assert_int_equal(w.f.problem, STATUS_SUCCESS);
            world_done(&w);
        }
}

/* A server that does not know of several contexts is not asked for one. */
static void test_one_security(void **state)
{
    (void)state;
    struct rpc_security s = RPC_SECURITY_INIT;
    struct world w;
    uint32_t id = 0;
    world_init(&w, 0, 0);
    w.f.lie = ACK_NO_FEATURES;
    assert_int_equal(open_with(&w, SEC_LEVEL_PRIVACY, "ntlm"), STATUS_SUCCESS);
    s.creds = w.creds;
    assert_int_equal(rpc_conn_add_security(w.c, &s, &id), STATUS_NOT_SUPPORTED);
    assert_int_equal(w.f.alters, 0);
    assert_int_equal(echo(&w, &echo_op, 10), STATUS_SUCCESS);
    world_done(&w);
}

/* Every PDU type as the answer to a request and, by ACK_PTYPE and kin above, to a bind. */
static void test_ptypes(void **state)
{
    (void)state;
    for (unsigned t = 0; t < 25; t++) {
        struct world w;
        world_init(&w, 0, 0);
        w.f.lie = RSP_PTYPE;
        w.f.ptype = (uint8_t)t;
        assert_int_equal(open_with(&w, SEC_LEVEL_NONE, NULL), STATUS_SUCCESS);
        enum nt_status st = echo(&w, &echo_op, 200);
        switch (t) {
        case RPC_PT_RESPONSE:
            assert_int_equal(st, STATUS_SUCCESS);
            break;
        case RPC_PT_FAULT:
            assert_false(nt_ok(st));
            assert_true(rpc_conn_alive(w.c));
            break;
        case RPC_PT_SHUTDOWN: /* says nothing about the call, which then times out */
        case RPC_PT_REQUEST:  /* a callback inside of the call, which is refused */
            assert_int_equal(st, STATUS_IO_TIMEOUT);
            break;
        default:
            assert_int_equal(st, RPC_NT_PROTOCOL_ERROR);
            assert_false(rpc_conn_alive(w.c));
        }
        world_done(&w);
    }
}

static void test_alter_lies(void **state)
{
    (void)state;
    static const struct {
        enum lie lie;
        enum nt_status st;
        bool alive;
    } rows[] = {
        { ALTER_REJECTS, RPC_NT_UNKNOWN_IF, true },
        { ALTER_IS_RESPONSE, RPC_NT_PROTOCOL_ERROR, false },
        { ALTER_TWO_RESULTS, RPC_NT_PROTOCOL_ERROR, false },
        { ALTER_FAULT, STATUS_ACCESS_DENIED, true },
        { ALTER_UNKNOWN_AUTH, RPC_NT_PROTOCOL_ERROR, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (unsigned s = 0; s < SECURITIES; s++) {
            struct world w;
            world_init(&w, 0, 0);
            assert_int_equal(open_with(&w, securities[s].level, securities[s].provider), STATUS_SUCCESS);
            w.f.lie = rows[i].lie;
            assert_int_equal(rpc_add_interface(w.c, &fake_iface2), rows[i].st);
            assert_int_equal(rpc_conn_alive(w.c), rows[i].alive);
            w.f.lie = HONEST;
            assert_int_not_equal(echo(&w, &echo2_op, 4), STATUS_SUCCESS);
            if (rows[i].alive)
                assert_int_equal(echo(&w, &echo_op, 4), STATUS_SUCCESS);
            world_done(&w);
        }
}

/* The server stops after each byte. */
static void test_cuts(void **state)
{
    (void)state;
    static const unsigned which[] = { 0, 3, 5 };
    for (size_t k = 0; k < sizeof which / sizeof which[0]; k++) {
        bool through = false;
        for (size_t cut = 1; !through; cut++) {
            struct world w;
            world_init(&w, 0, cut);
            w.f.frag = 64;
            enum nt_status st = open_with(&w, securities[which[k]].level, securities[which[k]].provider);
            if (st == STATUS_SUCCESS)
                st = echo(&w, &echo_op, 200);
            through = st == STATUS_SUCCESS;
            if (!through)
                assert_int_equal(st, STATUS_CONNECTION_DISCONNECTED);
            assert_true(cut < 5000);
            world_done(&w);
        }
    }
}

/* ---- nobody there, wrong password ---- */

static void test_refused(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 0, 0);
    w.f.refuse = STATUS_CONNECTION_REFUSED;
    assert_int_equal(open_with(&w, SEC_LEVEL_NONE, NULL), STATUS_CONNECTION_REFUSED);
    assert_non_null(strstr(w.err.text, "ncacn_ip_tcp:srv[1000]"));
    assert_non_null(strstr(w.err.text, "STATUS_CONNECTION_REFUSED"));
    world_done(&w);
}

static void test_wrong_password(void **state)
{
    (void)state;
    static const uint8_t other[16] = { 9 };
    struct world w;
    world_init(&w, 0, 0);
    w.f.nt_hash = other;
    assert_int_equal(open_with(&w, SEC_LEVEL_PRIVACY, "spnego"), STATUS_ACCESS_DENIED);
    assert_non_null(strstr(w.err.text, "privacy by spnego"));
    world_done(&w);
}

static void test_no_creds(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 0, 0);
    struct rpc_options o = options(&w, SEC_LEVEL_DEFAULT, NULL);
    o.creds = NULL;
    assert_int_equal(rpc_open(w.b, &fake_iface, &o, &w.c), STATUS_INVALID_PARAMETER);
    o.level = SEC_LEVEL_PRIVACY;
    o.provider = "rot13";
    assert_int_equal(rpc_open(w.b, &fake_iface, &o, &w.c), STATUS_NOT_SUPPORTED);
    o = options(&w, (enum sec_level)4, "ntlm");
    assert_int_equal(rpc_open(w.b, &fake_iface, &o, &w.c), STATUS_INVALID_PARAMETER);
    o = options(&w, SEC_LEVEL_NONE, NULL);
    o.max_fragment = 100;
    assert_int_equal(rpc_open(w.b, &fake_iface, &o, &w.c), STATUS_INVALID_PARAMETER);
    assert_int_equal(w.f.dials, 0);
    world_done(&w);
}

/* The default on TCP is privacy by SPNEGO. */
static void test_default(void **state)
{
    (void)state;
    struct world w;
    struct rpc_facts f = { .size = sizeof f };
    struct nt_blob key;
    world_init(&w, 0, 0);
    assert_int_equal(open_with(&w, SEC_LEVEL_DEFAULT, NULL), STATUS_SUCCESS);
    assert_int_equal(rpc_conn_facts(w.c, &f), STATUS_SUCCESS);
    assert_int_equal(f.level, SEC_LEVEL_PRIVACY);
    assert_string_equal(f.provider, "spnego/ntlm");
    assert_true(f.header_sign);
    assert_int_equal(f.assoc_group, 0x1234);
    assert_string_equal(f.host, "srv");
    assert_int_equal(rpc_conn_session_key(w.c, &key), STATUS_NO_USER_SESSION_KEY);
    world_done(&w);
}

/* ---- time-outs, cancel ---- */

struct seen_call {
    unsigned n, order;
    enum nt_status st;
    struct world *w;
};

static unsigned order;

static void note(void *arg, enum nt_status st)
{
    struct seen_call *s = arg;
    s->n++;
    s->st = st;
    s->order = ++order;
}

static bool noted(void *arg)
{
    return ((struct seen_call *)arg)->n > 0;
}

static void wait_for(struct world *w, struct seen_call *s)
{
    assert_int_equal(io_wait(w->f.loop, noted, s, io_loop_now(w->f.loop) + 60 * SECOND, NULL),
                     STATUS_SUCCESS);
}

static void test_timeout(void **state)
{
    (void)state;
    struct rpc_call_options co = RPC_CALL_OPTIONS_INIT;
    for (int keep = 0; keep < 2; keep++) {
        struct world w;
        world_init(&w, 0, 0);
        w.f.lie = keep ? HONEST : ACK_NO_FEATURES;
        assert_int_equal(open_with(&w, SEC_LEVEL_PRIVACY, "ntlm"), STATUS_SUCCESS);
        co.timeout_ms = 700;
        rpc_conn_set(w.c, &co);
        w.f.lie = RSP_LATE;
        uint64_t before = io_loop_now(w.f.loop);
        assert_int_equal(echo(&w, &echo_op, 10), STATUS_IO_TIMEOUT);
        uint64_t took = io_loop_now(w.f.loop) - before;
        assert_true(took >= 700000000 && took < 800000000);
        assert_int_equal(rpc_conn_alive(w.c), keep);
        if (keep) { /* the late answer is unprotected and dropped; what follows is understood */
            assert_int_equal(echo(&w, &echo_op, 20), STATUS_SUCCESS);
            assert_int_equal(w.f.orphans, 1);
        }
        assert_int_equal(w.f.problem, STATUS_SUCCESS);
        world_done(&w);
    }
}

static void test_cancel_answered(void **state)
{
    (void)state;
    struct world w;
    struct echo r = { .in = { 5, pattern } };
    struct seen_call s = { 0 };
    struct rpc_call *call;
    world_init(&w, 0, 0);
    assert_int_equal(open_with(&w, SEC_LEVEL_INTEGRITY, "ntlm"), STATUS_SUCCESS);
    assert_int_equal(rpc_send(w.c, &echo_op, w.mem, &r, note, &s, &call), STATUS_SUCCESS);
    rpc_call_cancel(call);
    rpc_call_cancel(call);
    wait_for(&w, &s);
    assert_int_equal(s.st, STATUS_SUCCESS); /* the answer was faster */
    assert_int_equal(r.out.len, 5);
    assert_int_equal(echo(&w, &echo_op, 20), STATUS_SUCCESS);
    assert_int_equal(w.f.cancels, 1);
    world_done(&w);
}

static void test_cancel_grace(void **state)
{
    (void)state;
    struct world w;
    struct echo r = { .in = { 5, pattern } };
    struct seen_call s = { 0 };
    struct rpc_call *call;
    world_init(&w, 0, 0);
    assert_int_equal(open_with(&w, SEC_LEVEL_INTEGRITY, "ntlm"), STATUS_SUCCESS);
    w.f.lie = RSP_SILENT;
    assert_int_equal(rpc_send(w.c, &echo_op, w.mem, &r, note, &s, &call), STATUS_SUCCESS);
    uint64_t before = io_loop_now(w.f.loop);
    rpc_call_cancel(call);
    wait_for(&w, &s);
    assert_int_equal(s.st, STATUS_CANCELLED);
    assert_true(io_loop_now(w.f.loop) - before <= SECOND);
    w.f.lie = HONEST;
    assert_int_equal(echo(&w, &echo_op, 20), STATUS_SUCCESS);
    assert_int_equal(w.f.cancels, 1);
    assert_int_equal(w.f.orphans, 1);
    world_done(&w);
}

static void test_cancel_token(void **state)
{
    (void)state;
    struct world w;
    struct nt_cancel *token;
    struct rpc_call_options co = RPC_CALL_OPTIONS_INIT;
    world_init(&w, 0, 0);
    assert_int_equal(nt_cancel_new(&token), STATUS_SUCCESS);
    assert_int_equal(open_with(&w, SEC_LEVEL_NONE, NULL), STATUS_SUCCESS);
    co.cancel = token;
    rpc_conn_set(w.c, &co);
    nt_cancel_fire(token);
    assert_int_equal(echo(&w, &echo_op, 20), STATUS_CANCELLED);
    assert_int_equal(w.f.requests, 0);
    nt_cancel_reset(token);
    assert_int_equal(echo(&w, &echo_op, 20), STATUS_SUCCESS);
    rpc_conn_set(w.c, NULL);
    nt_cancel_fire(token);
    assert_int_equal(echo(&w, &echo_op, 20), STATUS_SUCCESS);
    struct rpc_options o = options(&w, SEC_LEVEL_NONE, NULL);
    struct rpc_conn *none = NULL;
    o.cancel = token;
    assert_int_equal(rpc_open(w.b, &fake_iface, &o, &none), STATUS_CANCELLED);
    assert_null(none);
    nt_cancel_unref(token);
    world_done(&w);
}

/* The token ends calls that nobody waits for, the one on the wire and those behind it, and no others. */
static void test_cancel_token_async(void **state)
{
    (void)state;
    struct world w;
    struct nt_cancel *token;
    struct echo r[4];
    struct seen_call s[4];
    struct rpc_call_options co = RPC_CALL_OPTIONS_INIT;
    world_init(&w, 0, 0);
    memset(s, 0, sizeof s);
    assert_int_equal(nt_cancel_new(&token), STATUS_SUCCESS);
    assert_int_equal(open_with(&w, SEC_LEVEL_PRIVACY, "ntlm"), STATUS_SUCCESS);
    w.f.lie = RSP_SILENT;
    for (unsigned i = 0; i < 4; i++) {
        co.cancel = i < 3 ? token : NULL;
        rpc_conn_set(w.c, &co);
        r[i] = (struct echo){ .in = { i, pattern } };
        assert_int_equal(rpc_send(w.c, &echo_op, w.mem, &r[i], note, &s[i], NULL), STATUS_SUCCESS);
    }
    for (int i = 0; i < 20; i++) {
        enum nt_status st = nt_loop_run(w.f.loop, 0);
        (void)st;
    }
    assert_int_equal(s[0].n + s[1].n + s[2].n + s[3].n, 0);
    nt_cancel_fire(token);
    wait_for(&w, &s[0]);
    w.f.lie = HONEST;
    wait_for(&w, &s[3]);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(s[i].st, STATUS_CANCELLED);
    assert_int_equal(s[3].st, STATUS_SUCCESS);
    assert_int_equal(w.f.cancels, 1);
    nt_cancel_unref(token);
    world_done(&w);
}

static void async_opened(void *arg, enum nt_status st, struct rpc_conn *c);

static void test_cancel_open(void **state)
{
    (void)state;
    static const char *const bindings[] = { "ncacn_ip_tcp:srv[1000]", "ncacn_ip_tcp:srv" };
    for (unsigned turns = 0; turns < 12; turns++)
        for (size_t k = 0; k < 2; k++) {
            struct world w;
            struct nt_cancel *token;
            struct rpc_binding *b;
            struct seen_call s = { .w = &w };
            world_init(&w, 0, 0);
            w.f.lie = ACK_SILENT;
            assert_int_equal(nt_cancel_new(&token), STATUS_SUCCESS);
            assert_int_equal(rpc_binding_parse(bindings[k], &b, NULL), STATUS_SUCCESS);
            struct rpc_options o = options(&w, SEC_LEVEL_PRIVACY, NULL);
            o.cancel = token;
            assert_int_equal(rpc_open_send(b, &fake_iface, &o, async_opened, &s), STATUS_SUCCESS);
            for (unsigned i = 0; i < turns; i++) {
                enum nt_status st = nt_loop_run(w.f.loop, 0);
                (void)st;
            }
            assert_int_equal(s.n, 0);
            nt_cancel_fire(token);
            uint64_t before = io_loop_now(w.f.loop);
            wait_for(&w, &s);
            assert_int_equal(s.st, STATUS_CANCELLED);
            assert_int_equal(io_loop_now(w.f.loop), before);
            rpc_binding_unref(b);
            nt_cancel_unref(token);
            world_done(&w);
        }
}

/* ---- many calls, closing ---- */

static void test_queue(void **state)
{
    (void)state;
    struct world w;
    struct echo r[40];
    struct seen_call s[40];
    struct rpc_call *call[40];
    world_init(&w, 3, 0);
    memset(s, 0, sizeof s);
    order = 0;
    assert_int_equal(open_with(&w, SEC_LEVEL_PRIVACY, "spnego"), STATUS_SUCCESS);
    for (unsigned i = 0; i < 40; i++) {
        r[i] = (struct echo){ .in = { i, pattern } };
        assert_int_equal(rpc_send(w.c, &echo_op, w.mem, &r[i], note, &s[i], &call[i]), STATUS_SUCCESS);
    }
    rpc_call_cancel(call[20]);
    wait_for(&w, &s[39]);
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(s[i].n, 1);
        assert_int_equal(s[i].st, i == 20 ? STATUS_CANCELLED : STATUS_SUCCESS);
        if (i != 20) {
            assert_int_equal(r[i].out.len, i);
            assert_int_equal(s[i].order, i == 0 ? s[0].order : i < 20 ? s[0].order + i : s[0].order + i - 1);
        }
    }
    assert_int_equal(w.f.requests, 39);
    assert_int_equal(w.f.problem, STATUS_SUCCESS);
    world_done(&w);
}

static void close_in_callback(void *arg, enum nt_status st)
{
    struct seen_call *s = arg;
    struct echo r = { .in = { 1, pattern } };
    s->n++;
    s->st = st;
    assert_int_equal(rpc_run(s->w->c, &echo_op, s->w->mem, &r), STATUS_INVALID_DEVICE_STATE);
    rpc_close(s->w->c);
    struct rpc_call *call;
    assert_int_not_equal(rpc_send(s->w->c, &echo_op, s->w->mem, &r, note, s, &call), STATUS_SUCCESS);
    rpc_close(s->w->c);
    s->w->c = NULL;
}

static void test_close_in_callback(void **state)
{
    (void)state;
    for (size_t chunk = 0; chunk < 40; chunk += 13) {
        struct world w;
        struct echo r[3];
        struct seen_call s[3];
        memset(s, 0, sizeof s);
        world_init(&w, chunk, 0);
        assert_int_equal(open_with(&w, SEC_LEVEL_PRIVACY, "ntlm"), STATUS_SUCCESS);
        for (unsigned i = 0; i < 3; i++) {
            s[i].w = &w;
            r[i] = (struct echo){ .in = { i, pattern } };
            assert_int_equal(rpc_send(w.c, &echo_op, w.mem, &r[i], i ? note : close_in_callback, &s[i], NULL),
                             STATUS_SUCCESS);
        }
        wait_for(&w, &s[0]);
        for (unsigned i = 1; i < 3; i++) {
            assert_int_equal(s[i].n, 1);
            assert_int_equal(s[i].st, STATUS_CONNECTION_ABORTED);
        }
        world_done(&w);
    }
}

static void test_close_with_calls(void **state)
{
    (void)state;
    struct world w;
    struct echo r = { .in = { 5, pattern } };
    struct seen_call s = { 0 };
    world_init(&w, 0, 0);
    assert_int_equal(open_with(&w, SEC_LEVEL_NONE, NULL), STATUS_SUCCESS);
    assert_int_equal(rpc_send(w.c, &echo_op, w.mem, &r, note, &s, NULL), STATUS_SUCCESS);
    assert_int_equal(s.n, 0);
    rpc_close(w.c);
    w.c = NULL;
    assert_int_equal(s.n, 1);
    assert_int_equal(s.st, STATUS_CONNECTION_ABORTED);
    world_done(&w);
}

static void async_opened(void *arg, enum nt_status st, struct rpc_conn *c)
{
    struct seen_call *s = arg;
    s->n++;
    s->st = st;
    s->w->c = c;
}

static void test_async_open(void **state)
{
    (void)state;
    static const enum lie with[] = { HONEST, ACK_SYNTAX, ACK_SILENT };
    static const enum nt_status want[] = { STATUS_SUCCESS, RPC_NT_PROTOCOL_ERROR, STATUS_IO_TIMEOUT };
    for (size_t i = 0; i < 3; i++) {
        struct world w;
        struct seen_call s = { .w = &w };
        world_init(&w, 0, 0);
        w.f.lie = with[i];
        struct rpc_options o = options(&w, SEC_LEVEL_PRIVACY, NULL);
        assert_int_equal(rpc_open_send(w.b, &fake_iface, &o, async_opened, &s), STATUS_SUCCESS);
        assert_int_equal(s.n, 0);
        wait_for(&w, &s);
        assert_int_equal(s.st, want[i]);
        assert_int_equal(w.c == NULL, i > 0);
        assert_int_equal(w.err.text[0] == 0, i == 0);
        world_done(&w);
    }
}

/* ---- endpoint mapper ---- */

static void test_mapper_lies(void **state)
{
    (void)state;
    /* the fake server does not have the mapper's interface */
    struct world w;
    world_init(&w, 0, 0);
    struct rpc_options o = options(&w, SEC_LEVEL_NONE, NULL);
    struct rpc_binding *b;
    assert_int_equal(rpc_binding_parse("ncacn_ip_tcp:srv", &b, NULL), STATUS_SUCCESS);
    assert_int_equal(rpc_open(b, &fake_iface, &o, &w.c), RPC_NT_UNKNOWN_IF);
    assert_non_null(strstr(w.err.text, "endpoint mapper"));
    w.f.refuse = STATUS_HOST_UNREACHABLE;
    assert_int_equal(rpc_open(b, &fake_iface, &o, &w.c), STATUS_HOST_UNREACHABLE);
    w.f.refuse = STATUS_SUCCESS;
    w.f.lie = ACK_SILENT;
    assert_int_equal(rpc_open(b, &fake_iface, &o, &w.c), STATUS_IO_TIMEOUT);
    rpc_binding_unref(b);
    world_done(&w);
}

/* ---- allocations ---- */

static void test_allocations(void **state)
{
    (void)state;
    static const unsigned which[] = { 0, 3, 5 };
    for (size_t k = 0; k < sizeof which / sizeof which[0]; k++) {
        unsigned failures = 0;
        for (unsigned n = 1;; n++) {
            struct world w;
            world_init(&w, 0, 0);
            w.f.frag = 300;
            fail_at = n;
            seen = 0;
            enum nt_status st = open_with(&w, securities[which[k]].level, securities[which[k]].provider);
            if (st == STATUS_SUCCESS)
                st = echo(&w, &echo_op, 700);
            if (st == STATUS_SUCCESS)
                st = rpc_add_interface(w.c, &fake_iface2);
            if (st == STATUS_SUCCESS)
                st = echo(&w, &echo2_op, 8000);
            bool reached = seen >= n;
            fail_at = 0;
            world_done(&w);
            failures += st != STATUS_SUCCESS;
            if (!reached)
                break;
            assert_true(n < 2000);
        }
        assert_true(failures > 10);
    }
}

int main(void)
{
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (uint8_t)(i * 7 + i / 251);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_splits),
        cmocka_unit_test(test_fragment_sizes),
        cmocka_unit_test(test_long_requests),
        cmocka_unit_test(test_object_and_header2),
        cmocka_unit_test(test_big_endian),
        cmocka_unit_test(test_second_interface),
        cmocka_unit_test(test_inherited),
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_extended_errors),
        cmocka_unit_test(test_security_lies),
        cmocka_unit_test(test_one_security),
        cmocka_unit_test(test_ptypes),
        cmocka_unit_test(test_alter_lies),
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_wrong_password),
        cmocka_unit_test(test_no_creds),
        cmocka_unit_test(test_default),
        cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_cancel_answered),
        cmocka_unit_test(test_cancel_grace),
        cmocka_unit_test(test_cancel_token),
        cmocka_unit_test(test_cancel_token_async),
        cmocka_unit_test(test_cancel_open),
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_close_in_callback),
        cmocka_unit_test(test_close_with_calls),
        cmocka_unit_test(test_async_open),
        cmocka_unit_test(test_mapper_lies),
        cmocka_unit_test(test_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
