// SPDX-License-Identifier: Apache-2.0
/*
 * Inside of the store: db.c has statements, transactions and errors; file.c the file's life; schema.c the
 * migrations; name.c, user.c, password.c, logon.c, group.c, share.c one noun each; dump.c, image.c and
 * restore.c all of them at once.
 */
#ifndef SAMDB_M_SAMDB_H
#define SAMDB_M_SAMDB_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>
#include "samdb/image.h"

/* "Tern" in the header of the file (PRAGMA application_id). */
#define SAMDB_APPLICATION 0x5465726e
/* Statements that are kept ready: more than there are in these sources. */
#define SAMDB_STATEMENTS 128u
/* RIDs below are Windows' own ([MS-DTYP] 2.4.2.4). */
#define SAMDB_RID_FIRST 1000u
/* [MS-SAMR] 3.1.1.6: sAMAccountName of a user, of others. */
#define SAMDB_USER_NAME_MAX  20u
#define SAMDB_GROUP_NAME_MAX 256u
/* [MS-SAMR] 2.2.6.21: a password has at most 256 characters. */
#define SAMDB_PASSWORD_MAX 256u
/* [MS-SAMR] 3.1.1.6: uASPasswordHistoryLength is at most 24 in Windows' tools; the specification says 65535.
 */
#define SAMDB_HISTORY_MAX 1024u
/* No text of an account is longer: SAMR counts octets of UTF-16 in 16 bits. */
#define SAMDB_TEXT_MAX 32767u
/* NetBIOS names have 15 characters and a type. */
#define SAMDB_NETBIOS_MAX 15u
/* Octets of the hours of a week ([MS-SAMR] 2.2.6.5), and of a setting's key and value. */
#define SAMDB_HOURS       21u
#define SAMDB_SETTING_MAX 65536u
/* One listing; callers go on from the last RID. */
#define SAMDB_LIST_MAX 65536u

/* USER_ACCOUNT codes, [MS-SAMR] 2.2.1.12 */
enum {
    UF_DISABLED = 0x1,
    UF_NO_PASSWORD = 0x4,
    UF_NORMAL = 0x10,
    UF_MACHINE = 0x40 | 0x80 | 0x100, /* trusts of domains, workstations, servers */
    UF_PASSWORD_FIXED = 0x200,        /* USER_DONT_EXPIRE_PASSWORD */
    UF_LOCKED = 0x400,                /* USER_ACCOUNT_AUTO_LOCKED */
    UF_PASSWORD_EXPIRED = 0x20000,
};
enum {
    RID_ADMIN = 500,
    RID_GUEST = 501,
    RID_USERS = 513,
    RID_ADMINS = 544,
    RID_BUILTIN_USERS = 545,
    RID_GUESTS = 546
};

/* Users whose last wrong password could not be counted; with more at a time nobody is judged any more. */
#define SAMDB_DEBTS 8u

/* Of all handles of one file in this process. */
struct gate {
    atomic_uint handles, urgent; /* handles of loops that wait to write */
};

struct samdb {
    sqlite3 *db;
    const struct nt_env *env;
    struct gate *gate;
    unsigned depth;        /* of transactions */
    enum nt_status failed; /* why the one that runs cannot be kept */
    bool damaged, on_loop, rests;
    unsigned busy_ms;
    uint64_t waits_since; /* monotonic, of the statement that waits for another writer; 0: none */
    uint64_t rest_until;  /* monotonic: nothing is to be changed before */
    uint32_t debt[SAMDB_DEBTS];
    unsigned n_debts;
    void (*untidy)(void *arg);
    void *untidy_arg;
    void (*wrote)(void *arg, uint64_t ns, enum nt_status st); /* of samdb_options */
    void *wrote_arg;
    uint64_t began; /* the transaction that runs, monotonic */
    struct {
        const char *sql;
        sqlite3_stmt *s;
    } ready[SAMDB_STATEMENTS];
};

/* ---- statements ---- */

struct query {
    struct samdb *d;
    sqlite3_stmt *s;
    bool own;          /* not one of the ready ones */
    enum nt_status st; /* the first thing that went wrong */
};
/* sql: a literal, which is known by its address. */
void q_open(struct query *q, struct samdb *d, const char *sql);
void q_int(struct query *q, int at, uint64_t v);
void q_text(struct query *q, int at, const char *v);
void q_blob(struct query *q, int at, const void *p, size_t len); /* NULL: NULL */
/* A row; false: none any more, or something went wrong. */
bool q_row(struct query *q);
/* Ends it, and tells how it went. */
enum nt_status q_close(struct query *q);
/* For statements without rows: runs and ends it. */
enum nt_status q_run(struct query *q);
static inline uint64_t q_get_int(const struct query *q, int at)
{
    return (uint64_t)sqlite3_column_int64(q->s, at);
}
static inline uint32_t q_get_u32(const struct query *q, int at)
{
    return (uint32_t)sqlite3_column_int64(q->s, at);
}
/* In mem; "" for NULL. Without memory the query fails. */
const char *q_get_text(struct query *q, int at, struct nt_arena *mem);
struct nt_blob q_get_blob(struct query *q, int at, struct nt_arena *mem);

/* Runs a text of statements that return nothing. */
enum nt_status db_exec(struct samdb *d, const char *sql);
/* One transaction for several reads, which would each take and leave the file's locks: it keeps no writer waiting, and
 * none may begin inside of it. Nothing inside of a writer's. */
enum nt_status db_read_begin(struct samdb *d);
void db_read_end(struct samdb *d);
/* Rows that the last statement changed. */
unsigned db_changed(const struct samdb *d);
/* What SQLite says, as a status. */
enum nt_status db_status(struct samdb *d, int rc);
uint64_t db_now(const struct samdb *d);
uint64_t db_monotonic(const struct samdb *d);
/* SQLite's busy handler, with the handle as its argument. */
int db_wait(void *d, int n);

/* ---- file.c, schema.c ---- */
extern const char *const samdb_migrations[];
extern const unsigned samdb_n_migrations;
/* Brings the open file from its version to n, in one transaction. */
enum nt_status samdb_migrate(struct samdb *d, const char *const *list, unsigned n);

/* ---- names ---- */
/* What names are compared by: upper case, UTF-8, in mem. STATUS_INVALID_ACCOUNT_NAME. */
enum nt_status samdb_key(struct nt_arena *mem, const char *name, const char **ret);
enum nt_status samdb_check_name(const char *name, size_t max);
/* A new name in the account domain or in Builtin. rid 0: the next one. *ret_id is the row. */
enum nt_status name_add(struct samdb *d, enum samdb_place place, enum samdb_kind kind, uint32_t rid,
                        const char *name, const char *comment, uint64_t *ret_id, uint32_t *ret_rid);
enum nt_status name_change(struct samdb *d, uint64_t id, enum samdb_kind kind, const char *name);
/* The row of one; `missing` where there is none. */
enum nt_status name_row(struct samdb *d, enum samdb_place place, enum samdb_kind kind, uint32_t rid,
                        enum nt_status missing, uint64_t *ret_id);

/* ---- password.c ---- */
/* Kerberos' string-to-key for AES (RFC 3962 section 4): 16 or 32 octets. */
void samdb_string_to_key(const char *password, size_t len, const char *salt, unsigned iterations,
                         uint8_t *ret_key, size_t key_len);
/* NT time at which a password of that age ends; NT_TIME_NEVER. */
uint64_t password_ends(const struct samdb_policy *p, uint32_t control, uint64_t set);
/* The lockout that holds now ([MS-SAMR] 3.1.1.8.10). */
bool locked_now(const struct samdb_policy *p, uint64_t locked, uint64_t now);
enum nt_status policy_get(struct samdb *d, struct samdb_policy *ret);

/* ---- what can be ---- */
bool samdb_policy_ok(const struct samdb_policy *p);
bool samdb_sid_ok(const struct nt_sid *sid);
bool samdb_control_ok(uint32_t control);
bool samdb_share_ok(const struct samdb_share *s);

/* ---- dump.c, restore.c: inside of a transaction ---- */
enum nt_status image_read(struct samdb *d, bool keys, struct nt_arena *mem, struct samdb_image *ret);
/* Into a store without a domain. */
enum nt_status image_write(struct samdb *d, const struct samdb_image *i);

#endif
