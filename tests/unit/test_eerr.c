// SPDX-License-Identifier: Apache-2.0
/* Extended error information: octets laid out by hand, round trips, limits, damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "rpc/m_client.h"

/* [MS-EERR] 3.1: a registry key that the runtime could not open. Little endian NDR 2.0, type serialization
 * version 1, counted out by hand after [C706] chapter 14. */
static const uint8_t example[] = {
    0x01, 0x10, 0x08, 0x00, 0xcc, 0xcc, 0xcc, 0xcc, /* common header */
    0x48, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* private header: 72 octets */
    0x00, 0x00, 0x02, 0x00,                         /* the pointer */
    0x01, 0x00, 0x00, 0x00,                         /* maximum count of Params */
    0x00, 0x00, 0x00, 0x00,                         /* Next */
    0x02, 0x00, 0x02, 0x00,                         /* no computer: enumeration and tag */
    0x34, 0x12, 0x00, 0x00,                         /* ProcessID */
    0x00, 0x00, 0x00, 0x00,                         /* to a multiple of 8 */
    0x00, 0x80, 0x3e, 0xd5, 0xde, 0xb1, 0x9d, 0x01, /* TimeStamp: 1970 */
    0x49, 0x00, 0x00, 0x00,                         /* GeneratingComponent */
    0x02, 0x00, 0x00, 0x00,                         /* Status */
    0xf0, 0x0b, 0x00, 0x00,                         /* DetectionLocation, Flags */
    0x01, 0x00, 0x00, 0x00,                         /* nLen, to a multiple of 8 */
    0x02, 0x00, 0x02, 0x00,                         /* a Unicode string */
    0x04, 0x00, 0x00, 0x00,                         /* of 4 characters */
    0x04, 0x00, 0x02, 0x00,                         /* there */
    0x04, 0x00, 0x00, 0x00,                         /* and the end of the element; its maximum count */
    'K',  0x00, 0xe9, 0x00, 'y',  0x00, 0x00, 0x00,
};

static struct rpc_error_list decode_ok(struct nt_arena *mem, const uint8_t *p, size_t len)
{
    struct rpc_error_list l = { NULL, 99 };
    assert_int_equal(rpc_eerr_decode((struct nt_blob){ p, len }, mem, &l), STATUS_SUCCESS);
    return l;
}

static void test_example(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    struct nt_blob again;
    struct rpc_error_list l = decode_ok(mem, example, sizeof example);
    assert_int_equal(l.n, 1);
    assert_null(l.rec[0].computer);
    assert_int_equal(l.rec[0].pid, 0x1234);
    assert_true(l.rec[0].time == NT_TIME_UNIX_EPOCH);
    assert_int_equal(l.rec[0].component, 0x49);
    assert_int_equal(l.rec[0].status, 2);
    assert_int_equal(l.rec[0].location, 0xbf0);
    assert_int_equal(l.rec[0].flags, 0);
    assert_int_equal(l.rec[0].n_params, 1);
    assert_int_equal(l.rec[0].params[0].kind, RPC_ERROR_TEXT);
    assert_string_equal(l.rec[0].params[0].text, "K\xc3\xa9y");
    char text[256];
    size_t len = rpc_eerr_text(&l, text, sizeof text);
    assert_int_equal(len, strlen(text));
    assert_non_null(strstr(text, "ERROR_FILE_NOT_FOUND in component 73 at 3056: K\xc3\xa9y"));
    /* and what we write are the same octets but for the referent ids */
    assert_int_equal(rpc_eerr_encode(&l, mem, &again), STATUS_SUCCESS);
    assert_int_equal(again.len, sizeof example);
    uint8_t mine[sizeof example];
    memcpy(mine, again.data, sizeof mine);
    memcpy(mine + 16, example + 16, 4);
    memcpy(mine + 72, example + 72, 4);
    assert_memory_equal(mine, example, sizeof mine);
    nt_arena_free(mem);
}

static void test_round_trip(void **state)
{
    (void)state;
    static const uint8_t blob[3] = { 1, 2, 3 };
    struct rpc_error_record rec[3] = {
        { .computer = "d\xc3\xbc",
          .pid = 7,
          .time = 8,
          .component = 2,
          .status = 5,
          .location = 9,
          .n_params = 4,
          .params = { { .kind = RPC_ERROR_ANSI, .text = "caf\xc3\xa9" },
                      { .kind = RPC_ERROR_LONG, .number = -5 },
                      { .kind = RPC_ERROR_BINARY, .blob = { blob, 3 } },
                      { .kind = RPC_ERROR_NONE } } },
        { .component = 1000,
          .status = 0xc0000022,
          .flags = RPC_ERROR_MISSING_AFTER,
          .n_params = 3,
          .params = { { .kind = RPC_ERROR_INT64, .number = INT64_MIN },
                      { .kind = RPC_ERROR_SHORT, .number = -2 },
                      { .kind = RPC_ERROR_BINARY } } },
        { .computer = "", .n_params = 1, .params = { { .kind = RPC_ERROR_TEXT, .text = "" } } },
    };
    struct nt_arena *mem = nt_arena_new(0);
    struct nt_blob b;
    assert_int_equal(rpc_eerr_encode(&(struct rpc_error_list){ rec, 3 }, mem, &b), STATUS_SUCCESS);
    struct rpc_error_list l = decode_ok(mem, b.data, b.len);
    assert_int_equal(l.n, 3);
    assert_string_equal(l.rec[0].computer, "d\xc3\xbc");
    assert_string_equal(l.rec[0].params[0].text, "caf\xc3\xa9");
    assert_int_equal(l.rec[0].params[1].number, -5);
    assert_int_equal(l.rec[0].params[2].blob.len, 3);
    assert_memory_equal(l.rec[0].params[2].blob.data, blob, 3);
    assert_null(l.rec[1].computer);
    assert_int_equal(l.rec[1].status, 0xc0000022);
    assert_int_equal(l.rec[1].flags, RPC_ERROR_MISSING_AFTER);
    assert_true(l.rec[1].params[0].number == INT64_MIN);
    assert_int_equal(l.rec[1].params[1].number, -2);
    assert_string_equal(l.rec[2].computer, "");
    assert_string_equal(l.rec[2].params[0].text, "");
    /* damage: every octet changed, every length cut; whatever comes out can be looked at */
    for (size_t i = 0; i < b.len; i++)
        for (int bit = 0; bit < 256; bit += bit ? bit : 1) {
            uint8_t *copy = malloc(b.len);
            char text[256];
            memcpy(copy, b.data, b.len);
            copy[i] ^= (uint8_t)(bit ? bit : 255);
            struct rpc_error_list d = { NULL, 0 };
            if (rpc_eerr_decode((struct nt_blob){ copy, b.len }, mem, &d) == STATUS_SUCCESS)
                (void)rpc_eerr_text(&d, text, sizeof text);
            free(copy);
        }
    for (size_t n = 0; n < b.len; n++) {
        struct rpc_error_list d = { NULL, 77 };
        uint8_t *copy = malloc(n ? n : 1);
        memcpy(copy, b.data, n);
        if (n + 8 < b.len)
            assert_int_not_equal(rpc_eerr_decode((struct nt_blob){ copy, n }, mem, &d), STATUS_SUCCESS);
        assert_int_equal(d.n, 77);
        free(copy);
    }
    nt_arena_free(mem);
}

static void test_limits(void **state)
{
    (void)state;
    struct rpc_error_record *rec = calloc(RPC_ERROR_RECORDS_MAX + 1, sizeof *rec);
    struct nt_arena *mem = nt_arena_new(0);
    struct nt_blob b;
    struct rpc_error_list l;
    assert_int_equal(rpc_eerr_encode(&(struct rpc_error_list){ rec, RPC_ERROR_RECORDS_MAX + 1 }, mem, &b),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(rpc_eerr_encode(&(struct rpc_error_list){ rec, RPC_ERROR_RECORDS_MAX }, mem, &b),
                     STATUS_SUCCESS);
    l = decode_ok(mem, b.data, b.len);
    assert_int_equal(l.n, RPC_ERROR_RECORDS_MAX);
    /* one more record than we take: the last one's Next points on */
    const size_t one = 48, more = b.len + one, last = b.len - one;
    assert_int_equal(b.len, 16 + one * RPC_ERROR_RECORDS_MAX);
    uint8_t *copy = malloc(more);
    memcpy(copy, b.data, b.len);
    memcpy(copy + b.len, b.data + last, one);
    put_le32(copy + last + 8, 0x77777);
    put_le32(copy + 8, (uint32_t)(more - 16));
    assert_int_not_equal(rpc_eerr_decode((struct nt_blob){ copy, more }, mem, &l), STATUS_SUCCESS);
    free(copy);
    rec[0].n_params = RPC_ERROR_PARAMS_MAX + 1;
    assert_int_equal(rpc_eerr_encode(&(struct rpc_error_list){ rec, 1 }, mem, &b), STATUS_INVALID_PARAMETER);
    /* more parameters than there may be, said by a peer */
    uint8_t five[sizeof example];
    memcpy(five, example, sizeof five);
    five[20] = 5;
    five[60] = 5;
    assert_int_equal(rpc_eerr_decode((struct nt_blob){ five, sizeof five }, mem, &l), RPC_NT_INVALID_BOUND);
    /* a negative length */
    memcpy(five, example, sizeof five);
    five[69] = 0xff;
    assert_int_equal(rpc_eerr_decode((struct nt_blob){ five, sizeof five }, mem, &l), RPC_NT_INVALID_BOUND);
    /* tag and enumeration disagree */
    memcpy(five, example, sizeof five);
    five[66] = 1;
    assert_int_equal(rpc_eerr_decode((struct nt_blob){ five, sizeof five }, mem, &l), RPC_NT_INVALID_TAG);
    char *long_text = malloc(40000);
    memset(long_text, 'a', 39999);
    long_text[39999] = 0;
    rec[0].n_params = 1;
    rec[0].params[0] = (struct rpc_error_param){ .kind = RPC_ERROR_TEXT, .text = long_text };
    assert_int_equal(rpc_eerr_encode(&(struct rpc_error_list){ rec, 1 }, mem, &b), STATUS_INVALID_PARAMETER);
    free(long_text);
    free(rec);
    nt_arena_free(mem);
}

static void test_pdus(void **state)
{
    (void)state;
    struct nt_blob blob = { example, sizeof example }, got;
    struct rpc_pdu d;
    const char *why = NULL;
    struct wr w;
    wr_init(&w, RPC_FRAG_MAX);
    rpc_put_nak_extended(&w, 3, RPC_NAK_CHECKSUM, blob);
    assert_int_equal(w.len, 40 + sizeof example);
    assert_int_equal(rpc_pdu_decode(w.base, w.len, &d, &why), STATUS_SUCCESS);
    assert_int_equal(d.u.nak.reason, RPC_NAK_CHECKSUM);
    assert_int_equal(d.u.nak.extended.len, sizeof example);
    assert_memory_equal(d.u.nak.extended.data, example, sizeof example);
    w.base[30] ^= 1; /* another signature: nothing of ours */
    assert_int_equal(rpc_pdu_decode(w.base, w.len, &d, &why), STATUS_SUCCESS);
    assert_int_equal(d.u.nak.extended.len, 0);
    w.base[18] = 255; /* more versions than there is room for */
    assert_int_equal(rpc_pdu_decode(w.base, w.len, &d, &why), STATUS_SUCCESS);
    assert_int_equal(d.u.nak.extended.len, 0);
    w.len = 0;
    rpc_put_fault_extended(&w, RPC_PFC_WHOLE, 3, 0, 5, blob);
    assert_int_equal(rpc_pdu_decode(w.base, w.len, &d, &why), STATUS_SUCCESS);
    got = rpc_fault_extended(&d, w.base + d.body_off, d.body_len);
    assert_int_equal(got.len, sizeof example);
    for (uint32_t hint = 0; hint < 200;
         hint++) { /* the length is what alloc_hint says, if there is so much */
        d.u.rsp.alloc_hint = hint;
        got = rpc_fault_extended(&d, w.base + d.body_off, d.body_len);
        assert_int_equal(got.len, hint > 32 && hint <= 32 + sizeof example ? hint - 32 : 0);
    }
    d.u.rsp.alloc_hint = UINT32_MAX;
    assert_int_equal(rpc_fault_extended(&d, w.base + d.body_off, d.body_len).len, 0);
    wr_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_example),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_pdus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
