// SPDX-License-Identifier: Apache-2.0
/*
 * Connection-oriented PDUs ([C706] 12.6.4, [MS-RPCE] 2.2.2), for both roles. Sent little endian; received in
 * either byte order. A decoder that fails says why in words; decoded parts lend from the PDU. The runtime
 * stands on it, and whatever else looks at PDUs.
 */
#ifndef RPC_PDU_H
#define RPC_PDU_H

#include <msrpc/rpc.h>
#include "base/cursor.h"
#include "npc/pdu_head.h" /* types and flags */
#include "rpc/limits.h"

enum { /* p_cont_def_result_t, [MS-RPCE] 2.2.2.4 */
       RPC_RESULT_ACCEPTANCE = 0,
       RPC_RESULT_USER_REJECTION = 1,
       RPC_RESULT_PROVIDER_REJECTION = 2,
       RPC_RESULT_NEGOTIATE_ACK = 3,
};

enum { /* p_provider_reason_t, [C706] 12.6.3.1 */
       RPC_REASON_NONE = 0,
       RPC_REASON_ABSTRACT_SYNTAX = 1,
       RPC_REASON_TRANSFER_SYNTAXES = 2,
       RPC_REASON_LOCAL_LIMIT = 3,
};

enum { /* p_reject_reason_t, [C706] 12.6.3.1, [MS-RPCE] 2.2.2.5 */
       RPC_NAK_NOT_SPECIFIED = 0,
       RPC_NAK_CONGESTION = 1,
       RPC_NAK_LOCAL_LIMIT = 2,
       RPC_NAK_VERSION = 4,
       RPC_NAK_AUTH_TYPE = 8,
       RPC_NAK_CHECKSUM = 9,
};

enum { /* [MS-RPCE] 2.2.2.14 */
       RPC_FEATURE_SEC_MULTIPLEX = 1,
       RPC_FEATURE_KEEP_ON_ORPHAN = 2,
};

#define RPC_REQ_LEN     24 /* with alloc_hint, context, opnum; 16 more with an object */
#define RPC_RSP_LEN     24
#define RPC_FAULT_LEN   32
#define RPC_TRAILER_LEN 8

struct rpc_hdr {
    uint8_t ptype, flags;
    uint8_t drep; /* first byte of the data representation; what NDR needs */
    bool big;     /* integers are big endian */
    uint16_t frag_len, auth_len;
    uint32_t call_id;
};

/* sec_trailer ([MS-RPCE] 2.2.2.11) */
struct rpc_trailer {
    uint8_t type, level, pad;
    uint32_t ctx_id;
    size_t off; /* in the PDU; the token follows */
};

/* A cursor that knows the sender's byte order. */
struct rpc_rd {
    struct rd r;
    bool big;
};

struct rpc_ctx_elem {
    uint16_t id;
    uint8_t n_transfers;
    struct rpc_syntax abstract;
    struct rpc_syntax transfers[RPC_TRANSFERS_MAX];
};

struct rpc_result {
    uint16_t result, reason;
    struct rpc_syntax transfer;
};

struct rpc_pdu {
    struct rpc_hdr h;
    bool has_auth;
    struct rpc_trailer auth;
    size_t body_off, body_len; /* request, response, fault: stub with authentication padding */
    union {
        struct {
            uint16_t max_xmit, max_recv;
            uint32_t assoc;
            uint8_t n;
            struct rpc_rd list; /* n times rpc_get_ctx_elem */
        } bind;                 /* and alter */
        struct {
            uint16_t max_xmit, max_recv;
            uint32_t assoc;
            struct nt_blob addr; /* secondary address with its terminator */
            uint8_t n;
            struct rpc_rd list; /* n times rpc_get_result */
        } ack;                  /* and alter_resp */
        struct {
            uint16_t reason;
            uint8_t major, minor;    /* first of the versions that the server speaks; 0, 0: none */
            struct nt_blob extended; /* extended error information, or empty */
        } nak;
        struct {
            uint32_t alloc_hint;
            uint16_t ctx, opnum;
            bool has_object;
            struct nt_guid object;
        } req;
        struct {
            uint32_t alloc_hint;
            uint16_t ctx;
            uint8_t cancels;
            uint32_t status; /* fault */
            bool extended;   /* fault: the stub is extended error information ([MS-RPCE] 2.2.2.8) */
        } rsp;               /* and fault */
    } u;
};

#pragma GCC visibility push(default) /* shared between our own libraries, see the *_PRIVATE nodes */

/* The first 16 bytes. Fails with RPC_NT_PROTOCOL_ERROR: other protocol version, unknown type or data
 * representation, frag_length below the header, auth_length that does not fit. */
enum nt_status rpc_hdr_decode(const uint8_t p[RPC_HDR_LEN], struct rpc_hdr *ret, const char **ret_why);
/* A whole PDU of exactly h.frag_len bytes. */
enum nt_status rpc_pdu_decode(const uint8_t *p, size_t len, struct rpc_pdu *ret, const char **ret_why);
/* The extended error information in a fault's stub, of which the protection is off; empty if there is none.
 */
struct nt_blob rpc_fault_extended(const struct rpc_pdu *d, const uint8_t *stub, size_t len);
/* For lists that rpc_pdu_decode has walked once, so these cannot fail on them. */
void rpc_get_ctx_elem(struct rpc_rd *r, struct rpc_ctx_elem *ret);
void rpc_get_result(struct rpc_rd *r, struct rpc_result *ret);
const char *rpc_ptype_name(unsigned ptype);

/* Writers append to w and give the offset where the PDU starts; rpc_pdu_end fills in the lengths. A PDU of
 * more than RPC_FRAG_MAX bytes fails the writer. */
size_t rpc_put_hdr(struct wr *w, enum rpc_ptype type, unsigned flags, uint32_t call_id);
void rpc_pdu_end(struct wr *w, size_t start, size_t auth_len);
void rpc_put_shutdown(struct wr *w); /* a header, no more ([C706] 12.6.4.11) */
void rpc_put_syntax(struct wr *w, const struct rpc_syntax *s);
size_t rpc_put_bind(struct wr *w, enum rpc_ptype type, unsigned flags, uint32_t call_id, uint16_t max_frag,
                    uint32_t assoc, const struct rpc_ctx_elem *elems, unsigned n);
size_t rpc_put_ack(struct wr *w, enum rpc_ptype type, unsigned flags, uint32_t call_id, uint16_t max_xmit,
                   uint16_t max_recv, uint32_t assoc, const char *addr, const struct rpc_result *results,
                   unsigned n);
size_t rpc_put_nak(struct wr *w, uint32_t call_id, uint16_t reason);
/* With encoded extended error information, unless that is empty. */
size_t rpc_put_nak_extended(struct wr *w, uint32_t call_id, uint16_t reason, struct nt_blob extended);
size_t rpc_put_auth3(struct wr *w, uint32_t call_id);
size_t rpc_put_fault(struct wr *w, unsigned flags, uint32_t call_id, uint16_t ctx, uint32_t status);
size_t rpc_put_fault_extended(struct wr *w, unsigned flags, uint32_t call_id, uint16_t ctx, uint32_t status,
                              struct nt_blob extended);
/* The 24 bytes (40 with an object) in front of a stub, written over room at p. */
void rpc_fill_request(uint8_t *p, unsigned flags, uint32_t call_id, uint32_t alloc_hint, uint16_t ctx,
                      uint16_t opnum, const struct nt_guid *object);
void rpc_fill_response(uint8_t *p, unsigned flags, uint32_t call_id, uint32_t alloc_hint, uint16_t ctx);

extern const struct rpc_syntax rpc_syntax_ndr20, rpc_syntax_ndr64;
/* Bind time feature negotiation ([MS-RPCE] 3.3.1.5.3) with these bits. */
struct rpc_syntax rpc_syntax_features(uint8_t bits);
bool rpc_syntax_equal(const struct rpc_syntax *a, const struct rpc_syntax *b);

#pragma GCC visibility pop

#endif
