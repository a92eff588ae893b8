// SPDX-License-Identifier: Apache-2.0
/* Credentials: names in all spellings, contradictions, equality, counting. */
#include "sec/m_sec.h"
#include "sec_world.h"

static struct sec_creds *make(struct sec_creds_options o)
{
    struct sec_creds *c = NULL;
    struct nt_error err = { "" };

    o.size = sizeof(o);
    enum nt_status st = sec_creds_new(&o, &c, &err);
    if (!nt_ok(st)) {
        assert_int_equal(st, STATUS_INVALID_PARAMETER);
        assert_null(c);
        assert_true(strlen(err.text) > 10);
    }
    return c;
}

#define MAKE(...) make((struct sec_creds_options){ __VA_ARGS__ })

static void names(void **state)
{
    static const struct {
        const char *user, *domain, *want_user, *want_domain;
        bool upn;
    } t[] = {
        { "alice", NULL, "alice", "", false },
        { "alice", "LAB", "alice", "LAB", false },
        { "LAB\\alice", NULL, "alice", "LAB", false },
        { "LAB\\alice", "lab", "alice", "LAB", false },
        { "\\alice", NULL, "alice", "", false },
        { "alice@lab.example", NULL, "alice", "lab.example", true },
        { "alice@lab.example", "LAB.EXAMPLE", "alice", "lab.example", true },
        { "alice@work@lab.example", NULL, "alice@work", "lab.example", true },
        /* a domain beside it says that '@' is part of the name */
        { "alice@lab.example", "OTHER", "alice@lab.example", "OTHER", false },
        { "@alice", NULL, "@alice", "", false },
        { "alice@", NULL, "alice@", "", false },
        { "Ångström", "日本", "Ångström", "日本", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct sec_creds *c = MAKE(.user = t[i].user, .domain = t[i].domain, .password = "x");

        assert_non_null(c);
        assert_string_equal(sec_creds_user(c), t[i].want_user);
        assert_string_equal(sec_creds_domain(c), t[i].want_domain);
        assert_int_equal(c->upn, t[i].upn);
        sec_creds_unref(c);
    }
    assert_string_equal(sec_creds_user(NULL), "");
    assert_string_equal(sec_creds_domain(NULL), "");
}

static void contradictions(void **state)
{
    static const uint8_t hash[16];
    static char long_name[5000];

    (void)state;
    memset(long_name, 'a', sizeof(long_name) - 1);
    assert_null(MAKE(.user = "LAB\\alice", .domain = "OTHER", .password = "x"));
    assert_null(MAKE(.user = "LAB\\", .password = "x"));
    assert_null(MAKE(.user = "A\\B\\alice", .password = "x"));
    assert_null(MAKE(.user = "alice\xff", .password = "x"));
    assert_null(MAKE(.user = "alice", .password = "\xc0\x80"));
    assert_null(MAKE(.user = long_name, .password = "x"));
    assert_null(MAKE(.password = "x"));
    assert_null(MAKE(.user = "alice", .password = "x", .nt_hash = hash));
    assert_null(MAKE(.user = "alice", .password = "x", .ccache = "FILE:/x"));
    assert_null(MAKE(.user = "alice", .ccache = "FILE:/x", .keytab = "FILE:/y"));
    assert_null(MAKE(.user = "alice", .password = "x", .mech = SEC_MECH_ANONYMOUS));
    assert_null(MAKE(.user = "alice", .mech = SEC_MECH_NTLM));
    assert_null(MAKE(.mech = SEC_MECH_NTLM, .password = "x"));
    assert_null(MAKE(.user = "alice", .password = "x", .mech = SEC_MECH_NTLM, .no_ntlm = true));
    assert_null(MAKE(.user = "alice", .password = "x", .mech = SEC_MECH_NTLM, .ccache = "FILE:/x"));
    assert_null(MAKE(.user = "alice", .nt_hash = hash, .mech = SEC_MECH_KRB5));
    assert_null(MAKE(.keytab = "FILE:/x", .mech = SEC_MECH_KRB5));
    assert_null(MAKE(.user = "alice", .password = "x", .mech = (enum sec_mech)9));
}

/* What need not be kept is not kept. */
static void secrets(void **state)
{
    static const uint8_t want[16] = {
        0xa4, 0xf4, 0x9c, 0x40, 0x65, 0x10, 0xbd, 0xca, 0xb6, 0x82, 0x4e, 0xe7, 0xc3, 0x0f, 0xd8, 0x52
    }; /* [MS-NLMP] 4.2.2.1.2 */
    struct sec_creds *c = MAKE(.user = "User", .password = "Password", .mech = SEC_MECH_NTLM);

    (void)state;
    assert_true(c->has_hash);
    assert_memory_equal(c->nt_hash, want, 16);
    assert_null(c->password);
    sec_creds_unref(c);
    c = MAKE(.user = "User", .password = "Password", .mech = SEC_MECH_KRB5);
    assert_false(c->has_hash);
    assert_string_equal(c->password, "Password");
    sec_creds_unref(c);
    c = MAKE(.user = "User", .nt_hash = want);
    assert_true(c->has_hash);
    assert_memory_equal(c->nt_hash, want, 16);
    sec_creds_unref(c);
    c = MAKE(.user = "User", .password = ""); /* an empty password is a password */
    assert_true(c->has_hash);
    assert_string_equal(c->password, "");
    sec_creds_unref(c);
}

static void equality(void **state)
{
    static const uint8_t hash[16] = { 1 };
    struct sec_creds *c[] = {
        MAKE(.user = "alice", .password = "x"),
        MAKE(.user = "alice", .password = "y"),
        MAKE(.user = "alice", .domain = "LAB", .password = "x"),
        MAKE(.user = "alice", .nt_hash = hash),
        MAKE(.user = "alice", .password = "x", .mech = SEC_MECH_NTLM),
        MAKE(.user = "alice", .password = "y", .mech = SEC_MECH_NTLM),
        MAKE(.user = "alice", .password = "x", .mech = SEC_MECH_KRB5),
        MAKE(.user = "alice", .password = "", .mech = SEC_MECH_KRB5),
        MAKE(.user = "alice", .mech = SEC_MECH_KRB5),
        MAKE(.ccache = "FILE:/x"),
        MAKE(.ccache = "FILE:/y"),
        MAKE(.mech = SEC_MECH_ANONYMOUS),
        MAKE(.user = "alice", .password = "x", .no_ntlm = true),
        MAKE(.user = "alice", .password = "x", .workstation = "WS"),
    };
    size_t n = sizeof(c) / sizeof(c[0]);

    (void)state;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            assert_int_equal(sec_creds_equal(c[i], c[k]), i == k);
    struct sec_creds *same = MAKE(.user = "alice", .password = "x");
    assert_true(sec_creds_equal(c[0], same));
    assert_false(sec_creds_equal(c[0], NULL));
    assert_true(sec_creds_equal(NULL, NULL));
    sec_creds_unref(same);
    for (size_t i = 0; i < n; i++)
        sec_creds_unref(c[i]);
}

static void counting(void **state)
{
    struct sec_creds *c = MAKE(.user = "alice", .password = "x");

    (void)state;
    assert_ptr_equal(sec_creds_ref(c), c);
    sec_creds_unref(c);
    assert_string_equal(sec_creds_user(c), "alice"); /* still there */
    sec_creds_unref(c);
    assert_null(sec_creds_ref(NULL));
    sec_creds_unref(NULL);
}

/* A caller built against a header with fewer members. */
static void older_caller(void **state)
{
    struct sec_creds_options o = { .user = "alice", .password = "x", .no_ntlm = true };
    struct sec_creds *c = NULL;

    (void)state;
    o.size = offsetof(struct sec_creds_options, no_ntlm);
    assert_int_equal(sec_creds_new(&o, &c, NULL), STATUS_SUCCESS);
    assert_false(c->no_ntlm);
    sec_creds_unref(c);
}

static void addresses(void **state)
{
    (void)state;
    assert_true(sec_is_address("127.0.0.1"));
    assert_true(sec_is_address("::1"));
    assert_true(sec_is_address("[::1]"));
    assert_true(sec_is_address("fe80::1%eth0"));
    assert_false(sec_is_address("127.0.0.1.example"));
    assert_false(sec_is_address("dc1"));
    assert_false(sec_is_address(""));
    assert_false(sec_is_address("1.2.3"));
    assert_false(sec_is_address("cafe"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),     cmocka_unit_test(contradictions), cmocka_unit_test(secrets),
        cmocka_unit_test(equality),  cmocka_unit_test(counting),       cmocka_unit_test(older_caller),
        cmocka_unit_test(addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
