// SPDX-License-Identifier: Apache-2.0
/* A pipe over SMB. */
#ifndef NPC_M_PIPE_H
#define NPC_M_PIPE_H

#include "npc/m_npc.h"

enum pipe_doing {
    PIPE_IDLE,
    PIPE_CREATE,
    PIPE_WAIT, /* FSCTL_PIPE_WAIT, or the pause in its place */
    PIPE_WRITE,
    PIPE_READ,
    PIPE_TRANSACT,
    PIPE_TR_WRITE, /* a transact as WRITE ... */
    PIPE_TR_READ,  /* ... and READ */
    PIPE_CLOSE,
};

struct smb_session {
    struct npc_session base;
    struct smb_client client;
    bool transact_refused; /* WRITE + READ instead, for the rest of the connection */
    bool transact_proven;  /* one has worked, so none needs to be kept for another try */
};
#define NPC_WHERE 240
const char *npc_where(struct smb_session *s, char buf[NPC_WHERE]);
enum nt_status npc_smb_open_pipe(struct npc_session *s, const char *name, const struct npc_create *o,
                                 npc_pipe_done *done, void *arg, struct npc_pipe **ret);

/* One of the two ways of a pipe, with at most one operation on it. */
struct pipe_way {
    struct smb_pipe *pipe;
    enum pipe_doing doing;
    struct smb_req req;
    struct npc_op *op;
    uint64_t deadline;
    size_t max_out, wrote;
    bool asked; /* npc_pipe_ops.ask */
};

struct smb_pipe {
    struct npc_pipe base;
    struct pipe_way in;  /* read and transact; opening and closing, too */
    struct pipe_way out; /* write */
    uint8_t file_id[SMB_FILE_ID];
    bool spoiled;   /* a transact was given up */
    struct wr copy; /* of a transact that may have to be repeated as WRITE + READ */
    /* opening */
    npc_pipe_done *done;
    void *arg;
    struct smb_create_req create;
    struct io_item delay;
    uint64_t open_deadline;
    unsigned tries;
    enum nt_status refused; /* what CREATE said last */
    bool given_up, has_handle;
    char name[]; /* mostly short, and there may be thousands of pipes */
};

#endif
