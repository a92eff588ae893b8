// SPDX-License-Identifier: Apache-2.0
/*
 * The frame of every Net* function: net_begin takes a connection to the server out of the process's cache (or
 * makes an empty one), net_rpc opens an interface on it when it is first needed, net_end gives it back, keeps
 * the sentence for the thread, and makes the one conversion to NET_API_STATUS.
 *
 *     struct net_call c;
 *     enum nt_status st = net_begin(&c, servername, "NetShareDel");
 *     if (nt_ok(st)) st = share_del(&c, netname);
 *     return net_end(&c, st);
 */
#ifndef NETAPI_M_NETAPI_H
#define NETAPI_M_NETAPI_H

#include <stdatomic.h>
#include <sys/types.h>
#include <msrpc/netapi.h>
#include <msrpc/unistr.h>
#include <msrpc/win/windows.h>
#include <msrpc/win/lm.h>
#include "base/cursor.h"
#include "io/io.h"

#define NET_MAX_SERVER 255 /* characters of a server name: a DNS name's most */
#define NET_MAX_CONNS  8   /* interfaces that netapi uses, with room */

/* One entry of net_set_options or NetUseAdd. */
struct net_entry {
    struct net_entry *next;
    atomic_uint refs;
    uint64_t generation; /* part of the cache's key: changed options never meet old connections */
    char *server;        /* NULL: all without an entry of their own */
    struct net_options o;
    struct npc_options npc;
};

/* Credentials that NetUseAdd laid over a server's options. */
struct net_use {
    struct net_use *next;
    uint64_t generation;
    char *server;
    struct sec_creds *creds;
};

struct net_conn {
    const struct rpc_interface *iface;
    struct rpc_conn *conn;
};

/* One server: in the cache when idle, else owned by the thread whose call it serves. All its pipes share an
 * SMB session. */
struct net_server {
    struct net_server *next;
    char *name;       /* UTF-8, as given, without backslashes */
    char16_t *wide;   /* with them, as operations want it */
    uint64_t process; /* the one that made it: a child has no part in its parent's connections */
    uid_t euid;
    uint64_t token;          /* that the thread impersonates whose calls it serves; 0: none */
    struct net_entry *entry; /* NULL: no options */
    uint64_t use; /* generation of the NetUseAdd it was opened under, 0: none; and its credentials */
    struct sec_creds *use_creds;
    struct nt_loop *loop;        /* of connections over TCP; the session of pipes has its own */
    struct nt_arena *mem;        /* of the call; secret: may hold passwords */
    struct npc_session *session; /* ncacn_np */
    struct net_conn conns[NET_MAX_CONNS];
    uint64_t idle_since;
    void *sam; /* the open domain handles of samr, see sam.c */
    void (*sam_free)(void *sam);
};

struct net_call {
    struct net_server *srv;
    struct nt_arena *mem;  /* the server's; emptied by net_end */
    struct rpc_conn *conn; /* the one used last, for sentences */
    const char *name;      /* "NetShareDel", for sentences */
    struct nt_error err;
};

/* ---- cache.c ---- */
enum nt_status net_server_take(const char *name, struct net_server **ret);
/* Back into the cache, or freed where it has no connection, or options or uses have changed meanwhile. */
void net_server_put(struct net_server *s);
void net_server_free(struct net_server *s);
void net_cache_close(void);
/* Makes a use of the server, unless there is one: then nothing changes and *ret_there is a reference to its
 * credentials. */
enum nt_status net_use_set(const char *server, struct sec_creds *creds, struct sec_creds **ret_there);
bool net_use_drop(const char *server);

/* ---- use.c ---- */
/* The current Kerberos cache. */
enum nt_status net_default_creds(struct sec_creds **ret, struct nt_error *err);

/* ---- call.c ---- */
/* Closes all connections of a server. */
void net_server_reset(struct net_server *s);
/* Sees a hang-up that waits on an idle connection. */
void net_server_look(struct net_server *s);
/* Has a connection, and none that is dead. */
bool net_server_connected(const struct net_server *s);
const struct net_options *net_call_options(const struct net_call *c);
/* Opens the SMB session of the call's server now (a pipe would open it when needed). */
enum nt_status net_connect(struct net_call *c);

enum nt_status net_begin(struct net_call *c, const WCHAR *servername, const char *name);
/* For a call that carries a password: what it leaves in memory is wiped at its end. */
void net_keep_secret(struct net_call *c);
NET_API_STATUS net_end(struct net_call *c, enum nt_status st);
/* The connection for an interface, opened on first use; a dead one is replaced once. */
enum nt_status net_rpc(struct net_call *c, const struct rpc_interface *i, struct rpc_conn **ret);
/* rpc_run on it; on failure the sentence is in c->err. Nothing is ever repeated; a connection that the
 * server ended while it was idle for more than a second is noticed before it is used. */
enum nt_status net_run(struct net_call *c, const struct rpc_interface *i, const struct rpc_op *op, void *r);
/* Status of an operation's own answer; on an error the sentence (who, over what, and what the answer means)
 * is in c->err. */
enum nt_status net_answer(struct net_call *c, enum werror we);
/* The same for operations that answer with an NTSTATUS; whatever is no error is given back as it is. */
enum nt_status net_answer_nt(struct net_call *c, enum nt_status st);
/* The name of the user whose credentials the call has, from malloc. STATUS_INVALID_PARAMETER if only Kerberos
 * knows. */
enum nt_status net_caller(struct net_call *c, char16_t **ret);
/* Names in arguments, looked at before anything is sent: neither NULL nor "" nor longer than max characters,
 * else STATUS_INVALID_PARAMETER with a sentence ("the share name is missing"). Lone surrogates are legal on
 * the wire. The _opt form allows NULL and "". */
enum nt_status net_check_name(struct net_call *c, const WCHAR *name, size_t max, const char *what);
enum nt_status net_check_name_opt(struct net_call *c, const WCHAR *name, size_t max, const char *what);
/* NetrServerName argument as Windows sends it: "\\\\host" of the call's server. */
const char16_t *net_server_name(struct net_call *c);

/* ---- status.c: the one conversion ---- */
NET_API_STATUS nt_to_net_api(enum nt_status st);

/* ---- buffer.c: two-pass results ----
 * A Net* result is one block for NetApiBufferFree: an array of fixed structures followed by the strings they
 * point to. Pass one adds up sizes, pass two copies. */
struct net_buf {
    uint8_t *base; /* NULL in pass one */
    size_t used;   /* bytes: the array, then what the tail has so far */
};
/* Copies a string into the tail; net_put_string makes "" of NULL, as Windows does for most members, the other
 * two keep NULL. Only the addresses of the second pass mean anything. */
WCHAR *net_put_string(struct net_buf *b, const char16_t *s);
WCHAR *net_put_string_n(struct net_buf *b, const char16_t *s, size_t units);
void *net_put_bytes(struct net_buf *b, const void *p, size_t n, size_t align);
#define NET_MAX_ELEM 512 /* bytes of the largest fixed structure */
typedef void net_fill_fn(struct net_buf *b, size_t i, void *to, const void *from);
/* Runs fill twice for each i < n: with b->base NULL to measure (writes to `to` are thrown away), then into a
 * block of NetApiBufferAllocate. n structures of `elem` bytes; n 0 gives a NULL *ret. */
enum nt_status net_fill(size_t n, size_t elem, net_fill_fn *fill, const void *from, uint8_t **ret);

#endif
