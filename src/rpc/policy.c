// SPDX-License-Identifier: Apache-2.0
/* Who may call an interface, what answers for which object, and how an interface goes while the server runs.
 */
#include <stdlib.h>
#include "rpc/m_server.h"

static struct rpc_served *served_of(const struct rpc_server *s, const struct rpc_interface *i)
{
    struct rpc_served *p = s->served;
    while (p && !rpc_syntax_equal(&p->iface->syntax, &i->syntax))
        p = p->next;
    return p;
}

/* ---- policy ---- */

enum nt_status rpc_server_set_policy(struct rpc_server *s, const struct rpc_interface *i,
                                     const struct rpc_server_policy *policy)
{
    struct rpc_server_policy all = RPC_SERVER_POLICY_INIT;
    struct rpc_served *p = served_of(s, i);
    if (!p)
        return STATUS_NOT_FOUND;
    if (policy->size < sizeof policy->size)
        return STATUS_INVALID_PARAMETER;
    memcpy(&all, policy, policy->size < sizeof all ? policy->size : sizeof all);
    p->min_level = all.level;
    p->local_only = all.local_only;
    p->check = all.check;
    p->check_arg = all.arg;
    return STATUS_SUCCESS;
}

enum nt_status rpc_policy_level(const struct rpc_server_call *call)
{
    const struct rpc_served *p = call->served;
    bool enough = call->level >= rpc_served_level(call->c->s, p) && (call->local || !p->local_only);
    return enough ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}

enum nt_status rpc_policy_check(struct rpc_server_call *call)
{
    const struct rpc_served *p = call->served;
    enum nt_status st = p->check ? p->check(p->check_arg, call, call->opnum) : STATUS_SUCCESS;
    /* what is no failure, or would come later, is none of an answer that is due now */
    return nt_ok(st) && st != STATUS_SUCCESS ? STATUS_ACCESS_DENIED : st;
}

/* ---- objects and managers ([C706] 3.1.20, rpc_server_register_if, and rpc_object_set_type) ---- */

enum nt_status rpc_server_register_manager(struct rpc_server *s, const struct rpc_interface *i,
                                           const struct nt_guid *type, const void *handlers, void *arg)
{
    struct rpc_served *p = served_of(s, i);
    if (!p)
        return STATUS_NOT_FOUND;
    if (nt_guid_is_null(type))
        return STATUS_INVALID_PARAMETER;
    for (const struct rpc_manager *m = p->managers; m; m = m->next)
        if (nt_guid_equal(&m->type, type))
            return STATUS_OBJECT_NAME_COLLISION;
    struct rpc_manager *m = calloc(1, sizeof *m);
    if (!m)
        return STATUS_NO_MEMORY;
    *m = (struct rpc_manager){ p->managers, *type, handlers, arg };
    p->managers = m;
    return STATUS_SUCCESS;
}

/* The objects whose numbers end alike. UUIDs of version 4 are random there, others hold a clock. */
static struct rpc_object **chain(struct rpc_server *s, const struct nt_guid *object)
{
    return &s->objects[(object->a ^ object->d[7]) % RPC_OBJECT_BUCKETS];
}

static struct rpc_object **object_of(struct rpc_server *s, const struct nt_guid *object)
{
    struct rpc_object **p = chain(s, object);
    while (*p && !nt_guid_equal(&(*p)->object, object))
        p = &(*p)->next;
    return p;
}

enum nt_status rpc_server_object_set_type(struct rpc_server *s, const struct nt_guid *object,
                                          const struct nt_guid *type)
{
    if (nt_guid_is_null(object))
        return STATUS_INVALID_PARAMETER;
    struct rpc_object **p = object_of(s, object), *o = *p;
    if (nt_guid_is_null(type)) {
        if (!o)
            return STATUS_NOT_FOUND;
        *p = o->next;
        free(o);
        return STATUS_SUCCESS;
    }
    if (!o) {
        o = calloc(1, sizeof *o);
        if (!o)
            return STATUS_NO_MEMORY;
        o->object = *object;
        *p = o;
    }
    o->type = *type;
    return STATUS_SUCCESS;
}

/* The nil object, and one that has no type, are of the nil type, whose manager is the registered interface
 * itself. */
enum nt_status rpc_policy_choose(struct rpc_server_call *call)
{
    const struct rpc_served *p = call->served;
    struct rpc_object *o = call->has_object ? *object_of(call->c->s, &call->object) : NULL;
    call->handlers = p->handlers;
    call->arg = p->arg;
    if (!o)
        return STATUS_SUCCESS;
    for (const struct rpc_manager *m = p->managers; m; m = m->next)
        if (nt_guid_equal(&m->type, &o->type)) {
            call->handlers = m->handlers;
            call->arg = m->arg;
            return STATUS_SUCCESS;
        }
    return RPC_NT_UNSUPPORTED_TYPE;
}

/* ---- an end ---- */

void rpc_served_free(struct rpc_served *p)
{
    while (p->managers) {
        struct rpc_manager *m = p->managers;
        p->managers = m->next;
        free(m);
    }
    free(p->streams);
    free(p);
}

void rpc_objects_free(struct rpc_server *s)
{
    for (unsigned i = 0; i < RPC_OBJECT_BUCKETS; i++)
        while (s->objects[i]) {
            struct rpc_object *o = s->objects[i];
            s->objects[i] = o->next;
            free(o);
        }
}

enum nt_status rpc_server_unregister(struct rpc_server *s, const struct rpc_interface *i,
                                     void (*done)(void *arg), void *arg)
{
    struct rpc_served **p = &s->served, *gone = served_of(s, i);
    if (!gone)
        return STATUS_NOT_FOUND;
    while (*p != gone)
        p = &(*p)->next;
    *p = gone->next;
    for (struct rpc_sconn *c = s->conns; c; c = c->next)
        for (unsigned k = 0; k < c->n_ctx; k++)
            if (c->ctx[k].served == gone)
                c->ctx[k].served = NULL; /* requests get nca_s_unk_if from now on */
    if (gone->n_calls == 0) {
        rpc_served_free(gone);
        return STATUS_SUCCESS;
    }
    gone->gone = true;
    gone->done = done;
    gone->done_arg = arg;
    return STATUS_PENDING;
}

void rpc_served_release(struct rpc_served *p)
{
    if (--p->n_calls || !p->gone)
        return;
    void (*done)(void *) = p->done;
    void *arg = p->done_arg;
    rpc_served_free(p);
    if (done)
        done(arg);
}
