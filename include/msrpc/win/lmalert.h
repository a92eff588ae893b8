// SPDX-License-Identifier: Apache-2.0
/* Alerts. */
#ifndef TERN_WIN_LMALERT_H
#define TERN_WIN_LMALERT_H

#include "lmcons.h"

/* The mailslot that the alerter reads. */
#define ALERTER_MAILSLOT WIN_WIDE("\\\\.\\MAILSLOT\\Alerter")

/* Event names (alrt_eventname), each with its own record behind STD_ALERT. */
#define ALERT_PRINT_EVENT    WIN_WIDE("PRINTING")
#define ALERT_MESSAGE_EVENT  WIN_WIDE("MESSAGE")
#define ALERT_ERRORLOG_EVENT WIN_WIDE("ERRORLOG")
#define ALERT_ADMIN_EVENT    WIN_WIDE("ADMIN")
#define ALERT_USER_EVENT     WIN_WIDE("USER")

/* State of a print job (alrtpr_status): two bits of queue state, then flags of the device. */
#define PRJOB_QSTATUS     0x00000003
#define PRJOB_DEVSTATUS   0x000001FC
#define PRJOB_COMPLETE    0x00000004
#define PRJOB_INTERV      0x00000008
#define PRJOB_ERROR       0x00000010
#define PRJOB_DESTOFFLINE 0x00000020
#define PRJOB_DESTPAUSED  0x00000040
#define PRJOB_NOTIFY      0x00000080
#define PRJOB_DESTNOPAPER 0x00000100
#define PRJOB_DELETED     0x00008000
#define PRJOB_QS_QUEUED   0x00000000
#define PRJOB_QS_PAUSED   0x00000001
#define PRJOB_QS_SPOOLING 0x00000002
#define PRJOB_QS_PRINTING 0x00000003

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Every alert starts with this; a record by the kind of event follows, then its strings. alrt_timestamp is
 * seconds since 1970-01-01 UTC.
 */
typedef struct _STD_ALERT {
    DWORD alrt_timestamp;
    WCHAR alrt_eventname[EVLEN + 1];
    WCHAR alrt_servicename[SNLEN + 1];
} STD_ALERT, *PSTD_ALERT, *LPSTD_ALERT;

/* Records behind STD_ALERT. */
typedef struct _ADMIN_OTHER_INFO {
    DWORD alrtad_errcode;
    DWORD alrtad_numstrings;
} ADMIN_OTHER_INFO, *PADMIN_OTHER_INFO, *LPADMIN_OTHER_INFO;

typedef struct _ERRLOG_OTHER_INFO {
    DWORD alrter_errcode;
    DWORD alrter_offset;
} ERRLOG_OTHER_INFO, *PERRLOG_OTHER_INFO, *LPERRLOG_OTHER_INFO;

typedef struct _PRINT_OTHER_INFO {
    DWORD alrtpr_jobid;
    DWORD alrtpr_status;
    DWORD alrtpr_submitted;
    DWORD alrtpr_size;
} PRINT_OTHER_INFO, *PPRINT_OTHER_INFO, *LPPRINT_OTHER_INFO;

typedef struct _USER_OTHER_INFO {
    DWORD alrtus_errcode;
    DWORD alrtus_numstrings;
} USER_OTHER_INFO, *PUSER_OTHER_INFO, *LPUSER_OTHER_INFO;

/* The record behind the STD_ALERT at x, and the strings behind the record at p. */
#define ALERT_OTHER_INFO(x) ((LPBYTE)(x) + sizeof(STD_ALERT))
#define ALERT_VAR_DATA(p)   ((LPBYTE)(p) + sizeof(*(p)))

#ifdef __cplusplus
}
#endif

#endif
