// SPDX-License-Identifier: Apache-2.0
/* Extended error information from a peer: decoded, told, written again, and read the same. */
#include <stdlib.h>
#include <string.h>
#include "rpc/m_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same_text(const char *a, const char *b)
{
    if (!a != !b || (a && strcmp(a, b) != 0))
        abort();
}

static void again(const struct rpc_error_list *l, struct nt_arena *mem)
{
    struct rpc_error_list k;
    struct nt_blob b;
    /* a text may have grown in UTF-8 where it was ill formed, not beyond what fits */
    if (rpc_eerr_encode(l, mem, &b) != STATUS_SUCCESS || rpc_eerr_decode(b, mem, &k) != STATUS_SUCCESS ||
        k.n != l->n)
        abort();
    for (size_t i = 0; i < l->n; i++) {
        same_text(l->rec[i].computer, k.rec[i].computer);
        if (l->rec[i].status != k.rec[i].status || l->rec[i].n_params != k.rec[i].n_params)
            abort();
        for (unsigned p = 0; p < l->rec[i].n_params; p++) {
            same_text(l->rec[i].params[p].text, k.rec[i].params[p].text);
            if (l->rec[i].params[p].number != k.rec[i].params[p].number ||
                l->rec[i].params[p].blob.len != k.rec[i].params[p].blob.len)
                abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nt_arena *mem = nt_arena_new(0);
    struct rpc_error_list l = { NULL, 0 };
    char text[200];
    if (!mem)
        return 0;
    if (rpc_eerr_decode((struct nt_blob){ data, size }, mem, &l) == STATUS_SUCCESS) {
        if (rpc_eerr_text(&l, text, sizeof text) >= 4096 || strlen(text) >= sizeof text)
            abort();
        again(&l, mem);
    }
    nt_arena_free(mem);
    return 0;
}
