// SPDX-License-Identifier: Apache-2.0
/*
 * IDL pipes fragment by fragment, both roles: what goes over arrives in any split; neither side holds more
 * than a few fragments while the other waits; pipes that break off, lie or never end.
 *
 * No other implementation with pipes is at hand, so that the bytes are those of [C706] 14.3.10 by hand: here
 * in the hostile cases, in test_ndr_wire for the types.
 */
#include "own_server.h"
#include <msrpc/pipes.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- ends of pipes ---- */

/* Gives or takes octets that follow from their position. */
struct end {
    size_t at, total;   /* moved; to be given in all */
    size_t step;        /* at most so many at once; 0: any number */
    size_t stop;        /* STATUS_PENDING from here on until it is moved; SIZE_MAX: never */
    size_t fail;        /* and a failure from here on */
    enum nt_status why; /* of that */
    unsigned ends, pauses;
};

static void end_init(struct end *e, size_t total)
{
    *e = (struct end){ .total = total, .stop = SIZE_MAX, .fail = SIZE_MAX, .why = STATUS_DISK_FULL };
}

static uint8_t octet(size_t at)
{
    return (uint8_t)(at * 31 + (at >> 9));
}

static size_t limited(const struct end *e, size_t n)
{
    if (e->step && n > e->step)
        n = e->step;
    if (n > e->stop - e->at)
        n = e->stop - e->at;
    return n > e->fail - e->at ? e->fail - e->at : n;
}

static enum nt_status give(void *arg, void *elems, size_t max, size_t *ret_n)
{
    struct end *e = arg;
    size_t left = e->total - e->at, n = limited(e, left < max ? left : max);
    if (left && !n) {
        e->pauses++;
        return e->at == e->fail ? e->why : STATUS_PENDING;
    }
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)elems)[i] = octet(e->at + i);
    e->at += n;
    e->ends += !n;
    *ret_n = n;
    return STATUS_SUCCESS;
}

static enum nt_status take(void *arg, void *elems, size_t max, size_t *ret_n)
{
    struct end *e = arg;
    size_t n = limited(e, max);
    if (max && !n) {
        e->pauses++;
        return e->at == e->fail ? e->why : STATUS_PENDING;
    }
    for (size_t i = 0; i < n; i++)
        assert_int_equal(((uint8_t *)elems)[i], octet(e->at + i));
    e->at += n;
    e->ends += !max;
    *ret_n = n;
    return STATUS_SUCCESS;
}

/* ---- the server ---- */

struct served {
    struct end in, out;
    struct rpc_server_call *call;
    struct pipes_put *put;
    unsigned wishes, goings; /* told by on_cancel */
    bool reply_on_going, refuse, early, no_consumer;
    size_t first;
    /* samples: what came is given back */
    struct pipes_sample got[4000];
    size_t n_got, n_given;
    int64_t sums[2];
};
static struct served *now;

static void cancelled(struct rpc_server_call *call, void *arg)
{
    struct served *s = arg;
    bool gone = !call->c || call->orphaned;
    s->goings += gone;
    s->wishes += !gone;
    if (gone && s->reply_on_going && s->call) {
        s->call = NULL;
        rpc_server_reply(call, STATUS_CANCELLED);
    }
}

static enum nt_status sink(void *arg, void *elems, size_t max, size_t *ret_n)
{
    struct served *s = arg;
    enum nt_status st = take(&s->in, elems, max, ret_n);
    if (st == STATUS_SUCCESS && !max && s->call) { /* the end */
        struct rpc_server_call *call = s->call;
        s->call = NULL;
        s->put->out.result = (int32_t)s->in.at;
        rpc_server_reply(call, STATUS_SUCCESS);
    }
    return st;
}

static enum nt_status put(struct rpc_server_call *call, struct pipes_put *r)
{
    struct served *s = now;
    s->first = (size_t)r->in.first;
    if (s->refuse)
        return STATUS_ACCESS_DENIED;
    if (s->early) {
        r->out.result = 77;
        return STATUS_SUCCESS;
    }
    if (r->in.data.chunk) { /* not streamed: it is here as a whole */
        uint8_t elems[1000];
        size_t n = 1;
        enum nt_status st = STATUS_SUCCESS;
        while (n && st == STATUS_SUCCESS) {
            st = r->in.data.chunk(r->in.data.arg, elems, sizeof elems, &n);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(elems[i], octet(s->in.at++));
        }
        r->out.result = (int32_t)s->in.at;
        return st;
    }
    s->call = call;
    s->put = r;
    assert_int_equal(rpc_server_on_cancel(call, cancelled, s), STATUS_SUCCESS);
    if (!s->no_consumer)
        r->in.data = (struct ndr_pipe){ sink, s };
    return STATUS_PENDING;
}

static enum nt_status get(struct rpc_server_call *call, struct pipes_get *r)
{
    struct served *s = now;
    s->call = call;
    s->out.total = (size_t)r->in.count;
    if (rpc_server_on_cancel(call, cancelled, s) != STATUS_SUCCESS)
        return STATUS_CANCELLED;
    r->out.data = (struct ndr_pipe){ give, &s->out };
    r->out.last = 5;
    r->out.result = -1;
    return STATUS_SUCCESS;
}

static enum nt_status take_samples(void *arg, void *elems, size_t max, size_t *ret_n)
{
    struct served *s = arg;
    size_t n = max > 7 ? 7 : max;
    assert_in_range(s->n_got + n, 0, 4000);
    memcpy(s->got + s->n_got, elems, n * sizeof *s->got);
    s->n_got += n;
    *ret_n = n;
    if (!max)
        rpc_server_reply(s->call, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

static enum nt_status give_samples(void *arg, void *elems, size_t max, size_t *ret_n)
{
    struct served *s = arg;
    size_t n = s->n_got - s->n_given < max ? s->n_got - s->n_given : max;
    memcpy(elems, s->got + s->n_given, n * sizeof *s->got);
    s->n_given += n;
    *ret_n = n;
    return STATUS_SUCCESS;
}

static enum nt_status samples(struct rpc_server_call *call, struct pipes_samples *r)
{
    now->call = call;
    r->in.both = (struct ndr_pipe){ take_samples, now };
    r->out.both = (struct ndr_pipe){ give_samples, now };
    return STATUS_PENDING;
}

static enum nt_status sum_hypers(void *arg, void *elems, size_t max, size_t *ret_n)
{
    (void)arg;
    for (size_t i = 0; i < max; i++)
        now->sums[0] += ((int64_t *)elems)[i];
    *ret_n = max;
    return STATUS_SUCCESS;
}

static enum nt_status sum_triples(void *arg, void *elems, size_t max, size_t *ret_n)
{
    (void)arg;
    for (size_t i = 0; i < 3 * max; i++)
        now->sums[1] += ((int16_t *)elems)[i];
    *ret_n = max;
    if (!max)
        rpc_server_reply(now->call, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

static enum nt_status two(struct rpc_server_call *call, struct pipes_two *r)
{
    now->call = call;
    r->in.a = (struct ndr_pipe){ sum_hypers, NULL };
    r->in.b = (struct ndr_pipe){ sum_triples, NULL };
    return STATUS_PENDING;
}

static enum nt_status dispatch(const void *h, struct rpc_server_call *call, uint32_t opnum, void *r)
{
    (void)h;
    switch (opnum) {
    case pipes_put_opnum:
        return put(call, r);
    case pipes_get_opnum:
        return get(call, r);
    case pipes_samples_opnum:
        return samples(call, r);
    default:
        return two(call, r);
    }
}

static void serve(struct rpc_server *server, struct served *s, bool streams)
{
    memset(s, 0, sizeof *s);
    end_init(&s->in, 0);
    end_init(&s->out, 0);
    now = s;
    assert_int_equal(rpc_server_register(server, &pipes_interface, pipes_ops, dispatch, NULL, s),
                     STATUS_SUCCESS);
    if (streams)
        assert_int_equal(rpc_server_stream(server, &pipes_interface, pipes_put_opnum), STATUS_SUCCESS);
    assert_int_equal(rpc_server_stream(server, &pipes_interface, pipes_samples_opnum), STATUS_SUCCESS);
    assert_int_equal(rpc_server_stream(server, &pipes_interface, pipes_two_opnum), STATUS_SUCCESS);
    assert_int_equal(rpc_server_stream(server, &pipes_interface, pipes_get_opnum), STATUS_INVALID_PARAMETER);
    assert_int_equal(rpc_server_stream(server, &pipes_interface, 9), STATUS_NOT_FOUND);
}

static void begin(struct own *w, struct served *s, size_t chunk, bool streams)
{
    own_init(w, chunk, SEC_LEVEL_NONE);
    serve(w->s, s, streams);
}

/* ---- honest ---- */

static void put_and_get(struct own *w, struct rpc_conn *c, struct served *s, size_t size, size_t step)
{
    struct end e;
    end_init(&e, size);
    e.step = step;
    s->in.at = 0;
    s->in.ends = 0;
    s->in.step = step;
    struct pipes_put p = { .in = { .data = { give, &e }, .first = 12 } };
    assert_int_equal(pipes_put_op.opnum, 0);
    if (rpc_run(c, &pipes_put_op, w->mem, &p) != STATUS_SUCCESS)
        fail_msg("%s", rpc_conn_error(c));
    assert_int_equal(p.out.result, size);
    assert_int_equal(s->in.at, size);
    assert_int_equal(s->first, 12);
    assert_int_equal(e.ends, 1);
    end_init(&e, 0);
    end_init(&s->out, 0);
    e.step = s->out.step = step;
    struct pipes_get g = { .in.count = (int32_t)size, .out.data = { take, &e } };
    if (rpc_run(c, &pipes_get_op, w->mem, &g) != STATUS_SUCCESS)
        fail_msg("%s", rpc_conn_error(c));
    assert_int_equal(e.at, size);
    assert_int_equal(e.ends, 1);
    assert_int_equal(g.out.last, 5);
    assert_int_equal(g.out.result, -1);
}

static void test_sizes(void **state)
{
    static const size_t sizes[] = { 0, 1, 15, 5800, 5816, 5817, 70000, 300000 }, chunks[] = { 0, 1, 1432 };
    (void)state;
    for (int kind = 0; kind < 12; kind++) {
        struct own w;
        struct served s;
        size_t chunk = chunks[kind % 3];
        begin(&w, &s, chunk, kind & 4);
        struct rpc_conn *c =
            own_open(&w, &pipes_interface, kind < 6 ? SEC_LEVEL_NONE : SEC_LEVEL_PRIVACY, kind & 1);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0] && !(chunk == 1 && sizes[i] > 6000); i++)
            for (size_t step = 0; step < 8000; step = step ? step * 79 : 97)
                put_and_get(&w, c, &s, sizes[i], step);
        rpc_close(c);
        own_done(&w);
    }
}

/* Structures that are not moved in one piece, in both directions of one call, and two pipes of one request.
 */
static void test_elements(void **state)
{
    static const size_t chunks[] = { 0, 1, 13 };
    static struct served s;
    (void)state;
    for (int kind = 0; kind < 6; kind++) {
        struct own w;
        begin(&w, &s, chunks[kind / 2], true);
        struct rpc_conn *c = own_open(&w, &pipes_interface, SEC_LEVEL_INTEGRITY, kind & 1);
        static struct served mine, back;
        memset(&mine, 0, sizeof mine);
        memset(&back, 0, sizeof back);
        for (mine.n_got = 0; mine.n_got < 3000; mine.n_got++)
            mine.got[mine.n_got] = (struct pipes_sample){ (int32_t)mine.n_got * 1000, (int16_t)mine.n_got };
        struct pipes_samples r = { .in.both = { give_samples, &mine }, .out.both = { give_samples, &back } };
        r.out.both = (struct ndr_pipe){ NULL, NULL }; /* taken as a whole: a reader is found there */
        assert_int_equal(rpc_run(c, &pipes_samples_op, w.mem, &r), STATUS_SUCCESS);
        size_t n = 1;
        while (n) {
            assert_int_equal(r.out.both.chunk(r.out.both.arg, back.got + back.n_got, 4000 - back.n_got, &n),
                             STATUS_SUCCESS);
            back.n_got += n;
        }
        assert_int_equal(back.n_got, 3000);
        for (size_t i = 0; i < 3000; i++) {
            assert_int_equal(back.got[i].id, mine.got[i].id);
            assert_int_equal(back.got[i].kind, mine.got[i].kind);
        }
        struct pipes_two t = { .in.a = { NULL, NULL } }; /* no function: an empty pipe */
        assert_int_equal(rpc_run(c, &pipes_two_op, w.mem, &t), STATUS_SUCCESS);
        assert_int_equal(s.sums[0], 0);
        rpc_close(c);
        own_done(&w);
    }
}

struct numbers {
    int n, total;
};

static enum nt_status give_hypers(void *arg, void *elems, size_t max, size_t *ret_n)
{
    struct numbers *x = arg;
    size_t n = 0;
    while (n < max && n < 11 && x->n < x->total)
        ((int64_t *)elems)[n++] = ++x->n;
    *ret_n = n;
    return STATUS_SUCCESS;
}

static enum nt_status give_triples(void *arg, void *elems, size_t max, size_t *ret_n)
{
    struct numbers *x = arg;
    size_t n = 0;
    for (; n < max && x->n < x->total; n++, x->n++)
        for (int k = 0; k < 3; k++)
            ((int16_t *)elems)[3 * n + (size_t)k] = (int16_t)(k + 1);
    *ret_n = n;
    return STATUS_SUCCESS;
}

static void test_two(void **state)
{
    static struct served s;
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct own w;
        begin(&w, &s, kind < 2 ? 0 : 5, true);
        struct rpc_conn *c = own_open(&w, &pipes_interface, SEC_LEVEL_PRIVACY, kind & 1);
        struct numbers a = { 0, 3000 }, b = { 0, 2500 };
        struct pipes_two t = { .in = { { give_hypers, &a }, { give_triples, &b } } };
        assert_int_equal(rpc_run(c, &pipes_two_op, w.mem, &t), STATUS_SUCCESS);
        assert_int_equal(s.sums[0], 3000 * 3001 / 2);
        assert_int_equal(s.sums[1], 2500 * 6);
        rpc_close(c);
        own_done(&w);
    }
}

/* ---- who waits makes the other wait ---- */

#define LONG ((size_t)4 << 20)
/* What may be on the way between two ends: both queues, both buffers, a piece at each end. */
#define ON_THE_WAY (RPC_SEND_AHEAD + 2 * RPC_PIPE_AHEAD + 3 * 32768 + ((size_t)1 << 17))

static void test_slow_consumer(void **state)
{
    (void)state;
    for (int out = 0; out < 2; out++) {
        struct own w;
        struct served s;
        struct end e;
        enum nt_status st = STATUS_PENDING;
        struct rpc_call *call;
        begin(&w, &s, 0, true);
        struct rpc_conn *c = own_open(&w, &pipes_interface, SEC_LEVEL_PRIVACY, false);
        end_init(&e, LONG);
        struct pipes_put p = { .in.data = { give, &e } };
        struct pipes_get g = { .in.count = (int32_t)LONG, .out.data = { take, &e } };
        struct end *source = out ? &s.out : &e, *to = out ? &e : &s.in;
        to->stop = 1000;
        assert_int_equal(rpc_send(c, out ? &pipes_get_op : &pipes_put_op, w.mem, out ? (void *)&g : &p,
                                  own_done_fn, &st, &call),
                         STATUS_SUCCESS);
        for (size_t round = 0; round < 4; round++) {
            own_turn(&w, 2000);
            assert_int_equal(to->at, to->stop);
            assert_in_range(source->at, to->at, to->at + ON_THE_WAY);
            to->stop += 500000;
            if (out)
                rpc_call_resume(call);
            else
                rpc_server_resume(s.call);
        }
        own_turn(&w, 2000);
        to->stop = SIZE_MAX;
        if (out)
            rpc_call_resume(call);
        else
            rpc_server_resume(s.call);
        own_turn(&w, 5000);
        assert_int_equal(st, STATUS_SUCCESS);
        assert_int_equal(to->at, LONG);
        rpc_close(c);
        own_done(&w);
    }
}

static void test_slow_producer(void **state)
{
    (void)state;
    for (int out = 0; out < 2; out++) {
        struct own w;
        struct served s;
        struct end e;
        enum nt_status st = STATUS_PENDING;
        struct rpc_call *call;
        begin(&w, &s, 0, true);
        struct rpc_conn *c = own_open(&w, &pipes_interface, SEC_LEVEL_PRIVACY, out);
        end_init(&e, 50000);
        struct pipes_put p = { .in.data = { give, &e } };
        struct pipes_get g = { .in.count = 50000, .out.data = { take, &e } };
        struct end *source = out ? &s.out : &e, *to = out ? &e : &s.in;
        source->stop = 0;
        assert_int_equal(rpc_send(c, out ? &pipes_get_op : &pipes_put_op, w.mem, out ? (void *)&g : &p,
                                  own_done_fn, &st, &call),
                         STATUS_SUCCESS);
        for (size_t round = 0; round < 20; round++) {
            own_turn(&w, 50);
            assert_int_equal(source->at, source->stop);
            assert_in_range(to->at, source->at > 32 ? source->at - 32 : 0,
                            source->at); /* nothing is kept back */
            source->stop += 1001;
            if (out)
                rpc_server_resume(s.call);
            else
                rpc_call_resume(call);
        }
        source->stop = SIZE_MAX;
        if (out)
            rpc_server_resume(s.call);
        else
            rpc_call_resume(call);
        own_turn(&w, 500);
        assert_int_equal(st, STATUS_SUCCESS);
        assert_int_equal(to->at, 50000);
        rpc_close(c);
        own_done(&w);
    }
}

/* ---- broken off ---- */

/* Each of the four ends fails in the middle: the call ends with that, the others learn of it, the connection
 * lives. */
static void test_failing_ends(void **state)
{
    (void)state;
    for (int which = 0; which < 4; which++) {
        struct own w;
        struct served s;
        struct end e;
        bool out = which & 1, at_server = which & 2;
        begin(&w, &s, 0, true);
        s.reply_on_going = true;
        struct rpc_conn *c = own_open(&w, &pipes_interface, SEC_LEVEL_PRIVACY, false);
        end_init(&e, LONG);
        struct pipes_put p = { .in.data = { give, &e } };
        struct pipes_get g = { .in.count = (int32_t)LONG, .out.data = { take, &e } };
        struct end *bad = !at_server ? &e : out ? &s.out : &s.in;
        bad->fail = 1000000;
        enum nt_status st = rpc_run(c, out ? &pipes_get_op : &pipes_put_op, w.mem, out ? (void *)&g : &p);
        assert_int_equal(st,
                         at_server ? nt_from_rpc_fault(nt_to_rpc_fault(STATUS_DISK_FULL)) : STATUS_DISK_FULL);
        own_turn(&w, 50);
        if (!at_server)
            assert_int_equal(s.goings, 1);
        assert_int_equal(w.s->n_calls, 0);
        assert_true(rpc_conn_alive(c));
        now->reply_on_going = false;
        put_and_get(&w, c, &s, 100000, 0);
        rpc_close(c);
        own_done(&w);
    }
}

/* The client cancels in the middle, or goes; the server's ends are told, and nothing is left. */
static void test_cancelled(void **state)
{
    (void)state;
    for (int which = 0; which < 4; which++) {
        struct own w;
        struct served s;
        struct end e;
        enum nt_status st = STATUS_PENDING;
        struct rpc_call *call;
        bool out = which & 1, leave = which & 2;
        begin(&w, &s, 0, true);
        s.reply_on_going = !out;
        struct rpc_conn *c = own_open(&w, &pipes_interface, SEC_LEVEL_PRIVACY, false);
        end_init(&e, LONG);
        e.stop = 300000; /* the client's end pauses */
        struct pipes_put p = { .in.data = { give, &e } };
        struct pipes_get g = { .in.count = (int32_t)LONG, .out.data = { take, &e } };
        assert_int_equal(rpc_send(c, out ? &pipes_get_op : &pipes_put_op, w.mem, out ? (void *)&g : &p,
                                  own_done_fn, &st, &call),
                         STATUS_SUCCESS);
        own_turn(&w, 2000);
        assert_int_equal(st, STATUS_PENDING);
        assert_int_equal(s.goings, 0);
        if (leave)
            rpc_close(c);
        else
            rpc_call_cancel(call);
        own_pass(&w, 2);
        own_turn(&w, 2000);
        assert_int_equal(st, leave ? STATUS_CONNECTION_ABORTED : STATUS_CANCELLED);
        assert_int_equal(s.goings, 1);
        assert_int_equal(w.s->n_calls, 0);
        if (!leave) {
            assert_true(rpc_conn_alive(c));
            s.reply_on_going = false;
            put_and_get(&w, c, &s, 70000, 0);
            rpc_close(c);
        }
        own_done(&w);
    }
}

/* The handler answers before it has read: a fault at once, success after the last fragment; the rest is
 * dropped. */
static void test_answers_early(void **state)
{
    (void)state;
    for (int refuse = 0; refuse < 2; refuse++) {
        struct own w;
        struct served s;
        struct end e;
        begin(&w, &s, 0, true);
        s.refuse = refuse;
        s.early = !refuse;
        struct rpc_conn *c = own_open(&w, &pipes_interface, SEC_LEVEL_PRIVACY, false);
        end_init(&e, LONG);
        struct pipes_put p = { .in.data = { give, &e } };
        enum nt_status st = rpc_run(c, &pipes_put_op, w.mem, &p);
        assert_int_equal(st, refuse ? STATUS_ACCESS_DENIED : STATUS_SUCCESS);
        assert_int_equal(p.out.result, refuse ? 0 : 77);
        if (refuse)
            assert_in_range(e.at, 1, ON_THE_WAY + LONG / 2);
        else
            assert_int_equal(e.at, LONG);
        own_turn(&w, 50);
        assert_int_equal(w.s->n_calls, 0);
        s.refuse = s.early = false;
        put_and_get(&w, c, &s, 5000, 0);
        rpc_close(c);
        own_done(&w);
    }
}

/* A producer that closes the connection under itself. */
static struct rpc_conn *to_close;

static enum nt_status close_conn(void *arg, void *elems, size_t max, size_t *ret_n)
{
    if (((struct end *)arg)->at > 1000000 && to_close) {
        rpc_close(to_close);
        to_close = NULL;
    }
    return give(arg, elems, max, ret_n);
}

static void test_close_inside(void **state)
{
    struct own w;
    struct served s;
    struct end e;
    (void)state;
    begin(&w, &s, 0, true);
    s.reply_on_going = true;
    to_close = own_open(&w, &pipes_interface, SEC_LEVEL_NONE, false);
    end_init(&e, LONG);
    struct pipes_put p = { .in.data = { close_conn, &e } };
    assert_int_equal(rpc_run(to_close, &pipes_put_op, w.mem, &p), STATUS_CONNECTION_ABORTED);
    own_turn(&w, 50);
    assert_int_equal(s.goings, 1);
    own_done(&w);
}

/* ---- hostile clients ---- */

static void raw_start_put(struct own *w, struct raw *p, struct served *s, const char *stub, size_t len,
                          unsigned flags)
{
    raw_start(w, p);
    (void)raw_bind(w, p, &pipes_interface, 0, false);
    s->reply_on_going = true;
    raw_request(w, p, flags, 7, pipes_put_opnum, stub, len);
    own_turn(w, 20);
}

/* The stub of put: first, then chunks. */
static void test_lies(void **state)
{
    static const struct {
        const char *stub;
        size_t len;
        uint32_t fault; /* 0: an answer */
    } cases[] = {
        { "\1\0\0\0\0\0\0\0", 8, 0 },
        { "\1\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0", 16, 0 }, /* one octet, alignment, the end */
        { "\1\0\0\0", 4, 0x6f7 },                      /* no pipe at all */
        { "\1\0\0\0\1\0\0\0\0", 9, 0x6f7 },            /* it never ends */
        { "\1\0\0\0\0\1\0\0\0", 9, 0x6f7 },            /* a chunk of 256 with one octet */
        { "\1\0\0\0\377\377\377\377\0", 9, 0x6f7 },    /* more than 2^31 - 1 */
        { "\1\0\0\0\0\0\0\200\0", 9, 0x6f7 },          /* 2^31 */
        { "\1\0\0\0\377\377\377\177\0", 9, 0x6f7 },    /* 2^31 - 1 with one octet */
        { "\1\0\0", 3, 0x6f7 },                        /* not even a head */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int streams = 0; streams < 2; streams++) {
            struct own w;
            struct served s;
            struct raw p;
            struct rpc_pdu d;
            begin(&w, &s, 0, streams);
            raw_start_put(&w, &p, &s, cases[i].stub, cases[i].len, RPC_PFC_WHOLE);
            if (cases[i].fault) {
                raw_expect_fault(&p, 7, cases[i].fault);
            } else {
                assert_true(raw_next(&p, &d, NULL));
                assert_int_equal(d.h.ptype, RPC_PT_RESPONSE);
            }
            assert_false(p.closed);
            assert_int_equal(w.s->n_calls, 0);
            raw_end(&w, &p);
            own_done(&w);
        }
}

/* Junk behind the pipe, without end. */
static void test_junk_behind(void **state)
{
    struct own w;
    struct served s;
    struct raw p;
    char junk[4096] = { 0 };
    (void)state;
    begin(&w, &s, 0, true);
    now->in.stop = SIZE_MAX;
    raw_start_put(&w, &p, &s, "\1\0\0\0\0\0\0\0", 8, RPC_PFC_FIRST);
    raw_request(&w, &p, 0, 7, pipes_put_opnum, junk, sizeof junk);
    raw_request(&w, &p, 0, 7, pipes_put_opnum, junk, sizeof junk);
    own_turn(&w, 20);
    assert_in_range(rpc_spipe_held(w.s->conns->calls), 0, 2 * sizeof junk);
    raw_request(&w, &p, RPC_PFC_LAST, 7, pipes_put_opnum, junk, 8);
    own_turn(&w, 20);
    assert_int_equal(w.s->n_calls, 0);
    raw_end(&w, &p);
    own_done(&w);
}

/* After a fault the rest of the request is dropped, and the next one is taken; an orphan ends it, too. */
static void test_draining(void **state)
{
    (void)state;
    for (int orphan = 0; orphan < 2; orphan++) {
        struct own w;
        struct served s;
        struct raw p;
        char some[4096] = { 0 };
        begin(&w, &s, 0, true);
        s.refuse = true;
        raw_start_put(&w, &p, &s, "\1\0\0\0\0\1\0\0", 8, RPC_PFC_FIRST);
        raw_expect_fault(&p, 7, 5);
        for (int i = 0; i < 100; i++)
            raw_request(&w, &p, 0, 7, pipes_put_opnum, some, sizeof some);
        assert_int_equal(p.in.len, 0);
        assert_int_equal(w.s->n_calls, 1);
        assert_int_equal(rpc_spipe_held(w.s->conns->calls), 0);
        assert_in_range(w.s->conns->calls->join.len, 0, 8);
        if (orphan)
            raw_bare(&w, &p, RPC_PT_ORPHANED, 7);
        else
            raw_request(&w, &p, RPC_PFC_LAST, 7, pipes_put_opnum, some, 100);
        assert_int_equal(w.s->n_calls, 0);
        s.refuse = false;
        struct rpc_pdu d;
        raw_request(&w, &p, RPC_PFC_WHOLE, 8, pipes_put_opnum, "\1\0\0\0\0\0\0\0", 8);
        own_turn(&w, 20);
        assert_true(raw_next(&p, &d, NULL));
        assert_int_equal(d.h.ptype, RPC_PT_RESPONSE);
        assert_int_equal(d.h.call_id, 8);
        raw_end(&w, &p);
        own_done(&w);
    }
}

/* A client that sends without end to a consumer that waits: the server reads no more. One that does not take
 * its answer: the server makes no more. Both are thrown out in the end. */
static void test_stuck(void **state)
{
    (void)state;
    for (int out = 0; out < 2; out++) {
        struct own w;
        struct served s;
        struct raw p;
        char some[5000] = { 0 };
        begin(&w, &s, 0, true);
        if (out) {
            raw_start(&w, &p);
            (void)raw_bind(&w, &p, &pipes_interface, 0, false);
            io_hold(&p.s, true);
            raw_request(&w, &p, RPC_PFC_WHOLE, 7, pipes_get_opnum, "\0\0\0\10", 4);
            own_turn(&w, 100);
            assert_in_range(s.out.at, RPC_SEND_AHEAD / 2, ON_THE_WAY);
        } else {
            s.in.stop = 0;
            raw_start_put(&w, &p, &s, "\1\0\0\0\0\0\0\10", 8, RPC_PFC_FIRST);
            for (int i = 0; i < 200; i++) {
                struct wr b;
                raw_put_request(&b, 0, 7, pipes_put_opnum, some, sizeof some);
                assert_int_equal(io_queue(&p.s, &b), STATUS_SUCCESS);
            }
            own_turn(&w, 1000);
            assert_in_range(p.s.queued, 100000, 1000000); /* it cannot get rid of it */
            assert_in_range(rpc_spipe_held(w.s->conns->calls), RPC_PIPE_AHEAD, RPC_PIPE_AHEAD + 20000);
            own_pass(&w, 600);
            assert_false(p.closed); /* our own handler is the slow one */
            memset(some, 0, sizeof some);
            s.in.stop = SIZE_MAX;
            s.in.fail = 0; /* it has seen enough */
            rpc_server_resume(s.call);
            own_turn(&w, 1000);
            raw_expect_fault(&p, 7, nt_to_rpc_fault(STATUS_DISK_FULL));
            raw_request(&w, &p, RPC_PFC_WHOLE & ~RPC_PFC_FIRST, 7, pipes_put_opnum, some, 8);
            own_turn(&w, 1000);
            assert_int_equal(w.s->n_calls, 0);
            raw_request(&w, &p, RPC_PFC_FIRST, 8, pipes_put_opnum, "\1\0\0\0\0\0\0\10", 8);
        }
        assert_int_equal(w.s->n_conns, 1);
        own_pass(&w, 300);
        assert_int_equal(w.s->n_conns, 0); /* who neither sends nor reads has no place */
        assert_int_equal(s.goings, out ? 1 : 2);
        raw_end(&w, &p);
        own_done(&w);
    }
}

/* ---- much, in little memory ---- */

/* What a few fragments and buffers take; a sanitizer keeps freed memory for a while. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLACK_KB (512 * 1024)
#else
#define SLACK_KB (6 * 1024)
#endif
#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#undef SLACK_KB
#define SLACK_KB (512 * 1024)
#endif
#endif

struct flood {
    enum nt_status st;
    bool done;
};

static void flooded(void *arg, enum nt_status st)
{
    *(struct flood *)arg = (struct flood){ st, true };
}

static long rss_kb(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

/* Over a real socket, client and server in one process: 64 MiB each way, or as many MiB as TERN_TEST_PIPE_MIB
 * says. */
static void test_flood(void **state)
{
    const char *mib = getenv("TERN_TEST_PIPE_MIB");
    size_t total = (mib ? strtoul(mib, NULL, 10) : 64) << 20;
    struct nt_loop *loop;
    struct rpc_server_options so = RPC_SERVER_OPTIONS_INIT;
    struct rpc_options co = RPC_OPTIONS_INIT;
    struct rpc_server *server;
    struct rpc_binding *b;
    struct rpc_conn *c;
    struct served s;
    char text[64];
    uint16_t port;
    (void)state;
    so.min_level = SEC_LEVEL_NONE;
    assert_int_equal(nt_loop_new(NULL, &loop), STATUS_SUCCESS);
    assert_int_equal(rpc_server_new(loop, &so, &server), STATUS_SUCCESS);
    serve(server, &s, true);
    assert_int_equal(rpc_server_listen(server, "127.0.0.1", 0, &port), STATUS_SUCCESS);
    snprintf(text, sizeof text, "ncacn_ip_tcp:127.0.0.1[%u,none]", port);
    assert_int_equal(rpc_binding_parse(text, &b, NULL), STATUS_SUCCESS);
    co.loop = loop;
    assert_int_equal(rpc_open(b, &pipes_interface, &co, &c), STATUS_SUCCESS);
    struct nt_arena *mem = nt_arena_new(0);
    struct end e;
    end_init(&e, total);
    long before = rss_kb();
    for (int out = 0; out < 2; out++) {
        struct pipes_put p = { .in.data = { give, &e } };
        struct pipes_get g = { .in.count = (int32_t)total, .out.data = { take, &e } };
        struct flood f = { STATUS_PENDING, false };
        end_init(&e, out ? 0 : total);
        assert_int_equal(
            rpc_send(c, out ? &pipes_get_op : &pipes_put_op, mem, out ? (void *)&g : &p, flooded, &f, NULL),
            STATUS_SUCCESS);
        while (!f.done) {
            enum nt_status st = nt_loop_run(loop, 1000);
            (void)st;
        }
        assert_int_equal(f.st, STATUS_SUCCESS);
        assert_int_equal(e.at, total);
    }
    long grown = rss_kb() - before;
    print_message("%zu MiB each way: %ld KiB more\n", total >> 20, grown);
    assert_in_range(grown, 0, SLACK_KB);
    nt_arena_free(mem);
    rpc_close(c);
    rpc_server_free(server);
    rpc_binding_unref(b);
    nt_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flood),         cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_elements),      cmocka_unit_test(test_two),
        cmocka_unit_test(test_slow_consumer), cmocka_unit_test(test_slow_producer),
        cmocka_unit_test(test_failing_ends),  cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_answers_early), cmocka_unit_test(test_close_inside),
        cmocka_unit_test(test_lies),          cmocka_unit_test(test_junk_behind),
        cmocka_unit_test(test_draining),      cmocka_unit_test(test_stuck),
    };
    return cmocka_run_group_tests_name("rpc_streams", tests, NULL, NULL);
}
