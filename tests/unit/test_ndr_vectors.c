// SPDX-License-Identifier: Apache-2.0
/*
 * Stub data that Samba made (tests/golden/ndr), for each operation there: what we pull and push again has to
 * be the same bytes. The same data, cut short and with each octet changed, must end in an error or in a
 * result that can be pushed, never in a crash. argv[1]: the file; with common.txt more is known about what is
 * in it.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "common/interfaces.h"
#include "ndr/ndr.h"

static const char *vector_file;

#define MAX_STUB 4096 /* the longest vector is a third of that */

struct vector {
    char name[128];
    const struct rpc_op *op;
    bool ndr64, has_out;
    uint8_t in[MAX_STUB] __attribute__((aligned(8))), out[MAX_STUB] __attribute__((aligned(8)));
    size_t in_len, out_len;
};

static const struct rpc_op *find_op(const char *name, unsigned opnum)
{
    for (size_t i = 0; i < TEST_N_INTERFACES; i++) {
        const struct rpc_interface *iface = test_interfaces[i].iface;
        if (iface && strcmp(iface->name, name) == 0 && opnum < iface->n_ops)
            return test_interfaces[i].ops[opnum];
    }
    return NULL;
}

static bool from_hex(const char *s, uint8_t *to, size_t *ret_len)
{
    *ret_len = 0;
    if (strcmp(s, "-") == 0)
        return false;
    if (strcmp(s, "empty") == 0)
        return true;
    for (; s[0] && s[1]; s += 2) {
        unsigned v;
        assert_int_equal(sscanf(s, "%2x", &v), 1);
        assert_true(*ret_len < MAX_STUB);
        to[(*ret_len)++] = (uint8_t)v;
    }
    return true;
}

/* The next vector of the file; false at its end. */
static bool next_vector(FILE *f, struct vector *v)
{
    static char line[4 * MAX_STUB + 256], in[2 * MAX_STUB + 1], out[2 * MAX_STUB + 1];
    char iface[32], name[64];
    unsigned opnum, ndr;
    while (fgets(line, sizeof(line), f)) {
        if (line[0] == '#')
            continue;
        assert_int_equal(sscanf(line, "%31s %63s %u %u %8192s %8192s", iface, name, &opnum, &ndr, in, out),
                         6);
        snprintf(v->name, sizeof(v->name), "%s %s, NDR%u", iface, name, ndr);
        v->op = find_op(iface, opnum);
        assert_non_null(v->op);
        v->ndr64 = ndr == 64;
        assert_true(from_hex(in, v->in, &v->in_len));
        v->has_out = from_hex(out, v->out, &v->out_len);
        return true;
    }
    return false;
}

/* Referent ids may be any numbers: Samba counts from SAMBA_ID in steps of 4, gives embedded references, which
 * we count, always the same, and knows no full pointers, which we count from 1. What they lead to is compared
 * anyway. */
#define SAMBA_ID  0x00020000U
#define SAMBA_REF 0xaef1aef1U
#define MANY_IDS  0x400U

static bool is_id(uint32_t id)
{
    return (id >= SAMBA_ID && id < SAMBA_ID + 4 * MANY_IDS && id % 4 == 0) || id == SAMBA_REF;
}

static bool same_referent(const uint8_t *got, const uint8_t *want)
{
    uint32_t id = le32(got);
    return is_id(le32(want)) && (is_id(id) || (id > 0 && id < MANY_IDS));
}

/* Says what differs; all vectors are looked at before the test fails. */
static bool same_bytes(const char *what, const struct wr *w, const uint8_t *want, size_t len)
{
    size_t same = 0;
    while (same < len && same < w->len) {
        if (same % 4 == 0 && len - same >= 4 && w->len - same >= 4 &&
            same_referent(w->base + same, want + same))
            same += 4;
        else if (w->base[same] == want[same])
            same++;
        else
            break;
    }
    if (same == len && same == w->len)
        return true;
    print_error("%s: %zu bytes where %zu are right, first difference at %zu\n", what, w->len, len, same);
    return false;
}

static enum nt_status pull(void (*f)(struct ndr_pull *, void *), struct nt_arena *mem, const uint8_t *data,
                           size_t len, const struct vector *v, void *r, size_t *ret_left)
{
    struct ndr_pull n;
    ndr_pull_init(&n, mem, data, len, 0x10, v->ndr64, NULL);
    f(&n, r);
    *ret_left = ndr_pull_left(&n);
    return ndr_pull_status(&n);
}

static bool check_push(const char *what, void (*f)(struct ndr_push *, const void *), const void *r,
                       bool ndr64, const uint8_t *want, size_t len)
{
    struct ndr_push n;
    struct wr w;
    wr_init(&w, 2 * MAX_STUB);
    ndr_push_init(&n, &w, ndr64);
    f(&n, r);
    enum nt_status st = ndr_push_status(&n);
    if (st != STATUS_SUCCESS)
        print_error("%s: push gives %s\n", what, nt_status_name(st));
    bool ok = st == STATUS_SUCCESS && same_bytes(what, &w, want, len);
    wr_free(&w);
    return ok;
}

static bool check_both(const char *what, const struct vector *v, struct nt_arena *mem, void *r, bool out)
{
    char text[160];
    const uint8_t *data = out ? v->out : v->in;
    size_t len = out ? v->out_len : v->in_len, left = 0;
    enum nt_status st = pull(out ? v->op->pull_out : v->op->pull_in, mem, data, len, v, r, &left);
    snprintf(text, sizeof(text), "%s %s", v->name, what);
    if (st != STATUS_SUCCESS || left)
        print_error("%s: pull gives %s, %zu bytes left\n", text, nt_status_name(st), left);
    return st == STATUS_SUCCESS && !left &&
           check_push(text, out ? v->op->push_out : v->op->push_in, r, v->ndr64, data, len);
}

static void test_same_bytes(void **state)
{
    (void)state;
    static struct vector v;
    FILE *f = fopen(vector_file, "r");
    int n = 0, bad = 0;
    assert_non_null(f);
    while (next_vector(f, &v)) {
        struct nt_arena *mem = nt_arena_new(0);
        void *r = nt_arena_alloc(mem, v.op->size, 16);
        n++;
        if (!check_both("request", &v, mem, r, false) ||
            (v.has_out && !check_both("response", &v, mem, r, true)))
            bad++;
        nt_arena_free(mem);
    }
    fclose(f);
    assert_int_equal(bad, 0);
    assert_true(n > 0);
}

/* Pulls damaged data; what is accepted has to be whole, so that it can be pushed. */
static void pull_damaged(const struct vector *v, const uint8_t *in, size_t in_len, const uint8_t *out,
                         size_t out_len)
{
    size_t left;
    struct nt_arena *mem = nt_arena_new(0);
    void *r = nt_arena_alloc(mem, v->op->size, 16);
    if (pull(v->op->pull_in, mem, in, in_len, v, r, &left) == STATUS_SUCCESS &&
        pull(v->op->pull_out, mem, out, out_len, v, r, &left) == STATUS_SUCCESS) {
        struct ndr_push n;
        struct wr w;
        wr_init(&w, (size_t)1 << 20);
        ndr_push_init(&n, &w, v->ndr64);
        v->op->push_in(&n, r);
        v->op->push_out(&n, r);
        (void)ndr_push_status(&n);
        wr_free(&w);
    }
    nt_arena_free(mem);
}

static void test_damaged(void **state)
{
    (void)state;
    static struct vector v;
    static uint8_t data[MAX_STUB] __attribute__((aligned(8)));
    static const uint8_t changes[] = { 0x01, 0x80, 0xff };
    FILE *f = fopen(vector_file, "r");
    assert_non_null(f);
    while (next_vector(f, &v)) {
        if (!v.has_out)
            continue;
        for (size_t i = 0; i < v.in_len; i++) {
            uint8_t *exact = malloc(i + 1); /* so that a sanitizer sees each byte too far */
            memcpy(exact, v.in, i + 1);
            pull_damaged(&v, exact, i, v.out, v.out_len);
            free(exact);
            memcpy(data, v.in, v.in_len);
            data[i] ^= changes[i % 3];
            pull_damaged(&v, data, v.in_len, v.out, v.out_len);
        }
        for (size_t i = 0; i < v.out_len; i++) {
            uint8_t *exact = malloc(i + 1);
            size_t left;
            memcpy(exact, v.out, i + 1);
            struct nt_arena *mem = nt_arena_new(0);
            void *r = nt_arena_alloc(mem, v.op->size, 16);
            assert_int_equal(pull(v.op->pull_in, mem, v.in, v.in_len, &v, r, &left), STATUS_SUCCESS);
            assert_int_equal(pull(v.op->pull_out, mem, exact, i, &v, r, &left), RPC_NT_BAD_STUB_DATA);
            nt_arena_free(mem);
            free(exact);
            for (size_t c = 0; c < sizeof(changes); c++) {
                memcpy(data, v.out, v.out_len);
                data[i] ^= changes[c];
                pull_damaged(&v, v.in, v.in_len, data, v.out_len);
            }
        }
    }
    fclose(f);
}

/* Each amount of memory below what is needed: an error that says so, and nothing worse. */
static void test_short_memory(void **state)
{
    (void)state;
    static struct vector v;
    FILE *f = fopen(vector_file, "r");
    assert_non_null(f);
    while (next_vector(f, &v)) {
        size_t left;
        enum nt_status st = STATUS_PENDING;
        for (size_t limit = v.op->size + 16; st != STATUS_SUCCESS; limit += 8) {
            struct nt_arena *mem = nt_arena_new(limit);
            void *r = nt_arena_alloc(mem, v.op->size, 16);
            assert_non_null(r);
            st = pull(v.op->pull_in, mem, v.in, v.in_len, &v, r, &left);
            if (st == STATUS_SUCCESS && v.has_out)
                st = pull(v.op->pull_out, mem, v.out, v.out_len, &v, r, &left);
            if (st != STATUS_SUCCESS)
                assert_int_equal(st, STATUS_NO_MEMORY);
            nt_arena_free(mem);
            assert_true(limit < 65536);
        }
    }
    fclose(f);
}

/* The same of a writer that may not grow. */
static void test_short_writer(void **state)
{
    (void)state;
    static struct vector v;
    FILE *f = fopen(vector_file, "r");
    assert_non_null(f);
    while (next_vector(f, &v)) {
        size_t left;
        struct nt_arena *mem = nt_arena_new(0);
        void *r = nt_arena_alloc(mem, v.op->size, 16);
        assert_int_equal(pull(v.op->pull_in, mem, v.in, v.in_len, &v, r, &left), STATUS_SUCCESS);
        for (size_t limit = 0; limit < v.in_len; limit++) {
            struct wr w;
            struct ndr_push n;
            wr_init(&w, limit);
            ndr_push_init(&n, &w, v.ndr64);
            v.op->push_in(&n, r);
            assert_int_equal(ndr_push_status(&n), STATUS_BUFFER_TOO_SMALL);
            wr_free(&w);
        }
        nt_arena_free(mem);
    }
    fclose(f);
}

/* ---- the same data against values written by hand ---- */

/* The n-th NDR20 vector of an operation. */
static struct vector *vector_of(const struct rpc_op *op, int n)
{
    static struct vector v;
    FILE *f = fopen(vector_file, "r");
    assert_non_null(f);
    while (next_vector(f, &v))
        if (v.op == op && !v.ndr64 && n-- == 0) {
            fclose(f);
            return &v;
        }
    fail_msg("no such vector");
    return NULL;
}

static void assert_wstring(const char16_t *got, const char16_t *want)
{
    assert_non_null(got);
    while (*got && *got == *want) {
        got++;
        want++;
    }
    assert_int_equal(*got, *want);
}

static void assert_counted(const struct dtyp_RPC_UNICODE_STRING *s, const char16_t *want)
{
    size_t len = s->Length / 2U;
    for (size_t i = 0; i < len; i++)
        assert_int_equal(s->Buffer[i], want[i]);
    assert_int_equal(want[len], 0);
}

static void assert_guid(const struct nt_guid *g)
{
    char text[NT_GUID_STRLEN + 1];
    assert_string_equal(nt_guid_format(g, text), "01234567-89ab-cdef-1032-547698badcfe");
}

static void assert_sid(const struct nt_sid *sid, const char *want)
{
    char text[NT_SID_STRLEN + 1];
    assert_non_null(sid);
    assert_string_equal(nt_sid_format(sid, text), want);
}

static void test_push_share_enum(void **state)
{
    (void)state;
    const struct vector *v = vector_of(&srvsvc_NetrShareEnum_op, 5); /* level 1, 3 shares */
    struct srvsvc_SHARE_INFO_1 shares[3] = {
        { u"IPC$", 0x80000003, u"remark 0" },
        { u"donn\u00e9es", 0x80000003, u"remark 1" },
        { u"\u65e5\u672c\u8a9e", 0x80000003, u"remark 2" },
    };
    struct srvsvc_SHARE_INFO_1_CONTAINER none = { 0 }, some = { 3, shares };
    uint32_t resume_in = 0, resume_out = 12;
    struct srvsvc_NetrShareEnum r = {
        .in = { .ServerName = u"\\\\server.example",
                .InfoStruct = { .Level = 1, .ShareInfo.Level1 = &none },
                .PreferedMaximumLength = UINT32_MAX,
                .ResumeHandle = &resume_in },
        .out = { .InfoStruct = { .Level = 1, .ShareInfo.Level1 = &some },
                 .TotalEntries = 3,
                 .ResumeHandle = &resume_out },
    };
    assert_true(check_push("request", v->op->push_in, &r, false, v->in, v->in_len));
    assert_true(check_push("response", v->op->push_out, &r, false, v->out, v->out_len));
}

static void test_pull_share_enum(void **state)
{
    (void)state;
    const struct vector *v = vector_of(&srvsvc_NetrShareEnum_op, 14); /* level 502, 3 shares */
    struct srvsvc_NetrShareEnum r = { 0 };
    struct nt_arena *mem = nt_arena_new(0);
    size_t left;
    assert_int_equal(pull(v->op->pull_in, mem, v->in, v->in_len, v, &r, &left), STATUS_SUCCESS);
    assert_int_equal(pull(v->op->pull_out, mem, v->out, v->out_len, v, &r, &left), STATUS_SUCCESS);
    assert_wstring(r.in.ServerName, u"\\\\server.example");
    assert_int_equal(r.in.InfoStruct.Level, 502);
    assert_null(r.in.InfoStruct.ShareInfo.Level502->Buffer);
    assert_int_equal(r.out.InfoStruct.ShareInfo.Level502->EntriesRead, 3);
    const struct srvsvc_SHARE_INFO_502_I *s = r.out.InfoStruct.ShareInfo.Level502->Buffer;
    assert_wstring(s[1].shi502_netname, u"donn\u00e9es");
    assert_wstring(s[2].shi502_path, u"C:\\share\\2");
    assert_null(s[0].shi502_passwd);
    assert_int_equal(s[1].shi502_current_uses, 8);
    assert_null(s[1].shi502_security_descriptor);
    assert_int_equal(s[2].shi502_reserved, 36); /* header of 20 and S-1-5-32-544 of 16 bytes */
    assert_int_equal(s[2].shi502_security_descriptor[0], 1);
    assert_int_equal(*r.out.ResumeHandle, 12);
    assert_int_equal(r.out.result, W_ERROR_SUCCESS);
    nt_arena_free(mem);
}

static void test_push_connect5(void **state)
{
    (void)state;
    const struct vector *v = vector_of(&samr_SamrConnect5_op, 0);
    struct samr_SamrConnect5 r = {
        .in = { .ServerName = u"\\\\server.example", .DesiredAccess = 0x02000000, .InVersion = 1 },
        .out = { .OutVersion = 1 },
    };
    r.in.InRevisionInfo.V1.Revision = r.out.OutRevisionInfo.V1.Revision = 3;
    r.out.OutRevisionInfo.V1.SupportedFeatures = 0x10;
    assert_int_equal(nt_guid_parse("01234567-89ab-cdef-1032-547698badcfe", &r.out.ServerHandle.uuid),
                     STATUS_SUCCESS);
    assert_true(check_push("request", v->op->push_in, &r, false, v->in, v->in_len));
    assert_true(check_push("response", v->op->push_out, &r, false, v->out, v->out_len));
}

static void test_pull_user21(void **state)
{
    (void)state;
    const struct vector *v = vector_of(&samr_SamrQueryInformationUser2_op, 0);
    struct samr_SamrQueryInformationUser2 r = { 0 };
    struct nt_arena *mem = nt_arena_new(0);
    size_t left;
    assert_int_equal(pull(v->op->pull_in, mem, v->in, v->in_len, v, &r, &left), STATUS_SUCCESS);
    assert_int_equal(pull(v->op->pull_out, mem, v->out, v->out_len, v, &r, &left), STATUS_SUCCESS);
    assert_guid(&r.in.UserHandle.uuid);
    assert_int_equal(r.in.UserInformationClass, samr_UserAllInformation);
    const struct samr_SAMPR_USER_ALL_INFORMATION *u = &r.out.Buffer->All;
    assert_int_equal(u->LastLogon.HighPart, 0x01da0000);
    assert_int_equal(u->LastLogon.LowPart, 1);
    assert_int_equal(u->AccountExpires.HighPart, INT32_MAX);
    assert_counted(&u->UserName, u"\u00fcaccount_name");
    assert_counted(&u->HomeDirectoryDrive, u"");
    assert_counted(&u->WorkStations, u"\u00fcworkstations");
    assert_int_equal(u->UserId, 1000);
    assert_int_equal(u->WhichFields, 0x00ffffff);
    assert_int_equal(u->LogonHours.UnitsPerWeek, 168);
    assert_int_equal(u->LogonHours.LogonHours[20], 0xff);
    assert_int_equal(u->CodePage, 4);
    assert_int_equal(u->NtPasswordPresent, 1);
    nt_arena_free(mem);
}

static void test_push_lookup_sids(void **state)
{
    (void)state;
    const struct vector *v = vector_of(&lsarpc_LsarLookupSids_op, 0);
    struct nt_sid user, system;
    assert_int_equal(nt_sid_parse("S-1-5-21-1-2-3-1000", &user), STATUS_SUCCESS);
    assert_int_equal(nt_sid_parse("S-1-5-18", &system), STATUS_SUCCESS);
    struct lsarpc_LSAPR_SID_INFORMATION sids[] = { { &user }, { &system } };
    struct lsarpc_LsarLookupSids r = { .in = { .SidEnumBuffer = { 2, sids },
                                               .LookupLevel = lsarpc_LsapLookupWksta } };
    assert_int_equal(nt_guid_parse("01234567-89ab-cdef-1032-547698badcfe", &r.in.PolicyHandle.uuid),
                     STATUS_SUCCESS);
    assert_true(check_push("request", v->op->push_in, &r, false, v->in, v->in_len));
}

static void test_pull_lookup_sids(void **state)
{
    (void)state;
    const struct vector *v = vector_of(&lsarpc_LsarLookupSids_op, 0);
    struct lsarpc_LsarLookupSids r = { 0 };
    struct nt_arena *mem = nt_arena_new(0);
    size_t left;
    assert_int_equal(pull(v->op->pull_out, mem, v->out, v->out_len, v, &r, &left), STATUS_SUCCESS);
    assert_int_equal(r.out.ReferencedDomains->Entries, 2);
    assert_counted(&r.out.ReferencedDomains->Domains[1].Name, u"NT AUTHORITY");
    assert_sid(r.out.ReferencedDomains->Domains[0].Sid, "S-1-5-21-1-2-3");
    assert_int_equal(r.out.TranslatedNames.Entries, 2);
    assert_counted(&r.out.TranslatedNames.Names[0].Name, u"alice");
    assert_int_equal(r.out.TranslatedNames.Names[1].DomainIndex, 1);
    assert_int_equal(r.out.MappedCount, 2);
    nt_arena_free(mem);
}

static void test_pull_ept_map(void **state)
{
    (void)state;
    const struct vector *v = vector_of(&epmapper_ept_map_op, 0);
    struct epmapper_ept_map r = { 0 };
    struct nt_arena *mem = nt_arena_new(0);
    size_t left;
    assert_int_equal(pull(v->op->pull_in, mem, v->in, v->in_len, v, &r, &left), STATUS_SUCCESS);
    assert_int_equal(pull(v->op->pull_out, mem, v->out, v->out_len, v, &r, &left), STATUS_SUCCESS);
    assert_true(nt_guid_is_null(r.in.obj));
    assert_int_equal(r.in.map_tower->tower_length, 75);
    assert_int_equal(r.out.num_towers, 2);
    const struct epmapper_twr_t *t = r.out.ITowers[1];
    assert_int_equal(t->tower_octet_string[0], 5);
    assert_memory_equal(t->tower_octet_string + 71, "\x7f\0\0\x0a", 4);
    nt_arena_free(mem);
}

/* Objects of IDL_DRSGetNCChanges are a list, linked by pointers: longer than a type may be nested in itself.
 */
static enum nt_status long_list(size_t entries, bool ndr64)
{
    const struct rpc_op *op = &drsuapi_IDL_DRSGetNCChanges_op;
    struct drsuapi_REPLENTINFLIST *list = calloc(entries, sizeof(*list));
    struct drsuapi_IDL_DRSGetNCChanges r = { .out.pdwOutVersion = 1 };
    struct nt_arena *mem = nt_arena_new(0);
    struct ndr_push n;
    struct ndr_pull p;
    struct wr w;
    assert_non_null(list);
    for (size_t i = 0; i < entries; i++) {
        list[i].pNextEntInf = i + 1 < entries ? &list[i + 1] : NULL;
        list[i].Entinf.ulFlags = (uint32_t)i;
    }
    r.out.pmsgOut.V1.pObjects = list;
    wr_init(&w, (size_t)1 << 20);
    ndr_push_init(&n, &w, ndr64);
    op->push_out(&n, &r);
    enum nt_status st = ndr_push_status(&n);
    if (st == STATUS_SUCCESS) {
        memset(&r.out, 0, sizeof(r.out));
        ndr_pull_init(&p, mem, w.base, w.len, 0x10, ndr64, NULL);
        op->pull_out(&p, &r);
        st = ndr_pull_status(&p);
        size_t i = 0;
        for (const struct drsuapi_REPLENTINFLIST *e = r.out.pmsgOut.V1.pObjects; e; e = e->pNextEntInf)
            assert_int_equal(e->Entinf.ulFlags, i++);
        assert_int_equal(i, st == STATUS_SUCCESS ? entries : 0);
    }
    wr_free(&w);
    nt_arena_free(mem);
    free(list);
    return st;
}

static void test_long_list(void **state)
{
    (void)state;
    for (int ndr64 = 0; ndr64 < 2; ndr64++) {
        assert_int_equal(long_list(1, ndr64), STATUS_SUCCESS);
        assert_int_equal(long_list(NDR_BUDGET_LINKS, ndr64), STATUS_SUCCESS);
        assert_int_equal(long_list(NDR_BUDGET_LINKS + 1, ndr64), RPC_NT_BAD_STUB_DATA);
    }
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest all[] = {
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_short_memory),
        cmocka_unit_test(test_short_writer),
    };
    static const struct CMUnitTest directory[] = { cmocka_unit_test(test_long_list) };
    static const struct CMUnitTest common[] = {
        cmocka_unit_test(test_push_share_enum),  cmocka_unit_test(test_pull_share_enum),
        cmocka_unit_test(test_push_connect5),    cmocka_unit_test(test_pull_user21),
        cmocka_unit_test(test_push_lookup_sids), cmocka_unit_test(test_pull_lookup_sids),
        cmocka_unit_test(test_pull_ept_map),
    };
    if (argc != 2)
        return 2;
    vector_file = argv[1];
    int bad = cmocka_run_group_tests(all, NULL, NULL);
    if (strstr(vector_file, "common.txt"))
        bad += cmocka_run_group_tests(common, NULL, NULL);
    if (strstr(vector_file, "drsuapi.txt"))
        bad += cmocka_run_group_tests(directory, NULL, NULL);
    return bad;
}
