// SPDX-License-Identifier: Apache-2.0
/* Scheduled jobs. */
#ifndef TERN_WIN_LMAT_H
#define TERN_WIN_LMAT_H

#include "lmcons.h"

/* Flags of a scheduled job. */
#define JOB_RUN_PERIODICALLY 0x00000001
#define JOB_EXEC_ERROR       0x00000002
#define JOB_RUNS_TODAY       0x00000004
#define JOB_ADD_CURRENT_DATE 0x00000008
#define JOB_NONINTERACTIVE   0x00000010
#define JOB_INPUT_FLAGS      0x00000019
#define JOB_OUTPUT_FLAGS     0x00000017

#ifdef __cplusplus
extern "C" {
#endif

/* A job to schedule. JobTime is milliseconds after midnight; days are bit masks from bit 0. */
typedef struct _AT_INFO {
    DWORD_PTR JobTime;
    DWORD DaysOfMonth;
    UCHAR DaysOfWeek;
    UCHAR Flags;
    LPWSTR Command;
} AT_INFO, *PAT_INFO, *LPAT_INFO;

/* A scheduled job as it is listed. */
typedef struct _AT_ENUM {
    DWORD JobId;
    DWORD_PTR JobTime;
    DWORD DaysOfMonth;
    UCHAR DaysOfWeek;
    UCHAR Flags;
    LPWSTR Command;
} AT_ENUM, *PAT_ENUM, *LPAT_ENUM;

#ifdef __cplusplus
}
#endif

#endif
