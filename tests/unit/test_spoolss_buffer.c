// SPDX-License-Identifier: Apache-2.0
/*
 * INFO structures in buffers. Samba's answers (argv[1]: tests/golden/ndr/spoolss.txt) are taken apart and put
 * together again, to the same bytes; damaged ones must fail or give something that can be put together. What
 * Samba has not, and lists of more than one element, are checked against values written here.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <msrpc/spoolss_buffer.h>
#include <msrpc/unistr.h>
#include "ndr/ndr.h"

static const char *vector_file;

#define MAX_STUB 4096

/* Where an operation has its level, its buffer, its length and the number of elements; at of none: 0. */
struct query {
    const struct rpc_op *op;
    enum spl_kind kind;
    size_t level, buf, len, returned;
};

#define QUERY(name, kind, Level, Buf, Len)                                                                   \
    {                                                                                                        \
        &spoolss_##name##_op, kind, offsetof(struct spoolss_##name, in.Level),                               \
            offsetof(struct spoolss_##name, out.Buf), offsetof(struct spoolss_##name, in.Len), 0             \
    }
#define LIST(name, kind, Level, Buf, Len)                                                                    \
    {                                                                                                        \
        &spoolss_##name##_op, kind, offsetof(struct spoolss_##name, in.Level),                               \
            offsetof(struct spoolss_##name, out.Buf), offsetof(struct spoolss_##name, in.Len),               \
            offsetof(struct spoolss_##name, out.pcReturned)                                                  \
    }

static const struct query queries[] = {
    QUERY(RpcGetPrinter, SPL_PRINTER, Level, pPrinter, cbBuf),
    LIST(RpcEnumPrinters, SPL_PRINTER, Level, pPrinterEnum, cbBuf),
    QUERY(RpcGetJob, SPL_JOB, Level, pJob, cbBuf),
    LIST(RpcEnumJobs, SPL_JOB, Level, pJob, cbBuf),
    QUERY(RpcGetPrinterDriver, SPL_DRIVER, Level, pDriver, cbBuf),
    QUERY(RpcGetPrinterDriver2, SPL_DRIVER, Level, pDriver, cbBuf),
    LIST(RpcEnumPrinterDrivers, SPL_DRIVER, Level, pDrivers, cbBuf),
    QUERY(RpcGetForm, SPL_FORM, Level, pForm, cbBuf),
    LIST(RpcEnumForms, SPL_FORM, Level, pForm, cbBuf),
    LIST(RpcEnumPorts, SPL_PORT, Level, pPort, cbBuf),
    LIST(RpcEnumMonitors, SPL_MONITOR, Level, pMonitor, cbBuf),
    LIST(RpcEnumPrintProcessors, SPL_PRINTPROCESSOR, Level, pPrintProcessorInfo, cbBuf),
    LIST(RpcEnumPrintProcessorDatatypes, SPL_DATATYPES, Level, pDatatypes, cbBuf),
};

/* One answer of Samba's. */
struct answer {
    char name[96];
    enum spl_kind kind;
    uint32_t level;
    size_t count, len;
    uint8_t buf[MAX_STUB];
};

static size_t from_hex(const char *s, uint8_t *to)
{
    size_t n = 0;
    unsigned v;
    for (; sscanf(s, "%2x", &v) == 1; s += 2) {
        assert_true(n < MAX_STUB);
        to[n++] = (uint8_t)v;
    }
    return n;
}

static bool pull(const struct query *q, uint8_t *in, size_t in_len, uint8_t *out, size_t out_len,
                 struct answer *a)
{
    struct nt_arena *mem = nt_arena_new(0);
    char *r = nt_arena_alloc(mem, q->op->size, 16);
    struct ndr_pull n;
    ndr_pull_init(&n, mem, in, in_len, 0x10, false, NULL);
    q->op->pull_in(&n, r);
    assert_int_equal(ndr_pull_status(&n), STATUS_SUCCESS);
    ndr_pull_init(&n, mem, out, out_len, 0x10, false, NULL);
    q->op->pull_out(&n, r);
    assert_int_equal(ndr_pull_status(&n), STATUS_SUCCESS);
    const uint8_t *buf = *(const uint8_t **)(void *)(r + q->buf);
    a->kind = q->kind;
    a->level = *(uint32_t *)(void *)(r + q->level);
    a->len = *(uint32_t *)(void *)(r + q->len);
    a->count = q->returned ? *(uint32_t *)(void *)(r + q->returned) : 1;
    if (buf)
        memcpy(a->buf, buf, a->len);
    nt_arena_free(mem);
    return buf;
}

/* The next answer that has a buffer; false at the end of the file. */
static bool next_answer(FILE *f, struct answer *a)
{
    static char line[5 * MAX_STUB], in[2 * MAX_STUB + 1], out[2 * MAX_STUB + 1];
    static uint8_t in_data[MAX_STUB] __attribute__((aligned(8))),
        out_data[MAX_STUB] __attribute__((aligned(8)));
    char name[64];
    unsigned opnum, ndr;
    while (fgets(line, sizeof(line), f)) {
        if (sscanf(line, "spoolss %63s %u %u %8192s %8192s", name, &opnum, &ndr, in, out) != 5 || ndr != 20)
            continue;
        for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
            size_t in_len = from_hex(in, in_data), out_len = from_hex(out, out_data);
            if (queries[i].op == spoolss_ops[opnum] &&
                pull(&queries[i], in_data, in_len, out_data, out_len, a)) {
                snprintf(a->name, sizeof(a->name), "%s, level %u", name, a->level);
                return true;
            }
        }
    }
    return false;
}

/* Samba leaves room behind a _DEVMODE, and places the array of files behind the names in it. */
static bool other_order(const struct answer *a)
{
    return (a->kind == SPL_PRINTER && a->level == 2) || (a->kind == SPL_DRIVER && a->level == 101);
}

/* What was read, put together, read and put together once more; false where bytes differ. */
static bool again(const struct answer *a, const uint8_t *want, uint8_t *ret)
{
    struct nt_arena *mem = nt_arena_new(0);
    void *elems;
    size_t need = 0, same = 0;
    enum nt_status st = spl_decode(mem, a->kind, a->level, want, a->len, a->count, &elems);
    if (st == STATUS_SUCCESS)
        st = spl_size(a->kind, a->level, elems, a->count, &need);
    if (st == STATUS_SUCCESS)
        st = spl_encode(a->kind, a->level, elems, a->count, ret, a->len);
    while (st == STATUS_SUCCESS && same < a->len && ret[same] == want[same])
        same++;
    if (st != STATUS_SUCCESS)
        print_error("%s: %s\n", a->name, nt_status_name(st));
    assert_int_equal(st, STATUS_SUCCESS);
    assert_true(need <= a->len);
    nt_arena_free(mem);
    return same == a->len;
}

static void test_same_bytes(void **state)
{
    (void)state;
    static struct answer a;
    static uint8_t first[MAX_STUB], second[MAX_STUB];
    FILE *f = fopen(vector_file, "r");
    int n = 0, bad = 0;
    assert_non_null(f);
    while (next_answer(f, &a)) {
        n++;
        bool same = again(&a, a.buf, first);
        if (other_order(&a) ? !again(&a, first, second) : !same) {
            print_error("%s: other bytes\n", a.name);
            bad++;
        }
    }
    fclose(f);
    assert_int_equal(bad, 0);
    assert_true(n > 40);
}

/* Reads from memory that ends where the data does; what is accepted has to be whole. */
static void read_damaged(const struct answer *a, const uint8_t *buf, size_t len)
{
    struct nt_arena *mem = nt_arena_new(0);
    uint8_t *exact = malloc(len ? len : 1);
    static uint8_t out[4 * MAX_STUB];
    void *elems;
    memcpy(exact, buf, len);
    enum nt_status st = spl_decode(mem, a->kind, a->level, exact, len, a->count, &elems);
    if (st == STATUS_SUCCESS) {
        size_t need;
        st = spl_size(a->kind, a->level, elems, a->count, &need);
        if (st == STATUS_SUCCESS && need <= sizeof(out))
            assert_int_equal(spl_encode(a->kind, a->level, elems, a->count, out, need), STATUS_SUCCESS);
    } else {
        assert_int_equal(st, STATUS_INVALID_NETWORK_RESPONSE);
    }
    assert_true(nt_arena_used(mem) < 8 * MAX_STUB);
    free(exact);
    nt_arena_free(mem);
}

static void test_damaged(void **state)
{
    (void)state;
    static struct answer a;
    static const uint8_t changes[] = { 0x01, 0x80, 0xff };
    FILE *f = fopen(vector_file, "r");
    assert_non_null(f);
    while (next_answer(f, &a)) {
        size_t fixed = spl_fixed_size(a.kind, a.level);
        for (size_t i = 0; i < a.len; i++) {
            if (i >= fixed && i % 7) /* the gap in the middle needs no more */
                continue;
            read_damaged(&a, a.buf, i);
            for (size_t c = 0; c < sizeof(changes); c++) {
                a.buf[i] ^= changes[c];
                read_damaged(&a, a.buf, a.len);
                a.buf[i] ^= changes[c];
            }
        }
    }
    fclose(f);
}

static void test_short_memory(void **state)
{
    (void)state;
    static struct answer a;
    FILE *f = fopen(vector_file, "r");
    assert_non_null(f);
    while (next_answer(f, &a)) {
        enum nt_status st = STATUS_PENDING;
        for (size_t limit = 16; st != STATUS_SUCCESS; limit += 64) {
            struct nt_arena *mem = nt_arena_new(limit);
            void *elems = NULL;
            st = spl_decode(mem, a.kind, a.level, a.buf, a.len, a.count, &elems);
            if (st != STATUS_SUCCESS) {
                assert_int_equal(st, STATUS_NO_MEMORY);
                assert_null(elems);
            }
            nt_arena_free(mem);
            assert_true(limit < 65536);
        }
    }
    fclose(f);
}

/* ---- values written by hand ---- */

static void assert_text(const char16_t *got, const char16_t *want)
{
    assert_non_null(got);
    while (*got && *got == *want) {
        got++;
        want++;
    }
    assert_int_equal(*got, *want);
}

/* The answer of Samba's with that level. */
static const struct answer *answer_of(enum spl_kind kind, uint32_t level)
{
    static struct answer a;
    FILE *f = fopen(vector_file, "r");
    assert_non_null(f);
    while (next_answer(f, &a))
        if (a.kind == kind && a.level == level) {
            fclose(f);
            return &a;
        }
    fail_msg("no such answer");
    return NULL;
}

static void test_printer_2(void **state)
{
    (void)state;
    const struct answer *a = answer_of(SPL_PRINTER, 2);
    struct nt_arena *mem = nt_arena_new(0);
    void *elems;
    assert_int_equal(spl_decode(mem, SPL_PRINTER, 2, a->buf, a->len, 1, &elems), STATUS_SUCCESS);
    const struct spl_PRINTER_INFO_2 *p = elems;
    assert_text(p->pServerName, u"servername");
    assert_text(p->pParameters, u"parameters");
    assert_int_equal(p->Attributes, 10); /* each number is the length of its name in Samba's Python */
    assert_int_equal(p->UntilTime, 9);
    assert_int_equal(p->Status, 6);
    assert_int_equal(p->AveragePPM, 10);
    assert_int_equal(p->pDevMode.size, 220 + 8);
    assert_memory_equal(p->pDevMode.data, "G\0e\0r\0\xe4\0t\0", 11);
    assert_memory_equal(p->pDevMode.data + 220, "extra!!!", 8);
    assert_int_equal(p->pSecurityDescriptor.size, 20 + 16); /* header and S-1-5-32-544 */
    assert_int_equal(p->pSecurityDescriptor.data[0], 1);
    nt_arena_free(mem);
}

static void test_driver_101(void **state)
{
    (void)state;
    const struct answer *a = answer_of(SPL_DRIVER, 101);
    struct nt_arena *mem = nt_arena_new(0);
    void *elems;
    assert_int_equal(spl_decode(mem, SPL_DRIVER, 101, a->buf, a->len, 1, &elems), STATUS_SUCCESS);
    const struct spl_DRIVER_INFO_101 *d = elems;
    assert_int_equal(d->dwFileCount, 2);
    assert_text(d->pFileInfo[0].pFileName, u"file_name");
    assert_text(d->pFileInfo[1].pFileName, u"file_name");
    assert_int_equal(d->pFileInfo[1].FileType, 9);
    assert_int_equal(d->pFileInfo[1].FileVersion, 12);
    assert_text(d->pEnvironment, u"architecture");
    assert_text(d->pProvider, u"provider");
    nt_arena_free(mem);
}

/* Samba's Python has no lists of strings, but its ndrdump reads these bytes so. */
static void test_lists_of_strings(void **state)
{
    (void)state;
    struct spl_DRIVER_INFO_4 in = { .cVersion = 3,
                                    .pName = u"n",
                                    .pDependentFiles = u"one\0two\0",
                                    .pszzPreviousNames = u"",
                                    .pDefaultDataType = u"RAW" };
    static const uint8_t lists[] = { 0, 0, 'R', 0, 'A', 0, 'W', 0, 0, 0, 'o', 0, 'n', 0, 'e', 0,
                                     0, 0, 't', 0, 'w', 0, 'o', 0, 0, 0, 0,   0, 'n', 0, 0,   0 };
    uint8_t buf[100];
    struct nt_arena *mem = nt_arena_new(0);
    void *elems;
    assert_int_equal(spl_encode(SPL_DRIVER, 4, &in, 1, buf, sizeof(buf)), STATUS_SUCCESS);
    assert_memory_equal(buf + sizeof(buf) - sizeof(lists), lists, sizeof(lists));
    assert_int_equal(buf[28], 78);
    assert_int_equal(spl_decode(mem, SPL_DRIVER, 4, buf, sizeof(buf), 1, &elems), STATUS_SUCCESS);
    const struct spl_DRIVER_INFO_4 *d = elems;
    assert_text(d->pDependentFiles, u"one");
    assert_text(d->pDependentFiles + 4, u"two");
    assert_text(d->pDependentFiles + 8, u"");
    assert_text(d->pszzPreviousNames, u"");
    assert_text(d->pDefaultDataType, u"RAW");
    assert_null(d->pDriverPath);
    nt_arena_free(mem);
}

static void test_values(void **state)
{
    (void)state;
    /* EnumPrinterDataEx as Samba packs it: from the start, not from the end */
    static const uint8_t buf[40] = {
        0x14, 0, 0,   0, 12,  0, 0,   0, 3,   0, 0, 0, 0x20, 0, 0, 0, 4, 0, 0, 0,
        'v',  0, 'a', 0, 'l', 0, 'u', 0, 'e', 0, 0, 0, 1,    2, 3, 4, 0, 0, 0, 0
    };
    struct nt_arena *mem = nt_arena_new(0);
    void *elems;
    assert_int_equal(spl_decode(mem, SPL_VALUES, 1, buf, sizeof(buf), 1, &elems), STATUS_SUCCESS);
    const struct spl_PRINTER_ENUM_VALUES *v = elems;
    assert_text(v->pValueName, u"value");
    assert_int_equal(v->dwType, spoolss_REG_BINARY);
    assert_int_equal(v->pData.size, 4);
    assert_memory_equal(v->pData.data, "\1\2\3\4", 4);
    nt_arena_free(mem);
}

/* Several elements, with what Samba's Python has not: levels 7 and 8, values without data, empty strings. */
static void test_several(void **state)
{
    (void)state;
    static uint8_t buf[512], devmode[80] = { [68] = 76, [70] = 4, [76] = 1, [79] = 9 };
    struct nt_arena *mem = nt_arena_new(0);
    size_t size = 0;
    void *elems;

    struct spl_PRINTER_INFO_8 modes[2] = { { { devmode, sizeof(devmode) } }, { { NULL, 0 } } };
    assert_int_equal(spl_size(SPL_PRINTER, 8, modes, 2, &size), STATUS_SUCCESS);
    assert_int_equal(size, 2 * 4 + 80);
    assert_int_equal(spl_encode(SPL_PRINTER, 8, modes, 2, buf, size - 1), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(spl_encode(SPL_PRINTER, 8, modes, 2, buf, size), STATUS_SUCCESS);
    assert_int_equal(spl_decode(mem, SPL_PRINTER, 8, buf, size, 2, &elems), STATUS_SUCCESS);
    const struct spl_PRINTER_INFO_8 *m = elems;
    assert_int_equal(m[0].pDevMode.size, 80);
    assert_memory_equal(m[0].pDevMode.data, devmode, 80);
    assert_null(m[1].pDevMode.data);

    struct spl_PRINTER_ENUM_VALUES values[3] = {
        { u"a", 1, { (const uint8_t *)"xyz", 3 } },
        { u"", 4, { NULL, 0 } },
        { u"\u00e5\u00e4\u00f6", 3, { (const uint8_t *)"12345678", 8 } }
    };
    assert_int_equal(spl_size(SPL_VALUES, 1, values, 3, &size), STATUS_SUCCESS);
    assert_int_equal(spl_encode(SPL_VALUES, 1, values, 3, buf, 501), STATUS_SUCCESS);
    assert_int_equal(buf[4], 4); /* cbValueName of the first */
    assert_int_equal(spl_decode(mem, SPL_VALUES, 1, buf, 501, 3, &elems), STATUS_SUCCESS);
    const struct spl_PRINTER_ENUM_VALUES *v = elems;
    assert_text(v[0].pValueName, u"a");
    assert_memory_equal(v[0].pData.data, "xyz", 3);
    assert_text(v[1].pValueName, u"");
    assert_null(v[1].pData.data);
    assert_int_equal(v[1].dwType, 4);
    assert_text(v[2].pValueName, u"\u00e5\u00e4\u00f6");
    assert_int_equal(v[2].pData.size, 8);

    struct spl_DRIVER_INFO_7 driver = {
        .cbSize = 20, .cVersion = 3, .pszDriverName = u"d", .pszInfName = u""
    };
    assert_int_equal(spl_encode(SPL_DRIVER, 7, &driver, 1, buf, 64), STATUS_SUCCESS);
    assert_int_equal(spl_decode(mem, SPL_DRIVER, 7, buf, 64, 1, &elems), STATUS_SUCCESS);
    const struct spl_DRIVER_INFO_7 *d = elems;
    assert_text(d->pszDriverName, u"d");
    assert_text(d->pszInfName, u"");
    assert_null(d->pszInstallSourceRoot);
    nt_arena_free(mem);
}

static void expect(enum spl_kind kind, uint32_t level, const uint8_t *buf, size_t len, size_t count,
                   enum nt_status want)
{
    struct nt_arena *mem = nt_arena_new(0);
    void *elems = mem;
    uint8_t *exact = malloc(len ? len : 1);
    memcpy(exact, buf, len);
    assert_int_equal(spl_decode(mem, kind, level, exact, len, count, &elems), want);
    assert_true((elems != mem) == (want == STATUS_SUCCESS));
    free(exact);
    nt_arena_free(mem);
}

static void put(uint8_t *at, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> 8 * i);
}

static void test_refused(void **state)
{
    (void)state;
    const enum nt_status bad = STATUS_INVALID_NETWORK_RESPONSE;
    static const uint32_t offsets[] = { 5, 11, 12, 13, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff };
    uint8_t buf[12] = { 4, 0, 0, 0, 'a', 0, 'b', 0, 'c', 0, 0, 0 }, data[128] = { 0 };
    expect(SPL_PORT, 1, buf, 12, 1, STATUS_SUCCESS);
    expect(SPL_PORT, 1, buf, 11, 1, bad); /* no terminator any more */
    expect(SPL_PORT, 1, buf, 12, 4, bad); /* more elements than there can be */
    expect(SPL_PORT, 1, buf, 12, SIZE_MAX, bad);
    expect(SPL_PORT, 1, buf, 3, 1, bad);
    expect(SPL_PORT, 1, buf, 0, 1, bad);
    expect(SPL_PORT, 1, buf, 0, 0, STATUS_SUCCESS);
    expect(SPL_PORT, 3, buf, 12, 1, STATUS_INVALID_LEVEL);
    expect(SPL_PRINTER, 9, buf, 12, 1, STATUS_INVALID_LEVEL);
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        put(buf, offsets[i]);
        expect(SPL_PORT, 1, buf, 12, 1, bad);
    }

    /* a _DEVMODE that is too short, one whose extra data are not there */
    put(data, 4);
    data[4 + 68] = 75;
    expect(SPL_PRINTER, 8, data, sizeof(data), 1, bad);
    data[4 + 68] = 76;
    expect(SPL_PRINTER, 8, data, sizeof(data), 1, STATUS_SUCCESS);
    data[4 + 70] = 49;
    expect(SPL_PRINTER, 8, data, sizeof(data), 1, bad);
    data[4 + 70] = 48;
    expect(SPL_PRINTER, 8, data, sizeof(data), 1, STATUS_SUCCESS);
    put(data, 53);
    expect(SPL_PRINTER, 8, data, sizeof(data), 1, bad);

    /* security descriptors: no owner, one at the very end, one with too many parts, a list that is too long
     */
    memset(data, 0, sizeof(data));
    put(data, 4);
    expect(SPL_PRINTER, 3, data, sizeof(data), 1, STATUS_SUCCESS);
    expect(SPL_PRINTER, 3, data, 23, 1, bad);
    put(data + 8, 116);
    expect(SPL_PRINTER, 3, data, sizeof(data), 1, STATUS_SUCCESS);
    data[4 + 116 + 1] = 1;
    expect(SPL_PRINTER, 3, data, sizeof(data), 1, bad);
    put(data + 8, 123);
    expect(SPL_PRINTER, 3, data, sizeof(data), 1, bad);
    put(data + 8, 0);
    put(data + 20, 20);
    data[4 + 20 + 2] = 104;
    expect(SPL_PRINTER, 3, data, sizeof(data), 1, STATUS_SUCCESS);
    data[4 + 20 + 2] = 105;
    expect(SPL_PRINTER, 3, data, sizeof(data), 1, bad);
    data[4 + 20 + 2] = 7; /* less than its own header */
    expect(SPL_PRINTER, 3, data, sizeof(data), 1, bad);

    /* data of a value */
    memset(data, 0, sizeof(data));
    put(data + 12, 100);
    put(data + 16, 28);
    expect(SPL_VALUES, 1, data, sizeof(data), 1, STATUS_SUCCESS);
    put(data + 16, 29);
    expect(SPL_VALUES, 1, data, sizeof(data), 1, bad);
    put(data + 16, 0xffffffff);
    expect(SPL_VALUES, 1, data, sizeof(data), 1, bad);
}

static void test_refused_lists(void **state)
{
    (void)state;
    const enum nt_status bad = STATUS_INVALID_NETWORK_RESPONSE;
    uint8_t data[128];
    /* DRIVER_INFO_3: pDependentFiles is at 28 */
    memset(data, 0, sizeof(data));
    for (size_t i = 40; i < sizeof(data); i += 2)
        data[i] = 'x';
    put(data + 28, 40);
    expect(SPL_DRIVER, 3, data, sizeof(data), 1, bad);
    data[126] = 0;
    expect(SPL_DRIVER, 3, data, sizeof(data), 1, bad); /* one terminator does not end a list */
    put(data + 28, 126);
    expect(SPL_DRIVER, 3, data, sizeof(data), 1, STATUS_SUCCESS); /* but it is an empty list */
    data[124] = 0;
    put(data + 28, 40);
    expect(SPL_DRIVER, 3, data, sizeof(data), 1, STATUS_SUCCESS);
    put(data + 28, 41);
    expect(SPL_DRIVER, 3, data, sizeof(data), 1, bad);

    /* DRIVER_INFO_101: pFileInfo at 12, their number at 16 */
    memset(data, 0, sizeof(data));
    put(data + 12, 64);
    put(data + 16, 5);
    expect(SPL_DRIVER, 101, data, sizeof(data), 1, STATUS_SUCCESS);
    put(data + 16, 6);
    expect(SPL_DRIVER, 101, data, sizeof(data), 1, bad);
    put(data + 16, 0xffffffff);
    expect(SPL_DRIVER, 101, data, sizeof(data), 1, bad);
    put(data + 16, 5);
    put(data + 64 + 48, 127);
    expect(SPL_DRIVER, 101, data, sizeof(data), 1, bad);
}

/* 10 000 elements that all name the same string of 400 000 characters, or the same 1 000 files: no more
 * memory than a few times the buffer, and no look at the string for each. */
static void test_same_place(void **state)
{
    (void)state;
    const size_t count = 10000, len = 40000 + 800000;
    uint8_t *buf = malloc(len);
    memset(buf, 'x', len);
    buf[len - 2] = buf[len - 1] = 0;
    for (size_t i = 0; i < count; i++)
        put(buf + 4 * i, (uint32_t)(40000 - 4 * i));
    struct nt_arena *mem = nt_arena_new((size_t)4 << 20);
    void *elems;
    assert_int_equal(spl_decode(mem, SPL_PORT, 1, buf, len, count, &elems), STATUS_SUCCESS);
    const struct spl_PORT_INFO_1 *p = elems;
    assert_ptr_equal(p[0].pPortName, p[9999].pPortName);
    nt_arena_free(mem);

    memset(buf, 0, len);
    for (size_t i = 0; i < 1000; i++) {
        put(buf + 64 * i + 12, (uint32_t)(64000 - 64 * i));
        put(buf + 64 * i + 16, 1000);
    }
    mem = nt_arena_new((size_t)8 << 20);
    assert_int_equal(spl_decode(mem, SPL_DRIVER, 101, buf, len, 1000, &elems),
                     STATUS_INVALID_NETWORK_RESPONSE);
    nt_arena_free(mem);
    free(buf);
}

static void test_directory(void **state)
{
    (void)state;
    struct nt_arena *mem = nt_arena_new(0);
    const char16_t *text = NULL;
    static const uint8_t buf[] = { 'C', 0, ':', 0, 0, 0, 1 };
    assert_int_equal(spl_decode_string(mem, buf, sizeof(buf), &text), STATUS_SUCCESS);
    assert_text(text, u"C:");
    assert_int_equal(spl_decode_string(mem, buf, 4, &text), STATUS_INVALID_NETWORK_RESPONSE);
    assert_int_equal(spl_decode_string(mem, buf, 0, &text), STATUS_INVALID_NETWORK_RESPONSE);
    nt_arena_free(mem);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bytes),   cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_short_memory), cmocka_unit_test(test_printer_2),
        cmocka_unit_test(test_driver_101),   cmocka_unit_test(test_lists_of_strings),
        cmocka_unit_test(test_values),       cmocka_unit_test(test_several),
        cmocka_unit_test(test_refused),      cmocka_unit_test(test_refused_lists),
        cmocka_unit_test(test_same_place),   cmocka_unit_test(test_directory),
    };
    if (argc != 2)
        return 2;
    vector_file = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
