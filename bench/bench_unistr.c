// SPDX-License-Identifier: Apache-2.0
/* Conversions of libunistr beside iconv's, into buffers of the caller, over texts of several kinds. Prints
 * the rates and their ratio; fails only if the two disagree on the result. */
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <msrpc/unistr.h>

#define TEXT_BYTES (64U << 10) /* fits a second level cache with its result */
#define RUN_NS     200000000.0 /* each figure is measured for this long */

struct text {
    const char *name, *piece;
    char *u8;
    size_t u8_n;
    char16_t *u16;
    size_t u16_n;
};

struct job {
    const struct text *t;
    iconv_t cd;
    char *out;
    size_t cap, out_n;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static bool ours_from8(struct job *j)
{
    size_t n = 0;
    bool ok = nt_ok(ustr_from_utf8_buf(j->t->u8, j->t->u8_n, (char16_t *)(void *)j->out, j->cap / 2, &n));
    j->out_n = n * 2;
    return ok;
}

static bool ours_to8(struct job *j)
{
    return nt_ok(ustr_to_utf8_buf(j->t->u16, j->t->u16_n, j->out, j->cap, &j->out_n));
}

static bool with_iconv(struct job *j, const void *in, size_t n)
{
    char *from = (char *)(uintptr_t)in, *to = j->out;
    size_t left = n, room = j->cap;
    bool ok = iconv(j->cd, &from, &left, &to, &room) != (size_t)-1 && !left;
    j->out_n = j->cap - room;
    return ok;
}

static bool iconv_from8(struct job *j)
{
    return with_iconv(j, j->t->u8, j->t->u8_n);
}

static bool iconv_to8(struct job *j)
{
    return with_iconv(j, j->t->u16, j->t->u16_n * 2);
}

/* Bytes of UTF-8 a second, in MB. */
static double rate(struct job *j, bool (*run)(struct job *))
{
    unsigned rounds = 0;
    double start = now(), spent;
    do {
        if (!run(j)) {
            fprintf(stderr, "%s: conversion failed\n", j->t->name);
            exit(1);
        }
        rounds++;
        spent = now() - start;
    } while (spent < RUN_NS);
    return (double)j->t->u8_n * rounds * 1e3 / spent;
}

static void compare(const struct text *t, const char *direction, iconv_t cd, bool (*ours)(struct job *),
                    bool (*theirs)(struct job *))
{
    size_t cap = TEXT_BYTES * 3;
    struct job a = { .t = t, .out = malloc(cap), .cap = cap },
               b = { .t = t, .cd = cd, .out = malloc(cap), .cap = cap };
    if (!a.out || !b.out)
        exit(1);
    double mine = rate(&a, ours), other = rate(&b, theirs);
    if (a.out_n != b.out_n || memcmp(a.out, b.out, a.out_n)) {
        fprintf(stderr, "%s %s: iconv has another result\n", t->name, direction);
        exit(1);
    }
    printf("%-8s %-16s %8.0f %8.0f %7.2f\n", t->name, direction, mine, other, mine / other);
    free(a.out);
    free(b.out);
}

static void fill(struct text *t)
{
    size_t n = strlen(t->piece);
    t->u8 = malloc(TEXT_BYTES);
    if (!t->u8)
        exit(1);
    for (t->u8_n = 0; t->u8_n + n <= TEXT_BYTES; t->u8_n += n)
        memcpy(t->u8 + t->u8_n, t->piece, n);
    if (!nt_ok(ustr_from_utf8(t->u8, t->u8_n, &t->u16, &t->u16_n)))
        exit(1);
}

/* Upcased comparison of two texts that differ in case only, in million units a second. */
static void casecmp_rate(const struct text *t)
{
    char16_t *up = ustr_ndup(t->u16, t->u16_n);
    if (!up)
        exit(1);
    ustr_upcase_string(up, t->u16_n);
    unsigned rounds = 0;
    double start = now(), spent;
    do {
        if (ustr_casecmp_len(up, t->u16_n, t->u16, t->u16_n))
            exit(1);
        rounds++;
        spent = now() - start;
    } while (spent < RUN_NS);
    printf("%-8s %-16s %8.0f M units/s\n", t->name, "casecmp", (double)t->u16_n * rounds * 1e3 / spent);
    free(up);
}

int main(void)
{
    struct text texts[] = {
        { .name = "ascii", .piece = "\\\\fileserver.example\\share$\\a folder\\report 2024.txt; " },
        { .name = "latin",
          .piece = "Stra\xc3\x9f"
                   "e und Gr\xc3\xb6\xc3\x9f"
                   "e, d\xc3\xa9j\xc3\xa0 vu; " },
        { .name = "greek", .piece = "\xce\x9a\xce\xb1\xce\xbb\xce\xb7\xce\xbc\xce\xad\xcf\x81\xce\xb1 " },
        { .name = "cjk",
          .piece = "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x81\xae\xe5\x90\x8d\xe5\x89\x8d" },
        { .name = "emoji", .piece = "\xf0\x9f\x98\x80\xf0\x9f\x8c\x8d" },
    };
    const char *host = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? "UTF-16BE" : "UTF-16LE";
    iconv_t from8 = iconv_open(host, "UTF-8"), to8 = iconv_open("UTF-8", host);
    if (from8 == (iconv_t)-1 || to8 == (iconv_t)-1) {
        fputs("iconv knows no UTF-16\n", stderr);
        return 77; /* skipped */
    }
    printf("%-8s %-16s %8s %8s %7s\n", "text", "direction", "MB/s", "iconv", "ratio");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct text *t = &texts[i];
        fill(t);
        compare(t, "UTF-8 to UTF-16", from8, ours_from8, iconv_from8);
        compare(t, "UTF-16 to UTF-8", to8, ours_to8, iconv_to8);
        casecmp_rate(t);
        free(t->u8);
        free(t->u16);
    }
    iconv_close(from8);
    iconv_close(to8);
    return 0;
}
