// SPDX-License-Identifier: Apache-2.0
/* What a server's observer is told: connections, binds, logons, calls, PDUs in the clear; also of what goes
 * wrong. */
#include "own_server.h"
#include <msrpc/rpcecho.h>
#include <msrpc/serve.h>

struct notes {
    unsigned opened, closed, begun, ended, binds, naks, logons, failed_logons, refused, pdus, auth3;
    struct rpc_seen_call call; /* the last */
    struct rpc_seen_auth auth;
    struct rpc_seen_bind bind;
    char account[300], who[100], op[40], iface[20], why[300];
    uint64_t last_id;
    bool clear; /* the marker was seen in a PDU */
    unsigned tags;
    enum rpc_refusal cause;
};

static const char marker[] = "in the clear";

static void take_tag(struct notes *n, struct rpc_seen_conn *c)
{
    if (!c->id)
        return; /* gone */
    if (!c->tag)
        n->tags++;
    c->tag = n;
    assert_string_equal(c->protseq, "ncacn_ip_tcp");
}

static void bound(void *arg, struct rpc_seen_conn *c, const struct rpc_seen_bind *b)
{
    struct notes *n = arg;
    take_tag(n, c);
    n->binds += b->ok;
    n->naks += !b->ok;
    n->bind = *b;
    n->last_id = c->id;
}

static void auth(void *arg, struct rpc_seen_conn *c, const struct rpc_seen_auth *a)
{
    struct notes *n = arg;
    take_tag(n, c);
    n->logons += a->st == STATUS_SUCCESS;
    n->failed_logons += a->st != STATUS_SUCCESS;
    n->auth = *a;
    snprintf(n->account, sizeof n->account, "%s", a->account);
    snprintf(n->who, sizeof n->who, "%s", a->provider);
    snprintf(n->why, sizeof n->why, "%s", a->why);
}

static void begun(void *arg, struct rpc_seen_conn *c, const struct rpc_seen_call *call)
{
    struct notes *n = arg;
    take_tag(n, c);
    assert_false(call->executed);
    n->begun++;
}

static void ended(void *arg, struct rpc_seen_conn *c, const struct rpc_seen_call *call)
{
    struct notes *n = arg;
    take_tag(n, c);
    n->ended++;
    n->call = *call;
    snprintf(n->op, sizeof n->op, "%s", call->op ? call->op->name : "-");
    snprintf(n->iface, sizeof n->iface, "%s", call->iface ? call->iface->name : "-");
    snprintf(n->account, sizeof n->account, "%s", call->account);
    snprintf(n->who, sizeof n->who, "%s", call->provider ? call->provider : "-");
}

static void refused(void *arg, enum rpc_refusal why, const char *peer)
{
    struct notes *n = arg;
    (void)peer;
    n->refused++;
    n->cause = why;
}

static void closed(void *arg, struct rpc_seen_conn *c)
{
    struct notes *n = arg;
    n->closed++;
    assert_true(c->bytes_in && c->bytes_out);
}

static void pdu(void *arg, struct rpc_seen_conn *c, bool out, const uint8_t *head, size_t head_len,
                const uint8_t *body, size_t body_len)
{
    struct notes *n = arg;
    struct wr w;
    (void)out;
    take_tag(n, c);
    n->pdus++;
    assert_in_range(head_len, RPC_HDR_LEN, RPC_FRAG_MAX);
    n->auth3 += head[2] == RPC_PT_AUTH3;
    wr_init(&w, 1 << 20);
    wr_bytes(&w, head, head_len);
    if (body_len)
        wr_bytes(&w, body, body_len);
    assert_null(memmem(w.base, w.len, "NTLMSSP", 7)); /* nobody's tokens */
    /* with its lengths put right it is a PDU without security */
    put_le16(w.base + 8, (uint16_t)w.len);
    put_le16(w.base + 10, 0);
    struct rpc_pdu d;
    const char *why;
    assert_int_equal(rpc_pdu_decode(w.base, w.len, &d, &why), STATUS_SUCCESS);
    n->clear = n->clear || memmem(w.base, w.len, marker, sizeof marker - 1);
    wr_free(&w);
}

static const struct rpc_server_observer all = { .size = sizeof all,
                                                .closed = closed,
                                                .bind = bound,
                                                .auth = auth,
                                                .call_begin = begun,
                                                .call_end = ended,
                                                .refused = refused,
                                                .pdu = pdu };

static void begin(struct own *w, struct notes *n, enum sec_level least)
{
    memset(n, 0, sizeof *n);
    own_init(w, 0, least);
    w->s->observer = all;
    w->s->observer_arg = n;
    assert_int_equal(serve_echo(w->s), STATUS_SUCCESS);
}

#define CALL(fn, c, r) assert_int_equal(fn(c, w.mem, r), STATUS_SUCCESS)

static void test_calls(void **state)
{
    struct own w;
    struct notes n;
    struct rpcecho_echo_AddOne add = { .in.in_data = 1 };
    struct rpcecho_echo_TestCall2 two = { .in.level = 1 };
    struct rpcecho_echo_SourceData source = { .in.len = 100000 };
    uint8_t bytes[sizeof marker];
    (void)state;
    memcpy(bytes, marker, sizeof marker);
    struct rpcecho_echo_EchoData echo = { .in = { sizeof bytes, bytes } };
    begin(&w, &n, SEC_LEVEL_PRIVACY);
    struct rpc_conn *c = own_open(&w, &rpcecho_interface, SEC_LEVEL_PRIVACY, false);
    CALL(rpcecho_echo_AddOne, c, &add);
    assert_int_equal(n.binds, 1);
    assert_int_equal(n.bind.accepted, 1);
    assert_ptr_equal(n.bind.iface, &rpcecho_interface);
    assert_int_equal(n.logons, 1);
    assert_int_equal(n.auth.level, SEC_LEVEL_PRIVACY);
    assert_int_equal(n.begun, 1);
    assert_int_equal(n.ended, 1);
    assert_int_equal(n.call.outcome, RPC_SEEN_ANSWERED);
    assert_string_equal(n.iface, "rpcecho");
    assert_string_equal(n.op, "echo_AddOne");
    assert_string_equal(n.account, "LAB\\alice");
    assert_string_equal(n.who, "ntlm");
    assert_true(n.call.executed);
    assert_int_equal(n.call.kind, RPC_SEEN_NONE); /* void */
    assert_int_equal(n.call.bytes_out, 4);
    assert_in_range(n.call.bytes_in, 4, 200); /* with its trailer */
    CALL(rpcecho_echo_TestCall2, c, &two);
    assert_int_equal(n.call.kind, RPC_SEEN_NTSTATUS);
    assert_int_equal(n.call.result, 0);
    CALL(rpcecho_echo_SourceData, c, &source); /* many fragments */
    assert_int_equal(n.call.bytes_out, 100004);
    assert_int_equal(n.ended, 3);
    assert_false(n.clear);
    CALL(rpcecho_echo_EchoData, c, &echo);
    assert_true(n.clear); /* though it went sealed */
    assert_int_equal(n.auth3, 0);
    assert_int_equal(n.tags, 1);
    two.in.level = 99;
    assert_int_equal(rpcecho_echo_TestCall2(c, w.mem, &two), RPC_NT_INVALID_TAG);
    assert_int_equal(n.call.outcome, RPC_SEEN_FAULT);
    assert_int_equal(n.call.status, RPC_NT_INVALID_TAG);
    assert_true(n.call.executed);
    assert_int_equal(n.begun, n.ended);
    rpc_close(c);
    own_done(&w);
}

static void test_refused(void **state)
{
    struct own w;
    struct notes n;
    struct raw p;
    (void)state;
    begin(&w, &n, SEC_LEVEL_PRIVACY);
    raw_start(&w, &p);
    raw_bind(&w, &p, &rpcecho_interface, 0, true);
    raw_request(&w, &p, RPC_PFC_WHOLE, 7, 0, "abcd", 4);
    raw_expect_fault(&p, 7, 5);
    assert_int_equal(n.begun, 0);
    assert_int_equal(n.ended, 1);
    assert_int_equal(n.call.outcome, RPC_SEEN_FAULT);
    assert_int_equal(n.call.fault, 5);
    assert_int_equal(n.call.status, STATUS_ACCESS_DENIED);
    assert_false(n.call.executed);
    assert_string_equal(n.op, "echo_AddOne");
    assert_string_equal(n.account, "");
    raw_request(&w, &p, RPC_PFC_WHOLE, 8, 4711, "", 0);
    assert_int_equal(n.ended, 2);
    w.s->max_calls = 0;
    assert_int_equal(n.refused, 0);
    raw_request(&w, &p, RPC_PFC_WHOLE, 9, 0, "abcd", 4);
    assert_int_equal(n.refused, 1);
    assert_int_equal(n.cause, RPC_REFUSED_CALLS);
    assert_int_equal(n.ended, 3);
    raw_end(&w, &p);
    own_done(&w);
}

/* An operation that there is not; a context that there is not; somebody who comes twice under one id. */
static void test_unknown(void **state)
{
    struct own w;
    struct notes n;
    struct raw p;
    (void)state;
    begin(&w, &n, SEC_LEVEL_NONE);
    raw_start(&w, &p);
    raw_bind(&w, &p, &rpcecho_interface, 0, true);
    raw_request(&w, &p, RPC_PFC_WHOLE, 2, 4711, "", 0);
    assert_string_equal(n.op, "-");
    assert_string_equal(n.iface, "rpcecho");
    assert_int_equal(n.call.opnum, 4711);
    p.in.len = 0;
    struct wr b;
    raw_put_request(&b, RPC_PFC_WHOLE, 3, 0, "abcd", 4);
    put_le16(b.base + 20, 99);
    raw_send(&w, &p, &b);
    assert_string_equal(n.iface, "-");
    assert_int_equal(n.call.status, RPC_NT_UNKNOWN_IF);
    assert_int_equal(n.ended, 2);
    uint8_t sleep[] = { 60, 0, 0, 0 };
    raw_request(&w, &p, RPC_PFC_WHOLE, 5, 6, sleep, 4);
    assert_int_equal(n.begun, 1);
    assert_int_equal(n.ended, 2);
    raw_request(&w, &p, RPC_PFC_WHOLE, 5, 0, "abcd", 4);
    assert_int_equal(n.ended, 4); /* the second is refused, and takes the first with it */
    raw_end(&w, &p);
    assert_int_equal(n.ended, 4);
    own_done(&w);
}

static void test_given_up(void **state)
{
    struct own w;
    struct notes n;
    struct raw p;
    uint8_t sleep[] = { 60, 0, 0, 0 };
    (void)state;
    begin(&w, &n, SEC_LEVEL_NONE);
    raw_start(&w, &p);
    raw_bind(&w, &p, &rpcecho_interface, 0, true);
    raw_request(&w, &p, RPC_PFC_WHOLE, 2, 6, sleep, 4);
    raw_bare(&w, &p, RPC_PT_ORPHANED, 2);
    own_turn(&w, 20);
    assert_int_equal(n.ended, 1);
    assert_int_equal(n.call.outcome, RPC_SEEN_CANCELLED);
    assert_true(n.call.cancelled);
    raw_request(&w, &p, RPC_PFC_WHOLE, 3, 6, sleep, 4);
    raw_bare(&w, &p, RPC_PT_CO_CANCEL, 3);
    own_turn(&w, 20);
    assert_int_equal(n.ended, 2);
    assert_int_equal(n.call.outcome, RPC_SEEN_FAULT);
    assert_int_equal(n.call.status, STATUS_CANCELLED);
    raw_request(&w, &p, RPC_PFC_WHOLE, 4, 6, sleep, 4);
    raw_end(&w, &p);
    own_turn(&w, 20);
    assert_int_equal(n.ended, 3);
    assert_int_equal(n.call.outcome, RPC_SEEN_LOST);
    assert_int_equal(n.begun, 3);
    own_done(&w);
}

/* Who fails is told with the name that it gave, whatever is in it. */
static void test_failed_logon(void **state)
{
    static const uint8_t other[16] = { 9 };
    struct own w;
    struct notes n;
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct rpc_conn *c;
    (void)state;
    begin(&w, &n, SEC_LEVEL_PRIVACY);
    co.mech = SEC_MECH_NTLM;
    co.user = "LAB\\eve\r\nlogon account=root \"";
    co.nt_hash = other;
    sec_creds_unref(w.creds);
    assert_int_equal(sec_creds_new(&co, &w.creds, NULL), STATUS_SUCCESS);
    o.creds = w.creds;
    o.level = SEC_LEVEL_PRIVACY;
    o.provider = "spnego";
    o.loop = w.loop;
    o.timeout_ms = 5000;
    assert_int_not_equal(rpc_open(w.b, &rpcecho_interface, &o, &c), STATUS_SUCCESS);
    assert_int_equal(n.failed_logons, 1);
    assert_int_equal(n.logons, 0);
    assert_int_equal(n.auth.st, STATUS_LOGON_FAILURE);
    assert_string_equal(n.who, "spnego/ntlm");
    assert_non_null(strstr(n.account, "eve"));
    assert_non_null(strstr(n.account, "account=root"));
    assert_true(n.naks >= 1 || n.binds >= 1);
    own_done(&w);
}

/* A server without an observer, or with one of few functions, of a program that was built with fewer. */
static void test_few(void **state)
{
    struct own w;
    struct notes n = { .ended = 0 };
    struct rpc_server_options o = RPC_SERVER_OPTIONS_INIT;
    struct rpc_server *s;
    struct rpc_server_observer few = all;
    (void)state;
    own_init(&w, 0, SEC_LEVEL_NONE);
    few.size = offsetof(struct rpc_server_observer, call_end);
    o.observer = &few;
    o.observer_arg = &n;
    assert_int_equal(rpc_server_new(w.loop, &o, &s), STATUS_SUCCESS);
    assert_ptr_equal(s->observer.call_begin, begun);
    assert_null(s->observer.call_end);
    assert_null(s->observer.pdu);
    rpc_server_free(s);
    own_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls),    cmocka_unit_test(test_refused),      cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_given_up), cmocka_unit_test(test_failed_logon), cmocka_unit_test(test_few),
    };
    return cmocka_run_group_tests_name("observe", tests, NULL, NULL);
}
