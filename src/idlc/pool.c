// SPDX-License-Identifier: Apache-2.0
#include "idlc/pool.h"

#include <stdio.h>
#include <stdlib.h>

#define CHUNK_SIZE 65536 /* a whole interface takes a few of these */

struct pool_chunk {
    struct pool_chunk *next;
    size_t used, size;
    _Alignas(16) char data[];
};

static void *must(void *p)
{
    if (p)
        return p;
    fputs("idlc: out of memory\n", stderr);
    exit(2);
}

void *pool_alloc(struct pool *p, size_t size)
{
    size = (size + 15) & ~(size_t)15;
    struct pool_chunk *c = p->chunks;
    if (!c || c->size - c->used < size) {
        size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
        c = must(malloc(sizeof(*c) + room));
        c->next = p->chunks;
        c->used = 0;
        c->size = room;
        p->chunks = c;
    }
    void *mem = c->data + c->used;
    c->used += size;
    return memset(mem, 0, size);
}

char *pool_strndup(struct pool *p, const char *s, size_t len)
{
    char *to = pool_alloc(p, len + 1);
    memcpy(to, s, len);
    return to;
}

char *pool_vprintf(struct pool *p, const char *fmt, va_list ap)
{
    struct text t = { 0 };
    text_vprintf(&t, fmt, ap);
    char *s = pool_strndup(p, t.data, t.len);
    text_free(&t);
    return s;
}

char *pool_printf(struct pool *p, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *s = pool_vprintf(p, fmt, ap);
    va_end(ap);
    return s;
}

void pool_free(struct pool *p)
{
    while (p->chunks) {
        struct pool_chunk *next = p->chunks->next;
        free(p->chunks);
        p->chunks = next;
    }
}

static char *text_room(struct text *t, size_t len)
{
    if (t->cap - t->len <= len) {
        t->cap = (t->len + len + 1) * 2;
        t->data = must(realloc(t->data, t->cap));
    }
    return t->data + t->len;
}

void text_add(struct text *t, const char *s, size_t len)
{
    char *to = text_room(t, len);
    if (len)
        memcpy(to, s, len);
    to[len] = 0;
    t->len += len;
}

void text_vprintf(struct text *t, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (len < 0)
        return;
    vsnprintf(text_room(t, (size_t)len), (size_t)len + 1, fmt, ap);
    t->len += (size_t)len;
}

void text_printf(struct text *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    text_vprintf(t, fmt, ap);
    va_end(ap);
}

void text_free(struct text *t)
{
    free(t->data);
    *t = (struct text){ 0 };
}
