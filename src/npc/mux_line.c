// SPDX-License-Identifier: Apache-2.0
/* A connection to the muxer: messages out, messages in. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "npc/m_mux.h"

static void line_open(void *engine)
{
    struct mux_line *l = engine;
    enum nt_status st = npc_mux_check_peer(&l->stream, l->path, &l->err);
    l->opened = true;
    if (st != STATUS_SUCCESS) {
        io_close(&l->stream, st, false);
        return;
    }
    io_timer(&l->stream, &l->late, io_now(&l->stream) + MUX_HELLO_NS);
    l->on_open(l);
}

static void hello_late(struct io_item *it)
{
    struct mux_line *l = io_container(it, struct mux_line, late);
    nt_error_set(&l->err, STATUS_IO_TIMEOUT, "the muxer at %s does not answer: it takes connections, but is stuck",
                 l->path);
    io_close(&l->stream, STATUS_IO_TIMEOUT, false);
}

/* The first answer of all. */
static bool welcome(struct mux_line *l, const struct mux_hdr *h, struct rd *r)
{
    struct mux_welcome w;
    char why[sizeof l->err.text], words[NPC_WORDS];
    if (h->type != (MUX_HELLO | MUX_ANSWER))
        return false;
    if (h->status != STATUS_SUCCESS) {
        mux_get_str(r, why, sizeof why);
        enum nt_status st = nt_ok(h->status) ? STATUS_INVALID_NETWORK_RESPONSE : h->status;
        nt_error_set(&l->err, st, "the muxer at %s: %s", l->path, *why ? why : npc_words(st, words));
        io_close(&l->stream, st, false);
        return true;
    }
    if (mux_get_welcome(r, &w) != STATUS_SUCCESS || w.version != MUX_VERSION || w.instance == 0)
        return false;
    l->greeted = true;
    l->instance = w.instance;
    io_cancel(&l->late);
    if (l->on_greeted)
        l->on_greeted(l);
    return true;
}

static bool one(struct mux_line *l, const uint8_t *msg, size_t len)
{
    struct mux_hdr h;
    struct rd r;
    rd_init(&r, msg + MUX_HDR, len - MUX_HDR);
    if (l->err.text[0])
        return true; /* it is being closed: nothing more is of interest */
    if (mux_get_hdr(msg, &h) != STATUS_SUCCESS)
        return false;
    return l->greeted ? l->on_message(l, &h, msg + MUX_HDR, len - MUX_HDR) : welcome(l, &h, &r);
}

void mux_line_why(const struct mux_line *l, enum nt_status why, bool busy, struct nt_error *ret)
{
    char words[NPC_WORDS];
    if (l->err.text[0])
        *ret = l->err;
    else if (!l->opened && why == STATUS_CONNECTION_REFUSED)
        nt_error_set(ret, why, "no muxer listens at %s", l->path);
    else if (!l->opened)
        nt_error_set(ret, why, "no muxer can be reached at %s: %s", l->path, npc_words(why, words));
    else if (why == STATUS_CONNECTION_DISCONNECTED || why == STATUS_CONNECTION_RESET)
        nt_error_set(ret, why, "the muxer at %s has ended or closed the connection%s", l->path,
                     busy ? "; what was asked of the server may have been carried out" : "");
    else
        nt_error_set(ret, why, "the connection to the muxer at %s: %s", l->path, npc_words(why, words));
}

bool mux_line_absent(const struct mux_line *l, enum nt_status why)
{
    return !l->opened && (why == STATUS_CONNECTION_REFUSED || why == STATUS_ACCESS_DENIED);
}

/* True: a whole message is in l->in. */
static bool gather(struct mux_line *l, uint8_t **data, size_t *len)
{
    do {
        size_t need = l->want ? l->want : 4, n = need - l->in.len < *len ? need - l->in.len : *len;
        wr_bytes(&l->in, *data, n);
        *data += n;
        *len -= n;
        if (l->in.st != STATUS_SUCCESS || l->in.len < need)
            return false;
        if (l->want)
            return true;
        l->want = mux_length(l->in.base);
    } while (l->want);
    l->in.st = STATUS_INVALID_NETWORK_RESPONSE;
    return false;
}

static void line_data(void *engine, uint8_t *data, size_t len)
{
    struct mux_line *l = engine;
    bool ok = true;
    while (len && ok && !l->err.text[0]) {
        size_t whole = !l->want && l->in.len == 0 && len >= 4 ? mux_length(data) : 0;
        if (whole && whole <= len) {
            ok = one(l, data, whole);
            data += whole;
            len -= whole;
        } else if (gather(l, &data, &len)) {
            wr_free_secret(&l->held); /* what was lent from it has been used: one step, one such message */
            l->held = l->in;
            wr_init(&l->in, MUX_MAX);
            l->want = 0;
            ok = one(l, l->held.base, l->held.len);
        }
        ok = ok && l->in.st == STATUS_SUCCESS;
    }
    if (!ok) {
        nt_error_set(&l->err, STATUS_INVALID_NETWORK_RESPONSE, "what the muxer at %s answers makes no sense", l->path);
        io_close(&l->stream, STATUS_INVALID_NETWORK_RESPONSE, false);
    }
}

static void line_closed(void *engine, enum nt_status why)
{
    struct mux_line *l = engine;
    l->on_close(l, why == STATUS_SUCCESS ? STATUS_CONNECTION_DISCONNECTED : why);
}

static const struct io_ops line_ops = { line_open, line_data, line_closed };

void mux_line_init(struct mux_line *l, const struct nt_env *env)
{
    io_stream_init(&l->stream, &line_ops, l, env);
    wr_init(&l->in, MUX_MAX);
    wr_init(&l->held, 0);
    io_item_init(&l->late, hello_late);
    l->want = 0;
    l->next_id = 0;
    l->opened = l->greeted = false;
    l->err.text[0] = '\0';
    l->path = "";
}

void mux_line_done(struct mux_line *l)
{
    io_stream_done(&l->stream);
    wr_free_secret(&l->in);
    wr_free_secret(&l->held);
}

enum nt_status mux_line_dial(struct mux_line *l, struct nt_loop *loop, const char *path, uint64_t deadline)
{
    struct io_addr to = { .path = path };
    l->path = path;
    return io_dial(loop, &l->stream, &to, deadline);
}

uint32_t mux_line_id(struct mux_line *l)
{
    if (++l->next_id == 0)
        l->next_id = 1;
    return l->next_id;
}

enum nt_status mux_line_send(struct mux_line *l, struct wr *w)
{
    mux_end(w);
    return io_queue(&l->stream, w);
}

enum nt_status mux_line_hello(struct mux_line *l, const struct mux_connect *to, uint32_t *ret_id)
{
    struct mux_hello hello;
    struct wr w;
    mux_our_hello(&hello);
    mux_begin(&w, MUX_HELLO, mux_line_id(l), STATUS_SUCCESS);
    mux_put_hello(&w, &hello);
    enum nt_status st = mux_line_send(l, &w);
    if (st != STATUS_SUCCESS || !to)
        return st;
    uint32_t id = mux_line_id(l);
    mux_begin(&w, MUX_CONNECT, id, STATUS_SUCCESS);
    mux_put_connect(&w, to);
    st = mux_line_send(l, &w);
    if (st == STATUS_SUCCESS)
        *ret_id = id;
    return st;
}
