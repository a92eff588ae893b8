// SPDX-License-Identifier: Apache-2.0
/* The servers of libmsrpcd over real sockets: management, echo, and the endpoint mapper with who may change
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <msrpc/epmapper.h>
#include <msrpc/mgmt.h>
#include <msrpc/rpcecho.h>
#include <msrpc/serve.h>
#include "rpc/pdu.h"
#include "sec/sec.h"
#include "serve/m_epm.h"

#define OTHER_UID      65534
#define NOT_REGISTERED 0x16c9a0d6u
#define CANT_PERFORM   0x16c9a0cdu

struct world {
    struct nt_loop *loop;
    struct rpc_server *s;
    struct serve_epm *m;
    struct nt_arena *mem;
    struct nt_error err;
    uint16_t port;
    char dir[64], path[96], local[128], tcp[64];
};

static void world_init(struct world *w)
{
    struct rpc_server_options o = RPC_SERVER_OPTIONS_INIT;
    memset(w, 0, sizeof *w);
    strcpy(w->dir, "/tmp/tern-serve-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    assert_int_equal(chmod(w->dir, 0755), 0);
    snprintf(w->path, sizeof w->path, "%s/epmapper", w->dir);
    snprintf(w->local, sizeof w->local, "ncalrpc:[%s]", w->path);
    o.principal = "host/srv";
    o.min_level = SEC_LEVEL_NONE;
    o.keytab = "FILE:/nonexistent";
    assert_int_equal(nt_loop_new(NULL, &w->loop), STATUS_SUCCESS);
    assert_int_equal(rpc_server_new(w->loop, &o, &w->s), STATUS_SUCCESS);
    assert_int_equal(serve_mgmt(w->s), STATUS_SUCCESS);
    assert_int_equal(serve_mgmt(w->s), STATUS_OBJECT_NAME_COLLISION);
    assert_int_equal(serve_echo(w->s), STATUS_SUCCESS);
    assert_int_equal(serve_epm_new(w->s, &w->m), STATUS_SUCCESS);
    assert_int_equal(rpc_server_listen_local(w->s, w->path, 0666), STATUS_SUCCESS);
    assert_int_equal(rpc_server_listen(w->s, "127.0.0.1", 0, &w->port), STATUS_SUCCESS);
    snprintf(w->tcp, sizeof w->tcp, "ncacn_ip_tcp:127.0.0.1[%u]", w->port);
    w->mem = nt_arena_new(0);
    assert_non_null(w->mem);
}

static void world_done(struct world *w)
{
    rpc_server_free(w->s);
    serve_epm_free(w->m);
    nt_arena_free(w->mem);
    nt_loop_free(w->loop);
    assert_int_equal(rmdir(w->dir), 0);
}

static struct rpc_conn *open_to(struct world *w, const char *binding, const struct rpc_interface *i)
{
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct rpc_binding *b;
    struct rpc_conn *c = NULL;
    o.level = SEC_LEVEL_NONE;
    o.loop = w->loop;
    o.error = &w->err;
    assert_int_equal(rpc_binding_parse(binding, &b, &w->err), STATUS_SUCCESS);
    if (rpc_open(b, i, &o, &c) != STATUS_SUCCESS)
        fail_msg("%s: %s", binding, w->err.text);
    rpc_binding_unref(b);
    return c;
}

/* ---- management ---- */

static void test_mgmt(void **state)
{
    struct world w;
    struct mgmt_rpc__mgmt_inq_if_ids ids = { .in.none = 0 };
    struct mgmt_rpc__mgmt_inq_stats stats = { .in.count = 3 };
    struct mgmt_rpc__mgmt_is_server_listening listening = { .in.none = 0 };
    struct mgmt_rpc__mgmt_stop_server_listening stop = { .in.none = 0 };
    struct mgmt_rpc__mgmt_inq_princ_name princ = { .in = { sec_provider_by_name("krb5") ? 16 : 9, 100 } };
    (void)state;
    world_init(&w);
    struct rpc_conn *c = open_to(&w, w.tcp, &mgmt_interface);
    assert_int_equal(mgmt_rpc__mgmt_inq_if_ids(c, w.mem, &ids), STATUS_SUCCESS);
    assert_int_equal(ids.out.if_id_vector->Count, 3);
    bool echo = false;
    for (uint32_t i = 0; i < 3; i++)
        echo = echo || nt_guid_equal(&ids.out.if_id_vector->IfId[i]->Uuid, &rpcecho_interface.syntax.uuid);
    assert_true(echo);
    assert_int_equal(mgmt_rpc__mgmt_inq_stats(c, w.mem, &stats), STATUS_SUCCESS);
    assert_int_equal(stats.out.count, 3);
    assert_int_equal(stats.out.statistics[0], 2); /* calls, this one included */
    assert_int_equal(stats.out.statistics[2], 3); /* packets: a bind before them */
    stats.in.count = 50;
    assert_int_equal(mgmt_rpc__mgmt_inq_stats(c, w.mem, &stats), STATUS_SUCCESS);
    assert_int_equal(stats.out.count, 4);
    assert_int_equal(stats.out.statistics[3], 3); /* answers, but for this one */
    assert_int_equal(mgmt_rpc__mgmt_is_server_listening(c, w.mem, &listening), STATUS_SUCCESS);
    assert_int_equal(listening.out.result, 1);
    assert_int_equal(mgmt_rpc__mgmt_stop_server_listening(c, w.mem, &stop), STATUS_SUCCESS);
    assert_int_equal(stop.out.status, 5);
    assert_int_equal(mgmt_rpc__mgmt_inq_princ_name(c, w.mem, &princ), STATUS_SUCCESS);
    assert_int_equal(princ.out.status, 0);
    assert_string_equal(princ.out.princ_name, "host/srv");
    princ.in.princ_name_size = 8; /* one too few */
    assert_int_equal(mgmt_rpc__mgmt_inq_princ_name(c, w.mem, &princ), STATUS_SUCCESS);
    assert_int_equal(princ.out.status, 122);
    assert_string_equal(princ.out.princ_name, "");
    princ.in.authn_proto = 10; /* no NTLM here */
    assert_int_equal(mgmt_rpc__mgmt_inq_princ_name(c, w.mem, &princ), STATUS_SUCCESS);
    assert_int_equal(princ.out.status, 1747);
    princ.in.princ_name_size = 0;
    assert_int_equal(mgmt_rpc__mgmt_inq_princ_name(c, w.mem, &princ), RPC_NT_INVALID_BOUND);
    rpc_close(c);
    world_done(&w);
}

static void test_echo_limits(void **state)
{
    struct world w;
    struct rpcecho_echo_SourceData source = { .in.len = UINT32_MAX };
    struct rpcecho_echo_TestCall2 level = { .in.level = 8 };
    struct rpcecho_echo_TestSleep sleep = { .in.seconds = 3601 };
    uint16_t elements[3] = { 1, 2, 3 };
    struct rpcecho_echo_TestSurrounding s = { .in.data = { 3, elements } };
    (void)state;
    world_init(&w);
    struct rpc_conn *c = open_to(&w, w.tcp, &rpcecho_interface);
    assert_int_equal(rpcecho_echo_SourceData(c, w.mem, &source), STATUS_INSUFF_SERVER_RESOURCES);
    assert_int_equal(rpcecho_echo_TestCall2(c, w.mem, &level), RPC_NT_INVALID_TAG);
    assert_int_equal(rpcecho_echo_TestSleep(c, w.mem, &sleep), STATUS_INVALID_PARAMETER);
    assert_int_equal(rpcecho_echo_TestSurrounding(c, w.mem, &s), STATUS_SUCCESS);
    assert_int_equal(s.out.data.x, 6);
    source.in.len = 300;
    assert_int_equal(rpcecho_echo_SourceData(c, w.mem, &source), STATUS_SUCCESS);
    assert_int_equal(source.out.data[299], 299 % 256);
    rpc_close(c);
    world_done(&w);
}

/* ---- endpoint mapper ---- */

static struct serve_endpoint endpoint(uint16_t major, uint16_t minor, const char *protseq, const char *text)
{
    struct serve_endpoint e = SERVE_ENDPOINT_INIT;
    e.iface = (struct rpc_syntax){ { 0x1234, 1, 2, { 3 } }, major, minor };
    e.protseq = protseq;
    e.endpoint = text;
    e.annotation = "of the test";
    return e;
}

static struct epmapper_twr_t tower(struct world *w, const struct serve_endpoint *e)
{
    struct wr out;
    wr_init(&out, EPM_TOWER_MAX);
    epm_tower_write(&out, e, &rpc_syntax_ndr20, "");
    assert_int_equal(out.st, STATUS_SUCCESS);
    struct epmapper_twr_t t = { (uint32_t)out.len, nt_arena_memdup(w->mem, out.base, out.len) };
    wr_free(&out);
    return t;
}

/* Maps an endpoint's tower; gives the text of the first answer, "" for none. */
static const char *mapped(struct world *w, struct rpc_conn *c, const struct serve_endpoint *e,
                          struct nt_guid *object)
{
    static char text[EPM_ENDPOINT_MAX];
    struct epmapper_twr_t t = tower(w, e);
    struct epmapper_ept_map r = { .in = { .obj = object, .map_tower = &t, .max_towers = 4 } };
    struct serve_endpoint found;
    assert_int_equal(epmapper_ept_map(c, w->mem, &r), STATUS_SUCCESS);
    assert_true(ndr_handle_is_null(&r.out.entry_handle));
    assert_int_equal(r.out.status, r.out.num_towers ? 0 : NOT_REGISTERED);
    if (!r.out.num_towers)
        return "";
    assert_int_equal(epm_tower_endpoint(r.out.ITowers[0]->tower_octet_string, r.out.ITowers[0]->tower_length,
                                        &found, text),
                     STATUS_SUCCESS);
    assert_string_equal(found.protseq, e->protseq);
    return text;
}

static void test_map(void **state)
{
    struct world w;
    struct nt_guid object = { 7, 0, 0, { 1 } }, other = { 8, 0, 0, { 1 } };
    struct serve_endpoint e = endpoint(1, 2, "ncacn_ip_tcp", "1025"), q = endpoint(1, 0, "ncacn_ip_tcp", "1");
    struct epmapper_ept_map bad = { .in.max_towers = 4 };
    (void)state;
    world_init(&w);
    struct rpc_conn *c = open_to(&w, w.tcp, &epmapper_interface);
    assert_string_equal(mapped(&w, c, &q, NULL), "");
    assert_int_equal(serve_epm_add(w.m, &e), STATUS_SUCCESS);
    assert_int_equal(serve_epm_add(w.m, &e), STATUS_SUCCESS); /* the same: once */
    assert_string_equal(mapped(&w, c, &q, NULL), "1025");     /* 1.0 is served by 1.2 */
    assert_string_equal(mapped(&w, c, &q, &other), "1025");   /* an object that nobody knows */
    q.iface.minor = 3;
    assert_string_equal(mapped(&w, c, &q, NULL), "");
    q.iface.major = 2;
    assert_string_equal(mapped(&w, c, &q, NULL), "");
    q = endpoint(1, 0, "ncacn_np", "\\pipe\\x");
    assert_string_equal(mapped(&w, c, &q, NULL), "");
    e = endpoint(1, 2, "ncacn_np", "\\pipe\\there");
    e.object = object;
    assert_int_equal(serve_epm_add(w.m, &e), STATUS_SUCCESS);
    assert_string_equal(mapped(&w, c, &q, &object), "\\pipe\\there");
    assert_string_equal(mapped(&w, c, &q, &other), "");
    assert_int_equal(epmapper_ept_map(c, w.mem, &bad), STATUS_SUCCESS); /* no tower */
    assert_int_equal(bad.out.status, CANT_PERFORM);
    struct epmapper_twr_t rubbish = { 5, (uint8_t *)"\5\0abc" };
    bad.in.map_tower = &rubbish;
    assert_int_equal(epmapper_ept_map(c, w.mem, &bad), STATUS_SUCCESS);
    assert_int_equal(bad.out.status, CANT_PERFORM);
    assert_int_equal(serve_epm_remove(w.m, &e.iface), 2);
    assert_int_equal(serve_epm_remove(w.m, &e.iface), 0);
    e.endpoint = "0";
    e.protseq = "ncacn_ip_tcp";
    assert_int_equal(serve_epm_add(w.m, &e), STATUS_INVALID_PARAMETER);
    e.protseq = "ncadg_ip_udp";
    assert_int_equal(serve_epm_add(w.m, &e), STATUS_INVALID_PARAMETER);
    rpc_close(c);
    world_done(&w);
}

static unsigned looked_up(struct world *w, struct rpc_conn *c, uint32_t type, uint32_t versions,
                          uint16_t major, uint16_t minor)
{
    struct epmapper_RPC_IF_ID id = { { 0x1234, 1, 2, { 3 } }, major, minor };
    struct nt_guid nil = { 0 };
    struct epmapper_ept_lookup r = {
        .in = { .inquiry_type = type, .object = &nil, .Ifid = &id, .vers_option = versions, .max_ents = 500 }
    };
    assert_int_equal(epmapper_ept_lookup(c, w->mem, &r), STATUS_SUCCESS);
    unsigned n = r.out.num_ents;
    assert_int_equal(r.out.status, n ? 0 : NOT_REGISTERED);
    assert_true(ndr_handle_is_null(&r.out.entry_handle));
    if (n) { /* where it is full the end is told by an answer of its own */
        r.in.max_ents = n;
        assert_int_equal(epmapper_ept_lookup(c, w->mem, &r), STATUS_SUCCESS);
        assert_int_equal(r.out.num_ents, n);
        assert_false(ndr_handle_is_null(&r.out.entry_handle));
        r.in.entry_handle = r.out.entry_handle;
        assert_int_equal(epmapper_ept_lookup(c, w->mem, &r), STATUS_SUCCESS);
        assert_int_equal(r.out.status, NOT_REGISTERED);
        assert_int_equal(r.out.num_ents, 0);
        assert_true(ndr_handle_is_null(&r.out.entry_handle));
    }
    return n;
}

static void test_lookup(void **state)
{
    struct world w;
    struct epmapper_ept_lookup r = { .in = { .vers_option = 1, .max_ents = 2 } };
    struct rpc_server_stats stats = { .size = sizeof stats };
    (void)state;
    world_init(&w);
    struct rpc_conn *c = open_to(&w, w.tcp, &epmapper_interface);
    assert_int_equal(looked_up(&w, c, 0, 1, 0, 0), 0);
    for (uint16_t minor = 0; minor < 5; minor++) {
        struct serve_endpoint e = endpoint(minor / 3, minor, "ncalrpc", "x"); /* 0.0 0.1 0.2 1.3 1.4 */
        assert_int_equal(serve_epm_add(w.m, &e), STATUS_SUCCESS);
    }
    assert_int_equal(looked_up(&w, c, 0, 1, 0, 0), 5);
    assert_int_equal(looked_up(&w, c, 1, 1, 9, 9), 5);
    assert_int_equal(looked_up(&w, c, 1, 2, 0, 1), 2);
    assert_int_equal(looked_up(&w, c, 1, 3, 0, 1), 1);
    assert_int_equal(looked_up(&w, c, 1, 4, 1, 9), 2);
    assert_int_equal(looked_up(&w, c, 1, 5, 1, 3), 4);
    assert_int_equal(looked_up(&w, c, 2, 1, 0, 0), 5); /* the nil object */
    for (unsigned i = 0; i < 3; i++) {                 /* in pages of two */
        assert_int_equal(epmapper_ept_lookup(c, w.mem, &r), STATUS_SUCCESS);
        assert_int_equal(r.out.num_ents, i < 2 ? 2 : 1);
        assert_string_equal(r.out.entries[0].annotation, "of the test");
        assert_int_equal(ndr_handle_is_null(&r.out.entry_handle), i == 2);
        r.in.entry_handle = r.out.entry_handle;
    }
    r.in.max_ents = 1; /* given up in the middle; what is added meanwhile is found */
    assert_int_equal(epmapper_ept_lookup(c, w.mem, &r), STATUS_SUCCESS);
    struct epmapper_ept_lookup_handle_free f = { .in.entry_handle = r.out.entry_handle };
    assert_int_equal(epmapper_ept_lookup_handle_free(c, w.mem, &f), STATUS_SUCCESS);
    assert_true(ndr_handle_is_null(&f.out.entry_handle));
    r.in.entry_handle = r.out.entry_handle;
    assert_int_equal(epmapper_ept_lookup(c, w.mem, &r), RPC_NT_SS_CONTEXT_MISMATCH);
    r.in.entry_handle = (struct ndr_handle){ 0 };
    r.in.inquiry_type = 4;
    assert_int_equal(epmapper_ept_lookup(c, w.mem, &r), STATUS_SUCCESS);
    assert_int_equal(r.out.status, CANT_PERFORM);
    assert_int_equal(rpc_server_stats(w.s, &stats), STATUS_SUCCESS);
    assert_int_equal(stats.handles, 0);
    rpc_close(c);
    world_done(&w);
}

static enum nt_status insert(struct world *w, struct rpc_conn *c, const struct serve_endpoint *e,
                             bool replace, uint32_t *ret_status)
{
    struct epmapper_twr_t t = tower(w, e);
    struct epmapper_ept_entry_t entry = { .object = e->object, .tower = &t, .annotation = "inserted" };
    struct epmapper_ept_insert r = { .in = { 1, &entry, replace } };
    enum nt_status st = epmapper_ept_insert(c, w->mem, &r);
    *ret_status = r.out.status;
    return st;
}

static enum nt_status delete_it(struct world *w, struct rpc_conn *c, const struct serve_endpoint *e,
                                uint32_t *ret_status)
{
    struct epmapper_twr_t t = tower(w, e);
    struct epmapper_ept_entry_t entry = { .object = e->object, .tower = &t };
    struct epmapper_ept_delete r = { .in = { 1, &entry } };
    enum nt_status st = epmapper_ept_delete(c, w->mem, &r);
    *ret_status = r.out.status;
    return st;
}

/* CVE-2025-49760: over the network nobody registers, on this machine the server's own user and root do. */
static void test_register(void **state)
{
    struct world w;
    uint32_t status;
    struct serve_endpoint e = endpoint(1, 0, "ncacn_ip_tcp", "2000"),
                          f = endpoint(1, 0, "ncacn_ip_tcp", "2001");
    struct epmapper_ept_mgmt_delete all = { .in.object_speced = 0 };
    (void)state;
    world_init(&w);
    struct rpc_conn *tcp = open_to(&w, w.tcp, &epmapper_interface);
    assert_int_equal(insert(&w, tcp, &e, false, &status), EPT_NT_CANT_PERFORM_OP);
    assert_int_equal(delete_it(&w, tcp, &e, &status), EPT_NT_CANT_PERFORM_OP);
    struct rpc_conn *c = open_to(&w, w.local, &epmapper_interface);
    assert_int_equal(insert(&w, c, &e, false, &status), STATUS_SUCCESS);
    assert_int_equal(status, 0);
    assert_string_equal(mapped(&w, tcp, &e, NULL), "2000");
    assert_int_equal(insert(&w, c, &f, true, &status), STATUS_SUCCESS);
    assert_string_equal(mapped(&w, tcp, &e, NULL), "2001");
    assert_int_equal(delete_it(&w, c, &e, &status), STATUS_SUCCESS);
    assert_int_equal(status, NOT_REGISTERED);
    assert_int_equal(epmapper_ept_mgmt_delete(c, w.mem, &all), EPT_NT_CANT_PERFORM_OP);
    assert_int_equal(delete_it(&w, c, &f, &status), STATUS_SUCCESS);
    assert_int_equal(status, 0);
    assert_string_equal(mapped(&w, tcp, &e, NULL), "");
    rpc_close(c);
    if (getuid() == 0) { /* another user of this machine */
        assert_int_equal(seteuid(OTHER_UID), 0);
        c = open_to(&w, w.local, &epmapper_interface);
        assert_int_equal(seteuid(0), 0);
        assert_int_equal(insert(&w, c, &e, false, &status), STATUS_ACCESS_DENIED);
        assert_string_equal(mapped(&w, tcp, &e, NULL), "");
        rpc_close(c);
    }
    rpc_close(tcp);
    world_done(&w);
}

/* Towers of any bytes: read or refused, and never beyond their end. */
static void test_towers(void **state)
{
    struct world w;
    struct serve_endpoint e = endpoint(1, 0, "ncacn_np", "\\pipe\\abc"), back;
    struct epm_tower t;
    char text[EPM_ENDPOINT_MAX];
    (void)state;
    world_init(&w);
    struct epmapper_twr_t whole = tower(&w, &e);
    for (uint32_t cut = 0; cut < whole.tower_length; cut++) {
        uint8_t *p = malloc(cut ? cut : 1);
        assert_non_null(p);
        memcpy(p, whole.tower_octet_string, cut);
        assert_int_equal(epm_tower_read(p, cut, &t), STATUS_INVALID_PARAMETER);
        assert_int_equal(epm_tower_endpoint(p, cut, &back, text), STATUS_INVALID_PARAMETER);
        free(p);
    }
    for (uint32_t i = 0; i < whole.tower_length * 255; i++) {
        uint8_t *p = nt_arena_memdup(w.mem, whole.tower_octet_string, whole.tower_length);
        p[i / 255] = (uint8_t)(p[i / 255] + 1 + i % 255);
        if (epm_tower_endpoint(p, whole.tower_length, &back, text) == STATUS_SUCCESS)
            assert_in_range(strlen(text), 1, EPM_ENDPOINT_MAX - 1);
    }
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_mgmt),     cmocka_unit_test(test_echo_limits),
                                        cmocka_unit_test(test_map),      cmocka_unit_test(test_lookup),
                                        cmocka_unit_test(test_register), cmocka_unit_test(test_towers) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
