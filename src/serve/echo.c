// SPDX-License-Identifier: Apache-2.0
/* Samba's echo interface. What it answers is what its clients expect; idl/rpcecho.idl has the shapes. */
#include <msrpc/rpcecho.h>
#include <msrpc/serve.h>

/* A request of 8 bytes is not to make us hold more than the longest stub that we would send (64 MiB with room
 * for its headers). */
#define DATA_MAX UINT32_C(0x3ff0000)
/* Doubled it still is such a stub. */
#define SURROUNDING_MAX (DATA_MAX / 4)
/* Nobody waits longer for an echo than for a day's first backup; a call that sleeps holds memory. */
#define SLEEP_MAX 3600

static enum nt_status add_one(struct rpc_server_call *call, struct rpcecho_echo_AddOne *r)
{
    (void)call;
    r->out.out_data = r->in.in_data + 1;
    return STATUS_SUCCESS;
}

static enum nt_status echo_data(struct rpc_server_call *call, struct rpcecho_echo_EchoData *r)
{
    (void)call;
    r->out.out_data = r->in.in_data; /* lives until the answer is sent */
    return STATUS_SUCCESS;
}

static enum nt_status sink_data(struct rpc_server_call *call, struct rpcecho_echo_SinkData *r)
{
    (void)call;
    (void)r;
    return STATUS_SUCCESS;
}

static enum nt_status source_data(struct rpc_server_call *call, struct rpcecho_echo_SourceData *r)
{
    if (r->in.len > DATA_MAX)
        return STATUS_INSUFFICIENT_RESOURCES;
    r->out.data = nt_arena_raw(rpc_server_mem(call), r->in.len, 1);
    if (!r->out.data)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < r->in.len; i++)
        r->out.data[i] = (uint8_t)i;
    return STATUS_SUCCESS;
}

static enum nt_status test_call(struct rpc_server_call *call, struct rpcecho_echo_TestCall *r)
{
    (void)call;
    r->out.s2 = r->in.s1;
    return STATUS_SUCCESS;
}

/* The numbers are those of Samba's server. */
static enum nt_status test_call2(struct rpc_server_call *call, struct rpcecho_echo_TestCall2 *r)
{
    union rpcecho_echo_Info *info = &r->out.info;
    (void)call;
    r->out.result = STATUS_SUCCESS;
    switch (r->in.level) {
    case 1:
        info->info1.v = 10;
        break;
    case 2:
        info->info2.v = 10;
        break;
    case 3:
        info->info3.v = 10;
        break;
    case 4:
        info->info4.v = 10;
        break;
    case 5:
        info->info5 = (struct rpcecho_echo_info5){ 10, 20 };
        break;
    case 6:
        info->info6 = (struct rpcecho_echo_info6){ 10, { 20 } };
        break;
    case 7:
        info->info7 = (struct rpcecho_echo_info7){ 10, { 20 } };
        break;
    default: /* no arm has this tag, so there is nothing to send but a fault */
        return RPC_NT_INVALID_TAG;
    }
    return STATUS_SUCCESS;
}

static void slept(struct rpc_server_call *call, void *arg)
{
    struct rpcecho_echo_TestSleep *r = arg;
    r->out.result = r->in.seconds;
    rpc_server_reply(call, rpc_server_cancelled(call) ? STATUS_CANCELLED : STATUS_SUCCESS);
}

static enum nt_status test_sleep(struct rpc_server_call *call, struct rpcecho_echo_TestSleep *r)
{
    if (r->in.seconds > SLEEP_MAX)
        return STATUS_INVALID_PARAMETER;
    return rpc_server_later(call, r->in.seconds * 1000, slept, r) ? STATUS_PENDING : STATUS_CANCELLED;
}

static enum nt_status test_enum(struct rpc_server_call *call, struct rpcecho_echo_TestEnum *r)
{
    (void)call;
    r->out.foo1 = r->in.foo1;
    r->out.foo2 = r->in.foo2;
    r->out.foo3 = r->in.foo3;
    return STATUS_SUCCESS;
}

static enum nt_status test_surrounding(struct rpc_server_call *call, struct rpcecho_echo_TestSurrounding *r)
{
    if (r->in.data.x > SURROUNDING_MAX)
        return STATUS_INSUFFICIENT_RESOURCES;
    r->out.data.x = 2 * r->in.data.x;
    r->out.data.surrounding = nt_arena_array(rpc_server_mem(call), r->out.data.x, sizeof(uint16_t));
    return r->out.data.surrounding ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

static enum nt_status test_double_pointer(struct rpc_server_call *call,
                                          struct rpcecho_echo_TestDoublePointer *r)
{
    (void)call;
    r->out.result = r->in.data && *r->in.data ? **r->in.data : 0;
    return STATUS_SUCCESS;
}

static const struct rpcecho_handlers handlers = {
    .echo_AddOne = add_one,
    .echo_EchoData = echo_data,
    .echo_SinkData = sink_data,
    .echo_SourceData = source_data,
    .echo_TestCall = test_call,
    .echo_TestCall2 = test_call2,
    .echo_TestSleep = test_sleep,
    .echo_TestEnum = test_enum,
    .echo_TestSurrounding = test_surrounding,
    .echo_TestDoublePointer = test_double_pointer,
};

enum nt_status serve_echo(struct rpc_server *s)
{
    return rpcecho_register(s, &handlers, NULL);
}
