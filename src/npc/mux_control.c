// SPDX-License-Identifier: Apache-2.0
/* The connection for requests to the muxer that are no pipes, and what is in flight on it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "npc/m_control.h"

/* More in flight and the daemon stops reading (docs/wire/npcmux.md). */
#define REQUESTS_MAX 32u

static struct npc_mux *of(struct mux_line *l)
{
    return io_container(l, struct npc_mux, line);
}

/* ---- requests ---- */

static void unlink_request(struct mux_request *r)
{
    struct mux_request **at = &r->m->requests;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    io_cancel(&r->item);
    io_watch_stop(&r->watch);
}

/* Who is called may close all of it. */
static void finish(struct mux_request *r, enum nt_status st, const struct npc_mux_answer *a)
{
    npc_mux_done *done = r->done;
    void *arg = r->arg;
    unlink_request(r);
    free(r);
    done(arg, st, a);
}

static enum nt_status senseless(struct npc_mux *m)
{
    return nt_error_set(&m->err, STATUS_INVALID_NETWORK_RESPONSE,
                        "what the muxer at %s answers makes no sense", m->line.path);
}

static enum nt_status read_answer(struct mux_request *r, struct mux_answer_room *room)
{
    struct npc_mux *m = r->m;
    char why[sizeof m->err.text], words[NPC_WORDS];
    struct rd body;
    rd_init(&body, r->body.data, r->body.len);
    if (r->hdr.type != (r->type | MUX_ANSWER))
        return senseless(m);
    if (r->hdr.status != STATUS_SUCCESS) {
        mux_get_str(&body, why, sizeof why);
        enum nt_status st = nt_ok(r->hdr.status) ? STATUS_INVALID_NETWORK_RESPONSE : r->hdr.status;
        return nt_error_set(&m->err, st, "%s", *why ? why : npc_words(st, words));
    }
    enum nt_status st = ask_read(r, &body, room);
    return st == STATUS_INVALID_PARAMETER ? senseless(m) : st;
}

static void ended(struct io_item *it)
{
    struct mux_request *r = io_container(it, struct mux_request, item);
    struct mux_answer_room room = { .a = { .n = 0 } };
    enum nt_status st = r->st;
    if (st == STATUS_SUCCESS)
        st = read_answer(r, &room);
    if (st != STATUS_PENDING)
        finish(r, st, &room.a);
    nt_wipe(&room, sizeof room);
}

static void end_soon(struct mux_request *r, enum nt_status st)
{
    r->st = st;
    r->answered = true;
    io_cancel(&r->item);
    io_item_init(&r->item, ended);
    io_ready(&r->m->line.stream, &r->item);
}

static void late(struct io_item *it)
{
    struct mux_request *r = io_container(it, struct mux_request, item);
    struct npc_mux_answer none = { .n = 0 };
    nt_error_set(&r->m->err, STATUS_IO_TIMEOUT, "the muxer at %s did not answer in time", r->m->line.path);
    finish(r, STATUS_IO_TIMEOUT, &none);
}

static void fired(struct io_watch *w)
{
    struct mux_request *r = io_container(w, struct mux_request, watch);
    struct npc_mux_answer none = { .n = 0 };
    nt_error_set(&r->m->err, STATUS_CANCELLED, "a request to the muxer at %s was cancelled", r->m->line.path);
    finish(r, STATUS_CANCELLED, &none);
}

static struct mux_request *new_request(struct npc_mux *m, enum nt_status *ret_st)
{
    unsigned n = 0;
    for (const struct mux_request *r = m->requests; r; r = r->next)
        n++;
    if (m->dead) {
        *ret_st = m->why; /* the sentence is there */
        return NULL;
    }
    struct mux_request *r = n < REQUESTS_MAX ? calloc(1, sizeof *r) : NULL;
    if (!r)
        *ret_st = nt_error_set(&m->err, n < REQUESTS_MAX ? STATUS_NO_MEMORY : STATUS_TOO_MANY_COMMANDS,
                               n < REQUESTS_MAX ? "no memory" : "too many requests are in flight");
    return r;
}

struct mux_request *control_begin(struct npc_mux *m, unsigned type, struct wr *w, enum nt_status *ret_st)
{
    struct mux_request *r = new_request(m, ret_st);
    if (!r)
        return NULL;
    r->m = m;
    r->type = (uint16_t)type;
    r->next = m->requests;
    m->requests = r;
    control_again(r, w);
    return r;
}

void control_again(struct mux_request *r, struct wr *w)
{
    r->id = mux_line_id(&r->m->line);
    r->answered = false;
    mux_begin(w, r->type, r->id, STATUS_SUCCESS);
}

static enum nt_status send_it(struct mux_request *r, struct wr *w)
{
    struct npc_mux *m = r->m;
    mux_end(w);
    enum nt_status st = io_queue(&m->line.stream, w);
    if (st != STATUS_SUCCESS)
        return nt_error_set(&m->err, st, "the muxer at %s cannot be asked: %s", m->line.path,
                            nt_status_text(st));
    io_cancel(&r->item);
    io_item_init(&r->item, late);
    io_timer(&m->line.stream, &r->item, io_loop_now(m->loop) + (uint64_t)m->timeout_ms * 1000000u);
    return st;
}

enum nt_status control_send(struct mux_request *r, struct wr *w)
{
    struct npc_mux *m = r->m;
    enum nt_status st = send_it(r, w);
    if (st == STATUS_SUCCESS) {
        io_watch_start(m->loop, &r->watch, m->cancel, fired);
        return st;
    }
    unlink_request(r);
    free(r);
    return st;
}

enum nt_status control_go_on(struct mux_request *r, struct wr *w)
{
    enum nt_status st = send_it(r, w);
    return st == STATUS_SUCCESS ? STATUS_PENDING : st;
}

/* ---- the line ---- */

static void on_open(struct mux_line *l)
{
    enum nt_status st = mux_line_hello(l, NULL, NULL);
    if (st != STATUS_SUCCESS)
        io_close(&l->stream, st, false);
}

static bool on_message(struct mux_line *l, const struct mux_hdr *h, const uint8_t *body, size_t len)
{
    struct mux_request *r = of(l)->requests;
    while (r && r->id != h->id)
        r = r->next;
    if (!r)
        return true; /* of a request that was given up */
    if (r->answered)
        return false;
    r->hdr = *h;
    r->body = (struct nt_blob){ body, len };
    end_soon(r, STATUS_SUCCESS);
    return true;
}

static void try_next(struct io_item *it);

static void on_close(struct mux_line *l, enum nt_status why)
{
    struct npc_mux *m = of(l);
    m->dead = true;
    m->why = why;
    mux_line_why(l, why, m->requests != NULL, &m->err);
    for (struct mux_request *r = m->requests; r; r = r->next)
        if (!r->answered)
            end_soon(r, why);
    if (m->opened) {
        io_cancel(&m->item);
        io_item_init(&m->item, try_next);
        m->deferred = true;
        io_loop_defer(m->loop, &m->item);
    }
}

/* ---- opening ---- */

static void done_opening(struct npc_mux *m, enum nt_status st)
{
    npc_mux_opened *opened = m->opened;
    void *arg = m->arg;
    m->opened = NULL;
    if (st != STATUS_SUCCESS) {
        nt_error_set(m->open_error, st, "%s", m->err.text);
        if (!m->private_loop) /* else npc_mux_open does, which waits in its loop */
            npc_mux_close(m);
        opened(arg, st, NULL);
        return;
    }
    opened(arg, st, m);
}

static void greeted(struct io_item *it)
{
    done_opening(io_container(it, struct npc_mux, item), STATUS_SUCCESS);
}

static void on_greeted(struct mux_line *l)
{
    struct npc_mux *m = of(l);
    io_cancel(&m->item);
    io_item_init(&m->item, greeted);
    io_ready(&l->stream, &m->item);
}

static void open_late(struct io_item *it)
{
    struct npc_mux *m = io_container(it, struct npc_mux, item);
    io_close(&m->line.stream, STATUS_IO_TIMEOUT, false);
}

static enum nt_status dial(struct npc_mux *m)
{
    uint64_t deadline = io_loop_now(m->loop) + (uint64_t)m->timeout_ms * 1000000u;
    m->dead = false;
    mux_line_init(&m->line, io_loop_env(m->loop));
    m->line.on_open = on_open;
    m->line.on_greeted = on_greeted;
    m->line.on_message = on_message;
    m->line.on_close = on_close;
    io_item_init(&m->item, open_late);
    enum nt_status st = mux_line_dial(&m->line, m->loop, m->choice.path[m->i], deadline);
    if (st == STATUS_SUCCESS)
        io_timer(&m->line.stream, &m->item, deadline);
    else
        nt_error_set(&m->err, st, "the muxer at %s cannot be dialled", m->choice.path[m->i]);
    return st;
}

/* No callback of the loop is on the stack. */
static void try_next(struct io_item *it)
{
    struct npc_mux *m = io_container(it, struct npc_mux, item);
    enum nt_status st = m->why;
    m->deferred = false;
    if (m->closed) {
        npc_mux_close(m);
        return;
    }
    if (mux_line_absent(&m->line, st) && m->i + 1 < m->choice.n) {
        mux_line_done(&m->line);
        m->i++;
        st = dial(m);
        if (st == STATUS_SUCCESS)
            return;
    }
    done_opening(m, st);
}

static enum nt_status start(const char *path, unsigned timeout_ms, struct nt_loop *loop, bool private_loop,
                            npc_mux_opened *opened, void *arg, struct nt_error *err, struct npc_mux **ret)
{
    struct npc_mux *m = calloc(1, sizeof *m);
    if (!m)
        return nt_error_set(err, STATUS_NO_MEMORY, "no memory");
    m->loop = loop;
    m->private_loop = private_loop;
    m->timeout_ms = timeout_ms ? timeout_ms : NPC_DEFAULT_TIMEOUT_MS;
    m->opened = opened;
    m->arg = arg;
    m->open_error = err;
    enum nt_status st = npc_mux_sockets(path, &m->choice, err);
    if (st != STATUS_SUCCESS) {
        free(m);
        return st;
    }
    st = dial(m);
    if (st != STATUS_SUCCESS) {
        nt_error_set(err, st, "%s", m->err.text);
        mux_line_done(&m->line);
        free(m);
        return st;
    }
    *ret = m;
    return STATUS_SUCCESS;
}

enum nt_status npc_mux_open_send(const char *path, unsigned timeout_ms, struct nt_loop *loop,
                                 npc_mux_opened *done, void *arg, struct nt_error *err, struct npc_mux **ret)
{
    struct npc_mux *m;
    if (!loop)
        return nt_error_set(err, STATUS_INVALID_PARAMETER, "an asynchronous connection needs a loop");
    enum nt_status st = start(path, timeout_ms, loop, false, done, arg, err, &m);
    if (st == STATUS_SUCCESS && ret)
        *ret = m;
    return st;
}

struct opening {
    bool done;
    enum nt_status st;
};

static void was_opened(void *arg, enum nt_status st, struct npc_mux *m)
{
    (void)m;
    *(struct opening *)arg = (struct opening){ true, st };
}

static bool is_opened(void *arg)
{
    return ((struct opening *)arg)->done;
}

enum nt_status npc_mux_open(const char *path, unsigned timeout_ms, struct npc_mux **ret, struct nt_error *err)
{
    struct opening w = { false, STATUS_SUCCESS };
    struct nt_loop *loop;
    struct npc_mux *m;
    enum nt_status st = nt_loop_new(NULL, &loop);
    if (st != STATUS_SUCCESS)
        return nt_error_set(err, st, "no loop can be made");
    st = start(path, timeout_ms, loop, true, was_opened, &w, err, &m);
    if (st != STATUS_SUCCESS) {
        nt_loop_free(loop);
        return st;
    }
    (void)io_wait(loop, is_opened, &w, UINT64_MAX, NULL); /* it has a deadline of its own */
    if (w.st == STATUS_SUCCESS)
        *ret = m;
    else
        npc_mux_close(m);
    return w.st;
}

/* ---- the rest ---- */

void npc_mux_set_timeout(struct npc_mux *m, unsigned timeout_ms, struct nt_cancel *cancel)
{
    struct nt_cancel *old = m->cancel;
    m->timeout_ms = timeout_ms ? timeout_ms : NPC_DEFAULT_TIMEOUT_MS;
    m->cancel = nt_cancel_ref(cancel);
    nt_cancel_unref(old);
}

void npc_mux_close(struct npc_mux *m)
{
    if (!m)
        return;
    m->closed = true;
    if (m->deferred) /* try_next comes, and finds that it is closed */
        return;
    while (m->requests) {
        struct mux_request *r = m->requests;
        unlink_request(r);
        free(r);
    }
    io_cancel(&m->item);
    mux_line_done(&m->line);
    if (m->private_loop)
        nt_loop_free(m->loop);
    nt_cancel_unref(m->cancel);
    free(m);
}

const char *npc_mux_error(const struct npc_mux *m)
{
    return m->err.text;
}
