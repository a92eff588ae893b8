// SPDX-License-Identifier: Apache-2.0
/* Statements, transactions, and what SQLite's errors are called here. */
#include <errno.h>
#include <time.h>
#include "samdb/m_samdb.h"

#define NS_PER_MS UINT64_C(1000000)
/* How long a handle that may wait lets one of a loop go first: many times what a transaction takes. */
#define YIELD_MS 100u

uint64_t db_now(const struct samdb *d)
{
    return d->env->wall(d->env->arg);
}

uint64_t db_monotonic(const struct samdb *d)
{
    return d->env->monotonic(d->env->arg);
}

/* SQLite does not always tell why a write failed; errno, which was 0 when it began, does. */
static enum nt_status disk_status(const struct samdb *d)
{
    int e = sqlite3_system_errno(d->db);
    switch (e ? e : errno) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return STATUS_DISK_FULL;
    case EACCES:
    case EPERM:
        return STATUS_ACCESS_DENIED;
    case EROFS:
        return STATUS_MEDIA_WRITE_PROTECTED;
    default:
        return STATUS_IO_DEVICE_ERROR;
    }
}

enum nt_status db_status(struct samdb *d, int rc)
{
    switch (rc & 0xff) { /* the primary code of an extended one */
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return STATUS_SUCCESS;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        d->damaged = true;
        return STATUS_INTERNAL_DB_CORRUPTION;
    case SQLITE_FULL:
        return STATUS_DISK_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return STATUS_IO_TIMEOUT;
    case SQLITE_NOMEM:
        return STATUS_NO_MEMORY;
    case SQLITE_READONLY:
        return STATUS_MEDIA_WRITE_PROTECTED;
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return STATUS_ACCESS_DENIED;
    case SQLITE_CONSTRAINT:
        return STATUS_OBJECT_NAME_COLLISION;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        return disk_status(d);
    case SQLITE_TOOBIG:
        return STATUS_INVALID_PARAMETER;
    default:
        return STATUS_INTERNAL_DB_ERROR;
    }
}

/* ---- statements ---- */

static sqlite3_stmt *prepare(struct query *q, const char *sql, unsigned flags)
{
    sqlite3_stmt *s = NULL;
    q->st = db_status(q->d, sqlite3_prepare_v3(q->d->db, sql, -1, flags, &s, NULL));
    return s;
}

void q_open(struct query *q, struct samdb *d, const char *sql)
{
    unsigned i = 0;
    *q = (struct query){ .d = d };
    while (i < SAMDB_STATEMENTS && d->ready[i].sql && d->ready[i].sql != sql)
        i++;
    q->own = i == SAMDB_STATEMENTS || (d->ready[i].s && sqlite3_stmt_busy(d->ready[i].s));
    if (q->own) {
        q->s = prepare(q, sql, 0);
        return;
    }
    if (!d->ready[i].s)
        d->ready[i].s = prepare(q, sql, SQLITE_PREPARE_PERSISTENT);
    if (d->ready[i].s)
        d->ready[i].sql = sql;
    q->s = d->ready[i].s;
}

static void bound(struct query *q, int rc)
{
    if (q->st == STATUS_SUCCESS)
        q->st = db_status(q->d, rc);
}

void q_int(struct query *q, int at, uint64_t v)
{
    bound(q, sqlite3_bind_int64(q->s, at, (sqlite3_int64)v));
}

void q_text(struct query *q, int at, const char *v)
{
    bound(q, sqlite3_bind_text(q->s, at, v, -1, SQLITE_TRANSIENT));
}

void q_blob(struct query *q, int at, const void *p, size_t len)
{
    bound(q, p ? sqlite3_bind_blob64(q->s, at, p, len, SQLITE_TRANSIENT) : sqlite3_bind_null(q->s, at));
}

bool q_row(struct query *q)
{
    if (q->st != STATUS_SUCCESS)
        return false;
    errno = 0;
    int rc = sqlite3_step(q->s);
    q->st = db_status(q->d, rc);
    return rc == SQLITE_ROW;
}

enum nt_status q_close(struct query *q)
{
    if (q->own)
        sqlite3_finalize(q->s);
    else if (q->s) {
        sqlite3_reset(q->s); /* repeats what step has said */
        sqlite3_clear_bindings(q->s);
    }
    q->s = NULL;
    /* A statement may have done half of its work: the transaction is not to be kept. */
    if (q->st != STATUS_SUCCESS && q->d->failed == STATUS_SUCCESS && q->d->depth)
        q->d->failed = q->st;
    return q->st;
}

enum nt_status q_run(struct query *q)
{
    while (q_row(q))
        ;
    return q_close(q);
}

const char *q_get_text(struct query *q, int at, struct nt_arena *mem)
{
    const char *v = (const char *)sqlite3_column_text(q->s, at);
    char *copy = nt_arena_strdup(mem, v ? v : "");
    if (!copy)
        q->st = STATUS_NO_MEMORY;
    return copy;
}

struct nt_blob q_get_blob(struct query *q, int at, struct nt_arena *mem)
{
    const void *p = sqlite3_column_blob(q->s, at);
    size_t len = (size_t)sqlite3_column_bytes(q->s, at);
    struct nt_blob b = { NULL, 0 };
    if (!p || !len)
        return b;
    b.data = nt_arena_memdup(mem, p, len);
    b.len = b.data ? len : 0;
    if (!b.data)
        q->st = STATUS_NO_MEMORY;
    return b;
}

enum nt_status db_exec(struct samdb *d, const char *sql)
{
    errno = 0;
    return db_status(d, sqlite3_exec(d->db, sql, NULL, NULL, NULL));
}

unsigned db_changed(const struct samdb *d)
{
    return (unsigned)sqlite3_changes(d->db);
}

/* ---- waiting for other writers ---- */

static void pause_us(long us)
{
    const struct timespec t = { 0, us * 1000 };
    (void)nanosleep(&t, NULL);
}

/* In steps of a millisecond: SQLite's own are longer and longer, and find a lock taken that was free between.
 */
int db_wait(void *arg, int n)
{
    struct samdb *d = arg;
    uint64_t now = db_monotonic(d);
    if (n == 0)
        d->waits_since = now;
    if (now - d->waits_since >= d->busy_ms * NS_PER_MS)
        return 0;
    pause_us(1000);
    return 1;
}

/* Another handle of this process is on a loop, and would like to write: it goes first. */
static void give_way(struct samdb *d)
{
    uint64_t until = db_monotonic(d) + YIELD_MS * NS_PER_MS;
    while (atomic_load(&d->gate->urgent) && db_monotonic(d) < until)
        pause_us(200);
}

/* Kept ready, as all statements: a logon would spend as much on reading these texts as on its own. */
static enum nt_status run_ready(struct samdb *d, const char *sql)
{
    struct query q;
    q_open(&q, d, sql);
    return q_run(&q);
}

static enum nt_status take_turn(struct samdb *d)
{
    if (d->rests && db_monotonic(d) < d->rest_until)
        return STATUS_IO_TIMEOUT;
    if (d->on_loop)
        atomic_fetch_add(&d->gate->urgent, 1);
    else
        give_way(d);
    enum nt_status st = run_ready(d, "BEGIN IMMEDIATE");
    if (d->on_loop)
        atomic_fetch_sub(&d->gate->urgent, 1);
    if (st == STATUS_IO_TIMEOUT)
        d->rest_until = db_monotonic(d) + SAMDB_REST_MS * NS_PER_MS;
    return st;
}

/* ---- transactions ---- */

static void told(const struct samdb *d, enum nt_status st)
{
    if (d->wrote)
        d->wrote(d->wrote_arg, db_monotonic(d) - d->began, st);
}

enum nt_status samdb_begin(struct samdb *d)
{
    if (d->damaged)
        return STATUS_INTERNAL_DB_CORRUPTION;
    if (d->depth == 0) { /* the only writer from here on */
        d->began = db_monotonic(d);
        enum nt_status st = take_turn(d);
        if (st != STATUS_SUCCESS) {
            told(d, st);
            return st;
        }
        d->failed = STATUS_SUCCESS;
    }
    d->depth++;
    return STATUS_SUCCESS;
}

enum nt_status samdb_end(struct samdb *d, enum nt_status st)
{
    enum nt_status callers = st;
    if (--d->depth)
        return st;
    if (st == STATUS_SUCCESS)
        st = d->failed;
    if (st == STATUS_SUCCESS)
        st = run_ready(d, "COMMIT");
    if (!sqlite3_get_autocommit(d->db)) /* SQLite ends some by itself */
        (void)db_exec(d, "ROLLBACK");
    told(d, callers == STATUS_SUCCESS ? st : d->failed); /* what the caller found wrong is no failure of the store */
    return st;
}

/* ---- reading ---- */

enum nt_status db_read_begin(struct samdb *d)
{
    return d->depth ? STATUS_SUCCESS : run_ready(d, "BEGIN");
}

void db_read_end(struct samdb *d)
{
    if (!d->depth)
        (void)run_ready(d, "ROLLBACK");
}
