// SPDX-License-Identifier: Apache-2.0
/* The numbers are those of linux/landlock.h, which older systems have not, or not whole: a program runs on
 * newer kernels than it was built on. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "landlock.h"
#include "os_error.h"

#ifndef SYS_landlock_create_ruleset /* the same on all architectures */
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif

enum {
    EXECUTE = 1 << 0,
    WRITE_FILE = 1 << 1,
    READ_FILE = 1 << 2,
    READ_DIR = 1 << 3,
    REMOVE_DIR = 1 << 4,
    REMOVE_FILE = 1 << 5,
    MAKE_CHAR = 1 << 6,
    MAKE_DIR = 1 << 7,
    MAKE_REG = 1 << 8,
    MAKE_SOCK = 1 << 9,
    MAKE_FIFO = 1 << 10,
    MAKE_BLOCK = 1 << 11,
    MAKE_SYM = 1 << 12,
    REFER = 1 << 13,     /* 2: links and renames between directories */
    TRUNCATE = 1 << 14,  /* 3 */
    IOCTL_DEV = 1 << 15, /* 5 */
};
enum { NET_CONNECT_TCP = 1 << 1 };                                   /* 4 */
enum { SCOPE_ABSTRACT_UNIX_SOCKET = 1 << 0, SCOPE_SIGNAL = 1 << 1 }; /* 6 */
enum { VERSION_OF_KERNEL = 1, RULE_PATH_BENEATH = 1 };

struct ruleset {
    uint64_t files, net, scoped;
};

struct path_rule {
    uint64_t files;
    int32_t parent;
} __attribute__((packed));

/* All that the kernel can govern. Scopes are left alone: the service manager may listen at an abstract name.
 */
static struct ruleset governed(long version, bool connects)
{
    struct ruleset r = { .files = MAKE_SYM * 2 - 1 };
    if (version >= 2)
        r.files |= REFER;
    if (version >= 3)
        r.files |= TRUNCATE;
    if (version >= 4 && !connects)
        r.net = NET_CONNECT_TCP;
    if (version >= 5)
        r.files |= IOCTL_DEV;
    if (version >= 6)
        r.scoped = SCOPE_SIGNAL;
    return r;
}

enum nt_status landlock_begin(bool connects, struct landlock *ret, struct nt_error *err)
{
    struct landlock l = { .rules = -1 };
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION_OF_KERNEL);
    if (version <= 0) { /* ENOSYS, or switched off */
        *ret = l;
        return STATUS_SUCCESS;
    }
    struct ruleset r = governed(version, connects);
    l.version = (unsigned)version;
    l.files = r.files;
    l.rules = (int)syscall(SYS_landlock_create_ruleset, &r, sizeof r, 0);
    if (l.rules < 0)
        return os_error(err, errno, "sandbox: landlock");
    *ret = l;
    return STATUS_SUCCESS;
}

enum nt_status landlock_path(struct landlock *l, const char *path, bool write, struct nt_error *err)
{
    const uint64_t of_file = WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV;
    const uint64_t change =
        WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SOCK | REFER | TRUNCATE;
    struct path_rule rule = { .files = READ_FILE | READ_DIR | (write ? change : 0) };
    struct stat st;
    if (!path)
        return STATUS_SUCCESS;
    rule.parent = open(path, O_PATH | O_CLOEXEC);
    if (rule.parent < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
        return STATUS_SUCCESS; /* what we cannot reach is not to be opened later either */
    long rc = rule.parent < 0 ? -1 : fstat(rule.parent, &st);
    if (rc == 0 && !S_ISDIR(st.st_mode))
        rule.files &= of_file;
    rule.files &= l->files;
    if (rc == 0)
        rc = syscall(SYS_landlock_add_rule, l->rules, RULE_PATH_BENEATH, &rule, 0);
    int e = errno;
    if (rule.parent >= 0)
        close(rule.parent);
    if (rc != 0)
        return os_error(err, e, path);
    return STATUS_SUCCESS;
}

enum nt_status landlock_end(struct landlock *l, struct nt_error *err)
{
    long rc = syscall(SYS_landlock_restrict_self, l->rules, 0);
    int e = errno;
    landlock_give_up(l);
    if (rc != 0)
        return os_error(err, e, "sandbox: landlock");
    return STATUS_SUCCESS;
}

void landlock_give_up(struct landlock *l)
{
    if (l->rules >= 0)
        close(l->rules);
    l->rules = -1;
}
