// SPDX-License-Identifier: Apache-2.0
/* The command line of a daemon: a few options that all have, those of its own, and one for each key of its
 * configuration.
 */
#ifndef COMMON_OPTIONS_H
#define COMMON_OPTIONS_H

#include "conf.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* An option that no key has. */
struct options_own {
    const char *name;
    bool has_value;
    void (*take)(void *options, const char *value);
};
#define OPTIONS_OWN_MAX 8u

struct options_program {
    const struct conf_table *table;
    const char *usage;   /* its lines, above those of the keys */
    const char *example; /* first line of what --example prints */
    const struct options_own *own;
    unsigned n_own;
};

/* options: the daemon's, whose first member *ret is. Exits by itself for --help, --version, --example and
 * mistakes. */
void options_read(int argc, char **argv, const struct options_program *p, void *options,
                  struct conf_options *ret);

/* Nothing of ours may get the number of a standard descriptor that we were started without: what is said
 * there would go to a client, or into a file. */
void options_occupy_std(void);

#endif
