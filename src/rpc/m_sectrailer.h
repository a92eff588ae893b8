// SPDX-License-Identifier: Apache-2.0
/* Security trailers and the protection of requests and responses ([MS-RPCE] 2.2.2.11, 3.3.1.5.2.2), both
 * roles. */
#ifndef RPC_M_SECTRAILER_H
#define RPC_M_SECTRAILER_H

#include "rpc/pdu.h"
#include "sec/sec.h"

/* One security context of a connection. */
struct rpc_sec {
    const struct sec_provider *provider; /* NULL: none */
    struct sec_ctx *ctx;
    enum sec_level level;
    uint8_t wire_level; /* what trailers say, where that is another name of level; else 0 */
    uint32_t ctx_id;
    bool established;
    bool header_sign;   /* both sides want headers signed */
    bool covers_header; /* the signature does cover them */
    /* of a client */
    bool offered_header_sign; /* with the first token */
    bool told_header_sign;    /* the verification trailer has said so */
    uint32_t told_contexts;   /* and has named these presentation contexts (bits by number) */
};

/* The context stands: sets what follows from its mechanism. */
void rpc_sec_establish(struct rpc_sec *s);

/* Does this context put a trailer on each request and response? At level connect it is optional and left out,
 * as there is one context per connection ([MS-RPCE] 3.3.1.5.4). */
static inline bool rpc_sec_signs(const struct rpc_sec *s)
{
    return s->level >= SEC_LEVEL_INTEGRITY;
}

/* Ends the PDU that starts at `start`, of one of the kinds that build a context, with a trailer and the
 * token. */
void rpc_put_token(struct wr *w, size_t start, const struct rpc_sec *s, struct nt_blob token);

/* Bytes that protection adds to a fragment with `stub` bytes of stub. */
size_t rpc_sec_overhead(const struct rpc_sec *s, size_t stub);
/* The most stub that fits a fragment of `frag` bytes with hdr bytes of header: a multiple of 16, so that all
 * fragments but the last need no padding. 0: nothing fits. */
size_t rpc_sec_room(const struct rpc_sec *s, size_t frag, size_t hdr);

/* Ends a request or response whose header (hdr bytes) and stub are in w from `start` on: pads, appends the
 * trailer and protects in place. Fills in the lengths also where nothing is to be protected. */
enum nt_status rpc_protect(struct wr *w, size_t start, size_t hdr, struct rpc_sec *s);
/* Checks a received request, response or fault against the context and takes the protection off, in place;
 * gives the stub without padding. A PDU with less protection than agreed is STATUS_ACCESS_DENIED, one whose
 * trailer does not match RPC_NT_PROTOCOL_ERROR, a wrong signature what the provider says. */
enum nt_status rpc_unprotect(uint8_t *pdu, const struct rpc_pdu *d, struct rpc_sec *s,
                             struct nt_blob *ret_stub, const char **ret_why);
/* A trailer that does not belong to this context; NULL if it does. */
const char *rpc_trailer_mismatch(const struct rpc_trailer *t, const struct rpc_sec *s);

#endif
