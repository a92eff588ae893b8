// SPDX-License-Identifier: Apache-2.0
/* SIGHUP: a configuration that is read anew. */
#ifndef COMMON_RELOAD_H
#define COMMON_RELOAD_H

#include "conf.h"
#include "notify.h"

/* read makes a second configuration beside the first and puts it in its place, or says what is wrong with it and leaves all as it
 * was. The service manager is told of the beginning and the end, and say(arg) of how it went. */
void reload(const struct notify *n, bool (*read)(void *arg), conf_complain_fn *say, void *arg);

#endif
