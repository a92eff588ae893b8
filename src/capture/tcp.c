// SPDX-License-Identifier: Apache-2.0
/*
 * Connections, and their bytes in order ([RFC9293] 3.4). What comes twice is taken once, the first; what
 * comes early waits; what does not come is a gap, told once it is sure that it will not.
 */
#include "capture/m_capture.h"

/* Sequence numbers further apart than the largest window ([RFC7323] 2.3) belong to another connection. */
#define WINDOW_MAX (1 << 30)

static int32_t distance(uint32_t to, uint32_t from)
{
    return (int32_t)(to - from);
}

/* ---- finding connections ---- */

static bool same_peer(const struct capture_peer *a, const struct capture_peer *b)
{
    return a->port == b->port && a->v6 == b->v6 && memcmp(a->addr, b->addr, sizeof a->addr) == 0;
}

static uint32_t peer_hash(const struct capture *c, const struct capture_peer *p)
{
    uint32_t h = (2166136261u ^ c->seed) + p->port;
    for (size_t i = 0; i < sizeof p->addr; i++)
        h = (h ^ p->addr[i]) * 16777619u;
    return h ^ h >> 15;
}

static struct cap_flow **bucket(struct capture *c, const struct capture_peer *a, const struct capture_peer *b)
{
    return &c->buckets[(peer_hash(c, a) + peer_hash(c, b)) % CAP_BUCKETS]; /* the same for both directions */
}

static void unlink_age(struct capture *c, struct cap_flow *f)
{
    *(f->newer ? &f->newer->older : &c->newest) = f->older;
    *(f->older ? &f->older->newer : &c->oldest) = f->newer;
}

static void link_newest(struct capture *c, struct cap_flow *f)
{
    f->newer = NULL;
    f->older = c->newest;
    *(c->newest ? &c->newest->newer : &c->oldest) = f;
    c->newest = f;
}

static struct cap_flow *find(struct capture *c, const struct cap_tcp *t, unsigned *ret_half)
{
    for (struct cap_flow *f = *bucket(c, &t->from, &t->to); f; f = f->next_hash)
        for (unsigned h = 0; h < 2; h++)
            if (same_peer(&f->peer[h], &t->from) && same_peer(&f->peer[1 - h], &t->to)) {
                *ret_half = h;
                return f;
            }
    return NULL;
}

static void free_segment(struct cap_flow *f, struct cap_segment *s)
{
    cap_release(f->c, s, sizeof *s + s->len);
}

static void forget(struct capture *c, struct cap_flow *f);

static struct cap_flow *start(struct capture *c, const struct cap_tcp *t)
{
    if (c->n_flows >= CAPTURE_FLOWS_MAX) {
        if (!(c->said & CAP_ONCE_FLOWS)) {
            c->said |= CAP_ONCE_FLOWS;
            cap_note(c, NULL, NULL, &c->at, "more than %u connections at once: the oldest ones are given up",
                     CAPTURE_FLOWS_MAX);
        }
        forget(c, c->oldest);
    }
    struct cap_flow *f = cap_zalloc(c, sizeof *f);
    if (!f && c->oldest) { /* the silent ones may hold much */
        forget(c, c->oldest);
        f = cap_zalloc(c, sizeof *f);
    }
    if (!f)
        return NULL;
    f->c = c;
    f->peer[0] = t->from;
    f->peer[1] = t->to;
    f->client = -1;
    f->stream = (uint32_t)c->t.streams++;
    struct cap_flow **b = bucket(c, &t->from, &t->to);
    f->next_hash = *b;
    *b = f;
    link_newest(c, f);
    c->n_flows++;
    return f;
}

/* ---- bytes in order ---- */

static void deliver(struct cap_flow *f, unsigned h, const struct cap_at *at, const uint8_t *p, size_t n,
                    size_t hole)
{
    struct cap_half *e = &f->half[h];
    e->next += (uint32_t)(n + hole);
    if (n)
        cap_stream_data(f, h, at, p, n);
    if (hole) {
        f->c->t.lost_bytes += hole;
        cap_stream_gap(f, h, at, hole);
    }
}

/* Delivers what of a segment is new. False: it starts beyond what is next. */
static bool fits(struct cap_flow *f, unsigned h, const struct cap_at *at, uint32_t seq, const uint8_t *p,
                 size_t n, size_t hole)
{
    int32_t ahead = distance(seq, f->half[h].next);
    if (ahead > 0)
        return false;
    size_t old = (size_t)(-(int64_t)ahead);
    if (old >= n + hole) {
        f->c->t.resent_bytes += n;
        return true;
    }
    f->c->t.resent_bytes += old < n ? old : n;
    if (old < n)
        deliver(f, h, at, p + old, n - old, hole);
    else
        deliver(f, h, at, NULL, 0, hole - (old - n));
    return true;
}

static void drop_first(struct cap_flow *f, unsigned h)
{
    struct cap_half *e = &f->half[h];
    struct cap_segment *s = e->pending;
    e->pending = s->next;
    e->n_pending--;
    e->pending_bytes -= s->len;
    free_segment(f, s);
}

static void drain(struct cap_flow *f, unsigned h)
{
    struct cap_half *e = &f->half[h];
    while (e->pending &&
           fits(f, h, &e->pending->at, e->pending->seq, e->pending->data, e->pending->len, e->pending->hole))
        drop_first(f, h);
    if (!e->pending)
        e->patience = 0;
}

/* Gives up the bytes in front of the first segment that waits. */
static void skip_gap(struct cap_flow *f, unsigned h)
{
    struct cap_half *e = &f->half[h];
    uint32_t n = e->pending->seq - e->next;
    deliver(f, h, &e->pending->at, NULL, 0, n);
    e->patience = 0;
    drain(f, h);
}

/* Are the missing bytes known to have arrived, though the capture does not have them? */
static void judge_gap(struct cap_flow *f, unsigned h)
{
    struct cap_half *e = &f->half[h];
    while (e->pending) {
        bool full = e->n_pending > CAPTURE_PENDING_SEGMENTS || e->pending_bytes > CAPTURE_PENDING_BYTES;
        bool acked = e->acked_any && distance(e->acked, e->pending->seq) >= 0;
        if (!full && !(acked && ++e->patience > CAPTURE_GAP_PATIENCE))
            return;
        skip_gap(f, h);
    }
}

/* Puts a segment that is early into its place. */
static void wait_for_gap(struct cap_flow *f, unsigned h, const struct cap_at *at, const struct cap_tcp *t,
                         uint32_t seq)
{
    struct cap_half *e = &f->half[h];
    struct cap_segment *s = cap_resize(f->c, NULL, 0, sizeof *s + t->have), **p = &e->pending;
    if (!s) { /* no memory: what waits must do */
        if (e->pending)
            skip_gap(f, h);
        return;
    }
    *s = (struct cap_segment){ .at = *at, .seq = seq, .len = t->have, .hole = t->len - t->have };
    memcpy(s->data, t->data, t->have);
    while (*p && distance(seq, (*p)->seq) >= 0)
        p = &(*p)->next;
    s->next = *p;
    *p = s;
    e->n_pending++;
    e->pending_bytes += s->len;
}

static void take_data(struct cap_flow *f, unsigned h, const struct cap_at *at, const struct cap_tcp *t,
                      uint32_t seq)
{
    struct cap_half *e = &f->half[h];
    int32_t ahead = distance(seq, e->next);
    if (ahead > WINDOW_MAX || ahead < -WINDOW_MAX) {
        f->c->t.malformed++;
        return;
    }
    if (fits(f, h, at, seq, t->data, t->have, t->len - t->have))
        drain(f, h);
    else
        wait_for_gap(f, h, at, t, seq);
}

/* ---- the life of a connection ---- */

/* Everything that waits is delivered, gaps or not. */
static void flush(struct cap_flow *f)
{
    for (unsigned h = 0; h < 2; h++)
        while (f->half[h].pending)
            skip_gap(f, h);
}

static void end_flow(struct cap_flow *f)
{
    if (f->ended)
        return;
    flush(f);
    f->ended = true;
    cap_stream_end(f);
}

static void forget(struct capture *c, struct cap_flow *f)
{
    end_flow(f);
    struct cap_flow **p = bucket(c, &f->peer[0], &f->peer[1]);
    while (*p != f)
        p = &(*p)->next_hash;
    *p = f->next_hash;
    unlink_age(c, f);
    c->n_flows--;
    cap_release(c, f, sizeof *f);
}

void cap_tcp_end(struct capture *c)
{
    while (c->oldest)
        forget(c, c->oldest);
}

static void begin_half(struct cap_flow *f, unsigned h, const struct cap_tcp *t)
{
    struct cap_half *e = &f->half[h];
    bool syn = t->flags & CAP_TCP_SYN;
    if (e->started)
        return;
    e->started = true;
    e->isn = t->seq;
    e->middle = !syn;
    e->next = t->seq + (syn ? 1 : 0);
    if (syn)
        f->client = t->flags & CAP_TCP_ACK ? (int)(1 - h) : (int)h;
}

static void note_ack(struct cap_half *e, uint32_t ack)
{
    if (!e->acked_any || distance(ack, e->acked) > 0)
        e->acked = ack;
    e->acked_any = true;
}

static bool both_closed(struct cap_flow *f)
{
    for (unsigned h = 0; h < 2; h++) {
        struct cap_half *e = &f->half[h];
        if (!e->fin || distance(e->next, e->fin_seq) < 0)
            return false;
    }
    return true;
}

/* A SYN that does not repeat the one that opened this connection opens another between the same ports. */
static bool is_new(const struct cap_flow *f, unsigned h, const struct cap_tcp *t)
{
    const struct cap_half *e = &f->half[h], *other = &f->half[1 - h];
    if ((t->flags & (CAP_TCP_SYN | CAP_TCP_ACK)) != CAP_TCP_SYN)
        return false;
    if (e->started)
        return e->middle || e->isn != t->seq;
    return other->started && other->middle;
}

void cap_tcp_segment(struct capture *c, const struct cap_at *at, const struct cap_tcp *t)
{
    unsigned h = 0;
    struct cap_flow *f = find(c, t, &h);
    if (f && is_new(f, h, t)) {
        forget(c, f);
        f = NULL;
    }
    if (!f) {
        if (!(f = start(c, t)))
            return;
        h = 0;
    }
    if (f != c->newest) {
        unlink_age(c, f);
        link_newest(c, f);
    }
    if (f->ended)
        return;
    begin_half(f, h, t);
    uint32_t seq = t->seq + (t->flags & CAP_TCP_SYN ? 1 : 0);
    if (t->flags & CAP_TCP_ACK)
        note_ack(&f->half[1 - h], t->ack);
    if (t->len)
        take_data(f, h, at, t, seq);
    if (t->flags & CAP_TCP_FIN) {
        f->half[h].fin = true;
        f->half[h].fin_seq = seq + (uint32_t)t->len;
    }
    judge_gap(f, 0);
    judge_gap(f, 1);
    if (t->flags & CAP_TCP_RST || both_closed(f))
        end_flow(f);
}
