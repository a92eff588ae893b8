// SPDX-License-Identifier: Apache-2.0
/*
 * Extended error information ([MS-EERR]): what a server adds to a fault or to the refusal of a bind, so that
 * people find out why. Records form a chain from the error that was reported to its root cause.
 */
#ifndef MSRPC_RPC_ERROR_H
#define MSRPC_RPC_ERROR_H

#include <msrpc/nt.h>

NT_BEGIN_DECLS

#define RPC_ERROR_PARAMS_MAX 4 /* [MS-EERR] 2.2.1.8 */

enum rpc_error_param_kind {                      /* values of the wire, [MS-EERR] 2.2.1.4 */
                            RPC_ERROR_ANSI = 1,  /* text, ISO 8859-1 on the wire */
                            RPC_ERROR_TEXT = 2,  /* text, UTF-16 on the wire */
                            RPC_ERROR_LONG = 3,  /* number, 32 bits */
                            RPC_ERROR_SHORT = 4, /* number, 16 bits */
                            RPC_ERROR_INT64 = 5, /* number */
                            RPC_ERROR_NONE = 6,
                            RPC_ERROR_BINARY = 7, /* blob */
};

struct rpc_error_param {
    enum rpc_error_param_kind kind;
    const char *text; /* UTF-8; NULL unless it is text */
    int64_t number;
    struct nt_blob blob;
};

enum { /* flags: the chain is longer than what came */
       RPC_ERROR_MISSING_BEFORE = 1,
       RPC_ERROR_MISSING_AFTER = 2,
};

struct rpc_error_record {
    const char *computer; /* UTF-8; NULL: the server itself */
    uint32_t pid;
    uint64_t time;      /* NT time */
    uint32_t component; /* that generated it; 0 .. 255 are Microsoft's, see rpc_error_component */
    uint32_t status;    /* Win32 code, RPC status or NTSTATUS, as the component has it */
    uint16_t location;  /* number of a place in the component */
    uint16_t flags;
    unsigned n_params;
    struct rpc_error_param params[RPC_ERROR_PARAMS_MAX];
};

/* Name of a generating component ("RPC runtime"); NULL: unknown. Static storage. */
NT_PUBLIC const char *rpc_error_component(uint32_t component);

NT_END_DECLS

#endif
