// SPDX-License-Identifier: Apache-2.0
/* The daemon while it serves: signals, a configuration that is read anew, the end in order. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "daemon.h"

#define NS_PER_S UINT64_C(1000000000)
/* Once all calls have ended, answers that are on their way have so long to be taken. */
#define LAST_ANSWERS NS_PER_S

/* How often memory is looked at that is not needed any more. */
#define MEMORY_LOOK (10 * NS_PER_S)

static struct nt_cancel *woken; /* for the signal handler */
static volatile sig_atomic_t told_to_end, told_to_reload;

/* ---- signals ---- */

static void on_signal(int sig)
{
    if (sig == SIGHUP)
        told_to_reload = 1;
    else if (told_to_end < 2)
        told_to_end++;
    nt_cancel_fire(woken);
}

enum nt_status life_begin(void)
{
    struct sigaction a = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    enum nt_status st = nt_cancel_new(&woken);
    if (st != STATUS_SUCCESS)
        return st;
    sigaction(SIGTERM, &a, NULL);
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGHUP, &a, NULL);
    a.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &a, NULL);
    return STATUS_SUCCESS;
}

void life_end(void)
{
    nt_cancel_unref(woken);
    woken = NULL;
}

/* ---- a reload ---- */

/* What has changed and can, and what has and cannot: that is put back to what it was, for it is what counts.
 */
static bool sort_out(struct daemon *d, struct config *new)
{
    char line[128];
    for (unsigned i = 0; i < config_count(); i++) {
        if (!config_differs(d->c, new, i))
            continue;
        if (config_is_live(i))
            snprintf(line, sizeof line, "reload: %s is another", config_key(i));
        else
            snprintf(line, sizeof line, "reload: %s is another: that counts from the next start",
                     config_key(i));
        daemon_say(d, line);
        if (!config_is_live(i) && !config_keep(new, d->c, i))
            return false;
    }
    return true;
}

/* All or nothing: what is wrong with a new configuration has been said, and the old one stays. */
static bool take(struct daemon *d, struct config *new)
{
    confine_again(&d->confine, new);
    if (!daemon_keytab_ok(new) || !sort_out(d, new))
        return false;
    struct nt_error err = { "no memory" };
    enum nt_status st = services_reload(d->services, new);
    if (st == STATUS_SUCCESS)
        st = watch_reload(d->watch, new, &err);
    if (st == STATUS_SUCCESS)
        return true;
    (void)!services_reload(d->services, d->c);
    daemon_say(d, err.text);
    return false;
}

static void reload(struct daemon *d)
{
    struct config *new = NULL;
    told_to_reload = 0;
    notify_reloading(&d->confine.notify);
    if (config_read(&d->o, daemon_say, d, &new) && take(d, new)) {
        config_free(d->c);
        d->c = new;
        daemon_say(d, "the configuration has been read anew");
    } else {
        config_free(new);
        daemon_say(d, "the configuration stays as it was");
    }
    notify_ready(&d->confine.notify);
}

/* ---- waiting ---- */

static bool told(void *arg)
{
    (void)arg;
    return told_to_end || told_to_reload;
}

static bool drained(void *arg)
{
    const struct daemon *d = arg;
    return told_to_end > 1 || services_drained(d->services);
}

static bool hung_up(void *arg)
{
    const struct daemon *d = arg;
    return told_to_end > 1 || services_gone(d->services);
}

/* A token that has fired ends the wait, too, so one for something else begins it anew. */
static enum nt_status wait_for(struct daemon *d, bool (*what)(void *arg), uint64_t deadline)
{
    enum nt_status st;
    do {
        nt_cancel_reset(woken);
        st = what(d) ? STATUS_SUCCESS : io_wait(d->loop, what, d, deadline, woken);
    } while (st == STATUS_CANCELLED && !what(d));
    return st == STATUS_CANCELLED ? STATUS_SUCCESS : st;
}

/* ---- the end ---- */

/* Nobody is let in any more; calls end, and whoever waits at a pipe hears that there is nobody; then the
 * connections go. */
static void drain(struct daemon *d)
{
    notify_stopping(&d->confine.notify);
    listeners_free(d->listeners);
    d->listeners = NULL;
    if (services_drain(d->services, d->c->drain_timeout * 1000) != STATUS_SUCCESS)
        return;
    (void)!wait_for(d, drained, UINT64_MAX); /* the servers look at the clock */
    if (told_to_end > 1)
        return;
    (void)!nt_loop_run(d->loop, 0); /* what the pipes still have to say is queued in this turn */
    services_hang_up(d->services);
    (void)!wait_for(d, hung_up, io_loop_now(d->loop) + LAST_ANSWERS);
}

enum nt_status life_live(struct daemon *d)
{
    enum nt_status st = STATUS_SUCCESS;
    while (st == STATUS_SUCCESS && !told_to_end) {
        st = wait_for(d, told, io_loop_now(d->loop) + MEMORY_LOOK);
        if (st == STATUS_IO_TIMEOUT) {
            memory_give_back();
            st = STATUS_SUCCESS;
        }
        if (told_to_reload && !told_to_end)
            reload(d);
    }
    if (st == STATUS_SUCCESS)
        drain(d);
    return st;
}
