// SPDX-License-Identifier: Apache-2.0
/* One listener for several servers, each on a loop and in a thread of its own: all connections of a peer go
 * to the same one, for association groups and ceilings are a server's. */
#include <stdlib.h>
#include <unistd.h>
#include "rpc/m_server.h"

/* One for each core is what they are for. */
#define SERVERS_MAX 256

struct front_listener {
    struct io_listener l;
    struct rpc_front *f;
    struct front_listener *next;
};

struct rpc_front {
    struct nt_loop *loop;
    struct front_listener *listeners;
    struct rpc_server *servers[SERVERS_MAX];
    unsigned n;
    struct nt_error *error;
};

/* A descriptor on its way to a server's loop. */
struct handed {
    struct rpc_server *s;
    int fd;
};

enum nt_status rpc_front_new(struct nt_loop *loop, struct nt_error *error, struct rpc_front **ret)
{
    struct rpc_front *f = calloc(1, sizeof *f);
    if (!f)
        return STATUS_NO_MEMORY;
    f->loop = loop;
    f->error = error;
    *ret = f;
    return STATUS_SUCCESS;
}

enum nt_status rpc_front_add(struct rpc_front *f, struct rpc_server *s)
{
    if (f->listeners)
        return STATUS_INVALID_DEVICE_STATE; /* peers would change servers */
    if (f->n == SERVERS_MAX)
        return STATUS_INSUFFICIENT_RESOURCES;
    enum nt_status st = nt_loop_share(s->loop);
    if (st == STATUS_SUCCESS)
        f->servers[f->n++] = s;
    return st;
}

static void take(void *arg)
{
    struct handed *h = arg;
    (void)!rpc_server_accept(h->s, h->fd); /* counted there */
    free(h);
}

static void accepted(struct io_listener *l, int fd, const char *peer)
{
    const struct rpc_front *f = io_container(l, struct front_listener, l)->f;
    uint8_t key[RPC_PEER_KEY] = { 0 };
    (void)peer;
    if (rpc_peer_key(fd, key) != STATUS_SUCCESS) { /* it has gone already */
        close(fd);
        return;
    }
    struct rpc_server *s = f->servers[rpc_peer_hash(key) % f->n];
    if (s->loop == f->loop) {
        (void)!rpc_server_accept(s, fd);
        return;
    }
    struct handed *h = malloc(sizeof *h);
    if (h)
        *h = (struct handed){ s, fd };
    if (!h || nt_loop_post(s->loop, take, h) != STATUS_SUCCESS) {
        close(fd);
        free(h);
    }
}

static enum nt_status listening(struct rpc_front *f, struct front_listener *l, enum nt_status st,
                                const char *where, unsigned port)
{
    if (st != STATUS_SUCCESS) {
        free(l);
        return nt_error_set(f->error, st, "listening on %s port %u: %s (%s)", where, port, nt_status_name(st),
                            nt_status_text(st));
    }
    l->next = f->listeners;
    f->listeners = l;
    return STATUS_SUCCESS;
}

static struct front_listener *listener_new(struct rpc_front *f)
{
    struct front_listener *l = f->n ? calloc(1, sizeof *l) : NULL;
    if (l)
        l->f = f;
    return l;
}

enum nt_status rpc_front_listen(struct rpc_front *f, const char *host, uint16_t port, uint16_t *ret_port)
{
    struct front_listener *l = listener_new(f);
    uint16_t got = 0;
    if (!l)
        return f->n ? STATUS_NO_MEMORY : STATUS_INVALID_DEVICE_STATE;
    enum nt_status st = io_listen(f->loop, &l->l, host, port, accepted, &got);
    st = listening(f, l, st, host ? host : "all addresses", port);
    if (st == STATUS_SUCCESS && ret_port)
        *ret_port = got;
    return st;
}

enum nt_status rpc_front_listen_local(struct rpc_front *f, const char *path, unsigned mode)
{
    struct front_listener *l = listener_new(f);
    if (!l)
        return f->n ? STATUS_NO_MEMORY : STATUS_INVALID_DEVICE_STATE;
    return listening(f, l, io_listen_local(f->loop, &l->l, path, mode, accepted), path, 0);
}

void rpc_front_free(struct rpc_front *f)
{
    if (!f)
        return;
    while (f->listeners) {
        struct front_listener *l = f->listeners;
        f->listeners = l->next;
        io_listen_stop(&l->l);
        free(l);
    }
    free(f);
}
