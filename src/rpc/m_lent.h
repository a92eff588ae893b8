// SPDX-License-Identifier: Apache-2.0
/* A pipe that npcmuxd keeps bound and lends: a transport below a client without a bind of its own. */
#ifndef RPC_M_LENT_H
#define RPC_M_LENT_H

#include <msrpc/npc_pdu.h>
#include "ndr/ndr.h"
#include "rpc/m_transport.h"

/* Context handles that a connection has open; with more it is not looked at whether all have been closed. */
#define RPC_LENT_HANDLES 16u

struct rpc_lent {
    struct ndr_handle open[RPC_LENT_HANDLES];
    unsigned n;
    bool many;              /* there are, or may be, others */
    struct ndr_noted asked; /* by the request that is on the wire */
};

/* Begins to borrow one; on_open comes when it is there. What is sent before, one fragment of at most
 * NPC_PDU_FIRST bytes, goes with the request for it. */
enum nt_status rpc_lent_start(const struct rpc_transport_up *ops, void *up, const char *server,
                              const char *pipe, const struct rpc_syntax *iface, const struct npc_options *o,
                              struct rpc_transport **ret);
bool rpc_lent_was_open(const struct rpc_transport *t);
/* It was refused: nothing of what was sent has reached the server. */
bool rpc_lent_refused(const struct rpc_transport *t);
/* STATUS_PENDING while it is not there. */
enum nt_status rpc_lent_facts(const struct rpc_transport *t, struct npc_pdu_facts *ret, struct npc_facts *ret_session);
/* Before `close`: nothing is open or under way, so that it may be lent to the next one. */
void rpc_lent_clean(struct rpc_transport *t);
/* The answer to the request with these handles has come with those. */
void rpc_lent_note(struct rpc_lent *l, const struct ndr_handles *got);

#endif
