// SPDX-License-Identifier: Apache-2.0
#include "io/io.h"
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>
#include <cmocka.h>

#define SECOND UINT64_C(1000000000)

/* An engine that keeps what it hears and echoes it if told so. */
struct ear {
    struct io_stream s;
    struct io_item item;
    uint8_t data[70000];
    size_t len;
    bool open, closed, echo, fired;
    enum nt_status why;
    unsigned closes;
    struct ear *victim;
};

static void say(struct ear *e, const void *p, size_t n)
{
    struct wr w;
    wr_init(&w, 1 << 20);
    wr_bytes(&w, p, n);
    assert_int_equal(io_queue(&e->s, &w), STATUS_SUCCESS);
}

static void on_open(void *engine)
{
    ((struct ear *)engine)->open = true;
}

static void on_data(void *engine, uint8_t *data, size_t len)
{
    struct ear *e = engine;
    assert_true(e->len + len <= sizeof e->data);
    memcpy(e->data + e->len, data, len);
    e->len += len;
    if (e->echo)
        say(e, data, len);
}

static void on_close(void *engine, enum nt_status why)
{
    struct ear *e = engine;
    e->closed = true;
    e->closes++;
    e->why = why;
}

static const struct io_ops ops = { on_open, on_data, on_close };

static struct ear *ear_new(void)
{
    struct ear *e = calloc(1, sizeof *e);
    io_stream_init(&e->s, &ops, e, NULL);
    return e;
}

static void ear_free(struct ear *e)
{
    io_stream_done(&e->s);
    free(e);
}

static bool is_open(void *arg)
{
    struct ear *e = arg;
    return e->open || e->closed;
}
static bool is_closed(void *arg)
{
    return ((struct ear *)arg)->closed;
}
static bool never(void *arg)
{
    (void)arg;
    return false;
}
static bool has_five(void *arg)
{
    return ((struct ear *)arg)->len >= 5;
}

static void memory_pair_moves_bytes_in_any_split(void **state)
{
    (void)state;
    for (size_t chunk = 0; chunk < 7; chunk++) {
        struct io_mem_options o = { .chunk = chunk, .start = 5 };
        struct nt_loop *l;
        assert_int_equal(io_mem_loop_new(&o, &l), STATUS_SUCCESS);
        struct ear *a = ear_new(), *b = ear_new();
        b->echo = true;
        assert_int_equal(io_mem_join(l, &a->s, &b->s), STATUS_SUCCESS);
        say(a, "hello", 5);
        assert_int_equal(io_wait(l, has_five, a, 60 * SECOND, NULL), STATUS_SUCCESS);
        assert_memory_equal(a->data, "hello", 5);
        ear_free(a);
        assert_int_equal(io_wait(l, is_closed, b, 60 * SECOND, NULL), STATUS_SUCCESS);
        assert_int_equal(b->closes, 1);
        ear_free(b);
        nt_loop_free(l);
    }
}

static void memory_pair_cuts_and_times_out(void **state)
{
    (void)state;
    struct io_mem_options o = { .cut_after = 3 };
    struct nt_loop *l;
    assert_int_equal(io_mem_loop_new(&o, &l), STATUS_SUCCESS);
    struct ear *a = ear_new(), *b = ear_new();
    assert_int_equal(io_mem_join(l, &a->s, &b->s), STATUS_SUCCESS);
    assert_int_equal(io_wait(l, never, a, SECOND, NULL), STATUS_IO_TIMEOUT);
    assert_int_equal(io_loop_now(l), SECOND);
    say(b, "hello", 5);
    assert_int_equal(io_wait(l, is_closed, a, 60 * SECOND, NULL), STATUS_SUCCESS);
    assert_int_equal(a->len, 3);
    assert_int_equal(io_wait(l, is_closed, b, 60 * SECOND, NULL), STATUS_SUCCESS);
    ear_free(a);
    ear_free(b);
    nt_loop_free(l);
}

static void kill_victim(struct io_item *it)
{
    struct ear *e = io_container(it, struct ear, item);
    e->fired = true;
    if (e->victim)
        ear_free(e->victim);
}

static void callback_may_free_its_own_stream(void **state)
{
    (void)state;
    struct io_mem_options o = { 0 };
    struct nt_loop *l;
    assert_int_equal(io_mem_loop_new(&o, &l), STATUS_SUCCESS);
    struct ear *a = ear_new(), *b = ear_new();
    assert_int_equal(io_mem_join(l, &a->s, &b->s), STATUS_SUCCESS);
    io_item_init(&a->item, kill_victim);
    a->victim = a;
    io_item_init(&b->item, kill_victim);
    io_ready(&a->s, &a->item);
    io_timer(&b->s, &b->item, 2 * SECOND);
    assert_int_equal(io_wait(l, is_closed, b, 60 * SECOND, NULL), STATUS_SUCCESS);
    assert_int_equal(io_wait(l, never, b, 3 * SECOND, NULL), STATUS_IO_TIMEOUT);
    assert_true(b->fired);
    ear_free(b);
    nt_loop_free(l);
}

static int listener(uint16_t *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof a;
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&a, len) == 0 && listen(fd, 8) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    *port = ntohs(a.sin_port);
    return fd;
}

static void dial_to(const char *host, uint16_t port, enum nt_status expect)
{
    struct nt_loop *l;
    assert_int_equal(nt_loop_new(NULL, &l), STATUS_SUCCESS);
    struct ear *e = ear_new();
    struct io_addr to = { .host = host, .port = port };
    enum nt_status st = io_dial(l, &e->s, &to, io_loop_now(l) + 5 * SECOND);
    if (st == STATUS_SUCCESS) {
        assert_int_equal(io_wait(l, is_open, e, io_loop_now(l) + 10 * SECOND, NULL), STATUS_SUCCESS);
        st = e->open ? STATUS_SUCCESS : e->why;
    }
    if (expect == STATUS_SUCCESS)
        assert_string_not_equal(io_peer(&e->s), "");
    assert_int_equal(st, expect);
    ear_free(e);
    nt_loop_free(l);
}

static void dialling(void **state)
{
    (void)state;
    uint16_t port;
    int fd = listener(&port);
    dial_to("127.0.0.1", port, STATUS_SUCCESS);
    dial_to("localhost", port, STATUS_SUCCESS); /* ::1 is refused first */
    close(fd);
    dial_to("127.0.0.1", port, STATUS_CONNECTION_REFUSED);
    dial_to("[::1]", port, STATUS_CONNECTION_REFUSED);
    dial_to("", port, STATUS_BAD_NETWORK_PATH);
}

static void sockets_echo_with_and_without_a_token(void **state)
{
    (void)state;
    struct nt_cancel *cancel;
    assert_int_equal(nt_cancel_new(&cancel), STATUS_SUCCESS);
    for (int round = 0; round < 2; round++) {
        struct nt_loop *l, *m;
        int fds[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        assert_int_equal(nt_loop_new(NULL, &l), STATUS_SUCCESS);
        assert_int_equal(nt_loop_new(NULL, &m), STATUS_SUCCESS);
        struct ear *a = ear_new(), *b = ear_new();
        b->echo = true;
        assert_int_equal(io_attach(l, &a->s, fds[0]), STATUS_SUCCESS);
        assert_int_equal(io_attach(m, &b->s, fds[1]), STATUS_SUCCESS);
        assert_true(nt_loop_fd(m) >= 0);
        say(a, "hello", 5);
        assert_int_equal(nt_loop_run(l, 0), STATUS_TIMEOUT); /* sends, hears nothing */
        assert_int_equal(io_wait(m, has_five, b, UINT64_MAX, round ? cancel : NULL), STATUS_SUCCESS);
        while (nt_loop_run(m, 0) == STATUS_SUCCESS)
            ;
        assert_int_equal(io_wait(l, has_five, a, UINT64_MAX, round ? cancel : NULL), STATUS_SUCCESS);
        assert_int_equal(io_wait(l, never, a, io_loop_now(l) + SECOND / 50, NULL), STATUS_IO_TIMEOUT);
        ear_free(b);
        assert_int_equal(io_wait(l, is_closed, a, UINT64_MAX, NULL), STATUS_SUCCESS);
        assert_int_equal(a->why, STATUS_CONNECTION_DISCONNECTED);
        ear_free(a);
        nt_loop_free(l);
        nt_loop_free(m);
    }
    nt_cancel_unref(cancel);
}

static void *fire_soon(void *arg)
{
    usleep(20000);
    nt_cancel_fire(arg);
    return NULL;
}

static void cancel_from_another_thread(void **state)
{
    (void)state;
    struct nt_cancel *c;
    struct nt_loop *l;
    int fds[2];
    pthread_t t;
    assert_int_equal(nt_cancel_new(&c), STATUS_SUCCESS);
    assert_int_equal(nt_loop_new(NULL, &l), STATUS_SUCCESS);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    struct ear *e = ear_new();
    assert_int_equal(io_attach(l, &e->s, fds[0]), STATUS_SUCCESS);
    assert_int_equal(pthread_create(&t, NULL, fire_soon, c), 0);
    assert_int_equal(io_wait(l, never, e, UINT64_MAX, c), STATUS_CANCELLED);
    pthread_join(t, NULL);
    assert_true(nt_cancel_fired(c));
    nt_cancel_reset(c);
    assert_int_equal(io_wait(l, never, e, io_loop_now(l) + SECOND / 100, c), STATUS_IO_TIMEOUT);
    ear_free(e);
    close(fds[1]);
    nt_loop_free(l);
    nt_cancel_unref(c);
}

struct watcher {
    struct io_watch w;
    struct io_watch *other; /* ended by this one */
    unsigned fired;
};

static void watch_fn(struct io_watch *w)
{
    struct watcher *x = (struct watcher *)w;
    x->fired++;
    if (x->other)
        io_watch_stop(x->other);
}

static bool has_fired(void *arg)
{
    return ((struct watcher *)arg)->fired > 0;
}

/* A token that nobody blocks on wakes the loop, once, with and without streams to wait for. */
static void watched_token(void **state)
{
    (void)state;
    for (int streams = 0; streams < 3; streams++) {
        struct nt_cancel *c, *calm;
        struct nt_loop *l;
        struct ear *e[2] = { NULL };
        int fds[2][2];
        pthread_t t;
        struct watcher first = { 0 }, second = { 0 }, third = { 0 }, none = { 0 };
        assert_int_equal(nt_cancel_new(&c), STATUS_SUCCESS);
        assert_int_equal(nt_cancel_new(&calm), STATUS_SUCCESS);
        assert_int_equal(nt_loop_new(NULL, &l), STATUS_SUCCESS);
        for (int i = 0; i < streams; i++) {
            assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds[i]), 0);
            e[i] = ear_new();
            assert_int_equal(io_attach(l, &e[i]->s, fds[i][0]), STATUS_SUCCESS);
        }
        io_watch_start(l, &second.w, c, watch_fn);
        io_watch_start(l, &third.w, calm, watch_fn);
        io_watch_start(l, &first.w, c, watch_fn); /* the newest comes first */
        io_watch_start(l, &none.w, NULL, watch_fn);
        first.other = &second.w;
        assert_int_equal(pthread_create(&t, NULL, fire_soon, c), 0);
        assert_int_equal(io_wait(l, has_fired, &first, io_loop_now(l) + 20 * SECOND, NULL), STATUS_SUCCESS);
        pthread_join(t, NULL);
        assert_int_equal(nt_loop_run(l, 0), STATUS_TIMEOUT); /* still fired, but nobody watches it */
        assert_int_equal(first.fired, 1);
        assert_int_equal(second.fired + third.fired + none.fired, 0);
        io_watch_stop(&third.w);
        io_watch_stop(&third.w);
        nt_cancel_fire(calm);
        assert_int_equal(nt_loop_run(l, 0), STATUS_TIMEOUT);
        for (int i = 0; i < streams; i++) {
            ear_free(e[i]);
            close(fds[i][1]);
        }
        nt_loop_free(l);
        nt_cancel_unref(c);
        nt_cancel_unref(calm);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_pair_moves_bytes_in_any_split),
        cmocka_unit_test(memory_pair_cuts_and_times_out),
        cmocka_unit_test(callback_may_free_its_own_stream),
        cmocka_unit_test(dialling),
        cmocka_unit_test(sockets_echo_with_and_without_a_token),
        cmocka_unit_test(cancel_from_another_thread),
        cmocka_unit_test(watched_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
