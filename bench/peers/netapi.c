// SPDX-License-Identifier: Apache-2.0
/* Samba's libnetapi under the same workloads as load.c.   netapi HOST USER PASSWORD WORKLOAD [N] */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <netapi.h>

static double wall(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static double cpu(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return r.ru_utime.tv_sec + r.ru_stime.tv_sec + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static void check(const char *what, unsigned st)
{
    if (st && st != 234 && st != 259) {
        fprintf(stderr, "netapi: %s: %u\n", what, st);
        exit(1);
    }
}

static void getinfo(const char *host)
{
    uint8_t *buf = NULL;
    check("NetServerGetInfo", NetServerGetInfo(host, 101, &buf));
    NetApiBufferFree(buf);
}

static unsigned userenum(const char *host)
{
    unsigned total = 0, st;
    uint32_t read, entries, resume = 0;
    do {
        uint8_t *buf = NULL;
        read = 0;
        st = NetUserEnum(host, 0, 0, &buf, 0xffffffff, &read, &entries, &resume);
        check("NetUserEnum", st);
        total += read;
        NetApiBufferFree(buf);
    } while (st == 234);
    return total;
}

static unsigned querydisp(const char *host)
{
    unsigned total = 0, st;
    uint32_t read, index = 0;
    do {
        struct NET_DISPLAY_USER *users = NULL;
        read = 0;
        st = NetQueryDisplayInformation(host, 1, index, 1000, 0xffff, &read, (void **)&users);
        check("NetQueryDisplayInformation", st);
        total += read;
        if (read)
            index = users[read - 1].usri1_next_index;
        NetApiBufferFree(users);
    } while (st == 234 && read);
    return total;
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    struct libnetapi_ctx *ctx;
    const char *host = argv[1], *what = argv[4];
    unsigned n = argc > 5 ? (unsigned)atoi(argv[5]) : 1, done = n;
    if (libnetapi_init(&ctx))
        return 1;
    libnetapi_set_username(ctx, argv[2]);
    libnetapi_set_password(ctx, argv[3]);
    getinfo(host); /* connects */
    double c0 = cpu(), t0 = wall();
    if (!strcmp(what, "loop"))
        for (unsigned i = 0; i < n; i++)
            getinfo(host);
    else if (!strcmp(what, "userenum"))
        done = userenum(host);
    else if (!strcmp(what, "querydisp"))
        done = querydisp(host);
    double c = cpu() - c0, t = wall() - t0;
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    printf("libnetapi %s items=%u wall=%.6f cpu=%.6f rss_kib=%ld\n", what, done, t, c, r.ru_maxrss);
    return 0;
}
