// SPDX-License-Identifier: Apache-2.0
/* NetAPI without a server: buffers, security descriptors in arguments, the one conversion of a status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <windows.h>
#include <lm.h>
#include "netapi/m_level.h"

static void buffers(void **state)
{
    (void)state;
    LPVOID p = NULL, q = NULL;
    DWORD size = 77;
    assert_int_equal(NetApiBufferAllocate(100, &p), NERR_Success);
    assert_int_equal((uintptr_t)p % 16, 0);
    assert_int_equal(NetApiBufferSize(p, &size), NERR_Success);
    assert_int_equal(size, 100);
    memset(p, 'x', 100);
    assert_int_equal(NetApiBufferReallocate(p, 5000, &q), NERR_Success);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(((char *)q)[i], 'x');
    assert_int_equal(NetApiBufferReallocate(q, 10, &p), NERR_Success);
    assert_memory_equal(p, "xxxxxxxxxx", 10);
    assert_int_equal(NetApiBufferSize(p, &size), NERR_Success);
    assert_int_equal(size, 10);
    assert_int_equal(NetApiBufferReallocate(p, 0, &q), NERR_Success);
    assert_null(q);
    assert_int_equal(NetApiBufferReallocate(NULL, 8, &q), NERR_Success);
    assert_int_equal(NetApiBufferFree(q), NERR_Success);
    assert_int_equal(NetApiBufferAllocate(0, &q), NERR_Success);
    assert_non_null(q);
    assert_int_equal(NetApiBufferFree(q), NERR_Success);
    assert_int_equal(NetApiBufferFree(NULL), NERR_Success);
    assert_int_equal(NetApiBufferAllocate(1, NULL), ERROR_INVALID_PARAMETER);
    assert_int_equal(NetApiBufferSize(NULL, &size), ERROR_INVALID_PARAMETER);
    assert_int_equal(NetApiBufferReallocate(NULL, 1, NULL), ERROR_INVALID_PARAMETER);
}

/* Owner at 20, DACL at 32 with a length of 28. */
static const uint8_t good[] = {
    1, 0, 4,  0x80, 20, 0, 0, 0, 0,  0, 0,  0, 0,    0, 0,    0, 32, 0, 0, 0, /* header */
    1, 1, 0,  0,    0,  0, 0, 5, 18, 0, 0,  0,                                /* S-1-5-18 */
    2, 0, 28, 0,    1,  0, 0, 0, 0,  0, 20, 0, 0xff, 1, 0x1f, 0, 1,  1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0,
};

static void descriptors(void **state)
{
    (void)state;
    assert_int_equal(net_sd_length(good, 0), 60);
    assert_int_equal(net_sd_length(good, sizeof good), 60);
    for (size_t limit = 1; limit < sizeof good;
         limit++) /* in memory of that size: nothing behind it is read */
    {
        uint8_t *p = malloc(limit);
        memcpy(p, good, limit);
        assert_int_equal(net_sd_length(p, limit), 0);
        free(p);
    }
    static const struct {
        size_t at;
        uint8_t value;
    } wrong[] = {
        { 0, 2 },    { 3, 0 },    /* revision; not self-relative */
        { 4, 19 },   { 16, 4 },   /* parts inside the header */
        { 7, 0x80 },              /* far away */
        { 21, 16 },               /* sub-authorities */
        { 34, 7 },   { 35, 0xff } /* ACL size */
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        uint8_t bad[sizeof good];
        memcpy(bad, good, sizeof bad);
        bad[wrong[i].at] = wrong[i].value;
        assert_int_equal(net_sd_length(bad, sizeof bad), 0);
    }
    static const uint8_t empty[20] = { 1, 0, 0, 0x80 };
    assert_int_equal(net_sd_length(empty, 0), 20);
}

static void statuses(void **state)
{
    (void)state;
    static const struct {
        enum nt_status st;
        NET_API_STATUS want;
    } rows[] = {
        { STATUS_SUCCESS, NERR_Success },
        { STATUS_MORE_ENTRIES, ERROR_MORE_DATA },
        { STATUS_ACCESS_DENIED, ERROR_ACCESS_DENIED },
        { STATUS_LOGON_FAILURE, ERROR_LOGON_FAILURE },
        { STATUS_INVALID_LEVEL, ERROR_INVALID_LEVEL },
        { STATUS_INVALID_COMPUTER_NAME, NERR_InvalidComputer },
        { STATUS_NO_MEMORY, ERROR_NOT_ENOUGH_MEMORY },
        { RPC_NT_PROCNUM_OUT_OF_RANGE, RPC_S_PROCNUM_OUT_OF_RANGE },
        { RPC_NT_PROTOCOL_ERROR, RPC_S_PROTOCOL_ERROR },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(nt_to_net_api(rows[i].st), rows[i].want);
    /* every Win32 and NERR code that a server answers arrives as it is */
    static const enum werror codes[] = { W_NERR_NetNameNotFound, W_NERR_ClientNameNotFound,
                                         W_ERROR_INVALID_NAME,   W_ERROR_BAD_NET_NAME,
                                         W_ERROR_FILE_EXISTS,    W_ERROR_MORE_DATA,
                                         W_NERR_DuplicateShare,  (enum werror)0x7123 };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        assert_int_equal(nt_to_net_api(nt_from_werror(codes[i])), codes[i]);
}

/* Refused before anything is sent, without a server or credentials. */
static void arguments(void **state)
{
    (void)state;
    LPBYTE buf = NULL;
    DWORD n = 7, total = 7, parm;
    assert_int_equal(NetServerGetInfo(u"h", 99, &buf), ERROR_INVALID_LEVEL);
    assert_non_null(strstr(net_last_error(), "NetServerGetInfo on h"));
    assert_int_equal(NetServerGetInfo(u"h", 100, NULL), ERROR_INVALID_PARAMETER);
    assert_int_equal(NetShareEnum(u"h", 77, &buf, 0, &n, &total, NULL), ERROR_INVALID_LEVEL);
    assert_int_equal(n + total, 0);
    assert_int_equal(NetShareDel(u"h", u"", 0), ERROR_INVALID_PARAMETER);
    assert_non_null(strstr(net_last_error(), "the share name is missing"));
    USE_INFO_2 u = { .ui2_remote = u"server\\IPC$", .ui2_asg_type = USE_IPC };
    assert_int_equal(NetUseAdd(NULL, 2, (LPBYTE)&u, &parm), ERROR_BAD_NET_NAME);
    assert_int_equal(parm, USE_REMOTE_PARMNUM);
    u.ui2_remote = u"\\\\server\\share";
    assert_int_equal(NetUseAdd(NULL, 2, (LPBYTE)&u, &parm), ERROR_BAD_NET_NAME);
    u.ui2_remote = u"\\\\server\\ipc$";
    u.ui2_asg_type = USE_SPOOLDEV;
    assert_int_equal(NetUseAdd(NULL, 2, (LPBYTE)&u, &parm), NERR_BadAsgType);
    assert_int_equal(NetUseAdd(u"other", 2, (LPBYTE)&u, &parm), ERROR_NOT_SUPPORTED);
    assert_int_equal(NetUseDel(NULL, u"\\\\server\\ipc$", 7), ERROR_INVALID_PARAMETER);
    assert_int_equal(NetUseDel(NULL, u"\\\\server\\ipc$", USE_FORCE), NERR_UseNotFound);
    struct net_options o = NET_OPTIONS_INIT;
    o.protseq = "ncadg_ip_udp";
    assert_int_equal(net_set_options("h", &o), STATUS_INVALID_PARAMETER);
    net_close_idle();
    assert_string_equal(net_last_error(), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffers),
        cmocka_unit_test(descriptors),
        cmocka_unit_test(statuses),
        cmocka_unit_test(arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
