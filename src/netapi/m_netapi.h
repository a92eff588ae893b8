// SPDX-License-Identifier: Apache-2.0
/*
 * The frame of every Net* function: net_begin takes a connection to the server out of the process's cache (or makes
 * an empty one), net_rpc opens an interface on it when it is first needed, net_end gives it back, keeps the sentence
 * for the thread, and makes the one conversion to NET_API_STATUS.
 *
 *     struct net_call c;
 *     enum nt_status st = net_begin(&c, servername, "NetShareDel");
 *     if (nt_ok(st)) st = share_del(&c, netname);
 *     return net_end(&c, st);
 */
#ifndef NETAPI_M_NETAPI_H
#define NETAPI_M_NETAPI_H

#include <msrpc/netapi.h>
#include <msrpc/win/windows.h>
#include <msrpc/win/lm.h>
#include "base/cursor.h"

struct net_server; /* one cached server: key, session, an rpc_conn per interface, samr handles */

struct net_call {
    struct net_server *srv;
    struct nt_arena *mem; /* secret: may hold passwords */
    const char *name;     /* "NetShareDel", for sentences */
    struct nt_error err;
};

enum nt_status net_begin(struct net_call *c, const WCHAR *servername, const char *name);
NET_API_STATUS net_end(struct net_call *c, enum nt_status st);
/* The connection for an interface, opened on first use; a dead one is replaced once. */
enum nt_status net_rpc(struct net_call *c, const struct rpc_interface *i, struct rpc_conn **ret);
/* rpc_run on it. A call that surely did not run because an idle cached connection had died is tried once more on a
 * fresh one; nothing else is ever repeated. */
enum nt_status net_run(struct net_call *c, const struct rpc_interface *i, const struct rpc_op *op, void *r);
/* NetrServerName argument as Windows sends it: "\\\\host" of the call's server. */
const char16_t *net_server_name(struct net_call *c);

/* ---- status.c: the one conversion ---- */
NET_API_STATUS nt_to_net_api(enum nt_status st);

/* ---- buffer.c: two-pass results ----
 * A Net* result is one block for NetApiBufferFree: an array of fixed structures followed by the strings they point
 * to. Pass one adds up sizes, pass two copies. */
struct net_buf {
    uint8_t *base;     /* NULL in pass one */
    size_t fixed;      /* bytes of the array */
    size_t used, size; /* of the tail, in bytes */
};
/* Copies a string into the tail (NULL becomes "" as on Windows unless keep_null), char16_t aligned. */
WCHAR *net_put_string(struct net_buf *b, const char16_t *s);
WCHAR *net_put_string_n(struct net_buf *b, const char16_t *s, size_t units);
void *net_put_bytes(struct net_buf *b, const void *p, size_t n, size_t align);
/* Runs fill twice: with base NULL to measure, then into a block of NetApiBufferAllocate. n structures of `elem`
 * bytes; n 0 gives a NULL *ret, as Windows does for empty enumerations. */
enum nt_status net_fill(size_t n, size_t elem, void (*fill)(struct net_buf *b, size_t i, void *to, const void *from),
                        const void *from, uint8_t **ret);

#endif
