// SPDX-License-Identifier: Apache-2.0
/* SPNEGO: both roles against each other, changed mechanism lists, and tokens that are not as they should be.
 */
#include "sec/m_spnego.h"
#include "sec_world.h"

/* One step; the output replaces *out. */
static enum nt_status step(struct sec_ctx *c, struct nt_blob in, struct wr *out)
{
    struct wr fresh;

    wr_init(&fresh, SEC_TOKEN_MAX);
    enum nt_status st = c->p->step(c, in, &fresh);
    wr_free(out);
    *out = fresh;
    return st;
}

static struct nt_blob bytes(const struct wr *w)
{
    return blob(w->base, w->len);
}

#define MORE STATUS_MORE_PROCESSING_REQUIRED

static void start_both(struct world *w)
{
    assert_int_equal(sec_spnego.start(&w->cp, &w->client), STATUS_SUCCESS);
    assert_int_equal(sec_spnego.start(&w->sp, &w->server), STATUS_SUCCESS);
}

/* tok[0]: the client's last, tok[1]: the server's last token */
static void establish(struct world *w)
{
    start_both(w);
    assert_int_equal(step(w->client, blob(NULL, 0), &w->tok[0]), MORE);
    assert_int_equal(step(w->server, bytes(&w->tok[0]), &w->tok[1]), MORE);
    assert_int_equal(step(w->client, bytes(&w->tok[1]), &w->tok[0]), MORE);
    assert_int_equal(step(w->server, bytes(&w->tok[0]), &w->tok[1]), STATUS_SUCCESS);
    assert_int_equal(step(w->client, bytes(&w->tok[1]), &w->tok[0]), STATUS_SUCCESS);
    assert_int_equal(w->tok[0].len, 0);
}

static void send(struct sec_ctx *from, struct sec_ctx *to, enum sec_level level)
{
    uint8_t data[] = "some data", token[16];
    struct sec_iov iov[] = { { SEC_PART_DATA, data, sizeof(data) },
                             { SEC_PART_TOKEN, token, sizeof(token) } };

    assert_int_equal(from->p->token_size(from, level, sizeof(data)), sizeof(token));
    assert_int_equal(from->p->protect(from, level, iov, 2), STATUS_SUCCESS);
    /* mechListMIC had sequence number 0, and the first message goes on from there */
    assert_int_not_equal(le32(token + 12), 0);
    assert_int_equal(to->p->unprotect(to, level, iov, 2), STATUS_SUCCESS);
    assert_string_equal(data, "some data");
}

static void both_roles(void **state)
{
    struct world w;
    struct nt_blob a, b;

    (void)state;
    for (unsigned privacy = 0; privacy < 2; privacy++) {
        world_init(&w, &alice, SEC_FLAG_INTEGRITY | (privacy ? SEC_FLAG_PRIVACY : 0u));
        establish(&w);
        assert_int_equal(w.client->p->query(w.client, SEC_ITEM_SESSION_KEY, &a), STATUS_SUCCESS);
        assert_int_equal(w.server->p->query(w.server, SEC_ITEM_SESSION_KEY, &b), STATUS_SUCCESS);
        assert_memory_equal(a.data, b.data, 16);
        assert_int_equal(w.client->p->query(w.client, SEC_ITEM_MECH, &a), STATUS_SUCCESS);
        assert_memory_equal(a.data, "ntlm", 4);
        for (int i = 0; i < 3; i++) {
            send(w.client, w.server, privacy ? SEC_LEVEL_PRIVACY : SEC_LEVEL_INTEGRITY);
            send(w.server, w.client, privacy ? SEC_LEVEL_PRIVACY : SEC_LEVEL_INTEGRITY);
        }
        /* no step after the end */
        assert_int_equal(step(w.client, bytes(&w.tok[1]), &w.tok[0]), STATUS_INVALID_DEVICE_STATE);
        world_done(&w);
    }
}

static void server_speaks_first(void **state)
{
    struct world w;
    struct spnego_init hint;

    (void)state;
    world_init(&w, &alice, SEC_FLAG_INTEGRITY);
    start_both(&w);
    assert_int_equal(step(w.server, blob(NULL, 0), &w.tok[1]), MORE);
    assert_int_equal(spnego_parse_init(bytes(&w.tok[1]), &hint), STATUS_SUCCESS);
    assert_int_equal(hint.mech_count, 1);
    assert_int_equal(hint.mechs[0], MECH_NTLM);
    assert_null(hint.token.data);
    assert_int_equal(step(w.client, bytes(&w.tok[1]), &w.tok[0]), MORE);
    assert_int_equal(step(w.server, bytes(&w.tok[0]), &w.tok[1]), MORE);
    world_done(&w);

    /* a hint without our mechanism says so at once */
    static const enum spnego_mech kerberos[] = { MECH_MS_KRB5, MECH_KRB5 };
    struct wr list, token;
    wr_init(&list, 100);
    wr_init(&token, 200);
    spnego_put_mech_list(&list, kerberos, 2);
    spnego_put_init(&token, bytes(&list), blob(NULL, 0), true);
    world_init(&w, &alice, SEC_FLAG_INTEGRITY);
    start_both(&w);
    assert_int_equal(step(w.client, bytes(&token), &w.tok[0]), STATUS_NOT_SUPPORTED);
    assert_non_null(strstr(w.client_err.text, "NTLM"));
    wr_free(&list);
    wr_free(&token);
    world_done(&w);
}

/* The client's own list in front of a token of NTLM, as a foreign client would send it. */
static void put_foreign_init(struct wr *w, const enum spnego_mech *mechs, size_t n, struct nt_blob token)
{
    struct wr list;

    wr_init(&list, 1000);
    spnego_put_mech_list(&list, mechs, n);
    spnego_put_init(w, bytes(&list), token, false);
    wr_free(&list);
}

/* A man in the middle puts another list before the server: the MICs do not fit. */
static void list_changed(void **state)
{
    static const enum spnego_mech lists[2][2] = { { MECH_NTLM, MECH_KRB5 }, { MECH_KRB5, MECH_NTLM } };
    struct world w;
    struct spnego_init t;

    (void)state;
    for (int second = 0; second < 2; second++) {
        world_init(&w, &alice, SEC_FLAG_INTEGRITY);
        start_both(&w);
        assert_int_equal(step(w.client, blob(NULL, 0), &w.tok[0]), MORE);
        assert_int_equal(spnego_parse_init(bytes(&w.tok[0]), &t), STATUS_SUCCESS);
        put_foreign_init(&w.tok[2], lists[second], 2, t.token);
        assert_int_equal(step(w.server, bytes(&w.tok[2]), &w.tok[1]), MORE);
        if (second) { /* the optimistic token was not for NTLM: the server asks for it, and for a MIC */
            struct spnego_resp r;

            assert_int_equal(spnego_parse_resp(bytes(&w.tok[1]), &r), STATUS_SUCCESS);
            assert_int_equal(r.state, NEG_REQUEST_MIC);
            assert_int_equal(r.mech, MECH_NTLM);
            assert_null(r.token.data);
            wr_free(&w.tok[2]);
            wr_init(&w.tok[2], SEC_TOKEN_MAX);
            spnego_put_resp(&w.tok[2], &(struct spnego_resp){ .state = NEG_ABSENT, .token = t.token });
            assert_int_equal(step(w.server, bytes(&w.tok[2]), &w.tok[1]), MORE);
        }
        assert_int_equal(step(w.client, bytes(&w.tok[1]), &w.tok[0]), MORE);
        assert_int_equal(step(w.server, bytes(&w.tok[0]), &w.tok[1]), STATUS_DOWNGRADE_DETECTED);
        world_done(&w);
    }
}

/* The same with the MIC taken out: not needed for the first mechanism, but after a change. */
static void mic_removed(void **state)
{
    static const enum spnego_mech list[2] = { MECH_KRB5, MECH_NTLM };
    struct world w;
    struct spnego_init t;
    struct spnego_resp r;

    (void)state;
    for (int changed = 0; changed < 2; changed++) {
        world_init(&w, &alice, SEC_FLAG_INTEGRITY);
        start_both(&w);
        assert_int_equal(step(w.client, blob(NULL, 0), &w.tok[0]), MORE);
        if (changed) {
            assert_int_equal(spnego_parse_init(bytes(&w.tok[0]), &t), STATUS_SUCCESS);
            put_foreign_init(&w.tok[2], list, 2, blob(NULL, 0));
            assert_int_equal(step(w.server, bytes(&w.tok[2]), &w.tok[1]), MORE);
            wr_free(&w.tok[2]);
            wr_init(&w.tok[2], SEC_TOKEN_MAX);
            spnego_put_resp(&w.tok[2], &(struct spnego_resp){ .state = NEG_ABSENT, .token = t.token });
            assert_int_equal(step(w.server, bytes(&w.tok[2]), &w.tok[1]), MORE);
        } else {
            assert_int_equal(step(w.server, bytes(&w.tok[0]), &w.tok[1]), MORE);
        }
        assert_int_equal(step(w.client, bytes(&w.tok[1]), &w.tok[0]), MORE);
        assert_int_equal(spnego_parse_resp(bytes(&w.tok[0]), &r), STATUS_SUCCESS);
        assert_int_equal(r.mic.len, 16);
        r.mic = blob(NULL, 0);
        wr_free(&w.tok[2]);
        wr_init(&w.tok[2], SEC_TOKEN_MAX);
        spnego_put_resp(&w.tok[2], &r);
        enum nt_status st = step(w.server, bytes(&w.tok[2]), &w.tok[1]);
        assert_int_equal(spnego_parse_resp(bytes(&w.tok[1]), &r), STATUS_SUCCESS);
        if (changed) { /* not accepted: the server goes on asking */
            assert_int_equal(st, MORE);
            assert_int_equal(r.state, NEG_ACCEPT_INCOMPLETE);
            assert_int_equal(r.mic.len, 16);
        } else {
            assert_int_equal(st, STATUS_SUCCESS);
            assert_int_equal(r.state, NEG_ACCEPT_COMPLETED);
            assert_null(r.mic.data);
        }
        world_done(&w);
    }
}

/* What the server may answer to our first token, and what we make of it. */
static void server_answers(void **state)
{
    static const struct {
        struct spnego_resp r;
        bool keep_token;
        enum nt_status st;
    } t[] = {
        { { .state = NEG_REJECT }, false, STATUS_LOGON_FAILURE },
        { { .state = NEG_ACCEPT_INCOMPLETE, .has_mech = true, .mech = MECH_KRB5 },
          true,
          STATUS_DOWNGRADE_DETECTED },
        { { .state = NEG_REQUEST_MIC, .has_mech = true, .mech = MECH_MS_KRB5 },
          false,
          STATUS_DOWNGRADE_DETECTED },
        { { .state = NEG_ACCEPT_COMPLETED, .has_mech = true, .mech = MECH_NTLM },
          false,
          STATUS_INVALID_NETWORK_RESPONSE },
        { { .state = NEG_ACCEPT_COMPLETED, .has_mech = true, .mech = MECH_NTLM },
          true,
          STATUS_INVALID_NETWORK_RESPONSE },
        { { .state = NEG_ACCEPT_INCOMPLETE }, true, MORE },
        { { .state = NEG_REQUEST_MIC, .has_mech = true, .mech = MECH_NTLM }, true, MORE },
        { { .state = NEG_ABSENT }, true, MORE },
    };
    struct world w;
    struct spnego_resp was, r;

    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        world_init(&w, &alice, SEC_FLAG_INTEGRITY);
        start_both(&w);
        assert_int_equal(step(w.client, blob(NULL, 0), &w.tok[0]), MORE);
        assert_int_equal(step(w.server, bytes(&w.tok[0]), &w.tok[1]), MORE);
        assert_int_equal(spnego_parse_resp(bytes(&w.tok[1]), &was), STATUS_SUCCESS);
        r = t[i].r;
        if (t[i].keep_token)
            r.token = was.token;
        spnego_put_resp(&w.tok[2], &r);
        assert_int_equal(step(w.client, bytes(&w.tok[2]), &w.tok[0]), t[i].st);
        if (r.state == NEG_REQUEST_MIC && t[i].st == MORE) {
            /* asked for, so the end without the server's own is refused */
            wr_free(&w.tok[2]);
            wr_init(&w.tok[2], SEC_TOKEN_MAX);
            spnego_put_resp(&w.tok[2], &(struct spnego_resp){ .state = NEG_ACCEPT_COMPLETED });
            assert_int_equal(step(w.client, bytes(&w.tok[2]), &w.tok[0]), STATUS_DOWNGRADE_DETECTED);
        } else if (t[i].st != MORE) {
            assert_true(w.client_err.text[0] != '\0');
            assert_int_equal(w.tok[0].len, 0);
            assert_int_equal(step(w.client, bytes(&w.tok[1]), &w.tok[0]), STATUS_INVALID_DEVICE_STATE);
        }
        world_done(&w);
    }
}

/* A wrong MIC at the end, and none: the first is refused, the second says nothing (one mechanism was
 * offered). */
static void last_answer(void **state)
{
    static const uint8_t wrong[16] = { 1 };
    struct world w;

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct spnego_resp r = { .state = NEG_ACCEPT_COMPLETED };

        world_init(&w, &alice, SEC_FLAG_INTEGRITY);
        start_both(&w);
        assert_int_equal(step(w.client, blob(NULL, 0), &w.tok[0]), MORE);
        assert_int_equal(step(w.server, bytes(&w.tok[0]), &w.tok[1]), MORE);
        assert_int_equal(step(w.client, bytes(&w.tok[1]), &w.tok[0]), MORE);
        if (i == 1)
            r.mic = blob(wrong, sizeof(wrong));
        else if (i == 2)
            r.token = blob(wrong, sizeof(wrong));
        if (i < 3)
            spnego_put_resp(&w.tok[2], &r); /* i == 3: the application protocol says it, without a token */
        assert_int_equal(step(w.client, bytes(&w.tok[2]), &w.tok[0]), i == 1 ? STATUS_DOWNGRADE_DETECTED
                                                                      : i == 2
                                                                          ? STATUS_INVALID_NETWORK_RESPONSE
                                                                          : STATUS_SUCCESS);
        world_done(&w);
    }
}

/* Windows' servers take NTLM without SPNEGO around it; so do ours. */
static void raw_ntlm(void **state)
{
    struct world w;
    struct nt_blob peer;

    (void)state;
    world_init(&w, &alice, SEC_FLAG_INTEGRITY);
    assert_int_equal(sec_ntlm.start(&w.cp, &w.client), STATUS_SUCCESS);
    assert_int_equal(sec_spnego.start(&w.sp, &w.server), STATUS_SUCCESS);
    assert_int_equal(step(w.client, blob(NULL, 0), &w.tok[0]), MORE);
    assert_int_equal(step(w.server, bytes(&w.tok[0]), &w.tok[1]), MORE);
    assert_int_equal(step(w.client, bytes(&w.tok[1]), &w.tok[0]), STATUS_SUCCESS);
    assert_int_equal(step(w.server, bytes(&w.tok[0]), &w.tok[1]), STATUS_SUCCESS);
    assert_int_equal(w.server->p->query(w.server, SEC_ITEM_PEER, &peer), STATUS_SUCCESS);
    assert_memory_equal(peer.data, "LAB\\alice", 9);
    world_done(&w);

    world_init(&w, &alice, SEC_FLAG_INTEGRITY);
    w.sp.mech = SEC_MECH_KRB5; /* Kerberos required: no NTLM in any wrapping */
    start_both(&w);
    assert_int_equal(step(w.client, blob(NULL, 0), &w.tok[0]), MORE);
    assert_int_equal(step(w.server, bytes(&w.tok[0]), &w.tok[1]), STATUS_NOT_SUPPORTED);
    world_done(&w);
}

static void anonymous(void **state)
{
    struct sec_creds_options o = SEC_CREDS_OPTIONS_INIT;
    struct world w;
    struct nt_blob b;

    (void)state;
    o.mech = SEC_MECH_ANONYMOUS;
    world_init(&w, &o, 0);
    w.sp.flags = SEC_FLAG_ANONYMOUS;
    establish(&w);
    assert_int_equal(w.client->p->query(w.client, SEC_ITEM_SESSION_KEY, &b), STATUS_NO_USER_SESSION_KEY);
    world_done(&w);
}

/* SEC_MECH_AUTO with an address, a lone account or no Kerberos at all is NTLM; Kerberos required never is. */
static void choice(void **state)
{
    static const struct {
        const char *user, *host;
        enum sec_mech mech;
        const char *chosen;
    } t[] = {
        { "alice", "192.0.2.1", SEC_MECH_AUTO, "ntlm" },
        { "alice@LAB.EXAMPLE", "192.0.2.1", SEC_MECH_AUTO, "ntlm" },
        { "alice@LAB.EXAMPLE", "[2001:db8::1]", SEC_MECH_AUTO, "ntlm" },
        { "alice@LAB.EXAMPLE", "fe80::1%eth0", SEC_MECH_AUTO, "ntlm" },
        { "alice@LAB.EXAMPLE", "srv.lab.example", SEC_MECH_AUTO, "krb5" },
        { "lab.example\\alice", "srv", SEC_MECH_AUTO, "krb5" },
        { "alice@LAB.EXAMPLE", "srv.lab.example", SEC_MECH_NTLM, "ntlm" },
        { "alice@LAB.EXAMPLE", "srv.lab.example", SEC_MECH_KRB5, "krb5" },
    };
    struct world w;
    struct nt_blob b;

    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct sec_creds_options o = {
            .size = sizeof(o), .user = t[i].user, .password = "x", .mech = t[i].mech
        };

        if (strcmp(t[i].chosen, "krb5") == 0 && !sec_provider_by_name("krb5"))
            continue;
        world_init(&w, &o, SEC_FLAG_INTEGRITY);
        w.cp.host = t[i].host;
        assert_int_equal(sec_spnego.start(&w.cp, &w.client), STATUS_SUCCESS);
        assert_int_equal(w.client->p->query(w.client, SEC_ITEM_MECH, &b), STATUS_SUCCESS);
        assert_memory_equal(b.data, t[i].chosen, 4);
        world_done(&w);
    }
    if (sec_provider_by_name("krb5")) {
        struct sec_creds_options o = {
            .size = sizeof(o), .user = "alice", .password = "x", .mech = SEC_MECH_KRB5
        };

        world_init(&w, &o, SEC_FLAG_INTEGRITY);
        w.cp.host = "192.0.2.1";
        assert_int_equal(sec_spnego.start(&w.cp, &w.client), STATUS_INVALID_PARAMETER);
        world_done(&w);
    }
}

/* Every prefix, and every byte changed, of every token. */
static void broken_tokens(void **state)
{
    struct world w;

    (void)state;
    for (int which = 0; which < 4; which++) {
        size_t len = SIZE_MAX;

        for (size_t cut = 0; cut < 2 * len; cut++) {
            world_init(&w, &alice, SEC_FLAG_INTEGRITY);
            start_both(&w);
            struct wr *m = &w.tok[0];

            assert_int_equal(step(w.client, blob(NULL, 0), &w.tok[0]), MORE);
            for (int i = 0; i < which; i++) {
                struct wr *next = &w.tok[(i + 1) & 1];
                enum nt_status st = step(i & 1 ? w.client : w.server, bytes(m), next);

                assert_int_equal(st, i == 2 ? STATUS_SUCCESS : MORE);
                m = next;
            }
            if (len == SIZE_MAX)
                len = m->len;
            size_t n = cut < len ? cut : len;
            uint8_t *exact = malloc(n ? n : 1); /* so that a sanitizer sees the end */
            assert_non_null(exact);
            memcpy(exact, m->base, n);
            if (cut >= len)
                exact[cut - len] ^= 0xFF;
            struct wr out;
            wr_init(&out, SEC_TOKEN_MAX);
            enum nt_status st = step(which & 1 ? w.client : w.server, blob(exact, n), &out);
            if (cut > 0 && cut < len) /* nothing shorter is a token */
                assert_true(!nt_ok(st) && st != MORE);
            wr_free(&out);
            free(exact);
            world_done(&w);
        }
    }
}

static void put_der(struct wr *w, uint8_t tag, size_t len)
{
    wr_u8(w, tag);
    wr_u8(w, 0x82);
    wr_u8(w, (uint8_t)(len >> 8));
    wr_u8(w, (uint8_t)len);
}

/* A list of n octets, with one mechanism of nobody's in it: an acceptor keeps the list of whoever comes. */
static enum nt_status long_list(size_t n)
{
    static const uint8_t spnego[] = { 6, 6, 0x2b, 6, 1, 5, 5, 2 };
    struct spnego_init t;
    struct wr w;

    wr_init(&w, SEC_TOKEN_MAX);
    put_der(&w, 0x60, sizeof(spnego) + 12 + n);
    wr_bytes(&w, spnego, sizeof(spnego));
    put_der(&w, 0xA0, 8 + n);
    put_der(&w, 0x30, 4 + n);
    put_der(&w, 0xA0, n);
    put_der(&w, 0x30, n - 4);
    put_der(&w, 0x06, n - 8);
    while (w.st == STATUS_SUCCESS && w.len < sizeof(spnego) + 16 + n)
        wr_u8(&w, 1);
    enum nt_status st = spnego_parse_init(bytes(&w), &t);
    if (st == STATUS_SUCCESS)
        assert_int_equal(t.mech_list.len, n);
    wr_free(&w);
    return st;
}

static void der_limits(void **state)
{
    enum spnego_mech many[SPNEGO_MECHS_MAX + 1];
    struct spnego_init t;
    struct spnego_resp r;
    struct wr w;

    (void)state;
    for (size_t n = SPNEGO_MECHS_MAX; n <= SPNEGO_MECHS_MAX + 1; n++) {
        for (size_t i = 0; i < n; i++)
            many[i] = MECH_KRB5;
        wr_init(&w, SEC_TOKEN_MAX);
        put_foreign_init(&w, many, n, blob("x", 1));
        assert_int_equal(spnego_parse_init(bytes(&w), &t),
                         n > SPNEGO_MECHS_MAX ? STATUS_INVALID_NETWORK_RESPONSE : STATUS_SUCCESS);
        wr_free(&w);
    }
    assert_int_equal(long_list(SPNEGO_MECH_LIST_MAX), STATUS_SUCCESS);
    assert_int_equal(long_list(SPNEGO_MECH_LIST_MAX + 1), STATUS_INVALID_NETWORK_RESPONSE);
    assert_int_equal(long_list(60000), STATUS_INVALID_NETWORK_RESPONSE);
    static const uint8_t indefinite[] = { 0xA1, 0x80, 0x30, 0x00, 0, 0 };
    static const uint8_t huge[] = { 0xA1, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x30, 0x00 };
    static const uint8_t nine[] = { 0xA1, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x30, 0x00 };
    static const uint8_t state4[] = { 0xA1, 7, 0x30, 5, 0xA0, 3, 0x0A, 1, 4 };
    static const uint8_t padded[] = { 0xA1, 0x84, 0, 0, 0, 7, 0x30, 5, 0xA0, 3, 0x0A, 1, 3 };
    static const uint8_t later[] = { 0xA1, 9, 0x30, 7, 0xA0, 3, 0x0A, 1, 3, 0xA7, 0 };
    static const uint8_t order[] = { 0xA1, 10, 0x30, 8, 0xA3, 3, 4, 1, 3, 0xA2, 1, 0 };
    static const uint8_t more[] = { 0xA1, 7, 0x30, 5, 0xA0, 3, 0x0A, 1, 3, 0 };
    assert_int_equal(spnego_parse_resp(blob(indefinite, sizeof(indefinite)), &r),
                     STATUS_INVALID_NETWORK_RESPONSE);
    assert_int_equal(spnego_parse_resp(blob(huge, sizeof(huge)), &r), STATUS_INVALID_NETWORK_RESPONSE);
    assert_int_equal(spnego_parse_resp(blob(nine, sizeof(nine)), &r), STATUS_INVALID_NETWORK_RESPONSE);
    assert_int_equal(spnego_parse_resp(blob(state4, sizeof(state4)), &r), STATUS_INVALID_NETWORK_RESPONSE);
    assert_int_equal(spnego_parse_resp(blob(more, sizeof(more)), &r), STATUS_INVALID_NETWORK_RESPONSE);
    assert_int_equal(spnego_parse_resp(blob(order, sizeof(order)), &r), STATUS_INVALID_NETWORK_RESPONSE);
    assert_int_equal(spnego_parse_resp(blob(later, sizeof(later)), &r), STATUS_SUCCESS);
    assert_int_equal(spnego_parse_resp(blob(padded, sizeof(padded)), &r), STATUS_SUCCESS);
    assert_int_equal(r.state, NEG_REQUEST_MIC);
}

/* The exact bytes of RFC 4178 with [MS-SPNG]'s hints, as Samba and Windows send them before the first client
 * token. */
static void known_bytes(void **state)
{
    static const uint8_t samba[] = { 0x60, 0x48, 0x06, 0x06, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02,
                                     0xa0, 0x3e, 0x30, 0x3c, 0xa0, 0x0e, 0x30, 0x0c, 0x06, 0x0a,
                                     0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a,
                                     0xa3, 0x2a, 0x30, 0x28, 0xa0, 0x26, 0x1b, 0x24 };
    struct wr w, list;

    (void)state;
    wr_init(&w, SEC_TOKEN_MAX);
    wr_init(&list, 100);
    spnego_put_mech_list(&list, (const enum spnego_mech[]){ MECH_NTLM }, 1);
    spnego_put_init(&w, bytes(&list), blob(NULL, 0), true);
    assert_int_equal(w.len, sizeof(samba) + 36);
    assert_memory_equal(w.base, samba, sizeof(samba));
    assert_memory_equal(w.base + sizeof(samba), "not_defined_in_RFC4178@please_ignore", 36);
    wr_free(&w);
    wr_free(&list);
}

int main(void)
{
    setenv("KRB5_CONFIG", "/dev/null", 1); /* no realm of this machine's */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_roles),     cmocka_unit_test(server_speaks_first),
        cmocka_unit_test(list_changed),   cmocka_unit_test(mic_removed),
        cmocka_unit_test(server_answers), cmocka_unit_test(last_answer),
        cmocka_unit_test(raw_ntlm),       cmocka_unit_test(anonymous),
        cmocka_unit_test(choice),         cmocka_unit_test(broken_tokens),
        cmocka_unit_test(der_limits),     cmocka_unit_test(known_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
