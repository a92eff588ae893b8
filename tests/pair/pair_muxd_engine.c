// SPDX-License-Identifier: Apache-2.0
/*
 * What the muxer's engine does between Connect and pipe: logons that are refused, sessions that nobody waited
 * for to the end, ceilings, and many that go at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "muxd_world.h"

#define NS_PER_S UINT64_C(1000000000)

static bool never(void *arg)
{
    (void)arg;
    return false;
}

static void pass(struct world *w, uint64_t s)
{
    assert_int_equal(io_wait(w->loop, never, NULL, io_loop_now(w->loop) + s * NS_PER_S, NULL),
                     STATUS_IO_TIMEOUT);
}

static struct muxd_counters counters(struct world *w)
{
    struct muxd_counters n;
    muxd_count(w->muxd, &n);
    return n;
}

static void put_connect(struct raw *r, unsigned mode, unsigned ms)
{
    struct mux_connect to = { .mode = (uint8_t)mode, .timeout_ms = ms };
    struct wr w;
    snprintf(to.server, sizeof to.server, "fake");
    if (mode != MUX_SESSION)
        snprintf(to.pipe, sizeof to.pipe, "rpcecho");
    raw_begin(r, &w, MUX_CONNECT);
    mux_put_connect(&w, &to);
    raw_send(r, &w);
}

/* ---- logons that are refused ---- */

static void give(struct world *w, const char *password)
{
    struct raw r;
    raw_open(&r, w, ALICE);
    raw_hello(&r);
    assert_int_equal(raw_set(&r, 0, "alice", password), STATUS_SUCCESS);
    raw_done(&r);
}

static void drop(struct world *w)
{
    struct raw r;
    struct rd body;
    struct wr out;
    raw_open(&r, w, ALICE);
    raw_hello(&r);
    raw_begin(&r, &out, MUX_DROP);
    mux_put_str(&out, "FAKE");
    raw_send(&r, &out);
    assert_int_equal(raw_answer(&r, &body), STATUS_SUCCESS);
    raw_done(&r);
}

static void expect_logon(struct world *w, enum nt_status want, unsigned dialled)
{
    struct npc_session *s;
    assert_int_equal(open_session(w, &s), want);
    if (want == STATUS_SUCCESS)
        npc_session_unref(s);
    assert_int_equal(w->dialled, dialled);
}

static void test_refused_logon(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, 0);
    give(&w, "wrong");
    expect_logon(&w, STATUS_LOGON_FAILURE, 1);
    assert_null(strstr(w.err.text, "not tried again"));
    for (int i = 0; i < 20; i++)
        expect_logon(&w, STATUS_LOGON_FAILURE, 1); /* from memory: nobody is locked out */
    assert_non_null(strstr(w.err.text, "not tried again for 60 s"));
    pass(&w, 61);
    expect_logon(&w, STATUS_LOGON_FAILURE, 2);
    expect_logon(&w, STATUS_LOGON_FAILURE, 2);
    pass(&w, 61); /* twice as long now */
    expect_logon(&w, STATUS_LOGON_FAILURE, 2);
    pass(&w, 61);
    expect_logon(&w, STATUS_LOGON_FAILURE, 3);
    drop(&w); /* somebody says so */
    expect_logon(&w, STATUS_LOGON_FAILURE, 4);
    give(&w, FAKE_PASSWORD);
    expect_logon(&w, STATUS_SUCCESS, 5);
    give(&w, "wrong"); /* what was known of the others is not known of this one */
    expect_logon(&w, STATUS_LOGON_FAILURE, 6);
    world_done(&w);
}

/* A server that is not there is asked again each time. */
static void test_no_server(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, 0);
    give(&w, FAKE_PASSWORD);
    stop_server(&w);
    expect_logon(&w, STATUS_CONNECTION_REFUSED, 1);
    expect_logon(&w, STATUS_CONNECTION_REFUSED, 2);
    start_server(&w);
    expect_logon(&w, STATUS_SUCCESS, 3);
    world_done(&w);
}

/* ---- waiting ---- */

/* Who goes while a session is being opened leaves it to the next; and it ends in its time. */
static void test_nobody_waits(void **state)
{
    (void)state;
    for (unsigned turns_before = 0; turns_before < 30; turns_before++) {
        struct world w;
        struct raw r;
        world_init(&w, 0);
        give(&w, FAKE_PASSWORD);
        raw_open(&r, &w, ALICE);
        raw_hello(&r);
        put_connect(&r, MUX_PROXY, 0);
        for (unsigned i = 0; i <= turns_before; i++)
            (void)!nt_loop_run(w.loop, 0);
        raw_done(&r);
        assert_int_equal(counters(&w).sessions, 1);
        expect_logon(&w, STATUS_SUCCESS, 1);
        pass(&w, 7);
        assert_int_equal(counters(&w).sessions, 0);
        world_done(&w);
    }
}

static void drop_data(void *engine, uint8_t *data, size_t len)
{
    (void)engine;
    (void)data;
    (void)len;
}

static void drop_close(void *engine, enum nt_status why)
{
    (void)engine;
    (void)why;
}

/* A server that says nothing; or a client. */
static const struct io_ops deaf_ops = { NULL, drop_data, drop_close };
static struct io_stream deaf;

static enum nt_status deaf_dial(void *arg, struct io_stream *s, const struct io_addr *to)
{
    struct world *w = arg;
    if (to->path)
        return muxd_join(w->muxd, w->loop, s, w->uid);
    w->dialled++;
    io_stream_init(&deaf, &deaf_ops, NULL, smbd_env());
    return io_mem_join(w->loop, s, &deaf);
}

static void test_own_time(void **state)
{
    struct world w;
    struct raw a, b;
    struct rd body;
    (void)state;
    world_init(&w, 0);
    io_mem_on_dial(w.loop, deaf_dial, &w);
    give(&w, FAKE_PASSWORD);
    raw_open(&a, &w, ALICE);
    raw_open(&b, &w, ALICE);
    raw_hello(&a);
    raw_hello(&b);
    put_connect(&a, MUX_SESSION, 2000);
    put_connect(&b, MUX_SESSION, 20000);
    pass(&w, 2);
    assert_int_equal(raw_answer(&a, &body), STATUS_IO_TIMEOUT);
    assert_int_equal(w.dialled, 1); /* for both, and the second waits on */
    assert_int_equal(b.got.len, 0);
    pass(&w, 17);
    assert_int_equal(b.got.len, 0);
    pass(&w, 3);
    assert_int_equal(raw_answer(&b, &body), STATUS_IO_TIMEOUT);
    raw_done(&a);
    raw_done(&b);
    pass(&w, 20);
    io_stream_done(&deaf);
    assert_int_equal(counters(&w).sessions, 0);
    world_done(&w);
}

/* Cleared, or dropped, while the session is being opened: who waits gets it, and nobody else does. */
static void test_cleared_meanwhile(void **state)
{
    (void)state;
    for (unsigned how = 0; how < 2; how++) {
        struct world w;
        struct raw r;
        struct rd body;
        struct mux_facts f;
        world_init(&w, 0);
        give(&w, FAKE_PASSWORD);
        raw_open(&r, &w, ALICE);
        raw_hello(&r);
        put_connect(&r, MUX_MESSAGE, 0);
        (void)!nt_loop_run(w.loop, 0);
        (void)!nt_loop_run(w.loop, 0);
        assert_int_equal(r.got.len, 0);
        if (how)
            give(&w, FAKE_PASSWORD); /* the same, but another entry */
        else
            drop(&w);
        assert_int_equal(raw_answer(&r, &body), STATUS_SUCCESS);
        assert_int_equal(mux_get_facts(&body, &f), STATUS_SUCCESS);
        expect_logon(&w, STATUS_SUCCESS, 2);
        raw_done(&r);
        assert_int_equal(counters(&w).sessions, 1); /* the second; the first went with its pipe */
        world_done(&w);
    }
}

/* ---- ceilings ---- */

static void ceiling_world(struct world *w)
{
    struct muxd_options o = { .env = smbd_env(), .max_conns = 80, .max_conns_per_uid = 40 };
    world_init(w, 0);
    muxd_free(w->muxd);
    assert_int_equal(muxd_new(w->loop, &o, &w->muxd), STATUS_SUCCESS);
}

static unsigned crowd(struct world *w, struct raw *all, unsigned n, uint32_t uid)
{
    unsigned got = 0;
    for (unsigned i = 0; i < n; i++) {
        struct raw *r = &all[i];
        io_stream_init(&r->s, &deaf_ops, NULL, smbd_env());
        if (muxd_join(w->muxd, w->loop, &r->s, uid) == STATUS_SUCCESS)
            got++;
    }
    return got;
}

static void leave(struct raw *all, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        io_stream_done(&all[i].s);
}

/* One at his ceiling is nobody else's concern; and root can always look. */
static void test_ceilings(void **state)
{
    static struct raw a[100], e[100], root[100];
    struct world w;
    struct raw r;
    struct mux_facts f;
    (void)state;
    ceiling_world(&w);
    assert_int_equal(crowd(&w, a, 100, ALICE), 40);
    assert_int_equal(crowd(&w, e, 10, EVE), 10);
    assert_int_equal(crowd(&w, e + 10, 90, EVE), 20); /* the total, but for what is kept for root: 70 */
    give_creds(&w, 0, "alice");
    raw_open(&r, &w, 0);
    raw_hello(&r);
    struct rd body;
    struct wr out;
    raw_begin(&r, &out, MUX_STATUS);
    raw_send(&r, &out);
    assert_int_equal(raw_answer(&r, &body), STATUS_SUCCESS);
    assert_int_equal(raw_connect(&r, MUX_SESSION, 0, &f), STATUS_QUOTA_EXCEEDED);
    raw_done(&r);
    leave(a, 100);
    leave(e, 100);
    turns(&w);
    assert_int_equal(counters(&w).conns, 0);
    /* root alone leaves others some, too */
    assert_int_equal(crowd(&w, root, 100, 0), 62 + 10);
    raw_open(&r, &w, ALICE);
    raw_hello(&r);
    raw_done(&r);
    leave(root, 100);
    world_done(&w);
}

static unsigned successes(const struct raw *r, unsigned type)
{
    unsigned n = 0;
    struct mux_hdr h;
    for (size_t at = 0; at < r->got.len; at += h.length) {
        assert_int_equal(mux_get_hdr(r->got.base + at, &h), STATUS_SUCCESS);
        n += h.type == (type | MUX_ANSWER) && h.status == STATUS_SUCCESS;
    }
    return n;
}

static void put_hello(struct raw *r)
{
    struct mux_hello h = { .least = 1, .greatest = 1, .program = "many" };
    struct wr out;
    raw_begin(r, &out, MUX_HELLO);
    mux_put_hello(&out, &h);
    raw_send(r, &out);
}

/* That of the world repeats itself, so it has no 1 024 tokens. */
static enum nt_status count_up(void *arg, void *buf, size_t len)
{
    static uint64_t n;
    (void)arg;
    n++;
    memset(buf, 1, len);
    memcpy(buf, &n, len < sizeof n ? len : sizeof n);
    return STATUS_SUCCESS;
}

static void test_tokens_of_a_uid(void **state)
{
    static struct raw all[70];
    static struct nt_env env;
    struct muxd_options o = { .env = &env };
    struct world w;
    unsigned made = 0;
    struct wr out;
    (void)state;
    world_init(&w, 0);
    env = *smbd_env();
    env.random = count_up;
    muxd_free(w.muxd);
    assert_int_equal(muxd_new(w.loop, &o, &w.muxd), STATUS_SUCCESS);
    for (unsigned i = 0; i < 70; i++) {
        raw_open(&all[i], &w, ALICE);
        put_hello(&all[i]);
        for (unsigned k = 0; k < 16; k++) {
            raw_begin(&all[i], &out, MUX_CREATE_TOKEN);
            raw_send(&all[i], &out);
        }
    }
    turns(&w);
    for (unsigned i = 0; i < 70; i++)
        made += successes(&all[i], MUX_CREATE_TOKEN);
    assert_int_equal(made, 1024);
    for (unsigned i = 0; i < 70; i++) {
        io_stream_done(&all[i].s);
        wr_free(&all[i].got);
    }
    world_done(&w);
}

/* ---- many ---- */

#define MANY 3000

/* All wait for one session, and go at once. */
static void test_many_go(void **state)
{
    struct muxd_options o = { .env = smbd_env(), .max_conns = 4 * MANY, .max_conns_per_uid = 2 * MANY };
    struct raw *all = calloc(MANY, sizeof *all);
    struct world w;
    (void)state;
    assert_non_null(all);
    world_init(&w, 0);
    muxd_free(w.muxd);
    assert_int_equal(muxd_new(w.loop, &o, &w.muxd), STATUS_SUCCESS);
    io_mem_on_dial(w.loop, deaf_dial, &w);
    give(&w, FAKE_PASSWORD);
    for (unsigned i = 0; i < MANY; i++) {
        raw_open(&all[i], &w, ALICE);
        put_hello(&all[i]);
        put_connect(&all[i], MUX_PROXY, 0);
    }
    turns(&w);
    assert_int_equal(counters(&w).conns, MANY);
    assert_int_equal(w.dialled, 1);
    for (unsigned i = 0; i < MANY; i++)
        io_stream_done(&all[i].s);
    turns(&w);
    assert_int_equal(counters(&w).conns, 0);
    for (unsigned i = 0; i < MANY; i++)
        wr_free(&all[i].got);
    free(all);
    pass(&w, 40);
    io_stream_done(&deaf);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_logon),     cmocka_unit_test(test_no_server),
        cmocka_unit_test(test_nobody_waits),      cmocka_unit_test(test_own_time),
        cmocka_unit_test(test_cleared_meanwhile), cmocka_unit_test(test_ceilings),
        cmocka_unit_test(test_tokens_of_a_uid),   cmocka_unit_test(test_many_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
