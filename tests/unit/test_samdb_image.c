// SPDX-License-Identifier: Apache-2.0
/* The account store as a whole: in memory, as JSON, and back. */
#include "samdb_world.h"
#include "samdb/m_samdb.h"
#include "store_json.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* A store with something of everything in it; names with characters of all kinds, a lone surrogate too. */
static void furnish(struct world *w)
{
    static const uint8_t hours[21] = { 0xff, 0x0f, 0, 1 }, blob[] = { 0, 0xd8, 1, 2, 3 };
    struct samdb_policy p = {
        3, 5, 0, NT_TIME_NEVER, 0, 4, 600 * NT_TIME_PER_SECOND, 300 * NT_TIME_PER_SECOND
    };
    struct samdb_domain dom;
    struct samdb_share s = {
        "data\xed\xb0\x80", "C:\\tmp", "sh\xc3\xa4re", 0, 7, 0x10, { blob, sizeof blob }
    };
    struct nt_sid sid;
    uint32_t rid, group, alias;
    assert_int_equal(samdb_set_policy(w->d, &p), STATUS_SUCCESS);
    assert_int_equal(samdb_user_add(w->d, "J\xc3\xb6rg\xed\xa0\x80", 0, &rid), STATUS_SUCCESS);
    struct samdb_user u = { .rid = rid,
                            .full_name = "J\xc3\xb6rg \"Tab\"\t\\ \xf0\x9f\x90\xa6",
                            .control = UF_NORMAL,
                            .hours = { hours, 21 },
                            .parameters = { blob, sizeof blob },
                            .expires = w->now + 1 };
    assert_int_equal(samdb_password_set(w->d, rid, "first", 5, SAMDB_PASSWORD_RESET, false), STATUS_SUCCESS);
    assert_int_equal(samdb_password_set(w->d, rid, "second", 6, SAMDB_PASSWORD_RESET, true), STATUS_SUCCESS);
    assert_int_equal(samdb_user_set(w->d, &u,
                                    SAMDB_F_FULL_NAME | SAMDB_F_CONTROL | SAMDB_F_HOURS | SAMDB_F_PARAMETERS |
                                        SAMDB_F_EXPIRES),
                     STATUS_SUCCESS);
    assert_int_equal(logon(w->d, "admin", "wrong"), STATUS_WRONG_PASSWORD);
    assert_int_equal(samdb_group_add(w->d, SAMDB_ACCOUNT, SAMDB_GROUP, "crew", "c", &group), STATUS_SUCCESS);
    assert_int_equal(samdb_group_add(w->d, SAMDB_ACCOUNT, SAMDB_ALIAS, "locals", "", &alias), STATUS_SUCCESS);
    assert_int_equal(samdb_domain(w->d, w->mem, &dom), STATUS_SUCCESS);
    assert_int_equal(nt_sid_append(&dom.sid, rid, &sid), STATUS_SUCCESS);
    assert_int_equal(samdb_member_add(w->d, SAMDB_ACCOUNT, SAMDB_GROUP, group, &sid), STATUS_SUCCESS);
    assert_int_equal(samdb_member_add(w->d, SAMDB_ACCOUNT, SAMDB_ALIAS, alias, &sid), STATUS_SUCCESS);
    assert_int_equal(samdb_share_add(w->d, &s), STATUS_SUCCESS);
    assert_int_equal(samdb_set_setting(w->d, "z", ""), STATUS_SUCCESS);
    assert_int_equal(samdb_set_setting(w->d, "a", "line\nline"), STATUS_SUCCESS);
}

static const char *text_of(struct world *w, struct samdb *d, bool keys)
{
    struct samdb_image i;
    struct wr out;
    wr_init(&out, 0x1000000);
    assert_int_equal(samdb_dump(d, keys, w->mem, &i), STATUS_SUCCESS);
    store_write(&out, &i);
    assert_int_equal(out.st, STATUS_SUCCESS);
    char *s = nt_arena_alloc(w->mem, out.len + 1, 1);
    memcpy(s, out.base, out.len);
    wr_free_secret(&out);
    return s;
}

static enum nt_status read_text(struct world *w, const char *s, struct samdb_image *ret)
{
    w->err.text[0] = 0;
    return store_read(s, strlen(s), w->mem, ret, &w->err);
}

static struct samdb *second(struct world *w, const struct samdb_image *i)
{
    char path[128];
    struct samdb *d;
    struct samdb_options o = world_options(w);
    snprintf(path, sizeof path, "%s.2", w->path);
    unlink(path);
    assert_int_equal(samdb_create_from(path, i, &o), STATUS_SUCCESS);
    assert_int_equal(samdb_open(path, &o, &d), STATUS_SUCCESS);
    return d;
}

/* ---- back and forth ---- */

static void same_again(void **state)
{
    struct world *w = *state;
    furnish(w);
    for (int keys = 0; keys < 2; keys++) {
        struct samdb_image i;
        const char *text = text_of(w, w->d, keys);
        assert_non_null(strstr(text, "\\ud800"));
        assert_true(!strstr(text, "nt_hash") == !keys);
        assert_int_equal(read_text(w, text, &i), STATUS_SUCCESS);
        struct samdb *d = second(w, &i);
        assert_int_equal(samdb_check(d, &w->err), STATUS_SUCCESS);
        assert_string_equal(text_of(w, d, keys), text);
        /* who knows the password; the next RID is nobody's */
        assert_int_equal(logon(d, "J\xc3\xb6rg\xed\xa0\x80", "second"),
                         keys ? STATUS_INVALID_LOGON_HOURS : STATUS_WRONG_PASSWORD);
        uint32_t rid;
        assert_int_equal(samdb_user_add(d, "next", 0, &rid), STATUS_SUCCESS);
        assert_int_equal(rid, 1003);
        samdb_close(d);
    }
}

static void keys_stay(void **state)
{
    struct world *w = *state;
    struct samdb_image i;
    struct samdb_domain dom;
    furnish(w);
    const char *with = text_of(w, w->d, true), *without = text_of(w, w->d, false);
    assert_int_equal(read_text(w, without, &i), STATUS_SUCCESS);
    assert_int_equal(samdb_restore(w->d, &i), STATUS_SUCCESS);
    assert_string_equal(text_of(w, w->d, true), with);

    /* another machine's accounts with the same RIDs are others */
    i.domain.sid.sub[3] ^= 1;
    for (unsigned k = 0; k < i.n_aliases; k++)
        for (unsigned m = 0; m < i.aliases[k].n_members; m++)
            if (i.aliases[k].sids[m].count == 5)
                i.aliases[k].sids[m].sub[3] ^= 1;
    assert_int_equal(samdb_restore(w->d, &i), STATUS_SUCCESS);
    assert_int_equal(logon(w->d, "admin", "secret"), STATUS_WRONG_PASSWORD);
    assert_int_equal(samdb_domain(w->d, w->mem, &dom), STATUS_SUCCESS);
    assert_true(nt_sid_equal(&dom.sid, &i.domain.sid));
    assert_int_equal(samdb_check(w->d, &w->err), STATUS_SUCCESS);
}

static void nothing_by_half(void **state)
{
    struct world *w = *state;
    struct samdb_image i;
    const char *before = text_of(w, w->d, true);
    furnish(w);
    assert_int_equal(read_text(w, before, &i), STATUS_SUCCESS);
    const char *full = text_of(w, w->d, true);
    assert_int_equal(samdb_begin(w->d), STATUS_SUCCESS);
    assert_int_equal(samdb_restore(w->d, &i), STATUS_SUCCESS);
    assert_string_equal(text_of(w, w->d, true), before);
    assert_int_equal(samdb_end(w->d, STATUS_CANCELLED), STATUS_CANCELLED);
    assert_string_equal(text_of(w, w->d, true), full);
    /* what samdb_image_check would have found: rolled back */
    i.aliases[2].name = i.users[0].u.name;
    assert_int_equal(samdb_restore(w->d, &i), STATUS_USER_EXISTS);
    assert_string_equal(text_of(w, w->d, true), full);
}

/* An export is of one moment, and keeps nobody waiting. */
static void one_moment(void **state)
{
    struct world *w = *state;
    struct samdb *writer;
    struct samdb_options o = world_options(w);
    o.busy_ms = 1;
    assert_int_equal(samdb_open(w->path, &o, &writer), STATUS_SUCCESS);
    assert_int_equal(samdb_begin(writer), STATUS_SUCCESS);
    assert_int_equal(samdb_set_setting(writer, "k", "v"), STATUS_SUCCESS);
    assert_null(strstr(text_of(w, w->d, false), "\"k\""));
    assert_int_equal(samdb_end(writer, STATUS_SUCCESS), STATUS_SUCCESS);
    assert_non_null(strstr(text_of(w, w->d, false), "\"k\""));
    samdb_close(writer);
}

/* ---- what is refused ---- */

/* The export of a new store with a piece of its text replaced. */
static void refused(struct world *w, const char *text, const char *from, const char *to, const char *message)
{
    struct samdb_image i;
    const char *at = strstr(text, from);
    assert_non_null(at);
    size_t head = (size_t)(at - text);
    char *changed = malloc(strlen(text) + strlen(to) + 1);
    sprintf(changed, "%.*s%s%s", (int)head, text, to, at + strlen(from));
    if (read_text(w, changed, &i) != STATUS_INVALID_PARAMETER || !strstr(w->err.text, message))
        fail_msg("%s instead of %s: %s", to, from, w->err.text);
    free(changed);
}

static void mistakes(void **state)
{
    struct world *w = *state;
    furnish(w);
    const char *text = text_of(w, w->d, true);
    static const struct {
        const char *from, *to, *message;
    } list[] = {
        { "tern account", "another account", "2:13: format: this is no export" },
        { "\"version\": 1", "\"version\": 2", "3:14: version: this program knows version 1 only" },
        { "\"keys\": true", "\"keys\": 1", "keys: true or false is expected" },
        { "\"keys\": true", "\"keys\": false", "users[0].password: there is no such member" },
        { "\"BOX\"", "\"a/b\"", "domain.machine: this cannot be the name" },
        { "\"BOX\"", "\"ABCDEFGHIJKLMNOP\"", "domain.machine: this cannot be the name" },
        { "\"BOX\"", "\"A\\u0000B\"", "domain.machine: this text holds U+0000" },
        { "S-1-5-21-", "S-1-5-22-", "domain.sid: the SID of an account domain" },
        { "S-1-5-21-", "S-x", "domain.sid: a SID is expected" },
        { "\"next_rid\": 1003", "\"next_rid\": 1002", "aliases[0].rid: there is no such RID" },
        { "\"next_rid\": 1003", "\"next_rid\": 4294967295", "domain.next_rid: RIDs" },
        { "\"min_length\": 3", "\"min_length\": 257", "policy: passwords and lockouts" },
        { "\"lockout_span\": 6000000000", "\"lockout_span\": 1", "policy: passwords" },
        { "\"lockout_span\": 6000000000", "\"lockout_span\": 9223372036854775808",
          "policy.lockout_span: a whole" },
        { "\"lockout_span\": 6000000000", "\"lockout_span\": 1e3", "policy.lockout_span: a whole" },
        { "\"lockout_span\": 6000000000", "\"lockout_span\": -1", "policy.lockout_span: a whole" },
        { "\"rid\": 500", "\"rid\": 501", "users[1].rid: another has this RID" },
        { "\"rid\": 500", "\"rid\": 502", "users: the account 500 is missing" },
        { "\"rid\": 500", "\"rid\": 0", "users[0].rid: there is no such RID" },
        { "\"rid\": 500", "\"rid\": 5000", "users[0].rid: there is no such RID, or it is not below" },
        { "\"rid\": 500", "\"rid\": 18446744073709552116", "users[0].rid: a whole number" },
        { "\"rid\": 500,", "", "users[0].rid: this member is missing" },
        { "\"name\": \"admin\"", "\"name\": \"GUEST\"", "users[1].name: another has this name" },
        { "\"name\": \"admin\"", "\"name\": \"\"", "users[0].name: this cannot be" },
        { "\"name\": \"admin\"", "\"name\": \"a\", \"name\": \"b\"", "this member is given twice" },
        { "\"name\": \"admin\"", "\"name\": \"a\", \"nme\": 1", "users[0].nme: there is no such member" },
        { "\"control\": 16", "\"control\": 17", "users[0].control: the account 500 cannot be disabled" },
        { "\"control\": 16", "\"control\": 0", "users[0].control: an account is of exactly one kind" },
        { "\"control\": 16", "\"control\": 1040", "users[0].control: an account" },
        { "\"primary\": 513", "\"primary\": 1001", "users[0].primary: the user is not a member" },
        { "\"expires\": \"never\"", "\"expires\": \"2026-02-30T00:00:00Z\"", "users[0].expires: a time" },
        { "\"expires\": \"never\"", "\"expires\": \"2026-02-03T00:00:00Z\"",
          "users[0].expires: the account 500" },
        { "\"expires\": \"never\"", "\"expires\": \"9223372036854775808\"", "users[0].expires: a time" },
        { "\"hours\": \"ff0f00010", "\"hours\": \"ff0f0001", "users[2].hours: an even number" },
        { "\"hours\": \"ff0f00010", "\"hours\": \"ff0f00010000", "users[2].hours: an even number" },
        { "\"hours\": \"ff0f0001", "\"hours\": \"", "users[2].hours: the hours of a week are 21 octets" },
        { "\"hours\": \"ff", "\"hours\": \"fg", "users[2].hours: an even number" },
        { "{\n            \"kvno\": 1", "{ \"kvno\": 2",
          "users[2].password.history[0].kvno: the key versions" },
        { "\"history\": []", "\"history\": [{\"kvno\": 0}]",
          "users[0].password.history[0]: kvno and nt_hash" },
        { "\"nt_hash\": \"", "\"nt_hash\": \"00", "users[0].password.nt_hash: 32 hexadecimal digits" },
        { "\"aes128\": \"", "\"aes128\": \"0", "users[0].password.aes128: an even" },
        { "\"salt\":", "\"slt\":", "users[0].password.slt: there is no such member" },
        { "      \"members\": [\n        500,", "\"members\": [1,",
          "groups[0].members[0]: there is no such user" },
        { "      \"members\": [\n        500,", "\"members\": [500,500,", "groups[0].members: somebody" },
        { "      \"members\": [\n        500,", "\"members\": [\"500\",", "groups[0].members[0]: a whole" },
        { "      \"members\": [\n        500,", "\"members\": [", "users[0].primary: the user is not" },
        { "\"place\": \"builtin\"", "\"place\": \"buildin\"", "aliases[1].place: \"account\" or" },
        { "\"rid\": 544", "\"rid\": 543", "aliases: Administrators, 544 of builtin" },
        { "\"rid\": 513", "\"rid\": 514", "groups: the group 513 is missing" },
        { "-500\"", "-1000\"", "aliases[1].members: the account 500 has to be" },
        { "\"name\": \"IPC$\"", "\"name\": \"DATA\\udc00\"", "shares[1].name: another has this name" },
        { "\"name\": \"IPC$\"", "\"name\": \"\"", "shares[0]: the name is empty" },
        { "\"key\": \"a\"", "\"key\": \"z\"", "settings[1].key: another has this name" },
        { "\"users\": [", "\"users\": {}, \"u\": [", "u: there is no such member" },
        { "\"users\": [", "\"settings\": [", "this member is given twice" },
        { "\"shares\": [", "\"shares\": [[],", "shares[0]: an object is expected" },
        { "\"shares\": [", "\"shares\": [null,", "shares[0]: an object is expected" },
    };
    for (size_t k = 0; k < COUNT(list); k++)
        refused(w, text, list[k].from, list[k].to, list[k].message);
}

/* Whatever the text is, the answer comes soon and says something. */
static void hostile(void **state)
{
    struct world *w = *state;
    struct samdb_image i;
    size_t big = (size_t)4 << 20;
    char *s = malloc(STORE_JSON_MAX + 2);
    assert_non_null(s);
    memset(s, '[', big);
    s[big] = 0;
    assert_int_equal(read_text(w, s, &i), STATUS_INVALID_PARAMETER);
    assert_non_null(strstr(w->err.text, "nested too deeply"));
    memset(s, '9', big);
    assert_int_equal(read_text(w, s, &i), STATUS_INVALID_PARAMETER);
    assert_non_null(strstr(w->err.text, "1:1: : an object is expected"));
    memset(s, 'a', big);
    s[0] = '"';
    assert_int_equal(read_text(w, s, &i), STATUS_INVALID_PARAMETER);
    assert_non_null(strstr(w->err.text, "has no end"));
    s[big - 1] = '"';
    assert_int_equal(read_text(w, s, &i), STATUS_INVALID_PARAMETER);
    strcpy(s, "{\"format\": \"\xff\"}");
    assert_int_equal(read_text(w, s, &i), STATUS_INVALID_PARAMETER);
    assert_non_null(strstr(w->err.text, "1:13: this is not UTF-8"));
    memset(s, ' ', STORE_JSON_MAX + 1);
    s[STORE_JSON_MAX + 1] = 0;
    assert_int_equal(read_text(w, s, &i), STATUS_INVALID_PARAMETER);
    assert_non_null(strstr(w->err.text, "at most 128 MiB"));
    free(s);
}

/* Each prefix, and each octet changed to a few others: an error or a store, never something else. */
static void mutations(void **state)
{
    struct world *w = *state;
    furnish(w);
    const char *text = text_of(w, w->d, true);
    size_t len = strlen(text);
    char *s = strdup(text);
    struct nt_arena *mem = nt_arena_new_secret(0);
    static const char instead[5] = { 0, '"', 'x', '-', '9' };
    unsigned good = 0, bad = 0;
    for (size_t at = 0; at < len; at++)
        for (const char *c = instead; c < instead + 5; c++) {
            struct samdb_image i;
            nt_arena_reset(mem);
            s[at] = *c;
            enum nt_status st = store_read(s, *c ? len : at, mem, &i, &w->err);
            s[at] = text[at];
            assert_true(st == STATUS_SUCCESS || (st == STATUS_INVALID_PARAMETER && w->err.text[0]));
            good += st == STATUS_SUCCESS;
            bad += st != STATUS_SUCCESS;
        }
    assert_true(good > 100 && bad > 1000);
    nt_arena_free(mem);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(same_again), WORLD_TEST(keys_stay), WORLD_TEST(nothing_by_half), WORLD_TEST(one_moment),
        WORLD_TEST(mistakes),   WORLD_TEST(hostile),   WORLD_TEST(mutations),
    };
    return cmocka_run_group_tests_name("samdb_image", tests, NULL, NULL);
}
