// SPDX-License-Identifier: Apache-2.0
/*
 * Loops and cancel tokens. A loop drives any number of connections from one thread. Synchronous calls need
 * none: a connection that is opened without a loop has a private one.
 */
#ifndef MSRPC_LOOP_H
#define MSRPC_LOOP_H

#include <msrpc/nt.h>

NT_BEGIN_DECLS

struct nt_loop;
struct nt_cancel;

/* A loop over sockets, which waits in recv or poll(2) while it is small and in epoll(7) when it is not. env
 * NULL: nt_env_system(). */
NT_PUBLIC enum nt_status nt_loop_new(const struct nt_env *env, struct nt_loop **ret) NT_CHECKED;
/* Runs what is due, waiting up to timeout_ms for it (-1: for ever). STATUS_SUCCESS when something ran,
 * STATUS_TIMEOUT when nothing did, STATUS_INVALID_DEVICE_STATE from inside a callback. */
NT_PUBLIC enum nt_status nt_loop_run(struct nt_loop *l, int timeout_ms) NT_CHECKED;
/* For a foreign loop: an epoll descriptor that is readable when nt_loop_run(l, 0) has work, and the
 * milliseconds after which it must be called in any case (-1: never). The descriptor is -1 when it cannot be
 * made. */
NT_PUBLIC int nt_loop_fd(struct nt_loop *l);
NT_PUBLIC int nt_loop_timeout(struct nt_loop *l);
/* Lets other threads hand work to a loop: to be called by the loop's own thread, before they do. Idempotent.
 * STATUS_INSUFFICIENT_RESOURCES without a descriptor, STATUS_NOT_SUPPORTED on a loop in memory. */
NT_PUBLIC enum nt_status nt_loop_share(struct nt_loop *l) NT_CHECKED;
/* Safe from any thread: fn(arg) is called once on the loop's thread, in one of its next turns, in the order
 * of the posts of one thread; at the latest by nt_loop_free, before which all who post have to have stopped.
 * STATUS_NO_MEMORY; STATUS_INVALID_DEVICE_STATE without nt_loop_share. */
NT_PUBLIC enum nt_status nt_loop_post(struct nt_loop *l, void (*fn)(void *arg), void *arg) NT_CHECKED;
/* Gives a thread of the caller's to a shared loop, for what may block (rpc_server_work): it returns when
 * nt_loop_workers_stop is called. Any number of threads may be inside; the library starts none. Without any, such
 * work runs in place, on the loop's thread. STATUS_INVALID_DEVICE_STATE without nt_loop_share. */
NT_PUBLIC enum nt_status nt_loop_worker_run(struct nt_loop *l) NT_CHECKED;
/* On the loop's thread, outside of its callbacks: lets the workers finish all work that was handed to them, has them
 * return, and waits for that. Later ones return at once. Before nt_loop_free. */
NT_PUBLIC void nt_loop_workers_stop(struct nt_loop *l);
/* Only when all connections on it are closed; accepts NULL. What they still have to say (a logoff) is sent if
 * that needs no waiting. */
NT_PUBLIC void nt_loop_free(struct nt_loop *l);

/* A cancel token may be given to any number of calls; firing it is safe from any thread and from a signal
 * handler, and ends them with STATUS_CANCELLED, asynchronous ones when their loop runs next. It stays fired
 * until reset. */
NT_PUBLIC enum nt_status nt_cancel_new(struct nt_cancel **ret) NT_CHECKED;
NT_PUBLIC void nt_cancel_fire(struct nt_cancel *c);
NT_PUBLIC bool nt_cancel_fired(const struct nt_cancel *c);
NT_PUBLIC void nt_cancel_reset(struct nt_cancel *c);
NT_PUBLIC struct nt_cancel *nt_cancel_ref(struct nt_cancel *c);
NT_PUBLIC void nt_cancel_unref(struct nt_cancel *c);

NT_END_DECLS

#endif
