// SPDX-License-Identifier: Apache-2.0
/*
 * The floor of what a daemon in between costs: octets of a unix socket go to a TCP port and back, by poll,
 * read and write, and nothing else is done.   relay SOCKET ADDRESS PORT
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MOST 1024

static struct pollfd fds[1 + 2 * MOST]; /* the listener; then pairs, local and remote */
static struct sockaddr_in server;

static int far_end(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (fd < 0 || connect(fd, (struct sockaddr *)&server, sizeof server)) {
        perror("relay: connect");
        exit(1);
    }
    return fd;
}

static nfds_t take(nfds_t n)
{
    int near = accept(fds[0].fd, NULL, NULL);
    if (near < 0 || n + 2 > sizeof fds / sizeof fds[0])
        exit(1);
    fds[n++] = (struct pollfd){ .fd = near, .events = POLLIN };
    fds[n++] = (struct pollfd){ .fd = far_end(), .events = POLLIN };
    return n;
}

/* False: one side has ended. */
static int pass(int from, int to)
{
    static char buf[65536];
    ssize_t n = read(from, buf, sizeof buf), done = 0;
    while (n > 0 && done < n) {
        ssize_t k = write(to, buf + done, (size_t)(n - done));
        if (k <= 0)
            return 0;
        done += k;
    }
    return n > 0;
}

int main(int argc, char **argv)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    nfds_t n = 1;
    if (argc != 4 || strlen(argv[1]) >= sizeof a.sun_path)
        return 2;
    memcpy(a.sun_path, argv[1], strlen(argv[1]) + 1);
    server = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[3])) };
    inet_pton(AF_INET, argv[2], &server.sin_addr);
    fds[0] = (struct pollfd){ .fd = socket(AF_UNIX, SOCK_STREAM, 0), .events = POLLIN };
    if (fds[0].fd < 0 || bind(fds[0].fd, (struct sockaddr *)&a, sizeof a) || listen(fds[0].fd, 128))
        return 1;
    puts("ready");
    fflush(stdout);
    while (poll(fds, n, -1) > 0) {
        for (nfds_t i = 1; i < n; i++) {
            nfds_t other = i % 2 ? i + 1 : i - 1;
            if (fds[i].fd < 0 || !fds[i].revents || pass(fds[i].fd, fds[other].fd))
                continue;
            close(fds[i].fd);
            close(fds[other].fd);
            fds[i].fd = fds[other].fd = -1;
        }
        if (fds[0].revents)
            n = take(n);
    }
    return 0;
}
