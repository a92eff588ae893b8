// SPDX-License-Identifier: Apache-2.0
/* Scripts: lines into statements, variables, and the small languages of values. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include "peer.h"

#define LINE_WORDS_MAX 256u
/* '$' in single quotes, which is not the beginning of a variable. */
#define PLAIN_DOLLAR '\001'

struct reader {
    struct peer *w;
    const char *file;
    char *p;
    unsigned line;
};

__attribute__((format(printf, 2, 3), noreturn)) static void bad(const struct reader *r, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    struct peer_stmt here = { .file = r->file, .line = r->line };
    struct peer w = { .at = &here };
    peer_die(&w, "%s", text);
}

/* ---- words ---- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Up to the closing quote; the text shrinks, so it is written where it was read. */
static char *quoted(struct reader *r, char *to)
{
    char quote = *r->p++;
    while (*r->p != quote) {
        if (!*r->p || *r->p == '\n')
            bad(r, "a quote is not closed");
        if (quote == '"' && *r->p == '\\' && r->p[1] && r->p[1] != '\n')
            r->p++;
        *to++ = quote == '\'' && *r->p == '$' ? PLAIN_DOLLAR : *r->p;
        r->p++;
    }
    r->p++;
    return to;
}

/* The next word of the line; NULL at its end. */
static char *next_word(struct reader *r)
{
    while (*r->p == ' ' || *r->p == '\t' || (r->p[0] == '\\' && r->p[1] == '\n')) {
        if (*r->p == '\\') {
            r->line++;
            r->p++;
        }
        r->p++;
    }
    if (*r->p == '#')
        while (*r->p && *r->p != '\n')
            r->p++;
    if (!*r->p || *r->p == '\n')
        return NULL;
    char *start = r->p, *to = start;
    while (*r->p && !isspace((unsigned char)*r->p)) {
        if (*r->p == '"' || *r->p == '\'')
            to = quoted(r, to);
        else
            *to++ = *r->p++;
    }
    return peer_text(r->w->script, "%.*s", (int)(to - start), start);
}

static struct peer_stmt *read_line(struct reader *r)
{
    char *words[LINE_WORDS_MAX], *word;
    size_t n = 0;
    unsigned line = r->line;
    while ((word = next_word(r))) {
        if (n == LINE_WORDS_MAX)
            bad(r, "more than %u words in a line", LINE_WORDS_MAX);
        words[n++] = word;
    }
    if (n == 0)
        return NULL;
    struct peer_stmt *s = peer_alloc(r->w->script, sizeof *s);
    s->file = r->file;
    s->line = line;
    s->n = n;
    s->words = peer_alloc(r->w->script, n * sizeof *words);
    memcpy(s->words, words, n * sizeof *words);
    return s;
}

/* Statements up to the end of the block, or of the file. */
static struct peer_stmt *read_block(struct reader *r, unsigned depth)
{
    struct peer_stmt *first = NULL, **end = &first;
    if (depth > PEER_DEPTH_MAX)
        bad(r, "blocks are nested more than %u deep", PEER_DEPTH_MAX);
    for (;;) {
        struct peer_stmt *s = read_line(r);
        bool last = !*r->p;
        if (!last) {
            r->p++;
            r->line++;
        }
        if (s && s->n == 1 && strcmp(s->words[0], "}") == 0) {
            if (depth == 0)
                bad(r, "a } that closes nothing");
            return first;
        }
        if (s) {
            *end = s;
            end = &s->next;
            if (strcmp(s->words[s->n - 1], "{") == 0) {
                s->n--;
                s->body = read_block(r, depth + 1);
                if (!s->body) /* an empty block is a block */
                    s->body = peer_alloc(r->w->script, sizeof *s->body);
                continue;
            }
        }
        if (last && depth)
            bad(r, "a { is not closed");
        if (last)
            return first;
    }
}

static char *read_file(struct peer *w, const char *file)
{
    size_t n = 0, cap = 1 << 20;
    FILE *f = strcmp(file, "-") == 0 ? stdin : fopen(file, "r");
    char *text = peer_alloc(w->script, cap + 1);
    if (!f)
        peer_die(w, "%s: %s", file, strerror(errno));
    n = fread(text, 1, cap, f);
    if (n == cap || ferror(f) || memchr(text, 0, n))
        peer_die(w, "%s: not a script", file);
    if (f != stdin)
        fclose(f);
    text[n] = 0;
    return text;
}

struct peer_stmt *peer_parse(struct peer *w, const char *file)
{
    struct reader r = { w, peer_text(w->script, "%s", file), read_file(w, file), 1 };
    return read_block(&r, 0);
}

/* ---- variables ---- */

void peer_set_var(struct peer *w, const char *name, const char *value)
{
    struct peer_var *v = w->vars;
    char *copy = strdup(value);
    while (v && strcmp(v->name, name) != 0)
        v = v->next;
    if (!v) {
        v = calloc(1, sizeof *v);
        if (!v || !(v->name = strdup(name)))
            peer_die(w, "no memory");
        v->next = w->vars;
        w->vars = v;
    }
    free(v->value);
    v->value = copy;
    if (!copy)
        peer_die(w, "no memory");
}

const char *peer_get_var(struct peer *w, const char *name)
{
    if (strncmp(name, "rx.", 3) == 0) {
        const struct peer_field *f = w->conn ? peer_field(&w->conn->rx, name + 3) : NULL;
        return f ? f->text : NULL;
    }
    for (const struct peer_var *v = w->vars; v; v = v->next)
        if (strcmp(v->name, name) == 0)
            return v->value;
    return NULL;
}

static bool name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.';
}

/* The variable whose name begins at *p, which is moved behind it. */
static const char *variable(struct peer *w, const char **p)
{
    char name[64];
    size_t n = 0;
    bool braces = **p == '{';
    *p += braces;
    while (name_char((*p)[n]))
        n++;
    if (n == 0 || n >= sizeof name || (braces && (*p)[n] != '}'))
        peer_die(w, "'$' without the name of a variable");
    memcpy(name, *p, n);
    name[n] = 0;
    *p += n + braces;
    const char *value = peer_get_var(w, name);
    if (!value)
        peer_die(w, "there is no variable %s", name);
    return value;
}

char *peer_expand(struct peer *w, const char *word, struct nt_arena *a)
{
    struct wr out;
    wr_init(&out, PEER_BYTES_MAX);
    for (const char *p = word; *p;) {
        if (*p == '$') {
            p++;
            const char *value = variable(w, &p);
            wr_bytes(&out, value, strlen(value));
        } else {
            wr_u8(&out, (uint8_t)(*p == PLAIN_DOLLAR ? '$' : *p));
            p++;
        }
    }
    if (out.st != STATUS_SUCCESS)
        peer_die(w, "a word grows beyond all limits");
    char *text = peer_text(a, "%.*s", (int)out.len, out.len ? (const char *)out.base : "");
    wr_free(&out);
    return text;
}

/* ---- values ---- */

bool peer_number(const char *s, uint64_t *ret)
{
    char *end;
    if (!isdigit((unsigned char)*s))
        return false;
    errno = 0;
    *ret = strtoull(s, &end, 0);
    return !*end && errno == 0;
}

uint64_t peer_need_number(struct peer *w, const char *what, const char *s)
{
    uint64_t v;
    if (!peer_number(s, &v))
        peer_die(w, "%s: '%s' is not a number", what, s);
    return v;
}

uint64_t peer_duration(struct peer *w, const char *s)
{
    char *end;
    double v = strtod(s, &end);
    double unit = strcmp(end, "ms") == 0 ? 1e6 : strcmp(end, "s") == 0 || !*end ? 1e9 : 0;
    if (end == s || unit == 0 || !(v >= 0) || v > 1e6)
        peer_die(w, "'%s' is not a time, such as 5s or 200ms", s);
    return (uint64_t)(v * unit);
}

static void hex_bytes(struct peer *w, const char *s, size_t n, struct wr *out)
{
    if (n % 2)
        peer_die(w, "'%.*s': bytes in hexadecimal have two digits each", (int)n, s);
    for (size_t i = 0; i < n; i += 2) {
        int hi = hex_digit(s[i]), lo = hex_digit(s[i + 1]);
        if (hi < 0 || lo < 0)
            peer_die(w, "'%.*s' is not hexadecimal", (int)n, s);
        wr_u8(out, (uint8_t)(hi << 4 | lo));
    }
}

static void guid_bytes(struct peer *w, const char *s, struct wr *out)
{
    struct nt_guid g;
    if (nt_guid_parse(s, &g) != STATUS_SUCCESS)
        peer_die(w, "'%s' is not a UUID", s);
    wr_u32(out, g.a);
    wr_u16(out, g.b);
    wr_u16(out, g.c);
    wr_bytes(out, g.d, sizeof g.d);
}

/* byte:NN:COUNT */
static void repeated(struct peer *w, const char *s, struct wr *out)
{
    const char *colon = strchr(s, ':');
    if (!colon)
        peer_die(w, "'byte:%s': byte:VALUE:COUNT", s);
    uint64_t v = peer_need_number(w, "byte", peer_text(w->tmp, "%.*s", (int)(colon - s), s));
    uint64_t n = peer_need_number(w, "byte", colon + 1);
    uint8_t *p = n && n <= PEER_BYTES_MAX ? wr_room(out, (size_t)n) : NULL;
    if (p)
        memset(p, (int)(v & 255), (size_t)n);
    else if (n)
        wr_fail(out, STATUS_BUFFER_TOO_SMALL);
}

static void number_bytes(struct wr *out, uint64_t v, unsigned width)
{
    for (unsigned i = 0; i < width; i++)
        wr_u8(out, (uint8_t)(v >> 8 * i));
}

/* The unit behind u16:, u32: ... is bits, little endian; "be" in front of it big endian. */
static bool integer(struct peer *w, const char *s, struct wr *out)
{
    static const struct {
        const char *name;
        unsigned width;
    } kinds[] = { { "u8:", 1 }, { "u16:", 2 }, { "u32:", 4 }, { "u64:", 8 } };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t n = strlen(kinds[i].name);
        if (strncmp(s, kinds[i].name, n) == 0) {
            number_bytes(out, peer_need_number(w, kinds[i].name, s + n), kinds[i].width);
            return true;
        }
        if (strncmp(s, "be", 2) == 0 && strncmp(s + 2, kinds[i].name, n) == 0) {
            uint64_t v = __builtin_bswap64(peer_need_number(w, s, s + 2 + n));
            number_bytes(out, v >> (64 - 8 * kinds[i].width), kinds[i].width);
            return true;
        }
    }
    return false;
}

static void piece(struct peer *w, const char *s, struct wr *out)
{
    if (integer(w, s, out))
        return;
    if (strncmp(s, "zeros:", 6) == 0) {
        repeated(w, peer_text(w->tmp, "0:%s", s + 6), out);
    } else if (strncmp(s, "byte:", 5) == 0) {
        repeated(w, s + 5, out);
    } else if (strncmp(s, "text:", 5) == 0) {
        wr_bytes(out, s + 5, strlen(s + 5));
    } else if (strncmp(s, "utf16:", 6) == 0) {
        for (const char *p = s + 6; *p; p++)
            wr_u16(out, (uint8_t)*p);
    } else if (strncmp(s, "uuid:", 5) == 0) {
        guid_bytes(w, s + 5, out);
    } else if (strncmp(s, "align:", 6) == 0) {
        uint64_t to = peer_need_number(w, "align", s + 6);
        while (to && to <= 4096 && out->len % to && out->st == STATUS_SUCCESS)
            wr_u8(out, 0);
    } else {
        hex_bytes(w, s, strlen(s), out);
    }
}

void peer_bytes(struct peer *w, const char *s, struct wr *out)
{
    while (*s) {
        size_t n = strcspn(s, ",");
        piece(w, peer_text(w->tmp, "%.*s", (int)n, s), out);
        s += n + (s[n] == ',');
    }
    if (out->st != STATUS_SUCCESS)
        peer_die(w, "more bytes than a script may make");
}

/* ---- arguments ---- */

static size_t operator_at(const char *s, size_t *ret_len)
{
    size_t n = strcspn(s, "=!<>~");
    *ret_len = s[n] == 0                                             ? 0
               : (s[n] == '=' || s[n] == '~')                        ? 1
               : s[n + 1] == '=' || (s[n] == '!' && s[n + 1] == '~') ? 2
                                                                     : 0;
    return n;
}

struct peer_args peer_args(struct peer *w, char **words, size_t n)
{
    struct peer_args all = { peer_alloc(w->tmp, (n + 1) * sizeof *all.a), n };
    for (size_t i = 0; i < n; i++) {
        size_t len, at = operator_at(words[i], &len);
        if (at == 0 || len == 0)
            peer_die(w, "'%s': NAME=VALUE is expected here", words[i]);
        all.a[i].key = peer_text(w->tmp, "%.*s", (int)at, words[i]);
        all.a[i].value = words[i] + at + len;
        memcpy(all.a[i].op, words[i] + at, len);
        all.a[i].op[len] = 0;
    }
    return all;
}

const char *peer_arg(struct peer_args *a, const char *key, const char *otherwise)
{
    const char *value = otherwise;
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->a[i].key, key) == 0 && strcmp(a->a[i].op, "=") == 0) {
            a->a[i].used = true;
            value = a->a[i].value;
        }
    return value;
}

uint64_t peer_arg_number(struct peer *w, struct peer_args *a, const char *key, uint64_t otherwise)
{
    const char *s = peer_arg(a, key, NULL);
    return s ? peer_need_number(w, key, s) : otherwise;
}

void peer_args_end(const struct peer *w, const struct peer_args *a)
{
    for (size_t i = 0; i < a->n; i++)
        if (!a->a[i].used)
            peer_die(w, "'%s%s%s' means nothing here", a->a[i].key, a->a[i].op, a->a[i].value);
}
