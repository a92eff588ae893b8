// SPDX-License-Identifier: Apache-2.0
/*
 * Pipes as descriptors, and threads: over real sockets, with the server and the muxer in a thread of their
 * own. What is done to a channel is done twice, by the muxer and without it, by the same code. Made for TSan,
 * too.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>
#include <msrpc/npc_channel.h>
#include <msrpc/npc_mux.h>
#include "pair/muxd_world.h"
#include "rpc/pdu.h"

#define THREADS 8
#define ROUNDS  6

/* ---- the server ---- */

static struct {
    pthread_t thread;
    struct nt_loop *loop;
    struct world w; /* smbd and what is behind it */
    struct muxd *muxd;
    struct io_listener smb, mux;
    uint16_t port;
    char dir[64], path[80];
    atomic_bool stop;
    atomic_int wanted; /* is the muxer there? */
    atomic_int there;
} srv;

static void smb_accepted(struct io_listener *l, int fd, const char *peer)
{
    (void)l;
    (void)!smbd_accept(srv.w.smbd, fd, peer);
}

static void mux_accepted(struct io_listener *l, int fd, const char *peer)
{
    (void)l;
    (void)peer;
    (void)!muxd_accept(srv.muxd, fd);
}

static void mux_up(void)
{
    struct muxd_options o = { .session_idle_ms = 60000 };
    if (muxd_new(srv.loop, &o, &srv.muxd) != STATUS_SUCCESS ||
        io_listen_local(srv.loop, &srv.mux, srv.path, 0600, mux_accepted) != STATUS_SUCCESS)
        abort();
}

static void mux_down(void)
{
    io_listen_stop(&srv.mux);
    muxd_free(srv.muxd);
    srv.muxd = NULL;
}

static void *serve(void *arg)
{
    (void)arg;
    while (!atomic_load(&srv.stop)) {
        (void)!nt_loop_run(srv.loop, 20);
        if (atomic_load(&srv.wanted) != atomic_load(&srv.there)) {
            if (atomic_load(&srv.wanted))
                mux_up();
            else
                mux_down();
            atomic_store(&srv.there, atomic_load(&srv.wanted));
        }
    }
    return NULL;
}

static void want_muxer(int on)
{
    atomic_store(&srv.wanted, on);
    while (atomic_load(&srv.there) != on)
        usleep(1000);
}

static int start(void **state)
{
    (void)state;
    snprintf(srv.dir, sizeof srv.dir, "/tmp/npc_channel.XXXXXX");
    if (!mkdtemp(srv.dir) || nt_loop_new(NULL, &srv.loop) != STATUS_SUCCESS)
        return -1;
    snprintf(srv.path, sizeof srv.path, "%s/socket", srv.dir);
    srv.w.loop = srv.loop;
    start_server(&srv.w);
    if (io_listen(srv.loop, &srv.smb, "127.0.0.1", 0, smb_accepted, &srv.port) != STATUS_SUCCESS)
        return -1;
    mux_up();
    atomic_store(&srv.wanted, 1);
    atomic_store(&srv.there, 1);
    return pthread_create(&srv.thread, NULL, serve, NULL);
}

static int stop(void **state)
{
    (void)state;
    atomic_store(&srv.stop, true);
    pthread_join(srv.thread, NULL);
    mux_down();
    io_listen_stop(&srv.smb);
    stop_server(&srv.w);
    nt_loop_free(srv.loop);
    unlink(srv.path);
    rmdir(srv.dir);
    return 0;
}

/* ---- clients ---- */

static struct sec_creds *creds_of(const char *user)
{
    struct sec_creds_options o = SEC_CREDS_OPTIONS_INIT;
    struct sec_creds *c = NULL;
    o.mech = SEC_MECH_NTLM;
    o.domain = "FAKEDOM";
    o.user = user;
    o.password = FAKE_PASSWORD;
    if (sec_creds_new(&o, &c, NULL) != STATUS_SUCCESS)
        abort();
    return c;
}

/* The two ways: all that differs. */
static struct npc_options options(bool mux, struct sec_creds *creds, struct nt_error *err)
{
    struct npc_options o = NPC_OPTIONS_INIT;
    o.port = srv.port;
    o.creds = mux ? NULL : creds;
    o.mux = mux ? srv.path : "off";
    o.error = err;
    o.timeout_ms = 20000;
    return o;
}

static enum nt_status give(struct npc_mux *m, uint64_t token, const char *user)
{
    struct npc_mux_auth a = NPC_MUX_AUTH_INIT;
    a.token = token;
    a.pattern = "*";
    a.kind = NPC_MUX_PASSWORD;
    a.domain = "FAKEDOM";
    a.user = user;
    a.password = FAKE_PASSWORD;
    return npc_mux_set_auth(m, &a);
}

static void give_own(const char *user)
{
    struct npc_mux *m;
    struct nt_error err = { "" };
    if (npc_mux_open(srv.path, 0, &m, &err) != STATUS_SUCCESS)
        fail_msg("%s", err.text);
    assert_int_equal(give(m, 0, user), STATUS_SUCCESS);
    npc_mux_close(m);
}

static const uint8_t *bind_pdu(void)
{
    static _Thread_local uint8_t b[72];
    static const uint8_t ndr[20] = { 0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8,
                                     0x08, 0x00, 0x2b, 0x10, 0x48, 0x60, 2,    0,    0,    0 };
    const struct rpc_syntax *x = &rpcecho_interface.syntax;
    const uint8_t head[32] = { 5,    0,    RPC_PT_BIND, RPC_PFC_WHOLE, 0x10, 0, 0, 0, 72, 0, 0, 0, 1, 0, 0, 0,
                               0xb8, 0x10, 0xb8,        0x10,          0,    0, 0, 0, 1,  0, 0, 0, 0, 0, 1 };
    memcpy(b, head, sizeof head);
    put_le32(b + 32, x->uuid.a);
    put_le16(b + 36, x->uuid.b);
    put_le16(b + 38, x->uuid.c);
    memcpy(b + 40, x->uuid.d, 8);
    put_le16(b + 48, x->major);
    memcpy(b + 52, ndr, sizeof ndr);
    return b;
}

static void add_one_pdu(uint8_t b[28], uint32_t id, uint32_t n)
{
    const uint8_t head[12] = { 5, 0, RPC_PT_REQUEST, RPC_PFC_WHOLE, 0x10, 0, 0, 0, 28 };
    memset(b, 0, 28);
    memcpy(b, head, sizeof head);
    put_le32(b + 12, id);
    put_le32(b + 16, 4);
    put_le32(b + 24, n);
}

/* How bytes get through: one of the three that the header tells of. */
struct mover {
    struct npc_channel *c;
    struct nt_loop *loop; /* a loop of the caller's */
    bool calls;           /* npc_channel_send and _recv */
};

static bool get(struct mover *m, uint8_t *to, size_t len)
{
    while (len) {
        size_t got = 0;
        if (m->calls) {
            if (npc_channel_recv(m->c, to, len, &got) != STATUS_SUCCESS)
                return false;
        } else {
            struct pollfd p = { .fd = npc_channel_fd(m->c), .events = POLLIN };
            while (m->loop && poll(&p, 1, 0) == 0)
                (void)!nt_loop_run(m->loop, 5);
            ssize_t n = recv(p.fd, to, len, 0);
            if (n <= 0)
                return false;
            got = (size_t)n;
        }
        to += got;
        len -= got;
    }
    return true;
}

static bool put(struct mover *m, const uint8_t *p, size_t len)
{
    if (m->calls)
        return npc_channel_send(m->c, p, len) == STATUS_SUCCESS;
    return send(npc_channel_fd(m->c), p, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static bool answer(struct mover *m, uint8_t *to, size_t room)
{
    if (!get(m, to, RPC_HDR_LEN))
        return false;
    size_t n = pdu_head_len(to);
    return n >= RPC_HDR_LEN && n <= room && get(m, to + RPC_HDR_LEN, n - RPC_HDR_LEN);
}

/* Everybody's threads: no cmocka here. */
static bool bound(struct mover *m)
{
    uint8_t a[512];
    return put(m, bind_pdu(), 72) && answer(m, a, sizeof a) && a[2] == RPC_PT_BIND_ACK;
}

static bool adds(struct mover *m, uint32_t id)
{
    uint8_t q[28], a[512];
    add_one_pdu(q, id, id * 3);
    return put(m, q, sizeof q) && answer(m, a, sizeof a) && a[2] == RPC_PT_RESPONSE && le32(a + 12) == id &&
           le32(a + 24) == id * 3 + 1;
}

static bool uses(struct mover *m)
{
    return bound(m) && adds(m, 2) && adds(m, 3);
}

/* ---- a channel, by both ways ---- */

static void check_facts(const struct npc_channel *c, bool mux, const char *user)
{
    struct npc_facts f = { .size = sizeof f };
    struct npc_channel_id id;
    struct nt_blob key;
    assert_int_equal(npc_channel_facts(c, &f), STATUS_SUCCESS);
    assert_int_equal(f.muxer, mux);
    assert_int_equal(f.dialect, NPC_SMB_3_1_1);
    assert_true(f.encrypted);
    assert_string_equal(f.mech, "ntlm");
    assert_string_equal(f.server, "127.0.0.1");
    assert_non_null(strstr(f.peer, "127.0.0.1:"));
    assert_non_null(strstr(f.principal, user));
    assert_int_equal(npc_channel_session_key(c, &key), STATUS_SUCCESS);
    assert_int_equal(key.len, f.session_key_len);
    assert_int_equal(npc_channel_application_key(c, &key), STATUS_SUCCESS);
    assert_int_equal(key.len, 16);
    assert_int_equal(npc_channel_id(c, &id), mux ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED);
}

static void *runner(void *arg)
{
    return (void *)(uintptr_t)npc_channel_run(arg);
}

static void by_loop(bool mux, struct sec_creds *creds)
{
    struct nt_error err = { "" };
    struct npc_options o = options(mux, creds, &err);
    struct mover m = { NULL };
    assert_int_equal(nt_loop_new(NULL, &m.loop), STATUS_SUCCESS);
    o.loop = m.loop;
    if (npc_connect("ncacn_np", "127.0.0.1", "\\pipe\\rpcecho", &o, &m.c) != STATUS_SUCCESS)
        fail_msg("%s", err.text);
    check_facts(m.c, mux, "alice");
    assert_true(uses(&m));
    int again = dup(npc_channel_fd(m.c));
    assert_true(again >= 0);
    npc_channel_close(m.c);
    char byte;
    assert_int_equal(recv(again, &byte, 1, 0), 0); /* it is over, whoever has a duplicate */
    close(again);
    nt_loop_free(m.loop);
}

static void by_thread(bool mux, struct sec_creds *creds)
{
    struct nt_error err = { "" };
    struct npc_options o = options(mux, creds, &err);
    struct mover m = { NULL };
    pthread_t t;
    void *rc;
    if (npc_connect("ncacn_np", "127.0.0.1", "rpcecho", &o, &m.c) != STATUS_SUCCESS)
        fail_msg("%s", err.text);
    assert_int_equal(pthread_create(&t, NULL, runner, m.c), 0);
    assert_true(uses(&m));
    check_facts(m.c, mux, "alice");
    assert_int_equal(shutdown(npc_channel_fd(m.c), SHUT_RDWR), 0);
    pthread_join(t, &rc);
    assert_int_equal((uintptr_t)rc, STATUS_SUCCESS);
    npc_channel_close(m.c);
}

static void by_calls(bool mux, struct sec_creds *creds)
{
    struct nt_error err = { "" };
    struct npc_options o = options(mux, creds, &err);
    struct mover m = { .calls = true };
    uint8_t q[28] = { 0 };
    size_t n = 0;
    if (npc_connect("ncacn_np", "127.0.0.1", "rpcecho", &o, &m.c) != STATUS_SUCCESS)
        fail_msg("%s", err.text);
    assert_true(uses(&m));
    assert_int_equal(npc_channel_fd(m.c), -1);
    assert_int_equal(npc_channel_run(m.c), STATUS_INVALID_DEVICE_STATE);
    assert_true(put(&m, q, sizeof q)); /* no PDU: that is the end */
    assert_int_equal(npc_channel_recv(m.c, q, sizeof q, &n), STATUS_END_OF_FILE);
    assert_true(npc_channel_error(m.c)[0] != '\0');
    assert_int_equal(npc_channel_send(m.c, q, sizeof q), STATUS_PIPE_BROKEN);
    npc_channel_close(m.c);
}

static void test_both_ways(void **state)
{
    struct sec_creds *creds = creds_of("alice");
    (void)state;
    give_own("alice");
    for (int mux = 0; mux < 2; mux++) {
        by_loop(mux, creds);
        by_thread(mux, creds);
        by_calls(mux, creds);
    }
    sec_creds_unref(creds);
}

static void test_refused(void **state)
{
    struct sec_creds *creds = creds_of("alice"), *carol = creds_of("carol");
    (void)state;
    give_own("alice");
    for (int mux = 0; mux < 2; mux++) {
        struct nt_error err = { "" };
        struct npc_options o = options(mux, creds, &err);
        struct npc_channel *c = NULL;
        assert_int_equal(npc_connect("ncacn_ip_tcp", "127.0.0.1", "rpcecho", &o, &c), STATUS_NOT_SUPPORTED);
        assert_int_equal(npc_connect("ncacn_np", "127.0.0.1", "a\\b", &o, &c), STATUS_OBJECT_NAME_INVALID);
        assert_int_equal(npc_connect("ncacn_np", "", "rpcecho", &o, &c), STATUS_INVALID_PARAMETER);
        o.timeout_ms = 3000;
        assert_int_equal(npc_connect("ncacn_np", "127.0.0.1", "nobody", &o, &c),
                         STATUS_OBJECT_NAME_NOT_FOUND);
        assert_non_null(strstr(err.text, "nobody"));
        o.port = 1; /* nothing listens there */
        assert_int_equal(npc_connect("ncacn_np", "127.0.0.1", "rpcecho", &o, &c), STATUS_CONNECTION_REFUSED);
        o = options(mux, carol, &err);
        if (mux)
            give_own("carol");
        assert_int_equal(npc_connect("ncacn_np", "127.0.0.1", "rpcecho", &o, &c), STATUS_LOGON_FAILURE);
        assert_null(c);
    }
    sec_creds_unref(creds);
    sec_creds_unref(carol);
}

/* Keys and facts later, by who knows the pipe's id: another connection, as another process has. */
static void test_query(void **state)
{
    struct nt_error err = { "" };
    struct npc_options o = options(true, NULL, &err);
    struct npc_facts f = { .size = sizeof f };
    struct npc_channel *c;
    struct npc_channel_id id, wrong;
    struct npc_mux *m;
    struct nt_blob key;
    uint8_t got[64];
    size_t n = 0;
    (void)state;
    give_own("alice");
    assert_int_equal(npc_connect("ncacn_np", "127.0.0.1", "rpcecho", &o, &c), STATUS_SUCCESS);
    assert_int_equal(npc_channel_id(c, &id), STATUS_SUCCESS);
    assert_int_equal(npc_mux_open(srv.path, 0, &m, &err), STATUS_SUCCESS);
    assert_int_equal(npc_mux_query_facts(m, &id, &f), STATUS_SUCCESS);
    assert_int_equal(f.dialect, NPC_SMB_3_1_1);
    assert_true(f.muxer);
    assert_string_equal(f.server, "127.0.0.1");
    assert_non_null(strstr(f.principal, "alice"));
    assert_int_equal(npc_mux_query_key(m, &id, NPC_MUX_APPLICATION_KEY, got, &n), STATUS_SUCCESS);
    assert_int_equal(npc_channel_application_key(c, &key), STATUS_SUCCESS);
    assert_int_equal(n, key.len);
    assert_memory_equal(got, key.data, n);
    assert_int_equal(npc_mux_query_key(m, &id, NPC_MUX_SESSION_KEY, got, &n), STATUS_SUCCESS);
    assert_int_equal(npc_channel_session_key(c, &key), STATUS_SUCCESS);
    assert_memory_equal(got, key.data, n);
    assert_int_equal(npc_mux_query_key(m, &id, NPC_MUX_FACTS, got, &n), STATUS_INVALID_PARAMETER);
    wrong = id;
    wrong.cookie[15] ^= 1;
    assert_int_equal(npc_mux_query_key(m, &wrong, NPC_MUX_SESSION_KEY, got, &n), STATUS_INVALID_HANDLE);
    npc_channel_close(c);
    enum nt_status st = STATUS_SUCCESS; /* the daemon hears of it a moment later */
    for (int i = 0; i < 500 && st == STATUS_SUCCESS; i++) {
        st = npc_mux_query_facts(m, &id, &f);
        usleep(2000);
    }
    assert_int_equal(st, STATUS_INVALID_HANDLE);
    npc_mux_close(m);
}

/* ---- asynchronously ---- */

struct opened {
    bool done;
    enum nt_status st;
    struct npc_channel *c;
};

static void on_connect(void *arg, enum nt_status st, struct npc_channel *c)
{
    *(struct opened *)arg = (struct opened){ true, st, c };
}

/* Given up after every number of turns: success and its end, or STATUS_CANCELLED, and nothing stays behind.
 */
static void given_up(bool mux, struct sec_creds *creds)
{
    unsigned cancelled = 0, succeeded = 0;
    for (unsigned turns_before = 0; turns_before < 40; turns_before++) {
        struct nt_error err = { "" };
        struct npc_options o = options(mux, creds, &err);
        struct opened w = { false, STATUS_SUCCESS, NULL };
        struct npc_channel *c;
        assert_int_equal(nt_loop_new(NULL, &o.loop), STATUS_SUCCESS);
        assert_int_equal(npc_connect_send("ncacn_np", "127.0.0.1", "rpcecho", &o, on_connect, &w, &c),
                         STATUS_SUCCESS);
        for (unsigned i = 0; i < turns_before && !w.done; i++)
            (void)!nt_loop_run(o.loop, 2);
        if (!w.done)
            npc_channel_give_up(c);
        while (!w.done)
            (void)!nt_loop_run(o.loop, 100);
        cancelled += w.st == STATUS_CANCELLED;
        succeeded += w.st == STATUS_SUCCESS;
        assert_true(w.st == STATUS_CANCELLED || w.st == STATUS_SUCCESS);
        npc_channel_close(w.c);
        nt_loop_free(o.loop);
    }
    assert_true(cancelled > 0);
    assert_true(succeeded > 0);
}

static void test_async(void **state)
{
    struct sec_creds *creds = creds_of("alice");
    (void)state;
    give_own("alice");
    given_up(false, creds);
    given_up(true, creds);
    sec_creds_unref(creds);
}

/* The token is that of who called, not of who is there when it is done. */
static void test_token_at_the_call(void **state)
{
    struct npc_mux *m;
    struct nt_error err = { "" };
    struct npc_options o = options(true, NULL, &err);
    struct opened w = { false, STATUS_SUCCESS, NULL };
    uint64_t token;
    (void)state;
    give_own("alice");
    assert_int_equal(npc_mux_open(srv.path, 0, &m, &err), STATUS_SUCCESS);
    assert_int_equal(npc_mux_create_token(m, &token), STATUS_SUCCESS);
    assert_int_equal(give(m, token, "bob"), STATUS_SUCCESS);
    assert_int_equal(nt_loop_new(NULL, &o.loop), STATUS_SUCCESS);
    npc_impersonate(token);
    assert_int_equal(npc_connect_send("ncacn_np", "127.0.0.1", "rpcecho", &o, on_connect, &w, NULL),
                     STATUS_SUCCESS);
    npc_revert();
    while (!w.done)
        (void)!nt_loop_run(o.loop, 100);
    assert_int_equal(w.st, STATUS_SUCCESS);
    check_facts(w.c, true, "bob");
    npc_channel_close(w.c);
    /* of the connection, whoever the thread is */
    o.token = token;
    assert_int_equal(npc_connect("ncacn_np", "127.0.0.1", "rpcecho", &o, &w.c), STATUS_SUCCESS);
    check_facts(w.c, true, "bob");
    npc_channel_close(w.c);
    o.token = 0;
    assert_int_equal(npc_connect("ncacn_np", "127.0.0.1", "rpcecho", &o, &w.c), STATUS_SUCCESS);
    check_facts(w.c, true, "alice");
    npc_channel_close(w.c);
    nt_loop_free(o.loop);
    npc_mux_close(m);
}

/* ---- threads ---- */

static atomic_uint failures;

static bool as_whom(const struct npc_session *s, const char *user)
{
    struct npc_facts f = { .size = sizeof f };
    return npc_session_facts(s, &f) == STATUS_SUCCESS && f.muxer && strstr(f.principal, user);
}

/* A session, a pipe in it, a channel: as the thread's token has it. */
static bool round_of(const char *user)
{
    struct nt_error err = { "" };
    struct npc_options o = options(true, NULL, &err);
    struct mover m = { .calls = true };
    struct npc_session *s = NULL;
    struct npc_pipe *p = NULL;
    struct nt_arena *mem = nt_arena_new(0);
    struct nt_blob a = { NULL, 0 };
    bool ok = mem && npc_session_open("127.0.0.1", &o, &s) == STATUS_SUCCESS && as_whom(s, user) &&
              npc_pipe_open(s, "rpcecho", NULL, &p) == STATUS_SUCCESS &&
              npc_pipe_transact(p, mem, bind_pdu(), 72, &a) == STATUS_SUCCESS && a.len > 24 &&
              a.data[2] == RPC_PT_BIND_ACK;
    npc_pipe_close(p);
    npc_session_unref(s);
    nt_arena_free(mem);
    if (ok && npc_connect("ncacn_np", "127.0.0.1", "rpcecho", &o, &m.c) == STATUS_SUCCESS) {
        struct npc_facts f = { .size = sizeof f };
        ok = uses(&m) && npc_channel_facts(m.c, &f) == STATUS_SUCCESS && strstr(f.principal, user);
        npc_channel_close(m.c);
    }
    if (!ok)
        fprintf(stderr, "%s: %s\n", user, err.text);
    return ok;
}

static void *worker(void *arg)
{
    unsigned me = (unsigned)(uintptr_t)arg;
    const char *user = me % 2 ? "alice" : "bob";
    struct nt_error err = { "" };
    struct npc_mux *m = NULL;
    uint64_t token = 0;
    bool ok = npc_mux_open(srv.path, 0, &m, &err) == STATUS_SUCCESS &&
              npc_mux_create_token(m, &token) == STATUS_SUCCESS && give(m, token, user) == STATUS_SUCCESS;
    for (unsigned i = 0; i < ROUNDS && ok; i++) {
        npc_impersonate(token);
        ok = round_of(user);
        npc_revert();
        ok = ok && round_of("alice"); /* the uid's own */
    }
    if (!ok)
        atomic_fetch_add(&failures, 1);
    npc_mux_close(m);
    return NULL;
}

static void test_threads(void **state)
{
    pthread_t t[THREADS];
    (void)state;
    give_own("alice");
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&t[i], NULL, worker, (void *)i), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    assert_int_equal(atomic_load(&failures), 0);
}

/* ---- the daemon ends ---- */

static void test_daemon_ends(void **state)
{
    struct nt_error err = { "" };
    struct npc_options o = options(true, NULL, &err);
    struct mover m = { .calls = true };
    struct npc_session *s;
    struct npc_pipe *p;
    struct nt_arena *mem = nt_arena_new(0);
    struct nt_blob a, old, new_;
    uint8_t was[16], q[28];
    size_t n;
    (void)state;
    give_own("alice");
    assert_int_equal(npc_session_open("127.0.0.1", &o, &s), STATUS_SUCCESS);
    assert_int_equal(npc_application_key(s, &old), STATUS_SUCCESS);
    memcpy(was, old.data, sizeof was);
    assert_int_equal(npc_pipe_open(s, "rpcecho", NULL, &p), STATUS_SUCCESS);
    assert_int_equal(npc_connect("ncacn_np", "127.0.0.1", "rpcecho", &o, &m.c), STATUS_SUCCESS);
    assert_true(uses(&m));
    want_muxer(0);
    enum nt_status st = npc_pipe_transact(p, mem, bind_pdu(), 72, &a);
    assert_true(st == STATUS_CONNECTION_DISCONNECTED || st == STATUS_CONNECTION_RESET);
    assert_non_null(strstr(npc_pipe_error(p), "muxer"));
    npc_pipe_close(p);
    assert_int_equal(npc_channel_recv(m.c, q, sizeof q, &n), STATUS_END_OF_FILE);
    assert_non_null(strstr(npc_channel_error(m.c), "muxer"));
    npc_channel_close(m.c);
    assert_int_equal(npc_pipe_open(s, "rpcecho", NULL, &p), STATUS_CONNECTION_REFUSED);
    assert_non_null(strstr(npc_session_error(s), srv.path));
    want_muxer(1);
    assert_int_equal(npc_pipe_open(s, "rpcecho", NULL, &p), STATUS_NO_SUCH_LOGON_SESSION);
    give_own("alice");
    /* the session is the muxer's: a new one of its own is as good, and the keys are those of the new one */
    assert_int_equal(npc_pipe_open(s, "rpcecho", NULL, &p), STATUS_SUCCESS);
    assert_int_equal(npc_pipe_transact(p, mem, bind_pdu(), 72, &a), STATUS_SUCCESS);
    assert_int_equal(npc_application_key(s, &new_), STATUS_SUCCESS);
    assert_memory_not_equal(was, new_.data, sizeof was);
    npc_pipe_close(p);
    npc_session_unref(s);
    nt_arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ways),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_query),
        cmocka_unit_test(test_async),
        cmocka_unit_test(test_token_at_the_call),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_daemon_ends),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
