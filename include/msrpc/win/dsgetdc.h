// SPDX-License-Identifier: Apache-2.0
/* Domain controller location and domain trusts. */
#ifndef TERN_WIN_DSGETDC_H
#define TERN_WIN_DSGETDC_H

#include "windef.h"

/*
 * What a domain controller must be able to do, and how the name that is given or wanted is formed: flags of
 * DsGetDcName.
 */
#define DS_FORCE_REDISCOVERY           0x00000001
#define DS_DIRECTORY_SERVICE_REQUIRED  0x00000010
#define DS_DIRECTORY_SERVICE_PREFERRED 0x00000020
#define DS_GC_SERVER_REQUIRED          0x00000040
#define DS_PDC_REQUIRED                0x00000080
#define DS_BACKGROUND_ONLY             0x00000100
#define DS_IP_REQUIRED                 0x00000200
#define DS_KDC_REQUIRED                0x00000400
#define DS_TIMESERV_REQUIRED           0x00000800
#define DS_WRITABLE_REQUIRED           0x00001000
#define DS_GOOD_TIMESERV_PREFERRED     0x00002000
#define DS_AVOID_SELF                  0x00004000
#define DS_ONLY_LDAP_NEEDED            0x00008000
#define DS_IS_FLAT_NAME                0x00010000
#define DS_IS_DNS_NAME                 0x00020000
#define DS_RETURN_DNS_NAME             0x40000000
#define DS_RETURN_FLAT_NAME            0x80000000
#define DSGETDC_VALID_FLAGS            0xC003FFF1

/* DomainControllerAddressType: is the address an IP address or a NetBIOS name? */
#define DS_INET_ADDRESS    0x00000001
#define DS_NETBIOS_ADDRESS 0x00000002

/* Flags of DOMAIN_CONTROLLER_INFO: what the controller that was found is and offers. */
#define DS_PDC_FLAG            0x00000001
#define DS_GC_FLAG             0x00000004
#define DS_LDAP_FLAG           0x00000008
#define DS_DS_FLAG             0x00000010
#define DS_KDC_FLAG            0x00000020
#define DS_TIMESERV_FLAG       0x00000040
#define DS_CLOSEST_FLAG        0x00000080
#define DS_WRITABLE_FLAG       0x00000100
#define DS_GOOD_TIMESERV_FLAG  0x00000200
#define DS_NDNC_FLAG           0x00000400
#define DS_PING_FLAGS          0x0000FFFF
#define DS_DNS_CONTROLLER_FLAG 0x20000000
#define DS_DNS_DOMAIN_FLAG     0x40000000
#define DS_DNS_FOREST_FLAG     0x80000000

/* Flags of DS_DOMAIN_TRUSTS: where a domain stands seen from the one that was asked. */
#define DS_DOMAIN_IN_FOREST       0x00000001
#define DS_DOMAIN_DIRECT_OUTBOUND 0x00000002
#define DS_DOMAIN_TREE_ROOT       0x00000004
#define DS_DOMAIN_PRIMARY         0x00000008
#define DS_DOMAIN_NATIVE_MODE     0x00000010
#define DS_DOMAIN_DIRECT_INBOUND  0x00000020
#define DS_DOMAIN_VALID_FLAGS     0x0000003F

/* Forest trust information. */
#define DS_GFTI_UPDATE_TDO  0x00000001
#define DS_GFTI_VALID_FLAGS 0x00000001

/* DsGetDcOpen. */
#define DS_ONLY_DO_SITE_NAME         0x00000001
#define DS_NOTIFY_AFTER_SITE_RECORDS 0x00000002
#define DS_OPEN_VALID_OPTION_FLAGS   0x00000003
#define DS_OPEN_VALID_FLAGS          0x000094C1

/* Later flags of DsGetDcName. */
#define DS_TRY_NEXTCLOSEST_SITE          0x00040000U
#define DS_DIRECTORY_SERVICE_6_REQUIRED  0x00080000U
#define DS_WEB_SERVICE_REQUIRED          0x00100000U
#define DS_DIRECTORY_SERVICE_8_REQUIRED  0x00200000U
#define DS_DIRECTORY_SERVICE_9_REQUIRED  0x00400000U
#define DS_DIRECTORY_SERVICE_10_REQUIRED 0x00800000U

/* Later flags of DOMAIN_CONTROLLER_INFO. A read-only controller is the 6 without the full one. */
#define DS_SELECT_SECRET_DOMAIN_6_FLAG 0x00000800U
#define DS_FULL_SECRET_DOMAIN_6_FLAG   0x00001000U
#define DS_WS_FLAG                     0x00002000U
#define DS_DS_8_FLAG                   0x00004000U
#define DS_DS_9_FLAG                   0x00008000U
#define DS_DS_10_FLAG                  0x00010000U

#ifdef __cplusplus
extern "C" {
#endif

/* A domain controller that was found. */
typedef struct _DOMAIN_CONTROLLER_INFOA {
    LPSTR DomainControllerName;
    LPSTR DomainControllerAddress;
    ULONG DomainControllerAddressType;
    GUID DomainGuid;
    LPSTR DomainName;
    LPSTR DnsForestName;
    ULONG Flags;
    LPSTR DcSiteName;
    LPSTR ClientSiteName;
} DOMAIN_CONTROLLER_INFOA, *PDOMAIN_CONTROLLER_INFOA, *LPDOMAIN_CONTROLLER_INFOA;

typedef struct _DOMAIN_CONTROLLER_INFOW {
    LPWSTR DomainControllerName;
    LPWSTR DomainControllerAddress;
    ULONG DomainControllerAddressType;
    GUID DomainGuid;
    LPWSTR DomainName;
    LPWSTR DnsForestName;
    ULONG Flags;
    LPWSTR DcSiteName;
    LPWSTR ClientSiteName;
} DOMAIN_CONTROLLER_INFOW, *PDOMAIN_CONTROLLER_INFOW, *LPDOMAIN_CONTROLLER_INFOW;

/* A trusted domain. */
typedef struct _DS_DOMAIN_TRUSTSA {
    LPSTR NetbiosDomainName;
    LPSTR DnsDomainName;
    ULONG Flags;
    ULONG ParentIndex;
    ULONG TrustType;
    ULONG TrustAttributes;
    PSID DomainSid;
    GUID DomainGuid;
} DS_DOMAIN_TRUSTSA, *PDS_DOMAIN_TRUSTSA, *LPDS_DOMAIN_TRUSTSA;

typedef struct _DS_DOMAIN_TRUSTSW {
    LPWSTR NetbiosDomainName;
    LPWSTR DnsDomainName;
    ULONG Flags;
    ULONG ParentIndex;
    ULONG TrustType;
    ULONG TrustAttributes;
    PSID DomainSid;
    GUID DomainGuid;
} DS_DOMAIN_TRUSTSW, *PDS_DOMAIN_TRUSTSW, *LPDS_DOMAIN_TRUSTSW;

/* Names without a suffix follow UNICODE. */
#ifdef UNICODE
typedef DOMAIN_CONTROLLER_INFOW DOMAIN_CONTROLLER_INFO;
typedef PDOMAIN_CONTROLLER_INFOW PDOMAIN_CONTROLLER_INFO;
typedef DS_DOMAIN_TRUSTSW DS_DOMAIN_TRUSTS;
typedef PDS_DOMAIN_TRUSTSW PDS_DOMAIN_TRUSTS;
#else
typedef DOMAIN_CONTROLLER_INFOA DOMAIN_CONTROLLER_INFO;
typedef PDOMAIN_CONTROLLER_INFOA PDOMAIN_CONTROLLER_INFO;
typedef DS_DOMAIN_TRUSTSA DS_DOMAIN_TRUSTS;
typedef PDS_DOMAIN_TRUSTSA PDS_DOMAIN_TRUSTS;
#endif

#ifdef __cplusplus
}
#endif

#endif
