// SPDX-License-Identifier: Apache-2.0
/* Client side of an association: opening, receiving, closing. See m_client.h for how the files divide the
 * work. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "rpc/m_client.h"

#define DEFAULT_TIMEOUT_MS 30000
#define NS_PER_MS          UINT64_C(1000000)
#define MAPPER_PORT        135 /* [C706] appendix H */
#define LEVEL_UNSET        SEC_LEVEL_DEFAULT
#define FIRST_ROOM         512 /* most requests fit, so that the writer does not grow in steps */

static const char doing_open[] = "connecting";

static const char *const state_names[] = {
    [RPC_ST_NEW] = "new",       [RPC_ST_MAPPING] = "mapping", [RPC_ST_SESSION] = "session",
    [RPC_ST_PIPE] = "pipe",     [RPC_ST_DIALING] = "dialing", [RPC_ST_AUTH] = "auth",
    [RPC_ST_BIND] = "bind",     [RPC_ST_LEG] = "leg",         [RPC_ST_READY] = "ready",
    [RPC_ST_CLOSED] = "closed",
};

void rpc_conn_state(struct rpc_conn *c, enum rpc_state st)
{
    if (c->env->trace && c->env->trace_level >= NT_TRACE_STATE) {
        char line[96];
        snprintf(line, sizeof line, "rpc %s: %s -> %s", c->ctx[0].iface->name, state_names[c->state],
                 state_names[st]);
        c->env->trace(c->env->arg, NT_TRACE_STATE, line);
    }
    c->state = st;
}

/* ---- sentences ---- */

static const char *help_for(enum nt_status st)
{
    static const struct {
        enum nt_status st;
        const char *text;
    } help[] = {
        { STATUS_ACCESS_DENIED,
          "user or password may be wrong, the account may lack the right, or the server wants more "
          "protection "
          "(try privacy), "
          "forbids remote calls of this kind, or runs under another service principal" },
        { STATUS_LOGON_FAILURE, "check user, domain and password" },
        { STATUS_IO_TIMEOUT, "a firewall that drops packets, or a server that hangs" },
        { STATUS_CONNECTION_REFUSED,
          "nothing listens there: is it the right host, and is the service running?" },
        { STATUS_HOST_UNREACHABLE, "check the name and the route to the host" },
        { STATUS_OBJECT_NAME_NOT_FOUND,
          "the service behind this pipe is not running, or there is no such pipe" },
        { STATUS_PIPE_NOT_AVAILABLE, "all instances of the pipe are busy; try again" },
        { RPC_NT_SEC_PKG_ERROR,
          "the server could not use what we sent to authenticate: check user, domain and password, and "
          "whether the account is locked or has expired" },
        { RPC_NT_UNKNOWN_IF, "this server may not have the service, or not at this endpoint" },
        { RPC_NT_PROCNUM_OUT_OF_RANGE, "the server does not have this operation" },
        { EPT_NT_NOT_REGISTERED,
          "the service is not running there, or is reachable by named pipe only (ncacn_np)" },
        { RPC_NT_SERVER_TOO_BUSY, "try again later" },
    };
    for (size_t i = 0; i < sizeof help / sizeof help[0]; i++)
        if (help[i].st == st)
            return help[i].text;
    return NULL;
}

static void explain(struct rpc_conn *c, enum nt_status st, const char *doing, const char *fmt, va_list ap)
{
    char what[380], security[64];
    vsnprintf(what, sizeof what, fmt, ap);
    if (c->level <= SEC_LEVEL_NONE)
        snprintf(security, sizeof security,
                 c->binding->protseq == RPC_NP      ? "protected by the SMB session"
                 : c->binding->protseq == RPC_LOCAL ? "by a local socket"
                                                    : "without security");
    else
        snprintf(security, sizeof security, "%s by %s", sec_level_name(c->level),
                 c->mech[0] ? c->mech : c->provider->name);
    const char *name = nt_status_name(st);
    /* what usually helps with servers does not with the daemon of this machine */
    bool muxer = strstr(what, "no muxer listens") || strstr(what, "the muxer at ") ||
                 strstr(what, "a muxer is taken from");
    const char *help = muxer ? NULL : help_for(st);
    char end[300] = "", code[16];
    snprintf(code, sizeof code, "0x%08x", (unsigned)st);
    if (!name || !strstr(what, name)) /* else the layer below has said it all */
        snprintf(end, sizeof end, " (%s)%s%s", name ? name : code, help ? "; " : "", help ? help : "");
    nt_error_set(&c->err, st, "%s, %s:%s%s%s%s, %s, %s: %s%s", doing, rpc_protseq_names[c->binding->protseq],
                 c->binding->host, c->endpoint ? "[" : "", c->endpoint ? c->endpoint : "",
                 c->endpoint ? "]" : "", c->ctx[0].iface->name, security, what, end);
}

void rpc_conn_explain(struct rpc_conn *c, enum nt_status st, const char *doing, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    explain(c, st, doing, fmt, ap);
    va_end(ap);
}

void rpc_conn_extended(struct rpc_conn *c, struct nt_blob data, char *buf, size_t size)
{
    char text[256] = "";
    c->extended = (struct rpc_error_list){ NULL, 0 };
    if (c->extended_mem)
        nt_arena_reset(c->extended_mem);
    else if (data.len)
        c->extended_mem = nt_arena_new(0);
    /* what cannot be decoded adds nothing: the fault's code stands by itself */
    if (data.data && data.len && c->extended_mem &&
        rpc_eerr_decode(data, c->extended_mem, &c->extended) == STATUS_SUCCESS)
        (void)rpc_eerr_text(&c->extended, text, sizeof text);
    if (size)
        snprintf(buf, size, "%s%s", text[0] ? "; " : "", text);
}

/* Ends what is still being opened below. */
static void stop_opening(struct rpc_conn *c)
{
    rpc_map_cancel(c);
    if (c->opening_session)
        npc_session_give_up(c->opening_session);
    if (c->opening_pipe)
        npc_pipe_give_up(c->opening_pipe);
    c->opening_session = NULL;
    c->opening_pipe = NULL;
}

/* doing NULL: the sentence is there already. */
void rpc_conn_fail(struct rpc_conn *c, enum nt_status st, const char *doing, const char *fmt, ...)
{
    if (c->state == RPC_ST_CLOSED)
        return;
    if (doing) {
        va_list ap;
        va_start(ap, fmt);
        explain(c, st, doing, fmt, ap);
        va_end(ap);
    }
    if (c->env->trace && c->env->trace_level >= NT_TRACE_ERROR)
        c->env->trace(c->env->arg, NT_TRACE_ERROR, c->err.text);
    rpc_conn_state(c, RPC_ST_CLOSED);
    c->why = st;
    if (c->tp)
        c->tp->ops->close(c->tp);
    stop_opening(c);
    rpc_calls_fail(c, st);
    rpc_conn_wake(c);
}

/* ---- telling users ---- */

static void conn_destroy(struct rpc_conn *c);

static void tell_open(struct rpc_conn *c)
{
    rpc_open_fn *done = c->open_done;
    if (!done || (c->state != RPC_ST_READY && c->state != RPC_ST_CLOSED))
        return;
    c->open_done = NULL;
    if (c->state == RPC_ST_READY) {
        done(c->open_arg, STATUS_SUCCESS, c);
        return;
    }
    enum nt_status st = c->why;
    if (c->open_error)
        *c->open_error = c->err;
    void *arg = c->open_arg;
    rpc_close(c);
    done(arg, st, NULL);
}

static void conn_idle(void *up)
{
    struct rpc_conn *c = up;
    io_cancel(&c->ready);
    if (c->n_pipes)
        rpc_cpipes_run(c);
    if (c->n_callbacks)
        rpc_callbacks_run(c);
    rpc_calls_tell(c);
    tell_open(c);
}

static void ready_fn(struct io_item *it)
{
    conn_idle(io_container(it, struct rpc_conn, ready));
}

void rpc_conn_wake(struct rpc_conn *c)
{
    if (c->tp)
        io_ready(c->tp->stream, &c->ready);
}

static void timer_fn(struct io_item *it)
{
    struct rpc_conn *c = io_container(it, struct rpc_conn, timer);
    static const char *const waits[] = {
        [RPC_ST_DIALING] = "nobody accepted the connection in time",
        [RPC_ST_AUTH] = "our own authentication step took too long",
        [RPC_ST_BIND] = "no answer to the bind in time",
        [RPC_ST_LEG] = "no answer to our token in time",
        [RPC_ST_CLOSED] = NULL,
    };
    rpc_conn_fail(c, STATUS_IO_TIMEOUT, doing_open, "%s", waits[c->state] ? waits[c->state] : "timed out");
}

static void open_cancelled(struct io_watch *w)
{
    struct rpc_conn *c = io_container(w, struct rpc_conn, watch);
    rpc_conn_fail(c, STATUS_CANCELLED, doing_open, "given up by the caller");
    conn_idle(c);
}

/* Nothing but the bind has been sent yet. */
static void check_pin(struct rpc_conn *c)
{
    struct rpc_facts f = { .size = sizeof f };
    if (!c->pin || rpc_conn_facts(c, &f) != STATUS_SUCCESS)
        return;
    const char *why = rpc_pin_less(c->pin, &f);
    if (why)
        rpc_conn_fail(c, STATUS_DOWNGRADE_DETECTED, doing_open,
                      "what was agreed on has %s than an earlier connection had, or must have", why);
}

void rpc_conn_bound(struct rpc_conn *c)
{
    io_cancel(&c->timer);
    io_watch_stop(&c->watch);
    rpc_conn_state(c, RPC_ST_READY);
    if (rpc_sec_signs(&c->sec))
        c->tp->ops->in_order(c->tp);
    check_pin(c);
    rpc_conn_wake(c);
}

size_t rpc_conn_writer(struct rpc_conn *c, struct wr *w, size_t limit)
{
    size_t headroom = c->tp->ops->headroom;
    wr_init(w, limit + headroom);
    if (wr_grow(w, headroom + (limit < FIRST_ROOM ? limit : FIRST_ROOM)))
        (void)wr_room(w, headroom); /* the transport fills or skips it */
    return headroom;
}

/* ---- receiving ---- */

static void bad_pdu(struct rpc_conn *c, const struct rpc_pdu *d)
{
    rpc_conn_fail(c, RPC_NT_PROTOCOL_ERROR, "receiving", "the server sent a %s in state \"%s\"",
                  rpc_ptype_name(d->h.ptype), state_names[c->state]);
}

/* Answers to bind and to the legs of authentication. */
static void on_binding_pdu(struct rpc_conn *c, const uint8_t *pdu, const struct rpc_pdu *d)
{
    if (d->h.call_id != c->leg_id) {
        rpc_conn_fail(c, RPC_NT_PROTOCOL_ERROR, "bind", "the server answered call %u instead of %u",
                      d->h.call_id, c->leg_id);
        return;
    }
    bool bind = c->state == RPC_ST_BIND;
    if (d->h.ptype == (bind ? RPC_PT_BIND_ACK : RPC_PT_ALTER_RESP)) {
        rpc_on_bind_ack(c, pdu, d);
    } else if (d->h.ptype == RPC_PT_BIND_NAK) {
        rpc_on_bind_nak(c, d);
    } else if (d->h.ptype == RPC_PT_FAULT) {
        const char *name = rpc_fault_name(d->u.rsp.status);
        char more[256];
        c->fault = d->u.rsp.status;
        rpc_conn_extended(c, rpc_fault_extended(d, pdu + d->body_off, d->body_len), more, sizeof more);
        rpc_conn_fail(c, nt_from_rpc_fault(d->u.rsp.status), bind ? "bind" : "authentication",
                      "the server answered with fault %s (0x%08x)%s", name ? name : "", d->u.rsp.status,
                      more);
    } else {
        bad_pdu(c, d);
    }
}

static void on_pdu(struct rpc_conn *c, uint8_t *pdu, size_t len)
{
    struct rpc_pdu d;
    const char *why = NULL;
    enum nt_status st = rpc_pdu_decode(pdu, len, &d, &why);
    if (st != STATUS_SUCCESS) {
        rpc_conn_fail(c, st, "receiving", "the server sent %s", why);
        return;
    }
    if (c->state == RPC_ST_BIND || c->state == RPC_ST_LEG) {
        on_binding_pdu(c, pdu, &d);
        return;
    }
    if (c->state != RPC_ST_READY) {
        bad_pdu(c, &d);
        return;
    }
    switch ((enum rpc_ptype)d.h.ptype) {
    case RPC_PT_RESPONSE:
    case RPC_PT_FAULT:
        rpc_on_answer(c, pdu, &d);
        break;
    case RPC_PT_ALTER_RESP:
        rpc_on_alter_resp(c, pdu, &d);
        break;
    case RPC_PT_SHUTDOWN: /* the server would like us to leave ([C706] 12.6.4.11); it will close soon anyway
                           */
        if (!c->sent.n)
            rpc_conn_fail(c, STATUS_CONNECTION_DISCONNECTED, "receiving",
                          "the server asked for the end of the connection");
        break;
    case RPC_PT_REQUEST:
        rpc_callback_on_request(c, pdu, &d);
        break;
    case RPC_PT_BIND:
    case RPC_PT_BIND_ACK:
    case RPC_PT_BIND_NAK:
    case RPC_PT_ALTER:
    case RPC_PT_AUTH3:
    case RPC_PT_CO_CANCEL:
    case RPC_PT_ORPHANED:
    default:
        bad_pdu(c, &d);
    }
}

/* The length of the PDU that starts at p; 0 after failing the connection. */
static size_t pdu_len(struct rpc_conn *c, const uint8_t *p)
{
    struct rpc_hdr h;
    const char *why = NULL;
    enum nt_status st = rpc_hdr_decode(p, &h, &why);
    /* Samba never goes below 2048, whatever was asked for */
    size_t most = c->max_recv > RPC_FRAG_DEFAULT ? c->max_recv : RPC_FRAG_DEFAULT;
    if (st == STATUS_SUCCESS && c->state == RPC_ST_READY && h.frag_len > most) {
        st = RPC_NT_PROTOCOL_ERROR;
        why = "a longer fragment than was agreed on";
    }
    if (st == STATUS_SUCCESS)
        return h.frag_len;
    rpc_conn_fail(c, st, "receiving", "the server sent %s", why);
    return 0;
}

static size_t partial_len(void *c, const uint8_t *p)
{
    return pdu_len(c, p);
}

/* A PDU that has come in part; false if it is still not whole. */
static bool fill_partial(struct rpc_conn *c, uint8_t **data, size_t *len)
{
    bool whole = rpc_gather(&c->in, data, len, partial_len, c);
    if (c->in.st != STATUS_SUCCESS)
        rpc_conn_fail(c, c->in.st, "receiving", "no memory for the answer");
    return whole;
}

static void conn_data(void *up, uint8_t *data, size_t len)
{
    struct rpc_conn *c = up;
    while (len && c->state != RPC_ST_CLOSED) {
        size_t n = 0;
        if (c->in.len == 0 && len >= RPC_HDR_LEN) {
            n = pdu_len(c, data);
            if (n == 0)
                return;
        }
        if (n && n <= len) { /* the usual case: whole, and used in place */
            on_pdu(c, data, n);
            data += n;
            len -= n;
        } else if (fill_partial(c, &data, &len)) {
            n = c->in.len;
            c->in.len = 0; /* the bytes stay until the next part comes */
            on_pdu(c, c->in.base, n);
        }
    }
    if (c->state != RPC_ST_CLOSED && (c->in.len || c->sent.n) && !c->full)
        c->tp->ops->want(c->tp);
}

static void conn_closed(void *up, enum nt_status why)
{
    struct rpc_conn *c = up;
    enum nt_status st = nt_ok(why) ? STATUS_CONNECTION_DISCONNECTED : why;
    struct nt_blob said = { NULL, 0 };
    if (c->tp->ops->query(c->tp, RPC_TP_ERROR, &said) != STATUS_SUCCESS)
        said.len = 0;
    bool never = c->lent && !rpc_lent_was_open(c->tp);
    if (never && rpc_lent_refused(c->tp))
        rpc_calls_unsent(c);
    const char *what = never                        ? "the pipe could not be opened"
                       : c->state == RPC_ST_DIALING ? "the connection could not be made"
                       : c->state == RPC_ST_READY ? "the connection was lost"
                                                  : "the server closed the connection instead of answering";
    rpc_conn_fail(c, st, c->state == RPC_ST_READY && !never ? "waiting" : doing_open, "%s%s%.*s", what,
                  said.len ? ": " : "", (int)said.len, (const char *)said.data);
}

/* ---- opening ---- */

/* A borrowed pipe is there, bound: what the bind would have told. */
static void lent_up(struct rpc_conn *c)
{
    struct npc_pdu_facts f = { .size = sizeof f };
    struct npc_facts s = { .size = sizeof s };
    if (rpc_lent_facts(c->tp, &f, &s) != STATUS_SUCCESS)
        return; /* it has gone again, which is told */
    c->max_xmit = f.max_send < c->max_frag ? f.max_send : c->max_frag;
    c->max_recv = f.max_recv > c->max_frag ? f.max_recv : c->max_frag;
    c->assoc = f.assoc_group;
    if (c->state != RPC_ST_READY)
        rpc_conn_bound(c);
}

/* The transport is there: authenticate, or bind at once. */
static void conn_up(void *up)
{
    struct rpc_conn *c = up;
    if (c->state == RPC_ST_CLOSED)
        return;
    if (c->lent)
        lent_up(c);
    else if (c->provider)
        rpc_auth_step(c, (struct nt_blob){ NULL, 0 });
    else
        rpc_send_bind(c, (struct nt_blob){ NULL, 0 });
}

static void conn_room(void *up)
{
    struct rpc_conn *c = up;
    rpc_calls_pump(c);
    conn_idle(c);
}

static const struct rpc_transport_up conn_up_ops = { conn_up, conn_data, conn_closed, conn_idle, conn_room };

static unsigned ms_left(struct rpc_conn *c)
{
    uint64_t now = io_loop_now(c->loop);
    return c->open_deadline > now ? (unsigned)((c->open_deadline - now) / NS_PER_MS) + 1 : 1;
}

static enum nt_status dial(struct rpc_conn *c)
{
    rpc_conn_state(c, RPC_ST_DIALING);
    enum nt_status st = rpc_stream_new(&conn_up_ops, c, c->env, &c->tp);
    if (st != STATUS_SUCCESS)
        return st;
    c->tp->stream->reads_on = true; /* what waits there is bounded by RPC_SEND_AHEAD and one call */
    struct io_addr to = { .path = c->endpoint };
    if (c->binding->protseq != RPC_LOCAL)
        to = (struct io_addr){ .host = c->binding->host, .port = rpc_parse_port(c->endpoint) };
    st = io_dial(c->loop, c->tp->stream, &to, c->open_deadline);
    if (st == STATUS_SUCCESS)
        io_timer(c->tp->stream, &c->timer, c->open_deadline);
    return st;
}

void rpc_conn_mapped(struct rpc_conn *c, enum nt_status st, uint16_t port, const char *why)
{
    if (c->state != RPC_ST_MAPPING)
        return;
    if (st == STATUS_SUCCESS) {
        char text[8];
        snprintf(text, sizeof text, "%u", port);
        c->endpoint = strdup(text);
        st = c->endpoint ? dial(c) : STATUS_NO_MEMORY;
        why = "the mapped port could not be dialled";
    }
    if (st != STATUS_SUCCESS) {
        rpc_conn_fail(c, st, "asking the endpoint mapper", "%s", why);
        conn_idle(c); /* we are in a callback of the mapper's connection */
    }
}

/* A failure of npc, with the sentence that npc has for it. */
static void npc_failed(struct rpc_conn *c, enum nt_status st)
{
    struct nt_error inner = c->err; /* the session's opening writes here */
    const char *why = c->state == RPC_ST_PIPE ? npc_session_error(c->session) : inner.text;
    rpc_conn_fail(c, st, doing_open, "%s", why[0] ? why : "it could not be started");
}

/* npc has called back; is anybody still there? */
static bool npc_returned(struct rpc_conn *c)
{
    c->npc_pending--;
    c->opening_session = NULL;
    c->opening_pipe = NULL;
    if (!c->closing)
        return true;
    if (!c->deferred && !c->destroyed_later)
        conn_destroy(c);
    return false;
}

static void pipe_opened(void *arg, enum nt_status st, struct npc_pipe *p)
{
    struct rpc_conn *c = arg;
    if (st == STATUS_SUCCESS && (c->closing || c->state != RPC_ST_PIPE)) {
        p->ops->close(p);
        p = NULL;
    }
    if (!npc_returned(c))
        return;
    if (st == STATUS_SUCCESS && !p)
        return;
    if (st == STATUS_SUCCESS) {
        st = rpc_pipe_new(&conn_up_ops, c, p, c->max_frag, &c->tp);
        if (st != STATUS_SUCCESS)
            p->ops->close(p);
    }
    if (st != STATUS_SUCCESS) {
        npc_failed(c, st);
        conn_idle(c);
        return;
    }
    io_timer(c->tp->stream, &c->timer, c->open_deadline);
    conn_up(c);
}

static enum nt_status open_pipe(struct rpc_conn *c)
{
    rpc_conn_state(c, RPC_ST_PIPE);
    struct npc_create o = NPC_CREATE_INIT;
    o.timeout_ms = ms_left(c);
    o.cancel = c->open_cancel;
    enum nt_status st = npc_pipe_open_send(c->session, c->endpoint, &o, pipe_opened, c, &c->opening_pipe);
    if (st == STATUS_SUCCESS)
        c->npc_pending++;
    return st;
}

static void session_opened(void *arg, enum nt_status st, struct npc_session *s)
{
    struct rpc_conn *c = arg;
    if (st == STATUS_SUCCESS)
        c->session = s;
    if (!npc_returned(c))
        return;
    if (st == STATUS_SUCCESS && c->state == RPC_ST_SESSION)
        st = open_pipe(c);
    if (st != STATUS_SUCCESS) {
        npc_failed(c, st);
        conn_idle(c);
    }
}

/* How a session is opened: the caller's npc options with what rpc_options say on top. */
static struct npc_options session_options(struct rpc_conn *c, const struct rpc_options *o)
{
    struct npc_options n = NPC_OPTIONS_INIT;
    if (o->npc)
        memcpy(&n, o->npc, o->npc->size < sizeof n ? o->npc->size : sizeof n);
    n.size = sizeof n;
    if (o->creds)
        n.creds = o->creds;
    if (c->target && !n.target)
        n.target = c->target;
    if (c->binding->dialect)
        n.min_dialect = n.max_dialect = c->binding->dialect;
    if (o->mux || c->binding->mux)
        n.mux = o->mux ? o->mux : c->binding->mux;
    n.timeout_ms = c->open_deadline ? ms_left(c) : c->timeout_ms; /* the synchronous way has none yet */
    rpc_pin_session(c->pin, &n);
    n.cancel = o->cancel;
    n.loop = c->loop;
    n.env = c->env;
    n.error = &c->err;
    return n;
}

/* May the pipe be a borrowed one? Whatever does not go with that is refused later; what is asked for now, and
 * needs a bind of our own, decides. */
static bool may_borrow(struct rpc_conn *c, const struct rpc_options *o)
{
    if (o->lend == RPC_LEND_NEVER || c->binding->protseq != RPC_NP || o->session || c->provider ||
        c->want_ndr64 || c->want_assoc || o->max_fragment)
        return false;
    struct npc_options n = session_options(c, o);
    return npc_mux_possible(&n);
}

/* Without waiting a first fragment goes with the request for the pipe, so it has to be one that all take. */
static enum nt_status start_lent(struct rpc_conn *c, const struct rpc_options *o)
{
    rpc_conn_state(c, RPC_ST_PIPE);
    c->lent = calloc(1, sizeof *c->lent);
    if (!c->lent)
        return STATUS_NO_MEMORY;
    struct npc_options n = session_options(c, o);
    enum nt_status st = rpc_lent_start(&conn_up_ops, c, c->binding->host, c->endpoint, &c->ctx[0].iface->syntax,
                                       &n, &c->tp);
    if (st != STATUS_SUCCESS)
        return st;
    c->ctx[0].accepted = true;
    c->ahead = o->lend == RPC_LEND_AHEAD && !c->pin;
    if (c->ahead) {
        c->max_xmit = NPC_PDU_FIRST;
        c->max_recv = c->max_frag;
        rpc_conn_bound(c);
    } else {
        io_timer(c->tp->stream, &c->timer, c->open_deadline);
    }
    return st;
}

static enum nt_status start_np(struct rpc_conn *c, const struct rpc_options *o)
{
    if (c->session)
        return open_pipe(c);
    if (may_borrow(c, o))
        return start_lent(c, o);
    rpc_conn_state(c, RPC_ST_SESSION);
    struct npc_options n = session_options(c, o);
    enum nt_status st = npc_session_open_send(c->binding->host, &n, session_opened, c, &c->opening_session);
    if (st == STATUS_SUCCESS)
        c->npc_pending++;
    return st;
}

static enum nt_status conn_start(struct rpc_conn *c, const struct rpc_options *o)
{
    c->open_deadline = io_loop_now(c->loop) + c->timeout_ms * NS_PER_MS;
    if (c->binding->protseq == RPC_NP)
        return start_np(c, o);
    if (c->endpoint)
        return dial(c);
    rpc_conn_state(c, RPC_ST_MAPPING);
    return rpc_map(c);
}

/* ---- making one ---- */

static char *dup_or_null(const char *s, enum nt_status *st)
{
    char *d = s ? strdup(s) : NULL;
    if (s && !d)
        *st = STATUS_NO_MEMORY;
    return d;
}

static enum nt_status set_schannel(struct rpc_conn *c, const struct rpc_options *o)
{
    if (!o->schannel)
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER,
                            "a secure channel needs a key, which Netlogon's authentication makes");
    c->schannel = malloc(sizeof *c->schannel);
    if (!c->schannel)
        return STATUS_NO_MEMORY;
    *c->schannel = *o->schannel;
    return STATUS_SUCCESS;
}

static enum nt_status set_bindings(struct rpc_conn *c, const struct rpc_options *o)
{
    if (!o->channel_bindings)
        return STATUS_SUCCESS;
    if (o->channel_bindings_len > SEC_BINDINGS_MAX)
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER, "channel bindings of more than %u bytes",
                            SEC_BINDINGS_MAX);
    c->bindings = malloc(o->channel_bindings_len + 1);
    if (!c->bindings)
        return STATUS_NO_MEMORY;
    memcpy(c->bindings, o->channel_bindings, o->channel_bindings_len);
    c->bindings_len = o->channel_bindings_len;
    return STATUS_SUCCESS;
}

static enum nt_status set_security(struct rpc_conn *c, const struct rpc_options *o)
{
    const struct rpc_binding *b = c->binding;
    c->level = o->level != LEVEL_UNSET ? o->level : b->level;
    const char *provider = o->provider ? o->provider : b->provider;
    if (c->level == LEVEL_UNSET)
        c->level = b->protseq == RPC_TCP || provider ? SEC_LEVEL_PRIVACY : SEC_LEVEL_NONE;
    switch (c->level) {
    case SEC_LEVEL_NONE:
        return STATUS_SUCCESS;
    case SEC_LEVEL_CONNECT:
    case SEC_LEVEL_INTEGRITY:
    case SEC_LEVEL_PRIVACY:
        break;
    case SEC_LEVEL_DEFAULT:
    default:
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER, "unknown protection level %d", (int)c->level);
    }
    if (!provider)
        provider = "spnego";
    c->provider = sec_provider_by_name(provider);
    if (!c->provider)
        return nt_error_set(&c->err, STATUS_NOT_SUPPORTED,
                            "there is no security provider \"%s\" in this build", provider);
    if (c->provider == &sec_schannel)
        return set_schannel(c, o);
    if (!o->creds)
        return nt_error_set(
            &c->err, STATUS_INVALID_PARAMETER,
            "protection \"%s\" of RPC needs credentials, and none were given; without security is "
            "only what asks for level \"none\"",
            sec_level_name(c->level));
    if (npc_mux_token() && sec_creds_ambient(o->creds))
        return nt_error_set(
            &c->err, STATUS_NO_SUCH_LOGON_SESSION,
            "protection \"%s\" of RPC needs credentials that are given: the thread impersonates a token of "
            "npcmuxd, which keeps its own to itself, and the process's are not the token's",
            sec_level_name(c->level));
    c->creds = sec_creds_ref(o->creds);
    return set_bindings(c, o);
}

static enum nt_status set_endpoint(struct rpc_conn *c, const struct rpc_interface *i)
{
    enum nt_status st = STATUS_SUCCESS;
    char buf[RPC_ENDPOINT_MAX + 1];
    c->endpoint = dup_or_null(c->binding->endpoint, &st);
    if (c->endpoint || st != STATUS_SUCCESS || c->binding->protseq != RPC_NP)
        return st;
    st = rpc_default_endpoint(i, RPC_NP, buf, sizeof buf);
    if (st != STATUS_SUCCESS)
        return nt_error_set(&c->err, st, "the interface %s has no default pipe; name one in the binding",
                            i->name);
    c->endpoint = dup_or_null(buf, &st);
    return st;
}

static void destroy_fn(struct io_item *it)
{
    struct rpc_conn *c = io_container(it, struct rpc_conn, destroy);
    c->deferred = false;
    conn_destroy(c);
}

static enum nt_status conn_set(struct rpc_conn *c, const struct rpc_interface *i, const struct rpc_options *o)
{
    enum nt_status st = STATUS_SUCCESS;
    if (i->table_version != RPC_TABLE_VERSION)
        return nt_error_set(&c->err, STATUS_REVISION_MISMATCH, "the stubs of %s are newer than this runtime",
                            i->name);
    if (o->mux && !rpc_mux_ok(o->mux))
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER,
                            "the muxer is \"auto\", \"on\", \"off\" or the absolute path of its socket, not "
                            "\"%.64s\"",
                            o->mux);
    if (o->max_fragment && o->max_fragment < RPC_FRAG_MIN)
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER, "fragments have at least %u bytes",
                            RPC_FRAG_MIN);
    const char *target = o->target ? o->target : c->binding->target;
    c->target = dup_or_null(target, &st);
    c->service = dup_or_null(o->service, &st);
    c->no_header_sign = o->no_header_sign;
    c->want_ndr64 = o->ndr64 || c->binding->ndr64;
    c->max_frag = o->max_fragment ? o->max_fragment : RPC_FRAG_DEFAULT;
    c->mapper_port = o->tcp_port ? o->tcp_port : MAPPER_PORT;
    c->timeout_ms = c->call_timeout_ms = o->timeout_ms ? o->timeout_ms : DEFAULT_TIMEOUT_MS;
    c->open_cancel = nt_cancel_ref(o->cancel);
    c->has_object = c->binding->has_object;
    c->object = c->binding->object;
    c->want_assoc = o->assoc_group;
    if (st == STATUS_SUCCESS && o->no_less)
        st = rpc_pin_new(o->no_less, &c->pin);
    if (st == STATUS_SUCCESS)
        st = set_security(c, o);
    if (st == STATUS_SUCCESS)
        st = set_endpoint(c, i);
    if (st == STATUS_SUCCESS && c->provider)
        st = rpc_auth_new(c);
    return st;
}

/* Everything but the loop. */
static enum nt_status conn_new(const struct rpc_binding *b, const struct rpc_interface *i,
                               const struct rpc_options *o, struct rpc_conn **ret)
{
    struct rpc_conn *c = calloc(1, sizeof *c);
    if (!c)
        return nt_error_set(o->error, STATUS_NO_MEMORY, "out of memory");
    c->binding = rpc_binding_ref((struct rpc_binding *)(uintptr_t)b);
    c->env = o->env ? o->env : nt_env_system();
    c->open_error = o->error;
    c->next_id = 1;
    c->next_sec_id = 1;
    c->ctx[0].iface = i;
    c->n_ctx = 1;
    wr_init(&c->in, RPC_FRAG_MAX);
    io_item_init(&c->ready, ready_fn);
    io_item_init(&c->timer, timer_fn);
    io_item_init(&c->destroy, destroy_fn);
    enum nt_status st = conn_set(c, i, o);
    if (st != STATUS_SUCCESS) {
        if (!c->err.text[0])
            nt_error_set(&c->err, st, "out of memory");
        if (o->error)
            *o->error = c->err;
        conn_destroy(c);
        return st;
    }
    *ret = c;
    return STATUS_SUCCESS;
}

struct rpc_options rpc_options_of(const struct rpc_options *o)
{
    struct rpc_options d = RPC_OPTIONS_INIT;
    if (o)
        memcpy(&d, o, o->size < sizeof d ? o->size : sizeof d);
    d.size = sizeof d;
    return d;
}

/* Starts, or tells why not and frees. */
static enum nt_status conn_begin(struct rpc_conn *c, const struct rpc_options *o)
{
    enum nt_status st = conn_start(c, o);
    if (st == STATUS_SUCCESS)
        return st;
    if (!c->err.text[0])
        rpc_conn_explain(c, st, doing_open, "it could not be started");
    if (o->error)
        *o->error = c->err;
    c->open_done = NULL;
    rpc_close(c);
    return st;
}

enum nt_status rpc_open_start(const struct rpc_binding *b, const struct rpc_interface *i,
                              const struct rpc_options *options, rpc_open_fn *done, void *arg,
                              struct rpc_conn **ret)
{
    struct rpc_options o = rpc_options_of(options);
    struct rpc_conn *c;
    if (!o.loop && o.session)
        o.loop = npc_session_loop(o.session);
    if (!o.loop)
        return nt_error_set(o.error, STATUS_INVALID_PARAMETER, "an asynchronous open needs a loop");
    if (o.session && npc_session_loop(o.session) != o.loop)
        return nt_error_set(o.error, STATUS_INVALID_PARAMETER, "the SMB session belongs to another loop");
    enum nt_status st = conn_new(b, i, &o, &c);
    if (st != STATUS_SUCCESS)
        return st;
    c->loop = o.loop;
    if (c->binding->protseq == RPC_NP && o.session)
        c->session = npc_session_ref(o.session);
    c->open_done = done;
    c->open_arg = arg;
    st = conn_begin(c, &o);
    if (st != STATUS_SUCCESS)
        return st;
    io_watch_start(c->loop, &c->watch, o.cancel, open_cancelled);
    *ret = c;
    return STATUS_SUCCESS;
}

/* ---- synchronous ---- */

struct open_wait {
    bool done;
    enum nt_status st;
    struct rpc_conn *c;
};

static void open_waited(void *arg, enum nt_status st, struct rpc_conn *c)
{
    struct open_wait *w = arg;
    *w = (struct open_wait){ true, st, c };
}

static bool open_is_done(void *arg)
{
    return ((struct open_wait *)arg)->done;
}

static bool always(void *arg)
{
    (void)arg;
    return true;
}

enum nt_status rpc_conn_may_wait(struct rpc_conn *c)
{
    return io_wait(c->loop, always, NULL, UINT64_MAX, NULL);
}

void rpc_conn_wait(struct rpc_conn *c, bool (*done)(void *arg), void *arg)
{
    c->waiting = true;
    enum nt_status st = io_wait(c->loop, done, arg, UINT64_MAX, NULL);
    (void)st; /* rpc_conn_may_wait was asked */
}

bool rpc_conn_leave(struct rpc_conn *c)
{
    c->waiting = false;
    if (!c->destroyed_later)
        return false;
    conn_destroy(c);
    return true;
}

/* Session and pipe by npc's own synchronous calls, which watch the cancel token and bring a loop if there is
 * none. */
static enum nt_status open_np(struct rpc_conn *c, const struct rpc_options *o)
{
    enum nt_status st = STATUS_SUCCESS;
    struct npc_pipe *p;
    if (!c->session) {
        rpc_conn_state(c, RPC_ST_SESSION);
        struct npc_options n = session_options(c, o);
        st = npc_session_open(c->binding->host, &n, &c->session);
        if (st != STATUS_SUCCESS) {
            npc_failed(c, st);
            return st;
        }
    }
    c->loop = npc_session_loop(c->session);
    rpc_conn_state(c, RPC_ST_PIPE);
    struct npc_create create = NPC_CREATE_INIT;
    create.timeout_ms = c->timeout_ms;
    create.cancel = o->cancel;
    st = npc_pipe_open(c->session, c->endpoint, &create, &p);
    if (st == STATUS_SUCCESS) {
        st = rpc_pipe_new(&conn_up_ops, c, p, c->max_frag, &c->tp);
        if (st != STATUS_SUCCESS)
            p->ops->close(p);
    }
    if (st != STATUS_SUCCESS) {
        npc_failed(c, st);
        return st;
    }
    c->open_deadline = io_loop_now(c->loop) + c->timeout_ms * NS_PER_MS;
    io_timer(c->tp->stream, &c->timer, c->open_deadline);
    conn_up(c);
    return STATUS_SUCCESS;
}

/* With a loop of our own if there is none. */
static enum nt_status open_on_loop(struct rpc_conn *c, const struct rpc_options *o)
{
    enum nt_status st = STATUS_SUCCESS;
    if (!c->loop) {
        st = nt_loop_new(c->env, &c->loop);
        c->own_loop = st == STATUS_SUCCESS;
    }
    if (st == STATUS_SUCCESS)
        st = conn_start(c, o);
    if (st != STATUS_SUCCESS)
        rpc_conn_fail(c, st, doing_open, "%s", c->err.text[0] ? c->err.text : "it could not be started");
    return st;
}

enum nt_status rpc_open_now(const struct rpc_binding *b, const struct rpc_interface *i,
                            const struct rpc_options *options, struct rpc_conn **ret)
{
    struct rpc_options o = rpc_options_of(options);
    struct open_wait w = { false, STATUS_SUCCESS, NULL };
    struct rpc_conn *c;
    if (!o.loop && o.session && b->protseq == RPC_NP)
        o.loop = npc_session_loop(o.session);
    if (o.session && b->protseq == RPC_NP && npc_session_loop(o.session) != o.loop)
        return nt_error_set(o.error, STATUS_INVALID_PARAMETER, "the SMB session belongs to another loop");
    if (o.loop && io_wait(o.loop, always, NULL, UINT64_MAX, NULL) != STATUS_SUCCESS)
        return nt_error_set(o.error, STATUS_INVALID_DEVICE_STATE,
                            "a synchronous open from inside a callback of its loop");
    enum nt_status st = conn_new(b, i, &o, &c);
    if (st != STATUS_SUCCESS)
        return st;
    c->loop = o.loop;
    if (b->protseq == RPC_NP && o.session)
        c->session = npc_session_ref(o.session);
    st = b->protseq == RPC_NP && !may_borrow(c, &o) ? open_np(c, &o) : open_on_loop(c, &o);
    if (st != STATUS_SUCCESS) {
        if (o.error)
            *o.error = c->err;
        rpc_close(c);
        return st;
    }
    if (c->ahead) { /* what is sent first goes with the request for the pipe */
        *ret = c;
        return st;
    }
    c->open_done = open_waited;
    c->open_arg = &w;
    rpc_conn_wake(c); /* it may have ended already */
    io_watch_start(c->loop, &c->watch, o.cancel, open_cancelled);
    rpc_conn_wait(c, open_is_done, &w);
    if (!rpc_conn_leave(c))
        *ret = w.c;
    return w.st;
}

/* ---- closing ---- */

/* Nothing of this connection is on the stack. */
static void conn_destroy(struct rpc_conn *c)
{
    io_watch_stop(&c->watch);
    if (c->npc_pending) /* npc will call back, and we come here again */
        return;
    rpc_calls_tell(c);
    rpc_auth_free(c);
    rpc_xsec_free_all(c);
    io_cancel(&c->ready);
    io_cancel(&c->timer);
    if (c->tp)
        c->tp->ops->free(c->tp);
    npc_session_unref(c->session);
    if (c->own_loop)
        nt_loop_free(c->loop);
    free(c->spare);
    rpc_sent_done(&c->sent);
    rpc_serving_free(c);
    wr_free(&c->in);
    nt_arena_free(c->extended_mem);
    sec_creds_unref(c->creds);
    free(c->bindings);
    if (c->schannel)
        nt_wipe(c->schannel, sizeof *c->schannel);
    free(c->schannel);
    rpc_binding_unref(c->binding);
    nt_cancel_unref(c->open_cancel);
    nt_cancel_unref(c->call_cancel);
    free(c->lent);
    rpc_pin_free(c->pin);
    free(c->endpoint);
    free(c->target);
    free(c->service);
    free(c);
}

void rpc_close(struct rpc_conn *c)
{
    if (!c || c->closing)
        return;
    c->closing = true;
    c->open_done = NULL;
    if (c->state == RPC_ST_READY && c->lent && !c->lent->n && !c->lent->many && !c->sent.n)
        rpc_lent_clean(c->tp);
    if (c->state != RPC_ST_CLOSED) {
        rpc_conn_state(c, RPC_ST_CLOSED);
        c->why = STATUS_CONNECTION_ABORTED;
        if (c->tp)
            c->tp->ops->close(c->tp);
        stop_opening(c);
        rpc_calls_fail(c, STATUS_CONNECTION_ABORTED);
    }
    if (c->waiting) {
        c->destroyed_later = true; /* the synchronous call below us on the stack still looks at it */
    } else if (c->loop) {
        c->deferred = true;
        io_loop_defer(c->loop, &c->destroy);
    } else {
        conn_destroy(c);
    }
}

/* ---- facts ---- */

const char *rpc_conn_error(const struct rpc_conn *c)
{
    return c->err.text;
}

bool rpc_conn_not_run(const struct rpc_conn *c)
{
    return c->not_run;
}

uint32_t rpc_conn_fault(const struct rpc_conn *c)
{
    return c->fault;
}

size_t rpc_conn_extended_error(const struct rpc_conn *c, const struct rpc_error_record **ret)
{
    *ret = c->extended.rec;
    return c->extended.n;
}

bool rpc_conn_alive(const struct rpc_conn *c)
{
    return c->state == RPC_ST_READY;
}

void rpc_conn_set(struct rpc_conn *c, const struct rpc_call_options *options)
{
    struct rpc_call_options o = RPC_CALL_OPTIONS_INIT;
    if (options)
        memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    c->call_timeout_ms = o.timeout_ms ? o.timeout_ms : c->timeout_ms;
    c->call_security = o.security;
    struct nt_cancel *old = c->call_cancel;
    c->call_cancel = nt_cancel_ref(o.cancel);
    nt_cancel_unref(old);
    c->has_object = o.object || c->binding->has_object;
    c->object = o.object ? *o.object : c->binding->object;
}

enum nt_status rpc_conn_session_key(const struct rpc_conn *c, struct nt_blob *ret)
{
    if (c->state != RPC_ST_READY)
        return STATUS_CONNECTION_INVALID;
    if (c->provider || !(c->tp->ops->caps & RPC_TP_SESSION_KEY))
        return STATUS_NO_USER_SESSION_KEY;
    return c->tp->ops->query(c->tp, RPC_TP_KEY, ret);
}
