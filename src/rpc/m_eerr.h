// SPDX-License-Identifier: Apache-2.0
/* Extended error information ([MS-EERR]), both directions. Marshalled by hand, because the runtime stands
 * below the generated stubs. */
#ifndef RPC_M_EERR_H
#define RPC_M_EERR_H

#include <msrpc/ndr.h>
#include <msrpc/rpc_error.h>

struct rpc_error_list {
    struct rpc_error_record *rec; /* the reported error first, its root cause last */
    size_t n;
};

/* From the bytes of a fault or bind_nak. Everything lives in mem. Any violation fails the whole
 * ([MS-EERR] 2.2.2.2), with *ret untouched. */
enum nt_status rpc_eerr_decode(struct nt_blob data, struct nt_arena *mem, struct rpc_error_list *ret);
/* STATUS_INVALID_PARAMETER for more records or parameters than there may be, and texts too long. */
enum nt_status rpc_eerr_encode(const struct rpc_error_list *l, struct nt_arena *mem, struct nt_blob *ret);
/* A clause for people about the root cause, written like snprintf. */
size_t rpc_eerr_text(const struct rpc_error_list *l, char *buf, size_t size);
/* A copy with all that it points to. NULL when memory is short. */
struct rpc_error_record *rpc_error_copy(struct nt_arena *mem, const struct rpc_error_record *r);

#endif
