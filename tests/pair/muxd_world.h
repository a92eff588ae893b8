// SPDX-License-Identifier: Apache-2.0
/* The muxer on a memory loop, between raw clients of it and the SMB server: what its tests have in common. */
#ifndef TESTS_MUXD_WORLD_H
#define TESTS_MUXD_WORLD_H

#include <msrpc/rpcecho.h>
#include "common/fake_smb.h"
#include "muxd/muxd.h"
#include "npc/mux.h"
#include "npc/npc.h"
#include "pair/smbd_service.h"
#include "serve/np.h"

#define ALICE 1001u
#define EVE   1002u

struct world {
    struct nt_loop *loop;
    struct smbd *smbd;
    struct rpc_server *rpc;
    struct serve_np_pipe pipes[2];
    struct serve_np np;
    struct muxd *muxd;
    uint32_t uid; /* of who dials the muxer next */
    unsigned dialled;
    struct nt_error err;
    struct smbd_pipe_ops ops;
    unsigned refused; /* so many pipes more are refused ... */
    enum nt_status refused_with;
};

void turns(struct world *w);
void start_server(struct world *w);
void stop_server(struct world *w);
void world_init(struct world *w, size_t chunk);
void world_done(struct world *w);

/* A client of its own. */
struct raw {
    struct io_stream s;
    struct world *w;
    struct wr got;
    bool closed;
    uint32_t id;
};

void raw_open(struct raw *r, struct world *w, uint32_t uid);
void raw_done(struct raw *r);
void raw_send(struct raw *r, struct wr *w);
/* The next answer; its body is lent until the next one. */
enum nt_status raw_answer(struct raw *r, struct rd *ret);
void raw_begin(struct raw *r, struct wr *w, unsigned type);
void raw_hello(struct raw *r);
enum nt_status raw_set(struct raw *r, uint64_t token, const char *user, const char *password);
/* Tells the muxer a uid's password. */
void give_creds(struct world *w, uint32_t uid, const char *user);
enum nt_status raw_connect(struct raw *r, unsigned mode, uint64_t token, struct mux_facts *ret);

/* By the library. */
enum nt_status open_session(struct world *w, struct npc_session **ret);
enum nt_status open_echo(struct world *w, struct npc_session *s, struct rpc_conn **ret);
enum nt_status add_one(struct rpc_conn *c);
void big_echo(struct rpc_conn *c, uint32_t n);

#endif
