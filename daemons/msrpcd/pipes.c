// SPDX-License-Identifier: Apache-2.0
/*
 * Pipes over SMB, and what is served there: srvsvc and wkssvc besides the interfaces of the main server.
 * Their accounts, shares and settings are in sam.db in the scratch directory, which is made at the first
 * start.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "msrpcd.h"
#include "serve/host.h"
#include "serve/np.h"

#define RID_ADMIN 500

/* Pipes of the main server, besides those of the local security authority. */
static const char *const names[] = { "srvsvc", "wkssvc", "rpcecho", NULL };
#define PIPES_MAX 16 /* with the mapper's, and the end of the table */

struct pipes {
    struct samdb *db;
    struct serve_host host;
    struct serve_transport transport;
    struct sec_acceptor acceptor;
    struct serve_np_pipe table[PIPES_MAX];
    struct serve_np np;
    struct smbd *smbd;
    struct io_listener listener;
    bool listening;
};

/* ---- the store ---- */

/* The store wants a password when it is made; nobody ever knows this one. */
static enum nt_status make_store(const char *path, const struct options *o, const struct samdb_options *so)
{
    uint8_t noise[16];
    char password[2 * sizeof noise + 1];
    struct samdb_init init = { .machine = o->name ? o->name : "SERVER",
                               .workgroup = o->domain ? o->domain : "WORKGROUP",
                               .admin = "admin",
                               .admin_password = password };
    const struct nt_env *env = nt_env_system();
    enum nt_status st = env->random(env->arg, noise, sizeof noise);
    for (size_t i = 0; i < sizeof noise; i++)
        snprintf(password + 2 * i, 3, "%02x", noise[i]);
    if (st == STATUS_SUCCESS)
        st = samdb_create(path, &init, so);
    nt_wipe(password, sizeof password);
    return st == STATUS_OBJECT_NAME_COLLISION ? STATUS_SUCCESS : st;
}

/* The password of admin is that of the environment, at each start. */
static enum nt_status open_store(struct pipes *p, const struct options *o, struct accounts *a,
                                 struct nt_error *err)
{
    const struct samdb_options so = { .error = err };
    uint8_t hash[16];
    char *path;
    if (asprintf(&path, "%s/sam.db", o->scratch) < 0)
        return STATUS_NO_MEMORY;
    enum nt_status st = make_store(path, o, &so);
    if (st == STATUS_SUCCESS)
        st = samdb_open(path, &so, &p->db);
    free(path);
    if (st == STATUS_SUCCESS)
        st = accounts_nt_hash(a, u"admin", 5, NULL, 0, hash);
    if (st == STATUS_SUCCESS)
        st = samdb_password_set_nt(p->db, RID_ADMIN, hash, SAMDB_PASSWORD_FORCE, false);
    nt_wipe(hash, sizeof hash);
    return st;
}

/* ---- the server ---- */

static void accepted(struct io_listener *l, int fd, const char *peer)
{
    (void)!smbd_accept(io_container(l, struct pipes, listener)->smbd, fd, peer);
}

static enum nt_status listen_smb(struct nt_loop *loop, struct pipes *p, const struct options *o,
                                 uint16_t *ret_port, struct nt_error *err)
{
    const struct nt_env *env = nt_env_system();
    struct smbd_options so = { .acceptor = &p->acceptor,
                               .pipes = &serve_np_ops,
                               .pipes_arg = &p->np,
                               .connect = serve_share_connect,
                               .connect_arg = &p->host };
    enum nt_status st = env->random(env->arg, so.guid, sizeof so.guid);
    if (st == STATUS_SUCCESS)
        st = smbd_new(loop, &so, &p->smbd);
    if (st == STATUS_SUCCESS)
        st = io_listen(loop, &p->listener, o->listen, o->port_smb, accepted, ret_port);
    p->listening = st == STATUS_SUCCESS;
    if (st != STATUS_SUCCESS)
        return nt_error_set(err, st, "port %u of %s: %s", o->port_smb, o->listen, nt_status_text(st));
    return st;
}

static void add_pipe(struct pipes *p, const char *name, struct rpc_server *server, const char *alias_of)
{
    struct serve_np_pipe *to = p->table;
    while (to->name)
        to++;
    if (to < p->table + PIPES_MAX - 1)
        *to = (struct serve_np_pipe){ name, server, alias_of };
}

/* Who serves which pipe. */
static void name_pipes(struct pipes *p, struct rpc_server *server, struct rpc_server *mapper)
{
    for (int i = 0; names[i]; i++)
        add_pipe(p, names[i], server, NULL);
    for (int i = 0; serve_np_lsass[i]; i++)
        add_pipe(p, serve_np_lsass[i], server, i ? serve_np_lsass[0] : NULL);
    add_pipe(p, "epmapper", mapper, NULL);
    p->np.pipes = p->table;
}

/* Other names of a pipe are not told. */
static enum nt_status map_pipes(struct serve_epm *epm, const struct pipes *p)
{
    enum nt_status st = STATUS_SUCCESS;
    struct serve_endpoint e = SERVE_ENDPOINT_INIT;
    char endpoint[32];
    e.protseq = "ncacn_np";
    e.endpoint = endpoint;
    for (const struct serve_np_pipe *at = p->table; st == STATUS_SUCCESS && at->name; at++) {
        snprintf(endpoint, sizeof endpoint, "\\pipe\\%s", at->name);
        if (!at->alias_of)
            st = serve_epm_add_all(epm, at->server, &e);
    }
    return st;
}

static enum nt_status serve_all(struct nt_loop *loop, struct pipes *p, const struct options *o,
                                struct rpc_server *server, struct rpc_server *mapper, struct serve_epm *epm,
                                uint16_t *ret_port, struct nt_error *err)
{
    p->transport = (struct serve_transport){ "tcp", o->listen };
    p->host = (struct serve_host){
        .db = p->db, .ops = &serve_smbd_ops, .transports = &p->transport, .n_transports = 1
    };
    p->acceptor = (struct sec_acceptor){ .account = samdb_account,
                                         .account_arg = p->db,
                                         .keytab = o->keytab,
                                         .netbios_name = o->name ? o->name : "SERVER",
                                         .netbios_domain = o->domain ? o->domain : "WORKGROUP" };
    name_pipes(p, server, mapper);
    enum nt_status st = listen_smb(loop, p, o, ret_port, err);
    if (st != STATUS_SUCCESS)
        return st;
    p->host.ops_arg = p->smbd;
    st = serve_srvsvc(server, &p->host);
    if (st == STATUS_SUCCESS)
        st = serve_wkssvc(server, &p->host);
    return st == STATUS_SUCCESS ? map_pipes(epm, p) : st;
}

enum nt_status pipes_new(struct nt_loop *loop, const struct options *o, struct accounts *a,
                         struct rpc_server *server, struct rpc_server *mapper, struct serve_epm *epm,
                         struct pipes **ret, uint16_t *ret_port, struct nt_error *err)
{
    struct pipes *p = calloc(1, sizeof *p);
    if (!p)
        return STATUS_NO_MEMORY;
    enum nt_status st = open_store(p, o, a, err);
    if (st == STATUS_SUCCESS)
        st = serve_all(loop, p, o, server, mapper, epm, ret_port, err);
    if (st != STATUS_SUCCESS) {
        pipes_stop(p);
        pipes_free(p);
        return st;
    }
    *ret = p;
    return STATUS_SUCCESS;
}

void pipes_stop(struct pipes *p)
{
    if (!p)
        return;
    if (p->listening)
        io_listen_stop(&p->listener);
    p->listening = false;
    smbd_free(p->smbd);
    p->smbd = NULL;
}

void pipes_free(struct pipes *p)
{
    if (!p)
        return;
    serve_srvsvc_free(&p->host);
    samdb_close(p->db);
    free(p);
}
