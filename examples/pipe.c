// SPDX-License-Identifier: Apache-2.0
/*
 * A named pipe without the RPC runtime: opens a session, says what was negotiated, and puts two ready-made
 * messages through the pipe. They bind the management interface, which every RPC server has, and ask whether
 * the server takes calls. The password is the first line of standard input.
 *
 *   cc -Wall pipe.c -lnpc -lntbase -o pipe
 *   ./pipe srv1.example.org 'LAB\alice' srvsvc
 *   ./pipe -p 10445 127.0.0.1 root srvsvc
 */
#include <msrpc/npc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A bind PDU ([C706] 12.6.4.3): one context, interface mgmt 1.0, transfer syntax NDR 2.0. */
static const uint8_t bind_pdu[] = {
    0x05, 0x00, 0x0b, 0x03, 0x10, 0x00, 0x00, 0x00, 0x48, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00,
    0x00, 0xb8, 0x10, 0xb8, 0x10, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x01, 0x00, 0x80, 0xbd, 0xa8, 0xaf, 0x8a, 0x7d, 0xc9, 0x11, 0xbe, 0xf4, 0x08, 0x00, 0x2b,
    0x10, 0x29, 0x89, 0x01, 0x00, 0x00, 0x00, 0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11,
    0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60, 0x02, 0x00, 0x00, 0x00,
};

/* A request PDU (12.6.4.9): operation 2, rpc__mgmt_is_server_listening, which has no arguments. */
static const uint8_t request_pdu[] = {
    0x05, 0x00, 0x00, 0x03, 0x10, 0x00, 0x00, 0x00, 0x18, 0x00, 0x00, 0x00,
    0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00,
};

enum { PTYPE = 2, PTYPE_RESPONSE = 2, PTYPE_BIND_ACK = 12, RESPONSE_LEN = 24 + 8 };

static void show_facts(const struct npc_session *s)
{
    static const char *const ciphers[] = { "none", "AES-128-CCM", "AES-128-GCM", "AES-256-CCM",
                                           "AES-256-GCM" };
    static const char *const signing[] = { "HMAC-SHA256", "AES-CMAC", "AES-GMAC" };
    struct npc_facts f = { .size = sizeof f };
    char guid[NT_GUID_STRLEN + 1];
    if (npc_session_facts(s, &f) != STATUS_SUCCESS)
        return;
    printf("server      %s (%s)\n", f.server, f.peer);
    printf("guid        %s\n", nt_guid_format(&f.server_guid, guid));
    printf("dialect     %x.%x.%x\n", f.dialect >> 8, f.dialect >> 4 & 15, f.dialect & 15);
    printf("mechanism   %s%s\n", f.mech, f.guest ? ", as guest" : f.anonymous ? ", as nobody" : "");
    printf("signing     %s\n", f.signed_ ? signing[f.signing] : "none");
    printf("encryption  %s\n", ciphers[f.cipher]);
    printf("transact    up to %u bytes\n", f.max_transact);
}

static bool talk(struct npc_pipe *p, struct nt_arena *mem)
{
    struct nt_blob a;
    enum nt_status st = npc_pipe_transact(p, mem, bind_pdu, sizeof bind_pdu, &a);
    if (st == STATUS_SUCCESS && (a.len < 24 || a.data[PTYPE] != PTYPE_BIND_ACK)) {
        fprintf(stderr, "the server does not accept the bind\n");
        return false;
    }
    if (st == STATUS_SUCCESS) {
        printf("bind        accepted, in %zu bytes\n", a.len);
        st = npc_pipe_transact(p, mem, request_pdu, sizeof request_pdu, &a);
    }
    if (st != STATUS_SUCCESS) {
        fprintf(stderr, "%s\n", npc_pipe_error(p));
        return false;
    }
    if (a.len < RESPONSE_LEN || a.data[PTYPE] != PTYPE_RESPONSE) {
        fprintf(stderr, "the server does not answer the call\n");
        return false;
    }
    printf("listening   %s\n", a.data[RESPONSE_LEN - 4] ? "yes" : "no");
    return true;
}

static bool use(struct npc_session *s, const char *name)
{
    struct npc_pipe *p;
    show_facts(s);
    if (npc_pipe_open(s, name, NULL, &p) != STATUS_SUCCESS) {
        fprintf(stderr, "%s\n", npc_session_error(s));
        return false;
    }
    struct nt_arena *mem = nt_arena_new(0);
    bool ok = mem && talk(p, mem);
    nt_arena_free(mem);
    npc_pipe_close(p);
    return ok;
}

static bool connect_and_use(const char *server, uint16_t port, const char *user, const char *password,
                            const char *name)
{
    struct nt_error err = { "" };
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct npc_options o = NPC_OPTIONS_INIT;
    struct npc_session *s;
    co.user = user;
    co.password = password;
    if (sec_creds_new(&co, &o.creds, &err) != STATUS_SUCCESS) {
        fprintf(stderr, "%s\n", err.text);
        return false;
    }
    o.port = port;
    o.error = &err;
    enum nt_status st = npc_session_open(server, &o, &s);
    sec_creds_unref(o.creds);
    if (st != STATUS_SUCCESS) {
        fprintf(stderr, "%s\n", err.text);
        return false;
    }
    bool ok = use(s, name);
    npc_session_unref(s);
    return ok;
}

int main(int argc, char **argv)
{
    char password[256];
    uint16_t port = 0;
    if (argc == 6 && strcmp(argv[1], "-p") == 0) {
        port = (uint16_t)strtoul(argv[2], NULL, 10);
        argv += 2;
        argc -= 2;
    }
    if (argc != 4) {
        fprintf(stderr, "usage: pipe [-p PORT] SERVER USER PIPE <PASSWORD\n");
        return 2;
    }
    if (!fgets(password, sizeof password, stdin)) {
        fprintf(stderr, "no password on standard input\n");
        return 2;
    }
    password[strcspn(password, "\n")] = 0;
    bool ok = connect_and_use(argv[1], port, argv[2], password, argv[3]);
    nt_wipe(password, sizeof password);
    return ok ? 0 : 1;
}
