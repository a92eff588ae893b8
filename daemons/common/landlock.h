// SPDX-License-Identifier: Apache-2.0
/* Landlock (landlock(7)): which files a process may open, and whether it may connect by TCP. */
#ifndef COMMON_LANDLOCK_H
#define COMMON_LANDLOCK_H

#include <msrpc/nt.h>

struct landlock {
    unsigned version; /* the kernel's; 0: it has none */
    int rules;        /* descriptor */
    uint64_t files;   /* what is governed */
};

/* connects: TCP connections are not governed. A kernel without is no failure. */
enum nt_status landlock_begin(bool connects, struct landlock *ret, struct nt_error *err);
/* A file or directory; NULL and what is not there are passed over. */
enum nt_status landlock_path(struct landlock *l, const char *path, bool write, struct nt_error *err);
/* From now on. The thread has PR_SET_NO_NEW_PRIVS. */
enum nt_status landlock_end(struct landlock *l, struct nt_error *err);
void landlock_give_up(struct landlock *l);

#endif
