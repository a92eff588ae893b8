// SPDX-License-Identifier: Apache-2.0
/* What stands behind the pipes of the SMB server under test, and who may log on: alice, and bob, with one
 * password. */
#ifndef TESTS_SMBD_SERVICE_H
#define TESTS_SMBD_SERVICE_H

#include "smbd/smbd.h"

extern unsigned service_open_pipes;
/* Who opened the last pipe of that name. */
const char *service_owner(const char *name);
extern const struct smbd_pipe_ops smbd_service;
extern const struct sec_acceptor smbd_acceptor;
const struct nt_env *smbd_env(void);

#endif
