// SPDX-License-Identifier: Apache-2.0
/*
 * An honest client of msrpcd that measures how long it waits, while others misbehave:
 *
 *   msrpcd_probe HOST USER PASSWORD [TIMEOUT-MS [PAUSE-MS]]
 *
 * Again and again: a call on a pipe that stays open, one on a TCP connection that stays open, the endpoint
 * mapper, and a whole new client by pipe (connect, log on, bind, one call). A connection that is lost is
 * opened anew, and that counts as a failure. Each line on standard input is answered by one line about the
 * time since the last:
 *
 *   KIND calls=N failed=N p50_us=N p99_us=N max_us=N; KIND ...; last failure
 *
 * Ends with standard input.
 */
#include <msrpc/rpc.h>
#include <msrpc/rpcecho.h>
#include <msrpc/srvsvc.h>
#include "probe.h"

enum kind { PIPE, TCP, MAPPER, FRESH, KINDS };
static const char *const kind_names[KINDS] = { "pipe", "tcp", "mapper", "fresh" };

struct probe {
    struct rpc_binding *pipe_binding, *echo_binding;
    struct rpc_conn *standing[2]; /* PIPE, TCP */
    struct sec_creds *creds;
    struct nt_arena *mem;
    unsigned timeout_ms;
    struct samples s;
    struct nt_error err;
};

static enum nt_status open_one(struct probe *p, bool echo, struct rpc_conn **ret)
{
    struct rpc_options o = RPC_OPTIONS_INIT;
    o.creds = p->creds;
    o.timeout_ms = p->timeout_ms;
    o.error = &p->err;
    p->err.text[0] = 0;
    return echo ? rpc_open(p->echo_binding, &rpcecho_interface, &o, ret)
                : rpc_open(p->pipe_binding, &srvsvc_interface, &o, ret);
}

static enum nt_status call_on(struct probe *p, struct rpc_conn *c, bool echo)
{
    struct srvsvc_NetrRemoteTOD tod = { 0 };
    struct rpcecho_echo_AddOne one = { .in = { 41 } };
    enum nt_status st = echo ? rpcecho_echo_AddOne(c, p->mem, &one) : srvsvc_NetrRemoteTOD(c, p->mem, &tod);
    bool right = echo ? one.out.out_data == 42 : tod.out.result == W_ERROR_SUCCESS && tod.out.BufferPtr;
    if (st != STATUS_SUCCESS)
        snprintf(p->err.text, sizeof p->err.text, "%s", rpc_conn_error(c));
    nt_arena_reset(p->mem);
    return st == STATUS_SUCCESS && !right ? STATUS_DATA_ERROR : st;
}

static enum nt_status standing(struct probe *p, enum kind k)
{
    enum nt_status st = STATUS_SUCCESS;
    if (!p->standing[k])
        st = open_one(p, k == TCP, &p->standing[k]);
    if (st == STATUS_SUCCESS)
        st = call_on(p, p->standing[k], k == TCP);
    if (st != STATUS_SUCCESS) {
        rpc_close(p->standing[k]);
        p->standing[k] = NULL;
    }
    return st;
}

/* The mapper is asked when an interface without endpoint is opened; the call behind it is left out. */
static enum nt_status fresh(struct probe *p, bool echo)
{
    struct rpc_conn *c = NULL;
    enum nt_status st = open_one(p, echo, &c);
    if (st == STATUS_SUCCESS)
        st = call_on(p, c, echo);
    rpc_close(c);
    return st;
}

static void one(struct probe *p, enum kind k)
{
    uint64_t start = now_us();
    enum nt_status st = k == PIPE || k == TCP ? standing(p, k) : fresh(p, k == MAPPER);
    samples_add(&p->s, k, start, st, p->err.text);
}

static bool set_up(struct probe *p, char **argv)
{
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    char text[200];
    co.user = argv[2];
    co.password = argv[3];
    co.mech = SEC_MECH_NTLM;
    snprintf(text, sizeof text, "ncacn_np:%s[\\pipe\\srvsvc]", argv[1]);
    bool ok = rpc_binding_parse(text, &p->pipe_binding, &p->err) == STATUS_SUCCESS;
    snprintf(text, sizeof text, "ncacn_ip_tcp:%s", argv[1]);
    ok = ok && rpc_binding_parse(text, &p->echo_binding, &p->err) == STATUS_SUCCESS &&
         sec_creds_new(&co, &p->creds, &p->err) == STATUS_SUCCESS;
    ok = samples_init(&p->s, kind_names, KINDS) && ok;
    p->mem = nt_arena_new(0);
    return ok && p->mem;
}

int main(int argc, char **argv)
{
    struct probe p = { .timeout_ms = argc > 4 ? (unsigned)atoi(argv[4]) : 5000 };
    int pause = argc > 5 ? atoi(argv[5]) : 10;
    if (argc < 4 || !set_up(&p, argv)) {
        fprintf(stderr, "msrpcd_probe HOST USER PASSWORD [TIMEOUT-MS [PAUSE-MS]]: %s\n", p.err.text);
        return 2;
    }
    for (unsigned turn = 0; samples_asked(&p.s, pause); turn++) {
        one(&p, PIPE);
        one(&p, TCP);
        if (turn % 4 == 0)
            one(&p, MAPPER);
        if (turn % 4 == 2)
            one(&p, FRESH);
    }
    for (int k = 0; k < 2; k++)
        rpc_close(p.standing[k]);
    samples_free(&p.s);
    sec_creds_unref(p.creds);
    rpc_binding_unref(p.pipe_binding);
    rpc_binding_unref(p.echo_binding);
    nt_arena_free(p.mem);
    return 0;
}
