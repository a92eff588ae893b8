// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "options.h"

enum { O_KEY = 0, O_OWN = 500, O_CONFIG = 1000, O_CHECK, O_VERBOSE, O_EXAMPLE, O_HELP, O_VERSION };

static const struct option of_all[] = {
    { "config", required_argument, NULL, O_CONFIG }, { "check", no_argument, NULL, O_CHECK },
    { "verbose", no_argument, NULL, O_VERBOSE },     { "example", no_argument, NULL, O_EXAMPLE },
    { "help", no_argument, NULL, O_HELP },           { "version", no_argument, NULL, O_VERSION },
};
#define N_ALL (sizeof of_all / sizeof of_all[0])

static void help(const struct options_program *p)
{
    char name[64];
    fputs(p->usage, stdout);
    for (unsigned i = 0; i < p->table->n; i++) {
        conf_option_of(&p->table->keys[i], name, sizeof name);
        printf("  --%-30s %s\n", name, p->table->keys[i].says);
    }
    exit(EXIT_SUCCESS);
}

/* Made from the table, so it names what there is. */
static void example(const struct options_program *p)
{
    puts(p->example);
    for (unsigned i = 0; i < p->table->n; i++) {
        const struct conf_key *k = &p->table->keys[i];
        printf("\n# %s%s\n#%s = %s\n", k->says, k->live ? "; also by a reload" : "", k->name,
               k->otherwise ? k->otherwise : "...");
    }
    exit(fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILED);
}

static void take(const struct options_program *p, int which, const char *arg, void *options,
                 struct conf_options *o)
{
    switch (which) {
    case O_CONFIG:
        o->file = arg;
        break;
    case O_CHECK:
        o->check = true;
        break;
    case O_VERBOSE:
        o->verbose = true;
        break;
    case O_EXAMPLE:
        example(p);
        break;
    case O_HELP:
        help(p);
        break;
    case O_VERSION:
        printf("%s (Tern) " TERN_VERSION "\n", p->table->program);
        exit(EXIT_SUCCESS);
    default:
        if (which >= O_OWN && which < O_OWN + (int)p->n_own)
            p->own[which - O_OWN].take(options, arg);
        else if (which >= O_KEY && which < (int)p->table->n)
            o->given[which] = arg;
        else /* getopt has said why */
            exit(EXIT_USAGE);
    }
}

void options_read(int argc, char **argv, const struct options_program *p, void *options,
                  struct conf_options *ret)
{
    struct option table[CONF_KEYS_MAX + OPTIONS_OWN_MAX + N_ALL + 1] = { { 0 } };
    char names[CONF_KEYS_MAX][64];
    unsigned n = N_ALL;
    int which;
    memcpy(table, of_all, sizeof of_all);
    for (unsigned i = 0; i < p->n_own && i < OPTIONS_OWN_MAX; i++)
        table[n++] = (struct option){ p->own[i].name, p->own[i].has_value ? required_argument : no_argument,
                                      NULL, O_OWN + (int)i };
    for (unsigned i = 0; i < p->table->n; i++) {
        conf_option_of(&p->table->keys[i], names[i], sizeof names[i]);
        table[n++] = (struct option){ names[i], required_argument, NULL, O_KEY + (int)i };
    }
    while ((which = getopt_long(argc, argv, "", table, NULL)) != -1)
        take(p, which, optarg, options, ret);
    if (optind < argc) {
        fprintf(stderr, "%s: what is \"%s\"? Options only; --help lists them\n", p->table->program,
                argv[optind]);
        exit(EXIT_USAGE);
    }
}

void options_occupy_std(void)
{
    int fd;
    while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= STDERR_FILENO)
        ;
    if (fd >= 0)
        close(fd);
}
