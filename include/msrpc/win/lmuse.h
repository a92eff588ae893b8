// SPDX-License-Identifier: Apache-2.0
/* Uses: connections to resources, and the credentials for them. */
#ifndef TERN_WIN_LMUSE_H
#define TERN_WIN_LMUSE_H

#include "lmcons.h"
#include "lmuseflg.h"

/* Fields of USE_INFO_n, as *parm_err names them. */
#define USE_LOCAL_PARMNUM      1
#define USE_REMOTE_PARMNUM     2
#define USE_PASSWORD_PARMNUM   3
#define USE_ASGTYPE_PARMNUM    4
#define USE_USERNAME_PARMNUM   5
#define USE_DOMAINNAME_PARMNUM 6

/* State of a use (ui1_status). */
#define USE_OK       0
#define USE_PAUSED   1
#define USE_SESSLOST 2
#define USE_DISCONN  2
#define USE_NETERR   3
#define USE_CONN     4
#define USE_RECONN   5

/* Kind of resource (ui1_asg_type); with the wildcard the server says. */
#define USE_WILDCARD 0xFFFFFFFF

#define USE_DISKDEV  0
#define USE_SPOOLDEV 1
#define USE_CHARDEV  2
#define USE_IPC      3

/* ui3_flags. */
#define CREATE_NO_CONNECT       0x00000001
#define CREATE_BYPASS_CSC       0x00000002
#define USE_DEFAULT_CREDENTIALS 0x00000004

#define CREATE_CRED_RESET       0x00000004U

#ifdef __cplusplus
extern "C" {
#endif

/* Uses: what NetUseAdd connects to, and as whom. ui2_password is only ever written. */
typedef struct _USE_INFO_0 {
    LPWSTR ui0_local;
    LPWSTR ui0_remote;
} USE_INFO_0, *PUSE_INFO_0, *LPUSE_INFO_0;

typedef struct _USE_INFO_1 {
    LPWSTR ui1_local;
    LPWSTR ui1_remote;
    LPWSTR ui1_password;
    DWORD ui1_status;
    DWORD ui1_asg_type;
    DWORD ui1_refcount;
    DWORD ui1_usecount;
} USE_INFO_1, *PUSE_INFO_1, *LPUSE_INFO_1;

typedef struct _USE_INFO_2 {
    LPWSTR ui2_local;
    LPWSTR ui2_remote;
    LPWSTR ui2_password;
    DWORD ui2_status;
    DWORD ui2_asg_type;
    DWORD ui2_refcount;
    DWORD ui2_usecount;
    LPWSTR ui2_username;
    LPWSTR ui2_domainname;
} USE_INFO_2, *PUSE_INFO_2, *LPUSE_INFO_2;

typedef struct _USE_INFO_3 {
    USE_INFO_2 ui3_ui2;
    ULONG ui3_flags;
} USE_INFO_3, *PUSE_INFO_3, *LPUSE_INFO_3;

typedef struct _USE_INFO_4 {
    USE_INFO_3 ui4_ui3;
    DWORD ui4_auth_identity_length;
    PBYTE ui4_auth_identity;
} USE_INFO_4, *PUSE_INFO_4, *LPUSE_INFO_4;

typedef struct _USE_INFO_5 {
    USE_INFO_3 ui4_ui3;
    DWORD ui4_auth_identity_length;
    PBYTE ui4_auth_identity;
    DWORD ui5_security_descriptor_length;
    PBYTE ui5_security_descriptor;
    DWORD ui5_use_options_length;
    PBYTE ui5_use_options;
} USE_INFO_5, *PUSE_INFO_5, *LPUSE_INFO_5;

/*
 * Says as whom this process talks to a server: Buf is a USE_INFO_1 or 2 (user, domain and password from level
 * 2) whose ui2_remote is \\server\IPC$ and whose ui2_local is NULL. Later calls to that server from any
 * thread use them, until NetUseDel. The structure is only read; the password is copied, and wiped when the
 * use ends. UncServerName must be NULL: uses are of this process. The credentials are proved at once, except
 * where net_set_options sends calls to that server over TCP. ERROR_LOGON_FAILURE and the other refusals
 * of a logon, ERROR_BAD_NETPATH, ERROR_BAD_NET_NAME (ui2_remote is no \\server\IPC$),
 * ERROR_SESSION_CREDENTIAL_CONFLICT (there is a use of that server as somebody else), NERR_BadAsgType;
 * *ParmError names the field of a wrong resource or type, too.
 */
NET_API_STATUS NET_API_FUNCTION NetUseAdd(LMSTR UncServerName, DWORD Level, LPBYTE Buf, LPDWORD ParmError);

/*
 * Ends the use UseName (\\server\IPC$), forgets its credentials and closes idle connections made with them.
 * ForceCond is USE_NOFORCE, USE_FORCE or USE_LOTS_OF_FORCE. NERR_UseNotFound, ERROR_INVALID_PARAMETER.
 */
NET_API_STATUS NET_API_FUNCTION NetUseDel(LMSTR UncServerName, LMSTR UseName, DWORD ForceCond);

#ifdef __cplusplus
}
#endif

#endif
