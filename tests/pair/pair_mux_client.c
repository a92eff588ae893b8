// SPDX-License-Identifier: Apache-2.0
/*
 * The library as client of a muxer that lies, is stuck, dies, or is not there: in memory. What is known of
 * the protocol on this side is all tried with a byte too few, and with every byte wrong.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <msrpc/npc_mux.h>
#include "pair/muxd_world.h"

/* ---- a muxer that says what it is told to ---- */

enum behaviour { SPEAKS, REFUSES, SILENT };

struct liar {
    struct io_stream s;
    struct wr say; /* to be said when the first bytes come */
    bool hangs_up, said, joined;
    enum behaviour how;
    struct nt_loop *loop;
    unsigned dialled, direct;
    size_t got;
};

static void liar_data(void *engine, uint8_t *data, size_t len)
{
    struct liar *l = engine;
    (void)data;
    l->got += len;
    if (l->said || l->how == SILENT)
        return;
    l->said = true;
    struct wr w;
    wr_init(&w, 1 << 20);
    wr_bytes(&w, l->say.base, l->say.len);
    (void)!io_queue(&l->s, &w);
    if (l->hangs_up)
        io_close(&l->s, STATUS_SUCCESS, true);
}

static void liar_close(void *engine, enum nt_status why)
{
    (void)engine;
    (void)why;
}

static const struct io_ops liar_ops = { NULL, liar_data, liar_close };

static enum nt_status liar_dial(void *arg, struct io_stream *s, const struct io_addr *to)
{
    struct liar *l = arg;
    if (!to->path) {
        l->direct++;
        return STATUS_HOST_UNREACHABLE;
    }
    l->dialled++;
    if (l->how == REFUSES)
        return STATUS_CONNECTION_REFUSED;
    if (l->joined)
        io_stream_done(&l->s);
    l->joined = true;
    l->said = false;
    io_stream_init(&l->s, &liar_ops, l, smbd_env());
    return io_mem_join(l->loop, s, &l->s);
}

static void liar_init(struct liar *l, size_t chunk)
{
    struct io_mem_options mo = { .env = smbd_env(), .start = 1000, .chunk = chunk, .cut_after = SIZE_MAX };
    memset(l, 0, sizeof *l);
    wr_init(&l->say, 1 << 20);
    assert_int_equal(io_mem_loop_new(&mo, &l->loop), STATUS_SUCCESS);
    io_mem_on_dial(l->loop, liar_dial, l);
}

static void liar_done(struct liar *l)
{
    for (int i = 0; i < 20; i++)
        (void)!nt_loop_run(l->loop, 0);
    if (l->joined)
        io_stream_done(&l->s);
    wr_free(&l->say);
    nt_loop_free(l->loop);
}

static void add_message(struct liar *l, struct wr *w)
{
    mux_end(w);
    wr_bytes(&l->say, w->base, w->len);
    wr_free(w);
}

static void say_welcome(struct liar *l)
{
    struct wr w;
    mux_begin(&w, MUX_HELLO | MUX_ANSWER, 1, STATUS_SUCCESS);
    mux_put_welcome(&w, &(struct mux_welcome){ MUX_VERSION, (uint32_t)MUX_MAX, 77, ALICE });
    add_message(l, &w);
}

static void say_refusal(struct liar *l, unsigned type, uint32_t id, enum nt_status st)
{
    struct wr w;
    mux_begin(&w, type | MUX_ANSWER, id, st);
    mux_put_str(&w, "because");
    add_message(l, &w);
}

static void say_connected(struct liar *l, uint32_t id)
{
    struct mux_facts f = { .pipe = 9, .f = { .dialect = NPC_SMB_3_1_1, .session_key_len = 16 } };
    struct wr w;
    f.f.application_key_len = 16;
    f.f.mech = "ntlm";
    f.f.peer = "192.0.2.1:445";
    f.f.server = "fake";
    f.f.principal = "FAKEDOM\\alice";
    memset(f.session_key, 0x31, 16);
    memset(f.application_key, 0x32, 16);
    mux_begin(&w, MUX_CONNECT | MUX_ANSWER, id, STATUS_SUCCESS);
    mux_put_facts(&w, &f, true);
    add_message(l, &w);
}

/* ---- opening by it ---- */

static enum nt_status open_by(struct liar *l, const char *mux, uint64_t token, struct nt_error *err)
{
    struct npc_options o = NPC_OPTIONS_INIT;
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT; /* nobody named */
    struct npc_session *s = NULL;
    o.loop = l->loop;
    o.env = smbd_env();
    o.mux = mux;
    o.token = token;
    o.error = err;
    assert_int_equal(sec_creds_new(&co, &o.creds, NULL), STATUS_SUCCESS);
    enum nt_status st = npc_session_open("fake", &o, &s);
    if (st == STATUS_SUCCESS)
        npc_session_unref(s);
    sec_creds_unref(o.creds);
    return st;
}

static void test_truth(void **state)
{
    struct liar l;
    struct nt_error err = { "" };
    (void)state;
    for (size_t chunk = 0; chunk < 3; chunk++) {
        liar_init(&l, chunk);
        say_welcome(&l);
        say_connected(&l, 2);
        assert_int_equal(open_by(&l, "/mux", 0, &err), STATUS_SUCCESS);
        liar_done(&l);
    }
}

/* Cut anywhere, then the end: never success, never a wait. */
static void test_cut(void **state)
{
    struct liar l;
    (void)state;
    liar_init(&l, 0);
    say_welcome(&l);
    say_connected(&l, 2);
    size_t whole = l.say.len;
    liar_done(&l);
    for (size_t n = 0; n < whole; n++) {
        struct nt_error err = { "" };
        liar_init(&l, 0);
        say_welcome(&l);
        say_connected(&l, 2);
        l.say.len = n;
        l.hangs_up = true;
        uint64_t start = io_loop_now(l.loop);
        assert_int_equal(open_by(&l, "/mux", 0, &err), STATUS_CONNECTION_DISCONNECTED);
        assert_non_null(strstr(err.text, "/mux"));
        assert_true(io_loop_now(l.loop) - start < UINT64_C(1000000000));
        liar_done(&l);
    }
}

/* Every byte changed, in several ways: whatever comes of it, it ends, and within its time. */
static void test_changed(void **state)
{
    static const uint8_t with[] = { 0x01, 0x80, 0xff, 0x10 };
    struct liar l;
    (void)state;
    liar_init(&l, 0);
    say_welcome(&l);
    say_connected(&l, 2);
    size_t whole = l.say.len, failed = 0;
    liar_done(&l);
    for (size_t i = 0; i < whole; i++)
        for (size_t k = 0; k < sizeof with; k++) {
            struct nt_error err = { "" };
            liar_init(&l, 7);
            say_welcome(&l);
            say_connected(&l, 2);
            l.say.base[i] ^= with[k];
            uint64_t start = io_loop_now(l.loop);
            enum nt_status st = open_by(&l, "/mux", 0, &err);
            failed += st != STATUS_SUCCESS;
            if (st != STATUS_SUCCESS)
                assert_true(err.text[0] != '\0');
            assert_true(io_loop_now(l.loop) - start <= UINT64_C(31000000000));
            liar_done(&l);
        }
    assert_true(failed > whole); /* heads, lengths and texts are looked at */
}

static void say_raw(struct liar *l, const void *p, size_t n)
{
    wr_bytes(&l->say, p, n);
}

static void test_lies(void **state)
{
    struct liar l;
    struct wr w;
    (void)state;
    for (int i = 0; i < 11; i++) {
        struct nt_error err = { "" };
        enum nt_status want = STATUS_INVALID_NETWORK_RESPONSE;
        liar_init(&l, 0);
        switch (i) {
        case 0: /* giant */
            say_raw(&l, "\xff\xff\xff\xff", 4);
            break;
        case 1: /* tiny */
            say_raw(&l, "\x13\0\0\0", 4);
            break;
        case 2: /* one more than the most */
            say_raw(&l, "\x01\x10\x01\0", 4);
            break;
        case 3: /* another version */
            mux_begin(&w, MUX_HELLO | MUX_ANSWER, 1, STATUS_SUCCESS);
            mux_put_welcome(&w, &(struct mux_welcome){ 2, (uint32_t)MUX_MAX, 77, ALICE });
            add_message(&l, &w);
            break;
        case 4: /* Connect before Hello */
            say_connected(&l, 2);
            break;
        case 5: /* of another id */
            say_welcome(&l);
            say_connected(&l, 3);
            break;
        case 6: /* twice */
            say_welcome(&l);
            say_connected(&l, 2);
            say_connected(&l, 2);
            break;
        case 7: /* another type */
            say_welcome(&l);
            say_refusal(&l, MUX_STATUS, 2, STATUS_ACCESS_DENIED);
            break;
        case 8: /* a failure that is none */
            say_welcome(&l);
            say_refusal(&l, MUX_CONNECT, 2, STATUS_PENDING);
            break;
        case 9:
            want = STATUS_REVISION_MISMATCH;
            say_refusal(&l, MUX_HELLO, 1, STATUS_REVISION_MISMATCH);
            break;
        default: /* a status of the server's, and its sentence */
            want = STATUS_WRONG_PASSWORD;
            say_welcome(&l);
            say_refusal(&l, MUX_CONNECT, 2, STATUS_WRONG_PASSWORD);
        }
        enum nt_status st = open_by(&l, "/mux", 0, &err);
        if (i != 6) /* it may have been open before the second came */
            assert_int_equal(st, want);
        if (st != STATUS_SUCCESS)
            assert_true(strlen(err.text) > 6);
        liar_done(&l);
    }
}

/* ---- stuck ---- */

static void test_stuck(void **state)
{
    struct liar l;
    struct nt_error err = { "" };
    struct npc_mux *m = NULL;
    (void)state;
    liar_init(&l, 0);
    l.how = SILENT;
    uint64_t start = io_loop_now(l.loop);
    assert_int_equal(open_by(&l, "/mux", 0, &err), STATUS_IO_TIMEOUT);
    assert_non_null(strstr(err.text, "does not answer"));
    assert_in_range(io_loop_now(l.loop) - start, UINT64_C(4000000000), UINT64_C(6000000000));
    (void)m;
    liar_done(&l);
    liar_init(&l, 0); /* welcomes, and says nothing more: the time limit of the caller */
    say_welcome(&l);
    start = io_loop_now(l.loop);
    assert_int_equal(open_by(&l, "/mux", 0, &err), STATUS_IO_TIMEOUT);
    assert_non_null(strstr(err.text, "in time"));
    assert_in_range(io_loop_now(l.loop) - start, UINT64_C(29000000000), UINT64_C(31000000000));
    liar_done(&l);
}

/* A pipe whose daemon stops to answer: the operation ends in its time, and the pipe with it. */
static void test_pipe_stuck(void **state)
{
    struct liar l;
    struct npc_options o = NPC_OPTIONS_INIT;
    struct npc_session *s;
    struct npc_pipe *p;
    struct nt_arena *mem = nt_arena_new(0);
    struct nt_blob a;
    uint8_t buf[8];
    size_t n;
    (void)state;
    liar_init(&l, 0);
    say_welcome(&l);
    say_connected(&l, 2);
    o.loop = l.loop;
    o.env = smbd_env();
    o.mux = "/mux";
    assert_int_equal(npc_session_open("fake", &o, &s), STATUS_SUCCESS);
    assert_int_equal(npc_pipe_open(s, "x", NULL, &p), STATUS_SUCCESS);
    npc_pipe_set_timeout(p, 2000, NULL);
    assert_int_equal(npc_pipe_read(p, buf, sizeof buf, &n), STATUS_IO_TIMEOUT);
    assert_int_equal(npc_pipe_write(p, "abcd", 4), STATUS_IO_TIMEOUT);
    assert_int_equal(npc_pipe_transact(p, mem, "abcd", 4, &a), STATUS_IO_TIMEOUT);
    assert_int_equal(npc_pipe_transact(p, mem, "abcd", 4, &a), STATUS_PIPE_BROKEN);
    npc_pipe_close(p);
    npc_session_unref(s);
    nt_arena_free(mem);
    liar_done(&l);
}

/* What is answered to operations makes no sense: the pipe ends, each operation once, with a sentence. */
static void test_pipe_lies(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct liar l;
        struct npc_options o = NPC_OPTIONS_INIT;
        struct npc_session *s;
        struct npc_pipe *p;
        struct nt_arena *mem = nt_arena_new(0);
        struct nt_blob a;
        struct wr w;
        liar_init(&l, 0);
        say_welcome(&l);
        say_connected(&l, 2);
        o.loop = l.loop;
        o.env = smbd_env();
        o.mux = "/mux";
        assert_int_equal(npc_session_open("fake", &o, &s), STATUS_SUCCESS);
        assert_int_equal(npc_pipe_open(s, "x", NULL, &p), STATUS_SUCCESS);
        l.say.len = 0;
        l.said = false;
        enum nt_status want = STATUS_INVALID_NETWORK_RESPONSE;
        mux_begin(&w, (i == 0 ? MUX_PIPE_READ : MUX_PIPE_TRANSACT) | MUX_ANSWER, 3,
                  i == 3   ? STATUS_PIPE_BROKEN
                  : i == 4 ? STATUS_PENDING
                           : STATUS_SUCCESS);
        if (i == 1)
            wr_u32(&w, 0xffffff); /* more than there is */
        if (i == 2)
            mux_put_blob(&w, "ok", 2), wr_u8(&w, 1); /* and something behind it */
        if (i >= 3)
            mux_put_str(&w, "it is so");
        if (i == 3)
            want = STATUS_PIPE_BROKEN;
        add_message(&l, &w);
        assert_int_equal(npc_pipe_transact(p, mem, "abcd", 4, &a), want);
        assert_true(npc_pipe_error(p)[0] != '\0');
        npc_pipe_close(p);
        npc_session_unref(s);
        nt_arena_free(mem);
        liar_done(&l);
    }
}

/* ---- auto ---- */

static char run_dir[64];

static int make_dir(void **state)
{
    char path[100];
    (void)state;
    snprintf(run_dir, sizeof run_dir, "/tmp/mux_client.XXXXXX");
    if (!mkdtemp(run_dir))
        return -1;
    snprintf(path, sizeof path, "%s/npcmux", run_dir);
    if (mkdir(path, 0700) != 0)
        return -1;
    snprintf(path, sizeof path, "%s/npcmux/socket", run_dir);
    int fd = open(path, O_CREAT | O_WRONLY, 0600); /* that there is one: who is behind it, the loop says */
    if (fd < 0)
        return -1;
    close(fd);
    unsetenv("TERN_NPC");
    return setenv("XDG_RUNTIME_DIR", run_dir, 1);
}

static int remove_dir(void **state)
{
    char path[100];
    (void)state;
    unsetenv("XDG_RUNTIME_DIR");
    unsetenv("TERN_NPC");
    snprintf(path, sizeof path, "%s/npcmux/socket", run_dir);
    unlink(path);
    snprintf(path, sizeof path, "%s/npcmux", run_dir);
    rmdir(path);
    return rmdir(run_dir);
}

/* What became of it, and which ways were gone. */
static void auto_case(const char *mux, const char *env, enum behaviour how, enum nt_status refusal,
                      uint64_t token, enum nt_status want, bool by_muxer, bool directly)
{
    struct liar l;
    struct nt_error err = { "" };
    liar_init(&l, 0);
    l.how = how;
    say_welcome(&l);
    if (refusal != STATUS_SUCCESS)
        say_refusal(&l, MUX_CONNECT, 2, refusal);
    else
        say_connected(&l, 2);
    if (env)
        setenv("TERN_NPC", env, 1);
    else
        unsetenv("TERN_NPC");
    assert_int_equal(open_by(&l, mux, token, &err), want);
    assert_int_equal(l.dialled > 0, by_muxer);
    assert_int_equal(l.direct > 0, directly);
    if (want != STATUS_SUCCESS)
        assert_true(err.text[0] != '\0');
    liar_done(&l);
}

static void test_auto(void **state)
{
    const enum nt_status none = STATUS_NO_SUCH_LOGON_SESSION, gone = STATUS_HOST_UNREACHABLE;
    (void)state;
    /* it has credentials; it has none; it is not there; any other failure is the failure */
    auto_case(NULL, NULL, SPEAKS, STATUS_SUCCESS, 0, STATUS_SUCCESS, true, false);
    auto_case("auto", "off", SPEAKS, STATUS_SUCCESS, 0, STATUS_SUCCESS, true, false);
    auto_case(NULL, "auto", SPEAKS, none, 0, gone, true, true);
    auto_case(NULL, NULL, REFUSES, none, 0, gone, true, true);
    auto_case(NULL, NULL, SPEAKS, STATUS_LOGON_FAILURE, 0, STATUS_LOGON_FAILURE, true, false);
    auto_case(NULL, NULL, SPEAKS, STATUS_CONNECTION_REFUSED, 0, STATUS_CONNECTION_REFUSED, true, false);
    auto_case(NULL, NULL, SILENT, none, 0, STATUS_IO_TIMEOUT, true, false);
    /* required */
    auto_case("on", NULL, SPEAKS, none, 0, none, true, false);
    auto_case("on", NULL, REFUSES, none, 0, STATUS_CONNECTION_REFUSED, true, false);
    auto_case(NULL, "on", REFUSES, none, 0, STATUS_CONNECTION_REFUSED, true, false);
    auto_case(NULL, "/there", REFUSES, none, 0, STATUS_CONNECTION_REFUSED, true, false);
    auto_case("/there", "off", SPEAKS, none, 0, none, true, false);
    /* never */
    auto_case("off", "on", SPEAKS, STATUS_SUCCESS, 0, gone, false, true);
    auto_case(NULL, "off", SPEAKS, STATUS_SUCCESS, 0, gone, false, true);
    /* a word that means nothing does not mean no */
    auto_case(NULL, "yes", SPEAKS, STATUS_SUCCESS, 0, STATUS_INVALID_PARAMETER, false, false);
    auto_case("socket", NULL, SPEAKS, STATUS_SUCCESS, 0, STATUS_INVALID_PARAMETER, false, false);
    /* a token: nothing in one's own name */
    auto_case(NULL, NULL, SPEAKS, STATUS_NO_TOKEN, 5, STATUS_NO_TOKEN, true, false);
    auto_case(NULL, NULL, SPEAKS, none, 5, none, true, false);
    auto_case(NULL, NULL, REFUSES, none, 5, STATUS_CONNECTION_REFUSED, true, false);
    auto_case(NULL, "off", SPEAKS, STATUS_SUCCESS, 5, STATUS_NO_TOKEN, false, false);
}

/* Who has named himself is not asked, whatever the environment says. */
static void test_named(void **state)
{
    struct liar l;
    struct npc_options o = NPC_OPTIONS_INIT;
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct npc_session *s = NULL;
    (void)state;
    liar_init(&l, 0);
    co.user = "alice";
    co.password = "x";
    assert_int_equal(sec_creds_new(&co, &o.creds, NULL), STATUS_SUCCESS);
    o.loop = l.loop;
    o.env = smbd_env();
    setenv("TERN_NPC", "on", 1);
    assert_int_equal(npc_session_open("fake", &o, &s), STATUS_HOST_UNREACHABLE);
    assert_int_equal(l.dialled, 0);
    unsetenv("TERN_NPC");
    sec_creds_unref(o.creds);
    liar_done(&l);
}

struct opened {
    bool done;
    enum nt_status st;
};

static void on_session(void *arg, enum nt_status st, struct npc_session *s)
{
    *(struct opened *)arg = (struct opened){ true, st };
    if (s)
        npc_session_unref(s);
}

/* Given up on every way, at every turn. */
static void test_give_up(void **state)
{
    unsigned cancelled = 0, other = 0;
    (void)state;
    for (unsigned turn = 0; turn < 24; turn++) {
        struct liar l;
        struct npc_options o = NPC_OPTIONS_INIT;
        struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
        struct opened w = { false, STATUS_SUCCESS };
        struct npc_session *s;
        liar_init(&l, 9);
        say_welcome(&l);
        say_refusal(&l, MUX_CONNECT, 2, STATUS_NO_SUCH_LOGON_SESSION);
        o.loop = l.loop;
        o.env = smbd_env();
        o.mux = "auto";
        assert_int_equal(sec_creds_new(&co, &o.creds, NULL), STATUS_SUCCESS);
        assert_int_equal(npc_session_open_send("fake", &o, on_session, &w, &s), STATUS_SUCCESS);
        sec_creds_unref(o.creds);
        for (unsigned i = 0; i < turn && !w.done; i++)
            (void)!nt_loop_run(l.loop, 0);
        if (!w.done)
            npc_session_give_up(s);
        for (unsigned i = 0; i < 100 && !w.done; i++)
            (void)!nt_loop_run(l.loop, 0);
        assert_true(w.done);
        cancelled += w.st == STATUS_CANCELLED;
        other += w.st == STATUS_HOST_UNREACHABLE;
        liar_done(&l);
    }
    assert_true(cancelled > 3);
    assert_true(other > 0);
    assert_int_equal(cancelled + other, 24);
}

/* ---- requests ---- */

struct asked {
    unsigned done, lists, counters;
    enum nt_status last;
    uint64_t token;
    struct npc_mux *m, *to_close;
};

static void on_mux(void *arg, enum nt_status st, struct npc_mux *m)
{
    struct asked *a = arg;
    a->done++;
    a->last = st;
    a->m = m;
}

static void on_answer(void *arg, enum nt_status st, const struct npc_mux_answer *r)
{
    struct asked *a = arg;
    a->done++;
    a->last = st;
    if (r->token)
        a->token = r->token;
    a->counters += r->counters != NULL;
    npc_mux_close(a->to_close);
    a->to_close = NULL;
}

static bool on_auth(void *arg, const struct npc_mux_auth_info *i)
{
    ((struct asked *)arg)->lists += strcmp(i->user, "alice") == 0;
    return true;
}

static bool on_conn(void *arg, const struct npc_mux_conn_info *i)
{
    (void)i;
    ((struct asked *)arg)->lists++;
    return true;
}

static void until(struct nt_loop *loop, const unsigned *count, unsigned n)
{
    for (int i = 0; i < 300 && *count < n; i++)
        (void)!nt_loop_run(loop, 3000);
    assert_int_equal(*count, n);
}

/* All at once, against the real one. */
static void test_requests(void **state)
{
    struct world w;
    struct asked a = { 0 };
    struct nt_error err = { "" };
    struct npc_mux_auth auth = NPC_MUX_AUTH_INIT;
    (void)state;
    world_init(&w, 11);
    assert_int_equal(npc_mux_open_send("/mux", 0, w.loop, on_mux, &a, &err, NULL), STATUS_SUCCESS);
    until(w.loop, &a.done, 1);
    assert_int_equal(a.last, STATUS_SUCCESS);
    a.done = 0;
    auth.pattern = "fake";
    auth.kind = NPC_MUX_PASSWORD;
    auth.user = "alice";
    auth.password = "secret";
    assert_int_equal(npc_mux_set_auth_send(a.m, &auth, on_answer, &a), STATUS_SUCCESS);
    assert_int_equal(npc_mux_create_token_send(a.m, on_answer, &a), STATUS_SUCCESS);
    assert_int_equal(npc_mux_enum_auth_send(a.m, false, on_auth, on_answer, &a), STATUS_SUCCESS);
    assert_int_equal(npc_mux_enum_connections_send(a.m, false, on_conn, on_answer, &a), STATUS_SUCCESS);
    assert_int_equal(npc_mux_status_send(a.m, on_answer, &a), STATUS_SUCCESS);
    assert_int_equal(npc_mux_drop_send(a.m, "fake", on_answer, &a), STATUS_SUCCESS);
    until(w.loop, &a.done, 6);
    assert_int_equal(a.last, STATUS_SUCCESS);
    assert_true(a.token != 0);
    assert_int_equal(a.counters, 1);
    assert_int_equal(a.lists, 1);
    assert_int_equal(npc_mux_close_token_send(a.m, a.token ^ 1, on_answer, &a), STATUS_SUCCESS);
    until(w.loop, &a.done, 7);
    assert_int_equal(a.last, STATUS_NO_TOKEN);
    assert_int_equal(npc_mux_close_token(a.m, a.token), STATUS_SUCCESS);
    assert_int_equal(npc_mux_clear_auth_send(a.m, 0, NULL, on_answer, &a), STATUS_SUCCESS);
    a.to_close = a.m; /* from the callback; what else is in flight is forgotten */
    assert_int_equal(npc_mux_status_send(a.m, on_answer, &a), STATUS_SUCCESS);
    until(w.loop, &a.done, 8);
    turns(&w);
    assert_int_equal(a.done, 8);
    world_done(&w);
}

static enum nt_status open_mux(struct liar *l, struct asked *a)
{
    struct nt_error err = { "" };
    assert_int_equal(npc_mux_open_send("/mux", 2000, l->loop, on_mux, a, &err, NULL), STATUS_SUCCESS);
    for (int i = 0; i < 300 && !a->done; i++)
        (void)!nt_loop_run(l->loop, 6000);
    assert_int_equal(a->done, 1);
    if (a->last != STATUS_SUCCESS)
        assert_true(err.text[0] != '\0');
    a->done = 0;
    return a->last;
}

/* Time limit, token, too many, the end of the daemon: each request ends once. */
static void test_requests_end(void **state)
{
    struct liar l;
    struct asked a = { 0 };
    struct nt_cancel *cancel;
    (void)state;
    liar_init(&l, 0);
    say_welcome(&l);
    assert_int_equal(open_mux(&l, &a), STATUS_SUCCESS);
    assert_int_equal(npc_mux_status_send(a.m, on_answer, &a), STATUS_SUCCESS);
    until(l.loop, &a.done, 1);
    assert_int_equal(a.last, STATUS_IO_TIMEOUT);
    assert_non_null(strstr(npc_mux_error(a.m), "in time"));
    assert_int_equal(nt_cancel_new(&cancel), STATUS_SUCCESS);
    npc_mux_set_timeout(a.m, 0, cancel);
    assert_int_equal(npc_mux_status_send(a.m, on_answer, &a), STATUS_SUCCESS);
    nt_cancel_fire(cancel);
    until(l.loop, &a.done, 2);
    assert_int_equal(a.last, STATUS_CANCELLED);
    npc_mux_set_timeout(a.m, 0, NULL);
    nt_cancel_unref(cancel);
    for (int i = 0; i < 32; i++)
        assert_int_equal(npc_mux_status_send(a.m, on_answer, &a), STATUS_SUCCESS);
    assert_int_equal(npc_mux_status_send(a.m, on_answer, &a), STATUS_TOO_MANY_COMMANDS);
    io_close(&l.s, STATUS_SUCCESS, false);
    until(l.loop, &a.done, 34);
    assert_int_equal(a.last, STATUS_CONNECTION_DISCONNECTED);
    assert_non_null(strstr(npc_mux_error(a.m), "ended"));
    assert_int_equal(npc_mux_status_send(a.m, on_answer, &a), STATUS_CONNECTION_DISCONNECTED);
    npc_mux_close(a.m);
    liar_done(&l);
}

/* Answers to requests that lie: lists that go in circles, counts that promise more, bodies that are too long.
 */
static void test_answers(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        struct liar l;
        struct asked a = { 0 };
        struct wr w;
        liar_init(&l, 0);
        say_welcome(&l);
        assert_int_equal(open_mux(&l, &a), STATUS_SUCCESS);
        l.say.len = 0;
        l.said = false;
        unsigned type = i < 3 ? MUX_ENUM_AUTH : i == 3 ? MUX_STATUS : i == 4 ? MUX_CREATE_TOKEN : MUX_QUERY;
        mux_begin(&w, type | MUX_ANSWER, 2, STATUS_SUCCESS);
        if (i < 3) {
            wr_u32(&w, i == 0 ? 1 : 0);      /* 0: a second page, which ... */
            wr_u16(&w, i == 1 ? 0xffff : 0); /* 1: promises entries */
        }
        if (i == 2)
            wr_u8(&w, 0); /* left over */
        if (i == 3)
            wr_u64(&w, 1);
        if (i == 4)
            wr_u64(&w, 0); /* no token */
        if (i == 5)
            mux_put_blob(&w, w.base, 20), wr_u8(&w, 1);
        add_message(&l, &w);
        if (i == 0) { /* ... is followed by the same */
            mux_begin(&w, type | MUX_ANSWER, 3, STATUS_SUCCESS);
            wr_u32(&w, 1);
            wr_u16(&w, 0);
            add_message(&l, &w);
        }
        struct npc_channel_id id = { 1, { 0 } };
        enum nt_status st = i < 3    ? npc_mux_enum_auth_send(a.m, false, on_auth, on_answer, &a)
                            : i == 3 ? npc_mux_status_send(a.m, on_answer, &a)
                            : i == 4 ? npc_mux_create_token_send(a.m, on_answer, &a)
                                     : npc_mux_query_send(a.m, &id, NPC_MUX_SESSION_KEY, on_answer, &a);
        assert_int_equal(st, STATUS_SUCCESS);
        for (int k = 0; k < 100 && !a.done; k++)
            (void)!nt_loop_run(l.loop, 3000);
        assert_int_equal(a.done, 1);
        /* the second page of the first was said before it was asked for, and so is nothing: it is late */
        assert_int_equal(a.last, i == 0 ? STATUS_IO_TIMEOUT : STATUS_INVALID_NETWORK_RESPONSE);
        npc_mux_close(a.m);
        liar_done(&l);
    }
}

/* An opening is given up at every turn, also when it is about to go on to the next socket. */
static void test_open_given_up(void **state)
{
    (void)state;
    for (int how = SPEAKS; how <= SILENT; how++)
        for (int turn = 0; turn < 12; turn++) {
            struct liar l;
            struct asked a = { 0 };
            struct nt_error err = { "" };
            struct npc_mux *m;
            liar_init(&l, 5);
            l.how = (enum behaviour)how;
            say_welcome(&l);
            assert_int_equal(npc_mux_open_send("on", 2000, l.loop, on_mux, &a, &err, &m), STATUS_SUCCESS);
            for (int i = 0; i < turn && !a.done; i++)
                (void)!nt_loop_run(l.loop, 0);
            if (!a.done || a.last == STATUS_SUCCESS)
                npc_mux_close(m);
            unsigned before = a.done;
            for (int i = 0; i < 20; i++)
                (void)!nt_loop_run(l.loop, 0);
            assert_int_equal(a.done, before);
            liar_done(&l);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_truth),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_stuck),
        cmocka_unit_test(test_pipe_stuck),
        cmocka_unit_test(test_pipe_lies),
        cmocka_unit_test_setup_teardown(test_auto, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_named, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_give_up, make_dir, remove_dir),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_requests_end),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_open_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
