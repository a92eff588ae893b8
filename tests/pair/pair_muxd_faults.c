// SPDX-License-Identifier: Apache-2.0
/* Faults of the muxer's world that no running daemon has at the right moment: its end at every step of a
 * Connect, and what strangers may say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "pair/muxd_world.h"

static void begin_connect(struct raw *r, unsigned mode)
{
    struct mux_connect to = { .mode = (uint8_t)mode };
    struct wr out;
    snprintf(to.server, sizeof to.server, "fake");
    if (mode != MUX_SESSION)
        snprintf(to.pipe, sizeof to.pipe, "rpcecho");
    raw_begin(r, &out, MUX_CONNECT);
    mux_put_connect(&out, &to);
    raw_send(r, &out);
}

/* The muxer ends in the middle of a Connect: before the session is there, and while the pipe is opened. */
static void ends_at(unsigned step, bool warm, bool server_first)
{
    struct world w;
    struct raw r, first;
    struct mux_facts f;
    world_init(&w, 40);
    give_creds(&w, ALICE, "alice");
    raw_open(&first, &w, ALICE);
    raw_hello(&first);
    if (warm)
        assert_int_equal(raw_connect(&first, MUX_SESSION, 0, &f), STATUS_SUCCESS);
    raw_done(&first);
    raw_open(&r, &w, ALICE);
    raw_hello(&r);
    begin_connect(&r, MUX_PROXY);
    for (unsigned i = 0; i < step; i++)
        (void)!nt_loop_run(w.loop, 0);
    if (server_first)
        stop_server(&w);
    muxd_free(w.muxd);
    io_stream_done(&r.s);
    wr_free(&r.got);
    turns(&w);
    if (!server_first)
        stop_server(&w);
    turns(&w);
    nt_loop_free(w.loop);
}

static void test_ends(void **state)
{
    (void)state;
    for (unsigned step = 0; step < 60; step++) {
        ends_at(step, false, false);
        ends_at(step, true, false);
        ends_at(step, step % 2, true);
    }
}

/* A session is dropped while pipes are opened in it, and their clients go: the owner goes with the last. */
static void test_dropped(void **state)
{
    (void)state;
    for (unsigned step = 0; step < 40; step++) {
        struct world w;
        struct raw r, other;
        struct rd body;
        struct wr out;
        world_init(&w, 40);
        give_creds(&w, ALICE, "alice");
        raw_open(&r, &w, ALICE);
        raw_hello(&r);
        begin_connect(&r, MUX_MESSAGE);
        for (unsigned i = 0; i < step; i++)
            (void)!nt_loop_run(w.loop, 0);
        raw_open(&other, &w, ALICE);
        raw_hello(&other);
        for (unsigned type = MUX_CLEAR_AUTH; type <= MUX_DROP; type += MUX_DROP - MUX_CLEAR_AUTH) {
            raw_begin(&other, &out, type);
            if (type == MUX_CLEAR_AUTH)
                wr_u64(&out, 0);
            mux_put_str(&out, "");
            raw_send(&other, &out);
            assert_int_equal(raw_answer(&other, &body), STATUS_SUCCESS);
        }
        io_stream_done(&other.s);
        io_stream_done(&r.s);
        wr_free(&other.got);
        wr_free(&r.got);
        turns(&w);
        struct muxd_counters n;
        muxd_count(w.muxd, &n);
        assert_int_equal(n.sessions, 0);
        assert_int_equal(n.owners, 0);
        world_done(&w);
    }
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

/* A client goes at every step of a Connect to what is there, or is not: its session is idle then, and ends.
 */
static void gone_at(unsigned step, unsigned mode, const char *pipe, bool waits)
{
    struct world w;
    struct raw r;
    struct muxd_counters n;
    struct mux_connect to = { .mode = (uint8_t)mode };
    struct wr out;
    world_init(&w, 0);
    give_creds(&w, ALICE, "alice");
    raw_open(&r, &w, ALICE);
    raw_hello(&r);
    snprintf(to.server, sizeof to.server, "fake");
    snprintf(to.pipe, sizeof to.pipe, "%s", pipe);
    raw_begin(&r, &out, MUX_CONNECT);
    mux_put_connect(&out, &to);
    raw_send(&r, &out);
    for (unsigned i = 0; i < step; i++)
        (void)!nt_loop_run(w.loop, 0);
    raw_done(&r);
    if (waits) {
        assert_int_equal(io_wait(w.loop, never, NULL, io_loop_now(w.loop) + UINT64_C(60000000000), NULL),
                         STATUS_IO_TIMEOUT);
        muxd_count(w.muxd, &n);
        assert_int_equal(n.sessions, 0);
    }
    world_done(&w); /* no pause of an opening is left: a leak else */
}

static void test_gone(void **state)
{
    (void)state;
    for (unsigned step = 0; step < 40; step++)
        for (unsigned mode = MUX_PROXY; mode <= MUX_PDU; mode++) {
            gone_at(step, mode, "rpcecho", step % 2);
            gone_at(step, mode, "nothing", step % 2);
            gone_at(step, mode, "nothing", !(step % 2));
        }
}

/* Before Hello nobody is known to speak this protocol, and nothing long is waited for. */
static void test_strangers(void **state)
{
    struct world w;
    struct raw r;
    struct wr out;
    (void)state;
    world_init(&w, 0);
    raw_open(&r, &w, EVE);
    wr_init(&out, 4);
    wr_u32(&out, (uint32_t)MUX_MAX);
    assert_int_equal(io_queue(&r.s, &out), STATUS_SUCCESS);
    turns(&w);
    assert_true(r.closed);
    raw_done(&r);
    raw_open(&r, &w, EVE); /* after it there are long ones */
    raw_hello(&r);
    wr_init(&out, 4);
    wr_u32(&out, (uint32_t)MUX_MAX);
    assert_int_equal(io_queue(&r.s, &out), STATUS_SUCCESS);
    turns(&w);
    assert_false(r.closed);
    raw_done(&r);
    world_done(&w);
}

/* A muxer that tells of longer keys than it could send. */
static void test_facts(void **state)
{
    struct mux_facts
        f = { .f = { .size = sizeof f.f, .session_key_len = 16, .mech = "", .peer = "", .server = "" } },
        got;
    struct wr w;
    struct rd r;
    (void)state;
    for (unsigned len = 16; len < 0x10000; len += len) {
        f.f.application_key_len = len;
        wr_init(&w, MUX_MAX);
        mux_put_facts(&w, &f, false);
        rd_init(&r, w.base, w.len);
        assert_int_equal(mux_get_facts(&r, &got),
                         len <= MUX_KEY_MAX ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER);
        wr_free(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends),      cmocka_unit_test(test_dropped), cmocka_unit_test(test_gone),
        cmocka_unit_test(test_strangers), cmocka_unit_test(test_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
