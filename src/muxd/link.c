// SPDX-License-Identifier: Apache-2.0
/* SMB sessions, each shared by the pipes of one owner that ask for the same server with the same credentials.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "muxd/m_muxd.h"

#define NS_PER_MS UINT64_C(1000000)
/* For opening a session, and for waiting for that by who sets no limit. */
#define OPEN_MS 30000u

static bool same(const struct mux_connect *a, const struct mux_connect *b)
{
    return strcasecmp(a->server, b->server) == 0 && strcmp(a->target, b->target) == 0 && a->port == b->port &&
           a->protection == b->protection && a->allow_unsigned == b->allow_unsigned && a->least == b->least &&
           a->greatest == b->greatest;
}

/* The connection may have gone without anybody having noticed by a request. */
bool link_usable(const struct link *l)
{
    return l->state == LINK_OPENING ||
           (l->state == LINK_OPEN && npc_session_stream(l->session)->state == IO_OPEN);
}

bool link_lends(const struct link *l)
{
    return l->state == LINK_OPEN && link_usable(l) && !l->cred->replaced;
}

static void unlink_link(struct link *l)
{
    struct link **at = &l->owner->links;
    while (*at && *at != l)
        at = &(*at)->next;
    if (*at) {
        *at = l->next;
        l->owner->n_links--;
        l->d->n.sessions--;
    }
    l->next = NULL;
}

static void tell_event(const struct link *l, enum muxd_event_kind kind, enum nt_status st)
{
    struct npc_facts f = { .size = sizeof f };
    uint64_t now = io_loop_now(l->d->loop);
    struct muxd_event e = { .kind = kind,
                            .st = st,
                            .uid = l->owner->uid,
                            .server = l->to.server,
                            .port = l->to.port,
                            .domain = l->cred->domain,
                            .user = l->cred->user,
                            .cred_kind = l->cred->kind,
                            .token = l->cred->token != 0,
                            .why = st == STATUS_SUCCESS ? NULL : l->err.text,
                            .duration_ns = now > l->since ? now - l->since : 0 };
    if (l->session && npc_session_facts(l->session, &f) == STATUS_SUCCESS)
        e.peer = f.peer;
    muxd_tell(l->d, &e);
}

void link_free(struct link *l)
{
    struct owner *o = l->owner;
    if (l->session)
        tell_event(l, MUXD_SESSION_ENDED, STATUS_SUCCESS);
    unlink_link(l);
    lend_drain(l);
    io_cancel(&l->idle);
    npc_session_unref(l->session);
    cred_unref(l->cred);
    free(l);
    muxd_owner_release(o);
}

void link_retire(struct link *l)
{
    if (l->state == LINK_GONE)
        return;
    l->state = LINK_GONE;
    lend_drain(l);
    if (!l->users)
        link_free(l);
}

/* Nobody uses it any more: it stays for a while, unless its credentials have been replaced. */
static void unused(struct link *l)
{
    l->idle_since = io_loop_now(l->d->loop);
    if (l->state == LINK_GONE || l->cred->replaced)
        link_free(l);
    else
        io_timer(&l->d->timers, &l->idle, l->idle_since + l->d->o.session_idle_ms * NS_PER_MS);
}

static void idle_fn(struct io_item *it)
{
    struct link *l = io_container(it, struct link, idle);
    if (!l->users)
        link_free(l);
}

static void wait(struct link *l, struct conn *c)
{
    unsigned ms = c->to.timeout_ms ? c->to.timeout_ms : OPEN_MS;
    c->next_waiting = l->waiting;
    c->waiting_at = &l->waiting;
    if (c->next_waiting)
        c->next_waiting->waiting_at = &c->next_waiting;
    l->waiting = c;
    io_item_init(&c->timer, connect_late);
    io_timer(&c->stream, &c->timer, io_loop_now(l->d->loop) + ms * NS_PER_MS);
}

static void stop_waiting(struct conn *c)
{
    if (!c->waiting_at)
        return;
    *c->waiting_at = c->next_waiting;
    if (c->next_waiting)
        c->next_waiting->waiting_at = c->waiting_at;
    c->next_waiting = NULL;
    c->waiting_at = NULL;
    io_cancel(&c->timer);
}

/* Whoever waited goes on, or is told why not. */
static void tell(struct link *l, enum nt_status st)
{
    struct conn *c;
    l->users++; /* not freed meanwhile */
    while ((c = l->waiting)) {
        stop_waiting(c);
        connect_linked(c, st, l->err.text);
    }
    l->users--;
    if (!l->users) /* they may all have gone while it was opened */
        unused(l);
}

static void opened(void *arg, enum nt_status st, struct npc_session *s)
{
    struct link *l = arg;
    struct muxd *d = l->d;
    l->session = st == STATUS_SUCCESS ? s : NULL;
    if (st == STATUS_SUCCESS && l->state == LINK_OPENING)
        l->state = LINK_OPEN;
    else
        l->state = LINK_GONE;
    cred_logon(l->cred, l->to.server, st, l->err.text, io_loop_now(d->loop));
    tell_event(l, MUXD_SESSION, st);
    tell(l, st);
    muxd_unref(d);
}

static enum nt_status open_link(struct link *l)
{
    struct npc_options o = NPC_OPTIONS_INIT;
    o.creds = l->cred->creds;
    o.target = *l->to.target ? l->to.target : NULL;
    o.port = l->to.port;
    o.protection = (enum npc_protection)l->to.protection;
    o.allow_unsigned = l->to.allow_unsigned;
    o.min_dialect = (enum npc_dialect)l->to.least;
    o.max_dialect = (enum npc_dialect)l->to.greatest;
    o.timeout_ms = l->to.timeout_ms > OPEN_MS ? l->to.timeout_ms : OPEN_MS; /* who waits has a limit of his own */
    o.loop = l->d->loop;
    o.env = l->d->env;
    o.error = &l->err;
    struct npc_session *s = NULL;
    enum nt_status st = l->d->o.replay ? replay_open(l, opened)
                                       : npc_session_open_send(l->to.server, &o, opened, l, &s);
    if (s)
        npc_session_stream(s)->kin = l->owner; /* logons that wait for a KDC hold up nobody else's */
    if (st == STATUS_SUCCESS)
        l->d->refs++; /* `opened` may come when all else has gone */
    return st;
}

static enum nt_status new_link(struct conn *c, struct cred *cred, struct link **ret, struct nt_error *err)
{
    struct owner *o = c->owner;
    if (o->n_links >= o->d->o.max_sessions_per_uid)
        return nt_error_set(err, STATUS_QUOTA_EXCEEDED, "uid %u has %u sessions already", o->uid, o->n_links);
    if (o->uid != 0 && o->d->n.sessions >= o->d->o.max_sessions)
        return nt_error_set(err, STATUS_QUOTA_EXCEEDED, "all users together have %u sessions already", o->d->n.sessions);
    enum nt_status st = cred_may_log_on(cred, c->to.server, io_loop_now(o->d->loop), err);
    if (st != STATUS_SUCCESS)
        return st;
    struct link *l = calloc(1, sizeof *l);
    if (!l)
        return nt_error_set(err, STATUS_NO_MEMORY, "no memory");
    l->d = o->d;
    l->owner = o;
    l->to = c->to;
    l->cred = cred_ref(cred);
    l->generation = cred->generation;
    l->since = io_loop_now(o->d->loop);
    io_item_init(&l->idle, idle_fn);
    l->next = o->links;
    o->links = l;
    o->n_links++;
    o->d->n.sessions++;
    st = open_link(l);
    if (st != STATUS_SUCCESS) {
        nt_error_set(err, st, "%s", l->err.text);
        link_free(l);
        return st;
    }
    *ret = l;
    return STATUS_SUCCESS;
}

static void drop(struct link *l)
{
    if (l->state == LINK_OPENING)
        l->state = LINK_GONE; /* `opened` takes it away */
    else
        link_retire(l);
}

static struct link *find(struct conn *c, const struct cred *cred)
{
    struct link *l = c->owner->links, *next;
    for (; l; l = next) {
        next = l->next;
        if (l->cred == cred && l->state != LINK_GONE && same(&l->to, &c->to)) {
            if (link_usable(l) && l->generation == cred->generation)
                return l;
            drop(l);
        }
    }
    return NULL;
}

enum nt_status link_get(struct conn *c, struct cred *cred, struct nt_error *err)
{
    struct link *l = find(c, cred);
    c->warm = l && l->state == LINK_OPEN;
    if (!l) {
        enum nt_status st = new_link(c, cred, &l, err);
        if (st != STATUS_SUCCESS)
            return st;
    }
    c->link = l;
    l->users++;
    io_cancel(&l->idle);
    if (l->state == LINK_OPEN) {
        connect_linked(c, STATUS_SUCCESS, "");
    } else {
        wait(l, c);
    }
    return STATUS_SUCCESS;
}

void link_release(struct conn *c)
{
    struct link *l = c->link;
    c->link = NULL;
    stop_waiting(c);
    if (l && --l->users == 0 && l->state != LINK_OPENING)
        unused(l);
}

void link_drop_cred(struct owner *o, const struct cred *cred)
{
    struct link *next;
    o->n_conns++; /* it is not forgotten with its last session */
    for (struct link *l = o->links; l; l = next) {
        next = l->next;
        if (l->cred == cred && l->state == LINK_OPEN)
            drop(l);
    }
    o->n_conns--;
}

unsigned link_drop(struct owner *o, const char *server)
{
    unsigned n = 0;
    struct link *next;
    cred_forgive(o, server ? server : "");
    for (struct link *l = o->links; l; l = next) {
        next = l->next;
        if (l->state == LINK_GONE || (server && *server && strcasecmp(l->to.server, server) != 0))
            continue;
        n++;
        drop(l);
    }
    return n;
}
