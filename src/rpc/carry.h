// SPDX-License-Identifier: Apache-2.0
/*
 * Connections of the RPC server that somebody else carries, with an authenticated caller already: the pipes
 * of an SMB server (ncacn_np). Messages come in whole or in part, as they were written, and go out as they
 * are.
 */
#ifndef RPC_CARRY_H
#define RPC_CARRY_H

#include <msrpc/rpc_server.h>
#include "io/io.h"

#pragma GCC visibility push(default) /* shared between our own libraries, see the *_PRIVATE nodes */

struct rpc_carried; /* one such connection */

struct rpc_carrier {
    const char *protseq; /* "ncacn_np" */
    size_t headroom;     /* room that `send` wants in front of each message */
    /* Takes the message over, also on failure. */
    enum nt_status (*send)(void *pipe, struct wr *w);
    /* No more is sent: the peer may take what is queued. `gone` is still to be called. */
    void (*end)(void *pipe);
    /* Bytes that the peer has not taken. */
    size_t (*queued)(void *pipe);
};

struct rpc_carried_caller {
    const char *peer;              /* "192.0.2.1:49152" */
    const char *endpoint;          /* "\\pipe\\srvsvc", the secondary address of the bind_ack */
    const char *mech;              /* "ntlm", "krb5", "" */
    const struct sec_token *token; /* who calls, where RPC itself does not authenticate */
    enum sec_level level;          /* and how well that is protected */
    const char *local;             /* our end of what carries the pipe: "192.0.2.7:445"; NULL: unknown */
};

/* A connection of s over `pipe`. stream: for timers. Strings are copied, the token is referenced.
 * STATUS_INSUFFICIENT_RESOURCES at the server's ceilings. */
enum nt_status rpc_server_carry(struct rpc_server *s, const struct rpc_carrier *k, void *pipe,
                                struct io_stream *stream, const struct rpc_carried_caller *who,
                                struct rpc_carried **ret);
/* Bytes that came: parses and queues, calls no handler. */
void rpc_carried_data(struct rpc_carried *x, uint8_t *data, size_t len);
/* The peer has taken some of what was queued. Marks, calls no handler. */
void rpc_carried_taken(struct rpc_carried *x);
/* The pipe is no more; neither is x. */
void rpc_carried_gone(struct rpc_carried *x);

#pragma GCC visibility pop

#endif
