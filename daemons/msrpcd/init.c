// SPDX-License-Identifier: Apache-2.0
/* msrpcd init: a new account store. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "admin.h"
#include "msrpcd.h"

static const char usage[] =
    "usage: msrpcd init --store FILE --name NAME --workgroup NAME [OPTION...]\n"
    "Makes an account store; msrpcd(8).\n"
    "  --store FILE | --scratch DIR | --config FILE   where; nothing may be there yet\n"
    "  --name NAME           NetBIOS name of the machine\n"
    "  --workgroup NAME      NetBIOS name of the workgroup or domain that it is in\n"
    "  --realm REALM         of Kerberos: accounts get AES keys\n"
    "  --admin NAME          name of the account 500, instead of admin\n"
    "  --owner USER          whom the file belongs to: the user that the daemon runs as\n"
    "  --password-file FILE, --password-stdin   the first line is the password\n"
    "Else the password comes from MSRPCD_ADMIN_PASSWORD, or is asked for. Names and owner may stand in the\n"
    "configuration (name, workgroup, user).\n";

enum { O_NAME = 1, O_WORKGROUP, O_REALM, O_ADMIN, O_OWNER };
static const struct option table[] = {
    { "name", required_argument, NULL, O_NAME },
    { "workgroup", required_argument, NULL, O_WORKGROUP },
    { "realm", required_argument, NULL, O_REALM },
    { "admin", required_argument, NULL, O_ADMIN },
    { "owner", required_argument, NULL, O_OWNER },
    ADMIN_OPTIONS,
    ADMIN_PASSWORD_OPTIONS,
    { 0 },
};

/* Before anything is made: a name that is nobody's is a mistake of the command line. */
static bool owner_of(const struct admin *a, const char *name, struct privilege_user *ret)
{
    struct nt_error err = { "" };
    if (privilege_find(name, ret, &err) != STATUS_SUCCESS)
        return admin_fail(a, false, "--owner %s: %s", name, err.text);
    return true;
}

/* The directory may belong to the new owner already, who could put a link to another file in its place. */
static bool give(const char *path, const struct privilege_user *owner)
{
    struct stat sb;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    bool ok = fd >= 0 && fstat(fd, &sb) == 0;
    if (ok && (!S_ISREG(sb.st_mode) || sb.st_nlink != 1 || sb.st_uid != geteuid())) {
        errno = EPERM;
        ok = false;
    }
    ok = ok && fchown(fd, owner->uid, owner->gid) == 0;
    int e = errno;
    if (fd >= 0)
        close(fd);
    errno = e;
    return ok;
}

static int make(const struct admin *a, struct samdb_init *init, const char *owner_name,
                const struct privilege_user *owner)
{
    char password[ADMIN_PASSWORD_ROOM] = "";
    struct nt_error err = { "" };
    const struct samdb_options o = { .error = &err };
    struct stat sb;
    if (lstat(a->path, &sb) == 0) /* before somebody types a password for nothing */
        return admin_fail(a, EXIT_FAILED, "%s: there is something already", a->path);
    if (!admin_password(a, init->admin, password))
        return EXIT_USAGE;
    init->admin_password = password;
    enum nt_status st = samdb_create(a->path, init, &o);
    nt_wipe(password, sizeof password);
    if (st == STATUS_INVALID_PARAMETER && !err.text[0])
        return admin_fail(a, EXIT_USAGE,
                          "names of machines and workgroups have up to 15 characters, and none of "
                          "\"/\\[]:|<>+=;?,*");
    if (st != STATUS_SUCCESS)
        return admin_fail(a, EXIT_FAILED, "%s", err.text[0] ? err.text : nt_status_text(st));
    if (owner && !give(a->path, owner)) {
        int e = errno;
        unlink(a->path);
        return admin_fail(a, EXIT_FAILED, "%s: it cannot be given to %s: %s", a->path, owner_name,
                          strerror(e));
    }
    return EXIT_SUCCESS;
}

int cmd_init(int argc, char **argv)
{
    struct admin a = { .command = "init", .usage = usage };
    struct samdb_init init = { .admin = "admin" };
    const char *owner = NULL;
    struct privilege_user who;
    int which;
    while ((which = getopt_long(argc, argv, "", table, NULL)) != -1)
        if (which == O_NAME)
            init.machine = optarg;
        else if (which == O_WORKGROUP)
            init.workgroup = optarg;
        else if (which == O_REALM)
            init.realm = optarg;
        else if (which == O_ADMIN)
            init.admin = optarg;
        else if (which == O_OWNER)
            owner = optarg;
        else
            admin_option(&a, which, optarg);
    admin_operand(&a, argc, argv, optind);
    if (a.operand)
        return admin_fail(&a, EXIT_USAGE, "what is \"%s\"? --help tells more", a.operand);
    if (a.c) {
        init.machine = init.machine ? init.machine : a.c->name;
        init.workgroup = init.workgroup ? init.workgroup : a.c->workgroup;
        owner = owner ? owner : a.c->user;
    }
    if (!init.machine || !init.workgroup)
        return admin_fail(&a, EXIT_USAGE, "--name and --workgroup are needed; --help tells more");
    if (owner && !owner_of(&a, owner, &who))
        return EXIT_USAGE;
    return make(&a, &init, owner, owner ? &who : NULL);
}
