// SPDX-License-Identifier: Apache-2.0
/* Pools: see rpc_pool.h for what they promise and m_pool.h for who does what. */
#include <stdlib.h>
#include "rpc/m_pool.h"

#define DEFAULT_CONNS      8
#define MOST_CONNS         64 /* the search for the least busy one looks at all of them */
#define DEFAULT_CALLS      16
#define DEFAULT_IDLE_MS    60000
#define DEFAULT_TIMEOUT_MS 30000

/* ---- what may be repeated ---- */

/* The transport ended, and nobody tampered with it. */
static bool transport_lost(enum nt_status st)
{
    return st == STATUS_CONNECTION_DISCONNECTED || st == STATUS_CONNECTION_RESET ||
           st == STATUS_CONNECTION_ABORTED || st == STATUS_PIPE_DISCONNECTED || st == STATUS_PIPE_BROKEN ||
           st == STATUS_PIPE_CLOSING || st == STATUS_NETWORK_NAME_DELETED ||
           st == STATUS_USER_SESSION_DELETED || st == STATUS_NETWORK_SESSION_EXPIRED;
}

bool rpc_pool_refused(enum nt_status st)
{
    return st == STATUS_CONNECTION_REFUSED || st == STATUS_HOST_UNREACHABLE ||
           st == STATUS_NETWORK_UNREACHABLE || st == STATUS_PIPE_NOT_AVAILABLE ||
           st == RPC_NT_SERVER_UNAVAILABLE || transport_lost(st);
}

/* Refusals before execution that another connection, or another moment, may not meet. */
static bool passing(enum nt_status st)
{
    return st == RPC_NT_SERVER_TOO_BUSY || st == RPC_NT_CALL_FAILED_DNE || st == RPC_NT_COMM_FAILURE ||
           st == RPC_NT_SERVER_UNAVAILABLE;
}

/* A call with IDL pipes has eaten what its caller's functions gave. */
bool rpc_pool_may_repeat(const struct rpc_op *op, enum nt_status st, bool not_run, bool alive)
{
    if (op->flags & RPC_OP_PIPES)
        return false;
    if (not_run)
        return passing(st) || (!alive && transport_lost(st));
    return (op->flags & RPC_OP_IDEMPOTENT) && !alive && transport_lost(st);
}

/* ---- connections ---- */

static void side_free(struct rpc_pool_side *s)
{
    rpc_pin_free(s->pin);
    free(s);
}

/* The oldest that nobody uses, where there are too many; the process's own is always remembered. */
static void forget_side(struct rpc_pool *p)
{
    struct rpc_pool_side **oldest = NULL, *s;
    unsigned n = 0;
    for (struct rpc_pool_side **at = &p->sides; *at; at = &(*at)->next, n++)
        if ((*at)->token && !(*at)->n && !(*at)->users)
            oldest = at;
    if (n <= RPC_POOL_SIDES || !oldest)
        return;
    s = *oldest;
    *oldest = s->next;
    side_free(s);
}

struct rpc_pool_side *rpc_pool_side(struct rpc_pool *p, uint64_t token)
{
    struct rpc_pool_side *s = p->sides;
    while (s && s->token != token)
        s = s->next;
    if (s || !(s = calloc(1, sizeof *s)))
        return s;
    forget_side(p);
    s->pool = p;
    s->token = token;
    s->next = p->sides;
    p->sides = s;
    return s;
}

struct rpc_options rpc_pool_next_options(const struct rpc_pool_side *s)
{
    struct rpc_options o = s->pool->o;
    const struct rpc_pin *pin = s->pool->pin ? s->pool->pin : s->pin;
    o.assoc_group = s->group;
    o.no_less = pin ? &pin->f : NULL;
    return o;
}

enum nt_status rpc_pool_note(struct rpc_pool_side *s, const struct rpc_conn *c)
{
    struct rpc_facts f = { .size = sizeof f };
    enum nt_status st = rpc_conn_facts(c, &f);
    if (st == STATUS_SUCCESS && !s->pool->pin && !s->pin)
        st = rpc_pin_new(&f, &s->pin);
    if (st != STATUS_SUCCESS)
        return st;
    s->group = f.assoc_group;
    s->pool->opened++;
    return STATUS_SUCCESS;
}

/* The server's side of the group ends with its last connection, and the handles with it. */
void rpc_pool_forget(struct rpc_pool_conn *x)
{
    struct rpc_pool_side *s = x->side;
    struct rpc_pool_conn **at = &s->conns;
    while (*at != x)
        at = &(*at)->next;
    *at = x->next;
    s->n--;
    s->no_more = false;
    bool any = false;
    for (const struct rpc_pool_conn *y = s->conns; y; y = y->next)
        any |= y->open && !y->lost;
    if (!any)
        s->group = 0;
}

/* ---- life ---- */

static bool keep(const char **s)
{
    char *d = *s ? strdup(*s) : NULL;
    bool ok = d || !*s;
    *s = d;
    return ok;
}

static enum nt_status take_options(struct rpc_pool *p, const struct rpc_options *o)
{
    p->o = (struct rpc_options)RPC_OPTIONS_INIT;
    if (o)
        memcpy(&p->o, o, o->size < sizeof p->o ? o->size : sizeof p->o);
    p->o.size = sizeof p->o;
    p->o.error = NULL;
    p->o.assoc_group = 0;
    p->o.lend = RPC_LEND_NEVER; /* its connections are of one group */
    p->loop = p->o.loop;
    if (p->loop ? p->o.session && npc_session_loop(p->o.session) != p->loop : p->o.session != NULL)
        return STATUS_INVALID_PARAMETER;
    p->timeout_ms = p->call_timeout_ms = p->o.timeout_ms ? p->o.timeout_ms : DEFAULT_TIMEOUT_MS;
    p->o.creds = sec_creds_ref(p->o.creds);
    if (p->o.schannel) {
        p->schannel = *p->o.schannel;
        p->o.schannel = &p->schannel;
    }
    p->o.cancel = nt_cancel_ref(p->o.cancel);
    if (p->o.epm_cache)
        rpc_epm_cache_ref(p->o.epm_cache);
    if (p->o.session)
        npc_session_ref(p->o.session);
    bool ok = keep(&p->o.provider); /* all of them, so that none is left to its owner */
    ok &= keep(&p->o.target);
    ok &= keep(&p->o.service);
    ok &= keep(&p->o.mux);
    const struct rpc_facts *no_less = p->o.no_less;
    p->o.no_less = NULL;
    if (ok && no_less)
        return rpc_pin_new(no_less, &p->pin);
    return ok ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

static void pool_free(struct rpc_pool *p)
{
    sec_creds_unref(p->o.creds);
    nt_cancel_unref(p->o.cancel);
    npc_session_unref(p->o.session);
    rpc_epm_cache_unref(p->o.epm_cache);
    nt_cancel_unref(p->cancel);
    free((char *)(uintptr_t)p->o.provider);
    free((char *)(uintptr_t)p->o.target);
    free((char *)(uintptr_t)p->o.service);
    free((char *)(uintptr_t)p->o.mux);
    while (p->sides) {
        struct rpc_pool_side *side = p->sides;
        p->sides = side->next;
        side_free(side);
    }
    nt_wipe(&p->schannel, sizeof p->schannel);
    rpc_pin_free(p->pin);
    rpc_binding_unref(p->binding);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void rpc_pool_unref(struct rpc_pool *p)
{
    if (--p->refs == 0)
        pool_free(p);
}

static bool sane(struct rpc_pool_options *p, const struct rpc_pool_options *from)
{
    *p = (struct rpc_pool_options)RPC_POOL_OPTIONS_INIT;
    if (from)
        memcpy(p, from, from->size < sizeof *p ? from->size : sizeof *p);
    p->max_conns = p->max_conns ? p->max_conns : DEFAULT_CONNS;
    p->calls_per_conn = p->calls_per_conn ? p->calls_per_conn : DEFAULT_CALLS;
    p->idle_ms = p->idle_ms ? p->idle_ms : DEFAULT_IDLE_MS;
    return p->max_conns <= MOST_CONNS;
}

enum nt_status rpc_pool_new(const struct rpc_binding *b, const struct rpc_interface *i,
                            const struct rpc_options *o, const struct rpc_pool_options *options,
                            struct rpc_pool **ret)
{
    struct rpc_pool_options po;
    if (!sane(&po, options))
        return STATUS_INVALID_PARAMETER;
    struct rpc_pool *p = calloc(1, sizeof *p);
    if (!p)
        return STATUS_NO_MEMORY;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC); /* as loops count */
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, &attr);
    pthread_condattr_destroy(&attr);
    p->refs = 1;
    p->p = po;
    p->iface = i;
    p->binding = rpc_binding_ref((struct rpc_binding *)(uintptr_t)b);
    enum nt_status st = take_options(p, o);
    if (st != STATUS_SUCCESS) {
        if (st == STATUS_INVALID_PARAMETER) /* nothing has been referenced yet */
            p->o = (struct rpc_options)RPC_OPTIONS_INIT;
        pool_free(p);
        return st;
    }
    *ret = p;
    return STATUS_SUCCESS;
}

static void close_taken_out(struct rpc_pool_side *s)
{
    while (s->conns) {
        struct rpc_pool_conn *x = s->conns;
        s->conns = x->next;
        rpc_close(x->c);
        free(x);
    }
}

void rpc_pool_close(struct rpc_pool *p)
{
    if (!p || p->closed)
        return;
    p->closed = true;
    if (p->loop)
        rpc_pool_loop_close(p);
    for (struct rpc_pool_side *s = p->sides; s && !p->loop; s = s->next)
        close_taken_out(s);
    rpc_pool_unref(p);
}

enum nt_status rpc_pool_stats(struct rpc_pool *p, struct rpc_pool_stats *ret)
{
    struct rpc_pool_stats s = { .size = ret->size };
    if (ret->size < sizeof ret->size)
        return STATUS_INVALID_PARAMETER;
    pthread_mutex_lock(&p->lock);
    for (const struct rpc_pool_side *side = p->sides; side; side = side->next) {
        for (const struct rpc_pool_conn *x = side->conns; x; x = x->next) {
            s.conns += x->open && !x->lost;
            s.idle += x->open && !x->lost && !x->taken && !x->calls;
        }
        if (side->token == npc_mux_token())
            s.assoc_group = side->group;
    }
    s.calls = p->calls;
    s.opened = p->opened;
    s.repeated = p->repeated;
    pthread_mutex_unlock(&p->lock);
    memcpy(ret, &s, ret->size < sizeof s ? ret->size : sizeof s);
    return STATUS_SUCCESS;
}
