// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>
#include <msrpc/unistr.h>
#include "npc/mux.h"

/* ---- frames ---- */

size_t mux_length(const uint8_t p[4])
{
    uint32_t n = le32(p);
    return n >= MUX_HDR && n <= MUX_MAX ? n : 0;
}

enum nt_status mux_get_hdr(const uint8_t p[MUX_HDR], struct mux_hdr *ret)
{
    struct mux_hdr h = { le32(p), le16(p + 4), le32(p + 8), (enum nt_status)le32(p + 12) };
    if (le16(p + 6) != 0 || le32(p + 16) != 0 || h.id == 0)
        return STATUS_INVALID_PARAMETER;
    *ret = h;
    return STATUS_SUCCESS;
}

void mux_begin(struct wr *w, unsigned type, uint32_t id, enum nt_status status)
{
    wr_init(w, MUX_MAX);
    wr_u32(w, 0);
    wr_u16(w, (uint16_t)type);
    wr_u16(w, 0);
    wr_u32(w, id);
    wr_u32(w, (uint32_t)status);
    wr_u32(w, 0);
}

void mux_end(struct wr *w)
{
    wr_fill_u32(w, 0, (uint32_t)w->len);
}

/* ---- fields ---- */

void mux_put_str(struct wr *w, const char *s)
{
    size_t n = s ? strlen(s) : 0;
    if (n > UINT16_MAX) {
        wr_fail(w, STATUS_INVALID_PARAMETER);
        return;
    }
    wr_u16(w, (uint16_t)n);
    wr_bytes(w, s, n);
}

void mux_put_blob(struct wr *w, const void *p, size_t n)
{
    wr_u32(w, (uint32_t)n);
    wr_bytes(w, p, n);
}

void mux_get_str(struct rd *r, char *ret, size_t size)
{
    size_t n = rd_u16(r), bad, units;
    ret[0] = '\0';
    if (n >= size) {
        rd_fail(r, STATUS_INVALID_PARAMETER);
        return;
    }
    const uint8_t *p = rd_bytes(r, n);
    if (!p)
        return;
    if (memchr(p, '\0', n) || ustr_utf16_size((const char *)p, n, &bad, &units) != STATUS_SUCCESS) {
        rd_fail(r, STATUS_INVALID_PARAMETER);
        return;
    }
    memcpy(ret, p, n);
    ret[n] = '\0';
}

struct nt_blob mux_get_blob(struct rd *r, size_t max)
{
    size_t n = rd_u32(r);
    if (n > max)
        rd_fail(r, STATUS_INVALID_PARAMETER);
    const uint8_t *p = rd_bytes(r, n);
    return p ? (struct nt_blob){ p, n } : (struct nt_blob){ NULL, 0 };
}

enum nt_status mux_done(const struct rd *r)
{
    return r->st == STATUS_SUCCESS && rd_left(r) == 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

/* ---- bodies ---- */

void mux_our_hello(struct mux_hello *ret)
{
    const char *name = program_invocation_short_name;
    *ret = (struct mux_hello){ .least = MUX_VERSION, .greatest = MUX_VERSION };
    for (size_t i = 0; name[i] && i < sizeof ret->program - 1; i++)
        ret->program[i] = name[i] >= ' ' && name[i] < 0x7f ? name[i] : '?';
}

void mux_put_hello(struct wr *w, const struct mux_hello *h)
{
    wr_u32(w, MUX_MAGIC);
    wr_u16(w, h->least);
    wr_u16(w, h->greatest);
    mux_put_str(w, h->program);
}

enum nt_status mux_get_hello(struct rd *r, struct mux_hello *ret)
{
    struct mux_hello h = { 0 };
    bool ours = rd_u32(r) == MUX_MAGIC;
    h.least = rd_u16(r);
    h.greatest = rd_u16(r);
    mux_get_str(r, h.program, sizeof h.program);
    /* A later version may say more here; what it is called has to be read by all. */
    if (!ours || r->st != STATUS_SUCCESS || h.least > h.greatest)
        return STATUS_INVALID_PARAMETER;
    *ret = h;
    return STATUS_SUCCESS;
}

void mux_put_welcome(struct wr *w, const struct mux_welcome *h)
{
    wr_u16(w, h->version);
    wr_u32(w, h->longest);
    wr_u64(w, h->instance);
    wr_u32(w, h->uid);
}

enum nt_status mux_get_welcome(struct rd *r, struct mux_welcome *ret)
{
    struct mux_welcome h;
    h.version = rd_u16(r);
    h.longest = rd_u32(r);
    h.instance = rd_u64(r);
    h.uid = rd_u32(r);
    enum nt_status st = mux_done(r);
    if (st == STATUS_SUCCESS)
        *ret = h;
    return st;
}

void mux_put_auth(struct wr *w, const struct mux_auth *a)
{
    wr_u64(w, a->token);
    mux_put_str(w, a->pattern);
    wr_u8(w, a->kind);
    mux_put_str(w, a->domain);
    mux_put_str(w, a->user);
    mux_put_str(w, a->name);
    mux_put_blob(w, a->secret.data, a->secret.len);
    wr_u32(w, a->lifetime);
}

enum nt_status mux_get_auth(struct rd *r, struct mux_auth *ret)
{
    ret->token = rd_u64(r);
    mux_get_str(r, ret->pattern, sizeof ret->pattern);
    ret->kind = rd_u8(r);
    mux_get_str(r, ret->domain, sizeof ret->domain);
    mux_get_str(r, ret->user, sizeof ret->user);
    mux_get_str(r, ret->name, sizeof ret->name);
    ret->secret = mux_get_blob(r, MUX_SECRET);
    ret->lifetime = rd_u32(r);
    if (ret->kind < MUX_PASSWORD || ret->kind > MUX_ANONYMOUS)
        return STATUS_INVALID_PARAMETER;
    return mux_done(r);
}

#define ALLOW_UNSIGNED 1u
#define WANTS_KEYS     2u

static void put_guid(struct wr *w, const struct nt_guid *g)
{
    wr_u32(w, g->a);
    wr_u16(w, g->b);
    wr_u16(w, g->c);
    wr_bytes(w, g->d, sizeof g->d);
}

static void get_guid(struct rd *r, struct nt_guid *ret)
{
    ret->a = rd_u32(r);
    ret->b = rd_u16(r);
    ret->c = rd_u16(r);
    rd_copy(r, ret->d, sizeof ret->d);
}

void mux_put_connect(struct wr *w, const struct mux_connect *c)
{
    wr_u8(w, c->mode);
    wr_u8(w, c->protection);
    wr_u32(w, (c->allow_unsigned ? ALLOW_UNSIGNED : 0) | (c->keys ? WANTS_KEYS : 0));
    wr_u16(w, c->port);
    wr_u16(w, c->least);
    wr_u16(w, c->greatest);
    wr_u32(w, c->timeout_ms);
    wr_u64(w, c->token);
    put_guid(w, &c->iface.uuid);
    wr_u16(w, c->iface.major);
    wr_u16(w, c->iface.minor);
    mux_put_str(w, c->server);
    mux_put_str(w, c->target);
    mux_put_str(w, c->pipe);
}

enum nt_status mux_get_connect(struct rd *r, struct mux_connect *ret)
{
    ret->mode = rd_u8(r);
    ret->protection = rd_u8(r);
    uint32_t options = rd_u32(r);
    ret->allow_unsigned = options & ALLOW_UNSIGNED;
    ret->keys = options & WANTS_KEYS;
    ret->port = rd_u16(r);
    ret->least = rd_u16(r);
    ret->greatest = rd_u16(r);
    ret->timeout_ms = rd_u32(r);
    ret->token = rd_u64(r);
    get_guid(r, &ret->iface.uuid);
    ret->iface.major = rd_u16(r);
    ret->iface.minor = rd_u16(r);
    mux_get_str(r, ret->server, sizeof ret->server);
    mux_get_str(r, ret->target, sizeof ret->target);
    mux_get_str(r, ret->pipe, sizeof ret->pipe);
    if (ret->mode > MUX_PDU || options & ~(ALLOW_UNSIGNED | WANTS_KEYS) ||
        ret->protection > NPC_PROTECT_ENCRYPT)
        return STATUS_INVALID_PARAMETER;
    return mux_done(r);
}

#define IS_SIGNED        0x01u
#define IS_ENCRYPTED     0x02u
#define IS_GUEST         0x04u
#define IS_ANONYMOUS     0x08u
#define REFUSED_TRANSACT 0x10u
#define IS_WARM          0x20u
#define IS_BOUND         0x40u

static uint8_t fact_bits(const struct mux_facts *m)
{
    const struct npc_facts *f = &m->f;
    return (uint8_t)((f->signed_ ? IS_SIGNED : 0) | (f->encrypted ? IS_ENCRYPTED : 0) |
                     (f->guest ? IS_GUEST : 0) | (f->anonymous ? IS_ANONYMOUS : 0) |
                     (f->transact_refused ? REFUSED_TRANSACT : 0) | (m->warm ? IS_WARM : 0) |
                     (m->bound ? IS_BOUND : 0));
}

void mux_put_facts(struct wr *w, const struct mux_facts *m, bool keys)
{
    const struct npc_facts *f = &m->f;
    wr_u64(w, m->pipe);
    wr_bytes(w, m->cookie, sizeof m->cookie);
    wr_u8(w, fact_bits(m));
    wr_u16(w, (uint16_t)f->dialect);
    wr_u16(w, (uint16_t)f->cipher);
    wr_u16(w, (uint16_t)f->signing);
    wr_u32(w, f->max_transact);
    wr_u32(w, f->max_read);
    wr_u32(w, f->max_write);
    wr_u16(w, (uint16_t)f->session_key_len);
    wr_u16(w, (uint16_t)f->application_key_len);
    put_guid(w, &f->server_guid);
    wr_u16(w, m->max_send);
    wr_u16(w, m->max_recv);
    wr_u32(w, m->assoc_group);
    mux_put_str(w, f->mech);
    mux_put_str(w, f->peer);
    mux_put_str(w, f->server);
    mux_put_str(w, f->principal);
    mux_put_blob(w, m->session_key, keys ? f->session_key_len : 0);
    mux_put_blob(w, m->application_key, keys ? f->application_key_len : 0);
}

static void get_key(struct rd *r, uint8_t key[MUX_KEY_MAX], unsigned len)
{
    struct nt_blob b = mux_get_blob(r, MUX_KEY_MAX);
    memset(key, 0, MUX_KEY_MAX);
    if (len > MUX_KEY_MAX || (b.len && b.len != len))
        rd_fail(r, STATUS_INVALID_PARAMETER);
    else if (b.len)
        memcpy(key, b.data, b.len);
}

static void take_bits(struct mux_facts *m, unsigned bits)
{
    m->f.signed_ = bits & IS_SIGNED;
    m->f.encrypted = bits & IS_ENCRYPTED;
    m->f.guest = bits & IS_GUEST;
    m->f.anonymous = bits & IS_ANONYMOUS;
    m->f.transact_refused = bits & REFUSED_TRANSACT;
    m->warm = bits & IS_WARM;
    m->bound = bits & IS_BOUND;
}

enum nt_status mux_get_facts(struct rd *r, struct mux_facts *ret)
{
    struct npc_facts *f = &ret->f;
    ret->pipe = rd_u64(r);
    rd_copy(r, ret->cookie, sizeof ret->cookie);
    take_bits(ret, rd_u8(r));
    f->dialect = (enum npc_dialect)rd_u16(r);
    f->cipher = (enum npc_cipher)rd_u16(r);
    f->signing = (enum npc_signing_alg)rd_u16(r);
    f->max_transact = rd_u32(r);
    f->max_read = rd_u32(r);
    f->max_write = rd_u32(r);
    f->session_key_len = rd_u16(r);
    f->application_key_len = rd_u16(r);
    get_guid(r, &f->server_guid);
    ret->max_send = rd_u16(r);
    ret->max_recv = rd_u16(r);
    ret->assoc_group = rd_u32(r);
    mux_get_str(r, ret->mech, sizeof ret->mech);
    mux_get_str(r, ret->peer, sizeof ret->peer);
    mux_get_str(r, ret->server, sizeof ret->server);
    mux_get_str(r, ret->principal, sizeof ret->principal);
    get_key(r, ret->session_key, f->session_key_len);
    get_key(r, ret->application_key, f->application_key_len);
    f->size = sizeof *f;
    f->mech = ret->mech;
    f->peer = ret->peer;
    f->server = ret->server;
    f->principal = ret->principal;
    f->muxer = true;
    f->warm = ret->warm;
    return mux_done(r);
}

void mux_put_query(struct wr *w, const struct mux_query *q)
{
    wr_u64(w, q->pipe);
    wr_bytes(w, q->cookie, sizeof q->cookie);
    wr_u8(w, q->what);
}

enum nt_status mux_get_query(struct rd *r, struct mux_query *ret)
{
    ret->pipe = rd_u64(r);
    rd_copy(r, ret->cookie, sizeof ret->cookie);
    ret->what = rd_u8(r);
    return mux_done(r);
}

/* ---- what there is ---- */

void mux_put_auth_entry(struct wr *w, const struct mux_auth_entry *e)
{
    wr_u32(w, e->uid);
    wr_u32(w, e->expires_in);
    wr_u64(w, e->token);
    wr_u8(w, e->kind);
    mux_put_str(w, e->pattern);
    mux_put_str(w, e->domain);
    mux_put_str(w, e->user);
}

void mux_get_auth_entry(struct rd *r, struct mux_auth_entry *ret)
{
    ret->uid = rd_u32(r);
    ret->expires_in = rd_u32(r);
    ret->token = rd_u64(r);
    ret->kind = rd_u8(r);
    mux_get_str(r, ret->pattern, sizeof ret->pattern);
    mux_get_str(r, ret->domain, sizeof ret->domain);
    mux_get_str(r, ret->user, sizeof ret->user);
}

void mux_put_conn_entry(struct wr *w, const struct mux_conn_entry *e)
{
    wr_u32(w, e->uid);
    wr_u32(w, e->pid);
    wr_u64(w, e->pipe);
    wr_u8(w, e->mode);
    wr_u32(w, e->users);
    wr_u64(w, e->bytes_in);
    wr_u64(w, e->bytes_out);
    wr_u32(w, e->age);
    wr_u32(w, e->idle);
    wr_u16(w, e->dialect);
    wr_u8(w, e->cipher);
    wr_u8(w, e->signed_);
    mux_put_str(w, e->server);
    mux_put_str(w, e->name);
    mux_put_str(w, e->user);
    mux_put_str(w, e->peer);
    mux_put_str(w, e->mech);
    mux_put_str(w, e->program);
}

void mux_get_conn_entry(struct rd *r, struct mux_conn_entry *ret)
{
    ret->uid = rd_u32(r);
    ret->pid = rd_u32(r);
    ret->pipe = rd_u64(r);
    ret->mode = rd_u8(r);
    ret->users = rd_u32(r);
    ret->bytes_in = rd_u64(r);
    ret->bytes_out = rd_u64(r);
    ret->age = rd_u32(r);
    ret->idle = rd_u32(r);
    ret->dialect = rd_u16(r);
    ret->cipher = rd_u8(r);
    ret->signed_ = rd_u8(r);
    mux_get_str(r, ret->server, sizeof ret->server);
    mux_get_str(r, ret->name, sizeof ret->name);
    mux_get_str(r, ret->user, sizeof ret->user);
    mux_get_str(r, ret->peer, sizeof ret->peer);
    mux_get_str(r, ret->mech, sizeof ret->mech);
    mux_get_str(r, ret->program, sizeof ret->program);
}

void mux_put_status(struct wr *w, const struct mux_status *s)
{
    wr_u64(w, s->uptime_s);
    wr_u64(w, s->accepted);
    wr_u64(w, s->refused);
    wr_u64(w, s->connects);
    wr_u64(w, s->warm);
    wr_u64(w, s->failed);
    wr_u64(w, s->bytes_in);
    wr_u64(w, s->bytes_out);
    wr_u64(w, s->lent);
    wr_u64(w, s->reused);
    wr_u32(w, s->conns);
    wr_u32(w, s->owners);
    wr_u32(w, s->sessions);
    wr_u32(w, s->pipes);
    wr_u32(w, s->pooled);
}

enum nt_status mux_get_status(struct rd *r, struct mux_status *ret)
{
    struct mux_status s;
    s.uptime_s = rd_u64(r);
    s.accepted = rd_u64(r);
    s.refused = rd_u64(r);
    s.connects = rd_u64(r);
    s.warm = rd_u64(r);
    s.failed = rd_u64(r);
    s.bytes_in = rd_u64(r);
    s.bytes_out = rd_u64(r);
    s.lent = rd_u64(r);
    s.reused = rd_u64(r);
    s.conns = rd_u32(r);
    s.owners = rd_u32(r);
    s.sessions = rd_u32(r);
    s.pipes = rd_u32(r);
    s.pooled = rd_u32(r);
    enum nt_status st = mux_done(r);
    if (st == STATUS_SUCCESS)
        *ret = s;
    return st;
}
