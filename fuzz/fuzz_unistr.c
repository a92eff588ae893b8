// SPDX-License-Identifier: Apache-2.0
/* UTF-8, UTF-16 and numbers from anybody: the same bytes as UTF-8 and as wire UTF-16, with what must hold
 * whatever they are. */
#include <stdlib.h>
#include <string.h>
#include <msrpc/unistr.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* One UTF-16 string through all that takes one. */
static void check16(const char16_t *w, size_t len)
{
    char *strict = NULL, *lossy, *wtf;
    size_t strict_n, lossy_n, wtf_n, n, bad = SIZE_MAX;
    enum nt_status st = ustr_utf8_size(w, len, &bad, &n);
    must(nt_ok(st) == (bad == SIZE_MAX) && (nt_ok(st) || bad < len));
    must(ustr_to_utf8(w, len, &strict, &strict_n) == st);
    if (ustr_to_utf8_lossy(w, len, &lossy, &lossy_n) || ustr_to_utf8_wtf(w, len, &wtf, &wtf_n))
        abort();
    must(lossy_n == wtf_n && lossy_n == ustr_utf8_size_lossy(w, len));
    must(nt_ok(ustr_utf16_size(lossy, lossy_n, NULL, &n)) && n == len);
    char16_t *back;
    must(nt_ok(ustr_from_utf8_wtf(wtf, wtf_n, &back, &n)));
    must(n == len && !memcmp(back, w, len * sizeof *w));
    free(back);
    if (strict)
        must(strict_n == lossy_n && !memcmp(strict, lossy, lossy_n) && !memcmp(strict, wtf, wtf_n));
    free(strict);
    free(lossy);
    free(wtf);
}

static void check8(const char *s, size_t size)
{
    char16_t *strict = NULL, *lossy, *wtf = NULL;
    size_t strict_n, lossy_n, wtf_n, n, bad = SIZE_MAX;
    enum nt_status st = ustr_utf16_size(s, size, &bad, &n);
    must(nt_ok(st) == (bad == SIZE_MAX) && (nt_ok(st) || bad < size));
    must(ustr_from_utf8(s, size, &strict, &strict_n) == st);
    if (!nt_ok(st)) /* what stands before the first error is well formed */
        must(nt_ok(ustr_utf16_size(s, bad, NULL, &n)));
    must(nt_ok(ustr_from_utf8_lossy(s, size, &lossy, &lossy_n)) && lossy[lossy_n] == 0);
    must(lossy_n == ustr_utf16_size_lossy(s, size));
    check16(lossy, lossy_n);
    if (nt_ok(ustr_from_utf8_wtf(s, size, &wtf, &wtf_n))) {
        char *back; /* WTF-8 has one spelling for each string */
        must(nt_ok(ustr_to_utf8_wtf(wtf, wtf_n, &back, &n)));
        must(n == size && !memcmp(back, s, size));
        free(back);
    }
    if (strict)
        must(wtf && strict_n == wtf_n && strict_n == lossy_n &&
             !memcmp(strict, lossy, lossy_n * sizeof *lossy));
    struct ustr_builder b;
    ustr_builder_init(&b, 64);
    ustr_builder_utf8_lossy(&b, s, size);
    must(nt_ok(b.st) ? b.len == lossy_n : lossy_n > 64 && b.len == 0);
    ustr_builder_free(&b);
    free(strict);
    free(lossy);
    free(wtf);
}

static void check_case(char16_t *w, size_t len)
{
    char16_t *up = malloc((len + 1) * sizeof *up);
    if (!up)
        return;
    memcpy(up, w, (len + 1) * sizeof *up);
    ustr_upcase_string(up, len);
    must(!ustr_casecmp_len(up, len, w, len) && !ustr_casecmp(up, w));
    must(ustr_casehash(up, len, 1) == ustr_casehash(w, len, 1));
    must(ustr_cmp_len(up, len, w, len) <= 0 || ustr_cmp_len(w, len, up, len) < 0);
    free(up);
}

static void check_number(const char16_t *w, size_t len)
{
    uint64_t u;
    int64_t i;
    for (unsigned base = 0; base <= 37; base++)
        if (nt_ok(ustr_parse_uint(w, len, base, UINT64_MAX, &u)) && base != 0) {
            char16_t buf[65];
            struct ustr_builder b;
            ustr_builder_fixed(&b, buf, 65);
            ustr_builder_uint(&b, u, base);
            while (len > 1 && *w == '0')
                w++, len--;
            must(nt_ok(b.st) && !ustr_casecmp_len(buf, b.len, w, len));
        }
    if (nt_ok(ustr_parse_int(w, len, 10, -1000, 1000, &i)))
        must(i >= -1000 && i <= 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check8((const char *)data, size);
    char16_t *w = NULL;
    uint8_t *wire;
    size_t len, n;
    enum nt_status st = ustr_from_le(data, size, &w, &len);
    must(nt_ok(st) == !(size % 2));
    if (!w)
        return 0;
    must(len == size / 2 && w[len] == 0);
    must(nt_ok(ustr_to_le(w, len, &wire, &n)) && n == size && !memcmp(wire, data, size));
    free(wire);
    check16(w, len);
    check_case(w, len);
    check_number(w, len);
    free(w);
    return 0;
}
