// SPDX-License-Identifier: Apache-2.0
/*
 * RPC over a pipe, without SMB: the functions of npc that the runtime calls are here, over the memory loop,
 * with the scripted server behind them. They keep a pipe's rules: one operation at a time, an answer is a
 * message, what does not fit is STATUS_BUFFER_OVERFLOW and comes with the next read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "fake_rpc.h"

struct npc_session {
    unsigned refs;
    struct nt_loop *loop;
    struct io_stream *stream;
};

enum doing { IDLE, WRITE, READ, TRANSACT };

struct pipe {
    struct npc_pipe base;
    struct npc_session session; /* one pipe each */
    struct io_stream s;         /* towards the scripted server */
    struct wr in;               /* what the server sent and nobody read */
    enum doing doing;
    size_t max;
    size_t rest; /* of a message that was read in part: its header is gone */
    struct npc_op *op;
    struct wr lent;
    bool closed, up;
    enum nt_status gone;
    npc_pipe_done *opened; /* an opening that is under way */
    void *arg;
    struct io_item free_item;
};

static struct {
    struct nt_loop *loop;
    size_t max_out; /* ceiling of an answer, whatever the runtime asks for; 0: none */
    enum nt_status refuse_session, refuse_pipe;
    unsigned writes, reads, transacts, overflows, pipes;
    enum nt_status problem;
} npc;

/* ---- operations ---- */

static void op_fn(struct io_item *it)
{
    struct npc_op *op = io_container(it, struct npc_op, item);
    op->done(op);
}

static void end_op(struct pipe *p, enum nt_status st, uint8_t *data, size_t len)
{
    struct npc_op *op = p->op;
    p->op = NULL;
    p->doing = IDLE;
    op->status = st;
    op->data = data;
    op->len = len;
    io_item_init(&op->item, op_fn);
    io_ready(&p->s, &op->item);
}

/* Gives one message, or what of it fits, to the operation that waits. */
static void serve(struct pipe *p)
{
    if (!p->op || p->doing == WRITE)
        return;
    if (!p->rest && p->in.len < RPC_HDR_LEN) {
        if (p->gone != STATUS_SUCCESS)
            end_op(p, p->gone, NULL, 0);
        return;
    }
    size_t whole = p->rest ? p->rest : le16(p->in.base + 8);
    if (p->in.len < whole)
        return;
    size_t n = whole < p->max ? whole : p->max;
    p->lent.len = 0;
    wr_bytes(&p->lent, p->in.base, n);
    memmove(p->in.base, p->in.base + n, p->in.len - n);
    p->in.len -= n;
    p->rest = whole - n;
    npc.overflows += p->rest > 0;
    end_op(p, p->rest ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS, p->lent.base, n);
}

static enum nt_status begin(struct pipe *p, enum doing d, struct wr *out, size_t max, struct npc_op *op)
{
    if (p->doing != IDLE || p->closed) {
        npc.problem = STATUS_PIPE_BUSY;
        if (out)
            wr_free(out);
        return STATUS_PIPE_BUSY;
    }
    if (d == TRANSACT && p->in.len)
        npc.problem = STATUS_PIPE_BUSY; /* stale data would be read */
    p->doing = d;
    p->op = op;
    op->pipe = &p->base;
    p->max = npc.max_out && npc.max_out < max ? npc.max_out : max;
    if (out && io_queue_from(&p->s, out, NPC_HEADROOM) != STATUS_SUCCESS) {
        p->op = NULL;
        p->doing = IDLE;
        return STATUS_PIPE_DISCONNECTED;
    }
    if (d == WRITE)
        end_op(p, STATUS_SUCCESS, NULL, 0);
    else
        serve(p);
    return STATUS_SUCCESS;
}

static enum nt_status pipe_write(struct npc_pipe *b, struct wr *out, uint64_t deadline, struct npc_op *op)
{
    (void)deadline;
    npc.writes++;
    return begin((struct pipe *)b, WRITE, out, 0, op);
}

static enum nt_status pipe_read(struct npc_pipe *b, size_t max, uint64_t deadline, struct npc_op *op)
{
    (void)deadline;
    npc.reads++;
    return begin((struct pipe *)b, READ, NULL, max, op);
}

static enum nt_status pipe_transact(struct npc_pipe *b, struct wr *out, size_t max, uint64_t deadline,
                                    struct npc_op *op)
{
    (void)deadline;
    npc.transacts++;
    return begin((struct pipe *)b, TRANSACT, out, max, op);
}

static void pipe_cancel(struct npc_pipe *b, struct npc_op *op)
{
    struct pipe *p = (struct pipe *)b;
    if (p->op == op)
        end_op(p, STATUS_CANCELLED, NULL, 0);
}

static void pipe_free(struct io_item *it)
{
    struct pipe *p = io_container(it, struct pipe, free_item);
    io_stream_done(&p->s);
    wr_free(&p->in);
    wr_free(&p->lent);
    free(p);
    npc.pipes--;
}

static void unref(struct pipe *p)
{
    if (--p->session.refs == 0) /* later, so that a cut operation is told first */
        io_ready(&p->s, &p->free_item);
}

static void pipe_close(struct npc_pipe *b)
{
    struct pipe *p = (struct pipe *)b;
    if (p->op)
        end_op(p, STATUS_CANCELLED, NULL, 0);
    p->closed = true;
    unref(p);
}

static const struct npc_pipe_ops ops = {
    "fake", pipe_write, pipe_read, pipe_transact, pipe_cancel, pipe_close
};

/* ---- the stream below ---- */

static void on_open(void *engine)
{
    struct pipe *p = engine;
    p->up = true;
}

static void on_data(void *engine, uint8_t *data, size_t len)
{
    struct pipe *p = engine;
    wr_bytes(&p->in, data, len);
    serve(p);
}

static void on_close(void *engine, enum nt_status why)
{
    struct pipe *p = engine;
    (void)why;
    p->gone = STATUS_PIPE_DISCONNECTED;
    serve(p);
}

static const struct io_ops stream_ops = { on_open, on_data, on_close };

/* ---- what the runtime calls instead of npc ---- */

static bool is_up(void *arg)
{
    return ((struct pipe *)arg)->up;
}

enum nt_status npc_session_open(const char *server, const struct npc_options *o, struct npc_session **ret)
{
    (void)server;
    if (npc.refuse_session != STATUS_SUCCESS)
        return nt_error_set(o->error, npc.refuse_session, "the session was refused");
    struct pipe *p = calloc(1, sizeof *p);
    assert_non_null(p);
    struct io_addr to = { .host = "srv", .port = 445 };
    wr_init(&p->in, SIZE_MAX);
    wr_init(&p->lent, SIZE_MAX);
    io_stream_init(&p->s, &stream_ops, p, NULL);
    io_item_init(&p->free_item, pipe_free);
    p->session = (struct npc_session){ 1, npc.loop, &p->s };
    assert_int_equal(io_dial(npc.loop, &p->s, &to, UINT64_MAX), STATUS_SUCCESS);
    assert_int_equal(io_wait(npc.loop, is_up, p, UINT64_MAX, NULL), STATUS_SUCCESS);
    npc.pipes++;
    *ret = &p->session;
    return STATUS_SUCCESS;
}

enum nt_status npc_session_open_send(const char *server, const struct npc_options *o, npc_session_done *done,
                                     void *arg)
{
    (void)server;
    (void)o;
    (void)done;
    (void)arg;
    return STATUS_NOT_SUPPORTED; /* the asynchronous way is tried with a session that is open */
}

static struct pipe *of_session(struct npc_session *s)
{
    return io_container(s, struct pipe, session);
}

enum nt_status npc_pipe_open(struct npc_session *s, const char *name, const struct npc_create *o,
                             struct npc_pipe **ret)
{
    (void)o;
    assert_string_equal(name, "fake");
    if (npc.refuse_pipe != STATUS_SUCCESS)
        return npc.refuse_pipe;
    struct pipe *p = of_session(s);
    p->base = (struct npc_pipe){ &ops, s };
    s->refs++;
    *ret = &p->base;
    return STATUS_SUCCESS;
}

static void opened(struct io_item *it)
{
    struct pipe *p = io_container(it, struct pipe, free_item);
    struct npc_pipe *pipe = NULL;
    io_item_init(&p->free_item, pipe_free);
    enum nt_status st = npc_pipe_open(&p->session, "fake", NULL, &pipe);
    p->opened(p->arg, st, pipe);
}

enum nt_status npc_pipe_open_send(struct npc_session *s, const char *name, const struct npc_create *o,
                                  npc_pipe_done *done, void *arg)
{
    struct pipe *p = of_session(s);
    (void)name;
    (void)o;
    p->opened = done;
    p->arg = arg;
    io_item_init(&p->free_item, opened);
    io_ready(&p->s, &p->free_item);
    return STATUS_SUCCESS;
}

struct npc_session *npc_session_ref(struct npc_session *s)
{
    s->refs++;
    return s;
}

void npc_session_unref(struct npc_session *s)
{
    if (s)
        unref(of_session(s));
}

struct nt_loop *npc_session_loop(struct npc_session *s)
{
    return s->loop;
}

struct io_stream *npc_session_stream(struct npc_session *s)
{
    return s->stream;
}

const char *npc_session_error(const struct npc_session *s)
{
    (void)s;
    return "no such pipe";
}

const char *npc_pipe_error(const struct npc_pipe *p)
{
    (void)p;
    return "the pipe broke";
}

enum nt_status npc_session_facts(const struct npc_session *s, struct npc_facts *ret)
{
    (void)s;
    ret->peer = "memory";
    return STATUS_SUCCESS;
}

enum nt_status npc_application_key(const struct npc_session *s, struct nt_blob *ret)
{
    (void)s;
    *ret = (struct nt_blob){ (const uint8_t *)"0123456789abcdef", 16 };
    return STATUS_SUCCESS;
}

/* ---- world ---- */

static const uint8_t hash[16] = { 1, 2, 3 };
static uint8_t pattern[60000];

struct world {
    struct fake f;
    struct sec_creds *creds;
    struct rpc_binding *b;
    struct rpc_conn *c;
    struct nt_arena *mem;
    struct nt_error err;
};

static void world_init(struct world *w, size_t chunk)
{
    struct io_mem_options mo = { NULL, chunk, 1000000000, 0 };
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    memset(w, 0, sizeof *w);
    memset(&npc, 0, sizeof npc);
    co.mech = SEC_MECH_NTLM;
    co.user = "LAB\\alice";
    co.nt_hash = hash;
    assert_int_equal(io_mem_loop_new(&mo, &w->f.loop), STATUS_SUCCESS);
    assert_int_equal(sec_creds_new(&co, &w->creds, NULL), STATUS_SUCCESS);
    assert_int_equal(rpc_binding_parse("ncacn_np:srv", &w->b, NULL), STATUS_SUCCESS);
    w->mem = nt_arena_new(0);
    w->f.nt_hash = hash;
    npc.loop = w->f.loop;
    fake_listen(&w->f);
}

static void world_done(struct world *w)
{
    rpc_close(w->c);
    for (int i = 0; i < 50 && (w->f.conns || npc.pipes); i++) {
        enum nt_status st = nt_loop_run(w->f.loop, 0);
        (void)st;
    }
    assert_int_equal(npc.problem, STATUS_SUCCESS);
    assert_int_equal(npc.pipes, 0);
    nt_arena_free(w->mem);
    sec_creds_unref(w->creds);
    rpc_binding_unref(w->b);
    nt_loop_free(w->f.loop);
}

static struct rpc_options options(struct world *w, enum sec_level level, const char *provider)
{
    struct rpc_options o = RPC_OPTIONS_INIT;
    o.creds = w->creds;
    o.level = level;
    o.provider = provider;
    o.error = &w->err;
    o.timeout_ms = 5000;
    return o;
}

static enum nt_status echo(struct world *w, uint32_t len)
{
    struct echo r = { .in = { len, pattern } };
    enum nt_status st = rpc_run(w->c, &echo_op, w->mem, &r);
    if (st == STATUS_SUCCESS) {
        assert_int_equal(r.out.len, len);
        assert_memory_equal(r.out.data, pattern, len);
    }
    return st;
}

/* ---- tests ---- */

static const struct {
    enum sec_level level;
    const char *provider;
} securities[] = { { SEC_LEVEL_DEFAULT, NULL },
                   { SEC_LEVEL_INTEGRITY, "ntlm" },
                   { SEC_LEVEL_PRIVACY, "spnego" } };

static void test_calls(void **state)
{
    (void)state;
    static const size_t cuts[] = { 0, 1, 7, 15, 16, 17, 100, 4000 };
    for (unsigned s = 0; s < 3; s++)
        for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++)
            for (size_t chunk = 0; chunk < 50; chunk += 24) {
                struct world w;
                world_init(&w, chunk);
                struct rpc_options o = options(&w, securities[s].level, securities[s].provider);
                npc.max_out = cuts[i];
                w.f.frag = 512;
                assert_int_equal(rpc_open(w.b, &fake_iface, &o, &w.c), STATUS_SUCCESS);
                assert_int_equal(echo(&w, 5), STATUS_SUCCESS);
                assert_int_equal(echo(&w, 0), STATUS_SUCCESS);
                assert_int_equal(echo(&w, 3000), STATUS_SUCCESS);
                if (cuts[i] != 1)
                    assert_int_equal(echo(&w, 20000), STATUS_SUCCESS);
                assert_int_equal(npc.overflows > 0, cuts[i] != 0 && cuts[i] < 512);
                world_done(&w);
            }
}

/* A whole small call is one transact and nothing else. */
static void test_economy(void **state)
{
    (void)state;
    struct world w;
    struct nt_blob key;
    struct rpc_facts f = { .size = sizeof f };
    world_init(&w, 0);
    struct rpc_options o = options(&w, SEC_LEVEL_DEFAULT, NULL);
    assert_int_equal(rpc_open(w.b, &fake_iface, &o, &w.c), STATUS_SUCCESS);
    assert_int_equal(rpc_conn_facts(w.c, &f), STATUS_SUCCESS);
    assert_int_equal(f.level, SEC_LEVEL_NONE); /* the SMB session protects */
    assert_string_equal(f.endpoint, "fake");
    assert_int_equal(rpc_conn_session_key(w.c, &key), STATUS_SUCCESS);
    assert_int_equal(key.len, 16);
    for (int i = 0; i < 10; i++)
        assert_int_equal(echo(&w, 100), STATUS_SUCCESS);
    assert_int_equal(npc.transacts, 11);
    assert_int_equal(npc.writes + npc.reads, 0);
    assert_int_equal(echo(&w, 12000), STATUS_SUCCESS); /* three fragments there, three back */
    assert_int_equal(npc.transacts, 12);
    assert_int_equal(npc.writes, 2);
    assert_int_equal(npc.reads, 2);
    world_done(&w);
}

static void test_no_key_with_security(void **state)
{
    (void)state;
    struct world w;
    struct nt_blob key;
    world_init(&w, 0);
    struct rpc_options o = options(&w, SEC_LEVEL_PRIVACY, "ntlm");
    assert_int_equal(rpc_open(w.b, &fake_iface, &o, &w.c), STATUS_SUCCESS);
    assert_int_equal(rpc_conn_session_key(w.c, &key), STATUS_NO_USER_SESSION_KEY);
    assert_int_equal(npc.writes, 1); /* auth3 has no answer */
    world_done(&w);
}

static unsigned told;
static enum nt_status last_st;

static void note(void *arg, enum nt_status st)
{
    (void)arg;
    told++;
    last_st = st;
}

static bool all_told(void *arg)
{
    return told == *(unsigned *)arg;
}

static void test_queue(void **state)
{
    (void)state;
    struct world w;
    struct echo r[50];
    unsigned n = 50;
    world_init(&w, 0);
    struct rpc_options o = options(&w, SEC_LEVEL_DEFAULT, NULL);
    assert_int_equal(rpc_open(w.b, &fake_iface, &o, &w.c), STATUS_SUCCESS);
    told = 0;
    for (unsigned i = 0; i < n; i++) {
        r[i] = (struct echo){ .in = { 300 * i, pattern } };
        assert_int_equal(rpc_send(w.c, &echo_op, w.mem, &r[i], note, NULL, NULL), STATUS_SUCCESS);
    }
    assert_int_equal(io_wait(w.f.loop, all_told, &n, io_loop_now(w.f.loop) + 3000000000U, NULL),
                     STATUS_SUCCESS);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(r[i].out.len, 300 * i);
    world_done(&w);
}

/* A call given up on a pipe costs the pipe; the others end, too. */
static void test_give_up(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) {
        struct world w;
        struct echo r[3];
        struct rpc_call *call;
        unsigned n = 3;
        world_init(&w, 0);
        struct rpc_options o = options(&w, SEC_LEVEL_DEFAULT, NULL);
        assert_int_equal(rpc_open(w.b, &fake_iface, &o, &w.c), STATUS_SUCCESS);
        w.f.lie = how == 2 ? RSP_HANGUP : RSP_SILENT;
        told = 0;
        for (unsigned i = 0; i < n; i++) {
            r[i] = (struct echo){ .in = { 10, pattern } };
            assert_int_equal(rpc_send(w.c, &echo_op, w.mem, &r[i], note, NULL, i ? NULL : &call),
                             STATUS_SUCCESS);
        }
        if (how == 0)
            rpc_call_cancel(call);
        assert_int_equal(io_wait(w.f.loop, all_told, &n, io_loop_now(w.f.loop) + 60000000000U, NULL),
                         STATUS_SUCCESS);
        assert_int_not_equal(last_st, STATUS_SUCCESS);
        assert_false(rpc_conn_alive(w.c));
        if (how == 2)
            assert_non_null(strstr(rpc_conn_error(w.c), "the pipe broke"));
        world_done(&w);
    }
}

static void test_close_in_flight(void **state)
{
    (void)state;
    struct world w;
    struct echo r = { .in = { 10, pattern } };
    world_init(&w, 0);
    struct rpc_options o = options(&w, SEC_LEVEL_DEFAULT, NULL);
    assert_int_equal(rpc_open(w.b, &fake_iface, &o, &w.c), STATUS_SUCCESS);
    told = 0;
    assert_int_equal(rpc_send(w.c, &echo_op, w.mem, &r, note, NULL, NULL), STATUS_SUCCESS);
    rpc_close(w.c);
    w.c = NULL;
    assert_int_equal(told, 1);
    assert_int_equal(last_st, STATUS_CONNECTION_ABORTED);
    world_done(&w);
}

static void test_refused(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 0);
    struct rpc_options o = options(&w, SEC_LEVEL_DEFAULT, NULL);
    npc.refuse_session = STATUS_LOGON_FAILURE;
    assert_int_equal(rpc_open(w.b, &fake_iface, &o, &w.c), STATUS_LOGON_FAILURE);
    assert_non_null(strstr(w.err.text, "the session was refused"));
    npc.refuse_session = STATUS_SUCCESS;
    npc.refuse_pipe = STATUS_OBJECT_NAME_NOT_FOUND;
    assert_int_equal(rpc_open(w.b, &fake_iface, &o, &w.c), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_non_null(strstr(w.err.text, "no such pipe"));
    assert_int_equal(rpc_open(w.b, &fake_iface2, &o, &w.c), RPC_NT_NO_ENDPOINT_FOUND);
    world_done(&w);
}

struct opening {
    bool done;
    enum nt_status st;
    struct rpc_conn *c;
};

static void async_opened(void *arg, enum nt_status st, struct rpc_conn *c)
{
    *(struct opening *)arg = (struct opening){ true, st, c };
}

static bool is_opened(void *arg)
{
    return ((struct opening *)arg)->done;
}

static void test_async_in_session(void **state)
{
    (void)state;
    for (int refuse = 0; refuse < 2; refuse++) {
        struct world w;
        struct npc_session *s;
        struct npc_options no = NPC_OPTIONS_INIT;
        struct opening done = { false };
        world_init(&w, 0);
        assert_int_equal(npc_session_open("srv", &no, &s), STATUS_SUCCESS);
        npc.refuse_pipe = refuse ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
        struct rpc_options o = options(&w, SEC_LEVEL_DEFAULT, NULL);
        o.session = s;
        assert_int_equal(rpc_open_send(w.b, &fake_iface, &o, async_opened, &done), STATUS_SUCCESS);
        assert_int_equal(io_wait(w.f.loop, is_opened, &done, io_loop_now(w.f.loop) + 1000000000, NULL),
                         STATUS_SUCCESS);
        assert_int_equal(done.st, refuse ? STATUS_ACCESS_DENIED : STATUS_SUCCESS);
        w.c = done.c;
        if (!refuse)
            assert_int_equal(echo(&w, 77), STATUS_SUCCESS);
        npc_session_unref(s);
        world_done(&w);
    }
}

int main(void)
{
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (uint8_t)(i * 11 + i / 127);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_economy),
        cmocka_unit_test(test_no_key_with_security),
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_give_up),
        cmocka_unit_test(test_close_in_flight),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_async_in_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
