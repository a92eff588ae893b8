// SPDX-License-Identifier: Apache-2.0
/* What one peer can make a server hold, over real sockets from several loopback addresses; and the orderly
 * end. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include <msrpc/rpc_server.h>
#include <msrpc/rpcecho.h>
#include "io/io.h"
#include "rpc/limits.h"
#include "rpc/pdu.h"

#define MS         UINT64_C(1000000)
#define OP_ADD     0
#define OP_SOURCE  3
#define OP_SLEEP   6
#define TOO_BUSY   0x1c010014u
#define FIRST_ADDR "127.0.0.1"
#define OTHER_ADDR "127.0.0.2"

static const uint8_t hash[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

struct world {
    struct nt_loop *loop;
    struct rpc_server *s;
    uint16_t port;
    struct rpc_server_call *pending[16];
    unsigned n_pending;
    unsigned drained;
    enum nt_status drain_status;
    bool free_in_done;
};

static enum nt_status add_one(struct rpc_server_call *call, struct rpcecho_echo_AddOne *r)
{
    (void)call;
    r->out.out_data = r->in.in_data + 1;
    return STATUS_SUCCESS;
}

static enum nt_status source_data(struct rpc_server_call *call, struct rpcecho_echo_SourceData *r)
{
    r->out.data = nt_arena_array(rpc_server_mem(call), r->in.len, 1);
    return r->out.data ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

static enum nt_status test_sleep(struct rpc_server_call *call, struct rpcecho_echo_TestSleep *r)
{
    struct world *w = rpc_server_arg(call);
    (void)r;
    assert_true(w->n_pending < 16);
    w->pending[w->n_pending++] = call;
    return STATUS_PENDING;
}

static const struct rpcecho_handlers handlers = { .echo_AddOne = add_one,
                                                  .echo_SourceData = source_data,
                                                  .echo_TestSleep = test_sleep };

static enum nt_status nt_hash(void *arg, const char16_t *user, size_t user_len, const char16_t *domain,
                              size_t domain_len, uint8_t ret_hash[16])
{
    (void)arg;
    (void)user;
    (void)user_len;
    (void)domain;
    (void)domain_len;
    memcpy(ret_hash, hash, 16);
    return STATUS_SUCCESS;
}

static void world_init(struct world *w, struct rpc_server_options *o)
{
    memset(w, 0, sizeof *w);
    o->nt_hash = nt_hash;
    o->min_level = SEC_LEVEL_NONE;
    assert_int_equal(nt_loop_new(NULL, &w->loop), STATUS_SUCCESS);
    assert_int_equal(rpc_server_new(w->loop, o, &w->s), STATUS_SUCCESS);
    assert_int_equal(rpcecho_register(w->s, &handlers, w), STATUS_SUCCESS);
    assert_int_equal(rpc_server_listen(w->s, "127.0.0.1", 0, &w->port), STATUS_SUCCESS);
}

static void settle(struct world *w)
{
    while (nt_loop_run(w->loop, 10) == STATUS_SUCCESS)
        ;
}

static void pass(struct world *w, unsigned ms)
{
    uint64_t end = io_loop_now(w->loop) + ms * MS;
    while (io_loop_now(w->loop) < end)
        (void)!nt_loop_run(w->loop, 5);
}

static void answer_all(struct world *w)
{
    while (w->n_pending)
        rpc_server_reply(w->pending[--w->n_pending], STATUS_SUCCESS);
    settle(w);
}

static struct rpc_server_stats stats(struct world *w)
{
    struct rpc_server_stats st = { .size = sizeof st };
    assert_int_equal(rpc_server_stats(w->s, &st), STATUS_SUCCESS);
    return st;
}

static void world_done(struct world *w)
{
    answer_all(w);
    struct rpc_server_stats st = stats(w);
    assert_int_equal(st.conns, 0); /* and nothing is counted for anybody */
    assert_int_equal(st.calls, 0);
    assert_int_equal(st.peers, 0);
    assert_int_equal(st.output, 0);
    rpc_server_free(w->s);
    nt_loop_free(w->loop);
}

/* ---- raw clients ---- */

static int dial(struct world *w, const char *from)
{
    struct sockaddr_in a = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* several requests follow each other */
    assert_int_equal(inet_pton(AF_INET, from, &a.sin_addr), 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a.sin_port = htons(w->port);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    settle(w);
    return fd;
}

static bool is_closed(int fd)
{
    uint8_t b;
    ssize_t n = recv(fd, &b, 1, MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN);
}

static void put(int fd, struct wr *w)
{
    assert_int_equal(w->st, STATUS_SUCCESS);
    assert_int_equal(send(fd, w->base, w->len, MSG_NOSIGNAL), w->len);
    wr_free(w);
}

static void send_bind(struct world *w, int fd)
{
    struct rpc_ctx_elem e = { .n_transfers = 1, .abstract = rpcecho_interface.syntax };
    struct wr out;
    e.transfers[0] = rpc_syntax_ndr20;
    wr_init(&out, 1 << 16);
    rpc_put_bind(&out, RPC_PT_BIND, RPC_PFC_WHOLE | RPC_PFC_CONC_MPX, 1, 5840, 0, &e, 1);
    put(fd, &out);
    settle(w);
    uint8_t in[200];
    assert_true(recv(fd, in, sizeof in, MSG_DONTWAIT) >= 16);
    assert_int_equal(in[2], RPC_PT_BIND_ACK);
}

static int bound(struct world *w, const char *from)
{
    int fd = dial(w, from);
    send_bind(w, fd);
    return fd;
}

static void send_request(int fd, unsigned flags, uint32_t id, uint16_t op, const void *stub, size_t len)
{
    struct wr out;
    wr_init(&out, 1 << 16);
    size_t start = rpc_put_hdr(&out, RPC_PT_REQUEST, flags, id);
    wr_u32(&out, (uint32_t)len);
    wr_u16(&out, 0);
    wr_u16(&out, op);
    wr_bytes(&out, stub, len);
    wr_fill_u16(&out, start + 8, (uint16_t)out.len);
    put(fd, &out);
}

static void request(struct world *w, int fd, uint32_t id, uint16_t op, uint32_t arg)
{
    send_request(fd, RPC_PFC_WHOLE, id, op, &arg, sizeof arg);
    settle(w);
}

/* The next PDU's type, and of a fault its status. */
static unsigned answer(int fd, uint32_t *ret_fault)
{
    static uint8_t in[65536];
    assert_int_equal(recv(fd, in, 16, MSG_DONTWAIT), 16);
    size_t len = in[8] | (size_t)in[9] << 8;
    if (len > 16)
        assert_int_equal(recv(fd, in + 16, len - 16, MSG_DONTWAIT), len - 16);
    if (in[2] == RPC_PT_FAULT && ret_fault)
        memcpy(ret_fault, in + 24, 4);
    return in[2];
}

static void expect_fault(int fd, uint32_t fault)
{
    uint32_t got = 0;
    assert_int_equal(answer(fd, &got), RPC_PT_FAULT);
    assert_int_equal(got, fault);
}

static void expect_answer(int fd)
{
    assert_int_equal(answer(fd, NULL), RPC_PT_RESPONSE);
}

/* ---- connections ---- */

static void connections(void **state)
{
    struct rpc_server_options o = RPC_SERVER_OPTIONS_INIT;
    struct world w;
    int fd[4];
    (void)state;
    o.max_peer_conns = 3;
    world_init(&w, &o);
    for (int i = 0; i < 4; i++)
        fd[i] = dial(&w, FIRST_ADDR);
    for (int i = 0; i < 4; i++)
        assert_int_equal(is_closed(fd[i]), i == 3);
    assert_int_equal(stats(&w).refusals[RPC_REFUSED_PEER_CONNS], 1);
    int other = bound(&w, OTHER_ADDR); /* there is room for others */
    assert_int_equal(stats(&w).peers, 2);
    close(fd[1]);
    settle(&w);
    fd[1] = bound(&w, FIRST_ADDR);
    for (int i = 0; i < 4; i++)
        close(fd[i]);
    close(other);
    settle(&w);
    world_done(&w);
}

/* Where strangers have all connections the oldest of them goes for the next one, unless a call of it runs, or
 * the newcomer's address has its share. */
static void guests(void **state)
{
    struct rpc_server_options o = RPC_SERVER_OPTIONS_INIT;
    struct world w;
    int fd[10];
    (void)state;
    o.max_conns = 8;
    o.max_peer_conns = 7;
    world_init(&w, &o);
    fd[0] = bound(&w, FIRST_ADDR);
    request(&w, fd[0], 2, OP_SLEEP, 1);
    for (int i = 1; i < 8; i++)
        fd[i] = dial(&w, i < 7 ? FIRST_ADDR : OTHER_ADDR);
    fd[8] = dial(&w, FIRST_ADDR); /* one too many of its address */
    assert_true(is_closed(fd[8]));
    for (int i = 0; i < 8; i++)
        assert_false(is_closed(fd[i]));
    fd[9] = dial(&w, OTHER_ADDR);
    for (int i = 0; i < 10; i++)
        assert_int_equal(is_closed(fd[i]), i == 1 || i == 8);
    send_bind(&w, fd[9]);
    request(&w, fd[9], 2, OP_ADD, 1);
    expect_answer(fd[9]);
    answer_all(&w);
    expect_answer(fd[0]);
    for (int i = 0; i < 10; i++)
        close(fd[i]);
    settle(&w);
    world_done(&w);
}

/* Parts of PDUs of many strangers take no more than 16 MiB together. */
static void guests_hold(void **state)
{
    struct rpc_server_options o = RPC_SERVER_OPTIONS_INIT;
    struct world w;
    static uint8_t part[65000] = { 5, 0, RPC_PT_BIND, 3, 0x10, 0, 0, 0, 0xff, 0xff };
    int fd[400];
    unsigned gone = 0;
    (void)state;
    o.max_peer_strangers = 500;
    world_init(&w, &o);
    for (int i = 0; i < 400; i++) {
        fd[i] = dial(&w, FIRST_ADDR);
        assert_int_equal(send(fd[i], part, sizeof part, MSG_NOSIGNAL), sizeof part);
        settle(&w);
    }
    for (int i = 0; i < 400; i++)
        gone += is_closed(fd[i]);
    assert_true(gone > 100 && gone < 200);
    assert_true(is_closed(fd[0]) && !is_closed(fd[399]));
    for (int i = 0; i < 400; i++)
        close(fd[i]);
    settle(&w);
    world_done(&w);
}

/* Who has authenticated counts among the strangers no more. */
static void strangers(void **state)
{
    struct rpc_server_options o = RPC_SERVER_OPTIONS_INIT;
    struct rpc_options co = RPC_OPTIONS_INIT;
    struct sec_creds_options so = SEC_CREDS_OPTIONS_INIT;
    struct rpc_binding *b;
    struct rpc_conn *c[3];
    struct world w;
    char text[64];
    int fd[3];
    (void)state;
    o.max_peer_strangers = 2;
    world_init(&w, &o);
    so.mech = SEC_MECH_NTLM;
    so.user = "alice";
    so.nt_hash = hash;
    assert_int_equal(sec_creds_new(&so, &co.creds, NULL), STATUS_SUCCESS);
    co.loop = w.loop;
    co.provider = "ntlm";
    snprintf(text, sizeof text, "ncacn_ip_tcp:127.0.0.1[%u]", w.port);
    assert_int_equal(rpc_binding_parse(text, &b, NULL), STATUS_SUCCESS);
    for (int i = 0; i < 3; i++)
        assert_int_equal(rpc_open(b, &rpcecho_interface, &co, &c[i]), STATUS_SUCCESS);
    settle(&w);
    for (int i = 0; i < 3; i++)
        fd[i] = dial(&w, FIRST_ADDR);
    for (int i = 0; i < 3; i++)
        assert_int_equal(is_closed(fd[i]), i == 2);
    assert_int_equal(stats(&w).refusals[RPC_REFUSED_PEER_STRANGERS], 1);
    for (int i = 0; i < 3; i++) {
        rpc_close(c[i]);
        close(fd[i]);
    }
    settle(&w);
    rpc_binding_unref(b);
    sec_creds_unref(co.creds);
    world_done(&w);
}

/* ---- calls and requests ---- */

/* A call whose connection has gone is its peer's until it is answered. */
static void calls(void **state)
{
    struct rpc_server_options o = RPC_SERVER_OPTIONS_INIT;
    struct world w;
    (void)state;
    o.max_peer_calls = 2;
    o.max_calls = 3;
    world_init(&w, &o);
    int a = bound(&w, FIRST_ADDR), b = bound(&w, FIRST_ADDR), c = bound(&w, OTHER_ADDR);
    request(&w, a, 2, OP_SLEEP, 1);
    request(&w, a, 3, OP_SLEEP, 1);
    request(&w, b, 4, OP_ADD, 1);
    expect_fault(b, TOO_BUSY);
    assert_int_equal(stats(&w).refusals[RPC_REFUSED_PEER_CALLS], 1);
    request(&w, c, 5, OP_SLEEP, 1);
    assert_int_equal(w.n_pending, 3);
    request(&w, c, 6, OP_ADD, 1); /* the server has three */
    expect_fault(c, TOO_BUSY);
    assert_int_equal(stats(&w).refusals[RPC_REFUSED_CALLS], 1);
    close(a);
    settle(&w);
    assert_int_equal(stats(&w).calls, 3);
    request(&w, b, 7, OP_ADD, 1);
    expect_fault(b, TOO_BUSY);
    answer_all(&w);
    expect_answer(c);
    request(&w, b, 8, OP_ADD, 1);
    expect_answer(b);
    request(&w, c, 9, OP_ADD, 1);
    expect_answer(c);
    close(b);
    close(c);
    settle(&w);
    world_done(&w);
}

/* Each connection stays below its own ceiling, and all of one peer together do not. */
static void requests(void **state)
{
    enum { MOST = 2 * (RPC_SERVER_PEER_STRANGER_STUBS / RPC_SERVER_STUB_ANONYMOUS) + 8 };
    struct rpc_server_options o = RPC_SERVER_OPTIONS_INIT;
    static uint8_t stub[5800];
    struct world w;
    int fd[MOST], n = 0;
    (void)state;
    world_init(&w, &o);
    size_t sent = 0;
    while (n < MOST && stats(&w).refusals[RPC_REFUSED_STUBS] == 0) {
        fd[n] = bound(&w, FIRST_ADDR);
        for (int i = 0; i < 80 && stats(&w).refusals[RPC_REFUSED_STUBS] == 0; i++) {
            send_request(fd[n], i ? 0 : RPC_PFC_FIRST, 2, OP_ADD, stub, sizeof stub);
            (void)!nt_loop_run(w.loop, 0);
            sent += sizeof stub;
        }
        settle(&w);
        n++;
    }
    assert_int_equal(stats(&w).refusals[RPC_REFUSED_STUBS], 1);
    assert_in_range(sent, RPC_SERVER_PEER_STRANGER_STUBS / 4,
                    RPC_SERVER_PEER_STRANGER_STUBS + 80 * sizeof stub);
    expect_fault(fd[n - 1], TOO_BUSY);
    int other = bound(&w, OTHER_ADDR);
    for (int i = 0; i < 80; i++)
        send_request(other, i ? 0 : RPC_PFC_FIRST, 2, OP_ADD, stub, sizeof stub);
    settle(&w);
    assert_int_equal(stats(&w).refusals[RPC_REFUSED_STUBS], 1);
    for (int i = 0; i < n; i++)
        close(fd[i]);
    close(other);
    settle(&w);
    world_done(&w);
}

/* ---- answers ---- */

enum { ANSWER = 100000 };

/* Reads what has come of answers; returns how many ended. */
static unsigned drain_answers(int fd)
{
    static uint8_t in[65536];
    static size_t have;
    unsigned done = 0;
    ssize_t n;
    while ((n = recv(fd, in + have, sizeof in - have, MSG_DONTWAIT)) > 0) {
        have += (size_t)n;
        size_t at = 0;
        while (have - at >= 16) {
            size_t len = in[at + 8] | (size_t)in[at + 9] << 8;
            if (have - at < len)
                break;
            assert_int_equal(in[at + 2], RPC_PT_RESPONSE);
            done += (in[at + 3] & RPC_PFC_LAST) != 0;
            at += len;
        }
        memmove(in, in + at, have - at);
        have -= at;
    }
    return done;
}

/* No more calls run than there is room for answers, and all run in the end. */
static void unread(void **state)
{
    enum { CALLS = 300 };
    struct rpc_server_options o = RPC_SERVER_OPTIONS_INIT;
    struct world w;
    (void)state;
    world_init(&w, &o);
    int fd = bound(&w, FIRST_ADDR), size = 65536;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    for (uint32_t i = 0; i < CALLS; i++)
        request(&w, fd, i + 2, OP_SOURCE, ANSWER);
    uint64_t ran = stats(&w).dispatched;
    assert_true(ran < CALLS / 2);
    assert_true(stats(&w).output >= IO_LOW_WATER);
    assert_true(stats(&w).output < IO_HIGH_WATER + 2 * ANSWER);
    pass(&w, 50);
    assert_int_equal(stats(&w).dispatched, ran);
    unsigned got = 0;
    for (int idle = 0; got < CALLS && idle < 200; idle++) {
        unsigned n = drain_answers(fd);
        got += n;
        idle = n ? 0 : idle;
        settle(&w);
    }
    assert_int_equal(got, CALLS);
    assert_int_equal(stats(&w).dispatched, CALLS);
    assert_int_equal(stats(&w).output, 0);
    close(fd);
    settle(&w);
    world_done(&w);
}

/* Many connections do not get around it, and who reads nothing is given up. */
static void unread_by_many(void **state)
{
    enum { CONNS = 4 };
    struct rpc_server_options o = RPC_SERVER_OPTIONS_INIT;
    struct world w;
    int fd[CONNS];
    (void)state;
    o.max_peer_output = 256 << 10;
    o.stall_timeout_ms = 400;
    world_init(&w, &o);
    for (int i = 0; i < CONNS; i++)
        fd[i] = bound(&w, FIRST_ADDR);
    for (uint32_t k = 0; k < 100; k++)
        for (int i = 0; i < CONNS; i++)
            send_request(fd[i], RPC_PFC_WHOLE, k + 2, OP_SOURCE, &(uint32_t){ ANSWER }, 4);
    settle(&w);
    assert_true(stats(&w).refusals[RPC_REFUSED_OUTPUT] > 0);
    assert_true(stats(&w).output < (256 << 10) + ANSWER + 5840);
    int other = bound(&w, OTHER_ADDR); /* nobody else's affair */
    request(&w, other, 2, OP_ADD, 1);
    expect_answer(other);
    assert_int_equal(stats(&w).refusals[RPC_REFUSED_STALLED], 0);
    pass(&w, 2000);
    assert_true(stats(&w).refusals[RPC_REFUSED_STALLED] >= 1);
    assert_true(stats(&w).output <= CONNS * IO_LOW_WATER);
    request(&w, other, 3, OP_ADD, 1);
    expect_answer(other);
    for (int i = 0; i < CONNS; i++)
        close(fd[i]);
    close(other);
    settle(&w);
    world_done(&w);
}

/* An answer that is given from outside the loop, later than the idle time-out, still reaches its client. */
static void late_answer(void **state)
{
    struct rpc_server_options o = RPC_SERVER_OPTIONS_INIT;
    struct world w;
    (void)state;
    o.idle_timeout_ms = 60;
    world_init(&w, &o);
    int fd = bound(&w, FIRST_ADDR);
    request(&w, fd, 2, OP_SLEEP, 1);
    for (int i = 0; i < 3; i++) {
        usleep(100000); /* the loop does not run */
        (void)!nt_loop_run(w.loop, 0);
    }
    usleep(100000);
    rpc_server_reply(w.pending[--w.n_pending], STATUS_SUCCESS);
    (void)!nt_loop_run(w.loop, 0);
    expect_answer(fd);
    pass(&w, 100);
    assert_true(is_closed(fd)); /* idle since */
    close(fd);
    settle(&w);
    world_done(&w);
}

/* ---- the end ---- */

static void drained(void *arg, enum nt_status st)
{
    struct world *w = arg;
    w->drained++;
    w->drain_status = st;
    if (w->free_in_done) {
        rpc_server_free(w->s);
        w->s = NULL;
    }
}

static void drain(void **state)
{
    struct rpc_server_options o = RPC_SERVER_OPTIONS_INIT;
    struct world w;
    (void)state;
    world_init(&w, &o);
    int idle = bound(&w, FIRST_ADDR), busy = bound(&w, FIRST_ADDR), raw = dial(&w, FIRST_ADDR);
    request(&w, busy, 2, OP_SLEEP, 1);
    assert_int_equal(rpc_server_drain(w.s, 0, drained, &w), STATUS_SUCCESS);
    assert_int_equal(rpc_server_drain(w.s, 0, drained, &w), STATUS_INVALID_DEVICE_STATE);
    settle(&w);
    assert_int_equal(answer(idle, NULL), RPC_PT_SHUTDOWN);
    assert_true(is_closed(raw)); /* it has not said what it wants */
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons(w.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int late = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(late, (struct sockaddr *)&a, sizeof a), -1);
    close(late);
    request(&w, busy, 3, OP_ADD, 1); /* may be tried elsewhere */
    expect_fault(busy, TOO_BUSY);
    pass(&w, 1200);
    assert_true(is_closed(idle)); /* it had a second to leave */
    assert_int_equal(w.drained, 0);
    answer_all(&w);
    expect_answer(busy);
    assert_int_equal(answer(busy, NULL), RPC_PT_SHUTDOWN);
    close(busy);
    settle(&w);
    assert_int_equal(w.drained, 1);
    assert_int_equal(w.drain_status, STATUS_SUCCESS);
    close(idle);
    close(raw);
    world_done(&w);
}

/* Those that do not end in time lose their client; the server may be freed in the callback. */
static void drain_timeout(void **state)
{
    struct rpc_server_options o = RPC_SERVER_OPTIONS_INIT;
    struct world w;
    (void)state;
    world_init(&w, &o);
    w.free_in_done = true;
    int busy = bound(&w, FIRST_ADDR);
    request(&w, busy, 2, OP_SLEEP, 1);
    assert_int_equal(rpc_server_drain(w.s, 50, drained, &w), STATUS_SUCCESS);
    pass(&w, 100);
    assert_int_equal(w.drained, 1);
    assert_int_equal(w.drain_status, STATUS_IO_TIMEOUT);
    assert_true(is_closed(busy));
    assert_int_equal(w.n_pending, 1);
    assert_true(rpc_server_cancelled(w.pending[0]));
    answer_all(&w);
    close(busy);
    nt_loop_free(w.loop);
}

/* With nothing to wait for, but never from inside; freeing takes it back. */
static void drain_idle(void **state)
{
    struct rpc_server_options o = RPC_SERVER_OPTIONS_INIT;
    struct world w;
    (void)state;
    world_init(&w, &o);
    assert_int_equal(rpc_server_drain(w.s, 1000, drained, &w), STATUS_SUCCESS);
    assert_int_equal(w.drained, 0);
    settle(&w);
    assert_int_equal(w.drained, 1);
    world_done(&w);
    world_init(&w, &o);
    assert_int_equal(rpc_server_drain(w.s, 10, drained, &w), STATUS_SUCCESS);
    rpc_server_free(w.s);
    pass(&w, 30);
    assert_int_equal(w.drained, 0);
    nt_loop_free(w.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections), cmocka_unit_test(strangers),     cmocka_unit_test(calls),
        cmocka_unit_test(requests),    cmocka_unit_test(unread),        cmocka_unit_test(unread_by_many),
        cmocka_unit_test(drain),       cmocka_unit_test(drain_timeout), cmocka_unit_test(drain_idle),
        cmocka_unit_test(late_answer), cmocka_unit_test(guests),        cmocka_unit_test(guests_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
