// SPDX-License-Identifier: Apache-2.0
/* msrpcd(8): what is done before it serves, in which order, and the end. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "common/memory.h"
#include "common/options.h"
#include "common/signals.h"
#include "admin.h"
#include "daemon.h"

void daemon_say(void *arg, const char *sentence)
{
    const struct daemon *d = arg;
    if (d && d->watch)
        watch_say(d->watch, NT_TRACE_ERROR, sentence);
    else
        fprintf(stderr, "msrpcd: %s\n", sentence);
}

static int fail(enum nt_status st, const char *what, const struct nt_error *err)
{
    if (err && err->text[0])
        fprintf(stderr, "msrpcd: %s\n", err->text);
    else
        fprintf(stderr, "msrpcd: %s: %s: %s\n", what, nt_status_name(st), nt_status_text(st));
    return st == STATUS_WRONG_PASSWORD ? EXIT_USAGE : EXIT_FAILED;
}

static void trace(void *arg, enum nt_trace_level level, const char *line)
{
    const struct daemon *d = arg; /* the system's functions do without one */
    if (d->watch)
        watch_say(d->watch, level, line);
    else
        fprintf(stderr, "msrpcd: %s\n", line);
}

/* ---- before anything is served ---- */

/* What cannot be read now would be noticed by the first client only. Other kinds of keytab are libkrb5's
 * affair. */
bool daemon_keytab_ok(const struct config *c)
{
    const char *path = keytab_path(c->keytab);
    if (!path || access(path, R_OK) == 0)
        return true;
    fprintf(stderr, "msrpcd: keytab: %s: %s\n", path, strerror(errno));
    return false;
}

static int show_configuration(const struct config *c)
{
    struct privilege_user user;
    struct nt_error err;
    if (c->user && privilege_find(c->user, &user, &err) != STATUS_SUCCESS) {
        daemon_say(NULL, err.text);
        return EXIT_USAGE;
    }
    return conf_show(&c->base) ? EXIT_SUCCESS : EXIT_FAILED;
}

/* ---- the run ---- */

static void accepted(void *arg, enum listen_for what, int fd, const char *peer)
{
    const struct daemon *d = arg;
    services_accept(d->services, what, fd, peer);
}

/* In this order: what takes rights, their end, what is asked for by everybody, what serves; then only serving
 * is left. */
static enum nt_status start(struct daemon *d, struct ports *ports, struct nt_error *err)
{
    enum nt_status st = confine_begin(&d->confine, &d->o, d->c, err);
    if (st == STATUS_SUCCESS)
        st = listeners_new(d->loop, d->c, &d->confine.sockets, accepted, d, &d->listeners, err);
    if (st == STATUS_SUCCESS)
        st = confine_drop(&d->confine, err);
    if (st == STATUS_SUCCESS)
        st = listeners_local(d->listeners, d->c, err);
    if (st == STATUS_SUCCESS)
        st = watch_new(d->loop, d->c, activate_fd(&d->confine.sockets, SOCKET_METRICS), &d->watch, err);
    if (st != STATUS_SUCCESS)
        return st;
    listeners_ports(d->listeners, ports);
    st = store_open(d->c, d->o.scratch, d->watch, &d->store, err);
    if (st == STATUS_SUCCESS)
        st = services_new(d->loop, d->c, &d->store, ports, &d->services, err);
    if (st == STATUS_SUCCESS)
        st = confine_enter(&d->o, d->c, err);
    if (st == STATUS_SUCCESS)
        st = watch_start(d->watch);
    if (st == STATUS_SUCCESS)
        st = store_serve(&d->store, d->loop);
    return st == STATUS_SUCCESS ? notify_watchdog(&d->confine.notify, d->loop) : st;
}

/* To whoever waits for it on standard output, and to the log. */
static enum nt_status say_ready(struct daemon *d, const struct ports *p)
{
    static const char *const names[] = { "smb", "epm", "tcp" };
    char line[128] = "ready";
    size_t n = 5;
    for (unsigned i = LISTEN_SMB; i <= LISTEN_TCP; i++)
        if (p->port[i])
            n += (size_t)snprintf(line + n, sizeof line - n, " %s=%u", names[i], p->port[i]);
    if (watch_port(d->watch))
        n += (size_t)snprintf(line + n, sizeof line - n, " metrics=%u", watch_port(d->watch));
    watch_say(d->watch, NT_TRACE_STATE, line);
    printf("%s ncalrpc=%s\n", line, p->local); /* last: it may have blanks */
    return fflush(stdout) == 0 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

/* ---- the run ---- */

static void stop(struct daemon *d)
{
    listeners_free(d->listeners);
    services_free(d->services);
    store_close(&d->store);
    struct watch *watch = d->watch;
    if (watch)
        watch_say(watch, NT_TRACE_STATE, "has ended");
    d->watch = NULL; /* nobody says anything there any more */
    watch_free(watch);
    confine_end(&d->confine);
    nt_loop_free(d->loop);
    signals_end();
    config_free(d->c);
}

static int serve(struct daemon *d)
{
    struct nt_env env = *nt_env_system();
    struct nt_error err = { "" };
    struct ports ports;
    env.arg = d;
    env.trace = trace;
    env.trace_level = d->o.base.verbose ? NT_TRACE_STATE : NT_TRACE_ERROR;
    enum nt_status st = signals_begin();
    if (st == STATUS_SUCCESS)
        st = nt_loop_new(&env, &d->loop);
    if (st == STATUS_SUCCESS)
        st = start(d, &ports, &err);
    if (st == STATUS_SUCCESS)
        st = say_ready(d, &ports);
    int rc = st == STATUS_SUCCESS ? EXIT_SUCCESS : fail(st, "starting", &err);
    if (st == STATUS_SUCCESS) {
        notify_ready(&d->confine.notify);
        st = life_live(d);
        rc = st == STATUS_SUCCESS ? EXIT_SUCCESS : fail(st, "running", NULL);
    }
    stop(d);
    return rc;
}

/* -1: no command is named. */
static int command(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } list[] = { { "init", cmd_init },
                 { "passwd", cmd_passwd },
                 { "export", cmd_export },
                 { "import", cmd_import },
                 { "user", cmd_user } };
    for (unsigned i = 0; argc > 1 && i < sizeof list / sizeof list[0]; i++)
        if (strcmp(argv[1], list[i].name) == 0)
            return list[i].run(argc - 1, argv + 1);
    return -1;
}

int main(int argc, char **argv)
{
    struct daemon d = { .loop = NULL };
    options_occupy_std();
    int done = command(argc, argv);
    if (done >= 0)
        return done;
    command_line(argc, argv, &d.o);
    if (!config_read(&d.o, daemon_say, NULL, &d.c) || !daemon_keytab_ok(d.c))
        return EXIT_USAGE;
    if (d.o.base.check)
        return show_configuration(d.c);
    memory_prepare();
    return serve(&d);
}
