// SPDX-License-Identifier: Apache-2.0
/*
 * The client engine with many calls in flight, in bytes and time, against a server that does what the input
 * says. Byte 0: 1-2 level (0: none), 4 NDR64 is offered, 16 everything byte by byte. Then actions, a byte
 * each (its low 3 bits) and what belongs to it. Of the server:
 *
 *   raw      length (2), bytes
 *   ack      flags (1): 1 no trailer, 2 rejected, 4 the token asks for one more, 8 call id wrong, 64
 * features, 128 multiplexing answer   which (1), flags (1), bytes of data (1), lies (1: no trailer, 2 level,
 * 4 signature, 8 context, 16 call id, 32 count) fault    which (1), code (1), length (1), bytes behind it
 *
 * Of the client:
 *
 *   call     bytes of data (1), what its callback does (1: closes, 2 calls again, 3 cancels all; 4: of the
 * pipes put, else get) cancel   which (1) time     n (1): pipes that rest go on, and 10 ms << (n & 15) go by
 *   other    0 a second interface, 1 the server hangs up, 2 the client closes, 3 a new connection, 4 the
 * server acks by itself from now on
 */
#include <stdlib.h>
#include <msrpc/pipes.h>
#include "fake_rpc.h"
#include "null_sec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CALLS = 48, OUTSTANDING = 16 };
enum { RAW, ACK, ANSWER, FAULT, CALL, CANCEL, TIME, OTHER };

struct call {
    struct world *w;
    struct rpc_call *rc;
    struct echo r;
    struct pipes_get get;
    struct pipes_put put;
    size_t left; /* of a pipe that we give */
    unsigned turns;
    unsigned how;
    bool running;
};

struct world {
    struct nt_loop *loop;
    unsigned options;
    const struct rpc_binding *b;
    struct rpc_options *o;
    struct nt_arena *mem;
    /* the client */
    struct rpc_conn *conn;
    bool opening;
    struct call calls[CALLS];
    unsigned n_calls, running;
    /* the server */
    struct io_stream s;
    bool joined, auto_ack;
    struct wr in, last_bind;
    uint32_t ids[OUTSTANDING];
    unsigned n_ids;
    bool ndr64;
};

static uint8_t data_of_calls[256];

/* ---- the server ---- */

static enum sec_level level_of(const struct world *w)
{
    static const enum sec_level levels[4] = { SEC_LEVEL_NONE, SEC_LEVEL_CONNECT, SEC_LEVEL_INTEGRITY,
                                              SEC_LEVEL_PRIVACY };
    return levels[w->options & 3];
}

static void say(struct world *w, struct wr *out)
{
    if (w->joined)
        (void)io_queue(&w->s, out);
    else
        wr_free(out);
}

static unsigned results(struct world *w, const struct rpc_pdu *d, unsigned flags, struct rpc_result *r)
{
    struct rpc_rd list = d->u.bind.list;
    unsigned n = d->u.bind.n < 8 ? d->u.bind.n : 8;
    for (unsigned i = 0; i < n; i++) {
        struct rpc_ctx_elem e;
        rpc_get_ctx_elem(&list, &e);
        bool asks = e.n_transfers && e.transfers[0].uuid.a == 0x6cb71c2c;
        r[i] = (struct rpc_result){ .result = RPC_RESULT_ACCEPTANCE, .transfer = e.transfers[0] };
        if (asks)
            r[i] = flags & 64 ? (struct rpc_result){ .result = RPC_RESULT_NEGOTIATE_ACK, .reason = 3 }
                              : (struct rpc_result){ .result = RPC_RESULT_PROVIDER_REJECTION, .reason = 2 };
        else if (flags & 2)
            r[i] = (struct rpc_result){ .result = RPC_RESULT_PROVIDER_REJECTION, .reason = 1 };
        else if (rpc_syntax_equal(&e.transfers[0], &rpc_syntax_ndr64))
            w->ndr64 = true;
    }
    return n;
}

static void ack(struct world *w, unsigned flags)
{
    struct rpc_pdu d;
    struct rpc_result r[8];
    const char *why;
    struct wr out;
    if (!w->last_bind.len || rpc_pdu_decode(w->last_bind.base, w->last_bind.len, &d, &why) != STATUS_SUCCESS)
        return;
    unsigned n = results(w, &d, flags, r);
    bool bind = d.h.ptype == RPC_PT_BIND;
    wr_init(&out, RPC_FRAG_MAX);
    rpc_put_ack(&out, bind ? RPC_PT_BIND_ACK : RPC_PT_ALTER_RESP,
                RPC_PFC_WHOLE | (d.h.flags & RPC_PFC_HEADER_SIGN) |
                    (flags & 128 ? (unsigned)RPC_PFC_CONC_MPX : 0U),
                d.h.call_id + (flags & 8 ? 1 : 0), 5840, 5840, 7, bind ? "135" : NULL, r, n);
    struct rpc_sec sec = { .provider = &null_sec, .level = level_of(w), .ctx_id = d.auth.ctx_id };
    if (d.has_auth && !(flags & 1))
        rpc_put_token(&out, 0, &sec, (struct nt_blob){ (const uint8_t *)(flags & 4 ? "\1srv" : "\0srv"), 4 });
    say(w, &out);
}

static void on_pdu(struct world *w, const uint8_t *p, size_t n)
{
    struct rpc_pdu d;
    const char *why;
    if (rpc_pdu_decode(p, n, &d, &why) != STATUS_SUCCESS)
        abort(); /* our client sends none that are not well-formed */
    if (d.h.ptype == RPC_PT_BIND || d.h.ptype == RPC_PT_ALTER) {
        w->last_bind.len = 0;
        wr_bytes(&w->last_bind, p, n);
        if (w->auto_ack)
            ack(w, 64 | 128);
    }
    if (d.h.ptype == RPC_PT_REQUEST && (d.h.flags & RPC_PFC_LAST) && w->n_ids < OUTSTANDING)
        w->ids[w->n_ids++] = d.h.call_id;
}

static void on_data(void *engine, uint8_t *data, size_t len)
{
    struct world *w = engine;
    size_t at = 0;
    wr_bytes(&w->in, data, len);
    while (w->in.len - at >= RPC_HDR_LEN) {
        size_t n = le16(w->in.base + at + 8);
        if (n < RPC_HDR_LEN)
            abort();
        if (w->in.len - at < n)
            break;
        on_pdu(w, w->in.base + at, n);
        at += n;
    }
    if (at && at < w->in.len)
        memmove(w->in.base, w->in.base + at, w->in.len - at);
    w->in.len -= at;
}

static void hang_up(struct world *w)
{
    if (!w->joined)
        return;
    w->joined = false;
    io_stream_done(&w->s);
    w->in.len = w->last_bind.len = 0;
    w->n_ids = 0;
}

static void on_close(void *engine, enum nt_status why)
{
    (void)why;
    hang_up(engine);
}

static const struct io_ops ops = { NULL, on_data, on_close };

static enum nt_status on_dial(void *arg, struct io_stream *s, const struct io_addr *to)
{
    struct world *w = arg;
    (void)to;
    if (w->joined)
        return STATUS_CONNECTION_REFUSED;
    io_stream_init(&w->s, &ops, w, &null_env);
    enum nt_status st = io_mem_join(w->loop, s, &w->s);
    w->joined = st == STATUS_SUCCESS;
    return st;
}

static uint32_t take_id(struct world *w, unsigned which, bool last)
{
    if (!w->n_ids)
        return which;
    unsigned i = which % w->n_ids;
    uint32_t id = w->ids[i];
    if (last) {
        memmove(w->ids + i, w->ids + i + 1, (w->n_ids - i - 1) * sizeof w->ids[0]);
        w->n_ids--;
    }
    return id;
}

static void sign(struct world *w, struct wr *out, unsigned lies)
{
    size_t pad = (0 - (out->len - RPC_RSP_LEN)) & 15;
    unsigned level = lies & 2 ? 2 : (unsigned)level_of(w);
    uint8_t trailer[RPC_TRAILER_LEN + NULL_SEC_TOKEN] = { NULL_SEC_TYPE, (uint8_t)level, (uint8_t)pad };
    trailer[RPC_TRAILER_LEN] = lies & 4 ? 0xff : 0x11;
    if (level_of(w) < SEC_LEVEL_INTEGRITY || (lies & 1)) {
        rpc_pdu_end(out, 0, 0);
        return;
    }
    struct rpc_pdu d;
    const char *why;
    if (w->last_bind.len && rpc_pdu_decode(w->last_bind.base, w->last_bind.len, &d, &why) == STATUS_SUCCESS)
        put_le32(trailer + 4, d.auth.ctx_id);
    wr_zero(out, pad);
    wr_bytes(out, trailer, sizeof trailer);
    rpc_pdu_end(out, 0, NULL_SEC_TOKEN);
}

static void act_answer(struct world *w, struct rd *r)
{
    unsigned which = rd_u8(r), flags = rd_u8(r), n = rd_u8(r), lies = rd_u8(r);
    uint32_t total = flags & RPC_PFC_LAST ? n : 2 * n, id = take_id(w, which, flags & RPC_PFC_LAST);
    struct wr out;
    wr_init(&out, 1 << 17);
    (void)wr_room(&out, RPC_RSP_LEN);
    if (flags & RPC_PFC_FIRST) {
        wr_u32(&out, total);
        if (w->ndr64)
            wr_u32(&out, 0);
        wr_u32(&out, lies & 32 ? 0x80000000U : total);
        if (w->ndr64)
            wr_u32(&out, 0);
    }
    wr_bytes(&out, data_of_calls, n);
    if (lies & 64)
        wr_zero(&out, 8);
    if (out.st == STATUS_SUCCESS)
        rpc_fill_response(out.base, flags & 3, id + (lies & 16 ? 1 : 0), n + 8, lies & 8 ? 5 : 0);
    sign(w, &out, lies);
    say(w, &out);
}

static void act_fault(struct world *w, struct rd *r)
{
    static const uint32_t codes[8] = { 0,          5,          0x1c010002, 0x1c010003,
                                       0x1c00000d, 0x1c01000b, 0x1c010014, 0xffffffff };
    unsigned which = rd_u8(r), code = rd_u8(r), n = rd_u8(r);
    struct wr out;
    if (n > rd_left(r))
        n = (unsigned)rd_left(r);
    wr_init(&out, 1 << 17);
    rpc_put_fault(&out, RPC_PFC_WHOLE | (code & 0xa0), take_id(w, which, true), 0, codes[code & 7]);
    wr_bytes(&out, rd_bytes(r, n), n);
    if (code & 8)
        sign(w, &out, 0);
    else
        rpc_pdu_end(&out, 0, 0);
    say(w, &out);
}

static void act_raw(struct world *w, struct rd *r)
{
    struct wr out;
    size_t n = rd_u16(r);
    if (n > rd_left(r))
        n = rd_left(r);
    wr_init(&out, 1 << 17);
    wr_bytes(&out, rd_bytes(r, n), n);
    say(w, &out);
}

/* ---- the client ---- */

static void start_call(struct world *w, unsigned n, unsigned how);

static void close_conn(struct world *w)
{
    struct rpc_conn *c = w->conn;
    w->conn = NULL;
    rpc_close(c);
}

static void cancel_all(struct world *w)
{
    for (unsigned i = 0; i < w->n_calls; i++)
        if (w->calls[i].running && w->calls[i].rc)
            rpc_call_cancel(w->calls[i].rc);
}

static void done(void *arg, enum nt_status st)
{
    struct call *call = arg;
    struct world *w = call->w;
    if (!call->running)
        abort(); /* twice */
    call->running = false;
    call->rc = NULL;
    w->running--;
    if (st == STATUS_PENDING || (st != STATUS_SUCCESS && (call->r.out.data || call->r.out.len)))
        abort(); /* half an answer was left */
    if (call->how == 1 && w->conn)
        close_conn(w);
    else if (call->how == 2)
        start_call(w, 3, 0);
    else if (call->how == 3)
        cancel_all(w);
}

/* ---- ends of pipes: one of three turns moves nothing ---- */

static enum nt_status take(void *arg, void *elems, size_t max, size_t *ret_n)
{
    struct call *call = arg;
    volatile uint8_t sum = 0;
    if (!call->running)
        abort(); /* moved after its end */
    if (max && call->turns++ % 3 == 2)
        return STATUS_PENDING;
    for (size_t i = 0; i < max; i++)
        sum = (uint8_t)(sum + ((uint8_t *)elems)[i]);
    *ret_n = max > 50 ? 50 : max;
    return STATUS_SUCCESS;
}

static enum nt_status give(void *arg, void *elems, size_t max, size_t *ret_n)
{
    struct call *call = arg;
    if (call->turns++ % 3 == 2)
        return STATUS_PENDING;
    *ret_n = call->left < max ? call->left : max;
    memset(elems, 0x33, *ret_n);
    call->left -= *ret_n;
    return STATUS_SUCCESS;
}

static enum nt_status send_call(struct world *w, struct call *call, unsigned how)
{
    if (!(w->options & 32))
        return rpc_send(w->conn, &echo_op, w->mem, &call->r, done, call, &call->rc);
    call->get.in.count = 5;
    call->get.out.data = (struct ndr_pipe){ take, call };
    call->put.in.data = (struct ndr_pipe){ give, call };
    return how & 4 ? rpc_send(w->conn, pipes_ops[pipes_put_opnum], w->mem, &call->put, done, call, &call->rc)
                   : rpc_send(w->conn, pipes_ops[pipes_get_opnum], w->mem, &call->get, done, call, &call->rc);
}

static void start_call(struct world *w, unsigned n, unsigned how)
{
    if (!w->conn || w->n_calls == CALLS)
        return;
    struct call *call = &w->calls[w->n_calls];
    *call = (struct call){ .w = w, .how = how & 3, .r.in = { n, data_of_calls }, .left = n * 40U };
    if (send_call(w, call, how) != STATUS_SUCCESS)
        return;
    call->running = true;
    w->n_calls++;
    w->running++;
}

static void opened(void *arg, enum nt_status st, struct rpc_conn *c)
{
    struct world *w = arg;
    w->opening = false;
    if ((st == STATUS_SUCCESS) != (c != NULL))
        abort();
    w->conn = c;
}

static void open_conn(struct world *w)
{
    if (w->opening || w->conn)
        return;
    hang_up(w);
    w->ndr64 = false;
    w->opening = rpc_open_send(w->b, w->options & 32 ? &pipes_interface : &fake_iface, w->o, opened, w) ==
                 STATUS_SUCCESS;
}

/* In pieces a PDU takes many turns. */
static void turn(struct world *w, int n)
{
    enum nt_status st = STATUS_SUCCESS;
    if (w->options & 16)
        n *= 200;
    while (n-- && st == STATUS_SUCCESS)
        st = nt_loop_run(w->loop, 0);
    if (st == STATUS_INVALID_DEVICE_STATE)
        abort();
}

static void act_other(struct world *w, unsigned what)
{
    switch (what % 5) {
    case 0:
        if (w->conn && rpc_conn_alive(w->conn)) {
            enum nt_status st = rpc_add_interface(w->conn, &fake_iface2);
            (void)st;
        }
        break;
    case 1:
        hang_up(w);
        break;
    case 2:
        if (w->conn)
            close_conn(w);
        break;
    case 3:
        if (w->conn && !rpc_conn_alive(w->conn))
            close_conn(w);
        turn(w, 4);
        open_conn(w);
        break;
    default:
        w->auto_ack = true;
    }
}

static void act(struct world *w, struct rd *r)
{
    unsigned what = rd_u8(r) & 7, n;
    switch (what) {
    case RAW:
        act_raw(w, r);
        break;
    case ACK:
        ack(w, rd_u8(r));
        break;
    case ANSWER:
        act_answer(w, r);
        break;
    case FAULT:
        act_fault(w, r);
        break;
    case CALL:
        n = rd_u8(r);
        start_call(w, n, rd_u8(r));
        break;
    case CANCEL:
        n = rd_u8(r);
        if (w->n_calls && w->calls[n % w->n_calls].running && w->calls[n % w->n_calls].rc)
            rpc_call_cancel(w->calls[n % w->n_calls].rc);
        break;
    case TIME:
        for (unsigned i = 0; i < w->n_calls; i++)
            if (w->calls[i].running && w->calls[i].rc)
                rpc_call_resume(w->calls[i].rc);
        turn(w, 4);
        (void)!nt_loop_run(w->loop, 10 << (rd_u8(r) & 15));
        break;
    default:
        act_other(w, rd_u8(r));
    }
    turn(w, 4);
}

static void run(struct world *w, struct rd *r)
{
    w->mem = nt_arena_new((size_t)32 << 20);
    if (!w->mem)
        return;
    wr_init(&w->in, 1 << 22);
    wr_init(&w->last_bind, 1 << 17);
    io_mem_on_dial(w->loop, on_dial, w);
    open_conn(w);
    turn(w, 4);
    while (rd_left(r))
        act(w, r);
    for (int i = 0; i < 5000 && w->opening; i++) /* it has a deadline */
        (void)!nt_loop_run(w->loop, 1000);
    if (w->opening)
        abort();
    if (w->conn)
        close_conn(w);
    turn(w, 20);
    if (w->running)
        abort(); /* a callback is missing */
    hang_up(w);
    wr_free(&w->in);
    wr_free(&w->last_bind);
    nt_arena_free(w->mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct rpc_binding *b = NULL;
    struct world w = { .o = &o };
    struct rd r;
    if (size < 1 || size > 65536)
        return 0;
    null_counter = 0;
    rd_init(&r, data, size);
    w.options = rd_u8(&r);
    struct io_mem_options mo = { &null_env, w.options & 16 ? 1 : 0, 1000000000, SIZE_MAX };
    co.mech = SEC_MECH_NTLM;
    co.user = "alice";
    co.password = "secret";
    o.level = level_of(&w);
    o.provider = o.level > SEC_LEVEL_NONE ? "null" : NULL;
    o.ndr64 = w.options & 4;
    o.env = &null_env;
    o.timeout_ms = 3000;
    if (io_mem_loop_new(&mo, &w.loop) != STATUS_SUCCESS)
        return 0;
    o.loop = w.loop;
    if (sec_creds_new(&co, &o.creds, NULL) == STATUS_SUCCESS &&
        rpc_binding_new("ncacn_ip_tcp", "srv", "1000", &b, NULL) == STATUS_SUCCESS) {
        w.b = b;
        run(&w, &r);
    }
    rpc_binding_unref(b);
    sec_creds_unref(o.creds);
    nt_loop_free(w.loop);
    return 0;
}
