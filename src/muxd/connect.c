// SPDX-License-Identifier: Apache-2.0
/* Connect: credentials, then a session, then a pipe in it, then what the client wanted it for. */
#include <string.h>
#include "muxd/m_muxd.h"

static void failed(struct conn *c, enum nt_status st, const char *why)
{
    st = nt_ok(st) ? STATUS_INVALID_NETWORK_RESPONSE : st;
    c->d->n.failed++;
    muxd_tell_conn(c, MUXD_CONNECT, st, why);
    link_release(c);
    if (c->lent) { /* Connect has long been answered */
        lend_refused(c, st, why);
        return;
    }
    conn_refuse(c, MUX_CONNECT, c->connect_id, st, why);
    conn_resume(c, CONN_READY);
}

void connect_facts(const struct conn *c, struct mux_facts *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->pipe = c->pipe_id;
    memcpy(ret->cookie, c->cookie, sizeof ret->cookie);
    ret->warm = c->warm;
    ret->f.size = sizeof ret->f;
    (void)!npc_session_facts(c->link->session, &ret->f);
    lend_facts(c, ret);
}

static void add_key(uint8_t to[MUX_KEY_MAX], unsigned *len, enum nt_status st, struct nt_blob key)
{
    if (st != STATUS_SUCCESS || key.len > MUX_KEY_MAX)
        key.len = 0;
    if (key.len)
        memcpy(to, key.data, key.len);
    *len = (unsigned)key.len;
}

static void add_keys(const struct conn *c, struct mux_facts *f)
{
    struct nt_blob key = { NULL, 0 };
    enum nt_status st = npc_session_key(c->link->session, &key);
    add_key(f->session_key, &f->f.session_key_len, st, key);
    st = npc_application_key(c->link->session, &key);
    add_key(f->application_key, &f->f.application_key_len, st, key);
}

/* ---- the connection is the pipe ---- */

static void relay_seen(void *arg, bool out, const uint8_t *data, size_t len)
{
    conn_seen(arg, !out, data, len);
}

static void relay_ended(void *arg, enum nt_status why)
{
    struct conn *c = arg;
    c->why = why;
}

static void relay_idle(void *arg)
{
    conn_release(arg);
}

static void begin_relay(struct conn *c)
{
    c->relay = (struct npc_relay){
        .local = &c->stream,
        .share = { MUXD_OUTPUT_PER_UID, MUXD_OUTPUT },
        .pipe = c->pipe,
        .arg = c,
        .seen = relay_seen,
        .ended = relay_ended,
        .idle = relay_idle,
    };
    npc_relay_start(&c->relay);
    c->relays = true;
}

static void succeeded(struct conn *c)
{
    struct mux_facts f;
    struct wr w;
    connect_facts(c, &f);
    c->keys_told = c->to.keys;
    if (c->to.keys)
        add_keys(c, &f);
    mux_begin(&w, MUX_CONNECT | MUX_ANSWER, c->connect_id, STATUS_SUCCESS);
    w.secret = c->to.keys;
    mux_put_facts(&w, &f, c->to.keys);
    nt_wipe(&f, sizeof f);
    conn_answer(c, &w);
    /* A session alone is held by its connection, and stays warm for a while when that has gone. */
    static const enum conn_state then[] = { [MUX_SESSION] = CONN_READY,
                                            [MUX_PROXY] = CONN_PROXY,
                                            [MUX_MESSAGE] = CONN_MESSAGE,
                                            [MUX_PDU] = CONN_LENT };
    tap_opened(c);
    c->stream.secret = c->state != CONN_PROXY && c->state != CONN_MESSAGE; /* no credentials come there */
    if (c->to.mode == MUX_PROXY)
        begin_relay(c);
    conn_resume(c, then[c->to.mode]);
    muxd_tell_conn(c, MUXD_CONNECT, STATUS_SUCCESS, NULL);
}

/* A session that was there may have ended on the server's side, which the first request finds out. */
bool connect_session_gone(const struct link *l, enum nt_status st)
{
    return st == STATUS_USER_SESSION_DELETED || st == STATUS_NETWORK_SESSION_EXPIRED ||
           st == STATUS_NETWORK_NAME_DELETED || !link_usable(l);
}

/* Samba says so of a pipe whose service has just gone, too, while the session is well. */
static bool passing(enum nt_status st)
{
    return st == STATUS_CONNECTION_RESET || st == STATUS_CONNECTION_DISCONNECTED ||
           st == STATUS_CONNECTION_ABORTED;
}

static void find_session(struct conn *c);

static void not_opened(struct conn *c, enum nt_status st, const char *why)
{
    bool gone = connect_session_gone(c->link, st);
    if (!c->warm || c->again || !(gone || passing(st))) {
        failed(c, st, why);
        return;
    }
    c->again = true;
    if (gone)
        link_retire(c->link);
    link_release(c);
    find_session(c);
}

static void pipe_opened(void *arg, enum nt_status st, struct npc_pipe *p)
{
    struct conn *c = arg;
    c->opening = false;
    c->pipe = NULL;
    c->ops--;
    if (c->freed) {
        if (p)
            p->ops->close(p);
        link_release(c); /* and with the last session perhaps the owner */
        conn_release(c);
        return;
    }
    if (st == STATUS_SUCCESS) {
        st = conn_name(c);
        if (st != STATUS_SUCCESS)
            p->ops->close(p);
    }
    if (st == STATUS_SUCCESS) {
        c->pipe = p;
        c->d->n.pipes++;
        succeeded(c);
    } else {
        not_opened(c, st, npc_session_error(c->link->session));
    }
}

void connect_lent(struct conn *c, enum nt_status st, const char *why)
{
    if (st == STATUS_SUCCESS)
        st = conn_name(c);
    if (st != STATUS_SUCCESS) {
        not_opened(c, st, why);
        return;
    }
    c->d->n.pipes++;
    c->d->n.lent++;
    succeeded(c);
}

/* What the client has sent is meant to be done by who it was then. */
static bool same_credential(const struct conn *c)
{
    struct cred *now = cred_find(c->owner, c->to.token ? c->to.token : c->token, c->to.server);
    bool same = now == c->link->cred;
    cred_unref(now);
    return same || c->d->o.replay;
}

static void find_bound(struct conn *c)
{
    bool at_once;
    enum nt_status st = lend_get(c, &at_once);
    if (st != STATUS_SUCCESS)
        connect_lent(c, st, npc_session_error(c->link->session));
    else if (at_once)
        connect_lent(c, st, "");
}

void connect_again(struct conn *c, bool session)
{
    c->again = true;
    if (!session) {
        find_bound(c);
    } else if (!same_credential(c)) {
        failed(c, STATUS_CONNECTION_DISCONNECTED, "the session has ended, and its credentials are not those of now");
    } else {
        link_release(c);
        find_session(c);
    }
}

void connect_late(struct io_item *it)
{
    struct conn *c = io_container(it, struct conn, timer);
    failed(c, STATUS_IO_TIMEOUT, "the session was not there in time");
}

void connect_linked(struct conn *c, enum nt_status st, const char *why)
{
    if (st == STATUS_SUCCESS && c->to.mode == MUX_PDU) {
        find_bound(c);
        return;
    }
    if (st == STATUS_SUCCESS && *c->to.pipe) {
        struct npc_create o = NPC_CREATE_INIT;
        o.timeout_ms = c->to.timeout_ms;
        c->opening = true;
        c->ops++;
        st = npc_pipe_open_send(c->link->session, c->to.pipe, &o, pipe_opened, c, &c->pipe);
        if (st == STATUS_SUCCESS)
            return;
        c->opening = false;
        c->ops--;
        c->pipe = NULL;
        why = npc_session_error(c->link->session);
    }
    if (st == STATUS_SUCCESS)
        st = conn_name(c);
    if (st == STATUS_SUCCESS)
        succeeded(c);
    else
        failed(c, st, why);
}

static void find_session(struct conn *c)
{
    struct nt_error err = { "" };
    struct cred *cred = cred_find(c->owner, c->to.token ? c->to.token : c->token, c->to.server);
    enum nt_status st;
    if (!cred && c->d->o.replay)
        cred = replay_cred(c);
    if (cred) {
        st = link_get(c, cred, &err);
        cred_unref(cred);
    } else {
        st = nt_error_set(&err, STATUS_NO_SUCH_LOGON_SESSION,
                          "the muxer has no credentials of uid %u for %s; tern mux set gives it some",
                          c->owner->uid, c->to.server);
    }
    if (st != STATUS_SUCCESS)
        failed(c, st, err.text);
}

/* What comes behind a Connect belongs to the pipe, so nothing is read until it is there. */
void connect_start(struct conn *c, uint32_t id, const struct mux_connect *to)
{
    c->d->n.connects++;
    if (c->d->draining) {
        conn_refuse(c, MUX_CONNECT, id, STATUS_SHUTDOWN_IN_PROGRESS, "the muxer is on its way down");
        return;
    }
    if (c->link) {
        conn_refuse(c, MUX_CONNECT, id, STATUS_INVALID_DEVICE_STATE, "this connection has its session");
        return;
    }
    if ((to->mode == MUX_SESSION) != !*to->pipe || !*to->server) {
        conn_refuse(c, MUX_CONNECT, id, STATUS_INVALID_PARAMETER,
                    "a server, and a pipe unless only the session is wanted");
        return;
    }
    if (c->reserved) {
        conn_refuse(c, MUX_CONNECT, id, STATUS_QUOTA_EXCEEDED,
                    "the connections that are left are for asking and clearing up");
        return;
    }
    if (to->token && !token_known(c->owner, to->token)) {
        conn_refuse(c, MUX_CONNECT, id, STATUS_NO_TOKEN, "there is no such token");
        return;
    }
    c->to = *to;
    c->connect_id = id;
    c->since = io_loop_now(c->d->loop);
    c->again = false;
    c->state = CONN_WAITS;
    io_hold(&c->stream, true);
    find_session(c);
    c->d->n.warm += c->warm;
}
