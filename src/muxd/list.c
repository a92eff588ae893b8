// SPDX-License-Identifier: Apache-2.0
/* What there is: credentials without their secrets, sessions, pipes, numbers. Everybody sees his own; root
 * may ask for all. */
#include <stdio.h>
#include <string.h>
#include "muxd/m_muxd.h"

#define NS_PER_S UINT64_C(1000000000)
/* Entries have at most about 1.6 KiB: a page of them fits a message. */
#define PAGE 32u

struct page {
    struct wr w;
    size_t next_at, count_at;
    uint32_t first, at; /* where the page begins; the entry that is looked at */
    uint16_t n;
    bool more;
};

static bool page_begin(struct conn *c, const struct mux_hdr *h, struct rd *body, bool *ret_all,
                       struct page *ret)
{
    uint8_t whose = rd_u8(body);
    uint32_t first = rd_u32(body);
    enum nt_status st = mux_done(body);
    if (st == STATUS_SUCCESS && whose > MUX_ALL)
        st = STATUS_INVALID_PARAMETER;
    if (st == STATUS_SUCCESS && whose == MUX_ALL && c->owner->uid != 0)
        st = STATUS_ACCESS_DENIED;
    if (st != STATUS_SUCCESS) {
        conn_refuse(c, h->type, h->id, st,
                    st == STATUS_ACCESS_DENIED ? "only root sees what others have" : "not such a request");
        return false;
    }
    *ret_all = whose == MUX_ALL;
    *ret = (struct page){ .first = first };
    mux_begin(&ret->w, h->type | MUX_ANSWER, h->id, STATUS_SUCCESS);
    ret->next_at = wr_mark_u32(&ret->w);
    ret->count_at = wr_mark_u16(&ret->w);
    return true;
}

/* Is this entry to be put? */
static bool page_takes(struct page *p)
{
    uint32_t at = p->at++;
    if (at < p->first)
        return false;
    p->more = p->more || p->n >= PAGE;
    if (p->more)
        return false;
    p->n++;
    return true;
}

static void page_end(struct conn *c, struct page *p)
{
    wr_fill_u32(&p->w, p->next_at, p->more ? p->first + p->n : 0);
    wr_fill_u16(&p->w, p->count_at, p->n);
    conn_answer(c, &p->w);
}

/* Who knows the number of a token has what it stands for: others than who made it are told that it is one. Root can do
 * nothing with it, for it is of use to its uid only. */
static uint64_t listed_token(const struct conn *c, uint64_t id)
{
    return !id || c->owner->uid == 0 || token_made_by(c, id) ? id : UINT64_MAX;
}

static void put_cred(struct page *p, const struct conn *to, const struct owner *o, const struct cred *c)
{
    struct mux_auth_entry e = { .uid = o->uid, .kind = c->kind, .expires_in = UINT32_MAX };
    uint64_t now = io_loop_now(o->d->loop);
    e.token = listed_token(to, c->token);
    if (c->expires != UINT64_MAX)
        e.expires_in = c->expires > now ? (uint32_t)((c->expires - now) / NS_PER_S) : 0;
    memcpy(e.pattern, c->pattern, sizeof e.pattern);
    memcpy(e.domain, c->domain, sizeof e.domain);
    memcpy(e.user, c->user, sizeof e.user);
    mux_put_auth_entry(&p->w, &e);
}

void list_auth(struct conn *c, const struct mux_hdr *h, struct rd *body)
{
    struct page p;
    bool all;
    if (!page_begin(c, h, body, &all, &p))
        return;
    for (const struct owner *o = c->d->owners; o; o = o->next)
        for (const struct cred *x = all || o == c->owner ? o->creds : NULL; x; x = x->next)
            if (page_takes(&p))
                put_cred(&p, c, o, x);
    page_end(c, &p);
}

static uint32_t seconds(uint64_t from, uint64_t to)
{
    uint64_t s = to > from ? (to - from) / NS_PER_S : 0;
    return s < UINT32_MAX ? (uint32_t)s : UINT32_MAX - 1;
}

static void put_facts(struct mux_conn_entry *e, const struct link *l)
{
    struct npc_facts f = { .size = sizeof f };
    if (!l->session || npc_session_facts(l->session, &f) != STATUS_SUCCESS)
        return;
    snprintf(e->peer, sizeof e->peer, "%s", f.peer);
    snprintf(e->mech, sizeof e->mech, "%s", f.mech ? f.mech : "");
    if (!*e->user && f.principal && strlen(f.principal) < sizeof e->user) /* of a cache that was told without a name */
        snprintf(e->user, sizeof e->user, "%s", f.principal);
    e->dialect = (uint16_t)f.dialect;
    e->cipher = (uint8_t)f.cipher;
    e->signed_ = f.signed_;
}

static void put_link(struct page *p, const struct link *l, const struct conn *c)
{
    struct mux_conn_entry e = { .uid = l->owner->uid, .users = l->users, .idle = UINT32_MAX };
    uint64_t now = io_loop_now(l->d->loop);
    snprintf(e.server, sizeof e.server, "%s", l->to.server);
    snprintf(e.user, sizeof e.user, "%s", l->cred->user);
    put_facts(&e, l);
    e.age = seconds(c ? c->since : l->since, now);
    if (!c)
        e.idle = seconds(l->idle_since ? l->idle_since : l->since, now);
    if (c) {
        e.pid = c->pid;
        e.pipe = c->pipe_id;
        e.mode = c->to.mode;
        e.bytes_in = c->bytes_in;
        e.bytes_out = c->bytes_out;
        snprintf(e.name, sizeof e.name, "%s", c->to.pipe);
        memcpy(e.program, c->program, sizeof e.program);
    }
    mux_put_conn_entry(&p->w, &e);
}

void list_conns(struct conn *c, const struct mux_hdr *h, struct rd *body)
{
    struct page p;
    bool all;
    if (!page_begin(c, h, body, &all, &p))
        return;
    for (const struct conn *x = c->d->conns; x; x = x->next)
        if (x->link && (all || x->owner == c->owner) && page_takes(&p))
            put_link(&p, x->link, x);
    for (const struct owner *o = c->d->owners; o; o = o->next)
        for (const struct link *l = all || o == c->owner ? o->links : NULL; l; l = l->next)
            if (!l->users && page_takes(&p))
                put_link(&p, l, NULL);
    page_end(c, &p);
}

void list_status(struct conn *c, const struct mux_hdr *h, struct rd *body)
{
    const struct muxd_counters *n = &c->d->n;
    struct mux_status s = { .uptime_s = (io_loop_now(c->d->loop) - c->d->started) / NS_PER_S,
                            .accepted = n->accepted,
                            .refused = n->refused,
                            .connects = n->connects,
                            .warm = n->warm,
                            .failed = n->failed,
                            .bytes_in = n->bytes_in,
                            .bytes_out = n->bytes_out,
                            .conns = n->conns,
                            .owners = n->owners,
                            .sessions = n->sessions,
                            .pipes = n->pipes,
                            .lent = n->lent,
                            .reused = n->reused,
                            .pooled = n->pooled };
    struct wr w;
    if (mux_done(body) != STATUS_SUCCESS) {
        conn_refuse(c, h->type, h->id, STATUS_INVALID_PARAMETER, "Status has nothing to say");
        return;
    }
    mux_begin(&w, h->type | MUX_ANSWER, h->id, STATUS_SUCCESS);
    mux_put_status(&w, &s);
    conn_answer(c, &w);
}
