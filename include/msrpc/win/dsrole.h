// SPDX-License-Identifier: Apache-2.0
/* Role of a machine in its domain. */
#ifndef TERN_WIN_DSROLE_H
#define TERN_WIN_DSROLE_H

#include "windef.h"

/* Flags of DSROLE_PRIMARY_DOMAIN_INFO_BASIC. */
#define DSROLE_PRIMARY_DS_RUNNING          0x00000001
#define DSROLE_PRIMARY_DS_MIXED_MODE       0x00000002
#define DSROLE_UPGRADE_IN_PROGRESS         0x00000004
#define DSROLE_PRIMARY_DOMAIN_GUID_PRESENT 0x01000000

#define DSROLE_PRIMARY_DS_READONLY         0x00000008U

#ifdef __cplusplus
extern "C" {
#endif

/* MachineRole. */
typedef enum _DSROLE_MACHINE_ROLE {
    DsRole_RoleStandaloneWorkstation = 0,
    DsRole_RoleMemberWorkstation = 1,
    DsRole_RoleStandaloneServer = 2,
    DsRole_RoleMemberServer = 3,
    DsRole_RoleBackupDomainController = 4,
    DsRole_RolePrimaryDomainController = 5,
} DSROLE_MACHINE_ROLE,
    *PDSROLE_MACHINE_ROLE, *LPDSROLE_MACHINE_ROLE;

/* PreviousServerState. */
typedef enum _DSROLE_SERVER_STATE {
    DsRoleServerUnknown = 0,
    DsRoleServerPrimary = 1,
    DsRoleServerBackup = 2,
} DSROLE_SERVER_STATE,
    *PDSROLE_SERVER_STATE, *LPDSROLE_SERVER_STATE;

/* Levels of DsRoleGetPrimaryDomainInformation. */
typedef enum _DSROLE_PRIMARY_DOMAIN_INFO_LEVEL {
    DsRolePrimaryDomainInfoBasic = 1,
    DsRoleUpgradeStatus = 2,
    DsRoleOperationState = 3,
} DSROLE_PRIMARY_DOMAIN_INFO_LEVEL,
    *PDSROLE_PRIMARY_DOMAIN_INFO_LEVEL, *LPDSROLE_PRIMARY_DOMAIN_INFO_LEVEL;

/* State of a change of role. */
typedef enum _DSROLE_OPERATION_STATE {
    DsRoleOperationIdle = 0,
    DsRoleOperationActive = 1,
    DsRoleOperationNeedReboot = 2,
} DSROLE_OPERATION_STATE,
    *PDSROLE_OPERATION_STATE, *LPDSROLE_OPERATION_STATE;

/* The role of a machine in its domain. */
typedef struct _DSROLE_PRIMARY_DOMAIN_INFO_BASIC {
    DSROLE_MACHINE_ROLE MachineRole;
    ULONG Flags;
    LPWSTR DomainNameFlat;
    LPWSTR DomainNameDns;
    LPWSTR DomainForestName;
    GUID DomainGuid;
} DSROLE_PRIMARY_DOMAIN_INFO_BASIC, *PDSROLE_PRIMARY_DOMAIN_INFO_BASIC, *LPDSROLE_PRIMARY_DOMAIN_INFO_BASIC;

/* A change of role under way. */
typedef struct _DSROLE_OPERATION_STATE_INFO {
    DSROLE_OPERATION_STATE OperationState;
} DSROLE_OPERATION_STATE_INFO, *PDSROLE_OPERATION_STATE_INFO, *LPDSROLE_OPERATION_STATE_INFO;

typedef struct _DSROLE_UPGRADE_STATUS_INFO {
    ULONG OperationState;
    DSROLE_SERVER_STATE PreviousServerState;
} DSROLE_UPGRADE_STATUS_INFO, *PDSROLE_UPGRADE_STATUS_INFO, *LPDSROLE_UPGRADE_STATUS_INFO;

#ifdef __cplusplus
}
#endif

#endif
