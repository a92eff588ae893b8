// SPDX-License-Identifier: Apache-2.0
/* Netlogon secure channels, client and server both ours: the exchange, the sealed connection, and whoever
 * wants to be somebody else (CVE-2020-1472, CVE-2022-38023). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <msrpc/netlogon_chain.h>
#include <msrpc/rpcecho.h>
#include "crypto/crypto.h"
#include "msrpc/m_netlogon.h"
#include "rpc/m_server.h"

#define SECOND UINT64_C(1000000000)

/* What a server of ours may do wrong towards its client. */
enum lie {
    NONE,
    REFLECT,      /* sends the client's challenge back */
    NO_PROOF,     /* does not know the password */
    NO_AES,       /* takes AES back in its answer */
    MORE_FLAGS,   /* grants what was not asked for */
    OTHER_FLAGS,  /* level 1: the flags were changed on their way */
    OTHER_ASKED,  /* level 2 */
    NO_LEVEL_2,   /* does not know it: no lie */
    WRONG_RETURN, /* its authenticator is of another key */
};

struct world {
    struct nt_env env;
    struct nt_loop *loop;
    struct rpc_server *s;
    struct nl_verifier *v;
    struct rpc_binding *b;
    struct nt_arena *mem;
    struct nt_error err;
    enum lie lie;
    unsigned asked, echoes;
    const struct sec_token *token;
    uint64_t random;
    uint64_t later; /* NT time to add */
};

static const uint8_t hash[16] = { 7, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
static const uint8_t other_hash[16] = { 8 };

/* xorshift: other bytes in every run of the test would make failures that nobody sees again */
static enum nt_status random_bytes(void *arg, void *buf, size_t len)
{
    struct world *w = arg;
    for (size_t i = 0; i < len; i++) {
        w->random ^= w->random << 13;
        w->random ^= w->random >> 7;
        w->random ^= w->random << 17;
        ((uint8_t *)buf)[i] = (uint8_t)(w->random >> 32);
    }
    return STATUS_SUCCESS;
}

static uint64_t wall(void *arg)
{
    return UINT64_C(0x01dc000000000000) + ((struct world *)arg)->later;
}

static enum nt_status account(void *arg, const char *name, enum netlogon_NETLOGON_SECURE_CHANNEL_TYPE type,
                              struct nt_arena *mem, struct sec_account *ret)
{
    struct world *w = arg;
    (void)mem;
    w->asked++;
    if (strcmp(name, "WS1$") != 0 || type != netlogon_WorkstationSecureChannel)
        return STATUS_NO_SUCH_USER;
    memcpy(ret->nt_hash, hash, 16);
    assert_int_equal(nt_sid_parse("S-1-5-21-1-2-3-1103", &ret->user), STATUS_SUCCESS);
    ret->control = 0x80;
    return STATUS_SUCCESS;
}

/* ---- the server's operations ---- */

static enum nt_status req_challenge(struct rpc_server_call *call, struct netlogon_NetrServerReqChallenge *r)
{
    struct world *w = rpc_server_arg(call);
    r->out.result = nl_verifier_challenge(w->v, r);
    if (w->lie == REFLECT)
        r->out.ServerChallenge = r->in.ClientChallenge;
    return STATUS_SUCCESS;
}

static enum nt_status authenticate3(struct rpc_server_call *call, struct netlogon_NetrServerAuthenticate3 *r)
{
    struct world *w = rpc_server_arg(call);
    r->out.result = nl_verifier_authenticate(w->v, r);
    if (w->lie == NO_PROOF)
        r->out.ServerCredential.data[7] ^= 1;
    if (w->lie == NO_AES)
        r->out.NegotiateFlags &= ~(uint32_t)NL_FLAG_AES;
    if (w->lie == MORE_FLAGS)
        r->out.NegotiateFlags |= NL_FLAG_RC4;
    return STATUS_SUCCESS;
}

static enum nt_status get_capabilities(struct rpc_server_call *call,
                                       struct netlogon_NetrLogonGetCapabilities *r)
{
    struct world *w = rpc_server_arg(call);
    const struct sec_token *t = rpc_server_token(call);
    uint32_t flags = 0, requested = 0;
    struct nl_chain *chain = nl_verifier_chain(w->v, t->workstation);
    assert_string_equal(t->mech, "schannel");
    assert_non_null(chain);
    r->out.result = nl_chain_verify(chain, &r->in.Authenticator, &r->out.ReturnAuthenticator);
    if (r->out.result != STATUS_SUCCESS)
        return STATUS_SUCCESS;
    assert_true(nl_verifier_flags(w->v, t->workstation, &flags, &requested));
    if (w->lie == WRONG_RETURN)
        r->out.ReturnAuthenticator.Credential.data[0] ^= 1;
    if (r->in.QueryLevel == 1)
        r->out.Capabilities.ServerCapabilities = flags ^ (w->lie == OTHER_FLAGS ? 1U : 0U);
    else if (w->lie != NO_LEVEL_2)
        r->out.Capabilities.RequestedFlags = requested ^ (w->lie == OTHER_ASKED ? 1U : 0U);
    else
        r->out.result = STATUS_NOT_SUPPORTED;
    return STATUS_SUCCESS;
}

static const struct netlogon_handlers handlers = { .NetrServerReqChallenge = req_challenge,
                                                   .NetrServerAuthenticate3 = authenticate3,
                                                   .NetrLogonGetCapabilities = get_capabilities };

static enum nt_status echo_data(struct rpc_server_call *call, struct rpcecho_echo_EchoData *r)
{
    struct world *w = rpc_server_arg(call);
    w->echoes++;
    sec_token_unref(w->token);
    w->token = sec_token_ref(rpc_server_token(call));
    r->out.out_data = nt_arena_memdup(rpc_server_mem(call), r->in.in_data, r->in.len);
    return r->out.out_data ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

static const struct rpcecho_handlers echo_handlers = { .echo_EchoData = echo_data };

/* ---- world ---- */

static enum nt_status on_dial(void *arg, struct io_stream *stream, const struct io_addr *to)
{
    struct world *w = arg;
    struct rpc_sconn *c;
    (void)to;
    enum nt_status st = rpc_sconn_new(w->s, "192.0.2.7:1", &c);
    return st == STATUS_SUCCESS ? io_mem_join(w->loop, stream, c->tp->stream) : st;
}

static void world_init(struct world *w)
{
    struct io_mem_options mo = { NULL, 0, SECOND, SIZE_MAX };
    struct rpc_server_options so = RPC_SERVER_OPTIONS_INIT;
    memset(w, 0, sizeof *w);
    w->random = UINT64_C(0x9e3779b97f4a7c15);
    w->env = (struct nt_env){ .size = sizeof w->env, .arg = w, .random = random_bytes, .wall = wall };
    assert_int_equal(nl_verifier_new(&w->env, "lab", account, w, &w->v), STATUS_SUCCESS);
    so.schannel = nl_verifier_schannel;
    so.schannel_arg = w->v;
    assert_int_equal(io_mem_loop_new(&mo, &w->loop), STATUS_SUCCESS);
    assert_int_equal(rpc_binding_parse("ncacn_ip_tcp:srv[1000]", &w->b, NULL), STATUS_SUCCESS);
    assert_int_equal(rpc_server_new(w->loop, &so, &w->s), STATUS_SUCCESS);
    assert_int_equal(netlogon_register(w->s, &handlers, w), STATUS_SUCCESS);
    assert_int_equal(rpc_server_require(w->s, &netlogon_interface, SEC_LEVEL_NONE), STATUS_SUCCESS);
    assert_int_equal(rpcecho_register(w->s, &echo_handlers, w), STATUS_SUCCESS);
    w->mem = nt_arena_new(0);
    io_mem_on_dial(w->loop, on_dial, w);
}

static void world_done(struct world *w)
{
    for (int i = 0; i < 50; i++) {
        enum nt_status st = nt_loop_run(w->loop, 0);
        (void)st;
    }
    assert_int_equal(w->s->n_conns, 0);
    rpc_server_free(w->s);
    nl_verifier_free(w->v);
    sec_token_unref(w->token);
    nt_arena_free(w->mem);
    rpc_binding_unref(w->b);
    nt_loop_free(w->loop);
}

static enum nt_status open_as(struct world *w, const char *computer, const uint8_t *key,
                              struct nl_channel **ret)
{
    struct nl_options o = NL_OPTIONS_INIT;
    struct rpc_options ro = RPC_OPTIONS_INIT;
    o.computer = computer;
    o.domain = "lab";
    o.nt_hash = key;
    ro.loop = w->loop;
    ro.error = &w->err;
    ro.timeout_ms = 5000;
    return nl_channel_open(w->b, &o, &ro, ret);
}

static enum nt_status open_echo(struct world *w, const struct sec_schannel_key *key, struct rpc_conn **ret)
{
    struct rpc_options ro = RPC_OPTIONS_INIT;
    ro.loop = w->loop;
    ro.error = &w->err;
    ro.timeout_ms = 5000;
    ro.provider = "schannel";
    ro.schannel = key;
    return rpc_open(w->b, &rpcecho_interface, &ro, ret);
}

static uint8_t pattern[60000];

static enum nt_status echo(struct world *w, struct rpc_conn *c, uint32_t len)
{
    struct rpcecho_echo_EchoData r = { .in = { len, pattern } };
    enum nt_status st = rpcecho_echo_EchoData(c, w->mem, &r);
    if (st == STATUS_SUCCESS && len)
        assert_memory_equal(r.out.out_data, pattern, len);
    return st;
}

/* ---- keys ---- */

/* An implementation of one's own of both formulas, and the authenticator's sums. */
static void test_chain(void **state)
{
    uint8_t key[16], in[8] = { 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4 }, out[8];
    struct nl_chain a, b;
    struct netlogon_NETLOGON_AUTHENTICATOR m, r;
    (void)state;
    nl_session_key(hash, in, hash, key);
    nl_credential(key, in, out);
    memcpy(a.key, key, 16);
    memcpy(a.stored, out, 8);
    b = a;
    for (unsigned i = 0; i < 100; i++) {
        nl_chain_next(&a, 0xfffffff0U + i, &m); /* the sum wraps, the upper half stays */
        assert_int_equal(m.Timestamp, 0xfffffff0U + i);
        assert_memory_equal(a.stored + 4, out + 4, 4);
        assert_int_equal(nl_chain_verify(&b, &m, &r), STATUS_SUCCESS);
        if (m.Timestamp != UINT32_MAX) /* which takes away what is added to the answer */
            assert_int_equal(nl_chain_verify(&b, &m, &r), STATUS_ACCESS_DENIED); /* a second time */
        assert_int_equal(nl_chain_check(&a, &r), STATUS_SUCCESS);
        assert_memory_equal(&a, &b, sizeof a);
    }
    nl_chain_next(&a, 1, &m);
    for (unsigned bit = 0; bit < 64; bit++) {
        struct nl_chain before = b;
        m.Credential.data[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_equal(nl_chain_verify(&b, &m, &r), STATUS_ACCESS_DENIED);
        assert_memory_equal(&before, &b, sizeof b); /* a stranger cannot move it */
        m.Credential.data[bit / 8] ^= (char)(1 << bit % 8);
    }
    assert_int_equal(nl_chain_verify(&b, &m, &r), STATUS_SUCCESS);
    uint8_t text[20] = "a password of sorts";
    nl_crypt(key, text, sizeof text, false);
    assert_memory_not_equal(text, "a password of sorts", sizeof text);
    nl_crypt(key, text, sizeof text, true);
    assert_memory_equal(text, "a password of sorts", sizeof text);
}

static void test_simple(void **state)
{
    static const struct {
        uint8_t c[8];
        bool simple;
    } t[] = {
        { { 0, 0, 0, 0, 0, 1, 2, 3 }, true },  { { 9, 9, 9, 9, 9, 9, 9, 9 }, true },
        { { 1, 1, 2, 2, 2, 5, 6, 7 }, true },  { { 2, 1, 2, 1, 2, 5, 6, 7 }, true },
        { { 1, 1, 1, 1, 2, 0, 0, 0 }, false }, { { 0, 0, 0, 0, 1, 0, 0, 0 }, false },
        { { 1, 1, 2, 2, 3, 3, 3, 3 }, false }, { { 1, 2, 3, 4, 5, 6, 7, 8 }, false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
        assert_int_equal(nl_too_simple(t[i].c), t[i].simple);
}

/* ---- channels ---- */

static void test_channel(void **state)
{
    static const uint32_t sizes[] = { 0, 1, 15, 16, 17, 5700, 60000 };
    struct world w;
    struct nl_channel *c = NULL;
    struct rpc_conn *e;
    (void)state;
    world_init(&w);
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (uint8_t)(i * 7);
    if (open_as(&w, "ws1", hash, &c) != STATUS_SUCCESS)
        fail_msg("%s", w.err.text);
    assert_int_equal(nl_channel_flags(c), NL_FLAGS_SUPPORTED);
    assert_int_equal(nl_channel_rid(c), 1103);
    assert_string_equal(nl_channel_key(c)->computer, "WS1");
    assert_int_equal(open_echo(&w, nl_channel_key(c), &e), STATUS_SUCCESS);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        assert_int_equal(echo(&w, e, sizes[i]), STATUS_SUCCESS);
    assert_string_equal(w.token->name, "LAB\\WS1$");
    assert_string_equal(w.token->mech, "schannel");
    assert_int_equal(w.token->flags, SEC_TOKEN_MACHINE);
    struct nt_sid sid;
    assert_int_equal(nt_sid_parse("S-1-5-64-14", &sid), STATUS_SUCCESS);
    assert_true(sec_token_has(w.token, &sid));
    rpc_close(e);
    nl_channel_close(c);
    world_done(&w);
}

static void count_done(void *arg, enum nt_status st)
{
    assert_int_equal(st, STATUS_SUCCESS);
    ++*(unsigned *)arg;
}

/* Many calls at once wait for each other: there is one counter for both directions. */
static void test_many(void **state)
{
    struct world w;
    struct nl_channel *c = NULL;
    struct rpc_conn *e;
    struct rpcecho_echo_EchoData r[40];
    unsigned done = 0;
    (void)state;
    world_init(&w);
    assert_int_equal(open_as(&w, "WS1", hash, &c), STATUS_SUCCESS);
    assert_int_equal(open_echo(&w, nl_channel_key(c), &e), STATUS_SUCCESS);
    for (int i = 0; i < 40; i++) {
        r[i] = (struct rpcecho_echo_EchoData){ .in = { (uint32_t)(i * 400), pattern } };
        assert_int_equal(rpcecho_echo_EchoData_send(e, w.mem, &r[i], count_done, &done, NULL),
                         STATUS_SUCCESS);
    }
    for (int i = 0; i < 1000 && done < 40; i++)
        assert_true(nt_loop_run(w.loop, 100) != STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(done, 40);
    rpc_close(e);
    nl_channel_close(c);
    world_done(&w);
}

static void test_lies(void **state)
{
    static const struct {
        enum lie lie;
        enum nt_status st;
    } t[] = {
        { REFLECT, STATUS_ACCESS_DENIED },          { NO_PROOF, STATUS_ACCESS_DENIED },
        { NO_AES, STATUS_DOWNGRADE_DETECTED },      { MORE_FLAGS, STATUS_DOWNGRADE_DETECTED },
        { OTHER_FLAGS, STATUS_DOWNGRADE_DETECTED }, { OTHER_ASKED, STATUS_DOWNGRADE_DETECTED },
        { WRONG_RETURN, STATUS_ACCESS_DENIED },     { NO_LEVEL_2, STATUS_SUCCESS },
    };
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct world w;
        struct nl_channel *c = NULL;
        world_init(&w);
        w.lie = t[i].lie;
        enum nt_status st = open_as(&w, "WS1", hash, &c);
        if (st != t[i].st)
            fail_msg("lie %d: 0x%08x %s", t[i].lie, (unsigned)st, w.err.text);
        nl_channel_close(c);
        world_done(&w);
    }
}

static void test_strangers(void **state)
{
    struct world w;
    struct nl_channel *c = NULL;
    struct rpc_conn *e = NULL;
    struct sec_schannel_key key = { .size = sizeof key, .computer = "WS1", .domain = "LAB" };
    (void)state;
    world_init(&w);
    assert_int_equal(open_as(&w, "WS1", other_hash, &c), STATUS_ACCESS_DENIED);
    assert_int_equal(open_as(&w, "WS2", hash, &c), STATUS_NO_TRUST_SAM_ACCOUNT);
    /* nobody has authenticated yet: there is no channel */
    assert_int_not_equal(open_echo(&w, &key, &e), STATUS_SUCCESS);
    assert_int_equal(open_as(&w, "WS1", hash, &c), STATUS_SUCCESS);
    /* the name alone is not the key */
    enum nt_status st = open_echo(&w, &key, &e);
    if (st == STATUS_SUCCESS) {
        st = echo(&w, e, 10);
        rpc_close(e);
    }
    assert_int_not_equal(st, STATUS_SUCCESS);
    assert_int_equal(w.echoes, 0);
    /* the key, but in the name of another computer or domain */
    key = *nl_channel_key(c);
    strcpy(key.computer, "WS2");
    assert_int_not_equal(open_echo(&w, &key, &e), STATUS_SUCCESS);
    key = *nl_channel_key(c);
    strcpy(key.domain, "OTHER");
    assert_int_not_equal(open_echo(&w, &key, &e), STATUS_SUCCESS);
    nl_channel_close(c);
    world_done(&w);
}

/* ---- the server alone ---- */

static enum nt_status challenge(struct world *w, const char16_t *computer, const uint8_t client[8])
{
    struct netlogon_NetrServerReqChallenge r = { .in = { .ComputerName = computer } };
    memcpy(r.in.ClientChallenge.data, client, 8);
    return nl_verifier_challenge(w->v, &r);
}

static enum nt_status authenticate(struct world *w, const char16_t *computer, const char16_t *as,
                                   const uint8_t credential[8], uint32_t flags)
{
    struct netlogon_NetrServerAuthenticate3 r = { .in = { .AccountName = as,
                                                          .SecureChannelType =
                                                              netlogon_WorkstationSecureChannel,
                                                          .ComputerName = computer,
                                                          .NegotiateFlags = flags } };
    memcpy(r.in.ClientCredential.data, credential, 8);
    enum nt_status st = nl_verifier_authenticate(w->v, &r);
    if (st != STATUS_SUCCESS) {
        static const char zero[8];
        assert_memory_equal(r.out.ServerCredential.data, zero, 8);
        assert_int_equal(r.out.NegotiateFlags, 0);
        assert_int_equal(r.out.AccountRid, 0);
    }
    return st;
}

/* Zerologon: a challenge of zeros and a credential of zeros, which one key in 256 gives. */
static void test_zerologon(void **state)
{
    static const uint8_t simple[][8] = { { 0 }, { 7, 7, 7, 7, 7, 7, 7, 7 }, { 1, 1, 2, 2, 2, 0, 0, 0 } };
    struct world w;
    (void)state;
    for (size_t k = 0; k < sizeof simple / sizeof simple[0]; k++) {
        world_init(&w);
        for (int i = 0; i < 2000; i++) {
            assert_int_equal(challenge(&w, u"WS1", simple[k]), STATUS_SUCCESS);
            assert_int_equal(authenticate(&w, u"WS1", u"WS1$", simple[k], NL_FLAGS_SUPPORTED),
                             STATUS_ACCESS_DENIED);
        }
        assert_int_equal(w.asked, 2000);
        assert_null(nl_verifier_chain(w.v, "WS1"));
        world_done(&w);
    }
}

/* Even the right credential is refused for a challenge that is too simple. */
static void test_simple_but_right(void **state)
{
    static const uint8_t zero[8];
    struct world w;
    struct netlogon_NetrServerReqChallenge r = { .in = { .ComputerName = u"WS1" } };
    uint8_t key[16], server[8], credential[8];
    (void)state;
    world_init(&w);
    assert_int_equal(nl_verifier_challenge(w.v, &r), STATUS_SUCCESS);
    memcpy(server, r.out.ServerChallenge.data, 8);
    nl_session_key(hash, zero, server, key);
    nl_credential(key, zero, credential);
    assert_int_equal(authenticate(&w, u"WS1", u"WS1$", credential, NL_FLAGS_SUPPORTED), STATUS_ACCESS_DENIED);
    world_done(&w);
}

/* A challenge serves one try, for a while, for one computer. */
static void test_challenges(void **state)
{
    static const uint8_t client[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    struct world w;
    (void)state;
    for (int how = 0; how < 6; how++) {
        struct netlogon_NetrServerReqChallenge r = { .in = { .ComputerName = u"ws1" } };
        uint8_t key[16], server[8], right[8], wrong[8] = { 0 };
        world_init(&w);
        memcpy(r.in.ClientChallenge.data, client, 8);
        assert_int_equal(nl_verifier_challenge(w.v, &r), STATUS_SUCCESS);
        memcpy(server, r.out.ServerChallenge.data, 8);
        nl_session_key(hash, client, server, key);
        nl_credential(key, client, right);
        enum nt_status want = STATUS_ACCESS_DENIED;
        if (how == 0)
            want = STATUS_SUCCESS;
        if (how == 1)
            assert_int_equal(authenticate(&w, u"WS1", u"WS1$", wrong, NL_FLAGS_SUPPORTED),
                             STATUS_ACCESS_DENIED);
        if (how == 2)
            assert_int_equal(authenticate(&w, u"WS1", u"WS1$", right, NL_FLAGS_SUPPORTED), STATUS_SUCCESS);
        if (how == 3)
            w.later = 121 * NT_TIME_PER_SECOND;
        if (how == 4)
            assert_int_equal(challenge(&w, u"WS1", client), STATUS_SUCCESS);
        for (int i = 0; how == 5 && i < 1024; i++) { /* a flood pushes it out, and costs no memory */
            char16_t name[] = u"FLOOD0000";
            name[5] = (char16_t)(u'A' + i / 676);
            name[6] = (char16_t)(u'A' + i / 26 % 26);
            name[7] = (char16_t)(u'A' + i % 26);
            assert_int_equal(challenge(&w, name, client), STATUS_SUCCESS);
        }
        assert_int_equal(authenticate(&w, u"WS1", u"WS1$", right, NL_FLAGS_SUPPORTED), want);
        world_done(&w);
    }
}

static void test_names_and_flags(void **state)
{
    static const uint8_t client[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    static const char16_t *const bad[] = { u"",     u"WS1$",   u"A NAME",           u"WS\\1",
                                           u"WS/1", u"ws.lab", u"SIXTEENLETTERSXX", u"W\u00e9",
                                           u"W\1" };
    static const uint32_t weak[] = { 0, NL_FLAG_STRONG_KEYS, NL_FLAGS_SUPPORTED & ~(uint32_t)NL_FLAG_AES,
                                     NL_FLAGS_SUPPORTED & ~(uint32_t)NL_FLAG_SECURE_RPC };
    struct world w;
    (void)state;
    world_init(&w);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(challenge(&w, bad[i], client), STATUS_INVALID_COMPUTER_NAME);
        assert_int_equal(authenticate(&w, bad[i], u"WS1$", client, NL_FLAGS_SUPPORTED),
                         STATUS_INVALID_PARAMETER);
    }
    for (size_t i = 0; i < sizeof weak / sizeof weak[0]; i++) {
        assert_int_equal(challenge(&w, u"WS1", client), STATUS_SUCCESS);
        assert_int_equal(authenticate(&w, u"WS1", u"WS1$", client, weak[i]), STATUS_DOWNGRADE_DETECTED);
    }
    assert_int_equal(w.asked, 0); /* nobody's hash was even looked for */
    /* a computer logs on as itself */
    assert_int_equal(challenge(&w, u"WS2", client), STATUS_SUCCESS);
    assert_int_equal(authenticate(&w, u"WS2", u"WS1$", client, NL_FLAGS_SUPPORTED),
                     STATUS_NO_TRUST_SAM_ACCOUNT);
    assert_int_equal(challenge(&w, u"WS1", client), STATUS_SUCCESS);
    assert_int_equal(authenticate(&w, u"WS1", u"WS1", client, NL_FLAGS_SUPPORTED),
                     STATUS_NO_TRUST_SAM_ACCOUNT);
    assert_int_equal(w.asked, 0);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain),      cmocka_unit_test(test_simple),
        cmocka_unit_test(test_channel),    cmocka_unit_test(test_many),
        cmocka_unit_test(test_lies),       cmocka_unit_test(test_strangers),
        cmocka_unit_test(test_zerologon),  cmocka_unit_test(test_simple_but_right),
        cmocka_unit_test(test_challenges), cmocka_unit_test(test_names_and_flags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
