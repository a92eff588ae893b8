// SPDX-License-Identifier: Apache-2.0
/*
 * Association groups and the context handles in them ([C706] 6.1.6, [MS-RPCE] 3.3.1.5.6).
 *
 * A call holds the handles that its request names from before its handler runs until it has been answered.
 * One call at a time holds a handle, unless its type is shared; the others queue at it, holding nothing
 * meanwhile, so that two calls cannot wait for each other.
 */
#include <stdlib.h>
#include <string.h>
#include "rpc/m_server.h"

struct rpc_handle {
    struct rpc_handle *next;
    struct ndr_handle wire;
    const struct rpc_handle_type *type;
    void *object;
    struct rpc_server_call *user;        /* the one that has it for itself */
    struct rpc_server_call *head, *tail; /* who waits for it */
    unsigned holds;
    bool gone;     /* closed: in no list, freed when nobody holds it or waits */
    bool run_down; /* and then the object goes, too */
    char owner[];  /* authenticated name, "" for strangers */
};

static struct rpc_handle **bucket(struct rpc_group *g, const struct ndr_handle *h)
{
    return &g->handles[h->uuid.a % RPC_GROUP_BUCKETS]; /* ids are ours, and random */
}

/* ---- groups ---- */

static bool same_host(const struct rpc_group *g, const char *peer)
{
    size_t len = io_host_len(peer);
    return strlen(g->host) == len && memcmp(g->host, peer, len) == 0;
}

static struct rpc_group **groups_of(struct rpc_server *s, uint32_t id)
{
    return &s->groups[id % RPC_GROUP_TABLE]; /* ids are ours, and random */
}

static struct rpc_group *group_find(struct rpc_server *s, uint32_t id)
{
    struct rpc_group *g = *groups_of(s, id);
    while (g && g->id != id)
        g = g->next;
    return g;
}

/* One that nobody guesses: who knows a group's id may join it, if only from the same address. */
static enum nt_status new_id(struct rpc_server *s, uint32_t *ret)
{
    uint32_t id = 0;
    enum nt_status st = s->env->random(s->env->arg, &id, sizeof id);
    if (st != STATUS_SUCCESS)
        return st;
    while (id == 0 || group_find(s, id))
        id++; /* taken, once in a blue moon */
    *ret = id;
    return STATUS_SUCCESS;
}

struct rpc_group *rpc_group_get(struct rpc_server *s, uint32_t id, const char *peer, bool carried)
{
    if (id) {
        struct rpc_group *g = group_find(s, id);
        if (!g || g->carried != carried || !same_host(g, peer))
            return NULL;
        g->refs++;
        return g;
    }
    if (new_id(s, &id) != STATUS_SUCCESS)
        return NULL;
    struct rpc_group *g = calloc(1, sizeof *g), **b = groups_of(s, id);
    if (!g)
        return NULL;
    size_t len = io_host_len(peer);
    memcpy(g->host, peer, len < sizeof g->host ? len : sizeof g->host - 1);
    g->carried = carried;
    g->s = s;
    s->refs++;
    g->refs = 1;
    g->id = id;
    g->next = *b;
    *b = g;
    return g;
}

static void group_free(struct rpc_group *g)
{
    struct rpc_group **p = groups_of(g->s, g->id);
    while (*p != g)
        p = &(*p)->next;
    *p = g->next;
    for (unsigned i = 0; g->handles && i < RPC_GROUP_BUCKETS; i++)
        while (g->handles[i]) { /* held by nobody: calls hold the group */
            struct rpc_handle *h = g->handles[i];
            g->handles[i] = h->next;
            g->s->n_handles--;
            if (h->type->rundown)
                h->type->rundown(h->object);
            free(h);
        }
    rpc_server_unref(g->s);
    free(g->handles);
    free(g);
}

void rpc_group_unref(struct rpc_group *g)
{
    if (g && --g->refs == 0)
        group_free(g);
}

/* ---- handles ---- */

enum nt_status rpc_handle_new(struct rpc_server_call *call, const struct rpc_handle_type *type, void *object,
                              struct ndr_handle *ret)
{
    struct rpc_group *g = call->group;
    if (g->n_handles >= RPC_SERVER_HANDLES_MAX)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (!g->handles && !(g->handles = calloc(RPC_GROUP_BUCKETS, sizeof(struct rpc_handle *))))
        return STATUS_NO_MEMORY;
    size_t len = strlen(call->token->name) + 1;
    struct rpc_handle *h = calloc(1, sizeof *h + len);
    if (!h)
        return STATUS_NO_MEMORY;
    const struct nt_env *env = g->s->env;
    enum nt_status st = env->random(env->arg, &h->wire.uuid, sizeof h->wire.uuid);
    if (st != STATUS_SUCCESS) {
        free(h);
        return st;
    }
    h->wire.uuid.a |= 1; /* never the null handle */
    h->type = type;
    h->object = object;
    memcpy(h->owner, call->token->name, len);
    struct rpc_handle **b = bucket(g, &h->wire);
    h->next = *b;
    *b = h;
    g->n_handles++;
    g->s->n_handles++;
    *ret = h->wire;
    return STATUS_SUCCESS;
}

/* Where the handle hangs; NULL unless it is this caller's, too. */
static struct rpc_handle **find(const struct rpc_server_call *call, const struct ndr_handle *wire)
{
    if (!call->group->handles)
        return NULL;
    for (struct rpc_handle **p = bucket(call->group, wire); *p; p = &(*p)->next)
        if (nt_guid_equal(&(*p)->wire.uuid, &wire->uuid) && (*p)->wire.attributes == wire->attributes)
            return strcmp((*p)->owner, call->token->name) == 0 ? p : NULL;
    return NULL;
}

enum nt_status rpc_handle_get(const struct rpc_server_call *call, const struct ndr_handle *h,
                              const struct rpc_handle_type *type, void **ret_object)
{
    struct rpc_handle **p = find(call, h);
    if (!p || (*p)->type != type)
        return RPC_NT_SS_CONTEXT_MISMATCH;
    *ret_object = (*p)->object;
    return STATUS_SUCCESS;
}

static void free_if_unused(struct rpc_handle *h)
{
    if (!h->gone || h->holds || h->head)
        return;
    if (h->run_down && h->type->rundown)
        h->type->rundown(h->object);
    free(h);
}

static bool holds(const struct rpc_server_call *call, const struct rpc_handle *h)
{
    const struct rpc_hold *p = call->holds;
    while (p && p->h != h)
        p = p->next;
    return p != NULL;
}

enum nt_status rpc_handle_close(struct rpc_server_call *call, struct ndr_handle *h,
                                const struct rpc_handle_type *type, void **ret_object)
{
    struct rpc_handle **p = find(call, h), *gone;
    if (!p || (*p)->type != type)
        return RPC_NT_SS_CONTEXT_MISMATCH;
    if (ret_object && type->shared)
        return STATUS_INVALID_PARAMETER; /* others may be at it */
    if (ret_object && (*p)->holds > holds(call, *p))
        return STATUS_INVALID_DEVICE_STATE; /* a call inside of whose callback this one is goes on with it */
    gone = *p;
    *p = gone->next;
    if (ret_object)
        *ret_object = gone->object;
    gone->gone = true;
    gone->run_down = !ret_object;
    call->group->n_handles--;
    call->group->s->n_handles--;
    *h = (struct ndr_handle){ 0 };
    free_if_unused(gone);
    return STATUS_SUCCESS;
}

/* ---- who uses them ---- */

/* Who has it for itself lets a call pass that it waits for: one inside of a callback. */
static bool is_mine(const struct rpc_server_call *call, const struct rpc_handle *h)
{
    for (; call; call = call->outer)
        if (h->user == call || (!h->type->shared && holds(call, h)))
            return true;
    return false;
}

static bool is_free(const struct rpc_server_call *call, const struct rpc_handle *h,
                    const struct rpc_handle *my_turn)
{
    return h->type->shared || is_mine(call, h) || (!h->user && !h->holds && (!h->head || h == my_turn));
}

static void queue_at(struct rpc_handle *h, struct rpc_server_call *call)
{
    call->state = RPC_SCALL_WAITING;
    call->waits_for = h;
    call->wait_next = NULL;
    if (h->tail)
        h->tail->wait_next = call;
    else
        h->head = call;
    h->tail = call;
}

/* A handle that is nobody's, or another caller's, is left to the handler to refuse. */
static bool take(struct rpc_server_call *call, const struct rpc_handle *my_turn)
{
    for (uint32_t i = 0; i < call->named.n; i++) {
        struct rpc_handle **p = find(call, &call->named.h[i]);
        if (p && !is_free(call, *p, my_turn)) {
            queue_at(*p, call);
            return false;
        }
    }
    for (uint32_t i = 0; i < call->named.n; i++) {
        struct rpc_handle **p = find(call, &call->named.h[i]);
        if (!p || holds(call, *p))
            continue;
        bool lent = is_mine(call->outer, *p); /* by the call around it, which may end first */
        struct rpc_hold *hold = &call->hold_mem[call->n_holds++];
        *hold = (struct rpc_hold){ call->holds, *p };
        call->holds = hold;
        (*p)->holds++;
        if (!(*p)->type->shared && !lent)
            (*p)->user = call;
    }
    return true;
}

bool rpc_handles_take(struct rpc_server_call *call)
{
    if (!call->named.n || call->n_holds) /* it may have been given them while it waited */
        return true;
    return take(call, NULL);
}

/* The first in the queue that gets all it wants runs next; one that lacks another handle queues there. */
static void wake(struct rpc_handle *h)
{
    while (h->head && !h->user && !h->holds) {
        struct rpc_server_call *call = h->head;
        h->head = call->wait_next;
        if (!h->head)
            h->tail = NULL;
        call->waits_for = NULL;
        if (!take(call, h))
            continue;
        call->state = RPC_SCALL_READY;
        rpc_sconn_look(call->c);
        if (h->gone)
            continue; /* nobody finds it any more: all that wait go on */
    }
}

static void leave_queue(struct rpc_server_call *call)
{
    struct rpc_handle *h = call->waits_for;
    struct rpc_server_call *prev = NULL;
    for (struct rpc_server_call *p = h->head; p != call; p = p->wait_next)
        prev = p;
    if (prev)
        prev->wait_next = call->wait_next;
    else
        h->head = call->wait_next;
    if (h->tail == call)
        h->tail = prev;
    call->waits_for = NULL;
}

void rpc_handles_drop(struct rpc_server_call *call)
{
    if (call->waits_for) {
        struct rpc_handle *h = call->waits_for;
        leave_queue(call);
        free_if_unused(h);
    }
    while (call->holds) {
        struct rpc_handle *h = call->holds->h;
        call->holds = call->holds->next;
        h->holds--;
        if (h->user == call)
            h->user = NULL;
        wake(h);
        free_if_unused(h);
    }
}
