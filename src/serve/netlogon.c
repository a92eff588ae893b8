// SPDX-License-Identifier: Apache-2.0
/*
 * The Netlogon secure channel, and nothing that is done through it:
 * [MS-NRPC] 3.5.4.4.1, 3.5.4.4.2, 3.5.4.4.10. For computers that have an account in the store. Keys and
 * proofs are libmsrpc's (msrpc/netlogon_chain.h).
 */
#include <stdlib.h>
#include <string.h>
#include <msrpc/netlogon_chain.h>
#include <msrpc/unistr.h>
#include "serve/m_host.h"

#define HANDLER(op) static enum nt_status op(struct rpc_server_call *call, struct netlogon_##op *r)

struct serve_netlogon {
    struct samdb *db;
    struct nl_verifier *verifier;
};

/* USER_ACCOUNT codes of [MS-SAMR] 2.2.1.12 that a type of channel takes ([MS-NRPC] 2.2.1.3.13); 0: none does.
 */
static uint32_t control_of(enum netlogon_NETLOGON_SECURE_CHANNEL_TYPE type)
{
    enum { WORKSTATION_TRUST = 0x80, SERVER_TRUST = 0x100 };
    return type == netlogon_WorkstationSecureChannel ? WORKSTATION_TRUST
           : type == netlogon_ServerSecureChannel    ? SERVER_TRUST
                                                     : 0;
}

static enum nt_status account(void *arg, const char *name, enum netlogon_NETLOGON_SECURE_CHANNEL_TYPE type,
                              struct nt_arena *mem, struct sec_account *ret)
{
    const struct serve_netlogon *n = arg;
    struct sec_logon who = { .size = sizeof who, .peer = "" };
    const char16_t *wide = text16(mem, name);
    if (!wide)
        return STATUS_NO_MEMORY;
    who.user = wide;
    who.user_len = ustr_len(wide);
    enum nt_status st = samdb_account(n->db, &who, mem, ret);
    return st == STATUS_SUCCESS && !(ret->control & control_of(type)) ? STATUS_NO_SUCH_USER : st;
}

HANDLER(NetrServerReqChallenge)
{
    const struct serve_netlogon *n = rpc_server_arg(call);
    r->out.result = nl_verifier_challenge(n->verifier, r);
    return STATUS_SUCCESS;
}

HANDLER(NetrServerAuthenticate3)
{
    const struct serve_netlogon *n = rpc_server_arg(call);
    r->out.result = nl_verifier_authenticate(n->verifier, r);
    return STATUS_SUCCESS;
}

/* Is asked through the channel; whose channel it is its token tells, whatever the call says. */
HANDLER(NetrLogonGetCapabilities)
{
    const struct serve_netlogon *n = rpc_server_arg(call);
    const struct sec_token *t = rpc_server_token(call);
    uint32_t flags = 0, requested = 0;
    struct nl_chain *chain =
        strcmp(t->mech, "schannel") == 0 ? nl_verifier_chain(n->verifier, t->workstation) : NULL;
    r->out.result = chain ? nl_chain_verify(chain, &r->in.Authenticator, &r->out.ReturnAuthenticator)
                          : STATUS_ACCESS_DENIED;
    if (r->out.result != STATUS_SUCCESS)
        return STATUS_SUCCESS;
    if (!nl_verifier_flags(n->verifier, t->workstation, &flags, &requested))
        r->out.result = STATUS_ACCESS_DENIED;
    else if (r->in.QueryLevel == 1)
        r->out.Capabilities.ServerCapabilities = flags;
    else
        r->out.Capabilities.RequestedFlags = requested;
    return STATUS_SUCCESS;
}

static const struct netlogon_handlers handlers = { .NetrServerReqChallenge = NetrServerReqChallenge,
                                                   .NetrServerAuthenticate3 = NetrServerAuthenticate3,
                                                   .NetrLogonGetCapabilities = NetrLogonGetCapabilities };

enum nt_status serve_netlogon_new(struct samdb *db, const struct nt_env *env, struct serve_netlogon **ret)
{
    struct samdb_domain dom;
    struct nt_arena *mem = nt_arena_new(0);
    struct serve_netlogon *n = mem ? calloc(1, sizeof *n) : NULL;
    enum nt_status st = n ? samdb_domain(db, mem, &dom) : STATUS_NO_MEMORY;
    if (n)
        n->db = db;
    if (st == STATUS_SUCCESS)
        st = nl_verifier_new(env ? env : nt_env_system(), dom.machine, account, n, &n->verifier);
    nt_arena_free(mem);
    if (st == STATUS_SUCCESS)
        *ret = n;
    else
        free(n);
    return st;
}

struct nl_verifier *serve_netlogon_verifier(struct serve_netlogon *n)
{
    return n->verifier;
}

/* The exchange is made before there is any protection; what needs it looks for itself. */
enum nt_status serve_netlogon(struct rpc_server *s, struct serve_netlogon *n)
{
    enum nt_status st = netlogon_register(s, &handlers, n);
    return st == STATUS_SUCCESS ? rpc_server_require(s, &netlogon_interface, SEC_LEVEL_NONE) : st;
}

void serve_netlogon_free(struct serve_netlogon *n)
{
    if (!n)
        return;
    nl_verifier_free(n->verifier);
    free(n);
}
