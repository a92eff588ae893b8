// SPDX-License-Identifier: Apache-2.0
/* How to end a use. */
#ifndef TERN_WIN_LMUSEFLG_H
#define TERN_WIN_LMUSEFLG_H

/* How hard NetUseDel tries: leave uses with open files alone, close those files first, or drop it all. */
#define USE_NOFORCE       0
#define USE_FORCE         1
#define USE_LOTS_OF_FORCE 2

#endif
