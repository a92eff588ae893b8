// SPDX-License-Identifier: Apache-2.0
/* The floor of a warm call: 200 bytes out, 250 back over loopback TCP, nothing else.   echo N */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double cpu(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
           (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
    static char buf[4096];
    int n = argc > 1 ? atoi(argv[1]) : 10000, one = 1, l = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof a;
    if (l < 0 || bind(l, (struct sockaddr *)&a, len) || listen(l, 1) ||
        getsockname(l, (struct sockaddr *)&a, &len))
        return 1;
    pid_t child = fork();
    if (child < 0)
        return 1;
    if (child == 0) {
        int s = accept(l, NULL, NULL);
        setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        while (recv(s, buf, sizeof buf, 0) > 0 && send(s, buf, 250, 0) == 250)
            ;
        _exit(0);
    }
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (s < 0 || connect(s, (struct sockaddr *)&a, len))
        return 1;
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    double c = cpu();
    for (int i = 0; i < n; i++)
        if (send(s, buf, 200, 0) != 200 || recv(s, buf, sizeof buf, 0) <= 0)
            return 1;
    c = cpu() - c;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    printf("echo roundtrip items=%d wall=0 cpu=%.6f rss_kib=0\n", n, c);
    return 0;
}
