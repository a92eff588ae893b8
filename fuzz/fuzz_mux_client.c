// SPDX-License-Identifier: Apache-2.0
/*
 * The library against a muxer whose every byte is the fuzzer's. Input: a byte of options (1 a pipe in the
 * session, 2 requests instead of a session, 4 a channel's kind of session, 8 bytes come one at a time), then,
 * for each connection that is made (8), or for each thing that the client says, a byte (1 a good welcome
 * comes first, 2 then a good answer to Connect, 4 it hangs up afterwards), two bytes of length, and what the
 * muxer says.
 */
#include <stdlib.h>
#include <string.h>
#include <msrpc/npc_mux.h>
#include "common/fake_smb.h"
#include "npc/m_npc.h"
#include "npc/mux.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CONNS 4
#define TURNS 100000 /* a byte in each, at most */

struct daemon;
struct conn {
    struct io_stream s;
    struct daemon *d;
    bool said, used;
};

struct daemon {
    struct nt_loop *loop;
    struct conn conns[CONNS];
    unsigned n;
    bool slow;
    const uint8_t *data;
    size_t size;
};

static void put_message(struct wr *to, struct wr *w)
{
    mux_end(w);
    wr_bytes(to, w->base, w->len);
    wr_free(w);
}

static void welcome(struct wr *to)
{
    struct wr w;
    mux_begin(&w, MUX_HELLO | MUX_ANSWER, 1, STATUS_SUCCESS);
    mux_put_welcome(&w, &(struct mux_welcome){ MUX_VERSION, (uint32_t)MUX_MAX, 77, 1000 });
    put_message(to, &w);
}

static void connected(struct wr *to)
{
    struct mux_facts f = { .pipe = 9, .f = { .dialect = NPC_SMB_3_1_1, .session_key_len = 16 } };
    struct wr w;
    f.f.application_key_len = 16;
    f.f.mech = "ntlm";
    f.f.peer = "192.0.2.1:445";
    f.f.server = "fake";
    f.f.principal = "alice";
    mux_begin(&w, MUX_CONNECT | MUX_ANSWER, 2, STATUS_SUCCESS);
    mux_put_facts(&w, &f, true);
    put_message(to, &w);
}

static void conn_data(void *engine, uint8_t *data, size_t len)
{
    struct conn *c = engine;
    struct daemon *d = c->d;
    struct wr w;
    (void)data;
    (void)len;
    if (c->said && d->slow) /* what the client says comes in pieces */
        return;
    c->said = true;
    wr_init(&w, 1 << 20);
    unsigned how = 0;
    size_t n = 0;
    if (d->size >= 3) {
        how = d->data[0];
        n = le16(d->data + 1);
        d->data += 3;
        d->size -= 3;
        n = n < d->size ? n : d->size;
    }
    if (how & 1)
        welcome(&w);
    if (how & 2)
        connected(&w);
    wr_bytes(&w, d->data, n);
    d->data += n;
    d->size -= n;
    (void)!io_queue(&c->s, &w);
    if (how & 4)
        io_close(&c->s, STATUS_SUCCESS, true);
}

static void conn_close(void *engine, enum nt_status why)
{
    (void)engine;
    (void)why;
}

static const struct io_ops conn_ops = { NULL, conn_data, conn_close };

static enum nt_status on_dial(void *arg, struct io_stream *s, const struct io_addr *to)
{
    struct daemon *d = arg;
    if (!to->path || d->n == CONNS)
        return STATUS_CONNECTION_REFUSED;
    struct conn *c = &d->conns[d->n++];
    c->d = d;
    c->used = true;
    io_stream_init(&c->s, &conn_ops, c, fake_env());
    return io_mem_join(d->loop, s, &c->s);
}

static void use_pipe(struct npc_session *s)
{
    struct npc_pipe *p = NULL;
    struct nt_blob a;
    uint8_t buf[64];
    size_t n;
    if (npc_pipe_open(s, "x", NULL, &p) != STATUS_SUCCESS)
        return;
    struct nt_arena *mem = nt_arena_new(0);
    if (mem) {
        (void)!npc_pipe_transact(p, mem, "abcd", 4, &a);
        (void)!npc_pipe_write(p, "abcd", 4);
        (void)!npc_pipe_read(p, buf, sizeof buf, &n);
    }
    nt_arena_free(mem);
    npc_pipe_close(p);
}

struct opened {
    bool done;
    struct npc_session *s;
};

static void on_session(void *arg, enum nt_status st, struct npc_session *s)
{
    (void)st;
    *(struct opened *)arg = (struct opened){ true, s };
}

static void session(struct daemon *d, unsigned options)
{
    struct npc_options o = NPC_OPTIONS_INIT;
    struct nt_error err = { "" };
    struct opened w = { false, NULL };
    struct npc_session *s;
    struct nt_blob key;
    o.loop = d->loop;
    o.env = fake_env();
    o.mux = "/mux";
    o.error = &err;
    if (npc_session_begin("fake", &o, options & 4 ? "x" : NULL, false, on_session, &w, &s) != STATUS_SUCCESS)
        return;
    for (int i = 0; i < TURNS && !w.done; i++)
        (void)!nt_loop_run(d->loop, 60000);
    if (!w.done)
        abort(); /* it has a time limit */
    if (!w.s)
        return;
    struct npc_facts f = { .size = sizeof f };
    if (npc_session_facts(w.s, &f) != STATUS_SUCCESS || !f.mech || !f.principal)
        abort();
    if (npc_session_key(w.s, &key) == STATUS_SUCCESS && key.len > MUX_KEY_MAX)
        abort();
    if (options & 1)
        use_pipe(w.s);
    npc_session_unref(w.s);
}

struct mux_open {
    bool done;
    struct npc_mux *m;
};

static void on_mux(void *arg, enum nt_status st, struct npc_mux *m)
{
    (void)st;
    *(struct mux_open *)arg = (struct mux_open){ true, m };
}

static void on_answer(void *arg, enum nt_status st, const struct npc_mux_answer *a)
{
    (void)st;
    (void)a;
    --*(unsigned *)arg;
}

static bool on_auth(void *arg, const struct npc_mux_auth_info *i)
{
    (void)arg;
    return strlen(i->pattern) < 256 && strlen(i->user) < 256;
}

static bool on_conn(void *arg, const struct npc_mux_conn_info *i)
{
    (void)arg;
    return strlen(i->server) < 256 && strlen(i->program) < 256;
}

static void requests(struct daemon *d)
{
    const struct npc_channel_id id = { 1, { 2 } };
    struct nt_error err = { "" };
    struct mux_open w = { false, NULL };
    unsigned open = 5;
    if (npc_mux_open_send("/mux", 1000, d->loop, on_mux, &w, &err, NULL) != STATUS_SUCCESS)
        return;
    for (int i = 0; i < TURNS && !w.done; i++)
        (void)!nt_loop_run(d->loop, 60000);
    struct npc_mux *m = w.m;
    if (!w.done)
        abort();
    if (!m)
        return;
    if (npc_mux_status_send(m, on_answer, &open) != STATUS_SUCCESS ||
        npc_mux_enum_auth_send(m, false, on_auth, on_answer, &open) != STATUS_SUCCESS ||
        npc_mux_enum_connections_send(m, false, on_conn, on_answer, &open) != STATUS_SUCCESS ||
        npc_mux_query_send(m, &id, NPC_MUX_FACTS, on_answer, &open) != STATUS_SUCCESS ||
        npc_mux_create_token_send(m, on_answer, &open) != STATUS_SUCCESS) {
        npc_mux_close(m);
        return;
    }
    for (int i = 0; i < TURNS && open; i++)
        (void)!nt_loop_run(d->loop, 60000);
    if (open)
        abort();
    npc_mux_close(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct daemon d = { .n = 0 };
    if (!size)
        return 0;
    struct io_mem_options mo = {
        .env = fake_env(), .start = 1000, .chunk = data[0] & 8 ? 1 : 0, .cut_after = SIZE_MAX
    };
    d.slow = data[0] & 8;
    d.data = data + 1;
    d.size = size - 1;
    if (io_mem_loop_new(&mo, &d.loop) != STATUS_SUCCESS)
        return 0;
    io_mem_on_dial(d.loop, on_dial, &d);
    if (data[0] & 2)
        requests(&d);
    else
        session(&d, data[0]);
    for (int i = 0; i < 50; i++)
        (void)!nt_loop_run(d.loop, 0);
    for (unsigned i = 0; i < d.n; i++)
        io_stream_done(&d.conns[i].s);
    nt_loop_free(d.loop);
    return 0;
}
