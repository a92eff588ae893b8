// SPDX-License-Identifier: Apache-2.0
/*
 * Resolving and connecting: c-ares for names, then one connection attempt after the other, families in turn,
 * a new one every 250 ms while earlier ones are still under way (RFC 8305). Numeric addresses ask nobody.
 */
#include <ares.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>
#include "io/m_poll.h"

#define ATTEMPT_DELAY UINT64_C(250000000) /* RFC 8305 section 5 */
/* Addresses of one name that are tried at most: a name with more is a pool, and eight dead members of a pool
 * mean that the ninth will not save the call within any deadline. */
#define MAX_ADDRS 8
#define MAX_HOST  255 /* RFC 1035 2.3.4 */
/* A unix socket whose queue is full says so at once, and nothing says when there is room again. */
#define FULL_DELAY UINT64_C(5000000)

union any_addr {
    struct sockaddr sa;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
};

struct dial {
    char host[MAX_HOST + 1];
    uint16_t port;
    uint64_t deadline, next_attempt;
    union any_addr addrs[MAX_ADDRS];
    socklen_t lens[MAX_ADDRS];
    size_t n_addrs, tried;
    int fds[MAX_ADDRS]; /* attempts under way, by address; -1: none */
    bool at_once, full; /* the last attempt: it is connected, nothing need be waited for; its queue is full */
    ares_channel channel;
    bool have_channel, resolving;
    enum nt_status failure; /* of the last attempt */
};

enum nt_status nt_from_errno(int e)
{
    switch (e) {
    case 0:
        return STATUS_SUCCESS;
    case ECONNREFUSED:
    case ENOENT: /* no unix socket there */
        return STATUS_CONNECTION_REFUSED;
    case EHOSTUNREACH:
    case EHOSTDOWN:
        return STATUS_HOST_UNREACHABLE;
    case ENETUNREACH:
    case ENETDOWN:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
        return STATUS_NETWORK_UNREACHABLE;
    case ETIMEDOUT:
        return STATUS_IO_TIMEOUT;
    case ECONNRESET:
        return STATUS_CONNECTION_RESET;
    case EPIPE:
        return STATUS_CONNECTION_DISCONNECTED;
    case ECONNABORTED:
        return STATUS_CONNECTION_ABORTED;
    case EACCES:
    case EPERM:
        return STATUS_ACCESS_DENIED;
    case EADDRINUSE:
        return STATUS_ADDRESS_ALREADY_ASSOCIATED;
    case ENOMEM:
    case ENOBUFS:
        return STATUS_NO_MEMORY;
    case EMFILE:
    case ENFILE:
        return STATUS_TOO_MANY_OPENED_FILES;
    case EINVAL:
        return STATUS_INVALID_PARAMETER;
    default:
        return STATUS_UNEXPECTED_NETWORK_ERROR;
    }
}

/* Takes brackets and a zone id off and looks whether the rest is a numeric address. STATUS_NOT_FOUND: it is a name. A zone
 * that is none makes no address: who compares names by their ends would take that for one of his. */
static enum nt_status numeric(struct dial *d, const char *host)
{
    char name[MAX_HOST + 1];
    size_t n = strlen(host);
    if (host[0] == '[' && n > 2 && host[n - 1] == ']') {
        memcpy(name, host + 1, n - 2);
        name[n - 2] = 0;
    } else {
        memcpy(name, host, n + 1);
    }
    union any_addr *a = &d->addrs[0];
    if (inet_pton(AF_INET, name, &a->in.sin_addr) == 1) {
        a->in.sin_family = AF_INET;
        a->in.sin_port = htons(d->port);
        d->lens[0] = sizeof a->in;
        d->n_addrs = 1;
        return STATUS_SUCCESS;
    }
    char *zone = strchr(name, '%');
    if (zone)
        *zone++ = 0;
    if (inet_pton(AF_INET6, name, &a->in6.sin6_addr) != 1)
        return STATUS_NOT_FOUND;
    a->in6.sin6_family = AF_INET6;
    a->in6.sin6_port = htons(d->port);
    if (zone) {
        char *end;
        unsigned long id = strtoul(zone, &end, 10);
        a->in6.sin6_scope_id = *end || end == zone ? if_nametoindex(zone) : (uint32_t)id;
        if (!a->in6.sin6_scope_id)
            return STATUS_BAD_NETWORK_PATH;
    }
    d->lens[0] = sizeof a->in6;
    d->n_addrs = 1;
    return STATUS_SUCCESS;
}

static void add_addr(struct dial *d, const struct ares_addrinfo_node *node)
{
    if (d->n_addrs == MAX_ADDRS || node->ai_addrlen > sizeof d->addrs[0])
        return;
    union any_addr *a = &d->addrs[d->n_addrs];
    memcpy(a, node->ai_addr, node->ai_addrlen);
    if (a->sa.sa_family == AF_INET)
        a->in.sin_port = htons(d->port);
    else
        a->in6.sin6_port = htons(d->port);
    d->lens[d->n_addrs++] = node->ai_addrlen;
}

/* Families in turn, starting with the one that the resolver's order (RFC 6724) puts first. */
static void take_addrs(struct dial *d, const struct ares_addrinfo *ai)
{
    int first = ai->nodes ? ai->nodes->ai_family : AF_INET6;
    const struct ares_addrinfo_node *cur[2] = { ai->nodes, ai->nodes };
    for (unsigned turn = 0; cur[0] || cur[1]; turn ^= 1) {
        const struct ares_addrinfo_node **p = &cur[turn];
        while (*p && (((*p)->ai_family != AF_INET && (*p)->ai_family != AF_INET6) ||
                      ((*p)->ai_family == first) != (turn == 0)))
            *p = (*p)->ai_next;
        if (*p) {
            add_addr(d, *p);
            *p = (*p)->ai_next;
        }
    }
}

static void resolved(void *arg, int status, int timeouts, struct ares_addrinfo *ai)
{
    struct dial *d = arg;
    (void)timeouts;
    d->resolving = false;
    if (status == ARES_SUCCESS && ai)
        take_addrs(d, ai);
    if (ai)
        ares_freeaddrinfo(ai);
    if (d->n_addrs == 0)
        d->failure = status == ARES_ENOMEM       ? STATUS_NO_MEMORY
                     : status == ARES_ETIMEOUT   ? STATUS_IO_TIMEOUT
                     : status == ARES_ECANCELLED ? STATUS_CANCELLED
                                                 : STATUS_BAD_NETWORK_PATH;
}

static enum nt_status resolve(struct dial *d)
{
    if (ares_init(&d->channel) != ARES_SUCCESS)
        return STATUS_NO_MEMORY;
    d->have_channel = d->resolving = true;
    struct ares_addrinfo_hints hints = { .ai_flags = ARES_AI_ENVHOSTS,
                                         .ai_family = AF_UNSPEC,
                                         .ai_socktype = SOCK_STREAM };
    hints.ai_flags = 0; /* no HOSTALIASES: the environment is not ours to obey */
    ares_getaddrinfo(d->channel, d->host, NULL, &hints, resolved, d);
    return STATUS_SUCCESS;
}

enum nt_status dial_start(const struct io_addr *to, uint64_t now, uint64_t deadline, struct dial **ret)
{
    struct dial *d = calloc(1, sizeof *d);
    if (!d)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < MAX_ADDRS; i++)
        d->fds[i] = -1;
    d->port = to->port;
    d->deadline = deadline;
    d->next_attempt = now;
    d->failure = STATUS_BAD_NETWORK_PATH;
    enum nt_status st = STATUS_SUCCESS;
    if (to->path) {
        struct sockaddr_un *un = &d->addrs[0].un;
        if (strlen(to->path) >= sizeof un->sun_path)
            st = STATUS_OBJECT_NAME_INVALID;
        else
            strcpy(un->sun_path, to->path);
        un->sun_family = AF_UNIX;
        d->lens[0] = sizeof *un;
        d->n_addrs = 1;
    } else if (!to->host || !to->host[0] || strlen(to->host) > MAX_HOST) {
        st = STATUS_BAD_NETWORK_PATH;
    } else {
        strcpy(d->host, to->host);
        st = numeric(d, to->host);
        if (st == STATUS_NOT_FOUND)
            st = resolve(d);
    }
    if (st != STATUS_SUCCESS) {
        dial_free(d);
        return st;
    }
    *ret = d;
    return STATUS_SUCCESS;
}

static void attempt_end(struct dial *d, size_t i, int err)
{
    if (d->fds[i] >= 0)
        close(d->fds[i]);
    d->fds[i] = -1;
    d->failure = nt_from_errno(err);
}

static void attempt_start(struct dial *d, size_t i)
{
    const union any_addr *a = &d->addrs[i];
    int fd = socket(a->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;
    if (fd < 0) {
        attempt_end(d, i, errno);
        return;
    }
    if (a->sa.sa_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* without it we are only slower */
    d->fds[i] = fd;
    d->at_once = connect(fd, &a->sa, d->lens[i]) == 0;
    d->full = !d->at_once && errno == EAGAIN && a->sa.sa_family == AF_UNIX;
    if (!d->at_once && errno != EINPROGRESS && errno != EINTR)
        attempt_end(d, i, errno);
}

static bool attempts_under_way(const struct dial *d)
{
    for (size_t i = 0; i < d->tried; i++)
        if (d->fds[i] >= 0)
            return true;
    return false;
}

/* Drops the attempts that failed; true, with its number, when one is connected. */
static bool attempt_won(struct dial *d, size_t *ret)
{
    for (size_t i = 0; i < d->tried; i++) {
        if (d->fds[i] < 0)
            continue;
        if (d->at_once && i + 1 == d->tried) {
            *ret = i;
            return true;
        }
        struct pollfd p = { .fd = d->fds[i], .events = POLLOUT };
        if (poll(&p, 1, 0) <= 0)
            continue;
        int err = 0;
        socklen_t len = sizeof err;
        if (getsockopt(d->fds[i], SOL_SOCKET, SO_ERROR, &err, &len) < 0)
            err = errno;
        if (err == 0) {
            *ret = i;
            return true;
        }
        attempt_end(d, i, err);
    }
    return false;
}

size_t dial_pollfds(struct dial *d, struct pollfd *p, size_t max)
{
    size_t n = 0;
    if (d->resolving) {
        ares_socket_t socks[ARES_GETSOCK_MAXNUM];
        int bits = ares_getsock(d->channel, socks, ARES_GETSOCK_MAXNUM);
        for (int i = 0; i < ARES_GETSOCK_MAXNUM && n < max; i++) {
            bool out =
                (unsigned)bits >> (i + ARES_GETSOCK_MAXNUM) & 1; /* c-ares' own macro shifts into the sign */
            short ev = (short)((ARES_GETSOCK_READABLE(bits, i) ? POLLIN : 0) | (out ? POLLOUT : 0));
            if (ev)
                p[n++] = (struct pollfd){ .fd = socks[i], .events = ev };
        }
    }
    for (size_t i = 0; i < d->tried && n < max; i++)
        if (d->fds[i] >= 0)
            p[n++] = (struct pollfd){ .fd = d->fds[i], .events = POLLOUT };
    return n;
}

uint64_t dial_next(struct dial *d)
{
    uint64_t next = d->deadline;
    if (d->resolving) {
        struct timeval tv, *t = ares_timeout(d->channel, NULL, &tv);
        if (t) {
            uint64_t at = nt_env_system()->monotonic(NULL) + (uint64_t)t->tv_sec * 1000000000U +
                          (uint64_t)t->tv_usec * 1000U;
            next = at < next ? at : next;
        }
    } else if (d->tried < d->n_addrs && d->next_attempt < next) {
        next = d->next_attempt;
    }
    return next;
}

static void resolver_turn(struct dial *d)
{
    struct pollfd p[ARES_GETSOCK_MAXNUM];
    size_t n = dial_pollfds(d, p, ARES_GETSOCK_MAXNUM);
    int ready = n ? poll(p, n, 0) : 0;
    for (size_t i = 0; ready > 0 && i < n && d->resolving; i++)
        if (p[i].revents)
            ares_process_fd(d->channel,
                            p[i].revents & (POLLIN | POLLERR | POLLHUP) ? p[i].fd : ARES_SOCKET_BAD,
                            p[i].revents & POLLOUT ? p[i].fd : ARES_SOCKET_BAD);
    if (d->resolving)
        ares_process_fd(d->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD); /* its time-outs */
}

enum nt_status dial_turn(struct dial *d, uint64_t now, int *ret_fd, char *peer, size_t peer_size)
{
    if (d->resolving)
        resolver_turn(d);
    if (d->resolving)
        return now >= d->deadline ? STATUS_IO_TIMEOUT : STATUS_PENDING;
    size_t won;
    for (;;) {
        if (attempt_won(d, &won)) {
            *ret_fd = d->fds[won];
            d->fds[won] = -1;
            fcntl(*ret_fd, F_SETFL, 0); /* O_NONBLOCK was all that it had */
            io_peer_text(&d->addrs[won].sa, peer, peer_size);
            return STATUS_SUCCESS;
        }
        bool busy = attempts_under_way(d);
        if (d->full) {
            d->full = false;
            d->tried--;
            d->next_attempt = now + FULL_DELAY;
            return now >= d->deadline ? STATUS_IO_TIMEOUT : STATUS_PENDING;
        }
        if (d->tried == d->n_addrs && !busy)
            return d->failure;
        if (d->tried < d->n_addrs && ((!busy && d->tried) || now >= d->next_attempt)) {
            attempt_start(d, d->tried++);
            d->next_attempt = now + ATTEMPT_DELAY;
            continue;
        }
        return now >= d->deadline ? STATUS_IO_TIMEOUT : STATUS_PENDING;
    }
}

void dial_free(struct dial *d)
{
    if (!d)
        return;
    if (d->have_channel)
        ares_destroy(d->channel);
    for (size_t i = 0; i < MAX_ADDRS; i++)
        if (d->fds[i] >= 0)
            close(d->fds[i]);
    free(d);
}
