// SPDX-License-Identifier: Apache-2.0
/*
 * Interfaces served by Tern itself, for any rpc_server: remote management, the endpoint mapper, and Samba's
 * echo interface. The daemon msrpcd is made of these; a program's own server may take them one by one.
 */
#ifndef MSRPC_SERVE_H
#define MSRPC_SERVE_H

#include <msrpc/rpc_server.h>

NT_BEGIN_DECLS

/* Remote management ([C706] appendix Q, [MS-RPCE] 2.2.1.3): lists the server's interfaces, counts, and
 * refuses to stop it. Open to strangers, as on Windows. */
NT_PUBLIC enum nt_status serve_mgmt(struct rpc_server *s) NT_CHECKED;

/* Samba's echo interface, whole. Sizes are bounded (src/serve/echo.c); TestSleep blocks nobody. The level is
 * the server's unless rpc_server_require says otherwise. */
NT_PUBLIC enum nt_status serve_echo(struct rpc_server *s) NT_CHECKED;

/* ---- endpoint mapper ([C706] appendix O, [MS-RPCE] 2.2.1.2) ---- */

struct serve_epm;

/* One endpoint of an interface. */
struct serve_endpoint {
    size_t size;
    struct rpc_syntax iface;
    struct nt_guid object;  /* all zero: fits any object */
    const char *protseq;    /* "ncacn_ip_tcp", "ncacn_np", "ncalrpc" */
    const char *host;       /* ncacn_ip_tcp: numeric; ncacn_np: a name; NULL: where the mapper is asked */
    const char *endpoint;   /* "49152", "\\pipe\\srvsvc", "echo" */
    const char *annotation; /* for people, up to 63 bytes; NULL: none */
};
#define SERVE_ENDPOINT_INIT                                                                                  \
    {                                                                                                        \
        .size = sizeof(struct serve_endpoint)                                                                \
    }

/* An empty map, served by s to strangers, too. */
NT_PUBLIC enum nt_status serve_epm_new(struct rpc_server *s, struct serve_epm **ret) NT_CHECKED;
/* After the server that serves it. Accepts NULL. */
NT_PUBLIC void serve_epm_free(struct serve_epm *m);
/* Adds an endpoint; strings are copied. What is there already is left as it is. STATUS_INVALID_PARAMETER for
 * addresses and endpoints that no tower can hold, STATUS_INSUFFICIENT_RESOURCES when the map is full. */
NT_PUBLIC enum nt_status serve_epm_add(struct serve_epm *m, const struct serve_endpoint *e) NT_CHECKED;
/* Adds each interface that `from` has registered, but for mgmt, which is at every endpoint anyway; e says
 * where, its interface is not looked at. */
NT_PUBLIC enum nt_status serve_epm_add_all(struct serve_epm *m, const struct rpc_server *from,
                                           const struct serve_endpoint *e) NT_CHECKED;
/* Forgets what an interface has in the map; tells how many endpoints that were. */
NT_PUBLIC unsigned serve_epm_remove(struct serve_epm *m, const struct rpc_syntax *iface);

NT_END_DECLS

#endif
