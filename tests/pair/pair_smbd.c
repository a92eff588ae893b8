// SPDX-License-Identifier: Apache-2.0
/* The SMB server for pipes with our own client over the memory loop, and with bytes that no client sends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka last */
#include <cmocka.h>
#include "common/fake_smb.h"
#include "npc/m_npc.h"
#include "pair/smbd_service.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- both ends ---- */

struct world {
    struct nt_loop *loop;
    struct smbd *server;
    struct smbd_options so;
    struct npc_options o;
    struct npc_session *s;
    struct npc_pipe *p;
    struct nt_error err;
};

static enum nt_status on_dial(void *arg, struct io_stream *s, const struct io_addr *to)
{
    struct world *w = arg;
    (void)to;
    return smbd_join(w->server, w->loop, s, "192.0.2.7:1000");
}

static void world_init(struct world *w, size_t chunk, const char *password)
{
    struct io_mem_options mo = { .env = smbd_env(), .start = 1000, .chunk = chunk, .cut_after = SIZE_MAX };
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    co.user = FAKE_USER;
    co.domain = "FAKEDOM";
    co.password = password;
    co.mech = SEC_MECH_NTLM;
    w->o.size = sizeof w->o;
    w->o.env = smbd_env();
    w->o.error = &w->err;
    w->so.env = smbd_env();
    w->so.acceptor = &smbd_acceptor;
    w->so.pipes = &smbd_service;
    memset(w->so.guid, 0x42, sizeof w->so.guid);
    assert_int_equal(io_mem_loop_new(&mo, &w->loop), STATUS_SUCCESS);
    assert_int_equal(smbd_new(w->loop, &w->so, &w->server), STATUS_SUCCESS);
    io_mem_on_dial(w->loop, on_dial, w);
    w->o.loop = w->loop;
    assert_int_equal(sec_creds_new(&co, &w->o.creds, &w->err), STATUS_SUCCESS);
}

static void turns(struct world *w)
{
    for (int i = 0; i < 20; i++) {
        enum nt_status st = nt_loop_run(w->loop, 0);
        assert_true(st == STATUS_SUCCESS || st == STATUS_TIMEOUT);
    }
}

static void world_done(struct world *w)
{
    npc_pipe_close(w->p);
    npc_session_unref(w->s);
    turns(w);
    smbd_free(w->server);
    turns(w);
    assert_int_equal(service_open_pipes, 0);
    sec_creds_unref(w->o.creds);
    nt_loop_free(w->loop);
}

static enum nt_status open_pipe(struct world *w, const char *name)
{
    enum nt_status st = npc_session_open("fake", &w->o, &w->s);
    return st == STATUS_SUCCESS ? npc_pipe_open(w->s, name, NULL, &w->p) : st;
}

static void check_echo(struct world *w, size_t n)
{
    struct nt_arena *mem = nt_arena_new(0);
    struct nt_blob ans = { NULL, 0 };
    uint8_t *in = malloc(n + 1);
    assert_non_null(in);
    for (size_t i = 0; i < n; i++)
        in[i] = (uint8_t)(i * 7 + n);
    assert_int_equal(npc_pipe_transact(w->p, mem, in, n, &ans), STATUS_SUCCESS);
    assert_int_equal(ans.len, n);
    assert_memory_equal(ans.data, in, n);
    free(in);
    nt_arena_free(mem);
}

/* ---- what must work ---- */

static void one_way(enum npc_dialect d, enum npc_cipher cipher, enum npc_signing_alg alg, bool encrypt,
                    size_t chunk)
{
    static const size_t sizes[] = { 1, 100, 4280, 65000 };
    struct world w = { .so = { .require_encryption = encrypt } };
    w.o.min_dialect = w.o.max_dialect = d;
    w.so.ciphers = &cipher;
    w.so.n_ciphers = cipher ? 1 : 0;
    w.so.signing = &alg;
    w.so.n_signing = 1;
    world_init(&w, chunk, FAKE_PASSWORD);
    enum nt_status st = open_pipe(&w, "\\pipe\\Echo");
    if (st != STATUS_SUCCESS)
        print_error("%x %d %d: %s\n", d, cipher, alg, w.err.text);
    assert_int_equal(st, STATUS_SUCCESS);
    struct npc_facts f = { .size = sizeof f };
    assert_int_equal(npc_session_facts(w.s, &f), STATUS_SUCCESS);
    assert_int_equal(f.dialect, d);
    for (size_t i = 0; i < COUNT(sizes); i++)
        check_echo(&w, sizes[i]);
    world_done(&w);
}

static void test_dialects(void **state)
{
    static const enum npc_dialect ds[] = { NPC_SMB_2_0_2, NPC_SMB_2_1, NPC_SMB_3_0, NPC_SMB_3_0_2,
                                           NPC_SMB_3_1_1 };
    static const enum npc_cipher cs[] = { NPC_CIPHER_NONE, NPC_AES128_CCM, NPC_AES128_GCM, NPC_AES256_CCM,
                                          NPC_AES256_GCM };
    static const enum npc_signing_alg as[] = { NPC_HMAC_SHA256, NPC_AES_CMAC, NPC_AES_GMAC };
    (void)state;
    for (size_t d = 0; d < COUNT(ds); d++)
        for (size_t c = 0; c < COUNT(cs); c++)
            for (size_t a = 0; a < COUNT(as); a++)
                if (ds[d] == NPC_SMB_3_1_1 || (a == 0 && (c == 0 || (ds[d] >= NPC_SMB_3_0 && c == 1))))
                    one_way(ds[d], cs[c], as[a], cs[c] != NPC_CIPHER_NONE && ds[d] >= NPC_SMB_3_0, 0);
    one_way(NPC_SMB_3_1_1, NPC_AES128_GCM, NPC_AES_GMAC, false, 1);
    one_way(NPC_SMB_2_1, NPC_CIPHER_NONE, NPC_HMAC_SHA256, false, 3);
}

static void test_messages(void **state)
{
    struct world w = { 0 };
    uint8_t buf[64];
    size_t n;
    (void)state;
    world_init(&w, 0, FAKE_PASSWORD);
    assert_int_equal(open_pipe(&w, "twice"), STATUS_SUCCESS);
    assert_int_equal(npc_pipe_write(w.p, "abcdefgh", 8), STATUS_SUCCESS);
    assert_int_equal(npc_pipe_read(w.p, buf, 3, &n), STATUS_BUFFER_OVERFLOW); /* part of the first message */
    assert_int_equal(n, 3);
    assert_memory_equal(buf, "abc", 3);
    assert_int_equal(npc_pipe_read(w.p, buf, sizeof buf, &n), STATUS_SUCCESS);
    assert_int_equal(n, 1);
    assert_int_equal(npc_pipe_read(w.p, buf, sizeof buf, &n), STATUS_SUCCESS);
    assert_int_equal(n, 4);
    assert_memory_equal(buf, "efgh", 4);
    world_done(&w);
}

static void test_late(void **state)
{
    struct world w = { 0 };
    (void)state;
    world_init(&w, 0, FAKE_PASSWORD);
    assert_int_equal(open_pipe(&w, "late"), STATUS_SUCCESS);
    check_echo(&w, 500); /* an interim answer, then the final one */
    check_echo(&w, 60000);
    world_done(&w);
}

static void test_end(void **state)
{
    struct world w = { 0 };
    uint8_t buf[8];
    size_t n = 0;
    struct nt_arena *mem = nt_arena_new(0);
    struct nt_blob ans;
    (void)state;
    world_init(&w, 0, FAKE_PASSWORD);
    assert_int_equal(open_pipe(&w, "bye"), STATUS_SUCCESS);
    assert_int_equal(npc_pipe_transact(w.p, mem, "x", 1, &ans), STATUS_PIPE_DISCONNECTED);
    assert_int_equal(npc_pipe_read(w.p, buf, sizeof buf, &n), STATUS_PIPE_DISCONNECTED);
    nt_arena_free(mem);
    world_done(&w);
}

static void test_refused(void **state)
{
    static const char *const names[] = { "nosuch", "..\\echo", "echo\\", "a/b",   "echo:x",
                                         "%65cho", "..",       ".",      "echo.", "ech\xc3\xb6" };
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct world w = { 0 };
        world_init(&w, 0, FAKE_PASSWORD);
        enum nt_status st = open_pipe(&w, names[i]);
        assert_true(st == STATUS_OBJECT_NAME_NOT_FOUND || st == STATUS_OBJECT_NAME_INVALID);
        world_done(&w);
    }
    struct world w = { 0 };
    world_init(&w, 0, "wrong");
    assert_int_equal(open_pipe(&w, "echo"), STATUS_LOGON_FAILURE);
    world_done(&w);
    struct world old = { .so = { .require_encryption = true } };
    old.o.max_dialect = NPC_SMB_2_1;
    world_init(&old, 0, FAKE_PASSWORD);
    assert_int_not_equal(open_pipe(&old, "echo"), STATUS_SUCCESS);
    world_done(&old);
}

/* The server goes while a client waits. */
/* What is asked for changes for who comes next. */
static void test_reconfigure(void **state)
{
    struct world w = { 0 };
    struct smbd_options so;
    (void)state;
    w.o.max_dialect = NPC_SMB_2_1;
    w.so.max_conns = 8;
    world_init(&w, 0, FAKE_PASSWORD);
    assert_int_equal(open_pipe(&w, "echo"), STATUS_SUCCESS);
    so = w.so;
    so.require_encryption = true;
    so.max_dialect = NPC_SMB_2_1;
    assert_int_equal(smbd_reconfigure(w.server, &so), STATUS_INVALID_PARAMETER);
    so.max_dialect = 0;
    assert_int_equal(smbd_reconfigure(w.server, &so), STATUS_SUCCESS);
    check_echo(&w, 100);
    struct npc_session *other = NULL;
    assert_int_not_equal(npc_session_open("fake", &w.o, &other), STATUS_SUCCESS);
    so.require_encryption = false;
    so.max_peer_conns = 1;
    assert_int_equal(smbd_reconfigure(w.server, &so), STATUS_SUCCESS);
    assert_int_not_equal(npc_session_open("fake", &w.o, &other), STATUS_SUCCESS);
    so.max_peer_conns = 0;
    assert_int_equal(smbd_reconfigure(w.server, &so), STATUS_SUCCESS);
    assert_int_equal(npc_session_open("fake", &w.o, &other), STATUS_SUCCESS);
    npc_session_unref(other);
    world_done(&w);
}

/* Who waits for an answer that is queued still gets it, and then the connection ends. */
static void test_hang_up(void **state)
{
    struct world w = { 0 };
    struct smbd_stats stats;
    (void)state;
    world_init(&w, 0, FAKE_PASSWORD);
    assert_int_equal(open_pipe(&w, "echo"), STATUS_SUCCESS);
    check_echo(&w, 100);
    smbd_hang_up_all(w.server);
    turns(&w);
    smbd_stats(w.server, &stats);
    assert_int_equal(stats.conns, 0);
    assert_int_equal(service_open_pipes, 0);
    world_done(&w);
}

static void test_server_gone(void **state)
{
    struct world w = { 0 };
    (void)state;
    world_init(&w, 0, FAKE_PASSWORD);
    assert_int_equal(open_pipe(&w, "mute"), STATUS_SUCCESS);
    npc_pipe_set_timeout(w.p, 100, NULL);
    struct nt_arena *mem = nt_arena_new(0);
    struct nt_blob ans;
    assert_int_equal(npc_pipe_transact(w.p, mem, "x", 1, &ans),
                     STATUS_IO_TIMEOUT); /* cancelled, answered, closed */
    nt_arena_free(mem);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dialects),    cmocka_unit_test(test_messages),
        cmocka_unit_test(test_late),        cmocka_unit_test(test_end),
        cmocka_unit_test(test_refused),     cmocka_unit_test(test_server_gone),
        cmocka_unit_test(test_reconfigure), cmocka_unit_test(test_hang_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
