// SPDX-License-Identifier: Apache-2.0
/*
 * What the bytes of a connection are. Ports tell nothing: RPC listens anywhere. A stream is taken for what
 * its first message is; one that begins in the middle, for what a packet begins with.
 */
#include "capture/m_capture.h"

/* Who spoke: a message of this direction came on this half. */
static void set_client(struct cap_flow *f, unsigned half, int dir)
{
    if (f->client < 0 && dir >= 0)
        f->client = dir == CAP_REQ ? (int)half : (int)(1 - half);
}

static enum cap_dir direction(const struct cap_flow *f, unsigned half)
{
    return (int)half == f->client ? CAP_REQ : CAP_RSP;
}

/* Does this half's stream start somewhere in a message? Not the half that has
 * just told what it is, if any. */
static bool lost_start(const struct cap_flow *f, unsigned half, int told)
{
    return (int)half != told && (f->half[half].middle || f->half[half].tries);
}

static bool begin_rpc(struct cap_flow *f, int told)
{
    f->rpc = cap_zalloc(f->c, sizeof *f->rpc);
    if (!f->rpc)
        return false;
    cap_assoc_init(f->rpc, f->c, f, NULL);
    for (unsigned h = 0; h < 2; h++)
        f->rpc->end[direction(f, h)].framer.scanning = lost_start(f, h, told);
    f->protocol = CAP_RPC;
    f->c->t.streams_rpc++;
    return true;
}

static bool begin_smb(struct cap_flow *f, int told)
{
    f->smb = cap_smb_new(f->c, f, (bool[2]){ lost_start(f, 0, told), lost_start(f, 1, told) });
    if (!f->smb)
        return false;
    f->protocol = CAP_SMB;
    f->c->t.streams_smb++;
    return true;
}

/* at_start: the bytes of this half that come now start with a message. */
static void begin(struct cap_flow *f, enum cap_protocol p, unsigned half, int dir, bool at_start)
{
    set_client(f, half, dir);
    if (f->client < 0) /* an old SMB message, say: the lower port serves */
        f->client = f->peer[0].port < f->peer[1].port ? 1 : 0;
    f->protocol = CAP_OTHER; /* where memory is short */
    int told = at_start ? (int)half : -1;
    bool there = p == CAP_RPC ? begin_rpc(f, told) : begin_smb(f, told);
    if (there && (f->half[0].middle || f->half[1].middle))
        cap_note(f->c, f, NULL, &f->c->at, "the beginning of this connection is not in the capture");
}

/* Looks at the bytes at the start of a message. True: they told, or will never tell. */
static bool look(struct cap_flow *f, unsigned half, const uint8_t *p, size_t n)
{
    size_t len;
    enum cap_dir d;
    int dir = -1;
    if (n >= RPC_HDR_LEN && cap_pdu_looks(p, &len, &d)) {
        begin(f, CAP_RPC, half, (int)d, true);
        return true;
    }
    if (n >= CAP_SMB_LOOK && cap_smb_looks(p, &len, &dir)) {
        begin(f, CAP_SMB, half, dir, true);
        return true;
    }
    return false;
}

/* Does a whole message stand somewhere in these bytes, with nothing or another one behind it? */
static enum cap_protocol look_inside(const uint8_t *p, size_t n, int *ret_dir)
{
    for (size_t i = 1; i + CAP_SMB_LOOK <= n; i++) {
        size_t left = n - i, len, next;
        enum cap_dir d;
        int dir;
        if (cap_pdu_looks(p + i, &len, &d) && len <= left &&
            (len == left ||
             (left - len >= RPC_HDR_LEN && cap_pdu_looks(p + i + len, &next, &(enum cap_dir){ 0 })))) {
            *ret_dir = (int)d;
            return CAP_RPC;
        }
        if (cap_smb_looks(p + i, &len, &dir) && len <= left &&
            (len == left || (left - len >= CAP_SMB_LOOK && cap_smb_looks(p + i + len, &next, &(int){ 0 })))) {
            *ret_dir = dir;
            return CAP_SMB;
        }
    }
    return CAP_UNKNOWN;
}

static void dispatch(struct cap_flow *f, unsigned half, const struct cap_at *at, const uint8_t *p, size_t n)
{
    if (f->protocol == CAP_RPC)
        cap_assoc_feed(f->rpc, direction(f, half), at, p, n);
    else if (f->protocol == CAP_SMB)
        cap_smb_feed(f->smb, half, at, p, n);
}

/* Another message that is of no protocol that we know. A stream that was there from its start is something
 * else then; in the middle of one the next packet may begin with a message. */
static void give_up(struct cap_flow *f, unsigned half)
{
    struct cap_half *e = &f->half[half];
    e->n_try = 0;
    if (!e->middle || ++e->tries >= CAPTURE_TRIES_MAX)
        f->protocol = CAP_OTHER;
}

/* The bytes that were kept, then these. */
static void dispatch_all(struct cap_flow *f, unsigned half, const struct cap_at *at, const uint8_t *p,
                         size_t n)
{
    struct cap_half *e = &f->half[half];
    size_t old = e->n_try;
    e->n_try = 0;
    if (old)
        dispatch(f, half, at, e->try, old);
    dispatch(f, half, at, p, n);
}

/* In the middle of a stream: what was kept ends something older, if these bytes have a message. */
static void look_middle(struct cap_flow *f, unsigned half, const uint8_t *p, size_t n)
{
    int dir = -1;
    enum cap_protocol inside;
    if (!look(f, half, p, n) && (inside = look_inside(p, n, &dir)) != CAP_UNKNOWN)
        begin(f, inside, half, dir, false);
    if (f->protocol != CAP_UNKNOWN)
        f->half[half].n_try = 0;
}

void cap_stream_data(struct cap_flow *f, unsigned half, const struct cap_at *at, const uint8_t *p, size_t n)
{
    struct cap_half *e = &f->half[half];
    if (f->protocol == CAP_UNKNOWN && e->middle)
        look_middle(f, half, p, n);
    if (f->protocol != CAP_UNKNOWN) {
        dispatch_all(f, half, at, p, n);
        return;
    }
    /* The first bytes may come one by one. */
    size_t old = e->n_try, k = sizeof e->try - old < n ? sizeof e->try - old : n;
    memcpy(e->try + old, p, k);
    e->n_try = old + k;
    if (look(f, half, e->try, e->n_try)) {
        e->n_try = old;
        dispatch_all(f, half, at, p, n);
    } else if (e->n_try == sizeof e->try) {
        give_up(f, half);
    }
}

void cap_stream_gap(struct cap_flow *f, unsigned half, const struct cap_at *at, uint64_t n)
{
    struct cap_half *e = &f->half[half];
    switch (f->protocol) {
    case CAP_UNKNOWN:
        e->middle = true;
        e->n_try = 0;
        break;
    case CAP_RPC:
        cap_assoc_gap(f->rpc, direction(f, half), at, n);
        break;
    case CAP_SMB:
        cap_smb_gap(f->smb, half, at, n);
        break;
    case CAP_OTHER:
        break;
    }
}

void cap_stream_end(struct cap_flow *f)
{
    if (f->rpc) {
        cap_assoc_done(f->rpc);
        cap_release(f->c, f->rpc, sizeof *f->rpc);
        f->rpc = NULL;
    }
    cap_smb_delete(f->smb);
    f->smb = NULL;
}
