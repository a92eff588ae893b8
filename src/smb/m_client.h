// SPDX-License-Identifier: Apache-2.0
/* Between client.c and connect.c. */
#ifndef SMB_M_CLIENT_H
#define SMB_M_CLIENT_H

#include "smb/smb.h"

extern const struct io_ops smb_client_ops;

/* "srv1 (192.0.2.1:445, SMB 3.1.1)": for sentences. */
#define SMB_WHO 200
const char *smb_who(struct smb_client *c, char buf[SMB_WHO]);
void smb_set_state(struct smb_client *c, enum smb_state st);
/* The transport is open: begins to negotiate. */
void smb_connect(struct smb_client *c);
/* The transport is gone: makes the sentence, if nobody has. */
void smb_connection_lost(struct smb_client *c, enum nt_status why);
/* Frees the security context, or leaves that to its worker. */
void smb_drop_auth(struct smb_client *c);
void smb_client_end(struct io_item *it);

#endif
