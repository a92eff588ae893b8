// SPDX-License-Identifier: Apache-2.0
/* The muxer's messages: the example of docs/wire/npcmux.md against the codec, and every cut of each. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "npc/mux.h"

static const char *page; /* its path */

/* 60a15ec5-4de8-11d7-a637-005056a20182, version 1: the echo service */
static const struct npc_interface echo = {
    { 0x60a15ec5, 0x4de8, 0x11d7, { 0xa6, 0x37, 0x00, 0x50, 0x56, 0xa2, 0x01, 0x82 } }, 1, 0
};
static const uint8_t request[28] = { 5, 0, 0, 3, 0x10, 0, 0, 0, 28, 0, 0, 0, 7,
                                     0, 0, 0, 4, 0,    0, 0, 0, 0,  0, 0, 41 };
static const uint8_t response[28] = { 5, 0, 2, 3, 0x10, 0, 0, 0, 28, 0, 0, 0, 7,
                                      0, 0, 0, 4, 0,    0, 0, 0, 0,  0, 0, 42 };

/* ---- what the page shows ---- */

static void hello(struct wr *w)
{
    struct mux_hello h = { .least = 1, .greatest = 1, .program = "one" };
    mux_begin(w, MUX_HELLO, 1, STATUS_SUCCESS);
    mux_put_hello(w, &h);
}

static void connect_echo(struct wr *w)
{
    struct mux_connect c = {
        .mode = MUX_PDU, .timeout_ms = 30000, .iface = echo, .server = "srv1.example", .pipe = "rpcecho"
    };
    mux_begin(w, MUX_CONNECT, 2, STATUS_SUCCESS);
    mux_put_connect(w, &c);
}

static void pipe_send(struct wr *w)
{
    mux_begin(w, MUX_PIPE_SEND, 3, STATUS_SUCCESS);
    mux_put_blob(w, request, sizeof request);
}

static void pipe_recv(struct wr *w)
{
    mux_begin(w, MUX_PIPE_RECV, 4, STATUS_SUCCESS);
    wr_u32(w, 0);
    wr_u8(w, MUX_RECV_ALL);
}

static void release(struct wr *w)
{
    mux_begin(w, MUX_PIPE_RELEASE, 5, STATUS_SUCCESS);
    wr_u8(w, 1);
}

static void welcome(struct wr *w)
{
    struct mux_welcome v = { 1, (uint32_t)MUX_MAX, UINT64_C(0x1122334455667788), 1000 };
    mux_begin(w, MUX_HELLO | MUX_ANSWER, 1, STATUS_SUCCESS);
    mux_put_welcome(w, &v);
}

static void connected(struct wr *w)
{
    struct mux_facts f = { .pipe = 9,
                           .warm = true,
                           .bound = true,
                           .max_send = 4280,
                           .max_recv = 5840,
                           .assoc_group = 0x53f0,
                           .f = { .dialect = NPC_SMB_3_1_1,
                                  .cipher = NPC_AES128_GCM,
                                  .signing = NPC_AES_GMAC,
                                  .signed_ = true,
                                  .encrypted = true,
                                  .max_transact = 1048576,
                                  .max_read = 1048576,
                                  .max_write = 1048576,
                                  .mech = "krb5",
                                  .peer = "192.0.2.7:445",
                                  .server = "srv1.example",
                                  .principal = "alice@EXAMPLE",
                                  .server_guid = { 1, 2, 3, { 4, 5, 6, 7, 8, 9, 10, 11 } },
                                  .session_key_len = 16,
                                  .application_key_len = 16 } };
    for (unsigned i = 0; i < MUX_COOKIE; i++)
        f.cookie[i] = (uint8_t)(0xa0 + i);
    mux_begin(w, MUX_CONNECT | MUX_ANSWER, 2, STATUS_SUCCESS);
    mux_put_facts(w, &f, false);
}

static void received(struct wr *w)
{
    mux_begin(w, MUX_PIPE_RECV | MUX_ANSWER, 4, STATUS_SUCCESS);
    mux_put_blob(w, response, sizeof response);
}

static void released(struct wr *w)
{
    mux_begin(w, MUX_PIPE_RELEASE | MUX_ANSWER, 5, STATUS_SUCCESS);
    wr_u8(w, 1);
}

static void refused(struct wr *w)
{
    mux_begin(w, MUX_CONNECT | MUX_ANSWER, 2, STATUS_NO_SUCH_LOGON_SESSION);
    mux_put_str(w, "no credentials for srv1.example");
}

static const struct {
    const char *name;
    void (*make)(struct wr *w);
} examples[] = {
    { "hello", hello },         { "connect", connect_echo }, { "send", pipe_send },
    { "recv", pipe_recv },      { "release", release },      { "welcome", welcome },
    { "connected", connected }, { "received", received },    { "released", released },
    { "refused", refused },
};

/* The octets of the block "```hex NAME". */
static size_t block(const char *text, const char *name, uint8_t *ret, size_t max)
{
    char head[64];
    size_t n = 0;
    snprintf(head, sizeof head, "```hex %s\n", name);
    const char *p = strstr(text, head);
    if (!p)
        return 0;
    for (p += strlen(head); *p && *p != '`' && n < max; p++)
        if (!isspace((unsigned char)*p)) {
            const char two[3] = { p[0], p[1], '\0' };
            ret[n++] = (uint8_t)strtoul(two, NULL, 16);
            p++;
        }
    return n;
}

static void show(const char *name, const struct wr *w)
{
    print_error("```hex %s", name);
    for (size_t k = 0; k < w->len; k++)
        print_error("%s%02x", k == 0 || (k >= MUX_HDR && (k - MUX_HDR) % 28 == 0) ? "\n" : " ", w->base[k]);
    print_error("\n```\n");
}

static void test_page(void **state)
{
    static char text[100000];
    static uint8_t shown[4096];
    unsigned wrong = 0;
    (void)state;
    FILE *f = fopen(page, "r");
    assert_non_null(f);
    size_t len = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    assert_in_range(len, 1000, sizeof text - 2);
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct wr w;
        examples[i].make(&w);
        mux_end(&w);
        assert_int_equal(w.st, STATUS_SUCCESS);
        size_t n = block(text, examples[i].name, shown, sizeof shown);
        if (n != w.len || memcmp(shown, w.base, n) != 0) {
            show(examples[i].name, &w);
            wrong++;
        }
        wr_free(&w);
    }
    assert_int_equal(wrong, 0);
}

/* ---- what was put comes back, and nothing shorter or longer is taken ---- */

typedef enum nt_status get_fn(struct rd *r, void *ret);

static void every_cut(const struct wr *w, get_fn *get, void *ret)
{
    struct rd r;
    size_t n = w->len - MUX_HDR;
    for (size_t len = 0; len <= n + 1; len++) {
        uint8_t *exact = calloc(1, len ? len : 1); /* so that a sanitizer sees what is read behind it */
        assert_non_null(exact);
        memcpy(exact, w->base + MUX_HDR, len < n ? len : n);
        rd_init(&r, exact, len);
        assert_int_equal(get(&r, ret) == STATUS_SUCCESS, len == n);
        free(exact);
    }
    rd_init(&r, w->base + MUX_HDR, n);
    assert_int_equal(get(&r, ret), STATUS_SUCCESS);
}

static enum nt_status get_connect(struct rd *r, void *ret)
{
    return mux_get_connect(r, ret);
}

static enum nt_status get_facts(struct rd *r, void *ret)
{
    return mux_get_facts(r, ret);
}

static enum nt_status get_welcome(struct rd *r, void *ret)
{
    return mux_get_welcome(r, ret);
}

static enum nt_status get_auth(struct rd *r, void *ret)
{
    return mux_get_auth(r, ret);
}

static enum nt_status get_status(struct rd *r, void *ret)
{
    return mux_get_status(r, ret);
}

static enum nt_status get_query(struct rd *r, void *ret)
{
    return mux_get_query(r, ret);
}

static void test_connect(void **state)
{
    struct mux_connect c;
    struct wr w;
    (void)state;
    connect_echo(&w);
    every_cut(&w, get_connect, &c);
    assert_int_equal(c.mode, MUX_PDU);
    assert_memory_equal(&c.iface, &echo, sizeof echo);
    assert_string_equal(c.server, "srv1.example");
    assert_string_equal(c.pipe, "rpcecho");
    for (unsigned what = 0; what < 3; what++) { /* a mode, a protection, an option that there is not */
        uint8_t old = w.base[MUX_HDR + what];
        struct rd r;
        w.base[MUX_HDR + what] = 0x40;
        rd_init(&r, w.base + MUX_HDR, w.len - MUX_HDR);
        assert_int_equal(mux_get_connect(&r, &c), STATUS_INVALID_PARAMETER);
        w.base[MUX_HDR + what] = old;
    }
    wr_free(&w);
}

static void test_facts(void **state)
{
    static struct mux_facts f;
    struct wr w;
    (void)state;
    connected(&w);
    every_cut(&w, get_facts, &f);
    assert_true(f.warm && f.bound && f.f.encrypted && f.f.signed_ && !f.f.guest);
    assert_int_equal(f.max_send, 4280);
    assert_int_equal(f.max_recv, 5840);
    assert_int_equal(f.assoc_group, 0x53f0);
    assert_string_equal(f.f.peer, "192.0.2.7:445");
    assert_string_equal(f.f.principal, "alice@EXAMPLE");
    assert_int_equal(f.f.server_guid.d[7], 11);
    wr_free(&w);
    memset(f.session_key, 7, 16);
    memset(f.application_key, 8, 16);
    mux_begin(&w, MUX_CONNECT | MUX_ANSWER, 2, STATUS_SUCCESS);
    mux_put_facts(&w, &f, true);
    memset(f.session_key, 0, sizeof f.session_key);
    every_cut(&w, get_facts, &f);
    assert_int_equal(f.session_key[15], 7);
    assert_int_equal(f.session_key[16], 0);
    wr_free(&w);
}

static void test_others(void **state)
{
    static struct mux_auth a,
        b = { .token = 5, .kind = MUX_KEYTAB, .lifetime = 9, .pattern = "*", .user = "x@Y" };
    struct mux_welcome v;
    struct mux_status s, t = { .uptime_s = 1, .lent = 2, .reused = 3, .conns = 4, .pooled = 5 };
    struct mux_query q, u = { .pipe = 77, .what = MUX_FACTS };
    struct wr w;
    (void)state;
    welcome(&w);
    every_cut(&w, get_welcome, &v);
    assert_int_equal(v.uid, 1000);
    wr_free(&w);
    mux_begin(&w, MUX_STATUS | MUX_ANSWER, 1, STATUS_SUCCESS);
    mux_put_status(&w, &t);
    every_cut(&w, get_status, &s);
    assert_int_equal(s.lent, 2);
    assert_int_equal(s.reused, 3);
    assert_int_equal(s.pooled, 5);
    wr_free(&w);
    mux_begin(&w, MUX_QUERY, 1, STATUS_SUCCESS);
    mux_put_query(&w, &u);
    every_cut(&w, get_query, &q);
    assert_int_equal(q.pipe, 77);
    wr_free(&w);
    b.secret = (struct nt_blob){ (const uint8_t *)"secret", 6 };
    mux_begin(&w, MUX_SET_AUTH, 1, STATUS_SUCCESS);
    mux_put_auth(&w, &b);
    every_cut(&w, get_auth, &a);
    assert_int_equal(a.secret.len, 6);
    assert_string_equal(a.user, "x@Y");
    wr_free(&w);
}

static void test_strings(void **state)
{
    static const struct {
        const char *body;
        size_t len;
        bool good;
    } cases[] = {
        { "\0\0", 2, true },
        { "\3\0abc", 5, true },
        { "\4\0abc", 5, false },
        { "\1\0\0", 3, false },
        { "\2\0\xc3\xa9", 4, true },
        { "\1\0\xc3", 3, false },
        { "\3\0\xed\xa0\x80", 5, false }, /* half of a pair */
        { "\7\0abcdefg", 9, true },
        { "\10\0abcdefgh", 10, false }, /* of eight there is no room for the end */
        { "\xff\xff", 2, false },
    };
    char got[8];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rd r;
        rd_init(&r, cases[i].body, cases[i].len);
        mux_get_str(&r, got, sizeof got);
        assert_int_equal(mux_done(&r) == STATUS_SUCCESS, cases[i].good);
        if (!cases[i].good)
            assert_string_equal(got, "");
    }
}

static void test_heads(void **state)
{
    static const unsigned at[] = { 6, 7, 16, 19 };
    struct mux_hdr h;
    struct wr w;
    (void)state;
    release(&w);
    mux_end(&w);
    assert_int_equal(mux_length(w.base), w.len);
    assert_int_equal(mux_get_hdr(w.base, &h), STATUS_SUCCESS);
    assert_int_equal(h.id, 5);
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        w.base[at[i]] = 1;
        assert_int_equal(mux_get_hdr(w.base, &h), STATUS_INVALID_PARAMETER);
        w.base[at[i]] = 0;
    }
    w.base[8] = 0; /* no id */
    assert_int_equal(mux_get_hdr(w.base, &h), STATUS_INVALID_PARAMETER);
    wr_free(&w);
    assert_int_equal(mux_length((const uint8_t *)"\x13\0\0\0"), 0);
    assert_int_equal(mux_length((const uint8_t *)"\x14\0\0\0"), 20);
    assert_int_equal(mux_length((const uint8_t *)"\0\x10\1\0"), 69632);
    assert_int_equal(mux_length((const uint8_t *)"\1\x10\1\0"), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page),   cmocka_unit_test(test_connect), cmocka_unit_test(test_facts),
        cmocka_unit_test(test_others), cmocka_unit_test(test_strings), cmocka_unit_test(test_heads),
    };
    page = argc > 1 ? argv[1] : "docs/wire/npcmux.md";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
