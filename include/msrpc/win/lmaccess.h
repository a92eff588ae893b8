// SPDX-License-Identifier: Apache-2.0
/* Accounts: users, groups, local groups, password policy. */
#ifndef TERN_WIN_LMACCESS_H
#define TERN_WIN_LMACCESS_H

#include "lmcons.h"

/*
 * User account flags (usriN_flags). These are the bits of userAccountControl, not the account control bits of
 * SAMR.
 */
#define UF_SCRIPT                                 0x00000001
#define UF_ACCOUNTDISABLE                         0x00000002
#define UF_HOMEDIR_REQUIRED                       0x00000008
#define UF_LOCKOUT                                0x00000010
#define UF_PASSWD_NOTREQD                         0x00000020
#define UF_PASSWD_CANT_CHANGE                     0x00000040
#define UF_ENCRYPTED_TEXT_PASSWORD_ALLOWED        0x00000080
#define UF_TEMP_DUPLICATE_ACCOUNT                 0x00000100
#define UF_NORMAL_ACCOUNT                         0x00000200
#define UF_INTERDOMAIN_TRUST_ACCOUNT              0x00000800
#define UF_WORKSTATION_TRUST_ACCOUNT              0x00001000
#define UF_SERVER_TRUST_ACCOUNT                   0x00002000
#define UF_MACHINE_ACCOUNT_MASK                   0x00003800
#define UF_ACCOUNT_TYPE_MASK                      0x00003B00
#define UF_DONT_EXPIRE_PASSWD                     0x00010000
#define UF_MNS_LOGON_ACCOUNT                      0x00020000
#define UF_SMARTCARD_REQUIRED                     0x00040000
#define UF_TRUSTED_FOR_DELEGATION                 0x00080000
#define UF_NOT_DELEGATED                          0x00100000
#define UF_USE_DES_KEY_ONLY                       0x00200000
#define UF_DONT_REQUIRE_PREAUTH                   0x00400000
#define UF_PASSWORD_EXPIRED                       0x00800000
#define UF_TRUSTED_TO_AUTHENTICATE_FOR_DELEGATION 0x01000000
#define UF_NO_AUTH_DATA_REQUIRED                  0x02000000
#define UF_SETTABLE_BITS                          0x03FF3BFB

/* NetUserEnum: which kinds of account to list; 0 means all. */
#define FILTER_TEMP_DUPLICATE_ACCOUNT    0x00000001
#define FILTER_NORMAL_ACCOUNT            0x00000002
#define FILTER_INTERDOMAIN_TRUST_ACCOUNT 0x00000008
#define FILTER_WORKSTATION_TRUST_ACCOUNT 0x00000010
#define FILTER_SERVER_TRUST_ACCOUNT      0x00000020

/* NetUserGetLocalGroups: count membership through global groups too. */
#define LG_INCLUDE_INDIRECT 0x00000001

/* Operator rights (usriN_auth_flags). */
#define AF_OP_PRINT      0x00000001
#define AF_OP_COMM       0x00000002
#define AF_OP_SERVER     0x00000004
#define AF_OP_ACCOUNTS   0x00000008
#define AF_SETTABLE_BITS 0x0000000F

/* Role of a server (usrmod1_role). */
#define UAS_ROLE_STANDALONE 0
#define UAS_ROLE_MEMBER     1
#define UAS_ROLE_BACKUP     2
#define UAS_ROLE_PRIMARY    3

/* Fields of USER_INFO_n, as *parm_err names them. */
#define USER_NAME_PARMNUM           1
#define USER_PASSWORD_PARMNUM       3
#define USER_PASSWORD_AGE_PARMNUM   4
#define USER_PRIV_PARMNUM           5
#define USER_HOME_DIR_PARMNUM       6
#define USER_COMMENT_PARMNUM        7
#define USER_FLAGS_PARMNUM          8
#define USER_SCRIPT_PATH_PARMNUM    9
#define USER_AUTH_FLAGS_PARMNUM     10
#define USER_FULL_NAME_PARMNUM      11
#define USER_USR_COMMENT_PARMNUM    12
#define USER_PARMS_PARMNUM          13
#define USER_WORKSTATIONS_PARMNUM   14
#define USER_LAST_LOGON_PARMNUM     15
#define USER_LAST_LOGOFF_PARMNUM    16
#define USER_ACCT_EXPIRES_PARMNUM   17
#define USER_MAX_STORAGE_PARMNUM    18
#define USER_UNITS_PER_WEEK_PARMNUM 19
#define USER_LOGON_HOURS_PARMNUM    20
#define USER_PAD_PW_COUNT_PARMNUM   21
#define USER_NUM_LOGONS_PARMNUM     22
#define USER_LOGON_SERVER_PARMNUM   23
#define USER_COUNTRY_CODE_PARMNUM   24
#define USER_CODE_PAGE_PARMNUM      25
#define USER_PRIMARY_GROUP_PARMNUM  51
#define USER_PROFILE                52
#define USER_PROFILE_PARMNUM        52
#define USER_HOME_DIR_DRIVE_PARMNUM 53

/* Levels that set one such field: PARMNUM_BASE_INFOLEVEL and the number of the field. */
#define USER_NAME_INFOLEVEL           1001
#define USER_PASSWORD_INFOLEVEL       1003
#define USER_PASSWORD_AGE_INFOLEVEL   1004
#define USER_PRIV_INFOLEVEL           1005
#define USER_HOME_DIR_INFOLEVEL       1006
#define USER_COMMENT_INFOLEVEL        1007
#define USER_FLAGS_INFOLEVEL          1008
#define USER_SCRIPT_PATH_INFOLEVEL    1009
#define USER_AUTH_FLAGS_INFOLEVEL     1010
#define USER_FULL_NAME_INFOLEVEL      1011
#define USER_USR_COMMENT_INFOLEVEL    1012
#define USER_PARMS_INFOLEVEL          1013
#define USER_WORKSTATIONS_INFOLEVEL   1014
#define USER_LAST_LOGON_INFOLEVEL     1015
#define USER_LAST_LOGOFF_INFOLEVEL    1016
#define USER_ACCT_EXPIRES_INFOLEVEL   1017
#define USER_MAX_STORAGE_INFOLEVEL    1018
#define USER_UNITS_PER_WEEK_INFOLEVEL 1019
#define USER_LOGON_HOURS_INFOLEVEL    1020
#define USER_PAD_PW_COUNT_INFOLEVEL   1021
#define USER_NUM_LOGONS_INFOLEVEL     1022
#define USER_LOGON_SERVER_INFOLEVEL   1023
#define USER_COUNTRY_CODE_INFOLEVEL   1024
#define USER_CODE_PAGE_INFOLEVEL      1025
#define USER_PRIMARY_GROUP_INFOLEVEL  1051
#define USER_HOME_DIR_DRIVE_INFOLEVEL 1053

/* A password of 14 blanks, given to NetUserSetInfo, keeps the present one. */
#define NULL_USERSETINFO_PASSWD "              "

/* Times and quotas without an end. */
#define TIMEQ_FOREVER             0xFFFFFFFF
#define USER_MAXSTORAGE_UNLIMITED 0xFFFFFFFF
#define USER_NO_LOGOFF            0xFFFFFFFF

/* Logon hours: one bit per hour of the week. */
#define UNITS_PER_DAY  24
#define UNITS_PER_WEEK 168

/* Privilege class (usriN_priv), worked out by the server from group membership. */
#define USER_PRIV_MASK  3
#define USER_PRIV_GUEST 0
#define USER_PRIV_USER  1
#define USER_PRIV_ADMIN 2

/* Limits and defaults of the password policy; ages in seconds. */
#define MAX_PASSWD_LEN   256
#define DEF_MIN_PWLEN    6
#define DEF_PWUNIQUENESS 5
#define DEF_MAX_PWHIST   8

#define DEF_MAX_PWAGE    0xFFFFFFFF

#define DEF_MIN_PWAGE    0U

#define DEF_FORCE_LOGOFF 0xFFFFFFFF

#define DEF_MAX_BADPW    0
#define ONE_DAY          86400U

/* Outcome of a logon or logoff request. */
#define VALIDATED_LOGON     0
#define PASSWORD_EXPIRED    2
#define NON_VALIDATED_LOGON 3
#define VALID_LOGOFF        1

/* Fields of USER_MODALS_INFO_n, as *parm_err names them, and the levels that set one of them. */
#define MODALS_MIN_PASSWD_LEN_PARMNUM             1
#define MODALS_MAX_PASSWD_AGE_PARMNUM             2
#define MODALS_MIN_PASSWD_AGE_PARMNUM             3
#define MODALS_FORCE_LOGOFF_PARMNUM               4
#define MODALS_PASSWD_HIST_LEN_PARMNUM            5
#define MODALS_ROLE_PARMNUM                       6
#define MODALS_PRIMARY_PARMNUM                    7
#define MODALS_DOMAIN_NAME_PARMNUM                8
#define MODALS_DOMAIN_ID_PARMNUM                  9
#define MODALS_LOCKOUT_DURATION_PARMNUM           10
#define MODALS_LOCKOUT_OBSERVATION_WINDOW_PARMNUM 11
#define MODALS_LOCKOUT_THRESHOLD_PARMNUM          12
#define MODALS_MIN_PASSWD_LEN_INFOLEVEL           1001
#define MODALS_MAX_PASSWD_AGE_INFOLEVEL           1002
#define MODALS_MIN_PASSWD_AGE_INFOLEVEL           1003
#define MODALS_FORCE_LOGOFF_INFOLEVEL             1004
#define MODALS_PASSWD_HIST_LEN_INFOLEVEL          1005
#define MODALS_ROLE_INFOLEVEL                     1006
#define MODALS_PRIMARY_INFOLEVEL                  1007
#define MODALS_DOMAIN_NAME_INFOLEVEL              1008
#define MODALS_DOMAIN_ID_INFOLEVEL                1009

/* Set in the identifier of a group, clear in that of a user (LAN Manager). */
#define GROUPIDMASK 0x00008000

/* Groups that LAN Manager makes itself. */
#define GROUP_SPECIALGRP_USERS  WIN_WIDE("USERS")
#define GROUP_SPECIALGRP_ADMINS WIN_WIDE("ADMINS")
#define GROUP_SPECIALGRP_GUESTS WIN_WIDE("GUESTS")
#define GROUP_SPECIALGRP_LOCAL  WIN_WIDE("LOCAL")

/* Fields and single-field levels of groups. */
#define GROUP_ALL_PARMNUM          0
#define GROUP_NAME_PARMNUM         1
#define GROUP_COMMENT_PARMNUM      2
#define GROUP_ATTRIBUTES_PARMNUM   3
#define GROUP_ALL_INFOLEVEL        1000
#define GROUP_NAME_INFOLEVEL       1001
#define GROUP_COMMENT_INFOLEVEL    1002
#define GROUP_ATTRIBUTES_INFOLEVEL 1003
#define LOCALGROUP_NAME_PARMNUM    1
#define LOCALGROUP_COMMENT_PARMNUM 2

/* Access permissions of LAN Manager resources. */
#define MAXPERMENTRIES 64

/* The permissions as letters, in the order of their bits. */
#define ACCESS_LETTERS "RWCXDAP         "

#define ACCESS_NONE    0x00000000
#define ACCESS_ALL     0x0000007F
#define ACCESS_READ    0x00000001
#define ACCESS_WRITE   0x00000002
#define ACCESS_CREATE  0x00000004
#define ACCESS_EXEC    0x00000008
#define ACCESS_DELETE  0x00000010
#define ACCESS_ATRIB   0x00000020
#define ACCESS_PERM    0x00000040
#define ACCESS_GROUP   0x00008000

/* Auditing of such a resource (accN_attr). */
#define ACCESS_AUDIT          0x00000001
#define ACCESS_SUCCESS_OPEN   0x00000010
#define ACCESS_SUCCESS_WRITE  0x00000020
#define ACCESS_SUCCESS_DELETE 0x00000040
#define ACCESS_SUCCESS_ACL    0x00000080
#define ACCESS_SUCCESS_MASK   0x000000F0
#define ACCESS_FAIL_OPEN      0x00000100
#define ACCESS_FAIL_WRITE     0x00000200
#define ACCESS_FAIL_DELETE    0x00000400
#define ACCESS_FAIL_ACL       0x00000800
#define ACCESS_FAIL_MASK      0x00000F00
#define ACCESS_FAIL_SHIFT     0x00000004

/* Fields and single-field levels of ACCESS_INFO_n. */
#define ACCESS_RESOURCE_NAME_PARMNUM   1
#define ACCESS_ATTR_PARMNUM            2
#define ACCESS_COUNT_PARMNUM           3
#define ACCESS_ACCESS_LIST_PARMNUM     4
#define ACCESS_RESOURCE_NAME_INFOLEVEL 1001
#define ACCESS_ATTR_INFOLEVEL          1002
#define ACCESS_COUNT_INFOLEVEL         1003
#define ACCESS_ACCESS_LIST_INFOLEVEL   1004

/* PresentFields of NET_VALIDATE_PERSISTED_FIELDS. */
#define NET_VALIDATE_PASSWORD_LAST_SET       0x00000001
#define NET_VALIDATE_BAD_PASSWORD_TIME       0x00000002
#define NET_VALIDATE_LOCKOUT_TIME            0x00000004
#define NET_VALIDATE_BAD_PASSWORD_COUNT      0x00000008
#define NET_VALIDATE_PASSWORD_HISTORY_LENGTH 0x00000010
#define NET_VALIDATE_PASSWORD_HISTORY        0x00000020

/* Function codes of netlogon control. */
#define NETLOGON_CONTROL_QUERY               0x00000001
#define NETLOGON_CONTROL_REPLICATE           0x00000002
#define NETLOGON_CONTROL_SYNCHRONIZE         0x00000003
#define NETLOGON_CONTROL_PDC_REPLICATE       0x00000004
#define NETLOGON_CONTROL_REDISCOVER          0x00000005
#define NETLOGON_CONTROL_TC_QUERY            0x00000006
#define NETLOGON_CONTROL_TRANSPORT_NOTIFY    0x00000007
#define NETLOGON_CONTROL_FIND_USER           0x00000008
#define NETLOGON_CONTROL_CHANGE_PASSWORD     0x00000009
#define NETLOGON_CONTROL_TC_VERIFY           0x0000000A
#define NETLOGON_CONTROL_FORCE_DNS_REG       0x0000000B
#define NETLOGON_CONTROL_QUERY_DNS_REG       0x0000000C
#define NETLOGON_CONTROL_UNLOAD_NETLOGON_DLL 0x0000FFFB
#define NETLOGON_CONTROL_BACKUP_CHANGE_LOG   0x0000FFFC
#define NETLOGON_CONTROL_TRUNCATE_LOG        0x0000FFFD
#define NETLOGON_CONTROL_SET_DBFLAG          0x0000FFFE
#define NETLOGON_CONTROL_BREAKPOINT          0x0000FFFF

/* Flags of NETLOGON_INFO_n. */
#define NETLOGON_REPLICATION_NEEDED      0x00000001
#define NETLOGON_REPLICATION_IN_PROGRESS 0x00000002
#define NETLOGON_FULL_SYNC_REPLICATION   0x00000004
#define NETLOGON_REDO_NEEDED             0x00000008
#define NETLOGON_HAS_IP                  0x00000010
#define NETLOGON_HAS_TIMESERV            0x00000020
#define NETLOGON_DNS_UPDATE_FAILURE      0x00000040
#define NETLOGON_VERIFY_STATUS_RETURNED  0x00000080

/* Managed service accounts. */
#define SERVICE_ACCOUNT_FLAG_LINK_TO_HOST_ONLY 0x00000001

/* Later user account flags: a read-only domain controller; AES keys. */
#define UF_PARTIAL_SECRETS_ACCOUNT 0x04000000U
#define UF_USE_AES_KEYS            0x08000000U

/* Later function code of netlogon control. */
#define NETLOGON_CONTROL_QUERY_ENC_TYPES 0x0000000DU

/* Later flags of managed service accounts. */
#define SERVICE_ACCOUNT_FLAG_ADD_AGAINST_RODC      0x00000002U
#define SERVICE_ACCOUNT_FLAG_UNLINK_FROM_HOST_ONLY 0x00000001U
#define SERVICE_ACCOUNT_FLAG_REMOVE_OFFLINE        0x00000002U

#ifdef __cplusplus
extern "C" {
#endif

/* What a password is validated for. */
typedef enum _NET_VALIDATE_PASSWORD_TYPE {
    NetValidateAuthentication = 1,
    NetValidatePasswordChange = 2,
    NetValidatePasswordReset = 3,
} NET_VALIDATE_PASSWORD_TYPE,
    *PNET_VALIDATE_PASSWORD_TYPE, *LPNET_VALIDATE_PASSWORD_TYPE;

/* State of a managed service account. */
typedef enum _MSA_INFO_STATE {
    MsaInfoNotExist = 1,
    MsaInfoNotService = 2,
    MsaInfoCannotInstall = 3,
    MsaInfoCanInstall = 4,
    MsaInfoInstalled = 5,
} MSA_INFO_STATE,
    *PMSA_INFO_STATE, *LPMSA_INFO_STATE;

/*
 * Users. Ages are seconds; other times are seconds since 1970-01-01 UTC, 0 for never; passwords are only ever
 * written. Level 3 has the relative identifier, level 4 the whole SID.
 */
typedef struct _USER_INFO_0 {
    LPWSTR usri0_name;
} USER_INFO_0, *PUSER_INFO_0, *LPUSER_INFO_0;

typedef struct _USER_INFO_1 {
    LPWSTR usri1_name;
    LPWSTR usri1_password;
    DWORD usri1_password_age;
    DWORD usri1_priv;
    LPWSTR usri1_home_dir;
    LPWSTR usri1_comment;
    DWORD usri1_flags;
    LPWSTR usri1_script_path;
} USER_INFO_1, *PUSER_INFO_1, *LPUSER_INFO_1;

typedef struct _USER_INFO_2 {
    LPWSTR usri2_name;
    LPWSTR usri2_password;
    DWORD usri2_password_age;
    DWORD usri2_priv;
    LPWSTR usri2_home_dir;
    LPWSTR usri2_comment;
    DWORD usri2_flags;
    LPWSTR usri2_script_path;
    DWORD usri2_auth_flags;
    LPWSTR usri2_full_name;
    LPWSTR usri2_usr_comment;
    LPWSTR usri2_parms;
    LPWSTR usri2_workstations;
    DWORD usri2_last_logon;
    DWORD usri2_last_logoff;
    DWORD usri2_acct_expires;
    DWORD usri2_max_storage;
    DWORD usri2_units_per_week;
    PBYTE usri2_logon_hours;
    DWORD usri2_bad_pw_count;
    DWORD usri2_num_logons;
    LPWSTR usri2_logon_server;
    DWORD usri2_country_code;
    DWORD usri2_code_page;
} USER_INFO_2, *PUSER_INFO_2, *LPUSER_INFO_2;

typedef struct _USER_INFO_3 {
    LPWSTR usri3_name;
    LPWSTR usri3_password;
    DWORD usri3_password_age;
    DWORD usri3_priv;
    LPWSTR usri3_home_dir;
    LPWSTR usri3_comment;
    DWORD usri3_flags;
    LPWSTR usri3_script_path;
    DWORD usri3_auth_flags;
    LPWSTR usri3_full_name;
    LPWSTR usri3_usr_comment;
    LPWSTR usri3_parms;
    LPWSTR usri3_workstations;
    DWORD usri3_last_logon;
    DWORD usri3_last_logoff;
    DWORD usri3_acct_expires;
    DWORD usri3_max_storage;
    DWORD usri3_units_per_week;
    PBYTE usri3_logon_hours;
    DWORD usri3_bad_pw_count;
    DWORD usri3_num_logons;
    LPWSTR usri3_logon_server;
    DWORD usri3_country_code;
    DWORD usri3_code_page;
    DWORD usri3_user_id;
    DWORD usri3_primary_group_id;
    LPWSTR usri3_profile;
    LPWSTR usri3_home_dir_drive;
    DWORD usri3_password_expired;
} USER_INFO_3, *PUSER_INFO_3, *LPUSER_INFO_3;

typedef struct _USER_INFO_4 {
    LPWSTR usri4_name;
    LPWSTR usri4_password;
    DWORD usri4_password_age;
    DWORD usri4_priv;
    LPWSTR usri4_home_dir;
    LPWSTR usri4_comment;
    DWORD usri4_flags;
    LPWSTR usri4_script_path;
    DWORD usri4_auth_flags;
    LPWSTR usri4_full_name;
    LPWSTR usri4_usr_comment;
    LPWSTR usri4_parms;
    LPWSTR usri4_workstations;
    DWORD usri4_last_logon;
    DWORD usri4_last_logoff;
    DWORD usri4_acct_expires;
    DWORD usri4_max_storage;
    DWORD usri4_units_per_week;
    PBYTE usri4_logon_hours;
    DWORD usri4_bad_pw_count;
    DWORD usri4_num_logons;
    LPWSTR usri4_logon_server;
    DWORD usri4_country_code;
    DWORD usri4_code_page;
    PSID usri4_user_sid;
    DWORD usri4_primary_group_id;
    LPWSTR usri4_profile;
    LPWSTR usri4_home_dir_drive;
    DWORD usri4_password_expired;
} USER_INFO_4, *PUSER_INFO_4, *LPUSER_INFO_4;

/* Users in shorter forms. Levels 21 and 22 carry a LAN Manager one-way hash as password. */
typedef struct _USER_INFO_10 {
    LPWSTR usri10_name;
    LPWSTR usri10_comment;
    LPWSTR usri10_usr_comment;
    LPWSTR usri10_full_name;
} USER_INFO_10, *PUSER_INFO_10, *LPUSER_INFO_10;

typedef struct _USER_INFO_11 {
    LPWSTR usri11_name;
    LPWSTR usri11_comment;
    LPWSTR usri11_usr_comment;
    LPWSTR usri11_full_name;
    DWORD usri11_priv;
    DWORD usri11_auth_flags;
    DWORD usri11_password_age;
    LPWSTR usri11_home_dir;
    LPWSTR usri11_parms;
    DWORD usri11_last_logon;
    DWORD usri11_last_logoff;
    DWORD usri11_bad_pw_count;
    DWORD usri11_num_logons;
    LPWSTR usri11_logon_server;
    DWORD usri11_country_code;
    LPWSTR usri11_workstations;
    DWORD usri11_max_storage;
    DWORD usri11_units_per_week;
    PBYTE usri11_logon_hours;
    DWORD usri11_code_page;
} USER_INFO_11, *PUSER_INFO_11, *LPUSER_INFO_11;

typedef struct _USER_INFO_20 {
    LPWSTR usri20_name;
    LPWSTR usri20_full_name;
    LPWSTR usri20_comment;
    DWORD usri20_flags;
    DWORD usri20_user_id;
} USER_INFO_20, *PUSER_INFO_20, *LPUSER_INFO_20;

typedef struct _USER_INFO_21 {
    BYTE usri21_password[ENCRYPTED_PWLEN];
} USER_INFO_21, *PUSER_INFO_21, *LPUSER_INFO_21;

typedef struct _USER_INFO_22 {
    LPWSTR usri22_name;
    BYTE usri22_password[ENCRYPTED_PWLEN];
    DWORD usri22_password_age;
    DWORD usri22_priv;
    LPWSTR usri22_home_dir;
    LPWSTR usri22_comment;
    DWORD usri22_flags;
    LPWSTR usri22_script_path;
    DWORD usri22_auth_flags;
    LPWSTR usri22_full_name;
    LPWSTR usri22_usr_comment;
    LPWSTR usri22_parms;
    LPWSTR usri22_workstations;
    DWORD usri22_last_logon;
    DWORD usri22_last_logoff;
    DWORD usri22_acct_expires;
    DWORD usri22_max_storage;
    DWORD usri22_units_per_week;
    PBYTE usri22_logon_hours;
    DWORD usri22_bad_pw_count;
    DWORD usri22_num_logons;
    LPWSTR usri22_logon_server;
    DWORD usri22_country_code;
    DWORD usri22_code_page;
} USER_INFO_22, *PUSER_INFO_22, *LPUSER_INFO_22;

typedef struct _USER_INFO_23 {
    LPWSTR usri23_name;
    LPWSTR usri23_full_name;
    LPWSTR usri23_comment;
    DWORD usri23_flags;
    PSID usri23_user_sid;
} USER_INFO_23, *PUSER_INFO_23, *LPUSER_INFO_23;

typedef struct _USER_INFO_24 {
    BOOL usri24_internet_identity;
    DWORD usri24_flags;
    LPWSTR usri24_internet_provider_name;
    LPWSTR usri24_internet_principal_name;
    PSID usri24_user_sid;
} USER_INFO_24, *PUSER_INFO_24, *LPUSER_INFO_24;

/* One field (or one group of fields) of a user. */
typedef struct _USER_INFO_1003 {
    LPWSTR usri1003_password;
} USER_INFO_1003, *PUSER_INFO_1003, *LPUSER_INFO_1003;

typedef struct _USER_INFO_1005 {
    DWORD usri1005_priv;
} USER_INFO_1005, *PUSER_INFO_1005, *LPUSER_INFO_1005;

typedef struct _USER_INFO_1006 {
    LPWSTR usri1006_home_dir;
} USER_INFO_1006, *PUSER_INFO_1006, *LPUSER_INFO_1006;

typedef struct _USER_INFO_1007 {
    LPWSTR usri1007_comment;
} USER_INFO_1007, *PUSER_INFO_1007, *LPUSER_INFO_1007;

typedef struct _USER_INFO_1008 {
    DWORD usri1008_flags;
} USER_INFO_1008, *PUSER_INFO_1008, *LPUSER_INFO_1008;

typedef struct _USER_INFO_1009 {
    LPWSTR usri1009_script_path;
} USER_INFO_1009, *PUSER_INFO_1009, *LPUSER_INFO_1009;

typedef struct _USER_INFO_1010 {
    DWORD usri1010_auth_flags;
} USER_INFO_1010, *PUSER_INFO_1010, *LPUSER_INFO_1010;

typedef struct _USER_INFO_1011 {
    LPWSTR usri1011_full_name;
} USER_INFO_1011, *PUSER_INFO_1011, *LPUSER_INFO_1011;

typedef struct _USER_INFO_1012 {
    LPWSTR usri1012_usr_comment;
} USER_INFO_1012, *PUSER_INFO_1012, *LPUSER_INFO_1012;

typedef struct _USER_INFO_1013 {
    LPWSTR usri1013_parms;
} USER_INFO_1013, *PUSER_INFO_1013, *LPUSER_INFO_1013;

typedef struct _USER_INFO_1014 {
    LPWSTR usri1014_workstations;
} USER_INFO_1014, *PUSER_INFO_1014, *LPUSER_INFO_1014;

typedef struct _USER_INFO_1017 {
    DWORD usri1017_acct_expires;
} USER_INFO_1017, *PUSER_INFO_1017, *LPUSER_INFO_1017;

typedef struct _USER_INFO_1018 {
    DWORD usri1018_max_storage;
} USER_INFO_1018, *PUSER_INFO_1018, *LPUSER_INFO_1018;

typedef struct _USER_INFO_1020 {
    DWORD usri1020_units_per_week;
    LPBYTE usri1020_logon_hours;
} USER_INFO_1020, *PUSER_INFO_1020, *LPUSER_INFO_1020;

typedef struct _USER_INFO_1023 {
    LPWSTR usri1023_logon_server;
} USER_INFO_1023, *PUSER_INFO_1023, *LPUSER_INFO_1023;

typedef struct _USER_INFO_1024 {
    DWORD usri1024_country_code;
} USER_INFO_1024, *PUSER_INFO_1024, *LPUSER_INFO_1024;

typedef struct _USER_INFO_1025 {
    DWORD usri1025_code_page;
} USER_INFO_1025, *PUSER_INFO_1025, *LPUSER_INFO_1025;

typedef struct _USER_INFO_1051 {
    DWORD usri1051_primary_group_id;
} USER_INFO_1051, *PUSER_INFO_1051, *LPUSER_INFO_1051;

typedef struct _USER_INFO_1052 {
    LPWSTR usri1052_profile;
} USER_INFO_1052, *PUSER_INFO_1052, *LPUSER_INFO_1052;

typedef struct _USER_INFO_1053 {
    LPWSTR usri1053_home_dir_drive;
} USER_INFO_1053, *PUSER_INFO_1053, *LPUSER_INFO_1053;

/* Policy of the account database; all times in seconds, TIMEQ_FOREVER for no end. */
typedef struct _USER_MODALS_INFO_0 {
    DWORD usrmod0_min_passwd_len;
    DWORD usrmod0_max_passwd_age;
    DWORD usrmod0_min_passwd_age;
    DWORD usrmod0_force_logoff;
    DWORD usrmod0_password_hist_len;
} USER_MODALS_INFO_0, *PUSER_MODALS_INFO_0, *LPUSER_MODALS_INFO_0;

typedef struct _USER_MODALS_INFO_1 {
    DWORD usrmod1_role;
    LPWSTR usrmod1_primary;
} USER_MODALS_INFO_1, *PUSER_MODALS_INFO_1, *LPUSER_MODALS_INFO_1;

typedef struct _USER_MODALS_INFO_2 {
    LPWSTR usrmod2_domain_name;
    PSID usrmod2_domain_id;
} USER_MODALS_INFO_2, *PUSER_MODALS_INFO_2, *LPUSER_MODALS_INFO_2;

typedef struct _USER_MODALS_INFO_3 {
    DWORD usrmod3_lockout_duration;
    DWORD usrmod3_lockout_observation_window;
    DWORD usrmod3_lockout_threshold;
} USER_MODALS_INFO_3, *PUSER_MODALS_INFO_3, *LPUSER_MODALS_INFO_3;

/* One field of the policy. */
typedef struct _USER_MODALS_INFO_1001 {
    DWORD usrmod1001_min_passwd_len;
} USER_MODALS_INFO_1001, *PUSER_MODALS_INFO_1001, *LPUSER_MODALS_INFO_1001;

typedef struct _USER_MODALS_INFO_1002 {
    DWORD usrmod1002_max_passwd_age;
} USER_MODALS_INFO_1002, *PUSER_MODALS_INFO_1002, *LPUSER_MODALS_INFO_1002;

typedef struct _USER_MODALS_INFO_1003 {
    DWORD usrmod1003_min_passwd_age;
} USER_MODALS_INFO_1003, *PUSER_MODALS_INFO_1003, *LPUSER_MODALS_INFO_1003;

typedef struct _USER_MODALS_INFO_1004 {
    DWORD usrmod1004_force_logoff;
} USER_MODALS_INFO_1004, *PUSER_MODALS_INFO_1004, *LPUSER_MODALS_INFO_1004;

typedef struct _USER_MODALS_INFO_1005 {
    DWORD usrmod1005_password_hist_len;
} USER_MODALS_INFO_1005, *PUSER_MODALS_INFO_1005, *LPUSER_MODALS_INFO_1005;

typedef struct _USER_MODALS_INFO_1006 {
    DWORD usrmod1006_role;
} USER_MODALS_INFO_1006, *PUSER_MODALS_INFO_1006, *LPUSER_MODALS_INFO_1006;

typedef struct _USER_MODALS_INFO_1007 {
    LPWSTR usrmod1007_primary;
} USER_MODALS_INFO_1007, *PUSER_MODALS_INFO_1007, *LPUSER_MODALS_INFO_1007;

/* Global groups, and one field of them. */
typedef struct _GROUP_INFO_0 {
    LPWSTR grpi0_name;
} GROUP_INFO_0, *PGROUP_INFO_0, *LPGROUP_INFO_0;

typedef struct _GROUP_INFO_1 {
    LPWSTR grpi1_name;
    LPWSTR grpi1_comment;
} GROUP_INFO_1, *PGROUP_INFO_1, *LPGROUP_INFO_1;

typedef struct _GROUP_INFO_2 {
    LPWSTR grpi2_name;
    LPWSTR grpi2_comment;
    DWORD grpi2_group_id;
    DWORD grpi2_attributes;
} GROUP_INFO_2, *PGROUP_INFO_2, *LPGROUP_INFO_2;

typedef struct _GROUP_INFO_3 {
    LPWSTR grpi3_name;
    LPWSTR grpi3_comment;
    PSID grpi3_group_sid;
    DWORD grpi3_attributes;
} GROUP_INFO_3, *PGROUP_INFO_3, *LPGROUP_INFO_3;

typedef struct _GROUP_INFO_1002 {
    LPWSTR grpi1002_comment;
} GROUP_INFO_1002, *PGROUP_INFO_1002, *LPGROUP_INFO_1002;

typedef struct _GROUP_INFO_1005 {
    DWORD grpi1005_attributes;
} GROUP_INFO_1005, *PGROUP_INFO_1005, *LPGROUP_INFO_1005;

/* Members of a global group; global groups of a user. */
typedef struct _GROUP_USERS_INFO_0 {
    LPWSTR grui0_name;
} GROUP_USERS_INFO_0, *PGROUP_USERS_INFO_0, *LPGROUP_USERS_INFO_0;

typedef struct _GROUP_USERS_INFO_1 {
    LPWSTR grui1_name;
    DWORD grui1_attributes;
} GROUP_USERS_INFO_1, *PGROUP_USERS_INFO_1, *LPGROUP_USERS_INFO_1;

/* Local groups (SAMR: aliases), and one field of them. */
typedef struct _LOCALGROUP_INFO_0 {
    LPWSTR lgrpi0_name;
} LOCALGROUP_INFO_0, *PLOCALGROUP_INFO_0, *LPLOCALGROUP_INFO_0;

typedef struct _LOCALGROUP_INFO_1 {
    LPWSTR lgrpi1_name;
    LPWSTR lgrpi1_comment;
} LOCALGROUP_INFO_1, *PLOCALGROUP_INFO_1, *LPLOCALGROUP_INFO_1;

typedef struct _LOCALGROUP_INFO_1002 {
    LPWSTR lgrpi1002_comment;
} LOCALGROUP_INFO_1002, *PLOCALGROUP_INFO_1002, *LPLOCALGROUP_INFO_1002;

/* Members of a local group, by SID and by name; local groups of a user. */
typedef struct _LOCALGROUP_MEMBERS_INFO_0 {
    PSID lgrmi0_sid;
} LOCALGROUP_MEMBERS_INFO_0, *PLOCALGROUP_MEMBERS_INFO_0, *LPLOCALGROUP_MEMBERS_INFO_0;

typedef struct _LOCALGROUP_MEMBERS_INFO_1 {
    PSID lgrmi1_sid;
    SID_NAME_USE lgrmi1_sidusage;
    LPWSTR lgrmi1_name;
} LOCALGROUP_MEMBERS_INFO_1, *PLOCALGROUP_MEMBERS_INFO_1, *LPLOCALGROUP_MEMBERS_INFO_1;

typedef struct _LOCALGROUP_MEMBERS_INFO_2 {
    PSID lgrmi2_sid;
    SID_NAME_USE lgrmi2_sidusage;
    LPWSTR lgrmi2_domainandname;
} LOCALGROUP_MEMBERS_INFO_2, *PLOCALGROUP_MEMBERS_INFO_2, *LPLOCALGROUP_MEMBERS_INFO_2;

typedef struct _LOCALGROUP_MEMBERS_INFO_3 {
    LPWSTR lgrmi3_domainandname;
} LOCALGROUP_MEMBERS_INFO_3, *PLOCALGROUP_MEMBERS_INFO_3, *LPLOCALGROUP_MEMBERS_INFO_3;

typedef struct _LOCALGROUP_USERS_INFO_0 {
    LPWSTR lgrui0_name;
} LOCALGROUP_USERS_INFO_0, *PLOCALGROUP_USERS_INFO_0, *LPLOCALGROUP_USERS_INFO_0;

/*
 * What NetQueryDisplayInformation lists: users, machines, groups. The last field is the index to go on with.
 */
typedef struct _NET_DISPLAY_GROUP {
    LPWSTR grpi3_name;
    LPWSTR grpi3_comment;
    DWORD grpi3_group_id;
    DWORD grpi3_attributes;
    DWORD grpi3_next_index;
} NET_DISPLAY_GROUP, *PNET_DISPLAY_GROUP, *LPNET_DISPLAY_GROUP;

typedef struct _NET_DISPLAY_MACHINE {
    LPWSTR usri2_name;
    LPWSTR usri2_comment;
    DWORD usri2_flags;
    DWORD usri2_user_id;
    DWORD usri2_next_index;
} NET_DISPLAY_MACHINE, *PNET_DISPLAY_MACHINE, *LPNET_DISPLAY_MACHINE;

typedef struct _NET_DISPLAY_USER {
    LPWSTR usri1_name;
    LPWSTR usri1_comment;
    DWORD usri1_flags;
    LPWSTR usri1_full_name;
    DWORD usri1_user_id;
    DWORD usri1_next_index;
} NET_DISPLAY_USER, *PNET_DISPLAY_USER, *LPNET_DISPLAY_USER;

/* Access permissions of LAN Manager resources. */
typedef struct _ACCESS_INFO_0 {
    LPWSTR acc0_resource_name;
} ACCESS_INFO_0, *PACCESS_INFO_0, *LPACCESS_INFO_0;

typedef struct _ACCESS_INFO_1 {
    LPWSTR acc1_resource_name;
    DWORD acc1_attr;
    DWORD acc1_count;
} ACCESS_INFO_1, *PACCESS_INFO_1, *LPACCESS_INFO_1;

typedef struct _ACCESS_INFO_1002 {
    DWORD acc1002_attr;
} ACCESS_INFO_1002, *PACCESS_INFO_1002, *LPACCESS_INFO_1002;

typedef struct _ACCESS_LIST {
    LPWSTR acl_ugname;
    DWORD acl_access;
} ACCESS_LIST, *PACCESS_LIST, *LPACCESS_LIST;

/* Arguments of the validation of a password against the policy. */
typedef struct _NET_VALIDATE_PASSWORD_HASH {
    ULONG Length;
    LPBYTE Hash;
} NET_VALIDATE_PASSWORD_HASH, *PNET_VALIDATE_PASSWORD_HASH, *LPNET_VALIDATE_PASSWORD_HASH;

typedef struct _NET_VALIDATE_PERSISTED_FIELDS {
    ULONG PresentFields;
    FILETIME PasswordLastSet;
    FILETIME BadPasswordTime;
    FILETIME LockoutTime;
    ULONG BadPasswordCount;
    ULONG PasswordHistoryLength;
    PNET_VALIDATE_PASSWORD_HASH PasswordHistory;
} NET_VALIDATE_PERSISTED_FIELDS, *PNET_VALIDATE_PERSISTED_FIELDS, *LPNET_VALIDATE_PERSISTED_FIELDS;

typedef struct _NET_VALIDATE_AUTHENTICATION_INPUT_ARG {
    NET_VALIDATE_PERSISTED_FIELDS InputPersistedFields;
    BOOLEAN PasswordMatched;
} NET_VALIDATE_AUTHENTICATION_INPUT_ARG, *PNET_VALIDATE_AUTHENTICATION_INPUT_ARG,
    *LPNET_VALIDATE_AUTHENTICATION_INPUT_ARG;

typedef struct _NET_VALIDATE_OUTPUT_ARG {
    NET_VALIDATE_PERSISTED_FIELDS ChangedPersistedFields;
    DWORD ValidationStatus;
} NET_VALIDATE_OUTPUT_ARG, *PNET_VALIDATE_OUTPUT_ARG, *LPNET_VALIDATE_OUTPUT_ARG;

typedef struct _NET_VALIDATE_PASSWORD_CHANGE_INPUT_ARG {
    NET_VALIDATE_PERSISTED_FIELDS InputPersistedFields;
    LPWSTR ClearPassword;
    LPWSTR UserAccountName;
    NET_VALIDATE_PASSWORD_HASH HashedPassword;
    BOOLEAN PasswordMatch;
} NET_VALIDATE_PASSWORD_CHANGE_INPUT_ARG, *PNET_VALIDATE_PASSWORD_CHANGE_INPUT_ARG,
    *LPNET_VALIDATE_PASSWORD_CHANGE_INPUT_ARG;

typedef struct _NET_VALIDATE_PASSWORD_RESET_INPUT_ARG {
    NET_VALIDATE_PERSISTED_FIELDS InputPersistedFields;
    LPWSTR ClearPassword;
    LPWSTR UserAccountName;
    NET_VALIDATE_PASSWORD_HASH HashedPassword;
    BOOLEAN PasswordMustChangeAtNextLogon;
    BOOLEAN ClearLockout;
} NET_VALIDATE_PASSWORD_RESET_INPUT_ARG, *PNET_VALIDATE_PASSWORD_RESET_INPUT_ARG,
    *LPNET_VALIDATE_PASSWORD_RESET_INPUT_ARG;

/* Answers of netlogon control. */
typedef struct _NETLOGON_INFO_1 {
    DWORD netlog1_flags;
    DWORD netlog1_pdc_connection_status;
} NETLOGON_INFO_1, *PNETLOGON_INFO_1, *LPNETLOGON_INFO_1;

typedef struct _NETLOGON_INFO_2 {
    DWORD netlog2_flags;
    DWORD netlog2_pdc_connection_status;
    LPWSTR netlog2_trusted_dc_name;
    DWORD netlog2_tc_connection_status;
} NETLOGON_INFO_2, *PNETLOGON_INFO_2, *LPNETLOGON_INFO_2;

typedef struct _NETLOGON_INFO_3 {
    DWORD netlog3_flags;
    DWORD netlog3_logon_attempts;
    DWORD netlog3_reserved1;
    DWORD netlog3_reserved2;
    DWORD netlog3_reserved3;
    DWORD netlog3_reserved4;
    DWORD netlog3_reserved5;
} NETLOGON_INFO_3, *PNETLOGON_INFO_3, *LPNETLOGON_INFO_3;

typedef struct _NETLOGON_INFO_4 {
    LPWSTR netlog4_trusted_dc_name;
    LPWSTR netlog4_trusted_domain_name;
} NETLOGON_INFO_4, *PNETLOGON_INFO_4, *LPNETLOGON_INFO_4;

/* State of a managed service account. */
typedef struct _MSA_INFO_0 {
    MSA_INFO_STATE State;
} MSA_INFO_0, *PMSA_INFO_0, *LPMSA_INFO_0;

/*
 * Users. A name is an account name without a domain; on a domain controller the accounts are those of the
 * domain. Passwords need a connection over SMB, whose session key protects them.
 */

/*
 * Makes a user: buf is a USER_INFO_1, 2, 3 or 4. If a later step fails the half-made account is taken back.
 * NERR_UserExists, NERR_GroupExists, NERR_BadUsername, NERR_PasswordTooShort (any rule of the policy is
 * broken), NERR_NotPrimary.
 */
NET_API_STATUS NET_API_FUNCTION NetUserAdd(LPCWSTR servername, DWORD level, LPBYTE buf, LPDWORD parm_err);

/*
 * Users, filter being 0 or some FILTER_ flags: *bufptr is an array of USER_INFO_0, 1, 2, 3, 10, 11 or 20.
 * All at once at level 20 the flags are those that the server keeps: UF_LOCKOUT, UF_PASSWORD_EXPIRED and
 * UF_PASSWD_CANT_CHANGE, which it works out per user, are missing. ERROR_MORE_DATA.
 */
NET_API_STATUS NET_API_FUNCTION NetUserEnum(LPCWSTR servername, DWORD level, DWORD filter, LPBYTE *bufptr,
                                            DWORD prefmaxlen, LPDWORD entriesread, LPDWORD totalentries,
                                            LPDWORD resume_handle);

/* One user: *bufptr is a USER_INFO_0, 1, 2, 3, 4, 10, 11, 20 or 23. NERR_UserNotFound. */
NET_API_STATUS NET_API_FUNCTION NetUserGetInfo(LPCWSTR servername, LPCWSTR username, DWORD level,
                                               LPBYTE *bufptr);

/*
 * Changes a user: buf is a USER_INFO_0 (rename), 1, 2, 3, 4, 21, 22, 1003, 1005 to 1014, 1017, 1018, 1020,
 * 1024, 1051, 1052 or 1053. A NULL string, the password among them, stays as it is; priv and auth_flags have
 * to be what they are. NERR_UserNotFound, NERR_UserExists, NERR_PasswordTooShort, NERR_SpeGroupOp,
 * NERR_LastAdmin.
 */
NET_API_STATUS NET_API_FUNCTION NetUserSetInfo(LPCWSTR servername, LPCWSTR username, DWORD level, LPBYTE buf,
                                               LPDWORD parm_err);

/* Deletes a user. NERR_UserNotFound. */
NET_API_STATUS NET_API_FUNCTION NetUserDel(LPCWSTR servername, LPCWSTR username);

/*
 * Global groups of a user: *bufptr is an array of GROUP_USERS_INFO_0 or 1. NERR_UserNotFound,
 * ERROR_MORE_DATA.
 */
NET_API_STATUS NET_API_FUNCTION NetUserGetGroups(LPCWSTR servername, LPCWSTR username, DWORD level,
                                                 LPBYTE *bufptr, DWORD prefmaxlen, LPDWORD entriesread,
                                                 LPDWORD totalentries);

/*
 * Local groups of a user, given as name or DOMAIN\name; flags is 0 or LG_INCLUDE_INDIRECT: *bufptr is an
 * array of LOCALGROUP_USERS_INFO_0. NERR_UserNotFound, ERROR_MORE_DATA.
 */
NET_API_STATUS NET_API_FUNCTION NetUserGetLocalGroups(LPCWSTR servername, LPCWSTR username, DWORD level,
                                                      DWORD flags, LPBYTE *bufptr, DWORD prefmaxlen,
                                                      LPDWORD entriesread, LPDWORD totalentries);

/* Policy of the account database: *bufptr is a USER_MODALS_INFO_0 to 3. */
NET_API_STATUS NET_API_FUNCTION NetUserModalsGet(LPCWSTR servername, DWORD level, LPBYTE *bufptr);

/*
 * Changes a password by one who knows the old one; no right over the account is needed. domainname is a
 * server, or the DNS name of a domain if that leads to its controllers, NULL this machine; username NULL is
 * the caller. ERROR_INVALID_PASSWORD (also for a user that does not exist), NERR_PasswordTooShort (any rule
 * of the policy is broken).
 */
NET_API_STATUS NET_API_FUNCTION NetUserChangePassword(LPCWSTR domainname, LPCWSTR username,
                                                      LPCWSTR oldpassword, LPCWSTR newpassword);

/* Global groups: their members are users of the same domain. */

/*
 * Makes a global group: buf is a GROUP_INFO_0, 1, 2 or 3. NERR_GroupExists, NERR_UserExists,
 * NERR_NotPrimary.
 */
NET_API_STATUS NET_API_FUNCTION NetGroupAdd(LPCWSTR servername, DWORD level, LPBYTE buf, LPDWORD parm_err);

/*
 * Puts a user into a global group. NERR_GroupNotFound, NERR_UserNotFound, NERR_UserInGroup,
 * NERR_SpeGroupOp.
 */
NET_API_STATUS NET_API_FUNCTION NetGroupAddUser(LPCWSTR servername, LPCWSTR GroupName, LPCWSTR username);

/* Global groups: *bufptr is an array of GROUP_INFO_0, 1, 2 or 3. ERROR_MORE_DATA. */
NET_API_STATUS NET_API_FUNCTION NetGroupEnum(LPCWSTR servername, DWORD level, LPBYTE *bufptr,
                                             DWORD prefmaxlen, LPDWORD entriesread, LPDWORD totalentries,
                                             PDWORD_PTR resume_handle);

/* One global group: *bufptr is a GROUP_INFO_0, 1, 2 or 3. NERR_GroupNotFound. */
NET_API_STATUS NET_API_FUNCTION NetGroupGetInfo(LPCWSTR servername, LPCWSTR groupname, DWORD level,
                                                LPBYTE *bufptr);

/*
 * Changes a global group: buf is a GROUP_INFO_0 (rename), 1, 2, 3, 1002 or 1005. NERR_GroupNotFound,
 * NERR_GroupExists, NERR_SpeGroupOp.
 */
NET_API_STATUS NET_API_FUNCTION NetGroupSetInfo(LPCWSTR servername, LPCWSTR groupname, DWORD level,
                                                LPBYTE buf, LPDWORD parm_err);

/* Deletes a global group, with members or without. NERR_GroupNotFound, NERR_SpeGroupOp. */
NET_API_STATUS NET_API_FUNCTION NetGroupDel(LPCWSTR servername, LPCWSTR groupname);

/* Takes a user out of a global group. NERR_GroupNotFound, NERR_UserNotFound, NERR_UserNotInGroup. */
NET_API_STATUS NET_API_FUNCTION NetGroupDelUser(LPCWSTR servername, LPCWSTR GroupName, LPCWSTR Username);

/*
 * Members of a global group: *bufptr is an array of GROUP_USERS_INFO_0 or 1. NERR_GroupNotFound,
 * ERROR_MORE_DATA.
 */
NET_API_STATUS NET_API_FUNCTION NetGroupGetUsers(LPCWSTR servername, LPCWSTR groupname, DWORD level,
                                                 LPBYTE *bufptr, DWORD prefmaxlen, LPDWORD entriesread,
                                                 LPDWORD totalentries, PDWORD_PTR ResumeHandle);

/* Local groups: their members are users and global groups of any domain that the server trusts. */

/*
 * Makes a local group: buf is a LOCALGROUP_INFO_0 or 1. ERROR_ALIAS_EXISTS, NERR_GroupExists,
 * NERR_UserExists.
 */
NET_API_STATUS NET_API_FUNCTION NetLocalGroupAdd(LPCWSTR servername, DWORD level, LPBYTE buf,
                                                 LPDWORD parm_err);

/* Local groups, built-in ones included: *bufptr is an array of LOCALGROUP_INFO_0 or 1. ERROR_MORE_DATA. */
NET_API_STATUS NET_API_FUNCTION NetLocalGroupEnum(LPCWSTR servername, DWORD level, LPBYTE *bufptr,
                                                  DWORD prefmaxlen, LPDWORD entriesread, LPDWORD totalentries,
                                                  PDWORD_PTR resumehandle);

/* One local group: *bufptr is a LOCALGROUP_INFO_0, 1 or 1002. ERROR_NO_SUCH_ALIAS. */
NET_API_STATUS NET_API_FUNCTION NetLocalGroupGetInfo(LPCWSTR servername, LPCWSTR groupname, DWORD level,
                                                     LPBYTE *bufptr);

/*
 * Changes a local group: buf is a LOCALGROUP_INFO_0 (rename), 1 or 1002. ERROR_NO_SUCH_ALIAS,
 * ERROR_ALIAS_EXISTS.
 */
NET_API_STATUS NET_API_FUNCTION NetLocalGroupSetInfo(LPCWSTR servername, LPCWSTR groupname, DWORD level,
                                                     LPBYTE buf, LPDWORD parm_err);

/* Deletes a local group. ERROR_NO_SUCH_ALIAS. */
NET_API_STATUS NET_API_FUNCTION NetLocalGroupDel(LPCWSTR servername, LPCWSTR groupname);

/*
 * Members of a local group: *bufptr is an array of LOCALGROUP_MEMBERS_INFO_0, 1, 2 or 3. A member whose
 * account is gone has its SID, also as name, and the type SidTypeUnknown. ERROR_NO_SUCH_ALIAS,
 * ERROR_MORE_DATA.
 */
NET_API_STATUS NET_API_FUNCTION NetLocalGroupGetMembers(LPCWSTR servername, LPCWSTR localgroupname,
                                                        DWORD level, LPBYTE *bufptr, DWORD prefmaxlen,
                                                        LPDWORD entriesread, LPDWORD totalentries,
                                                        PDWORD_PTR resumehandle);

/*
 * Puts members into a local group: buf is an array of totalentries LOCALGROUP_MEMBERS_INFO_0 (SIDs) or 3
 * (DOMAIN\name). All or none are put in. ERROR_NO_SUCH_ALIAS, ERROR_NO_SUCH_MEMBER, ERROR_MEMBER_IN_ALIAS,
 * ERROR_INVALID_MEMBER.
 */
NET_API_STATUS NET_API_FUNCTION NetLocalGroupAddMembers(LPCWSTR servername, LPCWSTR groupname, DWORD level,
                                                        LPBYTE buf, DWORD totalentries);

/*
 * Takes members out of a local group; arguments as above, all or none. ERROR_NO_SUCH_ALIAS,
 * ERROR_NO_SUCH_MEMBER, ERROR_MEMBER_NOT_IN_ALIAS.
 */
NET_API_STATUS NET_API_FUNCTION NetLocalGroupDelMembers(LPCWSTR servername, LPCWSTR groupname, DWORD level,
                                                        LPBYTE buf, DWORD totalentries);

/*
 * Accounts in the form that lists on a screen want: Level 1 users (NET_DISPLAY_USER), 2 machines
 * (NET_DISPLAY_MACHINE), 3 global groups (NET_DISPLAY_GROUP). Index is 0, then the next_index of the last
 * entry seen; at most EntriesRequested entries (Windows counts 100 at most) and about PreferredMaximumLength
 * bytes come. *SortedBuffer is the array. ERROR_MORE_DATA.
 */
NET_API_STATUS NET_API_FUNCTION NetQueryDisplayInformation(LPCWSTR ServerName, DWORD Level, DWORD Index,
                                                           DWORD EntriesRequested,
                                                           DWORD PreferredMaximumLength,
                                                           LPDWORD ReturnedEntryCount, PVOID *SortedBuffer);

#ifdef __cplusplus
}
#endif

#endif
