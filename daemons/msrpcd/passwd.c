// SPDX-License-Identifier: Apache-2.0
/* msrpcd passwd: an administrator of the machine sets a password. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "admin.h"
#include "msrpcd.h"

#define RID_ADMIN 500

static const char usage[] =
    "usage: msrpcd passwd --store FILE [OPTION...] [USER]\n"
    "Sets the password of USER, or of the account 500; msrpcd(8). The daemon may run meanwhile.\n"
    "  --store FILE | --scratch DIR | --config FILE   which store\n"
    "  --force               whatever the policy says of length and complexity\n"
    "  --must-change         it is to be changed at the next logon\n"
    "  --unlock              let the user in again who was locked out, too\n"
    "  --password-file FILE, --password-stdin   the first line is the password\n"
    "Else the password comes from MSRPCD_ADMIN_PASSWORD, or is asked for.\n";

enum { O_FORCE = 1, O_MUST_CHANGE, O_UNLOCK };
static const struct option table[] = {
    { "force", no_argument, NULL, O_FORCE },
    { "must-change", no_argument, NULL, O_MUST_CHANGE },
    { "unlock", no_argument, NULL, O_UNLOCK },
    ADMIN_OPTIONS,
    ADMIN_PASSWORD_OPTIONS,
    { 0 },
};

struct how {
    enum samdb_password_how how;
    bool must_change, unlock;
};

static enum nt_status find(struct samdb *d, const char *name, struct nt_arena *mem, struct samdb_name *ret)
{
    enum nt_status st = name ? samdb_find(d, SAMDB_ACCOUNT, name, mem, ret)
                             : samdb_find_rid(d, SAMDB_ACCOUNT, RID_ADMIN, mem, ret);
    return st == STATUS_NONE_MAPPED || (st == STATUS_SUCCESS && ret->kind != SAMDB_USER) ? STATUS_NO_SUCH_USER
                                                                                         : st;
}

/* Both or neither. */
static enum nt_status store(struct samdb *d, uint32_t rid, const char *password, const struct how *how)
{
    enum nt_status st = samdb_begin(d);
    if (st != STATUS_SUCCESS)
        return st;
    st = samdb_password_set(d, rid, password, strlen(password), how->how, how->must_change);
    if (st == STATUS_SUCCESS && how->unlock)
        st = samdb_user_unlock(d, rid);
    return samdb_end(d, st);
}

static int set(const struct admin *a, struct samdb *d, const struct how *how, struct nt_arena *mem)
{
    enum { DISABLED = 1, LOCKED = 0x400 };
    char password[ADMIN_PASSWORD_ROOM] = "";
    struct samdb_name n;
    struct samdb_user u;
    enum nt_status st = find(d, a->operand, mem, &n);
    if (st == STATUS_NO_SUCH_USER)
        return admin_fail(a, EXIT_FAILED, "%s: there is no such user", a->operand ? a->operand : "500");
    if (st == STATUS_SUCCESS && !admin_password(a, n.name, password))
        return EXIT_USAGE;
    if (st == STATUS_SUCCESS)
        st = store(d, n.rid, password, how);
    nt_wipe(password, sizeof password);
    if (st == STATUS_PASSWORD_RESTRICTION)
        return admin_fail(a, EXIT_FAILED, "the policy of the store forbids this password; --force sets it");
    if (st == STATUS_INVALID_PARAMETER)
        return admin_fail(a, EXIT_FAILED, "a password has up to 256 characters, in UTF-8");
    if (st == STATUS_SUCCESS)
        st = samdb_user_get(d, n.rid, mem, &u);
    if (st != STATUS_SUCCESS)
        return admin_fail(a, EXIT_FAILED, "%s: %s", a->path, nt_status_text(st));
    if (u.control & DISABLED)
        admin_say(a, "%s is disabled, and cannot log on", n.name);
    if (u.control & LOCKED)
        admin_say(a, "%s is locked out still; --unlock changes that", n.name);
    return EXIT_SUCCESS;
}

int cmd_passwd(int argc, char **argv)
{
    struct admin a = { .command = "passwd", .usage = usage };
    struct how how = { .how = SAMDB_PASSWORD_RESET };
    int which, rc = EXIT_FAILED;
    while ((which = getopt_long(argc, argv, "", table, NULL)) != -1)
        if (which == O_FORCE)
            how.how = SAMDB_PASSWORD_FORCE;
        else if (which == O_MUST_CHANGE)
            how.must_change = true;
        else if (which == O_UNLOCK)
            how.unlock = true;
        else
            admin_option(&a, which, optarg);
    admin_operand(&a, argc, argv, optind);
    struct samdb *d = admin_open(&a);
    struct nt_arena *mem = nt_arena_new_secret(0);
    if (d && mem)
        rc = set(&a, d, &how, mem);
    nt_arena_free(mem);
    samdb_close(d);
    return rc;
}
