// SPDX-License-Identifier: Apache-2.0
#ifndef MSRPCD_OS_ERROR_H
#define MSRPCD_OS_ERROR_H

#include <errno.h>
#include <string.h>
#include <msrpc/nt.h>

/* What the kernel said about something: the sentence has its words, the status only the kind. */
static inline enum nt_status os_error(struct nt_error *err, int e, const char *what)
{
    enum nt_status st = e == EPERM || e == EACCES ? STATUS_ACCESS_DENIED
                        : e == ENOMEM             ? STATUS_NO_MEMORY
                        : e == ENOENT             ? STATUS_OBJECT_NAME_NOT_FOUND
                                                  : STATUS_UNSUCCESSFUL;
    return nt_error_set(err, st, "%s: %s", what, strerror(e));
}

#endif
