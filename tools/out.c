// SPDX-License-Identifier: Apache-2.0
/* Lists of rows: a libsmartcols table for people, one JSON object for programs. */
#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <libsmartcols.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "tern.h"

struct out {
    struct tern *t;
    const char *plural;
    const struct col *cols;
    size_t n_cols, col, rows;
    bool one;
    struct libscols_table *table;
    struct libscols_line *line;
};

static void no_memory(void)
{
    fputs("tern: out of memory\n", stderr);
    exit(EXIT_FAILED);
}

/* UTF-16 as a JSON string. A lone surrogate, which NT allows and UTF-8 does not, keeps its value as \udXXX.
 */
static void json_wide(const WCHAR *w)
{
    const char16_t *s = (const char16_t *)w;
    putchar('"');
    for (; *s; s++) {
        char16_t c = *s;
        if (c == '"' || c == '\\') {
            printf("\\%c", c);
        } else if (c < 0x20 ||
                   (c >= 0x7f && c < 0xa0)) { /* 0x9b is a terminal's escape sequence in one character */
            printf("\\u%04x", c);
        } else if (c < 0x80) {
            putchar(c);
        } else {
            bool pair = c >= 0xd800 && c < 0xdc00 && s[1] >= 0xdc00 && s[1] < 0xe000;
            char utf8[8];
            if (ustr_to_utf8_buf(s, pair ? 2 : 1, utf8, sizeof utf8, NULL) == STATUS_SUCCESS) {
                fputs(utf8, stdout);
                s += pair;
            } else {
                printf("\\u%04x", c);
            }
        }
    }
    putchar('"');
}

static void json_narrow(const char *s)
{
    char16_t *w;
    if (ustr_from_utf8_lossy(s, USTR_NUL, &w, NULL) != STATUS_SUCCESS)
        no_memory();
    json_wide((const WCHAR *)w);
    free(w);
}

/* Tables need to know how wide characters are. Where the locale is that of bare C, UTF-8 is assumed:
 * arguments are UTF-8 in any case. */
static void table_locale(void)
{
    if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "ANSI_X3.4-1968") == 0)
        setlocale(LC_CTYPE, "C.UTF-8");
}

static void add_columns(struct out *o)
{
    if (o->one) {
        scols_table_new_column(o->table, "NAME", 0, 0);
        scols_table_new_column(o->table, "VALUE", 0, SCOLS_FL_WRAP);
        return;
    }
    for (size_t i = 0; i < o->n_cols; i++) {
        enum col_kind k = o->cols[i].kind;
        int flags = k == COL_NUM || k == COL_AGE ? SCOLS_FL_RIGHT : k == COL_TEXT ? SCOLS_FL_TRUNC : 0;
        if (o->cols[i].title && !scols_table_new_column(o->table, o->cols[i].title, 0, flags))
            no_memory();
    }
}

struct out *out_begin(struct tern *t, const char *plural, const struct col *cols, size_t n_cols, bool one)
{
    struct out *o = calloc(1, sizeof *o);
    if (!o)
        no_memory();
    *o = (struct out){ .t = t, .plural = plural, .cols = cols, .n_cols = n_cols, .one = one };
    if (t->json)
        return o;
    table_locale();
    o->table = scols_new_table();
    if (!o->table)
        no_memory();
    scols_table_enable_noheadings(o->table, one || t->no_headings);
    add_columns(o);
    return o;
}

/* Nothing is printed before the first row, so that a failed call leaves standard output empty. */
static void json_head(const struct out *o)
{
    printf("{\"version\": %d, \"%s\": [", TERN_JSON_VERSION, o->plural);
}

static void row_end(struct out *o)
{
    if (o->rows && o->t->json)
        putchar('}');
}

void out_row(struct out *o)
{
    row_end(o);
    if (o->t->json && !o->rows)
        json_head(o);
    if (o->t->json)
        fputs(o->rows ? ",\n  {" : "\n  {", stdout);
    else if (!o->one && !(o->line = scols_table_new_line(o->table, NULL)))
        no_memory();
    o->rows++;
    o->col = 0;
}

/* The place of the next value: its column, with everything in front of it printed in JSON. */
static const struct col *next(struct out *o)
{
    const struct col *c = &o->cols[o->col++];
    if (o->t->json)
        printf("%s\"%s\": ", o->col > 1 ? ", " : "", c->key);
    return c;
}

/* A value for people. What a server sent must not play with the terminal: control characters become '?'. */
static void cell(struct out *o, const struct col *c, const char *text)
{
    char *clean = strdup(text);
    if (!clean)
        no_memory();
    for (char *p = clean; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
        else if ((unsigned char)*p == 0xc2 && (unsigned char)p[1] >= 0x80 &&
                 (unsigned char)p[1] < 0xa0) /* U+0080 .. U+009F */
            *p = p[1] = '?';
    if (o->one) {
        struct libscols_line *l = scols_table_new_line(o->table, NULL);
        if (!l || scols_line_set_data(l, 0, c->title ? c->title : c->key) ||
            scols_line_refer_data(l, 1, clean))
            no_memory();
        return;
    }
    size_t at = 0;
    for (const struct col *k = o->cols; k < c; k++)
        at += k->title != NULL;
    if (!c->title)
        free(clean);
    else if (scols_line_refer_data(o->line, at, clean))
        no_memory();
}

void out_wstr(struct out *o, const WCHAR *s)
{
    const struct col *c = next(o);
    if (o->t->json) {
        if (s)
            json_wide(s);
        else
            fputs("null", stdout);
        return;
    }
    char *utf8;
    if (ustr_to_utf8_lossy(s ? (const char16_t *)s : u"", USTR_NUL, &utf8, NULL) != STATUS_SUCCESS)
        no_memory();
    cell(o, c, utf8);
    free(utf8);
}

void out_str(struct out *o, const char *s)
{
    const struct col *c = next(o);
    if (!o->t->json)
        cell(o, c, s ? s : "");
    else if (s)
        json_narrow(s);
    else
        fputs("null", stdout);
}

static void age_text(uint64_t seconds, char *buf, size_t size)
{
    if (seconds >= 86400)
        snprintf(buf, size, "%" PRIu64 "d%02" PRIu64 "h", seconds / 86400, seconds / 3600 % 24);
    else if (seconds >= 3600)
        snprintf(buf, size, "%" PRIu64 "h%02" PRIu64 "m", seconds / 3600, seconds / 60 % 60);
    else
        snprintf(buf, size, "%" PRIu64 "m%02" PRIu64 "s", seconds / 60, seconds % 60);
}

void out_num(struct out *o, uint64_t v)
{
    const struct col *c = next(o);
    char buf[32];
    if (!o->t->json && c->kind == COL_AGE)
        age_text(v, buf, sizeof buf);
    else
        snprintf(buf, sizeof buf, !o->t->json && c->kind == COL_HEX ? "0x%" PRIx64 : "%" PRIu64, v);
    if (o->t->json)
        fputs(buf, stdout);
    else
        cell(o, c, buf);
}

void out_bool(struct out *o, bool v)
{
    const struct col *c = next(o);
    if (o->t->json)
        fputs(v ? "true" : "false", stdout);
    else
        cell(o, c, v ? "yes" : "no");
}

void out_int(struct out *o, int64_t v)
{
    const struct col *c = next(o);
    char buf[32];
    snprintf(buf, sizeof buf, "%" PRId64, v);
    if (o->t->json)
        fputs(buf, stdout);
    else
        cell(o, c, buf);
}

void out_null(struct out *o, const char *text)
{
    const struct col *c = next(o);
    if (o->t->json)
        fputs("null", stdout);
    else
        cell(o, c, text);
}

void out_sid(struct out *o, const SID *sid)
{
    struct nt_sid s = { 0 };
    char buf[NT_SID_STRLEN + 1];
    if (!sid || sid->SubAuthorityCount > NT_SID_MAX_SUB) {
        out_str(o, NULL);
        return;
    }
    memcpy(&s, sid, 8 + 4u * sid->SubAuthorityCount); /* the same layout */
    out_str(o, nt_sid_format(&s, buf));
}

/* RFC 3339, UTC in JSON; local time for people. */
void out_time(struct out *o, uint32_t unix_seconds)
{
    const struct col *c = next(o);
    char buf[40];
    struct tm tm;
    time_t when = (time_t)unix_seconds;
    if (o->t->json) {
        if (gmtime_r(&when, &tm) && strftime(buf, sizeof buf, "\"%Y-%m-%dT%H:%M:%SZ\"", &tm))
            fputs(buf, stdout);
        else
            fputs("null", stdout);
        return;
    }
    if (localtime_r(&when, &tm) && strftime(buf, sizeof buf, "%Y-%m-%d %H:%M:%S", &tm))
        cell(o, c, buf);
    else
        cell(o, c, "-");
}

void out_list(struct out *o, const char *const *names, size_t n)
{
    const struct col *c = next(o);
    char buf[512] = "";
    size_t len = 0;
    if (o->t->json) {
        putchar('[');
        for (size_t i = 0; i < n; i++)
            printf("%s\"%s\"", i ? ", " : "", names[i]);
        putchar(']');
        return;
    }
    for (size_t i = 0; i < n && len < sizeof buf; i++)
        len += (size_t)snprintf(buf + len, sizeof buf - len, "%s%s", i ? " " : "", names[i]);
    cell(o, c, buf);
}

int out_flush(void)
{
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "tern: cannot write the output: %s\n", strerror(errno));
        return EXIT_FAILED;
    }
    return EXIT_OK;
}

static int finish(struct out *o)
{
    if (o->table)
        scols_unref_table(o->table);
    free(o);
    return out_flush();
}

int out_end(struct out *o)
{
    row_end(o);
    if (o->t->json) {
        if (!o->rows)
            json_head(o);
        puts(o->rows ? "\n]}" : "]}");
    } else if (o->rows && scols_print_table(o->table)) {
        no_memory();
    }
    return finish(o);
}

int out_end_list(struct out *o, NET_API_STATUS st)
{
    struct tern *t = o->t;
    if (st == NERR_Success)
        return out_end(o);
    row_end(o);
    if (t->json && o->rows)
        puts("\n], \"complete\": false}");
    else if (o->rows)
        scols_print_table(o->table);
    finish(o);
    tern_ok(t, st);
    return EXIT_FAILED;
}
