// SPDX-License-Identifier: Apache-2.0
/* Inside of a string binding. */
#ifndef RPC_M_BINDING_H
#define RPC_M_BINDING_H

#include <stdatomic.h>
#include <msrpc/rpc.h>

enum rpc_protseq { RPC_NP, RPC_TCP, RPC_LOCAL, RPC_ANY /* pipe or TCP: route.c */ };
#define RPC_PROTSEQS 4

struct rpc_binding {
    atomic_uint refs;
    enum rpc_protseq protseq;
    char *host;     /* without brackets; "" with ncalrpc */
    char *endpoint; /* NULL: none; a pipe without "\pipe\", a port in decimal, the path of a socket */
    char *target;   /* NULL: none */
    char *mux;      /* NULL: not said; "auto", "on", "off", the path of a socket */
    bool has_object;
    struct nt_guid object;
    enum sec_level level;     /* DEFAULT: not said */
    const char *provider;     /* static, or NULL: not said */
    enum npc_dialect dialect; /* 0: not said */
    bool ndr64;
};

extern const char *const rpc_protseq_names[RPC_PROTSEQS];
/* The endpoint that an interface's table has for a protocol sequence, as in a binding.
 * RPC_NT_NO_ENDPOINT_FOUND. */
enum nt_status rpc_default_endpoint(const struct rpc_interface *i, enum rpc_protseq p, char *buf,
                                    size_t size);
/* A copy with another protocol sequence and endpoint (NULL: none). NULL when memory is short. */
struct rpc_binding *rpc_binding_with(const struct rpc_binding *b, enum rpc_protseq p, const char *endpoint);
/* "auto", "on", "off", an absolute path? */
bool rpc_mux_ok(const char *s);
/* Port number 1 .. 65535; 0 for anything else. */
uint16_t rpc_parse_port(const char *s);

#endif
