// SPDX-License-Identifier: Apache-2.0
/*
 * The one status type. Every function of Tern below the Windows-shaped API that can fail returns
 * enum nt_status ([MS-ERREF] 2.3). enum werror holds Win32 codes ([MS-ERREF] 2.2) and NERR_* codes; it is a
 * different enum on purpose, so that the compiler refuses to mix the two.
 */
#ifndef MSRPC_STATUS_H
#define MSRPC_STATUS_H

#include <msrpc/base.h>
#include <msrpc/status_codes.h>

NT_BEGIN_DECLS

/* True for success and informational codes (severity 0 and 1), as NT_SUCCESS. STATUS_MORE_ENTRIES is a
 * success; STATUS_BUFFER_OVERFLOW (a warning, severity 2) is not. */
static inline bool nt_ok(enum nt_status st)
{
    return ((uint32_t)st & 0x80000000U) == 0;
}

/* Symbolic name ("STATUS_ACCESS_DENIED"), or NULL for a code that no table has. Static storage. */
NT_PUBLIC const char *nt_status_name(enum nt_status st);
/* One plain sentence, without a final full stop; NULL when there is none. Static storage. */
NT_PUBLIC const char *nt_status_text(enum nt_status st);
/* The same for Win32 and NERR codes ("ERROR_ACCESS_DENIED", "NERR_UserNotFound"). */
NT_PUBLIC const char *werror_name(enum werror we);
NT_PUBLIC const char *werror_text(enum werror we);
/* The code that has this name as its first one; false: none, or a NULL name. */
NT_PUBLIC bool nt_status_from_name(const char *name, enum nt_status *ret);
NT_PUBLIC bool werror_from_name(const char *name, enum werror *ret);

/* Win32 code for a status: its partner, the code inside a facility NTWIN32 status, or
 * W_ERROR_MR_MID_NOT_FOUND when Windows knows none either. */
NT_PUBLIC enum werror nt_to_werror(enum nt_status st);
/* Status for a Win32 code, losing nothing: the exact partner where the mapping is one to one in both
 * directions, else 0xC0070000 | code (facility NTWIN32); success stays success. An HRESULT of facility WIN32
 * counts as the code in it; any other failure code above 16 bits stays what it is. */
NT_PUBLIC enum nt_status nt_from_werror(enum werror we);

/* Status for the code of a fault PDU ([C706] appendix N, [MS-RPCE] 2.2.2.4): nca_* codes become RPC_NT_*, an
 * NTSTATUS error stays itself, a small Win32 code goes through nt_from_werror. Never a success. */
NT_PUBLIC enum nt_status nt_from_rpc_fault(uint32_t code);
/* The code that a server's fault PDU has for a status: nca_*, else the Win32 partner, else the status itself;
 * never 0. */
NT_PUBLIC uint32_t nt_to_rpc_fault(enum nt_status st);
/* "nca_s_op_rng_error" and kin; NULL when unknown. */
NT_PUBLIC const char *rpc_fault_name(uint32_t code);

NT_END_DECLS

#endif
