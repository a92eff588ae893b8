// SPDX-License-Identifier: Apache-2.0
/* Finding interfaces, operations and types by name or number. */
#include "info/m_info.h"

#include <strings.h>

const struct rpc_info_file *const *rpc_info_files(size_t *ret_n)
{
    size_t n = 0;
    while (info_files[n])
        n++;
    *ret_n = n;
    return info_files;
}

/* Calls back for each interface until one is taken. */
static const struct rpc_info_interface *search(bool (*take)(const struct rpc_info_interface *, const void *),
                                               const void *arg)
{
    for (const struct rpc_info_file *const *f = info_files; *f; f++)
        for (uint32_t i = 0; (*f)->version == RPC_INFO_VERSION && i < (*f)->n_interfaces; i++)
            if (take(&(*f)->interfaces[i], arg))
                return &(*f)->interfaces[i];
    return NULL;
}

static bool same_name(const struct rpc_info_interface *i, const void *name)
{
    return strcmp(i->name, name) == 0;
}

static bool like_name(const struct rpc_info_interface *i, const void *name)
{
    return strcasecmp(i->name, name) == 0;
}

static bool same_syntax(const struct rpc_info_interface *i, const void *arg)
{
    const struct rpc_syntax *s = arg, *have = &i->iface->syntax;
    return nt_guid_equal(&have->uuid, &s->uuid) && have->major == s->major && have->minor >= s->minor;
}

const struct rpc_info_interface *rpc_info_find(const char *name)
{
    const struct rpc_info_interface *i = search(same_name, name);
    return i ? i : search(like_name, name);
}

const struct rpc_info_interface *rpc_info_find_syntax(const struct rpc_syntax *syntax)
{
    return search(same_syntax, syntax);
}

const struct rpc_info_op *rpc_info_find_op(const struct rpc_info_interface *i, const char *name)
{
    for (uint32_t k = 0; k < i->n_ops; k++)
        if (strcmp(i->ops[k].name, name) == 0)
            return &i->ops[k];
    for (uint32_t k = 0; k < i->n_ops; k++)
        if (strcasecmp(i->ops[k].name, name) == 0)
            return &i->ops[k];
    return NULL;
}

const struct rpc_info_op *rpc_info_opnum(const struct rpc_info_interface *i, uint32_t opnum)
{
    for (uint32_t k = 0; k < i->n_ops; k++)
        if (i->ops[k].opnum == opnum)
            return &i->ops[k];
    return NULL;
}

static const struct rpc_info_file *file_of(const struct rpc_info_interface *i)
{
    for (const struct rpc_info_file *const *f = info_files; *f; f++)
        if ((*f)->n_interfaces && i >= (*f)->interfaces && i < (*f)->interfaces + (*f)->n_interfaces)
            return *f;
    return NULL;
}

const struct rpc_info_type *rpc_info_find_type(const struct rpc_info_interface *i, const char *name)
{
    const struct rpc_info_file *f = file_of(i);
    for (uint32_t k = 0; f && k < f->n_types; k++)
        if (strcmp(f->types[k].name, name) == 0 || strcmp(f->types[k].cname, name) == 0)
            return &f->types[k];
    for (uint32_t k = 0; f && k < f->n_types; k++)
        if (strcasecmp(f->types[k].name, name) == 0)
            return &f->types[k];
    return NULL;
}
