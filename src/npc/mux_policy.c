// SPDX-License-Identifier: Apache-2.0
/* Whether the muxer is taken, where it is, and who the thread is to it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <msrpc/npc_mux.h>
#include "npc/m_mux.h"
#include "sec/sec.h"

#define SYSTEM_SOCKET "/run/npcmux/socket"
#define USER_SOCKET   "npcmux/socket" /* in XDG_RUNTIME_DIR */

/* The impersonation token is the thread's, as on Windows; see docs/design.md, "Concurrency". */
static _Thread_local uint64_t thread_token;

void npc_impersonate(uint64_t token)
{
    thread_token = token;
}

void npc_revert(void)
{
    thread_token = 0;
}

uint64_t npc_mux_token(void)
{
    return thread_token;
}

/* ---- where it is ---- */

static void add(struct npc_mux_choice *c, const char *dir, const char *name, bool only_existing)
{
    char *to = c->path[c->n];
    int n = snprintf(to, sizeof c->path[0], "%s%s%s", dir, *dir ? "/" : "", name);
    if (n <= 0 || (size_t)n >= sizeof c->path[0])
        return; /* no socket can have that name */
    if (!only_existing || access(to, F_OK) == 0)
        c->n++;
}

/* Not from the environment of a program that has more rights than its caller. */
static void add_known(struct npc_mux_choice *c, bool only_existing)
{
    const char *dir = secure_getenv("XDG_RUNTIME_DIR");
    if (dir && *dir == '/')
        add(c, dir, USER_SOCKET, only_existing);
    add(c, "", SYSTEM_SOCKET, only_existing);
}

static enum nt_status choose(const char *said, bool named, struct npc_mux_choice *ret, struct nt_error *err)
{
    const char *what = said, *who = "the option";
    if (!said) {
        what = named ? "off" : secure_getenv("TERN_NPC"); /* who says who he is, is that */
        who = "TERN_NPC";
    }
    if (!what || !*what)
        what = "auto";
    if (strcmp(what, "off") == 0)
        return STATUS_SUCCESS;
    if (strcmp(what, "auto") == 0) {
        if (!named)
            add_known(ret, true);
        ret->use = ret->n ? NPC_MUX_MAYBE : NPC_MUX_NEVER;
    } else if (strcmp(what, "on") == 0) {
        ret->use = NPC_MUX_MUST;
        add_known(ret, false);
    } else if (strchr(what, '/')) {
        ret->use = NPC_MUX_MUST;
        add(ret, "", what, false);
        if (!ret->n)
            return nt_error_set(err, STATUS_INVALID_PARAMETER,
                                "the path of the muxer's socket is too long: %zu bytes of at most %zu",
                                strlen(what), sizeof ret->path[0] - 1);
    } else {
        return nt_error_set(err, STATUS_INVALID_PARAMETER,
                            "%s for the muxer is \"%.40s\"; it can be auto, on, off or the path of a socket",
                            who, what);
    }
    return STATUS_SUCCESS;
}

enum nt_status npc_mux_wanted(const struct npc_options *o, struct npc_mux_choice *ret)
{
    bool named = o->auth || (o->creds && !sec_creds_ambient(o->creds));
    struct npc_mux_choice c = { .use = NPC_MUX_NEVER, .token = o->token ? o->token : thread_token };
    enum nt_status st = choose(o->mux, named, &c, o->error);
    if (st != STATUS_SUCCESS)
        return st;
    /* A token stands for others than the caller: nothing may be opened in his own name in its place. */
    if (c.token && !named && c.use == NPC_MUX_NEVER)
        return nt_error_set(o->error, STATUS_NO_TOKEN,
                            "a token of the muxer is impersonated, and no muxer is there or is to be used");
    if (c.token && c.use == NPC_MUX_MAYBE)
        c.use = NPC_MUX_MUST;
    *ret = c;
    return STATUS_SUCCESS;
}

enum nt_status npc_mux_sockets(const char *path, struct npc_mux_choice *ret, struct nt_error *err)
{
    struct npc_mux_choice c = { .use = NPC_MUX_NEVER };
    enum nt_status st = choose(path, false, &c, err);
    if (st == STATUS_SUCCESS && c.use == NPC_MUX_NEVER) {
        const char *said = path ? path : secure_getenv("TERN_NPC");
        if (said && strcmp(said, "off") == 0)
            st = nt_error_set(err, STATUS_INVALID_PARAMETER, "TERN_NPC says that no muxer is to be used");
        else
            add_known(&c, false); /* what is not there is to be told by its name */
    }
    if (st == STATUS_SUCCESS)
        *ret = c;
    return st;
}

enum nt_status npc_mux_pick(const char *path, char ret[NPC_MUX_PATH], struct nt_error *err)
{
    struct npc_mux_choice c;
    enum nt_status st = npc_mux_sockets(path, &c, err);
    if (st == STATUS_SUCCESS)
        memcpy(ret, c.path[c.n > 1 && access(c.path[0], F_OK) != 0], NPC_MUX_PATH);
    return st;
}

/* ---- who it is ---- */

/* Whoever listened there when the socket was made sees what is sent: credentials, and names of servers. */
enum nt_status npc_mux_check_peer(const struct io_stream *s, const char *path, struct nt_error *err)
{
    struct ucred u;
    socklen_t len = sizeof u;
    int fd = io_fd(s);
    if (fd < 0)
        return STATUS_SUCCESS; /* in memory: it is in this process */
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &u, &len) != 0 || len != sizeof u)
        return nt_error_set(err, STATUS_ACCESS_DENIED, "who listens at %.107s is not told by the kernel",
                            path);
    if (u.uid == 0 || u.uid == geteuid())
        return STATUS_SUCCESS;
    return nt_error_set(
        err, STATUS_ACCESS_DENIED,
        "who listens at %.107s is uid %u: a muxer is taken from root or oneself (uid %u) only", path,
        (unsigned)u.uid, (unsigned)geteuid());
}
