// SPDX-License-Identifier: Apache-2.0
/*
 * The host that srvsvc, wkssvc, lsarpc and dssetup tell of: the account store, this machine, and the server
 * that they run in. What stands behind the pipes is reached through a table, so that a program may have
 * another server than ours, or none.
 */
#ifndef SERVE_HOST_H
#define SERVE_HOST_H

#include <msrpc/rpc_server.h>
#include "samdb/samdb.h"
#include "smbd/smbd.h"

/* Text is UTF-8 and lives in the arena that was given. */
struct serve_session {
    uint32_t id;
    const char *client; /* address, without port */
    const char *user;
    const char *transport;     /* a name of serve_host.transports */
    uint32_t opens, age, idle; /* seconds */
    bool guest;
};
struct serve_connection { /* to a share */
    uint32_t id, opens, age;
    const char *share, *user, *client;
};
struct serve_open {
    uint32_t id;
    const char *path, *user; /* "\\PIPE\\srvsvc" */
};
struct serve_counters {
    uint64_t start; /* NT time */
    uint64_t sessions, timed_out, broken, bad_passwords, refused, bytes_in, bytes_out, opens;
};

struct serve_server_ops {
    enum nt_status (*sessions)(void *arg, struct nt_arena *mem, struct serve_session **ret, unsigned *ret_n);
    enum nt_status (*connections)(void *arg, struct nt_arena *mem, struct serve_connection **ret,
                                  unsigned *ret_n);
    enum nt_status (*opens)(void *arg, struct nt_arena *mem, struct serve_open **ret, unsigned *ret_n);
    /* After the call that asks for it has been answered, unless it is its own. STATUS_NOT_FOUND. */
    enum nt_status (*end_session)(void *arg, uint32_t id);
    enum nt_status (*end_open)(void *arg, uint32_t id);
    void (*counters)(void *arg, struct serve_counters *ret);
};

/* One of the things that the server listens at. */
struct serve_transport {
    const char *name, *address; /* "\\Device\\NetBT_Tcpip..." on Windows; here "tcp", and a numeric address */
};

struct serve_host {
    struct samdb *db;
    /* Changes by operations are made through this, by a thread in nt_loop_worker_run of the loop: one, for a
     * handle is one thread's. NULL: by db, in place, for who has nobody else to serve. */
    struct samdb *writer;
    struct nt_loop *loop;
    const struct nt_env *env;           /* NULL: the system's */
    const struct serve_server_ops *ops; /* NULL: no SMB server */
    void *ops_arg;
    const struct serve_transport *transports;
    unsigned n_transports;
    struct serve_srvsvc *srvsvc; /* state of an interface; serve_srvsvc_free */
    struct host_change *changes; /* that are on their way */
};

/* Everything an SMB server of ours has to tell; arg is the struct smbd. */
extern const struct serve_server_ops serve_smbd_ops;

/* Has the changes that are on their way come to their ends: after the server, before serve_srvsvc_free. */
void serve_host_settle(struct serve_host *h);

/* Serves [MS-SRVS] for h, which must outlive s. Calls need signatures, of the
 * pipe or their own (SEC_LEVEL_INTEGRITY), and are let in by who they are,
 * as on Windows: administrators may do all, others may ask for what is no secret.
 * STATUS_OBJECT_NAME_COLLISION. */
enum nt_status serve_srvsvc(struct rpc_server *s, struct serve_host *h) NT_CHECKED;
/* After the server. */
void serve_srvsvc_free(struct serve_host *h);
/* smbd_options.connect, with the host as its argument: what the share's security descriptor says, for who
 * wants to read; a share that is not there is nobody's. */
bool serve_share_connect(void *host, const char *share, const struct sec_token *token);
/* The same for [MS-WKST]. */
enum nt_status serve_wkssvc(struct rpc_server *s, struct serve_host *h) NT_CHECKED;
/* Policy and look-ups of [MS-LSAD] and [MS-LSAT], by pipes and ncalrpc; over TCP it refuses, as Windows does.
 */
enum nt_status serve_lsarpc(struct rpc_server *s, struct serve_host *h) NT_CHECKED;
/* [MS-DSSP]. */
enum nt_status serve_dssetup(struct rpc_server *s, struct serve_host *h) NT_CHECKED;

/* The secure channel of [MS-NRPC], for computers with an account in db; of netlogon's operations the three
 * that make it. Made before its server, whose options get nl_verifier_schannel with the verifier; freed after
 * it. */
struct serve_netlogon;
struct nl_verifier;
enum nt_status serve_netlogon_new(struct samdb *db, const struct nt_env *env,
                                  struct serve_netlogon **ret) NT_CHECKED;
struct nl_verifier *serve_netlogon_verifier(struct serve_netlogon *n);
enum nt_status serve_netlogon(struct rpc_server *s, struct serve_netlogon *n) NT_CHECKED;
void serve_netlogon_free(struct serve_netlogon *n); /* accepts NULL */

#endif
