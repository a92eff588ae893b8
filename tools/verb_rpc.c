// SPDX-License-Identifier: Apache-2.0
/*
 * tern rpc: verbs that need the descriptions of interfaces, or libpcap, are programs of their own, which tern
 * runs: a cold `tern server info` loads neither. They stand beside tern in a build, and in libexec when
 * installed.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "tern.h"

#ifndef TERN_LIBEXECDIR
#define TERN_LIBEXECDIR "/usr/libexec/tern"
#endif
#ifndef TERN_HAVE_PCAP
#define TERN_HAVE_PCAP 0
#endif
#ifndef TERN_HAVE_RPC
#define TERN_HAVE_RPC 0
#endif

static const struct {
    const char *verb, *args, *help;
    const char *option; /* NULL, or the verb is this program's only with this option */
    const char *program;
    bool built;     /* else help does not have it */
    bool with_verb; /* has several verbs, so it is told which */
} programs[] = {
    { "list", "[INTERFACE]", "the interfaces, or the operations of one", NULL, "tern-rpc", TERN_HAVE_RPC,
      true },
    { "show", "INTERFACE[.NAME]", "an interface, operation or type", NULL, "tern-rpc", TERN_HAVE_RPC, true },
    { "call", "INTERFACE.OP [JSON]", "calls an operation, with its request as JSON", NULL, "tern-rpc",
      TERN_HAVE_RPC, true },
    { "facts", "INTERFACE", "binds an interface, prints what was negotiated", NULL, "tern-rpc", TERN_HAVE_RPC,
      true },
    { "encode", "INTERFACE.OP in|out JSON", "the stub for some JSON", NULL, "tern-rpc", TERN_HAVE_RPC, true },
    { "decode", "--pcap FILE", "the calls in a capture of a network", "--pcap", "tern-rpc-pcap",
      TERN_HAVE_PCAP, false },
    { "decode", "INTERFACE.OP in|out FILE", "a stub as text or as JSON", NULL, "tern-rpc", TERN_HAVE_RPC,
      true },
};

/* The program's path beside tern itself, if it is there. */
static bool beside(const char *program, char path[PATH_MAX])
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        return false;
    self[n] = 0;
    char *slash = strrchr(self, '/');
    if (!slash)
        return false;
    *slash = 0;
    n = snprintf(path, PATH_MAX, "%s/%s", self, program);
    return n > 0 && n < PATH_MAX && access(path, X_OK) == 0;
}

/* Becomes the program; returns after having said why not. */
static int become(const char *program, char **argv)
{
    char path[PATH_MAX];
    if (!beside(program, path))
        snprintf(path, sizeof path, "%s/%s", TERN_LIBEXECDIR, program);
    execv(path, argv);
    fprintf(stderr, "tern: %s: %s%s\n", path, strerror(errno),
            errno == ENOENT ? " (this tern was built without it)" : "");
    return EXIT_FAILED;
}

/* Is the option given? */
static bool has_option(const char *option, int argc, char **argv)
{
    size_t n = strlen(option);
    for (int i = 3; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (!strncmp(argv[i], option, n) && (!argv[i][n] || argv[i][n] == '='))
            return true;
    return false;
}

void tern_rpc_help(FILE *f)
{
    char left[80];
    for (size_t i = 0; i < N_OF(programs); i++) {
        if (!programs[i].built)
            continue;
        snprintf(left, sizeof left, "rpc %s %s", programs[i].verb, programs[i].args);
        fprintf(f, "  %-44s %s\n", left, programs[i].help);
    }
}

int tern_rpc(struct tern *t, int argc, char **argv)
{
    const char *verb = argc > 2 ? argv[2] : NULL;
    for (size_t i = 0; verb && i < N_OF(programs); i++)
        if (!strcmp(programs[i].verb, verb) &&
            (!programs[i].option || has_option(programs[i].option, argc, argv))) {
            if (programs[i].with_verb)
                return become(programs[i].program, argv);
            argv[2] = argv[0];
            return become(programs[i].program, argv + 2);
        }
    for (size_t i = 0; verb && i < N_OF(programs); i++)
        if (!strcmp(programs[i].verb, verb))
            return tern_usage(t, "tern rpc %s: %s is missing", verb, programs[i].args);
    return verb ? tern_usage(t, "'tern rpc' has no verb '%s'", verb)
                : tern_usage(t, "tern rpc: a verb is missing");
}
