// SPDX-License-Identifier: Apache-2.0
/* Shares, sessions, connections and open files of a server. */
#ifndef TERN_WIN_LMSHARE_H
#define TERN_WIN_LMSHARE_H

#include "lmcons.h"

/* Fields of SHARE_INFO_n, as *parm_err names them, and levels that set one of them. */
#define SHARE_NETNAME_PARMNUM      1
#define SHARE_TYPE_PARMNUM         3
#define SHARE_REMARK_PARMNUM       4
#define SHARE_PERMISSIONS_PARMNUM  5
#define SHARE_MAX_USES_PARMNUM     6
#define SHARE_CURRENT_USES_PARMNUM 7
#define SHARE_PATH_PARMNUM         8
#define SHARE_PASSWD_PARMNUM       9
#define SHARE_FILE_SD_PARMNUM      501
#define SHARE_REMARK_INFOLEVEL     1004
#define SHARE_MAX_USES_INFOLEVEL   1006
#define SHARE_FILE_SD_INFOLEVEL    1501

#define SHI1_NUM_ELEMENTS          4
#define SHI2_NUM_ELEMENTS          10

/* Type of a share (shiN_type): a kind, and flags. */
#define STYPE_DISKTREE  0x00000000
#define STYPE_PRINTQ    0x00000001
#define STYPE_DEVICE    0x00000002
#define STYPE_IPC       0x00000003
#define STYPE_TEMPORARY 0x40000000
#define STYPE_SPECIAL   0x80000000

/* shiN_max_uses: no limit. */
#define SHI_USES_UNLIMITED 0xFFFFFFFF

/* shi1005_flags, shi501_flags. Two bits of them say how clients may cache files for use offline. */
#define SHI1005_FLAGS_DFS                         0x00000001
#define SHI1005_FLAGS_DFS_ROOT                    0x00000002
#define CSC_MASK                                  0x00000030
#define CSC_CACHE_MANUAL_REINT                    0x00000000
#define CSC_CACHE_AUTO_REINT                      0x00000010
#define CSC_CACHE_VDO                             0x00000020
#define CSC_CACHE_NONE                            0x00000030
#define SHI1005_FLAGS_RESTRICT_EXCLUSIVE_OPENS    0x00000100
#define SHI1005_FLAGS_FORCE_SHARED_DELETE         0x00000200
#define SHI1005_FLAGS_ALLOW_NAMESPACE_CACHING     0x00000400
#define SHI1005_FLAGS_ACCESS_BASED_DIRECTORY_ENUM 0x00000800
#define SHI1005_VALID_FLAGS_SET                   0x00000F30

/* sesiN_user_flags. */
#define SESS_GUEST         0x00000001
#define SESS_NOENCRYPTION  0x00000002

#define SESI1_NUM_ELEMENTS 8
#define SESI2_NUM_ELEMENTS 9

/* fi3_permissions. */
#define PERM_FILE_READ   0x00000001
#define PERM_FILE_WRITE  0x00000002
#define PERM_FILE_CREATE 0x00000004

/* A later field of SHARE_INFO_503. */
#define SHARE_SERVER_PARMNUM 503U

/* Later flags of the above. */
#define STYPE_MASK                         0x000000FFU
#define STYPE_RESERVED1                    0x01000000U
#define STYPE_RESERVED2                    0x02000000U
#define STYPE_RESERVED3                    0x04000000U
#define STYPE_RESERVED4                    0x08000000U
#define STYPE_RESERVED_ALL                 0x3FFFFF00U
#define CSC_MASK_EXT                       0x00002030U
#define SHI1005_FLAGS_FORCE_LEVELII_OPLOCK 0x00001000U
#define SHI1005_FLAGS_ENABLE_HASH          0x00002000U
#define SHI1005_FLAGS_ENABLE_CA            0x00004000U
#define SHI1005_FLAGS_ENCRYPT_DATA         0x00008000U
#define SHI1005_FLAGS_RESERVED             0x00010000U

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Shares. Level 502 has the security descriptor (self-relative; shi502_reserved is its length in bytes, in
 * arguments also 0: as long as the descriptor says), level 503 the server name it belongs to.
 */
typedef struct _SHARE_INFO_0 {
    LPWSTR shi0_netname;
} SHARE_INFO_0, *PSHARE_INFO_0, *LPSHARE_INFO_0;

typedef struct _SHARE_INFO_1 {
    LPWSTR shi1_netname;
    DWORD shi1_type;
    LPWSTR shi1_remark;
} SHARE_INFO_1, *PSHARE_INFO_1, *LPSHARE_INFO_1;

typedef struct _SHARE_INFO_2 {
    LPWSTR shi2_netname;
    DWORD shi2_type;
    LPWSTR shi2_remark;
    DWORD shi2_permissions;
    DWORD shi2_max_uses;
    DWORD shi2_current_uses;
    LPWSTR shi2_path;
    LPWSTR shi2_passwd;
} SHARE_INFO_2, *PSHARE_INFO_2, *LPSHARE_INFO_2;

typedef struct _SHARE_INFO_501 {
    LPWSTR shi501_netname;
    DWORD shi501_type;
    LPWSTR shi501_remark;
    DWORD shi501_flags;
} SHARE_INFO_501, *PSHARE_INFO_501, *LPSHARE_INFO_501;

typedef struct _SHARE_INFO_502 {
    LPWSTR shi502_netname;
    DWORD shi502_type;
    LPWSTR shi502_remark;
    DWORD shi502_permissions;
    DWORD shi502_max_uses;
    DWORD shi502_current_uses;
    LPWSTR shi502_path;
    LPWSTR shi502_passwd;
    DWORD shi502_reserved;
    PSECURITY_DESCRIPTOR shi502_security_descriptor;
} SHARE_INFO_502, *PSHARE_INFO_502, *LPSHARE_INFO_502;

typedef struct _SHARE_INFO_503 {
    LPWSTR shi503_netname;
    DWORD shi503_type;
    LPWSTR shi503_remark;
    DWORD shi503_permissions;
    DWORD shi503_max_uses;
    DWORD shi503_current_uses;
    LPWSTR shi503_path;
    LPWSTR shi503_passwd;
    LPWSTR shi503_servername;
    DWORD shi503_reserved;
    PSECURITY_DESCRIPTOR shi503_security_descriptor;
} SHARE_INFO_503, *PSHARE_INFO_503, *LPSHARE_INFO_503;

/* One field of a share. */
typedef struct _SHARE_INFO_1004 {
    LPWSTR shi1004_remark;
} SHARE_INFO_1004, *PSHARE_INFO_1004, *LPSHARE_INFO_1004;

typedef struct _SHARE_INFO_1005 {
    DWORD shi1005_flags;
} SHARE_INFO_1005, *PSHARE_INFO_1005, *LPSHARE_INFO_1005;

typedef struct _SHARE_INFO_1006 {
    DWORD shi1006_max_uses;
} SHARE_INFO_1006, *PSHARE_INFO_1006, *LPSHARE_INFO_1006;

typedef struct _SHARE_INFO_1501 {
    DWORD shi1501_reserved;
    PSECURITY_DESCRIPTOR shi1501_security_descriptor;
} SHARE_INFO_1501, *PSHARE_INFO_1501, *LPSHARE_INFO_1501;

typedef struct _SHARE_INFO_1503 {
    GUID shi1503_sharefilter;
} SHARE_INFO_1503, *PSHARE_INFO_1503, *LPSHARE_INFO_1503;

/* Sessions that clients hold with a server. Times are seconds. */
typedef struct _SESSION_INFO_0 {
    LPWSTR sesi0_cname;
} SESSION_INFO_0, *PSESSION_INFO_0, *LPSESSION_INFO_0;

typedef struct _SESSION_INFO_1 {
    LPWSTR sesi1_cname;
    LPWSTR sesi1_username;
    DWORD sesi1_num_opens;
    DWORD sesi1_time;
    DWORD sesi1_idle_time;
    DWORD sesi1_user_flags;
} SESSION_INFO_1, *PSESSION_INFO_1, *LPSESSION_INFO_1;

typedef struct _SESSION_INFO_2 {
    LPWSTR sesi2_cname;
    LPWSTR sesi2_username;
    DWORD sesi2_num_opens;
    DWORD sesi2_time;
    DWORD sesi2_idle_time;
    DWORD sesi2_user_flags;
    LPWSTR sesi2_cltype_name;
} SESSION_INFO_2, *PSESSION_INFO_2, *LPSESSION_INFO_2;

typedef struct _SESSION_INFO_10 {
    LPWSTR sesi10_cname;
    LPWSTR sesi10_username;
    DWORD sesi10_time;
    DWORD sesi10_idle_time;
} SESSION_INFO_10, *PSESSION_INFO_10, *LPSESSION_INFO_10;

typedef struct _SESSION_INFO_502 {
    LPWSTR sesi502_cname;
    LPWSTR sesi502_username;
    DWORD sesi502_num_opens;
    DWORD sesi502_time;
    DWORD sesi502_idle_time;
    DWORD sesi502_user_flags;
    LPWSTR sesi502_cltype_name;
    LPWSTR sesi502_transport;
} SESSION_INFO_502, *PSESSION_INFO_502, *LPSESSION_INFO_502;

/* Connections that clients made to a share, or that one client made. coni1_time is seconds. */
typedef struct _CONNECTION_INFO_0 {
    DWORD coni0_id;
} CONNECTION_INFO_0, *PCONNECTION_INFO_0, *LPCONNECTION_INFO_0;

typedef struct _CONNECTION_INFO_1 {
    DWORD coni1_id;
    DWORD coni1_type;
    DWORD coni1_num_opens;
    DWORD coni1_num_users;
    DWORD coni1_time;
    LPWSTR coni1_username;
    LPWSTR coni1_netname;
} CONNECTION_INFO_1, *PCONNECTION_INFO_1, *LPCONNECTION_INFO_1;

/* Files, devices and pipes that are open through shares. */
typedef struct _FILE_INFO_2 {
    DWORD fi2_id;
} FILE_INFO_2, *PFILE_INFO_2, *LPFILE_INFO_2;

typedef struct _FILE_INFO_3 {
    DWORD fi3_id;
    DWORD fi3_permissions;
    DWORD fi3_num_locks;
    LPWSTR fi3_pathname;
    LPWSTR fi3_username;
} FILE_INFO_3, *PFILE_INFO_3, *LPFILE_INFO_3;

/* Another name of a server. */
typedef struct _SERVER_ALIAS_INFO_0 {
    LPWSTR srvai0_alias;
    LPWSTR srvai0_target;
    BOOLEAN srvai0_default;
    ULONG srvai0_reserved;
} SERVER_ALIAS_INFO_0, *PSERVER_ALIAS_INFO_0, *LPSERVER_ALIAS_INFO_0;

/* A certificate that a server uses for one of its names. */
typedef struct _SERVER_CERTIFICATE_INFO_0 {
    LPWSTR srvci0_name;
    LPWSTR srvci0_subject;
    LPWSTR srvci0_issuer;
    LPWSTR srvci0_thumbprint;
    LPWSTR srvci0_friendlyname;
    LPWSTR srvci0_notbefore;
    LPWSTR srvci0_notafter;
    LPWSTR srvci0_storelocation;
    LPWSTR srvci0_storename;
    LPWSTR srvci0_renewalchain;
    DWORD srvci0_type;
    DWORD srvci0_flags;
    DWORD srvci0_mapping_status;
} SERVER_CERTIFICATE_INFO_0, *PSERVER_CERTIFICATE_INFO_0, *LPSERVER_CERTIFICATE_INFO_0;

/*
 * Makes a share: buf is a SHARE_INFO_2, 502 or 503; the directory must exist on the server. [MS-SRVS] 3.1.4.7
 * NERR_DuplicateShare, NERR_UnknownDevDir, NERR_RedirectedPath, NERR_NetNameNotFound, ERROR_INVALID_NAME.
 */
NET_API_STATUS NET_API_FUNCTION NetShareAdd(LMSTR servername, DWORD level, LPBYTE buf, LPDWORD parm_err);

/*
 * Shares of a server: *bufptr is an array of SHARE_INFO_0, 1 (anybody), 2, 502 or 503 (administrators), or
 * 501. ERROR_MORE_DATA. [MS-SRVS] 3.1.4.8
 */
NET_API_STATUS NET_API_FUNCTION NetShareEnum(LMSTR servername, DWORD level, LPBYTE *bufptr, DWORD prefmaxlen,
                                             LPDWORD entriesread, LPDWORD totalentries,
                                             LPDWORD resume_handle);

/*
 * One share: *bufptr is a SHARE_INFO_0, 1, 2, 501, 502, 503 or 1005. NERR_NetNameNotFound. [MS-SRVS] 3.1.4.10
 */
NET_API_STATUS NET_API_FUNCTION NetShareGetInfo(LMSTR servername, LMSTR netname, DWORD level, LPBYTE *bufptr);

/*
 * Changes a share: buf is a SHARE_INFO_1, 2, 502, 503, 1004, 1005, 1006 or 1501; name, type and path stay as
 * they are. NERR_NetNameNotFound. [MS-SRVS] 3.1.4.11
 */
NET_API_STATUS NET_API_FUNCTION NetShareSetInfo(LMSTR servername, LMSTR netname, DWORD level, LPBYTE buf,
                                                LPDWORD parm_err);

/* Ends a share and all connections to it; reserved is 0. NERR_NetNameNotFound. [MS-SRVS] 3.1.4.12 */
NET_API_STATUS NET_API_FUNCTION NetShareDel(LMSTR servername, LMSTR netname, DWORD reserved);

/*
 * Is the path or device shared? Then *type is the type of that share. NERR_DeviceNotShared;
 * RPC_S_PROCNUM_OUT_OF_RANGE from Samba. [MS-SRVS] 3.1.4.16
 */
NET_API_STATUS NET_API_FUNCTION NetShareCheck(LMSTR servername, LMSTR device, LPDWORD type);

/*
 * Sessions of a server, only those from UncClientName or of username if these are not NULL: *bufptr is an
 * array of SESSION_INFO_0, 10 (anybody), 1, 2 or 502 (administrators). ERROR_MORE_DATA,
 * NERR_ClientNameNotFound, NERR_UserNotFound. [MS-SRVS] 3.1.4.5
 */
NET_API_STATUS NET_API_FUNCTION NetSessionEnum(LMSTR servername, LMSTR UncClientName, LMSTR username,
                                               DWORD level, LPBYTE *bufptr, DWORD prefmaxlen,
                                               LPDWORD entriesread, LPDWORD totalentries,
                                               LPDWORD resume_handle);

/*
 * The session of one user from one client, neither NULL: *bufptr is a SESSION_INFO_0, 1, 2 or 10. Taken from
 * the server's list; a user without a domain fits one with any. NERR_ClientNameNotFound, NERR_UserNotFound.
 */
NET_API_STATUS NET_API_FUNCTION NetSessionGetInfo(LMSTR servername, LMSTR UncClientName, LMSTR username,
                                                  DWORD level, LPBYTE *bufptr);

/*
 * Ends sessions: those from UncClientName, those of username, or where both fit; one of them may be NULL.
 * NERR_ClientNameNotFound. [MS-SRVS] 3.1.4.6
 */
NET_API_STATUS NET_API_FUNCTION NetSessionDel(LMSTR servername, LMSTR UncClientName, LMSTR username);

/*
 * Connections to the share, or from the client (with leading backslashes), that qualifier names: *bufptr is
 * an array of CONNECTION_INFO_0 or 1. ERROR_MORE_DATA. [MS-SRVS] 3.1.4.1
 */
NET_API_STATUS NET_API_FUNCTION NetConnectionEnum(LMSTR servername, LMSTR qualifier, DWORD level,
                                                  LPBYTE *bufptr, DWORD prefmaxlen, LPDWORD entriesread,
                                                  LPDWORD totalentries, LPDWORD resume_handle);

/*
 * Closes one open file by its number; what the client had not yet written is lost. NERR_FileIdNotFound.
 * [MS-SRVS] 3.1.4.4
 */
NET_API_STATUS NET_API_FUNCTION NetFileClose(LMSTR servername, DWORD fileid);

/*
 * Open files whose path begins with basepath and that username opened (NULL: any): *bufptr is an array of
 * FILE_INFO_2 or 3. ERROR_MORE_DATA. [MS-SRVS] 3.1.4.2
 */
NET_API_STATUS NET_API_FUNCTION NetFileEnum(LMSTR servername, LMSTR basepath, LMSTR username, DWORD level,
                                            LPBYTE *bufptr, DWORD prefmaxlen, LPDWORD entriesread,
                                            LPDWORD totalentries, PDWORD_PTR resume_handle);

/* One open file: *bufptr is a FILE_INFO_2 or 3. NERR_FileIdNotFound. [MS-SRVS] 3.1.4.3 */
NET_API_STATUS NET_API_FUNCTION NetFileGetInfo(LMSTR servername, DWORD fileid, DWORD level, LPBYTE *bufptr);

#ifdef __cplusplus
}
#endif

#endif
