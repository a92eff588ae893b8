// SPDX-License-Identifier: Apache-2.0
/* A server's connections over a pipe of somebody else (ncacn_np), whose client does not read, or goes. */
#include "own_server.h"
#include <msrpc/pipes.h>
#include "rpc/carry.h"
#include "rpc/limits.h"

/* The carrier: counts what waits, keeps nothing. */
struct pipe {
    struct io_stream stream; /* of the SMB connection: it outlives the pipe */
    size_t queued;
    unsigned whole; /* answers with their last fragment */
    bool ended;
};

static enum nt_status pipe_send(void *arg, struct wr *w)
{
    struct pipe *p = arg;
    assert_in_range(w->len, RPC_HDR_LEN, RPC_FRAG_MAX);
    p->whole += w->base[2] == RPC_PT_RESPONSE && (w->base[3] & RPC_PFC_LAST);
    p->queued += w->len;
    wr_free(w);
    return STATUS_SUCCESS;
}

static void pipe_end(void *arg)
{
    ((struct pipe *)arg)->ended = true;
}

static size_t pipe_queued(void *arg)
{
    return ((struct pipe *)arg)->queued;
}

static const struct rpc_carrier carrier = { "ncacn_np", 0, pipe_send, pipe_end, pipe_queued };

static void nothing(void *arg)
{
    (void)arg;
}

static void no_data(void *arg, uint8_t *data, size_t len)
{
    (void)arg;
    (void)data;
    (void)len;
}

static void no_end(void *arg, enum nt_status why)
{
    (void)arg;
    (void)why;
}

static const struct io_ops no_ops = { nothing, no_data, no_end };

/* ---- the server ---- */

struct served {
    struct rpc_server_call *late;
    unsigned begun;
    size_t given;
};

static enum nt_status give(void *arg, void *elems, size_t max, size_t *ret_n)
{
    struct served *s = arg;
    memset(elems, 'x', max);
    s->given += max;
    *ret_n = max; /* it has no end */
    return STATUS_SUCCESS;
}

static enum nt_status dispatch(const void *h, struct rpc_server_call *call, uint32_t opnum, void *r)
{
    struct served *s = rpc_server_arg(call);
    (void)h;
    s->begun++;
    if (opnum == pipes_put_opnum) { /* works on, whatever becomes of its client */
        s->late = call;
        return STATUS_PENDING;
    }
    struct pipes_get *g = r;
    if (g->in.count)
        g->out.data = (struct ndr_pipe){ give, s };
    else
        return STATUS_DISK_FULL;
    return STATUS_SUCCESS;
}

static struct rpc_carried *carry(struct own *w, struct pipe *p, struct served *s)
{
    const struct rpc_carried_caller who = { "192.0.2.7:1000", "\\pipe\\test", "", sec_token_anonymous(),
                                            SEC_LEVEL_NONE };
    struct rpc_ctx_elem e = { .id = 3, .n_transfers = 1, .abstract = pipes_interface.syntax };
    struct rpc_carried *x;
    struct wr b;
    memset(p, 0, sizeof *p);
    memset(s, 0, sizeof *s);
    own_init(w, 0, SEC_LEVEL_NONE);
    assert_int_equal(rpc_server_register(w->s, &pipes_interface, pipes_ops, dispatch, NULL, s), STATUS_SUCCESS);
    assert_int_equal(rpc_server_stream(w->s, &pipes_interface, pipes_put_opnum), STATUS_SUCCESS);
    io_stream_init(&p->stream, &no_ops, p, NULL);
    static struct io_stream other;
    io_stream_init(&other, &no_ops, NULL, NULL);
    assert_int_equal(io_mem_join(w->loop, &p->stream, &other), STATUS_SUCCESS);
    w->user = &other;
    own_turn(w, 5);
    assert_int_equal(rpc_server_carry(w->s, &carrier, p, &p->stream, &who, &x), STATUS_SUCCESS);
    e.transfers[0] = rpc_syntax_ndr20;
    wr_init(&b, 1 << 16);
    rpc_put_bind(&b, RPC_PT_BIND, RPC_PFC_WHOLE | RPC_PFC_CONC_MPX, 1, RPC_FRAG_DEFAULT, 0, &e, 1);
    rpc_carried_data(x, b.base, b.len);
    wr_free(&b);
    own_turn(w, 5);
    assert_true(p->queued > 0);
    p->queued = 0;
    return x;
}

static void ask(struct own *w, struct rpc_carried *x, unsigned flags, uint32_t id, uint16_t opnum,
                const void *stub, size_t len)
{
    struct wr b;
    raw_put_request(&b, flags, id, opnum, stub, len);
    rpc_carried_data(x, b.base, b.len);
    wr_free(&b);
    own_turn(w, 5);
}

static void over(struct own *w, struct pipe *p)
{
    own_turn(w, 20);
    io_close(&p->stream, STATUS_CONNECTION_DISCONNECTED, false);
    own_turn(w, 20);
    io_stream_done(&p->stream);
    io_stream_done(w->user);
    own_done(w);
}

/* Who does not read gets no more than fits: an answer without end waits, and no further call is begun. */
static void test_unread(void **state)
{
    struct own w;
    struct pipe p;
    struct served s;
    (void)state;
    struct rpc_carried *x = carry(&w, &p, &s);
    ask(&w, x, RPC_PFC_WHOLE, 2, pipes_get_opnum, "\1\0\0\0", 4);
    own_turn(&w, 200);
    assert_in_range(p.queued, RPC_SEND_AHEAD, RPC_SEND_AHEAD + RPC_FRAG_DEFAULT);
    for (uint32_t id = 3; id < 20; id++)
        ask(&w, x, RPC_PFC_WHOLE, id, pipes_get_opnum, "\0\0\0\0", 4);
    assert_int_equal(s.begun, 1);
    assert_int_equal(w.s->output, p.queued);
    assert_int_equal(w.s->conns->from->output, p.queued);
    size_t given = s.given;
    p.queued = IO_LOW_WATER + 1; /* not yet */
    rpc_carried_taken(x);
    own_turn(&w, 20);
    assert_int_equal(s.given, given);
    p.queued = IO_LOW_WATER;
    rpc_carried_taken(x);
    own_turn(&w, 200);
    assert_true(s.given > given);
    assert_in_range(p.queued, RPC_SEND_AHEAD, RPC_SEND_AHEAD + RPC_FRAG_DEFAULT);
    assert_false(p.ended);
    own_pass(&w, 300); /* it had its time */
    assert_true(p.ended);
    rpc_carried_taken(x);
    rpc_carried_gone(x);
    own_turn(&w, 5);
    assert_int_equal(w.s->output, 0);
    over(&w, &p);
}

/* The pipe goes in the middle of a request, the SMB connection stays, the handler has not answered yet. */
static void test_gone(void **state)
{
    struct own w;
    struct pipe p;
    struct served s;
    (void)state;
    struct rpc_carried *x = carry(&w, &p, &s);
    ask(&w, x, RPC_PFC_FIRST, 2, pipes_put_opnum, "\1\0\0\0\0\0\0\10", 8);
    assert_non_null(s.late);
    rpc_carried_gone(x);
    own_pass(&w, 300);
    assert_int_equal(w.s->n_calls, 1);
    rpc_server_reply(s.late, STATUS_CANCELLED);
    over(&w, &p);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_unread), cmocka_unit_test(test_gone) };
    return cmocka_run_group_tests_name("rpc_carried", tests, NULL, NULL);
}
