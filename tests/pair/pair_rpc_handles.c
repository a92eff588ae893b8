// SPDX-License-Identifier: Apache-2.0
/* Context handles: which calls run at the same time, what a handle is good for, and when its object goes. And
 * how a running call learns that its client wants it to end. */
#include "own_server.h"

/* One operation for everything: [in] long what; [in] handle; [in] handle; [out] handle. */
struct op {
    struct {
        uint32_t what; /* enum */
        struct ndr_handle h, second;
    } in;
    struct {
        struct ndr_handle h;
    } out;
};
enum { NEW = 0, NEW_SHARED, GET, GET_SHARED, WAIT, WAIT_SHARED, CLOSE, END, END_SHARED };

static void push_in(struct ndr_push *n, const void *p)
{
    const struct op *r = p;
    ndr_push_u32(n, r->in.what);
    ndr_push_handle(n, &r->in.h);
    ndr_push_handle(n, &r->in.second);
}

static void pull_in(struct ndr_pull *n, void *p)
{
    struct op *r = p;
    r->in.what = ndr_pull_u32(n);
    ndr_pull_handle(n, &r->in.h);
    ndr_pull_handle(n, &r->in.second);
}

static void push_out(struct ndr_push *n, const void *p)
{
    ndr_push_handle(n, &((const struct op *)p)->out.h);
}

static void pull_out(struct ndr_pull *n, void *p)
{
    ndr_pull_handle(n, &((struct op *)p)->out.h);
}

#define TYPES 3

static const struct rpc_interface iface = {
    RPC_TABLE_VERSION, TYPES + 1, "handles", { { 0x31, 1, 2, { 3 } }, 1, 0 }, NULL, NULL
};
#define OP(number)                                                                                           \
    {                                                                                                        \
        RPC_TABLE_VERSION, number, 0, &iface, "Handle", sizeof(struct op), offsetof(struct op, out),         \
            push_in, pull_in, push_out, pull_out, NULL                                                       \
    }
static const struct rpc_op table[TYPES + 1] = { OP(0), OP(1), OP(2), OP(3) };
static const struct rpc_op *const ops[] = { &table[0], &table[1], &table[2], &table[3] };

struct state {
    struct rpc_server_call *running[16];
    struct op *r[16];
    unsigned n, rundowns, cancels;
    int objects[8];
    bool end_on_cancel;
};
static struct state *now;

static void rundown(void *object)
{
    now->rundowns++;
    (*(int *)object)++;
}

static const struct rpc_handle_type types[TYPES] = { { "a", rundown, false },
                                                     { "b", rundown, false },
                                                     { "c", rundown, true } };
static const struct rpc_handle_type *const plain = &types[0], *const shared = &types[2];

static void cancelled(struct rpc_server_call *call, void *arg)
{
    assert_ptr_equal(arg, now);
    assert_true(rpc_server_cancelled(call));
    now->cancels++;
    if (now->end_on_cancel)
        rpc_server_reply(call, STATUS_CANCELLED);
}

static enum nt_status wait_in(struct rpc_server_call *call, struct op *r, const struct rpc_handle_type *type)
{
    void *object;
    enum nt_status st = rpc_handle_get(call, &r->in.h, type, &object);
    if (st != STATUS_SUCCESS)
        return st;
    st = rpc_server_on_cancel(call, cancelled, now);
    if (st != STATUS_SUCCESS)
        return st;
    now->r[now->n] = r;
    now->running[now->n++] = call;
    return STATUS_PENDING;
}

static enum nt_status dispatch(const void *handlers, struct rpc_server_call *call, uint32_t opnum, void *p)
{
    struct op *r = p;
    void *object = NULL;
    (void)handlers;
    if (opnum) { /* operation n wants a handle of type n - 1 */
        return rpc_handle_get(call, &r->in.h, &types[opnum - 1], &object);
    }
    r->out.h = r->in.h;
    switch (r->in.what) {
    case NEW:
        return rpc_handle_new(call, plain, &now->objects[0], &r->out.h);
    case NEW_SHARED:
        return rpc_handle_new(call, shared, &now->objects[1], &r->out.h);
    case GET:
    case GET_SHARED:
        return rpc_handle_get(call, &r->in.h, r->in.what == GET ? plain : shared, &object);
    case WAIT:
    case WAIT_SHARED:
        return wait_in(call, r, r->in.what == WAIT ? plain : shared);
    case CLOSE:
        return rpc_handle_close(call, &r->out.h, plain, &object);
    case END:
    case END_SHARED:
        if (r->in.what == END_SHARED)
            assert_int_equal(rpc_handle_close(call, &r->out.h, shared, &object), STATUS_INVALID_PARAMETER);
        return rpc_handle_close(call, &r->out.h, r->in.what == END ? plain : shared, NULL);
    default:
        return RPC_NT_PROCNUM_OUT_OF_RANGE;
    }
}

static void begin(struct own *w, struct state *s)
{
    memset(s, 0, sizeof *s);
    now = s;
    own_init(w, 0, SEC_LEVEL_NONE);
    assert_int_equal(rpc_server_register(w->s, &iface, ops, dispatch, NULL, w), STATUS_SUCCESS);
}

static void answer(struct own *w, unsigned i)
{
    struct rpc_server_call *call = now->running[i];
    now->running[i] = NULL;
    rpc_server_reply(call, STATUS_SUCCESS);
    own_turn(w, 20);
}

/* ---- raw calls: several at a time on one connection ---- */

static void send_op(struct own *w, struct raw *p, uint32_t id, uint32_t what, const struct ndr_handle *h,
                    const struct ndr_handle *second)
{
    static const struct ndr_handle null;
    struct op r = { .in = { what, h ? *h : null, second ? *second : null } };
    struct ndr_push n;
    struct wr b;
    wr_init(&b, 1000);
    ndr_push_init(&n, &b, false);
    push_in(&n, &r);
    assert_int_equal(ndr_push_status(&n), STATUS_SUCCESS);
    raw_request(w, p, RPC_PFC_WHOLE, id, 0, b.base, b.len);
    own_turn(w, 10);
    wr_free(&b);
}

/* The answer to a call is the next that has come. */
static struct ndr_handle take_answer(struct own *w, struct raw *p, uint32_t id)
{
    struct rpc_pdu d;
    const uint8_t *bytes;
    struct op r = { .in.what = 0 };
    struct ndr_pull n;
    assert_true(raw_next(p, &d, &bytes));
    assert_int_equal(d.h.ptype, RPC_PT_RESPONSE);
    assert_int_equal(d.h.call_id, id);
    ndr_pull_init(&n, w->mem, bytes + d.body_off, d.body_len, 0x10, false, NULL);
    pull_out(&n, &r);
    assert_int_equal(ndr_pull_status(&n), STATUS_SUCCESS);
    return r.out.h;
}

/* Calls on one handle one by one, in order; on different handles, and on a shared one, at the same time. */
static void test_serialized(void **state)
{
    struct own w;
    struct state s;
    struct raw p;
    struct ndr_handle a, b, c;
    (void)state;
    begin(&w, &s);
    raw_start(&w, &p);
    assert_int_not_equal(raw_bind(&w, &p, &iface, 0, true), 0);
    send_op(&w, &p, 1, NEW, NULL, NULL);
    a = take_answer(&w, &p, 1);
    send_op(&w, &p, 2, NEW, NULL, NULL);
    b = take_answer(&w, &p, 2);
    send_op(&w, &p, 3, NEW_SHARED, NULL, NULL);
    c = take_answer(&w, &p, 3);

    send_op(&w, &p, 10, WAIT, &a, NULL);
    send_op(&w, &p, 11, WAIT, &a, NULL);
    send_op(&w, &p, 12, GET, &a, NULL);
    assert_int_equal(s.n, 1);
    send_op(&w, &p, 13, WAIT, &b, NULL); /* another object */
    assert_int_equal(s.n, 2);
    send_op(&w, &p, 14, WAIT, &b, &a); /* waits for either */
    assert_int_equal(s.n, 2);
    answer(&w, 1);
    (void)take_answer(&w, &p, 13);
    assert_int_equal(s.n, 2); /* b is free, a is not */
    send_op(&w, &p, 15, GET, &b, NULL);
    (void)take_answer(&w, &p, 15); /* who waits holds nothing */
    answer(&w, 0);
    (void)take_answer(&w, &p, 10);
    assert_int_equal(s.n, 3);
    assert_int_equal(p.in.len, 0); /* 12 comes after 11 */
    answer(&w, 2);
    (void)take_answer(&w, &p, 11);
    (void)take_answer(&w, &p, 12);
    assert_int_equal(s.n, 4);
    answer(&w, 3);
    (void)take_answer(&w, &p, 14);

    send_op(&w, &p, 20, WAIT_SHARED, &c, NULL);
    send_op(&w, &p, 21, WAIT_SHARED, &c, NULL);
    assert_int_equal(s.n, 6);
    answer(&w, 5);
    answer(&w, 4);
    (void)take_answer(&w, &p, 21); /* in the order of the replies */
    (void)take_answer(&w, &p, 20);
    raw_end(&w, &p);
    own_turn(&w, 20);
    assert_int_equal(s.rundowns, 3);
    own_done(&w);
}

/* A handle that is closed while others wait for it: they find it gone. While another uses a shared one: the
 * object goes with the last user. */
static void test_closed_while_used(void **state)
{
    struct own w;
    struct state s;
    struct raw p, q;
    struct ndr_handle a, c;
    (void)state;
    begin(&w, &s);
    raw_start(&w, &p);
    raw_start(&w, &q);
    uint32_t group = raw_bind(&w, &p, &iface, 0, true);
    assert_int_equal(raw_bind(&w, &q, &iface, group, true), group);
    send_op(&w, &p, 1, NEW, NULL, NULL);
    a = take_answer(&w, &p, 1);
    send_op(&w, &p, 2, NEW_SHARED, NULL, NULL);
    c = take_answer(&w, &p, 2);
    send_op(&w, &q, 5, WAIT, &a, NULL); /* made on one connection, used on the other */
    send_op(&w, &p, 6, CLOSE, &a, NULL);
    send_op(&w, &q, 7, GET, &a, NULL);
    send_op(&w, &p, 8, GET, &a, &c);
    assert_int_equal(s.n, 1);
    answer(&w, 0);
    (void)take_answer(&w, &q, 5);
    assert_true(ndr_handle_is_null(&(struct ndr_handle){ 0 }));
    struct ndr_handle closed = take_answer(&w, &p, 6);
    assert_true(ndr_handle_is_null(&closed));
    raw_expect_fault(&q, 7, 0x1C00001A);
    raw_expect_fault(&p, 8, 0x1C00001A);
    assert_int_equal(s.rundowns, 0); /* CLOSE took the object over */

    send_op(&w, &q, 9, WAIT_SHARED, &c, NULL);
    send_op(&w, &p, 10, END_SHARED, &c, NULL);
    closed = take_answer(&w, &p, 10);
    assert_true(ndr_handle_is_null(&closed));
    assert_int_equal(s.rundowns, 0); /* call 9 still uses it */
    send_op(&w, &p, 11, GET_SHARED, &c, NULL);
    raw_expect_fault(&p, 11, 0x1C00001A); /* but nobody else finds it */
    answer(&w, 1);
    (void)take_answer(&w, &q, 9);
    assert_int_equal(s.rundowns, 1);
    send_op(&w, &p, 12, NEW, NULL, NULL);
    a = take_answer(&w, &p, 12);
    send_op(&w, &p, 13, END, &a, NULL);
    (void)take_answer(&w, &p, 13);
    assert_int_equal(s.rundowns, 2);
    raw_end(&w, &q);
    raw_end(&w, &p);
    own_done(&w);
}

/* CVE-2021-3738: the connection that made a handle goes while another of the group uses it; the last
 * connection goes while a call runs: the run-down waits for the call. */
static void test_group_outlives(void **state)
{
    struct own w;
    struct state s;
    struct raw p, q;
    (void)state;
    begin(&w, &s);
    raw_start(&w, &p);
    raw_start(&w, &q);
    uint32_t group = raw_bind(&w, &p, &iface, 0, false);
    assert_int_equal(raw_bind(&w, &q, &iface, group, true), group);
    send_op(&w, &p, 1, NEW, NULL, NULL);
    struct ndr_handle a = take_answer(&w, &p, 1);
    send_op(&w, &q, 2, WAIT, &a, NULL);
    send_op(&w, &p, 3, CLOSE, &a, NULL); /* waits, and goes with its connection */
    raw_end(&w, &p);
    assert_int_equal(s.n, 1);
    assert_int_equal(s.rundowns, 0);
    send_op(&w, &q, 4, GET, &a, NULL);
    answer(&w, 0);
    (void)take_answer(&w, &q, 2);
    (void)take_answer(&w, &q, 4);
    send_op(&w, &q, 5, WAIT, &a, NULL);
    send_op(&w, &q, 6, WAIT, &a, NULL);
    raw_end(&w, &q);
    assert_int_equal(s.n, 2); /* 6 will never run */
    assert_int_equal(s.rundowns, 0);
    assert_int_equal(s.cancels, 1);
    answer(&w, 1);
    assert_int_equal(s.rundowns, 1);
    own_done(&w);
}

/* Every type into every operation: CVE-2025-48815. And what is no handle at all. */
static void test_types(void **state)
{
    struct own w;
    struct state s;
    (void)state;
    begin(&w, &s);
    struct rpc_conn *c = own_open(&w, &iface, SEC_LEVEL_INTEGRITY, false);
    struct rpc_conn *stranger = own_open(&w, &iface, SEC_LEVEL_NONE, false);
    for (uint32_t made = 0; made < 2; made++) {
        struct op r = { .in.what = made ? NEW_SHARED : NEW };
        assert_int_equal(rpc_run(c, &table[0], w.mem, &r), STATUS_SUCCESS);
        struct ndr_handle h = r.out.h;
        for (unsigned wanted = 0; wanted < TYPES; wanted++) {
            bool right = wanted == (made ? 2 : 0);
            r = (struct op){ .in.h = h };
            assert_int_equal(rpc_run(c, &table[wanted + 1], w.mem, &r),
                             right ? STATUS_SUCCESS : RPC_NT_SS_CONTEXT_MISMATCH);
            r = (struct op){ .in.h = h };
            assert_int_equal(rpc_run(stranger, &table[wanted + 1], w.mem, &r), RPC_NT_SS_CONTEXT_MISMATCH);
            r = (struct op){ .in.h = h };
            r.in.h.uuid.d[3] ^= 1;
            assert_int_equal(rpc_run(c, &table[wanted + 1], w.mem, &r), RPC_NT_SS_CONTEXT_MISMATCH);
            r = (struct op){ .in.what = 0 };
            assert_int_equal(rpc_run(c, &table[wanted + 1], w.mem, &r), RPC_NT_SS_CONTEXT_MISMATCH);
        }
    }
    rpc_close(stranger);
    rpc_close(c);
    own_turn(&w, 20);
    assert_int_equal(s.rundowns, 2);
    own_done(&w);
}

/* Another machine does not get into an association group ([MS-RPCE] 3.3.1.5.7). */
static void test_group_of_another_host(void **state)
{
    struct own w;
    struct state s;
    struct raw p, q;
    struct io_addr to = { .host = "other:7", .port = 1 };
    (void)state;
    begin(&w, &s);
    raw_start(&w, &p);
    uint32_t group = raw_bind(&w, &p, &iface, 0, false);
    memset(&q, 0, sizeof q);
    raw_start(&w, &q);
    io_stream_done(&q.s);
    io_stream_init(&q.s, p.s.ops, &q, NULL);
    assert_int_equal(io_dial(w.loop, &q.s, &to, UINT64_MAX), STATUS_SUCCESS);
    own_turn(&w, 5);
    assert_int_equal(raw_bind(&w, &q, &iface, group, false), 0);
    raw_end(&w, &q);
    raw_end(&w, &p);
    own_done(&w);
}

/* ---- cancels ---- */

static void test_cancel(void **state)
{
    (void)state;
    for (int obey = 0; obey < 2; obey++) {
        struct own w;
        struct state s;
        struct raw p;
        begin(&w, &s);
        s.end_on_cancel = obey;
        raw_start(&w, &p);
        (void)raw_bind(&w, &p, &iface, 0, true);
        send_op(&w, &p, 1, NEW, NULL, NULL);
        struct ndr_handle a = take_answer(&w, &p, 1);
        send_op(&w, &p, 2, WAIT, &a, NULL);
        send_op(&w, &p, 3, WAIT, &a, NULL);
        raw_bare(&w, &p, RPC_PT_CO_CANCEL, 9); /* nobody's */
        assert_int_equal(s.cancels, 0);
        raw_bare(&w, &p, RPC_PT_CO_CANCEL, 3); /* it waits for the handle: nothing has run */
        raw_expect_fault(&p, 3, 0x1C00000D);
        raw_bare(&w, &p, RPC_PT_CO_CANCEL, 2);
        raw_bare(&w, &p, RPC_PT_CO_CANCEL, 2);
        assert_int_equal(s.cancels, 1);
        if (obey) {
            raw_expect_fault(&p, 2, 0x1C00000D);
        } else {
            assert_int_equal(p.in.len, 0);
            answer(&w, 0);
            (void)take_answer(&w, &p, 2); /* a cancel is a wish */
        }
        send_op(&w, &p, 4, WAIT, &a, NULL);
        unsigned last = s.n - 1;
        raw_bare(&w, &p, RPC_PT_ORPHANED, 4);
        assert_int_equal(s.cancels, 2);
        if (!obey)
            answer(&w, last);
        assert_int_equal(p.in.len, 0); /* an orphan's answer is for nobody */
        raw_end(&w, &p);
        own_done(&w);
    }
}

/* The cancel that is pending when a request is sent comes with it ([C706] 12.6.3.1). */
static void test_pending_cancel(void **state)
{
    struct own w;
    struct state s;
    struct raw p;
    struct wr b;
    uint8_t stub[44] = { WAIT };
    (void)state;
    begin(&w, &s);
    raw_start(&w, &p);
    (void)raw_bind(&w, &p, &iface, 0, false);
    send_op(&w, &p, 1, NEW, NULL, NULL);
    struct ndr_handle a = take_answer(&w, &p, 1);
    put_le32(stub + 8, a.uuid.a);
    put_le16(stub + 12, a.uuid.b);
    put_le16(stub + 14, a.uuid.c);
    memcpy(stub + 16, a.uuid.d, 8);
    raw_put_request(&b, RPC_PFC_WHOLE | RPC_PFC_PENDING_CANCEL, 2, 0, stub, sizeof stub);
    raw_send(&w, &p, &b);
    raw_expect_fault(&p, 2, 0x1C00000D);
    raw_end(&w, &p);
    own_done(&w);
}

/* Without concurrent multiplexing calls run one after the other ([MS-RPCE] 3.3.1.5.8). */
static void test_exclusive(void **state)
{
    (void)state;
    for (int mpx = 0; mpx < 2; mpx++) {
        struct own w;
        struct state s;
        struct raw p;
        struct ndr_handle h[3];
        begin(&w, &s);
        raw_start(&w, &p);
        (void)raw_bind(&w, &p, &iface, 0, mpx);
        for (uint32_t i = 0; i < 3; i++) {
            send_op(&w, &p, i, NEW, NULL, NULL);
            h[i] = take_answer(&w, &p, i);
        }
        for (uint32_t i = 0; i < 3; i++)
            send_op(&w, &p, 10 + i, WAIT, &h[i], NULL);
        assert_int_equal(s.n, mpx ? 3 : 1);
        for (unsigned i = 0; i < 3; i++) {
            answer(&w, i);
            (void)take_answer(&w, &p, 10 + i);
        }
        assert_int_equal(s.n, 3);
        raw_end(&w, &p);
        own_done(&w);
    }
}

/* A request that names handles without end. */
static void test_many_named(void **state)
{
    (void)state;
    struct ndr_handles all = { NULL, 0, 0 };
    struct ndr_pull n;
    struct nt_arena *mem = nt_arena_new(0);
    uint8_t stub[20 * 100];
    memset(stub, 7, sizeof stub);
    ndr_pull_init(&n, mem, stub, sizeof stub, 0x10, false, NULL);
    n.handles = &all;
    for (int i = 0; i < 100; i++) {
        struct ndr_handle h;
        ndr_pull_handle(&n, &h);
    }
    assert_int_equal(ndr_pull_status(&n), STATUS_SUCCESS);
    assert_int_equal(all.n, 100);
    nt_arena_free(mem);
}

/* ---- inside of callbacks ---- */

static void asked(struct rpc_server_call *call, void *arg, enum nt_status st)
{
    (void)call;
    *(enum nt_status *)arg = st;
}

/* A callback under the first running call, to a client of bytes; its request is taken. */
static void ask(struct own *w, struct raw *p, struct op *r, enum nt_status *st)
{
    struct rpc_pdu d;
    *st = STATUS_PENDING;
    assert_int_equal(rpc_server_callback(now->running[0], &table[0], r, asked, st), STATUS_SUCCESS);
    own_turn(w, 10);
    assert_true(raw_next(p, &d, NULL));
    assert_int_equal(d.h.ptype, RPC_PT_REQUEST);
}

static void answer_callback(struct own *w, struct raw *p, uint32_t id)
{
    struct wr b;
    wr_init(&b, 100);
    (void)wr_room(&b, RPC_RSP_LEN);
    wr_zero(&b, 20);
    rpc_fill_response(b.base, RPC_PFC_WHOLE, id, 20, 3);
    rpc_pdu_end(&b, 0, 0);
    raw_send(w, p, &b);
    own_turn(w, 10);
}

/* What a call uses is not closed by one inside of its callback; and that one keeps it when the outer has gone. */
static void test_inside(void **state)
{
    struct own w;
    struct state s;
    struct raw p;
    struct ndr_handle a;
    struct op r = { .in.what = 0 };
    enum nt_status st;
    void *object;
    (void)state;
    begin(&w, &s);
    raw_start(&w, &p);
    assert_int_not_equal(raw_bind(&w, &p, &iface, 0, true), 0);
    send_op(&w, &p, 1, NEW, NULL, NULL);
    a = take_answer(&w, &p, 1);
    send_op(&w, &p, 10, WAIT, &a, NULL);
    assert_int_equal(s.n, 1);

    ask(&w, &p, &r, &st);
    send_op(&w, &p, 10, CLOSE, &a, NULL);
    raw_expect_fault(&p, 10, nt_to_rpc_fault(STATUS_INVALID_DEVICE_STATE));
    send_op(&w, &p, 10, GET, &a, NULL);
    (void)take_answer(&w, &p, 10);
    answer_callback(&w, &p, 10);
    assert_int_equal(st, STATUS_SUCCESS);
    assert_int_equal(rpc_handle_get(s.running[0], &a, plain, &object), STATUS_SUCCESS);

    ask(&w, &p, &r, &st);
    send_op(&w, &p, 10, WAIT, &a, NULL);
    assert_int_equal(s.n, 2);
    answer_callback(&w, &p, 10);
    answer(&w, 0); /* the outer one ends first */
    (void)take_answer(&w, &p, 10);
    send_op(&w, &p, 11, CLOSE, &a, NULL);
    assert_int_equal(p.in.len, 0); /* it waits */
    assert_int_equal(rpc_handle_get(s.running[1], &a, plain, &object), STATUS_SUCCESS);
    answer(&w, 1);
    (void)take_answer(&w, &p, 10);
    (void)take_answer(&w, &p, 11);
    assert_int_equal(w.s->n_handles, 0);
    raw_end(&w, &p);
    own_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inside),
        cmocka_unit_test(test_serialized),     cmocka_unit_test(test_closed_while_used),
        cmocka_unit_test(test_group_outlives), cmocka_unit_test(test_types),
        cmocka_unit_test(test_cancel),         cmocka_unit_test(test_pending_cancel),
        cmocka_unit_test(test_exclusive),      cmocka_unit_test(test_group_of_another_host),
        cmocka_unit_test(test_many_named),
    };
    return cmocka_run_group_tests_name("rpc_handles", tests, NULL, NULL);
}
