// SPDX-License-Identifier: Apache-2.0
/*
 * tern-peer: a client or server of DCE/RPC that follows a script. main.c is the command line, script.c reads
 * scripts, run.c runs them, conn.c moves bytes, build.c makes PDUs, expect.c compares what came, auth.c
 * authenticates and protects, proc.c runs programs, show.c prints.
 */
#ifndef TOOLS_PEER_H
#define TOOLS_PEER_H

#include <stdio.h>
#include <sys/types.h>
#include "rpc/pdu.h"
#include "sec/sec.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Bytes of one PDU or piece that a script may make: far more than a fragment, so that scripts can flood. */
#define PEER_BYTES_MAX ((size_t)64 << 20)
/* How deep blocks, definitions and included files may nest: a definition that calls itself ends here. */
#define PEER_DEPTH_MAX 40u
#define PEER_SECOND    UINT64_C(1000000000)

/* ---- script.c ---- */

struct peer_stmt {
    struct peer_stmt *next, *body;
    const char *file;
    unsigned line;
    char **words; /* as written: variables are replaced when the statement runs */
    size_t n;
};

/* "key=value" as an argument of a command; op is one of = != >= <= ~ !~ */
struct peer_arg {
    const char *key, *value;
    char op[3];
    bool used;
};

struct peer_args {
    struct peer_arg *a;
    size_t n;
};

/* ---- what is there while a script runs ---- */

struct peer_field { /* of a PDU: for expect, $rx.NAME and the output */
    const char *name, *text;
    uint64_t number;
    bool is_number;
};

#define PEER_FIELDS_MAX 160u
struct peer_fields {
    struct nt_arena *mem;
    struct peer_field f[PEER_FIELDS_MAX];
    size_t n;
};

struct peer_conn {
    struct peer_conn *next;
    char name[32], address[128];
    int fd;
    struct wr in; /* received, not yet looked at */
    bool ended, accepted;
    uint32_t call_id;      /* of the next PDU that starts something */
    struct peer_fields rx; /* of the PDU that came last */
    struct wr pdu;         /* its bytes, after unprotecting */
};

/* A security context: what a provider of libntbase holds, and how PDUs name it. */
struct peer_sec {
    struct peer_sec *next;
    char name[32];
    struct peer_conn *conn; /* where it is used; NULL: nowhere yet */
    const struct sec_provider *provider;
    struct sec_ctx *ctx;
    struct sec_params params;
    struct sec_acceptor acceptor;
    struct sec_creds *creds;
    struct nt_error err;
    uint8_t nt_hash[16];
    unsigned level;
    uint32_t id;
    bool established, header_sign, covers_header;
    struct wr token; /* to be sent next */
};

struct peer_var {
    struct peer_var *next;
    char *name, *value;
};

struct peer_kept { /* bytes that a script wants to send again */
    struct peer_kept *next;
    char *name;
    struct wr bytes;
};

struct peer_proc {
    struct peer_proc *next;
    char name[32];
    pid_t pid;
    FILE *out;
};

enum peer_form { PEER_TEXT, PEER_TAP, PEER_JSON };

struct peer {
    enum peer_form form;
    bool quiet, hex;
    struct nt_arena *script; /* statements, and what control flow needs; freed at the end */
    struct nt_arena *tmp;    /* of one command */
    struct peer_stmt *definitions;
    struct peer_var *vars;
    struct peer_conn *conns, *conn; /* conn: the one that commands are about */
    struct peer_sec *secs;
    struct peer_kept *kept;
    struct peer_proc *procs;
    int listener;
    const struct peer_stmt *at;
    unsigned depth;
    uint64_t start, patience; /* ns */
    size_t pieces[64];
    size_t n_pieces;
    uint64_t gap;
    bool corked;
    struct wr cork;
    struct peer_args defaults; /* of `set` */
    char case_name[160];
    bool failed; /* the case, or what stands outside of any */
    char why[1024];
    unsigned cases, failures;
};

/* ---- main.c ---- */
/* A mistake in the script or the command line: says so and ends the program. */
__attribute__((format(printf, 2, 3), noreturn)) void peer_die(const struct peer *w, const char *fmt, ...);
/* The peer did not do what was expected: the case has failed. */
__attribute__((format(printf, 2, 3))) void peer_fail(struct peer *w, const char *fmt, ...);
void *peer_alloc(struct nt_arena *a, size_t n);
__attribute__((format(printf, 2, 3))) char *peer_text(struct nt_arena *a, const char *fmt, ...);
uint64_t peer_now(void);

/* ---- script.c ---- */
struct peer_stmt *peer_parse(struct peer *w, const char *file);
void peer_set_var(struct peer *w, const char *name, const char *value);
const char *peer_get_var(struct peer *w, const char *name);
/* Variables replaced, in memory of `a`. */
char *peer_expand(struct peer *w, const char *word, struct nt_arena *a);
bool peer_number(const char *s, uint64_t *ret);
uint64_t peer_need_number(struct peer *w, const char *what, const char *s);
uint64_t peer_duration(struct peer *w, const char *s); /* "5s", "200ms", "3" (seconds) */
/* Bytes as scripts write them: pieces with commas between, see the manual page. */
void peer_bytes(struct peer *w, const char *s, struct wr *out);
struct peer_args peer_args(struct peer *w, char **words, size_t n);
const char *peer_arg(struct peer_args *a, const char *key, const char *otherwise);
uint64_t peer_arg_number(struct peer *w, struct peer_args *a, const char *key, uint64_t otherwise);
void peer_args_end(const struct peer *w, const struct peer_args *a); /* dies where one was not used */

/* ---- run.c ---- */
void peer_run(struct peer *w, const struct peer_stmt *s);
void peer_forget(struct peer *w); /* connections, security contexts, programs */

/* ---- conn.c ---- */
void peer_connect(struct peer *w, const char *address, const char *name);
void peer_listen(struct peer *w, const char *address);
void peer_accept(struct peer *w, const char *name, uint64_t patience);
/* Does a client wait to be accepted, now or before the time is up? */
bool peer_somebody(struct peer *w, uint64_t patience);
struct peer_conn *peer_find_conn(struct peer *w, const char *name);
void peer_close(struct peer *w, struct peer_conn *c, const char *how);
void peer_send(struct peer *w, const uint8_t *p, size_t n);
/* At least n bytes in c->in. 1; 0: time is up; -1: the connection has ended. */
int peer_need(struct peer *w, struct peer_conn *c, size_t n, uint64_t until);

/* ---- build.c ---- */
void peer_build(struct peer *w, const char *type, struct peer_args *a, struct wr *out);
bool peer_is_pdu(const char *type);
struct rpc_syntax peer_syntax(struct peer *w, const char *s);
const char *peer_syntax_name(struct nt_arena *a, const struct rpc_syntax *s);
unsigned peer_flags(struct peer *w, const char *s);

/* ---- expect.c ---- */
void peer_expect(struct peer *w, char **words, size_t n);
void peer_check(struct peer *w, const char *a, const char *op, const char *b);
/* What a PDU says; false, with a reason, if it is none. */
bool peer_fields_of(struct peer_fields *f, const uint8_t *p, size_t n, const char **ret_why);
const struct peer_field *peer_field(const struct peer_fields *f, const char *name);
void peer_put_field(struct peer_fields *f, const char *name, const char *text);
/* The code of a fault, by name or number. */
bool peer_code(const char *s, uint64_t *ret);
const char *peer_type_name(unsigned ptype);

/* ---- auth.c ---- */
void peer_security(struct peer *w, const char *name, struct peer_args *a);
struct peer_sec *peer_find_sec(struct peer *w, const char *name);
/* Ends the PDU in out that starts at 0 with a trailer: a token of the kinds that build a context, else a
 * signature. hdr: bytes before the stub. */
void peer_protect(struct peer *w, struct peer_sec *s, struct peer_args *a, bool big, size_t hdr,
                  struct wr *out);
/* What came in: steps or unprotects. Gives "ok", "none", "unknown", "unsigned", or why not. */
const char *peer_unprotect(struct peer *w, struct peer_conn *c, uint8_t *p, size_t n,
                           const struct rpc_pdu *d);
void peer_sec_free(struct peer_sec *s);

/* ---- proc.c ---- */
void peer_start(struct peer *w, const char *name, char **words, size_t n);
void peer_wait(struct peer *w, const char *name, struct peer_args *a);
void peer_end_procs(struct peer *w);

/* ---- show.c ---- */
void peer_show_sent(struct peer *w, const uint8_t *p, size_t n);
void peer_show_received(struct peer *w, const struct peer_conn *c, const uint8_t *p, size_t n);
__attribute__((format(printf, 3, 4))) void peer_note(struct peer *w, const char *event, const char *fmt, ...);
void peer_show_case(struct peer *w);
void peer_show_end(struct peer *w);

#endif
