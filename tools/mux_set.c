// SPDX-License-Identifier: Apache-2.0
/*
 * tern mux set: credentials for the muxer, by the rules by which every verb finds its own: -N, --keytab,
 * --ccache, a user and his password (-A, TERN_PASSWORD, standard input, the terminal), else the current
 * Kerberos cache.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "mux.h"
#include "sec/sec.h"

#define CONTENT_MAX ((size_t)64 << 10) /* of a cache or keytab; npc_mux_auth */
#define PATTERN_MAX 255u

const struct opt mux_set_opts[] = {
    { "password-stdin", NULL, "read the password from standard input" },
    { "lifetime", "SECONDS", "forget it after so long" },
    { "check", "SERVER", "log on there first, and keep what was there if that fails" },
    MUX_SOCKET_OPT,
    { NULL },
};

struct setting {
    struct npc_mux_auth auth;
    struct sec_krb5_copy cache; /* of a ccache */
    struct wr content;
    bool by_name; /* the muxer reads the cache or keytab itself */
};

/* The daemon's rule, with an example; what it refuses beyond that it says itself. */
static bool is_pattern(const char *p)
{
    size_t n = strlen(p);
    if (n == 0 || n > PATTERN_MAX)
        return false;
    for (size_t i = 0; i < n; i++)
        if ((p[i] == '*' && i != 0 && i != n - 1) || (unsigned char)p[i] <= ' ' || p[i] == '\\' ||
            p[i] == '/')
            return false;
    return true;
}

static const char *from_env(const char *given, const char *name)
{
    const char *v = getenv(name);
    return given ? given : v && v[0] ? v : NULL;
}

/* ---- secrets ---- */

static int fill_password(struct tern *t, struct setting *s, const char *password)
{
    char prompt[300];
    if (t->kerberos || t->ntlm)
        return tern_usage(t, "with a password npcmuxd takes Kerberos where it can, else NTLM: no --%s",
                          t->ntlm ? "ntlm" : "kerberos");
    s->auth.kind = NPC_MUX_PASSWORD;
    if (tern_opt(t, "password-stdin"))
        password = NULL;
    else
        password = from_env(password, "TERN_PASSWORD");
    if (!password) {
        snprintf(prompt, sizeof prompt, "Password of %s", t->user);
        password = tern_read_secret(t, tern_opt(t, "password-stdin") != NULL, prompt);
    }
    s->auth.password = password;
    return password ? EXIT_OK : EXIT_FAILED;
}

static int fill_ccache(struct tern *t, struct setting *s)
{
    struct nt_error err = { "" };
    enum nt_status st = sec_krb5_copy(t->ccache, &s->content, &s->cache, &err);
    if (st != STATUS_SUCCESS)
        return tern_failed(t, st, err.text, NULL,
                           t->ccache || t->kerberos
                               ? "kinit gets tickets"
                               : "no user was given, so the current Kerberos tickets were looked "
                                 "for; -U NAME, --keytab or -N says otherwise");
    s->auth.kind = NPC_MUX_CCACHE;
    s->auth.name = s->cache.name;
    return EXIT_OK;
}

static int fill_keytab(struct tern *t, struct setting *s)
{
    const char *path = strncmp(t->keytab, "FILE:", 5) == 0 ? t->keytab + 5 : t->keytab;
    if (!t->user)
        return tern_usage(t, "a keytab holds keys of several: -U says whose");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t *to = fd >= 0 ? wr_room(&s->content, CONTENT_MAX) : NULL;
    ssize_t n = to ? read(fd, to, CONTENT_MAX) : -1;
    int e = errno;
    if (fd >= 0)
        close(fd);
    if (n <= 0 || (size_t)n == CONTENT_MAX) {
        char why[300];
        snprintf(why, sizeof why, "%.200s: %s", path,
                 n < 0    ? strerror(e)
                 : n == 0 ? "the keytab is empty"
                          : "keytabs of 64 KiB and more are not taken");
        return tern_failed(t,
                           n < 0 && e == EACCES ? STATUS_ACCESS_DENIED
                           : n < 0              ? STATUS_OBJECT_NAME_NOT_FOUND
                                                : STATUS_INVALID_PARAMETER,
                           why, NULL, NULL);
    }
    s->content.len = (size_t)n;
    s->auth.kind = NPC_MUX_KEYTAB;
    s->auth.name = path[0] == '/' ? path : NULL; /* the daemon's directory is another */
    return EXIT_OK;
}

/* DOMAIN\user in one word is two things in the list of credentials. */
static void split_user(struct tern *t)
{
    const char *slash = t->user ? strchr(t->user, '\\') : NULL;
    char *domain = slash && !t->domain ? nt_arena_strdup(t->mem, t->user) : NULL;
    if (!domain)
        return;
    domain[slash - t->user] = '\0';
    t->domain = domain;
    t->user = slash + 1;
}

static int fill(struct tern *t, struct setting *s)
{
    const char *password = NULL;
    int rc;
    if (t->authfile && !tern_read_authfile(t, t->authfile, &password))
        return EXIT_FAILED;
    bool secret_file = t->keytab || t->ccache;
    if (tern_opt(t, "password-stdin") && (secret_file || t->anonymous))
        return tern_usage(t, "--password-stdin goes with -U and without --keytab, --ccache and -N");
    if (t->keytab && t->ccache)
        return tern_usage(t, "one of --keytab and --ccache");
    if (t->anonymous) {
        s->auth.kind = NPC_MUX_ANONYMOUS;
        return EXIT_OK;
    }
    t->domain = from_env(t->domain, "TERN_DOMAIN");
    if (!t->kerberos && !t->ccache)
        t->user = from_env(t->user, "TERN_USER");
    split_user(t);
    if (t->keytab)
        rc = fill_keytab(t, s);
    else if (!t->ccache && t->user)
        rc = fill_password(t, s, password);
    else if (tern_opt(t, "password-stdin"))
        return tern_usage(t, "whose password? -U NAME");
    else {
        t->ccache = from_env(t->ccache, "TERN_CCACHE");
        rc = fill_ccache(t, s);
    }
    s->auth.user = t->user;
    s->auth.domain = t->domain;
    return rc;
}

/* ---- to the daemon ---- */

/* By name, so that kinit's new tickets are seen, where the daemon reads for us; else a copy. */
static enum nt_status give(struct npc_mux *m, struct setting *s)
{
    struct npc_mux_auth *a = &s->auth;
    const char *name = a->name;
    enum nt_status st = STATUS_ACCESS_DENIED;
    bool may =
        name && strncmp(name, "MEMORY:", 7) != 0 && strncmp(name, "KEYRING:", 8) != 0; /* of a process */
    if (!s->content.len)
        return npc_mux_set_auth(m, a);
    if (may)
        st = npc_mux_set_auth(m, a);
    s->by_name = st == STATUS_SUCCESS;
    if (s->by_name || (may && st != STATUS_ACCESS_DENIED && st != STATUS_INVALID_PARAMETER))
        return st;
    a->name = NULL;
    a->content = s->content.base;
    a->content_len = s->content.len;
    st = npc_mux_set_auth(m, a);
    a->name = name;
    a->content = NULL;
    a->content_len = 0;
    return st;
}

struct checked {
    struct npc_facts facts;
    char peer[80], mech[16];
};

static enum nt_status log_on(struct tern *t, const char *path, const char *server, struct checked *ret,
                             struct nt_error *err)
{
    struct npc_options o = NPC_OPTIONS_INIT;
    struct npc_session *s;
    o.mux = path;
    o.port = t->port;
    o.target = t->target;
    tern_npc_options(t, &o);
    o.timeout_ms = t->timeout_ms;
    o.error = err;
    enum nt_status st = npc_session_open(server, &o, &s);
    if (st != STATUS_SUCCESS)
        return st;
    ret->facts.size = sizeof ret->facts;
    st = npc_session_facts(s, &ret->facts);
    snprintf(ret->peer, sizeof ret->peer, "%s", ret->facts.peer ? ret->facts.peer : "");
    snprintf(ret->mech, sizeof ret->mech, "%s", ret->facts.mech ? ret->facts.mech : "");
    npc_session_unref(s);
    return st;
}

/* With a token of our own: what there is for the user stays until it is known that this works. EXIT_*. */
static int check(struct tern *t, struct npc_mux *m, const char *path, struct setting *s, struct checked *ret)
{
    struct nt_error err = { "" };
    const char *server = tern_opt(t, "check");
    enum nt_status st = npc_mux_create_token(m, &s->auth.token);
    if (st == STATUS_SUCCESS)
        st = give(m, s);
    if (st != STATUS_SUCCESS)
        return mux_failed(t, m, st);
    npc_impersonate(s->auth.token);
    st = log_on(t, path, server, ret, &err);
    npc_revert();
    (void)!npc_mux_close_token(m, s->auth.token);
    s->auth.token = 0;
    if (st == STATUS_SUCCESS)
        return EXIT_OK;
    npc_mux_close(m);
    t->object = server;
    bool unfit = st == STATUS_NO_SUCH_LOGON_SESSION && s->auth.kind != NPC_MUX_CCACHE &&
                 s->auth.kind != NPC_MUX_KEYTAB;
    return tern_failed(t, st, unfit ? "the pattern does not fit that server" : err.text, "nothing was set",
                       NULL);
}

/* ---- what was done ---- */

static const char *const kinds[] = { "", "password", "ccache", "keytab", "anonymous" };

static int say_json(struct tern *t, const struct setting *s, const struct checked *c)
{
    printf("{\"version\": %d, \"done\": true, \"servers\": ", TERN_JSON_VERSION);
    tern_json_text(stdout, s->auth.pattern);
    printf(", \"kind\": \"%s\"", kinds[s->auth.kind]);
    if (s->content.len)
        printf(", \"copied\": %s", s->by_name ? "false" : "true");
    if (s->auth.kind == NPC_MUX_CCACHE) {
        fputs(", \"cache\": ", stdout);
        tern_json_text(stdout, s->cache.name);
        fputs(", \"principal\": ", stdout);
        tern_json_text(stdout, s->cache.principal);
    }
    if (c) {
        fputs(", \"check\": {\"server\": ", stdout);
        tern_json_text(stdout, tern_opt(t, "check"));
        fputs(", \"peer\": ", stdout);
        tern_json_text(stdout, c->peer);
        printf(", \"dialect\": \"%s\", \"encrypted\": %s, \"mechanism\": \"%s\"}",
               npc_dialect_name(c->facts.dialect), c->facts.encrypted ? "true" : "false", c->mech);
    }
    puts("}");
    return out_flush();
}

static int say(struct tern *t, const struct setting *s, const struct checked *c)
{
    char when[40] = "?";
    time_t ends = (time_t)s->cache.ends;
    struct tm tm;
    if (t->json)
        return say_json(t, s, c);
    if (c)
        printf("%s lets it in: SMB %s, %s, logon by %s\n", tern_opt(t, "check"),
               npc_dialect_name(c->facts.dialect),
               c->facts.encrypted ? "encrypted"
               : c->facts.signed_ ? "signed"
                                  : "neither signed nor encrypted",
               c->facts.anonymous ? "nobody" : c->mech);
    if (s->auth.kind == NPC_MUX_CCACHE) {
        if (localtime_r(&ends, &tm))
            strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &tm);
        if (s->by_name)
            printf("tickets of %s, which npcmuxd reads in %s itself\n", s->cache.principal, s->cache.name);
        else
            printf("a copy of the tickets of %s in %s: %s %s\n", s->cache.principal, s->cache.name,
                   ends <= time(NULL) ? "they have expired, kinit gets new ones:" : "good until", when);
    }
    return tern_done(t, "credentials for %s set", s->auth.pattern);
}

int mux_set(struct tern *t)
{
    struct setting s = { .auth = NPC_MUX_AUTH_INIT };
    struct checked c = { .peer = "" };
    const char *path, *server = tern_opt(t, "check");
    s.auth.pattern = t->args[0];
    s.auth.lifetime_s = tern_number(t, "lifetime", 0, UINT32_MAX);
    if (!is_pattern(s.auth.pattern))
        return tern_usage(
            t,
            "'%s' is no pattern for servers: a name or an address, '*' only at its beginning or end: "
            "srv1, *.lab.example, 192.0.2.*, *",
            s.auth.pattern);
    wr_init(&s.content, CONTENT_MAX);
    struct npc_mux *m = mux_open(t, &path); /* before anybody types a password for nothing */
    int rc = m ? fill(t, &s) : EXIT_FAILED;
    if (rc == EXIT_OK && server)
        rc = check(t, m, path, &s, &c);
    else if (rc != EXIT_OK)
        npc_mux_close(m);
    if (rc == EXIT_OK) {
        enum nt_status st = give(m, &s);
        rc = st == STATUS_SUCCESS ? say(t, &s, server ? &c : NULL) : mux_failed(t, m, st);
        if (st == STATUS_SUCCESS)
            npc_mux_close(m);
    }
    wr_free_secret(&s.content);
    return rc;
}
