// SPDX-License-Identifier: Apache-2.0
/* The command line: a few options of its own, and one for each key of the configuration. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "msrpcd.h"

enum { O_KEY = 0, O_CONFIG = 1000, O_CHECK, O_SCRATCH, O_VERBOSE, O_EXAMPLE, O_HELP, O_VERSION };

static const struct option own[] = {
    { "config", required_argument, NULL, O_CONFIG },   { "check", no_argument, NULL, O_CHECK },
    { "scratch", required_argument, NULL, O_SCRATCH }, { "verbose", no_argument, NULL, O_VERBOSE },
    { "example", no_argument, NULL, O_EXAMPLE },       { "help", no_argument, NULL, O_HELP },
    { "version", no_argument, NULL, O_VERSION },
};
#define N_OWN (sizeof own / sizeof own[0])

static const char usage[] =
    "usage: msrpcd --config FILE [OPTION...]\n"
    "       msrpcd --scratch DIR --listen ADDRESS [--config FILE] [OPTION...]\n"
    "       msrpcd init|passwd|user|export|import --help\n"
    "Serves Microsoft RPC; msrpcd(8), msrpcd.conf(5).\n"
    "  --config FILE      the configuration\n"
    "  --check            say what is wrong with it, or else what it amounts to, and end\n"
    "  --scratch DIR      an instance of its own: all that it keeps is in DIR, which is made if it is not "
    "there;\n"
    "                     at the first start MSRPCD_ADMIN_PASSWORD has the password of its account admin\n"
    "  --verbose          say more on standard error\n"
    "  --example          print a configuration with every key and its default\n"
    "  --help, --version\n"
    "Keys of the configuration, which count more than those in the file:\n";

static void option_of(unsigned key, char *ret, size_t size)
{
    snprintf(ret, size, "%s", config_key(key));
    for (char *p = ret; *p; p++)
        *p = *p == '_' ? '-' : *p;
}

static void help(void)
{
    char name[64];
    fputs(usage, stdout);
    for (unsigned i = 0; i < config_count(); i++) {
        option_of(i, name, sizeof name);
        printf("  --%-30s %s\n", name, config_says(i));
    }
    exit(EXIT_SUCCESS);
}

/* Made from the table, so it names what there is. */
static void example(void)
{
    puts("# Configuration of msrpcd(8); msrpcd.conf(5) says more. What stands here is what counts without a "
         "file.");
    for (unsigned i = 0; i < config_count(); i++)
        printf("\n# %s%s\n#%s = %s\n", config_says(i), config_is_live(i) ? "; also by a reload" : "",
               config_key(i), config_otherwise(i) ? config_otherwise(i) : "...");
    exit(fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILED);
}

static void take(int which, const char *arg, struct options *o)
{
    switch (which) {
    case O_CONFIG:
        o->file = arg;
        break;
    case O_CHECK:
        o->check = true;
        break;
    case O_SCRATCH:
        o->scratch = arg;
        break;
    case O_VERBOSE:
        o->verbose = true;
        break;
    case O_EXAMPLE:
        example();
        break;
    case O_HELP:
        help();
        break;
    case O_VERSION:
        puts("msrpcd (Tern) " TERN_VERSION);
        exit(EXIT_SUCCESS);
    default:
        if (which < O_KEY || which >= (int)config_count()) /* getopt has said why */
            exit(EXIT_USAGE);
        o->given[which] = arg;
    }
}

void options_read(int argc, char **argv, struct options *ret)
{
    struct options o = { NULL };
    struct option table[CONFIG_KEYS_MAX + N_OWN + 1] = { { 0 } };
    char names[CONFIG_KEYS_MAX][64];
    int which;
    memcpy(table, own, sizeof own);
    for (unsigned i = 0; i < config_count(); i++) {
        option_of(i, names[i], sizeof names[i]);
        table[N_OWN + i] = (struct option){ names[i], required_argument, NULL, O_KEY + (int)i };
    }
    while ((which = getopt_long(argc, argv, "", table, NULL)) != -1)
        take(which, optarg, &o);
    if (optind < argc) {
        fprintf(stderr, "msrpcd: what is \"%s\"? Options only; --help lists them\n", argv[optind]);
        exit(EXIT_USAGE);
    }
    if (!o.file && !o.scratch) {
        fputs("msrpcd: --config or --scratch is missing; --help tells more\n", stderr);
        exit(EXIT_USAGE);
    }
    *ret = o;
}
