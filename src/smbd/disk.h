// SPDX-License-Identifier: Apache-2.0
/*
 * A share with files that are in memory, for test programs: nothing that is installed has it. It is there so
 * that test suites, which want a disk, can judge sessions, signing, compounds and credits. It has files and
 * directories, sharing modes and oplocks; it has no leases, durable handles, streams or extended
 * attributes, and says so.
 */
#ifndef SMBD_DISK_H
#define SMBD_DISK_H

#include "smbd/smbd.h"

/* name: lower case ASCII; lent. For smbd_options.disk; must outlive the server. NULL: no memory. */
struct smbd_share *smbd_disk_new(const char *name, const struct nt_env *env);
void smbd_disk_free(struct smbd_share *s);

#endif
