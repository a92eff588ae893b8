// SPDX-License-Identifier: Apache-2.0
/* ncacn_np: the pipes of an SMB server as connections of an RPC server. */
#ifndef SERVE_NP_H
#define SERVE_NP_H

#include "rpc/carry.h"
#include "smbd/smbd.h"

/* The pipes that there are, in lower case without "\pipe\" ("srvsvc"), NULL-terminated, and who serves them;
 * lent for as long as the SMB server is there. Each leads to all interfaces of the server, as on Windows
 * those of a process are reached by any of its endpoints. */
struct serve_np {
    struct rpc_server *server;
    const char *const *names;
};

/* For smbd_options.pipes, with a struct serve_np as pipes_arg. */
extern const struct smbd_pipe_ops serve_np_ops;

#endif
