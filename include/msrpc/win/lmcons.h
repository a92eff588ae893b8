// SPDX-License-Identifier: Apache-2.0
/* Names, lengths and numbers common to all of NetAPI. */
#ifndef TERN_WIN_LMCONS_H
#define TERN_WIN_LMCONS_H

#include "windef.h"
#include "lmerr.h"

/* Longest names, in characters without the terminator. LM20_ is what LAN Manager 2.0 took. */
#define CNLEN             15
#define LM20_CNLEN        15
#define DNLEN             15
#define LM20_DNLEN        15
#define UNCLEN            17
#define LM20_UNCLEN       17
#define NNLEN             80
#define LM20_NNLEN        12
#define RMLEN             98
#define LM20_RMLEN        30
#define SNLEN             80
#define LM20_SNLEN        15
#define STXTLEN           256
#define LM20_STXTLEN      63
#define PATHLEN           256
#define LM20_PATHLEN      256
#define DEVLEN            80
#define LM20_DEVLEN       8
#define EVLEN             16
#define UNLEN             256
#define LM20_UNLEN        20
#define GNLEN             256
#define LM20_GNLEN        20
#define PWLEN             256
#define LM20_PWLEN        14
#define SHPWLEN           8
#define CLTYPE_LEN        12
#define MAXCOMMENTSZ      256
#define LM20_MAXCOMMENTSZ 48
#define QNLEN             80
#define LM20_QNLEN        12
#define ALERTSZ           128

/* Message files. */
#define MESSAGE_FILENAME    TEXT("NETMSG")
#define OS2MSG_FILENAME     TEXT("BASE")
#define HELP_MSG_FILENAME   TEXT("NETH")
#define BACKUP_MSG_FILENAME TEXT("BAK.MSG")

/* Number of device entries: one per bit of an int. */
#define MAXDEVENTRIES    (sizeof(int) * 8)

#define NETBIOS_NAME_LEN 16

/* As prefmaxlen of an enumeration: everything, whatever its size. */
#define MAX_PREFERRED_LENGTH 0xFFFFFFFF

/* Lengths of keys and encrypted passwords. */
#define CRYPT_KEY_LEN      7
#define CRYPT_TXT_LEN      8
#define ENCRYPTED_PWLEN    16
#define SESSION_PWLEN      24
#define SESSION_CRYPT_KLEN 21

/* Numbers of structure fields: *parm_err names the field that the server refused. */
#define PARMNUM_ALL            0

#define PARM_ERROR_UNKNOWN     0xFFFFFFFF

#define PARM_ERROR_NONE        0
#define PARMNUM_BASE_INFOLEVEL 1000

/* Platform identifiers (svN_platform_id, wkiN_platform_id). */
#define PLATFORM_ID_DOS 300
#define PLATFORM_ID_OS2 400
#define PLATFORM_ID_NT  500
#define PLATFORM_ID_OSF 600
#define PLATFORM_ID_VMS 700

/* Range of message numbers. */
#define MIN_LANMAN_MESSAGE_ID 2100
#define MAX_LANMAN_MESSAGE_ID 5899

/* What every function returns: NERR_Success, an error of winerror.h, or one of lmerr.h. */
typedef DWORD NET_API_STATUS;
#define API_RET_TYPE NET_API_STATUS

/* Names in prototypes of the LAN Manager kind: always 16-bit characters here. */
typedef LPWSTR LMSTR;
typedef LPCWSTR LMCSTR;

/*
 * Stands between result type and name of each function. Windows has its calling convention there; here it
 * makes the function visible in the library that defines it, which otherwise hides everything.
 */
#define NET_API_FUNCTION __attribute__((visibility("default")))

/*
 * Rules that hold for all functions declared in the lm*.h headers.
 *
 * Server: servername is the machine to ask, as name, address, or either with leading backslashes; NULL or
 * "" is this machine. The credentials are those given to NetUseAdd for its IPC$, else the Kerberos tickets
 * of the caller.
 *
 * Strings: UTF-16 in host byte order, terminated by 0. They are only read.
 *
 * Results: *bufptr gets one block, structures first and all that they point to behind them; the caller
 * releases it with one NetApiBufferFree. After any failure but ERROR_MORE_DATA there is nothing to
 * release.
 *
 * Lists: prefmaxlen is the wished size of the block in bytes; MAX_PREFERRED_LENGTH means all. *entriesread
 * is how many structures the block has, *totalentries about how many there are from the first of them on.
 * A list that is cut short ends with ERROR_MORE_DATA; the same call with the *resume_handle that came back
 * goes on. The first call has 0 in it; with a NULL resume_handle the caller never goes on.
 *
 * Changes: *parm_err (the pointer may be NULL) gets the number of the refused field with
 * ERROR_INVALID_PARAMETER.
 *
 * Errors: besides those listed at each function there may be ERROR_ACCESS_DENIED, ERROR_LOGON_FAILURE,
 * ERROR_BAD_NETPATH, ERROR_NOT_ENOUGH_MEMORY, ERROR_INVALID_PARAMETER, ERROR_INVALID_LEVEL (a level that
 * is not listed), ERROR_NOT_SUPPORTED, RPC_S_SERVER_UNAVAILABLE, RPC_S_CALL_FAILED, ERROR_TIMEOUT.
 */

#endif
