// SPDX-License-Identifier: Apache-2.0
/*
 * Whole PDUs of DCE/RPC on a pipe that is bound already: npcmuxd(8) keeps such pipes and lends each to one
 * program at a time, so a call costs one exchange with it and one with the server. Without the daemon a pipe
 * is opened and bound for the caller, who sees no difference.
 *
 * The binding is to one interface, transfer syntax NDR 2.0, without RPC security; one call at a time. The
 * caller makes PDUs of the types request, co_cancel and orphaned ([C706] 12.6.4), in either byte order, with
 * call and context ids as it likes, and gets responses and faults with its own ids.
 */
#ifndef MSRPC_NPC_PDU_H
#define MSRPC_NPC_PDU_H

#include <msrpc/npc.h>

NT_BEGIN_DECLS

struct npc_pdu; /* a pipe that is lent; of one thread at a time */

struct npc_interface {
    struct nt_guid uuid;
    uint16_t major, minor;
};

struct npc_pdu_facts {
    size_t size;
    uint16_t max_send, max_recv; /* bytes of a fragment */
    uint32_t assoc_group;        /* as the server told it */
    bool by_mux;                 /* the pipe is the daemon's */
    bool warm;                   /* the session was there */
    bool bound;                  /* and the pipe, too */
};

/* ---- synchronous ---- */

/* server, pipe, o: as for npc_session_open and npc_pipe_open. Errors are theirs, and RPC_NT_UNKNOWN_IF,
 * RPC_NT_UNSUPPORTED_TRANS_SYN, RPC_NT_SERVER_TOO_BUSY, RPC_NT_PROTOCOL_ERROR of the bind. The sentence is in
 * o->error. */
NT_PUBLIC enum nt_status npc_pdu_open(const char *server, const char *pipe, const struct npc_interface *iface,
                                      const struct npc_options *o, struct npc_pdu **ret) NT_CHECKED;
/* The same without waiting for the answer: a first fragment of at most NPC_PDU_FIRST bytes may be sent behind
 * it at once. What is wrong is told by npc_pdu_recv. */
NT_PUBLIC enum nt_status npc_pdu_open_ahead(const char *server, const char *pipe,
                                            const struct npc_interface *iface, const struct npc_options *o,
                                            struct npc_pdu **ret) NT_CHECKED;
#define NPC_PDU_FIRST 1432u /* what every server takes ([C706] 12.6.3.1, MustRecvFragSize) */
/* One fragment, whole. STATUS_INVALID_PARAMETER for one that makes no sense here, STATUS_PIPE_BUSY while a
 * call is under way. An error of the pipe may be told by the next function only. */
NT_PUBLIC enum nt_status npc_pdu_send(struct npc_pdu *p, const void *fragment, size_t len) NT_CHECKED;
/* The next fragment of the answer; *ret lives in mem. timeout_ms: 0: that of the options.
 * STATUS_IO_TIMEOUT: it may still come, and can be asked for again. */
NT_PUBLIC enum nt_status npc_pdu_recv(struct npc_pdu *p, struct nt_arena *mem, unsigned timeout_ms,
                                      struct nt_blob *ret) NT_CHECKED;
/* Gives the pipe back to be lent again, unless a call is under way; frees p. Context handles that were opened
 * by it have to be closed before: who leaves some open calls npc_pdu_close. */
NT_PUBLIC void npc_pdu_release(struct npc_pdu *p);
/* The pipe is closed, and what it was in the middle of given up; frees p, which may be NULL. */
NT_PUBLIC void npc_pdu_close(struct npc_pdu *p);

/* ret->size set by the caller. STATUS_PENDING while the pipe is being opened. */
NT_PUBLIC enum nt_status npc_pdu_facts(struct npc_pdu *p, struct npc_pdu_facts *ret) NT_CHECKED;
/* Of the session below; ret->size set by the caller. Texts are lent as long as p. */
NT_PUBLIC enum nt_status npc_pdu_transport(struct npc_pdu *p, struct npc_facts *ret) NT_CHECKED;
/* npc_application_key of the session below. *ret is lent as long as p. */
NT_PUBLIC enum nt_status npc_pdu_key(struct npc_pdu *p, struct nt_blob *ret) NT_CHECKED;
NT_PUBLIC const char *npc_pdu_error(const struct npc_pdu *p);

/* ---- on a loop of the caller's ---- */

/* Called from turns of the loop. In `fragment` and `room` nothing but npc_pdu_post, npc_pdu_want and
 * npc_pdu_facts may be called on p; in the others p may be released or closed, too. */
struct npc_pdu_user {
    size_t size;
    void (*opened)(void *arg, struct npc_pdu *p); /* NULL: not wanted */
    /* A fragment of an answer, lent and writable until it returns. last: of the call. */
    void (*fragment)(void *arg, struct npc_pdu *p, uint8_t *data, size_t len, bool last);
    void (*idle)(void *arg, struct npc_pdu *p); /* after fragments; NULL: not wanted */
    /* At most once, and the last: npc_pdu_error says more. */
    void (*failed)(void *arg, struct npc_pdu *p, enum nt_status why);
    bool keys; /* npc_pdu_key is wanted: the answer of the daemon brings it along */
};
#define NPC_PDU_USER_INIT                                                                                    \
    {                                                                                                        \
        .size = sizeof(struct npc_pdu_user)                                                                  \
    }
/* o->loop has to be set. Fragments may be posted at once, see npc_pdu_open_ahead. Nothing is called before
 * this returns; on failure nothing is called at all. */
NT_PUBLIC enum nt_status npc_pdu_start(const char *server, const char *pipe,
                                       const struct npc_interface *iface, const struct npc_options *o,
                                       const struct npc_pdu_user *u, void *arg,
                                       struct npc_pdu **ret) NT_CHECKED;
/* As npc_pdu_send; copies. */
NT_PUBLIC enum nt_status npc_pdu_post(struct npc_pdu *p, const void *fragment, size_t len) NT_CHECKED;
/* The answer to the call that is under way may come, up to its last fragment. */
NT_PUBLIC enum nt_status npc_pdu_want(struct npc_pdu *p) NT_CHECKED;

NT_END_DECLS

#endif
