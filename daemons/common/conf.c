// SPDX-License-Identifier: Apache-2.0
/* What values may be. Reading of files is conf_file.c's, the keys are the daemon's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "conf.h"
#include "http.h"

const struct conf_word conf_log_formats[3] = { { "text", CONF_LOG_TEXT }, { "json", CONF_LOG_JSON }, { 0 } };

/* ---- words and numbers; each returns what is wrong, or NULL ---- */

static const char *take_number(const char *text, unsigned long least, unsigned long most, unsigned long *ret)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*end || *text < '0' || *text > '9')
        return "not a number";
    if (strlen(text) > 10 || n < least || n > most)
        return "out of range";
    *ret = n;
    return NULL;
}

static const char *take_mode(const char *text, unsigned least, unsigned most, unsigned *ret)
{
    char *end;
    unsigned long n = strtoul(text, &end, 8);
    if (*end || *text < '0' || *text > '7' || strlen(text) > 5)
        return "not permissions in octal digits";
    if ((n & ~(unsigned long)most) || (n & least) != least)
        return "such permissions make no sense here";
    *ret = (unsigned)n;
    return NULL;
}

static const char *take_port(const char *text, int *ret)
{
    unsigned long n;
    if (strcmp(text, "off") == 0) {
        *ret = CONF_PORT_OFF;
        return NULL;
    }
    if (take_number(text, 0, UINT16_MAX, &n))
        return "not a port number";
    *ret = (int)n;
    return NULL;
}

static const char *take_word(const struct conf_word *words, const char *text, size_t len, int *ret)
{
    for (; words->text; words++)
        if (strlen(words->text) == len && memcmp(words->text, text, len) == 0) {
            *ret = words->number;
            return NULL;
        }
    return "not one of the words that are known";
}

void conf_words_of(const struct conf_key *k, char *ret, size_t size)
{
    size_t len = 0;
    *ret = 0;
    for (const struct conf_word *w = k->words; w && w->text && len < size; w++)
        len += (size_t)snprintf(ret + len, size - len, "%s%s", len ? ", " : "", w->text);
}

static const char *take_words(const struct conf_word *words, const char *text, struct conf_words *ret)
{
    struct conf_words w = { 0 };
    for (size_t len; *text; text += len + (text[len] == ' ')) {
        len = strcspn(text, " ");
        int number = 0;
        const char *wrong = take_word(words, text, len, &number);
        if (wrong)
            return wrong;
        for (unsigned i = 0; i < w.n; i++)
            if (w.word[i] == number)
                return "a word is there twice";
        w.word[w.n++] = number; /* no word is there twice, so they fit */
    }
    *ret = w;
    return NULL;
}

static const char *take_path(struct conf *c, const char *text, bool here, const char **ret)
{
    if (*text == '/') {
        *ret = text;
        return NULL;
    }
    char *cwd = here ? getcwd(NULL, 0) : NULL;
    if (!cwd)
        return "an absolute path is needed";
    size_t size = strlen(cwd) + 1 + strlen(text) + 1;
    char *path = nt_arena_raw(c->mem, size, 1);
    if (path)
        snprintf(path, size, "%s/%s", cwd, text);
    free(cwd);
    *ret = path;
    return path ? NULL : "no memory";
}

/* As the store takes them. [MS-NBTE] 2.2.1 has 16 octets, of which the last is a suffix. */
static bool is_netbios(const char *text)
{
    size_t n = 0;
    for (const char *p = text; *p; p++) {
        if ((unsigned char)*p < ' ' || strchr("\"/\\[]:|<>+=;,?*", *p))
            return false;
        n += ((unsigned char)*p & 0xc0) != 0x80;
    }
    return n <= 15;
}

/* ---- values ---- */

static const char *take(struct conf *c, const struct conf_key *k, const char *text, bool here)
{
    void *to = (char *)c + k->at;
    unsigned long n = 0;
    const char *wrong = NULL;
    switch (k->type) {
    case TEXT:
        *(const char **)to = text;
        return NULL;
    case NETBIOS:
        *(const char **)to = text;
        return is_netbios(text) ? NULL : "not a NetBIOS name, of up to 15 characters";
    case PATH:
        return take_path(c, text, here, to);
    case PORT:
        return take_port(text, to);
    case NUMBER:
        wrong = take_number(text, k->least, k->most, &n);
        *(unsigned *)to = (unsigned)n;
        return wrong;
    case SWITCH:
        *(bool *)to = strcmp(text, "yes") == 0;
        return *(bool *)to || strcmp(text, "no") == 0 ? NULL : "neither yes nor no";
    case WORD:
        return take_word(k->words, text, strlen(text), to);
    case WORDS:
        return take_words(k->words, text, to);
    case LIST:
        return k->take(c, text);
    case MODE:
        return take_mode(text, k->least, k->most, to);
    case PLACE:
        *(const char **)to = strcmp(text, "off") == 0 ? NULL : text;
        return *(const char **)to ? http_check(text) : NULL;
    }
    return NULL;
}

/* Blanks around words say nothing, and more than one in a row say no more. In paths and names they count. */
static char *tidy(struct nt_arena *mem, const struct conf_key *k, const char *text, size_t len)
{
    char *to = nt_arena_raw(mem, len + 1, 1);
    bool words = k->type == WORDS || k->type == LIST;
    size_t n = 0;
    if (!to)
        return NULL;
    for (size_t i = 0; i < len; i++) {
        char ch = text[i] == '\t' && words ? ' ' : text[i];
        if (!words || ch != ' ' || (n && to[n - 1] != ' '))
            to[n++] = ch;
    }
    to[n] = 0;
    while (n && to[n - 1] == ' ')
        to[--n] = 0;
    return to;
}

const char *conf_set(struct conf *c, unsigned key, const char *text, size_t len, bool here)
{
    const struct conf_key *k = &c->table->keys[key];
    const char *copy = tidy(c->mem, k, text, len);
    if (!copy)
        return "no memory";
    if (memchr(text, 0, len))
        return "there is a NUL in it";
    if (!*copy)
        return "a value is missing";
    const char *wrong = take(c, k, copy, here);
    if (!wrong)
        c->text[key] = k->type == PATH ? *(const char **)(void *)((char *)c + k->at) : copy;
    return wrong;
}

bool conf_set_name(struct conf *c, const char *key, const char *text, bool here)
{
    int i = conf_find(c->table, key, strlen(key));
    return i >= 0 && !conf_set(c, (unsigned)i, text, strlen(text), here);
}

/* ---- the table ---- */

int conf_find(const struct conf_table *t, const char *name, size_t len)
{
    for (unsigned i = 0; i < t->n; i++)
        if (strlen(t->keys[i].name) == len && memcmp(t->keys[i].name, name, len) == 0)
            return (int)i;
    return -1;
}

void conf_option_of(const struct conf_key *k, char *ret, size_t size)
{
    snprintf(ret, size, "%s", k->name);
    for (char *p = ret; *p; p++)
        *p = *p == '_' ? '-' : *p;
}

bool conf_show(const struct conf *c)
{
    for (unsigned i = 0; i < c->table->n; i++)
        if (c->text[i])
            printf("%s = %s\n", c->table->keys[i].name, c->text[i]);
        else
            printf("# %s is not set\n", c->table->keys[i].name);
    return fflush(stdout) == 0;
}

/* ---- a reload ---- */

/* Gives the key in c the value that it has in from. False: no memory. */
static bool keep(struct conf *c, const struct conf *from, unsigned key)
{
    const char *text = from->text[key];
    if (text)
        return !conf_set(c, key, text, strlen(text), false);
    c->text[key] = NULL; /* only text and paths may be not set */
    *(const char **)(void *)((char *)c + c->table->keys[key].at) = NULL;
    return true;
}

static bool differs(const struct conf *a, const struct conf *b, unsigned key)
{
    const char *x = a->text[key], *y = b->text[key];
    return x && y ? strcmp(x, y) != 0 : x != y;
}

bool conf_sort_out(const struct conf *old, struct conf *new, conf_complain_fn *say, void *arg)
{
    char line[128];
    for (unsigned i = 0; i < old->table->n; i++) {
        const struct conf_key *k = &old->table->keys[i];
        if (!differs(old, new, i))
            continue;
        snprintf(line, sizeof line, "reload: %s is another%s", k->name,
                 k->live ? "" : ": that counts from the next start");
        say(arg, line);
        if (!k->live && !keep(new, old, i))
            return false;
    }
    return true;
}
