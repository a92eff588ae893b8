// SPDX-License-Identifier: Apache-2.0
/* A bound pipe: fragments in, fragments out. */
#include <stdio.h>
#include <stdlib.h>
#include "npc/m_bound.h"

/* As much of an answer as one operation may bring: a fragment at its longest. */
#define READ_MAX ((size_t)65536)

enum bound_state { BOUND_OPENING, BOUND_BINDING, BOUND_OPEN, BOUND_FAILED };

struct frag {
    struct frag *next;
    struct wr w;
    bool aside; /* about the call, not part of it: may go while its answer is awaited */
};

/* A fragment of the server's that nobody wanted yet. */
struct kept {
    struct kept *next;
    bool last;
    size_t len;
    uint8_t data[];
};

struct npc_bound {
    struct npc_session *session;
    struct npc_pipe *pipe; /* being opened: for giving up only */
    const struct npc_bound_user *user;
    void *arg;
    enum bound_state state;
    struct npc_interface iface;
    struct bound_agreed agreed;
    uint64_t deadline; /* of opening */
    struct npc_op in, out;
    bool reading, writing; /* `in`, `out` is in flight */
    bool closed;           /* goes when nothing is in flight and nobody further up looks at it */
    bool leave;            /* the server would like us to */
    bool not_started;      /* an operation failed while the write before it was in flight */
    unsigned busy;
    struct io_item again;
    struct nt_error err;
    /* towards the server */
    struct frag *head, *tail;
    size_t queued;
    struct bound_order order; /* with the user's ids */
    uint32_t call;            /* ours */
    /* towards the user */
    bool wants, answering;
    struct wr part; /* the beginning of a fragment */
    size_t want;
    struct kept *kept, **kept_end;
    /* after npc_bound_renew */
    bool trial;
    bool doubtful;   /* a write and a read instead of a transact */
    bool whole;      /* the first fragment is the last, too */
    struct wr first; /* a copy, until it has got through */
    enum nt_status late;
};

/* ---- life ---- */

static void drop_queue(struct npc_bound *b)
{
    while (b->head) {
        struct frag *f = b->head;
        b->head = f->next;
        wr_free_secret(&f->w);
        free(f);
    }
    b->tail = NULL;
    b->queued = 0;
}

static void drop_kept(struct npc_bound *b)
{
    while (b->kept) {
        struct kept *k = b->kept;
        b->kept = k->next;
        nt_wipe(k->data, k->len);
        free(k);
    }
    b->kept_end = &b->kept;
}

static void drop_first(struct npc_bound *b)
{
    b->trial = false;
    wr_free_secret(&b->first);
    wr_init(&b->first, 0);
}

static void maybe_free(struct npc_bound *b)
{
    if (!b->closed || b->busy || b->reading || b->writing || b->state == BOUND_OPENING)
        return;
    npc_session_unref(b->session);
    nt_wipe(b, sizeof *b);
    free(b);
}

/* Around everything that may call the user, who may close it. */
static void enter(struct npc_bound *b)
{
    b->busy++;
}

static void leave(struct npc_bound *b)
{
    b->busy--;
    maybe_free(b);
}

void npc_bound_close(struct npc_bound *b)
{
    if (!b || b->closed)
        return;
    struct npc_pipe *pipe = b->pipe;
    b->closed = true;
    b->pipe = NULL;
    b->user = NULL;
    io_cancel(&b->again);
    drop_queue(b);
    drop_kept(b);
    drop_first(b);
    wr_free_secret(&b->part);
    enter(b);
    if (pipe && b->state == BOUND_OPENING)
        npc_pipe_give_up(pipe);
    else if (pipe)
        pipe->ops->close(pipe); /* what is in flight ends, and comes back */
    leave(b);
}

static enum nt_status told(struct npc_bound *b, enum nt_status st, const char *why)
{
    char words[NPC_WORDS];
    return nt_error_set(&b->err, st, "%s", why && *why ? why : npc_words(st, words));
}

/* ---- failures ---- */

/* The server has refused the operation before it looked at what was in it ([MS-SMB2] 3.3.5.2.9 to 3.3.5.2.11,
 * 3.3.5.13, 3.3.5.15). */
static bool refused(enum nt_status st)
{
    return st == STATUS_USER_SESSION_DELETED || st == STATUS_NETWORK_SESSION_EXPIRED ||
           st == STATUS_NETWORK_NAME_DELETED || st == STATUS_FILE_CLOSED;
}

/* From a write: nobody took it. From a transact it may be the answer that did not come. */
static bool nobody_there(enum nt_status st)
{
    return st == STATUS_PIPE_DISCONNECTED || st == STATUS_PIPE_BROKEN || st == STATUS_PIPE_CLOSING ||
           st == STATUS_INVALID_PIPE_STATE || st == STATUS_INVALID_HANDLE;
}

/* What failed. */
enum how { HOW_READ, HOW_WRITE, HOW_START /* nothing was sent */ };

static void lost(struct npc_bound *b, enum nt_status st, enum how how)
{
    if (b->state != BOUND_OPEN || b->order.orphaned)
        return;
    if (how == HOW_READ && b->writing && b->trial) { /* what comes of the write tells more */
        b->late = st;
        return;
    }
    bool not_taken = b->trial && b->first.len &&
                     (!b->whole || refused(st) || how == HOW_START || (how == HOW_WRITE && nobody_there(st)));
    b->state = BOUND_FAILED;
    if (!b->err.text[0])
        told(b, st, b->pipe->err.text);
    b->user->failed(b->arg, nt_ok(st) ? STATUS_INVALID_NETWORK_RESPONSE : st, not_taken);
}

static void nonsense(struct npc_bound *b, const char *why)
{
    told(b, RPC_NT_PROTOCOL_ERROR, why);
    drop_first(b); /* it has answered, so it has taken something */
    lost(b, RPC_NT_PROTOCOL_ERROR, HOW_READ);
}

/* ---- towards the server ---- */

static void in_done(struct npc_op *op);
static void out_done(struct npc_op *op);

static enum nt_status start_write(struct npc_bound *b, struct wr *w)
{
    b->out.done = out_done;
    b->writing = true;
    enum nt_status st = b->pipe->ops->write(b->pipe, w, UINT64_MAX, &b->out);
    b->writing = st == STATUS_SUCCESS;
    return st;
}

static enum nt_status start_transact(struct npc_bound *b, struct wr *w, uint64_t deadline)
{
    b->in.done = in_done;
    b->reading = true;
    enum nt_status st = b->pipe->ops->transact(b->pipe, w, READ_MAX, deadline, &b->in);
    b->reading = st == STATUS_SUCCESS;
    return st;
}

static enum nt_status start_read(struct npc_bound *b)
{
    b->in.done = in_done;
    b->reading = true;
    enum nt_status st = b->pipe->ops->read(b->pipe, READ_MAX, UINT64_MAX, &b->in);
    b->reading = st == STATUS_SUCCESS;
    return st;
}

static void keep_first(struct npc_bound *b, const struct wr *w)
{
    if (!b->trial || b->first.len)
        return;
    wr_init(&b->first, w->len);
    wr_bytes(&b->first, w->base, w->len);
    b->whole = pdu_head_last(w->base + NPC_HEADROOM);
    if (b->first.st != STATUS_SUCCESS)
        drop_first(b); /* then a failure is one */
}

/* One transact for a request that is whole; where the server may have gone, a write and a read in one step.
 */
static enum nt_status start_first(struct npc_bound *b)
{
    struct frag *f = b->head;
    const uint8_t *pdu = f->w.base + NPC_HEADROOM;
    b->head = f->next;
    if (!b->head)
        b->tail = NULL;
    b->queued -= f->w.len;
    if (!f->aside)
        keep_first(b, &f->w);
    if (b->user->seen)
        b->user->seen(b->arg, true, pdu, f->w.len - NPC_HEADROOM);
    enum nt_status st = pdu_head_wants_answer(pdu) && !(b->trial && b->doubtful) && !b->reading
                            ? start_transact(b, &f->w, UINT64_MAX)
                            : start_write(b, &f->w);
    free(f);
    return st;
}

/* Starts what can be started. Failing is told by the next turn. */
static void pump(struct npc_bound *b)
{
    enum nt_status st = STATUS_SUCCESS;
    if (b->not_started)
        return;
    while (st == STATUS_SUCCESS && b->state == BOUND_OPEN && b->head && !b->writing &&
           (b->head->aside || !b->reading))
        st = start_first(b);
    if (st == STATUS_SUCCESS && b->state == BOUND_OPEN && b->order.awaiting && b->wants && !b->kept &&
        !b->head && !b->reading && !b->order.orphaned && b->late == STATUS_SUCCESS)
        st = start_read(b);
    if (st != STATUS_SUCCESS) {
        b->late = st;
        b->not_started = true;
        io_ready(npc_session_stream(b->session), &b->again);
    }
}

static enum nt_status put(struct npc_bound *b, struct wr *w, bool aside, bool ahead)
{
    struct frag *f = calloc(1, sizeof *f);
    if (!f) {
        wr_free_secret(w);
        return STATUS_NO_MEMORY;
    }
    f->w = *w;
    f->aside = aside;
    wr_init(w, 0);
    b->queued += f->w.len;
    if (ahead) {
        f->next = b->head;
        b->head = f;
        if (!b->tail)
            b->tail = f;
    } else {
        if (b->tail)
            b->tail->next = f;
        else
            b->head = f;
        b->tail = f;
    }
    return STATUS_SUCCESS;
}

/* The call is given up: what has not been sent of it is not. */
static void give_up(struct npc_bound *b, bool *ret_begun)
{
    struct frag *f = b->head;
    while (f && f->aside)
        f = f->next;
    *ret_begun = !f || !(f->w.base[NPC_HEADROOM + 3] & RPC_PFC_FIRST);
    drop_queue(b);
    if (b->reading) /* some servers read nothing before that has ended */
        b->pipe->ops->ask(b->pipe, &b->in);
}

/* With ids of our own, in the byte order of the PDU. */
static void put_ids(struct npc_bound *b, uint8_t *pdu)
{
    bool big = pdu_big(pdu), request = pdu[2] == RPC_PT_REQUEST;
    if (request && (pdu[3] & RPC_PFC_FIRST)) {
        if (++b->call <= BOUND_CALL)
            b->call = BOUND_CALL + 1;
        b->wants = false;
    }
    pdu_put_u32(pdu + 12, b->call, big);
    if (request)
        pdu_put_u16(pdu + 20, BOUND_CONTEXT, big);
}

enum nt_status npc_bound_send(struct npc_bound *b, struct wr *w, const char **ret_why)
{
    enum nt_status st = w->st;
    enum bound_kind kind = BOUND_NOTHING;
    size_t len = w->len > NPC_HEADROOM ? w->len - NPC_HEADROOM : 0;
    uint8_t *pdu = len ? w->base + NPC_HEADROOM : NULL;
    bool send = true;
    *ret_why = "no memory";
    if (st == STATUS_SUCCESS && b->state != BOUND_OPEN) {
        st = STATUS_PIPE_BROKEN;
        *ret_why = "the pipe has failed";
    }
    if (st == STATUS_SUCCESS)
        st = bound_order_take(&b->order, pdu, len, b->agreed.max_send, &kind, ret_why);
    if (kind == BOUND_ORPHAN)
        give_up(b, &send);
    if (st != STATUS_SUCCESS || kind == BOUND_NOTHING || !send) {
        wr_free_secret(w);
        return st;
    }
    put_ids(b, pdu);
    /* What waits for a transact has not begun: a cancel goes before it. */
    bool aside = kind != BOUND_REQUEST_PDU;
    st = put(b, w, aside, aside && b->reading);
    if (st == STATUS_SUCCESS)
        pump(b);
    return st;
}

static void out_done(struct npc_op *op)
{
    struct npc_bound *b = io_container(op, struct npc_bound, out);
    enum nt_status st = op->status;
    b->writing = false;
    enter(b);
    if (!b->closed) {
        if (st != STATUS_SUCCESS) {
            lost(b, st, HOW_WRITE);
        } else {
            drop_first(b);
            if (b->late != STATUS_SUCCESS)
                lost(b, b->late, HOW_READ);
        }
        if (!b->closed)
            pump(b);
        if (!b->closed && b->state == BOUND_OPEN)
            b->user->moved(b->arg);
    }
    leave(b);
}

/* ---- towards the user ---- */

static void deliver(struct npc_bound *b, uint8_t *pdu, size_t len, bool last)
{
    if (b->wants && !b->kept) {
        b->wants = false;
        bool more = b->user->fragment(b->arg, pdu, len, last);
        if (!b->closed && more && !last)
            b->wants = true;
        return;
    }
    struct kept *k = malloc(sizeof *k + len);
    if (!k) {
        told(b, STATUS_NO_MEMORY, NULL);
        lost(b, STATUS_NO_MEMORY, HOW_READ);
        return;
    }
    *k = (struct kept){ .last = last, .len = len };
    memcpy(k->data, pdu, len);
    *b->kept_end = k;
    b->kept_end = &k->next;
}

static void answer(struct npc_bound *b, uint8_t *pdu, size_t len)
{
    bool big = pdu_big(pdu), fault = pdu[2] == RPC_PT_FAULT, first = pdu[3] & RPC_PFC_FIRST;
    if (b->user->seen)
        b->user->seen(b->arg, false, pdu, len);
    if (pdu[2] == RPC_PT_SHUTDOWN) { /* advice ([C706] 12.6.4.11): it is lent to nobody after this */
        b->leave = true;
        return;
    }
    if (b->order.orphaned)
        return;
    if ((pdu[2] != RPC_PT_RESPONSE && !fault) || len < (fault ? BOUND_FAULT : BOUND_REQUEST) ||
        pdu_head_protected(pdu))
        nonsense(b, "the server sent what is no answer to a request");
    else if (!b->order.awaiting || pdu_u32(pdu + 12, big) != b->call)
        nonsense(b, "the server answered what it was not asked");
    else if (!fault && first == b->answering)
        nonsense(b, "the fragments of the server's answer are not in order");
    if (b->state != BOUND_OPEN)
        return;
    bool last = pdu_head_ends(pdu);
    b->answering = !last;
    b->order.awaiting = !last;
    pdu_put_u32(pdu + 12, b->order.call, big);
    pdu_put_u16(pdu + 20, b->order.context, big);
    deliver(b, pdu, len, last);
}

static void on_pdu(struct npc_bound *b, uint8_t *pdu, size_t len)
{
    const char *why;
    if (b->state == BOUND_OPEN) {
        answer(b, pdu, len);
        return;
    }
    if (b->state != BOUND_BINDING)
        return;
    if (b->user->seen)
        b->user->seen(b->arg, false, pdu, len);
    enum nt_status st = bound_take_ack(pdu, len, &b->agreed, &why);
    b->state = st == STATUS_SUCCESS ? BOUND_OPEN : BOUND_FAILED;
    if (st != STATUS_SUCCESS)
        told(b, st, why);
    b->user->opened(b->arg, st);
}

/* The length of what begins there, or 0 after a failure. */
static size_t length_of(struct npc_bound *b, const uint8_t *head)
{
    size_t n = bound_pdu_len(head);
    if (n && n <= b->agreed.max_recv)
        return n;
    if (b->state == BOUND_BINDING) {
        b->state = BOUND_FAILED;
        told(b, RPC_NT_PROTOCOL_ERROR, "the server's answer to the bind makes no sense");
        b->user->opened(b->arg, RPC_NT_PROTOCOL_ERROR);
    } else {
        nonsense(b, "the server sent what is no PDU, or a longer one than was agreed on");
    }
    return 0;
}

static void gather(struct npc_bound *b, uint8_t **data, size_t *len)
{
    size_t need = b->want ? b->want : RPC_HDR_LEN, n = need - b->part.len < *len ? need - b->part.len : *len;
    wr_bytes(&b->part, *data, n);
    *data += n;
    *len -= n;
    if (b->part.st != STATUS_SUCCESS) {
        nonsense(b, "no memory");
        return;
    }
    if (b->part.len < need)
        return;
    if (!b->want)
        b->want = length_of(b, b->part.base);
    if (b->closed || !b->want || b->part.len < b->want)
        return;
    struct wr whole = b->part;
    wr_init(&b->part, READ_MAX);
    b->want = 0;
    on_pdu(b, whole.base, whole.len);
    wr_free_secret(&whole);
}

/* Fragments are cut from what the pipe brings, however that is divided into messages. */
static void take(struct npc_bound *b, uint8_t *data, size_t len)
{
    while (len && !b->closed && b->state != BOUND_FAILED) {
        if (b->part.len || len < RPC_HDR_LEN) {
            gather(b, &data, &len);
            continue;
        }
        size_t n = length_of(b, data);
        if (!n)
            return;
        if (n <= len) {
            on_pdu(b, data, n);
            data += n;
            len -= n;
        } else {
            b->want = n;
            gather(b, &data, &len);
        }
    }
}

static void in_failed(struct npc_bound *b, enum nt_status st)
{
    if (b->state == BOUND_BINDING) {
        b->state = BOUND_FAILED;
        told(b, st, b->pipe->err.text);
        b->user->opened(b->arg, nt_ok(st) ? STATUS_INVALID_NETWORK_RESPONSE : st);
    } else {
        lost(b, st, HOW_READ);
    }
}

/* The rest of a bind_ack that came in pieces. */
static void read_on_binding(struct npc_bound *b)
{
    if (b->state != BOUND_BINDING || b->reading)
        return;
    b->in.done = in_done;
    b->reading = true;
    enum nt_status st = b->pipe->ops->read(b->pipe, READ_MAX, b->deadline, &b->in);
    b->reading = st == STATUS_SUCCESS;
    if (st != STATUS_SUCCESS)
        in_failed(b, st);
}

static void in_done(struct npc_op *op)
{
    struct npc_bound *b = io_container(op, struct npc_bound, in);
    b->reading = false;
    enter(b);
    if (!b->closed && (op->status == STATUS_SUCCESS || op->status == STATUS_BUFFER_OVERFLOW)) {
        drop_first(b);
        take(b, op->data, op->len);
    } else if (!b->closed) {
        in_failed(b, op->status);
    }
    if (!b->closed)
        read_on_binding(b);
    if (!b->closed)
        pump(b);
    if (!b->closed && b->state == BOUND_OPEN)
        b->user->moved(b->arg);
    leave(b);
}

/* What was kept goes out; and what could not be started is told. */
static void again_fn(struct io_item *it)
{
    struct npc_bound *b = io_container(it, struct npc_bound, again);
    enter(b);
    if (b->not_started) {
        b->not_started = false;
        lost(b, b->late, HOW_START);
    }
    while (!b->closed && b->kept && b->wants) {
        struct kept *k = b->kept;
        b->kept = k->next;
        if (!b->kept)
            b->kept_end = &b->kept;
        b->wants = false;
        bool more = b->user->fragment(b->arg, k->data, k->len, k->last);
        if (!b->closed && more && !k->last)
            b->wants = true;
        nt_wipe(k->data, k->len);
        free(k);
    }
    if (!b->closed)
        pump(b);
    if (!b->closed && b->state == BOUND_OPEN)
        b->user->moved(b->arg);
    leave(b);
}

void npc_bound_want(struct npc_bound *b, bool wanted)
{
    b->wants = wanted;
    if (wanted && b->state == BOUND_OPEN && (b->kept || !b->reading))
        io_ready(npc_session_stream(b->session), &b->again);
}

/* ---- opening ---- */

static void start_bind(struct npc_bound *b)
{
    struct wr w;
    bound_put_bind(&w, &b->iface);
    b->state = BOUND_BINDING;
    if (b->user->seen && w.st == STATUS_SUCCESS)
        b->user->seen(b->arg, true, w.base + NPC_HEADROOM, w.len - NPC_HEADROOM);
    enum nt_status st = start_transact(b, &w, b->deadline);
    if (st != STATUS_SUCCESS)
        in_failed(b, st);
}

static void pipe_opened(void *arg, enum nt_status st, struct npc_pipe *p)
{
    struct npc_bound *b = arg;
    b->pipe = p;
    b->state = BOUND_FAILED;
    enter(b);
    if (b->closed) {
        b->pipe = NULL;
        if (p)
            p->ops->close(p);
    } else if (st == STATUS_SUCCESS) {
        start_bind(b);
    } else {
        told(b, st, npc_session_error(b->session));
        b->user->opened(b->arg, nt_ok(st) ? STATUS_INVALID_NETWORK_RESPONSE : st);
    }
    leave(b);
}

enum nt_status npc_bound_open(struct npc_session *s, const char *name, const struct npc_create *o,
                              const struct npc_interface *iface, const struct npc_bound_user *user, void *arg,
                              struct npc_bound **ret)
{
    struct npc_bound *b = calloc(1, sizeof *b);
    if (!b)
        return STATUS_NO_MEMORY;
    b->session = npc_session_ref(s);
    b->user = user;
    b->arg = arg;
    b->iface = *iface;
    b->call = BOUND_CALL;
    b->agreed.max_recv = NPC_BOUND_FRAGMENT;
    b->deadline = npc_deadline(s, o ? o->timeout_ms : 0);
    b->kept_end = &b->kept;
    wr_init(&b->part, READ_MAX);
    io_item_init(&b->again, again_fn);
    enum nt_status st = npc_pipe_open_send(s, name, o, pipe_opened, b, &b->pipe);
    if (st != STATUS_SUCCESS) {
        npc_session_unref(s);
        free(b);
        return st;
    }
    *ret = b;
    return STATUS_SUCCESS;
}

/* ---- who uses it ---- */

void npc_bound_hand(struct npc_bound *b, const struct npc_bound_user *user, void *arg)
{
    b->user = user;
    b->arg = arg;
}

void npc_bound_renew(struct npc_bound *b, bool doubtful)
{
    drop_first(b);
    b->trial = true;
    b->doubtful = doubtful;
}

bool npc_bound_sending(const struct npc_bound *b)
{
    return b->head || b->writing || (b->reading && b->state == BOUND_OPEN);
}

bool npc_bound_calling(const struct npc_bound *b)
{
    return b->order.sending || b->order.awaiting;
}

bool npc_bound_clean(const struct npc_bound *b)
{
    return b->state == BOUND_OPEN && !npc_bound_calling(b) && !npc_bound_sending(b) && !b->kept &&
           !b->part.len && !b->order.orphaned && !b->leave && !b->again.stream && b->late == STATUS_SUCCESS;
}

bool npc_bound_awaiting(const struct npc_bound *b)
{
    return npc_bound_calling(b) || b->kept;
}

size_t npc_bound_queued(const struct npc_bound *b)
{
    return b->queued;
}

enum nt_status npc_bound_inherit(struct npc_bound *b, struct npc_bound *from)
{
    struct wr first = from->first;
    for (const struct frag *f = from->head; f; f = f->next)
        if (f->w.len - NPC_HEADROOM > b->agreed.max_send)
            return STATUS_BUFFER_TOO_SMALL;
    if (first.len - NPC_HEADROOM > b->agreed.max_send)
        return STATUS_BUFFER_TOO_SMALL;
    wr_init(&from->first, 0);
    b->head = from->head;
    b->tail = from->tail;
    b->queued = from->queued;
    from->head = from->tail = NULL;
    from->queued = 0;
    b->call = from->call;
    b->order = from->order;
    b->wants = from->wants;
    enum nt_status st = put(b, &first, false, true);
    if (st == STATUS_SUCCESS)
        pump(b);
    return st;
}

void npc_bound_facts(const struct npc_bound *b, uint16_t *ret_send, uint16_t *ret_recv, uint32_t *ret_assoc)
{
    *ret_send = b->agreed.max_send;
    *ret_recv = b->agreed.max_recv;
    *ret_assoc = b->agreed.assoc;
}

const char *npc_bound_error(const struct npc_bound *b)
{
    return b->err.text;
}

struct npc_session *npc_bound_session(const struct npc_bound *b)
{
    return b->session;
}
