// SPDX-License-Identifier: Apache-2.0
/* Runs a command from a process that is itself tiny (the peak size of a child starts with its parent's) and
 * prints wall and CPU milliseconds and resident KiB of that one run.   cold COMMAND [ARG...] */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
    int status;
    struct rusage r;
    double t = now();
    pid_t child = argc > 1 ? fork() : -1;
    if (child == 0) {
        int null = open("/dev/null", O_RDWR);
        for (int fd = 0; fd < 3; fd++)
            dup2(null, fd);
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &r) < 0)
        return 2;
    t = now() - t;
    printf("%.3f %.3f %ld\n", t,
           (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1e3 +
               (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e3,
           r.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
