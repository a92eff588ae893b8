// SPDX-License-Identifier: Apache-2.0
/* The loop over descriptors with many streams: waiting in poll and in epoll, deadlines that move, work from
 * other threads, listeners without descriptors. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>
#include <cmocka.h>
#include "io/io.h"

#define MS UINT64_C(1000000)

/* Answers what it hears; notes when its timer came. */
struct echo {
    struct io_stream s;
    struct io_item timer;
    uint64_t fired;
    unsigned opened, closed;
    enum nt_status why;
    size_t heard;
    struct echo *ends; /* this one goes when something is heard */
};

static void on_open(void *engine)
{
    ((struct echo *)engine)->opened++;
}

static void end_other(struct io_item *it)
{
    struct echo *e = io_container(it, struct echo, timer);
    io_stream_done(&e->ends->s);
    e->ends = NULL;
}

static void on_data(void *engine, uint8_t *data, size_t len)
{
    struct echo *e = engine;
    struct wr w;
    e->heard += len;
    wr_init(&w, 1 << 20);
    wr_bytes(&w, data, len);
    assert_int_equal(io_queue(&e->s, &w), STATUS_SUCCESS);
    if (e->ends)
        io_ready(&e->s, &e->timer);
}

static void on_close(void *engine, enum nt_status why)
{
    struct echo *e = engine;
    e->closed++;
    e->why = why;
}

static const struct io_ops echo_ops = { on_open, on_data, on_close };

static void timer_fn(struct io_item *it)
{
    struct echo *e = io_container(it, struct echo, timer);
    e->fired = nt_env_system()->monotonic(NULL);
}

static void echo_init(struct echo *e)
{
    memset(e, 0, sizeof *e);
    io_stream_init(&e->s, &echo_ops, e, NULL);
    io_item_init(&e->timer, timer_fn);
}

static struct nt_loop *loop_new(void)
{
    struct nt_loop *l;
    assert_int_equal(nt_loop_new(NULL, &l), STATUS_SUCCESS);
    return l;
}

/* Until nothing has happened for a while. */
static void settle(struct nt_loop *l)
{
    while (nt_loop_run(l, 5) == STATUS_SUCCESS)
        ;
}

static void write_byte(int fd, uint8_t b)
{
    assert_int_equal(send(fd, &b, 1, 0), 1);
}

static void expect_byte(int fd, uint8_t b)
{
    uint8_t got = (uint8_t)~b;
    assert_int_equal(recv(fd, &got, 1, MSG_DONTWAIT), 1);
    assert_int_equal(got, b);
}

static void attach_pair(struct nt_loop *l, struct echo *e, int *ret_other)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    echo_init(e);
    assert_int_equal(io_attach(l, &e->s, fds[0]), STATUS_SUCCESS);
    *ret_other = fds[1];
}

/* ---- many streams ---- */

enum { MANY = 300 };

static void many_streams(void **state)
{
    static struct echo e[MANY];
    static int other[MANY];
    struct nt_loop *l = loop_new();
    (void)state;
    for (unsigned i = 0; i < MANY; i++) { /* small, then grown: nobody is lost on the way */
        attach_pair(l, &e[i], &other[i]);
        if (i == 5 || i == MANY / 2)
            settle(l);
        write_byte(other[i], (uint8_t)i);
    }
    settle(l);
    for (unsigned i = 0; i < MANY; i++)
        expect_byte(other[i], (uint8_t)i);
    /* every third ends its neighbour, which has heard something in the same turn */
    for (unsigned i = 0; i + 1 < MANY; i += 3) {
        io_item_init(&e[i].timer, end_other);
        e[i].ends = &e[i + 1];
        write_byte(other[i], 1);
        write_byte(other[i + 1], 2);
    }
    settle(l);
    for (unsigned i = 0; i < MANY; i++)
        if (i % 3 == 1) {
            assert_null(e[i].s.loop);
        } else {
            if (i % 3 == 0)
                expect_byte(other[i], 1);
            write_byte(other[i], 3);
        }
    settle(l);
    for (unsigned i = 0; i < MANY; i++)
        if (i % 3 != 1)
            expect_byte(other[i], 3);
    /* their records are used again, and no event comes to the wrong one */
    for (unsigned i = 1; i < MANY; i += 3) {
        close(other[i]);
        attach_pair(l, &e[i], &other[i]);
        write_byte(other[i], 4);
    }
    settle(l);
    for (unsigned i = 1; i < MANY; i += 3)
        expect_byte(other[i], 4);
    for (unsigned i = 0; i < MANY; i++)
        close(other[i]);
    settle(l);
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(e[i].closed, 1);
        assert_int_equal(e[i].why, STATUS_CONNECTION_DISCONNECTED);
        io_stream_done(&e[i].s);
    }
    nt_loop_free(l);
}

/* A peer that does not read stops being read from, and the loop does not spin over it. */
static void high_water(void **state)
{
    enum { STREAMS = 20 };
    struct echo e[STREAMS];
    int other[STREAMS];
    static uint8_t chunk[65536];
    struct nt_loop *l = loop_new();
    (void)state;
    for (unsigned i = 0; i < STREAMS; i++)
        attach_pair(l, &e[i], &other[i]);
    size_t sent = 0, got = 0;
    for (int idle = 0; idle < 3;) {
        ssize_t n = send(other[7], chunk, sizeof chunk, MSG_DONTWAIT);
        sent += n > 0 ? (size_t)n : 0;
        settle(l);
        idle = n > 0 ? 0 : idle + 1;
    }
    assert_true(e[7].s.queued >= IO_HIGH_WATER);
    assert_true(e[7].s.queued < IO_HIGH_WATER + 2 * sizeof chunk);
    assert_true(e[7].heard < sent);
    assert_int_equal(nt_loop_run(l, 20), STATUS_TIMEOUT);
    write_byte(other[3], 9); /* the others go on */
    settle(l);
    expect_byte(other[3], 9);
    while (got < sent) {
        ssize_t n = recv(other[7], chunk, sizeof chunk, MSG_DONTWAIT);
        got += n > 0 ? (size_t)n : 0;
        settle(l);
    }
    assert_int_equal(e[7].heard, sent);
    for (unsigned i = 0; i < STREAMS; i++) {
        io_stream_done(&e[i].s);
        close(other[i]);
    }
    nt_loop_free(l);
}

/* Who is held is not read from, whatever comes, and the loop does not spin; then it goes on where it was. */
static void held_streams(void **state)
{
    enum { STREAMS = 20 };
    struct echo e[STREAMS];
    int other[STREAMS];
    struct nt_loop *l = loop_new();
    (void)state;
    for (unsigned i = 0; i < STREAMS; i++)
        attach_pair(l, &e[i], &other[i]);
    settle(l);
    for (unsigned i = 0; i < 4; i++)
        io_hold(&e[i].s, true);
    settle(l);
    io_hold(&e[0].s, false); /* before anything has come */
    write_byte(other[0], 1);
    write_byte(other[1], 2);
    write_byte(other[2], 3);
    close(other[2]);
    close(other[3]);
    settle(l);
    assert_int_equal(nt_loop_run(l, 20), STATUS_TIMEOUT);
    expect_byte(other[0], 1);
    assert_true(!e[1].heard && !e[2].heard && !e[2].closed && !e[3].closed);
    for (unsigned i = 1; i < 4; i++)
        io_hold(&e[i].s, false);
    settle(l);
    expect_byte(other[1], 2);
    assert_int_equal(e[2].heard, 1);
    assert_true(e[2].closed == 1 && e[3].closed == 1);
    for (unsigned round = 0; round < 2; round++) { /* again, with what came while it was held */
        io_hold(&e[1].s, true);
        write_byte(other[1], 4);
        settle(l);
        assert_int_equal(nt_loop_run(l, 20), STATUS_TIMEOUT);
        io_hold(&e[1].s, false);
        settle(l);
        expect_byte(other[1], 4);
    }
    for (unsigned i = 0; i < STREAMS; i++) {
        io_stream_done(&e[i].s);
        if (i != 2 && i != 3)
            close(other[i]);
    }
    nt_loop_free(l);
}

/* ---- deadlines ---- */

static uint32_t noise(uint32_t *x)
{
    *x = *x * 1664525u + 1013904223u;
    return *x >> 8;
}

static void deadlines(void **state)
{
    enum { STREAMS = 100 };
    static struct echo e[STREAMS];
    static uint64_t when[STREAMS];
    int other[STREAMS];
    (void)state;
    for (unsigned few = 0; few < 2; few++) {
        unsigned n = few ? 5 : STREAMS;
        struct nt_loop *l = loop_new();
        uint32_t x = 7 + few;
        for (unsigned i = 0; i < n; i++)
            attach_pair(l, &e[i], &other[i]);
        uint64_t start = io_loop_now(l) + 20 * MS;
        for (unsigned round = 0; round < 5; round++) { /* earlier and later, and some taken back */
            for (unsigned i = 0; i < n; i++) {
                when[i] = start + noise(&x) % 60 * MS;
                io_timer(&e[i].s, &e[i].timer, when[i]);
            }
            (void)!nt_loop_run(l, 0);
        }
        for (unsigned i = 0; i < n; i += 7)
            io_cancel(&e[i].timer);
        while (io_loop_now(l) < start + 80 * MS)
            (void)!nt_loop_run(l, 10);
        for (unsigned i = 0; i < n; i++) {
            if (i % 7 == 0)
                assert_int_equal(e[i].fired, 0);
            else if (e[i].fired < when[i] || e[i].fired > when[i] + 2000 * MS)
                fail_msg("timer %u: due %llu, came %llu", i, (unsigned long long)when[i],
                         (unsigned long long)e[i].fired);
            io_stream_done(&e[i].s);
            close(other[i]);
        }
        nt_loop_free(l);
    }
}

/* A deadline that has moved away neither wakes anybody nor makes nt_loop_run come back early. */
static void moved_deadline(void **state)
{
    enum { STREAMS = 12 };
    struct echo e[STREAMS];
    int other[STREAMS];
    struct nt_loop *l = loop_new();
    (void)state;
    for (unsigned i = 0; i < STREAMS; i++) {
        attach_pair(l, &e[i], &other[i]);
        io_timer(&e[i].s, &e[i].timer, io_loop_now(l) + 20 * MS);
    }
    settle(l);
    for (unsigned i = 0; i < STREAMS; i++)
        io_timer(&e[i].s, &e[i].timer, io_loop_now(l) + 60000 * MS);
    uint64_t start = io_loop_now(l);
    assert_int_equal(nt_loop_run(l, 0), STATUS_TIMEOUT);
    assert_in_range(nt_loop_timeout(l), 50000, 60000);
    assert_int_equal(nt_loop_run(l, 60), STATUS_TIMEOUT);
    assert_true(io_loop_now(l) >= start + 60 * MS);
    for (unsigned i = 0; i < STREAMS; i++) {
        assert_int_equal(e[i].fired, 0);
        io_stream_done(&e[i].s);
        close(other[i]);
    }
    assert_int_equal(nt_loop_run(l, 0), STATUS_TIMEOUT);
    assert_int_equal(nt_loop_timeout(l), -1);
    nt_loop_free(l);
}

/* ---- in another loop ---- */

static void run_foreign(struct nt_loop *l, int ms)
{
    uint64_t end = io_loop_now(l) + (uint64_t)ms * MS;
    struct pollfd p = { .fd = nt_loop_fd(l), .events = POLLIN };
    assert_true(p.fd >= 0);
    while (io_loop_now(l) < end) {
        int own = nt_loop_timeout(l), left = (int)((end - io_loop_now(l)) / MS) + 1;
        (void)poll(&p, 1, own >= 0 && own < left ? own : left);
        (void)!nt_loop_run(l, 0);
    }
}

static void foreign(void **state)
{
    enum { STREAMS = 20 };
    struct echo e[STREAMS];
    int other[STREAMS];
    struct nt_loop *l = loop_new();
    (void)state;
    for (unsigned i = 0; i < STREAMS; i++) {
        attach_pair(l, &e[i], &other[i]);
        run_foreign(l, 1);
    }
    io_timer(&e[4].s, &e[4].timer, io_loop_now(l) + 10 * MS);
    for (unsigned i = 0; i < STREAMS; i++)
        write_byte(other[i], (uint8_t)i);
    run_foreign(l, 40);
    assert_true(e[4].fired != 0);
    for (unsigned i = 0; i < STREAMS; i++) {
        expect_byte(other[i], (uint8_t)i);
        io_stream_done(&e[i].s);
        close(other[i]);
    }
    nt_loop_free(l);
}

/* ---- from other threads ---- */

enum { POSTERS = 4, POSTS = 2000 };

struct poster {
    struct nt_loop *l;
    unsigned next, wrong;
    struct note {
        struct poster *p;
        unsigned i;
    } notes[POSTS];
};

static void noted(void *arg)
{
    struct note *n = arg;
    n->p->wrong += n->i != n->p->next;
    n->p->next++;
}

static void *post_all(void *arg)
{
    struct poster *p = arg;
    for (unsigned i = 0; i < POSTS; i++) {
        p->notes[i] = (struct note){ p, i };
        if (nt_loop_post(p->l, noted, &p->notes[i]) != STATUS_SUCCESS)
            return p;
        if (i % 500 == 0)
            usleep(1000);
    }
    return NULL;
}

static bool all_noted(void *arg)
{
    const struct poster *p = arg;
    unsigned n = 0;
    for (int i = 0; i < POSTERS; i++)
        n += p[i].next;
    return n == POSTERS * POSTS;
}

/* Work of a stream on a thread that was given to the loop: others go on meanwhile, and one that is given up comes back to be
 * freed only. */
struct slow {
    struct io_item item;
    sem_t begun, go; /* the work waits for it */
    pthread_t where;
    unsigned ran, back;
};

static void slow_work(struct io_item *it)
{
    struct slow *w = io_container(it, struct slow, item);
    sem_post(&w->begun);
    sem_wait(&w->go);
    w->where = pthread_self();
    w->ran++;
}

static void slow_back(struct io_item *it)
{
    struct slow *w = io_container(it, struct slow, item);
    w->back++;
}

static void slow_init(struct slow *w)
{
    memset(w, 0, sizeof *w);
    io_item_init(&w->item, slow_back);
    w->item.work = slow_work;
    sem_init(&w->begun, 0, 0);
    sem_init(&w->go, 0, 0);
}

static void *worker(void *loop)
{
    return nt_loop_worker_run(loop) == STATUS_SUCCESS ? NULL : loop;
}

static bool is_back(void *arg)
{
    return ((const struct slow *)arg)->back > 0;
}

static void work(void **state)
{
    struct nt_loop *l = loop_new();
    struct echo e;
    struct slow w, given_up;
    int other;
    pthread_t t;
    (void)state;
    attach_pair(l, &e, &other);
    slow_init(&w);
    sem_post(&w.go);
    io_work(&e.s, &w.item); /* nobody is there: in place */
    assert_int_equal(io_wait(l, is_back, &w, io_loop_now(l) + 5000 * MS, NULL), STATUS_SUCCESS);
    assert_true(w.ran == 1 && pthread_equal(w.where, pthread_self()));
    assert_int_equal(nt_loop_share(l), STATUS_SUCCESS);
    assert_int_equal(pthread_create(&t, NULL, worker, l), 0);
    usleep(50000); /* until it waits */
    slow_init(&w);
    slow_init(&given_up);
    io_work(&e.s, &w.item);
    io_work(&e.s, &given_up.item);
    write_byte(other, 'x'); /* the stream is served while its work is under way */
    run_foreign(l, 100);
    expect_byte(other, 'x');
    assert_int_equal(w.back, 0);
    sem_post(&w.go);
    assert_int_equal(io_wait(l, is_back, &w, io_loop_now(l) + 5000 * MS, NULL), STATUS_SUCCESS);
    assert_true(w.ran == 1 && !pthread_equal(w.where, pthread_self()));
    sem_wait(&given_up.begun);
    assert_false(io_cancel(&given_up.item)); /* it runs */
    io_stream_done(&e.s);
    assert_int_equal(given_up.back, 0);
    sem_post(&given_up.go);
    assert_int_equal(io_wait(l, is_back, &given_up, io_loop_now(l) + 5000 * MS, NULL), STATUS_SUCCESS);
    assert_true(given_up.ran == 1 && given_up.back == 1);
    close(other);
    nt_loop_workers_stop(l);
    pthread_join(t, NULL);
    nt_loop_free(l);
}

static void expect_back(struct nt_loop *l, struct slow *w)
{
    assert_int_equal(io_wait(l, is_back, w, io_loop_now(l) + 5000 * MS, NULL), STATUS_SUCCESS);
    assert_int_equal(w->ran, 1);
}

/* Somebody who has much work that blocks does not hold up others; what no thread has begun can be given up. */
static void work_for_somebody(void **state)
{
    struct nt_loop *l = loop_new();
    struct echo a, b;
    struct slow many[3], one;
    int other_a, other_b, begun;
    pthread_t t[2];
    (void)state;
    attach_pair(l, &a, &other_a);
    attach_pair(l, &b, &other_b);
    a.s.kin = &a;
    b.s.kin = &b;
    assert_int_equal(nt_loop_share(l), STATUS_SUCCESS);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&t[i], NULL, worker, l), 0);
    usleep(50000); /* until they wait */
    for (int i = 0; i < 3; i++) {
        slow_init(&many[i]);
        io_work(&a.s, &many[i].item);
    }
    run_foreign(l, 50);
    sem_wait(&many[0].begun);
    slow_init(&one);
    io_work(&b.s, &one.item);
    run_foreign(l, 50);
    sem_wait(&one.begun);
    assert_int_equal(sem_getvalue(&many[1].begun, &begun), 0);
    assert_int_equal(begun, 0); /* a thread was left for others */
    assert_true(io_cancel(&many[2].item));
    sem_post(&many[0].go);
    sem_wait(&many[1].begun);
    sem_post(&many[1].go);
    sem_post(&one.go);
    expect_back(l, &many[0]);
    expect_back(l, &many[1]);
    expect_back(l, &one);
    assert_int_equal(many[2].ran + many[2].back, 0);
    io_stream_done(&a.s);
    io_stream_done(&b.s);
    close(other_a);
    close(other_b);
    nt_loop_workers_stop(l);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    nt_loop_free(l);
}

static void posts(void **state)
{
    static struct poster p[POSTERS];
    pthread_t t[POSTERS];
    (void)state;
    for (int grown = 0; grown < 2; grown++) {
        struct nt_loop *l = loop_new();
        struct echo e;
        int other;
        attach_pair(l, &e, &other);
        assert_int_equal(nt_loop_post(l, noted, NULL), STATUS_INVALID_DEVICE_STATE);
        if (grown)
            assert_true(nt_loop_fd(l) >= 0);
        assert_int_equal(nt_loop_share(l), STATUS_SUCCESS);
        assert_int_equal(nt_loop_share(l), STATUS_SUCCESS);
        for (int i = 0; i < POSTERS; i++) {
            p[i].l = l;
            p[i].next = p[i].wrong = 0;
            assert_int_equal(pthread_create(&t[i], NULL, post_all, &p[i]), 0);
        }
        assert_int_equal(io_wait(l, all_noted, p, io_loop_now(l) + 60000 * MS, NULL), STATUS_SUCCESS);
        for (int i = 0; i < POSTERS; i++) {
            void *failed;
            pthread_join(t[i], &failed);
            assert_null(failed);
            assert_int_equal(p[i].wrong, 0);
        }
        settle(l); /* a bell that came late */
        assert_int_equal(nt_loop_run(l, 20), STATUS_TIMEOUT);
        p[0].next = 0;
        assert_int_equal(nt_loop_post(l, noted, &p[0].notes[0]), STATUS_SUCCESS);
        io_stream_done(&e.s);
        close(other);
        nt_loop_free(l); /* runs what is left */
        assert_int_equal(p[0].next, 1);
    }
    struct nt_loop *m;
    assert_int_equal(io_mem_loop_new(&(struct io_mem_options){ 0 }, &m), STATUS_SUCCESS);
    assert_int_equal(nt_loop_share(m), STATUS_NOT_SUPPORTED);
    nt_loop_free(m);
}

/* ---- listeners, dials, tokens in a grown loop ---- */

static struct {
    struct nt_loop *l;
    struct echo e[64];
    unsigned n;
} served;

static void accepted(struct io_listener *w, int fd, const char *peer)
{
    (void)w;
    assert_int_equal(strncmp(peer, "127.0.0.1:", 10), 0);
    echo_init(&served.e[served.n]);
    assert_int_equal(io_attach(served.l, &served.e[served.n++].s, fd), STATUS_SUCCESS);
}

static void serve_start(struct io_listener *w, uint16_t *port)
{
    memset(&served, 0, sizeof served);
    served.l = loop_new();
    memset(w, 0, sizeof *w);
    assert_int_equal(io_listen(served.l, w, "127.0.0.1", 0, accepted, port), STATUS_SUCCESS);
}

static void serve_end(struct io_listener *w)
{
    io_listen_stop(w);
    for (unsigned i = 0; i < served.n; i++)
        io_stream_done(&served.e[i].s);
    nt_loop_free(served.l);
}

static bool all_heard(void *arg)
{
    const struct echo *e = arg;
    unsigned n = 0;
    for (unsigned i = 0; i < 30; i++)
        n += e[i].heard == 1 || e[i].closed;
    return n == 30;
}

static bool all_open(void *arg)
{
    const struct echo *e = arg;
    unsigned n = 0;
    for (unsigned i = 0; i < 30; i++)
        n += e[i].opened || e[i].closed;
    return n == 30;
}

static void no_answer(void *engine, uint8_t *data, size_t len)
{
    (void)data;
    ((struct echo *)engine)->heard += len;
}

static void dials(void **state)
{
    static const struct io_ops client_ops = { on_open, no_answer, on_close };
    static struct echo e[30];
    struct io_listener w, gone;
    uint16_t port, nobody;
    (void)state;
    serve_start(&w, &port);
    memset(&gone, 0, sizeof gone);
    assert_int_equal(io_listen(served.l, &gone, "127.0.0.1", 0, accepted, &nobody), STATUS_SUCCESS);
    (void)!nt_loop_run(served.l, 0);
    io_listen_stop(&gone); /* its port refuses */
    for (unsigned i = 0; i < 30; i++) {
        struct io_addr to = { .host = i % 5 == 4 ? "localhost" : "127.0.0.1", .port = i % 3 ? port : nobody };
        echo_init(&e[i]);
        e[i].s.ops = &client_ops;
        assert_int_equal(io_dial(served.l, &e[i].s, &to, io_loop_now(served.l) + 10000 * MS), STATUS_SUCCESS);
    }
    assert_int_equal(io_wait(served.l, all_open, e, io_loop_now(served.l) + 20000 * MS, NULL),
                     STATUS_SUCCESS);
    for (unsigned i = 0; i < 30; i++) {
        struct wr out;
        assert_int_equal(e[i].closed, i % 3 == 0);
        assert_int_equal(e[i].opened, i % 3 != 0);
        if (e[i].closed)
            assert_int_equal(e[i].why, STATUS_CONNECTION_REFUSED);
        wr_init(&out, 1);
        wr_u8(&out, 1);
        assert_int_equal(io_queue(&e[i].s, &out),
                         e[i].closed ? STATUS_CONNECTION_DISCONNECTED : STATUS_SUCCESS);
    }
    assert_int_equal(io_wait(served.l, all_heard, e, io_loop_now(served.l) + 20000 * MS, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(served.n, 20);
    for (unsigned i = 0; i < 30; i++)
        io_stream_done(&e[i].s);
    serve_end(&w);
}

/* Nobody takes what waits at a local socket: dials wait for room, or until their deadline. */
static void full_queue(void **state)
{
    static const struct io_ops client_ops = { on_open, no_answer, on_close };
    enum { DIALS = 6 };
    static struct echo e[DIALS], late;
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    struct nt_loop *l = loop_new();
    (void)state;
    snprintf(a.sun_path, sizeof a.sun_path, "test_loop.%d.sock", (int)getpid());
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 1), 0);
    for (unsigned i = 0; i <= DIALS; i++) {
        struct echo *x = i < DIALS ? &e[i] : &late;
        struct io_addr to = { .path = a.sun_path };
        echo_init(x);
        x->s.ops = &client_ops;
        assert_int_equal(io_dial(l, &x->s, &to, io_loop_now(l) + (i < DIALS ? 20000 : 60) * MS), STATUS_SUCCESS);
    }
    for (uint64_t end = io_loop_now(l) + 150 * MS; io_loop_now(l) < end;)
        (void)!nt_loop_run(l, 5);
    unsigned opened = 0;
    for (unsigned i = 0; i < DIALS; i++)
        opened += e[i].opened;
    assert_true(opened >= 1 && opened < DIALS);
    assert_int_equal(late.closed, 1);
    assert_int_equal(late.why, STATUS_IO_TIMEOUT);
    for (unsigned taken = 0; taken < DIALS;) {
        int got = accept(fd, NULL, NULL);
        if (got >= 0)
            close(got);
        taken += got >= 0;
        (void)!nt_loop_run(l, 5);
    }
    for (unsigned i = 0; i < DIALS; i++) {
        assert_int_equal(e[i].opened, 1);
        io_stream_done(&e[i].s);
    }
    io_stream_done(&late.s);
    close(fd);
    unlink(a.sun_path);
    nt_loop_free(l);
}

/* A socket that somebody else made, blocking and not close-on-exec. */
static void handed_over(void **state)
{
    struct io_listener w = { 0 };
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof a;
    int pipes[2], fd = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0);
    uint16_t port = 7;
    (void)state;
    memset(&served, 0, sizeof served);
    served.l = loop_new();
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(io_listen_fd(served.l, &w, fd, accepted, &port),
                     STATUS_INVALID_PARAMETER); /* not listening */
    assert_int_equal(io_listen_fd(served.l, &w, udp, accepted, &port), STATUS_INVALID_PARAMETER);
    assert_int_equal(io_listen_fd(served.l, &w, pipes[0], accepted, &port), STATUS_INVALID_PARAMETER);
    assert_int_equal(io_listen_fd(served.l, &w, -1, accepted, &port), STATUS_INVALID_PARAMETER);
    assert_int_equal(port, 7);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    assert_int_equal(io_listen_fd(served.l, &w, fd, accepted, &port), STATUS_SUCCESS);
    assert_int_equal(port, ntohs(a.sin_port));
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    int c = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(c, (struct sockaddr *)&a, sizeof a), 0);
    settle(served.l);
    assert_int_equal(served.n, 1);
    write_byte(c, 5);
    settle(served.l);
    expect_byte(c, 5);
    close(c);
    serve_end(&w);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    close(pipes[0]);
    close(pipes[1]);
    close(udp);
}

/* Without descriptors the listener rests: it does not spin, and goes on by itself, in its own loop and in
 * another.
 */
static void no_descriptors(void **state)
{
    (void)state;
    for (int in_other = 0; in_other < 2; in_other++) {
        struct io_listener w;
        struct rlimit old, low;
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        uint16_t port;
        serve_start(&w, &port);
        a.sin_port = htons(port);
        assert_true(nt_loop_fd(served.l) >= 0);
        settle(served.l);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
        int next = dup(fd);
        close(next);
        low = old;
        low.rlim_cur = (rlim_t)next;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
        uint64_t end = io_loop_now(served.l) + 250 * MS;
        unsigned turns = 0;
        for (; io_loop_now(served.l) < end; turns++) {
            if (in_other)
                (void)poll(&(struct pollfd){ nt_loop_fd(served.l), POLLIN, 0 }, 1, nt_loop_timeout(served.l));
            (void)!nt_loop_run(served.l, in_other ? 0 : 50);
        }
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
        assert_int_equal(served.n, 0);
        assert_in_range(turns, 1, 30);
        if (in_other)
            run_foreign(served.l, 150);
        else
            for (int i = 0; i < 15; i++)
                (void)!nt_loop_run(served.l, 10);
        assert_int_equal(served.n, 1);
        write_byte(fd, 5);
        settle(served.l);
        expect_byte(fd, 5);
        close(fd);
        serve_end(&w);
    }
}

struct watcher {
    struct io_watch w;
    unsigned fired;
};

static void watch_fn(struct io_watch *w)
{
    io_container(w, struct watcher, w)->fired++;
}

static void *fire_soon(void *arg)
{
    usleep(20000);
    nt_cancel_fire(arg);
    return NULL;
}

static bool has_fired(void *arg)
{
    return ((struct watcher *)arg)->fired;
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

static void tokens(void **state)
{
    struct watcher a = { 0 }, b = { 0 }, other = { 0 };
    struct nt_cancel *c, *d;
    struct io_listener w;
    uint16_t port;
    pthread_t t;
    (void)state;
    serve_start(&w, &port);
    assert_int_equal(nt_cancel_new(&c), STATUS_SUCCESS);
    assert_int_equal(nt_cancel_new(&d), STATUS_SUCCESS);
    io_watch_start(served.l, &a.w, c, watch_fn); /* before the loop has grown */
    (void)!nt_loop_run(served.l, 0);
    io_watch_start(served.l, &b.w, c, watch_fn); /* the same token twice */
    io_watch_start(served.l, &other.w, d, watch_fn);
    io_watch_stop(&a.w);
    assert_int_equal(pthread_create(&t, NULL, fire_soon, c), 0);
    assert_int_equal(io_wait(served.l, has_fired, &b, io_loop_now(served.l) + 20000 * MS, NULL),
                     STATUS_SUCCESS);
    pthread_join(t, NULL);
    assert_int_equal(a.fired + other.fired, 0);
    assert_int_equal(nt_loop_run(served.l, 20), STATUS_TIMEOUT); /* fired still, and watched no more */
    /* a token that nothing watches but whoever waits */
    nt_cancel_reset(c);
    assert_int_equal(pthread_create(&t, NULL, fire_soon, c), 0);
    assert_int_equal(io_wait(served.l, never, NULL, UINT64_MAX, c), STATUS_CANCELLED);
    pthread_join(t, NULL);
    io_watch_stop(&other.w);
    serve_end(&w);
    nt_cancel_unref(c);
    nt_cancel_unref(d);
}

static void peers_are_counted_by_address(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        { "192.0.2.1:1", "192.0.2.1:65535", true },
        { "192.0.2.1:1", "192.0.2.2:1", false },
        { "192.0.2.1:1", "[::ffff:192.0.2.1]:9", true },         /* sockets for both */
        { "[2001:db8::1]:1", "[2001:db8::ffff:1:2:3]:1", true }, /* a host has a /64 */
        { "[2001:db8::1]:1", "[2001:db8:0:1::1]:1", false },
        { "[::1]:1", "127.0.0.1:1", false },
        { "peer:1", "peer:2", true },
        { "peer:1", "other:1", false },
        { "", "peer:1", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t a[IO_PEER_KEY], b[IO_PEER_KEY];
        io_peer_key(rows[i].a, a);
        io_peer_key(rows[i].b, b);
        assert_int_equal(memcmp(a, b, sizeof a) == 0, rows[i].same);
    }
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(445) };
    char text[80];
    assert_int_equal(inet_pton(AF_INET6, "::ffff:192.0.2.1", &six.sin6_addr), 1);
    io_peer_text((struct sockaddr *)&six, text, sizeof text);
    assert_string_equal(text, "192.0.2.1:445");
    assert_int_equal(inet_pton(AF_INET6, "2001:db8::7", &six.sin6_addr), 1);
    io_peer_text((struct sockaddr *)&six, text, sizeof text);
    assert_string_equal(text, "[2001:db8::7]:445");
    io_here(-1, text, sizeof text);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_streams), cmocka_unit_test(high_water),
        cmocka_unit_test(deadlines),    cmocka_unit_test(moved_deadline),
        cmocka_unit_test(foreign),      cmocka_unit_test(posts),        cmocka_unit_test(work),
        cmocka_unit_test(work_for_somebody),
        cmocka_unit_test(dials),        cmocka_unit_test(no_descriptors),
        cmocka_unit_test(tokens),       cmocka_unit_test(peers_are_counted_by_address),
        cmocka_unit_test(handed_over),  cmocka_unit_test(held_streams),
        cmocka_unit_test(full_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
