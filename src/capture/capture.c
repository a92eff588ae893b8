// SPDX-License-Identifier: Apache-2.0
/* The engine as its user sees it: packets in, events out, memory that is counted. */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "capture/m_capture.h"

struct capture *capture_new(const struct capture_options *o)
{
    struct capture *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->o = *o;
    if (!c->o.memory)
        c->o.memory = CAPTURE_MEMORY_DEFAULT;
    c->buckets = calloc(CAP_BUCKETS, sizeof *c->buckets);
    c->seed = (uint32_t)((uintptr_t)c->buckets >> 4); /* the system places memory at random */
    if (!c->buckets) {
        free(c);
        return NULL;
    }
    return c;
}

void capture_end(struct capture *c)
{
    cap_tcp_end(c);
}

void capture_delete(struct capture *c)
{
    if (!c)
        return;
    c->o.event = NULL;
    cap_tcp_end(c);
    free(c->buckets);
    free(c);
}

const struct capture_totals *capture_totals(const struct capture *c)
{
    return &c->t;
}

char *capture_peer_format(const struct capture_peer *p, char buf[CAPTURE_PEER_STRLEN])
{
    char addr[INET6_ADDRSTRLEN] = "?";
    (void)!inet_ntop(p->v6 ? AF_INET6 : AF_INET, p->addr, addr, sizeof addr);
    snprintf(buf, CAPTURE_PEER_STRLEN, p->v6 ? "[%s]:%u" : "%s:%u", addr, p->port);
    return buf;
}

/* ---- memory ---- */

void *cap_resize(struct capture *c, void *old, size_t old_size, size_t size)
{
    if (size > old_size && size - old_size > c->o.memory - c->used) {
        if (!(c->said & CAP_ONCE_MEMORY)) {
            c->said |= CAP_ONCE_MEMORY;
            cap_note(c, NULL, NULL, &c->at,
                     "the memory for one capture (%zu MiB) is full: some stubs and segments are "
                     "passed over",
                     c->o.memory >> 20);
        }
        return NULL;
    }
    void *p = realloc(old, size ? size : 1);
    if (!p)
        return NULL;
    c->used = c->used - old_size + size;
    return p;
}

void *cap_zalloc(struct capture *c, size_t size)
{
    void *p = cap_resize(c, NULL, 0, size);
    if (p)
        memset(p, 0, size);
    return p;
}

void cap_release(struct capture *c, void *p, size_t size)
{
    if (!p)
        return;
    free(p);
    c->used -= size;
}

/* ---- events ---- */

void cap_emit(struct capture *c, struct cap_flow *f, const char *pipe, struct capture_event *e)
{
    if (!c->o.event)
        return;
    if (f) {
        unsigned client = f->client == 1;
        e->has_stream = true;
        e->stream = f->stream;
        e->client = f->peer[client];
        e->server = f->peer[1 - client];
        e->pipe = pipe;
        e->host = f->smb ? cap_smb_host(f->smb) : NULL;
    }
    c->o.event(c->o.arg, e);
}

void cap_note(struct capture *c, struct cap_flow *f, const char *pipe, const struct cap_at *at,
              const char *fmt, ...)
{
    unsigned *n = f ? &f->n_notes : &c->n_notes;
    if (*n >= CAPTURE_NOTES_MAX) {
        c->t.notes_dropped++;
        return;
    }
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (++*n == CAPTURE_NOTES_MAX && len > 0 && (size_t)len < sizeof text)
        snprintf(text + len, sizeof text - (size_t)len,
                 " (further notes on this connection are not printed)");
    c->t.notes++;
    struct capture_event e = { .kind = CAPTURE_NOTE, .frame = at->frame, .time = at->time, .note = text };
    cap_emit(c, f, pipe, &e);
}
