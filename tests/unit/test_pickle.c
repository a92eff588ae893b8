// SPDX-License-Identifier: Apache-2.0
/*
 * Type serialization: buffers of Kerberos PACs that Samba made and the one of [MS-PAC] 3.1 are decoded and
 * encoded again to the same octets, in every form; claims and small types against octets worked out from
 * [MS-RPCE] 2.2.6 and 2.2.7; damaged streams. argv: files of vectors.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <msrpc/pac.h>
#include <msrpc/pickled.h>

#define MAX_VECTOR 4096

static int n_files;
static char **files;

static const struct {
    const char *name;
    const struct ndr_type *type;
} types[] = {
    { "pac_PKERB_VALIDATION_INFO", &pac_PKERB_VALIDATION_INFO_type },
    { "pac_PPAC_CREDENTIAL_DATA", &pac_PPAC_CREDENTIAL_DATA_type },
    { "pac_PS4U_DELEGATION_INFO", &pac_PS4U_DELEGATION_INFO_type },
};

static const struct ndr_type *type_named(const char *name)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(types[i].name, name) == 0)
            return types[i].type;
    fail_msg("no type %s", name);
    return NULL;
}

/* Octets in hexadecimal; blanks and '|' are for the reader, "(N)" is N zeros. */
static struct nt_blob hex(struct nt_arena *mem, const char *s)
{
    uint8_t *to = nt_arena_alloc(mem, MAX_VECTOR, 8);
    size_t n = 0;
    while (*s && *s != '\n') {
        unsigned v = 0;
        int used = 0;
        assert_true(n + 64 < MAX_VECTOR);
        if (*s == ' ' || *s == '|') {
            s++;
        } else if (sscanf(s, "(%u)%n", &v, &used) == 1 && used) {
            n += v;
            s += used;
        } else {
            assert_int_equal(sscanf(s, "%2x", &v), 1);
            to[n++] = (uint8_t)v;
            s += 2;
        }
    }
    return (struct nt_blob){ to, n };
}

static void same(struct nt_blob got, struct nt_blob want)
{
    for (size_t i = 0; i < got.len && i < want.len; i++)
        if (got.data[i] != want.data[i])
            fail_msg("octet %zu of %zu is %02x, not %02x", i, want.len, got.data[i], want.data[i]);
    assert_int_equal(got.len, want.len);
}

/* data, which came from the network, in each form and back. */
static void check_forms(const struct ndr_type *t, struct nt_blob data)
{
    struct nt_arena *mem = nt_arena_new(0);
    uint64_t value[16], other[16];
    struct ndr_item item = { t, value }, copy = { t, other };
    struct nt_blob again, v2, last;
    assert_true(t->size <= sizeof(value));
    assert_int_equal(ndr_decode(data, &item, 1, mem), STATUS_SUCCESS);
    assert_int_equal(ndr_encode(NDR_FORM_V1, NULL, &item, 1, mem, &again), STATUS_SUCCESS);
    same(again, data);
    for (enum ndr_form form = NDR_FORM_V2_NDR20; form <= NDR_FORM_V2_NDR64; form++) {
        assert_int_equal(ndr_encode(form, NULL, &item, 1, mem, &v2), STATUS_SUCCESS);
        assert_int_equal(v2.len % 16, 0);
        assert_int_equal(ndr_decode(v2, &copy, 1, mem), STATUS_SUCCESS);
        assert_int_equal(ndr_encode(NDR_FORM_V1, NULL, &copy, 1, mem, &last), STATUS_SUCCESS);
        same(last, data);
    }
    for (int wide = 0; wide < 2; wide++) {
        enum ndr_form form = wide ? NDR_FORM_BARE_NDR64 : NDR_FORM_BARE_NDR20;
        assert_int_equal(ndr_encode(form, NULL, &item, 1, mem, &v2), STATUS_SUCCESS);
        assert_int_equal(ndr_decode_bare(v2, wide, 0x10, &copy, 1, mem), STATUS_SUCCESS);
        assert_int_equal(ndr_encode(NDR_FORM_V1, NULL, &copy, 1, mem, &last), STATUS_SUCCESS);
        same(last, data);
    }
    nt_arena_free(mem);
}

/* Cut short, and with each octet changed: an error and zeros, or something that can be encoded. */
static void check_damage(const struct ndr_type *t, struct nt_blob data)
{
    for (size_t i = 0; i < 2 * data.len; i++) {
        struct nt_arena *mem = nt_arena_new(0);
        uint64_t value[16] = { 0 }, zero[16] = { 0 };
        struct ndr_item item = { t, value };
        struct nt_blob bad = { nt_arena_memdup(mem, data.data, data.len), data.len }, again;
        if (i < data.len)
            bad.len = i;
        else
            ((uint8_t *)(uintptr_t)bad.data)[i - data.len] ^= i & 1 ? 0x80 : 0x01;
        enum nt_status st = ndr_decode(bad, &item, 1, mem);
        if (i < data.len)
            assert_int_not_equal(st, STATUS_SUCCESS);
        if (st != STATUS_SUCCESS)
            assert_memory_equal(value, zero, t->size);
        else
            assert_int_equal(ndr_encode(NDR_FORM_V1, NULL, &item, 1, mem, &again), STATUS_SUCCESS);
        nt_arena_free(mem);
    }
}

static void test_vectors(void **state)
{
    (void)state;
    static char line[2 * MAX_VECTOR + 128], name[64];
    int n = 0;
    for (int i = 0; i < n_files; i++) {
        FILE *f = fopen(files[i], "r");
        assert_non_null(f);
        while (fgets(line, sizeof(line), f)) {
            struct nt_arena *mem = nt_arena_new(0);
            int used = 0;
            if (line[0] != '#' && sscanf(line, "%63s %n", name, &used) == 1) {
                struct nt_blob data = hex(mem, line + used);
                check_forms(type_named(name), data);
                check_damage(type_named(name), data);
                n++;
            }
            nt_arena_free(mem);
        }
        fclose(f);
    }
    assert_int_equal(n, 8);
}

/* What the text of [MS-PAC] 3.1 says is in its example. */
static void test_specification(void **state)
{
    (void)state;
    static char line[2 * MAX_VECTOR + 128];
    struct nt_arena *mem = nt_arena_new(0);
    FILE *f = fopen(files[n_files - 1], "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof(line), f));
    assert_non_null(fgets(line, sizeof(line), f));
    fclose(f);
    struct pac_KERB_VALIDATION_INFO *info = NULL;
    struct ndr_item item = { &pac_PKERB_VALIDATION_INFO_type, &info };
    assert_int_equal(ndr_decode(hex(mem, strchr(line, ' ') + 1), &item, 1, mem), STATUS_SUCCESS);
    assert_int_equal(info->EffectiveName.Length, 8);
    assert_memory_equal(info->EffectiveName.Buffer, u"lzhu", 8);
    assert_memory_equal(info->FullName.Buffer, u"Liqiang(Larry) Zhu", 36);
    assert_memory_equal(info->LogonScript.Buffer, u"ntds2.bat", 18);
    assert_int_equal(info->GroupCount, 26);
    assert_int_equal(info->GroupIds[0].RelativeId, 0x0033C461);
    assert_int_equal(info->GroupIds[0].Attributes, 7);
    assert_int_equal(info->LogonDomainId->count, 4);
    assert_int_equal(info->LogonDomainId->sub[1], 397955417);
    assert_int_equal(info->LogonDomainId->sub[3], 188441444);
    assert_int_equal(info->SidCount, 13);
    assert_int_equal(info->ExtraSids[12].Sid->count, 5);
    assert_null(info->ResourceGroupIds);
    nt_arena_free(mem);
}

/* A claims set inside its metadata, as KDCs send it: [MS-ADTS] 2.2.18, 3.1.1.11.2.5, without compression. */
static void test_claims(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    const char16_t *cities[] = { u"Berlin", u"Kiel" };
    int64_t level[] = { -5 };
    struct pac_CLAIM_ENTRY claims[2] = {
        { .Id = u"city", .Type = pac_CLAIM_TYPE_STRING, .Values.String = { 2, cities } },
        { .Id = u"l", .Type = pac_CLAIM_TYPE_INT64, .Values.Int64 = { 1, level } }
    };
    struct pac_CLAIMS_ARRAY array = { pac_CLAIMS_SOURCE_TYPE_AD, 2, claims };
    struct pac_CLAIMS_SET set = { .ulClaimsArrayCount = 1, .ClaimsArrays = &array }, *top = &set;
    struct ndr_item item = { &pac_PCLAIMS_SET_type, &top };
    struct nt_blob inner, outer;
    assert_int_equal(ndr_encode(NDR_FORM_V1, NULL, &item, 1, mem, &inner), STATUS_SUCCESS);
    same(inner, hex(mem, "01100800 cccccccc | c0000000 (4) | 00000200"
                         "01000000 04000200 0000 (2) 00000000 (4)"       /* the set */
                         "01000000 0100 (2) 02000000 08000200"           /* one array of two claims */
                         "02000000 0c000200 0300 0300 02000000 10000200" /* their fixed parts */
                         "14000200 0100 0100 01000000 18000200"
                         "05000000 (4) 05000000 6300 6900 7400 7900 0000 (2)" /* what they stand at */
                         "02000000 1c000200 20000200"
                         "07000000 (4) 07000000 4200 6500 7200 6c00 6900 6e00 0000 (2)"
                         "05000000 (4) 05000000 4b00 6900 6500 6c00 0000 (2)"
                         "02000000 (4) 02000000 6c00 0000"
                         "01000000 fbffffffffffffff"));
    struct pac_CLAIMS_SET_METADATA meta = { .ulClaimsSetSize = (uint32_t)inner.len,
                                            .ClaimsSet = (uint8_t *)(uintptr_t)inner.data,
                                            .ulUncompressedClaimsSetSize = (uint32_t)inner.len };
    struct pac_CLAIMS_SET_METADATA *p = &meta;
    struct ndr_item wrap = { &pac_PCLAIMS_SET_METADATA_type, &p };
    assert_int_equal(ndr_encode(NDR_FORM_V1, NULL, &wrap, 1, mem, &outer), STATUS_SUCCESS);
    p = NULL;
    top = NULL;
    assert_int_equal(ndr_decode(outer, &wrap, 1, mem), STATUS_SUCCESS);
    assert_int_equal(ndr_decode((struct nt_blob){ p->ClaimsSet, p->ulClaimsSetSize }, &item, 1, mem),
                     STATUS_SUCCESS);
    assert_memory_equal(top->ClaimsArrays->ClaimEntries[0].Values.String.Values[1], u"Kiel", 10);
    assert_true(top->ClaimsArrays->ClaimEntries[1].Values.Int64.Values[0] == -5);
    check_forms(&pac_PCLAIMS_SET_type, inner);
    check_damage(&pac_PCLAIMS_SET_type, inner);
    check_forms(&pac_PCLAIMS_SET_METADATA_type, outer);
    /* no values: outside of the range that the specification gives */
    ((uint8_t *)(uintptr_t)inner.data)[68] = 0;
    assert_int_equal(ndr_decode(inner, &item, 1, mem), RPC_NT_INVALID_BOUND);
    assert_null(top);
    nt_arena_free(mem);
}

/* Several objects in one stream, numbers without a header of their own, and the forms' headers. */
static void test_streams(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    int16_t number = -2;
    struct pickled_pair pair = { 0x11223344, 7 };
    int32_t triple[3] = { 1, 2, 3 };
    const char16_t *text = u"a";
    enum pickled_shade shade = pickled_DARK;
    struct ndr_item items[] = { { &pickled_number_type, &number },
                                { &pickled_pair_type, &pair },
                                { &pickled_triple_type, triple },
                                { &pickled_text_type, &text },
                                { &pickled_shade_type, &shade } };
    const char *v1 =
        "01100800 cccccccc | feff (6) | 08000000 (4) 44332211 0700 (2) | 10000000 (4) 01000000 02000000 "
        "03000000 (4) | 18000000 (4) 00000200 02000000 (4) 02000000 6100 0000 (4) | 0200 (6)";
    struct nt_blob data, v2;
    assert_int_equal(ndr_encode(NDR_FORM_V1, NULL, items, 5, mem, &data), STATUS_SUCCESS);
    same(data, hex(mem, v1));
    const struct rpc_syntax iface = { { 0x01020304, 0x0506, 0x0708, { 9, 10, 11, 12, 13, 14, 15, 16 } },
                                      3,
                                      1 };
    assert_int_equal(ndr_encode(NDR_FORM_V2_NDR64, &iface, items, 2, mem, &v2), STATUS_SUCCESS);
    same(v2,
         hex(mem,
             "02104000 cccccccc cccccccc cccccccc cccccccc cccccccc | 33057171 baBe 3749 8319b5dbef9ccc36 "
             "0100 0000 | 04030201 0605 0807 090a0b0c0d0e0f10 0300 0100 | 10000000 (12) feff (14) | "
             "10000000 (12) 44332211 0700 (10)"));
    number = 0, pair.a = 0, pair.b = 0, text = NULL, shade = 0;
    memset(triple, 0, sizeof(triple));
    assert_int_equal(ndr_decode(data, items, 5, mem), STATUS_SUCCESS);
    assert_int_equal(number, -2);
    assert_int_equal(pair.a, 0x11223344);
    assert_int_equal(triple[2], 3);
    assert_int_equal(text[0], 'a');
    assert_int_equal(shade, pickled_DARK);
    number = 0;
    assert_int_equal(ndr_decode(v2, items, 2, mem), STATUS_SUCCESS);
    assert_int_equal(number, -2);
    assert_int_equal(pair.b, 7);
    /* the same stream in the other byte order; its header stays little endian */
    assert_int_equal(
        ndr_decode(hex(mem, "01000800 cccccccc | fffe (6) | 00000008 (4) 11223344 0007 (2) | 00000010 (4) "
                            "00000001 00000002 00000003 (4) | 00000018 (4) 00020000 00000002 (4) 00000002 "
                            "0061 0000 (4) | 0002 (6)"),
                   items, 5, mem),
        STATUS_SUCCESS);
    assert_int_equal(number, -2);
    assert_int_equal(pair.a, 0x11223344);
    assert_int_equal(text[0], 'a');
    nt_arena_free(mem);
}

static void test_bad_streams(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        enum nt_status st;
    } bad[] = {
        { "", RPC_NT_BAD_STUB_DATA },
        { "01100800 cccccc", RPC_NT_BAD_STUB_DATA },
        { "03100800 cccccccc 08000000 (4) 44332211 0700 (2)", STATUS_NOT_SUPPORTED },
        { "01110800 cccccccc 08000000 (4) 44332211 0700 (2)", STATUS_NOT_SUPPORTED },
        { "01100900 cccccccc 08000000 (4) 44332211 0700 (2)", RPC_NT_BAD_STUB_DATA },
        { "01100800 cccccccc 09000000 (4) 44332211 0700 (2)", RPC_NT_BAD_STUB_DATA },
        { "01100800 cccccccc ffffffff (4) 44332211 0700 (2)", RPC_NT_BAD_STUB_DATA },
        { "01100800 cccccccc 04000000 (4) 44332211 0700 (2)", RPC_NT_BAD_STUB_DATA },
        { "02104000 cccccccc", RPC_NT_BAD_STUB_DATA },
        { "02104000 (20) 33057171 baBe 3749 8319b5dbef9ccc37 01000000 (20) 10000000 (12) 44332211 0700 (10)",
          STATUS_NOT_SUPPORTED },
        { "02004000 (20) 33057171 baBe 3749 8319b5dbef9ccc36 01000000 (20) 10000000 (12) 44332211 0700 (10)",
          STATUS_NOT_SUPPORTED },
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct nt_arena *mem = nt_arena_new(0);
        struct pickled_pair pair = { 1, 1 };
        struct ndr_item item = { &pickled_pair_type, &pair };
        if (ndr_decode(hex(mem, bad[i].data), &item, 1, mem) != bad[i].st)
            fail_msg("stream %zu", i);
        assert_int_equal(pair.a, 0);
        nt_arena_free(mem);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors), cmocka_unit_test(test_specification), cmocka_unit_test(test_claims),
        cmocka_unit_test(test_streams), cmocka_unit_test(test_bad_streams),
    };
    n_files = argc - 1;
    files = argv + 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
