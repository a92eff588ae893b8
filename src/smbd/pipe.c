// SPDX-License-Identifier: Apache-2.0
/* A pipe's server end: messages that wait for the client, requests that wait for messages. */
#include <stdlib.h>
#include "smbd/m_smbd.h"

/* File ids: the slot and a random number; persistent and volatile half are the same. */
void smbd_pipe_id(const struct smbd_pipe *p, uint8_t ret[SMB_FILE_ID])
{
    for (int half = 0; half < 2; half++) {
        put_le32(ret + 8 * half, p->slot);
        put_le32(ret + 8 * half + 4, p->nonce);
    }
}

static struct smbd_pipe *find(const struct smbd_req *q, const uint8_t id[SMB_FILE_ID])
{
    const struct smbd_session *x = q->session;
    uint32_t slot = le32(id);
    struct smbd_pipe *p = slot < x->n_slots ? x->pipes[slot] : NULL;
    return p && p->tree_id == q->h.tree_id && p->nonce == le32(id + 4) && memcmp(id, id + 8, 8) == 0 ? p
                                                                                                     : NULL;
}

struct smbd_pipe *smbd_pipe_find(const struct smbd_req *q, const uint8_t id[SMB_FILE_ID])
{
    struct smbd_pipe *p = find(q, id);
    return p && !p->file ? p : NULL;
}

struct smbd_pipe *smbd_file_find(const struct smbd_req *q, const uint8_t id[SMB_FILE_ID])
{
    struct smbd_pipe *p = find(q, id);
    return p && p->file ? p : NULL;
}

static bool find_slot(struct smbd_session *x, uint32_t *ret)
{
    for (uint32_t i = 0; i < x->n_slots; i++)
        if (!x->pipes[i]) {
            *ret = i;
            return true;
        }
    unsigned n = x->n_slots ? 2 * x->n_slots : 4;
    struct smbd_pipe **p = n <= SMBD_PIPES_MAX ? realloc(x->pipes, n * sizeof(*p)) : NULL;
    if (!p)
        return false;
    memset(p + x->n_slots, 0, (n - x->n_slots) * sizeof(*p));
    *ret = x->n_slots;
    x->pipes = p;
    x->n_slots = n;
    return true;
}

static void ready_fn(struct io_item *it)
{
    smbd_pipe_pump(io_container(it, struct smbd_pipe, ready));
}

/* A pipe, or a file that a share has. */
static enum nt_status open_new(struct smbd_session *x, uint32_t tree_id, const char *name, void *file,
                               struct smbd_pipe **ret)
{
    struct smbd *s = x->c->s;
    uint32_t slot;
    if (!find_slot(x, &slot))
        return STATUS_INSUFFICIENT_RESOURCES;
    struct smbd_pipe *p = calloc(1, sizeof *p);
    if (!p)
        return STATUS_NO_MEMORY;
    p->session = x;
    p->tree_id = tree_id;
    p->file = file;
    p->slot = slot;
    p->name = strdup(name);
    p->token = x->token;
    p->mech = x->mech;
    smbd_pipe_listed(p);
    io_item_init(&p->ready, ready_fn);
    enum nt_status st = p->name ? s->env->random(s->env->arg, &p->nonce, sizeof p->nonce) : STATUS_NO_MEMORY;
    if (st == STATUS_SUCCESS && !file)
        st = s->o.pipes->open(s->o.pipes_arg, p, name, &p->up);
    if (st != STATUS_SUCCESS) {
        free(p->name);
        free(p);
        return st;
    }
    (void)sec_token_ref(p->token);
    s->counters.pipes++;
    p->nonce |= 1; /* no id is zero */
    x->pipes[slot] = p;
    x->n_pipes++;
    s->n_pipes++;
    *ret = p;
    return STATUS_SUCCESS;
}

enum nt_status smbd_pipe_new(struct smbd_session *x, uint32_t tree_id, const char *name,
                             struct smbd_pipe **ret)
{
    return open_new(x, tree_id, name, NULL, ret);
}

enum nt_status smbd_file_new(struct smbd_session *x, uint32_t tree_id, const char *name, void *file,
                             struct smbd_pipe **ret)
{
    return open_new(x, tree_id, name, file, ret);
}

static void message_free(struct smbd_message *m)
{
    wr_free_secret(&m->w);
    free(m);
}

void smbd_pipe_close(struct smbd_pipe *p)
{
    struct smbd_session *x = p->session;
    struct smbd *s = x->c->s;
    x->refs++; /* what goes on by this may end the session */
    x->pipes[p->slot] = NULL;
    x->n_pipes--;
    s->n_pipes--;
    io_cancel(&p->ready);
    io_cancel(&p->end);
    while (p->head) {
        struct smbd_message *m = p->head;
        p->head = m->next;
        message_free(m);
    }
    p->ended = true;
    if (p->file)
        s->o.disk->closed(p);
    else
        s->o.pipes->closed(p->up);
    smbd_pipe_pump(p); /* whoever waits learns that the pipe is broken */
    sec_token_unref(p->token);
    free(p->name);
    free(p);
    smbd_session_unref(x);
}

void smbd_pipe_forget(struct smbd_wait *w)
{
    struct smbd_pipe *p = w->pipe;
    if (w->forget)
        w->forget(w, w->arg);
    if (!p)
        return;
    struct smbd_wait **r = &p->readers;
    if (p->transact == w)
        p->transact = NULL;
    while (*r && *r != w)
        r = &(*r)->pipe_next;
    if (*r)
        *r = w->pipe_next;
}

/* So much has left. */
static void taken(struct smbd_pipe *p, size_t n)
{
    const struct smbd_pipe_ops *ops = p->session->c->s->o.pipes;
    p->queued -= n;
    if (ops->taken)
        ops->taken(p->up);
}

/* A part of the first message, in a message of its own. */
static bool take_part(struct smbd_pipe *p, size_t max, struct wr *ret)
{
    struct smbd_message *m = p->head;
    wr_init(ret, SMBD_HEADROOM + max);
    (void)wr_room(ret, SMBD_HEADROOM);
    wr_bytes(ret, m->w.base + m->off, max);
    if (ret->st != STATUS_SUCCESS) {
        wr_free(ret);
        return false;
    }
    m->off += max;
    taken(p, max);
    return true;
}

static void deliver(struct smbd_pipe *p, struct smbd_wait *w)
{
    struct smbd_message *m = p->head;
    size_t left = m->w.len - m->off;
    struct wr part;
    if (left > w->req.max_out) {
        if (take_part(p, w->req.max_out, &part))
            smbd_wait_end(w, STATUS_BUFFER_OVERFLOW, &part, SMBD_HEADROOM);
        else
            smbd_wait_end(w, STATUS_INSUFFICIENT_RESOURCES, NULL, 0);
        return;
    }
    part = m->w;
    size_t off = m->off;
    p->head = m->next;
    p->n_messages--;
    if (!p->head)
        p->tail = NULL;
    taken(p, left);
    free(m);
    smbd_wait_end(w, STATUS_SUCCESS, &part, off);
}

/* A request that ends may run others of its chain, which may close the pipe: it is looked up anew each time.
 * Windows tells apart who has ended a pipe: the client's end is broken by its own close, and disconnected by
 * the server. */
void smbd_pipe_pump(struct smbd_pipe *p)
{
    struct smbd_session *x = p->session;
    uint32_t slot = p->slot;
    bool closing = x->pipes[slot] != p;
    x->refs++;
    while (closing || x->pipes[slot] == p) {
        struct smbd_wait *w = p->transact ? p->transact : p->readers;
        if (w && p->head && smbd_conn_full(w->chain.c))
            break; /* goes on when the client has read */
        if (w && p->head)
            deliver(p, w);
        else if (w && p->ended)
            smbd_wait_end(w, closing ? STATUS_PIPE_BROKEN : STATUS_PIPE_DISCONNECTED, NULL, 0);
        else
            break;
    }
    smbd_session_unref(x);
}

/* ---- for whoever serves it ---- */

enum nt_status smbd_pipe_send(struct smbd_pipe *p, struct wr *w)
{
    struct smbd_message *m = w->st == STATUS_SUCCESS && !p->ended ? malloc(sizeof *m) : NULL;
    if (!m) {
        enum nt_status st = w->st != STATUS_SUCCESS ? w->st
                            : p->ended              ? STATUS_PIPE_DISCONNECTED
                                                    : STATUS_NO_MEMORY;
        wr_free_secret(w);
        return st;
    }
    *m = (struct smbd_message){ NULL, *w, SMBD_HEADROOM };
    wr_init(w, 0);
    if (p->tail)
        p->tail->next = m;
    else
        p->head = m;
    p->tail = m;
    p->n_messages++;
    p->queued += m->w.len - m->off;
    io_ready(smbd_pipe_stream(p), &p->ready);
    return STATUS_SUCCESS;
}

void smbd_pipe_end(struct smbd_pipe *p)
{
    p->ended = true;
    io_ready(smbd_pipe_stream(p), &p->ready);
}

size_t smbd_pipe_queued(const struct smbd_pipe *p)
{
    return p->queued;
}

struct io_stream *smbd_pipe_stream(struct smbd_pipe *p)
{
    return &p->session->c->stream;
}

void smbd_pipe_caller(const struct smbd_pipe *p, struct smbd_caller *ret)
{
    const struct smbd_session *x = p->session;
    enum sec_level level = x->encrypt ? SEC_LEVEL_PRIVACY : x->sign ? SEC_LEVEL_INTEGRITY : SEC_LEVEL_NONE;
    *ret = (struct smbd_caller){ .peer = x->c->peer,
                                 .token = p->token,
                                 .mech = p->mech,
                                 .dialect = x->c->dialect,
                                 .level = p->token->flags & SEC_TOKEN_ANONYMOUS ? SEC_LEVEL_NONE : level,
                                 .local = x->c->here,
                                 .application_key = { x->keys.application, x->have_keys ? 16 : 0 } };
}
