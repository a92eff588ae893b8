// SPDX-License-Identifier: Apache-2.0
/* The frame of the command line: verbs, options, output, credentials, errors. */
#ifndef TOOLS_TERN_H
#define TOOLS_TERN_H

#include <stdio.h>
#include <msrpc/netapi.h>
#include <msrpc/unistr.h>
#include <msrpc/win/windows.h>
#include <msrpc/win/lm.h>

#define TERN_JSON_VERSION 1 /* of the output's shape; changes only when a member's meaning does */

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* One option of a verb. */
struct opt {
    const char *name; /* without the dashes */
    const char *arg;  /* what the argument is, for help; NULL: a switch */
    const char *help;
};

#define MAX_VERB_OPTS 32 /* more than any verb has */
#define MAX_ARGS      64
#define N_OF(a)       (sizeof(a) / sizeof(a)[0])

struct tern {
    const char *prog;
    const struct verb *verb;
    /* what goes for all verbs */
    const char *server, *user, *domain, *password, *ccache, *keytab, *target, *protseq, *provider, *authfile, *mux;
    bool kerberos, ntlm, anonymous, json, no_headings;
    enum sec_level level;
    enum npc_protection protection;
    enum npc_dialect min_dialect, max_dialect;
    unsigned timeout_ms;
    uint16_t port;
    LPWSTR wserver; /* for Net* calls */
    /* the verb's own */
    const char
        *opts[MAX_VERB_OPTS]; /* by position in verb->opts; switches are "" when given; NULL: not given */
    const char *args[MAX_ARGS];
    unsigned n_args;
    const char *object;   /* what is being worked on, for error messages; the first argument to begin with */
    struct nt_arena *mem; /* secret; lives as long as the program */
};

struct verb {
    const char *noun, *name;
    const char *args; /* "NAME..." for help */
    unsigned min_args, max_args;
    const char *help;       /* one line */
    const struct opt *opts; /* terminated by a NULL name */
    int (*run)(struct tern *t);
    bool here; /* no server is asked: no credentials are wanted */
};

extern const struct verb server_verbs[], share_verbs[], session_verbs[], user_verbs[], policy_verbs[],
    group_verbs[], localgroup_verbs[], mux_verbs[];

/* What the options of every verb say of the connection by SMB; others of *o stay. */
void tern_npc_options(const struct tern *t, struct npc_options *o);
const char *tern_cipher_name(enum npc_cipher c);
/* The argument of an option of this verb, "" for a switch, NULL when it was not given. */
const char *tern_opt(const struct tern *t, const char *name);
/* UTF-8 from the command line to UTF-16, in t->mem; ends the program with a usage error if it is not UTF-8.
 * NULL stays NULL. tern_wide_or takes `none` instead of NULL. */
LPWSTR tern_wide(struct tern *t, const char *s);
LPWSTR tern_wide_or(struct tern *t, const char *s, const char *none);
/* Argument i as UTF-16; from now on error messages name it. */
LPWSTR tern_arg(struct tern *t, unsigned i);
/* A verb that does one thing with each argument (the first `fixed` ones are not among them): stops at the
 * first failure. what, done: "user", "deleted". */
int tern_each(struct tern *t, unsigned fixed, NET_API_STATUS (*one)(struct tern *t, LPWSTR name),
              const char *what, const char *done);
/* A number option, or `none`; a usage error if it is no number in range. */
uint32_t tern_number(struct tern *t, const char *name, uint32_t none, uint32_t max);
/* A secret from standard input (one line, without its end), or asked for on the terminal without echo. NULL
 * after having said why. */
char *tern_read_secret(struct tern *t, bool from_stdin, const char *prompt);
/* The same for a new password: on the terminal it is asked for twice. */
char *tern_new_secret(struct tern *t, bool from_stdin, const char *prompt);
/* Says what is wrong with the command line and how it goes; returns EXIT_USAGE. */
int tern_usage(struct tern *t, const char *fmt, ...) NT_PRINTF(2, 3);

/* `tern rpc VERB ...`: becomes the program that has the verb. EXIT_* if there is none. */
int tern_rpc(struct tern *t, int argc, char **argv);
void tern_rpc_help(FILE *f);

/* Looks at the answer of a Net* call. True if it succeeded; else prints name, number, sentence and help to
 * standard error (as JSON with --json). */
bool tern_ok(struct tern *t, NET_API_STATUS st);
/* The same for what failed below NetAPI, with the sentence that is known; context and hint may be NULL. Returns
 * EXIT_FAILED. */
int tern_failed(struct tern *t, enum nt_status nt, const char *text, const char *context, const char *hint);
/* UTF-8 as a JSON string. */
void tern_json_text(FILE *f, const char *s);
/* Prints a done message for people ("user alice added"), nothing with --json but {"version": 1, "done":
 * true}. */
int tern_done(struct tern *t, const char *fmt, ...) NT_PRINTF(2, 3);

/* The file of -A: user, domain and password where they are not given. False after having said why. */
bool tern_read_authfile(struct tern *t, const char *path, const char **password);
/* Credentials for t->server from options, TERN_* variables, or a prompt. EXIT_*. */
int tern_auth(struct tern *t, struct sec_creds **ret_creds);

/* ---- command line: cmdline.c ---- */
/* Options and arguments behind noun and verb, by t->verb; EXIT_OK to go on, -1 for --help, else the exit status
 * after having said what is wrong. */
int tern_parse(struct tern *t, int argc, char **argv);
void tern_help_options(FILE *f, const struct verb *v);
/* A socket must not become standard output because that was closed. */
void tern_occupy_std(void);

/* ---- output: a list of rows, as a table or as JSON ---- */

/* COL_TEXT: a text that may be cut where the terminal is too narrow (never in a pipe). */
enum col_kind { COL_STR, COL_TEXT, COL_NUM, COL_HEX, COL_BOOL, COL_TIME, COL_AGE, COL_LIST };
struct col {
    const char *key;   /* member's name in JSON */
    const char *title; /* heading; NULL: only in JSON (and in the list of one object) */
    enum col_kind kind;
};
struct out;
/* EXIT_OK, or EXIT_FAILED after having said that the output could not be written. */
int out_flush(void);
/* plural: the list's name ("users"). one: a single object, shown as name and value lines on a terminal. */
struct out *out_begin(struct tern *t, const char *plural, const struct col *cols, size_t n_cols, bool one);
void out_row(struct out *o);
/* Values in the order of the columns. */
void out_wstr(struct out *o, const WCHAR *s);   /* COL_STR, COL_TEXT; NULL: null */
void out_str(struct out *o, const char *s);     /* COL_STR, UTF-8 */
void out_num(struct out *o, uint64_t v);        /* COL_NUM, COL_HEX, COL_AGE (seconds) */
void out_int(struct out *o, int64_t v);         /* COL_NUM */
void out_null(struct out *o, const char *text); /* any kind: null in JSON, the text ("never") for people */
void out_sid(struct out *o, const SID *sid);    /* COL_STR; NULL: null */
void out_bool(struct out *o, bool v);
void out_time(struct out *o, uint32_t unix_seconds);              /* COL_TIME */
void out_list(struct out *o, const char *const *names, size_t n); /* COL_LIST: flags by name */
/* Prints and frees; EXIT_OK, or EXIT_FAILED when the output could not be written. */
int out_end(struct out *o);
/* The end of an enumeration whose last call answered st. After a failure what came before it is still
 * printed, and the JSON object says "complete": false; nothing at all is printed if the first call failed. */
int out_end_list(struct out *o, NET_API_STATUS st);

#endif
