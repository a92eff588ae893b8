// SPDX-License-Identifier: Apache-2.0
/* Threads for what may block: libkrb5 waits for KDCs, and one that does not answer is not to hold up everybody. */
#ifndef NPCMUXD_WORKERS_H
#define NPCMUXD_WORKERS_H

#include <msrpc/loop.h>

struct workers;

/* When rights have been given up, which is the affair of each thread. */
enum nt_status workers_start(struct nt_loop *loop, unsigned n, struct workers **ret);
/* Waits a few seconds for what they do, then ends the process: nothing is left to be done but to wait. Accepts NULL. */
void workers_stop(struct workers *w);

#endif
