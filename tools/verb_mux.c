// SPDX-License-Identifier: Apache-2.0
/* tern mux: what npcmuxd has and lends. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "mux.h"

#define SYSTEM_SOCKET "/run/npcmux/socket" /* npcmuxd(8) */

/* ---- the daemon ---- */

static const char *user_socket(struct tern *t)
{
    const char *dir = getenv("XDG_RUNTIME_DIR");
    if (!dir || dir[0] != '/')
        return NULL;
    size_t size = strlen(dir) + sizeof "/npcmux/socket";
    char *path = nt_arena_alloc(t->mem, size, 1);
    if (path)
        snprintf(path, size, "%s/npcmux/socket", dir);
    return path;
}

static const char *beside(struct tern *t, const char *name)
{
    char *path = nt_arena_alloc(t->mem, strlen(name) + 3, 1);
    if (path)
        sprintf(path, "./%s", name);
    return path ? path : name;
}

/* The sockets to try, in their order. False: TERN_NPC says that there is none. */
static bool sockets(struct tern *t, const char *ret[2])
{
    const char *s = tern_opt(t, "socket");
    if (s) { /* a path in any case; to the library one has a slash */
        ret[0] = strchr(s, '/') ? s : beside(t, s);
        return true;
    }
    s = t->mux ? t->mux : getenv("TERN_NPC");
    if (s && strcmp(s, "off") == 0)
        return false;
    if (s && *s && strcmp(s, "on") != 0 && strcmp(s, "auto") != 0) {
        ret[0] = s;
        return true;
    }
    ret[0] = user_socket(t);
    ret[ret[0] != NULL] = SYSTEM_SOCKET;
    return true;
}

/* The library speaks of ports and firewalls where nobody listens. */
static const char *why_not(enum nt_status st, const char *path, const struct nt_error *err, char *buf,
                           size_t size)
{
    bool there = access(path, F_OK) == 0 || errno == EACCES;
    if (st != STATUS_CONNECTION_REFUSED && st != STATUS_OBJECT_NAME_NOT_FOUND)
        return err->text;
    snprintf(buf, size, "%s: %s", path, there ? "nobody listens there" : "there is no such socket");
    return buf;
}

struct npc_mux *mux_open(struct tern *t, const char **ret_path)
{
    const char *paths[2] = { NULL, NULL };
    char tried[600] = "";
    struct npc_mux *m = NULL;
    enum nt_status st = STATUS_SUCCESS;
    if (!sockets(t, paths)) {
        tern_failed(t, STATUS_OBJECT_NAME_NOT_FOUND,
                    t->mux ? "--mux off: no npcmuxd is asked" : "TERN_NPC=off: no npcmuxd is asked", NULL,
                    "--socket names one all the same");
        return NULL;
    }
    for (size_t i = 0, len = 0; i < N_OF(paths) && paths[i]; i++) {
        struct nt_error err = { "" };
        char why[256];
        st = npc_mux_open(paths[i], t->timeout_ms, &m, &err);
        if (st == STATUS_SUCCESS) {
            if (ret_path)
                *ret_path = paths[i];
            return m;
        }
        len += (size_t)snprintf(tried + len, sizeof tried - len, "%s%s", len ? "; " : "",
                                why_not(st, paths[i], &err, why, sizeof why));
        if (len >= sizeof tried || (st != STATUS_OBJECT_NAME_NOT_FOUND && st != STATUS_CONNECTION_REFUSED))
            break;
    }
    bool nobody = st == STATUS_OBJECT_NAME_NOT_FOUND || st == STATUS_CONNECTION_REFUSED;
    tern_failed(
        t, st, nobody ? "no npcmuxd answers" : "npcmuxd cannot be asked", tried,
        nobody ? "systemctl start npcmuxd.socket starts that of the system, npcmuxd --user one of your own"
               : NULL);
    return NULL;
}

int mux_failed(struct tern *t, struct npc_mux *m, enum nt_status st)
{
    int rc = tern_failed(
        t, st, npc_mux_error(m), NULL,
        st == STATUS_ACCESS_DENIED && tern_opt(t, "all") ? "without --all it shows what is yours" : NULL);
    npc_mux_close(m);
    return rc;
}

/* A name for people: what would play with the terminal in octal, as ls -b has it. JSON has escapes of its
 * own. */
static const char *shown(struct tern *t, const char *s)
{
    size_t n = strlen(s);
    if (t->json ||
        strcspn(s, "\001\002\003\004\005\006\a\b\t\n\v\f\r\016\017\020\021\022\023\024\025\026\027\030\031"
                   "\032\033\034\035\036\037\177\302") == n)
        return s;
    char *clean = nt_arena_alloc(t->mem, 4 * n + 1, 1), *to = clean;
    if (!clean)
        return "?";
    for (const unsigned char *p = (const unsigned char *)s; *p; p++) {
        bool c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0; /* U+0080 to U+009F */
        if (c1)
            to += sprintf(to, "\\%03o\\%03o", p[0], p[1]);
        else if (*p < 0x20 || *p == 0x7f)
            to += sprintf(to, "\\%03o", *p);
        else
            *to++ = (char)*p;
        p += c1;
    }
    *to = '\0';
    return clean;
}

static const char *keep(struct tern *t, const char *s)
{
    char *copy = nt_arena_strdup(t->mem, shown(t, s));
    return copy ? copy : "?";
}

/* ---- status ---- */

static int mux_status(struct tern *t)
{
    static const struct col cols[] = {
        { "socket", "socket", COL_STR },           { "uptime", "up", COL_AGE },
        { "connections", "connections", COL_NUM }, { "users", "users", COL_NUM },
        { "sessions", "sessions", COL_NUM },       { "pipes", "pipes", COL_NUM },
        { "accepted", "accepted", COL_NUM },       { "refused", "refused", COL_NUM },
        { "opened", "opened", COL_NUM },           { "warm", "of these warm", COL_NUM },
        { "failed", "failed", COL_NUM },           { "bytes_in", "bytes in", COL_NUM },
        { "bytes_out", "bytes out", COL_NUM },     { "lent", "lent", COL_NUM },
        { "reused", "of these bound before", COL_NUM }, { "pooled", "bound, in nobody's hands", COL_NUM },
    };
    struct npc_mux_counters c = { .size = sizeof c };
    const char *path;
    struct npc_mux *m = mux_open(t, &path);
    if (!m)
        return EXIT_FAILED;
    enum nt_status st = npc_mux_status(m, &c);
    if (st != STATUS_SUCCESS)
        return mux_failed(t, m, st);
    npc_mux_close(m);
    const uint64_t values[] = { c.uptime_s, c.connections, c.users, c.sessions, c.pipes,    c.accepted,
                                c.refused,  c.connects,    c.warm,  c.failed,   c.bytes_in, c.bytes_out,
                                c.lent,     c.reused,      c.pooled };
    struct out *o = out_begin(t, "muxer", cols, N_OF(cols), true);
    out_row(o);
    out_str(o, shown(t, path));
    for (size_t i = 0; i < N_OF(values); i++)
        out_num(o, values[i]);
    return out_end(o);
}

/* ---- lists: gathered, put in order, shown ---- */

struct gathered {
    struct tern *t;
    void *rows;
    size_t n, cap;
    bool full; /* no memory */
};

static void *row_for(struct gathered *g, size_t size)
{
    if (g->n == g->cap) {
        size_t cap = g->cap ? 2 * g->cap : 64;
        void *rows = realloc(g->rows, cap * size);
        g->full = !rows;
        if (!rows)
            return NULL;
        g->rows = rows;
        g->cap = cap;
    }
    return (char *)g->rows + size * g->n++;
}

static int list(struct tern *t, enum nt_status (*get)(struct npc_mux *m, struct gathered *g),
                void (*show)(struct out *o, const struct gathered *g), const char *plural,
                const struct col *cols, size_t n_cols)
{
    struct gathered g = { .t = t };
    struct npc_mux *m = mux_open(t, NULL);
    if (!m)
        return EXIT_FAILED;
    enum nt_status st = get(m, &g);
    if (st != STATUS_SUCCESS || g.full) {
        free(g.rows);
        return mux_failed(t, m, st ? st : STATUS_NO_MEMORY);
    }
    npc_mux_close(m);
    struct out *o = out_begin(t, plural, cols, n_cols, false);
    show(o, &g);
    free(g.rows);
    return out_end(o);
}

static int order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* ---- credentials ---- */

static const char *kind_name(enum npc_mux_kind k)
{
    static const char *const names[] = { "?", "password", "ccache", "keytab", "anonymous" };
    return k <= NPC_MUX_ANONYMOUS ? names[k] : names[0];
}

static bool take_auth(void *arg, const struct npc_mux_auth_info *i)
{
    struct gathered *g = arg;
    struct npc_mux_auth_info *to = row_for(g, sizeof *to);
    if (!to)
        return false;
    *to = *i;
    to->pattern = keep(g->t, i->pattern);
    to->domain = keep(g->t, i->domain);
    to->user = keep(g->t, i->user);
    return true;
}

static int auth_order(const void *a, const void *b)
{
    const struct npc_mux_auth_info *x = a, *y = b;
    int c = order(x->uid, y->uid);
    c = c ? c : order(x->token, y->token);
    return c ? c : strcmp(x->pattern, y->pattern);
}

static enum nt_status get_auth(struct npc_mux *m, struct gathered *g)
{
    enum nt_status st = npc_mux_enum_auth(m, tern_opt(g->t, "all") != NULL, take_auth, g);
    if (st == STATUS_SUCCESS && g->n)
        qsort(g->rows, g->n, sizeof(struct npc_mux_auth_info), auth_order);
    return st;
}

static void show_auth(struct out *o, const struct gathered *g)
{
    const struct npc_mux_auth_info *i = g->rows, *end = i ? i + g->n : i;
    for (; i < end; i++) {
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
    }
}

static int mux_credentials(struct tern *t)
{
    static const struct col cols[] = {
        { "uid", "UID", COL_NUM },
        { "servers", "SERVERS", COL_STR },
        { "kind", "KIND", COL_STR },
        { "domain", "DOMAIN", COL_STR },
        { "user", "USER", COL_STR },
        { "token", "TOKEN", COL_BOOL },
        { "expires", "FORGOTTEN IN", COL_AGE },
    };
    return list(t, get_auth, show_auth, "credentials", cols, N_OF(cols));
}

/* ---- connections ---- */

static bool take_conn(void *arg, const struct npc_mux_conn_info *i)
{
    struct gathered *g = arg;
    struct npc_mux_conn_info *to = row_for(g, sizeof *to);
    if (!to)
        return false;
    *to = *i;
    to->server = keep(g->t, i->server);
    to->peer = keep(g->t, i->peer);
    to->pipe_name = keep(g->t, i->pipe_name);
    to->user = keep(g->t, i->user);
    to->mech = keep(g->t, i->mech);
    to->program = keep(g->t, i->program);
    return true;
}

/* By user, server and session; then by process, whose session comes before its pipes. */
static int conn_order(const void *a, const void *b)
{
    const struct npc_mux_conn_info *x = a, *y = b;
    int c = order(x->uid, y->uid);
    c = c ? c : strcmp(x->server, y->server);
    c = c ? c : strcmp(x->peer, y->peer);
    c = c ? c : strcmp(x->user, y->user);
    c = c ? c : order(x->pid, y->pid);
    c = c ? c : order(x->mode != NPC_MUX_SESSION, y->mode != NPC_MUX_SESSION);
    return c ? c : order(x->pipe, y->pipe);
}

static enum nt_status get_conns(struct npc_mux *m, struct gathered *g)
{
    enum nt_status st = npc_mux_enum_connections(m, tern_opt(g->t, "all") != NULL, take_conn, g);
    if (st == STATUS_SUCCESS && g->n)
        qsort(g->rows, g->n, sizeof(struct npc_mux_conn_info), conn_order);
    return st;
}

static const char *mode_name(enum npc_mux_mode m)
{
    static const char *const names[] = { "session", "proxy", "message", "pdu" };
    return (size_t)m < N_OF(names) ? names[m] : "?";
}

/* In a list for people dialect, cipher and signing are one column. */
static void put_protection(struct out *o, const struct tern *t, const struct npc_mux_conn_info *i)
{
    char text[80];
    if (!i->dialect) {
        out_null(o, "being opened");
        out_null(o, "-");
        out_null(o, "-");
        out_null(o, "-");
        return;
    }
    snprintf(text, sizeof text, "%s %s", npc_dialect_name(i->dialect),
             i->cipher != NPC_CIPHER_NONE ? tern_cipher_name(i->cipher)
             : i->signed_                 ? "signed"
                                          : "none");
    out_str(o, t->json ? npc_dialect_name(i->dialect) : text);
    out_str(o, tern_cipher_name(i->cipher));
    out_bool(o, i->signed_);
    out_str(o, i->mech);
}

static void text_or_null(struct out *o, const char *s)
{
    if (*s)
        out_str(o, s);
    else
        out_null(o, "-");
}

static void num_or_null(struct out *o, bool known, uint32_t v)
{
    if (known)
        out_num(o, v);
    else
        out_null(o, "-");
}

static void show_conns(struct out *o, const struct gathered *g)
{
    const struct npc_mux_conn_info *i = g->rows, *end = i ? i + g->n : i;
    for (; i < end; i++) {
        out_row(o);
        out_num(o, i->uid);
        num_or_null(o, i->pid != 0, i->pid);
        text_or_null(o, i->program);
        out_str(o, i->server);
        out_str(o, i->peer);
        out_str(o, i->user);
        out_str(o, mode_name(i->mode));
        text_or_null(o, i->pipe_name);
        put_protection(o, g->t, i);
        out_num(o, i->age_s);
        num_or_null(o, i->idle_s != UINT32_MAX, i->idle_s);
        out_num(o, i->users);
        out_num(o, i->bytes_in);
        out_num(o, i->bytes_out);
    }
}

static int mux_connections(struct tern *t)
{
    static const struct col cols[] = {
        { "uid", "UID", COL_NUM },       { "pid", "PID", COL_NUM },       { "program", "PROGRAM", COL_STR },
        { "server", "SERVER", COL_STR }, { "peer", NULL, COL_STR },       { "user", "USER", COL_STR },
        { "mode", "MODE", COL_STR },     { "pipe", "PIPE", COL_STR },     { "dialect", "SMB", COL_STR },
        { "cipher", NULL, COL_STR },     { "signed", NULL, COL_BOOL },    { "mechanism", "LOGON", COL_STR },
        { "age", "AGE", COL_AGE },       { "idle", "IDLE", COL_AGE },     { "users", "SHARED BY", COL_NUM },
        { "bytes_in", "IN", COL_NUM },   { "bytes_out", "OUT", COL_NUM },
    };
    return list(t, get_conns, show_conns, "connections", cols, N_OF(cols));
}

/* ---- changes ---- */

/* n of them: "3 sessions let go", or that there was none. */
static int counted(struct tern *t, unsigned n, const char *what, const char *whose, const char *done)
{
    if (t->json) {
        printf("{\"version\": %d, \"done\": true, \"count\": %u}\n", TERN_JSON_VERSION, n);
        return out_flush();
    }
    if (!n)
        return tern_done(t, "there was no %s%s%s", what, whose ? whose[0] == '*' ? " for " : " with " : "",
                         whose ? shown(t, whose) : "");
    return tern_done(t, "%u %s%s %s", n, what, n == 1 ? "" : "s", done);
}

static int mux_clear(struct tern *t)
{
    unsigned n = 0;
    struct npc_mux *m = mux_open(t, NULL);
    if (!m)
        return EXIT_FAILED;
    enum nt_status st = npc_mux_clear_auth(m, 0, t->n_args ? t->args[0] : NULL, &n);
    if (st != STATUS_SUCCESS)
        return mux_failed(t, m, st);
    npc_mux_close(m);
    return counted(t, n, "credential", NULL, "forgotten");
}

static int mux_drop(struct tern *t)
{
    unsigned n = 0;
    struct npc_mux *m = mux_open(t, NULL);
    if (!m)
        return EXIT_FAILED;
    enum nt_status st = npc_mux_drop(m, t->n_args ? t->args[0] : NULL, &n);
    if (st != STATUS_SUCCESS)
        return mux_failed(t, m, st);
    npc_mux_close(m);
    return counted(t, n, "session", t->n_args ? t->args[0] : NULL, "let go");
}

static const struct opt plain_opts[] = { MUX_SOCKET_OPT, { NULL } };
static const struct opt list_opts[] = { { "all", NULL, "of all users (root)" }, MUX_SOCKET_OPT, { NULL } };

const struct verb mux_verbs[] = {
    { "mux", "status", "", 0, 0, "what npcmuxd does", plain_opts, mux_status, true },
    { "mux", "credentials", "", 0, 0, "for which servers it has some; never the secrets", list_opts,
      mux_credentials, true },
    { "mux", "connections", "", 0, 0, "its sessions and pipes", list_opts, mux_connections, true },
    { "mux", "set", "SERVERS", 1, 1, "give it credentials for servers (srv1, *.lab.example, *)", mux_set_opts,
      mux_set, true },
    { "mux", "clear", "[SERVERS]", 0, 1, "make it forget credentials", plain_opts, mux_clear, true },
    { "mux", "drop", "[SERVER]", 0, 1, "let sessions end with their last pipe", plain_opts, mux_drop, true },
    { "mux", "tap", "[SERVER]", 0, 1, "record what goes over its pipes, for Wireshark and npcmuxd --replay",
      mux_tap_opts, mux_tap, true },
    { NULL },
};
