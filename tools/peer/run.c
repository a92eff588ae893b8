// SPDX-License-Identifier: Apache-2.0
/* Runs statements. Each command is a function; docs/tern-peer.md describes them. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include "peer.h"

struct line { /* a statement with its variables replaced */
    const struct peer_stmt *s;
    char **words;
    size_t n;
};

static struct line expand(struct peer *w, const struct peer_stmt *s, struct nt_arena *a)
{
    struct line l = { s, peer_alloc(a, (s->n + 1) * sizeof *l.words), s->n };
    for (size_t i = 0; i < s->n; i++)
        l.words[i] = peer_expand(w, s->words[i], a);
    return l;
}

static const char *word(struct peer *w, const struct line *l, size_t i, const char *what)
{
    if (i >= l->n)
        peer_die(w, "%s: %s is missing", l->words[0], what);
    return l->words[i];
}

static void need_conn(struct peer *w)
{
    if (!w->conn)
        peer_die(w, "there is no connection");
}

/* ---- connections ---- */

/* connect [ADDRESS] [as NAME], accept [as NAME] [within TIME] */
static const char *named(struct peer *w, const struct line *l, size_t *at)
{
    if (*at + 1 < l->n && strcmp(l->words[*at], "as") == 0) {
        *at += 2;
        return l->words[*at - 1];
    }
    static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct peer_conn *c = w->conns;
        while (c && strcmp(c->name, names[i]) != 0)
            c = c->next;
        if (!c)
            return names[i];
    }
    return "z";
}

static void too_much(struct peer *w, const struct line *l, size_t at)
{
    if (at < l->n)
        peer_die(w, "%s: '%s' means nothing here", l->words[0], l->words[at]);
}

static void cmd_connect(struct peer *w, const struct line *l)
{
    size_t at = 1;
    const char *address = l->n > 1 && strcmp(l->words[1], "as") != 0 ? l->words[at++] : NULL;
    if (!address)
        address = peer_get_var(w, "address");
    const char *name = named(w, l, &at);
    too_much(w, l, at);
    if (!address)
        peer_die(w, "connect: no address");
    peer_connect(w, address, name);
}

static void cmd_listen(struct peer *w, const struct line *l)
{
    const char *address = l->n > 1 ? l->words[1] : peer_get_var(w, "address");
    too_much(w, l, 2);
    peer_listen(w, address ? address : "127.0.0.1:0");
}

static void cmd_accept(struct peer *w, const struct line *l)
{
    size_t at = 1;
    uint64_t patience = w->patience;
    const char *name = named(w, l, &at);
    if (at + 1 < l->n && strcmp(l->words[at], "within") == 0) {
        patience = peer_duration(w, l->words[at + 1]);
        at += 2;
    }
    too_much(w, l, at);
    peer_accept(w, name, patience);
}

/* nobody [within TIME]: no client comes meanwhile */
static void cmd_nobody(struct peer *w, const struct line *l)
{
    uint64_t patience = PEER_SECOND / 3;
    if (l->n > 2 && strcmp(l->words[1], "within") == 0)
        patience = peer_duration(w, l->words[2]);
    else
        too_much(w, l, 1);
    if (peer_somebody(w, patience))
        peer_fail(w, "somebody connects");
}

static void cmd_use(struct peer *w, const struct line *l)
{
    w->conn = peer_find_conn(w, word(w, l, 1, "a connection"));
}

/* close, reset, half [NAME] */
static void cmd_close(struct peer *w, const struct line *l)
{
    need_conn(w);
    peer_close(w, l->n > 1 ? peer_find_conn(w, l->words[1]) : w->conn, l->words[0]);
}

/* ---- sending ---- */

static void keep(struct peer *w, const char *name, const struct wr *bytes)
{
    struct peer_kept *k = w->kept;
    while (k && strcmp(k->name, name) != 0)
        k = k->next;
    if (!k) {
        k = calloc(1, sizeof *k);
        if (!k || !(k->name = strdup(name)))
            peer_die(w, "no memory");
        wr_init(&k->bytes, PEER_BYTES_MAX);
        k->next = w->kept;
        w->kept = k;
    }
    k->bytes.len = 0;
    wr_bytes(&k->bytes, bytes->base, bytes->len);
}

/* A PDU, sent unless send=no; keep=NAME puts it aside. */
static void send_pdu(struct peer *w, const char *type, char **words, size_t n)
{
    struct peer_args a = peer_args(w, words, n);
    struct wr out;
    need_conn(w);
    const char *name = peer_arg(&a, "keep", NULL), *send = peer_arg(&a, "send", "yes");
    peer_build(w, type, &a, &out);
    peer_args_end(w, &a);
    if (name)
        keep(w, name, &out);
    if (strcmp(send, "no") != 0) {
        peer_show_sent(w, out.base, out.len);
        peer_send(w, out.base, out.len);
    }
    wr_free(&out);
}

static void send_raw(struct peer *w, const char *what, const struct line *l)
{
    struct wr out;
    wr_init(&out, PEER_BYTES_MAX);
    for (size_t i = 2; i < l->n; i++)
        peer_bytes(w, strcmp(what, "text") == 0 ? peer_text(w->tmp, "text:%s", l->words[i]) : l->words[i],
                   &out);
    need_conn(w);
    peer_note(w, "bytes", "%s > %zu bytes", w->conn->name, out.len);
    peer_send(w, out.base, out.len);
    wr_free(&out);
}

/* send PDU ..., send hex BYTES..., send text WORDS... */
static void cmd_send(struct peer *w, const struct line *l)
{
    const char *what = word(w, l, 1, "what");
    if (strcmp(what, "hex") == 0 || strcmp(what, "text") == 0)
        send_raw(w, what, l);
    else
        send_pdu(w, what, l->words + 2, l->n - 2);
}

static void cmd_resend(struct peer *w, const struct line *l)
{
    const char *name = word(w, l, 1, "a name");
    struct peer_kept *k = w->kept;
    while (k && strcmp(k->name, name) != 0)
        k = k->next;
    if (!k)
        peer_die(w, "resend: nothing was kept as %s", name);
    need_conn(w);
    peer_show_sent(w, k->bytes.base, k->bytes.len);
    peer_send(w, k->bytes.base, k->bytes.len);
}

/* split N..., split off: sizes of what is written at once; the last one goes on */
static void cmd_split(struct peer *w, const struct line *l)
{
    w->n_pieces = 0;
    for (size_t i = 1; i < l->n && strcmp(l->words[i], "off") != 0; i++)
        if (w->n_pieces < sizeof w->pieces / sizeof w->pieces[0])
            w->pieces[w->n_pieces++] = (size_t)peer_need_number(w, "split", l->words[i]);
}

static void cmd_gap(struct peer *w, const struct line *l)
{
    w->gap = peer_duration(w, word(w, l, 1, "a time"));
}

/* What is sent in between leaves in one piece, or as `split` says. */
static void cmd_cork(struct peer *w, const struct line *l)
{
    (void)l;
    w->corked = true;
    w->cork.len = 0;
}

static void cmd_uncork(struct peer *w, const struct line *l)
{
    (void)l;
    need_conn(w);
    w->corked = false;
    if (w->cork.st != STATUS_SUCCESS)
        peer_die(w, "more bytes than a script may make");
    peer_send(w, w->cork.base, w->cork.len);
    w->cork.len = 0;
}

/* set NAME=VALUE...: for all PDUs from now on; set alone forgets */
static void cmd_set(struct peer *w, const struct line *l)
{
    struct peer_args a = peer_args(w, l->words + 1, l->n - 1);
    size_t n = l->n > 1 ? w->defaults.n : 0;
    struct peer_arg *all = peer_alloc(w->script, (n + a.n + 1) * sizeof *all);
    if (n)
        memcpy(all, w->defaults.a, n * sizeof *all);
    for (size_t i = 0; i < a.n; i++) {
        all[n] = a.a[i];
        all[n].key = peer_text(w->script, "%s", a.a[i].key);
        all[n].value = peer_text(w->script, "%s", a.a[i].value);
        all[n++].used = true;
    }
    w->defaults = (struct peer_args){ all, n };
}

/* ---- receiving ---- */

static void cmd_expect(struct peer *w, const struct line *l)
{
    need_conn(w);
    (void)word(w, l, 1, "what");
    peer_expect(w, l->words + 1, l->n - 1);
}

static void cmd_within(struct peer *w, const struct line *l)
{
    w->patience = peer_duration(w, word(w, l, 1, "a time"));
}

/* check A OP B */
static void cmd_check(struct peer *w, const struct line *l)
{
    const char *op = word(w, l, 2, "an operator");
    peer_check(w, l->words[1], op, word(w, l, 3, "a value"));
}

/* ---- the rest ---- */

static void cmd_security(struct peer *w, const struct line *l)
{
    const char *name = word(w, l, 1, "a name");
    struct peer_args a = peer_args(w, l->words + 2, l->n - 2);
    peer_security(w, name, &a);
    peer_args_end(w, &a);
}

static void cmd_let(struct peer *w, const struct line *l)
{
    struct peer_args a = peer_args(w, l->words + 1, l->n - 1);
    for (size_t i = 0; i < a.n; i++)
        peer_set_var(w, a.a[i].key, a.a[i].value);
}

/* default NAME=VALUE...: unless the command line, or the script, has said it */
static void cmd_default(struct peer *w, const struct line *l)
{
    struct peer_args a = peer_args(w, l->words + 1, l->n - 1);
    for (size_t i = 0; i < a.n; i++)
        if (!peer_get_var(w, a.a[i].key))
            peer_set_var(w, a.a[i].key, a.a[i].value);
}

static void cmd_sleep(struct peer *w, const struct line *l)
{
    uint64_t ns = peer_duration(w, word(w, l, 1, "a time"));
    struct timespec t = { (time_t)(ns / PEER_SECOND), (long)(ns % PEER_SECOND) };
    while (nanosleep(&t, &t) != 0 && errno == EINTR)
        ;
}

static void cmd_print(struct peer *w, const struct line *l)
{
    char text[512] = "";
    for (size_t i = 1, at = 0; i < l->n && at < sizeof text; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", i > 1 ? " " : "", l->words[i]);
    peer_note(w, "print", "%s", text);
}

static void cmd_fail(struct peer *w, const struct line *l)
{
    peer_fail(w, "%s", l->n > 1 ? l->words[1] : "the script says so");
}

/* start NAME PROGRAM [ARGUMENT...] */
static void cmd_start(struct peer *w, const struct line *l)
{
    (void)word(w, l, 2, "a program");
    peer_start(w, l->words[1], l->words + 2, l->n - 2);
}

static void cmd_wait(struct peer *w, const struct line *l)
{
    const char *name = word(w, l, 1, "a name");
    struct peer_args a = peer_args(w, l->words + 2, l->n - 2);
    peer_wait(w, name, &a);
}

/* ---- control flow: these have blocks, and their words are in the script's arena ---- */

void peer_forget(struct peer *w)
{
    while (w->conns)
        peer_close(w, w->conns, "close");
    while (w->secs) {
        struct peer_sec *s = w->secs;
        w->secs = s->next;
        peer_sec_free(s);
    }
    peer_end_procs(w);
    w->corked = false;
    w->n_pieces = 0;
    w->gap = 0;
}

/* Connections, security contexts and defaults of a case end with it; variables and kept PDUs stay. */
static void cmd_case(struct peer *w, const struct line *l)
{
    if (w->case_name[0])
        peer_die(w, "a case inside of a case");
    peer_forget(w);
    snprintf(w->case_name, sizeof w->case_name, "%s", word(w, l, 1, "a name"));
    bool before = w->failed;
    struct peer_args defaults = w->defaults;
    uint64_t patience = w->patience;
    w->failed = false;
    peer_run(w, l->s->body);
    w->defaults = defaults;
    w->patience = patience;
    w->at = l->s;
    w->cases++;
    w->failures += w->failed;
    peer_show_case(w);
    peer_forget(w);
    w->failed = before;
    w->case_name[0] = 0;
}

static void cmd_repeat(struct peer *w, const struct line *l)
{
    uint64_t n = peer_need_number(w, "repeat", word(w, l, 1, "a number"));
    for (uint64_t i = 0; i < n && !w->failed; i++) {
        peer_set_var(w, "n", peer_text(w->tmp, "%llu", (unsigned long long)i));
        peer_run(w, l->s->body);
    }
}

/* for NAME in WORD... { */
static void cmd_for(struct peer *w, const struct line *l)
{
    const char *name = word(w, l, 1, "a name");
    if (strcmp(word(w, l, 2, "'in'"), "in") != 0)
        peer_die(w, "for NAME in WORD... {");
    for (size_t i = 3; i < l->n && !w->failed; i++) {
        peer_set_var(w, name, l->words[i]);
        peer_run(w, l->s->body);
    }
}

/* if A OP B { */
static void cmd_if(struct peer *w, const struct line *l)
{
    const char *op = word(w, l, 2, "an operator"), *b = word(w, l, 3, "a value");
    bool equal = strcmp(l->words[1], b) == 0;
    if (strcmp(op, "=") != 0 && strcmp(op, "!=") != 0)
        peer_die(w, "if A = B { or if A != B {");
    if (equal == (*op == '='))
        peer_run(w, l->s->body);
}

static struct peer_stmt *definition(struct peer *w, const char *name)
{
    struct peer_stmt *d = w->definitions;
    while (d && strcmp(d->words[1], name) != 0)
        d = d->next;
    return d;
}

/* define NAME [PARAMETER[=VALUE]...] { */
static void cmd_define(struct peer *w, const struct line *l)
{
    struct peer_stmt *d = peer_alloc(w->script, sizeof *d);
    (void)word(w, l, 1, "a name");
    *d = *l->s;
    d->next = w->definitions;
    w->definitions = d;
}

/* do NAME [ARGUMENT...]: parameters are variables like all others */
static void cmd_do(struct peer *w, const struct line *l)
{
    struct peer_stmt *d = definition(w, word(w, l, 1, "a name"));
    if (!d)
        peer_die(w, "nothing is defined as %s", l->words[1]);
    too_much(w, l, d->n);
    for (size_t i = 2; i < d->n; i++) {
        const char *eq = strchr(d->words[i], '=');
        const char *name = eq ? peer_text(w->tmp, "%.*s", (int)(eq - d->words[i]), d->words[i]) : d->words[i];
        if (i >= l->n && !eq)
            peer_die(w, "do %s: %s is missing", l->words[1], name);
        peer_set_var(w, name, i < l->n ? l->words[i] : peer_expand(w, eq + 1, w->tmp));
    }
    peer_run(w, d->body);
}

/* include FILE: beside the file that says so */
static void cmd_include(struct peer *w, const struct line *l)
{
    const char *name = word(w, l, 1, "a file"), *slash = strrchr(l->s->file, '/');
    if (name[0] != '/' && slash)
        name = peer_text(w->script, "%.*s/%s", (int)(slash - l->s->file), l->s->file, name);
    peer_run(w, peer_parse(w, name));
}

static const struct command {
    const char *name;
    void (*fn)(struct peer *w, const struct line *l);
    bool flow; /* what it expands outlives other commands */
    bool block;
} commands[] = {
    { "connect", cmd_connect, false, false },
    { "listen", cmd_listen, false, false },
    { "accept", cmd_accept, false, false },
    { "nobody", cmd_nobody, false, false },
    { "use", cmd_use, false, false },
    { "close", cmd_close, false, false },
    { "reset", cmd_close, false, false },
    { "half", cmd_close, false, false },
    { "send", cmd_send, false, false },
    { "resend", cmd_resend, false, false },
    { "split", cmd_split, false, false },
    { "gap", cmd_gap, false, false },
    { "cork", cmd_cork, false, false },
    { "uncork", cmd_uncork, false, false },
    { "set", cmd_set, false, false },
    { "expect", cmd_expect, false, false },
    { "within", cmd_within, false, false },
    { "check", cmd_check, false, false },
    { "security", cmd_security, false, false },
    { "let", cmd_let, false, false },
    { "default", cmd_default, false, false },
    { "sleep", cmd_sleep, false, false },
    { "print", cmd_print, false, false },
    { "fail", cmd_fail, false, false },
    { "start", cmd_start, false, false },
    { "wait", cmd_wait, false, false },
    { "case", cmd_case, true, true },
    { "repeat", cmd_repeat, true, true },
    { "for", cmd_for, true, true },
    { "if", cmd_if, true, true },
    { "define", cmd_define, true, true },
    { "do", cmd_do, true, false },
    { "include", cmd_include, true, false },
};

static void run_one(struct peer *w, const struct peer_stmt *s)
{
    const struct command *c = NULL;
    nt_arena_reset(w->tmp);
    const char *name = peer_expand(w, s->words[0], w->tmp);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, name) == 0)
            c = &commands[i];
    struct nt_arena *mem = c && c->flow ? nt_arena_new(0) : w->tmp;
    if (!c && !peer_is_pdu(name))
        peer_die(w, "'%s' is not a command", name);
    if (!mem)
        peer_die(w, "no memory");
    if ((c && c->block) != (s->body != NULL))
        peer_die(w, "'%s' %s", name, s->body ? "takes no block" : "wants a block in { }");
    struct line l = expand(w, s, mem);
    if (c)
        c->fn(w, &l);
    else
        send_pdu(w, l.words[0], l.words + 1, l.n - 1);
    if (mem != w->tmp)
        nt_arena_free(mem);
}

void peer_run(struct peer *w, const struct peer_stmt *s)
{
    if (++w->depth > PEER_DEPTH_MAX)
        peer_die(w, "definitions and files are nested more than %u deep", PEER_DEPTH_MAX);
    for (; s && !w->failed; s = s->next) {
        if (!s->n)
            continue; /* an empty block */
        w->at = s;
        run_one(w, s);
    }
    w->depth--;
}
