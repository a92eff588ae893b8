// SPDX-License-Identifier: Apache-2.0
/* A ticket's PAC, as whoever has a KDC of its own could make it. What is taken has to be sound. */
#include <stdlib.h>
#include <string.h>
#include <msrpc/pac_account.h>
#include "sec/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nt_arena *mem = nt_arena_new(0);
    struct sec_account a = { .size = sizeof a };
    const struct sec_pac pac = { sizeof pac, { data, size }, "alice@LAB.EXAMPLE", false };
    struct sec_token *t;

    if (!mem)
        return 0;
    if (pac_account(NULL, &pac, mem, &a) == STATUS_SUCCESS) {
        const struct sec_token_source s = { .mech = "krb5", .name = pac.principal, .account = &a };

        if (!a.user.count || a.user.count > NT_SID_MAX_SUB || a.n_groups > SEC_GROUPS_MAX)
            abort();
        if (sec_token_new(&s, &t) == STATUS_SUCCESS) {
            if (!sec_token_has(t, &a.user) || (t->flags & SEC_TOKEN_NAME_ONLY))
                abort();
            sec_token_unref(t);
        }
    }
    nt_arena_free(mem);
    return 0;
}
