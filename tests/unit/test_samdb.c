// SPDX-License-Identifier: Apache-2.0
/* The account store: nouns and rules. Faults, damage, crashes and crowds: test_samdb_faults.c. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "crypto/crypto.h"
#include "samdb/m_samdb.h"
#include "samdb_world.h"

/* ---- Kerberos keys ---- */

/* [MS-KILE] 4.4 has 120 characters U+FFFF, 1000 iterations; the others are of RFC 3962 appendix B. */
static void string_to_key(void **state)
{
    static const uint8_t spec[16] = { 0xb8, 0x2e, 0xe1, 0x22, 0x53, 0x1c, 0x2d, 0x94,
                                      0x82, 0x1a, 0xc7, 0x55, 0xbc, 0xcb, 0x58, 0x79 };
    static const uint8_t rfc128[16] = { 0x42, 0x26, 0x3c, 0x6e, 0x89, 0xf4, 0xfc, 0x28,
                                        0xb8, 0xdf, 0x68, 0xee, 0x09, 0x79, 0x9f, 0x15 };
    static const uint8_t rfc256[32] = { 0xfe, 0x69, 0x7b, 0x52, 0xbc, 0x0d, 0x3c, 0xe1, 0x44, 0x32, 0xba,
                                        0x03, 0x6a, 0x92, 0xe6, 0x5b, 0xbb, 0x52, 0x28, 0x09, 0x90, 0xa2,
                                        0xfa, 0x27, 0x88, 0x39, 0x98, 0xd7, 0x2a, 0xf3, 0x01, 0x61 };
    char wide[3 * 120];
    uint8_t key[32];
    (void)state;
    for (size_t i = 0; i < sizeof wide; i += 3)
        memcpy(wide + i, "\xef\xbf\xbf", 3);
    samdb_string_to_key(wide, sizeof wide, "DOMAIN.COMhostclient.domain.com", 1000, key, 16);
    assert_memory_equal(key, spec, 16);
    samdb_string_to_key("password", 8, "ATHENA.MIT.EDUraeburn", 1, key, 16);
    assert_memory_equal(key, rfc128, 16);
    samdb_string_to_key("password", 8, "ATHENA.MIT.EDUraeburn", 1, key, 32);
    assert_memory_equal(key, rfc256, 32);
}

/* ---- a new store ---- */

static void fresh_store(void **state)
{
    struct world *w = *state;
    struct samdb_domain dom;
    struct samdb_name n;
    struct samdb_user u;
    assert_int_equal(samdb_domain(w->d, w->mem, &dom), STATUS_SUCCESS);
    assert_string_equal(dom.machine, "BOX");
    assert_string_equal(dom.realm, "lab.example");
    assert_int_equal(dom.sid.count, 4);
    assert_int_equal(dom.sid.sub[0], 21);
    assert_int_equal(samdb_find(w->d, SAMDB_ACCOUNT, "ADMIN", w->mem, &n), STATUS_SUCCESS);
    assert_string_equal(n.name, "admin");
    assert_int_equal(n.rid, 500);
    assert_int_equal(samdb_find(w->d, SAMDB_BUILTIN, "administrators", w->mem, &n), STATUS_SUCCESS);
    assert_int_equal(n.rid, 544);
    assert_int_equal(n.kind, SAMDB_ALIAS);
    assert_int_equal(samdb_find(w->d, SAMDB_ACCOUNT, "Administrators", w->mem, &n), STATUS_NONE_MAPPED);
    assert_int_equal(samdb_user_get(w->d, 501, w->mem, &u), STATUS_SUCCESS);
    assert_true(u.control & UF_DISABLED);
    assert_int_equal(samdb_user_get(w->d, 500, w->mem, &u), STATUS_SUCCESS);
    assert_true(u.has_password);
    assert_int_equal(samdb_check(w->d, NULL), STATUS_SUCCESS);
}

static void names(void **state)
{
    struct world *w = *state;
    uint32_t rid = 0, other = 0;
    struct samdb_name n, *list;
    unsigned count;
    static const char *const bad[] = { "",   " ",  "a.", "a/b", "a\\b",  "a\"",  "a[",
                                       "a]", "a:", "a|", "a<",  "a>",    "a+",   "a=",
                                       "a;", "a?", "a,", "a*",  "a\x01", "\xff", "123456789012345678901" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(samdb_user_add(w->d, bad[i], 0, &rid), STATUS_INVALID_ACCOUNT_NAME);
    assert_int_equal(rid, 0); /* untouched */
    assert_int_equal(samdb_user_add(w->d, "J\xc3\xbcrgen", 0, &rid), STATUS_SUCCESS);
    assert_int_equal(rid, 1000);
    assert_int_equal(samdb_user_add(w->d, "J\xc3\x9cRGEN", 0, &other), STATUS_USER_EXISTS);
    assert_int_equal(samdb_group_add(w->d, SAMDB_ACCOUNT, SAMDB_ALIAS, "j\xc3\xbcrgen", "", &other),
                     STATUS_USER_EXISTS);
    /* one space of names over both places */
    assert_int_equal(samdb_user_add(w->d, "administrators", 0, &other), STATUS_ALIAS_EXISTS);
    assert_int_equal(samdb_user_add(w->d, "none", 0, &other), STATUS_GROUP_EXISTS);
    assert_int_equal(samdb_find(w->d, SAMDB_ACCOUNT, "j\xc3\x9crgen", w->mem, &n), STATUS_SUCCESS);
    assert_int_equal(n.rid, 1000);
    assert_int_equal(samdb_find_rid(w->d, SAMDB_ACCOUNT, 1000, w->mem, &n), STATUS_SUCCESS);
    assert_int_equal(samdb_find_rid(w->d, SAMDB_ACCOUNT, 4711, w->mem, &n), STATUS_NONE_MAPPED);
    assert_int_equal(samdb_list(w->d, SAMDB_ACCOUNT, SAMDB_USER, 500, 100, w->mem, &list, &count),
                     STATUS_SUCCESS);
    assert_int_equal(count, 2);
    assert_int_equal(list[0].rid, 501);
    assert_int_equal(list[1].rid, 1000);
    assert_int_equal(samdb_list(w->d, SAMDB_ACCOUNT, SAMDB_USER | SAMDB_GROUP, 0, 2, w->mem, &list, &count),
                     STATUS_SUCCESS);
    assert_int_equal(count, 2);
}

static void listing_of_many(void **state)
{
    struct world *w = *state;
    struct samdb_name *list;
    unsigned count;
    uint32_t rid;
    char name[16];
    assert_int_equal(samdb_begin(w->d), STATUS_SUCCESS);
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "user%d", i);
        assert_int_equal(samdb_user_add(w->d, name, 0, &rid), STATUS_SUCCESS);
    }
    assert_int_equal(samdb_end(w->d, STATUS_SUCCESS), STATUS_SUCCESS);
    assert_int_equal(samdb_list(w->d, SAMDB_ACCOUNT, SAMDB_USER, 999, 1000, w->mem, &list, &count),
                     STATUS_SUCCESS);
    assert_int_equal(count, 300);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(list[i].rid, 1000 + i);
    assert_string_equal(list[299].name, "user299");
}

/* ---- users ---- */

static void user_fields(void **state)
{
    struct world *w = *state;
    static const uint8_t hours[21] = { 1, 2, 3 }, parameters[3] = { 7, 0, 9 };
    uint32_t rid;
    struct samdb_user u, v;
    assert_int_equal(samdb_user_add(w->d, "eve", 0, &rid), STATUS_SUCCESS);
    assert_int_equal(samdb_user_get(w->d, rid, w->mem, &u), STATUS_SUCCESS);
    assert_int_equal(u.control, UF_NORMAL | UF_DISABLED);
    assert_false(u.has_password);
    assert_int_equal(u.expires, NT_TIME_NEVER);
    assert_int_equal(u.primary, 513);
    u = (struct samdb_user){ .rid = rid,
                             .name = "Eva",
                             .full_name = "Eva \xe2\x82\xac",
                             .comment = "c",
                             .user_comment = "uc",
                             .home = "\\\\h",
                             .home_drive = "H:",
                             .script = "s.bat",
                             .profile = "p",
                             .workstations = "A,B",
                             .parameters = { parameters, 3 },
                             .hours = { hours, 21 },
                             .control = UF_NORMAL,
                             .primary = 513,
                             .country = 49,
                             .code_page = 850,
                             .expires = 12345 };
    assert_int_equal(samdb_user_set(w->d, &u, 0xffff), STATUS_SUCCESS);
    assert_int_equal(samdb_user_get(w->d, rid, w->mem, &v), STATUS_SUCCESS);
    const char *const got[] = { v.name,       v.full_name, v.comment, v.user_comment, v.home,
                                v.home_drive, v.script,    v.profile, v.workstations },
                      *const want[] = { u.name,       u.full_name, u.comment, u.user_comment, u.home,
                                        u.home_drive, u.script,    u.profile, u.workstations };
    for (int i = 0; i < 9; i++)
        assert_string_equal(got[i], want[i]);
    assert_memory_equal(v.hours.data, hours, 21);
    assert_int_equal(v.parameters.len, 3);
    assert_int_equal(v.country, 49);
    assert_int_equal(v.code_page, 850);
    assert_int_equal(v.expires, 12345);
    assert_int_equal(v.control, UF_NORMAL);
    /* only what is named */
    u = (struct samdb_user){ .rid = rid, .comment = "new" };
    assert_int_equal(samdb_user_set(w->d, &u, SAMDB_F_COMMENT), STATUS_SUCCESS);
    assert_int_equal(samdb_user_get(w->d, rid, w->mem, &v), STATUS_SUCCESS);
    assert_string_equal(v.comment, "new");
    assert_string_equal(v.full_name, "Eva \xe2\x82\xac");
    assert_int_equal(v.hours.len, 21);
}

static void user_rules(void **state)
{
    struct world *w = *state;
    uint32_t rid, keep = 7;
    struct samdb_user u;
    struct samdb_policy p;
    assert_int_equal(samdb_user_add(w->d, "u", UF_NORMAL | 0x80, &keep),
                     STATUS_INVALID_PARAMETER); /* two kinds */
    assert_int_equal(keep, 7);
    assert_int_equal(samdb_user_add(w->d, "u", 0, &rid), STATUS_SUCCESS);
    u = (struct samdb_user){ .rid = rid, .primary = 4711 };
    assert_int_equal(samdb_user_set(w->d, &u, SAMDB_F_PRIMARY), STATUS_MEMBER_NOT_IN_GROUP);
    u = (struct samdb_user){ .rid = rid, .hours = { (const uint8_t *)"x", 1 } };
    assert_int_equal(samdb_user_set(w->d, &u, SAMDB_F_HOURS), STATUS_INVALID_PARAMETER);
    u = (struct samdb_user){ .rid = rid, .name = "GUEST" };
    assert_int_equal(samdb_user_set(w->d, &u, SAMDB_F_NAME), STATUS_USER_EXISTS);
    u = (struct samdb_user){ .rid = 500, .control = UF_NORMAL | UF_DISABLED };
    assert_int_equal(samdb_user_set(w->d, &u, SAMDB_F_CONTROL), STATUS_SPECIAL_ACCOUNT);
    u = (struct samdb_user){ .rid = 4711, .comment = "" };
    assert_int_equal(samdb_user_set(w->d, &u, SAMDB_F_COMMENT), STATUS_NO_SUCH_USER);
    assert_int_equal(policy_get(w->d, &p), STATUS_SUCCESS);
    p.min_length = 8;
    assert_int_equal(samdb_set_policy(w->d, &p), STATUS_SUCCESS);
    u = (struct samdb_user){ .rid = rid, .control = UF_NORMAL };
    assert_int_equal(samdb_user_set(w->d, &u, SAMDB_F_CONTROL), STATUS_PASSWORD_RESTRICTION);
    assert_int_equal(samdb_user_delete(w->d, 500), STATUS_SPECIAL_ACCOUNT);
    assert_int_equal(samdb_user_delete(w->d, rid), STATUS_SUCCESS);
    assert_int_equal(samdb_user_delete(w->d, rid), STATUS_NO_SUCH_USER);
    assert_int_equal(samdb_user_add(w->d, "u", 0, &keep), STATUS_SUCCESS);
    assert_int_not_equal(keep, rid); /* no RID twice */
}

/* ---- transactions ---- */

static void several_as_one(void **state)
{
    struct world *w = *state;
    struct samdb_name n;
    uint32_t rid;
    assert_int_equal(samdb_begin(w->d), STATUS_SUCCESS);
    assert_int_equal(samdb_user_add(w->d, "one", 0, &rid), STATUS_SUCCESS);
    assert_int_equal(samdb_user_add(w->d, "ONE", 0, &rid), STATUS_USER_EXISTS);
    assert_int_equal(samdb_end(w->d, STATUS_CANCELLED), STATUS_CANCELLED);
    assert_int_equal(samdb_find(w->d, SAMDB_ACCOUNT, "one", w->mem, &n), STATUS_NONE_MAPPED);
    /* an answer of a rule does not spoil the rest */
    assert_int_equal(samdb_begin(w->d), STATUS_SUCCESS);
    assert_int_equal(samdb_user_add(w->d, "one", 0, &rid), STATUS_SUCCESS);
    assert_int_equal(samdb_user_add(w->d, "ONE", 0, &rid), STATUS_USER_EXISTS);
    assert_int_equal(samdb_end(w->d, STATUS_SUCCESS), STATUS_SUCCESS);
    assert_int_equal(samdb_find(w->d, SAMDB_ACCOUNT, "one", w->mem, &n), STATUS_SUCCESS);
}

/* ---- passwords ---- */

static enum nt_status set(struct world *w, uint32_t rid, const char *text, enum samdb_password_how how)
{
    return samdb_password_set(w->d, rid, text, strlen(text), how, false);
}

static void passwords_kept(void **state)
{
    struct world *w = *state;
    /* [MS-NLMP] 4.2.2.1.2: NTOWFv1 of "Password" */
    static const uint8_t nt[16] = { 0xa4, 0xf4, 0x9c, 0x40, 0x65, 0x10, 0xbd, 0xca,
                                    0xb6, 0x82, 0x4e, 0xe7, 0xc3, 0x0f, 0xd8, 0x52 };
    struct samdb_keys k;
    uint8_t aes[32];
    uint32_t rid;
    assert_int_equal(samdb_user_add(w->d, "Kim", 0, &rid), STATUS_SUCCESS);
    assert_int_equal(set(w, rid, "Password", SAMDB_PASSWORD_RESET), STATUS_SUCCESS);
    assert_int_equal(samdb_keys(w->d, rid, w->mem, &k), STATUS_SUCCESS);
    assert_memory_equal(k.nt_hash, nt, 16);
    assert_string_equal(k.salt, "LAB.EXAMPLEKim");
    samdb_string_to_key("Password", 8, k.salt, 4096, aes, 32);
    assert_true(k.has_aes);
    assert_memory_equal(k.aes256, aes, 32);
    assert_int_equal(k.kvno, 1);
    assert_int_equal(samdb_password_set_nt(w->d, rid, nt, SAMDB_PASSWORD_FORCE, false), STATUS_SUCCESS);
    assert_int_equal(samdb_keys(w->d, rid, w->mem, &k), STATUS_SUCCESS);
    assert_false(k.has_aes);
    assert_int_equal(k.kvno, 2);
    assert_int_equal(samdb_user_add(w->d, "PC1$", 0x80, &rid), STATUS_SUCCESS);
    assert_int_equal(set(w, rid, "x", SAMDB_PASSWORD_FORCE), STATUS_SUCCESS);
    assert_int_equal(samdb_keys(w->d, rid, w->mem, &k), STATUS_SUCCESS);
    assert_string_equal(k.salt, "LAB.EXAMPLEhostpc1.lab.example");
    assert_int_equal(set(w, 4711, "x", SAMDB_PASSWORD_FORCE), STATUS_NO_SUCH_USER);
    assert_int_equal(set(w, rid, "\xff", SAMDB_PASSWORD_FORCE), STATUS_INVALID_PARAMETER);
    char longest[258] = "";
    memset(longest, 'x', 257);
    assert_int_equal(set(w, rid, longest, SAMDB_PASSWORD_FORCE), STATUS_INVALID_PARAMETER);
    longest[256] = 0;
    assert_int_equal(set(w, rid, longest, SAMDB_PASSWORD_FORCE), STATUS_SUCCESS);
}

static void password_rules(void **state)
{
    struct world *w = *state;
    struct samdb_policy p;
    struct samdb_user u;
    uint32_t rid;
    assert_int_equal(samdb_user_add(w->d, "walter", 0, &rid), STATUS_SUCCESS);
    u = (struct samdb_user){ .rid = rid, .full_name = "Anna-Lena von Berg" };
    assert_int_equal(samdb_user_set(w->d, &u, SAMDB_F_FULL_NAME), STATUS_SUCCESS);
    assert_int_equal(policy_get(w->d, &p), STATUS_SUCCESS);
    p.min_length = 7;
    p.properties = SAMDB_PASSWORD_COMPLEX;
    p.history = 3;
    p.min_age = 3600 * NT_TIME_PER_SECOND;
    assert_int_equal(samdb_set_policy(w->d, &p), STATUS_SUCCESS);
    static const char *const bad[] = {
        "Ab1!xy", "abcdefgh", "abcdefg1", "xWALTERx1", "1Aanna..x", "Berg1234"
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(set(w, rid, bad[i], SAMDB_PASSWORD_RESET), STATUS_PASSWORD_RESTRICTION);
    assert_int_equal(set(w, rid, "abcdefg1\xc3\xa4", SAMDB_PASSWORD_RESET), STATUS_SUCCESS);
    assert_int_equal(set(w, rid, "Second22", SAMDB_PASSWORD_CHANGE),
                     STATUS_PASSWORD_RESTRICTION); /* too young */
    w->now += 3600 * NT_TIME_PER_SECOND;
    assert_int_equal(set(w, rid, "abcdefg1\xc3\xa4", SAMDB_PASSWORD_CHANGE),
                     STATUS_PASSWORD_RESTRICTION); /* the same */
    static const char *const next[] = { "Second22", "Third333", "Fourth44" };
    for (int i = 0; i < 3; i++) {
        assert_int_equal(set(w, rid, next[i], SAMDB_PASSWORD_CHANGE), STATUS_SUCCESS);
        w->now += 3600 * NT_TIME_PER_SECOND;
    }
    for (int i = 0; i < 3; i++) /* the last three count */
        assert_int_equal(set(w, rid, next[i], SAMDB_PASSWORD_CHANGE), STATUS_PASSWORD_RESTRICTION);
    assert_int_equal(set(w, rid, "abcdefg1\xc3\xa4", SAMDB_PASSWORD_CHANGE),
                     STATUS_SUCCESS); /* the fourth is forgotten */
    assert_int_equal(set(w, rid, "Fourth44", SAMDB_PASSWORD_RESET),
                     STATUS_SUCCESS); /* an administrator may */
    p.lockout_window = p.lockout_span + 1;
    assert_int_equal(samdb_set_policy(w->d, &p), STATUS_INVALID_PARAMETER);
    p.lockout_window = p.lockout_span;
    p.min_length = 257;
    assert_int_equal(samdb_set_policy(w->d, &p), STATUS_INVALID_PARAMETER);
}

/* ---- logon ---- */

static void lockout(void **state)
{
    struct world *w = *state;
    struct samdb_policy p;
    struct samdb_user u;
    assert_int_equal(policy_get(w->d, &p), STATUS_SUCCESS);
    p.lockout_count = 3;
    p.lockout_span = 600 * NT_TIME_PER_SECOND;
    p.lockout_window = 300 * NT_TIME_PER_SECOND;
    assert_int_equal(samdb_set_policy(w->d, &p), STATUS_SUCCESS);
    assert_int_equal(logon(w->d, "nobody", "x"), STATUS_NO_SUCH_USER);
    assert_int_equal(logon(w->d, "Admin", "secret"), STATUS_SUCCESS);
    assert_int_equal(logon(w->d, "admin", "x"), STATUS_WRONG_PASSWORD);
    assert_int_equal(logon(w->d, "admin", "x"), STATUS_WRONG_PASSWORD);
    assert_int_equal(logon(w->d, "admin", "secret"), STATUS_SUCCESS); /* counts from the start again */
    assert_int_equal(samdb_user_get(w->d, 500, w->mem, &u), STATUS_SUCCESS);
    assert_int_equal(u.bad_count, 0);
    assert_int_equal(u.last_logon, w->now);
    assert_int_equal(logon(w->d, "admin", "x"), STATUS_WRONG_PASSWORD);
    assert_int_equal(logon(w->d, "admin", "x"), STATUS_WRONG_PASSWORD);
    w->now += 300 * NT_TIME_PER_SECOND; /* the window is over */
    assert_int_equal(logon(w->d, "admin", "x"), STATUS_WRONG_PASSWORD);
    assert_int_equal(logon(w->d, "admin", "x"), STATUS_WRONG_PASSWORD);
    assert_int_equal(logon(w->d, "admin", "x"), STATUS_WRONG_PASSWORD);
    assert_int_equal(logon(w->d, "admin", "secret"), STATUS_ACCOUNT_LOCKED_OUT);
    assert_int_equal(samdb_user_get(w->d, 500, w->mem, &u), STATUS_SUCCESS);
    assert_true(u.control & UF_LOCKED);
    w->now += 599 * NT_TIME_PER_SECOND;
    assert_int_equal(logon(w->d, "admin", "secret"), STATUS_ACCOUNT_LOCKED_OUT);
    w->now += NT_TIME_PER_SECOND;
    assert_int_equal(logon(w->d, "admin", "x"), STATUS_WRONG_PASSWORD); /* one of three, not the fourth */
    assert_int_equal(logon(w->d, "admin", "secret"), STATUS_SUCCESS);
    for (int i = 0; i < 3; i++)
        assert_int_equal(logon(w->d, "admin", "x"), STATUS_WRONG_PASSWORD);
    assert_int_equal(samdb_user_unlock(w->d, 500), STATUS_SUCCESS);
    assert_int_equal(logon(w->d, "admin", "secret"), STATUS_SUCCESS);
    p.lockout_count = 0;
    assert_int_equal(samdb_set_policy(w->d, &p), STATUS_SUCCESS);
    for (int i = 0; i < 20; i++)
        assert_int_equal(logon(w->d, "admin", "x"), STATUS_WRONG_PASSWORD);
    assert_int_equal(logon(w->d, "admin", "secret"), STATUS_SUCCESS);
}

static void logon_rules(void **state)
{
    struct world *w = *state;
    uint8_t hours[21] = { 0 };
    struct samdb_user u;
    struct samdb_policy p;
    uint32_t rid;
    assert_int_equal(samdb_user_add(w->d, "ina", 0, &rid), STATUS_SUCCESS);
    assert_int_equal(set(w, rid, "secret", SAMDB_PASSWORD_RESET), STATUS_SUCCESS);
    assert_int_equal(logon(w->d, "ina", "secret"), STATUS_ACCOUNT_DISABLED);
    assert_int_equal(logon(w->d, "ina", "x"), STATUS_WRONG_PASSWORD); /* strangers learn nothing of that */
    u = (struct samdb_user){ .rid = rid, .control = UF_NORMAL, .expires = w->now };
    assert_int_equal(samdb_user_set(w->d, &u, SAMDB_F_CONTROL | SAMDB_F_EXPIRES), STATUS_SUCCESS);
    assert_int_equal(logon(w->d, "ina", "secret"), STATUS_ACCOUNT_EXPIRED);
    u = (struct samdb_user){ .rid = rid, .expires = 0, .hours = { hours, 21 } };
    assert_int_equal(samdb_user_set(w->d, &u, SAMDB_F_EXPIRES | SAMDB_F_HOURS), STATUS_SUCCESS);
    assert_int_equal(logon(w->d, "ina", "secret"), STATUS_INVALID_LOGON_HOURS);
    w->now = nt_time_from_unix(1700000000); /* Tuesday 2023-11-14 22:13 UTC: hour 24 * 2 + 22 of the week */
    hours[70 / 8] = 1 << (70 % 8);
    assert_int_equal(samdb_user_set(w->d, &u, SAMDB_F_HOURS), STATUS_SUCCESS);
    assert_int_equal(logon(w->d, "ina", "secret"), STATUS_SUCCESS);
    w->now += 3600 * NT_TIME_PER_SECOND;
    assert_int_equal(logon(w->d, "ina", "secret"), STATUS_INVALID_LOGON_HOURS);
    u = (struct samdb_user){ .rid = rid, .workstations = "PC2,ws1" };
    assert_int_equal(samdb_user_set(w->d, &u, SAMDB_F_HOURS | SAMDB_F_WORKSTATIONS), STATUS_SUCCESS);
    assert_int_equal(logon(w->d, "ina", "secret"), STATUS_SUCCESS); /* it comes from WS1 */
    u.workstations = "PC2";
    assert_int_equal(samdb_user_set(w->d, &u, SAMDB_F_WORKSTATIONS), STATUS_SUCCESS);
    assert_int_equal(logon(w->d, "ina", "secret"), STATUS_INVALID_WORKSTATION);
    u.workstations = "";
    assert_int_equal(samdb_user_set(w->d, &u, SAMDB_F_WORKSTATIONS), STATUS_SUCCESS);
    assert_int_equal(policy_get(w->d, &p), STATUS_SUCCESS);
    p.max_age = 86400 * NT_TIME_PER_SECOND;
    assert_int_equal(samdb_set_policy(w->d, &p), STATUS_SUCCESS);
    assert_int_equal(set(w, rid, "secret", SAMDB_PASSWORD_RESET), STATUS_SUCCESS);
    assert_int_equal(logon(w->d, "ina", "secret"), STATUS_SUCCESS);
    w->now += p.max_age;
    assert_int_equal(logon(w->d, "ina", "secret"), STATUS_PASSWORD_EXPIRED);
    assert_int_equal(samdb_password_set(w->d, rid, "secret", 6, SAMDB_PASSWORD_RESET, true), STATUS_SUCCESS);
    assert_int_equal(logon(w->d, "ina", "secret"), STATUS_PASSWORD_MUST_CHANGE);
}

/* ---- groups ---- */

static bool has(const struct nt_sid *list, unsigned n, const struct nt_sid *sid)
{
    for (unsigned i = 0; i < n; i++)
        if (nt_sid_equal(&list[i], sid))
            return true;
    return false;
}

static void groups(void **state)
{
    struct world *w = *state;
    struct samdb_domain dom;
    struct nt_sid user, group, alias, admins, *list;
    unsigned n;
    uint32_t u, g, a;
    assert_int_equal(samdb_domain(w->d, w->mem, &dom), STATUS_SUCCESS);
    assert_int_equal(samdb_user_add(w->d, "ina", 0, &u), STATUS_SUCCESS);
    assert_int_equal(samdb_group_add(w->d, SAMDB_BUILTIN, SAMDB_GROUP, "g", "", &g),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(samdb_group_add(w->d, SAMDB_ACCOUNT, SAMDB_GROUP, "crew", "those", &g), STATUS_SUCCESS);
    assert_int_equal(samdb_group_add(w->d, SAMDB_ACCOUNT, SAMDB_ALIAS, "ops", "", &a), STATUS_SUCCESS);
    assert_int_equal(nt_sid_append(&dom.sid, u, &user), STATUS_SUCCESS);
    assert_int_equal(nt_sid_append(&dom.sid, g, &group), STATUS_SUCCESS);
    assert_int_equal(nt_sid_append(&dom.sid, a, &alias), STATUS_SUCCESS);
    assert_int_equal(nt_sid_parse("S-1-5-32-544", &admins), STATUS_SUCCESS);
    assert_int_equal(samdb_member_add(w->d, SAMDB_ACCOUNT, SAMDB_GROUP, g, &user), STATUS_SUCCESS);
    assert_int_equal(samdb_member_add(w->d, SAMDB_ACCOUNT, SAMDB_GROUP, g, &user), STATUS_MEMBER_IN_GROUP);
    assert_int_equal(samdb_member_add(w->d, SAMDB_ACCOUNT, SAMDB_GROUP, g, &group), STATUS_NO_SUCH_USER);
    assert_int_equal(samdb_member_add(w->d, SAMDB_ACCOUNT, SAMDB_ALIAS, a, &group), STATUS_SUCCESS);
    assert_int_equal(samdb_member_add(w->d, SAMDB_ACCOUNT, SAMDB_ALIAS, a, &group), STATUS_MEMBER_IN_ALIAS);
    assert_int_equal(samdb_member_add(w->d, SAMDB_BUILTIN, SAMDB_ALIAS, 544, &alias), STATUS_SUCCESS);
    assert_int_equal(samdb_memberships(w->d, &user, 1, w->mem, &list, &n), STATUS_SUCCESS);
    assert_true(has(list, n, &group));  /* itself, */
    assert_true(has(list, n, &alias));  /* by its group, */
    assert_true(has(list, n, &admins)); /* and by the alias */
    assert_int_equal(samdb_members(w->d, SAMDB_ACCOUNT, SAMDB_GROUP, g, w->mem, &list, &n), STATUS_SUCCESS);
    assert_int_equal(n, 1);
    assert_int_equal(samdb_group_delete(w->d, SAMDB_ACCOUNT, SAMDB_GROUP, g), STATUS_MEMBER_IN_GROUP);
    struct samdb_user primary = { .rid = u, .primary = g };
    assert_int_equal(samdb_user_set(w->d, &primary, SAMDB_F_PRIMARY), STATUS_SUCCESS);
    assert_int_equal(samdb_member_remove(w->d, SAMDB_ACCOUNT, SAMDB_GROUP, g, &user),
                     STATUS_MEMBERS_PRIMARY_GROUP);
    primary.primary = 513;
    assert_int_equal(samdb_user_set(w->d, &primary, SAMDB_F_PRIMARY), STATUS_SUCCESS);
    assert_int_equal(samdb_member_remove(w->d, SAMDB_ACCOUNT, SAMDB_GROUP, g, &user), STATUS_SUCCESS);
    assert_int_equal(samdb_member_remove(w->d, SAMDB_ACCOUNT, SAMDB_GROUP, g, &user),
                     STATUS_MEMBER_NOT_IN_GROUP);
    assert_int_equal(samdb_group_delete(w->d, SAMDB_ACCOUNT, SAMDB_GROUP, g), STATUS_SUCCESS);
    assert_int_equal(samdb_members(w->d, SAMDB_ACCOUNT, SAMDB_ALIAS, a, w->mem, &list, &n), STATUS_SUCCESS);
    assert_int_equal(n, 0); /* it went with the group */
    assert_int_equal(samdb_group_delete(w->d, SAMDB_BUILTIN, SAMDB_ALIAS, 544), STATUS_SPECIAL_ACCOUNT);
    assert_int_equal(nt_sid_append(&dom.sid, 500, &user), STATUS_SUCCESS);
    assert_int_equal(samdb_member_remove(w->d, SAMDB_BUILTIN, SAMDB_ALIAS, 544, &user),
                     STATUS_SPECIAL_ACCOUNT);
    assert_int_equal(samdb_group_set(w->d, SAMDB_ACCOUNT, SAMDB_ALIAS, a, "OPS", "c"),
                     STATUS_SUCCESS); /* own name in capitals */
    assert_int_equal(samdb_group_set(w->d, SAMDB_ACCOUNT, SAMDB_ALIAS, a, "users", NULL),
                     STATUS_ALIAS_EXISTS);
}

/* What an acceptor makes a token of. */
static void account_for_acceptors(void **state)
{
    struct world *w = *state;
    struct sec_account a = { .size = sizeof a };
    struct sec_logon who = { .size = sizeof who, .user = u"ADMIN", .user_len = 5 };
    struct samdb_keys k;
    struct nt_sid admins;
    bool found = false;
    assert_int_equal(samdb_account(w->d, &who, w->mem, &a), STATUS_SUCCESS);
    assert_int_equal(samdb_keys(w->d, 500, w->mem, &k), STATUS_SUCCESS);
    assert_memory_equal(a.nt_hash, k.nt_hash, 16);
    assert_string_equal(a.account, "admin");
    assert_string_equal(a.domain, "BOX");
    assert_int_equal(a.user.sub[4], 500);
    assert_int_equal(a.primary.sub[4], 513);
    assert_int_equal(nt_sid_parse("S-1-5-32-544", &admins), STATUS_SUCCESS);
    for (size_t i = 0; i < a.n_groups; i++)
        found |= nt_sid_equal(&a.groups[i].sid, &admins);
    assert_true(found);
    who.user = u"guest";
    assert_int_equal(samdb_account(w->d, &who, w->mem, &a), STATUS_ACCOUNT_DISABLED);
    who.user = u"nobody in particular at all";
    who.user_len = 27;
    assert_int_equal(samdb_account(w->d, &who, w->mem, &a), STATUS_NO_SUCH_USER);
    who.user = u"\xd800"; /* half a character is no name */
    who.user_len = 1;
    assert_int_equal(samdb_account(w->d, &who, w->mem, &a), STATUS_NO_SUCH_USER);
}

/* A logon that can be asked is judged and counted. */
static unsigned asked;
static bool knows(void *arg, const uint8_t nt_hash[16])
{
    struct samdb_keys k = { .has_nt = true };
    memcpy(k.nt_hash, nt_hash, 16);
    asked++;
    return world_verify(arg, &k);
}

static void account_counts(void **state)
{
    struct world *w = *state;
    struct sec_account a = { .size = sizeof a };
    static char wrong[] = "wrong", right[] = "secret";
    struct sec_logon who = { .size = sizeof who,
                             .user = u"admin",
                             .user_len = 5,
                             .workstation = u"",
                             .knows = knows,
                             .knows_arg = wrong };
    for (int i = 0; i < 10; i++) /* as many as a new store allows */
        assert_int_equal(samdb_account(w->d, &who, w->mem, &a), STATUS_WRONG_PASSWORD);
    who.knows_arg = right;
    assert_int_equal(samdb_account(w->d, &who, w->mem, &a), STATUS_ACCOUNT_LOCKED_OUT);
    assert_int_equal(asked, 10);
    w->now += 600 * NT_TIME_PER_SECOND;
    assert_int_equal(samdb_account(w->d, &who, w->mem, &a), STATUS_SUCCESS);
    assert_int_equal(a.user.sub[4], 500);
    who.size = offsetof(struct sec_logon, knows); /* an older caller */
    who.knows_arg = wrong;
    assert_int_equal(samdb_account(w->d, &who, w->mem, &a), STATUS_SUCCESS);
    assert_int_equal(asked, 11);
}

/* ---- shares, settings ---- */

static void shares(void **state)
{
    struct world *w = *state;
    static const uint8_t sd[] = { 1, 0, 4, 128 };
    struct samdb_share s = { "Data", "C:\\data", "d", 0, 10, 0x10, { sd, sizeof sd } }, got, *list;
    unsigned n;
    assert_int_equal(samdb_share_add(w->d, &s), STATUS_SUCCESS);
    s.name = "DATA";
    assert_int_equal(samdb_share_add(w->d, &s), STATUS_OBJECT_NAME_COLLISION);
    s.comment = "changed";
    s.sd.len = 0;
    assert_int_equal(samdb_share_set(w->d, &s), STATUS_SUCCESS);
    assert_int_equal(samdb_share_get(w->d, "daTA", w->mem, &got), STATUS_SUCCESS);
    assert_string_equal(got.name, "Data");
    assert_string_equal(got.comment, "changed");
    assert_int_equal(got.sd.len, 0);
    assert_int_equal(samdb_shares(w->d, w->mem, &list, &n), STATUS_SUCCESS);
    assert_int_equal(n, 2);
    assert_string_equal(list[0].name, "IPC$");
    assert_int_equal(samdb_share_delete(w->d, "data"), STATUS_SUCCESS);
    assert_int_equal(samdb_share_delete(w->d, "data"), STATUS_OBJECT_NAME_NOT_FOUND);
    s.name = "none";
    assert_int_equal(samdb_share_set(w->d, &s), STATUS_OBJECT_NAME_NOT_FOUND);
    s.name = "";
    assert_int_equal(samdb_share_add(w->d, &s), STATUS_INVALID_PARAMETER);
}

static void settings(void **state)
{
    struct world *w = *state;
    const char *v = "untouched";
    assert_int_equal(samdb_setting(w->d, "k", w->mem, &v), STATUS_SUCCESS);
    assert_null(v);
    assert_int_equal(samdb_set_setting(w->d, "k", "1"), STATUS_SUCCESS);
    assert_int_equal(samdb_set_setting(w->d, "k", "2"), STATUS_SUCCESS);
    assert_int_equal(samdb_setting(w->d, "k", w->mem, &v), STATUS_SUCCESS);
    assert_string_equal(v, "2");
    assert_int_equal(samdb_set_setting(w->d, "k", NULL), STATUS_SUCCESS);
    assert_int_equal(samdb_setting(w->d, "k", w->mem, &v), STATUS_SUCCESS);
    assert_null(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(string_to_key),
        WORLD_TEST(fresh_store),
        WORLD_TEST(names),
        WORLD_TEST(listing_of_many),
        WORLD_TEST(user_fields),
        WORLD_TEST(user_rules),
        WORLD_TEST(several_as_one),
        WORLD_TEST(passwords_kept),
        WORLD_TEST(password_rules),
        WORLD_TEST(lockout),
        WORLD_TEST(logon_rules),
        WORLD_TEST(groups),
        WORLD_TEST(account_for_acceptors),
        WORLD_TEST(account_counts),
        WORLD_TEST(shares),
        WORLD_TEST(settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
