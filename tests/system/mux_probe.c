// SPDX-License-Identifier: Apache-2.0
/*
 * A client of a muxer for tests of the daemon: mux_probe SOCKET SERVER opens a session by it, prints its keys in hexadecimal,
 * "SESSION APPLICATION", and holds it until its standard input ends. No secret of the user passes through it.
 */
#include <stdio.h>
#include <unistd.h>
#include <msrpc/npc.h>

static void put(const char *before, struct nt_blob key)
{
    printf("%s", before);
    for (size_t i = 0; i < key.len; i++)
        printf("%02x", key.data[i]);
}

int main(int argc, char **argv)
{
    struct nt_error err = { "" };
    struct npc_options o = NPC_OPTIONS_INIT;
    struct npc_session *s;
    struct nt_blob session = { NULL, 0 }, application = { NULL, 0 };
    char byte;
    if (argc != 3)
        return 2;
    o.mux = argv[1];
    o.error = &err;
    enum nt_status st = npc_session_open(argv[2], &o, &s);
    if (st != STATUS_SUCCESS) {
        fprintf(stderr, "%s: %s\n", nt_status_name(st), err.text);
        return 1;
    }
    if (npc_session_key(s, &session) == STATUS_SUCCESS && npc_application_key(s, &application) == STATUS_SUCCESS) {
        put("", session);
        put(" ", application);
        puts("");
        fflush(stdout);
    }
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    npc_session_unref(s);
    return 0;
}
