// SPDX-License-Identifier: Apache-2.0
/* Output: lines for people, TAP, or one JSON object for each event. */
#include <stdarg.h>
#include <stdlib.h>
#include "peer.h"

/* Stubs and tokens are cut here in lines; JSON has everything. */
#define LINE_BYTES    48u
#define LINE_ELEMENTS 3 /* of lists of contexts */

static void json_string(const char *s)
{
    putchar('"');
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20 || c >= 0x7f)
            printf("\\u%04x", c); /* a peer's bytes, of no character set */
        else
            putchar(c);
    }
    putchar('"');
}

static void plain(const char *s, size_t most)
{
    size_t n = strlen(s);
    for (size_t i = 0; i < n && i < most; i++)
        putchar((unsigned char)s[i] < 0x20 || (unsigned char)s[i] >= 0x7f ? '?' : s[i]);
    if (n > most)
        printf("...(%zu)", n);
}

static void json_start(const struct peer *w, const char *event)
{
    uint64_t t = (peer_now() - w->start) / 1000;
    printf("{\"event\":\"%s\",\"time\":%llu.%06llu,\"line\":%u", event, (unsigned long long)(t / 1000000),
           (unsigned long long)(t % 1000000), w->at ? w->at->line : 0);
    if (w->case_name[0]) {
        printf(",\"case\":");
        json_string(w->case_name);
    }
}

static void json_fields(const struct peer_fields *f)
{
    printf(",\"pdu\":{");
    for (size_t i = 0; i < f->n; i++) {
        printf("%s\"%s\":", i ? "," : "", f->f[i].name);
        if (f->f[i].is_number)
            printf("%llu", (unsigned long long)f->f[i].number);
        else
            json_string(f->f[i].text);
    }
    putchar('}');
}

/* The element of a list that has been long enough. */
static bool far_down(const char *name)
{
    size_t n = strlen(name);
    return n > 1 && name[n - 1] >= '0' && name[n - 1] <= '9' &&
           atoi(name + strcspn(name, "0123456789")) >= LINE_ELEMENTS;
}

/* Fields that say what one knows already. */
static bool dull(const struct peer_field *f)
{
    static const char *const always[] = { "type", "ptype", "frag_length" };
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        if (strcmp(f->name, always[i]) == 0)
            return true;
    return far_down(f->name) || (strcmp(f->name, "order") == 0 && strcmp(f->text, "little") == 0) ||
           (strcmp(f->name, "flags") == 0 && f->number == 3) ||
           (strcmp(f->name, "auth_length") == 0 && f->number == 0) ||
           (strcmp(f->name, "auth") == 0 && strcmp(f->text, "none") == 0);
}

static void hex_dump(const struct peer *w, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i += 16) {
        printf("%s      %04zx ", w->form == PEER_TAP ? "# " : "", i);
        for (size_t k = i; k < i + 16 && k < n; k++)
            printf(" %02x", p[k]);
        putchar('\n');
    }
}

static void show_fields(struct peer *w, const struct peer_conn *c, bool sent, const struct peer_fields *f,
                        const uint8_t *p, size_t n)
{
    if (w->form == PEER_JSON) {
        json_start(w, sent ? "sent" : "received");
        printf(",\"connection\":\"%s\",\"bytes\":\"", c->name);
        for (size_t i = 0; i < n; i++)
            printf("%02x", p[i]);
        putchar('"');
        json_fields(f);
        printf("}\n");
    } else {
        printf("%s    %s %c %s", w->form == PEER_TAP ? "# " : "", c->name, sent ? '>' : '<', f->f[0].text);
        for (size_t i = 0; i < f->n; i++)
            if (!dull(&f->f[i])) {
                printf(" %s=", f->f[i].name);
                plain(f->f[i].text, LINE_BYTES);
            }
        printf(" (%zu bytes)\n", n);
        if (w->hex)
            hex_dump(w, p, n);
    }
}

void peer_show_sent(struct peer *w, const uint8_t *p, size_t n)
{
    struct peer_fields f = { .mem = w->quiet && w->form != PEER_JSON ? NULL : nt_arena_new(0) };
    const char *why = NULL;
    if (!f.mem)
        return;
    (void)peer_fields_of(&f, p, n, &why);
    show_fields(w, w->conn, true, &f, p, n);
    nt_arena_free(f.mem);
}

/* After its protection was taken off; p is what came. */
void peer_show_received(struct peer *w, const struct peer_conn *c, const uint8_t *p, size_t n)
{
    if (!w->quiet || w->form == PEER_JSON)
        show_fields(w, c, false, &c->rx, p, n);
}

void peer_note(struct peer *w, const char *event, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    if (w->quiet && w->form != PEER_JSON && strcmp(event, "listening") != 0)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (w->form == PEER_JSON) {
        json_start(w, event);
        printf(",\"text\":");
        json_string(text);
        printf("}\n");
    } else {
        printf("%s    %s ", w->form == PEER_TAP ? "# " : "", event);
        plain(text, sizeof text);
        putchar('\n');
    }
    fflush(stdout);
}

void peer_show_case(struct peer *w)
{
    if (w->form == PEER_JSON) {
        json_start(w, "case");
        printf(",\"passed\":%s", w->failed ? "false" : "true");
        if (w->failed) {
            printf(",\"why\":");
            json_string(w->why);
        }
        printf("}\n");
    } else {
        printf("%s %u - ", w->failed ? "not ok" : "ok", w->cases);
        plain(w->case_name, sizeof w->case_name);
        putchar('\n');
        if (w->failed) {
            printf("%s", w->form == PEER_TAP ? "# " : "    ");
            plain(w->why, sizeof w->why);
            putchar('\n');
        }
    }
    fflush(stdout);
}

void peer_show_end(struct peer *w)
{
    if (w->form == PEER_JSON) {
        json_start(w, "end");
        printf(",\"cases\":%u,\"failed\":%u}\n", w->cases, w->failures);
    } else if (w->form == PEER_TAP) {
        printf("1..%u\n", w->cases);
    } else if (w->cases) {
        printf("%u cases, %u failed\n", w->cases, w->failures);
    }
    fflush(stdout);
}
