// SPDX-License-Identifier: Apache-2.0
/* The server: options, interfaces, listeners. */
#include <stdlib.h>
#include <unistd.h>
#include "rpc/m_server.h"

#define NS_PER_MS            UINT64_C(1000000)
#define DEFAULT_CONNS        10000
#define DEFAULT_BIND_TIMEOUT 30000
#define NAME_DEFAULT         "SERVER"
#define DOMAIN_DEFAULT       "WORKGROUP"

static char *copy(struct rpc_server *s, int slot, const char *text, const char *otherwise, bool *ok)
{
    const char *from = text ? text : otherwise;
    if (!from)
        return NULL;
    s->strings[slot] = strdup(from);
    *ok = *ok && s->strings[slot];
    return s->strings[slot];
}

static unsigned or_default(unsigned given, unsigned otherwise)
{
    return given ? given : otherwise;
}

/* What may change while the server runs. */
static void take_limits(struct rpc_server *s, const struct rpc_server_options *o)
{
    s->max_peer_conns = o->max_peer_conns;
    s->max_peer_strangers = or_default(o->max_peer_strangers, RPC_SERVER_PEER_STRANGERS);
    s->max_peer_calls = or_default(o->max_peer_calls, RPC_SERVER_PEER_CALLS);
    s->max_calls = or_default(o->max_calls, RPC_SERVER_ALL_CALLS);
    s->max_peer_output = o->max_peer_output ? o->max_peer_output : RPC_SERVER_PEER_OUTPUT;
    s->max_output = o->max_output ? o->max_output : RPC_SERVER_ALL_OUTPUT;
    s->stall_timeout = o->stall_timeout_ms ? o->stall_timeout_ms * NS_PER_MS : RPC_SERVER_STALL;
    s->max_conns = o->max_conns ? o->max_conns : DEFAULT_CONNS;
    if (!s->max_peer_conns)
        s->max_peer_conns = s->max_conns / RPC_SERVER_PEER_SHARE + 1;
    s->bind_timeout = (o->bind_timeout_ms ? o->bind_timeout_ms : DEFAULT_BIND_TIMEOUT) * NS_PER_MS;
    s->idle_timeout = o->idle_timeout_ms * NS_PER_MS;
}

static enum nt_status take_options(struct rpc_server *s, const struct rpc_server_options *o)
{
    bool ok = true;
    take_limits(s, o);
    s->min_level = o->min_level ? o->min_level : SEC_LEVEL_PRIVACY;
    s->max_frag = o->max_fragment ? o->max_fragment : RPC_FRAG_DEFAULT;
    s->error = o->error;
    s->extended_errors = o->extended_errors;
    if (o->observer) /* of a caller who was built with fewer or more members */
        memcpy(&s->observer, o->observer, o->observer->size < sizeof s->observer ? o->observer->size : sizeof s->observer);
    s->observer_arg = o->observer_arg;
    s->acceptor = (struct sec_acceptor){
        .arg = o->nt_hash_arg,
        .nt_hash = o->nt_hash,
        .netbios_name = copy(s, 0, o->netbios_name, NAME_DEFAULT, &ok),
        .netbios_domain = copy(s, 1, o->netbios_domain, DOMAIN_DEFAULT, &ok),
        .dns_name = copy(s, 2, o->dns_name, "", &ok),
        .dns_domain = copy(s, 3, o->dns_domain, "", &ok),
        .keytab = copy(s, 4, o->keytab, NULL, &ok),
        .account = o->account,
        .account_arg = o->account_arg,
        .no_ntlm = o->no_ntlm,
        .pac = o->pac,
        .pac_arg = o->pac_arg,
        .schannel = o->schannel,
        .schannel_arg = o->schannel_arg,
        .kdc_keytab = copy(s, 5, o->kdc_keytab, NULL, &ok),
    };
    s->principal = strdup(o->principal ? o->principal : "");
    ok = ok && s->principal;
    if (s->max_frag < RPC_FRAG_MIN)
        return STATUS_INVALID_PARAMETER;
    return ok ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

/* Options of a caller who was built with fewer or more members. */
static void widen(const struct rpc_server_options *o, struct rpc_server_options *ret)
{
    *ret = (struct rpc_server_options)RPC_SERVER_OPTIONS_INIT;
    if (o)
        memcpy(ret, o, o->size < sizeof *ret ? o->size : sizeof *ret);
}

enum nt_status rpc_server_new(struct nt_loop *loop, const struct rpc_server_options *o,
                              struct rpc_server **ret)
{
    struct rpc_server_options all;
    struct rpc_server *s = calloc(1, sizeof *s);
    if (!s)
        return STATUS_NO_MEMORY;
    widen(o, &all);
    s->refs = 1;
    s->loop = loop;
    s->env = all.env ? all.env : io_loop_env(loop);
    enum nt_status st = take_options(s, &all);
    if (st != STATUS_SUCCESS) {
        rpc_server_free(s);
        return st;
    }
    *ret = s;
    return STATUS_SUCCESS;
}

/* Security contexts copy the keytab's name when they begin. */
static enum nt_status take_keytab(struct rpc_server *s, int slot, const char *name, const char **at)
{
    char *copy = name ? strdup(name) : NULL;
    if (name && !copy)
        return STATUS_NO_MEMORY;
    free(s->strings[slot]);
    *at = s->strings[slot] = copy;
    return STATUS_SUCCESS;
}

enum nt_status rpc_server_reconfigure(struct rpc_server *s, const struct rpc_server_options *o)
{
    struct rpc_server_options all;
    widen(o, &all);
    enum nt_status st = take_keytab(s, 4, all.keytab, &s->acceptor.keytab);
    if (st == STATUS_SUCCESS)
        st = take_keytab(s, 5, all.kdc_keytab, &s->acceptor.kdc_keytab);
    if (st != STATUS_SUCCESS)
        return st;
    take_limits(s, &all);
    s->acceptor.no_ntlm = all.no_ntlm;
    s->extended_errors = all.extended_errors;
    return STATUS_SUCCESS;
}

void rpc_server_unref(struct rpc_server *s)
{
    if (--s->refs)
        return;
    while (s->served) {
        struct rpc_served *next = s->served->next;
        rpc_served_free(s->served);
        s->served = next;
    }
    for (size_t i = 0; i < sizeof s->strings / sizeof s->strings[0]; i++)
        free(s->strings[i]);
    rpc_objects_free(s);
    rpc_scall_memory_free(s->spare);
    free(s->principal);
    free(s);
}

void rpc_server_stop_listening(struct rpc_server *s)
{
    while (s->listeners) {
        struct rpc_listener *l = s->listeners;
        s->listeners = l->next;
        io_listen_stop(&l->l);
        free(l);
    }
}

void rpc_server_free(struct rpc_server *s)
{
    if (!s)
        return;
    s->drained = NULL;
    rpc_drain_free(s);
    rpc_server_stop_listening(s);
    while (s->conns)
        rpc_sconn_close(s->conns);
    rpc_server_unref(s); /* calls that are still to be answered hold it, too, by their association groups */
}

/* ---- interfaces ---- */

static struct rpc_served *find(const struct rpc_server *s, const struct rpc_interface *i)
{
    struct rpc_served *p = s->served;
    while (p && !rpc_syntax_equal(&p->iface->syntax, &i->syntax))
        p = p->next;
    return p;
}

enum nt_status rpc_server_register(struct rpc_server *s, const struct rpc_interface *i,
                                   const struct rpc_op *const *ops, rpc_dispatch_fn *dispatch,
                                   const void *handlers, void *arg)
{
    if (i->table_version != RPC_TABLE_VERSION)
        return STATUS_REVISION_MISMATCH;
    for (uint32_t k = 0; k < i->n_ops; k++)
        if (ops[k] && ops[k]->table_version != RPC_TABLE_VERSION)
            return STATUS_REVISION_MISMATCH;
    if (find(s, i))
        return STATUS_OBJECT_NAME_COLLISION;
    struct rpc_served *p = calloc(1, sizeof *p);
    if (!p)
        return STATUS_NO_MEMORY;
    *p = (struct rpc_served){
        .next = s->served, .iface = i, .ops = ops, .dispatch = dispatch, .handlers = handlers, .arg = arg
    };
    s->served = p;
    return STATUS_SUCCESS;
}

enum nt_status rpc_server_require(struct rpc_server *s, const struct rpc_interface *i, enum sec_level level)
{
    struct rpc_served *p = find(s, i);
    if (!p)
        return STATUS_NOT_FOUND;
    p->min_level = level;
    return STATUS_SUCCESS;
}

enum nt_status rpc_server_trust_local(struct rpc_server *s, const struct rpc_interface *i,
                                      enum rpc_local_trust who)
{
    struct rpc_served *p = find(s, i);
    if (!p)
        return STATUS_NOT_FOUND;
    p->local = who;
    return STATUS_SUCCESS;
}

const struct rpc_interface *rpc_server_interface(const struct rpc_server *s, unsigned index)
{
    const struct rpc_served *p = s->served;
    while (p && index--)
        p = p->next;
    return p ? p->iface : NULL;
}

enum nt_status rpc_server_stream(struct rpc_server *s, const struct rpc_interface *i, uint32_t opnum)
{
    struct rpc_served *p = find(s, i);
    if (!p || opnum >= i->n_ops || !p->ops[opnum])
        return STATUS_NOT_FOUND;
    if (!rpc_op_has_pipes(p->ops[opnum], false))
        return STATUS_INVALID_PARAMETER;
    if (!p->streams)
        p->streams = calloc(i->n_ops, sizeof *p->streams);
    if (!p->streams)
        return STATUS_NO_MEMORY;
    p->streams[opnum] = true;
    return STATUS_SUCCESS;
}

/* ---- listening ---- */

static enum nt_status refuse(struct rpc_server *s, int fd, struct rpc_sconn *c, enum nt_status st)
{
    if (fd >= 0)
        close(fd);
    if (c)
        rpc_sconn_close(c);
    s->refused++;
    return st;
}

static enum nt_status serve(struct rpc_server *s, int fd)
{
    struct rpc_sconn *c = NULL;
    if (s->draining) {
        rpc_observe_refused(s, RPC_REFUSED_DRAINING, NULL);
        return refuse(s, fd, NULL, STATUS_INSUFFICIENT_RESOURCES);
    }
    enum nt_status st = rpc_sconn_new(s, NULL, &c);
    if (st == STATUS_SUCCESS)
        st = io_attach(s->loop, c->tp->stream, fd);
    if (st != STATUS_SUCCESS) {
        rpc_observe_refused(s, RPC_REFUSED_MEMORY, NULL);
        return refuse(s, fd, c, st);
    }
    st = rpc_sconn_identify(c, fd); /* the stream has fd now */
    if (st == STATUS_SUCCESS && !rpc_budget_room(c, 0)) /* not before its peer may have one more at all */
        st = STATUS_INSUFFICIENT_RESOURCES;
    if (st != STATUS_SUCCESS)
        return refuse(s, -1, c, st);
    s->accepted++;
    rpc_observe_opened(c);
    rpc_sconn_touch(c);
    return STATUS_SUCCESS;
}

static void accepted(struct io_listener *l, int fd, const char *peer)
{
    (void)peer;
    (void)serve(io_container(l, struct rpc_listener, l)->s, fd); /* counted there */
}

enum nt_status rpc_server_listen(struct rpc_server *s, const char *host, uint16_t port, uint16_t *ret_port)
{
    struct rpc_listener *l = calloc(1, sizeof *l);
    if (!l)
        return STATUS_NO_MEMORY;
    l->s = s;
    enum nt_status st = io_listen(s->loop, &l->l, host, port, accepted, &l->port);
    if (st != STATUS_SUCCESS) {
        free(l);
        return nt_error_set(s->error, st, "listening on %s port %u: %s (%s)", host ? host : "all addresses",
                            port, nt_status_name(st),
                            st == STATUS_INVALID_PARAMETER ? "a numeric address is needed"
                                                           : nt_status_text(st));
    }
    l->next = s->listeners;
    s->listeners = l;
    if (ret_port)
        *ret_port = l->port;
    return STATUS_SUCCESS;
}

enum nt_status rpc_server_listen_fd(struct rpc_server *s, int fd, uint16_t *ret_port)
{
    struct rpc_listener *l = calloc(1, sizeof *l);
    if (!l)
        return STATUS_NO_MEMORY;
    l->s = s;
    enum nt_status st = io_listen_fd(s->loop, &l->l, fd, accepted, &l->port);
    if (st != STATUS_SUCCESS) {
        free(l);
        return nt_error_set(s->error, st, "listening on descriptor %d: %s (%s)", fd, nt_status_name(st),
                            st == STATUS_INVALID_PARAMETER ? "a listening stream socket is needed"
                                                           : nt_status_text(st));
    }
    l->next = s->listeners;
    s->listeners = l;
    if (ret_port)
        *ret_port = l->port;
    return STATUS_SUCCESS;
}

enum nt_status rpc_server_listen_local(struct rpc_server *s, const char *path, unsigned mode)
{
    struct rpc_listener *l = calloc(1, sizeof *l);
    if (!l)
        return STATUS_NO_MEMORY;
    l->s = s;
    enum nt_status st = io_listen_local(s->loop, &l->l, path, mode, accepted);
    if (st != STATUS_SUCCESS) {
        free(l);
        return nt_error_set(s->error, st, "listening on %s: %s (%s)", path, nt_status_name(st),
                            st == STATUS_INVALID_PARAMETER ? "an absolute path of at most 107 bytes is needed"
                                                           : nt_status_text(st));
    }
    l->next = s->listeners;
    s->listeners = l;
    return STATUS_SUCCESS;
}

enum nt_status rpc_server_accept(struct rpc_server *s, int fd)
{
    io_tcp_options(fd); /* to no effect on a unix socket */
    return serve(s, fd);
}

enum nt_status rpc_server_accept_bound(struct rpc_server *s, int fd, const void *channel_bindings, size_t len)
{
    uint8_t *copy = len && len <= SEC_BINDINGS_MAX ? malloc(len) : NULL;
    if (!copy) {
        close(fd);
        return len && len <= SEC_BINDINGS_MAX ? STATUS_NO_MEMORY : STATUS_INVALID_PARAMETER;
    }
    memcpy(copy, channel_bindings, len);
    enum nt_status st = serve(s, fd);
    if (st != STATUS_SUCCESS) {
        free(copy);
        return st;
    }
    s->conns->bindings = (struct nt_blob){ copy, len }; /* the newest is the first */
    return STATUS_SUCCESS;
}

enum nt_status rpc_server_stats(const struct rpc_server *s, struct rpc_server_stats *ret)
{
    struct rpc_server_stats all = { .size = ret->size,
                                    .conns = s->n_conns,
                                    .calls = s->n_calls,
                                    .handles = s->n_handles,
                                    .accepted = s->accepted,
                                    .refused = s->refused,
                                    .dispatched = s->dispatched,
                                    .faults = s->faults,
                                    .packets_in = s->packets_in,
                                    .packets_out = s->packets_out,
                                    .peers = s->n_peers,
                                    .output = s->output,
                                    .bytes_in = s->bytes_in,
                                    .bytes_out = s->bytes_out };
    memcpy(all.refusals, s->refusals, sizeof all.refusals);
    if (ret->size < sizeof ret->size)
        return STATUS_INVALID_PARAMETER;
    memcpy(ret, &all, ret->size < sizeof all ? ret->size : sizeof all);
    return STATUS_SUCCESS;
}
