// SPDX-License-Identifier: Apache-2.0
/* The client's side of a secure channel: from a computer's password to a sealed connection, [MS-NRPC] 3.1.4.1
 * and 3.4.5.2. */
#include <stdlib.h>
#include <string.h>
#include <msrpc/netlogon_chain.h>
#include <msrpc/unistr.h>
#include "base/cursor.h"
#include "crypto/crypto.h"
#include "msrpc/m_netlogon.h"

struct nl_channel {
    struct rpc_conn *conn;
    struct nl_chain chain;
    struct sec_schannel_key key;
    uint32_t requested, flags, rid;
};

/* What one opening works with. */
struct opening {
    const struct rpc_binding *b;
    const struct nl_options *o;
    struct rpc_options ro;
    struct nt_arena *mem;
    const struct nt_env *env;
    struct nt_error *err;
    uint8_t hash[16];
    const char16_t *computer, *account, *server;
    struct nl_channel *c;
};

static const char16_t *wide(struct nt_arena *mem, const char *s)
{
    char16_t *text = NULL;
    size_t n = 0;
    if (ustr_from_utf8(s, strlen(s), &text, &n) != STATUS_SUCCESS)
        return NULL;
    const char16_t *copy = nt_arena_strdup16(mem, text);
    free(text);
    return copy;
}

static enum nt_status take_hash(struct opening *w)
{
    char16_t *text = NULL;
    size_t n = 0;
    if (w->o->nt_hash) {
        memcpy(w->hash, w->o->nt_hash, 16);
        return STATUS_SUCCESS;
    }
    enum nt_status st = ustr_from_utf8(w->o->password, strlen(w->o->password), &text, &n);
    if (st != STATUS_SUCCESS)
        return nt_error_set(w->err, STATUS_INVALID_PARAMETER, "the computer's password is not UTF-8");
    for (size_t i = 0; i < n; i++)
        put_le16((uint8_t *)&text[i], (uint16_t)text[i]);
    cr_md4(text, 2 * n, w->hash);
    nt_wipe(text, 2 * n);
    free(text);
    return STATUS_SUCCESS;
}

static enum nt_status copy_name(struct opening *w, const char *from, char to[SEC_SCHANNEL_NAME_MAX + 1])
{
    size_t n = from ? strlen(from) : 0;
    if (!n || n > NL_NETBIOS_MAX)
        return nt_error_set(w->err, STATUS_INVALID_PARAMETER,
                            "a secure channel needs the NetBIOS names of computer and domain, of at most %u "
                            "characters",
                            NL_NETBIOS_MAX);
    nl_upper(from, n, to);
    return STATUS_SUCCESS;
}

static enum nt_status take_options(struct opening *w)
{
    const struct nl_options *o = w->o;
    uint32_t flags = o->flags ? o->flags : NL_FLAGS_SUPPORTED;
    char account[NL_NETBIOS_MAX + 2];
    enum nt_status st = copy_name(w, o->computer, w->c->key.computer);
    if (st == STATUS_SUCCESS)
        st = copy_name(w, o->domain, w->c->key.domain);
    if (st == STATUS_SUCCESS && (!o->password) == (!o->nt_hash))
        st = nt_error_set(w->err, STATUS_INVALID_PARAMETER, "either a password or a hash of the computer");
    if (st == STATUS_SUCCESS && (flags & NL_FLAGS_REQUIRED) != NL_FLAGS_REQUIRED)
        st = nt_error_set(w->err, STATUS_INVALID_PARAMETER, "a secure channel without AES is none");
    if (st == STATUS_SUCCESS)
        st = take_hash(w);
    if (st != STATUS_SUCCESS)
        return st;
    size_t n = strlen(w->c->key.computer);
    memcpy(account, w->c->key.computer, n);
    memcpy(account + n, "$", 2);
    w->c->key.size = sizeof w->c->key;
    w->c->requested = flags;
    w->computer = wide(w->mem, w->c->key.computer);
    w->account = wide(w->mem, o->account ? o->account : account);
    w->server = wide(w->mem, rpc_binding_host(w->b));
    return w->computer && w->account && w->server ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

static enum nt_status refused(struct opening *w, enum nt_status st, const char *what)
{
    if (nt_ok(st) && st != STATUS_SUCCESS)
        st = STATUS_ACCESS_DENIED;
    const char *name = nt_status_name(st);
    return nt_error_set(w->err, st, "the secure channel of %s: %s (%s)", w->c->key.computer, what,
                        name ? name : "?");
}

/* ---- session key ---- */

static enum nt_status make_challenge(struct opening *w, uint8_t ret[8])
{
    enum nt_status st;
    do
        st = w->env->random(w->env->arg, ret, 8);
    while (st == STATUS_SUCCESS && nl_too_simple(ret)); /* once in a million: servers would refuse it */
    return st;
}

static enum nt_status authenticate(struct opening *w, struct rpc_conn *plain, const uint8_t client[8],
                                   const uint8_t server[8])
{
    struct netlogon_NetrServerAuthenticate3 a = { .in = { .PrimaryName = w->server,
                                                          .AccountName = w->account,
                                                          .SecureChannelType = w->o->type,
                                                          .ComputerName = w->computer,
                                                          .NegotiateFlags = w->c->requested } };
    struct nl_channel *c = w->c;
    uint8_t want[8];
    if (!a.in.SecureChannelType)
        a.in.SecureChannelType = netlogon_WorkstationSecureChannel;
    nl_session_key(w->hash, client, server, c->chain.key);
    nl_credential(c->chain.key, client, c->chain.stored);
    memcpy(a.in.ClientCredential.data, c->chain.stored, 8);
    enum nt_status st = netlogon_NetrServerAuthenticate3(plain, w->mem, &a);
    if (st != STATUS_SUCCESS)
        return nt_error_set(w->err, st, "%s", rpc_conn_error(plain));
    if (a.out.result != STATUS_SUCCESS)
        return refused(w, a.out.result, "the server does not take the computer's password");
    /* first of all the proof: what else the server says is nobody's word without it */
    nl_credential(c->chain.key, server, want);
    if (!cr_equal(want, a.out.ServerCredential.data, 8))
        return refused(w, STATUS_ACCESS_DENIED, "the server does not know the computer's password");
    c->flags = a.out.NegotiateFlags;
    c->rid = a.out.AccountRid;
    if ((c->flags & NL_FLAGS_REQUIRED) != NL_FLAGS_REQUIRED || (c->flags & ~c->requested))
        return refused(w, STATUS_DOWNGRADE_DETECTED, "the server does not negotiate AES and sealing");
    memcpy(c->key.key, c->chain.key, 16);
    return STATUS_SUCCESS;
}

static enum nt_status exchange(struct opening *w, struct rpc_conn *plain)
{
    struct netlogon_NetrServerReqChallenge r = { .in = { .PrimaryName = w->server,
                                                         .ComputerName = w->computer } };
    uint8_t client[8], server[8];
    enum nt_status st = make_challenge(w, client);
    if (st != STATUS_SUCCESS)
        return st;
    memcpy(r.in.ClientChallenge.data, client, 8);
    st = netlogon_NetrServerReqChallenge(plain, w->mem, &r);
    if (st != STATUS_SUCCESS)
        return nt_error_set(w->err, st, "%s", rpc_conn_error(plain));
    if (r.out.result != STATUS_SUCCESS)
        return refused(w, r.out.result, "the server gives no challenge");
    memcpy(server, r.out.ServerChallenge.data, 8);
    /* our own, sent back, would be answered by our own credential: nobody has to know the password for that
     */
    if (cr_equal(client, server, 8))
        return refused(w, STATUS_ACCESS_DENIED, "the server sends our own challenge back");
    return authenticate(w, plain, client, server);
}

static enum nt_status get_key(struct opening *w)
{
    struct rpc_options ro = w->ro;
    struct rpc_conn *plain;
    ro.level = SEC_LEVEL_NONE;
    enum nt_status st = rpc_open(w->b, &netlogon_interface, &ro, &plain);
    if (st != STATUS_SUCCESS)
        return st;
    st = exchange(w, plain);
    rpc_close(plain);
    return st;
}

/* ---- the sealed connection ---- */

/* One answer of NetrLogonGetCapabilities. */
static enum nt_status ask(struct opening *w, uint32_t level, uint32_t *ret_flags)
{
    struct nl_channel *c = w->c;
    struct netlogon_NetrLogonGetCapabilities r = {
        .in = { .ServerName = w->server, .ComputerName = w->computer, .QueryLevel = level }
    };
    nl_chain_next(&c->chain, (uint32_t)nt_time_to_unix(w->env->wall(w->env->arg)), &r.in.Authenticator);
    enum nt_status st = netlogon_NetrLogonGetCapabilities(c->conn, w->mem, &r);
    if (st != STATUS_SUCCESS)
        return nt_error_set(w->err, st, "%s", rpc_conn_error(c->conn));
    if (nl_chain_check(&c->chain, &r.out.ReturnAuthenticator) != STATUS_SUCCESS)
        return refused(w, STATUS_ACCESS_DENIED, "the server's answer is not authentic");
    if (r.out.result != STATUS_SUCCESS)
        return r.out.result;
    *ret_flags = level == 1 ? r.out.Capabilities.ServerCapabilities : r.out.Capabilities.RequestedFlags;
    return STATUS_SUCCESS;
}

/* [MS-NRPC] 3.1.4.1: the flags went in the clear; now they are asked for again under the key. Level 2 is
 * newer than many servers, which say so by an error of the operation, or do not understand the request at
 * all. */
static enum nt_status check_flags(struct opening *w)
{
    uint32_t flags = 0;
    enum nt_status st = ask(w, 1, &flags);
    if (st != STATUS_SUCCESS)
        return refused(w, st, "the server does not repeat what was negotiated");
    if (flags != w->c->flags)
        return refused(w, STATUS_DOWNGRADE_DETECTED, "what was negotiated was changed on its way");
    struct nl_chain before = w->c->chain;
    st = ask(w, 2, &flags);
    if (st == STATUS_SUCCESS && flags != w->c->requested)
        return refused(w, STATUS_DOWNGRADE_DETECTED, "what was asked for was changed on its way");
    if (st == STATUS_SUCCESS || rpc_conn_fault(w->c->conn) == 0)
        return st == STATUS_ACCESS_DENIED || !rpc_conn_alive(w->c->conn) ? st : STATUS_SUCCESS;
    w->c->chain = before; /* a fault: the operation did not run, and nothing was counted */
    return rpc_conn_alive(w->c->conn) ? STATUS_SUCCESS : st;
}

static enum nt_status seal(struct opening *w)
{
    struct rpc_options ro = w->ro;
    ro.provider = "schannel";
    ro.level = SEC_LEVEL_PRIVACY;
    ro.schannel = &w->c->key;
    enum nt_status st = rpc_open(w->b, &netlogon_interface, &ro, &w->c->conn);
    return st == STATUS_SUCCESS ? check_flags(w) : st;
}

/* ---- the channel ---- */

enum nt_status nl_channel_open(const struct rpc_binding *b, const struct nl_options *o,
                               const struct rpc_options *ro, struct nl_channel **ret)
{
    struct nl_options all = NL_OPTIONS_INIT;
    struct opening w = { .b = b, .o = &all, .ro = RPC_OPTIONS_INIT };
    memcpy(&all, o, o->size < sizeof all ? o->size : sizeof all);
    if (ro)
        memcpy(&w.ro, ro, ro->size < sizeof w.ro ? ro->size : sizeof w.ro);
    w.ro.size = sizeof w.ro;
    w.ro.creds = NULL;
    w.ro.provider = NULL;
    w.err = w.ro.error;
    w.env = w.ro.env ? w.ro.env : nt_env_system();
    w.mem = nt_arena_new_secret(0);
    w.c = calloc(1, sizeof *w.c);
    enum nt_status st = w.mem && w.c ? take_options(&w) : STATUS_NO_MEMORY;
    if (st == STATUS_SUCCESS)
        st = get_key(&w);
    if (st == STATUS_SUCCESS)
        st = seal(&w);
    nt_wipe(w.hash, sizeof w.hash);
    nt_arena_free(w.mem);
    if (st != STATUS_SUCCESS) {
        nl_channel_close(w.c);
        return st;
    }
    if (w.err)
        w.err->text[0] = '\0'; /* a server that does not know level 2 is no failure */
    *ret = w.c;
    return STATUS_SUCCESS;
}

void nl_channel_close(struct nl_channel *c)
{
    if (!c)
        return;
    if (c->conn)
        rpc_close(c->conn);
    nt_wipe(c, sizeof *c);
    free(c);
}

struct rpc_conn *nl_channel_conn(struct nl_channel *c)
{
    return c->conn;
}

struct nl_chain *nl_channel_chain(struct nl_channel *c)
{
    return &c->chain;
}

const struct sec_schannel_key *nl_channel_key(const struct nl_channel *c)
{
    return &c->key;
}

uint32_t nl_channel_flags(const struct nl_channel *c)
{
    return c->flags;
}

uint32_t nl_channel_rid(const struct nl_channel *c)
{
    return c->rid;
}
