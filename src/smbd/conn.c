// SPDX-License-Identifier: Apache-2.0
/* A connection: frames in, message ids and credits, time-outs, the end ([MS-SMB2] 3.3.5.1, 3.3.5.2, 3.3.7.1).
 */
#include <stdio.h>
#include <stdlib.h>
#include "smbd/m_smbd.h"

#define SMB1_MAGIC   "\xffSMB"
#define SMB2_MAGIC   "\xfeSMB"
#define SEALED_MAGIC "\xfdSMB"

/* A connection that we end may take its last answer with it, if it reads that soon. */
#define FAREWELL UINT64_C(5000000000)

void smbd_hang_up(struct smbd_conn *c)
{
    if (c->state == SMBD_CLOSED)
        return;
    c->state = SMBD_CLOSED;
    io_timer(&c->stream, &c->timer, io_now(&c->stream) + FAREWELL);
    io_close(&c->stream, STATUS_CONNECTION_DISCONNECTED, true);
}

/* Somebody has logged on. Until then it is a stranger, however many logons it has begun. */
bool smbd_is_known(const struct smbd_conn *c)
{
    const struct smbd_session *x = c->sessions;
    const struct smbd_channel *ch = c->channels;
    while (x && x->state == SMBD_SETUP)
        x = x->next;
    while (ch && !ch->valid)
        ch = ch->next;
    return x || ch;
}

/* ---- message ids ([MS-SMB2] 3.3.1.1, 3.3.1.2) ---- */

static uint64_t *word(struct smbd_conn *c, uint64_t id)
{
    uint64_t *bits = c->seen ? c->seen : &c->few;
    return &bits[id % c->span / 64];
}

static bool id_seen(struct smbd_conn *c, uint64_t id)
{
    return *word(c, id) >> (id % 64) & 1;
}

/* Room for ids up to `span` ahead of the first that has not come. */
static bool widen(struct smbd_conn *c, unsigned span)
{
    unsigned n = c->span;
    while (n < span)
        n *= 2;
    uint64_t *bits = n > c->span ? calloc(n / 64, sizeof *bits) : NULL;
    if (n == c->span || !bits)
        return n == c->span;
    for (uint64_t id = c->low; id < c->high; id++)
        if (id_seen(c, id))
            bits[id % n / 64] |= UINT64_C(1) << (id % 64);
    free(c->seen);
    c->seen = bits;
    c->span = n;
    return true;
}

bool smbd_take_ids(struct smbd_conn *c, uint64_t mid, unsigned n)
{
    if (mid < c->low || mid >= c->high || n > c->high - mid)
        return false;
    for (unsigned i = 0; i < n; i++)
        if (id_seen(c, mid + i))
            return false;
    for (unsigned i = 0; i < n; i++)
        *word(c, mid + i) |= UINT64_C(1) << ((mid + i) % 64);
    while (c->low < c->high && id_seen(c, c->low)) {
        *word(c, c->low) &= ~(UINT64_C(1) << (c->low % 64));
        c->low++;
    }
    c->credits -= n;
    return true;
}

uint16_t smbd_grant(struct smbd_conn *c, unsigned asked)
{
    unsigned most = c->credits < SMBD_CREDITS ? SMBD_CREDITS - c->credits : 0;
    uint64_t room = SMBD_WINDOW - (c->high - c->low);
    unsigned n = asked ? asked : 1;
    /* a stranger gets one at a time: there is nothing to pipeline ([MS-SMB2] 3.3.1.2) */
    if (!smbd_is_known(c))
        n = c->credits ? 0 : 1;
    n = n < most ? n : most;
    n = n < room ? n : (unsigned)room;
    if (!widen(c, (unsigned)(c->high - c->low) + n)) /* then as many as fit */
        n = c->span - (unsigned)(c->high - c->low);
    c->high += n;
    c->credits += n;
    return (uint16_t)n;
}

/* ---- messages ---- */

static bool sealed_message(struct smbd_conn *c, uint8_t *msg, size_t len)
{
    if (len <= SMB_TRANSFORM + SMB_HDR || le16(msg + 42) != 1 || le32(msg + 36) != len - SMB_TRANSFORM)
        return false;
    struct smbd_session *x = smbd_session_find(c, le64(msg + 44));
    if (!x || !x->have_keys || x->anonymous || x->keys.open.id == NPC_CIPHER_NONE)
        return false;
    if (!smb_unseal(&x->keys.open, msg, msg + SMB_TRANSFORM, len - SMB_TRANSFORM))
        return false;
    if (memcmp(msg + SMB_TRANSFORM, SMB2_MAGIC, 4) != 0)
        return false;
    smbd_run_message(c, msg + SMB_TRANSFORM, len - SMB_TRANSFORM, true, x->id);
    return true;
}

/* One message without its frame. false: what does not speak SMB 2 gets no answer. */
static bool on_message(struct smbd_conn *c, uint8_t *msg, size_t len)
{
    if (memcmp(msg, SEALED_MAGIC, 4) == 0)
        return sealed_message(c, msg, len);
    if (memcmp(msg, SMB2_MAGIC, 4) == 0) {
        smbd_run_message(c, msg, len, false, 0);
        return true;
    }
    return memcmp(msg, SMB1_MAGIC, 4) == 0 && smbd_smb1_negotiate(c, msg, len);
}

/* The length in a frame; 0 when it is out of range. Less is allowed before there is anybody who may ask. */
static size_t frame_len(const struct smbd_conn *c, const uint8_t *p)
{
    size_t n = (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    size_t most = smbd_is_known(c) ? SMB_MAX_MESSAGE : SMBD_STRANGER_MESSAGE;
    size_t least = c->state == SMBD_NEW ? 33 : SMB_HDR; /* an SMB1 header with its counts */
    return p[0] == 0 && n >= least && n <= most ? n : 0;
}

/* Collects what does not come whole. True: there is a message in c->in. */
static bool gather(struct smbd_conn *c, uint8_t **data, size_t *len)
{
    if (!c->want) {
        size_t n = SMB_FRAME - c->frame_len < *len ? SMB_FRAME - c->frame_len : *len;
        memcpy(c->frame + c->frame_len, *data, n);
        c->frame_len += n;
        *data += n;
        *len -= n;
        if (c->frame_len < SMB_FRAME)
            return false;
        c->frame_len = 0;
        c->want = frame_len(c, c->frame);
        if (!c->want) {
            smbd_hang_up(c);
            return false;
        }
    }
    size_t n = c->want - c->in.len < *len ? c->want - c->in.len : *len;
    wr_bytes(&c->in, *data, n);
    *data += n;
    *len -= n;
    smbd_stranger_holds(c, c->in.cap);
    if (c->in.st != STATUS_SUCCESS)
        smbd_hang_up(c);
    return c->in.st == STATUS_SUCCESS && c->in.len == c->want;
}

bool smbd_conn_full(struct smbd_conn *c)
{
    size_t most = c->s->output < SMBD_UNREAD_ALL ? IO_HIGH_WATER : SMBD_UNREAD_FEW;
    if (c->state == SMBD_CLOSED || c->stream.queued < most)
        return false;
    io_on_drain(&c->stream, &c->drained);
    return true;
}

/* Small requests may have large answers: who has not read those gets no more, not even for what has come. */
static void put_off(struct smbd_conn *c, const uint8_t *data, size_t len)
{
    wr_bytes(&c->rest, data, len);
    io_hold(&c->stream, true);
    if (c->rest.st != STATUS_SUCCESS)
        smbd_hang_up(c);
}

static void work_on(struct smbd_conn *c, uint8_t *data, size_t len)
{
    while (len && c->state != SMBD_CLOSED) {
        bool ok = true;
        if (c->stream.queued > SMBD_STRANGER_UNREAD && !smbd_is_known(c)) {
            c->s->counters.broken++;
            smbd_conn_close(c);
            return;
        }
        if (smbd_conn_full(c)) {
            put_off(c, data, len);
            return;
        }
        size_t n = !c->want && !c->frame_len && len > SMB_FRAME ? frame_len(c, data) : 0;
        if (n && n <= len - SMB_FRAME) { /* the usual case: whole, and used in place */
            ok = on_message(c, data + SMB_FRAME, n);
            data += SMB_FRAME + n;
            len -= SMB_FRAME + n;
        } else if (gather(c, &data, &len)) {
            struct wr in = c->in;
            wr_init(&c->in, SMB_MAX_MESSAGE);
            smbd_stranger_holds(c, 0);
            c->want = 0;
            ok = on_message(c, in.base, in.len);
            wr_free_secret(&in);
        }
        if (!ok)
            smbd_hang_up(c);
    }
}

static void conn_data(void *engine, uint8_t *data, size_t len)
{
    struct smbd_conn *c = engine;
    c->s->counters.bytes_in += len;
    work_on(c, data, len);
}

/* The client has read: what was put off goes on, and pipes that had something for it. */
static void drained_fn(struct io_item *it)
{
    struct smbd_conn *c = io_container(it, struct smbd_conn, drained);
    struct wr rest = c->rest;
    if (c->state == SMBD_CLOSED)
        return;
    for (struct smbd_wait *w = c->waits; w; w = w->next)
        io_ready(smbd_pipe_stream(w->pipe), &w->pipe->ready);
    wr_init(&c->rest, 2 * SMB_MAX_MESSAGE);
    io_hold(&c->stream, false);
    work_on(c, rest.base, rest.len);
    wr_free_secret(&rest);
}

/* ---- life ---- */

void smbd_conn_touch(struct smbd_conn *c)
{
    bool known = smbd_is_known(c), runs = !known && c->stranger;
    uint64_t limit = known ? c->s->idle_timeout : c->s->auth_timeout;
    if (c->state == SMBD_CLOSED || runs) /* what a stranger sends buys no time */
        return;
    if (!known && !c->stranger)
        io_guest_enter(&c->s->guests, &c->guest, smbd_now(c->s));
    else if (known)
        io_guest_leave(&c->s->guests, &c->guest);
    c->stranger = !known;
    if (limit)
        io_timer(&c->stream, &c->timer, io_now(&c->stream) + limit);
    else
        io_cancel(&c->timer);
}

static void conn_opened(void *engine)
{
    smbd_conn_touch(engine);
}

static void conn_closed(void *engine, enum nt_status why)
{
    struct smbd_conn *c = engine;
    c->s->counters.broken += why != STATUS_SUCCESS;
    smbd_conn_close(c);
}

const struct io_ops smbd_conn_ops = { conn_opened, conn_data, conn_closed };

/* Who waits for a pipe is not idle. */
static void timer_fn(struct io_item *it)
{
    struct smbd_conn *c = io_container(it, struct smbd_conn, timer);
    if (c->n_waits && c->state != SMBD_CLOSED) {
        smbd_conn_touch(c);
    } else {
        c->s->counters.timed_out += c->state != SMBD_CLOSED;
        smbd_conn_close(c);
    }
}

static void destroy_fn(struct io_item *it)
{
    struct smbd_conn *c = io_container(it, struct smbd_conn, destroy);
    io_stream_done(&c->stream);
    wr_free_secret(&c->in);
    wr_free_secret(&c->rest);
    free(c->seen);
    smbd_unref(c->s);
    nt_wipe(c, sizeof *c);
    free(c);
}

enum nt_status smbd_conn_new(struct smbd *s, const char *peer, struct smbd_conn **ret)
{
    struct smbd_conn *c = calloc(1, sizeof *c);
    if (!c)
        return STATUS_NO_MEMORY;
    c->s = s;
    s->refs++;
    c->high = c->credits = 1; /* the first message has id 0 */
    c->span = SMBD_WINDOW_FEW;
    c->next_async = 1;
    snprintf(c->peer, sizeof c->peer, "%s", peer);
    io_peer_key(peer, c->key);
    wr_init(&c->in, SMB_MAX_MESSAGE);
    wr_init(&c->rest, 2 * SMB_MAX_MESSAGE);
    io_stream_init(&c->stream, &smbd_conn_ops, c, s->env);
    c->stream.account[0] = &s->output;
    io_item_init(&c->timer, timer_fn);
    io_item_init(&c->drained, drained_fn);
    io_item_init(&c->destroy, destroy_fn);
    c->next = s->conns;
    c->link = &s->conns;
    if (c->next)
        c->next->link = &c->next;
    s->conns = c;
    s->n_conns++;
    smbd_host_count(c, 1);
    *ret = c;
    return STATUS_SUCCESS;
}

/* Sessions that began elsewhere go on there, if they can. */
static void drop_channels(struct smbd_conn *c)
{
    while (c->channels) {
        struct smbd_session *x = c->channels->x;
        smbd_channel_free(c->channels);
        if (!smbd_session_lives(x))
            smbd_session_end(x);
    }
}

static struct smbd_session *dead_session(const struct smbd_conn *c)
{
    struct smbd_session *x = c->sessions;
    while (x && smbd_session_lives(x))
        x = x->next;
    return x;
}

void smbd_conn_close(struct smbd_conn *c)
{
    struct smbd_session *x;
    if (c->gone)
        return;
    c->gone = true;
    c->s->n_conns--;
    smbd_host_count(c, -1);
    io_guest_leave(&c->s->guests, &c->guest);
    c->state = SMBD_CLOSED;
    smbd_waits_drop(c);
    wr_free_secret(&c->in); /* sessions may keep what is left of it for long */
    wr_init(&c->in, SMB_MAX_MESSAGE);
    wr_free_secret(&c->rest);
    wr_init(&c->rest, 2 * SMB_MAX_MESSAGE);
    drop_channels(c);
    while (
        (x = dead_session(c))) /* ending one may run requests of other connections, so none is remembered */
        smbd_session_end(x);
    smbd_client_forget(c);
    smbd_observe_disconnected(c);
    io_close(&c->stream, STATUS_CONNECTION_DISCONNECTED, false);
    io_cancel(&c->timer);
    io_cancel(&c->drained);
    io_on_drain(&c->stream, NULL);
    c->only_kept = true;
    smbd_conn_release(c);
}

void smbd_conn_release(struct smbd_conn *c)
{
    if (!c->only_kept || c->sessions || !c->link)
        return;
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    c->link = NULL;
    io_loop_defer(c->s->loop, &c->destroy);
}
