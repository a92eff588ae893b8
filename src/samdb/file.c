// SPDX-License-Identifier: Apache-2.0
/*
 * The file's life. A new one is made under another name and gets its own when it is whole; an old one is read
 * through before anything is written to it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <msrpc/unistr.h>
#include "samdb/m_samdb.h"

#define DEFAULT_BUSY_MS 5000u
/* A loop has others to serve. Changes of this process take some milliseconds, and let it go first. */
#define LOOP_BUSY_MS 50u
/* Pages of the log that make it long: 4 MiB, as SQLite has it. */
#define LOG_PAGES  1000
#define MEMORY_MAX ((size_t)1 << 20) /* what a short-lived arena may take */

static const struct samdb_options no_options;

/* ---- opening ---- */

static enum nt_status errno_status(int e)
{
    switch (e) {
    case ENOENT:
    case ENOTDIR:
        return STATUS_OBJECT_NAME_NOT_FOUND;
    case EEXIST:
        return STATUS_OBJECT_NAME_COLLISION;
    case EACCES:
    case EPERM:
        return STATUS_ACCESS_DENIED;
    case EROFS:
        return STATUS_MEDIA_WRITE_PROTECTED;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return STATUS_DISK_FULL;
    case ENOMEM:
        return STATUS_NO_MEMORY;
    default:
        return STATUS_IO_DEVICE_ERROR;
    }
}

/* Nothing of what these set is kept in the file. */
static enum nt_status configure(struct samdb *d)
{
    sqlite3_extended_result_codes(d->db, 1);
    sqlite3_busy_handler(d->db, db_wait, d);
    sqlite3_db_config(d->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(d->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    /* a damaged file is left as it is, also when the handle is closed */
    sqlite3_db_config(d->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return db_exec(d, "PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON; PRAGMA secure_delete = ON;"
                      "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;");
}

/* SQLite calls it after each change that is in the log. */
static int log_grew(void *arg, sqlite3 *db, const char *name, int pages)
{
    const struct samdb *d = arg;
    (void)db;
    (void)name;
    if (pages >= LOG_PAGES && d->untidy)
        d->untidy(d->untidy_arg);
    return SQLITE_OK;
}

/* What flushes the log and moves it into the file is somebody else's. */
static enum nt_status for_loop(struct samdb *d)
{
    sqlite3_wal_hook(d->db, log_grew, d); /* in the place of SQLite's own, which would do it here */
    return db_exec(d, "PRAGMA synchronous = NORMAL");
}

void samdb_tidy(struct samdb *d)
{
    if (!d->damaged)
        (void)sqlite3_wal_checkpoint_v2(d->db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

/* flags: SQLITE_OPEN_CREATE or 0. */
static enum nt_status open_beside(const char *path, int flags, const struct samdb_options *o,
                                  struct gate *gate, struct samdb **ret)
{
    struct samdb *d = calloc(1, sizeof *d);
    if (!d)
        return STATUS_NO_MEMORY;
    d->env = o->env ? o->env : nt_env_system();
    d->on_loop = d->rests = o->on_loop;
    d->busy_ms = o->busy_ms ? o->busy_ms : o->on_loop ? LOOP_BUSY_MS : DEFAULT_BUSY_MS;
    d->untidy = o->untidy;
    d->untidy_arg = o->untidy_arg;
    d->gate = gate;
    atomic_fetch_add(&gate->handles, 1);
    errno = 0;
    int rc = sqlite3_open_v2(path, &d->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | flags, o->vfs);
    enum nt_status st = d->db ? db_status(d, rc) : STATUS_NO_MEMORY;
    if (st == STATUS_SUCCESS)
        st = configure(d);
    if (st != STATUS_SUCCESS) {
        samdb_close(d);
        return st;
    }
    *ret = d;
    return STATUS_SUCCESS;
}

static enum nt_status raw_open(const char *path, int flags, const struct samdb_options *o, struct samdb **ret)
{
    struct gate *gate = calloc(1, sizeof *gate);
    if (!gate)
        return STATUS_NO_MEMORY;
    atomic_init(&gate->handles, 1); /* ours, until the handle has its own */
    enum nt_status st = open_beside(path, flags, o, gate, ret);
    if (atomic_fetch_sub(&gate->handles, 1) == 1)
        free(gate);
    return st;
}

enum nt_status samdb_second(struct samdb *d, unsigned busy_ms, struct samdb **ret)
{
    sqlite3_vfs *vfs = NULL;
    const struct samdb_options o = { .env = d->env, .busy_ms = busy_ms };
    struct samdb_options with = o;
    if (sqlite3_file_control(d->db, "main", SQLITE_FCNTL_VFS_POINTER, &vfs) == SQLITE_OK && vfs)
        with.vfs = vfs->zName;
    enum nt_status st = open_beside(sqlite3_db_filename(d->db, "main"), 0, &with, d->gate, ret);
    if (st != STATUS_SUCCESS)
        return st;
    (*ret)->rests = true;
    (*ret)->wrote = d->wrote;
    (*ret)->wrote_arg = d->wrote_arg;
    sqlite3_db_config((*ret)->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    return STATUS_SUCCESS;
}

void samdb_close(struct samdb *d)
{
    if (!d)
        return;
    for (unsigned i = 0; i < SAMDB_STATEMENTS; i++)
        sqlite3_finalize(d->ready[i].s);
    if (d->damaged)
        sqlite3_db_config(d->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_close(d->db);
    if (atomic_fetch_sub(&d->gate->handles, 1) == 1)
        free(d->gate);
    free(d);
}

static enum nt_status pragma_int(struct samdb *d, const char *sql, uint64_t *ret)
{
    struct query q;
    uint64_t v = 0;
    q_open(&q, d, sql);
    if (q_row(&q))
        v = q_get_int(&q, 0);
    enum nt_status st = q_close(&q);
    if (st == STATUS_SUCCESS)
        *ret = v;
    return st;
}

/* A check that answers with one row "ok", or with what it has found. */
static enum nt_status run_check(struct samdb *d, const char *sql, struct nt_error *err)
{
    struct query q;
    char found[200] = "";
    q_open(&q, d, sql);
    if (q_row(&q)) {
        const char *text = (const char *)sqlite3_column_text(q.s, 0);
        if (!text || strcmp(text, "ok") != 0)
            snprintf(found, sizeof found, "%s", text ? text : "no answer");
    }
    enum nt_status st = q_close(&q);
    if (st != STATUS_SUCCESS || !found[0])
        return st;
    d->damaged = true;
    return nt_error_set(err, STATUS_INTERNAL_DB_CORRUPTION, "the account store is damaged: %s", found);
}

/* Is it one of ours, is it whole, do we know its version? */
static enum nt_status examine(struct samdb *d, struct nt_error *err)
{
    uint64_t application = 0, version = 0;
    enum nt_status st = pragma_int(d, "PRAGMA application_id", &application);
    if (st == STATUS_SUCCESS)
        st = pragma_int(d, "PRAGMA user_version", &version);
    if (st == STATUS_SUCCESS && application != SAMDB_APPLICATION)
        return nt_error_set(err, STATUS_OBJECT_TYPE_MISMATCH, "this is not an account store");
    if (st == STATUS_SUCCESS && version > samdb_n_migrations)
        return nt_error_set(err, STATUS_REVISION_MISMATCH,
                            "the account store has version %u, made by a newer program; this one knows %u",
                            (unsigned)version, samdb_n_migrations);
    if (st == STATUS_SUCCESS)
        st = run_check(d, "PRAGMA quick_check(1)", err);
    return st;
}

static enum nt_status make_ready(struct samdb *d)
{
    enum nt_status st = db_exec(d, "PRAGMA journal_mode = WAL");
    if (st == STATUS_SUCCESS)
        st = samdb_migrate(d, samdb_migrations, samdb_n_migrations);
    if (st == STATUS_SUCCESS)
        sqlite3_db_config(d->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    if (st == STATUS_SUCCESS && d->on_loop)
        st = for_loop(d);
    return st;
}

/* Whoever can read it can log on as anybody; who can write it is an administrator. */
static enum nt_status check_file(const char *path, struct nt_error *err)
{
    struct stat sb;
    if (stat(path, &sb) != 0) {
        int e = errno;
        return nt_error_set(err, errno_status(e), "%s: %s", path, strerror(e));
    }
    if (!S_ISREG(sb.st_mode))
        return nt_error_set(err, STATUS_OBJECT_TYPE_MISMATCH, "%s: not a regular file", path);
    if (sb.st_size == 0) /* SQLite would take it for a database without tables */
        return nt_error_set(err, STATUS_INTERNAL_DB_CORRUPTION, "%s: the file is empty", path);
    if (sb.st_mode & (S_IRWXG | S_IRWXO))
        return nt_error_set(err, STATUS_ACCESS_DENIED,
                            "%s: others than its owner may read or write it (mode %04o): chmod 600", path,
                            (unsigned)sb.st_mode & 07777);
    if (geteuid() != 0 && sb.st_uid != geteuid())
        return nt_error_set(err, STATUS_ACCESS_DENIED,
                            "%s: it belongs to user %u, not to the one that runs this", path,
                            (unsigned)sb.st_uid);
    return STATUS_SUCCESS;
}

enum nt_status samdb_open(const char *path, const struct samdb_options *o, struct samdb **ret)
{
    struct samdb *d;
    o = o ? o : &no_options;
    enum nt_status st = check_file(path, o->error);
    if (st != STATUS_SUCCESS)
        return st;
    struct nt_error why = { "" };
    st = raw_open(path, 0, o, &d);
    if (st != STATUS_SUCCESS)
        return nt_error_set(o->error, st, "%s: %s", path, nt_status_text(st));
    st = sqlite3_db_readonly(d->db, "main") ? STATUS_MEDIA_WRITE_PROTECTED : examine(d, &why);
    if (st == STATUS_SUCCESS)
        st = make_ready(d);
    if (st != STATUS_SUCCESS) {
        samdb_close(d);
        return nt_error_set(o->error, st, "%s: %s", path, why.text[0] ? why.text : nt_status_text(st));
    }
    d->wrote = o->wrote;
    d->wrote_arg = o->wrote_arg;
    *ret = d;
    return STATUS_SUCCESS;
}

enum nt_status samdb_check(struct samdb *d, struct nt_error *err)
{
    struct query q;
    enum nt_status st = run_check(d, "PRAGMA integrity_check(1)", err);
    if (st != STATUS_SUCCESS)
        return st;
    q_open(&q, d, "PRAGMA foreign_key_check");
    bool found = q_row(&q);
    st = q_close(&q);
    return st == STATUS_SUCCESS && found
               ? nt_error_set(err, STATUS_INTERNAL_DB_CORRUPTION, "a row refers to another that is not there")
               : st;
}

/* ---- migrations ---- */

enum nt_status samdb_migrate(struct samdb *d, const char *const *list, unsigned n)
{
    uint64_t version = 0;
    char pragma[64];
    enum nt_status st = pragma_int(d, "PRAGMA user_version", &version);
    if (st != STATUS_SUCCESS || version >= n)
        return st;
    st = samdb_begin(d);
    if (st != STATUS_SUCCESS)
        return st;
    st = pragma_int(d, "PRAGMA user_version", &version); /* another may have been faster */
    for (; st == STATUS_SUCCESS && version < n; version++)
        st = db_exec(d, list[version]);
    snprintf(pragma, sizeof pragma, "PRAGMA user_version = %u", (unsigned)version);
    if (st == STATUS_SUCCESS)
        st = db_exec(d, pragma);
    return samdb_end(d, st);
}

/* ---- a new one ---- */

static enum nt_status new_sid(const struct nt_env *env, struct nt_sid *ret)
{
    struct nt_sid sid = { .revision = 1, .count = 4, .authority = { 0, 0, 0, 0, 0, 5 }, .sub = { 21 } };
    enum nt_status st = env->random(env->arg, &sid.sub[1], 3 * sizeof sid.sub[1]);
    if (st == STATUS_SUCCESS)
        *ret = sid;
    return st;
}

static enum nt_status put_domain(struct samdb *d, const struct samdb_init *init)
{
    char text[NT_SID_STRLEN + 1];
    struct nt_sid sid = init->sid;
    struct query q;
    enum nt_status st = sid.count ? STATUS_SUCCESS : new_sid(d->env, &sid);
    if (st != STATUS_SUCCESS)
        return st;
    /* Policy as on a new Windows 11, but for passwords, which do not expire by age. */
    q_open(&q, d,
           "INSERT INTO domain VALUES (1, ?, ?, ?, ?, 1000, 0, 0, 0, 9223372036854775807, 0, 10, ?, ?)");
    q_text(&q, 1, init->machine);
    q_text(&q, 2, init->workgroup);
    q_text(&q, 3, init->realm ? init->realm : "");
    q_text(&q, 4, nt_sid_format(&sid, text));
    q_int(&q, 5, 600 * NT_TIME_PER_SECOND);
    q_int(&q, 6, 600 * NT_TIME_PER_SECOND);
    return q_run(&q);
}

static enum nt_status put_user(struct samdb *d, uint32_t rid, const char *name, const char *comment,
                               uint32_t control)
{
    struct query q;
    uint64_t id;
    uint32_t same;
    enum nt_status st = name_add(d, SAMDB_ACCOUNT, SAMDB_USER, rid, name, comment, &id, &same);
    if (st != STATUS_SUCCESS)
        return st;
    q_open(&q, d, "INSERT INTO user (id, control, primary_rid) VALUES (?, ?, 513)");
    q_int(&q, 1, id);
    q_int(&q, 2, control);
    st = q_run(&q);
    if (st != STATUS_SUCCESS)
        return st;
    q_open(&q, d, "INSERT INTO member SELECT id, ? FROM principal WHERE place = 0 AND rid = 513");
    q_int(&q, 1, id);
    return q_run(&q);
}

static enum nt_status put_aliases(struct samdb *d)
{
    static const struct {
        uint32_t rid;
        const char *name, *comment;
    } list[] = {
        { RID_ADMINS, "Administrators", "Administrators may do everything on this machine" },
        { RID_BUILTIN_USERS, "Users", "Users may use this machine" },
        { RID_GUESTS, "Guests", "Guests may look at what is open to all" },
    };
    enum nt_status st = STATUS_SUCCESS;
    for (unsigned i = 0; st == STATUS_SUCCESS && i < sizeof list / sizeof list[0]; i++) {
        uint64_t id;
        uint32_t same;
        st = name_add(d, SAMDB_BUILTIN, SAMDB_ALIAS, list[i].rid, list[i].name, list[i].comment, &id, &same);
    }
    return st;
}

static enum nt_status put_member(struct samdb *d, uint32_t alias, const struct nt_sid *domain, uint32_t rid)
{
    struct nt_sid sid;
    enum nt_status st = nt_sid_append(domain, rid, &sid);
    return st == STATUS_SUCCESS ? samdb_member_add(d, SAMDB_BUILTIN, SAMDB_ALIAS, alias, &sid) : st;
}

static enum nt_status put_members(struct samdb *d)
{
    static const struct nt_sid authenticated = { 1, 1, { 0, 0, 0, 0, 0, 5 }, { 11 } };
    struct samdb_domain dom;
    struct nt_arena *mem = nt_arena_new(MEMORY_MAX);
    enum nt_status st = mem ? samdb_domain(d, mem, &dom) : STATUS_NO_MEMORY;
    if (st == STATUS_SUCCESS)
        st = put_member(d, RID_ADMINS, &dom.sid, RID_ADMIN);
    if (st == STATUS_SUCCESS)
        st = put_member(d, RID_GUESTS, &dom.sid, RID_GUEST);
    if (st == STATUS_SUCCESS)
        st = samdb_member_add(d, SAMDB_BUILTIN, SAMDB_ALIAS, RID_BUILTIN_USERS, &authenticated);
    nt_arena_free(mem);
    return st;
}

static enum nt_status put_first(struct samdb *d, const struct samdb_init *init)
{
    static const struct samdb_share ipc = {
        "IPC$", "", "Remote IPC", 0x80000003, UINT32_MAX, 0, { NULL, 0 }
    };
    uint64_t id;
    uint32_t same;
    enum nt_status st = put_domain(d, init);
    if (st == STATUS_SUCCESS)
        st = name_add(d, SAMDB_ACCOUNT, SAMDB_GROUP, RID_USERS, "None", "Ordinary users", &id, &same);
    if (st == STATUS_SUCCESS)
        st = put_user(d, RID_ADMIN, init->admin, "Built-in account for administering the machine", UF_NORMAL);
    if (st == STATUS_SUCCESS)
        st = put_user(d, RID_GUEST, "Guest", "Built-in account for guests",
                      UF_NORMAL | UF_DISABLED | UF_NO_PASSWORD | UF_PASSWORD_FIXED);
    if (st == STATUS_SUCCESS)
        st = put_aliases(d);
    if (st == STATUS_SUCCESS)
        st = put_members(d);
    if (st == STATUS_SUCCESS)
        st = samdb_password_set(d, RID_ADMIN, init->admin_password, strlen(init->admin_password),
                                SAMDB_PASSWORD_RESET, false);
    if (st == STATUS_SUCCESS)
        st = samdb_share_add(d, &ipc);
    return st;
}

/* What a new file gets: one of the two. */
struct content {
    const struct samdb_init *init;
    const struct samdb_image *image;
};

static enum nt_status fill(const char *path, const struct content *c, const struct samdb_options *o)
{
    struct samdb *d;
    char pragma[64];
    enum nt_status st = raw_open(path, 0, o, &d);
    if (st != STATUS_SUCCESS)
        return st;
    snprintf(pragma, sizeof pragma, "PRAGMA application_id = %d", SAMDB_APPLICATION);
    st = samdb_begin(d);
    if (st == STATUS_SUCCESS) {
        st = db_exec(d, pragma);
        if (st == STATUS_SUCCESS)
            st = samdb_migrate(d, samdb_migrations, samdb_n_migrations);
        if (st == STATUS_SUCCESS)
            st = c->init ? put_first(d, c->init) : image_write(d, c->image);
        st = samdb_end(d, st);
    }
    samdb_close(d);
    return st;
}

/* link(2) never takes the place of what is there. */
static enum nt_status put_in_place(const char *from, const char *path)
{
    if (link(from, path) != 0)
        return errno_status(errno);
    char *dir = strdup(path);
    if (!dir)
        return STATUS_NO_MEMORY;
    char *slash = strrchr(dir, '/');
    if (slash)
        slash[slash == dir] = 0;
    int fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(dir);
    int rc = fd >= 0 ? fsync(fd) : -1;
    enum nt_status st = rc == 0 ? STATUS_SUCCESS : errno_status(errno);
    if (fd >= 0)
        close(fd);
    return st;
}

bool samdb_sid_ok(const struct nt_sid *sid)
{
    static const uint8_t nt[6] = { 0, 0, 0, 0, 0, 5 };
    return sid->revision == 1 && sid->count == 4 && memcmp(sid->authority, nt, 6) == 0 && sid->sub[0] == 21;
}

static bool init_ok(const struct samdb_init *i)
{
    return i->machine && i->workgroup && i->admin && i->admin_password &&
           samdb_check_name(i->machine, SAMDB_NETBIOS_MAX) == STATUS_SUCCESS &&
           samdb_check_name(i->workgroup, SAMDB_NETBIOS_MAX) == STATUS_SUCCESS &&
           (!i->sid.count || samdb_sid_ok(&i->sid));
}

static enum nt_status create(const char *path, const struct content *c, const struct samdb_options *o)
{
    char *temporary = NULL;
    struct stat sb;
    if (lstat(path, &sb) == 0)
        return nt_error_set(o->error, STATUS_OBJECT_NAME_COLLISION, "%s: there is something already", path);
    if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
        return STATUS_NO_MEMORY;
    int fd = mkstemp(temporary); /* mode 0600 */
    enum nt_status st = fd >= 0 ? STATUS_SUCCESS : errno_status(errno);
    if (fd >= 0) {
        close(fd);
        st = fill(temporary, c, o);
        if (st == STATUS_SUCCESS)
            st = put_in_place(temporary, path);
        unlink(temporary);
    }
    free(temporary);
    return st == STATUS_SUCCESS ? st : nt_error_set(o->error, st, "%s: %s", path, nt_status_text(st));
}

enum nt_status samdb_create(const char *path, const struct samdb_init *init, const struct samdb_options *o)
{
    const struct content c = { init, NULL };
    return init_ok(init) ? create(path, &c, o ? o : &no_options) : STATUS_INVALID_PARAMETER;
}

enum nt_status samdb_create_from(const char *path, const struct samdb_image *i, const struct samdb_options *o)
{
    const struct content c = { NULL, i };
    return create(path, &c, o ? o : &no_options);
}

/* ---- the domain ---- */

enum nt_status policy_get(struct samdb *d, struct samdb_policy *ret)
{
    struct query q;
    struct samdb_policy p = { 0 };
    q_open(&q, d,
           "SELECT min_length, history, properties, max_age, min_age, lockout_count, lockout_span,"
           " lockout_window FROM domain");
    if (q_row(&q))
        p = (struct samdb_policy){ q_get_u32(&q, 0), q_get_u32(&q, 1), q_get_u32(&q, 2), q_get_int(&q, 3),
                                   q_get_int(&q, 4), q_get_u32(&q, 5), q_get_int(&q, 6), q_get_int(&q, 7) };
    enum nt_status st = q_close(&q);
    if (st == STATUS_SUCCESS)
        *ret = p;
    return st;
}

enum nt_status samdb_domain(struct samdb *d, struct nt_arena *mem, struct samdb_domain *ret)
{
    struct query q;
    struct samdb_domain dom = { 0 };
    enum nt_status parsed = STATUS_INTERNAL_DB_CORRUPTION;
    q_open(&q, d, "SELECT machine, workgroup, realm, sid FROM domain");
    if (q_row(&q)) {
        dom.machine = q_get_text(&q, 0, mem);
        dom.workgroup = q_get_text(&q, 1, mem);
        dom.realm = q_get_text(&q, 2, mem);
        parsed = nt_sid_parse((const char *)sqlite3_column_text(q.s, 3), &dom.sid);
    }
    enum nt_status st = q_close(&q);
    if (st == STATUS_SUCCESS && parsed != STATUS_SUCCESS)
        st = STATUS_INTERNAL_DB_CORRUPTION;
    if (st == STATUS_SUCCESS)
        st = policy_get(d, &dom.policy);
    if (st == STATUS_SUCCESS)
        *ret = dom;
    return st;
}

bool samdb_policy_ok(const struct samdb_policy *p)
{
    const uint64_t spans[] = { p->max_age, p->min_age, p->lockout_span, p->lockout_window };
    for (unsigned i = 0; i < 4; i++)
        if (spans[i] > NT_TIME_NEVER)
            return false;
    return p->min_length <= SAMDB_PASSWORD_MAX && p->history <= SAMDB_HISTORY_MAX &&
           p->lockout_window <= p->lockout_span && (!p->min_age || p->min_age < p->max_age);
}

enum nt_status samdb_set_policy(struct samdb *d, const struct samdb_policy *p)
{
    struct query q;
    const uint64_t spans[] = { p->max_age, p->min_age, p->lockout_span, p->lockout_window };
    if (!samdb_policy_ok(p))
        return STATUS_INVALID_PARAMETER;
    enum nt_status st = samdb_begin(d);
    if (st != STATUS_SUCCESS)
        return st;
    q_open(&q, d,
           "UPDATE domain SET min_length = ?, history = ?, properties = ?, lockout_count = ?, max_age = ?,"
           " min_age = ?, lockout_span = ?, lockout_window = ?");
    q_int(&q, 1, p->min_length);
    q_int(&q, 2, p->history);
    q_int(&q, 3, p->properties);
    q_int(&q, 4, p->lockout_count);
    for (int i = 0; i < 4; i++)
        q_int(&q, 5 + i, spans[i]);
    return samdb_end(d, q_run(&q));
}
