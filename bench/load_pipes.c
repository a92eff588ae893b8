// SPDX-License-Identifier: Apache-2.0
/*
 * Load for servers of pipes over SMB, ours and others': many connections in one thread, on our SMB engine, each from the
 * next of a range of loopback addresses. What goes over the pipe is made once: the engine signs and encrypts, RPC costs
 * the load nothing.
 *
 *     load_pipes calls TARGET CLIENTS SECONDS OPERATION   one call at a time for each client
 *     load_pipes connect TARGET CLIENTS SECONDS           connect, log on, open, bind, one call, log off; again and again
 *     load_pipes idle TARGET COUNT 0                      connections with an open pipe, until standard input ends
 *     load_pipes probe TARGET COUNT 0                     the same as connect, one after the other, timed each
 *
 * TARGET: ADDRESS PORT FIRST-OWN-ADDRESS NUMBER-OF-THEM USER PASSWORD PROTECTION (cmac gmac hmac gcm128 gcm256 ccm128 ccm256)
 * PORT may be the path of a unix socket, for something in between (relay.c).
 * OPERATION: tod (NetrRemoteTOD), info (NetrServerGetInfo 101). Prints NAME=VALUE.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <msrpc/srvsvc.h>
#include "clock.h"
#include "io/io.h"
#include "rpc/pdu.h"
#include "smb/smb.h"

enum { TIMED = 1 << 17 };
enum { OPENING = 8 }; /* connections that an idle load opens at a time */
enum { ACCESS = 0x0012019f, SHARE_READ_WRITE = 3, OPEN = 1, IMPERSONATION = 2 };
enum { NETR_SERVER_GET_INFO = 21, NETR_REMOTE_TOD = 28 };
#define PATIENCE UINT64_C(60000000000)

static struct nt_loop *loop;
static struct sec_creds *creds;
static struct sockaddr_in server;
static struct sockaddr_un local; /* instead, if it has a family */
static uint32_t first_own, n_own, next_own;
static const char *server_name;
static enum npc_protection protection = NPC_PROTECT_SIGN;
static enum npc_cipher ciphers[2];
static enum npc_signing_alg signing = NPC_AES_CMAC;
static struct wr bind_pdu, call_pdu;
static double end_at;
static unsigned long done; /* calls, or connections, or those that stand */
static unsigned living;
static double took[TIMED]; /* by the first calls */

struct client {
    struct smb_client smb;
    struct smb_req req;
    uint8_t file[SMB_FILE_ID];
    double began;
    void (*bound)(struct client *x);    /* the pipe is open and bound */
    void (*answered)(struct client *x); /* a call has come back */
    void (*closed)(struct client *x);   /* the connection is no more */
    double took;
};

static void die(const char *what, enum nt_status st, const char *why)
{
    const char *name = nt_status_name(st);
    fprintf(stderr, "load_pipes: %s: %s %s\n", what, name ? name : "?", why);
    exit(1);
}

static void check(const char *what, enum nt_status st)
{
    if (st != STATUS_SUCCESS)
        die(what, st, "");
}

/* ---- the bytes of RPC ---- */

static void make_pdus(bool info)
{
    struct rpc_ctx_elem e = { .n_transfers = 1, .abstract = srvsvc_interface.syntax, .transfers = { rpc_syntax_ndr20 } };
    wr_init(&bind_pdu, 4096);
    rpc_put_bind(&bind_pdu, RPC_PT_BIND, RPC_PFC_FIRST | RPC_PFC_LAST, 1, 4280, 0, &e, 1);
    uint32_t stub = info ? 8 : 4; /* no server name; level 101 */
    wr_init(&call_pdu, 4096);
    size_t start = rpc_put_hdr(&call_pdu, RPC_PT_REQUEST, RPC_PFC_FIRST | RPC_PFC_LAST, 2);
    wr_zero(&call_pdu, RPC_REQ_LEN - RPC_HDR_LEN);
    wr_u32(&call_pdu, 0);
    if (info)
        wr_u32(&call_pdu, 101);
    rpc_pdu_end(&call_pdu, start, 0);
    check("request", call_pdu.st);
    rpc_fill_request(call_pdu.base, RPC_PFC_FIRST | RPC_PFC_LAST, 2, stub, 0, info ? NETR_SERVER_GET_INFO : NETR_REMOTE_TOD,
                     NULL);
    put_le16(call_pdu.base + 8, (uint16_t)call_pdu.len); /* fill_request leaves the length to its caller */
}

/* ---- one client ---- */

static void send_request(struct client *x, enum smb_command cmd, struct wr *w, void (*fn)(struct smb_req *r))
{
    x->req.command = (uint16_t)cmd;
    x->req.done = fn;
    check("send", smb_send(&x->smb, &x->req, w, SMB_PREFIX, 0, UINT64_MAX));
}

static void transact(struct client *x, const struct wr *pdu, void (*fn)(struct smb_req *r))
{
    struct wr w;
    struct smb_ioctl q = { .code = FSCTL_PIPE_TRANSCEIVE, .max_out = 4280, .data = { pdu->base, pdu->len } };
    memcpy(q.file_id, x->file, sizeof q.file_id);
    smb_begin(&w, SMB_MAX_PAYLOAD);
    smb_put_ioctl_req(&w, &q);
    send_request(x, SMB_IOCTL, &w, fn);
}

static const uint8_t *answer_of(struct smb_req *r, unsigned ptype, size_t *ret_len)
{
    struct smb_ioctl in;
    check("transact", r->status);
    check("transact", smb_get_ioctl_rsp(r->msg, r->len, &in));
    if (in.data.len < RPC_RSP_LEN || in.data.data[2] != ptype)
        die("no answer", STATUS_INVALID_NETWORK_RESPONSE, "");
    *ret_len = in.data.len;
    return in.data.data;
}

static void call_done(struct smb_req *r)
{
    struct client *x = io_container(r, struct client, req);
    size_t len;
    const uint8_t *pdu = answer_of(r, RPC_PT_RESPONSE, &len);
    if (len < RPC_RSP_LEN + 40 || le32(pdu + len - 4) != 0)
        die("call", STATUS_UNSUCCESSFUL, "it failed");
    x->answered(x);
}

static void call(struct client *x)
{
    transact(x, &call_pdu, call_done);
}

static void bind_done(struct smb_req *r)
{
    size_t len;
    struct client *x = io_container(r, struct client, req);
    (void)answer_of(r, RPC_PT_BIND_ACK, &len);
    x->bound(x);
}

static void create_done(struct smb_req *r)
{
    struct client *x = io_container(r, struct client, req);
    struct smb_create_rsp rsp;
    check("open", r->status);
    check("open", smb_get_create_rsp(r->msg, r->len, &rsp));
    memcpy(x->file, rsp.file_id, sizeof x->file);
    transact(x, &bind_pdu, bind_done);
}

static void on_ready(void *arg, enum nt_status st)
{
    struct client *x = arg;
    struct wr w;
    struct smb_create_req q = { .impersonation = IMPERSONATION, .access = ACCESS, .share = SHARE_READ_WRITE,
                                .disposition = OPEN, .name = "srvsvc" };
    if (st != STATUS_SUCCESS)
        die("log on", st, x->smb.err.text);
    smb_begin(&w, SMB_MAX_PAYLOAD);
    check("open", smb_put_create_req(&w, &q));
    send_request(x, SMB_CREATE, &w, create_done);
}

static void on_closed(void *arg)
{
    struct client *x = arg;
    void (*closed)(struct client *x) = x->closed;
    smb_client_done(&x->smb);
    living--;
    closed(x);
}

static void on_down(void *arg, enum nt_status why)
{
    (void)arg;
    die("connection lost", why, "");
}

static int dial_local(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&local, sizeof local)) {
        perror("load_pipes: connect");
        exit(1);
    }
    return fd;
}

static int dial(void)
{
    if (local.sun_family)
        return dial_local();
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(first_own + next_own++ % n_own) };
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) ||
        connect(fd, (struct sockaddr *)&server, sizeof server)) {
        perror("load_pipes: connect");
        exit(1);
    }
    return fd;
}

static void open_client(struct client *x)
{
    struct smb_client_options o = { .server = server_name, .creds = creds, .protection = protection, .ciphers = ciphers,
                                    .signing = &signing, .n_signing = 1, .env = nt_env_system(), .arg = x,
                                    .on_ready = on_ready, .on_down = on_down, .on_closed = on_closed };
    memset(&x->smb, 0, sizeof x->smb);
    x->began = wall();
    check("client", smb_client_init(&x->smb, &o));
    smb_client_start(&x->smb, io_loop_now(loop) + PATIENCE);
    check("attach", io_attach(loop, &x->smb.stream, dial()));
    living++;
    io_opened(&x->smb.stream, io_loop_now(loop));
}

/* ---- what is measured ---- */

static void begin(void)
{
    printf("ready=1\n"); /* whoever measures the server looks now, and when we have ended */
    fflush(stdout);
    (void)!getchar();
}

static void finish(void)
{
    fflush(stdout);
    (void)!getchar();
    _exit(0);
}

static void stop(struct client *x)
{
    (void)x;
}

static void again(struct client *x)
{
    if (done < TIMED)
        took[done] = wall() - x->began;
    done++;
    x->began = wall();
    if (wall() < end_at)
        call(x);
    else
        living--;
}

static void stands(struct client *x)
{
    (void)x;
    done++;
}

static int earlier(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void calls(unsigned n, double seconds)
{
    struct client *x = calloc(n, sizeof *x);
    for (unsigned i = 0; i < n; i++) {
        x[i].bound = stands;
        x[i].answered = again;
        x[i].closed = stop;
        open_client(&x[i]);
        while (done <= i)
            (void)!nt_loop_run(loop, 1000);
    }
    begin();
    done = 0;
    double start = wall(), used = cpu();
    end_at = start + seconds;
    for (unsigned i = 0; i < n; i++) {
        x[i].began = wall();
        call(&x[i]);
    }
    while (living)
        (void)!nt_loop_run(loop, 1000);
    double all = wall() - start, cpu_all = cpu() - used;
    size_t timed = done < TIMED ? done : TIMED;
    qsort(took, timed, sizeof *took, earlier);
    printf("calls=%lu wall=%.6f cpu=%.6f p50=%.8f\n", done, all, cpu_all, took[timed / 2]);
    finish();
}

static void leave(struct client *x)
{
    x->took = wall() - x->began;
    done++;
    smb_client_close(&x->smb);
}

static void come_again(struct client *x)
{
    if (wall() < end_at)
        open_client(x);
}

static void connections(unsigned n, double seconds)
{
    struct client *x = calloc(n, sizeof *x);
    begin();
    double start = wall(), used = cpu();
    end_at = start + seconds;
    for (unsigned i = 0; i < n; i++) {
        x[i].bound = call;
        x[i].answered = leave;
        x[i].closed = come_again;
        open_client(&x[i]);
    }
    while (living)
        (void)!nt_loop_run(loop, 1000);
    printf("calls=%lu wall=%.6f cpu=%.6f\n", done, wall() - start, cpu() - used);
    finish();
}

static void idle(unsigned n)
{
    struct client *x = calloc(n, sizeof *x);
    for (unsigned i = 0; i < n; i++) {
        x[i].bound = call;
        x[i].answered = stands;
        x[i].closed = stop;
        open_client(&x[i]);
        while (done + OPENING <= i)
            (void)!nt_loop_run(loop, 1000);
    }
    while (done < n)
        (void)!nt_loop_run(loop, 1000);
    begin();
    _exit(0);
}

static void probe(unsigned n)
{
    struct client x = { .bound = call, .answered = leave, .closed = stop };
    if (n > TIMED)
        die("probe", STATUS_INVALID_PARAMETER, "so many");
    begin();
    double start = wall(), used = cpu();
    for (unsigned i = 0; i < n; i++) {
        open_client(&x);
        while (living)
            (void)!nt_loop_run(loop, 1000);
        took[i] = x.took;
    }
    double all = wall() - start;
    qsort(took, n, sizeof *took, earlier);
    printf("calls=%u wall=%.6f cpu=%.6f p50=%.6f p99=%.6f most=%.6f\n", n, all, cpu() - used, took[n / 2],
           took[n - 1 - n / 100], took[n - 1]);
    finish();
}

/* ---- arguments ---- */

static const struct {
    const char *name;
    enum npc_cipher cipher;
    enum npc_signing_alg signing;
} protections[] = {
    { "hmac", NPC_CIPHER_NONE, NPC_HMAC_SHA256 }, { "cmac", NPC_CIPHER_NONE, NPC_AES_CMAC },
    { "gmac", NPC_CIPHER_NONE, NPC_AES_GMAC },    { "gcm128", NPC_AES128_GCM, NPC_AES_CMAC },
    { "gcm256", NPC_AES256_GCM, NPC_AES_CMAC },   { "ccm128", NPC_AES128_CCM, NPC_AES_CMAC },
    { "ccm256", NPC_AES256_CCM, NPC_AES_CMAC },
};

static void take_protection(const char *name)
{
    for (size_t i = 0; i < sizeof protections / sizeof protections[0]; i++)
        if (strcmp(protections[i].name, name) == 0) {
            ciphers[0] = protections[i].cipher;
            signing = protections[i].signing;
            protection = ciphers[0] == NPC_CIPHER_NONE ? NPC_PROTECT_SIGN : NPC_PROTECT_ENCRYPT;
            return;
        }
    die(name, STATUS_INVALID_PARAMETER, "no such protection");
}

static void take_target(char **a)
{
    struct in_addr own;
    struct sec_creds_options o = SEC_CREDS_OPTIONS_INIT;
    server_name = a[0];
    server = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(a[1])) };
    if (inet_pton(AF_INET, a[0], &server.sin_addr) != 1 || inet_pton(AF_INET, a[2], &own) != 1)
        die("addresses", STATUS_INVALID_PARAMETER, "");
    if (*a[1] == '/') {
        local.sun_family = AF_UNIX;
        snprintf(local.sun_path, sizeof local.sun_path, "%s", a[1]);
    }
    first_own = ntohl(own.s_addr);
    n_own = (uint32_t)atoi(a[3]);
    o.mech = SEC_MECH_NTLM;
    o.user = a[4];
    o.password = a[5];
    check("credentials", sec_creds_new(&o, &creds, NULL));
    take_protection(a[6]);
}

int main(int argc, char **argv)
{
    struct rlimit r;
    if (argc < 11)
        return 2;
    getrlimit(RLIMIT_NOFILE, &r);
    r.rlim_cur = r.rlim_max;
    setrlimit(RLIMIT_NOFILE, &r);
    check("loop", nt_loop_new(NULL, &loop));
    take_target(argv + 2);
    make_pdus(argc > 11 && strcmp(argv[11], "info") == 0);
    unsigned n = (unsigned)atoi(argv[9]);
    if (strcmp(argv[1], "calls") == 0)
        calls(n, atof(argv[10]));
    else if (strcmp(argv[1], "connect") == 0)
        connections(n, atof(argv[10]));
    else if (strcmp(argv[1], "idle") == 0)
        idle(n);
    else if (strcmp(argv[1], "probe") == 0)
        probe(n);
    return 2;
}
