// SPDX-License-Identifier: Apache-2.0
/* The pipe client against a scripted server over the memory loop: what must work, and everything a server can
 * do wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka last */
#include <cmocka.h>
#include "common/fail_malloc.h"
#include "common/fake_smb.h"
#include "npc/m_npc.h"

static const enum npc_dialect dialects[] = { NPC_SMB_2_0_2, NPC_SMB_2_1, NPC_SMB_3_0, NPC_SMB_3_0_2,
                                             NPC_SMB_3_1_1 };
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct fake_script best = { .dialect = NPC_SMB_3_1_1,
                                         .cipher = NPC_AES128_GCM,
                                         .signing = NPC_AES_GMAC };
static const struct fake_script signed_only = { .dialect = NPC_SMB_3_1_1, .signing = NPC_AES_CMAC };
static const struct fake_script old = { .dialect = NPC_SMB_2_1 };

struct world {
    struct nt_loop *loop;
    struct fake_smb *fake;
    struct npc_session *s;
    struct npc_pipe *p;
    struct nt_error err;
    struct npc_options o;
    enum nt_status st;
};

struct setting {
    size_t chunk, cut;
    struct npc_options o;
    const char *password;
    bool anonymous;
};

/* Tracing at its highest, and into nothing: names and lengths from the peer go through it. */
static void swallow(void *arg, enum nt_trace_level level, const char *line)
{
    (void)arg;
    (void)level;
    assert_true(strlen(line) < 600);
}

static const struct nt_env *client_env(void)
{
    static struct nt_env env;
    env = *fake_env();
    env.trace = swallow;
    env.trace_level = NT_TRACE_PACKET;
    return &env;
}

static void world_init(struct world *w, const struct fake_script *script, const struct setting *set)
{
    memset(w, 0, sizeof *w);
    struct io_mem_options mo = {
        .env = fake_env(), .start = 1000, .chunk = set->chunk, .cut_after = set->cut
    };
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    w->o = set->o;
    w->o.size = sizeof w->o;
    w->o.env = client_env();
    w->o.error = &w->err;
    co.mech = set->anonymous ? SEC_MECH_ANONYMOUS : SEC_MECH_NTLM;
    if (!set->anonymous) {
        co.user = FAKE_USER;
        co.domain = "FAKEDOM";
        co.password = set->password ? set->password : FAKE_PASSWORD;
    }
    w->fake = fake_smb_new(script, fake_env());
    if (!w->fake) {
        w->st = STATUS_NO_MEMORY;
        return;
    }
    w->st = io_mem_loop_new(&mo, &w->loop);
    if (w->st == STATUS_SUCCESS) {
        io_mem_on_dial(w->loop, fake_smb_accept, w->fake);
        w->o.loop = w->loop;
        w->st = sec_creds_new(&co, &w->o.creds, &w->err);
    }
}

static void turn(struct nt_loop *l)
{
    enum nt_status st = nt_loop_run(l, 0);
    assert_true(st == STATUS_SUCCESS || st == STATUS_TIMEOUT);
}

static bool fake_closed(void *arg)
{
    return ((struct fake_smb *)arg)->closed;
}

static void world_done(struct world *w)
{
    npc_pipe_close(w->p);
    npc_session_unref(w->s);
    if (w->s) /* the session is freed when its connection is closed; the server sees that */
        assert_int_equal(
            io_wait(w->loop, fake_closed, w->fake, io_loop_now(w->loop) + UINT64_C(20000000000), NULL),
            STATUS_SUCCESS);
    for (int i = 0; w->loop && i < 4; i++)
        turn(w->loop);
    fake_smb_free(w->fake);
    sec_creds_unref(w->o.creds);
    nt_loop_free(w->loop);
}

static enum nt_status open_both(struct world *w)
{
    if (w->st == STATUS_SUCCESS)
        w->st = npc_session_open("fake", &w->o, &w->s);
    if (w->st == STATUS_SUCCESS)
        w->st = npc_pipe_open(w->s, "\\pipe\\test", NULL, &w->p);
    return w->st;
}

/* Sends n patterned bytes by transact; the fake echoes them. */
static enum nt_status echo(struct world *w, size_t n)
{
    struct nt_arena *mem = nt_arena_new(0);
    struct nt_blob ans = { NULL, 0 };
    uint8_t *in = malloc(n ? n : 1);
    if (!mem || !in) {
        nt_arena_free(mem);
        free(in);
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < n; i++)
        in[i] = (uint8_t)(i * 7 + n);
    enum nt_status st = npc_pipe_transact(w->p, mem, in, n, &ans);
    if (st == STATUS_SUCCESS && (ans.len != n || memcmp(ans.data, in, n) != 0))
        st = STATUS_DATA_ERROR;
    free(in);
    nt_arena_free(mem);
    return st;
}

static enum nt_status run(const struct fake_script *script, const struct setting *set)
{
    struct world w;
    world_init(&w, script, set);
    enum nt_status st = open_both(&w);
    if (st == STATUS_SUCCESS)
        st = echo(&w, 100);
    if (st == STATUS_SUCCESS)
        st = echo(&w, 0);
    if (st != STATUS_SUCCESS && w.fake && w.loop && st != STATUS_NO_MEMORY && !w.p && !w.s)
        assert_true(w.err.text[0] != 0); /* every failure has a sentence */
    world_done(&w);
    return st;
}

static const struct setting plain = { 0 };

/* ---- what must work ---- */

static void check_facts(struct world *w, const struct fake_script *s)
{
    struct npc_facts f = { .size = sizeof f };
    struct nt_blob key;
    assert_int_equal(npc_session_facts(w->s, &f), STATUS_SUCCESS);
    assert_int_equal(f.dialect, s->dialect);
    enum npc_cipher cipher = s->dialect >= NPC_SMB_3_0 ? s->cipher : NPC_CIPHER_NONE;
    assert_int_equal(f.cipher, cipher);
    assert_int_equal(f.encrypted, cipher != NPC_CIPHER_NONE);
    assert_true(f.signed_);
    assert_string_equal(f.mech, "ntlm");
    assert_int_equal(npc_application_key(w->s, &key), STATUS_SUCCESS);
    assert_int_equal(key.len, 16);
    assert_memory_equal(key.data, w->fake->keys.application, 16);
    assert_int_equal(npc_session_key(w->s, &key), STATUS_SUCCESS);
    assert_int_equal(key.len, 16);
    assert_memory_equal(key.data, w->fake->keys.session, 16);
    assert_false(w->fake->sequence_broken);
    if (cipher == NPC_CIPHER_NONE)
        assert_int_equal(w->fake->sealed, 0);
    else
        assert_true(w->fake->sealed > 0 && w->fake->signed_ == 0);
}

static void one_combination(const struct fake_script *s, size_t chunk)
{
    struct world w;
    struct setting set = { .chunk = chunk };
    uint8_t buf[10];
    size_t n;
    world_init(&w, s, &set);
    if (open_both(&w) != STATUS_SUCCESS)
        fail_msg("0x%04x %d %d: %s", s->dialect, s->cipher, s->signing, w.err.text);
    assert_int_equal(echo(&w, 3), STATUS_SUCCESS);
    assert_int_equal(echo(&w, 5840), STATUS_SUCCESS);
    assert_int_equal(echo(&w, 65536), STATUS_SUCCESS);
    assert_int_equal(npc_pipe_write(w.p, "0123456789ab", 12), STATUS_SUCCESS);
    assert_int_equal(npc_pipe_read(w.p, buf, 10, &n), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(n, 10);
    assert_memory_equal(buf, "0123456789", 10);
    assert_int_equal(npc_pipe_read(w.p, buf, 10, &n), STATUS_SUCCESS);
    assert_int_equal(n, 2);
    check_facts(&w, s);
    world_done(&w);
}

static void combinations(void **state)
{
    static const size_t chunks[] = { 0, 1, 3, 61, 1460 };
    (void)state;
    for (size_t k = 0; k < COUNT(chunks); k++)
        for (size_t i = 0; i < COUNT(dialects); i++)
            for (int alg = 0; alg <= NPC_AES_GMAC; alg++)
                for (int cipher = 0; cipher <= NPC_AES256_GCM; cipher++) {
                    bool v311 = dialects[i] == NPC_SMB_3_1_1;
                    if (!v311 && (alg || cipher > NPC_AES128_CCM || (cipher && dialects[i] < NPC_SMB_3_0)))
                        continue;
                    if (chunks[k] == 1 && alg != NPC_AES_CMAC && v311) /* slow enough */
                        continue;
                    struct fake_script s = { .dialect = dialects[i],
                                             .signing = (enum npc_signing_alg)alg,
                                             .cipher = (enum npc_cipher)cipher };
                    one_combination(&s, chunks[k]);
                }
}

/* Pieces of every size, so that a message is cut at every place. */
static void every_split(void **state)
{
    const struct fake_script *const scripts[] = { &best, &signed_only, &old };
    (void)state;
    for (size_t i = 0; i < COUNT(scripts); i++)
        for (size_t chunk = 1; chunk < 300; chunk++) {
            struct setting set = { .chunk = chunk };
            assert_int_equal(run(scripts[i], &set), STATUS_SUCCESS);
        }
}

static void without_signing_context(void **state)
{
    struct fake_script s = { .dialect = NPC_SMB_3_1_1, .no_signing_context = true, .cipher = NPC_AES256_CCM };
    const enum npc_signing_alg gmac[] = { NPC_AES_GMAC };
    struct setting set = { .o = { .signing = gmac, .n_signing = 1 } };
    (void)state;
    assert_int_equal(run(&s, &plain), STATUS_SUCCESS);
    s.cipher = NPC_CIPHER_NONE;
    assert_int_equal(run(&s, &plain), STATUS_SUCCESS);
    assert_int_equal(run(&s, &set), STATUS_NOT_SUPPORTED); /* AES-CMAC is not in the list */
}

static void long_answers(void **state)
{
    struct fake_script s = best;
    struct world w;
    (void)state;
    s.first_piece = 1000;
    world_init(&w, &s, &plain);
    assert_int_equal(open_both(&w), STATUS_SUCCESS);
    assert_int_equal(echo(&w, 1000), STATUS_SUCCESS);
    assert_int_equal(w.fake->commands[SMB_READ], 0);
    assert_int_equal(echo(&w, 60001), STATUS_SUCCESS);
    assert_int_equal(w.fake->commands[SMB_READ], 60);
    assert_int_equal(echo(&w, 1), STATUS_SUCCESS); /* nothing stale is left */
    world_done(&w);
}

static void long_writes(void **state)
{
    struct world w;
    static const uint8_t big[SMB_MAX_WRITE + 1];
    (void)state;
    world_init(&w, &best, &plain);
    assert_int_equal(open_both(&w), STATUS_SUCCESS);
    assert_int_equal(npc_pipe_write(w.p, big, 65536 * 3 + 1), STATUS_SUCCESS);
    assert_false(w.fake->sequence_broken); /* four credits, four message ids */
    assert_int_equal(npc_pipe_write(w.p, big, sizeof big), STATUS_INVALID_PARAMETER);
    assert_int_equal(echo(&w, 10), STATUS_SUCCESS);
    assert_false(w.fake->sequence_broken);
    world_done(&w);
}

static void sealed_transact_refused(void **state)
{
    struct fake_script s = best;
    struct npc_facts f = { .size = sizeof f };
    struct world w;
    (void)state;
    s.refuse_sealed_transact = true;
    world_init(&w, &s, &plain);
    assert_int_equal(open_both(&w), STATUS_SUCCESS);
    assert_int_equal(echo(&w, 500), STATUS_SUCCESS);
    assert_int_equal(w.fake->commands[SMB_IOCTL], 1);
    assert_int_equal(echo(&w, 500), STATUS_SUCCESS);
    assert_int_equal(w.fake->commands[SMB_IOCTL], 1); /* remembered */
    assert_int_equal(w.fake->commands[SMB_WRITE], 2);
    assert_int_equal(npc_session_facts(w.s, &f), STATUS_SUCCESS);
    assert_true(f.transact_refused);
    world_done(&w);
}

/* More than a transact may carry goes by WRITE and READ. */
static void longer_than_a_transact(void **state)
{
    struct fake_script s = best;
    struct world w;
    struct nt_arena *mem = nt_arena_new(0);
    struct nt_blob ans;
    static const uint8_t big[70000];
    (void)state;
    s.answer_len = 20;
    world_init(&w, &s, &plain);
    assert_int_equal(open_both(&w), STATUS_SUCCESS);
    assert_int_equal(npc_pipe_transact(w.p, mem, big, sizeof big, &ans), STATUS_SUCCESS);
    assert_int_equal(ans.len, 20);
    assert_int_equal(w.fake->commands[SMB_IOCTL], 0);
    nt_arena_free(mem);
    world_done(&w);
}

static void interim_answers(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        for (unsigned n = 1; n < 40; n += 3) {
            struct fake_script s = i ? best : signed_only;
            s.pending = n;
            assert_int_equal(run(&s, &plain),
                             n <= SMB_MAX_INTERIM ? STATUS_SUCCESS : STATUS_INVALID_NETWORK_RESPONSE);
            s.pending_signed = true;
            assert_int_equal(run(&s, &plain),
                             n <= SMB_MAX_INTERIM ? STATUS_SUCCESS : STATUS_INVALID_NETWORK_RESPONSE);
        }
}

static void busy_pipes(void **state)
{
    static const enum nt_status busy[] = { STATUS_PIPE_NOT_AVAILABLE, STATUS_INSTANCE_NOT_AVAILABLE };
    struct fake_script s = best;
    (void)state;
    for (size_t i = 0; i < COUNT(busy); i++) {
        s.busy_status = busy[i];
        s.busy = 5;
        assert_int_equal(run(&s, &plain), STATUS_SUCCESS);
        s.busy = 100000; /* gives up in time, and says what the server said */
        assert_int_equal(run(&s, &plain), busy[i]);
    }
    s.busy_status = STATUS_OBJECT_NAME_NOT_FOUND;
    s.busy = 3;
    assert_int_equal(run(&s, &plain), STATUS_SUCCESS);
    s.busy = 4;
    assert_int_equal(run(&s, &plain), STATUS_OBJECT_NAME_NOT_FOUND);
    s.busy_status = STATUS_ACCESS_DENIED;
    s.busy = 1;
    assert_int_equal(run(&s, &plain), STATUS_ACCESS_DENIED);
}

static void pipe_names(void **state)
{
    static const char *const good[] = {
        "srvsvc", "\\srvsvc", "\\pipe\\srvsvc", "\\PIPE\\srvsvc", "pipe\\srvsvc", "a b", "x.y", "\xc3\xa4"
    };
    static const char *const bad[] = { "",         "\\",   "\\pipe\\", "a/b",  "a\\b",  "\\\\srv\\pipe\\x",
                                       "..",       "a..b", ".",        "a\nb", "a\x7f", "\xff",
                                       "\xc0\xaf", "a:b",  "*" };
    struct world w;
    struct npc_pipe *p;
    char longest[300];
    (void)state;
    world_init(&w, &best, &plain);
    assert_int_equal(open_both(&w), STATUS_SUCCESS);
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(npc_pipe_open(w.s, good[i], NULL, &p), STATUS_SUCCESS);
        npc_pipe_close(p);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(npc_pipe_open(w.s, bad[i], NULL, &p), STATUS_OBJECT_NAME_INVALID);
    memset(longest, 'a', sizeof longest);
    longest[256] = 0;
    assert_int_equal(npc_pipe_open(w.s, longest, NULL, &p), STATUS_OBJECT_NAME_INVALID);
    longest[255] = 0;
    assert_int_equal(npc_pipe_open(w.s, longest, NULL, &p), STATUS_SUCCESS);
    npc_pipe_close(p);
    world_done(&w);
}

/* Structures of a caller that was built with an older header: shorter. */
static void shorter_structures(void **state)
{
    struct world w;
    struct npc_facts f;
    struct npc_create o = NPC_CREATE_INIT;
    (void)state;
    world_init(&w, &best, &plain);
    w.o.size = 0;
    assert_int_equal(npc_session_open("fake", &w.o, &w.s), STATUS_INVALID_PARAMETER);
    w.o.size = offsetof(struct npc_options, error); /* the sentence is then not given */
    assert_int_equal(npc_session_open("a b", &w.o, &w.s), STATUS_INVALID_PARAMETER);
    assert_int_equal(w.err.text[0], 0);
    w.o.size = sizeof w.o;
    assert_int_equal(npc_session_open("fake", &w.o, &w.s), STATUS_SUCCESS);
    o.size = offsetof(struct npc_create, timeout_ms);
    o.timeout_ms = 1;
    assert_int_equal(npc_pipe_open(w.s, "x", &o, &w.p), STATUS_SUCCESS);
    memset(&f, 0x77, sizeof f);
    f.size = offsetof(struct npc_facts, signing);
    assert_int_equal(npc_session_facts(w.s, &f), STATUS_SUCCESS);
    assert_int_equal(f.cipher, NPC_AES128_GCM);
    assert_int_equal(f.max_read, 0x77777777);
    f.size = 0;
    assert_int_equal(npc_session_facts(w.s, &f), STATUS_INVALID_PARAMETER);
    world_done(&w);
}

static void server_names(void **state)
{
    static const char *const bad[] = { "",    "a\\b", "a/b",
                                       "a b", "\t",   "srv1UWhRCAAAAAAAAAAAAAAAAAAAAAAAAAAAAwbEAYBAAAA" };
    struct world w;
    (void)state;
    world_init(&w, &best, &plain);
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(npc_session_open(bad[i], &w.o, &w.s), STATUS_INVALID_PARAMETER);
    assert_null(w.s);
    world_done(&w);
}

/* ---- what must be refused ---- */

static void refusals(void **state)
{
    struct fake_script s = best;
    struct setting wrong = { .password = "not it" };
    (void)state;
    assert_int_equal(run(&s, &wrong), STATUS_LOGON_FAILURE);
    s.setup_status = STATUS_ACCOUNT_LOCKED_OUT;
    assert_int_equal(run(&s, &plain), STATUS_ACCOUNT_LOCKED_OUT);
    s.setup_status = STATUS_SUCCESS;
    s.tree_status = STATUS_ACCESS_DENIED;
    assert_int_equal(run(&s, &plain), STATUS_ACCESS_DENIED);
    s = best;
    s.wrong_key = true;
    assert_int_equal(run(&s, &plain), STATUS_INVALID_SIGNATURE);
    s = old;
    s.wrong_key = true;
    assert_int_equal(run(&s, &plain), STATUS_INVALID_SIGNATURE);
}

/* A refusal in the words of success: nobody above may take it for one (netapi asks nt_ok). */
static void refusals_called_success(void **state)
{
    static const enum nt_status codes[] = { STATUS_PENDING, STATUS_MORE_ENTRIES, STATUS_TIMEOUT,
                                            (enum nt_status)0x40000000 };
    (void)state;
    for (size_t i = 0; i < COUNT(codes); i++) {
        struct fake_script s = best;
        s.setup_status = codes[i];
        assert_int_equal(run(&s, &plain), STATUS_INVALID_NETWORK_RESPONSE);
        s = best;
        s.tree_status = codes[i];
        assert_int_equal(run(&s, &plain), STATUS_INVALID_NETWORK_RESPONSE);
        s = best;
        s.busy = 1;
        s.busy_status = codes[i];
        assert_int_equal(run(&s, &plain), STATUS_INVALID_NETWORK_RESPONSE);
    }
}

static void not_offered(void **state)
{
    const enum npc_cipher ciphers[] = { NPC_AES256_GCM, NPC_CIPHER_NONE };
    const enum npc_signing_alg algs[] = { NPC_AES_CMAC };
    struct setting set = { .o = { .ciphers = ciphers } };
    struct fake_script s = best;
    (void)state;
    assert_int_equal(run(&s, &set), STATUS_INVALID_NETWORK_RESPONSE); /* AES-128-GCM */
    set.o.ciphers = NULL;
    set.o.signing = algs;
    set.o.n_signing = 1;
    assert_int_equal(run(&s, &set), STATUS_INVALID_NETWORK_RESPONSE); /* AES-GMAC */
    set.o.signing = NULL;
    set.o.max_dialect = NPC_SMB_3_0_2;
    assert_int_equal(run(&s, &set), STATUS_INVALID_NETWORK_RESPONSE);
    set.o.max_dialect = 0;
    set.o.min_dialect = NPC_SMB_3_0;
    assert_int_equal(run(&old, &set), STATUS_INVALID_NETWORK_RESPONSE);
    s.dialect = (enum npc_dialect)0x02ff;
    assert_int_equal(run(&s, &plain), STATUS_INVALID_NETWORK_RESPONSE);
    s = best;
    s.cipher = (enum npc_cipher)9;
    assert_int_equal(run(&s, &plain), STATUS_INVALID_NETWORK_RESPONSE);
    s = best;
    s.signing = (enum npc_signing_alg)9;
    assert_int_equal(run(&s, &plain), STATUS_INVALID_NETWORK_RESPONSE);
    set = plain;
    set.o.protection = NPC_PROTECT_ENCRYPT;
    assert_int_equal(run(&best, &set), STATUS_SUCCESS);
    assert_int_equal(run(&signed_only, &set), STATUS_ACCESS_DENIED);
    assert_int_equal(run(&old, &set), STATUS_ACCESS_DENIED);
}

static void server_demands_encryption(void **state)
{
    struct setting set = { .o = { .protection = NPC_PROTECT_SIGN } };
    struct fake_script s = best;
    struct world w;
    (void)state;
    s.session_flags = SMB_SESSION_ENCRYPT;
    for (int i = 0; i < 2; i++) {
        world_init(&w, &s, &set);
        assert_int_equal(open_both(&w), STATUS_SUCCESS);
        assert_int_equal(echo(&w, 10), STATUS_SUCCESS);
        assert_true(w.fake->sealed >= 2);
        world_done(&w);
        s.session_flags = 0;
        s.share_flags = SMB_SHAREFLAG_ENCRYPT;
    }
    s.cipher = NPC_CIPHER_NONE;
    assert_int_equal(run(&s, &set), STATUS_ACCESS_DENIED);
    s.share_flags = 0;
    s.session_flags = SMB_SESSION_ENCRYPT;
    assert_int_equal(run(&s, &set), STATUS_ACCESS_DENIED);
    set = plain;
    s = best;
    set.o.protection = NPC_PROTECT_SIGN;
    world_init(&w, &s, &set);
    assert_int_equal(open_both(&w), STATUS_SUCCESS);
    assert_int_equal(w.fake->sealed, 0);
    world_done(&w);
}

static void without_a_key(void **state)
{
    static const uint16_t flags[] = { SMB_SESSION_GUEST, SMB_SESSION_NULL };
    (void)state;
    for (size_t i = 0; i < COUNT(flags); i++) {
        struct fake_script s = best;
        struct setting set = { .o = { .allow_unsigned = true } };
        struct world w;
        struct npc_facts f = { .size = sizeof f };
        struct nt_blob key;
        s.session_flags = flags[i];
        assert_int_equal(run(&s, &plain), STATUS_ACCESS_DENIED);
        world_init(&w, &s, &set);
        assert_int_equal(open_both(&w), STATUS_SUCCESS);
        assert_int_equal(echo(&w, 10), STATUS_SUCCESS);
        assert_int_equal(npc_session_facts(w.s, &f), STATUS_SUCCESS);
        assert_true(!f.signed_ && !f.encrypted && f.guest == (flags[i] == SMB_SESSION_GUEST));
        assert_int_equal(w.fake->signed_ + w.fake->sealed, 0);
        assert_int_equal(npc_application_key(w.s, &key), STATUS_NO_USER_SESSION_KEY);
        assert_int_equal(npc_session_key(w.s, &key), STATUS_NO_USER_SESSION_KEY);
        world_done(&w);
        s.mode = SMB_MODE_SIGN | SMB_MODE_SIGN_REQUIRED;
        assert_int_equal(run(&s, &set), STATUS_ACCESS_DENIED);
        s.mode = 0;
        set.o.protection = NPC_PROTECT_ENCRYPT;
        assert_int_equal(run(&s, &set), STATUS_ACCESS_DENIED);
    }
}

/* ---- somebody in between ---- */

static bool drop_dialects(struct fake_smb *f, const struct smb_hdr *req, struct wr *msg)
{
    (void)msg;
    if (req->command == SMB_NEGOTIATE)
        f->offer.n_dialects = 2; /* as if 3.x had been cut out of the request */
    return true;
}

static void downgrade(void **state)
{
    (void)state;
    for (size_t i = 0; i + 1 < COUNT(dialects); i++) {
        struct fake_script s = { .dialect = dialects[i] };
        bool v3 = dialects[i] >= NPC_SMB_3_0;
        assert_int_equal(run(&s, &plain), STATUS_SUCCESS);
        s.lie_validate = true;
        assert_int_equal(run(&s, &plain), STATUS_ACCESS_DENIED);
        s.lie_validate = false;
        s.old_validate = true; /* a server of 2.x may not know the request; one of 3.x must */
        assert_int_equal(run(&s, &plain), v3 ? STATUS_FILE_CLOSED : STATUS_SUCCESS);
        s.old_validate = false;
        s.before = drop_dialects;
        assert_int_equal(run(&s, &plain), STATUS_CONNECTION_DISCONNECTED);
    }
}

static size_t negotiate_length;

static bool change_negotiate(struct fake_smb *f, const struct smb_hdr *req, struct wr *wire)
{
    if (req->command == SMB_NEGOTIATE) {
        negotiate_length = wire->len - SMB_FRAME;
        wire->base[SMB_FRAME + f->script.param] ^= 1; /* the server's hash has it as it was */
    }
    return true;
}

/* Preauthentication integrity: whatever changes in the NEGOTIATE answer, the logon fails. */
static void preauthentication(void **state)
{
    (void)state;
    negotiate_length = 1;
    for (unsigned at = 0; at < negotiate_length; at++) {
        struct fake_script s = best;
        struct world w;
        s.after = change_negotiate;
        s.param = at;
        world_init(&w, &s, &plain);
        w.o.timeout_ms = 1000;
        if (open_both(&w) == STATUS_SUCCESS)
            fail_msg("byte %u of the NEGOTIATE answer was changed unseen", at);
        world_done(&w);
    }
    assert_true(negotiate_length > 128);
}

static bool spoil(struct fake_smb *f, const struct smb_hdr *req, struct wr *wire)
{
    bool sealed = wire->base[SMB_FRAME] == 0xfd;
    if (req->command == (f->script.param & 0xff))
        wire->base[SMB_FRAME + (sealed ? 4 : 48) + (f->script.param >> 8)] ^= 0x40;
    return true;
}

static bool unsign(struct fake_smb *f, const struct smb_hdr *req, struct wr *msg)
{
    if (req->command == f->script.param)
        msg->base[SMB_PREFIX + 16] &= (uint8_t)~SMB_FLAG_SIGNED;
    return true;
}

static bool strip_flag(struct fake_smb *f, const struct smb_hdr *req, struct wr *wire)
{
    if (req->command == f->script.param) {
        wire->base[SMB_FRAME + 16] &= (uint8_t)~SMB_FLAG_SIGNED;
        memset(wire->base + SMB_FRAME + 48, 0, 16);
    }
    return true;
}

static void signatures(void **state)
{
    static const unsigned commands[] = { SMB_SESSION_SETUP, SMB_TREE_CONNECT, SMB_CREATE, SMB_IOCTL };
    const struct fake_script *const scripts[] = { &signed_only, &old, &best };
    (void)state;
    for (size_t k = 0; k < COUNT(scripts); k++)
        for (size_t i = 0; i < COUNT(commands); i++) {
            struct fake_script s = *scripts[k];
            s.param = commands[i];
            bool sealed = k == 2 && commands[i] != SMB_SESSION_SETUP;
            if (!sealed) {
                s.before = unsign;
                assert_int_equal(run(&s, &plain), STATUS_INVALID_SIGNATURE);
                s.before = NULL;
                s.after = strip_flag;
                assert_int_equal(run(&s, &plain), STATUS_INVALID_SIGNATURE);
            }
            s.after = spoil;
            for (unsigned b = 0; b < 16; b++) {
                s.param = commands[i] | b << 8;
                enum nt_status st = run(&s, &plain);
                if (k == 2 &&
                    commands[i] == SMB_SESSION_SETUP) /* the first leg's hash is wrong too: any is right */
                    assert_int_equal(st, STATUS_INVALID_SIGNATURE);
                else
                    assert_int_equal(st, sealed ? STATUS_DECRYPTION_FAILED : STATUS_INVALID_SIGNATURE);
            }
        }
}

/* On an encrypted session an answer in the clear is refused, whatever it says. */
static bool inject_plain(struct fake_smb *f, const struct smb_hdr *req, struct wr *wire)
{
    if (req->command != SMB_IOCTL)
        return true;
    struct smb_hdr h = { .command = SMB_IOCTL,
                         .status = f->script.param ? STATUS_PENDING : STATUS_USER_SESSION_DELETED,
                         .flags = SMB_FLAG_RESPONSE | (f->script.param ? SMB_FLAG_ASYNC : 0),
                         .mid = req->mid,
                         .credits = 1,
                         .session_id = FAKE_SESSION };
    struct smb_error e = { 0, { NULL, 0 } };
    struct wr w;
    smb_begin(&w, SMB_MAX_MESSAGE);
    smb_put_error(&w, &e, false);
    smb_put_hdr(w.base + SMB_PREFIX, &h);
    wire->len = 0;
    wr_zero(wire, SMB_FRAME);
    wr_bytes(wire, w.base + SMB_PREFIX, w.len - SMB_PREFIX);
    smb_put_frame(wire->base, wire->len - SMB_FRAME);
    wr_free(&w);
    return true;
}

static void in_the_clear(void **state)
{
    struct fake_script s = best;
    (void)state;
    s.after = inject_plain;
    for (s.param = 0; s.param < 2; s.param++)
        assert_int_equal(run(&s, &plain), STATUS_ACCESS_DENIED);
}

/* ---- answers that make no sense ---- */

struct patch {
    size_t at, size; /* in the header */
    uint64_t value;
    enum nt_status st;
};

static const struct patch *patch;

static bool patch_header(struct fake_smb *f, const struct smb_hdr *req, struct wr *msg)
{
    (void)f;
    if (req->command == SMB_IOCTL)
        for (size_t i = 0; i < patch->size; i++)
            msg->base[SMB_PREFIX + patch->at + i] = (uint8_t)(patch->value >> (8 * i));
    return true;
}

static void headers(void **state)
{
    static const struct patch t[] = {
        { 0, 1, 0xff, STATUS_INVALID_NETWORK_RESPONSE }, /* SMB 1 */
        { 0, 1, 0xfd, STATUS_INVALID_NETWORK_RESPONSE }, /* encrypted within the encrypted, or not at all */
        { 0, 1, 0xfc, STATUS_INVALID_NETWORK_RESPONSE }, /* compressed */
        { 4, 2, 65, STATUS_INVALID_NETWORK_RESPONSE },   /* StructureSize */
        { 12, 2, SMB_READ, STATUS_INVALID_NETWORK_RESPONSE }, /* another command */
        { 16, 4, 0, STATUS_INVALID_NETWORK_RESPONSE },        /* no answer; on a signed session: not signed */
        { 20, 4, 1, STATUS_INVALID_NETWORK_RESPONSE },        /* NextCommand: unaligned */
        { 20, 4, 8, STATUS_INVALID_NETWORK_RESPONSE },        /* into itself */
        { 20, 4, 56, STATUS_INVALID_NETWORK_RESPONSE },
        { 20, 4, 0xfffffff8, STATUS_INVALID_NETWORK_RESPONSE },
        { 20, 4, 0x80000000, STATUS_INVALID_NETWORK_RESPONSE },
        { 20, 4, 1 << 20, STATUS_INVALID_NETWORK_RESPONSE },
        { 24, 8, 100000, STATUS_INVALID_NETWORK_RESPONSE }, /* MessageId: never sent */
        { 24, 8, 0, STATUS_IO_TIMEOUT },                    /* of a request that is over: dropped */
        { 24, 8, UINT64_MAX, STATUS_IO_TIMEOUT },           /* unsolicited: dropped */
    };
    struct setting set = { .o = { .timeout_ms = 1000 } };
    struct fake_script s = best;
    (void)state;
    s.before = patch_header;
    for (size_t i = 0; i < COUNT(t); i++) {
        patch = &t[i];
        enum nt_status st = run(&s, &set);
        if (st != t[i].st)
            fail_msg("header byte %zu as 0x%llx: 0x%08x", t[i].at, (unsigned long long)t[i].value, st);
    }
    static const struct patch session = { 40, 8, 5, STATUS_INVALID_NETWORK_RESPONSE };
    patch = &session;
    assert_int_equal(run(&s, &set), session.st);
}

static bool long_chain(struct fake_smb *f, const struct smb_hdr *req, struct wr *msg)
{
    if (req->command != SMB_IOCTL)
        return true;
    struct smb_hdr h = { .command = SMB_OPLOCK_BREAK,
                         .flags = SMB_FLAG_RESPONSE,
                         .mid = SMB_MID_UNSOLICITED,
                         .session_id = FAKE_SESSION,
                         .next = 72 };
    wr_free(msg);
    wr_init(msg, SMB_MAX_WRITE);
    wr_zero(msg, SMB_PREFIX);
    for (unsigned i = 0; i < f->script.param; i++) {
        uint8_t *p = wr_room(msg, 72);
        if (!p)
            return false;
        memset(p, 0, 72);
        smb_put_hdr(p, &h);
    }
    put_le32(msg->base + msg->len - 72 + 20, 0);
    return true;
}

static void chains(void **state)
{
    struct setting set = { .o = { .timeout_ms = 1000 } };
    struct fake_script s = best;
    (void)state;
    s.before = long_chain;
    s.param = 10;
    assert_int_equal(run(&s, &set), STATUS_IO_TIMEOUT); /* oplock breaks do nothing */
    s.param = SMB_MAX_CHAIN + 1;
    assert_int_equal(run(&s, &set), STATUS_INVALID_NETWORK_RESPONSE);
    s.param = 1500;
    assert_int_equal(run(&s, &set), STATUS_INVALID_NETWORK_RESPONSE);
    s.param = 10000; /* longer than any message that is taken */
    assert_int_equal(run(&s, &set), STATUS_INVALID_NETWORK_RESPONSE);
}

static unsigned mutated_answer, mutated_byte, answers;
static uint8_t mutated_value;
static size_t answer_length;

static bool mutate(struct fake_smb *f, const struct smb_hdr *req, struct wr *msg)
{
    (void)f;
    (void)req;
    if (answers++ == mutated_answer) {
        answer_length = msg->len - SMB_PREFIX;
        if (mutated_byte < answer_length)
            msg->base[SMB_PREFIX + mutated_byte] = mutated_value;
    }
    return true;
}

/* Each byte of each answer as something else, signed and encrypted all the same: lengths, offsets, counts,
 * ids. Any end is right that comes, comes once and leaves nothing behind (the sanitizers look). */
static void lies(void **state)
{
    static const uint8_t values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
    struct setting set = { .o = { .timeout_ms = 500 } };
    struct fake_script s = best;
    (void)state;
    s.before = mutate;
    for (mutated_answer = 0; mutated_answer < 8; mutated_answer++)
        for (size_t v = 0; v < COUNT(values); v++) {
            answer_length = 1;
            mutated_value = values[v];
            for (mutated_byte = 0; mutated_byte < answer_length && mutated_byte < 300; mutated_byte++) {
                answers = 0;
                answer_length = 0;
                (void)run(&s, &set);
                if (!answer_length)
                    break;
            }
        }
}

static bool shorten(struct fake_smb *f, const struct smb_hdr *req, struct wr *msg)
{
    (void)req;
    if (answers++ == mutated_answer) {
        answer_length = msg->len - SMB_PREFIX;
        if (f->script.param < answer_length)
            msg->len = SMB_PREFIX + f->script.param;
    }
    return true;
}

/* Each answer cut at each place, with a frame that agrees. */
static void short_answers(void **state)
{
    struct setting set = { .o = { .timeout_ms = 500 } };
    struct fake_script s = best;
    (void)state;
    s.before = shorten;
    for (mutated_answer = 0; mutated_answer < 6; mutated_answer++) {
        answer_length = SMB_HDR + 1;
        for (s.param = SMB_HDR; s.param < answer_length; s.param++) {
            answers = 0;
            enum nt_status st = run(&s, &set);
            /* cutting off names, times and other things that are not looked at may go unseen, but never the
             * token */
            if (mutated_answer == 1 && st == STATUS_SUCCESS)
                fail_msg("a SESSION_SETUP answer of %u bytes was taken", s.param);
        }
    }
}

/* ---- the byte stream ends or is something else ---- */

static void cut_everywhere(void **state)
{
    const struct fake_script *const scripts[] = { &best, &signed_only, &old };
    (void)state;
    for (size_t i = 0; i < COUNT(scripts); i++) {
        enum nt_status st = STATUS_UNSUCCESSFUL;
        size_t cut;
        for (cut = 1; st != STATUS_SUCCESS && cut < 10000; cut++) {
            struct setting set = { .cut = cut };
            st = run(scripts[i], &set);
            if (st != STATUS_SUCCESS)
                assert_int_equal(st, STATUS_CONNECTION_DISCONNECTED);
        }
        assert_true(cut > 1000 && cut < 10000);
    }
}

static const char *garbage;
static size_t garbage_len;

static bool send_garbage(struct fake_smb *f, const struct smb_hdr *req, struct wr *wire)
{
    if (req->command == f->script.param) {
        wire->len = 0;
        wr_bytes(wire, garbage, garbage_len);
    }
    return true;
}

static void not_smb(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } t[] = {
        { "HTTP/1.1 400 Bad Request\r\n\r\n", 28 },
        { "SSH-2.0-OpenSSH_9.2\r\n", 21 },
        { "\0\xff\xff\xff", 4 },
        { "\0\0\0\0", 4 },
        { "\0\0\0\x3f", 4 },
        { "\x85\0\0\0", 4 },
        { "\0\x02\0\x01", 4 },
    };
    (void)state;
    for (unsigned cmd = 0; cmd < 2; cmd++)
        for (size_t i = 0; i < COUNT(t); i++) {
            struct fake_script s = best;
            s.after = send_garbage;
            s.param = cmd ? SMB_IOCTL : SMB_NEGOTIATE;
            garbage = t[i].bytes;
            garbage_len = t[i].len;
            assert_int_equal(run(&s, &plain), STATUS_INVALID_NETWORK_RESPONSE);
        }
}

static void no_credits(void **state)
{
    struct fake_script s = best;
    struct setting set = { .o = { .timeout_ms = 1000 } };
    (void)state;
    s.no_credits = true;
    assert_int_equal(run(&s, &set), STATUS_INVALID_NETWORK_RESPONSE);
    s.no_credits = false;
    s.grant = 1; /* one at a time is enough */
    assert_int_equal(run(&s, &set), STATUS_SUCCESS);
    s.grant = 0xffff;
    assert_int_equal(run(&s, &set), STATUS_SUCCESS);
}

/* ---- time and cancel ---- */

static unsigned stall_at, stall_part;
static bool stalled;

/* Sends a part of one answer and then nothing any more, with the connection left open. */
static bool stall(struct fake_smb *f, const struct smb_hdr *req, struct wr *wire)
{
    (void)f;
    (void)req;
    if (stalled)
        return false;
    if (answers++ < stall_at)
        return true;
    stalled = true;
    size_t parts[] = { 0, 1, 3, 4, 5, SMB_FRAME + 10, wire->len / 2, wire->len - 1 };
    wire->len = parts[stall_part];
    return wire->len != 0;
}

static void stalls(void **state)
{
    struct fake_script s = best;
    (void)state;
    s.after = stall;
    for (stall_part = 0; stall_part < 8; stall_part++)
        for (stall_at = 0;; stall_at++) {
            struct setting set = { .o = { .timeout_ms = 3000 } };
            struct world w;
            answers = 0;
            stalled = false;
            world_init(&w, &s, &set);
            uint64_t start = io_loop_now(w.loop);
            enum nt_status st = open_both(&w);
            if (st == STATUS_SUCCESS)
                st = echo(&w, 100);
            uint64_t took = io_loop_now(w.loop) - start;
            if (!stalled) {
                assert_int_equal(st, STATUS_SUCCESS);
                assert_true(stall_at >= 6);
                world_done(&w);
                break;
            }
            assert_int_equal(st, STATUS_IO_TIMEOUT);
            assert_int_equal(took, UINT64_C(3000000000));
            world_done(&w);
        }
}

static enum nt_status give_creds(void *arg, const char *server, unsigned attempt, struct sec_creds **ret)
{
    struct world *w = arg;
    assert_string_equal(server, "fake");
    assert_int_equal(attempt, 0);
    if (!w->o.creds)
        return STATUS_NO_SUCH_LOGON_SESSION;
    *ret = sec_creds_ref(w->o.creds);
    return STATUS_SUCCESS;
}

static void asks_for_credentials(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, &best, &plain);
    struct npc_options o = w.o;
    o.creds = NULL;
    assert_int_equal(npc_session_open("fake", &o, &w.s), STATUS_INVALID_PARAMETER);
    o.auth = give_creds;
    o.auth_arg = &w;
    assert_int_equal(npc_session_open("fake", &o, &w.s), STATUS_SUCCESS);
    npc_session_unref(w.s);
    w.s = NULL;
    sec_creds_unref(w.o.creds);
    w.o.creds = NULL;
    assert_int_equal(npc_session_open("fake", &o, &w.s), STATUS_NO_SUCH_LOGON_SESSION);
    assert_true(w.err.text[0] != 0);
    world_done(&w);
}

/* CREATE is answered with a pipe after all although it was cancelled: the pipe is closed on the server. */
static struct nt_cancel *create_cancel;

static bool cancel_at_create(struct fake_smb *f, const struct smb_hdr *req, struct wr *wire)
{
    (void)f;
    (void)wire;
    if (req->command == SMB_CREATE)
        nt_cancel_fire(create_cancel);
    return true;
}

static bool closed_one(void *arg)
{
    return ((struct fake_smb *)arg)->commands[SMB_CLOSE] == 1;
}

static void cancelled_create(void **state)
{
    struct fake_script s = best;
    struct setting set = { .chunk = 50 }; /* so that the answer is still on its way */
    struct npc_create o = NPC_CREATE_INIT;
    struct world w;
    (void)state;
    s.after = cancel_at_create;
    assert_int_equal(nt_cancel_new(&create_cancel), STATUS_SUCCESS);
    o.cancel = create_cancel;
    world_init(&w, &s, &set);
    assert_int_equal(npc_session_open("fake", &w.o, &w.s), STATUS_SUCCESS);
    assert_int_equal(npc_pipe_open(w.s, "x", &o, &w.p), STATUS_CANCELLED);
    assert_null(w.p);
    assert_int_equal(io_wait(w.loop, closed_one, w.fake, io_loop_now(w.loop) + UINT64_C(5000000000), NULL),
                     STATUS_SUCCESS);
    world_done(&w);
    nt_cancel_unref(create_cancel);
}

static void no_answer(void **state)
{
    struct fake_script s = best;
    struct world w;
    (void)state;
    s.silent = true;
    world_init(&w, &s, &plain);
    assert_int_equal(open_both(&w), STATUS_SUCCESS);
    uint64_t before = io_loop_now(w.loop);
    npc_pipe_set_timeout(w.p, 2000, NULL);
    assert_int_equal(echo(&w, 10), STATUS_IO_TIMEOUT);
    assert_int_equal(io_loop_now(w.loop) - before, UINT64_C(2000000000));
    assert_true(npc_pipe_error(w.p)[0] != 0);
    turn(w.loop);
    turn(w.loop);
    assert_int_equal(w.fake->cancels, 1); /* the server was told */
    w.fake->script.silent = false;
    assert_int_equal(echo(&w, 10), STATUS_PIPE_BROKEN); /* the answer might still come */
    npc_pipe_close(w.p);
    assert_int_equal(npc_pipe_open(w.s, "again", NULL, &w.p), STATUS_SUCCESS);
    assert_int_equal(echo(&w, 10), STATUS_SUCCESS); /* the late answer to the cancelled one is dropped */
    world_done(&w);
}

static void cancel_token(void **state)
{
    struct fake_script s = best;
    struct world w;
    struct nt_cancel *c;
    (void)state;
    s.silent = true;
    assert_int_equal(nt_cancel_new(&c), STATUS_SUCCESS);
    world_init(&w, &s, &plain);
    assert_int_equal(open_both(&w), STATUS_SUCCESS);
    npc_pipe_set_timeout(w.p, 0, c);
    nt_cancel_fire(c);
    assert_int_equal(echo(&w, 10), STATUS_CANCELLED);
    assert_int_equal(w.fake->cancels, 1);
    nt_cancel_reset(c);
    w.fake->script.silent = false;
    assert_int_equal(echo(&w, 10), STATUS_PIPE_BROKEN);
    world_done(&w);
    world_init(&w, &best, &plain);
    nt_cancel_fire(c);
    w.o.cancel = c;
    assert_int_equal(npc_session_open("fake", &w.o, &w.s), STATUS_CANCELLED);
    assert_null(w.s);
    world_done(&w);
    nt_cancel_unref(c);
}

/* ---- callbacks ---- */

struct async {
    struct world w;
    struct npc_op op;
    unsigned sessions, pipes, ops;
    bool close_in_op;
};

static void op_done(struct npc_op *op)
{
    struct async *a = io_container(op, struct async, op);
    a->ops++;
    a->w.st = op->status;
    if (a->close_in_op && a->w.p) { /* closes its own connection */
        struct npc_pipe *p = a->w.p;
        struct npc_session *s = a->w.s;
        a->w.p = NULL;
        p->ops->close(p);
        npc_session_unref(s);
    }
}

static void pipe_done(void *arg, enum nt_status st, struct npc_pipe *p)
{
    struct async *a = arg;
    struct wr out;
    size_t n;
    a->pipes++;
    a->w.st = st;
    a->w.p = p;
    if (st != STATUS_SUCCESS)
        return;
    assert_int_equal(npc_pipe_read(p, &n, 1, &n), STATUS_INVALID_DEVICE_STATE); /* not from a callback */
    wr_init(&out, 1000);
    wr_zero(&out, NPC_HEADROOM + 50);
    a->op.done = op_done;
    assert_int_equal(p->ops->transact(p, &out, 4096, UINT64_MAX, &a->op), STATUS_SUCCESS);
    wr_init(&out, 1000);
    wr_zero(&out, NPC_HEADROOM + 50);
    assert_int_equal(p->ops->transact(p, &out, 4096, UINT64_MAX, &a->op), STATUS_PIPE_BUSY);
}

static void session_done(void *arg, enum nt_status st, struct npc_session *s)
{
    struct async *a = arg;
    a->sessions++;
    a->w.st = st;
    a->w.s = s;
    if (st == STATUS_SUCCESS)
        assert_int_equal(npc_pipe_open_send(s, "x", NULL, pipe_done, a, NULL), STATUS_SUCCESS);
}

static bool op_seen(void *arg)
{
    return ((struct async *)arg)->ops > 0;
}

static void callbacks(void **state)
{
    (void)state;
    for (int close_in_op = 0; close_in_op < 2; close_in_op++) {
        struct async a = { .close_in_op = close_in_op };
        world_init(&a.w, &best, &plain);
        assert_int_equal(npc_session_open_send("fake", &a.w.o, session_done, &a, NULL), STATUS_SUCCESS);
        assert_int_equal(a.sessions, 0); /* starting never completes */
        assert_int_equal(io_wait(a.w.loop, op_seen, &a, UINT64_MAX, NULL), STATUS_SUCCESS);
        assert_int_equal(a.w.st, STATUS_SUCCESS);
        if (close_in_op) {
            a.w.s = NULL;
            assert_int_equal(io_wait(a.w.loop, fake_closed, a.w.fake, UINT64_MAX, NULL), STATUS_SUCCESS);
        }
        world_done(&a.w);
        assert_int_equal(a.ops, 1);
    }
}

/* Closing a pipe with an operation on its way ends the operation, once. */
static void close_with_op(void **state)
{
    struct fake_script s = best;
    struct async a = { 0 };
    struct wr out;
    (void)state;
    s.silent = true;
    world_init(&a.w, &s, &plain);
    assert_int_equal(open_both(&a.w), STATUS_SUCCESS);
    wr_init(&out, 1000);
    wr_zero(&out, NPC_HEADROOM + 5);
    a.op.done = op_done;
    assert_int_equal(a.w.p->ops->transact(a.w.p, &out, 100, UINT64_MAX, &a.op), STATUS_SUCCESS);
    a.w.p->ops->close(a.w.p);
    a.w.p = NULL;
    assert_int_equal(a.ops, 0);
    assert_int_equal(io_wait(a.w.loop, op_seen, &a, UINT64_MAX, NULL), STATUS_SUCCESS);
    assert_int_equal(a.w.st, STATUS_CANCELLED);
    world_done(&a.w);
    assert_int_equal(a.ops, 1);
}

/* Many pipes of one session at once: more requests than credits. */
#define PIPES 100
struct many {
    struct npc_pipe *p[PIPES];
    struct npc_op op[PIPES];
    unsigned opened, done, bad;
};
static struct many many;

static void many_done(struct npc_op *op)
{
    many.done++;
    many.bad += op->status != STATUS_SUCCESS || op->len != 64;
}

static void many_opened(void *arg, enum nt_status st, struct npc_pipe *p)
{
    struct wr out;
    unsigned i = many.opened++;
    (void)arg;
    assert_int_equal(st, STATUS_SUCCESS);
    many.p[i] = p;
    many.op[i].done = many_done;
    wr_init(&out, 1000);
    wr_zero(&out, NPC_HEADROOM + 64);
    assert_int_equal(p->ops->transact(p, &out, 100, UINT64_MAX, &many.op[i]), STATUS_SUCCESS);
}

static bool many_seen(void *arg)
{
    (void)arg;
    return many.done == PIPES;
}

static void more_than_credits(void **state)
{
    static const uint16_t grants[] = { 1, 2, 5, 100 };
    (void)state;
    for (size_t g = 0; g < COUNT(grants); g++) {
        struct fake_script s = best;
        struct world w;
        s.grant = grants[g];
        memset(&many, 0, sizeof many);
        world_init(&w, &s, &plain);
        assert_int_equal(open_both(&w), STATUS_SUCCESS);
        for (int i = 0; i < PIPES; i++)
            assert_int_equal(npc_pipe_open_send(w.s, "x", NULL, many_opened, NULL, NULL), STATUS_SUCCESS);
        assert_int_equal(io_wait(w.loop, many_seen, NULL, io_loop_now(w.loop) + UINT64_C(60000000000), NULL),
                         STATUS_SUCCESS);
        assert_int_equal(many.bad, 0);
        assert_false(w.fake->sequence_broken);
        for (int i = 0; i < PIPES; i++)
            npc_pipe_close(many.p[i]);
        world_done(&w);
    }
}

/* ---- memory ---- */

static void every_allocation(void **state)
{
    const struct fake_script *const scripts[] = { &best, &old };
    struct setting set = { .o = { .timeout_ms = 1000 } };
    (void)state;
    for (size_t i = 0; i < COUNT(scripts); i++) {
        unsigned long n = 0;
        bool fired = true;
        while (fired && ++n < 2000) {
            fail_malloc_at(n);
            enum nt_status st = run(scripts[i], &set);
            fired = fail_malloc_fired();
            fail_malloc_at(0);
            if (!fired)
                assert_int_equal(st, STATUS_SUCCESS);
        }
        assert_true(n > 20 && n < 2000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(combinations),
        cmocka_unit_test(every_split),
        cmocka_unit_test(without_signing_context),
        cmocka_unit_test(long_answers),
        cmocka_unit_test(long_writes),
        cmocka_unit_test(sealed_transact_refused),
        cmocka_unit_test(longer_than_a_transact),
        cmocka_unit_test(interim_answers),
        cmocka_unit_test(busy_pipes),
        cmocka_unit_test(pipe_names),
        cmocka_unit_test(shorter_structures),
        cmocka_unit_test(server_names),
        cmocka_unit_test(refusals),
        cmocka_unit_test(refusals_called_success),
        cmocka_unit_test(not_offered),
        cmocka_unit_test(server_demands_encryption),
        cmocka_unit_test(without_a_key),
        cmocka_unit_test(downgrade),
        cmocka_unit_test(preauthentication),
        cmocka_unit_test(signatures),
        cmocka_unit_test(in_the_clear),
        cmocka_unit_test(headers),
        cmocka_unit_test(chains),
        cmocka_unit_test(lies),
        cmocka_unit_test(short_answers),
        cmocka_unit_test(cut_everywhere),
        cmocka_unit_test(not_smb),
        cmocka_unit_test(no_credits),
        cmocka_unit_test(stalls),
        cmocka_unit_test(asks_for_credentials),
        cmocka_unit_test(cancelled_create),
        cmocka_unit_test(no_answer),
        cmocka_unit_test(cancel_token),
        cmocka_unit_test(callbacks),
        cmocka_unit_test(close_with_op),
        cmocka_unit_test(more_than_credits),
        cmocka_unit_test(every_allocation),
    };
    return cmocka_run_group_tests_name("smb", tests, NULL, NULL);
}
