// SPDX-License-Identifier: Apache-2.0
/*
 * What srvsvc takes apart of a client's: security descriptors, and paths and names. The first octet chooses;
 * the rest is the descriptor, or UTF-16 of two strings with a zero between.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <msrpc/unistr.h>
#include "base/cursor.h"
#include "serve/descriptor.h"
#include "serve/names.h"

#define UNITS 600

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

/* In memory of its own size, so that a step too far is seen. */
static void descriptor(const uint8_t *data, size_t size)
{
    static const struct nt_sid admins = { 1, 2, { 0, 0, 0, 0, 0, 5 }, { 32, 544 } };
    static const struct sec_group groups[] = { { { 1, 1, { 0, 0, 0, 0, 0, 1 }, { 0 } }, SEC_GROUP_USUAL } };
    const struct sec_token known = { .size = sizeof known, .user = admins, .groups = groups, .n_groups = 1 };
    uint8_t *copy = calloc(1, size ? size : 1);
    must(copy != NULL);
    if (size)
        memcpy(copy, data, size);
    bool valid = sd_valid(copy, size), grants = sd_grants((struct nt_blob){ copy, size }, &known, 1);
    must(valid || !grants || size == 0); /* damage grants nothing */
    free(copy);
}

static const char16_t *next_text(const uint8_t **data, size_t *size, char16_t *to)
{
    size_t n = 0;
    while (*size >= 2 && n + 1 < UNITS) {
        char16_t c = le16(*data);
        *data += 2;
        *size -= 2;
        if (!c)
            break;
        to[n++] = c;
    }
    to[n] = 0;
    return to;
}

/* What is canonical stays as it is. */
static void paths(const char16_t *a, const char16_t *b)
{
    char16_t once[2 * NAMES_PATH_MAX], twice[2 * NAMES_PATH_MAX];
    uint32_t type, again;
    if (names_path_canonicalize(a, b, 0, once, 2 * NAMES_PATH_MAX, &type) == W_ERROR_SUCCESS) {
        must(names_path_canonicalize(once, u"", 0, twice, 2 * NAMES_PATH_MAX, &again) == W_ERROR_SUCCESS);
        must(ustr_cmp(once, twice) == 0 && type == again);
        must(!ustr_chr(once, '/') && !ustr_str(once, u"\\..\\"));
    }
    (void)names_path_compare(a, b, 0);
    (void)names_path_type(a, 1, &type);
}

static void names(const char16_t *a, const char16_t *b, uint32_t type)
{
    char16_t out[NAMES_MAX];
    uint32_t flags = type & 16 ? 0x80000000 : 0;
    if (names_canonicalize(a, type & 15, flags, out, NAMES_MAX) == W_ERROR_SUCCESS)
        must(names_validate(out, type & 15, flags) == W_ERROR_SUCCESS);
    (void)names_compare(a, b, type & 15, flags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char16_t a[UNITS], b[UNITS];
    if (!size)
        return 0;
    uint8_t which = *data++;
    size--;
    if (which == 0) {
        descriptor(data, size);
        return 0;
    }
    next_text(&data, &size, a);
    next_text(&data, &size, b);
    if (which == 1)
        paths(a, b);
    else
        names(a, b, which);
    return 0;
}
