// SPDX-License-Identifier: Apache-2.0
/*
 * The client engine against whatever bytes a server may send. Byte 0: bit 0 the bytes answer the bind (else
 * the first call, after an honest bind), bits 1-2 security. Byte 1: how many bytes arrive at once. The rest
 * is what is sent.
 */
#include <string.h>
#include "fake_rpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum nt_status fixed_random(void *arg, void *buf, size_t len)
{
    (void)arg;
    memset(buf, 0x5a, len);
    return STATUS_SUCCESS;
}

static uint64_t fixed_time(void *arg)
{
    (void)arg;
    return UINT64_C(133000000000000000);
}

static const struct nt_env env = { sizeof env, NULL, fixed_random, fixed_time, fixed_time, NULL, 0 };
static const uint8_t hash[16] = { 1, 2, 3 };

static void calls(struct fake *f, struct rpc_options *o, const struct rpc_binding *b)
{
    static const uint8_t some[100] = { 1, 2, 3 };
    struct rpc_conn *c;
    struct nt_arena *mem = nt_arena_new((size_t)8 << 20);
    if (mem && rpc_open(b, &fake_iface, o, &c) == STATUS_SUCCESS) {
        for (int i = 0; i < 3 && rpc_conn_alive(c); i++) {
            struct echo r = { .in = { sizeof some, some } };
            enum nt_status st = rpc_run(c, &echo_op, mem, &r);
            if (st != STATUS_SUCCESS && (r.out.len || r.out.data))
                __builtin_trap(); /* half an answer was left */
        }
        if (rpc_conn_alive(c) && rpc_add_interface(c, &fake_iface2) == STATUS_SUCCESS)
            __builtin_trap(); /* nobody answers that */
        rpc_close(c);
    }
    for (int i = 0; i < 50 && f->conns; i++)
        if (nt_loop_run(f->loop, 0) == STATUS_INVALID_DEVICE_STATE)
            __builtin_trap();
    nt_arena_free(mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        enum sec_level level;
        const char *provider;
    } securities[4] = { { SEC_LEVEL_NONE, NULL },
                        { SEC_LEVEL_CONNECT, "ntlm" },
                        { SEC_LEVEL_PRIVACY, "ntlm" },
                        { SEC_LEVEL_INTEGRITY, "spnego" } };
    if (size < 2)
        return 0;
    struct io_mem_options mo = { &env, data[1], 1000000000, 0 };
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct fake f = {
        .env = &env, .nt_hash = hash, .raw = data + 2, .raw_len = size - 2, .raw_bind = data[0] & 1
    };
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct rpc_binding *b = NULL;
    co.mech = SEC_MECH_NTLM;
    co.user = "LAB\\alice";
    co.nt_hash = hash;
    o.level = securities[data[0] >> 1 & 3].level;
    o.provider = securities[data[0] >> 1 & 3].provider;
    o.env = &env;
    o.timeout_ms = 1000;
    if (io_mem_loop_new(&mo, &f.loop) != STATUS_SUCCESS)
        return 0;
    o.loop = f.loop;
    fake_listen(&f);
    if (sec_creds_new(&co, &o.creds, NULL) == STATUS_SUCCESS &&
        rpc_binding_new("ncacn_ip_tcp", "srv", "1000", &b, NULL) == STATUS_SUCCESS)
        calls(&f, &o, b);
    rpc_binding_unref(b);
    sec_creds_unref(o.creds);
    nt_loop_free(f.loop);
    return 0;
}
