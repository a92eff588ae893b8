// SPDX-License-Identifier: Apache-2.0
/* The rules of docs/rpc-json.md one by one, errors in JSON and where they are, traces of hostile values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <msrpc/info.h>
#include <msrpc/netlogon.h>
#include <msrpc/samr.h>
#include <msrpc/srvsvc.h>
#include "info/m_info.h"

static const struct rpc_info_op *op_of(const char *iface, const char *name)
{
    const struct rpc_info_interface *i = rpc_info_find(iface);
    assert_non_null(i);
    const struct rpc_info_op *op = rpc_info_find_op(i, name);
    assert_non_null(op);
    return op;
}

static struct nt_arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = nt_arena_new(0);
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    nt_arena_free(arena);
    return 0;
}

static void *read_in(const struct rpc_info_op *op, const char *json)
{
    struct nt_error err = { "" };
    void *r = rpc_info_new(op, arena);
    enum nt_status st = rpc_json_read(op, RPC_INFO_REQUEST, r, json, strlen(json), arena, &err);
    if (st != STATUS_SUCCESS)
        print_error("%s\n", err.text);
    assert_int_equal(st, STATUS_SUCCESS);
    return r;
}

static void assert_error(const char *iface, const char *name, const char *json, const char *message)
{
    struct nt_error err = { "" };
    const struct rpc_info_op *op = op_of(iface, name);
    void *r = rpc_info_new(op, arena);
    assert_int_equal(rpc_json_read(op, RPC_INFO_REQUEST, r, json, strlen(json), arena, &err),
                     STATUS_INVALID_PARAMETER);
    assert_string_equal(err.text, message);
}

static const char *write_side(const struct rpc_info_op *op, enum rpc_info_side side, const void *r)
{
    struct nt_error err = { "" };
    const char *text = NULL;
    enum nt_status st = rpc_json_write(op, side, r, 0, arena, &text, &err);
    if (st != STATUS_SUCCESS)
        print_error("%s\n", err.text);
    assert_int_equal(st, STATUS_SUCCESS);
    return text;
}

/* ---- finding ---- */

static void test_names(void **state)
{
    (void)state;
    const struct rpc_info_interface *i = rpc_info_find("SRVSVC");
    assert_ptr_equal(i->iface, &srvsvc_interface);
    assert_ptr_equal(rpc_info_find_op(i, "netrshareDEL"), rpc_info_opnum(i, 18));
    assert_null(rpc_info_opnum(i, 1000));
    assert_null(rpc_info_find("nosuch"));
    assert_string_equal(rpc_info_opnum(i, 18)->doc, "[MS-SRVS] 3.1.4.12");
    assert_int_equal(rpc_info_find_type(i, "SHARE_INFO_1")->size, sizeof(struct srvsvc_SHARE_INFO_1));
    struct rpc_syntax s = srvsvc_interface.syntax;
    assert_ptr_equal(rpc_info_find_syntax(&s), i);
    s.major++;
    assert_null(rpc_info_find_syntax(&s));
}

/* ---- values ---- */

static void test_counted_string(void **state)
{
    (void)state;
    const struct rpc_info_op *op = op_of("samr", "SamrLookupDomainInSamServer");
    struct samr_SamrLookupDomainInSamServer *r = read_in(op, "{\"Name\": \"a\\ud83d\\u0000\\u00e9\"}");
    assert_int_equal(r->in.Name.Length, 8);
    assert_int_equal(r->in.Name.MaximumLength, 8);
    assert_memory_equal(r->in.Name.Buffer, u"a\xd83d\0é", 8);
    assert_string_equal(write_side(op, RPC_INFO_REQUEST, r),
                        "{\"ServerHandle\": null, \"Name\": \"a\\ud83d\\u0000\xc3\xa9\"}");
    /* room for more, odd length, no buffer */
    r->in.Name.MaximumLength = 10;
    assert_non_null(
        strstr(write_side(op, RPC_INFO_REQUEST, r), "{\"Length\": 8, \"MaximumLength\": 10, \"Buffer\": \""));
    r->in.Name.MaximumLength = r->in.Name.Length = 3;
    const char *odd = write_side(op, RPC_INFO_REQUEST, r);
    assert_non_null(strstr(odd, "{\"Length\": 3, \"MaximumLength\": 3, \"Buffer\": \"a\"}"));
    r = read_in(op, odd);
    assert_int_equal(r->in.Name.Length, 3);
    memset(&r->in.Name, 0, sizeof(r->in.Name));
    assert_non_null(strstr(write_side(op, RPC_INFO_REQUEST, r), "\"Name\": null"));
    r = read_in(op, "{\"Name\": {\"Length\": 6, \"MaximumLength\": 8, \"Buffer\": \"abc\"}}");
    assert_int_equal(r->in.Name.MaximumLength, 8);
}

static void test_counts_and_tags(void **state)
{
    (void)state;
    const struct rpc_info_op *op = op_of("srvsvc", "NetrShareEnum");
    struct srvsvc_NetrShareEnum *r = read_in(
        op, "{\"InfoStruct\": {\"ShareInfo\": {\"Level1\": {\"Buffer\": [{\"shi1_netname\": \"x\"}, {}]}}}}");
    assert_int_equal(r->in.InfoStruct.Level, 1);
    assert_int_equal(r->in.InfoStruct.ShareInfo.Level1->EntriesRead, 2);
    assert_int_equal(r->in.InfoStruct.ShareInfo.Level1->Buffer[0].shi1_netname[0], 'x');
    assert_null(r->in.InfoStruct.ShareInfo.Level1->Buffer[1].shi1_netname);
    assert_error("srvsvc", "NetrShareEnum",
                 "{\"InfoStruct\": {\"Level\": 2, \"ShareInfo\": {\"Level1\": {}}}}",
                 "1:53: in.InfoStruct.ShareInfo: Level is 2, which is not the tag of Level1");
    assert_error("srvsvc", "NetrShareEnum",
                 "{\"InfoStruct\": {\"ShareInfo\": {\"Level1\": {\n \"EntriesRead\": 3, \"Buffer\": [{}]}}}}",
                 "2:30: in.InfoStruct.ShareInfo.Level1.Buffer: 1 elements, but EntriesRead is 3");
}

static void test_numbers(void **state)
{
    (void)state;
    const struct rpc_info_op *op = op_of("srvsvc", "NetrShareDel");
    struct srvsvc_NetrShareDel *r = read_in(op, "{\"NetName\": \"\", \"Reserved\": \"0xFFFFFFFF\"}");
    assert_int_equal(r->in.Reserved, 0xffffffff);
    assert_error("srvsvc", "NetrShareDel", "{\"NetName\": \"\", \"Reserved\": 4294967296}",
                 "1:29: in.Reserved: a number from 0 to 4294967295 is expected");
    assert_error("srvsvc", "NetrShareDel", "{\"NetName\": \"\", \"Reserved\": 1.5}",
                 "1:29: in.Reserved: a number from 0 to 4294967295 is expected");
    assert_error("srvsvc", "NetrShareDel", "{\"NetName\": \"a\\u0000b\"}",
                 "1:13: in.NetName: a string ends with U+0000, so it cannot hold it");
    assert_error("srvsvc", "NetrShareDel", "{\"NetName\": null}", "1:13: in.NetName: a string is expected");
    /* beyond what every reader can hold */
    struct rpc_info_node u64 = { .kind = RPC_INFO_SCALAR, .base = RPC_INFO_U64, .size = 8 };
    struct rpc_info_member m = { .name = "x", .flags = RPC_INFO_IN, .node = &u64 };
    struct rpc_info_op one = { .name = "x", .n_params = 1, .params = &m };
    uint64_t v = UINT64_C(9007199254740991);
    assert_string_equal(write_side(&one, RPC_INFO_REQUEST, &v), "{\"x\": 9007199254740991}");
    v++;
    assert_string_equal(write_side(&one, RPC_INFO_REQUEST, &v), "{\"x\": \"9007199254740992\"}");
}

static void test_time(void **state)
{
    (void)state;
    static const struct {
        uint64_t t;
        const char *text;
    } times[] = {
        { 0, "\"1601-01-01T00:00:00Z\"" },
        { UINT64_C(116444736000000000), "\"1970-01-01T00:00:00Z\"" },
        { UINT64_C(125963424000000001), "\"2000-03-01T00:00:00.0000001Z\"" },
        { UINT64_C(125962560000000000), "\"2000-02-29T00:00:00Z\"" },
        { UINT64_C(134403408725000000), "\"2026-11-28T12:01:12.5Z\"" },
        { NT_TIME_NEVER, "\"never\"" },
        { UINT64_C(2650467743999999999), "\"9999-12-31T23:59:59.9999999Z\"" },
        { UINT64_C(2650467744000000000), "\"2650467744000000000\"" },
        { UINT64_MAX, "\"18446744073709551615\"" },
    };
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        struct wr w;
        const char *s;
        uint64_t back;
        wr_init(&w, 100);
        info_put_time(&w, times[i].t);
        assert_int_equal(info_take(&w, arena, &s), STATUS_SUCCESS);
        assert_string_equal(s, times[i].text);
        char *inner = nt_arena_strdup(arena, s + 1);
        inner[strlen(inner) - 1] = 0;
        if (inner[strlen(inner) - 1] == 'Z' || inner[0] == 'n') {
            assert_true(info_parse_time(inner, strlen(inner), &back));
            assert_true(back == times[i].t);
        }
    }
    uint64_t t;
    static const char *const wrong[] = { "2026-02-29T00:00:00Z",          "2026-13-01T00:00:00Z",
                                         "1600-12-31T00:00:00Z",          "2026-01-01T24:00:00Z",
                                         "2026-01-01T00:00:00",           "2026-01-01 00:00:00Z",
                                         "2026-01-01T00:00:00.12345678Z", "" };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(info_parse_time(wrong[i], strlen(wrong[i]), &t));
}

/* Every year's first and last days, against a count of days. */
static void test_calendar(void **state)
{
    (void)state;
    uint64_t days = 0;
    for (unsigned year = 1601; year <= 9999; year++) {
        char text[40], expected[48];
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        for (int end = 0; end < 2; end++) {
            struct wr w;
            const char *s;
            uint64_t back;
            snprintf(text, sizeof(text), "%04u-%s", year, end ? "12-31T00:00:00Z" : "01-01T00:00:00Z");
            snprintf(expected, sizeof(expected), "\"%s\"", text);
            uint64_t t = (days + (end ? 364U + leap : 0)) * 86400 * NT_TIME_PER_SECOND;
            wr_init(&w, 100);
            info_put_time(&w, t);
            assert_int_equal(info_take(&w, arena, &s), STATUS_SUCCESS);
            assert_string_equal(s, expected);
            assert_true(info_parse_time(text, strlen(text), &back) && back == t);
        }
        days += 365U + leap;
    }
}

static void test_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *json;
    } texts[] = {
        { "abc", 3, "\"abc\"" },
        { "\xc3\xa9", 2, "\"\xc3\xa9\"" },
        { "\xe9", 1, "\"\\udce9\"" },
        { "\xed\xa0\x80", 3, "\"\\udced\\udca0\\udc80\"" }, /* a surrogate is not UTF-8 */
        { "\xc0\x80", 2, "\"\\udcc0\\udc80\"" },
        { "\xf4\x90\x80\x80", 4, "\"\\udcf4\\udc90\\udc80\\udc80\"" },
        { "a\"\\\n\x01\x7f", 6, "\"a\\\"\\\\\\n\\u0001\\u007f\"" },
        { "\xe2\x80\xae", 3, "\"\\u202e\"" },
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct wr w;
        const char *s;
        wr_init(&w, 1000);
        info_put_bytes(&w, texts[i].bytes, texts[i].len);
        assert_int_equal(info_take(&w, arena, &s), STATUS_SUCCESS);
        assert_string_equal(s, texts[i].json);
    }
}

/* ---- syntax ---- */

static void test_syntax(void **state)
{
    (void)state;
    static const struct {
        const char *json, *message;
    } texts[] = {
        { "", "1:1: the text ends too early" },
        { "{\"NetName\": \"x\"", "1:16: ',' or '}' is expected" },
        { "{\"NetName\": \"x\",}", "1:17: a name in quotes is expected" },
        { "{\"NetName\": \"x\"} x", "1:18: the value is over here, but the text goes on" },
        { "{\"NetName\" \"x\"}", "1:12: ':' is expected" },
        { "{\"NetName\": \"x\", \"NetName\": \"y\"}", "1:18: this member is given twice" },
        { "{\"NetName\": \"\xff\"}", "1:14: this is not UTF-8" },
        { "{\"NetName\": \"\\q\"}", "1:15: this is no escape" },
        { "{\"NetName\": \"\\u12g4\"}", "1:15: this is no escape" },
        { "{\"NetName\": \"x", "1:13: this string has no end" },
        { "{\"NetName\": \"\t\"}", "1:14: a control character has to be written as an escape" },
        { "{\"Reserved\": 01}", "1:14: this is no number" },
        { "{\"Reserved\": -}", "1:14: this is no number" },
        { "{\"Reserved\": 1e}", "1:14: this is no number" },
        { "{\"Reserved\": nul}", "1:14: a value is expected" },
        { "[]", "1:1: in: an object is expected" },
        { "{\"\u00e9\u00e9\": 1}", "1:8: in: there is no member '\u00e9\u00e9' here" },
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_error("srvsvc", "NetrShareDel", texts[i].json, texts[i].message);
    /* brackets in brackets */
    char deep[4096];
    memset(deep, '[', sizeof(deep));
    struct json *j;
    struct nt_error err = { "" };
    assert_int_equal(info_json_parse(deep, sizeof(deep), arena, &j, &err), STATUS_INVALID_PARAMETER);
    assert_string_equal(err.text, "1:513: this is nested too deeply");
}

/* Every prefix of a good text is refused, and none reads past its end. */
static void test_prefixes(void **state)
{
    (void)state;
    static const char text[] = "{\"a\": [1, -2.5e3, \"\\ud83d\\ude00x\"], \"b\": {\"c\": null, \"d\": true}}";
    struct json *j;
    for (size_t n = 0; n < sizeof(text) - 1; n++) {
        char *exact = test_malloc(n ? n : 1);
        memcpy(exact, text, n);
        assert_int_equal(info_json_parse(exact, n, arena, &j, NULL), STATUS_INVALID_PARAMETER);
        test_free(exact);
    }
    assert_int_equal(info_json_parse(text, sizeof(text) - 1, arena, &j, NULL), STATUS_SUCCESS);
    struct wr w;
    const char *s;
    wr_init(&w, 1000);
    info_json_format(&w, j);
    assert_int_equal(info_take(&w, arena, &s), STATUS_SUCCESS);
    assert_string_equal(s, "{\"a\":[1,-2.5e3,\"\xf0\x9f\x98\x80x\"],\"b\":{\"c\":null,\"d\":true}}");
}

/* ---- traces ---- */

static void test_traces(void **state)
{
    (void)state;
    const struct rpc_info_interface *i = rpc_info_find("srvsvc");
    const struct rpc_info_op *op = rpc_info_find_op(i, "NetrShareDel");
    static const char16_t hostile[] = { 'a', '\n', 0x1b, '[', '2', 'J', 0xd800, 0x202e, 0x9b, '"', 0 };
    struct srvsvc_NetrShareDel r = { .in = { .ServerName = NULL, .NetName = hostile, .Reserved = 3 } };
    assert_string_equal(rpc_trace_line(i, op, RPC_INFO_REQUEST, &r, 0, arena),
                        "srvsvc.NetrShareDel in {ServerName: null, NetName: "
                        "\"a\\n\\u001b[2J\\ud800\\u202e\\u009b\\\"\", Reserved: 3}");
    char16_t name[5001];
    for (size_t k = 0; k < 5000; k++)
        name[k] = 0xd83d;
    name[5000] = 0;
    r.in.NetName = name;
    for (size_t max = 65; max < 700; max += 7) {
        const char *line = rpc_trace_line(i, op, RPC_INFO_REQUEST, &r, max, arena);
        assert_non_null(line);
        assert_true(strlen(line) <= max);
    }
    assert_non_null(strstr(rpc_trace_full(i, op, RPC_INFO_REQUEST, &r, arena), "\n  Reserved: 3\n}"));
    r.out.result = (enum werror)2310;
    assert_string_equal(rpc_trace_line(i, op, RPC_INFO_RESPONSE, &r, 0, arena),
                        "srvsvc.NetrShareDel out {result: NERR_NetNameNotFound}");
}

static void test_secrets(void **state)
{
    (void)state;
    const struct rpc_info_interface *i = rpc_info_find("samr");
    const struct rpc_info_op *op = rpc_info_find_op(i, "SamrUnicodeChangePasswordUser2");
    struct samr_ENCRYPTED_LM_OWF_PASSWORD owf;
    memset(&owf, 0x5a, sizeof(owf));
    struct samr_SamrUnicodeChangePasswordUser2 r = { .in = { .OldNtOwfPasswordEncryptedWithNewNt = &owf } };
    const char *line = rpc_trace_line(i, op, RPC_INFO_REQUEST, &r, 0, arena);
    assert_non_null(strstr(line, "OldNtOwfPasswordEncryptedWithNewNt: (secret)"));
    assert_null(strstr(line, "5a5a"));
    assert_null(strstr(rpc_trace_full(i, op, RPC_INFO_REQUEST, &r, arena), "5a5a"));
}

/* ---- what is not as described ---- */

static void test_broken(void **state)
{
    (void)state;
    const struct rpc_info_interface *i = rpc_info_find("srvsvc");
    const struct rpc_info_op *op = rpc_info_find_op(i, "NetrShareEnum");
    struct srvsvc_SHARE_INFO_0_CONTAINER c = { .EntriesRead = 5, .Buffer = NULL };
    struct srvsvc_NetrShareEnum r = { .in = { .InfoStruct = { .Level = 0, .ShareInfo = { .Level0 = &c } } } };
    const char *text;
    /* a null pointer is null whatever the count says */
    assert_int_equal(rpc_json_write(op, RPC_INFO_REQUEST, &r, 0, arena, &text, NULL), STATUS_SUCCESS);
    const struct rpc_info_op *lookup = op_of("samr", "SamrLookupNamesInDomain");
    struct samr_SamrLookupNamesInDomain l = { .in = { .Count = 1, .Names = NULL } };
    struct nt_error err = { "" };
    assert_int_equal(rpc_json_write(lookup, RPC_INFO_REQUEST, &l, 0, arena, &text, &err),
                     STATUS_INVALID_PARAMETER);
    assert_string_equal(err.text, "Names: the count is not that of the elements");
    assert_non_null(rpc_trace_line(rpc_info_find("samr"), lookup, RPC_INFO_REQUEST, &l, 0, arena));
}

static void test_decode(void **state)
{
    (void)state;
    const struct rpc_info_op *op = op_of("srvsvc", "NetrShareDel");
    void *r = read_in(op, "{\"NetName\": \"IPC$\"}");
    struct nt_blob stub;
    const char *text = NULL;
    assert_int_equal(rpc_info_push(op, RPC_INFO_REQUEST, r, true, arena, &stub), STATUS_SUCCESS);
    struct rpc_decode d = RPC_DECODE_INIT;
    d.syntax = srvsvc_interface.syntax;
    d.opnum = 18;
    d.request = stub;
    d.request_drep = 0x10;
    d.ndr64 = true;
    assert_int_equal(rpc_decode(&d, arena, &text), STATUS_SUCCESS);
    assert_string_equal(text, "srvsvc.NetrShareDel in {ServerName: null, NetName: \"IPC$\", Reserved: 0}");
    d.form = RPC_DECODE_JSON;
    assert_int_equal(rpc_decode(&d, arena, &text), STATUS_SUCCESS);
    assert_string_equal(text, "{\"ServerName\": null, \"NetName\": \"IPC$\", \"Reserved\": 0}");
    d.request.len--;
    assert_int_equal(rpc_decode(&d, arena, &text), RPC_NT_BAD_STUB_DATA);
    d.opnum = 4711;
    assert_int_equal(rpc_decode(&d, arena, &text), RPC_NT_PROCNUM_OUT_OF_RANGE);
    d.syntax.uuid.a++;
    assert_int_equal(rpc_decode(&d, arena, &text), RPC_NT_UNKNOWN_IF);
}

/* x has a + b elements, y has b. */
struct sums {
    uint32_t a, b;
    uint8_t *x, *y;
};

static uint64_t sum(const void *base, bool out)
{
    const struct sums *r = base;
    (void)out;
    return (uint64_t)r->a + r->b;
}

/* a is set for x, and then b for y: x would be longer than what is there. */
static void test_sums(void **state)
{
    static const struct rpc_info_expr both = { 0, 1, 1, 0, sum, "a + b" }, one = { 1, 1, 1, 0, NULL, "b" };
    static const struct rpc_info_node
        number = { .kind = RPC_INFO_SCALAR, .base = RPC_INFO_U32, .size = 4 },
        octet = { .kind = RPC_INFO_SCALAR, .base = RPC_INFO_U8, .size = 1 },
        x = { .kind = RPC_INFO_ARRAY, .size = 8, .to = &octet, .size_is = &both },
        y = { .kind = RPC_INFO_ARRAY, .size = 8, .to = &octet, .size_is = &one };
    static const struct rpc_info_member params[] = {
        { .name = "a", .offset = offsetof(struct sums, a), .flags = RPC_INFO_IN, .node = &number },
        { .name = "b", .offset = offsetof(struct sums, b), .flags = RPC_INFO_IN, .node = &number },
        { .name = "x", .offset = offsetof(struct sums, x), .flags = RPC_INFO_IN, .node = &x },
        { .name = "y", .offset = offsetof(struct sums, y), .flags = RPC_INFO_IN, .node = &y },
    };
    static const struct rpc_info_op op = { .name = "sums", .n_params = 4, .params = params };
    static const char bad[] = "{\"x\": \"0102\", \"y\": \"010203\"}",
                      good[] = "{\"a\": 1, \"b\": 1, \"x\": \"0102\", \"y\": \"01\"}";
    struct sums r = { 0 };
    struct nt_error err = { "" };
    (void)state;
    assert_int_equal(rpc_json_read(&op, RPC_INFO_REQUEST, &r, bad, strlen(bad), arena, &err),
                     STATUS_INVALID_PARAMETER);
    assert_string_equal(err.text, "a + b has to be 2 for one member and 5 for another");
    r = (struct sums){ .a = 0 };
    assert_int_equal(rpc_json_read(&op, RPC_INFO_REQUEST, &r, good, strlen(good), arena, &err),
                     STATUS_SUCCESS);
    assert_int_equal(r.b, 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_names),    T(test_counted_string), T(test_counts_and_tags), T(test_numbers),  T(test_time),
        T(test_calendar), T(test_bytes),          T(test_syntax),          T(test_prefixes), T(test_traces),
        T(test_secrets),  T(test_broken),         T(test_decode),          T(test_sums),
    };
    return cmocka_run_group_tests_name("info", tests, NULL, NULL);
}
