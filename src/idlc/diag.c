// SPDX-License-Identifier: Apache-2.0
#include "idlc/idlc.h"

/* The n-th line of a text, without its end; NULL if there is none. */
static const char *nth_line(const char *text, int n, size_t *ret_len)
{
    for (; text && n > 1; n--) {
        text = strchr(text, '\n');
        text = text ? text + 1 : NULL;
    }
    if (!text)
        return NULL;
    *ret_len = strcspn(text, "\r\n");
    return text;
}

static bool word_char(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_';
}

static bool at_token(const char *line, size_t pos, const char *token, size_t len)
{
    return strncmp(line + pos, token, len) == 0 &&
           (!word_char(token[0]) || ((pos == 0 || !word_char(line[pos - 1])) && !word_char(line[pos + len])));
}

/* The preprocessor squeezes blanks and replaces macros, so the column in its output is not the one people
 * see: the k-th such token of its line is the k-th one of the original line. */
static int original_column(const struct loc *loc, const char *line, size_t line_len)
{
    const char *scanned = loc->scan_line;
    if (!scanned || loc->src->scanned == loc->src->text)
        return loc->col;
    size_t at = (size_t)loc->col - 1, len = 0, k = 0;
    if (strcspn(scanned, "\n") <= at)
        return loc->col;
    while (word_char(scanned[at + len]))
        len++;
    len = len ? len : 1;
    for (size_t i = 0; i <= at; i++)
        k += at_token(scanned, i, scanned + at, len);
    for (size_t i = 0; i + len <= line_len; i++)
        if (at_token(line, i, scanned + at, len) && --k == 0)
            return (int)i + 1;
    return loc->col;
}

static void show_text(struct idlc *c, struct loc loc, const char *what, const char *message)
{
    size_t len = 0;
    const char *line = loc.src ? nth_line(loc.src->text, loc.line, &len) : NULL;
    int col = line ? original_column(&loc, line, len) : loc.col;
    struct text *t = &c->messages;
    text_printf(t, "%s:%d:%d: %s: %s\n", loc.src ? loc.src->name : "idlc", loc.line, col, what, message);
    if (line) {
        text_printf(t, "%5d | %.*s\n      | ", loc.line, (int)len, line);
        for (int i = 1; i < col && (size_t)i <= len; i++)
            text_printf(t, "%c", line[i - 1] == '\t' ? '\t' : ' ');
        text_printf(t, "^\n");
    }
}

static void show(struct idlc *c, struct loc loc, const char *what, const char *fmt, va_list ap)
{
    show_text(c, loc, what, pool_vprintf(&c->pool, fmt, ap));
}

void diag_error(struct idlc *c, struct loc loc, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (c->capture) {
        struct problem *p = pool_new(&c->pool, struct problem), **end = &c->capture->problem;
        p->loc = loc;
        p->text = pool_vprintf(&c->pool, fmt, ap);
        while (*end)
            end = &(*end)->next;
        *end = p;
    } else if (++c->n_errors <= MAX_ERRORS) {
        show(c, loc, "error", fmt, ap);
        if (c->n_errors == MAX_ERRORS)
            text_printf(&c->messages, "idlc: too many errors, the rest is not shown\n");
    }
    va_end(ap);
}

static const char *const warning_names[WARN_COUNT] = {
    [WARN_REPLACED] = "replaced", [WARN_DIRECTION] = "direction", [WARN_UNSENDABLE] = "unsendable",
    [WARN_ENUM] = "enum-range",   [WARN_MISPLACED] = "misplaced", [WARN_PIDL] = "pidl",
};

bool diag_option(struct idlc *c, const char *option)
{
    bool off = strncmp(option, "no-", 3) == 0, found = false;
    option += off ? 3 : 0;
    if (strcmp(option, "error") == 0) {
        c->warn_error = !off;
        return true;
    }
    for (int w = 0; w < WARN_COUNT; w++)
        if (strcmp(option, "all") == 0 || strcmp(option, warning_names[w]) == 0) {
            c->warn_off[w] = off;
            found = true;
        }
    return found;
}

/* Only for the file that is compiled: who imports another one cannot mend it. */
void diag_warning(struct idlc *c, enum warning w, struct loc loc, const char *fmt, ...)
{
    if (c->capture || c->warn_off[w] || loc.src == NULL || loc.src->imported || c->n_errors >= MAX_ERRORS ||
        ++c->n_warnings > MAX_WARNINGS)
        return;
    va_list ap;
    va_start(ap, fmt);
    const char *text = pool_vprintf(&c->pool, fmt, ap);
    va_end(ap);
    if (c->warn_error)
        diag_error(c, loc, "%s [-W%s]", text, warning_names[w]);
    else
        show_text(c, loc, "warning", pool_printf(&c->pool, "%s [-W%s]", text, warning_names[w]));
}

void diag_note(struct idlc *c, struct loc loc, const char *fmt, ...)
{
    if (c->capture || c->n_errors >= MAX_ERRORS)
        return;
    va_list ap;
    va_start(ap, fmt);
    show(c, loc, "note", fmt, ap);
    va_end(ap);
}
