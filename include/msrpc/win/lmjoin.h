// SPDX-License-Identifier: Apache-2.0
/* Joining a domain. */
#ifndef TERN_WIN_LMJOIN_H
#define TERN_WIN_LMJOIN_H

#include "lmcons.h"

/* Options of joining and leaving a domain. */
#define NETSETUP_JOIN_DOMAIN              0x00000001
#define NETSETUP_ACCT_CREATE              0x00000002
#define NETSETUP_ACCT_DELETE              0x00000004
#define NETSETUP_WIN9X_UPGRADE            0x00000010
#define NETSETUP_DOMAIN_JOIN_IF_JOINED    0x00000020
#define NETSETUP_JOIN_UNSECURE            0x00000040
#define NETSETUP_MACHINE_PWD_PASSED       0x00000080
#define NETSETUP_DEFER_SPN_SET            0x00000100
#define NETSETUP_INSTALL_INVOCATION       0x00040000
#define NETSETUP_IGNORE_UNSUPPORTED_FLAGS 0x10000000
#define NETSETUP_VALID_UNJOIN_FLAGS       0x10000004

/* Options of renaming a machine. */
#define NET_IGNORE_UNSUPPORTED_FLAGS 0x00000001

/* Later options of joining. */
#define NETSETUP_JOIN_DC_ACCOUNT       0x00000200U
#define NETSETUP_JOIN_WITH_NEW_NAME    0x00000400U
#define NETSETUP_JOIN_READONLY         0x00000800U
#define NETSETUP_DNS_NAME_CHANGES_ONLY 0x00001000U
#define NETSETUP_AMBIGUOUS_DC          0x00001000U
#define NETSETUP_NO_NETLOGON_CACHE     0x00002000U
#define NETSETUP_DONT_CONTROL_SERVICES 0x00004000U
#define NETSETUP_SET_MACHINE_NAME      0x00008000U
#define NETSETUP_FORCE_SPN_SET         0x00010000U
#define NETSETUP_NO_ACCT_REUSE         0x00020000U
#define NETSETUP_ALT_SAMACCOUNTNAME    0x00020000U
#define NETSETUP_PROCESS_OFFLINE_FLAGS 0x000044A1U

/* Options of offline provisioning. */
#define NETSETUP_PROVISION_DOWNLEVEL_PRIV_SUPPORT 0x00000001U
#define NETSETUP_PROVISION_REUSE_ACCOUNT          0x00000002U
#define NETSETUP_PROVISION_USE_DEFAULT_PASSWORD   0x00000004U
#define NETSETUP_PROVISION_SKIP_ACCOUNT_SEARCH    0x00000008U
#define NETSETUP_PROVISION_ROOT_CA_CERTS          0x00000010U
#define NETSETUP_PROVISION_PERSISTENTSITE         0x00000020U
#define NETSETUP_PROVISION_ONLINE_CALLER          0x40000000U
#define NETSETUP_PROVISION_CHECK_PWD_ONLY         0x80000000

/* dwVersion of NETSETUP_PROVISIONING_PARAMS. */
#define NETSETUP_PROVISIONING_PARAMS_WIN8_VERSION    1U
#define NETSETUP_PROVISIONING_PARAMS_CURRENT_VERSION 2U

#ifdef __cplusplus
extern "C" {
#endif

/* What a name is to be checked as. */
typedef enum _NETSETUP_NAME_TYPE {
    NetSetupUnknown = 0,
    NetSetupMachine = 1,
    NetSetupWorkgroup = 2,
    NetSetupDomain = 3,
    NetSetupNonExistentDomain = 4,
    NetSetupDnsMachine = 5,
} NETSETUP_NAME_TYPE,
    *PNETSETUP_NAME_TYPE, *LPNETSETUP_NAME_TYPE;

/* What a machine belongs to. */
typedef enum _NETSETUP_JOIN_STATUS {
    NetSetupUnknownStatus = 0,
    NetSetupUnjoined = 1,
    NetSetupWorkgroupName = 2,
    NetSetupDomainName = 3,
} NETSETUP_JOIN_STATUS,
    *PNETSETUP_JOIN_STATUS, *LPNETSETUP_JOIN_STATUS;

/* Which names of a machine are asked for. */
typedef enum _NET_COMPUTER_NAME_TYPE {
    NetPrimaryComputerName = 0,
    NetAlternateComputerNames = 1,
    NetAllComputerNames = 2,
    NetComputerNameTypeMax = 3,
} NET_COMPUTER_NAME_TYPE,
    *PNET_COMPUTER_NAME_TYPE, *LPNET_COMPUTER_NAME_TYPE;

/* How a device is registered with a cloud directory. */
typedef enum _DSREG_JOIN_TYPE {
    DSREG_UNKNOWN_JOIN = 0,
    DSREG_DEVICE_JOIN = 1,
    DSREG_WORKPLACE_JOIN = 2,
} DSREG_JOIN_TYPE,
    *PDSREG_JOIN_TYPE, *LPDSREG_JOIN_TYPE;

/* Registration with a cloud directory. */
typedef struct _DSREG_USER_INFO {
    LPWSTR pszUserEmail;
    LPWSTR pszUserKeyId;
    LPWSTR pszUserKeyName;
} DSREG_USER_INFO, *PDSREG_USER_INFO, *LPDSREG_USER_INFO;

typedef struct _DSREG_JOIN_INFO {
    DSREG_JOIN_TYPE joinType;
    PCCERT_CONTEXT pJoinCertificate;
    LPWSTR pszDeviceId;
    LPWSTR pszIdpDomain;
    LPWSTR pszTenantId;
    LPWSTR pszJoinUserEmail;
    LPWSTR pszTenantDisplayName;
    LPWSTR pszMdmEnrollmentUrl;
    LPWSTR pszMdmTermsOfUseUrl;
    LPWSTR pszMdmComplianceUrl;
    LPWSTR pszUserSettingSyncUrl;
    DSREG_USER_INFO *pUserInfo;
} DSREG_JOIN_INFO, *PDSREG_JOIN_INFO, *LPDSREG_JOIN_INFO;

/* Parameters of offline provisioning. */
typedef struct _NETSETUP_PROVISIONING_PARAMS {
    DWORD dwVersion;
    LPCWSTR lpDomain;
    LPCWSTR lpHostName;
    LPCWSTR lpMachineAccountOU;
    LPCWSTR lpDcName;
    DWORD dwProvisionOptions;
    LPCWSTR *aCertTemplateNames;
    DWORD cCertTemplateNames;
    LPCWSTR *aMachinePolicyNames;
    DWORD cMachinePolicyNames;
    LPCWSTR *aMachinePolicyPaths;
    DWORD cMachinePolicyPaths;
    LPWSTR lpNetbiosName;
    LPWSTR lpSiteName;
    LPWSTR lpPrimaryDNSDomain;
} NETSETUP_PROVISIONING_PARAMS, *PNETSETUP_PROVISIONING_PARAMS, *LPNETSETUP_PROVISIONING_PARAMS;

/*
 * What a machine belongs to (NULL: this one): *lpNameBuffer is the name of its domain or workgroup, for
 * NetApiBufferFree, *BufferType says which of them it is. [MS-WKST] 3.2.4.12
 */
NET_API_STATUS NET_API_FUNCTION NetGetJoinInformation(LPCWSTR lpServer, LPWSTR *lpNameBuffer,
                                                      PNETSETUP_JOIN_STATUS BufferType);

#ifdef __cplusplus
}
#endif

#endif
