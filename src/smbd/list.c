// SPDX-License-Identifier: Apache-2.0
/*
 * Who is there: sessions, trees and pipes for whoever manages the server ([MS-SMB2] 3.3.4.12, 3.3.4.17 to
 * 3.3.4.20), and how to end them. Ids are of 32 bits and are not used twice.
 */
#include "smbd/m_smbd.h"

static bool is_listed(const struct smbd_session *x)
{
    return x->state != SMBD_SETUP && x->token;
}

static struct smbd_session_info info_of(const struct smbd_session *x)
{
    return (struct smbd_session_info){ .id = x->global_id,
                                       .peer = x->c->peer,
                                       .token = x->token,
                                       .dialect = x->c->dialect,
                                       .opens = x->n_pipes,
                                       .opened = x->opened,
                                       .used = x->used };
}

void smbd_each_session(const struct smbd *s, void (*fn)(void *arg, const struct smbd_session_info *i),
                       void *arg)
{
    for (const struct smbd_conn *c = s->conns; c; c = c->next)
        for (const struct smbd_session *x = c->sessions; x; x = x->next)
            if (is_listed(x)) {
                struct smbd_session_info i = info_of(x);
                fn(arg, &i);
            }
}

static unsigned pipes_of(const struct smbd_session *x, uint32_t tree_id)
{
    unsigned n = 0;
    for (unsigned i = 0; i < x->n_slots; i++)
        n += x->pipes[i] && x->pipes[i]->tree_id == tree_id;
    return n;
}

void smbd_each_tree(const struct smbd *s, void (*fn)(void *arg, const struct smbd_tree_info *i), void *arg)
{
    for (const struct smbd_conn *c = s->conns; c; c = c->next)
        for (const struct smbd_session *x = c->sessions; x; x = x->next)
            for (unsigned k = 0; k < SMBD_TREES_MAX && is_listed(x); k++)
                if (x->trees[k].id) {
                    struct smbd_session_info of = info_of(x);
                    struct smbd_tree_info i = { x->trees[k].global_id, pipes_of(x, x->trees[k].id),
                                                x->trees[k].opened, &of };
                    fn(arg, &i);
                }
}

void smbd_each_pipe(const struct smbd *s, void (*fn)(void *arg, const struct smbd_pipe_info *i), void *arg)
{
    for (const struct smbd_conn *c = s->conns; c; c = c->next)
        for (const struct smbd_session *x = c->sessions; x; x = x->next)
            for (unsigned k = 0; k < x->n_slots && is_listed(x); k++)
                if (x->pipes[k]) {
                    struct smbd_session_info of = info_of(x);
                    struct smbd_pipe_info i = { x->pipes[k]->global_id, x->pipes[k]->name, &of };
                    fn(arg, &i);
                }
}

/* ---- ending them ---- */

/* Whoever asks may stand inside of a callback of that very session or pipe: it ends when the loop is back, and
 * at the second turn, behind the answer that the callback has left. */
static void session_end_fn(struct io_item *it)
{
    struct smbd_session *x = io_container(it, struct smbd_session, end);
    if (x->ending) {
        smbd_session_end(x);
        return;
    }
    x->ending = true;
    io_ready(&x->c->stream, it);
}

static void pipe_end_fn(struct io_item *it)
{
    struct smbd_pipe *p = io_container(it, struct smbd_pipe, end);
    if (p->ending) {
        smbd_pipe_close(p);
        return;
    }
    p->ending = true;
    io_ready(smbd_pipe_stream(p), it);
}

void smbd_session_listed(struct smbd_session *x)
{
    x->global_id = ++x->c->s->last_id;
    x->opened = x->used = io_now(&x->c->stream);
    io_item_init(&x->end, session_end_fn);
}

void smbd_pipe_listed(struct smbd_pipe *p)
{
    p->global_id = ++p->session->c->s->last_id;
    io_item_init(&p->end, pipe_end_fn);
}

enum nt_status smbd_end_session(struct smbd *s, uint32_t id)
{
    for (struct smbd_conn *c = s->conns; c; c = c->next)
        for (struct smbd_session *x = c->sessions; x; x = x->next)
            if (is_listed(x) && x->global_id == id) {
                io_ready(&c->stream, &x->end);
                return STATUS_SUCCESS;
            }
    return STATUS_NOT_FOUND;
}

enum nt_status smbd_end_pipe(struct smbd *s, uint32_t id)
{
    for (struct smbd_conn *c = s->conns; c; c = c->next)
        for (struct smbd_session *x = c->sessions; x; x = x->next)
            for (unsigned k = 0; k < x->n_slots; k++)
                if (x->pipes[k] && x->pipes[k]->global_id == id) {
                    io_ready(&c->stream, &x->pipes[k]->end);
                    return STATUS_SUCCESS;
                }
    return STATUS_NOT_FOUND;
}
