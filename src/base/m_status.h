// SPDX-License-Identifier: Apache-2.0
/* The generated tables behind status.c. Offsets instead of pointers: the whole stays in read-only pages
 * without relocations, so a cold start touches only the few pages that a binary search visits. */
#ifndef BASE_M_STATUS_H
#define BASE_M_STATUS_H

#include <stddef.h>
#include <stdint.h>

#define STATUS_NO_PARTNER 0xFFFFFFFFu

struct status_row {
    uint32_t code;
    uint32_t name;    /* offset in status_pool */
    uint32_t text;    /* offset in status_pool; 0: none */
    uint32_t partner; /* nt: Win32 code; win: the NTSTATUS that is exact both ways; fault: NTSTATUS */
};

/* each sorted by code, no code twice */
extern const struct status_row status_nt_rows[];
extern const size_t status_nt_rows_count;
extern const struct status_row status_win_rows[];
extern const size_t status_win_rows_count;
extern const struct status_row status_fault_rows[];
extern const size_t status_fault_rows_count;
extern const char status_pool[];

#endif
