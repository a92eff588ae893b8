// SPDX-License-Identifier: Apache-2.0
/* Configuration parameters. */
#ifndef TERN_WIN_LMCONFIG_H
#define TERN_WIN_LMCONFIG_H

#include "lmcons.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A parameter of the configuration. */
typedef struct _CONFIG_INFO_0 {
    LPWSTR cfgi0_key;
    LPWSTR cfgi0_data;
} CONFIG_INFO_0, *PCONFIG_INFO_0, *LPCONFIG_INFO_0;

#ifdef __cplusplus
}
#endif

#endif
