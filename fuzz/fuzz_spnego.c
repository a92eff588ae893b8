// SPDX-License-Identifier: Apache-2.0
/* SPNEGO tokens from a hostile peer, in both roles; and what parses is written and parsed again. */
#include "sec_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(struct nt_blob a, struct nt_blob b)
{
    return a.len == b.len && (!a.len || memcmp(a.data, b.data, a.len) == 0);
}

static void init_round_trip(struct nt_blob in)
{
    struct spnego_init a, b;
    struct wr w;

    if (!nt_ok(spnego_parse_init(in, &a)))
        return;
    wr_init(&w, 2 * SEC_TOKEN_MAX);
    spnego_put_init(&w, a.mech_list, a.token, false);
    if (w.st == STATUS_SUCCESS) {
        if (!nt_ok(spnego_parse_init((struct nt_blob){ w.base, w.len }, &b)) || !same(a.token, b.token) ||
            !same(a.mech_list, b.mech_list) || a.mech_count != b.mech_count)
            abort();
    }
    wr_free(&w);
}

static void resp_round_trip(struct nt_blob in)
{
    struct spnego_resp a, b;
    struct wr w;

    if (!nt_ok(spnego_parse_resp(in, &a)) || (a.has_mech && a.mech == MECH_OTHER))
        return;
    wr_init(&w, 2 * SEC_TOKEN_MAX);
    spnego_put_resp(&w, &a);
    if (w.st == STATUS_SUCCESS) {
        if (!nt_ok(spnego_parse_resp((struct nt_blob){ w.base, w.len }, &b)) || a.state != b.state ||
            a.mech != b.mech || a.has_mech != b.has_mech || !same(a.token, b.token) || !same(a.mic, b.mic))
            abort();
    }
    wr_free(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_conversation(&sec_spnego, data, size);
    if (size > 3) {
        init_round_trip((struct nt_blob){ data + 3, size - 3 }); /* the first token of a conversation */
        resp_round_trip((struct nt_blob){ data + 3, size - 3 });
    }
    return 0;
}
