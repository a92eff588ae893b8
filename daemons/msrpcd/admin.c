// SPDX-License-Identifier: Apache-2.0
/* What init, passwd, export and import share: options, the store's place, passwords, sentences. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "admin.h"
#include "msrpcd.h"
#include "term/term.h"

#define PASSWORD_VARIABLE "MSRPCD_ADMIN_PASSWORD"
#define BUSY_MS           10000 /* an import of a large store takes some seconds */

/* ---- sentences ---- */

static void say(const struct admin *a, const char *fmt, va_list ap)
{
    fprintf(stderr, "msrpcd: %s: ", a->command);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
}

void admin_say(const struct admin *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(a, fmt, ap);
    va_end(ap);
}

int admin_fail(const struct admin *a, int rc, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(a, fmt, ap);
    va_end(ap);
    return rc;
}

/* ---- options ---- */

void admin_option(struct admin *a, int which, const char *arg)
{
    switch (which) {
    case ADMIN_STORE:
        a->store = arg;
        break;
    case ADMIN_SCRATCH:
        a->scratch = arg;
        break;
    case ADMIN_CONFIG:
        a->config = arg;
        break;
    case ADMIN_PASSWORD_FILE:
        a->password_file = arg;
        break;
    case ADMIN_PASSWORD_STDIN:
        a->password_stdin = true;
        break;
    case ADMIN_HELP:
        fputs(a->usage, stdout);
        exit(EXIT_SUCCESS);
    default: /* getopt has said why */
        exit(EXIT_USAGE);
    }
}

static void complain(void *arg, const char *sentence)
{
    admin_say(arg, "%s", sentence);
}

/* Where msrpcd itself would look. */
static char *path_of(struct admin *a)
{
    const struct options o = { .base.file = a->config };
    char *path = NULL;
    if (a->config && !config_read(&o, complain, a, &a->c))
        exit(EXIT_USAGE);
    if (a->c || a->store)
        path = strdup(a->c ? a->c->store : a->store);
    else if (asprintf(&path, "%s/sam.db", a->scratch) < 0)
        path = NULL;
    return path;
}

void admin_operand(struct admin *a, int argc, char **argv, int at)
{
    if (at < argc)
        a->operand = argv[at++];
    if (at < argc)
        exit(admin_fail(a, EXIT_USAGE, "what is \"%s\"? --help tells more", argv[at]));
    if (!!a->store + !!a->scratch + !!a->config != 1)
        exit(
            admin_fail(a, EXIT_USAGE, "one of --store, --scratch and --config is needed; --help tells more"));
    if (a->password_file && a->password_stdin)
        exit(admin_fail(a, EXIT_USAGE, "--password-file or --password-stdin, not both"));
    a->path = path_of(a);
    if (!a->path)
        exit(admin_fail(a, EXIT_FAILED, "%s", strerror(ENOMEM)));
}

struct samdb *admin_open(const struct admin *a)
{
    struct nt_error err = { "" };
    struct samdb *d = NULL;
    const struct samdb_options o = { .busy_ms = BUSY_MS, .error = &err };
    enum nt_status st = samdb_open(a->path, &o, &d);
    if (st != STATUS_SUCCESS)
        admin_say(a, "%s", err.text[0] ? err.text : nt_status_text(st));
    return d;
}

/* ---- passwords ---- */

/* A line that is a password: without octets that are none. */
static bool is_password(ssize_t n, const char *buf)
{
    return n >= 0 && strlen(buf) == (size_t)n;
}

static bool read_line(int fd, char buf[ADMIN_PASSWORD_ROOM])
{
    return is_password(term_line(fd, buf, ADMIN_PASSWORD_ROOM, NULL), buf);
}

static bool from_file(const struct admin *a, char buf[ADMIN_PASSWORD_ROOM])
{
    struct stat sb;
    int fd = open(a->password_file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return admin_fail(a, false, "%s: %s", a->password_file, strerror(errno));
    if (fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode) && (sb.st_mode & (S_IRWXG | S_IRWXO)))
        admin_say(a, "warning: others may read %s; chmod 600", a->password_file);
    bool ok = read_line(fd, buf);
    close(fd);
    return ok || admin_fail(a, false, "%s: there is no password in its first line", a->password_file);
}

static bool ask(const struct admin *a, int fd, const char *prompt, const char *whose,
                char buf[ADMIN_PASSWORD_ROOM])
{
    char text[1024];
    bool interrupted;
    snprintf(text, sizeof text, "%s %s", prompt, whose);
    bool ok = is_password(term_ask(fd, text, buf, ADMIN_PASSWORD_ROOM, &interrupted), buf);
    return ok || admin_fail(a, false, "no password was given");
}

static bool from_terminal(const struct admin *a, const char *whose, char buf[ADMIN_PASSWORD_ROOM])
{
    char again[ADMIN_PASSWORD_ROOM] = "";
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return admin_fail(a, false,
                          "a password is needed, and there is no terminal to ask at: set " PASSWORD_VARIABLE
                          ", or use --password-file or --password-stdin");
    bool ok = ask(a, fd, "New password of", whose, buf) && ask(a, fd, "Once more, of", whose, again);
    if (ok && strcmp(buf, again) != 0)
        ok = admin_fail(a, false, "the two are not the same");
    nt_wipe(again, sizeof again);
    close(fd);
    return ok;
}

static bool from_environment(const struct admin *a, char *value, char buf[ADMIN_PASSWORD_ROOM])
{
    size_t n = strlen(value);
    if (n < ADMIN_PASSWORD_ROOM)
        memcpy(buf, value, n + 1);
    nt_wipe(value, n);
    unsetenv(PASSWORD_VARIABLE);
    return n < ADMIN_PASSWORD_ROOM || admin_fail(a, false, PASSWORD_VARIABLE " is too long");
}

bool admin_password(const struct admin *a, const char *whose, char buf[ADMIN_PASSWORD_ROOM])
{
    char *value = getenv(PASSWORD_VARIABLE);
    bool ok = a->password_file                                           ? from_file(a, buf)
              : a->password_stdin && read_line(STDIN_FILENO, buf) ? true
              : a->password_stdin
                  ? admin_fail(a, false, "there is no password in the first line of standard input")
              : value && *value ? from_environment(a, value, buf)
                                : from_terminal(a, whose, buf);
    if (ok && !buf[0])
        ok = admin_fail(a, false, "an empty password is none");
    return ok;
}
