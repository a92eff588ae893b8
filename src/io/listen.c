// SPDX-License-Identifier: Apache-2.0
/* Listening sockets of a loop over descriptors. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
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
    const struct sockaddr_in6 *six = (const void *)sa;
    *peer = 0;
    if (sa->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
        snprintf(peer, size, "%s:%u", inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], ip, sizeof ip),
                 ntohs(six->sin6_port));
    } else if (sa->sa_family == AF_INET) {
        memcpy(&a.in, sa, sizeof a.in);
        snprintf(peer, size, "%s:%u", inet_ntop(AF_INET, &a.in.sin_addr, ip, sizeof ip),
                 ntohs(a.in.sin_port));
    } else if (sa->sa_family == AF_INET6) {
        memcpy(&a.in6, sa, sizeof a.in6);
        snprintf(peer, size, "[%s]:%u", inet_ntop(AF_INET6, &a.in6.sin6_addr, ip, sizeof ip),
                 ntohs(a.in6.sin6_port));
    } else if (sa->sa_family == AF_UNIX) {
        const char *path = ((const struct sockaddr_un *)(const void *)sa)->sun_path;
        snprintf(peer, size, "%.*s", (int)sizeof a.un.sun_path, path); /* a long one has no end */
    }
}

void io_here(int fd, char *buf, size_t size)
{
    union addr a = { .un = { .sun_family = AF_UNSPEC } };
    socklen_t len = sizeof a;
    *buf = 0;
    if (getsockname(fd, &a.sa, &len) == 0)
        io_peer_text(&a.sa, buf, size);
}

void io_peer_key(const char *peer, uint8_t ret[IO_PEER_KEY])
{
    static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
    char host[INET6_ADDRSTRLEN] = "";
    uint8_t addr[16];
    size_t len = io_host_len(peer);
    if (len >= 2 && peer[0] == '[' && peer[len - 1] == ']')
        peer++, len -= 2;
    snprintf(host, sizeof host, "%.*s", (int)(len < sizeof host ? len : sizeof host - 1), peer);
    memset(ret, 0, IO_PEER_KEY);
    bool four = inet_pton(AF_INET, host, addr) == 1, six = !four && inet_pton(AF_INET6, host, addr) == 1;
    bool inside = six && memcmp(addr, mapped, sizeof mapped) == 0;
    ret[0] = four || inside ? 4 : six ? 6 : 't';
    if (four || inside)
        memcpy(ret + 1, inside ? addr + sizeof mapped : addr, 4);
    else if (six)
        memcpy(ret + 1, addr, 8);
    else
        memcpy(ret + 1, host, strnlen(host, IO_PEER_KEY - 1));
}

/* Accepted sockets inherit these from the listener: no delay; a peer that has silently gone is noticed after
 * two minutes without a word and four probes; one that takes nothing of what is sent is given up after a
 * minute. All are wishes: without them we are only slower. */
#define KEEP_IDLE     120
#define KEEP_INTERVAL 15
#define KEEP_PROBES   4
#define TAKES_NOTHING 60000u

void io_tcp_options(int fd)
{
    int on = 1, idle = KEEP_IDLE, interval = KEEP_INTERVAL, probes = KEEP_PROBES;
    unsigned timeout = TAKES_NOTHING;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
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
    io_tcp_options(fd);
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

static void begin(struct nt_loop *loop, struct io_listener *l, int fd,
                  void (*accepted)(struct io_listener *l, int fd, const char *peer))
{
    *l = (struct io_listener){
        .accepted = accepted, .next = loop->listeners, .link = &loop->listeners, .loop = loop, .fd = fd
    };
    if (l->next)
        l->next->link = &l->next;
    loop->listeners = l;
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
    if (!host && st == nt_from_errno(EAFNOSUPPORT) && parse("0.0.0.0", port, &a, &len) == STATUS_SUCCESS)
        st = open_socket(&a, len, false, &fd); /* a machine without IPv6 */
    if (st != STATUS_SUCCESS)
        return st;
    len = sizeof a;
    if (getsockname(fd, &a.sa, &len) == 0)
        *ret_port = ntohs(a.sa.sa_family == AF_INET ? a.in.sin_port : a.in6.sin6_port);
    begin(loop, l, fd, accepted);
    return STATUS_SUCCESS;
}

static bool is_set(int fd, int option, int expected)
{
    int value = 0;
    socklen_t len = sizeof value;
    return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 && value == expected;
}

/* Whoever made it may still have it, and may have made it for another loop: what we rely on is set here. */
enum nt_status io_listen_fd(struct nt_loop *loop, struct io_listener *l, int fd,
                            void (*accepted)(struct io_listener *l, int fd, const char *peer),
                            uint16_t *ret_port)
{
    union addr a;
    socklen_t len = sizeof a;
    int flags = fcntl(fd, F_GETFL);
    memset(&a, 0, sizeof a);
    if (!loop->ops->listens)
        return STATUS_NOT_SUPPORTED;
    if (flags < 0 || !is_set(fd, SO_TYPE, SOCK_STREAM) || !is_set(fd, SO_ACCEPTCONN, 1) ||
        getsockname(fd, &a.sa, &len) != 0)
        return STATUS_INVALID_PARAMETER;
    if (a.sa.sa_family != AF_INET && a.sa.sa_family != AF_INET6 && a.sa.sa_family != AF_UNIX)
        return STATUS_INVALID_PARAMETER;
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
        return nt_from_errno(errno);
    if (a.sa.sa_family != AF_UNIX)
        io_tcp_options(fd);
    *ret_port = a.sa.sa_family == AF_INET    ? ntohs(a.in.sin_port)
                : a.sa.sa_family == AF_INET6 ? ntohs(a.in6.sin6_port)
                                             : 0;
    begin(loop, l, fd, accepted);
    return STATUS_SUCCESS;
}

/* ---- unix sockets ---- */

/* How long another server may be busy in the same directory with what start_local does. */
#define LOCK_TRIES 100
#define LOCK_PAUSE 5000000

/* Looking whether a socket is dead and replacing it must be one step, or two servers that start together
 * would each take the other's away. The lock is on the directory, so nothing stays behind; it is held for
 * microseconds, and whoever holds it longer makes us fail, not wait. */
static enum nt_status lock_directory(const char *path, int *ret)
{
    char dir[sizeof((struct sockaddr_un *)NULL)->sun_path];
    const char *slash = strrchr(path, '/');
    size_t n = slash == path ? 1 : (size_t)(slash - path);
    memcpy(dir, path, n);
    dir[n] = 0;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? STATUS_OBJECT_PATH_NOT_FOUND : nt_from_errno(errno);
    for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
        int e = errno;
        if (e != EINTR && (e != EWOULDBLOCK || i == LOCK_TRIES)) {
            close(fd);
            return e == EWOULDBLOCK ? STATUS_SHARING_VIOLATION : nt_from_errno(e);
        }
        nanosleep(&(struct timespec){ .tv_nsec = LOCK_PAUSE }, NULL);
    }
    *ret = fd;
    return STATUS_SUCCESS;
}

/* A socket file whose server has gone. */
static bool is_dead(const struct sockaddr_un *a)
{
    struct stat st;
    if (lstat(a->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool dead = fd >= 0 && connect(fd, (const struct sockaddr *)a, sizeof *a) != 0 && errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return dead;
}

/* The file takes the mode of the socket, less the umask; unix(7). What is missing is put right afterwards: nobody
 * can connect before listen(2), so the mode is right when the first one does. */
static enum nt_status start_local(int fd, const struct sockaddr_un *a, unsigned mode, struct stat *ret_file)
{
    const struct sockaddr *sa = (const struct sockaddr *)a;
    (void)!fchmod(fd, mode & 0777);
    int rc = bind(fd, sa, sizeof *a);
    if (rc != 0 && errno == EADDRINUSE && is_dead(a) && unlink(a->sun_path) == 0)
        rc = bind(fd, sa, sizeof *a);
    else if (rc != 0 && errno != EADDRINUSE)
        return nt_from_errno(errno);
    if (rc != 0)
        return STATUS_ADDRESS_ALREADY_ASSOCIATED;
    /* Whoever else may write to the directory could have put a link there meanwhile. Older C libraries need /proc for this,
     * which a program in a jail has not. */
    rc = lstat(a->sun_path, ret_file);
    if (rc == 0 && (ret_file->st_mode & 0777) != (mode & 0777))
        rc = fchmodat(AT_FDCWD, a->sun_path, mode & 0777, AT_SYMLINK_NOFOLLOW);
    if (rc == 0 && listen(fd, SOMAXCONN) == 0)
        return STATUS_SUCCESS;
    enum nt_status st = nt_from_errno(errno);
    unlink(a->sun_path);
    return st;
}

enum nt_status io_listen_local(struct nt_loop *loop, struct io_listener *l, const char *path, unsigned mode,
                               void (*accepted)(struct io_listener *l, int fd, const char *peer))
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    struct stat file;
    int lock = -1;
    if (!loop->ops->listens)
        return STATUS_NOT_SUPPORTED;
    if (path[0] != '/' || strlen(path) >= sizeof a.sun_path)
        return STATUS_INVALID_PARAMETER;
    strcpy(a.sun_path, path);
    char *copy = strdup(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    enum nt_status st = !copy ? STATUS_NO_MEMORY : fd < 0 ? nt_from_errno(errno) : STATUS_SUCCESS;
    if (st == STATUS_SUCCESS)
        st = lock_directory(path, &lock);
    if (st == STATUS_SUCCESS)
        st = start_local(fd, &a, mode, &file);
    if (lock >= 0)
        close(lock);
    if (st != STATUS_SUCCESS) {
        if (fd >= 0)
            close(fd);
        free(copy);
        return st;
    }
    begin(loop, l, fd, accepted);
    l->path = copy;
    l->dev = file.st_dev;
    l->ino = file.st_ino;
    return STATUS_SUCCESS;
}

/* Before the socket is closed: while it lives, no other server replaces the file. */
static void remove_file(struct io_listener *l)
{
    struct stat st;
    if (l->path && lstat(l->path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino)
        unlink(l->path);
    free(l->path);
    l->path = NULL;
}

void io_listen_stop(struct io_listener *l)
{
    if (!l->loop)
        return;
    *l->link = l->next;
    if (l->next)
        l->next->link = l->link;
    l->loop->ops->unlisten(l->loop, l);
    l->loop = NULL;
    remove_file(l);
    close(l->fd);
}

bool io_listener_turn(struct io_listener *l, uint64_t now)
{
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        union addr a = { .un = { .sun_family = AF_UNSPEC } };
        socklen_t len = sizeof a;
        char peer[80] = "";
        int fd = accept4(l->fd, &a.sa, &len, SOCK_CLOEXEC);
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0) {
            if (errno != EAGAIN && errno != EWOULDBLOCK)
                l->resume = now + ACCEPT_PAUSE;
            return i > 0;
        }
        io_peer_text(&a.sa, peer, sizeof peer);
        struct nt_loop *loop = l->loop;
        l->accepted(l, fd, peer);
        if (l->loop != loop)
            return true;
    }
    return true;
}
