// SPDX-License-Identifier: Apache-2.0
/*
 * The muxer's engine between clients whose every byte is the fuzzer's and our SMB server. Two clients are of
 * one uid and one of another; both uids have credentials, and the pipes send back what they get, so that what
 * the server says is the fuzzer's, too. Input: a byte for the size of the loop's pieces (0: whole), then
 * records: a byte (low 2 bits: which client; then 3 bits: 0 bytes as they are, 1 a message: type, then its
 * body, 2 Hello, 3 Connect: mode, pipe, then options, 4 the client does not read, or does again, 5 time
 * passes, 6 it goes and another comes, 7 the server goes, or comes back), two bytes of length, and the bytes.
 *
 * In a message's body eight bytes 0x55 at the beginning stand for the token that the client got last, and
 * 0x56 for its pipe, with the cookie behind. No list that the other uid gets may have anything of the first,
 * and nothing is left at the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common/fake_smb.h"
#include "muxd/muxd.h"
#include "npc/mux.h"
#include "pair/smbd_service.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CLIENTS 3u
#define ALICE   1001u
#define EVE     1002u

struct world;
struct client {
    struct io_stream s;
    struct world *w;
    uint32_t uid, id;
    uint64_t token, pipe;
    uint8_t cookie[MUX_COOKIE];
    struct wr got;
    bool pipe_now, joined; /* what comes is no message any more */
};

struct world {
    struct nt_loop *loop;
    struct smbd *smbd;
    struct muxd *muxd;
    struct client c[CLIENTS];
    struct rd rest;
};

static void must(bool ok)
{
    if (!ok)
        abort();
}

static uint64_t seed;
static enum nt_status some_random(void *arg, void *buf, size_t len)
{
    (void)arg;
    for (size_t i = 0; i < len; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
        ((uint8_t *)buf)[i] = (uint8_t)(seed >> 56);
    }
    return STATUS_SUCCESS;
}

static const struct nt_env *env(void)
{
    static struct nt_env e;
    e = *smbd_env();
    e.random = some_random;
    return &e;
}

static void turns(struct world *w, int n)
{
    for (int i = 0; i < n && nt_loop_run(w->loop, 0) == STATUS_SUCCESS; i++)
        ;
}

/* ---- the server ---- */

static void start_server(struct world *w)
{
    struct smbd_options so = { .env = env(), .acceptor = &smbd_acceptor, .pipes = &smbd_service };
    must(smbd_new(w->loop, &so, &w->smbd) == STATUS_SUCCESS);
}

static enum nt_status on_dial(void *arg, struct io_stream *s, const struct io_addr *to)
{
    struct world *w = arg;
    (void)to;
    return w->smbd ? smbd_join(w->smbd, w->loop, s, "192.0.2.7:1000") : STATUS_CONNECTION_REFUSED;
}

/* ---- clients ---- */

static void look_at_list(const struct client *c, struct rd *r, bool auth)
{
    struct mux_auth_entry a;
    struct mux_conn_entry e;
    (void)rd_u32(r);
    for (unsigned n = rd_u16(r); n; n--) {
        uint32_t uid;
        if (auth)
            mux_get_auth_entry(r, &a);
        else
            mux_get_conn_entry(r, &e);
        uid = auth ? a.uid : e.uid;
        must(r->st == STATUS_SUCCESS && uid == c->uid);
    }
    must(mux_done(r) == STATUS_SUCCESS);
}

static void look(struct client *c, const struct mux_hdr *h, struct rd *r)
{
    struct mux_facts f;
    if (h->status != STATUS_SUCCESS)
        return;
    if (h->type == (MUX_CREATE_TOKEN | MUX_ANSWER)) {
        c->token = rd_u64(r);
    } else if (h->type == (MUX_ENUM_AUTH | MUX_ANSWER) || h->type == (MUX_ENUM_CONNS | MUX_ANSWER)) {
        look_at_list(c, r, h->type == (MUX_ENUM_AUTH | MUX_ANSWER));
    } else if (h->type == (MUX_CONNECT | MUX_ANSWER)) {
        must(mux_get_facts(r, &f) == STATUS_SUCCESS);
        c->pipe = f.pipe;
        memcpy(c->cookie, f.cookie, sizeof f.cookie);
    }
}

static void client_data(void *engine, uint8_t *data, size_t len)
{
    struct client *c = engine;
    struct mux_hdr h;
    struct rd r;
    size_t n, at = 0;
    if (c->pipe_now)
        return;
    wr_bytes(&c->got, data, len);
    while (c->got.len - at >= MUX_HDR && (n = mux_length(c->got.base + at)) != 0 && n <= c->got.len - at) {
        if (mux_get_hdr(c->got.base + at, &h) != STATUS_SUCCESS)
            break;
        rd_init(&r, c->got.base + at + MUX_HDR, n - MUX_HDR);
        look(c, &h, &r);
        at += n;
    }
    if (c->got.len - at > MUX_MAX) { /* the stream of a pipe */
        c->pipe_now = true;
        at = c->got.len;
    }
    memmove(c->got.base, c->got.base + at, c->got.len - at);
    c->got.len -= at;
}

static void client_closed(void *engine, enum nt_status why)
{
    (void)engine;
    (void)why;
}

static const struct io_ops client_ops = { NULL, client_data, client_closed };

static void client_begin(struct world *w, unsigned i)
{
    struct client *c = &w->c[i];
    memset(c, 0, sizeof *c);
    c->w = w;
    c->uid = i < 2 ? ALICE : EVE;
    wr_init(&c->got, 4 * MUX_MAX);
    io_stream_init(&c->s, &client_ops, c, env());
    c->joined = muxd_join(w->muxd, w->loop, &c->s, c->uid) == STATUS_SUCCESS;
}

static void client_end(struct client *c)
{
    io_stream_done(&c->s);
    wr_free(&c->got);
}

static void give(struct client *c, struct wr *w)
{
    if (c->joined)
        (void)!io_queue(&c->s, w);
    wr_free(w);
}

/* ---- what they say ---- */

static void say_hello(struct client *c)
{
    struct wr w;
    mux_begin(&w, MUX_HELLO, ++c->id, STATUS_SUCCESS);
    mux_put_hello(&w, &(struct mux_hello){ .least = 1, .greatest = 1, .program = "fuzz" });
    mux_end(&w);
    give(c, &w);
}

static void say(struct client *c, const uint8_t *p, size_t n)
{
    static const uint8_t token[8] = { 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55 },
                         pipe[8] = { 0x56, 0x56, 0x56, 0x56, 0x56, 0x56, 0x56, 0x56 };
    struct wr w;
    if (!n)
        return;
    mux_begin(&w, p[0] & 0x3f, ++c->id, STATUS_SUCCESS);
    p++;
    n--;
    if (n >= 8 && (memcmp(p, token, 8) == 0 || memcmp(p, pipe, 8) == 0)) {
        wr_u64(&w, p[0] == 0x55 ? c->token : c->pipe);
        if (p[0] == 0x56)
            wr_bytes(&w, c->cookie, sizeof c->cookie);
        p += 8;
        n -= 8;
    }
    wr_bytes(&w, p, n);
    mux_end(&w);
    if (w.st == STATUS_SUCCESS)
        give(c, &w);
    else
        wr_free(&w);
}

static void say_connect(struct client *c, const uint8_t *p, size_t n)
{
    static const char *const names[] = { "echo", "twice", "late", "mute", "bye", "nothing" };
    struct mux_connect to = { .mode = n > 0 ? p[0] & 3 : 1, .timeout_ms = 3000 };
    struct wr w;
    unsigned options = n > 2 ? p[2] : 0;
    if (options & 1)
        to.token = c->token;
    to.keys = options & 2;
    to.protection = options & 4 ? 2 : 0;
    snprintf(to.server, sizeof to.server, "%s", options & 8 ? "other" : "fake");
    if (to.mode != MUX_SESSION)
        snprintf(to.pipe, sizeof to.pipe, "%s", names[n > 1 ? p[1] % 6 : 0]);
    mux_begin(&w, MUX_CONNECT, ++c->id, STATUS_SUCCESS);
    mux_put_connect(&w, &to);
    mux_end(&w);
    give(c, &w);
}

static void record(struct world *w)
{
    unsigned what = rd_u8(&w->rest), who = (what & 3) % CLIENTS;
    struct client *c = &w->c[who];
    size_t n = rd_u16(&w->rest);
    n = n < rd_left(&w->rest) ? n : rd_left(&w->rest);
    const uint8_t *p = rd_bytes(&w->rest, n);
    struct wr out;
    switch (what >> 2 & 7) {
    case 0:
        wr_init(&out, n);
        wr_bytes(&out, p, n);
        give(c, &out);
        break;
    case 1:
        say(c, p, n);
        break;
    case 2:
        say_hello(c);
        break;
    case 3:
        say_connect(c, p, n);
        break;
    case 4:
        io_hold(&c->s, !c->s.held);
        break;
    case 5:
        (void)!nt_loop_run(w->loop, 1 << (n & 15));
        break;
    case 6:
        client_end(c);
        client_begin(w, who);
        break;
    default:
        if (w->smbd) {
            smbd_free(w->smbd);
            w->smbd = NULL;
        } else {
            start_server(w);
        }
    }
    if (!(what & 0x20))
        turns(w, 12);
}

static void give_credentials(struct world *w, unsigned i)
{
    struct mux_auth a = { .kind = MUX_PASSWORD, .pattern = "*", .domain = "FAKEDOM" };
    struct client *c = &w->c[i];
    struct wr out;
    snprintf(a.user, sizeof a.user, "%s", c->uid == ALICE ? "alice" : "bob");
    a.secret = (struct nt_blob){ (const uint8_t *)FAKE_PASSWORD, sizeof FAKE_PASSWORD - 1 };
    say_hello(c);
    mux_begin(&out, MUX_SET_AUTH, ++c->id, STATUS_SUCCESS);
    mux_put_auth(&out, &a);
    mux_end(&out);
    give(c, &out);
    turns(w, 12);
    client_end(c);
    client_begin(w, i);
}

static void end(struct world *w)
{
    struct muxd_counters n;
    turns(w, 3000);
    for (unsigned i = 0; i < CLIENTS; i++)
        client_end(&w->c[i]);
    turns(w, 3000);
    muxd_count(w->muxd, &n);
    must(n.conns == 0 && n.pipes == 0);
    muxd_free(w->muxd);
    turns(w, 3000);
    if (w->smbd)
        smbd_free(w->smbd);
    turns(w, 3000);
    nt_loop_free(w->loop);
    must(service_open_pipes == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world w;
    memset(&w, 0, sizeof w);
    seed = 1;
    rd_init(&w.rest, data, size);
    struct io_mem_options mo = {
        .env = env(), .start = 1000, .chunk = rd_u8(&w.rest), .cut_after = SIZE_MAX
    };
    struct muxd_options o = { .env = env(), .session_idle_ms = 5000, .max_conns = 100 };
    must(io_mem_loop_new(&mo, &w.loop) == STATUS_SUCCESS);
    io_mem_on_dial(w.loop, on_dial, &w);
    start_server(&w);
    must(muxd_new(w.loop, &o, &w.muxd) == STATUS_SUCCESS);
    for (unsigned i = 0; i < CLIENTS; i++)
        client_begin(&w, i);
    give_credentials(&w, 0);
    give_credentials(&w, 2);
    for (unsigned n = 0; rd_left(&w.rest) > 2 && n < 200; n++)
        record(&w);
    end(&w);
    return 0;
}
