// SPDX-License-Identifier: Apache-2.0
/*
 * The ports and sockets of the daemon. They are opened before anything else is there, since that may take
 * rights that are given up next, and belong to no server.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "msrpcd.h"

struct listener {
    struct listener *next;
    struct io_listener l;
    struct listeners *all;
    enum listen_for what;
};

struct listeners {
    struct nt_loop *loop;
    struct listener *first;
    listen_fn *accept;
    void *arg;
    uint16_t port[LISTEN_LOCAL_EPM];
    char *local_epm, *local;
};

static const unsigned kind_of[] = { SOCKET_SMB, SOCKET_EPMAPPER, SOCKET_RPC };

static const char *const key_of[] = { "port_smb", "port_epm", "port_tcp" };

static void accepted(struct io_listener *l, int fd, const char *peer)
{
    struct listener *x = io_container(l, struct listener, l);
    x->all->accept(x->all->arg, x->what, fd, peer);
}

static struct listener *add(struct listeners *all, enum listen_for what)
{
    struct listener *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    x->all = all;
    x->what = what;
    x->next = all->first;
    all->first = x;
    return x;
}

static enum nt_status explain(struct nt_error *err, enum nt_status st, enum listen_for what, const char *host,
                              unsigned port)
{
    if (st == STATUS_ACCESS_DENIED && port && port < 1024)
        return nt_error_set(err, st,
                            "port %u of %s: permission denied. It takes root, CAP_NET_BIND_SERVICE, or "
                            "net.ipv4.ip_unprivileged_port_start=%u; %s takes another port, or off",
                            port, host, port, key_of[what]);
    if (st == STATUS_NETWORK_UNREACHABLE) /* EADDRNOTAVAIL; the text of the status is for who connects */
        return nt_error_set(err, st, "port %u of %s: this machine does not have that address", port, host);
    return nt_error_set(err, st, "port %u of %s: %s (%s)", port, host, nt_status_name(st),
                        nt_status_text(st));
}

/* Where a free port is asked for, the first address finds it, and the others have to have it, too: there is
 * one number to tell. */
static enum nt_status listen_at(struct listeners *l, enum listen_for what, const char *host, int port,
                                struct nt_error *err)
{
    uint16_t wanted = port ? (uint16_t)port : l->port[what];
    if (port == CONF_PORT_OFF)
        return STATUS_SUCCESS;
    struct listener *x = add(l, what);
    if (!x)
        return STATUS_NO_MEMORY;
    enum nt_status st =
        io_listen(l->loop, &x->l, strcmp(host, "*") == 0 ? NULL : host, wanted, accepted, &l->port[what]);
    return st == STATUS_SUCCESS ? st : explain(err, st, what, host, wanted);
}

/* The sockets are for everybody who gets into the directory. */
static enum nt_status listen_local(struct listeners *l, enum listen_for what, const char *path,
                                   struct nt_error *err)
{
    struct listener *x = path ? add(l, what) : NULL;
    if (!x)
        return STATUS_NO_MEMORY;
    enum nt_status st = io_listen_local(l->loop, &x->l, path, 0666, accepted);
    if (st != STATUS_SUCCESS)
        return nt_error_set(err, st, "%s: %s (%s)", path, nt_status_name(st),
                            st == STATUS_INVALID_PARAMETER ? "the path of a socket has at most 107 bytes"
                                                           : nt_status_text(st));
    return st;
}

/* Somebody listens there for us already. */
static enum nt_status take_over(struct listeners *l, enum listen_for what, const struct activate_socket *s,
                                struct nt_error *err)
{
    if (l->port[what] && l->port[what] != s->port) /* there is one number to tell */
        return nt_error_set(err, STATUS_INVALID_PARAMETER,
                            "socket activation: sockets for one thing have ports %u and %u", l->port[what],
                            s->port);
    struct listener *x = add(l, what);
    if (!x)
        return STATUS_NO_MEMORY;
    enum nt_status st = io_listen_fd(l->loop, &x->l, s->fd, accepted, &l->port[what]);
    return st == STATUS_SUCCESS ? st : explain(err, st, what, s->address, s->port);
}

static enum nt_status take_over_all(struct listeners *l, const struct activate *a, struct nt_error *err)
{
    enum nt_status st = STATUS_SUCCESS;
    for (unsigned i = 0; st == STATUS_SUCCESS && i < a->n; i++)
        for (unsigned what = LISTEN_SMB; st == STATUS_SUCCESS && what <= LISTEN_TCP; what++)
            if (a->sockets[i].kind == kind_of[what])
                st = take_over(l, what, &a->sockets[i], err);
    return st;
}

static enum nt_status listen_all(struct listeners *l, const struct config *c, struct nt_error *err)
{
    const int ports[] = { c->port_smb, c->port_epm, c->port_tcp };
    enum nt_status st = STATUS_SUCCESS;
    for (unsigned i = 0; i < c->n_listen; i++)
        for (unsigned what = LISTEN_SMB; st == STATUS_SUCCESS && what <= LISTEN_TCP; what++)
            st = listen_at(l, what, c->listen[i], ports[what], err);
    return st;
}

enum nt_status listeners_local(struct listeners *l, const struct config *c, struct nt_error *err)
{
    if (asprintf(&l->local_epm, "%s/epmapper", c->run_dir) < 0)
        l->local_epm = NULL;
    if (asprintf(&l->local, "%s/msrpcd", c->run_dir) < 0)
        l->local = NULL;
    mode_t mask =
        umask(0); /* so that their mode has not to be put right, for which a jail may lack what it takes */
    enum nt_status st = listen_local(l, LISTEN_LOCAL_EPM, l->local_epm, err);
    if (st == STATUS_SUCCESS)
        st = listen_local(l, LISTEN_LOCAL, l->local, err);
    umask(mask);
    return st;
}

enum nt_status listeners_new(struct nt_loop *loop, const struct config *c, const struct activate *a,
                             listen_fn *accept, void *arg, struct listeners **ret, struct nt_error *err)
{
    struct listeners *l = calloc(1, sizeof *l);
    if (!l)
        return STATUS_NO_MEMORY;
    *l = (struct listeners){ .loop = loop, .accept = accept, .arg = arg };
    enum nt_status st = confine_serves(a) ? take_over_all(l, a, err) : listen_all(l, c, err);
    if (st != STATUS_SUCCESS) {
        listeners_free(l);
        return st;
    }
    *ret = l;
    return STATUS_SUCCESS;
}

void listeners_ports(const struct listeners *l, struct ports *ret)
{
    memcpy(ret->port, l->port, sizeof ret->port);
    ret->local_epm = l->local_epm;
    ret->local = l->local;
}

void listeners_free(struct listeners *l)
{
    if (!l)
        return;
    while (l->first) {
        struct listener *x = l->first;
        l->first = x->next;
        io_listen_stop(&x->l); /* one that never listened is left alone */
        free(x);
    }
    free(l->local_epm);
    free(l->local);
    free(l);
}
