// SPDX-License-Identifier: Apache-2.0
/* The command line: options that all verbs take and those of one verb, for tern and the programs beside it.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tern.h"

/* ---- options that all verbs take ---- */

enum common_id {
    O_SERVER,
    O_USER,
    O_DOMAIN,
    O_KERBEROS,
    O_NTLM,
    O_CCACHE,
    O_KEYTAB,
    O_AUTHFILE,
    O_ANONYMOUS,
    O_TARGET,
    O_TRANSPORT,
    O_MUX,
    O_LEVEL,
    O_PROVIDER,
    O_ENCRYPT,
    O_SIGN,
    O_DIALECT,
    O_PORT,
    O_TIMEOUT,
    O_JSON,
    O_NO_HEADINGS,
    O_HELP,
    O_COUNT,
};

static const struct {
    char letter;
    const char *name, *arg, *help;
} common[O_COUNT] = {
    [O_SERVER] = { 'S', "server", "HOST",
                   "the server: name or address (TERN_SERVER; default: this machine)" },
    [O_USER] = { 'U', "user", "NAME",
                 "log on as NAME, DOMAIN\\NAME or NAME@REALM (TERN_USER, TERN_PASSWORD)" },
    [O_DOMAIN] = { 'W', "domain", "NAME", "domain or realm of the user (TERN_DOMAIN)" },
    [O_KERBEROS] = { 'k', "kerberos", NULL, "Kerberos only; without -U with the current ticket cache" },
    [O_NTLM] = { 0, "ntlm", NULL, "NTLM only" },
    [O_CCACHE] = { 0, "ccache", "NAME", "this ticket cache, read only (TERN_CCACHE)" },
    [O_KEYTAB] = { 0, "keytab", "FILE", "a key from this keytab instead of a password" },
    [O_AUTHFILE] = { 'A', "authentication-file", "FILE", "lines username=, password=, domain=" },
    [O_ANONYMOUS] = { 'N', "anonymous", NULL, "a null session" },
    [O_TARGET] = { 0, "target", "HOST", "host part of the Kerberos principal, if not the server's name" },
    [O_TRANSPORT] = { 0, "transport", "WHICH", "pipe (default) or tcp" },
    [O_MUX] = { 0, "mux", "WHICH", "npcmuxd's pipes: auto (default), on, off, or its socket (TERN_NPC)" },
    [O_LEVEL] = { 0, "rpc-level", "LEVEL", "RPC protection: none, connect, integrity, privacy" },
    [O_PROVIDER] = { 0, "provider", "NAME", "RPC security provider: spnego, krb5, ntlm" },
    [O_ENCRYPT] = { 'e', "encrypt", NULL, "require SMB encryption" },
    [O_SIGN] = { 0, "sign-only", NULL, "sign, do not encrypt unless the server demands it" },
    [O_DIALECT] = { 0, "dialect", "MIN[-MAX]", "SMB dialects: 2.0.2 2.1 3.0 3.0.2 3.1.1" },
    [O_PORT] = { 'p', "port", "PORT", "SMB port, or that of the endpoint mapper with --transport tcp" },
    [O_TIMEOUT] = { 't', "timeout", "SECONDS", "for connecting and for each call (30)" },
    [O_JSON] = { 'j', "json", NULL, "one JSON object instead of a table" },
    [O_NO_HEADINGS] = { 0, "no-headings", NULL, "a table without its first line" },
    [O_HELP] = { 'h', "help", NULL, "this help" },
};

void tern_help_options(FILE *f, const struct verb *v)
{
    char left[64];
    if (v && v->opts && v->opts[0].name) {
        fprintf(f, "\nOptions of tern %s %s:\n", v->noun, v->name);
        for (const struct opt *o = v->opts; o->name; o++) {
            snprintf(left, sizeof left, "--%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
            fprintf(f, "      %-28s %s\n", left, o->help);
        }
    }
    fprintf(f, "\nOptions of every verb:\n");
    for (int i = 0; i < O_COUNT; i++) {
        snprintf(left, sizeof left, "--%s%s%s", common[i].name, common[i].arg ? " " : "",
                 common[i].arg ? common[i].arg : "");
        if (common[i].letter)
            fprintf(f, "  -%c, %-28s %s\n", common[i].letter, left, common[i].help);
        else
            fprintf(f, "      %-28s %s\n", left, common[i].help);
    }
}

int tern_usage(struct tern *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fputs("tern: ", stderr);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    if (t->verb)
        fprintf(stderr, "Usage: tern %s %s [OPTIONS]%s%s\nTry 'tern %s %s --help'.\n", t->verb->noun,
                t->verb->name, t->verb->args[0] ? " " : "", t->verb->args, t->verb->noun, t->verb->name);
    else
        fprintf(stderr, "Try 'tern --help'.\n");
    return EXIT_USAGE;
}

const char *tern_opt(const struct tern *t, const char *name)
{
    for (size_t i = 0; t->verb->opts && t->verb->opts[i].name; i++)
        if (strcmp(t->verb->opts[i].name, name) == 0)
            return t->opts[i];
    return NULL;
}

static bool parse_number(const char *s, uint32_t max, uint32_t *ret)
{
    char *end;
    errno = 0;
    unsigned long long v = strtoull(s, &end, 0);
    if (errno || end == s || *end || v > max || !isdigit((unsigned char)*s))
        return false;
    *ret = (uint32_t)v;
    return true;
}

uint32_t tern_number(struct tern *t, const char *name, uint32_t none, uint32_t max)
{
    const char *s = tern_opt(t, name);
    uint32_t v = none;
    if (s && !parse_number(s, max, &v))
        exit(tern_usage(t, "--%s takes a number from 0 to %u, not '%s'", name, max, s));
    return v;
}

/* ---- parsing ---- */

static bool choose(const char *s, const char *const *names, const int *values, size_t n, int *ret)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(s, names[i]) == 0) {
            *ret = values[i];
            return true;
        }
    return false;
}

static bool parse_dialect(const char *s, size_t len, enum npc_dialect *ret)
{
    static const struct {
        const char *name;
        enum npc_dialect d;
    } dialects[] = { { "2.0.2", NPC_SMB_2_0_2 },
                     { "2.1", NPC_SMB_2_1 },
                     { "3.0", NPC_SMB_3_0 },
                     { "3.0.2", NPC_SMB_3_0_2 },
                     { "3.1.1", NPC_SMB_3_1_1 } };
    for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++)
        if (strlen(dialects[i].name) == len && strncmp(s, dialects[i].name, len) == 0) {
            *ret = dialects[i].d;
            return true;
        }
    return false;
}

static bool parse_dialects(struct tern *t, const char *s)
{
    const char *dash = strchr(s, '-');
    size_t n = dash ? (size_t)(dash - s) : strlen(s);
    if (!parse_dialect(s, n, &t->min_dialect))
        return false;
    t->max_dialect = t->min_dialect;
    return !dash || parse_dialect(dash + 1, strlen(dash + 1), &t->max_dialect);
}

static bool set_common(struct tern *t, enum common_id id, const char *v)
{
    static const char *const levels[] = { "none", "connect", "integrity", "privacy" };
    static const int level_values[] = { SEC_LEVEL_NONE, SEC_LEVEL_CONNECT, SEC_LEVEL_INTEGRITY,
                                        SEC_LEVEL_PRIVACY };
    uint32_t n;
    int i;
    switch (id) {
    case O_SERVER:
        t->server = v;
        return true;
    case O_USER:
        t->user = v;
        return true;
    case O_DOMAIN:
        t->domain = v;
        return true;
    case O_KERBEROS:
        t->kerberos = true;
        return true;
    case O_NTLM:
        t->ntlm = true;
        return true;
    case O_CCACHE:
        t->ccache = v;
        return true;
    case O_KEYTAB:
        t->keytab = v;
        return true;
    case O_AUTHFILE:
        t->authfile = v;
        return true;
    case O_ANONYMOUS:
        t->anonymous = true;
        return true;
    case O_TARGET:
        t->target = v;
        return true;
    case O_TRANSPORT:
        t->protseq = strcmp(v, "tcp") == 0 ? "ncacn_ip_tcp" : "ncacn_np";
        return strcmp(v, "tcp") == 0 || strcmp(v, "pipe") == 0;
    case O_MUX:
        t->mux = v;
        return strcmp(v, "auto") == 0 || strcmp(v, "on") == 0 || strcmp(v, "off") == 0 || v[0] == '/';
    case O_LEVEL:
        if (!choose(v, levels, level_values, 4, &i))
            return false;
        t->level = (enum sec_level)i;
        return true;
    case O_PROVIDER:
        t->provider = v;
        return strcmp(v, "krb5") == 0 || strcmp(v, "ntlm") == 0 || strcmp(v, "spnego") == 0;
    case O_ENCRYPT:
        t->protection = NPC_PROTECT_ENCRYPT;
        return true;
    case O_SIGN:
        t->protection = NPC_PROTECT_SIGN;
        return true;
    case O_DIALECT:
        return parse_dialects(t, v);
    case O_PORT:
        if (!parse_number(v, 65535, &n) || n == 0)
            return false;
        t->port = (uint16_t)n;
        return true;
    case O_TIMEOUT:
        if (!parse_number(v, 86400, &n) || n == 0)
            return false;
        t->timeout_ms = n * 1000;
        return true;
    case O_JSON:
        t->json = true;
        return true;
    case O_NO_HEADINGS:
        t->no_headings = true;
        return true;
    default:
        return false;
    }
}

/* One option at argv[*i]; EXIT_OK to go on, -1 for --help. */
static int parse_option(struct tern *t, int argc, char **argv, int *i)
{
    const char *a = argv[*i], *value = NULL;
    char name[64];
    bool is_long = a[1] == '-';
    if (is_long) {
        const char *eq = strchr(a, '=');
        size_t n = eq ? (size_t)(eq - a - 2) : strlen(a + 2);
        if (n >= sizeof name)
            return tern_usage(t, "unknown option '%s'", a);
        memcpy(name, a + 2, n);
        name[n] = 0;
        value = eq ? eq + 1 : NULL;
    }
    int id = -1;
    const struct opt *own = NULL;
    for (size_t k = 0; is_long && t->verb->opts && t->verb->opts[k].name && !own; k++)
        if (k < MAX_VERB_OPTS && strcmp(name, t->verb->opts[k].name) == 0)
            own = &t->verb->opts[k];
    for (int k = 0; k < O_COUNT && id < 0 && !own; k++)
        if (is_long ? strcmp(name, common[k].name) == 0 : common[k].letter == a[1])
            id = k;
    if (id < 0 && !own)
        return tern_usage(t, "unknown option '%s'", a);
    if (id == O_HELP)
        return -1;
    bool wants = own ? own->arg != NULL : common[id].arg != NULL;
    if (!is_long && a[2]) {
        if (!wants)
            return tern_usage(t, "give single letters one by one: '%s'", a);
        value = a + 2;
    }
    if (wants && !value) {
        if (*i + 1 >= argc)
            return tern_usage(t, "%s wants an argument", a);
        value = argv[++*i];
    }
    if (!wants && value)
        return tern_usage(t, "%.*s takes no argument", (int)strcspn(a, "="), a);
    if (own)
        t->opts[own - t->verb->opts] = value ? value : "";
    else if (!set_common(t, (enum common_id)id, value))
        return tern_usage(t, "'%s' is no value of --%s (%s)", value, common[id].name, common[id].help);
    return EXIT_OK;
}

int tern_parse(struct tern *t, int argc, char **argv)
{
    bool only_args = false;
    for (int i = 0; i < argc; i++) {
        const char *a = argv[i];
        if (!only_args && strcmp(a, "--") == 0) {
            only_args = true;
        } else if (!only_args && a[0] == '-' && a[1]) {
            int rc = parse_option(t, argc, argv, &i);
            if (rc)
                return rc;
        } else if (t->n_args == MAX_ARGS) {
            return tern_usage(t, "more than %d arguments", MAX_ARGS);
        } else {
            t->args[t->n_args++] = a;
        }
    }
    if (t->n_args < t->verb->min_args)
        return tern_usage(t, "%s is missing", t->verb->args);
    if (t->n_args > t->verb->max_args)
        return tern_usage(t, "'%s' is one argument too many", t->args[t->verb->max_args]);
    if ((int)t->kerberos + (int)t->ntlm + (int)t->anonymous > 1)
        return tern_usage(t, "--kerberos, --ntlm and --anonymous exclude each other");
    if (t->mux && t->protseq && strcmp(t->protseq, "ncacn_ip_tcp") == 0)
        return tern_usage(t, "npcmuxd has pipes: --mux and --transport tcp exclude each other");
    bool muxer = t->mux && strcmp(t->mux, "off") != 0 && strcmp(t->mux, "auto") != 0;
    if (muxer && t->level <= SEC_LEVEL_NONE && !t->provider &&
        (t->user || t->ccache || t->keytab || t->authfile)) /* -N says that unsigned sessions will do */
        return tern_usage(t, "npcmuxd logs on with credentials of its own ('tern mux set'): with --mux %s others "
                             "are of use to --rpc-level only",
                          t->mux);
    if (t->max_dialect && t->min_dialect > t->max_dialect)
        return tern_usage(t, "--dialect takes the older one first");
    if (t->max_dialect && t->max_dialect < NPC_SMB_3_0 && t->protection == NPC_PROTECT_ENCRYPT)
        return tern_usage(t, "SMB can encrypt from dialect 3.0 on");
    return EXIT_OK;
}

/* A socket must not become standard output because that was closed: what stands there instead cannot be
 * written. */
void tern_occupy_std(void)
{
    int fd;
    while ((fd = open("/dev/null", O_RDONLY)) >= 0 && fd <= STDERR_FILENO)
        ;
    if (fd >= 0)
        close(fd);
}

void tern_npc_options(const struct tern *t, struct npc_options *o)
{
    o->protection = t->protection;
    o->allow_unsigned = t->anonymous;
    o->min_dialect = t->min_dialect;
    o->max_dialect = t->max_dialect;
}

const char *tern_cipher_name(enum npc_cipher c)
{
    static const char *const names[] = { [NPC_CIPHER_NONE] = "none",
                                         [NPC_AES128_CCM] = "AES-128-CCM",
                                         [NPC_AES128_GCM] = "AES-128-GCM",
                                         [NPC_AES256_CCM] = "AES-256-CCM",
                                         [NPC_AES256_GCM] = "AES-256-GCM" };
    return (unsigned)c < sizeof names / sizeof names[0] ? names[c] : "?";
}
