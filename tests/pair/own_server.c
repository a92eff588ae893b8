// SPDX-License-Identifier: Apache-2.0
#include "own_server.h"

#define SECOND UINT64_C(1000000000)

static const uint8_t hash[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

static enum nt_status nt_hash(void *arg, const char16_t *user, size_t user_len, const char16_t *domain,
                              size_t domain_len, uint8_t ret[16])
{
    (void)arg;
    (void)user;
    (void)user_len;
    (void)domain;
    (void)domain_len;
    memcpy(ret, hash, 16);
    return STATUS_SUCCESS;
}

static enum nt_status on_dial(void *arg, struct io_stream *stream, const struct io_addr *to)
{
    struct own *w = arg;
    struct rpc_sconn *c;
    enum nt_status st = rpc_sconn_new(w->s, to->host, &c);
    if (st != STATUS_SUCCESS)
        return st;
    st = io_mem_join(w->loop, stream, c->tp->stream);
    if (st != STATUS_SUCCESS)
        rpc_sconn_close(c);
    return st;
}

void own_init(struct own *w, size_t chunk, enum sec_level least)
{
    struct io_mem_options mo = { NULL, chunk, SECOND, SIZE_MAX };
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct rpc_server_options so = RPC_SERVER_OPTIONS_INIT;
    memset(w, 0, sizeof *w);
    co.mech = SEC_MECH_NTLM;
    co.user = "LAB\\alice";
    co.nt_hash = hash;
    so.nt_hash = nt_hash;
    so.min_level = least;
    assert_int_equal(io_mem_loop_new(&mo, &w->loop), STATUS_SUCCESS);
    assert_int_equal(sec_creds_new(&co, &w->creds, NULL), STATUS_SUCCESS);
    assert_int_equal(rpc_binding_parse("ncacn_ip_tcp:srv[1000]", &w->b, NULL), STATUS_SUCCESS);
    assert_int_equal(rpc_server_new(w->loop, &so, &w->s), STATUS_SUCCESS);
    w->mem = nt_arena_new(0);
    assert_non_null(w->mem);
    io_mem_on_dial(w->loop, on_dial, w);
}

void own_turn(struct own *w, int n)
{
    while (n--) {
        enum nt_status st = nt_loop_run(w->loop, 0);
        (void)st;
    }
}

void own_pass(struct own *w, int seconds)
{
    for (int i = 0; i < 2 * seconds; i++) {
        enum nt_status st = nt_loop_run(w->loop, 500);
        (void)st;
    }
}

void own_done(struct own *w)
{
    own_turn(w, 50);
    assert_int_equal(w->s->n_conns, 0);
    assert_int_equal(w->s->n_calls, 0);
    assert_int_equal(w->s->n_handles, 0);
    rpc_server_free(w->s);
    nt_arena_free(w->mem);
    sec_creds_unref(w->creds);
    rpc_binding_unref(w->b);
    nt_loop_free(w->loop);
}

struct rpc_conn *own_open(struct own *w, const struct rpc_interface *i, enum sec_level level, bool ndr64)
{
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct rpc_conn *c = NULL;
    o.creds = w->creds;
    o.level = level;
    o.provider = level > SEC_LEVEL_NONE ? "ntlm" : NULL;
    o.ndr64 = ndr64;
    o.loop = w->loop;
    o.error = &w->err;
    o.timeout_ms = 5000;
    if (rpc_open(w->b, i, &o, &c) != STATUS_SUCCESS)
        fail_msg("%s", w->err.text);
    return c;
}

void own_done_fn(void *arg, enum nt_status st)
{
    *(enum nt_status *)arg = st;
}

/* ---- bytes ---- */

static void raw_data(void *engine, uint8_t *data, size_t len)
{
    wr_bytes(&((struct raw *)engine)->in, data, len);
}

static void raw_close(void *engine, enum nt_status why)
{
    (void)why;
    ((struct raw *)engine)->closed = true;
}

static const struct io_ops raw_ops = { NULL, raw_data, raw_close };

void raw_start(struct own *w, struct raw *p)
{
    struct io_addr to = { .host = "srv", .port = 1 };
    memset(p, 0, sizeof *p);
    wr_init(&p->in, (size_t)1 << 26);
    io_stream_init(&p->s, &raw_ops, p, NULL);
    assert_int_equal(io_dial(w->loop, &p->s, &to, UINT64_MAX), STATUS_SUCCESS);
    own_turn(w, 5);
}

void raw_send(struct own *w, struct raw *p, struct wr *bytes)
{
    assert_int_equal(io_queue(&p->s, bytes), STATUS_SUCCESS);
    own_turn(w, 10);
}

void raw_end(struct own *w, struct raw *p)
{
    io_close(&p->s, STATUS_CONNECTION_DISCONNECTED, false);
    own_turn(w, 20);
    io_stream_done(&p->s);
    wr_free(&p->in);
}

bool raw_next(struct raw *p, struct rpc_pdu *ret, const uint8_t **ret_bytes)
{
    const char *why;
    if (p->in.len < RPC_HDR_LEN)
        return false;
    size_t len = le16(p->in.base + 8);
    assert_in_range(len, RPC_HDR_LEN, p->in.len);
    assert_int_equal(rpc_pdu_decode(p->in.base, len, ret, &why), STATUS_SUCCESS);
    static uint8_t last[RPC_FRAG_MAX];
    memcpy(last, p->in.base, len);
    memmove(p->in.base, p->in.base + len, p->in.len - len);
    p->in.len -= len;
    if (ret_bytes)
        *ret_bytes = last;
    return true;
}

uint32_t raw_bind(struct own *w, struct raw *p, const struct rpc_interface *i, uint32_t group, bool mpx)
{
    struct rpc_ctx_elem e = { .id = 3, .n_transfers = 1, .abstract = i->syntax };
    struct rpc_pdu d;
    struct wr b;
    e.transfers[0] = rpc_syntax_ndr20;
    wr_init(&b, 1 << 16);
    rpc_put_bind(&b, RPC_PT_BIND, RPC_PFC_WHOLE | (mpx ? (unsigned)RPC_PFC_CONC_MPX : 0U), 1,
                 RPC_FRAG_DEFAULT, group, &e, 1);
    raw_send(w, p, &b);
    assert_true(raw_next(p, &d, NULL));
    if (d.h.ptype != RPC_PT_BIND_ACK)
        return 0;
    return d.u.ack.assoc;
}

void raw_put_request(struct wr *w, unsigned flags, uint32_t id, uint16_t opnum, const void *stub, size_t len)
{
    wr_init(w, 1 << 17);
    (void)wr_room(w, RPC_REQ_LEN);
    wr_bytes(w, stub, len);
    assert_int_equal(w->st, STATUS_SUCCESS);
    rpc_fill_request(w->base, flags, id, (uint32_t)len, 3, opnum, NULL);
    rpc_pdu_end(w, 0, 0);
}

void raw_request(struct own *w, struct raw *p, unsigned flags, uint32_t id, uint16_t opnum, const void *stub,
                 size_t len)
{
    struct wr b;
    raw_put_request(&b, flags, id, opnum, stub, len);
    raw_send(w, p, &b);
}

void raw_bare(struct own *w, struct raw *p, enum rpc_ptype type, uint32_t id)
{
    struct wr b;
    wr_init(&b, 1000);
    rpc_put_hdr(&b, type, RPC_PFC_WHOLE, id);
    rpc_pdu_end(&b, 0, 0);
    raw_send(w, p, &b);
}

void raw_expect_fault(struct raw *p, uint32_t id, uint32_t code)
{
    struct rpc_pdu d;
    assert_true(raw_next(p, &d, NULL));
    assert_int_equal(d.h.ptype, RPC_PT_FAULT);
    assert_int_equal(d.h.call_id, id);
    assert_int_equal(d.u.rsp.status, code);
    assert_int_equal(p->in.len, 0);
}
