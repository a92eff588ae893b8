// SPDX-License-Identifier: Apache-2.0
/*
 * When the streams of a loop want to be woken: a binary heap. Most deadlines move away before they come, for
 * a server moves one with each call; so an entry may be too early, and is put right when it reaches the top.
 */
#include <stdlib.h>
#include "io/m_poll.h"

static uint64_t deadline(const struct poll_conn *c)
{
    uint64_t at = io_deadline(c->s);
    if (c->s->lingers && c->s->linger_until && c->s->linger_until < at)
        at = c->s->linger_until;
    uint64_t dial = c->dial ? dial_next(c->dial) : UINT64_MAX;
    return dial < at ? dial : at;
}

static void put(struct poll_loop *l, uint32_t i, struct poll_conn *c)
{
    l->heap[i] = c;
    c->heap = i + 1;
}

static void up(struct poll_loop *l, uint32_t i, struct poll_conn *c)
{
    for (; i && l->heap[(i - 1) / 2]->at > c->at; i = (i - 1) / 2)
        put(l, i, l->heap[(i - 1) / 2]);
    put(l, i, c);
}

static void down(struct poll_loop *l, uint32_t i, struct poll_conn *c)
{
    for (uint32_t child; (child = 2 * i + 1) < l->n_heap; i = child) {
        if (child + 1 < l->n_heap && l->heap[child + 1]->at < l->heap[child]->at)
            child++;
        if (l->heap[child]->at >= c->at)
            break;
        put(l, i, l->heap[child]);
    }
    put(l, i, c);
}

bool poll_heap_reserve(struct poll_loop *l)
{
    if (l->n < l->cap_heap)
        return true;
    uint32_t cap = l->cap_heap ? l->cap_heap * 2 : 4;
    struct poll_conn **p = realloc(l->heap, cap * sizeof *p);
    if (!p)
        return false;
    l->heap = p;
    l->cap_heap = cap;
    return true;
}

void poll_heap_remove(struct poll_loop *l, struct poll_conn *c)
{
    if (!c->heap)
        return;
    uint32_t i = c->heap - 1;
    struct poll_conn *last = l->heap[--l->n_heap];
    c->heap = 0;
    if (last == c)
        return;
    if (i && l->heap[(i - 1) / 2]->at > last->at)
        up(l, i, last);
    else
        down(l, i, last);
}

void poll_heap_settle(struct poll_loop *l, struct poll_conn *c)
{
    uint64_t at = deadline(c);
    if (c->heap ? at >= c->at : at == UINT64_MAX)
        return;
    c->at = at;
    up(l, c->heap ? c->heap - 1 : l->n_heap++, c);
}

void poll_heap_due(struct poll_loop *l, uint64_t now)
{
    while (l->n_heap && l->heap[0]->at <= now) {
        struct poll_conn *c = l->heap[0];
        poll_heap_remove(l, c);
        poll_todo(l, c); /* settled when it has been looked at */
    }
}

uint64_t poll_heap_first(struct poll_loop *l)
{
    while (l->n_heap) {
        struct poll_conn *c = l->heap[0];
        uint64_t at = deadline(c);
        if (at <= c->at)
            return at;
        if (at == UINT64_MAX) {
            poll_heap_remove(l, c);
        } else {
            c->at = at;
            down(l, 0, c);
        }
    }
    return UINT64_MAX;
}
