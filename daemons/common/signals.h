// SPDX-License-Identifier: Apache-2.0
/* What a daemon is told while it serves, and waiting for it. SIGTERM and SIGINT: the end, a second time: at
 * once; SIGHUP: the configuration anew. */
#ifndef COMMON_SIGNALS_H
#define COMMON_SIGNALS_H

#include "io/io.h"

enum nt_status signals_begin(void); /* takes over SIGTERM, SIGINT, SIGHUP; SIGPIPE is ignored */
void signals_end(void);
unsigned signals_told_to_end(void); /* how often, up to 2 */
bool signals_told_to_reload(void);
void signals_reload_begins(void); /* the next one counts again */
/* As if by a signal. */
void signals_end_now(void);
/* Runs the loop until what(arg), also when a signal comes meanwhile, or the deadline: STATUS_SUCCESS,
 * STATUS_IO_TIMEOUT; else the loop could not go on. */
enum nt_status signals_wait(struct nt_loop *loop, bool (*what)(void *arg), void *arg, uint64_t deadline);

#endif
