// SPDX-License-Identifier: Apache-2.0
/*
 * What Tern's NetAPI has beside the Windows functions of <lm.h>: how to reach a server (credentials,
 * transport, protection) and what went wrong, in a sentence. A program that needs none of it includes only
 * <lm.h>: servers are then reached by named pipe with the current Kerberos cache or the credentials given to
 * NetUseAdd.
 */
#ifndef MSRPC_NETAPI_H
#define MSRPC_NETAPI_H

#include <msrpc/loop.h>
#include <msrpc/rpc.h>

NT_BEGIN_DECLS

struct net_options {
    size_t size;
    struct sec_creds *creds;     /* referenced; NULL: those of NetUseAdd, else the current Kerberos cache */
    const char *protseq;         /* "ncacn_np" (NULL) or "ncacn_ip_tcp" */
    enum sec_level level;        /* of RPC; DEFAULT: see struct rpc_options */
    const char *provider;        /* see struct rpc_options */
    const char *target;          /* host part of the service principal; NULL: the server name */
    uint16_t smb_port, epm_port; /* 0: 445 and 135 */
    const struct npc_options
        *npc;            /* dialects, signing, encryption; strings and lists in it must outlive the entry */
    unsigned timeout_ms; /* of each call; 0: 30 000 */
    struct nt_cancel *cancel; /* referenced: ends calls to this server */
    const char *mux; /* whose pipes: see struct rpc_options */
};
#define NET_OPTIONS_INIT                                                                                     \
    {                                                                                                        \
        .size = sizeof(struct net_options)                                                                   \
    }

/* From now on all Net* calls of the process to `server` (UTF-8, without backslashes; NULL: every server that
 * has no entry of its own) go this way; o NULL removes the entry. Cached connections to it are closed when
 * they are idle. */
NT_PUBLIC enum nt_status net_set_options(const char *server, const struct net_options *o) NT_CHECKED;

/* Why the last Net* call of this thread failed: what was tried, over what, with which security, what the peer
 * said, what usually helps. "" when it succeeded. Valid until the thread's next Net* call. */
NT_PUBLIC const char *net_last_error(void);
/* The status behind the NET_API_STATUS of this thread's last Net* call: it says more (a fault, a transport
 * error). */
NT_PUBLIC enum nt_status net_last_status(void);

/* Closes the idle connections of the process (before a fork, or to be clean under a leak checker) and forgets
 * this thread's sentence. */
NT_PUBLIC void net_close_idle(void);

NT_END_DECLS

#endif
