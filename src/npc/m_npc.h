// SPDX-License-Identifier: Apache-2.0
/* Inside the named pipe client. */
#ifndef NPC_M_NPC_H
#define NPC_M_NPC_H

#include "npc/npc.h"
#include "smb/smb.h"

/* A pipe name has at most 255 UTF-16 units, so three times as many bytes of UTF-8. */
#define NPC_NAME_MAX           255u
#define NPC_NAME_SIZE          (3 * NPC_NAME_MAX + 1)
#define NPC_DEFAULT_TIMEOUT_MS 30000u
/* How long closing may take when the caller waits for it: a courtesy to the server, no more. */
#define NPC_CLOSE_NS UINT64_C(5000000000)

struct npc_session {
    struct smb_client client;
    struct nt_loop *loop;
    bool private_loop;
    bool closed; /* the client is; only looked at with a private loop */
    unsigned refs;
    unsigned timeout_ms;
    bool transact_refused; /* WRITE + READ instead, for the rest of the connection */
    bool transact_proven;  /* one has worked, so none needs to be kept for another try */
    struct nt_error *open_error;
    npc_session_done *done; /* of opening; NULL once called */
    void *arg;
    enum nt_status why; /* opening failed */
    char peer[80];
};

uint64_t npc_deadline(struct npc_session *s, unsigned timeout_ms);
/* True if synchronous functions may run now: not from a callback of this loop. */
bool npc_may_wait(struct nt_loop *l);
/* "srv1 (192.0.2.1:445, SMB 3.1.1, AES-256-GCM)" */
#define NPC_WHERE 240
const char *npc_where(struct npc_session *s, char buf[NPC_WHERE]);
/* "STATUS_X (text)" */
#define NPC_WORDS 300
const char *npc_words(enum nt_status st, char buf[NPC_WORDS]);
/* What usually helps against a failure of a pipe, or "". */
const char *npc_advice(enum nt_status st);

/* Strips "\pipe\" and checks the rest; see npc_pipe_open. */
enum nt_status npc_pipe_name(const char *name, char ret[NPC_NAME_SIZE]);

#endif
