// SPDX-License-Identifier: Apache-2.0
/*
 * RPC over a pipe that npcmuxd lends, bound already (docs/wire/npcmux.md): no bind, one call at a time, and
 * the pipe goes back for the next one if nothing was left open on it.
 */
#include <stdlib.h>
#include <string.h>
#include "npc/npc.h"
#include "rpc/m_lent.h"

struct tp_mux {
    struct rpc_transport t;
    struct io_stream own; /* without a transport: for timers and ready items */
    struct npc_pdu *pdu;  /* NULL: given back */
    struct io_item gone;
    bool closed; /* nothing goes up any more */
    bool open, clean;
    bool refused; /* for certain, before anything of a call was looked at */
    struct nt_error err;
};

static const struct io_ops no_ops = { NULL, NULL, NULL };

static struct tp_mux *of(const struct rpc_transport *t)
{
    return io_container((struct rpc_transport *)(uintptr_t)t, struct tp_mux, t);
}

/* ---- from below ---- */

static void on_opened(void *arg, struct npc_pdu *pdu)
{
    struct tp_mux *p = arg;
    (void)pdu;
    p->open = true;
    if (p->closed)
        return;
    p->t.up_ops->on_open(p->t.up);
    p->t.up_ops->on_idle(p->t.up);
}

static void on_fragment(void *arg, struct npc_pdu *pdu, uint8_t *data, size_t len, bool last)
{
    struct tp_mux *p = arg;
    (void)pdu;
    (void)last;
    if (!p->closed)
        p->t.up_ops->on_data(p->t.up, data, len);
}

static void on_idle(void *arg, struct npc_pdu *pdu)
{
    struct tp_mux *p = arg;
    (void)pdu;
    if (!p->closed)
        p->t.up_ops->on_idle(p->t.up);
}

static void fail(struct tp_mux *p, enum nt_status why)
{
    if (p->closed)
        return;
    p->closed = true;
    p->t.up_ops->on_close(p->t.up, why);
}

/* Whoever was cut off does not know how far the other side has come, which has the call since the beginning. */
static bool cut_off(enum nt_status st)
{
    return st == STATUS_CONNECTION_DISCONNECTED || st == STATUS_CONNECTION_RESET || st == STATUS_CONNECTION_ABORTED ||
           st == STATUS_PIPE_DISCONNECTED || st == STATUS_IO_TIMEOUT || st == STATUS_CANCELLED ||
           st == STATUS_INVALID_NETWORK_RESPONSE;
}

static void on_failed(void *arg, struct npc_pdu *pdu, enum nt_status why)
{
    struct tp_mux *p = arg;
    p->refused = !p->open && !cut_off(why);
    nt_error_set(&p->err, why, "%s", npc_pdu_error(pdu));
    fail(p, why);
    p->t.up_ops->on_idle(p->t.up);
}

/* ---- the table ---- */

static enum nt_status tp_send(struct rpc_transport *t, struct wr *frag, enum rpc_tp_then then)
{
    struct tp_mux *p = of(t);
    if (p->closed || !p->pdu) {
        wr_free_secret(frag);
        return STATUS_PIPE_DISCONNECTED;
    }
    enum nt_status st = npc_pdu_put(p->pdu, frag);
    if (st == STATUS_SUCCESS && (then == RPC_TP_ALONE || then == RPC_TP_AMONG))
        st = npc_pdu_want(p->pdu);
    if (st != STATUS_SUCCESS)
        nt_error_set(&p->err, st, "%s", npc_pdu_error(p->pdu));
    return st;
}

/* All of an answer was asked for at once. */
static void tp_nothing(struct rpc_transport *t)
{
    (void)t;
}

static bool tp_room(struct rpc_transport *t)
{
    (void)t;
    return true;
}

static void tp_relax(struct rpc_transport *t, bool idle)
{
    (void)t;
    (void)idle;
}

static enum nt_status tp_query(struct rpc_transport *t, enum rpc_tp_item what, struct nt_blob *ret)
{
    struct tp_mux *p = of(t);
    if (what == RPC_TP_KEY)
        return p->pdu ? npc_pdu_key(p->pdu, ret) : STATUS_CONNECTION_INVALID;
    if (what == RPC_TP_ERROR) {
        *ret = (struct nt_blob){ (const uint8_t *)p->err.text, strlen(p->err.text) };
        return STATUS_SUCCESS;
    }
    struct npc_pdu_facts f = { .size = sizeof f };
    struct npc_facts s = { .size = sizeof s };
    enum nt_status st = rpc_lent_facts(t, &f, &s);
    if (st == STATUS_SUCCESS)
        *ret = (struct nt_blob){ (const uint8_t *)s.peer, s.peer ? strlen(s.peer) : 0 };
    return st;
}

static void give_back(struct tp_mux *p)
{
    struct npc_pdu *pdu = p->pdu;
    p->pdu = NULL;
    if (p->clean)
        npc_pdu_release(pdu);
    else
        npc_pdu_close(pdu);
}

static void gone_fn(struct io_item *it)
{
    give_back(io_container(it, struct tp_mux, gone));
}

/* What is left open is given up at once, not when somebody closes the connection. */
static void tp_close(struct rpc_transport *t)
{
    struct tp_mux *p = of(t);
    p->closed = true;
    if (p->pdu && !p->clean)
        io_ready(&p->own, &p->gone);
}

static void tp_free(struct rpc_transport *t)
{
    struct tp_mux *p = of(t);
    p->closed = true;
    io_cancel(&p->gone);
    give_back(p);
    io_stream_done(&p->own);
    free(p);
}

static const struct rpc_transport_ops tp_mux_ops = {
    .protseq = "ncacn_np",
    .caps = RPC_TP_SESSION_KEY,
    .headroom = NPC_HEADROOM,
    .send = tp_send,
    .want = tp_nothing,
    .room = tp_room,
    .in_order = tp_nothing,
    .relax = tp_relax,
    .query = tp_query,
    .close = tp_close,
    .free = tp_free,
};

/* ---- what a client asks ---- */

bool rpc_lent_was_open(const struct rpc_transport *t)
{
    return of(t)->open;
}

bool rpc_lent_refused(const struct rpc_transport *t)
{
    return of(t)->refused;
}

enum nt_status rpc_lent_facts(const struct rpc_transport *t, struct npc_pdu_facts *ret, struct npc_facts *ret_session)
{
    struct tp_mux *p = of(t);
    if (!p->pdu)
        return STATUS_CONNECTION_INVALID;
    enum nt_status st = npc_pdu_facts(p->pdu, ret);
    return st == STATUS_SUCCESS ? npc_pdu_transport(p->pdu, ret_session) : st;
}

void rpc_lent_clean(struct rpc_transport *t)
{
    of(t)->clean = true;
}

static void forget(struct rpc_lent *l, const struct ndr_handle *h)
{
    for (unsigned i = 0; i < l->n; i++)
        if (memcmp(&l->open[i], h, sizeof *h) == 0) {
            l->open[i] = l->open[--l->n];
            return;
        }
}

static void remember(struct rpc_lent *l, const struct ndr_handle *h)
{
    for (unsigned i = 0; i < l->n; i++)
        if (memcmp(&l->open[i], h, sizeof *h) == 0)
            return;
    if (l->n == RPC_LENT_HANDLES)
        l->many = true;
    else
        l->open[l->n++] = *h;
}

/* Who sends one handle and gets the null handle for it has closed it ([C706] 6.1.6.1). Whatever else comes is
 * open, and stays so as far as we know. */
void rpc_lent_note(struct rpc_lent *l, const struct ndr_handles *got)
{
    if (got->n == 0 && got->nulls == 1 && l->asked.n == 1 && !l->asked.more)
        forget(l, &l->asked.h[0]);
    for (uint32_t i = 0; i < got->n; i++)
        remember(l, &got->h[i]);
}

enum nt_status rpc_lent_start(const struct rpc_transport_up *ops, void *up, const char *server,
                              const char *pipe, const struct rpc_syntax *iface, const struct npc_options *o,
                              struct rpc_transport **ret)
{
    static const struct npc_pdu_user user = { .size = sizeof user,
                                              .opened = on_opened,
                                              .fragment = on_fragment,
                                              .idle = on_idle,
                                              .failed = on_failed };
    struct npc_interface i = { iface->uuid, iface->major, iface->minor };
    struct tp_mux *p = calloc(1, sizeof *p);
    if (!p)
        return STATUS_NO_MEMORY;
    io_stream_init(&p->own, &no_ops, p, o->env ? o->env : nt_env_system());
    io_item_init(&p->gone, gone_fn);
    p->t = (struct rpc_transport){ &tp_mux_ops, ops, up, &p->own };
    enum nt_status st = io_attach(o->loop, &p->own, -1);
    if (st == STATUS_SUCCESS)
        st = npc_pdu_start(server, pipe, &i, o, &user, p, &p->pdu);
    if (st != STATUS_SUCCESS) {
        io_stream_done(&p->own);
        free(p);
        return st;
    }
    *ret = &p->t;
    return STATUS_SUCCESS;
}
