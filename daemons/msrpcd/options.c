// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "msrpcd.h"

#define PORT_EPM 135 /* [MS-RPCE] 2.1.1.1 */

static const char usage[] =
    "usage: msrpcd --scratch DIR --listen ADDRESS [OPTION...]\n"
    "Serves Microsoft RPC from a directory of its own; msrpcd(8).\n"
    "  --scratch DIR      state and sockets are kept here; made if it is not there\n"
    "  --listen ADDRESS   numeric address to serve at\n"
    "  --port-epm N       port of the endpoint mapper, instead of 135\n"
    "  --port-tcp N       port of the other interfaces, instead of a free one\n"
    "  --smb N            port of SMB: pipes, srvsvc, wkssvc; 0 is a free one. Without it there are none\n"
    "  --keytab FILE      keys for Kerberos\n"
    "  --name NAME        NetBIOS name of this machine, told to NTLM clients\n"
    "  --domain NAME      NetBIOS name of its domain or workgroup\n"
    "  --verbose          say more on standard error\n"
    "  --help, --version\n"
    "The password of the account admin comes from MSRPCD_ADMIN_PASSWORD.\n";

enum {
    O_SCRATCH = 1,
    O_LISTEN,
    O_PORT_EPM,
    O_PORT_TCP,
    O_SMB,
    O_KEYTAB,
    O_NAME,
    O_DOMAIN,
    O_VERBOSE,
    O_HELP,
    O_VERSION
};

static const struct option table[] = {
    { "scratch", required_argument, NULL, O_SCRATCH },   { "listen", required_argument, NULL, O_LISTEN },
    { "port-epm", required_argument, NULL, O_PORT_EPM }, { "port-tcp", required_argument, NULL, O_PORT_TCP },
    { "smb", required_argument, NULL, O_SMB },           { "keytab", required_argument, NULL, O_KEYTAB },
    { "name", required_argument, NULL, O_NAME },         { "domain", required_argument, NULL, O_DOMAIN },
    { "verbose", no_argument, NULL, O_VERBOSE },         { "help", no_argument, NULL, O_HELP },
    { "version", no_argument, NULL, O_VERSION },         { 0 },
};

static uint16_t port(const char *name, const char *text)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*end || *text < '0' || *text > '9' || n > UINT16_MAX) {
        fprintf(stderr, "msrpcd: %s: not a port number: %s\n", name, text);
        exit(EXIT_USAGE);
    }
    return (uint16_t)n;
}

static void take(int which, const char *arg, struct options *o)
{
    switch (which) {
    case O_SCRATCH:
        o->scratch = arg;
        break;
    case O_LISTEN:
        o->listen = arg;
        break;
    case O_PORT_EPM:
        o->port_epm = port("--port-epm", arg);
        break;
    case O_PORT_TCP:
        o->port_tcp = port("--port-tcp", arg);
        break;
    case O_SMB:
#ifdef MSRPCD_PIPES
        o->port_smb = port("--smb", arg);
        o->smb = true;
        break;
#else
        fputs("msrpcd: --smb: built without SQLite\n", stderr);
        exit(EXIT_USAGE);
#endif
    case O_KEYTAB:
        o->keytab = arg;
        break;
    case O_NAME:
        o->name = arg;
        break;
    case O_DOMAIN:
        o->domain = arg;
        break;
    case O_VERBOSE:
        o->verbose = true;
        break;
    case O_HELP:
        fputs(usage, stdout);
        exit(EXIT_SUCCESS);
    case O_VERSION:
        puts("msrpcd (Tern) " TERN_VERSION);
        exit(EXIT_SUCCESS);
    default: /* getopt has said why */
        exit(EXIT_USAGE);
    }
}

/* What cannot be read now would be noticed by the first client only. Other kinds of keytab are libkrb5's
 * affair. */
static void check_keytab(const char *name)
{
    static const char kind[] = "FILE:";
    if (!name || (name[0] != '/' && strncmp(name, kind, sizeof kind - 1) != 0))
        return;
    const char *path = name[0] == '/' ? name : name + sizeof kind - 1;
    if (access(path, R_OK) != 0) {
        fprintf(stderr, "msrpcd: --keytab %s: %s\n", path, strerror(errno));
        exit(EXIT_USAGE);
    }
}

void options_read(int argc, char **argv, struct options *ret)
{
    struct options o = { .port_epm = PORT_EPM };
    int which;
    while ((which = getopt_long(argc, argv, "", table, NULL)) != -1)
        take(which, optarg, &o);
    if (optind < argc) {
        fprintf(stderr, "msrpcd: what is \"%s\"? Options only; --help lists them\n", argv[optind]);
        exit(EXIT_USAGE);
    }
    if (!o.scratch || !o.listen) {
        fprintf(stderr, "msrpcd: %s is missing; --help tells more\n", o.scratch ? "--listen" : "--scratch");
        exit(EXIT_USAGE);
    }
    check_keytab(o.keytab);
    *ret = o;
}
