// SPDX-License-Identifier: Apache-2.0
/*
 * What is served where. The endpoint mapper is a server of its own, as on Windows: who reaches port 135
 * reaches the mapper and nothing else. All other interfaces share a second one, whose endpoints the mapper
 * knows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <msrpc/rpcecho.h>
#include "msrpcd.h"

/* A client that has said nothing for so long has forgotten us, or has gone without a word. */
#define IDLE_MS (15 * 60 * 1000)

struct services {
    struct rpc_server *mapper, *main;
    struct serve_epm *epm;
    struct pipes *pipes;
    struct ports ports;
    char *local, *local_epm; /* sockets in the scratch directory */
};

static enum nt_status new_server(struct nt_loop *loop, const struct options *o, struct accounts *a,
                                 struct rpc_server **ret, struct nt_error *err)
{
    struct rpc_server_options so = RPC_SERVER_OPTIONS_INIT;
    so.nt_hash = accounts_nt_hash;
    so.nt_hash_arg = a;
    so.keytab = o->keytab;
    so.netbios_name = o->name;
    so.netbios_domain = o->domain;
    so.idle_timeout_ms = IDLE_MS;
    so.error = err;
    return rpc_server_new(loop, &so, ret);
}

/* Each server answers mgmt. */
static enum nt_status register_all(struct services *s)
{
    enum nt_status st = serve_mgmt(s->mapper);
    if (st == STATUS_SUCCESS)
        st = serve_epm_new(s->mapper, &s->epm);
    if (st == STATUS_SUCCESS)
        st = serve_mgmt(s->main);
    if (st == STATUS_SUCCESS)
        st = serve_echo(s->main);
    if (st == STATUS_SUCCESS) /* it is there to be tried, with any protection and with none */
        st = rpc_server_require(s->main, &rpcecho_interface, SEC_LEVEL_NONE);
    return st;
}

static enum nt_status map_tcp(struct services *s, const char *host)
{
    struct serve_endpoint e = SERVE_ENDPOINT_INIT;
    char port[8];
    enum nt_status st;
    e.protseq = "ncacn_ip_tcp";
    e.host = host;
    e.endpoint = port;
    snprintf(port, sizeof port, "%u", s->ports.epm);
    st = serve_epm_add_all(s->epm, s->mapper, &e);
    snprintf(port, sizeof port, "%u", s->ports.tcp);
    return st == STATUS_SUCCESS ? serve_epm_add_all(s->epm, s->main, &e) : st;
}

/* The sockets are for everybody who gets into the directory, which is its owner's. */
static enum nt_status listen_local(struct services *s, const char *dir)
{
    struct serve_endpoint e = SERVE_ENDPOINT_INIT;
    if (asprintf(&s->local_epm, "%s/epmapper", dir) < 0)
        s->local_epm = NULL;
    if (asprintf(&s->local, "%s/msrpcd", dir) < 0)
        s->local = NULL;
    if (!s->local || !s->local_epm)
        return STATUS_NO_MEMORY;
    s->ports.ncalrpc = s->local;
    enum nt_status st = rpc_server_listen_local(s->mapper, s->local_epm, 0666);
    if (st == STATUS_SUCCESS)
        st = rpc_server_listen_local(s->main, s->local, 0666);
    e.protseq = "ncalrpc";
    e.endpoint = s->local_epm;
    if (st == STATUS_SUCCESS)
        st = serve_epm_add_all(s->epm, s->mapper, &e);
    e.endpoint = s->local;
    return st == STATUS_SUCCESS ? serve_epm_add_all(s->epm, s->main, &e) : st;
}

static enum nt_status listen_all(struct services *s, const struct options *o, struct nt_error *err)
{
    enum nt_status st = rpc_server_listen(s->mapper, o->listen, o->port_epm, &s->ports.epm);
    if (st == STATUS_ACCESS_DENIED && o->port_epm && o->port_epm < 1024)
        return nt_error_set(err, st,
                            "port %u of %s: permission denied. It takes root, CAP_NET_BIND_SERVICE, or "
                            "net.ipv4.ip_unprivileged_port_start=%u; --port-epm takes another port",
                            o->port_epm, o->listen, o->port_epm);
    if (st == STATUS_SUCCESS)
        st = rpc_server_listen(s->main, o->listen, o->port_tcp, &s->ports.tcp);
    if (st == STATUS_SUCCESS)
        st = map_tcp(s, o->listen);
    return st == STATUS_SUCCESS ? listen_local(s, o->scratch) : st;
}

enum nt_status services_new(struct nt_loop *loop, const struct options *o, struct accounts *a,
                            struct services **ret, struct nt_error *err)
{
    struct services *s = calloc(1, sizeof *s);
    if (!s)
        return STATUS_NO_MEMORY;
    enum nt_status st = new_server(loop, o, a, &s->mapper, err);
    if (st == STATUS_SUCCESS)
        st = new_server(loop, o, a, &s->main, err);
    if (st == STATUS_SUCCESS)
        st = register_all(s);
#ifdef MSRPCD_PIPES
    if (st == STATUS_SUCCESS && o->smb) /* before the map is told of the other endpoints of all interfaces */
        st = pipes_new(loop, o, a, s->main, s->mapper, s->epm, &s->pipes, &s->ports.smb, err);
#endif
    if (st == STATUS_SUCCESS)
        st = listen_all(s, o, err);
    if (st != STATUS_SUCCESS) {
        services_free(s);
        return st;
    }
    *ret = s;
    return STATUS_SUCCESS;
}

void services_ports(const struct services *s, struct ports *ret)
{
    *ret = s->ports;
}

void services_free(struct services *s)
{
    if (!s)
        return;
#ifdef MSRPCD_PIPES
    pipes_stop(s->pipes);
#endif
    rpc_server_free(s->main);
    rpc_server_free(s->mapper);
#ifdef MSRPCD_PIPES
    pipes_free(s->pipes);
#endif
    serve_epm_free(s->epm);
    free(s->local);
    free(s->local_epm);
    free(s);
}
