// SPDX-License-Identifier: Apache-2.0
#include "base/cursor.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void arena_gives_aligned_zeroed_memory(void **state)
{
    (void)state;
    struct nt_arena *a = nt_arena_new(0);
    for (size_t align = 1; align <= 64; align *= 2)
        for (size_t n = 0; n < 5000; n = n * 3 + 1) {
            uint8_t *p = nt_arena_alloc(a, n, align);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % align, 0);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(p[i], 0);
            memset(p, 0xff, n);
        }
    nt_arena_reset(a);
    assert_int_equal(nt_arena_used(a), 0);
    uint8_t *p = nt_arena_alloc(a, 100, 8);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(p[i], 0);
    nt_arena_free(a);
    nt_arena_free(NULL);
}

static void arena_keeps_its_ceiling(void **state)
{
    (void)state;
    struct nt_arena *a = nt_arena_new(1000);
    /* equal addresses would be taken for one object where full pointers are sent */
    void *nothing = nt_arena_alloc(a, 0, 1);
    assert_non_null(nothing);
    assert_ptr_not_equal(nothing, nt_arena_alloc(a, 0, 1));
    assert_int_equal(nt_arena_used(a), 0);
    assert_non_null(nt_arena_alloc(a, 900, 1));
    assert_null(nt_arena_alloc(a, 101, 1));
    assert_non_null(nt_arena_alloc(a, 100, 1));
    assert_null(nt_arena_alloc(a, 1, 1));
    assert_null(nt_arena_alloc(a, SIZE_MAX, 1));
    assert_null(nt_arena_array(a, SIZE_MAX / 2, 4));
    assert_null(nt_arena_alloc(a, 0, 3));
    nt_arena_free(a);
}

static void reader_fails_once_and_stays_failed(void **state)
{
    (void)state;
    static const uint8_t d[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
    struct rd r;
    rd_init(&r, d, sizeof d);
    assert_int_equal(rd_u32(&r), 0x04030201);
    assert_int_equal(rd_u16(&r), 0x0605);
    assert_int_equal(rd_u32(&r), 0);
    assert_int_equal(r.st, STATUS_INVALID_NETWORK_RESPONSE);
    assert_int_equal(rd_u8(&r), 0);
    assert_int_equal(rd_left(&r), 0);
    struct rd s = rd_sub(&r, 0, 1);
    assert_int_equal(s.st, STATUS_INVALID_NETWORK_RESPONSE);
}

static void reader_checks_counts_and_windows(void **state)
{
    (void)state;
    static const uint8_t d[] = { 2, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0xff, 0xff, 0xff, 0xff };
    struct rd r;
    rd_init(&r, d, sizeof d);
    assert_int_equal(rd_count(&r, 4), 2);
    rd_init(&r, d + 12, 4);
    assert_int_equal(rd_count(&r, 1), 0);
    assert_int_not_equal(r.st, STATUS_SUCCESS);
    rd_init(&r, d, sizeof d);
    struct rd s = rd_sub(&r, 4, 8);
    assert_int_equal(rd_u64(&s), UINT64_C(0x0807060504030201));
    assert_int_equal(r.pos, 0);
    s = rd_sub(&r, SIZE_MAX, 2);
    assert_int_not_equal(s.st, STATUS_SUCCESS);
    assert_int_equal(rd_u8(&s), 0);
    rd_init(&r, d, sizeof d);
    s = rd_sub(&r, 16, 0);
    assert_int_equal(s.st, STATUS_SUCCESS);
    rd_init(&r, d, 5);
    rd_u8(&r);
    rd_align(&r, 4);
    assert_int_equal(r.pos, 4);
    rd_u8(&r);
    rd_align(&r, 8);
    assert_int_not_equal(r.st, STATUS_SUCCESS);
}

static void writer_stops_at_its_limit(void **state)
{
    (void)state;
    struct wr w;
    wr_init(&w, 10);
    size_t mark = wr_mark_u32(&w);
    wr_u16(&w, 0x1234);
    wr_align(&w, 4);
    wr_fill_u32(&w, mark, 0xaabbccdd);
    assert_int_equal(w.len, 8);
    assert_int_equal(w.base[0], 0xdd);
    wr_u32(&w, 1);
    assert_int_equal(w.st, STATUS_BUFFER_TOO_SMALL);
    wr_u8(&w, 1);
    assert_int_equal(w.len, 8);
    wr_free(&w);
}

static void guid_round_trip(void **state)
{
    (void)state;
    struct nt_guid g;
    char buf[NT_GUID_STRLEN + 1];
    assert_int_equal(nt_guid_parse("{4B324FC8-1670-01d3-1278-5a47bf6ee188}", &g), STATUS_SUCCESS);
    assert_string_equal(nt_guid_format(&g, buf), "4b324fc8-1670-01d3-1278-5a47bf6ee188");
    static const char *const bad[] = { "",
                                       "{",
                                       "4b324fc8-1670-01d3-1278-5a47bf6ee18",
                                       "4b324fc8-1670-01d3-1278-5a47bf6ee1888",
                                       "{4b324fc8-1670-01d3-1278-5a47bf6ee188",
                                       "4b324fc8-1670-01d3-1278-5a47bf6ee188}",
                                       "4b324fc8_1670-01d3-1278-5a47bf6ee188",
                                       "gb324fc8-1670-01d3-1278-5a47bf6ee188" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(nt_guid_parse(bad[i], &g), STATUS_INVALID_PARAMETER);
}

static void sid_round_trip(void **state)
{
    (void)state;
    static const char *const good[] = { "S-1-0", "S-1-5-32-544", "S-1-5-21-1-2-4294967295-500",
                                        "S-1-0x10000000000-1",
                                        "S-1-4294967295-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15" };
    struct nt_sid sid, domain;
    char buf[NT_SID_STRLEN + 1];
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(nt_sid_parse(good[i], &sid), STATUS_SUCCESS);
        assert_string_equal(nt_sid_format(&sid, buf), good[i]);
    }
    static const char *const bad[] = { "",
                                       "S",
                                       "S-",
                                       "S-2-5",
                                       "S-1-",
                                       "S-1-5-",
                                       "S-1-5-4294967296",
                                       "S-1-5-1x",
                                       "T-1-5",
                                       "S-1-281474976710656",
                                       "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(nt_sid_parse(bad[i], &sid), STATUS_INVALID_SID);
    uint32_t rid;
    assert_int_equal(nt_sid_parse("S-1-5-21-7-8-9-1104", &sid), STATUS_SUCCESS);
    assert_int_equal(nt_sid_split(&sid, &domain, &rid), STATUS_SUCCESS);
    assert_int_equal(rid, 1104);
    assert_string_equal(nt_sid_format(&domain, buf), "S-1-5-21-7-8-9");
    struct nt_sid back;
    assert_int_equal(nt_sid_append(&domain, rid, &back), STATUS_SUCCESS);
    assert_true(nt_sid_equal(&back, &sid));
}

static void times(void **state)
{
    (void)state;
    assert_int_equal(nt_time_from_unix(0), NT_TIME_UNIX_EPOCH);
    assert_int_equal(nt_time_to_unix(NT_TIME_UNIX_EPOCH + 15 * NT_TIME_PER_SECOND), 15);
    assert_int_equal(nt_time_from_unix(INT64_MAX), NT_TIME_NEVER);
    assert_int_equal(nt_time_from_unix(INT64_MIN), 0);
    assert_true(nt_time_to_unix(UINT64_MAX) > 0);
    assert_int_equal(nt_time_to_unix(0), -11644473600);
}

static void error_sentences_are_harmless(void **state)
{
    (void)state;
    struct nt_error e;
    assert_int_equal(nt_error_set(&e, STATUS_ACCESS_DENIED, "bad\x1b[2J%s", "\n"), STATUS_ACCESS_DENIED);
    assert_string_equal(e.text, "bad?[2J?");
    assert_int_equal(nt_error_set(NULL, STATUS_ACCESS_DENIED, "x"), STATUS_ACCESS_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_gives_aligned_zeroed_memory),
        cmocka_unit_test(arena_keeps_its_ceiling),
        cmocka_unit_test(reader_fails_once_and_stays_failed),
        cmocka_unit_test(reader_checks_counts_and_windows),
        cmocka_unit_test(writer_stops_at_its_limit),
        cmocka_unit_test(guid_round_trip),
        cmocka_unit_test(sid_round_trip),
        cmocka_unit_test(times),
        cmocka_unit_test(error_sentences_are_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
