// SPDX-License-Identifier: Apache-2.0
/* Shared by the sources of the pidl dialect. */
#ifndef NDR_M_PIDL_H
#define NDR_M_PIDL_H

#include <msrpc/ndr_pidl.h>
#include "ndr/m_ndr.h"

/* Scopes inside scopes: types in types are few, types in themselves at most NDR_BUDGET_DEPTH, each with some
 * scopes. */
#define NDR_MAX_SCOPES 4096u

#define NDR_F_ALIGNS   (NDR_F_ALIGN2 | NDR_F_ALIGN4 | NDR_F_ALIGN8)

/* Flags with more flags: of those that exclude each other the new one counts. */
static inline uint32_t ndr_add_flags(uint32_t old, uint32_t more)
{
    if (more & (NDR_F_BIG_ENDIAN | NDR_F_LITTLE_ENDIAN))
        old &= ~(uint32_t)(NDR_F_BIG_ENDIAN | NDR_F_LITTLE_ENDIAN);
    if (more & NDR_F_REMAINING)
        old &= ~(uint32_t)NDR_F_ALIGNS;
    if (more & NDR_F_ALIGNS)
        old &= ~(uint32_t)(NDR_F_ALIGNS | NDR_F_REMAINING);
    if (more & NDR_F_NO_RELATIVE_REVERSE)
        old &= ~(uint32_t)NDR_F_RELATIVE_REVERSE;
    return old | more;
}

/* Octets that a blob pads to; 0: it does not. */
static inline size_t ndr_flag_align(uint32_t flags)
{
    return flags & NDR_F_ALIGN8 ? 8 : flags & NDR_F_ALIGN4 ? 4 : flags & NDR_F_ALIGN2 ? 2 : 0;
}

static inline bool ndr_flags_bytes(uint32_t flags)
{
    return flags & (NDR_F_STR_ASCII | NDR_F_STR_UTF8 | NDR_F_STR_RAW8);
}

#endif
