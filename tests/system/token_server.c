// SPDX-License-Identifier: Apache-2.0
/*
 * A server that says who calls: token_server ADDRESS PORT [mapper]. With an endpoint mapper on port 135.
 * echo_AddOne prints the caller's token; netlogon has what makes a secure channel, for the computer PEERWS
 * with the password "Peer-1". TOKEN_KEYTAB, TOKEN_KDC_KEYTAB: keytabs of service and KDC. Prints "ready
 * PORT"; ends with its standard input.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <msrpc/netlogon_chain.h>
#include <msrpc/pac_account.h>
#include <msrpc/rpcecho.h>
#include <msrpc/serve.h>
#include "crypto/crypto.h"

static struct nl_verifier *verifier;

static enum nt_status add_one(struct rpc_server_call *call, struct rpcecho_echo_AddOne *r)
{
    const struct sec_token *t = rpc_server_token(call);
    char user[NT_SID_STRLEN + 1], primary[NT_SID_STRLEN + 1];
    struct nt_sid users;
    if (nt_sid_parse("S-1-5-11", &users) != STATUS_SUCCESS)
        return STATUS_INTERNAL_ERROR;
    printf("token mech=%s flags=%u name=%s account=%s domain=%s upn=%s user=%s primary=%s groups=%zu key=%zu "
           "authenticated=%d expires=%d\n",
           t->mech, t->flags, t->name, t->account, t->domain, t->upn, nt_sid_format(&t->user, user),
           nt_sid_format(&t->primary, primary), t->n_groups, t->session_key.len, sec_token_has(t, &users),
           t->expires != NT_TIME_NEVER);
    fflush(stdout);
    r->out.out_data = r->in.in_data + 1;
    return STATUS_SUCCESS;
}

static const struct rpcecho_handlers echo = { .echo_AddOne = add_one };

static enum nt_status account(void *arg, const char *name, enum netlogon_NETLOGON_SECURE_CHANNEL_TYPE type,
                              struct nt_arena *mem, struct sec_account *ret)
{
    static const char password[] = "P\0e\0e\0r\0-\0001";
    (void)arg;
    (void)mem;
    if (strcmp(name, "PEERWS$") != 0 || type != netlogon_WorkstationSecureChannel)
        return STATUS_NO_SUCH_USER;
    cr_md4(password, 12, ret->nt_hash); /* with the NUL behind the last character */
    ret->control = 0x80;
    return nt_sid_parse("S-1-5-21-4-5-6-1234", &ret->user);
}

static enum nt_status req_challenge(struct rpc_server_call *call, struct netlogon_NetrServerReqChallenge *r)
{
    (void)call;
    r->out.result = nl_verifier_challenge(verifier, r);
    return STATUS_SUCCESS;
}

static enum nt_status authenticate3(struct rpc_server_call *call, struct netlogon_NetrServerAuthenticate3 *r)
{
    (void)call;
    r->out.result = nl_verifier_authenticate(verifier, r);
    return STATUS_SUCCESS;
}

/* The older form, without the RID: what Samba's client sends. */
static enum nt_status authenticate2(struct rpc_server_call *call, struct netlogon_NetrServerAuthenticate2 *r)
{
    struct netlogon_NetrServerAuthenticate3 all = { .in = { .AccountName = r->in.AccountName,
                                                            .SecureChannelType = r->in.SecureChannelType,
                                                            .ComputerName = r->in.ComputerName,
                                                            .ClientCredential = r->in.ClientCredential,
                                                            .NegotiateFlags = r->in.NegotiateFlags } };
    (void)call;
    r->out.result = nl_verifier_authenticate(verifier, &all);
    r->out.ServerCredential = all.out.ServerCredential;
    r->out.NegotiateFlags = all.out.NegotiateFlags;
    return STATUS_SUCCESS;
}

static enum nt_status get_capabilities(struct rpc_server_call *call,
                                       struct netlogon_NetrLogonGetCapabilities *r)
{
    const struct sec_token *t = rpc_server_token(call);
    uint32_t flags = 0, requested = 0;
    struct nl_chain *chain =
        strcmp(t->mech, "schannel") == 0 ? nl_verifier_chain(verifier, t->workstation) : NULL;
    r->out.result = STATUS_ACCESS_DENIED;
    if (!chain)
        return STATUS_SUCCESS;
    r->out.result = nl_chain_verify(chain, &r->in.Authenticator, &r->out.ReturnAuthenticator);
    if (r->out.result == STATUS_SUCCESS && nl_verifier_flags(verifier, t->workstation, &flags, &requested)) {
        printf("capabilities name=%s\n", t->name);
        fflush(stdout);
        if (r->in.QueryLevel == 1)
            r->out.Capabilities.ServerCapabilities = flags;
        else
            r->out.Capabilities.RequestedFlags = requested;
    }
    return STATUS_SUCCESS;
}

static const struct netlogon_handlers netlogon = { .NetrServerReqChallenge = req_challenge,
                                                   .NetrServerAuthenticate2 = authenticate2,
                                                   .NetrServerAuthenticate3 = authenticate3,
                                                   .NetrLogonGetCapabilities = get_capabilities };

/* Samba's client asks the endpoint mapper for netlogon, wherever it is told to go with a secure channel. */
static enum nt_status map_endpoints(struct rpc_server *s, const char *address, uint16_t port,
                                    struct serve_epm **ret)
{
    char text[8];
    struct serve_endpoint e = SERVE_ENDPOINT_INIT;
    snprintf(text, sizeof text, "%u", port);
    e.protseq = "ncacn_ip_tcp";
    e.host = address;
    e.endpoint = text;
    enum nt_status st = serve_epm_new(s, ret);
    if (st == STATUS_SUCCESS)
        st = serve_epm_add_all(*ret, s, &e);
    return st == STATUS_SUCCESS ? rpc_server_listen(s, address, 135, NULL) : st;
}

static enum nt_status set_up(struct rpc_server *s)
{
    enum nt_status st = rpcecho_register(s, &echo, NULL);
    if (st == STATUS_SUCCESS)
        st = netlogon_register(s, &netlogon, NULL);
    return st == STATUS_SUCCESS ? rpc_server_require(s, &netlogon_interface, SEC_LEVEL_NONE) : st;
}

int main(int argc, char **argv)
{
    struct nt_error err = { "" };
    struct rpc_server_options o = RPC_SERVER_OPTIONS_INIT;
    struct nt_loop *loop;
    struct rpc_server *s;
    uint16_t port;
    struct serve_epm *map = NULL;
    if ((argc != 3 && argc != 4) || nl_verifier_new(NULL, "PEER", account, NULL, &verifier) != STATUS_SUCCESS)
        return 2;
    o.keytab = getenv("TOKEN_KEYTAB");
    o.kdc_keytab = getenv("TOKEN_KDC_KEYTAB");
    o.pac = pac_account;
    o.schannel = nl_verifier_schannel;
    o.schannel_arg = verifier;
    o.min_level = SEC_LEVEL_CONNECT;
    o.error = &err;
    if (nt_loop_new(NULL, &loop) != STATUS_SUCCESS || rpc_server_new(loop, &o, &s) != STATUS_SUCCESS ||
        set_up(s) != STATUS_SUCCESS ||
        rpc_server_listen(s, argv[1], (uint16_t)atoi(argv[2]), &port) != STATUS_SUCCESS ||
        (argc == 4 && map_endpoints(s, argv[1], port, &map) != STATUS_SUCCESS)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    printf("ready %u\n", port);
    fflush(stdout);
    for (;;) {
        struct pollfd fds[2] = { { .fd = nt_loop_fd(loop), .events = POLLIN },
                                 { .fd = STDIN_FILENO, .events = POLLIN } };
        (void)poll(fds, 2, nt_loop_timeout(loop));
        if (fds[1].revents)
            break;
        while (nt_loop_run(loop, 0) == STATUS_SUCCESS)
            ;
    }
    rpc_server_free(s);
    serve_epm_free(map);
    nl_verifier_free(verifier);
    nt_loop_free(loop);
    return 0;
}
