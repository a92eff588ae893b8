// SPDX-License-Identifier: Apache-2.0
/* The services of a machine over pipes of our own SMB server, in memory: for tests with our own client. */
#ifndef TESTS_HOST_WORLD_H
#define TESTS_HOST_WORLD_H

#include "serve/host.h"
#include "serve/np.h"

struct world {
    char dir[64], path[96];
    struct nt_loop *loop;
    struct samdb *db;
    struct serve_host host;
    struct rpc_server *s;
    struct serve_netlogon *netlogon;
    struct smbd *smbd;
    struct sec_acceptor acceptor;
    struct serve_np_pipe pipes[16];
    struct serve_np np;
    struct sec_creds *admin, *eve; /* an administrator and a user, of BOX */
    struct nt_arena *mem;
    struct nt_error err;
    bool strangers; /* null sessions, from the next start on */
};

/* For cmocka: a world that has started, as the state. */
int world_setup(void **state);
int world_teardown(void **state);
void world_start(struct world *w);
void world_stop(struct world *w);
/* Lets happen what can. */
void turns(struct world *w);
struct sec_creds *creds_of(const char *user);
enum nt_status world_try(struct world *w, struct sec_creds *c, const char *pipe,
                         const struct rpc_interface *i, struct rpc_conn **ret);
/* Fails the test unless it opens. */
struct rpc_conn *world_open(struct world *w, struct sec_creds *c, const char *pipe,
                            const struct rpc_interface *i);

#endif
