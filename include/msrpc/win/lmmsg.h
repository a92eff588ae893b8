// SPDX-License-Identifier: Apache-2.0
/* Message aliases. */
#ifndef TERN_WIN_LMMSG_H
#define TERN_WIN_LMMSG_H

#include "lmcons.h"

/* msgi1_forward_flag. */
#define MSGNAME_NOT_FORWARDED  0x00000000
#define MSGNAME_FORWARDED_TO   0x00000004
#define MSGNAME_FORWARDED_FROM 0x00000010

#ifdef __cplusplus
extern "C" {
#endif

/* Message aliases. */
typedef struct _MSG_INFO_0 {
    LPWSTR msgi0_name;
} MSG_INFO_0, *PMSG_INFO_0, *LPMSG_INFO_0;

typedef struct _MSG_INFO_1 {
    LPWSTR msgi1_name;
    DWORD msgi1_forward_flag;
    LPWSTR msgi1_forward;
} MSG_INFO_1, *PMSG_INFO_1, *LPMSG_INFO_1;

#ifdef __cplusplus
}
#endif

#endif
