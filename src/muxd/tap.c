// SPDX-License-Identifier: Apache-2.0
/*
 * Taps: who asks for one gets what goes over pipes, as records on the connection that asked;
 * docs/wire/npcmux.md. One sees the pipes of one's own uid, root those of everybody. Nothing waits for a tap:
 * what a slow reader has no room for is dropped and counted in the stream.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "capture/flow.h"
#include "muxd/m_muxd.h"
#include "npc/mux_tap.h"
#include "rpc/pdu.h"

#ifndef TERN_VERSION
#define TERN_VERSION "unknown"
#endif

/* One for each bit of conn.tap_watch; and so many of one uid, for each costs the loop a copy of every PDU. */
#define TAPS_MAX     32u
#define TAPS_PER_UID 4u
/* Records that wait: small ones take many times their length in memory. */
#define TAP_RECORDS 16384u
/* Octets of binds, and of the answers to them, that are kept of each pipe for taps that begin later: without
 * them nobody can tell what its calls are. Without the security tokens, which are not kept, a bind with its
 * answer has 130 to 400 octets, so a pipe that is not tapped pays little for it; 1 KiB is an eighth of what a
 * pipe may take. */
#define KEEP_MAX 1024u

struct tap {
    struct tap *next;
    struct conn *c;
    uint64_t id;
    uint32_t bit, request;
    struct mux_tap f;
    uint64_t records, lost, lost_bytes; /* lost since it was last told */
    uint64_t all_lost;
};

/* Binds and answers, one behind the other: time, direction, length, octets. */
struct tap_keep {
    uint32_t call_id; /* whose answer is awaited */
    bool awaited;
    uint16_t len;
    uint8_t data[];
};
#define ENTRY 11u

/* ns since 1970 of NT's 100 ns since 1601 */
static uint64_t wall(const struct muxd *d)
{
    return (d->env->wall(d->env->arg) - UINT64_C(116444736000000000)) * 100;
}

/* ---- records ---- */

static bool has_room(const struct tap *t)
{
    return t->c->stream.queued <= t->f.queue && t->c->stream.n_out < TAP_RECORDS &&
           t->c->owner->output <= MUX_TAP_QUEUE_MAX && t->c->d->output <= MUXD_OUTPUT;
}

static void put(struct tap *t, const struct mux_record *r)
{
    struct wr w;
    mux_begin(&w, MUX_TAP_DATA | MUX_ANSWER, t->request, STATUS_SUCCESS);
    mux_put_record(&w, r);
    conn_answer(t->c, &w);
}

/* False: there was no room for it. */
static bool emit(struct tap *t, const struct mux_record *r)
{
    if (!has_room(t)) {
        t->lost++;
        t->all_lost++;
        t->lost_bytes += r->octets.len;
        t->c->d->n.tap_lost++;
        return false;
    }
    if (t->lost) {
        put(t, &(struct mux_record){
                   .kind = MUX_TAP_LOST, .time = r->time, .records = t->lost, .bytes = t->lost_bytes });
        t->lost = t->lost_bytes = 0;
    }
    t->records++;
    put(t, r);
    return true;
}

static void emit_kept(struct tap *t, const struct conn *c)
{
    const struct tap_keep *k = c->tap_keep;
    for (size_t at = 0; k && at < k->len;) {
        const uint8_t *e = k->data + at;
        size_t n = le16(e + 9);
        struct mux_record r = { .kind = MUX_TAP_OCTETS,
                                .time = le64(e),
                                .pipe = c->pipe_id,
                                .flags = (uint8_t)(MUX_TAP_EARLIER | (e[8] ? MUX_TAP_FROM_SERVER : 0)),
                                .octets = { e + ENTRY, n } };
        (void)emit(t, &r);
        at += ENTRY + n;
    }
}

static void text(char *to, size_t size, const char *from)
{
    size_t n = from ? strnlen(from, size - 1) : 0;
    memcpy(to, n ? from : "", n);
    to[n] = '\0';
}

/* What a pipe is comes before its first record, once. */
static bool announce(struct tap *t, struct conn *c, uint64_t time)
{
    struct mux_record r = { .kind = MUX_TAP_PIPE,
                            .time = time,
                            .pipe = c->pipe_id,
                            .uid = c->owner->uid,
                            .pid = c->pid,
                            .mode = c->to.mode };
    struct npc_facts f = { .size = sizeof f };
    if (c->link && c->link->session && npc_session_facts(c->link->session, &f) == STATUS_SUCCESS)
        text(r.peer, sizeof r.peer, f.peer);
    memcpy(r.server, c->to.server, sizeof r.server);
    memcpy(r.name, c->to.pipe, sizeof r.name);
    if (!emit(t, &r))
        return false;
    c->tap_told |= t->bit;
    emit_kept(t, c);
    return true;
}

/* ---- binds are kept ---- */

static void keep(struct conn *c, bool from_server, const uint8_t *pdu, const struct rpc_hdr *h)
{
    struct tap_keep *k = c->tap_keep;
    size_t have = k ? k->len : 0;
    uint8_t e[ENTRY], *own = malloc(h->frag_len);
    if (!own)
        return;
    memcpy(own, pdu, h->frag_len);
    size_t len = capture_trim_pdu(own, h->frag_len);
    if (have + ENTRY + len <= KEEP_MAX && (k = realloc(k, sizeof *k + have + ENTRY + len))) {
        uint64_t now = wall(c->d);
        put_le32(e, (uint32_t)now);
        put_le32(e + 4, (uint32_t)(now >> 32));
        e[8] = from_server;
        put_le16(e + 9, (uint16_t)len);
        memcpy(k->data + have, e, ENTRY);
        memcpy(k->data + have + ENTRY, own, len);
        k->len = (uint16_t)(have + ENTRY + len);
        k->call_id = h->call_id;
        k->awaited = !from_server;
        c->tap_keep = k;
    }
    free(own);
}

/* Binds and alter_contexts; and what comes first of an answer, if that is whole, as all are that are short
 * enough. */
static void keep_if_bind(struct conn *c, bool from_server, const uint8_t *p, size_t len)
{
    struct rpc_hdr h;
    const char *why;
    const struct tap_keep *k = c->tap_keep;
    if (len < RPC_HDR_LEN || rpc_hdr_decode(p, &h, &why) != STATUS_SUCCESS || h.frag_len > len)
        return;
    if (!from_server && (h.ptype == RPC_PT_BIND || h.ptype == RPC_PT_ALTER))
        keep(c, false, p, &h);
    else if (from_server && (h.ptype == RPC_PT_BIND_ACK || h.ptype == RPC_PT_ALTER_RESP) && k && k->awaited &&
             k->call_id == h.call_id)
        keep(c, true, p, &h);
}

/* ---- what the engine tells ---- */

void tap_seen(struct conn *c, bool from_server, const uint8_t *data, size_t len)
{
    struct muxd *d = c->d;
    uint64_t now = c->tap_watch ? wall(d) : 0;
    for (struct tap *t = c->tap_watch ? d->taps : NULL; t; t = t->next) {
        struct mux_record r = { .kind = MUX_TAP_OCTETS,
                                .time = now,
                                .pipe = c->pipe_id,
                                .flags = from_server ? MUX_TAP_FROM_SERVER : 0,
                                .octets = { data, len } };
        if ((c->tap_watch & t->bit) && ((c->tap_told & t->bit) || announce(t, c, now)))
            (void)emit(t, &r);
        else if (c->tap_watch & t->bit) {
            t->lost++; /* with what it is of */
            t->lost_bytes += len;
        }
    }
    if (len > 2 && TAP_IS_BIND(data[2]))
        keep_if_bind(c, from_server, data, len);
}

static bool wanted(const struct tap *t, const struct conn *c)
{
    const struct mux_tap *f = &t->f;
    bool whose =
        f->whose == MUX_ALL ? f->uid == MUX_TAP_ANY || f->uid == c->owner->uid : c->owner == t->c->owner;
    return whose && (c->pipe || c->lent) && !c->opening && (!f->pid || f->pid == c->pid) &&
           (!*f->server || cred_fits(f->server, c->to.server)) &&
           (!*f->pipe || cred_fits(f->pipe, c->to.pipe));
}

void tap_opened(struct conn *c)
{
    for (const struct tap *t = c->d->taps; t; t = t->next)
        if (wanted(t, c))
            c->tap_watch |= t->bit;
}

void tap_closed(struct conn *c)
{
    uint64_t now = c->tap_told ? wall(c->d) : 0;
    for (struct tap *t = c->tap_told ? c->d->taps : NULL; t; t = t->next)
        if (c->tap_told & t->bit)
            (void)emit(t, &(struct mux_record){ .kind = MUX_TAP_CLOSED, .time = now, .pipe = c->pipe_id });
    c->tap_watch = c->tap_told = 0;
    free(c->tap_keep);
    c->tap_keep = NULL;
}

/* ---- begin and end ---- */

void tap_init(struct muxd *d)
{
    if (gethostname(d->host, sizeof d->host - 1) != 0)
        d->host[0] = '\0';
}

static enum nt_status check(const struct conn *c, const struct mux_tap *f, const char **ret_why)
{
    unsigned mine = 0, all = 0;
    if (f->whose == MUX_ALL ? c->owner->uid != 0 : f->uid != MUX_TAP_ANY && f->uid != c->owner->uid) {
        *ret_why = "only root sees what goes over the pipes of others";
        return STATUS_ACCESS_DENIED;
    }
    for (const struct tap *t = c->d->taps; t; t = t->next) {
        all++;
        mine += t->c->owner == c->owner;
    }
    *ret_why = "there are too many taps already";
    if (mine >= TAPS_PER_UID || all >= TAPS_MAX)
        return STATUS_QUOTA_EXCEEDED;
    *ret_why = "this connection has a session";
    return c->link ? STATUS_INVALID_DEVICE_STATE : STATUS_SUCCESS;
}

static uint32_t free_bit(const struct muxd *d)
{
    uint32_t used = 0, bit = 1;
    for (const struct tap *t = d->taps; t; t = t->next)
        used |= t->bit;
    while (used & bit)
        bit <<= 1;
    return bit;
}

static void answer(const struct tap *t, uint32_t id)
{
    struct mux_tapped a = { .tap = t->id, .program = "npcmuxd " TERN_VERSION };
    struct wr w;
    text(a.host, sizeof a.host, t->c->d->host);
    mux_begin(&w, MUX_TAP | MUX_ANSWER, id, STATUS_SUCCESS);
    mux_put_tapped(&w, &a);
    conn_answer(t->c, &w);
}

static void tell(const struct conn *c, const struct tap *t, enum muxd_event_kind kind, enum nt_status st)
{
    struct muxd_event e = { .kind = kind, .st = st, .uid = c->owner->uid, .pid = c->pid, .program = c->program };
    if (t) {
        bool all = t->f.whose == MUX_ALL;
        e.tap = t->id;
        e.tap_all = all && t->f.uid == MUX_TAP_ANY;
        e.tap_uid = all ? t->f.uid : c->owner->uid;
        e.tap_pid = t->f.pid;
        e.server = t->f.server;
        e.pipe = t->f.pipe;
        e.records = t->records;
        e.lost = t->all_lost;
    }
    muxd_tell(c->d, &e);
}

static void begin(struct conn *c, uint32_t id, const struct mux_tap *f)
{
    struct muxd *d = c->d;
    struct tap *t = calloc(1, sizeof *t);
    if (!t) {
        conn_refuse(c, MUX_TAP, id, STATUS_NO_MEMORY, "no memory");
        return;
    }
    *t = (struct tap){
        .next = d->taps, .c = c, .id = ++d->last_tap, .bit = free_bit(d), .request = id, .f = *f
    };
    if (!t->f.queue)
        t->f.queue = MUX_TAP_QUEUE;
    d->taps = t;
    d->n.taps++;
    c->tap = t;
    c->state = CONN_TAP;
    answer(t, id);
    for (struct conn *x = d->conns; x; x = x->next)
        if (wanted(t, x))
            x->tap_watch |= t->bit;
    tell(c, t, MUXD_TAPPED, STATUS_SUCCESS);
}

void tap_run(struct conn *c, const struct mux_hdr *h, struct rd *body)
{
    struct mux_tap f;
    const char *why = "not a Tap";
    enum nt_status st = mux_get_tap(body, &f);
    if (st == STATUS_SUCCESS)
        st = check(c, &f, &why);
    if (st == STATUS_SUCCESS) {
        begin(c, h->id, &f);
        return;
    }
    if (st == STATUS_ACCESS_DENIED)
        tell(c, NULL, MUXD_TAPPED, st);
    conn_refuse(c, MUX_TAP, h->id, st, why);
}

void tap_end(struct conn *c)
{
    struct tap *t = c->tap, **at = &c->d->taps;
    if (!t)
        return;
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    c->d->n.taps--;
    c->tap = NULL;
    for (struct conn *x = c->d->conns; x; x = x->next) {
        x->tap_watch &= ~t->bit;
        x->tap_told &= ~t->bit;
    }
    tell(c, t, MUXD_TAP_ENDED, STATUS_SUCCESS);
    free(t);
}
