// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <msrpc/serve.h>
#include "pair/muxd_world.h"

static enum nt_status on_dial(void *arg, struct io_stream *s, const struct io_addr *to)
{
    struct world *w = arg;
    if (to->path)
        return muxd_join(w->muxd, w->loop, s, w->uid);
    w->dialled++;
    return w->smbd ? smbd_join(w->smbd, w->loop, s, "192.0.2.7:1000") : STATUS_CONNECTION_REFUSED;
}

void turns(struct world *w)
{
    for (int i = 0; i < 30; i++) {
        enum nt_status st = nt_loop_run(w->loop, 0);
        assert_true(st == STATUS_SUCCESS || st == STATUS_TIMEOUT);
    }
}

static enum nt_status open_or_refuse(void *arg, struct smbd_pipe *p, const char *name, void **ret_up)
{
    struct world *w = io_container(arg, struct world, np);
    if (w->refused) {
        w->refused--;
        return w->refused_with;
    }
    return serve_np_ops.open(arg, p, name, ret_up);
}

void start_server(struct world *w)
{
    w->ops = serve_np_ops;
    w->ops.open = open_or_refuse;
    struct smbd_options so = {
        .env = smbd_env(), .acceptor = &smbd_acceptor, .pipes = &w->ops, .pipes_arg = &w->np
    };
    struct rpc_server_options ro = RPC_SERVER_OPTIONS_INIT;
    assert_int_equal(rpc_server_new(w->loop, &ro, &w->rpc), STATUS_SUCCESS);
    assert_int_equal(serve_echo(w->rpc), STATUS_SUCCESS);
    assert_int_equal(rpc_server_require(w->rpc, &rpcecho_interface, SEC_LEVEL_NONE), STATUS_SUCCESS);
    w->pipes[0] = (struct serve_np_pipe){ "rpcecho", w->rpc, NULL };
    w->pipes[1] = (struct serve_np_pipe){ NULL, NULL, NULL };
    w->np.pipes = w->pipes;
    assert_int_equal(smbd_new(w->loop, &so, &w->smbd), STATUS_SUCCESS);
}

void stop_server(struct world *w)
{
    smbd_free(w->smbd);
    w->smbd = NULL;
    turns(w);
    rpc_server_free(w->rpc);
}

void world_init(struct world *w, size_t chunk)
{
    struct io_mem_options mo = { .env = smbd_env(), .start = 1000, .chunk = chunk, .cut_after = SIZE_MAX };
    struct muxd_options o = { .env = smbd_env(), .session_idle_ms = 5000 };
    memset(w, 0, sizeof *w);
    w->uid = ALICE;
    assert_int_equal(io_mem_loop_new(&mo, &w->loop), STATUS_SUCCESS);
    io_mem_on_dial(w->loop, on_dial, w);
    start_server(w);
    assert_int_equal(muxd_new(w->loop, &o, &w->muxd), STATUS_SUCCESS);
}

void world_done(struct world *w)
{
    struct muxd_counters n;
    turns(w);
    muxd_count(w->muxd, &n);
    assert_int_equal(n.conns, 0);
    assert_int_equal(n.pipes, 0);
    muxd_free(w->muxd);
    turns(w);
    stop_server(w);
    turns(w);
    nt_loop_free(w->loop);
}

/* ---- a client of its own ---- */

static void raw_data(void *engine, uint8_t *data, size_t len)
{
    wr_bytes(&((struct raw *)engine)->got, data, len);
}

static void raw_close(void *engine, enum nt_status why)
{
    (void)why;
    ((struct raw *)engine)->closed = true;
}

static const struct io_ops raw_ops = { NULL, raw_data, raw_close };

void raw_open(struct raw *r, struct world *w, uint32_t uid)
{
    memset(r, 0, sizeof *r);
    r->w = w;
    wr_init(&r->got, 1 << 22);
    io_stream_init(&r->s, &raw_ops, r, smbd_env());
    assert_int_equal(muxd_join(w->muxd, w->loop, &r->s, uid), STATUS_SUCCESS);
}

void raw_done(struct raw *r)
{
    io_stream_done(&r->s);
    wr_free(&r->got);
    turns(r->w);
}

void raw_send(struct raw *r, struct wr *w)
{
    mux_end(w);
    assert_int_equal(io_queue(&r->s, w), STATUS_SUCCESS);
}

/* The next answer; its body is lent until the next one. */
enum nt_status raw_answer(struct raw *r, struct rd *ret)
{
    struct mux_hdr h;
    for (int i = 0; i < 100 && (r->got.len < 4 || r->got.len < mux_length(r->got.base)); i++)
        turns(r->w);
    if (r->got.len < MUX_HDR || r->got.len < mux_length(r->got.base))
        return STATUS_PENDING;
    assert_int_equal(mux_get_hdr(r->got.base, &h), STATUS_SUCCESS);
    assert_int_equal(r->got.len, h.length); /* one at a time */
    rd_init(ret, r->got.base + MUX_HDR, h.length - MUX_HDR);
    r->got.len = 0;
    return h.status;
}

void raw_begin(struct raw *r, struct wr *w, unsigned type)
{
    mux_begin(w, type, ++r->id, STATUS_SUCCESS);
}

void raw_hello(struct raw *r)
{
    struct mux_hello h = { .least = 1, .greatest = 7, .program = "test" };
    struct mux_welcome ans;
    struct rd body;
    struct wr w;
    raw_begin(r, &w, MUX_HELLO);
    mux_put_hello(&w, &h);
    raw_send(r, &w);
    assert_int_equal(raw_answer(r, &body), STATUS_SUCCESS);
    assert_int_equal(mux_get_welcome(&body, &ans), STATUS_SUCCESS);
    assert_int_equal(ans.version, 1);
    assert_true(ans.instance != 0);
}

enum nt_status raw_set(struct raw *r, uint64_t token, const char *user, const char *password)
{
    struct mux_auth a = { .token = token, .kind = MUX_PASSWORD };
    struct rd body;
    struct wr w;
    snprintf(a.pattern, sizeof a.pattern, "fa*");
    snprintf(a.domain, sizeof a.domain, "FAKEDOM");
    snprintf(a.user, sizeof a.user, "%s", user);
    a.secret = (struct nt_blob){ (const uint8_t *)password, strlen(password) };
    raw_begin(r, &w, MUX_SET_AUTH);
    mux_put_auth(&w, &a);
    raw_send(r, &w);
    return raw_answer(r, &body);
}

/* Tells the muxer a uid's password. */
void give_creds(struct world *w, uint32_t uid, const char *user)
{
    struct raw r;
    raw_open(&r, w, uid);
    raw_hello(&r);
    assert_int_equal(raw_set(&r, 0, user, FAKE_PASSWORD), STATUS_SUCCESS);
    raw_done(&r);
}

enum nt_status raw_connect(struct raw *r, unsigned mode, uint64_t token, struct mux_facts *ret)
{
    struct mux_connect to = { .mode = (uint8_t)mode, .token = token };
    struct rd body;
    struct wr w;
    snprintf(to.server, sizeof to.server, "fake");
    if (mode != MUX_SESSION)
        snprintf(to.pipe, sizeof to.pipe, "rpcecho");
    raw_begin(r, &w, MUX_CONNECT);
    mux_put_connect(&w, &to);
    raw_send(r, &w);
    enum nt_status st = raw_answer(r, &body);
    if (st == STATUS_SUCCESS)
        assert_int_equal(mux_get_facts(&body, ret), STATUS_SUCCESS);
    return st;
}

/* ---- by the library ---- */

enum nt_status open_session(struct world *w, struct npc_session **ret)
{
    struct npc_options o = NPC_OPTIONS_INIT;
    o.loop = w->loop;
    o.env = smbd_env();
    o.error = &w->err;
    o.mux = "/mux";
    return npc_session_open("fake", &o, ret);
}

enum nt_status open_echo(struct world *w, struct npc_session *s, struct rpc_conn **ret)
{
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct rpc_binding *b;
    assert_int_equal(rpc_binding_parse("ncacn_np:fake[rpcecho]", &b, &w->err), STATUS_SUCCESS);
    o.session = s;
    o.loop = w->loop;
    o.env = smbd_env();
    o.error = &w->err;
    enum nt_status st = rpc_open(b, &rpcecho_interface, &o, ret);
    rpc_binding_unref(b);
    return st;
}

enum nt_status add_one(struct rpc_conn *c)
{
    struct nt_arena *mem = nt_arena_new(0);
    struct rpcecho_echo_AddOne r = { .in.in_data = 41 };
    enum nt_status st = rpcecho_echo_AddOne(c, mem, &r);
    if (st == STATUS_SUCCESS)
        assert_int_equal(r.out.out_data, 42);
    nt_arena_free(mem);
    return st;
}

void big_echo(struct rpc_conn *c, uint32_t n)
{
    struct nt_arena *mem = nt_arena_new(0);
    struct rpcecho_echo_EchoData r = { .in.len = n };
    uint8_t *data = malloc(n);
    assert_non_null(data);
    for (uint32_t i = 0; i < n; i++)
        data[i] = (uint8_t)(i * 31 + i / 256);
    r.in.in_data = data;
    assert_int_equal(rpcecho_echo_EchoData(c, mem, &r), STATUS_SUCCESS);
    assert_memory_equal(r.out.out_data, data, n);
    free(data);
    nt_arena_free(mem);
}
