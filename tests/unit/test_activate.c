// SPDX-License-Identifier: Apache-2.0
/* msrpcd as a service: the sockets it is handed, and what it tells the manager. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "../../daemons/common/activate.h"
#include "../../daemons/common/notify.h"

#define MS UINT64_C(1000000)

/* ---- sockets ---- */

union addr {
    struct sockaddr sa;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
};

/* A socket of a kind at descriptor `at`: 4, 6, u(nix), d(atagram), n(ot listening), f(ile). */
static void put(int at, char kind)
{
    union addr a;
    socklen_t len = sizeof a.in;
    memset(&a, 0, sizeof a);
    a.in.sin_family = AF_INET;
    a.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (kind == '6') {
        a.in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
        len = sizeof a.in6;
    } else if (kind == 'u') {
        a.un = (struct sockaddr_un){ .sun_family = AF_UNIX };
        len = sizeof a.sa.sa_family; /* a name that the kernel chooses */
    }
    int fd = kind == 'f' ? open("/dev/null", O_RDONLY)
                         : socket(a.sa.sa_family, kind == 'd' ? SOCK_DGRAM : SOCK_STREAM, 0);
    if (kind != 'f' && bind(fd, &a.sa, len) != 0)
        _exit(90);
    if (kind != 'f' && kind != 'd' && kind != 'n' && listen(fd, 1) != 0)
        _exit(91);
    if (fd != at && (dup2(fd, at) != at || close(fd) != 0))
        _exit(92);
}

struct handed {
    const char *kinds, *names;
    const char *pid; /* NULL: ours */
    const char *fds; /* NULL: as many as kinds */
    enum nt_status expected;
    const char *says;
};

static const struct handed *now;

static bool same_ports(const struct activate *a)
{
    for (unsigned i = 0; i < a->n; i++) {
        const struct activate_socket *s = &a->sockets[i];
        const char *address = now->kinds[i] == '4' ? "127.0.0.1" : now->kinds[i] == '6' ? "::1" : "";
        if (strcmp(s->address, address) != 0 || s->fd != 3 + (int)i || !s->port != (now->kinds[i] == 'u'))
            return false;
        if (!(fcntl(s->fd, F_GETFD) & FD_CLOEXEC) || !(fcntl(s->fd, F_GETFL) & O_NONBLOCK))
            return false;
    }
    return true;
}

static int child(void)
{
    struct nt_error err = { "" };
    struct activate a;
    char pid[32], fds[32];
    memset(&a, 0xcc, sizeof a);
    for (int fd = 3; fd < 100; fd++)
        close(fd);
    for (int i = 0; now->kinds[i]; i++)
        put(3 + i, now->kinds[i]);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    snprintf(fds, sizeof fds, "%zu", strlen(now->kinds));
    setenv("LISTEN_PID", now->pid ? now->pid : pid, 1);
    setenv("LISTEN_FDS", now->fds ? now->fds : fds, 1);
    if (now->names)
        setenv("LISTEN_FDNAMES", now->names, 1);
    else
        unsetenv("LISTEN_FDNAMES");
    static const struct activate_kind kinds[] = { { "smb", true, false },
                                                  { "epmapper", true, false },
                                                  { "rpc", true, false },
                                                  { "metrics", true, true },
                                                  { "npcmux", false, true } };
    enum nt_status st = activate_read(kinds, sizeof kinds / sizeof kinds[0], &a, &err);
    if (st != now->expected || getenv("LISTEN_PID") || getenv("LISTEN_FDS") || getenv("LISTEN_FDNAMES"))
        return 1;
    if (st != STATUS_SUCCESS)
        return a.n == 0xcccccccc && strstr(err.text, now->says) ? 0 : 2;
    if (now->says) /* nothing is handed over */
        return a.n == 0 ? 0 : 3;
    if (a.n != strlen(now->kinds) || !same_ports(&a))
        return 4;
    return 0;
}

static void sockets(void **state)
{
    static const struct handed cases[] = {
        { .kinds = "46464", .names = "smb:smb:epmapper:epmapper:rpc", .expected = STATUS_SUCCESS },
        { .kinds = "u4", .names = "metrics:metrics", .expected = STATUS_SUCCESS },
        { .kinds = "u", .names = "npcmux", .expected = STATUS_SUCCESS },
        { .kinds = "4",
          .names = "npcmux",
          .expected = STATUS_INVALID_PARAMETER,
          .says = "3 (npcmux): not a unix socket" },
        { .kinds = "", .names = "", .says = "", .expected = STATUS_SUCCESS },
        { .kinds = "4", .names = "smb", .pid = "1", .says = "", .expected = STATUS_SUCCESS }, /* a parent's */
        { .kinds = "4", .names = "smb", .pid = "", .says = "", .expected = STATUS_SUCCESS },
        { .kinds = "4", .names = "smb", .fds = "x", .says = "", .expected = STATUS_SUCCESS },
        { .kinds = "4", .names = "smb", .fds = "-1", .says = "", .expected = STATUS_SUCCESS },
        { .kinds = "4",
          .names = "smb",
          .fds = "65",
          .expected = STATUS_INVALID_PARAMETER,
          .says = "more than 64" },
        { .kinds = "44",
          .names = "smb",
          .expected = STATUS_INVALID_PARAMETER,
          .says = "descriptor 4 is called \"\"" },
        { .kinds = "4", .names = NULL, .expected = STATUS_INVALID_PARAMETER, .says = "FileDescriptorName=" },
        { .kinds = "4",
          .names = "msrpcd.socket",
          .expected = STATUS_INVALID_PARAMETER,
          .says = "msrpcd.socket" },
        { .kinds = "4", .names = "smbx", .expected = STATUS_INVALID_PARAMETER, .says = "\"smbx\"; FileDescriptorName= has to be smb, epmapper, rpc, metrics or npcmux" },
        { .kinds = "4", .names = "sm", .expected = STATUS_INVALID_PARAMETER, .says = "\"sm\"" },
        { .kinds = "4u",
          .names = "smb:rpc",
          .expected = STATUS_INVALID_PARAMETER,
          .says = "4 (rpc): not an IPv4" },
        { .kinds = "d", .names = "smb", .expected = STATUS_INVALID_PARAMETER, .says = "not a stream socket" },
        { .kinds = "n",
          .names = "epmapper",
          .expected = STATUS_INVALID_PARAMETER,
          .says = "does not listen" },
        { .kinds = "f", .names = "rpc", .expected = STATUS_INVALID_PARAMETER, .says = "not a socket" },
        { .kinds = "4",
          .names = "smb:rpc",
          .fds = "2",
          .expected = STATUS_INVALID_PARAMETER,
          .says = "4 (rpc): not a socket" },
    };
    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int status;
        now = &cases[i];
        fflush(NULL);
        pid_t pid = fork();
        if (!pid)
            _exit(child());
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            fail_msg("case %u ended with %#x", i, (unsigned)status);
    }
}

/* ---- the manager ---- */

static int manager(const char *path, char *name, size_t size)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    strcpy(a.sun_path, path);
    snprintf(name, size, "%s", path);
    if (*path == '@')
        a.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

static const char *heard(int fd)
{
    static char text[256];
    ssize_t n = recv(fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = 0;
    return text;
}

static void told(void **state)
{
    struct notify n;
    char path[64], name[64];
    (void)state;
    for (int abstract = 0; abstract < 2; abstract++) {
        snprintf(path, sizeof path, "%stern-notify-%d", abstract ? "@" : "/tmp/", (int)getpid());
        int fd = manager(path, name, sizeof name);
        notify_open(&n);
        assert_null(getenv("NOTIFY_SOCKET"));
        notify_ready(&n);
        assert_int_equal(strncmp(heard(fd), "READY=1\n", 8), 0);
        notify_reloading(&n);
        const char *text = heard(fd);
        assert_int_equal(strncmp(text, "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
        assert_in_range(strtoull(text + 27, NULL, 10), 1, UINT64_MAX);
        notify_stopping(&n);
        assert_int_equal(strncmp(heard(fd), "STOPPING=1\n", 11), 0);
        assert_string_equal(heard(fd), "");
        close(fd);
        unlink(path);
        notify_ready(&n); /* to nobody */
        notify_close(&n);
        notify_ready(&n);
    }
    static const char *const none[] = { "", "vsock:2:1", "relative" };
    for (unsigned i = 0; i < 3; i++) {
        setenv("NOTIFY_SOCKET", none[i], 1);
        notify_open(&n);
        assert_int_equal(n.fd, -1);
        notify_ready(&n);
        notify_close(&n);
    }
}

static void watched(void **state)
{
    struct notify n;
    struct nt_loop *loop;
    char path[64], name[64], pid[16];
    unsigned times = 0;
    (void)state;
    snprintf(path, sizeof path, "@tern-watchdog-%d", (int)getpid());
    int fd = manager(path, name, sizeof name);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("WATCHDOG_USEC", "40000", 1);
    setenv("WATCHDOG_PID", pid, 1);
    notify_open(&n);
    assert_null(getenv("WATCHDOG_USEC"));
    assert_null(getenv("WATCHDOG_PID"));
    assert_int_equal(n.watchdog, 20 * MS);
    assert_int_equal(nt_loop_new(NULL, &loop), STATUS_SUCCESS);
    assert_int_equal(notify_watchdog(&n, loop), STATUS_SUCCESS);
    assert_string_equal(heard(fd), "");
    for (uint64_t end = io_loop_now(loop) + 400 * MS; io_loop_now(loop) < end;) {
        (void)!nt_loop_run(loop, 10);
        while (strcmp(heard(fd), "WATCHDOG=1") == 0)
            times++;
    }
    assert_in_range(times, 3, 21);
    notify_close(&n);
    nt_loop_free(loop);
    setenv("NOTIFY_SOCKET", name, 1); /* another process is meant */
    setenv("WATCHDOG_USEC", "40000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    notify_open(&n);
    assert_int_equal(n.watchdog, 0);
    notify_close(&n);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(sockets), cmocka_unit_test(told),
                                        cmocka_unit_test(watched) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
