// SPDX-License-Identifier: Apache-2.0
/*
 * INFO structures in buffers (spoolss_buffer.h). Input: kind, level, number of elements, buffer. What is read
 * is written, read and written again, to the same bytes, and takes no more memory than a few times its
 * length.
 */
#include <stdlib.h>
#include <string.h>

#include <msrpc/spoolss_buffer.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_LEN                                                                                              \
    ((size_t)1 << 20) /* of what is written again; strings that share a place do so no more then */

/* Elements of `buf` into *ret; NULL if there are none, or if they are too long. */
static uint8_t *rewrite(struct nt_arena *mem, enum spl_kind kind, uint32_t level, size_t count,
                        const uint8_t *buf, size_t len, size_t *ret_len)
{
    void *elems;
    uint8_t *out = NULL;
    if (spl_decode(mem, kind, level, buf, len, count, &elems) == STATUS_SUCCESS &&
        spl_size(kind, level, elems, count, ret_len) == STATUS_SUCCESS && *ret_len <= MAX_LEN) {
        out = malloc(*ret_len ? *ret_len : 1);
        if (!out || spl_encode(kind, level, elems, count, out, *ret_len) != STATUS_SUCCESS)
            abort();
    }
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3 || size > 65536)
        return 0;
    enum spl_kind kind = data[0] % (SPL_VALUES + 1);
    uint32_t level = data[1];
    size_t count = data[2], len = size - 3, first_len, second_len;
    struct nt_arena *mem = nt_arena_new(16 * size + 65536), *more = nt_arena_new(32 * MAX_LEN);
    void *elems;
    if (!mem || !more)
        abort();
    if (spl_decode(mem, kind, level, data + 3, len, count, &elems) == STATUS_NO_MEMORY)
        abort();
    uint8_t *first = rewrite(more, kind, level, count, data + 3, len, &first_len);
    if (first) {
        uint8_t *second = rewrite(more, kind, level, count, first, first_len, &second_len);
        if (!second || second_len != first_len || memcmp(first, second, first_len) != 0)
            abort();
        free(second);
    }
    free(first);
    nt_arena_free(mem);
    nt_arena_free(more);
    return 0;
}
