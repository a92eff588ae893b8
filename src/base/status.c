// SPDX-License-Identifier: Apache-2.0
/* Names, texts and conversions of status codes; the data comes from status.tbl. */
#include <msrpc/status.h>

#include <string.h>

#include "base/m_status.h"

/* NTSTATUS with facility NTWIN32 carries a Win32 code in its low half ([MS-ERREF] 2.3). */
#define NTWIN32 0xC0070000u
/* HRESULT_FROM_WIN32 of a code ([MS-ERREF] 2.1.2); some servers put such a value into a fault. */
#define HRESULT_WIN32 0x80070000u
#define LOW_HALF      0x0000FFFFu

static const struct status_row *find(const struct status_row *rows, size_t n, uint32_t code)
{
    size_t lo = 0, hi = n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (rows[mid].code < code)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < n && rows[lo].code == code ? &rows[lo] : NULL;
}

static const struct status_row *find_nt(uint32_t code)
{
    return find(status_nt_rows, status_nt_rows_count, code);
}

static const struct status_row *find_win(uint32_t code)
{
    return find(status_win_rows, status_win_rows_count, code);
}

static const char *row_name(const struct status_row *r)
{
    return r ? status_pool + r->name : NULL;
}

static const char *row_text(const struct status_row *r)
{
    return r && r->text ? status_pool + r->text : NULL;
}

/* A wrapped Win32 code is looked up where it came from. */
static const struct status_row *find_any(uint32_t code)
{
    return (code & ~LOW_HALF) == NTWIN32 ? find_win(code & LOW_HALF) : find_nt(code);
}

const char *nt_status_name(enum nt_status st)
{
    return row_name(find_any((uint32_t)st));
}

const char *nt_status_text(enum nt_status st)
{
    return row_text(find_any((uint32_t)st));
}

const char *werror_name(enum werror w)
{
    return row_name(find_win((uint32_t)w));
}

const char *werror_text(enum werror w)
{
    return row_text(find_win((uint32_t)w));
}

static const struct status_row *find_name(const struct status_row *rows, size_t n, const char *name)
{
    for (size_t i = 0; name && i < n; i++)
        if (strcmp(status_pool + rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

bool nt_status_from_name(const char *name, enum nt_status *ret)
{
    const struct status_row *r = find_name(status_nt_rows, status_nt_rows_count, name);
    if (r)
        *ret = (enum nt_status)r->code;
    return r != NULL;
}

bool werror_from_name(const char *name, enum werror *ret)
{
    const struct status_row *r = find_name(status_win_rows, status_win_rows_count, name);
    if (r)
        *ret = (enum werror)r->code;
    return r != NULL;
}

enum werror nt_to_werror(enum nt_status st)
{
    uint32_t code = (uint32_t)st;
    const struct status_row *r;

    if ((code & ~LOW_HALF) == NTWIN32)
        return (enum werror)(code & LOW_HALF);
    r = find_nt(code);
    return r && r->partner != STATUS_NO_PARTNER ? (enum werror)r->partner : W_ERROR_MR_MID_NOT_FOUND;
}

enum nt_status nt_from_werror(enum werror w)
{
    uint32_t code = (uint32_t)w;
    const struct status_row *r;

    if ((code & ~LOW_HALF) == HRESULT_WIN32)
        code &= LOW_HALF;
    if (code > LOW_HALF) /* no Win32 code: a failure that is an HRESULT or NTSTATUS stays what it is */
        return code >> 31 ? (enum nt_status)code : STATUS_INVALID_NETWORK_RESPONSE;
    r = find_win(code);
    return (enum nt_status)(r && r->partner != STATUS_NO_PARTNER ? r->partner : NTWIN32 | code);
}

enum nt_status nt_from_rpc_fault(uint32_t code)
{
    const struct status_row *r = find(status_fault_rows, status_fault_rows_count, code);

    if (r)
        return (enum nt_status)r->partner;
    if (code >> 30 == 3)
        return (enum nt_status)code;
    if ((code & ~LOW_HALF) == HRESULT_WIN32)
        code &= LOW_HALF;
    if (code > 0 && code <= LOW_HALF)
        return nt_from_werror((enum werror)code);
    return RPC_NT_CALL_FAILED; /* also 0: a fault never means success */
}

/* Where several codes mean one status, the one that servers send. */
static uint32_t preferred_fault(enum nt_status st)
{
    switch ((uint32_t)st) {
    case (uint32_t)RPC_NT_PROTOCOL_ERROR:
        return 0x1C01000B; /* nca_s_proto_error */
    case (uint32_t)RPC_NT_CALL_FAILED:
    case (uint32_t)RPC_NT_CALL_FAILED_DNE:
        return 0x1C000012; /* nca_s_fault_unspec */
    case (uint32_t)STATUS_CANCELLED:
        return 0x1C00000D; /* nca_s_fault_cancel */
    case (uint32_t)STATUS_NO_MEMORY:
    case (uint32_t)STATUS_INSUFFICIENT_RESOURCES:
    case (uint32_t)STATUS_INSUFF_SERVER_RESOURCES:
        return 0x1C00001B; /* nca_s_fault_remote_no_memory */
    default:
        return 0;
    }
}

uint32_t nt_to_rpc_fault(enum nt_status st)
{
    uint32_t code = preferred_fault(st);
    for (size_t i = 0; !code && i < status_fault_rows_count; i++)
        if (status_fault_rows[i].partner == (uint32_t)st)
            code = status_fault_rows[i].code;
    if (code)
        return code;
    enum werror w = nt_to_werror(st);
    return w != W_ERROR_MR_MID_NOT_FOUND && w != W_ERROR_SUCCESS ? (uint32_t)w
           : nt_ok(st)                                           ? 0x1C000012
                                                                 : (uint32_t)st;
}

const char *rpc_fault_name(uint32_t code)
{
    const struct status_row *r = find(status_fault_rows, status_fault_rows_count, code);

    if (r)
        return row_name(r);
    if ((code & ~LOW_HALF) == HRESULT_WIN32)
        code &= LOW_HALF;
    if (code > 0 && code <= LOW_HALF)
        return row_name(find_win(code));
    return code >> 30 == 3 ? row_name(find_any(code)) : NULL;
}
