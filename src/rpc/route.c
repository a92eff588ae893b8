// SPDX-License-Identifier: Apache-2.0
/*
 * Opening a connection where there is more than one way: "ncacn:host", by pipe or by TCP, and ports from a
 * cache that may be out of date. Each way is a connection of its own, tried after the one before has failed,
 * and only where that failure says that nobody is there: whatever a server that is there says is final. All
 * ways of one opening protect alike: the level, the provider and the host part of the principal are the same,
 * so that who stops one of them gains nothing (CVE-2024-43532).
 */
#include <stdio.h>
#include <stdlib.h>
#include <msrpc/npc_mux.h>
#include "rpc/m_pin.h"
#include "rpc/m_route.h"

#define NS_PER_MS          UINT64_C(1000000)
#define DEFAULT_TIMEOUT_MS 30000
#define MAPPER_PORT        135
#define TRIES_MAX          3 /* pipe, a cached port, the mapper's */

struct
try {
    struct rpc_binding *b;
    enum sec_level level;
    bool encrypt;    /* the SMB session has to be encrypted */
    bool cached;     /* its port is what the cache has */
    bool remembered; /* its port goes into the cache */
};

struct plan {
    struct try tries[TRIES_MAX];
    unsigned n, k;
    struct rpc_epm_cache *cache;
    struct rpc_epm_key key; /* host: the binding's */
    struct nt_error first;  /* why the way before did not lead there */
};

static bool one_way(const struct rpc_binding *b, const struct rpc_options *o)
{
    if (b->protseq == RPC_ANY)
        return false;
    return b->protseq != RPC_TCP || b->endpoint || (!o->epm_cache && !o->no_mapper);
}

static void plan_done(struct plan *p)
{
    for (unsigned i = 0; i < p->n; i++)
        rpc_binding_unref(p->tries[i].b);
    rpc_epm_cache_unref(p->cache);
}

static struct try *add_try(struct plan *p, const struct rpc_binding *b, enum rpc_protseq protseq,
                           const char *endpoint)
{
    struct try *t = &p->tries[p->n];
    *t = (struct try){ .b = rpc_binding_with(b, protseq, endpoint) };
    if (!t->b)
        return NULL;
    p->n++;
    return t;
}

/* By TCP: a pinned port and no other; a cached one, then the mapper's; the mapper's. */
static enum nt_status add_tcp(struct plan *p, const struct rpc_binding *b, const struct rpc_options *o,
                              enum sec_level level, uint64_t now)
{
    bool pinned = false;
    uint16_t port = p->cache ? rpc_epm_cache_find(p->cache, &p->key, now, &pinned) : 0;
    if (port) {
        char text[8];
        snprintf(text, sizeof text, "%u", port);
        struct try *t = add_try(p, b, RPC_TCP, text);
        if (!t)
            return STATUS_NO_MEMORY;
        t->level = level;
        t->cached = !pinned;
    }
    if (pinned || o->no_mapper)
        return STATUS_SUCCESS;
    struct try *t = add_try(p, b, RPC_TCP, NULL);
    if (!t)
        return STATUS_NO_MEMORY;
    t->level = level;
    t->remembered = p->cache != NULL;
    return STATUS_SUCCESS;
}

/* By pipe. Where no level is asked for, TCP has privacy; so the session has to be encrypted, or, where the
 * caller brings one that is not, RPC does it. */
static enum nt_status add_pipe(struct plan *p, const struct rpc_binding *b, const struct rpc_options *o,
                               enum sec_level level)
{
    struct npc_facts f = { .size = sizeof f };
    struct try *t = add_try(p, b, RPC_NP, NULL);
    if (!t)
        return STATUS_NO_MEMORY;
    t->level = level;
    if (level != SEC_LEVEL_DEFAULT || o->provider || b->provider)
        return STATUS_SUCCESS;
    if (!o->session)
        t->encrypt = true;
    else if (npc_session_facts(o->session, &f) != STATUS_SUCCESS || !f.encrypted)
        t->level = SEC_LEVEL_PRIVACY;
    return STATUS_SUCCESS;
}

static enum nt_status plan_any(struct plan *p, const struct rpc_binding *b, const struct rpc_interface *i,
                               const struct rpc_options *o, uint64_t now)
{
    char buf[RPC_ENDPOINT_MAX + 1];
    enum sec_level level = o->level ? o->level : b->level;
    /* without protection of its own RPC is still protected on a pipe: TCP would be less */
    bool weak = level == SEC_LEVEL_NONE || level == SEC_LEVEL_CONNECT;
    bool pipe =
        o->route != RPC_ROUTE_TCP && rpc_default_endpoint(i, RPC_NP, buf, sizeof buf) == STATUS_SUCCESS;
    bool tcp_first = o->route == RPC_ROUTE_TCP_FIRST || o->route == RPC_ROUTE_TCP;
    bool tcp = tcp_first || (o->route == RPC_ROUTE_PIPE_FIRST && !weak);
    enum nt_status st = STATUS_SUCCESS;
    if (tcp && tcp_first)
        st = add_tcp(p, b, o, level, now);
    if (pipe && st == STATUS_SUCCESS)
        st = add_pipe(p, b, o, level);
    if (tcp && !tcp_first && st == STATUS_SUCCESS)
        st = add_tcp(p, b, o, level, now);
    return st;
}

static enum nt_status plan_make(struct plan *p, const struct rpc_binding *b, const struct rpc_interface *i,
                                const struct rpc_options *o, uint64_t now)
{
    *p = (struct plan){ .cache = rpc_epm_cache_ref(o->epm_cache),
                        .key = { .host = b->host,
                                 .mapper = o->tcp_port ? o->tcp_port : MAPPER_PORT,
                                 .iface = i->syntax,
                                 .has_object = b->has_object,
                                 .object = b->object } };
    enum nt_status st =
        b->protseq == RPC_ANY ? plan_any(p, b, i, o, now) : add_tcp(p, b, o, SEC_LEVEL_DEFAULT, now);
    if (st != STATUS_SUCCESS)
        nt_error_set(o->error, st, "out of memory");
    else if (p->n == 0)
        st = nt_error_set(
            o->error, RPC_NT_NO_ENDPOINT_FOUND,
            "%s has no endpoint at %s that may be used: no port is pinned for it, and the %s", i->name,
            b->host, o->no_mapper ? "endpoint mapper is not to be asked" : "way that was asked for has none");
    if (st != STATUS_SUCCESS)
        plan_done(p);
    return st;
}

/* The service has moved. */
static bool is_stale(enum nt_status st)
{
    return st == STATUS_CONNECTION_REFUSED || st == RPC_NT_UNKNOWN_IF;
}

/* Nobody there by this way. Not: refused by somebody, cut off in the middle, or found too weak. */
static bool nobody_there(enum nt_status st)
{
    switch (st) {
    case STATUS_CONNECTION_REFUSED:
    case STATUS_IO_TIMEOUT:
    case STATUS_OBJECT_NAME_NOT_FOUND:
    case STATUS_PIPE_NOT_AVAILABLE:
    case EPT_NT_NOT_REGISTERED:
    case EPT_NT_CANT_PERFORM_OP:
    case RPC_NT_NO_ENDPOINT_FOUND:
    case RPC_NT_UNKNOWN_IF:
        return true;
    default:
        return false;
    }
}

static bool other_way(const struct plan *p, unsigned k)
{
    return k < p->n && p->tries[k].b->protseq != p->tries[p->k].b->protseq;
}

/* Goes on after a failure; false: that was it. */
static bool plan_next(struct plan *p, enum nt_status st, const struct nt_error *err)
{
    const struct try *t = &p->tries[p->k];
    unsigned k = p->k + 1;
    if (t->cached && is_stale(st))
        rpc_epm_cache_drop(p->cache, &p->key, rpc_parse_port(t->b->endpoint));
    bool again = t->cached && is_stale(st) && k < p->n && !other_way(p, k);
    if (!again)
        while (k < p->n && !other_way(p, k))
            k++;
    if (!again && (k == p->n || !nobody_there(st)))
        return false;
    if (!again)
        p->first = *err;
    p->k = k;
    return true;
}

static void plan_succeeded(struct plan *p, const struct rpc_conn *c, uint64_t now)
{
    if (p->tries[p->k].remembered)
        rpc_epm_cache_put(p->cache, &p->key, rpc_parse_port(c->endpoint), now);
}

/* The last failure, and what was before. */
static void tell_both(const struct plan *p, enum nt_status st, const struct nt_error *last,
                      struct nt_error *ret)
{
    if (!ret)
        return;
    if (p->first.text[0])
        nt_error_set(ret, st, "%.280s; before that: %.200s", last->text, p->first.text);
    else
        *ret = *last;
}

/* The caller's options as this try needs them; npc is room. Another way that may follow gets half the time.
 */
static void options_for(const struct plan *p, const struct rpc_options *o, uint64_t left,
                        struct rpc_options *ret, struct npc_options *npc)
{
    const struct try *t = &p->tries[p->k];
    bool more = false;
    for (unsigned k = p->k + 1; k < p->n; k++)
        more = more || other_way(p, k);
    *ret = *o;
    ret->epm_cache = NULL;
    ret->no_mapper = false;
    if (t->level)
        ret->level = t->level;
    if (t->b->protseq != RPC_NP)
        ret->session = NULL;
    if (t->encrypt) {
        *npc = (struct npc_options)NPC_OPTIONS_INIT;
        if (o->npc)
            memcpy(npc, o->npc, o->npc->size < sizeof *npc ? o->npc->size : sizeof *npc);
        npc->size = sizeof *npc;
        if (npc->protection == NPC_PROTECT_DEFAULT) /* who asked for signing alone has that */
            npc->protection = NPC_PROTECT_ENCRYPT;
        ret->npc = npc;
    }
    ret->timeout_ms = (unsigned)(left / NS_PER_MS / (more ? 2 : 1)) + 1;
}

static uint64_t time_of(const struct rpc_options *o)
{
    return (o->timeout_ms ? o->timeout_ms : DEFAULT_TIMEOUT_MS) * NS_PER_MS;
}

/* A connection's calls have the caller's time limit, not what was left of it. */
static void restore_timeout(struct rpc_conn *c, const struct rpc_options *o)
{
    c->timeout_ms = c->call_timeout_ms = o->timeout_ms ? o->timeout_ms : DEFAULT_TIMEOUT_MS;
}

/* ---- synchronous ---- */

enum nt_status rpc_open(const struct rpc_binding *b, const struct rpc_interface *i,
                        const struct rpc_options *options, struct rpc_conn **ret)
{
    struct rpc_options o = rpc_options_of(options), now;
    struct nt_error *error = o.error, err = { "" };
    struct npc_options npc;
    struct plan p;
    if (one_way(b, &o))
        return rpc_open_now(b, i, &o, ret);
    const struct nt_env *env = o.env ? o.env : nt_env_system();
    uint64_t start = env->monotonic(env->arg), until = start + time_of(&o);
    enum nt_status st = plan_make(&p, b, i, &o, start);
    if (st != STATUS_SUCCESS)
        return st;
    o.error = &err;
    do {
        uint64_t t = env->monotonic(env->arg);
        options_for(&p, &o, until > t ? until - t : 0, &now, &npc);
        st = rpc_open_now(p.tries[p.k].b, i, &now, ret);
    } while (st != STATUS_SUCCESS && plan_next(&p, st, &err));
    if (st == STATUS_SUCCESS) {
        plan_succeeded(&p, *ret, env->monotonic(env->arg));
        restore_timeout(*ret, &o);
    } else {
        tell_both(&p, st, &err, error);
    }
    plan_done(&p);
    return st;
}

/* ---- asynchronous ---- */

struct opening {
    struct plan p;
    const struct rpc_interface *i;
    struct rpc_binding *b;
    struct rpc_options o; /* with copies of all that is only lent for the start */
    struct npc_options npc;
    struct sec_creds *npc_creds;
    enum npc_cipher ciphers[8];
    enum npc_signing_alg signing[8];
    struct sec_schannel_key schannel;
    uint8_t bindings[SEC_BINDINGS_MAX];
    struct rpc_pin *no_less;
    char *strings[6];
    uint64_t until;
    uint64_t token; /* of the thread that began it */
    struct nt_error err, *user_error;
    rpc_open_fn *done;
    void *arg;
};

static const char *keep(struct opening *x, int slot, const char *s, bool *ok)
{
    x->strings[slot] = s ? strdup(s) : NULL;
    *ok = *ok && (!s || x->strings[slot]);
    return x->strings[slot];
}

/* Lists longer than any that makes sense are cut: npc would find doubles in them. */
static void keep_npc(struct opening *x, const struct npc_options *npc, bool *ok)
{
    x->npc = (struct npc_options)NPC_OPTIONS_INIT;
    memcpy(&x->npc, npc, npc->size < sizeof x->npc ? npc->size : sizeof x->npc);
    x->npc.size = sizeof x->npc;
    x->npc_creds = sec_creds_ref(x->npc.creds);
    x->npc.target = keep(x, 3, x->npc.target, ok);
    x->npc.mux = keep(x, 4, x->npc.mux, ok);
    size_t n = 0;
    for (; x->npc.ciphers && n < 7 && x->npc.ciphers[n] != NPC_CIPHER_NONE; n++)
        x->ciphers[n] = x->npc.ciphers[n];
    x->ciphers[n] = NPC_CIPHER_NONE;
    if (x->npc.ciphers)
        x->npc.ciphers = x->ciphers;
    if (x->npc.n_signing > 8)
        x->npc.n_signing = 8;
    for (n = 0; x->npc.signing && n < x->npc.n_signing; n++)
        x->signing[n] = x->npc.signing[n];
    if (x->npc.signing)
        x->npc.signing = x->signing;
    x->o.npc = &x->npc;
}

/* What a channel is bound to, and the key of a secure channel. */
static void keep_secrets(struct opening *x, const struct rpc_options *o)
{
    if (o->schannel) {
        x->schannel = *o->schannel;
        x->o.schannel = &x->schannel;
    }
    if (o->channel_bindings && o->channel_bindings_len <= sizeof x->bindings) {
        memcpy(x->bindings, o->channel_bindings, o->channel_bindings_len);
        x->o.channel_bindings = x->bindings;
    }
}

static void opening_free(struct opening *x)
{
    nt_wipe(&x->schannel, sizeof x->schannel);
    rpc_pin_free(x->no_less);
    for (size_t i = 0; i < sizeof x->strings / sizeof x->strings[0]; i++)
        free(x->strings[i]);
    plan_done(&x->p);
    sec_creds_unref(x->o.creds);
    sec_creds_unref(x->npc_creds);
    npc_session_unref(x->o.session);
    nt_cancel_unref(x->o.cancel);
    rpc_binding_unref(x->b);
    free(x);
}

static void opened(void *arg, enum nt_status st, struct rpc_conn *c);

/* Starts the try that is due, and others if that fails at once. */
static enum nt_status opening_go(struct opening *x)
{
    struct rpc_options now;
    struct npc_options npc;
    struct rpc_conn *c;
    enum nt_status st;
    do {
        uint64_t t = io_loop_now(x->o.loop);
        options_for(&x->p, &x->o, x->until > t ? x->until - t : 0, &now, &npc);
        uint64_t token = npc_mux_token();
        npc_impersonate(x->token);
        st = rpc_open_start(x->p.tries[x->p.k].b, x->i, &now, opened, x, &c);
        npc_impersonate(token);
    } while (st != STATUS_SUCCESS && plan_next(&x->p, st, &x->err));
    return st;
}

static void opened(void *arg, enum nt_status st, struct rpc_conn *c)
{
    struct opening *x = arg;
    if (st != STATUS_SUCCESS && plan_next(&x->p, st, &x->err)) {
        st = opening_go(x);
        if (st == STATUS_SUCCESS)
            return;
    }
    if (c) {
        plan_succeeded(&x->p, c, io_loop_now(x->o.loop));
        restore_timeout(c, &x->o);
    } else {
        tell_both(&x->p, st, &x->err, x->user_error);
    }
    rpc_open_fn *done = x->done;
    void *user = x->arg;
    opening_free(x);
    done(user, st, c);
}

static enum nt_status opening_new(const struct rpc_binding *b, const struct rpc_interface *i,
                                  const struct rpc_options *o, struct opening **ret)
{
    bool ok = true;
    struct opening *x = calloc(1, sizeof *x);
    if (!x)
        return nt_error_set(o->error, STATUS_NO_MEMORY, "out of memory");
    uint64_t now = io_loop_now(o->loop);
    enum nt_status st =
        o->channel_bindings && o->channel_bindings_len > SEC_BINDINGS_MAX
            ? nt_error_set(o->error, STATUS_INVALID_PARAMETER, "the channel bindings are too long")
            : plan_make(&x->p, b, i, o, now);
    if (st != STATUS_SUCCESS) {
        free(x);
        return st;
    }
    x->b = rpc_binding_ref((struct rpc_binding *)(uintptr_t)b); /* its host is in the plan */
    x->i = i;
    x->o = *o;
    x->until = now + time_of(o);
    x->token = npc_mux_token();
    x->user_error = o->error;
    x->o.error = &x->err;
    x->o.epm_cache = NULL; /* the plan has it */
    x->o.creds = sec_creds_ref(o->creds);
    x->o.session = o->session ? npc_session_ref(o->session) : NULL;
    x->o.cancel = nt_cancel_ref(o->cancel);
    x->o.provider = keep(x, 0, o->provider, &ok);
    x->o.target = keep(x, 1, o->target, &ok);
    x->o.service = keep(x, 2, o->service, &ok);
    x->o.mux = keep(x, 5, o->mux, &ok);
    if (o->npc)
        keep_npc(x, o->npc, &ok);
    keep_secrets(x, o);
    if (o->no_less && rpc_pin_new(o->no_less, &x->no_less) != STATUS_SUCCESS)
        ok = false;
    else if (o->no_less)
        x->o.no_less = &x->no_less->f;
    if (!ok) {
        opening_free(x);
        return nt_error_set(o->error, STATUS_NO_MEMORY, "out of memory");
    }
    *ret = x;
    return STATUS_SUCCESS;
}

enum nt_status rpc_open_send(const struct rpc_binding *b, const struct rpc_interface *i,
                             const struct rpc_options *options, rpc_open_fn *done, void *arg)
{
    struct rpc_options o = rpc_options_of(options);
    struct rpc_conn *c;
    struct opening *x;
    if (!o.loop && o.session)
        o.loop = npc_session_loop(o.session);
    if (one_way(b, &o) || !o.loop)
        return rpc_open_start(b, i, &o, done, arg, &c);
    enum nt_status st = opening_new(b, i, &o, &x);
    if (st != STATUS_SUCCESS)
        return st;
    x->done = done;
    x->arg = arg;
    st = opening_go(x);
    if (st != STATUS_SUCCESS) {
        tell_both(&x->p, st, &x->err, o.error);
        opening_free(x);
    }
    return st;
}
