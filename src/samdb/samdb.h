// SPDX-License-Identifier: Apache-2.0
/*
 * The account store: one SQLite file with the machine's accounts, groups, shares and settings.
 *
 * A handle belongs to one thread (or loop); other threads and processes open their own. There is one writer
 * at a time: a change waits up to busy_ms for the one before it. Each function that changes something does so
 * in one transaction, whole or not at all; when it has returned STATUS_SUCCESS the change is on the disk and
 * outlives kill -9 and a power cut.
 *
 * Text is UTF-8. Names are compared as NT compares them (ustr_casecmp). Passwords are never kept: the NT hash
 * ([MS-NLMP] 3.3.1) and, where the store has a realm, the AES keys of Kerberos ([MS-KILE] 3.1.1.2, RFC 3962)
 * are, and the NT hashes of earlier passwords. Whoever reads the file can log on as anybody: it is made with
 * mode 0600.
 *
 * Besides what stands at each function, all may return
 *   STATUS_DISK_FULL                nothing was changed
 *   STATUS_IO_TIMEOUT               another writer held the store for longer than busy_ms; nothing was
 * changed STATUS_INTERNAL_DB_CORRUPTION   the file is damaged; this handle writes nothing any more
 *   STATUS_IO_DEVICE_ERROR, STATUS_MEDIA_WRITE_PROTECTED, STATUS_ACCESS_DENIED, STATUS_NO_MEMORY
 */
#ifndef SAMDB_SAMDB_H
#define SAMDB_SAMDB_H

#include <msrpc/token.h>

struct samdb;

struct samdb_options {
    const struct nt_env *env; /* clock and random numbers; NULL: the system's */
    unsigned busy_ms;         /* 0: 5 000; on a loop 50 */
    const char *vfs;          /* of SQLite; NULL: its default */
    struct nt_error *error;   /* sentence of a failure to create or open; may be NULL */
    /* For the handle of a loop, which has to wait for nobody. What it reads never waits. Of changes it makes
     * those of logons; other changes are made by a second handle (samdb_second) on a thread that may wait.
     * A change that has waited for busy_ms in vain has those of the next SAMDB_REST_MS fail at once. Its own
     * are not flushed: they outlive kill -9, but a power cut may take the last ones along. */
    bool on_loop;
    /* Called after a change by a handle of a loop when the log of the file has grown long: samdb_tidy is to
     * be called with the second handle, on its thread. NULL: the log shrinks by changes of others only. */
    void (*untidy)(void *arg);
    void *untidy_arg;
    /* Told of each transaction that writes, by whoever ends it: how long it took in ns, waiting for other
     * writers and for the disk included, and how the store did (a change that is dropped because its caller
     * wants so is a success); on the thread that makes it. NULL: nobody is. */
    void (*wrote)(void *arg, uint64_t ns, enum nt_status st);
    void *wrote_arg;
};
/* Between a store that is busy and the next attempt to change it: who held it so long holds it longer. */
#define SAMDB_REST_MS 250u

/* ---- the file ---- */

/* What a new store is about. Strings but `realm` must be given. */
struct samdb_init {
    const char *machine;   /* NetBIOS name: the name of its account domain, too */
    const char *workgroup; /* NetBIOS name of the workgroup or domain that it is in */
    const char *realm;     /* of Kerberos, for the salt of AES keys; NULL or "": accounts get no AES keys */
    const char *admin;     /* name of the account 500, which is in Administrators */
    const char *admin_password;
    struct nt_sid sid; /* of the account domain; count 0: S-1-5-21- and three random numbers */
};

/* Makes a new file; it is there whole or not at all. STATUS_OBJECT_NAME_COLLISION: something has that name,
 * and is left alone. STATUS_INVALID_PARAMETER for names that cannot be. */
enum nt_status samdb_create(const char *path, const struct samdb_init *init,
                            const struct samdb_options *o) NT_CHECKED;
/* Opens a file and brings an older one up to date. STATUS_OBJECT_NAME_NOT_FOUND; STATUS_OBJECT_TYPE_MISMATCH:
 * not a store; STATUS_REVISION_MISMATCH: a newer program made it; STATUS_INTERNAL_DB_CORRUPTION: damaged, and
 * not touched; STATUS_ACCESS_DENIED: others than its owner may read or write it;
 * STATUS_MEDIA_WRITE_PROTECTED: it cannot be written to. o may be NULL. */
enum nt_status samdb_open(const char *path, const struct samdb_options *o, struct samdb **ret) NT_CHECKED;
/* Another handle for the same file, for one other thread; d has to outlive it. Where both would change
 * something d's comes first. busy_ms as in the options; after a change that has waited in vain, others fail
 * at once for SAMDB_REST_MS. */
enum nt_status samdb_second(struct samdb *d, unsigned busy_ms, struct samdb **ret) NT_CHECKED;
/* Moves what is in the log into the file, as far as nobody is in the way. */
void samdb_tidy(struct samdb *d);
/* Accepts NULL. */
void samdb_close(struct samdb *d);
/* Reads the whole file and all of its cross-references; err (may be NULL) tells the first thing found. */
enum nt_status samdb_check(struct samdb *d, struct nt_error *err) NT_CHECKED;

/* Several calls as one: changes between the two are kept by samdb_end(d, STATUS_SUCCESS) and dropped by
 * samdb_end with anything else, which is then what it returns. They nest; the outermost pair counts. */
enum nt_status samdb_begin(struct samdb *d) NT_CHECKED;
enum nt_status samdb_end(struct samdb *d, enum nt_status st) NT_CHECKED;

/* ---- the account domain ---- */

enum { SAMDB_PASSWORD_COMPLEX = 1 }; /* DOMAIN_PASSWORD_COMPLEX, [MS-SAMR] 2.2.3.5 */

/* [MS-SAMR] 2.2.3.5, 2.2.3.16. Spans are counted in 100 ns, upwards. */
struct samdb_policy {
    uint32_t min_length, history, properties;
    uint64_t max_age, min_age;             /* NT_TIME_NEVER: passwords do not expire; 0: changed at will */
    uint32_t lockout_count;                /* wrong passwords; 0: nobody is locked out */
    uint64_t lockout_span, lockout_window; /* NT_TIME_NEVER: until an administrator lets them in */
};

struct samdb_domain {
    const char *machine, *workgroup, *realm;
    struct nt_sid sid;
    struct samdb_policy policy;
};
/* Strings live in mem. */
enum nt_status samdb_domain(struct samdb *d, struct nt_arena *mem, struct samdb_domain *ret) NT_CHECKED;
/* STATUS_INVALID_PARAMETER for a policy that [MS-SAMR] 3.1.1.6 forbids. */
enum nt_status samdb_set_policy(struct samdb *d, const struct samdb_policy *p) NT_CHECKED;

/* ---- names ---- */

enum samdb_kind { SAMDB_USER = 1, SAMDB_GROUP = 2, SAMDB_ALIAS = 4 };
enum samdb_place { SAMDB_ACCOUNT, SAMDB_BUILTIN }; /* the account domain, or S-1-5-32 */

struct samdb_name {
    const char *name, *comment, *full_name; /* full_name: users only, else "" */
    enum samdb_kind kind;
    enum samdb_place place;
    uint32_t rid;
    uint32_t control; /* users: as in struct samdb_account */
};
/* By name in any case, or by RID. STATUS_NONE_MAPPED. */
enum nt_status samdb_find(struct samdb *d, enum samdb_place place, const char *name, struct nt_arena *mem,
                          struct samdb_name *ret) NT_CHECKED;
enum nt_status samdb_find_rid(struct samdb *d, enum samdb_place place, uint32_t rid, struct nt_arena *mem,
                              struct samdb_name *ret) NT_CHECKED;
/* Up to max entries of these kinds (SAMDB_USER | ...) with RIDs above after, in the order of RIDs. */
enum nt_status samdb_list(struct samdb *d, enum samdb_place place, unsigned kinds, uint32_t after,
                          unsigned max, struct nt_arena *mem, struct samdb_name **ret,
                          unsigned *ret_n) NT_CHECKED;

/* ---- users ---- */

enum samdb_field { /* what samdb_user_set changes */
                   SAMDB_F_NAME = 1,
                   SAMDB_F_FULL_NAME = 2,
                   SAMDB_F_COMMENT = 4,
                   SAMDB_F_USER_COMMENT = 8,
                   SAMDB_F_HOME = 0x10,
                   SAMDB_F_HOME_DRIVE = 0x20,
                   SAMDB_F_SCRIPT = 0x40,
                   SAMDB_F_PROFILE = 0x80,
                   SAMDB_F_WORKSTATIONS = 0x100,
                   SAMDB_F_PARAMETERS = 0x200,
                   SAMDB_F_HOURS = 0x400,
                   SAMDB_F_CONTROL = 0x800,
                   SAMDB_F_PRIMARY = 0x1000,
                   SAMDB_F_COUNTRY = 0x2000,
                   SAMDB_F_CODE_PAGE = 0x4000,
                   SAMDB_F_EXPIRES = 0x8000,
};

struct samdb_user {
    uint32_t rid;
    const char *name, *full_name, *comment, *user_comment, *home, *home_drive, *script, *profile;
    const char *workstations;         /* separated by commas; "": all */
    struct nt_blob parameters, hours; /* hours: 21 octets, a bit for each hour of the week; empty: always */
    uint32_t control; /* USER_ACCOUNT codes, [MS-SAMR] 2.2.1.12, but for the two that follow from the times:
                         USER_ACCOUNT_AUTO_LOCKED, USER_PASSWORD_EXPIRED; samdb_user_get tells these, too */
    uint32_t primary; /* RID of the primary group */
    uint32_t country, code_page;
    uint64_t expires; /* NT time; NT_TIME_NEVER */
    /* kept by the store; NT times, 0: never happened */
    uint64_t last_logon, last_logoff, bad_time, password_set, locked;
    uint32_t bad_count, logon_count;
    bool must_change, has_password;
};

/* A user without a password, disabled ([MS-SAMR] 3.1.5.4.4); control 0: USER_NORMAL_ACCOUNT.
 * STATUS_USER_EXISTS, STATUS_GROUP_EXISTS, STATUS_ALIAS_EXISTS; STATUS_INVALID_ACCOUNT_NAME. */
enum nt_status samdb_user_add(struct samdb *d, const char *name, uint32_t control,
                              uint32_t *ret_rid) NT_CHECKED;
/* STATUS_NO_SUCH_USER. */
enum nt_status samdb_user_get(struct samdb *d, uint32_t rid, struct nt_arena *mem,
                              struct samdb_user *ret) NT_CHECKED;
/* Changes the fields that are named. A primary group must have the user as a member:
 * STATUS_MEMBER_NOT_IN_GROUP. Enabling without a password: STATUS_PASSWORD_RESTRICTION if the policy asks
 * for one and USER_PASSWORD_NOT_REQUIRED is not set. */
enum nt_status samdb_user_set(struct samdb *d, const struct samdb_user *u, unsigned fields) NT_CHECKED;
/* STATUS_SPECIAL_ACCOUNT for those below 1000. */
enum nt_status samdb_user_delete(struct samdb *d, uint32_t rid) NT_CHECKED;
/* Clears lockout and count ([MS-SAMR] 3.1.1.8.10). */
enum nt_status samdb_user_unlock(struct samdb *d, uint32_t rid) NT_CHECKED;

/* ---- passwords ---- */

enum samdb_password_how {
    SAMDB_PASSWORD_RESET,  /* by an administrator: length and complexity count, age and history do not */
    SAMDB_PASSWORD_CHANGE, /* by its owner, who has proved the old one */
    SAMDB_PASSWORD_FORCE,  /* no rule counts: machine accounts, import */
};
/* STATUS_PASSWORD_RESTRICTION when a rule is broken, STATUS_INVALID_PARAMETER for more than 256 characters or
 * what is not UTF-8. must_change: at the next logon. */
enum nt_status samdb_password_set(struct samdb *d, uint32_t rid, const char *password, size_t len,
                                  enum samdb_password_how how, bool must_change) NT_CHECKED;
/* Where only the NT hash is known. The AES keys go: they would be those of another password. */
enum nt_status samdb_password_set_nt(struct samdb *d, uint32_t rid, const uint8_t nt_hash[16],
                                     enum samdb_password_how how, bool must_change) NT_CHECKED;

struct samdb_keys {
    bool has_nt, has_aes;
    uint8_t nt_hash[16], aes128[16], aes256[32];
    const char *salt; /* that the AES keys were made with */
    uint32_t kvno;    /* counts up with every change */
};
/* Wipe it. STATUS_NO_SUCH_USER. */
enum nt_status samdb_keys(struct samdb *d, uint32_t rid, struct nt_arena *mem,
                          struct samdb_keys *ret) NT_CHECKED;

/* ---- logon ---- */

/* Tells whether whoever wants in knows the password with that hash. It runs inside the store's transaction:
 * it computes, and waits for nobody. */
typedef bool samdb_verify_fn(void *arg, const struct samdb_keys *keys);

/* Checks a password and counts, as one transaction: of any number of attempts at a time, by any number of
 * processes, no more than the policy's lockout count are ever judged. While a wrong one cannot be counted (a
 * full disk, a busy store) no other is judged for that user, and STATUS_DISK_FULL or its like is returned; a
 * right one lets in also when its own traces (time, count back to 0) cannot be written. The clock may jump.
 * Forwards it ends windows and lockouts early: nobody can tell that from waiting. Backwards it lets nobody
 * guess more: a count stays, and a lockout begins anew with the first attempt afterwards, so that it never
 * lasts longer than its span from there. ret_rid is told also on failure, once the user is known.
 * STATUS_NO_SUCH_USER, STATUS_WRONG_PASSWORD, STATUS_ACCOUNT_LOCKED_OUT (then `verify` was not asked); and
 * for whoever knows the password STATUS_ACCOUNT_DISABLED, STATUS_ACCOUNT_EXPIRED, STATUS_INVALID_LOGON_HOURS,
 * STATUS_INVALID_WORKSTATION, STATUS_PASSWORD_EXPIRED, STATUS_PASSWORD_MUST_CHANGE: in this order
 * ([MS-APDS] 3.1.5). workstation: UTF-8, "" when unknown. */
enum nt_status samdb_logon(struct samdb *d, const char *name, const char *workstation,
                           samdb_verify_fn *verify, void *arg, uint32_t *ret_rid) NT_CHECKED;

/* A sec_account_fn with the store as its argument: hash, SIDs, groups and aliases of a user who may log on.
 * It judges and counts as samdb_logon does where the logon can be asked (sec_logon.knows), as those by NTLM
 * can. */
enum nt_status samdb_account(void *samdb, const struct sec_logon *who, struct nt_arena *mem,
                             struct sec_account *ret) NT_CHECKED;

/* ---- groups (members are users of the account domain) and aliases (members are SIDs) ---- */

/* STATUS_GROUP_EXISTS and kin. Groups are in the account domain only. */
enum nt_status samdb_group_add(struct samdb *d, enum samdb_place place, enum samdb_kind kind,
                               const char *name, const char *comment, uint32_t *ret_rid) NT_CHECKED;
/* name or comment NULL: as it is. STATUS_NO_SUCH_GROUP, STATUS_NO_SUCH_ALIAS. */
enum nt_status samdb_group_set(struct samdb *d, enum samdb_place place, enum samdb_kind kind, uint32_t rid,
                               const char *name, const char *comment) NT_CHECKED;
/* STATUS_SPECIAL_ACCOUNT below 1000, STATUS_MEMBER_IN_GROUP while a group has members. */
enum nt_status samdb_group_delete(struct samdb *d, enum samdb_place place, enum samdb_kind kind,
                                  uint32_t rid) NT_CHECKED;
/* A member is named by its SID. STATUS_MEMBER_IN_GROUP, STATUS_MEMBER_IN_ALIAS, STATUS_NO_SUCH_USER (groups).
 */
enum nt_status samdb_member_add(struct samdb *d, enum samdb_place place, enum samdb_kind kind, uint32_t rid,
                                const struct nt_sid *member) NT_CHECKED;
/* STATUS_MEMBER_NOT_IN_GROUP, STATUS_MEMBER_NOT_IN_ALIAS; STATUS_MEMBERS_PRIMARY_GROUP;
 * STATUS_SPECIAL_ACCOUNT for the account 500 in Administrators. */
enum nt_status samdb_member_remove(struct samdb *d, enum samdb_place place, enum samdb_kind kind,
                                   uint32_t rid, const struct nt_sid *member) NT_CHECKED;
enum nt_status samdb_members(struct samdb *d, enum samdb_place place, enum samdb_kind kind, uint32_t rid,
                             struct nt_arena *mem, struct nt_sid **ret, unsigned *ret_n) NT_CHECKED;
/* What somebody is in who is any of these SIDs: groups, for a user of ours, and aliases of both places. */
enum nt_status samdb_memberships(struct samdb *d, const struct nt_sid *sids, unsigned n, struct nt_arena *mem,
                                 struct nt_sid **ret, unsigned *ret_n) NT_CHECKED;

/* ---- shares ---- */

struct samdb_share {
    const char *name, *path, *comment;
    uint32_t type;     /* STYPE_*, [MS-SRVS] 2.2.2.4 */
    uint32_t max_uses; /* UINT32_MAX: no limit */
    uint32_t flags;    /* SHI1005_*, [MS-SRVS] 2.2.4.29 */
    struct nt_blob sd; /* self-relative; empty: none */
};
/* STATUS_OBJECT_NAME_COLLISION. */
enum nt_status samdb_share_add(struct samdb *d, const struct samdb_share *s) NT_CHECKED;
/* The share with that name takes all but its name and type from s. STATUS_OBJECT_NAME_NOT_FOUND. */
enum nt_status samdb_share_set(struct samdb *d, const struct samdb_share *s) NT_CHECKED;
enum nt_status samdb_share_get(struct samdb *d, const char *name, struct nt_arena *mem,
                               struct samdb_share *ret) NT_CHECKED;
enum nt_status samdb_share_delete(struct samdb *d, const char *name) NT_CHECKED;
/* All, in the order in which they were added. */
enum nt_status samdb_shares(struct samdb *d, struct nt_arena *mem, struct samdb_share **ret,
                            unsigned *ret_n) NT_CHECKED;

/* ---- settings ---- */

/* *ret is NULL for one that was never set. */
enum nt_status samdb_setting(struct samdb *d, const char *key, struct nt_arena *mem,
                             const char **ret) NT_CHECKED;
/* A number that is another one after a change by any other handle, of this program or of another: what was read before is
 * good for as long as it stays. Changes by d itself do not show. */
enum nt_status samdb_version(struct samdb *d, uint32_t *ret) NT_CHECKED;
/* value NULL: forgets it. */
enum nt_status samdb_set_setting(struct samdb *d, const char *key, const char *value) NT_CHECKED;

#endif
