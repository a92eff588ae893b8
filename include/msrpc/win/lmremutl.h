// SPDX-License-Identifier: Apache-2.0
/* Remote utilities: time of day. */
#ifndef TERN_WIN_LMREMUTL_H
#define TERN_WIN_LMREMUTL_H

#include "lmcons.h"

/* What a remote machine supports. */
#define SUPPORTS_REMOTE_ADMIN_PROTOCOL 0x00000002
#define SUPPORTS_RPC                   0x00000004
#define SUPPORTS_SAM_PROTOCOL          0x00000008
#define SUPPORTS_UNICODE               0x00000010
#define SUPPORTS_LOCAL                 0x00000020
#define SUPPORTS_ANY                   0xFFFFFFFF

/* How a remote request is to be made. */
#define NO_PERMISSION_REQUIRED 0x00000001
#define ALLOCATE_RESPONSE      0x00000002
#define USE_SPECIFIC_TRANSPORT 0x80000000

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Time of day of a server. tod_elapsedt is seconds since 1970-01-01 UTC, tod_msecs milliseconds since it
 * started, tod_timezone minutes west of UTC (-1: unknown), tod_tinterval the clock tick in 0.1 ms. The rest
 * is UTC too.
 */
typedef struct _TIME_OF_DAY_INFO {
    DWORD tod_elapsedt;
    DWORD tod_msecs;
    DWORD tod_hours;
    DWORD tod_mins;
    DWORD tod_secs;
    DWORD tod_hunds;
    LONG tod_timezone;
    DWORD tod_tinterval;
    DWORD tod_day;
    DWORD tod_month;
    DWORD tod_year;
    DWORD tod_weekday;
} TIME_OF_DAY_INFO, *PTIME_OF_DAY_INFO, *LPTIME_OF_DAY_INFO;

/* *BufferPtr: the clock of a server, as one TIME_OF_DAY_INFO. [MS-SRVS] 3.1.4.21 */
NET_API_STATUS NET_API_FUNCTION NetRemoteTOD(LPCWSTR UncServerName, LPBYTE *BufferPtr);

#ifdef __cplusplus
}
#endif

#endif
