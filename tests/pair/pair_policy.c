// SPDX-License-Identifier: Apache-2.0
/* What a client learns and chooses, against our own server over memory: extended error information. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <pthread.h>
#include <msrpc/epmapper.h>
#include <msrpc/rpcecho.h>
#include "rpc/m_client.h"
#include "rpc/m_route.h"
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
    struct rpc_server *other;  /* without rpcecho */
    uint16_t port, other_port; /* where they listen; 0: anywhere */
    uint16_t mapped;           /* what the mapper says */
    struct nt_guid object;     /* what it was asked for */
    unsigned asked, dials;
    char dialled[64];
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

/* ept_map: one tower with the port; the host in it is somebody else's. */
static enum nt_status map(struct rpc_server_call *call, struct epmapper_ept_map *r)
{
    struct world *w = rpc_server_arg(call);
    struct nt_arena *mem = rpc_server_mem(call);
    w->asked++;
    w->object = r->in.obj ? *r->in.obj : (struct nt_guid){ 0 };
    if (!w->mapped) {
        r->out.status = 0x16c9a0d6;
        return STATUS_SUCCESS;
    }
    struct epmapper_twr_t *t = nt_arena_obj(mem, struct epmapper_twr_t);
    size_t n = r->in.map_tower->tower_length;
    t->tower_length = (uint32_t)n;
    t->tower_octet_string = nt_arena_memdup(mem, r->in.map_tower->tower_octet_string, n);
    uint8_t *p = t->tower_octet_string; /* ... 01 00 07 02 00 port 01 00 09 04 00 address */
    p[n - 11] = (uint8_t)(w->mapped >> 8);
    p[n - 10] = (uint8_t)w->mapped;
    memcpy(p + n - 4, "\x06\x06\x06\x06", 4);
    r->out.ITowers = nt_arena_array(mem, 1, sizeof *r->out.ITowers);
    r->out.ITowers[0] = t;
    r->out.num_towers = 1;
    return STATUS_SUCCESS;
}

static const struct epmapper_handlers mapper = { .ept_map = map };
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
    w->dials++;
    snprintf(w->dialled, sizeof w->dialled, "%s:%u", to->host, to->port);
    bool other = w->other && to->port == w->other_port;
    if (w->port && to->port != w->port && to->port != 135 && !other)
        return STATUS_CONNECTION_REFUSED;
    enum nt_status st = rpc_sconn_new(other ? w->other : w->s, "peer:1", &c);
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
    assert_int_equal(epmapper_register(w->s, &mapper, w), STATUS_SUCCESS);
    assert_int_equal(rpc_server_new(w->loop, &so, &w->other), STATUS_SUCCESS);
    assert_int_equal(epmapper_register(w->other, &mapper, w), STATUS_SUCCESS);
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
    rpc_server_free(w->other);
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

/* ---- the endpoint mapper's answers, kept ---- */

static enum nt_status by_mapper(struct world *w, struct rpc_epm_cache *cache, const char *binding,
                                bool no_mapper)
{
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct rpc_binding *b;
    struct rpc_conn *c = NULL;
    o.creds = w->creds;
    o.loop = w->loop;
    o.error = &w->err;
    o.timeout_ms = 5000;
    o.epm_cache = cache;
    o.no_mapper = no_mapper;
    w->err.text[0] = 0;
    w->dials = w->asked = 0;
    assert_int_equal(rpc_binding_parse(binding, &b, NULL), STATUS_SUCCESS);
    enum nt_status st = rpc_open(b, &rpcecho_interface, &o, &c);
    rpc_binding_unref(b);
    if (st == STATUS_SUCCESS) {
        struct rpc_facts f = { .size = sizeof f };
        assert_int_equal(rpc_conn_facts(c, &f), STATUS_SUCCESS);
        assert_int_equal(f.level, SEC_LEVEL_PRIVACY);
        assert_int_equal(add(w, c, 1), STATUS_SUCCESS);
        rpc_close(c);
        turn(w, 10);
    }
    return st;
}

static void test_cache(void **state)
{
    (void)state;
    struct rpc_epm_cache *cache;
    struct world w;
    world_init(&w, 0, RPC_EXTENDED_NONE);
    assert_int_equal(rpc_epm_cache_new(20, &cache), STATUS_SUCCESS);
    w.port = w.mapped = 2000;
    w.other_port = 3000;
    const char *b = "ncacn_ip_tcp:srv";
    for (int i = 0; i < 3; i++) {
        assert_int_equal(by_mapper(&w, cache, i == 1 ? "ncacn_ip_tcp:SRV" : b, false), STATUS_SUCCESS);
        assert_int_equal(w.asked, i == 0);
        assert_int_equal(w.dials, i == 0 ? 2 : 1);
    }
    assert_string_equal(w.dialled, "srv:2000"); /* not 6.6.6.6 */
    /* another host, another object, no cache: asked */
    assert_int_equal(by_mapper(&w, cache, "ncacn_ip_tcp:srv2", false), STATUS_SUCCESS);
    assert_int_equal(w.asked, 1);
    assert_int_equal(by_mapper(&w, cache, "12345778-1234-abcd-ef00-0123456789ac@ncacn_ip_tcp:srv", false),
                     STATUS_SUCCESS);
    assert_int_equal(w.asked, 1);
    assert_int_equal(w.object.a, 0x12345778);
    assert_int_equal(by_mapper(&w, NULL, b, false), STATUS_SUCCESS);
    assert_int_equal(w.asked, 1);
    /* the service moves: the old port refuses, the mapper is asked once, and the new one is remembered */
    w.port = w.mapped = 2001;
    assert_int_equal(by_mapper(&w, cache, b, false), STATUS_SUCCESS);
    assert_int_equal(w.asked, 1);
    assert_int_equal(w.dials, 3);
    assert_int_equal(by_mapper(&w, cache, b, false), STATUS_SUCCESS);
    assert_int_equal(w.asked, 0);
    /* something else listens at the old port now */
    w.port = w.mapped = 2002;
    w.other_port = 2001;
    assert_int_equal(by_mapper(&w, cache, b, false), STATUS_SUCCESS);
    assert_int_equal(w.asked, 1);
    assert_string_equal(w.dialled, "srv:2002");
    /* the mapper is wrong, too: once, and an error */
    w.port = 2003;
    assert_int_equal(by_mapper(&w, cache, b, false), STATUS_CONNECTION_REFUSED);
    assert_int_equal(w.asked, 1);
    assert_int_equal(w.dials, 3);
    assert_int_equal(by_mapper(&w, cache, b, false), STATUS_CONNECTION_REFUSED); /* nothing wrong was kept */
    assert_int_equal(w.dials, 2);
    w.mapped = 0;
    assert_int_equal(by_mapper(&w, cache, b, false), EPT_NT_NOT_REGISTERED);
    /* time */
    w.port = w.mapped = 2004;
    assert_int_equal(by_mapper(&w, cache, b, false), STATUS_SUCCESS);
    assert_int_equal(by_mapper(&w, cache, b, false), STATUS_SUCCESS);
    assert_int_equal(w.asked, 0);
    rpc_epm_cache_forget(cache, "other");
    assert_int_equal(by_mapper(&w, cache, b, false), STATUS_SUCCESS);
    assert_int_equal(w.asked, 0);
    rpc_epm_cache_forget(cache, "Srv");
    assert_int_equal(by_mapper(&w, cache, b, false), STATUS_SUCCESS);
    assert_int_equal(w.asked, 1);
    rpc_epm_cache_unref(cache);
    world_done(&w);
}

/* An answer is kept for as long as was said, by the clock of whoever opens. */
static void test_cache_time(void **state)
{
    (void)state;
    const struct rpc_epm_key k = { .host = "srv", .mapper = 135, .iface = rpcecho_interface.syntax };
    struct rpc_epm_cache *cache;
    bool pinned;
    assert_int_equal(rpc_epm_cache_new(20, &cache), STATUS_SUCCESS);
    rpc_epm_cache_put(cache, &k, 2000, 5 * SECOND);
    assert_int_equal(rpc_epm_cache_find(cache, &k, 25 * SECOND - 1, &pinned), 2000);
    assert_false(pinned);
    assert_int_equal(rpc_epm_cache_find(cache, &k, 25 * SECOND, &pinned), 0);
    rpc_epm_cache_put(cache, &k, 2001, 30 * SECOND);
    rpc_epm_cache_drop(cache, &k, 2000); /* of somebody who has the older answer */
    assert_int_equal(rpc_epm_cache_find(cache, &k, 31 * SECOND, &pinned), 2001);
    /* full: the oldest answers go, pins do not */
    assert_int_equal(rpc_epm_cache_pin(cache, "pinned", &rpcecho_interface, 7), STATUS_SUCCESS);
    for (unsigned i = 0; i < 2 * RPC_EPM_CACHE_MAX; i += 97) {
        char host[16];
        for (unsigned n = i; n < i + 97; n++) {
            snprintf(host, sizeof host, "h%u", n);
            struct rpc_epm_key h = k;
            h.host = host;
            rpc_epm_cache_put(cache, &h, 2000, 31 * SECOND);
        }
        struct rpc_epm_key h = k;
        h.host = host;
        assert_int_equal(rpc_epm_cache_find(cache, &h, 32 * SECOND, &pinned), 2000);
    }
    assert_int_equal(rpc_epm_cache_find(cache, &k, 32 * SECOND, &pinned), 0);
    struct rpc_epm_key h = k;
    h.host = "PINNED";
    assert_int_equal(rpc_epm_cache_find(cache, &h, UINT64_MAX, &pinned), 7);
    assert_true(pinned);
    rpc_epm_cache_unref(cache);
}

/* One cache, many threads: for ThreadSanitizer, and no answer is ever another host's. */
#define CACHE_THREADS 4
#define CACHE_ROUNDS  2000

static void *use_cache(void *arg)
{
    struct rpc_epm_cache *cache = arg;
    uintptr_t wrong = 0;
    for (unsigned i = 0; i < CACHE_ROUNDS; i++) {
        char host[16];
        bool pinned;
        snprintf(host, sizeof host, "h%u", i * 7 % 50);
        struct rpc_epm_key k = { .host = host, .mapper = 135, .iface = rpcecho_interface.syntax };
        uint16_t port = rpc_epm_cache_find(cache, &k, i, &pinned), right = (uint16_t)(2000 + i * 7 % 50);
        wrong += port != 0 && port != right;
        if (i % 3 == 0)
            rpc_epm_cache_put(cache, &k, right, i);
        if (i % 5 == 0)
            rpc_epm_cache_drop(cache, &k, right);
        if (i % 97 == 0)
            wrong += rpc_epm_cache_pin(cache, host, &rpcecho_interface, right) != STATUS_SUCCESS;
        if (i % 251 == 0)
            rpc_epm_cache_forget(cache, host);
        rpc_epm_cache_unref(rpc_epm_cache_ref(cache));
    }
    rpc_epm_cache_unref(cache);
    return (void *)wrong;
}

static void test_cache_threads(void **state)
{
    (void)state;
    struct rpc_epm_cache *cache;
    pthread_t t[CACHE_THREADS];
    assert_int_equal(rpc_epm_cache_new(0, &cache), STATUS_SUCCESS);
    for (int i = 0; i < CACHE_THREADS; i++)
        assert_int_equal(pthread_create(&t[i], NULL, use_cache, rpc_epm_cache_ref(cache)), 0);
    rpc_epm_cache_unref(cache);
    for (int i = 0; i < CACHE_THREADS; i++) {
        void *wrong;
        assert_int_equal(pthread_join(t[i], &wrong), 0);
        assert_null(wrong);
    }
}

static void test_pins(void **state)
{
    (void)state;
    struct rpc_epm_cache *cache;
    struct world w;
    world_init(&w, 0, RPC_EXTENDED_NONE);
    assert_int_equal(rpc_epm_cache_new(0, &cache), STATUS_SUCCESS);
    w.port = 700; /* also below 1024: the caller knows */
    w.mapped = 2000;
    const char *b = "ncacn_ip_tcp:srv";
    assert_int_equal(rpc_epm_cache_pin(cache, "", &rpcecho_interface, 700), STATUS_INVALID_PARAMETER);
    assert_int_equal(rpc_epm_cache_pin(cache, "srv", &rpcecho_interface, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(by_mapper(&w, cache, b, true), RPC_NT_NO_ENDPOINT_FOUND);
    assert_int_equal(w.dials, 0);
    assert_int_equal(by_mapper(&w, NULL, b, true), RPC_NT_NO_ENDPOINT_FOUND);
    assert_int_equal(w.dials, 0);
    assert_int_equal(by_mapper(&w, NULL, "ncacn_ip_tcp:srv[700]", true), STATUS_SUCCESS);
    assert_int_equal(rpc_epm_cache_pin(cache, "srv", &rpcecho_interface, 700), STATUS_SUCCESS);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(by_mapper(&w, cache, b, i), STATUS_SUCCESS);
        assert_int_equal(w.asked, 0);
        assert_int_equal(w.dials, 1);
    }
    /* a pinned port that refuses is an error, and the mapper's other opinion is not heard */
    w.port = 2000;
    assert_int_equal(by_mapper(&w, cache, b, false), STATUS_CONNECTION_REFUSED);
    assert_int_equal(w.asked, 0);
    assert_int_equal(w.dials, 1);
    assert_int_equal(rpc_epm_cache_pin(cache, "srv", &rpcecho_interface, 2000), STATUS_SUCCESS);
    assert_int_equal(by_mapper(&w, cache, b, false), STATUS_SUCCESS);
    assert_int_equal(w.asked, 0);
    rpc_epm_cache_unref(cache);
    /* what a mapper says of a port of another kind of service */
    w.port = w.mapped = 445;
    assert_int_equal(by_mapper(&w, NULL, b, false), EPT_NT_CANT_PERFORM_OP);
    assert_int_equal(w.dials, 1);
    world_done(&w);
}

/* IPv6, by real sockets, with and without zone. */
static void test_ipv6(void **state)
{
    static const char *const hosts[] = { "[::1]", "::1", "[::1%lo]", "[::1%1]" };
    (void)state;
    struct rpc_server_options so = RPC_SERVER_OPTIONS_INIT;
    struct world w;
    uint16_t port;
    world_init(&w, 0, RPC_EXTENDED_NONE);
    struct nt_loop *memory = w.loop;
    struct rpc_server *s;
    so.nt_hash = nt_hash;
    assert_int_equal(nt_loop_new(NULL, &w.loop), STATUS_SUCCESS);
    assert_int_equal(rpc_server_new(w.loop, &so, &s), STATUS_SUCCESS);
    assert_int_equal(rpcecho_register(s, &handlers, &w), STATUS_SUCCESS);
    enum nt_status st = rpc_server_listen(s, "::1", 0, &port);
    if (st != STATUS_SUCCESS) {
        print_message("no IPv6 here: 0x%08x\n", st);
    } else {
        for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
            struct rpc_options o = RPC_OPTIONS_INIT;
            struct rpc_facts f = { .size = sizeof f };
            struct rpc_binding *b;
            struct rpc_conn *c;
            char text[64];
            snprintf(text, sizeof text, "ncacn_ip_tcp:%s[%u]", hosts[i], port);
            assert_int_equal(rpc_binding_parse(text, &b, NULL), STATUS_SUCCESS);
            o.creds = w.creds;
            o.loop = w.loop;
            o.error = &w.err;
            o.target = "localhost";
            if (rpc_open(b, &rpcecho_interface, &o, &c) != STATUS_SUCCESS)
                fail_msg("%s: %s", text, w.err.text);
            assert_int_equal(add(&w, c, 5), STATUS_SUCCESS);
            assert_int_equal(rpc_conn_facts(c, &f), STATUS_SUCCESS);
            assert_int_equal(strncmp(f.peer, "[::1]:", 6), 0);
            rpc_binding_unref(b);
            rpc_close(c);
        }
    }
    rpc_server_free(s);
    turn(&w, 3);
    nt_loop_free(w.loop);
    w.loop = memory;
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cache),
        cmocka_unit_test(test_cache_time),
        cmocka_unit_test(test_cache_threads),
        cmocka_unit_test(test_pins),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_several_at_once),
        cmocka_unit_test(test_several_refused),
        cmocka_unit_test(test_extended_errors),
        cmocka_unit_test(test_extended_errors_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
