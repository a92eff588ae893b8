// SPDX-License-Identifier: Apache-2.0
/*
 * What goes over named pipes, as a capture: each pipe is a connection of its own, in which SMB says whose
 * pipe it is. Octets come in any pieces; packets have whole PDUs, without tokens of authentications.
 */
#ifndef CAPTURE_TAPE_H
#define CAPTURE_TAPE_H

#include "capture/flow.h"

#pragma GCC visibility push(default)

struct capture_tape_pipe;

struct capture_tape {
    struct capture_flows flows;
    struct capture_tape_pipe *pipes;
    uint64_t last_id;
};

/* server: as it was dialled; peer: its address and port, which is shown as 445, for readers know SMB by that.
 * NULL: no memory. Packets are appended to w; time: ns since 1970. */
struct capture_tape_pipe *capture_tape_open(struct capture_tape *t, const char *server, const char *peer,
                                            const char *name, const char *comment, uint64_t time,
                                            struct wr *w);
/* True: a packet came of it. */
bool capture_tape_octets(struct capture_tape_pipe *p, bool from_server, uint64_t time, struct nt_blob octets,
                         struct wr *w);
/* Octets of any pipes are missing here: what has no head is passed over. */
void capture_tape_gap(struct capture_tape *t);
void capture_tape_close(struct capture_tape_pipe *p, uint64_t time, struct wr *w);
void capture_tape_free(struct capture_tape *t);

#pragma GCC visibility pop

#endif
