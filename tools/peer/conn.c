// SPDX-License-Identifier: Apache-2.0
/* Connections: sockets, sending in pieces, waiting with a limit. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "peer.h"

/* Received bytes that nobody has looked at: a peer may send more than a script reads. */
#define RECEIVED_MAX ((size_t)256 << 20)

union address {
    struct sockaddr sa;
    struct sockaddr_un un;
    struct sockaddr_storage storage;
};

/* "unix:/path" */
static const char *unix_path(const char *address)
{
    return strncmp(address, "unix:", 5) == 0 ? address + 5 : NULL;
}

static socklen_t unix_address(struct peer *w, const char *path, union address *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->un.sun_family = AF_UNIX;
    if (!*path || strlen(path) >= sizeof ret->un.sun_path)
        peer_die(w, "'%s' is not the path of a socket", path);
    memcpy(ret->un.sun_path, path, strlen(path) + 1);
    return sizeof ret->un;
}

/* "host:port", "[v6]:port" */
static struct addrinfo *resolve(struct peer *w, const char *address, bool passive)
{
    char host[256];
    const char *colon = strrchr(address, ':');
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = passive ? AI_PASSIVE : 0 },
                    *list = NULL;
    if (!colon || (size_t)(colon - address) >= sizeof host)
        peer_die(w, "'%s' is not an address: HOST:PORT or unix:PATH", address);
    size_t skip = address[0] == '[' && colon > address && colon[-1] == ']';
    snprintf(host, sizeof host, "%.*s", (int)((size_t)(colon - address) - 2 * skip), address + skip);
    int e = getaddrinfo(host[0] ? host : NULL, colon + 1, &hints, &list);
    if (e)
        peer_die(w, "%s: %s", address, gai_strerror(e));
    return list;
}

static void name_of(const union address *a, socklen_t len, char *ret, size_t size)
{
    char host[NI_MAXHOST], port[NI_MAXSERV];
    if (a->sa.sa_family == AF_UNIX)
        snprintf(ret, size, "unix:%.*s", (int)sizeof a->un.sun_path - 1, a->un.sun_path);
    else if (getnameinfo(&a->sa, len, host, sizeof host, port, sizeof port,
                         NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        snprintf(ret, size, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

struct peer_conn *peer_find_conn(struct peer *w, const char *name)
{
    struct peer_conn *c = w->conns;
    while (c && strcmp(c->name, name) != 0)
        c = c->next;
    if (!c)
        peer_die(w, "there is no connection %s", name);
    return c;
}

static struct peer_conn *new_conn(struct peer *w, const char *name, int fd)
{
    struct peer_conn *c = calloc(1, sizeof *c);
    int one = 1;
    if (!c || !(c->rx.mem = nt_arena_new(0)))
        peer_die(w, "no memory");
    for (struct peer_conn *o = w->conns; o; o = o->next)
        if (strcmp(o->name, name) == 0)
            peer_die(w, "there is a connection %s already", name);
    snprintf(c->name, sizeof c->name, "%s", name);
    c->fd = fd;
    c->call_id = 1;
    wr_init(&c->in, RECEIVED_MAX);
    wr_init(&c->pdu, RECEIVED_MAX);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* pieces are to leave as pieces */
    c->next = w->conns;
    w->conns = w->conn = c;
    return c;
}

static int connect_unix(struct peer *w, const char *path)
{
    union address a;
    socklen_t len = unix_address(w, path, &a);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, &a.sa, len) == 0)
        return fd;
    int e = errno;
    if (fd >= 0)
        close(fd);
    errno = e;
    return -1;
}

static int connect_tcp(struct peer *w, const char *address)
{
    struct addrinfo *list = resolve(w, address, false);
    int fd = -1, e = ECONNREFUSED;
    for (const struct addrinfo *i = list; i && fd < 0; i = i->ai_next) {
        struct timeval limit = { .tv_sec = (time_t)(w->patience / PEER_SECOND) + 1 };
        fd = socket(i->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0)
            (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        if (fd >= 0 && connect(fd, i->ai_addr, i->ai_addrlen) != 0) {
            e = errno;
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    errno = e;
    return fd;
}

void peer_connect(struct peer *w, const char *address, const char *name)
{
    const char *path = unix_path(address);
    int fd = path ? connect_unix(w, path) : connect_tcp(w, address);
    if (fd < 0) {
        peer_fail(w, "connecting to %s: %s", address, strerror(errno));
        return;
    }
    struct peer_conn *c = new_conn(w, name, fd);
    snprintf(c->address, sizeof c->address, "%s", address);
    peer_note(w, "connected", "%s to %s", c->name, c->address);
}

/* ---- listening ---- */

static int listen_unix(struct peer *w, const char *path)
{
    union address a;
    socklen_t len = unix_address(w, path, &a);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, &a.sa, len) != 0)
        peer_die(w, "%s: %s", path, strerror(errno));
    return fd;
}

static int listen_tcp(struct peer *w, const char *address)
{
    struct addrinfo *list = resolve(w, address, true);
    int one = 1, fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (fd < 0 || bind(fd, list->ai_addr, list->ai_addrlen) != 0)
        peer_die(w, "%s: %s", address, strerror(errno));
    freeaddrinfo(list);
    return fd;
}

void peer_listen(struct peer *w, const char *address)
{
    union address a;
    socklen_t len = sizeof a;
    char name[NI_MAXHOST + NI_MAXSERV + 4] = "?";
    const char *path = unix_path(address);
    if (w->listener >= 0)
        close(w->listener);
    w->listener = path ? listen_unix(w, path) : listen_tcp(w, address);
    if (listen(w->listener, 64) != 0 || getsockname(w->listener, &a.sa, &len) != 0)
        peer_die(w, "%s: %s", address, strerror(errno));
    name_of(&a, len, name, sizeof name);
    peer_set_var(w, "listen", name);
    peer_set_var(w, "port", path ? "" : strrchr(name, ':') + 1);
    peer_note(w, "listening", "%s", name);
}

static int wait_for(int fd, short events, uint64_t until)
{
    for (;;) {
        struct pollfd p = { .fd = fd, .events = events };
        uint64_t now = peer_now();
        if (now >= until)
            return poll(&p, 1, 0) > 0;
        uint64_t ms = (until - now) / 1000000 + 1;
        int n = poll(&p, 1, ms > 60000 ? 60000 : (int)ms);
        if (n > 0)
            return 1;
        if (n < 0 && errno != EINTR)
            return 0;
    }
}

bool peer_somebody(struct peer *w, uint64_t patience)
{
    if (w->listener < 0)
        peer_die(w, "nothing listens: 'listen' comes first");
    return wait_for(w->listener, POLLIN, peer_now() + patience);
}

void peer_accept(struct peer *w, const char *name, uint64_t patience)
{
    union address a;
    socklen_t len = sizeof a;
    if (!peer_somebody(w, patience)) {
        peer_fail(w, "nobody has connected");
        return;
    }
    int fd = accept4(w->listener, &a.sa, &len, SOCK_CLOEXEC);
    if (fd < 0) {
        peer_fail(w, "accept: %s", strerror(errno));
        return;
    }
    struct peer_conn *c = new_conn(w, name, fd);
    c->accepted = true;
    name_of(&a, len, c->address, sizeof c->address);
    peer_note(w, "accepted", "%s from %s", c->name, c->address);
}

/* ---- the end ---- */

static void free_conn(struct peer_conn *c)
{
    wr_free(&c->in);
    wr_free(&c->pdu);
    nt_arena_free(c->rx.mem);
    free(c);
}

void peer_close(struct peer *w, struct peer_conn *c, const char *how)
{
    struct linger at_once = { 1, 0 };
    if (strcmp(how, "half") == 0) {
        shutdown(c->fd, SHUT_WR);
        return;
    }
    if (strcmp(how, "reset") == 0)
        (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(c->fd);
    struct peer_conn **p = &w->conns;
    while (*p != c)
        p = &(*p)->next;
    *p = c->next;
    for (struct peer_sec *s = w->secs; s; s = s->next)
        if (s->conn == c)
            s->conn = NULL;
    if (w->conn == c)
        w->conn = w->conns;
    free_conn(c);
}

/* ---- receiving ---- */

/* What is there, without waiting. False when the connection has ended. */
static bool take_in(struct peer_conn *c)
{
    uint8_t buf[65536];
    ssize_t n = recv(c->fd, buf, sizeof buf, MSG_DONTWAIT);
    if (n > 0)
        wr_bytes(&c->in, buf, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        c->ended = true;
    return !c->ended && c->in.st == STATUS_SUCCESS;
}

int peer_need(struct peer *w, struct peer_conn *c, size_t n, uint64_t until)
{
    (void)w;
    while (c->in.len < n) {
        if (c->ended)
            return -1;
        if (!wait_for(c->fd, POLLIN, until))
            return 0;
        take_in(c);
    }
    return 1;
}

/* ---- sending ---- */

static void nap(uint64_t ns)
{
    struct timespec t = { (time_t)(ns / PEER_SECOND), (long)(ns % PEER_SECOND) };
    while (nanosleep(&t, &t) != 0 && errno == EINTR)
        ;
}

/* A peer that has closed is told by what comes, or does not come, next: so errors are not errors here. While
 * it does not read, what it sends is taken in, or both would wait for ever. */
static bool send_piece(struct peer *w, struct peer_conn *c, const uint8_t *p, size_t n)
{
    uint64_t until = peer_now() + w->patience;
    while (n) {
        ssize_t sent = send(c->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            p += sent;
            n -= (size_t)sent;
            continue;
        }
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        struct pollfd f = { .fd = c->fd, .events = POLLOUT | POLLIN };
        if (poll(&f, 1, 100) > 0 && (f.revents & POLLIN) && !take_in(c))
            return false;
        if (peer_now() > until) {
            peer_fail(w, "the peer does not read: %zu bytes are not sent", n);
            return false;
        }
    }
    return true;
}

static void send_pieces(struct peer *w, const uint8_t *p, size_t n)
{
    struct peer_conn *c = w->conn;
    for (size_t i = 0; n; i++) {
        size_t k = w->n_pieces ? w->pieces[i < w->n_pieces ? i : w->n_pieces - 1] : n;
        if (k == 0 || k > n)
            k = n;
        if (i && w->gap)
            nap(w->gap);
        if (!send_piece(w, c, p, k))
            return;
        p += k;
        n -= k;
    }
}

void peer_send(struct peer *w, const uint8_t *p, size_t n)
{
    if (w->corked)
        wr_bytes(&w->cork, p, n);
    else
        send_pieces(w, p, n);
}
