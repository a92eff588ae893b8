// SPDX-License-Identifier: Apache-2.0
/*
 * The account store when things go wrong: a disk that is full or fails at each of its writes in turn, files
 * that are damaged, processes that are killed, many at a time.
 */
#include "samdb_world.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "samdb/m_samdb.h"

/* ---- a disk that fails ---- */

/* The methods of a kind of file with those that write replaced; the file's own follow. */
struct methods {
    sqlite3_io_methods ours;
    const sqlite3_io_methods *real;
};

/* A VFS that is SQLite's own until its count of writes (or flushes) is used up. */
static struct {
    sqlite3_vfs vfs;
    const sqlite3_vfs *real;
    struct methods kinds[4]; /* files with locks, files without, ... */
    long left;               /* calls that succeed yet; -1: all */
    bool flush;              /* the flushes are counted, not the writes */
    int code;                /* what the others get */
    bool hit;
} disk = { .left = -1 };

static bool fails(bool flush)
{
    if (disk.left < 0 || disk.flush != flush)
        return false;
    if (disk.left > 0) {
        disk.left--;
        return false;
    }
    disk.hit = true; /* and so do all that follow */
    errno = EIO;
    return true;
}

static const sqlite3_io_methods *real_of(const sqlite3_file *f)
{
    return ((const struct methods *)(const void *)f->pMethods)->real;
}

static int disk_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    return fails(false) ? disk.code : real_of(f)->xWrite(f, p, n, at);
}

static int disk_sync(sqlite3_file *f, int flags)
{
    return fails(true) ? disk.code : real_of(f)->xSync(f, flags);
}

static int disk_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *ret_flags)
{
    (void)v;
    unsigned i = 0;
    int rc = disk.real->xOpen((sqlite3_vfs *)(uintptr_t)disk.real, name, f, flags, ret_flags);
    if (rc != SQLITE_OK || !f->pMethods)
        return rc;
    while (i < 4 && disk.kinds[i].real && disk.kinds[i].real != f->pMethods)
        i++;
    assert_true(i < 4);
    disk.kinds[i].real = f->pMethods;
    disk.kinds[i].ours = *f->pMethods;
    disk.kinds[i].ours.xWrite = disk_write;
    disk.kinds[i].ours.xSync = disk_sync;
    f->pMethods = &disk.kinds[i].ours;
    return rc;
}

static int disk_register(void **state)
{
    (void)state;
    disk.real = sqlite3_vfs_find(NULL);
    disk.vfs = *disk.real;
    disk.vfs.zName = "failing";
    disk.vfs.xOpen = disk_open;
    return sqlite3_vfs_register(&disk.vfs, 0);
}

/* What a test changes; a name, a member, a password, a count: several pages. */
static enum nt_status change(struct samdb *d)
{
    uint32_t rid;
    struct nt_sid sid;
    enum nt_status st = samdb_begin(d);
    if (st != STATUS_SUCCESS)
        return st;
    st = samdb_user_add(d, "added", 0, &rid);
    if (st == STATUS_SUCCESS)
        st = nt_sid_parse("S-1-5-21-1-2-3-4", &sid);
    if (st == STATUS_SUCCESS)
        st = samdb_member_add(d, SAMDB_BUILTIN, SAMDB_ALIAS, 544, &sid);
    if (st == STATUS_SUCCESS)
        st = samdb_password_set(d, rid, "secret", 6, SAMDB_PASSWORD_RESET, false);
    if (st == STATUS_SUCCESS)
        st = samdb_set_setting(d, "changed", "yes");
    return samdb_end(d, st);
}

/* All of change(), or nothing of it. */
static bool is_changed(struct world *w, struct samdb *d)
{
    struct samdb_name n;
    struct nt_sid *sids;
    unsigned count;
    const char *v;
    enum nt_status st = samdb_find(d, SAMDB_ACCOUNT, "added", w->mem, &n);
    assert_true(st == STATUS_SUCCESS || st == STATUS_NONE_MAPPED);
    assert_int_equal(samdb_members(d, SAMDB_BUILTIN, SAMDB_ALIAS, 544, w->mem, &sids, &count),
                     STATUS_SUCCESS);
    assert_int_equal(samdb_setting(d, "changed", w->mem, &v), STATUS_SUCCESS);
    bool all = st == STATUS_SUCCESS;
    assert_int_equal(count, all ? 2 : 1);
    assert_int_equal(v != NULL, all);
    assert_int_equal(samdb_check(d, NULL), STATUS_SUCCESS);
    return all;
}

/* Fails at the first write, at the second, and so on, until a change gets through. */
static void sweep(struct world *w, bool flush, int code, enum nt_status want)
{
    struct samdb_options o = world_options(w);
    bool done = false;
    o.vfs = "failing";
    samdb_close(w->d);
    w->d = NULL;
    for (long at = 0; !done; at++) {
        assert_true(at < 500);
        assert_int_equal(samdb_open(w->path, &o, &w->d), STATUS_SUCCESS);
        disk.left = at;
        disk.flush = flush;
        disk.code = code;
        disk.hit = false;
        enum nt_status st = change(w->d);
        bool hit = disk.hit;
        disk.left = -1;
        assert_int_equal(st, hit ? want : STATUS_SUCCESS);
        done = !hit;
        assert_int_equal(is_changed(w, w->d), done); /* by this handle, */
        if (at % 2) {
            assert_int_equal(change(w->d), done ? STATUS_USER_EXISTS : STATUS_SUCCESS); /* which goes on, */
            assert_true(is_changed(w, w->d));
            done = true;
        }
        samdb_close(w->d);
        assert_int_equal(samdb_open(w->path, NULL, &w->d), STATUS_SUCCESS);
        assert_int_equal(is_changed(w, w->d), done); /* and by another */
        if (at % 2 && hit) {                         /* back to the start */
            struct samdb_name n;
            struct nt_sid sid;
            assert_int_equal(nt_sid_parse("S-1-5-21-1-2-3-4", &sid), STATUS_SUCCESS);
            assert_int_equal(samdb_find(w->d, SAMDB_ACCOUNT, "added", w->mem, &n), STATUS_SUCCESS);
            assert_int_equal(samdb_user_delete(w->d, n.rid), STATUS_SUCCESS);
            assert_int_equal(samdb_member_remove(w->d, SAMDB_BUILTIN, SAMDB_ALIAS, 544, &sid),
                             STATUS_SUCCESS);
            assert_int_equal(samdb_set_setting(w->d, "changed", NULL), STATUS_SUCCESS);
            done = false;
        }
        samdb_close(w->d);
        w->d = NULL;
    }
}

static void full_at_each_write(void **state)
{
    sweep(*state, false, SQLITE_FULL, STATUS_DISK_FULL);
}

static void broken_at_each_write(void **state)
{
    sweep(*state, false, SQLITE_IOERR_WRITE, STATUS_IO_DEVICE_ERROR);
}

static void broken_at_each_flush(void **state)
{
    sweep(*state, true, SQLITE_IOERR_FSYNC, STATUS_IO_DEVICE_ERROR);
}

/* A new store is there whole or not at all. */
static void full_while_made(void **state)
{
    struct world *w = *state;
    struct samdb_options o = world_options(w);
    char path[120];
    struct stat sb;
    snprintf(path, sizeof path, "%s.2", w->path);
    o.vfs = "failing";
    for (long at = 0;; at += 3) {
        disk.left = at;
        disk.flush = false;
        disk.code = SQLITE_FULL;
        disk.hit = false;
        enum nt_status st = samdb_create(path, &world_init, &o);
        disk.left = -1;
        if (!disk.hit) {
            assert_int_equal(st, STATUS_SUCCESS);
            break;
        }
        assert_int_equal(st, STATUS_DISK_FULL);
        assert_int_equal(stat(path, &sb), -1);
    }
    assert_int_equal(stat(path, &sb), 0);
    assert_int_equal(sb.st_mode & 0777, 0600);
    assert_int_equal(samdb_create(path, &world_init, &o), STATUS_OBJECT_NAME_COLLISION);
}

/* The kernel's own word for it: a file may not grow any more. */
static void full_for_the_kernel(void **state)
{
    struct world *w = *state;
    uint32_t rid;
    char name[32];
    enum nt_status st = STATUS_SUCCESS;
    struct rlimit before, small;
    unsigned n = 0;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 256 << 10;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    while (st == STATUS_SUCCESS && n < 5000) {
        snprintf(name, sizeof name, "user%u", n);
        st = samdb_user_add(w->d, name, 0, &rid);
        n += st == STATUS_SUCCESS;
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(st, STATUS_DISK_FULL);
    assert_int_equal(samdb_check(w->d, NULL), STATUS_SUCCESS);
    assert_int_equal(samdb_user_add(w->d, name, 0, &rid), STATUS_SUCCESS); /* there is room again */
    assert_int_equal(rid, 1000 + n);
}

/* ---- damage ---- */

static size_t slurp(const char *path, uint8_t **ret)
{
    struct stat sb;
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &sb) == 0);
    *ret = malloc((size_t)sb.st_size + 1);
    assert_int_equal(read(fd, *ret, (size_t)sb.st_size), sb.st_size);
    close(fd);
    return (size_t)sb.st_size;
}

static void spill(const char *path, const uint8_t *p, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, p, n), (ssize_t)n);
    close(fd);
}

/* Opening fails, and leaves the file as it is. */
static void refused(struct world *w, const uint8_t *p, size_t n, enum nt_status want)
{
    struct samdb_options o = world_options(w);
    struct samdb *d = NULL;
    uint8_t *after;
    spill(w->path, p, n);
    assert_int_equal(samdb_open(w->path, &o, &d), want);
    assert_null(d);
    assert_true(w->err.text[0]);
    assert_int_equal(slurp(w->path, &after), n);
    assert_memory_equal(after, p, n);
    free(after);
}

static void damaged_files(void **state)
{
    struct world *w = *state;
    struct samdb_options o = world_options(w);
    uint8_t *p, noise[8192];
    samdb_close(w->d);
    w->d = NULL;
    size_t n = slurp(w->path, &p);
    assert_true(n > 16384);
    assert_int_equal(nt_env_system()->random(NULL, noise, sizeof noise), STATUS_SUCCESS);
    refused(w, noise, sizeof noise, STATUS_INTERNAL_DB_CORRUPTION);
    refused(w, noise, 0, STATUS_INTERNAL_DB_CORRUPTION);
    refused(w, p, 50, STATUS_INTERNAL_DB_CORRUPTION);
    for (size_t cut = 4096; cut < n; cut += 4096)
        refused(w, p, cut, STATUS_INTERNAL_DB_CORRUPTION);
    /* a page of noise in the place of any other but the first */
    for (size_t at = 4096; at < n; at += 4096) {
        uint8_t *q = malloc(n);
        memcpy(q, p, n);
        memcpy(q + at, noise, 4096);
        refused(w, q, n, STATUS_INTERNAL_DB_CORRUPTION);
        free(q);
    }
    uint8_t version[4], application[4];
    memcpy(version, p + 60, 4); /* "user version" and "application id" of SQLite's header, big endian */
    memcpy(application, p + 68, 4);
    assert_memory_equal(application, "Tern", 4);
    p[63]++;
    refused(w, p, n, STATUS_REVISION_MISMATCH);
    memcpy(p + 60, version, 4);
    memset(p + 68, 0, 4);
    refused(w, p, n, STATUS_OBJECT_TYPE_MISMATCH);
    memcpy(p + 68, application, 4);
    spill(w->path, p, n);
    free(p);
    assert_int_equal(samdb_open(w->path, &o, &w->d), STATUS_SUCCESS); /* nothing else was wrong */
}

static void places_without_a_store(void **state)
{
    struct world *w = *state;
    struct samdb *d = NULL;
    char path[160];
    assert_int_equal(samdb_open(w->dir, NULL, &d), STATUS_OBJECT_TYPE_MISMATCH);
    snprintf(path, sizeof path, "%s.none", w->path);
    assert_int_equal(samdb_open(path, NULL, &d), STATUS_OBJECT_NAME_NOT_FOUND);
    snprintf(path, sizeof path, "%s/none/x", w->dir);
    assert_int_equal(samdb_create(path, &world_init, NULL), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_null(d);
}

/* Damage that comes while the store is open is found when the page is read; after that nothing is written. */
static void damage_while_open(void **state)
{
    struct world *w = *state;
    struct samdb_options o = world_options(w);
    uint8_t *p, *after, noise[4096];
    samdb_close(w->d); /* all is in the file now */
    size_t n = slurp(w->path, &p);
    assert_int_equal(samdb_open(w->path, &o, &w->d), STATUS_SUCCESS);
    sqlite3_db_release_memory(w->d->db); /* forget what was read */
    memset(noise, 0x5a, sizeof noise);
    for (size_t at = 4096; at < n; at += 4096)
        memcpy(p + at, noise, 4096);
    int fd = open(w->path, O_WRONLY);
    assert_int_equal(pwrite(fd, p + 4096, n - 4096, 4096), (ssize_t)(n - 4096));
    close(fd);
    assert_int_equal(samdb_set_setting(w->d, "k", "v"), STATUS_INTERNAL_DB_CORRUPTION);
    assert_int_equal(samdb_begin(w->d), STATUS_INTERNAL_DB_CORRUPTION);
    samdb_close(w->d);
    w->d = NULL;
    assert_int_equal(slurp(w->path, &after), n);
    assert_memory_equal(after + 4096, p + 4096, n - 4096);
    free(p);
    free(after);
}

/* ---- migrations ---- */

static void migrations(void **state)
{
    struct world *w = *state;
    const char *list[] = { samdb_migrations[0],
                           "CREATE TABLE extra (x INTEGER) STRICT; INSERT INTO extra VALUES (7);",
                           "CREATE TABLE half (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1);" };
    struct samdb *d = NULL;
    assert_int_equal(samdb_migrate(w->d, list, 2), STATUS_SUCCESS);
    assert_int_equal(samdb_migrate(w->d, list, 2), STATUS_SUCCESS); /* once only */
    assert_int_equal(db_exec(w->d, "SELECT 1 / (count(*) = 1 AND x = 7) FROM extra"), STATUS_SUCCESS);
    assert_int_not_equal(samdb_migrate(w->d, list, 3), STATUS_SUCCESS);
    assert_int_not_equal(db_exec(w->d, "SELECT * FROM half"), STATUS_SUCCESS); /* whole or not at all */
    assert_int_equal(samdb_open(w->path, NULL, &d), STATUS_REVISION_MISMATCH); /* this one knows version 1 */
}

/* ---- kill -9 ---- */

/* Adds users and says so, one after the other, until it is killed. */
static void add_for_ever(const char *path, int out)
{
    struct samdb *d;
    uint32_t rid;
    char name[32];
    if (samdb_open(path, NULL, &d) != STATUS_SUCCESS)
        _exit(1);
    for (uint32_t i = 0;; i++) {
        snprintf(name, sizeof name, "u%d.%u", (int)getpid(), i);
        if (samdb_user_add(d, name, 0, &rid) != STATUS_SUCCESS || write(out, &rid, sizeof rid) != sizeof rid)
            _exit(2);
    }
}

static void killed_at_any_time(void **state)
{
    struct world *w = *state;
    struct samdb_options o = world_options(w);
    uint32_t last = 999, acknowledged = 0;
    struct samdb_name *list;
    unsigned n;
    samdb_close(w->d);
    w->d = NULL;
    for (int round = 0; round < 8; round++) {
        int fd[2];
        assert_int_equal(pipe(fd), 0);
        pid_t child = fork();
        if (child == 0)
            add_for_ever(w->path, fd[1]);
        close(fd[1]);
        for (int i = 0; i < 5 + round; i++)
            assert_int_equal(read(fd[0], &last, sizeof last), sizeof last);
        kill(child, SIGKILL);
        while (read(fd[0], &last, sizeof last) == sizeof last) /* said before it died */
            ;
        close(fd[0]);
        assert_int_equal(waitpid(child, NULL, 0), child);
        acknowledged = last - 999;
        assert_int_equal(samdb_open(w->path, &o, &w->d), STATUS_SUCCESS);
        assert_int_equal(samdb_check(w->d, NULL), STATUS_SUCCESS);
        assert_int_equal(samdb_list(w->d, SAMDB_ACCOUNT, SAMDB_USER, 999, 10000, w->mem, &list, &n),
                         STATUS_SUCCESS);
        assert_in_range(n, acknowledged,
                        acknowledged + 1); /* the last one may not have got round to saying so */
        if (n == acknowledged + 1)
            last = list[n - 1].rid;
        samdb_close(w->d);
        w->d = NULL;
    }
    assert_true(acknowledged >= 8 * 5);
}

/* ---- many at a time ---- */

enum { GUESSERS = 64, LOCKOUT = 5 };

/* 64 processes with wrong passwords, and then one with the right one, all at once. */
static void guess(const char *path, int out)
{
    struct samdb_options o = { .busy_ms = 60000 };
    struct samdb *d;
    uint8_t said = 0;
    for (int i = 0; i < 2; i++) {
        if (samdb_open(path, &o, &d) != STATUS_SUCCESS)
            _exit(1);
        enum nt_status st = logon(d, "admin", i ? "secret" : "wrong");
        said = st == STATUS_WRONG_PASSWORD       ? 'w'
               : st == STATUS_ACCOUNT_LOCKED_OUT ? 'l'
               : st == STATUS_SUCCESS            ? 's'
                                                 : '?';
        if (write(out, &said, 1) != 1)
            _exit(2);
        samdb_close(d);
    }
    _exit(0);
}

static void guessed_in_parallel(void **state)
{
    struct world *w = *state;
    struct samdb_options o = world_options(w);
    struct samdb_policy p;
    int fd[2], status;
    uint8_t said;
    unsigned wrong = 0, locked = 0, in = 0;
    pid_t child[GUESSERS];
    assert_int_equal(policy_get(w->d, &p), STATUS_SUCCESS);
    p.lockout_count = LOCKOUT;
    p.lockout_span = p.lockout_window = NT_TIME_NEVER;
    assert_int_equal(samdb_set_policy(w->d, &p), STATUS_SUCCESS);
    samdb_close(w->d); /* handles are not for children */
    w->d = NULL;
    assert_int_equal(pipe(fd), 0);
    for (int i = 0; i < GUESSERS; i++) {
        child[i] = fork();
        assert_true(child[i] >= 0);
        if (child[i] == 0)
            guess(w->path, fd[1]);
    }
    close(fd[1]);
    while (read(fd[0], &said, 1) == 1) {
        wrong += said == 'w';
        locked += said == 'l';
        in += said == 's';
    }
    close(fd[0]);
    for (int i = 0; i < GUESSERS; i++) {
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(wrong + locked + in, 2 * GUESSERS);
    /* whoever was let in began the count anew; between two of those there are fewer than the count */
    assert_true(wrong <= LOCKOUT + in * (LOCKOUT - 1));
    assert_int_equal(samdb_open(w->path, &o, &w->d), STATUS_SUCCESS);
    if (in == 0)
        assert_int_equal(wrong, LOCKOUT);
}

/* The same without anybody who knows it: exactly the count is judged. */
static void guess_wrong(const char *path, int out)
{
    struct samdb_options o = { .busy_ms = 60000 };
    struct samdb *d;
    if (samdb_open(path, &o, &d) != STATUS_SUCCESS)
        _exit(1);
    enum nt_status st = logon(d, "admin", "wrong");
    uint8_t said = st == STATUS_WRONG_PASSWORD ? 'w' : st == STATUS_ACCOUNT_LOCKED_OUT ? 'l' : '?';
    samdb_close(d);
    _exit(write(out, &said, 1) == 1 ? 0 : 2);
}

static void wrong_in_parallel(void **state)
{
    struct world *w = *state;
    struct samdb_options o = world_options(w);
    struct samdb_policy p;
    int fd[2];
    uint8_t said;
    unsigned wrong = 0, locked = 0;
    assert_int_equal(policy_get(w->d, &p), STATUS_SUCCESS);
    p.lockout_count = LOCKOUT;
    p.lockout_span = p.lockout_window = NT_TIME_NEVER;
    assert_int_equal(samdb_set_policy(w->d, &p), STATUS_SUCCESS);
    samdb_close(w->d);
    w->d = NULL;
    assert_int_equal(pipe(fd), 0);
    for (int i = 0; i < GUESSERS; i++)
        if (fork() == 0)
            guess_wrong(w->path, fd[1]);
    close(fd[1]);
    while (read(fd[0], &said, 1) == 1) {
        wrong += said == 'w';
        locked += said == 'l';
    }
    close(fd[0]);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    assert_int_equal(wrong, LOCKOUT);
    assert_int_equal(locked, GUESSERS - LOCKOUT);
    assert_int_equal(samdb_open(w->path, &o, &w->d), STATUS_SUCCESS);
    assert_int_equal(logon(w->d, "admin", "secret"), STATUS_ACCOUNT_LOCKED_OUT);
}

static void busy(void **state)
{
    struct world *w = *state;
    struct samdb_options o = world_options(w);
    struct samdb *other;
    const char *v;
    o.busy_ms = 50;
    assert_int_equal(samdb_open(w->path, &o, &other), STATUS_SUCCESS);
    assert_int_equal(samdb_begin(w->d), STATUS_SUCCESS);
    assert_int_equal(samdb_set_setting(w->d, "k", "v"), STATUS_SUCCESS);
    assert_int_equal(samdb_set_setting(other, "k", "w"), STATUS_IO_TIMEOUT);
    assert_int_equal(samdb_setting(other, "k", w->mem, &v), STATUS_SUCCESS); /* readers do not wait */
    assert_null(v);
    assert_int_equal(samdb_end(w->d, STATUS_SUCCESS), STATUS_SUCCESS);
    assert_int_equal(samdb_set_setting(other, "k", "w"), STATUS_SUCCESS);
    samdb_close(other);
}

/* ---- nothing in clear ---- */

static bool holds(const uint8_t *p, size_t n, const void *what, size_t len)
{
    return memmem(p, n, what, len) != NULL;
}

static void no_clear_text(void **state)
{
    struct world *w = *state;
    static const char *const files[] = { "", "-wal" };
    static const char text[] = "Xyzzy-plugh-9";
    char16_t wide[sizeof text];
    uint8_t *p;
    char path[128];
    for (size_t i = 0; i < sizeof text; i++)
        wide[i] = (uint8_t)text[i];
    assert_int_equal(samdb_password_set(w->d, 500, text, sizeof text - 1, SAMDB_PASSWORD_RESET, false),
                     STATUS_SUCCESS);
    assert_int_equal(samdb_set_setting(w->d, "here", "to be found"), STATUS_SUCCESS);
    bool found = false;
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s%s", w->path, files[i]);
        size_t n = slurp(path, &p);
        assert_false(holds(p, n, text, sizeof text - 1));
        assert_false(holds(p, n, wide, 2 * (sizeof text - 1)));
        found |= holds(p, n, "to be found", 11);
        free(p);
    }
    assert_true(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(full_at_each_write),
        WORLD_TEST(broken_at_each_write),
        WORLD_TEST(broken_at_each_flush),
        WORLD_TEST(full_while_made),
        WORLD_TEST(full_for_the_kernel),
        WORLD_TEST(damaged_files),
        WORLD_TEST(places_without_a_store),
        WORLD_TEST(damage_while_open),
        WORLD_TEST(migrations),
        WORLD_TEST(killed_at_any_time),
        WORLD_TEST(guessed_in_parallel),
        WORLD_TEST(wrong_in_parallel),
        WORLD_TEST(busy),
        WORLD_TEST(no_clear_text),
    };
    return cmocka_run_group_tests(tests, disk_register, NULL);
}
