// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "activate.h"

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */

struct table {
    const struct activate_kind *kinds;
    unsigned n;
};

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

static enum nt_status look(const struct activate_kind *kind, struct activate_socket *s, struct nt_error *err)
{
    union addr a;
    socklen_t len = sizeof a;
    const char *name = kind->name;
    memset(&a, 0, sizeof a);
    if (getsockname(s->fd, &a.sa, &len) != 0)
        return bad(err, s->fd, name, "not a socket");
    if (!option_is(s->fd, SO_TYPE, SOCK_STREAM))
        return bad(err, s->fd, name, "not a stream socket");
    if (!option_is(s->fd, SO_ACCEPTCONN, 1))
        return bad(err, s->fd, name, "does not listen; Accept=no is needed");
    bool inet = a.sa.sa_family == AF_INET || a.sa.sa_family == AF_INET6;
    if (!((inet && kind->tcp) || (a.sa.sa_family == AF_UNIX && kind->local)))
        return bad(err, s->fd, name, kind->tcp ? "not an IPv4 or IPv6 socket" : "not a unix socket");
    if (a.sa.sa_family == AF_INET) {
        inet_ntop(AF_INET, &a.in.sin_addr, s->address, sizeof s->address);
        s->port = ntohs(a.in.sin_port);
    } else if (a.sa.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &a.in6.sin6_addr, s->address, sizeof s->address);
        s->port = ntohs(a.in6.sin6_port);
    }
    int flags = fcntl(s->fd, F_GETFL);
    if (flags < 0 || fcntl(s->fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(s->fd, F_SETFD, FD_CLOEXEC) != 0)
        return bad(err, s->fd, name, strerror(errno));
    return STATUS_SUCCESS;
}

static bool kind_of(const struct table *t, const char *name, size_t len, unsigned *ret)
{
    for (unsigned i = 0; i < t->n; i++)
        if (strlen(t->kinds[i].name) == len && memcmp(t->kinds[i].name, name, len) == 0) {
            *ret = i;
            return true;
        }
    return false;
}

/* "smb, epmapper, rpc or metrics" */
static void list_names(const struct table *t, char *ret, size_t size)
{
    size_t len = 0;
    *ret = 0;
    for (unsigned i = 0; i < t->n && len < size; i++)
        len += (size_t)snprintf(ret + len, size - len, "%s%s",
                                i == 0          ? ""
                                : i + 1 == t->n ? " or "
                                                : ", ",
                                t->kinds[i].name);
}

/* `fds` sockets with as many names, separated by colons. */
static enum nt_status take(const struct table *t, struct activate *a, long fds, const char *text,
                           struct nt_error *err)
{
    char names[128];
    if (fds > (long)ACTIVATE_MAX)
        return nt_error_set(err, STATUS_INVALID_PARAMETER, "socket activation: %ld sockets are more than %u",
                            fds, ACTIVATE_MAX);
    for (a->n = 0; a->n < (unsigned)fds; a->n++) {
        struct activate_socket *s = &a->sockets[a->n];
        size_t len = text ? strcspn(text, ":") : 0;
        s->fd = FIRST_FD + (int)a->n;
        if (!text || !kind_of(t, text, len, &s->kind)) {
            list_names(t, names, sizeof names);
            return nt_error_set(
                err, STATUS_INVALID_PARAMETER,
                "socket activation: descriptor %d is called \"%.*s\"; FileDescriptorName= has to be %s",
                s->fd, (int)len, text ? text : "", names);
        }
        enum nt_status st = look(&t->kinds[s->kind], s, err);
        if (st != STATUS_SUCCESS)
            return st;
        text = text[len] ? text + len + 1 : NULL;
    }
    return STATUS_SUCCESS;
}

enum nt_status activate_read(const struct activate_kind *kinds, unsigned n, struct activate *ret,
                             struct nt_error *err)
{
    const struct table t = { kinds, n };
    struct activate a;
    long fds = number(getenv("LISTEN_FDS"), 1 << 20);
    const char *pid = getenv("LISTEN_PID"); /* the variables may be a parent's */
    memset(&a, 0, sizeof a);
    enum nt_status st = STATUS_SUCCESS;
    if (fds > 0 && number(pid, 1L << 30) == (long)getpid())
        st = take(&t, &a, fds, getenv("LISTEN_FDNAMES"), err);
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDNAMES");
    if (st == STATUS_SUCCESS)
        *ret = a;
    return st;
}

unsigned activate_count(const struct activate *a, unsigned kind)
{
    unsigned n = 0;
    for (unsigned i = 0; i < a->n; i++)
        n += a->sockets[i].kind == kind;
    return n;
}

int activate_fd(const struct activate *a, unsigned kind)
{
    for (unsigned i = 0; i < a->n; i++)
        if (a->sockets[i].kind == kind)
            return a->sockets[i].fd;
    return -1;
}
