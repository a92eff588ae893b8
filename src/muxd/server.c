// SPDX-License-Identifier: Apache-2.0
/* Who is connected: owners, ceilings, life of the whole. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "muxd/m_muxd.h"
#include "muxd/replay.h"

#define DEFAULT_CONNS    10000u
#define DEFAULT_CREDS    64u
#define DEFAULT_SESSIONS 256u
#define DEFAULT_ALL_CREDS    8192u
#define DEFAULT_ALL_CONTENTS 2048u
#define DEFAULT_ALL_SESSIONS 5120u
#define DEFAULT_IDLE     60000u
#define DEFAULT_HELLO    10000u
/* As many as the workers of a busy program; each is an open pipe in the server. */
#define DEFAULT_POOL      64u
#define DEFAULT_POOL_UID  256u
#define DEFAULT_POOL_IDLE 30000u

static const struct io_ops no_ops = { NULL, NULL, NULL };

static unsigned or_default(unsigned v, unsigned otherwise)
{
    return v ? v : otherwise;
}

static unsigned at_least(unsigned v, unsigned least)
{
    return v > least ? v : least;
}

void muxd_set_options(struct muxd *d, const struct muxd_options *o)
{
    d->o.max_conns = or_default(o->max_conns, DEFAULT_CONNS);
    d->o.max_conns_per_uid = or_default(o->max_conns_per_uid, (d->o.max_conns + 3) / 4);
    d->o.max_creds_per_uid = or_default(o->max_creds_per_uid, DEFAULT_CREDS);
    d->o.max_sessions_per_uid = or_default(o->max_sessions_per_uid, DEFAULT_SESSIONS);
    d->o.max_creds = at_least(or_default(o->max_creds, DEFAULT_ALL_CREDS), d->o.max_creds_per_uid);
    d->o.max_contents = or_default(o->max_contents, DEFAULT_ALL_CONTENTS);
    d->o.max_sessions = at_least(or_default(o->max_sessions, DEFAULT_ALL_SESSIONS), d->o.max_sessions_per_uid);
    d->o.max_pool_per_session = or_default(o->max_pool_per_session, DEFAULT_POOL);
    d->o.max_pool_per_uid = or_default(o->max_pool_per_uid, DEFAULT_POOL_UID);
    d->o.pool_idle_ms = or_default(o->pool_idle_ms, DEFAULT_POOL_IDLE);
    d->o.session_idle_ms = or_default(o->session_idle_ms, DEFAULT_IDLE);
    d->o.hello_timeout_ms = or_default(o->hello_timeout_ms, DEFAULT_HELLO);
}

/* Inside a user namespace all uids that it has no numbers for look alike: the kernel tells this one. Where
 * every uid has a number (the first namespace) it is an ordinary user: UINT32_MAX. user_namespaces(7),
 * "Unmapped user and group IDs" */
static uint32_t nobody(void)
{
    unsigned inside, outside, n, uid = 65534;
    FILE *f = fopen("/proc/self/uid_map", "re");
    bool all = f && fscanf(f, "%u %u %u", &inside, &outside, &n) == 3 && n == UINT32_MAX;
    if (f)
        fclose(f);
    if (all)
        return UINT32_MAX;
    f = fopen("/proc/sys/kernel/overflowuid", "re");
    if (f && fscanf(f, "%u", &n) == 1)
        uid = n;
    if (f)
        fclose(f);
    return uid;
}

enum nt_status muxd_new(struct nt_loop *loop, const struct muxd_options *o, struct muxd **ret)
{
    struct muxd *d = calloc(1, sizeof *d);
    if (!d)
        return STATUS_NO_MEMORY;
    d->loop = loop;
    d->o = *o;
    d->env = o->env ? o->env : io_loop_env(loop);
    d->nobody = nobody();
    d->refs = 1;
    tap_init(d);
    if (o->replay)
        muxd_replay_on_miss(o->replay, replay_miss, d);
    d->next_pipe = 1;
    d->started = io_loop_now(loop);
    muxd_set_options(d, o);
    io_stream_init(&d->timers, &no_ops, d, d->env);
    enum nt_status st = d->env->random(d->env->arg, (uint8_t *)&d->instance, sizeof d->instance);
    if (st == STATUS_SUCCESS)
        st = io_attach(loop, &d->timers, -1);
    if (st != STATUS_SUCCESS) {
        io_stream_done(&d->timers);
        free(d);
        return st;
    }
    *ret = d;
    return STATUS_SUCCESS;
}

void muxd_unref(struct muxd *d)
{
    if (--d->refs == 0)
        free(d);
}

void muxd_free(struct muxd *d)
{
    if (!d)
        return;
    while (d->conns)
        conn_close(d->conns);
    for (struct owner *o = d->owners, *next; o; o = next) {
        next = o->next;
        cred_forget(o);
        o->n_conns++; /* it is not forgotten with its last session */
        (void)link_drop(o, NULL);
        o->n_conns--;
        muxd_owner_release(o);
    }
    io_stream_done(&d->timers);
    muxd_unref(d);
}

void muxd_tell(struct muxd *d, const struct muxd_event *e)
{
    if (d->o.event)
        d->o.event(d->o.event_arg, e);
}

void muxd_tell_conn(const struct conn *c, enum muxd_event_kind kind, enum nt_status st, const char *why)
{
    uint64_t now = io_loop_now(c->d->loop), since = kind == MUXD_CLOSED ? c->accepted : c->since;
    struct muxd_event e = { .kind = kind,
                            .st = st,
                            .uid = c->owner->uid,
                            .pid = c->pid,
                            .program = c->program,
                            .why = why,
                            .duration_ns = since && now > since ? now - since : 0 };
    if (kind == MUXD_CONNECT || kind == MUXD_PIPE_ENDED) {
        e.server = c->to.server;
        e.pipe = c->to.pipe;
        e.mode = c->to.mode;
        e.port = c->to.port;
        e.warm = c->warm;
        e.pipe_id = c->pipe_id;
        e.bytes_in = c->bytes_in;
        e.bytes_out = c->bytes_out;
    }
    muxd_tell(c->d, &e);
}

/* ---- owners ---- */

struct owner *muxd_owner(struct muxd *d, uint32_t uid)
{
    struct owner *o = d->owners;
    while (o && o->uid != uid)
        o = o->next;
    if (o)
        return o;
    o = calloc(1, sizeof *o);
    if (!o)
        return NULL;
    o->d = d;
    o->uid = uid;
    o->next = d->owners;
    d->owners = o;
    d->n.owners++;
    return o;
}

/* An owner without anything is forgotten: there is one for each uid that was ever seen otherwise. */
void muxd_owner_release(struct owner *o)
{
    struct muxd *d = o->d;
    struct owner **at = &d->owners;
    if (o->n_conns || o->creds || o->links)
        return;
    free(o->pipes);
    while (*at != o)
        at = &(*at)->next;
    *at = o->next;
    d->n.owners--;
    free(o);
}

/* ---- connections ---- */

static void refuse(struct muxd *d, uint32_t uid, uint32_t pid, unsigned count, enum nt_status st)
{
    const struct muxd_event e = { .kind = MUXD_REFUSED, .st = st, .uid = uid, .pid = pid, .count = count };
    d->n.refused++;
    muxd_tell(d, &e);
}

static struct conn *conn_for(struct muxd *d, uint32_t uid, uint32_t pid)
{
    if (uid == d->nobody || (d->o.one_uid && uid != d->o.uid)) {
        refuse(d, uid, pid, 0, STATUS_ACCESS_DENIED);
        return NULL;
    }
    struct owner *o = muxd_owner(d, uid);
    struct conn *c = NULL;
    /* The total is more than all uids but root may have, and root's pipes leave others room: a few connections
     * are kept for root to look with. */
    unsigned kept = d->o.max_conns / 8 < MUXD_RESERVED ? d->o.max_conns / 8 : MUXD_RESERVED;
    unsigned all = d->o.max_conns - kept, most = uid == 0 ? all - all / 8 : d->o.max_conns_per_uid;
    bool room = d->n.conns - d->n_reserved < all && o && o->n_conns < most;
    bool reserved = !room && uid == 0 && d->n.conns < d->o.max_conns && o && o->n_conns < most + kept;
    if (room || reserved)
        c = conn_new(d, o);
    if (c && reserved) {
        c->reserved = true;
        d->n_reserved++;
    }
    if (!c) {
        refuse(d, uid, pid, o ? o->n_conns : 0, STATUS_QUOTA_EXCEEDED);
        if (o)
            muxd_owner_release(o);
    }
    return c;
}

enum nt_status muxd_accept(struct muxd *d, int fd)
{
    struct ucred u;
    socklen_t len = sizeof u;
    struct conn *c = NULL;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &u, &len) == 0 && len == sizeof u && u.uid != (uid_t)-1)
        c = conn_for(d, u.uid, (uint32_t)u.pid);
    if (!c) {
        close(fd);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    c->pid = (uint32_t)u.pid;
    enum nt_status st = io_attach(d->loop, &c->stream, fd);
    if (st != STATUS_SUCCESS) {
        close(fd);
        conn_close(c);
        return st;
    }
    d->n.accepted++;
    muxd_tell_conn(c, MUXD_ACCEPTED, STATUS_SUCCESS, NULL);
    return STATUS_SUCCESS;
}

enum nt_status muxd_join(struct muxd *d, struct nt_loop *loop, struct io_stream *client, uint32_t uid)
{
    struct conn *c = conn_for(d, uid, 0);
    if (!c)
        return STATUS_INSUFFICIENT_RESOURCES;
    enum nt_status st = io_mem_join(loop, client, &c->stream);
    if (st != STATUS_SUCCESS)
        conn_close(c);
    else
        d->n.accepted++;
    return st;
}

/* ---- the end ---- */

/* Is something awaited of the server, or of us? An answer that has not gone yet counts. */
static bool busy(const struct conn *c)
{
    if (lend_busy(c))
        return true;
    const struct npc_relay *r = &c->relay;
    return c->state == CONN_WAITS || c->opening || c->stream.queued || c->rd.id || c->wr.id ||
           (c->relays && (r->awaited || r->head || r->writing || r->reading));
}

void muxd_drain(struct muxd *d)
{
    d->draining = true;
    (void)muxd_drained(d);
}

bool muxd_drained(struct muxd *d)
{
    bool idle = true;
    for (struct conn *c = d->conns; c; c = c->next)
        if (busy(c))
            idle = false;
        else if (c->state != CONN_CLOSED)
            io_close(&c->stream, STATUS_SHUTDOWN_IN_PROGRESS, true);
    return idle;
}

void muxd_count(const struct muxd *d, struct muxd_counters *ret)
{
    *ret = d->n;
}
