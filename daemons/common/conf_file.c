// SPDX-License-Identifier: Apache-2.0
/*
 * Reading of the configuration: lines "key = value", and "#" for comments, also behind a value and a blank.
 * All that is wrong is said, with file and line.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>
#include <msrpc/unistr.h>
#include "conf.h"

/* What a configuration may take in all, with the directory names that relative paths get. */
#define CONF_MEMORY ((size_t)4 << 20)

struct conf_reader {
    struct conf *c;
    const struct conf_options *o;
    const char *file;
    unsigned line, wrong;
    unsigned lines[CONF_KEYS_MAX]; /* where each key was set; 0: nowhere */
    conf_complain_fn *complain;
    void *arg;
};

void conf_complain(struct conf_reader *r, const char *format, ...)
{
    char sentence[512], where[256] = "";
    va_list ap;
    va_start(ap, format);
    vsnprintf(sentence, sizeof sentence, format, ap);
    va_end(ap);
    if (r->file && r->line)
        snprintf(where, sizeof where, "%s:%u: ", r->file, r->line);
    else if (r->file)
        snprintf(where, sizeof where, "%s: ", r->file);
    char all[sizeof where + sizeof sentence];
    snprintf(all, sizeof all, "%s%s", where, sentence);
    for (char *p = all; *p; p++) /* a file may have anything in it */
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = '?';
    r->wrong++;
    r->complain(r->arg, all);
}

static bool is_blank(char ch)
{
    return ch == ' ' || ch == '\t' || ch == '\r';
}

static void strip(const char **text, size_t *len)
{
    while (*len && is_blank(**text))
        (*text)++, (*len)--;
    while (*len && is_blank((*text)[*len - 1]))
        (*len)--;
}

static size_t without_comment(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] == '#' && (i == 0 || is_blank(text[i - 1])))
            return i;
    return len;
}

static void complain_of(struct conf_reader *r, const struct conf_key *k, const char *name, const char *wrong,
                        const char *value, size_t n)
{
    char words[160];
    if (k->type == NUMBER)
        snprintf(words, sizeof words, "%lu to %lu", (unsigned long)k->least, (unsigned long)k->most);
    else
        conf_words_of(k, words, sizeof words);
    conf_complain(r, "%s: %s%s%.*s%s%s", name, wrong, n ? ": " : "", (int)(n < 200 ? n : 200), value,
                  *words ? "; it takes " : "", words);
}

static void take_value(struct conf_reader *r, const char *name, size_t n_name, const char *value, size_t n)
{
    int key = conf_find(r->c->table, name, n_name);
    if (key < 0) {
        conf_complain(r, "unknown key: %.*s", (int)(n_name < 60 ? n_name : 60), name);
        return;
    }
    const struct conf_key *k = &r->c->table->keys[key];
    if (r->lines[key]) {
        conf_complain(r, "%s: is set in line %u already", k->name, r->lines[key]);
        return;
    }
    r->lines[key] = r->line;
    const char *wrong = conf_set(r->c, (unsigned)key, value, n, false);
    if (wrong)
        complain_of(r, k, k->name, wrong, value, n);
}

static void take_line(struct conf_reader *r, const char *text, size_t len)
{
    r->line++;
    len = without_comment(text, len);
    strip(&text, &len);
    if (!len)
        return;
    const char *eq = memchr(text, '=', len);
    if (!eq || eq == text) {
        conf_complain(r, "not \"key = value\"");
        return;
    }
    const char *value = eq + 1;
    size_t n_name = (size_t)(eq - text), n = len - n_name - 1;
    strip(&text, &n_name);
    strip(&value, &n);
    take_value(r, text, n_name, value, n);
}

/* The whole file; NULL, and a complaint, if it cannot be had. */
static char *slurp(struct conf_reader *r, size_t *ret_len)
{
    struct stat st;
    int fd = open(r->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO is no file to wait for */
    if (fd < 0 || fstat(fd, &st) != 0) {
        conf_complain(r, "%s", strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    char *text = malloc(CONF_FILE_MAX + 1);
    size_t len = 0;
    ssize_t n = -1;
    errno = ENOMEM;
    while (text && len <= CONF_FILE_MAX && (n = read(fd, text + len, CONF_FILE_MAX + 1 - len)) > 0)
        len += (size_t)n;
    if (n < 0)
        conf_complain(r, "%s", strerror(errno));
    else if (!S_ISREG(st.st_mode) || len > CONF_FILE_MAX)
        conf_complain(r, "not a configuration: %s", S_ISREG(st.st_mode) ? "too large" : "not a file");
    else
        *ret_len = len;
    close(fd);
    if (r->wrong) {
        free(text);
        return NULL;
    }
    return text;
}

static bool is_utf8(const char *text, size_t len)
{
    char16_t *wide = NULL;
    size_t n;
    enum nt_status st = ustr_from_utf8(text, len, &wide, &n);
    free(wide);
    return st == STATUS_SUCCESS;
}

static void take_file(struct conf_reader *r, const char *file)
{
    size_t len = 0;
    r->file = file;
    char *text = slurp(r, &len);
    if (text && !is_utf8(text, len))
        conf_complain(r, "not UTF-8");
    for (size_t at = 0, n; text && at < len; at += n + 1) {
        const char *end = memchr(text + at, '\n', len - at);
        n = end ? (size_t)(end - text) - at : len - at;
        take_line(r, text + at, n);
    }
    free(text);
    r->file = NULL;
}

static void take_command_line(struct conf_reader *r, const struct conf_options *o)
{
    for (unsigned i = 0; i < r->c->table->n; i++) {
        const struct conf_key *k = &r->c->table->keys[i];
        char name[62], option[64];
        if (!o->given[i])
            continue;
        conf_option_of(k, name, sizeof name);
        snprintf(option, sizeof option, "--%s", name);
        const char *wrong = conf_set(r->c, i, o->given[i], strlen(o->given[i]), true);
        if (wrong)
            complain_of(r, k, option, wrong, o->given[i], strlen(o->given[i]));
    }
}

bool conf_was_set(const struct conf_reader *r, const char *key)
{
    int i = conf_find(r->c->table, key, strlen(key));
    return i >= 0 && (r->o->given[i] || r->lines[i]);
}

/* All keys as they are where nobody says anything. False: no memory. */
static bool defaults(struct conf *c)
{
    bool ok = true;
    for (unsigned i = 0; i < c->table->n; i++) {
        const char *text = c->table->keys[i].otherwise;
        if (text)
            ok = !conf_set(c, i, text, strlen(text), false) && ok;
    }
    return ok;
}

bool conf_read(const struct conf_table *t, const struct conf_options *o, const void *options,
               conf_complain_fn *say, void *arg, struct conf **ret)
{
    struct conf *c = calloc(1, t->size);
    struct conf_reader r = { .c = c, .o = o, .complain = say, .arg = arg };
    if (c) {
        c->table = t;
        c->mem = nt_arena_new(CONF_MEMORY);
    }
    if (!c || !c->mem || !defaults(c) || (t->begin && !t->begin(c, options))) {
        say(arg, "no memory");
        conf_free(c);
        return false;
    }
    if (o->file)
        take_file(&r, o->file);
    take_command_line(&r, o);
    if (!r.wrong && t->judge)
        t->judge(&r, c, options);
    if (r.wrong) {
        conf_free(c);
        return false;
    }
    *ret = c;
    return true;
}

void conf_free(struct conf *c)
{
    if (!c)
        return;
    nt_arena_free(c->mem);
    free(c);
}
