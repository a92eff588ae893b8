// SPDX-License-Identifier: Apache-2.0
/* Sessions that the muxer has: a connection to it holds one, and says what there is to know of it. */
#include <stdio.h>
#include <string.h>
#include "npc/m_mux.h"

static struct mux_session *of(struct npc_session *s)
{
    return io_container(s, struct mux_session, base);
}

static struct mux_session *of_line(struct mux_line *l)
{
    return io_container(l, struct mux_session, line);
}

/* ---- opening ---- */

static void mux_close(struct npc_session *base);

static void failed(struct mux_session *s, enum nt_status st)
{
    if (s->base.done)
        s->base.why = nt_ok(st) ? STATUS_INVALID_NETWORK_RESPONSE : st;
    nt_error_set(s->base.open_error, s->base.why, "%s", s->err.text);
    mux_close(&s->base);
}

static void on_open(struct mux_line *l)
{
    struct mux_session *s = of_line(l);
    enum nt_status st = mux_line_hello(l, &s->to, &s->connect_id);
    if (st != STATUS_SUCCESS)
        io_close(&l->stream, st, false);
}

/* Users are called when the engine has returned. */
static void answered(struct io_item *it)
{
    struct mux_session *s = io_container(it, struct mux_session, timer);
    if (s->open && s->line.err.text[0]) { /* it said more than it had to say */
        s->open = false;
        s->err = s->line.err;
        s->base.why = STATUS_INVALID_NETWORK_RESPONSE;
    }
    if (s->open) {
        snprintf(s->base.peer, sizeof s->base.peer, "%s", s->facts.peer);
        npc_session_opened(&s->base);
    } else {
        failed(s, s->base.why);
    }
}

static bool on_message(struct mux_line *l, const struct mux_hdr *h, const uint8_t *body, size_t len)
{
    struct mux_session *s = of_line(l);
    struct rd r;
    char why[sizeof s->err.text], words[NPC_WORDS];
    rd_init(&r, body, len);
    if (s->open || !s->connect_id || h->type != (MUX_CONNECT | MUX_ANSWER) || h->id != s->connect_id)
        return false;
    s->connect_id = 0;
    s->open = h->status == STATUS_SUCCESS;
    if (s->open && mux_get_facts(&r, &s->facts) != STATUS_SUCCESS) {
        s->open = false;
        return false;
    }
    if (!s->open) {
        mux_get_str(&r, why, sizeof why);
        s->base.why = nt_ok(h->status) ? STATUS_INVALID_NETWORK_RESPONSE : h->status;
        s->base.elsewhere = h->status == STATUS_NO_SUCH_LOGON_SESSION || h->status == STATUS_NO_TOKEN;
        nt_error_set(&s->err, s->base.why, "%s", *why ? why : npc_words(s->base.why, words));
    }
    io_cancel(&s->timer);
    io_item_init(&s->timer, answered);
    io_ready(&l->stream, &s->timer);
    return true;
}

static void timed_out(struct io_item *it)
{
    struct mux_session *s = io_container(it, struct mux_session, timer);
    nt_error_set(&s->err, STATUS_IO_TIMEOUT, "the muxer at %s did not connect to %s in time", s->path,
                 s->to.server);
    failed(s, STATUS_IO_TIMEOUT);
}

/* Once: when nobody further up looks at it any more, it is over. */
static void end_soon(struct mux_session *s)
{
    if (s->ending)
        return;
    s->ending = true;
    io_loop_defer(s->base.loop, &s->end);
}

static void end_fn(struct io_item *it)
{
    npc_session_closed(&io_container(it, struct mux_session, end)->base);
}

static void on_close(struct mux_line *l, enum nt_status why)
{
    struct mux_session *s = of_line(l);
    if (s->dead)
        return;
    s->dead = true;
    mux_line_why(l, why, false, &s->err);
    if (s->base.done) {
        io_cancel(&s->timer);
        s->base.elsewhere = mux_line_absent(l, why);
        s->base.why = why;
        nt_error_set(s->base.open_error, s->base.why, "%s", s->err.text);
        end_soon(s);
    }
}

static void fill(struct mux_session *s, const char *server, const struct npc_options *o)
{
    s->to.mode = s->base.pipe ? MUX_PROXY : MUX_SESSION;
    snprintf(s->to.pipe, sizeof s->to.pipe, "%s", s->base.pipe ? s->base.pipe : "");
    s->to.keys = true;
    s->to.token = o->token;
    s->to.protection = (uint8_t)o->protection;
    s->to.allow_unsigned = o->allow_unsigned;
    s->to.port = o->port;
    s->to.least = (uint16_t)o->min_dialect;
    s->to.greatest = (uint16_t)o->max_dialect;
    s->to.timeout_ms = s->base.timeout_ms;
    snprintf(s->to.server, sizeof s->to.server, "%s", server);
    snprintf(s->to.target, sizeof s->to.target, "%s", o->target ? o->target : "");
}

static enum nt_status mux_start(struct npc_session *base, const char *server, const struct npc_options *o)
{
    struct mux_session *s = of(base);
    if (!o->mux || strlen(o->mux) >= sizeof s->path || (o->target && strlen(o->target) > MUX_NAME_MAX))
        return nt_error_set(o->error, STATUS_INVALID_PARAMETER,
                            "the path of the muxer's socket, or the target, is too long");
    snprintf(s->path, sizeof s->path, "%s", o->mux);
    fill(s, server, o);
    io_item_init(&s->timer, timed_out);
    io_item_init(&s->end, end_fn);
    mux_line_init(&s->line, o->env ? o->env : io_loop_env(base->loop));
    s->line.on_open = on_open;
    s->line.on_message = on_message;
    s->line.on_close = on_close;
    uint64_t deadline = npc_deadline(base, 0);
    enum nt_status st = mux_line_dial(&s->line, base->loop, s->path, deadline);
    if (st != STATUS_SUCCESS) {
        mux_line_done(&s->line);
        return nt_error_set(o->error, st, "the muxer at %s cannot be dialled", s->path);
    }
    io_timer(&s->line.stream, &s->timer, deadline);
    return STATUS_SUCCESS;
}

/* ---- facts ---- */

void npc_mux_take_facts(struct mux_session *s, const struct mux_facts *f)
{
    bool same = f->f.session_key_len == s->facts.f.session_key_len && strcmp(f->peer, s->facts.peer) == 0 &&
                memcmp(f->session_key, s->facts.session_key, sizeof f->session_key) == 0;
    if (same)
        return;
    s->facts = *f;
    s->facts.f.mech = s->facts.mech; /* lent to whoever asked earlier, too */
    s->facts.f.peer = s->facts.peer;
    s->facts.f.server = s->facts.server;
    s->facts.f.principal = s->facts.principal;
    snprintf(s->base.peer, sizeof s->base.peer, "%s", f->peer);
}

static void mux_facts_of(const struct npc_session *base, struct npc_facts *ret)
{
    *ret = ((const struct mux_session *)base)->facts.f;
    ret->server = ((const struct mux_session *)base)->to.server;
}

static enum nt_status mux_key(const struct npc_session *base, bool application, struct nt_blob *ret)
{
    const struct mux_facts *f = &((const struct mux_session *)base)->facts;
    unsigned len = application ? f->f.application_key_len : f->f.session_key_len;
    if (!len)
        return STATUS_NO_USER_SESSION_KEY;
    *ret = (struct nt_blob){ application ? f->application_key : f->session_key, len };
    return STATUS_SUCCESS;
}

static struct io_stream *mux_stream(struct npc_session *s)
{
    return &of(s)->line.stream;
}

static const char *mux_error(const struct npc_session *s)
{
    return ((const struct mux_session *)s)->err.text;
}

static void mux_set_error(struct npc_session *s, const struct nt_error *e)
{
    if (!of(s)->dead)
        of(s)->err = *e;
}

/* ---- the end ---- */

static void mux_close(struct npc_session *base)
{
    struct mux_session *s = of(base);
    io_cancel(&s->timer);
    s->dead = true;
    io_close(&s->line.stream, STATUS_SUCCESS, false);
    end_soon(s);
}

static void mux_free(struct npc_session *base)
{
    mux_line_done(&of(base)->line);
    nt_wipe(&of(base)->facts, sizeof of(base)->facts);
}

const struct npc_route npc_route_mux = {
    .size = sizeof(struct mux_session),
    .start = mux_start,
    .open_pipe = npc_mux_open_pipe,
    .facts = mux_facts_of,
    .key = mux_key,
    .stream = mux_stream,
    .error = mux_error,
    .set_error = mux_set_error,
    .close = mux_close,
    .done = mux_free,
};
