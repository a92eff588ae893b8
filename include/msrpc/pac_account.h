// SPDX-License-Identifier: Apache-2.0
/* What a Kerberos ticket's PAC says about its client, for a server's tokens ([MS-PAC]). */
#ifndef MSRPC_PAC_ACCOUNT_H
#define MSRPC_PAC_ACCOUNT_H

#include <msrpc/nt.h>
#include <msrpc/token.h>

NT_BEGIN_DECLS

/* For rpc_server_options.pac; arg is not looked at. The user's SID, its groups, those of other domains and of
 * the resource domain, names and times; all in `mem`. The caller has verified the signatures.
 * STATUS_INVALID_NETWORK_RESPONSE: not a PAC, or one without logon information; STATUS_INVALID_SID: SIDs that
 * are none, or too many groups; STATUS_ACCESS_DENIED: parts that are about different clients. */
NT_PUBLIC sec_pac_fn pac_account;

NT_END_DECLS

#endif
