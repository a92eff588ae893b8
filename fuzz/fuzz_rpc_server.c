// SPDX-License-Identifier: Apache-2.0
/*
 * The RPC server against up to four connections, in bytes and time. Input: a byte of options, then actions.
 * An action is a byte, 3 bits of what and 2 of which connection, and what belongs to it:
 *
 *   raw      length (2), bytes: as they are
 *   time     n (1): 10 ms << (n & 15) go by
 *   reply    n (1): pipes that rest go on, and a handler that waits answers: with success, a fault, a
 * cancel... link     n (1): the connection goes, or a new one comes bind     flags (1), group (1), context
 * (1), interface (1), token length (1), token request  flags (1), call id (1), contexts (1), operation (1),
 * stub length (2), stub cancel   call id (1); its highest bit: orphaned handle   the next stub begins with
 * the handle that the server gave last to this connection
 *
 * Options: 1 least level privacy, 2 byte by byte, 4 without multiplexing, 8 extended errors for all.
 * Authentication is by null_sec.h or, where the bytes say so, by NTLM.
 */
#include <stdlib.h>
#include <msrpc/pipes.h>
#include <msrpc/rpcecho.h>
#include "null_sec.h"
#include "rpc/m_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CONNS = 4, PENDING = 16 };
enum { RAW, TIME, REPLY, LINK, BIND, REQUEST, CANCEL, HANDLE };

struct world;
struct pipe_call;

struct link {
    struct world *w;
    struct io_stream s;
    bool open, handle_next;
    uint32_t group;
    uint8_t handle[20];
    struct wr in;
};

struct world {
    struct nt_loop *loop;
    struct rpc_server *s;
    unsigned options;
    struct rpc_server_call *pending[PENDING];
    unsigned n, made, rundowns, closed;
    struct pipe_call *piping[PENDING];
    unsigned n_piping;
    struct link links[CONNS];
};

/* ---- what is served ---- */

static void forget_pending(struct world *w, const struct rpc_server_call *call)
{
    for (unsigned i = 0; i < w->n; i++)
        if (w->pending[i] == call) {
            w->pending[i] = w->pending[--w->n];
            return;
        }
    abort(); /* told of a call that is none */
}

static void cancelled(struct rpc_server_call *call, void *arg)
{
    struct world *w = arg;
    if (!rpc_server_cancelled(call))
        abort();
    forget_pending(w, call);
    rpc_server_reply(call, STATUS_CANCELLED);
}

static void later(struct rpc_server_call *call, void *arg)
{
    forget_pending(arg, call);
    rpc_server_reply(call, STATUS_SUCCESS);
}

static enum nt_status put_off(struct rpc_server_call *call, unsigned how)
{
    struct world *w = rpc_server_arg(call);
    if (w->n == PENDING)
        return RPC_NT_SERVER_TOO_BUSY;
    if ((how & 3) == 1 && rpc_server_on_cancel(call, cancelled, w) != STATUS_SUCCESS)
        return STATUS_CANCELLED;
    if ((how & 3) == 2 && !rpc_server_later(call, how, later, w))
        return STATUS_CANCELLED;
    w->pending[w->n++] = call;
    return STATUS_PENDING;
}

static enum nt_status add_one(struct rpc_server_call *call, struct rpcecho_echo_AddOne *r)
{
    struct rpc_server_caller who = { .size = sizeof who };
    if (rpc_server_caller(call, &who) != STATUS_SUCCESS || !who.name || !rpc_server_token(call))
        abort();
    r->out.out_data = r->in.in_data + 1;
    return STATUS_SUCCESS;
}

static enum nt_status echo_data(struct rpc_server_call *call, struct rpcecho_echo_EchoData *r)
{
    (void)call;
    r->out.out_data = (uint8_t *)(uintptr_t)r->in.in_data;
    return STATUS_SUCCESS;
}

static enum nt_status source_data(struct rpc_server_call *call, struct rpcecho_echo_SourceData *r)
{
    if (r->in.len > 50000)
        return STATUS_INVALID_PARAMETER;
    r->out.data = nt_arena_array(rpc_server_mem(call), r->in.len, 1);
    return r->out.data ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

static enum nt_status test_call(struct rpc_server_call *call, struct rpcecho_echo_TestCall *r)
{
    struct rpc_error_record rec = { .status = 5, .component = 2 };
    enum nt_status st = rpc_server_explain(call, &rec);
    (void)r;
    return st == STATUS_SUCCESS ? STATUS_ACCESS_DENIED : st;
}

static enum nt_status test_sleep(struct rpc_server_call *call, struct rpcecho_echo_TestSleep *r)
{
    return put_off(call, r->in.seconds);
}

static const struct rpcecho_handlers handlers = { .echo_AddOne = add_one,
                                                  .echo_EchoData = echo_data,
                                                  .echo_SourceData = source_data,
                                                  .echo_TestCall = test_call,
                                                  .echo_TestSleep = test_sleep };

/* Context handles of two kinds: a handle and what to do with it. */
struct handle_call {
    struct {
        struct ndr_handle h;
        uint32_t what;
    } in;
    struct {
        struct ndr_handle h;
    } out;
};

static void pull_in(struct ndr_pull *n, void *p)
{
    struct handle_call *r = p;
    ndr_pull_handle(n, &r->in.h);
    r->in.what = ndr_pull_u32(n);
}

static void push_out(struct ndr_push *n, const void *p)
{
    ndr_push_handle(n, &((const struct handle_call *)p)->out.h);
}

static void no_push(struct ndr_push *n, const void *p)
{
    (void)p;
    ndr_push_fail(n, RPC_NT_CANNOT_SUPPORT);
}

static void no_pull(struct ndr_pull *n, void *p)
{
    (void)p;
    ndr_pull_fail(n, RPC_NT_CANNOT_SUPPORT);
}

static const struct rpc_interface handle_iface = {
    RPC_TABLE_VERSION, 2, "handles", { { 0x31, 1, 2, { 3 } }, 1, 3 }, NULL
};
static const struct rpc_op handle_op = { RPC_TABLE_VERSION,
                                         0,
                                         0,
                                         &handle_iface,
                                         "Handle",
                                         sizeof(struct handle_call),
                                         offsetof(struct handle_call, out),
                                         no_push,
                                         pull_in,
                                         push_out,
                                         no_pull };
static const struct rpc_op maybe_op = { RPC_TABLE_VERSION,
                                        1,
                                        RPC_OP_MAYBE,
                                        &handle_iface,
                                        "Maybe",
                                        sizeof(struct handle_call),
                                        offsetof(struct handle_call, out),
                                        no_push,
                                        pull_in,
                                        push_out,
                                        no_pull };
static const struct rpc_op *const handle_ops[] = { &handle_op, &maybe_op };

static void rundown(void *object)
{
    ((struct world *)object)->rundowns++;
}

static const struct rpc_handle_type type_a = { "a", rundown, false }, type_b = { "b", rundown, true };

static enum nt_status handle_dispatch(const void *h, struct rpc_server_call *call, uint32_t opnum, void *p)
{
    struct world *w = rpc_server_arg(call);
    struct handle_call *r = p;
    const struct rpc_handle_type *t = r->in.what & 8 ? &type_b : &type_a;
    void *object = NULL;
    enum nt_status st;
    (void)h;
    (void)opnum;
    r->out.h = r->in.h;
    switch (r->in.what & 7) {
    case 0:
    case 1:
        st = rpc_handle_new(call, t, w, &r->out.h);
        w->made += st == STATUS_SUCCESS;
        return st;
    case 2:
    case 3:
        st = rpc_handle_get(call, &r->in.h, t, &object);
        if (st == STATUS_SUCCESS && object != w)
            abort();
        return st == STATUS_SUCCESS ? put_off(call, r->in.what >> 8) : st;
    case 4:
        st = rpc_handle_close(call, &r->out.h, t, &object);
        w->closed += st == STATUS_SUCCESS;
        return st;
    case 5:
        return rpc_handle_close(call, &r->out.h, t, NULL);
    default:
        return rpc_handle_get(call, &r->in.h, t, &object);
    }
}

/* ---- pipes: ends that take and give little, and now and then nothing ---- */

struct pipe_call {
    struct world *w;
    struct rpc_server_call *call;
    struct pipes_put *put;
    size_t moved, total;
    unsigned turns;
};

static void forget_pipe(struct pipe_call *p)
{
    struct world *w = p->w;
    for (unsigned i = 0; i < w->n_piping; i++)
        if (w->piping[i] == p) {
            w->piping[i] = w->piping[--w->n_piping];
            return;
        }
}

/* One of three turns moves nothing; the reply action goes on. */
static bool rests(struct pipe_call *p)
{
    return p->turns++ % 3 == 2;
}

static enum nt_status sink(void *arg, void *elems, size_t max, size_t *ret_n)
{
    struct pipe_call *p = arg;
    volatile uint8_t sum = 0;
    size_t n = max > 100 ? 100 : max;
    if (max && rests(p))
        return STATUS_PENDING;
    for (size_t i = 0; i < n; i++)
        sum = (uint8_t)(sum + ((uint8_t *)elems)[i]);
    p->moved += n;
    *ret_n = n;
    if (!max) {
        forget_pipe(p);
        p->put->out.result = (int32_t)p->moved;
        rpc_server_reply(p->call, STATUS_SUCCESS);
    }
    return STATUS_SUCCESS;
}

static enum nt_status source(void *arg, void *elems, size_t max, size_t *ret_n)
{
    struct pipe_call *p = arg;
    size_t n = p->total - p->moved < max ? p->total - p->moved : max;
    if (n && rests(p))
        return STATUS_PENDING;
    if (n > 1000)
        n = 1000;
    memset(elems, 0x70, n);
    p->moved += n;
    *ret_n = n;
    if (!n)
        forget_pipe(p);
    return STATUS_SUCCESS;
}

static void pipe_cancelled(struct rpc_server_call *call, void *arg)
{
    struct pipe_call *p = arg;
    if (call != p->call)
        abort();
    forget_pipe(p);
    rpc_server_reply(call, STATUS_CANCELLED);
}

static struct pipe_call *pipe_of(struct rpc_server_call *call)
{
    struct world *w = rpc_server_arg(call);
    struct pipe_call *p = nt_arena_alloc(rpc_server_mem(call), sizeof *p, 16);
    if (!p || w->n_piping == PENDING || rpc_server_on_cancel(call, pipe_cancelled, p) != STATUS_SUCCESS)
        return NULL;
    *p = (struct pipe_call){ .w = w, .call = call };
    w->piping[w->n_piping++] = p;
    return p;
}

static enum nt_status put(struct rpc_server_call *call, struct pipes_put *r)
{
    struct pipe_call *p = r->in.first == 7 ? NULL : pipe_of(call);
    if (!p)
        return STATUS_ACCESS_DENIED;
    p->put = r;
    r->in.data = (struct ndr_pipe){ sink, p };
    return STATUS_PENDING;
}

static enum nt_status get(struct rpc_server_call *call, struct pipes_get *r)
{
    struct pipe_call *p = r->in.count < 0 || r->in.count > 100000 ? NULL : pipe_of(call);
    if (!p)
        return STATUS_INVALID_PARAMETER;
    p->total = (size_t)r->in.count;
    r->out.data = (struct ndr_pipe){ source, p };
    return STATUS_SUCCESS;
}

/* Not streamed: all of it is here. */
static enum nt_status samples(struct rpc_server_call *call, struct pipes_samples *r)
{
    struct pipes_sample one[16];
    size_t n = 1;
    enum nt_status st = STATUS_SUCCESS;
    (void)call;
    while (n && r->in.both.chunk && st == STATUS_SUCCESS)
        st = r->in.both.chunk(r->in.both.arg, one, 16, &n);
    return st;
}

static enum nt_status pipe_dispatch(const void *h, struct rpc_server_call *call, uint32_t opnum, void *r)
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
        return STATUS_SUCCESS; /* what came is dropped */
    }
}

static void resume(struct world *w)
{
    for (unsigned i = 0; i < w->n_piping; i++)
        rpc_server_resume(w->piping[i]->call);
}

static enum nt_status nt_hash(void *arg, const char16_t *user, size_t user_len, const char16_t *domain,
                              size_t domain_len, uint8_t ret[16])
{
    (void)arg;
    (void)user;
    (void)user_len;
    (void)domain;
    (void)domain_len;
    memset(ret, 1, 16);
    return STATUS_SUCCESS;
}

/* ---- the other side of the connections ---- */

/* What the server says: the group of an ack, the handle of an answer; all has to be well-formed. */
static void look(struct link *l, const uint8_t *p, size_t n)
{
    struct rpc_pdu d;
    const char *why = NULL;
    if (rpc_pdu_decode(p, n, &d, &why) != STATUS_SUCCESS)
        abort();
    if (d.h.ptype == RPC_PT_BIND_ACK)
        l->group = d.u.ack.assoc;
    if (d.h.ptype == RPC_PT_RESPONSE && d.body_len >= sizeof l->handle)
        memcpy(l->handle, p + d.body_off, sizeof l->handle);
}

static void on_data(void *engine, uint8_t *data, size_t len)
{
    struct link *l = engine;
    size_t at = 0;
    wr_bytes(&l->in, data, len);
    while (l->in.len - at >= RPC_HDR_LEN) {
        size_t n = le16(l->in.base + at + 8);
        if (n < RPC_HDR_LEN)
            abort();
        if (l->in.len - at < n)
            break;
        look(l, l->in.base + at, n);
        at += n;
    }
    if (at && at < l->in.len)
        memmove(l->in.base, l->in.base + at, l->in.len - at);
    l->in.len -= at;
}

static void on_close(void *engine, enum nt_status why)
{
    (void)why;
    ((struct link *)engine)->open = false;
}

static const struct io_ops client_ops = { NULL, on_data, on_close };

/* In pieces a PDU takes many turns. */
static void turn(struct world *w, int n)
{
    enum nt_status st = STATUS_SUCCESS;
    if (w->options & 2)
        n *= 200;
    while (n-- && st == STATUS_SUCCESS)
        st = nt_loop_run(w->loop, 0);
}

static void unlink_link(struct world *w, struct link *l)
{
    if (!l->s.ops)
        return;
    if (l->open)
        io_close(&l->s, STATUS_CONNECTION_DISCONNECTED, false);
    turn(w, 10);
    io_stream_done(&l->s);
    wr_free(&l->in);
    memset(l, 0, sizeof *l);
}

/* Connections of two peers in turn: groups and ceilings go by the address. */
static struct link *link_of(struct world *w, unsigned i)
{
    static const char *const peers[CONNS] = { "192.0.2.1:1", "192.0.2.1:2", "192.0.2.2:1", "uid:5" };
    struct link *l = &w->links[i];
    struct rpc_sconn *c;
    if (l->open)
        return l;
    unlink_link(w, l);
    if (rpc_sconn_new(w->s, peers[i], &c) != STATUS_SUCCESS)
        return NULL;
    l->w = w;
    wr_init(&l->in, 1 << 22);
    io_stream_init(&l->s, &client_ops, l, &null_env);
    if (io_mem_join(w->loop, &l->s, c->tp->stream) != STATUS_SUCCESS)
        abort();
    l->open = true;
    turn(w, 2);
    return l;
}

static void send_bytes(struct world *w, struct link *l, struct wr *out)
{
    if (l)
        (void)io_queue(&l->s, out);
    else
        wr_free(out);
    turn(w, 4);
}

/* ---- actions ---- */

static void act_raw(struct world *w, struct link *l, struct rd *r)
{
    struct wr out;
    size_t n = rd_u16(r);
    if (n > rd_left(r))
        n = rd_left(r);
    wr_init(&out, 1 << 20);
    wr_bytes(&out, rd_bytes(r, n), n);
    send_bytes(w, l, &out);
}

static void act_reply(struct world *w, unsigned n)
{
    static const enum nt_status answers[4] = { STATUS_SUCCESS, STATUS_CANCELLED, STATUS_ACCESS_DENIED,
                                               STATUS_PENDING };
    resume(w);
    turn(w, 4);
    if (!w->n)
        return;
    struct rpc_server_call *call = w->pending[n % w->n];
    forget_pending(w, call);
    rpc_server_reply(call, answers[n >> 6]);
    turn(w, 4);
}

/* flags: 1 alter, 2-3 level (0: no trailer), 4 header signing, 5 NDR64, 6 features, 7 multiplexing. */
static void act_bind(struct world *w, struct link *l, struct rd *r)
{
    static const enum sec_level levels[4] = { SEC_LEVEL_NONE, SEC_LEVEL_CONNECT, SEC_LEVEL_INTEGRITY,
                                              SEC_LEVEL_PRIVACY };
    unsigned flags = rd_u8(r), group = rd_u8(r), ctx = rd_u8(r), iface = rd_u8(r), n = rd_u8(r);
    struct rpc_ctx_elem e[2] = { { .id = ctx & 3, .n_transfers = 1 }, { .id = 9, .n_transfers = 1 } };
    const struct link *other = &w->links[group & 3];
    struct wr out;
    e[0].abstract = e[1].abstract = iface & 2   ? pipes_interface.syntax
                                    : iface & 1 ? handle_iface.syntax
                                                : rpcecho_interface.syntax;
    e[0].transfers[0] = flags & 32 ? rpc_syntax_ndr64 : rpc_syntax_ndr20;
    e[1].transfers[0] = rpc_syntax_features(3);
    if (n > rd_left(r))
        n = (unsigned)rd_left(r);
    struct nt_blob token = { rd_bytes(r, n), n };
    wr_init(&out, 1 << 20);
    rpc_put_bind(&out, flags & 1 ? RPC_PT_ALTER : RPC_PT_BIND,
                 RPC_PFC_WHOLE | (flags & 16 ? (unsigned)RPC_PFC_HEADER_SIGN : 0U) |
                     (flags & 128 ? (unsigned)RPC_PFC_CONC_MPX : 0U),
                 1, RPC_FRAG_DEFAULT, group & 4 ? other->group : 0, e, flags & 64 ? 2 : 1);
    if (group & 8) {
        wr_free(&out);
        wr_init(&out, 1 << 20);
        rpc_put_auth3(&out, 1);
    }
    struct rpc_sec sec = { .provider = &null_sec, .level = levels[flags >> 1 & 3], .ctx_id = ctx >> 4 };
    if (sec.level > SEC_LEVEL_NONE)
        rpc_put_token(&out, 0, &sec, token);
    send_bytes(w, l, &out);
}

static void sign(struct wr *out, unsigned which)
{
    static const enum sec_level levels[4] = { SEC_LEVEL_NONE, SEC_LEVEL_CONNECT, SEC_LEVEL_INTEGRITY,
                                              SEC_LEVEL_PRIVACY };
    struct rpc_sec sec = { .provider = &null_sec, .level = levels[which >> 4 & 3], .ctx_id = which >> 6 };
    if (sec.level == SEC_LEVEL_NONE) {
        rpc_pdu_end(out, 0, 0);
        return;
    }
    size_t pad = (0 - (out->len - RPC_REQ_LEN)) & 15;
    uint8_t trailer[RPC_TRAILER_LEN + NULL_SEC_TOKEN] = { NULL_SEC_TYPE, (uint8_t)sec.level, (uint8_t)pad, 0,
                                                          (uint8_t)sec.ctx_id };
    wr_zero(out, pad);
    wr_bytes(out, trailer, sizeof trailer);
    rpc_pdu_end(out, 0, NULL_SEC_TOKEN);
}

static void act_request(struct world *w, struct link *l, struct rd *r)
{
    unsigned flags = rd_u8(r), id = rd_u8(r), ctx = rd_u8(r), op = rd_u8(r);
    size_t n = rd_u16(r);
    struct wr out;
    if (n > rd_left(r))
        n = rd_left(r);
    wr_init(&out, 1 << 20);
    (void)wr_room(&out, RPC_REQ_LEN);
    if (l && l->handle_next)
        wr_bytes(&out, l->handle, sizeof l->handle);
    if (l)
        l->handle_next = false;
    wr_bytes(&out, rd_bytes(r, n), n);
    if (out.st == STATUS_SUCCESS)
        rpc_fill_request(out.base, flags & ~(unsigned)RPC_PFC_OBJECT, id, (uint32_t)n, ctx & 15, (uint16_t)op,
                         NULL);
    sign(&out, ctx);
    send_bytes(w, l, &out);
}

static void act_cancel(struct world *w, struct link *l, unsigned id)
{
    struct wr out;
    wr_init(&out, 64);
    rpc_put_hdr(&out, id & 128 ? RPC_PT_ORPHANED : RPC_PT_CO_CANCEL, RPC_PFC_WHOLE, id & 127);
    rpc_pdu_end(&out, 0, 0);
    send_bytes(w, l, &out);
}

static void act(struct world *w, struct rd *r)
{
    unsigned op = rd_u8(r), i = op >> 3 & (CONNS - 1);
    struct link *l = (op & 7) == TIME || (op & 7) == REPLY || (op & 7) == LINK ? NULL : link_of(w, i);
    enum nt_status st;
    switch (op & 7) {
    case RAW:
        act_raw(w, l, r);
        break;
    case TIME:
        st = nt_loop_run(w->loop, 10 << (rd_u8(r) & 15));
        (void)st;
        turn(w, 2);
        break;
    case REPLY:
        act_reply(w, rd_u8(r));
        break;
    case LINK:
        unlink_link(w, &w->links[i]);
        break;
    case BIND:
        act_bind(w, l, r);
        break;
    case REQUEST:
        act_request(w, l, r);
        break;
    case CANCEL:
        act_cancel(w, l, rd_u8(r));
        break;
    default:
        if (l)
            l->handle_next = true;
    }
}

/* ---- a run ---- */

static bool start(struct world *w)
{
    struct io_mem_options mo = { &null_env, w->options & 2 ? 1 : 0, 1000000000, SIZE_MAX };
    struct rpc_server_options so = RPC_SERVER_OPTIONS_INIT;
    so.nt_hash = nt_hash;
    so.keytab = "MEMORY:none"; /* so that providers other than NTLM are let in */
    so.min_level = w->options & 1 ? SEC_LEVEL_PRIVACY : SEC_LEVEL_NONE;
    so.extended_errors = w->options & 8 ? RPC_EXTENDED_ALL : RPC_EXTENDED_CALLERS;
    so.idle_timeout_ms = 60000;
    if (io_mem_loop_new(&mo, &w->loop) != STATUS_SUCCESS)
        return false;
    if (rpc_server_new(w->loop, &so, &w->s) != STATUS_SUCCESS ||
        rpcecho_register(w->s, &handlers, w) != STATUS_SUCCESS ||
        rpc_server_register(w->s, &handle_iface, handle_ops, handle_dispatch, NULL, w) != STATUS_SUCCESS ||
        rpc_server_register(w->s, &pipes_interface, pipes_ops, pipe_dispatch, NULL, w) != STATUS_SUCCESS ||
        rpc_server_stream(w->s, &pipes_interface, pipes_put_opnum) != STATUS_SUCCESS)
        abort();
    return true;
}

/* Once everybody has gone nothing may be left, and each object that was made has come to one end. */
static void finish(struct world *w)
{
    for (unsigned i = 0; i < CONNS; i++)
        unlink_link(w, &w->links[i]);
    turn(w, 10);
    if (w->s->n_conns || w->s->n_calls != w->n)
        abort();
    rpc_server_free(w->s);
    while (w->n) {
        struct rpc_server_call *call = w->pending[--w->n];
        rpc_server_reply(call, STATUS_SUCCESS);
    }
    if (w->made != w->rundowns + w->closed)
        abort();
    nt_loop_free(w->loop);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world w = { .n = 0 };
    struct rd r;
    if (size < 1 || size > 65536)
        return 0;
    null_counter = 0;
    rd_init(&r, data, size);
    w.options = rd_u8(&r);
    if (!start(&w))
        return 0;
    while (rd_left(&r))
        act(&w, &r);
    finish(&w);
    return 0;
}
