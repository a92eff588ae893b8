// SPDX-License-Identifier: Apache-2.0
/* Shared by the NDR sources. */
#ifndef NDR_M_NDR_H
#define NDR_M_NDR_H

#include "ndr/ndr.h"

/* Octets that an alignment class (enum ndr_align) or tag kind stands for. */
static inline size_t ndr_octets(bool wide, unsigned align)
{
    return align == NDR_PTR || align == NDR_ENUM ? (wide ? 2 * (align - 1) : align - 1) : align;
}

/* Frees what pidl_push.c keeps on the side. */
void ndr_pidl_push_free(struct ndr_push *n);

/* Octets of an element: width, or NDR_CHARS. */
static inline size_t ndr_width(unsigned width)
{
    return width & 0x0F;
}

/* Copies n sub-authorities, at most 15, in pieces of a size that the compiler knows: a call of memcpy would
 * take longer than the rest of a SID. */
static inline void ndr_copy_sub(void *to, const void *from, unsigned n)
{
    uint8_t *t = to;
    const uint8_t *f = from;
    if (n & 8)
        memcpy(t, f, 32), t += 32, f += 32;
    if (n & 4)
        memcpy(t, f, 16), t += 16, f += 16;
    if (n & 2)
        memcpy(t, f, 8), t += 8, f += 8;
    if (n & 1)
        memcpy(t, f, 4);
}

/* The object in a slot of a pull's table of full pointers, and its referent id; false: there is none. */
bool ndr_pull_full_at(const struct ndr_pull *n, uint32_t slot, uint64_t *ret_id, const void **ret_object);

void ndr_from_ebcdic(uint8_t *p, size_t n);

#endif
