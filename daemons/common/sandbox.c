// SPDX-License-Identifier: Apache-2.0
/*
 * The filter of system calls. It is a list of what the loop, SQLite, libkrb5's acceptor with its replay
 * cache or initiator, worker threads and the C library need while serving. What is not on it ends the process. A few calls
 * that libraries try for convenience, and do without, fail instead: they are named below, each with its
 * reason.
 *
 * What an intruder is left without: other programs (execve), other processes (fork, ptrace, kill), new code
 * (memory that is executable), the kernel's larger surfaces; and connections to anybody and datagrams, unless
 * connecting is what the daemon is for.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "landlock.h"
#include "os_error.h"
#include "sandbox.h"
#ifdef DAEMON_SECCOMP
#include <seccomp.h>
#endif

char *sandbox_directory(const char *file)
{
    const char *slash = file ? strrchr(file, '/') : NULL;
    if (!file)
        return NULL;
    return !slash ? strdup(".") : slash == file ? strdup("/") : strndup(file, (size_t)(slash - file));
}

#if defined(DAEMON_SANITIZED) &&                                                                             \
    defined(DAEMON_SECCOMP) /* their run-time reads what it likes, forks, maps code */
#undef DAEMON_SECCOMP
#endif

#ifdef DAEMON_SECCOMP
/* What is allowed whatever its arguments. */
static const char *const allowed[] = {
    /* descriptors and waiting */
    "read",
    "write",
    "readv",
    "writev",
    "pread64",
    "pwrite64",
    "preadv",
    "pwritev",
    "close",
    "close_range",
    "lseek",
    "_llseek",
    "dup",
    "dup2",
    "dup3",
    "pipe",
    "pipe2",
    "fcntl",
    "fcntl64",
    "epoll_create",
    "epoll_create1",
    "epoll_ctl",
    "epoll_ctl_old",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "poll",
    "ppoll",
    "ppoll_time64",
    "select",
    "_newselect",
    "pselect6",
    "pselect6_time64",
    "eventfd",
    "eventfd2",
    "timerfd_create",
    "timerfd_settime",
    "timerfd_settime64",
    "timerfd_gettime",
    "timerfd_gettime64",
    /* sockets; which ones is said below */
    "accept",
    "accept4",
    "bind",
    "listen",
    "shutdown",
    "getsockname",
    "getpeername",
    "getsockopt",
    "setsockopt",
    "recv",
    "recvfrom",
    "recvmsg",
    "recvmmsg",
    "recvmmsg_time64",
    "send",
    /* files: the store, the log, captures, the replay cache, utmp, time zones. Landlock says which */
    "open",
    "openat",
    "openat2",
    "creat",
    "stat",
    "stat64",
    "fstat",
    "fstat64",
    "lstat",
    "lstat64",
    "newfstatat",
    "fstatat64",
    "statx",
    "statfs",
    "statfs64",
    "fstatfs",
    "fstatfs64",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "getcwd",
    "getdents",
    "getdents64",
    "fsync",
    "fdatasync",
    "sync_file_range",
    "ftruncate",
    "ftruncate64",
    "truncate",
    "truncate64",
    "fallocate",
    "fadvise64",
    "fadvise64_64",
    "readahead",
    "flock",
    "unlink",
    "unlinkat",
    "link",
    "linkat",
    "rename",
    "renameat",
    "renameat2",
    "mkdir",
    "mkdirat",
    "rmdir",
    "umask",
    "fchmod",
    "fchmodat",
    "utimensat",
    "utimensat_time64",
    "utime",
    "utimes",
    "futimesat",
    "chmod",
    /* memory, but for code */
    "brk",
    "munmap",
    "mremap",
    "madvise",
    "mlock",
    "munlock",
    "msync",
    /* threads */
    "futex",
    "futex_time64",
    "futex_waitv",
    "set_robust_list",
    "get_robust_list",
    "rseq",
    "set_tid_address",
    "sched_yield",
    "sched_getaffinity",
    "sched_getscheduler",
    "sched_getparam",
    "sched_get_priority_max",
    "sched_get_priority_min",
    "getcpu",
    "membarrier",
    "exit",
    "exit_group",
    "arch_prctl",
    "set_thread_area",
    /* signals and time */
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigreturn",
    "rt_sigpending",
    "rt_sigtimedwait",
    "sigaltstack",
    "restart_syscall",
    "alarm",
    "setitimer",
    "pause",
    "nanosleep",
    "clock_nanosleep",
    "clock_nanosleep_time64",
    "clock_gettime",
    "clock_gettime64",
    "clock_getres",
    "clock_getres_time64",
    "gettimeofday",
    "time",
    "times",
    /* who and where we are, random bytes */
    "getpid",
    "getppid",
    "gettid",
    "getuid",
    "getuid32",
    "geteuid",
    "geteuid32",
    "getgid",
    "getgid32",
    "getegid",
    "getegid32",
    "getgroups",
    "getgroups32",
    "getresuid",
    "getresuid32",
    "getresgid",
    "getresgid32",
    "getpgrp",
    "getpgid",
    "uname",
    "sysinfo",
    "getrusage",
    "getrlimit",
    "ugetrlimit",
    "getrandom",
    "capget",
};

/* What fails with an error instead of ending us, since a library, or the loop after a change of its
 * configuration, may try it in good faith. */
struct refusal {
    const char *name;
    int error;
};
static const struct refusal refused[] = {
    { "clone3", ENOSYS },  /* its flags cannot be looked at: the C library takes clone then */
    { "fchown", EPERM },   /* SQLite and SO_PEERCRED's kin as root */
    { "fchown32", EPERM },
    { "sched_setscheduler", EPERM },
    { "sched_setaffinity", EPERM },
    { "setpriority", EPERM },
    { "fsetxattr", ENOTSUP },
    { "fgetxattr", ENOTSUP },
    { "getxattr", ENOTSUP },
    { "lgetxattr", ENOTSUP },
    { "mlockall", EPERM },
    { "setrlimit", EPERM },
    { "mbind", EPERM },
    { "get_mempolicy", EPERM },
};

/* What a daemon asks for, or does not know. */
static const struct {
    const char *name;
    size_t rule;                /* of struct sandbox_rules */
    int error;                  /* without the rule; 0: the end */
} by_rule[] = {
    { "connect", offsetof(struct sandbox_rules, connects), EACCES }, /* the C library asks nscd and goes on without */
    { "memfd_create", offsetof(struct sandbox_rules, memory_files), 0 },
    { "keyctl", offsetof(struct sandbox_rules, keyrings), 0 },
    { "add_key", offsetof(struct sandbox_rules, keyrings), 0 },
    { "request_key", offsetof(struct sandbox_rules, keyrings), 0 },
};

/* What no part of us and of our libraries would ever try: the end comes without a chance to go on. */
static const char *const deadly[] = {
    "execve",
    "execveat",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "setns",
    "unshare",
    "setuid",
    "setgid",
    "setresuid",
    "setresgid",
    "setreuid",
    "setregid",
    "setgroups",
    "setfsuid",
    "setfsgid",
    "capset",
    "io_uring_setup",
    "open_by_handle_at",
    "mknod",
    "mknodat",
};

/* ---- the end ---- */

static size_t put_number(char *to, int n)
{
    char digits[12];
    size_t len = 0, i = sizeof digits;
    unsigned left = n < 0 ? 0 : (unsigned)n;
    do {
        digits[--i] = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    while (i < sizeof digits)
        to[len++] = digits[i++];
    return len;
}

static char program[32]; /* a handler has no argument */

/* Async-signal-safe. The call has not happened; what asked for it does not go on. */
static void on_forbidden(int sig, siginfo_t *info, void *context)
{
    static const char before[] = ": sandbox: system call ", after[] = " is not allowed; ending\n";
    char line[sizeof program + sizeof before + sizeof after + 12];
    size_t len = strlen(program);
    (void)context;
    memcpy(line, program, len);
    memcpy(line + len, before, sizeof before - 1);
    len += sizeof before - 1;
    len += put_number(line + len, info->si_syscall);
    memcpy(line + len, after, sizeof after - 1);
    len += sizeof after - 1;
    (void)!write(STDERR_FILENO, line, len);
    struct sigaction dfl = { .sa_handler = SIG_DFL };
    sigset_t set;
    sigaction(sig, &dfl, NULL);
    sigemptyset(&set);
    sigaddset(&set, sig);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(sig);
    _exit(128 + sig);
}

static bool catch_forbidden(const char *name)
{
    snprintf(program, sizeof program, "%s", name);
    struct sigaction a = { .sa_sigaction = on_forbidden, .sa_flags = SA_SIGINFO };
    return sigaction(SIGSYS, &a, NULL) == 0;
}

/* ---- the filter ---- */

/* Adding rules until one fails; what this architecture has not is passed over. */
struct filter {
    scmp_filter_ctx ctx;
    unsigned calls;
    int error; /* of the first failure, negative */
};

static void add(struct filter *f, uint32_t action, const char *name, unsigned n,
                const struct scmp_arg_cmp *args)
{
    int nr = seccomp_syscall_resolve_name(name);
    if (f->error || nr < 0)
        return;
    f->error = seccomp_rule_add_array(f->ctx, action, nr, n, args);
    f->calls += action == SCMP_ACT_ALLOW;
}

static void allow_if(struct filter *f, const char *name, struct scmp_arg_cmp a)
{
    add(f, SCMP_ACT_ALLOW, name, 1, &a);
}

static void allow_if2(struct filter *f, const char *name, struct scmp_arg_cmp a, struct scmp_arg_cmp b)
{
    const struct scmp_arg_cmp args[] = { a, b };
    add(f, SCMP_ACT_ALLOW, name, 2, args);
}

/* A flag set or not, as a comparison; those who are on neither side fail with an error. */
static struct scmp_arg_cmp has(unsigned arg, uint64_t flag, bool set)
{
    return SCMP_CMP(arg, SCMP_CMP_MASKED_EQ, flag, set ? flag : 0);
}

/* Listening sockets after a reload, the local datagram socket of the service manager, and the list of this
 * machine's addresses. Datagrams to the network fail for who does not connect (a resolver would try them), raw packets end
 * us. */
static void add_sockets(struct filter *f, bool connects)
{
    static const scmp_datum_t internet[] = { AF_INET, AF_INET6 };
    const scmp_datum_t type = 0xf; /* without SOCK_CLOEXEC and SOCK_NONBLOCK */
    allow_if(f, "socket", SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
    for (unsigned i = 0; i < 2; i++) {
        const struct scmp_arg_cmp datagram[] = { SCMP_A0(SCMP_CMP_EQ, internet[i]),
                                                 SCMP_A1(SCMP_CMP_MASKED_EQ, type, SOCK_DGRAM) };
        allow_if2(f, "socket", SCMP_A0(SCMP_CMP_EQ, internet[i]),
                  SCMP_A1(SCMP_CMP_MASKED_EQ, type, SOCK_STREAM));
        add(f, connects ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM), "socket", 2, datagram);
    }
    allow_if2(f, "socket", SCMP_A0(SCMP_CMP_EQ, AF_NETLINK), SCMP_A2(SCMP_CMP_EQ, 0)); /* NETLINK_ROUTE */
    allow_if(f, "socketpair", SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
}

/* TCP Fast Open connects while it sends, and neither connect(2) nor Landlock's rule for it is asked. */
static void add_sending(struct filter *f)
{
    static const struct {
        const char *name;
        unsigned flags; /* which argument */
    } calls[] = { { "sendto", 3 }, { "sendmsg", 2 }, { "sendmmsg", 3 } };
    for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        const struct scmp_arg_cmp connects = has(calls[i].flags, MSG_FASTOPEN, true);
        allow_if(f, calls[i].name, has(calls[i].flags, MSG_FASTOPEN, false));
        add(f, SCMP_ACT_ERRNO(EACCES), calls[i].name, 1, &connects);
    }
}

static void add_memory(struct filter *f)
{
    static const char *const maps[] = { "mmap", "mmap2", "mprotect", "pkey_mprotect" };
    for (unsigned i = 0; i < sizeof maps / sizeof maps[0]; i++) {
        allow_if(f, maps[i], has(2, PROT_EXEC, false)); /* no new code: what is loaded later would be */
        const struct scmp_arg_cmp code = has(2, PROT_EXEC, true);
        add(f, SCMP_ACT_ERRNO(EPERM), maps[i], 1, &code);
    }
}

static void add_process(struct filter *f)
{
    static const uint64_t controls[] = { FIONREAD, FIONBIO, TCGETS };
    pid_t self = getpid();
    allow_if(f, "clone", has(0, CLONE_THREAD, true)); /* threads, no processes */
    allow_if(f, "tgkill", SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)self));
    allow_if2(f, "prlimit64", SCMP_A0(SCMP_CMP_EQ, 0), SCMP_A2(SCMP_CMP_EQ, 0)); /* only to read */
    allow_if(f, "prctl", SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
    allow_if(f, "prctl", SCMP_A0(SCMP_CMP_EQ, 0x53564d41)); /* PR_SET_VMA: malloc names its memory */
    for (unsigned i = 0; i < sizeof controls / sizeof controls[0]; i++)
        allow_if(f, "ioctl", SCMP_A1(SCMP_CMP_EQ, controls[i]));
}

/* A C library that is newer than this list tries new calls first, and takes old ones where the kernel knows
 * none. */
static void add_unknown(struct filter *f)
{
    enum { FIRST = 424, END = 512 }; /* numbers are the same everywhere since 424 */
    for (int nr = FIRST; nr < END && !f->error; nr++) {
        char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
        if (!name)
            f->error = seccomp_rule_add(f->ctx, SCMP_ACT_ERRNO(ENOSYS), nr, 0);
        free(name);
    }
}

static void add_by_rule(struct filter *f, const struct sandbox_rules *r)
{
    for (unsigned i = 0; i < sizeof by_rule / sizeof by_rule[0]; i++) {
        bool has_it = *(const bool *)((const char *)r + by_rule[i].rule);
        uint32_t otherwise = by_rule[i].error ? SCMP_ACT_ERRNO((uint32_t)by_rule[i].error) : SCMP_ACT_KILL_PROCESS;
        add(f, has_it ? SCMP_ACT_ALLOW : otherwise, by_rule[i].name, 0, NULL);
    }
}

static void add_all(struct filter *f, const struct sandbox_rules *r)
{
    for (unsigned i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        add(f, SCMP_ACT_ALLOW, allowed[i], 0, NULL);
    for (unsigned i = 0; i < sizeof refused / sizeof refused[0]; i++)
        add(f, SCMP_ACT_ERRNO((uint32_t)refused[i].error), refused[i].name, 0, NULL);
    for (unsigned i = 0; i < sizeof deadly / sizeof deadly[0]; i++)
        add(f, SCMP_ACT_KILL_PROCESS, deadly[i], 0, NULL);
    add_by_rule(f, r);
    add_sockets(f, r->connects);
    add_sending(f);
    add_memory(f);
    add_process(f);
    add_unknown(f);
}

static void set(struct filter *f, enum scmp_filter_attr attribute, uint32_t value)
{
    if (!f->error)
        f->error = seccomp_attr_set(f->ctx, attribute, value);
}

static enum nt_status filter_calls(const struct sandbox_rules *r, unsigned *ret, struct nt_error *err)
{
    struct filter f = { .ctx = seccomp_init(SCMP_ACT_TRAP) };
    if (!f.ctx)
        return STATUS_NO_MEMORY;
    set(&f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS); /* the calls of 32-bit programs */
    set(&f, SCMP_FLTATR_CTL_NNP, 1);
    set(&f, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree instead of one comparison after the other */
    add_all(&f, r);
    if (!f.error)
        f.error = seccomp_load(f.ctx);
    seccomp_release(f.ctx);
    if (f.error)
        return os_error(err, -f.error, "sandbox: the filter of system calls");
    *ret = f.calls;
    return STATUS_SUCCESS;
}
#endif

#ifndef DAEMON_SANITIZED

/* ---- files ---- */

/* What libraries read by name while we serve. */
static const struct sandbox_path system_paths[] = {
    { "/etc", false },           /* krb5.conf, localtime, hosts, passwd */
    { "/usr/share", false },     /* time zones */
    { "/usr/lib", false },       /* what the C library looks for; it is not mapped as code */
    { "/proc", false },          /* our own memory and limits */
    { "/sys/class/net", false }, /* speeds of interfaces */
    { "/dev/urandom", false },
    { "/dev/null", true },
    { "/var/lib/sss/pubconf", false }, /* what krb5.conf includes where sssd runs */
    { "/run/utmp", false },
    { "/var/run/utmp", false },
};

static enum nt_status confine_files(bool connects, const struct sandbox_path *paths, unsigned n,
                                    unsigned *ret, struct nt_error *err)
{
    struct landlock l;
    enum nt_status st = landlock_begin(connects, &l, err);
    if (st != STATUS_SUCCESS || !l.version) {
        *ret = 0;
        return st;
    }
    for (unsigned i = 0; st == STATUS_SUCCESS && i < sizeof system_paths / sizeof system_paths[0]; i++)
        st = landlock_path(&l, system_paths[i].path, system_paths[i].write, err);
    for (unsigned i = 0; st == STATUS_SUCCESS && i < n; i++)
        st = landlock_path(&l, paths[i].path, paths[i].write, err);
    if (st == STATUS_SUCCESS)
        st = landlock_end(&l, err);
    else
        landlock_give_up(&l);
    *ret = l.version;
    return st;
}

static bool alone(void)
{
    char line[256];
    int threads = 1; /* without /proc we believe it */
    FILE *f = fopen("/proc/self/status", "re");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "Threads: %d", &threads) == 1)
            break;
    if (f)
        fclose(f);
    return threads == 1;
}

static enum nt_status filter(const struct sandbox_rules *r, struct sandbox_state *s, struct nt_error *err)
{
#ifdef DAEMON_SECCOMP
    if (!catch_forbidden(r->program))
        return os_error(err, errno, "sandbox");
    return filter_calls(r, &s->calls, err);
#else
    (void)err;
    (void)r;
    s->none = "built without libseccomp";
    return STATUS_SUCCESS;
#endif
}

enum nt_status sandbox_enter(const struct sandbox_rules *rules, const struct sandbox_path *paths, unsigned n,
                             struct sandbox_state *ret, struct nt_error *err)
{
    struct sandbox_state s = { 0 };
    if (!alone()) /* Landlock is a matter of each thread */
        return nt_error_set(err, STATUS_INVALID_DEVICE_STATE, "sandbox: other threads run already");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return os_error(err, errno, "sandbox");
    enum nt_status st = confine_files(rules->connects, paths, n, &s.landlock, err);
    if (st == STATUS_SUCCESS)
        st = filter(rules, &s, err);
    if (st == STATUS_SUCCESS)
        *ret = s;
    return st;
}
#else
enum nt_status sandbox_enter(const struct sandbox_rules *rules, const struct sandbox_path *paths, unsigned n,
                             struct sandbox_state *ret, struct nt_error *err)
{
    (void)rules;
    (void)paths;
    (void)n;
    (void)err;
    *ret = (struct sandbox_state){ .none = "built with sanitizers" };
    return STATUS_SUCCESS;
}
#endif
