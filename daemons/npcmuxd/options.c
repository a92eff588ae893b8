// SPDX-License-Identifier: Apache-2.0
/* The command line. */
#include <stdio.h>
#include <stdlib.h>
#include "npcmuxd.h"

static const char usage[] =
    "usage: npcmuxd --config FILE [OPTION...]\n"
    "       npcmuxd --user [--config FILE] [OPTION...]\n"
    "       npcmuxd --socket PATH [OPTION...]\n"
    "Keeps SMB sessions and lends named pipes in them; npcmuxd(8), npcmuxd.conf(5).\n"
    "  --config FILE      the configuration\n"
    "  --user             an instance for the user who starts it, and for nobody else, at\n"
    "                     $XDG_RUNTIME_DIR/npcmux/socket\n"
    "  --replay FILE      no network: a recording of tern mux tap answers in the place of servers\n"
    "  --replay-strict    the same, and requests have to come in the recording's order\n"
    "  --check            say what is wrong with the configuration, or else what it amounts to, and end\n"
    "  --verbose          say more in the log\n"
    "  --example          print a configuration with every key and its default\n"
    "  --help, --version\n"
    "Keys of the configuration, which count more than those in the file:\n";

static void take_user(void *options, const char *value)
{
    struct options *o = options;
    (void)value;
    o->own = true;
}

static void take_replay(void *options, const char *value)
{
    struct options *o = options;
    o->replay = value;
}

static void take_strict(void *options, const char *value)
{
    struct options *o = options;
    (void)value;
    o->replay_strict = true;
}

void command_line(int argc, char **argv, struct options *ret)
{
    static const struct options_own own[] = { { "user", false, take_user },
                                            { "replay", true, take_replay },
                                            { "replay-strict", false, take_strict } };
    static const struct options_program program = {
        .table = &config_table,
        .usage = usage,
        .example = "# Configuration of npcmuxd(8); npcmuxd.conf(5) says more. What stands here is what "
                   "counts without a "
                   "file.",
        .own = own,
        .n_own = sizeof own / sizeof own[0],
    };
    struct options o = { .own = false };
    options_read(argc, argv, &program, &o, &o.base);
    if (!o.base.file && !o.own && !o.base.given[conf_find(&config_table, "socket", 6)]) {
        fputs("npcmuxd: --config, --user or --socket is missing; --help tells more\n", stderr);
        exit(EXIT_USAGE);
    }
    *ret = o;
}
