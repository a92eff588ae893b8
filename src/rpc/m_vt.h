// SPDX-License-Identifier: Apache-2.0
/*
 * Verification trailer ([MS-RPCE] 2.2.2.13): at the end of a request's stub, so covered by its signature,
 * what the signature does not cover by itself. It stops a man in the middle from taking away header signing
 * or from exchanging the interface.
 */
#ifndef RPC_M_VT_H
#define RPC_M_VT_H

#include "rpc/pdu.h"

enum {                         /* parts */
       RPC_VT_HEADER_SIGN = 1, /* the bind offered header signing */
       RPC_VT_PCONTEXT = 2,    /* what the context id stands for */
       RPC_VT_HEADER2 = 4,     /* the header, where it is not signed */
};

struct rpc_vt {
    unsigned parts;
    struct rpc_syntax abstract, transfer;
    uint32_t call_id;
    uint16_t ctx, opnum;
};

/* The most that rpc_put_vt appends: 3 bytes of alignment, signature, three commands. */
#define RPC_VT_MAX (3 + 8 + 8 + 44 + 20)

/* Appends to a stub that starts at `stub` in w (a PDU's stub is aligned, so 4 is counted from there). Nothing
 * for parts 0. */
void rpc_put_vt(struct wr *w, size_t stub, const struct rpc_vt *vt);

/* Looks for a trailer in the bytes that decoding left over and compares it with the request. Success when
 * there is none. STATUS_ACCESS_DENIED for one that contradicts or that has a mandatory command we do not
 * know. */
enum nt_status rpc_vt_check(const uint8_t *left, size_t len, const struct rpc_vt *expect,
                            bool header_sign_seen);

#endif
