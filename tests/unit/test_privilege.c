// SPDX-License-Identifier: Apache-2.0
/* What msrpcd gives up. Needs root for most of it; each case runs in a process of its own. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "../../daemons/common/privilege.h"

#define NOBODY 65534

static char dir[64];

/* TSan has a thread of its own, whose rights stay when ours go: then the C library gives up in setuid. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HAS_OTHER_THREAD 1
#endif
#endif

static int in_child(int (*fn)(void))
{
#ifdef HAS_OTHER_THREAD
    (void)fn;
    skip();
#endif
    int status;
    fflush(NULL);
    pid_t pid = fork();
    if (!pid)
        _exit(fn());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static struct privilege_user nobody(void)
{
    return (
        struct privilege_user){ .uid = NOBODY, .gid = NOBODY, .groups = { NOBODY, 12345 }, .n_groups = 2 };
}

static bool capable(void)
{
    struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct d[2];
    memset(d, 0, sizeof d);
    return syscall(SYS_capget, &h, d) != 0 || d[0].effective || d[0].permitted || d[0].inheritable ||
           d[1].effective || d[1].permitted || d[1].inheritable || prctl(PR_CAPBSET_READ, 0, 0, 0, 0) != 0;
}

static bool is_effective(unsigned cap)
{
    struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct d[2];
    memset(d, 0, sizeof d);
    return syscall(SYS_capget, &h, d) == 0 && d[cap / 32].effective & 1u << cap % 32;
}

static int check_common(void)
{
    if (capable())
        return 20;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return 21;
#ifndef DAEMON_SANITIZED
    if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
        return 22;
#endif
    return 0;
}

static int do_drop(void)
{
    const struct privilege_user u = nobody();
    struct nt_error err = { "" };
    uid_t r, e, s;
    gid_t rg, eg, sg, groups[8];
    if (privilege_drop(&u, &err) != STATUS_SUCCESS)
        return 1;
    if (getresuid(&r, &e, &s) != 0 || r != NOBODY || e != NOBODY || s != NOBODY)
        return 2;
    if (getresgid(&rg, &eg, &sg) != 0 || rg != NOBODY || eg != NOBODY || sg != NOBODY)
        return 3;
    if (getgroups(8, groups) != 2 || groups[0] + groups[1] != NOBODY + 12345)
        return 4;
    if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0 || setgroups(0, NULL) == 0)
        return 5;
    if (setfsuid(0), (uid_t)setfsuid((uid_t)-1) != NOBODY)
        return 6;
    return check_common();
}

/* Also one that stays root is without the rights of root. */
static int do_stay(void)
{
    struct nt_error err = { "" };
    if (privilege_drop(NULL, &err) != STATUS_SUCCESS)
        return 1;
    if (geteuid() != 0)
        return 2;
    if (setgid(1) == 0) /* that took CAP_SETGID */
        return 3;
    return check_common();
}

static int do_twice(void)
{
    const struct privilege_user u = nobody();
    struct nt_error err = { "" };
    if (privilege_drop(&u, &err) != STATUS_SUCCESS || privilege_drop(&u, &err) != STATUS_SUCCESS)
        return 1;
    struct privilege_user root = { .n_groups = 1 };
    if (privilege_drop(&root, &err) != STATUS_ACCESS_DENIED || !strstr(err.text, "only root"))
        return 2;
    return check_common();
}

static void drops(void **state)
{
    (void)state;
    assert_int_equal(in_child(do_drop), 0);
    assert_int_equal(in_child(do_stay), 0);
    assert_int_equal(in_child(do_twice), 0);
}

/* Root without CAP_SETUID or CAP_SETGID cannot become anybody, and is told so: never success as root. */
static int without(unsigned cap)
{
    const struct privilege_user u = nobody();
    struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct d[2];
    struct nt_error err = { "" };
    memset(d, 0, sizeof d);
    if (syscall(SYS_capget, &h, d) != 0)
        return 1;
    d[0].effective &= ~(1u << cap);
    d[0].permitted &= ~(1u << cap);
    if (syscall(SYS_capset, &h, d) != 0)
        return 2;
    return privilege_drop(&u, &err) == STATUS_ACCESS_DENIED && err.text[0] ? 0 : 3;
}

static int without_setuid(void)
{
    return without(CAP_SETUID);
}

static int without_setgid(void)
{
    return without(CAP_SETGID);
}

static void failed(void **state)
{
    (void)state;
    assert_int_equal(in_child(without_setuid), 0);
    assert_int_equal(in_child(without_setgid), 0);
}

static void users(void **state)
{
    struct privilege_user u;
    struct nt_error err = { "" };
    (void)state;
    assert_int_equal(privilege_find("root", &u, &err), STATUS_SUCCESS);
    assert_int_equal(u.uid, 0);
    assert_in_range(u.n_groups, 1, PRIVILEGE_GROUPS_MAX);
    assert_int_equal(privilege_find("0", &u, &err), STATUS_SUCCESS);
    assert_int_equal(u.uid, 0);
    assert_int_equal(privilege_find("4000000000", &u, &err), STATUS_SUCCESS); /* a number without a name */
    assert_int_equal(u.uid, 4000000000);
    assert_int_equal(u.gid, 4000000000);
    assert_int_equal(u.groups[0], 4000000000);
    u.uid = 77;
    static const char *const bad[] = { "",    "no such user", "4294967295", "99999999999999999999",
                                       "0x0", "-1",           "+0",         "1 " };
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(privilege_find(bad[i], &u, &err), STATUS_NO_SUCH_USER);
        assert_non_null(strstr(err.text, "no user"));
    }
    assert_int_equal(u.uid, 77);
}

static void directories(void **state)
{
    const struct privilege_user u = nobody();
    struct nt_error err = { "" };
    struct stat st;
    char path[128], link[128];
    (void)state;
    snprintf(path, sizeof path, "%s/made", dir);
    mode_t mask = umask(0777);
    assert_int_equal(privilege_directory(path, 0750, NULL, &err), STATUS_SUCCESS);
    umask(mask);
    assert_int_equal(lstat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0750);
    assert_int_equal(privilege_directory(path, 0700, NULL, &err), STATUS_SUCCESS); /* left as it is */
    assert_int_equal(lstat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0750);
    if (geteuid() == 0) {
        assert_int_equal(privilege_directory(path, 0700, &u, &err), STATUS_ACCESS_DENIED);
        assert_non_null(strstr(err.text, "belongs to user 0, not to 65534"));
        assert_int_equal(rmdir(path), 0);
        assert_int_equal(privilege_directory(path, 0700, &u, &err), STATUS_SUCCESS);
        assert_int_equal(lstat(path, &st), 0);
        assert_int_equal(st.st_uid, NOBODY);
        assert_int_equal(st.st_gid, NOBODY);
        assert_int_equal(privilege_directory(path, 0700, &u, &err), STATUS_SUCCESS);
        assert_int_equal(chown(path, 0, 0), 0);
    }
    assert_int_equal(chmod(path, 0707), 0);
    assert_int_equal(privilege_directory(path, 0700, NULL, &err), STATUS_ACCESS_DENIED);
    assert_non_null(strstr(err.text, "anybody may write"));
    assert_int_equal(rmdir(path), 0);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_int_not_equal(privilege_directory(path, 0700, NULL, &err), STATUS_SUCCESS);
    assert_int_equal(unlink(path), 0);
    snprintf(link, sizeof link, "%s/none/made", dir);
    assert_int_equal(privilege_directory(link, 0700, NULL, &err), STATUS_OBJECT_NAME_NOT_FOUND);
}

static void may_read(void **state)
{
    const struct privilege_user u = nobody();
    char path[128];
    gid_t before[64], after[64];
    (void)state;
    int n = getgroups(64, before);
    snprintf(path, sizeof path, "%s/keytab", dir);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_false(privilege_may_read(path, &u));
    assert_int_equal(chmod(path, 0640), 0);
    assert_false(privilege_may_read(path, &u));
    assert_int_equal(chown(path, 0, 12345), 0); /* by one of its groups */
    assert_false(privilege_may_read(path, &u)); /* but not into the directory */
    assert_int_equal(chmod(dir, 0711), 0);
    assert_true(privilege_may_read(path, &u));
    assert_int_equal(chmod(path, 0600), 0);
    assert_false(privilege_may_read(path, &u));
    assert_int_equal(unlink(path), 0);
    assert_false(privilege_may_read(path, &u));
    /* and we are who we were */
    assert_int_equal(setfsuid((uid_t)-1), 0);
    assert_int_equal(setfsgid((gid_t)-1), getegid());
    assert_int_equal(getgroups(64, after), n);
    assert_memory_equal(before, after, (size_t)n * sizeof before[0]);
    int fd = open("/etc/shadow", O_RDONLY);
    assert_true(fd >= 0 || errno == ENOENT);
    if (fd >= 0)
        close(fd);
}

static int do_prepare(void)
{
    struct rlimit l;
    privilege_prepare(64);
    if (umask(0) != 077)
        return 1;
    if (getrlimit(RLIMIT_CORE, &l) != 0 || l.rlim_cur || l.rlim_max)
        return 2;
    if (getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur < 64)
        return 3;
    l.rlim_cur = 32;
    if (setrlimit(RLIMIT_NOFILE, &l) != 0)
        return 4;
    privilege_prepare(48);
    if (getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur != 48)
        return 5;
    if (geteuid() == 0 && is_effective(CAP_SYS_RESOURCE)) { /* also above what was allowed */
        l.rlim_cur = l.rlim_max = 64;
        if (setrlimit(RLIMIT_NOFILE, &l) != 0)
            return 6;
        privilege_prepare(80);
        if (getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur != 80)
            return 7;
    }
    if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) != 0)
        return 8;
    privilege_prepare(1u << 30); /* as many as can be had */
    if (getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur != l.rlim_max)
        return 9;
    return 0;
}

static void prepared(void **state)
{
    (void)state;
    assert_int_equal(in_child(do_prepare), 0);
}

int main(void)
{
    const struct CMUnitTest all[] = { cmocka_unit_test(users), cmocka_unit_test(directories),
                                      cmocka_unit_test(prepared) };
    const struct CMUnitTest as_root[] = { cmocka_unit_test(drops), cmocka_unit_test(failed),
                                          cmocka_unit_test(may_read) };
    strcpy(dir, "/tmp/tern-privilege-XXXXXX");
    if (!mkdtemp(dir))
        return 1;
    int rc = cmocka_run_group_tests_name("anybody", all, NULL, NULL);
    if (geteuid() == 0)
        rc += cmocka_run_group_tests_name("root", as_root, NULL, NULL);
    else
        puts("# not root: nothing to give up");
    rmdir(dir);
    return rc;
}
