// SPDX-License-Identifier: Apache-2.0
/* Who may call what, objects with types of their own, interfaces that go while they are called. */
#include <msrpc/rpcecho.h>
#include "own_server.h"

static const struct nt_guid type_a = { 0xa, 1, 2, { 3 } }, type_b = { 0xb, 1, 2, { 3 } };
static const struct nt_guid object_1 = { 1, 0, 0, { 1 } }, object_2 = { 2, 0, 0, { 1 } },
                            object_3 = { 3, 0, 0, { 1 } };

static enum nt_status add(struct rpc_server_call *call, struct rpcecho_echo_AddOne *r)
{
    const uint32_t *n = rpc_server_arg(call);
    r->out.out_data = r->in.in_data + *n;
    return STATUS_SUCCESS;
}

static struct rpc_server_call *sleeping;

static enum nt_status test_sleep(struct rpc_server_call *call, struct rpcecho_echo_TestSleep *r)
{
    r->out.result = r->in.seconds;
    sleeping = call;
    return STATUS_PENDING;
}

static const struct rpcecho_handlers handlers = { .echo_AddOne = add, .echo_TestSleep = test_sleep };

/* What 0 becomes, called on an object. */
static uint32_t added(struct own *w, struct rpc_conn *c, const struct nt_guid *object,
                      enum nt_status expected)
{
    struct rpcecho_echo_AddOne r = { .in.in_data = 0 };
    struct rpc_call_options o = RPC_CALL_OPTIONS_INIT;
    o.object = object;
    rpc_conn_set(c, &o);
    assert_int_equal(rpcecho_echo_AddOne(c, w->mem, &r), expected);
    return r.out.out_data;
}

static void test_objects(void **state)
{
    static uint32_t one = 1, ten = 10;
    static const struct nt_guid nil;
    struct own w;
    (void)state;
    own_init(&w, 0, SEC_LEVEL_NONE);
    assert_int_equal(rpc_server_register_manager(w.s, &rpcecho_interface, &type_a, &handlers, &ten),
                     STATUS_NOT_FOUND);
    assert_int_equal(rpcecho_register(w.s, &handlers, &one), STATUS_SUCCESS);
    assert_int_equal(rpc_server_register_manager(w.s, &rpcecho_interface, &nil, &handlers, &ten),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(rpc_server_register_manager(w.s, &rpcecho_interface, &type_a, &handlers, &ten),
                     STATUS_SUCCESS);
    assert_int_equal(rpc_server_register_manager(w.s, &rpcecho_interface, &type_a, &handlers, &one),
                     STATUS_OBJECT_NAME_COLLISION);
    assert_int_equal(rpc_server_object_set_type(w.s, &nil, &type_a), STATUS_INVALID_PARAMETER);
    assert_int_equal(rpc_server_object_set_type(w.s, &object_1, &nil), STATUS_NOT_FOUND);
    assert_int_equal(rpc_server_object_set_type(w.s, &object_1, &type_a), STATUS_SUCCESS);
    assert_int_equal(rpc_server_object_set_type(w.s, &object_2, &type_b), STATUS_SUCCESS);
    struct rpc_conn *c = own_open(&w, &rpcecho_interface, SEC_LEVEL_NONE, false);
    assert_int_equal(added(&w, c, NULL, STATUS_SUCCESS), 1);
    assert_int_equal(added(&w, c, &object_1, STATUS_SUCCESS), 10);
    assert_int_equal(added(&w, c, &object_3, STATUS_SUCCESS), 1); /* without a type: the nil one */
    added(&w, c, &object_2, RPC_NT_UNSUPPORTED_TYPE);
    assert_int_equal(rpc_server_object_set_type(w.s, &object_2, &type_a), STATUS_SUCCESS);
    assert_int_equal(added(&w, c, &object_2, STATUS_SUCCESS), 10);
    assert_int_equal(rpc_server_object_set_type(w.s, &object_2, &nil), STATUS_SUCCESS);
    assert_int_equal(added(&w, c, &object_2, STATUS_SUCCESS), 1);
    rpc_close(c);
    own_done(&w);
}

/* Only alice adds. */
static enum nt_status check(void *arg, const struct rpc_server_call *call, uint32_t opnum)
{
    struct rpc_server_caller caller = { .size = sizeof caller };
    unsigned *asked = arg;
    ++*asked;
    assert_int_equal(rpc_server_caller(call, &caller), STATUS_SUCCESS);
    if (opnum == rpcecho_echo_SinkData_opnum)
        return STATUS_PENDING; /* nonsense: refused */
    bool alice = strcmp(caller.name, "LAB\\alice") == 0;
    return alice || opnum != rpcecho_echo_AddOne_opnum ? STATUS_SUCCESS : STATUS_PRIVILEGE_NOT_HELD;
}

static void test_check(void **state)
{
    static uint32_t one = 1;
    unsigned asked = 0;
    struct own w;
    struct rpc_server_policy p = RPC_SERVER_POLICY_INIT;
    struct rpcecho_echo_SinkData sink = { .in.len = 0 };
    (void)state;
    own_init(&w, 0, SEC_LEVEL_PRIVACY);
    p.level = SEC_LEVEL_NONE;
    p.check = check;
    p.arg = &asked;
    assert_int_equal(rpc_server_set_policy(w.s, &rpcecho_interface, &p), STATUS_NOT_FOUND);
    assert_int_equal(rpcecho_register(w.s, &handlers, &one), STATUS_SUCCESS);
    assert_int_equal(rpc_server_set_policy(w.s, &rpcecho_interface, &p), STATUS_SUCCESS);
    struct rpc_conn *stranger = own_open(&w, &rpcecho_interface, SEC_LEVEL_NONE, false);
    struct rpc_conn *alice = own_open(&w, &rpcecho_interface, SEC_LEVEL_INTEGRITY, false);
    added(&w, stranger, NULL, STATUS_PRIVILEGE_NOT_HELD);
    assert_int_equal(added(&w, alice, NULL, STATUS_SUCCESS), 1);
    assert_int_equal(rpcecho_echo_SinkData(alice, w.mem, &sink), STATUS_ACCESS_DENIED);
    assert_int_equal(asked, 3);
    p = (struct rpc_server_policy)RPC_SERVER_POLICY_INIT; /* the server's level again */
    assert_int_equal(rpc_server_set_policy(w.s, &rpcecho_interface, &p), STATUS_SUCCESS);
    added(&w, alice, NULL, STATUS_ACCESS_DENIED);
    p.level = SEC_LEVEL_NONE;
    p.local_only = true;
    assert_int_equal(rpc_server_set_policy(w.s, &rpcecho_interface, &p), STATUS_SUCCESS);
    added(&w, alice, NULL, STATUS_ACCESS_DENIED);
    assert_int_equal(asked, 3);
    rpc_close(stranger);
    rpc_close(alice);
    own_done(&w);
}

static void count(void *arg)
{
    ++*(unsigned *)arg;
}

static void test_unregister(void **state)
{
    static uint32_t one = 1;
    unsigned ended = 0;
    enum nt_status st = STATUS_PENDING;
    struct own w;
    struct rpcecho_echo_TestSleep r = { .in.seconds = 7 };
    (void)state;
    own_init(&w, 0, SEC_LEVEL_NONE);
    assert_int_equal(rpc_server_unregister(w.s, &rpcecho_interface, count, &ended), STATUS_NOT_FOUND);
    assert_int_equal(rpcecho_register(w.s, &handlers, &one), STATUS_SUCCESS);
    struct rpc_conn *c = own_open(&w, &rpcecho_interface, SEC_LEVEL_NONE, false);
    assert_int_equal(rpcecho_echo_TestSleep_send(c, w.mem, &r, own_done_fn, &st, NULL), STATUS_SUCCESS);
    own_turn(&w, 20);
    assert_non_null(sleeping);
    assert_int_equal(rpc_server_unregister(w.s, &rpcecho_interface, count, &ended), STATUS_PENDING);
    assert_null(rpc_server_interface(w.s, 0));
    assert_int_equal(rpcecho_register(w.s, &handlers, &one),
                     STATUS_SUCCESS); /* a new one, beside the old one's call */
    assert_int_equal(ended, 0);
    rpc_server_reply(sleeping, STATUS_SUCCESS);
    assert_int_equal(ended, 1);
    own_turn(&w, 20);
    assert_int_equal(st, STATUS_SUCCESS);
    assert_int_equal(r.out.result, 7);
    added(&w, c, NULL, RPC_NT_UNKNOWN_IF); /* bound to what has gone */
    rpc_close(c);
    c = own_open(&w, &rpcecho_interface, SEC_LEVEL_NONE, false);
    assert_int_equal(added(&w, c, NULL, STATUS_SUCCESS), 1);
    rpc_close(c);
    own_turn(&w, 20);
    assert_int_equal(rpc_server_unregister(w.s, &rpcecho_interface, count, &ended), STATUS_SUCCESS);
    assert_int_equal(ended, 1);
    own_done(&w);
}

/* rpc_server_later: after its time; at once when the client has gone, and then no more. */
static struct {
    unsigned times;
    bool cancelled, again;
} later;

static void woken(struct rpc_server_call *call, void *arg)
{
    (void)arg;
    later.cancelled = rpc_server_cancelled(call);
    if (++later.times == 1 && rpc_server_later(call, 1000, woken, NULL))
        return;
    later.again = later.times > 1;
    rpc_server_reply(call, STATUS_SUCCESS);
}

static enum nt_status test_later_sleep(struct rpc_server_call *call, struct rpcecho_echo_TestSleep *r)
{
    r->out.result = 1;
    return rpc_server_later(call, r->in.seconds * 1000, woken, NULL) ? STATUS_PENDING : STATUS_UNSUCCESSFUL;
}

static void test_later(void **state)
{
    static const struct rpcecho_handlers h = { .echo_TestSleep = test_later_sleep };
    struct own w;
    enum nt_status st = STATUS_PENDING;
    struct rpcecho_echo_TestSleep r = { .in.seconds = 3 };
    (void)state;
    memset(&later, 0, sizeof later);
    own_init(&w, 0, SEC_LEVEL_NONE);
    assert_int_equal(rpcecho_register(w.s, &h, NULL), STATUS_SUCCESS);
    struct rpc_conn *c = own_open(&w, &rpcecho_interface, SEC_LEVEL_NONE, false);
    assert_int_equal(rpcecho_echo_TestSleep_send(c, w.mem, &r, own_done_fn, &st, NULL), STATUS_SUCCESS);
    own_pass(&w, 2);
    assert_int_equal(later.times, 0);
    for (int i = 0; i < 10 && later.times == 0; i++)
        own_turn(&w, 1), own_pass(&w, 1);
    assert_in_range(later.times, 1, 2);
    own_pass(&w, 2);
    assert_int_equal(later.times, 2);
    assert_false(later.cancelled);
    assert_int_equal(st, STATUS_SUCCESS);
    memset(&later, 0, sizeof later);
    r.in.seconds = 1000;
    assert_int_equal(rpcecho_echo_TestSleep_send(c, w.mem, &r, own_done_fn, &st, NULL), STATUS_SUCCESS);
    own_turn(&w, 20);
    rpc_close(c);
    own_turn(&w, 50);
    assert_int_equal(later.times, 1);
    assert_true(later.cancelled);
    own_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_objects), cmocka_unit_test(test_check),
                                        cmocka_unit_test(test_unregister), cmocka_unit_test(test_later) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
