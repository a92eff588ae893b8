// SPDX-License-Identifier: Apache-2.0
/* Services, as LAN Manager sees them. */
#ifndef TERN_WIN_LMSVC_H
#define TERN_WIN_LMSVC_H

#include "lmcons.h"
#define SERVICE_DOS_ENCRYPTION WIN_WIDE("ENCRYPT")

/* State of a service (svciN_status). */
#define SERVICE_INSTALL_STATE         0x00000003
#define SERVICE_UNINSTALLED           0x00000000
#define SERVICE_INSTALL_PENDING       0x00000001
#define SERVICE_UNINSTALL_PENDING     0x00000002
#define SERVICE_INSTALLED             0x00000003
#define SERVICE_PAUSE_STATE           0x0000000C
#define LM20_SERVICE_ACTIVE           0x00000000
#define LM20_SERVICE_CONTINUE_PENDING 0x00000004
#define LM20_SERVICE_PAUSE_PENDING    0x00000008
#define LM20_SERVICE_PAUSED           0x0000000C
#define SERVICE_NOT_UNINSTALLABLE     0x00000000
#define SERVICE_UNINSTALLABLE         0x00000010
#define SERVICE_NOT_PAUSABLE          0x00000000
#define SERVICE_PAUSABLE              0x00000020

#define SERVICE_REDIR_PAUSED          0x00000700
#define SERVICE_REDIR_DISK_PAUSED     0x00000100
#define SERVICE_REDIR_PRINT_PAUSED    0x00000200
#define SERVICE_REDIR_COMM_PAUSED     0x00000400

/* Controls. */
#define SERVICE_CTRL_INTERROGATE 0
#define SERVICE_CTRL_PAUSE       1
#define SERVICE_CTRL_CONTINUE    2
#define SERVICE_CTRL_UNINSTALL   3

#define SERVICE_CTRL_REDIR_DISK  0x00000001
#define SERVICE_CTRL_REDIR_PRINT 0x00000002
#define SERVICE_CTRL_REDIR_COMM  0x00000004

/* svciN_code while a service starts, pauses or continues: a flag, a checkpoint number, a time to wait. */
#define SERVICE_IP_NO_HINT          0x00000000
#define SERVICE_CCP_NO_HINT         0x00000000
#define SERVICE_IP_QUERY_HINT       0x00010000
#define SERVICE_CCP_QUERY_HINT      0x00010000
#define SERVICE_IP_CHKPT_NUM        0x000000FF
#define SERVICE_CCP_CHKPT_NUM       0x000000FF
#define SERVICE_IP_WAIT_TIME        0x0000FF00
#define SERVICE_CCP_WAIT_TIME       0x0000FF00
#define SERVICE_IP_WAITTIME_SHIFT   0x00000008
#define SERVICE_NTIP_WAITTIME_SHIFT 0x0000000C
#define UPPER_HINT_MASK             0x0000FF00
#define LOWER_HINT_MASK             0x000000FF
#define UPPER_GET_HINT_MASK         0x0FF00000
#define LOWER_GET_HINT_MASK         0x0000FF00
#define SERVICE_NT_MAXTIME          0x0000FFFF
#define SERVICE_RESRV_MASK          0x0001FFFF
#define SERVICE_MAXTIME             0x000000FF

/* svciN_code of a service that stopped: the reason. */
#define SERVICE_BASE           3050
#define SERVICE_UIC_NORMAL     0
#define SERVICE_UIC_BADPARMVAL 3051
#define SERVICE_UIC_MISSPARM   3052
#define SERVICE_UIC_UNKPARM    3053
#define SERVICE_UIC_RESOURCE   3054
#define SERVICE_UIC_CONFIG     3055
#define SERVICE_UIC_SYSTEM     3056
#define SERVICE_UIC_INTERNAL   3057
#define SERVICE_UIC_AMBIGPARM  3058
#define SERVICE_UIC_DUPPARM    3059
#define SERVICE_UIC_KILL       3060
#define SERVICE_UIC_EXEC       3061
#define SERVICE_UIC_SUBSERV    3062
#define SERVICE_UIC_CONFLPARM  3063
#define SERVICE_UIC_FILE       3064

/* ... and what the text is about. */
#define SERVICE_UIC_M_NULL              0
#define SERVICE_UIC_M_MEMORY            3070
#define SERVICE_UIC_M_DISK              3071
#define SERVICE_UIC_M_THREADS           3072
#define SERVICE_UIC_M_PROCESSES         3073
#define SERVICE_UIC_M_SECURITY          3074
#define SERVICE_UIC_M_LANROOT           3075
#define SERVICE_UIC_M_REDIR             3076
#define SERVICE_UIC_M_SERVER            3077
#define SERVICE_UIC_M_SEC_FILE_ERR      3078
#define SERVICE_UIC_M_FILES             3079
#define SERVICE_UIC_M_LOGS              3080
#define SERVICE_UIC_M_LANGROUP          3081
#define SERVICE_UIC_M_MSGNAME           3082
#define SERVICE_UIC_M_ANNOUNCE          3083
#define SERVICE_UIC_M_UAS               3084
#define SERVICE_UIC_M_SERVER_SEC_ERR    3085
#define SERVICE_UIC_M_WKSTA             3087
#define SERVICE_UIC_M_ERRLOG            3088
#define SERVICE_UIC_M_FILE_UW           3089
#define SERVICE_UIC_M_ADDPAK            3090
#define SERVICE_UIC_M_LAZY              3091
#define SERVICE_UIC_M_UAS_MACHINE_ACCT  3092
#define SERVICE_UIC_M_UAS_SERVERS_NMEMB 3093
#define SERVICE_UIC_M_UAS_SERVERS_NOGRP 3094
#define SERVICE_UIC_M_UAS_INVALID_ROLE  3095
#define SERVICE_UIC_M_NETLOGON_NO_DC    3096
#define SERVICE_UIC_M_NETLOGON_DC_CFLCT 3097
#define SERVICE_UIC_M_NETLOGON_AUTH     3098
#define SERVICE_UIC_M_UAS_PROLOG        3099

#define SERVICE2_BASE                   5600
#define SERVICE_UIC_M_NETLOGON_MPATH    5600
#define SERVICE_UIC_M_LSA_MACHINE_ACCT  5601
#define SERVICE_UIC_M_DATABASE_ERROR    5602

#ifdef __cplusplus
extern "C" {
#endif

/* Services. */
typedef struct _SERVICE_INFO_0 {
    LPWSTR svci0_name;
} SERVICE_INFO_0, *PSERVICE_INFO_0, *LPSERVICE_INFO_0;

typedef struct _SERVICE_INFO_1 {
    LPWSTR svci1_name;
    DWORD svci1_status;
    DWORD svci1_code;
    DWORD svci1_pid;
} SERVICE_INFO_1, *PSERVICE_INFO_1, *LPSERVICE_INFO_1;

typedef struct _SERVICE_INFO_2 {
    LPWSTR svci2_name;
    DWORD svci2_status;
    DWORD svci2_code;
    DWORD svci2_pid;
    LPWSTR svci2_text;
    DWORD svci2_specific_error;
    LPWSTR svci2_display_name;
} SERVICE_INFO_2, *PSERVICE_INFO_2, *LPSERVICE_INFO_2;

/* svciN_code from its parts: hint time tt in 0.1 s and checkpoint number nn; error cc and its text number mm.
 */
#define SERVICE_IP_CODE(tt, nn)  (SERVICE_IP_QUERY_HINT | (LONG)((nn) | ((tt) << SERVICE_IP_WAITTIME_SHIFT)))
#define SERVICE_CCP_CODE(tt, nn) (SERVICE_CCP_QUERY_HINT | (LONG)((nn) | ((tt) << SERVICE_IP_WAITTIME_SHIFT)))
#define SERVICE_UIC_CODE(cc, mm) ((LONG)(((ULONG)(cc) << 16) | (USHORT)(mm)))

/* The same for hint times of 16 bits, of which the upper 8 stand apart; and that time taken out again. */
#define SERVICE_NT_CCP_CODE(tt, nn)                                                                          \
    (SERVICE_CCP_QUERY_HINT | (LONG)(nn) | (((tt)&LOWER_HINT_MASK) << SERVICE_IP_WAITTIME_SHIFT) |           \
     (((tt)&UPPER_HINT_MASK) << SERVICE_NTIP_WAITTIME_SHIFT))
#define SERVICE_NT_WAIT_GET(code)                                                                            \
    ((((code)&UPPER_GET_HINT_MASK) >> SERVICE_NTIP_WAITTIME_SHIFT) |                                         \
     (((code)&LOWER_GET_HINT_MASK) >> SERVICE_IP_WAITTIME_SHIFT))

#ifdef __cplusplus
}
#endif

#endif
