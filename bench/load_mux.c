// SPDX-License-Identifier: Apache-2.0
/*
 * Load for npcmuxd, and for what it is compared with: pipes by the daemon in each of its modes, and by the
 * direct route.
 *
 *     load_mux set ROUTE TARGET             the daemon gets the target's credentials, for all servers
 *     load_mux once ROUTE TARGET            opens a pipe, binds, one small call, closes; ends
 *     load_mux loop ROUTE TARGET PROCS N    that in PROCS processes that were forked before, N times each
 *     load_mux spawn ROUTE TARGET PROCS N   N processes `once`, PROCS at a time
 *     load_mux calls ROUTE TARGET N         small calls on one warm pipe
 *     load_mux bulk ROUTE TARGET N SIZE     EchoData of SIZE octets there and back on one warm pipe
 *     load_mux up ROUTE TARGET N SIZE       a name of SIZE octets to NetrRemoteTOD, which looks at none
 *     load_mux hold ROUTE TARGET N SERVERS  pipes that are open and bound, in SERVERS addresses from the
 *                                           target's on, until standard input ends; for each line a call
 *                                           over each, and each 16th anew
 *
 * ROUTE: pdu (a bound pipe that is lent; its messages are made here, so what it costs is the daemon's alone),
 * message (npc session and pipe of the muxer), proxy (a descriptor), rpc-mux (the RPC runtime by the muxer);
 * without it direct and rpc.
 *
 * TARGET: HOST PORT USER PASSWORD SOCKET PROTECTION; USER -k: the Kerberos cache. Prints NAME=VALUE, times in
 * microseconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <msrpc/npc_channel.h>
#include <msrpc/npc_mux.h>
#include <msrpc/rpcecho.h>
#include <msrpc/srvsvc.h>
#include "clock.h"
#include "npc/mux.h"
#include "rpc/pdu.h"

enum { NETR_REMOTE_TOD = 28, ECHO_DATA = 1 };
#define FRAG_MAX    5840u /* as the RPC runtime has them */
#define TRIES       20u /* a server that two hundred come to at once sends some away; that is in their time */
#define PATIENCE_MS 300000u /* two hundred at a time take a server some while */
#define TOD_LEAST   40u     /* octets of the structure and its pointer */

enum kind { DIRECT, MESSAGE, PROXY, RPC, RPC_MUX, PDU };

static struct {
    enum kind kind;
    const char *host, *user, *password, *socket;
    uint16_t port;
    enum npc_protection protection;
} to;
static struct sec_creds *creds;
static struct nt_error why;
static char **own_argv;
extern char **environ;

/* A pipe by any route. */
struct way {
    struct npc_session *session;
    struct npc_pipe *pipe;
    struct npc_channel *channel;
    int fd; /* of the channel */
    struct rpc_conn *conn;
    bool lent;    /* fd speaks with the daemon */
    struct wr in; /* and has said so much */
};

static void die(const char *what, const char *text)
{
    fprintf(stderr, "load_mux: %s: %s\n", what, text ? text : "failed");
    exit(1);
}

static void check(const char *what, enum nt_status st)
{
    if (st != STATUS_SUCCESS)
        die(what, why.text[0] ? why.text : nt_status_name(st));
}

/* ---- the octets of RPC ---- */

static struct wr bind_of(const struct rpc_interface *i)
{
    struct wr w;
    struct rpc_ctx_elem e = { .n_transfers = 1, .abstract = i->syntax, .transfers = { rpc_syntax_ndr20 } };
    wr_init(&w, FRAG_MAX);
    rpc_put_bind(&w, RPC_PT_BIND, RPC_PFC_WHOLE, 1, FRAG_MAX, 0, &e, 1);
    return w;
}

/* All fragments of a request, one behind the other. */
static struct wr request_of(unsigned opnum, const uint8_t *stub, size_t len)
{
    struct wr w;
    wr_init(&w, SIZE_MAX);
    for (size_t at = 0; at < len || at == 0;) {
        size_t n = len - at < FRAG_MAX - RPC_REQ_LEN ? len - at : FRAG_MAX - RPC_REQ_LEN;
        unsigned flags = (at ? 0 : RPC_PFC_FIRST) | (at + n == len ? RPC_PFC_LAST : 0);
        uint8_t *p = wr_room(&w, RPC_REQ_LEN + n);
        if (!p)
            die("request", "no memory");
        memset(p, 0, RPC_REQ_LEN);
        rpc_fill_request(p, flags, 2, (uint32_t)(len - at), 0, (uint16_t)opnum, NULL);
        put_le16(p + 8, (uint16_t)(RPC_REQ_LEN + n));
        memcpy(p + RPC_REQ_LEN, stub + at, n);
        at += n ? n : 1;
    }
    return w;
}

static struct wr small_request(void)
{
    static const uint8_t no_name[4];
    return request_of(NETR_REMOTE_TOD, no_name, sizeof no_name);
}

/* Counts whole answers in a stream. */
struct answers {
    uint8_t head[RPC_HDR_LEN];
    size_t have, left, stub;
    bool last;
    unsigned ptype;
};

static void answer_octets(struct answers *a, const uint8_t *p, size_t n)
{
    while (n && !(a->last && !a->left)) {
        if (!a->left) {
            size_t k = RPC_HDR_LEN - a->have < n ? RPC_HDR_LEN - a->have : n;
            memcpy(a->head + a->have, p, k);
            a->have += k;
            p += k;
            n -= k;
            if (a->have < RPC_HDR_LEN)
                return;
            a->have = 0;
            a->ptype = a->head[2];
            a->last = a->head[3] & RPC_PFC_LAST;
            a->left = le16(a->head + 8) - (size_t)RPC_HDR_LEN;
            a->stub += le16(a->head + 8) - (size_t)RPC_RSP_LEN;
        }
        size_t k = a->left < n ? a->left : n;
        a->left -= k;
        p += k;
        n -= k;
    }
    if (n)
        die("answer", "more than one came");
}

static bool whole(const struct answers *a)
{
    return a->last && !a->left;
}

static void expect(const struct answers *a, unsigned ptype, size_t least)
{
    if (a->ptype != ptype || (ptype == RPC_PT_RESPONSE && a->stub < least))
        die("answer", a->ptype == RPC_PT_FAULT ? "a fault" : "not what was asked for");
}

/* ---- one exchange ---- */

/* Fragment by fragment: the last one by a transact, as a client of RPC does. */
static void exchange_pipe(struct npc_pipe *p, const struct wr *w, struct answers *a)
{
    static uint8_t buf[65536];
    struct nt_arena *mem = nt_arena_new(0);
    struct nt_blob got;
    for (size_t at = 0; at < w->len;) {
        size_t n = le16(w->base + at + 8), got_n;
        if (at + n < w->len) {
            check("write", npc_pipe_write(p, w->base + at, n));
        } else {
            check("transact", npc_pipe_transact(p, mem, w->base + at, n, &got));
            answer_octets(a, got.data, got.len);
            while (!whole(a)) {
                check("read", npc_pipe_read(p, buf, sizeof buf, &got_n));
                answer_octets(a, buf, got_n);
            }
        }
        at += n;
    }
    nt_arena_free(mem);
}

/* True: answers can be read. */
static bool send_some(int fd, const struct wr *w, size_t *sent)
{
    struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
    if (*sent == w->len)
        return true;
    ssize_t n = send(fd, w->base + *sent, w->len - *sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) {
        *sent += (size_t)n;
        return *sent == w->len;
    }
    if (errno != EAGAIN || poll(&p, 1, -1) < 0)
        die("send", strerror(errno));
    return p.revents & POLLIN; /* the other side may stop reading before it has been read from */
}

static void exchange_fd(int fd, const struct wr *w, struct answers *a)
{
    static uint8_t buf[65536];
    size_t sent = 0;
    while (!whole(a)) {
        if (!send_some(fd, w, &sent))
            continue;
        ssize_t n = recv(fd, buf, sizeof buf, 0);
        if (n <= 0)
            die("recv", n ? strerror(errno) : "the pipe has ended");
        answer_octets(a, buf, (size_t)n);
    }
}

/* ---- a pipe that is lent ---- */

static void add_message(struct wr *all, struct wr *one)
{
    mux_end(one);
    wr_bytes(all, one->base, one->len);
    wr_free(one);
}

/* Hello and Connect, which are sent along with the first call. */
static void lent_begin(struct way *y, const struct rpc_interface *i, const char *name, struct wr *out)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    struct mux_hello hello = { .least = MUX_VERSION, .greatest = MUX_VERSION, .program = "load_mux" };
    struct mux_connect c = {
        .mode = MUX_PDU, .protection = (uint8_t)to.protection, .port = to.port, .timeout_ms = PATIENCE_MS
    };
    struct wr w;
    snprintf(a.sun_path, sizeof a.sun_path, "%s", to.socket);
    snprintf(c.server, sizeof c.server, "%s", to.host);
    snprintf(c.pipe, sizeof c.pipe, "%s", name);
    c.iface = (struct npc_interface){ i->syntax.uuid, i->syntax.major, i->syntax.minor };
    y->lent = true;
    y->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (y->fd < 0 || connect(y->fd, (struct sockaddr *)&a, sizeof a))
        die(to.socket, strerror(errno));
    wr_init(&y->in, SIZE_MAX);
    mux_begin(&w, MUX_HELLO, 1, STATUS_SUCCESS);
    mux_put_hello(&w, &hello);
    add_message(out, &w);
    mux_begin(&w, MUX_CONNECT, 2, STATUS_SUCCESS);
    mux_put_connect(&w, &c);
    add_message(out, &w);
}

/* The fragments of a request, and the wish for all of its answer. */
static void lent_call(const struct wr *request, bool release, struct wr *out)
{
    struct wr w;
    for (size_t at = 0; at < request->len; at += le16(request->base + at + 8)) {
        mux_begin(&w, MUX_PIPE_SEND, 3, STATUS_SUCCESS);
        mux_put_blob(&w, request->base + at, le16(request->base + at + 8));
        add_message(out, &w);
    }
    mux_begin(&w, MUX_PIPE_RECV, 4, STATUS_SUCCESS);
    wr_u32(&w, 0);
    wr_u8(&w, MUX_RECV_ALL);
    add_message(out, &w);
    if (!release)
        return;
    mux_begin(&w, MUX_PIPE_RELEASE, 5, STATUS_SUCCESS);
    wr_u8(&w, 1);
    add_message(out, &w);
}

static void lent_message(const uint8_t *p, size_t len, struct answers *a)
{
    struct mux_hdr h;
    struct rd r;
    char text[256] = "refused";
    rd_init(&r, p + MUX_HDR, len - MUX_HDR);
    if (mux_get_hdr(p, &h) != STATUS_SUCCESS)
        die("the muxer", "its answer makes no sense");
    if (h.status != STATUS_SUCCESS) {
        mux_get_str(&r, text, sizeof text);
        die("the muxer", text);
    }
    if (h.type == (MUX_PIPE_RECV | MUX_ANSWER)) {
        struct nt_blob frag = mux_get_blob(&r, MUX_DATA_MAX);
        answer_octets(a, frag.data, frag.len);
    }
}

static void lent_octets(struct wr *in, const uint8_t *p, size_t n, struct answers *a)
{
    size_t at = 0, whole;
    wr_bytes(in, p, n);
    while (in->len - at >= MUX_HDR && (whole = mux_length(in->base + at)) != 0 && whole <= in->len - at) {
        lent_message(in->base + at, whole, a);
        at += whole;
    }
    memmove(in->base, in->base + at, in->len - at);
    in->len -= at;
}

static void lent_exchange(struct way *y, const struct wr *out, struct answers *a)
{
    static uint8_t buf[65536];
    size_t sent = 0;
    while (!whole(a)) {
        if (!send_some(y->fd, out, &sent))
            continue;
        ssize_t n = recv(y->fd, buf, sizeof buf, 0);
        if (n <= 0)
            die("recv", n ? strerror(errno) : "the muxer has ended the connection");
        lent_octets(&y->in, buf, (size_t)n, a);
    }
}

static void exchange(struct way *y, const struct wr *w, unsigned ptype, size_t least)
{
    struct answers a = { .have = 0 };
    if (y->lent) {
        struct wr out;
        wr_init(&out, SIZE_MAX);
        lent_call(w, false, &out);
        lent_exchange(y, &out, &a);
        wr_free(&out);
    } else if (y->pipe)
        exchange_pipe(y->pipe, w, &a);
    else
        exchange_fd(y->fd, w, &a);
    expect(&a, ptype, least);
}

/* ---- opening and closing ---- */

static struct npc_options npc_options(void)
{
    struct npc_options o = NPC_OPTIONS_INIT;
    o.port = to.port;
    o.protection = to.protection;
    o.timeout_ms = PATIENCE_MS;
    o.error = &why;
    o.creds = to.kind == DIRECT || to.kind == RPC ? creds : NULL;
    o.mux = to.kind == DIRECT || to.kind == RPC ? NULL : to.socket;
    return o;
}

static void open_rpc(struct way *y, const struct rpc_interface *i)
{
    struct npc_options npc = npc_options();
    struct rpc_binding *b;
    struct rpc_options o = RPC_OPTIONS_INIT;
    o.creds = npc.creds;
    o.npc = &npc;
    o.error = &why;
    check("binding", rpc_binding_new("ncacn_np", to.host, NULL, &b, &why));
    check("open", rpc_open(b, i, &o, &y->conn));
    rpc_binding_unref(b);
}

static void open_way(struct way *y, const struct rpc_interface *i, const char *name)
{
    struct npc_options o = npc_options();
    *y = (struct way){ .fd = -1 };
    if (to.kind == RPC || to.kind == RPC_MUX) {
        open_rpc(y, i);
        return;
    }
    if (to.kind == PDU) {
        struct wr out;
        wr_init(&out, SIZE_MAX);
        lent_begin(y, i, name, &out);
        if (send(y->fd, out.base, out.len, MSG_NOSIGNAL) != (ssize_t)out.len)
            die("send", strerror(errno));
        wr_free(&out);
        return;
    }
    if (to.kind == PROXY) {
        check("connect", npc_connect("ncacn_np", to.host, name, &o, &y->channel));
        y->fd = npc_channel_fd(y->channel);
    } else {
        enum nt_status st = npc_session_open(to.host, &o, &y->session);
        for (unsigned n = 0;
             n < TRIES && (st == STATUS_CONNECTION_RESET || st == STATUS_CONNECTION_DISCONNECTED); n++)
            st = npc_session_open(to.host, &o, &y->session);
        check("session", st);
        check("pipe", npc_pipe_open(y->session, name, NULL, &y->pipe));
    }
    struct wr w = bind_of(i);
    exchange(y, &w, RPC_PT_BIND_ACK, 0);
    wr_free(&w);
}

static void close_way(struct way *y)
{
    if (y->lent) {
        close(y->fd);
        y->fd = -1;
        wr_free(&y->in);
    }
    if (y->conn)
        rpc_close(y->conn);
    npc_pipe_close(y->pipe);
    npc_session_unref(y->session);
    npc_channel_close(y->channel);
}

static void call_rpc(struct rpc_conn *c)
{
    struct nt_arena *mem = nt_arena_new(0);
    struct srvsvc_NetrRemoteTOD r = { .in = { NULL } };
    check("NetrRemoteTOD", srvsvc_NetrRemoteTOD(c, mem, &r));
    nt_arena_free(mem);
}

static void call_small(struct way *y, const struct wr *request)
{
    if (y->conn)
        call_rpc(y->conn);
    else
        exchange(y, request, RPC_PT_RESPONSE, TOD_LEAST);
}

static void once_lent(const struct wr *request)
{
    struct way y = { .fd = -1 };
    struct wr out;
    struct answers a = { .have = 0 };
    wr_init(&out, SIZE_MAX);
    lent_begin(&y, &srvsvc_interface, "srvsvc", &out);
    lent_call(request, true, &out);
    lent_exchange(&y, &out, &a);
    expect(&a, RPC_PT_RESPONSE, TOD_LEAST);
    wr_free(&out);
    close_way(&y);
}

static void once(const struct wr *request)
{
    struct way y;
    if (to.kind == PDU) {
        once_lent(request);
        return;
    }
    open_way(&y, &srvsvc_interface, "srvsvc");
    call_small(&y, request);
    close_way(&y);
}

/* ---- figures ---- */

static int earlier(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void figures(double *took, size_t n, double all)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += took[i];
    qsort(took, n, sizeof *took, earlier);
    printf("n=%zu wall=%.6f mean=%.2f least=%.2f p50=%.2f p99=%.2f most=%.2f\n", n, all,
           1e6 * sum / (double)n, 1e6 * took[0], 1e6 * took[n / 2], 1e6 * took[n - 1 - n / 100],
           1e6 * took[n - 1]);
    fflush(stdout);
}

static double *shared_times(size_t n)
{
    void *p = mmap(NULL, n * sizeof(double), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        die("memory", strerror(errno));
    return p;
}

/* ---- workloads ---- */

static void loop_child(int start, double *took, unsigned n)
{
    char c;
    struct wr request = small_request();
    once(&request); /* what a process needs once */
    if (write(start, "r", 1) != 1 || read(start, &c, 1) != 0)
        _exit(1);
    for (unsigned i = 0; i < n; i++) {
        double t = wall();
        once(&request);
        took[i] = wall() - t;
    }
    _exit(0);
}

static void wait_all(unsigned procs)
{
    int status;
    while (procs--)
        if (wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
            die("a process", "has failed");
}

static void loop(unsigned procs, unsigned n)
{
    double *took = shared_times((size_t)procs * n);
    int *start = calloc(procs, sizeof *start), pair[2];
    char c;
    for (unsigned i = 0; i < procs; i++) {
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
            die("socketpair", strerror(errno));
        if (fork() == 0) {
            for (unsigned k = 0; k < i; k++)
                close(start[k]);
            close(pair[0]);
            loop_child(pair[1], took + (size_t)i * n, n);
        }
        close(pair[1]);
        start[i] = pair[0];
        /* One after the other: what a server starts on demand is not what is measured. */
        if (read(start[i], &c, 1) != 1)
            die("a process", "did not begin");
    }
    double t = wall();
    for (unsigned i = 0; i < procs; i++)
        close(start[i]);
    wait_all(procs);
    figures(took, (size_t)procs * n, wall() - t);
}

static pid_t spawn_once(void)
{
    pid_t pid;
    char *a[16], once_word[] = "once";
    int n = 0;
    a[n++] = own_argv[0];
    a[n++] = once_word;
    for (int i = 2; i < 9; i++)
        a[n++] = own_argv[i];
    a[n] = NULL;
    if (posix_spawn(&pid, "/proc/self/exe", NULL, NULL, a, environ))
        die("spawn", strerror(errno));
    return pid;
}

static void spawn(unsigned procs, unsigned n)
{
    struct lane {
        pid_t pid;
        double began;
    } *l = calloc(procs, sizeof *l);
    double *took = calloc(n, sizeof *took), begin = wall();
    unsigned started = 0, ended = 0;
    for (; started < procs && started < n; started++) {
        l[started].began = wall();
        l[started].pid = spawn_once();
    }
    while (ended < n) {
        int status;
        pid_t pid = wait(&status);
        if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
            die("a process", "has failed");
        unsigned i = 0;
        while (l[i].pid != pid)
            i++;
        took[ended++] = wall() - l[i].began;
        l[i].pid = 0;
        if (started < n) {
            l[i].began = wall();
            l[i].pid = spawn_once();
            started++;
        }
    }
    figures(took, n, wall() - begin);
}

static void calls(unsigned n)
{
    struct way y;
    struct wr request = small_request();
    double *took = calloc(n, sizeof *took);
    open_way(&y, &srvsvc_interface, "srvsvc");
    for (unsigned i = 0; i < n / 10 + 1; i++)
        call_small(&y, &request);
    double begin = wall();
    for (unsigned i = 0; i < n; i++) {
        double t = wall();
        call_small(&y, &request);
        took[i] = wall() - t;
    }
    figures(took, n, wall() - begin);
    close_way(&y);
}

static void echo_rpc(struct rpc_conn *c, uint8_t *data, size_t size)
{
    struct nt_arena *mem = nt_arena_new(0);
    struct rpcecho_echo_EchoData r = { .in = { .len = (uint32_t)size, .in_data = data } };
    check("EchoData", rpcecho_echo_EchoData(c, mem, &r));
    if (memcmp(r.out.out_data, data, size) != 0)
        die("EchoData", "other octets came back");
    nt_arena_free(mem);
}

static void bulk(unsigned n, unsigned size)
{
    struct way y;
    struct wr w;
    double *took = calloc(n, sizeof *took);
    wr_init(&w, SIZE_MAX);
    wr_u32(&w, size);
    wr_u32(&w, size);
    uint8_t *data = wr_room(&w, size);
    if (!data)
        die("memory", NULL);
    for (unsigned i = 0; i < size; i++)
        data[i] = (uint8_t)(i * 7);
    struct wr request = request_of(ECHO_DATA, w.base, w.len);
    open_way(&y, &rpcecho_interface, "rpcecho");
    double begin = wall();
    for (unsigned i = 0; i < n; i++) {
        double t = wall();
        if (y.conn)
            echo_rpc(y.conn, w.base + 8, size);
        else
            exchange(&y, &request, RPC_PT_RESPONSE, size);
        took[i] = wall() - t;
    }
    figures(took, n, wall() - begin);
    close_way(&y);
}

static void up(unsigned n, unsigned size)
{
    struct way y;
    struct wr w;
    double *took = calloc(n, sizeof *took);
    uint32_t units = size / 2 + 1;
    wr_init(&w, SIZE_MAX);
    wr_u32(&w, 0x20000); /* unique pointer; a string: its room, where it begins, its length */
    wr_u32(&w, units);
    wr_u32(&w, 0);
    wr_u32(&w, units);
    for (uint32_t i = 0; i < units; i++)
        wr_u16(&w, i + 1 < units ? 'a' : 0);
    struct wr request = request_of(NETR_REMOTE_TOD, w.base, w.len), small = small_request();
    open_way(&y, &srvsvc_interface, "srvsvc");
    call_small(&y, &small);
    double begin = wall();
    for (unsigned i = 0; i < n; i++) {
        double t = wall();
        exchange(&y, &request, RPC_PT_RESPONSE, TOD_LEAST);
        took[i] = wall() - t;
    }
    figures(took, n, wall() - begin);
    close_way(&y);
}

/* A new text for each server; the n-th address from the first on. */
static const char *address(const char *first, unsigned n)
{
    struct in_addr a;
    char buf[INET_ADDRSTRLEN];
    if (inet_pton(AF_INET, first, &a) != 1)
        die(first, "not an address");
    a.s_addr = htonl(ntohl(a.s_addr) + n);
    return strdup(inet_ntop(AF_INET, &a, buf, sizeof buf));
}

static void hold(unsigned n, unsigned servers)
{
    struct way *y = calloc(n, sizeof *y);
    struct wr request = small_request();
    const char **names = calloc(servers, sizeof *names);
    double *took = calloc(n, sizeof *took);
    char line[16];
    for (unsigned i = 0; i < servers; i++)
        names[i] = address(to.host, i);
    double begin = wall();
    for (unsigned i = 0; i < n; i++) {
        double t = wall();
        to.host = names[i % servers];
        open_way(&y[i], &srvsvc_interface, "srvsvc");
        call_small(&y[i], &request);
        took[i] = wall() - t;
    }
    figures(took, n, wall() - begin);
    while (fgets(line, sizeof line, stdin)) { /* each line: a call over each, and some pipes anew */
        begin = wall();
        for (unsigned i = 0; i < n; i++) {
            double t = wall();
            call_small(&y[i], &request);
            took[i] = wall() - t;
            if (i % 16 == (unsigned)line[0] % 16) {
                close_way(&y[i]);
                to.host = names[i % servers];
                open_way(&y[i], &srvsvc_interface, "srvsvc");
            }
        }
        figures(took, n, wall() - begin);
    }
    _exit(0);
}

/* ---- credentials ---- */

static size_t content_of(const char *name, uint8_t *to_buf, size_t size)
{
    FILE *f = fopen(strncmp(name, "FILE:", 5) == 0 ? name + 5 : name, "rb");
    size_t n = f ? fread(to_buf, 1, size, f) : 0;
    if (!n)
        die(name, "cannot be read");
    fclose(f);
    return n;
}

static void set_credentials(void)
{
    static uint8_t cache[65536];
    struct npc_mux *m;
    struct npc_mux_auth a = NPC_MUX_AUTH_INIT;
    const char *ccache = getenv("KRB5CCNAME");
    a.pattern = "*";
    a.kind = NPC_MUX_PASSWORD;
    a.user = to.user;
    a.password = to.password;
    if (strcmp(to.user, "-k") == 0) {
        a.kind = NPC_MUX_CCACHE;
        a.user = a.password = NULL;
        a.content = cache;
        a.content_len = content_of(ccache ? ccache : "", cache, sizeof cache);
    }
    check("the muxer", npc_mux_open(to.socket, 0, &m, &why));
    if (npc_mux_set_auth(m, &a) != STATUS_SUCCESS)
        die("credentials", npc_mux_error(m));
    npc_mux_close(m);
}

/* ---- arguments ---- */

static void take_target(char **a)
{
    static const char *const kinds[] = { "direct", "message", "proxy", "rpc", "rpc-mux", "pdu" };
    struct sec_creds_options o = SEC_CREDS_OPTIONS_INIT;
    unsigned k = 0;
    while (k < sizeof kinds / sizeof kinds[0] && strcmp(kinds[k], a[0]) != 0)
        k++;
    if (k == sizeof kinds / sizeof kinds[0])
        die(a[0], "no such route");
    to.kind = (enum kind)k;
    to.host = a[1];
    to.port = (uint16_t)atoi(a[2]);
    to.user = a[3];
    to.password = a[4];
    to.socket = a[5];
    to.protection = strcmp(a[6], "encrypt") == 0 ? NPC_PROTECT_ENCRYPT : NPC_PROTECT_SIGN;
    if (strcmp(to.user, "-k") == 0) {
        o.mech = SEC_MECH_KRB5;
    } else {
        o.mech = SEC_MECH_NTLM;
        o.user = to.user;
        o.password = to.password;
    }
    check("credentials", sec_creds_new(&o, &creds, &why));
}

int main(int argc, char **argv)
{
    struct rlimit r;
    if (argc < 9)
        return 2;
    own_argv = argv;
    getrlimit(RLIMIT_NOFILE, &r);
    r.rlim_cur = r.rlim_max;
    setrlimit(RLIMIT_NOFILE, &r);
    take_target(argv + 2);
    unsigned a = argc > 9 ? (unsigned)atoi(argv[9]) : 1, b = argc > 10 ? (unsigned)atoi(argv[10]) : 1;
    if (strcmp(argv[1], "once") == 0) {
        struct wr request = small_request();
        once(&request);
    } else if (strcmp(argv[1], "set") == 0) {
        set_credentials();
    } else if (strcmp(argv[1], "loop") == 0) {
        loop(a, b);
    } else if (strcmp(argv[1], "spawn") == 0) {
        spawn(a, b);
    } else if (strcmp(argv[1], "calls") == 0) {
        calls(a);
    } else if (strcmp(argv[1], "bulk") == 0) {
        bulk(a, b);
    } else if (strcmp(argv[1], "up") == 0) {
        up(a, b);
    } else if (strcmp(argv[1], "hold") == 0) {
        hold(a, b);
    } else {
        return 2;
    }
    return 0;
}
