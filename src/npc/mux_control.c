// SPDX-License-Identifier: Apache-2.0
/* Requests to the muxer that are no pipes: one at a time, each waited for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <msrpc/npc_mux.h>
#include "npc/m_mux.h"

struct npc_mux {
    struct mux_line line;
    struct nt_loop *loop;
    unsigned timeout_ms;
    bool open, dead;
    uint32_t awaited; /* 0: the answer is here */
    struct mux_hdr hdr;
    struct wr body;
    struct nt_error err;
    char path[108];
};

static struct npc_mux *of(struct mux_line *l)
{
    return io_container(l, struct npc_mux, line);
}

static void on_open(struct mux_line *l)
{
    of(l)->open = true;
}

static bool on_message(struct mux_line *l, const struct mux_hdr *h, const uint8_t *body, size_t len)
{
    struct npc_mux *m = of(l);
    if (!m->awaited || h->id != m->awaited)
        return true; /* of a request that ran out of time */
    m->awaited = 0;
    m->hdr = *h;
    m->body.len = 0;
    wr_bytes(&m->body, body, len);
    return m->body.st == STATUS_SUCCESS;
}

static void on_close(struct mux_line *l, enum nt_status why)
{
    struct npc_mux *m = of(l);
    m->dead = true;
    nt_error_set(&m->err, why, "the muxer at %s: %s", m->path, nt_status_text(why));
    m->hdr.status = why;
}

static bool is_open(void *arg)
{
    const struct npc_mux *m = arg;
    return m->open || m->dead;
}

static bool is_answered(void *arg)
{
    const struct npc_mux *m = arg;
    return !m->awaited || m->dead;
}

/* ---- a request ---- */

static void begin(struct npc_mux *m, struct wr *w, unsigned type, uint32_t *ret_id)
{
    *ret_id = mux_line_id(&m->line);
    mux_begin(w, type, *ret_id, STATUS_SUCCESS);
    w->secret = type == MUX_SET_AUTH;
}

/* Sends it, waits, lends the body of the answer. */
static enum nt_status run(struct npc_mux *m, struct wr *w, uint32_t id, unsigned type, struct rd *ret)
{
    char why[sizeof m->err.text];
    struct rd r;
    m->awaited = id;
    enum nt_status st = m->dead ? STATUS_CONNECTION_DISCONNECTED : mux_line_send(&m->line, w);
    wr_free_secret(w);
    if (st == STATUS_SUCCESS)
        st =
            io_wait(m->loop, is_answered, m, io_loop_now(m->loop) + (uint64_t)m->timeout_ms * 1000000u, NULL);
    if (st == STATUS_SUCCESS && m->dead)
        return m->hdr.status;
    if (st != STATUS_SUCCESS)
        return nt_error_set(&m->err, st, "the muxer at %s: %s", m->path, nt_status_text(st));
    rd_init(&r, m->body.base, m->body.len);
    if (m->hdr.type != (type | MUX_ANSWER))
        return nt_error_set(&m->err, STATUS_INVALID_NETWORK_RESPONSE, "the muxer's answer makes no sense");
    if (m->hdr.status != STATUS_SUCCESS) {
        mux_get_str(&r, why, sizeof why);
        return nt_error_set(&m->err, nt_ok(m->hdr.status) ? STATUS_INVALID_NETWORK_RESPONSE : m->hdr.status,
                            "%s", why);
    }
    *ret = r;
    return STATUS_SUCCESS;
}

static enum nt_status whole(struct npc_mux *m, const struct rd *r)
{
    if (mux_done(r) == STATUS_SUCCESS)
        return STATUS_SUCCESS;
    return nt_error_set(&m->err, STATUS_INVALID_NETWORK_RESPONSE, "the muxer's answer makes no sense");
}

/* ---- opening ---- */

static enum nt_status hello(struct npc_mux *m)
{
    struct mux_hello h;
    struct mux_welcome ans;
    struct rd r;
    struct wr w;
    uint32_t id;
    mux_our_hello(&h);
    begin(m, &w, MUX_HELLO, &id);
    mux_put_hello(&w, &h);
    enum nt_status st = run(m, &w, id, MUX_HELLO, &r);
    if (st == STATUS_SUCCESS && mux_get_welcome(&r, &ans) != STATUS_SUCCESS)
        st = nt_error_set(&m->err, STATUS_INVALID_NETWORK_RESPONSE, "the muxer's answer makes no sense");
    return st;
}

static enum nt_status dial(struct npc_mux *m)
{
    uint64_t deadline = io_loop_now(m->loop) + (uint64_t)m->timeout_ms * 1000000u;
    enum nt_status st = mux_line_dial(&m->line, m->loop, m->path, deadline);
    if (st == STATUS_SUCCESS)
        st = io_wait(m->loop, is_open, m, UINT64_MAX, NULL);
    if (st == STATUS_SUCCESS && m->dead)
        return m->hdr.status;
    if (st != STATUS_SUCCESS)
        return nt_error_set(&m->err, st, "the muxer at %s: %s", m->path, nt_status_text(st));
    return hello(m);
}

static enum nt_status open_mux(const char *path, unsigned timeout_ms, struct npc_mux **ret,
                               struct nt_error *err)
{
    struct npc_mux *m = calloc(1, sizeof *m);
    if (!m)
        return nt_error_set(err, STATUS_NO_MEMORY, "no memory");
    snprintf(m->path, sizeof m->path, "%s", path);
    m->timeout_ms = timeout_ms ? timeout_ms : NPC_DEFAULT_TIMEOUT_MS;
    enum nt_status st = nt_loop_new(NULL, &m->loop);
    if (st != STATUS_SUCCESS) {
        free(m);
        return nt_error_set(err, st, "no loop can be made");
    }
    wr_init(&m->body, MUX_MAX);
    mux_line_init(&m->line, io_loop_env(m->loop));
    m->line.on_open = on_open;
    m->line.on_message = on_message;
    m->line.on_close = on_close;
    st = dial(m);
    if (st != STATUS_SUCCESS) {
        nt_error_set(err, st, "%s", m->err.text);
        npc_mux_close(m);
        return st;
    }
    *ret = m;
    return STATUS_SUCCESS;
}

enum nt_status npc_mux_open(const char *path, unsigned timeout_ms, struct npc_mux **ret, struct nt_error *err)
{
    path = npc_mux_path(path);
    if (!path)
        return nt_error_set(err, STATUS_INVALID_PARAMETER, "TERN_NPC says that there is no muxer");
    if (strlen(path) >= sizeof((struct npc_mux *)0)->path)
        return nt_error_set(err, STATUS_INVALID_PARAMETER, "the path of a socket has at most 107 bytes");
    return open_mux(path, timeout_ms, ret, err);
}

void npc_mux_close(struct npc_mux *m)
{
    if (!m)
        return;
    mux_line_done(&m->line);
    nt_loop_free(m->loop);
    wr_free_secret(&m->body);
    free(m);
}

const char *npc_mux_error(const struct npc_mux *m)
{
    return m->err.text;
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

enum nt_status npc_mux_set_auth(struct npc_mux *m, const struct npc_mux_auth *a)
{
    struct npc_mux_auth own = NPC_MUX_AUTH_INIT;
    memcpy(&own, a, a->size < sizeof own ? a->size : sizeof own);
    struct mux_auth q = { .token = own.token, .kind = (uint8_t)own.kind, .lifetime = own.lifetime_s };
    struct rd r;
    struct wr w;
    uint32_t id;
    if (own.kind == NPC_MUX_PASSWORD && own.password)
        q.secret = (struct nt_blob){ (const uint8_t *)own.password, strlen(own.password) };
    else if (own.content)
        q.secret = (struct nt_blob){ own.content, own.content_len };
    if (!take_text(q.pattern, sizeof q.pattern, own.pattern) || q.secret.len > MUX_SECRET ||
        !take_text(q.domain, sizeof q.domain, own.domain) || !take_text(q.user, sizeof q.user, own.user) ||
        !take_text(q.name, sizeof q.name, own.name))
        return nt_error_set(&m->err, STATUS_INVALID_PARAMETER, "a text, or the content, is too long");
    begin(m, &w, MUX_SET_AUTH, &id);
    mux_put_auth(&w, &q);
    enum nt_status st = run(m, &w, id, MUX_SET_AUTH, &r);
    return st == STATUS_SUCCESS ? whole(m, &r) : st;
}

static enum nt_status get_u32(struct npc_mux *m, enum nt_status st, struct rd *r, unsigned *ret)
{
    if (st != STATUS_SUCCESS)
        return st;
    uint32_t n = rd_u32(r);
    st = whole(m, r);
    if (st == STATUS_SUCCESS && ret)
        *ret = n;
    return st;
}

enum nt_status npc_mux_clear_auth(struct npc_mux *m, uint64_t token, const char *pattern, unsigned *ret_n)
{
    struct rd r;
    struct wr w;
    uint32_t id;
    begin(m, &w, MUX_CLEAR_AUTH, &id);
    wr_u64(&w, token);
    mux_put_str(&w, pattern);
    enum nt_status st = run(m, &w, id, MUX_CLEAR_AUTH, &r);
    return get_u32(m, st, &r, ret_n);
}

enum nt_status npc_mux_drop(struct npc_mux *m, const char *server, unsigned *ret_n)
{
    struct rd r;
    struct wr w;
    uint32_t id;
    begin(m, &w, MUX_DROP, &id);
    mux_put_str(&w, server);
    enum nt_status st = run(m, &w, id, MUX_DROP, &r);
    return get_u32(m, st, &r, ret_n);
}

/* ---- tokens ---- */

enum nt_status npc_mux_create_token(struct npc_mux *m, uint64_t *ret)
{
    struct rd r;
    struct wr w;
    uint32_t id;
    begin(m, &w, MUX_CREATE_TOKEN, &id);
    enum nt_status st = run(m, &w, id, MUX_CREATE_TOKEN, &r);
    if (st != STATUS_SUCCESS)
        return st;
    uint64_t token = rd_u64(&r);
    st = whole(m, &r);
    if (st == STATUS_SUCCESS)
        *ret = token;
    return st;
}

enum nt_status npc_mux_close_token(struct npc_mux *m, uint64_t token)
{
    struct rd r;
    struct wr w;
    uint32_t id;
    begin(m, &w, MUX_CLOSE_TOKEN, &id);
    wr_u64(&w, token);
    enum nt_status st = run(m, &w, id, MUX_CLOSE_TOKEN, &r);
    return st == STATUS_SUCCESS ? whole(m, &r) : st;
}

/* ---- what there is ---- */

/* One page of a list: the entries follow in *ret. */
static enum nt_status get_page(struct npc_mux *m, unsigned type, bool all, uint32_t first, struct rd *ret,
                               uint32_t *ret_next, unsigned *ret_n)
{
    struct wr w;
    uint32_t id;
    begin(m, &w, type, &id);
    wr_u8(&w, all ? MUX_ALL : MUX_MINE);
    wr_u32(&w, first);
    enum nt_status st = run(m, &w, id, type, ret);
    if (st != STATUS_SUCCESS)
        return st;
    *ret_next = rd_u32(ret);
    *ret_n = rd_u16(ret);
    if (*ret_next && *ret_next <= first) /* or it would never end */
        return nt_error_set(&m->err, STATUS_INVALID_NETWORK_RESPONSE, "the muxer's answer makes no sense");
    return STATUS_SUCCESS;
}

enum nt_status npc_mux_enum_auth(struct npc_mux *m, bool all,
                                 bool (*each)(void *arg, const struct npc_mux_auth_info *i), void *arg)
{
    struct mux_auth_entry e;
    uint32_t next = 0;
    do {
        struct rd r;
        unsigned n;
        enum nt_status st = get_page(m, MUX_ENUM_AUTH, all, next, &r, &next, &n);
        if (st != STATUS_SUCCESS)
            return st;
        while (n--) {
            mux_get_auth_entry(&r, &e);
            struct npc_mux_auth_info i = { e.uid,       e.token,  (enum npc_mux_kind)e.kind,
                                           e.pattern,   e.domain, e.user,
                                           e.expires_in };
            if (r.st != STATUS_SUCCESS)
                break;
            if (!each(arg, &i))
                return STATUS_SUCCESS;
        }
        st = whole(m, &r);
        if (st != STATUS_SUCCESS)
            return st;
    } while (next);
    return STATUS_SUCCESS;
}

enum nt_status npc_mux_enum_connections(struct npc_mux *m, bool all,
                                        bool (*each)(void *arg, const struct npc_mux_conn_info *i), void *arg)
{
    struct mux_conn_entry e;
    uint32_t next = 0;
    do {
        struct rd r;
        unsigned n;
        enum nt_status st = get_page(m, MUX_ENUM_CONNS, all, next, &r, &next, &n);
        if (st != STATUS_SUCCESS)
            return st;
        while (n--) {
            mux_get_conn_entry(&r, &e);
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
            if (r.st != STATUS_SUCCESS)
                break;
            if (!each(arg, &i))
                return STATUS_SUCCESS;
        }
        st = whole(m, &r);
        if (st != STATUS_SUCCESS)
            return st;
    } while (next);
    return STATUS_SUCCESS;
}

enum nt_status npc_mux_status(struct npc_mux *m, struct npc_mux_counters *ret)
{
    struct mux_status s;
    struct rd r;
    struct wr w;
    uint32_t id;
    size_t size = ret->size < sizeof *ret ? ret->size : sizeof *ret;
    begin(m, &w, MUX_STATUS, &id);
    enum nt_status st = run(m, &w, id, MUX_STATUS, &r);
    if (st != STATUS_SUCCESS)
        return st;
    if (mux_get_status(&r, &s) != STATUS_SUCCESS)
        return whole(m, &r);
    struct npc_mux_counters c = { ret->size, s.uptime_s, s.accepted, s.refused,   s.connects,
                                  s.warm,    s.failed,   s.bytes_in, s.bytes_out, s.conns,
                                  s.owners,  s.sessions, s.pipes };
    memcpy(ret, &c, size);
    return STATUS_SUCCESS;
}
