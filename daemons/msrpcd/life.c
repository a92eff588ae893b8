// SPDX-License-Identifier: Apache-2.0
/* The daemon while it serves: a configuration that is read anew, the end in order. */
#include "common/memory.h"
#include "common/reload.h"
#include "common/signals.h"
#include "daemon.h"

#define NS_PER_S UINT64_C(1000000000)
/* Once all calls have ended, answers that are on their way have so long to be taken. */
#define LAST_ANSWERS NS_PER_S

/* How often memory is looked at that is not needed any more. */
#define MEMORY_LOOK (10 * NS_PER_S)

/* ---- a reload ---- */

/* All or nothing: what is wrong with a new configuration has been said, and the old one stays. */
static bool take(struct daemon *d, struct config *new)
{
    confine_again(&d->confine, new);
    if (!daemon_keytab_ok(new) || !conf_sort_out(&d->c->base, &new->base, daemon_say, d))
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

static bool read_anew(void *arg)
{
    struct daemon *d = arg;
    struct config *new = NULL;
    bool taken = config_read(&d->o, daemon_say, d, &new) && take(d, new);
    config_free(taken ? d->c : new);
    if (taken)
        d->c = new;
    return taken;
}

/* ---- waiting ---- */

static bool told(void *arg)
{
    (void)arg;
    return signals_told_to_end() || signals_told_to_reload();
}

static bool drained(void *arg)
{
    const struct daemon *d = arg;
    return signals_told_to_end() > 1 || services_drained(d->services);
}

static bool hung_up(void *arg)
{
    const struct daemon *d = arg;
    return signals_told_to_end() > 1 || services_gone(d->services);
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
    (void)!signals_wait(d->loop, drained, d, UINT64_MAX); /* the servers look at the clock */
    if (signals_told_to_end() > 1)
        return;
    (void)!nt_loop_run(d->loop, 0); /* what the pipes still have to say is queued in this turn */
    services_hang_up(d->services);
    (void)!signals_wait(d->loop, hung_up, d, io_loop_now(d->loop) + LAST_ANSWERS);
}

enum nt_status life_live(struct daemon *d)
{
    enum nt_status st = STATUS_SUCCESS;
    while (st == STATUS_SUCCESS && !signals_told_to_end()) {
        st = signals_wait(d->loop, told, d, io_loop_now(d->loop) + MEMORY_LOOK);
        if (st == STATUS_IO_TIMEOUT) {
            memory_give_back();
            st = STATUS_SUCCESS;
        }
        if (signals_told_to_reload() && !signals_told_to_end())
            reload(&d->confine.notify, read_anew, daemon_say, d);
    }
    if (st == STATUS_SUCCESS)
        drain(d);
    return st;
}
