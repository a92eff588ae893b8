// SPDX-License-Identifier: Apache-2.0
/*
 * The relay that makes a pipe a stream of bytes, between a client and a server whose every byte is the
 * fuzzer's. Input: a byte for the size of the loop's pieces, then records: a byte (low 3 bits: 0 and 1 bytes
 * of the client, 2 and 3 an answer of the server to the read or transact that waits, 4 one that fails with
 * the first byte of the data as status, 5 what was written is taken, 6 the client does not read, or does
 * again, 7 the client goes), two bytes of length, and the bytes.
 *
 * Towards the server nothing goes but whole PDUs, of the length in their heads.
 */
#include <stdlib.h>
#include <string.h>
#include "common/fake_smb.h"
#include "npc/relay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

struct world {
    struct npc_pipe pipe;
    struct nt_loop *loop;
    struct io_stream local, client;
    struct npc_relay relay;
    struct npc_op *in, *out; /* in flight */
    struct rd rest;
    size_t sent, got;
    bool over, idle;
};

static struct world *of(struct npc_pipe *p)
{
    return (struct world *)(void *)p;
}

/* ---- the pipe ---- */

static void look(struct world *w, struct wr *out)
{
    must(out->st == STATUS_SUCCESS && out->len >= NPC_HEADROOM + RPC_HDR_LEN);
    must(pdu_head_len(out->base + NPC_HEADROOM) == out->len - NPC_HEADROOM);
    w->sent += out->len - NPC_HEADROOM;
    wr_free(out);
}

static enum nt_status fake_write(struct npc_pipe *p, struct wr *out, uint64_t deadline, struct npc_op *op)
{
    (void)deadline;
    must(!of(p)->out);
    look(of(p), out);
    of(p)->out = op;
    return STATUS_SUCCESS;
}

static enum nt_status fake_read(struct npc_pipe *p, size_t max, uint64_t deadline, struct npc_op *op)
{
    (void)deadline;
    must(max && !of(p)->in);
    of(p)->in = op;
    return STATUS_SUCCESS;
}

static enum nt_status fake_transact(struct npc_pipe *p, struct wr *out, size_t max, uint64_t deadline,
                                    struct npc_op *op)
{
    look(of(p), out);
    return fake_read(p, max, deadline, op);
}

static void fake_cancel(struct npc_pipe *p, struct npc_op *op)
{
    must(op == of(p)->in || op == of(p)->out);
}

static const struct npc_pipe_ops fake_ops = { "fake",      fake_write,  fake_read, fake_transact,
                                              fake_cancel, fake_cancel, NULL,      NULL };

static void end_op(struct npc_op **at, enum nt_status st, const uint8_t *p, size_t n)
{
    struct npc_op *op = *at;
    *at = NULL;
    uint8_t *copy = n ? malloc(n) : NULL; /* of its exact size, and gone afterwards */
    if (n)
        memcpy(copy, p, n);
    op->status = st;
    op->data = copy;
    op->len = n;
    op->done(op);
    free(copy);
}

/* ---- the two ends ---- */

static void local_data(void *engine, uint8_t *data, size_t len)
{
    struct world *w = engine;
    w->got += len;
    if (!w->relay.stopped)
        npc_relay_data(&w->relay, data, len);
}

static void nothing(void *engine, uint8_t *data, size_t len)
{
    (void)engine;
    (void)data;
    (void)len;
}

static void closed(void *engine, enum nt_status why)
{
    (void)engine;
    (void)why;
}

static void ended(void *arg, enum nt_status why)
{
    struct world *w = arg;
    must(!w->over && why != STATUS_SUCCESS);
    w->over = true;
}

static void idle(void *arg)
{
    ((struct world *)arg)->idle = true;
}

static const struct io_ops local_ops = { NULL, local_data, closed };
static const struct io_ops client_ops = { NULL, nothing, closed };

static void turns(struct world *w)
{
    for (int i = 0; i < 12 && nt_loop_run(w->loop, 0) == STATUS_SUCCESS; i++)
        must(w->local.queued <= IO_HIGH_WATER + UINT16_MAX + 1);
}

static void record(struct world *w)
{
    unsigned what = rd_u8(&w->rest) & 7;
    size_t n = rd_u16(&w->rest);
    n = n < rd_left(&w->rest) ? n : rd_left(&w->rest);
    const uint8_t *p = rd_bytes(&w->rest, n);
    struct wr out;
    if (what < 2) {
        wr_init(&out, n);
        wr_bytes(&out, p, n);
        (void)!io_queue(&w->client, &out);
    } else if (what < 4 && w->in) {
        end_op(&w->in, what == 2 ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW, p, n);
    } else if (what == 4 && w->in) {
        end_op(&w->in, n && p[0] & 1 ? STATUS_CANCELLED : STATUS_PIPE_BROKEN, NULL, 0);
    } else if (what == 5 && w->out) {
        end_op(&w->out, n && p[0] & 1 ? STATUS_PIPE_BROKEN : STATUS_SUCCESS, NULL, 0);
    } else if (what == 6) {
        io_hold(&w->client, !w->client.held);
    } else if (what == 7) {
        io_close(&w->client, STATUS_SUCCESS, false);
    }
    turns(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world w;
    memset(&w, 0, sizeof w);
    rd_init(&w.rest, data, size);
    struct io_mem_options mo = {
        .env = fake_env(), .start = 1000, .chunk = rd_u8(&w.rest), .cut_after = SIZE_MAX
    };
    must(io_mem_loop_new(&mo, &w.loop) == STATUS_SUCCESS);
    io_stream_init(&w.local, &local_ops, &w, fake_env());
    io_stream_init(&w.client, &client_ops, &w, fake_env());
    must(io_mem_join(w.loop, &w.local, &w.client) == STATUS_SUCCESS);
    w.pipe.ops = &fake_ops;
    w.relay.local = &w.local;
    w.relay.pipe = &w.pipe;
    w.relay.arg = &w;
    w.relay.ended = ended;
    w.relay.idle = idle;
    npc_relay_start(&w.relay);
    turns(&w);
    while (rd_left(&w.rest) > 2)
        record(&w);
    must(w.sent <= w.got);
    if (!npc_relay_stop(&w.relay)) {
        if (w.in)
            end_op(&w.in, STATUS_CANCELLED, NULL, 0);
        if (w.out)
            end_op(&w.out, STATUS_CANCELLED, NULL, 0);
        must(w.idle);
    }
    io_stream_done(&w.local);
    io_stream_done(&w.client);
    nt_loop_free(w.loop);
    return 0;
}
