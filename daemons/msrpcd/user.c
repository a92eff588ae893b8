// SPDX-License-Identifier: Apache-2.0
/* msrpcd user: who may log on, for a machine without a client of SAMR. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "admin.h"
#include "msrpcd.h"

static const char usage[] =
    "usage: msrpcd user list --store FILE\n"
    "       msrpcd user add --store FILE [--full-name TEXT] [--administrator] [--force] [PASSWORD] NAME\n"
    "       msrpcd user del --store FILE NAME\n"
    "Users of an account store; msrpcd(8). The daemon may run meanwhile.\n"
    "  --store FILE | --scratch DIR | --config FILE   which store\n"
    "  --administrator       member of Administrators\n"
    "  --force               whatever the policy says of length and complexity\n"
    "  --password-file FILE, --password-stdin   the first line is the password\n"
    "Else the password comes from MSRPCD_ADMIN_PASSWORD, or is asked for.\n";

enum { O_FULL_NAME = 1, O_ADMINISTRATOR, O_FORCE };
static const struct option table[] = {
    { "full-name", required_argument, NULL, O_FULL_NAME },
    { "administrator", no_argument, NULL, O_ADMINISTRATOR },
    { "force", no_argument, NULL, O_FORCE },
    ADMIN_OPTIONS,
    ADMIN_PASSWORD_OPTIONS,
    { 0 },
};

enum { NORMAL = 0x10, DISABLED = 1, LOCKED = 0x400, ADMINISTRATORS = 544 };

struct user_command {
    struct admin a;
    struct samdb *d;
    struct nt_arena *mem;
    const char *full_name;
    bool administrator, force;
};

static int say_status(const struct user_command *c, enum nt_status st)
{
    if (st == STATUS_SUCCESS)
        return EXIT_SUCCESS;
    return admin_fail(&c->a, EXIT_FAILED, "%s: %s", c->a.operand ? c->a.operand : c->a.path,
                      nt_status_text(st));
}

/* ---- list ---- */

/* Names may have any characters but controls; texts those, too. */
static void put_text(const char *s)
{
    for (; *s; s++)
        putchar((unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s);
}

static enum nt_status put_user(const struct user_command *c, uint32_t rid)
{
    struct samdb_user u;
    enum nt_status st = samdb_user_get(c->d, rid, c->mem, &u);
    if (st != STATUS_SUCCESS)
        return st;
    printf("%u\t%s\t", u.rid, u.control & DISABLED ? "disabled" : u.control & LOCKED ? "locked" : "-");
    put_text(u.name);
    putchar('\t');
    put_text(u.full_name);
    putchar('\n');
    return STATUS_SUCCESS;
}

static int list(struct user_command *c)
{
    enum { PAGE = 1000 };
    struct samdb_name *n;
    unsigned count = 1;
    uint32_t after = 0;
    enum nt_status st = STATUS_SUCCESS;
    while (st == STATUS_SUCCESS && count) {
        nt_arena_reset(c->mem);
        st = samdb_list(c->d, SAMDB_ACCOUNT, SAMDB_USER, after, PAGE, c->mem, &n, &count);
        for (unsigned i = 0; st == STATUS_SUCCESS && i < count; i++) {
            after = n[i].rid;
            st = put_user(c, after);
        }
    }
    return say_status(c, st);
}

/* ---- add, del ---- */

/* All of it, or nothing: with the password the account is let in. */
static enum nt_status make(const struct user_command *c, const char *password)
{
    struct samdb_domain dom;
    struct samdb_user u = { .control = NORMAL, .full_name = c->full_name ? c->full_name : "" };
    struct nt_sid sid;
    enum nt_status st = samdb_begin(c->d);
    if (st != STATUS_SUCCESS)
        return st;
    st = samdb_user_add(c->d, c->a.operand, NORMAL, &u.rid);
    if (st == STATUS_SUCCESS)
        st = samdb_user_set(c->d, &u, SAMDB_F_FULL_NAME);
    if (st == STATUS_SUCCESS)
        st = samdb_password_set(c->d, u.rid, password, strlen(password),
                                c->force ? SAMDB_PASSWORD_FORCE : SAMDB_PASSWORD_RESET, false);
    if (st == STATUS_SUCCESS)
        st = samdb_user_set(c->d, &u, SAMDB_F_CONTROL);
    if (st == STATUS_SUCCESS && c->administrator)
        st = samdb_domain(c->d, c->mem, &dom);
    if (st == STATUS_SUCCESS && c->administrator)
        st = nt_sid_append(&dom.sid, u.rid, &sid);
    if (st == STATUS_SUCCESS && c->administrator)
        st = samdb_member_add(c->d, SAMDB_BUILTIN, SAMDB_ALIAS, ADMINISTRATORS, &sid);
    return samdb_end(c->d, st);
}

static int add(struct user_command *c)
{
    char password[ADMIN_PASSWORD_ROOM] = "";
    if (!admin_password(&c->a, c->a.operand, password))
        return EXIT_USAGE;
    enum nt_status st = make(c, password);
    nt_wipe(password, sizeof password);
    return say_status(c, st);
}

static int del(struct user_command *c)
{
    struct samdb_name n;
    enum nt_status st = samdb_find(c->d, SAMDB_ACCOUNT, c->a.operand, c->mem, &n);
    if (st == STATUS_NONE_MAPPED || (st == STATUS_SUCCESS && n.kind != SAMDB_USER))
        st = STATUS_NO_SUCH_USER;
    return say_status(c, st == STATUS_SUCCESS ? samdb_user_delete(c->d, n.rid) : st);
}

int cmd_user(int argc, char **argv)
{
    static const struct {
        const char *name;
        bool named;
        int (*run)(struct user_command *c);
    } verbs[] = { { "list", false, list }, { "add", true, add }, { "del", true, del } };
    struct user_command c = { .a = { .command = "user", .usage = usage } };
    unsigned verb = 0;
    int which, rc = EXIT_FAILED;
    while (verb < 3 && (argc < 2 || strcmp(argv[1], verbs[verb].name) != 0))
        verb++;
    if (verb == 3 && (argc < 2 || strcmp(argv[1], "--help") != 0))
        return admin_fail(&c.a, EXIT_USAGE, "list, add or del? --help tells more");
    argc -= verb < 3;
    argv += verb < 3;
    while ((which = getopt_long(argc, argv, "", table, NULL)) != -1)
        if (which == O_FULL_NAME)
            c.full_name = optarg;
        else if (which == O_ADMINISTRATOR)
            c.administrator = true;
        else if (which == O_FORCE)
            c.force = true;
        else
            admin_option(&c.a, which, optarg);
    admin_operand(&c.a, argc, argv, optind);
    if (verb == 3)
        return EXIT_USAGE;
    if (verbs[verb].named != !!c.a.operand)
        return admin_fail(&c.a, EXIT_USAGE,
                          verbs[verb].named ? "whom? --help tells more" : "no name is needed");
    c.d = admin_open(&c.a);
    c.mem = nt_arena_new(0);
    if (c.d && c.mem)
        rc = verbs[verb].run(&c);
    nt_arena_free(c.mem);
    samdb_close(c.d);
    return rc;
}
