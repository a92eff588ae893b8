/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the programs that call interfaces on a real server share. Each check is a line "ok TEXT" or "not ok
 * TEXT"; the last line is "done".
 */
#ifndef TESTS_MSRPC_CHECK_H
#define TESTS_MSRPC_CHECK_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <msrpc/rpc.h>
#include <msrpc/unistr.h>

static struct rpc_conn *conn;
static struct nt_arena *mem;

static void check(bool good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void check(bool good, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    printf("%s", good ? "ok " : "not ok ");
    vprintf(fmt, ap);
    putchar('\n');
    va_end(ap);
}

/* The call went through and its result is what it has to be. */
static bool gave(enum nt_status st, uint32_t result, uint32_t want, const char *what)
{
    if (st != STATUS_SUCCESS) {
        check(false, "%s: 0x%08x (%s)", what, (unsigned)st, rpc_conn_error(conn));
        return false;
    }
    if (result == want)
        check(true, "%s", what);
    else
        check(false, "%s: %u (0x%08x) instead of %u", what, result, result, want);
    return result == want;
}

static enum nt_status last;
#define CALLED(r, op, want)                                                                                  \
    (last = op(conn, mem, &(r)), gave(last, (uint32_t)(r).out.result, (uint32_t)(want), strchr(#op, '_') + 1))

static const char *text(const char16_t *s, size_t len)
{
    static char buf[8][512];
    static unsigned next;
    char *to = buf[next++ % 8];
    if (!s || ustr_to_utf8_lossy_buf(s, len, to, sizeof buf[0], NULL) != STATUS_SUCCESS)
        strcpy(to, s ? "(too long)" : "(null)");
    return to;
}

static const char16_t *wide(const char *s)
{
    char16_t *w;
    size_t n;
    if (ustr_from_utf8_wtf(s, USTR_NUL, &w, &n) != STATUS_SUCCESS)
        abort();
    return w;
}

struct suite {
    const char *name;
    int args; /* that it needs behind user and password */
    const struct rpc_interface *iface;
    void (*run)(char **args);
};

static int run(const struct suite *s, char **argv)
{
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct nt_error err = { "" };
    struct rpc_binding *b = NULL;
    co.user = argv[3];
    co.password = argv[4];
    o.error = &err;
    if (rpc_binding_parse(argv[2], &b, &err) != STATUS_SUCCESS ||
        sec_creds_new(&co, &o.creds, &err) != STATUS_SUCCESS ||
        rpc_open(b, s->iface, &o, &conn) != STATUS_SUCCESS) {
        fprintf(stderr, "%s: %s\n", argv[2], err.text);
        return 1;
    }
    s->run(argv + 5);
    rpc_close(conn);
    sec_creds_unref(o.creds);
    rpc_binding_unref(b);
    puts("done");
    return 0;
}

/* PROGRAM SUITE BINDING USER PASSWORD [ARGUMENT...] */
static int run_suite(const struct suite *suites, size_t n, int argc, char **argv) __attribute__((unused));
static int run_suite(const struct suite *suites, size_t n, int argc, char **argv)
{
    const struct suite *s = NULL;
    for (size_t i = 0; argc > 4 && i < n; i++)
        if (strcmp(argv[1], suites[i].name) == 0 && argc - 5 >= suites[i].args)
            s = &suites[i];
    mem = nt_arena_new(0);
    if (!s || !mem) {
        fprintf(stderr, "%s SUITE BINDING USER PASSWORD [ARGUMENT...]\n", argv[0]);
        return 2;
    }
    int bad = run(s, argv);
    nt_arena_free(mem);
    return bad;
}

#endif
