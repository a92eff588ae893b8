// SPDX-License-Identifier: Apache-2.0
/* What the programs that call Net* functions on a real server share: lines that say ok or not, and strings.
 */
#ifndef TESTS_SYSTEM_NETAPI_CHECK_H
#define TESTS_SYSTEM_NETAPI_CHECK_H

#include <windows.h>
#include <lm.h>
#include <msrpc/netapi.h>
#include <msrpc/unistr.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned failures;
static char16_t *host;

static void check(bool good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void check(bool good, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    printf("%s", good ? "ok " : "not ok ");
    vprintf(fmt, ap);
    putchar('\n');
    va_end(ap);
    failures += !good;
}

/* The status that a call must give; the sentence is shown when it gives another. */
static bool gives(NET_API_STATUS st, NET_API_STATUS want, const char *text)
{
    const char *sentence = net_last_error();
    if (st == want) {
        check(true, "%s", text);
        if (want != NERR_Success && want != ERROR_MORE_DATA && !sentence[0])
            check(false, "%s: has a sentence", text);
    } else {
        check(false, "%s: %u instead of %u (%s)", text, st, want, sentence);
    }
    return st == want;
}

static char16_t *wide(const char *s)
{
    char16_t *w;
    size_t n;
    if (ustr_from_utf8_wtf(s, USTR_NUL, &w, &n) != STATUS_SUCCESS)
        abort();
    return w;
}

static const char *narrow(const WCHAR *w)
{
    static char buf[8][1024];
    static unsigned next;
    char *to = buf[next++ % 8];
    if (!w || ustr_to_utf8_lossy_buf(w, USTR_NUL, to, sizeof buf[0], NULL) != STATUS_SUCCESS)
        strcpy(to, w ? "(too long)" : "(null)");
    return to;
}

#endif
