// SPDX-License-Identifier: Apache-2.0
/* The decoders of src/rpc. The first byte chooses: PDU, tower, verification trailer, string binding. */
#include <stdlib.h>
#include <string.h>
#include "rpc/m_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void lists(const struct rpc_pdu *d)
{
    struct rpc_rd list;
    if (d->h.ptype == RPC_PT_BIND || d->h.ptype == RPC_PT_ALTER) {
        list = d->u.bind.list;
        for (unsigned i = 0; i < d->u.bind.n; i++) {
            struct rpc_ctx_elem e;
            rpc_get_ctx_elem(&list, &e);
        }
    } else if (d->h.ptype == RPC_PT_BIND_ACK || d->h.ptype == RPC_PT_ALTER_RESP) {
        list = d->u.ack.list;
        for (unsigned i = 0; i < d->u.ack.n; i++) {
            struct rpc_result r;
            rpc_get_result(&list, &r);
        }
    } else {
        return;
    }
    if (list.r.st != STATUS_SUCCESS) /* what was walked once can be walked again */
        abort();
}

static void pdu(const uint8_t *data, size_t size)
{
    struct rpc_pdu d;
    const char *why = NULL;
    if (rpc_pdu_decode(data, size, &d, &why) != STATUS_SUCCESS) {
        if (!why)
            abort();
        return;
    }
    if (d.body_off + d.body_len > size ||
        (d.has_auth && (d.auth.off + RPC_TRAILER_LEN + d.h.auth_len != size || d.auth.pad > d.body_len)))
        abort();
    lists(&d);
    struct rpc_sec none = { .provider = NULL };
    struct nt_blob stub;
    uint8_t *copy = malloc(size);
    if (copy) {
        memcpy(copy, data, size);
        if (rpc_unprotect(copy, &d, &none, &stub, &why) == STATUS_SUCCESS && stub.len > size)
            abort();
    }
    free(copy);
}

static void binding(const uint8_t *data, size_t size)
{
    char text[1024], again[1400];
    struct nt_error err;
    struct rpc_binding *b, *b2;
    if (size >= sizeof text)
        return;
    memcpy(text, data, size);
    text[size] = 0;
    if (rpc_binding_parse(text, &b, &err) != STATUS_SUCCESS)
        return;
    size_t n = rpc_binding_format(b, again, sizeof again);
    if (n >= sizeof again)
        abort();
    if (rpc_binding_parse(again, &b2, &err) != STATUS_SUCCESS) /* canonical text is text */
        abort();
    rpc_binding_unref(b2);
    rpc_binding_unref(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct rpc_syntax iface = { { 1, 2, 3, { 4 } }, 5, 0 };
    static const struct rpc_vt vt = { .abstract = { { 1, 2, 3, { 4 } }, 5, 0 }, .call_id = 2 };
    if (size < 1)
        return 0;
    switch (data[0] & 3) {
    case 0:
        pdu(data + 1, size - 1);
        break;
    case 1:
        (void)rpc_tower_port(data + 1, size - 1, &iface);
        break;
    case 2:
        if (rpc_vt_check(data + 1, size - 1, &vt, true) == STATUS_NO_MEMORY)
            abort();
        break;
    default:
        binding(data + 1, size - 1);
    }
    return 0;
}
