// SPDX-License-Identifier: Apache-2.0
/* Between config.c and config_file.c. */
#ifndef MSRPCD_M_CONFIG_H
#define MSRPCD_M_CONFIG_H

#include "config.h"

/* Gives a key a value; here: paths may start at the working directory. What is wrong with it, or NULL. */
const char *config_set(struct config *c, unsigned key, const char *text, size_t len, bool here);
/* All keys as they are where nobody says anything. False: no memory. */
bool config_defaults(struct config *c, const char *scratch);
/* "2.0.2, 2.1 ...", what a key takes; nothing of keys that take no words. */
void config_words(unsigned key, char *ret, size_t size);

#endif
