// SPDX-License-Identifier: Apache-2.0
/* msrpcd's sandbox: each case runs in a process of its own, which enters it and then tries something. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "../../daemons/common/sandbox.h"

static char dir[64];   /* may be written to */
static char other[64]; /* may not be touched */
static struct sandbox_state entered;
static const struct sandbox_rules of_server = { .program = "msrpcd" };
static const struct sandbox_rules of_client = { .program = "test", .connects = true, .memory_files = true, .keyrings = true };
static const struct sandbox_rules *rules = &of_server;

/* How the child ended: its signal, or 1000 and its code. `says` on standard error, if there is one. */
static int run(int (*fn)(void), const char *says)
{
    int pipes[2], status;
    char text[512] = "";
    assert_int_equal(pipe(pipes), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (!pid) {
        struct rlimit none = { 0, 0 };
        const struct sandbox_path paths[] = { { dir, true }, { NULL, true }, { "/nowhere", false } };
        struct nt_error err = { "" };
        setrlimit(RLIMIT_CORE, &none);
        dup2(pipes[1], 2);
        close(pipes[0]);
        if (sandbox_enter(rules, paths, 3, &entered, &err) != STATUS_SUCCESS) {
            fprintf(stderr, "%s\n", err.text);
            _exit(99);
        }
        _exit(fn());
    }
    close(pipes[1]);
    for (size_t n = 0; n < sizeof text - 1;) {
        ssize_t got = read(pipes[0], text + n, sizeof text - 1 - n);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    close(pipes[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (says && !strstr(text, says))
        fail_msg("no \"%s\" in \"%s\"", says, text);
    if (!says && *text)
        print_message("# %s", text);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 1000 + WEXITSTATUS(status);
}

static bool is_confined(int what) /* 0: calls, 1: files, 2: connections */
{
    return what == 0   ? !entered.none
           : what == 1 ? entered.landlock > 0
                       : !entered.none || entered.landlock >= 4;
}

/* ---- what kills ---- */

static int do_exec(void)
{
    execl("/bin/true", "true", (char *)NULL);
    return 1;
}

static int do_fork(void)
{
    return fork() == 0 ? 2 : 1;
}

static int do_ptrace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 1 : 2;
}

static int do_kill(void)
{
    return kill(getppid(), 0) == 0 ? 1 : 2;
}

static int do_raw(void)
{
    return socket(AF_PACKET, SOCK_RAW, 0) < 0 ? 1 : 2;
}

static int do_setuid(void)
{
    return setuid(65534) ? 1 : 2;
}

static int do_chroot(void)
{
    return chroot("/") ? 1 : 2;
}

static int do_uring(void)
{
    return (int)syscall(SYS_io_uring_setup, 1, NULL) ? 1 : 2;
}

static int do_vhangup(void) /* nobody has thought of it: the default */
{
    return vhangup() ? 1 : 2;
}

static void kills(void **state)
{
    (void)state;
    assert_int_equal(run(do_exec, NULL), SIGSYS);
    assert_int_equal(run(do_ptrace, NULL), SIGSYS);
    assert_int_equal(run(do_setuid, NULL), SIGSYS);
    assert_int_equal(run(do_chroot, NULL), SIGSYS);
    assert_int_equal(run(do_uring, NULL), SIGSYS);
    assert_int_equal(run(do_fork, "msrpcd: sandbox: system call "), SIGSYS);
    assert_int_equal(run(do_kill, "is not allowed"), SIGSYS);
    assert_int_equal(run(do_raw, "is not allowed"), SIGSYS);
    char number[64];
    snprintf(number, sizeof number, "system call %d is not allowed; ending\n", (int)SYS_vhangup);
    assert_int_equal(run(do_vhangup, number), SIGSYS);
}

/* ---- what fails ---- */

static int do_datagram(void)
{
    return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0 && errno == EPERM &&
                   socket(AF_INET6, SOCK_DGRAM, 0) < 0 && errno == EPERM
               ? 7
               : 1;
}

static int do_connect(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons(9),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) != 0 && errno == EACCES ? 7 : 1;
}

/* To whoever listens there: without the filter it would come to a connection. */
static int do_fast_open(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof a;
    char x = 'x';
    struct iovec iov = { &x, 1 };
    struct mmsghdr m = {
        .msg_hdr = { .msg_name = &a, .msg_namelen = sizeof a, .msg_iov = &iov, .msg_iovlen = 1 }
    };
    int l = socket(AF_INET, SOCK_STREAM, 0), pair[2];
    if (bind(l, (struct sockaddr *)&a, sizeof a) != 0 || listen(l, 1) != 0 ||
        getsockname(l, (struct sockaddr *)&a, &len) != 0)
        return 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&a, sizeof a) >= 0 || errno != EACCES)
        return 2;
    if (sendmsg(fd, &m.msg_hdr, MSG_FASTOPEN | MSG_NOSIGNAL) >= 0 || errno != EACCES)
        return 3;
    if (sendmmsg(fd, &m, 1, MSG_FASTOPEN) >= 0 || errno != EACCES)
        return 4;
    m.msg_hdr.msg_name = NULL;
    m.msg_hdr.msg_namelen = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || send(pair[0], "x", 1, MSG_NOSIGNAL) != 1 ||
        sendmsg(pair[0], &m.msg_hdr, MSG_NOSIGNAL) != 1 || sendmmsg(pair[0], &m, 1, 0) != 1)
        return 5;
    return 7;
}

static int do_code(void)
{
    const int rw = PROT_READ | PROT_WRITE;
    if (mmap(NULL, 4096, rw | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED || errno != EPERM)
        return 1;
    void *p = mmap(NULL, 4096, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p != MAP_FAILED && mprotect(p, 4096, PROT_READ | PROT_EXEC) != 0 && errno == EPERM &&
                   mprotect(p, 4096, PROT_READ) == 0
               ? 7
               : 2;
}

static int do_unknown(void) /* calls of later kernels: the C library is to take others */
{
    return syscall(505) < 0 && errno == ENOSYS ? 7 : 1;
}

static int do_limits(void)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) != 0)
        return 1;
    return 7;
}

static void fails(void **state)
{
    (void)state;
    assert_int_equal(run(do_datagram, NULL), 1007);
    assert_int_equal(run(do_fast_open, NULL), 1007);
    assert_int_equal(run(do_code, NULL), 1007);
    assert_int_equal(run(do_unknown, NULL), 1007);
    assert_int_equal(run(do_limits, NULL), 1007);
}

static void connects_to_nobody(void **state)
{
    (void)state;
    assert_int_equal(run(do_connect, NULL), 1007);
}

/* A daemon that is a client of others: connections, datagrams, files without a name, and nothing besides. */
static int do_client(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(1) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) == 0 || errno != ECONNREFUSED)
        return 1;
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || sendto(fd, "x", 1, 0, (struct sockaddr *)&a, sizeof a) != 1)
        return 2;
    fd = memfd_create("test", MFD_CLOEXEC);
    if (fd < 0 || write(fd, "x", 1) != 1)
        return 3;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    fd = open(path, O_RDWR);
    return fd < 0 ? 4 : 7;
}

static int do_memory_file(void)
{
    return memfd_create("test", 0) < 0 ? 1 : 2;
}

static void client(void **state)
{
    (void)state;
    assert_int_equal(run(do_memory_file, NULL), SIGSYS);
    rules = &of_client;
    assert_int_equal(run(do_client, NULL), 1007);
    assert_int_equal(run(do_exec, NULL), SIGSYS);
    assert_int_equal(run(do_raw, "test: sandbox: system call"), SIGSYS);
    rules = &of_server;
}

/* ---- files ---- */

static int do_files(void)
{
    char path[96], to[96];
    snprintf(path, sizeof path, "%s/made", dir);
    snprintf(to, sizeof to, "%s/moved", dir);
    int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1 || ftruncate(fd, 0) != 0 || fsync(fd) != 0)
        return 1;
    close(fd);
    if (rename(path, to) != 0 || unlink(to) != 0)
        return 2;
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    snprintf(a.sun_path, sizeof a.sun_path, "%s/sock", dir);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 1) != 0 || unlink(a.sun_path) != 0)
        return 3;
    fd = open("/etc/passwd", O_RDONLY);
    return fd < 0 ? 4 : 7;
}

static int do_other_files(void)
{
    char path[96];
    snprintf(path, sizeof path, "%s/secret", other);
    if (open(path, O_RDONLY) >= 0 || errno != EACCES)
        return 1;
    snprintf(path, sizeof path, "%s/new", other);
    if (open(path, O_CREAT | O_RDWR, 0600) >= 0 || errno != EACCES)
        return 2;
    if (open("/etc/passwd", O_WRONLY) >= 0 || errno != EACCES) /* also for root */
        return 3;
    struct stat st;
    return stat(other, &st) == 0 ? 7 : 4; /* shares are looked at, wherever they are */
}

static void files(void **state)
{
    (void)state;
    assert_int_equal(run(do_files, NULL), 1007);
}

static void other_files(void **state)
{
    (void)state;
    assert_int_equal(run(do_other_files, NULL), 1007);
}

/* ---- threads ---- */

static void *add_one(void *arg)
{
    char *p = malloc(1 << 20); /* an arena of its own */
    if (p)
        memset(p, 1, 1 << 20);
    free(p);
    ++*(int *)arg;
    return NULL;
}

static int do_thread(void)
{
    int n = 6;
    pthread_t t;
    if (pthread_create(&t, NULL, add_one, &n) != 0 || pthread_join(t, NULL) != 0)
        return 1;
    return n;
}

static void *exec_there(void *arg)
{
    (void)arg;
    return do_exec() ? NULL : arg;
}

static int do_exec_in_thread(void)
{
    pthread_t t;
    return pthread_create(&t, NULL, exec_there, NULL) == 0 && pthread_join(t, NULL) == 0 ? 1 : 2;
}

static void *wait_for_ever(void *arg)
{
    pause();
    return arg;
}

static void threads(void **state)
{
    (void)state;
    assert_int_equal(run(do_thread, NULL), 1006 + 1);
    if (is_confined(0))
        assert_int_equal(run(do_exec_in_thread, NULL), SIGSYS); /* the whole process */
}

/* Those that run already would not be confined. */
static void too_late(void **state)
{
    int status;
    (void)state;
    pid_t pid = fork();
    if (!pid) {
        struct sandbox_state s;
        pthread_t t;
        if (pthread_create(&t, NULL, wait_for_ever, NULL) != 0)
            _exit(2);
        _exit(sandbox_enter(rules, NULL, 0, &s, NULL) == STATUS_INVALID_DEVICE_STATE ? 7 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static int tell(void)
{
    char text[128];
    int n = snprintf(text, sizeof text, "%s/state", dir);
    (void)n;
    FILE *f = fopen(text, "w");
    if (!f || fwrite(&entered, sizeof entered, 1, f) != 1 || fclose(f) != 0)
        return 1;
    return 7;
}

/* What this build and this kernel can do, learnt from a child. */
static bool learn(void)
{
    char path[96];
    if (run(tell, NULL) != 1007)
        return false;
    snprintf(path, sizeof path, "%s/state", dir);
    FILE *f = fopen(path, "r");
    bool ok = f && fread(&entered, sizeof entered, 1, f) == 1;
    if (f)
        fclose(f);
    unlink(path);
    return ok;
}

int main(void)
{
    const struct CMUnitTest calls[] = { cmocka_unit_test(kills), cmocka_unit_test(fails), cmocka_unit_test(client) };
    const struct CMUnitTest connections[] = { cmocka_unit_test(connects_to_nobody) };
    const struct CMUnitTest paths[] = { cmocka_unit_test(other_files), cmocka_unit_test(too_late) };
    const struct CMUnitTest always[] = { cmocka_unit_test(files), cmocka_unit_test(threads) };
    char secret[96];
    strcpy(dir, "/tmp/tern-sandbox-XXXXXX");
    strcpy(other, "/tmp/tern-other-XXXXXX");
    if (!mkdtemp(dir) || !mkdtemp(other))
        return 1;
    snprintf(secret, sizeof secret, "%s/secret", other);
    close(open(secret, O_CREAT | O_WRONLY, 0600));
    int rc = learn() ? 0 : 1;
    printf("# system calls: %u%s%s, landlock: %u\n", entered.calls, entered.none ? ", " : "",
           entered.none ? entered.none : "", entered.landlock);
    if (!rc)
        rc = cmocka_run_group_tests_name("always", always, NULL, NULL);
    if (!rc && is_confined(0))
        rc = cmocka_run_group_tests_name("system calls", calls, NULL, NULL);
    if (!rc && is_confined(1))
        rc = cmocka_run_group_tests_name("files", paths, NULL, NULL);
    if (!rc && is_confined(2))
        rc = cmocka_run_group_tests_name("connections", connections, NULL, NULL);
    unlink(secret);
    rmdir(other);
    rmdir(dir);
    return rc;
}
