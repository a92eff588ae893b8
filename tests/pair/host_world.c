// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <msrpc/netlogon_chain.h>
#include <msrpc/npc.h>
#include "host_world.h"
#include "rpc/m_server.h"

static const struct serve_transport transports[] = { { "tcp", "192.0.2.1" }, { "tcp", "192.0.2.2" } };

static enum nt_status on_dial(void *arg, struct io_stream *s, const struct io_addr *to)
{
    struct world *w = arg;
    struct rpc_sconn *c;
    if (to->port != 445) {
        enum nt_status st = rpc_sconn_new(w->s, "192.0.2.7:1001", &c);
        return st == STATUS_SUCCESS ? io_mem_join(w->loop, s, c->tp->stream) : st;
    }
    return smbd_join(w->smbd, w->loop, s, "192.0.2.7:1000");
}

void turns(struct world *w)
{
    for (int i = 0; i < 30; i++) {
        enum nt_status st = nt_loop_run(w->loop, 0);
        (void)st;
    }
}

void world_start(struct world *w)
{
    struct rpc_server_options so = RPC_SERVER_OPTIONS_INIT;
    struct smbd_options o = { .acceptor = &w->acceptor,
                              .pipes = &serve_np_ops,
                              .pipes_arg = &w->np,
                              .connect = serve_share_connect,
                              .connect_arg = &w->host,
                              .allow_anonymous = w->strangers,
                              .allow_unsigned = w->strangers };
    assert_int_equal(samdb_open(w->path, NULL, &w->db), STATUS_SUCCESS);
    w->acceptor = (struct sec_acceptor){
        .account = samdb_account, .account_arg = w->db, .netbios_name = "BOX", .netbios_domain = "WORKGROUP"
    };
    assert_int_equal(serve_netlogon_new(w->db, NULL, &w->netlogon), STATUS_SUCCESS);
    so.schannel = nl_verifier_schannel;
    so.schannel_arg = serve_netlogon_verifier(w->netlogon);
    assert_int_equal(rpc_server_new(w->loop, &so, &w->s), STATUS_SUCCESS);
    w->pipes[0] = (struct serve_np_pipe){ "srvsvc", w->s, NULL };
    w->pipes[1] = (struct serve_np_pipe){ "wkssvc", w->s, NULL };
    for (int i = 0; serve_np_lsass[i]; i++)
        w->pipes[2 + i] = (struct serve_np_pipe){ serve_np_lsass[i], w->s, i ? serve_np_lsass[0] : NULL };
    w->np.pipes = w->pipes;
    w->host = (struct serve_host){
        .db = w->db, .ops = &serve_smbd_ops, .transports = transports, .n_transports = 2
    };
    assert_int_equal(smbd_new(w->loop, &o, &w->smbd), STATUS_SUCCESS);
    w->host.ops_arg = w->smbd;
    assert_int_equal(serve_srvsvc(w->s, &w->host), STATUS_SUCCESS);
    assert_int_equal(serve_wkssvc(w->s, &w->host), STATUS_SUCCESS);
    assert_int_equal(serve_lsarpc(w->s, &w->host), STATUS_SUCCESS);
    assert_int_equal(serve_dssetup(w->s, &w->host), STATUS_SUCCESS);
    assert_int_equal(serve_netlogon(w->s, w->netlogon), STATUS_SUCCESS);
}

void world_stop(struct world *w)
{
    turns(w);
    smbd_free(w->smbd);
    turns(w);
    rpc_server_free(w->s);
    serve_srvsvc_free(&w->host);
    serve_netlogon_free(w->netlogon);
    samdb_close(w->db);
}

struct sec_creds *creds_of(const char *user)
{
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct sec_creds *c = NULL;
    co.user = user;
    co.domain = "BOX";
    co.password = "secret";
    co.mech = SEC_MECH_NTLM;
    assert_int_equal(sec_creds_new(&co, &c, NULL), STATUS_SUCCESS);
    return c;
}

static void add_eve(struct world *w)
{
    uint32_t rid;
    struct samdb_user u = { .control = 0x10 };
    assert_int_equal(samdb_open(w->path, NULL, &w->db), STATUS_SUCCESS);
    assert_int_equal(samdb_user_add(w->db, "eve", 0, &rid), STATUS_SUCCESS);
    assert_int_equal(samdb_password_set(w->db, rid, "secret", 6, SAMDB_PASSWORD_RESET, false),
                     STATUS_SUCCESS);
    u.rid = rid;
    assert_int_equal(samdb_user_set(w->db, &u, SAMDB_F_CONTROL), STATUS_SUCCESS);
    samdb_close(w->db);
}

int world_setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct io_mem_options mo = { .start = 1000, .chunk = 0, .cut_after = SIZE_MAX };
    static const struct samdb_init init = { "BOX", "WORKGROUP", "", "admin", "secret", { 0 } };
    const char *tmp = getenv("TMPDIR");
    snprintf(w->dir, sizeof w->dir, "%.40s/host.XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(w->dir))
        return -1;
    snprintf(w->path, sizeof w->path, "%s/sam.db", w->dir);
    assert_int_equal(samdb_create(w->path, &init, NULL), STATUS_SUCCESS);
    add_eve(w);
    assert_int_equal(io_mem_loop_new(&mo, &w->loop), STATUS_SUCCESS);
    io_mem_on_dial(w->loop, on_dial, w);
    w->mem = nt_arena_new(0);
    w->admin = creds_of("admin");
    w->eve = creds_of("eve");
    world_start(w);
    *state = w;
    return 0;
}

int world_teardown(void **state)
{
    struct world *w = *state;
    world_stop(w);
    sec_creds_unref(w->admin);
    sec_creds_unref(w->eve);
    nt_arena_free(w->mem);
    nt_loop_free(w->loop);
    unlink(w->path);
    int rc = rmdir(w->dir);
    free(w);
    return rc;
}

enum nt_status world_try(struct world *w, struct sec_creds *c, const char *pipe,
                         const struct rpc_interface *i, struct rpc_conn **ret)
{
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct npc_options n = NPC_OPTIONS_INIT;
    struct rpc_binding *b = NULL;
    char text[64];
    snprintf(text, sizeof text, "ncacn_np:srv[\\pipe\\%s]", pipe);
    assert_int_equal(rpc_binding_parse(text, &b, NULL), STATUS_SUCCESS);
    n.allow_unsigned = w->strangers;
    o.npc = &n;
    o.creds = c;
    o.loop = w->loop;
    o.error = &w->err;
    o.timeout_ms = 5000;
    enum nt_status st = rpc_open(b, i, &o, ret);
    rpc_binding_unref(b);
    return st;
}

struct rpc_conn *world_open(struct world *w, struct sec_creds *c, const char *pipe,
                            const struct rpc_interface *i)
{
    struct rpc_conn *conn = NULL;
    if (world_try(w, c, pipe, i, &conn) != STATUS_SUCCESS)
        fail_msg("%s", w->err.text);
    return conn;
}
