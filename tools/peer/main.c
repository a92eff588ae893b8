// SPDX-License-Identifier: Apache-2.0
/* The command line of tern-peer. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "peer.h"

#ifndef TERN_VERSION
#define TERN_VERSION "unknown"
#endif

static const char usage_text[] =
    "Usage: tern-peer [OPTIONS] SCRIPT [ADDRESS]\n"
    "Follows a script as client or server of DCE/RPC: any PDU, in any order, in any pieces.\n"
    "ADDRESS (HOST:PORT or unix:PATH) is what 'connect' and 'listen' use that name none.\n"
    "\n"
    "  -D NAME=VALUE   a variable of the script\n"
    "  -t SECONDS      how long to wait for what is expected (5)\n"
    "      --json      one JSON object for each event\n"
    "      --tap       test results as the Test Anything Protocol has them\n"
    "  -x, --hex       with the bytes of each PDU\n"
    "  -q, --quiet     only the results of the cases\n"
    "  -h, --help      this help\n"
    "      --version   the version\n";

void peer_die(const struct peer *w, const char *fmt, ...)
{
    va_list ap;
    fflush(stdout);
    fprintf(stderr, "tern-peer: ");
    if (w && w->at)
        fprintf(stderr, "%s:%u: ", w->at->file, w->at->line);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(EXIT_USAGE);
}

void peer_fail(struct peer *w, const char *fmt, ...)
{
    char text[900];
    va_list ap;
    if (w->failed)
        return; /* the first reason is the one that matters */
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    w->failed = true;
    snprintf(w->why, sizeof w->why, "line %u: %s", w->at ? w->at->line : 0, text);
}

void *peer_alloc(struct nt_arena *a, size_t n)
{
    void *p = nt_arena_alloc(a, n ? n : 1, 16);
    if (!p)
        peer_die(NULL, "no memory");
    return p;
}

char *peer_text(struct nt_arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *p = peer_alloc(a, (size_t)(n < 0 ? 0 : n) + 1);
    vsnprintf(p, (size_t)(n < 0 ? 0 : n) + 1, fmt, again);
    va_end(again);
    return p;
}

uint64_t peer_now(void)
{
    return nt_env_system()->monotonic(NULL);
}

static void usage(const char *what, const char *arg)
{
    fprintf(stderr, "tern-peer: %s%s%s\nTry 'tern-peer --help'.\n", what, arg ? ": " : "", arg ? arg : "");
    exit(EXIT_USAGE);
}

static void take_variable(struct peer *w, char *s)
{
    char *eq = strchr(s, '=');
    if (!eq || eq == s)
        usage("-D takes NAME=VALUE", s);
    *eq = 0;
    peer_set_var(w, s, eq + 1);
}

/* The index of the first word that is no option. */
static int take_options(struct peer *w, int argc, char **argv)
{
    int i = 1;
    for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
        const char *o = argv[i];
        if (strcmp(o, "--") == 0)
            return i + 1;
        if (strcmp(o, "-h") == 0 || strcmp(o, "--help") == 0) {
            fputs(usage_text, stdout);
            exit(EXIT_OK);
        } else if (strcmp(o, "--version") == 0) {
            puts("tern-peer " TERN_VERSION);
            exit(EXIT_OK);
        } else if (strcmp(o, "--json") == 0) {
            w->form = PEER_JSON;
        } else if (strcmp(o, "--tap") == 0) {
            w->form = PEER_TAP;
        } else if (strcmp(o, "-x") == 0 || strcmp(o, "--hex") == 0) {
            w->hex = true;
        } else if (strcmp(o, "-q") == 0 || strcmp(o, "--quiet") == 0) {
            w->quiet = true;
        } else if (strcmp(o, "-D") == 0 && i + 1 < argc) {
            take_variable(w, argv[++i]);
        } else if (strcmp(o, "-t") == 0 && i + 1 < argc) {
            w->patience = peer_duration(w, argv[++i]);
        } else {
            usage("unknown option, or one without its argument", o);
        }
    }
    return i;
}

static void clear(struct peer *w)
{
    peer_forget(w);
    while (w->vars) {
        struct peer_var *v = w->vars;
        w->vars = v->next;
        free(v->name);
        free(v->value);
        free(v);
    }
    while (w->kept) {
        struct peer_kept *k = w->kept;
        w->kept = k->next;
        free(k->name);
        wr_free(&k->bytes);
        free(k);
    }
    if (w->listener >= 0)
        close(w->listener);
    wr_free(&w->cork);
    nt_arena_free(w->script);
    nt_arena_free(w->tmp);
}

int main(int argc, char **argv)
{
    struct peer w = { .listener = -1, .patience = 5 * PEER_SECOND, .start = peer_now() };
    w.script = nt_arena_new(0);
    w.tmp = nt_arena_new(0);
    if (!w.script || !w.tmp)
        peer_die(NULL, "no memory");
    wr_init(&w.cork, PEER_BYTES_MAX);
    signal(SIGPIPE, SIG_IGN);
    int i = take_options(&w, argc, argv);
    if (i >= argc)
        usage("no script", NULL);
    if (argc - i > 2)
        usage("too many arguments", argv[i + 2]);
    if (argc - i == 2)
        peer_set_var(&w, "address", argv[i + 1]);
    if (w.form == PEER_TAP)
        puts("TAP version 13");
    peer_run(&w, peer_parse(&w, argv[i]));
    if (w.failed)
        fprintf(stderr, "tern-peer: %s: %s\n", argv[i], w.why);
    peer_show_end(&w);
    int rc = w.failed || w.failures ? EXIT_FAILED : EXIT_OK;
    clear(&w);
    return rc;
}
