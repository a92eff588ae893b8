// SPDX-License-Identifier: Apache-2.0
/* NTLM: the vectors of [MS-NLMP] 4.2.4, both roles against each other, and what a man in the middle may try.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sec/m_utf.h"
#include "sec_world.h"

static size_t unhex(const char *s, uint8_t *out)
{
    size_t n = 0;

    for (; s[0] && s[1]; s += 2) {
        unsigned v = 0;
        for (int i = 0; i < 2; i++)
            v = v << 4 | (unsigned)(s[i] <= '9' ? s[i] - '0' : (s[i] | 32) - 'a' + 10);
        out[n++] = (uint8_t)v;
    }
    return n;
}

static void expect(const void *got, const char *hex)
{
    uint8_t want[128];

    assert_memory_equal(got, want, unhex(hex, want));
}

/* ---- [MS-NLMP] 4.2.4 ---- */

static const char spec_challenge[] = "4e544c4d53535000020000000c000c003800000033828ae20123456789abcdef"
                                     "00000000000000002400240044000000060070170000000f5300650072007600"
                                     "6500720002000c0044006f006d00610069006e0001000c005300650072007600"
                                     "6500720000000000";
static const char spec_auth[] = "4e544c4d5353500003000000180018006c00000054005400840000000c000c00"
                                "480000000800080054000000100010005c00000010001000d8000000358288e2"
                                "0501280a0000000f44006f006d00610069006e00550073006500720043004f00"
                                "4d0050005500540045005200"
                                "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa"
                                "68cd0ab851e51c96aabc927bebef6a1c01010000000000000000000000000000"
                                "aaaaaaaaaaaaaaaa0000000002000c0044006f006d00610069006e0001000c00"
                                "53006500720076006500720000000000"
                                "00000000c5dad2544fc979909"
                                "4ce1ce90bc9d03e";

static void spec_keys(void **state)
{
    uint8_t msg[512], auth[512], hash[16], key[16], proof[16], base_key[16], session[16];
    struct ntlm_challenge ch;
    struct ntlm_auth a;
    struct wr upper;

    (void)state;
    assert_int_equal(ntlm_parse_challenge(blob(msg, unhex(spec_challenge, msg)), &ch), STATUS_SUCCESS);
    assert_int_equal(ch.flags, 0xe28a8233);
    expect(ch.challenge, "0123456789abcdef");
    assert_int_equal(ch.av.nb_computer.len, 12);
    assert_memory_equal(ch.av.nb_domain.data, "D\0o\0m\0a\0i\0n\0", 12);
    assert_int_equal(ntlm_parse_auth(blob(auth, unhex(spec_auth, auth)), &a), STATUS_SUCCESS);
    assert_int_equal(a.user.len, 8);
    assert_int_equal(a.temp.len, 0x54 - 16);

    cr_md4("P\0a\0s\0s\0w\0o\0r\0d\0", 16, hash);
    expect(hash, "a4f49c406510bdcab6824ee7c30fd852"); /* 4.2.2.1.2 */
    wr_init(&upper, 64);
    utf_upper16(&upper, a.user.data, a.user.len);
    ntlm_v2_key(hash, blob(upper.base, upper.len), a.domain, key);
    wr_free(&upper);
    expect(key, "0c868a403bfd7a93a3001ef22ef02e3f"); /* 4.2.4.1.1 */
    ntlm_v2_proof(key, ch.challenge, a.temp, proof, base_key);
    expect(base_key, "8de40ccadbc14a82f15cb0ad0de95ca3"); /* 4.2.4.1.2 */
    expect(proof, "68cd0ab851e51c96aabc927bebef6a1c");    /* 4.2.4.2.2 */
    assert_memory_equal(proof, a.proof.data, 16);
    memset(session, 0x55, sizeof(session));
    cr_rc4(base_key, 16, session, 16);
    expect(session, "c5dad2544fc9799094ce1ce90bc9d03e"); /* 4.2.4.2.3 */
    assert_memory_equal(session, a.key.data, 16);
}

static void spec_seal(void **state)
{
    struct ntlm_ctx c = { .role = SEC_CLIENT,
                          .state = NTLM_READY,
                          .granted = SEC_FLAG_INTEGRITY | SEC_FLAG_PRIVACY };
    uint8_t data[] = "P\0l\0a\0i\0n\0t\0e\0x\0t", token[16];
    struct sec_iov iov[] = { { SEC_PART_DATA, data, 18 }, { SEC_PART_TOKEN, token, 16 } };

    (void)state;
    c.flags = 0xe28a8233;
    memset(c.exported, 0x55, sizeof(c.exported));
    ntlm_set_keys(&c);
    expect(c.tx.seal_key, "59f600973cc4960a25480a7c196e4c58"); /* 4.2.4.4 */
    assert_int_equal(ntlm_protect(&c.base, SEC_LEVEL_PRIVACY, iov, 2), STATUS_SUCCESS);
    expect(data, "54e50165bf1936dc996020c1811b0f06fb5f");
    expect(token, "010000007fb38ec5c55d497600000000");
}

/* ---- both roles ---- */

static struct nt_blob tok(const struct world *w, int i)
{
    return blob(w->tok[i].base, w->tok[i].len);
}

/* NEGOTIATE and CHALLENGE; the tests bend them before the next step. */
static void first_legs(struct world *w)
{
    assert_int_equal(sec_ntlm.start(&w->cp, &w->client), STATUS_SUCCESS);
    assert_int_equal(sec_ntlm.start(&w->sp, &w->server), STATUS_SUCCESS);
    assert_int_equal(w->client->p->step(w->client, blob(NULL, 0), &w->tok[0]),
                     STATUS_MORE_PROCESSING_REQUIRED);
    assert_int_equal(w->server->p->step(w->server, tok(w, 0), &w->tok[1]), STATUS_MORE_PROCESSING_REQUIRED);
}

static enum nt_status client_answer(struct world *w)
{
    return w->client->p->step(w->client, tok(w, 1), &w->tok[2]);
}

static enum nt_status server_answer(struct world *w)
{
    struct wr none;

    wr_init(&none, 100);
    enum nt_status st = w->server->p->step(w->server, tok(w, 2), &none);
    assert_int_equal(none.len, 0);
    wr_free(&none);
    return st;
}

static void establish(struct world *w)
{
    first_legs(w);
    assert_int_equal(client_answer(w), STATUS_SUCCESS);
    assert_int_equal(server_answer(w), STATUS_SUCCESS);
}

static void flip(struct wr *w, size_t at, uint32_t flag)
{
    put_le32(w->base + at, le32(w->base + at) ^ flag);
}

/* One message each way, header-signed. */
static void exchange(struct sec_ctx *from, struct sec_ctx *to, enum sec_level level)
{
    uint8_t head[] = "header", data[] = "some data that is protected", tail[] = "trailer", token[16];
    struct sec_iov iov[] = { { SEC_PART_SIGN_ONLY, head, sizeof(head) },
                             { SEC_PART_DATA, data, 10 },
                             { SEC_PART_DATA, data + 10, sizeof(data) - 10 },
                             { SEC_PART_SIGN_ONLY, tail, sizeof(tail) },
                             { SEC_PART_TOKEN, token, sizeof(token) } };

    assert_int_equal(from->p->token_size(from, level, sizeof(data)), sizeof(token));
    assert_int_equal(from->p->protect(from, level, iov, 5), STATUS_SUCCESS);
    assert_string_equal(head, "header");
    if (level == SEC_LEVEL_PRIVACY)
        assert_string_not_equal(data, "some data that is protected");
    assert_int_equal(to->p->unprotect(to, level, iov, 5), STATUS_SUCCESS);
    assert_string_equal(data, "some data that is protected");
}

static void all_modes(void **state)
{
    static const unsigned modes[] = { 0, SEC_FLAG_INTEGRITY, SEC_FLAG_PRIVACY | SEC_FLAG_INTEGRITY };
    struct world w;
    struct nt_blob k1, k2;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        world_init(&w, &alice, modes[i]);
        establish(&w);
        assert_int_equal(w.client->p->query(w.client, SEC_ITEM_SESSION_KEY, &k1), STATUS_SUCCESS);
        assert_int_equal(w.server->p->query(w.server, SEC_ITEM_SESSION_KEY, &k2), STATUS_SUCCESS);
        assert_int_equal(k1.len, 16);
        assert_memory_equal(k1.data, k2.data, 16);
        assert_int_equal(w.server->p->query(w.server, SEC_ITEM_PEER, &k2), STATUS_SUCCESS);
        assert_int_equal(k2.len, 9);
        assert_memory_equal(k2.data, "LAB\\alice", 9);
        for (int round = 0; round < 3; round++) {
            exchange(w.client, w.server, SEC_LEVEL_INTEGRITY);
            exchange(w.server, w.client, SEC_LEVEL_INTEGRITY);
            if (modes[i] & SEC_FLAG_PRIVACY) {
                exchange(w.client, w.server, SEC_LEVEL_PRIVACY);
                exchange(w.server, w.client, SEC_LEVEL_PRIVACY);
            }
        }
        if (!(modes[i] & SEC_FLAG_PRIVACY)) {
            struct sec_iov iov = { SEC_PART_TOKEN, NULL, 16 };

            assert_int_equal(w.client->p->protect(w.client, SEC_LEVEL_PRIVACY, &iov, 1),
                             STATUS_NOT_SUPPORTED);
        }
        world_done(&w);
    }
}

static void names(void **state)
{
    struct sec_creds_options o = SEC_CREDS_OPTIONS_INIT;
    static const struct {
        const char *user, *domain, *peer;
    } t[] = {
        { "alice", NULL, "alice" },
        { "alice", "LAB", "LAB\\alice" },
        { "lab\\Alice", NULL, "lab\\Alice" },
        { "alice@lab.example", NULL, "alice@lab.example" },
        { "Ångström", "LAB", "LAB\\Ångström" },
        { "日本", "LAB", "LAB\\日本" },
    };
    struct world w;
    struct nt_blob peer;

    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        o.user = t[i].user;
        o.domain = t[i].domain;
        o.password = "secret";
        o.workstation = i & 1 ? "WS" : NULL;
        world_init(&w, &o, SEC_FLAG_INTEGRITY);
        establish(&w);
        assert_int_equal(w.server->p->query(w.server, SEC_ITEM_PEER, &peer), STATUS_SUCCESS);
        assert_int_equal(peer.len, strlen(t[i].peer));
        assert_memory_equal(peer.data, t[i].peer, peer.len);
        world_done(&w);
    }
}

static void refusals(void **state)
{
    static const enum nt_status in[] = { STATUS_NO_SUCH_USER, STATUS_ACCOUNT_LOCKED_OUT,
                                         STATUS_WRONG_PASSWORD };
    static const enum nt_status out[] = { STATUS_LOGON_FAILURE, STATUS_ACCOUNT_LOCKED_OUT,
                                          STATUS_LOGON_FAILURE };
    struct sec_creds_options o = alice;
    struct world w;

    (void)state;
    o.password = "Secret";
    world_init(&w, &o, 0);
    first_legs(&w);
    assert_int_equal(client_answer(&w), STATUS_SUCCESS);
    assert_int_equal(server_answer(&w), STATUS_LOGON_FAILURE);
    /* a failed context stays so */
    assert_int_equal(server_answer(&w), STATUS_INVALID_DEVICE_STATE);
    world_done(&w);
    for (size_t i = 0; i < 3; i++) {
        world_init(&w, &alice, 0);
        w.lookup = in[i];
        first_legs(&w);
        assert_int_equal(client_answer(&w), STATUS_SUCCESS);
        assert_int_equal(server_answer(&w), out[i]);
        world_done(&w);
    }
}

static void anonymous(void **state)
{
    struct sec_creds_options o = SEC_CREDS_OPTIONS_INIT;
    struct world w;
    struct nt_blob key;

    (void)state;
    o.mech = SEC_MECH_ANONYMOUS;
    world_init(&w, &o, 0);
    first_legs(&w);
    assert_int_equal(client_answer(&w), STATUS_SUCCESS);
    assert_int_equal(server_answer(&w), STATUS_ACCESS_DENIED);
    world_done(&w);
    world_init(&w, &o, 0);
    w.sp.flags = SEC_FLAG_ANONYMOUS;
    establish(&w);
    assert_int_equal(w.client->p->query(w.client, SEC_ITEM_SESSION_KEY, &key), STATUS_NO_USER_SESSION_KEY);
    assert_int_equal(w.server->p->query(w.server, SEC_ITEM_FLAGS, &key), STATUS_SUCCESS);
    unsigned flags;
    memcpy(&flags, key.data, sizeof(flags));
    assert_true(flags & SEC_FLAG_ANONYMOUS);
    world_done(&w);
}

/* One that takes everything back, and has no key, or half of one, where one was agreed on: nobody all the same. */
static void anonymous_without_key(void **state)
{
    enum { KEY_FIELDS = 52, FLAGS = 60 };
    struct sec_creds_options o = SEC_CREDS_OPTIONS_INIT;
    struct world w;
    struct nt_blob b;
    unsigned flags;

    (void)state;
    o.mech = SEC_MECH_ANONYMOUS;
    for (uint16_t len = 0; len <= 16; len++) {
        world_init(&w, &o, SEC_FLAG_INTEGRITY | SEC_FLAG_PRIVACY);
        w.sp.flags = SEC_FLAG_ANONYMOUS;
        first_legs(&w);
        assert_int_equal(client_answer(&w), STATUS_SUCCESS);
        uint8_t *msg = w.tok[2].base;
        assert_int_equal(le16(msg + KEY_FIELDS), 16);
        put_le16(msg + KEY_FIELDS, len);
        put_le32(msg + KEY_FIELDS + 4, (uint32_t)w.tok[2].len - len); /* at the very end */
        put_le32(msg + FLAGS, le32(msg + FLAGS) & ~(uint32_t)NTLM_ESS);
        assert_int_equal(server_answer(&w), STATUS_SUCCESS);
        assert_int_equal(w.server->p->query(w.server, SEC_ITEM_FLAGS, &b), STATUS_SUCCESS);
        memcpy(&flags, b.data, sizeof(flags));
        assert_int_equal(flags, SEC_FLAG_ANONYMOUS);
        world_done(&w);
    }
}

/* A man in the middle clears flags in any of the three messages. */
static void stripped_flags(void **state)
{
    static const uint32_t flags[] = {
        NTLM_SIGN, NTLM_SEAL, NTLM_ESS, NTLM_128, NTLM_UNICODE, NTLM_TARGET_INFO
    };
    struct world w;

    (void)state;
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        world_init(&w, &alice, SEC_FLAG_INTEGRITY | SEC_FLAG_PRIVACY);
        first_legs(&w);
        flip(&w.tok[1], 20, flags[i]);
        assert_int_equal(client_answer(&w), STATUS_DOWNGRADE_DETECTED);
        assert_int_equal(w.tok[2].len, 0);
        world_done(&w);
        if (flags[i] == NTLM_TARGET_INFO)
            continue;
        world_init(&w, &alice, SEC_FLAG_INTEGRITY | SEC_FLAG_PRIVACY);
        first_legs(&w);
        assert_int_equal(client_answer(&w), STATUS_SUCCESS);
        flip(&w.tok[2], 60, flags[i]);
        assert_int_equal(server_answer(&w), STATUS_DOWNGRADE_DETECTED);
        world_done(&w);
        /* the server sees a NEGOTIATE with less; it refuses itself, or the MIC does */
        world_init(&w, &alice, SEC_FLAG_INTEGRITY | SEC_FLAG_PRIVACY);
        assert_int_equal(sec_ntlm.start(&w.cp, &w.client), STATUS_SUCCESS);
        assert_int_equal(sec_ntlm.start(&w.sp, &w.server), STATUS_SUCCESS);
        assert_int_equal(sec_ntlm.step(w.client, blob(NULL, 0), &w.tok[0]), STATUS_MORE_PROCESSING_REQUIRED);
        flip(&w.tok[0], 12, flags[i]);
        assert_int_equal(sec_ntlm.step(w.server, tok(&w, 0), &w.tok[1]), STATUS_NOT_SUPPORTED);
        world_done(&w);
    }
}

/* Key exchange may be cleared without weakening much, but the MIC sees it. */
static void mic_covers_all(void **state)
{
    struct world w;

    (void)state;
    for (int which = 0; which < 3; which++) {
        world_init(&w, &alice, SEC_FLAG_INTEGRITY);
        assert_int_equal(sec_ntlm.start(&w.cp, &w.client), STATUS_SUCCESS);
        assert_int_equal(sec_ntlm.start(&w.sp, &w.server), STATUS_SUCCESS);
        assert_int_equal(sec_ntlm.step(w.client, blob(NULL, 0), &w.tok[0]), STATUS_MORE_PROCESSING_REQUIRED);
        if (which == 0)
            flip(&w.tok[0], 12, NTLM_KEY_EXCH);
        assert_int_equal(sec_ntlm.step(w.server, tok(&w, 0), &w.tok[1]), STATUS_MORE_PROCESSING_REQUIRED);
        if (which == 0)
            flip(&w.tok[1], 20, NTLM_KEY_EXCH);
        if (which == 1)
            w.tok[1].base[55] ^= 1; /* version: of no meaning but for the MIC */
        assert_int_equal(client_answer(&w), STATUS_SUCCESS);
        if (which == 2)
            w.tok[2].base[64] ^= 1;
        assert_int_equal(server_answer(&w), STATUS_LOGON_FAILURE);
        world_done(&w);
    }
}

/* CVE-2019-1040: the MIC field, or the room it takes, is removed though the signed pairs announce it. */
static void mic_removed(void **state)
{
    struct world w;

    (void)state;
    world_init(&w, &alice, SEC_FLAG_INTEGRITY);
    first_legs(&w);
    assert_int_equal(client_answer(&w), STATUS_SUCCESS);
    memset(w.tok[2].base + NTLM_MIC_OFFSET, 0, 16);
    assert_int_equal(server_answer(&w), STATUS_LOGON_FAILURE);
    world_done(&w);

    world_init(&w, &alice, SEC_FLAG_INTEGRITY);
    first_legs(&w);
    assert_int_equal(client_answer(&w), STATUS_SUCCESS);
    struct wr *m = &w.tok[2];
    memmove(m->base + 64, m->base + 88, m->len - 88);
    m->len -= 24;
    for (size_t at = 12; at < 60; at += 8)
        put_le32(m->base + at + 4, le32(m->base + at + 4) - 24);
    assert_int_equal(server_answer(&w), STATUS_LOGON_FAILURE);
    world_done(&w);
}

/* The answer to another server's challenge, and the server's own messages sent back to it. */
static void relayed(void **state)
{
    struct world w;
    struct sec_ctx *other = NULL;
    struct sec_acceptor acceptor;
    struct wr none;

    (void)state;
    world_init(&w, &alice, SEC_FLAG_INTEGRITY);
    acceptor = w.acceptor;
    acceptor.netbios_name = "OTHER";
    wr_init(&none, SEC_TOKEN_MAX);
    first_legs(&w);
    assert_int_equal(client_answer(&w), STATUS_SUCCESS);
    w.sp.acceptor = &acceptor;
    w.next = 8; /* even with the same challenge */
    assert_int_equal(sec_ntlm.start(&w.sp, &other), STATUS_SUCCESS);
    assert_int_equal(sec_ntlm.step(other, tok(&w, 0), &none), STATUS_MORE_PROCESSING_REQUIRED);
    assert_int_equal(sec_ntlm.step(other, tok(&w, 2), &none), STATUS_LOGON_FAILURE);
    sec_free(other);
    /* reflection: an acceptor takes no challenge, least of all its own */
    assert_int_equal(sec_ntlm.step(w.server, tok(&w, 1), &none), STATUS_INVALID_NETWORK_RESPONSE);
    wr_free(&none);
    world_done(&w);
}

static void channel_bindings(void **state)
{
    static const char mine[] = "tls-server-end-point:"
                               "\xea\x05\xfe\xfe\xcc\x6b\x0b\xd5\x71\xdb\xbc\x5b\xaa\x3e\xd4\x53"
                               "\x86\xd0\x44\x68\x35\xf7\xb7\x4c\x85\x62\x1b\x99\x83\x47\x5f\x95",
                      wrong[] = "tls-server-end-point:else", long_one[SEC_BINDINGS_MAX + 1] = "x";
    static const struct {
        struct nt_blob client, server;
        enum nt_status st;
    } t[] = {
        { { (const uint8_t *)mine, sizeof(mine) - 1 },
          { (const uint8_t *)mine, sizeof(mine) - 1 },
          STATUS_SUCCESS },
        { { (const uint8_t *)mine, sizeof(mine) - 1 }, { NULL, 0 }, STATUS_SUCCESS },
        { { (const uint8_t *)wrong, sizeof(wrong) - 1 },
          { (const uint8_t *)mine, sizeof(mine) - 1 },
          STATUS_BAD_BINDINGS },
        { { NULL, 0 }, { (const uint8_t *)mine, sizeof(mine) - 1 }, STATUS_BAD_BINDINGS },
    };
    struct world w;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        world_init(&w, &alice, SEC_FLAG_INTEGRITY);
        w.cp.channel_bindings = t[i].client;
        w.sp.channel_bindings = t[i].server;
        first_legs(&w);
        assert_int_equal(client_answer(&w), STATUS_SUCCESS);
        if (i == 0) /* the example of Microsoft's description of extended protection */
            expect(((struct ntlm_ctx *)w.client)->bindings, "6586e99d81c2fc984e47172fd4dd0310");
        assert_int_equal(server_answer(&w), t[i].st);
        world_done(&w);
    }
    world_init(&w, &alice, SEC_FLAG_INTEGRITY);
    w.cp.channel_bindings = blob(long_one, sizeof(long_one));
    assert_int_equal(sec_ntlm.start(&w.cp, &w.client), STATUS_INVALID_PARAMETER);
    world_done(&w);
}

static void changed_messages(void **state)
{
    struct world w;
    uint8_t data[20] = "one", again[20], token[16], first[16];
    struct sec_iov iov[] = { { SEC_PART_SIGN_ONLY, data, 4 },
                             { SEC_PART_DATA, data + 4, 16 },
                             { SEC_PART_TOKEN, token, 16 } };

    (void)state;
    for (size_t bit = 0; bit < 36 * 8; bit += 5) {
        world_init(&w, &alice, SEC_FLAG_INTEGRITY | SEC_FLAG_PRIVACY);
        establish(&w);
        assert_int_equal(sec_ntlm.protect(w.client, SEC_LEVEL_PRIVACY, iov, 3), STATUS_SUCCESS);
        uint8_t *p = bit < 160 ? data + bit / 8 : token + (bit / 8 - 20);
        *p ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(sec_ntlm.unprotect(w.server, SEC_LEVEL_PRIVACY, iov, 3), STATUS_ACCESS_DENIED);
        assert_non_null(strstr(w.server_err.text, "signature"));
        world_done(&w);
    }
    /* repeated; and sent back to its sender */
    world_init(&w, &alice, SEC_FLAG_INTEGRITY | SEC_FLAG_PRIVACY);
    establish(&w);
    assert_int_equal(sec_ntlm.protect(w.client, SEC_LEVEL_INTEGRITY, iov, 3), STATUS_SUCCESS);
    memcpy(again, data, sizeof(again));
    memcpy(first, token, sizeof(first));
    assert_int_equal(sec_ntlm.unprotect(w.client, SEC_LEVEL_INTEGRITY, iov, 3), STATUS_ACCESS_DENIED);
    assert_int_equal(sec_ntlm.unprotect(w.server, SEC_LEVEL_INTEGRITY, iov, 3), STATUS_SUCCESS);
    assert_int_equal(sec_ntlm.unprotect(w.server, SEC_LEVEL_INTEGRITY, iov, 3), STATUS_ACCESS_DENIED);
    world_done(&w);
}

/* RPC at level connect: a context without any protection of messages, and none is pretended. */
static void connect_only(void **state)
{
    struct world w;
    uint8_t token[16];
    struct sec_iov iov = { SEC_PART_TOKEN, token, sizeof(token) };

    (void)state;
    world_init(&w, &alice, SEC_FLAG_DCE_STYLE);
    establish(&w);
    assert_false(le32(w.tok[0].base + 12) & (NTLM_SIGN | NTLM_SEAL | NTLM_KEY_EXCH));
    assert_int_equal(sec_ntlm.protect(w.client, SEC_LEVEL_INTEGRITY, &iov, 1), STATUS_NOT_SUPPORTED);
    assert_int_equal(sec_ntlm.unprotect(w.server, SEC_LEVEL_PRIVACY, &iov, 1), STATUS_NOT_SUPPORTED);
    world_done(&w);
    world_init(&w, &alice, SEC_FLAG_DCE_STYLE);
    w.sp.flags |= SEC_FLAG_INTEGRITY; /* a server that insists refuses it */
    assert_int_equal(sec_ntlm.start(&w.cp, &w.client), STATUS_SUCCESS);
    assert_int_equal(sec_ntlm.start(&w.sp, &w.server), STATUS_SUCCESS);
    assert_int_equal(sec_ntlm.step(w.client, blob(NULL, 0), &w.tok[0]), STATUS_MORE_PROCESSING_REQUIRED);
    assert_int_equal(sec_ntlm.step(w.server, tok(&w, 0), &w.tok[1]), STATUS_NOT_SUPPORTED);
    world_done(&w);
}

/* Parts that are not as the table says. */
static void bad_parts(void **state)
{
    struct world w;
    uint8_t data[32] = { 0 };
    struct sec_iov none[] = { { SEC_PART_DATA, data, 16 } };
    struct sec_iov small[] = { { SEC_PART_DATA, data, 16 }, { SEC_PART_TOKEN, data + 16, 15 } };
    struct sec_iov two[] = { { SEC_PART_TOKEN, data, 16 }, { SEC_PART_TOKEN, data + 16, 16 } };

    (void)state;
    world_init(&w, &alice, SEC_FLAG_INTEGRITY);
    assert_int_equal(sec_ntlm.start(&w.cp, &w.client), STATUS_SUCCESS);
    assert_int_equal(sec_ntlm.protect(w.client, SEC_LEVEL_INTEGRITY, two + 1, 1),
                     STATUS_INVALID_DEVICE_STATE);
    sec_free(w.client);
    w.client = NULL;
    establish(&w);
    assert_int_equal(sec_ntlm.protect(w.client, SEC_LEVEL_INTEGRITY, none, 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(sec_ntlm.protect(w.client, SEC_LEVEL_INTEGRITY, small, 2), STATUS_INVALID_PARAMETER);
    assert_int_equal(sec_ntlm.protect(w.client, SEC_LEVEL_INTEGRITY, two, 2), STATUS_INVALID_PARAMETER);
    assert_int_equal(sec_ntlm.unprotect(w.client, SEC_LEVEL_INTEGRITY, small, 2), STATUS_INVALID_PARAMETER);
    assert_int_equal(sec_ntlm.protect(w.client, SEC_LEVEL_CONNECT, two + 1, 1), STATUS_INVALID_PARAMETER);
    world_done(&w);
}

/* Every prefix, and every byte changed, of every message: an error or an answer, never a crash. */
static void broken_messages(void **state)
{
    struct world w;

    (void)state;
    for (int which = 1; which < 3; which++) {
        size_t len = SIZE_MAX;

        for (size_t cut = 0; cut < 2 * len; cut++) {
            world_init(&w, &alice, SEC_FLAG_INTEGRITY);
            first_legs(&w);
            if (which == 2)
                assert_int_equal(client_answer(&w), STATUS_SUCCESS);
            struct wr *m = &w.tok[which];
            if (len == SIZE_MAX)
                len = m->len;
            if (cut < len)
                m->len = cut;
            else
                m->base[cut - len] ^= 0xFF;
            uint8_t *exact = malloc(m->len ? m->len : 1); /* so that a sanitizer sees the end */
            assert_non_null(exact);
            memcpy(exact, m->base, m->len);
            struct wr out;
            wr_init(&out, SEC_TOKEN_MAX);
            enum nt_status st = which == 1 ? sec_ntlm.step(w.client, blob(exact, m->len), &out)
                                           : sec_ntlm.step(w.server, blob(exact, m->len), &out);
            if (which == 2 || cut < len)
                assert_false(nt_ok(st) && cut < 64);
            wr_free(&out);
            free(exact);
            world_done(&w);
        }
    }
}

static void blocked(void **state)
{
    struct sec_creds_options o = alice;
    struct world w;
    struct sec_ctx *ctx = NULL;

    (void)state;
    o.no_ntlm = true;
    world_init(&w, &o, 0);
    assert_int_equal(sec_ntlm.start(&w.cp, &ctx), STATUS_NTLM_BLOCKED);
    world_done(&w);
    world_init(&w, &alice, 0);
    w.cp.mech = SEC_MECH_KRB5; /* CVE-2016-2124 */
    assert_int_equal(sec_ntlm.start(&w.cp, &ctx), STATUS_NTLM_BLOCKED);
    w.cp.mech = SEC_MECH_AUTO;
    w.cp.host = "srv1UWhRCAAAAAAAAAAAAAAAAAAAAAAAAAAAAwbEAYBAAAA"; /* CVE-2025-33073 */
    assert_int_equal(sec_ntlm.start(&w.cp, &ctx), STATUS_INVALID_PARAMETER);
    w.cp.host = "srv/x";
    assert_int_equal(sec_ntlm.start(&w.cp, &ctx), STATUS_INVALID_PARAMETER);
    w.cp.host = "srv.lab.example";
    w.cp.flags = SEC_FLAG_DATAGRAM;
    assert_int_equal(sec_ntlm.start(&w.cp, &ctx), STATUS_NOT_SUPPORTED);
    assert_null(ctx);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spec_keys),        cmocka_unit_test(spec_seal),
        cmocka_unit_test(all_modes),        cmocka_unit_test(names),
        cmocka_unit_test(refusals),         cmocka_unit_test(anonymous),
        cmocka_unit_test(anonymous_without_key),
        cmocka_unit_test(stripped_flags),   cmocka_unit_test(mic_covers_all),
        cmocka_unit_test(mic_removed),      cmocka_unit_test(relayed),
        cmocka_unit_test(channel_bindings), cmocka_unit_test(changed_messages),
        cmocka_unit_test(bad_parts),        cmocka_unit_test(broken_messages),
        cmocka_unit_test(blocked),          cmocka_unit_test(connect_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
