// SPDX-License-Identifier: Apache-2.0
/* A tap from the client's side: records in, pipes put together with what is known of them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <msrpc/npc_tap.h>
#include "npc/m_mux.h"
#include "npc/mux_tap.h"

#define BUCKETS 256u
/* Pipes that are known at once: when records get lost, so does that some were closed. As many as connections
 * that the daemon takes, several times. */
#define PIPES_MAX 65536u
/* What one read of the loop may bring, and a message. */
#define EARLY_MAX ((size_t)1 << 20)

struct known {
    struct known *next;          /* in its bucket */
    struct known *newer, **link; /* by age */
    struct npc_tap_pipe v;
    char text[]; /* server, peer, name */
};

struct npc_tap {
    struct mux_line line;
    struct nt_loop *loop;
    bool private_loop, open, dead, stopped;
    uint32_t tap_id;
    enum nt_status why;
    struct nt_error err;
    struct mux_tap q;
    struct mux_tapped about;
    char path[108];
    struct known *buckets[BUCKETS], *oldest, **newest;
    size_t n;
    bool (*each)(void *arg, const struct npc_tap_record *r);
    void *arg;
    struct wr early; /* records that came with the answer, before anybody wanted them: u32 length, body */
    bool done;       /* `open` or `why` says how it went */
};

static struct npc_tap *of(struct mux_line *l)
{
    return io_container(l, struct npc_tap, line);
}

/* ---- pipes ---- */

static struct known **find(struct npc_tap *t, uint64_t id)
{
    struct known **at = &t->buckets[id % BUCKETS];
    while (*at && (*at)->v.id != id)
        at = &(*at)->next;
    return at;
}

static void forget(struct npc_tap *t, struct known **at)
{
    struct known *k = *at;
    *at = k->next;
    *k->link = k->newer;
    if (k->newer)
        k->newer->link = k->link;
    else
        t->newest = k->link;
    t->n--;
    free(k);
}

static const char *put_text(char **at, const char *s)
{
    char *p = *at;
    size_t n = strlen(s) + 1;
    memcpy(p, s, n);
    *at += n;
    return p;
}

static void give(struct npc_tap *t, const struct npc_tap_record *r)
{
    if (!t->stopped)
        t->stopped = !t->each(t->arg, r);
}

static void give_closed(struct npc_tap *t, struct known **at, uint64_t time)
{
    give(t, &(struct npc_tap_record){ .kind = NPC_TAP_CLOSED, .time = time, .pipe = &(*at)->v });
    forget(t, at);
}

static bool on_pipe(struct npc_tap *t, const struct mux_record *r)
{
    struct known **at = find(t, r->pipe);
    if (*at)
        return false;      /* it is told once */
    if (t->n == PIPES_MAX) /* the end of the oldest was lost, or it is silent */
        give_closed(t, find(t, t->oldest->v.id), r->time);
    struct known *k = calloc(1, sizeof *k + strlen(r->server) + strlen(r->peer) + strlen(r->name) + 3);
    if (!k)
        return false;
    char *text = k->text;
    k->v = (struct npc_tap_pipe){ .id = r->pipe, .uid = r->uid, .pid = r->pid };
    k->v.server = put_text(&text, r->server);
    k->v.peer = put_text(&text, r->peer);
    k->v.name = put_text(&text, r->name);
    at = find(t, r->pipe); /* what gave way may have been in this bucket */
    k->next = *at;
    *at = k;
    k->link = t->newest;
    *t->newest = k;
    t->newest = &k->newer;
    t->n++;
    give(t, &(struct npc_tap_record){ .kind = NPC_TAP_OPENED, .time = r->time, .pipe = &k->v });
    return true;
}

static bool on_record(struct npc_tap *t, const uint8_t *body, size_t len)
{
    struct mux_record r;
    struct rd rd;
    if (!t->each) {
        wr_u32(&t->early, (uint32_t)len);
        wr_bytes(&t->early, body, len);
        return t->early.st == STATUS_SUCCESS;
    }
    rd_init(&rd, body, len);
    if (mux_get_record(&rd, &r) != STATUS_SUCCESS)
        return false;
    struct known **at = find(t, r.pipe);
    switch ((enum mux_record_kind)r.kind) {
    case MUX_TAP_PIPE:
        return on_pipe(t, &r);
    case MUX_TAP_OCTETS:
        if (*at)
            give(t, &(struct npc_tap_record){ .kind = NPC_TAP_OCTETS,
                                              .time = r.time,
                                              .pipe = &(*at)->v,
                                              .from_server = r.flags & MUX_TAP_FROM_SERVER,
                                              .earlier = r.flags & MUX_TAP_EARLIER,
                                              .octets = r.octets });
        return true;
    case MUX_TAP_CLOSED:
        if (*at)
            give_closed(t, at, r.time);
        return true;
    case MUX_TAP_LOST:
        give(t, &(struct npc_tap_record){
                    .kind = NPC_TAP_LOST, .time = r.time, .records = r.records, .bytes = r.bytes });
        return true;
    }
    return false;
}

/* ---- opening ---- */

static void on_open(struct mux_line *l)
{
    struct npc_tap *t = of(l);
    struct wr w;
    enum nt_status st = mux_line_hello(l, NULL, NULL);
    t->tap_id = mux_line_id(l);
    mux_begin(&w, MUX_TAP, t->tap_id, STATUS_SUCCESS);
    mux_put_tap(&w, &t->q);
    if (st == STATUS_SUCCESS)
        st = mux_line_send(l, &w);
    wr_free(&w);
    if (st != STATUS_SUCCESS)
        io_close(&l->stream, st, false);
}

static bool refused(struct npc_tap *t, enum nt_status st, struct rd *body)
{
    char why[sizeof t->err.text];
    mux_get_str(body, why, sizeof why);
    t->why = nt_ok(st) ? STATUS_INVALID_NETWORK_RESPONSE : st;
    nt_error_set(&t->err, t->why, "%s", why);
    t->done = true;
    return true;
}

static bool on_message(struct mux_line *l, const struct mux_hdr *h, const uint8_t *body, size_t len)
{
    struct npc_tap *t = of(l);
    struct rd r;
    rd_init(&r, body, len);
    if (t->open)
        return h->type == (MUX_TAP_DATA | MUX_ANSWER) && h->id == t->tap_id && on_record(t, body, len);
    if (h->type != (MUX_TAP | MUX_ANSWER) || h->id != t->tap_id)
        return false;
    if (h->status != STATUS_SUCCESS)
        return refused(t, h->status, &r);
    t->done = t->open = mux_get_tapped(&r, &t->about) == STATUS_SUCCESS;
    io_hold(&l->stream, true); /* until npc_tap_run */
    return t->open;
}

static void on_close(struct mux_line *l, enum nt_status why)
{
    struct npc_tap *t = of(l);
    t->dead = true;
    if (!t->why) {
        t->why = why;
        mux_line_why(l, why, false, &t->err);
    }
}

static bool is_opened(void *arg)
{
    const struct npc_tap *t = arg;
    return t->done || t->dead;
}

static bool copy(char *to, size_t size, const char *from)
{
    size_t n = from ? strlen(from) : 0;
    if (n >= size)
        return false;
    memcpy(to, n ? from : "", n + 1);
    return true;
}

static enum nt_status fill(struct npc_tap *t, const struct npc_tap_options *o, const char *path)
{
    t->q = (struct mux_tap){ .whose = o->all ? MUX_ALL : MUX_MINE,
                             .uid = o->all ? o->uid : MUX_TAP_ANY,
                             .pid = o->pid,
                             .queue = o->queue };
    if (!copy(t->path, sizeof t->path, path) || !copy(t->q.server, sizeof t->q.server, o->server) ||
        !copy(t->q.pipe, sizeof t->q.pipe, o->pipe) || o->queue > MUX_TAP_QUEUE_MAX)
        return nt_error_set(o->error, STATUS_INVALID_PARAMETER, "a path, a pattern or the queue is too long");
    return STATUS_SUCCESS;
}

static enum nt_status dial(struct npc_tap *t, const struct npc_tap_options *o)
{
    uint64_t deadline =
        io_loop_now(t->loop) + (uint64_t)(o->timeout_ms ? o->timeout_ms : NPC_DEFAULT_TIMEOUT_MS) * 1000000u;
    enum nt_status st = mux_line_dial(&t->line, t->loop, t->path, deadline);
    if (st == STATUS_SUCCESS)
        st = io_wait(t->loop, is_opened, t, deadline, NULL);
    if (st != STATUS_SUCCESS)
        return nt_error_set(o->error, st, "the muxer at %s: %s", t->path, nt_status_text(st));
    if (!t->open)
        return nt_error_set(o->error, t->why, "%s", t->err.text);
    return STATUS_SUCCESS;
}

enum nt_status npc_tap_open(const struct npc_tap_options *o, struct npc_tap **ret)
{
    struct npc_tap_options own = NPC_TAP_OPTIONS_INIT;
    memcpy(&own, o, o->size < sizeof own ? o->size : sizeof own);
    struct npc_tap *t = calloc(1, sizeof *t);
    if (!t)
        return nt_error_set(own.error, STATUS_NO_MEMORY, "no memory");
    t->newest = &t->oldest;
    t->loop = own.loop;
    t->private_loop = !own.loop;
    char path[NPC_MUX_PATH];
    enum nt_status st = npc_mux_pick(own.mux, path, own.error);
    if (st == STATUS_SUCCESS)
        st = fill(t, &own, path);
    if (st == STATUS_SUCCESS && !t->loop && (st = nt_loop_new(own.env, &t->loop)) != STATUS_SUCCESS)
        nt_error_set(own.error, st, "no loop can be made");
    if (st != STATUS_SUCCESS) {
        free(t);
        return st;
    }
    wr_init(&t->early, EARLY_MAX);
    mux_line_init(&t->line, own.env ? own.env : io_loop_env(t->loop));
    t->line.on_open = on_open;
    t->line.on_message = on_message;
    t->line.on_close = on_close;
    st = dial(t, &own);
    if (st != STATUS_SUCCESS)
        npc_tap_close(t, NULL, NULL);
    else
        *ret = t;
    return st;
}

enum nt_status npc_tap_about(const struct npc_tap *t, struct npc_tap_about *ret)
{
    size_t size = ret->size < sizeof *ret ? ret->size : sizeof *ret;
    struct npc_tap_about a = { ret->size, t->about.tap, t->about.program, t->about.host };
    if (size < sizeof ret->size)
        return STATUS_INVALID_PARAMETER;
    memcpy(ret, &a, size);
    return STATUS_SUCCESS;
}

/* ---- running ---- */

static void give_early(struct npc_tap *t)
{
    struct rd r;
    rd_init(&r, t->early.base, t->early.len);
    while (rd_left(&r)) {
        size_t n = rd_u32(&r);
        const uint8_t *body = rd_bytes(&r, n);
        if (!body || !on_record(t, body, n))
            io_close(&t->line.stream, STATUS_INVALID_NETWORK_RESPONSE, false);
    }
    t->early.len = 0;
}

static bool is_over(void *arg)
{
    const struct npc_tap *t = arg;
    return t->stopped || t->dead;
}

enum nt_status npc_tap_run(struct npc_tap *t, bool (*each)(void *arg, const struct npc_tap_record *r),
                           void *arg, int timeout_ms, struct nt_cancel *cancel)
{
    uint64_t deadline = timeout_ms < 0 ? UINT64_MAX : io_loop_now(t->loop) + (uint64_t)timeout_ms * 1000000u;
    t->each = each;
    t->arg = arg;
    give_early(t);
    io_hold(&t->line.stream, false);
    enum nt_status st = io_wait(t->loop, is_over, t, deadline, cancel);
    io_hold(&t->line.stream, true);
    t->each = NULL;
    return st != STATUS_SUCCESS ? st : t->stopped ? STATUS_SUCCESS : STATUS_CONNECTION_DISCONNECTED;
}

void npc_tap_close(struct npc_tap *t, void (*gone)(void *arg, struct npc_tap_pipe *p), void *arg)
{
    if (!t)
        return;
    mux_line_done(&t->line);
    wr_free(&t->early);
    if (t->private_loop)
        nt_loop_free(t->loop);
    while (t->oldest) {
        if (gone)
            gone(arg, &t->oldest->v);
        forget(t, find(t, t->oldest->v.id));
    }
    free(t);
}
