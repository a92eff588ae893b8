// SPDX-License-Identifier: Apache-2.0
#include "base/cursor.h"
#include <stdlib.h>
#include <string.h>

/* Most messages are a few hundred bytes: one allocation for them. */
#define WR_FIRST ((size_t)512)

/* realloc leaves what it moves away from as it was. */
static uint8_t *move_secret(struct wr *w, size_t cap)
{
    uint8_t *p = malloc(cap);
    if (p && w->base) {
        memcpy(p, w->base, w->len);
        nt_wipe(w->base, w->cap);
        free(w->base);
    }
    return p;
}

bool wr_grow(struct wr *w, size_t n)
{
    if (w->st != STATUS_SUCCESS)
        return false;
    if (n > w->limit - w->len) {
        wr_fail(w, STATUS_BUFFER_TOO_SMALL);
        return false;
    }
    size_t need = w->len + n, cap = w->cap ? w->cap : WR_FIRST;
    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    if (cap > w->limit)
        cap = w->limit;
    uint8_t *p = w->secret ? move_secret(w, cap) : realloc(w->base, cap);
    if (!p) {
        wr_fail(w, STATUS_NO_MEMORY);
        return false;
    }
    w->base = p;
    w->cap = cap;
    return true;
}

void wr_free(struct wr *w)
{
    if (w->secret && w->base)
        nt_wipe(w->base, w->cap);
    free(w->base);
    w->base = NULL;
    w->len = w->cap = 0;
}

void wr_free_secret(struct wr *w)
{
    if (w->base)
        nt_wipe(w->base, w->cap);
    wr_free(w);
}
