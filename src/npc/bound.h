// SPDX-License-Identifier: Apache-2.0
/*
 * A pipe with a binding on it: one interface, NDR 2.0, no RPC security, one call at a time. Whole fragments
 * go in and come out; the ids on the wire are its own, those of who uses it are put back. The muxer lends
 * such pipes, and the library has one for who works without the daemon.
 */
#ifndef NPC_BOUND_H
#define NPC_BOUND_H

#include <msrpc/npc_pdu.h>
#include "npc/npc.h"

#pragma GCC visibility push(default) /* shared with the daemon, see the *_PRIVATE nodes */

/* What we offer: RPC's own default, and what every server takes ([C706] 12.6.3.1). */
#define NPC_BOUND_FRAGMENT 5840u

struct npc_bound;

/* All are called from ready lists of the session's stream; npc_bound_close is allowed in all of them. */
struct npc_bound_user {
    /* The end of opening; after a failure b has to be closed. */
    void (*opened)(void *arg, enum nt_status st);
    /* A whole fragment of an answer, lent and writable. False: no more for now, see npc_bound_want. */
    bool (*fragment)(void *arg, uint8_t *frag, size_t len, bool last);
    /* It is of no more use: what came to an end, and whether nothing of the call has been taken by the server
     * (only where npc_bound_renew was called before it). At most once. */
    void (*failed)(void *arg, enum nt_status why, bool not_taken);
    /* Some of what was sent has gone. */
    void (*moved)(void *arg);
    /* A PDU as it is on the wire, without ids put back; NULL: nobody looks. */
    void (*seen)(void *arg, bool out, const uint8_t *pdu, size_t len);
};

/* Opens the pipe and binds. The session is held as long as b. */
enum nt_status npc_bound_open(struct npc_session *s, const char *name, const struct npc_create *o,
                              const struct npc_interface *iface, const struct npc_bound_user *user, void *arg,
                              struct npc_bound **ret);
/* Somebody else uses it from now on. */
void npc_bound_hand(struct npc_bound *b, const struct npc_bound_user *user, void *arg);
/* It has been used before, and the server may have ended it: until the first fragment has got through, it is
 * kept. doubtful: after a longer time; then it is sent so that a failure tells whether the server has taken
 * it, by a write and a read. */
void npc_bound_renew(struct npc_bound *b, bool doubtful);
/* Takes over the fragment, which stands behind NPC_HEADROOM, also on failure. STATUS_INVALID_PARAMETER,
 * STATUS_PIPE_BUSY, STATUS_PIPE_BROKEN, STATUS_NO_MEMORY; why: a sentence. */
enum nt_status npc_bound_send(struct npc_bound *b, struct wr *frag, const char **ret_why);
/* Fragments of the answer may come, or not now. Nothing is called at once. */
void npc_bound_want(struct npc_bound *b, bool wanted);
/* No call is under way and nothing is in flight. */
bool npc_bound_clean(const struct npc_bound *b);
/* Something is in flight or waits to be sent, so `moved` will come. */
bool npc_bound_sending(const struct npc_bound *b);
/* A call is under way: an answer, or the rest of the request, is awaited. */
bool npc_bound_calling(const struct npc_bound *b);
/* The same, or fragments have come that nobody wanted yet. */
bool npc_bound_awaiting(const struct npc_bound *b);
size_t npc_bound_queued(const struct npc_bound *b);
/* After failed(not_taken): the call that `from` could not send goes over b, which is open and unused.
 * STATUS_BUFFER_TOO_SMALL if its fragments are too long for that. */
enum nt_status npc_bound_inherit(struct npc_bound *b, struct npc_bound *from);
void npc_bound_facts(const struct npc_bound *b, uint16_t *ret_send, uint16_t *ret_recv, uint32_t *ret_assoc);
const char *npc_bound_error(const struct npc_bound *b);
struct npc_session *npc_bound_session(const struct npc_bound *b);
/* Anywhere; nothing is called any more. Accepts NULL. */
void npc_bound_close(struct npc_bound *b);

#pragma GCC visibility pop

#endif
