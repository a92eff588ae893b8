// SPDX-License-Identifier: Apache-2.0
/* From root, or from a user with CAP_NET_BIND_SERVICE, to a user without anything. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "os_error.h"
#include "privilege.h"

static enum nt_status fail(struct nt_error *err, const char *what)
{
    return os_error(err, errno, what);
}

/* Where it fails we have fewer descriptors, core dumps that are as private as the system makes them: no
 * reason not to serve. */
void privilege_prepare(unsigned descriptors)
{
    struct rlimit files, none = { 0, 0 };
    umask(077);
    (void)!setrlimit(RLIMIT_CORE, &none);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < descriptors) {
        struct rlimit more = files;
        more.rlim_cur = descriptors;
        if (more.rlim_max < more.rlim_cur)
            more.rlim_max = more.rlim_cur; /* root may */
        if (setrlimit(RLIMIT_NOFILE, &more) != 0) {
            more.rlim_cur = more.rlim_max = files.rlim_max;
            (void)!setrlimit(RLIMIT_NOFILE, &more);
        }
    }
#ifndef DAEMON_SANITIZED /* LeakSanitizer looks at its own process from another one */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/* ---- users ---- */

#ifdef DAEMON_STATIC /* the C library would load libraries of its own for getpwnam and getgrouplist */
static bool find_passwd(const char *name, const uid_t *uid, struct privilege_user *u, char *ret_name,
                        size_t size)
{
    FILE *f = fopen("/etc/passwd", "re");
    const struct passwd *p = NULL;
    while (f && (p = fgetpwent(f)))
        if (uid ? p->pw_uid == *uid : strcmp(p->pw_name, name) == 0)
            break;
    if (p) {
        u->uid = p->pw_uid;
        u->gid = p->pw_gid;
        snprintf(ret_name, size, "%s", p->pw_name);
    }
    if (f)
        fclose(f);
    return p;
}

static bool is_member(const struct group *g, const char *name)
{
    for (char **m = g->gr_mem; *m; m++)
        if (strcmp(*m, name) == 0)
            return true;
    return false;
}

static bool find_groups(const char *name, struct privilege_user *u)
{
    FILE *f = fopen("/etc/group", "re");
    const struct group *g;
    u->groups[u->n_groups++] = u->gid;
    while (f && (g = fgetgrent(f)) && u->n_groups < PRIVILEGE_GROUPS_MAX)
        if (g->gr_gid != u->gid && is_member(g, name))
            u->groups[u->n_groups++] = g->gr_gid;
    if (f)
        fclose(f);
    return true;
}
#else
static bool find_passwd(const char *name, const uid_t *uid, struct privilege_user *u, char *ret_name,
                        size_t size)
{
    const struct passwd *p = uid ? getpwuid(*uid) : getpwnam(name);
    if (!p)
        return false;
    u->uid = p->pw_uid;
    u->gid = p->pw_gid;
    snprintf(ret_name, size, "%s", p->pw_name);
    return true;
}

static bool find_groups(const char *name, struct privilege_user *u)
{
    int n = PRIVILEGE_GROUPS_MAX;
    bool fits = getgrouplist(name, u->gid, u->groups, &n) >= 0;
    u->n_groups = fits ? (unsigned)n : 0;
    return fits;
}
#endif

enum nt_status privilege_find(const char *name, struct privilege_user *ret, struct nt_error *err)
{
    struct privilege_user u = { 0 };
    char known[256];
    char *end;
    unsigned long number = strtoul(name, &end, 10);
    bool numeric = *name >= '0' && *name <= '9' && !*end && number < UINT32_MAX;
    uid_t uid = (uid_t)number;
    if (find_passwd(name, numeric ? &uid : NULL, &u, known, sizeof known)) {
        if (!find_groups(known, &u))
            return nt_error_set(err, STATUS_INSUFFICIENT_RESOURCES, "user %s: in more than %u groups", name,
                                PRIVILEGE_GROUPS_MAX);
    } else if (numeric) { /* in a container numbers often have no names */
        u.uid = uid;
        u.gid = u.groups[0] = (gid_t)number;
        u.n_groups = 1;
    } else {
        return nt_error_set(err, STATUS_NO_SUCH_USER, "there is no user %s", name);
    }
    *ret = u;
    return STATUS_SUCCESS;
}

/* ---- files ---- */

enum nt_status privilege_directory(const char *path, unsigned mode, const struct privilege_user *user,
                                   struct nt_error *err)
{
    uid_t owner = user ? user->uid : geteuid();
    struct stat st;
    bool made = mkdir(path, mode & 0777) == 0;
    if (!made && errno != EEXIST)
        return fail(err, path);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (made ? O_NOFOLLOW : 0));
    if (fd < 0 && errno == ENOTDIR)
        return nt_error_set(err, STATUS_ACCESS_DENIED, "%s: not a directory", path);
    if (fd < 0 || fstat(fd, &st) != 0)
        goto failed;
    if (made && user && fchown(fd, user->uid, user->gid) != 0)
        goto failed;
    if (made && fchmod(fd, mode & 0777) != 0) /* whatever the umask */
        goto failed;
    close(fd);
    if (made)
        return STATUS_SUCCESS;
    if (st.st_uid != owner) /* who may also put another directory, or links, in its place at any time */
        return nt_error_set(err, STATUS_ACCESS_DENIED, "%s: belongs to user %u, not to %u who is to use it",
                            path, (unsigned)st.st_uid, (unsigned)owner);
    if (st.st_mode & S_IWOTH)
        return nt_error_set(err, STATUS_ACCESS_DENIED,
                            "%s: anybody may write there; chmod o-w, or take another directory", path);
    return STATUS_SUCCESS;
failed:;
    enum nt_status status = fail(err, path);
    if (fd >= 0)
        close(fd);
    if (made)
        rmdir(path);
    return status;
}

/* By asking the kernel, in the user's place: only it knows of ACLs and of the directories above. The ids for
 * files are the thread's own, and the rights of root over files go with them. */
bool privilege_may_read(const char *path, const struct privilege_user *user)
{
    gid_t before[PRIVILEGE_GROUPS_MAX];
    int n = getgroups((int)PRIVILEGE_GROUPS_MAX, before);
    bool can = false;
    if (n < 0 || syscall(SYS_setgroups, (size_t)user->n_groups, user->groups) != 0)
        return false;
    setfsgid(user->gid);
    setfsuid(user->uid);
    if ((uid_t)setfsuid((uid_t)-1) == user->uid) {
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        can = fd >= 0;
        if (can)
            close(fd);
    }
    setfsuid(geteuid());
    setfsgid(getegid());
    return syscall(SYS_setgroups, (size_t)n, before) == 0 && can;
}

/* ---- the drop ---- */

static enum nt_status become(const struct privilege_user *u, struct nt_error *err)
{
    uid_t r, e, s;
    gid_t rg, eg, sg;
    if (setgroups(u->n_groups, u->groups) != 0)
        return fail(err, "setting groups");
    if (setresgid(u->gid, u->gid, u->gid) != 0)
        return fail(err, "changing the group");
    if (setresuid(u->uid, u->uid, u->uid) != 0)
        return fail(err, "changing the user");
    if (getresuid(&r, &e, &s) != 0 || getresgid(&rg, &eg, &sg) != 0)
        return fail(err, "looking at what we are");
    if (r != u->uid || e != u->uid || s != u->uid || rg != u->gid || eg != u->gid || sg != u->gid)
        return nt_error_set(err, STATUS_ACCESS_DENIED, "the user did not change");
    return STATUS_SUCCESS;
}

/* The bounding set goes first, while there is CAP_SETPCAP to do it with; where there is none, no program that
 * is run gains anything all the same (PR_SET_NO_NEW_PRIVS). */
static void drop_bounds(void)
{
    for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        (void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

static enum nt_status drop_capabilities(struct nt_error *err)
{
    struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct d[2] = { { 0 } };
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    int e = syscall(SYS_capset, &h, d) != 0 ? errno : 0; /* a manager's filter may refuse it to who has none anyway */
    memset(d, 0xff, sizeof d);
    if (syscall(SYS_capget, &h, d) != 0)
        return fail(err, "looking at capabilities");
    for (int i = 0; i < 2; i++)
        if (d[i].effective || d[i].permitted || d[i].inheritable)
            return nt_error_set(err, STATUS_ACCESS_DENIED, "capabilities are left: %s", strerror(e));
    return STATUS_SUCCESS;
}

enum nt_status privilege_drop(const struct privilege_user *user, struct nt_error *err)
{
    bool change = user && (user->uid != geteuid() || user->uid != getuid());
    if (change && geteuid() != 0)
        return nt_error_set(err, STATUS_ACCESS_DENIED, "only root can become another user (%u)",
                            (unsigned)user->uid);
    drop_bounds();
    enum nt_status st = user && geteuid() == 0 ? become(user, err) : STATUS_SUCCESS;
    if (st == STATUS_SUCCESS)
        st = drop_capabilities(err);
    if (st != STATUS_SUCCESS)
        return st;
    if (user && user->uid != 0 && (setuid(0) == 0 || geteuid() == 0))
        return nt_error_set(err, STATUS_ACCESS_DENIED, "root could be had again");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return fail(err, "PR_SET_NO_NEW_PRIVS");
#ifndef DAEMON_SANITIZED
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) /* a change of the user may set it */
        return fail(err, "PR_SET_DUMPABLE");
#endif
    return STATUS_SUCCESS;
}
