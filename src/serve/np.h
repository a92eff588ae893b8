// SPDX-License-Identifier: Apache-2.0
/* ncacn_np: the pipes of an SMB server as connections of an RPC server. */
#ifndef SERVE_NP_H
#define SERVE_NP_H

#include "rpc/carry.h"
#include "smbd/smbd.h"

/* One pipe, and who serves it: each leads to all interfaces of its server, as on Windows those of a process
 * are reached by any of its endpoints. */
struct serve_np_pipe {
    const char *name; /* in lower case, without "\\pipe\\": "srvsvc" */
    struct rpc_server *server;
    /* The name of the pipe that this one is another name of, NULL: none. Clients are told it as the secondary
     * address of the bind_ack ([C706] 12.6.4.4), as Windows has it: who opens "lsarpc" hears of
     * "\\pipe\\lsass". */
    const char *alias_of;
};

/* All there are; the table ends with a NULL name. Lent for as long as the SMB server is there. */
struct serve_np {
    const struct serve_np_pipe *pipes;
};

/* Names of the pipe of the local security authority, which all are one on Windows; "lsass" is the first. Ends
 * with NULL. */
extern const char *const serve_np_lsass[];

/* For smbd_options.pipes, with a struct serve_np as pipes_arg. */
extern const struct smbd_pipe_ops serve_np_ops;

#endif
