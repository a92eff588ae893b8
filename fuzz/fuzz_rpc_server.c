// SPDX-License-Identifier: Apache-2.0
/*
 * The RPC server against whatever comes: pieces of bytes and time. Input: a byte of options (1 least level
 * privacy), then records of two bytes, a length (0: half a second goes by) in 12 bits and 4 bits of how many
 * handlers' answers to let go first, and the bytes.
 */
#include <stdlib.h>
#include <msrpc/rpcecho.h>
#include "rpc/m_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PENDING 8

struct world {
    struct nt_loop *loop;
    struct rpc_server *s;
    struct rpc_server_call *pending[PENDING];
    unsigned n;
    struct io_stream client;
};

static enum nt_status add_one(struct rpc_server_call *call, struct rpcecho_echo_AddOne *r)
{
    (void)call;
    r->out.out_data = r->in.in_data + 1;
    return STATUS_SUCCESS;
}

static enum nt_status echo_data(struct rpc_server_call *call, struct rpcecho_echo_EchoData *r)
{
    (void)call;
    r->out.out_data = (uint8_t *)(uintptr_t)r->in.in_data;
    return STATUS_SUCCESS;
}

static enum nt_status test_sleep(struct rpc_server_call *call, struct rpcecho_echo_TestSleep *r)
{
    struct world *w = rpc_server_arg(call);
    (void)r;
    if (w->n == PENDING)
        return RPC_NT_SERVER_TOO_BUSY;
    w->pending[w->n++] = call;
    return STATUS_PENDING;
}

static const struct rpcecho_handlers handlers = { .echo_AddOne = add_one,
                                                  .echo_EchoData = echo_data,
                                                  .echo_TestSleep = test_sleep };

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

static enum nt_status fixed_random(void *arg, void *buf, size_t len)
{
    (void)arg;
    memset(buf, 0x5a, len);
    return STATUS_SUCCESS;
}

static uint64_t fixed_wall(void *arg)
{
    (void)arg;
    return UINT64_C(133000000000000000);
}

static uint64_t fixed_monotonic(void *arg)
{
    (void)arg;
    return 1;
}

static const struct nt_env env = { sizeof env, NULL, fixed_random, fixed_wall, fixed_monotonic, NULL, 0 };

static void drop(void *engine, uint8_t *data, size_t len)
{
    (void)engine;
    (void)data;
    (void)len;
}

static void closed(void *engine, enum nt_status why)
{
    (void)engine;
    (void)why;
}

static const struct io_ops client_ops = { NULL, drop, closed };

static void turn(struct world *w, int n)
{
    while (n--) {
        enum nt_status st = nt_loop_run(w->loop, 0);
        (void)st;
    }
}

static void answer(struct world *w, unsigned n)
{
    while (n-- && w->n)
        rpc_server_reply(w->pending[--w->n], STATUS_SUCCESS);
}

static bool start(struct world *w, unsigned options)
{
    struct io_mem_options mo = { &env, 0, 1000000000, SIZE_MAX };
    struct rpc_server_options so = RPC_SERVER_OPTIONS_INIT;
    struct rpc_sconn *c;
    so.nt_hash = nt_hash;
    so.min_level = options & 1 ? SEC_LEVEL_PRIVACY : SEC_LEVEL_NONE;
    if (io_mem_loop_new(&mo, &w->loop) != STATUS_SUCCESS)
        return false;
    if (rpc_server_new(w->loop, &so, &w->s) != STATUS_SUCCESS ||
        rpcecho_register(w->s, &handlers, w) != STATUS_SUCCESS ||
        rpc_sconn_new(w->s, "fuzz", &c) != STATUS_SUCCESS)
        abort();
    io_stream_init(&w->client, &client_ops, w, &env);
    if (io_mem_join(w->loop, &w->client, c->tp->stream) != STATUS_SUCCESS)
        abort();
    turn(w, 2);
    return true;
}

static void feed(struct world *w, const uint8_t *data, size_t size)
{
    while (size >= 2) {
        size_t n = le16(data) & 0xfff;
        struct wr out;
        answer(w, le16(data) >> 12);
        data += 2;
        size -= 2;
        if (n > size)
            n = size;
        if (n == 0) {
            enum nt_status st = nt_loop_run(w->loop, 500);
            (void)st;
            continue;
        }
        wr_init(&out, 1 << 20);
        wr_bytes(&out, data, n);
        (void)io_queue(&w->client, &out);
        turn(w, 4);
        data += n;
        size -= n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world w = { 0 };
    if (size < 1 || size > 65536 || !start(&w, data[0]))
        return 0;
    feed(&w, data + 1, size - 1);
    io_close(&w.client, STATUS_CONNECTION_DISCONNECTED, false);
    turn(&w, 10);
    if (w.s->n_conns || w.s->n_calls != w.n)
        abort();
    rpc_server_free(w.s);
    answer(&w, PENDING);
    io_stream_done(&w.client);
    nt_loop_free(w.loop);
    return 0;
}
