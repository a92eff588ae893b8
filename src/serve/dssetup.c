// SPDX-License-Identifier: Apache-2.0
/* [MS-DSSP]: what role this machine has. It stands by itself, in a workgroup. */
#include <msrpc/dssetup.h>
#include "serve/m_host.h"

static enum nt_status role(struct rpc_server_call *call, struct dssetup_DSROLER_PRIMARY_DOMAIN_INFO_BASIC *to)
{
    const struct serve_host *h = rpc_server_arg(call);
    struct nt_arena *mem = rpc_server_mem(call);
    struct samdb_domain dom;
    enum nt_status st = samdb_domain(h->db, mem, &dom);
    if (st != STATUS_SUCCESS)
        return st;
    to->MachineRole = dssetup_DsRole_RoleStandaloneServer;
    to->DomainNameFlat = text16(mem, dom.workgroup);
    return to->DomainNameFlat ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

/* 3.2.5.1. Nothing is being upgraded, promoted or demoted: the other two levels are all zero. */
static enum nt_status get(struct rpc_server_call *call, struct dssetup_DsRolerGetPrimaryDomainInformation *r)
{
    union dssetup_DSROLER_PRIMARY_DOMAIN_INFORMATION *to =
        nt_arena_obj(rpc_server_mem(call), union dssetup_DSROLER_PRIMARY_DOMAIN_INFORMATION);
    enum nt_status st = STATUS_SUCCESS;
    r->out.result = W_ERROR_ACCESS_DENIED;
    if (!may(call, WHO_KNOWN))
        return STATUS_SUCCESS;
    if (!to)
        return STATUS_NO_MEMORY;
    switch (r->in.InfoLevel) {
    case dssetup_DsRolePrimaryDomainInfoBasic:
        st = role(call, &to->DomainInfoBasic);
        break;
    case dssetup_DsRoleUpgradeStatus:
    case dssetup_DsRoleOperationState:
        break;
    default:
        r->out.result = W_ERROR_INVALID_PARAMETER;
        return STATUS_SUCCESS;
    }
    if (st == STATUS_NO_MEMORY)
        return st;
    r->out.result = (uint32_t)store_error(st);
    if (st == STATUS_SUCCESS)
        r->out.DomainInfo = to;
    return STATUS_SUCCESS;
}

static const struct dssetup_handlers handlers = { .DsRolerGetPrimaryDomainInformation = get };

enum nt_status serve_dssetup(struct rpc_server *s, struct serve_host *h)
{
    enum nt_status st = dssetup_register(s, &handlers, h);
    if (st == STATUS_SUCCESS)
        st = rpc_server_require(s, &dssetup_interface, SEC_LEVEL_INTEGRITY);
    return st == STATUS_SUCCESS ? rpc_server_trust_local(s, &dssetup_interface, RPC_LOCAL_TRUST_OWNER) : st;
}
