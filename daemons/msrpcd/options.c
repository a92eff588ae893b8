// SPDX-License-Identifier: Apache-2.0
/* The command line. */
#include <stdio.h>
#include <stdlib.h>
#include "common/options.h"
#include "msrpcd.h"

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

static void take_scratch(void *options, const char *value)
{
    struct options *o = options;
    o->scratch = value;
}

void command_line(int argc, char **argv, struct options *ret)
{
    static const struct options_own own[] = { { "scratch", true, take_scratch } };
    static const struct options_program program = {
        .table = &config_table,
        .usage = usage,
        .example = "# Configuration of msrpcd(8); msrpcd.conf(5) says more. What stands here is what counts "
                   "without a "
                   "file.",
        .own = own,
        .n_own = 1,
    };
    struct options o = { .scratch = NULL };
    options_read(argc, argv, &program, &o, &o.base);
    if (!o.base.file && !o.scratch) {
        fputs("msrpcd: --config or --scratch is missing; --help tells more\n", stderr);
        exit(EXIT_USAGE);
    }
    *ret = o;
}
