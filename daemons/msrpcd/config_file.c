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
#include "m_config.h"

/* What a configuration may take in all, with the directory names that relative paths get. */
#define CONFIG_MEMORY ((size_t)4 << 20)

struct reader {
    struct config *c;
    const char *file;
    unsigned line, wrong;
    unsigned lines[CONFIG_KEYS_MAX]; /* where each key was set; 0: nowhere */
    config_complain_fn *complain;
    void *arg;
};

static void __attribute__((format(printf, 2, 3))) complain(struct reader *r, const char *format, ...)
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

static void complain_of(struct reader *r, unsigned key, const char *name, const char *wrong,
                        const char *value, size_t n)
{
    char words[160];
    config_words(key, words, sizeof words);
    complain(r, "%s: %s%s%.*s%s%s", name, wrong, n ? ": " : "", (int)(n < 200 ? n : 200), value,
             *words ? "; it takes " : "", words);
}

static void take_value(struct reader *r, const char *name, size_t n_name, const char *value, size_t n)
{
    int key = config_find(name, n_name);
    if (key < 0) {
        complain(r, "unknown key: %.*s", (int)(n_name < 60 ? n_name : 60), name);
        return;
    }
    if (r->lines[key]) {
        complain(r, "%s: is set in line %u already", config_key((unsigned)key), r->lines[key]);
        return;
    }
    r->lines[key] = r->line;
    const char *wrong = config_set(r->c, (unsigned)key, value, n, false);
    if (wrong)
        complain_of(r, (unsigned)key, config_key((unsigned)key), wrong, value, n);
}

static void take_line(struct reader *r, const char *text, size_t len)
{
    r->line++;
    len = without_comment(text, len);
    strip(&text, &len);
    if (!len)
        return;
    const char *eq = memchr(text, '=', len);
    if (!eq || eq == text) {
        complain(r, "not \"key = value\"");
        return;
    }
    const char *value = eq + 1;
    size_t n_name = (size_t)(eq - text), n = len - n_name - 1;
    strip(&text, &n_name);
    strip(&value, &n);
    take_value(r, text, n_name, value, n);
}

/* The whole file; NULL, and a complaint, if it cannot be had. */
static char *slurp(struct reader *r, size_t *ret_len)
{
    struct stat st;
    int fd = open(r->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO is no file to wait for */
    if (fd < 0 || fstat(fd, &st) != 0) {
        complain(r, "%s", strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    char *text = malloc(CONFIG_FILE_MAX + 1);
    size_t len = 0;
    ssize_t n = -1;
    errno = ENOMEM;
    while (text && len <= CONFIG_FILE_MAX && (n = read(fd, text + len, CONFIG_FILE_MAX + 1 - len)) > 0)
        len += (size_t)n;
    if (n < 0)
        complain(r, "%s", strerror(errno));
    else if (!S_ISREG(st.st_mode) || len > CONFIG_FILE_MAX)
        complain(r, "not a configuration: %s", S_ISREG(st.st_mode) ? "too large" : "not a file");
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

static void take_file(struct reader *r, const char *file)
{
    size_t len = 0;
    r->file = file;
    char *text = slurp(r, &len);
    if (text && !is_utf8(text, len))
        complain(r, "not UTF-8");
    for (size_t at = 0, n; text && at < len; at += n + 1) {
        const char *end = memchr(text + at, '\n', len - at);
        n = end ? (size_t)(end - text) - at : len - at;
        take_line(r, text + at, n);
    }
    free(text);
    r->file = NULL;
}

static void take_command_line(struct reader *r, const struct options *o)
{
    for (unsigned i = 0; i < config_count(); i++) {
        if (!o->given[i])
            continue;
        char option[64];
        snprintf(option, sizeof option, "--%s", config_key(i));
        for (char *p = option; *p; p++)
            *p = *p == '_' ? '-' : *p;
        const char *wrong = config_set(r->c, i, o->given[i], strlen(o->given[i]), true);
        if (wrong)
            complain_of(r, i, option, wrong, o->given[i], strlen(o->given[i]));
    }
}

/* What is wrong with several keys together. */
static void judge(struct reader *r, const struct options *o)
{
    const struct config *c = r->c;
    int listen = config_find("listen", 6);
    if (o->scratch && !o->given[listen] && !r->lines[listen]) /* not to the world by mistake */
        complain(r, "--listen is missing; --help tells more");
    if (!c->ntlm && !c->keytab)
        complain(r, "ntlm = no without a keytab: nobody could log on");
    if (c->port_smb == CONFIG_PORT_OFF && c->port_epm == CONFIG_PORT_OFF && c->port_tcp == CONFIG_PORT_OFF)
        complain(r, "port_smb, port_epm and port_tcp are all off: nobody could come");
    if (c->max_connections_per_address > c->max_connections)
        complain(r, "max_connections_per_address is more than max_connections");
    int ports[] = { c->port_smb, c->port_epm, c->port_tcp };
    for (unsigned i = 0; i < 3; i++)
        if (ports[i] > 0 && ports[i] == ports[(i + 1) % 3])
            complain(r, "port %d is given twice", ports[i]);
}

bool config_read(const struct options *o, config_complain_fn *say, void *arg, struct config **ret)
{
    struct config *c = calloc(1, sizeof *c);
    struct reader r = { .c = c, .complain = say, .arg = arg };
    if (c)
        c->mem = nt_arena_new(CONFIG_MEMORY);
    if (!c || !c->mem || !config_defaults(c, o->scratch)) {
        say(arg, "no memory");
        config_free(c);
        return false;
    }
    if (o->file)
        take_file(&r, o->file);
    take_command_line(&r, o);
    if (!r.wrong)
        judge(&r, o);
    if (r.wrong) {
        config_free(c);
        return false;
    }
    *ret = c;
    return true;
}

void config_free(struct config *c)
{
    if (!c)
        return;
    nt_arena_free(c->mem);
    free(c);
}
