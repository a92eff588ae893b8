// SPDX-License-Identifier: Apache-2.0
/* Audit log of LAN Manager. */
#ifndef TERN_WIN_LMAUDIT_H
#define TERN_WIN_LMAUDIT_H

#include "lmcons.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Head of each audit record. The data of its type is ae_data_offset bytes from the start of the record; the
 * length comes again at the end, to read backwards.
 */
typedef struct _AUDIT_ENTRY {
    DWORD ae_len;
    DWORD ae_reserved;
    DWORD ae_time;
    DWORD ae_type;
    DWORD ae_data_offset;
    DWORD ae_data_size;
} AUDIT_ENTRY, *PAUDIT_ENTRY, *LPAUDIT_ENTRY;

/* Data of each type. A name is given as an offset from the start of this structure. */
typedef struct _AE_ACCLIM {
    DWORD ae_al_compname;
    DWORD ae_al_username;
    DWORD ae_al_resname;
    DWORD ae_al_limit;
} AE_ACCLIM, *PAE_ACCLIM, *LPAE_ACCLIM;

typedef struct _AE_ACLMOD {
    DWORD ae_am_compname;
    DWORD ae_am_username;
    DWORD ae_am_resname;
    DWORD ae_am_action;
    DWORD ae_am_datalen;
} AE_ACLMOD, *PAE_ACLMOD, *LPAE_ACLMOD;

typedef struct _AE_CLOSEFILE {
    DWORD ae_cf_compname;
    DWORD ae_cf_username;
    DWORD ae_cf_resname;
    DWORD ae_cf_fileid;
    DWORD ae_cf_duration;
    DWORD ae_cf_reason;
} AE_CLOSEFILE, *PAE_CLOSEFILE, *LPAE_CLOSEFILE;

typedef struct _AE_CONNREJ {
    DWORD ae_cr_compname;
    DWORD ae_cr_username;
    DWORD ae_cr_netname;
    DWORD ae_cr_reason;
} AE_CONNREJ, *PAE_CONNREJ, *LPAE_CONNREJ;

typedef struct _AE_CONNSTART {
    DWORD ae_ct_compname;
    DWORD ae_ct_username;
    DWORD ae_ct_netname;
    DWORD ae_ct_connid;
} AE_CONNSTART, *PAE_CONNSTART, *LPAE_CONNSTART;

typedef struct _AE_CONNSTOP {
    DWORD ae_cp_compname;
    DWORD ae_cp_username;
    DWORD ae_cp_netname;
    DWORD ae_cp_connid;
    DWORD ae_cp_reason;
} AE_CONNSTOP, *PAE_CONNSTOP, *LPAE_CONNSTOP;

typedef struct _AE_GENERIC {
    DWORD ae_ge_msgfile;
    DWORD ae_ge_msgnum;
    DWORD ae_ge_params;
    DWORD ae_ge_param1;
    DWORD ae_ge_param2;
    DWORD ae_ge_param3;
    DWORD ae_ge_param4;
    DWORD ae_ge_param5;
    DWORD ae_ge_param6;
    DWORD ae_ge_param7;
    DWORD ae_ge_param8;
    DWORD ae_ge_param9;
} AE_GENERIC, *PAE_GENERIC, *LPAE_GENERIC;

typedef struct _AE_LOCKOUT {
    DWORD ae_lk_compname;
    DWORD ae_lk_username;
    DWORD ae_lk_action;
    DWORD ae_lk_bad_pw_count;
} AE_LOCKOUT, *PAE_LOCKOUT, *LPAE_LOCKOUT;

typedef struct _AE_NETLOGOFF {
    DWORD ae_nf_compname;
    DWORD ae_nf_username;
    DWORD ae_nf_reserved1;
    DWORD ae_nf_reserved2;
} AE_NETLOGOFF, *PAE_NETLOGOFF, *LPAE_NETLOGOFF;

typedef struct _AE_NETLOGON {
    DWORD ae_no_compname;
    DWORD ae_no_username;
    DWORD ae_no_privilege;
    DWORD ae_no_authflags;
} AE_NETLOGON, *PAE_NETLOGON, *LPAE_NETLOGON;

typedef struct _AE_RESACCESS {
    DWORD ae_ra_compname;
    DWORD ae_ra_username;
    DWORD ae_ra_resname;
    DWORD ae_ra_operation;
    DWORD ae_ra_returncode;
    DWORD ae_ra_restype;
    DWORD ae_ra_fileid;
} AE_RESACCESS, *PAE_RESACCESS, *LPAE_RESACCESS;

typedef struct _AE_RESACCESSREJ {
    DWORD ae_rr_compname;
    DWORD ae_rr_username;
    DWORD ae_rr_resname;
    DWORD ae_rr_operation;
} AE_RESACCESSREJ, *PAE_RESACCESSREJ, *LPAE_RESACCESSREJ;

typedef struct _AE_SERVICESTAT {
    DWORD ae_ss_compname;
    DWORD ae_ss_username;
    DWORD ae_ss_svcname;
    DWORD ae_ss_status;
    DWORD ae_ss_code;
    DWORD ae_ss_text;
    DWORD ae_ss_returnval;
} AE_SERVICESTAT, *PAE_SERVICESTAT, *LPAE_SERVICESTAT;

typedef struct _AE_SESSLOGOFF {
    DWORD ae_sf_compname;
    DWORD ae_sf_username;
    DWORD ae_sf_reason;
} AE_SESSLOGOFF, *PAE_SESSLOGOFF, *LPAE_SESSLOGOFF;

typedef struct _AE_SESSLOGON {
    DWORD ae_so_compname;
    DWORD ae_so_username;
    DWORD ae_so_privilege;
} AE_SESSLOGON, *PAE_SESSLOGON, *LPAE_SESSLOGON;

typedef struct _AE_SESSPWERR {
    DWORD ae_sp_compname;
    DWORD ae_sp_username;
} AE_SESSPWERR, *PAE_SESSPWERR, *LPAE_SESSPWERR;

typedef struct _AE_SRVSTATUS {
    DWORD ae_sv_status;
} AE_SRVSTATUS, *PAE_SRVSTATUS, *LPAE_SRVSTATUS;

typedef struct _AE_UASMOD {
    DWORD ae_um_compname;
    DWORD ae_um_username;
    DWORD ae_um_resname;
    DWORD ae_um_rectype;
    DWORD ae_um_action;
    DWORD ae_um_datalen;
} AE_UASMOD, *PAE_UASMOD, *LPAE_UASMOD;

#ifdef __cplusplus
}
#endif

/* ae_lk_action. */
#define ACTION_LOCKOUT     0
#define ACTION_ADMINUNLOCK 1

/*
 * Record types (ae_type). From here on these names mean numbers: the structures of the same name are reached
 * by their tags (struct _AE_CONNSTART) or pointer types (PAE_CONNSTART).
 */
#define AE_SRVSTATUS    0
#define AE_SESSLOGON    1
#define AE_SESSLOGOFF   2
#define AE_SESSPWERR    3
#define AE_CONNSTART    4
#define AE_CONNSTOP     5
#define AE_CONNREJ      6
#define AE_RESACCESS    7
#define AE_RESACCESSREJ 8
#define AE_CLOSEFILE    9
#define AE_SERVICESTAT  11
#define AE_ACLMOD       12
#define AE_UASMOD       13
#define AE_NETLOGON     14
#define AE_NETLOGOFF    15
#define AE_NETLOGDENIED 16
#define AE_ACCLIMITEXCD 17
#define AE_RESACCESS2   18
#define AE_ACLMODFAIL   19
#define AE_LOCKOUT      20
#define AE_GENERIC_TYPE 21

/* ae_sv_status. */
#define AE_SRVSTART  0
#define AE_SRVPAUSED 1
#define AE_SRVCONT   2
#define AE_SRVSTOP   3

/* Privilege of a session (ae_so_privilege). */
#define AE_GUEST 0
#define AE_USER  1
#define AE_ADMIN 2

/* Reasons (ae_sf_reason, ae_cp_reason, ae_cr_reason, ...): each field uses some of them. */
#define AE_NORMAL        0
#define AE_USERLIMIT     0
#define AE_GENERAL       0
#define AE_ERROR         1
#define AE_SESSDIS       1
#define AE_BADPW         1
#define AE_AUTODIS       2
#define AE_UNSHARE       2
#define AE_ADMINPRIVREQD 2
#define AE_ADMINDIS      3
#define AE_NOACCESSPERM  3
#define AE_ACCRESTRICT   4

/* ae_cf_reason. */
#define AE_NORMAL_CLOSE 0
#define AE_SES_CLOSE    1
#define AE_ADMIN_CLOSE  2

/* ae_al_limit. */
#define AE_LIM_UNKNOWN     0
#define AE_LIM_LOGONHOURS  1
#define AE_LIM_EXPIRED     2
#define AE_LIM_INVAL_WKSTA 3
#define AE_LIM_DISABLED    4
#define AE_LIM_DELETED     5

/* ae_um_action, ae_am_action. */
#define AE_MOD    0
#define AE_DELETE 1
#define AE_ADD    2

/* ae_um_rectype. */
#define AE_UAS_USER   0
#define AE_UAS_GROUP  1
#define AE_UAS_MODALS 2

/* What the server audits. */
#define SVAUD_SERVICE       0x00000001
#define SVAUD_GOODSESSLOGON 0x00000006
#define SVAUD_BADSESSLOGON  0x00000018
#define SVAUD_SESSLOGON     0x0000001E
#define SVAUD_GOODNETLOGON  0x00000060
#define SVAUD_BADNETLOGON   0x00000180
#define SVAUD_NETLOGON      0x000001E0
#define SVAUD_LOGON         0x000001FE
#define SVAUD_GOODUSE       0x00000600
#define SVAUD_BADUSE        0x00001800
#define SVAUD_USE           0x00001E00
#define SVAUD_USERLIST      0x00002000
#define SVAUD_PERMISSIONS   0x00004000
#define SVAUD_RESOURCE      0x00008000
#define SVAUD_LOGONLIM      0x00010000

/* What is audited on one resource: S success, F failure, A always. */
#define AA_AUDIT_ALL 0x00000001
#define AA_A_OWNER   0x00000004
#define AA_CLOSE     0x00000008
#define AA_S_OPEN    0x00000010
#define AA_S_WRITE   0x00000020
#define AA_S_CREATE  0x00000020
#define AA_S_DELETE  0x00000040
#define AA_S_ACL     0x00000080
#define AA_S_ALL     0x000000F0
#define AA_F_OPEN    0x00000100
#define AA_F_WRITE   0x00000200
#define AA_F_CREATE  0x00000200
#define AA_F_DELETE  0x00000400
#define AA_F_ACL     0x00000800
#define AA_F_ALL     0x00000F00
#define AA_A_OPEN    0x00001000
#define AA_A_WRITE   0x00002000
#define AA_A_CREATE  0x00002000
#define AA_A_DELETE  0x00004000
#define AA_A_ACL     0x00008000
#define AA_A_ALL     0x00000F00

#endif
