// SPDX-License-Identifier: Apache-2.0
/*
 * What is served where. The endpoint mapper is a server of its own, as on Windows: who reaches port 135
 * reaches the mapper and nothing else. All other interfaces share a second one, whose endpoints the mapper
 * knows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <msrpc/netlogon_chain.h>
#include <msrpc/rpcecho.h>
#include "msrpcd.h"
#include "serve/host.h"

struct services {
    struct rpc_server *mapper, *main;
    struct serve_epm *epm;
    struct pipes *pipes;
    const struct store *store;
    unsigned draining; /* servers */
    struct serve_netlogon *netlogon; /* NULL: not served */
};

static bool is_served(const struct config *c, enum config_interface which)
{
    for (unsigned i = 0; i < c->interfaces.n; i++)
        if (c->interfaces.word[i] == (int)which)
            return true;
    return false;
}

static struct rpc_server_options server_options(const struct config *c, const struct store *store)
{
    struct rpc_server_options so = RPC_SERVER_OPTIONS_INIT;
    so.account = samdb_account;
    so.account_arg = store->db;
    so.no_ntlm = !c->ntlm;
    so.keytab = c->keytab;
    so.pac = realm_account;
    so.pac_arg = store->db;
    so.netbios_name = c->name ? c->name : store->machine;
    so.netbios_domain = c->workgroup ? c->workgroup : store->workgroup;
    so.idle_timeout_ms = c->idle_timeout * 1000;
    so.max_conns = c->max_connections;
    so.max_peer_conns = c->max_connections_per_address;
    watch_rpc_options(store->watch, &so);
    return so;
}

static enum nt_status new_server(struct nt_loop *loop, const struct config *c, const struct store *store,
                                 struct serve_netlogon *netlogon, struct rpc_server **ret,
                                 struct nt_error *err)
{
    struct rpc_server_options so = server_options(c, store);
    so.error = err;
    if (netlogon) {
        so.schannel = nl_verifier_schannel;
        so.schannel_arg = serve_netlogon_verifier(netlogon);
    }
    enum nt_status st = rpc_server_new(loop, &so, ret);
    if (st == STATUS_SUCCESS)
        watch_rpc(store->watch, *ret);
    return st;
}

/* Each server answers mgmt. */
static enum nt_status register_all(struct services *s, const struct config *c)
{
    enum nt_status st = serve_mgmt(s->mapper);
    if (st == STATUS_SUCCESS)
        st = serve_epm_new(s->mapper, &s->epm);
    if (st == STATUS_SUCCESS)
        st = serve_mgmt(s->main);
    if (st == STATUS_SUCCESS && s->netlogon)
        st = serve_netlogon(s->main, s->netlogon);
    if (st != STATUS_SUCCESS || !is_served(c, CONFIG_RPCECHO))
        return st;
    st = serve_echo(s->main);
    if (st == STATUS_SUCCESS) /* it is there to be tried, with any protection and with none */
        st = rpc_server_require(s->main, &rpcecho_interface, SEC_LEVEL_NONE);
    return st;
}

/* Without a host: it is the one at which a client asks the mapper. */
static enum nt_status map_tcp(struct services *s, const struct rpc_server *server, uint16_t port)
{
    struct serve_endpoint e = SERVE_ENDPOINT_INIT;
    char text[8];
    e.protseq = "ncacn_ip_tcp";
    e.endpoint = text;
    snprintf(text, sizeof text, "%u", port);
    return port ? serve_epm_add_all(s->epm, server, &e) : STATUS_SUCCESS;
}

static enum nt_status map_local(struct services *s, const struct rpc_server *server, const char *path)
{
    struct serve_endpoint e = SERVE_ENDPOINT_INIT;
    e.protseq = "ncalrpc";
    e.endpoint = path;
    return serve_epm_add_all(s->epm, server, &e);
}

static enum nt_status map_all(struct services *s, const struct ports *p)
{
    enum nt_status st = map_tcp(s, s->mapper, p->port[LISTEN_EPM]);
    if (st == STATUS_SUCCESS)
        st = map_tcp(s, s->main, p->port[LISTEN_TCP]);
    if (st == STATUS_SUCCESS)
        st = map_local(s, s->mapper, p->local_epm);
    return st == STATUS_SUCCESS ? map_local(s, s->main, p->local) : st;
}

enum nt_status services_new(struct nt_loop *loop, const struct config *c, const struct store *store,
                            const struct ports *ports, struct services **ret, struct nt_error *err)
{
    struct services *s = calloc(1, sizeof *s);
    if (!s)
        return STATUS_NO_MEMORY;
    s->store = store;
    enum nt_status st = new_server(loop, c, store, NULL, &s->mapper, err);
    if (st == STATUS_SUCCESS && is_served(c, CONFIG_NETLOGON))
        st = serve_netlogon_new(store->db, NULL, &s->netlogon);
    if (st == STATUS_SUCCESS)
        st = new_server(loop, c, store, s->netlogon, &s->main, err);
    if (st == STATUS_SUCCESS)
        st = register_all(s, c);
    if (st == STATUS_SUCCESS) /* before the map is told of the other endpoints of all interfaces */
        st = pipes_new(loop, c, store, s->main, s->mapper, s->epm, &s->pipes, err);
    if (st == STATUS_SUCCESS)
        st = map_all(s, ports);
    if (st != STATUS_SUCCESS) {
        services_free(s);
        return st;
    }
    *ret = s;
    return STATUS_SUCCESS;
}

enum nt_status services_reload(struct services *s, const struct config *c)
{
    const struct rpc_server_options so = server_options(c, s->store);
    enum nt_status st = pipes_reload(s->pipes, c);
    if (st == STATUS_SUCCESS)
        st = rpc_server_reconfigure(s->mapper, &so);
    return st == STATUS_SUCCESS ? rpc_server_reconfigure(s->main, &so) : st;
}

/* ---- the end ---- */

static void on_drained(void *arg, enum nt_status st)
{
    struct services *s = arg;
    (void)st; /* calls that had no more time have lost their clients */
    s->draining--;
}

enum nt_status services_drain(struct services *s, unsigned timeout_ms)
{
    struct rpc_server *servers[] = { s->main, s->mapper };
    for (unsigned i = 0; i < 2; i++) {
        enum nt_status st = rpc_server_drain(servers[i], timeout_ms, on_drained, s);
        if (st != STATUS_SUCCESS)
            return st;
        s->draining++;
    }
    return STATUS_SUCCESS;
}

bool services_drained(const struct services *s)
{
    return !s->draining;
}

void services_hang_up(struct services *s)
{
    pipes_hang_up(s->pipes);
}

bool services_gone(const struct services *s)
{
    return pipes_gone(s->pipes);
}

/* ---- who comes ---- */

/* Those who are not let in are counted by the servers. */
void services_accept(struct services *s, enum listen_for what, int fd, const char *peer)
{
    switch (what) {
    case LISTEN_SMB:
        pipes_accept(s->pipes, fd, peer);
        break;
    case LISTEN_EPM:
    case LISTEN_LOCAL_EPM:
        (void)!rpc_server_accept(s->mapper, fd);
        break;
    case LISTEN_TCP:
    case LISTEN_LOCAL:
    case LISTEN_KINDS:
        (void)!rpc_server_accept(s->main, fd);
        break;
    }
}

void services_free(struct services *s)
{
    if (!s)
        return;
    pipes_stop(s->pipes);
    watch_rpc_gone(s->store->watch, s->main);
    watch_rpc_gone(s->store->watch, s->mapper);
    rpc_server_free(s->main);
    rpc_server_free(s->mapper);
    serve_netlogon_free(s->netlogon);
    pipes_free(s->pipes);
    serve_epm_free(s->epm);
    free(s);
}
