// SPDX-License-Identifier: Apache-2.0
/*
 * tern-rpc: tern rpc list, show, call, encode, decode. A program of its own, which tern runs, so that other
 * verbs do not load the descriptions of all interfaces.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "rpc.h"

/* A stub has at most 64 MiB; as text each byte takes two digits. */
#define MAX_FILE ((size_t)192 << 20)

static const struct opt call_opts[] = {
    { "binding", "STRING", "string binding instead of -S and --transport" },
    { "dry-run", NULL, "print the request as it would go out, as JSON and as a stub" },
    { "ndr64", NULL, "with --dry-run: a stub in NDR64" },
    { "script", "FILE", "an array of calls, on connections that stay open" },
    { NULL, NULL, NULL },
};
static const struct opt facts_opts[] = {
    { "binding", "STRING", "string binding instead of -S and --transport" },
    { NULL, NULL, NULL },
};
static const struct opt stub_opts[] = {
    { "ndr64", NULL, "the stub is in NDR64" },
    { "big-endian", NULL, "the stub is big endian" },
    { "hex", NULL, "the files hold hexadecimal digits" },
    { "request", "FILE", "stub of the request that a response belongs to" },
    { "line", NULL, "one line for people" },
    { NULL, NULL, NULL },
};
static const struct opt encode_opts[] = {
    { "ndr64", NULL, "in NDR64" },
    { "request", "JSON", "request that a response belongs to" },
    { "output", "FILE", "write the bytes there instead of digits to standard output" },
    { NULL, NULL, NULL },
};

const struct verb rpc_verbs[] = {
    { "rpc", "list", "[INTERFACE]", 0, 1, "the interfaces, or the operations of one", NULL, rpc_list },
    { "rpc", "show", "INTERFACE[.NAME]", 1, 1, "an interface, operation or type; --json: as JSON Schema",
      NULL, rpc_show },
    { "rpc", "call", "INTERFACE.OP [JSON]", 0, 2, "calls an operation, with its request as JSON", call_opts,
      rpc_call_verb },
    { "rpc", "facts", "INTERFACE", 1, 1, "binds the interface and prints what was negotiated, as JSON",
      facts_opts, rpc_facts_verb },
    { "rpc", "encode", "INTERFACE.OP in|out JSON", 3, 3, "the stub for some JSON", encode_opts, rpc_encode },
    { "rpc", "decode", "INTERFACE.OP in|out FILE", 3, 3, "a stub as text or, with --json, as JSON", stub_opts,
      rpc_decode_verb },
    { NULL, NULL, NULL, 0, 0, NULL, NULL, NULL },
};

/* ---- helpers ---- */

void *rpc_need(void *p)
{
    if (!p) {
        fputs("tern: out of memory\n", stderr);
        exit(EXIT_FAILED);
    }
    return p;
}

int rpc_flush(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EXIT_OK;
    fprintf(stderr, "tern: standard output: %s\n", strerror(errno));
    return EXIT_FAILED;
}

/* A sentence as a JSON string; it has no control characters (nt_error_set). */
static void json_sentence(FILE *f, const char *s)
{
    fputc('"', f);
    for (; s && *s; s++)
        fprintf(f, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
    fputc('"', f);
}

static int say_code(struct tern *t, unsigned code, bool werror, const char *context)
{
    const char *name = werror ? werror_name((enum werror)code) : nt_status_name((enum nt_status)code);
    const char *text = werror ? werror_text((enum werror)code) : nt_status_text((enum nt_status)code);
    if (t->json) {
        fprintf(stderr, "{\"version\": %d, \"error\": {\"code\": %u, \"name\": ", TERN_JSON_VERSION, code);
        if (name)
            json_sentence(stderr, name);
        else
            fputs("null", stderr);
        fputs(", \"object\": ", stderr);
        json_sentence(stderr, t->object);
        fputs(", \"text\": ", stderr);
        json_sentence(stderr, text);
        fputs(", \"context\": ", stderr);
        json_sentence(stderr, context);
        fputs("}}\n", stderr);
        return EXIT_FAILED;
    }
    fprintf(stderr, werror ? "tern: rpc %s%s%s: %s (%u): %s\n" : "tern: rpc %s%s%s: %s (0x%08x): %s\n",
            t->verb->name, t->object ? " " : "", t->object ? t->object : "", name ? name : "error", code,
            text ? text : "no text is known for this code");
    if (context && *context)
        fprintf(stderr, "  %s\n", context);
    return EXIT_FAILED;
}

int rpc_failed(struct tern *t, enum nt_status st, const char *context)
{
    return say_code(t, (unsigned)st, false, context);
}

int rpc_failed_werror(struct tern *t, enum werror code, const char *context)
{
    return say_code(t, (unsigned)code, true, context);
}

int rpc_bad_json(struct tern *t, enum nt_status st, const char *arg, const char *why)
{
    if (t->json || st != STATUS_INVALID_PARAMETER)
        rpc_failed(t, st, why);
    else if (arg[0] == '@')
        fprintf(stderr, "tern: %s:%s\n", arg + 1, why);
    else
        fprintf(stderr, "tern: rpc %s %s: JSON %s\n", t->verb->name, t->object, why);
    return EXIT_USAGE;
}

bool rpc_read_file(struct tern *t, const char *path, struct nt_blob *ret)
{
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    size_t cap = 65536, len = 0;
    uint8_t *buf = rpc_need(malloc(cap));
    ssize_t n = 0;
    while (fd >= 0 && len < MAX_FILE && (n = read(fd, buf + len, cap - len - 1)) != 0) {
        if (n < 0 && errno != EINTR)
            break;
        len += n > 0 ? (size_t)n : 0;
        if (len + 1 == cap)
            buf = rpc_need(realloc(buf, cap *= 2));
    }
    bool ok = fd >= 0 && n == 0 && len < MAX_FILE;
    if (!ok)
        fprintf(stderr, "tern: cannot read %s: %s\n", path,
                len >= MAX_FILE ? "it is too long" : strerror(errno));
    if (fd > STDIN_FILENO)
        close(fd);
    if (ok) {
        uint8_t *copy = rpc_need(nt_arena_alloc(t->mem, len + 1, 8));
        memcpy(copy, buf, len);
        *ret = (struct nt_blob){ copy, len };
    }
    nt_wipe(buf, len);
    free(buf);
    return ok;
}

/* ---- names ---- */

const struct rpc_info_interface *rpc_named_interface(struct tern *t, const char *name, const char **ret_rest)
{
    const char *dot = strchr(name, '.');
    char *iface = rpc_need(nt_arena_strdup(t->mem, name));
    if (dot)
        iface[dot - name] = 0;
    const struct rpc_info_interface *i = rpc_info_find(iface);
    if (!i)
        fprintf(stderr, "tern: there is no interface '%s'; 'tern rpc list' has all\n", iface);
    *ret_rest = dot ? dot + 1 : NULL;
    return i;
}

const struct rpc_info_op *rpc_op_of(const struct rpc_info_interface *i, const char *name)
{
    char *end;
    const struct rpc_info_op *op = rpc_info_find_op(i, name);
    if (op || !isdigit((unsigned char)*name))
        return op;
    unsigned long n = strtoul(name, &end, 10);
    return *end == 0 && n <= UINT16_MAX ? rpc_info_opnum(i, (uint32_t)n) : NULL;
}

bool rpc_named_op(struct tern *t, const char *name, const struct rpc_info_interface **ret_i,
                  const struct rpc_info_op **ret_op)
{
    const char *rest;
    *ret_i = rpc_named_interface(t, name, &rest);
    if (!*ret_i)
        return false;
    *ret_op = rest ? rpc_op_of(*ret_i, rest) : NULL;
    if (!rest || !*rest)
        fprintf(stderr, "tern: an operation is %s.NAME; 'tern rpc list %s' has the names\n", (*ret_i)->name,
                (*ret_i)->name);
    else if (!*ret_op)
        fprintf(stderr, "tern: interface %s has no operation '%s'; 'tern rpc list %s' has all\n",
                (*ret_i)->name, rest, (*ret_i)->name);
    return *ret_op != NULL;
}

/* ---- main ---- */

static int run(struct tern *t, int argc, char **argv)
{
    const char *name = argc > 2 ? argv[2] : "";
    for (t->verb = rpc_verbs; t->verb->name && strcmp(t->verb->name, name) != 0; t->verb++)
        ;
    if (!t->verb->name) {
        t->verb = NULL;
        return tern_usage(t, "'tern rpc' has no verb '%s'", name);
    }
    int rc = tern_parse(t, argc - 3, argv + 3);
    if (rc == -1) {
        printf("Usage: tern rpc %s [OPTIONS] %s\n%s.\n", t->verb->name, t->verb->args, t->verb->help);
        tern_help_options(stdout, t->verb);
        return rpc_flush();
    }
    if (rc)
        return rc;
    const char *env = getenv("TERN_SERVER");
    if (!t->server)
        t->server = env && env[0] ? env : "localhost";
    t->object = t->n_args ? t->args[0] : NULL;
    return t->verb->run(t);
}

/* tern-rpc rpc VERB ..., as tern runs it. */
int main(int argc, char **argv)
{
    static struct tern t;
    tern_occupy_std();
    t.prog = argv[0];
    t.mem = rpc_need(nt_arena_new_secret(0));
    int rc = run(&t, argc, argv);
    nt_arena_free(t.mem);
    return rc;
}
