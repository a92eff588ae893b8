// SPDX-License-Identifier: Apache-2.0
/*
 * What srvsvc and lsarpc take apart of a client's: security descriptors, paths and names; and what is looked
 * up in a store: names and SIDs. The first octet chooses; the rest is the descriptor, or UTF-16 of two
 * strings with a zero between; or the two lengths of a counted string and its characters; or a SID.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <msrpc/unistr.h>
#include "base/cursor.h"
#include "serve/descriptor.h"
#include "serve/m_lsa.h"
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

/* ---- look-ups ---- */

/* A store of its own, gone from the directory at once. */
static struct samdb *store(void)
{
    static struct samdb *db;
    static const struct samdb_init init = { "BOX", "WORKGROUP", "", "admin", "Secret-1", { 0 } };
    char dir[] = "/tmp/fuzz.XXXXXX", path[64];
    if (db)
        return db;
    must(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/sam.db", dir);
    must(samdb_create(path, &init, NULL) == STATUS_SUCCESS);
    must(samdb_open(path, NULL, &db) == STATUS_SUCCESS);
    unlink(path);
    char more[80];
    snprintf(more, sizeof more, "%s-wal", path);
    unlink(more);
    snprintf(more, sizeof more, "%s-shm", path);
    unlink(more);
    rmdir(dir);
    return db;
}

/* What has a name has it by its SID, too, and the other way round. */
static void there_and_back(const struct lsa_view *v, const struct lsa_entry *e)
{
    struct lsa_entry other;
    char16_t full[600];
    if (e->use == lsarpc_SidTypeUnknown)
        return;
    must(lsa_by_sid(v, &e->sid, &other) == STATUS_SUCCESS);
    must(ustr_cmp(other.name, e->name) == 0 && ustr_cmp(other.domain, e->domain) == 0 && other.use == e->use);
    size_t n = ustr_len(e->domain), m = ustr_len(e->name);
    must(n + m + 2 <= sizeof full / sizeof full[0]);
    memcpy(full, e->domain, 2 * n);
    full[n] = '\\';
    memcpy(full + n + 1, e->name, 2 * (m + 1));
    if (e->use == lsarpc_SidTypeDomain) /* "BUILTIN\\" */
        full[n + 1] = 0;
    must(lsa_by_name(v, full, &other) == STATUS_SUCCESS && nt_sid_equal(&other.sid, &e->sid));
}

static void look_up(bool by_name, const uint8_t *data, size_t size)
{
    struct serve_host h = { .db = store() };
    struct nt_arena *mem = nt_arena_new(0);
    struct lsa_view v;
    struct lsa_entry e;
    must(mem && lsa_view_open(&h, mem, &v) == STATUS_SUCCESS);
    if (by_name && size >= 4) {
        uint16_t max = le16(data + 2);
        size_t there = (size - 4) / 2, units = max / 2u < there ? max / 2u : there;
        struct dtyp_RPC_UNICODE_STRING s = { le16(data), (uint16_t)(2 * units), calloc(units + 1, 2) };
        bool valid;
        for (size_t i = 0; i < units; i++)
            s.Buffer[i] = le16(data + 4 + 2 * i);
        char16_t *name = lsa_text(mem, &s, &valid);
        must(!valid || ustr_len(name) == s.Length / 2u);
        if (valid && lsa_by_name(&v, name, &e) == STATUS_SUCCESS)
            there_and_back(&v, &e);
        free(s.Buffer);
    } else if (!by_name && size >= 8) {
        struct nt_sid sid = { .revision = 1, .count = data[1] % (NT_SID_MAX_SUB + 1) };
        memcpy(sid.authority, data + 2, sizeof sid.authority);
        for (unsigned i = 0; i < sid.count && 8 + 4 * i + 4 <= size; i++)
            sid.sub[i] = le32(data + 8 + 4 * i);
        if (data[0] & 1) /* of the machine */
            must(nt_sid_append(&v.sid, sid.count ? sid.sub[0] : 0, &sid) == STATUS_SUCCESS);
        if (lsa_by_sid(&v, &sid, &e) == STATUS_SUCCESS)
            there_and_back(&v, &e);
    }
    nt_arena_free(mem);
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
    if (which >= 0xfe) {
        look_up(which == 0xff, data, size);
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
