// SPDX-License-Identifier: Apache-2.0
/* Facts of an earlier connection that a later one must not fall behind. */
#ifndef RPC_M_PIN_H
#define RPC_M_PIN_H

#include <msrpc/rpc.h>
#include "sec/sec.h"

struct rpc_pin {
    struct rpc_facts f; /* its strings are the following */
    char provider[32], session_mech[16];
    char *principal;
};

enum nt_status rpc_pin_new(const struct rpc_facts *f, struct rpc_pin **ret);
void rpc_pin_free(struct rpc_pin *p);
/* In what the connection is worse, in words; NULL: it is not. */
const char *rpc_pin_less(const struct rpc_pin *p, const struct rpc_facts *now);
/* The mechanism that was used, AUTO if there was none. p may be NULL. */
enum sec_mech rpc_pin_mech(const struct rpc_pin *p);
/* What SMB must not fall behind is demanded of it, so that it does not even log on. */
void rpc_pin_session(const struct rpc_pin *p, struct npc_options *n);

#endif
