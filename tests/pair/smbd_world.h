// SPDX-License-Identifier: Apache-2.0
/* The SMB server on a memory loop, and raw clients of it: what the tests of hostile clients have in common.
 */
#ifndef TESTS_SMBD_WORLD_H
#define TESTS_SMBD_WORLD_H

#include "common/raw_smb.h"
#include "pair/smbd_service.h"

struct world {
    struct nt_loop *loop;
    struct smbd *server;
    struct smbd_options so;
    struct raw_smb *raw, *raw2;
};

void turns(struct world *w);
struct raw_smb *dial(struct world *w);
void start(struct world *w);
void stop(struct world *w);
void stop_streams(struct raw_smb **rs, unsigned n);
enum nt_status last(const struct raw_smb *r);
void log_on_as(struct world *w, struct raw_smb *r, const char *user, int how);
void log_on(struct world *w, struct raw_smb *r, enum npc_dialect d, enum npc_cipher c);
void open_pipe(struct world *w, struct raw_smb *r, const char *name);
void begin(struct wr *w);
void put_read(struct raw_smb *r, struct wr *w);
void put_transact(struct raw_smb *r, struct wr *w, const char *text);
void send_cmd(struct world *w, struct raw_smb *r, uint16_t command,
              void (*put)(struct raw_smb *, struct wr *), int how);

#endif
