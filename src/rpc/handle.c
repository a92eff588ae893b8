// SPDX-License-Identifier: Apache-2.0
/* Association groups and the context handles in them ([C706] 6.1.6, [MS-RPCE] 3.3.1.5.6). */
#include <stdlib.h>
#include <string.h>
#include "rpc/m_server.h"

struct rpc_handle {
    struct rpc_handle *next;
    struct ndr_handle wire;
    const struct rpc_handle_type *type;
    void *object;
    char owner[]; /* authenticated name, "" for strangers */
};

static struct rpc_handle **bucket(struct rpc_group *g, const struct ndr_handle *h)
{
    return &g->handles[h->uuid.a % RPC_GROUP_BUCKETS]; /* ids are ours, and random */
}

struct rpc_group *rpc_group_get(struct rpc_server *s, uint32_t id)
{
    for (struct rpc_group *g = s->groups; id && g; g = g->next)
        if (g->id == id) {
            g->refs++;
            return g;
        }
    struct rpc_group *g = id ? NULL : calloc(1, sizeof *g);
    if (!g)
        return NULL;
    g->s = s;
    s->refs++;
    g->refs = 1;
    do
        g->id = ++s->next_group;
    while (g->id == 0);
    g->next = s->groups;
    s->groups = g;
    return g;
}

static void group_free(struct rpc_group *g)
{
    struct rpc_group **p = &g->s->groups;
    while (*p != g)
        p = &(*p)->next;
    *p = g->next;
    for (unsigned i = 0; i < RPC_GROUP_BUCKETS; i++)
        while (g->handles[i]) {
            struct rpc_handle *h = g->handles[i];
            g->handles[i] = h->next;
            g->s->n_handles--;
            if (h->type->rundown)
                h->type->rundown(h->object);
            free(h);
        }
    rpc_server_unref(g->s);
    free(g);
}

void rpc_group_unref(struct rpc_group *g)
{
    if (g && --g->refs == 0)
        group_free(g);
}

enum nt_status rpc_handle_new(struct rpc_server_call *call, const struct rpc_handle_type *type, void *object,
                              struct ndr_handle *ret)
{
    struct rpc_group *g = call->group;
    if (g->n_handles >= RPC_SERVER_HANDLES_MAX)
        return STATUS_INSUFFICIENT_RESOURCES;
    size_t len = strlen(call->name) + 1;
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
    memcpy(h->owner, call->name, len);
    struct rpc_handle **b = bucket(g, &h->wire);
    h->next = *b;
    *b = h;
    g->n_handles++;
    g->s->n_handles++;
    *ret = h->wire;
    return STATUS_SUCCESS;
}

/* Where the handle hangs; NULL unless type and owner are right, too. */
static struct rpc_handle **find(const struct rpc_server_call *call, const struct ndr_handle *wire,
                                const struct rpc_handle_type *type)
{
    for (struct rpc_handle **p = bucket(call->group, wire); *p; p = &(*p)->next)
        if (nt_guid_equal(&(*p)->wire.uuid, &wire->uuid) && (*p)->wire.attributes == wire->attributes)
            return (*p)->type == type && strcmp((*p)->owner, call->name) == 0 ? p : NULL;
    return NULL;
}

enum nt_status rpc_handle_get(const struct rpc_server_call *call, const struct ndr_handle *h,
                              const struct rpc_handle_type *type, void **ret_object)
{
    struct rpc_handle **p = find(call, h, type);
    if (!p)
        return RPC_NT_SS_CONTEXT_MISMATCH;
    *ret_object = (*p)->object;
    return STATUS_SUCCESS;
}

enum nt_status rpc_handle_close(struct rpc_server_call *call, struct ndr_handle *h,
                                const struct rpc_handle_type *type, void **ret_object)
{
    struct rpc_handle **p = find(call, h, type), *gone;
    if (!p)
        return RPC_NT_SS_CONTEXT_MISMATCH;
    gone = *p;
    *p = gone->next;
    if (ret_object)
        *ret_object = gone->object;
    call->group->n_handles--;
    call->group->s->n_handles--;
    free(gone);
    *h = (struct ndr_handle){ 0 };
    return STATUS_SUCCESS;
}
