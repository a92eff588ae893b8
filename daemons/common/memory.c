// SPDX-License-Identifier: Apache-2.0
/*
 * What a flood of clients took goes back to the system when they have gone. By itself glibc raises its
 * thresholds with each large block that is freed, and then keeps 64 MiB for the next one; and of the many
 * fragments of large answers it keeps all that lie below one that is in use.
 */
#include <malloc.h>
#include "memory.h"

#ifdef __GLIBC__

#define OF_ITS_OWN (256 << 10) /* blocks from that size on go back when they are freed */
#define TOP        (4 << 20)
#define WORTH_IT   ((size_t)8 << 20)

void memory_prepare(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, OF_ITS_OWN);
    (void)mallopt(M_TRIM_THRESHOLD, TOP);
}

void memory_give_back(void)
{
#if __GLIBC_PREREQ(2, 33)
    if (mallinfo2().fordblks > WORTH_IT)
        (void)malloc_trim(0);
#endif
}

#else

void memory_prepare(void)
{
}

void memory_give_back(void)
{
}

#endif
