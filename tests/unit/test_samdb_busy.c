// SPDX-License-Identifier: Apache-2.0
/*
 * The account store where something is in the way: other writers, a disk that is full when a wrong password
 * is to be counted, a clock that jumps; who may read the file; files of earlier versions.
 */
#include "samdb_world.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include "samdb/m_samdb.h"

#define SECONDS(n) ((n)*NT_TIME_PER_SECOND)

static uint64_t ms_since(uint64_t begin)
{
    return (nt_env_system()->monotonic(NULL) - begin) / 1000000;
}

static uint64_t start(void)
{
    return nt_env_system()->monotonic(NULL);
}

static void rest(void)
{
    const struct timespec t = { 0, (SAMDB_REST_MS + 20) * 1000000L };
    nanosleep(&t, NULL);
}

static struct samdb *open_one(struct world *w, bool on_loop, unsigned busy_ms)
{
    struct samdb *d;
    struct samdb_options o = world_options(w);
    o.on_loop = on_loop;
    o.busy_ms = busy_ms;
    assert_int_equal(samdb_open(w->path, &o, &d), STATUS_SUCCESS);
    return d;
}

static uint32_t bad_count(struct world *w)
{
    struct samdb_user u;
    assert_int_equal(samdb_user_get(w->d, 500, w->mem, &u), STATUS_SUCCESS);
    return u.bad_count;
}

/* ---- other writers ---- */

/* While another program holds the store a loop reads at once, waits once for as long as it was told, and is
 * then told without any waiting. Nobody is judged who cannot be counted. */
static void loop_waits_once(void **state)
{
    struct world *w = *state;
    struct samdb *d = open_one(w, true, 40);
    struct samdb_domain dom;
    assert_int_equal(samdb_begin(w->d), STATUS_SUCCESS);
    assert_int_equal(samdb_set_setting(w->d, "k", "v"), STATUS_SUCCESS);

    uint64_t t = start();
    assert_int_equal(samdb_domain(d, w->mem, &dom), STATUS_SUCCESS);
    assert_true(ms_since(t) < 30);
    t = start();
    assert_int_equal(logon(d, "admin", "secret"), STATUS_IO_TIMEOUT);
    assert_in_range(ms_since(t), 40, 200);
    t = start();
    for (int i = 0; i < 100; i++)
        assert_int_equal(logon(d, "admin", "x"), STATUS_IO_TIMEOUT);
    assert_true(ms_since(t) < SAMDB_REST_MS);

    assert_int_equal(samdb_end(w->d, STATUS_SUCCESS), STATUS_SUCCESS);
    rest();
    assert_int_equal(bad_count(w), 0);
    assert_int_equal(logon(d, "admin", "x"), STATUS_WRONG_PASSWORD);
    assert_int_equal(logon(d, "admin", "secret"), STATUS_SUCCESS);
    samdb_close(d);
}

struct crowd {
    struct samdb *writer;
    atomic_bool stop;
    atomic_uint done;
};

static void *write_on(void *arg)
{
    struct crowd *c = arg;
    char text[16];
    while (!c->stop) {
        snprintf(text, sizeof text, "%u", c->done);
        if (samdb_set_setting(c->writer, "k", text) == STATUS_SUCCESS)
            c->done++;
    }
    return NULL;
}

/* The second handle writes without a pause; a loop's logons come in between, within what they may wait. */
static void loop_goes_first(void **state)
{
    struct world *w = *state;
    struct samdb *d = open_one(w, true, 250);
    struct crowd c = { .done = 0 };
    pthread_t thread;
    assert_int_equal(samdb_second(d, 1000, &c.writer), STATUS_SUCCESS);
    assert_int_equal(pthread_create(&thread, NULL, write_on, &c), 0);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(logon(d, "admin", i % 3 ? "x" : "secret"),
                         i % 3 ? STATUS_WRONG_PASSWORD : STATUS_SUCCESS);
        w->now += SECONDS(61);
    }
    for (int i = 0; i < 500 && !c.done; i++) /* on a busy machine it may not have had its turn yet */
        usleep(10000);
    c.stop = true;
    pthread_join(thread, NULL);
    assert_true(c.done > 0);
    samdb_close(c.writer);
    samdb_close(d);
}

static unsigned told;
static void untidy(void *arg)
{
    (void)arg;
    told++;
}

static off_t size_of(const struct world *w, const char *suffix)
{
    char path[128];
    struct stat sb;
    snprintf(path, sizeof path, "%s%s", w->path, suffix);
    return stat(path, &sb) == 0 ? sb.st_size : -1;
}

/* A loop's own changes leave the log to others, and say when it has grown. */
static void log_is_tidied(void **state)
{
    struct world *w = *state;
    struct samdb *d, *second;
    struct samdb_options o = world_options(w);
    o.on_loop = true;
    o.untidy = untidy;
    told = 0;
    assert_int_equal(samdb_open(w->path, &o, &d), STATUS_SUCCESS);
    assert_int_equal(samdb_second(d, 0, &second), STATUS_SUCCESS);
    for (int i = 0; i < 5000 && !told; i++) {
        assert_int_equal(logon(d, "admin", i % 2 ? "secret" : "x"),
                         i % 2 ? STATUS_SUCCESS : STATUS_WRONG_PASSWORD);
        w->now += SECONDS(100);
    }
    assert_int_equal(told, 1);
    assert_true(size_of(w, "-wal") >= 4000000);
    samdb_tidy(second);
    off_t before = size_of(w, "-wal");
    assert_int_equal(logon(d, "admin", "x"), STATUS_WRONG_PASSWORD); /* from the front of the log again */
    assert_int_equal(size_of(w, "-wal"), before);
    assert_int_equal(told, 1);
    samdb_close(second);
    samdb_close(d);
}

/* ---- a disk that is full ---- */

static void limit_files(rlim_t n)
{
    struct rlimit l;
    getrlimit(RLIMIT_FSIZE, &l);
    l.rlim_cur = n;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

/* A wrong password that cannot be counted is the last that is judged, until it is counted. The right one lets
 * in as long as there is none. Others are judged by themselves. */
static void wrong_uncounted(void **state)
{
    struct world *w = *state;
    uint32_t rid;
    const struct samdb_user u = { .control = UF_NORMAL };
    struct samdb_user other = u;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(samdb_user_add(w->d, "other", 0, &rid), STATUS_SUCCESS);
    other.rid = rid;
    assert_int_equal(samdb_password_set(w->d, rid, "pass", 4, SAMDB_PASSWORD_RESET, false), STATUS_SUCCESS);
    assert_int_equal(samdb_user_set(w->d, &other, SAMDB_F_CONTROL), STATUS_SUCCESS);
    assert_int_equal(logon(w->d, "admin", "x"), STATUS_WRONG_PASSWORD);
    limit_files(1);
    assert_int_equal(logon(w->d, "admin", "secret"),
                     STATUS_SUCCESS); /* its count of one stays, which harms nobody */
    assert_int_equal(logon(w->d, "admin", "x"), STATUS_DISK_FULL);
    assert_int_equal(logon(w->d, "admin", "secret"), STATUS_DISK_FULL); /* not judged */
    assert_int_equal(logon(w->d, "admin", "y"), STATUS_DISK_FULL);
    assert_int_equal(logon(w->d, "other", "pass"), STATUS_SUCCESS);
    limit_files(RLIM_INFINITY);
    assert_int_equal(bad_count(w), 1);
    assert_int_equal(logon(w->d, "admin", "x"), STATUS_WRONG_PASSWORD);
    assert_int_equal(bad_count(w), 3); /* the first, the one on the full disk, and this */
    assert_int_equal(logon(w->d, "admin", "secret"), STATUS_SUCCESS);
    assert_int_equal(bad_count(w), 0);
}

/* ---- clocks that jump ---- */

static void three_of_three(struct world *w)
{
    struct samdb_policy p;
    assert_int_equal(policy_get(w->d, &p), STATUS_SUCCESS);
    p.lockout_count = 3;
    p.lockout_span = SECONDS(600);
    p.lockout_window = SECONDS(300);
    assert_int_equal(samdb_set_policy(w->d, &p), STATUS_SUCCESS);
}

static void clock_goes_back(void **state)
{
    struct world *w = *state;
    uint64_t begin = w->now;
    three_of_three(w);
    assert_int_equal(logon(w->d, "admin", "x"), STATUS_WRONG_PASSWORD);
    assert_int_equal(logon(w->d, "admin", "x"), STATUS_WRONG_PASSWORD);
    w->now -= SECONDS(86400); /* buys no guess */
    assert_int_equal(logon(w->d, "admin", "x"), STATUS_WRONG_PASSWORD);
    assert_int_equal(logon(w->d, "admin", "secret"), STATUS_ACCOUNT_LOCKED_OUT);

    /* in the lockout: it holds, for its span from the first attempt on, not for a day */
    w->now = begin + SECONDS(86400);
    assert_int_equal(logon(w->d, "admin", "secret"), STATUS_SUCCESS);
    for (int i = 0; i < 3; i++)
        assert_int_equal(logon(w->d, "admin", "x"), STATUS_WRONG_PASSWORD);
    w->now = begin;
    assert_int_equal(logon(w->d, "admin", "secret"), STATUS_ACCOUNT_LOCKED_OUT);
    w->now += SECONDS(599);
    assert_int_equal(logon(w->d, "admin", "secret"), STATUS_ACCOUNT_LOCKED_OUT);
    w->now += SECONDS(1);
    assert_int_equal(logon(w->d, "admin", "secret"), STATUS_SUCCESS);
}

/* A clock at its beginning and at its end: nothing overflows. */
static void clock_goes_far(void **state)
{
    struct world *w = *state;
    three_of_three(w);
    for (int i = 0; i < 3; i++)
        assert_int_equal(logon(w->d, "admin", "x"), STATUS_WRONG_PASSWORD);
    w->now = NT_TIME_NEVER - 1;
    assert_int_equal(logon(w->d, "admin", "secret"), STATUS_SUCCESS);
    for (int i = 0; i < 3; i++)
        assert_int_equal(logon(w->d, "admin", "x"), STATUS_WRONG_PASSWORD);
    assert_int_equal(logon(w->d, "admin", "secret"), STATUS_ACCOUNT_LOCKED_OUT);
    w->now = 1;
    assert_int_equal(logon(w->d, "admin", "secret"), STATUS_ACCOUNT_LOCKED_OUT);
    w->now += SECONDS(600);
    assert_int_equal(logon(w->d, "admin", "secret"), STATUS_SUCCESS);
}

/* ---- the file ---- */

static void modes(void **state)
{
    struct world *w = *state;
    static const mode_t bad[] = { 0644, 0640, 0604, 0660, 0602, 0610 };
    struct samdb_options o = world_options(w);
    samdb_close(w->d);
    w->d = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct samdb *d = NULL;
        assert_int_equal(chmod(w->path, bad[i]), 0);
        assert_int_equal(samdb_open(w->path, &o, &d), STATUS_ACCESS_DENIED);
        assert_non_null(strstr(w->err.text, "chmod 600"));
    }
    assert_int_equal(chmod(w->path, 0600), 0);
    w->d = open_one(w, false, 0);
}

/* ---- earlier versions ---- */

static char *text_of_file(const char *name)
{
    char path[512];
    const char *dir = getenv("TERN_FIXTURES");
    snprintf(path, sizeof path, "%s/%s", dir ? dir : ".", name);
    FILE *f = fopen(path, "re");
    char *text = calloc(1, 1 << 20);
    if (!f || !text)
        fail_msg("%s cannot be read", path);
    assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
    fclose(f);
    return text;
}

/* A file as version 1 made it, with something of everything: it is opened, brought up to date, and has it
 * all. */
static void version_1(void **state)
{
    struct world *w = *state;
    sqlite3 *db;
    struct samdb *d;
    struct samdb_user u;
    struct samdb_share s;
    struct samdb_name n;
    const char *value;
    char path[128], *sql = text_of_file("samdb_v1.sql");
    struct samdb_options o = world_options(w);
    snprintf(path, sizeof path, "%s.2", w->path);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    free(sql);

    assert_int_equal(samdb_open(path, &o, &d), STATUS_SUCCESS);
    assert_int_equal(samdb_check(d, &w->err), STATUS_SUCCESS);
    assert_int_equal(logon(d, "admin", "Secret-1"), STATUS_SUCCESS);
    assert_int_equal(samdb_find(d, SAMDB_ACCOUNT, "ANNA", w->mem, &n), STATUS_SUCCESS);
    assert_int_equal(n.rid, 1000);
    assert_int_equal(samdb_user_get(d, 1000, w->mem, &u), STATUS_SUCCESS);
    assert_string_equal(u.full_name, "Anna \xc3\x85ngstr\xc3\xb6m");
    assert_int_equal(logon(d, "anna", "second"), STATUS_SUCCESS);
    assert_int_equal(samdb_share_get(d, "Data", w->mem, &s), STATUS_SUCCESS);
    assert_string_equal(s.path, "C:\\tmp");
    assert_int_equal(samdb_setting(d, "srvsvc.comment", w->mem, &value), STATUS_SUCCESS);
    assert_string_equal(value, "hello");
    struct samdb_image i;
    char place[SAMDB_IMAGE_PLACE];
    assert_int_equal(samdb_dump(d, true, w->mem, &i), STATUS_SUCCESS);
    assert_int_equal(samdb_image_check(&i, place, &w->err), STATUS_SUCCESS);
    assert_int_equal(i.users[2].n_old, 1);
    samdb_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(loop_waits_once), WORLD_TEST(loop_goes_first), WORLD_TEST(log_is_tidied),
        WORLD_TEST(wrong_uncounted), WORLD_TEST(clock_goes_back), WORLD_TEST(clock_goes_far),
        WORLD_TEST(modes),           WORLD_TEST(version_1),
    };
    return cmocka_run_group_tests_name("samdb_busy", tests, NULL, NULL);
}
