// SPDX-License-Identifier: Apache-2.0
/* String bindings, PDU codec, fragments, verification trailers, towers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "rpc/m_client.h"

/* ---- string bindings ---- */

static void test_binding(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host, *endpoint, *canonical;
    } good[] = {
        { "ncacn_np:host", "host", NULL, "ncacn_np:host" },
        { "ncacn_np:\\\\host[\\pipe\\srvsvc]", "host", "srvsvc", "ncacn_np:host[\\pipe\\srvsvc]" },
        { "ncacn_np:host[\\\\PIPE\\\\srvsvc]", "host", "srvsvc", "ncacn_np:host[\\pipe\\srvsvc]" },
        { "ncacn_np:host[srvsvc,smb3.11,seal,krb5]", "host", "srvsvc",
          "ncacn_np:host[\\pipe\\srvsvc,seal,krb5,smb3.11]" },
        { "ncacn_ip_tcp:192.0.2.1", "192.0.2.1", NULL, "ncacn_ip_tcp:192.0.2.1" },
        { "ncacn_ip_tcp:host[]", "host", NULL, "ncacn_ip_tcp:host" },
        { "ncacn_ip_tcp:host[,sign]", "host", NULL, "ncacn_ip_tcp:host[,sign]" },
        { "ncacn_ip_tcp:host[49152,target=srv.lab]", "host", "49152",
          "ncacn_ip_tcp:host[49152,target=srv.lab]" },
        { "ncacn_ip_tcp:host[endpoint=135,none]", "host", "135", "ncacn_ip_tcp:host[135,none]" },
        { "ncacn_ip_tcp:2001:db8::1[135]", "2001:db8::1", "135", "ncacn_ip_tcp:[2001:db8::1][135]" },
        { "ncacn_ip_tcp:[2001:db8::1][135]", "2001:db8::1", "135", "ncacn_ip_tcp:[2001:db8::1][135]" },
        { "ncacn_ip_tcp:[fe80::1%eth0]", "fe80::1%eth0", NULL, "ncacn_ip_tcp:[fe80::1%eth0]" },
        { "ncacn_np:::1[lsarpc]", "::1", "lsarpc", "ncacn_np:[::1][\\pipe\\lsarpc]" },
        { "ncacn_np:h[srvsvc,mux=on]", "h", "srvsvc", "ncacn_np:h[\\pipe\\srvsvc,mux=on]" },
        { "ncacn_np:h[,seal,mux=/run/npcmux/socket]", "h", NULL, "ncacn_np:h[,seal,mux=/run/npcmux/socket]" },
        { "ncacn_np:h[,mux=off]", "h", NULL, "ncacn_np:h[,mux=off]" },
        { "ncacn:h[,mux=auto,ndr64]", "h", NULL, "ncacn:h[,ndr64,mux=auto]" },
        { "ncalrpc:[/run/x.sock]", "", "/run/x.sock", "ncalrpc:[/run/x.sock]" },
        { "ncalrpc:[/a:b,seal,ntlm]", "", "/a:b", "ncalrpc:[/a:b,seal,ntlm]" },
        { "ncalrpc:[endpoint=/x]", "", "/x", "ncalrpc:[/x]" },
        { "12345778-1234-abcd-ef00-0123456789ac@ncacn_np:h[x]", "h", "x",
          "12345778-1234-abcd-ef00-0123456789ac@ncacn_np:h[\\pipe\\x]" },
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct nt_error err = { "" };
        struct rpc_binding *b;
        char buf[300];
        if (rpc_binding_parse(good[i].text, &b, &err) != STATUS_SUCCESS)
            fail_msg("%s: %s", good[i].text, err.text);
        assert_string_equal(rpc_binding_host(b), good[i].host);
        if (good[i].endpoint)
            assert_string_equal(rpc_binding_endpoint(b), good[i].endpoint);
        else
            assert_null(rpc_binding_endpoint(b));
        size_t n = rpc_binding_format(b, buf, sizeof buf);
        assert_string_equal(buf, good[i].canonical);
        assert_int_equal(n, strlen(buf));
        assert_int_equal(rpc_binding_format(b, buf, 5), n);
        assert_int_equal(strlen(buf), 4);
        rpc_binding_unref(b);
    }
}

static void test_bad_binding(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "host",
        "ncacn_np",
        "ncacn_np:",
        "ncacn_np:[srvsvc]",
        "ncacn_ip_udp:host",
        "ncacn_ip_tcp:host[0]",
        "ncacn_ip_tcp:host[65536]",
        "ncacn_ip_tcp:host[x]",
        "ncacn_ip_tcp:host[135",
        "ncacn_ip_tcp:host[135]]",
        "ncacn_ip_tcp:host[135]x",
        "ncacn_ip_tcp:host[135,sign,seal]",
        "ncacn_ip_tcp:host[135,krb5,ntlm]",
        "ncacn_ip_tcp:host[135,endpoint=136]",
        "ncacn_ip_tcp:host[135,rot13]",
        "ncacn_np:ho st",
        "ncacn_np:ho/st",
        "ncacn_np:a\\b",
        "ncacn_np:host:1",
        "ncacn_np:host\nx",
        "ncacn_np:host[\\pipe\\]",
        "ncacn_np:[::1]x",
        "1234@ncacn_np:host",
        "ncacn_np:host[a,target=x,target=y]",
        "ncacn_np:host[\001]",
        "ncacn_np:h[,mux=]",
        "ncacn_np:h[,mux=yes]",
        "ncacn_np:h[,mux=run/x]",
        "ncacn_np:h[,mux=on,mux=on]",
        "ncacn_np:h[,mux=/x\001]",
        "ncacn_np:h[,mux=/"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaa]",
        "ncacn_ip_tcp:h[135,mux=on]",
        "ncalrpc:[/x,mux=off]",
        "ncalrpc:",
        "ncalrpc:[]",
        "ncalrpc:[epmapper]",
        "ncalrpc:[run/x.sock]",
        "ncalrpc:host[/run/x.sock]",
        "ncalrpc:[/run/x.sock]y",
        "ncalrpc:[/"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "a]",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct nt_error err = { "" };
        struct rpc_binding *b = NULL;
        if (rpc_binding_parse(bad[i], &b, &err) != STATUS_INVALID_PARAMETER || b || !err.text[0])
            fail_msg("\"%s\" was taken", bad[i]);
        assert_int_equal(rpc_binding_parse(bad[i], &b, NULL), STATUS_INVALID_PARAMETER);
    }
    char *longest = malloc(400);
    memset(longest, 'a', 399);
    longest[399] = 0;
    struct rpc_binding *b = NULL;
    assert_int_equal(rpc_binding_new("ncacn_np", longest, NULL, &b, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(rpc_binding_new("ncacn_np", "h", longest, &b, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(rpc_binding_new("ncacn_np", NULL, NULL, &b, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(rpc_binding_new(NULL, "h", NULL, &b, NULL), STATUS_INVALID_PARAMETER);
    free(longest);
}

static void test_default_endpoint(void **state)
{
    (void)state;
    const struct rpc_interface i = { .endpoints = (const char *const[]){ "ncacn_ip_tcp:[135]",
                                                                         "ncacn_np:[\\\\pipe\\\\lsass]",
                                                                         "ncacn_np:[\\pipe\\other]", NULL } };
    const struct rpc_interface none = { .endpoints = NULL };
    char buf[32];
    assert_int_equal(rpc_default_endpoint(&i, RPC_NP, buf, sizeof buf), STATUS_SUCCESS);
    assert_string_equal(buf, "lsass");
    assert_int_equal(rpc_default_endpoint(&i, RPC_TCP, buf, sizeof buf), STATUS_SUCCESS);
    assert_string_equal(buf, "135");
    assert_int_equal(rpc_default_endpoint(&none, RPC_NP, buf, sizeof buf), RPC_NT_NO_ENDPOINT_FOUND);
}

/* ---- PDUs ---- */

static const struct rpc_syntax iface = {
    { 0x12345778, 0x1234, 0xabcd, { 0xef, 0, 1, 0x23, 0x45, 0x67, 0x89, 0xac } }, 1, 0
};

static void test_bind_round_trip(void **state)
{
    (void)state;
    struct rpc_ctx_elem e[2] = { { .id = 0, .n_transfers = 1, .abstract = iface },
                                 { .id = 1, .n_transfers = 2, .abstract = iface } };
    struct rpc_ctx_elem got;
    struct rpc_pdu d;
    struct wr w;
    const char *why = NULL;
    e[0].transfers[0] = e[1].transfers[0] = rpc_syntax_ndr20;
    e[1].transfers[1] = rpc_syntax_features(3);
    wr_init(&w, RPC_FRAG_MAX);
    rpc_put_bind(&w, RPC_PT_BIND, RPC_PFC_WHOLE, 7, 5840, 9, e, 2);
    assert_int_equal(w.len, 28 + 44 + 64);
    assert_int_equal(rpc_pdu_decode(w.base, w.len, &d, &why), STATUS_SUCCESS);
    assert_int_equal(d.h.call_id, 7);
    assert_int_equal(d.u.bind.assoc, 9);
    assert_int_equal(d.u.bind.n, 2);
    rpc_get_ctx_elem(&d.u.bind.list, &got);
    assert_true(rpc_syntax_equal(&got.abstract, &iface));
    rpc_get_ctx_elem(&d.u.bind.list, &got);
    assert_int_equal(got.n_transfers, 2);
    assert_int_equal(got.transfers[1].uuid.d[0], 3);
    for (size_t n = 0; n < w.len; n++) { /* no shorter one is whole, whatever its length field says */
        struct rpc_pdu s;
        uint8_t *copy = malloc(n ? n : 1);
        memcpy(copy, w.base, n);
        if (n >= 10)
            put_le16(copy + 8, (uint16_t)n);
        assert_int_equal(rpc_pdu_decode(copy, n, &s, &why), RPC_NT_PROTOCOL_ERROR);
        free(copy);
    }
    wr_free(&w);
}

static void test_ack_nak_round_trip(void **state)
{
    (void)state;
    static const char *const addrs[] = { NULL, "", "1", "12", "135", "\\PIPE\\srvsvc" };
    struct rpc_result r = { RPC_RESULT_ACCEPTANCE, 0, rpc_syntax_ndr20 }, got;
    struct rpc_pdu d;
    const char *why = NULL;
    for (size_t i = 0; i < sizeof addrs / sizeof addrs[0]; i++) {
        struct wr w;
        wr_init(&w, RPC_FRAG_MAX);
        wr_zero(&w, 3); /* alignment is the PDU's, not the buffer's */
        size_t at = rpc_put_ack(&w, RPC_PT_BIND_ACK, RPC_PFC_WHOLE, 1, 4280, 4280, 5, addrs[i], &r, 1);
        assert_int_equal(rpc_pdu_decode(w.base + at, w.len - at, &d, &why), STATUS_SUCCESS);
        assert_int_equal(d.u.ack.n, 1);
        rpc_get_result(&d.u.ack.list, &got);
        assert_true(rpc_syntax_equal(&got.transfer, &rpc_syntax_ndr20));
        wr_free(&w);
    }
    struct wr w;
    wr_init(&w, RPC_FRAG_MAX);
    rpc_put_nak(&w, 3, RPC_NAK_VERSION);
    assert_int_equal(rpc_pdu_decode(w.base, w.len, &d, &why), STATUS_SUCCESS);
    assert_int_equal(d.u.nak.reason, RPC_NAK_VERSION);
    assert_int_equal(d.u.nak.major, 5);
    w.len = 18; /* a nak without versions, as some servers send it */
    put_le16(w.base + 8, 18);
    assert_int_equal(rpc_pdu_decode(w.base, w.len, &d, &why), STATUS_SUCCESS);
    assert_int_equal(d.u.nak.major, 0);
    wr_free(&w);
}

static void test_request_round_trip(void **state)
{
    (void)state;
    static const struct nt_guid object = { 1, 2, 3, { 4, 5 } };
    uint8_t p[48] = { 0 };
    struct rpc_pdu d;
    const char *why = NULL;
    rpc_fill_request(p, RPC_PFC_FIRST, 9, 8, 2, 77, &object);
    put_le16(p + 8, sizeof p);
    assert_int_equal(rpc_pdu_decode(p, sizeof p, &d, &why), STATUS_SUCCESS);
    assert_int_equal(d.u.req.opnum, 77);
    assert_int_equal(d.u.req.ctx, 2);
    assert_true(d.u.req.has_object && nt_guid_equal(&d.u.req.object, &object));
    assert_int_equal(d.body_off, 40);
    assert_int_equal(d.body_len, 8);
}

/* ---- fragments ---- */

static void test_split(void **state)
{
    (void)state;
    for (size_t total = 0; total < 700; total++)
        for (size_t tail = 0; tail <= 80 && tail <= total; tail += 20) {
            struct rpc_split s = { .total = total, .tail = tail, .room = 112 };
            size_t next = 0;
            bool last = false;
            while (rpc_split_next(&s)) {
                assert_false(last);
                assert_int_equal(s.off, next);
                assert_true(s.len <= s.room);
                last = s.last;
                if (!last) { /* aligned, and not a byte of the tail */
                    assert_int_equal(s.len % 16, 0);
                    assert_true(s.len > 0 && s.off + s.len <= total - tail);
                }
                next += s.len;
            }
            assert_true(last);
            assert_int_equal(next, total);
        }
}

static void test_join(void **state)
{
    (void)state;
    static const uint8_t some[5000] = { 1, 2, 3 };
    static const uint32_t hints[] = { 0, 1, 100, 5000, 100000, RPC_HINT_MAX, RPC_HINT_MAX + 1, RPC_STUB_MAX };
    const char *why = NULL;
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        struct nt_arena *mem = nt_arena_new(0);
        struct rpc_join j = { NULL, 0, 0 };
        size_t sum = 0;
        for (size_t n = 0; n < sizeof some; n += 17) {
            assert_int_equal(rpc_join_add(&j, mem, (struct nt_blob){ some, n }, hints[i], &why),
                             STATUS_SUCCESS);
            assert_int_equal(j.len, sum + n);
            if (n)
                assert_memory_equal(j.data + sum, some, n);
            sum += n;
            assert_int_equal((uintptr_t)j.data % 16, 0);
        }
        assert_true(nt_arena_used(mem) < 4 * sum + 2 * RPC_HINT_MAX);
        nt_arena_free(mem);
    }
}

/* CVE-2022-26809: no sum of lengths gets past the ceiling, and none wraps. */
static void test_join_ceiling(void **state)
{
    (void)state;
    static uint8_t one[1 << 20];
    struct nt_arena *mem = nt_arena_new((size_t)300 << 20);
    struct rpc_join j = { NULL, 0, 0 };
    const char *why = NULL;
    enum nt_status st = STATUS_SUCCESS;
    size_t n = 0;
    while (st == STATUS_SUCCESS && n < 100) {
        st = rpc_join_add(&j, mem, (struct nt_blob){ one, sizeof one }, 0, &why);
        n++;
    }
    assert_int_equal(st, RPC_NT_PROTOCOL_ERROR);
    assert_int_equal(n, RPC_STUB_MAX / sizeof one + 1);
    assert_int_equal(rpc_join_add(&j, mem, (struct nt_blob){ one, SIZE_MAX }, 0, &why),
                     RPC_NT_PROTOCOL_ERROR);
    assert_int_equal(rpc_join_add(&j, mem, (struct nt_blob){ one, 0 }, 0xffffffffU, &why),
                     RPC_NT_PROTOCOL_ERROR);
    nt_arena_free(mem);
}

/* ---- verification trailer ---- */

static void test_vt(void **state)
{
    (void)state;
    for (unsigned parts = 1; parts < 8; parts++)
        for (size_t stub = 0; stub < 9; stub++) {
            struct rpc_vt vt = { parts, iface, rpc_syntax_ndr20, 5, 2, 33 }, other = vt;
            struct wr w;
            wr_init(&w, 1000);
            wr_zero(&w, 24 + stub);
            rpc_put_vt(&w, 24, &vt);
            assert_true(w.len - 24 - stub <= RPC_VT_MAX);
            assert_int_equal((w.len - 24) % 4, 0);
            const uint8_t *left = w.base + 24 + stub;
            size_t n = w.len - 24 - stub;
            assert_int_equal(rpc_vt_check(left, n, &vt, true), STATUS_SUCCESS);
            assert_int_equal(rpc_vt_check(left, n, &vt, false),
                             parts & RPC_VT_HEADER_SIGN ? STATUS_ACCESS_DENIED : STATUS_SUCCESS);
            other.opnum++;
            assert_int_equal(rpc_vt_check(left, n, &other, true),
                             parts & RPC_VT_HEADER2 ? STATUS_ACCESS_DENIED : STATUS_SUCCESS);
            other = vt;
            other.abstract.major++;
            assert_int_equal(rpc_vt_check(left, n, &other, true),
                             parts & RPC_VT_PCONTEXT ? STATUS_ACCESS_DENIED : STATUS_SUCCESS);
            for (size_t cut = (0 - stub % 4 + 4) % 4 + 8; cut < n;
                 cut++) /* behind the signature nothing may be missing */
                assert_int_equal(rpc_vt_check(left, cut, &vt, true), STATUS_ACCESS_DENIED);
            wr_free(&w);
        }
    struct rpc_vt none = { 0 };
    struct wr w;
    wr_init(&w, 1000);
    rpc_put_vt(&w, 0, &none);
    assert_int_equal(w.len, 0);
    assert_int_equal(rpc_vt_check(NULL, 0, &none, false), STATUS_SUCCESS);
    wr_free(&w);
}

/* ---- towers ---- */

static void test_tower(void **state)
{
    (void)state;
    struct rpc_syntax other = iface;
    struct wr w;
    wr_init(&w, 1000);
    assert_int_equal(rpc_tower_put(&w, &iface), 75); /* as every capture of ept_map shows */
    assert_int_equal(rpc_tower_port(w.base, w.len, &iface), 0);
    static const uint8_t floor4[] = { 1, 0, 7, 2, 0 };
    uint8_t *port = memmem(w.base, w.len, floor4, sizeof floor4);
    assert_non_null(port);
    port[5] = 0xc0;
    port[6] = 0x02;
    assert_int_equal(rpc_tower_port(w.base, w.len, &iface), 49154);
    other.uuid.a++;
    assert_int_equal(rpc_tower_port(w.base, w.len, &other), 0);
    other = iface;
    other.major++;
    assert_int_equal(rpc_tower_port(w.base, w.len, &other), 0);
    for (size_t n = 0; n < w.len; n++) {
        uint8_t *copy = malloc(n ? n : 1);
        memcpy(copy, w.base, n);
        assert_int_equal(rpc_tower_port(copy, n, &iface), 0);
        free(copy);
    }
    port[2] = 8; /* UDP */
    assert_int_equal(rpc_tower_port(w.base, w.len, &iface), 0);
    port[2] = 7;
    w.base[0] = 7; /* more floors than allowed */
    assert_int_equal(rpc_tower_port(w.base, w.len, &iface), 0);
    wr_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_binding),
        cmocka_unit_test(test_bad_binding),
        cmocka_unit_test(test_default_endpoint),
        cmocka_unit_test(test_bind_round_trip),
        cmocka_unit_test(test_ack_nak_round_trip),
        cmocka_unit_test(test_request_round_trip),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_join),
        cmocka_unit_test(test_join_ceiling),
        cmocka_unit_test(test_vt),
        cmocka_unit_test(test_tower),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
