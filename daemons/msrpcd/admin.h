// SPDX-License-Identifier: Apache-2.0
/*
 * What an administrator does with the store: init.c, passwd.c, user.c, export.c and import.c, a command each; admin.c
 * has what they share. They work while the daemon runs: the store has one writer at a time.
 */
#ifndef MSRPCD_ADMIN_H
#define MSRPCD_ADMIN_H

#include <getopt.h>
#include "config.h"
#include "samdb/image.h"

/* Each gets its own arguments, argv[0] being the command's name, and returns the exit status of msrpcd(8). */
int cmd_init(int argc, char **argv);
int cmd_passwd(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_user(int argc, char **argv);

/* ---- for the commands ---- */

struct admin {
    const char *command, *usage;
    const char *store, *scratch, *config; /* as given; NULL */
    struct config *c;                     /* of --config; NULL. Lives until the process ends, as path does */
    char *path;                           /* of the store, once known */
    const char *password_file;
    bool password_stdin;
    const char *operand; /* NULL: none */
};

enum { /* values of struct option that admin_option knows */
       ADMIN_STORE = 1000,
       ADMIN_SCRATCH,
       ADMIN_CONFIG,
       ADMIN_PASSWORD_FILE,
       ADMIN_PASSWORD_STDIN,
       ADMIN_HELP,
};
#define ADMIN_OPTIONS                                                                                        \
    { "store", required_argument, NULL, ADMIN_STORE },                                                       \
        { "scratch", required_argument, NULL, ADMIN_SCRATCH },                                               \
        { "config", required_argument, NULL, ADMIN_CONFIG },                                                 \
    {                                                                                                        \
        "help", no_argument, NULL, ADMIN_HELP                                                                \
    }
#define ADMIN_PASSWORD_OPTIONS                                                                               \
    { "password-file", required_argument, NULL, ADMIN_PASSWORD_FILE },                                       \
    {                                                                                                        \
        "password-stdin", no_argument, NULL, ADMIN_PASSWORD_STDIN                                            \
    }

/* "msrpcd: COMMAND: ..." on standard error; returns rc. */
int admin_fail(const struct admin *a, int rc, const char *fmt, ...) NT_PRINTF(3, 4);
void admin_say(const struct admin *a, const char *fmt, ...) NT_PRINTF(2, 3);
/* An option of those above. Exits for --help and mistakes. */
void admin_option(struct admin *a, int which, const char *arg);
/* After the options: at most one operand, and a store. Exits for mistakes. */
void admin_operand(struct admin *a, int argc, char **argv, int at);
/* The store, opened; what went wrong has been said when it is NULL. */
struct samdb *admin_open(const struct admin *a);
/* A new password: of a file, standard input, MSRPCD_ADMIN_PASSWORD, or asked for twice at the terminal. In
 * buf, for the caller to wipe. What went wrong has been said when it is false. */
#define ADMIN_PASSWORD_ROOM 1024u /* 256 characters of four octets at most */
bool admin_password(const struct admin *a, const char *whose, char buf[ADMIN_PASSWORD_ROOM]);

#endif
