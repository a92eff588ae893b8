// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "activate.h"

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */

static const char *const names[ACTIVATE_NAMES] = { "smb", "epmapper", "rpc", "metrics" };

union addr {
    struct sockaddr sa;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
};

/* A decimal number, whole; -1 for none. */
static long number(const char *text, long max)
{
    char *end;
    if (!text || *text < '0' || *text > '9')
        return -1;
    errno = 0;
    long n = strtol(text, &end, 10);
    return *end || errno || n > max ? -1 : n;
}

static bool option_is(int fd, int option, int expected)
{
    int value = -1;
    socklen_t len = sizeof value;
    return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 && value == expected;
}

static enum nt_status bad(struct nt_error *err, int fd, const char *name, const char *what)
{
    return nt_error_set(err, STATUS_INVALID_PARAMETER, "socket activation: descriptor %d (%s): %s", fd, name,
                        what);
}

static enum nt_status look(struct activate_socket *s, struct nt_error *err)
{
    union addr a;
    socklen_t len = sizeof a;
    const char *name = names[s->name];
    memset(&a, 0, sizeof a);
    if (getsockname(s->fd, &a.sa, &len) != 0)
        return bad(err, s->fd, name, "not a socket");
    if (!option_is(s->fd, SO_TYPE, SOCK_STREAM))
        return bad(err, s->fd, name, "not a stream socket");
    if (!option_is(s->fd, SO_ACCEPTCONN, 1))
        return bad(err, s->fd, name, "does not listen; Accept=no is needed");
    if (a.sa.sa_family == AF_INET) {
        inet_ntop(AF_INET, &a.in.sin_addr, s->address, sizeof s->address);
        s->port = ntohs(a.in.sin_port);
    } else if (a.sa.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &a.in6.sin6_addr, s->address, sizeof s->address);
        s->port = ntohs(a.in6.sin6_port);
    } else if (a.sa.sa_family != AF_UNIX || s->name != ACTIVATE_METRICS) {
        return bad(err, s->fd, name, "not an IPv4 or IPv6 socket");
    }
    int flags = fcntl(s->fd, F_GETFL);
    if (flags < 0 || fcntl(s->fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(s->fd, F_SETFD, FD_CLOEXEC) != 0)
        return bad(err, s->fd, name, strerror(errno));
    return STATUS_SUCCESS;
}

static bool name_is(const char *name, size_t len, enum activate_name *ret)
{
    for (unsigned i = 0; i < ACTIVATE_NAMES; i++)
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0) {
            *ret = (enum activate_name)i;
            return true;
        }
    return false;
}

/* `fds` sockets with as many names, separated by colons. */
static enum nt_status take(struct activate *a, long fds, const char *text, struct nt_error *err)
{
    if (fds > (long)ACTIVATE_MAX)
        return nt_error_set(err, STATUS_INVALID_PARAMETER, "socket activation: %ld sockets are more than %u",
                            fds, ACTIVATE_MAX);
    for (a->n = 0; a->n < (unsigned)fds; a->n++) {
        struct activate_socket *s = &a->sockets[a->n];
        size_t len = text ? strcspn(text, ":") : 0;
        s->fd = FIRST_FD + (int)a->n;
        if (!text || !name_is(text, len, &s->name))
            return nt_error_set(
                err, STATUS_INVALID_PARAMETER,
                "socket activation: descriptor %d is called \"%.*s\"; FileDescriptorName= has to be smb, "
                "epmapper, rpc or metrics",
                s->fd, (int)len, text ? text : "");
        enum nt_status st = look(s, err);
        if (st != STATUS_SUCCESS)
            return st;
        text = text[len] ? text + len + 1 : NULL;
    }
    return STATUS_SUCCESS;
}

enum nt_status activate_read(struct activate *ret, struct nt_error *err)
{
    struct activate a;
    long fds = number(getenv("LISTEN_FDS"), 1 << 20);
    const char *pid = getenv("LISTEN_PID"); /* the variables may be a parent's */
    memset(&a, 0, sizeof a);
    enum nt_status st = STATUS_SUCCESS;
    if (fds > 0 && number(pid, 1L << 30) == (long)getpid())
        st = take(&a, fds, getenv("LISTEN_FDNAMES"), err);
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDNAMES");
    if (st == STATUS_SUCCESS)
        *ret = a;
    return st;
}

unsigned activate_count(const struct activate *a, enum activate_name name)
{
    unsigned n = 0;
    for (unsigned i = 0; i < a->n; i++)
        n += a->sockets[i].name == name;
    return n;
}

bool activate_any(const struct activate *a)
{
    return a->n > activate_count(a, ACTIVATE_METRICS);
}
