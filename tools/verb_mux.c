// SPDX-License-Identifier: Apache-2.0
/* tern mux: what npcmuxd has and lends. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <msrpc/npc_mux.h>
#include "tern.h"

#define CONTENT_MAX ((size_t)64 << 10) /* of a cache or keytab; npc_mux_auth */

static int failed(const struct tern *t, enum nt_status st, const char *why)
{
    const char *name = nt_status_name(st);
    if (t->json)
        printf("{\"version\": %d, \"error\": {\"name\": \"%s\"}}\n", TERN_JSON_VERSION, name ? name : "");
    fprintf(stderr, "tern: mux %s: %s: %s\n", t->verb->name, name ? name : "error", why);
    return EXIT_FAILED;
}

static struct npc_mux *open_mux(struct tern *t)
{
    struct npc_mux *m = NULL;
    struct nt_error err = { "" };
    enum nt_status st = npc_mux_open(tern_opt(t, "socket"), t->timeout_ms, &m, &err);
    if (st != STATUS_SUCCESS)
        failed(t, st, err.text);
    return m;
}

static int finish(struct tern *t, struct npc_mux *m, enum nt_status st, int rc)
{
    if (st != STATUS_SUCCESS)
        rc = failed(t, st, npc_mux_error(m));
    npc_mux_close(m);
    return rc;
}

/* ---- what there is ---- */

static int mux_status(struct tern *t)
{
    static const struct col cols[] = {
        { "uptime", "up", COL_AGE },          { "connections", "connections", COL_NUM },
        { "users", "users", COL_NUM },        { "sessions", "sessions", COL_NUM },
        { "pipes", "pipes", COL_NUM },        { "accepted", "accepted", COL_NUM },
        { "refused", "refused", COL_NUM },    { "opened", "opened", COL_NUM },
        { "warm", "of these warm", COL_NUM }, { "failed", "failed", COL_NUM },
        { "bytes_in", "bytes in", COL_NUM },  { "bytes_out", "bytes out", COL_NUM },
    };
    struct npc_mux_counters c = { .size = sizeof c };
    struct npc_mux *m = open_mux(t);
    if (!m)
        return EXIT_FAILED;
    enum nt_status st = npc_mux_status(m, &c);
    if (st != STATUS_SUCCESS)
        return finish(t, m, st, EXIT_FAILED);
    const uint64_t values[] = { c.uptime_s, c.connections, c.users, c.sessions, c.pipes,    c.accepted,
                                c.refused,  c.connects,    c.warm,  c.failed,   c.bytes_in, c.bytes_out };
    struct out *o = out_begin(t, "muxer", cols, N_OF(cols), true);
    out_row(o);
    for (size_t i = 0; i < N_OF(values); i++)
        out_num(o, values[i]);
    return finish(t, m, STATUS_SUCCESS, out_end(o));
}

static const char *kind_name(enum npc_mux_kind k)
{
    static const char *const names[] = { "?", "password", "ccache", "keytab", "anonymous" };
    return k <= NPC_MUX_ANONYMOUS ? names[k] : names[0];
}

static bool auth_row(void *arg, const struct npc_mux_auth_info *i)
{
    struct out *o = arg;
    out_row(o);
    out_num(o, i->uid);
    out_str(o, i->pattern);
    out_str(o, kind_name(i->kind));
    out_str(o, i->domain);
    out_str(o, i->user);
    out_bool(o, i->token != 0);
    if (i->expires_in_s == UINT32_MAX)
        out_null(o, "never");
    else
        out_num(o, i->expires_in_s);
    return true;
}

static int mux_credentials(struct tern *t)
{
    static const struct col cols[] = {
        { "uid", "UID", COL_NUM },         { "servers", "SERVERS", COL_STR }, { "kind", "KIND", COL_STR },
        { "domain", "DOMAIN", COL_STR },   { "user", "USER", COL_STR },       { "token", "TOKEN", COL_BOOL },
        { "expires", "EXPIRES", COL_AGE },
    };
    struct npc_mux *m = open_mux(t);
    if (!m)
        return EXIT_FAILED;
    struct out *o = out_begin(t, "credentials", cols, N_OF(cols), false);
    enum nt_status st = npc_mux_enum_auth(m, tern_opt(t, "all") != NULL, auth_row, o);
    int rc = st == STATUS_SUCCESS ? out_end(o) : EXIT_FAILED;
    return finish(t, m, st, rc);
}

static bool conn_row(void *arg, const struct npc_mux_conn_info *i)
{
    struct out *o = arg;
    out_row(o);
    out_num(o, i->uid);
    if (i->pid)
        out_num(o, i->pid);
    else
        out_null(o, "-");
    out_str(o, i->server);
    out_str(o, i->peer);
    if (i->pipe_name[0])
        out_str(o, i->pipe_name);
    else
        out_null(o, "-");
    out_str(o, i->user);
    out_num(o, i->users);
    out_num(o, i->bytes_in);
    out_num(o, i->bytes_out);
    return true;
}

static int mux_connections(struct tern *t)
{
    static const struct col cols[] = {
        { "uid", "UID", COL_NUM },         { "pid", "PID", COL_NUM },     { "server", "SERVER", COL_STR },
        { "peer", "PEER", COL_STR },       { "pipe", "PIPE", COL_STR },   { "user", "USER", COL_STR },
        { "users", "SHARED BY", COL_NUM }, { "bytes_in", "IN", COL_NUM }, { "bytes_out", "OUT", COL_NUM },
    };
    struct npc_mux *m = open_mux(t);
    if (!m)
        return EXIT_FAILED;
    struct out *o = out_begin(t, "connections", cols, N_OF(cols), false);
    enum nt_status st = npc_mux_enum_connections(m, tern_opt(t, "all") != NULL, conn_row, o);
    int rc = st == STATUS_SUCCESS ? out_end(o) : EXIT_FAILED;
    return finish(t, m, st, rc);
}

/* ---- changes ---- */

/* A cache or keytab of ours, which the daemon may not be able to read: its content is sent. */
static bool read_content(struct tern *t, const char *path, struct npc_mux_auth *a)
{
    if (strncmp(path, "FILE:", 5) == 0)
        path += 5;
    uint8_t *buf = nt_arena_alloc(t->mem, CONTENT_MAX, 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 && buf ? read(fd, buf, CONTENT_MAX) : -1;
    if (fd >= 0)
        close(fd);
    if (n <= 0 || (size_t)n == CONTENT_MAX) {
        fprintf(stderr, "tern: %s: cannot be read, is empty, or has 64 KiB or more\n", path);
        return false;
    }
    a->content = buf;
    a->content_len = (size_t)n;
    return true;
}

static bool fill(struct tern *t, struct npc_mux_auth *a)
{
    a->pattern = t->args[0];
    a->domain = t->domain;
    a->user = t->user;
    a->lifetime_s = tern_number(t, "lifetime", 0, UINT32_MAX);
    if (t->anonymous) {
        a->kind = NPC_MUX_ANONYMOUS;
        return true;
    }
    if (t->keytab || t->ccache) {
        a->kind = t->keytab ? NPC_MUX_KEYTAB : NPC_MUX_CCACHE;
        return read_content(t, t->keytab ? t->keytab : t->ccache, a);
    }
    a->kind = NPC_MUX_PASSWORD;
    if (!t->user) {
        tern_usage(t, "whose password? -U USER, or --ccache, --keytab, --anonymous");
        return false;
    }
    a->password = tern_read_secret(t, tern_opt(t, "password-stdin") != NULL, "Password");
    return a->password;
}

static int mux_set(struct tern *t)
{
    struct npc_mux_auth a = NPC_MUX_AUTH_INIT;
    if (!fill(t, &a))
        return EXIT_USAGE;
    struct npc_mux *m = open_mux(t);
    if (!m)
        return EXIT_FAILED;
    enum nt_status st = npc_mux_set_auth(m, &a);
    return finish(t, m, st, st == STATUS_SUCCESS ? tern_done(t, "credentials for %s set", a.pattern) : 0);
}

static int mux_clear(struct tern *t)
{
    unsigned n = 0;
    struct npc_mux *m = open_mux(t);
    if (!m)
        return EXIT_FAILED;
    enum nt_status st = npc_mux_clear_auth(m, 0, t->n_args ? t->args[0] : NULL, &n);
    return finish(t, m, st, st == STATUS_SUCCESS ? tern_done(t, "%u forgotten", n) : 0);
}

static int mux_drop(struct tern *t)
{
    unsigned n = 0;
    struct npc_mux *m = open_mux(t);
    if (!m)
        return EXIT_FAILED;
    enum nt_status st = npc_mux_drop(m, t->n_args ? t->args[0] : NULL, &n);
    return finish(t, m, st, st == STATUS_SUCCESS ? tern_done(t, "%u sessions let go", n) : 0);
}

#define SOCKET                                                                                               \
    {                                                                                                        \
        "socket", "PATH", "of the daemon, instead of TERN_NPC or the system's"                               \
    }
static const struct opt plain_opts[] = { SOCKET, { NULL } };
static const struct opt list_opts[] = { { "all", NULL, "of all users (root)" }, SOCKET, { NULL } };
static const struct opt set_opts[] = {
    { "password-stdin", NULL, "read the password from standard input" },
    { "lifetime", "SECONDS", "forget it after so long" },
    SOCKET,
    { NULL },
};

const struct verb mux_verbs[] = {
    { "mux", "status", "", 0, 0, "what npcmuxd does", plain_opts, mux_status, true },
    { "mux", "credentials", "", 0, 0, "for which servers it has some; never the secrets", list_opts,
      mux_credentials, true },
    { "mux", "connections", "", 0, 0, "its sessions and pipes", list_opts, mux_connections, true },
    { "mux", "set", "SERVERS", 1, 1, "give it credentials for servers (srv1, *.lab.example, *)", set_opts,
      mux_set, true },
    { "mux", "clear", "[SERVERS]", 0, 1, "make it forget credentials", plain_opts, mux_clear, true },
    { "mux", "drop", "[SERVER]", 0, 1, "let sessions end with their last pipe", plain_opts, mux_drop, true },
    { NULL },
};
