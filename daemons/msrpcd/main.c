// SPDX-License-Identifier: Apache-2.0
/* msrpcd(8): starts, says that it is ready, runs until it is told to end. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "io/io.h"
#include "msrpcd.h"

#define PASSWORD_VARIABLE "MSRPCD_ADMIN_PASSWORD"

static struct nt_cancel *stop; /* for the signal handler */

static void on_signal(int sig)
{
    (void)sig;
    nt_cancel_fire(stop);
}

static void catch_signals(void)
{
    struct sigaction a = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    sigaction(SIGTERM, &a, NULL);
    sigaction(SIGINT, &a, NULL);
    a.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &a, NULL);
}

static int fail(enum nt_status st, const char *what, const struct nt_error *err)
{
    if (err && err->text[0])
        fprintf(stderr, "msrpcd: %s\n", err->text);
    else
        fprintf(stderr, "msrpcd: %s: %s: %s\n", what, nt_status_name(st), nt_status_text(st));
    return EXIT_FAILED;
}

static void trace(void *arg, enum nt_trace_level level, const char *line)
{
    (void)arg;
    (void)level;
    fprintf(stderr, "msrpcd: %s\n", line);
}

/* The directory is ours alone: sockets and, later, accounts are in it. Its path is made absolute, as
 * ncalrpc's endpoints are. */
static bool open_scratch(struct options *o)
{
    struct stat st;
    const char *dir = o->scratch;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        fprintf(stderr, "msrpcd: %s: %s\n", dir, strerror(errno));
        return false;
    }
    if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode)) {
        fprintf(stderr, "msrpcd: %s: not a directory\n", dir);
        return false;
    }
    if (st.st_uid != geteuid()) { /* who may also put another directory, or links, in its place at any time */
        fprintf(stderr, "msrpcd: %s: belongs to user %u, not to the one that runs this\n", dir,
                (unsigned)st.st_uid);
        return false;
    }
    if (st.st_mode & S_IWOTH) {
        fprintf(stderr, "msrpcd: %s: anybody may write there; chmod go-w, or take another directory\n", dir);
        return false;
    }
    o->scratch = realpath(dir, NULL);
    if (!o->scratch)
        perror("msrpcd");
    return o->scratch;
}

/* The password leaves the environment, which others may read, as soon as it is known. */
static struct accounts *open_accounts(void)
{
    char *password = getenv(PASSWORD_VARIABLE);
    struct accounts *a;
    if (!password || !*password) {
        fputs("msrpcd: " PASSWORD_VARIABLE " is not set: the account admin needs a password\n", stderr);
        return NULL;
    }
    enum nt_status st = accounts_new(password, &a);
    nt_wipe(password, strlen(password));
    unsetenv(PASSWORD_VARIABLE);
    if (st != STATUS_SUCCESS) {
        fputs("msrpcd: " PASSWORD_VARIABLE " is not UTF-8\n", stderr);
        return NULL;
    }
    return a;
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

static int run(struct nt_loop *loop, const struct options *o, struct accounts *a)
{
    struct nt_error err = { "" };
    struct services *s;
    struct ports p;
    enum nt_status st = services_new(loop, o, a, &s, &err);
    if (st != STATUS_SUCCESS)
        return fail(st, "starting", &err);
    services_ports(s, &p);
    printf("ready epm=%u tcp=%u", p.epm, p.tcp);
    if (p.smb)
        printf(" smb=%u", p.smb);
    printf(" ncalrpc=%s\n", p.ncalrpc); /* last: it may have blanks */
    if (fflush(stdout) != 0)
        st = STATUS_UNSUCCESSFUL;
    else
        st = io_wait(loop, never, NULL, UINT64_MAX, stop);
    services_free(s);
    return st == STATUS_CANCELLED ? EXIT_SUCCESS : fail(st, "running", NULL);
}

int main(int argc, char **argv)
{
    struct options o;
    struct nt_loop *loop = NULL;
    struct nt_env env = *nt_env_system();
    options_read(argc, argv, &o);
    struct accounts *a = open_accounts();
    if (!a)
        return EXIT_USAGE;
    int rc = EXIT_FAILED;
    env.trace = trace;
    env.trace_level = o.verbose ? NT_TRACE_STATE : NT_TRACE_ERROR;
    enum nt_status st = nt_cancel_new(&stop);
    if (st == STATUS_SUCCESS)
        st = nt_loop_new(&env, &loop);
    if (st != STATUS_SUCCESS) {
        fail(st, "starting", NULL);
    } else if (open_scratch(&o)) {
        catch_signals();
        rc = run(loop, &o, a);
        free((char *)(uintptr_t)o.scratch);
    }
    nt_loop_free(loop);
    nt_cancel_unref(stop);
    accounts_free(a);
    return rc;
}
