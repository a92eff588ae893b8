// SPDX-License-Identifier: Apache-2.0
/* msrpcd's log, metrics and capture without msrpcd: lines of hostile values, sinks that are slow, full or
 * gone, requests over HTTP, the text for Prometheus, packets that our own decoder reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <msrpc/rpcecho.h>
#include <msrpc/unistr.h>
#include "capture/write.h"
#include "common/http.h"
#include "info/json.h"
#include "rpc/pdu.h"
#include "common/line.h"
#include "metrics.h"
#include "tap.h"

#define WALL UINT64_C(133000000001234560)

/* ---- lines ---- */

/* One line, UTF-8, without controls. */
static void assert_tame(const struct line *l)
{
    assert_in_range(l->len, 2, LINE_MAX_LEN);
    assert_int_equal(l->buf[l->len - 1], '\n');
    for (size_t i = 0; i + 1 < l->len; i++)
        assert_true((unsigned char)l->buf[i] >= 0x20 && l->buf[i] != 0x7f);
    char16_t *wide;
    size_t n;
    assert_int_equal(ustr_from_utf8(l->buf, l->len, &wide, &n), STATUS_SUCCESS);
    for (size_t i = 0; i < n; i++)
        assert_false((wide[i] >= 0x80 && wide[i] < 0xa0) || (wide[i] >= 0x2028 && wide[i] <= 0x202e));
    free(wide);
}

static struct json *parsed(struct nt_arena *mem, const char *text, size_t len)
{
    struct json *j;
    struct nt_error err;
    if (info_json_parse(text, len, mem, &j, &err) != STATUS_SUCCESS)
        fail_msg("%s: %.*s", err.text, (int)len, text);
    return j;
}

/* A JSON line has the value as it was, but for what is no UTF-8. */
static void same(const char *value, const char *expect)
{
    struct nt_arena *mem = nt_arena_new(0);
    struct line l;
    line_begin(&l, true, NULL, WALL, "test");
    line_text(&l, "value", value);
    line_end(&l);
    assert_tame(&l);
    struct json *j = parsed(mem, l.buf, l.len);
    const struct json *v = info_json_member(j, "value");
    assert_non_null(v);
    if (v->len != strlen(expect) || memcmp(v->text, expect, v->len) != 0)
        fail_msg("%.*s instead of %s", (int)v->len, v->text, expect);
    nt_arena_free(mem);
}

static void json_values(void **state)
{
    (void)state;
    same("", "");
    same("DOM\\admin", "DOM\\admin");
    same("a\"b", "a\"b");
    same("a\r\nb\tc\x1b[31m\x7f", "a\r\nb\tc\x1b[31m\x7f");
    same("M\xc3\xbcller", "M\xc3\xbcller");
    same("\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80");
    same("\xc2\x85", "\xc2\x85"); /* NEL, escaped */
    same("\xe2\x80\xae"
         "abc",
         "\xe2\x80\xae"
         "abc");                                  /* right to left */
    same("\xf3\xa0\x81\x81", "\xf3\xa0\x81\x81"); /* tag characters: a pair of escapes */
    same("\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd");
    same("\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd");
    same("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    same("\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    same("x\xe2\x82", "x\xef\xbf\xbd\xef\xbf\xbd");
}

static void text_values(void **state)
{
    static const struct {
        const char *value, *expect;
    } list[] = { { "admin", "v=admin" },
                 { "DOM\\admin", "v=DOM\\admin" },
                 { "", "v=\"\"" },
                 { "a b", "v=\"a b\"" },
                 { "a=b", "v=\"a=b\"" },
                 { "a\nlogon account=root", "v=\"a\\u000alogon account=root\"" },
                 { "a\"b\\c", "v=\"a\\\"b\\\\c\"" },
                 { "M\xc3\xbcller", "v=\"M\xc3\xbcller\"" } };
    char expect[200];
    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        struct line l;
        line_begin(&l, false, NULL, WALL, "test");
        line_text(&l, "v", list[i].value);
        line_number(&l, "n", 7);
        line_end(&l);
        assert_tame(&l);
        snprintf(expect, sizeof expect, " test %s n=7\n", list[i].expect);
        l.buf[l.len] = 0;
        assert_non_null(strstr(l.buf, expect));
    }
}

static void time_and_prefix(void **state)
{
    struct line l;
    (void)state;
    line_begin(&l, false, "<6>", UINT64_C(132538464001234560), "x");
    line_end(&l);
    assert_int_equal(l.len, strlen("<6>2020-12-31T00:00:00.123456Z x\n"));
    assert_memory_equal(l.buf, "<6>20", 5);
    assert_non_null(memmem(l.buf, l.len, ".123456Z x\n", 11));
}

/* Long values are cut, at a character; what has no room is left out, and that is said. */
static void long_values(void **state)
{
    char value[4000];
    struct line l;
    struct nt_arena *mem = nt_arena_new(0);
    (void)state;
    for (int json = 0; json < 2; json++)
        for (size_t shift = 0; shift < 4; shift++) {
            memset(value, 'x', sizeof value);
            for (size_t i = shift; i + 4 < sizeof value; i += 4)
                memcpy(value + i, "\xf0\x9f\x98\x80", 4);
            value[sizeof value - 1] = 0;
            line_begin(&l, json, NULL, WALL, "test");
            for (int i = 0; i < 30; i++) {
                char key[8];
                snprintf(key, sizeof key, "k%d", i);
                line_text(&l, key, value);
            }
            line_end(&l);
            assert_tame(&l);
            assert_true(l.cut);
            assert_null(memmem(l.buf, l.len, "\\ufffd", 6));
            assert_non_null(memmem(l.buf, l.len, "...\"", 4));
            if (json)
                (void)parsed(mem, l.buf, l.len);
        }
    nt_arena_free(mem);
}

static void values_at_random(void **state)
{
    uint32_t seed = 1;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct nt_arena *mem = nt_arena_new(0);
        struct line l;
        char value[300];
        size_t n = (seed >> 8) % sizeof value;
        for (size_t k = 0; k < n; k++) {
            seed = seed * 1664525 + 1013904223;
            value[k] = (char)((seed >> 24) | (k % 3 == 0 ? 0x80 : 0));
        }
        value[n ? n - 1 : 0] = 0;
        line_begin(&l, i & 1, NULL, seed, "test");
        for (int k = 0; k < 12; k++)
            line_text(&l, k & 1 ? "a" : "b", k < 2 ? value : NULL);
        line_end(&l);
        assert_tame(&l);
        if (i & 1)
            (void)parsed(mem, l.buf, l.len);
        nt_arena_free(mem);
        seed = seed * 1664525 + 1013904223;
    }
}

/* ---- sinks ---- */

static size_t gap(void *arg, uint64_t lost, char *buf, size_t size)
{
    (void)arg;
    return (size_t)snprintf(buf, size, "lost %llu\n", (unsigned long long)lost);
}

static char *slurp(const char *path)
{
    static char text[4 << 20];
    int fd = open(path, O_RDONLY);
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = 0;
    return text;
}

static void settle(struct sink *s, uint64_t events)
{
    struct sink_stats st;
    for (int i = 0; i < 500; i++) {
        sink_stats(s, &st);
        if (st.written + st.errors >= events)
            return;
        usleep(10000);
    }
    fail_msg("nothing is written");
}

static void a_file(void **state)
{
    char one[] = "/tmp/tern-sink-XXXXXX", two[] = "/tmp/tern-sink-XXXXXX";
    int fd = mkstemp(one), other = mkstemp(two);
    struct sink_options o = { .fd = fd, .gap = gap };
    struct sink *s;
    struct sink_stats st;
    (void)state;
    assert_int_equal(sink_new(&o, &s), STATUS_SUCCESS);
    assert_true(sink_put(s, "before\n", 7)); /* waits for the thread */
    assert_int_equal(sink_start(s), STATUS_SUCCESS);
    for (int i = 0; i < 1000; i++) {
        char text[32];
        int n = snprintf(text, sizeof text, "line %d\n", i);
        assert_true(sink_put(s, text, (size_t)n));
    }
    settle(s, 1001);
    sink_replace(s, other);
    assert_true(sink_put(s, "after\n", 6));
    settle(s, 1002);
    sink_stats(s, &st);
    assert_int_equal(st.dropped, 0);
    assert_true(sink_free(s));
    assert_string_equal(slurp(two), "after\n");
    char *text = slurp(one);
    assert_int_equal(strncmp(text, "before\nline 0\nline 1\n", 21), 0);
    assert_non_null(strstr(text, "\nline 999\n"));
    unlink(one);
    unlink(two);
}

#define TEXT ((size_t)8 << 20)

/* Until nothing has come for a while. */
static size_t read_all(int fd, char *to, size_t size)
{
    struct pollfd f = { fd, POLLIN, 0 };
    size_t len = 0;
    while (poll(&f, 1, 500) == 1) {
        ssize_t n = read(fd, to + len, size - len);
        assert_true(n > 0);
        len += (size_t)n;
    }
    return len;
}

/* Nobody reads: the loop goes on, what has no room is counted, and told when somebody reads again. */
/* Reloads that come before the thread has seen the one before: standard error stays, and what was opened
 * meanwhile is closed. */
static void reloads(void **state)
{
    struct sink_options o = { .fd = STDERR_FILENO };
    struct sink *s;
    (void)state;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    assert_true(null > STDERR_FILENO);
    assert_int_equal(sink_new(&o, &s), STATUS_SUCCESS);
    sink_replace(s, STDERR_FILENO);
    sink_replace(s, STDERR_FILENO);
    assert_int_not_equal(fcntl(STDERR_FILENO, F_GETFD), -1);
    sink_replace(s, null);
    assert_int_not_equal(fcntl(STDERR_FILENO, F_GETFD), -1);
    sink_replace(s, STDERR_FILENO);
    assert_int_equal(fcntl(null, F_GETFD), -1);
    assert_true(sink_free(s));
    assert_int_not_equal(fcntl(STDERR_FILENO, F_GETFD), -1);
}

static void nobody_reads(void **state)
{
    int p[2];
    assert_int_equal(pipe(p), 0);
    struct sink_options o = { .fd = p[1], .gap = gap };
    struct sink *s;
    struct sink_stats st;
    char record[1000], *text = malloc(TEXT + 1);
    uint64_t put = 0, seen = 0, told = 0;
    (void)state;
    assert_non_null(text);
    memset(record, 'x', sizeof record);
    record[sizeof record - 1] = '\n';
    assert_int_equal(sink_new(&o, &s), STATUS_SUCCESS);
    assert_int_equal(sink_start(s), STATUS_SUCCESS);
    for (int i = 0; i < 5000; i++)
        put += sink_put(s, record, sizeof record);
    assert_in_range(put, 1000, 4000);
    sink_stats(s, &st);
    assert_int_equal(st.dropped, 5000 - put);
    size_t len = read_all(p[0], text, TEXT);
    assert_true(sink_put(s, record, sizeof record)); /* has to get through now */
    len += read_all(p[0], text + len, TEXT - len);
    text[len] = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        seen++;
    for (const char *at = text; (at = strstr(at, "lost "));
         at += 5) { /* told as often as it goes on between */
        told += strtoull(at + 5, NULL, 10);
        seen--;
    }
    assert_int_equal(told, 5000 - put);
    assert_int_equal(seen, put + 1);
    free(text);
    assert_true(sink_free(s));
    close(p[0]);
}

static void full_disk(void **state)
{
    struct sink_options o = { .fd = open("/dev/full", O_WRONLY), .gap = gap };
    char path[] = "/tmp/tern-sink-XXXXXX";
    struct sink *s;
    struct sink_stats st;
    int fd = mkstemp(path);
    (void)state;
    assert_int_equal(sink_new(&o, &s), STATUS_SUCCESS);
    assert_int_equal(sink_start(s), STATUS_SUCCESS);
    assert_true(sink_put(s, "one\n", 4));
    settle(s, 1);
    assert_true(sink_put(s, "two\n", 4));
    settle(s, 2);
    sink_stats(s, &st);
    assert_int_equal(st.dropped, 2);
    assert_int_equal(st.written, 0);
    sink_replace(s, fd); /* there is room again */
    assert_true(sink_put(s, "three\n", 6));
    settle(s, 3);
    assert_true(sink_free(s));
    assert_string_equal(slurp(path), "lost 2\nthree\n");
    unlink(path);
}

static void ceiling(void **state)
{
    char path[] = "/tmp/tern-sink-XXXXXX";
    struct sink_options o = { .fd = mkstemp(path), .max = 100, .whole = true };
    struct sink *s;
    struct sink_stats st;
    (void)state;
    assert_int_equal(sink_new(&o, &s), STATUS_SUCCESS);
    assert_int_equal(sink_start(s), STATUS_SUCCESS);
    unsigned n = 0;
    for (int i = 0; i < 50; i++)
        n += sink_put(s, "0123456789", 10);
    sink_stats(s, &st);
    assert_true(st.full);
    assert_true(sink_free(s));
    assert_in_range(n, 5, 10);
    assert_int_equal(strlen(slurp(path)), 10 * n);
    unlink(path);
}

/* ---- HTTP ---- */

static void requests(void **state)
{
    static const struct {
        const char *text;
        enum http_result expect;
        enum http_method method;
        const char *path;
    } list[] = {
        { "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", HTTP_WHOLE, HTTP_GET, "/metrics" },
        { "GET /metrics?name[]=a HTTP/1.0\n\n", HTTP_WHOLE, HTTP_GET, "/metrics" },
        { "HEAD / HTTP/1.1\r\n\r\nmore", HTTP_WHOLE, HTTP_HEAD, "/" },
        { "PUT / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", HTTP_WHOLE, HTTP_OTHER, "/" },
        { "GET /metrics HTTP/1.1\r\nHost: x\r\n", HTTP_MORE, 0, NULL },
        { "GET /metr", HTTP_MORE, 0, NULL },
        { "", HTTP_MORE, 0, NULL },
        { "GET  /metrics HTTP/1.1\r\n\r\n", HTTP_BAD, 0, NULL },
        { "GET metrics HTTP/1.1\r\n\r\n", HTTP_BAD, 0, NULL },
        { "GET http://x/metrics HTTP/1.1\r\n\r\n", HTTP_BAD, 0, NULL },
        { "GET /metrics HTTP/2.0\r\n\r\n", HTTP_BAD, 0, NULL },
        { "GET /metrics\r\n\r\n", HTTP_BAD, 0, NULL },
        { "GET /a\x01 HTTP/1.1\r\n\r\n", HTTP_BAD, 0, NULL },
        { "\x16\x03\x01\n", HTTP_BAD, 0, NULL },
        { "GET / HTTP/1.1\r\nno colon\r\n\r\n", HTTP_BAD, 0, NULL },
        { "GET / HTTP/1.1\r\n folded: x\r\n\r\n", HTTP_BAD, 0, NULL },
        { "GET / HTTP/1.1\r\nName : x\r\n\r\n", HTTP_BAD, 0, NULL },
        { "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", HTTP_BAD, 0, NULL },
        { "POST / HTTP/1.1\r\ntransfer-ENCODING: chunked\r\n\r\n", HTTP_BAD, 0, NULL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        struct http_request q;
        size_t len = strlen(list[i].text);
        enum http_result r = http_parse(list[i].text, len, &q);
        if (r != list[i].expect)
            fail_msg("%zu: %d", i, r);
        if (r != HTTP_WHOLE)
            continue;
        assert_int_equal(q.method, list[i].method);
        assert_int_equal(q.path_len, strlen(list[i].path));
        assert_memory_equal(q.path, list[i].path, q.path_len);
        for (size_t k = 0; k + 5 < len && strcmp(list[i].text + len - 4, "more") != 0;
             k++) /* every part is a beginning */
            assert_int_equal(http_parse(list[i].text, k, &q), HTTP_MORE);
    }
    char endless[HTTP_REQUEST_MAX];
    struct http_request q;
    memset(endless, 'a', sizeof endless);
    assert_int_equal(http_parse(endless, sizeof endless - 1, &q), HTTP_MORE);
    assert_int_equal(http_parse(endless, sizeof endless, &q), HTTP_BAD);
}

static void places(void **state)
{
    (void)state;
    assert_null(http_check("/run/x"));
    assert_null(http_check("127.0.0.1:9"));
    assert_null(http_check("[::1]:0"));
    assert_non_null(http_check("localhost:9"));
    assert_non_null(http_check("127.0.0.1"));
    assert_non_null(http_check("::1:9"));
    assert_non_null(http_check("127.0.0.1:65536"));
    assert_non_null(http_check(":9"));
    assert_non_null(http_check("[]:9"));
}

/* ---- metrics ---- */

static void counted(void **state)
{
    char path[] = "/tmp/tern-log-XXXXXX";
    struct config c = { .log_calls = CONFIG_CALLS_ALL, .log_format = CONF_LOG_JSON };
    struct rpc_seen_conn conn = {
        .id = 1, .protseq = "ncacn_np", .peer = "192.0.2.1:1", .local = "", .endpoint = "", .account = ""
    };
    struct rpc_seen_call call = { .iface = &rpcecho_interface,
                                  .syntax = rpcecho_interface.syntax,
                                  .op = &rpcecho_echo_AddOne_op,
                                  .opnum = 0,
                                  .account = "x\ny",
                                  .bytes_in = 4,
                                  .bytes_out = 8,
                                  .executed = true };
    struct log *l;
    struct metrics *m;
    struct nt_error err;
    struct wr w;
    (void)state;
    close(mkstemp(path));
    c.log_file = path;
    assert_int_equal(log_new(&c, &l, &err), STATUS_SUCCESS);
    assert_int_equal(log_start(l), STATUS_SUCCESS);
    struct metrics_options mo = { .version = "1", .log = l };
    assert_int_equal(metrics_new(&mo, &m), STATUS_SUCCESS);
    for (int i = 0; i < 3; i++) {
        call.duration_ns = 30000;
        metrics_call(m, &conn, &call);
        log_call(l, &conn, &call);
    }
    call.kind = RPC_SEEN_NTSTATUS;
    call.result = 0xc0000022;
    metrics_call(m, &conn, &call);
    log_call(l, &conn, &call);
    call.iface = NULL; /* what a client makes up has no row of its own */
    call.op = NULL;
    call.outcome = RPC_SEEN_FAULT;
    call.fault = 5;
    for (uint16_t i = 0; i < 1000; i++) {
        call.opnum = i;
        metrics_call(m, &conn, &call);
    }
    wr_init(&w, 1 << 20);
    metrics_put(m, &w);
    wr_u8(&w, 0);
    assert_int_equal(w.st, STATUS_SUCCESS);
    const char *text = (const char *)w.base;
    static const char *const expect[] = {
        "\nmsrpcd_calls_total{interface=\"rpcecho\",operation=\"echo_AddOne\",transport=\"ncacn_np\",result="
        "\"ok\"} 3\n",
        "\nmsrpcd_calls_total{interface=\"rpcecho\",operation=\"echo_AddOne\",transport=\"ncacn_np\",result="
        "\"error\"} 1\n",
        "\nmsrpcd_calls_total{interface=\"other\",operation=\"other\",transport=\"ncacn_np\",result="
        "\"fault\"} 1000\n",
        "\nmsrpcd_call_duration_seconds_bucket{interface=\"rpcecho\",operation=\"echo_AddOne\",le=\"2.5e-"
        "05\"} 0\n",
        "\nmsrpcd_call_duration_seconds_bucket{interface=\"rpcecho\",operation=\"echo_AddOne\",le=\"5e-05\"} "
        "4\n",
        "\nmsrpcd_call_duration_seconds_count{interface=\"rpcecho\",operation=\"echo_AddOne\"} 4\n",
        "\nmsrpcd_call_bytes_total{interface=\"rpcecho\",operation=\"echo_AddOne\",direction=\"out\"} 32\n",
        "\nmsrpcd_faults_total{code=\"0x00000005\"} 1000\n",
    };
    for (size_t i = 0; i < sizeof expect / sizeof expect[0]; i++)
        if (!strstr(text, expect[i]))
            fail_msg("%s is missing", expect[i]);
    wr_free(&w);
    metrics_free(m);
    log_free(l);
    char *log = slurp(path);
    struct nt_arena *mem = nt_arena_new(0);
    char *end = strchr(log, '\n');
    struct json *j = parsed(mem, log, (size_t)(end - log));
    assert_string_equal(info_json_member(j, "operation")->text, "echo_AddOne");
    assert_string_equal(info_json_member(j, "account")->text, "x\ny");
    assert_non_null(strstr(log, "\"status\":\"STATUS_ACCESS_DENIED\""));
    nt_arena_free(mem);
    unlink(path);
}

/* ---- captures ---- */

struct decoded {
    unsigned calls, binds, notes;
    char pipe[64];
    uint16_t opnum, client, server;
    bool sealed, complete;
};

static void event(void *arg, const struct capture_event *e)
{
    struct decoded *d = arg;
    d->calls += e->kind == CAPTURE_CALL;
    d->binds += e->kind == CAPTURE_BIND;
    d->notes += e->kind == CAPTURE_NOTE;
    if (e->kind != CAPTURE_CALL)
        return;
    snprintf(d->pipe, sizeof d->pipe, "%s", e->pipe ? e->pipe : "-");
    d->opnum = e->call->opnum;
    d->client = e->client.port;
    d->server = e->server.port;
    d->sealed = e->call->req.sealed || e->call->rsp.sealed;
    d->complete = e->call->req.complete && e->call->rsp.complete && e->call->rsp.stub.len == 4;
}

/* The packets of a file of ours. */
static void decode(const uint8_t *p, size_t len, struct decoded *d)
{
    struct capture_options o = { .arg = d, .event = event };
    struct capture *c = capture_new(&o);
    size_t at = 0;
    assert_int_equal(le32(p), 0x0a0d0d0a);
    while (at < len) {
        uint32_t type = le32(p + at), n = le32(p + at + 4);
        assert_int_equal(n % 4, 0);
        assert_in_range(n, 12, len - at);
        assert_int_equal(le32(p + at + n - 4), n);
        if (type == 6)
            capture_packet(c, CAPTURE_RAW, (uint64_t)le32(p + at + 12) << 32 | le32(p + at + 16), p + at + 28,
                           le32(p + at + 20), le32(p + at + 24));
        at += n;
    }
    capture_end(c);
    capture_delete(c);
}

static void full(void *arg)
{
    ++*(int *)arg;
}

static void say_pdu(struct tap *t, struct rpc_seen_conn *c, bool out, struct wr *w, const char *body)
{
    put_le16(w->base + 10, 16); /* as if there were a token: what is written says that there is none */
    tap_pdu(t, c, out, w->base, w->len, (const uint8_t *)body, body ? 4 : 0);
    wr_free(w);
}

/* A bind and two calls. */
static void talk(struct tap *t, struct rpc_seen_conn *c)
{
    struct rpc_ctx_elem e = { .id = 0, .n_transfers = 1, .abstract = rpcecho_interface.syntax };
    struct rpc_result r = { .transfer = rpc_syntax_ndr20 };
    struct wr w;
    e.transfers[0] = rpc_syntax_ndr20;
    wr_init(&w, 1 << 16);
    rpc_put_bind(&w, RPC_PT_BIND, RPC_PFC_WHOLE, 1, 4280, 0, &e, 1);
    say_pdu(t, c, false, &w, NULL);
    wr_init(&w, 1 << 16);
    rpc_put_ack(&w, RPC_PT_BIND_ACK, RPC_PFC_WHOLE, 1, 4280, 4280, 1, "135", &r, 1);
    say_pdu(t, c, true, &w, NULL);
    for (uint32_t id = 2; id < 4; id++) {
        wr_init(&w, 1 << 16);
        (void)wr_room(&w, RPC_REQ_LEN);
        rpc_fill_request(w.base, RPC_PFC_WHOLE, id, 4, 0, 7, NULL);
        say_pdu(t, c, false, &w, "\1\2\3\4");
        wr_init(&w, 1 << 16);
        (void)wr_room(&w, RPC_RSP_LEN);
        rpc_fill_response(w.base, RPC_PFC_WHOLE, id, 4, 0);
        say_pdu(t, c, true, &w, "\5\6\7\10");
    }
}

static void captured(void **state)
{
    static const struct {
        const char *protseq, *peer, *local, *endpoint, *pipe;
        uint16_t client, server;
    } list[] = { { "ncacn_ip_tcp", "192.0.2.1:4000", "192.0.2.7:135", "135", "-", 4000, 135 },
                 { "ncacn_ip_tcp", "[2001:db8::1]:4001", "[2001:db8::7]:135", "135", "-", 4001, 135 },
                 { "ncacn_np", "192.0.2.1:4002", "192.0.2.7:445", "\\pipe\\srvsvc", "srvsvc", 4002, 445 },
                 { "ncalrpc", "uid:1000,pid:7", "", "/run/x", "-", 1024, 1 } };
    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        char path[] = "/tmp/tern-tap-XXXXXX";
        struct rpc_seen_conn c = { .id = 1,
                                   .protseq = list[i].protseq,
                                   .peer = list[i].peer,
                                   .local = list[i].local,
                                   .endpoint = list[i].endpoint };
        struct decoded d = { 0 };
        struct nt_error err;
        struct stat sb;
        struct tap *t;
        int fulls = 0;
        close(mkstemp(path));
        assert_int_equal(tap_new(path, 0, full, &fulls, &t, &err), STATUS_OBJECT_NAME_COLLISION);
        unlink(path);
        assert_int_equal(symlink("/tmp/tern-tap-nowhere", path), 0);
        assert_int_equal(tap_new(path, 0, full, &fulls, &t, &err), STATUS_OBJECT_NAME_COLLISION);
        unlink(path);
        assert_int_equal(tap_new(path, 0, full, &fulls, &t, &err), STATUS_SUCCESS);
        assert_int_equal(stat(path, &sb), 0);
        assert_int_equal(sb.st_mode & 0777, 0600);
        assert_int_equal(tap_start(t), STATUS_SUCCESS);
        struct rpc_seen_conn second = c;
        second.id = 2;
        talk(t, &c);
        if (strcmp(c.protseq, "ncacn_ip_tcp") ==
            0) /* from the same port, after the first; pipes go together */
            tap_closed(t, &c);
        talk(t, &second);
        tap_closed(t, &second);
        tap_closed(t, &c);
        assert_null(c.tag);
        tap_free(t);
        assert_int_equal(stat(path, &sb), 0);
        decode((const uint8_t *)slurp(path), (size_t)sb.st_size, &d);
        assert_int_equal(d.notes, 0);
        assert_int_equal(d.binds, 2);
        assert_int_equal(d.calls, 4);
        assert_string_equal(d.pipe, list[i].pipe);
        assert_int_equal(d.opnum, 7);
        assert_true(d.complete && !d.sealed);
        assert_int_equal(d.server, list[i].server);
        if (i != 3)
            assert_int_equal(d.client, list[i].client);
        unlink(path);
    }
}

static void capture_ceiling(void **state)
{
    char path[] = "/tmp/tern-tap-XXXXXX";
    struct rpc_seen_conn c = {
        .id = 1, .protseq = "ncacn_ip_tcp", .peer = "192.0.2.1:1", .local = "192.0.2.2:2", .endpoint = ""
    };
    struct decoded d = { 0 };
    struct nt_error err;
    struct stat sb;
    struct tap *t;
    int fulls = 0;
    (void)state;
    close(mkstemp(path));
    unlink(path);
    assert_int_equal(tap_new(path, 2000, full, &fulls, &t, &err), STATUS_SUCCESS);
    assert_int_equal(tap_start(t), STATUS_SUCCESS);
    for (int i = 0; i < 20; i++)
        talk(t, &c);
    tap_closed(t, &c);
    tap_free(t);
    assert_int_equal(fulls, 1);
    assert_int_equal(stat(path, &sb), 0);
    assert_in_range(sb.st_size, 500, 2000);
    decode((const uint8_t *)slurp(path), (size_t)sb.st_size, &d);
    assert_true(d.calls >= 2);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_values), cmocka_unit_test(text_values),      cmocka_unit_test(time_and_prefix),
        cmocka_unit_test(long_values), cmocka_unit_test(values_at_random), cmocka_unit_test(a_file),
        cmocka_unit_test(reloads),     cmocka_unit_test(nobody_reads),     cmocka_unit_test(full_disk),
        cmocka_unit_test(ceiling),     cmocka_unit_test(requests),         cmocka_unit_test(places),
        cmocka_unit_test(counted),     cmocka_unit_test(captured),         cmocka_unit_test(capture_ceiling),
    };
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
