// SPDX-License-Identifier: Apache-2.0
/* By which ways a connection is opened, and in which order they are tried. */
#ifndef RPC_M_ROUTE_H
#define RPC_M_ROUTE_H

#include "rpc/m_client.h"

/* What an endpoint mapper was asked. */
struct rpc_epm_key {
    const char *host;
    uint16_t mapper; /* its port */
    struct rpc_syntax iface;
    bool has_object;
    struct nt_guid object;
};

/* 0: nothing known that is still good. */
uint16_t rpc_epm_cache_find(struct rpc_epm_cache *c, const struct rpc_epm_key *k, uint64_t now,
                            bool *ret_pinned);
void rpc_epm_cache_put(struct rpc_epm_cache *c, const struct rpc_epm_key *k, uint16_t port, uint64_t now);
/* Only if it still says this port: another thread may know better already. */
void rpc_epm_cache_drop(struct rpc_epm_cache *c, const struct rpc_epm_key *k, uint16_t port);

#endif
