// SPDX-License-Identifier: Apache-2.0
/*
 * A named pipe as a descriptor. The code is the same whether npcmuxd lends the pipe, which has the
 * credentials, or it is one of this process, with a ticket that it has or a password that it is given; the
 * first line of what is printed says which it was. It binds the management interface, which every RPC server
 * has, and asks whether the server takes calls.
 *
 *   cc -Wall pipe_fd.c -lnpc -lntbase -o pipe_fd
 *   ./pipe_fd srv1.example.org srvsvc
 *   ./pipe_fd -p 10445 127.0.0.1 srvsvc 'LAB\alice' <password
 *
 * A program that has an event loop of its own does what wait_readable does: it waits for nt_loop_fd beside
 * its descriptors, no longer than nt_loop_timeout, and calls nt_loop_run.
 */
#include <msrpc/npc_channel.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A bind PDU ([C706] 12.6.4.3): one context, interface mgmt 1.0, transfer syntax NDR 2.0. */
static const unsigned char bind_pdu[] = {
    0x05, 0x00, 0x0b, 0x03, 0x10, 0x00, 0x00, 0x00, 0x48, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00,
    0x00, 0xb8, 0x10, 0xb8, 0x10, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x01, 0x00, 0x80, 0xbd, 0xa8, 0xaf, 0x8a, 0x7d, 0xc9, 0x11, 0xbe, 0xf4, 0x08, 0x00, 0x2b,
    0x10, 0x29, 0x89, 0x01, 0x00, 0x00, 0x00, 0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11,
    0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60, 0x02, 0x00, 0x00, 0x00,
};

/* A request PDU (12.6.4.9): operation 2, rpc__mgmt_is_server_listening, which has no arguments. */
static const unsigned char request_pdu[] = {
    0x05, 0x00, 0x00, 0x03, 0x10, 0x00, 0x00, 0x00, 0x18, 0x00, 0x00, 0x00,
    0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00,
};

enum {
    PTYPE = 2,
    PTYPE_RESPONSE = 2,
    PTYPE_BIND_ACK = 12,
    HEADER = 16,
    RESPONSE_LEN = 24 + 8,
    ANSWER_MAX = 4280
};

/* Until there is something to read, letting the loop run meanwhile. */
static bool wait_readable(int fd, struct nt_loop *loop)
{
    for (;;) {
        struct pollfd p[2] = { { .fd = fd, .events = POLLIN }, { .fd = nt_loop_fd(loop), .events = POLLIN } };
        if (poll(p, 2, nt_loop_timeout(loop)) < 0)
            return false;
        enum nt_status st = nt_loop_run(loop, 0);
        if (st != STATUS_SUCCESS && st != STATUS_TIMEOUT)
            return false;
        if (p[0].revents)
            return true;
    }
}

static bool read_all(int fd, struct nt_loop *loop, unsigned char *to, size_t len)
{
    while (len) {
        ssize_t n = wait_readable(fd, loop) ? read(fd, to, len) : -1;
        if (n <= 0)
            return false;
        to += n;
        len -= (size_t)n;
    }
    return true;
}

/* Sends one PDU and receives one; 0: the pipe has ended. */
static size_t ask(struct npc_channel *c, struct nt_loop *loop, const unsigned char *pdu, size_t len,
                  unsigned char answer[ANSWER_MAX])
{
    int fd = npc_channel_fd(c);
    if (send(fd, pdu, len, MSG_NOSIGNAL) != (ssize_t)len || !read_all(fd, loop, answer, HEADER))
        return 0;
    size_t whole = (size_t)answer[8] | (size_t)answer[9] << 8;
    if (whole < HEADER || whole > ANSWER_MAX || !read_all(fd, loop, answer + HEADER, whole - HEADER))
        return 0;
    return whole;
}

static bool talk(struct npc_channel *c, struct nt_loop *loop)
{
    unsigned char answer[ANSWER_MAX];
    size_t n = ask(c, loop, bind_pdu, sizeof bind_pdu, answer);
    if (n && answer[PTYPE] != PTYPE_BIND_ACK) {
        fprintf(stderr, "the server does not accept the bind\n");
        return false;
    }
    if (n)
        n = ask(c, loop, request_pdu, sizeof request_pdu, answer);
    if (!n) {
        fprintf(stderr, "the pipe has ended: %s\n", npc_channel_error(c));
        return false;
    }
    if (n < RESPONSE_LEN || answer[PTYPE] != PTYPE_RESPONSE) {
        fprintf(stderr, "the server does not answer the call\n");
        return false;
    }
    printf("listening   %s\n", answer[RESPONSE_LEN - 4] ? "yes" : "no");
    return true;
}

static void show(const struct npc_channel *c)
{
    struct npc_facts f = { .size = sizeof f };
    struct nt_blob key;
    if (npc_channel_facts(c, &f) != STATUS_SUCCESS)
        return;
    printf("route       %s%s\n", f.muxer ? "muxer" : "direct", f.warm ? ", warm" : "");
    printf("server      %s (%s)\n", f.server, f.peer);
    printf("principal   %s, by %s\n", f.principal, f.mech);
    printf("protection  %s\n", f.encrypted ? "encrypted" : f.signed_ ? "signed" : "none");
    if (npc_channel_application_key(c, &key) == STATUS_SUCCESS)
        printf("key         %zu bytes\n", key.len);
}

static enum nt_status make_creds(const char *user, struct sec_creds **ret, struct nt_error *err)
{
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    char password[256] = "";
    if (user && !fgets(password, sizeof password, stdin))
        return nt_error_set(err, STATUS_INVALID_PARAMETER, "no password on standard input");
    password[strcspn(password, "\n")] = 0;
    co.user = user;
    co.password = user ? password : NULL;
    enum nt_status st = sec_creds_new(&co, ret, err); /* without a user: the ticket that there is */
    nt_wipe(password, sizeof password);
    return st;
}

static bool run(const char *server, const char *pipe, const char *user, unsigned short port)
{
    struct nt_error err = { "" };
    struct npc_options o = NPC_OPTIONS_INIT;
    struct npc_channel *c = NULL;
    enum nt_status st = make_creds(user, &o.creds, &err);
    if (st == STATUS_SUCCESS)
        st = nt_loop_new(NULL, &o.loop);
    o.port = port;
    o.error = &err;
    if (st == STATUS_SUCCESS)
        st = npc_connect("ncacn_np", server, pipe, &o, &c);
    sec_creds_unref(o.creds);
    if (st == STATUS_SUCCESS)
        show(c);
    else
        fprintf(stderr, "%s\n", err.text);
    bool ok = st == STATUS_SUCCESS && talk(c, o.loop);
    npc_channel_close(c);
    nt_loop_free(o.loop);
    return ok;
}

int main(int argc, char **argv)
{
    unsigned short port = 0;
    if (argc > 2 && strcmp(argv[1], "-p") == 0) {
        port = (unsigned short)strtoul(argv[2], NULL, 10);
        argv += 2;
        argc -= 2;
    }
    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: pipe_fd [-p PORT] SERVER PIPE [USER <PASSWORD]\n");
        return 2;
    }
    return run(argv[1], argv[2], argc == 4 ? argv[3] : NULL, port) ? 0 : 1;
}
