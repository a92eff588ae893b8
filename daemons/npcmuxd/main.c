// SPDX-License-Identifier: Apache-2.0
/* npcmuxd(8): what is done before it serves, in which order, and the end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/memory.h"
#include "common/signals.h"
#include "npcmuxd.h"

#define MS_PER_S 1000u

void daemon_say(void *arg, const char *sentence)
{
    const struct daemon *d = arg;
    if (d && d->watch)
        watch_say(d->watch, NT_TRACE_ERROR, sentence);
    else
        fprintf(stderr, "npcmuxd: %s\n", sentence);
}

static int fail(enum nt_status st, const char *what, const struct nt_error *err)
{
    if (err && err->text[0])
        fprintf(stderr, "npcmuxd: %s\n", err->text);
    else
        fprintf(stderr, "npcmuxd: %s: %s: %s\n", what, nt_status_name(st), nt_status_text(st));
    return EXIT_FAILED;
}

static void trace(void *arg, enum nt_trace_level level, const char *line)
{
    const struct daemon *d = arg; /* the system's functions do without one */
    if (d->watch)
        watch_say(d->watch, level, line);
}

/* All keys, as they count: also a configuration. */
static int show_configuration(const struct options *o, const struct config *c)
{
    struct privilege_user user;
    struct nt_error err;
    if (c->run_as && privilege_find(c->run_as, &user, &err) != STATUS_SUCCESS) {
        daemon_say(NULL, err.text);
        return EXIT_USAGE;
    }
    /* A unit with User= needs no run_as; who starts it as root does. */
    if (!c->run_as && geteuid() == 0 && o->base.file && !o->own)
        daemon_say(NULL,
                   "run_as is not set: a start by root will be refused, one by another user, or by a unit "
                   "with User=, will not");
    return conf_show(&c->base) ? EXIT_SUCCESS : EXIT_FAILED;
}

/* ---- the engine ---- */

/* A file is read with our rights, so it may be named by who has the same. */
static bool may_name(void *arg, uint32_t uid, const char *name)
{
    (void)arg;
    (void)name;
    return uid == geteuid();
}

void daemon_muxd_options(struct daemon *d, const struct config *c, struct muxd_options *ret)
{
    *ret = (struct muxd_options){
        .max_conns = c->max_connections,
        .max_conns_per_uid = d->o.own ? c->max_connections : c->max_connections_per_uid,
        .max_creds_per_uid = c->max_credentials_per_uid,
        .max_sessions_per_uid = c->max_sessions_per_uid,
        .max_pool_per_session = c->max_bound_per_session,
        .max_pool_per_uid = c->max_bound_per_uid,
        .pool_idle_ms = c->bound_idle * MS_PER_S,
        .session_idle_ms = c->session_idle * MS_PER_S,
        .hello_timeout_ms = c->hello_timeout * MS_PER_S,
        /* the sandbox of a system's instance lets it read no such file */
        .may_name = d->o.own || !c->sandbox ? may_name : NULL,
        .event = watch_event,
        .event_arg = d->watch,
        .one_uid = d->o.own,
        .uid = geteuid(),
    };
}

/* ---- listening ---- */

static void accepted(struct io_listener *l, int fd, const char *peer)
{
    (void)peer;
    (void)!muxd_accept(io_container(l, struct listening, l)->d->muxd, fd);
}

static enum nt_status explain(struct nt_error *err, enum nt_status st, const char *path)
{
    return nt_error_set(err, st, "%s: %s", path,
                        st == STATUS_ADDRESS_ALREADY_ASSOCIATED
                            ? "somebody listens there already, or it is no socket"
                            : nt_status_text(st));
}

static struct io_listener *next_listener(struct daemon *d)
{
    struct listening *x = &d->listeners[d->n_listeners++];
    x->d = d;
    return &x->l;
}

/* Accepting begins when the loop runs. */
static enum nt_status listen_all(struct daemon *d, struct nt_error *err)
{
    const struct activate *a = &d->confine.sockets;
    enum nt_status st = STATUS_SUCCESS;
    uint16_t port;
    if (!confine_activated(&d->confine)) {
        mode_t mask =
            umask(0); /* so that the mode has not to be put right, for which a jail may lack what it takes */
        st = io_listen_local(d->loop, next_listener(d), d->c->socket, d->c->socket_mode, accepted);
        umask(mask);
        return st == STATUS_SUCCESS ? st : explain(err, st, d->c->socket);
    }
    for (unsigned i = 0; st == STATUS_SUCCESS && i < a->n; i++)
        if (a->sockets[i].kind == SOCKET_CLIENTS)
            st = io_listen_fd(d->loop, next_listener(d), a->sockets[i].fd, accepted, &port);
    return st == STATUS_SUCCESS ? st : explain(err, st, "socket activation");
}

/* ---- the run ---- */

/* In this order: what takes rights, their end, what is asked for by everybody, what serves; then only serving
 * is left. */
static enum nt_status start(struct daemon *d, struct nt_error *err)
{
    struct muxd_options o;
    enum nt_status st = STATUS_SUCCESS;
    if (d->o.replay) /* with the rights of who names it */
        st = muxd_replay_load(d->o.replay, d->o.replay_strict, &d->replay, &d->replayed, err);
    if (st == STATUS_SUCCESS)
        st = confine_begin(&d->confine, &d->o, d->c, err);
    if (st == STATUS_SUCCESS)
        st = listen_all(d, err);
    if (st == STATUS_SUCCESS)
        st = confine_drop(&d->confine, err);
    if (st == STATUS_SUCCESS)
        st = watch_new(d->loop, d->c, activate_fd(&d->confine.sockets, SOCKET_METRICS), &d->watch, err);
    if (st != STATUS_SUCCESS)
        return st;
    daemon_muxd_options(d, d->c, &o);
    o.replay = d->replay;
    st = muxd_new(d->loop, &o, &d->muxd);
    if (st == STATUS_SUCCESS)
        st = confine_enter(&d->o, d->c, daemon_say, d, err);
    if (st == STATUS_SUCCESS)
        st = watch_start(d->watch);
    if (st == STATUS_SUCCESS)
        st = workers_start(d->loop, d->c->workers, &d->workers);
    if (st != STATUS_SUCCESS)
        return st;
    watch_muxd(d->watch, d->muxd);
    return notify_watchdog(&d->confine.notify, d->loop);
}

/* What is in the recording, and what of it cannot be answered. */
static void say_replay(struct daemon *d)
{
    const struct muxd_replay_stats *s = &d->replayed;
    char line[400];
    snprintf(line, sizeof line,
             "replay file=%s servers=%u pipes=%u calls=%llu left_out=%llu (sealed %llu, without an answer %llu, of an "
             "unknown interface %llu, incomplete %llu)",
             d->o.replay, s->servers, s->pipes, (unsigned long long)s->calls,
             (unsigned long long)(s->sealed + s->unanswered + s->unknown + s->incomplete), (unsigned long long)s->sealed,
             (unsigned long long)s->unanswered, (unsigned long long)s->unknown, (unsigned long long)s->incomplete);
    watch_say(d->watch, NT_TRACE_STATE, line);
}

/* To whoever waits for it on standard output, and to the log. */
static enum nt_status say_ready(struct daemon *d)
{
    char line[256];
    const char *where = confine_activated(&d->confine) ? "handed-over" : d->c->socket;
    if (d->confine.unlocked) {
        snprintf(line, sizeof line, "memory is not locked, secrets may get into swap: %s",
                 d->confine.unlocked);
        daemon_say(d, line);
    }
    if (d->replay)
        say_replay(d);
    snprintf(line, sizeof line, "ready socket=%s uid=%u", where, (unsigned)geteuid());
    watch_say(d->watch, NT_TRACE_STATE, line);
    printf("ready");
    if (watch_port(d->watch))
        printf(" metrics=%u", watch_port(d->watch));
    printf(" socket=%s\n", where); /* last: it may have blanks */
    return fflush(stdout) == 0 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

static void stop(struct daemon *d)
{
    for (unsigned i = 0; i < d->n_listeners; i++)
        io_listen_stop(&d->listeners[i].l);
    if (d->watch)
        watch_muxd(d->watch, NULL);
    muxd_free(d->muxd);
    workers_stop(d->workers);
    struct watch *watch = d->watch;
    if (watch)
        watch_say(watch, NT_TRACE_STATE, "has ended");
    d->watch = NULL; /* nobody says anything there any more */
    watch_free(watch);
    confine_end(&d->confine);
    nt_loop_free(d->loop);
    muxd_replay_free(d->replay);
    signals_end();
    config_free(d->c);
}

static int serve(struct daemon *d)
{
    struct nt_env env = *nt_env_system();
    struct nt_error err = { "" };
    env.arg = d;
    env.trace = trace;
    env.trace_level = d->o.base.verbose ? NT_TRACE_STATE : NT_TRACE_ERROR;
    enum nt_status st = signals_begin();
    if (st == STATUS_SUCCESS)
        st = nt_loop_new(&env, &d->loop);
    if (st == STATUS_SUCCESS)
        st = start(d, &err);
    if (st == STATUS_SUCCESS)
        st = say_ready(d);
    int rc = st == STATUS_SUCCESS ? EXIT_SUCCESS : fail(st, "starting", &err);
    if (st == STATUS_SUCCESS) {
        notify_ready(&d->confine.notify);
        st = life_live(d);
        rc = st == STATUS_SUCCESS ? EXIT_SUCCESS : fail(st, "running", NULL);
    }
    stop(d);
    return rc;
}

int main(int argc, char **argv)
{
    struct daemon d = { .loop = NULL };
    options_occupy_std();
    command_line(argc, argv, &d.o);
    if (!config_read(&d.o, daemon_say, NULL, &d.c))
        return EXIT_USAGE;
    if (d.o.base.check) {
        int rc = show_configuration(&d.o, d.c);
        config_free(d.c);
        return rc;
    }
    memory_prepare();
    return serve(&d);
}
