// SPDX-License-Identifier: Apache-2.0
/*
 * The client engine: message ids and credits, requests on their way, signing and encryption of everything
 * that leaves, checks of everything that arrives. How a connection comes to be is in connect.c.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "smb/m_client.h"

/* ---- state and failure ---- */

const char *smb_state_name(enum smb_state st)
{
    static const char *const names[] = { "new",      "negotiate", "auth",   "setup", "tree",
                                         "validate", "ready",     "logoff", "closed" };
    return (unsigned)st < sizeof names / sizeof names[0] ? names[st] : "?";
}

void smb_set_state(struct smb_client *c, enum smb_state st)
{
    const struct nt_env *env = c->stream.env;
    if (env->trace && env->trace_level >= NT_TRACE_STATE) {
        char line[160];
        snprintf(line, sizeof line, "smb %.80s: %s -> %s", c->server, smb_state_name(c->state),
                 smb_state_name(st));
        env->trace(env->arg, NT_TRACE_STATE, line);
    }
    c->state = st;
}

static const char *command_name(unsigned command)
{
    static const char *const names[] = {
        "NEGOTIATE", "SESSION_SETUP", "LOGOFF", "TREE_CONNECT", "TREE_DISCONNECT", "CREATE", "CLOSE",
        "FLUSH",     "READ",          "WRITE",  "LOCK",         "IOCTL",           "CANCEL", "ECHO"
    };
    return command < sizeof names / sizeof names[0] ? names[command] : "?";
}

/* One line for each message; what it carries is never shown. */
static void trace_message(struct smb_client *c, char way, const struct smb_hdr *h, size_t len, bool sealed)
{
    const struct nt_env *env = c->stream.env;
    if (__builtin_expect(!env->trace, 1) || env->trace_level < NT_TRACE_PACKET)
        return;
    char line[200];
    const char *st = way == '<' ? nt_status_name((enum nt_status)h->status) : "";
    snprintf(line, sizeof line, "smb %.80s %c %s mid %llu, %zu bytes%s %s", c->server, way,
             command_name(h->command), (unsigned long long)h->mid, len,
             sealed                       ? ", encrypted"
             : h->flags & SMB_FLAG_SIGNED ? ", signed"
                                          : "",
             st ? st : "unknown status");
    env->trace(env->arg, NT_TRACE_PACKET, line);
}

void smb_client_fail(struct smb_client *c, enum nt_status st, const char *fmt, ...)
{
    if (c->dead)
        return;
    char text[sizeof c->err.text];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    c->dead = true;
    /* A refusal with a success code of the server's choice is none that a caller may take for success. */
    c->why = nt_error_set(&c->err, nt_ok(st) ? STATUS_INVALID_NETWORK_RESPONSE : st, "%s", text);
    if (c->stream.env->trace && c->stream.env->trace_level >= NT_TRACE_ERROR)
        c->stream.env->trace(c->stream.env->arg, NT_TRACE_ERROR, c->err.text);
    io_close(&c->stream, c->why, false);
}

/* The stream's own time is that of its last step, which may be long ago for a call from outside. */
static uint64_t fresh_now(const struct smb_client *c)
{
    return c->stream.loop ? io_loop_now(c->stream.loop) : io_now(&c->stream);
}

/* ---- lists ---- */

static void list_add(struct smb_req **head, struct smb_req **tail, struct smb_req *r)
{
    r->next = NULL;
    r->prev = *tail;
    if (*tail)
        (*tail)->next = r;
    else
        *head = r;
    *tail = r;
}

static void list_del(struct smb_req **head, struct smb_req **tail, struct smb_req *r)
{
    if (r->prev)
        r->prev->next = r->next;
    else
        *head = r->next;
    if (r->next)
        r->next->prev = r->prev;
    else
        *tail = r->prev;
    r->prev = r->next = NULL;
}

/* Takes a request out of wherever it is. */
static void req_unlink(struct smb_req *r)
{
    struct smb_client *c = r->client;
    io_cancel(&r->item);
    if (r->state == SMB_REQ_SENT) {
        list_del(&c->sent, &c->sent_tail, r);
    } else if (r->state == SMB_REQ_WAITING) {
        list_del(&c->waiting, &c->waiting_tail, r);
        c->n_waiting--;
        wr_free_secret(&r->out);
    }
    r->state = SMB_REQ_IDLE;
}

/* The end of a request: done comes from the ready list. */
static void req_finish(struct smb_req *r, enum nt_status st)
{
    req_unlink(r);
    r->status = r->cancelled ? STATUS_CANCELLED : st;
    r->state = SMB_REQ_DONE;
    io_ready(&r->client->stream, &r->item);
}

/* ---- sending ---- */

void smb_begin(struct wr *w, size_t limit)
{
    wr_init(w, limit);
    wr_zero(w, SMB_PREFIX + SMB_HDR);
}

/* Header, protection and frame of the message at `start`; queues it. */
static enum nt_status seal_and_queue(struct smb_client *c, struct wr *out, size_t start, struct smb_hdr *h)
{
    uint8_t *msg = out->base + start;
    size_t len = out->len - start;
    bool setup = h->command == SMB_NEGOTIATE || h->command == SMB_SESSION_SETUP;
    bool seal = c->sealing && !setup;
    if (c->signing_on && !seal && !setup)
        h->flags |= SMB_FLAG_SIGNED;
    smb_put_hdr(msg, h);
    bool ok = !(h->flags & SMB_FLAG_SIGNED) || smb_sign_message(&c->keys.signer, msg, len, false);
    if (setup) /* [MS-SMB2] 3.2.5.2, 3.2.5.3.1: on 3.1.1 the keys depend on these messages, byte for byte */
        smb_preauth(c->preauth, msg, len);
    trace_message(c, '>', h, len, seal);
    size_t at = start - SMB_FRAME;
    if (seal) {
        at -= SMB_TRANSFORM;
        ok = smb_seal(&c->keys.seal, out->base + at + SMB_FRAME, msg, len, c->nonce++, c->session_id);
    }
    if (!ok) {
        wr_free_secret(out);
        return STATUS_NO_MEMORY;
    }
    smb_put_frame(out->base + at, out->len - at - SMB_FRAME);
    return io_queue_from(&c->stream, out, at);
}

static enum nt_status transmit(struct smb_client *c, struct smb_req *r, struct wr *out, size_t start)
{
    uint32_t left = c->credits - r->charge;
    struct smb_hdr h = {
        .credit_charge = c->multi_credit ? r->charge : 0,
        .command = r->command,
        .credits = (uint16_t)(r->charge + (left < SMB_CREDITS_WANTED ? SMB_CREDITS_WANTED - left : 0)),
        .mid = c->next_mid,
        .tree_id = c->tree_id,
        .session_id = c->session_id,
    };
    enum nt_status st = seal_and_queue(c, out, start, &h);
    if (st != STATUS_SUCCESS)
        return st; /* nothing was sent: the message id is still free */
    r->mid = c->next_mid;
    c->next_mid += r->charge;
    c->credits = left;
    r->state = SMB_REQ_SENT;
    list_add(&c->sent, &c->sent_tail, r);
    return STATUS_SUCCESS;
}

static void req_item(struct io_item *it);

/* With nothing in flight no answer can bring credits any more. */
static void check_starved(struct smb_client *c)
{
    if (c->waiting && !c->sent)
        smb_client_fail(c, STATUS_INVALID_NETWORK_RESPONSE,
                        "%s took all credits back and left %zu requests that can never be sent", c->server,
                        c->n_waiting);
}

enum nt_status smb_send(struct smb_client *c, struct smb_req *r, struct wr *out, size_t start, size_t payload,
                        uint64_t deadline)
{
    enum nt_status st = out->st;
    if (st == STATUS_SUCCESS && (c->dead || c->state == SMB_ST_CLOSED))
        st = c->why != STATUS_SUCCESS ? c->why : STATUS_CONNECTION_DISCONNECTED;
    if (st == STATUS_SUCCESS && payload > SMB_MAX_PAYLOAD && !c->multi_credit)
        st = STATUS_INVALID_PARAMETER;
    if (st == STATUS_SUCCESS && c->n_waiting >= SMB_MAX_WAITING)
        st = STATUS_INSUFFICIENT_RESOURCES;
    if (st != STATUS_SUCCESS) {
        wr_free_secret(out);
        return st;
    }
    io_item_init(&r->item, req_item);
    r->client = c;
    r->charge = (uint16_t)(payload ? (payload - 1) / SMB_MAX_PAYLOAD + 1 : 1); /* [MS-SMB2] 3.1.5.2 */
    r->interims = 0;
    r->async = r->cancelled = false;
    r->async_id = 0;
    r->msg = NULL;
    r->len = 0;
    if (c->waiting || c->credits < r->charge) {
        r->out = *out;
        r->start = start;
        wr_init(out, 0);
        r->state = SMB_REQ_WAITING;
        list_add(&c->waiting, &c->waiting_tail, r);
        c->n_waiting++;
        check_starved(c);
    } else if ((st = transmit(c, r, out, start)) != STATUS_SUCCESS) {
        return st;
    }
    if (deadline != UINT64_MAX)
        io_timer(&c->stream, &r->item, deadline);
    return STATUS_SUCCESS;
}

/* Sends what waited for credits. */
static void send_waiting(struct smb_client *c)
{
    while (c->waiting && c->credits >= c->waiting->charge && !c->dead) {
        struct smb_req *r = c->waiting;
        struct wr out = r->out;
        list_del(&c->waiting, &c->waiting_tail, r);
        c->n_waiting--;
        wr_init(&r->out, 0);
        r->state = SMB_REQ_IDLE;
        enum nt_status st = transmit(c, r, &out, r->start);
        if (st != STATUS_SUCCESS)
            req_finish(r, st);
    }
    check_starved(c);
}

/* [MS-SMB2] 3.2.4.24: the message id of the request, no credit, no answer. */
static void send_cancel(struct smb_client *c, const struct smb_req *r)
{
    struct wr w;
    if (c->dead || c->state == SMB_ST_CLOSED || r->command == SMB_NEGOTIATE)
        return;
    smb_begin(&w, SMB_PREFIX + SMB_HDR + 4);
    smb_put_empty(&w);
    struct smb_hdr h = {
        .command = SMB_CANCEL,
        .flags = r->async ? SMB_FLAG_ASYNC : 0,
        .mid = r->mid,
        .async_id = r->async_id,
        .tree_id = c->tree_id,
        .session_id = c->session_id,
    };
    if (w.st == STATUS_SUCCESS)
        (void)seal_and_queue(c, &w, SMB_PREFIX,
                             &h); /* if it cannot go out, the request ends by its deadline */
    else
        wr_free(&w);
}

/* The item of a request: its deadline while it is under way, then the call of done. */
static void req_item(struct io_item *it)
{
    struct smb_req *r = io_container(it, struct smb_req, item);
    if (r->state == SMB_REQ_SENT || r->state == SMB_REQ_WAITING) {
        if (r->state == SMB_REQ_SENT && !r->cancelled)
            send_cancel(r->client, r);
        req_unlink(r);
        r->status = r->cancelled ? STATUS_CANCELLED : STATUS_IO_TIMEOUT;
    }
    r->state = SMB_REQ_IDLE;
    r->done(r);
}

void smb_cancel(struct smb_req *r)
{
    if (r->cancelled || (r->state != SMB_REQ_SENT && r->state != SMB_REQ_WAITING))
        return;
    struct smb_client *c = r->client;
    r->cancelled = true;
    if (r->state == SMB_REQ_WAITING) {
        req_finish(r, STATUS_CANCELLED);
        return;
    }
    send_cancel(c, r);
    io_timer(&c->stream, &r->item, fresh_now(c) + SMB_CANCEL_GRACE_NS);
}

void smb_ask_cancel(struct smb_req *r)
{
    if (r->state == SMB_REQ_WAITING)
        smb_cancel(r);
    else if (r->state == SMB_REQ_SENT && !r->cancelled)
        send_cancel(r->client, r);
}

void smb_abandon(struct smb_req *r)
{
    if (r->state == SMB_REQ_IDLE)
        return;
    if (r->state == SMB_REQ_SENT && !r->cancelled)
        send_cancel(r->client, r);
    req_unlink(r);
}

/* ---- receiving ---- */

static struct smb_req *find_sent(struct smb_client *c, uint64_t mid)
{
    for (struct smb_req *r = c->sent; r; r = r->next)
        if (r->mid == mid)
            return r;
    return NULL;
}

static bool is_interim(const struct smb_hdr *h)
{
    return h->status == (uint32_t)STATUS_PENDING && (h->flags & SMB_FLAG_ASYNC);
}

/* [MS-SMB2] 3.2.5.1.3, and stricter: on a session that is encrypted nothing arrives in the clear. */
static bool authentic(struct smb_client *c, const struct smb_hdr *h, uint8_t *msg, size_t len, bool sealed)
{
    char who[SMB_WHO];
    if (sealed)
        return true;
    if (c->sealing) {
        const char *name = nt_status_name((enum nt_status)h->status);
        smb_client_fail(
            c, STATUS_ACCESS_DENIED,
            "%s answered in the clear (%s) on an encrypted session: the session may have been ended by the "
            "server, or somebody is in between",
            smb_who(c, who), name ? name : "unknown status");
        return false;
    }
    if (!c->signing_on ||
        is_interim(h)) /* not yet while the session is set up: connect.c checks the last leg */
        return true;
    if ((h->flags & SMB_FLAG_SIGNED) && smb_check_signature(&c->keys.signer, msg, len, true))
        return true;
    const char *name = nt_status_name((enum nt_status)h->status); /* a search: not for each answer */
    smb_client_fail(
        c, STATUS_INVALID_SIGNATURE,
        "%s sent an answer (%s) that is %s on a signed session: the session may have been ended by the "
        "server, or somebody is in between",
        smb_who(c, who), name ? name : "unknown status",
        h->flags & SMB_FLAG_SIGNED ? "wrongly signed" : "not signed");
    return false;
}

/* Oplock breaks and notifications ([MS-SMB2] 3.2.5.19, 3.2.5.20): we hold nothing that they could concern. */
static void unsolicited(struct smb_client *c)
{
    if (++c->unsolicited > SMB_MAX_UNSOLICITED)
        smb_client_fail(c, STATUS_INVALID_NETWORK_RESPONSE, "%s keeps sending messages that nobody asked for",
                        c->server);
}

static void interim(struct smb_client *c, struct smb_req *r, const struct smb_hdr *h)
{
    if (r->interims++ >= SMB_MAX_INTERIM) {
        smb_client_fail(c, STATUS_INVALID_NETWORK_RESPONSE,
                        "%s answers one request with STATUS_PENDING again and again", c->server);
        return;
    }
    r->async = true;
    r->async_id = h->async_id;
}

/* One answer, as a message of its own. */
static void answer(struct smb_client *c, uint8_t *msg, size_t len, bool sealed)
{
    struct smb_hdr h;
    char who[SMB_WHO];
    if (smb_get_hdr(msg, len, &h) != STATUS_SUCCESS || !(h.flags & SMB_FLAG_RESPONSE)) {
        smb_client_fail(c, STATUS_INVALID_NETWORK_RESPONSE, "%s sent something that is no SMB2 answer",
                        smb_who(c, who));
        return;
    }
    trace_message(c, '<', &h, len, sealed);
    if (sealed && h.session_id != c->session_id && h.mid != SMB_MID_UNSOLICITED) {
        smb_client_fail(c, STATUS_INVALID_NETWORK_RESPONSE, "%s sent an encrypted answer of another session",
                        smb_who(c, who));
        return;
    }
    if (h.mid == SMB_MID_UNSOLICITED) {
        unsolicited(c);
        return;
    }
    if (!authentic(c, &h, msg, len, sealed))
        return;
    c->credits += h.credits;
    if (c->credits > SMB_CREDITS_MAX)
        c->credits = SMB_CREDITS_MAX;
    struct smb_req *r = find_sent(c, h.mid);
    if (!r && h.mid >= c->next_mid) {
        smb_client_fail(c, STATUS_INVALID_NETWORK_RESPONSE, "%s answered a request that was never sent",
                        smb_who(c, who));
    } else if (r && r->command != h.command) {
        smb_client_fail(c, STATUS_INVALID_NETWORK_RESPONSE, "%s answered command %u with command %u",
                        smb_who(c, who), r->command, h.command);
    } else if (r && is_interim(&h)) {
        interim(c, r, &h);
    } else if (r) {
        r->hdr = h;
        r->msg = msg;
        r->len = len;
        req_finish(r, (enum nt_status)h.status);
    } /* else: given up earlier, [MS-SMB2] 3.2.5.1.2 */
    if (!c->dead)
        send_waiting(c);
}

/* [MS-SMB2] 3.2.5.1.9 */
static void chain(struct smb_client *c, uint8_t *msg, size_t len, bool sealed)
{
    for (unsigned n = 0; !c->dead; n++) {
        size_t next = len >= SMB_HDR ? le32(msg + 20) : 0;
        if (n == SMB_MAX_CHAIN || (next && (next < SMB_HDR || (next & 7) || next > len - SMB_HDR))) {
            smb_client_fail(c, STATUS_INVALID_NETWORK_RESPONSE,
                            "%s sent a chain of answers that cannot be followed", c->server);
            return;
        }
        answer(c, msg, next ? next : len, sealed);
        if (!next)
            return;
        msg += next;
        len -= next;
    }
}

/* [MS-SMB2] 3.2.5.1.1.1 */
static void sealed_message(struct smb_client *c, uint8_t *p, size_t len)
{
    char who[SMB_WHO];
    uint8_t *msg = p + SMB_TRANSFORM;
    size_t n = len - SMB_TRANSFORM;
    if (!c->have_keys || c->keys.open.id == NPC_CIPHER_NONE || len <= SMB_TRANSFORM + SMB_HDR ||
        le32(p + 36) != n || le16(p + 42) != 1 || le64(p + 44) != c->session_id) {
        smb_client_fail(c, STATUS_INVALID_NETWORK_RESPONSE,
                        "%s sent an encrypted message that does not fit the session", smb_who(c, who));
        return;
    }
    if (!smb_unseal(&c->keys.open, p, msg, n)) {
        smb_client_fail(c, STATUS_DECRYPTION_FAILED,
                        "%s sent a message that cannot be decrypted with %s: it was changed on the way",
                        smb_who(c, who), smb_cipher_name(c->cipher));
        return;
    }
    chain(c, msg, n, true);
}

static void message(struct smb_client *c, uint8_t *p, size_t len)
{
    if (memcmp(p, "\xfdSMB", 4) == 0 && len > SMB_TRANSFORM)
        sealed_message(c, p, len);
    else
        chain(c, p, len, false);
}

/* Takes bytes into `part` until it holds `want`; false if there are not enough, or no memory. */
static bool collect(struct smb_client *c, size_t want, uint8_t **data, size_t *len)
{
    struct smb_part *part = &c->part;
    if (want > part->cap) {
        size_t cap = want < 4096 ? 4096 : want;
        uint8_t *p = realloc(part->base, cap);
        if (!p) {
            smb_client_fail(c, STATUS_NO_MEMORY, "no memory for an answer of %s", c->server);
            return false;
        }
        part->base = p;
        part->cap = cap;
    }
    size_t n = want > part->len ? want - part->len : 0;
    if (n > *len)
        n = *len;
    memcpy(part->base + part->len, *data, n);
    part->len += n;
    *data += n;
    *len -= n;
    return part->len >= want;
}

static bool frame_length(struct smb_client *c, const uint8_t *p, size_t *ret)
{
    char who[SMB_WHO];
    if (smb_get_frame(p, ret) == STATUS_SUCCESS)
        return true;
    smb_client_fail(c, STATUS_INVALID_NETWORK_RESPONSE,
                    "%s sent bytes that do not begin an SMB2 message; is this the port of another service?",
                    smb_who(c, who));
    return false;
}

/* A message that came in pieces. The buffer then lends to the callbacks of this feed, and the other one
 * collects. */
static void finish_part(struct smb_client *c, uint8_t **data, size_t *len)
{
    size_t n = 0;
    if (!collect(c, SMB_FRAME, data, len) || !frame_length(c, c->part.base, &n) ||
        !collect(c, SMB_FRAME + n, data, len))
        return;
    struct smb_part full = c->part;
    c->part = c->held;
    c->part.len = 0;
    c->held = full;
    message(c, full.base + SMB_FRAME, n);
}

static void on_data(void *engine, uint8_t *data, size_t len)
{
    struct smb_client *c = engine;
    while (len && !c->dead) {
        size_t n;
        if (c->part.len || len < SMB_FRAME) {
            finish_part(c, &data, &len);
            continue;
        }
        if (!frame_length(c, data, &n))
            return;
        if (len - SMB_FRAME < n) {
            finish_part(c, &data, &len);
            return;
        }
        message(c, data + SMB_FRAME, n);
        data += SMB_FRAME + n;
        len -= SMB_FRAME + n;
    }
}

/* ---- the end ---- */

static void on_close(void *engine, enum nt_status why)
{
    struct smb_client *c = engine;
    smb_connection_lost(c, why);
    while (c->sent)
        req_finish(c->sent, c->why);
    while (c->waiting)
        req_finish(c->waiting, c->why);
    io_ready(&c->stream, &c->end); /* behind all that has just become ready */
}

static void on_open(void *engine)
{
    smb_connect(engine);
}

const struct io_ops smb_client_ops = { .on_open = on_open, .on_data = on_data, .on_close = on_close };

/* Runs once the connection is down and all requests were told; again, from smb_client_close, if that comes
 * later. */
void smb_client_end(struct io_item *it)
{
    struct smb_client *c = io_container(it, struct smb_client, end);
    if (!c->closing && !c->reported) {
        c->reported = c->down = true;
        c->o.on_ready(c->o.arg, c->why);
    } else if (!c->closing && !c->down) {
        c->down = true;
        if (c->o.on_down)
            c->o.on_down(c->o.arg, c->why);
    }
    if (c->closing && !it->stream) /* a callback that asked for the end has queued this item again */
        c->o.on_closed(c->o.arg);
}

static void logoff_done(struct smb_req *r)
{
    io_close(&r->client->stream, STATUS_LOCAL_DISCONNECT, false);
}

void smb_client_close(struct smb_client *c)
{
    if (c->closing)
        return;
    c->closing = true;
    smb_drop_auth(c);
    if (c->state == SMB_ST_CLOSED) {
        io_ready(&c->stream, &c->end);
        return;
    }
    if (c->state == SMB_ST_READY && !c->dead) {
        struct wr w;
        smb_set_state(c, SMB_ST_LOGOFF);
        smb_begin(&w, SMB_PREFIX + SMB_HDR + 4);
        smb_put_empty(&w);
        c->own.command = SMB_LOGOFF;
        c->own.done = logoff_done;
        if (smb_send(c, &c->own, &w, SMB_PREFIX, 0, fresh_now(c) + SMB_CANCEL_GRACE_NS) == STATUS_SUCCESS)
            return;
    }
    smb_abandon(&c->own);
    io_close(&c->stream, STATUS_LOCAL_DISCONNECT, false);
}

void smb_client_done(struct smb_client *c)
{
    smb_drop_auth(c);
    io_stream_done(&c->stream);
    while (c->waiting)
        req_unlink(c->waiting);
    if (c->part.base)
        nt_wipe(c->part.base, c->part.cap);
    free(c->part.base);
    if (c->held.base)
        nt_wipe(c->held.base, c->held.cap);
    free(c->held.base);
    sec_creds_unref(c->o.creds);
    free(c->server);
    free(c->target);
    smb_keys_done(&c->keys);
    nt_wipe(c->session_key, sizeof c->session_key);
}
