// SPDX-License-Identifier: Apache-2.0
/* What malloc keeps, and gives back. */
#ifndef COMMON_MEMORY_H
#define COMMON_MEMORY_H

void memory_prepare(void);
/* What nobody needs any more, to the system; now and then. */
void memory_give_back(void);

#endif
