// SPDX-License-Identifier: Apache-2.0
/* Pipes over SMB: opening with its retries, and read, write, transact, cancel, close as npc_pipe_ops. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "npc/m_pipe.h"

/* A name that is not there may be that of a service which is just starting: a few tries, 100 ms apart and
 * doubling, are enough for that and short enough for a name that is simply wrong. */
#define NAME_TRIES    3u
#define FIRST_DELAY   UINT64_C(100000000)
#define LONGEST_DELAY UINT64_C(1000000000)
/* One FSCTL_PIPE_WAIT; the time limit of opening comes on top. */
#define WAIT_100MS 50u

/* FILE_READ_DATA | FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_READ_EA | FILE_WRITE_EA | FILE_READ_ATTRIBUTES |
 * FILE_WRITE_ATTRIBUTES | READ_CONTROL | SYNCHRONIZE ([MS-SMB2] 2.2.13.1.1) */
#define DEFAULT_ACCESS 0x0012019Fu
#define DEFAULT_SHARE  3u /* FILE_SHARE_READ | FILE_SHARE_WRITE */
#define FILE_OPEN      1u
#define IMPERSONATION  2u

/* ---- failures ---- */

const char *npc_advice(enum nt_status st)
{
    switch (st) {
    case STATUS_OBJECT_NAME_NOT_FOUND:
        return "; the service behind this pipe is not running there, or offers RPC over TCP only";
    case STATUS_PIPE_NOT_AVAILABLE:
    case STATUS_INSTANCE_NOT_AVAILABLE:
        return "; all its instances are busy";
    case STATUS_ACCESS_DENIED:
        return "; the account lacks the right, or the pipe is closed to accounts like this";
    case STATUS_IO_TIMEOUT:
        return "; the service hangs or the time limit is too short";
    case STATUS_NETWORK_SESSION_EXPIRED:
    case STATUS_USER_SESSION_DELETED:
        return "; open a new session";
    default:
        return "";
    }
}

static struct smb_session *session_of(struct smb_pipe *p)
{
    return io_container(p->base.session, struct smb_session, base);
}

static struct smb_client *client_of(struct smb_pipe *p)
{
    return &session_of(p)->client;
}

static enum nt_status pipe_failed(struct smb_pipe *p, enum nt_status st, const char *doing)
{
    char where[NPC_WHERE], words[NPC_WORDS];
    return nt_error_set(&p->base.err, st, "%s pipe \\%.64s of %s: %s%s", doing, p->name,
                        npc_where(session_of(p), where), npc_words(st, words), npc_advice(st));
}

/* ---- life ---- */

/* The pipe alone; its reference to the session has been dropped, or will be. */
static void pipe_free(struct smb_pipe *p)
{
    smb_abandon(&p->in.req);
    smb_abandon(&p->out.req);
    io_cancel(&p->delay);
    wr_free_secret(&p->copy);
    nt_cancel_unref(p->base.cancel);
    free(p);
}

static void pipe_drop(struct smb_pipe *p)
{
    struct npc_session *s = p->base.session;
    pipe_free(p);
    npc_session_unref(s);
}

/* ---- opening ---- */

static void smb_pipe_close(struct npc_pipe *base);

static void open_finish(struct smb_pipe *p, enum nt_status st)
{
    npc_pipe_done *done = p->done;
    void *arg = p->arg;
    p->done = NULL;
    p->in.doing = PIPE_IDLE;
    if (st == STATUS_SUCCESS) {
        done(arg, st, &p->base);
        return;
    }
    if (nt_ok(st)) /* without a pipe nothing has succeeded, whatever code the server chose for that */
        st = STATUS_INVALID_NETWORK_RESPONSE;
    pipe_failed(p, st, "opening");
    p->base.session->route->set_error(p->base.session, &p->base.err); /* there is no pipe to ask */
    if (p->has_handle)                                                /* nothing half open stays behind */
        smb_pipe_close(&p->base);
    else
        pipe_drop(p);
    done(arg, st, NULL);
}

static void pipe_done(struct smb_req *r);

static enum nt_status send_create(struct smb_pipe *p)
{
    struct wr w;
    smb_begin(&w, SMB_MAX_PAYLOAD);
    enum nt_status st = smb_put_create_req(&w, &p->create);
    if (st != STATUS_SUCCESS)
        wr_fail(&w, st);
    p->in.req.command = SMB_CREATE;
    p->in.req.done = pipe_done;
    p->in.doing = PIPE_CREATE;
    return smb_send(client_of(p), &p->in.req, &w, SMB_PREFIX, 0, p->open_deadline);
}

static enum nt_status send_wait(struct smb_pipe *p)
{
    struct wr w, in;
    wr_init(&in, SMB_MAX_PAYLOAD);
    enum nt_status st = smb_put_pipe_wait(&in, p->name, WAIT_100MS);
    struct smb_ioctl q = { .code = FSCTL_PIPE_WAIT, .data = { in.base, in.len } };
    memset(q.file_id, 0xff, sizeof q.file_id);
    smb_begin(&w, SMB_MAX_PAYLOAD);
    smb_put_ioctl_req(&w, &q);
    if (st != STATUS_SUCCESS)
        wr_fail(&w, st);
    wr_free(&in);
    p->in.req.command = SMB_IOCTL;
    p->in.req.done = pipe_done;
    p->in.doing = PIPE_WAIT;
    return smb_send(client_of(p), &p->in.req, &w, SMB_PREFIX, 0, p->open_deadline);
}

static void delay_over(struct io_item *it)
{
    struct smb_pipe *p = io_container(it, struct smb_pipe, delay);
    enum nt_status st = p->given_up ? STATUS_CANCELLED : send_create(p);
    if (st != STATUS_SUCCESS)
        open_finish(p, st);
}

static bool is_busy(enum nt_status st)
{
    return st == STATUS_PIPE_NOT_AVAILABLE || st == STATUS_INSTANCE_NOT_AVAILABLE || st == STATUS_PIPE_BUSY;
}

/* CREATE was refused: wait for an instance, or give up ([MS-SMB2] 3.2.4.20.9). */
static void create_refused(struct smb_pipe *p, enum nt_status st)
{
    bool again = is_busy(st) || (st == STATUS_OBJECT_NAME_NOT_FOUND && p->tries < NAME_TRIES);
    p->refused = st;
    p->tries++;
    if (!again || p->given_up) {
        open_finish(p, p->given_up ? STATUS_CANCELLED : st);
        return;
    }
    enum nt_status sent = send_wait(p);
    if (sent != STATUS_SUCCESS)
        open_finish(p, sent);
}

/* FSCTL_PIPE_WAIT has been answered. Not all servers know it, and a pipe without a listener cannot be waited
 * for: then a pause stands in its place. */
static void waited(struct smb_pipe *p, enum nt_status st)
{
    uint64_t now = io_now(&client_of(p)->stream), pause = FIRST_DELAY << (p->tries < 5 ? p->tries - 1 : 4);
    if (p->given_up) {
        open_finish(p, STATUS_CANCELLED);
    } else if (st == STATUS_SUCCESS) {
        st = send_create(p);
        if (st != STATUS_SUCCESS)
            open_finish(p, st);
    } else if (!client_of(p)->dead && now + pause < p->open_deadline && p->in.req.msg) {
        io_timer(&client_of(p)->stream, &p->delay, now + (pause < LONGEST_DELAY ? pause : LONGEST_DELAY));
    } else {
        open_finish(p,
                    p->in.req.msg ? p->refused : st); /* what CREATE said tells more than that time ran out */
    }
}

static void created(struct smb_pipe *p)
{
    struct smb_create_rsp rsp;
    enum nt_status st = p->in.req.status;
    if (p->in.req.msg && p->in.req.hdr.status == STATUS_SUCCESS) {
        enum nt_status got = smb_get_create_rsp(p->in.req.msg, p->in.req.len, &rsp);
        if (got == STATUS_SUCCESS)
            memcpy(p->file_id, rsp.file_id, sizeof p->file_id);
        p->has_handle = got == STATUS_SUCCESS;
        open_finish(p, st != STATUS_SUCCESS ? st : got); /* the cancel may have come too late */
    } else if (p->in.req.msg) {
        create_refused(p, st);
    } else {
        open_finish(p, st == STATUS_IO_TIMEOUT && p->tries ? p->refused : st);
    }
}

/* ---- one operation ---- */

static void op_finish(struct pipe_way *y, enum nt_status st, struct nt_blob data)
{
    static const char *const doing[] = { "using",          "opening",        "opening",
                                         "writing to",     "reading from",   "transacting on",
                                         "transacting on", "transacting on", "closing" };
    struct npc_op *op = y->op;
    if (st != STATUS_SUCCESS && st != STATUS_BUFFER_OVERFLOW)
        pipe_failed(y->pipe, st, doing[y->doing]);
    /* The server may have taken the request of a transact that was given up: who reads next would get its
     * answer. */
    if ((st == STATUS_IO_TIMEOUT || st == STATUS_CANCELLED) && y->doing >= PIPE_TRANSACT &&
        y->doing <= PIPE_TR_READ && !y->asked)
        y->pipe->spoiled = true;
    y->op = NULL;
    y->doing = PIPE_IDLE;
    op->status = st;
    op->data = (uint8_t *)(uintptr_t)data.data; /* lent from the driver's buffer, which is writable */
    op->len = data.len;
    op->done(op); /* may start the next one, or close the pipe: nothing is touched any more */
}

static void op_begin(struct pipe_way *y, struct npc_op *op, uint64_t deadline)
{
    y->op = op;
    y->deadline = deadline;
    y->asked = false;
    op->pipe = &y->pipe->base;
    op->data = NULL;
    op->len = 0;
}

static enum nt_status not_idle(struct pipe_way *y, struct wr *out)
{
    struct smb_pipe *p = y->pipe;
    enum nt_status st = y->doing != PIPE_IDLE ? STATUS_PIPE_BUSY
                        : p->spoiled          ? STATUS_PIPE_BROKEN
                        : out                 ? out->st
                                              : STATUS_SUCCESS;
    if (st == STATUS_PIPE_BROKEN)
        nt_error_set(&p->base.err, st,
                     "a call on pipe \\%.64s was given up, and its answer may still come: open it anew",
                     p->name);
    if (st == STATUS_SUCCESS && out && out->len < NPC_HEADROOM)
        st = STATUS_INVALID_PARAMETER;
    if (st != STATUS_SUCCESS && out)
        wr_free_secret(out);
    return st;
}

/* Starts one request of an operation; when it cannot go out, the operation has not begun. */
static enum nt_status launch(struct pipe_way *y, enum pipe_doing doing, enum smb_command cmd, struct wr *out,
                             size_t start, size_t payload)
{
    y->req.command = (uint16_t)cmd;
    y->req.done = pipe_done;
    y->doing = doing;
    enum nt_status st = smb_send(client_of(y->pipe), &y->req, out, start, payload, y->deadline);
    if (st != STATUS_SUCCESS) {
        y->doing = PIPE_IDLE;
        y->op = NULL;
        pipe_failed(y->pipe, st, "using");
    }
    return st;
}

static enum nt_status launch_write(struct pipe_way *y, enum pipe_doing doing, struct wr *out)
{
    size_t n = out->len - NPC_HEADROOM;
    y->wrote = n;
    smb_fill_write_req(out->base + NPC_HEADROOM - SMB_WRITE_FIX, y->pipe->file_id, n);
    return launch(y, doing, SMB_WRITE, out, NPC_HEADROOM - SMB_WRITE_FIX - SMB_HDR, n);
}

static enum nt_status launch_read(struct pipe_way *y, enum pipe_doing doing)
{
    struct wr w;
    struct smb_read_req q = { .length = (uint32_t)y->max_out };
    memcpy(q.file_id, y->pipe->file_id, sizeof q.file_id);
    smb_begin(&w, SMB_PREFIX + SMB_HDR + 64);
    smb_put_read_req(&w, &q);
    return launch(y, doing, SMB_READ, &w, SMB_PREFIX, y->max_out);
}

static size_t at_most(size_t v, size_t limit)
{
    return v < limit ? v : limit;
}

static enum nt_status smb_pipe_write(struct npc_pipe *base, struct wr *out, uint64_t deadline,
                                     struct npc_op *op)
{
    struct smb_pipe *p = (struct smb_pipe *)base;
    enum nt_status st = not_idle(&p->out, out);
    if (st != STATUS_SUCCESS)
        return st;
    if (out->len - NPC_HEADROOM > client_of(p)->max_write) {
        wr_free_secret(out);
        return pipe_failed(p, STATUS_INVALID_PARAMETER,
                           "more than the server takes at once was to be written to");
    }
    op_begin(&p->out, op, deadline);
    return launch_write(&p->out, PIPE_WRITE, out);
}

static enum nt_status smb_pipe_read(struct npc_pipe *base, size_t max, uint64_t deadline, struct npc_op *op)
{
    struct smb_pipe *p = (struct smb_pipe *)base;
    enum nt_status st = not_idle(&p->in, NULL);
    if (st != STATUS_SUCCESS)
        return st;
    op_begin(&p->in, op, deadline);
    p->in.max_out = at_most(max, client_of(p)->max_read);
    return launch_read(&p->in, PIPE_READ);
}

static enum nt_status smb_pipe_transact(struct npc_pipe *base, struct wr *out, size_t max_out,
                                        uint64_t deadline, struct npc_op *op)
{
    struct smb_pipe *p = (struct smb_pipe *)base;
    struct smb_session *s = session_of(p);
    struct pipe_way *y = &p->in;
    enum nt_status st = not_idle(y, out);
    if (st != STATUS_SUCCESS)
        return st;
    size_t n = out->len - NPC_HEADROOM;
    op_begin(y, op, deadline);
    if (s->transact_refused || n > s->client.max_transact) {
        y->max_out = at_most(max_out, s->client.max_read);
        return launch_write(y, PIPE_TR_WRITE, out);
    }
    y->max_out = at_most(max_out, s->client.max_transact);
    if (s->client.sealing && !s->transact_proven) { /* kept for WRITE + READ, until one transact has worked */
        wr_free_secret(&p->copy);
        wr_init(&p->copy, SMB_MAX_MESSAGE);
        wr_bytes(&p->copy, out->base, out->len);
    }
    struct smb_ioctl q = { .code = FSCTL_PIPE_TRANSCEIVE,
                           .max_out = (uint32_t)y->max_out,
                           .data = { NULL, n } };
    memcpy(q.file_id, p->file_id, sizeof q.file_id);
    smb_fill_ioctl_req(out->base + NPC_HEADROOM - SMB_IOCTL_FIX, &q);
    return launch(y, PIPE_TRANSACT, SMB_IOCTL, out, NPC_HEADROOM - SMB_IOCTL_FIX - SMB_HDR,
                  n > y->max_out ? n : y->max_out);
}

/* ---- answers ---- */

static void wrote(struct pipe_way *y, enum nt_status st)
{
    uint32_t n = 0;
    if (st == STATUS_SUCCESS)
        st = smb_get_write_rsp(y->req.msg, y->req.len, &n);
    if (st == STATUS_SUCCESS && n != y->wrote)
        st = STATUS_INVALID_NETWORK_RESPONSE; /* half a message has no meaning */
    if (st == STATUS_SUCCESS && y->doing == PIPE_TR_WRITE) {
        struct npc_op *op = y->op;
        st = launch_read(y, PIPE_TR_READ);
        if (st == STATUS_SUCCESS && y->asked)
            smb_ask_cancel(&y->req);
        if (st == STATUS_SUCCESS)
            return;
        y->op = op;
    }
    op_finish(y, st, (struct nt_blob){ NULL, 0 });
}

static void have_read(struct pipe_way *y, enum nt_status st)
{
    struct nt_blob data = { NULL, 0 };
    if (st == STATUS_SUCCESS || st == STATUS_BUFFER_OVERFLOW) {
        enum nt_status got = smb_get_read_rsp(y->req.msg, y->req.len, &data);
        if (got != STATUS_SUCCESS || data.len > y->max_out) {
            st = STATUS_INVALID_NETWORK_RESPONSE;
            data = (struct nt_blob){ NULL, 0 };
        }
    }
    op_finish(y, st, data);
}

static void transacted(struct pipe_way *y, enum nt_status st)
{
    struct smb_pipe *p = y->pipe;
    struct smb_session *s = session_of(p);
    struct smb_ioctl rsp = { .data = { NULL, 0 } };
    if (st == STATUS_INVALID_PARAMETER && p->copy.len && p->copy.st == STATUS_SUCCESS &&
        !s->transact_proven) {
        /* some servers refuse this request when it is encrypted; what they were asked has not begun */
        struct npc_op *op = y->op;
        struct wr out = p->copy;
        wr_init(&p->copy, 0);
        s->transact_refused = true;
        st = launch_write(y, PIPE_TR_WRITE, &out);
        if (st == STATUS_SUCCESS)
            return;
        y->op = op;
    }
    if (p->copy.base) {
        wr_free_secret(&p->copy);
        wr_init(&p->copy, 0);
    }
    if (st == STATUS_SUCCESS || st == STATUS_BUFFER_OVERFLOW) {
        s->transact_proven = true;
        enum nt_status got = smb_get_ioctl_rsp(y->req.msg, y->req.len, &rsp);
        if (got != STATUS_SUCCESS || rsp.code != FSCTL_PIPE_TRANSCEIVE || rsp.data.len > y->max_out) {
            st = STATUS_INVALID_NETWORK_RESPONSE;
            rsp.data = (struct nt_blob){ NULL, 0 };
        }
    }
    op_finish(y, st, rsp.data);
}

static void pipe_done(struct smb_req *r)
{
    struct pipe_way *y = io_container(r, struct pipe_way, req);
    enum nt_status st = r->status;
    /* An answer without a message has an error; and none of these commands has a success but STATUS_SUCCESS.
     */
    if (nt_ok(st) && (!r->msg || st != STATUS_SUCCESS))
        st = STATUS_INVALID_NETWORK_RESPONSE;
    switch (y->doing) {
    case PIPE_CREATE:
        created(y->pipe);
        break;
    case PIPE_WAIT:
        waited(y->pipe, st);
        break;
    case PIPE_WRITE:
    case PIPE_TR_WRITE:
        wrote(y, st);
        break;
    case PIPE_READ:
    case PIPE_TR_READ:
        have_read(y, st);
        break;
    case PIPE_TRANSACT:
        transacted(y, st);
        break;
    case PIPE_CLOSE:
        pipe_free(y->pipe);
        break;
    case PIPE_IDLE:
        break;
    }
}

/* ---- cancel, close ---- */

static struct pipe_way *way_of(struct smb_pipe *p, const struct npc_op *op)
{
    return p->in.op == op ? &p->in : p->out.op == op ? &p->out : NULL;
}

static void smb_pipe_cancel(struct npc_pipe *base, struct npc_op *op)
{
    struct pipe_way *y = way_of((struct smb_pipe *)base, op);
    if (y)
        smb_cancel(&y->req);
}

static void smb_pipe_ask(struct npc_pipe *base, struct npc_op *op)
{
    struct pipe_way *y = way_of((struct smb_pipe *)base, op);
    if (!y)
        return;
    y->asked = true;
    smb_ask_cancel(&y->req);
}

/* An operation that close has cut off; its pipe may be gone already. */
static void op_cut(struct io_item *it)
{
    struct npc_op *op = io_container(it, struct npc_op, item);
    op->done(op);
}

static void cut(struct pipe_way *y)
{
    struct npc_op *op = y->op;
    if (!op)
        return;
    smb_abandon(&y->req);
    y->op = NULL;
    y->doing = PIPE_IDLE;
    op->status = STATUS_CANCELLED;
    op->data = NULL;
    op->len = 0;
    io_item_init(&op->item, op_cut);
    io_ready(&client_of(y->pipe)->stream, &op->item);
}

static void smb_pipe_close(struct npc_pipe *base)
{
    struct smb_pipe *p = (struct smb_pipe *)base;
    struct wr w;
    cut(&p->in);
    cut(&p->out);
    smb_begin(&w, SMB_PREFIX + SMB_HDR + 32);
    smb_put_close_req(&w, p->file_id);
    p->in.req.command = SMB_CLOSE;
    p->in.req.done = pipe_done;
    p->in.doing = PIPE_CLOSE;
    /* The session may go at once: its LOGOFF stands behind this, and no answer outlives the connection. */
    struct npc_session *s = base->session;
    uint64_t deadline = io_loop_now(s->loop) + NPC_CLOSE_NS;
    if (smb_send(client_of(p), &p->in.req, &w, SMB_PREFIX, 0, deadline) != STATUS_SUCCESS)
        pipe_free(p);
    npc_session_unref(s);
}

static void smb_pipe_give_up(struct npc_pipe *base)
{
    struct smb_pipe *p = (struct smb_pipe *)base;
    p->given_up = true;
    smb_cancel(&p->in.req);
    if (p->delay.stream) /* in a pause: it is over */
        io_ready(&client_of(p)->stream, &p->delay);
}

static const struct npc_pipe_ops smb_pipe_ops = {
    .name = "smb",
    .write = smb_pipe_write,
    .read = smb_pipe_read,
    .transact = smb_pipe_transact,
    .cancel = smb_pipe_cancel,
    .ask = smb_pipe_ask,
    .close = smb_pipe_close,
    .give_up = smb_pipe_give_up,
};

/* ---- start of opening ---- */

static void fill_create(struct smb_pipe *p, const struct npc_create *o)
{
    p->create = (struct smb_create_req){
        .impersonation = o->impersonation ? o->impersonation & 0xff : IMPERSONATION,
        .access = o->access ? o->access : DEFAULT_ACCESS,
        .attributes = o->attributes,
        .share = o->share ? o->share : DEFAULT_SHARE,
        .disposition = o->disposition ? o->disposition : FILE_OPEN,
        .options = o->options,
        .name = p->name,
    };
}

enum nt_status npc_smb_open_pipe(struct npc_session *s, const char *name, const struct npc_create *o,
                                 npc_pipe_done *done, void *arg, struct npc_pipe **ret)
{
    size_t n = strlen(name) + 1;
    struct smb_pipe *p = calloc(1, sizeof *p + n);
    if (!p)
        return STATUS_NO_MEMORY;
    p->base.ops = &smb_pipe_ops;
    p->base.session = npc_session_ref(s);
    p->in.pipe = p->out.pipe = p;
    p->base.timeout_ms = o->timeout_ms ? o->timeout_ms : s->timeout_ms;
    p->base.cancel = nt_cancel_ref(o->cancel);
    p->open_deadline = npc_deadline(s, p->base.timeout_ms);
    p->done = done;
    p->arg = arg;
    memcpy(p->name, name, n);
    io_item_init(&p->delay, delay_over);
    fill_create(p, o);
    enum nt_status st = send_create(p);
    if (st != STATUS_SUCCESS) {
        pipe_failed(p, st, "opening");
        s->route->set_error(s, &p->base.err);
        pipe_drop(p);
        return st;
    }
    *ret = &p->base;
    return STATUS_SUCCESS;
}
