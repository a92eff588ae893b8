// SPDX-License-Identifier: Apache-2.0
/* What tern-rpc-pcap prints for an event: every outcome, names that would play with a terminal, stubs that
 * are decoded, and stubs that are not what their description says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <msrpc/srvsvc.h>
#include "pcap.h"

static char *text;
static size_t text_len;

static const char *print(enum pcap_form form, const struct capture_event *e)
{
    struct pcap_out o = { .form = form, .mem = nt_arena_new(0) };
    free(text);
    text = NULL;
    o.f = open_memstream(&text, &text_len);
    assert_true(o.f && o.mem);
    pcap_out_event(&o, e);
    assert_int_equal(fclose(o.f), 0);
    nt_arena_free(o.mem);
    return text;
}

/* NetrShareDel by NDR 2.0: a null server, "share" with its terminator, 0. */
static const uint8_t request[] = { 0,   0, 0,   0, 6,   0, 0,   0, 0,   0, 0, 0, 6, 0, 0, 0,
                                   's', 0, 'h', 0, 'a', 0, 'r', 0, 'e', 0, 0, 0, 0, 0, 0, 0 };
static const uint8_t response[] = { 0x05, 0, 0, 0 }; /* ERROR_ACCESS_DENIED */

static struct capture_call call(void)
{
    struct capture_call c = {
        .call_id = 7,
        .opnum = 18,
        .opnum_known = true,
        .iface_known = true,
        .iface = srvsvc_interface.syntax,
        .syntax = CAPTURE_NDR20,
        .req = { .seen = true, .complete = true, .frame = 3, .last_frame = 3, .fragments = 1, .drep = 0x10 },
        .rsp = { .seen = true, .complete = true, .frame = 4, .last_frame = 5, .fragments = 2, .drep = 0x10 },
    };
    c.req.stub = (struct nt_blob){ request, c.req.len = sizeof request };
    c.rsp.stub = (struct nt_blob){ response, c.rsp.len = sizeof response };
    return c;
}

static struct capture_event event(const struct capture_call *c)
{
    return (struct capture_event){ .kind = CAPTURE_CALL,
                                   .frame = 3,
                                   .time = UINT64_C(1795958280123456789),
                                   .has_stream = true,
                                   .client = { false, { 192, 0, 2, 1 }, 40000 },
                                   .server = { false, { 192, 0, 2, 2 }, 445 },
                                   .pipe = "srvsvc",
                                   .call = c };
}

static void has(const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in '%s'", part, text);
}

static void test_decoded(void **state)
{
    struct capture_call c = call();
    struct capture_event e = event(&c);
    (void)state;
    print(PCAP_LINES, &e);
    has("2026-11-29T13:18:00.123456Z 192.0.2.1:40000 > 192.0.2.2:445 \\srvsvc srvsvc.NetrShareDel #7 "
        "ERROR_ACCESS_DENIED 32/4 bytes {");
    has("\"share\"");
    assert_true(strchr(text, '\n') == text + text_len - 1);
    print(PCAP_FULL, &e);
    has("4b324fc8-1670-01d3-1278-5a47bf6ee188 3.0, ndr20, opnum 18");
    has("response: frame 4 to 5, 2 fragments, 4 bytes");
    has("\"share\"");
    print(PCAP_JSON, &e);
    has("\"operation\": \"NetrShareDel\"");
    has("\"result\": \"ERROR_ACCESS_DENIED\"");
    has("\"NetName\"");
    has("\"undecoded\": null");
    assert_true(strchr(text, '\n') == text + text_len - 1);
}

static void test_not_decoded(void **state)
{
    struct capture_call c = call();
    struct capture_event e = event(&c);
    (void)state;
    c.req.stub.len = 9;
    print(PCAP_LINES, &e);
    has("[request: not as its description says]");
    c.req.sealed = true;
    c.req.has_auth = true;
    c.req.auth_type = 16;
    c.req.auth_level = 6;
    c.req.stub = (struct nt_blob){ NULL, 0 };
    print(PCAP_LINES, &e);
    has("sealed (krb5, privacy)");
    print(PCAP_JSON, &e);
    has("\"arguments\": null, \"undecoded\": \"sealed\"");
    has("{\"provider\": \"krb5\", \"type\": 16, \"level\": \"privacy\"}");
    c = call();
    c.opnum = 999;
    print(PCAP_LINES, &e);
    has("srvsvc opnum 999 #7 answered");
    c.iface.uuid.a = 1;
    print(PCAP_LINES, &e);
    has("00000001-1670-01d3-1278-5a47bf6ee188/3.0 opnum 999");
    c.iface_known = c.opnum_known = false;
    print(PCAP_LINES, &e);
    has("context 0 (bind not seen) opnum ? (request not seen)");
    print(PCAP_JSON, &e);
    has("\"interface\": null, \"opnum\": null, \"operation\": null");
}

static void test_outcomes(void **state)
{
    struct capture_call c = call();
    struct capture_event e = event(&c);
    (void)state;
    c.outcome = CAPTURE_FAULT;
    c.fault = 0x1c010002;
    c.did_not_execute = true;
    print(PCAP_LINES, &e);
    has("fault nca_s_op_rng_error (did not execute)");
    print(PCAP_JSON, &e);
    has("\"fault\": {\"code\": 469827586, \"name\": \"nca_s_op_rng_error\", \"executed\": false}");
    c.outcome = CAPTURE_NO_ANSWER;
    c.rsp.seen = false;
    c.smb_status = (uint32_t)STATUS_PIPE_DISCONNECTED;
    c.cancelled = true;
    print(PCAP_LINES, &e);
    has("no answer: STATUS_PIPE_DISCONNECTED (cancelled) 32/- bytes");
    print(PCAP_JSON, &e);
    has("\"response\": null");
    has("\"smb_status\": {\"code\": 3221225648, \"name\": \"STATUS_PIPE_DISCONNECTED\"}");
    c.outcome = CAPTURE_MAYBE;
    print(PCAP_LINES, &e);
    has("#7 maybe");
}

/* Escape sequences of 7 and of 8 bits, and what would end a JSON text. */
static void test_harmless(void **state)
{
    struct capture_call c = call();
    struct capture_event e = event(&c);
    (void)state;
    e.pipe = "a\x1b[2J\n\x7f\xc2\x9b"
             "2J\"\\\xc3\xa9";
    print(PCAP_LINES, &e);
    has("\\a?[2J???2J\"\\\xc3\xa9 srvsvc");
    print(PCAP_JSON, &e);
    has("\"pipe\": \"a\\u001b[2J\\u000a\\u007f\\u009b2J\\\"\\\\\xc3\xa9\"");
    for (const char *p = text; p[1]; p++)
        assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
}

static int release(void **state)
{
    (void)state;
    free(text);
    text = NULL;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decoded),
        cmocka_unit_test(test_not_decoded),
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
