// SPDX-License-Identifier: Apache-2.0
/* Bump allocation in chunks that double; everything is released at once. */
#include <stdlib.h>
#include <string.h>
#include <msrpc/nt.h>

/* The first chunk fits a typical small call (a stub of a few hundred bytes and what it decodes to). */
#define CHUNK_FIRST ((size_t)2048)
/* Chunks stop doubling here, so that a big answer wastes at most this much. */
#define CHUNK_MAX   ((size_t)1 << 20)
#define CHUNK_ALIGN ((size_t)64)

struct chunk {
    struct chunk *next; /* older */
    size_t size, used;
    _Alignas(64) uint8_t data[];
};

struct nt_arena {
    struct chunk *chunks;
    size_t limit, used, next_size;
    bool secret, always_secret;
};

static struct nt_arena *arena_new(size_t limit, bool secret)
{
    struct nt_arena *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->limit = limit ? limit : NT_ARENA_DEFAULT_LIMIT;
    a->next_size = CHUNK_FIRST;
    a->secret = a->always_secret = secret;
    return a;
}

struct nt_arena *nt_arena_new(size_t limit)
{
    return arena_new(limit, false);
}

struct nt_arena *nt_arena_new_secret(size_t limit)
{
    return arena_new(limit, true);
}

static struct chunk *chunk_add(struct nt_arena *a, size_t need)
{
    size_t size = a->next_size;
    while (size < need)
        size = size > SIZE_MAX / 2 ? need : size * 2;
    void *p = NULL;
    if (size > SIZE_MAX - sizeof(struct chunk) ||
        posix_memalign(&p, CHUNK_ALIGN, sizeof(struct chunk) + size))
        return NULL;
    struct chunk *c = p;
    c->size = size;
    c->used = 0;
    c->next = a->chunks;
    a->chunks = c;
    if (a->next_size < CHUNK_MAX)
        a->next_size *= 2;
    return c;
}

void *nt_arena_raw(struct nt_arena *a, size_t size, size_t align)
{
    if (align == 0 || align > CHUNK_ALIGN || (align & (align - 1)) || size > a->limit - a->used)
        return NULL;
    struct chunk *c = a->chunks;
    size_t at = c ? (c->used + align - 1) & ~(align - 1) : 0;
    size_t room = size ? size : 1; /* nothing, too, has an address that nothing else has */
    if (!c || at > c->size || room > c->size - at) {
        c = chunk_add(a, room);
        if (!c)
            return NULL;
        at = 0;
    }
    c->used = at + room;
    a->used += size;
    return c->data + at;
}

void *nt_arena_alloc(struct nt_arena *a, size_t size, size_t align)
{
    void *p = nt_arena_raw(a, size, align);
    return p ? memset(p, 0, size) : NULL;
}

void *nt_arena_array(struct nt_arena *a, size_t n, size_t elem_size)
{
    size_t total;
    if (__builtin_mul_overflow(n, elem_size, &total))
        return NULL;
    return nt_arena_alloc(a, total, 16);
}

void *nt_arena_memdup(struct nt_arena *a, const void *p, size_t size)
{
    void *to = nt_arena_raw(a, size, 16);
    if (to && size)
        memcpy(to, p, size);
    return to;
}

char *nt_arena_strdup(struct nt_arena *a, const char *s)
{
    size_t n = strlen(s) + 1;
    char *to = nt_arena_raw(a, n, 1);
    return to ? memcpy(to, s, n) : NULL;
}

char16_t *nt_arena_strdup16(struct nt_arena *a, const char16_t *s)
{
    size_t n = 1;
    while (s[n - 1])
        n++;
    char16_t *to = nt_arena_raw(a, n * sizeof *s, _Alignof(char16_t));
    return to ? memcpy(to, s, n * sizeof *s) : NULL;
}

void nt_arena_mark_secret(struct nt_arena *a)
{
    a->secret = true;
}

size_t nt_arena_used(const struct nt_arena *a)
{
    return a->used;
}

static void chunks_free(struct nt_arena *a, struct chunk *c)
{
    while (c) {
        struct chunk *next = c->next;
        if (a->secret)
            nt_wipe(c->data, c->used);
        free(c);
        c = next;
    }
}

void nt_arena_reset(struct nt_arena *a)
{
    struct chunk *keep = a->chunks; /* the newest is the biggest */
    if (keep) {
        chunks_free(a, keep->next);
        keep->next = NULL;
        if (a->secret)
            nt_wipe(keep->data, keep->used);
        keep->used = 0;
    }
    a->used = 0;
    a->secret = a->always_secret;
}

void nt_arena_free(struct nt_arena *a)
{
    if (!a)
        return;
    chunks_free(a, a->chunks);
    free(a);
}
