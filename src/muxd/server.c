// SPDX-License-Identifier: Apache-2.0
/* Who is connected: owners, ceilings, life of the whole. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "muxd/m_muxd.h"

#define DEFAULT_CONNS    10000u
#define DEFAULT_CREDS    64u
#define DEFAULT_SESSIONS 256u
#define DEFAULT_IDLE     60000u
#define DEFAULT_HELLO    10000u

static const struct io_ops no_ops = { NULL, NULL, NULL };

static unsigned or_default(unsigned v, unsigned otherwise)
{
    return v ? v : otherwise;
}

enum nt_status muxd_new(struct nt_loop *loop, const struct muxd_options *o, struct muxd **ret)
{
    struct muxd *d = calloc(1, sizeof *d);
    if (!d)
        return STATUS_NO_MEMORY;
    d->loop = loop;
    d->o = *o;
    d->env = o->env ? o->env : io_loop_env(loop);
    d->refs = 1;
    tap_init(d);
    d->next_pipe = 1;
    d->started = io_loop_now(loop);
    d->o.max_conns = or_default(o->max_conns, DEFAULT_CONNS);
    d->o.max_conns_per_uid = or_default(o->max_conns_per_uid, d->o.max_conns / 4);
    d->o.max_creds_per_uid = or_default(o->max_creds_per_uid, DEFAULT_CREDS);
    d->o.max_sessions_per_uid = or_default(o->max_sessions_per_uid, DEFAULT_SESSIONS);
    d->o.session_idle_ms = or_default(o->session_idle_ms, DEFAULT_IDLE);
    d->o.hello_timeout_ms = or_default(o->hello_timeout_ms, DEFAULT_HELLO);
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

void muxd_log(struct muxd *d, const char *fmt, ...)
{
    char line[512];
    va_list ap;
    if (!d->o.log)
        return;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    d->o.log(d->o.log_arg, line);
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
    while (*at != o)
        at = &(*at)->next;
    *at = o->next;
    d->n.owners--;
    free(o);
}

/* ---- connections ---- */

static struct conn *conn_for(struct muxd *d, uint32_t uid)
{
    struct owner *o = muxd_owner(d, uid);
    struct conn *c = NULL;
    unsigned most = uid == 0 ? d->o.max_conns : d->o.max_conns_per_uid;
    if (o && d->n.conns < d->o.max_conns && o->n_conns < most)
        c = conn_new(d, o);
    if (!c) {
        d->n.refused++;
        muxd_log(d, "refused uid=%u connections=%u", uid, o ? o->n_conns : 0);
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
        c = conn_for(d, u.uid);
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
    return STATUS_SUCCESS;
}

enum nt_status muxd_join(struct muxd *d, struct nt_loop *loop, struct io_stream *client, uint32_t uid)
{
    struct conn *c = conn_for(d, uid);
    if (!c)
        return STATUS_INSUFFICIENT_RESOURCES;
    enum nt_status st = io_mem_join(loop, client, &c->stream);
    if (st != STATUS_SUCCESS)
        conn_close(c);
    else
        d->n.accepted++;
    return st;
}

void muxd_count(const struct muxd *d, struct muxd_counters *ret)
{
    *ret = d->n;
}
