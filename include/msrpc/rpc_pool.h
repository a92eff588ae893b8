// SPDX-License-Identifier: Apache-2.0
/*
 * Pools of connections to one server: same binding, interface, credentials and options, one association
 * group, so that context handles are good on any of them.
 *
 * With a loop in the options a pool belongs to that loop's thread; calls are started on it and spread over
 * its connections. Without one each connection has a loop of its own, and any thread takes a connection out
 * and gives it back: rpc_pool_take, rpc_pool_give and rpc_pool_run may then be called from all threads.
 *
 * Connections that are lost are replaced. What replaces one is never worse protected: level, provider (and
 * what SPNEGO chose), principal, header signing, and for pipes the SMB dialect, signing and encryption are at
 * least those of the first connection, else STATUS_DOWNGRADE_DETECTED. A call is repeated, once, when it
 * certainly has not been executed (it was not sent, nobody accepted the connection, or the server says so),
 * or when it is idempotent ([C706] 6.1.3.1) and the connection was lost under it; no other call ever is.
 * The impersonation token of the calling thread (npc_impersonate) chooses among connections: those that were
 * opened under one token, and their association group, are for calls under that token only; the ceiling is
 * that of each token.
 * Context handles end with the last connection of their group: a call with such a handle is then answered
 * with RPC_NT_SS_CONTEXT_MISMATCH by the server.
 */
#ifndef MSRPC_RPC_POOL_H
#define MSRPC_RPC_POOL_H

#include <msrpc/rpc.h>

NT_BEGIN_DECLS

struct rpc_pool;
struct rpc_pool_call;

struct rpc_pool_options {
    size_t size;
    unsigned max_conns;      /* connections at a time; 0: 8; at most 64 */
    unsigned calls_per_conn; /* another connection is opened when each has so many calls out; 0: 16 */
    unsigned idle_ms;        /* without calls for so long, all but one are closed; 0: 60 000 */
};
#define RPC_POOL_OPTIONS_INIT                                                                                \
    {                                                                                                        \
        .size = sizeof(struct rpc_pool_options)                                                              \
    }

/* Connects nothing yet. Binding, credentials and strings are kept; of o, `error` is not used, and `session`
 * and `npc` (which must live as long as the pool) only with a loop and without one, respectively, as a
 * session belongs to one thread; `channel_bindings` must live as long. p NULL: defaults.
 * STATUS_INVALID_PARAMETER, STATUS_NO_MEMORY. */
NT_PUBLIC enum nt_status rpc_pool_new(const struct rpc_binding *b, const struct rpc_interface *i,
                                      const struct rpc_options *o, const struct rpc_pool_options *p,
                                      struct rpc_pool **ret) NT_CHECKED;
/* Closes all connections; calls on their way end with STATUS_CONNECTION_ABORTED. Without a loop all must have
 * been given back. Accepts NULL. */
NT_PUBLIC void rpc_pool_close(struct rpc_pool *p);

/* Runs an operation, as rpc_run does, on a connection of the pool. err (may be NULL) tells why it failed. */
NT_PUBLIC enum nt_status rpc_pool_run(struct rpc_pool *p, const struct rpc_op *op, struct nt_arena *mem,
                                      void *r, struct nt_error *err) NT_CHECKED;

/* ---- with a loop ---- */

/* For the calls that start from now on; `security` is not used. NULL: none. */
NT_PUBLIC void rpc_pool_set(struct rpc_pool *p, const struct rpc_call_options *o);
/* As rpc_send. The time limit of a call covers the waiting for a connection; that wait itself ends with the
 * connection's own time limit. STATUS_INVALID_DEVICE_STATE without a loop. */
NT_PUBLIC enum nt_status rpc_pool_send(struct rpc_pool *p, const struct rpc_op *op, struct nt_arena *mem,
                                       void *r, rpc_done_fn *done, void *arg,
                                       struct rpc_pool_call **ret) NT_CHECKED;
/* As rpc_call_cancel. A call that still waits for a connection ends at once: done comes before this returns.
 */
NT_PUBLIC void rpc_pool_call_cancel(struct rpc_pool_call *call);
/* Why the call that ended last failed; "" if none did. */
NT_PUBLIC const char *rpc_pool_error(const struct rpc_pool *p);

/* ---- without one ---- */

/* A connection that is nobody else's until it is given back; one is opened if none is idle, and waited for if
 * there are max_conns. STATUS_IO_TIMEOUT when none came free within the options' time limit;
 * STATUS_INVALID_DEVICE_STATE with a loop; errors of rpc_open. */
NT_PUBLIC enum nt_status rpc_pool_take(struct rpc_pool *p, struct rpc_conn **ret,
                                       struct nt_error *err) NT_CHECKED;
/* Back, whatever its state; calls that were started on it must have ended. Accepts NULL. */
NT_PUBLIC void rpc_pool_give(struct rpc_pool *p, struct rpc_conn *c);

/* ---- both ---- */

struct rpc_pool_stats {
    size_t size;
    unsigned conns, idle, calls; /* at this moment; calls: with a loop */
    uint64_t opened, repeated;   /* connections, calls, since the beginning */
    uint32_t assoc_group;        /* that context handles made now belong to; 0: there is no connection */
};
NT_PUBLIC enum nt_status rpc_pool_stats(struct rpc_pool *p, struct rpc_pool_stats *ret) NT_CHECKED;

NT_END_DECLS

#endif
