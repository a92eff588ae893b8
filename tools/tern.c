// SPDX-License-Identifier: Apache-2.0
/* tern NOUN VERB [OPTIONS] [ARGUMENTS]: command line, help and errors. The verbs are in verb_*.c. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tern.h"

#ifndef TERN_VERSION
#define TERN_VERSION "unknown"
#endif

static const struct verb *const all_verbs[] = {
    server_verbs, share_verbs, session_verbs,    user_verbs,
    policy_verbs, group_verbs, localgroup_verbs, mux_verbs,
};

static void help(FILE *f, const char *noun)
{
    fprintf(f,
            "tern %s manages Windows and Samba servers by remote procedure call.\n\n"
            "Usage: tern NOUN VERB [OPTIONS] [ARGUMENTS]\n\n",
            TERN_VERSION);
    for (size_t i = 0; i < N_OF(all_verbs); i++)
        for (const struct verb *v = all_verbs[i]; v->noun; v++)
            if (!noun || strcmp(noun, v->noun) == 0) {
                char left[80];
                snprintf(left, sizeof left, "%s %s %s", v->noun, v->name, v->args);
                fprintf(f, "  %-44s %s\n", left, v->help);
            }
    if (!noun || !strcmp(noun, "rpc"))
        tern_rpc_help(f);
    fprintf(f, "\ntern NOUN VERB --help tells the options of a verb; man tern tells everything.\n"
               "Exit status: 0 done, 1 the server or the network said no, 2 the command line is wrong.\n");
}

/* ---- helpers for verbs ---- */

LPWSTR tern_wide(struct tern *t, const char *s)
{
    if (!s)
        return NULL;
    size_t n;
    enum nt_status st = ustr_utf16_size(s, USTR_NUL, NULL, &n);
    char16_t *w = st == STATUS_SUCCESS ? nt_arena_array(t->mem, n + 1, sizeof *w) : NULL;
    if (st != STATUS_SUCCESS || (w && ustr_from_utf8_buf(s, USTR_NUL, w, n + 1, NULL) != STATUS_SUCCESS))
        exit(tern_usage(t, "an argument is not UTF-8"));
    if (!w) {
        fputs("tern: out of memory\n", stderr);
        exit(EXIT_FAILED);
    }
    return (LPWSTR)w;
}

LPWSTR tern_wide_or(struct tern *t, const char *s, const char *none)
{
    return tern_wide(t, s ? s : none);
}

LPWSTR tern_arg(struct tern *t, unsigned i)
{
    t->object = t->args[i];
    return tern_wide(t, t->args[i]);
}

int tern_each(struct tern *t, unsigned fixed, NET_API_STATUS (*one)(struct tern *t, LPWSTR name),
              const char *what, const char *done)
{
    for (unsigned i = fixed; i < t->n_args; i++)
        if (!tern_ok(t, one(t, tern_arg(t, i)))) {
            if (i > fixed && !t->json)
                fprintf(stderr, "  %u of %u %s before that\n", i - fixed, t->n_args - fixed, done);
            return EXIT_FAILED;
        }
    if (t->n_args - fixed == 1)
        return tern_done(t, "%s %s %s", what, t->args[fixed], done);
    return tern_done(t, "%u %ss %s", t->n_args - fixed, what, done);
}

/* ---- errors ---- */

void tern_json_text(FILE *f, const char *s)
{
    fputc('"', f);
    for (; *s; s++)
        if (*s == '"' || *s == '\\')
            fprintf(f, "\\%c", *s);
        else if ((unsigned char)*s < 0x20)
            fprintf(f, "\\u%04x", *s);
        else
            fputc(*s, f);
    fputc('"', f);
}

static void json_error(const struct tern *t, NET_API_STATUS st, enum nt_status nt, const char *text,
                       const char *context, const char *help_text)
{
    const char *name = werror_name((enum werror)st), *ntname = nt_status_name(nt);
    const struct {
        const char *key, *value;
    } members[] = {
        { "name", name }, { "status", ntname },   { "object", t->object },
        { "text", text }, { "context", context }, { "hint", help_text },
    };
    fprintf(stderr, "{\"version\": %d, \"error\": {\"code\": %u", TERN_JSON_VERSION, st);
    for (size_t i = 0; i < N_OF(members); i++) {
        fprintf(stderr, ", \"%s\": ", members[i].key);
        if (members[i].value)
            tern_json_text(stderr, members[i].value);
        else
            fputs("null", stderr);
    }
    fputs("}}\n", stderr);
}

/* Help for what administrators cannot tell apart, by the symbolic name. */
static const char *hint(const struct tern *t, NET_API_STATUS st)
{
    const char *context = net_last_error();
    if (strstr(context, "no muxer listens") || strstr(context, "the muxer at ") ||
        strstr(context, "a muxer is taken from"))
        return "'tern mux status' tells which npcmuxd there is; TERN_NPC=off, or --mux off, goes without";
    if (strstr(context, "TERN_NPC for the muxer"))
        return NULL;
    switch (st) {
    case ERROR_INVALID_PARAMETER:
    case ERROR_NO_SUCH_LOGON_SESSION:
        return t->user || t->anonymous || strstr(context, "the muxer has no") ? NULL
               : t->kerberos
                   ? "kinit gets tickets; -U NAME logs on with a password"
                   : "no user was given, so the current Kerberos tickets were tried; -U NAME logs on "
                     "with a password";
    case ERROR_ACCESS_DENIED:
        return "use an administrator's account, --encrypt or --rpc-level privacy; Windows may also restrict "
               "remote SAM "
               "calls and filter local administrators (UAC remote restrictions)";
    case ERROR_LOGON_FAILURE:
    case ERROR_INVALID_PASSWORD:
        return st == ERROR_LOGON_FAILURE && !t->user && !t->anonymous
                   ? "no user was given, so npcmuxd's credentials (tern mux set) or the current Kerberos "
                     "tickets were tried; -U NAME logs on with a password"
                   : "check user, domain (-W) and password, or try Kerberos (-k)";
    case ERROR_ACCOUNT_LOCKED_OUT:
        return "too many wrong passwords; the lock ends by itself or an administrator lifts it";
    case ERROR_INVALID_NAME:
        return strcmp(t->verb->noun, "share") && strcmp(t->verb->noun, "connection")
                   ? NULL
                   : "Samba answers like this when it has no such share: tern share list";
    case ERROR_FILE_NOT_FOUND:
        return strcmp(t->verb->noun, "share") == 0  ? "the directory must exist on the server"
               : strcmp(t->verb->noun, "file") == 0 ? "tern file list shows what is open"
                                                    : NULL;
    case ERROR_BAD_NETPATH:
        if (strchr(t->server, ':') && strchr(t->server, ':') == strrchr(t->server, ':'))
            return "-S takes a name or an address; -p takes the port";
        /* fall through */
    case ERROR_HOST_UNREACHABLE:
    case ERROR_CONNECTION_REFUSED:
        return "check the name, and that a firewall lets port 445 (or 135 and the dynamic ports) through";
    case ERROR_TIME_SKEW:
        return "the clocks differ by more than Kerberos allows (usually 5 minutes)";
    default:
        return NULL;
    }
}

/* What the library says was tried, without the sentence that stands in front of it already. */
static const char *without(struct tern *t, const char *context, const char *sentence)
{
    char *copy = nt_arena_strdup(t->mem, context);
    size_t n = sentence ? strlen(sentence) : 0;
    if (!copy || !n)
        return context;
    for (char *p = copy; (p = strstr(p, sentence));) {
        bool brackets = p >= copy + 2 && p[-2] == ' ' && p[-1] == '(' && p[n] == ')';
        bool comma = p >= copy + 2 && p[-2] == ',' && p[-1] == ' ';
        if (!brackets && !comma) {
            p += n;
            continue;
        }
        char *rest = p + n + brackets;
        memmove(p - 2, rest, strlen(rest) + 1);
        p -= 2;
    }
    return copy;
}

bool tern_ok(struct tern *t, NET_API_STATUS st)
{
    if (st == NERR_Success)
        return true;
    enum nt_status nt = net_last_status();
    const char *name = werror_name((enum werror)st), *ntname = nt_status_name(nt),
               *text = werror_text((enum werror)st);
    const char *context = net_last_error(), *help_text = hint(t, st);
    context = without(t, without(t, context, text), nt_status_text(nt));
    if (!text)
        text = nt_status_text(nt);
    if (t->json) {
        json_error(t, st, nt, text, context, help_text);
        return false;
    }
    fprintf(stderr, "tern: %s %s%s%s: %s (%u): %s\n", t->verb->noun, t->verb->name, t->object ? " " : "",
            t->object ? t->object : "", name ? name : "error", st,
            text ? text : "no text is known for this code");
    if (context[0])
        fprintf(stderr, "  %s\n", context);
    if (ntname && name && strcmp(ntname, name) && !strstr(context, ntname) && !strstr(context, name))
        fprintf(stderr, "  status: %s (0x%08x)\n", ntname, (unsigned)nt);
    if (help_text)
        fprintf(stderr, "  hint: %s\n", help_text);
    return false;
}

/* What another process said must not play with the terminal. */
static void print_clean(FILE *f, const char *s)
{
    for (; *s; s++)
        fputc((unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s, f);
}

int tern_failed(struct tern *t, enum nt_status nt, const char *text, const char *context,
                const char *help_text)
{
    NET_API_STATUS st = (NET_API_STATUS)nt_to_werror(nt);
    const char *name = werror_name((enum werror)st), *ntname = nt_status_name(nt);
    if (t->json) {
        json_error(t, st, nt, text, context, help_text);
        return EXIT_FAILED;
    }
    fprintf(stderr, "tern: %s %s%s%s: %s (%u): ", t->verb->noun, t->verb->name, t->object ? " " : "",
            t->object ? t->object : "", name ? name : "error", st);
    print_clean(stderr, text);
    fputc('\n', stderr);
    if (context) {
        fputs("  ", stderr);
        print_clean(stderr, context);
        fputc('\n', stderr);
    }
    if (ntname)
        fprintf(stderr, "  status: %s (0x%08x)\n", ntname, (unsigned)nt);
    if (help_text)
        fprintf(stderr, "  hint: %s\n", help_text);
    return EXIT_FAILED;
}

int tern_done(struct tern *t, const char *fmt, ...)
{
    if (t->json) {
        printf("{\"version\": %d, \"done\": true}\n", TERN_JSON_VERSION);
        return out_flush();
    }
    va_list ap;
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
    return out_flush();
}

/* ---- command line ---- */

static const struct verb *find(const char *noun, const char *name, bool *ret_noun)
{
    *ret_noun = false;
    for (size_t i = 0; i < N_OF(all_verbs); i++)
        for (const struct verb *v = all_verbs[i]; v->noun; v++)
            if (strcmp(v->noun, noun) == 0) {
                *ret_noun = true;
                if (name && strcmp(v->name, name) == 0)
                    return v;
            }
    return NULL;
}

/* Credentials and transport, for all Net* calls to come. */
static int apply(struct tern *t, struct sec_creds *creds)
{
    struct npc_options npc = NPC_OPTIONS_INIT;
    tern_npc_options(t, &npc);
    struct net_options o = NET_OPTIONS_INIT;
    o.creds = creds;
    o.protseq = t->protseq;
    o.level = t->level;
    o.provider = t->provider;
    o.target = t->target;
    o.mux = t->mux;
    o.npc = &npc;
    o.timeout_ms = t->timeout_ms;
    if (t->protseq && strcmp(t->protseq, "ncacn_ip_tcp") == 0)
        o.epm_port = t->port;
    else
        o.smb_port = t->port;
    enum nt_status st = net_set_options(NULL, &o);
    if (st != STATUS_SUCCESS) {
        fprintf(stderr, "tern: %s\n", nt_status_name(st));
        return EXIT_FAILED;
    }
    return EXIT_OK;
}

static int run(struct tern *t, int argc, char **argv)
{
    if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
        help(argc < 2 ? stderr : stdout, argc > 2 ? argv[2] : NULL);
        return argc < 2 ? EXIT_USAGE : EXIT_OK;
    }
    if (!strcmp(argv[1], "--version")) {
        printf("tern %s\n", TERN_VERSION);
        return EXIT_OK;
    }
    if (!strcmp(argv[1], "rpc")) {
        if (argc > 2 && strcmp(argv[2], "--help") && strcmp(argv[2], "-h"))
            return tern_rpc(t, argc, argv);
        help(argc > 2 ? stdout : stderr, "rpc");
        return argc > 2 ? EXIT_OK : EXIT_USAGE;
    }
    bool noun_known;
    struct sec_creds *creds;
    int first = 3;
    const char *name = argc > 2 ? argv[2] : NULL;
    /* "tern time" is what people type */
    if (!strcmp(argv[1], "time")) {
        t->verb = find("server", "time", &noun_known);
        first = 2;
    } else {
        t->verb = find(argv[1], name, &noun_known);
    }
    if (!t->verb && noun_known && (!name || !strcmp(name, "--help") || !strcmp(name, "-h"))) {
        help(name ? stdout : stderr, argv[1]);
        return name ? EXIT_OK : EXIT_USAGE;
    }
    if (!t->verb)
        return noun_known ? tern_usage(t, "'tern %s' has no verb '%s'", argv[1], name)
                          : tern_usage(t, "'%s' is no noun of tern", argv[1]);
    int rc = tern_parse(t, argc - first, argv + first);
    if (rc == -1) {
        printf("Usage: tern %s %s [OPTIONS]%s%s\n%s.\n", t->verb->noun, t->verb->name,
               t->verb->args[0] ? " " : "", t->verb->args, t->verb->help);
        tern_help_options(stdout, t->verb);
        return EXIT_OK;
    }
    if (rc)
        return rc;
    const char *env = getenv("TERN_SERVER");
    if (!t->server)
        t->server = env && env[0] ? env : "localhost";
    t->wserver = tern_wide(t, t->server);
    t->object = t->n_args ? t->args[0] : NULL;
    if (t->verb->here)
        return t->verb->run(t);
    rc = tern_auth(t, &creds);
    if (rc == EXIT_OK) {
        rc = apply(t, creds);
        sec_creds_unref(creds);
    }
    return rc ? rc : t->verb->run(t);
}

int main(int argc, char **argv)
{
    static struct tern t;
    tern_occupy_std();
    t.prog = argv[0];
    t.mem = nt_arena_new_secret(0);
    if (!t.mem) {
        fputs("tern: out of memory\n", stderr);
        return EXIT_FAILED;
    }
    int rc = run(&t, argc, argv);
    if (rc == EXIT_OK)
        rc = out_flush(); /* help texts, too */
    net_close_idle();
    nt_arena_free(t.mem);
    return rc;
}
