// SPDX-License-Identifier: Apache-2.0
/* NetApiBuffer* and the two-pass copy of results into one block. */
#include <stdlib.h>
#include <string.h>
#include "netapi/m_netapi.h"

/* Stands in front of each block, so that NetApiBufferSize can answer. 16 bytes keep malloc's alignment. */
struct head {
    _Alignas(16) size_t size;
};

static struct head *head_of(void *p)
{
    return (struct head *)(void *)((char *)p - sizeof(struct head));
}

NET_API_STATUS NET_API_FUNCTION NetApiBufferAllocate(DWORD size, LPVOID *buffer)
{
    if (!buffer)
        return ERROR_INVALID_PARAMETER;
    struct head *h = calloc(1, sizeof *h + size);
    if (!h)
        return ERROR_NOT_ENOUGH_MEMORY;
    h->size = size;
    *buffer = h + 1;
    return NERR_Success;
}

/* Results may hold secrets only in places that people forget (a comment, a script path), but wiping is cheap.
 */
NET_API_STATUS NET_API_FUNCTION NetApiBufferFree(LPVOID buffer)
{
    if (buffer)
        free(head_of(buffer));
    return NERR_Success;
}

NET_API_STATUS NET_API_FUNCTION NetApiBufferReallocate(LPVOID old, DWORD size, LPVOID *ret)
{
    if (!ret)
        return ERROR_INVALID_PARAMETER;
    if (size == 0) {
        NetApiBufferFree(old);
        *ret = NULL;
        return NERR_Success;
    }
    LPVOID fresh;
    NET_API_STATUS st = NetApiBufferAllocate(size, &fresh);
    if (st != NERR_Success)
        return st;
    if (old) {
        size_t keep = head_of(old)->size;
        memcpy(fresh, old, keep < size ? keep : size);
        NetApiBufferFree(old);
    }
    *ret = fresh;
    return NERR_Success;
}

NET_API_STATUS NET_API_FUNCTION NetApiBufferSize(LPVOID buffer, LPDWORD size)
{
    if (!buffer || !size)
        return ERROR_INVALID_PARAMETER;
    *size = (DWORD)head_of(buffer)->size;
    return NERR_Success;
}

void *net_put_bytes(struct net_buf *b, const void *p, size_t n, size_t align)
{
    if (!p)
        return NULL;
    b->used = (b->used + align - 1) & ~(align - 1);
    size_t at = b->used;
    b->used += n;
    if (!b->base)
        return NULL;
    void *to = b->base + at;
    return memcpy(to, p, n);
}

WCHAR *net_put_string_n(struct net_buf *b, const char16_t *s, size_t units)
{
    if (!s)
        return NULL;
    b->used = (b->used + 1) & ~(size_t)1;
    size_t at = b->used;
    b->used += (units + 1) * sizeof *s;
    if (!b->base)
        return NULL;
    char16_t *to = (char16_t *)(void *)(b->base + at);
    memcpy(to, s, units * sizeof *s);
    to[units] = 0;
    return (WCHAR *)to;
}

WCHAR *net_put_string(struct net_buf *b, const char16_t *s)
{
    static const char16_t empty[1];
    return net_put_string_n(b, s ? s : empty, s ? ustr_len(s) : 0);
}

enum nt_status net_fill(size_t n, size_t elem, net_fill_fn *fill, const void *from, uint8_t **ret)
{
    if (n == 0) {
        *ret = NULL;
        return STATUS_SUCCESS;
    }
    size_t fixed;
    if (__builtin_mul_overflow(n, elem, &fixed) || fixed > UINT32_MAX)
        return STATUS_NO_MEMORY;
    /* Pass one writes its fixed parts to a scratch element that nobody reads. */
    _Alignas(16) uint8_t scratch[NET_MAX_ELEM];
    if (elem > sizeof scratch)
        return STATUS_INTERNAL_ERROR;
    struct net_buf b = { .used = fixed };
    for (size_t i = 0; i < n; i++)
        fill(&b, i, scratch, from);
    nt_wipe(scratch, elem);
    if (b.used > UINT32_MAX)
        return STATUS_NO_MEMORY;
    LPVOID block;
    if (NetApiBufferAllocate((DWORD)b.used, &block) != NERR_Success)
        return STATUS_NO_MEMORY;
    b = (struct net_buf){ .base = block, .used = fixed };
    for (size_t i = 0; i < n; i++)
        fill(&b, i, b.base + i * elem, from);
    *ret = block;
    return STATUS_SUCCESS;
}
