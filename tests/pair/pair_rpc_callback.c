// SPDX-License-Identifier: Apache-2.0
/* Callbacks, both roles ours; and each against a peer made of bytes. */
#include "callbacks.h"
#include "own_server.h"

/* ---- the server ---- */

struct served {
    struct rpc_server_call *call;
    struct callbacks_start *start;
    struct callbacks_ask ask;
    struct callbacks_reverse reverse;
    uint8_t data[80000];
    unsigned dones;
    enum nt_status st; /* of the last callback */
};
static struct served *now;

static void asked(struct rpc_server_call *call, void *arg, enum nt_status st)
{
    struct served *s = arg;
    s->dones++;
    s->st = st;
    if (st == STATUS_SUCCESS)
        s->start->out.result += s->ask.out.result;
    if (st == STATUS_SUCCESS && ++s->ask.in.what < s->start->in.n)
        st = rpc_server_callback(call, &callbacks_ask_op, &s->ask, asked, s);
    else if (st == STATUS_SUCCESS)
        st = STATUS_PENDING;
    else
        s->start->out.result = -1;
    if (st != STATUS_SUCCESS)
        rpc_server_reply(call, STATUS_SUCCESS);
}

static enum nt_status start(struct rpc_server_call *call, struct callbacks_start *r)
{
    struct served *s = now;
    if (!r->in.n)
        return STATUS_SUCCESS;
    s->call = call;
    s->start = r;
    s->ask.in.what = 0;
    enum nt_status st = rpc_server_callback(call, &callbacks_ask_op, &s->ask, asked, s);
    if (st != STATUS_SUCCESS)
        return st;
    assert_int_equal(rpc_server_callback(call, &callbacks_ask_op, &s->ask, asked, s),
                     STATUS_INVALID_DEVICE_STATE);
    return STATUS_PENDING;
}

struct level {
    struct callbacks_deeper *r;
    struct callbacks_ask ask;
};

static void went_deeper(struct rpc_server_call *call, void *arg, enum nt_status st)
{
    struct level *l = arg;
    l->r->out.result = st == STATUS_SUCCESS ? l->ask.out.result + 1 : -1;
    rpc_server_reply(call, STATUS_SUCCESS);
}

static enum nt_status deeper(struct rpc_server_call *call, struct callbacks_deeper *r)
{
    if (r->in.n == 0)
        return STATUS_SUCCESS;
    struct level *l = nt_arena_alloc(rpc_server_mem(call), sizeof *l, 16);
    l->r = r;
    l->ask.in.what = r->in.n - 1;
    enum nt_status st = rpc_server_callback(call, &callbacks_ask_op, &l->ask, went_deeper, l);
    return st == STATUS_SUCCESS ? STATUS_PENDING : st;
}

static void reversed(struct rpc_server_call *call, void *arg, enum nt_status st)
{
    struct served *s = arg;
    struct callbacks_turn *r = (void *)s->start;
    for (uint32_t i = 0; i < r->in.n && st == STATUS_SUCCESS; i++)
        assert_int_equal(s->reverse.out.back[i], s->data[r->in.n - 1 - i]);
    r->out.result = (int32_t)r->in.n;
    rpc_server_reply(call, st);
}

static enum nt_status turn(struct rpc_server_call *call, struct callbacks_turn *r)
{
    now->start = (void *)r;
    now->reverse.in.n = r->in.n;
    now->reverse.in.data = now->data;
    enum nt_status st = rpc_server_callback(call, &callbacks_reverse_op, &now->reverse, reversed, now);
    return st == STATUS_SUCCESS ? STATUS_PENDING : st;
}

static const struct callbacks_handlers handlers = { .start = start, .deeper = deeper, .turn = turn };

/* ---- the client's handlers ---- */

struct client {
    struct own *w;
    unsigned asked;
    bool later, deep;
    struct rpc_callback *pending;
    struct callbacks_ask *r;
    struct callbacks_deeper inner;
};

static enum nt_status client_ask_deep(struct rpc_callback *cb, struct callbacks_ask *r);

static enum nt_status client_ask(struct rpc_callback *cb, struct callbacks_ask *r)
{
    struct client *k = rpc_callback_arg(cb);
    k->asked++;
    if (k->deep)
        return client_ask_deep(cb, r);
    if (k->later) {
        k->pending = cb;
        k->r = r;
        return STATUS_PENDING;
    }
    r->out.result = r->in.what * 10;
    return STATUS_SUCCESS;
}

/* Each question is passed on to the server, as a call inside of the callback. */
struct question {
    struct rpc_callback *cb;
    struct callbacks_ask *ask;
    struct callbacks_deeper inner;
};

static void told(void *arg, enum nt_status st)
{
    struct question *q = arg;
    q->ask->out.result = q->inner.out.result;
    rpc_callback_reply(q->cb, st);
}

static enum nt_status client_ask_deep(struct rpc_callback *cb, struct callbacks_ask *r)
{
    struct question *q = nt_arena_alloc(rpc_callback_mem(cb), sizeof *q, 16);
    q->cb = cb;
    q->ask = r;
    q->inner.in.n = r->in.what;
    enum nt_status st = rpc_callback_send(cb, &callbacks_deeper_op, rpc_callback_mem(cb), &q->inner, told, q);
    return st == STATUS_SUCCESS ? STATUS_PENDING : st;
}

static enum nt_status client_reverse(struct rpc_callback *cb, struct callbacks_reverse *r)
{
    r->out.back = nt_arena_alloc(rpc_callback_mem(cb), r->in.n ? r->in.n : 1, 1);
    for (uint32_t i = 0; i < r->in.n; i++)
        r->out.back[i] = r->in.data[r->in.n - 1 - i];
    return STATUS_SUCCESS;
}

static const struct callbacks_callback_handlers client_handlers = { client_ask, client_reverse };
static const struct callbacks_callback_handlers no_handlers = { NULL, NULL };

static void begin(struct own *w, struct served *s, size_t chunk)
{
    memset(s, 0, sizeof *s);
    for (size_t i = 0; i < sizeof s->data; i++)
        s->data[i] = (uint8_t)(i * 13 + (i >> 8));
    now = s;
    own_init(w, chunk, SEC_LEVEL_NONE);
    assert_int_equal(callbacks_register(w->s, &handlers, NULL), STATUS_SUCCESS);
}

static struct rpc_conn *connect_to(struct own *w, struct client *k, enum sec_level level, bool ndr64)
{
    struct rpc_conn *c = own_open(w, &callbacks_interface, level, ndr64);
    memset(k, 0, sizeof *k);
    k->w = w;
    assert_int_equal(callbacks_serve(c, &client_handlers, k), STATUS_SUCCESS);
    assert_int_equal(callbacks_serve(c, &client_handlers, k), STATUS_OBJECT_NAME_COLLISION);
    return c;
}

/* ---- honest ---- */

static struct served served;

static void test_back_and_forth(void **state)
{
    static const size_t chunks[] = { 0, 1, 1432 };
    (void)state;
    for (int kind = 0; kind < 12; kind++) {
        struct own w;
        struct client k;
        begin(&w, &served, chunks[kind % 3]);
        struct rpc_conn *c = connect_to(&w, &k, kind < 6 ? SEC_LEVEL_NONE : SEC_LEVEL_PRIVACY, kind & 1);
        struct callbacks_start r = { .in.n = 5 };
        assert_int_equal(callbacks_start(c, w.mem, &r), STATUS_SUCCESS);
        assert_int_equal(r.out.result, 100);
        assert_int_equal(k.asked, 5);
        for (uint32_t n = 0; n < 80000 && (n < 8000 || kind % 3 != 1); n = n * 3 + 1777) {
            struct callbacks_turn t = { .in.n = n };
            assert_int_equal(callbacks_turn(c, w.mem, &t), STATUS_SUCCESS);
            assert_int_equal(t.out.result, n);
        }
        rpc_close(c);
        own_done(&w);
    }
}

/* A client that has no handlers, or not this one, says so; the call goes on. */
static void test_no_handlers(void **state)
{
    (void)state;
    for (int some = 0; some < 2; some++) {
        struct own w;
        begin(&w, &served, 0);
        struct rpc_conn *c = own_open(&w, &callbacks_interface, SEC_LEVEL_PRIVACY, false);
        if (some)
            assert_int_equal(callbacks_serve(c, &no_handlers, NULL), STATUS_SUCCESS);
        struct callbacks_start r = { .in.n = 5 };
        assert_int_equal(callbacks_start(c, w.mem, &r), STATUS_SUCCESS);
        assert_int_equal(r.out.result, -1);
        assert_int_equal(served.dones, 1);
        assert_int_equal(served.st, some ? RPC_NT_PROCNUM_OUT_OF_RANGE : RPC_NT_UNKNOWN_IF);
        assert_true(rpc_conn_alive(c));
        rpc_close(c);
        own_done(&w);
    }
}

/* Calls inside of callbacks inside of calls, as deep as is allowed, and deeper. */
static void test_nested(void **state)
{
    (void)state;
    for (int secure = 0; secure < 2; secure++) {
        struct own w;
        struct client k;
        begin(&w, &served, 0);
        struct rpc_conn *c = connect_to(&w, &k, secure ? SEC_LEVEL_PRIVACY : SEC_LEVEL_NONE, secure);
        k.deep = true;
        for (int32_t n = 0; n < RPC_CALLBACK_DEPTH_MAX; n++) {
            struct callbacks_deeper r = { .in.n = n };
            assert_int_equal(callbacks_deeper(c, w.mem, &r), STATUS_SUCCESS);
            assert_int_equal(r.out.result, n);
        }
        struct callbacks_deeper r = { .in.n = RPC_CALLBACK_DEPTH_MAX };
        assert_int_not_equal(callbacks_deeper(c, w.mem, &r), STATUS_SUCCESS);
        own_turn(&w, 50);
        rpc_close(c);
        own_done(&w);
    }
}

/* The client answers later; or gives its call up meanwhile; or goes. The server hears of each once. */
static void test_later(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) {
        struct own w;
        struct client k;
        struct rpc_call *call;
        enum nt_status st = STATUS_PENDING;
        begin(&w, &served, 0);
        struct rpc_conn *c = connect_to(&w, &k, SEC_LEVEL_PRIVACY, false);
        k.later = true;
        struct callbacks_start r = { .in.n = 1 };
        assert_int_equal(callbacks_start_send(c, w.mem, &r, own_done_fn, &st, &call), STATUS_SUCCESS);
        own_turn(&w, 50);
        assert_non_null(k.pending);
        assert_int_equal(served.dones, 0);
        if (how == 1)
            rpc_call_cancel(call);
        else if (how == 2)
            rpc_close(c);
        if (how)
            own_pass(&w, 2);
        assert_int_equal(served.dones, how ? 1 : 0);
        k.r->out.result = 7;
        rpc_callback_reply(k.pending, STATUS_SUCCESS);
        own_turn(&w, 50);
        assert_int_equal(served.dones, 1);
        assert_int_equal(served.st, how ? STATUS_CONNECTION_DISCONNECTED : STATUS_SUCCESS);
        assert_int_equal(st, how == 0   ? STATUS_SUCCESS
                             : how == 1 ? STATUS_CANCELLED
                                        : STATUS_CONNECTION_ABORTED);
        assert_int_equal(r.out.result, how ? 0 : 7);
        if (how < 2) {
            assert_true(rpc_conn_alive(c));
            rpc_close(c);
        }
        own_done(&w);
    }
}

/* ---- a client made of bytes ---- */

static void put_response(struct wr *w, unsigned flags, uint32_t id, uint16_t ctx, size_t stub)
{
    wr_init(w, 100000);
    (void)wr_room(w, RPC_RSP_LEN);
    wr_zero(w, stub);
    rpc_fill_response(w->base, flags, id, (uint32_t)stub, ctx);
    rpc_pdu_end(w, 0, 0);
}

static void test_lying_client(void **state)
{
    static const struct {
        uint32_t id;
        uint16_t ctx;
        unsigned flags;
        size_t stub;
        bool twice, protocol; /* the connection ends */
    } cases[] = {
        { 7, 3, RPC_PFC_WHOLE, 4, false, false }, { 7, 3, RPC_PFC_WHOLE, 2, false, false }, /* too short */
        { 7, 3, RPC_PFC_WHOLE, 4, true, true },   { 8, 3, RPC_PFC_WHOLE, 4, false, true },
        { 7, 4, RPC_PFC_WHOLE, 4, false, true },  { 7, 3, RPC_PFC_LAST, 4, false, true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct own w;
        struct raw p;
        struct rpc_pdu d;
        struct wr b;
        begin(&w, &served, 0);
        raw_start(&w, &p);
        (void)raw_bind(&w, &p, &callbacks_interface, 0, false);
        raw_request(&w, &p, RPC_PFC_WHOLE, 7, callbacks_start_opnum, "\1\0\0\0", 4);
        assert_true(raw_next(&p, &d, NULL));
        assert_int_equal(d.h.ptype, RPC_PT_REQUEST); /* as on the wire: the callback, by hand */
        assert_int_equal(d.h.call_id, 7);
        assert_int_equal(d.u.req.ctx, 3);
        assert_int_equal(d.u.req.opnum, callbacks_ask_opnum);
        assert_int_equal(d.body_len, 4);
        put_response(&b, cases[i].flags, cases[i].id, cases[i].ctx, cases[i].stub);
        raw_send(&w, &p, &b);
        own_turn(&w, 10);
        if (cases[i].twice) {
            put_response(&b, cases[i].flags, cases[i].id, cases[i].ctx, cases[i].stub);
            raw_send(&w, &p, &b);
        }
        own_turn(&w, 20);
        assert_int_equal(p.closed, cases[i].protocol);
        assert_int_equal(served.dones, 1);
        assert_int_equal(w.s->n_calls, 0);
        if (!cases[i].protocol)
            assert_int_equal(served.st, cases[i].stub == 4 ? STATUS_SUCCESS : RPC_NT_BAD_STUB_DATA);
        raw_end(&w, &p);
        own_done(&w);
    }
}

/* ---- a server made of bytes ---- */

static struct raw evil;

static void evil_data(void *engine, uint8_t *data, size_t len)
{
    struct raw *p = engine;
    wr_bytes(&p->in, data, len);
}

static void evil_close(void *engine, enum nt_status why)
{
    (void)why;
    ((struct raw *)engine)->closed = true;
}

static const struct io_ops evil_ops = { NULL, evil_data, evil_close };

static enum nt_status to_evil(void *arg, struct io_stream *stream, const struct io_addr *to)
{
    struct own *w = arg;
    (void)to;
    return io_mem_join(w->loop, stream, &evil.s);
}

static void evil_ack(struct own *w)
{
    struct rpc_result results[2] = { { .result = RPC_RESULT_ACCEPTANCE, .transfer = rpc_syntax_ndr20 },
                                     { .result = RPC_RESULT_NEGOTIATE_ACK,
                                       .reason = RPC_FEATURE_KEEP_ON_ORPHAN } };
    struct rpc_pdu d;
    struct wr b;
    for (int i = 0; i < 50 && evil.in.len < RPC_HDR_LEN; i++)
        own_turn(w, 1);
    assert_true(raw_next(&evil, &d, NULL));
    assert_int_equal(d.h.ptype, RPC_PT_BIND);
    wr_init(&b, 10000);
    rpc_put_ack(&b, RPC_PT_BIND_ACK, RPC_PFC_WHOLE, d.h.call_id, RPC_FRAG_DEFAULT, RPC_FRAG_DEFAULT, 1, "1",
                results, d.u.bind.n);
    assert_int_equal(io_queue(&evil.s, &b), STATUS_SUCCESS);
    own_turn(w, 20);
}

static void opened(void *arg, enum nt_status st, struct rpc_conn *c)
{
    assert_int_equal(st, STATUS_SUCCESS);
    *(struct rpc_conn **)arg = c;
}

static void evil_request(struct wr *b, unsigned flags, uint32_t id, uint16_t ctx, size_t stub)
{
    wr_init(b, 100000);
    (void)wr_room(b, RPC_REQ_LEN);
    wr_zero(b, stub);
    rpc_fill_request(b->base, flags, id, (uint32_t)stub, ctx, 0, NULL);
    rpc_pdu_end(b, 0, 0);
}

static void test_lying_server(void **state)
{
    enum {
        NO_CALL,
        OTHER_ID,
        OTHER_CONTEXT,
        NOT_FIRST,
        TWICE,
        AFTER_ANSWER,
        ANSWER_INSIDE,
        SHORT,
        RIGHT,
        CASES
    };
    (void)state;
    for (int kind = 0; kind < CASES; kind++) {
        struct own w;
        struct client k = { .later = kind == TWICE || kind == ANSWER_INSIDE };
        struct rpc_options o = RPC_OPTIONS_INIT;
        struct rpc_conn *c = NULL;
        enum nt_status st = STATUS_PENDING;
        struct callbacks_start r = { .in.n = 1 };
        struct rpc_pdu d = { .h.call_id = 2 };
        struct wr b;
        begin(&w, &served, 0);
        memset(&evil, 0, sizeof evil);
        wr_init(&evil.in, 1 << 20);
        io_stream_init(&evil.s, &evil_ops, &evil, NULL);
        io_mem_on_dial(w.loop, to_evil, &w);
        o.loop = w.loop;
        o.level = SEC_LEVEL_NONE;
        assert_int_equal(rpc_open_send(w.b, &callbacks_interface, &o, opened, &c), STATUS_SUCCESS);
        evil_ack(&w);
        assert_non_null(c);
        assert_int_equal(callbacks_serve(c, &client_handlers, &k), STATUS_SUCCESS);
        if (kind != NO_CALL) {
            assert_int_equal(callbacks_start_send(c, w.mem, &r, own_done_fn, &st, NULL), STATUS_SUCCESS);
            own_turn(&w, 20);
            assert_true(raw_next(&evil, &d, NULL));
            assert_int_equal(d.h.ptype, RPC_PT_REQUEST);
        }
        if (kind == AFTER_ANSWER) {
            put_response(&b, RPC_PFC_FIRST, d.h.call_id, 0, 2);
            raw_send(&w, &evil, &b);
        }
        evil_request(&b, kind == NOT_FIRST ? RPC_PFC_LAST : RPC_PFC_WHOLE, d.h.call_id + (kind == OTHER_ID),
                     kind == OTHER_CONTEXT, kind == SHORT ? 2 : 4);
        raw_send(&w, &evil, &b);
        own_turn(&w, 20);
        if (kind == TWICE) {
            evil_request(&b, RPC_PFC_WHOLE, d.h.call_id, 0, 4);
            raw_send(&w, &evil, &b);
        } else if (kind == ANSWER_INSIDE) {
            put_response(&b, RPC_PFC_WHOLE, d.h.call_id, 0, 4);
            raw_send(&w, &evil, &b);
        }
        own_turn(&w, 20);
        bool fine = kind == SHORT || kind == RIGHT;
        assert_int_equal(rpc_conn_alive(c), fine);
        assert_int_equal(st, kind == NO_CALL || fine ? STATUS_PENDING : RPC_NT_PROTOCOL_ERROR);
        assert_int_equal(k.asked, kind == RIGHT || kind == TWICE || kind == ANSWER_INSIDE);
        if (fine) {
            assert_true(raw_next(&evil, &d, NULL));
            assert_int_equal(d.h.ptype, kind == RIGHT ? RPC_PT_RESPONSE : RPC_PT_FAULT);
        }
        if (k.pending)
            rpc_callback_reply(k.pending, STATUS_SUCCESS); /* for nobody */
        rpc_close(c);
        own_turn(&w, 20);
        io_stream_done(&evil.s);
        wr_free(&evil.in);
        own_done(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_back_and_forth), cmocka_unit_test(test_no_handlers),
        cmocka_unit_test(test_nested),         cmocka_unit_test(test_later),
        cmocka_unit_test(test_lying_client),   cmocka_unit_test(test_lying_server),
    };
    return cmocka_run_group_tests_name("rpc_callback", tests, NULL, NULL);
}
