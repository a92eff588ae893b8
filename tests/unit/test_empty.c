// SPDX-License-Identifier: Apache-2.0
/*
 * Legal but empty: each operation of each interface with everything zero, so that all pointers that may be
 * null are null and all lists have no elements, in both transfer syntaxes. Servers and clients have crashed
 * on that (CVE-2018-1050, CVE-2019-12435). And the ceiling of an answer that comes in many fragments
 * (CVE-2022-26809).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <msrpc/drsuapi.h>
#include <msrpc/epmapper.h>
#include <msrpc/lsarpc.h>
#include <msrpc/mgmt.h>
#include <msrpc/rpcecho.h>
#include <msrpc/samr.h>
#include <msrpc/srvsvc.h>
#include <msrpc/wkssvc.h>
#include "ndr/ndr.h"
/* cmocka last */
#include <cmocka.h>

static const struct {
    const struct rpc_interface *iface;
    const struct rpc_op *const *ops;
} interfaces[] = {
    { &epmapper_interface, epmapper_ops }, { &lsarpc_interface, lsarpc_ops },
    { &mgmt_interface, mgmt_ops },         { &rpcecho_interface, rpcecho_ops },
    { &samr_interface, samr_ops },         { &srvsvc_interface, srvsvc_ops },
    { &wkssvc_interface, wkssvc_ops },
};

/* Zero is no value of some types: a reference pointer, a union without that arm, a SID. */
static bool impossible(enum nt_status st)
{
    return st == RPC_NT_NULL_REF_POINTER || st == RPC_NT_INVALID_TAG || st == STATUS_INVALID_SID;
}

/* Pushes zeros and pulls them; true if that is possible. */
static bool round_trip(const struct rpc_op *op, bool out, bool ndr64)
{
    struct nt_arena *mem = nt_arena_new(0);
    void *r = nt_arena_alloc(mem, op->size, 16), *copy = nt_arena_alloc(mem, op->size, 16);
    struct ndr_push n;
    struct wr w;
    assert_non_null(r);
    assert_non_null(copy);
    wr_init(&w, 1 << 20);
    ndr_push_init(&n, &w, ndr64);
    (out ? op->push_out : op->push_in)(&n, r);
    enum nt_status st = ndr_push_status(&n);
    if (st != STATUS_SUCCESS && !impossible(st))
        fail_msg("%s.%s %s: push gives %s", op->iface->name, op->name, out ? "out" : "in",
                 nt_status_name(st));
    if (st == STATUS_SUCCESS) {
        struct ndr_pull p;
        ndr_pull_init(&p, mem, w.base ? w.base : (const uint8_t *)"", w.len, 0x10, ndr64, NULL);
        (out ? op->pull_out : op->pull_in)(&p, copy);
        enum nt_status pulled = ndr_pull_status(&p);
        if (pulled != STATUS_SUCCESS || ndr_pull_left(&p))
            fail_msg("%s.%s %s: pull gives %s, %zu bytes left", op->iface->name, op->name, out ? "out" : "in",
                     nt_status_name(pulled), ndr_pull_left(&p));
    }
    wr_free(&w);
    nt_arena_free(mem);
    return st == STATUS_SUCCESS;
}

static void everything_zero(void **state)
{
    unsigned all = 0, possible = 0;
    (void)state;
    for (size_t i = 0; i < sizeof interfaces / sizeof interfaces[0]; i++)
        for (uint32_t k = 0; k < interfaces[i].iface->n_ops; k++)
            for (int how = 0; how < 4; how++) {
                if (!interfaces[i].ops[k])
                    continue;
                all++;
                possible += round_trip(interfaces[i].ops[k], how & 1, how & 2);
            }
    print_message("%u of %u messages can be all zero\n", possible, all);
    assert_true(possible > all / 2);
}

/* Nothing at all, where something is expected: an error, and no read. */
static void nothing_received(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof interfaces / sizeof interfaces[0]; i++)
        for (uint32_t k = 0; k < interfaces[i].iface->n_ops; k++) {
            const struct rpc_op *op = interfaces[i].ops[k];
            if (!op)
                continue;
            struct nt_arena *mem = nt_arena_new(0);
            void *r = nt_arena_alloc(mem, op->size, 16);
            struct ndr_pull p;
            uint8_t *none = nt_arena_alloc(mem, 0, 16);
            ndr_pull_init(&p, mem, none, 0, 0x10, false, NULL);
            op->pull_out(&p, r);
            enum nt_status st = ndr_pull_status(&p);
            /* without a result and [out] parameters nothing is a whole answer */
            if (st != RPC_NT_BAD_STUB_DATA && !(st == STATUS_SUCCESS && op->size - op->out_offset <= 8))
                fail_msg("%s.%s: %s", op->iface->name, op->name, nt_status_name(st));
            nt_arena_free(mem);
        }
}

/* A count of 0xffffffff and an array of count + 1 elements: not the empty one that 32 bits would make of it.
 */
static void counts_do_not_wrap(void **state)
{
    enum { REF = 28, SRC = 32, NAME = 56, NAME_LEN = NAME + 4 + 8 + 16 + 28 };
    uint8_t stub[NAME_LEN + 4] = { 0 };
    (void)state;
    for (uint32_t len = 0; len < 2; len++) {
        struct nt_arena *mem = nt_arena_new(0);
        struct drsuapi_IDL_DRSReplicaSync r = { .in.dwVersion = 0 };
        struct ndr_pull n;
        put_le32(stub + 20, 1); /* version, tag, pNC */
        put_le32(stub + 24, 1);
        put_le32(stub + REF, 1);
        put_le32(stub + NAME_LEN, UINT32_MAX - len);
        ndr_pull_init(&n, mem, stub, sizeof stub, 0x10, false, NULL);
        drsuapi_IDL_DRSReplicaSync_op.pull_in(&n, &r);
        assert_int_equal(ndr_pull_status(&n), RPC_NT_BAD_STUB_DATA);
        nt_arena_free(mem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_zero),
        cmocka_unit_test(nothing_received),
        cmocka_unit_test(counts_do_not_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
