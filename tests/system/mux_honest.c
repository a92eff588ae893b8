// SPDX-License-Identifier: Apache-2.0
/*
 * An honest client of npcmuxd that measures how long it waits, while others misbehave:
 *
 *   mux_honest SOCKET HOST [TIMEOUT-MS [PAUSE-MS]]
 *
 * Again and again, all by the muxer: a call on a pipe that stays open, a whole new client (session, pipe,
 * bind, one call, the end), a pipe as a descriptor (connect, bind, one call in raw PDUs, the end), and a
 * request about the daemon itself. A connection that is lost is opened anew, and that counts as a failure.
 * Each line on standard input is answered by one line about the time since the last:
 *
 *   KIND calls=N failed=N p50_us=N p99_us=N max_us=N; KIND ...; last failure
 *
 * Ends with standard input.
 */
#include <sys/socket.h>
#include <sys/time.h>
#include <msrpc/npc_mux.h>
#include <msrpc/rpc.h>
#include <msrpc/rpcecho.h>
#include "probe.h"

enum kind { PIPE, FRESH, PROXY, CONTROL, KINDS };
static const char *const kind_names[KINDS] = { "pipe", "fresh", "proxy", "control" };

struct probe {
    const char *path, *host;
    struct rpc_binding *binding;
    struct rpc_conn *standing;
    struct nt_arena *mem;
    unsigned timeout_ms;
    struct samples s;
    struct nt_error err;
};

static enum nt_status open_one(struct probe *p, struct rpc_conn **ret)
{
    struct rpc_options o = RPC_OPTIONS_INIT;
    o.timeout_ms = p->timeout_ms;
    o.error = &p->err;
    p->err.text[0] = 0;
    return rpc_open(p->binding, &rpcecho_interface, &o, ret);
}

static enum nt_status call_on(struct probe *p, struct rpc_conn *c)
{
    struct rpcecho_echo_AddOne one = { .in = { 41 } };
    enum nt_status st = rpcecho_echo_AddOne(c, p->mem, &one);
    if (st != STATUS_SUCCESS)
        snprintf(p->err.text, sizeof p->err.text, "%s", rpc_conn_error(c));
    nt_arena_reset(p->mem);
    return st == STATUS_SUCCESS && one.out.out_data != 42 ? STATUS_DATA_ERROR : st;
}

static enum nt_status standing(struct probe *p)
{
    enum nt_status st = STATUS_SUCCESS;
    if (!p->standing)
        st = open_one(p, &p->standing);
    if (st == STATUS_SUCCESS)
        st = call_on(p, p->standing);
    if (st != STATUS_SUCCESS) {
        rpc_close(p->standing);
        p->standing = NULL;
    }
    return st;
}

static enum nt_status fresh(struct probe *p)
{
    struct rpc_conn *c = NULL;
    enum nt_status st = open_one(p, &c);
    if (st == STATUS_SUCCESS)
        st = call_on(p, c);
    rpc_close(c);
    return st;
}

/* ---- a pipe as a descriptor ---- */

/* A bind to rpcecho 1.0 with NDR, and AddOne of 41: [C706] 12.6.4.3, 12.6.4.9. */
static const uint8_t bind_pdu[72] = { 5,    0,    11,   3,    0x10, 0,    0,    0,    72,   0,    0,    0,
                                      1,    0,    0,    0,    0xb8, 0x10, 0xb8, 0x10, 0,    0,    0,    0,
                                      1,    0,    0,    0,    0,    0,    1,    0,    0xc5, 0x5e, 0xa1, 0x60,
                                      0xe8, 0x4d, 0xd7, 0x11, 0xa6, 0x37, 0,    0x50, 0x56, 0xa2, 0x01, 0x82,
                                      1,    0,    0,    0,    0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11,
                                      0x9f, 0xe8, 0x08, 0,    0x2b, 0x10, 0x48, 0x60, 2,    0,    0,    0 };
static const uint8_t call_pdu[28] = { 5, 0, 0, 3, 0x10, 0, 0, 0, 28, 0, 0,  0, 2, 0,
                                      0, 0, 4, 0, 0,    0, 0, 0, 0,  0, 41, 0, 0, 0 };

static bool all_of(int fd, uint8_t *to, size_t len)
{
    while (len) {
        ssize_t n = recv(fd, to, len, 0);
        if (n <= 0)
            return false;
        to += n;
        len -= (size_t)n;
    }
    return true;
}

static enum nt_status exchange(int fd, const uint8_t *out, size_t len, uint8_t ptype, uint32_t *ret_last)
{
    uint8_t in[512];
    if (send(fd, out, len, MSG_NOSIGNAL) != (ssize_t)len || !all_of(fd, in, 16))
        return STATUS_CONNECTION_DISCONNECTED;
    size_t whole = (size_t)in[8] | (size_t)in[9] << 8;
    if (in[2] != ptype || whole < 20 || whole > sizeof in || !all_of(fd, in + 16, whole - 16))
        return STATUS_DATA_ERROR;
    memcpy(ret_last, in + whole - 4, 4);
    return STATUS_SUCCESS;
}

static enum nt_status proxy(struct probe *p)
{
    struct npc_options o = NPC_OPTIONS_INIT;
    struct timeval limit = { .tv_sec = p->timeout_ms / 1000, .tv_usec = 1 };
    uint32_t last = 0;
    o.mux = p->path;
    o.timeout_ms = p->timeout_ms;
    o.error = &p->err;
    struct npc_channel *c;
    enum nt_status st = npc_connect("ncacn_np", p->host, "rpcecho", &o, &c);
    if (st != STATUS_SUCCESS)
        return st;
    int fd = npc_channel_fd(c); /* by the muxer nobody has to move its bytes */
    snprintf(p->err.text, sizeof p->err.text, "the pipe");
    (void)!setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    st = exchange(fd, bind_pdu, sizeof bind_pdu, 12, &last);
    if (st == STATUS_SUCCESS)
        st = exchange(fd, call_pdu, sizeof call_pdu, 2, &last);
    npc_channel_close(c);
    return st == STATUS_SUCCESS && last != 42 ? STATUS_DATA_ERROR : st;
}

static enum nt_status control(struct probe *p)
{
    struct npc_mux_counters n = { .size = sizeof n };
    struct npc_mux *m;
    enum nt_status st = npc_mux_open(p->path, p->timeout_ms, &m, &p->err);
    if (st != STATUS_SUCCESS)
        return st;
    st = npc_mux_status(m, &n);
    if (st != STATUS_SUCCESS)
        snprintf(p->err.text, sizeof p->err.text, "%s", npc_mux_error(m));
    npc_mux_close(m);
    return st;
}

/* ---- the measurement ---- */

static void one(struct probe *p, enum kind k)
{
    static enum nt_status (*const run[KINDS])(struct probe *) = { standing, fresh, proxy, control };
    uint64_t start = now_us();
    enum nt_status st = run[k](p);
    samples_add(&p->s, k, start, st, p->err.text);
}

static bool set_up(struct probe *p, char **argv)
{
    char text[300];
    p->path = argv[1];
    p->host = argv[2];
    snprintf(text, sizeof text, "ncacn_np:%s[\\pipe\\rpcecho]", p->host);
    bool ok = setenv("TERN_NPC", p->path, 1) == 0 &&
              rpc_binding_parse(text, &p->binding, &p->err) == STATUS_SUCCESS;
    ok = samples_init(&p->s, kind_names, KINDS) && ok;
    p->mem = nt_arena_new(0);
    return ok && p->mem;
}

int main(int argc, char **argv)
{
    struct probe p = { .timeout_ms = argc > 3 ? (unsigned)atoi(argv[3]) : 5000 };
    int pause = argc > 4 ? atoi(argv[4]) : 10;
    if (argc < 3 || !set_up(&p, argv)) {
        fprintf(stderr, "mux_honest SOCKET HOST [TIMEOUT-MS [PAUSE-MS]]: %s\n", p.err.text);
        return 2;
    }
    for (unsigned turn = 0; samples_asked(&p.s, pause); turn++) {
        one(&p, PIPE);
        if (turn % 2 == 0)
            one(&p, FRESH);
        one(&p, PROXY);
        if (turn % 4 == 0)
            one(&p, CONTROL);
    }
    rpc_close(p.standing);
    samples_free(&p.s);
    rpc_binding_unref(p.binding);
    nt_arena_free(p.mem);
    return 0;
}
