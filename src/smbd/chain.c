// SPDX-License-Identifier: Apache-2.0
/*
 * Requests and answers: what is checked before a command runs ([MS-SMB2] 3.3.5.2), compounds, signing and
 * encryption of answers (3.3.4.1), requests that wait.
 */
#include <stdlib.h>
#include "smbd/m_smbd.h"

enum { NEED_SESSION = 1, NEED_TREE = 2, NEED_FILE = 4, WHEN_EXPIRED = 8 };

struct command {
    smbd_command_fn *fn;
    unsigned needs;
    unsigned file_at; /* where the file id stands in the request, for what works on a file */
};

static enum nt_status not_on_pipes(struct smbd_req *q)
{
    (void)q;
    return STATUS_INVALID_DEVICE_REQUEST;
}

static enum nt_status not_supported(struct smbd_req *q)
{
    (void)q;
    return STATUS_NOT_SUPPORTED;
}

#define ON_FILE (NEED_SESSION | NEED_TREE | NEED_FILE)
static const struct command commands[SMBD_COMMANDS] = {
    [SMB_NEGOTIATE] = { smbd_negotiate, 0, 0 },
    [SMB_SESSION_SETUP] = { smbd_session_setup, 0, 0 },
    [SMB_LOGOFF] = { smbd_logoff, NEED_SESSION | WHEN_EXPIRED, 0 },
    [SMB_TREE_CONNECT] = { smbd_tree_connect, NEED_SESSION, 0 },
    [SMB_TREE_DISCONNECT] = { smbd_tree_disconnect, NEED_SESSION | NEED_TREE, 0 },
    [SMB_CREATE] = { smbd_create, NEED_SESSION | NEED_TREE, 0 },
    [SMB_CLOSE] = { smbd_close, ON_FILE | WHEN_EXPIRED, 8 },
    [SMB_FLUSH] = { smbd_flush, ON_FILE, 8 },
    [SMB_READ] = { smbd_read, ON_FILE, 16 },
    [SMB_WRITE] = { smbd_write, ON_FILE, 16 },
    [SMBD_LOCK] = { not_on_pipes, ON_FILE | WHEN_EXPIRED, 8 },
    [SMB_IOCTL] = { smbd_ioctl, ON_FILE, 8 },
    [SMB_ECHO] = { smbd_echo, 0, 0 },
    [SMBD_QUERY_DIRECTORY] = { not_on_pipes, ON_FILE, 8 },
    [SMBD_CHANGE_NOTIFY] = { not_on_pipes, ON_FILE, 8 },
    [SMBD_QUERY_INFO] = { smbd_query_info, ON_FILE, 24 },
    [SMBD_SET_INFO] = { smbd_set_info, ON_FILE, 16 },
    [SMB_OPLOCK_BREAK] = { not_supported, ON_FILE, 8 },
};

/* ---- answers ---- */

void smbd_answer_begin(struct smbd_chain *ch)
{
    if (ch->n_answers == 0) {
        smb_begin(&ch->out, SMB_MAX_MESSAGE * 2);
        ch->answers[0].off = SMB_PREFIX;
        return;
    }
    size_t last = ch->answers[ch->n_answers - 1].off;
    wr_zero(&ch->out, (SMB_PREFIX - ch->out.len) & 7);
    size_t off = ch->out.len;
    wr_zero(&ch->out, SMB_HDR);
    if (ch->out.st == STATUS_SUCCESS)
        put_le32(ch->out.base + last + 20, (uint32_t)(off - last));
    ch->answers[ch->n_answers].off = off;
}

static bool has_body(const struct smbd_req *q, enum nt_status st)
{
    return st == STATUS_SUCCESS ||
           (q->body && (st == STATUS_BUFFER_OVERFLOW || st == STATUS_MORE_PROCESSING_REQUIRED ||
                        st == STATUS_NOTIFY_CLEANUP));
}

static void put_error(struct wr *w)
{
    static const struct smb_error none = { 0, { NULL, 0 } };
    smb_put_error(w, &none, false);
}

static void fill_header(struct smbd_req *q, enum nt_status st, uint8_t *to)
{
    const struct smbd_chain *ch = q->chain;
    struct smb_hdr h = { .credit_charge = q->h.credit_charge,
                         .command = q->h.command,
                         .status = (uint32_t)st,
                         .flags = SMB_FLAG_RESPONSE | (ch->n_answers ? q->h.flags & SMB_FLAG_RELATED : 0u),
                         .next = 0,
                         .mid = q->h.mid,
                         .tree_id = q->h.tree_id,
                         .session_id = q->h.session_id };
    if (q->async_id) {
        h.flags |= SMB_FLAG_ASYNC;
        h.async_id = q->async_id; /* the interim answer granted the credits */
    } else {
        h.credits = smbd_grant(ch->c, q->h.credits);
    }
    bool refused = (q->h.flags & SMB_FLAG_SIGNED) && !q->is_signed && !ch->sealed && !nt_ok(st);
    if ((q->is_signed && !ch->sealed) || refused)
        h.flags |= SMB_FLAG_SIGNED;
    if (refused) /* by nobody's key; clients that look for a signature know their own, as Windows sends it
                    back */
        memcpy(h.signature, q->h.signature, sizeof h.signature);
    smb_put_hdr(to, &h);
}

/* The body stands in the chain's output, or st says why there is none. */
static void answer_end(struct smbd_req *q, enum nt_status st)
{
    struct smbd_chain *ch = q->chain;
    struct smbd_answer *a = &ch->answers[ch->n_answers];
    (void)smbd_body(q);
    if (ch->out.st == STATUS_SUCCESS && !has_body(q, st)) {
        ch->out.len = a->off + SMB_HDR;
        put_error(&ch->out);
    }
    if (ch->out.st != STATUS_SUCCESS)
        return;
    fill_header(q, st, ch->out.base + a->off);
    a->session = q->session;
    a->sign = q->is_signed && !ch->sealed;
    if (a->session)
        a->session->refs++;
    a->setup = q->h.command == SMB_NEGOTIATE ||
               (q->h.command == SMB_SESSION_SETUP && st == STATUS_MORE_PROCESSING_REQUIRED &&
                (q->session->fresh || q->binding));
    ch->n_answers++;
}

/* Protects one message, frame included, that stands behind SMB_PREFIX at `start`, and sends it. */
static void send_message(struct smbd_conn *c, struct wr *w, size_t start, struct smbd_session *seal)
{
    size_t frame = start - SMB_FRAME, len = w->len - start;
    bool ok = true;
    if (seal) {
        frame -= SMB_TRANSFORM;
        ok = smb_seal(&seal->keys.seal, w->base + start - SMB_TRANSFORM, w->base + start, len, seal->nonce++,
                      seal->id);
        len += SMB_TRANSFORM;
    }
    if (!ok) {
        wr_free_secret(w);
        smbd_hang_up(c); /* no memory for an answer that the client waits for */
        return;
    }
    smb_put_frame(w->base + frame, len);
    c->s->counters.bytes_out += w->len - frame;
    if (io_queue_from(&c->stream, w, frame) == STATUS_NO_MEMORY)
        smbd_hang_up(c);
}

/* Sends the answers that are there. */
static void flush(struct smbd_chain *ch)
{
    struct smbd_conn *c = ch->c;
    struct smbd_session *seal = ch->sealed && ch->n_answers ? ch->answers[0].session : NULL;
    for (unsigned i = 0; i < ch->n_answers && ch->out.st == STATUS_SUCCESS; i++) {
        const struct smbd_answer *a = &ch->answers[i];
        uint8_t *msg = ch->out.base + a->off;
        size_t len = (i + 1 < ch->n_answers ? ch->answers[i + 1].off : ch->out.len) - a->off;
        if (a->sign && a->session && a->session->have_keys &&
            !smb_sign_message(smbd_signer(a->session, c), msg, len, true))
            wr_fail(&ch->out, STATUS_NO_MEMORY);
        if (a->setup)
            smb_preauth(a->session ? smbd_login_of(a->session, c)->preauth : c->preauth, msg, len);
    }
    if (ch->out.st != STATUS_SUCCESS)
        smbd_hang_up(c);
    else if (ch->n_answers && (!ch->sealed || seal))
        send_message(c, &ch->out, SMB_PREFIX, seal);
    wr_free(&ch->out);
    for (unsigned i = 0; i < ch->n_answers; i++)
        if (ch->answers[i].session)
            smbd_session_unref(ch->answers[i].session);
    ch->n_answers = 0;
}

/* ---- checks ---- */

/* [MS-SMB2] 3.3.5.2.4. What must not come unsigned is refused; a wrong signature, too. */
static enum nt_status check_signature(struct smbd_req *q)
{
    struct smbd_chain *ch = q->chain;
    struct smbd_session *x = q->session;
    q->is_signed = false;
    if (ch->sealed)
        return STATUS_SUCCESS;
    if (q->h.command == SMB_NEGOTIATE)
        return q->h.flags & SMB_FLAG_SIGNED ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
    if (!(q->h.flags & SMB_FLAG_SIGNED))
        return x && x->sign ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
    if (!x)
        return STATUS_USER_SESSION_DELETED;
    if (!x->have_keys)
        return x->state == SMBD_SETUP ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
    q->is_signed = true;
    bool ok = smb_check_signature(smbd_signer(x, ch->c), q->msg, q->len, false);
    memcpy(q->msg + SMB_HDR - sizeof q->h.signature, q->h.signature,
           sizeof q->h.signature); /* it may be hashed */
    return ok ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}

static bool expired(struct smbd_session *x)
{
    const struct nt_env *env = x->c->s->env;
    if (x->state == SMBD_VALID && x->expires != NT_TIME_NEVER && env->wall(env->arg) >= x->expires)
        x->state = SMBD_EXPIRED;
    return x->state == SMBD_EXPIRED;
}

/* [MS-SMB2] 3.3.5.2.9, 3.3.5.2.11 */
static enum nt_status check_context(struct smbd_req *q, const struct command *cmd)
{
    struct smbd_session *x = q->session;
    if (!(cmd->needs & NEED_SESSION))
        return STATUS_SUCCESS;
    if (!x || (x->state == SMBD_SETUP && x->fresh))
        return STATUS_USER_SESSION_DELETED;
    if (expired(x) && !(cmd->needs & WHEN_EXPIRED))
        return STATUS_NETWORK_SESSION_EXPIRED;
    if (x->encrypt && !q->chain->sealed)
        return STATUS_ACCESS_DENIED;
    if ((cmd->needs & NEED_TREE) && !smbd_session_tree(x, q->h.tree_id))
        return STATUS_NETWORK_NAME_DELETED;
    return STATUS_SUCCESS;
}

/* The ids of a related request are those of the one before ([MS-SMB2] 3.3.5.2.7.2). One that is not related
 * begins a chain of its own, also behind others, as on Windows (note 268). */
static enum nt_status inherit(struct smbd_req *q, const struct command *cmd)
{
    struct smbd_chain *ch = q->chain;
    if (!(q->h.flags & SMB_FLAG_RELATED)) {
        ch->headless = ch->ids_failed = ch->has_file = false;
        ch->file_st = STATUS_SUCCESS;
        return STATUS_SUCCESS;
    }
    ch->headless |= ch->n_requests == 1;
    if (ch->headless)
        return STATUS_INVALID_PARAMETER;
    q->h.session_id = ch->session_id;
    q->h.tree_id = ch->tree_id;
    if (ch->ids_failed && (cmd->needs & (NEED_SESSION | NEED_TREE)))
        return STATUS_INVALID_PARAMETER;
    if (!(cmd->needs & NEED_FILE))
        return STATUS_SUCCESS;
    if (ch->file_st != STATUS_SUCCESS)
        return ch->file_st;
    if (!ch->has_file)
        return STATUS_INVALID_HANDLE;
    if (q->len >= SMB_HDR + cmd->file_at + SMB_FILE_ID)
        memcpy(q->msg + SMB_HDR + cmd->file_at, ch->file_id, SMB_FILE_ID);
    return STATUS_SUCCESS;
}

/* What the next request of the chain may inherit. */
static void bequeath(struct smbd_req *q, const struct command *cmd, enum nt_status st)
{
    struct smbd_chain *ch = q->chain;
    ch->session_id = q->h.session_id;
    ch->tree_id = q->h.tree_id;
    bool ok = st == STATUS_SUCCESS || has_body(q, st);
    if (q->h.command == SMB_SESSION_SETUP || q->h.command == SMB_TREE_CONNECT ||
        st == STATUS_USER_SESSION_DELETED || st == STATUS_NETWORK_NAME_DELETED)
        ch->ids_failed = !ok;
    if (q->h.command == SMB_CREATE)
        ch->file_st = ok ? STATUS_SUCCESS : st;
    if (q->h.command != SMB_CREATE && (cmd->needs & NEED_FILE) &&
        q->len >= SMB_HDR + cmd->file_at + SMB_FILE_ID) {
        memcpy(ch->file_id, q->msg + SMB_HDR + cmd->file_at, SMB_FILE_ID);
        ch->has_file = true;
    }
}

/* A file that is not there is for the command to say. */
static enum nt_status check_file(const struct smbd_req *q, const struct command *cmd)
{
    if (!(cmd->needs & NEED_FILE) || q->len < SMB_HDR + cmd->file_at + SMB_FILE_ID)
        return STATUS_SUCCESS;
    const uint8_t *id = q->msg + SMB_HDR + cmd->file_at;
    struct smbd_pipe *p = smbd_pipe_find(q, id);
    p = p ? p : smbd_file_find(q, id);
    return p ? smbd_check_sequence(q, p) : STATUS_SUCCESS;
}

/* What runs: of pipes, or of the share with files. */
static smbd_command_fn *function_of(const struct smbd_req *q, const struct command *cmd)
{
    const struct smbd_share *disk = q->chain->c->s->o.disk;
    const struct smbd_tree *t =
        disk && (cmd->needs & NEED_TREE) ? smbd_session_tree(q->session, q->h.tree_id) : NULL;
    return t && smbd_tree_is_disk(q->session, t) && disk->commands[q->h.command] ? disk->commands[q->h.command] : cmd->fn;
}

static enum nt_status execute(struct smbd_req *q, const struct command *cmd)
{
    /* the signature covers the ids as they came: it is checked before they are changed */
    uint64_t id =
        q->h.flags & SMB_FLAG_RELATED && q->chain->n_requests > 1 ? q->chain->session_id : q->h.session_id;
    q->binding = smbd_wants_binding(q);
    struct smbd_session *x = q->binding ? smbd_session_global(q->chain->c->s, id)
                             : id       ? smbd_session_find(q->chain->c, id)
                                        : NULL;
    if (x)
        smbd_req_session(q, x);
    enum nt_status st = q->binding ? smbd_may_bind(q) : STATUS_SUCCESS;
    if ((q->h.flags & SMB_FLAG_RELATED) && q->chain->ids_failed && !x)
        st = STATUS_INVALID_PARAMETER; /* there is no key that its signature could be compared with */
    if (st == STATUS_SUCCESS)
        st = check_signature(q);
    if (st == STATUS_SUCCESS)
        st = inherit(q, cmd);
    if (st == STATUS_SUCCESS)
        st = check_context(q, cmd);
    if (st == STATUS_SUCCESS)
        st = check_file(q, cmd);
    return st == STATUS_SUCCESS ? function_of(q, cmd)(q) : st;
}

/* ---- chains ---- */

static bool valid_command(const struct smb_hdr *h)
{
    return h->command == SMB_CANCEL || (h->command < SMBD_COMMANDS && commands[h->command].fn);
}

/* Header of the next request. false: there can be no answer to it, the connection ends ([MS-SMB2] 3.3.5.2).
 */
static bool next_request(struct smbd_chain *ch, struct smbd_req *q)
{
    struct smbd_conn *c = ch->c;
    *q = (struct smbd_req){ .chain = ch, .msg = ch->msg + ch->pos, .len = ch->len - ch->pos };
    if (smb_get_hdr(q->msg, q->len, &q->h) != STATUS_SUCCESS || !valid_command(&q->h) ||
        (q->h.flags & SMB_FLAG_RESPONSE) || ++ch->n_requests > SMB_MAX_CHAIN)
        return false;
    if (q->h.next) {
        if (q->h.next < SMB_HDR || (q->h.next & 7) || q->h.next > q->len - SMB_HDR)
            return false;
        q->len = q->h.next;
    } else {
        q->last = true;
    }
    bool related = q->h.flags & SMB_FLAG_RELATED;
    if (ch->sealed && (ch->n_requests == 1 || !related) && q->h.session_id != ch->sealed_id)
        return false;
    if (c->state != SMBD_READY && q->h.command != SMB_NEGOTIATE)
        return false;
    if (q->h.command == SMB_CANCEL)
        return true;
    unsigned charge = c->multi_credit && q->h.credit_charge ? q->h.credit_charge : 1;
    return smbd_take_ids(c, q->h.mid, charge);
}

static void run(struct smbd_chain *ch)
{
    while (ch->pos < ch->len && ch->c->state != SMBD_CLOSED) {
        struct smbd_req q;
        if (!next_request(ch, &q)) { /* what was answered before still goes out */
            flush(ch);
            smbd_hang_up(ch->c);
            break;
        }
        ch->pos += q.len;
        ch->c->s->requests++;
        if (q.h.command == SMB_CANCEL) {
            smbd_cancel(ch->c, &q.h);
            continue;
        }
        if (ch->out.len > SMB_MAX_MESSAGE)
            flush(ch);
        if (ch->n_answers) /* the first one begins when there is something to say: what waits says nothing yet */
            smbd_answer_begin(ch);
        const struct command *cmd = &commands[q.h.command];
        enum nt_status st = execute(&q, cmd);
        if (st != STATUS_PENDING && ch->c->state != SMBD_CLOSED) {
            answer_end(&q, st);
            bequeath(&q, cmd, st);
        }
        if (q.session)
            smbd_session_unref(q.session);
        if (st == STATUS_PENDING) { /* the chain has moved */
            free(ch->own);
            ch->own = NULL;
            return;
        }
    }
    flush(ch);
    free(ch->own);
    ch->own = NULL;
}

void smbd_run_message(struct smbd_conn *c, uint8_t *msg, size_t len, bool sealed, uint64_t sealed_id)
{
    struct smbd_chain ch = { .c = c, .msg = msg, .len = len, .sealed = sealed, .sealed_id = sealed_id };
    run(&ch);
    smbd_conn_touch(c);
}

/* ---- waiting ---- */

/* [MS-SMB2] 3.3.4.2: the client is told that it takes longer. Interim answers are not signed: with AES-GMAC
 * the final one would have the same nonce. */
static void send_interim(struct smbd_wait *w)
{
    struct smbd_req *q = &w->req;
    struct smbd_conn *c = w->chain.c;
    struct wr out;
    q->async_id = c->next_async++;
    struct smb_hdr h = { .credit_charge = q->h.credit_charge,
                         .command = q->h.command,
                         .credits = smbd_grant(c, q->h.credits),
                         .status = STATUS_PENDING,
                         .flags = SMB_FLAG_RESPONSE | SMB_FLAG_ASYNC,
                         .mid = q->h.mid,
                         .async_id = q->async_id,
                         .session_id = q->h.session_id };
    smb_begin(&out, SMB_MAX_MESSAGE);
    put_error(&out);
    if (out.st == STATUS_SUCCESS) {
        smb_put_hdr(out.base + SMB_PREFIX, &h);
        send_message(c, &out, SMB_PREFIX, w->chain.sealed ? q->session : NULL);
    } else {
        wr_free(&out);
    }
}

static void interim_fn(struct io_item *it)
{
    struct smbd_wait *w = io_container(it, struct smbd_wait, timer);
    /* what was answered before it in the chain goes out first; the room for its own answer is not kept */
    if (w->chain.n_answers) {
        w->chain.out.len = w->chain.answers[w->chain.n_answers].off;
        put_le32(w->chain.out.base + w->chain.answers[w->chain.n_answers - 1].off + 20, 0);
        flush(&w->chain);
    } else {
        wr_free(&w->chain.out);
    }
    send_interim(w);
}

/* Each call on a pipe waits for a moment, so one is kept for the next. */
static struct smbd_wait *wait_take(struct smbd *s)
{
    struct smbd_wait *w = s->spare;
    s->spare = NULL;
    return w ? w : malloc(sizeof *w);
}

static void wait_give(struct smbd *s, struct smbd_wait *w)
{
    free(s->spare);
    s->spare = w;
}

struct smbd_wait *smbd_wait_new(struct smbd_req *q, struct smbd_pipe *p)
{
    struct smbd_chain *ch = q->chain;
    struct smbd_conn *c = ch->c;
    size_t left = ch->len - ch->pos, held = left + ch->out.len;
    bool room = c->n_waits < SMBD_WAITING_MAX && c->waiting + held <= SMBD_WAITING_BYTES;
    struct smbd_wait *w = room ? wait_take(c->s) : NULL;
    uint8_t *own = w && left ? malloc(left) : NULL;
    if (!w || (left && !own)) {
        free(w);
        return NULL;
    }
    bequeath(q, &commands[q->h.command], STATUS_SUCCESS); /* as far as is known: the end may say otherwise */
    if (left)
        memcpy(own, ch->msg + ch->pos, left);
    w->chain = *ch;
    w->chain.msg = own;
    w->chain.len = left;
    w->chain.pos = 0;
    w->chain.own = own; /* the old copy, in which the request lies that runs, goes when that has returned */
    wr_init(&ch->out, 0);
    ch->n_answers = 0;
    w->req = *q;
    w->req.chain = &w->chain;
    q->session->refs++;
    w->pipe = p;
    w->pipe_next = NULL;
    w->forget = NULL;
    w->next = c->waits;
    w->link = &c->waits;
    if (w->next)
        w->next->link = &w->next;
    c->waits = w;
    c->n_waits++;
    c->waiting += held;
    w->held = held;
    io_item_init(&w->timer, interim_fn);
    io_timer(&c->stream, &w->timer, io_now(&c->stream) + SMBD_INTERIM_NS);
    q->wait = w;
    return w;
}

/* Takes a request out of the lists; its chain stays. */
static void wait_unlink(struct smbd_wait *w)
{
    smbd_pipe_forget(w);
    io_cancel(&w->timer);
    *w->link = w->next;
    if (w->next)
        w->next->link = w->link;
    w->chain.c->n_waits--;
    w->chain.c->waiting -= w->held;
}

/* The answer alone in its message, in the room in front of the data. */
static void answer_in_place(struct smbd_wait *w, enum nt_status st, struct wr *data, size_t off)
{
    struct smbd_req *q = &w->req;
    struct smbd_conn *c = w->chain.c;
    bool read = q->h.command == SMB_READ;
    size_t n = data->len - off, fix = read ? SMBD_READ_FIX : SMBD_IOCTL_FIX, start = off - fix - SMB_HDR;
    struct wr head = smb_over(data->base + start + SMB_HDR, fix);
    if (read)
        smbd_put_read_fix(&head, n);
    else
        smbd_put_ioctl_fix(&head, q, n);
    fill_header(q, st, data->base + start);
    struct smbd_session *x = q->session;
    if (q->is_signed && !w->chain.sealed &&
        !smb_sign_message(smbd_signer(x, c), data->base + start, data->len - start, true)) {
        wr_free_secret(data);
        smbd_hang_up(c);
        return;
    }
    send_message(c, data, start, w->chain.sealed ? x : NULL);
}

void smbd_wait_end(struct smbd_wait *w, enum nt_status st, struct wr *data, size_t off)
{
    struct smbd_req *q = &w->req;
    struct smbd_chain *ch = &w->chain;
    struct smbd *s = ch->c->s;
    bool alone = ch->pos == ch->len && ch->n_answers == 0;
    wait_unlink(w);
    if (data && alone) {
        wr_free(&ch->out);
        answer_in_place(w, st, data, off);
        ch->len = ch->pos; /* nothing is left to run */
    } else {
        if (!ch->out.base)
            smbd_answer_begin(ch);
        if (data) {
            q->body = true;
            if (q->h.command == SMB_READ)
                smbd_put_read_fix(&ch->out, data->len - off);
            else
                smbd_put_ioctl_fix(&ch->out, q, data->len - off);
            wr_bytes(&ch->out, data->base + off, data->len - off);
            wr_free_secret(data);
        }
        answer_end(q, st);
    }
    if (++s->nested > SMBD_NESTED_MAX)
        smbd_hang_up(ch->c);
    run(ch);
    s->nested--;
    smbd_session_unref(q->session);
    wait_give(s, w);
}

void smbd_wait_resume(struct smbd_wait *w, smbd_resume_fn *fn, void *arg)
{
    struct smbd_req *q = &w->req;
    struct smbd_chain *ch = &w->chain;
    wait_unlink(w);
    enum nt_status st = fn(q, arg);
    answer_end(q, st);
    bequeath(q, &commands[q->h.command], st);
    run(ch);
    smbd_session_unref(q->session);
    free(w);
}

/* [MS-SMB2] 3.3.4.6: neither signed nor of a session, but encrypted where all is. */
void smbd_notify(struct smbd_session *x, struct wr *w)
{
    struct smb_hdr h = { .command = SMB_OPLOCK_BREAK,
                         .flags = SMB_FLAG_RESPONSE,
                         .mid = SMB_MID_UNSOLICITED };
    const struct smbd_channel *ch = x->channels;
    struct smbd_conn *c = x->c;
    while (c->gone && ch) {
        c = ch->valid ? ch->c : c;
        ch = ch->more;
    }
    if (w->st != STATUS_SUCCESS || c->gone) {
        wr_free(w);
        return;
    }
    smb_put_hdr(w->base + SMB_PREFIX, &h);
    send_message(c, w, SMB_PREFIX, x->encrypt ? x : NULL);
}

void smbd_waits_drop(struct smbd_conn *c)
{
    while (c->waits) {
        struct smbd_wait *w = c->waits;
        wait_unlink(w);
        wr_free(&w->chain.out);
        for (unsigned i = 0; i < w->chain.n_answers; i++)
            if (w->chain.answers[i].session)
                smbd_session_unref(w->chain.answers[i].session);
        free(w->chain.own);
        smbd_session_unref(w->req.session);
        free(w);
    }
}

/* [MS-SMB2] 3.3.5.16: no answer to a cancel; the request that it names gets one. */
void smbd_cancel(struct smbd_conn *c, const struct smb_hdr *h)
{
    bool async = h->flags & SMB_FLAG_ASYNC;
    for (struct smbd_wait *w = c->waits; w; w = w->next)
        if (async ? w->req.async_id && w->req.async_id == h->async_id : w->req.h.mid == h->mid) {
            if (w->req.session->id == h->session_id)
                smbd_wait_end(w, STATUS_CANCELLED, NULL, 0);
            return;
        }
}
