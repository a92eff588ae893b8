// SPDX-License-Identifier: Apache-2.0
/* Status tables: order, names, and both directions of every conversion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <msrpc/status.h>

#include "base/m_status.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static void check_sorted(const struct status_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            assert_true(rows[i - 1].code < rows[i].code);
        assert_true(strlen(status_pool + rows[i].name) > 4);
    }
}

static void tables_are_sorted(void **state)
{
    (void)state;
    assert_true(status_nt_rows_count > 1790);
    assert_true(status_win_rows_count > 2700);
    assert_true(status_fault_rows_count > 40);
    check_sorted(status_nt_rows, status_nt_rows_count);
    check_sorted(status_win_rows, status_win_rows_count);
    check_sorted(status_fault_rows, status_fault_rows_count);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void names_are_unique(void **state)
{
    size_t n = status_nt_rows_count + status_win_rows_count + status_fault_rows_count, k = 0;
    const char **all = calloc(n, sizeof(*all));

    (void)state;
    assert_non_null(all);
    for (size_t i = 0; i < status_nt_rows_count; i++)
        all[k++] = nt_status_name((enum nt_status)status_nt_rows[i].code);
    for (size_t i = 0; i < status_win_rows_count; i++)
        all[k++] = werror_name((enum werror)status_win_rows[i].code);
    for (size_t i = 0; i < status_fault_rows_count; i++)
        all[k++] = rpc_fault_name(status_fault_rows[i].code);
    for (size_t i = 0; i < n; i++)
        assert_non_null(all[i]);
    qsort(all, n, sizeof(*all), by_text);
    for (size_t i = 1; i < n; i++)
        assert_string_not_equal(all[i - 1], all[i]);
    free(all);
}

/* A sentence for people: no final full stop, printable ASCII, not longer than a few lines of a terminal. */
static void texts_are_sentences(void **state)
{
    size_t with_text = 0;

    (void)state;
    for (size_t i = 0; i < status_nt_rows_count + status_win_rows_count; i++) {
        const char *t = i < status_nt_rows_count
                            ? nt_status_text((enum nt_status)status_nt_rows[i].code)
                            : werror_text((enum werror)status_win_rows[i - status_nt_rows_count].code);
        size_t len;

        if (!t)
            continue;
        with_text++;
        len = strlen(t);
        assert_in_range(len, 10, 240);
        assert_true(t[len - 1] != '.' && t[len - 1] != ' ');
        for (size_t k = 0; k < len; k++)
            assert_in_range(t[k], ' ', '~');
    }
    assert_true(with_text >= 600);
}

/* Every 16 bit code survives the way into a status and back; none but 0 becomes a success. */
static void werror_round_trip(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0xFFFF; code++) {
        enum nt_status st = nt_from_werror((enum werror)code);

        assert_int_equal((uint32_t)nt_to_werror(st), code);
        assert_int_equal(nt_ok(st), code == 0);
        if (code > 0)
            assert_int_equal((uint32_t)st >> 30, 3);
        assert_int_equal(nt_status_name(st) != NULL, werror_name((enum werror)code) != NULL);
    }
}

/* Where a status has an exact partner, the partner leads back to the same status, and a text serves both.
 */
static void exact_partners(void **state)
{
    size_t exact = 0;

    (void)state;
    for (size_t i = 0; i < status_nt_rows_count; i++) {
        enum nt_status st = (enum nt_status)status_nt_rows[i].code;
        enum werror we = nt_to_werror(st);

        assert_non_null(werror_name(we));
        if (nt_from_werror(we) != st)
            continue;
        exact++;
        assert_int_equal(nt_status_text(st) != NULL, werror_text(we) != NULL);
    }
    assert_true(exact > 800);
}

static void spot_conversions(void **state)
{
    static const struct {
        enum nt_status st;
        enum werror we;
        bool back; /* exact in both directions */
    } t[] = {
        { STATUS_SUCCESS, WERR_OK, true },
        { STATUS_ACCESS_DENIED, W_ERROR_ACCESS_DENIED, true },
        { STATUS_INVALID_PARAMETER, W_ERROR_INVALID_PARAMETER, true },
        { STATUS_NO_MEMORY, W_ERROR_NOT_ENOUGH_MEMORY, true },
        { STATUS_LOGON_FAILURE, W_ERROR_LOGON_FAILURE, true },
        { STATUS_WRONG_PASSWORD, W_ERROR_INVALID_PASSWORD, true },
        { STATUS_ACCOUNT_LOCKED_OUT, W_ERROR_ACCOUNT_LOCKED_OUT, true },
        { STATUS_BAD_NETWORK_NAME, W_ERROR_BAD_NET_NAME, true },
        { STATUS_OBJECT_NAME_NOT_FOUND, W_ERROR_FILE_NOT_FOUND, true },
        { STATUS_NO_SUCH_FILE, W_ERROR_FILE_NOT_FOUND, false },
        { STATUS_DELETE_PENDING, W_ERROR_ACCESS_DENIED, false },
        { STATUS_MORE_ENTRIES, W_ERROR_MORE_DATA, false },
        { STATUS_BUFFER_OVERFLOW, W_ERROR_MORE_DATA, false },
        { STATUS_NO_MORE_ENTRIES, W_ERROR_NO_MORE_ITEMS, false },
        { STATUS_PENDING, W_ERROR_IO_PENDING, false },
        { STATUS_PIPE_NOT_AVAILABLE, W_ERROR_PIPE_BUSY, false },
        { STATUS_PIPE_BUSY, W_ERROR_PIPE_BUSY, true },
        { STATUS_INVALID_INFO_CLASS, W_ERROR_INVALID_PARAMETER, false },
        { STATUS_TIME_DIFFERENCE_AT_DC, W_ERROR_TIME_SKEW, true },
        { RPC_NT_SERVER_UNAVAILABLE, W_RPC_S_SERVER_UNAVAILABLE, true },
        { RPC_NT_BAD_STUB_DATA, W_RPC_X_BAD_STUB_DATA, true },
        { RPC_NT_SS_CONTEXT_MISMATCH, W_ERROR_INVALID_HANDLE, false },
        { EPT_NT_NOT_REGISTERED, W_EPT_S_NOT_REGISTERED, true },
        { STATUS_FWP_NEVER_MATCH, W_ERROR_MR_MID_NOT_FOUND, false },
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(t); i++) {
        assert_int_equal(nt_to_werror(t[i].st), t[i].we);
        if (t[i].back)
            assert_int_equal(nt_from_werror(t[i].we), t[i].st);
        else
            assert_int_not_equal(nt_from_werror(t[i].we), t[i].st);
    }
}

/* Codes without an exact partner travel in facility NTWIN32 and keep name and text. */
static void wrapped_codes(void **state)
{
    enum nt_status st = nt_from_werror(W_NERR_UserNotFound);

    (void)state;
    assert_int_equal((uint32_t)st, 0xC0070000u | 2221);
    assert_string_equal(nt_status_name(st), "NERR_UserNotFound");
    assert_string_equal(nt_status_text(st), werror_text(W_NERR_UserNotFound));
    assert_int_equal((uint32_t)nt_from_werror(W_ERROR_MORE_DATA), 0xC0070000u | 234);
    /* an HRESULT made from a Win32 code, a foreign HRESULT, and rubbish */
    assert_int_equal(nt_from_werror((enum werror)0x80070005u), STATUS_ACCESS_DENIED);
    assert_int_equal((uint32_t)nt_from_werror((enum werror)0x80090308u), 0x80090308u);
    assert_int_equal(nt_from_werror((enum werror)0x00012345u), STATUS_INVALID_NETWORK_RESPONSE);
}

static void unknown_codes(void **state)
{
    (void)state;
    assert_null(nt_status_name((enum nt_status)0xC000FFFFu));
    assert_null(nt_status_text((enum nt_status)0xC000FFFFu));
    assert_null(nt_status_name((enum nt_status)0xC007FFFFu));
    assert_null(nt_status_name((enum nt_status)0xFFFFFFFFu));
    assert_null(werror_name((enum werror)0xFFFFu));
    assert_null(werror_text((enum werror)0x10000u));
    assert_null(rpc_fault_name(0x1C00FFFFu));
    assert_null(rpc_fault_name(0));
    assert_int_equal(nt_to_werror((enum nt_status)0xC000FFFFu), W_ERROR_MR_MID_NOT_FOUND);
}

static void faults(void **state)
{
    static const struct {
        uint32_t code;
        enum nt_status st;
        const char *name;
    } t[] = {
        { 0x1C010002, RPC_NT_PROCNUM_OUT_OF_RANGE, "nca_s_op_rng_error" },
        { 0x1C010003, RPC_NT_UNKNOWN_IF, "nca_s_unk_if" },
        { 0x1C00001A, RPC_NT_SS_CONTEXT_MISMATCH, "nca_s_fault_context_mismatch" },
        { 0x1C00001B, STATUS_INSUFF_SERVER_RESOURCES, "nca_s_fault_remote_no_memory" },
        { 0x1C010014, RPC_NT_SERVER_TOO_BUSY, "nca_s_server_too_busy" },
        { 5, STATUS_ACCESS_DENIED, "ERROR_ACCESS_DENIED" },
        { 1783, RPC_NT_BAD_STUB_DATA, "RPC_X_BAD_STUB_DATA" },
        { 1752, EPT_NT_CANT_PERFORM_OP, "EPT_S_CANT_PERFORM_OP" },
        { 1825, RPC_NT_SEC_PKG_ERROR, "RPC_S_SEC_PKG_ERROR" },
        { 0xC0000022, STATUS_ACCESS_DENIED, "STATUS_ACCESS_DENIED" },
        { 0x80070005, STATUS_ACCESS_DENIED, "ERROR_ACCESS_DENIED" },
        { 0, RPC_NT_CALL_FAILED, NULL },
        { 0x12345678, RPC_NT_CALL_FAILED, NULL },
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(t); i++) {
        const char *name = rpc_fault_name(t[i].code);

        assert_int_equal(nt_from_rpc_fault(t[i].code), t[i].st);
        if (t[i].name)
            assert_string_equal(name, t[i].name);
        else
            assert_null(name);
    }
    for (size_t i = 0; i < status_fault_rows_count; i++) {
        enum nt_status st = nt_from_rpc_fault(status_fault_rows[i].code);

        assert_false(nt_ok(st));
        assert_non_null(nt_status_name(st));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_sorted),
        cmocka_unit_test(names_are_unique),
        cmocka_unit_test(texts_are_sentences),
        cmocka_unit_test(werror_round_trip),
        cmocka_unit_test(exact_partners),
        cmocka_unit_test(spot_conversions),
        cmocka_unit_test(wrapped_codes),
        cmocka_unit_test(unknown_codes),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
