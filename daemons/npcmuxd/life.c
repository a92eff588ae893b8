// SPDX-License-Identifier: Apache-2.0
/* The daemon while it serves: a configuration that is read anew, the end in order. */
#include "common/memory.h"
#include "common/reload.h"
#include "common/signals.h"
#include "npcmuxd.h"

#define NS_PER_S UINT64_C(1000000000)
/* Sessions have so long to log off, once all else has gone. */
#define LAST_WORDS NS_PER_S
/* How often it is looked whether memory, or we, are not needed any more. */
#define LOOK (5 * NS_PER_S)

/* ---- a reload ---- */

/* All or nothing: what is wrong with a new configuration has been said, and the old one stays. */
static bool take(struct daemon *d, struct config *new)
{
    struct muxd_options o;
    struct nt_error err = { "no memory" };
    if (!conf_sort_out(&d->c->base, &new->base, daemon_say, d))
        return false;
    if (watch_reload(d->watch, new, &err) != STATUS_SUCCESS) {
        daemon_say(d, err.text);
        return false;
    }
    daemon_muxd_options(d, new, &o);
    muxd_set_options(d->muxd, &o);
    return true;
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
    return signals_told_to_end() > 1 || muxd_drained(d->muxd);
}

static bool again(void *arg)
{
    (void)arg;
    return signals_told_to_end() > 1;
}

/* Users without a connection, a credential or a session are forgotten by the engine. */
static bool is_needed(const struct daemon *d)
{
    struct muxd_counters n;
    muxd_count(d->muxd, &n);
    return n.owners > 0;
}

/* ---- the end ---- */

/* Nobody is let in any more; what is under way ends; then the sessions log off. */
static void drain(struct daemon *d)
{
    uint64_t now = io_loop_now(d->loop);
    uint64_t until = d->c->drain_timeout ? now + d->c->drain_timeout * NS_PER_S : UINT64_MAX;
    notify_stopping(&d->confine.notify);
    watch_say(d->watch, NT_TRACE_STATE, "is ending");
    for (unsigned i = 0; i < d->n_listeners; i++)
        io_listen_stop(&d->listeners[i].l);
    muxd_drain(d->muxd);
    if (signals_wait(d->loop, drained, d, until) == STATUS_IO_TIMEOUT)
        daemon_say(d, "drain_timeout is over: what is under way is cut off");
    watch_muxd(d->watch, NULL);
    muxd_free(d->muxd);
    d->muxd = NULL;
    for (until = io_loop_now(d->loop) + LAST_WORDS; !again(NULL) && io_loop_now(d->loop) < until;)
        if (nt_loop_run(d->loop, 20) != STATUS_SUCCESS)
            break; /* a while without anything: all has been said */
}

enum nt_status life_live(struct daemon *d)
{
    enum nt_status st = STATUS_SUCCESS;
    uint64_t needed = io_loop_now(d->loop); /* for the last time */
    bool ends = confine_activated(&d->confine);
    while (st == STATUS_SUCCESS && !signals_told_to_end()) {
        uint64_t now = io_loop_now(d->loop);
        st = signals_wait(d->loop, told, d, now + LOOK);
        if (st == STATUS_IO_TIMEOUT) {
            memory_give_back();
            st = STATUS_SUCCESS;
        }
        if (signals_told_to_reload() && !signals_told_to_end())
            reload(&d->confine.notify, read_anew, daemon_say, d);
        now = io_loop_now(d->loop);
        if (is_needed(d))
            needed = now;
        else if (ends && d->c->exit_idle && now - needed >= d->c->exit_idle * NS_PER_S) {
            watch_say(d->watch, NT_TRACE_STATE, "nobody needs this instance");
            break;
        }
    }
    if (st == STATUS_SUCCESS)
        drain(d);
    return st;
}
