// SPDX-License-Identifier: Apache-2.0
/* Pipes over SMB, and what is served there: the services of the machine besides the interfaces of the
 * main server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "msrpcd.h"
#include "serve/host.h"
#include "serve/np.h"
#ifdef MSRPCD_DISK /* the build for test suites; never installed */
#include "smbd/disk.h"
#endif

#define PIPES_MAX 16 /* with the mapper's, and the end of the table */

/* Addresses that are told; a machine with more has them all the same. */
#define TRANSPORTS_MAX   64u
#define TRANSPORTS_BYTES ((size_t)1 << 14)

struct pipes {
    struct serve_host host;
    struct serve_transport transports[TRANSPORTS_MAX];
    unsigned n_transports;
    struct nt_arena *mem; /* of their addresses */
    struct sec_acceptor acceptor;
    struct serve_np_pipe table[PIPES_MAX];
    struct serve_np np;
    enum npc_cipher ciphers[4];
    struct smbd *smbd;
    const struct store *store;
    struct smbd_share *disk; /* of the build for test suites; NULL */
};

#ifdef MSRPCD_DISK
static enum nt_status for_suites(struct pipes *p, struct smbd_options *so)
{
    so->allow_anonymous = true;
    so->disk = p->disk = smbd_disk_new("disk", nt_env_system());
    return p->disk ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}
#define disk_free smbd_disk_free
#else
static enum nt_status for_suites(struct pipes *p, struct smbd_options *so)
{
    (void)p;
    (void)so;
    return STATUS_SUCCESS;
}

static void disk_free(struct smbd_share *disk)
{
    (void)disk;
}
#endif

/* ---- the server ---- */

void pipes_accept(struct pipes *p, int fd, const char *peer)
{
    (void)!smbd_accept(p->smbd, fd, peer);
}

static struct sec_acceptor acceptor_of(const struct store *store, const struct config *c)
{
    return (struct sec_acceptor){ .account = samdb_account,
                                  .account_arg = store->db,
                                  .no_ntlm = !c->ntlm,
                                  .keytab = c->keytab,
                                  .pac = realm_account,
                                  .pac_arg = store->db,
                                  .netbios_name = c->name ? c->name : store->machine,
                                  .netbios_domain = c->workgroup ? c->workgroup : store->workgroup };
}

static struct smbd_options smbd_options_of(struct pipes *p, const struct config *c)
{
    for (unsigned i = 0; i < c->smb_ciphers.n; i++)
        p->ciphers[i] = (enum npc_cipher)c->smb_ciphers.word[i];
    struct smbd_options so = { .acceptor = &p->acceptor,
                               .pipes = &serve_np_ops,
                               .pipes_arg = &p->np,
                               .min_dialect = (enum npc_dialect)c->smb_min_dialect,
                               .ciphers = p->ciphers,
                               .n_ciphers = c->smb_ciphers.n,
                               .require_encryption = c->smb_encryption == CONFIG_ENCRYPTION_REQUIRED,
                               .allow_unsigned = c->smb_signing == CONFIG_SIGNING_OPTIONAL,
                               .allow_anonymous = c->null_sessions,
                               .idle_timeout_ms = c->idle_timeout * 1000,
                               .max_conns = c->max_connections,
                               .max_peer_conns = c->max_connections_per_address,
                               .connect = serve_share_connect,
                               .connect_arg = &p->host,
                               .addresses = c->listen,
                               .n_addresses = c->n_listen };
    watch_smbd_options(p->store->watch, &so);
    return so;
}

static enum nt_status new_smbd(struct nt_loop *loop, struct pipes *p, const struct config *c)
{
    const struct nt_env *env = nt_env_system();
    struct smbd_options so = smbd_options_of(p, c);
    enum nt_status st = for_suites(p, &so);
    if (st == STATUS_SUCCESS)
        st = env->random(env->arg, so.guid, sizeof so.guid);
    if (st == STATUS_SUCCESS)
        st = smbd_new(loop, &so, &p->smbd);
    if (st == STATUS_SUCCESS)
        watch_smbd(p->store->watch, p->smbd);
    return st;
}

/* Logons that have begun look at the acceptor again, and have copied what they keep. */
enum nt_status pipes_reload(struct pipes *p, const struct config *c)
{
    struct smbd_options so = smbd_options_of(p, c);
    p->acceptor = acceptor_of(p->store, c);
    return smbd_reconfigure(p->smbd, &so);
}

void pipes_hang_up(struct pipes *p)
{
    smbd_hang_up_all(p->smbd);
}

bool pipes_gone(const struct pipes *p)
{
    struct smbd_stats s;
    smbd_stats(p->smbd, &s);
    return !s.conns;
}

/* ---- what is there ---- */

static void add_pipe(struct pipes *p, const char *name, struct rpc_server *server, const char *alias_of)
{
    struct serve_np_pipe *to = p->table;
    while (to->name)
        to++;
    if (to < p->table + PIPES_MAX - 1)
        *to = (struct serve_np_pipe){ name, server, alias_of };
}

/* Who serves which pipe. The names of the local security authority are there whatever is served: clients
 * try them. */
static void name_pipes(struct pipes *p, const struct config *c, struct rpc_server *server,
                       struct rpc_server *mapper)
{
    static const char *const names[] = { /* the others are at the authority's */
                                         [CONFIG_SRVSVC] = "srvsvc",
                                         [CONFIG_WKSSVC] = "wkssvc",
                                         [CONFIG_RPCECHO] = "rpcecho"
    };
    for (unsigned i = 0; i < c->interfaces.n; i++)
        if (names[c->interfaces.word[i]])
            add_pipe(p, names[c->interfaces.word[i]], server, NULL);
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

static enum nt_status add_interfaces(struct pipes *p, const struct config *c, struct rpc_server *server)
{
    static enum nt_status (*const serve[])(struct rpc_server *, struct serve_host *) = {
        [CONFIG_SRVSVC] = serve_srvsvc,   [CONFIG_WKSSVC] = serve_wkssvc, [CONFIG_LSARPC] = serve_lsarpc,
        [CONFIG_DSSETUP] = serve_dssetup, [CONFIG_NETLOGON] = NULL, /* services.c has these two */
        [CONFIG_RPCECHO] = NULL
    };
    enum nt_status st = STATUS_SUCCESS;
    for (unsigned i = 0; st == STATUS_SUCCESS && i < c->interfaces.n; i++)
        if (serve[c->interfaces.word[i]])
            st = serve[c->interfaces.word[i]](server, &p->host);
    return st;
}

static enum nt_status serve_all(struct nt_loop *loop, struct pipes *p, const struct config *c,
                                const struct store *store, struct rpc_server *server,
                                struct rpc_server *mapper, struct serve_epm *epm)
{
    const char *addresses[TRANSPORTS_MAX];
    p->mem = nt_arena_new(TRANSPORTS_BYTES);
    if (!p->mem)
        return STATUS_NO_MEMORY;
    p->n_transports = addresses_of(c, p->mem, addresses, TRANSPORTS_MAX);
    for (unsigned i = 0; i < p->n_transports; i++)
        p->transports[i] = (struct serve_transport){ "tcp", addresses[i] };
    p->host = (struct serve_host){ .db = store->db,
                                   .writer = store->writer,
                                   .loop = loop,
                                   .ops = &serve_smbd_ops,
                                   .transports = p->transports,
                                   .n_transports = p->n_transports };
    p->store = store;
    p->acceptor = acceptor_of(store, c);
    name_pipes(p, c, server, mapper);
    enum nt_status st = new_smbd(loop, p, c);
    if (st != STATUS_SUCCESS)
        return st;
    p->host.ops_arg = p->smbd;
    st = add_interfaces(p, c, server);
    if (st == STATUS_SUCCESS && c->port_smb != CONF_PORT_OFF)
        st = map_pipes(epm, p);
    return st;
}

enum nt_status pipes_new(struct nt_loop *loop, const struct config *c, const struct store *store,
                         struct rpc_server *server, struct rpc_server *mapper, struct serve_epm *epm,
                         struct pipes **ret, struct nt_error *err)
{
    struct pipes *p = calloc(1, sizeof *p);
    if (!p)
        return STATUS_NO_MEMORY;
    enum nt_status st = serve_all(loop, p, c, store, server, mapper, epm);
    if (st != STATUS_SUCCESS) {
        pipes_stop(p);
        pipes_free(p);
        return nt_error_set(err, st, "pipes: %s", nt_status_text(st));
    }
    *ret = p;
    return STATUS_SUCCESS;
}

void pipes_stop(struct pipes *p)
{
    if (!p)
        return;
    if (p->smbd)
        watch_smbd_gone(p->store->watch, p->smbd);
    smbd_free(p->smbd);
    p->smbd = NULL;
}

void pipes_free(struct pipes *p)
{
    if (!p)
        return;
    serve_host_settle(&p->host);
    serve_srvsvc_free(&p->host);
    disk_free(p->disk);
    nt_arena_free(p->mem);
    free(p);
}
