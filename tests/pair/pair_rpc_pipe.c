// SPDX-License-Identifier: Apache-2.0
/*
 * RPC over a pipe, without SMB: the functions of npc that the runtime calls are here, over the memory loop,
 * with the scripted server behind them. They keep a pipe's rules: one write and one read or transact at a
 * time, an answer is a message, what does not fit is STATUS_BUFFER_OVERFLOW and comes with the next read, and
 * a transact does not begin while there is something to read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <msrpc/npc_mux.h>
#include <msrpc/npc_pdu.h>
#include "fake_rpc.h"

struct npc_session {
    unsigned refs;
    struct nt_loop *loop;
    struct io_stream *stream;
};

enum doing { IDLE, READ, TRANSACT };

struct pipe {
    struct npc_pipe base;
    struct npc_session session; /* one pipe each */
    struct io_stream s;         /* towards the scripted server */
    struct wr in;               /* what the server sent and nobody read */
    enum doing doing;
    size_t max;
    size_t rest; /* of a message that was read in part: its header is gone */
    struct npc_op *op, *writing;
    struct wr held; /* of a write that is not taken yet */
    struct wr lent;
    bool closed, up;
    enum nt_status gone;
    npc_pipe_done *opened; /* an opening that is under way */
    void *arg;
    npc_session_done *session_opened;
    void *session_arg;
    enum nt_status given_up;
    struct io_item free_item, session_item;
};

static struct {
    struct nt_loop *loop;
    size_t max_out; /* ceiling of an answer, whatever the runtime asks for; 0: none */
    enum nt_status refuse_session, refuse_pipe;
    bool silent_session, silent_pipe; /* an opening comes to no end by itself */
    bool deaf;                        /* does not end an operation because it is asked to */
    bool stuck;                       /* and takes nothing while a transact is under way */
    unsigned writes, reads, transacts, overflows, pipes, asks, most_writes;
    enum npc_protection protection; /* asked for last */
    bool encrypted;
    unsigned sessions;
    enum nt_status problem;
} npc;

/* ---- operations ---- */

static void op_fn(struct io_item *it)
{
    struct npc_op *op = io_container(it, struct npc_op, item);
    op->done(op);
}

static void end_write(struct npc_op *op, struct pipe *p, enum nt_status st)
{
    op->status = st;
    op->data = NULL;
    op->len = 0;
    io_cancel(&op->item);
    io_item_init(&op->item, op_fn);
    io_ready(&p->s, &op->item);
}

static void take_write(struct pipe *p);

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
    if (p->held.len)
        take_write(p);
}

/* Gives one message, or what of it fits, to the operation that waits. */
static void serve(struct pipe *p)
{
    if (!p->op)
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
    serve(p);
    return STATUS_SUCCESS;
}

/* A write has ended when its callback runs: until then there is no second one. */
static void write_fn(struct io_item *it)
{
    struct npc_op *op = io_container(it, struct npc_op, item);
    struct pipe *p = (struct pipe *)op->pipe;
    p->writing = NULL;
    op->done(op);
}

static void take_write(struct pipe *p)
{
    enum nt_status st = io_queue_from(&p->s, &p->held, NPC_HEADROOM);
    wr_init(&p->held, 0);
    end_write(p->writing, p, st);
    p->writing->item.fn = write_fn;
}

static enum nt_status pipe_write(struct npc_pipe *b, struct wr *out, uint64_t deadline, struct npc_op *op)
{
    struct pipe *p = (struct pipe *)b;
    (void)deadline;
    npc.writes++;
    if (p->writing || p->closed) {
        npc.problem = STATUS_PIPE_BUSY;
        wr_free(out);
        return STATUS_PIPE_BUSY;
    }
    op->pipe = b;
    p->writing = op;
    p->held = *out;
    wr_init(out, 0);
    if (!npc.stuck || p->doing != TRANSACT)
        take_write(p);
    return STATUS_SUCCESS;
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

static void pipe_ask(struct npc_pipe *b, struct npc_op *op)
{
    npc.asks++;
    if (!npc.deaf)
        pipe_cancel(b, op);
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
    wr_free(&p->held);
    wr_init(&p->held, 0);
    if (p->writing) { /* also where it has just ended */
        end_write(p->writing, p, STATUS_CANCELLED);
        p->writing = NULL;
    }
    p->closed = true;
    unref(p);
}

static const struct npc_pipe_ops ops = { "fake",      pipe_write, pipe_read, pipe_transact,
                                         pipe_cancel, pipe_ask,   pipe_close };

/* ---- the stream below ---- */

static void on_open(void *engine)
{
    struct pipe *p = engine;
    p->up = true;
    if (p->session_opened && !npc.silent_session)
        io_ready(&p->s, &p->session_item);
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

static void session_fn(struct io_item *it)
{
    struct pipe *p = io_container(it, struct pipe, session_item);
    npc_session_done *done = p->session_opened;
    p->session_opened = NULL;
    if (p->given_up == STATUS_SUCCESS) {
        done(p->session_arg, STATUS_SUCCESS, &p->session);
        return;
    }
    done(p->session_arg, p->given_up, NULL);
    npc_session_unref(&p->session);
}

static struct pipe *session_new(void)
{
    struct pipe *p = calloc(1, sizeof *p);
    assert_non_null(p);
    struct io_addr to = { .host = "srv", .port = 445 };
    io_item_init(&p->session_item, session_fn);
    wr_init(&p->in, SIZE_MAX);
    wr_init(&p->lent, SIZE_MAX);
    wr_init(&p->held, 0);
    io_stream_init(&p->s, &stream_ops, p, NULL);
    io_item_init(&p->free_item, pipe_free);
    p->session = (struct npc_session){ 1, npc.loop, &p->s };
    assert_int_equal(io_dial(npc.loop, &p->s, &to, UINT64_MAX), STATUS_SUCCESS);
    npc.pipes++;
    return p;
}

/* Nothing is borrowed here. */
bool npc_mux_possible(const struct npc_options *o)
{
    (void)o;
    return false;
}

enum nt_status npc_pdu_start(const char *server, const char *pipe, const struct npc_interface *i,
                             const struct npc_options *o, const struct npc_pdu_user *u, void *arg,
                             struct npc_pdu **ret)
{
    (void)server, (void)pipe, (void)i, (void)o, (void)u, (void)arg, (void)ret;
    abort();
}

enum nt_status npc_pdu_put(struct npc_pdu *p, struct wr *frag)
{
    (void)p, (void)frag;
    abort();
}

enum nt_status npc_pdu_want(struct npc_pdu *p)
{
    (void)p;
    abort();
}

enum nt_status npc_pdu_facts(struct npc_pdu *p, struct npc_pdu_facts *ret)
{
    (void)p, (void)ret;
    abort();
}

enum nt_status npc_pdu_transport(struct npc_pdu *p, struct npc_facts *ret)
{
    (void)p, (void)ret;
    abort();
}

enum nt_status npc_pdu_key(struct npc_pdu *p, struct nt_blob *ret)
{
    (void)p, (void)ret;
    abort();
}

const char *npc_pdu_error(const struct npc_pdu *p)
{
    (void)p;
    abort();
}

void npc_pdu_release(struct npc_pdu *p)
{
    (void)p;
    abort();
}

void npc_pdu_close(struct npc_pdu *p)
{
    (void)p;
    abort();
}

uint64_t npc_mux_token(void)
{
    return 0;
}

void npc_impersonate(uint64_t token)
{
    (void)token;
}

enum nt_status npc_session_open(const char *server, const struct npc_options *o, struct npc_session **ret)
{
    (void)server;
    npc.sessions++;
    npc.protection = o->protection;
    if (npc.refuse_session != STATUS_SUCCESS)
        return nt_error_set(o->error, npc.refuse_session, "the session was refused");
    struct pipe *p = session_new();
    assert_int_equal(io_wait(npc.loop, is_up, p, UINT64_MAX, NULL), STATUS_SUCCESS);
    *ret = &p->session;
    return STATUS_SUCCESS;
}

enum nt_status npc_session_open_send(const char *server, const struct npc_options *o, npc_session_done *done,
                                     void *arg, struct npc_session **ret)
{
    (void)server;
    (void)o;
    struct pipe *p = session_new();
    p->session_opened = done;
    p->session_arg = arg;
    *ret = &p->session;
    return STATUS_SUCCESS;
}

void npc_session_give_up(struct npc_session *s)
{
    struct pipe *p = io_container(s, struct pipe, session);
    p->given_up = STATUS_CANCELLED;
    io_ready(&p->s, &p->session_item);
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
    enum nt_status st =
        p->given_up != STATUS_SUCCESS ? p->given_up : npc_pipe_open(&p->session, "fake", NULL, &pipe);
    p->opened(p->arg, st, pipe);
}

enum nt_status npc_pipe_open_send(struct npc_session *s, const char *name, const struct npc_create *o,
                                  npc_pipe_done *done, void *arg, struct npc_pipe **ret)
{
    struct pipe *p = of_session(s);
    (void)name;
    (void)o;
    p->opened = done;
    p->arg = arg;
    *ret = &p->base;
    io_item_init(&p->free_item, opened);
    if (!npc.silent_pipe)
        io_ready(&p->s, &p->free_item);
    return STATUS_SUCCESS;
}

void npc_pipe_give_up(struct npc_pipe *b)
{
    struct pipe *p = (struct pipe *)b;
    p->given_up = STATUS_CANCELLED;
    io_ready(&p->s, &p->free_item);
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
    ret->encrypted = npc.encrypted;
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
static enum nt_status each[60];
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

static void note_each(void *arg, enum nt_status st)
{
    told++;
    *(enum nt_status *)arg = st;
}

static void until_told(struct world *w, unsigned n)
{
    assert_int_equal(io_wait(w->f.loop, all_told, &n, io_loop_now(w->f.loop) + UINT64_C(60000000000), NULL),
                     STATUS_SUCCESS);
}

static void turn(struct world *w, int n)
{
    while (n--) {
        enum nt_status st = nt_loop_run(w->f.loop, 0);
        (void)st;
    }
}

static void start(struct world *w, struct echo *r, unsigned i, uint32_t len, struct rpc_call **ret)
{
    r[i] = (struct echo){ .in = { len, pattern } };
    each[i] = STATUS_PENDING;
    assert_int_equal(rpc_send(w->c, &echo_op, w->mem, &r[i], note_each, &each[i], ret), STATUS_SUCCESS);
}

/* Many calls on one pipe: the first by transact, which then reads for all, the others by write; with
 * protection that counts messages nothing is written beside a transact. */
static void test_many(void **state)
{
    (void)state;
    static const size_t cuts[] = { 0, 1, 17, 100 };
    static struct echo r[50];
    for (unsigned s = 0; s < 3; s++)
        for (size_t i = 0; i < 4; i++)
            for (int mixed = 0; mixed < 2; mixed++) {
                struct world w;
                unsigned order[49];
                world_init(&w, i == 1 ? 7 : 0);
                struct rpc_options o = options(&w, securities[s].level, securities[s].provider);
                npc.max_out = cuts[i];
                w.f.frag = 64;
                w.f.mpx = w.f.keep = true;
                assert_int_equal(rpc_open(w.b, &fake_iface, &o, &w.c), STATUS_SUCCESS);
                unsigned before = npc.transacts, writes = npc.writes;
                told = 0;
                for (unsigned k = 0; k < 50; k++)
                    start(&w, r, k, k * 9, NULL);
                turn(&w, 2000);
                assert_int_equal(w.f.n_kept, s == 0 ? 50 : 1);
                fake_answer(&w.f, &(struct fake_order){ .order = (unsigned[]){ 0 }, .n = 1 });
                for (int t = 0; t < 100 && w.f.n_kept < 50; t++)
                    turn(&w, 100);
                assert_int_equal(w.f.n_kept, 50);
                for (unsigned k = 0; k < 49; k++)
                    order[k] = 1 + k * 37 % 49;
                fake_answer(&w.f, &(struct fake_order){ .order = order, .n = 49, .mixed = mixed });
                until_told(&w, 50);
                for (unsigned k = 0; k < 50; k++) {
                    assert_int_equal(each[k], STATUS_SUCCESS);
                    assert_int_equal(r[k].out.len, k * 9);
                    assert_memory_equal(r[k].out.data, pattern, k * 9);
                }
                /* where calls waited for the transact, the first of them had the wire for itself again */
                assert_in_range(npc.transacts - before, 1, s == 0 ? 1 : 2);
                assert_int_equal(npc.transacts - before + npc.writes - writes, 50);
                w.f.keep = false;
                before = npc.transacts; /* and alone each call is one transact again */
                for (int k = 0; k < 5; k++)
                    assert_int_equal(echo(&w, 20), STATUS_SUCCESS);
                assert_int_equal(npc.transacts - before, 5);
                fake_forget(&w.f);
                world_done(&w);
            }
}

/* What a call costs that is given up: the pipe only where the server lets nobody do otherwise. */
static const struct {
    const char *what;
    bool mpx, no_features, deaf, stuck, timeout, late;
    bool survives;
} give_ups[] = {
    { "the server knows about orphans", .survives = true },
    { "by time-out", .timeout = true, .survives = true },
    { "and its answer comes late", .late = true, .survives = true },
    { "several at a time", .mpx = true, .survives = true },
    { "several, late", .mpx = true, .late = true, .survives = true },
    { "several, no orphans", .mpx = true, .no_features = true, .survives = true },
    { "several, no orphans, time-out", .mpx = true, .no_features = true, .timeout = true, .survives = true },
    { "the read stands on", .deaf = true, .survives = true },
    { "the read stands on, late", .deaf = true, .late = true, .survives = true },
    { "nothing is taken beside a transact, which can be cancelled", .stuck = true, .survives = true },
    { "nothing is taken beside a transact, which goes on", .stuck = true, .deaf = true },
    { "one at a time, no orphans", .no_features = true },
};

static void give_up(size_t i, unsigned s)
{
    struct world w;
    struct echo r[3];
    struct rpc_call *call;
    struct rpc_call_options co = RPC_CALL_OPTIONS_INIT;
    world_init(&w, 0);
    struct rpc_options o = options(&w, securities[s].level, securities[s].provider);
    w.f.mpx = give_ups[i].mpx;
    w.f.no_features = give_ups[i].no_features;
    npc.deaf = give_ups[i].deaf;
    npc.stuck = give_ups[i].stuck;
    assert_int_equal(rpc_open(w.b, &fake_iface, &o, &w.c), STATUS_SUCCESS);
    w.f.lie = give_ups[i].late ? RSP_LATE : RSP_SILENT;
    told = 0;
    co.timeout_ms = give_ups[i].timeout ? 400 : 4000;
    rpc_conn_set(w.c, &co);
    start(&w, r, 0, 10, &call);
    turn(&w, 20);
    uint64_t began = io_loop_now(w.f.loop);
    if (!give_ups[i].timeout)
        rpc_call_cancel(call);
    until_told(&w, 1);
    assert_true(io_loop_now(w.f.loop) - began <= 600000000);
    assert_int_equal(each[0], give_ups[i].timeout ? STATUS_IO_TIMEOUT : STATUS_CANCELLED);
    w.f.lie = HONEST;
    rpc_conn_set(w.c, NULL);
    if (give_ups[i].survives || give_ups[i].stuck) {
        start(&w, r, 1, 30, NULL);
        until_told(&w, 2);
        if ((each[1] == STATUS_SUCCESS) != give_ups[i].survives)
            fail_msg("%s: 0x%08x %s", give_ups[i].what, each[1], rpc_conn_error(w.c));
    }
    if (rpc_conn_alive(w.c) != give_ups[i].survives)
        fail_msg("%s: alive %d", give_ups[i].what, rpc_conn_alive(w.c));
    if (give_ups[i].survives) {
        for (int k = 0; k < 5; k++)
            assert_int_equal(echo(&w, 200 + 60 * (uint32_t)k), STATUS_SUCCESS);
        assert_int_equal(w.f.cancels, give_ups[i].timeout ? 0 : 1);
        assert_int_equal(w.f.orphans, give_ups[i].no_features ? 0 : 1);
    }
    assert_int_equal(w.f.problem, STATUS_SUCCESS);
    world_done(&w);
}

static void test_give_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof give_ups / sizeof give_ups[0]; i++)
        for (unsigned s = 0; s < 3; s++)
            give_up(i, s);
}

/* One of many is given up; the others do not notice. */
static void test_give_up_one(void **state)
{
    (void)state;
    static struct echo r[20];
    for (unsigned victim = 0; victim < 20; victim += 7)
        for (unsigned s = 0; s < 3; s++) {
            struct world w;
            struct rpc_call *call = NULL;
            world_init(&w, 0);
            struct rpc_options o = options(&w, securities[s].level, securities[s].provider);
            w.f.mpx = w.f.keep = true;
            assert_int_equal(rpc_open(w.b, &fake_iface, &o, &w.c), STATUS_SUCCESS);
            told = 0;
            for (unsigned k = 0; k < 20; k++)
                start(&w, r, k, k * 20, k == victim ? &call : NULL);
            turn(&w, 200);
            rpc_call_cancel(call);
            until_told(&w, 1);
            assert_int_equal(each[victim], STATUS_CANCELLED);
            turn(&w, 200);
            for (unsigned k = 0; k < 20; k++) { /* where they come one by one */
                if (w.f.n_kept > k)
                    fake_answer(&w.f, &(struct fake_order){ .order = &k, .n = 1 });
                turn(&w, 50);
            }
            until_told(&w, 20);
            for (unsigned k = 0; k < 20; k++)
                if (k != victim)
                    assert_int_equal(each[k], STATUS_SUCCESS);
            assert_true(rpc_conn_alive(w.c));
            fake_forget(&w.f);
            world_done(&w);
        }
}

/* The pipe breaks under three calls. */
static void test_hangup(void **state)
{
    (void)state;
    for (int mpx = 0; mpx < 2; mpx++) {
        struct world w;
        struct echo r[3];
        world_init(&w, 0);
        struct rpc_options o = options(&w, SEC_LEVEL_DEFAULT, NULL);
        w.f.mpx = mpx;
        assert_int_equal(rpc_open(w.b, &fake_iface, &o, &w.c), STATUS_SUCCESS);
        w.f.lie = RSP_HANGUP;
        told = 0;
        for (unsigned i = 0; i < 3; i++)
            start(&w, r, i, 10, NULL);
        until_told(&w, 3);
        for (unsigned i = 0; i < 3; i++)
            assert_false(nt_ok(each[i]));
        assert_false(rpc_conn_alive(w.c));
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

/* An opening that is given up leaves nothing behind, neither below nor above. */
static void test_cancel_open(void **state)
{
    (void)state;
    for (int stage = 0; stage < 3; stage++)
        for (int how = 0; how < 2; how++) {
            struct world w;
            struct nt_cancel *token;
            struct opening done = { false };
            world_init(&w, 0);
            npc.silent_session = stage == 0;
            npc.silent_pipe = stage == 1;
            w.f.lie = ACK_SILENT;
            assert_int_equal(nt_cancel_new(&token), STATUS_SUCCESS);
            struct rpc_options o = options(&w, SEC_LEVEL_DEFAULT, NULL);
            struct rpc_conn *c;
            o.loop = w.f.loop;
            o.cancel = token;
            assert_int_equal(rpc_open_start(w.b, &fake_iface, &o, async_opened, &done, &c), STATUS_SUCCESS);
            turn(&w, 30);
            assert_false(done.done);
            uint64_t began = io_loop_now(w.f.loop);
            if (how == 0)
                nt_cancel_fire(token);
            else
                rpc_close(c);
            turn(&w, 10);
            assert_int_equal(done.done, how == 0);
            assert_int_equal(done.st, how == 0 ? STATUS_CANCELLED : STATUS_SUCCESS);
            assert_int_equal(npc.pipes, 0);
            assert_int_equal(io_loop_now(w.f.loop), began);
            nt_cancel_unref(token);
            world_done(&w);
        }
}

/* ---- a choice of ways ---- */

enum { PIPE = 1, TCP = 2, NOTHING = 0 };

static const struct {
    enum rpc_route route;
    enum sec_level level;
    const char *provider;
    enum nt_status session, pipe, tcp; /* what refuses, if not 0 */
    enum lie lie;                      /* by whichever server is asked */
    enum npc_protection asked;
    enum nt_status st;
    int way;
    enum sec_level got;
    unsigned sessions, dials; /* tried; dials of both */
} ways[] = {
    /* the pipe, with as much as TCP would have */
    { RPC_ROUTE_PIPE_FIRST, 0, NULL, 0, 0, 0, HONEST, 0, STATUS_SUCCESS, PIPE, SEC_LEVEL_NONE, 1, 1 },
    { RPC_ROUTE_PIPE_FIRST, 0, "ntlm", 0, 0, 0, HONEST, 0, STATUS_SUCCESS, PIPE, SEC_LEVEL_PRIVACY, 1, 1 },
    { RPC_ROUTE_PIPE_FIRST, SEC_LEVEL_INTEGRITY, "ntlm", 0, 0, 0, HONEST, 0, STATUS_SUCCESS, PIPE,
      SEC_LEVEL_INTEGRITY, 1, 1 },
    /* nobody there: TCP, with the same level and provider */
    { RPC_ROUTE_PIPE_FIRST, 0, NULL, STATUS_CONNECTION_REFUSED, 0, 0, HONEST, 0, STATUS_SUCCESS, TCP,
      SEC_LEVEL_PRIVACY, 1, 1 },
    { RPC_ROUTE_PIPE_FIRST, 0, NULL, STATUS_IO_TIMEOUT, 0, 0, HONEST, 0, STATUS_SUCCESS, TCP,
      SEC_LEVEL_PRIVACY, 1, 1 },
    { RPC_ROUTE_PIPE_FIRST, 0, NULL, 0, STATUS_OBJECT_NAME_NOT_FOUND, 0, HONEST, 0, STATUS_SUCCESS, TCP,
      SEC_LEVEL_PRIVACY, 1, 2 },
    { RPC_ROUTE_PIPE_FIRST, SEC_LEVEL_INTEGRITY, "ntlm", STATUS_CONNECTION_REFUSED, 0, 0, HONEST, 0,
      STATUS_SUCCESS, TCP, SEC_LEVEL_INTEGRITY, 1, 1 },
    { RPC_ROUTE_PIPE_FIRST, SEC_LEVEL_PRIVACY, "ntlm", STATUS_CONNECTION_REFUSED, 0, 0, HONEST, 0,
      STATUS_SUCCESS, TCP, SEC_LEVEL_PRIVACY, 1, 1 },
    /* somebody there who says no, or less: nothing else is tried */
    { RPC_ROUTE_PIPE_FIRST, 0, NULL, STATUS_ACCESS_DENIED, 0, 0, HONEST, 0, STATUS_ACCESS_DENIED, NOTHING, 0,
      1, 0 },
    { RPC_ROUTE_PIPE_FIRST, 0, NULL, STATUS_LOGON_FAILURE, 0, 0, HONEST, 0, STATUS_LOGON_FAILURE, NOTHING, 0,
      1, 0 },
    { RPC_ROUTE_PIPE_FIRST, 0, NULL, STATUS_DOWNGRADE_DETECTED, 0, 0, HONEST, 0, STATUS_DOWNGRADE_DETECTED,
      NOTHING, 0, 1, 0 },
    { RPC_ROUTE_PIPE_FIRST, 0, NULL, STATUS_CONNECTION_DISCONNECTED, 0, 0, HONEST, 0,
      STATUS_CONNECTION_DISCONNECTED, NOTHING, 0, 1, 0 },
    { RPC_ROUTE_PIPE_FIRST, 0, NULL, 0, STATUS_ACCESS_DENIED, 0, HONEST, 0, STATUS_ACCESS_DENIED, NOTHING, 0,
      1, 1 },
    { RPC_ROUTE_PIPE_FIRST, SEC_LEVEL_PRIVACY, "ntlm", 0, 0, 0, ACK_LEVEL, 0, STATUS_ACCESS_DENIED, NOTHING,
      0, 1, 1 },
    { RPC_ROUTE_PIPE_FIRST, SEC_LEVEL_PRIVACY, "ntlm", 0, 0, 0, ACK_DROPS_AUTH, 0, STATUS_ACCESS_DENIED,
      NOTHING, 0, 1, 1 },
    { RPC_ROUTE_TCP_FIRST, 0, NULL, 0, 0, 0, ACK_DROPS_AUTH, 0, STATUS_ACCESS_DENIED, NOTHING, 0, 0, 1 },
    { RPC_ROUTE_TCP_FIRST, 0, NULL, 0, 0, 0, ACK_IS_NAK, 0, STATUS_ACCESS_DENIED, NOTHING, 0, 0, 1 },
    { RPC_ROUTE_TCP_FIRST, 0, NULL, 0, 0, 0, ACK_HANGUP, 0, STATUS_CONNECTION_DISCONNECTED, NOTHING, 0, 0,
      1 },
    /* without protection by RPC, TCP would be less than the pipe */
    { RPC_ROUTE_PIPE_FIRST, SEC_LEVEL_NONE, NULL, STATUS_CONNECTION_REFUSED, 0, 0, HONEST, 0,
      STATUS_CONNECTION_REFUSED, NOTHING, 0, 1, 0 },
    { RPC_ROUTE_PIPE_FIRST, SEC_LEVEL_CONNECT, "ntlm", STATUS_CONNECTION_REFUSED, 0, 0, HONEST, 0,
      STATUS_CONNECTION_REFUSED, NOTHING, 0, 1, 0 },
    /* TCP first: then the pipe, encrypted */
    { RPC_ROUTE_TCP_FIRST, 0, NULL, 0, 0, 0, HONEST, 0, STATUS_SUCCESS, TCP, SEC_LEVEL_PRIVACY, 0, 1 },
    { RPC_ROUTE_TCP_FIRST, 0, NULL, 0, 0, STATUS_CONNECTION_REFUSED, HONEST, 0, STATUS_SUCCESS, PIPE,
      SEC_LEVEL_NONE, 1, 2 },
    { RPC_ROUTE_TCP_FIRST, SEC_LEVEL_INTEGRITY, "ntlm", 0, 0, STATUS_CONNECTION_REFUSED, HONEST, 0,
      STATUS_SUCCESS, PIPE, SEC_LEVEL_INTEGRITY, 1, 2 },
    { RPC_ROUTE_TCP_FIRST, 0, NULL, STATUS_CONNECTION_REFUSED, 0, STATUS_CONNECTION_REFUSED, HONEST, 0,
      STATUS_CONNECTION_REFUSED, NOTHING, 0, 1, 1 },
    /* one way only */
    { RPC_ROUTE_PIPE, 0, NULL, STATUS_CONNECTION_REFUSED, 0, 0, HONEST, 0, STATUS_CONNECTION_REFUSED, NOTHING,
      0, 1, 0 },
    { RPC_ROUTE_TCP, 0, NULL, 0, 0, STATUS_CONNECTION_REFUSED, HONEST, 0, STATUS_CONNECTION_REFUSED, NOTHING,
      0, 0, 1 },
    /* who asks for signed sessions has them */
    { RPC_ROUTE_PIPE, 0, NULL, 0, 0, 0, HONEST, NPC_PROTECT_SIGN, STATUS_SUCCESS, PIPE, SEC_LEVEL_NONE, 1,
      1 },
};

static void one_way(size_t i)
{
    struct npc_options no = NPC_OPTIONS_INIT;
    struct rpc_binding *b;
    struct world w;
    world_init(&w, 0);
    struct rpc_options o = options(&w, ways[i].level, ways[i].provider);
    assert_int_equal(rpc_binding_parse("ncacn:srv", &b, NULL), STATUS_SUCCESS);
    assert_int_equal(rpc_epm_cache_new(0, &o.epm_cache), STATUS_SUCCESS);
    assert_int_equal(rpc_epm_cache_pin(o.epm_cache, "SRV", &fake_iface, 1000), STATUS_SUCCESS);
    no.protection = ways[i].asked;
    o.loop = w.f.loop;
    o.npc = &no;
    o.route = ways[i].route;
    npc.refuse_session = ways[i].session;
    npc.refuse_pipe = ways[i].pipe;
    w.f.refuse = ways[i].tcp;
    w.f.refuse_port = 1000;
    w.f.lie = ways[i].lie;
    enum nt_status st = rpc_open(b, &fake_iface, &o, &w.c);
    if (st != ways[i].st)
        fail_msg("row %zu: 0x%08x: %s", i, st, w.err.text);
    assert_int_equal(npc.sessions, ways[i].sessions);
    assert_int_equal(w.f.dials, ways[i].dials);
    if (st != STATUS_SUCCESS) {
        assert_true(strlen(w.err.text) > 20);
        assert_int_equal(w.f.requests, 0);
    } else {
        struct rpc_facts f = { .size = sizeof f };
        assert_int_equal(rpc_conn_facts(w.c, &f), STATUS_SUCCESS);
        assert_string_equal(f.protseq, ways[i].way == PIPE ? "ncacn_np" : "ncacn_ip_tcp");
        assert_int_equal(f.level, ways[i].got);
        if (ways[i].provider)
            assert_string_equal(f.provider, ways[i].provider);
        else if (ways[i].way == TCP)
            assert_string_equal(f.provider, "spnego/ntlm");
        assert_int_equal(echo(&w, 77), STATUS_SUCCESS);
    }
    /* the session has to be encrypted where it is all the protection there is */
    bool alone = ways[i].level == 0 && !ways[i].provider;
    if (npc.sessions)
        assert_int_equal(npc.protection, ways[i].asked ? ways[i].asked
                                         : alone       ? NPC_PROTECT_ENCRYPT
                                                       : NPC_PROTECT_DEFAULT);
    rpc_epm_cache_unref(o.epm_cache);
    rpc_binding_unref(b);
    world_done(&w);
}

static void test_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        one_way(i);
}

/* Asynchronously, in a session of the caller's, of which what it is told for the start does not live on. */
static void test_ways_async(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct npc_options no = NPC_OPTIONS_INIT;
        struct opening done = { false };
        struct rpc_facts f = { .size = sizeof f };
        char *provider = strdup("ntlm");
        struct npc_session *s;
        struct rpc_binding *b;
        struct world w;
        world_init(&w, 0);
        assert_int_equal(npc_session_open("srv", &no, &s), STATUS_SUCCESS);
        struct rpc_options o = options(&w, SEC_LEVEL_DEFAULT, i == 4 ? NULL : provider);
        assert_int_equal(rpc_binding_parse("ncacn:srv", &b, NULL), STATUS_SUCCESS);
        assert_int_equal(rpc_epm_cache_new(0, &o.epm_cache), STATUS_SUCCESS);
        assert_int_equal(rpc_epm_cache_pin(o.epm_cache, "srv", &fake_iface, 1000), STATUS_SUCCESS);
        o.session = s;
        o.npc = &no;
        o.route = i & 1 ? RPC_ROUTE_TCP_FIRST : RPC_ROUTE_PIPE_FIRST;
        w.f.refuse_port = 1000;
        w.f.refuse = i == 1 || i == 3 ? STATUS_CONNECTION_REFUSED : STATUS_SUCCESS;
        npc.refuse_pipe = i == 2 || i == 3 ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_SUCCESS;
        assert_int_equal(rpc_open_send(b, &fake_iface, &o, async_opened, &done), STATUS_SUCCESS);
        rpc_binding_unref(b);
        rpc_epm_cache_unref(o.epm_cache);
        memset(&no, 0xee, sizeof no);
        memset(provider, 'x', strlen(provider));
        free(provider);
        assert_int_equal(io_wait(w.f.loop, is_opened, &done, io_loop_now(w.f.loop) + 1000000000, NULL),
                         STATUS_SUCCESS);
        assert_int_equal(done.st, i == 3 ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_SUCCESS);
        w.c = done.c;
        if (i == 3) {
            assert_non_null(strstr(w.err.text, "before that"));
        } else {
            assert_int_equal(rpc_conn_facts(w.c, &f), STATUS_SUCCESS);
            assert_string_equal(f.protseq, i == 2 ? "ncacn_ip_tcp" : "ncacn_np");
            /* the session is not encrypted: RPC protects the pipe instead */
            assert_int_equal(f.level, SEC_LEVEL_PRIVACY);
            assert_string_equal(f.provider, i == 4 ? "spnego/ntlm" : "ntlm");
            assert_int_equal(echo(&w, 77), STATUS_SUCCESS);
        }
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
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_give_up),
        cmocka_unit_test(test_give_up_one),
        cmocka_unit_test(test_hangup),
        cmocka_unit_test(test_close_in_flight),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_async_in_session),
        cmocka_unit_test(test_cancel_open),
        cmocka_unit_test(test_ways),
        cmocka_unit_test(test_ways_async),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
