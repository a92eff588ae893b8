// SPDX-License-Identifier: Apache-2.0
/* What a muxer is asked, and what its answers say. The synchronous functions are the asynchronous ones and a
 * wait. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "npc/m_control.h"

/* ---- waiting ---- */

struct waiting {
    bool done;
    enum nt_status st;
    unsigned n;
    uint64_t token;
    struct npc_mux_counters *counters;
    struct mux_facts *facts;
    uint8_t *key;
    size_t key_len;
};

static void was_answered(void *arg, enum nt_status st, const struct npc_mux_answer *a)
{
    struct waiting *w = arg;
    w->done = true;
    w->st = st;
    w->n = a->n;
    w->token = a->token;
    if (st != STATUS_SUCCESS)
        return;
    if (w->counters && a->counters)
        *w->counters = *a->counters;
    if (w->facts && a->facts) /* it is in one of these: ask_read */
        memcpy(w->facts, (const char *)a->facts - offsetof(struct mux_facts, f), sizeof *w->facts);
    if (w->key) {
        w->key_len = a->key.len;
        if (a->key.len)
            memcpy(w->key, a->key.data, a->key.len);
    }
}

static bool is_answered(void *arg)
{
    return ((struct waiting *)arg)->done;
}

static enum nt_status may_ask(struct npc_mux *m)
{
    if (npc_may_wait(m->loop))
        return STATUS_SUCCESS;
    return nt_error_set(&m->err, STATUS_INVALID_DEVICE_STATE,
                        "a synchronous request was made from a callback");
}

/* Of a request that was started with st. */
static enum nt_status wait_for(struct npc_mux *m, struct waiting *w, enum nt_status st)
{
    if (st != STATUS_SUCCESS)
        return st;
    (void)io_wait(m->loop, is_answered, w, UINT64_MAX, NULL); /* it has a deadline of its own */
    return w->st;
}

/* ---- answers ---- */

static void read_counters(struct rd *body, struct mux_answer_room *room)
{
    struct mux_status s;
    if (mux_get_status(body, &s) != STATUS_SUCCESS) {
        rd_fail(body, STATUS_INVALID_PARAMETER);
        return;
    }
    room->counters = (struct npc_mux_counters){
        sizeof room->counters, s.uptime_s, s.accepted, s.refused,  s.connects, s.warm, s.failed, s.bytes_in,
        s.bytes_out,           s.conns,    s.owners,   s.sessions, s.pipes,    s.pooled, s.lent,
        s.reused
    };
    room->a.counters = &room->counters;
}

static bool give_auth(struct mux_request *r, struct rd *body)
{
    struct mux_auth_entry e;
    mux_get_auth_entry(body, &e);
    struct npc_mux_auth_info i = { e.uid,  e.token,     (enum npc_mux_kind)e.kind, e.pattern, e.domain,
                                   e.user, e.expires_in };
    return body->st == STATUS_SUCCESS && r->each_auth(r->each_arg, &i);
}

static bool give_conn(struct mux_request *r, struct rd *body)
{
    struct mux_conn_entry e;
    mux_get_conn_entry(body, &e);
    struct npc_mux_conn_info i = { e.uid,
                                   e.pid,
                                   e.pipe,
                                   e.server,
                                   e.peer,
                                   e.name,
                                   e.user,
                                   e.users,
                                   e.bytes_in,
                                   e.bytes_out,
                                   (enum npc_mux_mode)e.mode,
                                   e.age,
                                   e.idle,
                                   (enum npc_dialect)e.dialect,
                                   (enum npc_cipher)e.cipher,
                                   e.signed_,
                                   e.mech,
                                   e.program };
    return body->st == STATUS_SUCCESS && r->each_conn(r->each_arg, &i);
}

static enum nt_status next_page(struct mux_request *r, uint32_t first)
{
    struct wr w;
    r->first = first;
    control_again(r, &w);
    wr_u8(&w, r->all ? MUX_ALL : MUX_MINE);
    wr_u32(&w, first);
    return control_go_on(r, &w);
}

/* A page; what is behind it is asked for. */
static enum nt_status read_page(struct mux_request *r, struct rd *body)
{
    uint32_t next = rd_u32(body);
    unsigned n = rd_u16(body);
    if (next && next <= r->first) /* or it would never end */
        return STATUS_INVALID_PARAMETER;
    while (n--) {
        bool more = r->each_auth ? give_auth(r, body) : give_conn(r, body);
        if (body->st != STATUS_SUCCESS)
            return STATUS_INVALID_PARAMETER;
        if (!more)
            return STATUS_SUCCESS;
    }
    enum nt_status st = mux_done(body);
    return st != STATUS_SUCCESS || !next ? st : next_page(r, next);
}

enum nt_status ask_read(struct mux_request *r, struct rd *body, struct mux_answer_room *room)
{
    switch (r->type) {
    case MUX_CLEAR_AUTH:
    case MUX_DROP:
        room->a.n = rd_u32(body);
        break;
    case MUX_CREATE_TOKEN:
        room->a.token = rd_u64(body);
        if (!room->a.token)
            return STATUS_INVALID_PARAMETER;
        break;
    case MUX_STATUS:
        read_counters(body, room);
        break;
    case MUX_ENUM_AUTH:
    case MUX_ENUM_CONNS:
        return read_page(r, body);
    case MUX_QUERY:
        if (r->what == MUX_FACTS) {
            if (mux_get_facts(body, &room->facts) != STATUS_SUCCESS)
                return STATUS_INVALID_PARAMETER;
            room->a.facts = &room->facts.f;
        } else {
            room->a.key = mux_get_blob(body, MUX_KEY_MAX);
        }
        break;
    default:
        break;
    }
    return mux_done(body);
}

/* ---- credentials ---- */

static bool take_text(char *to, size_t size, const char *from)
{
    size_t n = from ? strlen(from) : 0;
    if (n >= size)
        return false;
    memcpy(to, n ? from : "", n + 1);
    return true;
}

/* Begins a request that calls done; *ret_st says why not. */
static struct mux_request *begin(struct npc_mux *m, unsigned type, npc_mux_done *done, void *arg,
                                 struct wr *w, enum nt_status *ret_st)
{
    struct mux_request *r = control_begin(m, type, w, ret_st);
    if (!r)
        return NULL;
    r->done = done;
    r->arg = arg;
    return r;
}

enum nt_status npc_mux_set_auth_send(struct npc_mux *m, const struct npc_mux_auth *a, npc_mux_done *done,
                                     void *arg)
{
    struct npc_mux_auth own = NPC_MUX_AUTH_INIT;
    memcpy(&own, a, a->size < sizeof own ? a->size : sizeof own);
    struct mux_auth q = { .token = own.token, .kind = (uint8_t)own.kind, .lifetime = own.lifetime_s };
    struct wr w;
    enum nt_status st;
    if (own.kind == NPC_MUX_PASSWORD && own.password)
        q.secret = (struct nt_blob){ (const uint8_t *)own.password, strlen(own.password) };
    else if (own.content)
        q.secret = (struct nt_blob){ own.content, own.content_len };
    if (!take_text(q.pattern, sizeof q.pattern, own.pattern) || q.secret.len > MUX_SECRET ||
        !take_text(q.domain, sizeof q.domain, own.domain) || !take_text(q.user, sizeof q.user, own.user) ||
        !take_text(q.name, sizeof q.name, own.name))
        return nt_error_set(&m->err, STATUS_INVALID_PARAMETER, "a text, or the content, is too long");
    struct mux_request *r = begin(m, MUX_SET_AUTH, done, arg, &w, &st);
    if (!r)
        return st;
    w.secret = true;
    mux_put_auth(&w, &q);
    return control_send(r, &w);
}

enum nt_status npc_mux_set_auth(struct npc_mux *m, const struct npc_mux_auth *a)
{
    struct waiting w = { .done = false };
    enum nt_status st = may_ask(m);
    return st != STATUS_SUCCESS ? st : wait_for(m, &w, npc_mux_set_auth_send(m, a, was_answered, &w));
}

enum nt_status npc_mux_clear_auth_send(struct npc_mux *m, uint64_t token, const char *pattern,
                                       npc_mux_done *done, void *arg)
{
    struct wr w;
    enum nt_status st;
    struct mux_request *r = begin(m, MUX_CLEAR_AUTH, done, arg, &w, &st);
    if (!r)
        return st;
    wr_u64(&w, token);
    mux_put_str(&w, pattern);
    return control_send(r, &w);
}

static enum nt_status get_n(struct npc_mux *m, struct waiting *w, enum nt_status st, unsigned *ret_n)
{
    st = wait_for(m, w, st);
    if (st == STATUS_SUCCESS && ret_n)
        *ret_n = w->n;
    return st;
}

enum nt_status npc_mux_clear_auth(struct npc_mux *m, uint64_t token, const char *pattern, unsigned *ret_n)
{
    struct waiting w = { .done = false };
    enum nt_status st = may_ask(m);
    if (st != STATUS_SUCCESS)
        return st;
    return get_n(m, &w, npc_mux_clear_auth_send(m, token, pattern, was_answered, &w), ret_n);
}

enum nt_status npc_mux_drop_send(struct npc_mux *m, const char *server, npc_mux_done *done, void *arg)
{
    struct wr w;
    enum nt_status st;
    struct mux_request *r = begin(m, MUX_DROP, done, arg, &w, &st);
    if (!r)
        return st;
    mux_put_str(&w, server);
    return control_send(r, &w);
}

enum nt_status npc_mux_drop(struct npc_mux *m, const char *server, unsigned *ret_n)
{
    struct waiting w = { .done = false };
    enum nt_status st = may_ask(m);
    return st != STATUS_SUCCESS ? st : get_n(m, &w, npc_mux_drop_send(m, server, was_answered, &w), ret_n);
}

/* ---- tokens ---- */

enum nt_status npc_mux_create_token_send(struct npc_mux *m, npc_mux_done *done, void *arg)
{
    struct wr w;
    enum nt_status st;
    struct mux_request *r = begin(m, MUX_CREATE_TOKEN, done, arg, &w, &st);
    return r ? control_send(r, &w) : st;
}

enum nt_status npc_mux_create_token(struct npc_mux *m, uint64_t *ret)
{
    struct waiting w = { .done = false };
    enum nt_status st = may_ask(m);
    if (st == STATUS_SUCCESS)
        st = wait_for(m, &w, npc_mux_create_token_send(m, was_answered, &w));
    if (st == STATUS_SUCCESS)
        *ret = w.token;
    return st;
}

enum nt_status npc_mux_close_token_send(struct npc_mux *m, uint64_t token, npc_mux_done *done, void *arg)
{
    struct wr w;
    enum nt_status st;
    struct mux_request *r = begin(m, MUX_CLOSE_TOKEN, done, arg, &w, &st);
    if (!r)
        return st;
    wr_u64(&w, token);
    return control_send(r, &w);
}

enum nt_status npc_mux_close_token(struct npc_mux *m, uint64_t token)
{
    struct waiting w = { .done = false };
    enum nt_status st = may_ask(m);
    return st != STATUS_SUCCESS ? st : wait_for(m, &w, npc_mux_close_token_send(m, token, was_answered, &w));
}

/* ---- what there is ---- */

static enum nt_status first_page(struct mux_request *r, struct wr *w, bool all, void *arg)
{
    r->all = all;
    r->each_arg = arg;
    wr_u8(w, all ? MUX_ALL : MUX_MINE);
    wr_u32(w, 0);
    return control_send(r, w);
}

enum nt_status npc_mux_enum_auth_send(struct npc_mux *m, bool all,
                                      bool (*each)(void *arg, const struct npc_mux_auth_info *i),
                                      npc_mux_done *done, void *arg)
{
    struct wr w;
    enum nt_status st;
    struct mux_request *r = begin(m, MUX_ENUM_AUTH, done, arg, &w, &st);
    if (!r)
        return st;
    r->each_auth = each;
    return first_page(r, &w, all, arg);
}

enum nt_status npc_mux_enum_connections_send(struct npc_mux *m, bool all,
                                             bool (*each)(void *arg, const struct npc_mux_conn_info *i),
                                             npc_mux_done *done, void *arg)
{
    struct wr w;
    enum nt_status st;
    struct mux_request *r = begin(m, MUX_ENUM_CONNS, done, arg, &w, &st);
    if (!r)
        return st;
    r->each_conn = each;
    return first_page(r, &w, all, arg);
}

/* The caller's function and what it gets, beside what we wait for. */
struct each_waiting {
    struct waiting w;
    bool (*auth)(void *arg, const struct npc_mux_auth_info *i);
    bool (*conn)(void *arg, const struct npc_mux_conn_info *i);
    void *arg;
};

static bool each_auth(void *arg, const struct npc_mux_auth_info *i)
{
    struct each_waiting *e = arg;
    return e->auth(e->arg, i);
}

static bool each_conn(void *arg, const struct npc_mux_conn_info *i)
{
    struct each_waiting *e = arg;
    return e->conn(e->arg, i);
}

enum nt_status npc_mux_enum_auth(struct npc_mux *m, bool all,
                                 bool (*each)(void *arg, const struct npc_mux_auth_info *i), void *arg)
{
    struct each_waiting e = { .auth = each, .arg = arg };
    enum nt_status st = may_ask(m);
    if (st != STATUS_SUCCESS)
        return st;
    return wait_for(m, &e.w, npc_mux_enum_auth_send(m, all, each_auth, was_answered, &e));
}

enum nt_status npc_mux_enum_connections(struct npc_mux *m, bool all,
                                        bool (*each)(void *arg, const struct npc_mux_conn_info *i), void *arg)
{
    struct each_waiting e = { .conn = each, .arg = arg };
    enum nt_status st = may_ask(m);
    if (st != STATUS_SUCCESS)
        return st;
    return wait_for(m, &e.w, npc_mux_enum_connections_send(m, all, each_conn, was_answered, &e));
}

enum nt_status npc_mux_status_send(struct npc_mux *m, npc_mux_done *done, void *arg)
{
    struct wr w;
    enum nt_status st;
    struct mux_request *r = begin(m, MUX_STATUS, done, arg, &w, &st);
    return r ? control_send(r, &w) : st;
}

enum nt_status npc_mux_status(struct npc_mux *m, struct npc_mux_counters *ret)
{
    struct npc_mux_counters c;
    struct waiting w = { .counters = &c };
    size_t size = ret->size < sizeof c ? ret->size : sizeof c;
    enum nt_status st = may_ask(m);
    if (st == STATUS_SUCCESS)
        st = wait_for(m, &w, npc_mux_status_send(m, was_answered, &w));
    if (st != STATUS_SUCCESS)
        return st;
    c.size = ret->size;
    memcpy(ret, &c, size);
    return STATUS_SUCCESS;
}

/* ---- a pipe that is open ---- */

enum nt_status npc_mux_query_send(struct npc_mux *m, const struct npc_channel_id *id, enum npc_mux_what what,
                                  npc_mux_done *done, void *arg)
{
    struct mux_query q = { .pipe = id->pipe, .what = (uint8_t)what };
    struct wr w;
    enum nt_status st;
    struct mux_request *r = begin(m, MUX_QUERY, done, arg, &w, &st);
    if (!r)
        return st;
    memcpy(q.cookie, id->cookie, sizeof q.cookie);
    r->what = q.what;
    mux_put_query(&w, &q);
    return control_send(r, &w);
}

enum nt_status npc_mux_query_facts(struct npc_mux *m, const struct npc_channel_id *id, struct npc_facts *ret)
{
    struct mux_facts f = { .pipe = 0 };
    struct waiting w = { .facts = &f };
    size_t size = ret->size < sizeof f.f ? ret->size : sizeof f.f;
    enum nt_status st = size < sizeof ret->size ? STATUS_INVALID_PARAMETER : may_ask(m);
    if (st == STATUS_SUCCESS)
        st = wait_for(m, &w, npc_mux_query_send(m, id, NPC_MUX_FACTS, was_answered, &w));
    if (st != STATUS_SUCCESS)
        return st;
    memcpy(m->texts[0], f.mech, sizeof f.mech);
    memcpy(m->texts[1], f.peer, sizeof f.peer);
    memcpy(m->texts[2], f.server, sizeof f.server);
    memcpy(m->texts[3], f.principal, sizeof f.principal);
    f.f.size = ret->size;
    f.f.mech = m->texts[0];
    f.f.peer = m->texts[1];
    f.f.server = m->texts[2];
    f.f.principal = m->texts[3];
    memcpy(ret, &f.f, size);
    return STATUS_SUCCESS;
}

enum nt_status npc_mux_query_key(struct npc_mux *m, const struct npc_channel_id *id, enum npc_mux_what what,
                                 uint8_t ret[64], size_t *ret_len)
{
    uint8_t key[MUX_KEY_MAX];
    struct waiting w = { .key = key };
    enum nt_status st = what == NPC_MUX_SESSION_KEY || what == NPC_MUX_APPLICATION_KEY
                            ? may_ask(m)
                            : nt_error_set(&m->err, STATUS_INVALID_PARAMETER, "there is no such key");
    if (st == STATUS_SUCCESS)
        st = wait_for(m, &w, npc_mux_query_send(m, id, what, was_answered, &w));
    if (st == STATUS_SUCCESS && !w.key_len)
        st = nt_error_set(&m->err, STATUS_NO_USER_SESSION_KEY, "the session has no key");
    if (st == STATUS_SUCCESS) {
        memcpy(ret, key, w.key_len);
        *ret_len = w.key_len;
    }
    nt_wipe(key, sizeof key);
    return st;
}
