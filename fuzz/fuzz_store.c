// SPDX-License-Identifier: Apache-2.0
/* An import of an account store: any text is refused with a sentence, or is a store that is written as it was
 * read. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "store_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEMORY ((size_t)64 << 20)

static void must(bool ok)
{
    if (!ok)
        abort();
}

/* In memory of its own size, so that a step too far is seen. */
static enum nt_status read_copy(const void *text, size_t len, struct nt_arena *mem, struct samdb_image *ret)
{
    struct nt_error err = { "" };
    char *copy = malloc(len ? len : 1);
    must(copy != NULL);
    if (len)
        memcpy(copy, text, len);
    enum nt_status st = store_read(copy, len, mem, ret, &err);
    must(st != STATUS_INVALID_PARAMETER || err.text[0]);
    free(copy);
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct samdb_image i;
    struct wr first, second;
    struct nt_arena *mem = nt_arena_new_secret(MEMORY);
    must(mem != NULL);
    wr_init(&first, MEMORY);
    wr_init(&second, MEMORY);
    if (read_copy(data, size, mem, &i) == STATUS_SUCCESS) {
        store_write(&first, &i);
        must(first.st == STATUS_SUCCESS);
        must(read_copy(first.base, first.len, mem, &i) == STATUS_SUCCESS);
        store_write(&second, &i);
        must(second.st == STATUS_SUCCESS && second.len == first.len &&
             memcmp(first.base, second.base, first.len) == 0);
    }
    wr_free_secret(&first);
    wr_free_secret(&second);
    nt_arena_free(mem);
    return 0;
}
