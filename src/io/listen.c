// SPDX-License-Identifier: Apache-2.0
/* Listening sockets of a loop over descriptors. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "io/m_poll.h"

/* Connections taken in one turn, so that a flood of them does not keep the others waiting. */
#define ACCEPTS_PER_TURN 64
/* Pause after accept(2) ran out of descriptors or memory. */
#define ACCEPT_PAUSE UINT64_C(100000000)

union addr {
    struct sockaddr sa;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
};

void io_peer_text(const struct sockaddr *sa, char *peer, size_t size)
{
    union addr a;
    char ip[INET6_ADDRSTRLEN];
    if (sa->sa_family == AF_INET) {
        memcpy(&a.in, sa, sizeof a.in);
        snprintf(peer, size, "%s:%u", inet_ntop(AF_INET, &a.in.sin_addr, ip, sizeof ip),
                 ntohs(a.in.sin_port));
    } else if (sa->sa_family == AF_INET6) {
        memcpy(&a.in6, sa, sizeof a.in6);
        snprintf(peer, size, "[%s]:%u", inet_ntop(AF_INET6, &a.in6.sin6_addr, ip, sizeof ip),
                 ntohs(a.in6.sin6_port));
    } else if (sa->sa_family == AF_UNIX) {
        snprintf(peer, size, "%s", ((const struct sockaddr_un *)(const void *)sa)->sun_path);
    }
}

/* All addresses: IPv6 with IPv4 mapped into it. */
static enum nt_status parse(const char *host, uint16_t port, union addr *a, socklen_t *ret_len)
{
    memset(a, 0, sizeof *a);
    if (host && inet_pton(AF_INET, host, &a->in.sin_addr) == 1) {
        a->in.sin_family = AF_INET;
        a->in.sin_port = htons(port);
        *ret_len = sizeof a->in;
        return STATUS_SUCCESS;
    }
    if (host && inet_pton(AF_INET6, host, &a->in6.sin6_addr) != 1)
        return STATUS_INVALID_PARAMETER;
    a->in6.sin6_family = AF_INET6;
    a->in6.sin6_port = htons(port);
    *ret_len = sizeof a->in6;
    return STATUS_SUCCESS;
}

static enum nt_status open_socket(const union addr *a, socklen_t len, bool all, int *ret)
{
    int fd = socket(a->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, v6only = !all;
    if (fd < 0)
        return nt_from_errno(errno);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (a->sa.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof v6only);
    if (bind(fd, &a->sa, len) != 0 || listen(fd, SOMAXCONN) != 0) {
        enum nt_status st = nt_from_errno(errno);
        close(fd);
        return st;
    }
    *ret = fd;
    return STATUS_SUCCESS;
}

enum nt_status io_listen(struct nt_loop *loop, struct io_listener *l, const char *host, uint16_t port,
                         void (*accepted)(struct io_listener *l, int fd, const char *peer),
                         uint16_t *ret_port)
{
    union addr a;
    socklen_t len = 0;
    int fd = -1;
    if (!loop->ops->listens)
        return STATUS_NOT_SUPPORTED;
    enum nt_status st = parse(host, port, &a, &len);
    if (st == STATUS_SUCCESS)
        st = open_socket(&a, len, !host, &fd);
    if (st != STATUS_SUCCESS)
        return st;
    len = sizeof a;
    if (getsockname(fd, &a.sa, &len) == 0)
        *ret_port = ntohs(a.sa.sa_family == AF_INET ? a.in.sin_port : a.in6.sin6_port);
    *l = (struct io_listener){ accepted, loop->listeners, &loop->listeners, loop, fd, 0 };
    if (l->next)
        l->next->link = &l->next;
    loop->listeners = l;
    return STATUS_SUCCESS;
}

void io_listen_stop(struct io_listener *l)
{
    if (!l->loop)
        return;
    *l->link = l->next;
    if (l->next)
        l->next->link = l->link;
    l->loop = NULL;
    close(l->fd);
}

bool io_listener_turn(struct io_listener *l, uint64_t now)
{
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        union addr a = { .un = { .sun_family = AF_UNSPEC } };
        socklen_t len = sizeof a;
        char peer[80] = "";
        int one = 1, fd = accept4(l->fd, &a.sa, &len, SOCK_CLOEXEC);
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0) {
            if (errno != EAGAIN && errno != EWOULDBLOCK)
                l->resume = now + ACCEPT_PAUSE;
            return i > 0;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        io_peer_text(&a.sa, peer, sizeof peer);
        struct nt_loop *loop = l->loop;
        l->accepted(l, fd, peer);
        if (l->loop != loop)
            return true;
    }
    return true;
}
