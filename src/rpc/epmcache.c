// SPDX-License-Identifier: Apache-2.0
/* What endpoint mappers have said, kept for a while, and ports that the caller knows better. One object may
 * serve any number of connections in any threads. */
#include <pthread.h>
#include <stdlib.h>
#include <strings.h>
#include "rpc/m_route.h"

#define NS_PER_S      UINT64_C(1000000000)
#define DEFAULT_AGE_S 300

struct entry {
    struct entry *next; /* youngest first */
    struct rpc_epm_key key;
    char *host;
    uint16_t port;
    bool pinned;
    uint64_t until; /* monotonic ns */
};

struct rpc_epm_cache {
    atomic_uint refs;
    pthread_mutex_t lock; /* of all that follows; never held while anything is sent */
    uint64_t age;
    struct entry *entries;
    unsigned n;
};

enum nt_status rpc_epm_cache_new(unsigned max_age_s, struct rpc_epm_cache **ret)
{
    struct rpc_epm_cache *c = calloc(1, sizeof *c);
    if (!c)
        return STATUS_NO_MEMORY;
    if (pthread_mutex_init(&c->lock, NULL) != 0) {
        free(c);
        return STATUS_NO_MEMORY;
    }
    atomic_init(&c->refs, 1);
    c->age = (max_age_s ? max_age_s : DEFAULT_AGE_S) * NS_PER_S;
    *ret = c;
    return STATUS_SUCCESS;
}

struct rpc_epm_cache *rpc_epm_cache_ref(struct rpc_epm_cache *c)
{
    if (c)
        atomic_fetch_add(&c->refs, 1);
    return c;
}

static void entry_free(struct entry *e)
{
    free(e->host);
    free(e);
}

void rpc_epm_cache_unref(struct rpc_epm_cache *c)
{
    if (!c || atomic_fetch_sub(&c->refs, 1) != 1)
        return;
    while (c->entries) {
        struct entry *e = c->entries;
        c->entries = e->next;
        entry_free(e);
    }
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* ---- under the lock ---- */

static bool same(const struct entry *e, const struct rpc_epm_key *k)
{
    return strcasecmp(e->host, k->host) == 0 && e->key.mapper == k->mapper &&
           rpc_syntax_equal(&e->key.iface, &k->iface) && e->key.has_object == k->has_object &&
           (!k->has_object || nt_guid_equal(&e->key.object, &k->object));
}

/* A port that the caller pinned holds for every mapper and object of the host. */
static bool pins(const struct entry *e, const struct rpc_epm_key *k)
{
    return e->pinned && strcasecmp(e->host, k->host) == 0 && rpc_syntax_equal(&e->key.iface, &k->iface);
}

static void remove_at(struct rpc_epm_cache *c, struct entry **p)
{
    struct entry *e = *p;
    *p = e->next;
    c->n--;
    entry_free(e);
}

static void remove_key(struct rpc_epm_cache *c, const struct rpc_epm_key *k, uint16_t port)
{
    for (struct entry **p = &c->entries; *p;)
        if (!(*p)->pinned && same(*p, k) && (port == 0 || (*p)->port == port))
            remove_at(c, p);
        else
            p = &(*p)->next;
}

/* Makes room by the oldest answer; pins stay. */
static bool make_room(struct rpc_epm_cache *c)
{
    struct entry **oldest = NULL;
    if (c->n < RPC_EPM_CACHE_MAX)
        return true;
    for (struct entry **p = &c->entries; *p; p = &(*p)->next)
        if (!(*p)->pinned)
            oldest = p;
    if (oldest)
        remove_at(c, oldest);
    return oldest != NULL;
}

/* ---- for the runtime ---- */

uint16_t rpc_epm_cache_find(struct rpc_epm_cache *c, const struct rpc_epm_key *k, uint64_t now,
                            bool *ret_pinned)
{
    uint16_t port = 0;
    *ret_pinned = false;
    pthread_mutex_lock(&c->lock);
    for (struct entry **p = &c->entries; *p && !*ret_pinned;) {
        struct entry *e = *p;
        if (pins(e, k)) {
            port = e->port;
            *ret_pinned = true;
        } else if (!e->pinned && e->until <= now) {
            remove_at(c, p);
            continue;
        } else if (!e->pinned && port == 0 && same(e, k)) {
            port = e->port;
        }
        p = &e->next;
    }
    pthread_mutex_unlock(&c->lock);
    return port;
}

static enum nt_status put(struct rpc_epm_cache *c, const struct rpc_epm_key *k, uint16_t port, uint64_t until,
                          bool pinned)
{
    struct entry *e = calloc(1, sizeof *e);
    if (e)
        e->host = strdup(k->host);
    if (!e || !e->host) {
        free(e);
        return STATUS_NO_MEMORY;
    }
    e->key = *k;
    e->key.host = NULL; /* the caller's */
    e->port = port;
    e->until = until;
    e->pinned = pinned;
    pthread_mutex_lock(&c->lock);
    if (pinned)
        for (struct entry **p = &c->entries; *p;)
            if (pins(*p, k))
                remove_at(c, p);
            else
                p = &(*p)->next;
    else
        remove_key(c, k, 0);
    bool room = make_room(c);
    if (room) {
        e->next = c->entries;
        c->entries = e;
        c->n++;
    }
    pthread_mutex_unlock(&c->lock);
    if (!room)
        entry_free(e);
    return room ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

void rpc_epm_cache_put(struct rpc_epm_cache *c, const struct rpc_epm_key *k, uint16_t port, uint64_t now)
{
    (void)put(c, k, port, now + c->age, false); /* else it is asked again */
}

void rpc_epm_cache_drop(struct rpc_epm_cache *c, const struct rpc_epm_key *k, uint16_t port)
{
    pthread_mutex_lock(&c->lock);
    remove_key(c, k, port);
    pthread_mutex_unlock(&c->lock);
}

/* ---- for users ---- */

enum nt_status rpc_epm_cache_pin(struct rpc_epm_cache *c, const char *host, const struct rpc_interface *i,
                                 uint16_t port)
{
    struct rpc_epm_key k = { .host = host, .iface = i->syntax };
    if (!host[0] || strlen(host) > RPC_HOST_MAX || port == 0)
        return STATUS_INVALID_PARAMETER;
    return put(c, &k, port, UINT64_MAX, true);
}

void rpc_epm_cache_forget(struct rpc_epm_cache *c, const char *host)
{
    pthread_mutex_lock(&c->lock);
    for (struct entry **p = &c->entries; *p;)
        if (!host || strcasecmp((*p)->host, host) == 0)
            remove_at(c, p);
        else
            p = &(*p)->next;
    pthread_mutex_unlock(&c->lock);
}
